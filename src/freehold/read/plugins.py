"""Which folders are one plug-in among many, told by their shape. Owns the meaning of *optional* for hosts.

A folder is a plug-in if it has at least four siblings that share a word at the end (or beginning) of their names,
or that each hold a file named after their folder. What only one plug-in talks to, a user may do without.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

__all__ = ["is_within", "plugin_folders"]

_FEWEST: Final = 5
_SPLIT: Final = re.compile(r"[-_.]")


def _edges(name: str) -> set[tuple[str, str]]:
    words = _SPLIT.split(name.lower())
    return {("end", words[-1]), ("begin", words[0])} if len(words) > 1 and words[0] and words[-1] else set()


def plugin_folders(folders: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """The folders that are one plug-in among many.

    Parameters
    ----------
    folders
        Folders, relative, and the names in each; folders among those end in ``/``.

    Returns
    -------
    frozenset of str
        Relative paths.
    """
    found: set[str] = set()
    for folder, names in folders.items():
        children = [name[:-1] for name in names if name.endswith("/") and name[0] not in "._"]
        if len(children) < _FEWEST:
            continue
        paths = {child: f"{folder}/{child}" if folder else child for child in children}
        named: set[str] = set()
        shared = Counter(edge for child in children for edge in _edges(child))
        for child, path in paths.items():
            stems = {os.path.splitext(name)[0].lower() for name in folders.get(path, ())}  # noqa: PTH122
            if child.lower() in stems:
                named.add(path)
        alike = {edge for edge, count in shared.items() if count >= _FEWEST and count * 2 >= len(children)}
        if len(named) >= _FEWEST and len(named) * 5 >= len(children) * 4:
            found |= named
        found |= {path for child, path in paths.items() if _edges(child) & alike}
    return frozenset(found)


def is_within(folder: str, plugins: frozenset[str]) -> bool:
    """Whether a folder is one of the plug-ins, or in one."""
    while folder:
        if folder in plugins:
            return True
        folder = folder.rpartition("/")[0]
    return False
