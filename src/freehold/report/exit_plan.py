"""The exit plan of one function as a page. Owns the order in which it answers: who, when, what then, in what time, tested when.

What is asked of such a plan is cited by its source; what only people can decide is left as empty lines, and said to be so.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from freehold.drill.record import Drill
from freehold.drill.scores import landlords_of
from freehold.plan.exit_values import ExitLandlord, ExitPlan, Move, TimeGiven
from freehold.plan.option_values import Option
from freehold.report.answers import Context
from freehold.report.drill_words import TONES
from freehold.report.evidence import Notes
from freehold.report.figures import country
from freehold.report.interface import NOT_KNOWN, Block, Cell, Column, Document, Heading, Paragraph, Range, Row, Table, Tone
from freehold.report.plan_words import few, money, option_name, short
from freehold.report.sentences import capital, item_name, who, who_in_sentence
from freehold.report.whom_to_ask import fact_words, whom_to_ask
from freehold.stack.control import Truth
from freehold.stack.values import UNKNOWN, Stack, is_stated
from freehold.words import day as show_day
from freehold.words import days as show_days
from freehold.words import interval, listed, say

__all__ = ["ExitAnswer", "drills_of", "exit_document", "last_test"]

_MOST_NAMES: Final = 4
_MOST_DRILLS: Final = 20
_LONGEST: Final = 160


@dataclass(frozen=True)
class ExitAnswer:
    """What the page of one function is made of.

    Parameters
    ----------
    plan
        The exit plan.
    stack
        The stack as it is.
    drills
        Drills that were given, in any order; those that bear on the function are found by :func:`drills_of`.
    options
        Options by id, for their names.
    planned
        The stack with the plan built, for names of what it adds; ``None`` without a plan.
    """

    plan: ExitPlan
    stack: Stack
    drills: tuple[Drill, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    planned: Stack | None = None


def drills_of(plan: ExitPlan, drills: Sequence[Drill]) -> tuple[tuple[Drill, bool], ...]:
    """The drills that bear on a function, the newest first; with each whether it was of the function itself.

    A drill is of the function if its prediction was; it bears on it if its prediction was of a thing on the path, or if it cut
    one of the function's landlords.
    """
    path = set(plan.path)
    cut = {
        f"{kind} {one.id}"
        for one in plan.landlords
        for kind in ((one.kind, "provider") if one.kind == "owner" else ("country",))
    }
    cut |= {"everything foreign", "air gap"}
    found = []
    for drill in drills:
        own = drill.prediction is not None and drill.prediction.item == plan.function
        on_path = drill.prediction is not None and drill.prediction.item in path
        if own or on_path or (drill.prediction is None and cut & set(landlords_of(drill.cut))):
            found.append((drill, own))
    return tuple(sorted(found, key=lambda one: (one[0].run.started, one[0].digest), reverse=True))


def last_test(plan: ExitPlan, drills: Sequence[Drill]) -> tuple[Drill, bool] | None:
    """The newest sound drill of the function itself, else of a part of its path; ``None``: it was never tested."""
    sound = [one for one in drills_of(plan, drills) if one[0].verdict.name != "void"]
    return next((one for one in sound if one[1]), sound[0] if sound else None)


def exit_document(answer: ExitAnswer, context: Context) -> Document:
    """Show the exit plan of one function.

    Parameters
    ----------
    answer
        What the page is made of.
    context
        What stands beside it.
    """
    page = _Page(answer, context)
    blocks = tuple(page.blocks())
    name = short(item_name(answer.stack, answer.plan.function))
    title = say("exits.title", name=name)
    subtitle = say("exits.subtitle", stack=short(answer.stack.name), date=answer.stack.as_of or context.edition or "–")
    return Document(title, blocks, page.moves(), subtitle, page.notes.evidence)


class _Page:
    def __init__(self, answer: ExitAnswer, context: Context) -> None:
        self._answer = answer
        self._plan = answer.plan
        self._stack = answer.stack
        self._names = answer.planned or answer.stack
        self.notes = Notes(answer.stack, context.reference_date)

    def blocks(self) -> Iterator[Block]:
        plan = self._plan
        yield self._lead()
        yield Paragraph(say(f"exits.basis_{plan.basis}"), "plain" if plan.basis == "plan" else "warn")
        yield self._after()
        yield self._tested()
        yield Heading(say("exits.landlords"))
        yield self._landlords()
        if plan.landlords_left_out:
            yield Paragraph(say("exits.landlords_more", count=f"{plan.landlords_left_out:,}"), "quiet")
        yield Heading(say("exits.triggers"))
        yield self._triggers()
        yield Heading(say("exits.moves"))
        yield self._moves_shown()
        yield Heading(say("exits.time"))
        yield self._time()
        yield Heading(say("exits.data"))
        yield self._data()
        yield Heading(say("exits.left"))
        yield self._left()
        yield Heading(say("exits.drills"))
        yield self._drills()
        yield Heading(say("exits.unknown"))
        yield self._unknown()
        yield Heading(say("exits.people"))
        yield Paragraph(say("exits.people_text"), "quiet")
        yield self._people()
        yield Heading(say("exits.asked"))
        yield from self._asked()

    # ------------------------------------------------------------ the first lines

    def _lead(self) -> Paragraph:
        plan, name = self._plan, short(item_name(self._stack, self._plan.function))
        alone = [one for one in plan.landlords if one.standing.stops_low is not None]
        if not plan.landlords:
            return Paragraph(say("exits.lead_nobody", name=name, things=f"{len(plan.path) - 1:,}"), lead=True)
        words = {
            "name": name,
            "things": f"{len(plan.path) - 1:,}",
            "landlords": f"{len(plan.landlords) + plan.landlords_left_out:,}",
        }
        if not alone:
            return Paragraph(say("exits.lead_none_alone", **words), lead=True)
        first = alone[0]
        words |= {"alone": f"{len(alone):,}", "first": self._landlord(first), "when": _when(first)}
        return Paragraph(say("exits.lead", **words), "bad" if first.standing.stops_high is not None else "warn", lead=True)

    def _after(self) -> Paragraph:
        plan, before, after = self._plan, self._plan.before, self._plan.after
        last = show_day(plan.days[-1])
        now = interval(before.low[-1], before.high[-1])
        if after is None:
            return Paragraph(say("exits.now", day=last, level=now))
        tone: Tone = "plain" if after.stops_low is None else "warn"
        return Paragraph(say("exits.then", day=last, before=now, after=interval(after.low[-1], after.high[-1])), tone)

    def _tested(self) -> Paragraph:
        found = last_test(self._plan, self._answer.drills)
        if found is None:
            return Paragraph(say("exits.never_tested"), "warn")
        drill, own = found
        words = {
            "date": drill.run.started[:10],
            "verdict": say(f"exits.verdict_{drill.verdict.name}"),
            "what": short(drill.said),
        }
        return Paragraph(say("exits.tested" if own else "exits.tested_part", **words), TONES[drill.verdict.name])

    def _landlord(self, one: ExitLandlord) -> str:
        return short(who_in_sentence(self._stack, one.id))

    # ------------------------------------------------------------ tables

    def _landlords(self) -> Table:
        plan = self._plan
        columns = (
            Column("landlord", say("exits.landlord")), Column("seat", say("exits.seat")), Column("side", say("exits.side")),
            Column("reaches", say("exits.reaches")), Column("stops", say("exits.stops"), "day"),
            Column("left", say("exits.level", day=show_day(plan.days[-1])), "percent"),
        )  # fmt: skip
        rows = []
        for one in plan.landlords:
            stands = one.standing
            tone: Tone = "bad" if stands.stops_high is not None else ("warn" if stands.stops_low is not None else "plain")
            seat: Cell = NOT_KNOWN if one.country == "?" else country(one.country)
            notes = self.notes.of_provider(one.id) if one.kind == "owner" else ()
            reaches = few([item_name(self._stack, item) for item in one.items], _MOST_NAMES)
            cells = (
                capital(self._landlord(one)), seat, self._side(one.foreign), reaches,
                Range(stands.stops_low, stands.stops_high), Range(stands.low[-1], stands.high[-1]),
            )  # fmt: skip
            rows.append(Row(cells, tone, notes))
        return Table(columns, tuple(rows), say("exits.landlords_caption"))

    def _side(self, foreign: Truth) -> Cell:
        return NOT_KNOWN if foreign is None else say("exits.outside" if foreign else "exits.inside")

    def _triggers(self) -> Table:
        columns = (
            Column("trigger", say("exits.trigger")), Column("whom", say("exits.concerns")), Column("asked", say("exits.by")),
        )  # fmt: skip
        plan = self._plan
        owners = [one for one in plan.landlords if one.kind == "owner"]
        countries = [one for one in plan.landlords if one.kind == "country"]
        everybody = few([self._landlord(one) for one in owners], _MOST_NAMES) or say("report.nobody")
        abroad = few([self._landlord(one) for one in countries], _MOST_NAMES)
        rows = [
            Row((say(f"exits.trigger_{key}"), everybody, say("exits.by_1773")))
            for key in ("interruption", "failed", "termination")
        ]
        rows.append(Row((say("exits.trigger_quality"), everybody, say("exits.by_dora"))))
        if abroad:
            rows.append(Row((say("exits.trigger_denial"), abroad, say("exits.by_stack"))))
        rows.append(Row((say("exits.trigger_owner"), everybody, say("exits.by_stack"))))
        alone = [one for one in plan.landlords if one.standing.stops_low is not None]
        if alone:
            rows.append(
                Row(
                    (say("exits.trigger_soon"), few([self._landlord(one) for one in alone], _MOST_NAMES), say("exits.by_stack"))
                )
            )
        return Table(columns, tuple(rows), say("exits.triggers_caption"))

    def moves(self) -> Table:
        """What takes over, by when, from whom, at what price, with every column: the page's table for programs."""
        columns = (
            Column("item", say("exits.thing")), Column("takes_over", say("exits.takes_over")),
            Column("provider", say("exits.from_whom")),
            Column("how", say("exits.how")), Column("start", say("exits.start")), Column("ready", say("exits.ready"), "count"),
            Column("recover", say("exits.recover"), "day"), Column("carries", say("exits.carries"), "percent"),
            Column("once", say("exits.once"), "count"), Column("year", say("exits.year"), "count"),
        )  # fmt: skip
        return Table(columns, tuple(self._move(one) for one in self._plan.moves), say("exits.moves_caption"))

    def _moves_shown(self) -> Table:
        """The same for people: when it is there in one column, what it costs in another."""
        columns = (
            Column("item", say("exits.thing")), Column("takes_over", say("exits.takes_over")),
            Column("provider", say("exits.from_whom")), Column("when", say("exits.when")),
            Column("recover", say("exits.recover"), "day"), Column("carries", say("exits.carries"), "percent"),
            Column("price", say("exits.price")),
        )  # fmt: skip
        rows = []
        for one, row in zip(self._plan.moves, self.moves().rows, strict=True):
            item, what, provider, _, _, _, recover, carries, once, year = row.cells
            cells = (item, what, provider, _when_there(one), recover, carries, _price(one, once, year))
            rows.append(Row(cells, row.tone, row.notes))
        return Table(columns, tuple(rows), say("exits.moves_caption"))

    def _move(self, one: Move) -> Row:
        option = self._answer.options.get(one.option)
        what = option_name(option, one.option) if one.option else say("exits.stands_by", source=one.source)
        names = (
            option.adds
            if option is not None and option.adds is not None and one.provider in option.adds.provider_by_id
            else self._names
        )
        provider: Cell = NOT_KNOWN if one.provider == "?" else (short(who(names, one.provider)) if one.provider else None)
        if one.provider not in ("", "?", "self") and one.foreign is not False:
            provider = say("exits.foreign_too" if one.foreign else "exits.foreign_perhaps", name=provider)
        ready: Cell = one.ready_date or (NOT_KNOWN if one.lead is None else show_day(one.lead))
        recover: Cell = None if not one.source else (NOT_KNOWN if one.recover is None else one.recover)
        carries: Cell = None if not one.source else (NOT_KNOWN if one.capacity is None else min(1.0, one.capacity))
        notes = self.notes.of_source(one.source) if one.source in self._stack.source_by_id else ()
        tone: Tone = "warn" if one.foreign is not False else "plain"
        cells = (
            short(item_name(self._stack, one.item)), short(what), provider, say(f"exits.kind_{one.kind}"),
            one.start_date or None, ready,
            recover, carries, self._money(one.cost_once, one), self._money(one.cost_year, one),
        )  # fmt: skip
        return Row(cells, tone, notes)

    def _money(self, value: float | None, one: Move) -> Cell:
        return (NOT_KNOWN if one.option else None) if value is None else money(value, one.currency)

    def _time(self) -> Table:
        columns = (
            Column("item", say("exits.thing")), Column("user", say("exits.needed_by")), Column("survive", say("exits.survive")),
            Column("covers", say("exits.covers")),
        )  # fmt: skip
        return Table(columns, tuple(self._given(one) for one in self._plan.time), say("exits.time_caption"))

    def _given(self, one: TimeGiven) -> Row:
        survive: Cell = NOT_KNOWN if one.survive is UNKNOWN else (show_days(one.survive) if is_stated(one.survive) else None)
        if one.covers is None:
            covers = say("exits.covers_open")
        else:
            covers = say("exits.covers_yes" if one.covers else "exits.covers_no")
        tone: Tone = "plain" if one.covers else ("warn" if one.covers is None else "bad")
        return Row((short(item_name(self._stack, one.item)), short(item_name(self._stack, one.user)), survive, covers), tone)

    def _data(self) -> Table:
        columns = (
            Column("item", say("exits.thing")), Column("holder", say("exits.holder")), Column("where", say("exits.where")),
            Column("do", say("exits.do")),
        )  # fmt: skip
        rows = []
        for one in self._plan.data:
            holders = listed(say("report.not_known") if id_ == "?" else short(who(self._stack, id_)) for id_ in one.providers)
            places = listed(country(place) for place in one.locations)
            own = set(one.providers) == {"self"}
            kind = self._stack.item_by_id[one.item].kind
            do = say("exits.data_own" if own else ("exits.model_fetch" if kind == "model" else "exits.data_fetch"))
            rows.append(Row((short(item_name(self._stack, one.item)), holders, places, do), "plain" if own else "warn"))
        return Table(columns, tuple(rows), say("exits.data_caption"))

    def _left(self) -> Table:
        columns = (
            Column("item", say("exits.thing")), Column("landlords", say("exits.landlord")), Column("sure", say("exits.sure")),
            Column("way", say("exits.way")),
        )  # fmt: skip
        rows = tuple(
            Row(
                (
                    short(item_name(self._stack, one.item)),
                    listed(say("report.not_known") if id_ == "?" else short(who(self._stack, id_)) for id_ in one.landlords),
                    say("exits.surely" if one.surely else "exits.perhaps"),
                    say("exits.way_known" if one.has_way else "exits.way_none"),
                ),
                "bad" if one.surely and not one.has_way else "warn",
            )
            for one in self._plan.left
        )
        return Table(columns, rows, say("exits.left_caption"))

    def _drills(self) -> Table:
        columns = (
            Column("date", say("exits.date")), Column("what", say("exits.cut")), Column("verdict", say("exits.verdict")),
            Column("of", say("exits.drill_of")), Column("predicted", say("exits.predicted")),
            Column("valid", say("exits.valid")),
            Column("command", say("exits.command")),
        )  # fmt: skip
        rows = []
        for drill, own in drills_of(self._plan, self._answer.drills)[:_MOST_DRILLS]:
            predicted = drill.prediction
            agrees = say("report.none") if predicted is None else say(
                {True: "exits.agrees", False: "exits.agrees_not", None: "exits.agrees_open"}[predicted.agrees]
            )  # fmt: skip
            of = predicted.item if predicted is not None else self._plan.function
            cells = (
                drill.run.started[:10], short(drill.said), say(f"exits.verdict_{drill.verdict.name}"),
                say("exits.itself") if own else short(item_name(self._stack, of)), agrees, drill.valid_until or None,
                shlex.join(drill.command)[:_LONGEST],
            )  # fmt: skip
            rows.append(Row(cells, TONES[drill.verdict.name]))
        return Table(columns, tuple(rows), say("exits.drills_caption"))

    def _unknown(self) -> Table:
        columns = (Column("fact", say("brief.fact")), Column("whom", say("brief.whom")))
        rows = [Row((capital(fact_words(one, self._stack)), whom_to_ask(one, self._stack))) for one in self._plan.unknowns]
        for one in self._plan.moves:
            lacking = [
                say(f"exits.lacks_{name}") for name, value in (("once", one.cost_once), ("lead", one.lead)) if value is None
            ]
            if one.option and lacking:
                what = option_name(self._answer.options.get(one.option), one.option)
                provider = one.provider if one.provider not in ("", "?") else "self"
                whom = say("five.ask_supplier", name=short(who(self._names, provider)))
                rows.append(Row((say("exits.lacks", what=short(what), facts=say("five.and").join(lacking)), whom)))
        return Table(columns, tuple(dict.fromkeys(rows)), say("exits.unknown_caption"))

    def _people(self) -> Table:
        columns = (Column("asked", say("exits.people_asked")), Column("answer", say("exits.people_answer")))
        keys = ("owner", "deputy", "decides", "notice", "transition", "deletion", "told", "reviewed", "next")
        return Table(columns, tuple(Row((say(f"exits.people_{key}"), "")) for key in keys))

    def _asked(self) -> Iterator[Block]:
        for key, source, date in (
            ("dora", "Regulation (EU) 2022/2554, Article 28(8), OJ L 333, 27.12.2022", "2026-11-26"),
            ("1773", "Delegated Regulation (EU) 2024/1773, Article 10, OJ L 2024/1773, 25.6.2024", "2026-11-26"),
        ):
            note = self.notes.add(say(f"exits.asked_{key}"), source, date)
            yield Paragraph(say(f"exits.asked_{key}"), notes=(note,))


def _when_there(one: Move) -> str:
    """From when on something can take over."""
    if one.kind == "standby":
        return say("exits.kind_standby")
    if one.kind == "step":
        return say("exits.when_step", start=one.start_date, ready=one.ready_date)
    return say("exits.when_open") if one.lead is None else say("exits.when_option", days=show_day(one.lead))


def _price(one: Move, once: Cell, year: Cell) -> Cell:
    """Both costs in a cell; a cost of nothing is left out."""
    parts = [
        say(f"exits.price_{key}", money=cell) for key, value, cell in (
            ("once", one.cost_once, once), ("year", one.cost_year, year),
        ) if value and isinstance(cell, str)
    ]  # fmt: skip
    if parts:
        return listed(parts)
    return NOT_KNOWN if NOT_KNOWN in (once, year) else None


def _when(one: ExitLandlord) -> str:
    low, high = one.standing.stops_low, one.standing.stops_high
    assert low is not None
    if high is None:
        return say("five.when_worst", day=show_day(low))
    if abs(high - low) < 1e-9:
        return say("five.when_at_once") if low <= 0 else say("five.when", day=show_day(low))
    return say("five.when_between", worst=show_day(low), best=show_day(high))
