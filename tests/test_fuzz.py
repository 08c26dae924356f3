"""Damaged files: each reader gets some of them here, ``python -m benchmarks fuzz`` gives it as many as one likes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.__main__ import main  # noqa: E402
from benchmarks.fuzz import fuzz  # noqa: E402
from benchmarks.fuzz_targets import TARGETS, Target, put_around, scan_folder, seeds_of  # noqa: E402
from benchmarks.generate_sbom import FORMS, write_sbom  # noqa: E402
from benchmarks.mutate import LARGEST, mutate  # noqa: E402

from freehold.errors import Unreadable  # noqa: E402
from freehold.read.select import select_reader  # noqa: E402


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_damaged_file_crashes_a_reader(target: Target, tmp_path: Path) -> None:
    told = fuzz(target, 120, 7, tmp_path, tmp_path / "no data")
    assert told.crashes == {}
    assert told.count == 120
    # files with sums of their own, and stacks with many rules, are nearly all refused once they are damaged
    assert told.outcomes["read"] > 5


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_seed_is_read_as_it_stands(target: Target, tmp_path: Path) -> None:
    for seed in seeds_of(target, tmp_path):
        put_around(target, tmp_path)
        (tmp_path / target.file).write_bytes(seed)
        target.run(tmp_path / target.file)


def test_damage_is_drawn_by_seed_and_is_damage() -> None:
    seed = json.dumps(FORMS["spdx"](3, 1)).encode()
    first, second = ([mutate(seed, [seed], Random(f"{one}")) for one in range(60)] for _ in range(2))
    assert first == second
    assert len(set(first)) > 50
    assert max(map(len, first)) <= LARGEST


def test_a_crash_is_told_kept_and_ends_with_status_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(path: Path) -> None:
        data = path.read_bytes()
        if b"a" not in data:
            raise KeyError("no a")
        if len(data) % 2:
            raise Unreadable("odd")

    target = Target("breaks", "x.txt", lambda: ["a", "bb"], run=breaks)
    told = fuzz(target, 200, 1, tmp_path, tmp_path, lambda _: None)
    assert not told.sound
    ((place, (words, number)),) = told.crashes.items()
    assert place.startswith("KeyError in test_fuzz.py:")
    assert words == "'no a'"
    assert b"a" not in (tmp_path / "fuzz" / "breaks" / f"{number}-x.txt").read_bytes()
    assert told.outcomes["Unreadable"] > 0
    monkeypatch.setattr("benchmarks.__main__.TARGETS", (target,))
    assert main(["fuzz", "--count", "50", "--scratch", str(tmp_path), "--data", str(tmp_path)]) == 1


def test_a_reader_of_folders_is_a_line(tmp_path: Path) -> None:
    target = Target("requirements", "requirements.txt", lambda: ["requests==2.32.3\nopenai==1.59.3\n"], run=scan_folder)
    told = fuzz(target, 40, 1, tmp_path, tmp_path)
    assert told.crashes == {}
    assert told.outcomes["read"] > 5


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_generated_sbom_is_what_it_says(form: str, tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    write_sbom(path, form, 300, 4)
    first = path.read_bytes()
    path.unlink()
    write_sbom(path, form, 300, 4)
    assert path.read_bytes() == first
    inventory = select_reader(path).read(path)
    assert len(inventory.components) == 300
    assert sum(one.direct for one in inventory.components) == 6
    assert all(one.id.startswith("pkg:") and one.licence and one.registry and one.repository for one in inventory.components)
    assert inventory.skips == ()
