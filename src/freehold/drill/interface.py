"""What a way to cut must offer. Owns the seam between a drill and what keeps its command from the hosts that are cut.

A backend opens a session; the session starts commands that can reach outside only through it, records each contact, and
ends all that it started when it is closed, whatever happened to whoever opened it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from freehold.drill.contact import Contact
from freehold.drill.decision import Cutting
from freehold.drill.shapes import Shape

__all__ = ["SETUP_DEADLINE", "Backend", "Command", "Possible", "Process", "Session"]

SETUP_DEADLINE: Final = 10.0
"""Seconds after which a cut that is not set up is given up."""


@dataclass(frozen=True, slots=True)
class Possible:
    """Whether a backend can be used here.

    Parameters
    ----------
    backend
        Its name.
    ok
        Whether it can.
    reason
        What was seen: why not, or as whom (``root``, ``user namespace``).
    """

    backend: str
    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Command:
    """What is started in a session.

    Parameters
    ----------
    arguments
        Program and arguments; no shell reads them.
    folder
        Working folder.
    environment
        The whole of it; a backend adds only what it cannot do without, and says so in its blind spots.
    stdin, stdout, stderr
        File descriptors that it gets; ``None``: those of this process.
    """

    arguments: tuple[str, ...]
    folder: str
    environment: Mapping[str, str]
    stdin: int | None = None
    stdout: int | None = None
    stderr: int | None = None


class Process(Protocol):
    """A command that runs in a session."""

    @property
    def pid(self) -> int:
        """Its number, as this process sees it."""
        ...

    async def wait(self) -> int:
        """Wait for its end: the exit status, or minus the number of the signal that ended it."""
        ...

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing happens if it has ended."""
        ...


class Session(Protocol):
    """A cut that holds.

    Attributes
    ----------
    backend
        Name of the backend.
    setup_seconds
        How long setting it up took.
    started
        The moment on ``time.monotonic`` that the times of contacts count from.
    """

    backend: str
    setup_seconds: float
    started: float

    @property
    def blind_spots(self) -> tuple[str, ...]:
        """What this cut does not see here: keys of the words, such as ``drill_backend.blind_udp``, a value behind a space.

        Commands can bring about more of them.
        """
        ...

    async def start(self, command: Command) -> Process:
        """Start a command.

        Raises
        ------
        freehold.errors.DrillError
            If the program is not there or may not be run.
        """
        ...

    def change(self, cutting: Cutting, shape: Shape) -> None:
        """Cut something else, or in another way, from now on; open connections to what is cut now end at once."""
        ...

    def contacts(self) -> tuple[Contact, ...]:
        """What was contacted up to now, in the order of the first try."""
        ...

    def broken(self) -> str:
        """Why the cut cannot be relied on any more; empty while it holds."""
        ...

    async def close(self) -> None:
        """End every process of the session, those that forked away too, and all that was set up for it."""
        ...


class Backend(Protocol):
    """A way to cut.

    Attributes
    ----------
    name
        ``namespace``, ``proxy`` or ``air-gap``.
    """

    name: str

    @property
    def shapes(self) -> Sequence[str]:
        """Names of the shapes that it can give."""
        ...

    def possible(self) -> Possible:
        """Find out, by trying, whether it works here; changes nothing that outlives the call."""
        ...

    async def open(self, cutting: Cutting, shape: Shape, *, deadline: float = SETUP_DEADLINE) -> Session:
        """Set the cut up.

        Parameters
        ----------
        cutting
            What is cut.
        shape
            How it looks from inside.
        deadline
            Seconds for setting it up.

        Raises
        ------
        freehold.errors.NotPossible
            If it cannot be used here.
        freehold.errors.CutFailed
            If it was not set up in time; what was begun has been undone.
        """
        ...
