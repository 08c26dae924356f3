"""Workers of Ray, on this machine or on a cluster. Owns how batches become tasks of Ray, and that nothing is told about it.

What is shared lies in Ray's object store, once a machine. A task is not tried twice: whoever asks sees what failed, and goes
on from what is kept. Freehold must be installed on every machine of the cluster, in one version.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Client
from shutil import rmtree
from tempfile import mkdtemp
from threading import Thread
from typing import Any, Final

import numpy as np

from freehold.errors import ScaleError
from freehold.scale.interface import Arrays, Batch, Done
from freehold.scale.packing import pack, unpack
from freehold.scale.work_named import failed_with, find_work, lost, work_out

__all__ = ["RayPool"]

_AHEAD: Final = 1
"""Tasks that wait, beyond one that runs on each worker."""

_SILENT: Final = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""No telemetry, and no hint about processors for graphics among what is said to people."""

_ONCE: Final = {"RAY_NUM_REDIS_GET_RETRIES": "2"}
"""A cluster that does not answer is not asked for a quarter of an hour."""

_ADDRESS: Final = re.compile(r"(?P<host>[^\s/:\[\]]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_PATIENCE: Final = 10.0
"""Seconds that a cluster is given to take a connection."""

_LONGEST_PLACE: Final = 40
"""Letters of a folder's name from which on Ray's sockets in it have names that are too long."""


class RayPool:
    """A pool of Ray's workers; see :class:`~freehold.scale.interface.Pool`.

    Parameters
    ----------
    address
        Of a cluster that runs (``HOST:PORT``, or ``auto``); by default one is started on this machine, and ended on leaving.
    workers
        How many batches run at once; by default as many as the cluster has processors.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise ScaleError(f"{workers} workers work nothing out. Give 1 or more.")
        self._address = address
        self._asked = workers
        self._ray: Any = None
        self._is_ours = False
        self._folder: str | None = None
        self._shared: Any = None
        self._is_cancelled = False
        self.workers = workers or 1

    def __enter__(self) -> RayPool:
        if self._address is not None:
            _see_that_it_is_there(self._address)
            os.environ.update(_ONCE)
        os.environ.update(_SILENT)
        try:
            self._ray = import_module("ray")
        except ModuleNotFoundError as error:
            if error.name != "ray":
                raise
            raise ScaleError("Ray is not installed, and --ray needs the extra 'ray': pip install 'freehold[ray]'") from None
        logging.getLogger("ray").setLevel(logging.ERROR)
        self._is_ours = not self._ray.is_initialized()
        if self._is_ours:
            self._connect()
        self.workers = self._asked or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self.share({})
        return self

    def _connect(self) -> None:
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
        if self._address is None:
            _see_that_it_starts()
            self._folder = mkdtemp(prefix="freehold-ray-")
            if len(self._folder) > _LONGEST_PLACE:
                self._remove()
            # a cluster of its own, whatever RAY_ADDRESS names; all of it is on the loopback: no other machine can reach it
            options |= {
                "address": "local", "num_cpus": self._asked, "include_dashboard": False, "_node_ip_address": "127.0.0.1",
                "_temp_dir": self._folder,
            }  # fmt: skip
        else:
            options["address"] = self._address
            self._see_that_ray_reaches_it(self._address)
        try:
            self._ray.init(**options)
        except Exception as error:
            with suppress(Exception):
                self._ray.shutdown()
            self._remove()
            where = f"at {self._address}" if self._address else "on this machine"
            told = str(error).strip().splitlines()
            raise ScaleError(
                f"Ray cannot be used {where} ({told[0] if told else type(error).__name__}). Give the address HOST:PORT of a "
                "cluster that runs, or leave --ray out for processes of this machine."
            ) from error

    def _see_that_ray_reaches_it(self, address: str) -> None:
        """Ray takes a loopback address for this machine's own, where a cluster on the loopback alone does not answer."""
        host, _, port = address.rpartition(":")
        if host.strip("[]") in _LOOPBACK:
            _see_that_it_is_there(f"{self._ray.util.get_node_ip_address()}:{port}")

    def __exit__(self, *_: object) -> None:
        self._shared = None
        if self._is_ours and self._ray is not None:
            self._ray.shutdown()
        self._ray = None
        self._remove()

    def _remove(self) -> None:
        if self._folder is not None:
            rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def share(self, arrays: Arrays) -> None:
        """Put what all batches read into Ray's object store.

        Raises
        ------
        freehold.errors.ScaleError
            If there is no room for it.
        """
        packed = np.frombuffer(pack(arrays), np.uint8)
        try:
            self._shared = self._ray.put(packed)
        except self._ray.exceptions.RayError as error:
            raise ScaleError(f"Ray's object store has no room for {len(packed) / 1e6:.0f} MB ({_said(error)}).") from None

    def map(self, work: str, batches: Iterable[Batch]) -> Iterator[Done]:
        """Run batches as tasks; results as they end.

        Raises
        ------
        freehold.errors.ScaleError
            If a batch failed, a worker was lost, or there is no such work.
        """
        find_work(work)
        if self._ray is None:
            raise ScaleError("the pool is not open. Use it in a with statement.")
        task = self._ray.remote(num_cpus=1, max_retries=0)(_task)
        waiting = iter(batches)
        running: dict[Any, int] = {}
        try:
            while not self._is_cancelled:
                while len(running) < self.workers + _AHEAD and (batch := next(waiting, None)) is not None:
                    packed = np.frombuffer(pack(batch.arrays), np.uint8)
                    running[task.remote(self._shared, work, packed)] = batch.number
                if not running:
                    return
                ready, _ = self._ray.wait(list(running), timeout=0.5)
                for one in ready:
                    number = running.pop(one)
                    yield Done(number, self._result(one, number))
        finally:
            self._is_cancelled = False
            for one in running:
                with suppress(Exception):
                    self._ray.cancel(one, force=True)

    def cancel(self) -> None:
        """End the map that runs, or else the next: no further batch is begun, those that run are ended."""
        self._is_cancelled = True

    def _result(self, one: Any, number: int) -> Arrays:
        try:
            why, where, packed = self._ray.get(one)
        except self._ray.exceptions.RayError as error:
            why, where = f"its worker was lost ({_said(error)}). Start again, with fewer workers if it recurs.", ""
        if why:
            raise lost(number, why, where)
        return unpack(packed)


def _see_that_it_is_there(address: str) -> None:
    """See that somebody takes connections at an address: Ray itself would ask for minutes."""
    match = _ADDRESS.fullmatch(address)
    if address == "auto":
        return
    if match is None or not 0 < int(match["port"]) < 65_536:
        raise ScaleError(f"'{address}' is no address of a cluster of Ray. Write HOST:PORT, or auto for one on this machine.")
    found: list[str] = []

    def knock() -> None:
        try:
            Client((match["host"].strip("[]"), int(match["port"]))).close()
        except (OSError, UnicodeError) as error:
            found.append(getattr(error, "strerror", None) or str(error))
        else:
            found.append("")

    thread = Thread(target=knock, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    why = found[0] if found else f"no answer within {_PATIENCE:g} s"
    if why:
        raise ScaleError(
            f"no cluster of Ray is at {address} ({why}). Start one, or leave --ray out for this machine's processes."
        )


def _see_that_it_starts() -> None:
    """See that Ray does not wait in vain for a part of it that cannot start.

    Where the messages of OpenTelemetry are installed without its interface, a server of Ray ends at once, and Ray waits.
    """
    if find_spec("opentelemetry") is not None and find_spec("opentelemetry.metrics") is None:
        raise ScaleError("Ray does not start where opentelemetry-proto stands alone: pip install 'freehold[ray]'")


def _said(error: Exception) -> str:
    """What Ray says, in a line: of a task's error the last, of any other the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (
        lines[-1 if "Traceback" in str(error) or "Task" in type(error).__name__ else 0].rstrip(".")
        if lines
        else type(error).__name__
    )


def _task(shared: Any, work: str, batch: Any) -> tuple[str, str, Any]:
    """What runs in a worker of Ray: why and where it failed, else the packed result."""
    try:
        done = work_out(work, unpack(shared.data), batch.data)
    except Exception as error:  # noqa: BLE001  whatever the work raises is told to who asked
        return (*failed_with(error), None)
    return "", "", np.frombuffer(done, np.uint8)
