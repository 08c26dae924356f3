"""Every command, flag and its help. Owns the shape of the command line, and imports nothing that computes."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from freehold.cli import (
    drill_arguments,
    evidence,
    gateway,
    plan_arguments,
    provision,
    report_arguments,
    respond,
    rules,
    schemes,
    signal,
    watch,
)
from freehold.cli.chokepoints import add_arguments as add_chokepoints
from freehold.cli.options import add_arguments as add_options
from freehold.cli.policy import add_arguments as add_policy
from freehold.cli.reach import add_arguments as add_reach
from freehold.cli.sweep import add_arguments as add_sweep
from freehold.cli.systemic import add_arguments as add_systemic
from freehold.report.formats import FORMATS

__all__ = ["QUESTIONS", "VERBS", "Verb", "build_parser"]


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: the question that it helps to answer, and what it does in a line."""

    name: str
    question: str
    line: str


QUESTIONS: Final[Mapping[str, str]] = {
    "first": "The main job",
    "depend": "What do we depend on, and who controls it?",
    "reliant": "How self-reliant are we, where are the gaps?",
    "stops": "What stops, when and why, if X is gone?",
    "proof": "Is that so?",
    "out": "What is the cheapest way out, by when, with whom?",
    "happening": "It is happening: how bad is it, what do we do now?",
    "forms": "Files and forms",
}

VERBS: Final = (
    Verb("check", "first", "one page: what you hold, who your landlords are, what stops first, what is not known"),
    Verb("report", "first", "all of it in one file, for those who decide: also the way out, its price, schemes and drills"),
    Verb("scan", "depend", "read a project, an environment, an SBOM or this machine and write it as a stack"),
    Verb("import", "depend", "read a table that you keep; show, change and remember what its columns mean"),
    Verb("show", "depend", "what is in a stack: all of it, or one item with its sources, needs and evidence"),
    Verb("diff", "depend", "how two stacks, or two inventories of one thing, differ, and why"),
    Verb("history", "depend", "what changed in a stack that a Freehold database holds, when and by whom; undo"),
    Verb("catalogue", "depend", "sourced facts on who controls what: check, show, search, coverage"),
    Verb("assess", "reliant", "self-reliance over time, content, layers, controllers, what to learn first"),
    Verb("gaps", "reliant", "by layer: the part held, the best home source, the landlord, what would close it"),
    Verb("schemes", "reliant", "published schemes: list, show, score a stack by them side by side, a form of answers"),
    Verb("cutoff", "stops", "levels over time if a provider, an owner, a country or everything foreign is cut off"),
    Verb("why", "stops", "why an item falls, down to the sources cut, or what holds it up"),
    Verb("reach", "happening", "how far a loss reaches now: what stops, what takes over, the best act, the level"),
    Verb("chokepoints", "stops", "which few landlords, together, can stop you: every smallest set, with a sentence why"),
    Verb("restart", "stops", "what starts again from nothing, and the circles that do not"),
    Verb("sweep", "stops", "many cut-offs, worst first; or many samples of what may be, and what to learn first"),
    Verb("systemic", "stops", "networks of firms: what one failure takes, what outputs rest on, how long stock lasts"),
    Verb("drill", "proof", "run your own command while a landlord's hosts cannot be reached, and see what happens"),
    Verb("provision", "proof", "fill a mirror with what a command needs from registries, and prove it with them cut off"),
    Verb("options", "out", "what can be done: candidates, your own options, the catalogue's alternatives; what is missing"),
    Verb("partners", "out", "whom to trust: the self-reliance that each country or provider would add, or take if lost"),
    Verb("plan", "out", "the cheapest steps that do what you ask, by when, and what is still leased then; why; follow it"),
    Verb("watch", "happening", "the warning desk: takes events, warns by rules, says how far and how bad, acts"),
    Verb("signal", "happening", "tell a desk by hand that something is wrong, or is over"),
    Verb("respond", "happening", "incidents: see, declare, approve, run playbooks, undo; works when all else is gone"),
    Verb("gateway", "happening", "a gateway in front of AI models: routes by policy, falls back, stops at once, says why"),
    Verb("evidence", "happening", "whether evidence logs are what was written; their entries, anchors, proofs"),
    Verb("rules", "happening", "the rules that warn: list, check, test, replay over stored events, switch on and off"),
    Verb("init", "forms", "five questions, and a freehold.toml from the answers"),
    Verb("doctor", "forms", "what works here, and the line that mends what does not"),
    Verb("completion", "forms", "what a shell needs to complete commands and flags"),
    Verb("template", "forms", "an empty stack to fill in, every column explained"),
    Verb("schema", "forms", "the JSON Schema of a command's answer"),
)

