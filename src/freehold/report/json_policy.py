"""A policy's verdicts for programs. Owns their JSON form and its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.report.json import assess_json
from freehold.report.json_values import number
from freehold.report.schema_forms import COUNT, FLAG, NAME, TEXT, list_of, object_of, or_null
from freehold.schemes.policy_values import MEASURES

if TYPE_CHECKING:
    from freehold.report.answers import Context, PolicedAssessment
    from freehold.schemes.policy_values import PolicyAnswer

__all__ = ["POLICY_SCHEMA", "policed_json", "policy_json"]

_AMOUNT: Final = or_null({"type": "number"})

POLICY_SCHEMA: Final = object_of(
    {
        "name": TEXT, "path": NAME, "met": FLAG,
        "rules": list_of(
            object_of(
                {
                    "name": NAME, "why": TEXT, "source": TEXT, "condition": {"enum": ["forbid", *MEASURES]},
                    "of": list_of(NAME), "asked": _AMOUNT, "unknown": {"enum": ["fail", "pass"]},
                    "verdict": {"enum": ["met", "broken", "perhaps", "idle"]}, "fails": FLAG, "told": NAME,
                    "amount": or_null(object_of({"low": _AMOUNT, "high": _AMOUNT})),
                    "breaches": list_of(
                        object_of(
                            {
                                "id": NAME, "surely": FLAG, "path": list_of(NAME), "told": TEXT, "mend": TEXT,
                                "rows": list_of(object_of({"table": NAME, "id": NAME})), "loss": _AMOUNT,
                            }
                        )
                    ),
                    "left_out": COUNT, "mend": TEXT,
                }
            ),
            minItems=1,
        ),
    }
)  # fmt: skip


def policed_json(answer: PolicedAssessment, context: Context) -> dict[str, Any]:
    """``assess`` with a policy."""
    return assess_json(answer.assess, context) | {"policy": policy_json(answer.policy)}


def policy_json(answer: PolicyAnswer) -> dict[str, Any]:
    """Every rule, in the order of the file: what it asks, its verdict, what breaks it, the worst first."""
    rules = []
    for one in answer.rules:
        condition = one.rule.condition
        measure = getattr(condition, "measure", "forbid")
        of = list(getattr(condition, "path_of", ()) or getattr(condition, "of", ()))
        if measure.startswith("scheme-"):
            of = [str(getattr(condition, "scheme", ""))]
        bound = getattr(condition, "bound", None)
        rules.append(
            {
                "name": one.rule.name, "why": one.rule.why, "source": one.rule.source, "condition": measure, "of": of,
                "asked": None if bound is None else number(bound), "unknown": one.rule.unknown, "verdict": one.verdict,
                "fails": one.fails, "told": one.told,
                "amount": None if one.amount is None else {"low": number(one.amount[0]), "high": number(one.amount[1])},
                "breaches": [
                    {
                        "id": breach.id, "surely": breach.surely, "path": list(breach.path), "told": breach.told,
                        "mend": breach.mend, "rows": [{"table": table, "id": id_} for table, id_ in breach.rows],
                        "loss": None if breach.loss is None else number(breach.loss),
                    }
                    for breach in one.breaches
                ],
                "left_out": one.left_out, "mend": one.mend,
            }
        )  # fmt: skip
    policy = answer.policy
    return {"name": policy.name, "path": policy.path, "met": not answer.failing, "rules": rules}
