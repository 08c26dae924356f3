"""Sweeps over cut-offs, and how they are written: files, folders, tables; bad input; the same answer wherever it runs."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from freehold.cli import main
from freehold.errors import FreeholdError, ScaleError, UsageError
from freehold.measure.cutoff import cutoff
from freehold.measure.sweep import cutoffs_of_each, run_cutoffs, sweep, sweep_shared
from freehold.measure.sweep_question import batch_size, cutoffs_from, cutoffs_in, opened
from freehold.measure.sweep_scenarios import scenarios_from_csv, scenarios_from_toml
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import Item, Source, Stack
from strategies import cutoffs, stacks

CLINIC = str(Path(__file__).parent.parent / "examples" / "clinic")
SHOP = """
[stack]
name = "Shop"
home = "DE"
[[provider]]
id = "acme"
country = "US"
[[provider]]
id = "bolt"
country = "FR"
owner = "acme"
[[item]]
id = "till"
mission = 3
  [[item.source]]
  provider = "self"
  needs = ["cloud", { item = "mail", weight = 0.2 }]
[[item]]
id = "cloud"
  [[item.source]]
  provider = "acme"
[[item]]
id = "mail"
mission = 1
  [[item.source]]
  provider = "bolt"
"""
SCENARIOS = """
[[cutoff]]
name = "acme ends"
[[cutoff.rule]]
provider = "acme"
[[cutoff]]
name = "bolt ends in a month"
[[cutoff.rule]]
provider = "bolt"
from = "30d"
"""


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("shop.toml").write_text(SHOP, encoding="utf-8")
    Path("scenarios.toml").write_text(SCENARIOS, encoding="utf-8")


Run = Callable[..., Any]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Run:
    def asked(*arguments: object, status: int = 0) -> Any:
        found = main(["sweep", *map(str, arguments), "--format", "json"])
        told = capsys.readouterr()
        assert found == status, told.err
        return json.loads(told.out) if status == 0 else told.err

    return asked


# ---------------------------------------------------------------- by hand


def test_the_page_names_who_is_lost_and_programs_get_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", CLINIC, "--each", "provider", "--days", "0,30", "--workers", "1", "--format"]
    assert main([*words, "text"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "Worst of 21: without Municipal utility (fictional) the mission is at 50 % on day 30." in page
    assert "None of them leaves it under 50 % on day 30." in page
    assert "provider openai" not in page
    assert main([*words, "csv"]) == 0
    assert "\nprovider openai," in capsys.readouterr().out


def test_cut_offs_stand_worst_first_with_the_mission_by_day(ask: Run) -> None:
    data = ask("shop.toml", "scenarios.toml", "--days", "0,30", "--workers", 1)
    # acme: the till (3 of 4) stops, mail runs: 0.25; bolt: mail stops on day 30, the till loses a fifth: 0.8 * 3/4 = 0.6
    assert [(one["cutoff"]["name"], one["mission"]["low"]) for one in data["cutoffs"]] == [
        ("acme ends", [0.25, 0.25]), ("bolt ends in a month", [1, 0.6]),
    ]  # fmt: skip
    assert [one["stopped"] for one in data["cutoffs"]] == [{"low": 2, "high": 2}, {"low": 1, "high": 1}]


@pytest.mark.parametrize(
    ("of", "names"),
    [
        ("provider", ["provider acme", "provider bolt"]), ("owner", ["owner acme"]), ("country", ["country US", "country FR"]),
        ("item", ["item cloud", "item till", "item mail"]),
    ],
)  # fmt: skip
def test_each_makes_a_cut_off_of_every_one(of: str, names: list[str], ask: Run) -> None:
    data = ask("shop.toml", "--each", of, "--workers", 1)
    assert [one["cutoff"]["name"] for one in data["cutoffs"]] == names


def test_flags_of_a_cut_off_are_one_more(ask: Run) -> None:
    data = ask("shop.toml", "scenarios.toml", "--foreign", "--workers", 1)
    assert data["cutoffs"][0]["cutoff"]["name"] == "everything foreign"
    assert len(data["cutoffs"]) == 3


def test_a_folder_of_files_and_a_table_say_the_same(ask: Run) -> None:
    folder = Path("folder")
    folder.mkdir()
    (folder / "a stop.toml").write_text('[cutoff]\n[[cutoff.rule]]\nprovider = "acme"\n', encoding="utf-8")
    (folder / "b.csv").write_text("name,provider,from\nb stop,bolt,30d\nb stop,acme,90d\n", encoding="utf-8")
    data = ask("shop.toml", folder, "--days", "0,30,90", "--workers", 1)
    found = {one["cutoff"]["name"]: one["mission"]["low"] for one in data["cutoffs"]}
    assert found == {"a stop": [0.25, 0.25, 0.25], "b stop": [1, 0.6, 0]}


def test_the_python_face_gives_the_same() -> None:
    stack = loads(SHOP)
    answer = sweep(stack, cutoffs_of_each(stack, "provider"), [0], day=0)
    assert [one.mission.low for one in answer.swept] == [(0.25,), (0.6,)]


# ---------------------------------------------------------------- laws


@settings(max_examples=40)
@given(stacks(), cutoffs())
def test_a_batch_gives_what_single_cut_offs_give(stack: Any, cut: Cutoff) -> None:
    days = (0.0, 30.0, 400.0)
    again = cutoffs_from(cutoffs_in([cut]))[0]
    assert again == cut
    shared = sweep_shared(stack, days, 0.5, strict=False, kernel="auto")
    try:
        wanted = cutoff(stack, cut, days)
    except FreeholdError:
        return
    found = run_cutoffs(shared, {"cutoffs": cutoffs_in([cut, cut])})
    assert found["low"].tolist() == [list(wanted.mission.low)] * 2
    assert found["high"].tolist() == [list(wanted.mission.high)] * 2
    assert found["stopped"][0, 0] == sum(item.stops_low is not None for item in wanted.items)


@settings(max_examples=40)
@given(stacks())
def test_what_travels_is_the_stack(stack: Any) -> None:
    held = opened(sweep_shared(stack, (0.0,), 0.5, strict=False, kernel="auto")).stack
    assert (held.items, held.sources, held.needs, held.providers) == (stack.items, stack.sources, stack.needs, stack.providers)


def test_one_worker_and_two_give_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for workers in ("1", "2"):
        assert main(["sweep", CLINIC, "--each", "item", "--memory", "600M", "--workers", workers, "--format", "json"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


# ---------------------------------------------------------------- memory, journal, interrupts


def test_the_batch_follows_from_the_memory() -> None:
    stack = loads(SHOP)
    assert batch_size(stack, [0.0], 1e9, 2) == 250
    assert 1 <= batch_size(stack, [0.0], 80.05e6, 1) < 250
    with pytest.raises(ScaleError, match=r"--memory 1MB is too little: 2 workers need about 161 MB"):
        batch_size(stack, [0.0], 1e6, 2)


def test_a_journal_is_gone_on_from_and_that_of_another_question_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", "shop.toml", "scenarios.toml", "--workers", "1", "--journal", "journal", "--format", "json"]
    assert main(words) == 0
    first = capsys.readouterr()
    assert first.err == ""
    assert main(words) == 0
    again = capsys.readouterr()
    assert again.out == first.out
    assert "1 of 1 batches were found in journal" in again.err
    assert main([*words, "--days", "0,1"]) == 0
    assert "journal holds 1 batches, all of other questions" in capsys.readouterr().err
    Path("journal").write_bytes(Path("journal").read_bytes()[:3000])
    assert main(words) == 0
    third = capsys.readouterr()
    assert third.out == first.out
    assert "is damaged" in third.err
    assert main([*words[:-4], "--journal", "shop.toml"]) == 2
    assert "shop.toml is no journal" in capsys.readouterr().err


HELD = """
import signal
import sys
from freehold.cli import main
from freehold.scale.journal import Journal

