"""What pacman has installed: a folder a package with a file ``desc``. Owns that form."""

from __future__ import annotations

import re
from typing import Final

from freehold.read.distribution import Distribution
from freehold.read.installed_packages import InstalledPackage, package_url
from freehold.read.licences import conjunction
from freehold.read.package_licences import package_licence
from freehold.read.root_files import Root
from freehold.read.root_marks import ARCH_FOLDER
from freehold.stack.inventory import Evidence, Skip

__all__ = ["read_arch_packages"]


_CAPABILITY: Final = re.compile(r"[^<>=:\s]+")


def read_arch_packages(root: Root, distribution: Distribution | None, registry: str | None) -> tuple[InstalledPackage, ...]:
    """Read the packages that pacman has installed; skips go to the root.

    Parameters
    ----------
    root
        The root folder.
    distribution
        Whose packages they are; Arch Linux's if it does not say.
    registry
        Host that packages come from, in reverse-domain notation.
    """
    found: list[InstalledPackage] = []
    namespace = distribution.namespace if distribution else "arch"
    for name in root.names(ARCH_FOLDER):
        file = f"{ARCH_FOLDER}/{name}/desc"
        text = root.text(file)
        if text is None:
            continue
        sections = _sections(text)
        words = [" ".join(sections.get(key, ())[:1]) for key in ("NAME", "VERSION", "ARCH", "REASON")]
        id_ = package_url("alpm", namespace, words[0], words[1], arch=words[2])
        if id_ is None:
            root.skips.append(Skip(file, "syntax", "It lacks a name or a version that can be one."))
            continue
        licences = [spelt for one in sections.get("LICENSE", ()) if (spelt := package_licence(one))]
        found.append(
            InstalledPackage(
                id_, words[0], words[1], words[2], Evidence(file), _names(sections.get("PROVIDES", [])),
                tuple((one,) for one in _names(sections.get("DEPENDS", []))), words[3] != "1", conjunction(licences),
                registry=registry,
            )
        )  # fmt: skip
    return tuple(found)


def _sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    held: list[str] = []
    for line in text.splitlines():
        if line.startswith("%") and line.endswith("%") and len(line) > 2:
            held = found.setdefault(line[1:-1], [])
        elif line.strip():
            held.append(line.strip())
    return found


def _names(values: list[str]) -> tuple[str, ...]:
    return tuple(match[0] for value in values if (match := _CAPABILITY.match(value)))
