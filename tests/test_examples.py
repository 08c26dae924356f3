"""The shipped examples: they load, every fact can be followed, and things fall on the days worked out by hand."""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from freehold.catalogue.facts import Catalogue, load
from freehold.measure.cutoff import CutoffAnswer, cutoff
from freehold.stack.cells import parse_cell, write_cell
from freehold.stack.csv_folder import read_folder
from freehold.stack.cutoff import Cutoff, Rule, cutoff_from_toml
from freehold.stack.schema import KINDS, attribute
from freehold.stack.shares import share_findings
from freehold.stack.values import Claim, Stack

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = ("clinic", "training", "public-office", "value-chain")
SCENARIOS = sorted(
    f"{path.parent.name}/{path.stem}"
    for path in EXAMPLES.glob("*/*.toml")
    if path.name != "stack.toml" and "[cutoff]" in path.read_text("utf-8")
)
FOREIGN = Cutoff((Rule(foreign=True),), "everything foreign")
ASSUMPTION = "assumption of this example: "
CHANGE = ":change"


@cache
def catalogue() -> Catalogue:
    return load()


@cache
def example(name: str) -> Stack:
    known = catalogue()
    return read_folder(EXAMPLES / name, lookup=known.provider, known_ids=lambda: known.ids("provider"))


def scenario(name: str) -> Cutoff:
    path = EXAMPLES / f"{name}.toml"
    return cutoff_from_toml(tomllib.loads(path.read_text(encoding="utf-8")), path.name)


def run(name: str, cut: Cutoff, *days: float) -> CutoffAnswer:
    return cutoff(example(name), cut, days)


def rows(stack: Stack) -> dict[str, dict[str, object]]:
    """Rows that a claim can be about, by table and id."""
    return {
        "items": {row.id: row for row in stack.items},
        "providers": {row.id: row for row in stack.providers},
        "sources": {row.id: row for row in stack.sources},
        "needs": {row.id: row for row in stack.needs},
    }


def cell(stack: Stack, claim: Claim) -> set[str]:
    """The parts of the cell that a claim is about, as text: several for a list."""
    value = getattr(rows(stack)[claim.table][claim.id], claim.attribute)
    return set(write_cell(attribute(claim.table, claim.attribute), value).split(";")) - {""}


def claimed_parts(claim: Claim) -> set[str]:
    """The parts of a claimed value, spelt as the program spells them."""
    column = attribute(claim.table, claim.attribute)
    return set(write_cell(column, parse_cell(column, claim.value)).split(";"))


def test_there_are_four_stacks_each_with_a_readme_and_a_scenario() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()) == sorted((*NAMES, "firms"))
    for name in NAMES:
        assert (EXAMPLES / name / "README.md").is_file()
        assert any(one.startswith(f"{name}/") for one in SCENARIOS)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_loads_without_any_finding(name: str) -> None:
    stack = example(name)
    assert share_findings(stack, {}) == []
    assert 25 <= len(stack.items) <= 60
    assert stack.home


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_is_about_a_cell_that_is_there(name: str) -> None:
    stack = example(name)
    tables = rows(stack)
    for claim in stack.claims:
        assert claim.id in tables[claim.table], f"{claim.table}: {claim.id}"
        assert cell(stack, claim), f"{claim.table} {claim.id}: {claim.attribute} is blank"


@pytest.mark.parametrize("name", NAMES)
def test_the_claims_on_a_cell_state_what_stands_in_it(name: str) -> None:
    stack = example(name)
    claimed: dict[tuple[str, str, str], set[str]] = {}
    for claim in stack.claims:
        claimed.setdefault((claim.table, claim.id, claim.attribute), set()).update(claimed_parts(claim))
    for claim in stack.claims:
        assert cell(stack, claim) <= claimed[claim.table, claim.id, claim.attribute], f"{claim.id}: {claim.attribute}"


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_names_a_reference_or_says_that_it_is_an_assumption(name: str) -> None:
    for claim in example(name).claims:
        text = claim.source.removeprefix(ASSUMPTION)
        assert len(text) > 10, claim.id
        if text == claim.source:
            assert "https://" in text or "http://" in text, f"{claim.id}: {claim.source}"
            assert text.count(", ") >= 1, f"{claim.id}: title, publisher and address"


