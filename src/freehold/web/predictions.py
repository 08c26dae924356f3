"""What was predicted for each incident, beside what is seen since. Owns what was seen, kept small, and the sentence on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from freehold.errors import BadSignal
from freehold.respond.incident import Incident
from freehold.watch.event import Event, Json
from freehold.watch.places import Places
from freehold.watch.prediction import Comparison, FalseAlarm, Happened, Missed, Observation, compare, observations_from
from freehold.watch.prediction import read_prediction as read
from freehold.words import percent, say

__all__ = ["PREDICTION", "Seen", "comparison_of", "score_data", "score_sentence"]

PREDICTION: Final = "prediction"
"""Where the prediction stands in what an incident keeps of its reach."""

_MOST_THINGS: Final = 20_000
_MOST_LOOKS: Final = 200
_MOST_OUTCOMES: Final = 1_000


class Seen:
    """What events have shown of items and sources.

    Of looks that say the same one after the other, two are kept, the first and the last: a change lies between two looks.

    Parameters
    ----------
    places
        What ties events to the stack.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._looks: dict[tuple[str, str], list[Observation]] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Look at events."""
        for one in observations_from(events, self._places):
            key = one.about, one.id
            looks = self._looks.get(key)
            if looks is None:
                if len(self._looks) >= _MOST_THINGS:
                    continue
                looks = self._looks[key] = []
            if len(looks) >= 2 and looks[-1].works == looks[-2].works == one.works:
                looks[-1] = one
            else:
                looks.append(one)
                if len(looks) > _MOST_LOOKS:
                    del looks[2 : len(looks) - _MOST_LOOKS + 2]

    @property
    def all(self) -> list[Observation]:
        """All that is kept."""
        return [one for looks in self._looks.values() for one in looks]


def comparison_of(incident: Incident, seen: Seen, now: float) -> Comparison | None:
    """An incident's prediction beside what was seen; ``None`` if nothing was predicted."""
    text = incident.radius.get(PREDICTION) if isinstance(incident.radius, dict) else None
    if not isinstance(text, str):
        return None
    try:
        return compare(read(text), seen.all, now)
    except BadSignal:
        return None


def score_sentence(found: Comparison) -> str:
    """The score in a sentence."""
    score = found.score
    if not (score.happened or score.missed or score.false_alarms or score.stood):
        left = score.not_yet + score.not_observed
        return say("desk.prediction_open_one" if left == 1 else "desk.prediction_open", count=left)
    told = say(
        "desk.prediction", happened=score.happened, missed=score.missed, false_alarms=score.false_alarms, stood=score.stood,
        not_yet=score.not_yet, not_observed=score.not_observed,
    )  # fmt: skip
    if score.brier is None or score.coverage is None:
        return told
    return told + " " + say("desk.prediction_score", coverage=percent(score.coverage), brier=f"{score.brier:.2f}")


def score_data(found: Comparison) -> Mapping[str, Json]:
    """The score as data, for the evidence."""
    score = found.score
    kinds = {Happened: "happened", Missed: "missed", FalseAlarm: "false_alarm"}
    outcomes: list[Json] = []
    for one in found.outcomes:
        if type(one) in kinds and len(outcomes) < _MOST_OUTCOMES:
            outcomes.append({"about": one.about, "id": one.id, "outcome": kinds[type(one)]})
    counts = ("happened", "missed", "false_alarms", "stood", "not_yet", "not_observed")
    measures = ("error", "coverage", "brier", "interval")
    data: dict[str, Json] = {"prediction": found.digest, "day": round(found.day, 9), "outcomes": outcomes}
    data |= {name: getattr(score, name) for name in counts}
    data |= {name: None if (value := getattr(score, name)) is None else round(value, 9) for name in measures}
    return data
