"""Answers kept between runs: they save time, and whatever becomes of them, an answer is the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from freehold.stack.inventory import Inventory
from freehold.store import cache
from freehold.store.cache import cache_file, keep_answer, kept_answer, key_of
from freehold.store.readings import cached_reading

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_what_is_kept_is_given_again() -> None:
    assert kept_answer("key") is None
    keep_answer("key", "text €")
    assert kept_answer("key") == "text €"
    assert kept_answer("other") is None


def test_a_key_depends_on_the_content_the_question_and_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of("content", "page", ("US",))
    assert key_of("content", "page", ("US",)) == key
    assert key_of("other", "page", ("US",)) != key
    assert key_of("content", "page", ("CN",)) != key
    assert key_of("content", "page", "('US',)") != key
    monkeypatch.setattr(cache, "_program", lambda: "another")
    assert key_of("content", "page", ("US",)) != key


def test_a_key_may_be_made_of_any_name() -> None:
    assert len(key_of("\udcff", "\udcff")) == 64


def noise(file: Path) -> None:
    file.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 40)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def holes(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[2048:] = bytes(len(data) - 2048)
    file.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "noise": noise,
    "cut short": cut,
    "holes": holes,
    "text": lambda file: file.write_text("no database"),
    "empty": lambda file: file.write_bytes(b""),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_cache_is_as_none_and_begun_anew(name: str) -> None:
    keep_answer("key", "text")
    DAMAGE[name](cache_file())
    assert kept_answer("key") in (None, "text")
    keep_answer("key", "again")
    keep_answer("key", "again")
    assert kept_answer("key") == "again"


def test_a_cache_that_cannot_be_is_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for place in (str(tmp_path / "file"), "/proc/nowhere", str(tmp_path / ("x" * 300))):
        monkeypatch.setattr(cache, "cache_file", lambda place=place: Path(place) / "freehold" / "answers.db")
        keep_answer("key", "text")
        assert kept_answer("key") is None


def test_a_folder_in_the_place_of_the_cache_is_left_alone() -> None:
    cache_file().mkdir(parents=True)
    keep_answer("key", "text")
    assert kept_answer("key") is None
    assert cache_file().is_dir()


def test_a_damaged_reading_is_read_anew(tmp_path: Path) -> None:
    made: list[Path] = []

    def read(path: Path) -> Inventory:
        made.append(path)
        return Inventory("thing", "reader")

    assert cached_reading(tmp_path, "content", read) == (Inventory("thing", "reader"), False)
    assert cached_reading(tmp_path, "content", read) == (Inventory("thing", "reader"), True)
    for damaged in ("{", "[]", "{}", "[" * 100_000, '{"components": 5}'):
        keep_answer(key_of("content", "inventory", str(tmp_path.resolve())), damaged)
        assert cached_reading(tmp_path, "content", read) == (Inventory("thing", "reader"), False)
    assert len(made) == 6


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
from freehold.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_without_room_for_a_cache_the_answer_is_the_same(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_text("numpy\nrequests\n", encoding="utf-8")
    said = [
        subprocess.run(
            [sys.executable, *command, "check", str(project)], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "XDG_CACHE_HOME": str(tmp_path / name)},
        )
        for name, command in (("full", ["-c", LIMITED]), ("full", ["-c", LIMITED]), ("free", ["-m", "freehold"]))
    ]  # fmt: skip
    assert [one.returncode for one in said] == [0, 0, 0], said[0].stderr
    assert said[0].stdout == said[1].stdout == said[2].stdout
    assert said[0].stderr == said[2].stderr
    assert list((tmp_path / "full" / "freehold").iterdir()) == []
    assert len(list((tmp_path / "free" / "freehold").iterdir())) == 1
