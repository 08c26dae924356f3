"""Which hosts are probed, how often, and for what of the stack each speaks. Owns the probe file and the plan made from a stack.

A probe file is TOML, one table ``[[probe]]`` for each::

    [[probe]]
    kind = "http"
    target = "https://llm.example.org/health"
    every = "30s"
    item = "own-model"

A plan is a value: making one sends nothing. Only what the user hands to :class:`freehold.watch.probe_schedule.Prober` goes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from freehold.catalogue.facts import Catalogue
from freehold.catalogue.hosts import clean_host, is_address, to_forward
from freehold.catalogue.match import matcher_of
from freehold.errors import BadRules
from freehold.stack.inventory import Inventory
from freehold.stack.values import Stack
from freehold.watch.seconds import parse_seconds
from freehold.watch.settings_file import parse_settings, read_settings_text

__all__ = ["KINDS", "MOST_PROBES", "Probe", "load_plan", "plan_of_stack"]

KINDS: Final = ("http", "tcp", "tls", "dns")
MOST_PROBES: Final = 1_000
_MOST_FILE: Final = 1024 * 1024
_SHORTEST: Final = 1.0
_LONGEST: Final = 30 * 86_400.0
_HOST_ITEM: Final = re.compile(r"host:([a-z0-9_.-]+)(?:[@:].*)?", re.ASCII | re.DOTALL)
_EVERY: Final[dict[str, float]] = {"http": 60.0, "tcp": 60.0, "tls": 6 * 3_600.0, "dns": 300.0}
_MOST_HOSTS: Final = 3
"""Hosts of one product that are probed."""


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that is looked at again and again.

    Parameters
    ----------
    kind
        ``http`` (the answer of a URL), ``tcp`` (a port takes connections), ``tls`` (a certificate is valid, and until when),
        ``dns`` (a name has addresses).
    target
        A URL for ``http``, ``HOST:PORT`` for ``tcp``, ``HOST`` or ``HOST:PORT`` for ``tls`` (443 if none is given), a name for
        ``dns``. Names as they are dialled.
    every, timeout
        Seconds from one look to the next, and until one is given up.
    item, source, provider
        Ids in the stack for which it speaks.
    status
        HTTP: the status that is right; 0 for any below 500.
    text
        HTTP: what the beginning of the body (a mebibyte) must hold.
    authority
        HTTP and TLS: a file of certificates (PEM) to trust instead of the machine's.
    answers
        DNS: addresses of which each answer must be one; any if none are given.
    server
        DNS: the name server to ask, ``ADDRESS`` or ``ADDRESS:PORT``; the machine's if none is given.
    """

    kind: Literal["http", "tcp", "tls", "dns"]
    target: str
    every: float = 0.0
    timeout: float = 10.0
    item: str = ""
    source: str = ""
    provider: str = ""
    status: int = 0
    text: str = ""
    authority: str = ""
    answers: tuple[str, ...] = ()
    server: str = ""

    @property
    def host(self) -> str:
        """The host that it looks at, in lower case and ASCII; an address without brackets."""
        return self.place[0]

    @property
    def place(self) -> tuple[str, int]:
        """Host and port; the port is 0 for ``dns``."""
        if self.kind == "http":
            parts = urlsplit(self.target)
            return clean_host(parts.hostname or ""), parts.port or (443 if parts.scheme == "https" else 80)
        if self.kind == "dns":
            return clean_host(self.target), 0
        return _host_and_port(self.target, 443 if self.kind == "tls" else 0)

    @property
    def name_server(self) -> tuple[str, int] | None:
        """Address and port of the name server to ask; ``None`` for the machine's."""
        return _host_and_port(self.server, 53) if self.server else None

    @property
    def key(self) -> str:
        """What tells it from the others of a plan."""
        return f"{self.kind} {self.target}"


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Literal["http", "tcp", "tls", "dns"]
    target: str
    every: str | None = None
    timeout: str | None = None
    item: str = ""
    source: str = ""
    provider: str = ""
    status: int = 0
    text: str = ""
    authority: str = ""
    answers: tuple[str, ...] = ()
    server: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    probe: tuple[_Written, ...] = ()


def _host_and_port(text: str, port: int) -> tuple[str, int]:
    rest = text.strip()
    if "/" in rest or "@" in rest:
        raise ValueError(f"'{text[:80]}' is not HOST:PORT")
    end = rest.rpartition("]")[2] if rest.startswith("[") else rest if rest.count(":") == 1 else ""
    if ":" in end:
        given = end.rpartition(":")[2]
        if not (given.isascii() and given.isdigit() and 0 < int(given[:6]) < 65_536):
            raise ValueError(f"'{given[:40]}' is no port")
        port = int(given)
    if port == 0:
        raise ValueError(f"'{text[:80]}' has no port. Write HOST:PORT.")
    return clean_host(rest), port


def load_plan(path: str | Path) -> tuple[Probe, ...]:
    """Read a probe file.

    Raises
    ------
    freehold.errors.BadRules
        If it cannot be read or is not sound; the message names the place, such as ``$.probe[2].every``.
    """
    place = str(path)
    text = read_settings_text(path, _MOST_FILE, BadRules)
    written = parse_settings(text, _File, place, BadRules, "See the guide on probes for what a [[probe]] holds.")
    return _checked(place, written.probe)


