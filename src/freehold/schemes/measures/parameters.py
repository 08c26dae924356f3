"""What a measure may be told, and how. Owns the check of parameters: name, type, bounds, default, and the mend."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from freehold.errors import SchemeError
from freehold.schemes.interface import Parameter
from freehold.stack.cells import nearest, shown
from freehold.stack.cutoff import WAYS
from freehold.stack.schema import KINDS, ROLES

__all__ = ["REACHES", "SELECTION", "VIA", "WITHIN", "Accepted", "Settings", "settled"]

_Type: TypeAlias = Literal["choice", "choices", "text", "texts", "number", "flag"]

REACHES: Final = ("mission", "parts", "run", "change", "all", "stack")
"""Which items are looked at."""

_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Accepted:
    """One parameter that a measure takes.

    Parameters
    ----------
    type
        ``choice`` (one of ``choices``), ``choices`` (a list of them), ``text``, ``texts``, ``number``, ``flag``.
    default
        Its value where none is given.
    meaning
        In words.
    choices
        Words that may be written.
    low, high
        Bounds of a number.
    """

    type: _Type
    default: Parameter
    meaning: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = math.inf


SELECTION: Final[Mapping[str, Accepted]] = {
    "reach": Accepted("choice", "run", "Which items are looked at.", REACHES),
    "kinds": Accepted("choices", (), "Only items of these layers; empty: of all.", KINDS),
    "roles": Accepted("texts", (), "Only items that are needed in one of these roles; empty: in any.", ROLES),
    "tags": Accepted("texts", (), "Only items that have one of these tags, or a source that has; empty: all."),
}
"""Parameters by which items are chosen."""

WITHIN: Final = Accepted(
    "choice", "region", "What counts as inside: home and trusted countries, or home alone.", ("region", "home")
)
VIA: Final = Accepted("choices", WAYS, "Ways of control that count.", WAYS)


class Settings:
    """Parameters of one measure, checked, with their defaults filled in."""

    def __init__(self, values: Mapping[str, Parameter]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """A word."""
        value = self._values[name]
        assert isinstance(value, str)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of words."""
        value = self._values[name]
        assert isinstance(value, tuple)
        return value

    def number(self, name: str) -> float:
        """A number."""
        return float(self._values[name])  # type: ignore[arg-type]

    def flag(self, name: str) -> bool:
        """Yes or no."""
        return bool(self._values[name])


def settled(measure: str, accepted: Mapping[str, Accepted], given: Mapping[str, Parameter]) -> Settings:
    """Check what a measure is told, and fill in the rest.

    Parameters
    ----------
    measure
        Its name, for messages.
    accepted
        Parameters that it takes.
    given
        Those of a scheme's file.

    Raises
    ------
    freehold.errors.SchemeError
        Naming the measure, the parameter and the mend.
    """
    for name in given:
        if name not in accepted:
            near = nearest(name, accepted)
            mend = f"Did you mean '{near[0]}'?" if near else f"It takes: {', '.join(accepted) or 'none'}."
            raise SchemeError(f"the measure '{measure}' takes no parameter {shown(name)}. {mend}")
    return Settings({name: _value(measure, name, one, given.get(name, one.default)) for name, one in accepted.items()})


def _value(measure: str, name: str, accepted: Accepted, value: Parameter) -> Parameter:
    def refused(mend: str) -> SchemeError:
        return SchemeError(f"the measure '{measure}', parameter '{name}': {shown(value)} will not do. {mend}")

    if accepted.type == "flag":
        if not isinstance(value, bool):
            raise refused("Write true or false.")
        return value
    if accepted.type == "number":
        between = f"Write a number from {accepted.low:g} to {accepted.high:g}."
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise refused(between)
        if not accepted.low <= value <= accepted.high:
            raise refused(between)
        return float(value)
    if accepted.type in ("choice", "text"):
        if not isinstance(value, str) or (accepted.choices and value not in accepted.choices):
            raise refused(f"Choose from: {', '.join(accepted.choices)}." if accepted.choices else "Write a text in quotes.")
        return value
    words = (value,) if isinstance(value, str) else value
    if not isinstance(words, (tuple, list)) or len(words) > _MOST or not all(isinstance(word, str) for word in words):
        raise refused("Write a list of texts in quotes.")
    strange = [word for word in words if word not in accepted.choices] if accepted.type == "choices" else []
    if strange:
        raise refused(f"{shown(strange[0])} is none of: {', '.join(accepted.choices)}.")
    return tuple(words)
