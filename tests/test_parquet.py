"""A stack as Parquet tables: the same values as in any other form, and tables that others made."""

from __future__ import annotations

import builtins
import datetime
import random
import sys
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from freehold import work
from freehold.cli import main
from freehold.errors import BadStack, FreeholdError, TooLarge, Unreadable, UsageError
from freehold.stack import parquet_folder
from freehold.stack.csv_folder import read_folder, write_folder
from freehold.stack.parquet_folder import read_parquet_folder, write_parquet_folder
from freehold.stack.table_files import table_form
from freehold.stack.values import UNKNOWN, Claim, Item, Need, Owner, Provider, Source, Stack
from strategies import repeatable, stacks

CLINIC = Path(__file__).parent.parent / "examples" / "clinic"


@repeatable(60)
@given(stack=stacks())
def test_any_stack_comes_back_as_it_was_written(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("stack")
    write_parquet_folder(stack, folder)
    assert read_parquet_folder(folder) == stack


FULL = Stack(
    "Firm",
    "DE",
    ("EU", "CH"),
    "2026-01-31",
    items=(
        Item("a", name='=A "name", quoted; ünïcode\u2603', tags=("x", "y")),
        Item("b", mission=0.1 + 0.2, whole=False, kind=UNKNOWN),
    ),
    providers=(
        Provider("p", "P", "none", (Owner("q", 0.25), Owner("self")), "company", "LEI", "Q1", 1e-9),
        Provider("q", owner=UNKNOWN),
    ),
    sources=(
        Source("a@p", "a", "p", ("DE", "?"), UNKNOWN, "MIT", "in-use", 1.0, 1.0, 1.5, 0.5, 0.25, 1e6, 0.01, "EUR", ("t",)),
    ),
    needs=(Need("a@p", "b", "part", 0.5, 0.75, float("inf"), 3.0),),
    claims=(Claim("items", "a", "name", "?", "file, line 3", "2026-01", 0.5),),
)


def test_every_column_comes_back(tmp_path: Path) -> None:
    write_parquet_folder(FULL, tmp_path)
    assert read_parquet_folder(tmp_path) == FULL
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "claims.parquet", "items.parquet", "needs.parquet", "providers.parquet", "sources.parquet", "stack.toml",
    ]  # fmt: skip
    write_folder(FULL, tmp_path / "csv")
    for name in ("items", "providers", "sources", "needs", "claims"):
        header = (tmp_path / "csv" / f"{name}.csv").read_text(encoding="utf-8").partition("\n")[0]
        assert pq.read_schema(tmp_path / f"{name}.parquet").names == header.split(",")


