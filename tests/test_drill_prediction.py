"""What is predicted of a command, worked by hand, and what prediction and drill come to together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given

from freehold.catalogue.facts import Catalogue, load
from freehold.drill.attribution import Attribution, bare_stack
from freehold.drill.cutting import cut_hosts
from freehold.drill.prediction import agrees, compared, headline, item_meant, played, predict
from freehold.drill.record import Prediction, Verdict, VerdictName
from freehold.errors import BadCutoff, UnknownId
from freehold.measure.cutoff import cutoff
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import UNKNOWN, Item, Need, Source, Stack
from small_catalogue import write_layer
from strategies import cutoffs, repeatable, stacks


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load(write_layer(tmp_path_factory.mktemp("catalogue")))


# A build that needs an index with a week of cover, a cloud without any, and another service for a tenth of its worth.
BUILD = Stack(
    "Build", "DE", (), None,
    items=(
        Item("build", kind="application", mission=1.0), Item("build:change", kind="application"),
        Item("the-index", kind="registry"), Item("acme-cloud", kind="cloud"), Item("host:example.extra", kind="service"),
    ),
    sources=(
        Source("build@self", "build", "self"), Source("change@self", "build:change", "self"),
        Source("index@crowd", "the-index", "crowd"), Source("cloud@acme", "acme-cloud", "acme"),
        Source("extra", "host:example.extra", "left-fund"),
    ),
    needs=(
        Need("change@self", "the-index", "registry", survive=7.0), Need("change@self", "acme-cloud", "host"),
        Need("change@self", "host:example.extra", "service", weight=0.1),
    ),
)  # fmt: skip


def predicted(
    catalogue: Catalogue, *rules: Rule, stack: Stack = BUILD, hosts: tuple[str, ...] = (), **options: bool
) -> Prediction:
    attribution = Attribution(stack, catalogue, strict=options.get("strict", False))
    found, reason = predict(attribution, Cutoff(rules) if rules else None, cut_hosts(hosts) if hosts else None, **options)  # type: ignore[arg-type]
    assert found is not None, reason
    return found


def test_what_it_needs_at_once_stops_it(catalogue: Catalogue) -> None:
    found = predicted(catalogue, Rule(provider="acme"))
    assert (found.item, found.low, found.high, found.up) == ("build:change", 0.0, 0.0, False)
    assert found.because.startswith("'build:change' needs 'acme-cloud', which is at 0 % on day 0; source 'cloud@acme' of")


def test_cover_keeps_it_up_unless_its_caches_are_empty(catalogue: Catalogue) -> None:
    assert predicted(catalogue, Rule(provider="crowd")).up is True
    cold = predicted(catalogue, Rule(provider="crowd"), cold=True)
    assert (cold.low, cold.high, cold.up) == (0.0, 0.0, False)
    assert "voids the cover" in cold.because


def test_empty_caches_take_no_cover_from_what_comes_from_no_registry(catalogue: Catalogue) -> None:
    stack = replace(BUILD, needs=(replace(BUILD.needs[1], survive=30.0),))
    assert predicted(catalogue, Rule(provider="acme"), stack=stack, cold=True).up is True


def test_a_small_loss_leaves_it_above_the_floor(catalogue: Catalogue) -> None:
    found = predicted(catalogue, Rule(provider="left-fund"))
    assert (found.low, found.high, found.up) == (0.9, 0.9, True)
    assert predict(Attribution(BUILD, catalogue), Cutoff((Rule(provider="left-fund"),)), floor=0.95)[0] == replace(
        found, up=False
    )


def test_what_only_an_unknown_fact_decides_is_not_predicted(catalogue: Catalogue) -> None:
    sources = tuple(replace(one, provider=UNKNOWN) if one.id == "cloud@acme" else one for one in BUILD.sources)
    found = predicted(catalogue, Rule(country="US"), stack=replace(BUILD, sources=sources))
    assert (found.low, found.high, found.up) == (0.0, 1.0, None)


def test_a_drill_plays_day_0_so_what_comes_later_is_not_predicted(catalogue: Catalogue) -> None:
    assert predicted(catalogue, Rule(provider="acme", from_day=1), Rule(provider="left-fund")).low == 0.9
    assert predicted(catalogue, Rule(provider="acme", availability=0.2)).up is True


def test_a_host_is_predicted_by_the_rows_that_it_is_tied_to(catalogue: Catalogue) -> None:
    assert predicted(catalogue, hosts=("extra.example",)).low == 0.9
    assert predicted(catalogue, hosts=("example",)).low == 0.9
    assert predicted(catalogue, hosts=("api.acme.com",)).up is False
    assert predicted(catalogue, hosts=("unknown.example",)).up is True


def test_a_host_below_a_domain_that_stands_for_a_row_is_perhaps_that_row(catalogue: Catalogue) -> None:
    found = predicted(catalogue, hosts=("v2.api.acme.com",))
    assert (found.low, found.high, found.up) == (0.0, 1.0, None)
    # a tenant of a platform is not the platform
    stack = Stack("s", "DE", items=(Item("forge", mission=1.0),), sources=(Source("f", "forge", "acme-corp"),))
    assert predicted(catalogue, stack=stack, hosts=("somebody.github.io",)).up is True
    assert predicted(catalogue, stack=stack, hosts=("github.io",)).up is False


def test_a_domain_is_cut_with_all_known_hosts_below_it(catalogue: Catalogue) -> None:
    # acme.com itself is a host of Acme without a product; api.acme.com below it is the cloud
    assert predicted(catalogue, hosts=("acme.com",)).up is False


def test_an_air_gap_takes_what_is_reached_over_a_network_and_keeps_the_rest(catalogue: Catalogue) -> None:
    assert predicted(catalogue, air_gap=True).up is False
    held = Stack(
        "s", "DE", items=(Item("x", mission=1.0), Item("chip", kind="chip"), Item("own", kind="service"), Item("odd")),
        sources=(
            Source("x@self", "x", "self"), Source("c", "chip", "acme"), Source("o", "own", "self"), Source("z", "odd", "acme"),
        ),
        needs=(Need("x@self", "chip"), Need("x@self", "own")),
    )  # fmt: skip
    assert predicted(catalogue, stack=held, air_gap=True).up is True
    odd = replace(held, needs=(*held.needs, Need("x@self", "odd")))
    assert predicted(catalogue, stack=odd, air_gap=True).up is None


def test_which_item_a_command_stands_for() -> None:
    assert item_meant(BUILD) == ("build:change", "")
    assert item_meant(BUILD, "acme-cloud") == ("acme-cloud", "")
    with pytest.raises(UnknownId):
        item_meant(BUILD, "no such thing")
    one = Stack("s", items=(Item("a", mission=1.0), Item("b")))
    assert item_meant(one) == ("a", "")
    two = Stack("s", items=(Item("a", mission=1.0), Item("b", mission=2.0)))
    reason = "2 items of the stack have a mission, and nothing says which of them the command stands for: --item ID does"
    assert item_meant(two) == (None, reason)
    changes = Stack("s", items=(Item("a", mission=1.0), Item("a:change"), Item("b"), Item("b:change")))
    assert item_meant(changes) == ("a", "")


def test_without_a_stack_nothing_is_predicted_and_it_is_said_why(catalogue: Catalogue) -> None:
    found = predict(Attribution(bare_stack(catalogue, "DE"), catalogue), Cutoff((Rule(provider="acme"),)))
    assert found == (None, "no stack is named that could predict it")


def test_a_rule_that_names_what_is_not_there_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(BadCutoff):
        predicted(catalogue, Rule(item="nothing"))


UP, DOWN, OPEN = (Prediction("x", low, high, up) for low, high, up in ((1.0, 1.0, True), (0.0, 0.2, False), (0.0, 1.0, None)))


@pytest.mark.parametrize(
    ("verdict", "up", "down"),
    [
        ("untouched", True, False), ("survived", True, False), ("degraded", True, False), ("failed", False, True),
        ("void", None, None),
    ],
)  # fmt: skip
def test_what_agrees_with_what(verdict: VerdictName, up: bool | None, down: bool | None) -> None:
    assert agrees(UP, Verdict(verdict)) is up
    assert agrees(DOWN, Verdict(verdict)) is down
    assert agrees(OPEN, Verdict(verdict)) is None
    assert compared(UP, Verdict(verdict)).agrees is up


def test_the_disagreement_is_the_headline() -> None:
    assert headline(UP, Verdict("failed")) == "The model was wrong: 'x' was predicted to keep working (at 100 % at least), and it failed."  # noqa: E501  # fmt: skip
    assert headline(DOWN, Verdict("survived")) == "The model was wrong: 'x' was predicted to stop (at 20 % at most), and it survived."  # noqa: E501  # fmt: skip
    assert headline(DOWN, Verdict("failed")) == "As predicted: 'x' was to stop, and it failed."
    assert headline(UP, Verdict("degraded")) == "As predicted: 'x' was to keep working, and it went on, worse than before."
    assert headline(OPEN, Verdict("failed")) == "Nothing was predicted for sure of 'x': it was to be between 0 % and 100 %."
    assert headline(UP, Verdict("void")) == "The drill is void: it says nothing of what was predicted of 'x'."


@given(stacks(), cutoffs())
@repeatable(80)
def test_a_prediction_is_the_level_of_the_cutoff_engine_on_day_0(stack: Stack, cut: Cutoff) -> None:
    today = replace(cut, rules=tuple(rule for rule in cut.rules if rule.from_day == 0 and rule.availability == 0))
    for strict in (False, True):
        attribution = Attribution(stack, Catalogue(), strict=strict)
        found, _ = predict(attribution, cut, item="i0", strict=strict)
        answer = cutoff(stack, today, (0.0,), strict=strict).item("i0")
        assert found is not None
        assert (found.low, found.high) == (answer.low[0], answer.high[0])
        assert found.up == (True if found.low >= 0.5 - 1e-9 else False if found.high < 0.5 - 1e-9 else None)


@given(stacks(), cutoffs(lasting=True))
@repeatable(40)
def test_empty_caches_and_an_air_gap_never_help_where_something_is_cut(stack: Stack, cut: Cutoff) -> None:
    assume(any(rule.availability == 0 for rule in cut.rules))
    attribution = Attribution(stack, Catalogue())
    plain, cold, gap = (
        predict(attribution, cut, item="i0", **options)[0]  # type: ignore[arg-type]
        for options in ({}, {"cold": True}, {"air_gap": True})
    )
    assert plain is not None
    for worse in (cold, gap):
        assert worse is not None
        assert worse.low <= plain.low + 1e-9
        assert worse.high <= plain.high + 1e-9


def test_what_is_perhaps_cut_stands_beside_what_surely_is(catalogue: Catalogue) -> None:
    sure, all_ = played(Attribution(BUILD, catalogue), None, cut_hosts(["v2.api.acme.com", "extra.example"]))
    assert [rule.source for rule in sure.rules] == ["extra"]
    assert [rule.source for rule in all_.rules] == ["extra", "cloud@acme"]
