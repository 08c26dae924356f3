"""Other plans of nearly the same cost, and the steps that all of them share: by hand, and against every plan there is."""

from __future__ import annotations

import math

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from freehold.plan.alternatives import alternatives
from freehold.plan.option_values import Option
from freehold.plan.search import Search
from freehold.plan.search_values import Chosen, Terms
from plan_stand_in import EverySubset, TableJudge, goal, judges


def option(id_: str, cost: float, requires: tuple[str, ...] = ()) -> Option:
    return Option(id_, (), cost_once=cost, cost_year=0.0, lead=0.0, requires=requires)


def sets(*ways: tuple[int, ...]) -> tuple[frozenset[int], ...]:
    return tuple(map(frozenset, ways))


SHARED = TableJudge(
    (option("grid", 100), option("north", 40), option("south", 41), option("east", 42), option("far", 60), option("gift", 0)),
    (sets((0,)), sets((1,), (2,), (3,), (4,))),
)
"""The grid is always needed, and one of four sites; a gift costs nothing and does nothing."""


def test_sites_of_nearly_the_same_cost_are_alternatives_and_what_all_of_them_need_is_no_regret() -> None:
    search = Search(SHARED, goal())
    best = search.ask()
    others, always = alternatives(search, best)
    assert best.built == {0, 1}
    assert [(one.options, one.cost, one.differs) for one in others] == [(("grid", "south"), 141, 2), (("east", "grid"), 142, 2)]
    assert always == {0}


def test_as_many_are_shown_as_are_asked_for_and_dearer_ones_where_more_may_be_paid() -> None:
    search = Search(SHARED, goal())
    best = search.ask()
    assert [one.options for one in alternatives(search, best, most=1)[0]] == [("grid", "south")]
    assert [one.cost for one in alternatives(search, best, within=0.2)[0]] == [141, 142, 160]


def test_the_only_near_optimal_plan_has_no_alternatives_and_no_wagers() -> None:
    search = Search(SHARED, goal())
    best = search.ask()
    assert alternatives(search, best, within=0.005) == ((), frozenset({0, 1}))


def test_the_most_different_one_comes_first() -> None:
    # three ways: the cheapest, one that shares a step with it, one that shares none
    judge = TableJudge((option("a", 50), option("b", 50), option("c", 51), option("d", 101)), (sets((0, 1), (0, 2), (3,)),))
    search = Search(judge, goal())
    others, always = alternatives(search, search.ask())
    assert [(one.options, one.differs) for one in others] == [(("d",), 3), (("a", "c"), 2)]
    assert always == frozenset()


def test_without_a_plan_there_is_nothing_near_it() -> None:
    judge = TableJudge((option("a", 50),), ((),))
    search = Search(judge, goal())
    assert alternatives(search, search.ask()) == ((), frozenset())


def test_without_time_nothing_is_called_no_regret() -> None:
    search = Search(SHARED, goal())
    assert alternatives(search, search.ask(), seconds=0.0) == ((), frozenset())


class NeverProven(EverySubset):
    """A search whose time is always up after it found its plan, and that proves nothing but that there is none."""

    def ask(self, terms: Terms | None = None) -> Chosen:
        found = super().ask(terms)
        if found.built is None:
            return found
        return Chosen(found.built, found.starts, found.cost, math.inf if terms and terms.liking else 0.0, "time")


def test_what_no_search_for_likings_could_prove_is_proven_step_by_step() -> None:
    search = NeverProven(SHARED, goal())
    assert alternatives(search, search.ask())[1] == {0}


def near(search: EverySubset, limit: float, terms: Terms) -> list[frozenset[int]]:
    return [one[0] for one in search.plans() if search.does(*one, terms) and one[2] <= limit + 1e-9]


def check_alternatives(search: EverySubset | Search, within: float, share: float) -> None:
    judge, every_plan = search.judge, EverySubset(search.judge, search.goal)
    terms = Terms(least_reliance=share * judge.reliance(frozenset(range(len(judge.options)))))
    best = search.ask(terms)
    assume(best.built is not None)
    assert best.built is not None
    others, always = alternatives(search, best, within=within, terms=terms)
    every = near(every_plan, best.cost * (1 + within), terms)
    assert always == frozenset.intersection(*every)
    # each alternative is such a plan, all differ, none could do without one of its steps
    ids = {option.id: number for number, option in enumerate(judge.options)}
    shown = [frozenset(ids[id_] for id_ in one.options) for one in others]
    assert len({*shown, best.built}) == len(shown) + 1
    for one, plan in zip(others, shown, strict=True):
        assert plan in every
        assert one.differs == len(plan ^ best.built)
        assert not any(other < plan for other in every)
    # the first leaves out as much of the best plan as any can
    most_left = max(len(best.built - plan) for plan in every)
    assert (len(best.built - shown[0]) if shown else 0) == most_left


nearness = st.sampled_from([0.02, 0.1, 0.5])


@settings(max_examples=80, deadline=None)
@given(judges(), nearness, st.sampled_from([0.0, 0.5]))
def test_the_steps_called_no_regret_are_those_in_every_plan_within_the_cost(
    judge: TableJudge, within: float, share: float
) -> None:
    check_alternatives(EverySubset(judge, goal()), within, share)


@settings(max_examples=25, deadline=None)
@given(judges(), nearness, st.sampled_from([0.0, 0.5]))
def test_the_steps_that_the_solver_proves_no_regret_are_those_in_every_plan(
    judge: TableJudge, within: float, share: float
) -> None:
    check_alternatives(Search(judge, goal()), within, share)
