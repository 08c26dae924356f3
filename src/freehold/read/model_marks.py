"""What the files of modelled networks look like. Owns telling them from all others, at little cost."""

from __future__ import annotations

from typing import Final

from freehold.read.inventory_json import in_utf8

__all__ = ["FAULT_TREE", "is_fault_tree"]

FAULT_TREE: Final = "opsa-mef"
"""The root element of a model in the Open-PSA model exchange format."""


def is_fault_tree(head: bytes) -> bool:
    """Whether a file is a model of the Open-PSA format, by its first bytes."""
    head = in_utf8(head)
    return head.lstrip()[:1] == b"<" and f"<{FAULT_TREE}".encode() in head
