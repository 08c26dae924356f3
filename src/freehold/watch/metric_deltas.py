"""What a running total grew by since it was told last. Owns the memory of totals, so that rules can count on increases.

Most exporters send metrics as cumulative: each point is all that was counted since a start. A rule on a window needs what
was added. Every point of ``opentelemetry.metric.gen_ai`` therefore gets ``metric.delta.count``, ``metric.delta.sum`` or
``metric.delta.value``: of a delta point its own figures, of a cumulative one the difference to the point before. The first
point of a stream has none, as it is not known what was counted before; after a restart of what counts (another start, or
a lower total) all of it is new. What is remembered is bounded: the streams that were longest silent go first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from freehold.watch.event import Event, Json

__all__ = ["MOST_STREAMS", "Deltas", "Totals"]

MOST_STREAMS: Final = 20_000
_TYPE: Final = "opentelemetry.metric.gen_ai"
_FIGURES: Final = ("count", "sum", "value")
_OF_A_POINT: Final = frozenset(
    {"metric.count", "metric.sum", "metric.min", "metric.max", "metric.mean", "metric.value", "metric.seconds", "metric.start"}
)
_MONOTONIC: Final = "metric.monotonic"

_Stream: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Total:
    time: float
    start: float
    figures: Mapping[str, float]


Totals: TypeAlias = Mapping[_Stream, _Total]
"""The totals that some events told, by stream."""


def _stream(event: Event) -> _Stream:
    told = sorted(
        (name, tuple(map(str, value)) if isinstance(value, list) else value)
        for name, value in event.data.items()
        if name not in _OF_A_POINT
    )
    return (event.source, *told)


def _figures(event: Event) -> dict[str, float]:
    found = {name: event.data.get(f"metric.{name}") for name in _FIGURES}
    return {name: value for name, value in found.items() if isinstance(value, (int, float)) and not isinstance(value, bool)}


class Deltas:
    """Totals as they were told last.

    Parameters
    ----------
    most
        Streams that are remembered.
    """

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self._most = most
        self._totals: OrderedDict[_Stream, _Total] = OrderedDict()

    def __len__(self) -> int:
        return len(self._totals)

    def tell(self, events: Iterable[Event]) -> tuple[tuple[Event, ...], Totals]:
        """Give events with what was added, and the totals to :meth:`keep` once the events are safe.

        Nothing is remembered before that, so that events that are refused and come again tell the same.
        """
        told: list[Event] = []
        new: dict[_Stream, _Total] = {}
        for event in events:
            kind = event.data.get("metric.kind")
            if event.type != _TYPE or kind == "gauge":
                told.append(event)
                continue
            figures = _figures(event)
            if event.data.get("metric.temporality") != "cumulative":
                told.append(_with(event, figures))
                continue
            stream = _stream(event)
            start = event.data.get("metric.start")
            total = _Total(event.time, float(start) if isinstance(start, (int, float)) else 0.0, figures)
            before = new.get(stream) or self._totals.get(stream)
            if before is not None and total.time <= before.time:
                told.append(event)  # told already, or out of order: what was added since cannot be said
                continue
            new[stream] = total
            told.append(event if before is None else _with(event, _added(before, total, event)))
        return tuple(told), new

    def keep(self, totals: Totals) -> None:
        """Remember totals."""
        for stream, total in totals.items():
            self._totals[stream] = total
            self._totals.move_to_end(stream)
        while len(self._totals) > self._most:
            self._totals.popitem(last=False)


def _added(before: _Total, total: _Total, event: Event) -> dict[str, float]:
    can_fall = event.data.get("metric.kind") == "sum" and event.data.get(_MONOTONIC) is not True
    counted = "count" if "count" in total.figures else "value"
    fell = not can_fall and total.figures.get(counted, 0) < before.figures.get(counted, 0)
    if fell or total.start > before.start > 0:
        return dict(total.figures)
    return {name: value - before.figures.get(name, 0) for name, value in total.figures.items()}


def _with(event: Event, figures: Mapping[str, float]) -> Event:
    more: dict[str, Json] = {f"metric.delta.{name}": value for name, value in figures.items()}
    return replace(event, data={**event.data, **more})