@pytest.mark.parametrize("name", NAMES)
def test_every_number_country_and_provider_that_an_example_states_has_a_claim(name: str) -> None:
    """What is left without a claim is a plain link (a need without numbers) and what the catalogue states itself."""
    stack = example(name)
    claimed = {(claim.table, claim.id, claim.attribute) for claim in stack.claims}
    stated = [("items", item.id, "mission") for item in stack.items if item.mission is not None]
    stated += [("items", item.id, "whole") for item in stack.items if item.whole is not None]
    stated += [
        ("sources", source.id, column)
        for source in stack.sources
        for column in (
            "provider", "location", "origin", "licence", "share", "capacity", "recover", "quality", "cost_once", "cost_year",
        )
        if getattr(source, column) is not None
    ]  # fmt: skip
    stated += [
        ("needs", need.id, column)
        for need in stack.needs
        for column in ("weight", "enough", "survive")
        if getattr(need, column) is not None
    ]
    assert [row for row in stated if row not in claimed] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_provider_resolves(name: str) -> None:
    stack = example(name)
    known = catalogue().ids("provider")
    own = {claim.id for claim in stack.claims if claim.table == "providers" and claim.attribute == "country"}
    for source in stack.sources:
        if isinstance(source.provider, str):
            assert source.provider in stack.provider_by_id
            assert source.provider == "self" or source.provider in known or source.provider in own, source.id
    assert not own & set(known), "the catalogue has this provider: leave it out of the example"


@pytest.mark.parametrize("name", NAMES)
def test_the_run_curve_is_known_within_three_tenths_on_day_30(name: str) -> None:
    mission = run(name, FOREIGN, 30).mission
    assert mission.high[0] - mission.low[0] <= 0.3


@pytest.mark.parametrize("name", NAMES)
def test_something_stands_by_cover_something_takes_over_and_something_falls_later(name: str) -> None:
    days = (0.0, 1.0, 3.0, 5.0, 10.0, 14.0, 30.0, 60.0, 120.0, 365.0, 730.0, 1095.0)
    levels = [item.low for item in run(name, FOREIGN, *days).items]
    assert any(one[0] == 1 and one[-1] < 1 for one in levels)
    assert any(before < after for one in levels for before, after in pairwise(one))
    assert any(before > after for one in levels for before, after in pairwise(one[3:]))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_parses_and_runs(name: str) -> None:
    folder = name.split("/")[0]
    cut = scenario(name)
    answer = run(folder, cut, 0, 30, 365, 1095)
    assert cut.name == answer.cutoff.name
    assert any(min(item.low) < 1 for item in answer.items)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_needed_for_change_stands_apart_with_mission_0(name: str) -> None:
    changes = [item for item in example(name).items if item.id.endswith(CHANGE)]
    assert changes
    for item in changes:
        assert item.mission is None
        assert item.id.removesuffix(CHANGE) in example(name).item_by_id


def test_the_clinic_by_hand() -> None:
    """Everything foreign goes; mission = 0.7 assistant + 0.3 letters.

    Model: the rented one is gone on day 0; the own one (capacity 0.6) stands from day 14 until its GPU spares end on day 1095.
    Hosting: 0, then 0.8 from day 10. Sign-in: back on day 3. Certificates: cover ends on day 60, nobody takes over.
    So the assistant is 0 until day 14, then min(0.6, 0.8) = 0.6, and 0 from day 60.
    Letters: mail has 3 days of cover and comes back on day 5, so 0 on days 3 and 4; without the model 1 - 0.5 = 0.5;
    with it 1 - 0.5 * 0.4 = 0.8; from day 7 the dictation of unknown seat may cost another 0.2 (low).
    Day 0: 0.3 * 0.5 = 0.15. Day 14: 0.42 + 0.3 * (0.6 to 0.8). Day 60: 0.3 * (0.6 to 0.8). Day 1095: 0.3 * (0.3 to 0.5).
    """
    answer = run("clinic", FOREIGN, 0, 3, 5, 7, 13, 14, 30, 59, 60, 1094, 1095)
    low = (0.15, 0, 0.15, 0.09, 0.09, 0.6, 0.6, 0.6, 0.18, 0.18, 0.09)
    high = (0.15, 0, 0.15, 0.15, 0.15, 0.66, 0.66, 0.66, 0.24, 0.24, 0.15)
    assert answer.mission.low == pytest.approx(low, abs=1e-9)
    assert answer.mission.high == pytest.approx(high, abs=1e-9)
    assert answer.item("language-model").low[4:7] == pytest.approx((0, 0.6, 0.6))
    assert answer.item("gpu-servers").stops_low == pytest.approx(1095)


def test_the_two_people_who_know_the_clinics_assistant() -> None:
    """Both leave on day 0 with 30 days of notice; the trainee (0.5) is ready after 180 days, on day 150.

    The assistant's need has weight 0.3 and 90 days of cover: 1 until day 90, then 0.7, from day 150 1 - 0.3 * 0.5 = 0.85.
    It weighs 0.7 in the mission: 1, 0.79, 0.895. Change stops at once, and is back at 0.5 on day 150.
    """
    answer = run("clinic", scenario("clinic/two-people-leave"), 0, 89, 90, 149, 150)
    assert answer.mission.low == pytest.approx((1, 1, 0.79, 0.79, 0.895), abs=1e-9)
    assert answer.item("assistant:change").low == pytest.approx((0, 0, 0, 0, 0.5))


