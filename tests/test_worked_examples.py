"""Worked examples, each computed by hand from DESIGN, section 1; both kernels and the naive reference must agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest

import reference
from freehold.errors import BadStack
from freehold.measure.cutoff import cutoff
from freehold.measure.restart import restart
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack

Kernel = Literal["plain", "compiled"]

PEOPLE = """
[stack]
name = "worked example"
home = "DE"
trusted = ["EU"]
[[provider]]
id = "home"
country = "DE"
[[provider]]
id = "landlord"
country = "US"
[[provider]]
id = "eastern"
country = "CN"
[[provider]]
id = "subsidiary"
country = "FR"
owner = "landlord"
[[provider]]
id = "community"
country = "none"
[[provider]]
id = "seatless"
"""

FOREIGN = Cutoff((Rule(foreign=True),))
REVOKED = Cutoff((Rule(foreign=True, cover="void"),))
AMERICAN = Cutoff((Rule(country="US"),))


def of(*rules: Rule, **settings: Any) -> Cutoff:
    return Cutoff(rules, **settings)


@dataclass(frozen=True)
class Found:
    """Levels by item, as (low, high) where they differ and as one number where they do not; and the days of stopping."""

    levels: dict[str, list[Any]]
    stops: dict[str, Any]
    mission: list[Any]

    def __getitem__(self, item: str) -> list[Any]:
        return self.levels[item]


def _joined(low: Any, high: Any) -> Any:
    if low is None or high is None:
        return low if low is high else (low, high)
    return low if abs(low - high) < 1e-9 else (low, high)


def _engine(kernel: Kernel) -> Callable[..., Found]:
    def solve(text: str | Stack, cut: Cutoff, days: Sequence[float], floor: float = 0.5, *, strict: bool = False) -> Found:
        stack = text if isinstance(text, Stack) else loads(PEOPLE + text, "stack.toml")
        answer = cutoff(stack, cut, days=tuple(days), floor=floor, strict=strict, kernel=kernel)
        assert tuple(answer.days) == tuple(days)
        assert {item.id for item in answer.items} == set(stack.item_by_id)
        return Found(
            {item.id: list(map(_joined, item.low, item.high)) for item in answer.items},
            {item.id: _joined(item.stops_low, item.stops_high) for item in answer.items},
            list(map(_joined, answer.mission.low, answer.mission.high)),
        )

    return solve


def _by_reference(text: str | Stack, cut: Cutoff, days: Sequence[float], floor: float = 0.5, *, strict: bool = False) -> Found:
    stack = text if isinstance(text, Stack) else loads(PEOPLE + text, "stack.toml")
    levels = [reference.levels(stack, cut, days, which=which, strict=strict) for which in reference.LOW_HIGH]
    stops = [reference.stops(stack, cut, days, floor, which=which, strict=strict) for which in reference.LOW_HIGH]
    missions = [reference.mission(stack, one) for one in levels]
    return Found(
        {item: list(map(_joined, levels[0][item], levels[1][item])) for item in levels[0]},
        {item: _joined(stops[0][item], stops[1][item]) for item in stops[0]},
        list(map(_joined, *missions)),
    )


SOLVERS = {"plain": _engine("plain"), "compiled": _engine("compiled"), "reference": _by_reference}
Solve = Callable[..., Found]


@pytest.fixture(params=SOLVERS)
def solve(request: pytest.FixtureRequest) -> Solve:
    return SOLVERS[request.param]


def close(*values: Any) -> Any:
    """A list in which numbers may differ by 1e-9 and pairs are (low, high)."""
    return [value if value is None else pytest.approx(value, abs=1e-9) for value in values]


# ---------------------------------------------------------------- covers

CHAIN = """
[[item]]
id = "a"
mission = 1
source = [{ provider = "self", needs = [{ item = "b", survive = "10d" }] }]
[[item]]
id = "b"
source = [{ provider = "self", needs = [{ item = "c", survive = "30d" }] }]
[[item]]
id = "c"
source = [{ provider = "landlord" }]
"""


def test_covers_along_a_chain_are_used_one_after_the_other(solve: Solve) -> None:
    found = solve(CHAIN, FOREIGN, (0, 29.999, 30, 39.999, 40, 1095))
    assert found["c"] == close(0, 0, 0, 0, 0, 0)
    assert found["b"] == close(1, 1, 0, 0, 0, 0)
    assert found["a"] == close(1, 1, 1, 1, 0, 0)
    assert found.mission == found["a"]
    assert found.stops == pytest.approx({"a": 40, "b": 30, "c": 0})


def test_an_event_within_a_billionth_of_a_day_counts_as_on_the_day(solve: Solve) -> None:
    assert solve(CHAIN, FOREIGN, (30 - 5e-10, 40 - 5e-10))["b"] == close(0, 0)
    assert solve(CHAIN, FOREIGN, (30 - 1e-6, 40 - 5e-10))["b"] == close(1, 0)
    assert solve(CHAIN, FOREIGN, (40 - 5e-10,)).stops["a"] == pytest.approx(40)
    assert solve(CHAIN, FOREIGN, (40 - 1e-6,)).stops["a"] is None


PARTLY_FOREIGN = """
[[item]]
id = "user"
mission = 1
source = [{ provider = "self", needs = [{ item = "c", survive = "30d" }] }]
[[item]]
id = "c"
source = [{ provider = "landlord", share = 0.7 }, { provider = "home", share = 0.3, capacity = 0.5, recover = "60d" }]
"""


def test_cover_lasts_longer_when_only_a_part_is_missing(solve: Solve) -> None:
    found = solve(PARTLY_FOREIGN, FOREIGN, (0, 42.857, 42.858, 59.999, 60, 1095))
    assert found["c"] == close(0.3, 0.3, 0.3, 0.3, 0.5, 0.5)
    assert found["user"] == close(1, 1, 0.3, 0.3, 0.5, 0.5)
    assert found.stops == {"c": pytest.approx(0), "user": pytest.approx(30 / 0.7, abs=1e-9)}


def test_a_level_at_the_floor_is_not_under_it(solve: Solve) -> None:
    assert solve(PARTLY_FOREIGN, FOREIGN, (0, 1095), 0.3).stops == {"c": None, "user": None}
    assert solve(PARTLY_FOREIGN, FOREIGN, (0, 1095), 0.3 + 1e-6).stops["c"] == pytest.approx(0)


def test_cover_is_used_whether_or_not_the_source_runs(solve: Solve) -> None:
    found = solve(
        """
        [[item]]
        id = "x"
        mission = 1
        source = [
          { provider = "landlord" },
          { provider = "home", status = "standby", recover = "14d", needs = [{ item = "part", survive = "20d" }] },
        ]
        [[item]]
        id = "part"
        source = [{ provider = "landlord" }]
        """,
        FOREIGN,
        (0, 13.9, 14, 19.9, 20, 365),
    )
    assert found["x"] == close(0, 0, 1, 1, 0, 0)


def test_cover_is_not_refilled(solve: Solve) -> None:
    cut = of(Rule(foreign=True, until_day=10), Rule(foreign=True, from_day=20, until_day=40))
    found = solve(
        """
        [[item]]
        id = "x"
        mission = 1
        source = [{ provider = "self", needs = [{ item = "part", survive = "15d" }] }]
        [[item]]
        id = "part"
        source = [{ provider = "landlord" }]
        """,
        cut,
        (0, 9.9, 10, 20, 24.9, 25, 39.9, 40),
    )
    assert found["part"] == close(0, 0, 1, 0, 0, 0, 0, 1)
    assert found["x"] == close(1, 1, 1, 1, 1, 0, 0, 1)
    assert found.stops == pytest.approx({"x": 25, "part": 0})


def test_the_clock_of_a_cover_starts_on_day_0_even_if_the_cut_comes_later(solve: Solve) -> None:
    found = solve(
        """
        [[item]]
        id = "x"
        mission = 1
        source = [{ provider = "self", needs = [{ item = "plan", survive = "12d" }] }]
        [[item]]
        id = "plan"
        source = [{ provider = "home", status = "candidate" }]
        """,
        of(Rule(foreign=True, from_day=100)),
        (0, 11.9, 12, 365),
    )
    assert found["plan"] == close(0, 0, 0, 0)
    assert found["x"] == close(1, 1, 0, 0)


def test_what_keeps_working_for_ever_is_never_lost(solve: Solve) -> None:
    assert solve(CHAIN.replace('"30d"', '"forever"'), FOREIGN, (0, 1095, 1e6))["b"] == close(1, 1, 1)


def test_with_enough_both_the_level_and_the_clock_are_reckoned_from_it(solve: Solve) -> None:
    text = PARTLY_FOREIGN.replace('survive = "30d"', 'survive = "30d", enough = 0.6')
    found = solve(text, FOREIGN, (0, 59.9, 60, 119.9, 120, 365))
    # a shortfall of 0.5 for 60 days uses all 30 days, on the very day on which c rises to 0.5
    assert found["user"] == close(1, 1, 5 / 6, 5 / 6, 5 / 6, 5 / 6)
    text = PARTLY_FOREIGN.replace('survive = "30d"', 'survive = "40d", enough = 0.6')
    # 30 of 40 days used by day 60, then 1/6 a day: 60 more days
    found = solve(text, FOREIGN, (59.9, 60, 119.9, 120, 365))
    assert found["user"] == close(1, 1, 1, 5 / 6, 5 / 6)


def test_each_need_has_a_cover_of_its_own(solve: Solve) -> None:
    found = solve(
        """
        [[item]]
        id = "x"
        mission = 1
        source = [{ provider = "self", needs = [
          { item = "part", weight = 0.3, survive = "5d", role = "spare" }, { item = "part", weight = 0.4, survive = "9d" },
        ] }]
        [[item]]
        id = "part"
        source = [{ provider = "landlord" }]
        """,
        FOREIGN,
        (0, 4.9, 5, 8.9, 9),
    )
    assert found["x"] == close(1, 1, 0.7, 0.7, 0.3)


# ---------------------------------------------------------------- needs and sources


@pytest.mark.parametrize(
    ("needs", "level"),
    [
        ('{ item = "lost", weight = 0.2 }, { item = "gone", weight = 0.3 }', 0.5),
        ('"poor", { item = "gone", weight = 0.3 }', 0.4),
        ('{ item = "poor", weight = 0.5 }, { item = "gone", weight = 0.3 }', 0.4),
        ('{ item = "lost", weight = 0.8 }, { item = "gone", weight = 0.7 }', 0.0),
        ('{ item = "poor", enough = 0.4 }, { item = "gone", weight = 0.3 }', 0.7),
        ('{ item = "poor", enough = 0.8 }', 0.5),
        ('{ item = "gone", weight = 0.0 }', 1.0),
        ("", 1.0),
    ],
)
def test_essential_needs_cap_and_the_others_add_up(solve: Solve, needs: str, level: float) -> None:
    text = f"""
    [[item]]
    id = "x"
    mission = 1
    source = [{{ provider = "self", needs = [{needs}] }}]
    [[item]]
    id = "lost"
    source = [{{ provider = "landlord" }}]
    [[item]]
    id = "gone"
    source = [{{ provider = "eastern" }}]
    [[item]]
    id = "poor"
    source = [{{ provider = "home", share = 0.4 }}, {{ provider = "landlord", share = 0.6 }}]
    """
    assert solve(text, FOREIGN, (0, 365))["x"] == close(level, level)


def test_two_sources_without_shares_are_true_alternatives(solve: Solve) -> None:
    text = '[[item]]\nid = "x"\nmission = 1\nsource = [{ provider = "landlord" }, { provider = "home" }]'
    assert solve(text, FOREIGN, (0, 365))["x"] == close(1, 1)
    slow = text.replace('"home"', '"home", recover = "14d"')
    assert solve(slow, FOREIGN, (0, 13.9, 14, 365))["x"] == close(0.5, 0.5, 1, 1)


def test_sources_without_shares_divide_what_the_others_leave(solve: Solve) -> None:
    text = """
    [[item]]
    id = "x"
    mission = 1
    source = [{ provider = "landlord", share = 0.4 }, { provider = "home", recover = "7d" }, { provider = "eastern" }]
    """
    assert solve(text, FOREIGN, (0, 6.9, 7))["x"] == close(0.3, 0.3, 1)
    # eastern cut; home is still at 0.3, landlord stays at its share of 0.4
    assert solve(text, of(Rule(country="CN")), (0, 6.9, 7))["x"] == close(0.7, 0.7, 1)


def test_without_a_rule_shares_stay_as_they_are_and_all_stands(solve: Solve) -> None:
    found = solve(PARTLY_FOREIGN, Cutoff(), (0, 1095))
    assert found["c"] == close(1, 1)
    assert found.stops == {"c": None, "user": None}


def test_shares_a_little_over_or_under_1_are_rescaled(solve: Solve) -> None:
    text = """
    [[item]]
    id = "over"
    mission = 1
    source = [{ provider = "landlord", share = 0.5 }, { provider = "home", share = 0.51 }]
    [[item]]
    id = "under"
    source = [{ provider = "landlord", share = 0.49 }, { provider = "home", share = 0.5, capacity = 0.5 }]
    [[item]]
    id = "roomy"
    source = [{ provider = "landlord", share = 0.49 }, { provider = "home", share = 0.5, capacity = 0.9 }]
    """
    found = solve(text, FOREIGN, (0,))
    assert found["over"] == close(0.51 / 1.01)
    assert found["under"] == close(0.5 / 0.99)
    assert found["roomy"] == close(0.9)
    assert solve(text, Cutoff(), (0,))["under"] == close(1)


def test_shares_over_1_02_are_bad_input(solve: Solve) -> None:
    text = """
    [[item]]
    id = "x"
    mission = 1
    source = [{ provider = "landlord", share = 0.6 }, { provider = "home", share = 0.43 }]
    """
    with pytest.raises(BadStack):
        solve(text, FOREIGN, (0,))


def test_a_gap_is_filled_by_an_unknown_source(solve: Solve) -> None:
    text = '[[item]]\nid = "x"\nmission = 1\nsource = [{ provider = "home", share = 0.6 }]'
    assert solve(text, Cutoff(), (0,))["x"] == close(1)
    for cut in (FOREIGN, AMERICAN, of(Rule(provider="landlord")), of(Rule(owner="landlord")), of(Rule(licence="MIT"))):
        assert solve(text.replace("share", 'licence = "ISC", share'), cut, (0, 365))["x"] == close((0.6, 1), (0.6, 1))
    assert solve(text, of(Rule(item="x")), (0,))["x"] == close(0)


def test_the_level_of_a_standby_is_its_capacity_from_the_day_it_has_recovered(solve: Solve) -> None:
    text = """
    [[item]]
    id = "x"
    mission = 1
    source = [
      { provider = "landlord" },
      { provider = "home", status = "standby", capacity = 0.6, recover = "14d", needs = ["part"] },
      { provider = "self", status = "candidate" },
    ]
    [[item]]
    id = "part"
    source = [{ provider = "landlord", share = 0.6 }, { provider = "home", share = 0.4, capacity = 0.5, recover = "20d" }]
    """
    found = solve(text, FOREIGN, (0, 13.9, 14, 19.9, 20))
    assert found["x"] == close(0, 0, 0.24, 0.24, 0.3)


def test_a_whole_item_works_fully_or_not_at_all(solve: Solve) -> None:
    text = """
    [[item]]
    id = "quorum"
    mission = 1
    whole = true
    source = [
      { provider = "home", capacity = 0.5 },
      { provider = "landlord", capacity = 0.5 },
      { provider = "eastern", capacity = 0.5 },
    ]
    """
    assert solve(text, AMERICAN, (0, 365))["quorum"] == close(1, 1)
    assert solve(text, FOREIGN, (0, 365))["quorum"] == close(0, 0)
    # a third each at first: until the two left have ramped up there is no quorum
    slow = text.replace('"home"', '"home", recover = "3d"')
    assert solve(slow, AMERICAN, (0, 2.9, 3))["quorum"] == close(0, 0, 1)


# ---------------------------------------------------------------- rules and time


def test_an_availability_leaves_a_part_and_the_least_of_all_rules_holds(solve: Solve) -> None:
    text = '[[item]]\nid = "x"\nmission = 1\nsource = [{ provider = "landlord" }]'
    assert solve(text, of(Rule(foreign=True, availability=0.5)), (0,))["x"] == close(0.5)
    cut = of(Rule(foreign=True, availability=0.5), Rule(country="US", availability=0.3, from_day=10, until_day=20))
    assert solve(text, cut, (0, 9.9, 10, 19.9, 20))["x"] == close(0.5, 0.5, 0.3, 0.3, 0.5)


def test_all_selectors_of_one_rule_must_match(solve: Solve) -> None:
    text = """
    [[item]]
    id = "x"
    kind = "chip"
    mission = 1
    source = [{ provider = "landlord" }]
    [[item]]
    id = "y"
    kind = "software"
    source = [{ provider = "landlord" }]
    """
    found = solve(text, of(Rule(country="US", kind="chip")), (0,))
    assert (found["x"], found["y"]) == (close(0), close(1))


def test_a_rule_holds_from_its_first_day_until_before_its_last(solve: Solve) -> None:
    text = '[[item]]\nid = "x"\nmission = 1\nsource = [{ provider = "landlord" }]'
    found = solve(text, of(Rule(foreign=True, from_day=10, until_day=20)), (0, 9.999, 10, 19.999, 20, 365))
    assert found["x"] == close(1, 1, 0, 0, 1, 1)
    assert found.stops == {"x": pytest.approx(10)}


STANDBY = """
[[item]]
id = "x"
mission = 1
source = [{ provider = "landlord" }, { provider = "home", status = "standby", recover = "14d" }]
"""


@pytest.mark.parametrize(
    ("cut", "levels"),
    [
        (of(Rule(foreign=True)), (0, 0, 0, 1, 1)),
        (of(Rule(foreign=True), notice=10), (0, 1, 1, 1, 1)),
        (of(Rule(foreign=True), notice=20), (1, 1, 1, 1, 1)),
        (of(Rule(foreign=True, from_day=3), notice=11), (1, 0, 1, 1, 1)),
        (of(Rule(foreign=True, from_day=60), notice=50), (1, 1, 1, 1, 1)),
        (of(Rule(country="CN"), Rule(foreign=True, from_day=8)), (1, 1, 0, 1, 1)),
    ],
)
def test_recovery_counts_from_the_day_the_cut_off_is_known(solve: Solve, cut: Cutoff, levels: tuple[float, ...]) -> None:
    assert solve(STANDBY, cut, (0, 4, 8, 14, 365))["x"] == close(*levels)


def test_events_on_the_same_day_are_one_event(solve: Solve) -> None:
    text = """
    [[item]]
    id = "a"
    mission = 1
    source = [{ provider = "self", needs = ["b", "c"] }]
    [[item]]
    id = "b"
    source = [{ provider = "self", needs = ["a"] }]
    [[item]]
    id = "c"
    source = [{ provider = "landlord" }, { provider = "eastern" }]
    """
    cut = of(Rule(country="US", until_day=10), Rule(country="CN", from_day=10))
    assert solve(text, cut, (0, 9.9, 10, 365))["a"] == close(1, 1, 1, 1)
    cut = of(Rule(country="US", until_day=10.001), Rule(country="CN", from_day=10))
    found = solve(text, cut, (0, 9.9, 10, 10.001, 365))
    assert found["c"] == close(1, 1, 0, 1, 1)
    assert found["a"] == close(1, 1, 0, 0, 0)


@pytest.mark.parametrize(("cover", "stands"), [("9.001d", True), ("9d", False), ("8.999d", False)])
def test_cover_bridges_the_gap_only_if_it_outlasts_the_day_on_which_the_standby_is_there(
    solve: Solve, cover: str, *, stands: bool
) -> None:
    text = f"""
    [[item]]
    id = "a"
    mission = 1
    source = [{{ provider = "self", needs = ["b", {{ item = "c", survive = "{cover}" }}] }}]
    [[item]]
    id = "b"
    source = [{{ provider = "self", needs = ["a"] }}]
    [[item]]
    id = "c"
    source = [
      {{ provider = "home", share = 0.7 }}, {{ provider = "landlord", share = 0.3 }},
      {{ provider = "home", status = "standby", recover = "30d" }},
    ]
    """
    # 9 d of cover last 9/0.3 = 30 d, to the day of recovery; but the network first falls to what it has, which is c at 0.7,
    # and there the circle stays, its gain being 1
    level = 1 if stands else 0.7
    assert solve(text, FOREIGN, (0, 29.9, 30, 365))["a"] == close(1, 1, level, level)


# ---------------------------------------------------------------- revocation

SUPPLIED = """
[[item]]
id = "user"
mission = 1
source = [{ provider = "self", needs = [{ item = "c", survive = "100d" }] }]
[[item]]
id = "c"
source = [
  { provider = "landlord", share = 0.4 }, { provider = "eastern", share = 0.3 }, { provider = "home", share = 0.3 },
]
"""
PARTLY_VOID = of(Rule(country="US", cover="void"), Rule(country="CN"))


def test_a_revocation_takes_the_cover_of_the_part_voided(solve: Solve) -> None:
    # v = 0.4; the clock runs at 0.7 a day, so the cover of the rest ends on day 142.857
    found = solve(SUPPLIED, PARTLY_VOID, (0, 142.8, 142.9, 365))
    assert found["user"] == close(0.6, 0.6, 0.3, 0.3)


def test_a_revocation_that_leaves_a_part_voids_only_the_rest(solve: Solve) -> None:
    cut = of(Rule(country="US", cover="void", availability=0.5), Rule(country="CN"))
    # c = 0.2 + 0.3, v = 0.4 · 0.5; the clock runs at 0.5 a day
    assert solve(SUPPLIED, cut, (0, 199.9, 200))["user"] == close(0.8, 0.8, 0.5)
    # a denial on top of the revocation takes the supply, but voids nothing more
    cut = of(*cut.rules, Rule(country="US"))
    assert solve(SUPPLIED, cut, (0, 142.8, 142.9))["user"] == close(0.8, 0.8, 0.3)


def test_under_a_revocation_what_still_comes_counts_when_it_is_more_than_the_cover(solve: Solve) -> None:
    text = SUPPLIED.replace('survive = "100d"', 'survive = "100d", enough = 0.4')
    # y/enough = 0.75 > 1 − v = 0.6, as long as cover lasts and after
    assert solve(text, PARTLY_VOID, (0, 399.9, 400))["user"] == close(0.75, 0.75, 0.75)
    text = SUPPLIED.replace('survive = "100d"', 'survive = "100d", enough = 0.6')
    # y/enough = 0.5 < 0.6; the clock runs at 0.5 a day
    assert solve(text, PARTLY_VOID, (0, 199.9, 200))["user"] == close(0.6, 0.6, 0.5)


def test_after_a_revocation_has_ended_the_rest_of_the_cover_is_usable(solve: Solve) -> None:
    cut = of(Rule(foreign=True), Rule(foreign=True, cover="void", until_day=20))
    assert solve(CHAIN, cut, (0, 19.9, 20, 29.9, 30))["b"] == close(0, 0, 1, 1, 0)
    # a: b is at 0 for 20 days, more than its cover of 10
    assert solve(CHAIN, cut, (0, 9.9, 10, 20, 29.9, 30))["a"] == close(1, 1, 0, 1, 1, 0)


def test_cover_for_ever_is_lost_to_a_revocation_too(solve: Solve) -> None:
    text = CHAIN.replace('"30d"', '"forever"')
    assert solve(text, of(Rule(foreign=True, cover="void", until_day=5)), (0, 4.9, 5))["b"] == close(0, 0, 1)


def test_a_standby_does_not_soften_a_revocation_but_what_it_supplies_does(solve: Solve) -> None:
    text = """
    [[item]]
    id = "user"
    mission = 1
    source = [{ provider = "self", needs = [{ item = "c", survive = "forever" }] }]
    [[item]]
    id = "c"
    source = [{ provider = "landlord" }, { provider = "home", status = "standby", capacity = 0.7, recover = "30d" }]
    """
    assert solve(text, REVOKED, (0, 29.9, 30))["user"] == close(0, 0, 0.7)


def test_the_part_voided_takes_an_unknown_share_at_its_worst_for_the_answer(solve: Solve) -> None:
    text = """
    [[item]]
    id = "user"
    mission = 1
    source = [{ provider = "self", needs = [{ item = "c", survive = "100d" }] }]
    [[item]]
    id = "c"
    source = [{ provider = "home", share = 0.5 }, { provider = "landlord", share = "?" }]
    """
    # low: half of c is voided; high: nothing is, and half is missing, so cover lasts 200 days
    assert solve(text, REVOKED, (0, 199.9, 200))["user"] == close((0.5, 1), (0.5, 1), 0.5)


# ---------------------------------------------------------------- circles

CIRCLE = """
[[item]]
id = "a"
mission = 1
source = [{ provider = "self", needs = ["b", "c"] }]
[[item]]
id = "b"
source = [{ provider = "self", needs = ["a"] }]
[[item]]
id = "c"
source = [{ provider = "landlord" }%s]
"""
LATE = ', { provider = "home", status = "standby", recover = "10d" }'
AT_ONCE = ', { provider = "home", status = "standby" }'


def test_a_circle_that_has_stopped_does_not_start_again_by_itself(solve: Solve) -> None:
    found = solve(CIRCLE % LATE, FOREIGN, (0, 9.9, 10, 365))
    assert found["c"] == close(0, 0, 1, 1)
    assert found["a"] == found["b"] == close(0, 0, 0, 0)
    found = solve(CIRCLE % "", of(Rule(foreign=True, until_day=10)), (0, 9.9, 10, 365))
    assert found["c"] == close(0, 0, 1, 1)
    assert found["a"] == found["b"] == close(0, 0, 0, 0)


def test_a_circle_whose_supply_is_taken_over_at_once_never_falls(solve: Solve) -> None:
    found = solve(CIRCLE % AT_ONCE, FOREIGN, (0, 10, 365))
    assert found["a"] == found["b"] == found["c"] == close(1, 1, 1)


def test_a_circle_of_gain_1_stays_at_the_level_to_which_it_fell(solve: Solve) -> None:
    found = solve(CIRCLE % "", of(Rule(foreign=True, availability=0.5, until_day=10)), (0, 9.9, 10, 365))
    assert found["c"] == close(0.5, 0.5, 1, 1)
    assert found["a"] == found["b"] == close(0.5, 0.5, 0.5, 0.5)


def test_a_circle_with_another_source_climbs_back(solve: Solve) -> None:
    text = (CIRCLE % "").replace(
        '[{ provider = "self", needs = ["a"] }]',
        '[{ provider = "self", share = 0.5, needs = ["a"] }, { provider = "home", share = 0.5 }]',
    )
    found = solve(text, of(Rule(foreign=True, until_day=10)), (0, 9.9, 10))
    # b at 0.5 from home alone; then a = b and b = 0.5 + 0.5·a rise to 1
    assert found["a"] == close(0, 0, 1)
    assert found["b"] == close(0.5, 0.5, 1)


STEEL = """
[[item]]
id = "steel"
mission = 1
source = [{ provider = "self", needs = [%s] }]
[[item]]
id = "machines"
source = [{ provider = "home", share = 0.9, needs = ["steel"] }, { provider = "landlord", share = 0.1 }]
"""


def test_a_circle_with_a_gain_under_1_runs_down_to_nothing(solve: Solve) -> None:
    found = solve(STEEL % '"machines"', FOREIGN, (0, 365))
    assert found["steel"] == found["machines"] == close(0, 0)


def test_a_circle_with_slack_stands(solve: Solve) -> None:
    found = solve(STEEL % '{ item = "machines", enough = 0.8 }', FOREIGN, (0, 365))
    assert found["steel"] == close(1, 1)
    assert found["machines"] == close(0.9, 0.9)


def test_a_circle_that_has_lost_part_of_its_feed_settles_at_the_fixed_point(solve: Solve) -> None:
    found = solve(STEEL % '{ item = "machines", weight = 0.5 }', FOREIGN, (0,))
    # steel = 0.5 + 0.5·0.9·steel
    assert found["steel"] == close(0.5 / 0.55)
    assert found["machines"] == close(0.45 / 0.55)


TIGHT = """
[[item]]
id = "a"
mission = 1
source = [{{ provider = "self", needs = [{{ item = "b", weight = {w!r} }}] }}]
[[item]]
id = "b"
source = [{{ provider = "home", share = {w!r}, needs = ["a"] }}, {{ provider = "landlord", share = {rest!r} }}]
"""


@pytest.mark.parametrize("kernel", ["plain", "compiled"])
@pytest.mark.parametrize("w", [0.9, 0.999, 0.999999, 1 - 1e-7])
def test_a_circle_with_a_gain_near_1_is_solved_and_not_iterated_to_weariness(kernel: Kernel, w: float) -> None:
    # a = (1 − w) + w·b and b = w·a, hence a = 1/(1 + w)
    found = SOLVERS[kernel](TIGHT.format(w=w, rest=1 - w), FOREIGN, (0, 365))
    assert found["a"] == close(1 / (1 + w), 1 / (1 + w))
    assert found["b"] == close(w / (1 + w), w / (1 + w))


@pytest.mark.parametrize("kernel", ["plain", "compiled"])
def test_a_circle_with_a_gain_just_under_1_and_no_feed_ends_at_0(kernel: Kernel) -> None:
    text = (CIRCLE % "").replace(', "c"', "")
    cut = of(Rule(item="a", availability=0.999999))
    assert SOLVERS[kernel](text, cut, (0,))["a"] == close(0)


def test_a_gain_of_1_less_a_trillionth_counts_as_1(solve: Solve) -> None:
    text = (CIRCLE % "").replace(', "c"', "")
    assert solve(text, of(Rule(item="a", availability=1 - 1e-12)), (0, 365))["a"] == close(1, 1)


def test_a_circle_of_gain_1_stands_at_1(solve: Solve) -> None:
    text = (CIRCLE % "").replace(', "c"', "")
    found = solve(text, FOREIGN, (0, 365))
    assert found["a"] == found["b"] == close(1, 1)


def test_an_item_that_needs_itself_runs_until_it_is_stopped(solve: Solve) -> None:
    text = """
    [[item]]
    id = "compiler"
    mission = 1
    source = [{ provider = "self", needs = ["compiler", "server"] }]
    [[item]]
    id = "server"
    source = [{ provider = "landlord" }]
    """
    cut = of(Rule(foreign=True, from_day=5, until_day=6))
    assert solve(text, cut, (0, 4.9, 5, 6, 365))["compiler"] == close(1, 1, 0, 0, 0)


def test_a_rounding_error_does_not_start_a_circle(solve: Solve) -> None:
    # 0.6 + 0.3 + 0.1 is a little under 1 in floating point; the circle a ⇄ b has a gain of 1.6
    text = """
    [[item]]
    id = "a"
    mission = 1
    source = [
      { provider = "self", share = 0.8, needs = ["b"] },
      { provider = "home", share = 0.2, needs = [
        { item = "p", weight = 0.6 }, { item = "p", weight = 0.3 }, { item = "p", weight = 0.1 },
      ] },
    ]
    [[item]]
    id = "b"
    source = [{ provider = "self", needs = [{ item = "a", enough = 0.5 }, "r"] }]
    [[item]]
    id = "p"
    source = [{ provider = "landlord" }]
    [[item]]
    id = "r"
    source = [{ provider = "eastern" }]
    """
    cut = of(Rule(country="US"), Rule(country="CN", until_day=10))
    found = solve(text, cut, (0, 9.9, 10, 365))
    assert found["r"] == close(0, 0, 1, 1)
    assert found["a"] == close(0, 0, 0, 0)


# ---------------------------------------------------------------- unknowns and control


@pytest.mark.parametrize(
    ("source", "cut", "level"),
    [
        ('provider = "seatless"', AMERICAN, (0, 1)),
        ('provider = "community"', AMERICAN, 1),
        ('provider = "community"', FOREIGN, 1),
        ('provider = "?"', AMERICAN, (0, 1)),
        ("", AMERICAN, (0, 1)),
        ('provider = "subsidiary"', FOREIGN, 0),
        ('provider = "subsidiary"', of(Rule(foreign=True, via=("provider",))), 1),
        ('provider = "subsidiary"', of(Rule(owner="landlord")), 0),
        ('provider = "subsidiary"', of(Rule(provider="landlord")), 1),
        ('provider = "home", location = "US"', FOREIGN, 0),
        ('provider = "home", location = "US"', of(Rule(foreign=True, via=("provider", "owner"))), 1),
        ('provider = "home", origin = "US"', AMERICAN, 0),
        ('provider = "home", origin = "?"', AMERICAN, (0, 1)),
        ('provider = "home"', of(Rule(country="EU")), 0),
        ('provider = "self"', FOREIGN, 1),
        ('provider = "landlord", licence = "?"', of(Rule(licence="MIT")), (0, 1)),
        ('provider = "landlord", licence = "MIT"', of(Rule(licence="MIT")), 0),
        ('provider = "landlord"', of(Rule(kind="chip")), (0, 1)),
    ],
)
def test_what_is_known_decides_and_what_is_not_gives_an_interval(solve: Solve, source: str, cut: Cutoff, level: Any) -> None:
    text = f'[[item]]\nid = "x"\nmission = 1\nsource = [{{ {source} }}]'
    assert solve(text, cut, (0, 365))["x"] == close(level, level)


def test_strict_holds_assumed_owners_and_locations_for_unknown(solve: Solve) -> None:
    text = '[[item]]\nid = "x"\nmission = 1\nsource = [{ provider = "home" }]'
    assert solve(text, FOREIGN, (0,))["x"] == close(1)
    assert solve(text, FOREIGN, (0,), strict=True)["x"] == close((0, 1))
    assert solve(text.replace('"home"', '"self"'), FOREIGN, (0,), strict=True)["x"] == close(1)


def test_an_item_without_sources_stands_until_a_rule_may_match_it(solve: Solve) -> None:
    text = '[[item]]\nid = "x"\nkind = "chip"\nmission = 1'
    assert solve(text, Cutoff(), (0, 365))["x"] == close(1, 1)
    for cut in (FOREIGN, AMERICAN, of(Rule(provider="home")), of(Rule(owner="home")), of(Rule(licence="MIT"))):
        assert solve(text, cut, (0,))["x"] == close((0, 1))
    assert solve(text, of(Rule(item="x")), (0,))["x"] == close(0)
    assert solve(text, of(Rule(kind="chip")), (0,))["x"] == close(0)
    assert solve(text, of(Rule(kind="software")), (0,))["x"] == close(1)
    assert solve(text, of(Rule(tag="x")), (0,))["x"] == close(1)


def test_an_item_with_candidates_only_is_not_there(solve: Solve) -> None:
    text = '[[item]]\nid = "x"\nmission = 1\nsource = [{ provider = "home", status = "candidate" }]'
    assert solve(text, Cutoff(), (0, 365))["x"] == close(0, 0)
    assert solve(text, Cutoff(), (0, 365)).stops == {"x": pytest.approx(0)}


@pytest.mark.parametrize(
    ("sources", "level"),
    [
        ('{ provider = "landlord" }, { provider = "home", status = "standby", recover = "?" }', (0, 1)),
        ('{ provider = "landlord" }, { provider = "home", status = "standby", capacity = "?" }', (0, 1)),
        ('{ provider = "landlord", share = 0.4 }, { provider = "home", share = "?" }', (0, 0.6)),
        ('{ provider = "landlord", share = "?" }, { provider = "home", share = 0.4 }', 0.4),
        ('{ provider = "landlord", share = 0.6 }, { provider = "home", share = 0.4, capacity = "?" }', (0.4, 1)),
        ('{ provider = "landlord" }, { provider = "home", capacity = "?" }', (0.5, 1)),
        ('{ provider = "landlord" }, { provider = "home", share = "?" }', (0, 1)),
        ('{ provider = "landlord" }, { provider = "home", share = "?", capacity = 0.3 }', 0.3),
        ('{ provider = "landlord" }, { provider = "home", recover = "?" }', (0.5, 1)),
    ],
)
def test_unknown_numbers_lie_between_their_bounds(solve: Solve, sources: str, level: Any) -> None:
    text = f'[[item]]\nid = "x"\nmission = 1\nsource = [{sources}]'
    assert solve(text, FOREIGN, (0, 365))["x"] == close(level, level)


def test_an_unknown_share_is_bounded_and_never_filled_up(solve: Solve) -> None:
    text = '[[item]]\nid = "x"\nmission = 1\nsource = [{ provider = "home", share = 0.4 }, { provider = "self", share = "?" }]'
    assert solve(text, Cutoff(), (0,))["x"] == close((0.4, 1))


def test_unknown_cover_lasts_from_nothing_to_for_ever(solve: Solve) -> None:
    assert solve(CHAIN.replace('"30d"', '"?"'), FOREIGN, (0, 1095))["b"] == close((0, 1), (0, 1))
    assert solve(CHAIN.replace('"30d"', '"?"'), FOREIGN, (0, 9.9, 10, 1095)).stops["a"] == (pytest.approx(10), None)


def test_stakes_under_the_threshold_do_not_control(solve: Solve) -> None:
    text = """
    [[provider]]
    id = "venture"
    country = "DE"
    owner = ["landlord:0.3", "home:0.7"]
    [[item]]
    id = "x"
    mission = 1
    source = [{ provider = "venture" }]
    """
    assert solve(text, FOREIGN, (0,))["x"] == close(1)
    assert solve(text, replace(FOREIGN, stake=0.25), (0,))["x"] == close(0)


# ---------------------------------------------------------------- the mission


def test_mission_weights_are_normalised(solve: Solve) -> None:
    text = """
    [[item]]
    id = "x"
    mission = 3
    source = [{ provider = "landlord" }]
    [[item]]
    id = "y"
    mission = 1
    source = [{ provider = "home" }]
    [[item]]
    id = "z"
    source = [{ provider = "landlord" }]
    """
    assert solve(text, FOREIGN, (0,)).mission == close(0.25)


def test_without_missions_each_item_that_nobody_needs_counts_equally(solve: Solve) -> None:
    text = """
    [[item]]
    id = "x"
    source = [{ provider = "self", needs = ["z"] }]
    [[item]]
    id = "y"
    source = [{ provider = "home" }]
    [[item]]
    id = "z"
    source = [{ provider = "landlord" }]
    """
    assert solve(text, FOREIGN, (0,)).mission == close(0.5)


CLINIC = """
[stack]
name = "Clinic assistant"
home = "DE"
trusted = ["EU"]
[[provider]]
id = "openai"
country = "US"
[[provider]]
id = "nvidia"
country = "US"
[[provider]]
id = "acme"
name = "Acme Hosting GmbH"
country = "DE"
owner = "acme-corp"
[[provider]]
id = "acme-corp"
name = "Acme Corp"
country = "US"
[[item]]
id = "assistant"
kind = "application"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["llm", { item = "telemetry", weight = 0.2, survive = "90d" }]
[[item]]
id = "telemetry"
kind = "service"
  [[item.source]]
  provider = "acme"
