"""Inventories kept between runs. Owns their form: JSON, under a key of what was read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from freehold.stack.inventory import Component, Contact, Evidence, Inventory, Skip
from freehold.stack.values import Claim
from freehold.store.cache import keep_answer, kept_answer, key_of

__all__ = ["cached_reading"]


def cached_reading(path: Path, content: str, read: Callable[[Path], Inventory]) -> tuple[Inventory, bool]:
    """Read a folder, or give what an earlier reading of the same content found.

    Parameters
    ----------
    path
        A folder.
    content
        Its fingerprint: the same as long as nothing in it changes.
    read
        Reads it.

    Returns
    -------
    tuple
        The inventory, and whether it came from the cache.
    """
    key = key_of(content, "inventory", str(path.resolve()))
    text = kept_answer(key)
    if text is not None:
        try:
            return _decode(json.loads(text)), True
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass
    inventory = read(path)
    keep_answer(key, json.dumps(dataclasses.asdict(inventory), separators=(",", ":")))
    return inventory, False


def _evidence(rows: list[dict[str, Any]]) -> tuple[Evidence, ...]:
    return tuple(Evidence(**row) for row in rows)


def _component(row: dict[str, Any]) -> Component:
    told: dict[str, Any] = {
        "depends": tuple(row["depends"]), "evidence": _evidence(row["evidence"]), "regions": tuple(row["regions"]),
        "manages": tuple((str(sort), int(count)) for sort, count in row["manages"]),
    }  # fmt: skip
    return Component(**{**row, **told})


def _contacts(rows: list[dict[str, Any]]) -> tuple[Contact, ...]:
    return tuple(Contact(**{**row, "evidence": _evidence(row["evidence"])}) for row in rows)


def _decode(data: dict[str, Any]) -> Inventory:
    told: dict[str, Any] = {
        "components": tuple(_component(row) for row in data.pop("components")),
        "contacts": _contacts(data.pop("contacts")),
        "platforms": _contacts(data.pop("platforms")),
        "skips": tuple(Skip(**row) for row in data.pop("skips")),
        "claims": tuple(Claim(**row) for row in data.pop("claims")),
        "languages": tuple(data.pop("languages")),
        "toolchains": tuple(data.pop("toolchains")),
    }
    return Inventory(**told, **data)
