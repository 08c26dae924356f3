"""The gateway's stop file, written from outside: the way to stop when nothing else answers. Owns the lock and the line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from freehold.respond.actions.interface import ActionFailed
from freehold.whole_file import write_whole

__all__ = ["add_stop", "has_stop", "remove_stop", "stops_in"]

_SCOPES: Final = ("all", "model", "tenant", "tool", "agent")
_MOST_SHOWN: Final = 200
_REMARK: Final = re.compile(r"(?:^|\s)#")

if sys.platform == "win32":

    @contextmanager
    def _locked(folder: Path) -> Iterator[None]:  # noqa: ARG001  there, a file is replaced whole and the last writer wins
        yield

else:
    import fcntl

    @contextmanager
    def _locked(folder: Path) -> Iterator[None]:
        """The lock that the gateway takes too, so that no line is lost between reading and writing."""
        with (folder / "stop.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _same(line: str, scope: str, name: str) -> bool:
    words = _REMARK.split(line, maxsplit=1)[0].split(None, 1)
    if not words:
        return False
    said = words[1].strip() if len(words) > 1 else ""
    return words[0].lower() == scope and said.casefold() == name.strip().casefold()


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    # an empty file stops everything, and must go on doing so when a line is added
    return text.splitlines() if text.strip() else ["all"]


def has_stop(path: Path, scope: str, name: str) -> bool | None:
    """Whether a stop stands in the file; ``None`` if it cannot be read."""
    try:
        return any(_same(line, scope, name) for line in _lines(path))
    except (OSError, UnicodeDecodeError):
        return None


def stops_in(path: Path) -> tuple[Mapping[str, str], ...] | None:
    """What stands in the file: ``scope``, ``name``, and ``why`` with who; ``None`` if it cannot be read.

    A line that is not understood stops everything, as it does at the gateway.
    """
    found: dict[tuple[str, str], str] = {}
    try:
        for line in _lines(path):
            said, *remark = _REMARK.split(line, maxsplit=1)
            words, why = said.split(None, 1), "".join(remark).strip()
            if words:
                scope, name = words[0].lower(), words[1].strip() if len(words) > 1 else ""
                known = scope in _SCOPES and (scope == "all") is not bool(name)
                found.setdefault((scope, name) if known else ("all", ""), why)
    except (OSError, UnicodeDecodeError):
        return None
    return tuple({"scope": scope, "name": name, "why": why} for (scope, name), why in list(found.items())[:_MOST_SHOWN])


def add_stop(path: Path, scope: str, name: str, why: str) -> None:
    """Write a stop; one that stands there already stays as it is. It is on the disk when this returns.

    Raises
    ------
    freehold.respond.actions.interface.ActionFailed
        If it cannot be written; the message says what to write by hand.
    """
    line = f"{scope} {name}".strip()
    if scope not in _SCOPES or (scope == "all") is bool(name.strip()) or not name.isprintable() or set(name) & set("#'\""):
        # a line that the gateway does not understand stops everything
        raise ActionFailed(f"'{line[:80]!r}' is no line of a stop file: {', '.join(_SCOPES)}, and a name with all but 'all'.")
    told = " ".join(why.split())[:300]
    try:
        with _locked(path.parent):
            if not has_stop(path, scope, name):
                _write(path, [*_lines(path), f"{line}  # {told}" if told else line])
    except (OSError, UnicodeDecodeError) as error:
        raise ActionFailed(f"{path} cannot be written ({error}). Write the line '{line}' into it by hand.") from None


def remove_stop(path: Path, scope: str, name: str) -> None:
    """Take a stop out of the file.

    Raises
    ------
    freehold.respond.actions.interface.ActionFailed
        If it cannot be written.
    """
    try:
        with _locked(path.parent):
            lines = _lines(path)
            kept = [line for line in lines if not _same(line, scope, name)]
            if len(kept) == len(lines):
                return
            if any(line.strip() for line in kept):
                _write(path, kept)
            else:
                path.unlink(missing_ok=True)
    except (OSError, UnicodeDecodeError) as error:
        raise ActionFailed(f"{path} cannot be written ({error}). Take the line '{scope} {name}' out by hand.") from None


def _write(path: Path, lines: list[str]) -> None:
    write_whole(path, "".join(f"{line}\n" for line in lines))
    if sys.platform != "win32":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