_OF_A_STACK: Final = ("show", "assess", "gaps", "partners", "cutoff", "why", "chokepoints", "restart", "sweep", "reach")
"""Verbs that take one stack and show an answer about it."""

_WITH_ACTIONS: Final = frozenset(
    {"catalogue", "drill", "evidence", "plan", "provision", "report", "respond", "rules", "schemes"}
)
"""Verbs whose flags belong to their actions."""

_EXAMPLES: Final = """\
examples:
  freehold check .                          the project in this folder
  freehold check --machine                  the machine that this runs on
  freehold check examples/clinic            an example, with its landlords and what stops first
  freehold cutoff stack.toml --country US   everything that a country can reach
  freehold why stack.toml ITEM --foreign    the chain of reasons for one item
"""


_WIDTH: Final = 100
"""Columns of the help, at most."""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=_width())


def _width() -> int:
    """Columns of a terminal, and what the help has room for anywhere else."""
    return min(_WIDTH, max(40, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else _WIDTH


def _overview(width: int) -> str:
    lines = [
        "Freehold tells how much of the technology you run on you hold outright,",
        "what stops when a landlord says no, and why.",
        "",
    ]
    for key, question in QUESTIONS.items():
        lines.append(question)
        for verb in VERBS:
            if verb.question == key:
                lines += textwrap.wrap(verb.line, width, initial_indent=f"  {verb.name:<12}", subsequent_indent=" " * 14)
        lines.append("")
    return "\n".join(lines)


def _add_output(parser: argparse.ArgumentParser, formats: tuple[str, ...] = FORMATS) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--format", choices=formats, default=None, help="text, or json, csv, html, markdown, svg for others")
    group.add_argument(
        "-o", "--output", metavar="FILE", help="write there; the ending chooses the format if --format is not given"
    )
    group.add_argument("--evidence", action="store_true", help="list the evidence that each shown fact rests on")
    group.add_argument("--full", action="store_true", help="every row and every detail")


def _add_view(parser: argparse.ArgumentParser, *, redacts: bool = True) -> None:
    group = parser.add_argument_group("whose view")
    group.add_argument("--home", metavar="CC", help="country of the organisation; overrides the stack's")
    group.add_argument("--trusted", metavar="LIST", help="countries or groups that are not foreign, such as EU,CH")
    group.add_argument("--strict", action="store_true", help="assumed owners and locations count as unknown")
    group.add_argument("--no-cache", action="store_true", help="read a folder anew even if nothing in it has changed")
    if redacts:
        group.add_argument(
            "--redact", metavar="WHAT", nargs="?", const="hosts,paths", default=None,
            help="hide hosts, paths or (without a word) both in all that is shown, so that it can be given away",
        )  # fmt: skip
    _add_state(group)


def _add_state(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--stack", dest="stack_name", metavar="NAME", help="which stack of a Freehold database that holds several"
    )
    group.add_argument(
        "--at",
        metavar="STATE",
        help="which state of it: a revision such as 3, a day (its end, UTC), a moment; else the newest",
    )


def _add_authorship(group: argparse._ActionsContainer) -> None:
    group.add_argument("--by", metavar="TEXT", help="who makes this revision; nothing is written if it is not given")
    group.add_argument("--note", metavar="TEXT", help="why")


def _add_speech(parser: argparse.ArgumentParser) -> None:
    parser.add_argument_group("words").add_argument(
        "--language", metavar="CODE", help="language of what is shown, such as en or zh, or its file (default en)"
    )
    group = parser.add_argument_group("on standard error")
    group.add_argument("-v", "--verbose", action="count", default=0, help="say what is done and how long it takes; -vv: all")
    group.add_argument("--log-format", choices=("text", "json"), default="text", help="notes, errors and log, one a line")


def _add_days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", metavar="LIST", help="days to report (default 0,7,30,90,365,1095)")
    parser.add_argument("--floor", metavar="LEVEL", help="level under which an item has stopped (default 0.5)")
    parser.add_argument(
        "--kernel", choices=("auto", "plain", "compiled"), default="auto", help="how it is computed; the answer is the same"
    )


def _add_threshold(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("threshold")
    group.add_argument("--fail-under", metavar="LEVEL", type=float, help="exit 1 if the low side of the mission is under this")
    group.add_argument("--fail-day", metavar="DAY", default="30", help="the day for --fail-under (default 30)")


def _add_control(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--via", metavar="WAYS", help="ways of control that count: provider,owner,location,origin (default all)"
    )
    parser.add_argument(
        "--stake", metavar="PART", type=float, default=0.5, help="an owner controls from this stake on (default 0.5)"
    )


def _add_cutoff(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is cut (each flag is a rule of its own)")
    group.add_argument(
        "--country", metavar="CC", action="append", default=[], help="a country or a group such as EU; repeatable"
    )
    group.add_argument("--provider", metavar="ID", action="append", default=[], help="a provider, by id or name; repeatable")
    group.add_argument("--owner", metavar="ID", action="append", default=[], help="a provider and all that it owns; repeatable")
    group.add_argument(
        "--item", dest="items", metavar="ID", action="append", default=[], help="every source of an item; repeatable"
    )
    group.add_argument("--source", metavar="ID", action="append", default=[], help="one source of an item; repeatable")
    group.add_argument("--foreign", action="store_true", help="everything outside home and trusted countries")
    group.add_argument("--scenario", metavar="FILE", action="append", default=[], help="rules from a TOML file; repeatable")
    group.add_argument("--revoke", action="store_true", help="a revocation: what is in stock may not be used either")
    _add_control(group)  # type: ignore[arg-type]


def build_parser(*, listed: bool = False) -> argparse.ArgumentParser:
    """Build the parser of the whole command line.

    Parameters
    ----------
    listed
        Whether the parser lists the commands itself; otherwise its description does, grouped by question.
    """
    from freehold.version import __version__

    parser = argparse.ArgumentParser(
        "freehold",
        description=_overview(_width()),
        epilog=_EXAMPLES,
        formatter_class=_Formatter,
        usage="freehold VERB STACK [flags]",
    )
    parser.add_argument("--version", action="version", version=f"freehold {__version__}")
    verbs = parser.add_subparsers(
        dest="command", required=True, metavar="VERB", help=None if listed else argparse.SUPPRESS, prog="freehold"
    )  # fmt: skip
    made = {
        verb.name: verbs.add_parser(verb.name, help=verb.line, description=verb.line, formatter_class=_Formatter)
        for verb in VERBS
    }
    what = (
        "a folder (project or root), an SBOM, a table, a DNS zone file, a list of Debian packages, a fault tree, a stack "
        "(file, tables or Freehold database)"
    )
    for name in ("check", "scan"):
        made[name].add_argument("stack", metavar="PATH", nargs="?", help=f"{what}; without it, what freehold.toml names")
        made[name].add_argument("--machine", action="store_true", help="the machine that this runs on, instead of a PATH")
    for name in _OF_A_STACK:
        made[name].add_argument("stack", metavar="STACK", help=what)
    made["diff"].add_argument("stack", metavar="A", help=what)
    made["diff"].add_argument(
        "other", metavar="B", nargs="?", help="what it is compared with; without it, another state of A: --with STATE"
    )
    made["diff"].add_argument(
        "--with", dest="with_state", metavar="STATE", help="the state of B (or of A) that is meant, as --at"
    )
    made["show"].add_argument("item", nargs="?", help="an item: its id, its name, or the last part of a purl")
    made["why"].add_argument("item", help="an item: its id, its name, or the last part of a purl")
    made["why"].add_argument("--day", metavar="DAY", default="30", help="the day to explain (default 30)")
    made["why"].add_argument("--high", action="store_true", help="explain the high side of the interval, not the low")
    made["restart"].add_argument("--with-stock", action="store_true", help="cover counts as stock at hand")
    for name in ("check", "assess", "cutoff"):
        _add_days(made[name])
        _add_threshold(made[name])
    made["partners"].add_argument("--days", metavar="LIST", help="days to report (default 0,7,30,90,365,1095)")
    made["partners"].add_argument(
        "--kernel", choices=("auto", "plain", "compiled"), default="auto", help="how it is computed; the answer is the same"
    )
    for name in ("check", "assess", "partners"):
        _add_control(made[name])
    add_policy(made["assess"])
    add_options(made["options"])
    add_reach(made["reach"])
    add_chokepoints(made["chokepoints"])
    add_sweep(made["sweep"])
    add_systemic(made["systemic"])
    _add_output(made["systemic"])
    for name in ("cutoff", "why", "restart", "sweep", "reach"):
        _add_cutoff(made[name])
    for name in ("check", "scan", "diff", "options", *_OF_A_STACK):
        _add_view(made[name])
    for name in ("check", "diff", "options", *_OF_A_STACK):
        _add_output(made[name])
    made["scan"].add_argument(
        "-o", "--output", metavar="FILE",
        help="a .toml file, a fault tree (.opsa.xml), a folder for CSV tables, one for Parquet (.parquet), or a Freehold "
        "database (.db), which keeps what was there before; without it TOML is printed",
    )  # fmt: skip
    _add_authorship(made["scan"])
    made["scan"].add_argument("--format", choices=FORMATS, help="what was read and skipped, as an answer instead of a stack")
    made["scan"].set_defaults(evidence=False, full=True)
    made["history"].add_argument("stack", metavar="DATABASE", help="a Freehold database")
    made["history"].add_argument("--undo", action="store_true", help="take the newest revision back, by a new one")
    _add_authorship(made["history"])
    _add_state(made["history"])
    _add_output(made["history"])
    made["template"].add_argument(
        "-o", "--output", metavar="FILE", help="a .toml file, or a folder for CSV tables; without it TOML is printed"
    )
    _add_import(made["import"])
    _add_init(made["init"])
    _add_output(made["doctor"])
    made["completion"].add_argument("shell", choices=("bash", "zsh", "fish", "powershell"), help="whose completion")
    made["schema"].add_argument(
        "verb",
        nargs="*",
        metavar="VERB",
        help="a command, such as cutoff or plan why; without it, the list of those that have one",
    )
    _add_catalogue(made["catalogue"])
    _add_evidence(made["evidence"])
    _add_rules(made["rules"])
    _add_drill(made["drill"])
    _add_plan(made["plan"])
    _add_provision(made["provision"])
    _add_report(made["report"])
    _add_respond(made["respond"])
    _add_schemes(made["schemes"])
    gateway.add_arguments(made["gateway"])
    watch.add_arguments(made["watch"])
    signal.add_arguments(made["signal"])
    for verb in VERBS:
        if verb.name not in _WITH_ACTIONS:
            _add_speech(made[verb.name])
    return parser


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", metavar="FILE", help="a CSV, Excel or OpenDocument file")
    parser.add_argument("--sheet", metavar="NAME", help="the sheet to read; by default the first that is filled")
    parser.add_argument(
        "--map",
        metavar="COLUMN=MEANING",
        action="append",
        default=[],
        help="what a column means; repeatable (ignore: not read)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the stack there, and remember what the columns mean")
    parser.add_argument("--format", choices=FORMATS, help="how what the columns mean is shown")
    parser.set_defaults(evidence=False, full=True)
    _add_authorship(parser)
    _add_view(parser)


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of freehold.toml")
    parser.add_argument("--force", action="store_true", help="write it anew if it is there already")
    parser.add_argument("--yes", action="store_true", help="ask nothing: what no flag says takes its default")
    for name, what in (
        ("home", "country of the organisation"), ("trusted", "countries or groups that are not foreign"),
        ("stack", "what is read when no path is named"), ("days", "days to report"),
        ("floor", "level under which an item has stopped"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", metavar=name.upper(), help=what)


def _add_evidence(parser: argparse.ArgumentParser) -> None:
    actions = evidence.add_arguments(parser)
    for name in ("verify", "show"):
        _add_output(actions[name])
    for action in actions.values():
        _add_speech(action)


def _add_respond(parser: argparse.ArgumentParser) -> None:
    actions = respond.add_arguments(parser)
    for name in respond.SHOWN:
        _add_output(actions[name])
    for action in actions.values():
        _add_speech(action)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    actions = rules.add_arguments(parser)
    for name in ("list", "test", "replay"):
        _add_output(actions[name])
    for action in actions.values():
        _add_speech(action)


def _add_schemes(parser: argparse.ArgumentParser) -> None:
    actions = schemes.add_arguments(parser)
    for name in ("score", "form"):
        _add_view(actions[name])
    for name in schemes.SHOWN:
        _add_output(actions[name])
    for action in actions.values():
        _add_speech(action)


def _add_drill(parser: argparse.ArgumentParser) -> None:
    actions = drill_arguments.add_arguments(parser, _add_cutoff)
    for name in ("run", "apply"):
        _add_view(actions[name], redacts=False)
        actions[name].set_defaults(redact=None)
    for name in drill_arguments.SHOWN:
        _add_output(actions[name])
    actions["apply"].add_argument("--format", choices=FORMATS, help="how the proposals are shown")
    actions["apply"].set_defaults(output=None, evidence=False, full=True)
    for action in actions.values():
        _add_speech(action)


def _add_plan(parser: argparse.ArgumentParser) -> None:
    actions = plan_arguments.add_arguments(parser, _add_cutoff)
    for action in actions.values():
        _add_view(action)
        _add_output(action)
        _add_speech(action)


def _add_report(parser: argparse.ArgumentParser) -> None:
    actions = report_arguments.add_arguments(parser, _add_cutoff)
    for name, action in actions.items():
        _add_view(action)
        if name in report_arguments.SHOWN:
            _add_output(action)
        _add_speech(action)


def _add_provision(parser: argparse.ArgumentParser) -> None:
    actions = provision.add_arguments(parser)
    for name in provision.SHOWN:
        _add_output(actions[name])
    for action in actions.values():
        _add_speech(action)


def _add_catalogue(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check", help="see that every row has its evidence and none contradicts another", formatter_class=_Formatter
    )
    show = actions.add_parser("show", help="all facts of a row with their references", formatter_class=_Formatter)
    show.add_argument("id", help="a provider, a product, a host or a package")
    search = actions.add_parser("search", help="rows whose id, name or alias holds a text", formatter_class=_Formatter)
    search.add_argument("text", help="a text: part of an id, a name, an alias, a host")
    coverage = actions.add_parser(
        "coverage", help="how many of a list are known, and by which rule", formatter_class=_Formatter
    )
    coverage.add_argument("list", help="a file with a purl or a name a line")
    for one in (check, show, search, coverage):
        _add_output(one)
        _add_speech(one)
