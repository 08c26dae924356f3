"""An answer in one piece. Owns what is looked at in it: who answers, what it cost, which tool calls it asks for."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from freehold.gateway.answers import Refusal
from freehold.gateway.tool_calls import Judge, ToolCall, ToolCalls, one_of, text_of
from freehold.gateway.usage import Tokens, UsageTable

__all__ = ["Answer"]


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: Any = None


class _Call(msgspec.Struct):
    id: str | None = None
    function: _Function | None = None
    custom: dict[str, Any] | None = None


class _Message(msgspec.Struct):
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None


class _Choice(msgspec.Struct):
    message: _Message | None = None


class _Item(msgspec.Struct):
    type: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: Any = None
    input: Any = None


class _Answer(msgspec.Struct):
    model: str | None = None
    choices: list[_Choice] | None = None
    output: list[_Item] | None = None
    usage: UsageTable | None = None


_ANSWER: Final = msgspec.json.Decoder(_Answer, strict=False)


class Answer:
    """One answer.

    Parameters
    ----------
    body
        Its bytes.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If it is none.
    """

    __slots__ = ("_length", "_read")

    def __init__(self, body: bytes) -> None:
        try:
            self._read = _ANSWER.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise Refusal(502, "upstream_nonsense", f"the upstream answers what cannot be read ({error}).") from None
        self._length = len(body)

    @property
    def model(self) -> str:
        """Who answers, as the upstream says."""
        return (self._read.model or "")[:200]

    def tokens(self, asked_bytes: int) -> Tokens:
        """What it cost; an estimate from the lengths of request and answer where the upstream says nothing."""
        if self._read.usage is not None:
            return self._read.usage.tokens()
        return Tokens(asked_bytes // 4, self._length // 4, estimated=True)

    def judged(self, judge: Judge) -> None:
        """Have its tool calls judged.

        Raises
        ------
        freehold.gateway.answers.Refusal
            If one is refused.
        """
        calls = ToolCalls(judge)
        # By their places, not by the numbers that the upstream gives: of those, two may be the same.
        for number, choice in enumerate(self._read.choices or ()):
            if choice.message is not None:
                _judge(calls, number, choice.message)
        for place, item in enumerate(self._read.output or ()):
            kind = item.type or ""
            if kind.endswith("_call"):
                name = item.name or kind.removesuffix("_call")
                calls.whole(0, place, ToolCall(name, text_of(item.arguments) or text_of(item.input), item.call_id or ""))


def _judge(calls: ToolCalls, choice: int, message: _Message) -> None:
    for place, call in enumerate(message.tool_calls or ()):
        function, custom = call.function or _Function(), call.custom or {}
        name = one_of(function.name, custom)
        calls.whole(choice, place, ToolCall(name, text_of(function.arguments) or text_of(custom.get("input")), call.id or ""))
    if message.function_call is not None:
        legacy = message.function_call
        calls.whole(choice, "function_call", ToolCall(legacy.name or "", text_of(legacy.arguments)))
