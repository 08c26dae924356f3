"""When an upstream is left alone, and when it is tried again. Owns the circuit breaker: pure, a moment is always given.

*Closed*: requests go through. Enough failures open it: so many one after the other, or so large a share of the last
requests. *Open*: none goes through, so that a dead upstream costs nothing. When its time is over, somebody looks whether the
upstream answers at all (:mod:`freehold.gateway.looks`); if it does not, it is open again, for longer. Only then is it *half
open*: one request at a time goes through as a probe; enough good ones close it, a bad one opens it again, for longer. Times
grow without chance, so that the same morning can be played again. A 429 is no failure: it says when to come again, and the
upstream rests until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

from freehold.gateway.sliding_window import SlidingWindow

__all__ = ["FAILURES", "Breaker", "BreakerTable", "Change", "FailureKind", "Permit", "State"]

State: TypeAlias = Literal["closed", "open", "half_open"]
FailureKind: TypeAlias = Literal["connect", "timeout", "server_error", "stream_broken", "not_understood", "key_refused"]
"""What can go wrong with an upstream: no connection; no answer in time; a 5xx; a stream that broke; an answer that is none
(a page of HTML, bytes that are no text); a 401 or 403 to the gateway's own key."""
FAILURES: Final[tuple[FailureKind, ...]] = get_args(FailureKind)
Change: TypeAlias = Literal["opened", "half_open", "closed"]

_Count: TypeAlias = Annotated[int, Meta(ge=1, le=100_000)]
_Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=86_400)]
_WINDOW_SLOTS: Final = 10
_ALIVE_SECONDS: Final = 30.0
"""How long a look that found an upstream alive holds: until then, a request is let through."""


class BreakerTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The TOML table ``[upstream.breaker]``.

    Parameters
    ----------
    failures
        It opens after so many failures one after the other.
    share, least, window_seconds
        Or when this share of the requests of the window failed, of at least so many.
    open_seconds, growth, longest_seconds
        How long it is open at first, how much longer each time that it opens again, and at most. The time falls back to
        the first one once the breaker was closed for a window.
    look_seconds
        How long a look at an upstream waits for an answer.
    successes
        Good probes, one after the other, that close it.
    probe_seconds
        A probe of which nothing is heard for so long no longer keeps others from trying.
    counts
        What counts as a failure.
    """

    failures: _Count = 5
    share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    least: _Count = 20
    window_seconds: _Seconds = 30.0
    open_seconds: _Seconds = 5.0
    growth: Annotated[float, Meta(ge=1, le=10)] = 2.0
    longest_seconds: _Seconds = 120.0
    look_seconds: _Seconds = 2.0
    successes: _Count = 1
    probe_seconds: _Seconds = 60.0
    counts: tuple[FailureKind, ...] = FAILURES


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether a request may go to the upstream.

    Parameters
    ----------
    goes
        Whether it may.
    probe
        Whether it is the probe of a half-open breaker.
    until
        If it may not: the moment from which it is worth while to ask again.
    because
        If it may not: ``open``, ``unseen`` (its time is over, and no look has found it alive yet), ``probing`` (half open,
        another request is the probe) or ``rate_limited``.
    epoch
        The state that it was given in; the breaker's own.
    """

    goes: bool
    probe: bool = False
    until: float = 0.0
    because: str = ""
    epoch: int = 0