def test_the_training_stack_by_hand() -> None:
    """Everything foreign goes; mission = 0.7 training + 0.3 renewal.

    Renewal: orders in delivery cover 120 days, then 0. Cluster: spares end on day 540 (0.6 of it left) and parts on day 730
    (0.4); the partner's cluster stands by with 0.35 from day 45, and its own spares end on day 730 (0.6 of it left):
    1, min(1, 0.6 + 0.35) = 0.95 from day 540, 0.4 + 0.35 * 0.6 = 0.61 from day 730.
    Hub: 0 until the mirror opens on day 30 (0.5); 60 days of cover end on day 30 + 30 / 0.5 = 90; then 0.15 * 0.5 is lost.
    Tracking, seat unknown: 0.05 lost from day 30 (low). Training (low): 1, 0.95, 0.875 from day 90, 0.61 from day 730.
    Mission (low): 1; 0.965; 0.7 * 0.875 + 0.3 = 0.9125; 0.6125 from day 120; 0.427 from day 730.
    """
    answer = run("training", FOREIGN, 0, 29, 30, 89, 90, 119, 120, 540, 729, 730, 1095)
    low = (1, 1, 0.965, 0.965, 0.9125, 0.9125, 0.6125, 0.6125, 0.6125, 0.427, 0.427)
    assert answer.mission.low == pytest.approx(low, abs=1e-9)
    assert answer.item("cluster").low[-4:] == pytest.approx((0.95, 0.95, 0.61, 0.61))
    assert answer.item("renew-cluster").stops_low == pytest.approx(120)


def test_a_revoked_licence_voids_the_cover_that_a_denial_leaves() -> None:
    """With NVIDIA's licences void the installed driver and toolkit stop on day 0.

    The partner's cluster (0.35) stands from day 45, the software ported to it (0.35) from day 90: 0.7 * 0.35 = 0.245.
    """
    answer = run("training", scenario("training/licence-revoked"), 0, 44, 45, 89, 90)
    assert answer.mission.low == pytest.approx((0, 0, 0, 0, 0.245), abs=1e-9)
    assert answer.item("cluster").low == pytest.approx((0, 0, 0.35, 0.35, 0.35))


def test_a_foundry_abroad_falls_by_the_tools_in_it() -> None:
    """The foundry is not cut by a stop of the United States; its tools are, and run for a year without their makers."""
    answer = run("training", scenario("training/us-stop"), 0, 364, 365)
    assert answer.item("accelerator-dies").low == pytest.approx((1, 1, 0))
    assert answer.item("euv-lithography").low == pytest.approx((1, 1, 1))


def test_the_listing_of_8_april_2021_by_hand() -> None:
    """Supply of United States origin to Phytium stops; the office's Windows line is not addressed.

    Orders placed before last 150 days; from then on the desktops use up spares for 730 days, to day 880. Then four tenths of
    the Phytium desktops are lost: workplaces = 0.6 * 0.6 + 0.5 = 0.86 (0.6 is the capacity of the Kylin line since day 60).
    Counters need 0.8 of the workplaces and stand at 1; internal work follows: 0.6 + 0.4 * 0.86 = 0.944.
    New workplaces live on the maker's stock for 90 days more: 0 from day 240.
    """
    answer = run("public-office", scenario("public-office/entity-list-2021-04-08"), 0, 149, 150, 239, 240, 879, 880, 1095)
    assert answer.mission.low == pytest.approx((1, 1, 1, 1, 1, 1, 0.944, 0.944), abs=1e-9)
    assert answer.mission.high == pytest.approx(answer.mission.low, abs=1e-9)
    assert answer.item("phytium-desktop-processor").stops_low == pytest.approx(150)
    assert answer.item("new-workplaces").stops_low == pytest.approx(240)
    assert answer.item("windows-desktop").low == pytest.approx((1,) * 8)
    assert example("public-office").as_of == "2021-04-08"


