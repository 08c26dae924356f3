"""Hosts out of addresses, in reverse-domain notation, and which of them are real. Owns that judgement, no format.

A host is *public* if it could be somebody's on the internet: not this machine, not a private network, not a name
reserved for examples, not a word that stands for the reader's own (``your-company.…``). User information, ports and
paths never leave this module, except for the path of a source repository.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final
from urllib.parse import unquote

__all__ = [
    "Address",
    "host_of",
    "is_for_people",
    "is_public",
    "parse_address",
    "registry_of",
    "repository_of",
    "reversed_host",
]

_URL: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#\s@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#\s:@\[\]]*)(?::(\d+|\{\})?)?([/?#].*)?$", re.DOTALL
)
_LONGEST: Final = 4000
_SSH: Final = re.compile(r"(?:[\w.-]+@)?([A-Za-z0-9.-]+\.[A-Za-z]{2,}):(?!//)(?!\d+(?:/|$))([^\s]+)$")
_LINK: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)*//(?:[^/?#\s]*@)?(?P<host>\[[0-9a-f:.]+\]|[^/?#:@\s\[\]]+)(?::[0-9]*)?(?P<path>/[^?#\s]*)?(?:[?#\s].*)?",
    re.IGNORECASE | re.DOTALL,
)
_SECURE_COPY: Final = re.compile(
    r"(?:[a-z]+:)*[^\s/@:]+@(?P<host>[^\s/@:]+):(?!//)(?P<path>[^?#\s]+)(?:[?#\s].*)?", re.IGNORECASE | re.DOTALL
)
_BARE: Final = re.compile(
    r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})(?::[0-9]+)?(?P<path>/[^?#\s]*)?(?:[?#\s].*)?", re.IGNORECASE | re.DOTALL
)
_PAGES: Final = re.compile(r"/(?:-|tree|blob|raw|src|archive|commits?|issues|wiki|releases)(?:/|$)|@")
"""Where a forge's page of a folder, file or release begins, after the repository's own path."""

_TWO_LEVELS: Final = re.compile(r"(?:^|\.)(?:github|githubusercontent|bitbucket|codeberg)\.")
"""Forges whose repositories are an owner and a name; elsewhere groups nest."""

_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)$")
_NUMBERS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+$")
_TOP: Final = re.compile(r"(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})$")

_RESERVED_TOPS: Final = frozenset({
    "local", "localhost", "internal", "test", "example", "invalid", "localdomain", "lan", "home", "corp", "intranet",
    "private", "svc", "cluster", "arpa", "onion", "alt", "domain", "host", "tld", "yourdomain",
})  # fmt: skip
_PLACEHOLDER: Final = re.compile(
    r"example|^your|^acme(?:[-_]?(?:corp|inc))?$|^(?:onprem|mycorp|x{3,})$"
    r"|(?:^|[-_])(?:placeholder|dummy|foo|foobar|bar|baz|changeme|fake|sample)(?:$|[-_])"
    r"|(?:tenant|company|org|domain|account|project|server|host|instance|workspace|user|cluster|region)[-_]?name(?:$|[-_])"
    r"|^(?:my|our|some|any)[-_]?(?:own|site|app|org|team|cloud|api|url|name|account|project|server|host|instance|company|corp|"
    r"domain|tenant|organi[sz]ation|workspace|website|cluster|service|subdomain|deployment|env|environment|region)(?:$|[-_])"
)
_PARTS_OF_AN_ADDRESS: Final = frozenset({"com", "co", "org", "net", "gov", "edu", "ac"})
_RECORD_KEEPING: Final = (
    "org.w3", "org.xml", "org.json-schema", "org.schemastore", "com.schemastore", "org.xmlsoap.schemas",
    "com.microsoft.schemas", "org.opensource",
    "org.spdx", "org.creativecommons", "org.gnu", "org.ietf", "org.rfc-editor", "org.purl",
    "org.openxmlformats.schemas", "io.mybinder", "io.shields.img", "org.sitemaps", "org.schema", "me.ogp",
    "com.android.schemas", "org.semver", "com.keepachangelog", "org.conventionalcommits"
)  # fmt: skip
_FOR_PEOPLE: Final = frozenset({
    "docs", "doc", "documentation", "developer", "developers", "dev-docs", "apidocs", "api-docs", "help", "support",
    "learn", "wiki", "blog", "forum", "forums", "community", "knowledge", "kb", "manual", "guide", "guides",
    "tutorial", "tutorials", "status",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """An address without its user information: scheme, host as written (lower case), path."""

    scheme: str
    host: str
    path: str = ""


def parse_address(text: str) -> Address | None:
    """Parse a URL or an ``scp``-like Git address; ``None`` if the text is neither.

    ``{}`` stands for a part that is filled in when the program runs.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    match = _URL.match(text)
    if match:
        scheme = match[1].lower().removeprefix("git+").partition("+")[0]
        return Address(scheme, match[2].lower().rstrip("."), match[4] or "")
    match = _SSH.match(text)
    return Address("ssh", match[1].lower(), "/" + match[2].lstrip("/")) if match else None


