"""What ``report exits`` and ``report pack`` answer, as values. Owns their shape: nothing is computed or written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from freehold.report.answers import Context
from freehold.report.exit_plan import ExitAnswer
from freehold.report.pack_values import Pack

__all__ = ["ExitsAnswer", "PackWritten"]


@dataclass(frozen=True)
class ExitsAnswer:
    """The exit plans of functions.

    Parameters
    ----------
    plans
        One for each function; at least one.
    context
        What stands beside them.
    """

    plans: tuple[ExitAnswer, ...]
    context: Context


@dataclass(frozen=True)
class PackWritten:
    """A pack that was written.

    Parameters
    ----------
    pack
        The pack.
    folder
        Where its files are, as the user named it.
    files
        A row for each file as the manifest has it: ``name``, ``sha256``, ``bytes``.
    context
        What stands beside it.
    command
        The command that makes it again; may be empty.
    """

    pack: Pack
    folder: str
    files: tuple[Mapping[str, str | int], ...]
    context: Context
    command: str = ""
