"""Sentences that several views share: what was asked about, how much is known, how a cut-off reads. Owns their wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from freehold.measure.why import Step
from freehold.report.answers import Context
from freehold.report.evidence import Notes
from freehold.report.figures import country, country_in_sentence
from freehold.report.interface import Block, Paragraph, Tree
from freehold.stack.countries import country_name, is_region
from freehold.stack.cutoff import WAYS, Cutoff, Rule
from freehold.stack.durations import format_days
from freehold.stack.values import OWN_NAME, Stack
from freehold.words import day, language_locale, listed, percent, remark, say, sentences

__all__ = [
    "capital", "count", "day_place", "item_name", "known_paragraphs", "read_paragraphs", "rules_in_words", "settings_line",
    "stack_line", "steps_tree", "who", "who_in_sentence",
]  # fmt: skip


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def count(key: str, number: int) -> str:
    """A number of things: ``KEY_one`` or ``KEY_many``."""
    return say(f"{key}_{'one' if number == 1 else 'many'}", count=f"{number:,}")


def day_place(days_: Sequence[float], wanted: float = 30.0) -> int:
    """Place of the last day that is not after the one wanted; the first if all are."""
    return max((place for place, at in enumerate(days_) if at <= wanted), default=0)


def item_name(stack: Stack | None, id_: str) -> str:
    """An item's name, else its id."""
    row = stack.item_by_id.get(id_) if stack is not None else None
    return row.name if row is not None and row.name else id_


def who(stack: Stack | None, id_: str) -> str:
    """Name of a provider, or of a country or group of countries; else the id."""
    row = stack.provider_by_id.get(id_) if stack is not None else None
    if row is not None:
        return say("report.organisation") if row.name == OWN_NAME else row.name or row.id
    return country_name(id_, language_locale()) if is_region(id_) else id_


def who_in_sentence(stack: Stack | None, id_: str) -> str:
    """As :func:`who`, with the article that some countries have within a sentence."""
    if (stack is None or id_ not in stack.provider_by_id) and is_region(id_):
        return country_in_sentence(id_)
    return who(stack, id_)


def stack_line(stack: Stack) -> str:
    """What was read, in a line."""
    return say(
        "report.read_stack",
        file=stack.path or say("report.memory"),
        items=count("report.items", len(stack.items)),
        sources=count("report.sources", len(stack.sources)),
        needs=count("report.needs", len(stack.needs)),
    )


def settings_line(stack: Stack) -> str:
    """Whose view it is."""
    if stack.home is None:
        return say("report.no_home")
    trusted = listed(country_name(code, language_locale()) for code in stack.trusted) or say("report.nobody")
    return say("report.home", home=country(stack.home), trusted=trusted)


def read_paragraphs(context: Context) -> list[Block]:
    """What was read and whose view it is; nothing for a question to the catalogue alone."""
    stack = context.stack
    return [] if stack is None else [Paragraph(sentences((stack_line(stack), settings_line(stack))), "quiet")]


def known_paragraphs(context: Context) -> tuple[Paragraph, ...]:
    """How much is known, and how many unknown facts the answer rests on."""
    found = []
    if context.unknowns is not None:
        if context.unknowns:
            found.append(Paragraph(count("report.unknowns", context.unknowns), "warn"))
        else:
            found.append(Paragraph(say("report.unknowns_none")))
    known = context.coverage
    if known is not None:
        found.append(
            Paragraph(
                say(
                    "report.coverage",
                    provider=percent(known.provider), country=percent(known.country), owner=percent(known.owner),
                    licence=percent(known.licence),
                ),
                "quiet",
            )
        )  # fmt: skip
    return tuple(found)


def rules_in_words(cut: Cutoff | None, stack: Stack | None) -> str:
    """What is cut, in words."""
    if cut is None or not cut.rules:
        return say("cutoff.nothing")
    return say("cutoff.rule_or").join(_rule(rule, stack) for rule in cut.rules)


def _rule(rule: Rule, stack: Stack | None) -> str:
    parts = []
    for name, value in rule.selectors.items():
        shown = str(value)
        if name in ("provider", "owner", "country"):
            shown = who_in_sentence(stack, shown)
        parts.append(say(f"cutoff.selector_{name}", value=shown))
    text = say("cutoff.rule_and").join(parts)
    if set(rule.via) != set(WAYS):
        text += say("cutoff.via", ways=listed(rule.via))
    if rule.availability > 0:
        text += say("cutoff.left", left=percent(rule.availability))
    if rule.from_day > 0:
        text += say("cutoff.from", day=day(rule.from_day))
    if format_days(rule.until_day) != "forever":
        text += say("cutoff.until", day=day(rule.until_day))
    return text + (say("cutoff.void") if rule.cover == "void" else "")


_DEEPEST: Final = 100
"""Steps below each other that are shown as a tree; CSV and JSON list all."""


def steps_tree(steps: Sequence[Step], notes: Notes) -> tuple[Tree, ...]:
    """Steps as trees: a step stands under the one that needs its item.

    Parameters
    ----------
    steps
        From the item asked for down.
    notes
        Where their evidence is numbered.
    """
    above: list[int | None] = []
    first: dict[str, int] = {}
    needing: dict[str, int] = {}
    for place, step in enumerate(steps):
        same = first.setdefault(step.item, place)
        above.append(needing.get(step.item, above[same] if same < place else None))
        if step.need is not None:
            needing[step.need] = place
    below: list[list[int]] = [[] for _ in steps]
    counts = [1] * len(steps)
    for place in range(len(steps) - 1, -1, -1):
        parent = above[place]
        if parent is not None:
            below[parent].append(place)
            counts[parent] += counts[place]

    def tree(place: int, depth: int) -> Tree:
        step = steps[place]
        numbers = notes.of_claims(step.evidence)
        if not numbers:
            numbers = notes.of_source(step.source) if step.source else notes.of_row("items", step.item)
        if depth < _DEEPEST:
            inner = _merged(tuple(tree(later, depth + 1) for later in reversed(below[place])))
        else:
            hidden = counts[place] - 1
            inner = (Tree(say("whyview.deeper", count=f"{hidden:,}")),) if hidden else ()
        since = say("whyview.since", day=day(step.day), level=percent(step.level))
        return Tree(remark(step.because, since), inner, notes=numbers)

    return _merged(tuple(tree(place, 1) for place, parent in enumerate(above) if parent is None))


def _merged(trees: tuple[Tree, ...]) -> tuple[Tree, ...]:
    """Trees side by side that say the same are one, with all that follows from them."""
    found: dict[str, Tree] = {}
    for one in trees:
        known = found.get(one.text)
        if known is None:
            found[one.text] = one
        else:
            notes = tuple(dict.fromkeys((*known.notes, *one.notes)))
            found[one.text] = replace(known, children=_merged((*known.children, *one.children)), notes=notes)
    return tuple(found.values())
