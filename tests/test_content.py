"""Face value, content and hidden exposure: each rule by hand, and the laws on random stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import SolveError, UsageError
from freehold.measure import content as module
from freehold.measure.content import ContentAnswer, content, held_shares
from freehold.stack.control import Control
from freehold.stack.shares import fill_shares
from freehold.stack.toml_file import loads
from freehold.stack.values import UNKNOWN, Item, Need, Owner, Provider, Source, Stack
from strategies import PROVIDERS, repeatable, shuffled, stacks

PEOPLE = """
[stack]
home = "DE"
trusted = ["EU"]
[[provider]]
id = "home"
country = "DE"
[[provider]]
id = "landlord"
country = "US"
[[provider]]
id = "subsidiary"
country = "FR"
owner = "landlord"
[[provider]]
id = "minority"
country = "DE"
owner = ["landlord:0.3"]
[[provider]]
id = "seatless"
"""


def measure(text: str, **settings: Any) -> ContentAnswer:
    return content(loads(PEOPLE + text, "stack.toml"), **settings)


def item(name: str, *sources: str, mission: float = 0) -> str:
    return f'[[item]]\nid = "{name}"\nmission = {mission}\nsource = [{", ".join(sources)}]\n'


def figures(answer: ContentAnswer, name: str) -> tuple[Any, Any, Any]:
    found = answer.item(name)
    rows = (found.face_value, found.content, found.hidden_exposure)
    return tuple(low if abs(low - high) < 1e-12 else (low, high) for low, high in rows)  # type: ignore[return-value]


def close(*values: Any) -> Any:
    return pytest.approx(values, abs=1e-12)


# ---------------------------------------------------------------- the rules by hand


def test_a_source_without_needs_is_worth_what_it_is() -> None:
    answer = measure(item("ours", '{ provider = "home" }') + item("theirs", '{ provider = "landlord" }'))
    assert figures(answer, "ours") == close(1, 1, 0)
    assert figures(answer, "theirs") == close(0, 0, 0)


def test_a_source_without_needs_adds_all_its_value_whatever_it_says() -> None:
    assert figures(measure(item("x", '{ provider = "home", own_value = 0.2 }')), "x") == close(1, 1, 0)
    assert figures(measure(item("x", '{ provider = "home", own_value = "?" }')), "x") == close(1, 1, 0)


def test_shares_weigh_the_sources_in_use_and_only_those() -> None:
    sources = [
        '{ provider = "home", share = 0.6 }',
        '{ provider = "landlord", share = 0.4 }',
        '{ provider = "home", status = "standby" }',
        '{ provider = "home", status = "standby", share = 0.5 }',
        '{ provider = "home", status = "candidate" }',
    ]
    answer = measure(item("x", *sources))
    assert figures(answer, "x") == close(0.6, 0.6, 0)


def test_an_item_with_candidates_only_is_worth_nothing_and_one_without_sources_anything() -> None:
    answer = measure(item("planned", '{ provider = "home", status = "candidate" }') + '[[item]]\nid = "dark"\n')
    assert figures(answer, "planned") == close(0, 0, 0)
    found = answer.item("dark")
    assert (found.face_value, found.content) == ((0, 1), (0, 1))
    assert found.hidden_exposure == (0, 0), "what nobody needs anything for hides nothing"


def test_own_value_is_one_part_among_the_needs_unless_it_is_stated() -> None:
    parts = item("chip", '{ provider = "landlord" }') + item("board", '{ provider = "home" }')
    answer = measure(item("box", '{ provider = "home", needs = ["chip", "board"] }') + parts)
    assert figures(answer, "box") == close(1, 1 / 3 + 2 / 3 * 0.5, 1 / 3)
    answer = measure(item("box", '{ provider = "home", own_value = 0.1, needs = ["chip", "board"] }') + parts)
    assert figures(answer, "box") == close(1, 0.1 + 0.9 * 0.5, 0.45)


def test_values_divide_what_is_not_own_value() -> None:
    parts = item("chip", '{ provider = "landlord" }') + item("board", '{ provider = "home" }')
    needs = 'needs = [{ item = "chip", value = 300 }, { item = "board", value = 100 }]'
    answer = measure(item("box", f'{{ provider = "home", own_value = 0.5, {needs} }}') + parts)
    assert figures(answer, "box") == close(1, 0.5 + 0.5 * 0.25, 0.375)


@pytest.mark.parametrize(
    ("stated", "chip"),
    [("0.7", 0.7), ("1", 1.0), ("1.01", 1.0), ("300", 1 / 3), ("0", 0.0)],
    ids=["a part", "all", "all but rounding", "an amount", "nothing"],
)
def test_a_blank_value_takes_an_equal_part_of_what_is_left_or_the_mean_amount(stated: str, chip: float) -> None:
    parts = "".join(item(name, '{ provider = "home" }') for name in ("board", "case")) + item(
        "chip", '{ provider = "landlord" }'
    )
    needs = f'needs = [{{ item = "chip", value = {stated} }}, "board", "case"]'
    answer = measure(item("box", f'{{ provider = "home", own_value = 0, {needs} }}') + parts)
    assert figures(answer, "box") == close(1, 1 - chip, chip)


def test_values_that_are_all_0_divide_equally() -> None:
    parts = item("chip", '{ provider = "landlord" }') + item("board", '{ provider = "home" }')
    needs = 'needs = [{ item = "chip", value = 0 }, { item = "board", value = 0 }]'
    answer = measure(item("box", f'{{ provider = "home", own_value = 0, {needs} }}') + parts)
    assert figures(answer, "box") == close(1, 0.5, 0.5)


def test_content_goes_down_the_whole_chain_and_face_value_does_not() -> None:
    chain = item("a", '{ provider = "home", needs = ["b"] }', mission=1) + item("b", '{ provider = "home", needs = ["c"] }')
    answer = measure(chain + item("c", '{ provider = "landlord" }'))
    assert figures(answer, "b") == close(1, 0.5, 0.5)
    assert figures(answer, "a") == close(1, 0.5 + 0.5 * 0.5, 0.25)
    assert (answer.face_value, answer.content, answer.hidden_exposure) == ((1, 1), (0.75, 0.75), (0.25, 0.25))


def test_hidden_exposure_is_not_clipped() -> None:
    answer = measure(item("a", '{ provider = "landlord", needs = ["b"] }') + item("b", '{ provider = "home" }'))
    assert figures(answer, "a") == close(0, 0.5, -0.5)
    assert answer.hidden_exposure == close(-0.5, -0.5)


def test_what_the_organisation_itself_puts_together_has_the_face_value_of_what_it_needs() -> None:
    parts = item("chip", '{ provider = "landlord" }') + item("board", '{ provider = "home", needs = ["chip"] }')
    answer = measure(item("app", '{ provider = "self", needs = ["chip", "board"] }') + parts)
    assert figures(answer, "app") == close(0.5, 1 / 3 + 2 / 3 * 0.25, 0.5 - 1 / 3 - 1 / 6)
    needs = 'needs = [{ item = "chip", value = 1 }, { item = "board", value = 3 }]'
    answer = measure(item("app", f'{{ provider = "self", {needs} }}') + parts)
    assert figures(answer, "app")[:2] == close(0.75, 1 / 3 + 2 / 3 * 0.75 * 0.5)


def test_the_face_value_passes_on_one_step_and_no_further() -> None:
    text = item("app", '{ provider = "self", needs = ["part"] }') + item("part", '{ provider = "self", needs = ["chip"] }')
    answer = measure(text + item("chip", '{ provider = "landlord" }'))
    assert figures(answer, "part")[0] == 0
    assert figures(answer, "app")[0] == 1


@pytest.mark.parametrize("provider", ['provider = "?", ', ""])
def test_who_is_not_known_may_be_the_organisation_itself_whose_face_value_passes_on(provider: str) -> None:
    """Made abroad, it is worth nothing by whoever provides it but the organisation, of which it is what it needs."""
    answer = measure(item("app", f'{{ {provider}location = "US", needs = ["part"] }}') + item("part", '{ provider = "home" }'))
    assert figures(answer, "app")[0] == (0, 1)
    own = measure(
        item("app", '{ provider = "self", location = "US", needs = ["part"] }') + item("part", '{ provider = "home" }')
    )
    low, high = answer.item("app").hidden_exposure
    assert low <= own.item("app").hidden_exposure.low <= own.item("app").hidden_exposure.high <= high


@pytest.mark.parametrize(
    ("sources", "face"),
    [
        (['{ provider = "self" }'], 1),
        (['{ provider = "self", needs = ["chip"] }', '{ provider = "landlord", status = "standby" }'], 0),
        (['{ provider = "self", needs = ["chip"] }', '{ provider = "landlord", share = 0 }'], 1),
        (['{ provider = "self", needs = ["chip"], share = 0.6 }'], (0.6, 1)),
        (['{ provider = "self", needs = ["chip"], share = "?" }'], 0),
        (['{ provider = "self", needs = ["chip"] }', '{ provider = "landlord", status = "?" }'], (0, 1)),
        (['{ provider = "self", needs = ["chip"], status = "?" }'], (0, 1)),
        (['{ provider = "home", needs = ["chip"] }'], 1),
    ],
    ids=[
        "no needs",
        "standby beside",
        "one more in use",
        "a gap",
        "share unknown",
        "status unknown",
        "own unknown",
        "not self",
    ],
)
def test_the_face_value_passes_on_only_where_the_only_source_in_use_is_self_with_needs(sources: list[str], face: Any) -> None:
    answer = measure(item("app", *sources) + item("chip", '{ provider = "landlord" }'))
    assert figures(answer, "app")[0] == face


def test_owners_locations_and_origins_count_by_the_ways_and_the_stake_asked_for() -> None:
    owned = item("x", '{ provider = "subsidiary" }')
    assert measure(owned).content == (0, 0)
    assert measure(owned, via=["provider", "location"]).content == (1, 1)
    small = item("x", '{ provider = "minority" }')
    assert measure(small).content == (1, 1)
    assert measure(small, stake=0.3).content == (0, 0)
    assumed = item("x", '{ provider = "home" }')
    assert measure(assumed).content == (1, 1)
    assert measure(assumed, strict=True).content == (0, 1)


def test_the_ways_and_the_stake_must_make_sense() -> None:
    with pytest.raises(UsageError, match="sideways"):
        measure("", via=["sideways"])
    with pytest.raises(UsageError, match="stake"):
        measure("", stake=2)


def test_a_stack_of_nothing_has_nothing() -> None:
    answer = content(Stack())
    assert (answer.face_value, answer.content, answer.hidden_exposure, answer.items) == ((0, 0), (0, 0), (0, 0), ())
    with pytest.raises(KeyError):
        answer.item("x")


def test_the_stacks_figures_are_mission_weighted_means() -> None:
    chain = item("a", '{ provider = "home", needs = ["b"] }', mission=3) + item("b", '{ provider = "landlord" }', mission=1)
    answer = measure(chain)
    assert (answer.face_value, answer.content) == ((0.75, 0.75), (0.375, 0.375))
    assert answer.hidden_exposure == (0.375, 0.375)
    assert "as the stack states" in answer.mission_rule


# ---------------------------------------------------------------- circles


def test_a_circle_is_solved() -> None:
    # steel = 1/2 + machines/2 (home), machines = 0 + steel/2 (foreign): steel = 2/3, machines = 1/3
    steel = item("steel", '{ provider = "home", needs = ["machines"] }')
    answer = measure(steel + item("machines", '{ provider = "landlord", needs = ["steel"] }'))
    assert figures(answer, "steel") == close(1, 2 / 3, 1 / 3)
    assert figures(answer, "machines") == close(0, 1 / 3, -1 / 3)


def test_an_item_that_needs_itself_is_a_circle() -> None:
    # power = 0.25·1 + 0.75·(power + chip)/2
    text = item("power", '{ provider = "home", own_value = 0.25, needs = ["power", "chip"] }')
    answer = measure(text + item("chip", '{ provider = "landlord" }'))
    assert figures(answer, "power")[1] == pytest.approx(0.25 / 0.625, abs=1e-12)


@pytest.mark.parametrize("own", [1e-2, 1e-4, 1e-6, 1e-8])
def test_a_circle_that_adds_next_to_no_value_is_solved_too(own: float) -> None:
    steel = item("steel", f'{{ provider = "home", own_value = {own!r}, needs = ["machines"] }}')
    answer = measure(steel + item("machines", f'{{ provider = "landlord", own_value = {own!r}, needs = ["steel"] }}'))
    assert figures(answer, "steel")[1] == pytest.approx(1 / (2 - own), abs=1e-11)


def test_a_circle_that_adds_no_value_takes_the_greatest_solution() -> None:
    text = item("a", '{ provider = "landlord", own_value = 0, needs = ["b"] }')
    answer = measure(text + item("b", '{ provider = "home", own_value = 0, needs = ["a"] }'))
    assert figures(answer, "a") == close(0, 1, -1)
    assert figures(answer, "b") == close(1, 1, 0)
    fed = item("b", '{ provider = "home", own_value = 0, needs = ["a", "chip"] }')
    answer = measure(text + fed + item("chip", '{ provider = "landlord" }'))
    assert figures(answer, "b") == close(1, 0, 1)


def test_a_circle_with_an_unknown_own_value_is_bounded_by_the_undetermined_case() -> None:
    text = item("a", '{ provider = "landlord", own_value = "?", needs = ["b"] }')
    answer = measure(text + item("b", '{ provider = "home", own_value = 0, needs = ["a"] }'))
    assert answer.item("a").content == (0, 1)


def test_a_circle_that_only_an_unknown_part_can_close_is_bounded_by_both() -> None:
    # all of a's value comes from b or all from chip; b's comes from a
    needs = 'needs = [{ item = "b", value = "?" }, { item = "chip", value = "?" }]'
    text = item("a", f'{{ provider = "home", own_value = 0, {needs} }}')
    text += item("b", '{ provider = "home", own_value = 0, needs = ["a"] }') + item("chip", '{ provider = "landlord" }')
    assert measure(text).item("a").content == (0, 1)


def ring(size: int, own: float | None = None) -> Stack:
    """A circle of which every third source is foreign."""
    names = [f"n{number}" for number in range(size)]
    sources = [Source(f"s{n}", n, "home" if at % 3 else "landlord", own_value=own) for at, n in enumerate(names)]
    needs = [Need(f"s{n}", names[(at + 1) % size]) for at, n in enumerate(names)]
    return Stack(
        "ring", "DE", (), items=tuple(map(Item, names)), providers=PROVIDERS, sources=tuple(sources), needs=tuple(needs)
    )


def test_a_large_circle_is_solved_like_a_small_one() -> None:
    small, large = content(ring(9)), content(ring(600))
    # n0 = n1/2, n1 = 1/2 + n2/2, n2 = 1/2 + n0/2
    assert small.item("n0").content == close(3 / 7, 3 / 7)
    for at in range(600):
        assert large.item(f"n{at}").content == pytest.approx(small.item(f"n{at % 3}").content, abs=1e-11)


def test_iteration_that_does_not_end_gives_way_to_elimination_and_then_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = ring(9, own=1e-5)
    exact = content(stack).item("n1").content
    monkeypatch.setattr(module, "_DENSE", 1)
    monkeypatch.setattr(module, "_ROUNDS", 100)
    assert content(stack).item("n1").content == exact
    monkeypatch.setattr(module, "_LARGEST_DENSE", 1)
    with pytest.raises(SolveError, match="own_value"):
        content(stack)


# ---------------------------------------------------------------- unknowns


def test_a_perhaps_foreign_source_counts_as_foreign_in_low_only() -> None:
    answer = measure(item("a", '{ provider = "seatless", needs = ["b"] }') + item("b", '{ provider = "home" }'))
    assert figures(answer, "a") == ((0, 1), (0.5, 1), (-0.5, 0))


def test_an_unknown_own_value_is_nothing_or_all() -> None:
    text = item("a", '{ provider = "home", own_value = "?", needs = ["b"] }') + item("b", '{ provider = "landlord" }')
    assert figures(measure(text), "a") == (1, (0, 1), (0, 1))


def test_an_unknown_value_is_nothing_or_all() -> None:
    needs = 'needs = [{ item = "chip", value = "?" }, { item = "board", value = 5 }]'
    text = item("a", f'{{ provider = "home", own_value = 0.2, {needs} }}')
    text += item("chip", '{ provider = "landlord" }') + item("board", '{ provider = "home" }')
    assert figures(measure(text), "a") == (1, (pytest.approx(0.2), 1), (0, pytest.approx(0.8)))


def test_an_unknown_share_is_bounded_and_the_sum_of_shares_is_1_at_most() -> None:
    text = item(
        "a",
        '{ provider = "home", share = "?" }',
        '{ provider = "home", share = "?" }',
        '{ provider = "landlord", share = 0.4 }',
    )
    assert figures(measure(text), "a") == ((0, pytest.approx(0.6)), (0, pytest.approx(0.6)), 0)


def test_a_gap_in_the_shares_is_an_unknown_source() -> None:
    found = measure(item("a", '{ provider = "home", share = 0.6 }')).item("a")
    assert (found.face_value, found.content, found.hidden_exposure) == ((0.6, 1), (0.6, 1), (0, 0))


def test_hidden_exposure_is_narrower_than_the_difference_of_the_ends() -> None:
    text = item("a", '{ provider = "seatless", needs = ["b"] }') + item("b", '{ provider = "landlord" }')
    found = measure(text).item("a")
    assert (found.face_value, found.content) == ((0, 1), (0, 0.5))
    assert found.hidden_exposure == (0, 0.5), "0 where it is foreign, 1 − 0.5 where it is not"
    found = measure(item("app", '{ provider = "self", needs = ["a"] }') + text).item("app")
    assert (found.face_value, found.content) == ((0, 1), (0.5, 0.75))
    assert found.hidden_exposure == (-0.5, 0.25), "0 − 0.5 where a is foreign, 1 − 0.75 where it is not"


def test_held_shares_know_no_needs() -> None:
    text = item("app", '{ provider = "self", needs = ["a"] }') + item("a", '{ provider = "seatless" }')
    assert held_shares(loads(PEOPLE + text, "stack.toml")) == ((1, 1), (0, 1))


# ---------------------------------------------------------------- laws


@st.composite
def valued(draw: st.DrawFn, /, **settings: Any) -> Stack:
    """A random stack with own values and values, and no unknown share."""
    stack = draw(stacks(**settings))
    odd = [UNKNOWN] if settings.get("unknown", True) else []
    sources = tuple(
        replace(
            source,
            own_value=draw(st.sampled_from([None, None, 0.0, 0.0, 0.3, 1.0, *odd])),
            share=None if source.share is UNKNOWN else source.share,
        )
        for source in stack.sources
    )
    needs = tuple(replace(need, value=draw(st.sampled_from([None, None, 0.0, 0.2, 0.8, 40.0, *odd]))) for need in stack.needs)
    return replace(stack, sources=sources, needs=needs)


@st.composite
def known(draw: st.DrawFn, stack: Stack) -> Stack:
    """The same stack with every unknown fact that counts decided by the draw."""
    country = st.sampled_from(["DE", "US"])

    def seat(provider: Provider) -> Provider:
        owner = (Owner(draw(st.sampled_from(["home", "landlord"]))),) if provider.owner is UNKNOWN else provider.owner
        return replace(provider, country=provider.country or draw(country), owner=owner)

    sources: list[Source] = []
    added: list[Source] = []
    for source in stack.sources:
        provider = source.provider if isinstance(source.provider, str) else draw(st.sampled_from(["home", "landlord"]))
        location = (draw(country),) if source.location is UNKNOWN else source.location
        origin = (draw(country),) if source.origin is UNKNOWN else source.origin
        own = draw(st.sampled_from([0.0, 0.4, 1.0])) if source.own_value is UNKNOWN else source.own_value
        sources.append(replace(source, provider=provider, location=location, origin=origin, own_value=own))
    for one in stack.items:
        gaps = [filled.share[0] for filled in fill_shares(stack, one) if filled.source is None]
        added += [Source(f"{one.id}?", one.id, draw(st.sampled_from(["home", "landlord"])), share=gap) for gap in gaps]
    value = st.sampled_from([0.0, 0.3, 7.0, 1e6])
    needs = tuple(replace(need, value=draw(value)) if need.value is UNKNOWN else need for need in stack.needs)
    return replace(stack, providers=tuple(map(seat, stack.providers)), sources=(*sources, *added), needs=needs)


def rows(answer: ContentAnswer) -> Mapping[str, list[tuple[float, float]]]:
    found = {one.id: [one.face_value, one.content, one.hidden_exposure] for one in answer.items}
    stack = [answer.face_value, answer.content, answer.hidden_exposure]
    return {**found, "": stack}  # type: ignore[dict-item]


def by_iteration(stack: Stack) -> dict[str, float]:
    """Content of a stack without unknowns, straight from DESIGN: downwards from 1."""
    control = Control(stack)
    levels = {one.id: 1.0 for one in stack.items}
    plan: dict[str, list[tuple[float, float, float, list[tuple[str, float]]]]] = {}
    for one in stack.items:
        plan[one.id] = []
        for filled in fill_shares(stack, one):
            source = filled.source
            assert source is not None
            needs = stack.needs_of[source.id]
            values = [need.value if isinstance(need.value, float) else None for need in needs]
            stated = [value for value in values if value is not None]
            total = sum(stated)
            blank = 1.0
            if stated and len(stated) < len(values):
                blank = max(0.0, 1 - total) / (len(values) - len(stated)) if total <= 1.02 else total / len(stated)
            weights = [blank if value is None else value for value in values]
            if not sum(weights):
                weights = [1.0] * len(weights)
            own = source.own_value if isinstance(source.own_value, float) and needs else 1 / (1 + len(needs))
            terms = [(need.item, weight / sum(weights)) for need, weight in zip(needs, weights, strict=True)]
            held = 0.0 if control.foreign(source) else 1.0
            share = 0.0 if source.status == "standby" else filled.share[0]
            plan[one.id].append((share, own, held, terms))
    for _ in range(3000):
        levels = {
            one: sum(
                share * (own * held + (1 - own) * sum(weight * levels[name] for name, weight in terms))
                for share, own, held, terms in parts
            )
            for one, parts in plan.items()
        }
    return levels


def test_content_agrees_with_the_equations_iterated_downwards() -> None:
    @repeatable(40)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack = data.draw(known(data.draw(valued(unknown=False))))
        answer = content(stack)
        for name, level in by_iteration(stack).items():
            assert answer.item(name).content == pytest.approx((level, level), abs=1e-6), name

    law()


def test_every_figure_lies_in_its_range_and_no_low_is_above_its_high() -> None:
    @repeatable(80)
    @given(stacks() | valued(), st.booleans())
    def law(stack: Stack, strict: bool) -> None:
        for face, own, hidden in rows(content(stack, strict=strict)).values():
            assert 0 <= face[0] <= face[1] <= 1
            assert 0 <= own[0] <= own[1] <= 1
            assert -1 <= hidden[0] <= hidden[1] <= 1
            assert face[0] - own[1] <= hidden[0] + 1e-9
            assert hidden[1] <= face[1] - own[0] + 1e-9

    law()


def test_whatever_the_unknown_facts_are_the_figures_lie_within_the_intervals() -> None:
    @repeatable(120)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack = data.draw(valued())
        bounds, truth = rows(content(stack)), rows(content(data.draw(known(stack))))
        for name, intervals in truth.items():
            for (low, high), (least, most) in zip(intervals, bounds[name], strict=True):
                assert low == pytest.approx(high, abs=1e-9)
                assert least - 1e-9 <= low <= most + 1e-9, name

    law()


def test_with_nothing_foreign_face_value_and_content_are_1() -> None:
    @repeatable(60)
    @given(valued(unknown=False))
    def law(stack: Stack) -> None:
        at_home = tuple(replace(source, provider="home", location=None, origin=None) for source in stack.sources)
        for figures_ in rows(content(replace(stack, sources=at_home))).values():
            assert figures_ == [close(1, 1), close(1, 1), close(0, 0)]

    law()


def test_one_more_foreign_source_never_raises_content() -> None:
    @repeatable(80)
    @given(stacks() | valued(), st.data())
    def law(stack: Stack, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(stack.sources) - 1)) if stack.sources else None
        sources = tuple(replace(one, location=("US",)) if place == at else one for place, one in enumerate(stack.sources))
        before, after = rows(content(stack)), rows(content(replace(stack, sources=sources)))
        for name, (_, own, _) in after.items():
            assert all(now <= then + 1e-9 for now, then in zip(own, before[name][1], strict=True))

    law()


def test_the_order_of_rows_is_nothing() -> None:
    @repeatable(50)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack = data.draw(stacks() | valued())
        one, other = rows(content(stack)), rows(content(data.draw(shuffled(stack))))
        for name, intervals in one.items():
            for interval, again in zip(intervals, other[name], strict=True):
                assert interval == pytest.approx(again, abs=1e-9)

    law()
