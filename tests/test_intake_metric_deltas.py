"""Running totals told as increases: against a naive reference, over restarts, refusals and silence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import Overloaded
from freehold.watch.event import Event
from freehold.watch.intake import Intake
from freehold.watch.journal import Journal
from freehold.watch.metric_deltas import Deltas
from strategies import repeatable


def point(time: float, stream: str = "a", start: float = 1.0, kind: str = "histogram", **figures: Any) -> Event:
    data = {
        "metric.name": "gen_ai.client.token.usage", "metric.kind": kind, "metric.temporality": "cumulative",
        "gen_ai.request.model": stream, "metric.start": start, **{f"metric.{name}": one for name, one in figures.items()},
    }  # fmt: skip
    return Event("/opentelemetry/x", f"{stream}-{time}", "opentelemetry.metric.gen_ai", time, time, "", data)


def added(deltas: Deltas, *events: Event) -> list[dict[str, Any]]:
    told, totals = deltas.tell(events)
    deltas.keep(totals)
    return [{name.removeprefix("metric.delta."): one for name, one in event.data.items() if "delta." in name} for event in told]


def test_a_total_is_told_as_what_it_grew_by() -> None:
    deltas = Deltas()
    assert added(deltas, point(1, count=3, sum=10.0)) == [{}]
    assert added(deltas, point(2, count=5, sum=14.0), point(3, count=5, sum=14.0)) == [
        {"count": 2, "sum": 4.0}, {"count": 0, "sum": 0.0},
    ]  # fmt: skip
    assert added(deltas, point(4, "b", count=1)) == [{}]


def test_after_a_restart_of_what_counts_all_of_it_is_new() -> None:
    deltas = Deltas()
    added(deltas, point(1, count=30, sum=100.0))
    assert added(deltas, point(2, count=4, sum=9.0)) == [{"count": 4, "sum": 9.0}]
    assert added(deltas, point(3, start=2.5, count=6, sum=12.0)) == [{"count": 6, "sum": 12.0}]


def test_a_sum_that_may_fall_is_told_with_its_sign_and_a_gauge_is_left_alone() -> None:
    deltas = Deltas()
    added(deltas, point(1, kind="sum", value=10, monotonic=False))
    assert added(deltas, point(2, kind="sum", value=7, monotonic=False)) == [{"value": -3}]
    assert added(deltas, point(1, kind="gauge", value=10), point(2, kind="gauge", value=7)) == [{}, {}]


def test_a_delta_point_is_its_own_increase_and_other_events_pass() -> None:
    event = point(1, count=3)
    delta = Event(event.source, event.id, event.type, 1, 1, "", {**event.data, "metric.temporality": "delta"})
    other = Event("/s", "1", "t", 1, 1)
    assert added(Deltas(), delta, other) == [{"count": 3}, {}]


def test_what_comes_again_or_out_of_order_adds_nothing() -> None:
    deltas = Deltas()
    added(deltas, point(1, count=1), point(3, count=5))
    assert added(deltas, point(3, count=5), point(2, count=4), point(4, count=6)) == [{}, {}, {"count": 1}]


def test_the_streams_longest_silent_are_forgotten_first() -> None:
    deltas = Deltas(2)
    added(deltas, point(1, "a", count=1), point(1, "b", count=1))
    added(deltas, point(2, "a", count=2), point(2, "c", count=1))
    assert len(deltas) == 2
    assert added(deltas, point(3, "a", count=3), point(3, "b", count=2)) == [{"count": 1}, {}]


@repeatable(200)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), max_size=40), st.integers(1, 5))
def test_the_increases_of_a_stream_add_up_to_its_total(steps: list[tuple[str, int]], at_once: int) -> None:
    deltas, totals, events = Deltas(), {"a": 0, "b": 0}, []
    for time, (stream, step) in enumerate(steps):
        totals[stream] += step
        events.append(point(float(time + 1), stream, count=totals[stream]))
    sums = {"a": 0, "b": 0}
    first: dict[str, int] = {}
    for begin in range(0, len(events), at_once):
        batch = events[begin : begin + at_once]
        for event, told in zip(batch, added(deltas, *batch), strict=True):
            stream = str(event.data["gen_ai.request.model"])
            if stream not in first:
                assert told == {}
                first[stream] = int(event.data["metric.count"])  # type: ignore[arg-type]
            else:
                sums[stream] += told["count"]
    for stream, base in first.items():
        assert base + sums[stream] == totals[stream]


def test_a_total_that_could_not_be_kept_is_told_the_same_when_it_comes_again(tmp_path: Path) -> None:
    def request(time: int, count: int) -> bytes:
        points = [{"timeUnixNano": str(time * 10**9), "startTimeUnixNano": "1", "count": str(count), "sum": 1.0}]
        histogram = {"aggregationTemporality": 2, "dataPoints": points}
        metric = {"name": "gen_ai.client.token.usage", "histogram": histogram}
        return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()

    async def main() -> None:
        async with Journal.open(tmp_path / "journal.db") as journal:
            full = [False]
            put = journal.put

            async def refusing(events: Any) -> Any:
                if full[0]:
                    raise Overloaded("full")
                return await put(events)

            journal.put = refusing  # type: ignore[method-assign]

            async def nobody(_: object) -> None:
                return

            intake = Intake(journal, nobody, lambda: 1.0)

            async def send(body: bytes) -> int:
                async def pieces() -> AsyncIterator[bytes]:
                    yield body

                return (await intake.receive("otlp.metrics", {"Content-Type": "application/json"}, pieces())).status

            assert await send(request(1, 5)) == 200
            full[0] = True
            assert await send(request(2, 8)) == 429
            full[0] = False
            assert await send(request(2, 8)) == await send(request(2, 8)) == 200
            found = [one.event.data.get("metric.delta.count") for one in await journal.after(0)]
            assert found == [None, 3]

    asyncio.run(main())
