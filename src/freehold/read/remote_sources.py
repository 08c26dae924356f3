"""Code and charts that are taken from elsewhere by an address: Git, archives, chart repositories. Owns how those are written.

Terraform modules, Kustomize resources, Argo CD and Flux sources, and build contexts all name them alike.
"""

from __future__ import annotations

import re
from typing import Final

from freehold.read.containers import DEFAULT_REGISTRY
from freehold.read.findings import Findings
from freehold.read.hosts import is_public, parse_address, repository_of, reversed_host
from freehold.read.purls import canonical
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = ["chart_findings", "git_contact", "git_findings", "is_remote"]

_FORGES: Final = {"com.github": "github", "com.gitlab": "gitlab", "org.bitbucket": "bitbucket"}
_RAW: Final = {"com.githubusercontent.raw": "com.github"}
_FORCED: Final = re.compile(r"^(?:git|hg|s3|gcs|oci|https?)::")
_BARE: Final = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}/[^\s/]+/")
_REF: Final = re.compile(r"[?&](?:ref|version|tag)=([\w./+-]+)")
_RAW_REF: Final = re.compile(r"^/[^/]+/[^/]+/([^/]+)/")
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*$")
_LONGEST: Final = 1000


def _plain_address(source: str) -> str:
    """The address without what forces a way of fetching, and without the folder within (``//``)."""
    text = _FORCED.sub("", source.strip())
    if "://" not in text and ":" not in text.partition("/")[0] and _BARE.match(text):
        text = "https://" + text
    begin, mark, rest = text.partition("://")
    return begin + mark + rest.partition("//")[0] if mark else text.partition("//")[0]


def is_remote(source: str) -> bool:
    """Whether an address leads out of the folder to a public host."""
    address = parse_address(_plain_address(source)) if len(source) <= _LONGEST else None
    return address is not None and is_public(address.host)


def git_contact(source: str, where: Evidence, role: str = "forge") -> Contact | None:
    """The host of a repository or an archive by its address, or ``None`` if it is nobody's."""
    address = parse_address(_plain_address(source)) if len(source) <= _LONGEST else None
    if address is None or not is_public(address.host) or address.scheme not in {"https", "http", "ssh", "git", "oci"}:
        return None
    return Contact(reversed_host(address.host.removeprefix("www.")), role, "change", evidence=(where,))


def git_findings(source: str, where: Evidence, *, ref: str | None = None, scope: str = "build") -> Findings:
    """Code of others that is taken in by an address: a component, and the host that it comes from as a forge.

    Parameters
    ----------
    source
        As it stands: ``git::https://…//folder?ref=v1``, ``github.com/owner/name``, ``git@host:owner/name.git``.
    where
        Where it was seen.
    ref
        Version, where it stands beside the address.
    scope
        What it is needed for.
    """
    contact = git_contact(source, where)
    if contact is None:
        return Findings()
    plain = _plain_address(source)
    found = _REF.search(source)
    version = ref or (found[1] if found else None)
    repository = repository_of(plain.partition("?")[0])
    forge = _RAW.get(contact.host)
    if forge and repository:
        address = parse_address(plain)
        raw = _RAW_REF.match(address.path) if address else None
        version = version or (raw[1] if raw else None)
        repository = forge + repository[len(contact.host) :]
    host, _, path = (repository or "").partition("/")
    type_ = _FORGES.get(host)
    if type_ is None or path.count("/") < 1 or not all(_NAME.match(part) for part in path.split("/")):
        return Findings(contacts=(contact,))
    identity = canonical(f"pkg:{type_}/{path}" + (f"@{version}" if version else ""))
    if identity is None:
        return Findings(contacts=(contact,))
    component = Component(identity, path, version, scope=scope, direct=True, repository=repository, evidence=(where,))
    return Findings((component,), (contact,))


def chart_findings(name: str, version: str | None, repository: str, scope: str, where: Evidence) -> Findings:
    """A Helm chart as a component, and the repository that it comes from; a chart within the folder gives nothing."""
    address = parse_address(repository) if len(repository) <= _LONGEST else None
    if not _NAME.match(name) or address is None or address.scheme not in {"https", "http", "oci"}:
        return Findings()
    if not is_public(address.host):
        return Findings()
    version = version if version and re.fullmatch(r"v?\d[\w.+-]*", version) else None
    registry = reversed_host(address.host)
    role = "image-registry" if address.scheme == "oci" else "registry"
    if registry == "io.docker.registry-1":
        registry = DEFAULT_REGISTRY
    place = (address.host + address.path).rstrip("/")
    identity = canonical(f"pkg:helm/{name}" + (f"@{version}" if version else "") + f"?repository_url={place}")
    if identity is None:
        return Findings()
    component = Component(identity, name, version, scope=scope, direct=True, registry=registry, evidence=(where,))
    skip = Skip(where.file, "incomplete", f"The chart '{name}' is kept elsewhere: the images that it brings were not read.")
    return Findings((component,), (Contact(registry, role, "change", evidence=(where,)),), (skip,))
