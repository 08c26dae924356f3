"""A campaign as a page: the survival matrix, the landlords, what was left out. Owns the order in which that is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from freehold.drill.matrix import Landlord, Matrix, MatrixRow, Outcome, rows_of
from freehold.report.answers import Context
from freehold.report.drill_answers import MatrixAnswer
from freehold.report.drill_words import TONES, ending, in_words, time_of
from freehold.report.interface import Block, Column, Document, Heading, HeatCell, HeatMap, Paragraph, Row, Table
from freehold.words import listed, say

__all__ = ["matrix_document", "not_run_words"]

_PASSED: Final = frozenset({"untouched", "survived", "degraded"})
_MOST_NAMED: Final = 6


def matrix_document(answer: MatrixAnswer, context: Context) -> Document:
    """Show a campaign."""
    del context
    matrix = answer.matrix
    by = say(f"drill_matrix.by_{matrix.by}")
    blocks = (*_lead(matrix), *_map(matrix), *_predictions(matrix), *_notes(matrix))
    subtitle = say("drill_matrix.subtitle", by=by, count=len(matrix.rows))
    title = say("drill_matrix.title", command=in_words(matrix.command))
    return Document(title, blocks, _landlords(matrix), subtitle=subtitle)


def _lead(matrix: Matrix) -> Iterator[Block]:
    if not matrix.baseline.passed:
        yield Paragraph(say("drill_matrix.baseline_failed", ended=ending(matrix.baseline.exit)), "bad", lead=True)
        return
    if not matrix.rows:
        yield Paragraph(say("drill_matrix.no_landlords"), "warn", lead=True)
        return
    names = [row.drill.verdict.name for row in matrix.rows if row.drill is not None]
    passed, failed = sum(name in _PASSED for name in names), names.count("failed")
    kind = say(f"drill_matrix.kind_{matrix.by}")
    lead = say("drill_matrix.lead", landlords=len(matrix.rows), by=kind, passed=passed, failed=failed)
    yield Paragraph(lead, "bad" if failed else "plain", lead=True)


def _map(matrix: Matrix) -> Iterator[Block]:
    if not matrix.rows:
        return
    rows = tuple(
        (name or say("drill_matrix.whole"), tuple(_cell(outcome) for outcome in outcomes)) for name, outcomes in rows_of(matrix)
    )
    columns = tuple(_name(row.landlord) for row in matrix.rows)
    caption, legend = say("drill_matrix.caption"), say("drill_matrix.legend")
    yield HeatMap(say("drill_matrix.corner"), columns, rows, caption, legend)
    yield Heading(say("drill_matrix.landlords"))
    yield _landlords(matrix)


def _name(landlord: Landlord) -> str:
    return landlord.name or landlord.id


def _cell(outcome: Outcome) -> HeatCell:
    details = []
    if outcome.first_refused:
        details.append(say("drill_matrix.detail_refused", host=outcome.first_refused))
    if outcome.name == "failed" and outcome.seconds is not None:
        details.append(say("drill_matrix.detail_failed", seconds=time_of(outcome.seconds)))
    return HeatCell(outcome.name, say(f"drill_matrix.cell_{outcome.name}"), say("report.separator").join(details))


def not_run_words(row: MatrixRow) -> str:
    """Why one landlord was not cut, in words."""
    if row.reason in ("budget", "interrupted"):
        return say(f"drill_matrix.not_run_{row.reason}")
    return say("drill_matrix.not_run_error", reason=row.reason) if row.reason else say("drill_matrix.cell_absent")


def _landlords(matrix: Matrix) -> Table:
    columns = (
        Column("landlord", say("drill_matrix.column_landlord"), "id"), Column("verdict", say("drill_matrix.column_verdict")),
        Column("seconds", say("drill_matrix.column_seconds"), "count"), Column("hosts", say("drill_matrix.column_hosts")),
        Column("known_from", say("drill_matrix.column_from")), Column("because", say("drill_matrix.column_reason")),
    )  # fmt: skip
    return Table(columns, tuple(_landlord(row) for row in matrix.rows))


def _landlord(row: MatrixRow) -> Row:
    landlord, drill = row.landlord, row.drill
    seen, has = bool(landlord.hosts), bool(landlord.in_stack)
    source = say(f"drill_matrix.from_{'both' if seen and has else 'run' if seen else 'stack'}")
    hosts = listed(landlord.hosts[:_MOST_NAMED]) + ("…" if len(landlord.hosts) > _MOST_NAMED else "") or None
    if drill is None:
        cells = (landlord.id, say("drill_matrix.cell_absent"), None, hosts, source, not_run_words(row))
        return Row(cells, "quiet")
    reason = drill.verdict.reasons[0] if drill.verdict.reasons else None
    verdict = say(f"drill_matrix.cell_{drill.verdict.name}")
    return Row((landlord.id, verdict, time_of(drill.run.seconds), hosts, source, reason), TONES[drill.verdict.name])


def _predictions(matrix: Matrix) -> Iterator[Block]:
    drills = [(row.landlord, row.drill) for row in matrix.rows if row.drill is not None and row.drill.prediction is not None]
    told = [(landlord, drill) for landlord, drill in drills if drill.prediction and drill.prediction.agrees is not None]
    if not drills:
        return
    yield Heading(say("drill_matrix.predictions"))
    right = sum(bool(drill.prediction and drill.prediction.agrees) for _, drill in told)
    yield Paragraph(say("drill_matrix.hit_rate", told=len(told), right=right))
    for landlord, drill in told:
        prediction = drill.prediction
        if prediction is not None and prediction.agrees is False:
            missed = say("drill.missed_up" if prediction.up else "drill.missed_down")
            yield Paragraph(say("drill.new_line", landlord=_name(landlord), hosts=missed), "bad")


def _notes(matrix: Matrix) -> Iterator[Block]:
    if matrix.jobs > 1:
        yield Paragraph(say("drill_matrix.shared_folder", jobs=matrix.jobs), "quiet")
    if matrix.left_out:
        names = listed(_name(one) for one in matrix.left_out[:_MOST_NAMED])
        more = "…" if len(matrix.left_out) > _MOST_NAMED else ""
        yield Paragraph(_counted("left_out", len(matrix.left_out), names=names + more), "quiet")
    if matrix.unattributed:
        hosts = listed(matrix.unattributed[:_MOST_NAMED]) + ("…" if len(matrix.unattributed) > _MOST_NAMED else "")
        yield Paragraph(_counted("unattributed", len(matrix.unattributed), hosts=hosts), "warn")


def _counted(key: str, number: int, **values: str) -> str:
    return say(f"drill_matrix.{key}_{'one' if number == 1 else 'many'}", count=number, **values)