class Breaker:
    """The breaker of one upstream.

    Parameters
    ----------
    table
        Its settings.

    Notes
    -----
    A result counts only in the state that its permit was given in: what was under way when the breaker opened neither
    closes it nor opens it again. Moments are monotonic seconds; one that goes back counts as the latest one seen.
    """

    __slots__ = (
        "_alive_until",
        "_all",
        "_bad",
        "_closed_since",
        "_epoch",
        "_good_probes",
        "_latest",
        "_looking",
        "_open_until",
        "_openings",
        "_permit",
        "_probe_until",
        "_resting_until",
        "_row",
        "state",
        "table",
    )

    def __init__(self, table: BreakerTable | None = None) -> None:
        self.table = table or BreakerTable()
        self.state: State = "closed"
        self._epoch = self._row = self._good_probes = self._openings = 0
        self._permit = Permit(goes=True)
        self._looking = False
        self._alive_until = float("-inf")
        self._latest = self._open_until = self._resting_until = self._probe_until = self._closed_since = float("-inf")
        self._forget()

    def _forget(self) -> None:
        self._all = SlidingWindow(self.table.window_seconds, _WINDOW_SLOTS)
        self._bad = SlidingWindow(self.table.window_seconds, _WINDOW_SLOTS)
        self._row = 0

    def is_open(self, now: float) -> bool:
        """Whether it keeps away now whatever others can answer. Its state stays ``open`` until a request is let through."""
        return self.state == "open" and max(now, self._latest) >= self._alive_until

    @property
    def open_until(self) -> float:
        """The moment at which it will be tried again; meaningful while it is open."""
        return self._open_until

    # ------------------------------------------------------------------ looks

    def wants_look(self, now: float) -> bool:
        """Whether its time is over, and nobody has looked or is looking."""
        now = max(now, self._latest)
        if self.state != "open" or self._looking or now < self._resting_until:
            return False
        return now >= self._open_until and now >= self._alive_until

    def look(self, now: float) -> tuple[Permit, Change | None]:
        """Begin a look; none other begins until its end is told to :meth:`looked` or :meth:`unlooked`.

        Returns
        -------
        tuple of Permit and Change or None
            To be given back; and ``half_open`` if it is the first look since the breaker opened.
        """
        self._latest = max(now, self._latest)
        again, self._looking = self._alive_until > float("-inf"), True
        return self._permit, None if again else "half_open"

    def looked(self, now: float, permit: Permit, *, alive: bool) -> Change | None:
        """A look has ended; gives ``opened`` if the breaker is open again, for longer."""
        now = self._latest = max(now, self._latest)
        if permit.epoch != self._epoch:
            return None
        self._looking = False
        if alive:
            self._alive_until = now + _ALIVE_SECONDS
            return None
        self._open(now)
        return "opened"

    def unlooked(self, permit: Permit) -> None:
        """A look was broken off: nothing is known, and another may begin."""
        if permit.epoch == self._epoch:
            self._looking = False

    # ------------------------------------------------------------------ requests

    def ask(self, now: float, *, others: bool = False) -> tuple[Permit, Change | None]:
        """Whether a request may go now.

        Parameters
        ----------
        now
            The moment.
        others
            Whether somebody else can answer it: then it is no probe before a look has found the upstream alive.

        Returns
        -------
        tuple of Permit and Change or None
            The permit, to be given back to :meth:`succeeded`, :meth:`failed` or :meth:`abandoned`; and ``half_open`` if
            the question itself changed the state.
        """
        now = self._latest = max(now, self._latest)
        if now < self._resting_until:
            return Permit(goes=False, until=self._resting_until, because="rate_limited"), None
        if self.state == "closed":
            return self._permit, None
        changed: Change | None = None
        if self.state == "open":
            if now < self._open_until:
                return Permit(goes=False, until=self._open_until, because="open"), None
            if others and now >= self._alive_until:
                return Permit(goes=False, until=now + self.table.look_seconds, because="unseen"), None
            self._enter("half_open")
            self._good_probes, changed = 0, "half_open"
        elif now < self._probe_until:
            return Permit(goes=False, until=self._probe_until, because="probing"), None
        else:
            self._epoch += 1
        self._probe_until = now + self.table.probe_seconds
        return Permit(goes=True, probe=True, epoch=self._epoch), changed

    def succeeded(self, now: float, permit: Permit) -> Change | None:
        """A request went well; gives ``closed`` if that closes the breaker."""
        now = self._latest = max(now, self._latest)
        if permit.epoch != self._epoch:
            return None
        if self.state == "closed":
            self._row = 0
            self._all.add(now)
            return None
        self._good_probes += 1
        self._probe_until = float("-inf")
        if self._good_probes < self.table.successes:
            return None
        self._enter("closed")
        self._closed_since = now
        self._forget()
        return "closed"

    def failed(self, now: float, permit: Permit, kind: FailureKind) -> Change | None:
        """A request went wrong; gives ``opened`` if that opens the breaker."""
        now = self._latest = max(now, self._latest)
        if permit.epoch != self._epoch:
            return None
        if kind not in self.table.counts:
            self.abandoned(now, permit)
            return None
        if self.state == "closed":
            self._row += 1
            self._all.add(now)
            self._bad.add(now)
            seen, bad = self._all.total, self._bad.advance(now)
            often = seen >= self.table.least and bad >= self.table.share * seen - 1e-9
            if self._row < self.table.failures and not often:
                return None
            if now >= self._closed_since + self.table.window_seconds:
                self._openings = 0
        self._open(now)
        return "opened"

    def rate_limited(self, now: float, permit: Permit, retry_after: float | None) -> None:
        """The upstream said 429: it rests for as long as it says, a second if it does not say, and no longer than at most."""
        now = self._latest = max(now, self._latest)
        seconds = 1.0 if retry_after is None or not retry_after >= 0 else retry_after
        self._resting_until = max(self._resting_until, now + min(seconds, self.table.longest_seconds))
        self.abandoned(now, permit)

    def resting(self, now: float) -> float:
        """Seconds for which the upstream still rests, since it said 429."""
        return max(self._resting_until - now, 0.0)

    def abandoned(self, _now: float, permit: Permit) -> None:
        """Nothing is known of a request's end: its client left, or it was stopped. A probe makes room for another."""
        if permit.probe and permit.epoch == self._epoch:
            self._probe_until = float("-inf")

    def _open(self, now: float) -> None:
        seconds = self.table.open_seconds * self.table.growth ** min(self._openings, 64)
        self._openings += 1
        self._open_until = now + min(seconds, self.table.longest_seconds)
        self._enter("open")

    def _enter(self, state: State) -> None:
        self.state = state
        self._looking, self._alive_until = False, float("-inf")
        self._epoch += 1
        self._permit = Permit(goes=True, epoch=self._epoch)
