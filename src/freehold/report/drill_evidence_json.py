"""What drills say of a stack and of the model, for programs. Owns that part of the contract, and its schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.drill.record import VERDICTS
from freehold.report.json import envelope, row_changes
from freehold.report.schema_forms import COUNT as _COUNT
from freehold.report.schema_forms import FLAG as _FLAG
from freehold.report.schema_forms import LEVEL as _LEVEL
from freehold.report.schema_forms import NAME as _NAME
from freehold.report.schema_forms import TEXT as _TEXT
from freehold.report.schema_forms import Schema as _Schema
from freehold.report.schema_forms import keys_of as _object
from freehold.report.schema_forms import list_of as _list
from freehold.report.schema_forms import or_null as _or_null

if TYPE_CHECKING:
    from freehold.drill.hit_rate import HitRate
    from freehold.report.answers import Context
    from freehold.report.drill_answers import ApplyAnswer, ScoreAnswer

__all__ = ["EVIDENCE_SCHEMAS", "apply_json", "score_json"]


def apply_json(answer: ApplyAnswer, context: Context) -> dict[str, Any]:
    """``drill apply``: what a drill proposes, and the rows that change."""
    proposals = [
        {
            "id": one.id, "kind": one.kind, "said": one.said, "because": list(one.because), "confidence": one.confidence,
            "accepted": one.id in answer.accepted,
        }
        for one in answer.proposals
    ]  # fmt: skip
    return envelope("drill apply", context) | {
        "verdict": answer.drill.verdict.name, "record": answer.record, "proposals": proposals,
        "accepted": list(answer.accepted), "changes": row_changes(answer.changes), "written": answer.output or None,
    }  # fmt: skip


def score_json(answer: ScoreAnswer, context: Context) -> dict[str, Any]:
    """``drill score``: predictions against drills, over all and by who was cut."""
    score = answer.score
    return envelope("drill score", context) | _rate(score.overall) | {
        "verdicts": dict(score.overall.verdicts), "void": score.void, "unpredicted": score.unpredicted, "open": score.open,
        "by_cut": [{"cut": one.landlord} | _rate(one.rate) for one in score.landlords],
        "misses": [
            {
                "command": list(one.command), "said": one.said, "started": one.started, "item": one.item,
                "predicted_up": one.was_up, "headline": one.headline,
            }
            for one in score.misses
        ],
        "unread": list(answer.unread),
    }  # fmt: skip


def _rate(rate: HitRate) -> dict[str, Any]:
    return {
        "drills": rate.drills, "compared": rate.compared, "agreed": rate.agreed, "rate": rate.rate,
        "up_but_failed": rate.up_but_failed, "down_but_survived": rate.down_but_survived,
    }  # fmt: skip


_RATE: Final[dict[str, _Schema]] = {
    "drills": _COUNT, "compared": _COUNT, "agreed": _COUNT, "rate": _or_null(_LEVEL), "up_but_failed": _COUNT,
    "down_but_survived": _COUNT,
}  # fmt: skip
_CHANGE: Final = _object(
    table=_NAME, id=_TEXT, change={"enum": ["added", "removed", "changed"]},
    columns=_list(_object(column=_NAME, before=_or_null(_TEXT), after=_or_null(_TEXT))),
)  # fmt: skip

EVIDENCE_SCHEMAS: Final[dict[str, dict[str, _Schema]]] = {
    "drill apply": {
        "verdict": {"enum": list(VERDICTS)}, "record": _NAME,
        "proposals": _list(
            _object(
                id=_NAME, kind={"enum": ["need", "delivery", "alternative", "essential", "cover"]}, said=_NAME,
                because=_list(_TEXT), confidence=_LEVEL, accepted=_FLAG,
            )
        ),
        "accepted": _list(_NAME), "changes": _list(_CHANGE), "written": _or_null(_NAME),
    },
    "drill score": {
        **_RATE, "verdicts": {"type": "object", "additionalProperties": _COUNT}, "void": _COUNT, "unpredicted": _COUNT,
        "open": _COUNT, "by_cut": _list(_object(cut=_NAME, **_RATE)),
        "misses": _list(
            _object(
                command=_list(_TEXT, minItems=1), said=_TEXT, started=_TEXT, item=_NAME, predicted_up=_FLAG, headline=_TEXT
            )
        ),
        "unread": _list(_TEXT),
    },
}  # fmt: skip
"""By verb: the keys of its answer."""
