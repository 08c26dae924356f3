"""A cut-off as a value: rules, when they hold, what they leave. Owns the seam between flags or TOML and the engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from freehold.errors import BadCutoff
from freehold.stack.cells import shown
from freehold.stack.durations import format_days, parse_days
from freehold.stack.schema import KINDS

__all__ = ["COVERS", "DEFAULT_STAKE", "SELECTORS", "WAYS", "Cutoff", "Rule", "cutoff_from_toml"]

WAYS: Final = ("provider", "owner", "location", "origin")
SELECTORS: Final = ("provider", "owner", "country", "foreign", "item", "source", "kind", "licence", "tag")
COVERS: Final = ("keep", "void")
DEFAULT_STAKE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it matches (all selectors given must match), what it leaves, when.

    Parameters
    ----------
    provider, owner, country, item, source, kind, licence, tag
        Selectors; ``None`` means not asked. ``country`` may be a group such as ``EU``; ``source`` is one source's id.
    foreign
        Whether it selects what is foreign (outside home and trusted).
    via
        Ways of control that ``country`` and ``foreign`` look at: a subset of :data:`WAYS`.
    availability
        What it leaves of a matched source, 0 to 1.
    from_day, until_day
        It holds on [from_day, until_day).
    cover
        ``keep`` (a denial of supply) or ``void`` (a revocation).
    """

    provider: str | None = None
    owner: str | None = None
    country: str | None = None
    foreign: bool = False
    item: str | None = None
    source: str | None = None
    kind: str | None = None
    licence: str | None = None
    tag: str | None = None
    via: tuple[str, ...] = WAYS
    availability: float = 0.0
    from_day: float = 0.0
    until_day: float = math.inf
    cover: str = "keep"

    def __post_init__(self) -> None:
        if not self.selectors:
            raise BadCutoff(f"a rule selects nothing. Give one of: {', '.join(SELECTORS)}.")
        empty = [name for name, value in self.selectors.items() if value == ""]
        if empty:
            raise BadCutoff(f"the selector '{empty[0]}' is empty. Say which {empty[0]}, or leave it out.")
        if self.kind is not None and self.kind not in KINDS:
            raise BadCutoff(f"kind '{self.kind}' is no layer. Choose from: {', '.join(KINDS)}.")
        unknown = [way for way in self.via if way not in WAYS]
        if unknown or not self.via:
            raise BadCutoff(f"'{', '.join(unknown)}' is no way of control. Choose from: {', '.join(WAYS)}.")
        if not 0 <= self.availability <= 1:
            raise BadCutoff(f"an availability of {self.availability} is not between 0 and 1.")
        if self.cover not in COVERS:
            raise BadCutoff(f"cover '{self.cover}' is none of: {', '.join(COVERS)}.")
        if not (0 <= self.from_day < math.inf and self.from_day < self.until_day):
            raise BadCutoff(f"a rule from day {self.from_day} until day {self.until_day} never holds.")

    @property
    def selectors(self) -> dict[str, str | bool]:
        """The selectors given, by name."""
        return _selectors(self)

    def as_data(self) -> dict[str, Any]:
        """The rule in the form of the TOML file, every default spelt out."""
        return {
            **self.selectors,
            "via": list(self.via),
            "availability": self.availability,
            "from": format_days(self.from_day),
            "until": format_days(self.until_day),
            "cover": self.cover,
        }


