"""A rule as a value: what may stand in a rule file. Owns its form.

A rule has one of three forms: ``event`` (a condition on one event), ``window`` (a measure over a window: ``count``, ``ratio``,
``sum``, ``rate``, ``burn-rate``, ``spike`` or ``silence``) and ``runaway`` (an agent that repeats itself, nests too deep or
spends too fast: ``repeat``, ``depth``, ``spend``). What its fields mean together is checked in
:mod:`freehold.watch.rule_checks`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from freehold.errors import BadRules
from freehold.watch.seconds import format_seconds
from freehold.watch.vocabulary import AttributeType

__all__ = [
    "MEASURES",
    "BurnWindows",
    "Clear",
    "DeclaredAttribute",
    "Expected",
    "Rule",
    "RuleFile",
    "RuleTest",
    "Rules",
    "Seconds",
    "TestEvent",
]

MEASURES: Final[Mapping[str, tuple[str, ...]]] = {
    "event": ("",),
    "window": ("count", "ratio", "sum", "rate", "burn-rate", "spike", "silence"),
    "runaway": ("repeat", "depth", "spend"),
}
"""By form: its measures."""


class Seconds(float):
    """A duration; in a file such as ``"5m"``."""

    __slots__ = ()

    def __str__(self) -> str:
        return format_seconds(self)


class Clear(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ends an alert at once: an event of one of these types that meets the condition.

    Parameters
    ----------
    on
        Event types; those of the rule unless given.
    when
        A condition; any event unless given.
    """

    on: tuple[str, ...] = ()
    when: str = ""


