"""Who starts and ends the commands of a session without a namespace. Owns the choice, and what it cannot promise."""

from __future__ import annotations

from typing import Protocol

from freehold.drill.interface import Command, Process
from freehold.drill.portable_processes import PortableProcesses

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


async def session_processes() -> tuple[SessionProcesses, tuple[str, ...]]:
    """Give what suits this machine, and its blind spots."""
    return PortableProcesses(), ("drill_service.blind_forked_away",)
