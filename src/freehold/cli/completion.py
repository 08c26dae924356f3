"""What a shell needs to complete commands, flags and paths. Owns nothing but the way from the parser to the library."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import shtab

from freehold.cli.parser import build_parser

__all__ = ["SHELLS", "completion"]

SHELLS = ("bash", "zsh", "fish", "powershell")
_PATHS = frozenset({"PATH", "STACK", "FILE", "A", "B"})


def completion(shell: str) -> str:
    """The script that a shell sources.

    Parameters
    ----------
    shell
        One of :data:`SHELLS`.
    """
    parser = build_parser(listed=True)
    for action in _actions(parser):
        if action.metavar in _PATHS:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    return str(shtab.complete(parser, shell))


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001  argparse has no public way to its actions
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for inner in action.choices.values():
                yield from _actions(inner)
