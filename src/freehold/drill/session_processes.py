"""Who starts and ends the commands of a session without a namespace. Owns the choice, and what it cannot promise.

Linux gives a process the orphans of its descendants, if it asks: there the program that stands inside a namespace elsewhere
does the same without one. On other systems commands are started and ended with what every Unix has.
"""

from __future__ import annotations

import sys
from typing import Protocol

from freehold.drill.decision import CutNothing
from freehold.drill.interface import SETUP_DEADLINE, Command, Process
from freehold.drill.portable_processes import PortableProcesses
from freehold.drill.shapes import GONE
from freehold.errors import NotPossible

__all__ = ["SessionProcesses", "session_processes"]


class SessionProcesses(Protocol):
    """The commands of one session."""

    async def start(self, command: Command) -> Process:
        """Start a command."""
        ...

    def broken(self) -> str:
        """Why what runs can no longer be ended for sure; empty while it can."""
        ...

    async def close(self) -> None:
        """Kill every command that runs, and all that descends from them."""
        ...


async def session_processes(deadline: float = SETUP_DEADLINE) -> tuple[SessionProcesses, tuple[str, ...]]:
    """Give what suits this machine, and its blind spots.

    Parameters
    ----------
    deadline
        Seconds for setting it up.

    Raises
    ------
    freehold.errors.CutFailed
        If it was not set up in time.
    """
    if sys.platform == "linux":
        # These modules name what other systems do not have.
        from freehold.drill.inside_process import Wanted
        from freehold.drill.namespace import set_up

        wanted = Wanted(user=False, filter=False, apart=False)
        try:
            return await set_up("proxy", wanted, CutNothing(), GONE, deadline=deadline), ()
        except NotPossible:
            pass  # no process of its own can be started, or it cannot be looked at: what every Unix has is left
    return PortableProcesses(), ("drill_service.blind_forked_away",)
