"""``report brief``, ``exits`` and ``pack`` for programs. Owns their JSON forms, and the schemas of these."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final, get_args

from freehold.plan.exit_values import Standing
from freehold.report.exit_plan import drills_of, last_test
from freehold.report.five_sentences import Subject, cut_of, five_sentences, ranked_landlords
from freehold.report.json import assess_json, envelope
from freehold.report.json_options import FOREIGN
from freehold.report.json_plan import PLAN_KEYS, plan_keys
from freehold.report.json_values import day, days, number, numbers, worth
from freehold.report.json_whole import CUT, cut_json
from freehold.report.pack_values import PACKS
from freehold.report.schema_forms import (
    AMOUNT,
    COUNT,
    DIGEST,
    FLAG,
    LEVEL,
    LEVELS,
    NAME,
    Schema,
    list_of,
    object_of,
    or_null,
)
from freehold.report.sentences import item_name
from freehold.report.whom_to_ask import whom_to_ask
from freehold.stack.values import is_stated

if TYPE_CHECKING:
    from freehold.drill.record import Drill
    from freehold.measure.unknowns import UnknownFact
    from freehold.plan.exit_values import ExitLandlord, Move, TimeGiven
    from freehold.plan.first_step import FirstStep
    from freehold.report.answers import Context
    from freehold.report.brief import BriefAnswer
    from freehold.report.exit_plan import ExitAnswer
    from freehold.report.pack_values import OpenQuestion
    from freehold.report.packs_answers import ExitsAnswer, PackWritten

__all__ = ["BRIEF_TAKEN", "PACKS_SCHEMAS", "brief_json", "exits_json", "pack_json"]

BRIEF_TAKEN: Final = ("days", "floor", "self_reliance", "change", "face_value", "content", "hidden_exposure")
"""What a brief takes over from the assessment."""
_MOST_LANDLORDS: Final = 3

_NAMES: Final = list_of(NAME)
_FOREIGN: Final[Schema] = {"enum": list(FOREIGN.values())}
_STANDING: Final = object_of(
    {
        "stops_low": or_null(AMOUNT), "stops_high": or_null(AMOUNT), "low": list_of(LEVEL, minItems=1),
        "high": list_of(LEVEL, minItems=1),
    }
)  # fmt: skip
_MOVE: Final = object_of(
    {
        "kind": {"enum": ["standby", "step", "option"]}, "item": NAME, "source": or_null(NAME), "provider": NAME,
        "foreign": _FOREIGN, "option": or_null(NAME), "lead": or_null(AMOUNT), "recover": or_null(AMOUNT),
        "start": or_null(NAME), "ready": or_null(NAME), "cost_once": or_null(AMOUNT), "cost_year": or_null(AMOUNT),
        "currency": or_null(NAME), "capacity": or_null(AMOUNT),
    }
)  # fmt: skip
_PLAN: Final = object_of(
    {
        "function": NAME, "name": NAME, "basis": {"enum": ["plan", "options", "stack"]},
        "days": list_of(AMOUNT, minItems=1), "floor": LEVEL, "path": _NAMES, "before": _STANDING, "after": or_null(_STANDING),
        "landlords": list_of(
            object_of(
                {
                    "type": {"enum": ["owner", "country"]}, "id": NAME, "country": NAME, "foreign": _FOREIGN, "items": _NAMES,
                    "standing": _STANDING,
                }
            )
        ),
        "landlords_left_out": COUNT,
        "moves": list_of(_MOVE),
        "time": list_of(
            object_of(
                {
                    "user": NAME, "item": NAME, "survive": object_of({"low": or_null(AMOUNT), "high": or_null(AMOUNT)}),
                    "covers": or_null(FLAG),
                }
            )
        ),
        "data": list_of(object_of({"item": NAME, "providers": _NAMES, "locations": _NAMES, "foreign": _FOREIGN})),
        "left": list_of(object_of({"item": NAME, "landlords": _NAMES, "surely": FLAG, "has_way": FLAG})),
        "unknowns": list_of(object_of({"table": NAME, "id": NAME, "attribute": NAME, "whom": NAME})),
        "tests": list_of(object_of({"started": NAME, "verdict": NAME, "own": FLAG})),
        "last_test": or_null(object_of({"started": NAME, "verdict": NAME, "own": FLAG})),
    }
)  # fmt: skip

PACKS_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "report brief": {
        "sentences": list_of(
            object_of({"subject": {"enum": list(get_args(Subject))}, "title": NAME, "text": NAME}), minItems=5, maxItems=5
        ),
        "landlords": list_of(CUT),
        "first_step": or_null(
            object_of(
                {
                    "options": list_of(NAME, minItems=1), "cost_once": AMOUNT, "cost_year": AMOUNT, "currency": or_null(NAME),
                    "ready": AMOUNT, "days": list_of(AMOUNT, minItems=1), "before": LEVELS, "after": LEVELS,
                }
            )
        ),
        "steps": PLAN_KEYS["steps"],
        "ask": list_of(
            object_of(
                {
                    "table": NAME, "id": NAME, "attribute": NAME, "sources": COUNT,
                    "narrows": {"type": "number", "minimum": 0, "maximum": 2}, "raises_low": LEVEL, "lowers_high": LEVEL,
                    "whom": NAME,
                }
            )
        ),
        "edition": or_null(NAME),
        "command": or_null(NAME),
    },
    "report exits": {"plans": list_of(_PLAN, minItems=1), "edition": or_null(NAME)},
    "report pack": {
        "pack": {"enum": list(PACKS)},
        "title": NAME,
        "folder": NAME,
        "files": list_of(
            object_of({"name": NAME, "sha256": DIGEST, "bytes": COUNT, "answers": or_null(NAME), "asked_by": or_null(NAME)})
        ),
        "open_questions": list_of(
            object_of({"file": NAME, "column": NAME, "row": or_null(NAME), "question": NAME, "whom": NAME, "cells": COUNT})
        ),
        "sources": list_of(object_of({"title": NAME, "publisher": NAME, "url": NAME, "date": NAME})),
        "doubts": list_of(NAME),
        "edition": or_null(NAME),
        "command": or_null(NAME),
    },
}  # fmt: skip
"""What the answers add to the envelope; a brief has what it takes over of an assessment besides."""


def brief_json(answer: BriefAnswer, context: Context) -> dict[str, Any]:
    """``report brief``: the five sentences, and the figures of the two pages."""
    stack, cuts = answer.stack, answer.cuts
    assessed = assess_json(answer.assessed, context)
    five = five_sentences(stack, answer.assessed, cuts, answer.step, answer.plan, options=answer.options)
    places = () if cuts is None else ranked_landlords(cuts, answer.assessed, _MOST_LANDLORDS)
    alone = [] if cuts is None else [cut for place in places if (cut := cut_of(cuts, place)) is not None]
    return envelope("report brief", context) | {
        "sentences": [{"subject": one.subject, "title": one.title, "text": one.text} for one in five],
        **{name: assessed[name] for name in BRIEF_TAKEN},
        "landlords": [] if cuts is None else [cut_json(cut, cuts, stack) for cut in alone],
        "first_step": None if answer.step is None else _first_step(answer.step),
        "steps": [] if answer.plan is None else plan_keys(answer.plan, stack)["steps"],
        "ask": [worth(one) | {"whom": whom_to_ask(one.fact, stack)} for one in answer.assessed.learn_first],
        "edition": context.edition or None,
        "command": answer.command or None,
    }  # fmt: skip


def _first_step(step: FirstStep) -> dict[str, Any]:
    return {
        "options": [one.id for one in step.options], "cost_once": number(step.cost_once), "cost_year": number(step.cost_year),
        "currency": step.currency, "ready": day(step.days), "days": days(step.asked),
        "before": {"low": numbers(step.before.low), "high": numbers(step.before.high)},
        "after": {"low": numbers(step.after.low), "high": numbers(step.after.high)},
    }  # fmt: skip


def exits_json(answer: ExitsAnswer, context: Context) -> dict[str, Any]:
    """``report exits``: the exit plan of each function."""
    return envelope("report exits", context) | {
        "plans": [_plan(one) for one in answer.plans], "edition": context.edition or None
    }  # fmt: skip


def _plan(answer: ExitAnswer) -> dict[str, Any]:
    plan, stack = answer.plan, answer.stack
    last = last_test(plan, answer.drills)
    return {
        "function": plan.function, "name": item_name(stack, plan.function), "basis": plan.basis, "days": days(plan.days),
        "floor": number(plan.floor), "path": list(plan.path), "before": _standing(plan.before),
        "after": None if plan.after is None else _standing(plan.after),
        "landlords": [_landlord(one) for one in plan.landlords], "landlords_left_out": plan.landlords_left_out,
        "moves": [_move(one) for one in plan.moves],
        "time": [_time(one) for one in plan.time],
        "data": [
            {
                "item": one.item, "providers": list(one.providers), "locations": list(one.locations),
                "foreign": FOREIGN[one.foreign],
            }
            for one in plan.data
        ],
        "left": [
            {"item": one.item, "landlords": list(one.landlords), "surely": one.surely, "has_way": one.has_way}
            for one in plan.left
        ],
        "unknowns": [_fact(one) | {"whom": whom_to_ask(one, stack)} for one in plan.unknowns],
        "tests": [_test(*one) for one in drills_of(plan, answer.drills)],
        "last_test": None if last is None else _test(*last),
    }  # fmt: skip


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "stops_low": day(one.stops_low), "stops_high": day(one.stops_high), "low": numbers(one.low), "high": numbers(one.high),
    }  # fmt: skip


def _landlord(one: ExitLandlord) -> dict[str, Any]:
    return {
        "type": one.kind, "id": one.id, "country": one.country, "foreign": FOREIGN[one.foreign], "items": list(one.items),
        "standing": _standing(one.standing),
    }  # fmt: skip


def _move(one: Move) -> dict[str, Any]:
    costs = {name: None if value is None else number(value) for name, value in (
        ("cost_once", one.cost_once), ("cost_year", one.cost_year),
    )}  # fmt: skip
    return {
        "kind": one.kind, "item": one.item, "source": one.source or None, "provider": one.provider,
        "foreign": FOREIGN[one.foreign], "option": one.option or None, "lead": day(one.lead), "recover": day(one.recover),
        "start": one.start_date or None, "ready": one.ready_date or None, **costs, "currency": one.currency,
        "capacity": None if one.capacity is None else number(one.capacity),
    }  # fmt: skip


def _time(one: TimeGiven) -> dict[str, Any]:
    low, high = (one.survive, one.survive) if is_stated(one.survive) else (0.0, inf)
    return {"user": one.user, "item": one.item, "survive": {"low": day(low), "high": day(high)}, "covers": one.covers}


def _fact(one: UnknownFact) -> dict[str, Any]:
    return {"table": one.table, "id": one.id, "attribute": one.attribute}


def _test(drill: Drill, own: bool) -> dict[str, Any]:
    return {"started": drill.run.started, "verdict": drill.verdict.name, "own": own}


def pack_json(answer: PackWritten, context: Context) -> dict[str, Any]:
    """``report pack``: what was written where, what each file answers, and what the stack cannot tell."""
    pack = answer.pack
    told = {one.name: {"answers": one.answers, "asked_by": one.asked_by or None} for one in pack.files}
    nothing = {"answers": None, "asked_by": None}
    return envelope("report pack", context) | {
        "pack": pack.name, "title": pack.title, "folder": answer.folder,
        "files": [{**row, **told.get(str(row["name"]), nothing)} for row in answer.files],
        "open_questions": [_question(one) for one in pack.questions],
        "sources": [dict(zip(("title", "publisher", "url", "date"), one, strict=True)) for one in pack.sources],
        "doubts": list(pack.doubts), "edition": context.edition or None, "command": answer.command or None,
    }  # fmt: skip


def _question(one: OpenQuestion) -> dict[str, Any]:
    return {
        "file": one.file, "column": one.column, "row": one.row or None, "question": one.question, "whom": one.whom,
        "cells": one.cells,
    }  # fmt: skip
