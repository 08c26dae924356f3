"""``freehold init``: five questions, and the ``freehold.toml`` that the answers make. Owns the talk, not the settings."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from freehold.cli.speech import tell
from freehold.errors import FreeholdError, UsageError
from freehold.settings import settings_text
from freehold.stack.countries import country_code
from freehold.whole_file import write_whole
from freehold.words import say

__all__ = ["ask", "init"]

_QUESTIONS: Final = ("home", "trusted", "stack", "days", "floor")
_DEFAULTS: Final = {"home": "", "trusted": "", "stack": ".", "days": "0,7,30,90,365,1095", "floor": "0.5"}
_MOST_TRIES: Final = 5


def init(options: argparse.Namespace) -> int:
    """Ask what no flag answers, and write the file.

    Raises
    ------
    freehold.errors.UsageError
        If there is one already, or nobody can be asked for the home.
    """
    path = Path(options.output or "freehold.toml")
    if path.exists() and not options.force:
        raise UsageError(f"{path} is there already. Edit it, or write it anew with --force.")
    given = {name: value for name in _QUESTIONS if (value := getattr(options, name)) is not None}
    if sys.stdin is not None and sys.stdin.isatty() and not options.yes:
        answers = ask(given, input)
    else:
        if "home" not in given:
            raise UsageError("nobody can be asked here: say at least --home CC, such as --home DE.")
        answers = {**_DEFAULTS, **given, "home": _code(given["home"])}
    if options.language is not None:
        answers["language"] = options.language
    text = settings_text(answers, str(path))
    write_whole(path, text)
    tell(say("init.wrote", file=path))
    tell(say("init.next", stack=answers["stack"]))
    return 0


def ask(given: dict[str, str], answer: Callable[[str], str]) -> dict[str, str]:
    """Ask every question that no flag answers; what makes no sense is asked again.

    Parameters
    ----------
    given
        Answers by setting, from flags.
    answer
        Takes the question, gives what is typed.

    Raises
    ------
    freehold.errors.UsageError
        If an answer makes no sense even after some tries.
    """
    found = dict(given)
    for name in _QUESTIONS:
        default = _guess() if name == "home" else _DEFAULTS[name]
        for attempt in range(_MOST_TRIES):
            if name not in given:
                shown = f" [{default}]" if default else ""
                try:
                    found[name] = answer(f"{say(f'init.{name}')}{shown} ").strip() or default
                except EOFError:
                    raise UsageError("the questions ended before they were answered. Nothing was written.") from None
            try:
                if name == "home":
                    found[name] = _code(found[name])
                settings_text({name: found[name]}, "freehold.toml")
                break
            except FreeholdError as error:
                if name in given or attempt == _MOST_TRIES - 1:
                    raise
                tell(f"freehold: {error}")
    return found


def _code(text: str) -> str:
    """A country's code from its code or its English name; what is neither stays as it is."""
    return country_code(text) or text


def _guess() -> str:
    """The country of the user's language settings, if they name one."""
    for variable in ("LC_ALL", "LC_MONETARY", "LANG"):
        country = os.environ.get(variable, "").partition(".")[0].partition("@")[0].partition("_")[2]
        if country and country_code(country) == country:
            return country
    return ""
