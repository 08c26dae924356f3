"""The evidence that C3A asks for on supply chains (SOV-5): software, hardware, external services, export restrictions.

Owns which row of a stack goes into which of its four lists; the criteria are told in our own words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from freehold.report.interface import Column, Range, Row, Table
from freehold.report.pack_rows import Rows, evidence_of
from freehold.report.pack_values import Pack, PackAsked, PackFile, csv_text, questions_table, sources_of
from freehold.stack.control import Control, Truth
from freehold.stack.countries import NO_COUNTRY
from freehold.stack.cutoff import WAYS
from freehold.stack.values import Source, is_stated
from freehold.words import say

__all__ = ["c3a_pack"]

_SOFTWARE: Final = frozenset({"application", "software", "framework", "os", "platform", "model"})
_HARDWARE: Final = frozenset({"hardware", "chip", "network", "equipment"})
_SERVICES: Final = frozenset({"cloud", "service", "registry", "network", "data", "platform", "model"})


def c3a_pack(asked: PackAsked) -> Pack:
    """Make the pack.

    Parameters
    ----------
    asked
        What it is made of.
    """
    rows = Rows(asked)
    names = (
        "sov-5-01-software.csv",
        "sov-5-02-hardware.csv",
        "sov-5-03-external-services.csv",
        "sov-5-04-export-restrictions.csv",
    )
    tables = (
        rows.components(names[0], _SOFTWARE, purls=True), rows.components(names[1], _HARDWARE),
        rows.components(names[2], _SERVICES, services_only=True), _restrictions(rows),
    )  # fmt: skip
    files = [
        PackFile(name, csv_text(table), say(f"packs.c3a_{number}"), f"SOV-5-0{number}")
        for number, (name, table) in enumerate(zip(names, tables, strict=True), 1)
    ]
    questions = rows.questions
    files.append(PackFile("sbom.cdx.json", asked.sbom, say("packs.sbom"), "SOV-5-01"))
    files.append(PackFile("open-questions.csv", csv_text(questions_table(questions)), say("packs.questions"), "SOV-5"))
    doubts = tuple(say(f"packs.c3a_doubt_{name}") for name in ("summary", "origin", "process"))
    return Pack("c3a", say("packs.c3a_title"), tuple(files), sources_of("c3a"), doubts, questions)


def _restrictions(rows: Rows) -> Table:
    """Who abroad can forbid what, by which way, what that takes, and what is ready against it."""
    asked = rows.asked
    columns = (
        Column("country", "country", "id"), Column("item", "item", "id"), Column("source", "source", "id"),
        Column("ways", "ways"),
        Column("surely", "surely"), Column("mission_lost", "mission_lost", "percent"), Column("standby", "standby"),
        Column("candidates", "candidates"), Column("options", "options"), Column("cover_days", "cover_days"),
        Column("evidence", "evidence"),
    )  # fmt: skip
    covers = _covers(asked)
    lost = {one.id: Range(one.loss.low[-1], one.loss.high[-1]) for one in asked.assessed.controllers}
    found = []
    for source in asked.stack.sources:
        if source.status == "candidate":
            continue
        for country, ways in _reach(rows, source).items():
            standby, candidates, options = _against(rows, source, country)
            cells = (
                country, source.item, source.id, ";".join(ways), "yes" if country != "?" else "perhaps", lost.get(country),
                ";".join(standby), ";".join(candidates), ";".join(options), covers.get(source.item, ""),
                evidence_of(asked, source.item, source.id),
            )  # fmt: skip
            found.append((country == "?", country, Row(cells)))
    return Table(columns, tuple(row for _, _, row in sorted(found, key=lambda one: one[:2])))


def _reach(rows: Rows, source: Source) -> dict[str, list[str]]:
    """Countries outside that control a source, each with the ways by which it does; ``?`` where that is not known."""
    found: dict[str, list[str]] = {}
    for way in WAYS:
        for country in sorted(rows.control.countries(source, way)):
            if country != NO_COUNTRY and country not in rows.control.inside:
                found.setdefault(country, []).append(way)
    return found


def _against(rows: Rows, source: Source, country: str) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """What stands by, what is a candidate, and which options activate something, that this country surely does not control."""
    asked, control = rows.asked, rows.control

    def free(by: Control, one: Source) -> bool:
        truth: Truth = by.controlled_by(one, country) if country != "?" else by.foreign(one)
        return truth is False

    others = [one for one in asked.stack.sources_of[source.item] if one.id != source.id]
    standby = [one.id for one in others if one.status != "candidate" and free(control, one)]
    candidates = [one.id for one in others if one.status == "candidate" and free(control, one)]
    return standby, candidates, rows.options_for(source.item, free)


def _covers(asked: PackAsked) -> dict[str, str]:
    """By item, the shortest cover of those that need it, in days; empty where one is not known."""
    least: dict[str, float] = {}
    for need in asked.stack.needs:
        cover = 0.0 if need.survive is None else (need.survive if is_stated(need.survive) else math.nan)
        before = least.get(need.item, math.inf)
        least[need.item] = math.nan if math.isnan(cover) or math.isnan(before) else min(cover, before)
    return {
        item: "" if math.isnan(cover) else ("forever" if cover == math.inf else f"{cover:g}") for item, cover in least.items()
    }
