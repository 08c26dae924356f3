"""The level or the score of a scheme as an amount that a policy limits. Owns what is told of a factor that holds it down."""

from __future__ import annotations

from collections.abc import Mapping

from freehold.errors import BadPolicy, SchemeError, UnknownId, UsageError
from freehold.schemes.answers_file import read_answers
from freehold.schemes.asking import score_scheme
from freehold.schemes.measuring import check_parameters
from freehold.schemes.policy_values import Breach, Limit
from freehold.schemes.scheme_file import read_scheme
from freehold.schemes.scheme_file import scheme as scheme_known
from freehold.schemes.scheme_values import Answered, Choice, Factor, Objective, Score
from freehold.stack.values import Stack
from freehold.words import say

__all__ = ["scheme_amount"]


def scheme_amount(
    stack: Stack, limit: Limit, place: str, *, strict: bool = False,
    lists: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
) -> tuple[tuple[float, float], tuple[Breach, ...], str]:  # fmt: skip
    """Score a stack by the scheme that a rule names.

    Parameters
    ----------
    stack
        The stack.
    limit
        The rule's condition.
    place
        Where it stands, for messages.
    strict, lists
        As :func:`freehold.schemes.asking.score_scheme`.

    Returns
    -------
    tuple
        The amount, low and high; the factors that hold it down, the lowest first; and what would lift it.

    Raises
    ------
    freehold.errors.BadPolicy
        If there is no such scheme, or it has no level or score, or the answers are not its.
    """
    try:
        is_file = limit.scheme.lower().endswith(".toml")
        scheme = read_scheme(limit.scheme, check=check_parameters) if is_file else scheme_known(limit.scheme)
        answers = read_answers([limit.answers], [scheme]) if limit.answers else {}
        scored = score_scheme(stack, scheme, answers, strict=strict, lists=lists)
    except (SchemeError, UnknownId, UsageError) as error:
        raise BadPolicy(f"{place}: {error}") from None
    amount = scored.level if limit.measure == "scheme-level" else scored.score
    if amount is None:
        what, other = ("level", "scheme-score") if limit.measure == "scheme-level" else ("score", "scheme-level")
        raise BadPolicy(f"{place}: {scheme.id} gives no {what}. Ask for {other}, or take another scheme.")
    mend = say("policies.mend_scheme", scheme=limit.scheme)
    return (float(amount[0]), float(amount[1])), _holding(scored, limit), mend


def _holding(scored: Score, limit: Limit) -> tuple[Breach, ...]:
    answers = {one.factor: one for one in scored.answers}
    found: list[tuple[float, Breach]] = []
    for objective in scored.scheme.objectives:
        for factor in objective.factors:
            answer = answers[factor.id]
            choices = [choice for choice in factor.choices if choice.letter in answer.letters]
            if not choices:
                continue
            if limit.measure == "scheme-level":
                low, high = min(one.level for one in choices), max(one.level for one in choices)
                if low < limit.bound:
                    found.append((low, _breach(objective, factor, answer, choices, surely=high < limit.bound)))
            else:
                most = max(one.points for one in factor.choices)
                lost = most - min(one.points for one in choices)
                if lost > 0:
                    surely = max(one.points for one in choices) < most
                    worth = sum(max(one.points for one in other.choices) for other in objective.factors)
                    weight = objective.weight * lost / max(worth, 1e-300)
                    found.append((-weight, _breach(objective, factor, answer, choices, surely=surely)))
    found.sort(key=lambda pair: (not pair[1].surely, pair[0]))
    return tuple(breach for _, breach in found)


def _breach(objective: Objective, factor: Factor, answer: Answered, choices: list[Choice], *, surely: bool) -> Breach:
    if answer.basis == "unanswered":
        told = say("policies.factor_unanswered", factor=factor.title, objective=objective.title)
    else:
        labels = say("policies.or").join(one.label for one in choices)
        told = say("policies.factor_answered", factor=factor.title, objective=objective.title, answer=labels)
    if answer.basis != "person" and answer.measured is not None:
        told = f"{told} {answer.measured.told}"
    mend = say("policies.mend_answer", factor=factor.id, ask=factor.ask or factor.title) if answer.basis == "unanswered" else ""
    facts = answer.measured.facts if answer.measured is not None else ()
    rows = tuple(dict.fromkeys((fact.table, fact.id) for fact in facts))
    return Breach(factor.id, surely, (), told, mend, rows)
