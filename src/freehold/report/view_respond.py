"""Incidents and playbooks as pages: the list, one incident, a dry run. Owns their sentences and tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Row, Table, Tone
from freehold.respond.act_words import act_in_words
from freehold.words import listed, say

if TYPE_CHECKING:
    from freehold.report.answers import Context
    from freehold.respond.approval_requests import Request
    from freehold.respond.clocks import Clock
    from freehold.respond.incident import Duty, Entry, Incident
    from freehold.respond.situation import IncidentList, IncidentReport, PlaybookList, Rehearsal

__all__ = ["incident_document", "list_document", "playbooks_document", "rehearsal_document"]

_TONES: Final[dict[str, Tone]] = {"red": "bad", "orange": "bad", "yellow": "warn", "blue": "plain", "": "plain"}
_CLOCK_TONES: Final[dict[str, Tone]] = {"overdue": "bad", "running": "warn", "stopped": "plain", "waiting": "quiet"}
_MOST_ENTRIES: Final = 60
_MOST_INCIDENTS: Final = 60


def list_document(answer: IncidentList, context: Context) -> Document:
    """Show all incidents, the newest first, and what waits for people."""
    del context
    columns = (
        Column("incident", say("respond.column_incident"), "id"), Column("state", say("respond.column_state")),
        Column("level", say("respond.column_level")), Column("title", say("respond.column_title")),
        Column("opened", say("respond.column_opened")), Column("updated", say("respond.column_updated")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (one.id, _state(one), _level(one), one.title, _moment(one.opened), _moment(one.updated)),
            _TONES[one.level_high] if one.is_open else "quiet",
        )
        for one in answer.incidents
    )
    table = Table(columns, rows, most=_MOST_INCIDENTS)
    open_ = sum(one.is_open for one in answer.incidents)
    said = say("respond.list_says", open=open_, count=len(rows)) if rows else say("respond.list_empty")
    blocks: list[Block] = [Paragraph(said, "warn" if open_ else "plain", lead=True), table]
    blocks += _waiting(answer.waiting, answer.duties)
    return Document(say("respond.list_title"), (*blocks, *_unsealed(answer.unsealed)), table)


def incident_document(answer: IncidentReport, context: Context) -> Document:
    """Show one incident: how it stands, its clocks, what waits, its playbooks, its timeline."""
    del context
    one = answer.incident
    firing = say("respond.firing" if one.firing else "respond.not_firing")
    said = say("respond.stands", state=_state(one), level=_level(one), firing=firing)
    blocks: list[Block] = [Paragraph(said, _TONES[one.level_high] if one.is_open else "plain", lead=True)]
    blocks += [Paragraph(text) for text in _about(answer)]
    clocks = _clocks(answer.clocks)
    blocks += [Heading(say("respond.clocks_title")), clocks]
    blocks += _waiting(answer.waiting, answer.duties)
    if answer.runs:
        blocks += [Heading(say("respond.runs_title")), _runs(answer)]
    timeline = _timeline(answer.timeline)
    blocks += [Heading(say("respond.timeline_title")), timeline, *_unsealed(answer.unsealed)]
    return Document(f"{one.id}: {one.title}", tuple(blocks), timeline)


def rehearsal_document(answer: Rehearsal, context: Context) -> Document:
    """Show what a run would do, step by step."""
    del context
    rows = tuple(Row((number, line)) for number, line in enumerate(answer.lines, 1))
    columns = (Column("number", say("respond.column_number"), "count"), Column("step", say("respond.column_would")))
    table = Table(columns, rows)
    title = say("respond.rehearsal_title", playbook=answer.playbook, incident=answer.incident)
    return Document(title, (Paragraph(say("respond.rehearsal_says"), lead=True), table), table)


def playbooks_document(answer: PlaybookList, context: Context) -> Document:
    """Show playbooks that are sound."""
    del context
    columns = (
        Column("playbook", say("respond.column_playbook"), "id"), Column("name", say("respond.column_name")),
        Column("steps", say("respond.column_steps"), "count"), Column("reach", say("respond.column_reach")),
        Column("drilled", say("respond.column_drilled")), Column("place", say("respond.column_place")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                one.playbook.id, one.playbook.name, len(one.playbook.step), one.playbook.reach,
                _moment(one.drilled) if one.drilled is not None else None, one.place,
            )
        )
        for one in answer.playbooks
    )  # fmt: skip
    table = Table(columns, rows)
    said = say("respond.playbooks_says", count=len(rows))
    return Document(say("respond.playbooks_title"), (Paragraph(said, "good", lead=True), table), table)


def _moment(at: float | None) -> str:
    if at is None:
        return ""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(at)


def _state(one: Incident) -> str:
    return say(f"respond.state_{one.state.replace('-', '_')}")


def _level(one: Incident) -> str:
    if not one.level_low:
        return say("respond.not_graded")
    low, high = say(f"respond.level_{one.level_low}"), say(f"respond.level_{one.level_high}")
    return low if low == high else say("respond.level_range", low=low, high=high)


def _about(answer: IncidentReport) -> list[str]:
    one = answer.incident
    found = []
    if one.roles:
        found.append(say("respond.roles", roles=say("report.separator").join(f"{role} {name}" for role, name in one.roles)))
    if one.successor_of:
        found.append(say("respond.successor_of", incident=one.successor_of))
    if one.successor:
        found.append(say("respond.successor", incident=one.successor))
    if one.merged_into:
        found.append(say("respond.merged_into", incident=one.merged_into))
    if answer.possible:
        found.append(say("respond.possible", verbs=listed(answer.possible)))
    if answer.proposed:
        found.append(say("respond.proposed", playbooks=listed(answer.proposed)))
    if not one.preserved and one.is_open:
        found.append(say("respond.not_preserved"))
    return found


def _seconds(value: float | None) -> str | None:
    if value is None:
        return None
    if value < 120:
        return say("respond.seconds", count=f"{value:.0f}")
    if value < 7_200:
        return say("respond.minutes", count=f"{value / 60:.0f}")
    return say("respond.hours", count=f"{value / 3_600:.1f}")


def _clocks(clocks: tuple[Clock, ...]) -> Table:
    columns = (
        Column("clock", say("respond.column_clock")), Column("state", say("respond.column_state")),
        Column("ran", say("respond.column_ran")), Column("limit", say("respond.column_limit")),
        Column("due", say("respond.column_due")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                say(f"respond.clock_{one.name}") + (f" ({one.regime})" if one.regime else ""),
                say(f"respond.clock_{one.state}") + (say("respond.clock_late") if one.late and one.state == "stopped" else ""),
                _seconds(one.seconds if one.started is not None else None), _seconds(one.limit), _moment(one.due) or None,
            ),
            "bad" if one.late else _CLOCK_TONES[one.state],
        )
        for one in clocks
    )  # fmt: skip
    return Table(columns, rows)


def _waiting(waiting: tuple[Request, ...], duties: tuple[Duty, ...]) -> list[Block]:
    blocks: list[Block] = []
    for one in waiting:
        people = listed(name for name, _ in one.people) or say("respond.nobody")
        blocks.append(
            Paragraph(
                say(
                    f"respond.asks_{one.question}", id=one.id, incident=one.incident,
                    action=act_in_words(one.action, one.parameters), given=people, need=one.need,
                ),
                "warn",
            )
        )  # fmt: skip
    blocks += [
        Paragraph(say("respond.owed", id=one.id, incident=one.incident, what=one.what, by=one.opened_by), "warn")
        for one in duties
    ]
    return [Heading(say("respond.waiting_title")), *blocks] if blocks else []


def _runs(answer: IncidentReport) -> Table:
    columns = (
        Column("run", say("respond.column_run"), "id"), Column("playbook", say("respond.column_playbook"), "id"),
        Column("step", say("respond.column_step")), Column("state", say("respond.column_state")),
        Column("says", say("respond.column_says")),
    )  # fmt: skip
    rows: list[Row] = []
    for one in answer.runs:
        tone: Tone = {"done": "good", "failed": "bad", "waiting": "warn"}.get(one.run.state, "plain")  # type: ignore[assignment]
        rows.append(Row((one.run.id, one.run.playbook, None, one.run.state, one.run.because or None), tone))
        rows += [
            Row((one.run.id, one.run.playbook, step.path, step.state, step.text or None)) for step in one.steps if step.action
        ]
    return Table(columns, tuple(rows), most=_MOST_ENTRIES)


def _timeline(timeline: tuple[Entry, ...]) -> Table:
    columns = (
        Column("number", say("respond.column_number"), "count"), Column("at", say("respond.column_at")),
        Column("by", say("respond.column_by")), Column("what", say("respond.column_what")),
        Column("says", say("respond.column_says")),
    )  # fmt: skip
    rows = tuple(Row((one.number, _moment(one.at), one.by, _what(one), one.text or None)) for one in timeline)
    return Table(columns, rows)


def _what(one: Entry) -> str:
    facts = one.facts
    about = [
        str(facts[name]) for name in ("request", "action", "step", "playbook", "role", "person", "regime") if facts.get(name)
    ]
    if isinstance(facts.get("from"), list) and isinstance(facts.get("to"), list):
        about.append(" → ".join("–".join(str(level) for level in dict.fromkeys(facts[key])) for key in ("from", "to")))  # type: ignore[arg-type]
    if isinstance(facts.get("state"), str):
        about.append(str(facts["state"]))
    if isinstance(facts.get("firing"), bool):
        about.append(say("respond.firing" if facts["firing"] else "respond.not_firing"))
    return " ".join([one.kind.replace("-", " "), *about])


def _unsealed(count: int) -> list[Block]:
    return [Paragraph(say("respond.unsealed", count=count), "quiet")] if count else []