def test_the_command_line_writes_and_reads_it_and_the_answer_is_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "clinic.parquet")
    assert main(["scan", str(CLINIC), "-o", folder]) == 0
    capsys.readouterr()
    said = []
    for path in (str(CLINIC), folder):
        assert main(["cutoff", path, "--foreign", "--format", "json"]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert work.load(folder).stack == work.load(CLINIC).stack


def test_a_folder_that_holds_tables_keeps_their_form(tmp_path: Path) -> None:
    write_parquet_folder(FULL, tmp_path / "tables")
    work.save(replace(FULL, home="FR"), tmp_path / "tables")
    assert table_form(tmp_path / "tables") == "parquet"
    assert read_parquet_folder(tmp_path / "tables").home == "FR"


def table(folder: Path, name: str, /, **columns: Any) -> None:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")


def test_tables_with_columns_of_other_types_are_read(tmp_path: Path) -> None:
    table(
        tmp_path, "items", id=["a", "b"], mission=pa.array([1, None], pa.int32()), whole=[True, None],
        tags=pa.array([["x", "y"], None]), kind=pa.array(["chip", "chip"]).dictionary_encode(),
    )  # fmt: skip
    table(
        tmp_path, "sources", item=["a", "b"], provider=["self", None], location=pa.array([["DE"], None]),
        share=pa.array([1.0, None], pa.float32()), recover=pa.array([14, 0], pa.int64()), cost_once=[Decimal("2.50"), None],
    )  # fmt: skip
    table(tmp_path, "claims", table=["items"], id=["a"], attribute=["kind"], source=["x"], date=[datetime.date(2026, 1, 31)])
    stack = read_parquet_folder(tmp_path)
    assert stack.items == (Item("a", mission=1.0, whole=True, tags=("x", "y"), kind="chip"), Item("b", kind="chip"))
    assert stack.sources[0] == Source("a@self", "a", "self", ("DE",), share=1.0, recover=14.0, cost_once=2.5)
    assert stack.sources[1].id == "b@?"
    assert stack.claims[0].date == "2026-01-31"
    assert stack.name == tmp_path.name


def test_a_table_that_is_wrong_is_refused_with_its_row(tmp_path: Path) -> None:
    table(tmp_path, "items", id=["a", "b", None], mission=["1", "much", "1"], kind=[b"\xff", None, None])
    with pytest.raises(BadStack) as told:
        read_parquet_folder(tmp_path)
    places = {(finding.row, finding.column) for finding in told.value.findings}
    assert {(2, "mission"), (1, "kind"), (3, "id")} <= places


@pytest.mark.parametrize(
    "value", [{"a": 1}, [[1]], [{"id": {"x": 1}}], b"\x00", datetime.timedelta(1), datetime.time(1), 10**18]
)
def test_cells_of_any_type_are_read_or_refused(value: object, tmp_path: Path) -> None:
    for column in ("name", "mission", "tags", "whole", "kind"):
        table(tmp_path, "items", id=["a"], **{column: pa.array([value])})
        with suppress(FreeholdError):
            assert read_parquet_folder(tmp_path).items[0].id == "a"


def test_columns_that_are_not_known_or_stand_twice_are_told(tmp_path: Path) -> None:
    table(tmp_path, "items", id=["a"], missoin=[1.0])
    with pytest.raises(BadStack, match="Did you mean 'mission'"):
        read_parquet_folder(tmp_path)
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["id", "id"]), tmp_path / "items.parquet")
    with pytest.raises(BadStack, match="names a column twice"):
        read_parquet_folder(tmp_path)


def test_tables_of_two_forms_in_one_folder_are_refused(tmp_path: Path) -> None:
    write_folder(FULL, tmp_path)
    write_parquet_folder(FULL, tmp_path)
    with pytest.raises(BadStack, match="Keep the tables of one form only"):
        work.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"id,name\na,b\n"])
def test_what_is_no_parquet_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "items.parquet").write_bytes(content)
    with pytest.raises(Unreadable, match="cannot be read as Parquet"):
        read_parquet_folder(tmp_path)


def test_a_table_with_any_bytes_changed_is_read_or_refused(tmp_path: Path) -> None:
    write_parquet_folder(FULL, tmp_path)
    path, chance = tmp_path / "sources.parquet", random.Random(3)
    data = path.read_bytes()
    refused = 0
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(chance.choice([1, 2, 20])):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        path.write_bytes(changed)
        try:
            read_parquet_folder(tmp_path)
        except FreeholdError:
            refused += 1
    assert refused > 50


def test_a_table_with_more_rows_than_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_parquet_folder(FULL, tmp_path)
    monkeypatch.setattr(parquet_folder, "_MOST_ROWS", 1)
    with pytest.raises(TooLarge, match="2 rows"):
        read_parquet_folder(tmp_path)


def test_a_table_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    write_parquet_folder(FULL, tmp_path / "other")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "items.parquet").symlink_to(tmp_path / "other" / "items.parquet")
    with pytest.raises(Unreadable, match="leads out of the folder"):
        read_parquet_folder(tmp_path / "one")


def test_tables_that_are_stored_outlive_a_failure_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_parquet_folder(FULL, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Unreadable, match="No space left"):
        work.save(replace(FULL, home="FR"), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_without_the_library_the_message_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_parquet_folder(FULL, tmp_path / "firm.parquet")
    taken = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return taken(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    for name in [name for name in sys.modules if name.startswith("pyarrow")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UsageError, match=r"pip install 'freehold\[parquet\]'"):
        read_parquet_folder(tmp_path / "firm.parquet")
    assert main(["scan", str(CLINIC), "-o", str(tmp_path / "new.parquet")]) == 2
    assert "freehold[parquet]" in capsys.readouterr().err
    assert not (tmp_path / "new.parquet").exists()


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    write_folder(FULL, tmp_path / "csv")
    write_parquet_folder(FULL, tmp_path / "parquet")
    assert read_folder(tmp_path / "csv") == read_parquet_folder(tmp_path / "parquet")
