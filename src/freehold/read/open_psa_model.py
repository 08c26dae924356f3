"""What an Open-PSA model defines, and what its references mean. Owns its names: scopes, paths, doubled and missing ones.

A public name is known in the whole model, a private one within its container and by its path from the fault tree
(``TREE.COMPONENT.NAME``), after the Open-PSA model exchange format, version 2.0d, section 4.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from freehold.errors import BadStack, Finding
from freehold.read.fault_tree import BasicEvent, FaultTree, Gate
from freehold.read.numbered_xml import NumberedElement
from freehold.read.open_psa_formula import EVENTS, Formulas
from freehold.read.open_psa_number import Numbers, constant_of, number_of

__all__ = ["ITEM", "MISSION", "PROVIDER", "Definitions", "definitions_of"]

ITEM: Final = "freehold-item"
PROVIDER: Final = "freehold-provider"
MISSION: Final = "freehold-mission"
"""Attributes that a model written by Freehold states beside the format's own: ids that are no names there, and weights."""

_CONTAINERS: Final = ("define-fault-tree", "define-component", "model-data")
_DEFINED: Final = ("define-gate", "define-basic-event", "define-house-event")
_BESIDE: Final = ("name", "label", "attributes")
_NO_ID: Final = re.compile(r'[\s;,"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]')
_LONGEST: Final = 1000
_MOST_ERRORS: Final = 50
_MOST_NEAR: Final = 5000


@dataclass(frozen=True, slots=True)
class Definitions:
    """What was found.

    Parameters
    ----------
    tree
        The logic, under the names that the stack is to use.
    trees
        Names of the fault trees.
    notes
        What was left out.
    """

    tree: FaultTree
    trees: tuple[str, ...]
    notes: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Defined:
    element: NumberedElement
    scope: str
    name: str


def definitions_of(root: NumberedElement, file: str) -> Definitions:
    """Read all definitions.

    Parameters
    ----------
    root
        The document.
    file
        Its name, for messages.

    Raises
    ------
    freehold.errors.BadStack
        With every finding.
    """
    return _Reading(root, file).done()


