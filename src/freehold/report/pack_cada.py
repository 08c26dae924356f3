"""The evidence that the draft of a Cloud and AI Development Act asks for in its Annex II, as far as a stack can show it.

Owns what is shown of each letter; the letters are told in our own words, and the draft may change.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from freehold.report.interface import Column, Row, Table
from freehold.report.pack_rows import Rows, dependencies_table, evidence_of, truth_word
from freehold.report.pack_values import OpenQuestion, Pack, PackAsked, PackFile, csv_text, questions_table, sources_of
from freehold.report.sentences import who
from freehold.stack.cutoff import WAYS
from freehold.stack.values import UNKNOWN, Source
from freehold.words import say

__all__ = ["cada_pack"]

_SOFTWARE: Final = frozenset({"application", "software", "framework", "os", "platform", "model"})
_ASSETS: Final = frozenset({"hardware", "network", "cloud", "platform"})
_DATA: Final = frozenset({"data", "service", "cloud", "model"})
_LETTERS: Final = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k")
_NOT_IN_A_STACK: Final = frozenset({"d", "e", "f", "j", "k"})


def cada_pack(asked: PackAsked) -> Pack:
    """Make the pack.

    Parameters
    ----------
    asked
        What it is made of.
    """
    rows = Rows(asked)
    software = rows.components("software.csv", _SOFTWARE, purls=True)
    listed = {str(row.cells[0]) for row in software.rows}
    criteria = _criteria(rows)
    questions = (*rows.questions, *_letters_open())
    files = (
        PackFile("sbom.cdx.json", asked.sbom, say("packs.sbom"), "Annex II (i)"),
        PackFile("software.csv", csv_text(software), say("packs.cada_software"), "Annex II (i)"),
        PackFile("dependencies.csv", csv_text(dependencies_table(asked)), say("packs.cada_dependencies"), "Annex II (i)"),
        PackFile(
            "foreign-owned-software.csv", csv_text(_foreign(rows, listed)), say("packs.cada_foreign"), "Annex II (g), (i)"
        ),
        PackFile("criteria.csv", csv_text(criteria), say("packs.cada_criteria"), "Annex II (a)-(k)"),
        PackFile("open-questions.csv", csv_text(questions_table(questions)), say("packs.questions"), "Annex II"),
    )
    doubts = (say("packs.cada_doubt_draft"), say("packs.cada_doubt_region"), say("packs.cada_doubt_control"))
    return Pack("cada", say("packs.cada_title"), files, sources_of("cada"), doubts, questions)


def _foreign(rows: Rows, listed: Collection[str]) -> Table:
    """Software that is foreign-owned or foreign-supplied, surely or perhaps, and the measures that stand ready."""
    asked = rows.asked
    columns = tuple(
        Column(name, name)
        for name in (
            "item", "source", "supplier", "supplier_country", "owner_countries", "foreign", "licence", "copy_held", "standby",
            "candidates", "options", "measures", "evidence",
        )
    )  # fmt: skip
    kept = {need.item for need in asked.stack.needs if need.survive == float("inf")}
    found = []
    for source in asked.stack.sources:
        if source.item not in listed or source.status == "candidate":
            continue
        truth = rows.control.foreign(source, ("provider", "owner"))
        if truth is False:
            continue
        others = [one for one in asked.stack.sources_of[source.item] if one.id != source.id]
        free = [one for one in others if rows.control.foreign(one, WAYS) is False]
        standby = [one.id for one in free if one.status != "candidate"]
        candidates = [one.id for one in free if one.status == "candidate"]
        options = rows.options_for(source.item, lambda by, one: by.foreign(one, WAYS) is False)
        held = source.item in kept
        ready = (("standby", standby), ("candidate", candidates), ("option", options), ("copy held", held))
        measures = [name for name, there in ready if there]
        provider = source.provider if isinstance(source.provider, str) else ""
        owners = sorted(rows.control.countries(source, "owner") - {"?"})
        seat = rows.control.seat(provider) if provider else ""
        cells = (
            source.item, source.id, who(asked.stack, provider) if provider else "", "" if seat == "?" else seat,
            ";".join(owners), truth_word(truth), source.licence if isinstance(source.licence, str) else "",
            "yes" if held else "no",
            ";".join(standby), ";".join(candidates), ";".join(options), "; ".join(measures) or "none",
            evidence_of(asked, source.item, source.id),
        )  # fmt: skip
        found.append(Row(cells))
    return Table(columns, tuple(found))


def _criteria(rows: Rows) -> Table:
    """Letter by letter what the stack shows, and how much of it is surely so, surely not, or not known."""
    columns = (
        Column("letter", "letter", "id"), Column("asks", "asks"), Column("shown", "shown"), Column("inside", "inside", "count"),
        Column("outside", "outside", "count"), Column("not_known", "not_known", "count"), Column("told", "told"),
    )  # fmt: skip
    found = []
    for letter in _LETTERS:
        counts = _counts(rows, letter)
        shown = "no" if letter in _NOT_IN_A_STACK else "partly"
        if letter == "i":
            shown = "yes"
        told = say(f"packs.cada_told_{letter}", home=rows.asked.stack.home or say("report.not_known"))
        cells = (letter, say(f"packs.cada_asks_{letter}"), shown, *(counts or (None, None, None)), told)
        found.append(Row(cells))
    return Table(columns, tuple(found))


def _counts(rows: Rows, letter: str) -> tuple[int, int, int] | None:
    """Sources in use that are surely inside, surely outside, or not known, by what a letter looks at."""
    ways: dict[str, tuple[Collection[str] | None, tuple[str, ...]]] = {
        "b": (_ASSETS, ("location",)), "c": (_DATA, ("location",)), "g": (None, ("provider", "owner")),
        "h": (frozenset({"skill"}), ("provider", "location")), "i": (_SOFTWARE, ("provider", "owner")),
    }  # fmt: skip
    if letter not in ways:
        return None
    kinds, via = ways[letter]
    found = [0, 0, 0]
    for source in _in_use(rows.asked):
        kind = rows.asked.stack.item_by_id[source.item].kind
        if kinds is None or kind in kinds:
            truth = rows.control.foreign(source, via)
            found[2 if truth is None else int(truth)] += 1
    return found[0], found[1], found[2]


def _in_use(asked: PackAsked) -> tuple[Source, ...]:
    return tuple(one for one in asked.stack.sources if one.status in (None, "in-use", UNKNOWN))


def _letters_open() -> tuple[OpenQuestion, ...]:
    return tuple(
        OpenQuestion("criteria.csv", "shown", letter, say(f"packs.cada_asks_{letter}"), say("packs.ask_provider_of_service"))
        for letter in sorted(_NOT_IN_A_STACK)
    )
