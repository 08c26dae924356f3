"""Tables that people keep: what their columns mean, what their rows become, and what they can do no harm with."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.cli import main
from freehold.errors import FreeholdError, TooLarge, Unreadable, UsageError
from freehold.read.column_meanings import heading_row, propose
from freehold.read.column_memory import meanings_in, with_entry
from freehold.read.sheets import sheets_of
from freehold.read.spreadsheet import is_spreadsheet, read_spreadsheet
from freehold.settings import Settings
from freehold.stack.records import IGNORE, MEANINGS
from freehold.stack.values import UNKNOWN, Source, Stack
from freehold.work import load
from workbook import write_workbook

SERVERS = """\
Serverliste;;;;;;;
Servername;Typ;Hersteller;Modell;Betriebssystem;Standort;Kritikalität;Kosten pro Jahr
db01;Server;Dell;PowerEdge R740;Debian 12;Deutschland;hoch;1.200,50
web01;VM;;;Debian 12;Irland;mittel;300
mail;SaaS;Microsoft;;;Irland;hoch;5.000
db01;Server;Dell;PowerEdge R740;;Österreich;;
"""


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(tmp_path: Path, text: str, name: str = "servers.csv", encoding: str = "utf-8") -> Path:
    (tmp_path / name).write_bytes(text.encode(encoding))
    return tmp_path / name


def stack_of(path: Path) -> Stack:
    return load(path, Settings("DE", ("EU",))).stack


def source(stack: Stack, item: str) -> Source:
    return stack.sources_of[item][0]


def test_headings_in_four_languages_are_known_and_the_title_above_them_is_passed_over(tmp_path: Path) -> None:
    found = read_spreadsheet(written(tmp_path, SERVERS))
    assert [column.meaning for column in found.columns] == [
        "name", "kind", "maker", "needs.hardware", "needs.os", "location", "mission", "cost_year",
    ]  # fmt: skip
    assert [record.values["name"] for record in found.records] == ["db01", "web01", "mail", "db01"]
    assert str(found.records[0].evidence) == "servers.csv:3"
    for headings in (["Serveur", "Hébergeur", "Pays"], ["Servidor", "Proveedor", "País"], ["Server", "Provider", "Country"]):
        assert [one.meaning for one in propose(headings, [["a", "b", "c"]], {}, {})] == ["name", "provider", "location"]


def test_a_heading_in_two_languages_is_told_by_its_parts_unless_they_differ() -> None:
    headings = [
        "Server / Serveur",
        "Hersteller / Vendor",
        "Standort / Site",
        "OS (Betriebssystem)",
        "Anbieter\nHosting provider",
    ]
    assert [one.meaning for one in propose(headings, [["a"] * 5], {}, {})] == [
        "name", "maker", "location", "needs.os", "provider",
    ]  # fmt: skip
    assert propose(["Name", "Anbieter / Standort"], [["a", "b"]], {}, {})[1].meaning == IGNORE
    assert heading_row([["Name", ""], ["Server / Host", "Standort / Site"]]) == 1


def test_a_row_that_adds_up_the_others_is_no_thing_and_that_is_said(tmp_path: Path) -> None:
    text = "Nr;Server;Hersteller;Kritisch\n1;db01;Dell;ja\n2;Total Recall;Dell;nein\nTotal;2;;1\nSumme / Total:;2;;1,5\n"
    found = read_spreadsheet(written(tmp_path, text))
    assert [record.values["name"] for record in found.records] == ["db01", "Total Recall"]
    assert [skip.detail for skip in found.skips[:2]] == [
        "Line 4 adds up the others, and was left out.", "Line 5 adds up the others, and was left out.",
    ]  # fmt: skip


def test_a_thing_that_is_called_total_is_no_sum(tmp_path: Path) -> None:
    found = read_spreadsheet(written(tmp_path, "Service,Provider\nTotal,Acme GmbH\nTotal\n"))
    assert [record.values["name"] for record in found.records] == ["Total", "Total"]


def test_a_device_of_ones_own_is_held_and_its_maker_is_needed_for_spares(tmp_path: Path) -> None:
    stack = stack_of(written(tmp_path, SERVERS))
    db = source(stack, "db01")
    assert (db.provider, db.location, db.cost_year) == ("self", ("DE",), 1200.5)
    assert (stack.item_by_id["db01"].kind, stack.item_by_id["db01"].mission) == ("hardware", 1.0)
    parts = {need.item: need.survive for need in stack.needs_of[db.id]}
    assert set(parts) == {"dell-poweredge-r740", "debian"}
    assert set(parts.values()) == {float("inf")}
    assert source(stack, "dell-poweredge-r740").provider == "dell"
    change = {need.item: need.weight for need in stack.needs_of["servers:change@self"]}
    assert set(change) == {"spares:dell", "updates:debian"} or "spares:dell" in change
    assert sum(weight or 0 for weight in change.values()) == pytest.approx(1)


def test_a_service_is_its_providers_whatever_the_heading_calls_him(tmp_path: Path) -> None:
    stack = stack_of(written(tmp_path, SERVERS))
    assert (source(stack, "mail").provider, source(stack, "mail").location) == ("microsoft", ("IE",))
    assert (stack.item_by_id["web01"].kind, stack.item_by_id["web01"].mission) == ("cloud", 0.5)


def test_without_a_column_of_providers_a_thing_that_nothing_is_said_of_is_not_the_organisations(tmp_path: Path) -> None:
    text = "Asset;Hersteller;Betriebssystem;Standort;Kritisch\nExchange Online;;;;ja\ndb01;Dell;;;ja\nweb;;Debian 12;;nein\n"
    loaded = load(written(tmp_path, text), Settings("DE"))
    assert [source(loaded.stack, item).provider for item in ("exchange-online", "db01", "web")] == [UNKNOWN, "self", "self"]
    assert any("of 1 of" in finding.problem and "who provides" in finding.problem for finding in loaded.findings)


def test_with_a_column_of_providers_a_blank_in_it_is_the_organisation_itself(tmp_path: Path) -> None:
    stack = stack_of(written(tmp_path, "Service,Provider\nmail,Microsoft\nwiki,\n"))
    assert (source(stack, "wiki").provider, source(stack, "mail").provider) == ("self", "microsoft")


def test_a_place_that_is_no_country_is_told_once_with_its_number_of_rows(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, "Server,Provider,Location\na,,RZ 1\nb,,RZ 1\nc,,DE\n"), Settings("DE"))
    told = [finding.problem for finding in loaded.findings if "no country" in finding.problem]
    assert told == ["'RZ 1' is no country that is known (2 rows say so)"]


def test_updates_of_what_nobody_is_known_to_make_may_stop_and_a_product_of_a_known_family_is_its_makers(tmp_path: Path) -> None:
    text = "Server,OS,Location\na,Debian 12,DE\nb,Nobody-OS 7,DE\nc,Windows Server 2019,DE\n"
    stack = stack_of(written(tmp_path, text))
    assert source(stack, "windows-server-2019").provider == "microsoft"
    change = {need.item: need.weight for need in stack.needs_of["servers:change@self"]}
    assert change == {item: pytest.approx(1 / 3) for item in ("updates:debian", "updates:?", "updates:microsoft")}
    assert source(stack, "updates:?").provider is UNKNOWN


def test_rows_with_one_name_are_joined_and_that_is_said(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, SERVERS), Settings("DE"))
    assert any("2 rows have the id 'db01'" in finding.problem for finding in loaded.findings)


def test_every_fact_leads_to_its_line(tmp_path: Path) -> None:
    stack = stack_of(written(tmp_path, SERVERS))
    assert [claim.source for claim in stack.claims_of["sources", "db01@self"] if claim.attribute == "location"] == [
        "servers.csv:3"
    ]


def test_a_place_that_is_no_country_is_unknown_and_not_the_providers(tmp_path: Path) -> None:
    stack = stack_of(written(tmp_path, "Service,Provider,Location\nmail,Microsoft,Narnia\n"))
    assert source(stack, "mail").location is UNKNOWN


def test_a_provider_that_nobody_knows_keeps_what_the_table_says_of_it(tmp_path: Path) -> None:
    text = "Service,Provider,HQ,Parent company,LEI\nmail,Postbote GmbH,Germany,Microsoft,5299000J2N45DDNE4Y28\n"
    stack = stack_of(written(tmp_path, text))
    provider = stack.provider_by_id["postbote-gmbh"]
    assert (provider.name, provider.country, provider.lei) == ("Postbote GmbH", "DE", "5299000J2N45DDNE4Y28")
    assert isinstance(provider.owner, tuple)
    assert provider.owner[0].id == "microsoft"
    assert "microsoft" in stack.provider_by_id


def test_what_a_row_depends_on_is_another_row_or_a_thing_of_its_own(tmp_path: Path) -> None:
    text = "Application,Depends on,Alternative\nshop,db; Stripe,\ndb,,OVHcloud\n"
    stack = stack_of(written(tmp_path, text))
    assert {need.item for need in stack.needs_of["shop@self"]} == {"db", "stripe"}
    candidate = next(one for one in stack.sources_of["db"] if one.status == "candidate")
    assert candidate.provider == "ovhcloud"


def test_what_a_user_says_comes_before_what_was_remembered_and_that_before_headings(tmp_path: Path) -> None:
    path = written(tmp_path, "Server,Chef,Country\na,Hetzner,DE\n")
    memory = with_entry("", read_spreadsheet(path, asked={"Chef": "provider"}).columns)
    again = read_spreadsheet(path, memory=memory)
    assert [(one.meaning, one.because) for one in again.columns] == [
        ("name", "remembered"), ("provider", "remembered"), ("location", "remembered"),
    ]  # fmt: skip
    asked = read_spreadsheet(path, memory=memory, asked={"Chef": IGNORE})
    assert (asked.columns[1].meaning, asked.columns[1].because) == (IGNORE, "asked")


def test_import_shows_writes_and_remembers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(written(tmp_path, "Server,Chef,Country\na,Hetzner,DE\n"))
    assert main(["import", path, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [column["meaning"] for column in told["columns"]] == ["name", "ignore", "location"]
    assert not (tmp_path / "freehold-columns.toml").exists()
    assert main(["import", path, "--map", "chef=provider", "-o", "stack.toml"]) == 0
    assert "kept in freehold-columns.toml" in capsys.readouterr().err
    assert source(stack_of(tmp_path / "stack.toml"), "a").provider == "hetzner"
    assert source(stack_of(Path(path)), "a").provider == "hetzner"
    assert main(["check", path, "--home", "DE"]) == 0
    assert "told by their headings" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--map", "Nowhere=name"], "has no column 'Nowhere'"),
        (["--map", "Server=colour"], "'colour' is no meaning"),
        (["--map", "Server"], "is not COLUMN=MEANING"),
        (["--sheet", "Second"], "has no sheet 'Second'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert main(["import", str(written(tmp_path, "Server,Country\na,DE\n")), *flags]) == 2
    assert said in capsys.readouterr().err


def test_a_damaged_memory_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(written(tmp_path, "Server,Country\na,DE\n"))
    for text in ("[[table]]\nServer = 3\n", "table = 3\n", "x ="):
        (tmp_path / "freehold-columns.toml").write_text(text, encoding="utf-8")
        assert main(["check", path]) == 2
        assert "freehold-columns.toml" in capsys.readouterr().err


def test_a_workbook_is_read_like_text(tmp_path: Path) -> None:
    rows = [line.split(";") for line in SERVERS.splitlines()]
    book = write_workbook(tmp_path / "servers.xlsx", {"Leer": [], "Server": rows})
    found = read_spreadsheet(book)
    assert (found.name, len(found.records)) == ("Server", 4)
    assert source(stack_of(book), "db01").cost_year == 1200.5
    assert read_spreadsheet(book, sheet="server").records == found.records


def test_numbers_of_a_workbook_are_texts_as_people_write_them(tmp_path: Path) -> None:
    (sheet,) = sheets_of(write_workbook(tmp_path / "n.xlsx", {"n": [["a", 3.0, 2.5, 10**14]]}))
    assert sheet.rows == (("a", "3", "2.5", "100000000000000"),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    found = read_spreadsheet(written(tmp_path, "Gerät;Land\nMüller;Österreich\n", encoding=encoding))
    assert found.records[0].values == {"name": "Müller", "location": "Österreich"}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_usual_separator_is_told(tmp_path: Path, separator: str) -> None:
    text = "\n".join(separator.join(row) for row in (["Server", "Country", "Vendor"], ["a", "DE", "Dell"], ["b", "FR", "HPE"]))
    assert len(read_spreadsheet(written(tmp_path, text)).records[1].values) == 3


def test_hostile_files_are_refused_or_bounded(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        for number in range(6):
            archive.writestr(f"xl/{number}.xml", b" " * 100_000_000)
    with pytest.raises(TooLarge, match="unpacks to"):
        sheets_of(tmp_path / "bomb.xlsx")
    for name, data in {"cut.xlsx": b"PK\x03\x04" + b"\0" * 50, "old.xls": b"\xd0\xcf\x11\xe0" + b"\xff" * 600}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(Unreadable):
            sheets_of(tmp_path / name)
    (tmp_path / "nul.csv").write_bytes(b"Server,\0\n")
    with pytest.raises(Unreadable, match="is not text"):
        sheets_of(tmp_path / "nul.csv")
    quoted = written(tmp_path, 'Server,Country\n"never closed,DE\n' + "x,y\n" * 50_000, "quote.csv")
    with pytest.raises(Unreadable, match="line 32767: it is not CSV"):
        sheets_of(quoted)
    wide = written(tmp_path, "Server" + ",h" * 50_000 + "\na\n", "wide.csv")
    assert len(read_spreadsheet(wide).records) == 1


def test_a_table_without_names_or_rows_says_what_to_do(tmp_path: Path) -> None:
    for text in ("", "\n\n", ",,\n"):
        with pytest.raises(FreeholdError):
            load(written(tmp_path, text))
    with pytest.raises(UsageError, match="--sheet"):
        read_spreadsheet(written(tmp_path, "\n\n"))


def test_what_is_not_a_table_is_left_to_others(tmp_path: Path) -> None:
    assert not is_spreadsheet(tmp_path / "a.json", b"{}")
    assert not is_spreadsheet(tmp_path / "a.csv", b'{"bomFormat": 1}')
    assert not is_spreadsheet(tmp_path / "a.xlsx", b"a;b")
    assert is_spreadsheet(tmp_path / "a.csv", b"a;b")


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=12))
def test_no_table_is_too_odd_to_be_given_meanings(rows: list[list[str]]) -> None:
    start = heading_row(rows)
    if start is not None:
        columns = propose(rows[start], rows[start + 1 :], {}, {})
        assert len(columns) == len(rows[start])
        assert all(column.meaning in MEANINGS for column in columns)


@given(st.dictionaries(st.text(min_size=1, max_size=10), st.sampled_from(sorted(MEANINGS)), min_size=1, max_size=5))
def test_a_memory_gives_back_what_it_was_told(meanings: dict[str, str]) -> None:
    columns = propose(list(meanings), [], meanings, {})
    assert dict(meanings_in(with_entry("", columns), meanings)) == {one.column: one.meaning for one in columns}
