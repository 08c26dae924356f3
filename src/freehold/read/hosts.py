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

__all__ = ["Address", "is_for_people", "is_public", "parse_address", "registry_of", "repository_of", "reversed_host"]

_URL: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#\s@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#\s:@\[\]]*)(?::(\d+|\{\})?)?([/?#].*)?$", re.DOTALL
)
_LONGEST: Final = 4000
_SSH: Final = re.compile(r"(?:[\w.-]+@)?([A-Za-z0-9.-]+\.[A-Za-z]{2,}):(?!//)(?!\d+(?:/|$))([^\s]+)$")
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


def repository_of(url: str) -> str | None:
    """The host (reversed) and path of a source repository: ``com.github/psf/requests``.

    Pages within the repository are cut off; ``None`` if the address names no repository.
    """
    address = parse_address(url.removeprefix("git+").removeprefix("scm:").removeprefix("git:"))
    if address is None or not is_public(address.host):
        return None
    path = re.split(r"/-/|/tree/|/blob/|/issues|/wiki|/src/|/releases|[?#@]", unquote(address.path).strip("/"))[0]
    parts = [part for part in path.removesuffix(".git").split("/") if part]
    if not parts:
        return None
    host = address.host.removeprefix("www.")
    depth = len(parts) if "gitlab" in host else 2
    return "/".join([reversed_host(host), *parts[:depth]])


def registry_of(url: str) -> str | None:
    """The host (reversed) of a package index; ``None`` if it is no public one."""
    address = parse_address(url)
    return reversed_host(address.host) if address and is_public(address.host) else None
