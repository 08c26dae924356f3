"""The proxy backend: a command is asked by variables to use a proxy that records and cuts. Owns its sessions.

It works wherever Python does and needs no right, and it is only as good as the command's manners: a client that does not look
at the variables is neither seen nor cut. A record names that, and the other blind spots.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.contact_ledger import ContactLedger
from freehold.drill.decision import Cutting
from freehold.drill.dial import Dial, dial
from freehold.drill.interface import SETUP_DEADLINE, Command, Possible, Process
from freehold.drill.proxy_server import ProxyServer
from freehold.drill.proxy_variables import next_hops, with_proxy
from freehold.drill.session_processes import SessionProcesses, session_processes
from freehold.drill.shapes import SHAPES, Shape
from freehold.drill.upstream import Upstream
from freehold.errors import CutFailed, NotPossible
from freehold.words import say

__all__ = ["ProxyBackend", "ProxySession"]

_BLIND: Final = (
    "drill_service.blind_no_manners", "drill_service.blind_look_ups", "drill_service.blind_variables",
    "drill_service.blind_loopback", "drill_service.blind_refused",
)  # fmt: skip


class ProxySession:
    """A proxy, and the commands that are told of it.

    Parameters
    ----------
    server
        The proxy.
    address
        How it is called in variables.
    processes
        Starts and ends the commands.
    blind_spots
        What this cut does not see here.
    started
        The moment on ``time.monotonic`` when setting up began.
    setup_seconds
        How long it took.
    """

    backend = "proxy"

    def __init__(
        self,
        server: ProxyServer,
        address: str,
        processes: SessionProcesses,
        blind_spots: tuple[str, ...],
        started: float,
        setup_seconds: float,
    ) -> None:
        self._server, self._address, self._processes = server, address, processes
        self.blind_spots, self.started, self.setup_seconds = blind_spots, started, setup_seconds
        self._closed = False

    async def start(self, command: Command) -> Process:
        """Start a command with variables that name the proxy.

        Raises
        ------
        freehold.errors.DrillError
            If the program is not there or may not be run.
        """
        return await self._processes.start(replace(command, environment=with_proxy(command.environment, self._address)))

    def change(self, cutting: Cutting, shape: Shape) -> None:
        """Cut something else, or in another way, from now on; open connections to what is cut now end at once."""
        self._server.change(cutting, shape)

    def contacts(self) -> tuple[Contact, ...]:
        """What was contacted through the proxy up to now, in the order of the first try."""
        return self._server.contacts()

    def broken(self) -> str:
        """Why the cut cannot be relied on any more; empty while it holds."""
        return self._server.broken() or self._processes.broken()

    async def close(self) -> None:
        """End every process of the session, and the proxy; a second time does nothing."""
        if not self._closed:
            self._closed = True
            try:
                await self._processes.close()
            finally:
                await self._server.close()


class ProxyBackend:
    """Cuts by proxy variables.

    Parameters
    ----------
    environment
        The variables in which the user's own proxies are looked for; this process's by default.
    upstream
        Gives what finds out the addresses of hosts; by default it asks this machine's name servers.
    dialled
        Connects to the first of some addresses that answers, at a port.
    """

    name = "proxy"
    shapes = SHAPES

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        upstream: Callable[[], Upstream] = Upstream,
        dialled: Dial = dial,
    ) -> None:
        self._environment, self._upstream, self._dialled = environment, upstream, dialled

    def possible(self) -> Possible:
        """Find out whether it works here: whether the user's own proxies, if there are any, can be passed on to."""
        try:
            next_hops(os.environ if self._environment is None else self._environment)
        except NotPossible as error:
            return Possible(self.name, ok=False, reason=str(error))
        return Possible(self.name, ok=True, reason=say("drill_service.proxy_possible"))

    async def open(self, cutting: Cutting, shape: Shape, *, deadline: float = SETUP_DEADLINE) -> ProxySession:
        """Start the proxy.

        Raises
        ------
        freehold.errors.NotPossible
            If the user's own proxy is of a kind that cannot be passed on to.
        freehold.errors.CutFailed
            If it was not there in time.
        freehold.errors.DrillError
            If the shape's certificate cannot be used.
        """
        began = time.monotonic()
        hops = next_hops(os.environ if self._environment is None else self._environment)
        ledger = ContactLedger(time.monotonic, began)
        server = ProxyServer(ledger, self._upstream(), hops, cutting, shape, dialled=self._dialled)
        processes, spots = await session_processes(deadline)
        try:
            port = await server.open()
        except OSError as error:
            await processes.close()
            raise CutFailed(f"The proxy of the drill cannot listen on this machine's loopback: {error}.") from None
        address, took = f"http://127.0.0.1:{port}", time.monotonic() - began
        return ProxySession(server, address, processes, (*_BLIND, *spots), began, took)
