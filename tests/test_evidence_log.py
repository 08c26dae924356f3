"""The evidence log's writer: what it says is written is there afterwards, whatever happens in between."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.errors import EvidenceError, Overloaded
from freehold.respond.evidence_clock import time_text
from freehold.respond.evidence_form import MOST_BODY
from freehold.respond.evidence_keys import SigningKey, load_key, load_or_make_key, make_key
from freehold.respond.evidence_log import EvidenceLog
from freehold.respond.evidence_verify import Verification, verify

KEY = SigningKey.new()
SRC = str(Path(__file__).parent.parent / "src")


class Clock:
    """A clock that shows what it is set to."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def sound(path: Path) -> Verification:
    found = verify(path, KEY.public)
    assert found.flaws == ()
    return found


def test_entries_are_numbered_chained_and_readable_by_anyone(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    with EvidenceLog.open(path, KEY, clock=Clock()) as log:
        assert log.append("breaker.opened", {"upstream": "a", "after": 3}) == 2
        assert log.append("breaker.closed", {"upstream": "a"}, key="close-1") == 3
    first, opened, closed, root = entries(path)
    assert (first["kind"], first["number"], first["previous"]) == ("genesis", 1, "0" * 64)
    assert first["body"]["public_key"] == KEY.public.hex()
    assert (opened["body"], opened["key"], opened["at"]) == ({"after": 3, "upstream": "a"}, "", "2027-01-15T08:00:00.000Z")
    assert (closed["previous"], closed["key"]) == (opened["hash"], "close-1")
    assert (root["kind"], root["body"]["size"], root["body"]["genesis"]) == ("root", 3, first["hash"])
    line = path.read_bytes().splitlines()[1]
    unhashed = line.replace(b',"hash":"' + opened["hash"].encode() + b'"', b"")
    assert hashlib.sha256(b"freehold evidence entry 1\n" + unhashed).hexdigest() == opened["hash"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sound(path).covered == 4


def test_a_log_goes_on_where_it_stood(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    for number in (2, 4, 6):
        with EvidenceLog.open(path, KEY) as log:
            assert log.append("test", {}) == number
    assert [one["number"] for one in entries(path)] == list(range(1, 8))
    assert sound(path).roots == 3


def test_a_key_is_written_once_before_and_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    with EvidenceLog.open(path, KEY) as log:
        assert log.append("act", {"n": 1}, key="act-1") == log.append("act", {"n": 2}, key="act-1") == 2
        assert (log.number_of("act-1"), log.number_of("act-2")) == (2, None)
    with EvidenceLog.open(path, KEY) as log:
        assert log.append("act", {"n": 3}, key="act-1") == 2
        assert log.number == 3
    assert len(entries(path)) == 3


def test_a_key_is_known_for_as_many_entries_as_stated_over_restarts_too(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    with EvidenceLog.open(path, KEY, remember=3) as log:
        assert [log.append("act", {}, key=key) for key in ("old", "b", "c", "old")] == [2, 3, 4, 2]
        assert log.append("act", {}, key="d") == 5
        assert log.number_of("old") is None
        assert log.append("act", {}, key="old") == 6
    again = EvidenceLog.open(path, KEY, remember=3)
    assert again.number == 7
    assert {key: again.number_of(key) for key in ("old", "b", "c", "d")} == {"old": 6, "b": None, "c": None, "d": 5}
    again.close()
    sound(path)


def test_time_never_goes_back_and_the_clock_that_does_is_told(tmp_path: Path) -> None:
    path, clock = tmp_path / "evidence.jsonl", Clock(1_800_000_100.0)
    with EvidenceLog.open(path, KEY, clock=clock) as log:
        clock.now = 1_800_000_000.5
        log.append("back", {})
        clock.now = 1_800_000_100.0
        log.append("equal", {})
    clock.now = float("nan")
    with EvidenceLog.open(path, KEY, clock=clock) as log:
        log.append("broken", {})
        clock.now = 1e300
        log.append("last", {})
    told = {one["kind"]: (one["at"], one.get("clock")) for one in entries(path)}
    assert told["back"] == ("2027-01-15T08:01:40.000Z", "2027-01-15T08:00:00.500Z")
    assert told["equal"] == ("2027-01-15T08:01:40.000Z", None)
    assert told["broken"] == ("2027-01-15T08:01:40.000Z", "1970-01-01T00:00:00.000Z")
    assert told["last"] == ("9999-12-31T23:59:59.999Z", None)
    sound(path)
    assert time_text(-1e300) == "1970-01-01T00:00:00.000Z"


def test_a_signed_root_comes_after_so_many_entries_after_so_long_when_asked_and_at_the_end(tmp_path: Path) -> None:
    path, timer = tmp_path / "evidence.jsonl", Clock(0.0)
    with EvidenceLog.open(path, KEY, timer=timer, root_every=10, root_seconds=60) as log:
        for _ in range(10):
            log.append("many", {})
        timer.now = 59.9
        log.append("soon", {})
        timer.now = 120.0
        log.append("late", {})
        log.append("asked", {})
        assert log.seal("the incident ends") == log.seal() == log.number
        log.append("last", {})
    reasons = [(one["body"]["reason"], one["body"]["size"]) for one in entries(path) if one["kind"] == "root"]
    assert reasons == [("entries", 10), ("time", 14), ("the incident ends", 16), ("close", 18)]
    sound(path)


def test_a_root_comes_by_time_in_a_loop_that_is_quiet(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"

    async def quiet() -> None:
        log = EvidenceLog.open(path, KEY, root_seconds=0.01)
        log.append("one", {})
        async with asyncio.timeout(20):
            while log.durable < 3:
                await asyncio.sleep(0)
        log.close()

    asyncio.run(quiet())
    assert [one["kind"] for one in entries(path)] == ["genesis", "one", "root"]


def test_many_who_wait_are_told_when_their_entry_is_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"

    async def one(log: EvidenceLog, name: int) -> None:
        for step in range(20):
            number = log.append("step", {"of": name, "step": step}, key=f"{name}-{step}")
            await log.committed(number)
            assert log.durable >= number
            assert path.read_bytes().count(b"\n") >= number

    async def all_of_them() -> None:
        log = EvidenceLog.open(path, KEY, root_every=50)
        await asyncio.gather(*(one(log, name) for name in range(25)))
        await log.room()
        assert log.waiting == 0
        log.close()

    asyncio.run(all_of_them())
    assert sum(one["kind"] == "step" for one in entries(path)) == 500
    sound(path)


def test_what_nobody_waits_for_is_written_soon(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"

    async def alone() -> None:
        log = EvidenceLog.open(path, KEY, linger=0.01)
        number = log.append("one", {})
        async with asyncio.timeout(20):
            while log.durable < number:
                await asyncio.sleep(0)
        assert path.read_bytes().count(b"\n") == number
        log.close()

    asyncio.run(alone())


def test_one_log_serves_several_loops_one_after_the_other(tmp_path: Path) -> None:
    log = EvidenceLog.open(tmp_path / "evidence.jsonl", KEY)

    async def wait() -> None:
        await log.committed(log.append("one", {}))

    for _ in range(3):
        asyncio.run(wait())
    log.append("outside", {})
    log.close()
    assert sound(tmp_path / "evidence.jsonl").entries == 6


def test_a_waiter_that_gives_up_harms_no_other(tmp_path: Path) -> None:
    async def some() -> None:
        log = EvidenceLog.open(tmp_path / "evidence.jsonl", KEY)
        number = log.append("one", {})
        gone = asyncio.create_task(log.committed(number))
        await asyncio.sleep(0)
        gone.cancel()
        await log.committed(number)
        with pytest.raises(EvidenceError, match="no entry 99"):
            await log.committed(99)
        log.close()
        await log.committed(number)

    asyncio.run(some())


def test_too_much_waiting_is_refused_in_a_loop_and_written_at_once_outside(tmp_path: Path) -> None:
    async def many() -> None:
        log = EvidenceLog.open(tmp_path / "a.jsonl", KEY, most_waiting=3, linger=60)
        for _ in range(3):
            log.append("one", {})
        with pytest.raises(Overloaded) as told:
            log.append("one", {})
        assert told.value.retry_after > 0
        assert log.number == 4
        await log.room()
        assert log.append("one", {}) == 5
        log.close()

    asyncio.run(many())
    assert sound(tmp_path / "a.jsonl").entries == 6
    with EvidenceLog.open(tmp_path / "b.jsonl", KEY, most_waiting=3) as log:
        for _ in range(10):
            log.append("one", {})
            assert log.waiting <= 3
    assert sound(tmp_path / "b.jsonl").entries == 12


@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        ("root", {}, ""), ("genesis", {}, ""), ("recovered", {}, ""), ("", {}, ""), ("Upper", {}, ""), ("a b", {}, ""),
        ("a" * 101, {}, ""), ("a\n", {}, ""), ("fine", {"x": float("nan")}, ""), ("fine", {"x": 2**60}, ""),
        ("fine", {"x": "\ud800"}, ""), ("fine", {"x": "y" * MOST_BODY}, ""), ("fine", {}, "k" * 201), ("fine", {}, "\ud800"),
        ("fine", ["no object"], ""),
    ],
)  # fmt: skip
def test_what_cannot_stand_in_a_log_is_refused_and_changes_nothing(tmp_path: Path, kind: str, body: Any, key: str) -> None:
    with EvidenceLog.open(tmp_path / "evidence.jsonl", KEY) as log:
        with pytest.raises(EvidenceError):
            log.append(kind, body, key=key)
        assert log.number == 1
        assert log.append("fine", {"x": "y" * (MOST_BODY - 8)}, key="k" * 200) == 2
    assert sound(tmp_path / "evidence.jsonl").entries == 3


def test_a_second_writer_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    with EvidenceLog.open(path, KEY), pytest.raises(EvidenceError, match="another process writes this log"):
        EvidenceLog.open(path, KEY)
    EvidenceLog.open(path, KEY).close()
    sound(path)


def test_a_closed_log_takes_nothing_and_closes_twice(tmp_path: Path) -> None:
    log = EvidenceLog.open(tmp_path / "evidence.jsonl", KEY)
    log.close()
    log.close()
    for act in (lambda: log.append("one", {}), log.flush, log.sync, log.seal):
        with pytest.raises(EvidenceError, match="is closed"):
            act()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"# my notes\n", "not the first entry"), (b"notes", "no evidence log"), (b"{}\n{}\n", "not the first entry"),
        (b'{"at":1}\n', "not the first entry"), (b"[" * 100_000 + b"\n", "not the first entry"), (b"\n", "not the first entry"),
    ],
)  # fmt: skip
def test_another_file_is_never_written_to(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match=said):
        EvidenceLog.open(path, KEY)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_a_pipe_and_a_place_that_is_not_there_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "no" / "such" / "place"):
        with pytest.raises(EvidenceError):
            EvidenceLog.open(path, KEY)


