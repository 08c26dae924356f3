"""Every sentence that answers are told in, by key. Owns the seam between what is computed and the language it is told in.

One TOML file a language (``languages/en.toml``); a language is there as soon as its file is, and further
ones can be learnt (:mod:`freehold.language_file`). A key missing in a language falls back to English. Which language is spoken
belongs to the thread or the task that asks: :func:`speaking` sets it, and a thread that is started anew has to set it again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Final

__all__ = [
    "LANGUAGES", "day", "days", "interval", "language_locale", "language_spoken", "language_tag", "learn", "listed",
    "percent", "quoted", "remark", "say", "sentence", "sentences", "speaking",
    "texts_of",
]  # fmt: skip

_FOLDER: Final = Path(__file__).parent / "languages"
LANGUAGES: Final = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
"""Codes of the languages that come with Freehold."""

_LEARNT: Final[dict[str, Mapping[str, str]]] = {}
"""Further ones, each learnt whole before it is spoken."""

_SPOKEN: ContextVar[str] = ContextVar("language", default="en")


def language_locale() -> str:
    """Name of the locale in which countries are called as the language calls them, such as ``zh_CN``; empty for English."""
    return _sentences(_SPOKEN.get()).get("language.locale", "")


def learn(language: str, texts: Mapping[str, str]) -> None:
    """Take up a further language for as long as the program runs.

    Parameters
    ----------
    language
        Its code; one that comes with Freehold stays as it is.
    texts
        By ``table.key``, each naming in braces what the English text does; what is missing stays English.
    """
    if language not in LANGUAGES:
        _LEARNT[language] = dict(texts)


def texts_of(language: str) -> Mapping[str, str]:
    """All texts of one language, by ``table.key``, as they stand in its file."""
    return _sentences(language)


def language_spoken() -> str:
    """Code of the language in which :func:`say` answers here and now."""
    return _SPOKEN.get()


def language_tag() -> str:
    """The language spoken here and now as its BCP 47 tag, such as ``zh-Hans``: what a page's ``lang`` says."""
    spoken = _SPOKEN.get()
    return _sentences(spoken).get("language.tag", spoken)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Answer in a language within a block.

    Parameters
    ----------
    language
        Its code.

    Raises
    ------
    KeyError
        If there is none of that code: whoever asks has checked it.
    """
    if language not in LANGUAGES and language not in _LEARNT:
        raise KeyError(language)
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


@cache
def _filed(language: str) -> Mapping[str, str]:
    tables = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}


def _sentences(language: str) -> Mapping[str, str]:
    learnt = _LEARNT.get(language)
    return _filed(language) if learnt is None else learnt


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
    texts = _sentences(_SPOKEN.get())
    text = texts.get(key)
    if text is None:
        text = _sentences("en")[key]
    if not values:
        return text
    return _spaced(text, values) if texts.get("language.spaced") == "yes" else text.format_map(values)


_IDEOGRAPHS: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN: Final = re.compile(r"[0-9A-Za-z\u00c0-\u024f%.()+\u2212\u00b1/_~-]")


def _spaced(text: str, values: Mapping[str, object]) -> str:
    """Fill a text in, with a blank wherever a value and the words beside it are of two scripts; values stay as they are."""
    found = ""
    for literal, place in _pieces(text):
        for piece in (literal, place.format_map(values) if place else ""):
            if piece:
                found += " " + piece if _of_two_scripts(found[-1:], piece[0]) else piece
    return found


@cache
def _pieces(text: str) -> tuple[tuple[str, str], ...]:
    """The words of a text, each with the place in braces behind them; of the last ones it may be empty."""
    return tuple(
        (literal, "" if name is None else "{" + name + (f"!{how}" if how else "") + (f":{form}" if form else "") + "}")
        for literal, name, form, how in Formatter().parse(text)
    )


def _of_two_scripts(one: str, other: str) -> bool:
    return any(_IDEOGRAPHS.match(left) and _LATIN.match(right) for left, right in ((one, other), (other, one)))


def percent(value: float) -> str:
    """A fraction as whole percent; 1 only when it is exactly so, 0 likewise."""
    shown = round(value * 100)
    if shown == 100 and value < 1 - 1e-9:
        return f"{int(value * 1000) / 10:.1f} %"
    if shown == 0 and value > 1e-9:
        return say("figures.percent_under")
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


def listed(names: Iterable[str]) -> str:
    """Names one after the other, parted as the language parts them."""
    return say("figures.comma").join(names)


def sentences(texts: Iterable[str]) -> str:
    """Whole sentences one after the other."""
    return say("figures.between_sentences").join(texts)


def quoted(name: str) -> str:
    """A name in quotation marks."""
    return say("figures.quoted", name=name)


def sentence(text: str) -> str:
    """A text as a sentence: with its full stop."""
    return say("figures.sentence", text=text)


def remark(text: str, beside: str) -> str:
    """A text with what stands beside it in brackets."""
    return say("figures.remark", text=text, remark=beside)
