"""``freehold schemes``: list, show, score, form. Owns their flags, and which schemes a score is by where none is named."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from freehold.errors import UsageError

if TYPE_CHECKING:
    from freehold.schemes.interface import Asked
    from freehold.schemes.lift_values import Lift
    from freehold.schemes.scheme_values import Scheme, Score
    from freehold.stack.values import Stack

__all__ = ["ACTIONS", "SHOWN", "add_arguments", "run", "schemes_named"]

ACTIONS: Final[Mapping[str, str]] = {
    "list": "the published schemes that a stack can be scored by",
    "show": "what a scheme asks, its points and levels, where it is published, what is not sure about it",
    "score": "score a stack: level and score, what holds the level down, what nobody answered; several side by side",
    "form": "a file of answers to fill in: every question, its choices, and what the stack tells already",
}
SHOWN: Final = ("list", "show", "score")
"""Actions that show an answer."""

_FIRST: Final = "eu-csf-2026"
_MOST_YEARS: Final = 50
_MOST_SECONDS: Final = 86_400
_MOST_TRIES: Final = 1_000_000
_EXAMPLES: Final = """\
examples:
  freehold schemes score STACK                                 every scheme, side by side
  freehold schemes score STACK --scheme eu-csf-2026            one, in full
  freehold schemes form eu-csf-2026 --for STACK -o answers.toml
  freehold schemes score STACK --scheme eu-csf-2026 --answers answers.toml --gate 2
  freehold schemes score STACK --scheme eu-csf-2026 --lift --options options.toml
"""


def add_arguments(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Add the actions and their arguments; gives the parser of each, for what all commands share."""
    parser.epilog = _EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = {name: actions.add_parser(name, help=line, description=line) for name, line in ACTIONS.items()}
    for name in ("show", "form"):
        made[name].add_argument("scheme", metavar="SCHEME", help="a scheme: its id, or a FILE.toml")
    score = made["score"]
    score.add_argument("stack", metavar="STACK", help="a stack, or whatever can be read as one")
    score.add_argument(
        "--scheme", dest="schemes", metavar="SCHEME", action="append", default=[],
        help=f"an id or a FILE.toml; repeatable; without it {_FIRST} comes first and all others follow",
    )  # fmt: skip
    score.add_argument(
        "--answers", metavar="FILE", action="append", default=[],
        help="answers of people, TOML, JSON or CSV: a factor's id and the letter of a choice; repeatable",
    )  # fmt: skip
    score.add_argument(
        "--list", dest="lists", metavar="FILE.csv", action="append", default=[],
        help="a list that a scheme looks products up in, such as evaluated products; called as its file is; repeatable",
    )  # fmt: skip
    score.add_argument(
        "--divisor", metavar="POINTS", type=float,
        help="divide every objective by so many points, as some tools do (1000), instead of by its own greatest sum",
    )  # fmt: skip
    score.add_argument(
        "--gate",
        metavar="LEVELS",
        help="least level that a buyer asks for: of every objective (2), or of some (SOV-1=3,SOV-2=2)",
    )
    score.add_argument(
        "--fail-under-level", metavar="LEVEL", type=int,
        help="exit 1 if the low side of the level is under this, by a scheme that is named (the first where none is)",
    )  # fmt: skip
    _add_lift(score)
    made["form"].add_argument("--for", dest="stack", metavar="STACK", help="a stack: what it tells already is noted")
    made["form"].add_argument("-o", "--output", metavar="FILE", help="write there; without it the file is printed")
    return made


