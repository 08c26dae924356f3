"""What would lift a scheme's level and score, as blocks and for programs. Owns their words, JSON form and schema."""

from __future__ import annotations

import math
from typing import Any, Final, get_args

from freehold.report.interface import Block, Cell, Column, Detail, Heading, Paragraph, Row, Table
from freehold.report.json_values import number
from freehold.report.plan_words import money
from freehold.report.schema_forms import COUNT, FLAG, NAME, TEXT, list_of, object_of, or_null
from freehold.report.sentences import count
from freehold.schemes.lift_values import Lift, LiftSet, LiftStep, Proof, Stopped
from freehold.schemes.scheme_values import Basis
from freehold.words import listed, say

__all__ = ["LIFT_SCHEMA", "lift_blocks", "lift_json"]

_MOST: Final = 12

_MONEY: Final = {"type": "number", "minimum": 0}
_NUMBER: Final = or_null({"type": "number"})
_SET: Final = object_of({"options": list_of(NAME), "price": _MONEY, "level": COUNT, "score": _NUMBER})
LIFT_SCHEMA: Final = object_of(
    {
        "scheme": NAME, "level": or_null(COUNT), "stack_level": or_null(COUNT),
        "steps": list_of(
            object_of(
                {
                    "level": COUNT,
                    "answers": list_of(
                        object_of(
                            {
                                "factor": NAME, "title": NAME, "objective": NAME, "letters": list_of(NAME), "to": TEXT,
                                "label": TEXT, "basis": {"enum": list(get_args(Basis))},
                            }
                        )
                    ),
                    "found": or_null(_SET), "proof": {"enum": list(get_args(Proof))}, "bound": _NUMBER,
                    "holding": list_of(
                        object_of({"factor": NAME, "title": NAME, "objective": NAME, "unknowns": COUNT, "perhaps": FLAG})
                    ),
                }
            )
        ),
        "gains": list_of(object_of({"options": list_of(NAME, minItems=1), "price": _MONEY, "points": {"type": "number"}})),
        "unpriced": list_of(
            object_of({"option": NAME, "lacking": list_of(NAME), "level": or_null(COUNT), "points": _NUMBER})
        ),
        "considered": COUNT, "tried": COUNT, "stopped": {"enum": list(get_args(Stopped))}, "currency": or_null(NAME),
        "years": {"type": "number", "minimum": 0},
    }
)  # fmt: skip


def lift_json(lift: Lift) -> dict[str, Any]:
    """The answer for programs."""
    steps = [
        {
            "level": step.level,
            "answers": [
                {
                    "factor": one.factor, "title": one.title, "objective": one.objective, "letters": list(one.letters),
                    "to": one.to, "label": one.label, "basis": one.basis,
                }
                for one in step.answers
            ],
            "found": None if step.found is None else _set_json(step.found),
            "proof": step.proof, "bound": number(step.bound),
            "holding": [
                {
                    "factor": one.factor, "title": one.title, "objective": one.objective, "unknowns": one.unknowns,
                    "perhaps": one.perhaps,
                }
                for one in step.holding
            ],
        }
        for step in lift.steps
    ]  # fmt: skip
    return {
        "scheme": lift.scheme, "level": lift.level, "stack_level": lift.stack_level, "steps": steps,
        "gains": [
            {"options": list(one.options), "price": number(one.price), "points": number(one.points)} for one in lift.gains
        ],
        "unpriced": [
            {
                "option": one.option, "lacking": list(one.lacking), "level": one.level,
                "points": None if one.points is None else number(one.points),
            }
            for one in lift.unpriced
        ],
        "considered": lift.considered, "tried": lift.tried, "stopped": lift.stopped, "currency": lift.currency or None,
        "years": number(lift.years),
    }  # fmt: skip


def _set_json(found: LiftSet) -> dict[str, Any]:
    return {
        "options": list(found.options), "price": number(found.price), "level": found.level,
        "score": None if found.score is None else number(found.score),
    }  # fmt: skip


def lift_blocks(lift: Lift) -> list[Block]:
    """Tell what would lift a level, cheapest first, and what would raise the score.

    Parameters
    ----------
    lift
        What was found.
    """
    blocks: list[Block] = [Heading(say("lift.title"), anchor="lift")]
    if lift.level is None:
        blocks.append(Paragraph(say("lift.no_levels")))
    elif not lift.steps:
        blocks.append(Paragraph(say("lift.at_top"), "good"))
    else:
        blocks += [Paragraph(_lead(lift)), _steps(lift)]
        for step in lift.steps[:1]:
            blocks += _next(lift, step)
        later = [block for step in lift.steps[1:] for block in _next(lift, step)]
        if later:
            blocks.append(Detail(say("lift.later"), tuple(later)))
    blocks += _gains(lift)
    blocks += _unpriced(lift)
    blocks.append(Paragraph(_how_far(lift), "quiet"))
    return blocks


def _money(lift: Lift, value: float) -> str:
    return money(value, lift.currency or None)


