"""Opening one file within a folder: its text, or a skip that says why not. Owns limits on what parsers are given.

Nothing here raises for bad content: a file is read, or it is skipped with a reason.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import tomllib
from bisect import bisect_right
from typing import Any, Final

from freehold.read.walk import SourceFile
from freehold.stack.inventory import Skip

__all__ = ["Lines", "bytes_of", "ini_of", "json_of", "text_of", "toml_of"]

_NEWLINE: Final = re.compile(r"\n")


class Lines:
    """Line numbers of a text, by offset or by a cheap scan for what stands on them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] | None = None

    def at(self, offset: int) -> int:
        """The line, from 1, of a character's offset."""
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _NEWLINE.finditer(self._text))]
        return bisect_right(self._starts, offset)

    def of(self, needle: str, after: int = 0) -> int:
        """The first line that holds ``needle`` beyond the offset ``after``; 0 if none does."""
        offset = self._text.find(needle, after)
        return self.at(offset) if offset >= 0 else 0

    def headings(self, heading: str) -> list[int]:
        """Every line that is ``heading`` and nothing else, in order."""
        pattern = re.compile(rf"^{re.escape(heading)}[ \t]*(?:#.*)?\r?$", re.MULTILINE)
        return [self.at(match.start()) for match in pattern.finditer(self._text)]


def bytes_of(file: SourceFile) -> bytes | Skip:
    """The file's bytes, or a skip."""
    try:
        descriptor = os.open(file.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - the descriptor must not follow a link
            return stream.read(file.size + 1)
    except OSError as error:
        return Skip(file.relative, "unreadable", f"It cannot be opened ({error.strerror}).")


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
        return tomllib.loads(text)
    except RecursionError:
        return _deep(file)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        return Skip(file.relative, "syntax", f"It is not TOML: {error}.")


def json_of(file: SourceFile, text: str) -> Any | Skip:
    """Parse JSON, or say why not."""
    try:
        return json.loads(text)
    except RecursionError:
        return _deep(file)
    except ValueError as error:
        return Skip(file.relative, "syntax", f"It is not JSON: {error}.")


def ini_of(file: SourceFile, text: str) -> configparser.RawConfigParser | Skip:
    """Parse an INI file without interpolation, or say why not."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError) as error:
        return Skip(file.relative, "syntax", f"It is not INI: {str(error).splitlines()[0]}.")
    return parser


def _deep(file: SourceFile) -> Skip:
    return Skip(file.relative, "too-deep", "It nests deeper than any honest use, and was not read.")
