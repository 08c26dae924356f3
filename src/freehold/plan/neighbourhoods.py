"""A plan made cheaper bit by bit: some build decisions that stand near one another are left open, the others stay.

Owns which are left open, and the small problem that is then solved. (Large neighbourhood search: Shaw, "Using constraint
programming and local search methods to solve vehicle routing problems", CP 1998.)
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Collection, Sequence

from freehold.plan.highs_model import Relaxed
from freehold.plan.open_graph import Arc, Graph, Part
from freehold.plan.rewriting import parts_of, simplified
from freehold.plan.sat_model import SatModel
from freehold.plan.support import Support

__all__ = ["Neighbourhoods"]

_FIRST, _LEAST, _MOST = 150, 60, 3000
_STEP = 1.25
_WORK = 1.5
_LITTLE, _MUCH = 0.1, 0.3
_NEAR = 3.0
_TOLERANCE = 1e-6


class Neighbourhoods:
    """Who makes plans of one part cheaper; what it does next depends on nothing but what it did before.

    Parameters
    ----------
    part
        The part.
    support
        What rests on what in it.
    """

    def __init__(self, part: Part, support: Support) -> None:
        self._part, self._support = part, support
        self._choose = random.Random(0)  # noqa: S311  (a search, no secret)
        self._size = _FIRST
        self._arcs: list[list[int]] = [[] for _ in part.graph.arcs]
        for arc, node in enumerate(support.node):
            self._arcs[node].append(arc)
        self.relaxed: Relaxed | None = None

    def improved(self, built: Sequence[bool], seconds: float, stop: Callable[[], bool]) -> list[bool] | None:
        """The best plan (builds,) that was found near this one; ``None`` if none was.

        Parameters
        ----------
        built : (builds,)
            A plan that does.
        seconds
            Most time.
        stop
            Asked now and then whether to stop.
        """
        free = self._near(built)
        plan, work = self.solved(built, free, seconds, stop)
        if work < _LITTLE or work > _MUCH:
            self._size = int(min(max(self._size * (_STEP if work < _LITTLE else 1 / _STEP), _LEAST), _MOST))
        return plan

    def _near(self, built: Sequence[bool]) -> set[int]:
        """Build decisions around one that was taken."""
        relaxed, support = self.relaxed, self._support
        there = [build for build, is_built in enumerate(built) if is_built]
        first = self._choose.choice(there) if there else 0
        near: set[int] = set()
        seen = {first}
        queue = deque([first])
        while queue and len(near) < self._size:
            literal = queue.popleft()
            if literal >= 0 and (
                built[literal] or relaxed is None or relaxed.value[literal] > _TOLERANCE or relaxed.reduced[literal] < _NEAR
            ):
                near.add(literal)
            beside = [~support.node[arc] for arc in support.users.get(literal, ())]
            if literal < 0:
                beside += [other for arc in self._arcs[~literal] for other in support.literals[arc]]
            self._choose.shuffle(beside)
            for other in beside:
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
        return near

    def solved(
        self, built: Sequence[bool], free: Collection[int], seconds: float, stop: Callable[[], bool], work: float = _WORK
    ) -> tuple[list[bool] | None, float]:
        """The best plan found when only some build decisions are open, and the work that it took."""
        kept = [there and build not in free for build, there in enumerate(built)]
        plan = list(kept)
        fixed, graph = simplified(self._rest(kept, free), self._part.cost)
        chosen = set(fixed)
        done = 0.0
        for part in parts_of(graph, self._part.cost):
            start = [built[build] for build in part.build]
            run = SatModel(part).solve(seconds, hint=(start, Support(part.graph).had(start)), work=work, stop=stop)
            done += run.work
            if run.built is None:
                return None, done
            chosen.update(build for build, there in zip(part.build, run.built, strict=True) if there)
        for build in chosen:
            plan[build] = True
        return plan, done

    def _rest(self, kept: Sequence[bool], free: Collection[int]) -> Graph:
        """What is open when some builds are there and some can be; all others cannot."""
        graph = self._part.graph
        able = list(kept)
        for build in free:
            able[build] = True
        low, high = self._support.had(kept), self._support.had(able)

        def there(literal: int) -> bool:
            return kept[literal] if literal >= 0 else low[~literal]

        def can(literal: int) -> bool:
            return able[literal] if literal >= 0 else high[~literal]

        number: dict[int, int] = {}
        required = [literal for literal in sorted(graph.required) if not there(literal)]
        stack = [~literal for literal in required if literal < 0]
        rows: dict[int, list[Arc]] = {}
        while stack:
            node = stack.pop()
            if node in rows:
                continue
            number[node] = len(number)
            rows[node] = [
                frozenset(literal for literal in arc if not there(literal)) for arc in graph.arcs[node] if all(map(can, arc))
            ]
            stack += [~literal for arc in rows[node] for literal in arc if literal < 0 and ~literal not in rows]

        def name(literal: int) -> int:
            return literal if literal >= 0 else ~number[~literal]

        arcs = tuple(tuple(dict.fromkeys(frozenset(map(name, arc)) for arc in of)) for of in rows.values())
        held = tuple(graph.held[node] for node in rows)
        return Graph(arcs, held, frozenset(map(name, required)))
