"""An SPDX 2 document written as YAML. Owns its syntax: it gives the same plain values as the JSON would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freehold.errors import TooLarge, Unreadable
from freehold.read.spdx_tag_value import LINE
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node, parse_yaml
from freehold.stack.inventory import Skip

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["parse"]


def parse(path: Path, text: str) -> Any:
    """Turn the text of a file into an SPDX document, shaped as its JSON; every value that is one word is text.

    Parameters
    ----------
    path
        The file, for messages.
    text
        What it holds.

    Returns
    -------
    object
        The document; each package has its line.

    Raises
    ------
    freehold.errors.Unreadable
        If it is not YAML.
    freehold.errors.TooLarge
        If it nests too deep or has too many values.
    """
    parsed = parse_yaml(SourceFile(path.name, str(path), len(text), 0, "run"), text)
    if isinstance(parsed, Skip):
        sort = Unreadable if parsed.reason == "syntax" else TooLarge
        raise sort(f"{path}: {parsed.detail} Write it as JSON.")
    plain = _plain(parsed[0], {}) if parsed else None
    packages = parsed[0].get("packages") if parsed else None
    if isinstance(plain, dict) and packages is not None and isinstance(plain.get("packages"), list):
        for node, value in zip(packages.items or (), plain["packages"], strict=True):
            if isinstance(value, dict):
                value[LINE] = node.line
    return plain


def _plain(node: Node, made: dict[int, Any]) -> Any:
    """Give a tree as plain values; what an alias names is made once, even if it is around the alias."""
    if node.text is not None:
        return node.text
    found = made.get(id(node))
    if found is None:
        if node.items is not None:
            found = made[id(node)] = []
            found.extend(_plain(one, made) for one in node.items)
        else:
            found = made[id(node)] = {}
            for key, one in node.pairs or ():
                found.setdefault(key, _plain(one, made))
    return found
