"""Container images: how an image's name becomes a component and a registry. Owns image names and the variables in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from freehold.read.findings import Findings
from freehold.read.hosts import is_public, reversed_host
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = ["DEFAULT_REGISTRY", "LONGEST_IMAGE", "filled", "image_findings", "unfilled", "without_own_images"]

DEFAULT_REGISTRY: Final = "com.docker.hub"
"""Where an image without a host in its name comes from."""
LONGEST_IMAGE: Final = 500
"""Signs of a text that may be an image's name."""

_DOCKER: Final = frozenset({"io.docker", "io.docker.index", "io.docker.registry-1", DEFAULT_REGISTRY})
_IMAGE: Final = re.compile(
    r"(?:(?P<host>(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(?::\d+)?|localhost(?::\d+)?|[A-Za-z0-9-]+:\d+)/)?"
    r"(?P<path>[a-z0-9._-]+(?:/[a-z0-9._-]+)*)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]+))?$"
)
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_]\w*)(?::?[-+]([^{}]*))?\}|\$([A-Za-z_]\w*)")


def image_findings(image: str, scope: str, where: Evidence, *, kind: str | None = None) -> Findings:
    """An image by its name as a component, and the host that it is pulled from as a contact.

    Parameters
    ----------
    image
        As it stands; a name that is nobody's (a variable, a private host, ``scratch``) gives nothing.
    scope, where
        What it is needed for, and where it was seen.
    kind
        ``platform`` where the image itself is pulled to run; ``None`` where it is only built on.
    """
    match = _IMAGE.match(image.strip()) if len(image) <= LONGEST_IMAGE else None
    if match is None or match["path"] == "scratch":
        return Findings()
    host = (match["host"] or "").lower().partition(":")[0]
    if reversed_host(host) in _DOCKER:
        host = ""
    if match["host"] and host and not is_public(host):
        return Findings()
    space, _, name = match["path"].rpartition("/")
    if not host and space == "library":
        space = ""
    version = match["digest"] or match["tag"]
    source = f"{host}/{space}".rstrip("/")
    identity = f"pkg:docker/{'' if host or not space else space + '/'}{name}"
    identity += (f"@{version}" if version else "") + (f"?repository_url={source}" if host else "")
    registry = reversed_host(host) if host else DEFAULT_REGISTRY
    component = Component(
        identity, match["path"], version, kind=kind, scope=scope, direct=True, registry=registry, evidence=(where,)
    )
    change = Contact(registry, "image-registry", "change", evidence=(where,))
    return Findings((component,), (change,))


def filled(text: str, known: Mapping[str, str]) -> str:
    """The text with what is known for its variables, or their defaults; ``$`` stands for one without, empty: too long."""
    # each name may stand for more than itself, so what is filled in is bounded before it is
    if len(text) > LONGEST_IMAGE:
        return ""
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[3]) or match[2] or "$", text)


def unfilled(file: str, line: int) -> Skip:
    """Says that an image's name is only known where it is built or started."""
    return Skip(file, "incomplete", f"Line {line} names an image by a variable that has no value here.")


def without_own_images(findings: Findings, own: Collection[str]) -> Findings:
    """Leave out images that are built in the folder itself: named without a registry, a space or a version.

    Parameters
    ----------
    findings
        What was found.
    own
        Names of the folders that hold instructions for an image.
    """
    left = {one.id: one.evidence for one in findings.components if one.id == f"pkg:docker/{one.name}" and one.name in own}
    if not left:
        return findings
    seen = {where for evidence in left.values() for where in evidence}
    contacts = [one for one in findings.contacts if one.role != "image-registry" or not seen.issuperset(one.evidence)]
    components = tuple(one for one in findings.components if one.id not in left)
    return replace(findings, components=components, contacts=tuple(contacts))