def _add_lift(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what would lift it")
    group.add_argument(
        "--lift", action="store_true", help="what would lift the level of the first scheme, and its score, cheapest first"
    )
    group.add_argument(
        "--options", dest="option_files", metavar="FILE", action="append", default=[],
        help="options of your own, TOML or CSV, beside the stack's candidates; repeatable",
    )  # fmt: skip
    group.add_argument("--no-catalogue", action="store_true", help="leave out the alternatives that the catalogue knows of")
    group.add_argument("--years", metavar="N", type=int, default=1, help="for which running costs count (default 1)")
    group.add_argument("--time", metavar="SECONDS", type=float, help="for the search (default: 60, and 500 sets at most)")


def run(options: argparse.Namespace) -> int:
    """Do what was asked; gives 0, or 1 if a level asked for is not reached.

    Raises
    ------
    freehold.errors.FreeholdError
        If a scheme, answers or the stack cannot be read, or something that is named is not there.
    """
    return {"list": _list, "show": _show, "score": _score, "form": _form}[options.action](options)


def _scheme_named(named: str) -> Scheme:
    """A scheme by its id, or by the name of its file.

    Raises
    ------
    freehold.errors.FreeholdError
        If there is none, or it is not sound.
    """
    from freehold.schemes.measuring import check_parameters
    from freehold.schemes.scheme_file import read_scheme, scheme, schemes_known

    is_file = named.lower().endswith(".toml") or "/" in named or "\\" in named
    return read_scheme(named, check=check_parameters) if is_file and named not in schemes_known() else scheme(named)


def _every_scheme() -> list[Scheme]:
    """Every scheme that comes with Freehold, in the order in which pages tell them."""
    from freehold.schemes.scheme_file import scheme, schemes_known

    known = schemes_known()
    return [scheme(id_) for id_ in (*(id_ for id_ in known if id_ == _FIRST), *(id_ for id_ in known if id_ != _FIRST))]


def schemes_named(named: Sequence[str]) -> list[Scheme]:
    """The schemes that flags name, by their ids or files; every one where none is named.

    Raises
    ------
    freehold.errors.FreeholdError
        If one is not there, or is not sound.
    freehold.errors.UsageError
        If two of them are called alike.
    """
    schemes = [_scheme_named(one) for one in dict.fromkeys(named)] or _every_scheme()
    twice = [one.id for one in schemes if sum(other.id == one.id for other in schemes) > 1]
    if twice:
        raise UsageError(f"--scheme: two schemes are called '{twice[0]}'. Give your own file an id of its own.")
    return schemes


def _list(options: argparse.Namespace) -> int:
    from freehold.cli.output import show
    from freehold.report.scheme_answers import SchemesKnown

    show(options, SchemesKnown(tuple(_every_scheme())))
    return 0


def _show(options: argparse.Namespace) -> int:
    from freehold.cli.output import show
    from freehold.report.scheme_answers import SchemeShown

    show(options, SchemeShown(_scheme_named(options.scheme)))
    return 0


def _score(options: argparse.Namespace) -> int:
    from freehold.cli.loading import context, load
    from freehold.cli.output import show
    from freehold.cli.speech import progress
    from freehold.report.scheme_answers import ScoresAnswer
    from freehold.schemes.amounts_file import read_amounts
    from freehold.schemes.answers_file import read_answers
    from freehold.schemes.asking import asked_of, score_schemes
    from freehold.schemes.lists_file import read_lists

    schemes = schemes_named(options.schemes)
    answers, amounts, lists = read_answers(options.answers, schemes), read_amounts(options.answers), read_lists(options.lists)
    gates = _gates(options.gate, schemes)
    _see_it_fits(options, schemes)
    _see_a_lift_fits(options, schemes[0])
    loaded, _ = load(options)
    with progress("scoring …"):
        asked = asked_of(loaded.stack, strict=options.strict, lists=lists, amounts=amounts)
        scores = score_schemes(asked, schemes, answers, divisor=options.divisor, gates=gates)
    lift = None
    if options.lift:
        with progress("looking for what lifts it …"):
            lift = _lift_of(loaded.stack, scores[0], answers, asked, options)
    show(options, ScoresAnswer(scores, lift), context(options, loaded, None))
    return _status(options, scores if options.schemes else scores[:1])


def _see_it_fits(options: argparse.Namespace, schemes: Sequence[Scheme]) -> None:
    """Refuse a divisor or a threshold that no scheme has a use for, before the stack is read."""
    if options.divisor is not None and not any(one.kind == "points" for one in schemes):
        raise UsageError("--divisor: none of the schemes is one of points. Leave it out.")
    if options.fail_under_level is None:
        return
    meant = schemes if options.schemes else schemes[:1]
    levels = [level.level for one in meant for level in one.levels]
    if not levels:
        raise UsageError("--fail-under-level: none of the schemes has levels. Leave it out.")
    if not min(levels) <= options.fail_under_level <= max(levels):
        raise UsageError(f"--fail-under-level: {options.fail_under_level} is no level. Levels: {min(levels)} to {max(levels)}.")


def _see_a_lift_fits(options: argparse.Namespace, scheme: Scheme) -> None:
    """Refuse flags of a lift that make no sense, before the stack is read."""
    if not options.lift:
        asked = (
            ("--options", options.option_files or None), ("--no-catalogue", options.no_catalogue or None),
            ("--time", options.time), ("--years", None if options.years == 1 else options.years),
        )  # fmt: skip
        for flag, value in asked:
            if value is not None:
                raise UsageError(f"{flag} says what could lift a level. Add --lift, or leave it out.")
        return
    if scheme.kind in ("grades", "figures"):
        raise UsageError(
            f"--lift: {scheme.id} is a scheme of {scheme.kind}, without a level to lift. Name another --scheme first."
        )
    if not 1 <= options.years <= _MOST_YEARS:
        raise UsageError(f"--years: {options.years} is no number from 1 to {_MOST_YEARS}.")
    if options.time is not None and not 0 < options.time <= _MOST_SECONDS:
        raise UsageError(f"--time: {options.time:g} is no number of seconds over 0 and up to {_MOST_SECONDS:,}.")


def _lift_of(stack: Stack, scored: Score, answers: Mapping[str, str], asked: Asked, options: argparse.Namespace) -> Lift:
    """What would lift a score, by the options that the flags name."""
    from freehold import work
    from freehold.plan.proposals import options_of
    from freehold.schemes.answers_file import answers_of
    from freehold.schemes.asking import asked_of
    from freehold.schemes.lift import lift
    from freehold.schemes.scoring import score

    own = answers_of(scored.scheme, answers)

    def score_of(built: Stack) -> Score:
        again = asked_of(built, strict=asked.strict, lists=asked.lists, amounts=asked.amounts)
        return score(scored.scheme, again, own, divisor=scored.divisor, gate=scored.gate)

    offered = options_of(stack, options.option_files, None if options.no_catalogue else work.catalogue())
    if options.time is None:
        return lift(scored, score_of, stack, offered, years=options.years)
    return lift(scored, score_of, stack, offered, years=options.years, tries=_MOST_TRIES, seconds=options.time)


def _status(options: argparse.Namespace, scores: Sequence[Score]) -> int:
    from freehold.cli.speech import tell
    from freehold.words import say

    asked = options.fail_under_level
    under = [one for one in scores if asked is not None and one.level is not None and one.level[0] < asked]
    for one in under:
        assert one.level is not None
        tell("freehold: " + say("schemes.threshold", scheme=one.scheme.id, level=one.level[0], asked=asked))
    return 1 if under else 0


def _gates(text: str | None, schemes: Sequence[Scheme]) -> dict[str, dict[str, int]] | None:
    """Least levels by objective, by scheme; ``None`` where no gate is given."""
    if text is None:
        return None
    mend = "Write one level for all objectives, such as 2, or SOV-1=3,SOV-2=2"
    with_levels = [one for one in schemes if one.levels]
    if not with_levels:
        raise UsageError("--gate: none of the schemes has levels. Leave it out.")
    if text.strip().isascii() and text.strip().isdigit():
        level = _level(text, mend)
        found = {
            one.id: {objective.id: level for objective in one.objectives}
            for one in with_levels
            if level in [known.level for known in one.levels]
        }
        if not found:
            raise UsageError(f"--gate: {level} is a level of none of the schemes. {mend}.")
        return found
    least: dict[str, int] = {}
    for part in text.split(","):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not name:
            raise UsageError(f"--gate: '{part.strip()[:60]}' is not OBJECTIVE=LEVEL. {mend}.")
        if name in least:
            raise UsageError(f"--gate: '{name[:60]}' stands twice. Give each objective one level.")
        least[name] = _level(value, mend)
    found = {}
    for one in with_levels:
        own = {objective.id: least[objective.id] for objective in one.objectives if objective.id in least}
        if own:
            found[one.id] = own
    strange = [name for name in least if not any(name in own for own in found.values())]
    if strange:
        from freehold.stack.cells import nearest

        known = [objective.id for one in with_levels for objective in one.objectives]
        near = nearest(strange[0], known)
        said = f"Did you mean '{near[0]}'?" if near else f"{mend}."
        raise UsageError(f"--gate: '{strange[0][:60]}' is no objective of the schemes. {said}")
    return found


def _level(text: str, mend: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 4):
        raise UsageError(f"--gate: '{text.strip()[:60]}' is no level. {mend}.")
    return int(text)


def _form(options: argparse.Namespace) -> int:
    from freehold.cli.loading import load
    from freehold.cli.output import write
    from freehold.schemes.answers_form import answers_form
    from freehold.schemes.asking import asked_of
    from freehold.schemes.scoring import score

    scheme = _scheme_named(options.scheme)
    if scheme.kind == "grades":
        raise UsageError(
            f"{scheme.id} is a scheme of grades: its grades come from the stack's components, and nobody answers it."
        )
    told = None
    if options.stack is not None:
        loaded, _ = load(options)
        told = score(scheme, asked_of(loaded.stack, strict=options.strict))
    write(options.output, answers_form(scheme, told))
    return 0
