"""``freehold respond``: incidents, approvals, playbooks, with no server needed. Owns the arguments of these.

It works on the state folder itself, beside a desk that runs or alone. What it changes needs ``--by NAME``. The actions need
the extra ``watch``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold.cli.extras import needs_watch
from freehold.cli.output import show, write
from freehold.cli.speech import tell
from freehold.errors import EvidenceError, UsageError
from freehold.words import say

if TYPE_CHECKING:
    from freehold.respond.approval_requests import ApprovalRequests
    from freehold.respond.approvals import Matrix
    from freehold.respond.incidents import Incidents
    from freehold.respond.playbook import Playbook
    from freehold.respond.run_journal import Run
    from freehold.respond.runner import Runner

__all__ = ["ACTIONS", "SHOWN", "add_arguments", "run"]

ACTIONS: Final[Mapping[str, str]] = {
    "list": "all incidents, what waits for people, which reviews are owed",
    "show": "one incident: clocks, what waits, playbooks, timeline",
    "declare": "declare an incident; without an id, a new one with --title",
    "contain": "say that it spreads no further",
    "recover": "say that what stopped is being brought back",
    "observe": "say that it is back, and watched",
    "close": "say that it is over; if its alerts fire anew, a successor is opened",
    "review": "say what was learnt; all reviews that are owed must be settled before",
    "relapse": "say that it is not contained after all",
    "false-alarm": "say that it was none",
    "merge": "make an incident a part of another",
    "approve": "approve what waits, or say that a manual step was done; go on with its playbook",
    "refuse": "refuse what waits: its step fails",
    "answer": "say whether an act was done before an interruption",
    "run": "run a playbook in an incident",
    "resume": "go on with all playbooks that have not ended",
    "undo": "take back what a run has done, the last first",
    "halt": "end a run; what it has done stays",
    "level": "set the level by hand: the only way down",
    "note": "write into the timeline what you see",
    "who": "see who has which role, or give one",
    "report": "say that it was reported; the report clock stops",
    "waive": "let playbooks change things though nothing was preserved; a review is owed",
    "settle": "say that what was owed was reviewed, and what was found",
    "drilled": "say that a playbook was drilled as it is now, so that it may act alone",
    "check": "whether playbooks are sound: freehold respond playbooks check FILE …; without a file, the folder's",
    "convert": "a playbook as CACAO 2.0 JSON, or back as TOML: freehold respond playbooks convert FILE",
}
SHOWN: Final = tuple(name for name in ACTIONS if name != "convert")
"""Actions that end with an answer in the format asked for."""

_MOVES: Final = ("declare", "contain", "recover", "observe", "close", "review", "relapse", "false-alarm")
_DRIVING: Final = ("run", "approve", "refuse", "answer", "resume", "undo", "halt")
"""Actions that go on with a run, which may then wait for people."""
_PLAYBOOKS: Final = "playbooks"


def add_arguments(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Add the state folder, the actions and their arguments; gives the parser of each, for what all commands share."""
    parser.add_argument(
        "state",
        metavar="STATE",
        help="the desk's state folder; or the word playbooks, for check and convert (./playbooks for a folder)",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = {name: actions.add_parser(name, help=line, description=line) for name, line in ACTIONS.items()}
    made["list"].add_argument("--open", action="store_true", help="only those that are open")
    for name in ("show", *_MOVES, "merge", "level", "note", "who", "report", "waive"):
        optional = {"nargs": "?"} if name == "declare" else {}
        made[name].add_argument("id", metavar="INCIDENT", help="such as INC-1", **optional)  # type: ignore[arg-type]
    made["declare"].add_argument("--title", metavar="TEXT", help="what a new incident is about")
    made["declare"].add_argument(
        "--level", metavar="LEVEL", default="yellow", help="of a new incident: blue, yellow, orange, red"
    )
    made["merge"].add_argument("into", metavar="OTHER", help="the incident that it becomes a part of")
    for name in ("approve", "refuse", "answer"):
        made[name].add_argument("request", metavar="REQUEST", help="such as A-1")
    made["approve"].add_argument(
        "--break-glass", action="store_true", help="act at once, before the approvals that are missing; a review is owed"
    )
    made["approve"].add_argument("--no-run", action="store_true", help="do not go on with the playbook here")
    answer = made["answer"].add_mutually_exclusive_group(required=True)
    answer.add_argument("--done", action="store_true", help="it was done before the interruption")
    answer.add_argument("--repeat", action="store_true", help="it was not done, and is to be done again")
    made["run"].add_argument("playbook", metavar="PLAYBOOK", help="its id, or a file")
    made["run"].add_argument("--incident", metavar="ID", required=True, help="in which incident, such as INC-1")
    made["run"].add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="the value of a variable; repeatable"
    )
    made["run"].add_argument("--dry-run", action="store_true", help="say what it would do; change nothing")
    made["run"].add_argument(
        "--approve", action="store_true", help="approve its acts as --by where one person is enough, as they come"
    )
    for name in ("undo", "halt"):
        made[name].add_argument("run", metavar="RUN", help="such as R-1")
    made["level"].add_argument("low", metavar="LEVEL", help="blue, yellow, orange, red")
    made["level"].add_argument("high", metavar="LEVEL", nargs="?", help="the worse end, where it is not settled")
    made["note"].add_argument("text", metavar="TEXT", help="what you see")
    made["who"].add_argument("role", metavar="ROLE", nargs="?", help="commander, engineer, legal, comms, observer")
    made["who"].add_argument("person", metavar="NAME", nargs="?", help="who gets it")
    made["report"].add_argument(
        "--regime", metavar="NAME", default="", help="the duty under which it was reported; all for every one"
    )
    made["settle"].add_argument("duty", metavar="NUMBER", type=int, help="the number of the review that is owed")
    made["drilled"].add_argument("playbook", metavar="PLAYBOOK", help="its id")
    made["drilled"].add_argument("--failed", action="store_true", help="it did not pass: it may not act alone from now on")
    made["check"].add_argument("files", metavar="FILE", nargs="*", help="playbooks, as TOML or CACAO 2.0 JSON")
    made["convert"].add_argument("file", metavar="FILE", help="a playbook, as TOML or CACAO 2.0 JSON")
    made["convert"].add_argument("-o", "--output", metavar="FILE", help="write it there; without it it is printed")
    for name, one in made.items():
        if name in ("list", "show", "check", "convert", "resume"):
            continue
        needed = name not in ("run", "who")
        one.add_argument("--by", metavar="NAME", required=needed, help="who acts")
        if name not in ("note", "who", "run", "drilled"):
            one.add_argument("--because", metavar="TEXT", default="", help="why")
    return made


