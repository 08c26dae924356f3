"""Telemetry as OTLP carries it, in JSON or protobuf. Owns the decoding of both into messages that read alike.

The messages of the JSON form have the fields of the published protobuf ones, so that what reads one reads the other. In
JSON, ids are hexadecimal and 64-bit integers are texts or numbers (OTLP 1, "JSON Protobuf Encoding"); fields that are not
known are passed over.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from freehold.errors import BadSignal
from freehold.watch.json_body import read_json

__all__ = ["JSON", "KINDS", "PROTOBUF", "attributes_from", "decode", "hexadecimal", "number_from", "plain"]

JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"
KINDS: Final = ("traces", "metrics", "logs")

_MOST_DEPTH: Final = 6
_MOST_VALUES: Final = 256
_Whole: TypeAlias = int | str
_Real: TypeAlias = float | int | str


class _Message(msgspec.Struct, rename="camel", frozen=True, gc=False):
    pass


class _Value(_Message, frozen=True):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: _Whole | None = None
    double_value: _Real | None = None
    array_value: _Values | None = None
    kvlist_value: _Pairs | None = None
    bytes_value: str | None = None


class _Values(_Message, frozen=True):
    values: list[_Value | None] = []


class _Pair(_Message, frozen=True):
    key: str = ""
    value: _Value | None = None


class _Pairs(_Message, frozen=True):
    values: list[_Pair] = []


class _Resource(_Message, frozen=True):
    attributes: list[_Pair] = []


class _Scope(_Message, frozen=True):
    name: str = ""


class _Status(_Message, frozen=True):
    code: int = 0
    message: str = ""


class _SpanEvent(_Message, frozen=True):
    name: str = ""
    attributes: list[_Pair] = []


class _Span(_Message, frozen=True):
    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str = ""
    name: str = ""
    start_time_unix_nano: _Whole = 0
    end_time_unix_nano: _Whole = 0
    attributes: list[_Pair] = []
    events: list[_SpanEvent] = []
    status: _Status = _Status()


class _ScopeSpans(_Message, frozen=True):
    scope: _Scope = _Scope()
    spans: list[_Span] = []


class _ResourceSpans(_Message, frozen=True):
    resource: _Resource = _Resource()
    scope_spans: list[_ScopeSpans] = []


class _Traces(_Message, frozen=True):
    resource_spans: list[_ResourceSpans] = []


class _NumberPoint(_Message, frozen=True):
    attributes: list[_Pair] = []
    start_time_unix_nano: _Whole = 0
    time_unix_nano: _Whole = 0
    as_double: _Real | None = None
    as_int: _Whole | None = None
    flags: int = 0


class _HistogramPoint(_Message, frozen=True):
    attributes: list[_Pair] = []
    start_time_unix_nano: _Whole = 0
    time_unix_nano: _Whole = 0
    count: _Whole = 0
    sum: _Real | None = None
    min: _Real | None = None
    max: _Real | None = None
    flags: int = 0


class _Numbers(_Message, frozen=True):
    data_points: list[_NumberPoint] = []
    aggregation_temporality: int = 0
    is_monotonic: bool = False


class _Histograms(_Message, frozen=True):
    data_points: list[_HistogramPoint] = []
    aggregation_temporality: int = 0


class _Metric(_Message, frozen=True):
    name: str = ""
    unit: str = ""
    gauge: _Numbers | None = None
    sum: _Numbers | None = None
    histogram: _Histograms | None = None
    exponential_histogram: _Histograms | None = None
    summary: _Histograms | None = None


class _ScopeMetrics(_Message, frozen=True):
    scope: _Scope = _Scope()
    metrics: list[_Metric] = []


class _ResourceMetrics(_Message, frozen=True):
    resource: _Resource = _Resource()
    scope_metrics: list[_ScopeMetrics] = []


class _Metrics(_Message, frozen=True):
    resource_metrics: list[_ResourceMetrics] = []


class _LogRecord(_Message, frozen=True):
    time_unix_nano: _Whole = 0
    observed_time_unix_nano: _Whole = 0
    severity_number: int = 0
    severity_text: str = ""
    body: _Value | None = None
    attributes: list[_Pair] = []
    trace_id: str = ""
    span_id: str = ""
    event_name: str = ""


class _ScopeLogs(_Message, frozen=True):
    scope: _Scope = _Scope()
    log_records: list[_LogRecord] = []


class _ResourceLogs(_Message, frozen=True):
    resource: _Resource = _Resource()
    scope_logs: list[_ScopeLogs] = []


class _Logs(_Message, frozen=True):
    resource_logs: list[_ResourceLogs] = []


_FROM_JSON: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    "traces": msgspec.json.Decoder(_Traces),
    "metrics": msgspec.json.Decoder(_Metrics),
    "logs": msgspec.json.Decoder(_Logs),
}
_FROM_PROTOBUF: Final[dict[str, type[Message]]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}


def decode(kind: str, content_type: str, body: bytes) -> Any:
    """Decode the body of an export request.

    Parameters
    ----------
    kind
        One of :data:`KINDS`.
    content_type
        :data:`JSON` or :data:`PROTOBUF`, without parameters.
    body
        No longer compressed.

    Raises
    ------
    freehold.errors.BadSignal
        If it is no such request.
    """
    if content_type == JSON:
        return read_json(body, _FROM_JSON[kind], f"an OTLP request for {kind}") if body else _FROM_JSON[kind].decode(b"{}")
    try:
        return _FROM_PROTOBUF[kind].FromString(body)
    except (DecodeError, RecursionError) as error:
        raise BadSignal(f"the body is no OTLP request for {kind} in protobuf ({error}). Nothing of it was taken.") from None


def number_from(value: _Whole) -> int:
    """A 64-bit integer that JSON may give as a text.

    Raises
    ------
    ValueError
        If it is none.
    """
    if type(value) is int:
        return value
    text = str(value)
    if len(text) > 20:
        raise ValueError(f"'{text[:40]}' is no 64-bit integer")
    return int(text)


def hexadecimal(value: bytes | str, length: int) -> str:
    """An id of so many bytes in lower-case hexadecimal; empty if it is unset, all zeros or of another length."""
    try:
        raw = value if isinstance(value, bytes) else bytes.fromhex(value)
    except ValueError:
        return ""
    return raw.hex() if len(raw) == length and any(raw) else ""


def plain(value: Any, depth: int = 0) -> Any:
    """What an ``AnyValue`` of either form holds; bytes become base64, what nests too deep or is too many is left out."""
    if value is None or depth > _MOST_DEPTH:
        return None
    if isinstance(value, _Value):
        return _plain_json(value, depth)
    which = value.WhichOneof("value")
    if which is None:
        return None
    held = getattr(value, which)
    if which == "array_value":
        return [plain(one, depth + 1) for one in held.values[:_MOST_VALUES]]
    if which == "kvlist_value":
        return {one.key: plain(one.value, depth + 1) for one in held.values[:_MOST_VALUES]}
    return base64.b64encode(held).decode("ascii") if which == "bytes_value" else held


def _plain_json(value: _Value, depth: int) -> Any:
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        try:
            return number_from(value.int_value)
        except ValueError:
            return None
    if value.bool_value is not None:
        return value.bool_value
    if value.double_value is not None:
        try:
            return float(value.double_value)
        except ValueError:
            return None
    if value.array_value is not None:
        return [plain(one, depth + 1) for one in value.array_value.values[:_MOST_VALUES]]
    if value.kvlist_value is not None:
        return {one.key: plain(one.value, depth + 1) for one in value.kvlist_value.values[:_MOST_VALUES]}
    return value.bytes_value


def attributes_from(pairs: Sequence[Any]) -> dict[str, Any]:
    """Attributes of either form by name, not yet flat; the first 256 count."""
    return {pair.key: plain(pair.value) for pair in pairs[:_MOST_VALUES]}
