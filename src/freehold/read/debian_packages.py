"""What dpkg has installed: its status file, or the folder of them that images without a package manager carry.

Owns the stanzas of Debian's control files. Which source a package came from is told by apt's lists where they are
there, else by the domain of whoever maintains it: a domain is compared, no name and no address is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from freehold.read.distribution import Distribution
from freehold.read.documents import bytes_at
from freehold.read.installed_packages import InstalledPackage, package_url
from freehold.read.package_licences import package_licence
from freehold.read.package_sources import Origins, PackageSource
from freehold.read.purls import slug
from freehold.read.root_files import LARGEST_DATABASE, Root
from freehold.read.root_marks import DEBIAN_STATUS, DEBIAN_STATUS_FOLDER
from freehold.stack.inventory import Evidence, Skip

__all__ = ["read_debian_packages", "stanzas"]


_FIELD: Final = re.compile(r"([!-9;-~]+):[ \t]*(.*)")
_NEEDED: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9+.-]*)")
_DOMAIN: Final = re.compile(r"@([A-Za-z0-9.-]+)>?\s*$")
_LONGEST_NAME: Final = 500
_MOST_NEEDS: Final = 5000
_MOST_PACKAGES: Final = 200_000
_LARGEST_COPYRIGHT: Final = 256 * 1024
_FORMAT: Final = re.compile(r"\A\s*Format(?:-Specification)?:", re.IGNORECASE)


def stanzas(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Read the stanzas of a control file: the line where each begins, and its fields by name in small letters."""
    fields: dict[str, list[str]] = {}
    start, last = 0, ""
    for number, line in enumerate((*text.split("\n"), ""), 1):
        line = line.rstrip("\r")
        if not line.strip():
            if fields:
                yield start, {name: "\n".join(parts) for name, parts in fields.items()}
            fields, last = {}, ""
        elif line[0] in " \t":
            if last:
                fields[last].append(line.strip())
        elif line[0] != "#" and (match := _FIELD.match(line)):
            if not fields:
                start = number
            last = match[1].lower()
            fields[last] = [match[2].strip()]


def read_debian_packages(
    root: Root, distribution: Distribution | None, sources: Sequence[PackageSource] = ()
) -> tuple[InstalledPackage, ...]:
    """Read the packages that dpkg has installed; skips go to the root.

    Parameters
    ----------
    root
        The root folder.
    distribution
        Whose packages they are; Debian's if it does not say.
    sources
        Where packages come from, as its settings say.
    """
    automatic = _automatic(root)
    origins = Origins(sources)
    found: list[InstalledPackage] = []
    broken = 0
    for file, text in _databases(root):
        for line, fields in stanzas(text):
            if not _installed(fields):
                continue
            package = _package(fields, Evidence(file, line), distribution, automatic)
            if package is None:
                broken += 1
                continue
            if len(found) >= _MOST_PACKAGES:
                root.skips.append(Skip(file, "limit", f"It lists over {_MOST_PACKAGES:,} packages; the others were not read."))
                return tuple(found)
            package = _placed(package, fields, distribution.tag if distribution else None, origins)
            found.append(replace(package, licence=_licence(root, package.name)))
    if broken:
        root.skips.append(
            Skip(DEBIAN_STATUS, "syntax", f"{broken} entries without a name or a version that can be one were left out.")
        )
    return tuple(found)


def _databases(root: Root) -> Iterator[tuple[str, str]]:
    text = root.text(DEBIAN_STATUS, LARGEST_DATABASE)
    if text is not None:
        yield DEBIAN_STATUS, text
    for name in root.names(DEBIAN_STATUS_FOLDER):
        if not name.endswith(".md5sums"):
            file = f"{DEBIAN_STATUS_FOLDER}/{name}"
            inner = root.text(file)
            if inner is not None:
                yield file, inner


def _installed(fields: Mapping[str, str]) -> bool:
    # a stanza of status.d states no status: its being there says that it is installed
    return "package" in fields and fields.get("status", "installed").split()[-1:] == ["installed"]


def _automatic(root: Root) -> frozenset[tuple[str, str]] | None:
    """Packages that apt took in only because others need them; ``None`` if it has kept no account."""
    text = root.text("var/lib/apt/extended_states", LARGEST_DATABASE)
    if text is None:
        return None
    return frozenset(
        (fields.get("package", ""), fields.get("architecture", ""))
        for _, fields in stanzas(text)
        if fields.get("auto-installed") == "1"
    )


def _package(
    fields: Mapping[str, str], where: Evidence, distribution: Distribution | None, automatic: frozenset[tuple[str, str]] | None
) -> InstalledPackage | None:
    name, version, architecture = (fields.get(key, "") for key in ("package", "version", "architecture"))
    namespace, tag = (distribution.namespace, distribution.tag) if distribution else ("debian", None)
    id_ = package_url("deb", namespace, name, version, arch=architecture, distro=tag)
    if id_ is None:
        return None
    direct = None if automatic is None else not any((name, one) in automatic for one in (architecture, "native", ""))
    provides = tuple(one for one, *_ in _relations(fields.get("provides", "")))
    requires = (*_relations(fields.get("pre-depends", "")), *_relations(fields.get("depends", "")))
    return InstalledPackage(id_, name, version, architecture, where, provides, requires, direct)


def _relations(text: str) -> tuple[tuple[str, ...], ...]:
    found = []
    for group in text.split(",", _MOST_NEEDS)[:_MOST_NEEDS]:
        names = tuple(match[1] for one in group.split("|", 100)[:100] if (match := _NEEDED.match(one)))
        if names:
            found.append(names)
    return tuple(found)


def _placed(package: InstalledPackage, fields: Mapping[str, str], tag: str | None, origins: Origins) -> InstalledPackage:
    """The package with its registry; one that came from someone else's source under that source's name."""
    match = _DOMAIN.search(fields.get("maintainer", "")[-_LONGEST_NAME:])
    source = origins.foreign(package.name, package.version, match[1] if match else "")
    if source is None:
        return replace(package, registry=origins.own)
    name = source.origin or source.host.split(".")[1]
    id_ = package_url("deb", slug(name), package.name, package.version, arch=package.architecture, distro=tag)
    return replace(package, id=id_ or package.id, supplier=name, registry=source.host)


def _licence(root: Root, name: str) -> str | None:
    """The licence of ``Files: *`` of a copyright file that programs can read."""
    if "/" in name or name.startswith("."):
        return None
    place = root.place(f"usr/share/doc/{name}/copyright")
    if place is None:
        return None
    try:
        text = bytes_at(place, _LARGEST_COPYRIGHT).decode("utf-8", "replace")
    except OSError:
        return None
    if not _FORMAT.match(text):
        return None
    for _, fields in stanzas(text):
        if fields.get("files", "").split() == ["*"] and "license" in fields:
            return package_licence(fields["license"].partition("\n")[0])
    return None
