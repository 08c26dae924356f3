"""Package URLs made comparable. Owns their normal spelling, and which forge a path on a host belongs to.

Version, qualifiers and subpath are dropped; case is put aside for all types, Python names follow PEP 503. It reads what
the library for package URLs reads, at a twentieth of its cost, because inventories hold a hundred thousand. Some names
state the repository that the package comes from: those of Go modules, of actions and of what a forge itself holds.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

__all__ = ["FORGES", "forge_purl", "normal_purl", "stated_repository"]

FORGES: Final = {"com.github": "github", "com.gitlab": "gitlab", "org.bitbucket": "bitbucket"}
"""Hosts of forges, in reverse-domain notation, and the type of their package URLs."""

_HOST_OF_TYPE: Final = {type_: host for host, type_ in FORGES.items()} | {"githubactions": "com.github"}
_SEPARATORS: Final = re.compile(r"[-_.]+")
_USUAL_TYPES: Final = frozenset({"pypi", "npm", "deb", "maven", "cargo", "golang", "nuget", "gem", "github", "oci", "docker"})
_TYPE: Final = re.compile(r"[a-z][a-z0-9.+-]*", re.ASCII)


def normal_purl(text: str) -> str | None:
    """Write a package URL, or a pattern of them, in the one spelling in which they are compared.

    Parameters
    ----------
    text
        Such as ``"pkg:pypi/Foo_Bar@1.0?x=y#z"``, ``"pkg:npm/%40scope/*"`` or a bare type ``"pkg:pypi"``.

    Returns
    -------
    str or None
        Such as ``"pkg:pypi/foo-bar"``, ``"pkg:npm/@scope/*"``; ``None`` if it is no package URL.
    """
    rest = text.strip()
    if rest[:4].lower() != "pkg:":
        return None
    rest = rest[4:]
    for mark in "#?":
        if mark in rest:
            rest = rest.partition(mark)[0]
    rest = rest.strip("/")
    at = rest.find("@", rest.rfind("/") + 2)
    if at > 0 and "/" in rest:
        rest = rest[:at]
    if "%" in rest:
        rest = rest.replace("%40", "@")
        rest = unquote(rest) if "%" in rest else rest
    type_, _, name = rest.lower().partition("/")
    if type_ not in _USUAL_TYPES and not _TYPE.fullmatch(type_):
        return None
    if type_ == "pypi":
        name = _SEPARATORS.sub("-", name)
    return f"pkg:{type_}/{name}" if name else f"pkg:{type_}"


def forge_purl(path: str) -> str | None:
    """Write a repository on a forge as a package URL.

    Parameters
    ----------
    path
        Host and path in reverse-domain notation, such as ``"com.github/psf/requests"``.

    Returns
    -------
    str or None
        ``"pkg:github/psf/requests"``; ``None`` if the host is not a forge of :data:`FORGES` or names no owner.
    """
    host, _, rest = path.strip().partition("/")
    type_ = FORGES.get(host.lower())
    parts = [part for part in rest.split("/") if part][:2]
    return normal_purl(f"pkg:{type_}/{'/'.join(parts)}".removesuffix(".git")) if type_ is not None and parts else None


def stated_repository(normal: str) -> str | None:
    """Give the repository on a known forge that a package's own name states.

    Parameters
    ----------
    normal
        As :func:`normal_purl` writes it.

    Returns
    -------
    str or None
        Such as ``"com.github/spf13/cobra"`` for ``"pkg:golang/github.com/spf13/cobra"``; ``None`` if the name says
        nothing of a forge of :data:`FORGES`.
    """
    type_, _, name = normal.removeprefix("pkg:").partition("/")
    host, path = _HOST_OF_TYPE.get(type_), name
    if type_ == "golang":
        first, _, path = name.partition("/")
        turned = ".".join(reversed(first.split(".")))
        host = turned if turned in FORGES else None
    return f"{host}/{path}" if host is not None and path else None
