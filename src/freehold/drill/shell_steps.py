"""Steps of a shell script. Owns the copy of a script that says where it is, and otherwise does what the script does.

The script is split at lines where a command ends at top level. Whether one does is asked of the shell itself (``-n``: read,
don't run): lines are added to a part until the shell takes it for whole. The copy is run by a shell that is given the
script's own name and arguments, so that ``$0`` is what it was, variables and folders carry over, each line keeps its number.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

from freehold.drill.steps import NOT_SPLIT, Split
from freehold.words import say

__all__ = ["chained", "mark_function", "split_script", "whole_text"]

_SHELLS: Final = frozenset({"sh", "bash", "dash"})
_MOST_LINES: Final = 2_000
_MOST_BYTES: Final = 1_000_000
_MOST_STEPS: Final = 500
_LONGEST_NAME: Final = 60
_LONGEST_ARGUMENT: Final = 120_000
"""Bytes of an argument that Linux takes, less some (MAX_ARG_STRLEN of execve(2) is 131,072)."""
_DEADLINE: Final = 10.0
_COMMENT: Final = re.compile(r"[ \t]*#[ \t]*step:[ \t]*(\S.*?)[ \t]*")
_NOTHING: Final = re.compile(r"[ \t]*(#.*)?")
_PREAMBLE: Final = re.compile(
    r"[ \t]*(?:(?:set|shopt|export|readonly|declare|typeset|umask|ulimit|trap|alias|unset|cd)\b"
    r"|\w+=|(?:function[ \t]+)?[\w:.-]+[ \t]*\(\))"
)
_SHEBANG: Final = re.compile(rb"#!\s*(\S+)(?:[ \t]+(\S.*?))?\s*\n")
_SOURCE: Final = re.compile(r"\$\{BASH_SOURCE(?:\[(?:0|-1)\])?(?=[}%#:/])|\$BASH_SOURCE\b(?!\[)")


@dataclass(frozen=True, slots=True)
class _Call:
    """How a shell is called: itself, its options, the script (a path or a text), its name and arguments."""

    shell: str
    options: tuple[str, ...]
    text: str
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A step: the line (or the place in it) where it begins, and its name."""

    at: int
    name: str


def split_script(arguments: Sequence[str], folder: str, environment: Mapping[str, str], place: Path, pipe: Path) -> Split:
    """Split a command that runs a shell script; one that does not is not split.

    Parameters
    ----------
    arguments
        ``sh FILE …``, ``bash FILE …``, ``sh -c TEXT …``, or a file whose first line names one of these shells.
    folder, environment
        What the command is run with.
    place
        Folder for the copy.
    pipe
        Where marks go.
    """
    call = _call(arguments, folder)
    if call is None:
        return NOT_SPLIT
    check = partial(whole_text, call.shell, environment)
    lines = call.text.split("\n")
    if len(lines) == 1 or (len(lines) == 2 and not lines[1]):
        marked, names = chained(call.text, check)
    else:
        parts = _parts(lines, check)
        names = tuple(part.name for part in parts)
        marked = _marked(lines, parts)
    if not names:
        return Split(why_not=say("drill_run.no_steps"))
    if call.name != call.shell:
        marked = _SOURCE.sub(_own_name, marked)
    begin = f"{mark_function(pipe)}; {marked}"
    if len(os.fsencode(begin)) > _LONGEST_ARGUMENT:
        # read in from a file: the same, but that a shell that traces says so
        copy = place / "script"
        copy.write_text(marked, encoding="utf-8", errors="surrogateescape")
        begin = f"{mark_function(pipe)}; . {shlex.quote(str(copy))}"
    return Split(names, (call.shell, *call.options, "-c", begin, call.name, *call.arguments))


def mark_function(pipe: Path) -> str:
    """The function that leaves a mark, as a line of shell.

    It gives the exit status that it found; or, where the shell would end by a status other than 0 (``set -e``), its opposite,
    which is then turned round: a status that is turned round ends no shell.
    """
    return (
        "__freehold_step() { __freehold_status=$?; "
        f'printf \'step %s %s\\n\' "$1" "$__freehold_status" 2>/dev/null >>{shlex.quote(str(pipe))} || :; '
        'case $- in *e*) [ "$__freehold_status" = 0 ] && return 1; return 0;; esac; return "$__freehold_status"; }'
    )


