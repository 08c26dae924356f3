"""From flags to values: settings, a cut-off, a day. Owns what each flag means."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from freehold.errors import BadCutoff, UsageError
from freehold.settings import Settings, find_settings
from freehold.stack.cutoff import WAYS, Cutoff, Rule
from freehold.stack.durations import parse_days
from freehold.stack.redaction import WHAT, Redaction
from freehold.stack.values import Stack
from freehold.words import listed, say

__all__ = ["cutoff_from", "day_from", "meanings_from", "redaction_from", "settings_from", "via_from", "view_flags"]


def meanings_from(options: argparse.Namespace) -> dict[str, str]:
    """What columns mean, by heading.

    Raises
    ------
    freehold.errors.UsageError
        If one is not of the form ``COLUMN=MEANING``.
    """
    found = {}
    for text in options.map:
        column, sign, meaning = text.rpartition("=")
        if not sign or not column.strip():
            raise UsageError(f"--map: '{text}' is not COLUMN=MEANING, such as --map 'Hosted in=location'.")
        found[column.strip()] = meaning.strip()
    return found


def redaction_from(options: argparse.Namespace) -> Redaction:
    """What is hidden before anything is shown.

    Raises
    ------
    freehold.errors.UsageError
        If it names what cannot be hidden.
    """
    what = tuple(part.strip() for part in options.redact.split(",") if part.strip())
    strange = [part for part in what if part not in WHAT]
    if strange or not what:
        raise UsageError(f"--redact: '{', '.join(strange)}' cannot be hidden. Choose from: {','.join(WHAT)}.")
    return Redaction(what)


def settings_from(options: argparse.Namespace) -> Settings:
    """Settings from the flags, the environment and the files."""
    return find_settings({name: getattr(options, name, None) for name in ("home", "trusted", "days", "floor", "language")})


def view_flags(options: argparse.Namespace) -> tuple[str, ...]:
    """The flags by which the user chose within a database and whose view it is: with them a further command answers alike."""
    flags = (
        ("--stack", options.stack_name), ("--at", options.at), ("--home", options.home), ("--trusted", options.trusted),
    )  # fmt: skip
    chosen = tuple(word for flag, value in flags if value is not None for word in (flag, value))
    return (*chosen, "--strict") if options.strict else chosen


def via_from(options: argparse.Namespace) -> tuple[str, ...]:
    """Ways of control that count.

    Raises
    ------
    freehold.errors.UsageError
        If one is not a way.
    """
    if options.via is None:
        return WAYS
    ways = tuple(way.strip() for way in options.via.split(",") if way.strip())
    strange = [way for way in ways if way not in WAYS]
    if strange or not ways:
        raise UsageError(f"--via: '{', '.join(strange)}' is no way of control. Choose from: {','.join(WAYS)}.")
    return ways


def day_from(text: str, flag: str) -> float:
    """A day from a flag.

    Raises
    ------
    freehold.errors.UsageError
        If it is none, or endless.
    """
    try:
        day = parse_days(text)
    except ValueError as error:
        raise UsageError(f"{flag}: '{text}' is not a day ({error}).") from None
    if day == float("inf"):
        raise UsageError(f"{flag}: 'forever' is not a day. Write a number such as 30.")
    return day


def cutoff_from(options: argparse.Namespace, stack: Stack, *, default_foreign: bool = False) -> Cutoff | None:
    """The cut-off that the flags describe; ``None`` if none does.

    Parameters
    ----------
    options
        Parsed flags.
    stack
        Items may be named by name or by the last part of a purl.
    default_foreign
        Whether no flag means everything foreign.

    Raises
    ------
    freehold.errors.FreeholdError
        If a rule names what is not there.
    """
    from freehold.work import check_providers, find_item, read_scenario

    if not 0 <= options.stake <= 1:
        raise UsageError(f"--stake: {options.stake} is not between 0 and 1.")
    shared: dict[str, Any] = {"via": via_from(options), "cover": "void" if options.revoke else "keep"}
    rules = [
        *(Rule(country=country, **shared) for country in options.country),
        *(Rule(provider=_provider(stack, provider), **shared) for provider in options.provider),
        *(Rule(owner=_provider(stack, owner), **shared) for owner in options.owner),
        *(Rule(item=find_item(stack, item), **shared) for item in options.items),
        *(Rule(source=source, **shared) for source in options.source),
        *([Rule(foreign=True, **shared)] if options.foreign else []),
    ]
    check_providers(stack, rules)
    scenarios = [read_scenario(path) for path in options.scenario]
    rules += [rule for scenario in scenarios for rule in scenario.rules]
    if not rules and default_foreign:
        rules = [Rule(foreign=True, **shared)]
    if not rules:
        return None
    names = [scenario.name for scenario in scenarios]
    notice = _one((scenario.notice for scenario in scenarios), "notice")
    stakes = [scenario.stake for scenario in scenarios]
    return Cutoff(tuple(rules), " + ".join(names) or _name(rules), notice, stakes[0] if stakes else options.stake)


def _provider(stack: Stack, asked: str) -> str:
    """A provider's id, by its id or name in the stack or in the catalogue; a product stands for whoever provides it."""
    from freehold.catalogue.match import matcher_of
    from freehold.work import catalogue

    if asked in stack.provider_by_id or catalogue().provider(asked) is not None:
        return asked
    wanted = asked.strip().casefold()
    named = {row.id for row in stack.providers if wanted in (row.id.casefold(), (row.name or "").casefold())}
    if len(named) == 1:
        return named.pop()
    match = None if named else matcher_of(catalogue()).match_name(asked)
    return match.provider if match is not None and match.provider is not None else asked


def _one(values: Iterable[float], what: str) -> float:
    found = set(values)
    if len(found) > 1:
        raise BadCutoff(f"the scenarios state different values of {what}. Run them one by one.")
    return found.pop() if found else 0.0


def _name(rules: list[Rule]) -> str:
    words = [
        say("cutoff.selector_foreign") if rule.foreign else next(f"{key} {value}" for key, value in rule.selectors.items())
        for rule in rules
    ]
    return listed(words)
