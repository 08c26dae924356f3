"""What a stand-in says to a request. Owns the seam between a request's JSON and the frames that answer it; no I/O.

A reply is made from the recorded words alone: the same request, number and behaviour give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, cycle, islice
from typing import Any, Final

from freehold.demo.faults import Behaviour
from freehold.demo.frames import Frame, Streams, encoded

__all__ = ["Asked", "Reply", "asked_from", "reply_to", "rows"]

_FIRST_MOMENT: Final = 1_750_000_000
"""The first stand-in's second, since 1970: a stand-in has no clock."""
_CHARACTERS_A_TOKEN: Final = 4
_SAMPLES: Final[Mapping[str, Any]] = {
    "string": "example",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for.

    Parameters
    ----------
    kind
        The table of frames that answers: ``chat``, ``responses``, ``native_chat``, ``native_generate``.
    model
        The model named.
    stream, usage
        Whether the answer is to come in a stream, and with a last frame about its use.
    prompt
        Tokens of what was sent.
    most
        The most tokens to say; 0: no limit.
    tool, arguments
        The tool to call, empty for none, and the JSON text of its arguments in pieces.
    """

    kind: str
    model: str
    stream: bool
    usage: bool
    prompt: int
    most: int
    tool: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: whole, or as frames.

    Parameters
    ----------
    whole
        The JSON of an answer that comes in one.
    frames
        The frames of a stream, each a line or an event with its end.
    said
        Tokens that it says.
    prompt
        Tokens that it was asked with.
    """

    whole: bytes
    frames: Iterable[bytes]
    said: int
    prompt: int


def asked_from(kind: str, body: Mapping[str, Any], streams: Streams, behaviour: Behaviour) -> Asked:
    """Read a request.

    Raises
    ------
    ValueError
        With a sentence, if it lacks what it must have.
    """
    model = body.get("model")
    if not isinstance(model, str):
        if streams.dialect != "llama_cpp":
            raise ValueError("you must provide a model parameter")
        model = ""
    name = {"responses": "input", "native_generate": "prompt"}.get(kind, "messages")
    said = body.get(name)
    if said is None or (name == "messages" and not isinstance(said, list)):
        raise ValueError(f"Missing required parameter: '{name}'.")
    options = body.get("options") if kind.startswith("native") else body
    most = next((value for key in _MOST if isinstance(value := (options or {}).get(key), int) and value > 0), 0)
    tool, arguments = _call(kind, body, said, streams, behaviour)
    native = kind.startswith("native")
    return Asked(
        kind,
        model,
        stream=bool(body.get("stream", native)),
        usage=bool((body.get("stream_options") or {}).get("include_usage")),
        prompt=max(1, _characters(said) // _CHARACTERS_A_TOKEN),
        most=most,
        tool=tool,
        arguments=arguments,
    )


_MOST: Final = ("max_completion_tokens", "max_tokens", "max_output_tokens", "num_predict")


def _characters(said: Any) -> int:
    open_, total = [said], 0
    while open_:
        one = open_.pop()
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, list):
            open_ += one
        elif isinstance(one, Mapping):
            open_ += [value for key, value in one.items() if key in ("content", "text", "input", "output", "arguments")]
    return total


def _call(kind: str, body: Mapping[str, Any], said: Any, streams: Streams, behaviour: Behaviour) -> tuple[str, tuple[str, ...]]:
    """The tool that is called, and its arguments in pieces; no tool once its result is in, unless the agent is a runaway."""
    offered = {}
    for tool in body.get("tools") or ():
        inner = tool.get("function", tool) if isinstance(tool, Mapping) else {}
        if isinstance(inner, Mapping) and isinstance(inner.get("name"), str):
            offered[inner["name"]] = inner
    last = said[-1] if isinstance(said, list) and said and isinstance(said[-1], Mapping) else {}
    done = last.get("role") == "tool" or last.get("type") == "function_call_output"
    if not offered or body.get("tool_choice") == "none" or (done and not behaviour.always_calls):
        return "", ()
    name = behaviour.tool if behaviour.tool in offered else next(iter(offered))
    if not behaviour.arguments and name == streams.tool:
        return name, streams.arguments
    schema = offered[name].get("parameters") or {}
    text = encoded(behaviour.arguments or _sample(schema)).decode()
    step = len(text) if streams.dialect == "ollama" or kind.startswith("native") else 5
    return name, tuple(text[at : at + step] for at in range(0, len(text), step))


def _sample(schema: Any) -> dict[str, Any]:
    """Arguments that a tool's schema allows: of each property its first allowed value, its default, or one of its type."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    found: dict[str, Any] = {}
    for name, one in (properties or {}).items():
        facts = one if isinstance(one, Mapping) else {}
        choices = facts.get("enum")
        fallback = facts.get("default", _SAMPLES.get(str(facts.get("type")), "example"))
        found[name] = choices[0] if isinstance(choices, list) and choices else fallback
    return found


def rows(frame: Frame, values: Sequence[Mapping[str, bytes]]) -> bytes:
    """A JSON list of one frame filled with each of several sets of values."""
    return b"[" + b",".join(frame.fill(one) for one in values) + b"]"


def reply_to(asked: Asked, model: str, number: int, streams: Streams, behaviour: Behaviour) -> Reply:
    """Answer a request.

    Parameters
    ----------
    asked
        What it asks for.
    model
        The model that answers.
    number
        The request's number, of which identifiers and times are made.
    streams
        What the dialect sends.
    behaviour
        How much it says.
    """
    wanted = behaviour.tokens or len(streams.words)
    most = min(wanted, asked.most) if asked.most else wanted
    pieces = asked.arguments if asked.tool else tuple(islice(cycle(streams.words), most))
    text = "".join(pieces)
    cut = not asked.tool and most < wanted
    created = _FIRST_MOMENT + number
    said = len(pieces)
    finish = "length" if cut else ("tool_calls" if asked.tool and not asked.kind.startswith("native") else "stop")
    prefix = "resp_" if asked.kind == "responses" else "chatcmpl-"
    values: dict[str, bytes] = {
        "ID": encoded(f"{prefix}{number:012d}"),
        "ITEM": encoded(f"{'fc' if asked.tool else 'msg'}_{number:012d}"),
        "CALL": encoded(f"call_{number:012d}"),
        "CREATED": encoded(created),
        "MOMENT": encoded(f"2025-06-15T15:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1_000_000:06d}Z"),
        "MODEL": encoded(model),
        "TOOL": encoded(asked.tool),
        "TEXT": encoded(text),
        "ARGUMENTS": encoded(text),
        "OBJECT": text.encode() if asked.tool else b"{}",
        "FINISH": encoded(finish),
        "PROMPT": encoded(asked.prompt),
        "SAID": encoded(said),
        "TOTAL": encoded(asked.prompt + said),
        "TIMINGS": encoded(_timings(asked.prompt, said)),
    }
    if not asked.stream:
        whole = streams.frames[f"{asked.kind}.{'whole_tool' if asked.tool else 'whole'}"]
        return Reply(whole.fill(values), (), said, asked.prompt)
    if asked.kind == "responses":
        made = _events(asked, pieces, streams, values)
    elif asked.kind.startswith("native"):
        made = _lines(asked, pieces, streams, values)
    else:
        made = _chunks(asked, pieces, streams, values)
    return Reply(b"", made, said, asked.prompt)


def _timings(prompt: int, said: int) -> dict[str, float]:
    """The timings of a llama.cpp server that reads 250 and writes 40 tokens a second."""
    return {
        "cache_n": 0,
        "prompt_n": prompt,
        "prompt_ms": prompt * 4.0,
        "prompt_per_token_ms": 4.0,
        "prompt_per_second": 250.0,
        "predicted_n": said,
        "predicted_ms": said * 25.0,
        "predicted_per_token_ms": 25.0,
        "predicted_per_second": 40.0,
    }


def _chunks(asked: Asked, pieces: tuple[str, ...], streams: Streams, values: dict[str, bytes]) -> Iterator[bytes]:
    """The server-sent events of a chat completion, up to ``[DONE]``."""
    frames = streams.frames
    names = ("tool_role", "tool_first") if asked.tool else ("first",)
    delta = frames["chat.tool_delta" if asked.tool else "chat.delta"]
    made = [frames[f"chat.{name}"] for name in names if f"chat.{name}" in frames]
    finish = frames["chat.finish"]
    if not asked.usage:
        # OpenAI gives every chunk a null for its use once the use is asked for, and none otherwise
        made, delta = [frame.without("usage") for frame in made], delta.without("usage")
        finish = finish.without("usage")
    elif streams.dialect == "llama_cpp":
        finish = finish.without("timings")
    delta = delta.bound(values)
    yield from (_event(frame.fill(values)) for frame in made)
    yield from (_event(delta.fill({"DELTA": encoded(piece)})) for piece in pieces)
    yield _event(finish.fill(values))
    if asked.usage:
        yield _event(frames["chat.usage"].fill(values))
    yield b"data: [DONE]\n\n"


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


def _events(asked: Asked, pieces: tuple[str, ...], streams: Streams, values: dict[str, bytes]) -> Iterator[bytes]:
    """The server-sent events of a response, numbered, each with its type as the event's name."""
    what = "tool" if asked.tool else "text"
    whole = streams.frames["responses.whole_tool" if asked.tool else "responses.whole"].fill(values)
    values = {**values, "WHOLE": whole}
    before = (*streams.lists["responses.head"], *streams.lists[f"responses.{what}_head"])
    delta = streams.frames[f"responses.{what}_delta"]
    after = (*streams.lists[f"responses.{what}_tail"], streams.frames["responses.completed"])
    made = [(frame, b'""') for frame in before] + [(delta, encoded(piece)) for piece in pieces]
    made += [(frame, b'""') for frame in after]
    for (frame, piece), number in zip(made, count()):
        data = frame.fill({**values, "DELTA": piece, "NUMBER": encoded(number)})
        kind = data.partition(b'"type":"')[2].partition(b'"')[0]
        yield b"event: " + kind + b"\n" + _event(data)


def _lines(asked: Asked, pieces: tuple[str, ...], streams: Streams, values: dict[str, bytes]) -> Iterator[bytes]:
    """The lines of an answer in Ollama's own form: newline-delimited JSON, a tool call in one line."""
    if asked.tool:
        yield streams.frames[f"{asked.kind}.tool_delta"].fill(values) + b"\n"
    else:
        delta = streams.frames[f"{asked.kind}.delta"].bound(values)
        yield from (delta.fill({"DELTA": encoded(piece)}) + b"\n" for piece in pieces)
    yield streams.frames[f"{asked.kind}.finish"].fill(values) + b"\n"
