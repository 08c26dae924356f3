"""How well the model predicts drills: over all, and landlord by landlord. Owns what is counted apart from what.

Void drills prove nothing and count neither for nor against a prediction; one that no prediction was made for, or that left
open what would happen, is counted by itself, so that a rate never looks better than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from freehold.drill.hit_rate import HitRate, hit_rate
from freehold.drill.prediction import headline
from freehold.drill.record import Drill
from freehold.stack.cutoff import SELECTORS

__all__ = ["LandlordScore", "Miss", "Score", "landlords_of", "score"]


@dataclass(frozen=True, slots=True)
class LandlordScore:
    """Predictions against drills in which one landlord was cut, written as in ``provider github-inc``."""

    landlord: str
    rate: HitRate


@dataclass(frozen=True, slots=True)
class Miss:
    """A drill that did not bear its prediction out.

    Parameters
    ----------
    command, said, started
        Which drill.
    item, was_up
        What was predicted of which item.
    headline
        The same in a sentence.
    """

    command: tuple[str, ...]
    said: str
    started: str
    item: str
    was_up: bool
    headline: str


@dataclass(frozen=True, slots=True)
class Score:
    """The score over many drills.

    Parameters
    ----------
    overall
        Over all of them.
    void
        Drills that prove nothing.
    unpredicted
        Sound drills for which nothing was predicted.
    open
        Sound drills of which the prediction left open how they would end.
    landlords
        By who was cut, most drills first; a drill that cuts several counts under each.
    misses
        Drills that did not bear their prediction out, the newest first.
    """

    overall: HitRate
    void: int
    unpredicted: int
    open: int
    landlords: tuple[LandlordScore, ...]
    misses: tuple[Miss, ...]


def landlords_of(cut: Mapping[str, Any]) -> tuple[str, ...]:
    """Who or what was cut, from the form of a cut in a record; each as in ``provider github-inc``, ``host files.example``."""
    found: list[str] = []
    cutoff = cut.get("cutoff", cut)
    rules = cutoff.get("rule") if isinstance(cutoff, Mapping) else None
    for rule in rules if isinstance(rules, list | tuple) else ():
        if isinstance(rule, Mapping):
            chosen = [name for name in SELECTORS if rule.get(name) not in (None, False)]
            found.append(" and ".join("everything foreign" if name == "foreign" else f"{name} {rule[name]}" for name in chosen))
    hosts = cut.get("hosts")
    found += [f"host {host}" for host in hosts] if isinstance(hosts, list | tuple) else []
    found += ["air gap"] if cut.get("air_gap") is True else []
    return tuple(dict.fromkeys(one for one in found if one))


def score(drills: Iterable[Drill]) -> Score:
    """Count predictions that drills bore out; those with an unsound verdict apart.

    Parameters
    ----------
    drills
        In any order.
    """
    every = tuple(drills)
    sound = [drill for drill in every if drill.verdict.name != "void"]
    by_landlord: dict[str, list[Drill]] = {}
    for drill in sound:
        for landlord in landlords_of(drill.cut):
            by_landlord.setdefault(landlord, []).append(drill)
    ranked = sorted(by_landlord.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    missed = [
        Miss(drill.command, drill.said, drill.run.started, one.item, one.up is True, headline(one, drill.verdict))
        for drill in sound
        if (one := drill.prediction) is not None and one.agrees is False
    ]
    return Score(
        overall=hit_rate(every),
        void=len(every) - len(sound),
        unpredicted=sum(drill.prediction is None for drill in sound),
        open=sum(drill.prediction is not None and drill.prediction.agrees is None for drill in sound),
        landlords=tuple(LandlordScore(landlord, hit_rate(its)) for landlord, its in ranked),
        misses=tuple(sorted(missed, key=lambda miss: miss.started, reverse=True)),
    )
