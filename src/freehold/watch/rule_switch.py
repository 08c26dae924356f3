"""Which rules are on. Owns the promise that one of your own is switched on only after its tests and a replay.

The rules that come with Freehold are on unless somebody switched them off: their tests ship with them. A rule of your own
is off until it is switched on, which takes that its tests pass now, that one of them fires, and that exactly this rule (its
digest) was tried on stored events. A rule that is changed is off again. The state is a small SQLite file that is on the disk
when a switch returns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from freehold.errors import BadRules
from freehold.stack.cells import nearest
from freehold.watch.replay import ReplayReport
from freehold.watch.rule import Rule, Rules
from freehold.watch.rule_tests import demand_tests
from freehold.watch.state_file import Kind, open_state_file, telling

__all__ = ["FILE", "ReplayRecord", "RuleState", "RuleSwitch", "SwitchRecord"]

FILE: Final = "rules.db"
"""The state's name in a folder of state."""

RuleState: TypeAlias = Literal["on", "off", "never", "changed"]
"""``never`` switched on; ``changed`` since it was."""

_MOST_REPLAYS: Final = 1_000
_LONGEST: Final = 1_000
_KIND: Final = Kind(
    "state of rules",
    0x46524852,
    1,
    (
        """CREATE TABLE switch (rule TEXT PRIMARY KEY, on_ INTEGER NOT NULL, digest TEXT NOT NULL, by TEXT NOT NULL,
        because TEXT NOT NULL, at REAL NOT NULL)""",
        """CREATE TABLE replay (digest TEXT PRIMARY KEY, rule TEXT NOT NULL, report TEXT NOT NULL, events INTEGER NOT NULL,
        looked INTEGER NOT NULL, alerts INTEGER NOT NULL, start REAL NOT NULL, end_ REAL NOT NULL, at REAL NOT NULL)""",
    ),
)


@dataclass(frozen=True, slots=True)
class SwitchRecord:
    """How a rule was switched last.

    Parameters
    ----------
    digest
        Of the rule as it was.
    by, because
        Who, and why.
    at
        Seconds since 1970.
    on
        Whether on.
    """

    digest: str
    by: str
    because: str
    at: float
    on: bool


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """What a replay of a rule found.

    Parameters
    ----------
    rule
        Its id.
    report
        The report's digest.
    events, looked, alerts
        How many events there were, of its types, and alerts.
    start, end
        Of the history, seconds since 1970.
    at
        When it was replayed, seconds since 1970.
    """

    rule: str
    report: str
    events: int
    looked: int
    alerts: int
    start: float
    end: float
    at: float


