"""Who stands above the cloud providers whose owners are most often told wrongly, and how well owners are known at all."""

from __future__ import annotations

import pytest

from freehold.catalogue.facts import Catalogue, load
from freehold.catalogue.match import Matcher
from freehold.catalogue.values import last_day

UNKNOWN = "natural-persons"
"""The row for persons whose names and seats the catalogue does not keep; its country is `none`."""

TELEKOM = [("deutsche-telekom", "DE", "t-systems", 1.0), ("germany-state", "DE", "deutsche-telekom", 0.278)]

CHAINS = {
    "stackit": [
        ("schwarz-gruppe", "DE", "stackit", 1.0),
        ("dieter-schwarz-stiftung", "DE", "schwarz-gruppe", 0.999),
    ],
    "t-systems": TELEKOM,
    "cloudferro": [],
    "gridscale": [("ovhcloud", "FR", "gridscale", 1.0), (UNKNOWN, "none", "ovhcloud", None)],
    "ovhcloud": [(UNKNOWN, "none", "ovhcloud", None)],
    "aws-european-sovereign-cloud": [
        ("aws", "US", "aws-european-sovereign-cloud", None),
        ("amazon", "US", "aws", None),
    ],
    "aws": [("amazon", "US", "aws", None)],
    "contabo": [("kkr", "US", "contabo", None)],
    "exoscale": [
        ("a1-digital", "AT", "exoscale", None),
        ("a1-telekom-austria", "AT", "a1-digital", None),
        ("america-movil", "MX", "a1-telekom-austria", 0.608),
        ("oebag", "AT", "a1-telekom-austria", 0.284),
        (UNKNOWN, "none", "america-movil", None),
    ],
    "hetzner": [(UNKNOWN, "none", "hetzner", None)],
    "microsoft": [],
    "google": [("alphabet", "US", "google", None), (UNKNOWN, "none", "alphabet", None)],
    "plusserver": [("bc-partners", "GB", "plusserver", None)],
    "ionos": [
        ("ionos-group", "DE", "ionos", None),
        ("united-internet", "DE", "ionos-group", 0.638),
        (UNKNOWN, "none", "united-internet", 0.501),
    ],
    "scaleway": [("iliad", "FR", "scaleway", None), (UNKNOWN, "none", "iliad", 0.9758)],
    "upcloud": [],
    "infomaniak": [("infomaniak-foundation", "CH", "infomaniak", None)],
    "github-inc": [("microsoft", "US", "github-inc", None)],
    "imagination": [
        ("canyon-bridge-fund", "KY", "imagination", None),
        ("china-venture-capital-fund", "CN", "canyon-bridge-fund", 0.99),
        ("china-state", "CN", "china-venture-capital-fund", None),
    ],
}
"""From each provider up to the top: owner, its seat, what it owns, its stake where a source gives it."""

NOBODY_ABOVE = {
    "stackit": set(),
    "t-systems": {"deutsche-telekom", "germany-state"},
    "aws-european-sovereign-cloud": {"amazon"},
    "contabo": {"kkr"},
    "exoscale": {"oebag"},
    "google": set(),
    "hetzner": set(),
    "infomaniak": {"infomaniak-foundation"},
    "microsoft": {"microsoft"},
    "ovhcloud": set(),
    "plusserver": {"bc-partners"},
    "upcloud": {"upcloud"},
}
"""Who in the chain is stated to have nobody above it; an empty set where no source that was opened says so."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.mark.parametrize("provider", CHAINS)
def test_a_chain_of_owners_is_told_to_the_top_with_seats_and_stakes(catalogue: Catalogue, provider: str) -> None:
    steps = catalogue.owner_chain(provider)
    assert [(step.provider.id, step.provider.country, step.of, step.stake) for step in steps] == CHAINS[provider]


@pytest.mark.parametrize("provider", NOBODY_ABOVE)
def test_the_top_of_a_chain_is_stated_or_left_open(catalogue: Catalogue, provider: str) -> None:
    chain = [provider, *(step.provider.id for step in catalogue.owner_chain(provider))]
    assert {one for one in chain if catalogue.nobody_above(one)} == NOBODY_ABOVE[provider]


def test_natural_persons_are_one_row_without_a_country_and_without_an_owner(catalogue: Catalogue) -> None:
    persons = catalogue.provider(UNKNOWN)
    assert persons is not None
    assert (persons.country, persons.type) == ("none", "community")
    assert "not recorded" in persons.name
    assert catalogue.owner_chain(UNKNOWN) == ()
    assert not catalogue.nobody_above(UNKNOWN)


@pytest.mark.parametrize("founded", ["alphabet", "hetzner", "iliad", "meta", "oracle", "ovhcloud", "united-internet"])
def test_a_firm_that_its_founders_control_has_natural_persons_above_it(catalogue: Catalogue, founded: str) -> None:
    steps = catalogue.owner_chain(founded)
    assert [step.provider.id for step in steps] == [UNKNOWN]
    assert not any(catalogue.nobody_above(one) for one in (founded, UNKNOWN))


@pytest.mark.parametrize(("name", "provider"), [("Open Telekom Cloud", "t-systems"), ("Azure", "microsoft")])
def test_a_service_leads_to_the_firm_whose_chain_is_told(catalogue: Catalogue, name: str, provider: str) -> None:
    match = Matcher(catalogue).match_name(name)
    assert match is not None
    assert match.provider == provider


def test_every_owner_link_has_a_date_a_reference_and_a_row(catalogue: Catalogue) -> None:
    for id_ in catalogue.ids("provider"):
        for fact in catalogue.facts_of("provider", id_):
            if fact.attribute == "owner":
                assert last_day(fact.date) is not None, fact
                assert catalogue.reference(fact.reference) is not None, fact
                assert catalogue.provider(fact.value.partition(":")[0]) is not None, fact


def test_a_purchase_with_a_day_says_since_when(catalogue: Catalogue) -> None:
    since = {id_: catalogue.owner_chain(id_)[0].since for id_ in ("contabo", "confluent", "infomaniak", "weights-biases")}
    assert since == {
        "contabo": "2022-06",
        "confluent": "2026-03-17",
        "infomaniak": "2026-05-20",
        "weights-biases": "2025-05-05",
    }
