"""The keys of an options file as data: one table drives checks, the template and the guide.

Owns what an option may say. The tables of new things (``provider``, ``item``, ``source``) are those of a stack, see
:mod:`freehold.stack.schema`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from freehold.stack.schema import Attribute

__all__ = ["CHANGES", "NEW_THINGS", "OPTION_KEYS", "REFERENCE", "SLIP", "SOURCE_COLUMNS"]


def _known(name: str, type_: str, blank: str, meaning: str, *, required: bool = False) -> Attribute:
    return Attribute(name, type_, "", blank, meaning, unknown=False, required=required)


_INHERITED: Final = "what the sources that it activates state, else not known"

OPTION_KEYS: Final = (
    _known("id", "id", "not allowed", "Slug; unique among the options.", required=True),
    _known("name", "text", "the id", "Name for people."),
    Attribute("cost_once", "money", "currency", _INHERITED, "What building it costs."),
    Attribute("cost_year", "money", "currency a year", _INHERITED, "What it costs a year from the day it is ready."),
    _known("currency", "text", "that of the sources that it activates", "ISO 4217 code of the costs, one for all options."),
    Attribute("lead", "duration", "days", "not known", "Time from its start until it is ready."),
    _known("earliest", "date", "any day", "Date before which it cannot start."),
    _known("requires", "tags", "none", "Ids of options that must be ready when it starts."),
    _known("excludes", "tags", "none", "Ids of options that no plan has beside it."),
    Attribute("success", "fraction", "probability", "1", "Probability that it works at all.", 1.0, unknown=False),
    Attribute("people", "number", "persons", "0", "How many persons it takes while it is being built.", 0.0, unknown=False),
    _known("learns_with", "id", "none", "Group of options whose cost falls with the number built (Wright 1936)."),
    Attribute("learning", "fraction", "of the cost", "none",
              "To which part the cost falls with every doubling of the number built: 0.8 is an 80 % curve.", unknown=False),
    _known("standards_left", "tags", "none", "Standards that it leaves."),
    _known("forks", "tags", "none", "Forks that it must keep."),
    _known("gives_up", "tags", "none", "What is no longer to be had with it, in words."),
)  # fmt: skip
"""What an option says of itself."""

SLIP: Final = (
    Attribute("days", "duration", "days", "not allowed", "How much later it is ready.", unknown=False, required=True),
    Attribute("odds", "fraction", "probability", "not allowed", "With what probability.", unknown=False, required=True),
)
"""One way of being late."""

REFERENCE: Final = (
    _known("title", "text", "not allowed", "What says so, or the assumption.", required=True),
    _known("publisher", "text", "none", "Who says so."),
    _known("url", "text", "none", "Where."),
    _known("date", "date", "none", "When."),
)
"""Where an option's facts come from."""

_SOURCE: Final = _known("source", "reference", "not allowed", "Id of a source.", required=True)
_ITEM: Final = _known("item", "reference", "not allowed", "The item that the source needs.", required=True)


def _number(name: str, type_: str, unit: str, meaning: str) -> Attribute:
    return Attribute(name, type_, unit, "not allowed", meaning, unknown=False, required=True)


CHANGES: Final[Mapping[str, tuple[Attribute, ...]]] = {
    "activate": (
        _SOURCE,
        Attribute("share", "fraction", "of today's need", "it stands by", "Part of today's need that it takes.", unknown=False),
    ),
    "cover": (
        _SOURCE,
        _ITEM,
        _number("survive", "duration", "days", "Cover of the need: stock, spares, escrow, licence term."),
    ),
    "capacity": (_SOURCE, _number("capacity", "fraction", "of today's need", "Part that it could meet once ramped up.")),
    "recover": (_SOURCE, _number("recover", "duration", "days", "Time to switch or ramp up to it.")),
    "quality": (_SOURCE, _number("quality", "fraction", "0 to 1", "How good it is beside the best.")),
    "spare": (
        _SOURCE,
        _ITEM,
        _number("weight", "fraction", "of the output", "Part of its output still lost without the item."),
    ),
}
"""What an option may change, and the keys of each entry."""

NEW_THINGS: Final = ("provider", "item", "source")
"""Tables of a stack that may come with an option."""

SOURCE_COLUMNS: Final = "source."
"""How the columns of a table begin that state the one new source of an option."""
