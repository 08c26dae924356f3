"""Rules for programs: the list, how their tests went, what a replay found. Owns that part of the contract, and its schemas."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from freehold.report.schema_forms import COUNT as _COUNT
from freehold.report.schema_forms import DIGEST as _DIGEST
from freehold.report.schema_forms import FLAG as _FLAG
from freehold.report.schema_forms import MOMENT as _MOMENT
from freehold.report.schema_forms import TEXT as _TEXT
from freehold.report.schema_forms import keys_of as _object
from freehold.report.schema_forms import list_of as _list
from freehold.report.schema_forms import or_null as _or_null

if TYPE_CHECKING:
    from freehold.watch.replay import ReplayReport
    from freehold.watch.rule_list import RuleList, RuleTestReport

__all__ = ["RULES_SCHEMAS", "rule_list_keys", "rule_replay_keys", "rule_tests_keys"]


def rule_list_keys(answer: RuleList) -> dict[str, Any]:
    """``rules list``: every rule, whether it is on, how it was switched, its last replay."""
    return {"rules": [{**asdict(one), "on": list(one.on)} for one in answer.rules]}


def rule_tests_keys(answer: RuleTestReport) -> dict[str, Any]:
    """``rules test``: how every test went, and rules without a test in which they fire."""
    results = [
        {"rule": one.rule, "name": one.name, "passed": one.passed, "problems": list(one.problems)} for one in answer.results
    ]
    return {"passed": answer.passed, "silent": list(answer.silent), "tests": results}


def rule_replay_keys(answer: ReplayReport) -> dict[str, Any]:
    """``rules replay``: what each rule would have said of the history; moments are seconds since 1970."""
    rules = [
        {
            "rule": one.rule, "digest": one.digest, "looked": one.looked, "counted": one.counted,
            "share": one.counted / answer.events if answer.events else 0.0, "errors": one.errors, "example": one.example,
            "forgotten": one.forgotten, "alerts": one.alerts, "a_day": one.a_day,
            "noisiest": [{"labels": dict(labels), "alerts": count} for labels, count in one.noisiest],
            "would_be": [
                {
                    "labels": dict(alert.labels), "since": alert.since,
                    "until": None if math.isinf(alert.until) else alert.until, "summary": alert.summary,
                }
                for alert in one.would_be
            ],
        }
        for one in answer.rules
    ]  # fmt: skip
    return {"report": answer.digest, "events": answer.events, "start": answer.start, "end": answer.end, "rules": rules}


_LABELS: Final = {"type": "object", "additionalProperties": _TEXT}
_SWITCH: Final = _object(digest=_DIGEST, by=_TEXT, because=_TEXT, at=_MOMENT, on=_FLAG)
_REPLAY: Final = _object(
    rule=_TEXT, report=_DIGEST, events=_COUNT, looked=_COUNT, alerts=_COUNT, start=_MOMENT, end=_MOMENT, at=_MOMENT
)
_WOULD_BE: Final = _object(labels=_LABELS, since=_MOMENT, until=_or_null(_MOMENT), summary=_TEXT)

RULES_SCHEMAS: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "rules list": {
        "rules": _list(
            _object(
                id=_TEXT, form={"enum": ["event", "window", "runaway"]}, measure=_TEXT, on=_list(_TEXT), severity=_TEXT,
                summary=_TEXT, built_in=_FLAG, tests=_COUNT, digest=_DIGEST,
                state={"enum": ["on", "off", "never", "changed", None]}, switch=_or_null(_SWITCH),
                replay=_or_null(_REPLAY),
            )
        )
    },
    "rules test": {
        "passed": _FLAG,
        "silent": _list(_TEXT),
        "tests": _list(_object(rule=_TEXT, name=_TEXT, passed=_FLAG, problems=_list(_TEXT))),
    },
    "rules replay": {
        "report": _DIGEST, "events": _COUNT, "start": _MOMENT, "end": _MOMENT,
        "rules": _list(
            _object(
                rule=_TEXT, digest=_DIGEST, looked=_COUNT, counted=_COUNT,
                share={"type": "number", "minimum": 0, "maximum": 1}, errors=_COUNT, example=_TEXT, forgotten=_COUNT,
                alerts=_COUNT, a_day={"type": ["number", "null"], "minimum": 0},
                noisiest=_list(_object(labels=_LABELS, alerts=_COUNT)), would_be=_list(_WOULD_BE),
            )
        ),
    },
}  # fmt: skip
"""By verb: the keys of its answer."""
