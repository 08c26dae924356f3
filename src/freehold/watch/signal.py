"""What a person says is wrong. Owns how a word by hand becomes an event, and that event an alert.

It goes the way of all events, through the journal, so that it is there after a crash and in a replay; no rule has to look at
it, since who says it has judged already.
"""

from __future__ import annotations

import asyncio
import math
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from freehold.errors import BadSignal
from freehold.watch.alert import Alert, labels_from
from freehold.watch.event import Event, Json
from freehold.watch.journal import Journal

__all__ = ["ALERT", "BY", "SIGNAL", "alert_of_signal", "signal_event", "tell_by_hand"]

SIGNAL: Final = "freehold.signal"
ALERT: Final = "told-by-hand"
"""The ``alertname`` where who says it gives no other."""

BY: Final = "freehold.by"
"""The attribute, and the annotation, that says who; what comes in from outside has no annotation with a dot in its name."""

_LABEL: Final = "freehold.label."
_NOTE: Final = "freehold.annotation."
_SHOWS: Final = {"item": "freehold.item", "source": "freehold.source_id"}
"""Labels that say of what a level is, and the attributes by which that is seen."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_LONGEST: Final = 2_000
_MOST: Final = 40


def signal_event(
    labels: Mapping[str, str], annotations: Mapping[str, str], *, by: str, now: float, resolved: bool = False, id_: str = "",
    level: float | None = None,
) -> Event:  # fmt: skip
    """Make the event of what a person says.

    Parameters
    ----------
    labels
        Which alert it is and what is concerned, such as ``provider``.
    annotations
        More about it: ``summary``, facts as ``fact_NAME``.
    by
        Who says it.
    now
        Seconds since 1970.
    resolved
        Whether it is over.
    level
        At which level the item stands that the labels name: a person's word, held against what was predicted.
    id_
        Its own; a random one if it is empty. The same again is the same event.

    Raises
    ------
    freehold.errors.BadSignal
        If a name is none, a text is too long, or nothing says what is wrong.
    """
    if not labels and not annotations.get("summary"):
        raise BadSignal("nothing says what is wrong. Give a sentence, or what is concerned: --provider ID.")
    for pairs in (labels, annotations):
        if len(pairs) > _MOST:
            raise BadSignal(f"{len(pairs)} labels or facts are more than the {_MOST} that are taken.")
        for name, value in pairs.items():
            if not _NAME.fullmatch(name):
                raise BadSignal(f"'{name[:40]}' is no name for a label or a fact: letters, digits and '_'.")
            if len(value) > _LONGEST:
                raise BadSignal(f"{name} has {len(value):,} characters, more than {_LONGEST:,}. Shorten it.")
    data: dict[str, Json] = {_LABEL + name: value for name, value in labels.items()}
    data |= {_NOTE + name: value for name, value in annotations.items()}
    data[BY] = by
    data |= {attribute: labels[label] for label, attribute in _SHOWS.items() if label in labels}
    if level is not None:
        if not 0 <= level <= 1:
            raise BadSignal(f"a level of {level:g} is not between 0 and 1.")
        data["freehold.level"] = level
    return Event("/freehold/people", id_ or str(uuid.uuid4()), SIGNAL + (".resolved" if resolved else ""), now, now, "", data)


def tell_by_hand(folder: Path, event: Event) -> bool:
    """Put a word into the journal of a desk's folder; whether it was new. A desk that runs sees it at once.

    Raises
    ------
    freehold.errors.FreeholdError
        If the journal cannot be used.
    """

    async def put() -> int:
        async with Journal.open(folder / "journal.db") as journal:
            return (await journal.put([event])).new

    return bool(asyncio.run(put()))


def alert_of_signal(event: Event) -> Alert | None:
    """The alert that a person's word amounts to; ``None`` if the event is none of these, or says that all is well."""
    level = event.data.get("freehold.level")
    if event.type not in (SIGNAL, SIGNAL + ".resolved") or (isinstance(level, int | float) and level >= 1):
        return None
    told = {name: value for name, value in event.data.items() if isinstance(value, str)}
    labels = {name.removeprefix(_LABEL): value for name, value in told.items() if name.startswith(_LABEL)}
    notes = {name.removeprefix(_NOTE): value for name, value in told.items() if name.startswith(_NOTE)}
    labels.setdefault("alertname", ALERT)
    if told.get(BY):
        notes["by"] = notes[BY] = told[BY]
    ends = event.received if event.type.endswith(".resolved") else math.inf
    return Alert(labels_from(**labels), labels_from(**notes), event.received, ends, event.received)
