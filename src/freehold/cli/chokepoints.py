"""``freehold chokepoints``: which few, together, can stop us. Owns its flags, and what they come to."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freehold.errors import UnknownId, UsageError

if TYPE_CHECKING:
    from freehold.report.answers import ExplainedChokepoints
    from freehold.stack.values import Stack

__all__ = ["add_arguments", "run"]

_GROUPS = ("item", "source", "leaf", "provider", "owner", "country")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what only this command has."""
    group = parser.add_argument_group("the question")
    group.add_argument(
        "--target", metavar="ITEM", help="what is to be stopped; by default what must be kept running as a whole"
    )
    group.add_argument("--of", choices=_GROUPS, default="provider", help="what can be lost as one (default provider)")
    group.add_argument(
        "--order", metavar="K", type=int, default=3, help="how many losses together are looked for at most (default 3)"
    )
    group.add_argument("--day", metavar="DAY", help="the day of the question; by default in the end, all stocks used up")
    group.add_argument("--days", metavar="LIST", help="days on which single losses are reported (default 0,7,30,90,365,1095)")
    group.add_argument("--floor", metavar="LEVEL", help="level under which the target has stopped (default 0.5)")
    group.add_argument("--most", metavar="N", type=int, default=10, help="how many cut sets are listed (default 10)")
    group.add_argument("--via", metavar="WAYS", help="ways of control that count: provider,owner,location,origin (default all)")
    group.add_argument(
        "--stake", metavar="PART", type=float, default=0.5, help="an owner controls from this stake on (default 0.5)"
    )
    chance = parser.add_argument_group("how likely, how dear")
    chance.add_argument(
        "--probability", metavar="ID=P", action="append", default=[],
        help="of losing a provider, an owner or a country, a year, such as 0.02; repeatable; wins over what the stack states",
    )  # fmt: skip
    chance.add_argument(
        "--cheapest", metavar="ID=WEIGHT", nargs="*",
        help="the cut set of least weight: weights by id, or a TOML or CSV file of them; 1 where none is said",
    )  # fmt: skip
    search = parser.add_argument_group("the search")
    search.add_argument(
        "--time", metavar="SECONDS", type=float, default=60.0,
        help="for the whole search, reasons included; what is known by then is told (default 60)",
    )  # fmt: skip
    search.add_argument("--memory", metavar="SIZE", default="512MB", help="what a diagram may take (default 512MB)")
    search.add_argument(
        "--kernel", choices=("auto", "plain", "compiled"), default="auto", help="how it is computed; the answer is the same"
    )
    search.add_argument(
        "--fail-on-order", metavar="K", type=int, help="exit 1 if K losses or fewer can stop it, or if that is not known"
    )


def run(options: argparse.Namespace) -> int:
    """Answer, and show the answer.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or a number makes no sense.
    """
    from freehold import work
    from freehold.cli.amounts import bytes_from
    from freehold.cli.flags import day_from, via_from
    from freehold.cli.loading import context, load
    from freehold.cli.output import show
    from freehold.cli.speech import progress
    from freehold.measure.cutoff import DAYS, FLOOR

    if options.fail_on_order is not None and options.fail_on_order < 1:
        raise UsageError(
            f"--fail-on-order: {options.fail_on_order} makes no sense. Say from how many losses on it is fine: 1 or more."
        )
    if math.isnan(options.time) or options.time <= 0:
        raise UsageError(f"--time: {options.time:g} seconds are no time to search in. Give a number above 0.")
    loaded, settings = load(options)
    stack, countries = _with_probabilities(loaded.stack, options.of, options.probability)
    order = options.order if options.order < 1 else max(options.order, options.fail_on_order or 0)
    with progress("computing …"):
        answer = work.chokepoints(
            stack, options.target, of=options.of, order=order,
            day=None if options.day is None else day_from(options.day, "--day"),
            days=settings.days or DAYS, floor=settings.floor or FLOOR, most=options.most, via=via_from(options),
            stake=options.stake, strict=options.strict, weights=_weights(stack, options.of, options.cheapest),
            probabilities=countries, seconds=options.time, memory=bytes_from(options.memory, "--memory"), kernel=options.kernel,
        )  # fmt: skip
    show(options, answer, context(options, replace(loaded, stack=stack), None, answer.answer.unknowns))
    return 0 if options.fail_on_order is None else _status(answer, stack, options.fail_on_order)