def _names(lift: Lift, ids: tuple[str, ...]) -> str:
    return say("report.separator").join(lift.names.get(id_, id_) for id_ in ids)


def _lead(lift: Lift) -> str:
    step = lift.steps[0]
    words: dict[str, object] = {"level": step.level, "now": lift.level}
    if step.found is None:
        key = "none_answers" if step.answers else "none"
    elif step.found.options:
        key = "options_answers" if step.answers else "options"
        words |= {"price": _money(lift, step.found.price), "steps": count("lift.things", len(step.found.options))}
    else:
        key = "answers"
    return say(f"lift.lead_{key}", answers=count("lift.factors", len(step.answers)), **words)


def _steps(lift: Lift) -> Table:
    columns = (
        Column("level", say("lift.column_level"), "count"), Column("answers", say("lift.column_answers"), "count"),
        Column("options", say("lift.column_options")), Column("price", say("lift.column_price")),
        Column("proof", say("lift.column_proof")),
    )  # fmt: skip
    rows = []
    for step in lift.steps:
        if step.found is None:
            told: Cell = say("lift.no_set")
        else:
            told = _names(lift, step.found.options) if step.found.options else say("lift.nothing")
        price: Cell = None if step.found is None else _money(lift, step.found.price)
        rows.append(Row((step.level, len(step.answers), told, price, _proof(lift, step))))
    return Table(columns, tuple(rows), say("lift.caption", count=f"{lift.years:g}"))


def _proof(lift: Lift, step: LiftStep) -> str:
    if step.proof == "open" and 0 < step.bound < math.inf:
        return say("lift.proof_bound", bound=_money(lift, step.bound))
    return say(f"lift.proof_{step.proof}{'_none' if step.found is None else ''}")


def _next(lift: Lift, step: LiftStep) -> list[Block]:
    blocks: list[Block] = [Heading(say("lift.for_level", level=step.level), 3)]
    if step.found is not None and step.found.options:
        columns = (Column("option", say("lift.column_option")), Column("id", say("lift.column_id"), "id"))
        options = tuple(Row((lift.names.get(id_, id_), id_)) for id_ in step.found.options)
        caption = say("lift.build", price=_money(lift, step.found.price))
        blocks.append(Table(columns, options, caption, most=_MOST))
    if step.holding:
        held = (
            Column("factor", say("lift.column_factor"), "id"), Column("title", say("lift.column_title")),
            Column("unknowns", say("lift.column_unknowns"), "count"), Column("perhaps", say("lift.column_perhaps")),
        )  # fmt: skip
        rows = tuple(
            Row((one.factor, one.title, one.unknowns, say("lift.perhaps" if one.perhaps else "lift.surely")))
            for one in step.holding
        )
        blocks.append(Table(held, rows, say("lift.holding"), most=_MOST))
    if step.answers:
        asked = (
            Column("factor", say("lift.column_factor"), "id"), Column("title", say("lift.column_title")),
            Column("now", say("lift.column_now")), Column("to", say("lift.column_to")),
        )  # fmt: skip
        rows = tuple(
            Row(
                (
                    one.factor, one.title,
                    say("lift.unanswered") if one.basis == "unanswered" else say("lift.letters").join(one.letters),
                    f"{one.to}: {one.label}" if one.to else say("lift.no_choice"),
                )
            )
            for one in step.answers
        )  # fmt: skip
        blocks.append(Table(asked, rows, say("lift.persons"), most=_MOST))
    return blocks if len(blocks) > 1 else []


def _gains(lift: Lift) -> list[Block]:
    if not lift.gains:
        return []
    columns = (
        Column("option", say("lift.column_option")), Column("points", say("lift.column_points")),
        Column("price", say("lift.column_price")),
    )  # fmt: skip
    rows = tuple(
        Row((_names(lift, one.options), say("lift.points", points=f"{one.points:.1f}"), _money(lift, one.price)))
        for one in lift.gains
    )
    return [Table(columns, rows, say("lift.gains"), most=_MOST)]


def _unpriced(lift: Lift) -> list[Block]:
    if not lift.unpriced:
        return []
    useful = [one for one in lift.unpriced if one.level is not None or (one.points or 0) > 0]
    if not useful:
        return [Paragraph(count("lift.unpriced", len(lift.unpriced)), "quiet")]
    columns = (
        Column("option", say("lift.column_option")), Column("lacking", say("lift.column_lacking")),
        Column("level", say("lift.column_level"), "count"), Column("points", say("lift.column_points")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                lift.names.get(one.option, one.option), listed(one.lacking), one.level,
                None if one.points is None else say("lift.points", points=f"{one.points:.1f}"),
            )
        )
        for one in useful
    )  # fmt: skip
    return [Table(columns, rows, count("lift.unpriced", len(lift.unpriced)), most=_MOST)]


def _how_far(lift: Lift) -> str:
    words = {"considered": f"{lift.considered:,}", "tried": f"{lift.tried:,}"}
    return f"{say('lift.tried', **words)} {say(f'lift.stopped_{lift.stopped}')} {say('lift.means')}"
