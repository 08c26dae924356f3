"""From a policy file to rules. Owns what is refused: each message names file, rule, key and mend."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final, cast

from freehold.errors import BadCutoff, BadPolicy
from freehold.measure.chokepoint_values import GROUPS
from freehold.schemes.file_tables import read_file_text
from freehold.schemes.policy_values import AT_LEAST, MEASURES, Forbidden, Limit, Measurement, OnUnknown, Policy, PolicyRule
from freehold.stack.cells import nearest, shown
from freehold.stack.cutoff import COVERS, DEFAULT_STAKE, WAYS, Cutoff, Rule, cutoff_from_toml
from freehold.stack.durations import parse_days
from freehold.stack.toml_text import BadToml, parse_toml

__all__ = ["MOST_RULES", "parse_policy", "read_policy"]

MOST_RULES: Final = 1_000
_MOST_CHOICES: Final = 500
_LONGEST: Final = 2_000

_SHARED: Final = ("name", "why", "source", "unknown", "via", "stake")
_OF_PATH: Final = ("path_of", "forbid", "cover")
_OF_MEASURE: Final[Mapping[Measurement, tuple[str, ...]]] = {
    "level": ("of", "day", "cut", "scenario", "cover"),
    "content": ("of",), "face-value": ("of",), "hidden-exposure": ("of",), "held": ("of",), "unknowns": ("of",),
    "cut-set": ("of", "by", "day", "floor"), "largest-share": ("of", "by"),
    "scheme-level": ("scheme", "answers"), "scheme-score": ("scheme", "answers"),
}  # fmt: skip
_FORBID: Final = ("foreign", "country", "provider", "owner", "licence", "kind", "tag")
_CUT: Final = (*_FORBID, "item", "source")
_BY: Final[Mapping[str, tuple[str, ...]]] = {"cut-set": GROUPS, "largest-share": ("provider", "owner", "country")}


def read_policy(path: str | Path) -> Policy:
    """Read a policy.

    Parameters
    ----------
    path
        A TOML file: ``[policy]`` with ``[[policy.rule]]`` tables.

    Raises
    ------
    freehold.errors.BadPolicy
        If it cannot be understood.
    freehold.errors.ReadError
        If it cannot be read, or is too large.
    """
    return parse_policy(read_file_text(path), str(path))


def parse_policy(text: str, file: str) -> Policy:
    """Read a policy's text; see :func:`read_policy`. Paths in it are relative to the folder of ``file``."""
    try:
        data = parse_toml(text)
    except BadToml as error:
        raise BadPolicy(f"{file} is not TOML: {error}. Mend that line.") from None
    table = data.get("policy")
    if not isinstance(table, Mapping):
        raise BadPolicy(f"{file}: there is no [policy] table. Begin it with [policy] and [[policy.rule]].")
    _known(data, ("policy",), f"{file}")
    _known(table, ("name", "rule"), f"{file}, [policy]")
    rows = table.get("rule", [])
    if not isinstance(rows, list) or not rows:
        raise BadPolicy(f"{file}: the policy has no rule. Add a [[policy.rule]] table.")
    if len(rows) > MOST_RULES:
        raise BadPolicy(f"{file}: {len(rows):,} rules, over the limit of {MOST_RULES:,}. Split it.")
    rules = tuple(_Reader(row, file, number).rule() for number, row in enumerate(rows, 1))
    seen: dict[str, int] = {}
    for number, rule in enumerate(rules, 1):
        if rule.name in seen:
            raise BadPolicy(
                f"{file}, rule {number}: is called '{rule.name}' like rule {seen[rule.name]}. Give each a name of its own."
            )
        seen[rule.name] = number
    return Policy(_words(table.get("name", ""), f"{file}, [policy], 'name'"), file, rules)


def _known(table: Mapping[str, Any], keys: Sequence[str], place: str) -> None:
    for key in table:
        if key not in keys:
            near = nearest(key, keys)
            mend = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(keys)}."
            raise BadPolicy(f"{place}: {shown(key)} is not known here. {mend}")


