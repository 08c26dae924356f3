"""Whether a host is cut, and why. Owns the question that every backend puts, and its simplest answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final, Protocol

__all__ = ["KEPT", "CutAll", "CutHosts", "CutNothing", "Cutting", "Decision", "hosts_given", "with_embedded"]

_NAT64: Final = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided of one host.

    Parameters
    ----------
    cut
        Whether it is cut.
    because
        What matched, such as ``provider github``; empty if it is not cut.
    surely
        Whether known facts decided it; ``False`` where an unknown one was taken at its worst.
    """

    cut: bool
    because: str = ""
    surely: bool = True


KEPT = Decision(cut=False)


class Cutting(Protocol):
    """What a drill cuts."""

    def decide(self, name: str, aliases: Sequence[str] = (), addresses: Sequence[str] = ()) -> Decision:
        """Say whether a host is cut.

        Parameters
        ----------
        name
            As it was asked for, in lower case without a final dot; empty for an address that was dialled without a name.
        aliases
            Names that the look-up outside led through (CNAME), in order.
        addresses
            Addresses that the name has outside, or the one that was dialled.
        """
        ...


def with_embedded(addresses: Sequence[str]) -> tuple[str, ...]:
    """Add to IPv6 addresses that lead to an IPv4 address by a gateway that address: of NAT64 (RFC 6052) and 6to4 (RFC 3056).

    Parameters
    ----------
    addresses
        In the usual spelling; of others nothing is added.
    """
    found = list(addresses)
    for address in addresses:
        if address.startswith(("64:ff9b::", "2002:")):
            try:
                six = IPv6Address(address.partition("%")[0])
            except ValueError:
                continue
            four = IPv4Address(int(six) & 0xFFFFFFFF) if six in _NAT64 else six.sixtofour
            if four is not None:
                found.append(str(four))
    return tuple(found)


def hosts_given(cutting: Cutting) -> frozenset[str]:
    """Hosts that a cut gives by name or address, where it says so by an attribute ``hosts``; none for another."""
    hosts = getattr(cutting, "hosts", None)
    return hosts if isinstance(hosts, frozenset) else frozenset()


@dataclass(frozen=True, slots=True)
class CutNothing:
    """The baseline."""

    def decide(self, name: str, aliases: Sequence[str] = (), addresses: Sequence[str] = ()) -> Decision:  # noqa: ARG002
        """Keep every host."""
        return KEPT


@dataclass(frozen=True, slots=True)
class CutAll:
    """An air gap: whatever is not this machine is cut."""

    def decide(self, name: str, aliases: Sequence[str] = (), addresses: Sequence[str] = ()) -> Decision:  # noqa: ARG002
        """Cut every host."""
        return Decision(cut=True, because="air gap")


@dataclass(frozen=True, slots=True)
class CutHosts:
    """Hosts by name.

    Parameters
    ----------
    hosts
        Names in lower case, or addresses; a name stands for the hosts below it too.
    """

    hosts: frozenset[str]

    def decide(self, name: str, aliases: Sequence[str] = (), addresses: Sequence[str] = ()) -> Decision:
        """Cut a host that is named, is below one that is, leads through one, or has an address that is named."""
        for host in (name, *aliases):
            labels = host.split(".") if host else []
            for start in range(len(labels)):
                above = ".".join(labels[start:])
                if above in self.hosts:
                    return Decision(cut=True, because=f"host {above}")
        for address in with_embedded(addresses):
            if address in self.hosts:
                return Decision(cut=True, because=f"host {address}")
        return KEPT
