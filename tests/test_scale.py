"""Pools on this machine, packed arrays, the journal, and questions in batches; real processes, killed for real."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import ScaleError
from freehold.scale.in_process_pool import InProcessPool
from freehold.scale.interface import Batch, Pool
from freehold.scale.journal import IN_MEMORY, Journal, open_journal
from freehold.scale.local_pool import LocalPool
from freehold.scale.packing import digest_of, pack, unpack
from freehold.scale.pools import choose_pool, cores
from freehold.scale.run import run
from freehold.scale.shared_memory import open_shared
from scale_suite import PoolSuite, WorkersSuite, expected, factors, shared

HERE = Path(__file__).parent
DRIVER = HERE / "scale_driver.py"


class TestInProcessPool(PoolSuite):
    @pytest.fixture
    def pool(self) -> Iterator[Pool]:
        with InProcessPool() as pool:
            yield pool


@pytest.fixture(scope="module")
def two_workers() -> Iterator[LocalPool]:
    with LocalPool(2) as pool:
        yield pool


class TestLocalPool(WorkersSuite):
    @pytest.fixture
    def pool(self, two_workers: LocalPool) -> Pool:
        return two_workers


def test_on_leaving_a_pool_no_worker_and_no_open_file_is_left() -> None:
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
    with LocalPool(1) as warm:  # what the standard library keeps open for all pools is open now
        warm.share(shared())
        opened = len(list(Path("/proc/self/fd").iterdir())) if before else 0
    for ends_badly in (False, True):
        try:
            with LocalPool(2) as pool:
                pool.share(shared())
                workers = [one.process for one in pool._team]
                pids = [one.pid for one in workers]
                next(pool.map("scale_work:sums", factors(10**9)))
                if ends_badly:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            assert ends_badly
        for pid in pids:
            assert pid is not None
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
    if before:
        assert len(list(Path("/proc/self/fd").iterdir())) <= opened


def test_workers_look_into_shared_memory_that_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freehold.scale.shared_memory._free_memory", lambda: 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with LocalPool(1) as pool:
        pool.share(shared())
        assert list(tmp_path.iterdir()) == []
        (done,) = pool.map("scale_work:sums", factors(1))
    assert bytes(pack(done.arrays)) == expected(1)[0]


def test_no_room_to_share_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(ScaleError, match=r"no room to share 0 MB .*No space left.*--workers 1"):
        open_shared({"one": np.zeros(3)})


@pytest.mark.parametrize("workers", [0, -1, 10**9])
def test_a_senseless_number_of_workers_is_refused(workers: int) -> None:
    with pytest.raises(ScaleError, match="workers"):
        choose_pool(workers)


def test_one_worker_is_this_process_and_several_are_processes() -> None:
    assert isinstance(choose_pool(1), InProcessPool)
    assert isinstance(choose_pool(3), LocalPool)
    assert choose_pool().workers == cores()


# ---------------------------------------------------------------- packed arrays


_ARRAYS = st.dictionaries(
    st.text(max_size=5),
    st.one_of(
        st.lists(st.floats(allow_nan=True), max_size=5).map(lambda row: np.array(row, np.float64)),
        st.lists(st.integers(-(2**62), 2**62), max_size=6).map(lambda row: np.array(row, np.int64).reshape(-1, 1)),
        st.lists(st.booleans(), max_size=6).map(lambda row: np.array(row, np.bool_)),
        st.binary(max_size=9).map(lambda content: np.frombuffer(content, np.uint8)),
        st.just(np.array(["ä", "bc"])),
        st.just(np.asfortranarray(np.arange(12.0).reshape(3, 4))[:, ::2]),
    ),
    max_size=4,
)


@given(_ARRAYS)
def test_packed_arrays_come_out_as_they_went_in(arrays: dict[str, np.ndarray]) -> None:
    back = unpack(pack(arrays))
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()
        assert not back[name].flags.writeable
    turned = dict(reversed(arrays.items()))
    assert pack(turned) == pack(arrays)
    assert digest_of(turned, "a") == digest_of(arrays, "a") != digest_of(arrays, "b")


@given(st.binary(max_size=200))
def test_damaged_bytes_are_told(content: bytes) -> None:
    good = bytes(pack({"one": np.arange(5.0)}))
    for damaged in (content, good[:-9], good[:8] + content + good[8 + len(content) :]):
        with suppress(ScaleError):  # nothing else is raised, and nothing but arrays comes out
            assert all(isinstance(array, np.ndarray) for array in unpack(damaged).values())


# ---------------------------------------------------------------- the journal


def _run(
    journal: Journal | None, count: int = 6, *, version: str = "1", work: str = "scale_work:sums"
) -> tuple[list[bytes], int]:
    with InProcessPool() as pool:
        finished = run(pool, work, shared(), factors(count), version=version, journal=journal)
    assert finished.complete
    return [bytes(pack(result)) for result in finished.results], finished.found


def test_what_a_journal_holds_is_not_worked_out_again(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with open_journal(path) as journal, pytest.raises(ScaleError, match="batch 3"):
        _run(journal, work="scale_work:refuses")
    with open_journal(path) as journal:
        question = journal.question("scale_work:refuses", "1", shared())
        assert (journal.kept(question), journal.others(question)) == (3, 0)
        assert _run(journal) == (expected(6), 0)
        assert journal.others(question) == 6
        assert _run(journal) == (expected(6), 6)
        assert _run(journal, version="2") == (expected(6), 0)


def test_a_journal_in_memory_keeps_nothing(tmp_path: Path) -> None:
    with open_journal(IN_MEMORY) as journal:
        assert _run(journal) == (expected(6), 0)
        assert _run(journal) == (expected(6), 6)
    assert list(tmp_path.iterdir()) == []


def test_a_kept_batch_that_was_changed_is_told_and_worked_out_again(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with open_journal(path) as journal:
        _run(journal)
    with sqlite3.connect(path) as connection:
        packed = bytearray(connection.execute("SELECT arrays FROM batch WHERE number = 2").fetchone()[0])
        packed[-1] ^= 1
        connection.execute("UPDATE batch SET arrays = ? WHERE number = 2", (bytes(packed),))
    connection.close()
    told: list[str] = []
    with open_journal(path, told.append) as journal:
        assert _run(journal) == (expected(6), 5)
        assert _run(journal) == (expected(6), 6)
    assert len(told) == 1
    assert "a kept batch is damaged" in told[0]


@pytest.mark.parametrize("damage", ["cut", "page", "table"])
def test_a_damaged_journal_is_told_and_set_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "journal"
    with open_journal(path) as journal:
        _run(journal)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "page":
        content[1000:5000] = b"\xee" * 4000
    else:
        content[100:120] = b"\x00" * 20
    path.write_bytes(content)
    told: list[str] = []
    with open_journal(path, told.append) as journal:
        assert _run(journal) == (expected(6), 0)
    assert "is damaged" in told[0]
    assert (tmp_path / "journal.damaged-1").read_bytes() == content


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    stack = tmp_path / "stack.toml"
    stack.write_text("[stack]\n")
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    for path in (stack, other):
        before = path.read_bytes()
        with pytest.raises(ScaleError, match="is no journal"):
            open_journal(path)
        assert path.read_bytes() == before
    with pytest.raises(ScaleError, match="is no file"):
        open_journal(tmp_path)
    with pytest.raises(ScaleError, match="cannot be opened"):
        open_journal(tmp_path / "nowhere" / "journal")


def test_an_empty_file_becomes_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.touch()
    with open_journal(path) as journal:
        _run(journal)
    with open_journal(path) as journal:
        assert _run(journal) == (expected(6), 6)


def test_a_journal_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    open_journal(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(ScaleError, match="newer Freehold"):
        open_journal(path)


# ---------------------------------------------------------------- questions in batches


def test_results_stand_in_order_of_batches_whatever_order_they_end_in() -> None:
    class Backwards(InProcessPool):
        def map(self, work: str, batches):  # type: ignore[no-untyped-def]
            return reversed(list(super().map(work, batches)))

    with Backwards() as pool:
        finished = run(pool, "scale_work:sums", shared(), factors(5), version="1")
    assert finished.numbers == (0, 1, 2, 3, 4)
    assert [bytes(pack(result)) for result in finished.results] == expected(5)


def test_progress_counts_and_a_run_that_is_cancelled_keeps_what_is_finished() -> None:
    seen: list[int] = []
    with open_journal(IN_MEMORY) as journal:
        with LocalPool(2) as pool:
            finished = run(
                pool, "scale_work:sums", shared(), factors(10**9), version="1", journal=journal,
                progress=seen.append, cancelled=lambda: len(seen) >= 4,
            )  # fmt: skip
        assert not finished.complete
        assert len(finished.results) == 4
        assert seen == [1, 2, 3, 4]
        with InProcessPool() as again:
            later = run(again, "scale_work:sums", shared(), factors(9), version="1", journal=journal)
    assert later.complete
    assert later.found == 4
    assert [bytes(pack(result)) for result in later.results] == expected(9)


def _driver(*arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])}
    return subprocess.Popen(
        [sys.executable, str(DRIVER), *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip


def _read(process: subprocess.Popen[str], until: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if lines[-1].startswith(until):
            break
    return lines


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_process_that_is_ended_in_the_middle_loses_no_finished_batch_and_leaves_no_worker(tmp_path: Path, how: int) -> None:
    path = tmp_path / "journal"
    with _driver(path, 2, 10**9) as process:
        lines = _read(process, "finished 5")
        handles = [os.pidfd_open(int(line.split()[1])) for line in lines if line.startswith("worker")]
        assert len(handles) == 2
        os.kill(process.pid, how)
        process.wait()
    for handle in handles:  # a process's handle can be read once it is gone
        assert wait([handle], 60), "a worker outlived its parent"
        os.close(handle)
    with open_journal(path) as journal:
        found, again = _run(journal, 20)
    assert again >= 5
    assert found == expected(20)


def test_a_run_that_goes_on_after_a_kill_ends_as_one_that_was_never_killed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with _driver(path, 2, 10**9) as process:
        _read(process, "finished 3")
        process.kill()
    with _driver(path, 2, 12) as process:
        last = _read(process, "digest")
    with _driver(IN_MEMORY, 1, 12) as process:
        assert _read(process, "digest")[-1] == last[-1]
    assert int(last[-2].split()[1]) >= 3


def test_a_batch_may_hold_nothing() -> None:
    with LocalPool(1) as pool, pytest.raises(ScaleError, match="KeyError"):
        list(pool.map("scale_work:sums", [Batch(0, {})]))