def test_a_log_keeps_its_key(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    EvidenceLog.open(path, KEY).close()
    with pytest.raises(EvidenceError, match="another key"):
        EvidenceLog.open(path, SigningKey.new())


# Crashes


WRITER = """
import asyncio, os, sys
from pathlib import Path
from freehold.respond.evidence_keys import load_key
from freehold.respond.evidence_log import EvidenceLog

folder, way = Path(sys.argv[1]), sys.argv[2]
log = EvidenceLog.open(folder / "evidence.jsonl", load_key(folder / "key"), root_every=7)

def say(number):
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()

async def one(name):
    for step in range(10**6):
        number = log.append("step", {"of": name, "step": step, "more": "x" * 500}, key=f"{os.getpid()}-{name}-{step}")
        if way == "flush":
            log.flush()
            await asyncio.sleep(0)
        else:
            await log.committed(number)
        say(number)

async def all_of_them():
    await asyncio.gather(*(one(name) for name in range(8)))

asyncio.run(all_of_them())
"""


@pytest.mark.parametrize("way", ["flush", "committed"])
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, way: str) -> None:
    key = make_key(tmp_path / "key")
    path = tmp_path / "evidence.jsonl"
    acknowledged = 0
    for lines in (1, 40, 150):
        environment = {**os.environ, "PYTHONPATH": SRC}
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), way], stdout=subprocess.PIPE, env=environment, text=True
        ) as child:
            assert child.stdout is not None
            said = [int(child.stdout.readline()) for _ in range(lines)]
            child.send_signal(signal.SIGKILL)
            said += [int(line) for line in child.stdout if line.endswith("\n")]
            assert child.wait() == -signal.SIGKILL
        acknowledged = max(said)
        with EvidenceLog.open(path, key) as log:
            assert log.number >= acknowledged
        found = verify(path, key.public)
        assert found.flaws == ()
        numbers = {one["number"] for one in entries(path) if one["kind"] == "step"}
        assert set(said) <= numbers


