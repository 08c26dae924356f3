"""OTLP: the published examples, calls of generative AI under their pinned and older names, both encodings, bad bodies."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from freehold.errors import BadSignal
from freehold.watch import otlp
from freehold.watch.genai_names import names_table, pinned
from freehold.watch.otlp import Telemetry, answer, failure, parse

NOW = 1_772_357_400.0
JSON, PROTOBUF = "application/json", "application/x-protobuf"
TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
REQUESTS: dict[str, Any] = {
    "traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest, "logs": ExportLogsServiceRequest,
}  # fmt: skip
RESPONSES: dict[str, Any] = {
    "traces": ExportTraceServiceResponse, "metrics": ExportMetricsServiceResponse, "logs": ExportLogsServiceResponse,
}  # fmt: skip
REJECTED = {"traces": "rejected_spans", "metrics": "rejected_data_points", "logs": "rejected_log_records"}


def values(**attributes: object) -> list[dict[str, Any]]:
    """Attributes in the form of OTLP/JSON; two underscores stand for a dot."""
    kinds = {str: "stringValue", bool: "boolValue", float: "doubleValue"}
    found = []
    for name, value in attributes.items():
        held: dict[str, Any]
        if type(value) is int:
            held = {"intValue": str(value)}
        elif isinstance(value, list):
            held = {"arrayValue": {"values": [{"stringValue": one} for one in value]}}
        else:
            held = {kinds[type(value)]: value}
        found.append({"key": name.replace("__", "."), "value": held})
    return found


RESOURCE = {"attributes": values(service__name="claims assistant", service__namespace="insurance", process__pid=7)}
CALL = {
    "traceId": TRACE.upper(), "spanId": SPAN.upper(), "name": "chat gpt-4o", "kind": 3,
    "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661500000000",
    "attributes": values(
        gen_ai__operation__name="chat", gen_ai__provider__name="openai", gen_ai__request__model="gpt-4o",
        gen_ai__response__model="gpt-4o-2024-08-06", gen_ai__usage__input_tokens=100, gen_ai__usage__output_tokens=180,
        gen_ai__response__finish_reasons=["stop"], gen_ai__response__time_to_first_chunk=0.5, server__address="example.com",
        gen_ai__input__messages="[what the patient said]",
    ),
}  # fmt: skip
CALL_DATA = {
    "service.name": "claims assistant", "service.namespace": "insurance", "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 180, "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.response.time_to_first_chunk": 0.5, "server.address": "example.com", "freehold.seconds": 1.5,
    "freehold.first_token_seconds": 0.5, "freehold.model": "gpt-4o", "trace.id": TRACE,
}  # fmt: skip


def traces(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"scope": {"name": "my.library"}, "spans": list(spans)}]}]}


def metrics(*found: dict[str, Any]) -> dict[str, Any]:
    return {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"metrics": list(found)}]}]}


def logs(*records: dict[str, Any]) -> dict[str, Any]:
    return {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"logRecords": list(records)}]}]}


def in_protobuf(kind: str, request: dict[str, Any]) -> bytes:
    """The same request in protobuf, made by Google's own mapping; ids are base64 there."""

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: b64encode(bytes.fromhex(one)).decode() if name in ("traceId", "spanId") else turned(one)
                for name, one in value.items()
            }
        return [turned(one) for one in value] if isinstance(value, list) else value

    message: bytes = ParseDict(turned(request), REQUESTS[kind]()).SerializeToString()
    return message


def both(kind: str, request: dict[str, Any]) -> Telemetry:
    """Read a request in both encodings, which must say the same."""
    salt = b"salt"
    as_json = parse(kind, f"{JSON}; charset=utf-8", json.dumps(request).encode(), NOW, salt=salt)
    assert parse(kind, PROTOBUF, in_protobuf(kind, request), NOW, salt=salt) == as_json
    return as_json


def test_a_call_of_a_model_becomes_an_event_without_what_was_said() -> None:
    (event,) = both("traces", traces(CALL)).events
    assert (event.source, event.id) == ("/opentelemetry/insurance/claims%20assistant", f"{TRACE}-{SPAN}")
    assert (event.type, event.subject) == ("opentelemetry.span.gen_ai", "chat gpt-4o")
    assert (event.time, event.received) == (1_544_712_661.5, NOW)
    assert event.data == CALL_DATA


