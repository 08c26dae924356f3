"""Telemetry over OTLP as events. Owns what of it is kept, and the answers that its protocol asks for.

Kept are: spans of generative AI (a call of a model, an agent or a tool) and any span that ended in an error; points of the
``gen_ai.*`` metrics; log records that are events of generative AI or at least errors. All else is accepted and passed over:
that is no rejection. The same telemetry sent again gives events with the same ids.

====================================  =====================================================================
Type of the event                     What it was
====================================  =====================================================================
``opentelemetry.span.gen_ai``         a span of generative AI, with ``freehold.seconds`` and its ``error.type``
``opentelemetry.span.error``          another span that ended in an error
``opentelemetry.metric.gen_ai``       one point of a metric: ``metric.name``, ``metric.sum``, ``metric.count``…
``opentelemetry.log.gen_ai``          a log record that is an event of generative AI
``opentelemetry.log.error``           another log record of severity ERROR or FATAL
====================================  =====================================================================
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import msgspec

from freehold.errors import BadSignal
from freehold.watch.attributes import flatten_what_fits, shortened, without_secrets
from freehold.watch.event import Event, Json
from freehold.watch.genai_names import is_genai, pinned
from freehold.watch.otlp_messages import JSON, KINDS, PROTOBUF, attributes_from, decode, hexadecimal, number_from, plain

__all__ = ["MOST_EVENTS", "Telemetry", "answer", "failure", "parse"]

MOST_EVENTS: Final = 20_000
"""Events that one request may give; what comes after is rejected, and the answer says so."""
_SALT: Final = secrets.token_bytes(32)
_ERROR: Final = 2
_SEVERITY_ERROR: Final = 17
_NO_VALUE: Final = 1
_TEMPORALITY: Final = {1: "delta", 2: "cumulative"}
_OTHER: Final = "_OTHER"
"""What the conventions call an error whose kind is not known."""
_LATEST: Final = 2**63
_RESOURCE: Final = (
    "service.name", "service.namespace", "service.instance.id", "service.version", "deployment.environment.name", "host.name",
)  # fmt: skip
_LONGEST_NAME: Final = 256
_LONGEST_MESSAGE: Final = 512
_REJECTED: Final = {"traces": "rejectedSpans", "metrics": "rejectedDataPoints", "logs": "rejectedLogRecords"}


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What one export request gave.

    Parameters
    ----------
    events
        In the order of the request.
    rejected
        Spans, points or records that could not be taken.
    reason
        Why the first of them could not; empty if none was.
    """

    events: tuple[Event, ...]
    rejected: int = 0
    reason: str = ""


@dataclass(slots=True)
class _Found:
    now: float
    salt: bytes
    events: list[Event] = field(default_factory=list)
    rejected: int = 0
    reason: str = ""

    def reject(self, reason: str) -> None:
        self.rejected += 1
        self.reason = self.reason or reason

    def add(self, source: str, id_: str, type_: str, time: float, subject: str, data: Mapping[str, Json]) -> None:
        if len(self.events) >= MOST_EVENTS:
            self.reject(f"one request gives at most {MOST_EVENTS} events. Export smaller batches.")
            return
        self.events.append(Event(source, id_, type_, time, self.now, shortened(subject, _LONGEST_NAME), data))


def parse(kind: str, content_type: str, body: bytes, now: float, *, salt: bytes = _SALT) -> Telemetry:
    """Read an export request.

    Parameters
    ----------
    kind
        ``traces``, ``metrics`` or ``logs``.
    content_type
        ``application/x-protobuf`` or ``application/json``; parameters are passed over.
    body
        No longer compressed.
    now
        Seconds since 1970: when it was received.
    salt
        Keys the digests of tools' arguments; by default one that lasts as long as the process.

    Raises
    ------
    freehold.errors.BadSignal
        If the body is no such request, or of another type.
    """
    if kind not in KINDS:
        raise BadSignal(f"OTLP '{kind[:40]}' is not taken. Send one of: {', '.join(KINDS)}.")
    media = content_type.partition(";")[0].strip().lower()
    if media not in (JSON, PROTOBUF):
        raise BadSignal(f"OTLP as '{media[:80]}' is not read. Send {PROTOBUF} or {JSON}.")
    request = decode(kind, media, body)
    found = _Found(now, salt)
    if kind == "traces":
        for resource in request.resource_spans:
            source, common = _resource(resource.resource)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    _take_span(found, source, common, span)
    elif kind == "metrics":
        for resource in request.resource_metrics:
            source, common = _resource(resource.resource)
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name.startswith("gen_ai."):
                        _take_metric(found, source, common, metric)
    else:
        for resource in request.resource_logs:
            source, common = _resource(resource.resource)
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    _take_record(found, source, common, record)
    return Telemetry(tuple(found.events), found.rejected, found.reason)