class _Reading:
    def __init__(self, root: NumberedElement, file: str) -> None:
        self._file = file
        self._errors: list[Finding] = []
        self._left: dict[str, NumberedElement] = {}
        self._defined: dict[str, _Defined] = {}
        self._public: dict[str, str] = {}
        self._short: dict[str, str] = {}
        self._groups: list[tuple[NumberedElement, str]] = []
        self._numbers = Numbers()
        self._trees: list[str] = []
        self._collect(root)
        self._collect_members()

    def _error(self, element: NumberedElement, problem: str, mend: str) -> None:
        self._errors.append(Finding(self._file, element.line, "", problem, mend))

    def _collect(self, root: NumberedElement) -> None:
        work: list[tuple[NumberedElement, str, bool]] = [(root, "", True)]
        while work:
            container, path, public = work.pop()
            inner: list[tuple[NumberedElement, str, bool]] = []
            for child in container.children:
                if child.tag in _CONTAINERS:
                    name = self._name(child) if child.tag != "model-data" else ""
                    if child.tag == "define-fault-tree":
                        self._trees.append(name)
                    within = ".".join(filter(None, (path, name)))
                    inner.append((child, within, self._is_public(child, public)))
                elif child.tag in _DEFINED:
                    self._define(child, path, public=self._is_public(child, public))
                elif child.tag == "define-parameter":
                    self._numbers.define(self._name(child), path, child, public=self._is_public(child, public))
                elif child.tag == "define-CCF-group":
                    self._groups.append((child, path))
                elif child.tag not in _BESIDE:
                    self._left.setdefault(child.tag, child)
            work.extend(reversed(inner))

    @staticmethod
    def _is_public(element: NumberedElement, outer: bool) -> bool:
        role = element.attributes.get("role")
        return outer if role is None else role == "public"

    def _name(self, element: NumberedElement) -> str:
        name = element.attributes.get("name", "").strip()
        if not name:
            self._error(element, f"<{element.tag}> has no name", 'Give it one: name="…"')
        elif len(name) > _LONGEST or _NO_ID.search(name):
            self._error(element, f"{name[:60]!r} is no name", "Use letters, digits and - _ without spaces")
        return name

    def _define(self, element: NumberedElement, path: str, *, public: bool) -> None:
        name = self._name(element)
        full = ".".join(filter(None, (path, name)))
        earlier = self._public.get(name) if public else None
        earlier = full if earlier is None and full in self._defined else earlier
        if earlier is not None:
            line = self._defined[earlier].element.line
            self._error(element, f"'{name}' is defined a second time; first on line {line}", "Give each its own name")
            return
        self._defined[full] = _Defined(element, path, name if public else full)
        if public:
            self._public[name] = full

    def _collect_members(self) -> None:
        """Events that only a common-cause group defines."""
        for group, path in self._groups:
            for members in group.each("members"):
                for member in members.each("basic-event"):
                    if self._found(member.attributes.get("name", ""), path) is None:
                        self._define(member, path, public=True)

    def _found(self, name: str, scope: str) -> str | None:
        """Full path of what a reference means: the innermost container's first, then a public name, then a path."""
        while scope:
            full = f"{scope}.{name}"
            if full in self._defined:
                return full
            scope = scope.rpartition(".")[0]
        return self._public.get(name) or (name if name in self._defined else None)

    def done(self) -> Definitions:
        ids = self._ids()
        gates: dict[str, Gate] = {}
        events: dict[str, BasicEvent] = {}
        constants: dict[str, bool] = {}
        unclear: list[NumberedElement] = []
        of_group = self._distributions()
        for full, one in self._defined.items():
            element, id_ = one.element, ids[full]
            if element.tag == "define-gate":
                formulas = Formulas(self._file, id_, partial(self._reference, scope=one.scope, ids=ids))
                made = formulas.gates(element, _BESIDE, _label(element), self._mission(element))
                self._errors += formulas.errors
                gates.update((gate.name, gate) for gate in made)
                constants |= formulas.constants
            elif element.tag == "define-house-event":
                value = constant_of(element)
                if value is None:
                    self._error(
                        element, f"house event '{one.name}' has no value", 'Write <constant value="true"/> or false in it'
                    )
                constants[id_] = bool(value)
            else:
                event = self._event(one, of_group.get(full, element))
                if event.stated and event.probability is None:
                    unclear.append(element)
                provider = _attribute(element, PROVIDER) or (id_ if id_ != "self" else "event:self")
                events[id_] = BasicEvent(id_, element.line, event.probability, _label(element), provider, event.stated)
        self._check_providers(events)
        if self._errors:
            more = len(self._errors) - _MOST_ERRORS
            shown = sorted(self._errors)[:_MOST_ERRORS]
            if more > 0:
                shown.append(Finding(self._file, 0, "", f"{more} more such errors", "Mend these first"))
            raise BadStack(shown)
        return Definitions(FaultTree(gates, events, constants), tuple(self._trees), tuple(self._notes(unclear)))

    def _ids(self) -> Mapping[str, str]:
        """Ids in the stack by full path: as Freehold wrote them, else the name; never one for two."""
        ids: dict[str, str] = {}
        taken: dict[str, NumberedElement] = {}
        for gates in (True, False):
            for full, one in self._defined.items():
                if (one.element.tag == "define-gate") is not gates:
                    continue
                wanted = _attribute(one.element, ITEM) or one.name
                if wanted in taken:
                    if gates or _attribute(one.element, ITEM) is None:
                        problem = f"'{wanted}' names what line {taken[wanted].line} names already"
                        self._error(one.element, problem, f"Give each its own name or {ITEM}")
                    else:
                        wanted = one.name
                taken.setdefault(wanted, one.element)
                ids[full] = wanted
        return ids

    def _reference(self, element: NumberedElement, scope: str, ids: Mapping[str, str]) -> str | None:
        name = element.attributes.get("name", "").strip()
        full = self._found(name, scope)
        if full is None:
            near: Sequence[str] = ()
            if len(self._defined) <= _MOST_NEAR and len(self._errors) < 20:
                near = difflib.get_close_matches(name[:200], [one.name for one in self._defined.values()], n=1)
            mend = f"Did you mean '{near[0]}'?" if near else "Define it; a model in several files must be put into one"
            self._error(element, f"'{name[:200]}' is defined nowhere in this file", mend)
            return None
        actual = self._defined[full].element.tag.removeprefix("define-")
        wanted = EVENTS.get(element.tag) or element.attributes.get("type")
        if wanted is not None and wanted != actual:
            self._error(element, f"'{name}' is a {actual} and is used as a {wanted}", f"Write <{actual} name=…/>")
        return ids[full]

    def _mission(self, element: NumberedElement) -> float | None:
        text = _attribute(element, MISSION)
        weight = None if text is None else number_of(text)
        if text is not None and (weight is None or not 0 <= weight < 1e15):
            self._error(element, f"the weight {text[:40]!r} is no number of 0 or more", f"Mend {MISSION}")
        return weight

    def _event(self, one: _Defined, where: NumberedElement) -> BasicEvent:
        stated, probability = self._numbers.value(where, one.scope, _BESIDE)
        if probability is not None and not 0 <= probability <= 1:
            problem = f"the probability of '{one.name}' is {probability:g}"
            self._error(where, problem, "Write a number between 0 and 1")
        return BasicEvent(one.name, where.line, probability, stated=stated)

    def _distributions(self) -> Mapping[str, NumberedElement]:
        found: dict[str, NumberedElement] = {}
        for group, path in self._groups:
            distribution = next(iter(group.each("distribution")), None)
            for members in group.each("members"):
                for member in members.each("basic-event"):
                    full = self._found(member.attributes.get("name", ""), path)
                    if full is not None and distribution is not None and self._defined[full].element is member:
                        found[full] = distribution
        return found

    def _check_providers(self, events: Mapping[str, BasicEvent]) -> None:
        first: dict[str, BasicEvent] = {}
        for event in events.values():
            provider = str(event.provider)
            if _NO_ID.search(provider) or provider in ("self", "?") or len(provider) > _LONGEST:
                problem, mend = f"{provider[:60]!r} is no id of a provider", f"Mend {PROVIDER}, or leave it out"
                self._errors.append(Finding(self._file, event.line, "", problem, mend))
            elif provider in first:
                problem = (
                    f"'{event.name}' stands for the same provider as '{first[provider].name}' on line {first[provider].line}"
                )
                self._errors.append(Finding(self._file, event.line, "", problem, "Use one event for both"))
            first.setdefault(provider, event)

    def _notes(self, unclear: list[NumberedElement]) -> Iterator[Finding]:
        if unclear:
            first = unclear[0]
            problem = f"the probability of {len(unclear)} event(s) is an expression and counts as not known"
            yield Finding(self._file, first.line, "", problem, "Write it as <float value=…/> to have it counted", "note")
        if self._groups:
            problem = f"{len(self._groups)} common-cause group(s) were left out: their events count as independent"
            mend = "Write a common cause as an event of its own to have it counted"
            yield Finding(self._file, self._groups[0][0].line, "", problem, mend, "note")
        for tag, element in self._left.items():
            mend = "Only fault trees and the data of their events are read"
            yield Finding(self._file, element.line, "", f"<{tag[:60]}> was left out", mend, "note")


def _label(element: NumberedElement) -> str | None:
    label = next(iter(element.each("label")), None)
    text = "" if label is None else " ".join("".join(c if c.isprintable() else " " for c in label.text).split())
    return text[:_LONGEST] or None


def _attribute(element: NumberedElement, name: str) -> str | None:
    for attributes in element.each("attributes"):
        for attribute in attributes.each("attribute"):
            if attribute.attributes.get("name") == name:
                return attribute.attributes.get("value") or None
    return None
