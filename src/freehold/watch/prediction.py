"""What was predicted for a loss beside what happened. Owns the prediction as a fixed value, and its score.

At the moment of a warning the prediction is written down in one canonical form with a digest, and is not touched again.
Events say later what was seen; each thing predicted or seen then has an outcome, a type of its own. Days count from the
loss. What is seen is seen at moments: that an item stopped is known to lie between the last moment at which it stood and
the first at which it did not.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec

from freehold.errors import BadSignal
from freehold.watch.alert import labels_from
from freehold.watch.event import Event
from freehold.watch.places import ALIASES, Places
from freehold.watch.radius import Radius, Reach

__all__ = [
    "ALPHA", "Comparison", "FalseAlarm", "Happened", "Missed", "NotObserved", "NotYet", "Observation", "Outcome",
    "PredictedStop", "PredictedTakeOver", "Prediction", "Score", "StoodAsPredicted", "compare", "interval_score",
    "observations_from", "predict", "read_prediction",
]  # fmt: skip

ALPHA: Final = 0.1
"""What the interval score takes the chance to be that reality falls outside: it sets how much a miss weighs."""

_DAY: Final = 86_400.0
_TOLERANCE: Final = 1e-9
_LARGEST: Final = 20_000_000


class PredictedStop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item, and the first day under the floor: earliest (``low``) and latest (``high``); null: not up to the horizon."""

    item: str
    low: float | None
    high: float | None


class PredictedTakeOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A source that is to take over for an item: earliest and latest day, least and most capacity."""

    source: str
    item: str
    earliest: float
    latest: float | None
    capacity_low: float
    capacity_high: float


class Prediction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was predicted at one moment.

    Parameters
    ----------
    stack
        Name of the stack.
    loss, made
        Day 0 of the prediction, and when it was made: seconds since 1970.
    cutoff
        What was taken to be gone, in the form of a scenario file; null if the place was not known: then nothing is predicted.
    floor, days
        As asked; the last day is the horizon.
    mission_low, mission_high
        The mission's level on each day.
    stops, takes_over
        What stops and what takes over; every other item is predicted to stand up to the horizon.
    """

    stack: str
    loss: float
    made: float
    cutoff: dict[str, object] | None
    floor: float
    days: tuple[float, ...]
    mission_low: tuple[float, ...]
    mission_high: tuple[float, ...]
    stops: tuple[PredictedStop, ...] = ()
    takes_over: tuple[PredictedTakeOver, ...] = ()

    @property
    def text(self) -> str:
        """The canonical form: JSON in UTF-8, keys sorted, no spaces, whole numbers without a point."""
        data = _whole(msgspec.to_builtins(self))
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def digest(self) -> str:
        """SHA-256 of :attr:`text`, in hexadecimal digits."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def _whole(value: object) -> object:
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(one) for one in value]
    if isinstance(value, float):
        return int(value) if value == int(value) else round(value, 9)
    return value


def predict(reach: Reach, radius: Radius, *, loss: float, made: float) -> Prediction:
    """Fix what a blast radius predicts.

    Parameters
    ----------
    reach, radius
        The stack, and how far the loss reaches.
    loss, made
        When the loss began, and now: seconds since 1970.
    """
    cut = radius.place.cut
    stops = tuple(PredictedStop(item=one.item, low=one.low, high=one.high) for one in radius.stops)
    takes_over = tuple(
        PredictedTakeOver(
            source=one.source, item=one.item, earliest=one.day_high or 0.0, latest=one.day_low,
            capacity_low=one.capacity_low, capacity_high=one.capacity_high,
        )
        for one in radius.takes_over
    )  # fmt: skip
    prediction = Prediction(
        stack=reach.stack.name, loss=loss, made=made, cutoff=None if cut is None else cut.as_data(), floor=radius.floor,
        days=radius.days, mission_low=radius.mission.low, mission_high=radius.mission.high, stops=stops, takes_over=takes_over,
    )  # fmt: skip
    return read_prediction(prediction.text)


def read_prediction(text: str | bytes) -> Prediction:
    """Read a prediction back from its canonical form.

    Raises
    ------
    freehold.errors.BadSignal
        If it is none.
    """
    if len(text) > _LARGEST:
        raise BadSignal(f"a prediction of more than {_LARGEST:,} characters is not read.")
    try:
        found = msgspec.json.decode(text, type=Prediction)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadSignal(f"this is no prediction: {error}.") from None
    if not found.days:
        raise BadSignal("this is no prediction: it has no days.")
    return found


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of one item or source at one moment.

    Parameters
    ----------
    about, id
        An ``item`` or a ``source``, and which.
    works
        Whether the item stood (its level was not under the floor), or the source served.
    time
        When, in seconds since 1970.
    by
        Who saw it: a probe, the gateway, a person.
    """

    about: Literal["item", "source"]
    id: str
    works: bool
    time: float
    by: str = ""


