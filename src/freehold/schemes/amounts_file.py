"""Ratios that a person states, such as published figures of a market. Owns their form, and what is refused of them.

In an answers file in TOML, beside the answers, one table a ratio; nothing of it has a default, so that what is counted,
in what, of when and by whom is always said::

    [amount."ratio.place"]
    numerator = 22.7
    denominator = 143.4
    unit = "bn USD"
    year = "2020"
    basis = "integrated circuits made on the territory, by anybody; no mark-up on foundry sales"
    source = "IC Insights, January 2021"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from freehold.errors import BadAnswers, Finding
from freehold.schemes.file_tables import Findings, Table, read_file_text
from freehold.schemes.interface import Amount
from freehold.stack.toml_text import BadToml, parse_toml

__all__ = ["TABLE", "amounts_of", "read_amounts"]

TABLE: Final = "amount"
"""The table of an answers file in which ratios are stated."""

_KEYS: Final = ("numerator", "denominator", "unit", "year", "basis", "source")
_MOST: Final = 200
_SMALLEST: Final = 1e-9


def read_amounts(paths: Iterable[str | Path], known: Iterable[str] | None = None) -> dict[str, Amount]:
    """Read the ratios that answers files state; files that are no TOML state none.

    Parameters
    ----------
    paths
        Answers files.
    known
        Names that are asked for; ``None``: any.

    Raises
    ------
    freehold.errors.BadAnswers
        With every finding of a file at once: file, line, ratio, key and mend.
    freehold.errors.ReadError
        If a file cannot be read, or is too large.
    """
    found: dict[str, Amount] = {}
    for path in map(Path, paths):
        if path.suffix.lower() != ".toml":
            continue
        text = read_file_text(path)
        try:
            data = parse_toml(text)
        except BadToml as error:
            mend = 'Write a table a ratio: [amount."ratio.place"]'
            raise BadAnswers([Finding(str(path), error.line, "", f"is not TOML: {error.problem}", mend)]) from None
        findings = Findings(str(path), text)
        for name, amount in amounts_of(data, findings, known).items():
            if name in found:
                findings.add(f"amount {name}", "is stated twice", "Keep one of them", at=name)
            found[name] = amount
        if findings.found:
            raise BadAnswers(findings.found)
    return found


def amounts_of(data: Mapping[str, Any], findings: Findings, known: Iterable[str] | None = None) -> dict[str, Amount]:
    """The ratios of a parsed answers file; what is wrong with them is noted in ``findings``."""
    raw = Table(data, findings, "the file").table(TABLE)
    top = Table(raw, findings, f"[{TABLE}]")
    if known is not None:
        top.only(sorted(known))
    if len(raw) > _MOST:
        top.bad("", f"has {len(raw)} ratios", f"Keep them under {_MOST}")
        return {}
    found = {}
    for name in raw:
        one = Table(top.table(name), findings, f"amount {name[:60]}", name)
        one.only(_KEYS)
        unit, year, basis, source = (one.text(key) for key in ("unit", "year", "basis", "source"))
        numerator, denominator = one.number("numerator", high=1e15), one.number("denominator", high=1e15)
        if "denominator" in one.raw and denominator < _SMALLEST:
            one.bad("denominator", "is 0", "Write what the numerator is divided by")
            continue
        found[name] = Amount(numerator, denominator, unit, year, basis, source)
    return found