def chained(text: str, whole: Callable[[str], bool], first: int = 0) -> tuple[str, tuple[str, ...]]:
    """Split one line at its top-level ``&&`` and ``;``, and give it with marks, and the names of its steps.

    Parameters
    ----------
    text
        One line of shell.
    whole
        Says whether a text is whole by itself.
    first
        Number of the first step.
    """
    pieces: list[tuple[str, str]] = []
    taken, joint = "", ""
    for piece, after in _pieces(text.rstrip("\n")):
        taken += piece
        if taken.strip() and whole(taken):
            pieces.append((joint, taken))
            taken, joint = "", after
        else:
            taken += after
    if taken.strip() or joint == "&&":
        # what is left is not whole: the shell will say so of the text as it is
        return text, ()
    marked = ""
    for number, (before, piece) in enumerate(pieces, first):
        if before:
            marked += f"{before} "
        marked += f"{_mark(number)} && {piece.strip()} " if before == "&&" else f"{_mark(number)}; {piece.strip()} "
    return marked.rstrip(), tuple(_shown(piece) for _, piece in pieces)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Stretches between ``&&`` and ``;`` outside of quotes, each with what follows it."""
    found: list[tuple[str, str]] = []
    start = at = 0
    quote = ""
    while at < len(text):
        sign = text[at]
        if sign == "\\" and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"`":
            quote = sign
        elif sign == "#" and (at == 0 or text[at - 1] in " \t;&"):
            break
        elif text.startswith("&&", at) or (sign == ";" and not text.startswith(";;", at)):
            joint = "&&" if sign == "&" else ";"
            found.append((text[start:at], joint))
            at = start = at + len(joint)
            continue
        at += 1
    return [*found, (text[start:], "")]


# ---------------------------------------------------------------- what is called


def _call(arguments: Sequence[str], folder: str) -> _Call | None:
    """Understand the command as a shell with a script; ``None`` if it is none that is known."""
    program = os.path.basename(arguments[0])  # noqa: PTH119
    if program not in _SHELLS:
        return _by_shebang(arguments, folder)
    options: list[str] = []
    rest = list(arguments[1:])
    inline = False
    while rest and rest[0][:1] in "-+" and len(rest[0]) > 1:
        option = rest.pop(0)
        if option == "--":
            break
        if option.startswith("--"):
            if option not in ("--posix", "--norc", "--noprofile", "--login"):
                return None
            options.append(option)
            continue
        if set(option[1:]) & set("sinD"):
            return None
        if option[0] == "-" and "c" in option:
            inline = True
            option = option.replace("c", "")
        if option != "-":
            options.append(option)
        if "o" in option.lower() and rest:
            options.append(rest.pop(0))
    if not rest:
        return None
    if inline:
        return _Call(arguments[0], tuple(options), rest[0], rest[1] if len(rest) > 1 else arguments[0], tuple(rest[2:]))
    text = _text(Path(folder) / rest[0])
    return None if text is None else _Call(arguments[0], tuple(options), text, rest[0], tuple(rest[1:]))


def _by_shebang(arguments: Sequence[str], folder: str) -> _Call | None:
    """A script that is called by its path; one that is found by its name is a tool, such as a wrapper of another program."""
    found = arguments[0]
    if "/" not in found or not os.access(Path(folder) / found, os.X_OK):
        return None
    text = _text(Path(folder) / found)
    head = _SHEBANG.match(text.encode("utf-8", "surrogateescape")) if text is not None else None
    if head is None:
        return None
    words = [head[1].decode("utf-8", "replace"), *(head[2] or b"").decode("utf-8", "replace").split()]
    if os.path.basename(words[0]) == "env":  # noqa: PTH119
        words = [word for word in words[1:] if word != "-S"]
    if not words or os.path.basename(words[0]) not in _SHELLS:  # noqa: PTH119
        return None
    return _call([*words, found, *arguments[1:]], folder)


def _text(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    return None if b"\0" in content or b"\r\n" in content else content.decode("utf-8", "surrogateescape")


# ---------------------------------------------------------------- where it is split


def _parts(lines: Sequence[str], whole: Callable[[str], bool]) -> list[_Part]:
    """Steps by comments if there are any at top level, else by commands."""
    if any(_COMMENT.fullmatch(line) for line in lines):
        return _by_comments(lines, whole)
    return _by_commands(lines, whole) if len(lines) <= _MOST_LINES else []


def _by_comments(lines: Sequence[str], whole: Callable[[str], bool]) -> list[_Part]:
    places = [at for at, line in enumerate(lines) if _COMMENT.fullmatch(line)][:_MOST_STEPS]
    parts: list[_Part] = []
    start = 0
    for at in places:
        before = lines[start:at]
        if not whole("\n".join(before) + "\n"):
            # within a function, a loop or a text: it parts nothing
            continue
        if not parts and any(not _NOTHING.fullmatch(line) and not _PREAMBLE.match(line) for line in before):
            parts.append(_Part(start, say("drill_run.first_step")))
        found = _COMMENT.fullmatch(lines[at])
        parts.append(_Part(at, found[1][:200] if found else ""))
        start = at
    return parts


def _by_commands(lines: Sequence[str], whole: Callable[[str], bool]) -> list[_Part]:
    parts: list[_Part] = []
    taken: list[str] = []
    start, named = 0, ""
    for at, line in enumerate(lines):
        if not taken:
            if _NOTHING.fullmatch(line):
                continue
            start = start if named == "?" else at
        taken.append(line)
        if not whole("\n".join(taken) + "\n"):
            continue
        text, taken = "\n".join(taken), []
        if _PREAMBLE.match(text) and "$(" not in text and "`" not in text:
            named = "?"
        elif len(parts) < _MOST_STEPS:
            parts.append(_Part(start, _shown(text)))
            named = ""
    return parts


def _shown(text: str) -> str:
    first, more, _ = text.strip().partition("\n")
    return first if not more and len(first) <= _LONGEST_NAME else first[:_LONGEST_NAME].rstrip() + " …"


def _marked(lines: Sequence[str], parts: Sequence[_Part]) -> str:
    marks = {part.at: number for number, part in enumerate(parts)}
    return "\n".join(f"{_mark(marks[at])}; {line}" if at in marks else line for at, line in enumerate(lines))


def _mark(number: int) -> str:
    """Call the function; what a shell that traces would say about it is not shown."""
    return f"{{ case $- in *e*) ! __freehold_step {number};; *) __freehold_step {number};; esac; }} 2>/dev/null"


def _own_name(found: re.Match[str]) -> str:
    """The script's name in place of the copy's."""
    return "${0" if found[0].startswith("${") else "$0"


# ---------------------------------------------------------------- asking a shell


def whole_text(shell: str, environment: Mapping[str, str], text: str) -> bool:
    """Whether a text is whole by itself, as a shell reads it without running it.

    Parameters
    ----------
    shell
        Which one; bash is asked where it is there, since it tells of a text within the text whose end is missing.
    environment
        For its ``PATH``.
    text
        Some lines of shell.
    """
    stripped = text.rstrip("\n")
    if (len(stripped) - len(stripped.rstrip("\\"))) % 2:
        return False
    bash = _found("bash", environment.get("PATH", os.defpath))
    checker = [bash or shell, "-n"]
    if bash is not None and os.path.basename(shell) != "bash":  # noqa: PTH119
        checker.insert(1, "--posix")
    try:
        done = subprocess.run(  # noqa: S603
            checker,
            input=text.encode("utf-8", "surrogateescape"),
            capture_output=True,
            env={"LC_ALL": "C", "PATH": os.defpath},
            timeout=_DEADLINE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and b"here-document" not in done.stderr


@cache
def _found(program: str, path: str) -> str | None:
    return shutil.which(program, path=path)
