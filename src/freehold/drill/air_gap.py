"""The air gap: nothing outside is reached, whatever its name. Owns the backend, and what it does where there is no filter.

It is the namespace backend with everything cut, so that what was tried is still seen by name. Where the kernel has no
nftables, the command gets a network namespace with loopback and nothing else: the cut is as sure, and what was tried is not
seen, which its blind spots say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from freehold.drill.contact import Contact
from freehold.drill.decision import CutAll, CutNothing, Cutting
from freehold.drill.inside_process import Wanted, probe
from freehold.drill.interface import SETUP_DEADLINE, Command, Possible
from freehold.drill.namespace import NamespaceSession, RunningCommand, set_up
from freehold.drill.shapes import SHAPES, Shape
from freehold.errors import DrillError, NotPossible
from freehold.words import say

__all__ = ["AirGapBackend", "AirGapSession"]


class AirGapBackend:
    """A total cut.

    Parameters
    ----------
    program
        What the program inside is started with; by default this process's own interpreter.
    with_filter
        Whether to try to have one.
    """

    name = "air-gap"
    shapes: Sequence[str] = SHAPES

    def __init__(self, program: Sequence[str] | None = None, *, with_filter: bool = True) -> None:
        self._program = program
        self._with_filter = with_filter

    def possible(self) -> Possible:
        """Set an air gap up, and undo it."""
        why = ""
        for with_filter in (True, False) if self._with_filter else (False,):
            wanted = Wanted.here(with_filter=with_filter)
            try:
                probe(wanted, self._program, deadline=SETUP_DEADLINE)
            except DrillError as error:
                why = str(error)
            else:
                whom = say("drill_backend.as_user" if wanted.user else "drill_backend.as_root")
                return Possible(self.name, ok=True, reason=whom if with_filter else say("drill_backend.unseen", whom=whom))
        return Possible(self.name, ok=False, reason=why)

    async def open(
        self, cutting: Cutting, shape: Shape, *, deadline: float = SETUP_DEADLINE
    ) -> AirGapSession | NamespaceSession:
        """Set the air gap up.

        Parameters
        ----------
        cutting
            What cuts nothing leaves everything as it is: the run that a drill is compared with. All else is the air gap.
        shape
            How it looks, where there is a filter; without, networks cannot be reached.
        deadline
            Seconds.

        Raises
        ------
        freehold.errors.NotPossible
            If this machine or user cannot have it.
        freehold.errors.CutFailed
            If it was not set up in time; what was begun has been undone.
        """
        if self._with_filter:
            try:
                wanted = Wanted.here()
                return AirGapSession(
                    await set_up(self.name, wanted, _all(cutting), shape, program=self._program, deadline=deadline)
                )
            except NotPossible:
                pass  # without a filter it may be
        wanted = replace(Wanted.here(with_filter=False), apart=not isinstance(cutting, CutNothing))
        return await set_up(self.name, wanted, _all(cutting), shape, program=self._program, deadline=deadline)


def _all(cutting: Cutting) -> Cutting:
    return cutting if isinstance(cutting, CutNothing) else CutAll()


class AirGapSession:
    """An air gap that holds, with what was tried.

    Parameters
    ----------
    session
        The namespace that it is made of.
    """

    def __init__(self, session: NamespaceSession) -> None:
        self._session = session
        self.backend = session.backend
        self.setup_seconds = session.setup_seconds
        self.started = session.started

    @property
    def blind_spots(self) -> tuple[str, ...]:
        """What is not seen."""
        return self._session.blind_spots

    async def start(self, command: Command) -> RunningCommand:
        """Start a command."""
        return await self._session.start(command)

    def change(self, cutting: Cutting, shape: Shape) -> None:
        """Cut everything, or nothing, from now on."""
        self._session.change(_all(cutting), shape)

    def contacts(self) -> tuple[Contact, ...]:
        """What was tried up to now."""
        return self._session.contacts()

    def broken(self) -> str:
        """Why the cut cannot be relied on any more; empty while it holds."""
        return self._session.broken()

    async def close(self) -> None:
        """End every process of the session, and all that was set up for it."""
        await self._session.close()
