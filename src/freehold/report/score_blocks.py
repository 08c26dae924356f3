"""Scores as blocks of a page. Owns what stands beside what: a score never without its level, and what holds the level down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from freehold.report.evidence import Notes
from freehold.report.figures import country_in_sentence
from freehold.report.interface import NOT_KNOWN, Block, Cell, Column, Detail, Heading, Paragraph, Range, Row, Table, Tone
from freehold.report.scheme_words import (
    answer_words,
    answered_words,
    basis_words,
    factors_of,
    letters_words,
    level_figure,
    level_words,
    plain_number,
    region_words,
    score_figure,
    unanswered,
)
from freehold.report.sentences import count
from freehold.schemes.interface import Measured
from freehold.schemes.scheme_values import Answered, Factor, ObjectiveScore, Score
from freehold.stack.countries import country_name
from freehold.words import language_locale, listed, say

__all__ = ["results_table", "score_blocks", "score_details", "score_title", "side_by_side"]

_MOST_SHOWN: Final = 12
_MOST_NOTES: Final = 4
_HIGH: Final = 50.0
"""Percent from which a score is high enough to be taken for a good level."""


def score_blocks(scores: Sequence[Score], notes: Notes, *, how: str = "") -> list[Block]:
    """Several schemes side by side, and each in a detail.

    Parameters
    ----------
    scores
        Results; may be empty.
    notes
        Where evidence is numbered, with the stack.
    how
        Key of the method by which scores are got; may be empty.

    Returns
    -------
    list of Block
        A table, a line on what stands for the schemes' regions, and a :class:`Detail` a scheme.
    """
    if not scores:
        return []
    found: list[Block] = [replace(side_by_side(scores), how=how), *_contrasts(scores), *_region(scores, notes)]
    found += [Detail(score_title(score), tuple(score_details(score, notes, alone=False))) for score in scores]
    return found


def side_by_side(scores: Sequence[Score]) -> Table:
    """A row a scheme: the level first, then the score, and how much of it is answered."""
    titles = [score.scheme.title for score in scores]
    columns = (
        Column("scheme", say("score.column_scheme")), Column("level", say("score.column_level")),
        Column("score", say("score.column_score")), Column("result", say("score.column_result")),
        Column("answered", say("score.column_answered")),
    )  # fmt: skip
    rows = []
    for score in scores:
        title = score.scheme.title if titles.count(score.scheme.title) == 1 else score_title(score)
        result = _result(score) or None
        rows.append(Row((title, level_figure(score.level), score_figure(score.score), result, answered_words(score))))
    kept = [place for place in range(len(columns)) if place != 3 or any(row.cells[3] for row in rows)]
    shown = tuple(replace(row, cells=tuple(row.cells[place] for place in kept)) for row in rows)
    return Table(tuple(columns[place] for place in kept), shown, say("score.side_by_side") if len(scores) > 1 else "")


def results_table(scores: Sequence[Score]) -> Table:
    """Every number of the results, for programs: a row a scheme (no objective), and a row an objective."""
    columns = (
        Column("scheme", say("score.column_scheme"), "id"), Column("objective", say("score.column_objective"), "id"),
        Column("title", say("score.column_title")), Column("weight", say("score.column_weight"), "count"),
        Column("percent", say("score.column_percent"), "count"), Column("level", say("score.column_level"), "count"),
        Column("holding", say("score.column_holding")), Column("open", say("score.column_open"), "count"),
    )  # fmt: skip
    rows = []
    for score in scores:
        open_ = {one.factor for one in unanswered(score)}
        whole: tuple[Cell, ...] = (
            score.scheme.id, "", score.scheme.title, None, _range(score.score), _range(score.level),
            listed(_holding_objectives(score)), len(open_),
        )  # fmt: skip
        rows.append(Row(whole))
        for part, objective in zip(score.objectives, score.scheme.objectives, strict=True):
            counted = score.score is not None
            cells: tuple[Cell, ...] = (
                score.scheme.id, part.id, part.title, part.weight if counted else None,
                _range(part.percent) if counted else None, _range(part.level), listed(part.holding),
                sum(factor.id in open_ for factor in objective.factors),
            )  # fmt: skip
            rows.append(Row(cells))
    return Table(columns, tuple(rows))


def _range(bounds: tuple[float, float] | None) -> Cell:
    return None if bounds is None else Range(*bounds)


def score_title(score: Score) -> str:
    """Title of a scheme, with its version."""
    version = score.scheme.version
    return (
        score.scheme.title if version in score.scheme.title else say("score.title", title=score.scheme.title, version=version)
    )


def _result(score: Score) -> str:
    """What comes of a scheme without a score, in a cell."""
    if score.grades:
        graded = [(letter, bounds) for letter, bounds in score.grades.items() if bounds[1]]
        return listed(say("score.grade_count", grade=letter.upper(), count=level_figure(bounds)) for letter, bounds in graded)
    if score.scheme.kind == "figures":
        told = [one for one in score.answers if one.measured is not None]
        if len(score.answers) == len(told) == 1:
            factor, one = next(iter(factors_of(score.scheme).values())), told[0]
            called = answer_words(factor, one) if factor.choices and one.basis != "unanswered" else ""
            return say("score.figure_called", amount=_figure(one.measured), called=called) if called else _figure(one.measured)
        return say("score.figures_count", count=len(told), of=len(score.answers))
    return ""


def score_details(score: Score, notes: Notes, *, alone: bool = True) -> list[Block]:
    """All that came of one scheme.

    Parameters
    ----------
    score
        The result.
    notes
        Where evidence is numbered.
    alone
        Whether nothing stands beside it that says already what stands for the scheme's region, and how level and score differ.
    """
    found: list[Block] = [_headline(score)]
    if alone:
        found += [*_contrasts([score]), *_region([score], notes)]
    found += _gate(score)
    if score.divisor is not None:
        found.append(Paragraph(say("score.divisor", divisor=plain_number(score.divisor)), "quiet"))
    if score.score is not None or score.level is not None:
        found.append(_objectives(score))
    if score.grades:
        found.append(_grades(score))
    if score.scheme.kind == "figures":
        found.append(_figures(score, notes))
    found += _contradictions(score, notes)
    found += _holding(score, notes)
    found += _asked(score)
    factors = factors_of(score.scheme)
    rows = [_answer_row(factors[one.factor], one, notes) for one in score.answers]
    found.append(Detail(say("score.all_answers"), (Table(_answer_columns(), tuple(rows)),)))
    found += _components(score)
    found.append(Detail(say("score.publication"), tuple(_publication(score))))
    return found


def _headline(score: Score) -> Paragraph:
    if score.level is not None and score.score is not None:
        text = say("score.headline", level=level_words(score), score=_both_means(score))
    elif score.score is not None:
        text = say("score.headline_score", score=_both_means(score))
    elif score.level is not None:
        text = say("score.headline_level", level=level_words(score))
    elif score.grades:
        text = say("score.headline_grades", grades=_result(score) or say("report.none"))
    else:
        text = say("score.headline_figures", result=_result(score))
    open_, all_ = len(unanswered(score)), len(score.answers)
    if open_ and score.scheme.kind in ("points", "criteria"):
        text += say("score.open", open=open_, of=all_)
    tone: Tone = "plain"
    if score.level is not None:
        top = score.scheme.levels[-1].level
        tone = "plain" if score.level[0] == top else ("bad" if 2 * score.level[1] <= top else "warn")
    return Paragraph(text, tone, lead=True)


def _both_means(score: Score) -> str:
    """The score, and the plain mean of the objectives where there are several."""
    if len(score.objectives) == 1:
        return score_figure(score.score)
    return say("score.unweighted", score=score_figure(score.score), unweighted=score_figure(score.unweighted))


def _contrasts(scores: Sequence[Score]) -> list[Block]:
    """What a high score beside a low level must not be taken for."""
    found: list[Block] = []
    for score in scores:
        if score.score is None or score.level is None or score.score[0] < _HIGH:
            continue
        if 2 * score.level[0] <= score.scheme.levels[-1].level:
            held = [
                factor for part in score.objectives if part.level and part.level[0] == score.level[0] for factor in part.holding
            ]
            text = say(
                "score.contrast", title=score_title(score), score=score_figure(score.score), level=level_figure(score.level),
                factors=listed(held[:_MOST_SHOWN]),
            )  # fmt: skip
            found.append(Paragraph(text, "bad" if 2 * score.level[1] <= score.scheme.levels[-1].level else "warn"))
    return found


def _region(scores: Sequence[Score], notes: Notes) -> list[Block]:
    stack = notes.stack
    found: dict[str, Block] = {}
    for score in scores:
        region = score.scheme.region
        if not region or region in found:
            continue
        home = country_in_sentence(stack.home) if stack is not None and stack.home else None
        trusted = listed(country_name(code, language_locale()) for code in stack.trusted) if stack is not None else ""
        found[region] = Paragraph(region_words(score, home, trusted), "quiet")
    return list(found.values())


def _gate(score: Score) -> list[Block]:
    if not score.gate:
        return []
    surely, perhaps = score.rejected
    asked = listed(say("score.gate_one", objective=id_, level=level) for id_, level in score.gate.items())
    if surely:
        return [Paragraph(say("score.gate_rejected", asked=asked, objectives=listed(surely)), "bad")]
    if perhaps:
        return [Paragraph(say("score.gate_perhaps", asked=asked, objectives=listed(perhaps)), "warn")]
    return [Paragraph(say("score.gate_passed", asked=asked), "good")]


def _holding_objectives(score: Score) -> list[str]:
    """Objectives that hold the whole level down."""
    if score.level is None or score.level[0] == score.scheme.levels[-1].level:
        return []
    return [part.id for part in score.objectives if part.level is not None and part.level[0] == score.level[0]]


def _objectives(score: Score) -> Table:
    levels, counted = score.level is not None, score.score is not None
    columns = [Column("objective", say("score.column_objective"), "id"), Column("title", say("score.column_title"))]
    if levels:
        columns.append(Column("level", say("score.column_level")))
    if counted:
        columns += [Column("percent", say("score.column_percent")), Column("weight", say("score.column_weight"))]
    if levels:
        columns.append(Column("holding", say("score.column_holding")))
    rows = []
    for part in score.objectives:
        cells: list[Cell] = [part.id, part.title]
        if levels:
            cells.append(level_figure(part.level))
        if counted:
            cells += [score_figure(part.percent), f"{part.weight:.3g} %"]
        if levels:
            cells.append(_held(part))
        rows.append(Row(tuple(cells)))
    return Table(tuple(columns), tuple(rows), say("score.objectives"))


def _held(part: ObjectiveScore) -> Cell:
    if not part.holding:
        return None
    shown = listed(part.holding[:3])
    return shown if len(part.holding) <= 3 else say("score.and_more", shown=shown, count=len(part.holding) - 3)


def _grades(score: Score) -> Table:
    factor = score.scheme.objectives[0].factors[0]
    labels = {choice.letter: choice.label for choice in factor.choices}
    columns = (
        Column("grade", say("score.column_grade"), "id"), Column("label", say("score.column_means")),
        Column("components", say("score.column_components")),
    )  # fmt: skip
    rows = [Row((letter.upper(), labels[letter], level_figure(bounds))) for letter, bounds in score.grades.items()]
    return Table(columns, tuple(rows), say("score.grades"))


def _components(score: Score) -> list[Block]:
    if not score.grades:
        return []
    from freehold.schemes.scoring import possible

    factor = score.scheme.objectives[0].factors[0]
    measured = score.answers[0].measured
    columns = (Column("component", say("score.column_component"), "id"), Column("grade", say("score.column_grade")))
    rows = []
    for part in measured.parts if measured is not None else ():
        letters = possible(factor.choices, part.low, part.high)
        rows.append(Row((part.id, letters_words(tuple(one.upper() for one in letters)) if letters else NOT_KNOWN)))
    return [Detail(say("score.components"), (Table(columns, tuple(rows)),))]


def _figures(score: Score, notes: Notes) -> Table:
    columns = (
        Column("figure", say("score.column_figure")), Column("amount", say("score.column_amount")),
        Column("numerator", say("score.column_numerator")), Column("denominator", say("score.column_denominator")),
        Column("called", say("score.column_called")), Column("told", say("score.column_told")),
    )  # fmt: skip
    factors = factors_of(score.scheme)
    rows = []
    for one in score.answers:
        factor, measured = factors[one.factor], one.measured
        called: Cell = None if not factor.choices else answer_words(factor, one)
        if measured is None:
            rows.append(Row((factor.title, NOT_KNOWN, None, None, called, factor.ask or None)))
            continue
        sides = [None if side is None else _amount(side, measured.unit) for side in (measured.numerator, measured.denominator)]
        shown = (
            score_figure((100 * measured.low, 100 * measured.high))
            if measured.numerator
            else _amount((measured.low, measured.high), measured.unit)
        )
        rows.append(Row((factor.title, shown, *sides, called, measured.told), notes=_notes(measured, notes)))
    kept = [place for place in range(6) if place in (0, 1, 5) or any(row.cells[place] is not None for row in rows)]
    shown_rows = tuple(replace(row, cells=tuple(row.cells[place] for place in kept)) for row in rows)
    return Table(tuple(columns[place] for place in kept), shown_rows, say("score.figures"))


def _figure(measured: Measured | None) -> str:
    """An amount: a part of something in percent, anything else with its unit."""
    if measured is None:
        return say("report.not_known")
    if measured.numerator is not None or (not measured.unit and 0 <= measured.low <= measured.high <= 1):
        return score_figure((100 * measured.low, 100 * measured.high))
    return _amount((measured.low, measured.high), measured.unit)


def _amount(bounds: tuple[float, float], unit: str) -> str:
    low, high = plain_number(bounds[0]), plain_number(bounds[1])
    shown = low if low == high else say("report.range", low=low, high=high)
    return say("score.amount", amount=shown, unit=unit) if unit else shown


def _notes(measured: Measured | None, notes: Notes) -> tuple[int, ...]:
    if measured is None:
        return ()
    found: list[int] = []
    for fact in measured.facts[:_MOST_NOTES]:
        found += notes.of_row(fact.table, fact.id, (fact.attribute,) if fact.attribute else (), most=2)
    return tuple(dict.fromkeys(found))


def _contradictions(score: Score, notes: Notes) -> list[Block]:
    factors = factors_of(score.scheme)
    against = [one for one in score.answers if one.contradicted]
    if not against:
        return []
    columns = (
        Column("factor", say("score.column_factor"), "id"), Column("title", say("score.column_title")),
        Column("person", say("score.column_said")), Column("stack", say("score.column_stack_says")),
        Column("told", say("score.column_told")),
    )  # fmt: skip
    rows = []
    for one in against:
        factor = factors[one.factor]
        says = replace(one, letters=one.stack_says, basis="stack")
        told = one.measured.told if one.measured is not None else ""
        cells = (factor.id, factor.title, answer_words(factor, one), answer_words(factor, says), told)
        rows.append(Row(cells, "warn", _notes(one.measured, notes)))
    return [
        Heading(say("score.contradictions"), 3),
        Paragraph(count("score.contradicted", len(against)), "warn"),
        Table(columns, tuple(rows)),
    ]


def _holding(score: Score, notes: Notes) -> list[Block]:
    """What keeps the whole level where its low side is: answers first, then what nobody answered."""
    if score.level is None or score.level[0] == score.scheme.levels[-1].level:
        return []
    factors, answered = factors_of(score.scheme), {one.factor: one for one in score.answers}
    ids = [id_ for part in score.objectives if part.level and part.level[0] == score.level[0] for id_ in part.holding]
    told = [id_ for id_ in ids if answered[id_].basis != "unanswered"]
    found: list[Block] = [Heading(say("score.holding"), 3)]
    if told:
        rows = [_answer_row(factors[id_], answered[id_], notes) for id_ in told]
        found.append(Table(_answer_columns(), tuple(rows), most=_MOST_SHOWN))
    if len(told) < len(ids):
        found.append(Paragraph(count("score.held_open", len(ids) - len(told)), "warn"))
    return found


def _answer_columns() -> tuple[Column, ...]:
    return (
        Column("factor", say("score.column_factor"), "id"), Column("title", say("score.column_title")),
        Column("answer", say("score.column_answer")), Column("level", say("score.column_allows")),
        Column("basis", say("score.column_basis")), Column("told", say("score.column_told")),
    )  # fmt: skip


def _answer_row(factor: Factor, answered: Answered, notes: Notes) -> Row:
    levels = [choice.level for choice in factor.choices if choice.letter in answered.letters]
    allowed = level_figure((min(levels), max(levels))) if levels else None
    told = answered.measured.told if answered.measured is not None else None
    cells = (factor.id, factor.title, answer_words(factor, answered), allowed, basis_words(answered), told)
    return Row(cells, notes=_notes(answered.measured, notes))


def _asked(score: Score) -> list[Block]:
    """What is not answered, and whom to ask."""
    factors = factors_of(score.scheme)
    open_ = [factors[one.factor] for one in unanswered(score)]
    if not open_:
        return []
    holding = {id_ for part in score.objectives for id_ in part.holding}
    ordered = sorted(open_, key=lambda factor: factor.id not in holding)
    columns = (
        Column("factor", say("score.column_factor"), "id"), Column("title", say("score.column_title")),
        Column("ask", say("score.column_ask")),
    )  # fmt: skip
    rows = tuple(Row((factor.id, factor.title, factor.ask or factor.title)) for factor in ordered)
    found: list[Block] = [Heading(say("score.unanswered"), 3), Table(columns, rows, most=_MOST_SHOWN)]
    if any(factor.choices for factor in open_):
        found.append(Paragraph(say("score.form", scheme=score.scheme.id), "quiet"))
    return found


def _publication(score: Score) -> list[Block]:
    scheme = score.scheme
    found: list[Block] = [Paragraph(say("score.status", status=scheme.status or say("report.not_known")))]
    for one in scheme.references:
        words = {"title": one.title, "publisher": one.publisher, "url": one.url, "date": one.date}
        found.append(Paragraph(say("score.reference", **words), "quiet"))
    found += [Paragraph(text, "warn") for text in scheme.doubts]
    notes = [(factor.id, factor.note) for factor in factors_of(scheme).values() if factor.note]
    if notes:
        columns = (Column("factor", say("score.column_factor"), "id"), Column("note", say("score.column_note")))
        found.append(Table(columns, tuple(Row(one) for one in notes), say("score.notes")))
    return found
