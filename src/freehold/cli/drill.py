"""``freehold drill``: what its flags come to, and what is shown when it is over. Owns streams, records and exit statuses."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold import work
from freehold.cli.drill_request import durations, known_before, request_from, verdicts_from
from freehold.cli.output import format_of, show, write
from freehold.cli.speech import tell
from freehold.errors import FreeholdError
from freehold.words import say

if TYPE_CHECKING:
    from freehold.drill.drilling import DrillRequest
    from freehold.drill.matrix import Landlord, Matrix
    from freehold.drill.newcomers import Known, Newcomer
    from freehold.drill.record import Drill
    from freehold.report.answers import Context

__all__ = ["run"]

_INTERRUPTED: Final = 130


def run(options: argparse.Namespace) -> int:
    """Do what was asked.

    Raises
    ------
    freehold.errors.FreeholdError
        If it cannot be done.
    """
    return _RUN[options.action](options)


# ---------------------------------------------------------------- drills


@dataclass(frozen=True)
class _Asked:
    """What a drill or a campaign was asked for, read and checked before anything runs."""

    request: DrillRequest
    context: Context
    fail_on: frozenset[str]
    known: tuple[Known, str] | None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    unkept: list[str] = field(default_factory=list)


def _run(options: argparse.Namespace) -> int:
    from freehold.drill.drilling import drill_once

    request, context = request_from(options)
    asked = _Asked(request, context, verdicts_from(options), known_before(options, request.stack))
    asked = replace(asked, request=replace(request, stdout=_stream(options), told=_told))
    if options.matrix:
        return _campaign(options, asked)
    return _finish(options, asked, drill_once(asked.request))


def _stream(options: argparse.Namespace) -> int:
    """Where the command's standard output goes: aside, if the report goes to ours in a form for programs."""
    sys.stdout.flush()
    aside = format_of(options) != "text" and (not options.output or options.output == "-")
    return 2 if aside else 1


def _told(text: str) -> None:
    """Progress: on a terminal alone, a line each, as the command's own output stands between."""
    if sys.stderr is not None and sys.stderr.isatty():
        tell(f"freehold: {text}")


def _finish(options: argparse.Namespace, asked: _Asked, drill: Drill) -> int:
    """Record, show, and say the exit status."""
    from freehold.drill.newcomers import newcomers
    from freehold.report.drill_answers import DrillAnswer

    kept, path = _keep(options, asked, drill)
    known = asked.known
    new = newcomers(drill, known[0]) if known is not None else ()
    against = known[1] if known is not None else ""
    again = (*_flags(options, asked), "--", *kept.command) if options.words else _flags(options, asked)
    _each(
        asked,
        lambda: show(options, DrillAnswer(kept, "drill", path, again, against, new), asked.context),
        lambda: _write_sarif(options, new, kept) if options.sarif else None,
    )
    for one in new:
        landlord = one.name if one.provider is not None else say("drill.nobody_known")
        tell("freehold: " + say("drill.new_threshold", landlord=landlord, hosts=", ".join(one.hosts)))
    if drill.run.interrupted:
        tell("freehold: " + say("drill.interrupted"), "error")
        return _INTERRUPTED
    if _unkept(asked):
        return 2
    missed = bool(drill.said) and drill.verdict.name in asked.fail_on
    if missed:
        tell("freehold: " + say("drill.threshold", verdict=drill.verdict.name))
    return 1 if missed or new else 0


def _write_sarif(options: argparse.Namespace, new: tuple[Newcomer, ...], drill: Drill) -> None:
    from freehold.report.sarif import drill_to_sarif

    write(options.sarif, drill_to_sarif(drill, new))


def _keep(options: argparse.Namespace, asked: _Asked, drill: Drill) -> tuple[Drill, str]:
    """Record a drill; gives it as it was recorded, and the file. What cannot be recorded is shown all the same."""
    from freehold.drill.journal import append, safe

    home, environment = str(Path.home()), asked.request.environment
    try:
        record = append(drill, Path(options.records), asked.now(), home=home, environment=environment)
    except FreeholdError as error:
        asked.unkept.append(str(error))
        return safe(drill, home=home, environment=environment), ""
    if options.record and not options.matrix:
        try:
            write(options.record, record.path.read_text(encoding="utf-8"))
        except FreeholdError as error:
            asked.unkept.append(str(error))
    return record.drill, str(record.path)


def _unkept(asked: _Asked) -> bool:
    """Say what could not be recorded."""
    for error in dict.fromkeys(asked.unkept):
        tell(f"freehold: {error}", "error")
    return bool(asked.unkept)


