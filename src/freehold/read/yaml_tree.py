"""YAML as a plain tree with line numbers. Owns what YAML may cost: nesting and repetition are bounded.

The tree is built from parser events in one pass and without recursion. An alias refers to the node it names and is
never copied, so a document that multiplies itself stays as small as its text: who walks it visits a node once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import yaml

from freehold.read.walk import SourceFile
from freehold.stack.inventory import Skip

__all__ = ["DEEPEST", "Node", "parse_yaml"]

DEEPEST: Final = 100
"""Levels of nesting beyond which a document is refused."""
_MOST: Final = 400_000
"""Values and marks of one file."""
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True, eq=False)
class Node:
    """One value: a scalar (``text``), a mapping (``pairs``) or a sequence (``items``), and its line."""

    line: int
    text: str | None = None
    pairs: list[tuple[str, Node]] | None = None
    items: list[Node] | None = None
    _key: str | None = field(default=None, repr=False)

    def get(self, key: str) -> Node | None:
        """The value under ``key``, if this is a mapping that has it."""
        return next((node for name, node in self.pairs or () if name == key), None)

    def words(self, key: str) -> str | None:
        """The scalar under ``key``, if there is one."""
        node = self.get(key)
        return node.text if node is not None else None

    def add(self, node: Node) -> None:
        """Take a value in, as the next key, the value of the last key, or the next item."""
        if self.items is not None:
            self.items.append(node)
        elif self.pairs is not None and self._key is None:
            self._key = node.text if node.text is not None else ""
        elif self.pairs is not None and self._key is not None:
            self.pairs.append((self._key, node))
            self._key = None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def parse_yaml(file: SourceFile, text: str) -> list[Node] | Skip:
    """Parse every document of a YAML file, or say why not."""
    documents: list[Node] = []
    anchors: dict[str, Node] = {}
    open_nodes: list[Node] = []
    try:
        for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            if number > _MOST:
                return Skip(file.relative, "too-large", f"It holds more than {_MOST:,} values, and was not read.")
            anchor = None
            if isinstance(event, yaml.ScalarEvent):
                node, anchor = Node(_line(event), text=event.value), event.anchor
            elif isinstance(event, yaml.CollectionEndEvent):
                open_nodes.pop()
                continue
            elif isinstance(event, yaml.MappingStartEvent):
                node, anchor = Node(_line(event), pairs=[]), event.anchor
            elif isinstance(event, yaml.SequenceStartEvent):
                node, anchor = Node(_line(event), items=[]), event.anchor
            elif isinstance(event, yaml.AliasEvent):
                node = anchors.get(event.anchor or "", Node(_line(event)))
            else:
                if isinstance(event, yaml.DocumentStartEvent):
                    # an anchor stands for its own document only
                    anchors.clear()
                continue
            if anchor:
                anchors[anchor] = node
            if open_nodes:
                open_nodes[-1].add(node)
            else:
                documents.append(node)
            if isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append(node)
                if len(open_nodes) > DEEPEST:
                    return Skip(file.relative, "too-deep", f"It nests deeper than {DEEPEST} levels, and was not read.")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        return Skip(file.relative, "syntax", f"It is not YAML: {problem}" + (f", line {mark.line + 1}." if mark else "."))
    return documents
