"""What was contacted, counted while it happens. Owns the counters that become the contacts of a run.

A connection, a datagram or a look-up is one try. A look-up that a connection followed is no contact of its own, unless the
cut ended it. Contacts beyond :data:`MOST_CONTACTS` are counted together, one of each transport, under :data:`THE_REST`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from freehold.drill.contact import Contact, Transport

__all__ = ["MOST_CONTACTS", "THE_REST", "ContactLedger", "Entry"]

MOST_CONTACTS: Final = 20_000
"""Contacts that are told apart."""
THE_REST: Final = "*"
"""Stands for the address of all contacts after those."""
_MOST_ALIASES: Final = 16
_MOST_ADDRESSES: Final = 64


class Entry:
    """Counters of one contact."""

    __slots__ = (
        "_now", "addresses", "aliases", "because", "bytes_down", "bytes_up", "failed", "first_refused", "first_seen", "kinds",
        "last_refused", "local", "refused", "tries",
    )  # fmt: skip

    def __init__(self, now: Callable[[], float], *, local: bool) -> None:
        self._now = now
        self.tries = self.refused = self.failed = self.bytes_up = self.bytes_down = 0
        self.first_seen = now()
        self.first_refused: float | None = None
        self.last_refused: float | None = None
        self.aliases: dict[str, None] = {}
        self.addresses: dict[str, None] = {}
        self.kinds: dict[int, int] = {}
        self.because = ""
        self.local = local

    def asked(self, kind: int) -> bool:
        """Count a question; give whether it is another try.

        A client asks for the addresses of either family at once: that is one look-up, as often as the more frequent is asked.
        """
        self.kinds[kind] = count = self.kinds.get(kind, 0) + 1
        another = count > self.tries
        self.tries = max(self.tries, count)
        return another

    def ended(self, because: str) -> None:
        """Note that the cut ended one."""
        self.refused += 1
        self.last_refused = self._now()
        if self.first_refused is None:
            self.first_refused = self.last_refused
        self.because = because or self.because

    def known(self, aliases: Sequence[str], addresses: Sequence[str]) -> None:
        """Note what the look-up outside said of it; what is beyond a few dozen is left out."""
        for held, more, most in ((self.aliases, aliases, _MOST_ALIASES), (self.addresses, addresses, _MOST_ADDRESSES)):
            for one in more[:most]:
                if len(held) < most:
                    held[one] = None


class ContactLedger:
    """All contacts of a session.

    Parameters
    ----------
    clock
        Monotonic, in seconds.
    started
        The moment on it that times count from.
    most
        Contacts that are told apart.
    """

    def __init__(self, clock: Callable[[], float], started: float, most: int = MOST_CONTACTS) -> None:
        self._clock, self._started, self._most = clock, started, most
        self._entries: dict[tuple[str, str, int, Transport], Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def _now(self) -> float:
        return self._clock() - self._started

    def entry(self, name: str, address: str, port: int, transport: Transport, *, local: bool = False) -> Entry:
        """The counters of a contact, begun now if it is new; nothing is counted yet."""
        key = (name, "" if name else address, port, transport)
        found = self._entries.get(key)
        if found is None:
            if len(self._entries) >= self._most:
                key, local = ("", THE_REST, 0, transport), False
                found = self._entries.get(key)
            if found is None:
                found = self._entries[key] = Entry(self._now, local=local)
        return found

    def contacts(self) -> tuple[Contact, ...]:
        """What was contacted up to now, in the order of the first try."""
        dialled = {name for (name, _, _, transport), entry in self._entries.items() if transport != "lookup" and entry.tries}
        found = [
            Contact(
                name, address, port, transport, tries=entry.tries, refused=entry.refused, failed=entry.failed,
                bytes_up=entry.bytes_up, bytes_down=entry.bytes_down, first_seen=entry.first_seen,
                first_refused=entry.first_refused, last_refused=entry.last_refused, aliases=tuple(entry.aliases),
                addresses=tuple(entry.addresses), because=entry.because, local=entry.local,
            )
            for (name, address, port, transport), entry in self._entries.items()
            if entry.tries and not (transport == "lookup" and name in dialled and not entry.refused)
        ]  # fmt: skip
        return tuple(sorted(found, key=lambda contact: contact.first_seen))
