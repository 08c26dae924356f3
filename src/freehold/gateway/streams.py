"""A stream of server-sent events on its way to the client. Owns what is looked at in it, and what may go on.

Whole events go on as they came; the rest of an event waits for its end, within a bound. An event is decoded only if its
bytes can hold a tool call, a usage or an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from freehold.gateway.answers import Refusal
from freehold.gateway.tool_calls import Judge, ToolCall, ToolCalls, one_of, text_of
from freehold.gateway.usage import Tokens, UsageTable

__all__ = ["BYTE_ORDER_MARK", "FIELDS", "MOST_EVENT", "EventStream", "cut_of"]

MOST_EVENT: Final = 8_000_000
"""Bytes of an event."""
FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:", b":")
"""What the first line of an event can begin with."""
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""What a stream may begin with, once."""
_BOUNDARY: Final = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)")
_MARKS: Final = (
    b'tool_calls"',
    b"function_call",
    b'"usage":{',
    b'"usage": {',
    b"[DONE]",
    b'"error"',
    b"\\u",
    b'finish_reason":"',
    b'finish_reason": "',
)
_RESPONSES_MARKS: Final = (b"_call", b"response.completed", b"response.failed", b"response.incomplete", b'"error"', b"\\u")
_ENDS: Final = frozenset({"response.completed", "response.failed", "response.incomplete"})


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: Any = None