keep, kept = Journal.keep, 0

def keep_or_hold(*arguments):
    global kept
    if kept == 4:
        print("held", flush=True)
        signal.pause()
    keep(*arguments)
    kept += 1

Journal.keep = keep_or_hold
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
"""
"""A sweep that goes no further when four batches are in its journal, so that the signal always finds it in the middle."""


def _held(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-c", HELD, "sweep", *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip


def _kept(path: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM batch").fetchone()[0])


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_sweep_that_is_ended_in_the_middle_loses_no_finished_batch_and_ends_the_same(
    how: int, capsys: pytest.CaptureFixture[str]
) -> None:
    question = [
        CLINIC, "--samples", "10000", "--probability", "US=0.1", "--probability", "openai=0.2", "--format", "json",
    ]  # fmt: skip
    with _held(*question, "--journal", "journal", "--workers", "2") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(how)
        _, said = process.communicate()
    assert first == "held\n", said
    assert _kept("journal") == 4
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "4 of 40 batches finished. They are kept in journal: the same command goes on from there" in said
    assert main(["sweep", *question, "--journal", "journal", "--workers", "2"]) == 0
    resumed = capsys.readouterr()
    assert "4 of 40 batches were found" in resumed.err
    assert main(["sweep", *question, "--workers", "1"]) == 0
    assert capsys.readouterr().out == resumed.out


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["shop.toml"], "nothing is cut. Name a file of SCENARIOS"),
        (["shop.toml", "--each", "planet"], "--each: 'planet' is none of these"),
        (["shop.toml", "--each", "item", "--samples", "5"], "Leave one of them out"),
        (["shop.toml", "--probability", "acme=0.1"], "--probability needs --samples N"),
        (["shop.toml", "--samples", "0"], "--samples: 0 is not between 1 and"),
        (["shop.toml", "--samples", "1000000000000"], "is not between 1 and 10000000"),
        (["shop.toml", "--samples", "10000000", "--memory", "600M"], "take 1120 MB, more than --memory 600M"),
        (["shop.toml", "--samples", "5", "--seed", "-1"], "--seed: -1 is not a whole number"),
        (["shop.toml", "--samples", "5", "--confidence", "1"], "--confidence: 1.0 is not between"),
        (["shop.toml", "--samples", "5", "--confidence", "nan"], "--confidence: nan is not between"),
        (["shop.toml", "--samples", "5", "--common-factor", "1.5"], "--common-factor: 1.5 is not between 0 and 1"),
        (["shop.toml", "--samples", "5", "--probability", "acme=1.5"], "is not ID=p with p between 0 and 1"),
        (["shop.toml", "--samples", "5", "--probability", "acme"], "is not ID=p"),
        (["shop.toml", "--samples", "5", "--probability", "acne=0.5"], "no provider is called 'acne'. Did you mean 'acme'?"),
        (["shop.toml", "--samples", "5", "--probability", "acme=0.1", "--probability", "acme=0.2"], "stated twice"),
        (["shop.toml", "scenarios.toml", "--samples", "5"], "asks about one cut-off, and 2 are given"),
        (["shop.toml", "--each", "item", "--memory", "1M"], "--memory 1MB is too little"),
        (["shop.toml", "--each", "item", "--memory", "much"], "--memory: 'much' is no size"),
        (["shop.toml", "--each", "item", "--workers", "0"], "--workers: 0 work nothing out"),
        (["shop.toml", "--each", "item", "--workers", "9999", "--memory", "9T"], "give a number from 1 to 4096"),
        (["shop.toml", "nowhere.toml"], "nowhere.toml"),
        (["shop.toml", "--each", "item", "--ray", "nonsense"], "is no address of a cluster of Ray"),
        (["shop.toml", "--each", "item", "--journal", "nowhere/journal"], "cannot be opened"),
    ],
)  # fmt: skip
def test_bad_input_is_told_with_the_mend(arguments: list[str], told: str, ask: Run) -> None:
    assert told in ask(*arguments, status=2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("= 1", "is not TOML"), ("[x]\na = 1", "'x' is not known"), ("cutoff = 3", "no [cutoff] table"),
        ('[[cutoff]]\n[[cutoff.rule]]\nprovider = "acme"\n[[cutoff]]\nname = "b"', "[[cutoff]] 2: the cut-off has no rule"),
        ("uncertain = 3", "'uncertain' is not a list of tables"),
        ('[[uncertain]]\ntable = "sauces"', "'table': 'sauces' is none of"),
        ('[[uncertain]]\ntable = "sources"\nid = "x"\nattribute = "colour"', "'colour' cannot be drawn for sources"),
        ('[[uncertain]]\ntable = "sources"\nattribute = "recover"', "'id': None is no id"),
        ('[[uncertain]]\ntable = "sources"\nid = "x"\nattribute = "recover"', "give either range"),
        ('[[uncertain]]\ntable = "sources"\nid = "x"\nattribute = "recover"\nrange = [3, 1]', "not from a lower to a higher"),
        ('[[uncertain]]\ntable = "sources"\nid = "x"\nattribute = "recover"\nrange = [0, "forever"]', "not from a lower"),
        ('[[uncertain]]\ntable = "sources"\nid = "x"\nattribute = "share"\nrange = [0, 2]', "2 is not between 0 and 1"),
        ('[[uncertain]]\ntable = "sources"\nid = "x"\nattribute = "provider"\nrange = [0, 1]', "provider is no number"),
        ('[[uncertain]]\ntable = "sources"\nid = "x"\nattribute = "recover"\nrange = 3', "is not [low, high]"),
        ('[[uncertain]]\ntable = "items"\nid = "x"\nattribute = "whole"\nchoices = []', "is not a list of values"),
        ('[[uncertain]]\ntable = "items"\nid = "x"\nattribute = "whole"\nchoices = [1]', "is not true or false"),
        ('[[uncertain]]\ntable = "items"\nid = "x"\nattribute = "whole"\nchoices = [true, false]\nodds = [0.5]', "there are 2"),
        ('[[uncertain]]\ntable = "items"\nid = "x"\nattribute = "whole"\nchoices = [true, false]\nodds = [0.5, 0.4]', "to 0.9"),
        ('[[uncertain]]\ntable = "items"\nid = "x"\nattribute = "whole"\nchoices = [true]\nodds = [-1]', "not between 0 and 1"),
        ('[[uncertain]]\ntable = "items"\nid = "x"\nattribute = "whole"\nchoices = [true]\nodds = [nan]', "is not a number"),
        ('[[uncertain]]\ntable = "items"\nid = "x"\nattribute = "whole"\nchoices = [true]\nconfidence = 2', "not between"),
        ('[[event]]\nprovider = "a"\ncountry = "US"', "give either a provider or a country"),
        ('[[event]]\nprovider = "a"', "'probability': None is not a number"),
        ('[[event]]\nprovider = "a"\nprobability = 7', "7.0 is not between 0 and 1"),
        ('[[event]]\nprovider = 7\nprobability = 0.1', "7 is not text"),
    ],
)  # fmt: skip
def test_a_bad_scenario_file_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(FreeholdError) as caught:
        scenarios_from_toml(text, "file.toml")
    assert told in str(caught.value)
    assert str(caught.value).startswith("file.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is empty"), ("provider,colour\na,b\n", "the column 'colour' is not known"),
        ("name,provider\na\n", "line 2: it has not as many cells"), ("name,provider\na,b,c\n", "line 2: it has not as many"),
        ("provider,availability\nacme,much\n", "line 2, 'availability': 'much' is not a number"),
        ("provider,cover\nacme,hm\n", "'cover': 'hm' is none of"), ("name,provider\na,\n", "a rule selects nothing"),
        ('provider\n"a\n', "it is not CSV"), ("provider,from\nacme,soon\n", "soon"),
    ],
)  # fmt: skip
def test_a_bad_table_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(FreeholdError) as caught:
        scenarios_from_csv(text, "file.csv")
    assert told in str(caught.value)
    assert str(caught.value).startswith("file.csv")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[cutoff]]\n[[cutoff.rule]]\nprovider = "nobody at all"\n', "no provider is called"),
        ('[[cutoff]]\n[[cutoff.rule]]\nitem = "tile"\n', "no item is called 'tile'. Did you mean 'till'?"),
        ('[[uncertain]]\ntable = "sources"\nid = "cloud@acne"\nattribute = "capacity"\nrange = [0, 1]', "'cloud@acme'"),
        ('[[uncertain]]\ntable = "items"\nid = "till"\nattribute = "source"\nchoices = ["acme"]', "Name the source"),
        ('[[uncertain]]\ntable = "providers"\nid = "acme"\nattribute = "country"\nchoices = ["Atlantis"]', "is no country"),
        (2 * '[[uncertain]]\ntable = "providers"\nid = "acme"\nattribute = "country"\nchoices = ["FR"]\n', "stated twice"),
        ('[[event]]\ncountry = "Atlantis"\nprobability = 0.1', "'Atlantis' is no country"),
        ('[[event]]\nprovider = "bold"\nprobability = 0.1', "Did you mean 'bolt'?"),
    ],
)  # fmt: skip
def test_names_that_are_not_there_are_told(text: str, told: str, ask: Run) -> None:
    Path("bad.toml").write_text(text, encoding="utf-8")
    assert told in ask("shop.toml", "bad.toml", "--samples", 5, status=2)


def test_an_empty_folder_holds_no_scenario(ask: Run) -> None:
    Path("folder").mkdir()
    assert "holds no scenario" in ask("shop.toml", "folder", status=2)


def test_nothing_to_cut_is_no_error(ask: Run) -> None:
    Path("own.toml").write_text('[stack]\nhome = "DE"\n[[item]]\nid = "a"\n[[item.source]]\nprovider = "self"\n', "utf-8")
    assert ask("own.toml", "--each", "provider")["cutoffs"] == []


def test_a_floor_and_days_that_make_no_sense_are_refused() -> None:
    stack = loads(SHOP)
    with pytest.raises(UsageError, match="floor"):
        sweep(stack, [], floor=0)
    with pytest.raises(UsageError, match="days"):
        sweep(stack, [], [np.inf])
    with pytest.raises(FreeholdError, match="no item"):
        sweep(stack, [Cutoff((Rule(item="x"),))])


def test_a_provider_that_no_row_describes_is_unknown_in_a_worker_too() -> None:
    stack = Stack(home="DE", items=(Item("a"),), sources=(Source("a@x", "a", "x"),))
    cut = Cutoff((Rule(foreign=True),))
    (found,) = sweep(stack, [cut], [0], day=0).swept
    assert found.mission == cutoff(stack, cut, [0]).mission
