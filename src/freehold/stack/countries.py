"""Countries, and what ``trusted = ["EU"]`` means in them. Owns which codes count: ISO 3166-1, and ``XK`` for Kosovo.

A code says whose law reaches a provider or a place, and nothing of whose the land is: docs/concepts/territories.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from freehold.stack.groups import groups, members

__all__ = ["NO_COUNTRY", "country_code", "country_name", "expand", "is_country", "is_region", "known_regions"]

NO_COUNTRY: Final = "none"
"""The seat of an unincorporated community: a known fact, and nobody's seat."""

_USER_ASSIGNED: Final = {"XK": "Kosovo"}
"""Codes outside ISO 3166-1 that count; the standard leaves them to its users, and these do not clash with it."""


@cache
def _names() -> dict[str, str]:
    import pycountry

    listed = {country.alpha_2: getattr(country, "common_name", country.name) for country in pycountry.countries}
    return listed | _USER_ASSIGNED


def is_country(code: str) -> bool:
    """Whether ``code`` is an ISO 3166-1 alpha-2 code or ``XK``, the user-assigned code of Kosovo."""
    return code in _names()


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


def known_regions() -> str:
    """Say what may stand where a country or a group is asked for: the mend of a message."""
    return f"Write ISO 3166-1 alpha-2 codes such as DE, or a group: {', '.join(sorted(groups()))}"


def expand(codes: Iterable[str], on: str | None = None) -> frozenset[str]:
    """Countries of a list of countries and groups.

    Parameters
    ----------
    codes
        Countries stand for themselves alone, groups for their members.
    on
        The day (``YYYY[-MM[-DD]]``) whose members count; ``None`` for the last that are known.
    """
    known = groups()
    return frozenset(country for code in codes for country in (members(code, on) if code in known else (code,)))
