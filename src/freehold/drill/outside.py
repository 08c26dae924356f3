"""The outside of a session: its name server and its relay, on sockets opened inside. Owns how they go together.

Whoever holds it decides what is cut; what was contacted is counted in one place, with what the filter inside stopped.
"""

from __future__ import annotations

import asyncio
import ipaddress
import select
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from freehold.drill.contact import Contact, Transport
from freehold.drill.contact_ledger import ContactLedger
from freehold.drill.cut_addresses import CutAddresses
from freehold.drill.decision import Cutting
from freehold.drill.dial import Dial, dial
from freehold.drill.inside_sockets import Blocked, InsideSockets
from freehold.drill.name_book import NameBook
from freehold.drill.proxied import proxies_named
from freehold.drill.relay import SAYS_NOTHING, Destination, Relay, original_destination
from freehold.drill.resolver import Resolver
from freehold.drill.shapes import Shape
from freehold.drill.stand_ins import StandIns
from freehold.drill.upstream import Host, Upstream

__all__ = ["Outside"]

_SETTLES: Final = 2.0
_PAUSE: Final = 0.002
_TRANSPORTS: Final[dict[str, Transport]] = {"tcp": "tcp", "udp": "udp"}


class Outside:
    """What a session does outside of its namespace.

    Parameters
    ----------
    sockets
        Those opened inside; they are closed with it.
    cutting, shape
        What is cut, and how.
    upstream
        Who is asked what names are; by default the machine's own name servers.
    started
        The moment on ``clock`` that the times of contacts count from; now by default.
    clock
        Monotonic, in seconds.
    destination
        Tells where a connection was to go; by default the kernel does.
    connect
        Connects outside.
    most_connections
        That are open at once; by default as many as there are file descriptors for.
    says_nothing
        Seconds after which, under the shape ``reset``, a client that says nothing is reset all the same.
    stand_ins
        Where stand-in addresses come from.
    """

    def __init__(
        self, sockets: InsideSockets, cutting: Cutting, shape: Shape, *, upstream: Upstream | None = None,
        started: float | None = None, clock: Callable[[], float] = time.monotonic,
        destination: Destination = original_destination, connect: Dial = dial, most_connections: int | None = None,
        says_nothing: float = SAYS_NOTHING, stand_ins: StandIns | None = None,
    ) -> None:  # fmt: skip
        self._sockets = sockets
        self._started = clock() if started is None else started
        self.upstream = Upstream() if upstream is None else upstream
        self._ledger = ContactLedger(clock, self._started)
        self._cut_addresses = CutAddresses(self.upstream, clock=clock)
        self._book = NameBook(cutting, shape, sockets.filters, stand_ins, sockets.host_addresses, self._cut_addresses)
        datagrams = [one for one in (sockets.udp4, sockets.udp6) if one is not None]
        questions = [one for one in (sockets.dns_tcp4, sockets.dns_tcp6) if one is not None]
        listeners = [one for one in (sockets.tcp4, sockets.tcp6) if one is not None]
        self._resolver = Resolver(datagrams, questions, self._book, self.upstream, self._ledger, clock=clock)
        self._relay = Relay(
            listeners,
            self._book,
            self.upstream,
            self._ledger,
            destination=destination,
            connect=connect,
            clock=clock,
            most=most_connections,
            says_nothing=says_nothing,
        )
        self._unreadable = ""
        self._last_blocked: tuple[Blocked, ...] = ()
        self._closed = False

    @property
    def most_connections(self) -> int:
        """Connections that can be open at once, by this process's limit of open files; more wait to be accepted."""
        return self._relay.most

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        return len(self._relay)

    @property
    def waiting_lookups(self) -> int:
        """Look-ups over UDP that wait for an answer from outside now."""
        return self._resolver.waiting

    @property
    def held_pipes(self) -> int:
        """Ways of connections that hold bytes now, because their target takes no more."""
        return self._relay.held_pipes

    @property
    def proxies(self) -> tuple[str, ...]:
        """Hosts and ports that the command spoke to as proxies, as ``host:port``: what it reached by them is not seen."""
        return tuple(self._relay.proxies)

    def starts(self, environment: Mapping[str, str]) -> None:
        """Note the proxies that a command's variables name: one that is spoken to by TLS is not known otherwise."""
        self._relay.named_proxies |= proxies_named(environment)

    async def settle(self, most: float = _SETTLES) -> None:
        """Do what the kernel would do for a command that has ended: take what it had begun, and pass on what it had said.

        A connection that nobody had accepted yet would be counted by nobody, and what was sent last would be lost.

        Parameters
        ----------
        most
            Seconds after which it is left as it is.
        """
        sockets = self._sockets
        arrive = (sockets.udp4, sockets.udp6, sockets.dns_tcp4, sockets.dns_tcp6, sockets.tcp4, sockets.tcp6)
        waiting = select.poll()
        for one in arrive:
            if one is not None:
                waiting.register(one, select.POLLIN)
        until = time.monotonic() + most
        while not self._closed and (waiting.poll(0) or self._relay.owes) and time.monotonic() < until:
            await asyncio.sleep(_PAUSE)

    async def start(self) -> None:
        """Begin to answer and to accept."""
        self._resolver.start()
        self._relay.start()

    def change(self, cutting: Cutting, shape: Shape) -> None:
        """Cut something else, or in another way, from now on.

        Open connections to what is cut now end at once by a reset. Names handed out already are refused or dropped at the
        filter, where the shape has it so.
        """
        self._book.change(cutting, shape)
        self._relay.change()

    def contacts(self) -> tuple[Contact, ...]:
        """What was contacted up to now, in the order of the first try."""
        found = {(one.name, one.address, one.port, one.transport): one for one in self._ledger.contacts()}
        for blocked in self._blocked():
            one = self._stopped(blocked)
            if one is not None:
                key = (one.name, one.address, one.port, one.transport)
                found[key] = _added(found[key], one) if key in found else one
        dialled = {one.name for one in found.values() if one.name and one.transport != "lookup"}
        kept = [one for one in found.values() if one.transport != "lookup" or one.refused or one.name not in dialled]
        return tuple(sorted(kept, key=lambda one: one.first_seen))

    def broken(self) -> str:
        """Why the cut, or what is recorded of it, cannot be relied on any more; empty while it can."""
        for reason in (self._relay.broken, self._book.broken, self._unreadable):
            if reason:
                return reason
        if self._relay.waited:
            return (
                f"{self._relay.most} connections were open at once, which is all that this process's limit of open files "
                "allows: others had to wait, as they would not without the cut. Raise the limit (ulimit -n), and drill again."
            )
        if self._book.stand_ins.unserved:
            return (
                f"{len(self._book.stand_ins)} names were looked up, which is all that stand-in addresses are there for: "
                f"{self._book.stand_ins.unserved} look-ups of further names failed that would not have."
            )
        return ""

    async def close(self) -> None:
        """Stop; open connections end by a reset, and the sockets are closed."""
        if self._closed:
            return
        self._blocked()
        self._closed = True
        await self._relay.close()
        await self._resolver.close()
        await self._cut_addresses.close()
        await self.upstream.close()
        self._sockets.close()

    def _blocked(self) -> tuple[Blocked, ...]:
        """What the filter stopped; what it last said, once it says nothing more."""
        if not self._closed:
            try:
                self._last_blocked = self._sockets.filters.blocked()
            except OSError as error:
                self._unreadable = f"what the filter inside stopped cannot be read: {error}"
        return self._last_blocked

    def _stopped(self, blocked: Blocked) -> Contact | None:
        """What the filter stopped, as a contact; ``None`` for what the kernel itself sends."""
        transport = _TRANSPORTS.get(blocked.protocol, "udp")
        if ipaddress.ip_address(blocked.address).is_multicast and transport == "udp" and blocked.protocol != "udp":
            return None
        host, address = self._named(blocked.address)
        because = self._book.because(blocked.address)
        decision = self._book.judge(host, literal=True)
        cut = transport == "tcp" or decision.cut
        first, last = blocked.first - self._started, blocked.last - self._started
        return Contact(
            host.name, address, blocked.port, transport, tries=blocked.count, refused=blocked.count if cut else 0,
            failed=0 if cut else blocked.count, first_seen=first, first_refused=first if cut else None,
            last_refused=last if cut else None, aliases=host.aliases, addresses=host.addresses,
            because=(because or decision.because) if cut else "",
        )  # fmt: skip

    def _named(self, address: str) -> tuple[Host, str]:
        """The host behind an address, and the address if it has no name."""
        name = self._book.stand_ins.name_of(address)
        if name is not None:
            return self._book.last_known(name) or Host(name), ""
        host = self._relay.literal(address)
        return host, "" if host.name else address


def _added(one: Contact, more: Contact) -> Contact:
    """Two counts of the same contact as one."""
    firsts = [time for time in (one.first_refused, more.first_refused) if time is not None]
    lasts = [time for time in (one.last_refused, more.last_refused) if time is not None]
    return replace(
        one, tries=one.tries + more.tries, refused=one.refused + more.refused, failed=one.failed + more.failed,
        first_seen=min(one.first_seen, more.first_seen), first_refused=min(firsts, default=None),
        last_refused=max(lasts, default=None), because=one.because or more.because,
    )  # fmt: skip
