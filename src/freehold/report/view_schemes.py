"""``schemes`` as pages: the list, one scheme, and a stack's scores. Owns what a page of each says first."""

from __future__ import annotations

from freehold.report.answers import Context
from freehold.report.evidence import Notes
from freehold.report.interface import Block, Cell, Column, Detail, Document, Heading, Method, Paragraph, Row, Table
from freehold.report.lift_blocks import lift_blocks
from freehold.report.scheme_answers import SchemeShown, SchemesKnown, ScoresAnswer
from freehold.report.scheme_words import plain_number
from freehold.report.score_blocks import results_table, score_blocks, score_details, score_title
from freehold.report.sentences import known_paragraphs, read_paragraphs
from freehold.schemes.scheme_values import Choice, Factor, Objective, Scheme
from freehold.words import say

__all__ = ["known_document", "scores_document", "shown_document"]

_HOW = "schemes"


def scores_document(answer: ScoresAnswer, context: Context) -> Document:
    """Show what came of one scheme or of several, side by side.

    Parameters
    ----------
    answer
        The results.
    context
        What stands beside them, with the stack.
    """
    notes = Notes(context.stack, context.reference_date)
    blocks = read_paragraphs(context)
    first = answer.scores[0]
    if len(answer.scores) > 1:
        together = score_blocks(answer.scores, notes, how=_HOW)
        blocks += [block for block in together if not isinstance(block, Detail)]
        blocks.append(Paragraph(say("score.one_in_full", id=answer.scores[1].scheme.id), "quiet"))
        blocks += [Heading(score_title(first)), *score_details(first, notes, alone=False)]
        blocks += [block for block in together if isinstance(block, Detail)][1:]
    else:
        blocks += score_details(first, notes)
    if answer.lift is not None:
        blocks += lift_blocks(answer.lift)
    if any(score.level is not None for score in answer.scores):
        blocks.append(Paragraph(say("score.means"), "quiet"))
    blocks += known_paragraphs(context)
    name = context.stack.name if context.stack is not None else ""
    title = (
        say("score.page_one", scheme=score_title(first), name=name) if len(answer.scores) == 1 else say("score.page", name=name)
    )
    command = f"freehold schemes score {context.path or 'STACK'} --format json"
    method = Method(_HOW, say("score.method_title"), say("score.method"), command)
    main = results_table(answer.scores)
    return Document(title, tuple(blocks), main, evidence=notes.evidence, methods=(method,))


def known_document(answer: SchemesKnown, context: Context) -> Document:  # noqa: ARG001  a view's signature
    """Show every scheme in a line.

    Parameters
    ----------
    answer
        The schemes.
    context
        Not needed.
    """
    columns = (
        Column("id", say("schemes.column_id"), "id"), Column("title", say("schemes.column_title")),
        Column("version", say("schemes.column_version")), Column("kind", say("schemes.column_kind")),
        Column("factors", say("schemes.column_factors"), "count"), Column("stack", say("schemes.column_stack"), "count"),
        Column("status", say("schemes.column_status")),
    )  # fmt: skip
    titles = [scheme.title for scheme in answer.schemes]
    rows = tuple(Row(_known(scheme, versioned=titles.count(scheme.title) > 1)) for scheme in answer.schemes)
    table = Table(columns, rows)
    kept = [place for place, column in enumerate(columns) if column.name not in ("version", "status")]
    short = tuple(Row(tuple(row.cells[place] for place in kept)) for row in rows)
    shown = Table(tuple(columns[place] for place in kept), short)
    blocks: list[Block] = [shown, Paragraph(say("schemes.kinds"), "quiet"), Paragraph(say("schemes.next"), "quiet")]
    return Document(say("schemes.title"), tuple(blocks), table)


def _known(scheme: Scheme, *, versioned: bool) -> tuple[Cell, ...]:
    factors = [factor for objective in scheme.objectives for factor in objective.factors]
    told = sum(factor.from_stack is not None for factor in factors)
    kind = say(f"schemes.kind_{scheme.kind}")
    title = say("score.title", title=scheme.title, version=scheme.version) if versioned else scheme.title
    return scheme.id, title, scheme.version, kind, len(factors), told, scheme.status or None


