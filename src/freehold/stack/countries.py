"""Countries, and what ``trusted = ["EU"]`` means in them. Owns which codes count: ISO 3166-1, and ``XK`` for Kosovo.

A code says whose law reaches a provider or a place, and nothing of whose the land is: docs/concepts/territories.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from freehold.stack.groups import groups, members

__all__ = ["NO_COUNTRY", "country_code", "country_name", "expand", "is_country", "is_region", "known_regions"]

_LANGUAGES: Final = ("de", "fr", "es", "it", "nl", "pl", "pt", "pt_BR", "zh_CN")

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
    """The code of a country named by its code (in any case) or its name in one of some languages; else ``None``."""
    code = text.strip().upper()
    return code if is_country(code) else _codes().get(text.strip().casefold())


@cache
def _codes() -> Mapping[str, str]:
    """Codes by name, in English first and then in other languages; a name of two countries is nobody's."""
    import gettext

    import pycountry

    found: dict[str, str] = {"uk": "GB", "great britain": "GB", "holland": "NL", "turkey": "TR"}
    for country in pycountry.countries:
        for attribute in ("name", "common_name", "official_name", "alpha_3"):
            name = getattr(country, attribute, None)
            if name:
                found[str(name).casefold()] = str(country.alpha_2)
    for language in _LANGUAGES:
        texts = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, [language], fallback=True)
        for country in pycountry.countries:
            for attribute in ("name", "common_name"):
                name = getattr(country, attribute, None)
                if name:
                    found.setdefault(texts.gettext(name).casefold(), str(country.alpha_2))
    return found


def country_name(code: str, locale: str = "") -> str:
    """Name for people; the code itself where there is none.

    Parameters
    ----------
    code
        A country's.
    locale
        In whose language, such as ``zh_CN``; English if it is empty, or has no name for it.
    """
    name = _names().get(code, code)
    return _translated(locale).get(name, name) if locale else name


@cache
def _translated(locale: str) -> Mapping[str, str]:
    """Names in the language of a locale, by their English ones."""
    import gettext

    import pycountry

    texts = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, [locale], fallback=True)
    return {name: texts.gettext(name) for name in _names().values()}


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
