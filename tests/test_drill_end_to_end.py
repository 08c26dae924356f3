"""A command drilled for real in a world of its own: run without the cut and under it, split in steps, judged, recorded.

What was cut is asked of the canaries: they log each contact that truly arrived.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from drill_world import User, World, world

pytestmark = pytest.mark.slow

pytestmark = pytest.mark.slow

KEPT, CUT = "kept.test", "cut.test"
DRILL = """
import asyncio, json, os, sys
from datetime import UTC, datetime
from pathlib import Path
from freehold.drill.backends import backend
from freehold.drill.decision import CutHosts, CutNothing
from freehold.drill.journal import append, read
from freehold.drill.record import Drill
from freehold.drill.record_json import as_json
from freehold.drill.running import RunPlan, run
from freehold.drill.shapes import shape_from
from freehold.drill.verdict import judge

cuts, shape, backend_name, flags, *command = sys.argv[1:]
cutting = CutHosts(frozenset(cuts.split(",")))

async def both():
    runs = []
    for kind, decision in (("baseline", CutNothing()), ("cut", cutting)):
        plan = RunPlan(
            kind, tuple(command), os.getcwd(), dict(os.environ), steps="steps" in flags, cold="cold" in flags, stdout=2,
            known_steps=tuple(step.name for run in runs for step in run.steps), timeout=60,
        )
        runs.append(await run(backend(backend_name), decision, shape_from(shape), plan))
        print(kind, file=sys.stderr, flush=True)
    return runs

