"""What apk has installed: its database of one-letter fields, and the world file of what was asked for. Owns both forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from freehold.read.distribution import Distribution
from freehold.read.installed_packages import InstalledPackage, package_url
from freehold.read.package_licences import package_licence
from freehold.read.root_files import LARGEST_DATABASE, Root
from freehold.read.root_marks import ALPINE_DATABASES
from freehold.stack.inventory import Evidence, Skip

__all__ = ["read_alpine_packages"]


_CAPABILITY: Final = re.compile(r"[^<>=~@\s]+")
_MOST_PACKAGES: Final = 200_000
_MOST_NEEDS: Final = 5000


def read_alpine_packages(root: Root, distribution: Distribution | None, registry: str | None) -> tuple[InstalledPackage, ...]:
    """Read the packages that apk has installed; skips go to the root.

    Parameters
    ----------
    root
        The root folder.
    distribution
        Whose packages they are; Alpine's if it does not say.
    registry
        Host that packages come from, in reverse-domain notation.
    """
    found: list[InstalledPackage] = []
    broken = 0
    asked = _world(root)
    namespace, tag = (distribution.namespace, distribution.tag) if distribution else ("alpine", None)
    file, text = next(
        ((file, text) for file in ALPINE_DATABASES if (text := root.text(file, LARGEST_DATABASE)) is not None), ("", "")
    )
    for line, fields in _entries(text):
        name, version, architecture = (fields.get(key, "") for key in "PVA")
        id_ = package_url("apk", namespace, name, version, arch=architecture, distro=tag)
        if id_ is None:
            broken += 1
            continue
        if len(found) >= _MOST_PACKAGES:
            root.skips.append(Skip(file, "limit", f"It lists over {_MOST_PACKAGES:,} packages; the others were not read."))
            break
        provides = _capabilities(fields.get("p", ""))
        direct = None if asked is None else bool(asked & {name, *provides})
        found.append(
            InstalledPackage(
                id_, name, version, architecture, Evidence(file, line), provides,
                tuple((one,) for one in _capabilities(fields.get("D", ""))), direct, package_licence(fields.get("L", "")),
                registry=registry,
            )
        )  # fmt: skip
    if broken:
        root.skips.append(Skip(file, "syntax", f"{broken} entries without a name or a version that can be one were left out."))
    return tuple(found)


def _entries(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    fields: dict[str, str] = {}
    start = 0
    for number, line in enumerate((*text.split("\n"), ""), 1):
        line = line.rstrip("\r")
        if not line:
            if fields:
                yield start, fields
            fields = {}
        elif line[1:2] == ":":
            start = start if fields else number
            fields.setdefault(line[0], line[2:])


def _capabilities(text: str) -> tuple[str, ...]:
    # what begins with an exclamation mark must not be there
    words = text.split(None, _MOST_NEEDS)[:_MOST_NEEDS]
    return tuple(match[0] for word in words if not word.startswith("!") and (match := _CAPABILITY.match(word)))


def _world(root: Root) -> frozenset[str] | None:
    text = root.text("etc/apk/world")
    return None if text is None else frozenset(_capabilities(text))
