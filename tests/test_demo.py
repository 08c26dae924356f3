"""The morning that the demo plays: every step of it, end to end, with real processes over loopback."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from freehold.demo.morning import STEPS
from freehold.demo.play import play, played
from freehold.demo.programs import NotHappenedError, Program, free_ports, until
from freehold.demo.scenery import BRISK, build
from freehold.demo.transcript import Transcript
from freehold.errors import UsageError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path, list[str]]:
    """One morning, played to its end."""
    folder, lines = tmp_path_factory.mktemp("clinic") / "out", []
    return play(folder, lines.append, BRISK), folder, lines


def test_the_morning_plays_to_its_end(morning: tuple[int, Path, list[str]]) -> None:
    status, _, lines = morning
    assert status == 0, "\n".join(lines)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("opens", "speaks OpenAI's published protocol from recorded streams"),
        ("works", "a rule says that they stay at home"),
        ("dies", "rented -> own"),
        ("dies", "the breaker was open after"),
        ("warns", "the desk warned"),
        ("warns", "2 stop, first Language model at once"),
        ("fails_over", "anna decides: declare"),
        ("fails_over", "the playbook sends everything to the own model"),
        ("fails_over", "without trying the dead one first"),
        ("comes_back", "in the steps 10 %, 25 %, 50 %, 100 %"),
        ("runs_away", "asked for search_records with the same arguments 8 times"),
        ("runs_away", "s after the warning, in its round"),
        ("is_cut_off", "once it was taken out"),
        ("proves", "evidence-gateway.jsonl verifies"),
        ("proves", "evidence-desk.jsonl verifies"),
        ("proves", "in a copy of evidence-gateway.jsonl"),
        ("proves", "in a copy of evidence-desk.jsonl"),
        ("proves", "all that was acknowledged is there"),
        ("compares", "1 happened as predicted"),
        ("compares", "'language-model' was predicted to stop and stood"),
    ],
)
def test_each_step_says_what_happened(morning: tuple[int, Path, list[str]], step: str, says: str) -> None:
    _, folder, lines = morning
    assert step in STEPS
    assert sum(says in line for line in lines) == 1
    assert says in (folder / "transcript.txt").read_text(encoding="utf-8")


def test_it_leaves_its_figures_and_no_key_of_its_own_in_logs_or_evidence(morning: tuple[int, Path, list[str]]) -> None:
    _, folder, _ = morning
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    assert figures["ramp"] == [10, 25, 50, 100]
    assert figures.keys() >= {"first_fallback_seconds", "warned_seconds", "runaway_stopped_seconds", "stop_by_file_seconds"}
    keys = [path.read_text(encoding="ascii").strip().encode() for path in (folder / "keys").iterdir()]
    assert len(keys) == 4
    said = [*_files(folder / "logs"), *_files(folder / "gateway"), *_files(folder / "desk"), folder / "transcript.txt"]
    for path in said:
        assert not any(key in path.read_bytes() for key in keys), path


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="is not empty"):
        play(tmp_path, print)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(UsageError, match="cannot be made"):
        build(tmp_path / "mine" / "in-a-file")


def test_a_step_that_does_not_happen_fails_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: object) -> None:
        raise NotHappenedError("the sun rises: it did not happen.")

    monkeypatch.setattr("freehold.demo.play.STEPS", {"works": never})
    lines: list[str] = []
    assert play(tmp_path / "out", lines.append, BRISK) == 3
    assert lines[-1].endswith("the sun rises: it did not happen.")


def test_a_program_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    program = Program("broken", ("-c", "print('no such thing')"), tmp_path, f"http://127.0.0.1:{port}/")
    with pytest.raises(NotHappenedError, match="no such thing"):
        asyncio.run(program.start())
    assert not program.is_running


def test_what_does_not_come_in_time_is_told() -> None:
    with pytest.raises(NotHappenedError, match=r"it rains within 0\.05 s: it did not happen"):
        asyncio.run(until("it rains", 0.05, lambda: False))


def test_a_transcript_has_a_time_in_each_line(tmp_path: Path) -> None:
    now = [100.0]
    said: list[str] = []
    with Transcript(tmp_path / "t.txt", said.append, lambda: now[0]) as transcript:
        now[0] = 103.25
        transcript.say("back")
    assert said == ["   3.25 s  the provider serves again; its traffic returns in steps, each only if the one before has held"]


def test_nothing_is_left_running_when_a_morning_is_cut_off(tmp_path: Path) -> None:
    async def main() -> None:
        seen = []

        async def cut(name: str, morning: object) -> None:
            seen.append(morning)
            if name == "works":
                task.cancel()

        task = asyncio.ensure_future(played(tmp_path / "out", lambda _: None, BRISK, between=cut))
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [program.is_running for program in seen[0].clinic.programs] == [False] * 4  # type: ignore[attr-defined]

    asyncio.run(main())
