"""Steps of a Makefile: the goals asked for, and before each its direct prerequisites. Owns what is asked of make, and how.

Make is run once, as it would be, with one more makefile behind its own: that lets the name of the shell say, each time a recipe
is about to run, which target it is for (GNU make expands ``SHELL`` for every line of a recipe; ``$(file …)`` came with 4.0).
Which targets there are, and what they need, is asked of make itself beforehand (``-p -q``), where nothing outside is in reach.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from freehold.drill.steps import NOT_SPLIT, Split
from freehold.words import say

__all__ = ["Ask", "prerequisites", "split_make"]

Ask = Callable[[Sequence[str]], Awaitable[str]]
"""Runs a command where nothing outside is in reach, and gives what it wrote to standard output."""

_MAKES: Final = frozenset({"make", "gmake"})
_FILES: Final = ("GNUmakefile", "makefile", "Makefile")
_MOST_STEPS: Final = 500
_WITH_VALUE: Final = frozenset("CfIWoE")
_LONG_WITH_VALUE: Final = frozenset(
    {"--directory", "--file", "--makefile", "--include-dir", "--what-if", "--new-file", "--old-file", "--assume-new",
     "--assume-old", "--eval"}
)  # fmt: skip
_DOES_NOTHING: Final = frozenset("nqtpvh")
_LONG_DOES_NOTHING: Final = ("--just-print", "--dry-run", "--recon", "--question", "--touch", "--print-data-base", "--version", "--help")  # noqa: E501  # fmt: skip
_PLAIN_PATH: Final = re.compile(r"[\w./+-]+")
_ENTRY: Final = re.compile(r"([^#\t:=][^:=]*?)\s*::?(?!=)\s*(.*)")
_DEFAULT: Final = re.compile(r"\.DEFAULT_GOAL\s*:?=\s*(\S+)")


@dataclass(slots=True)
class _Call:
    """How make is called: its folder, whether it has a makefile named, its goals."""

    folder: Path
    has_file: bool
    goals: list[str]


async def split_make(arguments: Sequence[str], folder: str, place: Path, pipe: Path, ask: Ask) -> Split:
    """Split a command that calls make; one that does not is not split.

    Parameters
    ----------
    arguments
        ``make GOAL …`` with any options.
    folder
        What it is run in.
    place
        Folder for the makefile that marks.
    pipe
        Where marks go.
    ask
        Puts a question to make.
    """
    call = _call(arguments, folder)
    if call is None:
        return NOT_SPLIT
    own = () if call.has_file else next((("-f", name) for name in _FILES if (call.folder / name).is_file()), None)
    if own is None:
        return NOT_SPLIT
    extra = place / "marks.mk"
    if not _PLAIN_PATH.fullmatch(str(extra)) or not _PLAIN_PATH.fullmatch(str(pipe)):
        return Split(why_not=say("drill_run.make_path", path=str(place)))
    version = await ask([arguments[0], "--version"])
    found = re.match(r"GNU Make (\d+)\.", version)
    if found is None or int(found[1]) < 4:
        return Split(why_not=say("drill_run.make_version"))
    told = await ask([*arguments, "-p", "-q"])
    needs, default = prerequisites(told)
    goals = call.goals or ([default] if default else [])
    names = _names(goals, needs)
    if not names:
        return Split(why_not=say("drill_run.no_steps"))
    extra.write_text(
        f"freehold_shell := $(SHELL)\nSHELL = $(if $@,$(file >>{pipe},target $@))$(freehold_shell)\n", encoding="utf-8"
    )
    marked = (arguments[0], *own, "-f", str(extra), *arguments[1:])
    if call.has_file:
        marked = (*arguments, "-f", str(extra))
    return Split(tuple(names), marked, step_of=_step_of(names, needs))


def prerequisites(told: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """Targets and what each needs directly, and the default goal, from the data base that make prints.

    Parameters
    ----------
    told
        What ``make -p`` printed.
    """
    needs: dict[str, tuple[str, ...]] = {}
    default = ""
    within = skip = False
    for line in told.splitlines():
        if found := _DEFAULT.fullmatch(line):
            default = found[1]
        if line.startswith("# Files"):
            within = True
        elif line.startswith("# files hash-table"):
            within = False
        elif line.startswith("# Not a target"):
            skip = True
        elif within and (entry := _ENTRY.fullmatch(line)):
            words = entry[2].split()
            # a line with a sign of assignment gives a variable of the target's own
            if not skip and not entry[1].startswith(".") and not any("=" in word for word in words):
                needs.setdefault(entry[1], tuple(word for word in words if word != "|"))
            skip = False
        elif not line:
            skip = False
    return needs, default


def _names(goals: Sequence[str], needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Each goal behind its direct prerequisites that have a rule; files of the source are no steps."""
    names: dict[str, None] = {}
    for goal in goals:
        for name in (*needs.get(goal, ()), goal):
            if name == goal or name in needs:
                names.setdefault(name)
    return list(names)[:_MOST_STEPS]


def _step_of(names: Sequence[str], needs: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """To which step each target belongs: its own, else the first that needs it in the end."""
    found = {name: at for at, name in enumerate(names)}
    for at, name in enumerate(names):
        todo = list(needs.get(name, ()))
        while todo:
            target = todo.pop()
            if target not in found:
                found[target] = at
                todo.extend(needs.get(target, ()))
    return found


def _call(arguments: Sequence[str], folder: str) -> _Call | None:
    """Understand the command; ``None`` if it is no make, or one that runs nothing."""
    if os.path.basename(arguments[0]) not in _MAKES:  # noqa: PTH119
        return None
    call = _Call(Path(folder), has_file=False, goals=[])
    rest = list(arguments[1:])
    while rest:
        word = rest.pop(0)
        if word == "--":
            call.goals += rest
            break
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            if name in _LONG_DOES_NOTHING:
                return None
            if name in _LONG_WITH_VALUE and not equals and rest:
                value = rest.pop(0)
            _note(call, {"--directory": "C", "--file": "f", "--makefile": "f"}.get(name, ""), value)
        elif word.startswith("-") and len(word) > 1:
            if not _options(call, word, rest):
                return None
        elif "=" not in word:
            call.goals.append(word)
    return call


def _options(call: _Call, word: str, rest: list[str]) -> bool:
    """Take a word of short options; ``False`` if one of them makes it run nothing."""
    for at, letter in enumerate(word[1:], 1):
        if letter in _DOES_NOTHING:
            return False
        if letter in _WITH_VALUE:
            value = word[at + 1 :] or (rest.pop(0) if rest else "")
            _note(call, letter, value)
            break
        if letter in "jlO":
            if not word[at + 1 :] and letter != "O" and rest and rest[0].replace(".", "", 1).isdecimal():
                rest.pop(0)
            break
    return True


def _note(call: _Call, option: str, value: str) -> None:
    if option == "C":
        call.folder /= value
    elif option == "f":
        call.has_file = True
