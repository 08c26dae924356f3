"""The arguments of ``freehold report``: its actions and the flags that they share. Owns their names and help."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

from freehold.cli import plan_arguments, report_packs

__all__ = ["ACTIONS", "SHOWN", "add_arguments"]

SHOWN: Final = ("make",)
"""Actions whose answer is shown in any format; the others have an output of their own."""

ACTIONS: Final[Mapping[str, str]] = {
    "make": "the whole report: what is held, what stops first, the way out, schemes, drills; meant where no action is named",
    "brief": "two pages for whoever decides: five sentences, a curve, three landlords, the next step, what is not known",
    "exits": "an exit plan for each function: who can end it and when, what takes over, in what time, tested when",
    "pack": "an evidence pack as a folder: C3A SOV-5, the draft CADA's Annex II, or DORA's register of information",
}

_EXAMPLES: Final = """\
Where no action is named, make is meant; its flags: freehold report make --help.
A stack that is called like an action is written ./make.

examples:
  freehold report STACK -o report.html                         one file to open, print and hand on
  freehold report STACK --options ours.toml -o report.html     with what can be done: the roadmap
  freehold report STACK --reliance 0.7 --by 2028-12-31         a roadmap to something else than the floor
  freehold report STACK --scheme eu-csf-2026 --answers ours.toml -o report.html
  freehold report STACK --drills .freehold/drills -o report.html
  freehold report STACK -o report.md                           Markdown; also .json, .csv and .svg
  freehold report brief STACK -o brief.html                    two sheets of A4
  freehold report exits STACK --drills .freehold/drills -o exits
  freehold report pack STACK --for dora -o register
"""


def add_arguments(
    parser: argparse.ArgumentParser, add_cutoff: Callable[[argparse.ArgumentParser], None]
) -> dict[str, argparse.ArgumentParser]:
    """Add the actions and their arguments; gives the parser of each, for what all commands share.

    Parameters
    ----------
    parser
        Of the verb.
    add_cutoff
        Adds the flags of a cut-off.
    """
    parser.description = (
        "Tell everything about a stack on one page that needs no network: what is held, what stops first\n"
        "and why, the way out and its price, schemes, drills, and what is not known:\n"
        "freehold report STACK -o report.html"
    )
    parser.epilog = _EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = {name: actions.add_parser(name, help=line, description=line) for name, line in ACTIONS.items()}
    for name, one in made.items():
        one.add_argument("stack", metavar="STACK", help="a stack, or whatever can be read as one")
        if name != "pack":
            plan_arguments.add_goal(one, add_cutoff, seconds=_SECONDS)
            _parts(one)
    report_packs.add_arguments_of_brief(made["brief"])
    report_packs.add_arguments_of_exits(made["exits"])
    report_packs.add_arguments_of_pack(made["pack"])
    return made


_SECONDS: Final = "20"
"""For the search for a plan, unless said otherwise: a report is waited for."""


def _parts(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what else is told")
    group.add_argument("--no-plan", action="store_true", help="look for no plan")
    group.add_argument(
        "--scheme", dest="schemes", metavar="SCHEME", action="append", default=[],
        help="score by this scheme, an id or a FILE.toml; repeatable; without it by every one; none: by no scheme",
    )  # fmt: skip
    group.add_argument(
        "--answers", metavar="FILE", action="append", default=[],
        help="answers of people to questions of the schemes: TOML, JSON or CSV; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--list", dest="lists", metavar="FILE.csv", action="append", default=[],
        help="a list that a scheme looks products up in; called as its file is; repeatable",
    )  # fmt: skip
    group.add_argument("--policy", metavar="FILE", help="hold the stack against this policy, too")
    group.add_argument(
        "--drills", metavar="PATH", action="append", default=[],
        help="records of drills, a file or a folder of them: predicted against seen; repeatable",
    )  # fmt: skip
