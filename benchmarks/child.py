"""A command as a child process, timed, with its peak of memory. Owns the clock and the operating system's word on memory."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.interface import NotRun, Outcome, Places, Sample

__all__ = ["environment", "freehold_command", "inside", "run_child", "whole_process"]

_ROOT = Path(__file__).resolve().parents[1]


def environment(places: Places) -> dict[str, str]:
    """The environment of every child: caches in the scratch folder, no call home by peers that would make one."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("FREEHOLD_", "XDG_"))}
    return kept | {
        "XDG_CACHE_HOME": str(places.scratch / "cache"),
        "NUMBA_CACHE_DIR": str(places.scratch / "numba"),
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
    }


def run_child(
    command: Sequence[str | Path], environ: Mapping[str, str], output: Path, cwd: Path | None = None
) -> tuple[float, float, int]:
    """Run a command.

    Parameters
    ----------
    command, environ, cwd
        What, and where.
    output
        File for its standard output; standard error goes beside it, as ``.err``.

    Returns
    -------
    tuple
        Seconds of wall clock, peak of memory in MB (of the child and of children that it waited for), exit status.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("wb") as out, output.with_suffix(".err").open("wb") as err:
        start = time.perf_counter()
        child = subprocess.Popen(list(map(str, command)), stdout=out, stderr=err, env=dict(environ), cwd=cwd)
        # wait4 gives the usage of this one child; getrusage(RUSAGE_CHILDREN) would give the largest of all so far
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    return seconds, usage.ru_maxrss * 1024 / 1e6, child.returncode


def whole_process(
    places: Places, command: Sequence[str | Path], name: str, *, statuses: tuple[int, ...] = (0,), phase: str = "whole process"
) -> Outcome:
    """Time a command from start to end.

    Parameters
    ----------
    places, command
        What, and where.
    name
        Of the file that its output goes to, in the scratch folder.
    statuses
        Exit statuses that mean that the work was done.
    phase
        What to call it.
    """
    output = places.scratch / "output" / name
    seconds, memory, status = run_child(command, environment(places), output)
    if status not in statuses:
        return NotRun(f"{Path(str(command[0])).name} ended with exit status {status}: {_last_line(output.with_suffix('.err'))}")
    return Sample({phase: seconds, "peak memory": memory})


def inside(places: Places, python: Path, what: str, *arguments: object) -> Outcome:
    """Run one of :mod:`benchmarks.inside` in a child, which times its own phases."""
    output = places.scratch / "output" / f"{what}.json"
    environ = environment(places)
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), environ.get("PYTHONPATH"))))
    command: tuple[str | Path, ...] = (python, "-m", "benchmarks.inside", what, *map(str, arguments))
    _, memory, status = run_child(command, environ, output)
    if status:
        return NotRun(f"exit status {status}: {_last_line(output.with_suffix('.err'))}")
    told = json.loads(output.read_bytes())
    return Sample({**told["figures"], "peak memory": memory}, told["found"])


def freehold_command(places: Places) -> tuple[str, ...]:
    """The installed command ``freehold`` if it stands beside the interpreter, else the same by ``python -m``."""
    command = places.python.parent / "freehold"
    return (str(command),) if command.exists() else (str(places.python), "-m", "freehold")


def _last_line(file: Path) -> str:
    lines = file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "no message"
