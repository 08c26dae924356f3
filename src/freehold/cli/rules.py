"""``freehold rules``: list, check, test, replay, on, off. Owns the arguments of these.

The engine needs the extra ``watch``; without it each of these says so in a sentence.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.cli.extras import needs_watch
from freehold.cli.output import show, write
from freehold.cli.speech import progress, tell
from freehold.errors import UsageError
from freehold.words import say

if TYPE_CHECKING:
    from freehold.watch.rule import Rules
    from freehold.watch.rule_switch import RuleSwitch

__all__ = ["ACTIONS", "add_arguments", "run"]

ACTIONS: Final[Mapping[str, str]] = {
    "list": "the rules there are, and whether each is on",
    "check": "whether a rule file is sound; every finding with its line and mend",
    "test": "run the tests of rules; exit status 0 or 1",
    "replay": "what rules would have said of stored events",
    "on": "switch a rule on; one of your own needs passing tests and a replay",
    "off": "switch a rule off",
}
_OWN: Final = "rules.toml"
_JOURNAL: Final = "journal.db"


def add_arguments(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Add the actions and their arguments; gives the parser of each, for what all commands share."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = {name: actions.add_parser(name, help=line, description=line) for name, line in ACTIONS.items()}
    for name in ("on", "off"):
        made[name].add_argument(
            "rule", metavar="RULE", help=f"the id of a rule of {_OWN} in the folder of state, or of Freehold's"
        )
    made["check"].add_argument("file", metavar="FILE", help="a rule file")
    made["test"].add_argument(
        "file", metavar="FILE", nargs="?", help="a rule file of your own; without it, the rules that come with Freehold"
    )
    what = f"a rule file of your own; without it, {_OWN} in the folder of state if it is there"
    for name in ("list", "replay"):
        made[name].add_argument("file", metavar="FILE", nargs="?", help=what)
    for name in ("list", "replay", "on", "off"):
        needed = name in {"on", "off"}
        made[name].add_argument("--state", metavar="DIR", required=needed, help="the desk's folder of state")
    for name in ("test", "replay"):
        made[name].add_argument("--rule", metavar="ID", action="append", default=[], help="only this rule; repeatable")
        made[name].add_argument("--built-in", action="store_true", help="also the rules that come with Freehold")
    replay = made["replay"]
    replay.add_argument("--journal", metavar="FILE", help=f"stored events (default {_JOURNAL} in the folder of state)")
    replay.add_argument("--last", metavar="DURATION", help="only events of the last 12h, 7d …; all unless given")
    for name in ("on", "off"):
        made[name].add_argument("--by", metavar="NAME", required=True, help="who switches it")
        made[name].add_argument("--because", metavar="TEXT", default="", help="why")
    return made


def run(options: argparse.Namespace) -> int:
    """Do what was asked; gives 0, or 1 if a test fails.

    Raises
    ------
    freehold.errors.BadRules
        If a rule file is not sound, or a rule may not be switched on.
    freehold.errors.UsageError
        If the arguments make no sense together, or the extra is not installed.
    """
    with needs_watch("rules need"):
        import freehold.watch.conditions  # noqa: F401  what is not installed is found out before anything is read
    return _RUN[options.action](options)


def _own(options: argparse.Namespace) -> Rules | None:
    """The user's rules: of the file named, else of the folder of state."""
    from freehold.watch.rules import load_rules

    if getattr(options, "file", None):
        return load_rules(options.file)
    state = getattr(options, "state", None)
    path = Path(state) / _OWN if state else None
    return load_rules(path) if path is not None and path.exists() else None


def _switch(options: argparse.Namespace) -> RuleSwitch | None:
    from freehold.watch.rule_switch import FILE, RuleSwitch

    if not options.state:
        return None
    if not Path(options.state).is_dir():
        raise UsageError(f"{options.state} is no folder. Name the desk's folder of state.")
    return RuleSwitch(Path(options.state) / FILE)


def _chosen(options: argparse.Namespace) -> Rules:
    """The rules that are tested or replayed: the user's own, and Freehold's if there are none or they are asked for."""
    from freehold.watch.rules import built_in_rules

    own = _own(options)
    rules = built_in_rules() if own is None else built_in_rules().joined(own) if options.built_in else own
    unknown = [id_ for id_ in options.rule if rules.get(id_) is None]
    if unknown:
        raise UsageError(f"--rule: no rule is called '{unknown[0]}'. There are: {', '.join(rule.id for rule in rules)}.")
    return rules.only(frozenset(options.rule)) if options.rule else rules


def _list(options: argparse.Namespace) -> int:
    from freehold.watch.rule_list import list_rules
    from freehold.watch.rules import built_in_rules

    show(options, list_rules(built_in_rules(), _own(options), _switch(options)))
    return 0


def _check(options: argparse.Namespace) -> int:
    from freehold.report.sentences import count
    from freehold.watch.rules import built_in_rules, load_rules

    rules = load_rules(options.file)
    built_in_rules().joined(rules)
    write(None, say("rules.sound", file=options.file, rules=count("rules.rules", len(rules))) + "\n")
    silent = [rule.id for rule in rules if not any(test.expect for test in rule.test)]
    if silent:
        write(None, say("rules.silent", rules=", ".join(silent)) + "\n")
    return 0


def _test(options: argparse.Namespace) -> int:
    from freehold.watch.rule_list import RuleTestReport
    from freehold.watch.rule_tests import run_tests

    rules = _chosen(options)
    with progress("testing …"):
        results = run_tests(rules)
    silent = tuple(rule.id for rule in rules if not any(test.expect for test in rule.test))
    answer = RuleTestReport(results, silent)
    show(options, answer)
    return 0 if answer.passed else 1


def _replay(options: argparse.Namespace) -> int:
    from freehold.report.sentences import count
    from freehold.watch.history import stored_events
    from freehold.watch.replay import replay
    from freehold.watch.seconds import parse_seconds

    switch = _switch(options)
    journal = options.journal or (Path(options.state) / _JOURNAL if options.state else None)
    if journal is None:
        raise UsageError("no history is named. Say where stored events are: --state DIR, or --journal FILE.")
    now = time.time()
    try:
        start = now - parse_seconds(options.last) if options.last else 0.0
    except ValueError as error:
        raise UsageError(f"--last: {error}.") from None
    rules = _chosen(options)
    with progress("replaying …"):
        answer = replay(rules, stored_events(journal, start))
    if switch is not None:
        switch.keep_replay(answer, now)
    show(options, answer)
    if switch is not None:
        tell("freehold: " + say("rules.kept", rules=count("rules.rules", len(answer.rules)), state=options.state))
    return 0


def _turn(options: argparse.Namespace) -> int:
    from freehold.watch.rules import built_in_rules

    switch = _switch(options)
    assert switch is not None
    own, shipped = _own(options), built_in_rules()
    built_in = shipped.get(options.rule) is not None
    rules = shipped if built_in or own is None else own
    because = options.because
    if options.action == "on":
        switch.switch_on(options.rule, rules, by=options.by, now=time.time(), because=because, built_in=built_in)
    else:
        switch.switch_off(options.rule, rules, by=options.by, now=time.time(), because=because)
    tell("freehold: " + say(f"rules.is_{options.action}", rule=options.rule))
    return 0


_RUN: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "list": _list, "check": _check, "test": _test, "replay": _replay, "on": _turn, "off": _turn,
}  # fmt: skip
