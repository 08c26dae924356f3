"""The journal: kept before it is acknowledged, once each, in order, within its bounds; and files that are not one."""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import BadSignal, BadStore, Overloaded, StoreUnavailable, Unreadable, WatchError
from freehold.watch import journal as journal_module
from freehold.watch.event import Event
from freehold.watch.journal import Journal
from freehold.watch.journal_file import Accepted, JournalFile, Recorded, row_from
from freehold.whole_file import write_whole
from journal_writer import event
from strategies import repeatable

HERE = Path(__file__).parent
PLENTY = 10**8


def rows(*numbers: int) -> list[object]:
    return [row_from(event(number)) for number in numbers]


@contextmanager
def opened(path: Path, most_bytes: int = PLENTY, **more: float) -> Iterator[JournalFile]:
    file = JournalFile(path, most_bytes=most_bytes, **more)  # type: ignore[arg-type]
    try:
        yield file
    finally:
        file.close()


def put(file: JournalFile, *events: Event, processed: int = 0) -> Accepted | Overloaded:
    (answer,) = file.write([[row_from(one) for one in events]], processed)
    return answer


def received(number: int, at: float) -> Event:
    return Event("/clock", str(number), "test", at, at)


# What is kept


def test_what_is_put_is_there_in_order_with_ascending_numbers(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as file:
        assert put(file, event(7), event(3)) == Accepted(2, 0)
        assert put(file, event(5)) == Accepted(1, 0)
    with opened(tmp_path / "journal.db") as file:
        # `received` of the second is not before that of the first
        second = Event("/writer", "3", "test", 3.0, 1e9 + 7, "s3", event(3).data)
        third = Event("/writer", "5", "test", 5.0, 1e9 + 7, "s5", event(5).data)
        assert file.after(0, 10) == (Recorded(1, event(7)), Recorded(2, second), Recorded(3, third))
        assert file.after(1, 1) == (Recorded(2, second),)
        assert file.after(3, 10) == file.after(0, 0) == file.after(0, -1) == ()
        assert file.last == 3


def test_a_link_that_goes_round_in_a_circle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.symlink_to(path)
    with pytest.raises(StoreUnavailable, match="in a circle"):
        JournalFile(path, most_bytes=1_000_000)
    with pytest.raises(Unreadable, match="cannot be written"):
        write_whole(path, "text")


def test_an_event_that_comes_again_is_not_kept_again(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as file:
        assert put(file, event(1), event(1), event(2)) == Accepted(2, 1)
        other = Event("/writer", "1", "another type", 5.0, 5.0)
        assert put(file, other) == Accepted(0, 1)
        assert put(file, Event("/other", "1", "test", 5.0, 5.0)) == Accepted(1, 0)
        assert [one.event.source for one in file.after(0, 10)] == ["/writer", "/writer", "/other"]


def test_a_source_and_an_id_are_not_mixed_up(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as file:
        pairs = [("ab", "c"), ("a", "bc"), ("", "abc"), ("1 a", "b"), ("1", " ab")]
        assert put(file, *(Event(source, id_, "t", 1.0, 1.0) for source, id_ in pairs)) == Accepted(5, 0)


def test_received_never_goes_back_though_the_clock_does_nor_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as file:
        put(file, received(1, 100.0), received(2, 50.0), received(3, 120.0))
    with opened(tmp_path / "journal.db") as file:
        put(file, received(4, 10.0), received(5, 130.0))
        assert [one.event.received for one in file.after(0, 10)] == [100.0, 100.0, 120.0, 120.0, 130.0]
        assert [one.event.time for one in file.after(0, 10)] == [100.0, 50.0, 120.0, 10.0, 130.0]


def test_the_processed_number_only_goes_forward_and_not_beyond_the_last(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as file:
        put(file, event(1), event(2), event(3))
        for given_, held in ((2, 2), (1, 2), (99, 3), (-5, 3)):
            file.write([], given_)
            assert file.processed == held
    with opened(tmp_path / "journal.db") as file:
        assert (file.processed, file.last) == (3, 3)


@repeatable(50)
@given(
    st.lists(st.integers(0, 50), max_size=30), st.lists(st.integers(-5, 60), min_size=2, max_size=2), st.integers(0, 30),
    st.integers(1, 5), st.integers(0, 20),
)  # fmt: skip
def test_between_gives_what_a_search_of_all_rows_gives(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], span: list[int], after: int, most: int, gone: int
) -> None:
    with opened(tmp_path_factory.mktemp("journal") / "journal.db") as file:
        put(file, *(received(number, float(time)) for number, time in enumerate(times)))
        file._connection.execute("DELETE FROM event WHERE number <= ?", (gone,))
        start, end = map(float, span)
        every = file.after(0, 100)
        expected = [one for one in every if one.number > after and start <= one.event.received < end][:most]
        assert list(file.between(start, end, after, most)) == expected


# What is bounded


def test_the_oldest_processed_events_go_when_the_file_is_full_and_others_never(tmp_path: Path) -> None:
    most = 400_000
    with opened(tmp_path / "journal.db", most) as file:
        number = 0
        while isinstance(answer := file.write([rows(*range(number, number + 100))])[0], Accepted):  # type: ignore[list-item]
            number += 100
        assert "full" in str(answer)
        assert answer.retry_after > 0
        assert [one.number for one in file.after(0, 10**6)] == list(range(1, number + 1))
        size = (tmp_path / "journal.db").stat().st_size
        assert size <= most
        # once half of it is processed there is room again, and no event that is not processed goes
        half = number // 2
        file.write([], half)
        for _ in range(5):
            assert isinstance(file.write([rows(*range(number, number + 50))])[0], Accepted)  # type: ignore[list-item]
            number += 50
        kept = [one.number for one in file.after(0, 10**6)]
        assert kept == list(range(kept[0], number + 1))
        assert kept[0] <= half + 1
        assert file.last == number
        assert (tmp_path / "journal.db").stat().st_size <= most


def test_a_number_is_not_used_again_after_all_events_have_gone(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as file:
        put(file, event(1), event(2))
        file._connection.execute("DELETE FROM event")
    with opened(tmp_path / "journal.db") as file:
        put(file, event(3))
        assert [one.number for one in file.after(0, 10)] == [3]


def test_one_that_finds_no_room_does_not_keep_out_a_smaller_one(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db", 200_000) as file:
        large = [row_from(Event("/large", str(number), "t", 1.0, 1.0, data={"x": "y" * 50_000})) for number in range(10)]
        small = [row_from(event(1))]
        refused, taken = file.write([large, small])
        assert isinstance(refused, Overloaded)
        assert taken == Accepted(1, 0)
        assert [one.event.id for one in file.after(0, 10)] == ["1"]


def test_an_id_is_remembered_for_its_time_though_its_event_has_gone(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db", remembered=100.0) as file:
        put(file, received(1, 1_000.0), processed=0)
        file.write([], 1)
        file._connection.execute("DELETE FROM event")
        # a table that is 100 seconds old gives way to the other, and is itself emptied a turn later
        put(file, received(2, 1_099.0))
        assert put(file, received(1, 1_099.0)) == Accepted(0, 1)
        put(file, received(3, 1_101.0))
        assert put(file, received(1, 1_150.0)) == Accepted(0, 1)
        file.write([], 3)
        put(file, received(4, 1_202.0))
        assert put(file, received(1, 1_203.0)) == Accepted(1, 0)


def test_an_id_is_remembered_as_long_as_its_event_waits_to_be_processed(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db", remembered=100.0) as file:
        for number in range(20):
            put(file, received(number, 1_000.0 + 60 * number))
        assert put(file, *(received(number, 9_999.0) for number in range(20))) == Accepted(0, 20)


def test_so_many_ids_are_remembered_however_fast_they_come(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db", most_remembered=50) as file:
        for number in range(200):
            put(file, received(number, 5.0), processed=number)
        ((first,),) = file._connection.execute("SELECT count(*) FROM seen_0")
        ((second,),) = file._connection.execute("SELECT count(*) FROM seen_1")
        assert 50 <= first + second <= 102
        assert put(file, *(received(number, 5.0) for number in range(151, 200))) == Accepted(0, 49)


def test_an_event_that_cannot_be_kept_is_refused_before_it_meets_others() -> None:
    for bad in (
        Event("/s\ud800", "1", "t", 1.0, 1.0),
        Event("/s", "1", "t", float("nan"), 1.0),
        Event("/s", "1", "t", 1.0, float("inf")),
        Event("/s", "1", "t", 1.0, 1.0, data={"x": "\ud800"}),
        Event("/s", "1", "t", 1.0, 1.0, data={"x": object()}),  # type: ignore[dict-item]
        Event("/s", "1", "t", 1.0, 1.0, data={"x": "y" * 2_000_000}),
    ):
        with pytest.raises(BadSignal):
            row_from(bad)


def test_a_full_disk_is_said_nothing_of_the_request_is_kept_and_room_helps(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as file:
        put(file, event(1))
        ((pages,),) = file._connection.execute("PRAGMA page_count").fetchall()
        file._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnavailable, match="no room left"):
            file.write([rows(*range(2, 3_000))])  # type: ignore[list-item]
        assert (file.last, [one.number for one in file.after(0, 10)]) == (1, [1])
        file._connection.execute("PRAGMA max_page_count = 100000")
        assert put(file, *(event(number) for number in range(2, 3_000))) == Accepted(2_998, 0)


# Many senders


def test_what_many_senders_put_at_once_is_kept_once_each(tmp_path: Path) -> None:
    async def main() -> None:
        async with Journal.open(tmp_path / "journal.db") as journal:
            answers = await asyncio.gather(*(journal.put([event(number), event(number % 10)]) for number in range(100)))
            assert sum(answer.new for answer in answers) == 100
            assert sum(answer.again for answer in answers) == 100
            assert journal.last == 100
            assert journal.waiting == 0
            found = await journal.after(0, 1_000)
            assert sorted(int(one.event.id) for one in found) == list(range(100))
            assert await journal.put([]) == Accepted(0, 0)
            assert await journal.mark_processed(60) == journal.processed == 60
            assert len(await journal.between(0.0, 2e9, after=90)) == 10

    asyncio.run(main())


class HeldFile:
    """A journal's file that takes nothing until it is let, and fails if it must."""

    def __init__(self, inner: JournalFile) -> None:
        self.inner = inner
        self.entered, self.free = threading.Event(), threading.Event()
        self.failure: BaseException | None = None

    def write(self, requests: object, processed: int = 0) -> object:
        self.entered.set()
        assert self.free.wait(30)
        if self.failure is not None:
            raise self.failure
        return self.inner.write(requests, processed)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def held(path: Path, **bounds: int) -> tuple[Journal, HeldFile]:
    file = HeldFile(JournalFile(path, most_bytes=PLENTY))
    reading = JournalFile(path, most_bytes=PLENTY, write=False)
    most, most_bytes = bounds.get("most_waiting", 1_000), bounds.get("most_waiting_bytes", PLENTY)
    return Journal(file, reading, most, most_bytes, lambda: 0.0), file  # type: ignore[arg-type]


@pytest.mark.parametrize("bounds", [{"most_waiting": 10}, {"most_waiting_bytes": 10 * row_from(event(1_000)).size}])
def test_more_than_may_wait_is_refused_and_what_waits_is_kept(tmp_path: Path, bounds: dict[str, int]) -> None:
    async def main() -> None:
        journal, file = held(tmp_path / "journal.db", **bounds)
        async with journal:
            waiting = [asyncio.ensure_future(journal.put([event(1_000 + 90 * number)])) for number in range(10)]
            await asyncio.to_thread(file.entered.wait, 30)
            with pytest.raises(Overloaded) as refused:
                await journal.put([event(5_500)])
            assert 1.0 <= refused.value.retry_after <= 30.0
            file.free.set()
            assert await asyncio.gather(*waiting) == [Accepted(1, 0)] * 10
            assert await journal.put([event(5_500)]) == Accepted(1, 0)

    asyncio.run(main())


def test_one_batch_larger_than_the_bound_is_taken_when_nothing_waits(tmp_path: Path) -> None:
    async def main() -> None:
        async with Journal.open(tmp_path / "journal.db", most_waiting=3) as journal:
            assert await journal.put([event(number) for number in range(50)]) == Accepted(50, 0)

    asyncio.run(main())


@pytest.mark.parametrize("failure", [StoreUnavailable("there is no room left for it."), RuntimeError("odd")])
def test_a_disk_that_takes_nothing_is_said_and_the_next_write_goes_on(tmp_path: Path, failure: Exception) -> None:
    async def main() -> None:
        journal, file = held(tmp_path / "journal.db")
        async with journal:
            file.free.set()
            file.failure = failure
            with pytest.raises((StoreUnavailable, Unreadable, WatchError), match=r"no room|odd"):
                await journal.put([event(1)])
            with pytest.raises((StoreUnavailable, Unreadable, WatchError)):
                await journal.mark_processed(1)
            file.failure = None
            assert await journal.put([event(1)]) == Accepted(1, 0)
            assert journal.waiting == 0

    asyncio.run(main())


def test_a_sender_that_goes_away_changes_nothing_for_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        journal, file = held(tmp_path / "journal.db")
        async with journal:
            gone = asyncio.ensure_future(journal.put([event(1)]))
            stays = asyncio.ensure_future(journal.put([event(2)]))
            await asyncio.to_thread(file.entered.wait, 30)
            gone.cancel()
            file.free.set()
            assert await stays == Accepted(1, 0)
            assert await journal.beyond(1) == 2
            assert gone.cancelled()

    asyncio.run(main())


def test_who_waits_for_more_is_told_when_it_is_safe_and_when_the_journal_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        journal, file = held(tmp_path / "journal.db")
        waiting = asyncio.ensure_future(journal.beyond(0))
        putting = asyncio.ensure_future(journal.put([event(1)]))
        await asyncio.to_thread(file.entered.wait, 30)
        assert not waiting.done()
        file.free.set()
        assert await waiting == 1
        await putting
        forever = asyncio.ensure_future(journal.beyond(1))
        await asyncio.sleep(0)
        await journal.close()
        await journal.close()
        for call in (forever, journal.put([event(2)]), journal.after(0), journal.mark_processed(1), journal.beyond(9)):
            with pytest.raises(WatchError, match="closed"):
                await call

    asyncio.run(main())


def test_closing_writes_what_waits(tmp_path: Path) -> None:
    async def main() -> None:
        journal, file = held(tmp_path / "journal.db")
        putting = asyncio.ensure_future(journal.put([event(1)]))
        await asyncio.to_thread(file.entered.wait, 30)
        later = asyncio.ensure_future(journal.put([event(2)]))
        await asyncio.sleep(0)
        file.free.set()
        await journal.close()
        assert [await putting, await later] == [Accepted(1, 0)] * 2

    asyncio.run(main())
    with opened(tmp_path / "journal.db") as file:
        assert file.last == 2


def test_many_are_written_in_few_transactions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_MOST_AT_ONCE", 30)

    async def main() -> None:
        journal, file = held(tmp_path / "journal.db")
        sizes: list[int] = []
        write = file.write

        def counted(requests: list[list[object]], processed: int = 0) -> object:
            sizes.append(len(requests))
            return write(requests, processed)

        file.write = counted  # type: ignore[method-assign, assignment]
        async with journal:
            first = asyncio.ensure_future(journal.put([event(0)]))
            await asyncio.to_thread(file.entered.wait, 30)
            rest = [asyncio.ensure_future(journal.put([event(number)])) for number in range(1, 61)]
            await asyncio.sleep(0)
            file.free.set()
            await asyncio.gather(first, *rest)
            assert sizes == [1, 30, 30]

    asyncio.run(main())


# Killed


@pytest.mark.slow
def test_killed_again_and_again_it_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    path, chance = tmp_path / "journal.db", random.Random(20260301)
    acknowledged: set[int] = set()
    first = 0
    environment = {**os.environ, "PYTHONPATH": f"{HERE.parent / 'src'}{os.pathsep}{HERE}"}
    for _ in range(40):
        command = [sys.executable, str(HERE / "journal_writer.py"), str(path), str(first), "8"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, bufsize=0) as process:
            assert process.stdout is not None
            said = b""
            # up to so many acknowledgements pass, then a part of the time that one takes
            wanted = chance.randrange(1, 3_000)
            while said.count(b"\n") < wanted:
                said += os.read(process.stdout.fileno(), 65_536)
            select.select([], [], [], chance.random() * 0.005)
            os.kill(process.pid, signal.SIGKILL)
            while more := os.read(process.stdout.fileno(), 65_536):
                said += more
        # a line that was cut in two is no acknowledgement that anybody got
        acknowledged.update(int(line.split()[1]) for line in said[: said.rfind(b"\n") + 1].decode().splitlines())
        with opened(path) as file:
            ((sound,),) = file._connection.execute("PRAGMA integrity_check").fetchall()
            assert sound == "ok"
            found = file.after(0, 10**7)
            assert [one.number for one in found] == list(range(1, file.last + 1))
            kept = {int(one.event.id): one.event for one in found}
            assert len(kept) == len(found)
            assert acknowledged <= kept.keys()
            first = max(kept) + 1
    assert len(acknowledged) > 20_000
    for number, one in kept.items():
        assert (one.time, one.subject, one.data) == (number, event(number).subject, event(number).data)


# Files that are not one


def test_a_file_that_is_no_journal_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for content in (b"not a database", b"SQLite format 3\x00" + bytes(84), b"x" * 5_000):
        path.write_bytes(content)
        with pytest.raises(BadStore, match=r"journal\.db"):
            JournalFile(path, most_bytes=PLENTY)
        assert path.read_bytes() == content


def test_another_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE event (number INTEGER)")
    connection.close()
    with pytest.raises(BadStore, match="not a journal"):
        JournalFile(path, most_bytes=PLENTY)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("PRAGMA user_version = 2", "newer"),
        ("PRAGMA user_version = 0", "not what Freehold made"),
        ("PRAGMA application_id = 5", "not a journal"),
        ("CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END", "'t'"),
        ("DROP TABLE seen_1", "seen_1"),
        ("DELETE FROM state", "how far"),
        ("UPDATE state SET last = 'x'", "how far"),
    ],
)
def test_a_journal_that_is_not_as_it_was_made_is_refused(tmp_path: Path, statement: str, said: str) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as file:
        put(file, event(1))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()
    with pytest.raises(BadStore, match=said):
        JournalFile(path, most_bytes=PLENTY)


def test_a_journal_that_is_cut_short_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as file:
        file.write([rows(*range(2_000))])  # type: ignore[list-item]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadStore, match="damaged"):
        JournalFile(path, most_bytes=PLENTY)
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(BadStore, match="damaged"), opened(path) as file:
        file.after(0, 5_000)


def test_an_event_whose_data_is_damaged_is_said_to_be(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as file:
        put(file, event(1))
        file._connection.execute("UPDATE event SET data = ?", (b"{",))
        with pytest.raises(BadStore, match="damaged"):
            file.after(0, 1)


def test_places_where_no_journal_can_be_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadStore, match="not a file"):
        JournalFile(tmp_path, most_bytes=PLENTY)
    with pytest.raises(StoreUnavailable):
        JournalFile(tmp_path / "no" / "journal.db", most_bytes=PLENTY)
    with pytest.raises(StoreUnavailable, match="not there"):
        JournalFile(tmp_path / "none.db", most_bytes=PLENTY, write=False)
    assert not (tmp_path / "none.db").exists()


def test_a_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db"):
        assert (tmp_path / "journal.db").stat().st_mode & 0o077 == 0


def test_a_journal_in_a_folder_that_may_not_be_written_to_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "journal.db") as file:
        put(file, event(1))
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    reading = JournalFile(tmp_path / "journal.db", most_bytes=PLENTY, write=False)
    assert reading.after(0, 10) == (Recorded(1, event(1)),)
    reading.close()
    assert [path.name for path in tmp_path.iterdir()] == ["journal.db"]


def test_two_who_write_to_one_journal_use_no_number_twice(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as one, opened(tmp_path / "journal.db") as other:
        for number in range(20):
            put(one if number % 2 else other, event(number))
        assert [found.number for found in one.after(0, 100)] == list(range(1, 21))


_TELL = """
import asyncio, sys
from freehold.watch.event import Event
from freehold.watch.journal import Journal

async def put():
    async with Journal.open(sys.argv[1]) as journal:
        print((await journal.put([Event("/person", sys.argv[2], "told", 1.0, 1.0)])).new)

asyncio.run(put())
"""


def test_what_other_processes_tell_is_seen_and_nobody_loses_anything(tmp_path: Path) -> None:
    # a process that opened and closed the file beside SQLite would lose its locks on it, and the others its log
    path = tmp_path / "journal.db"

    async def follow() -> list[tuple[int, int]]:
        seen = []
        async with Journal.open(path) as journal:
            for number in range(3):
                told = subprocess.run(
                    [sys.executable, "-c", _TELL, str(path), f"e{number}"], capture_output=True, text=True, check=True
                )
                assert told.stdout == "1\n"
                found = await journal.after(journal.processed)
                seen.append((found[-1].number, await journal.mark_processed(found[-1].number)))
        return seen

    assert asyncio.run(follow()) == [(1, 1), (2, 2), (3, 3)]