def _resource(resource: Any) -> tuple[str, dict[str, Json]]:
    flat = flatten_what_fits(attributes_from(resource.attributes))
    common: dict[str, Json] = {name: shortened(str(flat[name]), _LONGEST_NAME) for name in _RESOURCE if name in flat}
    names = [common[name] for name in ("service.namespace", "service.name") if common.get(name)]
    path = "/".join(quote(str(name), safe="") for name in names) or "unknown_service"
    return f"/opentelemetry/{path}", common


def _moment(nanoseconds: int) -> float:
    if not 0 < nanoseconds < _LATEST:
        raise ValueError("its time is not set, or no time")
    return nanoseconds / 1e9


def _take_span(found: _Found, source: str, common: Mapping[str, Json], span: Any) -> None:
    failed = span.status.code == _ERROR
    flat = flatten_what_fits(attributes_from(span.attributes))
    data = pinned(flat, found.salt)
    genai = is_genai(data)
    if not (genai or failed):
        return
    trace, own = hexadecimal(span.trace_id, 16), hexadecimal(span.span_id, 8)
    if not trace or not own:
        found.reject("a span has no valid trace id or span id.")
        return
    try:
        start, end = number_from(span.start_time_unix_nano), number_from(span.end_time_unix_nano)
        time = _moment(end or start)
    except ValueError as error:
        found.reject(f"span {own}: {error}.")
        return
    if 0 < start <= end:
        data["freehold.seconds"] = (end - start) / 1e9
    if failed and not data.get("error.type"):
        data["error.type"] = _exception_of(span) or _OTHER
    if failed and span.status.message and not genai:
        data["error.message"] = without_secrets(shortened(span.status.message, _LONGEST_MESSAGE))
    first = data.get("gen_ai.response.time_to_first_chunk")
    if isinstance(first, (int, float)):
        data.setdefault("freehold.first_token_seconds", first)
    if "gen_ai.request.model" in data:
        data.setdefault("freehold.model", data["gen_ai.request.model"])
    data["trace.id"] = trace
    type_ = "opentelemetry.span.gen_ai" if genai else "opentelemetry.span.error"
    found.add(source, f"{trace}-{own}", type_, time, span.name, {**common, **data})


def _exception_of(span: Any) -> str:
    for event in span.events[::-1]:
        if event.name == "exception":
            kind = attributes_from(event.attributes).get("exception.type")
            if isinstance(kind, str) and kind:
                return shortened(kind, _LONGEST_NAME)
    return ""


def _points(metric: Any) -> Iterator[tuple[Any, dict[str, Json]]]:
    """Each point of a metric with what is common to all: a metric holds one kind of points."""
    name: dict[str, Json] = {"metric.name": shortened(metric.name, _LONGEST_NAME)}
    if metric.unit:
        name["metric.unit"] = shortened(metric.unit, _LONGEST_NAME)
    for kind in ("sum", "gauge", "histogram", "exponential_histogram", "summary"):
        held = getattr(metric, kind)
        for point in held.data_points if held is not None else ():
            temporality = _TEMPORALITY.get(getattr(held, "aggregation_temporality", 0))
            said = {**name, "metric.kind": kind}
            if temporality:
                said["metric.temporality"] = temporality
            if kind == "sum":
                said["metric.monotonic"] = bool(held.is_monotonic)
            yield point, said


