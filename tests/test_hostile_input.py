"""Input made to break what reads it: far cells, names that are no names, rows over each other, needs of everything by all."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.fuzz_binary_seeds import DOCUMENT, ods  # noqa: E402
from benchmarks.fuzz_seeds import DORA  # noqa: E402

from freehold.cli import main  # noqa: E402
from freehold.errors import TooLarge, Unreadable, UsageError  # noqa: E402
from freehold.read.column_memory import meanings_in  # noqa: E402
from freehold.read.dora import read_register  # noqa: E402
from freehold.read.findings import joined_components  # noqa: E402
from freehold.read.plain_text import plain_component  # noqa: E402
from freehold.read.root_files import Root  # noqa: E402
from freehold.read.root_folder import RootFolderReader  # noqa: E402
from freehold.read.select import select_reader  # noqa: E402
from freehold.read.sheet_extent import cells_of_document, cells_of_sheet  # noqa: E402
from freehold.read.sheets import sheets_of  # noqa: E402
from freehold.read.zone import ZoneReader  # noqa: E402
from freehold.stack.inventory import Component  # noqa: E402
from test_read_rpm import FEDORA, FOLDER, berkeley_bytes, header, package  # noqa: E402
from workbook import write_workbook  # noqa: E402

ZONE = "$ORIGIN lakeside-software.net.\n@ IN SOA ns a 1 1 1 1 1\n@ NS ns.elsewhere-software.net.\n"


@pytest.mark.parametrize(
    ("sheet", "cells"),
    [
        (b'<row r="1"><c r="A1"><v>1</v></c></row><row><c r="C20" t="n"><v>1</v></c></row>', 60),
        (b'<x:row><x:c  r = \'XFD1048576\'><x:v>1</x:v></x:c></x:row>', 16384 * 1048576),
        (b'<c r="A1"><v>1</v></c><c r="XFD1048576" s="1"/>', 1),
        (b'<c r="A1"><v>1</v></c><c r="B2" x="/>"><v>1</v></c>', 4),
        # two cells and a row without a reference, beside one at C2: at most five columns and three rows
        (b'<row r="2"><c r="C2"><v>1</v></c><c><v>1</v></c><c><v>1</v></c></row>', 6 * 3),
        (b'<row><c t="n" r="Z9"><v>1</v></c></row>', 27 * 10),
        (b"<styleSheet><cellXfs/></styleSheet>", 0),
    ],
)  # fmt: skip
def test_a_sheet_spans_what_lies_between_its_first_cell_and_its_last(sheet: bytes, cells: int) -> None:
    assert cells_of_sheet(sheet) == cells


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        (('<table:table><table:table-row><table:table-cell table:number-columns-repeated="3"><p>a</p></table:table-cell>'
         "</table:table-row></table:table>"), 3),
        # what is empty and repeated to the end of the sheet, as every program writes it, counts for nothing
        (('<table:table><table:table-row><table:table-cell>a</table:table-cell><table:table-cell table:number-columns-repeated='
         '"16383"/></table:table-row><table:table-row table:number-rows-repeated="1048575"><table:table-cell '
         'table:number-columns-repeated="16384"/></table:table-row></table:table>'), 1),
        (('<table:table><table:table-row table:number-rows-repeated="1000"><!-- <table:table-row> --><table:table-cell '
         'office:value="1" table:number-columns-repeated="1000"/></table:table-row></table:table>'), 1_000_000),
    ],
)  # fmt: skip
def test_a_document_spans_what_it_repeats(content: str, cells: int) -> None:
    assert cells_of_document(content.encode()) == cells


def test_a_cell_at_the_far_corner_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "far.xlsx", {"a": [["name"]]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/worksheets/sheet2.xml", '<row r="9"><c r="XFD1048576"><v>1</v></c></row>')
    with pytest.raises(TooLarge, match="spans 17,179,869,18"):
        sheets_of(path)
    with zipfile.ZipFile(tmp_path / "far.ods", "w") as archive:
        for name, text in DOCUMENT.items():
            archive.writestr(name, text)
        archive.writestr(
            "content.xml",
            '<table:table xmlns:table="t"><table:table-row table:number-rows-repeated="1000000"><table:table-cell '
            'table:number-columns-repeated="16384">a</table:table-cell></table:table-row></table:table>',
        )
    with pytest.raises(TooLarge, match="spans 16,384,000,000"):
        sheets_of(tmp_path / "far.ods")


def test_a_binary_workbook_says_what_to_save_it_as(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.bin", b"\0")
    with pytest.raises(Unreadable, match=r"binary workbook .* Save it as \.xlsx"):
        sheets_of(tmp_path / "a.xlsx")


def test_what_a_component_needs_and_is_none_is_left_out() -> None:
    odd = [Component("pkg:npm/a@1", "a", depends=("pkg:npm/b\n@1", "pkg:npm/gone")), Component("pkg:npm/b\n@1", "b")]
    found, _ = joined_components([fit for one in odd if (fit := plain_component(one)) is not None])
    assert [(one.id, one.depends) for one in found] == [("pkg:npm/a@1", ("pkg:npm/b @1",)), ("pkg:npm/b @1", ())]


def test_a_lock_of_crates_with_one_name_joins_by_version_and_source(tmp_path: Path) -> None:
    row = '[[package]]\nname = "a"\nversion = "1.0.{0}"\nsource = "git+https://git.lakeside-software.net/a?x#{0}"\n'
    text = "version = 3\n" + "".join(row.format(number) + 'dependencies = ["a 1.0.7"]\n' for number in range(2000))
    (tmp_path / "Cargo.lock").write_text(text, encoding="utf-8")
    found = select_reader(tmp_path).read(tmp_path).components
    (seventh,) = (one.id for one in found if one.version == "1.0.7")
    assert {one.depends for one in found if one.version != "1.0.7"} == {(seventh,)}


def test_a_header_of_rpm_whose_last_text_is_cut_off_is_left_out_with_a_word(tmp_path: Path) -> None:
    whole = header({1000: "bash", 1001: "1", 1022: "x86_64"})
    place = tmp_path / FOLDER / "Packages"
    place.parent.mkdir(parents=True)
    place.write_bytes(berkeley_bytes([package("glibc"), whole[:-1] + b"x"]))
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "os-release").write_text(FEDORA, encoding="utf-8")
    found = RootFolderReader().read(tmp_path)
    assert any("a text is cut off" in skip.detail for skip in found.skips)
    assert {one.name for one in found.components} == {"glibc", "Fedora Linux"}


def test_a_zone_tells_the_first_hundred_files_that_it_takes_in_and_how_many_more(tmp_path: Path) -> None:
    (tmp_path / "a.zone").write_text(ZONE + "$INCLUDE b\n" * 1000, encoding="utf-8")
    skips = [skip for skip in ZoneReader().read(tmp_path / "a.zone").skips if "not followed" in skip.detail]
    assert (len(skips), skips[-1].detail) == (101, "900 more lines like these were not followed.")


def test_addresses_of_reports_are_found_among_those_that_never_end(tmp_path: Path) -> None:
    text = '@ TXT "v=DMARC1; rua=mailto:a@reports-software.net,' + "mailto:" * 20_000 + '"\n'
    (tmp_path / "a.zone").write_text(ZONE + text, encoding="utf-8")
    found = ZoneReader().read(tmp_path / "a.zone").contacts
    assert {one.host for one in found} == {"net.elsewhere-software.ns", "net.reports-software"}


def test_subcontractors_of_nobody_are_hung_on_few_of_many_providers(tmp_path: Path) -> None:
    rows = DORA["b_02.02.csv"].splitlines()
    for name, text in DORA.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    first = rows[1].split(",")
    many = [",".join([*first[:2], f"P{number}", *first[3:]]) for number in range(300)]
    (tmp_path / "b_02.02.csv").write_text("\n".join([rows[0], *many]), encoding="utf-8")
    chain = "".join(f"C-1,eba_TA:S17,Q{number},LEI,2,nobody,LEI\n" for number in range(300))
    (tmp_path / "b_05.02.csv").write_text(DORA["b_05.02.csv"].splitlines()[0] + "\n" + chain, encoding="utf-8")
    read = read_register(tmp_path)
    assert read is not None
    needs = [need for need in read[0].needs if "/q" in need.item]
    assert len({need.item for need in needs}) == 300
    assert len(needs) == 300 * 20


@pytest.mark.parametrize("meaning", ['["name"]', "{a = 1}", "1", '"nothing"'])
def test_a_meaning_of_a_column_that_is_no_word_is_refused(meaning: str) -> None:
    with pytest.raises(UsageError, match="names a meaning that is none"):
        meanings_in(f'[[table]]\n"a" = {meaning}\n', ["a"])


def test_the_reasons_of_a_chain_of_two_thousand_are_a_tree_that_ends_and_says_how_many_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = 2000
    items = "".join(
        f'[[item]]\nid = "i{at}"\n[[item.source]]\nprovider = "self"\nneeds = ["i{at + 1}"]\n' for at in range(many)
    )
    last = f'[[item]]\nid = "i{many}"\n[[item.source]]\nprovider = "nvidia"\n'
    (tmp_path / "chain.toml").write_text(f'[stack]\nname = "chain"\nhome = "DE"\n{items}{last}', encoding="utf-8")
    for form, told in (("text", "1,901 more steps"), ("html", "1,901 more steps"), ("csv", f"i{many}@nvidia")):
        assert main(["why", str(tmp_path / "chain.toml"), "i0", "--foreign", "--format", form]) == 0
        assert told in " ".join(capsys.readouterr().out.split())


def test_a_list_of_mirrors_is_read_once_and_a_path_without_end_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (
        ("etc/os-release", "ID=debian\nNAME=Debian\n"),
        ("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"),
        ("etc/apt/m.list", "https://mirror.lakeside-software.net/debian\n"),
        ("etc/apt/sources.list", "deb mirror+file:/etc/apt/m.list a b\n" * 50 + f"deb mirror+file:/{'x/' * 5000} a b\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    opened: list[str] = []
    read = Root.text
    monkeypatch.setattr(Root, "text", lambda root, name, *limit: opened.append(name) or read(root, name, *limit))
    found = RootFolderReader().read(tmp_path)
    assert opened.count("etc/apt/m.list") == 1
    assert "net.lakeside-software.mirror" in {one.host for one in found.contacts}
    assert any("its path is too long" in skip.detail for skip in found.skips)


@pytest.mark.parametrize("end", ["", "</office:document-content>", "<table:table-row>"])
def test_a_document_that_ends_within_a_table_is_refused(tmp_path: Path, end: str) -> None:
    content = next(iter(ods(inner=True))).decode().partition("<table:table-row")[0] + end
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        for name, text in {**DOCUMENT, "content.xml": content}.items():
            archive.writestr(name, text)
    with pytest.raises(Unreadable, match=r"damaged archive .*content\.xml is not XML"):
        sheets_of(tmp_path / "a.ods")


def test_a_document_in_an_encoding_that_is_none_is_refused(tmp_path: Path) -> None:
    content = next(iter(ods(inner=True))).decode().replace("UTF-8", "UTF-0.0")
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        for name, text in {**DOCUMENT, "content.xml": content}.items():
            archive.writestr(name, text)
    with pytest.raises(Unreadable, match="unknown encoding"):
        sheets_of(tmp_path / "a.ods")