class RuleSwitch:
    """The switches of one folder of state. Several processes may hold one; each answer is read anew.

    Parameters
    ----------
    path
        The file; there need be none yet, and reading makes none.

    Raises
    ------
    freehold.errors.BadStore
        From any method, if there is one that is not what it should be: nothing is guessed.
    freehold.errors.StoreUnavailable
        From any method, if it cannot be used.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    @contextmanager
    def _open(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        with closing(open_state_file(self._path, _KIND, write=write)) as connection, telling(str(self._path)):
            yield connection

    def _row(self, statement: str, key: str) -> tuple[object, ...] | None:
        if not self._path.exists():
            return None
        with self._open(write=False) as connection:
            found: tuple[object, ...] | None = connection.execute(statement, (key,)).fetchone()
        return found

    def state_of(self, rule: Rule, rules: Rules, *, built_in: bool = False) -> RuleState:
        """Whether a rule is on, and if not, why.

        Parameters
        ----------
        rule, rules
            As it is now, and those that it stands among.
        built_in
            Whether it comes with Freehold.
        """
        record = self.record_of(rule)
        if record is None:
            return "on" if built_in else "never"
        if not record.on:
            return "off"
        return "on" if built_in or record.digest == rules.digest_of(rule) else "changed"

    def record_of(self, rule: Rule) -> SwitchRecord | None:
        """How a rule was switched last."""
        row = self._row("SELECT on_, digest, by, because, at FROM switch WHERE rule = ?", rule.id)
        if row is None:
            return None
        return SwitchRecord(str(row[1]), str(row[2]), str(row[3]), float(str(row[4])), on=bool(row[0]))

    def replay_of(self, rule: Rule, rules: Rules) -> ReplayRecord | None:
        """The last replay of exactly this rule."""
        row = self._row(
            "SELECT rule, report, events, looked, alerts, start, end_, at FROM replay WHERE digest = ?",
            rules.digest_of(rule),
        )
        if row is None:
            return None
        events, looked, alerts = (int(str(one)) for one in row[2:5])
        start, end, at = (float(str(one)) for one in row[5:])
        return ReplayRecord(str(row[0]), str(row[1]), events, looked, alerts, start, end, at)

    def in_force(self, built_in: Rules, own: Rules | None = None) -> Rules:
        """The rules that are on.

        Parameters
        ----------
        built_in, own
            Those that come with Freehold, and those of the user.

        Raises
        ------
        freehold.errors.BadRules
            If both have a rule of the same id.
        """
        on = {rule.id for rule in built_in if self.state_of(rule, built_in, built_in=True) == "on"}
        if own is None:
            return built_in.only(on)
        together = built_in.joined(own)
        return together.only(on | {rule.id for rule in own if self.state_of(rule, own) == "on"})

    def keep_replay(self, report: ReplayReport, now: float) -> None:
        """Keep what a replay found, for :meth:`switch_on`.

        Parameters
        ----------
        report
            The report.
        now
            Seconds since 1970.
        """
        rows = [
            (one.digest, one.rule, report.digest, report.events, one.looked, one.alerts, report.start, report.end, now)
            for one in report.rules
        ]
        with self._open(write=True) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO replay VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            connection.execute(
                "DELETE FROM replay WHERE digest NOT IN (SELECT digest FROM replay ORDER BY at DESC LIMIT ?)", (_MOST_REPLAYS,)
            )
            connection.execute("COMMIT")

    def switch_on(self, id_: str, rules: Rules, *, by: str, now: float, because: str = "", built_in: bool = False) -> None:
        """Switch a rule on.

        Parameters
        ----------
        id_
            The rule's.
        rules
            Where it is.
        by, because
            Who, and why.
        now
            Seconds since 1970.
        built_in
            Whether it comes with Freehold.

        Raises
        ------
        freehold.errors.BadRules
            If there is no such rule, one of its tests fails, none of them fires, or it was not replayed over any event.
        """
        rule = _the_rule(id_, rules)
        _who(by)
        if not built_in:
            demand_tests(rules.only({id_}))
            found = self.replay_of(rule, rules)
            if found is None or not found.events:
                why = "was not replayed as it is now" if found is None else "was replayed over no event"
                raise BadRules(
                    f"the rule '{id_}' {why}. See first what it would have said: freehold rules replay {rules.file or 'FILE'} "
                    "--state DIR"
                )
        self._switch(rule, SwitchRecord(rules.digest_of(rule), by, because, now, on=True))

    def switch_off(self, id_: str, rules: Rules, *, by: str, now: float, because: str = "") -> None:
        """Switch a rule off; it needs nothing but a name.

        Raises
        ------
        freehold.errors.BadRules
            If there is no such rule.
        """
        rule = _the_rule(id_, rules)
        _who(by)
        self._switch(rule, SwitchRecord(rules.digest_of(rule), by, because, now, on=False))

    def _switch(self, rule: Rule, record: SwitchRecord) -> None:
        row = (rule.id, int(record.on), record.digest, record.by, record.because[:_LONGEST], record.at)
        with self._open(write=True) as connection:
            connection.execute("INSERT OR REPLACE INTO switch VALUES (?, ?, ?, ?, ?, ?)", row)


def _the_rule(id_: str, rules: Rules) -> Rule:
    rule = rules.get(id_)
    if rule is None:
        near = nearest(id_, [one.id for one in rules])
        mend = f"Did you mean '{near[0]}'?" if near else "freehold rules list shows those that there are."
        raise BadRules(f"no rule is called '{id_[:80]}'. {mend}")
    return rule


def _who(by: str) -> None:
    if not by.strip() or len(by) > 200:
        raise BadRules("nobody is named who switches it. Say who: --by NAME.")
