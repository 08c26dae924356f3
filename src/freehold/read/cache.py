"""Inventories kept between runs. Owns their file: JSON in the user's cache folder, keyed by what was read.

Nothing is kept but what a reader emitted. A file that cannot be read or written is as none.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from freehold.read.walk import fingerprint
from freehold.stack.inventory import Component, Contact, Evidence, Inventory, Skip
from freehold.stack.values import Claim

__all__ = ["cached_reading"]

_NUMBER: Final = 1
"""Number of this file's form and of what readers find: a new one leaves old files unread."""


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "freehold"


def cached_reading(path: Path, version: str, read: Callable[[Path], Inventory]) -> tuple[Inventory, bool]:
    """Read a folder, or give what an earlier reading of the same content found.

    Parameters
    ----------
    path
        A folder.
    version
        The program's version.
    read
        Reads it.

    Returns
    -------
    tuple
        The inventory, and whether it came from the cache.
    """
    key = hashlib.sha256(f"{_NUMBER} {version} {path.resolve()} {fingerprint(path)}".encode()).hexdigest()
    file = _folder() / f"inventory-{key[:32]}.json"
    try:
        return _decode(json.loads(file.read_bytes())), True
    except (OSError, ValueError, TypeError, KeyError):
        inventory = read(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as made:
            json.dump(dataclasses.asdict(inventory), made, separators=(",", ":"))
        Path(made.name).replace(file)
    except OSError:
        pass
    return inventory, False


def _evidence(rows: list[dict[str, Any]]) -> tuple[Evidence, ...]:
    return tuple(Evidence(**row) for row in rows)


def _decode(data: dict[str, Any]) -> Inventory:
    components = tuple(
        Component(**{**row, "depends": tuple(row["depends"]), "evidence": _evidence(row["evidence"])})
        for row in data.pop("components")
    )
    contacts = tuple(Contact(**{**row, "evidence": _evidence(row["evidence"])}) for row in data.pop("contacts"))
    skips = tuple(Skip(**row) for row in data.pop("skips"))
    claims = tuple(Claim(**row) for row in data.pop("claims"))
    languages = tuple(data.pop("languages"))
    return Inventory(components=components, contacts=contacts, skips=skips, claims=claims, languages=languages, **data)
