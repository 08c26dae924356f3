"""The stream of alerts that Alertmanager 0.25 was played: the core tells the same, but where it is said to differ.

What Alertmanager told is recorded in ``benchmarks/alert_told.json`` by ``python -m benchmarks.alert_compare --record``.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

from alert_desk import Desk, alert, silence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.alert_compare import RECORD, Told, written
from benchmarks.alert_stream import CASES, CONFIGURATION, RESTART, Case, Step

from freehold.watch.alertmanager_file import import_routes
from freehold.watch.receivers.opening import channels_of
from freehold.watch.routes import load_routes

ROUTING = import_routes(CONFIGURATION.format(address="http://127.0.0.1:9/"))
TOLD: dict[str, list[str]] = json.loads(RECORD.read_text(encoding="utf-8"))
FAR = 4e9


def do(desk: Desk, case: Case, step: Step, silences: dict[str, str]) -> None:
    if step.does == "silence":
        matchers = f'case="{case.name}",alertname=~"{step.name}"'
        silences[case.name] = desk.core.silence(silence(matchers, desk.now, desk.now + step.lasts), desk.now).id
    elif step.does == "expire":
        desk.core.expire(silences[case.name], desk.now)
    elif step.does == "end":
        desk.put(alert(step.name, desk.now, desk.now, case=case.name, **step.labels))
    else:
        ends = math.inf if step.lasts < 0 else desk.now + step.lasts if step.lasts else FAR
        one = alert(step.name, desk.now - step.old, ends, case=case.name, **step.labels)
        desk.put(one, resolve_after=ROUTING.resolve_timeout)


def play(desk: Desk, case: Case, seconds: float) -> None:
    start, silences = desk.now, dict[str, str]()
    for step in sorted(case.steps, key=lambda one: one.at):
        desk.run(max(0.0, start + step.at - desk.now))
        do(desk, case, step, silences)
    desk.run(max(0.0, start + seconds - desk.now))


def in_short(desk: Desk) -> str:
    sequences: dict[tuple[str, str], list[Told]] = {}
    for _, one in desk.told:
        firing, ended = (" ".join(sorted(each.label("alertname") for each in alerts)) for alerts in (one.firing, one.resolved))
        if one.channel == "deaf/webhook[0]":
            assert not ended
        sequences.setdefault((one.receiver, one.group), []).append((one.state, firing, ended))
    return written(sequences)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_case_is_told_as_alertmanager_told_it_or_as_is_said(case: Case) -> None:
    theirs, ours = TOLD[case.name]
    assert (theirs != ours) is bool(case.differs)
    desk = Desk(ROUTING, channels=channels_of(ROUTING))
    play(desk, case, 17.0)
    assert in_short(desk) == ours
    desk.store.close()


def test_after_a_restart_what_was_inhibited_stays_quiet(tmp_path: Path) -> None:
    desk = Desk(ROUTING, tmp_path / "alerts.db", channels=channels_of(ROUTING))
    before = (Step(0, "fire", "S", {"role": "source"}), Step(0, "fire", "T", {"role": "target"}))
    play(desk, Case(RESTART.name, before), 2.0)
    desk.crash()
    desk.start()
    play(desk, RESTART, 6.0)
    theirs, ours = TOLD[RESTART.name]
    assert "T" in theirs
    assert "T" not in ours
    assert "T" not in in_short(desk)
    desk.store.close()


def test_the_guide_shows_what_was_told_and_routes_that_can_be_read() -> None:
    page = (RECORD.parents[1] / "docs" / "guides" / "alerts.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")]
    shown = {row[0]: row[1:3] for row in rows if row[0] in TOLD}
    expected = {
        case.name: [one.removeprefix("deaf: ") for one in TOLD[case.name]] for case in (*CASES, RESTART) if case.differs
    }
    assert shown == expected
    assert f"Of {len(TOLD)} cases {len(TOLD) - len(expected)} are the same" in page
    text = page.partition("```toml routes.toml\n")[2].partition("```")[0]
    assert set(load_routes(text).receivers) == {"duty", "phone"}
