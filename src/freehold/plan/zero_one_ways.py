"""Sources as ways of a problem of zeros and ones. Owns how conditions of a source become items and ways, and when they cannot.

A way needs the items of its source's needs, and of *conditions*: that it can meet all, in time, well enough; that what its
option requires is built. A need that a cover may replace, and a condition that some build brings about, is an item of its own,
with a way for each that meets it. So every condition is met alone, and builds may share it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from freehold.network.arrays import TOLERANCE, Floats
from freehold.plan.problem import Booleans, Problem
from freehold.plan.zero_one_facts import Facts
from freehold.plan.zero_one_scenes import Left
from freehold.stack.values import Need
from freehold.words import say

__all__ = ["Levels", "Ways"]

_NEAR = 2 * TOLERANCE


class Levels(Exception):
    """Levels have to be solved: the reason, in words."""


@dataclass
class Ways:
    """Items and ways as they come to be.

    Parameters
    ----------
    facts
        What builds can change.
    left
        What each scene leaves.
    requires
        Of each build, the builds that must be there.
    quality
        Least quality of what is activated.
    """

    facts: Facts
    left: Sequence[Left]
    requires: Sequence[Sequence[int]]
    quality: float | None = None
    items: int = 0
    _item: list[int] = field(default_factory=list)
    _build: list[int] = field(default_factory=list)
    _inputs: list[tuple[int, ...]] = field(default_factory=list)
    _available: list[Booleans] = field(default_factory=list)
    _known: dict[object, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.items = len(self.facts.case.stack.items)
        self._all = np.ones(len(self.left), np.bool_)
        self._ramped = np.array([left.ramped_by for left in self.left])
        self._day = np.array([left.day for left in self.left])
        self._available_of: Floats = np.stack([left.available for left in self.left])
        self._voided: Floats = np.stack([left.voided for left in self.left])

    def problem(self, cost: Floats, pairs: Sequence[tuple[int, int]]) -> Problem:
        """The problem in which these pairs of item and scene must be had."""
        sizes = [len(row) for row in self._inputs]
        item, scene = zip(*pairs, strict=True) if pairs else ((), ())
        return Problem(
            self.items, np.array(self._item, np.int64), np.array(self._build, np.int64),
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.fromiter((one for row in self._inputs for one in row), np.int64, sum(sizes)), cost,
            np.stack(self._available, axis=1) if self._available else np.zeros((len(self.left), 0), np.bool_),
            np.array(item, np.int64), np.array(scene, np.int64),
        )  # fmt: skip

    def add_item(self) -> int:
        """Another item."""
        self.items += 1
        return self.items - 1

    def add(self, item: int, build: int, inputs: Iterable[int], available: Booleans) -> None:
        """Another way; what a build requires is among its inputs."""
        if not available.any():
            return
        needed = tuple(dict.fromkeys(inputs))
        if build >= 0 and self.requires[build]:
            needed = (*needed, *(self._built(other) for other in self.requires[build]))
        self._item.append(item)
        self._build.append(build)
        self._inputs.append(needed)
        self._available.append(available)

    def _built(self, build: int) -> int:
        """The item that is had where a build is there."""
        key = ("built", build)
        if key not in self._known:
            self._known[key] = item = self.add_item()
            self.add(item, build, (), self._all)
        return self._known[key]

    def add_supply(self, supply: int) -> None:
        """All ways in which a supply can work.

        Raises
        ------
        Levels
            If it can give a part of its item, or work in part.
        """
        facts = self.facts
        item = facts.case.supplies[supply].item
        available = self._whole(self._available_of[:, supply], "partial_rule", item=self._name(item))
        inputs = self._gives(supply)
        needs = [self._need(need) for need in facts.case.needs_of[supply]] if inputs is not None else []
        if inputs is None or any(need is False for need in needs):
            return
        every = [*inputs, *(need for need in needs if need is not True)]
        builds = facts.activating[supply]
        if builds is None:
            self.add(item, -1, every, available)
            return
        good = self._good(supply)
        for build in builds if good is not None else ():
            self.add(item, build, [*every, *(good or ())], available)

    def _name(self, item: int) -> str:
        return self.facts.case.stack.items[item].id

    def _whole(self, values: Floats, reason: str, **names: str) -> Booleans:
        """Which of these are 1; none may lie between."""
        ones = values >= 1 - TOLERANCE
        if not (ones | (values <= TOLERANCE)).all():
            raise Levels(say(f"zero_one.{reason}", **names))
        return np.asarray(ones, np.bool_)

    def _gives(self, supply: int) -> list[int] | None:
        """Conditions under which a supply gives all of its item; ``None`` if it never does."""
        facts = self.facts
        filled, item = facts.case.supplies[supply].filled, facts.case.supplies[supply].item
        share = filled.share[0]
        capacity, capacities = facts.capacities(supply)
        recover, recoveries = facts.recoveries(supply)
        ramped = recover <= self._ramped
        if item in facts.shared and not ramped.all():
            raise Levels(say("zero_one.share_later", item=self._name(item)))
        if share >= 1 - TOLERANCE:
            return []
        if share > TOLERANCE and not ramped.all():
            raise Levels(say("zero_one.partial_supply", item=self._name(item)))
        self._whole(np.array([capacity, *capacities.values()]), "partial_supply", item=self._name(item))
        enough = self._condition(
            "capacity", capacity >= 1 - TOLERANCE, {build: value >= 1 - TOLERANCE for build, value in capacities.items()}
        )
        in_time = self._condition("recover", ramped, {build: value <= self._ramped for build, value in recoveries.items()})
        if enough is False or in_time is False:
            return None
        return [one for one in (enough, in_time) if one is not True]

    def _good(self, supply: int) -> list[int] | None:
        """Conditions under which what is activated is good enough; ``None`` if it never is."""
        if self.quality is None:
            return []
        least = self.quality - TOLERANCE
        stands, changed = self.facts.qualities(supply)
        good = self._condition("quality", stands >= least, {build: value >= least for build, value in changed.items()})
        return None if good is False else [] if good is True else [good]

    def _condition(
        self, kind: str, stands: Booleans | bool, by_build: Mapping[int, Booleans | bool], needed: int | None = None
    ) -> int | bool:
        """The item that is had where something holds, by itself, by a build, or because another item is had.

        ``True`` or ``False`` where it holds always, or never, whatever is built.
        """
        base = self._all & stands
        if base.all():
            return True
        ways = [(build, self._all & holds) for build, holds in sorted(by_build.items())]
        ways = [(build, holds) for build, holds in ways if (holds & ~base).any()]
        if not ways and not base.any():
            return False if needed is None else needed
        key = (kind if needed is None else "need", needed, base.tobytes(), tuple((build, one.tobytes()) for build, one in ways))
        if key not in self._known:
            self._known[key] = item = self.add_item()
            self.add(item, -1, (), base)
            for build, holds in ways:
                self.add(item, build, (), holds)
            if needed is not None:
                self.add(item, -1, (needed,), self._all)
        return self._known[key]

    def _need(self, need: Need) -> int | bool:
        """The item that is had where a need is met."""
        facts = self.facts
        item = facts.case.item_number[need.item]
        names = {"item": facts.case.stack.source_by_id[need.source].item, "needed": need.item}
        weight, weights = facts.weights(need)
        essential = self._whole(np.array([weight, *weights.values()]), "partial_need", **names)
        if not essential[0]:
            return True
        spared = {build: np.full(len(self._all), not one) for build, one in zip(weights, essential[1:].tolist(), strict=True)}
        survive, covers = facts.covers(need)
        if survive <= TOLERANCE and not covers:
            return self._condition("need", stands=False, by_build=spared, needed=item)
        void = self._voided[:, item]
        if ((void > TOLERANCE) & (void < 1 - TOLERANCE)).any():
            raise Levels(say("zero_one.partial_revocation", **names))
        kept = void <= TOLERANCE
        by_build = dict(spared)
        for build, value in covers.items():
            by_build[build] = spared.get(build, ~self._all) | (self._outlasts(value) & kept)
        return self._condition("need", self._outlasts(survive) & kept, by_build, needed=item)

    def _outlasts(self, survive: float) -> Booleans:
        """In which scenes a cover is not used up yet, whenever it was first drawn on."""
        return np.asarray((survive > np.maximum(TOLERANCE, self._day + _NEAR)) | math.isinf(survive), np.bool_)