def _checked(place: str, written: tuple[_Written, ...]) -> tuple[Probe, ...]:
    if len(written) > MOST_PROBES:
        raise BadRules(f"{place} has {len(written)} probes, and at most {MOST_PROBES} are run. Take some out.")
    found: dict[str, Probe] = {}
    for number, one in enumerate(written):
        where = f"{place}: $.probe[{number}]"
        try:
            probe = _probe(one)
        except ValueError as error:
            raise BadRules(f"{where}: {str(error).rstrip('.')}.") from None
        if probe.key in found:
            raise BadRules(f"{where}: the probe '{probe.key}' is there already. Take one out.")
        found[probe.key] = probe
    return tuple(found.values())


def _probe(one: _Written) -> Probe:
    every = _EVERY[one.kind] if one.every is None else parse_seconds(one.every)
    timeout = min(10.0, every) if one.timeout is None else parse_seconds(one.timeout)
    if not _SHORTEST <= every <= _LONGEST:
        raise ValueError("`every` is not between 1s and 30d")
    if not 0 < timeout <= min(every, 60.0):
        raise ValueError("`timeout` is not between 0 and `every`, or longer than 60s")
    values = {name: getattr(one, name) for name in one.__struct_fields__ if name not in ("every", "timeout")}
    probe = Probe(**values, every=every, timeout=timeout)
    if one.kind == "http":
        parts = urlsplit(one.target)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"'{one.target[:80]}' is no URL. Write https://HOST/PATH")
        if parts.username or parts.password:
            raise ValueError("a URL with a password in it is not probed. Take user and password out")
    if not (one.status == 0 or 100 <= one.status <= 599):
        raise ValueError(f"{one.status} is no HTTP status")
    for answer in one.answers:
        if not is_address(answer):
            raise ValueError(f"'{answer[:80]}' is no address")
    if one.server and not is_address(_host_and_port(one.server, 53)[0]):
        raise ValueError(f"'{one.server[:80]}' is no address of a name server")
    if probe.host == "" or (one.kind == "dns" and is_address(probe.host)):
        raise ValueError(f"'{one.target[:80]}' is no name to look up")
    return probe


def plan_of_stack(stack: Stack, catalogue: Catalogue, inventory: Inventory | None = None) -> tuple[Probe, ...]:
    """Make a plan for the hosts that a stack rests on.

    They are: hosts that are items of the stack themselves, hosts that the inventory says are called when the thing runs,
    and for each item that is a product of the catalogue the hosts by which the product is reached (three at most). A
    provider's other domains are not probed: that they answer says nothing about the service.

    Parameters
    ----------
    stack
        Whose plan it is.
    catalogue
        Knows the hosts of products.
    inventory
        What the stack was made from, if that is at hand.

    Returns
    -------
    tuple of Probe
        For each host one of each kind ``http`` (any answer below 500 will do, as nobody signs in), ``tls`` and ``dns``, in the
        order of hosts; at most :data:`MOST_PROBES`.
    """
    found: dict[str, Probe] = {}
    for host, item, source, provider in _hosts(stack, catalogue, inventory):
        forward = host if is_address(host) else to_forward(host)
        bracketed = f"[{forward}]" if ":" in forward else forward
        for kind, target in (("http", f"https://{bracketed}/"), ("tls", f"{bracketed}:443"), ("dns", forward)):
            if kind == "dns" and is_address(forward):
                continue
            probe = Probe(
                kind=kind, target=target, every=_EVERY[kind], item=item, source=source, provider=provider,  # type: ignore[arg-type]
            )  # fmt: skip
            if len(found) < MOST_PROBES:
                found.setdefault(probe.key, probe)
    return tuple(found.values())


def _hosts(stack: Stack, catalogue: Catalogue, inventory: Inventory | None) -> Iterator[tuple[str, str, str, str]]:
    """Hosts in reverse-domain notation with the ids of the item, the source and the provider for which each speaks."""
    by_product: dict[str, list[str]] = {}
    for host in catalogue.ids("host"):
        product = catalogue.value("host", host, "product")
        if product is not None:
            by_product.setdefault(product, []).append(host)
    known = {item.id for item in stack.items}
    for source in stack.sources:
        provider = source.provider if isinstance(source.provider, str) and source.provider != "self" else ""
        named = _HOST_ITEM.fullmatch(source.item)
        hosts = [named[1]] if named and "." in named[1] else by_product.get(source.item, [])[:_MOST_HOSTS]
        for host in hosts:
            yield host, source.item, source.id, provider
    matcher = matcher_of(catalogue)
    for contact in inventory.contacts if inventory is not None else ():
        if (
            contact.scope != "run"
            or contact.optional
            or "." not in contact.host
            or contact.role in ("mail", "certificate", "time")
        ):
            continue
        match = matcher.match_host(contact.host, "reverse")
        item = match.product if match is not None and match.product in known else ""
        yield contact.host, item or "", "", (match.provider or "") if match is not None else ""
