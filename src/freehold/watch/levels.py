"""Warning levels, red to blue, from stated facts. Owns grading, the question that settles most, and who may lower a level.

A criteria set is data with an id and a version; several grade the same facts side by side, and none is mixed with another.
What is not known gives a range: the level surely reached, and the level that may be.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from freehold.errors import BadRules, NotAllowed
from freehold.stack.cells import nearest
from freehold.watch.level_facts import Fact, FactDefinition, stated_facts
from freehold.watch.settings_file import parse_settings, read_settings_text
from freehold.words import say

__all__ = [
    "Condition", "Criteria", "CriteriaRule", "Level", "LevelName", "LevelRange", "LevelRow", "Levels", "Lowering", "Met",
    "Question", "Reference", "Standing", "built_in_levels", "combine", "grade", "load_levels",
]  # fmt: skip

_LARGEST_FILE: Final = 1_000_000


class Level(enum.IntEnum):
    """How grave it is. ``NONE`` is under every level of a criteria set."""

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def word(self) -> str:
        """Its name in data: ``red``."""
        return self.name.lower()


LevelName: TypeAlias = Literal["red", "orange", "yellow", "blue"]


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a criterion stands, and the day on which that was read."""

    id: str
    title: str
    publisher: str
    url: str
    read: str


class LevelRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A colour and its Chinese numeral, with where that is said."""

    id: LevelName
    numeral: str
    reference: str
    confirmed: bool


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"is_": "is"}):
    """What one fact must be: at least a number or a word of its choice, or (yes or no) just so."""

    fact: str
    at_least: float | str | None = None
    is_: bool | None = None


class CriteriaRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A level, and the conditions that must all be met for it.

    Parameters
    ----------
    level, when
        The level, and the conditions.
    reference
        Id of where it stands; empty for Freehold's or an organisation's own.
    confirmed
        Whether the text itself was read.
    """

    level: LevelName
    when: tuple[Condition, ...]
    reference: str = ""
    confirmed: bool = True


