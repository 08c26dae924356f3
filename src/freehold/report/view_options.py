"""``options`` as a page. Owns how an option is told in a line, and what is told of one that cannot be judged yet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from freehold.plan.option_values import Activate, Change, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.plan.proposals import OptionsAnswer, Proposal
from freehold.report.answers import Context
from freehold.report.assess_blocks import kind_name
from freehold.report.evidence import Notes
from freehold.report.interface import (
    NOT_KNOWN,
    Block,
    Cell,
    Column,
    Detail,
    Document,
    Heading,
    Paragraph,
    Range,
    Row,
    Table,
)
from freehold.report.json_options import FOREIGN
from freehold.report.sentences import count, item_name, known_paragraphs, read_paragraphs, who
from freehold.stack.values import Maybe, Provider, Source, Stack, is_stated
from freehold.words import days, listed, percent, say

__all__ = ["does", "options_document"]

_MOST_SHOWN: Final = 25
_MOST_IDS: Final = 4


def options_document(answer: OptionsAnswer, context: Context) -> Document:
    """Show what can be done.

    Parameters
    ----------
    answer
        What can be proposed.
    context
        What stands beside it, with the stack.
    """
    notes = Notes(context.stack, context.reference_date)
    telling = _Telling(answer, context.stack)
    judged = [one for one in answer.proposals if one.judged]
    unjudged = [one for one in answer.proposals if not one.judged]
    blocks = read_paragraphs(context)
    blocks.append(_headline(answer, len(judged)))
    if len(answer.currencies) > 1:
        said = listed(code or say("options.nothing") for code in answer.currencies)
        blocks.append(Paragraph(say("options.currencies", currencies=said), "bad"))
    if judged:
        blocks += [Heading(say("options.judged")), _table(judged, _JUDGED, telling, notes)]
    if unjudged:
        blocks += [Heading(say("options.unjudged")), _table(unjudged, _UNJUDGED, telling, notes)]
    if answer.unanswered:
        blocks += [Heading(say("options.unanswered")), _unanswered(answer, context.stack)]
    blocks.append(Paragraph(say("options.means"), "quiet"))
    silent = sum(one.option.origin == "stack" and _free(one.option) for one in answer.proposals)
    if silent:
        blocks.append(Paragraph(count("options.no_cost", silent), "quiet"))
    blocks += _next(context, bool(unjudged or answer.unanswered))
    blocks += known_paragraphs(context)
    everything = _table(answer.proposals, _FULL, telling, notes)
    blocks.append(Detail(say("options.all"), (everything,)))
    name = context.stack.name if context.stack is not None else ""
    return Document(say("options.title", name=name), tuple(blocks), everything, evidence=notes.evidence)


def _headline(answer: OptionsAnswer, judged: int) -> Paragraph:
    open_, none = len(answer.open), len(answer.unanswered)
    standby = sum(not one.options and bool(one.standby) for one in answer.open)
    if not judged:
        return Paragraph(
            say("options.headline_none", open=open_, standby=standby, none=none), "warn" if open_ else "plain", lead=True
        )
    told = say(
        "options.headline",
        count=count("options.options", judged),
        open=open_,
        some=open_ - none - standby,
        standby=standby,
        none=none,
    )
    return Paragraph(told, "warn" if none else "plain", lead=True)


def _free(option: Option) -> bool:
    return option.cost_once == 0 and option.cost_year == 0


def _next(context: Context, missing: bool) -> list[Block]:
    if not missing or not context.path:
        return []
    return [
        Paragraph(say("options.fill_in")),
        Paragraph(f"freehold options {context.path} --template -o options.toml", whole=True),
        Paragraph(say("options.read_it")),
        Paragraph(f"freehold options {context.path} --options options.toml", whole=True),
    ]


class _Telling:
    """Names of what options speak of: of the stack, and of what they add themselves."""

    def __init__(self, answer: OptionsAnswer, stack: Stack | None) -> None:
        self.stack = stack
        self.currency = answer.currencies[0] if len(answer.currencies) == 1 else ""
        self._sources: dict[str, Source] = dict(stack.source_by_id) if stack is not None else {}
        self._providers: dict[str, Provider] = {}
        for one in answer.proposals:
            adds = one.option.adds
            if adds is not None:
                self._sources.update(adds.source_by_id)
                self._providers.update({provider.id: provider for provider in adds.providers})

    def provider(self, id_: str) -> str:
        """A provider's name."""
        if id_ == "self":
            return say("options.ask_self")
        if id_ == "?":
            return say("options.ask_nobody")
        known = self._providers.get(id_)
        return who(self.stack, id_) if known is None else known.name or known.id

    def change(self, change: Change) -> str:
        """What one change does."""
        source = self._sources.get(change.source)
        item = change.item if isinstance(change, Cover | Spare) else source.item if source is not None else "?"
        words = {"source": change.source, "item": item}
        match change:
            case Activate():
                provider = source.provider if source is not None and isinstance(source.provider, str) else "?"
                own = say("options.own") if provider == "self" else change.source
                name = own if provider in ("self", "?") else self.provider(provider)
                if change.share is None:
                    return say("options.does_activate", who=name, item=item)
                return say("options.does_share", who=name, item=item, share=percent(change.share))
            case Cover():
                return say("options.does_cover", days=_time(change.survive), **words)
            case MoreCapacity():
                return say("options.does_capacity", share=percent(change.capacity), **words)
            case Sooner():
                return say("options.does_recover", days=_time(change.recover), **words)
            case NewQuality():
                return say("options.does_quality", share=percent(change.quality), **words)
            case Spare():
                if change.weight == 0:
                    return say("options.does_without", **words)
                return say("options.does_spare", share=percent(change.weight), **words)


