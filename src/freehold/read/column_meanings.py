"""What a column of somebody's table means, told by its heading, else by what stands in it. Owns the words for that.

Headings are compared whole, after case and punctuation are put aside, in English, German, French and Spanish; one that says
the same in two languages (``Hersteller / Vendor``) by its parts. What is not certain is not guessed: a column whose heading
is not known is read only if its content can mean one thing alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Final

from freehold.stack.countries import country_code
from freehold.stack.records import IGNORE, ColumnMeaning

__all__ = ["heading_row", "normal_heading", "propose"]

_HEADINGS: Final[Mapping[str, str]] = {
    "name": "name|asset|asset name|server|server name|hostname|host|host name|system|system name|application|"
    "app|application name|"
    "service|service name|product|component|software|tool|title|item|device|computer|machine|bezeichnung|gerät|anwendung|"
    "dienst|systemname|servername|nom|serveur|actif|logiciel|nombre|servidor|activo|sistema|aplicación",
    "id": "id|asset id|asset tag|identifier|inventory number|inventarnummer|purl|package url|kennung|"
    "identifiant|identificador",
    "version": "version|release|versión",
    "kind": "kind|type|category|class|asset type|asset class|layer|art|typ|kategorie|catégorie|tipo|categoría",
    "mission": "mission|criticality|critical|business criticality|importance|priority|tier|weight|kritikalität|kritisch|"
    "schutzbedarf|wichtigkeit|criticité|importancia|criticidad",
    "provider": "provider|supplier|service provider|hosting provider|hoster|operator|operated by|run by|"
    "saas provider|contractor|"
    "anbieter|betreiber|dienstleister|lieferant|fournisseur|hébergeur|prestataire|proveedor|operador",
    "provider.country": "provider country|supplier country|vendor country|country of provider|hq|headquarters|hq country|"
    "country of headquarters|headquarters country|seat|legal seat|country of incorporation|sitz|land des anbieters|"
    "pays du fournisseur|pays siège|país del proveedor",
    "provider.owner": "parent|parent company|ultimate parent|owner company|owned by|group|konzern|"
    "muttergesellschaft|maison mère|"
    "matriz",
    "provider.lei": "lei|provider lei|supplier lei|lei code",
    "maker": "vendor|manufacturer|maker|brand|oem|publisher|hersteller|marke|fabricant|éditeur|constructeur|"
    "fabricante|editor",
    "location": "location|country|hosting country|data location|hosted in|region|site country|data centre country|"
    "datacenter country|data center country|standort|land|hosting land|pays|emplacement|pays d hébergement|país|ubicación",
    "licence": "licence|license|lizenz|licencia",
    "cost_year": "annual cost|cost per year|yearly cost|cost a year|annual expense|annual spend|spend|opex|kosten pro jahr|"
    "jahreskosten|coût annuel|coste anual|costo anual",
    "cost_once": "purchase price|acquisition cost|capex|anschaffungskosten|prix d achat|precio de compra",
    "currency": "currency|währung|devise|moneda",
    "recover": "time to replace|replacement time|switch time|migration time|time to switch|ablösezeit|délai de remplacement",
    "alternative": "alternative|alternatives|fallback|replacement|backup provider|ausweich|ersatz|alternativa|"
    "solution de repli",
    "needs": "depends on|dependencies|dependency|requires|needs|runs with|hängt ab von|abhängigkeiten|benötigt|dépend de|"
    "dépendances|depende de",
    "needs.os": "os|operating system|os version|os name|platform os|betriebssystem|système d exploitation|sistema operativo",
    "needs.hardware": "model|hardware model|device model|machine model|hardware|server model|modell|modèle|modelo",
    "needs.chip": "cpu|processor|cpu model|processor model|gpu|accelerator|gpu model|chip|prozessor|grafikkarte|processeur|"
    "procesador",
    "needs.software": "database|middleware|runtime|framework|hypervisor|virtualisation|virtualization|"
    "datenbank|base de données|"
    "base de datos",
    "needs.cloud": "cloud|cloud provider|hosting|hosted on|runs on|iaas|cloud anbieter|cloud platform",
    "tags": "tags|labels|tag|label|department|business unit|environment|abteilung|umgebung|étiquettes|etiquetas",
}  # fmt: skip
_ONCE: Final = frozenset({"name", "id", "version", "kind", "mission", "provider", "maker", "licence", "currency", "recover",
                          "cost_year", "cost_once", "provider.country", "provider.owner", "provider.lei"})  # fmt: skip
_MOST_SEARCHED: Final = 20
_SAMPLE: Final = 200
_BETWEEN_NAMES: Final = re.compile(r"[/|\n()\[\]]|\s[-–]\s")
_NOT_A_WORD: Final = re.compile(r"[\W_]+")
_LEI: Final = re.compile(r"[A-Z0-9]{18}\d{2}")


def normal_heading(text: str) -> str:
    """Put case, punctuation and what stands in brackets aside."""
    return _NOT_A_WORD.sub(" ", re.sub(r"[(\[][^)\]]{0,80}[)\]]", " ", text).casefold()).strip()


@cache
def _meanings() -> Mapping[str, str]:
    return {word: meaning for meaning, words in _HEADINGS.items() for word in words.split("|")}


def _told_by(heading: str) -> str | None:
    """What a heading means: as a whole, else what all of its parts that are known agree on."""
    known = _meanings()
    whole = known.get(normal_heading(heading))
    if whole is not None:
        return whole
    told = {known[part] for one in _BETWEEN_NAMES.split(heading[:200]) if (part := normal_heading(one)) in known}
    return told.pop() if len(told) == 1 else None


def heading_row(rows: Sequence[Sequence[str]]) -> int | None:
    """The row that holds the headings: of the first rows the one with most known headings, else the first that is filled.

    Returns
    -------
    int or None
        Its place; ``None`` if every row is empty.
    """
    best, found = 0, None
    for place, row in enumerate(rows[:_MOST_SEARCHED]):
        hits = sum(_told_by(cell) is not None for cell in row)
        if hits > best:
            best, found = hits, place
    if found is not None:
        return found
    return next((place for place, row in enumerate(rows) if any(row)), None)


def propose(
    headings: Sequence[str], rows: Sequence[Sequence[str]], asked: Mapping[str, str], remembered: Mapping[str, str]
) -> tuple[ColumnMeaning, ...]:
    """Say what each column means, and why.

    Parameters
    ----------
    headings
        Headings as written.
    rows
        The rows below.
    asked, remembered
        Meanings by heading that the user states now, and that were kept from an earlier time: they come first.
    """
    asked = {normal_heading(column): meaning for column, meaning in asked.items()}
    remembered = {normal_heading(column): meaning for column, meaning in remembered.items()}
    found: list[ColumnMeaning] = []
    taken: set[str] = {*asked.values(), *remembered.values()}
    for place, heading in enumerate(headings):
        cells = [row[place] for row in rows if place < len(row) and row[place]]
        normal = normal_heading(heading)
        meaning, because = IGNORE, "none"
        if normal in asked:
            meaning, because = asked[normal], "asked"
        elif normal in remembered:
            meaning, because = remembered[normal], "remembered"
        elif (named := _told_by(heading)) is not None and not (named in _ONCE and named in taken):
            meaning, because = named, "heading"
        elif cells and (told := _by_content(cells[:_SAMPLE])) is not None and told not in taken:
            meaning, because = told, "content"
        if meaning != IGNORE:
            taken.add(meaning)
        found.append(ColumnMeaning(heading, meaning, because, len(cells), cells[0] if cells else ""))
    return _with_a_name(found)


def _by_content(cells: Collection[str]) -> str | None:
    if all(cell.startswith("pkg:") for cell in cells):
        return "id"
    if all(_LEI.fullmatch(cell) for cell in cells):
        return "provider.lei"
    if len(set(cells)) < len(cells) and all(len(cell) > 2 and country_code(cell) for cell in cells):
        return "location"
    return None


def _with_a_name(columns: list[ColumnMeaning]) -> tuple[ColumnMeaning, ...]:
    """If no column names the things, the first that is filled and means nothing else does."""
    if any(one.meaning in ("name", "id") for one in columns):
        return tuple(columns)
    for place, one in enumerate(columns):
        if one.meaning == IGNORE and one.filled and one.because == "none":
            columns[place] = ColumnMeaning(one.column, "name", "content", one.filled, one.example)
            break
    return tuple(columns)
