"""Pages kept between runs. Owns what a page depends on: the content of the stack, and all that was asked."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freehold.cli.output import format_of, look_of
from freehold.settings import Settings
from freehold.words import LANGUAGES, language_spoken, texts_of

if TYPE_CHECKING:
    from freehold.work import Loaded

__all__ = ["kept_page", "page_key", "quick_content", "whole_content"]


def kept_page(key: str | None) -> dict[str, Any] | None:
    """What the page kept under a key says; ``None`` if there is none, or it is damaged."""
    from freehold.store.cache import kept_answer

    if key is None:
        return None
    try:
        told = json.loads(kept_answer(key) or "")
        return told if {"text", "days", "low", "limit"} <= told.keys() else None
    except (ValueError, AttributeError, RecursionError):
        return None


def page_key(options: argparse.Namespace, settings: Settings, content: str | None) -> str | None:
    """The key of a page; ``None`` where the content is not told, or the user wants none that is kept."""
    from freehold.store.cache import key_of

    if content is None or options.no_cache:
        return None
    asked = sorted((name, value) for name, value in vars(options).items() if name != "output")
    path = str(Path(options.stack).resolve())
    return key_of(content, "page", path, asked, settings, look_of(options), format_of(options), *_language())


def _language() -> tuple[object, ...]:
    """The language spoken, and what its file says where that may change between two runs of one program."""
    spoken = language_spoken()
    return (spoken,) if spoken in LANGUAGES else (spoken, sorted(texts_of(spoken).items()))


def quick_content(options: argparse.Namespace) -> str | None:
    """What tells one content from another before it is read; ``None`` where that costs as much as reading.

    Raises
    ------
    freehold.errors.FreeholdError
        If a stored stack is asked for that is not there.
    """
    from freehold.store.recognition import is_database

    path = Path(options.stack)
    try:
        if options.machine:
            return None
        if path.is_dir():
            from freehold.read.select import is_project
            from freehold.read.walk import fingerprint
            from freehold.stack.table_files import table_form

            return None if table_form(path) or not is_project(path) else fingerprint(path)
    except OSError:
        return None
    if is_database(path):
        from freehold.holdings import revision_of, state_meant

        revision = revision_of(path, options.stack_name, state_meant(options.at))
        return f"{revision.digest} {revision.stack} {revision.number} {revision.made_at}"
    return None


def whole_content(loaded: Loaded) -> str | None:
    """What a stack says that was read, hashed; ``None`` where a page shows more than the stack."""
    from freehold.store.encoding import content_hash

    return None if loaded.inventory is not None else f"{content_hash(loaded.stack)} {loaded.findings!r}"
