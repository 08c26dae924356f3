"""What options make of a stack: answers worked by hand, and the law that their order never matters."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from freehold.errors import BadOptions
from freehold.measure.cutoff import cutoff
from freehold.measure.mission import mission_of
from freehold.plan.applied import apply_options
from freehold.plan.option_values import Activate, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.shares import fill_shares
from freehold.stack.toml_file import loads
from freehold.stack.values import UNKNOWN, Item, Need, Provider, Source, Stack

CLINIC = """
[stack]
home = "DE"
trusted = ["EU"]
[[provider]]
id = "acme"
country = "DE"
owner = "acme-corp"
[[provider]]
id = "acme-corp"
country = "US"
[[provider]]
id = "openai"
country = "US"
[[provider]]
id = "nvidia"
country = "US"
[[item]]
id = "assistant"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["llm", { item = "telemetry", weight = 0.2, survive = "90d" }]
[[item]]
id = "telemetry"
  [[item.source]]
  provider = "acme"
[[item]]
id = "llm"
  [[item.source]]
  id = "cloud-llm"
  provider = "openai"
  [[item.source]]
  id = "local-llm"
  provider = "self"
  status = "standby"
  capacity = 0.6
  recover = "14d"
  needs = [{ item = "gpu-server", survive = "3y" }]
[[item]]
id = "gpu-server"
  [[item.source]]
  provider = "nvidia"