class Criteria(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One set of criteria.

    Parameters
    ----------
    id, version, name
        Which.
    in_force
        Since when, an ISO date; empty if that does not apply.
    least
        Level of everything that is signalled at all; empty if the set may come to none.
    note
        What is to be known of it.
    unread
        Whether its criteria were not read: then it grades nothing, from ``least`` to red.
    reference
        Where the set as a whole stands.
    rule
        The rules.
    """

    id: str
    version: str
    name: str
    in_force: str = ""
    reference: str = ""
    least: LevelName | Literal[""] = ""
    note: str = ""
    unread: bool = False
    rule: tuple[CriteriaRule, ...] = ()


class Levels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of levels: names, facts, criteria sets, references."""

    edition: str
    level: tuple[LevelRow, ...] = ()
    fact: tuple[FactDefinition, ...] = ()
    criteria: tuple[Criteria, ...] = ()
    reference: tuple[Reference, ...] = ()

    @property
    def facts(self) -> Mapping[str, FactDefinition]:
        """Definitions of facts by id."""
        return {one.id: one for one in self.fact}

    def criteria_set(self, id_: str) -> Criteria:
        """Give a criteria set by its id.

        Raises
        ------
        freehold.errors.BadRules
            If there is none.
        """
        known = {one.id: one for one in self.criteria}
        if id_ not in known:
            near = nearest(id_, known)
            mend = f"Did you mean '{near[0]}'?" if near else f"Sets: {', '.join(known)}."
            raise BadRules(f"no criteria set is called '{id_[:80]}'. {mend}")
        return known[id_]

    def numeral(self, level: Level) -> str:
        """The Chinese numeral of a level; empty for none."""
        return next((one.numeral for one in self.level if one.id == level.word), "")


@dataclass(frozen=True, slots=True)
class Met:
    """A rule that is met, surely or perhaps: its level, the facts it looks at, and the least of their confidences."""

    rule: CriteriaRule
    surely: bool
    confidence: float

    @property
    def level(self) -> Level:
        """The rule's level."""
        return Level[self.rule.level.upper()]


@dataclass(frozen=True, slots=True)
class Question:
    """The question whose answer narrows the range most.

    Parameters
    ----------
    fact
        Which fact it asks for.
    text
        The question.
    outcomes
        Ranges that its answers lead to, each once, the lowest first.
    """

    fact: str
    text: str
    outcomes: tuple[tuple[Level, Level], ...]


@dataclass(frozen=True, slots=True)
class LevelRange:
    """A level by one criteria set: the one surely reached, and the one that may be.

    Parameters
    ----------
    criteria, version
        The set.
    low, high
        The range; the same if the facts known decide it.
    met
        Rules met, surely or perhaps, the highest first.
    missing
        Facts not known that a rule over ``low`` looks at and that keep it open.
    assumed
        Facts that a rule looks at and that nobody has stated.
    question
        What would narrow it most; ``None`` if it is decided, or nothing that could be asked would.
    """

    criteria: str
    version: str
    low: Level
    high: Level
    met: tuple[Met, ...] = ()
    missing: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    question: Question | None = None

    @property
    def is_decided(self) -> bool:
        """Whether it is one level."""
        return self.low == self.high

    @property
    def is_confirmed(self) -> bool:
        """Whether every rule that decides its low end is from a text that was read."""
        return all(one.rule.confirmed for one in self.met if one.surely and one.level == self.low)


def load_levels(path: Path) -> Levels:
    """Read a file of levels: an organisation's own criteria.

    Facts and names of levels that it does not define are those that come with Freehold.

    Raises
    ------
    freehold.errors.BadRules
        If it cannot be read or is not sound; with file, place and mend.
    """
    text = read_settings_text(path, _LARGEST_FILE, BadRules)
    levels, built_in = _parsed(text, str(path)), built_in_levels()
    facts = {one.id: one for one in (*built_in.fact, *levels.fact)}
    if not levels.criteria:
        raise BadRules(f"{path} holds no criteria set. Add a [[criteria]] table; see docs/concepts/warning-levels.md.")
    known = {one.id for one in levels.reference}
    references = (*levels.reference, *(one for one in built_in.reference if one.id not in known))
    whole = msgspec.structs.replace(levels, level=levels.level or built_in.level, reference=references)
    _check(whole, str(path), facts)
    return msgspec.structs.replace(whole, fact=tuple(facts.values()))


@cache
def built_in_levels() -> Levels:
    """The levels that come with Freehold."""
    text = files("freehold.watch").joinpath("data", "levels.toml").read_text(encoding="utf-8")
    levels = _parsed(text, "levels.toml")
    _check(levels, "levels.toml", levels.facts)
    return levels


def _parsed(text: str, file: str) -> Levels:
    return parse_settings(text, Levels, file, BadRules, "See docs/concepts/warning-levels.md for the form.")


def _check(levels: Levels, file: str, facts: Mapping[str, FactDefinition]) -> None:
    references = {one.id for one in levels.reference}
    for what, ids in (("fact", [one.id for one in levels.fact]), ("criteria set", [one.id for one in levels.criteria])):
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise BadRules(f"{file}: the {what} '{twice[0]}' is defined twice. Leave one of them out.")
    for definition in levels.fact:
        if definition.type == "choice" and not definition.choices:
            raise BadRules(f"{file}, fact '{definition.id}': a choice without words. Add choices, the least first.")
        if definition.blank is not None:
            stated_facts({definition.id: definition.blank}, [definition], "")
    named = [*((one.id, one.reference) for one in levels.level), *((one.id, one.reference) for one in levels.criteria)]
    for id_, reference in named:
        if reference and reference not in references:
            raise BadRules(f"{file}, '{id_}': there is no reference '{reference}'. Add a [[reference]] of that id.")
    for one in levels.criteria:
        for number, rule in enumerate(one.rule, 1):
            place = f"{file}, criteria '{one.id}', rule {number}"
            if not rule.when:
                raise BadRules(f"{place}: it has no condition and would always be met. Use `least` for that.")
            if rule.reference and rule.reference not in references:
                raise BadRules(f"{place}: there is no reference '{rule.reference}'. Add a [[reference]] of that id.")
            for condition in rule.when:
                _check_condition(condition, facts, place)


def _check_condition(condition: Condition, facts: Mapping[str, FactDefinition], place: str) -> None:
    definition = facts.get(condition.fact)
    if definition is None:
        near = nearest(condition.fact, facts)
        mend = f"Did you mean '{near[0]}'?" if near else "Add a [[fact]] of that id."
        raise BadRules(f"{place}: there is no fact '{condition.fact}'. {mend}")
    flag = definition.type == "flag"
    if (condition.is_ is not None) != flag or (condition.at_least is not None) == flag:
        wanted = "`is = true` or `is = false`" if flag else "`at_least`"
        raise BadRules(f"{place}: '{condition.fact}' is a {definition.type}. Ask it with {wanted}, and with nothing else.")
    if isinstance(condition.at_least, str) and condition.at_least not in definition.choices:
        raise BadRules(f"{place}: '{condition.at_least}' is no word of '{condition.fact}': {', '.join(definition.choices)}.")
    if definition.type == "choice" and not isinstance(condition.at_least, str):
        raise BadRules(f"{place}: '{condition.fact}' is a choice. Name one of its words: {', '.join(definition.choices)}.")


def _threshold(condition: Condition, definition: FactDefinition) -> float:
    if isinstance(condition.at_least, str):
        return float(definition.choices.index(condition.at_least))
    return 1.0 if condition.at_least is None else float(condition.at_least)


def _truth(condition: Condition, low: float, high: float, definition: FactDefinition) -> bool | None:
    """Whether a condition is met: surely, surely not, or perhaps (``None``)."""
    threshold = _threshold(condition, definition) - 1e-9
    reached = True if low >= threshold else (None if high >= threshold else False)
    if condition.is_ is False:
        return None if reached is None else not reached
    return reached


_Bounds: TypeAlias = Mapping[str, tuple[float, float]]


def _all(rule: CriteriaRule, bounds: _Bounds, definitions: Mapping[str, FactDefinition]) -> bool | None:
    truths = [_truth(one, *bounds[one.fact], definitions[one.fact]) for one in rule.when]
    return False if False in truths else (None if None in truths else True)


def _range(criteria: Criteria, bounds: _Bounds, definitions: Mapping[str, FactDefinition]) -> tuple[Level, Level]:
    least = Level[criteria.least.upper()] if criteria.least else Level.NONE
    if criteria.unread:
        return least, Level.RED
    low = high = least
    for rule in criteria.rule:
        met = _all(rule, bounds, definitions)
        level = Level[rule.level.upper()]
        if met is not False:
            high = max(high, level)
        if met:
            low = max(low, level)
    return low, high


def grade(facts: Iterable[Fact], criteria: Criteria, levels: Levels | None = None, *, strict: bool = False) -> LevelRange:
    """Grade by one criteria set.

    Parameters
    ----------
    facts
        What is stated; where two say the same fact, the later one counts. Facts that the set does not look at are left alone.
    criteria
        The set.
    levels
        The file it is from; by default the one that comes with Freehold.
    strict
        Whether what is only assumed counts as unknown.
    """
    levels = built_in_levels() if levels is None else levels
    definitions = levels.facts
    given = {one.id: one for one in facts}
    used = tuple(dict.fromkeys(condition.fact for rule in criteria.rule for condition in rule.when))
    known = {name: given.get(name) or _blank(definitions[name], strict=strict) for name in used}
    bounds = {name: (fact.low, fact.high) for name, fact in known.items()}
    low, high = _range(criteria, bounds, definitions)
    met = []
    for rule in criteria.rule:
        truth = _all(rule, bounds, definitions)
        if truth is not False:
            met.append(Met(rule, bool(truth), min(known[condition.fact].confidence for condition in rule.when)))
    met.sort(key=lambda one: (-one.level, not one.surely))
    open_ = [one for one in met if not one.surely and one.level > low]
    missing = tuple(
        dict.fromkeys(
            condition.fact for one in open_ for condition in one.rule.when
            if _truth(condition, *bounds[condition.fact], definitions[condition.fact]) is None
        )
    )  # fmt: skip
    assumed = tuple(name for name, fact in known.items() if fact.assumed and fact.is_known)
    question = _question(criteria, known, missing, definitions, (low, high))
    return LevelRange(criteria.id, criteria.version, low, high, tuple(met), missing, assumed, question)


def _blank(definition: FactDefinition, *, strict: bool) -> Fact:
    if definition.blank is None or strict:
        low, high = definition.bounds
        return Fact(id=definition.id, low=low, high=high, assumed=True)
    return msgspec.structs.replace(stated_facts({definition.id: definition.blank}, [definition], "")[0], assumed=True)


def _question(
    criteria: Criteria, known: Mapping[str, Fact], missing: Sequence[str], definitions: Mapping[str, FactDefinition],
    now: tuple[Level, Level],
) -> Question | None:  # fmt: skip
    """Ask for the fact whose answers leave the narrowest range on average, each class of answers counted once.

    A class of answers are all values between two thresholds of the set, which it cannot tell apart.
    """
    best: tuple[tuple[float, int, str], Question] | None = None
    bounds = {name: (fact.low, fact.high) for name, fact in known.items()}
    for name in missing:
        ranges = [
            _range(criteria, {**bounds, name: (value, value)}, definitions)
            for value in _classes(criteria, known[name], definitions)
        ]
        widths = [high - low for low, high in ranges]
        mean, worst = sum(widths) / len(widths), max(widths)
        if mean >= now[1] - now[0]:
            continue
        text = known[name].question or definitions[name].question
        outcomes = tuple(sorted(set(ranges)))
        rank = (mean, worst, name)
        if best is None or rank < best[0]:
            best = rank, Question(name, text, outcomes)
    return None if best is None else best[1]


def _classes(criteria: Criteria, fact: Fact, definitions: Mapping[str, FactDefinition]) -> list[float]:
    """One value of each class of answers that the bounds of a fact leave open."""
    thresholds = {
        _threshold(condition, definitions[fact.id])
        for rule in criteria.rule for condition in rule.when if condition.fact == fact.id
    }  # fmt: skip
    return sorted({fact.low, *(one for one in thresholds if fact.low < one <= fact.high)})


@dataclass(frozen=True, slots=True)
class Lowering:
    """A person's word on the level in force: usually that it is lower.

    Parameters
    ----------
    to
        The level from now on.
    by, because
        Who says so, and why.
    """

    to: Level
    by: str
    because: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The level in force for one warning.

    Parameters
    ----------
    level
        The level that is acted on.
    may_be
        The level that it may be once what is not known is known; never under ``level``.
    seen
        The level that the facts surely came to when this was last looked at.
    by, because
        The person who set it, and why; empty if nobody did.
    """

    level: Level
    may_be: Level
    seen: Level
    by: str = ""
    because: str = ""


def combine(previous: Standing | None, new: LevelRange, by_person: Lowering | None = None) -> Standing:
    """Bring the level in force up to date: raised by the facts alone, lowered only by a person.

    What surely holds raises it. When facts get better it stays, until a person lowers it; after that only what is worse than
    what the person saw raises it again. The end that is not sure follows what is known.

    Parameters
    ----------
    previous
        What was in force; ``None`` for a new warning.
    new
        What the facts come to now.
    by_person
        A person's word, with name and reason.

    Raises
    ------
    freehold.errors.NotAllowed
        If the person or the reason is missing.
    """
    if by_person is not None:
        if not by_person.by.strip() or not by_person.because.strip():
            raise NotAllowed(say("radius.who_and_why"))
        return Standing(by_person.to, max(by_person.to, new.high), new.low, by_person.by, by_person.because)
    if previous is None:
        return Standing(new.low, new.high, new.low)
    level = max(previous.level, new.low) if new.low > previous.seen else previous.level
    if level > previous.level:
        return Standing(level, max(level, new.high), new.low)
    return replace(previous, may_be=max(level, new.high), seen=new.low)
