"""What a machine is set to ask by itself: names, the time, a proxy. Owns those settings' forms.

Addresses of its own networks say nothing of others and are left out; user information of a proxy is not kept.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from freehold.read.findings import joined_contacts
from freehold.read.hosts import is_public, parse_address, reversed_host
from freehold.read.root_files import Root
from freehold.stack.inventory import Contact, Evidence

__all__ = ["count_of_root_certificates", "setting_contacts"]

_CERTIFICATES: Final = ("etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt", "etc/ssl/ca-bundle.pem")
_LARGEST_BUNDLE: Final = 16 * 1024 * 1024
_NAMESERVER: Final = re.compile(r"\s*nameserver\s+(\S+)")
_SETTING: Final = re.compile(r"\s*(DNS|FallbackDNS|NTP|FallbackNTP)\s*=\s*(.*)", re.IGNORECASE)
_TIME: Final = re.compile(r"\s*(?:server|pool|peer)\s+(\S+)")
_PROXY: Final = re.compile(
    r"\s*(?:export\s+)?(?:(?:https?|ftp|all)_proxy\s*=|Acquire::[a-z]+::(?:proxy|proxy::\S+)\s)\s*[\"']?([^\s\"';]+)",
    re.IGNORECASE,
)


def setting_contacts(root: Root) -> tuple[Contact, ...]:
    """Hosts outside that the machine is set to ask: resolvers, time servers, proxies."""
    return joined_contacts([*_resolvers(root), *_time(root), *_proxies(root)])


def count_of_root_certificates(root: Root) -> int:
    """How many root certificates the machine trusts."""
    for file in _CERTIFICATES:
        text = root.text(file, _LARGEST_BUNDLE)
        if text:
            return text.count("-----BEGIN CERTIFICATE-----") + text.count("-----BEGIN TRUSTED CERTIFICATE-----")
    return 0


def _lines(root: Root, *files: str) -> Iterator[tuple[Evidence, str]]:
    for file in files:
        for number, line in enumerate((root.text(file) or "").splitlines(), 1):
            if not line.lstrip().startswith(("#", ";", "!", "//")):
                yield Evidence(file, number), line


def _within(root: Root, folder: str, ending: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in root.names(folder) if name.endswith(ending))


def _asked(text: str, role: str, where: Evidence, *, spare: bool = False) -> Iterator[Contact]:
    """A host or a public address; what follows ``#`` names the host behind an address."""
    address, _, name = text.partition("#")
    host = (name or address).strip("[]").lower().rstrip(".")
    if not is_public(host):
        return
    try:
        ipaddress.ip_address(host)
    except ValueError:
        host = reversed_host(host)
    yield Contact(host, role, optional=spare, evidence=(where,))


def _resolvers(root: Root) -> Iterator[Contact]:
    for where, line in _lines(root, "etc/resolv.conf", "run/systemd/resolve/resolv.conf"):
        match = _NAMESERVER.match(line)
        if match:
            yield from _asked(match[1], "resolver", where)
    yield from _systemd(root, "resolved", "dns", "resolver")


def _systemd(root: Root, name: str, key: str, role: str) -> Iterator[Contact]:
    files = (f"etc/systemd/{name}.conf", *_within(root, f"etc/systemd/{name}.conf.d", ".conf"))
    for where, line in _lines(root, *files):
        match = _SETTING.match(line)
        if match and match[1].lower() in (key, f"fallback{key}"):
            for word in match[2].split():
                yield from _asked(word, role, where)


def _time(root: Root) -> Iterator[Contact]:
    files = ("etc/chrony/chrony.conf", "etc/chrony.conf", "etc/ntp.conf", "etc/ntpsec/ntp.conf")
    more = (*_within(root, "etc/chrony/conf.d", ".conf"), *_within(root, "etc/chrony/sources.d", ".sources"))
    for where, line in _lines(root, *files, *more):
        match = _TIME.match(line)
        if match:
            yield from _asked(match[1], "time", where)
    yield from _systemd(root, "timesyncd", "ntp", "time")


def _proxies(root: Root) -> Iterator[Contact]:
    files = ("etc/environment", *_within(root, "etc/apt/apt.conf.d", ""), "etc/apt/apt.conf")
    for where, line in _lines(root, *files):
        match = _PROXY.match(line)
        address = parse_address(match[1]) if match else None
        if address is not None and is_public(address.host):
            yield Contact(reversed_host(address.host), "service", evidence=(where,))
