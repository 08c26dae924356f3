"""What the cut-off engine says of a command before it is drilled, and whether the drill bore it out. Owns that comparison.

The command stands for one item of the stack. What the drill cuts becomes rules on the stack: those of the cut-off that hold on
day 0, and for hosts and an air gap one for each source that is tied to them, surely or perhaps. The item's level on day 0,
between its low and its high, is the prediction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from freehold.catalogue.hosts import is_address, to_reverse
from freehold.drill.attribution import Attribution
from freehold.drill.cutting import rules_today
from freehold.drill.decision import CutHosts
from freehold.drill.record import Prediction, Verdict
from freehold.measure.case import Case
from freehold.measure.cutoff import FLOOR, answer_of, check_cutoff
from freehold.measure.why import why
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.find import find_item
from freehold.stack.schema import CHANGE
from freehold.stack.values import UNKNOWN, Stack
from freehold.words import percent, say

__all__ = ["agrees", "compared", "headline", "item_meant", "played", "predict"]

_TOLERANCE: Final = 1e-9
_MOST_STEPS: Final = 3
_PASSED: Final = frozenset({"untouched", "survived", "degraded"})
_REACHED: Final = frozenset({"cloud", "registry", "service", "platform", "model", "data", "network"})
"""Layers whose things are reached over a network while they are used: an air gap takes them away at once."""


def item_meant(stack: Stack, asked: str | None = None) -> tuple[str | None, str]:
    """The item of the stack that a command stands for, or the reason why there is none.

    Parameters
    ----------
    stack
        The stack.
    asked
        What the user says: an id, or a name or the last part of a purl that is not ambiguous. Without it, that a project
        which was read can be changed (``X:change``), for building and testing it is what commands do; else the only item
        with a mission.

    Raises
    ------
    freehold.errors.FreeholdError
        If there is no such item, or several.
    """
    if asked is not None:
        return find_item(stack, asked), ""
    if not stack.items:
        return None, say("drill_evidence.no_stack")
    read = [item.id for item in stack.items if item.id.endswith(CHANGE) and item.id.removesuffix(CHANGE) in stack.item_by_id]
    if len(read) == 1:
        return read[0], ""
    kept = [item.id for item in stack.items if item.mission is UNKNOWN or (item.mission or 0) > 0]
    if len(kept) == 1:
        return kept[0], ""
    return None, say("drill_evidence.no_item", count=len(kept))


def played(
    attribution: Attribution, cutoff: Cutoff | None, hosts: CutHosts | None = None, *, air_gap: bool = False, cold: bool = False
) -> tuple[Cutoff, Cutoff]:
    """What a drill cuts, as cut-offs of the stack: what is surely cut, and that with what is perhaps cut as well.

    Parameters
    ----------
    attribution
        Ties hosts to the stack.
    cutoff, hosts, air_gap
        What is cut.
    cold
        Whether caches are empty: what comes from registries then has no cover.
    """
    given = Cutoff() if cutoff is None else cutoff
    sure, perhaps = list(rules_today(given)[0]), list[Rule]()
    for host in sorted(hosts.hosts) if hosts is not None else ():
        for rule, is_sure in _host_rules(attribution, host):
            (sure if is_sure else perhaps).append(rule)
    if air_gap:
        for rule, is_sure in _air_gap_rules(attribution.stack):
            (sure if is_sure else perhaps).append(rule)
    both = [list(dict.fromkeys(rules)) for rules in (sure, [*sure, *perhaps])]
    if cold:
        both = [
            [*rules, *(replace(rule, kind="registry", cover="void") for rule in rules if rule.kind in (None, "registry"))]
            for rules in both
        ]
    return replace(given, rules=tuple(both[0])), replace(given, rules=tuple(both[1]))


def _host_rules(attribution: Attribution, host: str) -> Iterator[tuple[Rule, bool]]:
    """A rule for each source that stands on a host or on one below it, and whether it surely does."""
    literal = is_address(host)
    reverse = host if literal else to_reverse(host)
    addresses = (host,) if literal else ()
    named = [""]
    if not literal:
        below = (one for one in attribution.known_hosts() if one.startswith(reverse + "."))
        named = [host, *(".".join(reversed(one.split("."))) for one in below)]
    for item, source in attribution.hosts.below(reverse):
        yield (Rule(item=item.id) if source is None else Rule(source=source.id)), True
    for name in named:
        hands = attribution.hands(name, (), addresses)
        own = any(hand.role is not None and hand.role.confidence == "strong" for hand in hands)
        for hand in hands:
            is_own = hand.role is None or hand.role.role == "service"
            if is_own and hand.source is not None and hand.source.id in attribution.stack.source_by_id:
                yield Rule(source=hand.source.id), own and hand.surely


def _air_gap_rules(stack: Stack) -> Iterator[tuple[Rule, bool]]:
    for item in stack.items:
        unsure = item.kind is None or item.kind is UNKNOWN
        if not unsure and item.kind not in _REACHED:
            continue
        sources = stack.sources_of[item.id]
        if not sources:
            yield Rule(item=item.id), False
        for source in sources:
            if source.provider != "self":
                yield Rule(source=source.id), not unsure and isinstance(source.provider, str)


def predict(
    attribution: Attribution,
    cutoff: Cutoff | None = None,
    hosts: CutHosts | None = None,
    *,
    air_gap: bool = False,
    item: str | None = None,
    floor: float = FLOOR,
    strict: bool = False,
    cold: bool = False,
) -> tuple[Prediction | None, str]:
    """Predict whether a command will work under a cut.

    Parameters
    ----------
    attribution
        With the stack.
    cutoff, hosts, air_gap, cold
        As :func:`played`.
    item
        The item that the command stands for; see :func:`item_meant`.
    floor
        Level under which it does not work.
    strict
        Whether assumed owners and locations count as unknown.

    Returns
    -------
    tuple
        The prediction, or ``None`` and why there is none.

    Raises
    ------
    freehold.errors.FreeholdError
        If the item or what the cut-off names is not there.
    """
    stack = attribution.stack
    meant, reason = item_meant(stack, item)
    if meant is None:
        return None, reason
    sure, all_ = played(attribution, cutoff, hosts, air_gap=air_gap, cold=cold)
    check_cutoff(stack, all_)
    case = Case(stack, strict=strict, stake=sure.stake)
    found = answer_of(case, all_, (0.0,), floor).item(meant)
    low, high = found.low[0], found.high[0]
    if sure != all_:
        high = answer_of(case, sure, (0.0,), floor).item(meant).high[0]
    up = True if low >= floor - _TOLERANCE else False if high < floor - _TOLERANCE else None
    because = _because(stack, meant, sure if up is False else all_, strict=strict)
    return Prediction(meant, low, high, up, because), ""


def _because(stack: Stack, item: str, cut: Cutoff, *, strict: bool) -> str:
    if not cut.rules:
        return say("drill_evidence.nothing_cut")
    steps = why(stack, item, cut, 0.0, strict=strict).steps
    return "; ".join(step.because for step in steps[:_MOST_STEPS])


def agrees(prediction: Prediction, verdict: Verdict) -> bool | None:
    """Whether a drill bore a prediction out; ``None`` if it cannot say, for want of a prediction or of a drill that counts."""
    if prediction.up is None or verdict.name == "void":
        return None
    return prediction.up == (verdict.name in _PASSED)


def compared(prediction: Prediction, verdict: Verdict) -> Prediction:
    """The prediction with what became of it."""
    return replace(prediction, agrees=agrees(prediction, verdict))


def headline(prediction: Prediction, verdict: Verdict) -> str:
    """What prediction and drill come to, in a sentence."""
    levels = {"low": percent(prediction.low), "high": percent(prediction.high)}
    name = prediction.item
    agreed = agrees(prediction, verdict)
    if verdict.name == "void":
        return say("drill_evidence.headline_void", item=name)
    if agreed is None:
        return say("drill_evidence.headline_unsure", item=name, **levels)
    side = "up" if prediction.up else "down"
    key = f"headline_{side}_{'held' if agreed else 'wrong'}"
    return say(f"drill_evidence.{key}", item=name, verdict=say(f"drill_evidence.did_{verdict.name}"), **levels)
