"""One session of a drill, from inside a test world: what a command did in it, and what the session says of it.

``in_session(w, ["curl", …], cut=["cut.test"])`` runs this file as a script in the world: it opens the backend, runs the
commands one after the other (or all at once), and prints what came of it as JSON. Nothing of the drill runs in the test's
own process.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drill_world import User, World
    from freehold.drill.contact import Contact

__all__ = ["Done", "in_session"]


@dataclass(frozen=True)
class Done:
    """What a session left.

    Of each command its exit, output and seconds; ``memory``: resident memory (bytes) of the drill's process before the
    commands, and its peak; ``group``, ``session``: process group and session of the drill's process.
    """

    exits: tuple[int | None, ...]
    output: tuple[str, ...]
    errors: tuple[str, ...]
    seconds: tuple[float, ...]
    contacts: tuple[Contact, ...]
    broken: str
    blind_spots: tuple[str, ...]
    setup_seconds: float
    memory: tuple[int, int]
    group: int
    session: int

    def of(self, host: str, port: int | None = None, transport: str | None = None) -> tuple[Contact, ...]:
        """Contacts of one host."""
        found = (contact for contact in self.contacts if contact.host == host)
        return tuple(each for each in found if port in (None, each.port) and transport in (None, each.transport))

    def refused(self, host: str) -> int:
        return sum(contact.refused for contact in self.of(host))


def in_session(
    w: World,
    *commands: Sequence[str | Path],
    cut: Sequence[str] = (),
    shape: str = "gone",
    certificate: tuple[Path, Path] | None = None,
    backend: str = "namespace",
    user: User = "root",
    at_once: bool = False,
    timeout: float = 30.0,
    env: Mapping[str, str] | None = None,
) -> Done:
    """Run commands in one session, inside a world. ``cut``: hosts; none: nothing is cut."""
    from freehold.drill.contact import Contact

    asked = {
        "commands": [list(map(str, command)) for command in commands], "cut": list(cut), "shape": shape, "backend": backend,
        "certificate": list(map(str, certificate or ())), "at_once": at_once, "timeout": timeout,
    }  # fmt: skip
    done = w.run([sys.executable, __file__, json.dumps(asked)], user, timeout=timeout * max(1, len(commands)) + 30, env=env)
    assert done.returncode == 0, f"the session ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert not done.stderr, f"the session complained:\n{done.stderr}"
    said: dict[str, Any] = json.loads(done.stdout)
    contacts = (
        Contact(**{**row, "aliases": tuple(row["aliases"]), "addresses": tuple(row["addresses"])})
        for row in said.pop("contacts")
    )
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    return Done(contacts=tuple(contacts), **values)


def _resident(what: str) -> int:
    """``VmRSS`` or ``VmHWM`` of this process, in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) * 1024


async def _serve(asked: dict[str, Any]) -> dict[str, Any]:
    from freehold.drill.backends import backend
    from freehold.drill.decision import CutHosts, CutNothing
    from freehold.drill.interface import Command, Session
    from freehold.drill.shapes import shape_from

    async def one(session: Session, arguments: list[str]) -> tuple[int | None, str, str, float]:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open() as nothing:
            streams = (nothing.fileno(), out.fileno(), err.fileno())
            begun = time.monotonic()
            process = await session.start(Command(tuple(arguments), str(Path.cwd()), dict(os.environ), *streams))
            status: int | None = None
            try:
                status = await asyncio.wait_for(process.wait(), asked["timeout"])
            except TimeoutError:
                process.send_signal(9)
                await process.wait()
            seconds = time.monotonic() - begun
            out.seek(0)
            err.seek(0)
            return status, out.read().decode(errors="replace"), err.read().decode(errors="replace"), seconds

    cutting = CutHosts(frozenset(asked["cut"])) if asked["cut"] else CutNothing()
    session = await backend(asked["backend"]).open(cutting, shape_from(asked["shape"], *(asked["certificate"] or (None, None))))
    try:
        before = _resident("VmRSS")
        if asked["at_once"]:
            ends = await asyncio.gather(*(one(session, arguments) for arguments in asked["commands"]))
        else:
            ends = [await one(session, arguments) for arguments in asked["commands"]]
        exits, output, errors, seconds = zip(*ends, strict=True)
        return {
            "exits": exits, "output": output, "errors": errors, "seconds": seconds, "broken": session.broken(),
            "contacts": [dataclasses.asdict(contact) for contact in session.contacts()],
            "blind_spots": session.blind_spots, "setup_seconds": session.setup_seconds,
            "memory": (before, _resident("VmHWM")), "group": os.getpgrp(), "session": os.getsid(0),
        }  # fmt: skip
    finally:
        await session.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_serve(json.loads(sys.argv[1])))))