class BurnWindows(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A pair of windows with its burn rate; see :mod:`freehold.watch.burn_rate`.

    Parameters
    ----------
    window, short
        The long and the short one.
    rate
        Both must burn faster.
    """

    window: Seconds
    short: Seconds
    rate: float


class TestEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An event of a test, or several alike.

    Parameters
    ----------
    at
        When the first comes, from the test's start.
    type
        Its type; the rule's first unless given.
    data
        Its attributes.
    source, subject
        As in :class:`~freehold.watch.event.Event`.
    repeat
        How many.
    every
        The time between them.
    """

    __test__ = False

    at: Seconds = Seconds(0)
    type: str = ""
    data: dict[str, bool | int | float | str] = {}
    source: str = "/test"
    subject: str = ""
    repeat: int = 1
    every: Seconds = Seconds(0)


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An alert that a test expects.

    Parameters
    ----------
    at
        When it begins, from the test's start; within the exactness of the rule's window.
    labels
        Beside the rule's name, severity and own labels.
    resolves
        When it ends; not, by the test's end, unless given.
    """

    __test__ = False

    at: Seconds
    labels: dict[str, str] = {}
    resolves: Seconds | None = None


class RuleTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A test of a rule: what happens, and the alerts that come of it.

    Parameters
    ----------
    name
        A sentence.
    events
        What happens, in any order.
    until
        When the test ends; when all is quiet again unless given.
    expect
        Every alert of the rule, in order; empty: none.
    """

    __test__ = False

    name: str
    events: tuple[TestEvent, ...]
    until: Seconds | None = None
    expect: tuple[Expected, ...] = ()


class DeclaredAttribute(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An attribute that Freehold does not know.

    Parameters
    ----------
    name
        As events carry it.
    type
        Its type.
    """

    name: str
    type: AttributeType


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"for_": "for"}):
    """A rule as it stands in a file. ``None`` and empty: not given.

    Parameters
    ----------
    id
        Its name, and the ``alertname`` of its alerts.
    form, measure
        See :data:`MEASURES`.
    on
        Event types that it looks at; one that ends in ``*`` stands for all that begin so.
    when
        What is counted, or fires: a condition.
    of
        Among what a ratio or burn rate is taken: a condition; all events of ``on`` unless given.
    field
        The attribute that is summed.
    group
        Attributes by whose values events are told apart; each group has windows and alerts of its own.
    window, baseline, per
        Lengths of the window, of a spike's longer one, and what a rate is given for.
    at_least, over
        The threshold: reached, or exceeded. For a ratio or burn rate ``at_least`` is how many events must be of the part.
    times
        How many times its average a spike is.
    objective, burn
        Of a burn rate.
    minimum
        Events that the window must hold for a share to mean anything.
    for_
        How long the measure must hold before an alert begins.
    hold_off
        After an alert's end: how long none begins anew.
    resolve_after
        How long after it last held the alert ends.
    clear
        What ends it at once.
    groups
        How many groups are kept.
    severity
        A label.
    labels
        More labels, the same for every alert.
    summary, description
        What it says; names in braces are filled in.
    test
        Its tests.
    """

    id: str
    form: Literal["event", "window", "runaway"]
    measure: str = ""
    on: tuple[str, ...] = ()
    when: str = ""
    of: str = ""
    field: str = ""
    group: tuple[str, ...] | None = None
    window: Seconds | None = None
    baseline: Seconds | None = None
    per: Seconds | None = None
    at_least: float | None = None
    over: float | None = None
    times: float | None = None
    objective: float | None = None
    burn: tuple[BurnWindows, ...] | None = None
    minimum: int | None = None
    for_: Seconds = Seconds(0)
    hold_off: Seconds = Seconds(0)
    resolve_after: Seconds = Seconds(300)
    clear: Clear | None = None
    groups: int = 2_000
    severity: str = ""
    labels: dict[str, str] = {}
    summary: str = ""
    description: str = ""
    test: tuple[RuleTest, ...] = ()


_UNMEANT: Final = ("test", "summary", "description")


def _plain(value: object) -> object:
    if isinstance(value, Seconds):
        return float(value)
    raise TypeError(type(value).__name__)


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a rule file holds.

    Parameters
    ----------
    attribute
        Attributes that Freehold does not know.
    rule
        The rules.
    """

    attribute: tuple[DeclaredAttribute, ...] = ()
    rule: tuple[Rule, ...] = ()


class Rules(msgspec.Struct, frozen=True):
    """Rules that are sound.

    Parameters
    ----------
    rules
        Each id once.
    attributes
        Attributes that they know beside Freehold's.
    file
        Where they stand.
    """

    rules: tuple[Rule, ...] = ()
    attributes: Mapping[str, AttributeType] = {}
    file: str = ""

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def get(self, id_: str) -> Rule | None:
        """The rule of an id, if there is one."""
        return next((rule for rule in self.rules if rule.id == id_), None)

    def only(self, ids: frozenset[str] | set[str]) -> Rules:
        """Those of some ids."""
        return Rules(tuple(rule for rule in self.rules if rule.id in ids), self.attributes, self.file)

    def digest_of(self, rule: Rule) -> str:
        """SHA-256 of what a rule does: of all but its tests and its words, and of the types of attributes that it names."""
        fields = {name: getattr(rule, name) for name in rule.__struct_fields__ if name not in _UNMEANT}
        texts = " ".join((rule.when, rule.of, rule.field, rule.clear.when if rule.clear else "", *(rule.group or ())))
        types = {name: type_ for name, type_ in self.attributes.items() if name in texts}
        plain = msgspec.to_builtins([fields, types], enc_hook=_plain)
        return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=True).encode()).hexdigest()

    def joined(self, other: Rules) -> Rules:
        """These and others.

        Raises
        ------
        freehold.errors.BadRules
            If both have a rule of the same id, or an attribute of different types.
        """
        twice = sorted({rule.id for rule in self} & {rule.id for rule in other})
        if twice:
            raise BadRules(
                f"{other.file}: the rule '{twice[0]}' is also in {self.file}. Give it another id; "
                f"freehold rules off {twice[0]} switches the other one off."
            )
        for name, type_ in other.attributes.items():
            if self.attributes.get(name, type_) != type_:
                raise BadRules(
                    f"{other.file}: the attribute '{name}' is a {self.attributes[name]} in {self.file}. Say the same."
                )
        return Rules((*self.rules, *other.rules), {**self.attributes, **other.attributes}, self.file)