def test_older_names_and_values_become_the_pinned_ones() -> None:
    old = {
        **CALL,
        "attributes": values(
            gen_ai__system="az.ai.openai", gen_ai__usage__prompt_tokens=42, gen_ai__usage__completion_tokens=7,
            gen_ai__prompt="secret", gen_ai__completion="secret", gen_ai__openai__request__seed=100,
        ),
    }  # fmt: skip
    (event,) = both("traces", traces(old)).events
    assert event.data["gen_ai.provider.name"] == "azure.ai.openai"
    assert (event.data["gen_ai.usage.input_tokens"], event.data["gen_ai.usage.output_tokens"]) == (42, 7)
    assert event.data["gen_ai.request.seed"] == 100
    assert "secret" not in repr(event)


def test_where_an_old_and_a_new_name_are_both_there_the_new_one_counts() -> None:
    assert pinned({"gen_ai.usage.prompt_tokens": 1, "gen_ai.usage.input_tokens": 2}, b"") == {"gen_ai.usage.input_tokens": 2}


def test_every_name_of_the_table_has_a_reference_that_is_there() -> None:
    table = names_table()
    assert table.convention.version == "1.41.0"
    for part in (table.renamed, table.providers, table.token_types, table.content):
        reference = table.reference[part.reference]
        assert reference.host == "com.github"
        assert "/v1.41.0/" in reference.path
    assert not table.renamed.names.keys() & set(table.renamed.names.values())


def test_a_tool_call_keeps_a_digest_of_its_arguments_that_is_the_same_for_the_same_call() -> None:
    def digest(arguments: object, salt: bytes = b"one") -> object:
        return pinned({"gen_ai.tool.name": "pay", "gen_ai.tool.call.arguments": arguments}, salt)[
            "freehold.tool.arguments_digest"
        ]

    assert digest('{"to": "A", "sum": 5}') == digest('{"sum":5,"to":"A"}') == digest({"to": "A", "sum": 5})
    assert digest('{"to": "A"}') != digest('{"to": "B"}')
    assert digest("a", b"one") != digest("a", b"two")
    assert "freehold.tool.arguments_digest" not in pinned({"gen_ai.tool.name": "pay"}, b"")


def test_a_failed_call_has_an_error_type_even_if_none_was_said() -> None:
    failed = {**CALL, "status": {"code": 2, "message": "boom"}}
    assert both("traces", traces(failed)).events[0].data["error.type"] == "_OTHER"
    raised = {**failed, "events": [{"name": "exception", "attributes": values(exception__type="TimeoutError")}]}
    assert both("traces", traces(raised)).events[0].data["error.type"] == "TimeoutError"
    said = {**raised, "attributes": [*CALL["attributes"], *values(error__type="429")]}
    assert both("traces", traces(said)).events[0].data["error.type"] == "429"


def test_of_other_spans_only_errors_are_kept_and_the_rest_is_no_rejection() -> None:
    plain = {**CALL, "attributes": values(http__response__status_code=502)}
    assert both("traces", traces(plain)) == Telemetry(())
    (event,) = both("traces", traces({**plain, "status": {"code": 2, "message": "password=hunter22 is wrong"}})).events
    assert event.type == "opentelemetry.span.error"
    assert event.data["http.response.status_code"] == 502
    assert event.data["error.message"] == "password=… is wrong"


@pytest.mark.parametrize(
    "change", [{"traceId": "00" * 16}, {"spanId": ""}, {"traceId": "ab"}, {"endTimeUnixNano": "0", "startTimeUnixNano": "0"}]
)
def test_a_span_that_is_not_valid_is_rejected_and_the_others_are_taken(change: dict[str, Any]) -> None:
    found = both("traces", traces({**CALL, **change}, CALL))
    assert len(found.events) == found.rejected == 1
    assert found.reason


@pytest.mark.parametrize("change", [{"traceId": "not hexadecimal"}, {"endTimeUnixNano": "9" * 25}, {"endTimeUnixNano": "soon"}])
def test_a_span_that_only_json_can_get_wrong_is_rejected(change: dict[str, Any]) -> None:
    found = parse("traces", JSON, json.dumps(traces({**CALL, **change}, CALL)).encode(), NOW)
    assert (len(found.events), found.rejected) == (1, 1)