def does(one: Proposal, telling: _Telling) -> str:
    """What an option does, in a line: its changes, those of what it adds itself told as what it adds."""
    adds = one.option.adds
    new = set(adds.item_by_id) if adds is not None else set()
    own = set(adds.source_by_id) if adds is not None else set()
    told = [
        telling.change(change)
        for change in one.option.changes
        if not (isinstance(change, Activate) and change.source in own and adds is not None
                and adds.source_by_id[change.source].item in new)
    ]  # fmt: skip
    if new:
        told.append(say("options.does_adds", items=listed(sorted(new))))
    return say("report.separator").join(told)


def _time(value: float) -> str:
    if math.isinf(value):
        return say("options.forever")
    return say("options.at_once") if value == 0 else days(value)


def _amount(value: Maybe[float]) -> Cell:
    if not is_stated(value):
        return NOT_KNOWN
    return int(value) if float(value).is_integer() else float(value)


def _ids(ids: Sequence[str]) -> str | None:
    if not ids:
        return None
    more = say("catalogue.and_more", count=len(ids) - _MOST_IDS) if len(ids) > _MOST_IDS else ""
    return listed(ids[:_MOST_IDS]) + more


def _missing(one: Proposal, _telling: _Telling) -> Cell:
    told = [say(f"options.missing_{name}") for name in one.lacking]
    if one.waits_for:
        told.append(say("options.missing_waits", ids=listed(one.waits_for)))
    return say("report.separator").join(told) or None


def _ask(one: Proposal, telling: _Telling) -> Cell:
    return listed(telling.provider(id_) for id_ in one.providers) or say("options.ask_self")


def _late(one: Proposal, _telling: _Telling) -> Cell:
    return listed(say("options.late", days=days(slip.days), odds=percent(slip.odds)) for slip in one.option.slip) or None


def _odds(one: Proposal, telling: _Telling) -> Cell:
    works = [say("options.works", odds=percent(one.option.success))] if one.option.success < 1 else []
    late = _late(one, telling)
    return say("report.separator").join([*works, *([str(late)] if late else [])]) or None


def _lead(one: Proposal, _telling: _Telling) -> Cell:
    return _time(one.option.lead) if is_stated(one.option.lead) else NOT_KNOWN


def _reference(one: Proposal, _telling: _Telling) -> Cell:
    reference = one.option.reference
    if reference is None:
        return None
    return listed(part for part in (reference.title, reference.publisher, reference.url, reference.date) if part)


@dataclass(frozen=True, slots=True)
class _Told:
    """A column of the table of options: its sort, and what stands in it."""

    name: str
    title: str
    cell: Callable[[Proposal, _Telling], Cell]
    sort: str = "text"


