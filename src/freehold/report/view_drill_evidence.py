"""What drills say of a stack and of the model, as pages: proposals with their diff, and the score. Owns these tables."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.drill.hit_rate import HitRate
from freehold.drill.proposals import Proposal
from freehold.report.answers import Context
from freehold.report.changed_rows import told_row
from freehold.report.drill_answers import ApplyAnswer, ScoreAnswer
from freehold.report.drill_words import in_words
from freehold.report.interface import NOT_KNOWN, Block, Cell, Column, Document, Heading, Paragraph, Row, Table, Tree
from freehold.words import percent, say

__all__ = ["apply_document", "drill_score_blocks", "score_document"]


def apply_document(answer: ApplyAnswer, context: Context) -> Document:
    """Show what a drill proposes for a stack: each proposal with what it rests on, then the stack's rows before and after."""
    del context
    title = say("drill_apply.title", command=in_words(answer.drill.command))
    blocks: list[Block] = [Paragraph(_lead(answer), lead=True)]
    blocks += [_proposal(one, taken=one.id in answer.accepted) for one in answer.proposals]
    if answer.changes:
        blocks += [Heading(say("drill_apply.diff_done" if answer.accepted else "drill_apply.diff")), _diff(answer)]
    if answer.output:
        blocks.append(Paragraph(say("drill_apply.wrote", file=answer.output), "good"))
    elif answer.proposals:
        blocks.append(Paragraph(say("drill_apply.how"), "quiet"))
    said = say("drill_apply.subtitle", verdict=say(f"drill.word_{answer.drill.verdict.name}"), record=answer.record)
    return Document(title, tuple(blocks), _proposals(answer), subtitle=said)


def _lead(answer: ApplyAnswer) -> str:
    if not answer.proposals:
        return say("drill_apply.void" if answer.drill.verdict.name == "void" else "drill_apply.none")
    if answer.accepted:
        return say("drill_apply.accepted", count=len(answer.accepted), all=len(answer.proposals))
    number = len(answer.proposals)
    return say("drill_apply.lead_one" if number == 1 else "drill_apply.lead_many", count=number)


def _proposal(one: Proposal, *, taken: bool) -> Tree:
    said = say("drill_apply.proposal", id=one.id, said=one.said, confidence=percent(one.confidence))
    text = say("drill_apply.taken", said=said) if taken else said
    return Tree(text, tuple(Tree(line) for line in one.because), "good" if taken else "plain")


def _proposals(answer: ApplyAnswer) -> Table:
    columns = (
        Column("id", say("drill_apply.column_id"), "id"), Column("kind", say("drill_apply.column_kind")),
        Column("said", say("drill_apply.column_said")), Column("confidence", say("drill_apply.column_confidence"), "percent"),
        Column("accepted", say("drill_apply.column_accepted")),
    )  # fmt: skip
    rows = tuple(
        Row((one.id, one.kind, one.said, one.confidence, say(f"drill_apply.{'yes' if one.id in answer.accepted else 'no'}")))
        for one in answer.proposals
    )
    return Table(columns, rows)


def _diff(answer: ApplyAnswer) -> Table:
    columns = (
        Column("table", say("drill_apply.column_table")), Column("row", say("drill_apply.column_row"), "id"),
        Column("change", say("drill_apply.column_change")),
    )  # fmt: skip
    return Table(columns, tuple(Row((one.table, one.id, told_row(one))) for one in answer.changes))


def score_document(answer: ScoreAnswer, context: Context) -> Document:
    """Show how often drills bore the predictions out: over all, by who was cut, and each that missed."""
    del context
    table = _landlords(answer)
    subtitle = say("drill_score.subtitle", folder=answer.folder)
    return Document(say("drill_score.title"), tuple(drill_score_blocks(answer)), table, subtitle=subtitle)


def drill_score_blocks(answer: ScoreAnswer) -> list[Block]:
    """How often drills bore the predictions out, by who was cut, and each that missed."""
    score = answer.score
    table = _landlords(answer)
    rests = say(
        "drill_score.rests", drills=score.overall.drills, void=score.void, unpredicted=score.unpredicted, open=score.open
    )
    blocks: list[Block] = [
        Paragraph(_rate(score.overall), "plain" if score.overall.compared else "warn", lead=True), Paragraph(rests, "quiet"),
    ]  # fmt: skip
    if score.landlords:
        blocks += [Heading(say("drill_score.landlords")), table]
    blocks += list(_misses(answer))
    blocks += [Paragraph(say("drill_score.unread", reason=reason), "warn") for reason in answer.unread]
    return blocks


def _rate(rate: HitRate) -> str:
    if rate.rate is None:
        return say("drill_score.none")
    return say("drill_score.lead", agreed=rate.agreed, compared=rate.compared, rate=percent(rate.rate))


def _landlords(answer: ScoreAnswer) -> Table:
    columns = (
        Column("landlord", say("drill_score.column_landlord"), "id"),
        Column("drills", say("drill_score.column_drills"), "count"),
        Column("compared", say("drill_score.column_compared"), "count"),
        Column("agreed", say("drill_score.column_agreed"), "count"),
        Column("up_but_failed", say("drill_score.column_up"), "count"),
        Column("down_but_survived", say("drill_score.column_down"), "count"),
        Column("rate", say("drill_score.column_rate"), "percent"),
    )
    rows = []
    for one in answer.score.landlords:
        rate = one.rate
        hit: Cell = NOT_KNOWN if rate.rate is None else rate.rate
        cells = (one.landlord, rate.drills, rate.compared, rate.agreed, rate.up_but_failed, rate.down_but_survived, hit)
        rows.append(Row(cells))
    return Table(columns, tuple(rows))


def _misses(answer: ScoreAnswer) -> Iterator[Block]:
    if not answer.score.misses:
        return
    yield Heading(say("drill_score.misses"))
    for miss in answer.score.misses:
        said = say(
            "drill_score.miss", headline=miss.headline, command=in_words(miss.command), said=miss.said, day=miss.started[:10]
        )
        yield Paragraph(said, "bad")
