"""Chokepoints worked by hand, their words for what is wrong, and their limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from math import comb
from typing import Any

import pytest

import freehold
from freehold.errors import SolveError, UnknownId, UsageError
from freehold.measure.chokepoint_values import ChokepointsAnswer, Group
from freehold.measure.chokepoints import chokepoints
from freehold.measure.cut_reason import reasons_of
from freehold.network.cut_sets import CutSets, first_sets
from freehold.stack.values import UNKNOWN, Item, Need, Owner, Provider, Source, Stack


def sets(answer: ChokepointsAnswer) -> list[tuple[str, ...]]:
    return [tuple(member.id for member in cut.members) for cut in answer.cut_sets]


def of(target_needs: dict[str, list[str]], **settings: Any) -> Stack:
    """A stack in which each item named is needed by those of whom it is listed; leaves have one provider of their own name."""
    names = sorted({*target_needs, *(name for needs in target_needs.values() for name in needs)})
    return Stack(
        "by hand",
        "DE",
        items=tuple(Item(name, mission=1.0 if name == "app" else None) for name in names),
        providers=tuple(Provider(f"p-{name}", country="US", probability=0.1) for name in names),
        sources=tuple(Source(f"{name}@p", name, f"p-{name}") for name in names),
        needs=tuple(Need(f"{user}@p", name) for user, needs in target_needs.items() for name in needs),
        **settings,
    )


CLINIC = Stack(  # the example of DESIGN, section 2
    "Clinic assistant",
    "DE",
    ("EU",),
    items=(Item("assistant", mission=1.0), Item("telemetry"), Item("llm"), Item("gpu-server")),
    providers=(
        Provider("acme", country="DE", owner=(Owner("acme-corp"),)),
        Provider("acme-corp", country="US"),
        Provider("openai", country="US"),
        Provider("nvidia", country="US"),
    ),
    sources=(
        Source("assistant@self", "assistant", "self"),
        Source("telemetry@acme", "telemetry", "acme"),
        Source("llm@openai", "llm", "openai", location=("US",)),
        Source("local-llm", "llm", "self", status="standby", capacity=0.6, recover=14.0),
        Source("gpu-server@nvidia", "gpu-server", "nvidia"),
    ),
    needs=(
        Need("assistant@self", "llm"),
        Need("assistant@self", "telemetry", weight=0.2, survive=90.0),
        Need("local-llm", "gpu-server", survive=1095.0),
    ),
)


def test_in_the_end_cover_is_used_up_and_two_providers_together_are_fatal() -> None:
    answer = chokepoints(CLINIC)
    assert sets(answer) == [("nvidia", "openai")]
    assert answer.cut_sets[0].stops_on == 0.0
    assert (answer.counts, answer.complete_to, answer.total, answer.stopped) == ({1: 0, 2: 1}, None, 1, None)
    assert (answer.before, answer.is_down, answer.target) == ((1.0, 1.0), False, None)


def test_on_day_10_the_model_alone_is_fatal_since_its_standby_takes_14_days() -> None:
    assert sets(chokepoints(CLINIC, day=10.0)) == [("openai",)]
    assert sets(chokepoints(CLINIC, day=14.0)) == []
    assert sets(chokepoints(CLINIC, day=1094.0)) == []
    assert sets(chokepoints(CLINIC, day=1095.0)) == [("nvidia", "openai")]
    assert sets(chokepoints(CLINIC, day=200.0, floor=0.7)) == [("openai",)]


def test_a_single_loss_tells_the_loss_on_each_day_what_stops_and_when() -> None:
    first, second, third = chokepoints(CLINIC, days=(0.0, 30.0, 100.0)).single
    assert first.member.id == "openai"
    assert first.loss.low == first.loss.high == pytest.approx((1.0, 0.4, 0.4))
    assert first.at_day == pytest.approx((0.4, 0.4))
    # the model itself has another source, so that it is no lost item, and it stops; so does the assistant
    assert (first.stops, first.first_stop) == ((2, 2), 0.0)
    assert second.member.id == "acme"
    assert second.loss.low == second.loss.high == pytest.approx((0.0, 0.0, 0.2))
    assert (second.stops, second.first_stop) == ((0, 0), None)
    assert (third.member.id, third.at_day) == ("nvidia", (0.0, 0.0))


def test_owners_take_what_they_own_and_countries_what_they_control() -> None:
    assert sets(chokepoints(CLINIC, of="country")) == [("US",)]
    assert [single.member.id for single in chokepoints(CLINIC, of="owner").single] == ["openai", "acme", "acme-corp", "nvidia"]


def test_items_sources_and_leaves_are_what_they_are_called() -> None:
    assert sets(chokepoints(CLINIC, of="item")) == [("llm",)]
    assert sets(chokepoints(CLINIC, of="source")) == [("gpu-server@nvidia", "llm@openai"), ("llm@openai", "local-llm")]
    assert sets(chokepoints(CLINIC, of="leaf")) == [("gpu-server@nvidia", "llm@openai")]


def test_a_circle_keeps_running_until_it_is_stopped_from_outside() -> None:
    stack = of({"app": ["grid"], "grid": ["telecom"], "telecom": ["grid", "cable"], "cable": []})
    answer = chokepoints(stack)
    assert answer.counts == {1: 4}
    assert sets(answer) == [("p-app",), ("p-cable",), ("p-grid",), ("p-telecom",)]


@pytest.mark.parametrize(("n", "k"), [(5, 2), (6, 3), (7, 7)])
def test_what_stops_when_k_of_n_are_lost_has_n_over_k_sets(n: int, k: int) -> None:
    # n alike sources, each of which could give 1/(n − k + 1): whole while n − k + 1 of them are there
    capacity = 1 / (n - k + 1)
    stack = Stack(
        "k of n",
        items=(Item("app", mission=1.0), Item("gate", whole=True)),
        sources=(
            Source("app@self", "app", "self"),
            *(Source(f"s{number}", "gate", f"p{number}", share=1 / n, capacity=capacity) for number in range(n)),
        ),
        needs=(Need("app@self", "gate"),),
    )
    answer = chokepoints(stack, order=n)
    assert answer.counts[k] == answer.total == comb(n, k)


def test_a_weighted_mission_falls_when_enough_of_it_does() -> None:
    stack = Stack(
        "weighted",
        items=(Item("a", mission=5.0), Item("b", mission=3.0), Item("c", mission=2.0)),
        sources=tuple(Source(f"{name}@p{name}", name, f"p{name}") for name in "abc"),
    )
    # by hand: without b 0.7 is left, without b and c 0.5, which is not under the floor; without a exactly 0.5
    assert sets(chokepoints(stack)) == [("pa", "pb"), ("pa", "pc")]
    assert sets(chokepoints(stack, floor=0.51)) == [("pa",), ("pb", "pc")]
    single = {one.member.id: one for one in chokepoints(stack).single}
    assert single["pa"].at_day == pytest.approx((0.5, 0.5))
    assert single["pa"].first_stop is None


def test_what_is_not_known_is_a_group_of_its_own_and_makes_a_loss_an_interval() -> None:
    stack = Stack(
        "unknown",
        "DE",
        items=(Item("app", mission=1.0), Item("x"), Item("y")),
        providers=(Provider("us", country="US"),),
        sources=(
            Source("app@self", "app", "self"),
            Source("xs", "x", "us"),
            Source("xt", "x", UNKNOWN),
            Source("ys", "y", "us"),
        ),
        needs=(Need("app@self", "x"), Need("app@self", "y", weight=0.25)),
    )
    answer = chokepoints(stack)
    assert sets(answer) == [("?", "us")]
    first = answer.single[0]
    assert (first.member.id, first.at_day, first.stops) == ("us", (0.25, 1.0), (0, 1))
    assert answer.unknowns == 1


def test_a_target_that_is_down_before_any_loss_is_said_to_be() -> None:
    stack = Stack("down", items=(Item("app", mission=1.0), Item("part")), sources=(
        Source("app@self", "app", "self"), Source("part@p", "part", "p", status="candidate"),
    ), needs=(Need("app@self", "part"),))  # fmt: skip
    answer = chokepoints(stack, weights={})
    assert answer.is_down
    assert answer.before == (0.0, 0.0)
    assert (answer.counts, answer.total, answer.cut_sets, answer.cheapest) == ({}, 0, (), None)


def test_an_empty_stack_has_nothing_to_lose() -> None:
    answer = chokepoints(Stack("empty"))
    assert (answer.is_down, answer.single, answer.total) == (True, (), 0)


def test_if_everything_is_needed_everything_is_the_mission_and_can_be_lost() -> None:
    stack = Stack("ring", items=(Item("a"), Item("b")), sources=(Source("as", "a", "pa"), Source("bs", "b", "pb")),
                  needs=(Need("as", "b"), Need("bs", "a")))  # fmt: skip
    assert sets(chokepoints(stack, of="item")) == [("a",), ("b",)]


def test_the_cheapest_set_is_the_one_of_least_weight() -> None:
    stack = of({"app": ["x", "y"]})
    either = replace(stack, sources=(*stack.sources, Source("x@2", "x", "second"), Source("y@2", "y", "second")))
    answer = chokepoints(either, "app", weights={"p-x": 0.2, "p-app": 5.0, "second": 0.1, "p-y": 0.1})
    assert answer.cheapest is not None
    assert [member.id for member in answer.cheapest[0].members] == ["p-y", "second"]
    assert answer.cheapest[1] == answer.cheapest_bound == pytest.approx(0.2)
    assert answer.cheapest[0].probability is None  # the second supplier's is not known
    assert chokepoints(either, "app").cheapest is None


def test_the_chance_of_a_set_is_that_all_its_members_are_lost() -> None:
    stack = of({"app": ["x"], "x": []})
    doubled = replace(
        stack,
        sources=(*stack.sources, Source("x@2", "x", "p-y")),
        providers=(*stack.providers, Provider("p-y", probability=0.5)),
    )
    answer = chokepoints(doubled)
    found = dict(zip(sets(answer), [cut.probability for cut in answer.cut_sets], strict=True))
    assert found == pytest.approx({("p-app",): 0.1, ("p-x", "p-y"): 0.05})


def test_a_search_that_is_stopped_says_so_and_what_it_has_found_holds() -> None:
    stack = Stack(
        "wide",
        items=(Item("app", mission=1.0), *(Item(f"i{number:02d}") for number in range(60))),
        sources=(
            Source("app@self", "app", "self"),
            *(Source(f"s{number:02d}-{way}", f"i{number:02d}", f"p{number:02d}-{way}") for number in range(60) for way in "ab"),
        ),
        needs=tuple(Need("app@self", f"i{number:02d}", weight=0.02) for number in range(60)),
    )
    answer = chokepoints(stack, order=60, seconds=1e-6)
    assert answer.stopped == "time"
    assert answer.left_out > 0
    assert answer.total is None


def test_the_answer_names_the_target_that_was_meant_and_what_it_was_asked() -> None:
    answer = freehold.chokepoints(
        replace(CLINIC, items=(*CLINIC.items[:2], replace(CLINIC.items[2], name="Model"), CLINIC.items[3])), "model"
    )
    assert (answer.target, answer.of, answer.day, answer.floor) == ("llm", "provider", None, 0.5)
    assert sets(answer) == [("nvidia", "openai")]


def test_a_target_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownId, match="assistant"):
        chokepoints(CLINIC, "asistant")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"order": 0}, "1 or more"),
        ({"order": 1.5}, "1 or more"),
        ({"order": True}, "1 or more"),
        ({"day": -1.0}, "from 0 up"),
        ({"day": math.nan}, "from 0 up"),
        ({"day": math.inf}, "from 0 up"),
        ({"floor": 0.0}, "not in"),
        ({"floor": 1.1}, "not in"),
        ({"floor": math.nan}, "not in"),
        ({"seconds": 0.0}, "above 0"),
        ({"seconds": math.nan}, "above 0"),
        ({"most": -1}, "0 or more"),
        ({"days": (-1.0,)}, "from 0 up"),
        ({"via": ("road",)}, "no way of control"),
        ({"via": ()}, "no way of control"),
        ({"stake": 1.5}, "not between 0 and 1"),
        ({"of": "firm"}, "no kind of group"),
        ({"kernel": "fast"}, "no kernel"),
        ({"weights": {"openai": 0.0}}, "above 0"),
        ({"weights": {"openai": math.nan}}, "above 0"),
        ({"of": "country", "probabilities": {"US": 2.0}}, "not between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_mend(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        chokepoints(CLINIC, **settings)


def test_a_weight_of_nobody_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownId, match="openai"):
        chokepoints(CLINIC, weights={"opanai": 1.0})


@pytest.mark.parametrize("group", ["item", "source", "leaf", "provider", "owner", "country"])
def test_the_example_is_answered_for_every_kind_of_group(group: Group) -> None:
    answer = chokepoints(freehold.read("examples/clinic"), of=group, order=2)
    assert answer.complete_to in (2, None)
    assert [len(cut.members) for cut in answer.cut_sets] == sorted(len(cut.members) for cut in answer.cut_sets)
    highs = [single.at_day[1] for single in answer.single]
    assert highs == sorted(highs, reverse=True)


def test_more_cut_sets_may_be_asked_for_than_a_machine_can_count() -> None:
    assert sets(chokepoints(of({"app": ["one", "two"]}), most=10**30, of="item")) == [("one",), ("two",)]


def test_an_order_that_makes_no_sense_is_named_as_it_was_written() -> None:
    for order in (0, -3):
        with pytest.raises(UsageError, match=f"an order of {order} makes no sense"):
            chokepoints(CLINIC, order=order)


def test_sets_too_large_to_be_listed_are_left_out_of_the_list_and_stay_counted() -> None:
    def listed() -> Iterator[tuple[int, ...]]:
        yield (0, 1)
        raise SolveError("the cut sets of more than 2 events are counted, and too large to be listed.")

    found = CutSets("diagram", {2: 1, 900: 1}, None, 2, listed, None, 0.0)
    assert first_sets(found, 10) == [(0, 1)]
    assert first_sets(found, 0) == []


def test_no_set_is_explained_once_the_time_is_over() -> None:
    answer = chokepoints(CLINIC)
    assert answer.cut_sets
    assert set(reasons_of(CLINIC, answer, answer.cut_sets, seconds=0.0)) == {None}
    assert None not in reasons_of(CLINIC, answer, answer.cut_sets)


def _two_of_three_layers() -> Stack:
    """Three layers of three, each whole with two of its three, each of which needs two of the layer below."""
    needs = {"app": ["a0", "a1", "a2"]}
    needs |= {f"a{at}": [f"b{at}", f"b{(at + 1) % 3}"] for at in range(3)}
    needs |= {f"b{at}": [f"c{at}", f"c{(at + 1) % 3}"] for at in range(3)}
    stack = of({**needs, **{f"c{at}": [] for at in range(3)}})
    seconds = [replace(source, id=f"{source.id}2", provider="p-app") for source in stack.sources if source.item[0] == "b"]
    spare = tuple(replace(source, status="standby", share=0.0, capacity=1.0, recover=0.0) for source in seconds)
    return replace(stack, sources=(*stack.sources, *spare))


def test_where_a_diagram_gets_too_large_the_hitting_set_loop_gives_the_same_sets() -> None:
    stack = _two_of_three_layers()
    diagram, loop = chokepoints(stack, order=4), chokepoints(stack, order=4, memory=61 * 8)
    assert (diagram.engine, loop.engine) == ("diagram", "hitting set")
    assert {order: count for order, count in loop.counts.items() if count} == {
        order: count for order, count in diagram.counts.items() if count and order <= 4
    }
    assert sorted(sets(loop)) == sorted(sets(diagram))


@pytest.mark.parametrize("group", ["item", "provider"])
@pytest.mark.parametrize("stack", [_two_of_three_layers(), CLINIC], ids=["still", "in time"])
def test_a_stack_that_counts_as_large_has_the_same_answer(stack: Stack, group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    # enough time for kernels that are not compiled yet
    plain = chokepoints(stack, of=group, kernel="plain", seconds=3600.0)
    monkeypatch.setattr("freehold.measure.level_view._LARGE", 0)
    large = chokepoints(stack, of=group, seconds=3600.0)
    assert replace(large, seconds=0.0) == replace(plain, seconds=0.0)


def test_single_losses_that_there_was_no_time_to_count_are_left_out_those_of_the_target_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("freehold.measure.counted_losses._FIRST", 1)
    stack = _two_of_three_layers()
    whole = chokepoints(stack, seconds=3600.0)
    assert whole.left_out == 0
    hurried = chokepoints(stack, seconds=1e-9)
    assert len(hurried.single) == 1
    assert hurried.left_out == len(whole.single) - 1
    assert hurried.single[0] in whole.single
