"""A drill's process, as a test starts it: one that opens a session, runs one command in it, and says what came of it.

Run as a script: ``drill_process.py REPORT COMMAND…`` with ``REPORT`` a descriptor that gets one JSON object. What the
command writes goes where this process's own output does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

__all__ = ["USERS", "User", "drilling", "here", "mine", "own_children", "session"]

User: TypeAlias = Literal["root", "ordinary"]
USERS = ("root", "ordinary")
SOURCE = Path(__file__).parent.parent / "src"
ORDINARY = 1000


def own_children() -> frozenset[str]:
    """Children of this process, those that nobody has waited for too; a test's worker may have some from the tests before."""
    found = Path("/proc/self/task").glob("*/children")
    return frozenset(child for path in found for child in path.read_text().split())


def here(arguments: Sequence[str | Path], **more: Any) -> Any:
    """A command of a session, in this folder and with this environment."""
    from freehold.drill.interface import Command

    settings = {"folder": str(Path.cwd()), "environment": dict(os.environ), **more}
    return Command(tuple(map(str, arguments)), **settings)


@contextlib.asynccontextmanager
async def session(backend: Any = None, cutting: Any = None, **settings: Any) -> AsyncIterator[Any]:
    """A session of the namespace backend, closed at the end; nothing is cut by default."""
    from freehold.drill.decision import CutNothing
    from freehold.drill.namespace import NamespaceBackend
    from freehold.drill.shapes import GONE

    one = await (backend or NamespaceBackend()).open(cutting or CutNothing(), GONE, **settings)
    try:
        yield one
    finally:
        await one.close()


def drilling(arguments: Sequence[str | Path], report: int, user: User = "root") -> list[str]:
    """What starts this script: as root (of the test's own namespace, perhaps), or as somebody without any right."""
    return [sys.executable, __file__, user, str(report), *map(str, arguments)]


def mine() -> None:
    """Become an ordinary user of a user namespace: root's number outside, another and no right inside."""
    from freehold.drill.kernel import CLONE_NEWUSER, unshare

    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{ORDINARY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{ORDINARY} {gid} 1")


async def _run(report: int, arguments: list[str]) -> None:
    if "FREEHOLD_PATIENT" in os.environ:
        for number in (signal.SIGINT, signal.SIGQUIT):
            asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    from freehold.errors import FreeholdError

    said: dict[str, Any] = {"pid": os.getpid()}
    try:
        async with session() as one:
            process = await one.start(here(arguments))
            os.write(report, json.dumps({"started": process.pid, "inside": one.inside_pid}).encode() + b"\n")
            said["status"] = await process.wait()
            said["broken"] = one.broken()
    except FreeholdError as error:
        said["error"] = str(error)
    os.write(report, json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    sys.path.insert(0, str(SOURCE))
    if sys.argv[1] == "ordinary":
        mine()
        os.execv(sys.executable, [sys.executable, __file__, "as started", *sys.argv[2:]])
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(int(sys.argv[2]), sys.argv[3:]))
