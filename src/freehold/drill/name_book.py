"""Which names were handed out, what they are outside, and whether they are cut. Owns what resolver and relay must agree on.

A name that is cut gets its place in the filter before the answer with its stand-in goes out, so that its first connection
already meets the cut. When something else is cut, every name handed out is judged anew.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from freehold.drill.cut_addresses import CutAddresses
from freehold.drill.decision import KEPT, Cutting, Decision, hosts_given
from freehold.drill.inside_sockets import FilterHandle
from freehold.drill.shapes import Shape
from freehold.drill.stand_ins import Family, StandIns
from freehold.drill.upstream import Host

__all__ = ["Held", "NameBook"]

Held: TypeAlias = Literal["refuse", "drop"]

_AT_THE_FILTER: Final[dict[str, Held]] = {"gone": "refuse", "refused": "refuse", "silent": "drop"}
_MOST_LITERALS: Final = 10_000
_MOST_DECISIONS: Final = 200_000


@dataclass(frozen=True, slots=True)
class _Judged:
    host: Host
    decision: Decision


class NameBook:
    """What is known of every name and address that the command had to do with.

    Parameters
    ----------
    cutting, shape
        What is cut, and how.
    filters
        The filter inside.
    stand_ins
        Where stand-ins come from.
    own
        Addresses of this machine besides loopback.
    cut_addresses
        Finds out whose address it is that was dialled without a name; by default nobody does.
    """

    def __init__(
        self, cutting: Cutting, shape: Shape, filters: FilterHandle, stand_ins: StandIns | None = None,
        own: frozenset[str] = frozenset(), cut_addresses: CutAddresses | None = None,
    ) -> None:  # fmt: skip
        self._own = own
        self.stand_ins = StandIns() if stand_ins is None else stand_ins
        self.shape = shape
        self._cutting, self._filters = cutting, filters
        self._judged: dict[str, _Judged] = {}
        self._literals: dict[str, Host] = {}
        self._held: dict[str, Held] = {}
        self._because: dict[str, str] = {}
        self.broken = ""
        """Why the filter cannot be relied on any more; empty while it can."""
        self._by_name: dict[str, Decision] = {}
        self._cut_addresses = cut_addresses
        self._give()

    def is_own(self, address: str) -> bool:
        """Whether an address is this machine's own, and so never cut."""
        found = ipaddress.ip_address(address)
        return found.is_loopback or found.is_unspecified or address in self._own

    def is_here(self, host: Host) -> bool:
        """Whether a host has addresses, and all of them are this machine's own: then they are given as they are."""
        return bool(host.addresses) and all(map(self.is_own, host.addresses))

    def decide_name(self, name: str) -> Decision:
        """Whether a name is cut, by itself alone: then nobody outside has to be asked about it."""
        found = self._by_name.get(name)
        if found is None:
            if len(self._by_name) >= _MOST_DECISIONS:
                self._by_name.clear()
            found = self._by_name[name] = self._cutting.decide(name)
            if found.cut and self._cut_addresses is not None:
                self._cut_addresses.add(name)
        return found

    async def look_for(self, host: Host) -> None:
        """Find out, before an address dialled without a name is judged, whether it is one of a host that is cut."""
        if self._cut_addresses is not None and not host.name:
            for address in host.addresses:
                if not self._cutting.decide("", (), (address,)).cut:
                    await self._cut_addresses.look(address)

    def _give(self) -> None:
        """Have the hosts looked up that the cut gives by name, when there is need to."""
        if self._cut_addresses is not None:
            for name in sorted(hosts_given(self._cutting)):
                self._cut_addresses.add(name)

    def _judge_literal(self, host: Host) -> Decision:
        decision = self._cutting.decide(host.name, host.aliases, host.addresses)
        if decision.cut or host.name or self._cut_addresses is None:
            return decision
        for address in host.addresses:
            for name in self._cut_addresses.names_of(address):
                of_name = self.decide_name(name)
                if of_name.cut:
                    return Decision(cut=True, because=of_name.because, surely=False)
        return decision

    def judge(self, host: Host, *, literal: bool = False) -> Decision:
        """Whether a host is cut, with what is known of it outside; of an address dialled without a name likewise."""
        if literal:
            return self._judge_literal(host)
        known = self._judged.get(host.name)
        if known is not None and known.host == host:
            return known.decision
        decision = self._cutting.decide(host.name, host.aliases, host.addresses)
        if host.name in self._judged:
            self._judged[host.name] = _Judged(host, decision)
            self._place(host.name, decision)
        return decision

    def hand_out(self, host: Host, family: Family) -> str | None:
        """A stand-in for a name, in its place in the filter; ``None`` if none is left."""
        address = self.stand_ins.give(host.name, family)
        if address is not None:
            if host.name not in self._judged:
                self._judged[host.name] = _Judged(host, KEPT)
                decision = self._cutting.decide(host.name, host.aliases, host.addresses)
                self._judged[host.name] = _Judged(host, decision)
                self._place(host.name, decision)
            else:
                self.judge(host)
        return address

    def last_known(self, name: str) -> Host | None:
        """What a name that was handed out was when it was last looked up."""
        known = self._judged.get(name)
        return known.host if known else None

    def hold_literal(self, host: Host, address: str, decision: Decision) -> None:
        """Put an address that is cut, and was dialled as it is, into the filter, if the shape has a place for it there."""
        if self.is_own(address) or len(self._literals) >= _MOST_LITERALS:
            return
        self._literals[address] = host
        self._put(address, _AT_THE_FILTER.get(self.shape.name) if decision.cut else None, decision.because)

    def because(self, address: str) -> str:
        """Why an address was last put into the filter; empty if it never was."""
        return self._because.get(address, "")

    def change(self, cutting: Cutting, shape: Shape) -> None:
        """Cut something else, or in another way; every name and address in the book is judged anew."""
        self._cutting, self.shape = cutting, shape
        self._by_name.clear()
        self._give()
        for name, known in tuple(self._judged.items()):
            decision = cutting.decide(name, known.host.aliases, known.host.addresses)
            self._judged[name] = _Judged(known.host, decision)
            self._place(name, decision)
        for address, host in tuple(self._literals.items()):
            decision = self._judge_literal(host)
            self._put(address, _AT_THE_FILTER.get(shape.name) if decision.cut else None, decision.because)

    def _place(self, name: str, decision: Decision) -> None:
        held = _AT_THE_FILTER.get(self.shape.name) if decision.cut else None
        for address in self.stand_ins.addresses_of(name):
            self._put(address, held, decision.because)

    def _put(self, address: str, held: Held | None, because: str) -> None:
        if self._held.get(address) == held:
            return
        try:
            if held is None:
                self._filters.allow(address)
                del self._held[address]
                return
            (self._filters.refuse if held == "refuse" else self._filters.drop)(address)
        except OSError as error:
            # what is cut still ends at the relay, which goes by names and not by the filter
            self.broken = f"the filter inside does not take {address}: {error}"
            return
        self._held[address] = held
        self._because[address] = because