def shown_document(answer: SchemeShown, context: Context) -> Document:  # noqa: ARG001  a view's signature
    """Show all that one scheme asks.

    Parameters
    ----------
    answer
        The scheme.
    context
        Not needed.
    """
    scheme = answer.scheme
    blocks: list[Block] = [
        Paragraph(say("schemes.about", id=scheme.id, version=scheme.version, kind=say(f"schemes.kind_{scheme.kind}"))),
        Paragraph(say("score.status", status=scheme.status or say("report.not_known"))),
    ]
    if scheme.region:
        blocks.append(Paragraph(say("schemes.region", region=scheme.region), "quiet"))
    if scheme.levels:
        columns = (
            Column("level", say("score.column_level"), "count"), Column("name", say("schemes.column_name")),
            Column("meaning", say("score.column_means")),
        )  # fmt: skip
        rows = tuple(Row((one.level, one.name, one.meaning)) for one in scheme.levels)
        blocks += [Heading(say("schemes.levels")), Table(columns, rows)]
        apart = tuple(
            Row((one.level, objective.id, one.by_objective[objective.id]))
            for objective in scheme.objectives
            for one in scheme.levels
            if objective.id in one.by_objective
        )
        if apart:
            objective_column = Column("objective", say("score.column_objective"), "id")
            table = Table((columns[0], objective_column, columns[2]), apart)
            blocks += [Heading(say("schemes.levels_by_objective"), 3), table]
    blocks.append(Heading(say("schemes.asked")))
    main = _factor_table(scheme)
    for objective in scheme.objectives:
        blocks += _objective(objective, scheme)
    blocks.append(Heading(say("score.publication")))
    for one in scheme.references:
        words = {"title": one.title, "publisher": one.publisher, "url": one.url, "date": one.date}
        blocks.append(Paragraph(say("score.reference", **words)))
    if scheme.doubts:
        blocks.append(Heading(say("schemes.doubts")))
        blocks += [Paragraph(text, "warn") for text in scheme.doubts]
    return Document(scheme.title, tuple(blocks), main)


def _objective(objective: Objective, scheme: Scheme) -> list[Block]:
    counted = scheme.kind in ("points", "criteria")
    key = "schemes.objective_weight" if counted else "schemes.objective"
    title = say(key, id=objective.id, title=objective.title, weight=f"{objective.weight:.3g}")
    found: list[Block] = [Heading(title, 3)]
    columns = [
        Column("factor", say("score.column_factor"), "id"), Column("letter", say("schemes.column_letter"), "id"),
        Column("says", say("schemes.column_says")), Column("points", say("schemes.column_points"), "count"),
        Column("level", say("score.column_allows"), "count"), Column("when", say("schemes.column_when")),
    ]  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for factor in objective.factors:
        measure = factor.from_stack.measure if factor.from_stack is not None else None
        rows.append((factor.id, None, factor.title, None, None, measure))
        rows += [
            ("", choice.letter, choice.label, choice.points if counted else None, choice.level if scheme.levels else None,
             _when(choice))
            for choice in factor.choices
        ]  # fmt: skip
    kept = [place for place in range(6) if any(row[place] not in (None, "") for row in rows)]
    shown = tuple(Row(tuple(row[place] for place in kept)) for row in rows)
    found.append(Table(tuple(columns[place] for place in kept), shown))
    found += [
        Paragraph(say("schemes.factor_note", id=factor.id, note=factor.note), "quiet")
        for factor in objective.factors
        if factor.note
    ]
    return found


def _when(choice: Choice) -> str | None:
    if not choice.when:
        return None
    return "; ".join(
        plain_number(low) if low == high else say("report.range", low=plain_number(low), high=plain_number(high))
        for low, high in choice.when
    )


def _factor_table(scheme: Scheme) -> Table:
    """A row a choice, for programs."""
    columns = (
        Column("objective", say("score.column_objective"), "id"), Column("factor", say("score.column_factor"), "id"),
        Column("title", say("score.column_title")), Column("measure", say("schemes.column_measure"), "id"),
        Column("letter", say("schemes.column_letter"), "id"), Column("label", say("schemes.column_says")),
        Column("points", say("schemes.column_points"), "count"), Column("level", say("score.column_allows"), "count"),
    )  # fmt: skip
    rows = []
    for objective in scheme.objectives:
        for factor in objective.factors:
            choices: tuple[Choice | None, ...] = factor.choices or (None,)
            rows += [Row(_choice_row(objective, factor, choice, scheme)) for choice in choices]
    return Table(columns, tuple(rows))


def _choice_row(objective: Objective, factor: Factor, choice: Choice | None, scheme: Scheme) -> tuple[Cell, ...]:
    measure = factor.from_stack.measure if factor.from_stack is not None else None
    head = (objective.id, factor.id, factor.title, measure)
    if choice is None:
        return (*head, None, None, None, None)
    return (*head, choice.letter, choice.label, choice.points, choice.level if scheme.levels else None)
