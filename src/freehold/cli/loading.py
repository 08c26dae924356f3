"""Reading what a command is about, and what stands beside its answer. Owns what every command about a stack does first."""

from __future__ import annotations

import argparse
import gc
from typing import TYPE_CHECKING, Final

from freehold import work
from freehold.cli.flags import redaction_from, settings_from
from freehold.cli.speech import progress, tell
from freehold.settings import Settings

if TYPE_CHECKING:
    from freehold.report.answers import Context
    from freehold.stack.cutoff import Cutoff

__all__ = ["context", "load"]

_LARGE: Final = 20_000
"""Items from which a stack is worth keeping out of the garbage collector's way."""


def load(options: argparse.Namespace) -> tuple[work.Loaded, Settings]:
    """Read the stack that the flags name, and say on standard error what there is to note about it.

    Raises
    ------
    freehold.errors.FreeholdError
        If it cannot be read.
    """
    settings = settings_from(options)
    if getattr(options, "machine", False):
        with progress("reading this machine …"):
            loaded = work.load_machine(settings)
    else:
        with progress(f"reading {options.stack} …"):
            loaded = work.load(options.stack, settings, use_cache=not options.no_cache, stack=options.stack_name, at=options.at)
    if len(loaded.stack.items) > _LARGE:
        # it lives as long as the command, and looking through it again and again costs more than many an answer
        gc.freeze()
    if options.redact is not None:
        loaded = work.redacted(loaded, redaction_from(options))
        options.stack = loaded.stack.path or options.stack
    for finding in loaded.findings:
        tell(f"freehold: note: {finding}")
    return loaded, settings


def context(options: argparse.Namespace, loaded: work.Loaded, cut: Cutoff | None, unknowns: int | None = None) -> Context:
    """What stands beside an answer; unknown facts are counted unless their number is given."""
    from freehold.report.answers import context_of

    if unknowns is None:
        unknowns = work.unknowns_of(loaded.stack, cut, strict=options.strict)
    return context_of(
        loaded.stack, unknowns, edition=work.catalogue().edition, cutoff=cut, path=options.stack, strict=options.strict
    )
