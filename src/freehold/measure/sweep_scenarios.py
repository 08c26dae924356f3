"""Scenarios of a sweep as they are written: cut-offs, uncertain facts, losses. Owns the form of these files.

TOML: one ``[cutoff]`` or several ``[[cutoff]]``, each as a scenario file has it, ``[[uncertain]]`` and ``[[event]]`` tables.
CSV: a rule a row, in columns named as the keys of a rule; rows with the same ``name`` are rules of one cut-off.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from freehold.errors import BadCutoff, UnknownId
from freehold.measure.uncertain import DRAWN, Draw, Event, Uncertain
from freehold.stack.cells import nearest, shown
from freehold.stack.countries import is_region, known_regions
from freehold.stack.cutoff import COVERS, SELECTORS, Cutoff, cutoff_from_toml
from freehold.stack.durations import parse_days
from freehold.stack.toml_text import BadToml, parse_toml
from freehold.stack.values import Stack

__all__ = ["Scenarios", "check_scenarios", "event_from", "scenarios_from_csv", "scenarios_from_toml"]

_ROW_KEYS: Final = ("name", *SELECTORS, "via", "availability", "from", "until", "cover", "notice", "stake")
_TIMES: Final = frozenset({"recover", "survive"})
_PLACES: Final = frozenset({"country", "location", "origin"})
_YES: Final = frozenset({"yes", "true", "1", "x"})
_SUM: Final = 1e-6


@dataclass(frozen=True)
class Scenarios:
    """What the files say, in their order."""

    cutoffs: tuple[Cutoff, ...] = ()
    uncertain: tuple[Uncertain, ...] = ()
    events: tuple[Event, ...] = ()

    def __add__(self, other: Scenarios) -> Scenarios:
        return Scenarios(self.cutoffs + other.cutoffs, self.uncertain + other.uncertain, self.events + other.events)


def scenarios_from_toml(text: str, file: str, stem: str = "") -> Scenarios:
    """Read scenarios written as TOML.

    Parameters
    ----------
    text, file
        The text, and the file's name for messages.
    stem
        Name of a cut-off that states none.

    Raises
    ------
    freehold.errors.BadCutoff
        Naming the file, the table and the key.
    """
    try:
        data = parse_toml(text)
    except BadToml as error:
        raise BadCutoff(f"{file} is not TOML: {error}.") from None
    strange = sorted(set(data) - {"cutoff", "uncertain", "event"})
    if strange:
        raise BadCutoff(f"{file}: '{strange[0]}' is not known. Known: [[cutoff]], [[uncertain]], [[event]].")
    tables = data.get("cutoff", [])
    tables = tables if isinstance(tables, list) else [tables]
    cuts = []
    for number, table in enumerate(tables, 1):
        place = file if len(tables) == 1 else f"{file}, [[cutoff]] {number}"
        if isinstance(table, Mapping) and "name" not in table and stem:
            table = {**table, "name": stem if len(tables) == 1 else f"{stem} {number}"}
        cuts.append(cutoff_from_toml({"cutoff": table}, place))
    uncertain = [
        _uncertain(row, f"{file}, [[uncertain]] {number}") for number, row in enumerate(_rows(data, "uncertain", file), 1)
    ]
    events = [_event(row, f"{file}, [[event]] {number}") for number, row in enumerate(_rows(data, "event", file), 1)]
    return Scenarios(tuple(cuts), tuple(uncertain), tuple(events))


def _rows(data: Mapping[str, Any], key: str, file: str) -> Sequence[Mapping[str, Any]]:
    rows = data.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise BadCutoff(f"{file}: '{key}' is not a list of tables. Write [[{key}]] before each.")
    return rows


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -math.inf < value < math.inf:
        raise BadCutoff(f"{place}: {shown(value)} is not a number.")
    return float(value)


def _probability(value: object, place: str) -> float:
    number = _number(value, place)
    if not 0 <= number <= 1:
        raise BadCutoff(f"{place}: a probability of {number} is not between 0 and 1.")
    return number


def _strange(row: Mapping[str, Any], known: Sequence[str], place: str) -> None:
    strange = sorted(set(row) - set(known))
    if strange:
        raise BadCutoff(f"{place}: '{strange[0]}' is not known. Known: {', '.join(known)}.")


def _uncertain(row: Mapping[str, Any], place: str) -> Uncertain:
    _strange(row, ("table", "id", "attribute", "range", "choices", "odds", "confidence"), place)
    table, id_, attribute = (row.get(key) for key in ("table", "id", "attribute"))
    if not isinstance(table, str) or table not in DRAWN:
        raise BadCutoff(f"{place}, 'table': {shown(table)} is none of: {', '.join(DRAWN)}.")
    if not isinstance(attribute, str) or attribute not in DRAWN[table]:
        raise BadCutoff(
            f"{place}, 'attribute': {shown(attribute)} cannot be drawn for {table}. Can: {', '.join(DRAWN[table])}."
        )
    if not isinstance(id_, str) or not id_:
        raise BadCutoff(f"{place}, 'id': {shown(id_)} is no id. Say which row of {table} is meant.")
    keep = _probability(row.get("confidence", 0.0), f"{place}, 'confidence'")
    if ("range" in row) == ("choices" in row):
        raise BadCutoff(f"{place}: give either range = [low, high] or choices = [...], with odds = [...] if they differ.")
    if "range" in row:
        return Uncertain(table, id_, attribute, _range(row, attribute, keep, place), "stated")
    choices = row["choices"]
    if not isinstance(choices, list) or not choices:
        raise BadCutoff(f"{place}, 'choices': {shown(choices)} is not a list of values.")
    odds = row.get("odds", [1 / len(choices)] * len(choices))
    if not isinstance(odds, list) or len(odds) != len(choices):
        raise BadCutoff(f"{place}, 'odds': there are {len(choices)} choices. Give as many probabilities, which sum to 1.")
    chances = [_probability(one, f"{place}, 'odds'") for one in odds]
    if abs(sum(chances) - 1) > _SUM:
        raise BadCutoff(f"{place}, 'odds': they sum to {sum(chances):g}, not to 1.")
    values = tuple(_value(one, attribute, f"{place}, 'choices'") for one in choices)
    return Uncertain(table, id_, attribute, Draw(values, tuple(one / sum(chances) for one in chances), keep=keep), "stated")


def _range(row: Mapping[str, Any], attribute: str, keep: float, place: str) -> Draw:
    pair = row["range"]
    if attribute in ("source", "country", "owner", "provider", "location", "origin", "licence", "status", "whole"):
        raise BadCutoff(f"{place}: {attribute} is no number. Give choices = [...] instead of a range.")
    if not isinstance(pair, list) or len(pair) != 2:
        raise BadCutoff(f"{place}, 'range': {shown(pair)} is not [low, high].")
    low, high = (_value(one, attribute, f"{place}, 'range'") for one in pair)
    assert isinstance(low, float)
    assert isinstance(high, float)
    if not low < high < math.inf:
        raise BadCutoff(f"{place}, 'range': [{low:g}, {high:g}] is not from a lower to a higher number.")
    return Draw(low=low, high=high, keep=keep)


def _value(value: object, attribute: str, place: str) -> Any:
    if attribute in _TIMES:
        try:
            return parse_days(value)  # type: ignore[arg-type]
        except (ValueError, TypeError) as error:
            raise BadCutoff(f"{place}: {shown(value)} is no duration ({error}).") from None
    if attribute in ("share", "capacity", "weight", "enough"):
        number = _number(value, place)
        if not 0 <= number <= 1 or (attribute == "enough" and number == 0):
            raise BadCutoff(f"{place}: {number:g} is not between 0 and 1.")
        return number
    if attribute == "whole":
        if not isinstance(value, bool):
            raise BadCutoff(f"{place}: {shown(value)} is not true or false.")
        return value
    if attribute in ("location", "origin", "owner"):
        several = [value] if isinstance(value, str) and value else value
        if not isinstance(several, list) or not all(isinstance(one, str) and one for one in several):
            raise BadCutoff(f"{place}: {shown(value)} is not text, nor a list of texts.")
        found = tuple(several)
        return tuple(one for one in found if one != "none") if attribute == "origin" else found
    if not isinstance(value, str) or not value:
        raise BadCutoff(f"{place}: {shown(value)} is not text.")
    if attribute == "status" and value not in ("in-use", "standby", "candidate"):
        raise BadCutoff(f"{place}: '{value}' is none of: in-use, standby, candidate.")
    return value


def _event(row: Mapping[str, Any], place: str) -> Event:
    _strange(row, ("provider", "country", "probability"), place)
    if ("provider" in row) == ("country" in row):
        raise BadCutoff(f"{place}: give either a provider or a country.")
    selector: Literal["provider", "country"] = "provider" if "provider" in row else "country"
    if not isinstance(row[selector], str) or not row[selector]:
        raise BadCutoff(f"{place}, '{selector}': {shown(row[selector])} is not text.")
    return Event(selector, row[selector], _probability(row.get("probability"), f"{place}, 'probability'"))


def event_from(text: str, stack: Stack, via: tuple[str, ...]) -> Event:
    """A loss from a flag: ``ID=p``, a provider of the stack or a country.

    Raises
    ------
    freehold.errors.FreeholdError
        If it is none.
    """
    id_, sign, told = text.rpartition("=")
    try:
        number = float(told)
    except ValueError:
        number = math.nan
    if not sign or not id_.strip() or not 0 <= number <= 1:
        raise BadCutoff(f"--probability: '{text}' is not ID=p with p between 0 and 1, such as openai=0.05 or US=0.01.")
    id_ = id_.strip()
    if id_ in stack.provider_by_id or not is_region(id_.upper()):
        return Event("provider", id_, number, via)
    return Event("country", id_.upper(), number, via)


def scenarios_from_csv(text: str, file: str) -> Scenarios:
    """Read cut-offs written as CSV, a rule a row.

    Raises
    ------
    freehold.errors.BadCutoff
        Naming the file, the line and the column.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    cuts: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    try:
        if reader.fieldnames is None:
            raise BadCutoff(f"{file}: it is empty. Its first line names the columns: {', '.join(_ROW_KEYS)}.")
        strange = [name for name in reader.fieldnames if name not in _ROW_KEYS]
        if strange:
            raise BadCutoff(f"{file}, line 1: the column '{strange[0]}' is not known. Known: {', '.join(_ROW_KEYS)}.")
        for cells in reader:
            place = f"{file}, line {reader.line_num}"
            if None in cells or None in cells.values():
                raise BadCutoff(f"{place}: it has not as many cells as the first line.")
            row = {name: cell.strip() for name, cell in cells.items() if cell and cell.strip()}
            name = row.pop("name", None) or f"line {reader.line_num}"
            cut = cuts.setdefault(name, {"name": name, "rule": []})
            lines.setdefault(name, reader.line_num)
            for key in ("notice", "stake"):
                if key in row:
                    cut[key] = _cell(key, row.pop(key), place)
            cut["rule"].append({key: _cell(key, cell, place) for key, cell in row.items()})
    except csv.Error as error:
        raise BadCutoff(f"{file}, line {reader.line_num}: it is not CSV ({error}).") from None
    return Scenarios(tuple(cutoff_from_toml({"cutoff": cut}, f"{file}, line {lines[name]}") for name, cut in cuts.items()))


