"""The data of schemes that stacks answer: what they ask of a stack, where they draw lines, and what they own up to."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from freehold.schemes.asking import asked_of
from freehold.schemes.interface import Amount, Asked
from freehold.schemes.measures.parameters import REACHES
from freehold.schemes.measuring import MEASURES, check_parameters
from freehold.schemes.scheme_file import scheme, schemes_known
from freehold.schemes.scheme_values import Factor
from freehold.schemes.scoring import possible, score
from freehold.stack.toml_file import loads
from freehold.words import LANGUAGES

ROOT = Path(__file__).parent.parent
DATA = ROOT / "src" / "freehold" / "schemes" / "data"
DOCS = (ROOT / "docs" / "concepts" / "scheme-measures.md").read_text(encoding="utf-8")
FACTORS = [
    pytest.param(factor, id=f"{id_}: {factor.id}")
    for id_ in schemes_known()
    for objective in scheme(id_).objectives
    for factor in objective.factors
    if factor.from_stack is not None
]
BETWEEN = (
    0.0,
    1e-9,
    1e-7,
    0.01,
    0.1,
    0.2,
    1 / 3,
    0.24,
    0.39,
    0.4,
    0.5,
    0.6,
    0.7,
    0.75,
    0.8,
    0.9,
    0.99,
    0.9999999,
    1 - 1e-9,
    1.0,
)

FIRM = """
[stack]
home = "DE"
trusted = ["EU"]
as_of = "2026-06-01"
[[provider]]
id = "firm"
country = "{seat}"
owner = ["{owner}:1"]
[[provider]]
id = "fr"
country = "FR"
owner = "fr:1"
[[provider]]
id = "us"
country = "US"
owner = "us:1"
[[item]]
id = "service"
kind = "cloud"
mission = 1
  [[item.source]]
  provider = "firm"
  location = "{place}"
  own_value = {own}
  needs = [{{ item = "part", role = "part" }}]
[[item]]
id = "part"
kind = "chip"
  [[item.source]]
  provider = "firm"
  location = "{parts}"
