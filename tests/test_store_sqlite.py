"""The store in an SQLite file: it keeps the laws of all stores, and what only a file can suffer does it no harm."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pglast
import pytest

from freehold.errors import BadStore, FreeholdError, StoreError, StoreUnavailable, TooLarge
from freehold.stack.values import Item, Stack
from freehold.store import schema, sqlite_schema, statements
from freehold.store.interface import WORKSPACE, Authorship, Store
from freehold.store.recognition import APPLICATION, is_database
from freehold.store.sql_store import SqlStore
from freehold.store.sqlite import open_sqlite
from permissions import bound_by_permissions
from store_suite import CLINIC, StoreSuite
from store_writer import state

HERE = Path(__file__).parent
ROOT = HERE.parent
NOW = datetime(2026, 3, 1, tzinfo=UTC)
RAW = re.compile(r"(?<!:):(\w+)")


def clock() -> datetime:
    return NOW


def opened(path: Path, *, write: bool = False, wait: float = 5.0) -> SqlStore:
    return open_sqlite(path, clock=clock, write=write, wait=wait)


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that any program could make."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def is_sound(path: Path) -> bool:
    with raw(path) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    """A database with two revisions of a stack, two events and an answer."""
    path = tmp_path / "firm.db"
    with opened(path, write=True) as store:
        store.put(WORKSPACE, "clinic", CLINIC, Authorship("ann", "first"))
        store.put(WORKSPACE, "clinic", replace(CLINIC, home="FR"), Authorship("bob"))
        store.keep_answer(WORKSPACE, "key", "an answer")
    return path


def read_all(store: Store) -> None:
    """Everything that was stored in ``firm``, or an error."""
    store.get(WORKSPACE, "clinic", 1)
    store.history(WORKSPACE, "clinic")
    store.events(WORKSPACE)
    store.answer(WORKSPACE, "key")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_whole(path: Path) -> None:
    """All that ``firm`` stored is there."""
    assert is_sound(path)
    with opened(path) as store:
        assert store.get(WORKSPACE, "clinic", 1) == CLINIC
        assert store.get(WORKSPACE, "clinic", 2) == replace(CLINIC, home="FR")
        assert [change.revision.by for change in store.history(WORKSPACE, "clinic")][:2] == ["ann", "bob"]
        assert len(store.events(WORKSPACE)) >= 2


class TestSqlite(StoreSuite):
    @contextmanager
    def fresh(self) -> Iterator[Callable[..., Store]]:
        with tempfile.TemporaryDirectory() as folder:
            self.path = Path(folder) / "store.db"
            yield lambda clock=clock, **more: open_sqlite(self.path, clock=clock, write=True, **more)

    def bytes_of_last_revision(self) -> int:
        with raw(self.path) as connection:
            ((content,),) = connection.execute("SELECT length(content) FROM revision ORDER BY number DESC LIMIT 1").fetchall()
            ((text,),) = connection.execute("SELECT content FROM revision WHERE number = 1").fetchall()
            last = max(span[1] for span in json.loads(text)["tables"]["items"]["chunks"])
            ((chunks,),) = connection.execute("SELECT sum(length(body)) FROM chunk WHERE number > ?", (last,)).fetchall()
        assert chunks > 0
        return int(content + chunks)


# One tongue for two databases


@pytest.mark.parametrize("name", statements.__all__)
def test_a_statement_is_understood_by_postgresql_too(name: str) -> None:
    statement = getattr(statements, name)
    numbers: dict[str, int] = {}
    made = RAW.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", statement)
    assert len(pglast.parse_sql(made)) == 1


@pytest.mark.parametrize("number", range(1, schema.SCHEMA_NUMBER + 1))
def test_a_step_of_the_schema_is_understood_by_postgresql_too(number: int) -> None:
    for statement in schema.STEPS[number - 1].statements:
        assert len(pglast.parse_sql(statement)) == 1


def test_what_only_sqlite_speaks_is_not_understood_by_postgresql() -> None:
    for statement in (
        "PRAGMA user_version",
        "INSERT OR REPLACE INTO a VALUES (1)",
        "CREATE TABLE a (b INTEGER PRIMARY KEY AUTOINCREMENT)",
    ):
        with pytest.raises(pglast.parser.ParseError):
            pglast.parse_sql(statement)


def test_statements_stand_in_their_module_and_name_no_row_of_sqlite() -> None:
    spoken = re.compile(r"\b(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE)\b")
    for path in (ROOT / "src" / "freehold" / "store").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name in ("statements.py", "schema.py"):
            assert not re.search(r"(?i)\browid\b|autoincrement|pragma|\bglob\b|ifnull|sqlite_", text), path.name
        elif not path.name.startswith("sqlite"):
            assert not spoken.search(text), path.name


def test_every_table_has_a_workspace(firm: Path) -> None:
    with raw(firm) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert sorted(tables) == ["answer", "chunk", "event", "migration", "revision", "stack"]
        for table in tables:
            assert "workspace" in [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


@pytest.mark.parametrize("table", ["event", "revision", "chunk"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET workspace = 'x'", "DELETE FROM {}", "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"]
)
def test_what_was_added_can_neither_be_changed_nor_taken_away(table: str, change: str, firm: Path) -> None:
    with raw(firm) as connection:
        connection.execute("PRAGMA recursive_triggers = ON")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change.format(table))
    assert_whole(firm)


# Killed


class Writer:
    """A process whose children write, and can be killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "store_writer.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{HERE}"}, bufsize=0,
        )  # fmt: skip
        self.waiting = b""

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe(self.process.stdin).close()
        self.process.wait()
        self._pipe(self.process.stdout).close()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe

    def ask(self, path: Path, name: str, first: int, count: int) -> int:
        """Let a child write; give its process id."""
        self._pipe(self.process.stdin).write(f"write {path} {name} {first} {count}\n".encode())
        word, pid = self.line().split()
        assert word == "pid"
        return int(pid)

    def ready(self, seconds: float) -> bool:
        """Whether something was said within a time."""
        return b"\n" in self.waiting or bool(select.select([self.process.stdout], [], [], seconds)[0])

    def line(self) -> str:
        while b"\n" not in self.waiting:
            more = os.read(self._pipe(self.process.stdout).fileno(), 65536)
            assert more, "the writer ended"
            self.waiting += more
        line, _, self.waiting = self.waiting.partition(b"\n")
        return line.decode()

    def rest(self) -> list[str]:
        """All that is said until the child is gone."""
        found = []
        while not (line := self.line()).startswith("end "):
            found.append(line)
        return found