def test_the_public_office_without_everything_foreign_by_hand() -> None:
    """Both lines live on spares until day 730; mission = 0.6 counters + 0.4 internal work.

    Shared files: 3 days of cover, 0.3 of internal work lost, own files (0.7) from day 30: 0.7, then 1 - 0.3 * 0.3 = 0.91.
    Scanners of unknown make: 0.1 of the counters lost from day 30 (low). Day 730: both kinds of desktops at 0.6, so workplaces
    0.6 * 0.6 + 0.5 * 0.6 = 0.66; counters 0.66 / 0.8 = 0.825. The activation host needs Microsoft again after 730 days and
    its clients fall 180 days later: on day 910 workplaces 0.36, counters 0.45.
    Low: 1; 0.6 + 0.28 = 0.88; 0.54 + 0.364 = 0.904; 0.495 + 0.264 = 0.759; 0.27 + 0.144 = 0.414.
    """
    answer = run("public-office", FOREIGN, 0, 2, 3, 29, 30, 729, 730, 909, 910)
    low = (1, 1, 0.88, 0.88, 0.904, 0.904, 0.759, 0.759, 0.414)
    assert answer.mission.low == pytest.approx(low, abs=1e-9)
    assert answer.mission.high[4] == pytest.approx(0.964, abs=1e-9)
    assert answer.item("windows-desktop").stops_low == pytest.approx(910)


def test_the_value_chain_has_every_layer_a_circle_and_a_quorum() -> None:
    stack = example("value-chain")
    assert {item.kind for item in stack.items} == set(KINDS)
    assert 40 <= len(stack.items) <= 60
    needed = {(stack.source_by_id[need.source].item, need.item) for need in stack.needs}
    assert {("steel", "machine-tools"), ("machine-tools", "steel")} <= needed
    assert [item.id for item in stack.items if item.whole] == ["training-sites"]


def test_the_value_chain_by_hand() -> None:
    """Everything foreign goes; mission (high) = 0.4 inspection + 0.3 cells + 0.2 robots + 0.1 steel.

    Robots: wafers last 180 days, then their controllers are not made; a home maker (0.5, enough) delivers from day 365.
    By then only home reducers are left, 0.5 since day 365: robots 1, 0 from day 180, 0.5 from day 365.
    Accelerators: photoresist lasts 120 days, so none from day 120; spare computers last 365 days more: on day 485 half of the
    line stands. Home resist (day 540) and home memory (day 730), 0.3 each: from day 730 1 - 0.5 * 0.7 = 0.65. The scanners run
    for 1095 days without service: 0.5 again. Cells lose 0.3 of what inspection lacks: 0.85, 0.895, 0.85.
    Machine tools: 0.8, on day 365 0.9 * 0.5 = 0.45 (controls used up), on day 730 0.9 * (1 - 0.5 * 0.6) = 0.63. Steel asks for
    0.8 of them, is short of 1 - 0.45 / 0.8 = 0.4375 a day, and its 90 days are used up on day 365 + 90 / 0.4375 = 570.71:
    1 - 0.3 * 0.4375 = 0.86875, from day 730 1 - 0.3 * (1 - 0.63 / 0.8) = 0.93625.
    """
    answer = run("value-chain", FOREIGN, 0, 179, 180, 364, 365, 484, 485, 570, 571, 729, 730, 1094, 1095)
    inspection = (1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.65, 0.65, 0.5)
    robots = (1, 1, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    steel = (1, 1, 1, 1, 1, 1, 1, 1, 0.86875, 0.86875, 0.93625, 0.93625, 0.93625)
    cells = tuple(1 - 0.3 * (1 - one) for one in inspection)
    assert answer.item("inspection-line").high == pytest.approx(inspection)
    assert answer.item("robots").high == pytest.approx(robots)
    assert answer.item("steel").high == pytest.approx(steel)
    assert answer.item("battery-cells").high == pytest.approx(cells)
    mission = [0.4 * i + 0.3 * c + 0.2 * r + 0.1 * s for i, c, r, s in zip(inspection, cells, robots, steel, strict=True)]
    assert answer.mission.high == pytest.approx(mission, abs=1e-9)


def test_two_of_three_training_sites_carry_the_whole_once_they_have_grown() -> None:
    """The site abroad is lost: two thirds are less than the whole until day 5, when the others reach a half each."""
    answer = run("value-chain", FOREIGN, 0, 4, 5, 30)
    assert answer.item("training-sites").low == pytest.approx((0, 0, 1, 1))
    assert answer.item("model-retraining").low == pytest.approx((1, 0, 1, 1))


def test_a_revoked_service_of_scanners_reaches_the_line_through_the_spares() -> None:
    """Void from day 30: the foundry stops at once; spare computers last 365 days, to day 395; all is back on day 760.

    From day 395 inspection 0.5, cells 0.85: 0.2 + 0.255 + 0.2 + 0.1 = 0.755.
    """
    answer = run("value-chain", scenario("value-chain/service-of-scanners-ends"), 29, 30, 394, 395, 759, 760)
    assert answer.mission.low == pytest.approx((1, 1, 1, 0.755, 0.755, 1), abs=1e-9)
    assert answer.item("foundry").low == pytest.approx((1, 0, 0, 0, 0, 1))
