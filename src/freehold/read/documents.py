"""Opening one file within a folder: its text, or a skip that says why not. Owns limits on what parsers are given.

Nothing here raises for bad content: a file is read, or it is skipped with a reason.
"""

from __future__ import annotations

import configparser
import errno
import json
import os
import re
import stat
from bisect import bisect_left, bisect_right
from typing import Any, Final

from freehold.read.walk import SourceFile
from freehold.stack.inventory import Skip
from freehold.stack.toml_text import BadToml, parse_toml

__all__ = ["Lines", "bytes_at", "bytes_of", "ini_of", "json_of", "text_of", "toml_of"]

_NEWLINE: Final = re.compile(r"\n")
_BLANKS: Final = re.compile(r"[^\S\n]{20,}")
_HALF: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_MOST_SOUGHT: Final = 100_000_000
"""Characters that are gone through to find lines of one text; beyond, no line is given."""


class Lines:
    """Line numbers of a text, by offset or by a cheap scan for what stands on them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] | None = None
        self._keys: dict[str, list[int]] | None = None
        self._left = _MOST_SOUGHT

    def at(self, offset: int) -> int:
        """The line, from 1, of a character's offset."""
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _NEWLINE.finditer(self._text))]
        return bisect_right(self._starts, offset)

    def of(self, needle: str, after: int = 0) -> int:
        """The first line that holds ``needle`` beyond the offset ``after``; 0 if none does."""
        offset = self.find(needle, after)
        return self.at(offset) if offset >= 0 else 0

    def find(self, needle: str, after: int = 0) -> int:
        """The offset of ``needle`` from ``after`` on; -1 if it is not there, or too much has been gone through."""
        if self._left <= 0 or not needle:
            return -1
        offset = self._text.find(needle, after)
        self._left -= (offset if offset >= 0 else len(self._text)) - after
        return offset

    def key(self, name: str, after: int = 0) -> int:
        """The first line beyond the offset ``after`` that gives ``name`` a value with ``=``; 0 if none does."""
        if self._keys is None:
            self._keys = {}
            start = 0
            for row in self._text.split("\n"):
                named = row.partition("=")[0].strip().strip("\"'") if "=" in row else ""
                if named:
                    self._keys.setdefault(named, []).append(start)
                start += len(row) + 1
        starts = self._keys.get(name, [])
        at = bisect_left(starts, after)
        return self.at(starts[at]) if at < len(starts) else 0

    def headings(self, heading: str) -> list[int]:
        """Every line that is ``heading`` and nothing else, in order."""
        pattern = re.compile(rf"^{re.escape(heading)}[ \t]*(?:#.*)?\r?$", re.MULTILINE)
        return [self.at(match.start()) for match in pattern.finditer(self._text)]


def bytes_of(file: SourceFile) -> bytes | Skip:
    """The file's bytes, or a skip."""
    try:
        return bytes_at(file.path, file.size + 1)
    except OSError as error:
        return Skip(file.relative, "unreadable", f"It cannot be opened ({error.strerror}).")


def bytes_at(path: str, limit: int) -> bytes:
    """The beginning of a regular file; a link is not followed, and nothing else than a file is waited for.

    Raises
    ------
    OSError
        If it cannot be opened, or is no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    except ValueError:
        raise OSError(errno.EINVAL, "its name is none") from None
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - the descriptor must not follow a link
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return stream.read(limit)


def text_of(file: SourceFile, data: bytes | None = None) -> str | Skip:
    """The file's text in UTF-8 without a byte-order mark, or a skip."""
    found = bytes_of(file) if data is None else data
    if isinstance(found, Skip):
        return found
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = found[: error.start].count(b"\n") + 1
        return Skip(file.relative, "encoding", f"Line {line} is not UTF-8.")


def toml_of(file: SourceFile, text: str) -> dict[str, Any] | Skip:
    """Parse TOML, or say why not."""
    try:
        return parse_toml(text)
    except BadToml as error:
        return _deep(file) if error.deep else Skip(file.relative, "syntax", f"It is not TOML: {error}.")


def json_of(file: SourceFile, text: str) -> Any | Skip:
    """Parse JSON, or say why not."""
    try:
        # half of a surrogate pair is no character, and can neither be written nor shown
        return json.loads(_HALF.sub(_whole, text) if "\\ud" in text or "\\uD" in text else text)
    except RecursionError:
        return _deep(file)
    except ValueError as error:
        return Skip(file.relative, "syntax", f"It is not JSON: {error}.")


def _whole(found: re.Match[str]) -> str:
    return "\\ufffd" if found[1] else found[0]


def ini_of(file: SourceFile, text: str) -> configparser.RawConfigParser | Skip:
    """Parse an INI file without interpolation, or say why not."""
    # the section of defaults is one like others: repeating it in each would multiply the file
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="")
    try:
        # the parser's time grows with the square of the blanks in a row
        parser.read_string(_BLANKS.sub(" ", text))
    except (configparser.Error, ValueError, AttributeError) as error:
        return Skip(file.relative, "syntax", f"It is not INI: {(str(error).splitlines() or ['it cannot be parsed'])[0][:200]}.")
    return parser


def _deep(file: SourceFile) -> Skip:
    return Skip(file.relative, "too-deep", "It nests deeper than any honest use, and was not read.")
