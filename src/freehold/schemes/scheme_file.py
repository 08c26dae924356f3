"""From scheme files to schemes. Owns the format of a scheme's file, and what is refused of one.

A scheme is one TOML file::

    [scheme]
    id = "eu-csf-2026"             # letters, digits, . _ -
    title = "…"
    version = "…"
    kind = "points"                # points, criteria, grades, figures
    status = "in force"            # optional, as are the next three
    region = "EU"
    doubts = ["…"]
    factors_of = "NAME.toml"       # objectives stand in that file, and their weights in [weights] here
    from_stack_of = "NAME.toml"    # what answers factors from a stack stands in that file
    [[scheme.reference]]           # at least one: title, publisher, url, date
    [[scheme.level]]               # level = 0, name, meaning: the lowest first, one after the other; optional
    by_objective = { "SOV-1" = "…" }     # what the level means for an objective; optional
    [scheme.gate]                  # objective's id = least level; optional
    [weights]                      # objective's id = weight; only with factors_of

    [[objective]]
    id = "SOV-1"
    title = "…"
    weight = 20                    # not in a file that is named in factors_of
      [[objective.factor]]
      id = "SOV-1.1"
      title = "…"
      ask = "…"                    # optional: what to ask a person
      note = "…"                   # optional: a doubt, a defect of the publication
      from_stack = { measure = "owner-inside", weighted = "mission" }     # optional: the measure, and its parameters
        [[objective.factor.choice]]                                       # letters a, b, c … by order
        label = "…"
        points = 0
        level = 1
        when = [[0.0, 0.0]]        # closed intervals of the amount measured; inf and -inf may be their ends

A file named in ``factors_of`` holds ``[[objective]]`` alone, without weights, so that versions of a scheme that differ in
their weights share it. A file named in ``from_stack_of`` holds a table a factor, so that what a measure makes of a choice
stands apart from what is published::

    ["SOV-1.1"]
    from_stack = { measure = "owner-inside", weighted = "mission" }
    when = { a = [[0.0, 0.0]], b = [[0.0001, 0.5]], c = [[0.5, 0.9999]], d = [[1.0, 1.0]] }
    note = "…"                     # optional: what the measure sees and what it does not; follows the factor's own note

Both are looked for beside the scheme's file, then among the schemes that come with Freehold; they are plain file names.
Measures are those of :data:`freehold.schemes.measuring.MEASURES`.

By kind:

``points``
    Every choice has points, and a level if the scheme has levels. Weights sum to 100.
``criteria``
    Every choice has points (0 not met, 1 met); one without a level holds no level down. Objectives without weights weigh as
    many criteria as they have. One of ``weight = 0`` beside them is shown and counts for nothing.
``grades``
    One objective with one factor: its choices are the grades, and its measure gives a part a component. No person answers it.
``figures``
    A factor needs no choices: its amount is shown. Where it has choices they say how the amount is called.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from string import ascii_lowercase
from typing import Any, Final, cast, get_args

from freehold.errors import BadScheme, Finding, FreeholdError, UnknownId
from freehold.schemes.file_tables import Findings, Table, read_file_text
from freehold.schemes.interface import Parameter
from freehold.schemes.scheme_texts import spoken
from freehold.schemes.scheme_values import (
    Choice,
    Factor,
    FromStack,
    LevelName,
    Objective,
    Reference,
    Scheme,
    SchemeKind,
)
from freehold.stack.cells import nearest, shown
from freehold.stack.toml_text import BadToml, parse_toml

__all__ = ["read_scheme", "scheme", "schemes_known"]

_FOLDER: Final = Path(__file__).parent / "data"
_HEAD: Final = re.compile(r"^\[scheme\]", re.MULTILINE)
"""What a scheme's file has, and a file that belongs to one has not."""
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.toml", re.ASCII)
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_KINDS: Final = get_args(SchemeKind)
_MOST_OBJECTIVES: Final = 100
_MOST_FACTORS: Final = 500
_MOST_LEVELS: Final = 20
_MOST_INTERVALS: Final = 20
_MOST_PARAMETERS: Final = 20
_MOST_TEXTS: Final = 50
_MOST_POINTS: Final = 1e6
_TOLERANCE: Final = 1e-9

