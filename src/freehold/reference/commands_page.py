"""The page on commands, from the parser. Owns the seam between argparse's actions and a table of options."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from freehold.cli.parser import QUESTIONS, VERBS, build_parser
from freehold.reference.markdown import code, page, table

__all__ = ["commands", "commands_page", "spelling"]

_STATUSES = (
    ("0", "done"),
    ("1", "done, and a threshold that was asked for is not met, or a check found errors"),
    ("2", "bad input or usage; the message names file, row and mend"),
    ("3", "a defect of Freehold"),
    ("130", "interrupted"),
)


def commands(parser: argparse.ArgumentParser | None = None, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that does something, by its words, with its parser."""
    parser = parser or build_parser()
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001  no public way
    if not inner:
        yield name, parser
    for action in inner:
        for word, one in action.choices.items():
            yield from commands(one, f"{name} {word}".strip())


def spelling(action: argparse.Action) -> str:
    """How an argument or an option is written."""
    if action.nargs == 0:
        value = ""
    elif action.choices:
        value = "|".join(str(choice) for choice in action.choices)
    else:
        value = str(action.metavar or action.dest.upper())
    return ", ".join(action.option_strings) + (" " if action.option_strings and value else "") + value


def commands_page() -> str:
    """Make the page."""
    parts = [
        (
            "`freehold VERB STACK [options]`. STACK is a stack file, a folder with stack tables, a Freehold database, an SBOM, "
            "or a project folder."
        ),
        "## Exit statuses",
        table(("status", "meaning"), _STATUSES),
        "## Options without a command",
        table(("option", "meaning"), (("`-h`, `--help`", "show the commands"), ("`--version`", "show the version"))),
    ]
    found = list(commands())
    for key, question in QUESTIONS.items():
        parts.append(f"## {question}")
        for verb in VERBS:
            if verb.question != key:
                continue
            parts += [f"### freehold {verb.name}", verb.line[0].upper() + verb.line[1:] + "."]
            for name, parser in found:
                if name.partition(" ")[0] == verb.name:
                    parts += _command(name, parser, inner=name != verb.name)
    return page("Commands", *parts)


def _command(name: str, parser: argparse.ArgumentParser, *, inner: bool) -> Iterator[str]:
    if inner:
        yield f"#### freehold {name}"
    for group in parser._action_groups:  # noqa: SLF001
        actions = [one for one in group._group_actions if not isinstance(one, argparse._HelpAction)]  # noqa: SLF001
        if actions:
            title = "arguments" if group.title == "positional arguments" else group.title or ""
            yield table((title, "meaning"), ((code(spelling(one)), one.help or "") for one in actions))
