"""Streams of events and the tool calls in them, however they are cut into pieces."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.gateway.answers import Refusal
from freehold.gateway.requests import read_asked, with_model
from freehold.gateway.streams import EventStream, cut_of
from freehold.gateway.tool_calls import ToolCall, ToolCalls
from freehold.gateway.whole_answers import Answer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)
CALLS = st.lists(st.tuples(st.sampled_from(["ls", "rm", "mail"]), ARGUMENTS), min_size=1, max_size=3)


def cut(text: Any, places: list[int]) -> list[Any]:
    """A text in pieces, cut at places."""
    marks = sorted({place % (len(text) + 1) for place in places})
    return [text[start:end] for start, end in zip([0, *marks], [*marks, len(text)], strict=True)]


def chunk(**delta: Any) -> bytes:
    return b"data: " + json.dumps({"model": "m", "choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


def stream_of(calls: list[tuple[str, Any]], places: list[int], *, ascii_only: bool) -> bytes:
    """A stream of chat that calls tools, their arguments in pieces."""
    parts = [chunk(content="let me see")]
    for index, (name, arguments) in enumerate(calls):
        parts.append(chunk(tool_calls=[{"index": index, "id": f"call-{index}", "function": {"name": name, "arguments": ""}}]))
        pieces = cut(json.dumps(arguments, ensure_ascii=ascii_only), places)
        parts += [chunk(tool_calls=[{"index": index, "function": {"arguments": piece}}]) for piece in pieces]
    parts.append(b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}\n\n')
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}
    parts.append(b"data: " + json.dumps(usage).encode() + b"\n\n")
    return b"".join([*parts, b"data: [DONE]\n\n"])


@given(CALLS, st.lists(st.integers(0, 200), max_size=5), st.lists(st.integers(0, 5_000), max_size=10), st.booleans())
def test_a_stream_is_passed_on_as_it_came_and_each_call_is_judged_once(
    calls: list[tuple[str, Any]], places: list[int], cuts: list[int], ascii_only: bool
) -> None:
    judged: list[ToolCall] = []
    stream = EventStream("chat", judged.append)
    whole = stream_of(calls, places, ascii_only=ascii_only)
    passed = b"".join([stream.feed(piece) for piece in cut(whole, cuts)]) + stream.finish()
    assert passed == whole
    assert [(call.name, json.loads(call.arguments)) for call in judged] == calls
    assert stream.ended
    assert (stream.tokens(0).input, stream.tokens(0).output, stream.tokens(0).estimated) == (3, 5, False)


@given(CALLS, st.lists(st.integers(0, 200), max_size=5), st.lists(st.integers(0, 5_000), max_size=10))
def test_no_refused_call_is_ever_passed_on_whole(calls: list[tuple[str, Any]], places: list[int], cuts: list[int]) -> None:
    def judge(call: ToolCall) -> None:
        raise Refusal(403, "tool_refused", call.name)

    stream = EventStream("chat", judge)
    passed: list[bytes] = []

    def feed_all() -> None:
        for piece in cut(stream_of(calls, places, ascii_only=True), cuts):
            passed.append(stream.feed(piece))  # noqa: PERF401  what came before the refusal is to be seen
        stream.finish()

    with pytest.raises(Refusal):
        feed_all()
    given = ""
    for line in b"".join(passed).split(b"\n\n"):
        for call in json.loads(line[6:])["choices"][0]["delta"].get("tool_calls", []) if line else []:
            given += call["function"].get("arguments", "")
    with pytest.raises(json.JSONDecodeError):
        json.loads(given)


def names_judged(*calls: dict[str, Any]) -> list[str]:
    """The names under which calls of one stream are judged before the stream ends."""
    judged: list[ToolCall] = []
    stream = EventStream("chat", judged.append)
    for call in calls:
        stream.feed(chunk(tool_calls=[call]))
    return [call.name for call in judged]


def test_a_name_that_comes_after_its_arguments_is_judged_before_it_goes_on() -> None:
    first, late = (
        {"index": 0, "id": "a", "function": {"name": "ls", "arguments": "{}"}},
        {"index": 0, "function": {"name": "_rm"}},
    )
    assert names_judged(first, late) == ["ls", "ls_rm", "_rm"]
    nameless = {"index": 0, "id": "a", "function": {"arguments": "{}"}}
    assert names_judged(nameless, {"index": 0, "function": {"name": "rm"}}) == ["", "rm"]


def test_calls_under_one_number_are_told_apart_by_their_ids() -> None:
    calls = [{"index": 0, "id": name, "function": {"name": name, "arguments": "{}"}} for name in ("ls", "rm")]
    assert names_judged(*calls) == ["ls", "rm"]


def test_a_name_in_pieces_is_judged_as_joined_and_as_its_last_piece() -> None:
    pieces = [{"index": 0, "id": "a", "function": {"name": "l"}}, {"index": 0, "function": {"name": "rm", "arguments": "{}"}}]
    assert names_judged(*pieces) == ["lrm", "rm"]


def test_a_call_with_two_names_is_refused() -> None:
    call = {"index": 0, "type": "custom", "function": {"name": "ls"}, "custom": {"name": "rm", "input": ""}}
    with pytest.raises(Refusal, match="two names"):
        names_judged(call)
    with pytest.raises(Refusal, match="two names"):
        Answer(json.dumps({"choices": [{"message": {"tool_calls": [call]}}]}).encode()).judged(lambda _call: None)


def test_two_alternatives_with_one_number_are_judged_both() -> None:
    judged: list[ToolCall] = []
    choices = [
        {"index": 0, "message": {"tool_calls": [{"function": {"name": name, "arguments": "{}"}}]}} for name in ("ls", "rm")
    ]
    Answer(json.dumps({"choices": choices}).encode()).judged(judged.append)
    assert [call.name for call in judged] == ["ls", "rm"]
    output = [{"type": "function_call", "name": name, "arguments": "{}"} for name in ("ls", "rm")]
    Answer(json.dumps({"output": output}).encode()).judged(judged.append)
    assert [call.name for call in judged[2:]] == ["ls", "rm"]


def test_a_mark_of_byte_order_hides_no_call() -> None:
    judged: list[ToolCall] = []
    call = chunk(tool_calls=[{"index": 0, "id": "a", "function": {"name": "rm", "arguments": "{}"}}])
    for marks in (1, 2):
        assert EventStream("chat", judged.append).feed(b"\xef\xbb\xbf" * marks + call) == call
    assert [one.name for one in judged] == ["rm", "rm"]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.function_call_arguments.done", "item_id": "fc", "name": "rm", "arguments": '{"a": 1}'},
        {"type": "response.output_item.added", "item": {"type": "function_call", "name": "rm", "arguments": '{"a": 1}'}},
        {"item": {"type": "function_call", "id": "fc", "name": "rm", "arguments": '{"a": 1}'}},
    ],
)
def test_a_call_of_the_responses_interface_is_judged_in_whichever_event_it_stands(event: dict[str, Any]) -> None:
    judged: list[ToolCall] = []
    EventStream("responses", judged.append).feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert [(call.name, call.arguments) for call in judged] == [("rm", '{"a": 1}')]


@pytest.mark.parametrize(
    ("kind", "more", "most"),
    [
        ("chat", {"max_completion_tokens": 1, "max_tokens": 1000}, 1000),
        ("chat", {"max_tokens": -1}, None),
        ("chat", {"max_tokens": 10**300, "n": 5}, 10**12),
        ("text_completion", {"max_tokens": 7, "prompt": ["a", "b"], "n": 2}, 28),
        ("text_completion", {"max_tokens": 7, "prompt": [1, 2, 3]}, 7),
        ("text_completion", {"max_tokens": 7, "prompt": "a"}, 7),
    ],
)
def test_as_much_is_set_aside_as_any_server_may_write(kind: str, more: dict[str, Any], most: int | None) -> None:
    assert read_asked(kind, json.dumps({"model": "m", **more}).encode()).most_tokens == most


def test_a_providers_tool_is_known_by_its_kind_whatever_label_it_is_given() -> None:
    tools = [{"type": "web_search", "server_label": "harmless"}, {"type": "mcp", "server_label": "files"}]
    assert read_asked("responses", json.dumps({"model": "m", "tools": tools}).encode()).run_there == ("web_search", "files")
    both = {"type": "custom", "function": {"name": "ls"}, "custom": {"name": "rm"}}
    assert read_asked("chat", json.dumps({"model": "m", "tools": [both]}).encode()).tools == ("ls", "rm")


@given(st.text(alphabet="ab\r\n", max_size=30))
def test_events_end_where_the_standard_says(text: str) -> None:
    """A line ends with CR LF, LF or CR; an event with an empty line."""
    data = text.encode()
    end = cut_of(data, 0)
    assert 0 <= end <= len(data)
    if end:
        lines = data[:end].splitlines(keepends=True)
        assert not lines[-1].strip(b"\r\n")
        assert data[:end].endswith((b"\n", b"\r"))


def test_a_call_is_judged_when_its_arguments_are_whole_and_not_before() -> None:
    judged: list[ToolCall] = []
    calls = ToolCalls(judged.append)
    calls.piece(0, 0, name="ls", arguments='{"a": "}\\"')
    calls.piece(0, 0, arguments='"')
    assert not judged
    calls.piece(0, 0, arguments="}")
    assert judged == [ToolCall("ls", '{"a": "}\\""}')]
    calls.finish()
    assert len(judged) == 1


@pytest.mark.parametrize("arguments", ["", "nonsense", '{"a":', '"text"', "5"])
def test_arguments_that_never_become_whole_are_judged_at_the_end(arguments: str) -> None:
    judged: list[ToolCall] = []
    calls = ToolCalls(judged.append)
    calls.piece(0, 0, name="ls", arguments=arguments)
    calls.finish(0)
    assert judged == [ToolCall("ls", arguments)]


def test_calls_without_numbers_are_told_apart_by_their_names() -> None:
    judged: list[ToolCall] = []
    calls = ToolCalls(judged.append)
    for name in ("ls", "rm"):
        calls.piece(0, None, name=name, arguments='{"x"')
        calls.piece(0, None, arguments=": 1}")
    assert [call.name for call in judged] == ["ls", "rm"]


def test_calls_and_arguments_have_a_bound() -> None:
    calls = ToolCalls(lambda _call: None)
    for _ in range(1_000):
        calls.piece(0, 0, arguments="[" * 1_000)
    with pytest.raises(Refusal, match="larger than"):
        calls.piece(0, 0, arguments="[")
    for number in range(1, 256):
        calls.piece(0, number, name="a")
    with pytest.raises(Refusal, match="more than 256"):
        calls.piece(0, 256, name="a")


@pytest.mark.parametrize("told", ["pieces", "done", "completed"])
def test_a_call_of_the_responses_interface_is_judged_once_however_it_is_told(told: str) -> None:
    judged: list[ToolCall] = []
    stream = EventStream("responses", judged.append)
    item = {"type": "function_call", "id": "fc", "call_id": "c", "name": "ls"}
    whole = {**item, "arguments": '{"a": 1}'}
    events: list[dict[str, Any]] = []
    if told == "pieces":
        events.append({"type": "response.output_item.added", "item": {**item, "arguments": ""}})
        events += [
            {"type": "response.function_call_arguments.delta", "item_id": "fc", "delta": piece} for piece in ('{"a"', ": 1}")
        ]
    if told != "completed":
        events.append({"type": "response.output_item.done", "item": whole})
    usage = {"input_tokens": 1, "output_tokens": 2}
    events.append({"type": "response.completed", "response": {"model": "m", "output": [whole], "usage": usage}})
    for event in events:
        stream.feed(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    stream.finish()
    assert judged == [ToolCall("ls", '{"a": 1}', "c")]
    assert stream.tokens(0).output == 2
    assert stream.ended


def test_a_tool_that_the_provider_runs_itself_is_judged_by_its_kind() -> None:
    judged: list[ToolCall] = []
    body = {"model": "m", "output": [{"type": "web_search_call", "id": "w"}, {"type": "message"}]}
    Answer(json.dumps(body).encode()).judged(judged.append)
    assert [call.name for call in judged] == ["web_search"]


def test_arguments_that_are_an_object_and_the_older_spelling_of_a_call_are_read() -> None:
    judged: list[ToolCall] = []
    message = {
        "tool_calls": [{"function": {"name": "a", "arguments": {"x": 1}}}],
        "function_call": {"name": "b", "arguments": "{}"},
    }
    Answer(json.dumps({"choices": [{"message": message}]}).encode()).judged(judged.append)
    assert judged == [ToolCall("a", '{"x":1}'), ToolCall("b", "{}")]


@given(st.dictionaries(st.text(max_size=6), VALUES, max_size=5), st.booleans())
def test_another_models_name_changes_nothing_else(more: dict[str, Any], ascii_only: bool) -> None:
    more = {key: value for key, value in more.items() if key.casefold() not in {"model", "n", "input", "tools", "stream"}}
    body = json.dumps({"model": "asked", **more}, ensure_ascii=ascii_only).encode()
    asked = read_asked("chat", body)
    assert json.loads(asked.body) == json.loads(body)
    assert json.loads(with_model(asked.body, "other")) == {**json.loads(body), "model": "other"}


def test_an_agents_depth_is_its_rounds_since_a_person_last_spoke() -> None:
    calls: dict[str, Any] = {"role": "assistant", "tool_calls": [{"id": "1"}]}
    result, person = {"role": "tool", "content": ""}, {"role": "user", "content": "go on"}

    def depth(*messages: dict[str, Any]) -> int:
        return read_asked("chat", json.dumps({"model": "m", "messages": messages}).encode()).steps

    assert depth(person) == 0
    assert depth(person, calls, result, calls, result) == 2
    assert depth(person, calls, result, person) == 0
    items = [person, {"type": "function_call"}, {"type": "function_call_output"}]
    assert read_asked("responses", json.dumps({"model": "m", "input": items}).encode()).steps == 1