def test_a_line_torn_off_anywhere_is_set_aside_and_told_and_the_log_goes_on(tmp_path: Path) -> None:
    whole = tmp_path / "whole.jsonl"
    with EvidenceLog.open(whole, KEY) as log:
        log.append("one", {"text": "ü"})
        log.seal()
        log.append("last", {"text": "ü€😀", "n": 1.5}, key="k")
        log.flush()
        content = whole.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    for cut in range(last + 1, len(content)):
        path = tmp_path / f"{cut}.jsonl"
        path.write_bytes(content[:cut])
        with EvidenceLog.open(path, KEY) as log:
            assert log.number_of("k") is None
            assert log.append("last", {}, key="k") == 5
        told = entries(path)[3]
        assert (told["kind"], told["number"], told["body"]["bytes"]) == ("recovered", 4, cut - last)
        aside = tmp_path / told["body"]["file"]
        assert aside.read_bytes() == content[last:cut]
        assert told["body"]["sha256"] == hashlib.sha256(content[last:cut]).hexdigest()
        assert sound(path).recovered == (4,)
        aside.unlink()


def test_a_log_torn_off_in_its_first_line_begins_anew_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    EvidenceLog.open(path, KEY).close()
    content = path.read_bytes()
    for cut in (1, 8, 100, content.index(b"\n")):
        path.write_bytes(content[:cut])
        EvidenceLog.open(path, KEY).close()
        assert [one["kind"] for one in entries(path)] == ["genesis", "recovered", "root"]
        assert sound(path).recovered == (2,)