@cache
def _selectors(rule: Rule) -> dict[str, str | bool]:
    found = {name: getattr(rule, name) for name in SELECTORS}
    return {name: value for name, value in found.items() if value not in (None, False)}


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A list of rules with a name, the notice given, and the stake from which an owner controls.

    Parameters
    ----------
    rules
        The rules; they add up.
    name
        For people.
    notice
        Days between the cut-off being known and its earliest ``from``.
    stake
        An owner controls if its stake is unstated or at least this fraction.
    """

    rules: tuple[Rule, ...] = ()
    name: str = "cut-off"
    notice: float = 0.0
    stake: float = DEFAULT_STAKE

    def __post_init__(self) -> None:
        if not 0 <= self.notice < math.inf:
            raise BadCutoff(f"a notice of {self.notice} days is not 0 or more.")
        if not 0 <= self.stake <= 1:
            raise BadCutoff(f"a stake of {self.stake} is not between 0 and 1.")

    @property
    def known_on(self) -> float:
        """The day on which the cut-off is known; ``inf`` without rules."""
        return min((rule.from_day for rule in self.rules), default=math.inf) - self.notice

    def as_data(self) -> dict[str, Any]:
        """The cut-off in the form of the TOML file."""
        return {
            "name": self.name,
            "notice": format_days(self.notice),
            "stake": self.stake,
            "rule": [rule.as_data() for rule in self.rules],
        }


_RULE_KEYS: Final = {*SELECTORS, "via", "availability", "from", "until", "cover"}


def cutoff_from_toml(data: Mapping[str, Any], file: str) -> Cutoff:
    """Read a scenario file's content.

    Parameters
    ----------
    data
        The parsed TOML: a ``[cutoff]`` table with ``[[cutoff.rule]]`` tables.
    file
        Its name, for messages.

    Raises
    ------
    freehold.errors.BadCutoff
        Naming the file, the rule and the key.
    """
    table = data.get("cutoff")
    if not isinstance(table, Mapping):
        raise BadCutoff(f"{file}: there is no [cutoff] table. Begin it with [cutoff] and [[cutoff.rule]].")
    strange = sorted(set(table) - {"name", "notice", "stake", "rule"})
    if strange:
        raise BadCutoff(f"{file}, [cutoff]: '{strange[0]}' is not known. Known: name, notice, stake, rule.")
    rows = table.get("rule", [])
    if not isinstance(rows, list) or not rows:
        raise BadCutoff(f"{file}: the cut-off has no rule. Add a [[cutoff.rule]] table.")
    rules = tuple(_rule(row, f"{file}, [[cutoff.rule]] {number}") for number, row in enumerate(rows, 1))
    place = f"{file}, [cutoff]"
    name = table.get("name", "cut-off")
    if not isinstance(name, str):
        raise BadCutoff(f"{place}, 'name': {shown(name)} is not text. Put it in quotes.")
    notice, stake = _days(table.get("notice", 0), "notice", place), _number(table.get("stake", DEFAULT_STAKE), "stake", place)
    try:
        return Cutoff(rules, name, notice, stake)
    except BadCutoff as error:
        raise BadCutoff(f"{place}: {error}") from None


def _rule(row: object, place: str) -> Rule:
    if not isinstance(row, Mapping):
        raise BadCutoff(f"{place}: is not a table.")
    strange = sorted(set(row) - _RULE_KEYS)
    if strange:
        raise BadCutoff(f"{place}: '{strange[0]}' is not known. Known: {', '.join(sorted(_RULE_KEYS))}.")
    selectors: dict[str, Any] = {}
    for name in SELECTORS:
        value = row.get(name)
        wanted = bool if name == "foreign" else str
        if value is not None and not isinstance(value, wanted):
            raise BadCutoff(f"{place}, '{name}': {shown(value)} is not {'true or false' if wanted is bool else 'text'}.")
        if value is not None:
            selectors[name] = value
    via = row.get("via", list(WAYS))
    if isinstance(via, str):
        via = via.split(",")
    if not isinstance(via, list) or not all(isinstance(way, str) for way in via):
        raise BadCutoff(f"{place}, 'via': is not a list of ways. Choose from: {', '.join(WAYS)}.")
    try:
        return Rule(
            **selectors,
            via=tuple(way.strip() for way in via),
            availability=_number(row.get("availability", 0.0), "availability", place),
            from_day=_days(row.get("from", 0), "from", place),
            until_day=_days(row.get("until", "forever"), "until", place),
            cover=_cover(row.get("cover", "keep"), place),
        )
    except BadCutoff as error:
        message = str(error)
        raise BadCutoff(message if message.startswith(place) else f"{place}: {message}") from None


def _cover(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise BadCutoff(f"{place}, 'cover': {shown(value)} is none of: {', '.join(COVERS)}.")
    return value


def _number(value: object, key: str, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -math.inf < value < math.inf:
        raise BadCutoff(f"{place}, '{key}': {shown(value)} is not a number.")
    try:
        return float(value)
    except OverflowError:
        raise BadCutoff(f"{place}, '{key}': {shown(value)} is too large a number.") from None


def _days(value: object, key: str, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise BadCutoff(f"{place}, '{key}': {shown(value)} is not a duration.")
    try:
        return parse_days(value)
    except ValueError as error:
        raise BadCutoff(f"{place}, '{key}': {shown(value)}: {error}.") from None
