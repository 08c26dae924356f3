"""From answers files to letters by factor. Owns the three spellings (TOML, JSON, CSV), and what is refused of them.

TOML: ``"SOV-1.1" = "b"``; ratios that a person states stand beside them (:mod:`freehold.schemes.amounts_file`).
JSON: one object, ``{"SOV-1.1": "b"}``. CSV: columns ``factor``, ``answer`` and, if wanted, ``note``, which is for people.
An answer is the letter of a choice, a for the first; one that is empty is not given.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from freehold.errors import BadAnswers, Finding, TooLarge, UsageError
from freehold.schemes.amounts_file import TABLE
from freehold.schemes.file_tables import MOST_FINDINGS, line_of, read_file_text
from freehold.schemes.scheme_values import Factor, Scheme
from freehold.stack.cells import nearest, shown
from freehold.stack.toml_text import BadToml, parse_toml

__all__ = ["answers_of", "read_answers"]

_MOST_ANSWERS: Final = 20_000
_COLUMNS: Final = ("factor", "answer", "note")
_FORMS: Final = (".toml", ".json", ".csv")


def answers_of(scheme: Scheme, answers: Mapping[str, str]) -> dict[str, str]:
    """Those answers that are of a scheme's factors; several schemes may be answered together."""
    ids = {factor.id for objective in scheme.objectives for factor in objective.factors}
    return {id_: letter for id_, letter in answers.items() if id_ in ids}


def read_answers(paths: Iterable[str | Path], schemes: Sequence[Scheme]) -> dict[str, str]:
    """Read what people answered.

    Parameters
    ----------
    paths
        Files that end in ``.toml``, ``.json`` or ``.csv``.
    schemes
        Those that are answered. A factor belongs to one of them at least, and a letter to each that has the factor.

    Returns
    -------
    dict
        Letters by factor.

    Raises
    ------
    freehold.errors.BadAnswers
        With every finding at once: a factor that none of them has, or that stands twice, a letter that is no choice of it.
    freehold.errors.ReadError
        If a file cannot be read, or is too large.
    freehold.errors.UsageError
        If a file has none of the three endings.
    """
    factors: dict[str, list[Factor]] = {}
    for one in schemes:
        for objective in one.objectives:
            for factor in objective.factors:
                factors.setdefault(factor.id, []).append(factor)
    ungraded = {factor.id for one in schemes if one.kind == "grades" for factor in one.objectives[0].factors}
    found: dict[str, str] = {}
    places: dict[str, str] = {}
    findings: list[Finding] = []
    for path in paths:
        for line, id_, raw in _rows(Path(path)):
            finding = _wrong(str(path), line, id_, raw, factors, ungraded)
            if finding is None and id_ in places:
                mend = "Answer each factor once"
                finding = Finding(str(path), line, id_, f"is answered twice: see {places[id_]}", mend)
            if finding is not None:
                findings.append(finding)
            elif isinstance(raw, str) and raw.strip():
                places[id_] = str(path) + (f", line {line}" if line else "")
                found[id_] = raw.strip().lower()
    if findings:
        raise BadAnswers(findings[:MOST_FINDINGS])
    return found


def _wrong(
    file: str, line: int, id_: str, raw: object, factors: Mapping[str, Sequence[Factor]], ungraded: set[str]
) -> Finding | None:
    """What is wrong with one answer, if anything."""
    named = id_ if len(id_) <= 60 else id_[:60] + "…"
    if id_ not in factors:
        if isinstance(raw, Mapping):
            mend = f'Put a factor\'s id in quotes: "{named}.1" = "b"'
            return Finding(file, line, named, "is a table, not an answer", mend)
        near = nearest(id_, factors)
        mend = f"Did you mean '{near[0]}'?" if near else "`freehold schemes show ID` lists the factors"
        return Finding(file, line, named, "is no factor of the schemes that are scored", mend)
    if id_ in ungraded:
        return Finding(file, line, named, "is told by the stack's components alone", "Leave it out")
    if not isinstance(raw, str):
        return Finding(file, line, named, f"{shown(raw)} is no letter", 'Write the letter of a choice, such as "b"')
    letter = raw.strip().lower()
    for factor in factors[id_]:
        letters = [choice.letter for choice in factor.choices]
        if letter and letter not in letters:
            mend = _letter_meant(letter, factor) or (
                f"Choices: {', '.join(letters)}; `freehold schemes form` writes them out" if letters else "It has no choices"
            )
            return Finding(file, line, named, f"{shown(raw)} is no choice of it", mend)
    return None


