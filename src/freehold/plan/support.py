"""What holds in a graph of what is open, and what can be spared. Owns the walk upwards from builds, and reverse deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from freehold.plan.open_graph import Graph

__all__ = ["Support", "spared"]


class Support:
    """What rests on what in a graph.

    Parameters
    ----------
    graph
        The graph. Without held nodes what it says is exact; those are taken to hold whenever nothing speaks against it.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._optimistic = any(graph.held)
        self.node: list[int] = []
        self.literals: list[tuple[int, ...]] = []
        self.users: dict[int, list[int]] = {}
        for node, arcs in enumerate(graph.arcs):
            for arc in arcs:
                for literal in arc:
                    self.users.setdefault(literal, []).append(len(self.node))
                self.node.append(node)
                self.literals.append(tuple(sorted(arc)))

    def had(self, built: Sequence[bool]) -> list[bool]:
        """Which nodes hold with these builds (builds,)."""
        if self._optimistic:
            return self._greatest(built)
        had = [False] * len(self.graph.arcs)
        lacking = [sum(literal < 0 or not built[literal] for literal in literals) for literals in self.literals]
        stack = []
        for arc, lacks in enumerate(lacking):
            if not lacks and not had[self.node[arc]]:
                had[self.node[arc]] = True
                stack.append(self.node[arc])
        while stack:
            for arc in self.users.get(~stack.pop(), ()):
                lacking[arc] -= 1
                if not lacking[arc] and not had[self.node[arc]]:
                    had[self.node[arc]] = True
                    stack.append(self.node[arc])
        return had

    def _greatest(self, built: Sequence[bool]) -> list[bool]:
        fall = _Falling(self, [True] * len(self.graph.arcs), built)
        return fall.had

    def serves(self, built: Sequence[bool]) -> bool:
        """Whether all that is required holds with these builds (builds,)."""
        had = self.had(built)
        return all(built[literal] if literal >= 0 else had[~literal] for literal in self.graph.required)

    def trim(self, built: Sequence[bool], order: Iterable[int]) -> list[bool]:
        """Leave out, in this order, what can be spared; for graphs without circles.

        Parameters
        ----------
        built : (builds,)
            A plan that does.
        order
            Build decisions to try.
        """
        left = list(built)
        falling = _Falling(self, self.had(built), left)
        for build in order:
            if left[build] and falling.take(build):
                left[build] = False
        return left


class _Falling:
    """Counters of what still carries each node, taken down build by build."""

    def __init__(self, support: Support, had: list[bool], built: Sequence[bool]) -> None:
        self._support, self.had = support, had
        self._required = support.graph.required
        truth: Callable[[int], bool] = lambda literal: built[literal] if literal >= 0 else had[~literal]  # noqa: E731
        self._lacking = [sum(not truth(literal) for literal in literals) for literals in support.literals]
        self._carried = [0] * len(had)
        for arc, lacks in enumerate(self._lacking):
            self._carried[support.node[arc]] += not lacks
        fallen = [node for node, holds in enumerate(had) if holds and not self._carried[node]]
        for node in fallen:
            had[node] = False
        self._spread([~node for node in fallen], watched=False)

    def take(self, build: int) -> bool:
        """Take a build decision away, if all that is required still holds without; else leave all as it was."""
        if build in self._required:
            return False
        return self._spread([build], watched=True)

    def _spread(self, stack: list[int], *, watched: bool) -> bool:
        gone = []
        while stack:
            literal = stack.pop()
            gone.append(literal)
            if watched and literal in self._required:
                self._undo(gone, stack)
                return False
            for arc in self._support.users.get(literal, ()):
                self._lacking[arc] += 1
                if self._lacking[arc] == 1:
                    node = self._support.node[arc]
                    self._carried[node] -= 1
                    if not self._carried[node] and self.had[node]:
                        self.had[node] = False
                        stack.append(~node)
        return True

    def _undo(self, gone: list[int], waiting: list[int]) -> None:
        """Take back all that was taken; the last one was not spread yet."""
        for literal in (*waiting, gone.pop()):
            self.had[~literal] = True
        for literal in gone:
            if literal < 0:
                self.had[~literal] = True
            for arc in self._support.users.get(literal, ()):
                self._lacking[arc] -= 1
                if not self._lacking[arc]:
                    self._carried[self._support.node[arc]] += 1


def spared(does: Callable[[Sequence[bool]], bool], built: Sequence[bool], order: Sequence[int]) -> list[bool]:
    """Leave out, in this order, what can be spared, asking for runs of several at once.

    Parameters
    ----------
    does
        Whether a plan (builds,) does; monotone.
    built : (builds,)
        A plan that does.
    order
        Build decisions to try.
    """
    left = list(built)
    waiting = [build for build in order if left[build]]
    runs = [waiting] if waiting else []
    while runs:
        run = runs.pop()
        trial = list(left)
        for build in run:
            trial[build] = False
        if does(trial):
            left = trial
        elif len(run) > 1:
            half = len(run) // 2
            runs += [run[half:], run[:half]]
    return left