def test_a_crash_while_recovering_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    with EvidenceLog.open(path, KEY) as log:
        log.append("one", {})
        log.flush()
        content = path.read_bytes()
    torn = b'{"at":"2027-01'
    path.write_bytes(content + torn)
    EvidenceLog.open(path, KEY).close()
    aside = next(one for one in tmp_path.iterdir() if ".torn-" in one.name)
    recovered = path.read_bytes().splitlines()[2]
    # set aside, and not yet cut off
    path.write_bytes(content + torn)
    EvidenceLog.open(path, KEY).close()
    assert aside.read_bytes() == torn
    # cut off, and not yet told
    path.write_bytes(content)
    EvidenceLog.open(path, KEY).close()
    assert entries(path)[2]["body"]["bytes"] == len(torn)
    # torn off once more while it was told
    path.write_bytes(content + recovered[:40])
    EvidenceLog.open(path, KEY).close()
    assert aside.read_bytes() == torn + recovered[:40]
    assert entries(path)[2]["body"]["bytes"] == len(torn) + 40
    sound(path)
    # told: not again
    with EvidenceLog.open(path, KEY) as log:
        log.append("one", {})
    assert sound(path).recovered == (3,)


@pytest.mark.parametrize("tail", [b"\0" * 5000, b"\0\0\n\0\n", b"\xff\xfe garbage"])
def test_rubbish_that_a_lost_disk_write_left_is_set_aside(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "evidence.jsonl"
    EvidenceLog.open(path, KEY).close()
    with path.open("ab") as file:
        file.write(tail)
    EvidenceLog.open(path, KEY).close()
    assert sound(path).recovered == (2,) or sound(path).recovered == (3,)
    assert next(one for one in tmp_path.iterdir() if ".torn-" in one.name).read_bytes() == tail


def changed_kind(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-2], lines[-2].replace(b'"n":1', b'"n":2'), lines[-1]]


@pytest.mark.parametrize(
    "change",
    [changed_kind, lambda lines: [*lines[:-2], lines[-1]], lambda lines: [*lines, lines[-1]],
     lambda lines: [*lines[:-2], lines[-1], lines[-2]]],
)  # fmt: skip
def test_a_log_whose_end_was_changed_is_not_gone_on_with(tmp_path: Path, change: Any) -> None:
    path = tmp_path / "evidence.jsonl"
    with EvidenceLog.open(path, KEY) as log:
        for _ in range(4):
            log.append("one", {"n": 1})
        log.flush()
        lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))
    before = path.read_bytes()
    with pytest.raises(EvidenceError, match="not what was written"):
        EvidenceLog.open(path, KEY)
    assert path.read_bytes() == before


