"""A stack or an inventory without the hosts and paths of the organisation, fit to be shown to others. Owns what is hidden.

Each host and each path gets a name of its own, in the order in which it is met, so that what was equal stays equal and
nothing can be guessed back. What the catalogue says, and what a product or a provider is called, stays: only the places
where they were met are hidden. Package names are no hosts, but for those of Go modules, which begin with one; it is hidden
unless it is a forge that the go command knows. Qualifiers of packages that hold an address are hidden. A thing of one's own
that is called like a host (a server in a table, the domain of a zone) is one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from freehold.errors import Finding
from freehold.stack.inventory import Component, Evidence, Inventory, Skip
from freehold.stack.values import Claim, Stack

__all__ = ["WHAT", "Redaction"]

WHAT: Final = ("hosts", "paths")
"""What can be hidden."""

_HOST_ID: Final = re.compile(r"^(host:)([^:]+)(.*)$", re.DOTALL)
_HOST_NAME: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_QUALIFIER: Final = re.compile(r"((?:repository_url|vcs_url|download_url|checksums?|file_name)=)([^&#@]+)")
_MODULE: Final = re.compile(r"(?<=pkg:golang/)[^/@?#]+\.[^/@?#]+")
_FORGES: Final = frozenset({"github.com", "bitbucket.org", "launchpad.net"})
"""Hosts of modules that ``go help importpath`` lists as known to everyone."""
_KEPT_SOURCES: Final = ("catalogue", "default for", "own copy")
_PLACE: Final = re.compile(r"^(?P<file>.+?)(?P<rest>(?::\d+)?(?: \S.*)?)$", re.DOTALL)


@dataclass(slots=True)
class Redaction:
    """Hides hosts, paths or both; one of these for all that must keep its names equal.

    Parameters
    ----------
    what
        Of :data:`WHAT`.
    """

    what: Collection[str] = WHAT
    _names: dict[str, dict[str, str]] = field(default_factory=dict)
    _own: set[str] = field(default_factory=set)

    def host(self, host: str) -> str:
        """The name that stands for a host, or the host itself if hosts are not hidden."""
        return self._name("host", host) if "hosts" in self.what else host

    def path(self, path: str) -> str:
        """The name that stands for a path, or the path itself if paths are not hidden."""
        return self._name("path", path) if "paths" in self.what else path

    def _name(self, kind: str, text: str) -> str:
        names = self._names.setdefault(kind, {})
        return names.setdefault(text, f"{kind}-{len(names) + 1}")

    def text(self, text: str) -> str:
        """A text without the organisation's own hosts that were met in what was hidden before."""
        return _HOST_NAME.sub(self._own_host, text) if self._own else text

    def finding(self, finding: Finding) -> Finding:
        """A finding without them."""
        return replace(finding, file=self.path(finding.file) if finding.file else "", problem=self.text(finding.problem))

    def _own_host(self, match: re.Match[str]) -> str:
        labels = match[0].casefold().split(".")
        known = any(".".join(labels[place:]) in self._own for place in range(len(labels) - 1))
        return self.host(match[0].casefold()) if known else match[0]

    def _learn(self, *names: str | None) -> None:
        """Take names that read like a host's for hosts of the organisation."""
        if "hosts" in self.what:
            self._own.update(name.casefold() for name in names if name and _HOST_NAME.fullmatch(name))

    def _module(self, host: str) -> str:
        """The name that stands for the host with which a Go module's own name begins."""
        return host if host in _FORGES else self.host(".".join(reversed(host.split("."))))

    def _named(self, name: str | None, id_: str) -> str | None:
        """The name of what has an id; for a Go module it holds the same host."""
        found = _MODULE.search(id_) if name and "hosts" in self.what else None
        if not found or not name:
            return name
        hidden = f"{self._module(found[0])}/"
        return re.sub(re.escape(f"{found[0]}/"), lambda _: hidden, name, flags=re.IGNORECASE)

    def inventory(self, inventory: Inventory) -> Inventory:
        """An inventory without them."""
        self._learn(inventory.name)
        return replace(
            inventory,
            name=self.text(inventory.name),
            components=tuple(self._component(one) for one in inventory.components),
            contacts=tuple(
                replace(one, host=self.host(one.host), evidence=self._evidence(one.evidence)) for one in inventory.contacts
            ),
            skips=tuple(self._skip(one) for one in inventory.skips),
            claims=tuple(self._claim(one) for one in inventory.claims),
        )

    def stack(self, stack: Stack) -> Stack:
        """A stack without them."""
        turned = {found[2] for item in stack.items if (found := _HOST_ID.match(item.id))}
        hosts = {host: host for host in turned} | {".".join(reversed(host.split("."))): host for host in turned}
        others = {one.item for one in stack.sources if isinstance(one.provider, str) and one.provider != "self"}
        own = (one for one in stack.items if one.id not in others and not one.id.startswith(("pkg:", "host:")))
        self._learn(stack.name, *(name for one in own for name in (one.id, one.name)))
        return replace(
            stack,
            name=self.text(stack.name),
            items=tuple(replace(one, id=self._id(one.id), name=self._title(one.name, one.id, hosts)) for one in stack.items),
            sources=tuple(replace(one, id=self._id(one.id), item=self._id(one.item)) for one in stack.sources),
            needs=tuple(replace(one, source=self._id(one.source), item=self._id(one.item)) for one in stack.needs),
            claims=tuple(self._claim(one) for one in stack.claims),
            path=self.path(stack.path) if stack.path else "",
        )

    def _title(self, name: str | None, id_: str, hosts: Mapping[str, str]) -> str | None:
        if not name:
            return name
        return self.host(hosts[name]) if name in hosts else self.text(self._named(name, id_) or name)

    def _component(self, one: Component) -> Component:
        return replace(
            one,
            id=self._id(one.id),
            name=self._named(one.name, one.id) or one.name,
            depends=tuple(self._id(other) for other in one.depends),
            registry=self.host(one.registry) if one.registry else None,
            repository=self.host(one.repository) if one.repository else None,
            evidence=self._evidence(one.evidence),
        )

    def _skip(self, one: Skip) -> Skip:
        if "paths" not in self.what or one.file in {"", "."}:
            return one
        return Skip(self.path(one.file), one.reason, self.text(one.detail.replace(one.file, self.path(one.file))))

    def _evidence(self, evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        return tuple(replace(one, file=self.path(one.file)) for one in evidence)

    def _id(self, id_: str) -> str:
        """An id of an item, a source or a need, whose parts may be a host or hold an address."""
        if " > " in id_:
            return " > ".join(self._id(part) for part in id_.split(" > "))
        if "hosts" not in self.what:
            return id_
        found = _HOST_ID.match(id_)
        if found:
            host, at, rest = found[2].partition("@")
            return found[1] + self.host(host) + at + rest + found[3]
        if "pkg:golang/" in id_:
            id_ = _MODULE.sub(lambda match: self._module(match[0]), id_)
        if "pkg:" in id_ and "=" in id_:
            return _QUALIFIER.sub(lambda match: match[1] + self.host(match[2]), id_)
        return id_ if "pkg:" in id_ else self.text(id_)

    def _claim(self, one: Claim) -> Claim:
        value = self._named(self._id(one.value), one.id) or one.value
        source = one.source
        if not source.startswith(_KEPT_SOURCES):
            found = _PLACE.match(source)
            file = found["file"] if found else ""
            if (
                found
                and "paths" in self.what
                and "://" not in file
                and ("/" in file or "." in file or found["rest"][:1] == ":")
            ):
                source = self.path(file) + found["rest"]
            else:
                source = self.text(source)
        return replace(one, id=self._id(one.id), value=value, source=source)