@pytest.mark.slow
def test_killed_two_hundred_times_it_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    path, chance = tmp_path / "killed.db", random.Random(20260301)
    told: dict[int, int] = {}
    first = recovered = 0
    with Writer() as writer:
        for _ in range(200):
            pid = writer.ask(path, "one", first, 10_000)
            # up to a few acknowledgements pass, then a part of the time that one takes
            acknowledged = chance.randrange(5)
            said = []
            while len(said) < acknowledged and writer.ready(5.0):
                said.append(writer.line())
            writer.ready(0.0)
            select.select([], [], [], chance.random() * 0.012)
            os.kill(pid, signal.SIGKILL)
            said += writer.rest()
            for line in said:
                word, number, revision = line.split()
                assert word == "ack"
                told[int(number)] = int(revision)
                first = int(number) + 1
            if not path.exists():
                assert not told
                continue
            recovered += path.with_name("killed.db-wal").exists()
            with opened(path) as store:
                names = store.stacks(WORKSPACE)
                last = store.revision(WORKSPACE, "one").number if names else 0
                assert last >= max(told.values(), default=0)
                for line in said:
                    _, number, revision = line.split()
                    assert store.get(WORKSPACE, "one", int(revision)) == state(int(number))
            assert is_sound(path)
    with opened(path) as store:
        for number, revision in told.items():
            assert store.revision(WORKSPACE, "one", revision).note == str(number)
            assert store.get(WORKSPACE, "one", revision) == state(number)
        assert [event.number for event in store.events(WORKSPACE, most=10**6)] == list(range(1, last + 1))
    assert len(told) > 200
    assert recovered > 150


