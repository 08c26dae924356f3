"""Numbers and constants of an Open-PSA model. Owns what counts as a plain number.

A parameter that is one counts; distributions and arithmetic do not: what they give depends on a mission time that the
file does not state.
"""

from __future__ import annotations

import math
import re
from typing import Final

from freehold.read.numbered_xml import NumberedElement

__all__ = ["Numbers", "constant_of", "number_of"]

_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
_PLAIN: Final = ("float", "int")
_MOST_STEPS: Final = 100


def number_of(text: str) -> float | None:
    """A number as written; ``None`` if it is none, or not finite."""
    number = float(text) if len(text) < 400 and _NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def constant_of(element: NumberedElement) -> bool | None:
    """The truth that an element holds, as ``<constant value=…/>`` or by itself; ``None`` if none."""
    constants = [element] if element.tag == "constant" else [*element.each("constant")]
    return _FLAGS.get(constants[0].attributes.get("value", "")) if len(constants) == 1 else None


class Numbers:
    """Parameters of a model, and what expressions come to."""

    def __init__(self) -> None:
        self._parameters: dict[str, tuple[NumberedElement, str]] = {}

    def define(self, name: str, path: str, element: NumberedElement, *, public: bool) -> None:
        """Note a parameter; of two of the same name the first counts."""
        full = f"{path}.{name}" if path else name
        for key in (full, name) if public else (full,):
            self._parameters.setdefault(key, (element, path))

    def value(self, element: NumberedElement, scope: str, beside: tuple[str, ...]) -> tuple[bool, float | None]:
        """What the expression within an element is.

        Parameters
        ----------
        element
            A definition.
        scope
            The path of its container.
        beside
            Names of children that are no expression.

        Returns
        -------
        bool
            Whether there is one.
        float or None
            Its value, where it is a plain number; a number that cannot be read is NaN, which no range holds.
        """
        stated = False
        for _ in range(_MOST_STEPS):
            inner = [child for child in element.children if child.tag not in beside]
            stated = stated or bool(inner)
            if len(inner) != 1:
                break
            one = inner[0]
            if one.tag in _PLAIN:
                number = number_of(one.attributes.get("value", ""))
                return True, math.nan if number is None else number
            if one.tag == "bool":
                flag = _FLAGS.get(one.attributes.get("value", ""))
                return True, math.nan if flag is None else float(flag)
            found = self._found(one.attributes.get("name", ""), scope) if one.tag == "parameter" else None
            if found is None:
                break
            element, scope = found
        return stated, None

    def _found(self, name: str, scope: str) -> tuple[NumberedElement, str] | None:
        while scope:
            if f"{scope}.{name}" in self._parameters:
                return self._parameters[f"{scope}.{name}"]
            scope = scope.rpartition(".")[0]
        return self._parameters.get(name)
