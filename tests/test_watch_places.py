"""Which part of the stack labels are about: tied directly, by the gateway's configuration, by names, by the catalogue."""

from __future__ import annotations

import difflib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from freehold.catalogue.facts import load
from freehold.catalogue.hosts import to_forward
from freehold.errors import StackError
from freehold.measure.case import Case
from freehold.stack.cells import nearest
from freehold.stack.cutoff import Rule
from freehold.stack.find import Likeness
from freehold.stack.toml_file import loads
from freehold.watch.alert import PLACES, Labels, labels_from
from freehold.watch.places import MOST_REMEMBERED, Place, Places, together
from freehold.watch.radius import Reach

STACK = """
[stack]
name = "A desk"
home = "DE"
[[provider]]
id = "acme"
name = "Acme Hosting"
country = "DE"
[[item]]
id = "chat"
name = "The chat"
mission = 1
  [[item.source]]
  provider = "self"
  needs = ["llm", "pkg:pypi/requests@2.0"]
[[item]]
id = "llm"
kind = "model"
  [[item.source]]
  id = "llm-main"
  provider = "openai"
  [[item.source]]
  provider = "acme"
  status = "standby"
[[item]]
id = "images"
kind = "service"
  [[item.source]]
  provider = "openai"
[[item]]
id = "pkg:pypi/requests@2.0"
  [[item.source]]
  provider = "acme"
[[item]]
id = "intranet"
name = "intranet.example.org"
  [[item.source]]
[[provider]]
id = "openai"
country = "US"
"""
UPSTREAMS = {
    "eu-1": {"freehold.source_id": "llm-main"},
    "eu-2": {"item": "llm", "provider": "acme"},
    "eu-3": {"host": to_forward("com.openai.api")},
    "gone": {"item": "no-such-item"},
}


@pytest.fixture(scope="module")
def places() -> Places:
    return Places(Case(loads(STACK)), load, upstreams=UPSTREAMS, models={"fast": {"item": "llm"}})


def rule(place: Place) -> dict[str, str | bool]:
    assert place.cut is not None, place.untied
    assert len(place.cut.rules) == 1
    return place.cut.rules[0].selectors


@pytest.mark.parametrize(
    ("labels", "selectors"),
    [
        ({"provider": "acme"}, {"provider": "acme"}),
        ({"provider": "ACME hosting"}, {"provider": "acme"}),
        ({"provider": "OpenAI"}, {"provider": "openai"}),
        ({"provider": "anthropic"}, {"provider": "anthropic"}),
        ({"provider": "azure.ai.openai"}, {"provider": "microsoft"}),
        ({"owner": "acme"}, {"owner": "acme"}),
        ({"country": "us"}, {"country": "US"}),
        ({"country": "EU"}, {"country": "EU"}),
        ({"item": "The chat"}, {"item": "chat"}),
        ({"item": "requests"}, {"item": "pkg:pypi/requests@2.0"}),
        ({"source": "llm-main"}, {"source": "llm-main"}),
        ({"item": "llm", "provider": "openai"}, {"provider": "openai", "item": "llm"}),
        ({"model": "llm"}, {"item": "llm"}),
        ({"model": "fast"}, {"item": "llm"}),
        ({"model": "llm-main"}, {"source": "llm-main"}),
        ({"model": "gpt-4o"}, {"provider": "openai", "kind": "model"}),
        ({"model": "mistral-large-latest"}, {"provider": "mistral"}),
        ({"upstream": "eu-1"}, {"source": "llm-main"}),
        ({"upstream": "eu-2"}, {"provider": "acme", "item": "llm"}),
        ({"upstream": "eu-3"}, {"provider": "openai"}),
        ({"upstream": "acme"}, {"provider": "acme"}),
        ({"host": to_forward("com.openai.api")}, {"provider": "openai"}),
        ({"host": "https://user@" + to_forward("com.openai.somewhere.new") + ":443/v1"}, {"provider": "openai"}),
        ({"host": "intranet.example.org"}, {"item": "intranet"}),
        ({"freehold.source_id": "llm-main"}, {"source": "llm-main"}),
        ({"gen_ai_request_model": "gpt-4o"}, {"provider": "openai", "kind": "model"}),
        ({"server.address": to_forward("com.openai.api"), "item": "images"}, {"item": "images", "provider": "openai"}),
        ({"provider": "openai", "host": "nowhere.invalid", "alertname": "x"}, {"provider": "openai"}),
    ],
)
def test_labels_are_tied(places: Places, labels: dict[str, str], selectors: dict[str, str]) -> None:
    assert rule(places.tie(labels_from(**labels))) == selectors


