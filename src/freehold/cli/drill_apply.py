"""``freehold drill apply``: which proposals are taken in, and where the stack then goes. Owns that choice."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from freehold import work
from freehold.cli.loading import context, load
from freehold.cli.output import show
from freehold.errors import UsageError
from freehold.stack.cells import nearest

if TYPE_CHECKING:
    from freehold.drill.proposals import Proposal
    from freehold.stack.values import Stack

__all__ = ["apply"]


def apply(options: argparse.Namespace) -> int:
    """Show what a record proposes for a stack, and take in what is accepted.

    Raises
    ------
    freehold.errors.FreeholdError
        If the record or the stack cannot be read, a proposal is not there, or the stack cannot be written.
    """
    from freehold.drill.applying import changed_rows_of
    from freehold.drill.journal import find
    from freehold.drill.proposals import proposals
    from freehold.report.drill_answers import ApplyAnswer

    record = find(options.record, options.records)
    path = Path(options.stack)
    loaded, _ = load(options)
    item = None if options.stands_for is None else work.find_item(loaded.stack, options.stands_for)
    found = proposals(record.drill, loaded.stack, work.catalogue(), item=item, record=record.path.name)
    accepted = _accepted(options, found)
    rows = changed_rows_of(loaded.stack, accepted or found, work.catalogue())
    output = _write(options, path, loaded.stack, accepted) if accepted else ""
    answer = ApplyAnswer(record.drill, str(record.path), found, tuple(one.id for one in accepted), rows, output)
    show(options, answer, context(options, loaded, None, 0))
    return 0


def _accepted(options: argparse.Namespace, found: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
    if options.all and options.accept:
        raise UsageError("--all takes in what --accept names too. Leave one of them out.")
    known = {one.id for one in found}
    for asked in options.accept:
        if asked not in known:
            there = f"It proposes: {', '.join(nearest(asked, known) or sorted(known))}." if known else "It proposes nothing."
            raise UsageError(f"--accept: the record proposes nothing called '{asked}'. {there}")
    return found if options.all else tuple(one for one in found if one.id in options.accept)


def _write(options: argparse.Namespace, path: Path, stack: Stack, accepted: tuple[Proposal, ...]) -> str:
    """Write the stack; gives where it went. What can be changed in place keeps its comments and its order."""
    from freehold.drill.applying import applied, is_editable, stack_file_for, write_applied
    from freehold.holdings import store_stack
    from freehold.store.interface import Authorship
    from freehold.store.recognition import ENDINGS, is_database
    from freehold.whole_file import write_whole

    output = Path(options.written) if options.written else path
    if not options.written and not is_editable(path) and not is_database(path):
        output = stack_file_for(path)
    if is_database(output) or output.suffix.lower() in ENDINGS:
        store_stack(
            str(output), applied(stack, accepted, work.catalogue()), options.stack_name or stack.name, Authorship("", "")
        )
    elif output == path:
        write_applied(path, accepted, work.catalogue())
    elif path.is_file() and path.suffix.lower() == output.suffix.lower() == ".toml":
        write_whole(output, path.read_text(encoding="utf-8-sig"))
        write_applied(output, accepted, work.catalogue())
    else:
        work.save(applied(stack, accepted, work.catalogue()), output)
    return str(output)