def _letter_meant(text: str, factor: Factor) -> str:
    """The choice that a label or a number stands for, if it is told by one."""
    labels = {choice.label.lower(): choice.letter for choice in factor.choices}
    near = nearest(text, labels)
    if near:
        return f"Did you mean '{labels[near[0]]}' ({near[0]})?"
    if text.isascii() and text.isdigit() and len(text) < 3 and 1 <= int(text) <= len(factor.choices):
        return f"Did you mean '{factor.choices[int(text) - 1].letter}'? Choices are letters, a for the first"
    return ""


def _rows(path: Path) -> Iterator[tuple[int, str, object]]:
    """Line, factor and answer of each row of a file."""
    form = path.suffix.lower()
    if form not in _FORMS:
        raise UsageError(f"{path}: answers are read from {', '.join(_FORMS)}. Give the file one of these endings.")
    text = read_file_text(path)
    rows = {".toml": _toml, ".json": _json, ".csv": _csv}[form](text, str(path))
    if len(rows) > _MOST_ANSWERS:
        raise TooLarge(f"{path} has {len(rows):,} answers, over the limit of {_MOST_ANSWERS:,}. Leave out what is not asked.")
    yield from rows


def _toml(text: str, file: str) -> list[tuple[int, str, object]]:
    try:
        data = parse_toml(text)
    except BadToml as error:
        mend = 'Write a line a factor: "SOV-1.1" = "b"'
        raise BadAnswers([Finding(file, error.line, "", f"is not TOML: {error.problem}", mend)]) from None
    return [(line_of(text, id_), id_, raw) for id_, raw in data.items() if id_ != TABLE]


def _json(text: str, file: str) -> list[tuple[int, str, object]]:
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in found:
            if key in made:
                twice.append(key)
            made[key] = value
        return made

    mend = 'Write one object: {"SOV-1.1": "b"}'
    try:
        data = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        raise BadAnswers([Finding(file, error.lineno, "", f"is not JSON: {error.msg}", mend)]) from None
    except (RecursionError, ValueError):
        raise BadAnswers([Finding(file, 0, "", "is no JSON that can be read: too deep, or a number too long", mend)]) from None
    if not isinstance(data, dict):
        raise BadAnswers([Finding(file, 1, "", f"is {shown(data)}, not an object", mend)])
    if twice:
        found = [Finding(file, line_of(text, id_), id_[:60], "is answered twice", "Answer each factor once") for id_ in twice]
        raise BadAnswers(found[:MOST_FINDINGS])
    return [(line_of(text, id_), id_, raw) for id_, raw in data.items()]


def _csv(text: str, file: str) -> list[tuple[int, str, object]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, str, object]] = []
    columns: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _columns(cells, file)
                continue
            if len(cells) > len(columns):
                mend = "Put a text that holds a comma in quotes"
                raise BadAnswers([Finding(file, reader.line_num, "", f"has {len(cells)} cells in the row", mend)])
            row = dict(zip(columns, cells, strict=False))
            rows.append((reader.line_num, row["factor"].strip().lstrip("'"), row.get("answer", "")))
    except csv.Error as error:
        raise BadAnswers([Finding(file, reader.line_num, "", f"is not CSV: {error}", "Save it as CSV, in UTF-8")]) from None
    if columns is None:
        raise BadAnswers([Finding(file, 0, "", "is empty", "Begin it with factor,answer")])
    return rows


def _columns(cells: Sequence[str], file: str) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    for name in columns:
        if name not in _COLUMNS or columns.count(name) > 1:
            near = nearest(name, _COLUMNS)
            mend = f"Did you mean '{near[0]}'?" if near and name not in _COLUMNS else "Begin it with factor,answer"
            raise BadAnswers([Finding(file, 1, name[:60], "is no column of answers, or stands twice", mend)])
    missing = [name for name in ("factor", "answer") if name not in columns]
    if missing:
        raise BadAnswers([Finding(file, 1, missing[0], "is missing", "Begin it with factor,answer")])
    return columns
