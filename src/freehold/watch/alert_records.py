"""Alerts, groups and silences as the rows in which they are stored. Owns that form, both ways: MessagePack, checked."""

from __future__ import annotations

import msgspec

from freehold.watch.alert_groups import Group, Held, Told
from freehold.watch.matchers import Matcher
from freehold.watch.silences import Silence

__all__ = ["SavedAlert", "SavedGroup", "SavedSilence", "SavedTold", "record", "silence_from", "told_from"]


class SavedAlert(msgspec.Struct, frozen=True, array_like=True):
    """An alert as it is stored; times in seconds since 1970."""

    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]
    starts: float
    ends: float
    updated: float
    timeout: bool


class SavedTold(msgspec.Struct, frozen=True, array_like=True):
    """What a channel was last told, as it is stored."""

    firing: list[str]
    open: list[str]
    at: float
    count: int


class SavedGroup(msgspec.Struct, frozen=True, array_like=True):
    """A group as it is stored."""

    number: int
    next: float
    told: dict[str, SavedTold]


class SavedSilence(msgspec.Struct, frozen=True, array_like=True):
    """A silence as it is stored."""

    matchers: list[tuple[str, str, str]]
    starts: float
    ends: float
    author: str
    comment: str
    updated: float


def record(value: Held | Group | Silence | float) -> bytes:
    """A value as the body of its row."""
    return msgspec.msgpack.encode(_saved(value))


def _saved(value: Held | Group | Silence | float) -> object:
    if isinstance(value, Held):
        alert = value.alert
        return SavedAlert(alert.labels, alert.annotations, alert.starts, value.ends, alert.updated, value.timeout)
    if isinstance(value, Group):
        told = {name: SavedTold(list(one.firing), list(one.open), one.at, one.count) for name, one in value.told.items()}
        return SavedGroup(value.number, value.next, told)
    if isinstance(value, Silence):
        matchers = [(one.name, one.operator, one.value) for one in value.matchers]
        return SavedSilence(matchers, value.starts, value.ends, value.author, value.comment, value.updated)
    return float(value)


def told_from(saved: SavedGroup) -> dict[str, Told]:
    """What each channel was told of a stored group."""
    return {name: Told(frozenset(one.firing), frozenset(one.open), one.at, one.count) for name, one in saved.told.items()}


def silence_from(id: str, saved: SavedSilence) -> Silence:  # noqa: A002  its name everywhere
    """A stored silence.

    Raises
    ------
    freehold.errors.BadRules
        If a matcher of it is none.
    """
    matchers = tuple(Matcher(*one) for one in saved.matchers)
    return Silence(id, matchers, saved.starts, saved.ends, saved.author, saved.comment, saved.updated)