_TOP_KEYS: Final = ("scheme", "weights", "objective")
_SCHEME_KEYS: Final = (
    "id", "title", "version", "kind", "status", "region", "doubts", "factors_of", "from_stack_of", "reference", "level", "gate",
)  # fmt: skip
_REFERENCE_KEYS: Final = ("title", "publisher", "url", "date")
_LEVEL_KEYS: Final = ("level", "name", "meaning", "by_objective")
_OBJECTIVE_KEYS: Final = ("id", "title", "weight", "factor")
_FACTOR_KEYS: Final = ("id", "title", "ask", "note", "from_stack", "choice")
_CHOICE_KEYS: Final = ("label", "points", "level", "when")
_FROM_STACK_KEYS: Final = ("from_stack", "when", "note")


@cache
def schemes_known() -> tuple[str, ...]:
    """Ids of the schemes that come with Freehold, in order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml") if _HEAD.search(path.read_text(encoding="utf-8"))))


def scheme(id_: str) -> Scheme:
    """A scheme that comes with Freehold, told in the language that is spoken.

    Parameters
    ----------
    id_
        One of :func:`schemes_known`.

    Raises
    ------
    freehold.errors.UnknownId
        If there is none of that id.
    """
    known = schemes_known()
    if id_ not in known:
        raise UnknownId("scheme", id_, nearest(id_, known), where="freehold schemes list")
    return spoken(_read(id_))


@cache
def _read(id_: str) -> Scheme:
    return read_scheme(_FOLDER / f"{id_}.toml")


def read_scheme(path: str | Path, *, check: Callable[[str, Mapping[str, Parameter]], None] | None = None) -> Scheme:
    """Read a scheme's file.

    Parameters
    ----------
    path
        The file.
    check
        Sees that there is a measure and that it takes these parameters, such as
        :func:`freehold.schemes.measuring.check_parameters`; ``None``: they are not checked.

    Raises
    ------
    freehold.errors.BadScheme
        With every finding at once.
    freehold.errors.ReadError
        If it, or a file that it names, cannot be read or is too large.
    """
    return _Reader(Path(path), check).scheme()


class _Reader:
    """One scheme while it is read."""

    def __init__(self, path: Path, check: Callable[[str, Mapping[str, Parameter]], None] | None) -> None:
        self._path, self._check = path, check
        self._findings = Findings("", "")
        self._kind: SchemeKind = "points"
        self._levels: tuple[LevelName, ...] = ()
        self._ids: set[str] = set()

    def _open(self, path: Path) -> dict[str, Any]:
        """Parse a file, in which mistakes are looked for from here on."""
        text = read_file_text(path)
        self._findings = Findings(str(path), text)
        try:
            return parse_toml(text)
        except BadToml as error:
            problem = f"is nested too deeply: {error.problem}" if error.deep else f"is not TOML: {error.problem}"
            mend = "Flatten it" if error.deep else "`freehold schemes show ID` shows the parts of a scheme"
            raise BadScheme([Finding(str(path), error.line, "", problem, mend)]) from None

    def _close(self) -> None:
        """Stop at a file that has mistakes."""
        if self._findings.found:
            raise BadScheme(self._findings.found)

    def scheme(self) -> Scheme:
        data = self._open(self._path)
        Table(data, self._findings, "the file").only(_TOP_KEYS)
        head = Table(self._section(data, "scheme"), self._findings, "[scheme]")
        head.only(_SCHEME_KEYS)
        kind = head.text("kind")
        if kind and kind not in _KINDS:
            near = nearest(kind, _KINDS)
            mend = (f"Did you mean '{near[0]}'? " if near else "") + f"Known: {', '.join(_KINDS)}"
            head.bad("kind", f"{shown(kind)} is not known", mend)
        self._kind = cast("SchemeKind", kind if kind in _KINDS else "points")
        self._levels = self._read_levels(head)
        id_, title, version = head.id(), head.text("title"), head.text("version")
        references = self._references(head)
        status, region = head.text("status", required=False), head.text("region", required=False)
        doubts = head.texts("doubts", _MOST_TEXTS)
        factors_of, from_stack_of = self._named(head, "factors_of"), self._named(head, "from_stack_of")
        weights = Table(self._section(data, "weights"), self._findings, "[weights]")
        gate = Table(head.table("gate"), self._findings, "[scheme.gate]")
        if factors_of is None:
            if weights.raw:
                weights.bad("", "stands beside objectives of this file", "Write weight = … in each objective instead")
            objectives = self._objectives(data, weighted=True)
            self._close()
        else:
            if "objective" in data:
                self._findings.add("objective", "objectives stand here and in factors_of", "Leave one of them out")
            own = self._findings
            self._close()
            objectives = self._shared(factors_of)
            self._findings = own
            objectives = self._weighed(objectives, weights)
        objectives = self._settled(objectives)
        self._check_levels(objectives)
        least = self._gate(gate, objectives)
        self._close()
        if from_stack_of is not None:
            objectives = self._mapped(objectives, from_stack_of)
        return Scheme(
            id_, title, version, self._kind, references, objectives, status, region, self._levels, least, doubts,
        )  # fmt: skip

    def _section(self, data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        if name == "scheme" and name not in data:
            self._findings.add("scheme", "the file has no [scheme]", "Begin it with [scheme], id, title, version and kind")
        return Table(data, self._findings, "the file").table(name)

    def _named(self, head: Table, key: str) -> Path | None:
        """A file that belongs to the scheme: beside its own, else among those that come with Freehold."""
        name = head.text(key, required=False)
        if not name:
            return None
        if not _FILE_NAME.fullmatch(name):
            head.bad(key, f"{shown(name)} is no plain file name", "Put the file beside this one and write NAME.toml")
            return None
        for folder in (self._path.parent, _FOLDER):
            if (folder / name).is_file():
                return folder / name
        head.bad(
            key, f"{shown(name)} is not there", "Put it beside this file; `freehold schemes list` names what comes with it"
        )
        return None

    def _references(self, head: Table) -> tuple[Reference, ...]:
        found = []
        for number, raw in enumerate(head.tables("reference", _MOST_TEXTS), 1):
            one = Table(raw, self._findings, f"reference {number}")
            one.only(_REFERENCE_KEYS)
            title, publisher, url, date = (one.text(key) for key in _REFERENCE_KEYS)
            if url and not url.startswith(("https://", "http://")):
                one.bad("url", f"{shown(url)} is no address", "Begin it with https://")
            if date and not _DATE.fullmatch(date):
                one.bad("date", f"{shown(date)} is no date", "Write the day on which it was read, such as 2026-06-01")
            found.append(Reference(title, publisher, url, date))
        if not found:
            head.bad("reference", "is missing", "Say where the scheme is published: [[scheme.reference]]")
        return tuple(found)

    def _read_levels(self, head: Table) -> tuple[LevelName, ...]:
        found: list[LevelName] = []
        for number, raw in enumerate(head.tables("level", _MOST_LEVELS), 1):
            one = Table(raw, self._findings, f"level {number}")
            one.only(_LEVEL_KEYS)
            level = one.whole("level")
            if found and level != found[-1].level + 1:
                one.bad("level", f"{level} does not follow {found[-1].level}", "Write them one after the other, lowest first")
            apart = Table(one.table("by_objective"), self._findings, f"level {number}: by_objective")
            told = {id_: apart.text(id_) for id_ in apart.raw}
            found.append(LevelName(level, one.text("name"), one.text("meaning", required=False), told))
        return tuple(found)

    def _objectives(self, data: Mapping[str, Any], *, weighted: bool) -> tuple[Objective, ...]:
        top = Table(data, self._findings, "the file")
        found: dict[str, Objective] = {}
        for number, raw in enumerate(top.tables("objective", _MOST_OBJECTIVES), 1):
            one = Table(raw, self._findings, f"objective {number}")
            id_ = one.id()
            one = Table(raw, self._findings, f"objective {id_ or number}", id_)
            one.only(_OBJECTIVE_KEYS)
            if id_ in found:
                one.bad("id", f"{shown(id_)} stands twice", "Give each objective its own")
            weight = math.nan
            if not weighted and "weight" in raw:
                one.bad("weight", "does not belong here", "Write it in [weights] of the scheme's own file")
            elif "weight" in raw or (weighted and self._kind == "points"):
                weight = one.number("weight", high=100.0)
            factors = tuple(
                self._factor(place, cells, id_) for place, cells in enumerate(one.tables("factor", _MOST_FACTORS), 1)
            )
            if not factors:
                one.bad("factor", "is missing", "Write at least one [[objective.factor]]")
            found[id_] = Objective(id_, one.text("title"), weight, factors)
        if not found:
            top.bad("objective", "is missing", "Write at least one [[objective]]")
        if len(self._ids) > _MOST_FACTORS:
            top.bad("objective", f"there are {len(self._ids)} factors", f"Keep them under {_MOST_FACTORS}")
        return tuple(found.values())

    def _factor(self, number: int, raw: Mapping[str, Any], objective: str) -> Factor:
        id_ = Table(raw, self._findings, f"objective {objective}, factor {number}").id()
        one = Table(raw, self._findings, f"factor {id_}" if id_ else f"objective {objective}, factor {number}", id_)
        one.only(_FACTOR_KEYS)
        if id_ in self._ids:
            one.bad("id", f"{shown(id_)} stands twice", "Give each factor its own")
        self._ids.add(id_)
        cells = one.tables("choice", len(ascii_lowercase))
        choices = tuple(self._choice(one, letter, choice) for letter, choice in zip(ascii_lowercase, cells, strict=False))
        if not choices and self._kind != "figures":
            one.bad("choice", "is missing", "Write [[objective.factor.choice]] for each option")
        from_stack = self._from_stack(one)
        if from_stack is None and any(choice.when for choice in choices):
            one.bad("when", "stands without from_stack", "Say which measure it is an interval of")
        return Factor(
            id_, one.text("title"), choices, from_stack, one.text("ask", required=False), one.text("note", required=False)
        )

    def _choice(self, factor: Table, letter: str, raw: Mapping[str, Any]) -> Choice:
        one = Table(raw, self._findings, f"{factor.place}, choice {letter}", factor.at)
        one.only(_CHOICE_KEYS)
        counted = self._kind in ("points", "criteria")
        points = one.number("points", None if counted else 0.0, high=_MOST_POINTS)
        level = 0
        if self._levels:
            low, high = self._levels[0].level, self._levels[-1].level
            level = one.whole("level", None if self._kind == "points" else high, low=low, high=high)
        elif "level" in raw:
            one.bad("level", "the scheme has no levels", "Write [[scheme.level]] for each, or leave it out")
        return Choice(letter, one.text("label"), points, level, one.intervals("when", _MOST_INTERVALS))

    def _from_stack(self, one: Table) -> FromStack | None:
        cells = dict(one.table("from_stack"))
        if not cells:
            return None
        table = Table(cells, self._findings, f"{one.place}, from_stack", one.at)
        measure = table.text("measure")
        parameters: dict[str, Parameter] = {}
        if len(cells) > _MOST_PARAMETERS:
            table.bad("", f"has {len(cells)} parameters", f"Keep them under {_MOST_PARAMETERS}")
            cells = {}
        for name, value in cells.items():
            if name == "measure":
                continue
            if isinstance(value, bool):
                parameters[name] = value
            elif isinstance(value, (int, float)):
                parameters[name] = table.number(name, 0.0, low=-1e9)
            elif isinstance(value, list):
                parameters[name] = table.texts(name, _MOST_TEXTS)
            else:
                parameters[name] = table.text(name)
        if measure and self._check is not None:
            try:
                self._check(measure, parameters)
            except FreeholdError as error:
                table.bad("", str(error).rstrip("."), "`freehold schemes show ID` shows how other schemes ask")
        return FromStack(measure, parameters)

    def _shared(self, path: Path) -> tuple[Objective, ...]:
        """Objectives of a file that several schemes share."""
        data = self._open(path)
        Table(data, self._findings, "the file").only(("objective",))
        objectives = self._objectives(data, weighted=False)
        self._close()
        return objectives

    def _weighed(self, objectives: tuple[Objective, ...], weights: Table) -> tuple[Objective, ...]:
        if self._kind != "points" and not weights.raw:
            return objectives
        weights.only([one.id for one in objectives])
        return tuple(Objective(one.id, one.title, weights.number(one.id, high=100.0), one.factors) for one in objectives)

    def _settled(self, objectives: tuple[Objective, ...]) -> tuple[Objective, ...]:
        """What concerns all objectives at once: weights, and the form that the kind asks for."""
        table = Table({}, self._findings, "the scheme")
        if self._kind in ("points", "criteria"):
            most = [math.fsum(max((choice.points for choice in factor.choices), default=0.0) for factor in one.factors)
                    for one in objectives]  # fmt: skip
            for one, points in zip(objectives, most, strict=True):
                if one.factors and points <= 0:
                    table.bad("points", f"objective {one.id} gives no points at all", "Give its best choices some")
            stated = [one for one in objectives if not math.isnan(one.weight)]
            if self._kind == "criteria" and len(stated) < len(objectives) and not any(one.weight for one in stated):
                most = [0.0 if one.weight == 0.0 else points for one, points in zip(objectives, most, strict=True)]
                total = math.fsum(most) or 1.0
                return tuple(
                    Objective(one.id, one.title, 100.0 * points / total, one.factors)
                    for one, points in zip(objectives, most, strict=True)
                )
            if len(stated) < len(objectives):
                table.bad("weight", "some objectives have a weight and some have none", "Give one to each, or to none")
            elif abs(math.fsum(one.weight for one in objectives) - 100.0) > _TOLERANCE:
                total = math.fsum(one.weight for one in objectives)
                table.bad("weight", f"the weights come to {total:g}", "Make them come to 100")
            return objectives
        if self._kind == "grades":
            factors = [factor for one in objectives for factor in one.factors]
            if len(factors) != 1:
                table.bad("factor", f"a scheme of grades has one factor, and this has {len(factors)}", "Split it")
        return tuple(
            Objective(one.id, one.title, 0.0 if math.isnan(one.weight) else one.weight, one.factors) for one in objectives
        )

    def _check_levels(self, objectives: tuple[Objective, ...]) -> None:
        for one in self._levels:
            place = f"level {one.level}: by_objective"
            Table(one.by_objective, self._findings, place).only([objective.id for objective in objectives])

    def _gate(self, gate: Table, objectives: tuple[Objective, ...]) -> dict[str, int]:
        gate.only([one.id for one in objectives])
        if gate.raw and not self._levels:
            gate.bad("", "the scheme has no levels", "Leave it out")
            return {}
        low, high = (self._levels[0].level, self._levels[-1].level) if self._levels else (0, 0)
        return {one.id: gate.whole(one.id, low=low, high=high) for one in objectives if one.id in gate.raw}

    def _mapped(self, objectives: tuple[Objective, ...], path: Path) -> tuple[Objective, ...]:
        """Objectives with what answers their factors from a stack."""
        data = self._open(path)
        known = {factor.id: factor for one in objectives for factor in one.factors}
        top = Table(data, self._findings, "the file")
        top.only(list(known))
        mapped: dict[str, Factor] = {}
        for id_ in data:
            if id_ in known:
                mapped[id_] = self._answered(known[id_], Table(top.table(id_), self._findings, f"factor {id_}", id_))
        self._close()
        return tuple(
            Objective(one.id, one.title, one.weight, tuple(mapped.get(factor.id, factor) for factor in one.factors))
            for one in objectives
        )

    def _answered(self, factor: Factor, one: Table) -> Factor:
        one.only(_FROM_STACK_KEYS)
        if factor.from_stack is not None:
            one.bad("from_stack", "the factor states its own", "Leave one of them out")
        from_stack = self._from_stack(one)
        if from_stack is None:
            one.bad("from_stack", "is missing", 'Write from_stack = { measure = "…" }')
        letters = [choice.letter for choice in factor.choices]
        when = Table(one.table("when"), self._findings, f"{one.place}, when", one.at)
        when.only(letters)
        if letters and not when.raw:
            one.bad("when", "is missing", "Say for which amounts which choice may be the one")
        choices = tuple(
            Choice(old.letter, old.label, old.points, old.level, when.intervals(old.letter, _MOST_INTERVALS))
            for old in factor.choices
        )
        note = " ".join(filter(None, (factor.note, one.text("note", required=False))))
        return Factor(factor.id, factor.title, choices, from_stack, factor.ask, note)
