"""A command as a child process, timed, with its peak of memory. Owns the clock and the operating system's word on memory."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.interface import NotRun, Outcome, Places, Sample

__all__ = [
    "MEMORY",
    "PROCESSOR",
    "WALL",
    "environment",
    "freehold_command",
    "inside",
    "last_error",
    "run_child",
    "whole_process",
]

WALL: Final = "whole process"
PROCESSOR: Final = "whole process, processor"
MEMORY: Final = "peak memory"
_ROOT: Final = Path(__file__).resolve().parents[1]


def environment(places: Places) -> dict[str, str]:
    """The environment of every child: caches and bytecode in the scratch folder, no call home by peers that would make one."""
    dropped = ("FREEHOLD_", "XDG_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return kept | {
        "PYTHONPYCACHEPREFIX": str(places.scratch / "bytecode"),
        "XDG_CACHE_HOME": str(places.scratch / "cache"),
        "NUMBA_CACHE_DIR": str(places.scratch / "numba"),
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
    }


def run_child(
    command: Sequence[str | Path], environ: Mapping[str, str], output: Path, cwd: Path | None = None
) -> tuple[dict[str, float], int]:
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
        Figures (seconds of wall clock, seconds of processor, peak of memory in MB; the latter two with the children that it
        waited for), and the exit status.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("wb") as out, output.with_suffix(".err").open("wb") as err:
        start = time.perf_counter()
        child = subprocess.Popen(list(map(str, command)), stdout=out, stderr=err, env=dict(environ), cwd=cwd)
        # wait4 gives the usage of this one child; getrusage(RUSAGE_CHILDREN) would give the largest of all so far
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    figures = {WALL: seconds, PROCESSOR: usage.ru_utime + usage.ru_stime, MEMORY: usage.ru_maxrss * 1024 / 1e6}
    return figures, child.returncode


def whole_process(
    places: Places, command: Sequence[str | Path], name: str, *, statuses: tuple[int, ...] = (0,), phase: str = WALL
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
    figures, status = run_child(command, environment(places), output)
    if status not in statuses:
        return NotRun(f"{Path(str(command[0])).name} ended with exit status {status}: {last_error(output.with_suffix('.err'))}")
    return Sample({phase: figures[WALL], f"{phase}, processor": figures[PROCESSOR], MEMORY: figures[MEMORY]})


def inside(places: Places, python: Path, what: str, *arguments: object) -> Outcome:
    """Run one of :mod:`benchmarks.inside` in a child, which times its own phases."""
    output = places.scratch / "output" / f"{what}.json"
    environ = environment(places)
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), environ.get("PYTHONPATH"))))
    command: tuple[str | Path, ...] = (python, "-m", "benchmarks.inside", what, *map(str, arguments))
    figures, status = run_child(command, environ, output)
    if status:
        return NotRun(f"exit status {status}: {last_error(output.with_suffix('.err'))}")
    told = json.loads(output.read_bytes())
    return Sample({**told["figures"], MEMORY: figures[MEMORY]}, told["found"])


def freehold_command(places: Places) -> tuple[str, ...]:
    """The installed command ``freehold`` if it stands beside the interpreter, else the same by ``python -m``."""
    command = places.python.parent / "freehold"
    return (str(command),) if command.exists() else (str(places.python), "-m", "freehold")


def last_error(file: Path) -> str:
    """The last line of a file that speaks of an error, else its last line."""
    lines = file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    errors = [line for line in lines if "rror:" in line]
    return (errors or lines or ["no message"])[-1].strip()[:200]
