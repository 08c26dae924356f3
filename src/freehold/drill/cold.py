"""Empty caches for one run. Owns what is set for that, what is left where it is, and what cannot be made cold.

Caches are why drills lie: what was fetched before serves now. Only caches are moved: credentials, settings, installed programs
and virtual environments stay where they are, by links where a tool keeps them in the same folder as its cache.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from freehold.drill.caches import Cache, caches
from freehold.words import say

__all__ = ["Cold", "cold_environment"]

_IN_THE_TREE: Final = ("node_modules", "vendor", ".venv", "venv", "target", ".yarn/cache", ".tox", ".nox")


@dataclass(frozen=True, slots=True)
class Cold:
    """What makes a run cold.

    Parameters
    ----------
    variables
        To set.
    notes
        Sentences: what was made cold, and what could not be.
    """

    variables: Mapping[str, str]
    notes: tuple[str, ...]


def cold_environment(environment: Mapping[str, str], place: Path, folder: str) -> Cold:
    """Prepare empty caches.

    Parameters
    ----------
    environment
        What the command would be run with.
    place
        Folder for them; made here, removed by whoever owns it.
    folder
        The command's working folder: what is installed in it stays, and is named.
    """
    place.mkdir(parents=True, exist_ok=True)
    found: dict[str, str] = {}
    tools: dict[str, None] = {}
    for number, row in enumerate(caches()):
        if row.cold in ("no", "watched") or row.variable in found:
            continue
        if row.cold == "keep":
            there = row.folder(environment)
            if there is not None and there.exists():
                found[row.variable] = str(there)
            continue
        cold = place / f"{number}-{row.tool.replace(' ', '-')}"
        if row.cold == "links" and not _linked(row, environment, cold):
            continue
        cold.mkdir(exist_ok=True)
        if row.cold in ("path", "links"):
            found[row.variable] = str(cold)
        else:
            found[row.variable] = f"{environment.get(row.variable, '')} {row.cold}{cold}".strip()
        tools.setdefault(row.tool)
    notes = [say("drill_run.cold", tools=", ".join(tool for tool in tools if tool != "any"))]
    warm = list(_warm(environment, Path(folder)))
    if warm:
        notes.append(say("drill_run.not_cold", what=", ".join(warm)))
    return Cold(found, tuple(notes))


def _linked(row: Cache, environment: Mapping[str, str], cold: Path) -> bool:
    """Make a folder that links to all of a tool's folder but its caches; ``False`` if there is nothing to link to."""
    there = row.folder(environment)
    base = None if there is None else (there.parent if row.below else there)
    if base is None or not base.is_dir():
        return False
    cold.mkdir()
    try:
        for entry in os.scandir(base):
            if entry.name not in row.left_out:
                (cold / entry.name).symlink_to(base / entry.name)
    except OSError:
        return False
    return True


def _warm(environment: Mapping[str, str], folder: Path) -> Iterable[str]:
    """What stays as it is although it may serve: in words."""
    for row in caches():
        there = row.folder(environment)
        if row.cold == "no" and there is not None and there.is_dir():
            yield row.kind
    for name in _IN_THE_TREE:
        if (folder / name).is_dir():
            yield say("drill_run.in_tree", name=name)
