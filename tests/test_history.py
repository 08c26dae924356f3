"""Stacks in a Freehold database from the command line and from Python: stored, asked, told and undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import freehold
from freehold import work
from freehold.cli import main
from freehold.store.recognition import is_database

EXAMPLES = Path(__file__).parent.parent / "examples"
SHOP = """
[stack]
name = "Shop"
home = "DE"

[[item]]
id = "shop"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["pay"]

[[item]]
id = "pay"
  [[item.source]]
  provider = "stripe"
"""
OWN = SHOP.replace('"stripe"', '"self"')


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder, on a day of choice."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def command(*words: str, day: int = 1) -> Said:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1772366400 + (day - 1) * 86400))
        status = main(list(words))
        told = capsys.readouterr()
        return Said(status, told.out, told.err)

    return command


@pytest.fixture
def shop(run: Run, tmp_path: Path) -> Path:
    """A database with two revisions: of 1 March, with a foreign payment service, and of 2 March, with its own."""
    for day, text in ((1, SHOP), (2, OWN)):
        (tmp_path / "shop.toml").write_text(text, encoding="utf-8")
        said = run("scan", "shop.toml", "-o", "firm.db", "--by", f"Ann {day}", day=day)
        assert said.status == 0, said.err
    return tmp_path / "firm.db"


def level(said: Said) -> float:
    assert said.status == 0, said.err
    return float(json.loads(said.out)["mission"]["low"][0])


CUT = ("--foreign", "--days", "0", "--format", "json")


def test_a_database_is_a_stack_with_every_verb(run: Run, shop: Path) -> None:
    for verb in ("check", "show", "assess", "gaps", "restart"):
        assert run(verb, str(shop)).status == 0
    assert level(run("cutoff", str(shop), *CUT)) == 1.0
    assert run("why", str(shop), "shop", "--foreign").status == 0


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*/stack.toml")))
def test_an_example_in_a_database_gives_the_same_answer(name: str, run: Run) -> None:
    said = run("scan", str(EXAMPLES / name), "-o", "one.db")
    assert said.status == 0, said.err
    assert work.load("one.db").stack == work.load(EXAMPLES / name).stack
    both = [run("cutoff", path, *CUT).out for path in (str(EXAMPLES / name), "one.db")]
    assert both[0] == both[1]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("1", 0.0), ("2", 1.0), ("2026-03-01", 0.0), ("2026-03-02", 1.0), ("2026-03-02T11:59", 0.0),
        ("2026-03-02T12:00:00+00:00", 1.0), ("2026-03-02T13:00+02:00", 0.0), ("2030-01-01", 1.0),
    ],
)  # fmt: skip
def test_any_earlier_state_can_be_asked(at: str, expected: float, run: Run, shop: Path) -> None:
    assert level(run("cutoff", str(shop), "--at", at, *CUT)) == expected
    stack = freehold.read(str(shop), at=at)
    assert freehold.cutoff(stack, freehold.Cutoff((freehold.Rule(foreign=True),))).mission.low[0] == expected


@pytest.mark.parametrize("at", ["0", "3", "yesterday", "2026-02-28", "2026-13-01", "", "-1", "9" * 30])
def test_a_state_that_is_not_there_is_told(at: str, run: Run, shop: Path) -> None:
    said = run("check", str(shop), f"--at={at}")
    assert said.status == 2
    assert "--at" in said.err or "freehold history" in said.err


def test_storing_says_what_changed_and_the_same_content_stores_nothing(run: Run, shop: Path) -> None:
    said = run("scan", "shop.toml", "-o", str(shop))
    assert "holds this state of 'Shop' already, as revision 2" in said.err
    Path("shop.toml").write_text(OWN.replace("mission = 1.0", "mission = 2.0"), encoding="utf-8")
    said = run("scan", "shop.toml", "-o", str(shop))
    assert said.err.endswith("stored 'Shop' in " + str(shop) + " as revision 3: items: 1 changed\n")
    assert said.out == ""


def test_history_as_json_lists_every_revision_and_cell(run: Run, shop: Path) -> None:
    told = json.loads(run("history", str(shop), "--format", "json").out)
    assert (told["verb"], told["name"], told["stack"]["items"]) == ("history", "Shop", 2)
    first, second = told["revisions"]
    assert (first["number"], first["made_at"], first["by"], first["changes"]) == (1, "2026-03-01T12:00:00Z", "Ann 1", [])
    assert second["takes_back"] is None
    changes = {(row["table"], row["id"], row["change"]) for row in second["changes"]}
    assert ("sources", "pay@stripe", "removed") in changes
    assert ("sources", "pay@self", "added") in changes
    only = json.loads(run("history", str(shop), "--at", "2026-03-01", "--format", "json").out)
    assert only["revisions"] == [first]


def test_undo_makes_a_revision_and_can_be_undone(run: Run, shop: Path) -> None:
    said = run("history", str(shop), "--undo", "--by", "Ben", "--note", "not yet", day=3)
    assert said.err == "freehold: revision 2 of 'Shop' is taken back: revision 3 equals revision 1\n"
    assert level(run("cutoff", str(shop), *CUT)) == 0.0
    newest = json.loads(run("history", str(shop), "--format", "json").out)["revisions"][-1]
    assert (newest["by"], newest["note"], newest["takes_back"]) == ("Ben", "not yet", 2)
    assert run("history", str(shop), "--undo").status == 0
    assert level(run("cutoff", str(shop), *CUT)) == 1.0
    assert run("scan", str(shop), "--at", "1", "-o", str(shop), "--note", "as before").status == 0
    assert level(run("cutoff", str(shop), *CUT)) == 0.0
    assert len(json.loads(run("history", str(shop), "--format", "json").out)["revisions"]) == 5


def test_nobody_is_named_who_does_not_say_so(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "somebody")
    run("history", str(shop), "--undo")
    assert json.loads(run("history", str(shop), "--format", "json").out)["revisions"][-1]["by"] is None
    assert b"somebody" not in shop.read_bytes()


def test_of_several_stacks_one_is_chosen(run: Run, shop: Path) -> None:
    assert run("scan", "shop.toml", "-o", str(shop), "--stack", "Copy").status == 0
    said = run("check", str(shop))
    assert said.status == 2
    assert "holds 2 stacks: Copy, Shop. Choose one with --stack NAME" in said.err
    said = run("check", str(shop), "--stack", "Shop", "--at", "1")
    assert said.status == 0
    assert "firm.db --stack Shop --at 1 --" in said.out.replace("\n", " ")
    assert len(json.loads(run("history", str(shop), "--stack", "Copy", "--format", "json").out)["revisions"]) == 1
    said = run("check", str(shop), "--stack", "Shpo")
    assert said.status == 2
    assert "Did you mean 'Shop'" in said.err
    assert freehold.read(str(shop), stack="Copy").name == "Shop"


def test_a_stack_can_be_taken_from_one_database_to_another(run: Run, shop: Path) -> None:
    assert run("scan", str(shop), "--at", "1", "-o", "other.db").status == 0
    assert run("scan", str(shop), "-o", "other.sqlite3").status == 0
    assert level(run("cutoff", "other.db", *CUT)) == 0.0
    assert level(run("cutoff", "other.sqlite3", *CUT)) == 1.0


def test_a_project_is_scanned_into_a_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "requirements.txt").write_text("numpy\n", encoding="utf-8")
    assert run("scan", "project", "--home", "DE", "-o", "firm.db").status == 0
    (tmp_path / "project" / "requirements.txt").write_text("numpy\nrequests\n", encoding="utf-8")
    assert run("scan", "project", "--home", "DE", "-o", "firm.db").status == 0
    changes = json.loads(run("history", "firm.db", "--format", "json").out)["revisions"][1]["changes"]
    assert ("items", "pkg:pypi/requests", "added") in {(row["table"], row["id"], row["change"]) for row in changes}
    first = json.loads(run("check", "project", "--home", "DE", "--format", "json").out)
    again = json.loads(run("check", "firm.db", "--format", "json").out)
    for key in ("self_reliance", "change", "face_value", "content", "layers", "controllers", "coverage"):
        assert again[key] == first[key], key


def test_an_answer_never_replaces_a_database(run: Run, shop: Path) -> None:
    before = shop.read_bytes()
    for words in (
        ("check", "shop.toml"), ("history", str(shop)), ("scan", "shop.toml", "--format", "csv"), ("template",),
        ("catalogue", "search", "nvidia"),
    ):  # fmt: skip
        said = run(*words, "-o", str(shop))
        assert said.status == 2, words
    assert shop.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "shop.toml", "--stack", "Shop"), "--stack chooses within a Freehold database"),
        (("check", "shop.toml", "--at", "1"), "--at chooses within a Freehold database"),
        (("scan", "shop.toml", "--by", "Ann"), "Name one: -o firm.db"),
        (("history", "firm.db", "--by", "Ann"), "Add --undo"),
        (("history", "firm.db", "--undo", "--at", "1"), "Leave one of them out"),
        (("history", "shop.toml"), "is not a Freehold database"),
        (("history", "nowhere.db"), "is not there"),
        (("history", "nowhere.db", "--undo"), "is not there"),
        (("scan", "shop.toml", "-o", "nowhere/firm.db"), "cannot be used"),
        (("scan", "shop.toml", "-o", "folder.db"), "is not a Freehold database"),
        (("scan", "shop.toml", "-o", "other.db"), "is not a Freehold database"),
        (("scan", "shop.toml", "-o", "firm.db", "--note", "a\nb"), "holds a control character"),
        (("scan", "shop.toml", "-o", "nowhere.db", "--note", "a" * 2001), "has 2001 characters"),
        (("check", "other.db"), "is of no known sort"),
    ],
)
def test_what_makes_no_sense_is_told_with_the_mend(words: tuple[str, ...], told: str, run: Run, shop: Path) -> None:
    Path("folder.db").mkdir()
    Path("other.db").write_bytes(b"SQLite format 3\x00" + bytes(200))
    said = run(*words)
    assert said.status == 2
    assert told in said.err
    assert not Path("nowhere.db").exists()
    assert is_database(shop)


def test_a_clock_that_is_none_is_told(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "noon")
    assert main(["history", str(shop), "--undo"]) == 2
    assert "SOURCE_DATE_EPOCH: 'noon' is no number" in capsys.readouterr().err


def test_a_page_of_a_stored_stack_is_kept_and_changes_with_the_stack(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("check", str(shop))
    with monkeypatch.context() as patch:
        patch.setattr("freehold.cli.commands._page", lambda *_: pytest.fail("it was computed again"))
        assert run("check", str(shop)) == first
    run("history", str(shop), "--undo")
    assert run("check", str(shop)).out != first.out
    assert run("check", str(shop), "--at", "2").out != first.out


def test_a_page_of_a_stack_file_is_kept_by_its_content(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop.toml").write_text(SHOP, encoding="utf-8")
    first = run("check", "shop.toml")
    (tmp_path / "shop.toml").write_text("# the same stack\n" + SHOP, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr("freehold.cli.commands._page", lambda *_: pytest.fail("it was computed again"))
        assert run("check", "shop.toml") == first
    assert run("check", "shop.toml", "--no-cache") == first
    assert run("check", "shop.toml", "--home", "US").out != first.out
    (tmp_path / "shop.toml").write_text(OWN, encoding="utf-8")
    assert run("check", "shop.toml").out != first.out


def test_a_stored_stack_that_is_unsound_is_refused_as_any_file_is(run: Run, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from freehold.stack.values import Item, Need, Source, Stack
    from freehold.store.interface import WORKSPACE
    from freehold.store.sqlite import open_sqlite

    wrong = {
        "twice": Stack(items=(Item("a"), Item("a"))),
        "dangling": Stack(items=(Item("a"),), sources=(Source("s", "b"),), needs=(Need("x", "y"),)),
        "negative": Stack(items=(Item("a", mission=-1.0),)),
        "nowhere": Stack(home="XX"),
        "command": Stack("a\x1b[31mb", items=(Item("a"),)),
    }
    with open_sqlite(tmp_path / "wrong.db", clock=lambda: datetime(2026, 3, 1, tzinfo=UTC), write=True) as store:
        for name, stack in wrong.items():
            store.put(WORKSPACE, name, stack)
    for name in wrong:
        said = run("check", "wrong.db", "--stack", name)
        assert said.status == 2
        assert "error in the stack" in said.err or "errors in the stack" in said.err
        assert "\x1b" not in said.err
        assert run("history", "wrong.db", "--stack", name).status == 0
