"""Bad input: a file that is named is refused with its place and the mend, one that is met is skipped with a reason.

Whatever is read, the command line ends with 0, 1 or 2, soon, and shows nothing that a terminal would obey.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.cli import main
from freehold.errors import BadCutoff, FreeholdError
from freehold.read.cyclonedx import CycloneDXReader
from freehold.read.project import ProjectReader
from freehold.read.python_environment import read_environment
from freehold.read.walk import Environment
from freehold.stack import toml_file
from freehold.stack.cells import nearest, shown
from freehold.stack.csv_folder import read_folder, write_folder
from freehold.stack.cutoff import cutoff_from_toml
from freehold.stack.durations import parse_days
from freehold.stack.inventory import Inventory, Skip
from freehold.stack.rows import name_sources
from freehold.stack.toml_text import BadToml, parse_toml
from freehold.stack.values import Item, Stack
from permissions import bound_by_permissions

LONGEST = 10
ITEM = '[[item]]\nid = "a"\nmission = 1\n[[item.source]]\nprovider = "self"\n'
ADDRESS = 'url = "https://api.openai.com"\n'


@dataclass(frozen=True)
class Said:
    """What a command said."""

    status: int
    out: str
    err: str


Run = Callable[..., Said]


class HangsError(BaseException):
    """Nothing that the program could catch by mistake."""


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise HangsError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR", "DEBUG"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(aside))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(aside))
    monkeypatch.chdir(aside)

    def run_(*arguments: object) -> Said:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return run_


def write(top: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return top


def read(top: Path) -> Inventory:
    return ProjectReader().read(top)


def reasons(inventory: Inventory) -> dict[str, str]:
    return {skip.file: skip.reason for skip in inventory.skips}


def is_harmless(text: str) -> bool:
    return not any((ord(sign) < 32 and sign not in "\n\t") or 127 <= ord(sign) < 160 for sign in text)


# a stack that is named

BAD_STACKS: dict[str, tuple[str | bytes, str, str]] = {
    "a dangling item": (ITEM + 'needs = ["zz"]\n', "line 6", "'zz' is no item"),
    "an id twice": (ITEM + '[[item]]\nid = "a"\n', "line 7", "stands already"),
    "an empty id": ('[[item]]\nid = ""\n', "line 2", "is empty"),
    "an id that is a list": ('[[item]]\nid = "a"\n[[item.source]]\nid = [1]\n', "line 4", "not text"),
    "an id that is a table": ("[[item]]\nid = {a = 1}\n[[item.source]]\n", "line 2", "not text"),
    "an id that is endless": ('[[item]]\nid = "' + "a" * 3000 + '"\n', "line 2", "Keep it under 2000"),
    "an id that commands": ('[[item]]\nid = "\\u001b[31m"\n', "line 2", "control character"),
    "a need that commands": (ITEM + 'needs = ["\\u009b31m"]\n', "line 6", "control character"),
    "a negative share": (ITEM + "share = -1\n", "line 6", "is negative"),
    "a share that is none": (ITEM + "share = nan\n", "line 6", "not a finite number"),
    "an infinite cost": (ITEM + "cost_once = inf\n", "line 6", "not a finite number"),
    "a huge cost": (ITEM + "cost_once = 1e308\n", "line 6", "larger than"),
    "a whole number of 400 digits": (ITEM + "cost_once = 1" + "0" * 400 + "\n", "line 6", "not a number"),
    "a whole number of 5000 digits": (ITEM + "cost_once = 1" + "0" * 5000 + "\n", "", "cannot be read"),
    "a hexadecimal of 9000 digits": (ITEM + "cost_once = 0x" + "f" * 9000 + "\n", "line 6", "too large to be shown"),
    "a duration of 400 digits": (ITEM + "recover = 1" + "0" * 400 + "\n", "line 6", "not a duration"),
    "a duration beyond all numbers": (ITEM + 'recover = "1e999d"\n', "line 6", "write 'forever'"),
    "a weight over 1": (ITEM + 'needs = [{item = "a", weight = 2}]\n', "line 6", "is over 1"),
    "a day that is none": ('[stack]\nas_of = "2021-02-30"\n', "line 2", "no day of the calendar"),
    "a time for a day": ("[stack]\nas_of = 07:32:00\n", "line 2", "no date"),
    "a form of the future": ("[stack]\nschema = 99\n", "line 2", "Update Freehold"),
    "arrays in arrays": ("x = " + "[" * 100_000, "", "nested too deeply"),
    "a key of many parts": ("a." * 100_000 + "b = 1\n", "line 1", "nested too deeply"),
    "a header of many parts": ("[" + "a." * 50_000 + "a]\n" + "b = 1\n", "line 1", "nested too deeply"),
    "no UTF-8": (b"[stack]\nname = '\xff'\n", "line 2", "not UTF-8"),
    "UTF-16": (ITEM.encode("utf-16"), "line 1", "not UTF-8"),
    "a NUL": (ITEM + "tags = ['\0']\n", "line 6", "not TOML"),
    "bytes": (bytes(range(256)), "line 2", "not UTF-8"),
    "a table for tables": ('[item]\nid = "a"\n', "line 1", "two brackets"),
    "an owner that is a table": (ITEM + '[[provider]]\nid = "x"\nowner = {id = "y"}\n', "line 8", "not a list"),
}


@pytest.mark.parametrize("name", BAD_STACKS)
def test_a_stack_that_is_wrong_is_refused_with_its_place(name: str, run: Run, tmp_path: Path) -> None:
    content, line, problem = BAD_STACKS[name]
    write(tmp_path, {"s.toml": content})
    said = run("assess", tmp_path / "s.toml")
    assert said.status == 2
    assert str(tmp_path / "s.toml") in said.err
    assert line in said.err
    assert problem in said.err
    assert is_harmless(said.err)


def test_a_capacity_under_its_share_is_raised_and_said(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"s.toml": ITEM + "share = 1\ncapacity = 0.5\n"})
    said = run("assess", tmp_path / "s.toml")
    assert said.status == 0
    assert "It was raised to the share" in said.err


@pytest.mark.parametrize(
    "verb", ["check", "assess", "gaps", "partners", "options", "cutoff", "why", "restart", "schemes score", "report"]
)
def test_numbers_at_the_edge_of_what_is_a_number_are_counted_with(verb: str, run: Run, tmp_path: Path) -> None:
    text = (
        '[stack]\nhome = "DE"\n[[item]]\nid = "a"\nmission = 1e15\n[[item.source]]\nprovider = "us"\n'
        'needs = [{item = "b", enough = 5e-324, weight = 1e-320}]\n[[item]]\nid = "b"\nmission = 5e-324\n'
        "[[item.source]]\nprovider = 'self'\nshare = 1e-320\nquality = 5e-324\ncost_year = 1e15\nown_value = 5e-324\n"
        "[[item.source]]\nprovider = 'self'\nshare = 1\nrecover = 1e-300\n[[provider]]\nid = 'us'\ncountry = 'US'\n"
    )
    write(tmp_path, {"s.toml": text})
    more = {"why": ["a"], "cutoff": ["--foreign"], "restart": ["--foreign"]}.get(verb, [])
    assert run(*verb.split(), tmp_path / "s.toml", *more).status == 0


def test_owners_in_a_circle_end_where_it_closes(run: Run, tmp_path: Path) -> None:
    rows = [f'[[provider]]\nid = "p{i}"\nowner = ["p{(i + 1) % 500}"]\ncountry = "US"\n' for i in range(500)]
    rows += [f'[[item]]\nid = "j{i}"\n[[item.source]]\nprovider = "p{i}"\n' for i in range(500)]
    write(tmp_path, {"s.toml": '[stack]\nhome = "DE"\n' + "".join(rows)})
    assert run("cutoff", tmp_path / "s.toml", "--foreign").status == 0


def test_thousands_of_dangling_ids_are_told_soon(run: Run, tmp_path: Path) -> None:
    needs = ",".join(f'"q{i}zzzz"' for i in range(2000))
    items = "".join(f'[[item]]\nid = "item{i}"\n' for i in range(2000))
    write(tmp_path, {"s.toml": f"{ITEM}needs = [{needs}]\n{items}"})
    said = run("assess", tmp_path / "s.toml")
    assert said.status == 2
    assert said.err.count("is no item") == 2000


def test_thousands_of_sources_without_an_id_are_named_soon() -> None:
    sources: list[dict[str, object]] = [{"item": "a"} for _ in range(50_000)]
    name_sources(sources)
    assert [source["id"] for source in sources[:3]] == ["a@?", "a@?#2", "a@?#3"]
    assert len({source["id"] for source in sources}) == 50_000


def test_blanks_within_a_text_do_not_hold_up_the_search_for_lines() -> None:
    text = ITEM + 'tags = ["""\n[' + " " * 20_000 + 'x\n"""]\n'
    with pytest.raises(FreeholdError, match="20003 characters long"):
        toml_file.loads(text)


def test_a_list_of_needs_on_one_long_line_is_no_deep_nest() -> None:
    items = "".join(f'[[item]]\nid = "i{i}"\n' for i in range(5000))
    needs = ",".join(f'{{item = "i{i}"}}' for i in range(5000))
    assert len(toml_file.loads(f"{ITEM}needs = [{needs}]\n{items}").needs) == 5000


def test_what_is_endless_is_shown_short_and_compared_with_nothing() -> None:
    assert len(shown(["x" * 10_000])) < 100
    assert nearest("a" * 3000, ["a" * 2999]) == ()


def test_a_text_with_anything_in_it_is_written_and_read_back() -> None:
    name = "\u202etab\there \u00a0\U0001f600 ' \" \\ \u200b"
    stack = Stack(items=(Item("a", name=name),))
    assert "\u202e" not in toml_file.dumps(stack)
    assert toml_file.loads(toml_file.dumps(stack)).items[0].name == name
    assert toml_file.loads(toml_file.dumps(Stack(items=(Item("a", name="\ud800"),)))).items[0].name == "\ufffd"


@pytest.mark.parametrize("text", ["1e999", "1e999d", 10**400])
def test_a_duration_beyond_all_numbers_is_not_for_ever(text: str | int) -> None:
    with pytest.raises(ValueError, match="write 'forever'"):
        parse_days(text)


@pytest.mark.parametrize(
    "text", ["x=" + "[" * 9999, "a=1" + "0" * 5000, "a..b=1", "[" + "a." * 200 + "b]", "\0", "x = 1979-13-01"]
)
def test_whatever_is_no_toml_is_the_same_error(text: str) -> None:
    with pytest.raises(BadToml):
        parse_toml(text)


@pytest.mark.parametrize(
    "cutoff",
    [
        {}, {"rule": []}, {"rule": [1]}, {"rule": [{"foreign": 1}]}, {"rule": [{"foreign": True, "availability": 10**400}]},
        {"rule": [{"foreign": True, "from": 10**400}]}, {"rule": [{"foreign": True}], "notice": 16**9000},
        {"rule": [{"foreign": True, "cover": [1]}]}, {"rule": [{"country": ""}]}, {"rule": [{"foreign": True}], "stake": "x"},
        {"rule": [{"foreign": True, "via": [1]}]}, {"rule": [{"foreign": True, "from": float("nan")}]},
    ],
)  # fmt: skip
def test_a_scenario_that_is_wrong_is_refused(cutoff: dict[str, object]) -> None:
    with pytest.raises(BadCutoff):
        cutoff_from_toml({"cutoff": cutoff}, "c.toml")


# tables that are named

BAD_TABLES: dict[str, tuple[dict[str, str | bytes], str]] = {
    "ragged rows": ({"items.csv": "id,name\na,b,c\n"}, "line 2: has 3 cells"),
    "an open quote": ({"items.csv": 'id\n"x\n'}, "is not CSV"),
    "a column twice": ({"items.csv": "id,id\n"}, "names the column 'id' twice"),
    "a hundred thousand columns": ({"items.csv": "a," * 100_000 + "\n"}, "twice"),
    "a column that is none": ({"items.csv": "id,nmae\n" + "a,b\n" * 9999}, "line 1, column 'nmae': is not a column"),
    "nothing": ({"items.csv": ""}, "is empty"),
    "a NUL": ({"items.csv": b"id\n\0\n"}, "line 2"),
    "UTF-16": ({"items.csv": "id\na\n".encode("utf-16")}, "line 1: not UTF-8"),
    "a cell without end": ({"items.csv": "id\n" + "a" * 200_000 + "\n"}, "field larger than"),
    "a cell that commands": ({"items.csv": "id\na\x1b[31m\n"}, "control character"),
    "settings that are bytes": ({"stack.toml": b"\xff"}, "not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TABLES)
def test_tables_that_are_wrong_are_refused_with_their_place(name: str, run: Run, tmp_path: Path) -> None:
    files, problem = BAD_TABLES[name]
    said = run("assess", write(tmp_path / "f", files))
    assert said.status == 2
    assert problem in said.err
    assert is_harmless(said.err)
    assert said.err.count("\n") < 30


def test_a_byte_order_mark_before_a_table_is_dropped(tmp_path: Path) -> None:
    write(tmp_path, {"items.csv": "\ufeffid,name\r\na,b\r\n"})
    assert read_folder(tmp_path).items == (Item("a", name="b"),)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-x", "@sum", "＝1", "＠a", "'=x", "''-", "'plain", "plain"])
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed_and_read_back(name: str, tmp_path: Path) -> None:
    write_folder(Stack("s", items=(Item("a", name=name),)), tmp_path)
    cell = (tmp_path / "items.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[1]
    assert cell[0] not in "=+-@＝＋－＠"
    assert read_folder(tmp_path).items[0].name == name


def test_a_table_that_is_a_link_out_of_the_folder_is_refused(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"secret.txt": "root:x:0:0\n", "f/stack.toml": ITEM})
    (tmp_path / "f" / "providers.csv").symlink_to("../secret.txt")
    said = run("assess", tmp_path / "f")
    assert said.status == 2
    assert "leads out of the folder" in said.err
    assert "x:0:0" not in said.err


def test_tables_that_are_stored_outlive_a_failure_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(Stack("before", items=(Item("a"),)), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_folder(Stack("after", items=(Item("b"),)), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# an inventory that is named


def bom(*components: object, **more: object) -> str:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components, **more})


def bom_xml(inner: str, before: str = "") -> str:
    space = ".".join(reversed(["org", "cyclonedx"]))
    return f'<?xml version="1.0"?>{before}<bom xmlns="http://{space}/schema/bom/1.5">{inner}</bom>'


NESTED = ("<components><component><name>x</name>", "</component></components>")
BAD_INVENTORIES: dict[str, tuple[str, str | bytes, str]] = {
    "a bare list": ("x.json", "[]", "is a bare list"),
    "a bare value": ("x.json", "1", "no known sort"),
    "nothing": ("x.json", "", "is empty"),
    "another format": ("x.json", '{"spdxVersion": "2.3"}', "looks like an SPDX document"),
    "XML by the name of JSON": ("x.json", "<a/>", "looks like XML with the root <a>"),
    "JSON by the name of a stack": ("x.toml", bom({"name": "a"}), "is not TOML"),
    "JSON that nests": ("x.json", '{"bomFormat": "CycloneDX", "a": ' + "[" * 100_000, "nests deeper"),
    "a number without end": ("x.json", '{"bomFormat": "CycloneDX", "version": 1' + "0" * 5000 + "}", "thousands of digits"),
    "UTF-16 cut off": ("x.json", bom({"name": "a"}).encode("utf-16")[:-1], "not UTF-16"),
    "what is cut off": ("x.json", bom({"name": "a"})[:-5], "line 1, column"),
    "entities that multiply": ("x.xml", bom_xml("&b;", '<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'), "<!DOCTYPE"),
    "an entity outside": ("x.xml", bom_xml("", '<!DOCTYPE a SYSTEM "file:///etc/passwd">'), "<!DOCTYPE"),
    "XML that nests": ("x.xml", bom_xml(NESTED[0] * 2000 + NESTED[1] * 2000), "nest deeper"),
    "XML in no known encoding": ("x.xml", '<?xml version="1.0" encoding="utf-7"?><a/>', "encoding that can be read"),
    "XML with a NUL": ("x.xml", b"<a>\0", "line 1, column"),
    "a compressed file": ("x.json", b"\x1f\x8b\x08", "no known sort"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_INVENTORIES)
def test_an_inventory_that_is_wrong_is_refused_with_its_place(name: str, run: Run, tmp_path: Path) -> None:
    file, content, problem = BAD_INVENTORIES[name]
    write(tmp_path, {file: content})
    said = run("check", tmp_path / file)
    assert said.status == 2
    assert file in said.err
    assert problem in said.err
    assert is_harmless(said.err)


def test_values_of_any_type_in_an_inventory_are_skipped_and_shown(run: Run, tmp_path: Path) -> None:
    strange = {
        "name": {},
        "purl": 5,
        "version": [],
        "licenses": 5,
        "externalReferences": {},
        "properties": 3,
        "scope": [],
        "type": {},
    }
    content = bom(
        1, None, [], {"name": []}, strange, {"name": "a", "version": 10**300}, {"name": "\x1b[31mb", "version": "\ud800"},
        dependencies=[1, {"ref": [], "dependsOn": {}}, {"ref": "x", "dependsOn": [[], {}, 1]}],
        services=[{"name": 1}, {"name": "s", "endpoints": [1, "\x1b"]}],
        metadata={"component": {"name": "\x1b]0;x\x07", "licenses": [None]}},
    )  # fmt: skip
    write(tmp_path, {"x.json": content})
    said = run("scan", tmp_path / "x.json", "-o", tmp_path / "s.toml")
    assert said.status == 0
    assert "components[0] is a number, not a component" in said.err
    assert is_harmless((tmp_path / "s.toml").read_text(encoding="utf-8"))
    assert run("show", tmp_path / "s.toml").status == 0


def test_names_of_any_length_are_written_to_a_stack_that_is_read_back(run: Run, tmp_path: Path) -> None:
    long = {"name": "a" * 5000, "group": "b" * 5000, "version": "c" * 5000}
    write(tmp_path, {"x.json": bom(long, {"name": "d", "purl": "pkg:npm/" + "d" * 5000 + "@1"}, metadata={"component": long})})
    assert run("scan", tmp_path / "x.json", "-o", tmp_path / "s.toml").status == 0
    said = run("show", tmp_path / "s.toml")
    assert said.status == 0, said.err[:500]


@pytest.mark.parametrize(
    "inner",
    [
        f'<components><component type="{"a" * 1_000_000}"><name>x</name></component></components>',
        "<components><component " + " ".join(f'a{i}="1"' for i in range(20_000)) + "><name>x</name></component></components>",
        "<a>" * 100_000 + "</a>" * 100_000,
    ],
    ids=["an endless attribute", "attributes without end", "elements in elements"],
)
def test_xml_out_of_all_proportion_is_read_or_refused_soon(inner: str, run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"x.xml": bom_xml(inner)})
    assert run("scan", tmp_path / "x.xml").status in (0, 2)


def test_components_that_all_depend_on_all_are_read_soon(tmp_path: Path) -> None:
    names = [f"r{i}" for i in range(400)]
    rows = [{"name": name, "bom-ref": name} for name in names]
    write(tmp_path, {"x.json": bom(*rows, dependencies=[{"ref": name, "dependsOn": names} for name in names])})
    found = CycloneDXReader().read(tmp_path / "x.json")
    assert all(len(component.depends) == 399 for component in found.components)


# a folder

MET: dict[str, tuple[dict[str, str | bytes], dict[str, str]]] = {
    "JSON that nests": ({"package.json": "[" * 100_000}, {"package.json": "too-deep"}),
    "JSON that ends early": ({"package.json": '{"a": '}, {"package.json": "syntax"}),
    "UTF-16": ({"package.json": "{}".encode("utf-16")}, {"package.json": "encoding"}),
    "TOML that nests": ({"pyproject.toml": "x = " + "[" * 100_000}, {"pyproject.toml": "too-deep"}),
    "TOML with a key of many parts": ({"uv.lock": "[" + "a." * 100_000 + "b]\nc = 1\n"}, {"uv.lock": "too-deep"}),
    "TOML with an endless number": ({"pyproject.toml": "x = 1" + "0" * 5000}, {"pyproject.toml": "syntax"}),
    "YAML that nests": ({".github/workflows/a.yml": "[" * 100_000}, {".github/workflows/a.yml": "too-deep"}),
    "YAML with values without end": ({"compose.yml": "services: [" + "a," * 400_000 + "]"}, {"compose.yml": "too-large"}),
    "YAML that is none": ({"compose.yml": "a: [\x00"}, {"compose.yml": "syntax"}),
    "Python in brackets": ({"a.py": ADDRESS + "x = " + "(" * 100_000}, {"a.py": "syntax"}),
    "Python that nests": ({"a.py": ADDRESS + "x = " + "-" * 100_000 + "1"}, {"a.py": "too-deep"}),
    "Python with attributes of attributes": ({"a.py": ADDRESS + "x = a" + ".b" * 100_000}, {"a.py": "too-deep"}),
    "Python with a NUL": ({"a.py": ADDRESS + "\0"}, {"a.py": "syntax"}),
    "Python of a megabyte": ({"a.py": ADDRESS + "#" * 1_100_000}, {"a.py": "too-large"}),
    "a setup that nests": ({"setup.py": "setup(" + "-" * 100_000 + "1)"}, {"setup.py": "too-deep"}),
    "INI without a section": ({"setup.cfg": "a" * 100_000}, {"setup.cfg": "syntax"}),
    "an image name without end": (
        {"Dockerfile": "ARG A=" + "x" * 99_999 + "\nFROM " + "$A" * 99_999}, {"Dockerfile": "too-large"}
    ),
    "requirements out of the folder": (
        {"requirements.txt": "-r ../../etc/passwd\n-c /etc/passwd\na\n"},
        {"../../etc/passwd": "link", "/etc/passwd": "link"},
    ),
    "a Git folder without a place": ({".git": "gitdir: \0x\n"}, {".git/config": "unreadable"}),
}  # fmt: skip


@pytest.mark.parametrize("name", MET)
def test_a_file_that_is_met_and_wrong_is_skipped_with_its_reason(name: str, tmp_path: Path) -> None:
    files, wanted = MET[name]
    assert wanted.items() <= reasons(read(write(tmp_path, files))).items()


def test_the_report_shows_what_was_skipped(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "p", {"requirements.txt": "requests==2.32.0\n", "package.json": "[" * 100_000})
    assert "package.json" in run("check", tmp_path / "p", "--full").out
    told = json.loads(run("check", tmp_path / "p", "--format", "json").out)
    assert "too-deep" in json.dumps(told)
    assert "nests deeper" in run("scan", tmp_path / "p").err


LINE_BREAKS = "\n" * 2000
SLOW: dict[str, dict[str, str | bytes]] = {
    "patterns that do not end": {"a.js": ADDRESS + "x=" + "=/[" * 100_000 + LINE_BREAKS},
    "patterns within sets": {"a.js": ADDRESS + "x=" + ("=/" + "[=/" * 166 + "]") * 1500 + LINE_BREAKS},
    "texts that do not end": {"a.js": ADDRESS + 'x="' + '\\"' * 200_000 + LINE_BREAKS},
    "texts of both sorts that do not end": {"a.js": ADDRESS + 'x="' + "'\\\"" * 80_000 + LINE_BREAKS},
    "templates in templates": {"a.js": ADDRESS + "x=" + "`${" * 50_000 + LINE_BREAKS},
    "a word in an image": {"Dockerfile": "FROM a\nENV " + "a" * 2_000_000},
    "a quote in an image": {"Dockerfile": 'FROM a\nRUN "' + '\\"' * 150_000},
    "quotes of both sorts in an image": {"Dockerfile": 'FROM a\nRUN "' + "'\\\"" * 80_000},
    "blanks in settings": {".env": "a=b" + " " * 1_000_000 + "c://d\n"},
    "blanks in INI": {"a.ini": "[a]\nurl=https://api.openai.com\nb" + " " * 1_000_000 + "c\n"},
    "defaults in INI": {
        "a.ini": "[DEFAULT]\n" + "".join(f"k{i}=http://h{i}.net\n" for i in range(3000))
        + "".join(f"[s{i}]\n" for i in range(3000))
    },
    "blanks in Git": {".git/config": '[remote "o"]\nurl = x' + " " * 500_000 + "y\n"},
    "braces in addresses": {"a.yml": "".join(f'url: "http://a.b{"{{" * 900}"\n' for _ in range(200))},
    "brackets in addresses": {"a.yml": "".join(f'url: "http://a.b{"$(" * 900}"\n' for _ in range(200))},
    "packages of one name": {
        "uv.lock": "version = 1\n"
        + "".join(f'[[package]]\nname = "a"\nversion = "{i}"\ndependencies = [{{name = "a"}}]\n' for i in range(2000))
    },
    "a path without end": {
        "package-lock.json": json.dumps({"packages": {"a/" * 200_000: {"dependencies": {"x": "1"}}, "node_modules/x": {}}})
    },
    "a path that repeats": {"package-lock.json": '{"packages": {\n    "' + "node_modules/" * 100_000 + 'x": 1}}'},
    "names that stand nowhere": {
        "pyproject.toml": "[project]\ndependencies=["
        + ",".join(f'"\\u0070{i}"' for i in range(9000)) + "]\n#" + "x" * 1_000_000
    },
    "requirements of Poetry": {"pyproject.toml": "[tool.poetry.dependencies]\n" + "".join(f'p{i}="*"\n' for i in range(9000))},
    "anchors that multiply": {
        "compose.yml": "a0: &a0 [x,x]\n"
        + "".join(f"a{i + 1}: &a{i + 1} [{','.join([f'*a{i}'] * 9)}]\n" for i in range(30))
        + "services: *a30\n"
    },
    "an anchor that holds itself": {"compose.yml": "services: &a\n  x: *a\n"},
    "thousands of plug-ins": {f"d{i}/d{i}.py": "" for i in range(1500)},
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_a_file_made_to_take_for_ever_does_not(name: str, tmp_path: Path) -> None:
    read(write(tmp_path, SLOW[name]))


def test_what_surrounds_an_unclosed_quote_is_still_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.js": 'const a = <p>don\'t</p>\nconst url = "https://api.openai.com/v1"\n',
            "Dockerfile": "FROM a\nRUN sh -c 'x && \\\n curl https://deb.nodesource.com/setup && echo y'\n",
        },
    )
    assert {"com.openai.api", "com.nodesource.deb"} <= {contact.host for contact in read(tmp_path).contacts}


def test_pipes_sockets_devices_and_links_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = write(tmp_path / "top", {"ok.txt": "", ".git/HEAD": ""})
    write(tmp_path, {"outside/requirements.txt": "requests\n"})
    for name in ("requirements.txt", "a.py", ".git/config"):
        os.mkfifo(top / name)
    monkeypatch.chdir(top)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("package.json")
    for name, target in {
        "loop": "loop", "up": "..", "self": ".", "pyproject.toml": "/etc/passwd", "uv.lock": "/dev/zero", "out": "../outside",
        "poetry.lock": "../outside/requirements.txt",
    }.items():  # fmt: skip
        (top / name).symlink_to(target)
    found = read(top)
    assert found.components == ()
    wanted = dict.fromkeys(("requirements.txt", "a.py", "package.json", ".git/config"), "unreadable")
    wanted |= dict.fromkeys(("up", "pyproject.toml", "uv.lock", "out", "poetry.lock"), "link")
    assert wanted.items() <= reasons(found).items()


def test_git_is_read_from_a_file_of_its_own_only(tmp_path: Path) -> None:
    write(tmp_path, {"secret": '[remote "o"]\nurl = https://secret.net/a/b\n', "a/x": "", "b/x": ""})
    (tmp_path / "a" / ".git").mkdir()
    (tmp_path / "a" / ".git" / "config").symlink_to(tmp_path / "secret")
    (tmp_path / "b" / ".git").symlink_to(tmp_path / "a" / ".git")
    for name in "ab":
        found = read(tmp_path / name)
        assert found.contacts == ()
        assert reasons(found)[".git/config"] == "unreadable"
    included = f'[include]\npath = {tmp_path}/secret\n[remote "o"]\nurl = https://user:word@github.com/a/b\n'
    write(tmp_path, {"c/.git/config": included})
    found = read(tmp_path / "c")
    assert [contact.host for contact in found.contacts] == ["com.github"]
    assert "word" not in repr(found)


def test_names_that_command_or_are_no_text_are_skipped(run: Run, tmp_path: Path) -> None:
    top = write(tmp_path / "p", {"requirements.txt": "requests==2.32.0\n"})
    for name in (b"a\n.py", b"\xff\xfe.py", b"\x1b[31m.py", b"x\xc2\x9b31m.json"):
        Path(os.fsdecode(os.path.join(os.fsencode(top), name))).write_text(ADDRESS, encoding="utf-8")  # noqa: PTH118
    assert sum(skip.reason == "encoding" for skip in read(top).skips) == 4
    for said in (run("check", top, "--full"), run("scan", top), run("check", top, "--format", "html")):
        assert said.status == 0
        assert is_harmless(said.out + said.err)


def test_a_folder_whose_own_name_commands_is_read(run: Run, tmp_path: Path) -> None:
    top = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff\x1b[31m"))
    write(top, {"requirements.txt": "requests==2.32.0\n"})
    said = run("check", top)
    assert said.status == 0
    assert is_harmless(said.out + said.err)
    assert run("scan", top, "-o", tmp_path / "s.toml").status == 0
    assert run("show", tmp_path / "s.toml").status == 0


def test_names_in_manifests_that_command_reach_no_terminal(run: Run, tmp_path: Path) -> None:
    package = {
        "name": "\x1b[31mx",
        "license": "\x1b[1m",
        "dependencies": {"a\x1b[31m": "1.0.0", "b\ud800": "1.0.0\ud800", "c": "\udfff"},
    }
    setup = 'setup(name="\\ud800", install_requires=["a==\\ud800", 5], extras_require={"x": 5}, tests_require=7)'
    top = write(tmp_path / "p", {"package.json": json.dumps(package), "setup.py": setup})
    for said in (run("check", top), run("scan", top), run("check", top, "--format", "csv")):
        assert said.status == 0
        assert is_harmless(said.out + said.err)
        assert not any("\ud800" <= sign <= "\udfff" for sign in said.out)
    assert run("scan", top, "-o", tmp_path / "s.toml").status == 0
    assert is_harmless((tmp_path / "s.toml").read_text(encoding="utf-8"))


def test_a_pair_of_surrogates_stays_the_character_that_it_is(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": '{"name": "\\ud83d\\ude00 \\\\ud800 \\uD800"}'})
    assert read(tmp_path).name == "\U0001f600 \\ud800 \ufffd"


def test_skips_beyond_a_thousand_are_counted(tmp_path: Path) -> None:
    for number in range(1100):
        (tmp_path / f"l{number}").symlink_to("/etc/passwd")
    skips = read(tmp_path).skips
    assert len(skips) == 1001
    assert skips[-1] == Skip(".", "limit", "100 more skips like those above are not listed one by one.")


def test_hostile_metadata_is_skipped_or_read_soon(tmp_path: Path) -> None:
    top = tmp_path / "lib" / "python3.11" / "site-packages"
    head, blanks = "Name: {0}\nVersion: 1\n", " " * 1900
    write(
        top,
        {
            "a.dist-info/METADATA": head.format("a")
            + f"Requires-Dist: b; python_version {blanks}> '3'\n" + "Requires-Dist: c\n" * 20_000,
            "b.dist-info/METADATA": head.format("b") + " a\n" * 500_000,
            "c.dist-info/METADATA": head.format("\x1b[31m")
            + f"Requires-Dist: {'x' * 500_000}\n" + f"Requires-Dist: a; {blanks}\n" * 300,
        },
    )  # fmt: skip
    for name in ("d", "e"):
        (top / f"{name}.dist-info").mkdir()
    os.mkfifo(top / "d.dist-info" / "METADATA")
    (top / "e.dist-info" / "METADATA").symlink_to("/etc/passwd")
    (top / "f.dist-info").symlink_to("a.dist-info")
    os.mkfifo(top / "a.dist-info" / "direct_url.json")
    with (top / "g.egg-info").open("wb") as file:
        file.truncate(100 * 2**20)
    write(tmp_path, {"pyvenv.cfg": "version = 3.11\n"})
    lock = read_environment(Environment("s", str(top), ""))
    assert {skip.file: skip.reason for skip in lock.skips} == {
        "s/d.dist-info/METADATA": "unreadable", "s/e.dist-info/METADATA": "unreadable", "s/f.dist-info/METADATA": "link",
        "s/g.egg-info": "too-large",
    }  # fmt: skip
    assert len(lock.packages) == 3
    read(tmp_path)


def test_an_environment_that_is_a_link_out_of_the_folder_is_not_entered(tmp_path: Path) -> None:
    write(tmp_path, {"else/python3.11/site-packages/a.dist-info/METADATA": "Name: a\nVersion: 1\n", "p/v/pyvenv.cfg": ""})
    (tmp_path / "p" / "v" / "lib").symlink_to(tmp_path / "else")
    found = read(tmp_path / "p")
    assert found.components == ()
    assert "link" in reasons(found).values()


def test_what_may_not_be_read_is_skipped_or_refused(tmp_path: Path) -> None:
    top = write(tmp_path / "p", {"requirements.txt": "requests\n", "pyproject.toml": "", "closed/package.json": "{}"})
    (top / "pyproject.toml").chmod(0)
    (top / "closed").chmod(0)
    with bound_by_permissions():
        found = read(top)
    (top / "closed").chmod(0o700)
    assert {("closed", "unreadable"), ("pyproject.toml", "unreadable")} <= set(reasons(found).items())


# properties: never anything but an answer or a refusal

FUZZ = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=15,
)
NAMES = (
    "package.json", "package-lock.json", "Pipfile.lock", "uv.lock", "poetry.lock", "pylock.toml", "pyproject.toml", "Pipfile",
    "setup.cfg", "setup.py", "requirements.txt", "compose.yml", ".github/workflows/a.yml", "Dockerfile", "a.py",
    "a.ts",
    "a.yml",
    "a.ini", ".env", "run.sh", ".git/config", ".git",
)  # fmt: skip
KEYS = (
    "dependencies", "packages", "package", "name", "version", "default", "develop", "project", "tool", "poetry", "source",
    "extras", "services", "image", "jobs", "uses", "run", "", "node_modules/a", "license", "repository",
    "optional-dependencies", "url", "_meta",
)  # fmt: skip
SHAPED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["a", "a==1", "https://api.openai.com", "\ud800", "\x1b[1m", "*", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@FUZZ
@given(data=st.binary(max_size=200), name=st.sampled_from(["x.json", "x.xml", "x.toml", "f/items.csv", "f/stack.toml"]))
def test_bytes_by_any_name_are_answered_or_refused(data: bytes, name: str, run: Run, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "z", ignore_errors=True)
    write(tmp_path / "z", {name: data})
    assert run("show", tmp_path / "z" / name.partition("/")[0]).status in (0, 2)


INVENTORIES = JSON.map(lambda inner: {"bomFormat": "CycloneDX", "components": inner, "dependencies": inner, "metadata": inner})


@FUZZ
@given(document=JSON | INVENTORIES, name=st.sampled_from(["x.json", "x.xml", "x.toml"]))
def test_json_by_any_name_is_answered_or_refused(document: object, name: str, run: Run, tmp_path: Path) -> None:
    write(tmp_path, {name: json.dumps(document)})
    said = run("show", tmp_path / name)
    assert said.status in (0, 2)
    assert is_harmless(said.out)


def toml_of(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml_of(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_of, value)) + "]"
    return repr(value).lower() if isinstance(value, bool | float) else json.dumps(value)


WORDS = st.sampled_from(["?", "self", "a", "DE", "1e9", "forever"])
TOML = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"), max_size=8) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "item", "stake", "weight", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
COLUMNS = (
    "id", "name", "kind", "mission", "whole", "tags", "provider", "location", "status", "share", "capacity", "recover", "needs",
    "owner",    "country", "trusted", "home", "as_of", "schema", "weight", "enough", "survive",
)  # fmt: skip


TABLES = st.tuples(
    st.sampled_from(["[stack]", "[[item]]", "[[item.source]]", "[[provider]]", "[[claim]]"]),
    st.dictionaries(st.sampled_from(COLUMNS), TOML, max_size=4),
)


@FUZZ
@given(tables=st.lists(TABLES, max_size=4))
def test_any_values_in_a_stack_are_answered_or_refused(
    tables: list[tuple[str, dict[str, object]]], run: Run, tmp_path: Path
) -> None:
    text = ITEM
    for header, cells in tables:
        text += f"{header}\n" + "".join(f"{key} = {toml_of(value)}\n" for key, value in cells.items())
    write(tmp_path, {"s.toml": text})
    assert run("assess", tmp_path / "s.toml").status in (0, 2)


CONTENTS = st.binary(max_size=80) | SHAPED.map(lambda value: json.dumps(value).encode()) | st.text(max_size=60).map(str.encode)
DOCUMENTS = st.dictionaries(st.sampled_from(KEYS), SHAPED, min_size=1, max_size=4)


@settings(FUZZ, max_examples=60)
@given(content=CONTENTS, name=st.sampled_from(NAMES))
def test_anything_within_a_folder_is_read_or_skipped(content: bytes, name: str, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "z", ignore_errors=True)
    found = read(write(tmp_path / "z", {name: content}))
    assert is_harmless(repr(found))
    assert json.dumps(repr(found)).encode()


@settings(FUZZ, max_examples=40)
@given(value=DOCUMENTS, name=st.sampled_from(["package.json", "package-lock.json", "Pipfile.lock"]))
def test_values_of_any_shape_in_a_manifest_are_read_or_skipped(value: dict[str, object], name: str, tmp_path: Path) -> None:
    assert read(write(tmp_path, {name: json.dumps(value)})).reader == "project"


@settings(FUZZ, max_examples=40)
@given(
    value=DOCUMENTS.filter(lambda value: "null" not in json.dumps(value)),
    name=st.sampled_from(["pyproject.toml", "uv.lock", "poetry.lock", "pylock.toml", "Pipfile"]),
)
def test_values_of_any_shape_in_a_lock_are_read_or_skipped(value: dict[str, object], name: str, tmp_path: Path) -> None:
    lines = "".join(f"{json.dumps(key)} = {toml_of(inner)}\n" for key, inner in value.items())
    lines = lines.replace("\\ud800", "\\u0041")
    assert read(write(tmp_path, {name: lines})).reader == "project"