def test_the_published_examples_are_accepted_and_hold_nothing_of_ours() -> None:
    server_span = {
        "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "parentSpanId": "EEE19B7EC3C1B173",
        "name": "I'm a server span", "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000",
        "kind": 2, "attributes": [{"key": "my.span.attr", "value": {"stringValue": "some value"}}],
    }  # fmt: skip
    record = {
        "timeUnixNano": "1544712660300000000", "observedTimeUnixNano": "1544712660300000000", "severityNumber": 10,
        "severityText": "Information", "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174",
        "body": {"stringValue": "Example log record"},
        "attributes": [
            {"key": "int.attribute", "value": {"intValue": "10"}},
            {"key": "map.attribute", "value": {"kvlistValue": {"values": [{"key": "a", "value": {"stringValue": "b"}}]}}},
        ],
    }  # fmt: skip
    counter = {
        "name": "my.counter", "unit": "1",
        "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [{"asDouble": 5, "timeUnixNano": "1"}]},
    }  # fmt: skip
    for kind, request in (("traces", traces(server_span)), ("logs", logs(record)), ("metrics", metrics(counter))):
        assert both(kind, request) == Telemetry(())
    raised = {**record, "severityNumber": 17}
    (event,) = both("logs", logs(raised)).events
    assert event.type == "opentelemetry.log.error"
    assert event.time == 1_544_712_660.3
    assert event.data["map.attribute.a"] == "b"
    assert (event.data["log.body"], event.data["log.severity"]) == ("Example log record", 17)


def test_points_of_the_metrics_of_generative_ai_become_events() -> None:
    duration = {
        "name": "gen_ai.client.operation.duration", "unit": "s",
        "histogram": {
            "aggregationTemporality": 1,
            "dataPoints": [
                {
                    "startTimeUnixNano": "1544712660000000000", "timeUnixNano": "1544712720000000000", "count": "4",
                    "sum": 10.0, "min": 0.0, "max": 5.0, "bucketCounts": ["4"], "attributes": values(gen_ai__system="openai"),
                }
            ],
        },
    }  # fmt: skip
    points = [{"timeUnixNano": "1544712720000000000", "count": "3", "sum": 12.0, "scale": 0, "zeroCount": "1"}]
    usage = {"name": "gen_ai.client.token.usage", "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": points}}
    spend = {
        "name": "gen_ai.spend",
        "sum": {"aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": "9000000000", "asInt": "0"}]},
    }  # fmt: skip
    found = both("metrics", metrics(duration, usage, spend))
    assert found.rejected == 0
    first, second, third = found.events
    assert first.type == "opentelemetry.metric.gen_ai"
    assert first.data == {
        "service.name": "claims assistant", "service.namespace": "insurance", "gen_ai.provider.name": "openai",
        "metric.name": "gen_ai.client.operation.duration", "metric.unit": "s", "metric.kind": "histogram",
        "metric.temporality": "delta", "metric.count": 4, "metric.sum": 10.0, "metric.min": 0.0, "metric.max": 5.0,
        "metric.mean": 2.5, "metric.seconds": 60.0, "metric.start": 1_544_712_660.0,
    }  # fmt: skip
    assert second.data["metric.kind"] == "exponential_histogram"
    assert (third.data["metric.value"], third.data["metric.temporality"]) == (0, "cumulative")
    assert len({event.id for event in found.events}) == 3


def test_the_same_telemetry_sent_again_has_the_same_ids_and_other_telemetry_has_others() -> None:
    record = {"timeUnixNano": "1", "eventName": "gen_ai.evaluation.result", "body": {"stringValue": "x"}}
    one = both("logs", logs(record, {**record, "timeUnixNano": "2"}, {**record, "body": {"stringValue": "y"}}))
    assert one == both("logs", logs(record, {**record, "timeUnixNano": "2"}, {**record, "body": {"stringValue": "y"}}))
    assert len({event.id for event in one.events}) == 3
    assert {event.type for event in one.events} == {"opentelemetry.log.gen_ai"}
    assert "log.body" not in one.events[0].data


