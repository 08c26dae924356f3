"""The formula of an Open-PSA gate. Owns which connectives are read, and why the others are not.

Minimal cut sets, and every measure that rests on them, are those of a *coherent* tree: one in which a further failure
never helps. A formula that says otherwise is refused, not approximated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from freehold.errors import Finding
from freehold.read.fault_tree import Gate
from freehold.read.numbered_xml import NumberedElement
from freehold.read.open_psa_number import constant_of

__all__ = ["EVENTS", "Formulas"]

EVENTS: Final = {"gate": "gate", "basic-event": "basic-event", "house-event": "house-event", "event": None}
"""Elements that refer to something, and what it must be."""

_AGAINST: Final = ("not", "xor", "nand", "nor", "iff", "imply")
_COHERENT: Final = (
    "Replace it: cut sets are those of a model in which a further failure never helps (a NOT is often an event of its own, "
    "such as 'the alarm works')"
)


class Formulas:
    """Reads the formula of one gate.

    Parameters
    ----------
    file
        The file, for messages.
    id_
        The gate's id; formulas within it are ``ID/1``, ``ID/1/2`` and so on.
    meaning
        Gives the id that a reference means, ``None`` if none (which it has noted).
    """

    def __init__(self, file: str, id_: str, meaning: Callable[[NumberedElement], str | None]) -> None:
        self._file, self._id, self._meaning = file, id_, meaning
        self.errors: list[Finding] = []
        self.constants: dict[str, bool] = {}

    def _error(self, element: NumberedElement, problem: str, mend: str) -> None:
        self.errors.append(Finding(self._file, element.line, "", problem, mend))

    def gates(
        self, element: NumberedElement, beside: tuple[str, ...], label: str | None, mission: float | None
    ) -> list[Gate]:  # fmt: skip
        """The gate, and one for every formula within its own.

        Parameters
        ----------
        element
            Its definition.
        beside
            Names of children that are no formula.
        label, mission
            As :class:`~freehold.read.fault_tree.Gate`.
        """
        inner = [child for child in element.children if child.tag not in beside]
        if len(inner) != 1:
            problem = f"gate '{self._id}' has {len(inner)} formulas" if inner else f"gate '{self._id}' has no formula"
            self._error(element, problem, "Give it one, such as <or> with its inputs")
            return []
        formula = inner[0]
        single = formula.tag in EVENTS or formula.tag == "constant"
        made = []
        # an only input stands for itself: an OR of one
        work = [(self._id, formula, [formula] if single else formula.children)]
        while work:
            name, one, arguments = work.pop()
            inputs: list[str] = []
            for number, argument in enumerate(arguments, 1):
                if argument.tag in EVENTS:
                    meant = self._meaning(argument)
                    if meant is not None:
                        inputs.append(meant)
                    continue
                inner_name = f"{name}/{number}"
                inputs.append(inner_name)
                if argument.tag == "constant":
                    self._constant(inner_name, argument)
                else:
                    work.append((inner_name, argument, argument.children))
            least = 1 if arguments and one is arguments[0] else self._least(name, one, inputs)
            if least is not None:
                outer = name == self._id
                unique = tuple(dict.fromkeys(inputs))
                least = len(unique) if one.tag == "and" else least
                line = element.line if outer else one.line
                made.append(Gate(name, least, unique, line, label if outer else None, outer, mission if outer else None))
        return made

    def _constant(self, name: str, element: NumberedElement) -> None:
        value = constant_of(element)
        if value is None:
            self._error(element, "<constant> is neither true nor false", 'Write value="true" or value="false"')
        self.constants[name] = bool(value)

    def _least(self, name: str, element: NumberedElement, inputs: list[str]) -> int | None:
        """How many inputs make the formula fail; ``None`` if it cannot be read."""
        if element.tag in _AGAINST:
            self._error(element, f"<{element.tag}> in gate '{self._id}' makes the model not coherent", _COHERENT)
            return None
        if element.tag not in ("and", "or", "atleast", "cardinality"):
            self._error(element, f"<{element.tag[:60]}> in gate '{self._id}' is no formula", "Use <and>, <or> or <atleast>")
            return None
        if not element.children:
            self._error(element, f"<{element.tag}> in gate '{self._id}' has no inputs", "Give it at least one")
            return None
        if element.tag in ("and", "or"):
            return len(inputs) if element.tag == "and" else 1
        return self._least_of_several(name, element, inputs)

    def _least_of_several(self, name: str, element: NumberedElement, inputs: list[str]) -> int | None:
        size, text = len(element.children), element.attributes.get("min", "")
        if not text.strip().isdecimal() or len(text) > 9 or not 1 <= int(text) <= size:
            self._error(
                element, f"min={text[:20]!r} in gate '{self._id}' is no number from 1 to {size}",
                "Say how many of its inputs must fail",
            )  # fmt: skip
            return None
        most = element.attributes.get("max", "")
        if element.tag == "cardinality" and not (most.strip().isdecimal() and len(most) <= 9 and int(most) >= size):
            problem = f"<cardinality> with max={most[:20]!r} in gate '{self._id}' makes the model not coherent"
            self._error(element, problem, f"Use <atleast>, or a max of {size}: a further failure must not help")
            return None
        if len(set(inputs)) < len(inputs):
            twice = next(one for one in inputs if inputs.count(one) > 1)
            problem = f"'{twice}' stands twice among the inputs of a choice by number in gate '{name}'"
            self._error(element, problem, "Name each input once")
            return None
        return int(text)
