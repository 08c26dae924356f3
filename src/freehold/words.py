"""Every sentence that answers are told in, by key. Owns the seam between what is computed and the language it is told in.

One TOML file a language (``languages/en.toml``); a language is there as soon as its file is. A key missing in a language
falls back to English. Which language is spoken belongs to the thread or the task that asks: :func:`speaking` sets it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["LANGUAGES", "day", "days", "interval", "language_spoken", "percent", "say", "speaking"]

_FOLDER: Final = Path(__file__).parent / "languages"
LANGUAGES: Final = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
"""Codes of the languages that there are."""

_SPOKEN: ContextVar[str] = ContextVar("language", default="en")


def language_spoken() -> str:
    """Code of the language in which :func:`say` answers here and now."""
    return _SPOKEN.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Answer in a language within a block.

    Parameters
    ----------
    language
        One of :data:`LANGUAGES`.

    Raises
    ------
    KeyError
        If there is none of that code: whoever asks has checked it.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


@cache
def _sentences(language: str) -> Mapping[str, str]:
    tables = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}


def say(key: str, **values: object) -> str:
    """Give a sentence with its values filled in.

    Parameters
    ----------
    key
        ``table.key`` of the language's file.
    values
        What the sentence names in braces, already formatted.

    Raises
    ------
    KeyError
        If no language has the key: a defect.
    """
    text = _sentences(_SPOKEN.get()).get(key) or _sentences("en")[key]
    return text.format_map(values) if values else text


def percent(value: float) -> str:
    """A fraction as whole percent; 1 only when it is exactly so, 0 likewise."""
    shown = round(value * 100)
    if shown == 100 and value < 1 - 1e-9:
        return f"{int(value * 1000) / 10:.1f} %"
    if shown == 0 and value > 1e-9:
        return "under 1 %"
    return f"{shown} %"


def interval(low: float, high: float) -> str:
    """Two fractions as one figure, or as "between … and …"."""
    if percent(low) == percent(high):
        return percent(low)
    return say("figures.between", low=percent(low).removesuffix(" %"), high=percent(high))


def day(value: float) -> str:
    """A day on the time line, to a tenth where it is not whole."""
    return f"{value:.0f}" if abs(value - round(value)) < 0.05 else f"{value:.1f}"


def days(value: float) -> str:
    """A length of time in days, or for ever."""
    return say("figures.forever") if value == float("inf") else say("figures.days", days=day(value))
