"""A contact: a host and port that a command tried to reach, and what came of it. Owns what is counted, never what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Contact", "Transport"]

Transport: TypeAlias = Literal["tcp", "udp", "lookup"]


@dataclass(frozen=True, slots=True)
class Contact:
    """What a command had to do with one name (or unnamed address), port and transport.

    Parameters
    ----------
    name
        As it was asked for, in lower case; empty where an address was dialled without any name.
    address
        The address dialled, where there is no name; else empty.
    port
        0 for a look-up that no connection followed.
    transport
        ``tcp``; ``udp`` (or another protocol that is not TCP: blocked and counted, but for look-ups); ``lookup``: the name was
        asked for, and either it was cut by its name or nothing was dialled.
    tries
        Connections (or look-ups, or datagrams) tried.
    refused
        Of these, how many the cut ended.
    failed
        Of these, how many failed outside although they were not cut.
    bytes_up, bytes_down
        Bytes sent by the command, and to it; 0 where the connection was cut, also where the drill itself answered in place of
        the host (``http``, ``revoked``).
    first_seen
        Seconds from the session's start to the first try.
    first_refused, last_refused
        The same for the first and last that the cut ended; ``None`` if none was.
    aliases
        Names that the look-up outside led through.
    addresses
        Addresses outside that it has.
    because
        What of the cut matched, such as ``provider github``; empty if nothing did.
    local
        Whether it is a server of this machine's own, outside of the session.
    """

    name: str
    address: str
    port: int
    transport: Transport
    tries: int = 0
    refused: int = 0
    failed: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    first_seen: float = 0.0
    first_refused: float | None = None
    last_refused: float | None = None
    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    because: str = ""
    local: bool = False

    @property
    def host(self) -> str:
        """Its name, else its address."""
        return self.name or self.address

    @property
    def is_named(self) -> bool:
        """Whether it was reached by a name."""
        return bool(self.name)