def test_killed_while_it_is_made_a_database_is_whole_or_not_there(tmp_path: Path) -> None:
    chance = random.Random(7)
    with Writer() as writer:
        for number in range(12):
            path = tmp_path / f"made-{number}.db"
            pid = writer.ask(path, "one", 0, 10_000)
            select.select([], [], [], chance.random() * 0.02)
            os.kill(pid, signal.SIGKILL)
            said = writer.rest()
            assert path.exists() or not said
            if path.exists():
                assert is_database(path)
                with opened(path) as store:
                    for line in said:
                        assert store.get(WORKSPACE, "one", int(line.split()[2])) == state(int(line.split()[1]))


def test_two_processes_that_write_to_one_stack_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    with Writer() as one, Writer() as other:
        for writer, first in ((one, 0), (other, 100)):
            writer.ask(path, "ours", first, 25)
        said = [*one.rest(), *other.rest()]
    number_of = {int(line.split()[2]): int(line.split()[1]) for line in said}
    assert sorted(number_of) == list(range(1, 51))
    with opened(path) as store:
        assert [store.get(WORKSPACE, "ours", revision) == state(number) for revision, number in number_of.items()] == [
            True
        ] * 50


def test_two_processes_that_write_at_once_both_keep_all(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    with Writer() as one, Writer() as other:
        for writer, name, first in ((one, "mine", 0), (other, "ours", 100)):
            writer.ask(path, name, first, 25)
        said = [*one.rest(), *other.rest()]
    assert all(line.startswith("ack ") for line in said), said
    assert len(said) == 50
    with opened(path) as store:
        assert store.stacks(WORKSPACE) == ("mine", "ours")
        for name, first in (("mine", 0), ("ours", 100)):
            assert [store.get(WORKSPACE, name, number + 1) == state(first + number) for number in range(25)] == [True] * 25
        assert [event.number for event in store.events(WORKSPACE)] == list(range(1, 51))


def test_while_another_writes_a_reader_reads_and_a_writer_is_told_to_wait(firm: Path) -> None:
    with raw(firm) as other:
        other.execute("BEGIN IMMEDIATE")
        with opened(firm) as store:
            assert store.get(WORKSPACE, "clinic", 1) == CLINIC
        with opened(firm, write=True, wait=0.01) as store, pytest.raises(StoreUnavailable, match="another process is writing"):
            store.put(WORKSPACE, "clinic", state(1))
    assert_whole(firm)


# Places that take nothing


@pytest.fixture
def locked(firm: Path) -> Iterator[Path]:
    """The same database in a folder that nobody may change."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "firm.db"
        path.write_bytes(firm.read_bytes())
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        with bound_by_permissions():
            yield path
        Path(folder).chmod(0o755)


def test_a_file_that_may_only_be_read_is_read_and_not_written(locked: Path) -> None:
    with opened(locked) as store:
        assert store.get(WORKSPACE, "clinic", 1) == CLINIC
        assert store.answer(WORKSPACE, "key") == "an answer"
    with pytest.raises(StoreUnavailable, match="may not be changed"):
        opened(locked, write=True)
    with pytest.raises(StoreUnavailable, match=r"Check the p"):
        opened(locked.with_name("new.db"), write=True)
    assert names_in(locked.parent) == ["firm.db"]


def test_a_file_that_may_not_be_read_is_told(locked: Path) -> None:
    locked.chmod(0)
    with pytest.raises(StoreUnavailable, match="may not be read"):
        opened(locked)


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
from store_writer import write
write(sys.argv[1], "large", 0, 60)
"""


@pytest.mark.parametrize("room", [0, 1000, 60_000, 150_000])
def test_a_disk_without_room_is_told_and_what_was_stored_is_there(room: int, firm: Path) -> None:
    size = firm.stat().st_size
    made = subprocess.run(
        [sys.executable, "-c", LIMITED, str(firm), str(room)], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{HERE}"},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    *acknowledged, last = made.stdout.splitlines()
    assert last.startswith("error StoreUnavailable"), made.stdout
    assert "what was stored before is there" in last
    assert firm.stat().st_size >= size
    assert_whole(firm)
    with opened(firm) as store:
        for line in acknowledged:
            _, number, revision = line.split()
            assert store.get(WORKSPACE, "large", int(revision)) == state(int(number))


def test_on_a_disk_without_room_a_database_can_still_be_read(firm: Path) -> None:
    script = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from freehold import holdings
print(holdings.read_stored(sys.argv[1], at=1).home, holdings.revision_of(sys.argv[1]).number)
"""
    made = subprocess.run(
        [sys.executable, "-c", script, str(firm)], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert made.stdout == "DE 2\n", made.stderr


def test_a_disk_without_room_makes_no_half_of_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    made = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), "5000"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{HERE}"},
    )  # fmt: skip
    assert made.stdout.startswith("error StoreUnavailable"), made.stdout + made.stderr
    assert names_in(tmp_path) == []


# Files that are something else


def test_a_file_that_is_not_there_is_made_to_write_and_told_to_read(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with pytest.raises(StoreUnavailable, match="is not there"):
        opened(path)
    assert not path.exists()
    path.touch()
    with opened(path, write=True) as store:
        store.put(WORKSPACE, "clinic", CLINIC)
    assert is_database(path)
    assert names_in(tmp_path) == ["new.db"]


def other_sqlite(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("CREATE TABLE mine (a)")
        connection.execute("INSERT INTO mine VALUES (1)")


def named_as_ours(path: Path) -> None:
    other_sqlite(path)
    with raw(path) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION}")


OTHERS: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("[stack]\nname = 'x'\n"),
    "head alone": lambda path: path.write_bytes(b"SQLite format 3\x00"),
    "noise": lambda path: path.write_bytes(random.Random(1).randbytes(8192)),
    "head and noise": lambda path: path.write_bytes(
        b"SQLite format 3\x00" + bytes(52) + APPLICATION.to_bytes(4, "big") + random.Random(1).randbytes(8192)
    ),
    "another's": other_sqlite,
    "another's that says it is ours": named_as_ours,
    "folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_freehold_database_is_refused_and_stays(name: str, write: bool, tmp_path: Path) -> None:
    path = tmp_path / "firm.db"
    OTHERS[name](path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreError):
        opened(path, write=write)
    assert (path.read_bytes() if path.is_file() else b"") == before


@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.95])
def test_a_database_that_is_cut_short_is_refused_and_not_written_to(part: float, firm: Path) -> None:
    data = firm.read_bytes()
    firm.write_bytes(data[: int(len(data) * part)])
    cut = firm.read_bytes()
    for write in (False, True):
        with pytest.raises(BadStore):
            opened(firm, write=write)
    assert firm.read_bytes() == cut


def test_a_database_with_any_bytes_changed_is_read_or_refused(firm: Path) -> None:
    data, chance = firm.read_bytes(), random.Random(11)
    refused = 0
    for _ in range(250):
        changed = bytearray(data)
        for _ in range(chance.choice([1, 3, 40])):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        firm.write_bytes(changed)
        for ending in ("-wal", "-shm"):
            firm.with_name(firm.name + ending).unlink(missing_ok=True)
        for write in (False, True):
            try:
                with opened(firm, write=write, wait=0.01) as store:
                    for name in store.stacks(WORKSPACE):
                        store.history(WORKSPACE, name)
                        store.get(WORKSPACE, name)
                    store.events(WORKSPACE)
                    store.answer(WORKSPACE, "key")
                    if write:
                        store.put(WORKSPACE, "clinic", state(1))
                        store.keep_answer(WORKSPACE, "new", "answer")
            except FreeholdError:
                refused += 1
    assert refused > 10


# Files that deceive


def tamper(path: Path, *changes: str) -> None:
    """Change what may not be changed, as somebody who means harm would, and put the tables' own triggers back."""
    with raw(path) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for change in changes:
            connection.execute(change)
        for _, sql in triggers:
            connection.execute(sql)


BOMB = zlib.compress(bytes(3 << 29), 1).hex() if sys.maxsize > 2**32 else ""
HOSTILE = {
    "content is no JSON": "UPDATE revision SET content = '{'",
    "content is deep": f"UPDATE revision SET content = '{'[' * 50000}'",
    "content says nothing": "UPDATE revision SET content = '{}'",
    "content is bytes": "UPDATE revision SET content = x'ff'",
    "content is null in words": "UPDATE revision SET content = 'null'",
    "chunks beyond all": """UPDATE revision SET content = replace(content, '"chunks":[[', '"chunks":[[1,2000000000],[')""",
    "chunks backwards": """UPDATE revision SET content = replace(content, '"chunks":[[', '"chunks":[[9,1],[')""",
    "chunks that are words": """UPDATE revision SET content = replace(content, '"chunks":[[', '"chunks":[["a","b"],[')""",
    "chunks twice": """UPDATE revision SET content = replace(content, '"chunks":[[', '"chunks":[[1,1],[')""",
    "settings of another sort": """UPDATE revision SET content = replace(content, '\\"home\\":\\"', '\\"house\\":\\"')""",
    "a number that is text": "UPDATE revision SET number = 'x' WHERE number = 2",
    "a digest that is bytes": "UPDATE revision SET digest = x'00'",
    "a moment that is a number": "UPDATE revision SET made_at = 5",
    "a text that is none": "UPDATE revision SET note = CAST(x'ff' AS TEXT)",
    "a chunk that is text": "UPDATE chunk SET body = 'x'",
    "a chunk of another": "UPDATE chunk SET body = (SELECT body FROM chunk WHERE number = 2)",
    "a chunk cut short": "UPDATE chunk SET body = substr(body, 1, length(body) - 6)",
    "a chunk that is gone": "DELETE FROM chunk WHERE number = 1",
    "a chunk with a large number": "UPDATE chunk SET number = 9000000000000000000 WHERE number = 1",
    "no revisions": "DELETE FROM revision",
    "a revision that is gone": "DELETE FROM revision WHERE number = 1",
    "a chunk number that is text": "UPDATE chunk SET number = 'x' WHERE number = 1",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_was_tampered_with_is_refused(name: str, firm: Path) -> None:
    tamper(firm, HOSTILE[name])
    with opened(firm) as store, pytest.raises(FreeholdError):
        read_all(store)
    with opened(firm, write=True) as store, suppress(FreeholdError):
        store.put(WORKSPACE, "clinic", state(1))


WRONG_ROWS = (
    '{"id":5}', '{"id":"a","mission":"b"}', '{"id":"a","mission":1e999}', '{"id":"a","whole":1}', '{"id":"a","tags":"b"}',
    '{"id":"a","tags":[1]}', '{"strange":1}', "[]", "{}", "1", '{"id":"a"},{"id":"b"}', "[" * 100000,
)  # fmt: skip


def test_rows_that_say_what_no_stack_can_are_refused(firm: Path) -> None:
    for line in WRONG_ROWS:
        body, digest = zlib.compress(line.encode()).hex(), hashlib.sha256(line.encode()).hexdigest()
        tamper(firm, f"UPDATE chunk SET body = x'{body}', digest = '{digest}' WHERE number = 1")
        with opened(firm) as store, pytest.raises(BadStore, match="estore the database"):
            store.get(WORKSPACE, "clinic", 1)


def test_a_small_chunk_that_unpacks_to_gigabytes_is_refused(firm: Path) -> None:
    tamper(firm, f"UPDATE chunk SET body = x'{BOMB}'")
    with opened(firm) as store, pytest.raises(TooLarge):
        store.get(WORKSPACE, "clinic", 1)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TRIGGER mine AFTER INSERT ON event BEGIN SELECT 1; END",
        "CREATE VIEW mine AS SELECT * FROM event",
        "CREATE TABLE mine (a)",
        "DROP TRIGGER event_no_delete",
        "ALTER TABLE answer ADD COLUMN more TEXT",
        "DROP INDEX answer_by_use",
        "DROP TABLE migration",
    ],
)
def test_tables_that_are_not_as_freehold_made_them_are_refused(change: str, firm: Path) -> None:
    with raw(firm) as connection:
        connection.execute(change)
    for write in (False, True):
        with pytest.raises(BadStore):
            opened(firm, write=write)


# Older and newer


def older(path: Path) -> Path:
    """A file as schema 1 wrote it: two revisions of the clinic."""
    with raw(path) as connection:
        connection.executescript((HERE / "store_schema_1.sql").read_text(encoding="utf-8"))
    return path


def copies(path: Path) -> list[str]:
    return sorted(name for name in names_in(path.parent) if not re.fullmatch(re.escape(path.name) + "(-wal|-shm)?", name))


def test_a_file_of_a_newer_schema_is_refused_with_the_mend(firm: Path) -> None:
    with raw(firm) as connection:
        connection.execute("INSERT INTO migration VALUES ('', 99, '2031-01-01T00:00:00Z', '9.9')")
    for write in (False, True):
        with pytest.raises(BadStore, match=r"schema 99.*Update Freehold"):
            opened(firm, write=write)


def test_an_older_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = older(tmp_path / "old.db")
    before = path.read_bytes()
    with opened(path) as store:
        assert store.get(WORKSPACE, "clinic", 1) == CLINIC
        assert store.get(WORKSPACE, "clinic") == replace(CLINIC, home="FR")
        assert store.revision(WORKSPACE, "clinic").takes_back is None
        assert store.answer(WORKSPACE, "key") is None
    assert path.read_bytes() == before
    assert copies(path) == []


def test_an_older_file_is_brought_up_to_date_to_write_and_a_copy_stays(tmp_path: Path) -> None:
    path = older(tmp_path / "old.db")
    notes: list[str] = []
    with open_sqlite(path, clock=clock, write=True, told=notes.append) as store:
        assert notes == [f"{path} was brought from schema 1 to 2; as it was before it is kept in old.db.schema-1 beside it."]
        assert store.undo(WORKSPACE, "clinic").takes_back == 2
        store.keep_answer(WORKSPACE, "key", "an answer")
        assert [event.kind for event in store.events("")] == ["store.migrated"]
    assert copies(path) == ["old.db.schema-1"]
    assert is_sound(path)
    with opened(path.with_name("old.db.schema-1")) as store:
        assert store.get(WORKSPACE, "clinic") == replace(CLINIC, home="FR")
        assert [change.revision.by for change in store.history(WORKSPACE, "clinic")] == ["ann", "bob"]
    with raw(path) as connection, raw(path.with_name("old.db.schema-1")) as copy:
        numbers = [one.execute("SELECT number FROM migration ORDER BY number").fetchall() for one in (connection, copy)]
    assert numbers == [[(1,), (2,)], [(1,)]]
    with opened(path, write=True):
        assert copies(path) == ["old.db.schema-1"]


def test_a_copy_that_stands_there_already_is_not_replaced(tmp_path: Path) -> None:
    path = older(tmp_path / "old.db")
    path.with_name("old.db.schema-1").write_text("mine")
    opened(path, write=True).close()
    assert copies(path) == ["old.db.schema-1", "old.db.schema-1-2"]
    assert path.with_name("old.db.schema-1").read_text() == "mine"


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = older(tmp_path / "old.db")
    broken = replace(schema.STEPS[1], statements=(*schema.STEPS[1].statements, "CREATE TABLE event (a TEXT)"))
    monkeypatch.setattr(sqlite_schema, "STEPS", (schema.STEPS[0], broken))
    with pytest.raises(StoreError):
        opened(path, write=True)
    monkeypatch.undo()
    with opened(path) as store:
        assert store.get(WORKSPACE, "clinic", 1) == CLINIC
    with raw(path) as connection:
        assert connection.execute("SELECT MAX(number) FROM migration").fetchall() == [(1,)]


def test_a_file_that_cannot_be_copied_first_is_not_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = older(tmp_path / "old.db")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="copy that is made before"):
        opened(path, write=True)
    monkeypatch.undo()
    assert [name for name in copies(path) if "schema" in name] == []
    with raw(path) as connection:
        assert connection.execute("SELECT MAX(number) FROM migration").fetchall() == [(1,)]


def test_a_new_file_and_one_brought_up_to_date_have_the_same_tables(tmp_path: Path) -> None:
    old, new = older(tmp_path / "old.db"), tmp_path / "new.db"
    layouts = []
    for path in (old, new):
        opened(path, write=True).close()
        with raw(path) as connection:
            layouts.append(sorted(connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall(), key=str))
    assert layouts[0] == layouts[1]


def test_a_stack_in_an_older_file_may_be_any(tmp_path: Path) -> None:
    path = older(tmp_path / "old.db")
    with opened(path, write=True) as store:
        store.put(WORKSPACE, "other", Stack("other", items=(Item("a"),)))
        assert store.stacks(WORKSPACE) == ("clinic", "other")