def _status(explained: ExplainedChokepoints, stack: Stack, limit: int) -> int:
    from freehold.cli.speech import tell
    from freehold.report.view_chokepoints import target_in_words
    from freehold.words import percent, say

    answer = explained.answer
    words: dict[str, Any] = {"target": target_in_words(answer, stack), "order": limit, "floor": percent(answer.floor)}
    count = sum(count for order, count in answer.counts.items() if order <= limit)
    if answer.is_down:
        tell("freehold: " + say("chokepoints.threshold_down", **words))
    elif count:
        tell("freehold: " + say("chokepoints.threshold", count=f"{count:,}", **words))
    elif answer.complete_to is not None and answer.complete_to < limit:
        tell("freehold: " + say("chokepoints.threshold_unknown", complete=answer.complete_to, **words))
    else:
        return 0
    return 1


def _pair(text: str, flag: str, example: str) -> tuple[str, float]:
    id_, sign, value = text.rpartition("=")
    if not sign or not id_.strip():
        raise UsageError(f"{flag}: '{text}' is not {example.replace('acme', 'ID')}, such as {flag} {example}.")
    return id_.strip(), _number(value, f"{flag}: '{text}'")


def _number(text: object, where: str) -> float:
    try:
        return float(str(text).strip())
    except ValueError:
        raise UsageError(f"{where}: '{text}' is no number.") from None


def _with_probabilities(stack: Stack, of: str, asked: Sequence[str]) -> tuple[Stack, dict[str, float]]:
    """The stack with the probabilities of providers that the flags state, and those of countries."""
    from freehold.measure.importance import check_probability
    from freehold.stack.countries import is_country

    countries: dict[str, float] = {}
    providers: dict[str, float] = {}
    for text in asked:
        id_, value = _pair(text, "--probability", "acme=0.02")
        check_probability(value, f"--probability {text}")
        if is_country(id_) and (of == "country" or id_ not in stack.provider_by_id):
            countries[id_] = value
        else:
            providers[_provider(stack, id_)] = value
    if countries and of != "country":
        raise UsageError(
            f"--probability: {next(iter(countries))} is a country, and here no countries can be lost. Add --of country."
        )
    if providers and of == "country":
        raise UsageError(
            f"--probability: '{next(iter(providers))}' is a provider, and with --of country only countries can be lost. "
            "Write a country's code, such as US=0.02."
        )
    rows = tuple(replace(row, probability=providers[row.id]) if row.id in providers else row for row in stack.providers)
    return (replace(stack, providers=rows) if providers else stack), countries


def _provider(stack: Stack, asked: str) -> str:
    from freehold.stack.cells import nearest

    wanted = asked.casefold()
    named = [row.id for row in stack.providers if asked == row.id] or [
        row.id for row in stack.providers if wanted in (row.id.casefold(), (row.name or "").casefold())
    ]
    if len(named) != 1:
        raise UnknownId("provider", asked, nearest(asked, [row.id for row in stack.providers]))
    return named[0]


def _weights(stack: Stack, of: str, asked: Sequence[str] | None) -> dict[str, float] | None:
    """Weights by member, from the flags and the files that they name; ``None`` if no cheapest set is asked for."""
    if asked is None:
        return None
    found: dict[str, float] = {}
    for text in asked:
        pairs = _weights_of_file(Path(text)) if "=" not in text else dict([_pair(text, "--cheapest", "acme=3")])
        for id_, weight in pairs.items():
            if not 0 < weight < math.inf:
                raise UsageError(f"--cheapest: a weight of {weight:g} for '{id_}' makes no sense. Give a number above 0.")
            found[_member(stack, of, id_)] = weight
    return found


def _member(stack: Stack, of: str, asked: str) -> str:
    from freehold.work import find_item

    if asked == "?":
        return asked
    if of == "item":
        return find_item(stack, asked)
    return _provider(stack, asked) if of in ("provider", "owner") else asked


def _weights_of_file(path: Path) -> Mapping[str, float]:
    import csv
    import io

    from freehold.read.interface import read_text
    from freehold.stack.toml_text import BadToml, parse_toml

    text = read_text(path)
    if path.suffix.lower() == ".toml":
        try:
            table = parse_toml(text)
        except BadToml as error:
            raise UsageError(f"--cheapest: {path}: {error}") from error
        rows = list(table.items())
        if any(isinstance(value, (dict, list)) for _, value in rows):
            raise UsageError(f"--cheapest: {path} is no list of weights. Write one a line, id = weight, with no tables in it.")
    else:
        try:
            rows = [(row[0], row[1]) for row in csv.reader(io.StringIO(text)) if len(row) > 1 and row[0].strip()]
        except csv.Error as error:
            raise UsageError(f"--cheapest: {path} is no CSV ({error}). Write one a line: id,weight.") from error
        if rows and rows[0][1].strip().casefold() in ("weight", "cost"):
            rows = rows[1:]
    if not rows:
        raise UsageError(f"--cheapest: {path} has no weights. Write one a line: id,weight; or in TOML: id = weight.")
    return {str(id_).strip(): _number(value, f"--cheapest: {path}, '{id_}'") for id_, value in rows}
