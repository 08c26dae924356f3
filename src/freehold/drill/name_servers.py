"""Which name servers and names this machine is configured with (resolv.conf(5), hosts(5)). Owns how those files are read.

Search lists are left alone: it is the client inside that applies them, as it does outside.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from freehold.whole_file import text_of

__all__ = ["HostNames", "NameServers", "read_hosts", "read_name_servers"]

_MOST_BYTES: Final = 4 * 1024 * 1024
_MOST_SERVERS: Final = 3  # as the C library has it
_PORT: Final = 53
_LONGEST_WAIT, _MOST_ATTEMPTS = 30, 5


@dataclass(frozen=True, slots=True)
class NameServers:
    """The name servers, and how patiently they are asked.

    Parameters
    ----------
    servers
        Addresses and ports, in the order in which they are asked.
    wait
        Seconds for one answer.
    attempts
        How often each is asked.
    by_tcp
        Whether they are asked over TCP alone (``options use-vc``).
    """

    servers: tuple[tuple[str, int], ...] = ()
    wait: float = 5.0
    attempts: int = 2
    by_tcp: bool = False


@dataclass(frozen=True, slots=True)
class HostNames:
    """Names that the machine knows without asking anyone.

    Parameters
    ----------
    addresses
        Addresses by name in lower case.
    names
        Names by address, the one that is written first of all first.
    """

    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_name_servers(path: str | Path = "/etc/resolv.conf") -> NameServers:
    """Read the machine's name servers; none if the file is not there or names none."""
    servers: list[tuple[str, int]] = []
    wait, attempts, by_tcp = 5.0, 2, False
    for words in _lines(path):
        if words[0] == "nameserver" and len(words) > 1 and len(servers) < _MOST_SERVERS and _address(words[1]):
            servers.append((words[1], _PORT))
        elif words[0] == "options":
            for option in words[1:]:
                name, _, value = option.partition(":")
                if name == "timeout" and value.isdecimal():
                    wait = float(min(max(1, int(value)), _LONGEST_WAIT))
                elif name == "attempts" and value.isdecimal():
                    attempts = min(max(1, int(value)), _MOST_ATTEMPTS)
                elif option == "use-vc":
                    by_tcp = True
    return NameServers(tuple(servers), wait, attempts, by_tcp)


def read_hosts(path: str | Path = "/etc/hosts") -> HostNames:
    """Read the machine's own names; none if the file is not there."""
    addresses: dict[str, dict[str, None]] = {}
    names: dict[str, dict[str, None]] = {}
    for words in _lines(path):
        address = _address(words[0])
        if address is None:
            continue
        for word in words[1:]:
            name = word.rstrip(".").lower()
            if name and name.isascii():
                addresses.setdefault(name, {})[address] = None
                names.setdefault(address, {})[name] = None
    return HostNames(
        {name: tuple(found) for name, found in addresses.items()}, {address: tuple(found) for address, found in names.items()}
    )


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _lines(path: str | Path) -> list[list[str]]:
    """The words of each line that has some, without what is a remark."""
    lines = (line.partition("#")[0].partition(";")[0].split() for line in text_of(path, _MOST_BYTES).splitlines())
    return [words for words in lines if words]