def _flags(options: argparse.Namespace, asked: _Asked) -> tuple[str, ...]:
    """Freehold's own part of the command line, as it may be kept."""
    from freehold.drill.redaction import redact_arguments, secrets_in

    given = list(options.given)
    own = given[: given.index("--")] if options.words is not None else given
    return redact_arguments(tuple(own), str(Path.home()), secrets_in(asked.request.environment))


# ---------------------------------------------------------------- a campaign


def _campaign(options: argparse.Namespace, asked: _Asked) -> int:
    from freehold.drill.campaign import Campaign
    from freehold.drill.drilling import drill_campaign
    from freehold.report.drill_answers import MatrixAnswer
    from freehold.report.junit import to_junit
    from freehold.report.sarif import to_sarif

    request = asked.request
    campaign = Campaign(request.command, options.matrix, options.most, options.jobs, durations(options)["budget"], request.via)

    def keep(drill: Drill) -> tuple[Drill, str]:
        return _keep(options, asked, drill)

    def told(begun: int, all_: int, landlord: Landlord) -> None:
        _told(say("drill_matrix.progress", done=begun + 1, all=all_, landlord=landlord.name))

    matrix = _as_kept(drill_campaign(request, campaign, keep, told), asked)
    _each(
        asked,
        lambda: show(options, MatrixAnswer(matrix), asked.context),
        lambda: write(options.junit, to_junit(matrix)) if options.junit else None,
        lambda: write(options.sarif, to_sarif(matrix)) if options.sarif else None,
    )
    return _matrix_status(asked, matrix)


def _each(asked: _Asked, *ways: Callable[[], None]) -> None:
    """Give an answer in several ways: one that fails is said in the end, and costs no other."""
    for way in ways:
        try:
            way()
        except FreeholdError as error:
            asked.unkept.append(str(error))


def _as_kept(matrix: Matrix, asked: _Asked) -> Matrix:
    """The campaign without secrets: its drills are as they were recorded, its command and first run become so."""
    from freehold.drill.redaction import redact_arguments, secrets_in

    kept = next((row.drill for row in matrix.rows if row.drill is not None), None)
    command = redact_arguments(matrix.command, str(Path.home()), secrets_in(asked.request.environment))
    baseline = kept.baseline if kept is not None and kept.baseline is not None else matrix.baseline
    return replace(matrix, command=command, baseline=baseline)


def _matrix_status(asked: _Asked, matrix: Matrix) -> int:
    drills = [row.drill for row in matrix.rows if row.drill is not None]
    if matrix.baseline.interrupted or any(drill.run.interrupted for drill in drills):
        tell("freehold: " + say("drill.interrupted"), "error")
        return _INTERRUPTED
    if _unkept(asked):
        return 2
    names = {drill.verdict.name for drill in drills} | (set() if matrix.baseline.passed else {"void"})
    missed = sorted(names & asked.fail_on)
    for name in missed:
        tell("freehold: " + say("drill.threshold", verdict=name))
    return 1 if missed else 0


# ---------------------------------------------------------------- without a drill


def _backends(options: argparse.Namespace) -> int:
    from freehold.drill.backends import choose, probe_all
    from freehold.errors import NotPossible
    from freehold.report.drill_answers import BackendsAnswer

    possible = probe_all()
    try:
        chosen = choose(None).backend.name
    except NotPossible:
        chosen = ""
    show(options, BackendsAnswer(possible, chosen), _bare_context())
    return 0


def _show(options: argparse.Namespace) -> int:
    from freehold.drill.journal import find
    from freehold.report.drill_again import repeat_of
    from freehold.report.drill_answers import DrillAnswer

    record = find(options.record, options.records)
    answer = DrillAnswer(record.drill, "drill show", str(record.path), repeat_of(record.drill))
    show(options, answer, _bare_context())
    return 0


def _bare_context() -> Context:
    from freehold.report.answers import Context

    return Context(edition=work.catalogue().edition)


def _apply(options: argparse.Namespace) -> int:
    from freehold.cli.drill_apply import apply

    return apply(options)


def _score(options: argparse.Namespace) -> int:
    from freehold.drill.journal import read, records
    from freehold.drill.scores import score
    from freehold.errors import BadRecord
    from freehold.report.drill_answers import ScoreAnswer

    path = Path(options.records)
    found = (read(path),) if path.is_file() else tuple(records(path))
    unread = tuple(str(one) for one in found if isinstance(one, BadRecord))
    answer = score(one.drill for one in found if not isinstance(one, BadRecord))
    show(options, ScoreAnswer(answer, options.records, unread), _bare_context())
    return 0


_RUN: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "run": _run, "backends": _backends, "show": _show, "apply": _apply, "score": _score,
}  # fmt: skip
