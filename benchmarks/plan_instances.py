"""Planning instances of zeros and ones: read, drawn at random in any size, and as real stacks. Owns what planners are timed on.

An instance is what the shared ``plan/*.json`` hold: an item can be had from a provider if all its inputs are there; the first
option of each item is there and free, the others cost. A scenario is the list of providers lost. What must be had is every
target that can be had in a scenario with everything built.

The generator follows the one by which the shared instances were made: eight layers, three options an item, one to three inputs
from the layers right below, 300 suppliers of which few are used often, twelve jurisdictions, the first of which holds two in
five suppliers; the first eight scenarios lose one jurisdiction each, the others fifteen suppliers at random; targets are drawn
from the top layer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from freehold.network.arrays import Floats, Integers
from freehold.plan.goal_values import BestAim, Goal, Limits
from freehold.plan.option_values import Activate, Option
from freehold.plan.problem import Booleans, Problem
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Need, Provider, Source, Stack

__all__ = ["SHARED", "START", "Instance", "as_problem", "as_stack", "candidates_of", "generate", "reachable", "read_instance"]

SHARED: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "plan"
START: Final = "2027-01-01"
"""First day of every plan that is timed."""
_LAYERS: Final = 8
_EACH: Final = 3
_SUPPLIERS: Final = 300
_SKEW: Final = 0.7
_JURISDICTIONS: Final = 12
_LARGEST: Final = 0.4
_JURISDICTION_SCENARIOS: Final = 8
_LOST: Final = 15
_REACH: Final = 2.4
"""How many layers down an input may lie."""


@dataclass(frozen=True)
class Instance:
    """What can be had from whom, and what must be had in which scenario.

    Parameters
    ----------
    items
        How many.
    item, provider, cost, existing : (options,)
        What each option gives, who provides it, its cost once, and whether it is there already.
    input_start, input_item : (options + 1,), (inputs,)
        What each option needs.
    targets : (targets,)
        Items that must be had.
    scenarios
        Providers lost in each.
    years, discount
        As the shared files state them.
    """

    items: int
    item: Integers
    provider: Integers
    cost: Floats
    existing: Booleans
    input_start: Integers
    input_item: Integers
    targets: Integers
    scenarios: tuple[tuple[int, ...], ...]
    years: int = 5
    discount: float = 0.05

    def available(self) -> Booleans:
        """(scenarios, options): whether an option's provider is not lost."""
        lost = np.zeros((len(self.scenarios), int(self.provider.max(initial=0)) + 1), np.bool_)
        for place, providers in enumerate(self.scenarios):
            lost[place, [one for one in providers if one < lost.shape[1]]] = True
        return np.asarray(~lost[:, self.provider], np.bool_)


def read_instance(path: Path) -> Instance:
    """Read one of the shared instances."""
    data = json.loads(path.read_text(encoding="utf-8"))
    options = data["options"]
    sizes = [len(one["inputs"]) for one in options]
    return Instance(
        data["items"], np.array([one["item"] for one in options], np.int64),
        np.array([one["provider"] for one in options], np.int64), np.array([one["cost"] for one in options], np.float64),
        np.array([one["existing"] for one in options], np.bool_), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.array([item for one in options for item in one["inputs"]], np.int64), np.array(data["targets"], np.int64),
        tuple(tuple(one) for one in data["scenarios"]), data["years"], data["discount"],
    )  # fmt: skip


