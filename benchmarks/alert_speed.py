"""How soon all of many alerts are notified: Freehold's alert core and Debian's Alertmanager, in turns, in one run.

    python -m benchmarks.alert_speed --scratch DIR

Freehold runs alone, and with the blast radius of every notification computed on a stack of 1,000 items before it is told. Each
run starts a process with an empty state, posts the alerts over one connection in batches, and stops the clock when the
last of them has been told to a webhook on loopback. Load generator and webhook are this process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.alert_peers import SUBJECTS, WITH_RADIUS, Heard, hearing, running
from benchmarks.generate_stack import generate_stack
from benchmarks.workloads import SEED

__all__ = ["main", "measure"]

SIZES: Final = (1, 100, 2_000, 10_000)
_WHO: Final = (*SUBJECTS, WITH_RADIUS)
_GROUPS: Final = 20
_BATCH: Final = 500
_CONFIGURATION: Final = """
route: {{receiver: hook, group_by: [group, item], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: hook, webhook_configs: [{{url: '{address}'}}]}}]
"""


def _bodies(count: int) -> list[bytes]:
    alerts = [
        {
            "labels": {
                "alertname": "ModelFailing", "group": f"group-{number % _GROUPS}", "instance": f"host-{number:05}",
                "severity": "red", "item": f"item-{number % _GROUPS * 7}",
            },
            "annotations": {"summary": f"the model on host-{number:05} fails", "description": "more than 5 % of requests fail"},
            "generatorURL": "http://prometheus.example/graph?g0.expr=errors",
        }
        for number in range(count)
    ]  # fmt: skip
    return [json.dumps(alerts[start : start + _BATCH]).encode() for start in range(0, count, _BATCH)]


async def _once(name: str, count: int, folder: Path) -> dict[str, float]:
    bodies = _bodies(count)
    if name == WITH_RADIUS:
        folder.mkdir(parents=True)
        (folder / "stack.toml").write_text(generate_stack(1_000, SEED), encoding="utf-8")
    async with hearing() as (address, heard), running(name, _CONFIGURATION.format(address=address), folder) as subject:
        missing = {f"host-{number:05}" for number in range(count)}
        done = asyncio.Event()

        def listen(said: dict[str, Any]) -> None:
            missing.difference_update(one["labels"]["instance"] for one in said["alerts"])
            if not missing:
                done.set()

        heard.listener = listen
        before = subject.processor()
        start = time.monotonic()
        for body in bodies:
            await subject.post("/api/v2/alerts", body)
        posted = time.monotonic()
        await asyncio.wait_for(done.wait(), 60)
        # when the last one came, not when it was read
        end = _last(heard)
        return {
            "seconds": end - start,
            "posted at": count / (posted - start),
            "processor": subject.processor() - before,
            "memory": subject.memory(),
        }


def _last(heard: Heard) -> float:
    return heard.messages[-1][0]


async def measure(counts: list[int], runs: int, scratch: Path) -> list[tuple[int, str, dict[str, list[float]]]]:
    """Measure, in turns; one unrecorded run each first."""
    found = []
    for count in counts:
        figures: dict[str, dict[str, list[float]]] = {name: {} for name in _WHO}
        for run in range(runs + 1):
            for name in _WHO:
                folder = scratch / "alerts" / name
                shutil.rmtree(folder, ignore_errors=True)
                sample = await _once(name, count, folder)
                if run:
                    for key, value in sample.items():
                        figures[name].setdefault(key, []).append(value)
        found += [(count, name, figures[name]) for name in _WHO]
    return found


def main() -> None:
    """Read the command line, measure, and write a table."""
    parser = argparse.ArgumentParser("python -m benchmarks.alert_speed")
    parser.add_argument("--scratch", type=Path, required=True, help="a folder for state")
    parser.add_argument("--runs", type=int, default=5, help="how often each, besides one unrecorded run (default 5)")
    parser.add_argument("--counts", type=int, nargs="*", default=list(SIZES), help="how many alerts")
    options = parser.parse_args()
    rows = asyncio.run(measure(options.counts, options.runs, options.scratch.resolve()))
    print("| alerts | who | all notified after, s (min, median, max) | posted, alerts/s | processor, s | peak memory, MB |")
    print("|--:|---|---|--:|--:|--:|")
    for count, name, figures in rows:
        seconds = figures["seconds"]
        print(
            f"| {count:,} | {name} | {min(seconds):.3f}, {statistics.median(seconds):.3f}, {max(seconds):.3f} "
            f"| {statistics.median(figures['posted at']):,.0f} | {statistics.median(figures['processor']):.2f} "
            f"| {max(figures['memory']):.0f} |"
        )


if __name__ == "__main__":
    main()
