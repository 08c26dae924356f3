"""Several processes of this machine. Owns their start and end: none outlives the pool, or the process that holds it.

Workers begin as new interpreters (``spawn``), so that no lock or thread of this process is copied into them; what is shared
is mapped, not copied. An interrupt from the keyboard reaches this process alone, which ends the workers.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import send_handle
from typing import Any, Final

from freehold.errors import ScaleError
from freehold.scale.interface import Arrays, Batch, Done
from freehold.scale.local_worker import head, serve, told
from freehold.scale.packing import pack, unpack
from freehold.scale.shared_memory import open_shared
from freehold.scale.work_named import find_work, lost

__all__ = ["LocalPool"]

_PATIENCE: Final = 5.0
"""Seconds that an idle worker is given to end by itself."""


@dataclass(slots=True, eq=False)
class _Worker:
    process: SpawnProcess
    connection: Connection
    batch: int | None = None


class LocalPool:
    """A pool of processes; see :class:`~freehold.scale.interface.Pool`.

    Parameters
    ----------
    workers
        How many processes.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ScaleError(f"{workers} workers work nothing out. Give 1 or more.")
        self.workers = workers
        self._team: list[_Worker] = []
        self._shared = -1
        self._wake: tuple[int, int] | None = None
        self._is_cancelled = False

    def __enter__(self) -> LocalPool:
        self._wake = os.pipe()
        os.set_blocking(self._wake[1], False)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        if self._shared >= 0:
            os.close(self._shared)
            self._shared = -1
        if self._wake is not None:
            ends, self._wake = self._wake, None
            for end in ends:
                os.close(end)

    def share(self, arrays: Arrays) -> None:
        """Map what all batches read into every worker.

        Raises
        ------
        freehold.errors.ScaleError
            If there is no room for it.
        """
        handle = open_shared(arrays)
        if self._shared >= 0:
            os.close(self._shared)
        self._shared = handle
        for worker in self._team:
            self._hand_over(worker)

    def map(self, work: str, batches: Iterable[Batch]) -> Iterator[Done]:
        """Run batches, one a worker at a time; results as they end.

        Raises
        ------
        freehold.errors.ScaleError
            If a batch failed, a worker was lost, or there is no such work.
        """
        find_work(work)
        if self._wake is None:
            raise ScaleError("the pool is not open. Use it in a with statement.")
        if not self._team:
            self._start()
        waiting = iter(batches)
        try:
            for worker in self._team:
                if not self._begin(worker, work, waiting):
                    break
            while busy := {worker.connection: worker for worker in self._team if worker.batch is not None}:
                ready = wait([*busy, self._wake[0]])
                if self._is_cancelled:
                    return
                for connection in ready:
                    if isinstance(connection, Connection):
                        worker = busy[connection]
                        done = self._receive(worker)
                        self._begin(worker, work, waiting)
                        yield done
        finally:
            if any(worker.batch is not None for worker in self._team):
                self._stop()
            if self._is_cancelled and self._wake is not None:
                os.read(self._wake[0], 1024)
                self._is_cancelled = False

    def cancel(self) -> None:
        """End the map that runs, or else the next: no further batch is begun, those that run are ended."""
        if self._wake is not None and not self._is_cancelled:
            self._is_cancelled = True
            with suppress(OSError):
                os.write(self._wake[1], b"!")

    def _start(self) -> None:
        context = get_context("spawn")
        with _no_interrupts():
            for _ in range(self.workers):
                ours, theirs = context.Pipe()
                process = context.Process(target=serve, args=(theirs,), daemon=True)
                self._team.append(_Worker(process, ours))
                try:
                    process.start()
                except OSError as error:
                    raise ScaleError(f"a worker could not be started ({error.strerror}). Give fewer: --workers 1.") from None
                finally:
                    theirs.close()
        if self._shared >= 0:
            for worker in self._team:
                self._hand_over(worker)

    def _stop(self) -> None:
        team, self._team = self._team, []
        for worker in team:
            worker.connection.close()
        for worker in team:
            if worker.process.pid is None:
                continue
            if worker.batch is None:
                worker.process.join(_PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
            worker.process.join()
            worker.process.close()

    def _hand_over(self, worker: _Worker) -> None:
        assert worker.process.pid is not None
        with suppress(BrokenPipeError, ConnectionResetError):  # a worker that is gone is told of with its batch
            worker.connection.send_bytes(head(kind="share"))
            send_handle(worker.connection, self._shared, worker.process.pid)

    def _begin(self, worker: _Worker, work: str, waiting: Iterator[Batch]) -> bool:
        """Give a worker the next batch, if there is one."""
        worker.batch = None
        batch = None if self._is_cancelled else next(waiting, None)
        if batch is None:
            return False
        packed = pack(batch.arrays)
        worker.batch = batch.number
        try:
            worker.connection.send_bytes(head(kind="work", work=work))
            worker.connection.send_bytes(packed)
        except (BrokenPipeError, ConnectionResetError):
            raise self._gone(worker) from None
        return True

    def _receive(self, worker: _Worker) -> Done:
        assert worker.batch is not None
        try:
            answer = told(worker.connection.recv_bytes())
            if answer["kind"] == "failed":
                raise lost(worker.batch, answer["why"], answer["where"])
            return Done(worker.batch, unpack(worker.connection.recv_bytes()))
        except (EOFError, OSError):
            raise self._gone(worker) from None

    def _gone(self, worker: _Worker) -> ScaleError:
        assert worker.batch is not None
        worker.process.join(_PATIENCE)
        status = worker.process.exitcode
        if status is not None and status < 0:
            how = f"was killed by signal {-status}" + (", perhaps because memory ran out" if status == -signal.SIGKILL else "")
        else:
            how = f"ended with status {status}"
        return lost(worker.batch, f"its worker {how}. Start again, with fewer workers or a smaller --memory if it recurs.")


@contextmanager
def _no_interrupts() -> Iterator[Any]:
    """Start processes to which an interrupt from the keyboard does not come, and take one that comes meanwhile after."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
