"""The templates of the register of information on contracts for ICT services. Owns their columns and codes.

Source: Commission Implementing Regulation (EU) 2024/2956, Annexes I to III; codes of options as in the EBA's data point
model for reporting framework 4.0. Template B_05.01 had nine columns in the exercise of 2024 and has twelve in the
Regulation; both are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from freehold.read.sheets import Sheet
from freehold.stack.countries import is_country

__all__ = ["SERVICES", "TEMPLATES", "Template", "country_of", "option", "template_of"]

TEMPLATES: Final[Mapping[str, Mapping[str, str]]] = {
    "B_01.01": {"c0010": "lei", "c0020": "name", "c0030": "country", "c0060": "date"},
    "B_01.02": {"c0010": "lei", "c0020": "name", "c0030": "country", "c0060": "parent"},
    "B_02.01": {"c0010": "contract", "c0040": "currency", "c0050": "cost"},
    "B_02.02": {
        "c0010": "contract", "c0030": "provider", "c0050": "function", "c0060": "service", "c0080": "end", "c0110": "notice",
        "c0120": "law", "c0130": "provision", "c0150": "storage", "c0160": "processing", "c0180": "reliance",
    },
    "B_05.01": {
        "c0010": "code", "c0020": "code_type", "c0050": "name", "c0060": "latin", "c0080": "country", "c0110": "parent",
    },
    "B_05.02": {"c0010": "contract", "c0020": "service", "c0030": "provider", "c0050": "rank", "c0060": "recipient"},
    "B_06.01": {"c0010": "function", "c0030": "name", "c0050": "critical", "c0080": "recovery_hours"},
    "B_07.01": {
        "c0010": "contract", "c0020": "provider", "c0040": "service", "c0050": "substitutability", "c0080": "exit_plan",
        "c0090": "reintegration", "c0110": "alternatives", "c0120": "alternative",
    },
}  # fmt: skip
"""Columns that are read of each template, by their code, and what they are called here."""

_PROVIDERS_OF_2024: Final[Mapping[str, str]] = {
    "c0010": "code", "c0020": "code_type", "c0030": "name", "c0050": "country", "c0080": "parent",
}  # fmt: skip

SERVICES: Final[Mapping[str, tuple[str, str]]] = {
    "S01": ("skill", "ICT project management"), "S02": ("skill", "ICT development"), "S03": ("skill", "help desk"),
    "S04": ("service", "security management"), "S05": ("data", "provision of data"), "S06": ("service", "data analysis"),
    "S07": ("service", "hosting without cloud"), "S08": ("service", "computation"),
    "S09": ("service", "data storage without cloud"),
    "S10": ("network", "telecom carrier"), "S11": ("network", "network infrastructure"), "S12": ("hardware", "hardware"),
    "S13": ("software", "software licences"), "S14": ("service", "operation and maintenance"),
    "S15": ("skill", "ICT consulting"),
    "S16": ("service", "risk management"), "S17": ("cloud", "cloud: infrastructure"), "S18": ("cloud", "cloud: platform"),
    "S19": ("service", "cloud: software"),
}  # fmt: skip
"""Types of ICT services of Annex III: the layer that each stands in here, and its name in short."""

_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "critical": {"x28": "yes", "x29": "no", "x21": "not assessed", "assessment not performed": "not assessed"},
    "exit_plan": {"x28": "yes", "x29": "no", "x21": "not assessed", "true": "yes", "false": "no"},
    "alternatives": {"x28": "yes", "x29": "no", "x21": "not assessed", "assessment not performed": "not assessed"},
    "reliance": {
        "x794": "none", "x795": "low", "x796": "material", "x797": "full", "not significant": "none", "low reliance": "low",
        "material reliance": "material", "full reliance": "full",
    },
    "substitutability": {
        "x959": "not", "x960": "hard", "x961": "medium", "x962": "easy", "not substitutable": "not",
        "highly complex substitutability": "hard", "medium complexity in terms of substitutability": "medium",
        "easily substitutable": "easy",
    },
    "reintegration": {"x798": "easy", "x966": "hard", "x967": "hardest", "difficult": "hard", "highly complex": "hardest"},
}  # fmt: skip
_TEMPLATE: Final = re.compile(r"(?:^|[^A-Za-z0-9])(?:B|RT)[_. ]?(\d\d)[._](\d\d)(?!\d)", re.IGNORECASE)
_COLUMN: Final = re.compile(r"(?:(?:B|RT)[_. ]?\d\d[._]\d\d[._ ]?)?c?(0\d{2}0)(?!\d)", re.IGNORECASE)
_MOST_SEARCHED: Final = 15


@dataclass(frozen=True, slots=True)
class Template:
    """The rows of one template: cells by name, and the line of each."""

    code: str
    rows: tuple[Mapping[str, str], ...]
    lines: tuple[int, ...]


def template_of(sheet: Sheet, name: str) -> Template | None:
    """Read a sheet (or a CSV file of that name) as a template, if it is one.

    Its columns may be headed by their codes (``c0010``, ``B_05.01.0010``), whatever rows of words stand around them.
    """
    found = _TEMPLATE.search(f" {name}")
    code = f"B_{found[1]}.{found[2]}" if found else None
    for place, row in enumerate(sheet.rows[:_MOST_SEARCHED]):
        columns = {position: f"c{match[1]}" for position, cell in enumerate(row) if (match := _COLUMN.fullmatch(cell.strip()))}
        if len(columns) < 2 or len(columns) * 2 < sum(map(bool, row)):
            continue
        headed = next((match for cell in row if (match := _TEMPLATE.search(f" {cell}"))), None)
        code = code or (f"B_{headed[1]}.{headed[2]}" if headed else None)
        if code is None:
            return None
        if code not in TEMPLATES:
            return Template(code, (), ())
        names = TEMPLATES[code]
        if code == "B_05.01" and max(columns.values()) <= "c0090":
            names = _PROVIDERS_OF_2024
        rows, lines = [], []
        for cells, line in zip(sheet.rows[place + 1 :], sheet.lines[place + 1 :], strict=True):
            values = {
                names[columns[position]]: cell.strip()
                for position, cell in enumerate(cells)
                if cell.strip() and columns.get(position) in names
            }
            if values and any(sign.isdigit() or sign.islower() for value in values.values() for sign in value):
                rows.append(values)
                lines.append(line)
        return Template(code, tuple(rows), tuple(lines))
    return None


def option(name: str, text: str | None) -> str:
    """An option in one word, whether its code or its words stand there; empty if there is none, the text if it is unknown."""
    word = (text or "").strip().casefold().rpartition(":")[2]
    return _OPTIONS.get(name, {}).get(word, word)


def country_of(text: str | None) -> str | None:
    """A country's code from an option (``eba_GA:FR``) or a plain code; ``None`` if it is none."""
    code = (text or "").strip().rpartition(":")[2].upper()
    return code if is_country(code) else None