baseline, cut = asyncio.run(both())
verdict = judge(baseline, cut, cutting=cutting, selectors=["host"], shape=shape)
cut_by = {"hosts": cuts.split(",")}
drill = Drill(tuple(command), "home", "", "", cut_by, "host " + cuts, shape, backend_name, "0", "", baseline, cut, verdict)
record = append(drill, Path("drills"), datetime.now(UTC), home=os.environ["HOME"], environment=os.environ)
assert read(record.path) == record
print(json.dumps(as_json(record.drill)))
"""
FETCH = """\
import sys, urllib.request
print(urllib.request.urlopen("http://" + sys.argv[1] + "/x", timeout=20).read().decode())
"""
BUILD = """\
set -e
# step: prepare
python3 fetch.py kept.test > kept
# step: fetch
python3 fetch.py cut.test > got || cp "$PIP_FIND_LINKS/one.whl" got
# step: use
test -s got
"""


@pytest.fixture(scope="module")
def place() -> Iterator[World]:
    with world({KEPT: (), CUT: ()}) as made:
        home = made.folder / "home"
        for host in (KEPT, CUT):
            (made.pages / host).mkdir(parents=True, exist_ok=True)
            (made.pages / host / "x").write_text("content " * 100)
        (home / "wheels").mkdir()
        (home / "wheels/one.whl").write_text("x" * 800)
        (home / "fetch.py").write_text(FETCH)
        (home / "build.sh").write_text(BUILD)
        (home / "strict.sh").write_text(BUILD.replace(' || cp "$PIP_FIND_LINKS/one.whl" got', ""))
        for path in (home, *home.rglob("*")):
            path.chmod(0o777)
        yield made


def drilled(place: World, *arguments: str, user: User = "root", **settings: Any) -> dict[str, Any]:
    place.clear()
    done = place.python(DRILL, *arguments, user=user, env={"PIP_FIND_LINKS": "wheels"}, timeout=120, **settings)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("user", ["root", "ordinary"])
@pytest.mark.parametrize("shape", ["gone", "refused", "reset"])
def test_a_build_that_falls_back_to_a_folder_survives_by_it(shape: str, user: User, place: World) -> None:
    found = drilled(place, CUT, shape, "namespace", "steps", "sh", "build.sh", user=user)
    assert found["verdict"]["name"] == "survived", found["verdict"]
    assert [one["what"] for one in found["verdict"]["fallbacks"]] == ["./wheels"]
    assert [(step["name"], step["outcome"]) for step in found["run"]["steps"]] == [
        ("prepare", "passed"), ("fetch", "passed"), ("use", "passed"),
    ]  # fmt: skip
    assert found["run"]["steps"][1]["first_refused"].startswith(CUT)
    # the run without a cut came there; the one under it did not
    assert len(place.canary(CUT)) == 1
    assert len(place.canary(KEPT)) == 2


@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_a_build_without_a_fallback_fails_in_the_step_that_fetches(user: User, place: World) -> None:
    found = drilled(place, CUT, "refused", "namespace", "steps cold", "sh", "strict.sh", user=user)
    verdict, steps = found["verdict"], found["run"]["steps"]
    assert (verdict["name"], verdict["failed_step"]) == ("failed", "fetch")
    assert [step["outcome"] for step in steps] == ["passed", "failed", "skipped"]
    assert steps[1]["first_refused"] == f"{CUT}:80"
    assert 0 <= verdict["seconds_to_failure"] <= steps[1]["seconds"]
    assert found["run"]["cold"]
    assert len(place.canary(CUT)) == 1


def test_a_file_that_the_command_names_is_what_served(place: World) -> None:
    kept = place.folder / "home/copies/six.py"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("six = 6")
    script = f"rm -rf got; mkdir got; python3 fetch.py {CUT} > got/new || cp copies/six.py got/"
    found = drilled(place, CUT, "refused", "namespace", "", "sh", "-c", script)
    assert found["verdict"]["name"] == "survived"
    assert [(one["what"], one["detail"]) for one in found["verdict"]["fallbacks"]] == [
        ("copies/six.py", "a file read under the cut only")
    ]
    assert found["baseline"]["files"]["written"] == ["got/new"]
    assert found["run"]["files"]["written"] == ["got/six.py"]


def test_a_folder_that_an_option_names_is_what_served(place: World) -> None:
    house = place.folder / "home/house"
    house.mkdir(exist_ok=True)
    (house / "six-1.0.whl").write_text("x")
    script = f"python3 fetch.py {CUT} > wheel || cat house/*.whl > wheel # as install --find-links=house does"
    found = drilled(place, CUT, "gone", "namespace", "", "sh", "-c", script)
    assert found["verdict"]["fallbacks"] == [
        {"kind": "local", "what": "./house", "detail": "wheel folder (find-links), 1 files read under the cut only"}
    ]


def test_an_optional_part_that_is_left_out_is_less(place: World) -> None:
    script = f"rm -rf got; mkdir got; python3 fetch.py {CUT} > got/new && echo built || true; echo done"
    found = drilled(place, CUT, "gone", "namespace", "", "sh", "-c", script)
    assert found["verdict"]["name"] == "degraded", found["verdict"]
    assert found["verdict"]["reasons"][0] == "with less: 0 files written in the working folder instead of 1; missing: got/new"


def test_a_download_that_the_run_without_the_cut_left_is_what_served(place: World) -> None:
    script = f"mkdir -p left; python3 fetch.py {CUT} > fetched && cp fetched left/page || cat left/page"
    found = drilled(place, CUT, "gone", "namespace", "", "sh", "-c", script)
    assert found["verdict"]["name"] == "survived"
    assert found["verdict"]["reasons"][1:2] == [
        "the cut run read left/page, which the run without the cut had written: start the command by removing it"
    ]
    assert found["verdict"]["fallbacks"] == []


def test_a_host_that_nothing_contacts_leaves_the_command_untouched(place: World) -> None:
    found = drilled(place, "other.test", "gone", "namespace", "", "python3", "fetch.py", KEPT)
    assert found["verdict"]["name"] == "untouched"
    assert len(place.canary(KEPT)) == 2
    assert found["run"]["output_lines"] == -1


def test_a_goal_of_a_makefile_is_read_where_nothing_can_be_reached(place: World) -> None:
    makefile = f"GOT := $(shell python3 fetch.py {CUT})\nall: one two\none:\n\t@echo one\ntwo: one\n\t@python3 fetch.py {CUT}\n"
    (place.folder / "home/Makefile").write_text(makefile)
    found = drilled(place, CUT, "gone", "namespace", "steps", "make", "all")
    assert found["verdict"]["name"] == "failed"
    assert [(step["name"], step["outcome"]) for step in found["run"]["steps"]] == [
        ("one", "passed"), ("two", "failed"), ("all", "skipped"),
    ]  # fmt: skip
    # once while it is read and once by its recipe, in the run without a cut; being asked for its goals reached nothing
    assert len(place.canary(CUT)) == 2


def test_nothing_is_left_in_the_world(place: World) -> None:
    assert not list((place.folder / "tmp").glob("freehold-drill-*"))