def reversed_host(host: str) -> str:
    """A host in reverse-domain notation: ``api.openai.com`` is ``com.openai.api``; an address of numbers stays as it is."""
    if _NUMBERS.match(host):
        return host
    return ".".join(reversed(host.lower().strip(".").split(".")))


@cache
def _tops() -> frozenset[str]:
    """Top-level domains that exist, from the public suffix list; empty if the list is not there."""
    try:
        text = (resources.files("publicsuffixlist") / "public_suffix_list.dat").read_text(encoding="utf-8")
    except (OSError, ModuleNotFoundError):
        return frozenset()
    # some top-level domains have rules for the names below them only: "co.za", "*.bd"
    names = {line.rpartition(".")[2] for line in text.splitlines() if line and not line.startswith("//")}
    return frozenset(names | {name.encode("idna").decode() for name in names if not name.isascii()})


@lru_cache(maxsize=4096)
def is_public(host: str) -> bool:
    """Whether a host name, written forwards, could be somebody's on the internet."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        pass
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not _TOP.match(labels[-1]) or labels[-1] in _RESERVED_TOPS:
        return False
    if _tops() and labels[-1] not in _tops():
        return False
    if not all(_LABEL.match(label) for label in labels):
        return False
    if len(labels) == 2 and labels[0] in _PARTS_OF_AN_ADDRESS:
        return False
    return not any(_PLACEHOLDER.search(label) for label in labels[:-1])


def is_for_people(host: str) -> bool:
    """Whether a host serves pages for people or names of schemas: documentation, support, licences, namespaces."""
    if any(label in _FOR_PEOPLE for label in host.split(".")[:-2]):
        return True
    backwards = reversed_host(host)
    return any(backwards == known or backwards.startswith(known + ".") for known in _RECORD_KEEPING)


@lru_cache(maxsize=4096)
def host_of(link: str) -> str | None:
    """Find the public host of a link that a document states.

    Parameters
    ----------
    link
        A URL with or without scheme, with the prefixes of build tools (``scm:git:``), or the secure-copy spelling
        ``git@host:path``.

    Returns
    -------
    str or None
        The host, labels reversed (addresses as they are); ``None`` if the link names none that could be somebody's.
    """
    found = _parts(link)
    return found[0] if found else None


def repository_of(url: str) -> str | None:
    """Find the source repository that a link names: ``com.github/psf/requests``.

    Parameters
    ----------
    url
        As for :func:`host_of`.

    Returns
    -------
    str or None
        Reversed host and path, pages within the repository cut off; ``None`` if the link names no repository on a public
        host.
    """
    found = _parts(url)
    if found is None:
        return None
    host, path, forward = found
    path = unquote(path) if "%" in path else path
    two = _TWO_LEVELS.search(forward) is not None
    # where a repository is an owner and a name, nothing of either is a page: a repository may be called "wiki"
    path = path.partition("@")[0] if two else _PAGES.split(path, maxsplit=1)[0]
    parts = [part for part in path.split("/") if part][: 2 if two else None]
    if not parts or not "".join(parts).isprintable():
        return None
    return "/".join([host, *parts]).removesuffix(".git")


def registry_of(url: str) -> str | None:
    """The host (reversed) of a package index; ``None`` if it is no public one."""
    address = parse_address(url)
    return reversed_host(address.host) if address and is_public(address.host) else None


def _parts(link: str) -> tuple[str, str, str] | None:
    """Take a link apart: its public host reversed, its path, its host as it is dialled."""
    if len(link) > _LONGEST:
        return None
    link = link.strip()
    match = _LINK.fullmatch(link) or _SECURE_COPY.fullmatch(link) or _BARE.fullmatch(link)
    if match is None:
        return None
    hosts = _both_ways(match["host"].lower().rstrip("."))
    return (hosts[0], match["path"] or "", hosts[1]) if hosts else None


@lru_cache(maxsize=4096)
def _both_ways(host: str) -> tuple[str, str] | None:
    """A public host reversed, and forwards in the letters of the domain name system."""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    host = host.removeprefix("www.")
    if not is_public(host):
        return None
    try:
        return str(ipaddress.ip_address(host.strip("[]"))), host
    except ValueError:
        return reversed_host(host), host
