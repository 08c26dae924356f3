"""Walking a workflow's tree: every key with its value, and the nodes that name images. Owns no service's meaning."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.read.configuration import tree_mentions
from freehold.read.mentions import host_of
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Contact, Evidence

__all__ = ["hosts_of_settings", "named_images", "values_under"]


def values_under(node: Node) -> Iterator[tuple[str, Node]]:
    """Every key with its value, anywhere in the tree, each node once, and each value once under one name."""
    seen: set[int] = set()
    given: set[tuple[str, int]] = set()
    pending = [node]
    while pending:
        here = pending.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        for name, inner in here.pairs or ():
            if (name, id(inner)) not in given:
                given.add((name, id(inner)))
                yield name, inner
            pending.append(inner)
        pending += here.items or ()


def named_images(node: Node) -> list[Node]:
    """The nodes that name an image: the value itself, its ``image`` or ``name``, or each of several."""
    if node.text is not None:
        return [node]
    held = [inner for item in (node, *(node.items or ())) for inner in (item.get("image"), item.get("name"))]
    named = [inner for inner in held if inner is not None and inner.text]
    return named + [item for item in node.items or () if item.text]


def hosts_of_settings(node: Node, file: str) -> Iterator[Contact]:
    """Hosts that settings of a pipeline (``env``, ``variables``, ``with``) name, each with scope ``change``."""
    for mention in tree_mentions([node]):
        host = host_of(mention)
        if host:
            yield Contact(host, "service", "change", evidence=(Evidence(file, mention.line),))
