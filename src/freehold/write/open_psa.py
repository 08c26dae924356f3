"""Writes stacks in the Open-PSA model exchange format. Owns names there, and which item is a gate and which an event.

An item becomes a gate, a provider a basic event with its probability; an item with one source, without needs, whose
provider has nothing else is that event itself. Ids that are no names in the format stand beside it, in attributes that
other programs pass over, so that what is read back has the ids that were written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from freehold.stack.values import Stack, is_stated
from freehold.write.failure_logic import Event, Failure, Supplied, failures_of

__all__ = ["OpenPsaWriter"]

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+|--+")
_LONGEST: Final = 100
_TRUE: Final = '<constant value="true"/>'
_FALSE: Final = '<constant value="false"/>'


class OpenPsaWriter:
    """The writer of Open-PSA models."""

    name = "Open-PSA"
    ending = ".opsa.xml"

    def text(self, stack: Stack) -> str:
        """Write a stack.

        Parameters
        ----------
        stack
            A stack in which everything works or fails, without circles.

        Raises
        ------
        freehold.errors.StackError
            If it is another; the message says what of it, and the mend.
        """
        failures = failures_of(stack)
        names = _Names()
        plain = _plain(stack, failures)
        written = _Written(
            {one.item.id: names.given(one.item.id) for one in failures},
            {event.id: names.given(event.id) for event in _events(failures) if event.id not in plain.values()},
            plain,
        )
        weights = _weights(stack)
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<opsa-mef>"]
        lines.append(f"<define-fault-tree name={quoteattr(names.given(stack.name))}>")
        for one in failures:
            if one.item.id in plain:
                continue
            lines += _definition("define-gate", written.items[one.item.id], one.item.name, {
                "freehold-item": one.item.id, "freehold-mission": weights.get(one.item.id, ""),
            }, _formula(one, written, names, lines))  # fmt: skip
        lines.append("</define-fault-tree>")
        lines.append("<model-data>")
        for one in failures:
            if one.item.id in plain:
                event = one.sources[0].event
                assert event is not None
                attributes = {"freehold-item": one.item.id, "freehold-provider": event.id if event.id != one.item.id else ""}
                name = written.items[one.item.id]
                lines += _definition("define-basic-event", name, one.item.name, attributes, _probability(event))
        for event in _events(failures):
            if event.id in written.events:
                name = written.events[event.id]
                lines += _definition(
                    "define-basic-event", name, event.name, {"freehold-provider": event.id}, _probability(event)
                )
        return "\n".join([*lines, "</model-data>", "</opsa-mef>", ""])


@dataclass(frozen=True)
class _Written:
    """Names by item and by event, and the items that are events themselves, with the event's id."""

    items: Mapping[str, str]
    events: Mapping[str, str]
    plain: Mapping[str, str]

    def of_item(self, item: str) -> str:
        kind = "basic-event" if item in self.plain else "gate"
        return f'<{kind} name="{self.items[item]}"/>'

    def of_event(self, event: Event) -> str:
        return f'<basic-event name="{self.events[event.id]}"/>'


class _Names:
    """Names of the format: letters, digits, single hyphens within; each once, whatever the case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def given(self, id_: str) -> str:
        stem = _NO_NAME.sub("_", id_).strip("-")[:_LONGEST].strip("-") or "_"
        stem = stem if stem[0].isalpha() or stem[0] == "_" else f"_{stem}"
        name, number = stem, 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name.casefold())
        return name


def _events(failures: Iterable[Failure]) -> Iterator[Event]:
    """Each event once, in order."""
    found = {source.event.id: source.event for one in failures for source in one.sources if source.event is not None}
    yield from found.values()


def _plain(stack: Stack, failures: Sequence[Failure]) -> Mapping[str, str]:
    """Items that are nothing but the loss of their only provider, which has nothing else, and that are not the mission."""
    used = Counter(source.event.id for one in failures for source in one.sources if source.event is not None)
    needed = {need for one in failures for source in one.sources for need in source.needs}
    found: dict[str, str] = {}
    for one in failures:
        if len(one.sources) == 1 and one.least == 1 and one.item.id in needed and not one.item.mission:
            event = one.sources[0].event
            if event is not None and used[event.id] == 1 and not one.sources[0].needs and event.id in stack.provider_by_id:
                found[one.item.id] = event.id
    return found


def _weights(stack: Stack) -> Mapping[str, str]:
    """Weights of the mission; none where they are what a reader takes anyway: equal, of all that nobody needs."""
    needed = {need.item for need in stack.needs}
    stated = {item.id: item.mission for item in stack.items if is_stated(item.mission) and item.mission > 0}
    if len(set(stated.values())) <= 1 and set(stated) in (set(), {item.id for item in stack.items if item.id not in needed}):
        return {}
    return {id_: repr(weight) for id_, weight in stated.items()}


def _formula(one: Failure, written: _Written, names: _Names, lines: list[str]) -> str:
    if one.least == 0:
        return _TRUE
    parts = [_source(source, written) for source in one.sources]
    if one.least == len(parts):
        return _FALSE if _FALSE in parts else _joined("and", parts)
    if one.least == 1:
        return _joined("or", [part for part in parts if part != _FALSE]) if set(parts) != {_FALSE} else _FALSE
    for place, part in enumerate(parts):
        if parts.index(part) < place or part == _FALSE:
            # a choice by number takes no input twice: the same failure counts under a name of its own
            name = names.given(f"{written.items[one.item.id]}_source_{place + 1}")
            lines += _definition("define-gate", name, None, {}, part)
            parts[place] = f'<gate name="{name}"/>'
    return f'<atleast min="{one.least}">{"".join(parts)}</atleast>'


def _source(source: Supplied, written: _Written) -> str:
    inputs = [written.of_item(need) for need in source.needs]
    if source.event is not None:
        inputs.append(written.of_event(source.event))
    return _joined("or", inputs) if inputs else _FALSE


def _joined(tag: str, parts: Iterable[str]) -> str:
    unique = list(dict.fromkeys(parts))
    return unique[0] if len(unique) == 1 else f"<{tag}>{''.join(unique)}</{tag}>"


def _definition(tag: str, name: str, label: str | None, attributes: Mapping[str, str], inner: str) -> Iterator[str]:
    shown = {key: value for key, value in attributes.items() if value and value != name}
    yield f'<{tag} name="{name}">'
    if label:
        yield f"<label>{escape(label)}</label>"
    if shown:
        each = "".join(f"<attribute name={quoteattr(key)} value={quoteattr(value)}/>" for key, value in shown.items())
        yield f"<attributes>{each}</attributes>"
    if inner:
        yield inner
    yield f"</{tag}>"


def _probability(event: Event) -> str:
    return "" if event.probability is None else f'<float value="{event.probability!r}"/>'
