"""How long the exact search for plans takes on random layered stacks: ``python benchmarks/plan_search.py [OPTIONS…]``.

Each item has a source in use, half of them foreign, and one or two candidates that need items of lower layers; ten items at the
top are what counts. Asked when everything foreign is cut off: 30 % of the mission, all of it that can be, and the most
self-reliance for a budget. A line each: options, what was asked, cost, bound, greedy's cost, questions to the simulator,
conflicts, seconds.
"""

from __future__ import annotations

import random
import sys
import time

from freehold.plan.goal_values import Aim, BestAim, Goal, LevelAim, Limits
from freehold.plan.greedy_plan import greedy_plan
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Activate, Option
from freehold.plan.search import Search
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Need, Provider, Source, Stack

FOREIGN = Cutoff((Rule(foreign=True),))
DAYS = (30.0, 365.0)


def layered(count: int, seed: int) -> tuple[Stack, list[Option]]:
    """A stack of some layers with so many candidates, and an option for each."""
    rng = random.Random(seed)
    layers, items, sources, needs, options = 5, [], [], [], []
    width = max(2, count * 2 // (3 * layers))
    for layer in range(layers):
        for place in range(width):
            name = f"i{layer}-{place}"
            items.append(Item(name, mission=1.0 if layer == layers - 1 and place < 10 else 0.0))
            below = [f"i{layer - 1}-{one}" for one in range(width)] if layer else []
            sources.append(Source(name + "@now", name, rng.choice(("far", "home"))))
            rows = [name + "@now"]
            for number in range(rng.choice((1, 2))):
                if len(options) < count:
                    id_ = f"{name}-{number}"
                    rows.append(id_)
                    sources.append(Source(id_, name, rng.choice(("home", "home", "far")), status="candidate"))
                    options.append(
                        Option(
                            id_,
                            (Activate(id_),),
                            cost_once=float(rng.randint(1, 20)),
                            cost_year=0.0,
                            lead=float(rng.randint(0, 300)),
                        )
                    )
            needs += [Need(row, one) for row in rows if below for one in rng.sample(below, min(len(below), rng.randint(1, 2)))]
    providers = (Provider("far", country="US"), Provider("home", country="DE"))
    return Stack("layers", "DE", items=tuple(items), providers=providers, sources=tuple(sources), needs=tuple(needs)), options


def main(counts: list[int]) -> None:
    """Measure and print."""
    for count in counts:
        stack, options = layered(count, 1)
        asked: tuple[tuple[str, tuple[Aim, ...]], ...] = (
            ("level 0.3", (LevelAim(FOREIGN, 0.3, DAYS),)), ("best", (BestAim(FOREIGN, DAYS),)), ("most", ()),
        )  # fmt: skip
        for name, aims in asked:
            budget = 2.0 * count / 5 if name == "most" else None
            goal = Goal(aims, Limits("2026-01-01", budget=budget), seek="reliance" if name == "most" else "cost")
            judge = StackJudge(stack, goal, options)
            judge.judge(frozenset())
            begun = time.perf_counter()
            search = Search(judge, goal)
            chosen = search.ask()
            seconds = time.perf_counter() - begun
            greedy = greedy_plan(StackJudge(stack, goal, options), goal)
            print(
                f"{count} options, {name}: cost {chosen.cost:g}, bound {chosen.bound:g}, reliance {chosen.reliance}, "
                f"stopped {chosen.stopped}, greedy {None if greedy is None else greedy.cost}, "
                f"{search.verdicts.calls} questions, {len(search.conflicts)} conflicts, {seconds:.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [30, 60, 200])
