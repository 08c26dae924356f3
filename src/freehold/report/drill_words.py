"""How the values of a drill read: times, amounts, endings, shapes, landlords, countries. Owns these words, not their place."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from freehold.drill.record import Attributed, Drill, HostRole, Run, VerdictName
from freehold.report.figures import country
from freehold.report.interface import Tone
from freehold.words import listed, remark, say

__all__ = [
    "TONES", "amount", "blind_words", "countries_of", "cut_line", "ending",
    "hand_line", "host_of", "in_words", "landlord_of", "refused_in", "shape_words", "time_of",
]  # fmt: skip

TONES: dict[VerdictName, Tone] = {
    "untouched": "good", "survived": "good", "degraded": "warn", "failed": "bad", "void": "warn",
}  # fmt: skip
_UNITS = ("B", "kB", "MB", "GB", "TB")
_MOST_SHOWN = 100
"""Characters of a command in a title."""


def amount(size: int) -> str:
    """Bytes in decimal units, to three figures."""
    value, place = float(size), 0
    while value >= 999.5 and place < len(_UNITS) - 1:
        value, place = value / 1000, place + 1
    return f"{value:.3g} {_UNITS[place]}"


def time_of(seconds: float | None) -> str | None:
    """A length of time: ``0.4 s``, ``79 s``, ``12 min``."""
    if seconds is None:
        return None
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 599.5 else f"{seconds / 60:.0f} min"


def blind_words(spot: str) -> str:
    """A blind spot in words; one that a later version wrote is shown as it stands."""
    name, _, value = spot.partition(" ")
    try:
        return say(name if name.startswith("drill") else f"drill.blind_{name}", value=value)
    except KeyError:
        return spot


def ending(exit_: int | None) -> str:
    """How a run ended."""
    if exit_ is None:
        return say("drill.overtime")
    if exit_ == 0:
        return say("drill.passed")
    return say("drill.signalled", number=-exit_) if exit_ < 0 else say("drill.exited", status=exit_)


def in_words(command: Sequence[str], most: int = _MOST_SHOWN) -> str:
    """A command as a shell takes it, cut where it is long."""
    text = shlex.join(command)
    return text if len(text) <= most else text[: most - 1] + "…"


def shape_words(shape: str) -> str:
    """How a cut looks from inside."""
    name, _, rest = shape.partition(":")
    return say(f"drill.shape_{name}", shape=shape, status=rest, day=rest)


def landlord_of(one: Attributed) -> str:
    """Whose host it is, as shown; words where nobody knows."""
    if one.contact.local:
        return say("drill.local_host")
    surest = next((role for role in one.roles if role.provider is not None), None)
    return say("drill.nobody_known") if surest is None else surest.name or surest.provider or ""


def host_of(one: Attributed) -> str:
    """Its name; an address without one says so."""
    return one.contact.name or say("drill.unnamed", host=one.contact.address)


def countries_of(roles: Iterable[HostRole]) -> str | None:
    """Countries by the ways that lead to them, over all roles; ``None`` if none is stated."""
    found: dict[str, dict[str, None]] = {}
    for role in roles:
        for way, codes in role.countries:
            found.setdefault(way, {}).update(dict.fromkeys(codes))
    told = [
        say("drill.hand_way", way=say(f"drill.way_{way}"), countries=listed(_code(code) for code in codes))
        for way, codes in found.items()
        if codes
    ]
    return say("report.separator").join(told) or None


def _code(code: str) -> str:
    return country(code) if code in ("?", "none") else code


def hand_line(role: HostRole) -> str:
    """One hand on a host in a line."""
    where = countries_of((role,))
    return say(
        "drill.hand", role=say(f"drill.role_{role.role}"), name=role.name or role.provider or say("drill.nobody_known"),
        countries=remark("", where) if where else "", method=say(f"drill.method_{role.method}"),
        confidence=say(f"drill.confidence_{role.confidence}"), evidence=remark("", role.evidence) if role.evidence else "",
    )  # fmt: skip


def refused_in(run: Run) -> int:
    """How many tries the cut ended."""
    return sum(one.contact.refused for one in run.contacts)


def cut_line(drill: Drill) -> str:
    """What was cut, how it looked, and by which means; for a drill that cut nothing, by which means it saw."""
    backend = say(f"drill.backend_{drill.backend}")
    if not drill.said:
        return say("drill.watched", backend=backend)
    return say("drill.cut_of", what=drill.said, shape=shape_words(drill.shape), backend=backend)
