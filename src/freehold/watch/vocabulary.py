"""What an event may say about itself, by name: its type, and the label under which alerts tell it. Owns that vocabulary.

The names are those of OpenTelemetry's GenAI conventions (v1.41.0) and Freehold's own. A rule file may add more; a name
that neither knows is refused, because a misspelt one would make a rule that never fires.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

__all__ = ["ATTRIBUTES", "ENVELOPE", "AttributeType", "label_of"]

AttributeType: TypeAlias = Literal["text", "count", "number", "flag"]
"""``count`` is a whole number; ``number`` any finite one; ``flag`` true or false."""

ENVELOPE: Final = ("event.source", "event.subject", "event.type")
"""What every event has beside its data, by the names that rules use; all text."""

ATTRIBUTES: Final[Mapping[str, AttributeType]] = {
    "deployment.environment.name": "text",
    "error.message": "text",
    "error.type": "text",
    "exception.type": "text",
    "freehold.agent.depth": "count",
    "freehold.agent.runaway": "flag",
    "freehold.alert.name": "text",
    "freehold.alert.state": "text",
    "freehold.attempts": "count",
    "freehold.because": "text",
    "freehold.by": "text",
    "freehold.cost": "number",
    "freehold.dns.changed": "flag",
    "freehold.fallback": "text",
    "freehold.first_token_seconds": "number",
    "freehold.item": "text",
    "freehold.level": "number",
    "freehold.model": "text",
    "freehold.name": "text",
    "freehold.open_breakers": "text",
    "freehold.percent": "number",
    "freehold.probe.changed": "flag",
    "freehold.probe.ever_ok": "flag",
    "freehold.probe.kind": "text",
    "freehold.probe.ok": "flag",
    "freehold.probe.target": "text",
    "freehold.provider": "text",
    "freehold.requests": "count",
    "freehold.requests_per_minute": "number",
    "freehold.scope": "text",
    "freehold.seconds": "number",
    "freehold.source_id": "text",
    "freehold.stage": "text",
    "freehold.status.impact": "text",
    "freehold.status.incident": "text",
    "freehold.status.phase": "text",
    "freehold.status.readable": "flag",
    "freehold.status.resolved": "flag",
    "freehold.status.state": "text",
    "freehold.status.title": "text",
    "freehold.stops": "count",
    "freehold.tenant": "text",
    "freehold.tls.days_left": "number",
    "freehold.tls.version": "text",
    "freehold.tokens_estimated": "flag",
    "freehold.tool.arguments_digest": "text",
    "freehold.under_way": "count",
    "freehold.upstream": "text",
    "gen_ai.agent.id": "text",
    "gen_ai.agent.name": "text",
    "gen_ai.conversation.id": "text",
    "gen_ai.operation.name": "text",
    "gen_ai.provider.name": "text",
    "gen_ai.request.model": "text",
    "gen_ai.response.model": "text",
    "gen_ai.token.type": "text",
    "gen_ai.tool.call.id": "text",
    "gen_ai.tool.name": "text",
    "gen_ai.usage.input_tokens": "count",
    "gen_ai.usage.output_tokens": "count",
    "gen_ai.workflow.name": "text",
    "http.response.status_code": "count",
    "log.body": "text",
    "log.severity": "count",
    "metric.count": "number",
    "metric.delta.count": "number",
    "metric.delta.sum": "number",
    "metric.delta.value": "number",
    "metric.kind": "text",
    "metric.max": "number",
    "metric.mean": "number",
    "metric.min": "number",
    "metric.name": "text",
    "metric.seconds": "number",
    "metric.sum": "number",
    "metric.temporality": "text",
    "metric.unit": "text",
    "metric.value": "number",
    "server.address": "text",
    "server.port": "count",
    "service.name": "text",
    "service.namespace": "text",
    "trace.id": "text",
    "url.path": "text",
}
"""By name: the type. A number with a fraction where a count is expected, or text where a number is, is a fault of the event."""

_LABELS: Final = {
    "event.source": "reporter",
    "event.subject": "subject",
    "event.type": "type",
    "freehold.agent.depth": "depth",
    "freehold.alert.name": "alert",
    "freehold.because": "because",
    "freehold.item": "item",
    "freehold.model": "model",
    "freehold.name": "name",
    "freehold.probe.kind": "probe",
    "freehold.provider": "provider",
    "freehold.scope": "scope",
    "freehold.source_id": "source",
    "freehold.status.incident": "incident",
    "freehold.tenant": "tenant",
    "freehold.tool.arguments_digest": "arguments",
    "freehold.upstream": "upstream",
    "gen_ai.agent.id": "agent",
    "gen_ai.provider.name": "provider",
    "gen_ai.request.model": "model",
    "gen_ai.response.model": "answered_by",
    "gen_ai.tool.name": "tool",
    "http.response.status_code": "status",
    "server.address": "host",
}


def label_of(attribute: str) -> str:
    """The label under which alerts tell an attribute: ``freehold.upstream`` is ``upstream``, others have ``_`` for dots.

    Those that tie an alert to a stack are named as :data:`freehold.watch.alert.PLACES` names them.
    """
    return _LABELS.get(attribute) or attribute.replace(".", "_").replace("-", "_")
