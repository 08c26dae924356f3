"""The templates of the register of information with all their columns. Owns their codes, what each holds, and whom to ask.

Source: Commission Implementing Regulation (EU) 2024/2956, Annexes I and II, with its corrigendum on the numbering of B_06.01;
codes of options as in the data point model of the European Banking Authority, framework 4.0. The columns were checked on
2026-11-26 against a public mapping of the same templates (CISO Assistant, "DORA Register of Information, Field Mapping
Specification"), which has the nine columns that B_05.01 had in the exercise of 2024; here it has the Regulation's twelve.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["DORA_COLUMNS", "OPTION_CODES", "SERVICE_OF_KIND"]

DORA_COLUMNS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "B_01.01": {
        "c0010": ("LEI of the entity that keeps the register", "own"), "c0020": ("name of the entity", "own"),
        "c0030": ("country of the entity", "own"), "c0040": ("type of entity", "own"),
        "c0050": ("competent authority", "own"), "c0060": ("date of the reporting", "own"),
    },
    "B_01.02": {
        "c0010": ("LEI of the entity", "own"), "c0020": ("name of the entity", "own"),
        "c0030": ("country of the entity", "own"),
        "c0040": ("type of entity", "own"), "c0050": ("place of the entity in the group", "own"),
        "c0060": ("LEI of its direct parent", "own"), "c0070": ("date of the last update", "own"),
        "c0080": ("date of taking into the register", "own"), "c0090": ("date of taking out of the register", "own"),
        "c0100": ("currency", "own"), "c0110": ("value of total assets", "own"),
    },
    "B_01.03": {
        "c0010": ("identification code of the branch", "own"), "c0020": ("LEI of its head office", "own"),
        "c0030": ("name of the branch", "own"), "c0040": ("country of the branch", "own"),
    },
    "B_02.01": {
        "c0010": ("reference number of the contract", "contracts"), "c0020": ("type of contract", "contracts"),
        "c0030": ("reference number of the overarching contract", "contracts"), "c0040": ("currency", "contracts"),
        "c0050": ("annual expense", "contracts"),
    },
    "B_02.02": {
        "c0010": ("reference number of the contract", "contracts"), "c0020": ("LEI of the entity that uses it", "own"),
        "c0030": ("identification code of the provider", "provider"), "c0040": ("type of that code", "provider"),
        "c0050": ("function identifier", "own"), "c0060": ("type of ICT service", "contracts"),
        "c0070": ("start date", "contracts"), "c0080": ("end date", "contracts"), "c0090": ("reason for ending", "contracts"),
        "c0100": ("notice period of the entity, in days", "contracts"),
        "c0110": ("notice period of the provider, in days", "contracts"),
        "c0120": ("country of the governing law", "contracts"),
        "c0130": ("country of provision", "provider"), "c0140": ("whether data are stored", "provider"),
        "c0150": ("where data are stored", "provider"), "c0160": ("where data are processed", "provider"),
        "c0170": ("sensitiveness of the data stored", "own"), "c0180": ("level of reliance", "own"),
    },
    "B_02.03": {
        "c0010": ("reference number of the contract", "contracts"), "c0020": ("contract that it is linked to", "contracts"),
        "c0030": ("link", "contracts"),
    },
    "B_03.01": {
        "c0010": ("reference number of the contract", "contracts"), "c0020": ("LEI of the entity that signed", "own"),
        "c0030": ("link", "contracts"),
    },
    "B_03.02": {
        "c0010": ("reference number of the contract", "contracts"),
        "c0020": ("identification code of the provider that signed", "provider"), "c0030": ("type of that code", "provider"),
    },
    "B_03.03": {
        "c0010": ("reference number of the contract", "contracts"),
        "c0020": ("LEI of the entity of the group that provides", "own"), "c0031": ("link", "contracts"),
    },
    "B_04.01": {
        "c0010": ("reference number of the contract", "contracts"), "c0020": ("LEI of the entity that uses it", "own"),
        "c0030": ("whether that is a branch", "own"), "c0040": ("identification code of the branch", "own"),
    },
    "B_05.01": {
        "c0010": ("identification code of the provider", "provider"), "c0020": ("type of that code", "provider"),
        "c0030": ("additional identification code", "provider"), "c0040": ("type of the additional code", "provider"),
        "c0050": ("legal name", "provider"), "c0060": ("name in Latin letters", "provider"),
        "c0070": ("type of person", "provider"), "c0080": ("country of the headquarters", "provider"),
        "c0090": ("currency", "contracts"), "c0100": ("total annual expense", "contracts"),
        "c0110": ("identification code of the ultimate parent", "provider"), "c0120": ("type of that code", "provider"),
    },
    "B_05.02": {
        "c0010": ("reference number of the contract", "contracts"), "c0020": ("type of ICT service", "contracts"),
        "c0030": ("identification code of the provider", "provider"), "c0040": ("type of that code", "provider"),
        "c0050": ("rank in the chain", "provider"), "c0060": ("identification code of who receives it", "provider"),
        "c0070": ("type of that code", "provider"),
    },
    "B_06.01": {
        "c0010": ("function identifier", "own"), "c0020": ("licensed activity", "own"),
        "c0030": ("name of the function", "own"),
        "c0040": ("LEI of the entity", "own"), "c0050": ("whether it is critical or important", "own"),
        "c0060": ("reasons for that", "own"), "c0070": ("date of the last assessment of that", "own"),
        "c0080": ("recovery time objective, in hours", "own"), "c0090": ("recovery point objective, in hours", "own"),
        "c0100": ("impact of discontinuing it", "own"),
    },
    "B_07.01": {
        "c0010": ("reference number of the contract", "contracts"),
        "c0020": ("identification code of the provider", "provider"), "c0030": ("type of that code", "provider"),
        "c0040": ("type of ICT service", "contracts"), "c0050": ("substitutability", "own"),
        "c0060": ("reason if it is hard to substitute", "own"), "c0070": ("date of the last audit", "own"),
        "c0080": ("whether there is an exit plan", "own"), "c0090": ("whether it can be taken back in", "own"),
        "c0100": ("impact of discontinuing it", "own"), "c0110": ("whether alternatives are identified", "own"),
        "c0120": ("which alternatives", "own"),
    },
    "B_99.01": {f"c{number:03d}0": ("the entity's own definition of an option", "own") for number in range(1, 20)},
}  # fmt: skip
"""By template: its columns by code, each with what it holds (in our own words) and who would know it."""

SERVICE_OF_KIND: Final[Mapping[str, str]] = {
    "cloud": "S17", "platform": "S18", "application": "S19", "service": "S14", "data": "S05", "network": "S11",
    "hardware": "S12",
    "chip": "S12", "equipment": "S12", "software": "S13", "framework": "S13", "os": "S13", "model": "S08", "registry": "S18",
    "skill": "S15", "research": "S02",
}  # fmt: skip
"""By layer: the type of ICT service of Annex III that is nearest; a judgement, and told to be one."""

OPTION_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "yes_no": {"yes": "eba_BT:x28", "no": "eba_BT:x29", "not assessed": "eba_BT:x21"},
    "reliance": {"none": "eba_ZZ:x794", "low": "eba_ZZ:x795", "material": "eba_ZZ:x796", "full": "eba_ZZ:x797"},
    "substitutability": {"not": "eba_ZZ:x959", "hard": "eba_ZZ:x960", "medium": "eba_ZZ:x961", "easy": "eba_ZZ:x962"},
    "reintegration": {"easy": "eba_ZZ:x798", "hard": "eba_ZZ:x966", "hardest": "eba_ZZ:x967"},
    "legal person": {"yes": "eba_CT:x212"},
    "type of code": {"LEI": "eba_qCO:qx2000"},
}  # fmt: skip
"""Codes of the options that a stack can state."""
