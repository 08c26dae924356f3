"""Black starts: knots, what unlocks them, what they block; by hand, and the laws on random stacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from freehold.errors import BadCutoff
from freehold.measure import restart as module
from freehold.measure.cutoff import cutoff
from freehold.measure.restart import RestartAnswer, restart
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import Item, Need, Source, Stack
from strategies import PROVIDERS, cutoffs, repeatable, shuffled, stacks

FOREIGN = Cutoff((Rule(foreign=True),))
PEOPLE = """
[stack]
home = "DE"
[[provider]]
id = "landlord"
country = "US"
[[provider]]
id = "seatless"
"""


def circles(*needs: str, **settings: Any) -> Stack:
    """Items of one source each, at home: ``"a > b c"`` says that a needs b and c."""
    pairs = [row.split(" > ") if " > " in row else (row, "") for row in needs]
    return Stack(
        "circles",
        "DE",
        items=tuple(Item(name) for name, _ in pairs),
        providers=PROVIDERS,
        sources=tuple(Source(f"{name}s", name, "self") for name, _ in pairs),
        needs=tuple(Need(f"{name}s", needed, **settings) for name, row in pairs for needed in row.split()),
    )


def given_from_outside(stack: Stack, names: Iterable[str]) -> Stack:
    """The same stack, some items of which have one source that needs nothing."""
    names = set(names)
    kept = [source for source in stack.sources if source.item not in names]
    ids = {source.id for source in kept}
    return replace(
        stack,
        items=tuple(replace(item, whole=None) if item.id in names else item for item in stack.items),
        sources=(*kept, *(Source(f"{name} given", name, "self") for name in sorted(names))),
        needs=tuple(need for need in stack.needs if need.source in ids),
    )


def with_all_before(answer: RestartAnswer, knot: int) -> set[str]:
    return {name for place in (knot, *answer.knots[knot].after) for name in answer.knots[place].unlocked_by}


def shape(answer: RestartAnswer) -> list[tuple[str, str, bool]]:
    return [("".join(knot.items), "".join(knot.unlocked_by), knot.smallest) for knot in answer.knots]


# ---------------------------------------------------------------- by hand


def test_two_that_need_each_other_are_a_knot_that_either_unlocks() -> None:
    answer = restart(circles("a > b", "b > a", "c"))
    assert answer.restartable == ("c",)
    assert (answer.levels["a"], answer.running["a"], answer.levels["c"]) == ((0, 0), (1, 1), (1, 1))
    assert shape(answer) == [("ab", "a", True)]
    assert (answer.blocked, answer.lost) == ((), ())


def test_an_item_that_needs_itself_is_a_knot() -> None:
    assert shape(restart(circles("a > a"))) == [("a", "a", True)]


def test_the_item_that_two_circles_share_unlocks_both() -> None:
    assert shape(restart(circles("a > b", "b > a c", "c > b"))) == [("abc", "b", True)]


def test_a_triangle_in_which_each_needs_both_others_takes_two() -> None:
    assert shape(restart(circles("a > b c", "b > a c", "c > a b"))) == [("abc", "ab", True)]


def test_a_knot_behind_a_knot_is_reported_after_it_and_what_needs_them_is_blocked() -> None:
    answer = restart(circles("x > c", "c > d a", "d > c", "a > b", "b > a", "y"))
    assert answer.restartable == ("y",)
    assert shape(answer) == [("ab", "a", True), ("cd", "c", True)]
    assert [knot.after for knot in answer.knots] == [(), (0,)]
    assert [(one.id, one.by) for one in answer.blocked] == [("x", (0, 1))]


def test_a_circle_that_only_waits_for_a_knot_is_blocked_and_is_no_knot() -> None:
    stack = circles("a > b", "b > a", "c > d", "d")
    # c and d feed each other, but d has a way of its own that needs the knot
    sources = (*stack.sources, Source("d2", "d", "self", share=1.0), Source("d3", "d", "self", share=0.0))
    sources = tuple(source for source in sources if source.id != "ds")
    stack = replace(stack, sources=sources, needs=(*stack.needs, Need("d2", "a"), Need("d3", "c")))
    answer = restart(stack)
    assert shape(answer) == [("ab", "a", True)]
    assert [(one.id, one.by) for one in answer.blocked] == [("c", (0,)), ("d", (0,))]
    assert restart(given_from_outside(stack, "a")).restartable == ("a", "b", "c", "d")


def test_a_circle_with_a_weak_need_starts_and_one_with_a_part_of_its_supply_outside_starts_in_part() -> None:
    assert restart(circles("a > b", "b > a", weight=0.5)).restartable == ("a", "b")
    stack = circles("a > b", "b > a")
    sources = (
        replace(stack.sources[0], share=0.7),
        replace(stack.sources[1], share=None),
        Source("outside", "a", "self", share=0.3),
    )
    needs = (*stack.needs[:1], replace(stack.needs[1], enough=0.5))
    # a = 0.3 + 0.7·b, b = a/0.5 up to 1: it lifts itself
    assert restart(replace(stack, sources=sources, needs=needs)).restartable == ("a", "b")


def test_a_whole_item_that_is_offered_a_part_does_not_start() -> None:
    stack = circles("a > b", "b > a")
    sources = (replace(stack.sources[0], share=0.7), stack.sources[1], Source("outside", "a", "self", share=0.3))
    whole = tuple(replace(item, whole=item.id == "a") for item in stack.items)
    assert restart(replace(stack, sources=sources)).restartable == ("a", "b")
    assert shape(restart(replace(stack, items=whole, sources=sources))) == [("ab", "a", True)]


def test_what_a_cut_off_takes_away_is_lost_and_is_nobodys_knot() -> None:
    text = """
