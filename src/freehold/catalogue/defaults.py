"""Default cover and weight for what readers find, as data with their reasoning. Owns turning one into a claim.

The engine never adds a default of its own: what stands here enters a stack as a stated value with a claim of
confidence one half, so that whoever knows better can overrule it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from freehold.stack.durations import parse_days
from freehold.stack.values import Claim

__all__ = ["DEFAULT_CONFIDENCE", "Default", "default", "defaults"]

DEFAULT_CONFIDENCE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Default:
    """One default: what for, which attribute, the value as text, and why."""

    id: str
    attribute: str
    value: str
    reason: str

    @property
    def days(self) -> float:
        """The value as days."""
        return parse_days(self.value)

    def claim(self, table: str, row: str, value: str | None = None) -> Claim:
        """The default as a claim on a row of a stack."""
        source = f"default for {self.id}: {self.reason}"
        return Claim(table, row, self.attribute, self.value if value is None else value, source, None, DEFAULT_CONFIDENCE)


@cache
def _by_key() -> dict[tuple[str, str], Default]:
    with (Path(__file__).parent / "data" / "defaults.csv").open(encoding="utf-8", newline="") as lines:
        return {(row["id"], row["attribute"]): Default(**row) for row in csv.DictReader(lines)}


def defaults() -> tuple[Default, ...]:
    """All of them, in the order of the file."""
    return tuple(_by_key().values())


def default(id_: str, attribute: str) -> Default:
    """Look one up.

    Raises
    ------
    KeyError
        If there is none: a defect.
    """
    return _by_key()[id_, attribute]
