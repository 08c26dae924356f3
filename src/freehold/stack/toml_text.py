"""TOML text as plain values, and a text as TOML. Owns what TOML may cost: what would make the parser run for ever is refused.

Everything that reads TOML reads it here, so that a number of thousands of digits, a deep nest and a key of a thousand parts
are the same error as a missing quote.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

__all__ = ["BadToml", "parse_toml", "quoted"]

_PARTS: Final = 100
_UNSHOWN: Final = re.compile("[\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_PLACE: Final = re.compile(r"line (\d+)")
_AT: Final = re.compile(r" \(at [^()]*\)")
_PART: Final = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_LONG_KEY: Final = re.compile(rf"^[ \t]*+\[{{0,2}}[ \t]*+(?:{_PART}[ \t]*+\.[ \t]*+){{{_PARTS}}}", re.MULTILINE)


class BadToml(ValueError):
    """Text that is no TOML, or none that can be read.

    Parameters
    ----------
    problem
        What is wrong, in the parser's words.
    line
        Where, from 1; 0 where it is not known.
    deep
        Whether only its depth is wrong.
    """

    def __init__(self, problem: str, line: int = 0, *, deep: bool = False) -> None:
        super().__init__(problem + (f" (line {line})" if line else ""))
        self.problem, self.line, self.deep = problem, line, deep


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Parameters
    ----------
    text
        The file's content.

    Returns
    -------
    dict
        Plain values.

    Raises
    ------
    BadToml
        If it is none, whatever the parser itself makes of it.
    """
    # the parser's time grows with the square of the parts of a key
    long = _LONG_KEY.search(text)
    if long:
        raise BadToml(f"a key has more than {_PARTS} parts", text.count("\n", 0, long.start()) + 1, deep=True)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BadToml("values nest too deeply", deep=True) from None
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise BadToml(_AT.sub("", str(error)).rstrip("."), line) from None
    except ValueError as error:
        raise BadToml(f"a value cannot be read: {error}") from None


def quoted(text: str) -> str:
    """A text in quotes, so that :func:`parse_toml` reads the same; what cannot be seen is written as its code."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNSHOWN.sub(_escape, escaped) + '"'


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    # half of a surrogate pair is no character, and TOML has no way to write it
    return "\ufffd" if 0xD800 <= number <= 0xDFFF else f"\\u{number:04x}"