def run(options: argparse.Namespace) -> int:
    """Do what was asked; gives 0, or 1 if a run has failed.

    Raises
    ------
    freehold.errors.FreeholdError
        If it cannot be done.
    """
    with needs_watch("responding needs"):
        import freehold.respond.playbook_library  # noqa: F401  what is not installed is found out before anything is read
    if options.state == _PLAYBOOKS and options.action not in ("check", "convert"):
        raise UsageError("the word 'playbooks' goes with check and convert. Name a state folder, or write ./playbooks.")
    if options.action == "convert":
        return _convert(options)
    if options.action == "check":
        return _check(options)
    with _House(options) as house:
        return house.act()


# ---------------------------------------------------------------- playbooks


def _convert(options: argparse.Namespace) -> int:
    from freehold.respond.cacao import to_cacao
    from freehold.respond.playbook import to_toml
    from freehold.respond.playbook_library import read_playbook_file

    path = Path(options.file)
    playbook = read_playbook_file(path)
    if path.suffix.lower() == ".json":
        write(options.output, to_toml(playbook))
    else:
        write(options.output, json.dumps(to_cacao(playbook), ensure_ascii=False, indent=2) + "\n")
    if options.output:
        tell("freehold: " + say("respond.converted", file=options.output))
    return 0


def _check(options: argparse.Namespace) -> int:
    from freehold.respond.playbook import digest_of_playbook
    from freehold.respond.playbook_checks import check_library
    from freehold.respond.playbook_library import load_library, read_playbook_file, shipped_playbooks
    from freehold.respond.situation import ListedPlaybook, PlaybookList

    if options.files:
        found = {name: read_playbook_file(Path(name)) for name in options.files}
        check_library({**shipped_playbooks(), **{one.id: one for one in found.values()}})
        listed = tuple(ListedPlaybook(one, name, digest_of_playbook(one)) for name, one in found.items())
    else:
        folder = Path(options.state)
        listed = tuple(
            ListedPlaybook(one, "Freehold" if shipped_playbooks().get(id_) == one else str(folder), digest_of_playbook(one))
            for id_, one in sorted(load_library(folder).items())
        )
    show(options, PlaybookList(listed))
    return 0


# ---------------------------------------------------------------- incidents