"""
FOREIGN = Cutoff((Rule(foreign=True),))


def clinic() -> Stack:
    return loads(CLINIC, "clinic.toml")


def curve(stack: Stack, *days: float) -> tuple[float, ...]:
    return cutoff(stack, FOREIGN, days).mission.low


def test_nothing_built_leaves_the_stack_as_it_is() -> None:
    assert apply_options(clinic(), ()) == clinic()


def test_the_clinic_assistant_gets_more_capacity_sooner_and_for_longer() -> None:
    assert curve(clinic(), 0, 13, 14, 1094, 1095) == pytest.approx((0, 0, 0.6, 0.6, 0))
    better = apply_options(
        clinic(),
        (
            Option("more", (MoreCapacity("local-llm", 0.9),)),
            Option("sooner", (Sooner("local-llm", 2.0),)),
            Option("longer", (Cover("local-llm", "gpu-server", math.inf),)),
        ),
    )
    assert curve(better, 1, 2, 90, 5000) == pytest.approx((0, 0.9, 0.8, 0.8))
    spared = apply_options(better, (Option("no-telemetry", (Spare("assistant@self", "telemetry", 0.0),)),))
    assert curve(spared, 1, 2, 90, 5000) == pytest.approx((0, 0.9, 0.9, 0.9))


def test_no_change_makes_anything_worse() -> None:
    stack = clinic()
    worse = (
        MoreCapacity("local-llm", 0.1),
        Sooner("local-llm", 300.0),
        Cover("local-llm", "gpu-server", 1.0),
        NewQuality("local-llm", 0.2),
        Spare("assistant@self", "telemetry", 0.9),
        MoreCapacity("cloud-llm", 0.4),
    )
    assert apply_options(stack, (Option("worse", worse),)) == stack


def test_a_candidate_stands_by_with_what_was_stated_of_it() -> None:
    stack = clinic()
    candidate = replace(stack.source_by_id["local-llm"], status="candidate")
    stack = replace(stack, sources=tuple(candidate if one.id == candidate.id else one for one in stack.sources))
    assert curve(stack, 14) == (0,)
    built = apply_options(stack, (Option("local", (Activate("local-llm"),)),))
    assert built == clinic()


def shares_of(stack: Stack, item: str) -> dict[str, tuple[float, float]]:
    return {
        "?" if one.source is None else one.source.id: (pytest.approx(one.share[0]), pytest.approx(one.capacity[0]))
        for one in fill_shares(stack, stack.item_by_id[item])
    }


def market(*sources: Source) -> Stack:
    return Stack("market", "DE", items=(Item("i", mission=1.0),), sources=sources)


def test_a_share_is_taken_from_the_others_and_their_capacities_stay() -> None:
    stack = market(
        Source("a", "i", "self", share=0.5), Source("b", "i", "self", share=0.3, capacity=0.6), Source("c", "i", "self"),
        Source("n", "i", "self", status="candidate"),
    )  # fmt: skip
    built = apply_options(stack, (Option("take", (Activate("n", 0.4),)),))
    assert shares_of(built, "i") == {"a": (0.3, 0.5), "b": (0.18, 0.6), "c": (0.12, 1.0), "n": (0.4, 1.0)}


def test_several_that_take_shares_take_them_together_whatever_their_order() -> None:
    stack = market(
        Source("a", "i", "self", share=1.0), Source("m", "i", "self", status="candidate", capacity=0.3),
        Source("n", "i", "self", status="candidate"),
    )  # fmt: skip
    options = (Option("m", (Activate("m", 0.2),)), Option("n", (Activate("n", 0.4),)))
    built = apply_options(stack, options)
    assert built == apply_options(stack, options[::-1])
    assert shares_of(built, "i") == {"a": (0.4, 1.0), "m": (0.2, 0.3), "n": (0.4, 1.0)}
    all_of_it = apply_options(stack, (Option("m", (Activate("m", 0.9),)), Option("n", (Activate("n", 0.9),))))
    assert shares_of(all_of_it, "i") == {"a": (0, 1.0), "m": (0.5, 0.5), "n": (0.5, 1.0)}


def test_what_was_unknown_becomes_the_number_that_was_worked_for() -> None:
    stack = Stack(
        items=(Item("i", mission=1.0), Item("j")),
        sources=(Source("s", "i", "self", recover=UNKNOWN, capacity=UNKNOWN, quality=UNKNOWN), Source("t", "j", "self")),
        needs=(Need("s", "j", survive=UNKNOWN),),
    )
    changes = (Sooner("s", 5.0), MoreCapacity("s", 1.0), NewQuality("s", 0.7), Cover("s", "j", 9.0))
    built = apply_options(stack, (Option("known", changes),))
    source = built.source_by_id["s"]
    assert (source.recover, source.capacity, source.quality, built.needs[0].survive) == (5.0, 1.0, 0.7, 9.0)


def mirror(id_: str = "mirror") -> Option:
    own = Source("own-mirror", "index", "self", status="standby")
    disks = Source("disks@maker", "disks", "disk-maker", status="standby")
    maker = Provider("disk-maker", country="DE")
    adds = Stack(items=(Item("disks"),), providers=(maker,), sources=(own, disks), needs=(Need("own-mirror", "disks"),))
    return Option(id_, (), adds=adds)


def test_what_an_option_adds_comes_with_it_and_what_is_added_as_standby_counts() -> None:
    stack = Stack("s", "DE", items=(Item("index", mission=1.0),), providers=(Provider("us", country="US"),),
                  sources=(Source("pypi", "index", "us"),))  # fmt: skip
    assert curve(stack, 0) == (0,)
    built = apply_options(stack, (mirror(),))
    assert curve(built, 0, 365) == (1, 1)
    assert "disks" in built.item_by_id
    assert "own-mirror" in built.source_by_id


def test_an_item_of_which_nothing_is_known_keeps_its_unknown_source() -> None:
    stack = Stack("s", "DE", items=(Item("index", mission=1.0),))
    built = apply_options(stack, (mirror(),))
    assert cutoff(built, Cutoff((Rule(provider="us", from_day=5.0),)), (0.0, 4.0, 5.0)).mission.low == (1, 1, 1)
    assert shares_of(built, "index") == {"own-mirror": (0, 1), "index@?": (1, 1)}


def test_what_must_be_kept_alive_does_not_change_with_what_is_built() -> None:
    stack = Stack("s", "DE", items=(Item("a"), Item("b")), sources=(Source("as", "a", "self"), Source("bs", "b", "self")))
    adds = Stack(items=(Item("c"),), sources=(Source("cs", "c", "self", status="candidate"),), needs=(Need("cs", "a"),))
    built = apply_options(stack, (Option("c", (Activate("cs"),), adds=adds),))
    assert mission_of(stack).weights == {0: 0.5, 1: 0.5}
    assert {number: weight for number, weight in mission_of(built).weights.items() if weight} == {0: 0.5, 1: 0.5}


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (Option("o", (Activate("local-lm"),)), "Did you mean 'local-llm'"),
        (Option("o", (Cover("local-llm", "telemetry", 9.0),)), "has no need of 'telemetry'"),
        (Option("o", (Activate("cloud-llm", 0.5),)), "in use already"),
        (Option("o", (Activate("local-llm", 1.5),)), "not in (0, 1]"),
        (
            Option("o", (), adds=Stack(sources=(Source("cloud-llm", "llm", "self", status="candidate"),))),
            "there is one already",
        ),
        (Option("o", (), adds=Stack(sources=(Source("x", "llm", "self"),))), "neither standby nor candidate"),
        (Option("o", (), adds=Stack(sources=(Source("x", "lm", "self", status="candidate"),))), "Did you mean 'llm'"),
        (Option("o", (), adds=Stack(items=(Item("llm", name="another"),))), "another one of this id"),
        (Option("o", (), adds=Stack(items=(Item("new", mission=1.0),))), "mission weight"),
        (Option("o", (), adds=Stack(needs=(Need("cloud-llm", "telemetry"),))), "its own sources only"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_mend(option: Option, words: str) -> None:
    with pytest.raises(BadOptions, match="option 'o'") as caught:
        apply_options(clinic(), (option,))
    assert words in str(caught.value)


def test_two_options_that_add_the_same_source_collide() -> None:
    with pytest.raises(BadOptions, match="own-mirror"):
        apply_options(Stack(items=(Item("index"),)), (mirror("a"), mirror("b")))


def test_an_option_twice_is_refused() -> None:
    with pytest.raises(BadOptions, match="there twice"):
        apply_options(clinic(), (Option("o", ()), Option("o", ())))


def test_a_change_of_what_another_option_would_add_does_nothing_without_it() -> None:
    stack = Stack(items=(Item("index"),), sources=(Source("pypi", "index", "self"),))
    sooner = Option("sooner", (Sooner("own-mirror", 3.0),))
    assert apply_options(stack, (sooner,), others=(mirror(),)).sources == stack.sources
    with pytest.raises(BadOptions, match="own-mirror"):
        apply_options(stack, (sooner,))
    assert apply_options(stack, (sooner, mirror())).source_by_id["own-mirror"].recover is None