@pytest.mark.parametrize(
    ("labels", "words", "nearest"),
    [
        ({"alertname": "x", "severity": "page"}, "no label says", ()),
        ({"provider": "acmee"}, "no provider", ("acme",)),
        ({"item": "chatt"}, "no item", ("chat",)),
        ({"source": "llm-mian"}, "no source", ("llm-main",)),
        ({"model": "homemade"}, "catalogue knows no such model", ()),
        ({"upstream": "eu-9"}, "configuration does not say", ()),
        ({"upstream": "gone"}, "ties it to 'no-such-item'", ()),
        ({"host": "192.0.2.7:8000"}, "an address", ()),
        ({"host": "nowhere.invalid"}, "does not know whose", ()),
        ({"host": "no host at all"}, "no host", ()),
        ({"country": "Atlantis"}, "no country", ()),
        ({"item": "chat", "provider": "openai"}, "nothing in the stack is all of this", ()),
    ],
)
def test_what_cannot_be_tied_says_why(places: Places, labels: dict[str, str], words: str, nearest: tuple[str, ...]) -> None:
    place = places.tie(labels_from(**labels))
    assert place.cut is None
    assert not place.is_known
    assert words in " ".join(one.because for one in place.untied)
    assert set(nearest) <= {name for one in place.untied for name in one.nearest}


def test_how_it_was_tied_and_how_surely_is_told(places: Places) -> None:
    (tie,) = places.tie(labels_from(model="gpt-4o")).ties
    assert (tie.by, tie.confidence) == ("pattern", 0.8)
    (tie,) = places.tie(labels_from(host=to_forward("com.openai.api"))).ties
    assert (tie.by, tie.confidence) == ("exact", 1.0)
    place = places.tie(labels_from(provider="openai", host="nowhere.invalid"))
    assert [one.label for one in place.untied] == ["host"]


def test_a_looked_up_label_does_not_overrule_one_that_names_the_thing(places: Places) -> None:
    place = places.tie(labels_from(item="pkg:pypi/requests@2.0", host=to_forward("com.openai.api")))
    assert rule(place) == {"item": "pkg:pypi/requests@2.0"}
    assert "no part of what the other labels name" in place.untied[0].because


@pytest.mark.parametrize(("text", "left"), [("0.4", 0.4), ("40%", 0.4), (" 40 % ", 0.4), ("0", 0.0), ("1", 1.0)])
def test_a_part_may_be_left(places: Places, text: str, left: float) -> None:
    for place in (
        places.tie(labels_from(item="llm"), labels_from(availability=text)),
        places.tie(labels_from(item="llm", availability=text), labels_from(availability="0.9")),
    ):
        assert place.cut is not None
        assert place.cut.rules[0].availability == pytest.approx(left)


@pytest.mark.parametrize("text", ["much", "-1", "2", "nan", "inf", "140%"])
def test_what_is_no_part_is_taken_for_nothing_left_and_told(places: Places, text: str) -> None:
    place = places.tie(labels_from(item="llm", availability=text))
    assert place.cut is not None
    assert place.cut.rules[0].availability == 0
    assert place.untied[0].label == "availability"


def test_a_revocation_can_be_said(places: Places) -> None:
    place = places.tie(labels_from(item="llm", cover="void"))
    assert place.cut is not None
    assert place.cut.rules[0].cover == "void"


def test_a_configuration_that_ties_a_source_settles_which_it_is(places: Places) -> None:
    assert places.tie(labels_from(upstream="eu-1", model="gpt-4o")).cut is not None
    assert rule(places.tie(labels_from(upstream="eu-1"))) == {"source": "llm-main"}