[[item]]
id = "llm"
kind = "model"
  [[item.source]]
  provider = "openai"
  location = "US"
  [[item.source]]
  id = "local-llm"
  provider = "self"
  status = "standby"
  capacity = 0.6
  recover = "14d"
  needs = [{ item = "gpu-server", survive = "3y" }]
[[item]]
id = "gpu-server"
kind = "hardware"
  [[item.source]]
  provider = "nvidia"
"""


def test_the_clinic_stops_for_two_weeks_and_again_after_three_years(solve: Solve) -> None:
    stack = loads(CLINIC, "stack.toml")
    found = solve(stack, FOREIGN, (0, 13, 13.999, 14, 89, 90, 1094, 1094.999, 1095, 2000))
    assert found.mission == found["assistant"] == close(0, 0, 0, 0.6, 0.6, 0.6, 0.6, 0.6, 0, 0)
    assert found["telemetry"] == close(*[0] * 10)
    assert found.stops == pytest.approx({"assistant": 0, "llm": 0, "telemetry": 0, "gpu-server": 0})


def test_the_clinic_has_nothing_left_once_its_cover_is_revoked(solve: Solve) -> None:
    stack = loads(CLINIC, "stack.toml")
    assert solve(stack, REVOKED, (0, 14, 365, 1095)).mission == close(0, 0, 0, 0)
    # only the host of the telemetry revokes; the model is merely denied
    cut = of(Rule(owner="acme-corp", cover="void"), Rule(provider="openai", from_day=30))
    # known on day 0, so local-llm could run from day 14; day 30 takes the 1.0 of openai and leaves 0.6
    assert solve(stack, cut, (0, 14, 29.9, 30, 365)).mission == close(0.8, 0.8, 0.8, 0.6, 0.6)


# ---------------------------------------------------------------- restart


@pytest.fixture(params=["plain", "compiled"])
def kernel(request: pytest.FixtureRequest) -> Any:
    return request.param


def started(answer: Any) -> dict[str, Any]:
    return {item: _joined(*levels) for item, levels in answer.levels.items()}


def test_a_chain_restarts_and_a_circle_does_not(kernel: Kernel) -> None:
    answer = restart(loads(PEOPLE + CHAIN, "stack.toml"), kernel=kernel)
    assert sorted(answer.restartable) == ["a", "b", "c"]
    assert answer.knots == ()
    stack = loads(PEOPLE + CIRCLE % "", "stack.toml")
    assert SOLVERS["plain"](stack, Cutoff(), (0, 365))["a"] == close(1, 1)
    answer = restart(stack, kernel=kernel)
    assert answer.restartable == ("c",)
    assert started(answer) == pytest.approx({"a": 0, "b": 0, "c": 1})
    assert [set(knot.items) for knot in answer.knots] == [{"a", "b"}]
    assert set(answer.knots[0].unlocked_by) <= {"a", "b"}
    assert answer.knots[0].unlocked_by


def test_a_circle_with_another_source_restarts(kernel: Kernel) -> None:
    stack = loads(PEOPLE + STEEL % '"machines"', "stack.toml")
    answer = restart(stack, kernel=kernel)
    assert sorted(answer.restartable) == ["machines", "steel"]
    assert started(answer) == pytest.approx({"machines": 1, "steel": 1})
    answer = restart(stack, FOREIGN, kernel=kernel)
    assert started(answer) == pytest.approx({"machines": 0, "steel": 0})


def test_stock_at_hand_starts_a_circle_only_when_it_is_asked_for(kernel: Kernel) -> None:
    text = (CIRCLE % "").replace('needs = ["a"]', 'needs = [{ item = "a", survive = "30d" }]')
    stack = loads(PEOPLE + text, "stack.toml")
    assert started(restart(stack, kernel=kernel)) == pytest.approx({"a": 0, "b": 0, "c": 1})
    answer = restart(stack, with_stock=True, kernel=kernel)
    assert started(answer) == pytest.approx({"a": 1, "b": 1, "c": 1})
    assert sorted(answer.restartable) == ["a", "b", "c"]


def test_a_restart_rests_on_unknowns_too(kernel: Kernel) -> None:
    text = '[[item]]\nid = "x"\nmission = 1\nsource = [{ provider = "seatless" }]'
    stack = loads(PEOPLE + text, "stack.toml")
    assert started(restart(stack, kernel=kernel)) == pytest.approx({"x": 1})
    assert started(restart(stack, AMERICAN, kernel=kernel)) == {"x": pytest.approx((0, 1))}


@pytest.mark.parametrize("w", [0.9, 0.999999])
def test_a_restart_climbs_a_circle_with_a_gain_near_1_to_its_solution(kernel: Kernel, w: float) -> None:
    stack = loads(PEOPLE + TIGHT.format(w=w, rest=1 - w), "stack.toml")
    found = started(restart(stack, FOREIGN, kernel=kernel))
    assert found == pytest.approx({"a": 1 / (1 + w), "b": w / (1 + w)}, abs=1e-9)


def test_the_reference_agrees_on_black_starts() -> None:
    stack = loads(PEOPLE + CIRCLE % "", "stack.toml")
    assert reference.restart_levels(stack) == {"a": 0, "b": 0, "c": 1}
    stack = loads(PEOPLE + TIGHT.format(w=0.9, rest=1 - 0.9), "stack.toml")
    assert reference.restart_levels(stack, FOREIGN)["a"] == pytest.approx(1 / 1.9)
    assert math.isclose(reference.restart_levels(stack)["a"], 1)
