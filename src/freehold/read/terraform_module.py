"""One Terraform module as parts and values: blocks in either syntax told apart, variables given what is known of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node

__all__ = ["Part", "blocks", "parts_of", "value_of", "values_of"]

_LABELS: Final = {
    "resource": 2, "data": 2, "ephemeral": 2, "provider": 1, "module": 1, "variable": 1, "output": 1, "terraform": 0,
    "locals": 0, "moved": 0, "import": 0, "check": 1, "removed": 0,
}  # fmt: skip
_REFERENCE: Final = re.compile(r"\$\{(var|local)\.([\w-]+)\}$")
_DEEPEST: Final = 5


@dataclass(frozen=True, slots=True)
class Part:
    """A block at the top of a file: its sort (``resource``), its labels, and what is in it."""

    file: str
    sort: str
    labels: tuple[str, ...]
    body: Node


def blocks(node: Node | None) -> Iterator[Node]:
    """A block, or each of several under one name (JSON writes those as a list)."""
    if node is not None and node.items is not None:
        yield from node.items
    elif node is not None:
        yield node


def parts_of(file: str, tree: Node) -> Iterator[Part]:
    """Every block at the top of a file."""
    for sort, node in tree.pairs or ():
        depth = _LABELS.get(sort)
        if depth is None:
            continue
        pending: list[tuple[tuple[str, ...], Node]] = [((), one) for one in blocks(node)]
        for _ in range(depth):
            inner: list[tuple[tuple[str, ...], Node]] = []
            for labels, one in pending:
                inner += [((*labels, label), found) for label, held in one.pairs or () for found in blocks(held)]
            pending = inner
        yield from (Part(file, sort, labels, one) for labels, one in pending if one.pairs is not None)


def values_of(files: Iterable[tuple[SourceFile, Node]]) -> Mapping[str, Node]:
    """What is known of a module's variables and locals: ``var.x`` by the files of values, else by its default."""
    defaults: dict[str, Node] = {}
    given: dict[str, Node] = {}
    for file, tree in files:
        if file.name.lower().endswith((".tfvars", ".tfvars.json")):
            given.update((f"var.{name}", node) for name, node in tree.pairs or ())
            continue
        for part in parts_of(file.relative, tree):
            if part.sort == "variable" and (default := part.body.get("default")) is not None:
                defaults[f"var.{part.labels[0]}"] = default
            elif part.sort == "locals":
                defaults.update((f"local.{name}", node) for name, node in part.body.pairs or ())
    return {**defaults, **given}


def value_of(node: Node | None, values: Mapping[str, Node]) -> str | None:
    """The plain text that a value is, through variables with one; ``None`` where it is only known when it runs."""
    for _ in range(_DEEPEST):
        if node is None or node.text is None:
            return None
        match = _REFERENCE.match(node.text)
        if match is None:
            return None if "${" in node.text or "%{" in node.text else node.text
        node = values.get(f"{match[1]}.{match[2]}")
    return None
