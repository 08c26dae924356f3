"""CloudEvents over HTTP: the examples that the specification publishes, what it forbids, and what is over a limit."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import BadSignal
from freehold.watch.attributes import MOST_ATTRIBUTES, MOST_BYTES, flatten, flatten_what_fits, without_secrets
from freehold.watch.cloudevents import BATCH, MOST_EVENTS, STRUCTURED, as_cloudevent, parse
from freehold.watch.event import Event
from freehold.watch.rfc3339 import format_moment, parse_moment
from strategies import repeatable

NOW = 1_772_357_400.0
STRUCTURED_HEADERS = {"Content-Type": "application/cloudevents+json; charset=UTF-8"}
BATCH_HEADERS = {"content-type": BATCH}
ENVELOPE = {"specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext", "id": "C234-1234-1234"}
# 2018-04-05T17:31:00Z
PUBLISHED_TIME = 1_522_949_460.0

# The four examples of "JSON Event Format for CloudEvents 1.0.2", section 3.2, with real base64 for the elided one.
BINARY_EXAMPLE = {
    "specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext", "id": "A234-1234-1234",
    "time": "2018-04-05T17:31:00Z", "comexampleextension1": "value", "comexampleothervalue": 5,
    "datacontenttype": "application/vnd.apache.thrift.binary", "data_base64": base64.b64encode(b"\x80\x01").decode(),
}  # fmt: skip
XML_EXAMPLE = {
    "specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext", "id": "B234-1234-1234",
    "time": "2018-04-05T17:31:00Z", "comexampleextension1": "value", "comexampleothervalue": 5, "unsetextension": None,
    "datacontenttype": "application/xml", "data": '<much wow="xml"/>',
}  # fmt: skip
JSON_EXAMPLE = {
    "specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext", "subject": None, "id": "C234-1234-1234",
    "time": "2018-04-05T17:31:00Z", "comexampleextension1": "value", "comexampleothervalue": 5,
    "datacontenttype": "application/json", "data": {"appinfoA": "abc", "appinfoB": 123, "appinfoC": True},
}  # fmt: skip
TEXT_EXAMPLE = {
    "specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext", "subject": None, "id": "D234-1234-1234",
    "time": "2018-04-05T17:31:00Z", "comexampleextension1": "value", "comexampleothervalue": 5, "data": "I'm just a string",
}  # fmt: skip
EXTENSIONS = {"comexampleextension1": "value", "comexampleothervalue": 5}


def one(value: Any) -> Event:
    (event,) = parse(STRUCTURED_HEADERS, json.dumps(value).encode(), NOW)
    return event


@pytest.mark.parametrize(
    ("example", "data"),
    [
        (BINARY_EXAMPLE, {"data_base64": "gAE="}),
        (XML_EXAMPLE, {"data": '<much wow="xml"/>'}),
        (JSON_EXAMPLE, {"appinfoA": "abc", "appinfoB": 123, "appinfoC": True}),
        (TEXT_EXAMPLE, {"data": "I'm just a string"}),
    ],
)
def test_the_published_structured_examples_are_read(example: dict[str, Any], data: dict[str, Any]) -> None:
    assert one(example) == Event(
        "/mycontext", str(example["id"]), "com.example.someevent", PUBLISHED_TIME, NOW, "", {**EXTENSIONS, **data}
    )


def test_the_published_batch_is_read_in_order() -> None:
    examples = [
        {**BINARY_EXAMPLE, "id": "B234-1234-1234", "source": "/mycontext/4"},
        {**JSON_EXAMPLE, "source": "/mycontext/9"},
    ]
    found = parse(BATCH_HEADERS, json.dumps(examples).encode(), NOW)
    assert [(event.source, event.id) for event in found] == [
        ("/mycontext/4", "B234-1234-1234"),
        ("/mycontext/9", "C234-1234-1234"),
    ]
    assert parse(BATCH_HEADERS, b"[]", NOW) == ()


@pytest.mark.parametrize(
    ("example", "content_type", "body"),
    [
        (BINARY_EXAMPLE, "application/vnd.apache.thrift.binary", b"\x80\x01"),
        (XML_EXAMPLE, "application/xml", b'<much wow="xml"/>'),
        (JSON_EXAMPLE, "application/json", b'{"appinfoA" : "abc", "appinfoB" : 123, "appinfoC" : true}'),
        (TEXT_EXAMPLE, "application/json", b'"I\'m just a string"'),
    ],
)
def test_binary_mode_says_the_same_as_structured_mode(example: dict[str, Any], content_type: str, body: bytes) -> None:
    names = ("specversion", "type", "source", "id", "time", "comexampleextension1", "comexampleothervalue")
    headers = {f"CE-{name.title()}": str(example[name]) for name in names} | {"Content-Type": content_type}
    (event,) = parse(headers, body, NOW)
    expected = one(example)
    # a header has no types: what was a number is a text there
    assert event.data == {name: str(value) if name in EXTENSIONS else value for name, value in expected.data.items()}
    assert (event.source, event.id, event.type, event.time) == (expected.source, expected.id, expected.type, expected.time)


def test_the_published_example_of_percent_encoding_is_decoded() -> None:
    headers = {f"ce-{name}": text for name, text in ENVELOPE.items()}
    encoded = parse({**headers, "ce-subject": "Euro%20%E2%82%AC%20%F0%9F%98%80"}, b"", NOW)[0]
    assert encoded.subject == "Euro € 😀"
    assert parse({**headers, "ce-subject": '"a \\"quoted\\" one%21"'}, b"", NOW)[0].subject == 'a "quoted" one!'


def test_an_overlong_encoding_in_a_header_is_refused() -> None:
    headers = {f"ce-{name}": text for name, text in ENVELOPE.items()}
    with pytest.raises(BadSignal, match="ce-subject"):
        parse({**headers, "ce-subject": "%C0%A0"}, b"", NOW)


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
@pytest.mark.parametrize("value", [None, "", 7, ["x"], "absent"])
def test_a_required_attribute_must_be_there_and_be_a_text(name: str, value: object) -> None:
    event = {**ENVELOPE, name: value}
    if value == "absent":
        del event[name]
    with pytest.raises(BadSignal, match=name):
        one(event)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"specversion": "0.3"}, "0.3"),
        ({"time": "yesterday"}, "RFC 3339"),
        ({"time": "2018-04-05 17:31"}, "RFC 3339"),
        ({"time": "2018-02-30T17:31:00Z"}, "no moment"),
        ({"time": 5}, "time"),
        ({"id": "a\nb"}, "control character"),
        ({"id": "x" * 600}, "at most 512"),
        ({"data": 1, "data_base64": "AA=="}, "both"),
        ({"data_base64": "not base64!"}, "base64"),
        ({"data_base64": base64.b64encode(b"{").decode(), "datacontenttype": "application/json"}, "not JSON"),
        ({"Extension": 1}, "Extension"),
        ({"extension": {"a": 1}}, "extension"),
        ({"extension": 1.5}, "extension"),
        ({"datacontenttype": 7}, "datacontenttype"),
        ({"data": {"text": "x" * (MOST_BYTES + 1)}}, "at most"),
        ({"data": {f"a{number}": 1 for number in range(MOST_ATTRIBUTES + 1)}}, "attributes"),
        ({"data": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}}}}, "nests deeper"),
        ({"data": {"a": list(range(1000))}}, "more than 256"),
        ({"data": {"a": {f"b{number}": 1 for number in range(5000)}}}, "attributes"),
    ],
)
def test_what_is_no_event_is_refused_with_what_is_wrong(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSignal, match=said):
        one({**ENVELOPE, **change})


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b"[]", b"7", b"null", b'"text"', b"\xff\xfe", b'{"specversion": "1.0", "id": "\\ud800"}',
        b"[" * 100_000, b'{"a":' * 100_000, b'{"specversion": NaN}', b'{"data": 1e999}', b"\xef\xbb\xbf{}",
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(BadSignal):
        parse(STRUCTURED_HEADERS, body, NOW)


def test_one_bad_event_refuses_its_batch_and_is_named() -> None:
    with pytest.raises(BadSignal, match="event 1 of the batch"):
        parse(BATCH_HEADERS, json.dumps([ENVELOPE, {**ENVELOPE, "id": ""}]).encode(), NOW)


def test_a_batch_of_too_many_is_refused() -> None:
    with pytest.raises(BadSignal, match="at most"):
        parse(BATCH_HEADERS, b"[" + b"0," * MOST_EVENTS + b"0]", NOW)


@pytest.mark.parametrize("content_type", ["application/cloudevents+avro", "application/json", "", "text/plain"])
def test_a_message_that_is_no_cloudevent_is_refused_with_the_types_that_are(content_type: str) -> None:
    with pytest.raises(BadSignal, match="application/cloudevents"):
        parse({"Content-Type": content_type}, b"{}", NOW)


def test_an_event_without_a_time_happened_when_it_was_received() -> None:
    assert one(ENVELOPE).time == NOW
    assert one({**ENVELOPE, "time": None}).time == NOW


def test_nested_data_becomes_flat_and_a_null_is_absent() -> None:
    data = {"tool": {"name": "search", "call": {"id": None}}, "tags": ["a", None, 1], "documents": [{"id": 7}, [2]], "n": None}
    assert one({**ENVELOPE, "data": data}).data == {
        "tool.name": "search", "tags": ["a", 1], "documents.0.id": 7, "documents.1": [2],
    }  # fmt: skip


def test_a_whole_number_beyond_sixty_four_bits_becomes_a_real_one() -> None:
    assert one({**ENVELOPE, "data": {"n": 10**30, "m": [2**63]}}).data == {"n": 1e30, "m": [float(2**63)]}
    with pytest.raises(BadSignal):
        one({**ENVELOPE, "data": {"n": 10**400}})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1985-04-12T23:20:50.52Z", 482_196_050.52),
        ("1996-12-19T16:39:57-08:00", 851_042_397.0),
        ("1990-12-31T23:59:60Z", 662_688_000.0),
        ("1990-12-31T15:59:60-08:00", 662_688_000.0),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172.13),
        ("2018-04-05t17:31:00.123456789z", 1_522_949_460.123456),
        ("0001-01-01T00:00:00Z", -62_135_596_800.0),
    ],
)
def test_moments_are_read_as_rfc_3339_gives_them(text: str, seconds: float) -> None:
    assert parse_moment(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    ["", "2018", "2018-04-05T17:31:00", "2018-04-05T25:31:00Z", "2018-04-05T17:31:00+0200", "٢018-04-05T17:31:00Z", "9" * 99],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no moment"):
        parse_moment(text)


@repeatable(200)
@given(st.integers(-62_135_596_800_000, 253_402_300_799_000))
def test_a_moment_that_is_written_is_read_again(milliseconds: int) -> None:
    assert parse_moment(format_moment(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=2e-3)


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=20)
VALUES = st.one_of(st.booleans(), st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), TEXTS)


@repeatable(200)
@given(
    TEXTS,
    TEXTS,
    TEXTS,
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=9),
    st.dictionaries(TEXTS, VALUES),
)
def test_an_event_that_is_sent_is_the_one_that_is_read(
    source: str, id_: str, type_: str, subject: str, data: dict[str, Any]
) -> None:
    event = Event(source, id_, type_, 1_522_949_460.25, NOW, subject, data)
    body = msgspec.json.encode([as_cloudevent(event)])
    assert parse(BATCH_HEADERS, body, NOW) == (event,)


NESTED = st.recursive(
    st.one_of(st.none(), VALUES, st.floats()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@repeatable(200)
@given(st.dictionaries(st.text(max_size=4), NESTED, max_size=6))
def test_what_fits_is_what_would_be_taken_and_is_never_refused(values: dict[str, Any]) -> None:
    lenient = flatten_what_fits(values)
    assert all(not isinstance(value, float) or math.isfinite(value) for value in lenient.values())
    try:
        strict = flatten(values)
    except BadSignal:
        return
    plain = [one for value in strict.values() for one in (value if isinstance(value, list) else [value])]
    if all(math.isfinite(one) for one in plain if isinstance(one, float)):
        assert lenient == strict


def test_a_hostile_nest_is_flattened_within_its_limits() -> None:
    bush: dict[str, Any] = {"leaf": "x" * 300}
    for _ in range(20):
        bush = {"a": bush, "b": bush}
    flat = flatten_what_fits(
        {"long" * 100: 1, "bush": bush, "wide": list(range(10_000)), "many": {str(n): n for n in range(9999)}}
    )
    assert len(flat) <= MOST_ATTRIBUTES
    assert len(flat["wide"]) == 256  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("401 for Authorization: Bearer abcdefghij123", "401 for Authorization: …"),
        ("key sk-abcdefghijklmnopqrstuv is wrong", "key … is wrong"),
        ("api_key=0123456789abcdef&model=x", "api_key=…&model=x"),
        ("cannot reach redis://user:hunter22@cache/0", "cannot reach redis://user:…@cache/0"),
        ("the token count is 5", "the token count is 5"),
    ],
)
def test_what_looks_like_a_secret_is_not_kept(text: str, kept: str) -> None:
    assert without_secrets(text) == kept


def test_the_content_types_are_those_of_the_specification() -> None:
    assert (STRUCTURED, BATCH) == ("application/cloudevents+json", "application/cloudevents-batch+json")
