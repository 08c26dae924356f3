"""The documentation says what the program does: all of it, as it is. ``FREEHOLD_RECORD=1`` writes it anew."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

import freehold
from console import Reader, blocks_of
from freehold import errors
from freehold.catalogue.schema import CATALOGUE_TABLES
from freehold.cli.parser import VERBS
from freehold.reference.commands_page import commands, spelling
from freehold.reference.json_page import json_keys, meaning
from freehold.reference.pages import PAGES
from freehold.reference.stack_page import TYPES
from freehold.report.schemas import VERBS as ANSWERS
from freehold.settings import SETTINGS
from freehold.stack.schema import TABLES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
RECORD = bool(os.environ.get("FREEHOLD_RECORD"))
WRITTEN = sorted(path for path in DOCS.rglob("*.md") if path.parent != REFERENCE)
BESIDE = [path for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md") if (path := ROOT / name).is_file()]
ALL = [*sorted(DOCS.rglob("*.md")), *BESIDE]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"(?m)^#{1,6} (.+)$")
# Most general label first: turned round here, so that no file holds one as it is dialled.
REGISTRIES = ("org.pypi", "org.pythonhosted", "com.npmjs", "org.npmjs", "org.debian.deb", "io.crates")
MACHINE = re.compile(r"(?<![\w.~])/(?:home|root|Users|tmp|work|mnt)/\w\w|\b[A-Z]:\\\\?Users")
FIRMS = {
    "Huawei": "huawei", "Tencent": "tencent", "Alibaba": "alibaba", "China Electronics Corporation": "cec",
    "Kylinsoft": "kylinsoft", "Phytium": "phytium", "SIASUN": "siasun", "CRRC": "crrc", "General Technology": "genertec",
    "Dawning": "sugon", "DeepSeek": "deepseek", "NVIDIA": "nvidia", "Intel": "intel", "Micron": "micron",
    "Qualcomm": "qualcomm", "AWS": "aws", "Microsoft Azure": "azure", "OpenStack": "openstack", "Meta": "meta",
    "PyTorch": "pytorch", "CUDA": "cuda", "Kylin V10": "kylin-v10", "CloudMatrix 384": "cloudmatrix-384",
}  # fmt: skip


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def slug(heading: str) -> str:
    """The anchor that forges give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def reference(name: str) -> str:
    return text_of(REFERENCE / name)


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to read a page in: this project's manifest and its examples, no settings, no cache."""
    for name in [name for name in os.environ if name.startswith("FREEHOLD_") and name != "FREEHOLD_RECORD"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772366400")  # the same moment beside every revision
    folder = tmp_path / "page"
    folder.mkdir()
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize("path", WRITTEN, ids=relative)
def test_what_a_page_tells_to_run_runs_and_prints_what_the_page_shows(
    path: Path, page_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = text_of(path)
    told = Reader(page_folder, monkeypatch).read(page)
    if RECORD:
        path.write_text(told, encoding="utf-8")
    assert told == text_of(path), "FREEHOLD_RECORD=1 writes the output anew"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    made = PAGES[name]()
    if RECORD:
        (REFERENCE / name).write_text(made, encoding="utf-8")
    assert made == reference(name), "FREEHOLD_RECORD=1 makes it anew"


def test_the_reference_has_no_page_that_nothing_makes() -> None:
    assert sorted(path.name for path in REFERENCE.iterdir()) == sorted(PAGES)


def test_every_command_is_documented_and_every_option_has_help() -> None:
    page = reference("commands.md")
    for name, parser in commands():
        assert re.search(rf"(?m)^#+ freehold {re.escape(name)}$", page), name
        assert parser.description or " " in name, f"{name} has no description"
    silent = [
        f"{name} {spelling(action)}"
        for name, parser in commands()
        for action in parser._actions
        if not action.help or f"`{spelling(action)}`".replace("|", "\\|") not in page.replace("`-h`, `--help`", "`-h, --help`")
    ]
    assert not silent, f"without help, or not in commands.md: {silent}"


def test_every_verb_of_the_first_screen_is_a_command() -> None:
    assert {verb.name for verb in VERBS} == {name.partition(" ")[0] for name, _ in commands()}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_of_a_stack_is_documented(table: str) -> None:
    section = reference("stack.md").partition(f"\n## {table}\n")[2].partition("\n## ")[0]
    for column in TABLES[table]:
        assert column.meaning
        assert column.type in TYPES
        assert f"| `{column.name}` | {column.type} |" in section, column.name


@pytest.mark.parametrize("table", sorted(CATALOGUE_TABLES))
def test_every_attribute_of_the_catalogue_is_documented(table: str) -> None:
    section = reference("catalogue.md").partition(f"\n## Table {table}\n")[2].partition("\n## ")[0]
    for name, one in CATALOGUE_TABLES[table].items():
        assert one.meaning
        assert f"| `{name}` |" in section, name


def test_every_error_is_documented_and_drawn_in_the_tree() -> None:
    page = reference("errors.md")
    drawn = (errors.__doc__ or "").partition("FreeholdError")[2]
    for name in errors.__all__:
        assert f"\n## {name}\n" in page
        thing = getattr(errors, name)
        assert thing.__doc__
        if issubclass(thing, errors.FreeholdError) and thing is not errors.FreeholdError:
            assert f"── {name} " in drawn, f"{name} is not in the tree"


def test_every_public_name_is_documented() -> None:
    page = reference("python.md")
    for name in freehold.__all__:
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert len(section.split()) >= 4, name
    assert len(re.findall(r"(?m)^## ", page)) == len(freehold.__all__)


def test_every_setting_is_documented() -> None:
    page = reference("settings.md")
    for name in SETTINGS:
        assert f"| `{name}` | `--{name}` | `FREEHOLD_{name.upper()}` |" in page


def test_every_environment_variable_that_is_read_is_documented() -> None:
    read = {
        name
        for path in (ROOT / "src").rglob("*.py")
        # a drill or a provisioning reads what a command's own variables say: those are no settings of Freehold's
        if not {"reference", "drill", "provision"} & set(path.parts)
        for name in re.findall(r"environ(?:ment)?(?:\.get\(|\[)\"([A-Z_]+)\"", text_of(path))
    } - {"TERM"}
    page = reference("settings.md")
    assert not [name for name in read if f"`{name}`" not in page]


@pytest.mark.parametrize("verb", ANSWERS)
def test_every_key_of_an_answer_is_documented_with_its_meaning(verb: str) -> None:
    page = reference("json.md")
    section = page.partition("\n## Every answer\n")[2].partition("\n## ")[0]
    section += page.partition(f"\n## {verb}\n")[2].partition("\n## ")[0]
    for path, _ in json_keys(verb):
        assert f"| `{path}` |" in section, path
        assert meaning(verb, path), f"no words say what {verb}'s {path} means"


@pytest.mark.parametrize("path", ALL, ids=relative)
def test_every_link_within_the_repository_resolves(path: Path) -> None:
    text = re.sub(r"(?ms)^```.*?^```$", "", text_of(path))
    broken = []
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        anchors = {slug(heading) for heading in HEADING.findall(text_of(target))} if anchor and target.is_file() else {anchor}
        if not target.exists() or anchor not in anchors:
            broken.append(link)
    assert not broken, f"{relative(path)}: {broken}"


def test_every_page_can_be_reached_from_the_first_one() -> None:
    seen, left = set(), [DOCS / "index.md"]
    while left:
        path = left.pop()
        if path in seen or path.suffix != ".md" or not path.is_file():
            continue
        seen.add(path)
        left += [(path.parent / link.partition("#")[0]).resolve() for link in LINK.findall(text_of(path)) if ":" not in link]
    assert not [relative(path) for path in DOCS.rglob("*.md") if path not in seen]


@pytest.mark.parametrize("path", ALL, ids=relative)
def test_a_page_names_no_registry_host_and_no_path_of_a_machine(path: Path) -> None:
    text = text_of(path)
    assert not MACHINE.findall(text)
    assert not [one for one in REGISTRIES if ".".join(reversed(one.split("."))) in text]


@pytest.mark.parametrize("path", WRITTEN, ids=relative)
def test_a_page_has_one_title_and_says_in_a_fence_what_is_in_it(path: Path) -> None:
    text = text_of(path)
    assert text.startswith("# ")
    bare = re.sub(r"(?ms)^```.*?^```$", "", text)
    assert len(re.findall(r"(?m)^# ", bare)) == 1
    assert all(block.language for block in blocks_of(text))


def test_the_mission_page_has_a_row_for_each_demand() -> None:
    demands = ROOT.parent / "shared" / "mission.md"
    if not demands.is_file():
        pytest.skip("the list of demands is not beside the repository")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in text_of(demands).splitlines() if line.startswith("| ")][2:]
    plain = [re.sub(r"[*`]", "", row).strip() for row in rows]
    headings = HEADING.findall(text_of(DOCS / "mission.md"))
    assert [row for row in plain if row not in headings] == []


def test_each_section_of_the_mission_page_ends_in_a_verdict() -> None:
    sections = re.split(r"(?m)^## ", text_of(DOCS / "mission.md"))[1:]
    demands = [section for section in sections if not section.startswith("Firms and products")]
    strange = [one.partition("\n")[0] for one in demands if not re.search(r"\*\*(Works\.|In part|Left out)\*\*", one)]
    assert not strange


@pytest.mark.parametrize("firm", FIRMS)
def test_each_firm_and_product_of_the_mission_resolves_to_a_sourced_row(
    firm: str, page_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from freehold.catalogue.show import show
    from freehold.work import catalogue

    assert f"| {firm} | `freehold catalogue show {FIRMS[firm]}` |" in text_of(DOCS / "mission.md")
    reader = Reader(page_folder, monkeypatch)
    reader.run(f"freehold catalogue show {FIRMS[firm]}")
    assert reader.status == 0
    shown = show(catalogue(), FIRMS[firm])
    assert shown.facts
    assert all(fact.url.startswith("https://") and fact.fact.says for fact in shown.facts)