[[item]]
id = "app"
source = [{ provider = "self", needs = ["llm"] }]
[[item]]
id = "llm"
source = [{ provider = "landlord" }]
[[item]]
id = "ours"
source = [{ provider = "self" }]
"""
    answer = restart(loads(PEOPLE + text, "stack.toml"), FOREIGN)
    assert (answer.restartable, answer.lost) == (("ours",), ("app", "llm"))
    assert (answer.knots, answer.blocked) == ((), ())
    assert answer.cutoff == FOREIGN
    assert answer.running["app"] == (1, 1)


def test_a_circle_that_a_cut_off_stops_for_good_is_lost_and_one_that_it_only_robs_of_its_starter_is_a_knot() -> None:
    text = """
[[item]]
id = "steel"
source = [{ provider = "self", needs = ["machines"] }, { provider = "landlord" }]
[[item]]
id = "machines"
source = [{ provider = "self", needs = [{ item = "steel", enough = 0.5 }] }]
"""
    stack = loads(PEOPLE + text, "stack.toml")
    assert restart(stack).restartable == ("steel", "machines")
    answer = restart(stack, FOREIGN)
    # once cut, steel could hold 1 (a blank share has capacity 1) and machines 1
    assert shape(answer) == [("machinessteel", "machines", True)]
    assert answer.levels["steel"] == (0, 0)
    stopped = loads(
        PEOPLE
        + text.replace("enough = 0.5 }", 'weight = 1 }, "chip"')
        + '[[item]]\nid = "chip"\nsource = [{ provider = "landlord" }]'
    )
    answer = restart(stopped, FOREIGN)
    assert (answer.restartable, answer.knots, answer.lost) == ((), (), ("steel", "machines", "chip"))


def test_a_circle_of_which_the_cut_off_leaves_a_part_is_wanted_back_at_that_part() -> None:
    text = """
[[item]]
id = "a"
source = [{ provider = "self", share = 0.6, needs = ["b"] }, { provider = "landlord", share = 0.4 }]
[[item]]
id = "b"
source = [{ provider = "self", needs = [{ item = "a", enough = 0.6 }] }]
"""
    answer = restart(loads(PEOPLE + text, "stack.toml"), FOREIGN)
    # a held 0.6 and b 1 after the cut-off; from nothing they stay at 0
    assert shape(answer) == [("ab", "a", True)]


def test_a_circle_is_not_asked_for_more_than_it_ran_at_where_a_cut_off_brings_capacity_up() -> None:
    text = """
[[item]]
id = "planned"
source = [{ provider = "self", status = "candidate" }]
[[item]]
id = "a"
source = [{ provider = "self", needs = [{ item = "planned", weight = 0.5 }] }, { provider = "self", status = "standby" }]
[[item]]
id = "b"
source = [{ provider = "self", needs = ["a", "c"] }]
[[item]]
id = "c"
source = [{ provider = "self", needs = ["b"] }, { provider = "self", status = "standby", capacity = 0.3 }]
"""
    stack = loads(PEOPLE + text, "stack.toml")
    answer = restart(stack, FOREIGN)
    assert (answer.running["b"], answer.levels["a"]) == ((0.5, 0.5), (1, 1))
    # c starts at 0.3 on its standby, lifts b to 0.3, and so on up to 1
    assert (answer.restartable, answer.knots) == (("planned", "a", "b", "c"), ())
    answer = restart(loads(PEOPLE + text.replace(", capacity = 0.3", ', needs = ["planned"]'), "stack.toml"), FOREIGN)
    assert shape(answer) == [("bc", "b", True)]
    assert (answer.restartable, answer.running["c"]) == (("planned", "a"), (0.5, 0.5))


def test_an_end_of_the_cut_off_ends_it_for_a_restart_too() -> None:
    text = '[[item]]\nid = "x"\nsource = [{ provider = "landlord" }]'
    stack = loads(PEOPLE + text, "stack.toml")
    assert restart(stack, Cutoff((Rule(foreign=True, until_day=30),))).restartable == ("x",)
    assert restart(stack, FOREIGN).restartable == ()


def test_cover_counts_as_nothing_unless_stock_is_asked_for() -> None:
    stack = circles("a > b", "b > a", survive=30.0)
    assert shape(restart(stack)) == [("ab", "a", True)]
    answer = restart(stack, with_stock=True)
    assert (answer.restartable, answer.knots, answer.with_stock) == (("a", "b"), (), True)


def test_stock_that_a_revocation_voids_starts_nothing() -> None:
    text = """
