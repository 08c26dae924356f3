"""What the files of modelled networks look like. Owns telling them from all others, at little cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from freehold.read.inventory_json import in_utf8

__all__ = ["FAULT_TREE", "is_fault_tree", "is_list_folder", "is_package_index", "list_architecture"]

FAULT_TREE: Final = "opsa-mef"
"""The root element of a model in the Open-PSA model exchange format."""

_LIST: Final = re.compile(r".+_binary-([a-z0-9-]+)_Packages(?:\.(?:lz4|gz|xz))?")


def list_architecture(name: str) -> str | None:
    """The architecture of one of apt's lists of packages, by its name; ``None`` if it is none."""
    match = _LIST.fullmatch(name)
    return None if match is None else match[1]


def is_fault_tree(head: bytes) -> bool:
    """Whether a file is a model of the Open-PSA format, by its first bytes."""
    head = in_utf8(head)
    return head.lstrip()[:1] == b"<" and f"<{FAULT_TREE}".encode() in head


def is_package_index(head: bytes) -> bool:
    """Whether a file is a list of packages as Debian's archives hold them, packed or not, by its first bytes."""
    from freehold.read.packed_files import unpacked_head

    if not head.startswith((b"Package:", b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x04\x22\x4d\x18")):
        return False
    text = unpacked_head(head)
    return b"Package: " in text[:64] and re.search(rb"^(?:Version|Architecture): ", text, re.MULTILINE) is not None


def is_list_folder(folder: Path) -> bool:
    """Whether a folder is where apt keeps the lists of what archives hold."""
    return any(list_architecture(path.name) for path in folder.iterdir())
