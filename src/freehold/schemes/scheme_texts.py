"""The texts of schemes in further languages. Owns which text of a scheme is told in which words.

One file a language, ``texts/zh.toml``: a table a scheme, with ``title``, ``version`` and ``status``, ``doubts`` (all of
them), the ``level`` tables in the scheme's order (``name``, ``meaning``), ``objective`` (titles by id), and ``factor`` (by id:
``title``, ``ask``, ``note``, ``choices`` in their order). ``texts_of`` names another table that stands in for what is missing.
What is not there stays English; points, levels, measures and sources are no texts and stand in the scheme's own file alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from freehold.schemes.scheme_values import Factor, Objective, Scheme
from freehold.words import language_spoken

__all__ = ["spoken", "texts_of_schemes"]

_FOLDER: Final = Path(__file__).parent / "texts"


@cache
def texts_of_schemes(language: str) -> Mapping[str, Mapping[str, Any]]:
    """What a language's file says, by scheme; nothing where there is no file.

    Parameters
    ----------
    language
        Its code.
    """
    known = {path.stem: path for path in _FOLDER.glob("*.toml")}
    return tomllib.loads(known[language].read_text(encoding="utf-8")) if language in known else {}


def spoken(scheme: Scheme) -> Scheme:
    """A scheme that comes with Freehold, with its texts in the language that is spoken.

    Parameters
    ----------
    scheme
        As its own file has it.
    """
    tables = texts_of_schemes(language_spoken())
    own = tables.get(scheme.id)
    if own is None:
        return scheme
    texts = {**tables.get(own.get("texts_of", ""), {}), **own}
    levels = scheme.levels
    if len(texts.get("level", ())) == len(levels):
        levels = tuple(
            replace(one, name=said.get("name", one.name), meaning=said.get("meaning", one.meaning))
            for one, said in zip(levels, texts.get("level", ()), strict=True)
        )
    doubts = tuple(texts.get("doubts", ()))
    return replace(
        scheme,
        title=texts.get("title", scheme.title),
        version=texts.get("version", scheme.version),
        status=texts.get("status", scheme.status),
        levels=levels,
        doubts=doubts if len(doubts) == len(scheme.doubts) else scheme.doubts,
        objectives=tuple(_objective(one, texts) for one in scheme.objectives),
    )


def _objective(one: Objective, texts: Mapping[str, Any]) -> Objective:
    titles, factors = texts.get("objective", {}), texts.get("factor", {})
    return replace(
        one,
        title=titles.get(one.id, one.title),
        factors=tuple(_factor(factor, factors.get(factor.id, {})) for factor in one.factors),
    )


def _factor(one: Factor, texts: Mapping[str, Any]) -> Factor:
    labels = texts.get("choices", ())
    choices = one.choices
    if len(labels) == len(choices):
        choices = tuple(replace(choice, label=label) for choice, label in zip(choices, labels, strict=True))
    return replace(
        one,
        title=texts.get("title", one.title),
        ask=texts.get("ask", one.ask),
        note=texts.get("note", one.note),
        choices=choices,
    )
