"""Countries and groups of countries. Owns the expansion of ``trusted = ["EU"]`` to ISO 3166-1 codes."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["NO_COUNTRY", "country_code", "country_name", "expand", "groups", "is_country", "is_region"]

NO_COUNTRY: Final = "none"
"""The seat of an unincorporated community: a known fact, and nobody's seat."""


@cache
def groups() -> dict[str, frozenset[str]]:
    """Groups of countries by code, from ``data/groups.csv`` (each with its reference)."""
    with (Path(__file__).parent / "data" / "groups.csv").open(encoding="utf-8", newline="") as lines:
        return {row["group"]: frozenset(row["members"].split(";")) for row in csv.DictReader(lines)}


@cache
def _names() -> dict[str, str]:
    import pycountry

    return {country.alpha_2: getattr(country, "common_name", country.name) for country in pycountry.countries}


def is_country(code: str) -> bool:
    """Whether ``code`` is an ISO 3166-1 alpha-2 code (``XK``, the user-assigned code of Kosovo, too)."""
    return code == "XK" or code in _names()


def is_region(code: str) -> bool:
    """Whether ``code`` is a country or a known group."""
    return code in groups() or is_country(code)


def country_code(text: str) -> str | None:
    """The code of a country named by its code (in any case) or its name in English; ``None`` if there is none such."""
    import pycountry

    code = text.strip().upper()
    if is_country(code):
        return code
    try:
        return str(pycountry.countries.lookup(text.strip()).alpha_2)
    except LookupError:
        return None


def country_name(code: str) -> str:
    """Name for people; the code itself where there is none."""
    return _names().get(code, code)


def expand(codes: Iterable[str]) -> frozenset[str]:
    """Countries of a list of countries and groups."""
    known = groups()
    return frozenset(country for code in codes for country in known.get(code, (code,)))
