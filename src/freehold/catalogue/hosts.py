"""Hosts in reverse-domain notation. Owns the turning round of host names and the public suffix list.

A host is written ``com.github.api`` in code and data, ``api.github.com`` only where a person or a network needs it.
Internationalised names are kept in their ASCII form (``xn--…``). An address (IPv4 or IPv6) is no name: it is kept as
it is and never turned round.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["clean_host", "is_address", "is_suffix", "looks_forward", "registrable", "to_forward", "to_reverse"]

_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBERS: Final = re.compile(r"(?:(?:0x[0-9a-f]*|[0-9]+)\.)*(?:0x[0-9a-f]*|[0-9]+)\.?", re.ASCII | re.IGNORECASE)
_HALF: Final = re.compile("[\ud800-\udfff]")
_LONGEST: Final = 253
_DOTS: Final = str.maketrans({"。": ".", "．": ".", "｡": "."})


def is_address(host: str) -> bool:
    """Whether this is an IPv4 or IPv6 address and not a name; square brackets and a zone are allowed."""
    bare = host.strip().removeprefix("[").removesuffix("]").split("%", 1)[0]
    if ":" not in bare:
        # The old spellings of IPv4 (short, octal, hexadecimal) reach an address as well: no name is numbers alone.
        return _NUMBERS.fullmatch(bare) is not None
    try:
        ipaddress.IPv6Address(bare)
    except ValueError:
        return False
    return True


def clean_host(text: str) -> str:
    """Take the host out of what people write: a host, one with a port, or a whole URL.

    Parameters
    ----------
    text
        Such as ``"API.Example.com:443"``, ``"https://user@example.com/path"`` or ``"[::1]:8080"``, in either notation.

    Returns
    -------
    str
        The host alone in lower case and ASCII; an address without brackets and zone.

    Raises
    ------
    ValueError
        If there is no valid host in it.
    """
    rest = text.strip()
    if "://" in rest:
        rest = rest.split("://", 1)[1]
    rest = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rsplit("@", 1)[-1]
    if rest.startswith("["):
        host = rest[1:].split("]", 1)[0]
    elif rest.count(":") > 1:
        host = rest
    else:
        host = rest.split(":", 1)[0]
    if is_address(host):
        return host.split("%", 1)[0].lower().rstrip(".")
    host = unicodedata.normalize("NFKC", host.translate(_DOTS)).lower().strip(".")
    if not host.isascii() and _HALF.search(host) is None:
        host = ".".join(_ascii_label(label) for label in host.split("."))
    if not host or len(host) > _LONGEST or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueError(f"'{text[:80]}' holds no valid host name")
    return host


def _ascii_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def to_reverse(host: str) -> str:
    """Turn a host round into reverse-domain notation: ``"api.example.com"`` gives ``"com.example.api"``.

    Case, port, user information, a trailing dot and the rest of a URL are dropped; an address is kept as it is.

    Raises
    ------
    ValueError
        If there is no valid host in it.
    """
    return _turned(clean_host(host))


def to_forward(host: str) -> str:
    """Turn a host in reverse-domain notation round: ``"com.example.api"`` gives ``"api.example.com"``.

    Raises
    ------
    ValueError
        If there is no valid host in it.
    """
    return _turned(clean_host(host))


def _turned(host: str) -> str:
    return host if is_address(host) else ".".join(reversed(host.split(".")))


@lru_cache(maxsize=2)
def _suffix_lines(official: bool) -> tuple[str, ...]:
    from importlib.resources import files

    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    if official:
        text = text.partition("===END ICANN DOMAINS===")[0]
    return tuple(line for line in text.split("\n") if line and not line.startswith("//"))


@lru_cache(maxsize=1024)
def _suffixes(top: str, official: bool = False) -> PublicSuffixList:
    """Parse the rules of one top-level domain only: parsing the whole list takes far longer than all else here."""
    from publicsuffixlist import PublicSuffixList

    native = top[4:].encode("ascii").decode("punycode") if top.startswith("xn--") else top
    end = "." + native
    rules = [line for line in _suffix_lines(official) if line == native or line.endswith(end)]
    return PublicSuffixList(rules, accept_unknown=False)


@lru_cache(maxsize=16384)
def registrable(host: str) -> str | None:
    """Find the registrable domain of a host by the public suffix list, both in reverse-domain notation.

    Returns
    -------
    str or None
        Such as ``"uk.co.example"`` for ``"uk.co.example.www"``; ``None`` for an address, a public suffix itself and a name
        under no known top-level domain.
    """
    if is_address(host):
        return None
    forward = ".".join(reversed(host.split(".")))
    try:
        found = _suffixes(host.split(".", 1)[0]).privatesuffix(forward)
    except UnicodeError:
        return None
    return ".".join(reversed(str(found).split("."))) if found else None


def is_suffix(host: str) -> bool:
    """Whether a name in reverse-domain notation is one under which a domain registry sells names: ``"com"``, ``"uk.co"``.

    Names under which a firm hosts its customers (the list's private part) are not meant.
    """
    forward = ".".join(reversed(host.split(".")))
    try:
        return bool(_suffixes(host.split(".", 1)[0], official=True).publicsuffix(forward) == forward)
    except UnicodeError:
        return False


def looks_forward(host: str) -> bool:
    """Whether a host that should be in reverse-domain notation seems not to be.

    It does if its last label is a top-level domain and its first is not. Where both are, nothing can be said.
    """
    labels = host.split(".")
    return len(labels) > 1 and is_suffix(labels[-1]) and not is_suffix(labels[0])
