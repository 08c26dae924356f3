"""A drill as a page: what it proves, whether that was predicted, who was contacted. Owns the order in which that is told."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from freehold.drill.record import Attributed, Drill, Prediction, Run, Step
from freehold.report.answers import Context
from freehold.report.drill_answers import BackendsAnswer, DrillAnswer
from freehold.report.drill_words import (
    TONES,
    amount,
    blind_words,
    countries_of,
    cut_line,
    ending,
    hand_line,
    host_of,
    in_words,
    landlord_of,
    refused_in,
    time_of,
)
from freehold.report.interface import Block, Column, Detail, Document, Heading, Paragraph, Row, Table, Tree
from freehold.report.sentences import capital
from freehold.words import interval, listed, remark, say, sentence, sentences

__all__ = ["backends_document", "drill_document"]

_MOST_SHOWN = 25
_EXAMPLES_SHOWN = 2
_LONGEST_EXAMPLE = 40


def drill_document(answer: DrillAnswer, context: Context) -> Document:
    """Show one drill: verdict and prediction first, then runs, what served instead, steps, contacts, and how to repeat it."""
    del context
    drill = answer.drill
    blocks: list[Block] = [
        *_verdict(drill), *_new(answer), *_runs(drill), *_fallbacks(drill), *_service(drill), *_steps(drill), *_contacts(drill),
        *_local(drill), *_blind(drill), *_repeat(answer),
    ]  # fmt: skip
    title = say("drill.title", command=in_words(drill.command))
    return Document(title, tuple(blocks), _every_contact(drill), subtitle=cut_line(drill))


def _verdict(drill: Drill) -> Iterator[Block]:
    prediction = drill.prediction
    if not drill.said:
        yield Paragraph(say("drill.only_watched"), lead=True)
        return
    if prediction is not None and prediction.agrees is False:
        yield Paragraph(say("drill.missed_up" if prediction.up else "drill.missed_down"), "bad", lead=True)
    of = "verdict" if drill.service is None else "service"
    yield Paragraph(say(f"drill.{of}_{drill.verdict.name}"), TONES[drill.verdict.name], lead=True)
    for reason in drill.verdict.reasons:
        yield Paragraph(_sentence(reason))
    if prediction is not None:
        yield Paragraph(_predicted(prediction))
    elif drill.unpredicted:
        yield Paragraph(say("drill.unpredicted", reason=_sentence(drill.unpredicted)), "quiet")


def _sentence(text: str) -> str:
    shown = capital(text)
    return shown if shown.endswith((".", "!", "?", "…", "。")) else sentence(shown)


def _predicted(prediction: Prediction) -> str:
    key = {True: "up", False: "down", None: "unknown"}[prediction.up]
    said = say(f"drill.predicted_{key}", item=prediction.item, level=interval(prediction.low, prediction.high))
    because = prediction.because.rstrip(".。")
    told = say("drill.because", said=said, because=because) if because else sentence(said)
    came = {True: "bore_out", False: "", None: "not_told"}[prediction.agrees]
    return sentences((told, say(f"drill.{came}"))) if came else told


def _new(answer: DrillAnswer) -> Iterator[Block]:
    if not answer.known:
        return
    if not answer.new:
        yield Paragraph(say("drill.new_none", known=answer.known), "good")
        return
    yield Heading(say("drill.new_contacts"))
    for one in answer.new:
        landlord = one.name if one.provider is not None else say("drill.nobody_known")
        yield Paragraph(say("drill.new_line", landlord=landlord, hosts=listed(one.hosts)), "bad")


def _both(drill: Drill) -> tuple[Run, ...]:
    return tuple(run for run in (drill.baseline, drill.run) if run is not None)


def _runs(drill: Drill) -> Iterator[Block]:
    yield Heading(say("drill.runs" if drill.baseline is not None else "drill.run_alone"))
    columns = (
        Column("run", say("drill.column_run")), Column("ended", say("drill.column_ended")),
        Column("seconds", say("drill.column_seconds"), "count"), Column("hosts", say("drill.column_hosts"), "count"),
        Column("refused", say("drill.column_refused"), "count"), Column("down", say("drill.column_down"), "count"),
        Column("output", say("drill.column_output"), "count"), Column("written", say("drill.column_written"), "count"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                say(f"drill.run_{run.kind}"), ending(run.exit), time_of(run.seconds),
                len({one.contact.host for one in run.contacts if not one.contact.local}), refused_in(run),
                amount(sum(one.contact.bytes_down for one in run.contacts)),
                run.output_lines if run.output_lines >= 0 else None, None if run.files is None else run.files.written_count,
            )
        )
        for run in _both(drill)
    )  # fmt: skip
    yield Table(columns, rows)
    if drill.service is None:
        yield Paragraph(say("drill.cold" if drill.run.cold else "drill.warm"), "quiet")
    for note in dict.fromkeys(note for run in _both(drill) for note in run.notes):
        yield Paragraph(_sentence(note), "quiet")
    if drill.run.setup_seconds:
        yield Paragraph(say("drill.setup", seconds=time_of(drill.run.setup_seconds)), "quiet")


def _fallbacks(drill: Drill) -> Iterator[Block]:
    if not drill.verdict.fallbacks:
        return
    yield Heading(say("drill.fallbacks"))
    for one in drill.verdict.fallbacks:
        what = say(f"drill.fallback_{one.kind}", what=one.what)
        yield Paragraph(say("drill.fallback_line", what=what, detail=one.detail) if one.detail else what)


def _service(drill: Drill) -> Iterator[Block]:
    service = drill.service
    if service is None:
        return
    yield Heading(say("drill.service"))
    if service.survive is not None:
        low, high = time_of(service.survive_at_least), time_of(service.survive)
        key = "service_survive" if service.survive_at_least > 0 else "service_survive_none"
        yield Paragraph(say(f"drill.{key}", low=low, high=high), "bad")
        if service.recover is not None:
            yield Paragraph(say("drill.service_recover", seconds=time_of(service.recover)))
        else:
            yield Paragraph(say("drill.service_not_recovered"), "bad")
    elif service.restored_at is not None:
        yield Paragraph(say("drill.service_survived_all"), "good")
    columns = (
        Column("phase", say("drill.column_phase")), Column("probes", say("drill.column_probes"), "count"),
        Column("passed", say("drill.column_passed"), "count"),
    )  # fmt: skip
    rows = tuple(Row((say(f"drill.phase_{phase}"), whole, passed)) for phase, whole, passed in service.probes)
    yield Table(columns, rows)
    if service.turns:
        columns = (
            Column("at", say("drill.column_at"), "count"), Column("phase", say("drill.column_phase")),
            Column("turn", say("drill.column_turn")),
        )  # fmt: skip
        turns = tuple(
            Row((time_of(one.at), say(f"drill.phase_{one.phase}"), say("drill.well" if one.exit == 0 else "drill.unwell")))
            for one in service.turns
        )
        yield Table(columns, turns, caption=say("drill.turns"), most=_MOST_SHOWN)


def _steps(drill: Drill) -> Iterator[Block]:
    if not drill.run.steps or drill.service is not None:
        return
    yield Heading(say("drill.steps"))
    before: dict[str, Step] = {step.name: step for step in drill.baseline.steps} if drill.baseline is not None else {}
    outcome = "column_outcome_cut" if drill.run.kind == "cut" else "column_outcome"
    columns = (
        Column("step", say("drill.column_step")), Column("baseline", say("drill.column_outcome_baseline")),
        Column("cut", say(f"drill.{outcome}")), Column("seconds", say("drill.column_step_seconds"), "count"),
        Column("first_refused", say("drill.column_first_refused"), "id"),
        Column("to_failure", say("drill.column_to_failure"), "count"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                step.name, say(f"drill.outcome_{before[step.name].outcome}") if step.name in before else None,
                say(f"drill.outcome_{step.outcome}"), time_of(step.seconds) if step.outcome != "skipped" else None,
                step.first_refused or None, time_of(step.refusal_to_failure),
            ),
            "bad" if step.outcome == "failed" else "plain",
        )
        for step in drill.run.steps
    )  # fmt: skip
    yield Table(columns, rows)


def _by_landlord(contacts: Sequence[Attributed]) -> list[Attributed]:
    """Landlords in the order of their first try, their hosts together."""
    first: dict[str, int] = {}
    for place, one in enumerate(contacts):
        first.setdefault(landlord_of(one), place)
    return sorted(contacts, key=lambda one: first[landlord_of(one)])


def _contacts(drill: Drill) -> Iterator[Block]:
    yield Heading(say("drill.contacts"))
    shown = _by_landlord(drill.run.contacts)
    lost = [
        one
        for one in (drill.baseline.contacts if drill.baseline is not None else ())
        if one.contact.host not in {other.contact.host for other in drill.run.contacts}
    ]
    if not shown and not lost:
        yield Paragraph(say("drill.contacts_none"))
        return
    columns = (
        Column("landlord", say("drill.column_landlord")), Column("host", say("drill.column_host"), "id"),
        Column("run", say("drill.column_run")), Column("tries", say("drill.column_tries"), "count"),
        Column("refused", say("drill.column_refused"), "count"), Column("down", say("drill.column_down"), "count"),
        Column("countries", say("drill.column_countries")), Column("confidence", say("drill.column_confidence")),
    )  # fmt: skip
    rows = [_contact(one, "cut" if drill.run.kind == "cut" else "baseline") for one in shown]
    rows += [_contact(one, "baseline") for one in _by_landlord(lost)]
    yield Table(columns, tuple(rows), most=_MOST_SHOWN)
    left_out = sum(run.left_out for run in _both(drill))
    if left_out:
        yield Paragraph(say("drill.left_out", count=left_out), "warn")
    trees = tuple(
        Tree(host_of(one), tuple(Tree(hand_line(role)) for role in one.roles)) for one in (*shown, *lost) if one.roles
    )
    if trees:
        yield Detail(say("drill.hands"), trees)


def _contact(one: Attributed, run: str) -> Row:
    contact = one.contact
    host = f"{host_of(one)}:{contact.port}" if contact.port else host_of(one)
    surest = one.roles[0] if one.roles else None
    known = (
        None if surest is None else remark(say(f"drill.confidence_{surest.confidence}"), say(f"drill.method_{surest.method}"))
    )
    return Row(
        (
            landlord_of(one), host, say(f"drill.run_{run}"), contact.tries, contact.refused, amount(contact.bytes_down),
            countries_of(one.roles), known,
        ),
        "bad" if contact.refused else "plain",
    )  # fmt: skip


def _every_contact(drill: Drill) -> Table:
    """All that is counted of every contact of both runs, for programs."""
    columns = (
        Column("run", say("drill.column_run")), Column("landlord", say("drill.column_landlord"), "id"),
        Column("host", say("drill.column_host"), "id"), Column("port", say("drill.column_port"), "count"),
        Column("transport", say("drill.column_transport")), Column("tries", say("drill.column_tries"), "count"),
        Column("refused", say("drill.column_refused"), "count"), Column("failed", say("drill.column_failed"), "count"),
        Column("bytes_up", say("drill.column_up"), "count"), Column("bytes_down", say("drill.column_down"), "count"),
        Column("first_seen", say("drill.column_first"), "count"), Column("because", say("drill.column_because")),
        Column("countries", say("drill.column_countries")), Column("method", say("drill.column_method")),
        Column("confidence", say("drill.column_confidence")),
    )  # fmt: skip
    rows = []
    for run in _both(drill):
        for one in run.contacts:
            contact, surest = one.contact, (one.roles[0] if one.roles else None)
            rows.append(
                Row(
                    (
                        run.kind, one.provider, contact.host, contact.port, contact.transport, contact.tries, contact.refused,
                        contact.failed, contact.bytes_up, contact.bytes_down, round(contact.first_seen, 3),
                        contact.because or None, countries_of(one.roles), surest.method if surest else None,
                        surest.confidence if surest else None,
                    )
                )
            )  # fmt: skip
    return Table(columns, tuple(rows))


def _local(drill: Drill) -> Iterator[Block]:
    if not drill.run.local:
        return
    yield Heading(say("drill.local"))
    columns = (
        Column("place", say("drill.column_place"), "id"), Column("what", say("drill.column_what")),
        Column("files", say("drill.column_files"), "count"), Column("examples", say("drill.column_examples")),
    )  # fmt: skip
    rows = tuple(Row((one.place, one.kind, one.files, _such_as(one.examples))) for one in drill.run.local)
    yield Table(columns, rows, most=_MOST_SHOWN)


def _such_as(examples: Sequence[str]) -> str | None:
    """The first examples, each by its end where it is long: caches name files after digests."""
    shown = [text if len(text) <= _LONGEST_EXAMPLE else "…" + text[-_LONGEST_EXAMPLE + 1 :] for text in examples]
    return listed(shown[:_EXAMPLES_SHOWN]) or None


def _blind(drill: Drill) -> Iterator[Block]:
    spots = dict.fromkeys(spot for run in _both(drill) for spot in run.blind_spots)
    if not spots:
        return
    yield Heading(say("drill.blind"))
    for spot in spots:
        yield Paragraph(blind_words(spot), "quiet")


def _repeat(answer: DrillAnswer) -> Iterator[Block]:
    drill = answer.drill
    yield Heading(say("drill.repeat"))
    if answer.repeat:
        yield Paragraph(shlex.join(answer.repeat), whole=True)
    if drill.valid_until:
        key = "repeat_line" if drill.revision else "repeat_bare"
        yield Paragraph(say(f"drill.{key}", day=drill.valid_until, revision=_short(drill.revision)), "quiet")
    if answer.record:
        yield Paragraph(say("drill.record", file=answer.record), "quiet", whole=True)
    digest = say("drill.digest", digest=drill.digest, version=drill.version, catalogue=drill.catalogue)
    yield Paragraph(digest, "quiet")


def _short(revision: str) -> str:
    changed = "+" if revision.endswith("+") else ""
    return revision.rstrip("+")[:12] + changed


def backends_document(answer: BackendsAnswer, context: Context) -> Document:
    """Show which ways to cut work here, and why not the others."""
    del context
    columns = (
        Column("backend", say("drill.column_backend"), "id"), Column("works", say("drill.column_possible")),
        Column("reason", say("drill.column_reason")),
    )  # fmt: skip
    rows = tuple(
        Row((one.backend, say("drill.possible" if one.ok else "drill.not_possible"), one.reason or None))
        for one in answer.possible
    )
    table = Table(columns, rows)
    lead = (
        say("drill.backends_lead", backend=say(f"drill.backend_{answer.chosen}"))
        if answer.chosen
        else say("drill.backends_none")
    )
    return Document(
        say("drill.backends_title"), (Paragraph(lead, "plain" if answer.chosen else "warn", lead=True), table), table
    )


def _works(*, ok: bool) -> str:
    return "good" if ok else "quiet"
