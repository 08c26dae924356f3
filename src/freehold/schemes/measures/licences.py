"""What licences leave with whoever has a copy. Owns the open part, and each component's grade by licence, holders and home.

The grade follows the Software Sovereignty Scale: A (4) copyleft whose copyright is spread over many, B (3) copyleft of one
holder, C (2) permissive, D (1) proprietary from inside, E (0) proprietary from outside. Who holds the copyright is told by the
tags ``copyright-many`` and ``copyright-one`` of an item or a source; where neither stands, copyleft is A or B.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from freehold.catalogue.open_licences import is_open
from freehold.schemes.interface import Fact, Measured, Part
from freehold.schemes.measures.bounds import Row, mean_of
from freehold.schemes.measures.parameters import SELECTION, WITHIN, Settings
from freehold.schemes.measures.selection import MOST_FACTS, WEIGHTED, chosen, described, ratio, rows_of, supplies_of
from freehold.schemes.measures.survey import Survey
from freehold.stack.control import Truth
from freehold.stack.cutoff import WAYS
from freehold.stack.values import UNKNOWN, Item, Source
from freehold.words import listed, say

__all__ = ["ACCEPTED_OF_GRADE", "ACCEPTED_OF_OPEN", "open_licence", "software_grade"]

ACCEPTED_OF_OPEN: Final = {**SELECTION, "weighted": WEIGHTED}
ACCEPTED_OF_GRADE: Final = {**SELECTION, "within": WITHIN}

_SPLIT: Final = re.compile(r"\s+(?:AND|OR)\s+|\s+WITH\s+[\w.\-]+|[()]", re.IGNORECASE)
_STRONG: Final = re.compile(
    r"(A?GPL-[123]\.0.*|EUPL-1\.[012]|CC-BY-SA-.*|OSL-.*|QPL-1\.0|Sleepycat|CPL-1\.0|IPL-1\.0)", re.IGNORECASE
)
_WEAK: Final = re.compile(r"(LGPL-.*|MPL-(1\.[01]|2\.0).*|EPL-[12]\.0|CDDL-1\.[01]|MS-RL|CeCILL-C)", re.IGNORECASE)
_CLOSED: Final = re.compile(
    r"(LicenseRef-(?:scancode-)?(?:Proprietary|Commercial).*|Proprietary|Commercial|BUSL-1\.1|SSPL-1\.0|Elastic-2\.0|PolyForm-.*"
    r"|CC-BY-NC.*|RSAL.*|LicenseRef-.*(?:BUSL|SSPL|FSL|Elastic).*|FSL-1\..*)",
    re.IGNORECASE,
)
_MANY, _ONE = "copyright-many", "copyright-one"


def open_licence(survey: Survey, settings: Settings) -> Measured | None:
    """Part under licences that leave a copy which may be run, changed and passed on."""
    items = chosen(survey, settings)

    def truth(supply: int) -> Truth:
        source = survey.source(supply)
        licence = None if source is None else source.licence
        return None if licence is None or licence is UNKNOWN else is_open(licence)

    rows = rows_of(survey, items, truth, settings.text("weighted"))
    ordered = sorted(supplies_of(items), key=lambda supply: truth(supply) is None)
    closed = [(supply, truth(supply)) for supply in ordered if truth(supply) is not True]
    case, facts = survey.case("region"), []
    for supply, known in closed[:MOST_FACTS]:
        source, item = survey.source(supply), survey.stack.items[case.supplies[supply].item]
        licence = source.licence if source is not None and isinstance(source.licence, str) else ""
        told = say(
            "measured.licence_is" if known is False else "measured.licence_unknown", item=item.name or item.id, licence=licence
        )
        facts.append(Fact("items", item.id, "", told) if source is None else Fact("sources", source.id, "licence", told))
    return ratio(survey, items, rows, settings, "open_licence", facts, sum(known is None for _, known in closed))


def software_grade(survey: Survey, settings: Settings) -> Measured | None:
    """Mean grade, 4 for A to 0 for E, and the grade of each component as its parts."""
    within = settings.text("within")
    if not survey.knows_inside(within):
        return None
    insides, case = survey.insides(within, WAYS), survey.case("region")
    parts, facts, rows, unknowns = [], [], [], 0
    for one in chosen(survey, settings):
        item = survey.stack.items[one.number]
        grades = []
        for supply in one.supplies:
            source = case.supplies[supply].filled.source
            grades.append(_grade(item, source, insides[supply]))
        low, high = min(grade[0] for grade in grades), max(grade[1] for grade in grades)
        parts.append(Part(item.id, float(low), float(high)))
        rows.append(Row((1.0 if one.sure else 0.0, 1.0), (low / 4, high / 4)))
        unknowns += low != high
        if high < 2 or low != high:
            told = say("measured.graded", item=item.name or item.id, grades=_letters(low, high))
            facts.append((low, Fact("items", item.id, "", told)))
    mean = mean_of(rows)
    if mean is None:
        return None
    counts = {letter: sum(part.low == part.high == 4 - place for part in parts) for place, letter in enumerate("ABCDE")}
    counted = listed(f"{letter} {count}" for letter, count in counts.items())
    told = say("measured.software_grade", what=described(settings), items=len(parts), counted=counted, open=unknowns)
    facts.sort(key=lambda pair: pair[0])
    return Measured(mean[0] * 4, mean[1] * 4, told, tuple(fact for _, fact in facts[:MOST_FACTS]), unknowns, tuple(parts))


def _letters(low: int, high: int) -> str:
    return "EDCBA"[low] if low == high else f"{'EDCBA'[high]}–{'EDCBA'[low]}"


def _grade(item: Item, source: Source | None, inside: Truth) -> tuple[int, int]:
    if source is None or not isinstance(source.licence, str):
        return 0, 4
    tags = {tag for has in (item.tags, source.tags) if isinstance(has, tuple) for tag in has}
    kinds = _licence_kinds(source.licence)
    grades = [_of_kind(kind, tags, inside) for kind in kinds]
    return min(grade[0] for grade in grades), max(grade[1] for grade in grades)


def _of_kind(kind: str, tags: set[str], inside: Truth) -> tuple[int, int]:
    if kind == "strong":
        return (4, 4) if _MANY in tags and _ONE not in tags else ((3, 3) if _ONE in tags else (3, 4))
    if kind == "weak":
        return (3, 4) if _MANY in tags else (3, 3)
    if kind == "permissive":
        return 2, 2
    if kind == "closed":
        return (0, 1) if inside is None else ((1, 1) if inside else (0, 0))
    return 0, 4


@cache
def _licence_kinds(expression: str) -> frozenset[str]:
    """Sorts of licences in an expression; of one whose parts are of several sorts, all of them."""
    names = [name.strip() for name in _SPLIT.split(expression) if name and name.strip()]
    return frozenset(map(_licence_kind, names)) or frozenset({"unknown"})


def _licence_kind(name: str) -> str:
    if _STRONG.fullmatch(name):
        return "strong"
    if _WEAK.fullmatch(name):
        return "weak"
    if _CLOSED.fullmatch(name):
        return "closed"
    return "permissive" if is_open(name) else "unknown"