def observations_from(events: Iterable[Event], places: Places, floor: float = 0.5) -> tuple[Observation, ...]:
    """Take from events what they show of items and sources.

    A probe shows whether its item (or source) works. The gateway shows that a source serves (an answered request, a
    fall-back, a breaker that closes) or does not (a breaker that opens), and that the item of a source that serves stands.
    A signal by hand with ``freehold.level`` is a person's word on an item. Other events, and those of which the place is
    not known, show nothing.

    Parameters
    ----------
    events, places
        The events, and what ties them to the stack.
    floor
        Level under which an item has stopped.
    """
    found: list[Observation] = []
    for event in events:
        works = _works(event, floor)
        if works is None:
            continue
        named = labels_from(**{alias: str(event.data[alias]) for alias in ALIASES if event.data.get(alias)})
        cut = places.tie(named).cut
        if cut is None:
            continue
        rule = cut.rules[0]
        source, item = rule.source, rule.item
        if source is not None:
            found.append(Observation("source", source, works, event.time, event.source))
            item = places.item_of(source) if works else None
        if item is not None:
            found.append(Observation("item", item, works, event.time, event.source))
    return tuple(found)


def _works(event: Event, floor: float) -> bool | None:
    ok, level = event.data.get("freehold.probe.ok"), event.data.get("freehold.level")
    if event.type == "freehold.probe":
        return ok if isinstance(ok, bool) else None
    if event.type == "freehold.signal":
        known = isinstance(level, (int, float)) and not isinstance(level, bool) and math.isfinite(level)
        return float(level) >= floor - _TOLERANCE if known else None  # type: ignore[arg-type]
    if event.type == "freehold.gateway.request":
        return None if event.data.get("error.type") else True
    return {
        "freehold.gateway.fallback": True, "freehold.gateway.breaker.closed": True, "freehold.gateway.breaker.opened": False,
    }.get(event.type)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happened:
    """It was predicted and it happened.

    Parameters
    ----------
    about, id
        An item that stopped, or a source that took over.
    predicted
        Earliest and latest day; ``inf``: not up to the horizon.
    after, by
        It happened after the one day and by the other.
    error
        Days from the predicted interval to the observed one: negative if too early, positive if too late, 0 if they meet.
    """

    about: Literal["item", "source"]
    id: str
    predicted: tuple[float, float]
    after: float
    by: float
    error: float


@dataclass(frozen=True, slots=True)
class Missed:
    """It happened and was not predicted."""

    about: Literal["item", "source"]
    id: str
    after: float
    by: float


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """It was surely predicted by a day, and had not happened when that was past.

    ``seen`` is the last day on which it was seen not to have happened.
    """

    about: Literal["item", "source"]
    id: str
    predicted: tuple[float, float]
    seen: float


@dataclass(frozen=True, slots=True)
class StoodAsPredicted:
    """It was not predicted, and was last seen not to have happened on day ``seen``."""

    about: Literal["item", "source"]
    id: str
    seen: float


@dataclass(frozen=True, slots=True)
class NotYet:
    """It is predicted, has not happened, and the latest day is not past."""

    about: Literal["item", "source"]
    id: str
    predicted: tuple[float, float]
    seen: float


@dataclass(frozen=True, slots=True)
class NotObserved:
    """It is predicted, and nobody has looked since the loss."""

    about: Literal["item", "source"]
    id: str
    predicted: tuple[float, float]


Outcome: TypeAlias = Happened | Missed | FalseAlarm | StoodAsPredicted | NotYet | NotObserved