def generate(items: int, *, scenarios: int = 20, seed: int = 1) -> Instance:
    """Draw an instance.

    Parameters
    ----------
    items
        How many items, from 16 up; what does not fill eight layers goes to the top one.
    scenarios
        How many; the first eight lose one jurisdiction each.
    seed
        The same gives the same.
    """
    rng = np.random.default_rng(seed)
    layer = items // _LAYERS
    popularity = np.arange(1, _SUPPLIERS + 1, dtype=np.float64) ** -_SKEW
    options = items * _EACH
    item = np.repeat(np.arange(items, dtype=np.int64), _EACH)
    provider = rng.choice(_SUPPLIERS, options, p=popularity / popularity.sum()).astype(np.int64)
    existing = np.arange(options) % _EACH == 0
    cost = np.where(existing, 0, rng.integers(1, 21, options)).astype(np.float64)
    begins = np.minimum(item // layer, _LAYERS - 1) * layer
    wanted = np.where(begins > 0, rng.integers(1, 4, options), 0)
    owner = np.repeat(np.arange(options), wanted)
    lowest = np.maximum(0, begins[owner] - int(_REACH * layer))
    drawn = lowest + (rng.random(len(owner)) * (begins[owner] - lowest)).astype(np.int64)
    pairs = np.unique(np.stack([owner, drawn], axis=1), axis=0)
    share = np.full(_JURISDICTIONS, (1 - _LARGEST) / (_JURISDICTIONS - 1))
    share[0] = _LARGEST
    seat = rng.choice(_JURISDICTIONS, _SUPPLIERS, p=share)
    lost = [tuple(np.flatnonzero(seat == one).tolist()) for one in range(min(scenarios, _JURISDICTION_SCENARIOS))]
    lost += [
        tuple(sorted(rng.choice(_SUPPLIERS, _LOST, replace=False).tolist())) for _ in range(scenarios - _JURISDICTION_SCENARIOS)
    ]
    top = np.arange((_LAYERS - 1) * layer, items)
    targets = np.sort(rng.choice(top, max(1, min(len(top), items // 50)), replace=False)).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(np.bincount(pairs[:, 0], minlength=options))]).astype(np.int64)
    return Instance(items, item, provider, cost, existing, start, pairs[:, 1].astype(np.int64), targets, tuple(lost))


def reachable(instance: Instance, built: Booleans | None = None) -> Booleans:
    """(items, scenarios): what is had where these options are built; with all of them by default.

    Items are looked at in order, each after what it needs: in an instance inputs are items of lower numbers.
    """
    works = instance.available().T.copy()
    if built is not None:
        works &= (instance.existing | built)[:, None]
    had = np.zeros((instance.items, len(instance.scenarios)), np.bool_)
    start, inputs = instance.input_start.tolist(), instance.input_item
    for option in np.argsort(instance.item, kind="stable").tolist():
        needed = inputs[start[option] : start[option + 1]]
        had[instance.item[option]] |= works[option] & had[needed].all(axis=0)
    return had


def as_problem(instance: Instance) -> Problem:
    """The instance as solvers of zeros and ones take it; builds are the options that are not there, in their order."""
    number = np.where(instance.existing, -1, np.cumsum(~instance.existing) - 1).astype(np.int64)
    had = reachable(instance)[instance.targets]
    target, scenario = np.nonzero(had)
    return Problem(
        instance.items, instance.item, number, instance.input_start, instance.input_item,
        instance.cost[~instance.existing], instance.available(), instance.targets[target], scenario.astype(np.int64),
    )  # fmt: skip


def candidates_of(instance: Instance) -> Integers:
    """Number of the instance's option that each build, and each option of :func:`as_stack`, stands for."""
    return np.flatnonzero(~instance.existing)


def as_stack(
    instance: Instance, *, years: int = 1, budget: float | None = None, penalty: float | None = None
) -> tuple[Stack, tuple[Option, ...], Goal]:
    """The instance as a stack with candidate sources, cut-offs that name the providers lost, and a goal: as well as can be.

    Parameters
    ----------
    instance
        The instance.
    years, budget
        Years of the plan, and what may be spent in each.
    penalty
        What a target that is not had costs in a year of a scenario; ``None``: all that can be had must be, at the end.
    """
    names = [f"p{number:03}" for number in range(int(instance.provider.max(initial=0)) + 1)]
    wanted = set(instance.targets.tolist())
    items = tuple(Item(f"i{number:05}", mission=1.0 if number in wanted else None) for number in range(instance.items))
    start = instance.input_start.tolist()
    sources, needs, options = [], [], []
    for number in range(len(instance.item)):
        item = items[instance.item[number]].id
        source = f"{item}-{number % _EACH}"
        status = "in-use" if instance.existing[number] else "candidate"
        once = None if instance.existing[number] else float(instance.cost[number])
        sources.append(Source(source, item, provider=names[instance.provider[number]], status=status, cost_once=once))
        needs += [Need(source, items[one].id) for one in instance.input_item[start[number] : start[number + 1]].tolist()]
        if not instance.existing[number]:
            options.append(Option(source, (Activate(source),), cost_once=once, cost_year=0.0, lead=0.0, origin="stack"))
    aims = tuple(
        BestAim(Cutoff(tuple(Rule(provider=names[one]) for one in lost if one < len(names)), f"scenario {place}"), (0.0,))
        for place, lost in enumerate(instance.scenarios)
    )
    limits = Limits(
        START, years=years, budget_years=() if budget is None else (budget,) * years,
        discount=instance.discount if years > 1 else 0.0,
        penalty=None if penalty is None else penalty * len(instance.targets),
    )  # fmt: skip
    stack = Stack(
        "planning instance", "DE", ("EU",), items=items, providers=tuple(Provider(name, country="DE") for name in names),
        sources=tuple(sources), needs=tuple(needs),
    )  # fmt: skip
    return stack, tuple(options), Goal(aims, limits)