class _Call(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None
    custom: dict[str, Any] | None = None


class _Delta(msgspec.Struct):
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None


class _Choice(msgspec.Struct):
    index: int | None = None
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: UsageTable | None = None
    error: Any = None


class _Item(msgspec.Struct):
    type: str | None = None
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: Any = None
    input: Any = None


class _Response(msgspec.Struct):
    model: str | None = None
    usage: UsageTable | None = None
    error: Any = None
    output: list[_Item] | None = None


class _Event(msgspec.Struct):
    type: str | None = None
    item: _Item | None = None
    item_id: str | None = None
    name: str | None = None
    delta: Any = None
    arguments: Any = None
    input: Any = None
    response: _Response | None = None
    error: Any = None


_CHUNK: Final = msgspec.json.Decoder(_Chunk, strict=False)
_EVENT: Final = msgspec.json.Decoder(_Event, strict=False)


class EventStream:
    """One stream.

    Parameters
    ----------
    kind
        The operation.
    judge
        Asked about each tool call.

    Attributes
    ----------
    model
        The model that answers, as the upstream says.
    whole
        Whether the upstream has said that an alternative of the answer is whole.
    ended
        Whether it has said that nothing more comes.
    failed
        What the upstream said in an error event of its own; empty where it did not.
    """

    __slots__ = ("_begun", "_calls", "_held", "_marks", "_pieces", "_responses", "_usage", "ended", "failed", "model", "whole")

    def __init__(self, kind: str, judge: Judge) -> None:
        self._responses = kind == "responses"
        self._marks = _RESPONSES_MARKS if self._responses else _MARKS
        self._calls = ToolCalls(judge)
        self._held = bytearray()
        self._begun = False
        self._pieces = 0
        self._usage: UsageTable | None = None
        self.model = ""
        self.ended = self.whole = False
        self.failed = ""

    def tokens(self, asked_bytes: int) -> Tokens:
        """What the stream cost: as the upstream says, or as estimated from its pieces."""
        if self._usage is not None:
            return self._usage.tokens()
        return Tokens(asked_bytes // 4, self._pieces, estimated=True)

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes as they came; the whole events among them and before them, which may go on.

        Raises
        ------
        freehold.gateway.answers.Refusal
            If a tool call is refused or the stream is no stream of events; its ``details`` then hold nothing of it.
        """
        held = self._held
        if not self._begun:
            # A client leaves one byte order mark out, and so must who reads for it.
            self._begun = True
            while chunk.startswith(BYTE_ORDER_MARK):
                chunk = chunk[len(BYTE_ORDER_MARK) :]
        if held:
            begin = max(len(held) - 3, 0)
            held += chunk
            cut = cut_of(held, begin)
            if not cut and len(held) > MOST_EVENT:
                raise Refusal(502, "upstream_nonsense", f"an event of the upstream's is larger than {MOST_EVENT:,} bytes.")
            ready = bytes(held[:cut])
            del held[:cut]
        else:
            cut = cut_of(chunk, 0)
            if cut == len(chunk):
                ready = chunk
            else:
                ready = chunk[:cut]
                held += chunk[cut:]
        if ready:
            self._pass(ready)
        return ready

    def finish(self) -> bytes:
        """The upstream's stream is at its end: what was still held."""
        ready = bytes(self._held)
        self._held.clear()
        if ready.strip():
            if not ready.lstrip().startswith(FIELDS):
                raise Refusal(502, "upstream_nonsense", "the upstream streams what are no events.")
            self._pass(ready)
        self._calls.finish()
        return ready

    def _pass(self, ready: bytes) -> None:
        self._pieces += ready.count(b"data:")
        if self.model and not self._calls.open:
            for mark in self._marks:
                if mark in ready:
                    break
            else:
                return
        for data in _datas(ready):
            if data == b"[DONE]":
                self._calls.finish()
                self.ended = self.whole = True
                continue
            try:
                if self._responses:
                    self._event(_EVENT.decode(data))
                else:
                    self._chunk(_CHUNK.decode(data))
            except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
                raise Refusal(502, "upstream_nonsense", f"the upstream streams what cannot be read ({error}).") from None

    def _chunk(self, chunk: _Chunk) -> None:
        self.model = self.model or (chunk.model or "?")[:200]
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.error:
            self.failed = msgspec.json.encode(chunk.error).decode()[:500]
        for choice in chunk.choices or ():
            index = choice.index or 0
            for delta in (choice.delta, choice.message):
                if delta is not None:
                    self._delta(index, delta)
            if choice.finish_reason:
                self._calls.finish(index)
                self.whole = True

    def _delta(self, index: int, delta: _Delta) -> None:
        for call in delta.tool_calls or ():
            function = call.function or _Function()
            custom = call.custom or {}
            self._calls.piece(
                index,
                call.index,
                call_id=call.id or "",
                name=one_of(function.name, custom),
                arguments=text_of(function.arguments) or text_of(custom.get("input")),
            )
        if delta.function_call is not None:
            function = delta.function_call
            self._calls.piece(index, "function_call", name=function.name or "", arguments=text_of(function.arguments))

    def _event(self, event: _Event) -> None:
        kind = event.type or ""
        if event.error or kind == "error":
            self.failed = msgspec.json.encode(event.error or kind).decode()[:500]
        if kind == "response.output_item.added" and event.item is not None and (event.item.type or "").endswith("_call"):
            item = event.item
            begun = text_of(item.arguments) or text_of(item.input)
            self._calls.piece(0, item.id, call_id=item.call_id or "", name=_name(item), arguments=begun)
        elif event.item is not None:
            self._item(event.item)
        elif kind.endswith(("_call_arguments.delta", "_call_input.delta")):
            self._calls.piece(0, event.item_id, arguments=text_of(event.delta))
        elif kind.endswith(("_call_arguments.done", "_call_input.done")):
            told = text_of(event.arguments) or text_of(event.input)
            self._calls.whole(0, event.item_id, ToolCall(event.name or "", told))
        if event.response is not None:
            self.model = self.model or (event.response.model or "?")[:200]
            if event.response.usage is not None:
                self._usage = event.response.usage
            if event.response.error:
                self.failed = msgspec.json.encode(event.response.error).decode()[:500]
            for item in event.response.output or ():
                self._item(item)
        self.model = self.model or "?"
        if kind in _ENDS:
            self._calls.finish()
            self.ended = self.whole = True

    def _item(self, item: _Item) -> None:
        if (item.type or "").endswith("_call"):
            call = ToolCall(_name(item), text_of(item.arguments) or text_of(item.input), item.call_id or "")
            self._calls.whole(0, item.id, call)


def _name(item: _Item) -> str:
    return item.name or (item.type or "").removesuffix("_call")


def cut_of(data: bytes | bytearray, begin: int) -> int:
    """Where the last whole event ends; 0 if none does.

    Parameters
    ----------
    data
        Bytes of a stream.
    begin
        Where to look from.
    """
    cut = data.rfind(b"\n\n", begin)
    if cut >= 0:
        return cut + 2
    if data.find(b"\r", begin) < 0:
        return 0
    cut = data.rfind(b"\n\r\n", begin)
    if cut >= 0:
        return cut + 3
    last = 0
    for found in _BOUNDARY.finditer(data, begin):
        last = found.end()
    return last


def _datas(ready: bytes) -> Iterator[bytes]:
    """The data of each event, its lines joined as the standard says (HTML, 9.2.6)."""
    for event in _BOUNDARY.split(ready):
        lines = event.splitlines()
        data = [line[5:].removeprefix(b" ") for line in lines if line[:5] == b"data:"]
        if data:
            yield data[0].strip() if len(data) == 1 else b"\n".join(data)