"""


def firm(*, seat: str = "DE", owner: str = "fr", place: str = "DE", parts: str = "DE", own: float = 0.5) -> Asked:
    return asked_of(loads(FIRM.format(seat=seat, owner=owner, place=place, parts=parts, own=own)))


def letters(id_: str, asked: Asked) -> dict[str, str]:
    return {answer.factor: "".join(answer.letters) for answer in score(scheme(id_), asked).answers}


@pytest.mark.parametrize("factor", FACTORS)
def test_what_a_factor_asks_of_a_stack_can_be_asked_and_every_amount_means_some_choice(factor: Factor) -> None:
    assert factor.from_stack is not None
    check_parameters(factor.from_stack.measure, factor.from_stack.parameters)
    if not factor.choices:
        return
    if factor.from_stack.measure == "software-grade":
        amounts: tuple[float, ...] = (0, 1, 2, 3, 4)
    else:
        amounts = BETWEEN
    for amount in amounts:
        assert possible(factor.choices, amount, amount), amount
    assert all(choice.when for choice in factor.choices), "a choice that no amount means"


@pytest.mark.parametrize("id_", schemes_known())
def test_a_scheme_says_where_it_is_published_and_what_is_not_sure(id_: str) -> None:
    one = scheme(id_)
    assert one.doubts
    assert one.status
    for reference in one.references:
        assert reference.url.startswith("https://")
        assert re.fullmatch(r"2026-\d\d-\d\d", reference.date)


def test_what_answers_the_48_factors_says_for_each_what_it_sees_and_what_it_does_not() -> None:
    rows = tomllib.loads((DATA / "eu-csf-from-stack.toml").read_text(encoding="utf-8"))
    assert 25 <= len(rows) <= 30
    for id_, row in rows.items():
        assert len(row["note"]) > 50, id_
    for known in ("eu-csf-2026", "eu-csf-1.2.1"):
        answered = {f.id for o in scheme(known).objectives for f in o.factors if f.from_stack is not None}
        assert answered == set(rows)


def test_the_best_of_the_48_factors_is_never_told_by_an_inventory_where_it_cannot_prove_it() -> None:
    for id_ in ("SOV-1.8", "SOV-2.2", "SOV-3.4", "SOV-4.3", "SOV-4.6", "SOV-5.1", "SOV-5.7", "SOV-6.3", "SOV-7.6"):
        factor = next(f for o in scheme("eu-csf-2026").objectives for f in o.factors if f.id == id_)
        assert len(possible(factor.choices, 1.0, 1.0)) > 1, id_


def test_a_firm_at_home_held_from_outside_is_told_by_every_scheme() -> None:
    inside, held = firm(), firm(owner="us")
    assert letters("secnumcloud-3.2", inside)["19.6.b-one"] == "b"
    assert letters("secnumcloud-3.2", held)["19.6.b-one"] == "a"
    assert letters("secnumcloud-3.2", held)["19.6.a"] == "ab"  # the seat is inside; of the two other places nothing is known
    assert letters("secnumcloud-3.2", firm(seat="US"))["19.6.a"] == "a"
    assert letters("bsi-c3a-1.0", held)["SOV-1-02-C1"] == "b"
    assert letters("bsi-c3a-1.0", held)["SOV-1-03-C1"] == "a"
    assert letters("bsi-c3a-1.0", inside)["SOV-1-03-C1"] == "ab"
    assert letters("cada-2026-draft", held)["UA.g"] == "abcd"
    assert letters("cada-2026-draft", inside)["UA.g"] == "e"
    assert letters("eu-csf-2026", held)["SOV-1.1"] == "a"
    assert letters("eu-csf-2026", inside)["SOV-1.1"] == "d"


def test_the_bloc_is_home_and_trusted_and_the_country_is_home_alone() -> None:
    told = letters("bsi-c3a-1.0", firm(seat="FR"))
    assert (told["SOV-1-02-C1"], told["SOV-1-02-C2"]) == ("b", "a")


def test_a_seat_inside_does_not_prove_that_contracts_are_under_the_law_of_the_bloc() -> None:
    assert letters("bsi-c3a-1.0", firm())["SOV-1-01-C1"] == "ab"
    assert letters("bsi-c3a-1.0", firm(seat="US"))["SOV-1-01-C1"] == "a"


def test_the_catalogue_of_the_bsi_is_whole_and_its_additional_criteria_are_shown_and_not_counted() -> None:
    c3a = scheme("bsi-c3a-1.0")
    numbers = {one.id: len(one.factors) for one in c3a.objectives}
    assert numbers == {"SOV-1": 7, "SOV-2": 5, "SOV-3": 9, "SOV-4": 13, "SOV-5": 6, "SOV-6": 3, "AC": 16}
    ids = [factor.id for one in c3a.objectives for factor in one.factors]
    assert len(set(ids)) == 59
    assert [one.weight for one in c3a.objectives][-1] == 0
    met = dict.fromkeys(ids, "b")
    unmet = met | {factor.id: "a" for factor in c3a.objectives[-1].factors}
    assert score(c3a, firm(), met).score == score(c3a, firm(), unmet).score == (100, 100)
    assert score(c3a, firm(), met).unweighted == score(c3a, firm(), unmet).unweighted == (100, 100)
    assert score(c3a, firm(), met | {"SOV-1-04-C": "a"}).score == (pytest.approx(100 * 42 / 43), pytest.approx(100 * 42 / 43))


def test_levels_of_the_draft_act_are_the_least_over_all_letters() -> None:
    answers = {
        "UA.b": "c",
        "UA.c": "c",
        "UA.d": "c",
        "UA.e": "d",
        "UA.f": "b",
        "UA.f-1": "b",
        "UA.h": "d",
        "UA.i": "c",
        "UA.j": "b",
        "UA.k": "b",
    }
    assert score(scheme("cada-2026-draft"), firm(), answers).level == (4, 4)
    assert score(scheme("cada-2026-draft"), firm(), answers | {"UA.e": "c"}).level == (3, 3)
    assert score(scheme("cada-2026-draft"), firm(), answers | {"UA.c": "b"}).level == (3, 3)
    assert score(scheme("cada-2026-draft"), firm(), answers | {"UA.d": "b"}).level == (2, 2)
    assert score(scheme("cada-2026-draft"), firm(), answers | {"UA.b": "b"}).level == (1, 1)
    # what the first level asks in letters of its own: standards, subcontractors in the open, outsourced support
    assert score(scheme("cada-2026-draft"), firm(), answers | {"UA.e": "b", "UA.h": "b"}).level == (1, 1)
    for letter in ("UA.e", "UA.f-1", "UA.h"):
        assert score(scheme("cada-2026-draft"), firm(), answers | {letter: "a"}).level == (0, 0), letter
    assert score(scheme("cada-2026-draft"), firm(owner="us"), answers).level == (0, 3)
    assert score(scheme("cada-2026-draft"), firm(place="US")).level == (0, 0)


def test_a_subcontractor_outside_holds_the_draft_act_at_its_first_level_and_the_provider_outside_at_none() -> None:
    # a stack does not tell which of its suppliers is the provider and which a subcontractor
    assert letters("cada-2026-draft", firm(seat="US"))["UA.a"] == "ab"
    assert letters("cada-2026-draft", firm())["UA.a"] == "c"


@pytest.mark.parametrize(("own", "letter"), [(0.0, "a"), (0.19999, "a"), (0.2, "b"), (0.49999, "b"), (0.5, "c"), (1.0, "c")])
def test_classes_of_suppliers_in_india_begin_at_20_and_50_percent(own: float, letter: str) -> None:
    # made at home, of parts from abroad: what the firm adds itself is the local content
    told = score(scheme("in-ppp-mii-2024"), firm(parts="US", own=own)).answers[0]
    assert told.measured is not None
    assert told.measured.low == pytest.approx(own)
    assert "".join(told.letters) == letter


def test_trusted_countries_add_no_local_content() -> None:
    assert letters("in-ppp-mii-2024", firm(place="FR", parts="FR"))["class"] == "a"


def test_a_domestic_product_is_made_in_the_country_whoever_owns_the_firm() -> None:
    assert set(letters("cn-domestic-product-2026", firm(owner="us", parts="US")).values()) == {"b"}
    assert letters("cn-domestic-product-2026", firm(place="FR"))["attribute-change"] == "a"


def test_a_threshold_that_is_loaded_binds() -> None:
    base = firm(parts="US")
    lists = {"component-share-thresholds": {"service": {"threshold": "0.5"}}, "key-components": {"part": {}}}
    told = letters("cn-domestic-product-2026", Asked(base.stack, False, base.region, lists))
    assert told == {"attribute-change": "b", "component-share": "a", "key-components": "a"}


def test_the_three_ratios_are_kept_apart() -> None:
    base = firm(seat="FR", owner="us", place="DE", parts="DE")
    world = Amount(43.2, 577.9, "bn USD", "forecast 2025", "made on the territory", "IC Insights")
    found = score(scheme("self-sufficiency"), Asked(base.stack, False, base.region, None, {"ratio.world": world}))
    amounts = {answer.factor: answer.measured.low for answer in found.answers if answer.measured is not None}
    assert amounts == {"ratio.place": 1.0, "ratio.ownership": 0.0, "ratio.world": 43.2 / 577.9}


def test_grades_are_counted_with_what_is_not_sure_left_open() -> None:
    text = FIRM.format(seat="DE", owner="fr", place="DE", parts="DE", own=0.5) + "".join(
        f'[[item]]\nid = "l{n}"\nkind = "software"\nmission = 1\n[[item.source]]\nprovider = "firm"\nlicence = "{licence}"\n'
        for n, licence in enumerate(("MIT", "MIT", "GPL-3.0-only", "LicenseRef-Proprietary", "LGPL-3.0-only"))
    )
    found = score(scheme("software-sovereignty-scale"), asked_of(loads(text)))
    assert found.grades == {"a": (0, 1), "b": (1, 2), "c": (2, 2), "d": (1, 1), "e": (0, 0)}


@pytest.mark.parametrize("name", MEASURES)
def test_the_page_of_measures_explains_every_measure_and_parameter(name: str) -> None:
    start = DOCS.find(f"### `{name}`")
    assert start >= 0, f"docs/concepts/scheme-measures.md says nothing of {name}"
    own = DOCS[start : DOCS.find("\n### ", start + 5)]
    shared = DOCS[: DOCS.index("\n### ")]
    for parameter in MEASURES[name].accepted:  # type: ignore[attr-defined]
        assert f"`{parameter}`" in own or f"| `{parameter}`" in shared, parameter


def test_the_page_of_measures_explains_every_reach() -> None:
    for reach in REACHES:
        assert f"`{reach}`" in DOCS


def test_every_sentence_of_measures_is_there_in_every_language_with_the_same_values() -> None:
    folder = ROOT / "src" / "freehold" / "languages"
    texts = {code: (folder / f"{code}.toml").read_text(encoding="utf-8") for code in ("en", "zh")}
    tables = {code: tomllib.loads(text)["measured"] for code, text in texts.items()}
    assert set(tables) <= set(LANGUAGES)
    assert set(tables["en"]) == set(tables["zh"])
    for key, text in tables["en"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", tables["zh"][key])), key
