"""What a drill cuts: rule by rule, three-valued, and the law that it is what the rules do to an equivalent stack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from freehold.catalogue.facts import Catalogue, load
from freehold.drill.attribution import Attribution, bare_stack
from freehold.drill.cutting import RuleCutting, cut_data, cut_hosts, said_of_rule
from freehold.drill.decision import KEPT, Decision
from freehold.drill.network_tables import load_asn_table, load_country_table
from freehold.errors import BadCutoff, UnknownId, UsageError
from freehold.stack.control import Control, any_of
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Provider, Source, Stack
from small_catalogue import write_layer
from strategies import cutoffs, repeatable, stacks


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load(write_layer(tmp_path_factory.mktemp("catalogue")))


def cutting(catalogue: Catalogue, *rules: Rule, strict: bool = False, stake: float = 0.5) -> RuleCutting:
    attribution = Attribution(bare_stack(catalogue, "DE", ("FI",)), catalogue, strict=strict, stake=stake)
    return RuleCutting(attribution, Cutoff(rules), strict=strict)


def test_a_providers_host_is_cut_and_others_are_not(catalogue: Catalogue) -> None:
    cut = cutting(catalogue, Rule(provider="acme"))
    assert cut.decide("api.acme.com") == Decision(cut=True, because="provider acme")
    assert cut.decide("www.acme.com") == Decision(cut=True, because="provider acme")
    assert cut.decide("acme.co.uk") == KEPT


def test_an_owner_is_cut_with_all_that_it_owns(catalogue: Catalogue) -> None:
    cut = cutting(catalogue, Rule(owner="acme-corp"))
    assert cut.decide("api.acme.com").because == "owner acme-corp"
    assert cut.decide("acme.co.uk").cut
    assert not cutting(catalogue, Rule(owner="left-fund")).decide("api.acme.com").cut
    assert cutting(catalogue, Rule(owner="left-fund"), stake=0.1).decide("api.acme.com").cut


def test_a_country_cuts_by_the_ways_asked_for_and_the_reason_says_which(catalogue: Catalogue) -> None:
    assert cutting(catalogue, Rule(country="GB")).decide("api.acme.com").because == "country GB via owner"
    assert cutting(catalogue, Rule(country="FI")).decide("api.acme.com").because == "country FI via location"
    assert not cutting(catalogue, Rule(country="GB", via=("provider", "location"))).decide("api.acme.com").cut
    assert cutting(catalogue, Rule(foreign=True)).decide("api.acme.com").because == "everything foreign via owner"
    assert cutting(catalogue, Rule(foreign=True, via=("location",))).decide("api.acme.com") == KEPT


def test_a_host_is_cut_if_one_of_its_strong_hands_is_and_the_reason_names_it(catalogue: Catalogue) -> None:
    cut = cutting(catalogue, Rule(provider="acme-corp"))
    assert cut.decide("somebody.github.io").because == "provider acme-corp (platform: Acme Corp)"
    assert cut.decide("unknown.example", ("x.github.io",)).because == "provider acme-corp (delivery: Acme Corp)"
    assert cut.decide("api.acme.com", ("x.acme.co.uk",)).because == "provider acme-corp (delivery: Acme Corp)"


def test_an_unknown_host_is_kept_and_under_strict_it_is_cut_perhaps(catalogue: Catalogue) -> None:
    assert cutting(catalogue, Rule(provider="acme")).decide("unknown.example") == Decision(cut=False, surely=False)
    strict = cutting(catalogue, Rule(provider="acme"), strict=True)
    assert strict.decide("unknown.example") == Decision(cut=True, because="perhaps provider acme", surely=False)


def test_a_rule_that_names_what_is_not_there_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownId, match="acme-crop"):
        cutting(catalogue, Rule(provider="acme-crop"))
    with pytest.raises(BadCutoff, match="no item is called 'shop'"):
        cutting(catalogue, Rule(item="shop"))
    with pytest.raises(BadCutoff, match="without a home"):
        RuleCutting(Attribution(bare_stack(catalogue), catalogue), Cutoff((Rule(foreign=True),)))


def test_strict_takes_assumed_owners_for_unknown(catalogue: Catalogue) -> None:
    # nobody states who owns the community behind The Index, or Acme Holding
    rule = Rule(country="CN")
    assert cutting(catalogue, rule).decide("api.acme.com") == KEPT
    assert cutting(catalogue, rule, strict=True).decide("api.acme.com").surely is False


def test_weak_hands_never_cut_by_themselves(catalogue: Catalogue, tmp_path: Path) -> None:
    networks, places = tmp_path / "asn.csv", tmp_path / "places.csv"
    networks.write_text("192.0.2.0,192.0.2.255,64496,Acme Hosting GmbH\n", encoding="utf-8")
    places.write_text("192.0.2.0,192.0.2.255,US\n", encoding="utf-8")

    def made(rule: Rule, *, strict: bool = False) -> RuleCutting:
        attribution = Attribution(
            bare_stack(catalogue, "DE"), catalogue, strict=strict, networks=load_asn_table([networks]),
            places=load_country_table([places]),
        )  # fmt: skip
        return RuleCutting(attribution, Cutoff((rule,)), strict=strict)

    for name in ("", "acme.co.uk"):
        assert made(Rule(provider="acme")).decide(name, (), ("192.0.2.1",)) == Decision(cut=False, surely=False)
        assert made(Rule(country="FR")).decide(name, (), ("192.0.2.1",)).cut is False
    strict = made(Rule(provider="acme"), strict=True).decide("acme.co.uk", (), ("192.0.2.1",))
    assert strict == Decision(cut=True, because="perhaps provider acme (network: Acme Hosting GmbH)", surely=False)
    far = made(Rule(country="US", via=("location",)), strict=False).decide("acme.co.uk", (), ("192.0.2.1",))
    assert far.cut is True, "its owner's seat is its place where the catalogue says no other"


def test_hosts_are_cut_by_name_whatever_stands_behind_them(catalogue: Catalogue) -> None:
    attribution = Attribution(bare_stack(catalogue), catalogue)
    cut = RuleCutting(attribution, hosts=cut_hosts(["https://Files.Example/x", "192.0.2.7"]))
    assert cut.decide("files.example").because == "host files.example"
    assert cut.decide("a.files.example").cut
    assert cut.decide("b.example", ("files.example",)).cut
    assert cut.decide("", (), ("192.0.2.7",)).because == "host 192.0.2.7"
    assert cut.decide("api.acme.com") == KEPT
    with pytest.raises(UsageError, match="--host: 'a b' holds no valid host name"):
        cut_hosts(["a b"])


def test_an_air_gap_cuts_everything_but_this_machine(catalogue: Catalogue) -> None:
    cut = RuleCutting(Attribution(bare_stack(catalogue), catalogue), air_gap=True)
    assert cut.decide("unknown.example") == Decision(cut=True, because="air gap")
    assert cut.decide("", (), ("192.0.2.7",)).cut
    assert cut.decide("localhost") == KEPT
    assert cut.decide("", (), ("127.0.0.1",)) == KEPT
    assert cut.decide("", (), ("::1",)) == KEPT
    assert cut.decide("127.0.0.1") == KEPT
    assert cut.decide("192.0.2.7").cut
    # a name that leads to loopback is asked for outside all the same
    assert cut.decide("local.example", (), ("127.0.0.1",)).cut


def test_a_drill_plays_day_0_only_and_says_what_it_leaves_out(catalogue: Catalogue) -> None:
    cut = cutting(
        catalogue,
        Rule(provider="acme", from_day=7),
        Rule(country="US", availability=0.3),
        Rule(owner="acme-holding", kind="os"),
    )
    assert cut.decide("api.acme.com") == KEPT
    assert cut.notes == (
        "'provider acme' holds from 7d only: a drill plays day 0, so it is not cut.",
        "'country US' leaves 30 %: a drill can only cut all of it, so it is not cut.",
    )
    assert said_of_rule(Rule(owner="acme-holding", kind="os")) == "owner acme-holding and kind os"


def test_items_and_sources_are_cut_at_the_hosts_that_the_stack_ties_them_to(catalogue: Catalogue) -> None:
    stack = Stack(
        "s", "DE", items=(Item("llm", kind="model"), Item("acme-cloud"), Item("host:example.x")),
        sources=(Source("m", "llm", "crowd"), Source("c", "acme-cloud", "acme"), Source("x", "host:example.x", "acme-corp")),
    )  # fmt: skip
    attribution = Attribution(stack, catalogue)

    def cut(rule: Rule, host: str, *, strict: bool = False) -> Decision:
        return RuleCutting(attribution, Cutoff((rule,)), strict=strict).decide(host)

    assert cut(Rule(item="host:example.x"), "x.example").cut
    assert cut(Rule(source="x"), "x.example").because == "source x"
    assert cut(Rule(item="acme-cloud"), "api.acme.com").cut
    assert not cut(Rule(item="acme-cloud"), "x.example").cut
    # acme.co.uk is Acme Corp's, from whom the stack has one thing only: that must be it
    assert cut(Rule(item="host:example.x"), "acme.co.uk").cut
    assert not cut(Rule(item="llm"), "acme.co.uk").cut


def test_of_several_things_from_one_provider_each_is_perhaps_the_host(catalogue: Catalogue) -> None:
    stack = Stack(
        "s", "DE", items=(Item("a"), Item("b")),
        sources=(Source("a@acme-corp", "a", "acme-corp"), Source("b@acme-corp", "b", "acme-corp")),
    )  # fmt: skip
    attribution = Attribution(stack, catalogue)
    rule = Cutoff((Rule(item="a"),))
    assert RuleCutting(attribution, rule).decide("acme.co.uk") == Decision(cut=False, surely=False)
    assert RuleCutting(attribution, rule, strict=True).decide("acme.co.uk").because == "perhaps item a"


def test_what_is_remembered_is_bounded(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("attribution", "cutting"):
        monkeypatch.setattr(f"freehold.drill.{module}.MOST_REMEMBERED", 10)
    cut = cutting(catalogue, Rule(provider="acme"))
    for number in range(100):
        assert cut.decide(f"x{number}.acme.com").cut
    assert len(cut._known) <= 10
    assert cut.decide("x0.acme.com").cut


def test_what_is_cut_is_kept_in_the_form_of_its_file() -> None:
    data = cut_data(Cutoff((Rule(provider="acme"),), "x"), ["b.example", "a.example"])
    assert data["hosts"] == ["a.example", "b.example"]
    assert data["air_gap"] is False
    assert data["cutoff"]["rule"][0]["provider"] == "acme"
    assert cut_data(None, air_gap=True) == {"cutoff": None, "hosts": [], "air_gap": True}


def _hosted(stack: Stack) -> Stack:
    """The same stack, each item named after a host of its own; providers that no catalogue has."""
    named = {item.id: f"host:com.{item.id}" for item in stack.items}
    return replace(
        stack,
        items=tuple(replace(item, id=named[item.id]) for item in stack.items),
        sources=tuple(replace(source, item=named[source.item]) for source in stack.sources),
        needs=(),
    )


def _worked(control: Control, rules: Iterable[Rule], item: Item, stack: Stack) -> bool | None:
    in_use = [one for one in stack.sources_of[item.id] if one.status in (None, "in-use")]
    meant: list[Source | None] = [*(in_use or stack.sources_of[item.id])]
    return any_of(control.matches(rule, item, source) for rule in rules for source in meant or [None])


@given(stacks(circles=False), cutoffs())
@repeatable(150)
def test_a_host_is_cut_just_if_a_rule_matches_the_source_that_stands_for_it(stack: Stack, cut: Cutoff) -> None:
    hosted = _hosted(stack)
    rules = [replace(rule, item=f"host:com.{rule.item}") if rule.item else rule for rule in cut.rules]
    today = [rule for rule in rules if rule.from_day == 0 and rule.availability == 0]
    for strict in (False, True):
        control = Control(hosted, strict=strict, stake=cut.stake)
        attribution = Attribution(hosted, Catalogue(), strict=strict, stake=cut.stake)
        made = RuleCutting(attribution, replace(cut, rules=tuple(rules)), strict=strict)
        for item in hosted.items:
            decision = made.decide(item.id.removeprefix("host:com.") + ".com")
            truth = _worked(control, today, item, hosted)
            assert decision.cut == (truth is True or (truth is None and strict))
            assert decision.surely == (truth is not None)


@given(stacks(circles=False), cutoffs())
@repeatable(60)
def test_the_order_in_which_names_are_asked_for_does_not_matter(stack: Stack, cut: Cutoff) -> None:
    hosted = _hosted(stack)
    rules = tuple(replace(rule, item=f"host:com.{rule.item}") if rule.item else rule for rule in cut.rules)
    hosts = [item.id.removeprefix("host:com.") + ".com" for item in hosted.items]
    made = [RuleCutting(Attribution(hosted, Catalogue()), replace(cut, rules=rules)) for _ in range(2)]
    there = {host: made[0].decide(host) for host in hosts}
    back = {host: made[1].decide(host) for host in reversed(hosts)}
    assert there == back
    assert {host: made[0].decide(host) for host in hosts} == there


def test_a_stack_of_its_own_goes_before_the_catalogue_in_who_owns_whom(catalogue: Catalogue) -> None:
    stack = Stack("s", "DE", providers=(Provider("acme", country="DE", owner=()),))
    attribution = Attribution(stack, catalogue)
    assert not RuleCutting(attribution, Cutoff((Rule(owner="acme-corp"),))).decide("api.acme.com").cut
