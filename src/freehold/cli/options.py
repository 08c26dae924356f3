"""``freehold options``: what can be done about a stack. Owns its flags, and what they read."""

from __future__ import annotations

import argparse

from freehold.errors import UsageError

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what only this command has."""
    parser.add_argument("stack", metavar="STACK", nargs="?", help="what the options are for; --template alone does without it")
    group = parser.add_argument_group("what can be done")
    group.add_argument(
        "--options", dest="option_files", metavar="FILE", action="append", default=[],
        help="options of your own, TOML or CSV (docs/guides/write-options.md); repeatable",
    )  # fmt: skip
    group.add_argument("--no-catalogue", action="store_true", help="leave out the alternatives that the catalogue knows of")
    group.add_argument(
        "--template", choices=("toml", "csv"), nargs="?", const="toml", default=None,
        help="an options file to fill in, every key explained; with a STACK, what waits for an answer is in it",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Answer, and show the answer; or write a template.

    Raises
    ------
    freehold.errors.FreeholdError
        If the stack or an options file cannot be read, or an options file is not sound.
    """
    from freehold import work
    from freehold.cli.loading import context, load
    from freehold.cli.output import show, write
    from freehold.plan.option_template import template_csv, template_toml
    from freehold.plan.proposals import options_of, proposals

    if options.stack is None:
        if options.template is None:
            raise UsageError("no STACK is named. Name one, or ask for a file to fill in: freehold options --template")
        write(options.output, template_csv() if options.template == "csv" else template_toml())
        return 0
    loaded, _ = load(options)
    catalogue = work.catalogue()
    found = options_of(
        loaded.stack, options.option_files, None if options.no_catalogue else catalogue,
    )  # fmt: skip
    answer = proposals(loaded.stack, found, strict=options.strict)
    if options.template is not None:
        write(options.output, template_csv() if options.template == "csv" else template_toml(loaded.stack, answer))
        return 0
    show(options, answer, context(options, loaded, None))
    return 0
