"""The playbooks at hand: those that come with Freehold, and those of a state folder, which come first. Owns where they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from freehold.errors import BadPlaybook
from freehold.respond.actions.registry import ACTIONS
from freehold.respond.cacao import parse_cacao
from freehold.respond.playbook import MOST_BYTES, Playbook, load_playbook
from freehold.respond.playbook_checks import check_library, check_playbook
from freehold.watch.settings_file import read_settings_text

__all__ = ["FOLDER", "load_library", "read_playbook_file", "shipped_playbooks"]

FOLDER: Final = "playbooks"
"""The folder of a state folder that holds its own."""

_SHIPPED: Final = Path(__file__).parent / "data" / "playbooks"
_MOST_FILES: Final = 500


def read_playbook_file(path: Path) -> Playbook:
    """Read a playbook, as TOML or as CACAO 2.0 JSON by the file's ending, and see that it is sound.

    Raises
    ------
    freehold.errors.BadPlaybook
        If it cannot be read, or is not sound.
    """
    if path.suffix.lower() == ".json":
        playbook = parse_cacao(read_settings_text(path, MOST_BYTES, BadPlaybook), str(path))
    else:
        playbook = load_playbook(path)
    check_playbook(playbook, ACTIONS, str(path))
    return playbook


@cache
def shipped_playbooks() -> dict[str, Playbook]:
    """The playbooks that come with Freehold, by id."""
    return _load(_SHIPPED)


def _load(folder: Path) -> dict[str, Playbook]:
    found: dict[str, Playbook] = {}
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".toml", ".json")) if folder.is_dir() else []
    if len(paths) > _MOST_FILES:
        raise BadPlaybook(f"{folder} has more than {_MOST_FILES} playbooks. Keep the others elsewhere.")
    for path in paths:
        playbook = read_playbook_file(path)
        if playbook.id in found:
            raise BadPlaybook(f"{path}: another file has a playbook '{playbook.id}' too. Give each its own id.")
        found[playbook.id] = playbook
    return found


def load_library(folder: Path) -> dict[str, Playbook]:
    """All playbooks for a state folder, by id: the shipped ones, and its own in the place of those of the same id.

    Raises
    ------
    freehold.errors.BadPlaybook
        If one is not sound, or they run each other in a circle.
    """
    library = {**shipped_playbooks(), **_load(folder / FOLDER)}
    check_library(library)
    return library
