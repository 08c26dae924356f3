"""The stack drawn by layers of the value chain. Owns which things are drawn, and what is told of each when it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from freehold.measure.assess import AssessAnswer
from freehold.measure.cutoff import ItemLevels
from freehold.measure.mission import mission_of
from freehold.report.answers import Context
from freehold.report.assess_blocks import held_by_whom, kind_name, providers_in_words, sources_in_use
from freehold.report.evidence import Notes
from freehold.report.figures import country, show_cell
from freehold.report.interface import Block, Column, LayerCell, LayerDrawing, LayerRow, Paragraph, Tone
from freehold.report.sentences import capital, count, item_name, who
from freehold.stack.control import Control
from freehold.stack.durations import format_days
from freehold.stack.schema import KINDS
from freehold.stack.values import UNKNOWN, Source, Stack
from freehold.words import day, listed, percent, say, sentence, sentences

__all__ = ["MOST_DRAWN", "MOST_OF_LAYER", "layer_drawing"]

MOST_OF_LAYER: Final = 60
"""Things that are drawn of one layer."""
MOST_DRAWN: Final = 400
"""Things that are drawn in all."""

_MOST_NAMED: Final = 6
_TONES: Final[dict[str, Tone]] = {"held": "good", "foreign": "bad", "mixed": "warn", "unknown": "warn"}


def layer_drawing(answer: AssessAnswer, context: Context, notes: Notes) -> LayerDrawing:
    """Draw a stack: the most important of each layer where it has more than there is room for.

    Important is first what must be kept running, then what most things rest on.

    Parameters
    ----------
    answer
        The assessment.
    context
        What stands beside it, with the stack.
    notes
        Where evidence is numbered.
    """
    stack = context.stack or Stack()
    weights = mission_of(stack).weights
    mission = {stack.items[place].id: weight for place, weight in weights.items()}
    takers: dict[str, dict[str, None]] = {}
    needed: dict[str, dict[str, None]] = {}
    for need in stack.needs:
        taker = stack.source_by_id[need.source].item
        takers.setdefault(need.item, {})[taker] = None
        needed.setdefault(taker, {})[need.item] = None
    layers: dict[str, list[str]] = {}
    for item in stack.items:
        layers.setdefault(item.kind if isinstance(item.kind, str) else "?", []).append(item.id)

    def order(id_: str) -> tuple[float, int, str]:
        return -mission.get(id_, 0.0), -len(takers.get(id_, ())), id_

    shown = {kind: sorted(ids, key=order)[:MOST_OF_LAYER] for kind, ids in layers.items()}
    while sum(map(len, shown.values())) > MOST_DRAWN:
        # the largest layers give way first, so that no layer is left out
        largest = max(shown, key=lambda kind: (len(shown[kind]), kind))
        shown[largest] = shown[largest][:-1]
    drawer = _Drawer(answer, context, stack, notes, mission, takers, needed)
    rows = tuple(
        LayerRow(kind, capital(kind_name(kind)), tuple(map(drawer.cell, shown[kind])), len(layers[kind]) - len(shown[kind]))
        for kind in (*reversed(KINDS), "?")
        if kind in layers
    )
    drawn = {id_ for ids in shown.values() for id_ in ids}
    feeds = tuple(
        (giver, taker) for taker in sorted(drawn) for giver in needed.get(taker, ()) if giver in drawn and giver != taker
    )  # fmt: skip
    return LayerDrawing(rows, feeds, say("whole_report.drawing"))


class _Drawer:
    def __init__(
        self, answer: AssessAnswer, context: Context, stack: Stack, notes: Notes, mission: dict[str, float],
        takers: dict[str, dict[str, None]], needed: dict[str, dict[str, None]],
    ) -> None:  # fmt: skip
        self._stack, self._notes, self._mission = stack, notes, mission
        self._takers, self._needed = takers, needed
        cut = answer.foreign.cutoff
        self._control = Control(stack, strict=context.strict, stake=cut.stake)
        self._via = cut.rules[0].via if cut.rules else ()
        self._levels = {one.id: one for one in answer.foreign.items}
        self._last = answer.days[-1]

    def cell(self, id_: str) -> LayerCell:
        sources = sources_in_use(self._stack, id_)
        truth = held_by_whom(self._control, sources, self._via)
        providers = show_cell(providers_in_words(self._stack, sources), Column("provider", ""))
        return LayerCell(
            id_, item_name(self._stack, id_), providers, _TONES[truth], self._mission.get(id_, 0.0),
            tuple(self._blocks(id_, truth)),
        )  # fmt: skip

    def _blocks(self, id_: str, truth: str) -> Iterator[Block]:
        stack = self._stack
        said = [say(f"whole_report.item_{truth}")]
        if id_ in self._mission:
            said.append(say("whole_report.item_mission", part=percent(self._mission[id_])))
        yield Paragraph(sentences(said), _TONES[truth], self._notes.of_row("items", id_, most=2), how="control")
        if id_ in self._levels:
            yield self._falls(self._levels[id_])
        for source in stack.sources_of.get(id_, ()):
            yield Paragraph(self._source(source), notes=self._notes.of_source(source.id))
        if not stack.sources_of.get(id_):
            yield Paragraph(say("whole_report.no_source"), "warn")
        users = [item_name(stack, one) for one in self._takers.get(id_, ())]
        if users:
            yield Paragraph(say("whole_report.feeds", items=_listed(users)))

    def _falls(self, level: ItemLevels) -> Paragraph:
        if level.stops_low is None:
            return Paragraph(say("whole_report.item_stands", last=day(self._last)), how="self_reliance")
        sure = level.stops_high is not None
        key = "whole_report.item_stops" if sure else "whole_report.item_may_stop"
        return Paragraph(say(key, day=day(level.stops_low)), "bad" if sure else "warn", how="self_reliance")

    def _source(self, source: Source) -> str:
        provider = source.provider if isinstance(source.provider, str) else None
        status = (
            say("report.not_known") if source.status is UNKNOWN else say(f"whole_report.status_{source.status or 'in-use'}")
        )
        parts = [self._seated(provider), status]
        owners = () if provider is None else self._control.owners(provider)
        if owners:
            parts.append(say("whole_report.owned", owners=" → ".join(map(self._seated, owners))))
        if source.location is UNKNOWN:
            parts.append(say("whole_report.place_unknown"))
        elif source.location:
            parts.append(say("whole_report.place", places=listed(map(country, source.location))))
        needs = [
            say("whole_report.need_cover", item=item_name(self._stack, need.item), cover=format_days(need.survive))
            if isinstance(need.survive, float | int) and need.survive
            else item_name(self._stack, need.item)
            for need in self._stack.needs_of.get(source.id, ())
        ]
        if needs:
            parts.append(say("whole_report.source_needs", items=_listed(needs)))
        return sentence(say("report.separator").join(parts))

    def _seated(self, provider: str | None) -> str:
        if provider is None or provider == "?":
            return say("report.not_known")
        if provider == "self":
            return who(self._stack, provider)
        row = self._stack.provider_by_id.get(provider)
        seat = row.country if row is not None and isinstance(row.country, str) else "?"
        return say("gaps.landlord", provider=who(self._stack, provider), country=country(seat))


def _listed(names: list[str]) -> str:
    shown = listed(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return shown if more <= 0 else say("whole_report.and_more", names=shown, more=count("whole_report.more", more))
