"""What a level rests on: facts with bounds, who says them and how surely. Owns reading them from people and from a radius.

A fact is an interval, as everywhere: known if both ends are one. Yes and no are 1 and 0; a word of a choice is its rank.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from freehold.errors import BadSignal
from freehold.measure.unknowns import Worth
from freehold.stack.cells import nearest, shown
from freehold.watch.radius import Radius, Reach
from freehold.words import say

__all__ = ["Fact", "FactDefinition", "fact_question", "facts_from", "stated_facts"]

_YES: Final = {"yes": 1.0, "true": 1.0, "1": 1.0, "no": 0.0, "false": 0.0, "0": 0.0}
_WITHIN: Final = (("mission_loss_now", 0.0), ("mission_loss_day", 1.0), ("mission_loss_week", 7.0))


class FactDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One fact that a level can rest on.

    Parameters
    ----------
    id
        Its name.
    type
        ``part`` (0 to 1), ``number`` (0 or more), ``flag`` (yes or no), ``choice``.
    question
        The question that it answers.
    choices
        The words of a choice, the least first.
    blank
        What is assumed until somebody states it; without it the fact is unknown until then.
    """

    id: str
    type: Literal["part", "number", "flag", "choice"]
    question: str
    choices: tuple[str, ...] = ()
    blank: str | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most that it can be."""
        if self.type == "choice":
            return 0.0, float(len(self.choices) - 1)
        return 0.0, math.inf if self.type == "number" else 1.0


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one fact.

    Parameters
    ----------
    id
        Which.
    low, high
        Its bounds; one number if it is known.
    source
        Who says so.
    confidence
        How surely, 0 to 1.
    assumed
        Whether nobody says so: it was left blank.
    question
        What would settle it, where that is more exact than the definition's question.
    """

    id: str
    low: float
    high: float
    source: str = ""
    confidence: float = 1.0
    assumed: bool = False
    question: str = ""

    @property
    def is_known(self) -> bool:
        """Whether both ends are one."""
        return self.low == self.high


def stated_facts(
    texts: Mapping[str, str], definitions: Iterable[FactDefinition], source: str, confidence: float = 1.0
) -> tuple[Fact, ...]:
    """Read facts as people write them: ``1200``, ``5%``, ``yes``, ``personal``, a range ``100..5000``, ``?``.

    Parameters
    ----------
    texts
        By fact.
    definitions
        The facts that there are.
    source, confidence
        Who states them, and how surely.

    Raises
    ------
    freehold.errors.BadSignal
        If there is no such fact, or its value is none.
    """
    known = {one.id: one for one in definitions}
    found = []
    for name, text in texts.items():
        if name not in known:
            near = nearest(name, known)
            mend = f"Did you mean '{near[0]}'?" if near else f"Facts: {', '.join(known)}."
            raise BadSignal(f"no level rests on a fact '{name[:80]}'. {mend}")
        low, high = _bounds(known[name], text.strip())
        found.append(Fact(id=name, low=low, high=high, source=source, confidence=confidence))
    return tuple(found)


def _bounds(definition: FactDefinition, text: str) -> tuple[float, float]:
    if text in ("?", ""):
        return definition.bounds
    first, dots, second = text.partition("..")
    low = _value(definition, first) if first or not dots else definition.bounds[0]
    high = (_value(definition, second) if second else definition.bounds[1]) if dots else low
    if low > high:
        raise BadSignal(f"the fact {definition.id} runs from {first} down to {second}. Write the lesser first.")
    return low, high


def _value(definition: FactDefinition, text: str) -> float:
    word = text.strip().casefold()
    if definition.type == "flag" and word in _YES:
        return _YES[word]
    if definition.type == "choice" and word in definition.choices:
        return float(definition.choices.index(word))
    if definition.type in ("part", "number"):
        try:
            value = float(word.removesuffix("%").replace(",", "").replace("_", "")) / (100 if word.endswith("%") else 1)
        except ValueError:
            value = math.nan
        if definition.bounds[0] <= value <= definition.bounds[1] and not math.isinf(value):
            return value
    wanted = {
        "flag": "yes or no", "choice": f"one of: {', '.join(definition.choices)}", "part": "a part such as 0.2 or 20%",
        "number": "a number, 0 or more",
    }  # fmt: skip
    raise BadSignal(f"the fact {definition.id} cannot be {shown(text)}. Write {wanted[definition.type]}, or ? if not known.")


def facts_from(reach: Reach, radius: Radius, worths: Iterable[Worth] = ()) -> tuple[Fact, ...]:
    """The facts that a blast radius states: the mission lost now, within a day and within seven, on the exact time line.

    Parameters
    ----------
    reach, radius
        The stack, and how far the loss reaches.
    worths
        Unknown facts of the stack, best first (:meth:`freehold.watch.radius.Reach.learn`); the first is the question that
        narrows them.
    """
    low, high = reach.curves(radius)
    best = next(iter(worths), None)
    if not radius.place.is_known:
        question = say("radius.which_part")
    else:
        question = "" if best is None else fact_question(best.fact.attribute, best.fact.id)
    found = []
    for name, day in _WITHIN:
        least = round(max(0.0, radius.before[0] - high.least(day)), 12)
        most = round(max(0.0, radius.before[1] - low.least(day)), 12)
        source, confidence = say("radius.by_radius"), min((tie.confidence for tie in radius.place.ties), default=1.0)
        wide = question if least != most else ""
        found.append(Fact(id=name, low=least, high=max(least, most), source=source, confidence=confidence, question=wide))
    return tuple(found)


def fact_question(attribute: str, id_: str) -> str:
    """The question for a fact of a stack that is not known."""
    known = ("source", "provider", "owner", "country", "location", "origin", "licence")
    key = attribute if attribute in known else "number"
    return say("radius.ask", what=say(f"check.what_{key}", id=id_, attribute=attribute))
