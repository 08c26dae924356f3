"""What is looked at in a request's body, and nothing more. Owns the seam between a client's JSON and policy.

The bytes are forwarded as they came. Two readers may differ over a key that stands twice, or in other letters: then the
body is written anew with each key once, so that an upstream reads what was judged here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from freehold.errors import GatewayError

__all__ = ["Asked", "read_asked", "with_model"]

_MOST_TOOLS: Final = 1_024
_MOST_NAME: Final = 200
_MOST_DEPTH: Final = 200
_MOST_TOKENS: Final = 10**12
_LOOKED_AT: Final = (
    "model", "stream", "tools", "functions", "messages", "input", "max_tokens", "max_completion_tokens", "max_output_tokens",
    "n", "best_of", "prompt", "web_search_options",
)  # fmt: skip
_TWICE: Final = tuple(f'"{name}"'.encode() for name in _LOOKED_AT)
_RUN_HERE: Final = (None, "function", "custom")
_VERSION: Final = re.compile(r"(_preview)?(_\d{4}_\d\d_\d\d)?$")
_OTHER_LETTERS: Final = frozenset(_LOOKED_AT)


class _Function(msgspec.Struct):
    name: str | None = None


class _Tool(msgspec.Struct):
    type: str | None = None
    name: str | None = None
    function: _Function | None = None
    custom: _Function | None = None
    server_label: str | None = None


class _Message(msgspec.Struct):
    role: str | None = None
    type: str | None = None
    tool_calls: list[msgspec.Raw] | None = None
    function_call: msgspec.Raw = msgspec.Raw()


class _Body(msgspec.Struct):
    model: str | None = None
    stream: bool | None = None
    tools: list[_Tool] | None = None
    functions: list[_Function] | None = None
    messages: list[_Message] | None = None
    input: msgspec.Raw = msgspec.Raw()
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None
    n: int | None = None
    best_of: int | None = None
    prompt: msgspec.Raw = msgspec.Raw()
    web_search_options: msgspec.Raw = msgspec.Raw()


_BODY: Final = msgspec.json.Decoder(_Body)
_TOP: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[_Message | str | int | list[int]])
_ENCODE: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as policy sees it.

    Parameters
    ----------
    kind
        The operation: ``chat``, ``text_completion``, ``responses`` or ``embeddings``.
    model
        The model asked for.
    stream
        Whether the answer is to come as server-sent events.
    tools
        Names of the tools that the model may call.
    run_there
        Those of them that the provider runs by itself.
    steps
        Rounds of tool calls since a person last said something: how deep an agent is in its own loop.
    most_tokens
        The most tokens that the answer may have, over all alternatives; ``None`` where nothing is said.
    body
        What is to be sent.
    """

    kind: str
    model: str
    stream: bool
    tools: tuple[str, ...]
    run_there: tuple[str, ...]
    steps: int
    most_tokens: int | None
    body: bytes


def read_asked(kind: str, body: bytes) -> Asked:
    """Read what is looked at.

    Parameters
    ----------
    kind
        The operation that the path names.
    body
        The request's body.

    Raises
    ------
    freehold.errors.GatewayError
        If it is no JSON object, or a value in it is not of its type: with the path in the body.
    """
    try:
        top = _TOP.decode(body)
        if any(body.count(key) > 1 for key in _TWICE) or b"\\u" in body:
            body = _rebuilt(top)
        for key in top:
            if key not in _OTHER_LETTERS and key.casefold() in _OTHER_LETTERS:
                raise GatewayError(f"the key '{key[:40]}' is spelt otherwise than '{key.casefold()}'. Spell it so.")
        read = _BODY.decode(body)
        steps = _steps(read.messages or ()) if kind != "responses" or not bytes(read.input) else _steps(_items(read.input))
    except (msgspec.DecodeError, UnicodeError) as error:
        raise GatewayError(f"the body cannot be read: {error}.") from None
    except RecursionError:
        raise GatewayError("the body is nested too deeply.") from None
    if not read.model:
        raise GatewayError("the body names no model. Add the key 'model'.")
    if len(read.model) > _MOST_NAME or not read.model.isprintable():
        raise GatewayError(f"the model's name is longer than {_MOST_NAME} characters, or holds unprintable ones.")
    most = _most_tokens(read)
    run_there = _run_there(read)
    tools = tuple(dict.fromkeys((*_tools(read), *run_there)))
    return Asked(kind, read.model, bool(read.stream), tools, run_there, steps, most, body)


def _rebuilt(top: dict[str, msgspec.Raw]) -> bytes:
    return _ENCODE.encode(top)


def with_model(body: bytes, model: str) -> bytes:
    """A body with another model's name; every other value as it came."""
    top: dict[str, Any] = dict(_TOP.decode(body))
    top["model"] = model
    return _ENCODE.encode(top)


def _most_tokens(read: _Body) -> int | None:
    """The most that may be written: by the largest of the keys, since servers differ in which one they heed."""
    stated = [one for one in (read.max_completion_tokens, read.max_output_tokens, read.max_tokens) if one is not None]
    # To some servers, a number below 0 means without end.
    if not stated or min(stated) < 0:
        return None
    return min(max(stated) * max(read.n or 1, read.best_of or 1, 1) * _prompts(read.prompt), _MOST_TOKENS)


def _prompts(raw: msgspec.Raw) -> int:
    """How many prompts are given in one, each of which is answered."""
    if bytes(raw).lstrip()[:1] != b"[":
        return 1
    listed = _LIST.decode(raw)
    return len(listed) if listed and bytes(listed[0]).lstrip()[:1] in (b'"', b"[") else 1


def _tools(read: _Body) -> tuple[str, ...]:
    named = [one for tool in read.tools or () if tool.type in _RUN_HERE for one in (tool.function, tool.custom, tool)]
    names = [one.name for one in (*named, *(read.functions or ())) if one is not None and one.name]
    if len(names) > _MOST_TOOLS:
        raise GatewayError(f"the body declares {len(names):,} tools, and {_MOST_TOOLS:,} are the most.")
    return tuple(dict.fromkeys(name[:_MOST_NAME] for name in names))


def _run_there(read: _Body) -> tuple[str, ...]:
    """Tools of the provider's own, by the names that their calls have; those of a remote server by the server's label."""
    found = [
        tool.server_label if tool.type == "mcp" and tool.server_label else _VERSION.sub("", tool.type or "")
        for tool in read.tools or ()
        if tool.type not in _RUN_HERE
    ]
    if bytes(read.web_search_options):
        found.append("web_search")
    return tuple(dict.fromkeys(name[:_MOST_NAME] for name in found if name))


def _items(raw: msgspec.Raw) -> list[_Message]:
    if bytes(raw).lstrip()[:1] != b"[":
        return []
    return [item for item in _ITEMS.decode(raw) if isinstance(item, _Message)]


def _steps(messages: Any) -> int:
    """Rounds of tool calls after the last message of a person's."""
    found = 0
    for message in reversed(messages):
        if message.role == "user":
            break
        if message.tool_calls or bytes(message.function_call) or message.type == "function_call":
            found += 1
        if found >= _MOST_DEPTH:
            break
    return found
