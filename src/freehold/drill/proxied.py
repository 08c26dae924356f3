"""Proxies that the command uses by itself. Owns how one is known: by what a client says first, or by the command's variables.

Behind a proxy every host has one address, and the proxy looks the names up: what is cut may be reached by it, unseen. A client
gives itself away by its first bytes: a CONNECT or a request with a whole address (RFC 9112, section 3.2), or the greeting of
SOCKS (RFC 1928, and version 4 before it). They are looked at and not kept. To a proxy that is spoken to by TLS they are hidden:
that one is known if a variable names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

__all__ = ["MOST_LOOKED_AT", "asks_a_proxy", "proxies_named"]

MOST_LOOKED_AT: Final = 512
"""Bytes."""
_CONNECT: Final = re.compile(rb"CONNECT [^\s/]+:[0-9]+ HTTP/1\.")
_WHOLE_ADDRESS: Final = re.compile(rb"[A-Z]{3,16} (?:https?|ftp)://(?:[^\s/@]*@)?(\[[^\s\]]*\]|[^\s/:]*)")
_VARIABLES: Final = re.compile(r"(?:[A-Z]+_)*PROXY", re.IGNORECASE)
_EXEMPT: Final = re.compile(r"(?:^|_)NO_?", re.IGNORECASE)
_PORTS: Final = {"http": 80, "https": 443, "socks": 1080, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}


def asks_a_proxy(first: bytes, hosts: tuple[str, ...]) -> bool:
    """Whether a client that says this first takes its server for a proxy.

    Parameters
    ----------
    first
        What it said, or the beginning of it.
    hosts
        The server's own names and addresses: a whole address of itself makes it none (RFC 9112, section 3.2.2).
    """
    if first[:1] in (b"\x05", b"\x04"):
        return _greets_socks(first)
    if _CONNECT.match(first):
        return True
    asked = _WHOLE_ADDRESS.match(first)
    return asked is not None and asked[1].decode("latin-1").strip("[]").lower() not in hosts


def _greets_socks(first: bytes) -> bool:
    if first[0] == 5:  # how many ways to prove oneself, and which: nothing else
        return len(first) >= 3 and first[1] == len(first) - 2
    return len(first) >= 9 and first[1] in (1, 2) and first.endswith(b"\0")


def proxies_named(environment: Mapping[str, str]) -> frozenset[tuple[str, int]]:
    """Hosts in lower case, and ports, that a command's variables name as proxies.

    Parameters
    ----------
    environment
        Its own; what is no address is passed over.
    """
    found: set[tuple[str, int]] = set()
    for name, value in environment.items():
        if not value or not _VARIABLES.fullmatch(name) or _EXEMPT.search(name):
            continue
        try:
            address = urlsplit(value if "://" in value else f"http://{value}")
            host, port = address.hostname, address.port or _PORTS.get(address.scheme, 80)
        except ValueError:
            continue
        if host:
            found.add((host, port))
    return frozenset(found)