def _cell(key: str, cell: str, place: str) -> Any:
    if key in ("availability", "stake"):
        try:
            return float(cell)
        except ValueError:
            raise BadCutoff(f"{place}, '{key}': '{cell}' is not a number.") from None
    if key == "foreign":
        return cell.casefold() in _YES
    if key == "via":
        return [way.strip() for way in cell.split(";")]
    if key == "cover" and cell not in COVERS:
        raise BadCutoff(f"{place}, 'cover': '{cell}' is none of: {', '.join(COVERS)}.")
    return cell


def check_scenarios(stack: Stack, scenarios: Scenarios) -> None:
    """See that uncertain facts and losses are of rows and countries that are there.

    Raises
    ------
    freehold.errors.FreeholdError
        Naming what is not there, and what is near it.
    """
    needs = {need.id for need in stack.needs}
    keys: set[tuple[str, str, str]] = set()
    for one in scenarios.uncertain:
        known: Collection[str] = {
            "items": stack.item_by_id, "providers": stack.provider_by_id, "sources": stack.source_by_id, "needs": needs,
        }[one.table]  # fmt: skip
        if one.id not in known:
            raise UnknownId(one.table.removesuffix("s"), one.id, nearest(one.id, known))
        if one.attribute == "source" and stack.sources_of.get(one.id):
            raise BadCutoff(
                f"[[uncertain]]: the item '{one.id}' has sources. Name the source, and its provider as the attribute."
            )
        if one.key in keys:
            raise BadCutoff(f"[[uncertain]]: {one.attribute} of '{one.id}' is stated twice. Leave one out.")
        keys.add(one.key)
        for value in one.draw.choices:
            for code in (
                (value if isinstance(value, tuple) else (value,)) if one.attribute in ("country", "location", "origin") else ()
            ):
                if code != "none" and not is_region(str(code)):
                    raise BadCutoff(f"[[uncertain]] of '{one.id}': '{code}' is no country. {known_regions()}.")
    seen: set[tuple[str, str]] = set()
    for event in scenarios.events:
        if event.selector == "country" and not is_region(event.id):
            raise BadCutoff(f"[[event]]: '{event.id}' is no country or group. {known_regions()}.")
        if event.selector == "provider" and event.id not in stack.provider_by_id:
            raise UnknownId("provider", event.id, nearest(event.id, stack.provider_by_id))
        if (event.selector, event.id) in seen:
            raise BadCutoff(f"the probability of the loss of '{event.id}' is stated twice. Leave one out.")
        seen.add((event.selector, event.id))
