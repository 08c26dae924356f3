"""How fast the judge of plans answers, one new set of options after the other. Owns which stacks and aims are timed.

Run it as ``python -m benchmarks.plan_judge [ITEMS]``.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import time
from pathlib import Path

from benchmarks.generate_stack import generate_stack
from freehold.measure.assess import foreign_cutoff
from freehold.plan.confirming import Plain
from freehold.plan.goal_values import Aim, BestAim, Goal, LevelAim, Limits, LossAim, ShareAim
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Activate, Cover, Option, Sooner
from freehold.stack.values import Stack, is_stated
from freehold.work import load

__all__ = ["options_for", "timed"]

_DAYS = (0.0, 30.0, 365.0)


def options_for(stack: Stack, count: int, seed: int = 1) -> tuple[Option, ...]:
    """Options for any stack: a second source at home for what is had, longer covers, shorter recoveries, in turn."""
    chance = random.Random(seed)
    found: list[Option] = []
    items = list(stack.items)
    standby = [source.id for source in stack.sources if source.status == "standby" and is_stated(source.recover)]
    while len(found) < count:
        number = len(found)
        if number % 4 == 3 and standby:
            changes: tuple[Activate | Cover | Sooner, ...] = (Sooner(chance.choice(standby), 1.0),)
            adds = None
        elif number % 4 == 2 and stack.needs:
            need = chance.choice(stack.needs)
            changes, adds = (Cover(need.source, need.item, 120.0),), None
        else:
            from freehold.stack.values import Need, Source

            item, needed = chance.choice(items).id, chance.choice(items).id
            source = Source(f"home-{number}", item, "self", status="candidate", recover=float(chance.choice([0, 14, 60])))
            adds = Stack(sources=(source,), needs=(Need(source.id, needed),))
            changes = (Activate(source.id),)
        found.append(Option(f"o{number:05}", changes, adds=adds, cost_once=1.0, cost_year=0.0, lead=0.0))
    return tuple(found)


def timed(stack: Stack, count: int, aims: dict[str, Aim], sets: int = 60) -> dict[str, tuple[float, float, float]]:
    """Seconds of a new question by aim: the least, the median, and the least of asking plainly.

    Parameters
    ----------
    stack
        The stack.
    count
        How many options there are.
    aims
        What is asked, by name.
    sets
        How many sets of options are judged.
    """
    options = options_for(stack, count)
    found = {}
    for name, aim in aims.items():
        goal = Goal((aim,), Limits("2026-01-01"))
        judge = StackJudge(stack, goal, options)
        judge.judge(frozenset())
        judge.judge(frozenset({0, 1, 2}))
        chance = random.Random(2)
        asked = [frozenset(chance.sample(range(count), count // 3)) for _ in range(sets)]
        seconds = []
        for built in asked:
            since = time.perf_counter()
            judge.judge(built)
            seconds.append(time.perf_counter() - since)
        plain, slow = Plain(stack, goal, options), []
        # a loss asked plainly of a large stack takes minutes: each of its members is lost anew
        for built in asked[:2] if len(stack.items) <= 100 or not isinstance(aim, LossAim) else ():
            since = time.perf_counter()
            plain.judge(built)
            slow.append(time.perf_counter() - since)
        found[name] = min(seconds), statistics.median(seconds), min(slow, default=math.nan)
    return found


def main(arguments: list[str]) -> None:
    """Time the examples, and a generated stack."""
    root = Path(__file__).resolve().parents[1]
    cut = foreign_cutoff()
    aims: dict[str, Aim] = {
        "level": LevelAim(cut, 0.7, _DAYS), "level throughout": LevelAim(cut, 0.7, _DAYS, throughout=True),
        "as well as can be": BestAim(cut, _DAYS), "content": ShareAim("content", 0.5),
        "one provider lost": LossAim("provider", 1, 0.5, _DAYS),
    }  # fmt: skip
    for name in ("clinic", "public-office", "training", "value-chain"):
        _show(name, load(str(root / "examples" / name)).stack, 40, aims)
    items = int(arguments[0]) if arguments else 2000
    from freehold.stack.toml_file import loads

    _show(f"generated, {items} items", loads(generate_stack(items, 1)), 300, aims)


def _show(name: str, stack: Stack, count: int, aims: dict[str, Aim]) -> None:
    print(f"{name}: {len(stack.items)} items, {len(stack.sources)} sources, {len(stack.needs)} needs, {count} options")
    for aim, (least, median, plain) in timed(stack, count, aims, 60 if len(stack.items) < 500 else 15).items():
        print(f"  {aim:20} least {least * 1e3:8.2f} ms   median {median * 1e3:8.2f} ms   plainly {plain * 1e3:8.1f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