def test_without_a_catalogue_the_stacks_own_names_are_known() -> None:
    places = Places(Case(loads(STACK)))
    assert rule(places.tie(labels_from(provider="openai"))) == {"provider": "openai"}
    assert places.tie(labels_from(host=to_forward("com.openai.api"))).cut is None


def test_several_signals_are_one_cut_off_whatever_their_order(places: Places) -> None:
    signals: list[tuple[Labels, Labels]] = [(labels_from(item="llm"), ()), (labels_from(provider="acme"), ())]
    one, other = places.tie_all(signals), places.tie_all(reversed(signals))
    assert one.cut == other.cut
    assert one.cut is not None
    assert set(one.cut.rules) == {Rule(item="llm"), Rule(provider="acme")}
    with pytest.raises(StackError):
        together([])


def test_what_is_remembered_is_bounded(places: Places) -> None:
    for number in range(MOST_REMEMBERED + 10):
        places.tie(labels_from(country="US", availability=f"0.{number:05}"))
    assert len(places._remembered) == MOST_REMEMBERED


def test_a_storm_of_unknown_places_is_tied_as_a_whole(places: Places) -> None:
    signals: list[tuple[Labels, Labels]] = [(labels_from(item=f"chatt{number}"), ()) for number in range(2000)]
    found = places.tie_all([*signals, (labels_from(item="chat"), ())])
    assert len(found.unplaced) == 2000
    assert rule(found) == {"item": "chat"}
    assert 0 < sum(bool(one.nearest) for one in found.untied) <= 20
    assert places.tie(labels_from(item="chatt1999")).untied[0].nearest == ("chat",)


@strategies.repeatable(60)
@given(st.lists(st.text("abcdef-", min_size=4, max_size=12), min_size=1, max_size=30), st.data())
def test_a_name_with_one_letter_changed_finds_what_was_meant(names: list[str], data: st.DataObject) -> None:
    meant = data.draw(st.sampled_from(names))
    asked = meant[:-1] + "z"
    found = Likeness(names).nearest(asked)
    assert found
    assert set(found) <= set(names)
    best = nearest(asked, list(dict.fromkeys(names)))
    assert (
        difflib.SequenceMatcher(None, found[0], asked).ratio() >= difflib.SequenceMatcher(None, best[0], asked).ratio() - 1e-9
    )


_VALUES = st.one_of(
    st.text(max_size=30), st.sampled_from(["\x00", "\ud800", "a" * 100_000, "::", "[", "http://", "..", "\u202e", "%", "{x}"])
)


@strategies.repeatable(150)
@given(st.dictionaries(st.sampled_from([*PLACES, "availability", "cover", "alertname", "freehold.item"]), _VALUES, max_size=4))
def test_no_label_is_too_strange(labels: dict[str, str]) -> None:
    place = _PLACES.tie(labels_from(**labels))
    assert place.cut is not None or place.untied


_PLACES = Places(Case(loads(STACK)), load)


@pytest.mark.parametrize("labels", [{"model": "chat", "upstream": "eu-2"}, {"model": "nobody knows it"}, {"tenant": "wards"}])
def test_what_holds_is_no_loss_wherever_it_is(labels: dict[str, str]) -> None:
    reach = Reach(loads(STACK), upstreams=UPSTREAMS)
    radius = reach.of(labels_from(**labels, availability="1"))
    assert radius.place.is_known
    assert radius.stops == radius.lowered == ()
    assert radius.loss(0) == radius.loss(365) == (0, 0)


def test_what_holds_takes_nothing_away_from_what_is_lost_beside_it(places: Places) -> None:
    lost, holds = labels_from(source="llm-main"), labels_from(model="chat", availability="1")
    assert places.tie_all([(lost, ()), (holds, ())]) == replace(places.tie_all([(lost, ())]), untied=places.tie(holds).untied)


def test_a_served_name_is_no_item_that_is_no_model(places: Places) -> None:
    place = places.tie(labels_from(model="chat"))
    assert place.cut is None
    assert place.untied[0].nearest == ("chat",)
    assert "no model" in place.untied[0].because
    assert places.tie(labels_from(model="chat", item="llm")).is_known
    assert places.tie(labels_from(model="llm")).is_known
