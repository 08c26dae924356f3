"""How a Freehold database is told from any other file, by its first bytes. Owns its application id; opens no database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["APPLICATION", "ENDINGS", "is_cut_short", "is_database"]

APPLICATION: Final = 0x46524844
"""``FRHD``: tells our files from other SQLite files."""

ENDINGS: Final = (".db", ".sqlite", ".sqlite3")
"""Endings of names under which a new database is made."""

_HEAD: Final = b"SQLite format 3\x00"
_PLACE: Final = 68


def is_database(path: str | Path) -> bool:
    """Whether a path is a Freehold database, by its first hundred bytes; never raises."""
    try:
        if not os.path.isfile(path):  # noqa: PTH113  pipes and devices are not opened
            return False
        with open(path, "rb") as file:  # noqa: PTH123  a path as it was given
            head = file.read(100)
    except (OSError, ValueError):
        return False
    return head.startswith(_HEAD) and head[_PLACE : _PLACE + 4] == APPLICATION.to_bytes(4, "big")


def is_cut_short(path: Path) -> bool:
    """Whether a database file has fewer bytes than its head says; one with a log beside it may be in the middle of a change.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    for ending in ("-wal", "-journal"):
        log = path.with_name(path.name + ending)
        if log.exists() and log.stat().st_size:
            return False
    with path.open("rb") as file:
        head = file.read(100)
    size = int.from_bytes(head[16:18], "big")
    return path.stat().st_size < int.from_bytes(head[28:32], "big") * (65536 if size == 1 else size)