@dataclass(frozen=True, slots=True)
class Score:
    """How good a prediction was, so far.

    Parameters
    ----------
    happened, missed, false_alarms, stood, not_yet, not_observed
        Outcomes by type.
    error
        Mean of the absolute errors in days over what happened as predicted; ``None`` if nothing has.
    coverage
        Of the outcomes that are decided, the part in which reality was inside what was predicted; ``None`` if none is.
    brier
        Mean of (p − o)² over all that was observed: o is 1 if it happened, p is the chance of that as predicted for the
        moment of observation, 1 if surely, 0 if surely not, 1/2 if perhaps (Brier 1950, Monthly Weather Review 78(1)).
    interval
        Mean interval score, in days: smaller is better, 0 is an exact day met. See :func:`interval_score`.
    """

    happened: int
    missed: int
    false_alarms: int
    stood: int
    not_yet: int
    not_observed: int
    error: float | None
    coverage: float | None
    brier: float | None
    interval: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A prediction beside what happened up to a day: the outcomes, those of items first, and the score."""

    digest: str
    day: float
    outcomes: tuple[Outcome, ...]
    score: Score


def interval_score(low: float, high: float, value: float, alpha: float = ALPHA) -> float:
    """Score an interval against what happened: its width, and 2/α for each day by which reality lies outside.

    S = (u − l) + (2/α)(l − x)·[x < l] + (2/α)(x − u)·[x > u], the interval score of T. Gneiting and A. E. Raftery, "Strictly
    Proper Scoring Rules, Prediction, and Estimation", Journal of the American Statistical Association 102 (2007), 359–378,
    equation 43, for a central prediction interval of chance 1 − α.

    Parameters
    ----------
    low, high, value
        l, u and x, in days.
    alpha
        α.
    """
    return (high - low) + 2 / alpha * (max(0.0, low - value) + max(0.0, value - high))


def compare(prediction: Prediction, observations: Iterable[Observation], now: float) -> Comparison:
    """Set a prediction beside what was seen up to now.

    Only what was seen before the horizon counts. For the score, days after the last moment that can be judged (now, or the
    last look at what has not happened) are cut back to it on both sides, so that what is still to come costs nothing.

    Parameters
    ----------
    prediction
        As it was fixed.
    observations
        In any order.
    now
        Seconds since 1970.
    """
    horizon = min(prediction.days[-1], max(0.0, (now - prediction.loss) / _DAY))
    seen = _seen(prediction, observations, horizon)
    predicted: dict[tuple[Literal["item", "source"], str], tuple[float, float]] = {}
    for stop in prediction.stops:
        predicted["item", stop.item] = _late(stop.low), _late(stop.high)
    for one in prediction.takes_over:
        predicted["source", one.source] = one.earliest, _late(one.latest)
    outcomes: list[Outcome] = []
    points: list[tuple[float, float]] = []
    for key in sorted({*predicted, *seen}):
        expected = predicted.get(key, (math.inf, math.inf))
        outcome = _judged(key, expected, seen.get(key))
        if outcome is None:
            continue
        outcomes.append(outcome)
        points += _points(outcome, expected, horizon)
    return Comparison(prediction.digest, horizon, tuple(outcomes), _score(outcomes, points))


_Seen: TypeAlias = tuple[float, float]
"""Last day on which it had not happened (0 if nobody looked before it did), and first on which it had (``inf``: never)."""


def _seen(
    prediction: Prediction, observations: Iterable[Observation], horizon: float
) -> Mapping[tuple[Literal["item", "source"], str], _Seen]:
    looks: dict[tuple[Literal["item", "source"], str], list[tuple[float, bool]]] = {}
    for one in observations:
        day = (one.time - prediction.loss) / _DAY
        happened = one.works if one.about == "source" else not one.works
        if -_TOLERANCE <= day <= horizon + _TOLERANCE:
            looks.setdefault((one.about, one.id), []).append((max(0.0, day), happened))
    found = {}
    for key, moments in looks.items():
        by = min((day for day, happened in moments if happened), default=math.inf)
        after = max((day for day, happened in moments if not happened and day <= by), default=0.0)
        found[key] = (after, by)
    return found


def _judged(key: tuple[Literal["item", "source"], str], predicted: tuple[float, float], seen: _Seen | None) -> Outcome | None:
    about, id_ = key
    low, high = predicted
    surely_not = math.isinf(low)
    if seen is None:
        return NotObserved(about, id_, predicted)
    after, by = seen
    if by < math.inf:
        if surely_not:
            # that a source served which was in use all along says nothing of a take-over
            return Missed(about, id_, after, by) if about == "item" else None
        error = by - low if by < low - _TOLERANCE else after - high if after > high + _TOLERANCE else 0.0
        return Happened(about, id_, predicted, after, by, error)
    if surely_not:
        return StoodAsPredicted(about, id_, after) if about == "item" else None
    if after > high + _TOLERANCE:
        return FalseAlarm(about, id_, predicted, after)
    return NotYet(about, id_, predicted, after)


def _points(outcome: Outcome, predicted: tuple[float, float], horizon: float) -> list[tuple[float, float]]:
    """Squared error of the chance, and interval score, of one outcome; none for what was not observed."""
    if isinstance(outcome, NotObserved):
        return []
    low, high = predicted
    if isinstance(outcome, (Happened, Missed)):
        end, moment, happened = horizon, outcome.by, 1.0
        value = min(max(low, outcome.after), outcome.by)  # of the days observed, the one nearest to what was predicted
        if outcome.after > high:
            value = outcome.after
    else:
        end = moment = value = outcome.seen
        happened = 0.0
    chance = 1.0 if high <= moment + _TOLERANCE else 0.0 if low > moment + _TOLERANCE else 0.5
    score = interval_score(min(low, end), min(high, end), min(value, end))
    return [((chance - happened) ** 2, score)]


def _score(outcomes: list[Outcome], points: list[tuple[float, float]]) -> Score:
    def count(kind: type) -> int:
        return sum(isinstance(one, kind) for one in outcomes)

    happened = [one for one in outcomes if isinstance(one, Happened)]
    decided = len(happened) + count(Missed) + count(FalseAlarm) + count(StoodAsPredicted)
    inside = sum(one.error == 0 for one in happened) + count(StoodAsPredicted)
    return Score(
        len(happened), count(Missed), count(FalseAlarm), count(StoodAsPredicted), count(NotYet), count(NotObserved),
        _mean([abs(one.error) for one in happened]), inside / decided if decided else None,
        _mean([square for square, _ in points]), _mean([score for _, score in points]),
    )  # fmt: skip


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _late(day: float | None) -> float:
    return math.inf if day is None else day
