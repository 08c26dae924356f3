"""What setting a cut up costs, and undoing it. Owns these measurements and their table.

    python -m benchmarks.drill_setup [--runs 40]

As whoever runs it, and (by a user namespace in between, in a process of its own) as a user without any right. Lines:

- ``interpreter``: ``python -I -S -c pass``, started and ended in the same way: Python's own start;
- ``set-up``: from the call to a session that can start commands; ``less the interpreter``: without the median of that.
  Bar: 30 ms;
- ``inside``: what the kernel is asked for (namespaces, loopback, filter, sockets), as the program inside measures it;
- ``command``: a command that does nothing, from its start to its status; ``plainly``: the same without a session;
- ``close``: from the call to the end of the last process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from freehold.drill import kernel
from freehold.drill.decision import CutNothing
from freehold.drill.interface import Command
from freehold.drill.namespace import NamespaceBackend
from freehold.drill.shapes import GONE

__all__ = ["main", "measure"]


async def measure(runs: int) -> dict[str, list[float]]:
    """Set up, run a command, and close, so many times after a first that warms up.

    Returns
    -------
    dict
        Seconds of each run, by what was measured.
    """
    figures: dict[str, list[float]] = {}
    command = Command(("true",), "/", dict(os.environ))
    for run in range(runs + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True)
        after_interpreter = time.perf_counter()
        session = await NamespaceBackend().open(CutNothing(), GONE)
        opened = time.perf_counter()
        process = await session.start(command)
        status = await process.wait()
        ended = time.perf_counter()
        await session.close()
        closed = time.perf_counter()
        subprocess.run(command.arguments, check=True)
        plainly = time.perf_counter()
        assert status == 0
        if run:
            for name, seconds in (
                ("interpreter", after_interpreter - start), ("set-up", opened - after_interpreter),
                ("inside", session.inside_seconds), ("command", ended - opened), ("plainly", plainly - closed),
                ("close", closed - ended),
            ):  # fmt: skip
                figures.setdefault(name, []).append(seconds)
    without = statistics.median(figures["interpreter"])
    figures["less the interpreter"] = [one - without for one in figures["set-up"]]
    return figures


def _become_ordinary() -> None:
    """Be somebody without any right: another number in a user namespace, and nothing left once a program is started."""
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    for name, content in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"), ("gid_map", f"1000 {gid} 1")):
        Path(f"/proc/self/{name}").write_text(content)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill_setup", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--as", dest="user", choices=["both", "is", "ordinary"], default="both", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.user == "ordinary":
        _become_ordinary()
        again = [sys.executable, "-m", "benchmarks.drill_setup", "--runs", str(asked.runs), "--as", "is"]
        os.execv(sys.executable, again)
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors; user {os.geteuid()}; milliseconds, {asked.runs} runs")
    print(f"{'':22} {'least':>8} {'median':>8} {'largest':>8}")
    for name, values in asyncio.run(measure(asked.runs)).items():
        least, middle, largest = (1000 * one for one in (min(values), statistics.median(values), max(values)))
        print(f"{name:22} {least:8.1f} {middle:8.1f} {largest:8.1f}", flush=True)
    if asked.user == "both":
        ordinary = [sys.executable, "-m", "benchmarks.drill_setup", "--runs", str(asked.runs), "--as", "ordinary"]
        subprocess.run(ordinary, check=True)


if __name__ == "__main__":
    main()
