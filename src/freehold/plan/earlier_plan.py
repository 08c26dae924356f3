"""An earlier plan, from the JSON that ``freehold plan`` wrote. Owns what is read of it: its steps and its cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from freehold.errors import PlanError
from freehold.whole_file import file_text

__all__ = ["EarlierPlan", "EarlierStep", "read_earlier"]

_LARGEST_FILE: Final = 64 * 1024 * 1024
_MOST_COST: Final = 1e20
"""More than all the options that there can be cost together."""
_VERBS: Final = ("plan", "plan follow")


@dataclass(frozen=True, slots=True)
class EarlierStep:
    """A step as an earlier plan had it: dates as ISO 8601, cost in all within that plan."""

    option: str
    name: str
    start: str
    ready: str
    cost: float


@dataclass(frozen=True, slots=True)
class EarlierPlan:
    """An earlier plan.

    Parameters
    ----------
    path
        Where it was read.
    cost, currency
        What it cost; ``None`` if it was none.
    steps
        Its steps by option, in its order.
    """

    path: str
    cost: float | None
    currency: str | None
    steps: Mapping[str, EarlierStep]


def read_earlier(path: str | Path) -> EarlierPlan:
    """Read it.

    Raises
    ------
    freehold.errors.PlanError
        If it is no plan of Freehold's.
    freehold.errors.ReadError
        If it cannot be read.
    """
    mend = "Name the file that `freehold plan … -o FILE.json` wrote."
    text = file_text(path, _LARGEST_FILE, mend)
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise PlanError(f"{path} is no JSON. {mend}") from None
    if not isinstance(told, dict) or told.get("verb") not in _VERBS or told.get("schema") != 1:
        raise PlanError(f"{path} is no plan. {mend}")
    try:
        steps = [_step(one) for one in _list(told["steps"])]
        cost = None if told["cost"] is None else _number(told["cost"])
        currency = None if told["currency"] is None else str(told["currency"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise PlanError(f"{path} is a plan that was changed: its steps do not have the form of one. {mend}") from None
    return EarlierPlan(str(path), cost, currency, {one.option: one for one in steps})


def _list(told: Any) -> list[Any]:
    if not isinstance(told, list):
        raise TypeError
    return told


def _step(told: Any) -> EarlierStep:
    dates = [date.fromisoformat(told[key]).isoformat() for key in ("start", "ready")]
    if not isinstance(told["option"], str) or not isinstance(told["name"], str):
        raise TypeError
    return EarlierStep(told["option"], told["name"], dates[0], dates[1], _number(told["cost"]))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    number = float(value)
    if not 0 <= number <= _MOST_COST:
        raise ValueError
    return number
