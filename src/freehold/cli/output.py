"""Where an answer goes: a stream or a file, in one of the faces. Owns the choice of face and the exit status."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from freehold.errors import Unreadable, UsageError
from freehold.report.formats import ENDINGS
from freehold.whole_file import write_whole

if TYPE_CHECKING:
    from freehold.report.answers import Context
    from freehold.report.interface import Look

__all__ = ["format_of", "look_of", "rendered", "see_place", "show", "write"]


def format_of(options: argparse.Namespace) -> str:
    """The format asked for: by flag, else by the output file's ending, else text."""
    if options.format:
        return str(options.format)
    ending = Path(options.output).suffix.lower() if options.output else ""
    return ENDINGS.get(ending, "text")


def show(options: argparse.Namespace, answer: object, context: Context | None = None) -> None:
    """Write an answer in the format asked for; see :func:`rendered`."""
    write(options.output, rendered(options, answer, context))


def look_of(options: argparse.Namespace) -> Look:
    """How much room and what means there are where the answer goes."""
    from freehold.report.text import look_for

    stream = io.StringIO() if options.output else sys.stdout
    return look_for(stream, evidence=options.evidence, full=options.full)


def rendered(options: argparse.Namespace, answer: object, context: Context | None = None) -> str:
    """An answer as text, in the format and for the place asked for.

    Parameters
    ----------
    options
        Parsed flags.
    answer, context
        As :func:`freehold.report.render.render`.
    """
    from freehold.report.render import render

    return render(answer, format_of(options), context, look_of(options))


def see_place(output: str | None) -> None:
    """See before a long computation that its answer can be written where it is to go.

    Raises
    ------
    freehold.errors.Unreadable
        If a folder stands there, or there is no folder to write it into.
    freehold.errors.UsageError
        If a Freehold database stands there.
    """
    if not output or output == "-":
        return
    place = Path(output)
    if place.is_dir():
        raise Unreadable(f"{output} is a folder. Name a file in it.")
    if not place.parent.is_dir():
        raise Unreadable(f"{output} cannot be written: {place.parent} is no folder. Choose another place.")
    _see_no_database(output)


def write(output: str | None, text: str) -> None:
    """Write text to a file, whole or not at all, or to standard output.

    Raises
    ------
    freehold.errors.Unreadable
        If it cannot be written there.
    freehold.errors.UsageError
        If a Freehold database stands there.
    """
    if not output or output == "-":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    _see_no_database(output)
    write_whole(output, text)


def _see_no_database(output: str) -> None:
    from freehold.store.recognition import is_database

    if is_database(output):
        raise UsageError(f"{output} is a Freehold database, which an answer would replace. Name another file.")
