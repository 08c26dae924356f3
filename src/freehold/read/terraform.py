"""Terraform and OpenTofu folders: which files belong together, and what of each module becomes findings.

Owns the seam between files and modules: a folder is a module, its variables have their values in several files, and a
lock pins the providers of all modules below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from freehold.read.configuration import tree_mentions
from freehold.read.documents import json_of, text_of
from freehold.read.findings import Findings
from freehold.read.hcl import parse_hcl
from freehold.read.interface import Surroundings
from freehold.read.mentions import host_of
from freehold.read.terraform_module import Part, parts_of, values_of
from freehold.read.terraform_names import provider_component
from freehold.read.terraform_use import findings_of_module
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import DEEPEST, Node
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = ["TerraformReader"]

_LOCK: Final = ".terraform.lock.hcl"
_ENDINGS: Final = (".tf", ".tofu", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json")
_OWN_NAMES: Final = re.compile(r"ingress|dns|record|certificate|domain|zone|_acm_")
_TOOLS: Final = {False: "pkg:github/hashicorp/terraform", True: "pkg:github/opentofu/opentofu"}
_MOST: Final = 200_000


class TerraformReader:
    """Reads all Terraform and OpenTofu files of a folder together."""

    name = "terraform"

    def recognises(self, file: SourceFile) -> bool:
        """Whether it is configuration, values or the lock of either."""
        name = file.name.lower()
        return (name.endswith(_ENDINGS) or name == _LOCK) and file.place in {"run", "script"}

    def read(self, files: Sequence[SourceFile], around: Surroundings) -> tuple[Findings, frozenset[str]]:  # noqa: ARG002
        """Read them; nothing is fetched, planned or evaluated beyond variables with a plain value."""
        modules: dict[str, list[tuple[SourceFile, Node]]] = {}
        locked: dict[str, list[Component]] = {}
        skips: list[Skip] = []
        for file in files:
            tree, skip = _tree(file)
            skips += [skip] if skip else []
            if tree is None:
                continue
            if file.name.lower() == _LOCK:
                locked[file.folder] = _locked(file, tree)
            else:
                modules.setdefault(file.folder, []).append((file, tree))
        open_tofu = _is_open_tofu(files, locked)
        found = [Findings(skips=tuple(skips))]
        for _, held in sorted(modules.items()):
            values = values_of(held)
            parts = [part for file, tree in held if not _is_values(file) for part in parts_of(file.relative, tree)]
            found.append(findings_of_module(parts, values, open_tofu=open_tofu))
            found.append(_hosts(parts))
        joined = Findings.of(found)
        components = [*_pinned(joined.components, locked), *_tool(files, open_tofu=open_tofu)]
        return replace(joined, components=tuple(components)), frozenset(file.relative for file in files)


def _is_values(file: SourceFile) -> bool:
    return file.name.lower().endswith((".tfvars", ".tfvars.json"))


def _is_open_tofu(files: Iterable[SourceFile], locked: dict[str, list[Component]]) -> bool:
    named = any(file.name.lower().endswith((".tofu", ".tofu.json")) for file in files)
    return named or any(one.registry == "org.opentofu.registry" for held in locked.values() for one in held)


def _tree(file: SourceFile) -> tuple[Node | None, Skip | None]:
    text = text_of(file)
    if isinstance(text, Skip):
        return None, text
    if not file.name.lower().endswith(".json"):
        return parse_hcl(file, text)
    document = json_of(file, text)
    if isinstance(document, Skip):
        return None, document
    tree, left = _plain(document, 0, [_MOST])
    return tree, None if left else Skip(file.relative, "too-large", f"It holds more than {_MOST:,} values or nests too deep.")


def _plain(value: object, depth: int, left: list[int]) -> tuple[Node, bool]:
    """JSON as the same tree; its lines are not known."""
    left[0] -= 1
    if left[0] < 0 or depth > DEEPEST:
        return Node(0), False
    if isinstance(value, dict):
        inner = [(str(name), _plain(one, depth + 1, left)) for name, one in value.items()]
        return Node(0, pairs=[(name, node) for name, (node, _) in inner]), all(whole for _, (_, whole) in inner)
    if isinstance(value, list):
        items = [_plain(one, depth + 1, left) for one in value]
        return Node(0, items=[node for node, _ in items]), all(whole for _, whole in items)
    return Node(0, text="" if value is None else str(value).lower() if isinstance(value, bool) else str(value)), True


def _locked(file: SourceFile, tree: Node) -> list[Component]:
    found = []
    for name, named in tree.pairs or ():
        for source, body in (named.pairs or ()) if name == "provider" else ():
            one = provider_component(source, body.words("version"), Evidence(file.relative, body.line))
            found += [one] if one else []
    return found


def _pinned(components: Iterable[Component], locked: dict[str, list[Component]]) -> list[Component]:
    """What the locks pin, and what is asked for without a version under the version that the nearest lock gives it."""
    by_folder = {folder: {_unversioned(one): one for one in held} for folder, held in locked.items()}
    anywhere = {name: one for held in reversed(by_folder.values()) for name, one in held.items()}
    found = [one for held in locked.values() for one in held]
    for component in components:
        name = _unversioned(component)
        if name not in anywhere or not component.id.startswith("pkg:terraform/") or component.version is not None:
            found.append(component)
            continue
        folder = component.evidence[0].file.rpartition("/")[0] if component.evidence else ""
        while folder and name not in by_folder.get(folder, {}):
            folder = folder.rpartition("/")[0]
        pin = by_folder.get(folder, {}).get(name, anywhere[name])
        found.append(replace(component, id=pin.id, version=pin.version, registry=pin.registry))
    return found


def _unversioned(component: Component) -> str:
    return component.id.partition("?")[0].partition("@")[0]


def _tool(files: Iterable[SourceFile], *, open_tofu: bool) -> Iterable[Component]:
    first = next((file for file in files if file.name.lower() != _LOCK and not _is_values(file)), None)
    if first is not None:
        identity = _TOOLS[open_tofu]
        name = identity.rpartition("/")[2]
        yield Component(
            identity, name, scope="build", direct=True, repository=identity.replace("pkg:github", "com.github"),
            evidence=(Evidence(first.relative),),
        )  # fmt: skip


def _hosts(parts: Iterable[Part]) -> Findings:
    """Hosts that resources are given; those that a provider is given are called when something is changed."""
    contacts = []
    for part in parts:
        if part.sort in {"terraform", "output", "moved", "check"} or (part.labels and _OWN_NAMES.search(part.labels[0])):
            continue
        scope = "change" if part.sort in {"provider", "data"} else "run"
        for mention in tree_mentions([part.body]):
            named = replace(mention, keys=(*part.labels, *mention.keys))
            host = host_of(named)
            if host:
                contacts.append(Contact(host, "service", scope, evidence=(Evidence(part.file, mention.line),)))
    return Findings(contacts=tuple(contacts))
