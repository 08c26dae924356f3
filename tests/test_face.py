"""The Python face: its names, when they are loaded, and that it answers as the command line does."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import freehold

ROOT = Path(__file__).parent.parent
CLINIC = ROOT / "examples" / "clinic"


def python(script: str) -> str:
    """What a script prints in a process of its own."""
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return made.stdout


def is_ours(thing: object) -> bool:
    """Whether a member is no module, and comes from this program."""
    return not inspect.ismodule(thing) and str(getattr(thing, "__module__", "")).startswith("freehold")


def test_the_public_members_are_those_listed_and_in_order() -> None:
    members = [name for name in dir(freehold) if not name.startswith("_") and is_ours(getattr(freehold, name))]
    assert sorted(members) == sorted(freehold.__all__)
    assert freehold.__all__ == sorted(freehold.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))


def test_every_name_listed_is_there_and_no_other_is() -> None:
    for name in freehold.__all__:
        assert getattr(freehold, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'frehold'"):
        _ = freehold.frehold


def test_importing_the_package_loads_no_room_and_no_numpy() -> None:
    script = "import sys, freehold; print(*sorted(m for m in sys.modules if m.startswith(('freehold.', 'numpy', 'rich'))))"
    assert set(python(script).split()) <= {"freehold.version"}


def test_asking_for_an_error_loads_no_numpy() -> None:
    script = "import sys, freehold; freehold.FreeholdError, freehold.Stack, freehold.Rule; print('numpy' in sys.modules)"
    assert python(script) == "False\n"


def test_building_the_parser_loads_no_numpy() -> None:
    script = "import sys; from freehold.cli.parser import build_parser; build_parser(); print('numpy' in sys.modules)"
    assert python(script) == "False\n"


def test_importing_the_room_of_readers_leaves_the_function_of_that_name() -> None:
    importlib.import_module("freehold.read.select")
    assert inspect.isfunction(freehold.read)


@pytest.fixture
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but the defaults."""
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    from freehold.cli import main

    assert main([*arguments, "--format", "json"]) == 0
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


@pytest.mark.usefixtures("quiet")
def test_a_cut_off_gives_the_same_in_python_and_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    told = answered(capsys, "cutoff", str(CLINIC), "--country", "US", "--days", "0,14,60")
    answer = freehold.cutoff(freehold.read(str(CLINIC)), freehold.Cutoff((freehold.Rule(country="US"),)), days=(0, 14, 60))
    assert told["days"] == list(answer.days)
    assert told["mission"] == {"low": pytest.approx(answer.mission.low), "high": pytest.approx(answer.mission.high)}
    items = told["items"]
    assert isinstance(items, list)
    assert [(one["id"], one["stops_low"], one["stops_high"]) for one in items] == [
        (one.id, one.stops_low, one.stops_high) for one in answer.items
    ]


@pytest.mark.usefixtures("quiet")
def test_an_assessment_gives_the_same_in_python_and_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    told = answered(capsys, "assess", str(CLINIC))
    answer = freehold.assess(freehold.read(str(CLINIC)))
    for name in ("face_value", "content", "hidden_exposure"):
        low, high = getattr(answer.content, name).low, getattr(answer.content, name).high
        assert told[name] == {"low": pytest.approx(low), "high": pytest.approx(high)}
    assert told["unknowns"] == answer.unknowns


@pytest.mark.usefixtures("quiet")
def test_home_and_trusted_can_be_given_where_a_stack_is_read() -> None:
    stack = freehold.read(str(CLINIC), home="FR", trusted=("DE", "EU"))
    assert (stack.home, stack.trusted) == ("FR", ("DE", "EU"))


def test_options_and_goals_load_no_solver() -> None:
    script = """import sys, freehold
freehold.read_options, freehold.options_of, freehold.Goal, freehold.LossAim, freehold.Option, freehold.PlanAnswer
print(sorted({"highspy", "ortools"} & set(sys.modules)))"""
    assert python(script) == "[]\n"


@pytest.mark.usefixtures("quiet")
def test_the_guides_example_of_a_plan_says_what_the_command_line_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("highspy")
    pytest.importorskip("ortools")
    monkeypatch.chdir(ROOT)
    guide = (ROOT / "docs" / "guides" / "plan.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"(?ms)^```python\n(.*?)^```$", guide)
    told = answered(
        capsys, "plan", "examples/clinic", "--options", "examples/clinic/options.toml", "--reliance", "0.6", "--day", "7,365",
        "--start", "2027-01-01", "--years", "3", "--no-catalogue",
    )  # fmt: skip
    steps = told["steps"]
    assert isinstance(steps, list)
    rows = [f"{step['option']} {step['cost']}" for step in steps]
    assert python(example).splitlines() == [*rows, f"{told['cost']} EUR True"]
