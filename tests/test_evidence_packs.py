"""Evidence packs: what they hold, that they are read back, that nothing in them runs, and where they may be written."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from freehold import work
from freehold.cli import main, report_packs
from freehold.errors import Unreadable, UsageError
from freehold.read.cyclonedx import CycloneDXReader
from freehold.read.dora_templates import TEMPLATES
from freehold.report.dora_chains import chain_of, contracts_of, functions_of_register
from freehold.report.dora_columns import DORA_COLUMNS
from freehold.report.pack_dora import provider_code
from freehold.report.pack_values import PACKS, Pack
from freehold.reporting_folder import MANIFEST, write_files
from freehold.reporting_packs import pack_asked, pack_files, pack_of
from freehold.settings import Settings
from freehold.stack.toml_file import dumps, loads
from freehold.stack.values import UNKNOWN, Item, Need, Provider, Source, Stack
from freehold.words import LANGUAGES, say, speaking
from freehold.write.cyclonedx import sbom_text
from test_brief import HOSTILE, hostile
from test_dora import TABLES, folder

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = ("clinic", "public-office", "training", "value-chain")
Row = dict[str, str]


@cache
def example(name: str) -> work.Loaded:
    return work.load(EXAMPLES / name / "stack.toml", Settings())


def files_of(loaded: work.Loaded, name: str, *options: str) -> dict[str, str]:
    asked = pack_asked(loaded, Settings(), options, use_catalogue=False)
    return dict(pack_files(pack_of(name, asked), asked)[0])  # type: ignore[arg-type]


def rows(text: str) -> list[Row]:
    return list(csv.DictReader(text.splitlines()))


def written(tmp_path: Path, loaded: work.Loaded, name: str) -> Path:
    path = tmp_path / name
    write_files(path, files_of(loaded, name), {"pack": name})
    return path


def read_back(path: Path) -> Stack:
    return work.load(path, Settings(trusted=("EU",))).stack


# ---------------------------------------------------------------- C3A


def test_the_four_lists_hold_what_the_criteria_ask_for() -> None:
    found = files_of(example("clinic"), "c3a", str(EXAMPLES / "clinic/options.toml"))
    software, hardware, services, restrictions = (
        rows(found[name]) for name in sorted(found) if name.startswith("sov-5-0")
    )  # fmt: skip
    assert {row["item"] for row in hardware} >= {"gpu-chips", "server-parts", "switches", "own-servers"}
    chips = next(row for row in hardware if row["item"] == "gpu-chips")
    assert (chips["supplier"], chips["supplier_country"], chips["location_countries"]) == ("NVIDIA Corporation", "US", "TW")
    os_ = next(row for row in software if row["item"] == "server-os")
    assert (os_["supplier"], os_["supplier_country"], os_["foreign"]) == ("Debian Project", "none", "no")
    assert "self" not in {row["supplier_id"] for row in services}
    cloud = next(row for row in services if row["item"] == "hosting" and row["status"] == "in-use")
    assert (cloud["supplier_id"], cloud["foreign"]) == ("microsoft", "yes")
    model = next(row for row in restrictions if row["item"] == "language-model")
    assert (model["country"], model["ways"], model["standby"]) == ("US", "provider;owner;location", "own-model")
    assert "rent-from-mistral" in model["options"]
    # the same figures as the assessment's
    lost = next(one.loss for one in work.assess_stack(example("clinic"), Settings()).controllers if one.id == "US")
    assert (float(model["mission_lost_low"]), float(model["mission_lost_high"])) == pytest.approx((lost.low[-1], lost.high[-1]))


def test_what_is_not_known_is_an_empty_cell_with_a_question() -> None:
    found = files_of(example("clinic"), "c3a")
    row = next(one for one in rows(found["sov-5-03-external-services.csv"]) if one["item"] == "dictation")
    assert (row["supplier"], row["supplier_country"], row["not_known"], row["foreign"]) == ("", "", "supplier", "perhaps")
    questions = rows(found["open-questions.csv"])
    asked = [(one["file"], one["column"], one["row"], one["question"]) for one in questions]
    assert ("sov-5-03-external-services.csv", "supplier", "dictation@?", "Who supplies Speech to text") in asked
    assert all(one["whom"] for one in questions)


# ---------------------------------------------------------------- CADA


def test_foreign_software_stands_with_its_measures_and_every_letter_is_told() -> None:
    found = files_of(example("clinic"), "cada", str(EXAMPLES / "clinic/options.toml"))
    model = next(row for row in rows(found["foreign-owned-software.csv"]) if row["item"] == "language-model")
    assert (model["supplier_country"], model["standby"]) == ("US", "own-model")
    assert model["measures"] == "standby; candidate; option"
    criteria = {row["letter"]: row for row in rows(found["criteria.csv"])}
    assert "".join(criteria) == "abcdefghijk"
    assert (criteria["i"]["shown"], criteria["d"]["shown"]) == ("yes", "no")
    needs = rows(found["dependencies.csv"])
    sign_in = next(row for row in needs if row["needs"] == "sign-in")
    assert (sign_in["item"], sign_in["role"], sign_in["cover_days"]) == ("assistant", "service", "1")
    assert {row["row"] for row in rows(found["open-questions.csv"]) if row["file"] == "criteria.csv"} == set("defjk")


@pytest.mark.parametrize("name", NAMES)
def test_the_inventory_of_software_is_read_back_with_its_names_suppliers_and_dependencies(name: str, tmp_path: Path) -> None:
    stack = example(name).stack
    path = tmp_path / "sbom.cdx.json"
    path.write_text(sbom_text(stack, "0"), encoding="utf-8")
    inventory = CycloneDXReader().read(path)
    document = json.loads(path.read_text())
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.6", 1)
    refs = [one["bom-ref"] for one in (*document["components"], *document["services"])]
    assert len(refs) == len(set(refs))
    assert {ref for one in document["dependencies"] for ref in one["dependsOn"]} <= set(refs)
    assert {one["name"] for one in document["components"]} <= {one.name for one in inventory.components}
    software = {
        one.id for one in stack.items if one.kind in ("software", "framework", "os", "application", "platform", "model")
    }
    assert software <= set(refs)


def test_dependencies_lead_through_what_is_no_software() -> None:
    stack = Stack(
        items=(Item("app", kind="application"), Item("server", kind="hardware"), Item("firmware", kind="software")),
        sources=(Source("app@self", "app", "self"), Source("server@self", "server", "self"), Source("f@x", "firmware", "x")),
        providers=(Provider("x", "X & Co", "US"),), needs=(Need("app@self", "server"), Need("server@self", "firmware")),
    )  # fmt: skip
    document = json.loads(sbom_text(stack))
    assert {one["ref"]: one["dependsOn"] for one in document["dependencies"]} == {
        "stack": ["app"], "app": ["firmware"], "firmware": [],
    }  # fmt: skip
    assert document["components"][1]["supplier"] == {"name": "X & Co"}


# ---------------------------------------------------------------- DORA


def test_every_column_that_is_read_is_one_that_is_written() -> None:
    for code, columns in TEMPLATES.items():
        assert set(columns) <= set(DORA_COLUMNS[code]), code
    assert list(DORA_COLUMNS) == sorted(DORA_COLUMNS)
    assert len(DORA_COLUMNS) == 15


@pytest.mark.parametrize("name", NAMES)
def test_a_register_that_was_written_is_read_back_with_the_same_functions_and_providers(name: str, tmp_path: Path) -> None:
    stack = example(name).stack
    back = read_back(written(tmp_path, example(name), "dora"))
    assert (back.name, back.home, back.as_of) == (stack.name, stack.home, stack.as_of)
    functions = functions_of_register(stack)
    told = {stack.item_by_id[one.item].name or one.item for one in functions}
    assert {one.name for one in back.items if one.id.startswith("function:") and one.mission == 1.0} == told
    wanted = {
        contract.source.provider for one in functions for contract, _ in contracts_of(stack, one.item)[0]
        if isinstance(contract.source.provider, str)
    }  # fmt: skip
    used = {source.provider for source in back.sources if isinstance(source.provider, str) and source.status != "candidate"}
    for provider in wanted:
        code = provider_code(stack.provider_by_id.get(str(provider)), str(provider)).casefold()
        assert code in used | {one.id for one in back.providers}
        row, old = back.provider_by_id.get(code), stack.provider_by_id[str(provider)]
        if row is not None and isinstance(old.country, str) and len(old.country) == 2:
            assert row.country == old.country


def test_a_register_that_was_read_is_written_again_as_it_was(tmp_path: Path) -> None:
    first = work.load(folder(tmp_path / "register"), Settings(trusted=("EU",)))
    second = read_back(written(tmp_path, first, "dora"))
    stack = first.stack

    def functions(one: Stack) -> set[tuple[str, str | None, object]]:
        return {(item.id, item.name, item.mission) for item in one.items if item.id.startswith("function:")}

    assert functions(second) == functions(stack)
    services = [item.id for item in stack.items if item.id.startswith("contract:") and item.id.count("/") == 1]
    assert {item.id for item in second.items} >= set(services)
    for id_ in services:
        old, new = stack.sources_of[id_], second.sources_of[id_]
        assert [one.provider for one in new if one.status is None] == [one.provider for one in old if one.status is None]
        assert [one.location for one in new if one.status is None] == [one.location for one in old if one.status is None]
        assert new[0].tags == old[0].tags
        assert (new[0].cost_year, new[0].currency) == (old[0].cost_year, old[0].currency)
    weights = {(need.source, need.item): need.weight for need in stack.needs if need.role == "service"}
    assert {(need.source, need.item): need.weight for need in second.needs if need.role == "service"} == weights
    chains = [need for need in stack.needs if need.role == "input"]
    assert {(need.source, need.item) for need in second.needs if need.role == "input"} == {
        (need.source, need.item) for need in chains
    }  # fmt: skip
    assert set(TABLES) <= set(DORA_COLUMNS)


def test_the_way_to_a_contract_leads_through_own_things_alone_and_the_rest_is_its_chain() -> None:
    text = """