class _House:
    """A state folder at work for one command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.folder = options, Path(options.state)
        self.incidents: Incidents
        self.matrix: Matrix

    def __enter__(self) -> _House:
        from freehold.respond.approvals import default_matrix, load_matrix
        from freehold.respond.incidents import FILE, Incidents
        from freehold.respond.roles import load_roster

        own = self.folder / "approvals.toml"
        self.matrix = load_matrix(own) if own.exists() else default_matrix()
        makes = self.options.action == "declare" and not self.options.id and self.folder.is_dir()
        roster = load_roster(self.folder / "people.toml")
        self.incidents = Incidents.open(self.folder / FILE, roster=roster, make=makes)
        return self

    def __exit__(self, *_: object) -> None:
        self.incidents.close()

    @property
    def requests(self) -> ApprovalRequests:
        from freehold.respond.approval_requests import ApprovalRequests

        return ApprovalRequests(self.incidents, self.matrix.approval_seconds)

    def act(self) -> int:
        """Do what was asked, and show how things stand."""
        name = self.options.action
        if name == "list":
            return self._list()
        status = 0
        if name in _MOVES:
            id_ = self._move()
        elif name in _CHANGES:
            id_ = _CHANGES[name](self, self.options)
        elif name == "show":
            id_ = self.options.id
        elif name == "run" and self.options.dry_run:
            return self._rehearse()
        else:
            id_, status = self._drive()
        self._seal()
        if id_:
            self._show(id_)
        else:
            self._list()
        if name in _DRIVING:
            self._next(id_)
        return status

    def _next(self, id_: str | None) -> None:
        """Say last what waits for people, and with which command they answer."""
        for one in self.requests.waiting(id_ or ""):
            missing = max(1, one.need - len(one.people))
            key = "next_doubt" if one.question == "doubt" else ("next_done" if one.question == "done" else "next_approve")
            many = "one" if missing == 1 else "two" if missing == 2 else "many"
            people = say(f"respond.people_{many}{'_more' if one.people else ''}", count=missing)
            tell("freehold: " + say(f"respond.{key}", id=one.id, people=people, state=self.folder))

    def _list(self) -> int:
        from freehold.respond.situation import list_of

        only_open = bool(getattr(self.options, "open", False))
        show(self.options, list_of(self.incidents, self.matrix.approval_seconds, only_open=only_open))
        return 0

    def _show(self, id_: str) -> None:
        from freehold.respond.clocks import default_limits, load_limits
        from freehold.respond.situation import report_of

        own = self.folder / "clocks.toml"
        limits = load_limits(own) if own.exists() else default_limits()
        proposed = {one.id: one for one in self._runner().proposed(self.incidents.get(id_))}
        show(self.options, report_of(self.incidents, id_, limits, self.matrix.approval_seconds, proposed=proposed))

    def _move(self) -> str:
        options = self.options
        if options.action == "declare" and not options.id:
            if not options.title:
                raise UsageError("declare what? Name an incident, or say what a new one is about: --title TEXT")
            return self.incidents.begin(options.title, options.by, options.because, level=options.level).id
        return self.incidents.move(options.id, options.action, options.by, options.because).id

    # ------------------------------------------------------------ runs

    def _runner(self) -> Runner:
        from freehold.respond.actions.means import load_means
        from freehold.respond.actions.registry import build_actions
        from freehold.respond.playbook_library import load_library
        from freehold.respond.runner import Runner

        actions = build_actions(self.folder, load_means(self.folder), self.incidents)
        return Runner(self.incidents, actions, load_library(self.folder), matrix=self.matrix)

    def _playbook(self, runner: Runner) -> Playbook:
        from freehold.respond.playbook_library import read_playbook_file

        name = self.options.playbook
        if name in runner.library:
            return runner.library[name]
        path = Path(name)
        if path.suffix.lower() in (".toml", ".json") or path.exists():
            return read_playbook_file(path)
        raise UsageError(f"no playbook is called '{name}'. There are: {', '.join(sorted(runner.library))}; or name a file.")

    def _variables(self) -> dict[str, Any]:
        found = {}
        for one in self.options.set:
            name, equals, value = one.partition("=")
            if not equals or not name:
                raise UsageError(f"--set: '{one}' is not NAME=VALUE.")
            found[name] = value
        return found

    def _rehearse(self) -> int:
        from freehold.respond.drive_now import rehearse_now
        from freehold.respond.situation import Rehearsal

        runner = self._runner()
        playbook = self._playbook(runner)
        incident = self.incidents.get(self.options.incident)
        lines = rehearse_now(runner, incident.id, playbook, self._variables())
        show(self.options, Rehearsal(incident.id, playbook.id, lines))
        return 0

    def _drive(self) -> tuple[str, int]:
        """Answer, begin, resume or undo, and go on with the run unless the desk does; the incident, and the exit status."""
        from freehold.respond.drive_now import drive_all_now, drive_now

        options, runner = self.options, self._runner()
        if options.action == "resume":
            runs = drive_all_now(self.folder, runner)
            if runs is None:
                self._elsewhere("INC-…")
            return "", max((self._told(one) for one in runs or ()), default=0)
        if options.action == "run":
            if not options.by:
                raise UsageError("say who runs it: --by NAME (or only rehearse it: --dry-run)")
            run = runner.start(options.incident, self._playbook(runner), by=options.by, variables=self._variables())
        elif options.action in ("undo", "halt"):
            run = runner.end_run(options.run, options.by, options.because, undo=options.action == "undo")
        else:
            run = self._answer()
            if getattr(options, "no_run", False):
                return run.incident, 0
        approving = options.by if getattr(options, "approve", False) else ""
        driven = drive_now(self.folder, runner, run, approving=approving)
        if driven is None:
            self._elsewhere(run.incident)
            return run.incident, 0
        return run.incident, self._told(driven)

    def _elsewhere(self, incident: str) -> None:
        tell("freehold: " + say("respond.driven_elsewhere", state=self.folder, incident=incident))

    def _answer(self) -> Run:
        from freehold.respond.run_journal import RunJournal

        options = self.options
        if options.action == "approve":
            request = self.requests.approve(options.request, options.by, options.because, break_glass=options.break_glass)
        elif options.action == "refuse":
            request = self.requests.refuse(options.request, options.by, options.because)
        else:
            request = self.requests.answer(options.request, options.by, options.because, done=options.done)
        return RunJournal(self.incidents).get(request.run)

    def _told(self, run: Run) -> int:
        if run.state == "waiting":
            tell("freehold: " + say("respond.waits", run=run.id, because=run.because))
        else:
            because = f": {run.because}" if run.because else ""
            tell("freehold: " + say("respond.run_ended", run=run.id, state=run.state, because=because))
        return 1 if run.state == "failed" else 0

    def _seal(self) -> None:
        """Give what was told to the evidence log, where there is one here and no desk that does so."""
        from freehold.respond.evidence_keys import load_key
        from freehold.respond.evidence_log import EvidenceLog

        path, key = self.folder / "evidence-desk.jsonl", self.folder / "evidence.key"
        if not self.incidents.unsealed() or not path.exists() or not key.exists():
            return
        try:
            log = EvidenceLog.open(path, load_key(key))
        except EvidenceError:
            return  # the desk has it, and will seal what waits
        try:
            while self.incidents.drain_outbox(log):
                pass
        finally:
            log.close()


def _merge(house: _House, options: argparse.Namespace) -> str:
    return house.incidents.merge(options.id, options.into, options.by, options.because).id


def _level(house: _House, options: argparse.Namespace) -> str:
    return house.incidents.set_level(options.id, options.low, options.high or options.low, options.by, options.because).id


def _note(house: _House, options: argparse.Namespace) -> str:
    house.incidents.note(options.id, options.by, options.text)
    return str(options.id)


def _who(house: _House, options: argparse.Namespace) -> str:
    if options.role is not None:
        if options.person is None or not options.by:
            raise UsageError("who gets the role, and who gives it? freehold respond STATE who INCIDENT ROLE NAME --by NAME")
        house.incidents.assign(options.id, options.role, options.person, options.by)
    return str(options.id)


def _report(house: _House, options: argparse.Namespace) -> str:
    house.incidents.report(options.id, options.regime, options.by, options.because)
    return str(options.id)


def _waive(house: _House, options: argparse.Namespace) -> str:
    house.incidents.waive_preserving(options.id, options.by, options.because)
    return str(options.id)


def _settle(house: _House, options: argparse.Namespace) -> str:
    house.incidents.settle(options.duty, options.by, options.because)
    return ""


def _drilled(house: _House, options: argparse.Namespace) -> str:
    from freehold.respond.playbook import digest_of_playbook
    from freehold.respond.playbook_library import load_library
    from freehold.respond.roles import checked_name
    from freehold.respond.run_journal import RunJournal

    library = load_library(house.folder)
    if options.playbook not in library:
        raise UsageError(f"no playbook is called '{options.playbook}'. There are: {', '.join(sorted(library))}.")
    digest = digest_of_playbook(library[options.playbook])
    RunJournal(house.incidents).record_drill(options.playbook, digest, passed=not options.failed, by=checked_name(options.by))
    verdict = say("respond.failed" if options.failed else "respond.passed")
    tell("freehold: " + say("respond.drilled", playbook=options.playbook, verdict=verdict))
    return ""


_CHANGES: Final[Mapping[str, Callable[[_House, argparse.Namespace], str]]] = {
    "merge": _merge, "level": _level, "note": _note, "who": _who, "report": _report, "waive": _waive, "settle": _settle,
    "drilled": _drilled,
}  # fmt: skip
