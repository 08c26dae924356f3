"""What goes out without each landlord, asked plainly: one cut-off a landlord, and its reasons from ``why``."""

from __future__ import annotations

from freehold.measure.assess import AssessAnswer
from freehold.measure.case import LOW
from freehold.measure.cutoff import CutoffAnswer, cutoff
from freehold.measure.landlord_cut_values import Landlord, LandlordCut, LandlordCuts, Out
from freehold.measure.why import why
from freehold.report.sentences import who
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Stack

__all__ = ["plain_cuts"]


def plain_cuts(stack: Stack, assessed: AssessAnswer, most: int = 4) -> LandlordCuts:
    """The largest countries and owners of an assessment, each alone."""
    days = assessed.days
    found: list[tuple[Landlord, CutoffAnswer, Cutoff]] = []
    for kind, ones in (("country", assessed.controllers[:most]), ("owner", assessed.landlords[:most])):
        for one in ones:
            rule = Rule(country=one.id) if kind == "country" else Rule(owner=one.id)
            landlord = Landlord(
                "country" if kind == "country" else "owner", one.id, who(stack, one.id), one.country, one.sources,
                (f"--{kind}", one.id),
            )  # fmt: skip
            cut = Cutoff((rule,))
            found.append((landlord, cutoff(stack, cut, days, assessed.floor), cut))
    found.sort(key=lambda entry: (sum(entry[1].mission.low), entry[0].kind, entry[0].id))
    cuts = tuple(
        LandlordCut((place,), answer.mission.low, answer.mission.high, _outs(stack, answer, cut))
        for place, (_, answer, cut) in enumerate(found)
    )
    return LandlordCuts(tuple(entry[0] for entry in found), days, days[-1], assessed.floor, cuts)


def _outs(stack: Stack, answer: CutoffAnswer, cut: Cutoff) -> tuple[Out, ...]:
    places = {item.id: place for place, item in enumerate(stack.items)}
    outs = []
    for place, item in enumerate(answer.items):
        if item.stops_low is None:
            continue
        steps = why(stack, item.id, cut, item.stops_low, side=LOW).steps
        need = steps[0].need if steps else None
        best = () if item.stops_high is None else ((item.stops_high, None),)
        because = None if need is None else places[need]
        outs.append(Out(place, ((item.stops_low, None),), best, because, (steps[0].source or "") if steps else ""))
    return tuple(outs)