def test_a_root_with_another_signature_is_not_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    with EvidenceLog.open(path, KEY, root_every=3) as log:
        for _ in range(30):
            log.append("one", {})
    forged = tmp_path / "forged.jsonl"
    other = SigningKey.new()
    other.public = KEY.public
    with EvidenceLog.open(forged, other, root_every=3) as log:
        for _ in range(30):
            log.append("one", {})
    with EvidenceLog.open(path, KEY, remember=4) as log:
        assert log.number > 30
    with pytest.raises(EvidenceError, match="signed root is not sound"):
        EvidenceLog.open(forged, KEY, remember=4)


# Disks that do not take it


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The operating system itself refuses to let a file grow, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_the_log_stays_sound_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    log = EvidenceLog.open(path, KEY)
    log.append("one", {"n": 1})
    log.sync()
    size = path.stat().st_size
    with no_file_longer_than(size + 150):
        number = log.append("two", {"n": 2})
        with pytest.raises(EvidenceError, match="cannot be written"):
            log.flush()
        with pytest.raises(EvidenceError, match="make room"):
            asyncio.run(log.committed(number))
        assert path.stat().st_size == size
        assert log.durable < number
    asyncio.run(log.committed(number))
    log.close()
    assert [one["kind"] for one in entries(path)] == ["genesis", "one", "two", "root"]
    sound(path)


def test_what_could_not_be_written_at_the_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "evidence.jsonl"
    log = EvidenceLog.open(path, KEY)
    with no_file_longer_than(path.stat().st_size):
        log.append("one", {})
        with pytest.raises(EvidenceError, match="cannot be written"):
            log.close()
    sound(path)
    EvidenceLog.open(path, KEY).close()


def test_a_file_that_another_hand_changes_is_given_up(tmp_path: Path) -> None:
    def longer(path: Path) -> None:
        with path.open("ab") as file:
            file.write(b"x")

    for name, change in (("longer", longer), ("gone", Path.unlink)):
        path = tmp_path / f"{name}.jsonl"
        log = EvidenceLog.open(path, KEY)
        log.append("one", {})
        log.flush()
        change(path)
        log.append("two", {})
        with pytest.raises(EvidenceError, match="given up"):
            log.flush()
        with pytest.raises(EvidenceError, match="given up"):
            log.append("three", {})
        with pytest.raises(EvidenceError, match="given up"):
            log.close()


# Keys


def test_a_key_file_is_for_its_owner_only_and_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "key.pub").read_text().strip() == made.public.hex()
    assert load_or_make_key(path).public == made.public
    assert load_or_make_key(tmp_path / "new").public != made.public
    assert "public=" in repr(made)
    with pytest.raises(EvidenceError, match="cannot be made"):
        make_key(path)
    path.chmod(0o640)
    with pytest.raises(EvidenceError, match="chmod 600"):
        load_key(path)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(EvidenceError, match="no private key"):
        load_key(path)
    with pytest.raises(EvidenceError, match="cannot be read"):
        load_key(tmp_path / "nowhere")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.text(st.characters(codec="utf-8"), max_size=8), st.sampled_from(["", "a", "b", "c"])),
        st.tuples(st.just("clock"), st.floats(0, 2e9), st.just("")),
        st.sampled_from([("flush", "", ""), ("seal", "", ""), ("restart", "", ""), ("kill", "", "")]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_is_done_in_whatever_order_the_log_is_sound_and_holds_what_was_flushed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any, str]]
) -> None:
    path, clock = tmp_path_factory.mktemp("log") / "evidence.jsonl", Clock()
    log = EvidenceLog.open(path, KEY, clock=clock, root_every=4)
    flushed: list[tuple[str, str]] = []
    written: list[tuple[str, str]] = []
    for act, value, key in steps:
        if act == "append":
            if not key or key not in {one for _, one in written}:
                written.append((value, key))
            log.append("said", {"text": value}, key=key)
        elif act == "clock":
            clock.now = value
        elif act == "flush":
            log.flush()
            flushed = list(written)
        elif act == "seal":
            log.seal()
        elif act == "restart":
            log.close()
            flushed = list(written)
            log = EvidenceLog.open(path, KEY, clock=clock, root_every=4)
        else:
            log._release()  # as the operating system does when a process is killed
            written = list(flushed)
            log = EvidenceLog.open(path, KEY, clock=clock, root_every=4)
    log.close()
    assert [(one["body"]["text"], one["key"]) for one in entries(path) if one["kind"] == "said"] == written
    found = sound(path)
    assert found.covered == found.entries