def _words(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise BadPolicy(f"{place}: {shown(value)} is not text. Put it in quotes.")
    if len(value) > _LONGEST:
        raise BadPolicy(f"{place}: is over {_LONGEST:,} characters long. Shorten it.")
    return value.strip()


class _Reader:
    """One rule's table, and where it stands."""

    def __init__(self, row: object, file: str, number: int) -> None:
        place = f"{file}, rule {number}"
        if not isinstance(row, Mapping):
            raise BadPolicy(f"{place}: is no table. Write it as [[policy.rule]].")
        self._row, self._folder, self._place = row, Path(file).parent, place
        name = _words(row.get("name", ""), f"{place}, 'name'")
        if not name:
            raise BadPolicy(f'{place}: has no name. Add name = "…", so that whoever breaks it knows which it is.')
        self._name = name
        self._place = f"{place} ('{shown(name)[1:-1]}')"

    def rule(self) -> PolicyRule:
        row = self._row
        asks = [key for key in ("path_of", "measure") if key in row]
        if len(asks) != 1:
            raise BadPolicy(
                f"{self._place}: asks {'nothing' if not asks else 'two things at once'}. Give it either path_of and forbid, "
                "or measure and a limit; make two rules of two conditions."
            )
        condition = self._forbidden() if asks == ["path_of"] else self._limit()
        unknown = row.get("unknown", "fail")
        if unknown not in ("fail", "pass"):
            raise self._bad("unknown", f"{shown(unknown)} is neither", "Write fail (what is not known fails) or pass")
        return PolicyRule(
            self._name, condition, self._text("why"), self._text("source"), cast("OnUnknown", unknown)
        )  # fmt: skip

    def _bad(self, key: str, problem: str, mend: str) -> BadPolicy:
        return BadPolicy(f"{self._place}, '{key}': {problem}. {mend}.")

    def _text(self, key: str) -> str:
        return _words(self._row.get(key, ""), f"{self._place}, '{key}'")

    def _texts(self, key: str, value: object) -> tuple[str, ...]:
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not found or not all(isinstance(one, str) and one.strip() for one in found):
            raise self._bad(key, f"{shown(value)} is neither text nor a list of texts", "Write one in quotes, or several in []")
        if len(found) > _MOST_CHOICES:
            raise self._bad(key, f"{len(found):,} are more than {_MOST_CHOICES}", "Use a tag, a group or a layer instead")
        return tuple(dict.fromkeys(one.strip() for one in found))

    def _number(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e300 < value < 1e300:
            raise self._bad(key, f"{shown(value)} is no number", "Write a number without quotes")
        return float(value)

    def _stake(self) -> float:
        stake = self._number("stake", self._row.get("stake", DEFAULT_STAKE))
        if not 0 <= stake <= 1:
            raise self._bad("stake", f"{stake:g} is not between 0 and 1", "Write a part of 1, such as 0.25")
        return stake

    def _via(self) -> tuple[str, ...]:
        if "via" not in self._row:
            return WAYS
        ways = self._texts("via", self._row["via"])
        strange = [way for way in ways if way not in WAYS]
        if strange:
            raise self._bad("via", f"{shown(strange[0])} is no way of control", f"Choose from: {', '.join(WAYS)}")
        return ways

    def _voids(self) -> bool:
        cover = self._row.get("cover", "keep")
        if cover not in COVERS:
            raise self._bad("cover", f"{shown(cover)} is none", "Write keep (what is held for ever stays) or void")
        return bool(cover == "void")

    # A path, and what is forbidden on it

    def _forbidden(self) -> Forbidden:
        _known(self._row, (*_SHARED, *_OF_PATH), self._place)
        table = self._row.get("forbid")
        if not isinstance(table, Mapping) or not table:
            raise self._bad(
                "forbid", "says nothing", 'Write forbid = { foreign = "surely" }, or another of: ' + ", ".join(_FORBID)
            )
        _known(table, _FORBID, f"{self._place}, 'forbid'")
        foreign = table.get("foreign")
        if foreign not in (None, "surely", "perhaps"):
            raise self._bad(
                "forbid.foreign", f"{shown(foreign)} is neither",
                "Write surely (what is known to be foreign) or perhaps (what may be, too)",
            )  # fmt: skip
        rules = self._rules("forbid", {**table, **({"foreign": True} if foreign else {})}, "keep")
        return Forbidden(
            self._texts("path_of", self._row["path_of"]), rules, foreign == "surely", self._voids(), self._stake()
        )  # fmt: skip

    def _rules(self, key: str, table: Mapping[str, Any], cover: str) -> tuple[Rule, ...]:
        """Each choice of one out of every list as a rule: a source must match one of each to match."""
        lists = {name: self._texts(f"{key}.{name}", value) for name, value in table.items() if name != "foreign"}
        if math.prod(map(len, lists.values())) > _MOST_CHOICES:
            raise self._bad(key, f"more than {_MOST_CHOICES} combinations", "Make several rules of it")
        shared: dict[str, Any] = {"foreign": bool(table.get("foreign")), "via": self._via(), "cover": cover}
        try:
            return tuple(Rule(**(shared | dict(zip(lists, one, strict=True)))) for one in product(*lists.values()))
        except BadCutoff as error:
            raise BadPolicy(f"{self._place}, '{key}': {error}") from None

    # A measure, and its limit

    def _limit(self) -> Limit:
        row = self._row
        measure = cast("Measurement", row["measure"])
        if not isinstance(measure, str) or measure not in MEASURES:
            near = nearest(measure, MEASURES) if isinstance(measure, str) else ()
            raise self._bad(
                "measure",
                f"{shown(measure)} is none",
                f"Did you mean '{near[0]}'?" if near else f"Choose from: {', '.join(MEASURES)}",
            )
        wanted, other = ("at_least", "at_most") if measure in AT_LEAST else ("at_most", "at_least")
        if other in row:
            better = "more" if measure in AT_LEAST else "less"
            raise self._bad(other, f"of {measure}, {better} is better", f"Write {wanted}")
        _known(row, (*_SHARED, "measure", wanted, *_OF_MEASURE[measure]), self._place)
        if wanted not in row:
            raise self._bad(wanted, "is missing", f"Say how much is asked for, such as {wanted} = {_example(measure)}")
        bound = self._bound(measure, wanted)
        of = self._texts("of", row["of"]) if "of" in row else ("all",) if measure in ("unknowns", "held") else ("mission",)
        return Limit(
            measure, bound, of, self._by(measure), self._cut(), self._day(measure), self._floor(), self._via(), self._stake(),
            self._scheme(measure), self._path("answers"),
        )  # fmt: skip

    def _bound(self, measure: Measurement, key: str) -> float:
        bound = self._number(key, self._row[key])
        unit = MEASURES[measure]
        if unit == "part" and not 0 <= bound <= 1:
            raise self._bad(key, f"{bound:g} is no part of 1", "Write 0.6 for 60 %")
        if unit == "points" and not -1 <= bound <= 1:
            raise self._bad(key, f"{bound:g} is no difference of two parts of 1", "Write 0.2 for 20 points")
        if unit == "percent" and not 0 <= bound <= 100:
            raise self._bad(key, f"{bound:g} is no percentage", "Write a number from 0 to 100")
        if unit in ("count", "level") and (bound < 0 or bound != int(bound)):
            raise self._bad(key, f"{bound:g} is no whole number from 0 up", f"Write such as {_example(measure)}")
        if measure == "cut-set" and not 2 <= bound <= 20:
            raise self._bad(
                key, f"{bound:g} losses together", "Write 2 if no single loss may stop it, 3 if no two together may; up to 20"
            )
        return bound

    def _by(self, measure: Measurement) -> str:
        by = self._row.get("by", "owner")
        choices = _BY.get(measure, ("owner",))
        if by not in choices:
            raise self._bad("by", f"{shown(by)} is none", f"Choose from: {', '.join(choices)}")
        return str(by)

    def _day(self, measure: Measurement) -> float | None:
        if "day" not in self._row:
            return None if measure == "cut-set" else 30.0
        value = self._row["day"]
        try:
            day = parse_days(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else -1.0
        except ValueError:
            day = -1.0
        if not 0 <= day < math.inf:
            raise self._bad("day", f"{shown(value)} is no day", 'Write a number of days such as 30, or "3mo"')
        return day

    def _floor(self) -> float:
        floor = self._number("floor", self._row.get("floor", 0.5))
        if not 0 < floor <= 1:
            raise self._bad("floor", f"{floor:g} is not over 0 and up to 1", "Write a part of 1, such as 0.5")
        return floor

    def _cut(self) -> Cutoff | None:
        row, cover = self._row, "void" if self._voids() else "keep"
        if "cut" in row and "scenario" in row:
            raise self._bad("cut", "stands beside a scenario", "Leave one of the two out")
        if "scenario" in row:
            if any(key in row for key in ("via", "stake", "cover")):
                raise self._bad(
                    "scenario", "says itself what counts as control, and what of cover", "Leave via, stake and cover out"
                )
            path = self._path("scenario")
            try:
                return cutoff_from_toml(parse_toml(read_file_text(path)), path)
            except BadToml as error:
                raise BadPolicy(f"{self._place}: {path} is not TOML: {error}. Mend that line.") from None
            except BadCutoff as error:
                raise BadPolicy(f"{self._place}: {error}") from None
        table = row.get("cut", {"foreign": True})
        if not isinstance(table, Mapping) or not table:
            raise self._bad("cut", "says nothing", 'Write cut = { country = "US" }, or another of: ' + ", ".join(_CUT))
        _known(table, _CUT, f"{self._place}, 'cut'")
        if table.get("foreign", True) is not True:
            raise self._bad("cut.foreign", f"{shown(table['foreign'])} makes no sense", "Write true, or leave it out")
        return Cutoff(self._rules("cut", table, cover), _cut_name(table), stake=self._stake())

    def _path(self, key: str) -> str:
        value = self._text(key)
        if not value:
            return ""
        if "\0" in value:
            raise self._bad(key, "is no path", "Name a file")
        return str(self._folder / value)

    def _scheme(self, measure: Measurement) -> str:
        if not measure.startswith("scheme-"):
            return ""
        scheme = self._text("scheme")
        if not scheme:
            raise self._bad("scheme", "is missing", 'Name one, such as scheme = "eu-csf-2026", or a file of your own')
        return self._path("scheme") if scheme.lower().endswith(".toml") else scheme


def _example(measure: Measurement) -> str:
    return {"part": "0.6", "points": "0.2", "percent": "60", "level": "2"}.get(
        MEASURES[measure], "2" if measure == "cut-set" else "10"
    )


def _cut_name(table: Mapping[str, Any]) -> str:
    words = ["everything foreign" if table.get("foreign") and len(table) == 1 else ("foreign" if table.get("foreign") else "")]
    for key, value in table.items():
        if key != "foreign":
            words.append(f"{key} {', '.join(value) if isinstance(value, list) else value}")
    return " ".join(filter(None, words))
