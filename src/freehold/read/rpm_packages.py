"""What rpm has installed: packages from headers, and the files that other packages need by their path. Owns rpm's tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from freehold.read.distribution import Distribution
from freehold.read.installed_packages import InstalledPackage, package_url
from freehold.read.package_licences import package_licence
from freehold.read.plain_text import plain
from freehold.read.purls import slug
from freehold.read.root_files import Root
from freehold.read.rpm_database import read_headers
from freehold.read.rpm_header import BadHeader, Header, parse_header
from freehold.stack.inventory import Evidence, Skip

__all__ = ["read_rpm_packages"]

_NAME, _VERSION, _RELEASE, _EPOCH = 1000, 1001, 1002, 1003
_VENDOR, _LICENCE, _ARCHITECTURE = 1011, 1014, 1022
_PROVIDES, _REQUIRES = 1047, 1049
_INDEXES, _FILES, _FOLDERS = 1116, 1117, 1118
_ADDRESS: Final = re.compile(r"\s*<[^<>]*>?")
_ALTERNATIVES: Final = re.compile(r"[\w+.-]+")
_MOST_PACKAGES: Final = 200_000


@dataclass(frozen=True, slots=True)
class _Read:
    file: str
    header: Header
    name: str
    version: str
    epoch: int
    architecture: str
    vendor: str
    licence: str
    provides: tuple[str, ...]
    requires: tuple[str, ...]


def read_rpm_packages(root: Root, distribution: Distribution | None, registry: str | None) -> tuple[InstalledPackage, ...]:
    """Read the packages that rpm has installed; skips go to the root.

    What most packages name as their vendor is taken for the distribution; a package of another vendor is kept under that name.

    Parameters
    ----------
    root
        The root folder.
    distribution
        Whose packages they are.
    registry
        Host that the distribution's packages come from, in reverse-domain notation.
    """
    read: list[_Read] = []
    broken: Counter[str] = Counter()
    for file, blob in read_headers(root):
        try:
            one = _read(file, parse_header(blob))
        except BadHeader as error:
            broken[str(error)] += 1
            continue
        if one is not None and len(read) < _MOST_PACKAGES:
            read.append(one)
    if broken:
        told = f"{broken.total()} headers are damaged and were left out; the first: {next(iter(broken))}."
        root.skips.append(Skip("rpm", "syntax", told))
    vendors = Counter(one.vendor for one in read if one.vendor)
    own = vendors.most_common(1)[0][0] if vendors else ""
    paths = _providers_of_files(read)
    found = [_package(one, distribution, registry, own, paths.get(number, ())) for number, one in enumerate(read)]
    kept = tuple(package for package in found if package is not None)
    if len(kept) < len(found):
        told = f"{len(found) - len(kept)} entries without a name or a version that can be one were left out."
        root.skips.append(Skip("rpm", "syntax", told))
    return kept


def _read(file: str, header: Header) -> _Read | None:
    name = header.text(_NAME)
    # a key that packages are signed with is kept like a package, and is none
    if name == "gpg-pubkey":
        return None
    release = header.text(_RELEASE)
    version = f"{header.text(_VERSION)}-{release}" if release else header.text(_VERSION)
    # an address stands beside some vendors' names
    vendor = _ADDRESS.sub("", plain(header.text(_VENDOR), 200)).strip()
    provides = tuple(dict.fromkeys(header.texts(_PROVIDES)))
    requires = tuple(one for one in dict.fromkeys(header.texts(_REQUIRES)) if not one.startswith("rpmlib("))
    return _Read(
        file, header, name, version, next(iter(header.numbers(_EPOCH)), 0), header.text(_ARCHITECTURE),
        "" if vendor == "(none)" else vendor, header.text(_LICENCE), provides, requires,
    )  # fmt: skip


def _package(
    one: _Read, distribution: Distribution | None, registry: str | None, own: str, paths: tuple[str, ...]
) -> InstalledPackage | None:
    foreign = bool(one.vendor and own and one.vendor != own)
    namespace = slug(one.vendor) if foreign else distribution.namespace if distribution else ""
    tag = distribution.tag if distribution else None
    id_ = package_url(
        "rpm", namespace, one.name, one.version, arch=one.architecture, distro=tag, epoch=str(one.epoch) if one.epoch else None
    )  # fmt: skip
    if id_ is None:
        return None
    return InstalledPackage(
        id_, one.name, one.version, one.architecture, Evidence(one.file), (*one.provides, *paths), _requirements(one.requires),
        licence=package_licence(one.licence), supplier=one.vendor or None,
        registry=None if foreign else registry,
    )  # fmt: skip


def _requirements(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    found = []
    for text in texts:
        if text.startswith("("):
            # a rich requirement: of "a or b" one is enough, of "a if b" what it says holds only where b is there
            words = _ALTERNATIVES.findall(text)
            if "if" not in words and "unless" not in words:
                found.append(tuple(word for word in words if word not in {"or", "and", "with", "without"}))
        else:
            found.append((text,))
    return tuple(found)


def _providers_of_files(read: list[_Read]) -> dict[int, tuple[str, ...]]:
    """Of each package, the files that another needs by their path."""
    wanted = {path for one in read for path in one.requires if path.startswith("/")}
    names = {path.rpartition("/")[2] for path in wanted}
    found: dict[int, tuple[str, ...]] = {}
    for number, one in enumerate(read) if wanted else ():
        try:
            files, folders = one.header.texts(_FILES), one.header.texts(_FOLDERS)
            indexes = one.header.numbers(_INDEXES)
        except BadHeader:
            continue
        own = {
            path
            for file, index in zip(files, indexes, strict=False)
            if file in names and index < len(folders) and (path := folders[index] + file) in wanted
        }
        if own:
            found[number] = tuple(sorted(own))
    return found