def test_a_point_without_a_number_is_rejected_and_one_that_says_so_is_passed_over() -> None:
    def gauge(**point: object) -> dict[str, Any]:
        return {"name": "gen_ai.x", "gauge": {"dataPoints": [{"timeUnixNano": "1000000000", **point}]}}

    assert both("metrics", metrics(gauge(asDouble="NaN"))).rejected == 1
    assert both("metrics", metrics(gauge())).rejected == 1
    assert both("metrics", metrics(gauge(flags=1))) == Telemetry(())


def test_unknown_fields_are_passed_over() -> None:
    request = traces({**CALL, "fieldOfTomorrow": {"deep": [1]}})
    assert len(parse("traces", JSON, json.dumps({**request, "more": 1}).encode(), NOW).events) == 1


@pytest.mark.parametrize("kind", ["traces", "metrics", "logs"])
def test_an_empty_request_is_a_full_success(kind: str) -> None:
    assert parse(kind, PROTOBUF, b"", NOW) == parse(kind, JSON, b"{}", NOW) == parse(kind, JSON, b"", NOW) == Telemetry(())
    assert answer(kind, PROTOBUF, Telemetry(())) == (PROTOBUF, b"")
    assert answer(kind, JSON, Telemetry(())) == (JSON, b"{}")


@pytest.mark.parametrize("kind", ["traces", "metrics", "logs"])
def test_a_partial_success_is_the_published_message(kind: str) -> None:
    told = Telemetry((), 300, "no valid id – mend it")
    media, body = answer(kind, f"{PROTOBUF}; x=y", told)
    response = RESPONSES[kind].FromString(body)
    assert media == PROTOBUF
    assert getattr(response.partial_success, REJECTED[kind]) == 300
    assert response.partial_success.error_message == told.reason
    media, body = answer(kind, JSON, told)
    assert (media, ParseDict(json.loads(body), RESPONSES[kind]())) == (JSON, response)


def test_a_failure_is_a_status_message() -> None:
    assert failure(JSON, "wrong") == (JSON, b'{"message":"wrong"}')
    # google.rpc.Status has the message as field 2: tag 0x12, length, text
    assert failure(PROTOBUF, "wrong") == (PROTOBUF, b"\x12\x05wrong")
    assert failure(PROTOBUF, "x" * 300)[1][:3] == b"\x12\xac\x02"


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"\xff\xff\xff", b'{"resourceSpans": 5}', b'{"resourceSpans": null}', b"[" * 99_999]
)
@pytest.mark.parametrize("media", [JSON, PROTOBUF])
def test_a_body_that_is_no_request_is_refused(body: bytes, media: str) -> None:
    with pytest.raises(BadSignal):
        parse("traces", media, body, NOW)


@pytest.mark.parametrize(("kind", "media"), [("profiles", JSON), ("traces", "text/plain"), ("traces", "")])
def test_what_is_not_taken_is_refused_with_what_is(kind: str, media: str) -> None:
    with pytest.raises(BadSignal, match="Send"):
        parse(kind, media, b"", NOW)


def test_an_attribute_that_nests_without_end_is_left_out_and_the_span_is_taken() -> None:
    deep: dict[str, Any] = {"stringValue": "x"}
    for _ in range(30):
        deep = {"arrayValue": {"values": [deep]}}
    nested = {**CALL, "attributes": [*CALL["attributes"], {"key": "deep", "value": deep}]}
    data = both("traces", traces(nested)).events[0].data
    assert {name: data[name] for name in CALL_DATA} == CALL_DATA
    assert "x" not in data.values()


def test_long_texts_are_cut_and_many_attributes_are_bounded() -> None:
    many = [{"key": f"a{number}", "value": {"intValue": number}} for number in range(5_000)]
    long = {"key": "gen_ai.agent.name", "value": {"stringValue": "x" * 40_000}}
    (event,) = both("traces", traces({**CALL, "attributes": [*CALL["attributes"], long, *many]})).events
    assert len(event.data) < 300
    assert len(str(event.data["gen_ai.agent.name"])) == 1_024


def test_one_request_gives_so_many_events_and_the_rest_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "MOST_EVENTS", 2)
    found = both("traces", traces(*({**CALL, "spanId": f"{number:016x}"} for number in range(1, 6))))
    assert (len(found.events), found.rejected) == (2, 3)
