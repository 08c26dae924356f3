"""Upstreams from which nothing comes. Owns that people hear of one that hangs before a time limit ends, and when it is over.

Nothing is given up here: a large model may think for long, and only the limits in ``[timeouts]`` end a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from freehold.gateway.flights import Flight
from freehold.gateway.notices import Notices
from freehold.gateway.records import Records
from freehold.gateway.upstreams import Upstream
from freehold.watch.event import Json

__all__ = ["Silences"]

_BETWEEN: Final = 60.0
"""Seconds after which it is said again of the same upstream."""


class Silences:
    """Who is silent, and who was told of it.

    Parameters
    ----------
    records, notices
        Where it is written, and where it is said.
    clock
        Seconds that never go back, the same ones by which requests wait.
    """

    __slots__ = ("_clock", "_notices", "_records", "_told")

    def __init__(self, records: Records, notices: Notices, clock: Callable[[], float]) -> None:
        self._records, self._notices, self._clock = records, notices, clock
        self._told: dict[str, float] = {}

    def look(self, flights: Iterable[Flight], upstreams: Iterable[Upstream], seconds: float) -> None:
        """See at which upstreams a request has waited for so many seconds without a byte of an answer.

        Parameters
        ----------
        flights
            The requests under way.
        upstreams
            Those in force; what was said of others is forgotten.
        seconds
            From when on it is said.
        """
        now = self._clock()
        waiting: dict[str, int] = {}
        late: set[str] = set()
        for flight in flights:
            if flight.asked <= now:
                waiting[flight.upstream] = waiting.get(flight.upstream, 0) + 1
                if now - flight.asked >= seconds:
                    late.add(flight.upstream)
        known = {one.name: one for one in upstreams}
        for gone in self._told.keys() - known.keys():
            del self._told[gone]
        for name in sorted(late & known.keys()):
            if now - self._told.get(name, -_BETWEEN) < _BETWEEN:
                continue
            self._told[name] = now
            count = waiting[name]
            body = _about(known[name])
            body["freehold.seconds"], body["freehold.waiting"] = seconds, count
            self._records.put("upstream.silent", body)
            which = "upstream_silent" if count > 1 else "upstream_silent_one"
            self._notices.change(which, upstream=name, seconds=f"{seconds:g}", count=count)

    def answered(self, upstream: Upstream) -> None:
        """Something has come from an upstream: if it was said that nothing does, say that this is over."""
        if self._told.pop(upstream.name, None) is not None:
            self._records.put("upstream.answered", _about(upstream))
            self._notices.change("upstream_answers", upstream=upstream.name)


def _about(upstream: Upstream) -> dict[str, Json]:
    body: dict[str, Json] = {
        "freehold.upstream": upstream.name, "server.address": upstream.address, "freehold.source_id": upstream.source_id,
        "gen_ai.provider.name": upstream.provider,
    }  # fmt: skip
    return {name: value for name, value in body.items() if value}