def _real(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _held(point: Any, name: str) -> Any:
    """A field of a point, if it is there: protobuf tells a zero from an absent one by presence."""
    if isinstance(point, msgspec.Struct):
        return getattr(point, name, None)
    fields = point.DESCRIPTOR.fields_by_name
    if name not in fields or (fields[name].has_presence and not point.HasField(name)):
        return None
    return getattr(point, name)


def _take_metric(found: _Found, source: str, common: Mapping[str, Json], metric: Any) -> None:
    for point, said in _points(metric):
        flags = _held(point, "flags") or 0
        if flags & _NO_VALUE:
            continue
        attributes = pinned(flatten_what_fits(attributes_from(point.attributes)), found.salt)
        try:
            start, end = number_from(point.start_time_unix_nano), number_from(point.time_unix_nano)
            time = _moment(end)
            numbers = _numbers(point)
        except (ValueError, OverflowError) as error:
            found.reject(f"a point of {metric.name[:80]}: {error}.")
            continue
        if not numbers:
            found.reject(f"a point of {metric.name[:80]} has no value that is a number.")
            continue
        if 0 < start < end:
            numbers["metric.seconds"] = (end - start) / 1e9
            numbers["metric.start"] = start / 1e9
        # a point is one by its stream and its time: the data model of metrics
        identity = [source, *said.values(), sorted(common.items()), sorted(attributes.items(), key=lambda pair: pair[0]), end]
        data = {**common, **attributes, **said, **numbers}
        found.add(source, _digest(identity), "opentelemetry.metric.gen_ai", time, metric.name, data)


def _numbers(point: Any) -> dict[str, Json]:
    numbers: dict[str, Json] = {}
    for name in ("as_int", "as_double"):
        value = _held(point, name)
        if value is not None:
            held = number_from(value) if name == "as_int" else _real(value)
            return {} if held is None else {"metric.value": held}
    count = _held(point, "count")
    if count is None:
        return numbers
    counted = number_from(count)
    numbers["metric.count"] = counted
    for name in ("sum", "min", "max"):
        real = _real(_held(point, name))
        if real is not None:
            numbers[f"metric.{name}"] = real
    total = numbers.get("metric.sum")
    if counted > 0 and isinstance(total, float):
        numbers["metric.mean"] = total / counted
    return numbers


def _take_record(found: _Found, source: str, common: Mapping[str, Json], record: Any) -> None:
    given = flatten_what_fits(attributes_from(record.attributes))
    name = record.event_name or given.get("event.name")
    named = name if isinstance(name, str) else ""
    data = pinned(given, found.salt)
    genai = named.startswith("gen_ai.") or is_genai(data)
    if not genai and record.severity_number < _SEVERITY_ERROR:
        return
    try:
        time = _moment(number_from(record.time_unix_nano) or number_from(record.observed_time_unix_nano))
    except ValueError as error:
        found.reject(f"a log record: {error}.")
        return
    trace, span = hexadecimal(record.trace_id, 16), hexadecimal(record.span_id, 8)
    held = plain(record.body)
    if not genai and isinstance(held, str):
        data["log.body"] = without_secrets(shortened(held, _LONGEST_MESSAGE))
    if record.severity_number:
        data["log.severity"] = record.severity_number
    if trace:
        data["trace.id"] = trace
    exception = data.get("exception.type")
    if isinstance(exception, str):
        data.setdefault("error.type", exception)
    identity = [source, sorted(common.items()), time, trace, span, named, held, sorted(given.items(), key=lambda pair: pair[0])]
    type_ = "opentelemetry.log.gen_ai" if genai else "opentelemetry.log.error"
    found.add(source, _digest(identity), type_, time, named, {**common, **data})


def _digest(identity: Any) -> str:
    text = msgspec.json.encode(identity, order="deterministic")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*parts, number))


def _text_field(number: int, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    return bytes((number << 3 | 2,)) + _varint(len(raw)) + raw if raw else b""


def answer(kind: str, content_type: str, telemetry: Telemetry) -> tuple[str, bytes]:
    """The type and body of the answer with status 200: full success, or a partial one with what was rejected and why.

    The three messages ``Export…ServiceResponse`` have one form, with ``partial_success`` as field 1, in it the number
    rejected as field 1 and the message as field 2.
    """
    media = content_type.partition(";")[0].strip().lower()
    if media == JSON:
        if not telemetry.rejected:
            return JSON, b"{}"
        partial = {_REJECTED[kind]: str(telemetry.rejected), "errorMessage": telemetry.reason}
        return JSON, msgspec.json.encode({"partialSuccess": partial})
    if not telemetry.rejected:
        return PROTOBUF, b""
    inner = b"\x08" + _varint(telemetry.rejected) + _text_field(2, telemetry.reason)
    return PROTOBUF, b"\x0a" + _varint(len(inner)) + inner


def failure(content_type: str, message: str) -> tuple[str, bytes]:
    """The type and body of an answer with status 4xx or 5xx: a ``google.rpc.Status`` with the message (field 2)."""
    media = content_type.partition(";")[0].strip().lower()
    if media == JSON:
        return JSON, msgspec.json.encode({"message": message})
    return PROTOBUF, _text_field(2, message)
