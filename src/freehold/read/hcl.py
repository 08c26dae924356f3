"""HCL, the language of Terraform and OpenTofu, as a plain tree with line numbers. Owns its syntax and what it may cost.

The tree is the one of YAML (:class:`~freehold.read.yaml_tree.Node`) in the shape of Terraform's JSON syntax: a block's
type and labels are nested keys. Nothing is evaluated: a text is a text, an expression that is one reference is
``${var.region}``, and of any other expression the parts are kept as a sequence. It is read once from front to back.

A library would build a tree of every operator with a general grammar, at a hundredth of the speed and with no bound;
what is needed here is texts, lists, blocks and references.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import DEEPEST, Node
from freehold.stack.inventory import Skip

__all__ = ["parse_hcl"]

_MOST: Final = 600_000
"""Tokens of one file."""
_TOKEN: Final = re.compile(
    r"(?P<blank>[^\S\n]+)|(?P<comment>#[^\n]*|//[^\n]*|/\*)|(?P<line>\n)|(?P<text>\")|(?P<here><<-?(?P<mark>[^\W\d][\w-]*)[^\S\n]*\n)"
    r"|(?P<word>[^\W\d][\w-]*(?:\.(?:[^\W\d][\w-]*|\d+|\*)|\[\d+\]|\[\*\])*)|(?P<number>\d[\w.]*)"
    r"|(?P<mark_of>=>|==|!=|<=|>=|&&|\|\||\.\.\.|[=:,?{}()\[\]<>+*/%!&|.~^;'`\\@$-])",
)
_PIECE: Final = re.compile(r"[^\"\\${}%\n]+|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\.|\$\$\{|%%\{|[$%]\{|[$%{}\"\n]", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_OPEN: Final = {"(": ")", "[": "]", "{": "}"}


class _Broken(Exception):
    """Where reading ends: the line, the reason of the skip, and the sentence."""

    def __init__(self, line: int, reason: str, problem: str) -> None:
        super().__init__(problem)
        self.line, self.reason = line, reason


class _Token(NamedTuple):
    sort: str
    text: str
    line: int


def _tokens(text: str) -> Iterator[_Token]:
    at, line, count = 0, 1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _Broken(line, "syntax", f"It is not HCL: an unexpected sign, line {line}.")
        count += 1
        if count > _MOST:
            raise _Broken(
                line, "too-large", f"It holds more than {_MOST:,} words and signs; what follows line {line} was not read."
            )
        sort, start, at = match.lastgroup or "", line, match.end()
        if sort == "blank":
            continue
        if sort == "comment":
            if match[0] == "/*":
                end = text.find("*/", at)
                if end < 0:
                    raise _Broken(line, "syntax", f"A comment that begins in line {line} is never closed.")
                line += text.count("\n", at, end)
                at = end + 2
            continue
        if sort == "line":
            line += 1
            yield _Token("line", "\n", start)
        elif sort == "text":
            value, at, line = _quoted(text, at, line)
            yield _Token("text", value, start)
        elif match["here"]:
            value, at, line = _here(text, at, line, match["mark"])
            yield _Token("text", value, start + 1)
        else:
            yield _Token("word" if sort in {"word", "number"} else "mark", match[0], start)


def _here(text: str, at: int, line: int, mark: str) -> tuple[str, int, int]:
    """A text of many lines from behind its opening mark: the value, where it ends, and on which line."""
    begin, start = at, line
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line += 1
        if text[at:end].strip() == mark:
            return text[begin:at], end, line
        at = end + 1
    raise _Broken(start, "syntax", f"The text that begins in line {start} is never closed.")


def _quoted(text: str, at: int, line: int) -> tuple[str, int, int]:
    """A text from behind its opening quote: the value with its templates as they stand, where it ends, and on which line."""
    start = line
    parts: list[str] = []
    # what is open: a quote within a template begins a text, a brace within a text is a sign like others
    inside: list[str] = ['"']
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            break
        piece, at = match[0], match.end()
        top = inside[-1]
        if piece == "\n":
            line += 1
            if top == '"':
                raise _Broken(start, "syntax", f"It is not HCL: the text in line {start} is never closed.")
        if piece == '"':
            if top != '"':
                inside.append('"')
            else:
                inside.pop()
                if not inside:
                    return "".join(parts), at, line
        elif piece in {"${", "%{"} or (piece == "{" and top != '"'):
            inside.append("}")
            if len(inside) > DEEPEST:
                raise _Broken(
                    line, "too-deep", f"It nests deeper than {DEEPEST} levels; what follows line {line} was not read."
                )
        elif piece == "}" and top == "}":
            inside.pop()
        if piece[0] == "\\" and len(inside) == 1:
            piece = _ESCAPES.get(piece[1], piece) if len(piece) == 2 else _sign(piece[2:])
        parts.append("${" if piece == "$${" else "%{" if piece == "%%{" else piece)
    raise _Broken(start, "syntax", f"It is not HCL: the text in line {start} is never closed.")


def _sign(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


class _Parser:
    def __init__(self, text: str) -> None:
        self._source = _tokens(text)
        self._next: _Token | None = None
        self._advance()

    def _advance(self) -> _Token:
        token, self._next = self._next, next(self._source, None)
        return token if token is not None else _Token("end", "", 0)

    def _is(self, *marks: str) -> bool:
        return self._next is not None and self._next.sort in {"mark", "line"} and self._next.text in marks

    def _skip(self, *marks: str) -> None:
        while self._is(*marks):
            self._advance()

    def _line(self) -> int:
        return self._next.line if self._next is not None else 0

    def _wrong(self) -> _Broken:
        token = self._next
        what = "it ends too early" if token is None else f"an unexpected {token.text[:20]!r}, line {token.line}"
        return _Broken(token.line if token else 0, "syntax", f"It is not HCL: {what}.")

    def body(self, into: Node, closed_by: str, depth: int) -> None:
        """Read attributes and blocks into a mapping, up to what closes it; what was read stays if the rest is broken."""
        if depth > DEEPEST:
            raise _Broken(self._line(), "too-deep", f"It nests deeper than {DEEPEST} levels, and was read only so far.")
        pairs = into.pairs if into.pairs is not None else []
        while True:
            self._skip("\n", ";", ",")
            if self._next is None:
                if closed_by:
                    raise self._wrong()
                return
            if closed_by and self._is(closed_by):
                self._advance()
                return
            if self._next.sort not in {"word", "text"}:
                raise self._wrong()
            name = self._advance()
            if self._is("="):
                self._advance()
                self._skip("\n")
                value = Node(name.line)
                pairs.append((name.text, value))
                self.expression(value, depth + 1, within=False)
                continue
            labels = []
            while self._next is not None and self._next.sort in {"word", "text"}:
                labels.append(self._advance().text)
                if len(labels) > DEEPEST:
                    raise self._wrong()
            if not self._is("{"):
                raise self._wrong()
            self._advance()
            block = Node(name.line, pairs=[])
            outer = block
            for label in reversed(labels):
                outer = Node(name.line, pairs=[(label, outer)])
            pairs.append((name.text, outer))
            self.body(block, "}", depth + 1)

    def expression(self, into: Node, depth: int, *, within: bool) -> None:
        """Read an expression up to the end of its line, or within brackets to what separates or closes."""
        if depth > DEEPEST:
            raise _Broken(self._line(), "too-deep", f"It nests deeper than {DEEPEST} levels, and was read only so far.")
        parts: list[Node] = []
        into.items = parts
        plain = True
        while self._next is not None:
            if within:
                self._skip("\n")
            if self._next is None or self._is(",", "}", "]", ")", "=", ":", "=>", "...") or (self._is("\n") and not within):
                # a colon is a part of a condition where a question stood before it, else it ends a key
                if self._is(":") and not plain:
                    self._advance()
                    continue
                break
            token = self._advance()
            if token.sort == "text":
                parts.append(Node(token.line, text=token.text))
            elif token.sort == "word":
                bare = re.fullmatch(r"true|false|null|\d.*", token.text) is not None
                parts.append(Node(token.line, text=token.text if bare else f"${{{token.text}}}"))
                if self._is("("):
                    parts.pop()
            elif token.text in _OPEN:
                inner = Node(token.line)
                parts.append(inner)
                self._bracket(inner, token.text, depth + 1)
            else:
                plain = plain and token.text != "?"
                parts.append(Node(token.line))
        if len(parts) == 1:
            one = parts[0]
            into.text, into.pairs, into.items = one.text, one.pairs, one.items
            into.line = one.line if one.text is not None else into.line

    def _bracket(self, into: Node, opening: str, depth: int) -> None:
        if depth > DEEPEST:
            raise _Broken(self._line(), "too-deep", f"It nests deeper than {DEEPEST} levels, and was read only so far.")
        closing = _OPEN[opening]
        pairs: list[tuple[str, Node]] = []
        items: list[Node] = []
        into.pairs, into.items = (pairs, None) if opening == "{" else (None, items)
        while True:
            self._skip("\n", ",", ":", "=", "=>", "...", ";")
            if self._next is None:
                raise self._wrong()
            if self._is(closing):
                self._advance()
                return
            if self._is("}", "]", ")"):
                raise self._wrong()
            first = Node(self._line())
            self.expression(first, depth + 1, within=True)
            if into.pairs is None:
                items.append(first)
                continue
            value = Node(first.line)
            if self._is("=", ":"):
                self._advance()
                self._skip("\n")
                self.expression(value, depth + 1, within=False)
            key = first.text.removeprefix("${").removesuffix("}") if first.text is not None else ""
            pairs.append((key, value))


def parse_hcl(file: SourceFile, text: str) -> tuple[Node, Skip | None]:
    """Parse a file of HCL.

    Returns
    -------
    Node, Skip or None
        A mapping of what could be read, and why the rest could not.
    """
    tree = Node(1, pairs=[])
    try:
        _Parser(text.replace("\r\n", "\n")).body(tree, "", 0)
    except _Broken as error:
        return tree, Skip(file.relative, error.reason, str(error))
    return tree, None
