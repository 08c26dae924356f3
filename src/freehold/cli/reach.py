"""``freehold reach``: how far a signal reaches now. Owns its flags, and what they come to: a place, facts, a threshold."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from freehold.cli.extras import needs_watch
from freehold.errors import UsageError

if TYPE_CHECKING:
    from freehold.watch.alert import Labels
    from freehold.watch.level_facts import Fact
    from freehold.watch.levels import Levels
    from freehold.watch.places import Place
    from freehold.watch.radius import Reach

__all__ = ["add_arguments", "run"]

_NAMED = ("host", "model", "upstream")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what only this command has; the flags of a cut-off come beside them."""
    group = parser.add_argument_group("the signal (all labels together name one place)")
    group.add_argument("--host", metavar="NAME", help="a host that fails; the catalogue says whose it is")
    group.add_argument("--model", metavar="NAME", help="a model, as it is asked for")
    group.add_argument("--upstream", metavar="NAME", help="an upstream of the gateway, by its name in the stack")
    group.add_argument(
        "--label", metavar="NAME=VALUE", action="append", default=[],
        help="a label of the alert, such as provider=openai or availability=0.4; repeatable",
    )  # fmt: skip
    parser.add_argument("--days", metavar="LIST", help="days to report (default 0,1,7,30,90,365)")
    parser.add_argument("--floor", metavar="LEVEL", help="level under which an item has stopped (default 0.5)")
    parser.add_argument(
        "--kernel", choices=("auto", "plain", "compiled"), default="auto", help="how it is computed; the answer is the same"
    )
    level = parser.add_argument_group("the level")
    level.add_argument(
        "--fact", metavar="NAME=VALUE", action="append", default=[],
        help="what is known, such as persons_affected=1200, data_class=personal, spreads=no; a range 100..500; repeatable",
    )  # fmt: skip
    level.add_argument(
        "--criteria",
        metavar="ID",
        action="append",
        default=[],
        help="a criteria set to grade by (default freehold); repeatable",
    )
    level.add_argument("--criteria-file", metavar="FILE", help="criteria of your own, in the form of Freehold's")
    level.add_argument(
        "--fail-on", choices=("red", "orange", "yellow", "blue"), help="exit 1 if the level is this or higher, or may be"
    )


def run(options: argparse.Namespace) -> int:
    """Answer, and show the answer.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or nothing is.
    """
    with needs_watch("levels need"):
        from freehold.watch.level_facts import facts_from
        from freehold.watch.levels import Level, built_in_levels, grade, load_levels
    from freehold import work
    from freehold.cli.loading import context, load
    from freehold.cli.output import show
    from freehold.cli.speech import progress, tell
    from freehold.measure.cutoff import FLOOR
    from freehold.report.answers import ReachAnswer
    from freehold.watch.best_act import best_acts
    from freehold.watch.radius import REACH_DAYS, Reach
    from freehold.words import say

    criteria = built_in_levels() if options.criteria_file is None else load_levels(Path(options.criteria_file))
    sets = [criteria.criteria_set(name) for name in dict.fromkeys(options.criteria)] or [criteria.criteria[0]]
    stated = _facts(options, criteria)
    _see_it_is_a_stack(options)
    loaded, settings = load(options)
    reach = Reach(
        loaded.stack, days=settings.days or REACH_DAYS, floor=settings.floor or FLOOR, strict=options.strict,
        kernel=options.kernel, catalogue=work.catalogue,
    )  # fmt: skip
    place = _place(options, reach)
    with progress("computing …"):
        radius = reach.at(place)
        learn = reach.learn(radius)
        facts = (*facts_from(reach, radius, learn), *stated)
        levels = tuple(grade(facts, one, criteria, strict=options.strict) for one in sets)
        answer = ReachAnswer(radius, best_acts(reach, radius), learn, facts, levels, criteria)
    unknowns = len(radius.unknown) + (not place.is_known)
    show(options, answer, context(options, loaded, place.cut, unknowns))
    if options.fail_on is None:
        return 0
    reached = [one for one in levels if one.high >= Level[options.fail_on.upper()]]
    for one in reached:
        tell("freehold: " + say("radius.threshold", level=one.high.word, criteria=one.criteria, asked=options.fail_on))
    return 1 if reached else 0


def _see_it_is_a_stack(options: argparse.Namespace) -> None:
    folder = Path(options.stack) if options.stack else None
    if folder is not None and (folder / "journal.db").is_file():
        raise UsageError(f"{folder} is a desk's folder, and reach takes the stack. Name the file or folder of the stack.")


def _pairs(texts: list[str], flag: str, example: str) -> dict[str, str]:
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise UsageError(f"{flag}: '{text}' is not NAME=VALUE, such as {flag} {example}.")
        found[name.strip()] = value.strip()
    return found


def _labels(options: argparse.Namespace) -> Labels:
    from freehold.watch.alert import PLACES, labels_from
    from freehold.watch.places import ALIASES

    found = _pairs(options.label, "--label", "provider=openai")
    known = {*PLACES, *ALIASES, *(alias.replace(".", "_") for alias in ALIASES), "availability", "cover"}
    strange = [name for name in found if name not in known]
    if strange and len(strange) == len(found) and not any(getattr(options, name) for name in _NAMED):
        raise UsageError(f"--label: '{strange[0]}' says nothing of a place. Labels that do: {', '.join(PLACES)}.")
    found |= {name: getattr(options, name) for name in _NAMED if getattr(options, name)}
    return labels_from(**found)


def _place(options: argparse.Namespace, reach: Reach) -> Place:
    """What the flags of a cut-off and the labels say is gone, together."""
    from freehold.cli.flags import cutoff_from
    from freehold.stack.cutoff import Cutoff
    from freehold.watch.places import Place

    labels, cut = _labels(options), cutoff_from(options, reach.stack)
    if not labels and cut is None:
        raise UsageError(
            "nothing is signalled. Say what is gone: --provider ID, --host NAME, --model NAME, --item ID, --label NAME=VALUE, "
            "or any other flag of a cut-off."
        )
    if not labels:
        return Place(cut)
    place = reach.places.tie(labels)
    if cut is None:
        return place
    if place.cut is None:
        return Place(cut, place.ties, place.untied, (labels,))
    both = Cutoff((*cut.rules, *place.cut.rules), f"{cut.name}, {place.cut.name}", cut.notice, cut.stake)
    return Place(both, place.ties, place.untied)


def _facts(options: argparse.Namespace, criteria: Levels) -> tuple[Fact, ...]:
    from freehold.watch.level_facts import stated_facts

    return stated_facts(_pairs(options.fact, "--fact", "persons_affected=1200"), criteria.fact, "--fact")
