"""Silences: what people have asked not to be told for a while. Owns their life, and which alerts they cover.

A silence is *pending* before it starts, *active* until it ends, *expired* after that. What was in force is never rewritten: a
change that would do so expires the old silence and makes a new one, as in Alertmanager.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from freehold.errors import BadSignal, Overloaded
from freehold.watch.matchers import MOST_MATCHERS, Matcher, matches

__all__ = ["MOST_SILENCES", "RETENTION", "Silence", "Silences"]

MOST_SILENCES: Final = 10_000
"""The most that are kept; over it those that expired go first, then new ones are refused."""

RETENTION: Final = 5 * 86_400.0
"""Seconds for which an expired silence is kept, as in Alertmanager."""

_LONGEST_WORDS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence.

    Parameters
    ----------
    id
        Empty for one that is new.
    matchers
        What an alert must meet to be silenced.
    starts, ends
        From when, until when, in seconds since 1970.
    author, comment
        Who, why.
    updated
        When it was last changed.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts: float
    ends: float
    author: str
    comment: str
    updated: float = 0.0

    def state(self, now: float) -> str:
        """``pending``, ``active`` or ``expired``."""
        if now < self.starts:
            return "pending"
        return "active" if now < self.ends else "expired"


def _new_id() -> str:
    return str(uuid.uuid4())


class Silences:
    """All silences, by id.

    Parameters
    ----------
    known
        Those that were stored.
    new_id
        Gives a new one its id.
    most
        How many are kept.
    """

    def __init__(
        self, known: Iterable[Silence] = (), *, new_id: Callable[[], str] = _new_id, most: int = MOST_SILENCES
    ) -> None:  # fmt: skip
        self._all: dict[str, Silence] = {one.id: one for one in known}
        self._new_id, self._most = new_id, most
        self._seen_expired: dict[str, float] = {}
        self.version = 0
        """Goes up whenever a silence is added, changed or removed."""
        self._index()

    def _index(self) -> None:
        """Sort silences by a label that they ask for, so that an alert is compared with few."""
        self._by_label: dict[tuple[str, str], list[Silence]] = {}
        self._others: list[Silence] = []
        for one in self._all.values():
            asked = next((each for each in one.matchers if each.operator == "=" and each.value), None)
            place = self._others if asked is None else self._by_label.setdefault((asked.name, asked.value), [])
            place.append(one)

    def _changed(self) -> None:
        self.version += 1
        self._index()

    def __iter__(self) -> Iterator[Silence]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def get(self, id: str) -> Silence | None:  # noqa: A002  its name everywhere
        """One silence; ``None`` if there is none of that id."""
        return self._all.get(id)

    def covering(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The ids of all silences, in force or not, that an alert of these labels meets."""
        found = [one for one in self._others if matches(one.matchers, labels)]
        if self._by_label:
            for pair in labels.items():
                found += [one for one in self._by_label.get(pair, ()) if matches(one.matchers, labels)]
        return tuple(one.id for one in found)

    def active(self, ids: Iterable[str], now: float) -> tuple[str, ...]:
        """Those of some silences that are in force."""
        return tuple(id for id in ids if (one := self._all.get(id)) is not None and one.starts <= now < one.ends)  # noqa: A001

    def put(self, silence: Silence, now: float) -> tuple[Silence, ...]:
        """Add a silence, or change one.

        Parameters
        ----------
        silence
            With the id of the one to change, or none.
        now
            Seconds since 1970.

        Returns
        -------
        tuple of Silence
            What was stored: the new one last; before it the old one, if that was expired for it.

        Raises
        ------
        freehold.errors.BadSignal
            If it would cover everything or nothing, or its times make no sense.
        freehold.errors.Overloaded
            If there are too many.
        KeyError
            If no silence has its id.
        """
        _check(silence, now)
        before = self._all[silence.id] if silence.id else None
        if before is not None and _may_change(before, silence, now):
            return self._store(replace(silence, updated=now))
        ended: tuple[Silence, ...] = ()
        if before is None and len(self._all) >= self._most:
            self._make_room(now)
        if before is not None and before.state(now) != "expired":
            ended = self.expire(before.id, now)
        return ended + self._store(replace(silence, id=self._new_id(), starts=max(silence.starts, now), updated=now))

    def _store(self, silence: Silence) -> tuple[Silence, ...]:
        self._all[silence.id] = silence
        self._seen_expired.pop(silence.id, None)
        self._changed()
        return (silence,)

    def _make_room(self, now: float) -> None:
        expired = sorted((one for one in self if one.state(now) == "expired"), key=lambda one: one.ends)
        if not expired:
            raise Overloaded(f"there are {self._most:,} silences already. Expire some, or make one that covers more.", 60.0)
        self._remove([one.id for one in expired[: max(1, self._most // 100)]])

    def _remove(self, ids: Iterable[str]) -> None:
        for one in ids:
            del self._all[one]
            self._seen_expired.pop(one, None)
        self._changed()

    def expire(self, id: str, now: float) -> tuple[Silence, ...]:  # noqa: A002
        """End a silence now; one that has ended stays as it is.

        Returns
        -------
        tuple of Silence
            What was changed.

        Raises
        ------
        KeyError
            If there is none of that id.
        """
        before = self._all[id]
        if before.state(now) == "expired":
            return ()
        return self._store(replace(before, starts=min(before.starts, now), ends=now, updated=now))

    def tidy(self, now: float, steady: float) -> tuple[str, ...]:
        """Remove what has been expired for :data:`RETENTION`, by a clock that does not jump.

        Parameters
        ----------
        now
            Seconds since 1970.
        steady
            Seconds of a monotonic clock.

        Returns
        -------
        tuple of str
            The ids removed.
        """
        for one in self:
            if one.state(now) == "expired":
                self._seen_expired.setdefault(one.id, steady)
            else:
                self._seen_expired.pop(one.id, None)
        gone = tuple(id for id, since in self._seen_expired.items() if steady - since >= RETENTION)  # noqa: A001
        if gone:
            self._remove(gone)
        return gone

    def shift(self, before: float, seconds: float) -> tuple[Silence, ...]:
        """The clock has jumped: what is in force stays so for the time that was left.

        Parameters
        ----------
        before
            What the clock showed.
        seconds
            By how much it jumped.

        Returns
        -------
        tuple of Silence
            What was changed.
        """
        moved = tuple(
            replace(one, starts=one.starts + seconds, ends=one.ends + seconds) for one in self if one.state(before) == "active"
        )
        self._all.update({one.id: one for one in moved})
        return moved


def _check(silence: Silence, now: float) -> None:
    if not 1 <= len(silence.matchers) <= MOST_MATCHERS:
        raise BadSignal(f"a silence has {len(silence.matchers)} matchers. Give it 1 to {MOST_MATCHERS}.")
    if all(one.is_positive and one.accepts("") for one in silence.matchers):
        raise BadSignal(
            "a silence's matchers are all met by alerts that lack the label: it covers everything. Ask for a value."
        )
    if not (math.isfinite(silence.starts) and math.isfinite(silence.ends)):
        raise BadSignal("a silence has no finite start and end. Give both.")
    if silence.starts >= silence.ends:
        raise BadSignal("Failed to create silence: start time must be before end time")
    if silence.ends < now:
        raise BadSignal("Failed to create silence: end time can't be in the past")
    if len(silence.author) + len(silence.comment) > _LONGEST_WORDS:
        raise BadSignal(f"a silence's author and comment are longer than {_LONGEST_WORDS:,} characters. Shorten them.")


def _may_change(before: Silence, after: Silence, now: float) -> bool:
    """Whether a change leaves what was in force as it was."""
    if before.matchers != after.matchers:
        return False
    state = before.state(now)
    if state == "active":
        return int(before.starts) == int(after.starts) and after.ends >= now
    return state == "pending" and after.starts >= now
