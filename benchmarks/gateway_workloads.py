"""The workloads of the model gateway and of the evidence log. Owns how much is sent, and which figure is made of what.

``places.scale`` scales every count: at 1 the figures are those of the table; a thousandth shows that everything runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from benchmarks.child import inside
from benchmarks.gateway_servers import (
    LITELLM,
    PASS_THROUGH,
    PORTKEY,
    Server,
    Upstreams,
    closed_port,
    load,
    not_installed,
    raise_open_files,
    serving,
    silent_port,
    upstream,
)
from benchmarks.interface import FREEHOLD, Bar, NotRun, Outcome, Places, Sample, Subject, Workload

__all__ = ["GATEWAY_WORKLOADS"]

_AT_ONCE: Final = (1, 8, 32)
_STREAMS: Final = 1000
_TOKENS_A_SECOND: Final = 5.0
_STREAM_SECONDS: Final = 20
_LEAST: Final = 20
"""Requests that are sent at any scale."""
_WARM: Final = 200
_PATIENCE: Final = 1.0
"""Seconds that every gateway is told to wait for an upstream that is silent."""
_SLOW_REQUEST: Final = 0.05
_SLOW: Final = frozenset({LITELLM, PORTKEY})
_PEERS: Final = (PASS_THROUGH, PORTKEY, LITELLM)


def _count(places: Places, number: float) -> int:
    return max(_LEAST, round(number * places.scale))


def _seconds(places: Places, most: float) -> float:
    """A bound on how long requests go on beginning; never under ten seconds, as a slow start is no failure."""
    return max(10.0, most * min(1.0, places.scale))


@contextmanager
def _warm(places: Places, name: str, to: Upstreams) -> Iterator[Server | NotRun]:
    """A gateway that has answered some requests already."""
    with serving(places, name, to) as server:
        if not isinstance(server, NotRun):
            load(places, [server.url], server.headers, count=_count(places, _WARM), at_once=4, seconds=20.0)
        yield server


def _failures(told: Mapping[str, Any]) -> NotRun | None:
    failed, done = told["failed"], told["done"]
    if not done or failed > done / 100:
        return NotRun(f"{failed:,} of {failed + done:,} requests failed, by status {told['statuses']}")
    return None


# Processor time of a request


def _processor(name: str) -> Callable[[Places], Outcome]:
    most = 1500 if name == LITELLM else 4000 if name == PORTKEY else 20_000

    def once(places: Places) -> Outcome:
        figures: dict[str, float] = {}
        found: dict[str, int] = {}
        with upstream(places) as model, _warm(places, name, Upstreams(model.port)) as server:
            if isinstance(server, NotRun):
                return server
            for at_once in _AT_ONCE:
                before = server.processor()
                told = load(
                    places, [server.url], server.headers, count=_count(places, most), at_once=at_once,
                    seconds=_seconds(places, 20.0),
                )  # fmt: skip
                used = server.processor() - before
                target = told["targets"][0]
                if missing := _failures(target):
                    return missing
                figures[f"processor a request, {at_once} at once"] = used / target["done"] * 1e3
                figures[f"latency p50, {at_once} at once"] = target["whole_p50"] * 1e3
                figures[f"latency p99, {at_once} at once"] = target["whole_p99"] * 1e3
                found[f"requests a second, {at_once} at once"] = round(target["done"] / told["seconds"])
                found[f"% of a core for the load, {at_once} at once"] = round(100 * told["processor"] / told["seconds"])
            figures["memory at the end"] = server.memory()
        return Sample(figures, found)

    return once


# The first token of a stream


def _first_token(name: str) -> Callable[[Places], Outcome]:
    most = 600 if name in _SLOW else 3000

    def once(places: Places) -> Outcome:
        tokens = 10
        with (
            upstream(places, delay=0.02, tokens=tokens, rate=100.0) as model,
            _warm(places, PASS_THROUGH, Upstreams(model.port)) as floor,
            _warm(places, name, Upstreams(model.port)) as server,
        ):
            if isinstance(server, NotRun):
                return server
            if isinstance(floor, NotRun):
                return floor
            # By turns in one run, so that what disturbs the machine disturbs both alike.
            told = load(
                places, [floor.url, server.url], server.headers, count=2 * _count(places, most), at_once=8, stream=True,
                tokens=tokens, seconds=_seconds(places, 120.0),
            )  # fmt: skip
            own, beside = told["targets"][1], told["targets"][0]
            if missing := _failures(own) or _failures(beside):
                return missing
            figures = {}
            for part in ("p50", "p99"):
                figures[f"first token {part}"] = own[f"first_{part}"] * 1e3
                figures[f"first token {part}, pass-through's in the same run"] = beside[f"first_{part}"] * 1e3
                figures[f"first token {part}, above the pass-through's"] = (
                    own[f"first_{part}"] - beside[f"first_{part}"]
                ) * 1e3
            return Sample(figures, {"streams": own["done"], "dropped": own["dropped"]})

    return once


# A thousand streams at once


def _streams(name: str) -> Callable[[Places], Outcome]:
    def once(places: Places) -> Outcome:
        raise_open_files()
        at_once = _count(places, _STREAMS)
        tokens = max(10, round(_TOKENS_A_SECOND * _STREAM_SECONDS * min(1.0, places.scale)))
        with (
            upstream(places, tokens=tokens, rate=_TOKENS_A_SECOND) as model,
            _warm_stream(places, name, Upstreams(model.port)) as server,
        ):
            if isinstance(server, NotRun):
                return server
            before, began = server.processor(), time.monotonic()
            told = load(
                places, [server.url], server.headers, count=at_once, at_once=at_once, stream=True, tokens=tokens,
                ramp=tokens / _TOKENS_A_SECOND / 4, seconds=60.0, timeout=180.0,
            )  # fmt: skip
            seconds = time.monotonic() - began
            target = told["targets"][0]
            if not target["done"]:
                return NotRun(f"no stream came to its end, by status {target['statuses']}")
            figures = {
                "streams dropped": float(target["dropped"]),
                "first token p50": target["first_p50"] * 1e3,
                "first token p99": target["first_p99"] * 1e3,
                "longest wait between pieces, p99": target["gap_p99"] * 1e3,
                "processor, part of a core": (server.processor() - before) / seconds * 100,
                "processor of the load, part of a core": told["processor"] / told["seconds"] * 100,
                "memory at the end": server.memory(),
            }
            return Sample(figures, {"streams": at_once, "tokens": target["tokens"], "of": at_once * tokens})

    return once


@contextmanager
def _warm_stream(places: Places, name: str, to: Upstreams) -> Iterator[Server | NotRun]:
    """A gateway that answers; its streams would take too long to warm it up with many."""
    with serving(places, name, to) as server:
        yield server


# A primary that is dead


def _dead_primary(name: str, port: Callable[[], AbstractContextManager[int]] = closed_port) -> Callable[[Places], Outcome]:
    def once(places: Places) -> Outcome:
        patience = _PATIENCE if port is silent_port else None
        with (
            port() as dead,
            upstream(places) as model,
            serving(places, name, Upstreams(model.port, dead, patience)) as server,
        ):
            if isinstance(server, NotRun):
                return server
            # The breaker opens after a few failures; what a gateway needs until then is told apart.
            first = load(places, [server.url], server.headers, count=20, at_once=1, each=True, seconds=60.0)
            told = load(
                places, [server.url], server.headers, count=_count(places, 300 if name in _SLOW else 20_000), at_once=1,
                each=True, seconds=_seconds(places, 60.0),
            )  # fmt: skip
            target = told["targets"][0]
            if missing := _failures(target):
                return missing
            figures = {
                "slowest of the first 20": max(first["each"]) * 1e3,
                "p50, breaker open": target["whole_p50"] * 1e3,
                "p99, breaker open": target["whole_p99"] * 1e3,
                "slowest, breaker open": target["whole_max"] * 1e3,
            }
            slow = sum(one > _SLOW_REQUEST for one in told["each"])
            return Sample(figures, {"requests": target["done"], "over 50 ms": slow, "failed": target["failed"]})

    return once


# Memory over a million requests


def _memory(name: str) -> Callable[[Places], Outcome]:
    most, bound = (20_000, 400.0) if name in _SLOW else (1_000_000, 7200.0)

    def once(places: Places) -> Outcome:
        whole = _count(places, most)
        marks = (whole // 100, whole // 10, whole)
        with upstream(places) as model, _warm(places, name, Upstreams(model.port)) as server:
            if isinstance(server, NotRun):
                return server
            figures = {}
            sent, began = 0, time.monotonic()
            for mark, label in zip(marks, ("a hundredth", "a tenth", "all"), strict=True):
                if mark > sent:
                    told = load(
                        places, [server.url], server.headers, count=mark - sent, at_once=32, seconds=_seconds(places, bound)
                    )
                    if missing := _failures(told["targets"][0]):
                        return missing
                    sent += told["targets"][0]["done"]
                figures[f"memory after {label}"] = server.memory()
            figures["memory after all, times that after a tenth"] = (
                figures["memory after all"] / figures["memory after a tenth"]
            )
            return Sample(figures, {"requests": sent, "seconds": round(time.monotonic() - began)})

    return once


# The evidence log


def _evidence(piece: str) -> Callable[[Places], Outcome]:
    def once(places: Places) -> Outcome:
        places.scratch.mkdir(parents=True, exist_ok=True)
        return inside(places, places.python, piece, places.scratch, _count(places, 20_000))

    return once


def _subjects(
    make: Callable[[str], Callable[[Places], Outcome]], beside: Mapping[str, str], *peers: str
) -> tuple[Subject, ...]:  # fmt: skip
    def checked(name: str) -> Callable[[Places], Outcome]:
        once = make(name)
        return lambda places: not_installed(places, name) or once(places)

    return (Subject(FREEHOLD, checked(FREEHOLD)), *(Subject(name, checked(name), beside) for name in peers))


_SAME: Final = {phase: phase for at_once in _AT_ONCE for phase in (f"processor a request, {at_once} at once",)}
_OPEN: Final = "slowest, breaker open"
_ABOVE: Final = "first token p99, above the pass-through's"
_GROWN: Final = "memory after all, times that after a tenth"

GATEWAY_WORKLOADS: Final[tuple[Workload, ...]] = (
    Workload(
        "gateway-processor", "a chat completion through the gateway, routing and policy on",
        _subjects(_processor, _SAME, *_PEERS), tuple(Bar(phase, 0.5) for phase in _SAME), most_runs=3, warm=False,
    ),
    Workload(
        "gateway-first-token", "the first token of a stream, by turns with a bare pass-through",
        _subjects(_first_token, {_ABOVE: _ABOVE}, PORTKEY, LITELLM), (Bar(_ABOVE, 3.0),), most_runs=3, warm=False,
    ),
    Workload(
        "gateway-streams", "1,000 streams at once, 5 tokens a second each, for 20 s",
        _subjects(_streams, {"processor, part of a core": "processor, part of a core"}, *_PEERS),
        (Bar("streams dropped", 0.0),), most_runs=3, warm=False,
    ),
    Workload(
        "gateway-dead-primary", "requests while the first upstream refuses connections and a second one answers",
        _subjects(_dead_primary, {_OPEN: _OPEN, "p50, breaker open": "p50, breaker open"}, PORTKEY, LITELLM),
        (Bar(_OPEN, 50.0),), most_runs=3, warm=False,
    ),
    Workload(
        "gateway-silent-primary", "requests while the first upstream takes connections and says nothing, given up after 1 s",
        _subjects(
            lambda name: _dead_primary(name, silent_port), {_OPEN: _OPEN, "p50, breaker open": "p50, breaker open"},
            PORTKEY, LITELLM,
        ),
        (Bar(_OPEN, 50.0),), most_runs=3, warm=False,
    ),
    Workload(
        "gateway-memory", "1,000,000 requests (peers that are slow: 20,000), 32 at once",
        _subjects(_memory, {_GROWN: _GROWN, "memory after all": "memory after all"}, *_PEERS), (Bar(_GROWN, 1.1),),
        most_runs=1, warm=False,
    ),
    Workload(
        "evidence", "entries of a gateway's request in the evidence log, each awaited until it is on the disk",
        (
            Subject(FREEHOLD, _evidence("evidence")),
            Subject("sqlite3, WAL with full sync, a commit an entry", _evidence("commit-with-sqlite"), {
                "5,000 durable entries": "5,000 durable entries",
            }),
        ),
        (Bar("5,000 durable entries", 1.0), Bar("a proof among 20,000", 2.0)), most_runs=5,
    ),
)  # fmt: skip
"""All of them, in the order of the report."""
