"""Facts that hold from a day until a day, and providers that are stated to have nobody above them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import freehold
from freehold.catalogue.check import check
from freehold.catalogue.facts import Catalogue, load
from freehold.catalogue.match import Matcher
from freehold.catalogue.schema import FACT_COLUMNS, OPTIONAL_FACT_COLUMNS
from freehold.catalogue.search import search
from freehold.catalogue.show import show
from freehold.catalogue.values import holds
from freehold.cli import main
from freehold.errors import CatalogueError
from freehold.measure.assess import foreign_cutoff
from freehold.report.answers import Context
from freehold.report.json import show_json
from freehold.report.view_catalogue import shown_document
from freehold.stack.values import Owner
from small_catalogue import catalogue_of, fact, write_layer


def dated(folder: Path, *facts: tuple[str, ...]) -> Catalogue:
    """Load the small catalogue, whose edition is 2026-11-22, with a second layer of facts that have dates."""
    write_layer(folder)
    with (folder / "facts-dated.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([(*FACT_COLUMNS, *OPTIONAL_FACT_COLUMNS), *facts])
    return load(folder)


SOLD = (*fact("provider", "crowd", "owner", "left-fund:0.9", says="The fund held nine tenths."), "2019", "2024-05-01")
BOUGHT = (*fact("provider", "crowd", "owner", "acme-corp:1", says="Acme Corp bought all of it."), "2024-05-01", "")


def test_an_owner_of_the_past_is_history_and_the_present_one_counts(tmp_path: Path) -> None:
    catalogue = dated(tmp_path, SOLD, BOUGHT)
    assert check(catalogue) == ()
    provider = catalogue.provider("crowd")
    assert provider is not None
    assert provider.owner == (Owner("acme-corp", 1.0),)
    assert [(step.provider.id, step.since, step.date) for step in catalogue.owner_chain("crowd")] == [
        ("acme-corp", "2024-05-01", "2026-03"),
        ("acme-holding", "", "2026-03"),
    ]
    assert [one.value for one in catalogue.history_of("provider", "crowd")] == ["left-fund:0.9"]
    assert {claim.value for claim in catalogue.claims_for("provider", "crowd", "crowd", attribute="owner")} == {"acme-corp:1"}


def test_history_is_shown_with_its_dates_and_marked(tmp_path: Path) -> None:
    shown = show(dated(tmp_path, SOLD, BOUGHT), "crowd")
    assert [(one.fact.value, one.holds) for one in shown.facts if one.fact.attribute == "owner"] == [
        ("acme-corp:1", True),
        ("left-fund:0.9", False),
    ]
    table = shown_document(shown).blocks[-1]
    texts = [[str(cell) for cell in row.cells] for row in table.rows]  # type: ignore[union-attr]
    assert any("from 2019 until 2024-05-01, not now" in row for row in texts)
    assert any("from 2024-05-01" in row for row in texts)
    facts = show_json(shown, Context())["facts"]
    assert [(one["since"], one["until"], one["holds"]) for one in facts if one["attribute"] == "owner"] == [
        ("2024-05-01", None, True),
        ("2019", "2024-05-01", False),
    ]


def test_a_name_of_the_past_names_nothing(tmp_path: Path) -> None:
    catalogue = dated(tmp_path, (*fact("provider", "crowd", "alias", "The Old Guild"), "", "2020-01"))
    assert Matcher(catalogue).match_name("The Old Guild") is None
    assert search(catalogue, "Old Guild") == ()


def test_a_value_of_the_past_contradicts_nothing_and_one_of_today_does(tmp_path: Path) -> None:
    moved = fact("provider", "acme", "country", "AT")
    assert check(dated(tmp_path, (*moved, "", "2020"))) == ()
    assert any("contradicts" in one.problem for one in check(dated(tmp_path, (*moved, "2020", ""))))


def test_what_has_not_begun_is_not_used(tmp_path: Path) -> None:
    catalogue = dated(tmp_path, (*fact("provider", "crowd", "owner", "acme"), "2027", ""))
    assert catalogue.owner_chain("crowd") == ()
    assert len(catalogue.history_of("provider", "crowd")) == 1


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("", "", True),
        ("2026-11-22", "", True),
        ("2026-11-23", "", False),
        ("2026-12", "", False),
        ("2026", "", True),
        ("", "2026-11-22", False),
        ("", "2026-11-23", True),
        ("", "2026-11", True),
        ("", "2026", True),
        ("", "2025", False),
        ("soon", "later", True),
    ],
)
def test_a_fact_holds_from_its_first_day_until_the_day_before_its_end(since: str, until: str, expected: bool) -> None:
    assert holds(since, until, "2026-11-22") is expected


@given(since=st.dates().map(str), until=st.dates().map(str), day=st.dates().map(str))
def test_full_dates_compare_as_days_do(since: str, until: str, day: str) -> None:
    assert holds(since, until, day) == (since <= day < until)


@pytest.mark.parametrize(
    ("since", "until", "problem", "column"),
    [
        ("last year", "", "'last year' is no date", "since"),
        ("", "2026-13", "'2026-13' is no date", "until"),
        ("2024-05-01", "2024-05-01", "it ends (2024-05-01) before it has begun (2024-05-01)", "until"),
    ],
)
def test_dates_that_make_no_sense_are_found(tmp_path: Path, since: str, until: str, problem: str, column: str) -> None:
    found = check(dated(tmp_path, (*fact("provider", "crowd", "alias", "C"), since, until)))
    assert [(one.problem, one.column, one.file, one.row) for one in found] == [(problem, column, "facts-dated.csv", 2)]


def test_a_layer_has_both_columns_of_dates_or_neither(tmp_path: Path) -> None:
    write_layer(tmp_path)
    (tmp_path / "facts-odd.csv").write_text(",".join((*FACT_COLUMNS, "since")) + "\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="or with ,since,until after it"):
        load(tmp_path)
    (tmp_path / "facts-odd.csv").unlink()
    with pytest.raises(CatalogueError, match="8 cells where 9 are due"):
        dated(tmp_path, (*fact("provider", "crowd", "alias", "C"), ""))


OWN = fact("provider", "acme-holding", "owner", "acme-holding", says="The page calls it listed, without a majority holder.")


def test_a_provider_of_its_own_is_no_circle_and_has_nobody_above_it(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, OWN, fact("provider", "crowd", "owner", "crowd"))
    assert check(catalogue) == ()
    assert catalogue.owner_chain("acme-holding") == ()
    assert [step.provider.id for step in catalogue.owner_chain("acme")] == ["acme-corp", "left-fund", "acme-holding"]
    assert [one.value for one in catalogue.nobody_above("acme-holding")] == ["acme-holding"]
    assert catalogue.nobody_above("acme") == ()


def test_a_provider_of_its_own_may_have_small_holders(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, OWN, fact("provider", "acme-holding", "owner", "left-fund:0.2"))
    assert check(catalogue) == ()
    assert [(step.provider.id, step.stake) for step in catalogue.owner_chain("acme-holding")] == [("left-fund", 0.2)]


def test_show_says_who_has_nobody_above_it_and_according_to_whom(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, OWN)
    for asked in ("acme-holding", "acme-cloud"):
        told = [block.text for block in shown_document(show(catalogue, asked)).blocks if hasattr(block, "text")]
        assert "Acme Holding PLC has nobody above it, according to Legal notice (Example Press) " in " ".join(told)
        assert "No owner is known" not in " ".join(told)
    assert show_json(show(catalogue, "acme"), Context())["nobody_above"] == [
        {"id": "acme-holding", "date": "2026-03", "says": OWN[-1], "url": "https://www.example.com/legal?x=1"}
    ]


STACK = """
[stack]
name = "Clinic"
home = "DE"
[[provider]]
id = "acme"
country = "DE"
OWNER
[[item]]
id = "records"
kind = "cloud"
[[item.source]]
provider = "acme"
location = "DE"
"""


@pytest.mark.parametrize(("owner", "low"), [("", 0.0), ('owner = "acme"', 1.0)])
def test_a_stack_may_say_that_a_provider_is_its_own_and_then_strict_knows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], owner: str, low: float
) -> None:
    path = tmp_path / "clinic.toml"
    path.write_text(STACK.replace("OWNER", owner), encoding="utf-8")
    cut = freehold.cutoff(freehold.read(str(path)), foreign_cutoff(), strict=True)
    assert (cut.items[0].low[0], cut.items[0].high[0]) == (low, 1.0)
    assert main(["assess", str(path), "--strict", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["coverage"]["owner"] == (1.0 if owner else 0.0)


def test_a_provider_of_its_own_comes_into_a_stack_as_such(tmp_path: Path) -> None:
    provider = catalogue_of(tmp_path, OWN).provider("acme-holding")
    assert provider is not None
    assert provider.owner == (Owner("acme-holding"),)
