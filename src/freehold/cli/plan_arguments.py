"""The arguments of ``freehold plan``: its actions and their flags. Owns their names and help."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["ACTIONS", "add_arguments", "add_goal"]

ACTIONS: Final[Mapping[str, str]] = {
    "make": "the cheapest steps that do what is asked, when, and what they cost; meant where no action is named",
    "why": "what breaks without an option, or why the plan does not have it",
    "follow": "plan the rest anew, with what is done, begun, late or given up",
}

_EXAMPLES: Final = """\
Where no action is named, make is meant; its flags: freehold plan make --help.
A stack that is called like an action is written ./why.

examples:
  freehold plan STACK --reliance 0.7 --by 2028-12-31          self-reliance at a date, at least cost
  freehold plan STACK --foreign --level 0.9 --day 365         what must be kept running at 90 % after a year
  freehold plan STACK --country US --options ours.toml        as high as it can be without a country
  freehold plan STACK --survive 1 --of provider               no single provider can stop us
  freehold plan STACK --seek reliance --budget 200000         the most for the money
  freehold plan why STACK OPTION --reliance 0.7               why a step is there, or is not
  freehold plan follow STACK state.toml --reliance 0.7        what is left, as the work stands
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
        "Find the cheapest steps that do what is asked, put them on dates, and have the cut-off engine confirm them:\n"
        "freehold plan STACK [flags]"
    )
    parser.epilog = _EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = {name: actions.add_parser(name, help=line, description=line) for name, line in ACTIONS.items()}
    for one in made.values():
        one.add_argument("stack", metavar="STACK", help="a stack, or whatever can be read as one")
    made["why"].add_argument("option", metavar="OPTION", help="an option: its id or its name")
    made["follow"].add_argument(
        "state", metavar="STATE.toml",
        help="[[step]] with option, state (done, started, late, dropped), and start, ready, cost where they are known",
    )  # fmt: skip
    made["follow"].add_argument(
        "--before", metavar="FILE.json", help="the earlier plan, as JSON: what changed is shown, and its dates are taken over"
    )
    for one in made.values():
        add_goal(one, add_cutoff)
    for name in ("make", "follow"):
        _beside(made[name])
        _leave(made[name])
    return made


def add_goal(
    parser: argparse.ArgumentParser, add_cutoff: Callable[[argparse.ArgumentParser], None], *, seconds: str = "60"
) -> None:
    """Add the flags that say what a plan is to do, within which limits, and how long it is looked for.

    Parameters
    ----------
    parser
        Of an action.
    add_cutoff
        Adds the flags of a cut-off.
    seconds
        How long, unless the flag says otherwise.
    """
    add_cutoff(parser)
    _aims(parser)
    _limits(parser)
    _search(parser, seconds)


def _aims(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what must hold on the plan's last day (each is an aim of its own)")
    group.add_argument("--reliance", metavar="LEVEL", help="self-reliance: this much is left with everything foreign cut off")
    group.add_argument(
        "--level", metavar="LEVEL",
        help="this much is left under what is cut; without it, as much as can be; each --scenario is a cut-off of its own",
    )  # fmt: skip
    group.add_argument("--target", metavar="ITEM", help="the level of one item, instead of all that must be kept running")
    group.add_argument("--day", metavar="LIST", help="days of the cut-off on which it holds (default the last of --days)")
    group.add_argument("--throughout", action="store_true", help="on every day up to the last of --day, not only on those")
    group.add_argument(
        "--face-value", metavar="SHARE[@WHAT]", action="append", default=[],
        help="held part of the sources in use, such as 0.5 or 0.5@model: of all, of a layer, or of an item; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--content", metavar="SHARE[@WHAT]", action="append", default=[], help="the same of the whole content; repeatable"
    )
    group.add_argument(
        "--survive", metavar="K", help="no loss of K at once takes what must be kept running under --level (default --floor)"
    )
    group.add_argument("--of", choices=("provider", "owner", "country"), default="provider", help="of what (default provider)")
    group.add_argument(
        "--seek", choices=("cost", "reliance"), default="cost",
        help="the least cost (default), or the most self-reliance within the limits",
    )  # fmt: skip
    group.add_argument("--days", metavar="LIST", help="days of the curves shown (default 0,7,30,90,365,1095)")
    group.add_argument("--floor", metavar="LEVEL", help="level under which a thing has stopped (default 0.5)")


def _limits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("options and limits")
    group.add_argument(
        "--options", dest="option_files", metavar="FILE", action="append", default=[],
        help="options of your own, TOML or CSV, beside the stack's candidates; repeatable",
    )  # fmt: skip
    group.add_argument("--no-catalogue", action="store_true", help="leave out the alternatives that the catalogue knows of")
    group.add_argument("--start", metavar="DATE", help="the plan's first day, such as 2027-01-01 (default today)")
    when = group.add_mutually_exclusive_group()
    when.add_argument("--by", metavar="DATE", help="its last day")
    when.add_argument("--years", metavar="N", help="or its length in years (default 1)")
    group.add_argument("--budget", metavar="MONEY", help="most money in all")
    group.add_argument("--budget-year", metavar="LIST", help="most money in each year; the last holds for all later ones")
    group.add_argument("--people", metavar="N", help="most persons at work at once")
    group.add_argument("--longest-lead", metavar="DAYS", help="longest time that one step may take")
    group.add_argument("--quality", metavar="LEVEL", help="least quality of what a plan counts on")
    group.add_argument("--discount", metavar="RATE", help="what later costs count less a year, such as 0.03")
    group.add_argument(
        "--penalty", metavar="MONEY", help="what a year of everything lost costs: what is dearer than that is left undone"
    )


def _search(parser: argparse.ArgumentParser, seconds: str) -> None:
    group = parser.add_argument_group("the search")
    group.add_argument(
        "--time", metavar="SECONDS", default=seconds,
        help=f"for the search; the best plan by then is shown (default {seconds})",
    )  # fmt: skip
    group.add_argument(
        "--kernel", choices=("auto", "plain", "compiled"), default="auto", help="how it is computed; the answer is the same"
    )


def _beside(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("beside the plan")
    group.add_argument("--confidence", metavar="P", help="plan so that all holds in this share of futures, such as 0.9")
    group.add_argument("--futures", metavar="N", default="1000", help="how many futures are sampled (default 1000)")
    group.add_argument("--seed", metavar="N", default="0", help="of the random numbers (default 0)")
    group.add_argument("--frontier", action="store_true", help="cost against self-reliance, from nothing to all")
    group.add_argument("--alternatives", action="store_true", help="other plans at nearly the same cost, and what all share")
    group.add_argument("--sensitivity", action="store_true", help="what another budget or another date would give")


def _leave(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("for those who do it")
    group.add_argument("--calendar", metavar="FILE.ics", help="write a calendar there (iCalendar)")
    group.add_argument("--tasks", metavar="FILE.md", help="write a list of tasks there (Markdown)")
    group.add_argument("--fail-on", choices=("impossible",), help="exit 1 if there is no plan")