[[item]]
id = "app"
source = [{ provider = "self", needs = [{ item = "tool", survive = "forever" }] }]
[[item]]
id = "tool"
source = [{ provider = "landlord" }]
"""
    stack = loads(PEOPLE + text, "stack.toml")
    assert restart(stack, FOREIGN, with_stock=True).restartable == ("app",)
    revoked = restart(stack, Cutoff((Rule(foreign=True, cover="void"),)), with_stock=True)
    assert (revoked.restartable, revoked.lost) == ((), ("app", "tool"))


def test_what_stood_by_cover_alone_is_lost_without_it() -> None:
    stack = circles("a > b", "b", survive=float("inf"))
    stack = replace(stack, sources=(stack.sources[0], replace(stack.sources[1], status="candidate")))
    answer = restart(stack)
    assert (answer.running["a"], answer.levels["a"]) == ((1, 1), (0, 0))
    assert (answer.lost, answer.restartable) == (("a",), ("b",)), "b runs at 0 and reaches it"


def test_unknown_facts_count_at_their_worst() -> None:
    text = '[[item]]\nid = "x"\nsource = [{ provider = "seatless" }]'
    answer = restart(loads(PEOPLE + text, "stack.toml"), Cutoff((Rule(country="US"),)))
    assert (answer.levels["x"], answer.restartable, answer.lost) == ((0, 1), (), ("x",))


def test_a_cut_off_must_name_what_is_there() -> None:
    with pytest.raises(BadCutoff, match="nobody"):
        restart(circles("a"), Cutoff((Rule(item="nobody"),)))


def test_an_empty_stack_restarts() -> None:
    answer = restart(Stack())
    assert (answer.restartable, answer.knots, dict(answer.levels)) == ((), (), {})


def clique(size: int) -> Stack:
    names = [f"n{number:02}" for number in range(size)]
    return circles(*(f"{name} > {' '.join(other for other in names if other != name)}" for name in names))


def test_a_set_of_more_than_three_is_found_and_proven() -> None:
    for size in (5, 6, 12):
        knot = restart(clique(size)).knots[0]
        assert (len(knot.unlocked_by), knot.at_least, knot.smallest) == (size - 1, size - 1, True)


def test_a_large_knot_is_unlocked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"n{number:03}" for number in range(300)]
    ring = circles(*(f"{name} > {names[at - 1]} {names[at - 50]}" for at, name in enumerate(names)))
    answer = restart(ring)
    (knot,) = answer.knots
    assert len(knot.items) == 300
    assert 1 < knot.at_least <= len(knot.unlocked_by) < 100
    assert len(restart(given_from_outside(ring, knot.unlocked_by)).restartable) == 300
    monkeypatch.setattr(module, "_MOST_WORK", 0)
    monkeypatch.setattr(module, "_FEWEST_TRIES", 0)
    knot = restart(ring).knots[0]
    assert len(restart(given_from_outside(ring, knot.unlocked_by)).restartable) == 300


# ---------------------------------------------------------------- laws


@st.composite
def knotted(draw: st.DrawFn) -> Stack:
    """A random stack full of circles, without cover."""
    names = [f"i{number}" for number in range(draw(st.integers(2, 8)))]
    sources, needs = [], []
    for name in names:
        for place in range(draw(st.sampled_from([1, 1, 1, 2]))):
            source = Source(f"{name}s{place}", name, draw(st.sampled_from(["self", "landlord"])))
            sources.append(source)
            for needed in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
                weight, enough = draw(st.sampled_from([None, None, None, 0.5])), draw(st.sampled_from([None, None, 0.5]))
                needs.append(Need(source.id, needed, weight=weight, enough=enough))
    items = tuple(Item(name, whole=draw(st.sampled_from([None, None, None, True]))) for name in names)
    return Stack("knotted", "DE", items=items, providers=PROVIDERS, sources=tuple(sources), needs=tuple(needs))


def without_cover(stack: Stack) -> Stack:
    return replace(stack, needs=tuple(replace(need, survive=None) for need in stack.needs))


def test_every_item_has_one_fate() -> None:
    @repeatable(70)
    @given(stacks() | knotted(), st.none() | cutoffs(), st.booleans())
    def law(stack: Stack, cut: Cutoff | None, stock: bool) -> None:
        answer = restart(stack, cut, with_stock=stock)
        tied = [name for knot in answer.knots for name in knot.items] + [one.id for one in answer.blocked]
        assert sorted([*answer.restartable, *tied, *answer.lost]) == sorted(item.id for item in stack.items)
        for place, knot in enumerate(answer.knots):
            assert knot.unlocked_by
            assert set(knot.unlocked_by) <= set(knot.items)
            assert all(before < place for before in knot.after)
        assert all(one.by for one in answer.blocked)
        for name, (low, high) in answer.levels.items():
            assert 0 <= low <= high + 1e-9
            assert low <= 1
            assert answer.running[name][0] <= answer.running[name][1] + 1e-9

    law()


def test_without_circles_and_cut_off_everything_restarts() -> None:
    @repeatable(40)
    @given(stacks(circles=False))
    def law(stack: Stack) -> None:
        stack = without_cover(stack)
        answer = restart(stack)
        assert answer.restartable == tuple(item.id for item in stack.items)
        assert (answer.knots, answer.blocked, answer.lost) == ((), (), ())

    law()


def test_a_knot_restarts_when_its_set_is_given_and_all_knots_free_what_they_block() -> None:
    @repeatable(70)
    @given(knotted() | stacks(unknown=False).map(without_cover))
    def law(stack: Stack) -> None:
        answer = restart(stack)
        assume(answer.knots)
        assert not answer.lost
        for place, knot in enumerate(answer.knots):
            levels = restart(given_from_outside(stack, with_all_before(answer, place))).levels
            for name in knot.items:
                assert levels[name].low >= answer.running[name].low - 2e-9
        levels = restart(given_from_outside(stack, {name for knot in answer.knots for name in knot.unlocked_by})).levels
        for name, level in answer.running.items():
            assert levels[name].low >= level.low - 2e-9

    law()


def test_no_smaller_set_unlocks_a_knot() -> None:
    @repeatable(50)
    @given(knotted())
    def law(stack: Stack) -> None:
        answer = restart(stack)
        assume(answer.knots)
        for place, knot in enumerate(answer.knots):
            assert knot.smallest
            before = with_all_before(answer, place) - set(knot.unlocked_by)
            for chosen in combinations(knot.items, len(knot.unlocked_by) - 1):
                levels = restart(given_from_outside(stack, before | set(chosen))).levels
                assert any(levels[name].low < answer.running[name].low - 1e-9 for name in knot.items)

    law()


def test_under_a_cut_off_a_knot_comes_back_to_what_it_could_have_held() -> None:
    @repeatable(70)
    @given(knotted())
    def law(stack: Stack) -> None:
        # stated shares: no source has more capacity than share, so that the cut-off only takes away
        count = {item: len(sources) for item, sources in stack.sources_of.items()}
        stack = replace(stack, sources=tuple(replace(source, share=1 / count[source.item]) for source in stack.sources))
        answer = restart(stack, FOREIGN)
        assume(answer.knots)
        held = {item.id: item.low[0] for item in cutoff(stack, FOREIGN, [0.0]).items}
        for place, knot in enumerate(answer.knots):
            levels = restart(given_from_outside(stack, with_all_before(answer, place)), FOREIGN).levels
            for name in knot.items:
                assert levels[name].low >= held[name] - 2e-9
                assert answer.levels[name].low <= held[name] + 2e-9

    law()


def test_the_order_of_rows_is_nothing() -> None:
    @repeatable(40)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack, cut = data.draw(stacks() | knotted()), data.draw(st.none() | cutoffs())
        one, other = restart(stack, cut), restart(data.draw(shuffled(stack)), cut)
        assert set(one.restartable) == set(other.restartable)
        assert one.knots == other.knots
        assert set(one.blocked) == set(other.blocked)
        assert set(one.lost) == set(other.lost)
        for name, interval in one.levels.items():
            assert interval == pytest.approx(other.levels[name], abs=1e-9)

    law()


def test_a_large_circle_starts_the_same_with_either_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE_CIRCLE", 3)
    many = 12
    stack = Stack(
        "circle",
        "DE",
        items=tuple(Item(f"i{number}") for number in range(many)),
        sources=tuple(Source(f"i{number}@self", f"i{number}", "self") for number in range(many)),
        needs=tuple(Need(f"i{number}@self", f"i{(number + 1) % many}") for number in range(many)),
    )
    plain = restart(stack, kernel="plain")
    assert [len(knot.unlocked_by) for knot in plain.knots] == [1]
    assert restart(stack, kernel="compiled").knots == plain.knots