[stack]
home = "DE"
[[provider]]
id = "cloud"
country = "US"
[[provider]]
id = "grid"
country = "DE"
[[provider]]
id = "people"
country = "none"
type = "community"
[[item]]
id = "f"
mission = 1
  [[item.source]]
  provider = "self"
  needs = [{ item = "app", weight = 0.5 }, { item = "library", weight = 1.0 }]
[[item]]
id = "app"
kind = "software"
  [[item.source]]
  provider = "self"
  needs = ["host"]
[[item]]
id = "library"
kind = "software"
  [[item.source]]
  provider = "people"
[[item]]
id = "host"
kind = "cloud"
  [[item.source]]
  provider = "cloud"
  location = "IE"
  needs = ["own-part", "mail"]
[[item]]
id = "own-part"
  [[item.source]]
  provider = "cloud"
  needs = ["power"]
[[item]]
id = "power"
  [[item.source]]
  provider = "grid"
[[item]]
id = "mail"
  [[item.source]]
  provider = "grid"
"""
    stack = loads(text, "s.toml")
    ((contract, reliance),), communities = contracts_of(stack, "f")
    assert (contract.reference, contract.service, reliance, communities) == ("host@cloud", "S17", 0.5, 1)
    chain = chain_of(stack, contract)
    assert [(one.rank, one.provider, one.recipient) for one in chain.links] == [(2, "grid", "cloud")]
    assert chain_of(stack, contract, most=0).cut_short
    found = files_of(work.Loaded(stack), "dora")
    (row,) = rows(found["B_02.02.csv"])
    assert (row["c0130"], row["c0180"], row["c0060"], row["c0100"]) == ("eba_GA:IE", "eba_ZZ:x796", "eba_TA:S17", "")
    assert "left out: 1" in found["README.md"]


def test_the_type_of_an_identification_code_is_told_by_its_code_as_every_option_is() -> None:
    lei = "5493001KJTIIGC8Y1R12"
    stack = loads(
        f'''
[stack]
home = "DE"
[[provider]]
id = "cloud"
country = "US"
lei = "{lei}"
[[item]]
id = "payments"
mission = 1
  [[item.source]]
  provider = "cloud"
'''
    )
    found = files_of(work.Loaded(stack), "dora")
    (row,) = [row for row in rows(found["B_05.01.csv"]) if row["c0010"] == lei]
    assert row["c0020"] == "eba_qCO:qx2000"  # an LEI, by the framework's list of types of code
    assert {row["c0040"] for row in rows(found["B_02.02.csv"])} == {"eba_qCO:qx2000"}


def test_what_a_stack_cannot_know_stays_empty_and_is_asked() -> None:
    found = files_of(example("clinic"), "dora")
    (entity,) = rows(found["B_01.01.csv"])
    assert (entity["c0010"], entity["c0020"], entity["c0030"], entity["c0060"]) == (
        "", "Clinic assistant", "eba_GA:DE", "2026-11-22",
    )  # fmt: skip
    questions = {(one["file"], one["column"]): one for one in rows(found["open-questions.csv"]) if not one["row"]}
    for code, columns in DORA_COLUMNS.items():
        for row in rows(found[f"{code}.csv"]):
            empty = [name for name in columns if not row[name]]
            assert all(
                (f"{code}.csv", name) in questions or "Alternatives" in columns[name][0] or name in _FREE.get(code, ())
                for name in empty
            ), (code, empty)
    assert questions["B_02.02.csv", "c0070"]["whom"] == "whoever keeps the contracts"


_FREE = {
    "B_01.02": ("c0060", "c0090"), "B_02.01": ("c0030",), "B_02.02": ("c0090",), "B_04.01": ("c0040",),
    "B_05.01": ("c0030", "c0040"), "B_05.02": ("c0060", "c0070"), "B_07.01": ("c0060", "c0120"),
}  # fmt: skip


# ---------------------------------------------------------------- all packs


@pytest.mark.parametrize("name", PACKS)
def test_hostile_names_run_nowhere_and_read_as_text(name: str, tmp_path: Path) -> None:
    stack = hostile(example("training").stack)
    stack = replace(stack, items=tuple(replace(one, name="=cmd|' /C calc'!A0") for one in stack.items))
    found = files_of(work.Loaded(stack), name)
    for file, text in found.items():
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\r" not in text
        if file.endswith(".csv"):
            for row in csv.reader(text.splitlines()):
                assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row), (file, row)
    assert "<script>" not in found["README.md"].replace("\\<script\\>", "")
    assert not any(line.startswith("# head") for line in found["README.md"].splitlines())
    write_files(tmp_path / "out", found, {"stack": HOSTILE})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PACKS)
def test_the_list_of_a_pack_names_every_file_its_source_and_what_is_missing(name: str, language: str) -> None:
    asked = pack_asked(example("clinic"), Settings(), (), use_catalogue=False)
    with speaking(language):
        pack: Pack = pack_of(name, asked)  # type: ignore[arg-type]
        files, about = pack_files(pack, asked)
    readme = files["README.md"]
    assert all(one.name.replace("_", "\\_") in readme for one in pack.files)
    assert all(source[2] in readme for source in pack.sources)
    assert f"{len(pack.questions)}" in readme
    assert asked.edition in readme.replace("\\", "")
    assert (about["pack"], about["open_questions"]) == (name, len(pack.questions))


@pytest.mark.parametrize("name", PACKS)
def test_the_same_stack_gives_the_same_bytes_in_whatever_order_sets_come(name: str) -> None:
    again = work.Loaded(work.load(EXAMPLES / "public-office" / "stack.toml", Settings()).stack)
    assert files_of(example("public-office"), name) == files_of(again, name)


@pytest.mark.parametrize("name", PACKS)
def test_an_empty_stack_and_one_of_which_nothing_is_known_give_a_pack_too(name: str) -> None:
    bare = Stack(items=(Item("a", kind="software", mission=UNKNOWN), Item("b")), sources=(Source("a@?", "a", UNKNOWN),))
    for stack in (Stack(items=(Item("a"),)), bare):
        found = files_of(work.Loaded(stack), name)
        assert all(text for text in found.values())


def test_the_names_of_packs_are_those_of_the_command() -> None:
    assert report_packs.PACK_NAMES == PACKS


# ---------------------------------------------------------------- folders


def test_the_manifest_holds_the_digest_of_every_file(tmp_path: Path) -> None:
    path = written(tmp_path, example("clinic"), "c3a")
    manifest = json.loads((path / MANIFEST).read_text())
    assert {one["name"] for one in manifest["files"]} == {one.name for one in path.iterdir()} - {MANIFEST}
    for one in manifest["files"]:
        content = (path / one["name"]).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (one["sha256"], one["bytes"])


def test_a_folder_is_written_anew_only_where_nobody_changed_it(tmp_path: Path) -> None:
    path = tmp_path / "out"
    assert write_files(path, {"a.csv": "1\n", "b.csv": "2\n"}, {}) == ("a.csv", "b.csv", MANIFEST)
    (path / "mine.txt").write_text("kept")
    write_files(path, {"b.csv": "3\n", "c.csv": "4\n"}, {})
    assert sorted(one.name for one in path.iterdir()) == ["b.csv", "c.csv", MANIFEST, "mine.txt"]
    with pytest.raises(UsageError, match=r"mine\.txt is there, and Freehold did not write it"):
        write_files(path, {"mine.txt": "x"}, {})
    (path / "b.csv").write_text("changed by hand")
    with pytest.raises(UsageError, match=r"b\.csv was changed since Freehold wrote it"):
        write_files(path, {"b.csv": "5\n"}, {})
    assert (path / "b.csv").read_text() == "changed by hand"


@pytest.mark.parametrize(
    "manifest",
    [
        "{", "[]", '{"made_by":"Freehold","files":[{"name":"../x","sha256":""}]}', '{"files":1}', '"Freehold"', "[" * 100_000,
        # a digest that is none would let what stands there be replaced unseen
        '{"made_by":"Freehold","files":[{"name":"diary.txt","sha256":""}]}',
        f'{{"made_by":"Freehold","files":[{{"name":"..","sha256":"{"0" * 64}"}}]}}',
        f'{{"made_by":"Freehold","files":[{{"name":"a\\u0000","sha256":"{"0" * 64}"}}]}}',
        f'{{"made_by":"Freehold","files":[{{"name":"a\\ud800","sha256":"{"0" * 64}"}}]}}',
        f'{{"made_by":"Freehold","files":[{{"name":"{"a" * 5000}","sha256":"{"0" * 64}"}}]}}',
    ],
)  # fmt: skip
def test_a_strange_manifest_is_refused(manifest: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "diary.txt").write_text("kept")
    (tmp_path / "out" / MANIFEST).write_text(manifest)
    with pytest.raises(UsageError, match="no list of files that Freehold wrote"):
        write_files(tmp_path / "out", {"a": "1"}, {})


def test_a_pack_does_not_replace_another_one(tmp_path: Path) -> None:
    write_files(tmp_path / "out", {"a": "1"}, {"pack": "c3a"})
    write_files(tmp_path / "out", {"b": "2"}, {"pack": "c3a"})
    with pytest.raises(UsageError, match="holds 'c3a', which would be replaced by 'dora'"):
        write_files(tmp_path / "out", {"a": "1"}, {"pack": "dora"})
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["b", MANIFEST]


def test_a_link_that_leads_nowhere_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to("nowhere")
    with pytest.raises(UsageError, match="a is there, and Freehold did not write it"):
        write_files(tmp_path / "out", {"a": "1"}, {})


def test_a_link_and_a_file_in_place_of_the_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        write_files(tmp_path / "file", {"a": "1"}, {})
    write_files(tmp_path / "out", {"a": "1"}, {})
    (tmp_path / "out" / "a").unlink()
    (tmp_path / "out" / "a").symlink_to(tmp_path / "file")
    with pytest.raises(UsageError, match="no plain file any more"):
        write_files(tmp_path / "out", {"a": "2"}, {})
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_on_the_way_leaves_everything_as_it_was(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out"
    write_files(path, {"a": "1", "b": "2"}, {})
    before = {one.name: one.read_bytes() for one in path.iterdir()}
    replace_ = Path.replace
    calls = 0

    def failing(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise error
        return replace_(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(Unreadable if isinstance(error, OSError) else KeyboardInterrupt, match=r"No space left on device|^$"):
        write_files(path, {"a": "3", "c": "4"}, {})
    monkeypatch.undo()
    assert {one.name: one.read_bytes() for one in path.iterdir()} == before
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


# ---------------------------------------------------------------- the command


def test_the_command_writes_a_pack_that_reads_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack = tmp_path / "stack.toml"
    stack.write_text(dumps(example("clinic").stack), encoding="utf-8")
    out = tmp_path / "register"
    for _ in range(2):
        assert main(["report", "pack", str(stack), "--for", "dora", "-o", str(out)]) == 0
    assert "open questions" in capsys.readouterr().err
    assert main(["check", str(out)]) == 0
    assert "Assistant for doctors and nurses" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--for", "nis2", "-o", "x"), "invalid choice: 'nis2'"),
        (("--for", "dora"), "-o"),
        (("--for", "dora", "-o", "stack.toml"), "is a file"),
        (("--for", "dora", "-o", "x", "--options", "no.toml"), "no.toml"),
        (("--for", "dora", "-o", "x", "--floor", "2"), "floor"),
    ],
)
def test_bad_flags_are_told_with_a_mend_and_nothing_is_written(
    words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stack.toml").write_text(dumps(example("clinic").stack), encoding="utf-8")
    if "nis2" in words or "-o" not in words:
        with pytest.raises(SystemExit, match="2"):
            main(["report", "pack", "stack.toml", *words])
    else:
        assert main(["report", "pack", "stack.toml", *words]) == 2
    assert told in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["stack.toml"]


def test_the_brief_is_written_in_the_format_of_its_ending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = str(EXAMPLES / "clinic" / "stack.toml")
    for name, begins in (
        ("b.html", "<!DOCTYPE html>"),
        ("b.md", "# Clinic assistant: the brief"),
        ("b.txt", "Clinic assistant"),
    ):
        assert main(["report", "brief", clinic, "--no-plan", "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert main(["report", "brief", clinic, "--no-plan", "--language", "zh"]) == 0
    with speaking("zh"):
        title = say("five.landlord_title")
    assert not title.isascii()
    assert title in capsys.readouterr().out
