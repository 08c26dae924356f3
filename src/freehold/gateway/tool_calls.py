"""Tool calls that a model asks for, put together from the pieces of a stream. Owns the moment at which a call is judged.

A call is judged as soon as its arguments are whole, before the piece that makes them whole goes on to the client; and
once more where a choice ends with arguments that never became whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec

from freehold.gateway.answers import Refusal

__all__ = ["Judge", "ToolCall", "ToolCalls", "one_of", "text_of"]

_MOST_CALLS: Final = 256
_MOST_TEXT: Final = 1_000_000
_MOST_NAME: Final = 200
_SIGNS: Final = re.compile(r'[{}\[\]"\\]')


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the model asked for it.

    Parameters
    ----------
    name
        The tool.
    arguments
        The JSON text of its arguments; what the model wrote, be it JSON or not.
    id
        The call's own name in the answer.
    """

    name: str
    arguments: str
    id: str = ""


Judge: TypeAlias = Callable[[ToolCall], None]
"""Raises :class:`freehold.gateway.answers.Refusal` for a call that may not go on; keeps the others."""


class _Depth:
    """How deep inside brackets a growing JSON text is."""

    __slots__ = ("depth", "escaped", "in_string", "opened")

    def __init__(self) -> None:
        self.depth, self.opened, self.in_string, self.escaped = 0, False, False, False

    def feed(self, text: str) -> bool:
        """Take more text; whether everything that was opened is closed."""
        skip = 1 if self.escaped and text else 0
        self.escaped = self.escaped and not text
        for found in _SIGNS.finditer(text, skip):
            if found.start() < skip:
                continue
            sign = found.group()
            if self.in_string:
                if sign == "\\":
                    skip = found.end() + 1
                    self.escaped = skip > len(text)
                elif sign == '"':
                    self.in_string = False
            elif sign == '"':
                self.in_string = True
            elif sign in "{[":
                self.depth += 1
                self.opened = True
            elif sign in "}]":
                self.depth -= 1
        return self.opened and self.depth <= 0 and not self.in_string


@dataclass(slots=True)
class _Growing:
    choice: int
    name: str = ""
    id: str = ""
    last_name: str = ""
    pieces: list[str] = field(default_factory=list)
    depth: _Depth = field(default_factory=_Depth)
    judged: tuple[str, str] | None = None

    @property
    def readings(self) -> tuple[str, ...]:
        """The names that it may have: one client joins the pieces of a name, another takes the last."""
        return (self.name,) if self.last_name in ("", self.name) else (self.name, self.last_name)


class ToolCalls:
    """The calls of one answer.

    Parameters
    ----------
    judge
        Asked about each call once it is whole.
    """

    __slots__ = ("_growing", "_judge", "_last", "_text", "open")

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._growing: dict[tuple[int, Hashable], _Growing] = {}
        self._last: dict[int, tuple[int, Hashable]] = {}
        self._text = 0
        self.open = False

    def piece(self, choice: int, key: Hashable, *, call_id: str = "", name: str = "", arguments: str = "") -> None:
        """Take one piece.

        Parameters
        ----------
        choice
            Which alternative of the answer it belongs to.
        key
            Which call of that alternative; ``None`` where the upstream does not say: then one with a name or an id
            begins a new call, and one without goes on with the last.
        call_id, name, arguments
            What the piece adds.

        Raises
        ------
        freehold.gateway.answers.Refusal
            If the call is refused, or more is streamed than is taken.
        """
        if key is None:
            last = self._last.get(choice)
            place = (choice, ("unnumbered", len(self._growing))) if last is None or name or call_id else last
        else:
            place = (choice, key)
        self._last[choice] = place
        call = self._growing.get(place)
        if call is not None and name and call_id and call.id and call_id[:_MOST_NAME] != call.id:
            # Some servers give all their calls one number: another id and a name begin another call.
            self._growing[choice, ("before", len(self._growing))] = self._growing.pop(place)
            call = None
        if call is None:
            if len(self._growing) >= _MOST_CALLS:
                raise Refusal(502, "too_many_tool_calls", f"the answer holds more than {_MOST_CALLS} tool calls.")
            call = self._growing[place] = _Growing(choice)
        self.open = True
        if name and len(call.name) <= _MOST_NAME:
            call.last_name = name if call.name else ""
            call.name += name
        call.id = call.id or call_id[:_MOST_NAME]
        if not arguments:
            if name and call.judged is not None:
                self._ask(call)
            return
        self._text += len(arguments)
        if self._text > _MOST_TEXT:
            raise Refusal(502, "tool_call_too_large", f"the tool calls' arguments are larger than {_MOST_TEXT:,} characters.")
        call.pieces.append(arguments)
        if call.depth.feed(arguments):
            self._ask(call)

    def whole(self, choice: int, key: Hashable, call: ToolCall) -> None:
        """Take a call that comes in one piece, or that is told once more, whole, after its pieces."""
        self.piece(choice, key)
        growing = self._growing[self._last[choice]]
        if call.name:
            growing.name, growing.last_name = call.name[: _MOST_NAME + 1], ""
        growing.id = call.id[:_MOST_NAME] or growing.id
        if len(call.arguments) > _MOST_TEXT:
            raise Refusal(502, "tool_call_too_large", f"the tool calls' arguments are larger than {_MOST_TEXT:,} characters.")
        growing.pieces = [call.arguments] if call.arguments else growing.pieces
        self._ask(growing)

    def finish(self, choice: int | None = None) -> None:
        """Judge what never became whole: of one alternative, or of all of them."""
        for call in self._growing.values():
            if choice is None or call.choice == choice:
                self._ask(call)
        if choice is None:
            self.open = False

    def _ask(self, call: _Growing) -> None:
        text = "".join(call.pieces).strip()
        if call.judged != (call.name, text):
            call.judged = (call.name, text)
            for name in call.readings:
                self._judge(ToolCall(name, text, call.id))


def one_of(function: str | None, custom: Mapping[str, Any] | None) -> str:
    """The name of a call that is told as a function or as a custom tool.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If it is told as both, so that two clients may run two tools.
    """
    named = str((custom or {}).get("name") or "")
    if function and custom:
        raise Refusal(502, "upstream_nonsense", "the upstream asks for one tool call under two names.")
    return function or named


def text_of(arguments: Any) -> str:
    """Arguments as JSON text, for the servers that send an object instead of text."""
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()
