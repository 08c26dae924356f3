"""Tables of firms, links and plants: words for columns, holes and bad cells, Parquet beside CSV, what is told and where."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold import firms as firms_of_tables
from freehold.errors import BadStack, FreeholdError, TooLarge, UnknownId, Unreadable, UsageError
from freehold.firms import read_firms, read_plants
from freehold.read import long_tables
from freehold.read.firm_links import read_essentiality, read_firm_links
from freehold.read.long_tables import Wanted, read_long_table


def written(folder: Path, text: str, name: str = "links.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def told(path: Path, firms: Path | None = None) -> str:
    with pytest.raises(BadStack) as caught:
        read_firm_links(path, firms)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "supplier,buyer,value\na,b,2\nb,c,3.5\n",
        "\ufeffBuyer;Supplier;Sales\r\nb;a;2\r\nc;b;3.5\r\n",
        "from\tto\tnote\tamount\na\tb\tx\t2\n\nb\tc\ty\t 3.5 \n",
        'seller,customer,volume\n"a",b,2\n"b","c","3.5"\n',
    ],
    ids=["plain", "semicolons and other words", "tabs, a blank line and a strange column", "quotes"],
)
def test_links_are_read_whatever_parts_their_cells_and_whatever_word_heads_them(tmp_path: Path, text: str) -> None:
    read = read_firm_links(written(tmp_path, text))
    assert read.firms == ("a", "b", "c")
    assert (read.supplier.tolist(), read.buyer.tolist(), read.value.tolist()) == ([0, 1], [1, 2], [2, 3.5])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("supplier,buyer,value\n", "holds no links"),
        ("supplier,buyer\na,b\n", "column 'value': is missing"),
        ("supplier,buyers,value\na,b,1\n", "Is it 'buyers'?"),
        ("supplier,supplier,buyer,value\na,b,c,1\n", "twice"),
        ("supplier,buyer,value\na,,1\n", "line 2, column 'buyer': is blank"),
        ("supplier,buyer,value\na,b,\n", "line 2, column 'value': is blank"),
        ("supplier,buyer,value\na,b,1\na,b,-3\n", "line 3, column 'value': '-3' is less than 0"),
        ("supplier,buyer,value\na,b,nan\n", "not a finite number"),
        ("supplier,buyer,value\na,b,inf\n", "not a finite number"),
        ("supplier,buyer,value\na,b,1e999\n", "not a finite number"),
        ("supplier,buyer,value\na,b,\"1,234.5\"\n", "without thousands separators"),
        ("supplier,buyer,value\na,b,1\na,b\n", "line 3: has 2 cells; the heading has 3"),
        ('supplier,buyer,value\na,b,"1\n', "is not CSV"),
        ('supplier,buyer,value\n"a\nx",b,1\na,b,-1\n', "line 4, column 'value'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    assert said in told(written(tmp_path, text))


def test_all_that_is_wrong_is_told_at_once_and_a_flood_of_it_is_cut_short(tmp_path: Path) -> None:
    few = told(written(tmp_path, "supplier,buyer,value\n,b,1\na,,2\na,b,x\n"))
    assert all(one in few for one in ("line 2", "line 3", "line 4"))
    many = told(written(tmp_path, "supplier,buyer,value\n" + "a,b,-1\n" * 5_000))
    assert "4,980 more" in many
    assert many.count("\n") < 25


@pytest.mark.parametrize("what", ["nothing", "a folder", "no text", "too large"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    path = tmp_path / "links.csv"
    if what == "a folder":
        path.mkdir()
    elif what != "nothing":
        path.write_bytes(b"supplier,buyer,value\n\xff\xfe,b,1\n")
    if what == "too large":
        monkeypatch.setattr(long_tables, "LARGEST", 4)
    with pytest.raises(TooLarge if what == "too large" else Unreadable):
        read_firm_links(path)


def test_doubled_rows_self_links_and_sales_of_nothing_are_noticed_and_are_no_error(tmp_path: Path) -> None:
    read = read_firm_links(written(tmp_path, "supplier,buyer,value,when\na,b,1,x\na,b,2,y\nc,c,4,z\nb,a,0,w\n"))
    said = "\n".join(map(str, read.findings))
    assert "line 3: 1 rows name a pair again (the first: a to b). Rows of one pair were added up" in said
    assert "line 4: 1 links lead from a firm to itself" in said
    assert "line 5, column 'value': 1 links have sales of 0" in said
    assert "mean nothing here: when" in said
    network = read_firms(tmp_path / "links.csv").network
    assert (network.links, network.merged, network.self_links, network.silent) == (2, 1, 1, 1)


def test_a_table_of_firms_gives_names_sectors_countries_and_firms_without_links(tmp_path: Path) -> None:
    links = written(tmp_path, "supplier,buyer,value\na,b,1\n")
    firms = written(tmp_path, "firm,name,nace,country,output\nb,Beta,C1,Germany,5\na,,C2,fr,7\nz,,C1,,\n", "firms.csv")
    read = read_firm_links(links, firms)
    assert read.firms == ("a", "b", "z")
    assert read.names == ("a", "Beta", "z")
    assert read.sectors == ("C2", "C1", "C1")
    assert read.countries == ("FR", "DE", "?")
    assert np.nan_to_num(read.numbers["output"], nan=-1).tolist() == [7, 5, -1]


@pytest.mark.parametrize(
    ("firms", "said"),
    [
        ("firm\na\n", "links.csv, line 2, column 'buyer': 'b' is no firm of"),
        ("firm\na\nb\na\n", "line 4, column 'firm': 'a' stands in line 2 too"),
        ("firm,country\na,DE\nb,Nowhere\n", "line 3, column 'country': 'Nowhere' is no country"),
        ("firm,output\na,-1\nb,2\n", "line 2, column 'output'"),
        ("name,sector\nx,y\n", "column 'firm': is missing"),
    ],
)
def test_a_table_of_firms_that_is_not_sound_is_told(tmp_path: Path, firms: str, said: str) -> None:
    links = written(tmp_path, "supplier,buyer,value\na,b,1\n")
    assert said in told(links, written(tmp_path, firms, "firms.csv"))


def test_a_hole_in_the_list_of_sectors_or_of_weights_is_told_with_the_firm(tmp_path: Path) -> None:
    links = written(tmp_path, "supplier,buyer,value\na,b,1\n")
    holes = written(tmp_path, "firm,sector,output\na,,1\nb,C1,\n", "firms.csv")
    with pytest.raises(BadStack, match=r"firms\.csv, line 2, column 'sector': 'a' has none\. Write its sector, or one"):
        _ = read_firms(links, holes).network
    with pytest.raises(BadStack, match=r"firms\.csv, line 2, column 'sector': 'a' has none\. Write its sector, or use"):
        read_firms(links, holes).input_table("sector")
    with pytest.raises(BadStack, match=r"firms\.csv, line 3, column 'output': 'b' has none\. Write its output \(0 if"):
        _ = read_firms(links, holes).weights


def test_holes_are_told_in_the_order_of_their_lines_and_a_flood_of_them_is_cut_short(tmp_path: Path) -> None:
    links = written(tmp_path, "supplier,buyer,value\na,b,1\n")
    rows = "".join(f"f{number},\n" for number in range(11, 0, -1))
    holes = written(tmp_path, "firm,sector\nb,C1\n\na,C2\n" + rows, "firms.csv")
    with pytest.raises(BadStack) as caught:
        _ = read_firms(links, holes).network
    assert [finding.row for finding in caught.value.findings] == [*range(5, 15), 0]
    assert "firms.csv, column 'sector': 1 more firms have none" in str(caught.value)


def test_more_sectors_than_a_table_of_them_can_hold_are_told_and_the_most_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = written(tmp_path, "supplier,buyer,value\nf1,f2,1\n")
    many = written(tmp_path, "firm,sector\n" + "".join(f"f{one},s{one}\n" for one in range(100_000)), "firms.csv")
    stars = written(tmp_path, "supplying,using,value\n*,*,1\n", "e.csv")
    for essentiality in (1, stars):
        with pytest.raises(TooLarge, match=r"firms\.csv, column 'sector': 100,000 different sectors .* 5,000\. Write coarser"):
            _ = read_firms(links, many, essentiality).network
    monkeypatch.setattr(firms_of_tables, "MOST_SECTORS", 2)
    written(tmp_path, "firm,sector\nf1,A\nf2,B\nf3,A\n", "firms.csv")
    assert read_firms(links, many).network.essentiality.shape == (2, 2)
    written(tmp_path, "firm,sector\nf1,A\nf2,B\nf3,C\n", "firms.csv")
    with pytest.raises(TooLarge):
        _ = read_firms(links, many).network


def test_a_shock_names_firms_parts_and_countries(tmp_path: Path) -> None:
    links = written(tmp_path, "supplier,buyer,value\na,b,1\nb,c,1\n")
    firms = read_firms(links, written(tmp_path, "firm,country\na,DE\nb,FR\nc,US\n", "firms.csv"))
    shock = firms.shock([("c", 0.4)], ["EU"])
    assert (shock.id, shock.firms.tolist(), shock.down.tolist()) == ("EU + c=0.4", [0, 1, 2], [1, 1, 0.4])
    with pytest.raises(UnknownId, match="no firm is called 'd'"):
        firms.shock([("d", 1)])
    with pytest.raises(UsageError, match="no firm is of it"):
        firms.shock([], ["TW"])
    with pytest.raises(UsageError, match="no country"):
        firms.shock([], ["Atlantis"])
    with pytest.raises(UsageError, match="0 to 1"):
        firms.shock([("a", 1.5)])


USED = np.array([[True, True], [False, True]])


@pytest.mark.parametrize(
    "text",
    [
        "supplying,using,value\nA,A,0\nA,B,2\nB,B,1\nB,A,2\nC,A,1\n",
        "from,to,class\n*,*,1\nA,*,0\nA,B,2\nB,A,2\n",
        ",A,B\nA,0,2\nB,2,1\n",
    ],
    ids=["long", "long with stars", "square"],
)
def test_essentiality_is_read_long_or_square(tmp_path: Path, text: str) -> None:
    assert read_essentiality(written(tmp_path, text), ("A", "B"), USED).classes.tolist() == [[0, 2], [2, 1]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("supplying,using,value\n*,*,1\nA,B,2\nB,A,2\n", []),
        ("supplying,using,value\n*,*,1\nA,B,2\nb,A,2\n", ["line 4: no firm has the sector 'b'. What it says"]),
        ("supplying,using,value\n*,*,1\nA,D,2\nC,A,2\nC,D,1\n", ["line 3: no firm has 2 of its sectors: 'D', 'C'. "]),
        (",A,B\nA,0,2\nB,2,1\n", []),
        (",A,B\nA,0,2\nB,2,1\nC,1,1\n", ["line 4: no firm has the sector 'C'"]),
        (",A,C,B\nA,0,1,2\nB,2,1,1\n", ["line 1: no firm has the sector 'C'"]),
    ],
)
def test_a_sector_of_the_table_that_no_firm_has_is_noticed_and_is_no_error(tmp_path: Path, text: str, said: list[str]) -> None:
    found = read_essentiality(written(tmp_path, text), ("A", "B"), USED).findings
    assert len(found) == len(said)
    assert all(one in str(finding) and finding.severity == "note" for one, finding in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("supplying,using,value\nA,A,0\nA,B,3\n", "more than 2"),
        ("supplying,using,value\nA,A,0.5\n", "not 0, 1 or 2"),
        ("supplying,using,value\nA,A,0\nA,A,1\nA,B,1\nB,B,1\n", "line 3: 'A' to 'A' has another value in line 2"),
        ("supplying,using,value\nA,A,0\n", "says nothing of what sector 'A' is to 'B'"),
        (",A,B\nA,0,9\nB,1,1\n", "line 2, column 'B': '9' is not 0, 1 or 2"),
        (",A,B\nA,0\nB,1,1\n", "has 1 values for 2 sectors"),
        (",A,B\nA,0,1\nA,1,1\n", "stands twice"),
    ],
)
def test_essentiality_that_is_not_sound_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadStack) as caught:
        read_essentiality(written(tmp_path, text), ("A", "B"), USED)
    assert said in str(caught.value)


def test_essentiality_by_sector_needs_sectors(tmp_path: Path) -> None:
    links = written(tmp_path, "supplier,buyer,value\na,b,1\n")
    with pytest.raises(UsageError, match="--firms"):
        _ = read_firms(links, None, written(tmp_path, ",A\nA,1\n", "e.csv")).network


WANTED = (Wanted("id"), Wanted("amount", ("value",), "number", holes=True))


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = arrow.table({"id": ["b", "a", "b"], "value": [1.5, None, 3.0], "more": [1, 2, 3]})
    parquet.write_table(table, tmp_path / "t.parquet")
    written(tmp_path, "id,value,more\nb,1.5,1\na,,2\nb,3,3\n", "t.csv")
    one, other = (read_long_table(tmp_path / f"t.{end}", WANTED) for end in ("parquet", "csv"))
    assert one.texts["id"].values == other.texts["id"].values
    assert one.texts["id"].codes.tolist() == other.texts["id"].codes.tolist()
    assert np.array_equal(one.numbers["amount"], other.numbers["amount"], equal_nan=True)
    assert one.ignored == other.ignored == ("more",)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"supplier": ["a", None], "buyer": ["b", "b"], "value": [1.0, 2.0]}, "line 2, column 'supplier': is blank"),
        ({"supplier": ["a", "a"], "buyer": ["b", "b"], "value": [1.0, None]}, "line 2, column 'value': is blank"),
        ({"supplier": ["a", "a"], "buyer": ["b", "b"], "value": [1.0, -2.0]}, "line 2, column 'value': '-2' is less"),
        ({"supplier": ["a"], "buyer": ["b"], "value": [float("nan")]}, "not a finite number"),
        ({"supplier": ["a"], "buyer": ["b"], "value": ["x"]}, "'x' is not a number"),
        ({"supplier": [], "buyer": [], "value": []}, "holds no links"),
        ({"supplier": ["a"], "buyer": ["b"]}, "is missing"),
    ],
)
def test_parquet_that_is_not_sound_is_told_as_csv_is(tmp_path: Path, columns: dict[str, list[object]], said: str) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table(columns), tmp_path / "links.parquet")
    assert said in told(tmp_path / "links.parquet")


def test_firms_that_are_numbers_in_parquet_are_read_as_texts(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"i": [7, 8], "j": [8, 7], "w": [1, 2]}), tmp_path / "links.parquet")
    read = read_firm_links(tmp_path / "links.parquet")
    assert (read.firms, read.value.tolist()) == (("7", "8"), [1, 2])


def test_a_file_that_is_no_parquet_is_told(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(Unreadable, match="Parquet"):
        read_firm_links(written(tmp_path, "supplier,buyer,value\n", "links.parquet"))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6)), max_size=8))
def test_any_cells_are_read_or_told(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("supplier", "buyer", "value"), *rows])
    path = tmp_path_factory.mktemp("any") / "links.csv"
    path.write_bytes(text.getvalue().encode(errors="replace"))
    with suppress(FreeholdError):
        read = read_firm_links(path)
        assert np.all(np.isfinite(read.value))
        assert np.all(read.value >= 0)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_told(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "links.csv"
    path.write_bytes(b"supplier,buyer,value\n" + data)
    with suppress(FreeholdError):
        read_firm_links(path)


def test_lines_are_told_beyond_the_first_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_tables, "_CHUNK", 3)
    text = "supplier,buyer,value\n" + "a,b,1\n" * 7 + "\n" + "a,b,x\n"
    assert "line 10, column 'value'" in told(written(tmp_path, text))


PLANTS = {
    "plants.csv": "plant,capacity,ttr,stock\np,10,2,\nq,5,,3\n", "products.csv": "product,demand,loss\na,8,2\n",
    "links.csv": "supplier,buyer,part,use\np,a,,2\nq,p,bolt,\n",
}  # fmt: skip


def plant_files(folder: Path, **changed: str) -> tuple[Path, Path, Path]:
    texts = PLANTS | {f"{name}.csv": text for name, text in changed.items()}
    links, plants, products = (written(folder, texts[f"{name}.csv"], f"{name}.csv") for name in ("links", "plants", "products"))
    return links, plants, products


def test_plants_and_products_are_read_with_what_is_blank_at_its_default(tmp_path: Path) -> None:
    network = read_plants(*plant_files(tmp_path))
    assert [(one.id, one.capacity, one.stock, one.recover) for one in network.plants] == [("p", 10, 0, 2), ("q", 5, 3, 1)]
    assert [(one.id, one.demand, one.loss) for one in network.products] == [("a", 8, 2)]
    assert [(one.supplier, one.user, one.part, one.use) for one in network.links] == [("p", "a", "", 2), ("q", "p", "bolt", 1)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"links": "supplier,buyer\nx,a\n"}, "line 2, column 'supplier': 'x' is no plant"),
        ({"links": "supplier,buyer\np,x\n"}, "neither a plant nor a product"),
        ({"links": "supplier,buyer,use\np,a,0\n"}, "column 'use': is 0"),
        ({"plants": "plant,capacity\np,10\na,5\nq,1\n"}, "'a' stands in line 3"),
        ({"plants": "plant,capacity\np,\nq,1\n"}, "column 'capacity': is blank"),
        ({"products": "product,demand\na,-8\n"}, "less than 0"),
    ],
)
def test_plants_that_are_not_sound_are_told(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    with pytest.raises(BadStack) as caught:
        read_plants(*plant_files(tmp_path, **changed))
    assert said in str(caught.value)
