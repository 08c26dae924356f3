"""Values in JavaScript and TypeScript, by a tokenizer that tells texts from comments, templates and patterns.

Owns no grammar beyond that: what a text is the value of is told by the few tokens before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from freehold.read.documents import Lines
from freehold.read.mentions import Mention

__all__ = ["read_script_source"]

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)|(?P<comment>//[^\n]*|/\*[\s\S]*?(?:\*/|\Z))|(?P<word>[A-Za-z_$][\w$]*)|(?P<number>\d[\w.]*)"""
    r"""|(?P<text>"(?:[^"\\\n]|\\[\s\S])*+"|'(?:[^'\\\n]|\\[\s\S])*+')|(?P<tick>`)|(?P<mark>=>|===?|!==?|\?\?|\|\||&&|\?\.|[^\s])"""
)
_UNCLOSED: Final = re.compile(r""""(?:[^"\\\n]|\\[\s\S])*+|'(?:[^'\\\n]|\\[\s\S])*+""")
_LONGEST_PATTERN: Final = 2000
_MOST_TRIED: Final = 5000
_PATTERN: Final = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,500}\]){1,2000}/[a-z]*")
_CHUNK: Final = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*+")
_ESCAPE: Final = re.compile(r"\\([\s\S])")
_BEFORE_PATTERN: Final = frozenset(
    {"(", ",", "=", ":", "[", "!", "&&", "||", "?", "{", "}", ";", "=>", "return", "===", "==", "!==", "??", ""}
)
_COMPARES: Final = frozenset({"===", "==", "!==", "!=", "case"})
_DEEPEST: Final = 200


def read_script_source(text: str) -> list[Mention]:
    """Read the texts of a JavaScript or TypeScript file that are values."""
    return list(_values(text))


def _plain(text: str) -> str:
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def _values(text: str) -> Iterator[Mention]:
    lines = Lines(text)
    recent: list[str] = []
    templates: list[tuple[int, list[str], int, tuple[str, ...]]] = []
    depth = at = tried = 0
    unclosed = {'"': 0, "'": 0}
    size = len(text)
    while at < size:
        sign = text[at]
        if sign == "/" and tried < _MOST_TRIED and (recent[-1] if recent else "") in _BEFORE_PATTERN:
            pattern = _PATTERN.match(text, at, at + _LONGEST_PATTERN)
            tried += pattern is None
            if pattern:
                at = pattern.end()
                recent.append("0")
                continue
        if at < unclosed.get(sign, 0):
            # a text begun before here with the same sign is not closed, so this one is not either
            recent.append(sign)
            at += 1
            continue
        token = _TOKEN.match(text, at)
        if token is None:
            break
        kind, value, start = token.lastgroup, token[0], at
        at = token.end()
        if kind in {"space", "comment"}:
            continue
        if kind == "text":
            keys = _keys(recent)
            if keys is not None:
                yield Mention(_plain(value[1:-1]), lines.at(start), keys)
            recent.append('"' + value[1:-1][:60])
        elif kind == "tick" or (value == "}" and templates and templates[-1][0] == depth):
            if kind == "tick":
                opened: tuple[int, list[str], int, tuple[str, ...]] = (depth, [], start, _keys(recent) or ("match()",))
            else:
                opened = templates.pop()
                depth -= 1
                opened = (depth, opened[1], opened[2], opened[3])
            chunk = _CHUNK.match(text, at)
            at = chunk.end() if chunk else at
            opened[1].append(_plain(chunk[0]) if chunk else "")
            if text.startswith("${", at) and len(templates) < _DEEPEST:
                at += 2
                depth += 1
                opened[1].append("{}")
                templates.append((depth, opened[1], opened[2], opened[3]))
                recent.append("(")
            else:
                at += 1
                recent.append('"')
                yield Mention("".join(opened[1]), lines.at(opened[2]), opened[3])
        else:
            if value in unclosed:
                found = _UNCLOSED.match(text, start)
                unclosed[value] = found.end() if found else at
            depth += (value == "{") - (value == "}")
            recent.append(value)
        if len(recent) > 40:
            del recent[:20]


def _keys(recent: list[str]) -> tuple[str, ...] | None:
    """What the next text is the value of, by the tokens before it; ``None`` if it is only compared with."""
    at = len(recent) - 1
    while at >= 1 and recent[at] in {"||", "??", "+", "(", "?", "[", "&&"}:
        if recent[at] == "(" and _is_word(recent[at - 1]):
            return (recent[at - 1] + "()",)
        at -= 1
        if recent[at + 1] in {"||", "??", "?", "&&", "+"}:
            while at >= 0 and (_is_word(recent[at]) or recent[at] in {".", "?.", "!"} or recent[at].startswith('"')):
                at -= 1
    if at >= 0 and recent[at] in _COMPARES:
        return None
    if at >= 1 and recent[at] in {":", "="}:
        at -= 1
        name = recent[at]
        if recent[at + 1] == "=" and at >= 1 and recent[at - 1] == ":" and at >= 2:
            name = recent[at - 2]
        return (name.lstrip('"'),)
    if at >= 1 and recent[at] == ",":
        return ("argument",)
    return ()


def _is_word(token: str) -> bool:
    return token[:1].isalpha() or token[:1] in {"_", "$"}
