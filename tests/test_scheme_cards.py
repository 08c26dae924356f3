"""The two published cards of the EU framework, through the command line: score, level, objectives, both sets of weights.

Published by a third party (csf.hop3.abilian.com). Its cards add points that are rounded to whole numbers, which its pages show
("63/125"); ours are exact. Both are held: ours to the decimal where rounding does not reach it, and, by a scheme with whole
points, every objective's percent as published.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, Final

import pytest

from freehold.cli import main

DATA: Final = Path(__file__).parent / "data" / "schemes"
SHIPPED: Final = Path(__file__).parent.parent / "src" / "freehold" / "schemes" / "data"
SHARED: Final = Path(__file__).parent.parent.parent / "shared" / "data" / "frameworks" / "eu-csf-calculator-2026.json"

# score, unweighted, level, score by the weights of 1.2.1 (recomputed from the published percents, to a decimal)
CARDS: Final = {"clever-cloud": (80.4, 78.9, 3, 77.9), "safespring": (78.0, 77.8, 1, 75.7)}
LEVELS: Final = {"clever-cloud": [4, 4, 3, 3, 3, 3, 3, 3], "safespring": [4, 4, 1, 3, 2, 3, 1, 2]}
PERCENTS: Final = {
    "clever-cloud": [89.6, 95.8, 80.0, 79.0, 60.7, 75.0, 82.0, 68.9],
    "safespring": [85.5, 95.8, 80.0, 83.2, 53.7, 75.0, 67.8, 81.3],
}
# added up by hand from the options' points, of 1000.03, 1002, 1000, 1002, 1001, 1000, 1001, 1000
POINTS: Final = {
    "clever-cloud": [895.52, 960.25, 800, 793.25, 607.75, 750, 822.25, 687.5],
    "safespring": [854.19, 960.25, 800, 835, 536.25, 750, 679.25, 812.5],
}
MOST: Final = [1000.03, 1002, 1000, 1002, 1001, 1000, 1001, 1000]
WEIGHTS: Final = {"eu-csf-2026": [20, 10, 10, 15, 10, 15, 15, 5], "eu-csf-1.2.1": [15, 10, 10, 15, 20, 15, 10, 5]}

STACK: Final = '[stack]\nhome = "FR"\ntrusted = ["EU"]\n[[item]]\nid = "a"\nmission = 1\n[[item.source]]\nprovider = "self"\n'


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "stack.toml"
    path.write_text(STACK, encoding="utf-8")
    return str(path)


def scored(capsys: pytest.CaptureFixture[str], stack: str, card: str, *flags: str) -> dict[str, Any]:
    answers = str(DATA / f"{card}.toml")
    assert main(["schemes", "score", stack, "--answers", answers, *flags, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("card", CARDS)
def test_a_published_card_comes_out_to_the_decimal(card: str, stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = scored(capsys, stack, card, "--scheme", "eu-csf-2026", "--scheme", "eu-csf-1.2.1")
    score, unweighted, level, old = CARDS[card]
    assert round(data["score"], 1) == score
    assert data["score_range"] == {"low": data["score"], "high": data["score"]}
    assert round(data["unweighted"], 1) == unweighted
    assert (data["level"], data["level_range"]) == (level, {"low": level, "high": level})
    assert [one["level"] for one in data["objectives"]] == LEVELS[card]
    assert data["answered"] == {"stack": 0, "person": 48, "unanswered": 0}
    assert round(data["schemes"][1]["score"], 1) == old
    assert round(data["schemes"][1]["unweighted"], 1) == unweighted
    assert data["schemes"][1]["level"] == level


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("scheme", WEIGHTS)
@pytest.mark.parametrize("divisor", [None, 1000])
def test_objectives_are_their_points_over_their_greatest_sum_or_over_the_divisor(
    card: str, scheme: str, divisor: int | None, stack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [] if divisor is None else ["--divisor", str(divisor)]
    data = scored(capsys, stack, card, "--scheme", scheme, *flags)
    percents = [100 * points / (divisor or most) for points, most in zip(POINTS[card], MOST, strict=True)]
    assert [one["percent"] for one in data["objectives"]] == pytest.approx(percents, abs=1e-9)
    weighted = [weight * percent / 100 for weight, percent in zip(WEIGHTS[scheme], percents, strict=True)]
    assert data["score"] == pytest.approx(math.fsum(weighted), abs=1e-9)
    assert data["unweighted"] == pytest.approx(math.fsum(percents) / 8, abs=1e-9)
    assert data["divisor"] == divisor
    assert data["level"] == CARDS[card][2]


@pytest.mark.parametrize("card", CARDS)
def test_with_whole_points_every_objective_is_as_the_card_prints_it(
    card: str, stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    factors = (SHIPPED / "eu-csf-factors.toml").read_text(encoding="utf-8")
    whole = re.sub(r"points = ([0-9.]+)", lambda found: f"points = {math.floor(float(found[1]) + 0.5)}", factors)
    (tmp_path / "whole-factors.toml").write_text(whole, encoding="utf-8")
    text = (SHIPPED / "eu-csf-2026.toml").read_text(encoding="utf-8")
    text = text.replace("eu-csf-factors.toml", "whole-factors.toml").replace('id = "eu-csf-2026"', 'id = "whole"')
    own = tmp_path / "whole.toml"
    own.write_text(text, encoding="utf-8")
    data = scored(capsys, stack, card, "--scheme", str(own))
    assert [f"{one['percent']:.1f}" for one in data["objectives"]] == [f"{percent:.1f}" for percent in PERCENTS[card]]
    assert [one["level"] for one in data["objectives"]] == LEVELS[card]
    assert f"{data['score']:.1f} {data['unweighted']:.1f}" == "{:.1f} {:.1f}".format(*CARDS[card][:2])


def test_a_high_score_with_a_low_level_cannot_be_misread(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemes", "score", stack, "--scheme", "eu-csf-2026", "--answers", str(DATA / "safespring.toml")]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "Level 1 of 4 (SEAL-1: jurisdictional); score 78.0 % (unweighted 77.8 %)." in page
    assert "a score of 78.0 % stands beside level 1." in page
    assert "What holds the level down: SOV-3.4, SOV-7.7." in page
    assert page.index("Level 1 of 4") < page.index("78.0 %")


@pytest.mark.skipif(not SHARED.is_file(), reason="the published numbers are not beside this copy")
def test_every_options_points_and_level_are_the_published_ones() -> None:
    from freehold.schemes.scheme_file import scheme

    published = json.loads(SHARED.read_text(encoding="utf-8"))
    for id_, key in (("eu-csf-2026", "weights_guidance_calculator_2026"), ("eu-csf-1.2.1", "weights_v1_2_1")):
        ours = scheme(id_)
        assert {one.id: one.weight for one in ours.objectives} == published[key]
        theirs = {
            factor["id"]: [(option["points"], option["seal"]) for option in factor["options"]]
            for objective in published["objectives"]
            for factor in objective["factors"]
        }
        factors = {factor.id: factor for objective in ours.objectives for factor in objective.factors}
        assert {id_: [(one.points, one.level) for one in factor.choices] for id_, factor in factors.items()} == theirs
        assert len(factors) == 48
