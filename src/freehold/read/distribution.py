"""Which distribution a root folder holds, from its ``os-release``. Owns how a distribution names itself in package URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from freehold.read.plain_text import plain
from freehold.read.purls import slug
from freehold.read.root_files import Root
from freehold.stack.inventory import Component, Evidence

__all__ = ["Distribution", "read_distribution"]

_LINE: Final = re.compile(r"""\s*([A-Z][A-Z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s#'"]*))\s*(?:#.*)?""")
_ESCAPE: Final = re.compile(r'\\([$"\\`])')
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
_NAMESPACES: Final = {"rhel": "redhat"}


@dataclass(frozen=True, slots=True)
class Distribution:
    """What ``os-release`` says.

    Parameters
    ----------
    id, version
        ``ID`` and ``VERSION_ID`` (a rolling one's code name).
    name
        For people, without the version.
    vendor
        Who is named as its vendor, if anyone.
    evidence
        The file.
    """

    id: str
    version: str | None
    name: str
    vendor: str | None
    evidence: Evidence

    @property
    def namespace(self) -> str:
        """The namespace of its packages' URLs."""
        return "opensuse" if self.id.startswith("opensuse") else _NAMESPACES.get(self.id, self.id)

    @property
    def tag(self) -> str:
        """The qualifier ``distro`` of its packages' URLs."""
        return f"{self.id}-{self.version}" if self.version else self.id

    def component(self, parts: tuple[str, ...]) -> Component:
        """The distribution as an item of its own, which its packages are parts of."""
        return Component(
            slug("os", self.id, self.version), self.name, self.version, "os", supplier=self.vendor, direct=True, depends=parts,
            provides=self.id, evidence=(self.evidence,),
        )  # fmt: skip


def read_distribution(root: Root) -> Distribution | None:
    """Read ``etc/os-release``, else ``usr/lib/os-release``; ``None`` if neither names a distribution."""
    for file in ("etc/os-release", "usr/lib/os-release"):
        text = root.text(file)
        if text is None:
            continue
        told: dict[str, str] = {}
        for line in text.splitlines():
            match = _LINE.fullmatch(line)
            if match:
                value = _ESCAPE.sub(r"\1", match[2]) if match[2] is not None else match[3] or match[4] or ""
                told.setdefault(match[1], plain(value, 200).strip())
        id_ = told.get("ID", "").lower()
        if _SLUG.fullmatch(id_):
            version = told.get("VERSION_ID") or told.get("VERSION_CODENAME") or None
            version = version if version and _SLUG.fullmatch(version.lower()) else None
            name = told.get("NAME") or id_
            return Distribution(id_, version, name, told.get("VENDOR_NAME") or None, Evidence(file))
    return None
