"""The register of information: functions, contracts, providers, parents and subcontractors become a stack."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from freehold.errors import FreeholdError
from freehold.measure.cutoff import cutoff
from freehold.read.dora import is_register, read_register
from freehold.settings import Settings
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import UNKNOWN, Stack
from freehold.work import Loaded, load
from workbook import write_workbook

Tables = dict[str, tuple[list[str], list[list[str]]]]


def lei(number: int) -> str:
    return f"529900TEST{number:08d}"[:18] + f"{number % 100:02d}"


def codes(last: int) -> list[str]:
    return [f"c{number:03d}0" for number in range(1, last + 1)]


BANK, CLOUD, KERNEL, LICENSER, COLOCATION, PARENT = (lei(number) for number in (1, 10, 11, 12, 13, 20))


def service(
    contract: str, provider: str, function: str, kind: str, law: str, places: tuple[str, str], reliance: str
) -> list[str]:
    return [
        contract, BANK, provider, "LEI", function, kind, "2024-01-01", "9999-12-31", "", "90", "90", law, law, "eba_BT:x28",
        *places, "", reliance,
    ]  # fmt: skip


TABLES: Tables = {
    "B_01.01": (codes(6), [[BANK, "Sparbank Nord", "eba_GA:DE", "eba_CT:x12", "", "2025-12-31"]]),
    "B_02.01": (codes(5), [["C-1", "", "", "eba_CU:EUR", "120000"], ["C-2", "", "", "eba_CU:EUR", "much"]]),
    "B_02.02": (
        codes(18),
        [
            service("C-1", CLOUD, "F1", "eba_TA:S17", "eba_GA:IE", ("eba_GA:DE", "eba_GA:FR"), "eba_ZZ:x797"),
            service("C-2", KERNEL, "F1", "eba_TA:S19", "eba_GA:DE", ("", ""), "eba_ZZ:x795"),
            service("C-2", KERNEL, "F2", "S19", "DE", ("", ""), "Full reliance"),
            service("C-3", LICENSER, "F9", "eba_TA:S13", "", ("", ""), ""),
        ],
    ),
    "B_05.01": (
        codes(12),
        [
            [CLOUD, "LEI", "", "", "Wolke EMEA SARL", "Wolke EMEA SARL", "", "eba_GA:LU", "", "", PARENT, "LEI"],
            [KERNEL, "LEI", "", "", "Kernbank IT GmbH", "", "", "eba_GA:DE", "", "", KERNEL, "LEI"],
            [LICENSER, "LEI", "", "", "Lizenz AG", "", "", "eba_GA:XX", "", "", "", ""],
            [COLOCATION, "LEI", "", "", "Keller GmbH", "", "", "eba_GA:DE", "", "", "", ""],
            [PARENT, "LEI", "", "", "Cloud Parent Inc", "", "", "eba_GA:US", "", "", PARENT, "LEI"],
        ],
    ),
    "B_05.02": (
        codes(7),
        [
            ["C-1", "eba_TA:S17", CLOUD, "LEI", "1", "Not applicable", ""],
            ["C-2", "eba_TA:S19", KERNEL, "LEI", "1", "", ""],
            ["C-2", "eba_TA:S19", CLOUD, "LEI", "2", KERNEL, "LEI"],
            ["C-2", "eba_TA:S19", COLOCATION, "LEI", "3", CLOUD, "LEI"],
        ],
    ),
    "B_06.01": (
        codes(10),
        [
            ["F1", "", "Payments", BANK, "eba_BT:x28", "", "", "4", "1", ""],
            ["F2", "", "Newsletter", BANK, "No", "", "", "72", "24", ""],
            ["F3", "", "Archive", BANK, "Assessment not performed", "", "", "", "", ""],
        ],
    ),
    "B_07.01": (
        codes(12),
        [
            ["C-1", CLOUD, "LEI", "eba_TA:S17", "eba_ZZ:x960", "", "", "eba_BT:x28", "eba_ZZ:x966", "", "Yes", "OVHcloud"],
            ["C-2", KERNEL, "LEI", "eba_TA:S19", "Not substitutable", "", "", "No", "", "", "Yes", ""],
            ["C-7", KERNEL, "LEI", "eba_TA:S19", "", "", "", "", "", "", "", ""],
        ],
    ),
}  # fmt: skip


def folder(path: Path, tables: Tables = TABLES) -> Path:
    (path / "reports").mkdir(parents=True)
    for name, (header, rows) in tables.items():
        with (path / "reports" / f"{name.lower()}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
    return path


def loaded(path: Path) -> Loaded:
    return load(path, Settings(trusted=("EU",)))


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return loaded(folder(tmp_path / "register")).stack


def test_whose_register_it_is_and_of_which_day(stack: Stack) -> None:
    assert (stack.name, stack.home, stack.as_of) == ("Sparbank Nord", "DE", "2025-12-31")


def test_critical_functions_are_the_mission_and_what_was_not_assessed_is_unknown(stack: Stack) -> None:
    missions = {item.id: item.mission for item in stack.items if item.id.startswith("function:")}
    assert missions == {"function:f1": 1.0, "function:f2": 0.0, "function:f3": UNKNOWN, "function:f9": 1.0}


def test_reliance_is_a_weight_and_its_absence_the_whole(stack: Stack) -> None:
    weights = {(need.source, need.item): need.weight for need in stack.needs if need.role == "service"}
    assert weights == {
        ("function:f1@self", "contract:c-1/s17"): 1.0,
        ("function:f1@self", "contract:c-2/s19"): 0.2,
        ("function:f2@self", "contract:c-2/s19"): 1.0,
        ("function:f9@self", "contract:c-3/s13"): 1.0,
    }


def test_a_service_lies_where_it_is_provided_stored_and_worked_on(stack: Stack) -> None:
    source = next(one for one in stack.sources_of["contract:c-1/s17"] if one.status is None)
    assert (source.location, source.cost_year, source.currency) == (("IE", "DE", "FR"), 120000.0, "EUR")
    assert stack.item_by_id["contract:c-1/s17"].kind == "cloud"


def test_parents_are_owners_and_being_ones_own_parent_means_nobody_above(stack: Stack) -> None:
    owners = {
        one.name: [owner.id for owner in one.owner] for one in stack.providers if isinstance(one.owner, tuple) and one.name
    }
    assert owners["Wolke EMEA SARL"] == [PARENT.lower()]
    assert owners["Kernbank IT GmbH"] == [KERNEL.lower()]


def test_subcontractors_are_needed_by_the_one_they_work_for(stack: Stack) -> None:
    top, second = "contract:c-2/s19", f"contract:c-2/s19/{CLOUD.lower()}"
    third = f"contract:c-2/s19/{COLOCATION.lower()}"
    assert [need.item for need in stack.needs_of[f"{top}@{KERNEL.lower()}"]] == [second]
    assert [need.item for need in stack.needs_of[f"{second}@{CLOUD.lower()}"]] == [third]


def test_a_home_provider_falls_with_its_foreign_subcontractor(stack: Stack) -> None:
    answer = cutoff(stack, Cutoff((Rule(country="US"),)), days=(0,))
    levels = {item.id: item.high[0] for item in answer.items}
    assert levels["contract:c-2/s19"] == 0
    assert levels["function:f1"] == 0


def test_alternatives_are_candidates_and_plans_are_tags(stack: Stack) -> None:
    used, other = stack.sources_of["contract:c-1/s17"]
    assert used.tags == ("substitutability-hard", "exit-plan", "reintegration-hard")
    assert (other.provider, other.status, other.recover) == ("ovhcloud", "candidate", UNKNOWN)
    unnamed = next(one for one in stack.sources_of["contract:c-2/s19"] if one.status == "candidate")
    assert unnamed.provider is UNKNOWN


def test_what_leads_nowhere_is_said_with_its_line(tmp_path: Path) -> None:
    told = [str(finding) for finding in loaded(folder(tmp_path / "register")).findings]
    for said in (
        "b_05.01.csv, line 4, column 'country': 'eba_GA:XX' is no country",
        "b_02.02.csv, line 5, column 'c0050': the function 'F9' stands in no row of B_06.01",
        "b_02.01.csv, line 3, column 'c0050': 'much' is no sum of money",
        "b_07.01.csv, line 4, column 'c0010': 'C-7' with this provider and service stands in no row of B_02.02",
    ):
        assert any(line.startswith(said) for line in told), said


def test_a_workbook_gives_the_same_stack_with_words_around_its_codes(tmp_path: Path) -> None:
    sheets = {
        name: [[f"Template {name}"], ["words"] * len(header), [f"{name}.{code[1:]}" for code in header], *rows]
        for name, (header, rows) in TABLES.items()
    }
    book = loaded(write_workbook(tmp_path / "register.xlsx", sheets)).stack
    plain = loaded(folder(tmp_path / "register")).stack
    assert (book.items, book.sources, book.needs, book.providers) == (plain.items, plain.sources, plain.needs, plain.providers)


def test_the_providers_of_the_exercise_of_2024_are_read_too(tmp_path: Path) -> None:
    tables = dict(TABLES)
    tables["B_05.01"] = (codes(9), [[CLOUD, "LEI", "Wolke EMEA SARL", "", "eba_GA:LU", "", "", PARENT, "LEI"]])
    provider = next(one for one in loaded(folder(tmp_path / "register", tables)).stack.providers if one.lei == CLOUD)
    assert (provider.name, provider.country, provider.owner[0].id) == ("Wolke EMEA SARL", "LU", PARENT.lower())  # type: ignore[index,union-attr]


def test_a_provider_whose_name_the_catalogue_knows_is_joined_with_its_owners(tmp_path: Path) -> None:
    tables = dict(TABLES)
    tables["B_05.01"] = (codes(12), [[CLOUD, "LEI", "", "", "GitHub, Inc.", "", "", "eba_GA:US", "", "", "", ""]])
    stack = loaded(folder(tmp_path / "register", tables)).stack
    assert any(source.provider == "github-inc" for source in stack.sources)
    assert "microsoft" in stack.provider_by_id


def test_if_nothing_is_critical_everything_is(tmp_path: Path) -> None:
    tables = dict(TABLES)
    tables["B_06.01"] = (codes(10), [["F1", "", "Payments", BANK, "No", "", "", "", "", ""]])
    del tables["B_07.01"]
    stack = loaded(folder(tmp_path / "register", tables)).stack
    assert stack.item_by_id["function:f1"].mission == 1.0


def test_other_folders_and_books_are_no_registers(tmp_path: Path) -> None:
    (tmp_path / "b_readme.csv").write_text("a,b\n", encoding="utf-8")
    assert not is_register(tmp_path, b"")
    book = write_workbook(tmp_path / "b.xlsx", {"Sheet": [["Server", "Country"], ["a", "DE"]]})
    assert read_register(book) is None


def test_hostile_registers_are_bounded(tmp_path: Path) -> None:
    tables: Tables = {
        "B_02.02": (codes(18), [service(f"C{n}", CLOUD, "F1", "S17", "IE", ("", ""), "") for n in range(3000)]),
        "B_05.02": (codes(7), [["C1", "S17", lei(n), "LEI", "9" * (n % 4), lei(n + 1), ""] for n in range(3000)]),
        "B_05.01": (codes(12), [[lei(n), "", "", "", "x" * 1000, "", "", "DE", "", "", lei(n + 1), ""] for n in range(3000)]),
    }
    found = loaded(folder(tmp_path / "register", tables))
    assert len(found.findings) <= 300
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "b_02.02.csv").write_text("no codes,here\n1,2\n", encoding="utf-8")
    with pytest.raises(FreeholdError, match="Head the columns by their codes"):
        load(empty)
