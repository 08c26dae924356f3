"""Text that others wrote, made fit to be shown. Owns what becomes of characters that could deceive or command.

Control characters command terminals; bidirectional, invisible and private ones make a name look like another. All are shown
as their code, so that nothing is hidden and nothing acts.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["clean", "escape_json"]

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2420"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\uf8ff\U000e0000-\U000e0fff]"
)


def _code(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def clean(text: str) -> str:
    """Show control, bidirectional and invisible characters as their code; line feeds and tabs become blanks."""
    if not _UNSAFE.search(text):
        return text
    text = text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    return _UNSAFE.sub(lambda found: _code(found[0]), text)


def escape_json(text: str) -> str:
    """Escape the same characters in JSON text; its value stays what it was."""

    def code(found: re.Match[str]) -> str:
        number = ord(found[0])
        if number <= 0xFFFF:
            return f"\\u{number:04x}"
        number -= 0x10000
        return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"

    return re.sub("(?!\n)" + _UNSAFE.pattern, code, text)
