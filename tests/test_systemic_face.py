"""``freehold systemic``: published vectors through the command, every face and schema, flags that make no sense, a kill -9."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import freehold
from freehold.cli import main
from freehold.report.render import to_json
from freehold.report.schemas import json_schema

FIRMS = Path(__file__).parent.parent / "examples" / "firms"
LINKS, TABLE, CLASSES = (str(FIRMS / f"{name}.csv") for name in ("links", "firms", "essentiality"))
FILES = (LINKS, "--firms", TABLE, "--essentiality", CLASSES)
PLANTS = (
    str(FIRMS / "deliveries.csv"), "--plants", str(FIRMS / "plants.csv"), "--products", str(FIRMS / "products.csv"),
)  # fmt: skip


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["systemic", *arguments, "--format", "json"]) == 0, capsys.readouterr().err
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json_schema(data["verb"]))
    return data


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["systemic", *arguments]) == 2
    return capsys.readouterr().err


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


# 13 firms of vitelot/Economic-Systemic-Risk on GitHub, data/test_list.csv and test_esri.csv: all sales 1, 2 is essential.
THIRTEEN = "A>X 2, B>X 2, C>X 2, D>X 2, E>X 1, F>X 1, G>X 1, H>X 0, X>I 2, X>J 1, X>K 2, K>L 2"
SECTORS = "A1 X1 B2 C2 D2 E3 F3 G5 H99 I1 J3 K4 L2"


def thirteen(folder: Path) -> tuple[str, ...]:
    links = re.findall(r"(\w)>(\w) (\d)", THIRTEEN)
    sector = dict(re.findall(r"([A-Z])(\d+)", SECTORS))
    # one of a pair of sectors has one class only, in this network
    classes = {(sector[one], sector[other]): value for one, other, value in links}
    return (
        written(folder, "links.csv", "supplier,buyer,value\n" + "".join(f"{one},{other},1\n" for one, other, _ in links)),
        "--firms", written(folder, "firms.csv", "firm,sector\n" + "".join(f"{a},{b}\n" for a, b in sector.items())),
        "--essentiality",
        written(folder, "classes.csv", "supplying,using,value\n" + "".join(f"{a},{b},{c}\n" for (a, b), c in classes.items())),
    )  # fmt: skip


def test_the_thirteen_firms_have_their_published_index_with_and_without_replacement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = thirteen(tmp_path)
    found = {one["id"]: one for one in answer(capsys, *files)["shocks"]}
    expected = {
        "A": 0.4166666666666667, "X": 1.0, **dict.fromkeys("BCD", 0.1369047619047619),
        **dict.fromkeys("EFG", 0.12320402298850575), "H": 0.08333333333333333, **dict.fromkeys("IJ", 0.30555555555555564),
        **dict.fromkeys("KL", 0.388888888888889),
    }  # fmt: skip
    assert {one: two["compatible"]["total"] for one, two in found.items()} == pytest.approx(expected, abs=1e-12)
    assert {one: two["converged"]["total"] for one, two in found.items()} == pytest.approx(expected, abs=1e-12)
    # run with the authors' own program: steps, and what it gives without replacement
    steps = {"A": 7, "X": 3, **dict.fromkeys("BCDEFG", 4), "H": 1, **dict.fromkeys("IJK", 3), "L": 4}
    assert {one: two["compatible"]["steps"] for one, two in found.items()} == steps
    off = {one["id"]: one for one in answer(capsys, *files, "--replaceability", "off")["shocks"]}
    without = expected | dict.fromkeys("BCD", 7 / 36) | dict.fromkeys("EFG", 0.125)
    assert {one: two["compatible"]["total"] for one, two in off.items()} == pytest.approx(without, abs=1e-12)


def test_a_page_says_who_is_riskiest_and_what_the_usual_stop_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["systemic", *FILES]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "The riskiest of 12 firms is Alba Wafers (alba): if it alone stops, 99.1 % of all output is lost" in page
    assert "By lack of supplies alone it is 99.1 %, by lack of orders alone 3 %." in page
    assert "Widest gap of all: Elba Boards (elba), 0.477 points." in page


@pytest.mark.parametrize(
    "arguments",
    [
        FILES,
        (*FILES, "--mode", "compatible"),
        (*FILES, "--mode", "converged", "--replaceability", "off", "--workers", "1", "--memory", "64M"),
        (*FILES, "--shock", "cora", "--shock", "alba=0.5"),
        (*FILES, "--country", "EU", "--shock", "hale=0.1", "--mode", "compatible"),
        (LINKS,),
        (LINKS, "--essentiality", "2", "--most", "2"),
        (LINKS, "--firms", TABLE, "--inputs", "country-sector", "--home", "EU"),
        (LINKS, "--firms", TABLE, "--inputs", "sector", "--demand", "chips=50"),
        (LINKS, "--firms", TABLE, "--inputs", "country"),
        (LINKS, "--inputs", "firm"),
        PLANTS,
        (*PLANTS, "--shock", "boards=0.5", "--shock", "chip-east", "--periods", "3"),
    ],
    ids=" ".join,
)
def test_every_answer_keeps_its_schema_and_shows_in_every_face(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = answer(capsys, *arguments)
    assert answer(capsys, *arguments) == first
    assert main(["systemic", *arguments]) == 0
    assert len(capsys.readouterr().out.split()) > 30
    page = tmp_path / "page.html"
    assert main(["systemic", *arguments, "-o", str(page)]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main(["systemic", *arguments, "--format", "csv"]) == 0
    assert "," in capsys.readouterr().out.splitlines()[1]


def test_both_stops_and_the_gap_between_them_are_told_and_one_alone_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    both = {one["id"]: one for one in answer(capsys, *FILES)["shocks"]}
    compatible = {one["id"]: one for one in answer(capsys, *FILES, "--mode", "compatible")["shocks"]}
    converged = {one["id"]: one for one in answer(capsys, *FILES, "--mode", "converged")["shocks"]}
    for id_, one in both.items():
        assert one["gap"] == pytest.approx(one["converged"]["total"] - one["compatible"]["total"], abs=1e-11)
        assert one["gap"] >= 0
        assert one["own"] <= one["compatible"]["total"] + 1e-12
        assert one["converged"]["error"] <= 1.1e-10  # the bound asked for, and rounding
        assert compatible[id_]["compatible"] == one["compatible"]
        assert (compatible[id_]["converged"], compatible[id_]["gap"], converged[id_]["compatible"]) == (None, None, None)
        assert converged[id_]["converged"] == one["converged"]


def test_a_shock_of_several_firms_is_one_and_says_what_is_left_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    data = answer(capsys, *FILES, "--shock", "cora", "--shock", "alba=0.5")
    assert [one["id"] for one in data["shocks"]] == ["cora + alba=0.5"]
    left = {one["id"]: one["level"] for one in data["levels"]}
    assert (left["cora"], len(left)) == (0, 12)
    assert left["alba"] <= 0.5
    country = answer(capsys, *FILES, "--country", "US")
    assert {one["id"] for one in country["levels"] if one["down"] == 0} >= {"cora", "gable", "hale"}


def drawn(folder: Path, firms: int, links: int) -> tuple[str, ...]:
    """A network that is drawn; large circles, so that a run to the end takes a while."""
    numbers = np.random.default_rng(3)
    pairs = (numbers.random((links, 2)) ** 2 * firms).astype(int).tolist()
    sales = numbers.lognormal(3, 1, links).round(2).tolist()
    rows = [f"f{one},f{other},{amount}\n" for (one, other), amount in zip(pairs, sales, strict=True)]
    sectors = numbers.integers(0, 12, firms).tolist()
    listed = [f"f{one},s{sector}\n" for one, sector in enumerate(sectors)]
    return (
        written(folder, "drawn.csv", "supplier,buyer,value\n" + "".join(rows)),
        "--firms", written(folder, "drawn_firms.csv", "firm,sector\n" + "".join(listed)), "--epsilon", "0.001",
    )  # fmt: skip


def kept(path: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM batch").fetchone()[0])
    except sqlite3.Error:
        return 0


@pytest.mark.slow
def test_a_ranking_that_is_killed_loses_no_finished_batch_and_ends_the_same_to_the_last_bit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "kept"
    question = (*drawn(tmp_path, 240, 900), "--time", "600", "--format", "json")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "freehold", "systemic", *question, "--journal", str(journal), "--workers", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    ) as process:
        while kept(journal) < 4 and process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.005)
        process.send_signal(signal.SIGKILL)
    finished, batches = kept(journal), 1 + 15  # 240 failures by 512 as the reference stops, then by 16 to their end
    assert 4 <= finished < batches
    assert main(["systemic", *question, "--journal", str(journal), "--workers", "1"]) == 0
    resumed = capsys.readouterr()
    assert f"{finished} of {batches} batches were found" in resumed.err
    assert kept(journal) == batches
    assert main(["systemic", *question, "--journal", str(journal), "--workers", "2"]) == 0
    again = capsys.readouterr()
    assert f"{batches} of {batches} batches were found" in again.err
    assert main(["systemic", *question]) == 0
    undisturbed = capsys.readouterr()
    assert resumed.out == again.out == undisturbed.out


def test_a_journal_that_is_no_journal_and_memory_for_no_batch_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = written(tmp_path, "other.csv", "supplier,buyer,value\n")
    assert "is no journal of Freehold" in refused(capsys, *FILES, "--journal", other)
    large = drawn(tmp_path, 3_000, 3_500)
    assert "Allow more memory" in refused(capsys, *large, "--journal", str(tmp_path / "kept"), "--memory", "1M")


def test_the_table_of_inputs_is_that_of_miller_and_blair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Miller and Blair, "Input-Output Analysis", chapter 2, as pymrio's tests ship it
    links = written(tmp_path, "z.csv", "from,to,flow\n1,1,150\n1,2,500\n2,1,200\n2,2,100\n")
    firms = written(tmp_path, "rows.csv", "firm,final_demand,labour\n1,350,300\n2,1700,500\n")
    data = answer(capsys, links, "--firms", firms, "--inputs", "firm", "--demand", "1=600", "--demand", "2=1500")
    assert [one["output"] for one in data["rows"]] == [1000, 2000]
    assert [one["output"] for one in data["demand"]] == pytest.approx([1247.5, 1841.6], abs=0.1)
    assert [one["labour"] for one in data["demand"]] == pytest.approx([374.25, 460.4], abs=0.03)


def test_value_added_of_the_example_adds_to_one_at_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    data = answer(capsys, LINKS, "--firms", TABLE, "--inputs", "country-sector", "--home", "DE,FR")
    for row in data["rows"]:
        assert sum(one["part"] for one in row["origin"]) == pytest.approx(1, abs=1e-11)
    assert data["look_foreign"] > data["face_foreign"]


def test_the_published_plants_have_their_published_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy")
    # acedesci/scanalytics_cases on GitHub: problem 1 of its notebook on time to recover
    links = written(tmp_path, "l.csv", "supplier,buyer\n" + "".join(f"S{one},P{two}\n" for one in (1, 2, 3) for two in (1, 2)))
    plants = written(tmp_path, "s.csv", "plant,capacity,recover\nS1,30,2\nS2,45,2\nS3,60,2\n")
    products = written(tmp_path, "p.csv", "product,demand,stock,loss\nP1,75,20,5000\nP2,50,25,6500\n")
    data = answer(capsys, links, "--plants", plants, "--products", products)
    found = {one["id"]: one for one in data["scenarios"]}
    assert [found[one]["cost"] for one in ("S1", "S2", "S3")] == [0, 125_000, 275_000]
    assert [round(found[one]["index"], 3) for one in ("S1", "S2", "S3")] == [0, 0.455, 1]
    assert [found[one]["survive"] for one in ("S1", "S2", "S3")] == pytest.approx([2.25, 9 / 7, 0.9])
    assert main(["systemic", links, "--plants", plants, "--products", products]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "The dearest of 3 losses is S3: 275,000 until it is over after 2 periods, with 55 units not delivered." in page
    assert "With S3 lost, S1 holds the rest back most: one unit more a period there would save 10,000" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.csv",), "not there"),
        ((*FILES, "--shock", "alpha"), "no firm is called 'alpha'. Did you mean 'alba'?"),
        ((*FILES, "--shock", "zzzzzz"), "no firm is called 'zzzzzz'. `freehold systemic LINKS --full` lists what there is."),
        ((str(FIRMS),), "is a folder. Name a CSV or Parquet file, such as"),
        ((*FILES, "--shock", "alba=2"), "no number from 0 to 1"),
        ((*FILES, "--country", "TR"), "no firm is of it"),
        ((LINKS, "--country", "DE"), "--firms FILE"),
        ((*FILES, "--epsilon", "nan"), "no number"),
        ((*FILES, "--time", "0"), "no time"),
        ((*FILES, "--time", "soon"), "no number"),
        ((*FILES, "--memory", "lots"), "no size"),
        ((*FILES, "--workers", "0"), "at least 1"),
        ((*FILES, "--most", "0"), "at least 1"),
        ((LINKS, "--essentiality", "3"), "no file"),
        ((LINKS, "--essentiality", CLASSES), "--firms FILE"),
        ((*FILES, "--home", "DE"), "Add --inputs"),
        ((*FILES, "--periods", "3"), "Add --plants"),
        ((LINKS, "--inputs", "sector"), "no firm has a sector. Name a table with the columns firm,sector: --firms FILE"),
        ((LINKS, "--inputs", "country-sector"), "no firm has a sector"),
        ((LINKS, "--inputs", "country"), "no firm has a country"),
        ((LINKS, "--inputs", "firm", "--shock", "alba"), "does nothing with --inputs"),
        ((LINKS, "--inputs", "firm", "--home", "Atlantis"), "no country"),
        ((LINKS, "--inputs", "firm", "--demand", "alba"), "ROW=AMOUNT"),
        ((LINKS, "--inputs", "firm", "--demand", "x=1"), "no row of the table"),
        (PLANTS[:3], "--products is missing"),
        ((*PLANTS, "--shock", "x"), "no plant"),
        ((*PLANTS, "--country", "DE"), "does nothing with --plants"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_in_a_sentence(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, *arguments)
    assert said in message
    assert "Traceback" not in message


def test_without_the_extra_for_linear_programs_the_sentence_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "scipy.optimize", None)
    assert "pip install 'freehold[systemic]'" in refused(capsys, *PLANTS)


def test_without_scipy_a_table_of_inputs_is_answered_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (LINKS, "--firms", TABLE, "--inputs", "firm", "--home", "DE")
    whole = answer(capsys, *arguments)
    monkeypatch.setattr("freehold.measure.leontief.DENSE", 0)
    with_scipy = answer(capsys, *arguments)
    monkeypatch.setitem(__import__("sys").modules, "scipy.sparse", None)
    without = answer(capsys, *arguments)
    assert not without["exact"]
    for one, other, third in zip(whole["rows"], with_scipy["rows"], without["rows"], strict=True):
        assert one["multiplier"] == pytest.approx(other["multiplier"], rel=1e-9)
        assert other["multiplier"] == pytest.approx(third["multiplier"], rel=1e-12)


def test_what_is_noticed_in_the_links_is_said_beside_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    links = written(tmp_path, "links.csv", "supplier,buyer,value\na,b,1\na,b,2\nb,b,3\n")
    assert main(["systemic", links]) == 0
    said = capsys.readouterr().err
    assert "line 3: 1 rows name a pair again" in said
    assert "line 4: 1 links lead from a firm to itself" in said


def test_holes_in_the_list_of_firms_are_told_with_its_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    links = written(tmp_path, "links.csv", "supplier,buyer,value\na,b,1\n")
    firms = written(tmp_path, "firms.csv", "firm,sector,output\na,C1,1\nb,,2\n")
    told = refused(capsys, links, "--firms", firms)
    assert "firms.csv, line 3, column 'sector': 'b' has none. Write its sector" in told
    assert "links.csv" not in told
    firms = written(tmp_path, "firms.csv", "firm,sector,output\na,C1,\nb,C1,2\n")
    assert "firms.csv, line 2, column 'output': 'a' has none. Write its output" in refused(capsys, links, "--firms", firms)


def test_a_sector_of_the_table_of_essentiality_that_no_firm_has_is_said_beside_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    links = written(tmp_path, "links.csv", "supplier,buyer,value\na,b,1\n")
    firms = written(tmp_path, "firms.csv", "firm,sector\na,C10\nb,C20\n")
    table = written(tmp_path, "table.csv", "supplying,using,value\n*,*,1\nC1O,C20,2\n")
    assert main(["systemic", links, "--firms", firms, "--essentiality", table]) == 0
    said = capsys.readouterr().err
    assert "table.csv, line 3: no firm has the sector 'C1O'. What it says of them counts for nothing" in said


def test_the_python_face_answers_as_the_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    firms = freehold.read_firms(LINKS, TABLE, CLASSES)
    made = freehold.systemic(firms.network, [firms.shock([("alba", 1.0)])], weights=firms.weights)
    data = answer(capsys, *FILES)
    assert made.converged is not None
    assert data["shocks"][0]["converged"]["total"] == pytest.approx(float(made.converged.total[0]), abs=1e-11)
    found = freehold.inputs(firms.input_table("sector"))
    assert sum(part for _, part in found.origin) == pytest.approx(1)


def test_plants_through_the_python_face(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy")
    network = freehold.read_plants(PLANTS[0], PLANTS[2], PLANTS[4])
    found = freehold.exposure(network)
    assert [one["id"] for one in answer(capsys, *PLANTS)["scenarios"]] == [one.id for one in found.scenarios]


def test_an_answer_without_a_view_is_a_defect_and_ours_all_have_one() -> None:
    with pytest.raises(TypeError):
        to_json(object())
