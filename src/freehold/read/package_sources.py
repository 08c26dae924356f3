"""Where a distribution's packages come from: the settings of apt, apk, dnf, yum, zypper and pacman. Owns their forms.

A source is a host; which packages it offers is known only where apt has kept its lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from freehold.read.findings import joined_contacts
from freehold.read.hosts import is_public, parse_address, reversed_host
from freehold.read.plain_text import plain
from freehold.read.root_files import LARGEST_DATABASE, Root
from freehold.stack.inventory import Contact, Evidence

__all__ = ["Origins", "PackageSource", "read_package_sources", "source_contacts"]

_ONE_LINE: Final = re.compile(r"\s*deb(?:-src)?\s+(?:\[[^\]\n]*\]\s*)?(\S+)\s+(\S+)")
_SETTING: Final = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*[=:]\s*(.*)")
_SECTION: Final = re.compile(r"\s*\[([^\]]*)\]\s*(?:[#;].*)?")
_OFF: Final = frozenset({"0", "no", "false", "off"})
_LISTS: Final = "var/lib/apt/lists"
_LARGEST_LIST: Final = 32 * 1024 * 1024
_ORIGIN: Final = re.compile(r"^Origin: *(.{1,100})$", re.MULTILINE)
_LONG_ENOUGH: Final = 4
_HEAD: Final = 4000
_ENTRY: Final = re.compile(r"^(?:Package: (?P<name>\S+)|Version: (?P<version>\S+))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PackageSource:
    """One source of packages.

    Parameters
    ----------
    host
        In reverse-domain notation.
    evidence
        Where it is set.
    alternative
        Whether it stands in a list of mirrors, of which any will do.
    own
        Whether it is the distribution's own.
    origin
        Who it says that it is, in apt's release file.
    packages
        Names and versions that it offers, where a list is kept and the source is not the distribution's own.
    """

    host: str
    evidence: Evidence
    alternative: bool = False
    own: bool = True
    origin: str | None = None
    packages: frozenset[tuple[str, str]] = frozenset()


class Origins:
    """Which source a package came from, looked up at once however many there are.

    Parameters
    ----------
    sources
        All sources, the distribution's own among them.
    """

    def __init__(self, sources: Iterable[PackageSource]) -> None:
        self._by_package: dict[tuple[str, str], PackageSource] = {}
        self._by_domain: dict[tuple[str, ...], PackageSource] = {}
        self.own: str | None = None
        for source in sources:
            if source.own:
                # of mirrors none is the one that a package came from
                self.own = self.own or (None if source.alternative else source.host)
                continue
            self._by_domain.setdefault(tuple(source.host.split(".")[:2]), source)
            for package in source.packages:
                self._by_package.setdefault(package, source)

    def foreign(self, name: str, version: str, domain: str) -> PackageSource | None:
        """Find the source of a package that is not the distribution's.

        Parameters
        ----------
        name, version
            Of the package: a source that offers exactly it.
        domain
            Of whoever maintains it, written forwards: else a source under the same name, which is the domain's last two
            labels. May be empty.
        """
        found = self._by_package.get((name, version))
        return found or self._by_domain.get(tuple(reversed_host(domain).split(".")[:2]))


def source_contacts(sources: Iterable[PackageSource]) -> tuple[Contact, ...]:
    """The hosts that updates come from."""
    found = [
        Contact(one.host, "update-channel", "change", optional=one.alternative, evidence=(one.evidence,)) for one in sources
    ]
    return joined_contacts(found)


def read_package_sources(root: Root, names: frozenset[str]) -> tuple[PackageSource, ...]:
    """Read every setting of sources, in the order in which the package manager does.

    Parameters
    ----------
    root
        The root folder.
    names
        Words that tell the distribution's own sources, in small letters: its id.
    """
    found = [*_apt(root), *_apk(root), *_ini(root, "etc/yum.repos.d"), *_ini(root, "etc/zypp/repos.d"), *_pacman(root)]
    return tuple(_with_lists(root, found, names))


def _apt_source(root: Root, url: str, file: str, line: int, known: set[str]) -> Iterator[PackageSource]:
    """A source of apt; one that names a file stands for the mirrors that the file lists, of which any will do."""
    listed = url.removeprefix("mirror+file:").lstrip("/") if url.startswith("mirror+file:") else None
    if listed is None:
        yield from _source(url, file, line)
        return
    if listed in known:
        return
    known.add(listed)
    for number, entry in enumerate((root.text(listed) or "").splitlines(), 1):
        words = entry.split("#")[0].split()
        yield from _source(words[0], listed, number, alternative=True) if words else ()


def _source(url: str, file: str, line: int, *, alternative: bool = False) -> Iterator[PackageSource]:
    for scheme in ("mirror+", "tor+"):
        url = url.removeprefix(scheme)
    # a path may hold what the package manager fills in; the host seldom does
    address = parse_address(re.sub(r"\$\{?\w+\}?", "x", url))
    if address is not None and is_public(address.host):
        yield PackageSource(reversed_host(address.host), Evidence(file, line), alternative)


def _apt(root: Root) -> Iterator[PackageSource]:
    known: set[str] = set()
    files = ["etc/apt/sources.list"]
    files += [f"etc/apt/sources.list.d/{name}" for name in root.names("etc/apt/sources.list.d")]
    for file in files:
        if file.endswith(".list"):
            for number, line in enumerate((root.text(file) or "").splitlines(), 1):
                match = _ONE_LINE.match(line)
                if match:
                    yield from _apt_source(root, match[1], file, number, known)
        elif file.endswith(".sources"):
            yield from _deb822(root, file, root.text(file) or "", known)


def _deb822(root: Root, file: str, text: str, known: set[str]) -> Iterator[PackageSource]:
    held: list[tuple[int, str]] = []
    enabled, last = True, ""
    for number, line in enumerate((*text.splitlines(), ""), 1):
        if not line.strip():
            if enabled:
                for at, url in held:
                    yield from _apt_source(root, url, file, at, known)
            held, enabled, last = [], True, ""
        elif line[0] in " \t":
            held += [(number, url) for url in line.split()] if last == "uris" else []
        elif line[0] != "#" and (match := _SETTING.match(line)):
            last = match[1].lower()
            if last == "uris":
                held += [(number, url) for url in match[2].split()]
            elif last == "enabled":
                enabled = match[2].strip().lower() not in _OFF


def _apk(root: Root) -> Iterator[PackageSource]:
    file = "etc/apk/repositories"
    for number, line in enumerate((root.text(file) or "").splitlines(), 1):
        words = line.split("#")[0].split()
        yield from _source(words[-1], file, number) if words else ()


def _ini(root: Root, folder: str) -> Iterator[PackageSource]:
    for name in root.names(folder):
        if not name.endswith(".repo"):
            continue
        file = f"{folder}/{name}"
        held: list[tuple[int, str]] = []
        enabled = True
        for number, line in enumerate([*(root.text(file) or "").splitlines(), "[end]"], 1):
            if _SECTION.fullmatch(line):
                if enabled:
                    for at, url in held:
                        yield from _source(url, file, at)
                held, enabled = [], True
            elif not line.lstrip().startswith(("#", ";")) and (match := _SETTING.match(line)):
                key, value = match[1].lower(), match[2].strip()
                if key == "enabled":
                    enabled = value.lower() not in _OFF
                elif key in {"baseurl", "mirrorlist", "metalink"}:
                    held += [(number, url) for url in value.replace(",", " ").split()]


def _pacman(root: Root) -> Iterator[PackageSource]:
    for file, alternative in (("etc/pacman.conf", False), ("etc/pacman.d/mirrorlist", True)):
        for number, line in enumerate((root.text(file) or "").splitlines(), 1):
            match = None if line.lstrip().startswith("#") else _SETTING.match(line)
            if match and match[1].lower() == "server":
                yield from _source(match[2].strip(), file, number, alternative=alternative)


def _with_lists(root: Root, sources: list[PackageSource], names: frozenset[str]) -> Iterator[PackageSource]:
    """Add what apt has kept of its sources: who each says it is, and what one that is not the distribution's own offers."""
    files = root.names(_LISTS)
    origins: dict[str, str] = {}
    for name in files:
        if name.endswith(("_InRelease", "_Release")):
            match = _ORIGIN.search((root.text(f"{_LISTS}/{name}") or "")[:_HEAD])
            if match:
                origins.setdefault(reversed_host(name.partition("_")[0]), plain(match[1].strip()))
    # a mirror does not name the distribution that it carries: where there is one source, it is the distribution's
    single = len({one.host for one in sources}) == 1
    own = {
        one.host: origins[one.host].lower() in names if one.host in origins else single or _is_named(one.host, names)
        for one in sources
    }
    offered: dict[str, set[tuple[str, str]]] = {}
    taken = 0
    for name in files:
        host = reversed_host(name.partition("_")[0])
        if name.endswith("_Packages") and host in origins and own.get(host) is False and taken < LARGEST_DATABASE:
            text = root.text(f"{_LISTS}/{name}", _LARGEST_LIST) or ""
            taken += len(text)
            offered.setdefault(host, set()).update(_offered(text))
    for source in sources:
        origin = origins.get(source.host)
        yield replace(source, own=own[source.host], origin=origin, packages=frozenset(offered.get(source.host, ())))


def _is_named(host: str, names: frozenset[str]) -> bool:
    """Whether a label of the host is the distribution's id, or begins with it: "alpinelinux", "fedoraproject"."""
    return any(
        label == name or (len(name) >= _LONG_ENOUGH and label.startswith(name)) for label in host.split(".") for name in names
    )


def _offered(text: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    name = ""
    for match in _ENTRY.finditer(text):
        if match["name"]:
            name = match["name"]
        elif name:
            found.add((name, match["version"]))
    return found