_COLUMNS: Final[dict[str, _Told]] = {
    told.name: told
    for told in (
        _Told("what", "what", lambda one, telling: say("options.told", id=one.option.id, does=does(one, telling))),
        _Told("option", "option", lambda one, _: one.option.id, "id"),
        _Told("name", "name", lambda one, _: one.option.name),
        _Told("does", "does", does),
        _Told("cost_once", "once", lambda one, _: _amount(one.option.cost_once), "count"),
        _Told("cost_year", "year", lambda one, _: _amount(one.option.cost_year), "count"),
        _Told("currency", "currency", lambda one, _: one.option.currency),
        _Told("lead", "lead", _lead),
        _Told("lead_days", "lead_days", lambda one, _: _amount(one.option.lead), "count"),
        _Told("earliest", "earliest", lambda one, _: one.option.earliest),
        _Told("people", "people", lambda one, _: one.option.people or None, "count"),
        _Told("odds", "odds", _odds),
        _Told("success", "success", lambda one, _: Range(one.option.success, one.option.success), "percent"),
        _Told("slip", "late", _late),
        _Told("requires", "requires", lambda one, _: _ids(one.option.requires)),
        _Told("excludes", "excludes", lambda one, _: _ids(one.option.excludes)),
        _Told("foreign", "foreign", lambda one, _: say(f"options.foreign_{FOREIGN[one.foreign]}")),
        _Told("rests_on", "rests", lambda one, _: _ids(one.rests_on)),
        _Told("learns_with", "learns", lambda one, _: one.option.learns_with),
        _Told("learning", "learning", lambda one, _: one.option.learning),
        _Told("standards_left", "standards", lambda one, _: say("report.separator").join(one.option.standards_left) or None),
        _Told("forks", "forks", lambda one, _: say("report.separator").join(one.option.forks) or None),
        _Told("gives_up", "gives_up", lambda one, _: say("report.separator").join(one.option.gives_up) or None),
        _Told("lacking", "missing", _missing),
        _Told("items", "items", lambda one, _: say("report.separator").join(one.items) or None),
        _Told("ask", "ask", _ask),
        _Told("origin", "origin", lambda one, _: say(f"options.origin_{one.option.origin}")),
        _Told("reference", "reference", _reference),
    )
}
_FULL: Final = tuple(name for name in _COLUMNS if name not in ("what", "lead", "odds"))
_JUDGED: Final = (
    "what", "cost_once", "cost_year", "lead", "people", "odds", "foreign", "rests_on", "origin",
)  # fmt: skip
_UNJUDGED: Final = ("what", "lacking", "ask", "foreign", "origin")
_IF_ANY: Final = ("people", "odds", "rests_on")


def _table(proposals: Sequence[Proposal], names: Sequence[str], telling: _Telling, notes: Notes) -> Table:
    """A table of options; columns that would say nothing of any of them are left out where not all are shown."""
    whole = names is _FULL
    told = [_COLUMNS[name] for name in names if whole or name not in _IF_ANY or any(_speaks(name, one) for one in proposals)]
    currency = say("options.in_currency", currency=telling.currency) if telling.currency and not whole else ""
    columns = tuple(
        Column(one.name, say(f"options.column_{one.title}", currency=currency), one.sort)  # type: ignore[arg-type]
        for one in told
    )
    rows = tuple(
        Row(tuple(one.cell(proposal, telling) for one in told), notes=_notes(proposal, notes)) for proposal in proposals
    )
    return Table(columns, rows, most=_MOST_SHOWN)


def _speaks(name: str, one: Proposal) -> bool:
    option = one.option
    return {
        "people": option.people > 0,
        "odds": option.success < 1 or bool(option.slip),
        "rests_on": bool(one.rests_on),
    }[name]


def _notes(one: Proposal, notes: Notes) -> tuple[int, ...]:
    reference = one.option.reference
    if reference is None:
        return ()
    source = listed(part for part in (reference.publisher, reference.url) if part)
    return (notes.add(f"option {one.option.id}", f"{reference.title}{', ' if source else ''}{source}", reference.date or ""),)


def _unanswered(answer: OptionsAnswer, stack: Stack | None) -> Table:
    columns = (
        Column("item", say("options.column_item"), "id"), Column("name", say("options.column_name")),
        Column("kind", say("report.column_kind")), Column("held", say("report.column_held"), "percent"),
    )  # fmt: skip
    rows = []
    for one in answer.unanswered:
        item = stack.item_by_id[one.item] if stack is not None else None
        kind = kind_name(item.kind if item is not None and isinstance(item.kind, str) else "?")
        rows.append(Row((one.item, item_name(stack, one.item), kind, Range(*one.held)), "warn"))
    return Table(columns, tuple(rows), most=_MOST_SHOWN)
