"""Names of providers and modules in a Terraform registry, and the components that they become. Owns those names."""

from __future__ import annotations

import re
from typing import Final

from freehold.read.hosts import is_public, reversed_host
from freehold.read.purls import canonical
from freehold.stack.inventory import Component, Evidence

__all__ = ["REGISTRIES", "exact_version", "module_component", "provider_component"]

REGISTRIES: Final = {False: "io.terraform.registry", True: "org.opentofu.registry"}
"""Where a name without a host comes from, by whether OpenTofu is used."""

_PART: Final = re.compile(r"[A-Za-z0-9][\w-]*$")
_EXACT: Final = re.compile(r"=?\s*v?(\d+(?:\.\d+)*(?:-[\w.]+)?)$")
_LONGEST: Final = 300


def exact_version(constraint: str | None) -> str | None:
    """The version, if a constraint allows only one."""
    match = _EXACT.match(constraint.strip()) if constraint else None
    return match[1] if match else None


def provider_component(source: str, constraint: str | None, where: Evidence, *, open_tofu: bool = False) -> Component | None:
    """A provider by its source address (``aws``, ``hashicorp/aws``, ``host/space/name``); ``None`` if it is none."""
    parts = source.split("/") if len(source) <= _LONGEST else []
    if len(parts) == 1:
        parts = ["hashicorp", *parts]
    return _component(parts, 2, constraint, where, open_tofu=open_tofu)


def module_component(
    source: str, constraint: str | None, where: Evidence, *, open_tofu: bool = False
) -> tuple[Component, str] | None:
    """A module by its registry address and the local name of its main provider; ``None`` if it is no such address."""
    parts = source.partition("//")[0].split("/") if len(source) <= _LONGEST else []
    component = _component(parts, 3, constraint, where, open_tofu=open_tofu)
    return (component, parts[-1]) if component else None


def _component(parts: list[str], length: int, constraint: str | None, where: Evidence, *, open_tofu: bool) -> Component | None:
    host, names = (parts[0].lower(), parts[1:]) if len(parts) == length + 1 else ("", parts)
    if len(names) != length or not all(_PART.match(name) for name in names) or (host and not is_public(host.partition(":")[0])):
        return None
    default = reversed_host(host) in REGISTRIES.values()
    registry = reversed_host(host.partition(":")[0]) if host else REGISTRIES[open_tofu]
    version = exact_version(constraint)
    name = "/".join(names).lower()
    identity = f"pkg:terraform/{name}" + (f"@{version}" if version else "")
    identity += f"?repository_url={host}" if host and not default else ""
    spelled = canonical(identity)
    if spelled is None:
        return None
    return Component(spelled, name, version, scope="build", direct=True, registry=registry, evidence=(where,))
