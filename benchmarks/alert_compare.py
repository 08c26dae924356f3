"""The same alerts to Debian's Alertmanager and to Freehold, in real time: do both tell the same?

    python -m benchmarks.alert_compare --scratch DIR [--record]

Compared is, for each group, the sequence of notifications: status, who fires, who has ended; and what each message says beside
that (labels in common, annotations, group). It ends with 1 if anything differs that is not said to, or the other way round.
``--record`` writes what both told beside this module: ``tests/test_alert_stream.py`` holds the core to it, without waiting.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from benchmarks.alert_peers import ALERTMANAGER, FREEHOLD, SUBJECTS, Heard, Subject, hearing, running
from benchmarks.alert_stream import CASES, CONFIGURATION, RESTART, Case, Step

__all__ = ["RECORD", "Told", "compare", "main", "written"]

RECORD: Final = Path(__file__).with_name("alert_told.json")
"""What both told, by case, when it was last recorded."""


_LONG: Final = 17.0
_AFTER_RESTART: Final = 6.0

Told: TypeAlias = tuple[str, str, str]
"""Status, names of those that fire, names of those that have ended."""


@dataclass
class _Play:
    """One subject, and the silences that were made in it."""

    subject: Subject
    heard: Heard
    silences: dict[str, str] = field(default_factory=dict)


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _do(play: _Play, case: Case, step: Step) -> None:
    now = time.time()
    if step.does == "silence":
        matchers = [
            {"name": "case", "value": case.name, "isRegex": False},
            {"name": "alertname", "value": step.name, "isRegex": True},
        ]
        body = {
            "matchers": matchers, "startsAt": _stamp(now), "endsAt": _stamp(now + step.lasts), "createdBy": "stream",
            "comment": case.name,
        }  # fmt: skip
        play.silences[case.name] = (await play.subject.post("/api/v2/silences", body))["silenceID"]
        return
    if step.does == "expire":
        await play.subject.delete(f"/api/v2/silence/{play.silences[case.name]}")
        return
    alert: dict[str, object] = {
        "labels": {"alertname": step.name, "case": case.name, **step.labels},
        "annotations": {"summary": step.summary},
        "generatorURL": "http://prometheus.example/graph",
    }
    if step.does == "end":
        alert["endsAt"] = _stamp(now)
    elif step.lasts >= 0:
        alert["endsAt"] = _stamp(now + step.lasts) if step.lasts else "2100-01-01T00:00:00.000Z"
    if step.does == "fire":
        alert["startsAt"] = _stamp(now - step.old)
    await play.subject.post("/api/v2/alerts", [alert])


async def _steps(plays: Sequence[_Play], cases: Sequence[Case], seconds: float) -> None:
    start = time.monotonic()
    steps = [(case, step) for case in cases for step in case.steps]
    for case, step in sorted(steps, key=lambda one: one[1].at):
        await asyncio.sleep(max(0.0, start + step.at - time.monotonic()))
        await asyncio.gather(*(_do(play, case, step) for play in plays))
    await asyncio.sleep(max(0.0, start + seconds - time.monotonic()))


def _names(said: dict[str, Any], status: str) -> str:
    return " ".join(sorted(one["labels"]["alertname"] for one in said["alerts"] if one["status"] == status))


def _sequences(heard: Heard, case: str) -> dict[tuple[str, str], list[Told]]:
    found: dict[tuple[str, str], list[Told]] = {}
    for _, said in heard.messages:
        if said["groupLabels"]["case"] == case:
            told = said["status"], _names(said, "firing"), _names(said, "resolved")
            found.setdefault((said["receiver"], said["groupKey"]), []).append(told)
    return found


def _contents(heard: Heard, case: str) -> dict[tuple[str, str], list[object]]:
    """All that messages say beside moments and fingerprints."""
    found: dict[tuple[str, str], list[object]] = {}
    for _, said in heard.messages:
        if said["groupLabels"]["case"] == case:
            about = {
                name: said[name] for name in ("groupLabels", "commonLabels", "commonAnnotations", "version", "truncatedAlerts")
            }
            keys = ("status", "labels", "annotations", "generatorURL")
            alerts = sorted(({key: one[key] for key in keys} for one in said["alerts"]), key=str)
            found.setdefault((said["receiver"], said["groupKey"]), []).append((about, alerts))
    return found


def written(sequences: Mapping[tuple[str, str], Sequence[Told]]) -> str:
    """What was told, by receiver and group, in short: ``+A B, +A -B`` is A and B firing, then A firing and B ended."""
    groups = []
    for (receiver, _), told in sorted(sequences.items()):
        parts = [
            " ".join(filter(None, [f"+{firing}" if firing else "", f"-{ended}" if ended else ""])) for _, firing, ended in told
        ]
        groups.append(("" if receiver == "hook" else f"{receiver}: ") + ", ".join(parts))
    return "; ".join(groups) or "nothing"


async def compare(scratch: Path) -> list[tuple[Case, str, str, bool, bool]]:
    """Play the stream; give each case with what both told, whether that is the same, and whether the messages are.

    Parameters
    ----------
    scratch
        A folder for state.
    """
    shutil.rmtree(scratch / "compare", ignore_errors=True)
    async with hearing() as (first, theirs), hearing() as (second, ours):
        addresses, all_heard = {ALERTMANAGER: first, FREEHOLD: second}, {ALERTMANAGER: theirs, FREEHOLD: ours}

        async def play(cases: Sequence[Case], seconds: float, state: str) -> None:
            configurations = {name: CONFIGURATION.format(address=addresses[name]) for name in SUBJECTS}
            async with (
                running(ALERTMANAGER, configurations[ALERTMANAGER], scratch / "compare" / state / ALERTMANAGER) as one,
                running(FREEHOLD, configurations[FREEHOLD], scratch / "compare" / state / FREEHOLD) as two,
            ):
                await _steps([_Play(one, theirs), _Play(two, ours)], cases, seconds)

        await play(CASES, _LONG, "cases")
        before = Case(RESTART.name, (Step(0, "fire", "S", {"role": "source"}), Step(0, "fire", "T", {"role": "target"})))
        for cases, seconds in (([before], 2.0), ([RESTART], _AFTER_RESTART)):
            await play(cases, seconds, "restart")
    found = []
    for case in (*CASES, RESTART):
        sequences = [_sequences(all_heard[name], case.name) for name in SUBJECTS]
        contents = [_contents(all_heard[name], case.name) for name in SUBJECTS]
        found.append(
            (case, written(sequences[0]), written(sequences[1]), sequences[0] == sequences[1], contents[0] == contents[1])
        )
    return found


def main() -> int:
    """Read the command line, play, and write a table."""
    parser = argparse.ArgumentParser("python -m benchmarks.alert_compare")
    parser.add_argument("--scratch", type=Path, required=True, help="a folder for state")
    parser.add_argument("--record", action="store_true", help="write what both told, for the test without waiting")
    options = parser.parse_args()
    found = asyncio.run(compare(options.scratch.resolve()))
    print("| case | Alertmanager tells | Freehold tells | why not the same |")
    print("|---|---|---|---|")
    wrong = []
    for case, theirs, ours, same, alike in found:
        shown = ours if not same else "the same" if alike else "the same, in other words"
        print(f"| {case.name} | {theirs} | {shown} | {case.differs} |")
        if same == bool(case.differs) or (same and not alike):
            wrong.append(case.name)
    if options.record:
        told = {case.name: [theirs, ours] for case, theirs, ours, _, _ in found}
        RECORD.write_text(json.dumps(told, indent=1) + "\n")
    same = sum(one[3] for one in found)
    print(f"\n{len(found)} cases: {same} the same, {len(found) - same} not; not as it should be: {wrong or 'none'}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
