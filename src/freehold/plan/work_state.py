"""The state of the work, from a file: what is done, begun, late, given up. Owns what is refused, and each finding's mend.

[[step]]
option = "own-mail"
state = "done"            # done, started, late or dropped
start = 2027-01-01
ready = 2027-05-01
cost = 0                  # what it still costs within the plan, running costs included
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from freehold.errors import Finding, PlanError, TooLarge, Unreadable
from freehold.plan.earlier_plan import EarlierStep
from freehold.plan.goal_values import MOST_MONEY, Limits
from freehold.plan.option_values import Option
from freehold.plan.prices import date_on, day_of, running_cost
from freehold.stack.cells import nearest, shown
from freehold.stack.toml_text import BadToml, parse_toml
from freehold.stack.values import is_stated
from freehold.whole_file import file_text

__all__ = ["STATES", "StateReader", "StepState", "WorkState", "read_state"]

WorkState: TypeAlias = Literal["done", "started", "late", "dropped"]
STATES: Final = ("done", "started", "late", "dropped")
_KEYS: Final = ("option", "state", "start", "ready", "cost")
_LARGEST_FILE: Final = 4 * 1024 * 1024
_MOST_STEPS: Final = 20_000
_MOST_FINDINGS: Final = 100


@dataclass(frozen=True, slots=True)
class StepState:
    """How the work on one step stands.

    Parameters
    ----------
    option, state
        Id of the option; ``done`` is ready, ``started`` was begun, ``late`` will be ready on another day than was planned,
        ``dropped`` is given up.
    start, ready
        When it began, and when it is or will be ready, in days from the plan's start; 0 for one that is dropped.
    cost
        What it still costs within the plan, in all.
    """

    option: str
    state: WorkState
    start: float = 0.0
    ready: float = 0.0
    cost: float = 0.0


def read_state(
    path: str | Path, options: Sequence[Option], limits: Limits, earlier: Mapping[str, EarlierStep] | None = None
) -> tuple[StepState, ...]:
    """Read a file on the state of the work.

    Parameters
    ----------
    path
        A TOML file.
    options
        All options.
    limits
        The limits of the plan that is to be made: days count from its start, on which the state is judged.
    earlier
        Steps of an earlier plan by option: their dates and costs stand in for those that the file does not state.

    Raises
    ------
    freehold.errors.PlanError
        With every finding at once.
    freehold.errors.ReadError
        If it cannot be read.
    """
    reader = StateReader(str(path), {one.id: one for one in options}, limits, earlier or {})
    found = [state for number, row in enumerate(_rows(Path(path)), 1) if (state := reader.step(number, row)) is not None]
    if reader.findings:
        count = "an error" if len(reader.findings) == 1 else f"{len(reader.findings):,} errors"
        more = len(reader.findings) - _MOST_FINDINGS
        told = [*map(str, reader.findings[:_MOST_FINDINGS]), *([f"and {more:,} more."] if more > 0 else [])]
        raise PlanError("\n  ".join([f"{count} in the state of the work:", *told]))
    return tuple(found)


def _rows(path: Path) -> list[Any]:
    text = file_text(path, _LARGEST_FILE, "Name the steps alone.")
    try:
        table = parse_toml(text)
    except BadToml as error:
        raise Unreadable(f"{path} is no TOML: {error}. A step begins with [[step]].") from error
    strange = [key for key in table if key != "step"]
    rows = table.get("step")
    if strange or not isinstance(rows, list) or not rows:
        what = f"{shown(strange[0])} is no key of it" if strange else "it holds no step"
        raise PlanError(f"{path}: {what}. Write [[step]] for each, with option and state.")
    if len(rows) > _MOST_STEPS:
        raise TooLarge(f"{path}: {len(rows):,} steps are over the limit of {_MOST_STEPS:,}.")
    return rows


class StateReader:
    """Steps of a file, one after the other; what is wrong is collected.

    Parameters
    ----------
    path
        The file, for messages.
    options, limits, earlier
        As for :func:`read_state`, by id.
    """

    def __init__(self, path: str, options: Mapping[str, Option], limits: Limits, earlier: Mapping[str, EarlierStep]) -> None:
        self._path, self._options, self._limits, self._earlier = path, options, limits, earlier
        self._seen: set[str] = set()
        self._where = ""
        self.findings: list[Finding] = []

    def _wrong(self, key: str, problem: str, mend: str) -> None:
        self.findings.append(
            Finding(f"{self._path}, {self._where}", 0, key, problem, mend if mend.endswith("?") else mend + ".")
        )

    def step(self, number: int, row: object) -> StepState | None:
        """One step; ``None`` where it is not sound."""
        before, self._where = len(self.findings), f"step {number}"
        if not isinstance(row, dict):
            self._wrong("", "is no table", "Write it as [[step]], with a line for each key")
            return None
        id_, state = row.get("option"), row.get("state")
        for key in row:
            if key not in _KEYS:
                self._wrong(key[:60], "is no key of a step", f"Choose from: {', '.join(_KEYS)}")
        if not isinstance(id_, str) or id_ not in self._options:
            near = nearest(str(id_), self._options) if id_ is not None else ()
            mend = f"Did you mean '{near[0]}'?" if near else "`freehold options STACK` lists them"
            self._wrong("option", "is missing" if id_ is None else f"{shown(id_)} is no option", mend)
            return None
        self._where += f" ({shown(id_)})"
        if id_ in self._seen:
            self._wrong("option", "stands there twice", "Leave one of them out")
        self._seen.add(id_)
        if state not in STATES:
            said = "is missing" if state is None else f"{shown(state)} is no state"
            self._wrong("state", said, f"Choose from: {', '.join(STATES)}")
            return None
        found = self._dropped(id_, row) if state == "dropped" else self._held(id_, cast("WorkState", state), row)
        return found if len(self.findings) == before else None

    def _dropped(self, id_: str, row: Mapping[str, object]) -> StepState:
        for key in ("start", "ready", "cost"):
            if key in row:
                self._wrong(key, "says nothing of a step that is given up", "Leave it out")
        return StepState(id_, "dropped")

    def _held(self, id_: str, state: WorkState, row: Mapping[str, object]) -> StepState:
        option, past = self._options[id_], self._earlier.get(id_)
        start, ready = self._day("start", row), self._day("ready", row)
        if past is not None:
            if ready is None and state != "late":
                ready = day_of(past.ready, self._limits)
                # what is done ahead of its day was done by the day on which that is said
                ready = min(0.0, ready) if state == "done" else ready
            if start is None:
                start = day_of(past.start, self._limits)
                start = start if state == "late" else min(0.0, start, *(() if ready is None else (ready,)))
        lead = option.lead if is_stated(option.lead) else None
        if ready is None:
            ready = self._no_ready(state, start, lead)
        if start is None:
            start = ready - (lead or 0.0) if state == "late" else min(0.0, ready - (lead or 0.0))
        self._see_days(state, start, ready)
        return StepState(id_, state, start, ready, self._cost(option, state, row, past))

    def _no_ready(self, state: WorkState, start: float | None, lead: float | None) -> float:
        """When a step is ready of which that is not said."""
        if state == "late":
            self._wrong("ready", "is missing", "Say when it will be ready instead, such as ready = 2027-10-01")
        elif state == "done":
            return 0.0
        elif start is None or lead is None:
            self._wrong("start", "is missing", "Say when it was begun, or when it will be ready")
        else:
            return start + lead
        return 0.0

    def _see_days(self, state: WorkState, start: float, ready: float) -> None:
        first = self._limits.start
        if state == "done" and ready > 0:
            on = date_on(ready, self._limits)
            self._wrong("ready", f"{on} is after {first}, and the step is done", "Give the day on which it was, or say started")
        if state == "started" and start > 0:
            on = date_on(start, self._limits)
            self._wrong("start", f"{on} is after {first}, and the step is begun", "Give the day on which it was, or say late")
        if state in ("started", "late") and ready < 0:
            on = date_on(ready, self._limits)
            self._wrong("ready", f"{on} is before {first}", "Say done, or give the day on which it will be")
        if start > ready:
            self._wrong("start", "is after the day on which it is ready", "Exchange them, or mend one")

    def _day(self, key: str, row: Mapping[str, object]) -> float | None:
        value = row.get(key)
        if value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            value = value.isoformat()
        if isinstance(value, str):
            try:
                return day_of(date.fromisoformat(value).isoformat(), self._limits)
            except ValueError:
                pass
        self._wrong(key, f"{shown(value)} is no date", f"Write it as {key} = 2027-12-31")
        return 0.0

    def _cost(self, option: Option, state: WorkState, row: Mapping[str, object], past: EarlierStep | None) -> float:
        value = row.get("cost")
        if value is None:
            running = running_cost(option, self._limits)
            if state == "done":
                return running
            if past is not None:
                return past.cost
            if not is_stated(option.cost_once):
                self._wrong("cost", "is missing, and the option does not say it", "Say what the step still costs")
                return 0.0
            return option.cost_once + running
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            self._wrong("cost", f"{shown(value)} is no cost", "Write a number of 0 or more")
            return 0.0
        if value > MOST_MONEY:
            self._wrong("cost", f"{shown(value)} is larger than {MOST_MONEY:g}", "Choose a larger unit")
            return 0.0
        return float(value)
