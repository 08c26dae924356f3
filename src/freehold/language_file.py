"""The file of a language that a user has added. Owns what such a file may say: no more than English says, in the same places.

It is called by the language's code, such as ``fr.toml``, and is named itself or stands in the folder ``freehold/languages`` of
the user's configuration. A text is taken only if it names in braces what the English one names: nothing else is filled in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Final

from freehold.errors import UsageError
from freehold.whole_file import read_bounded
from freehold.words import LANGUAGES, learn, texts_of

__all__ = ["known_language", "language_names", "placeholders", "read_language"]

_MOST_BYTES: Final = 4_000_000
_LONGEST: Final = 4000
_COMMANDS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_FORMS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "language.tag": (re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"), "a tag of BCP 47, such as zh-Hans"),
    # it becomes part of a path, under which names of countries are looked up
    "language.locale": (re.compile(r"([a-z]{2,3}(_[A-Z]{2})?(@[a-z]+)?)?"), "a locale, such as zh_CN"),
    "language.spaced": (re.compile("yes|no"), "yes or no"),
}
"""What is no text for people: its form, and that form in words."""
_CODE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def _folder() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111  it never raises
    return Path(base) / "freehold" / "languages"


def language_names() -> Mapping[str, str]:
    """Each language that there is, by its code: as it calls itself, or by the code alone where it is a user's own."""
    try:
        own = {path.stem for path in _folder().glob("*.toml") if _CODE.fullmatch(path.stem)}
    except OSError:
        own = set()
    names = {code: texts_of(code).get("language.name", code) for code in LANGUAGES}
    return {code: names.get(code, code) for code in sorted({*names, *own})}


def known_language(value: object, place: str) -> str:
    """See that a language is there to be spoken, and learn it if it is a user's own.

    Parameters
    ----------
    value
        Its code, or the path of its file.
    place
        Where that was set, for messages.

    Returns
    -------
    str
        What :func:`freehold.words.speaking` takes.

    Raises
    ------
    freehold.errors.UsageError
        If there is none of that code, or its file cannot be used.
    """
    if isinstance(value, str) and value in LANGUAGES:
        return value
    if isinstance(value, str) and value.endswith(".toml"):
        path = Path(value)
        if not _CODE.fullmatch(path.stem):
            raise UsageError(
                f"{place}: {value!r} is not called by a language's code. Call the file CODE.toml, such as fr.toml."
            )
        learn(value, {"language.tag": path.stem, **read_language(path, texts_of("en"))})
        return value
    names = language_names()
    if not isinstance(value, str) or value not in names:
        there = ", ".join(code if code == name else f"{code} ({name})" for code, name in names.items())
        raise UsageError(
            f"{place}: {value!r} is no language that there is. There are: {there}. "
            "A further one is one file, CODE.toml: docs/guides/languages.md tells how it is made."
        )
    learn(value, read_language(_folder() / f"{value}.toml", texts_of("en")))
    return value


def placeholders(text: str) -> frozenset[str] | None:
    """What a text names in braces, with what follows the name; ``None`` if its braces make no sense."""
    try:
        parts = [(name, form, how) for _, name, form, how in Formatter().parse(text) if name is not None]
    except ValueError:
        return None
    return frozenset(name + (f"!{how}" if how else "") + (f":{form}" if form else "") for name, form, how in parts)


def read_language(path: Path, english: Mapping[str, str]) -> Mapping[str, str]:
    """Read the texts of a language by ``table.key``; those that English does not have are left out.

    Parameters
    ----------
    path
        Its file.
    english
        The texts in English, by the same keys.

    Raises
    ------
    freehold.errors.UsageError
        If the file cannot be read, or a text is none, or names in braces what the English one does not.
    """
    from freehold.stack.toml_text import BadToml, parse_toml

    try:
        content = read_bounded(path, _MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise UsageError(f"{path} is larger than {_MOST_BYTES:,} bytes. A language is a file of sentences: mend it.")
        tables = parse_toml(content.decode("utf-8-sig"))
    except (OSError, ValueError, BadToml) as error:
        raise UsageError(f"{path} cannot be read: {error}. Mend it, or choose another language.") from None
    found: dict[str, str] = {}
    for table, texts in tables.items():
        if not isinstance(texts, dict):
            raise UsageError(f"{path}: '{table}' is no table. Write the texts in tables, as in Freehold's own en.toml.")
        for key, text in texts.items():
            name = f"{table}.{key}"
            if name not in english:
                continue
            if not isinstance(text, str):
                raise UsageError(f"{path}: '{name}' is no text. Write it in quotation marks.")
            _see(text, name, path)
            named, asked = placeholders(text), placeholders(english[name])
            if named != asked:
                shown = ", ".join(f"{{{one}}}" for one in sorted(asked or ())) or "nothing"
                raise UsageError(f"{path}: '{name}' has to name in braces what the English text names: {shown}. Mend it.")
            found[name] = text
    return found


def _see(text: str, name: str, path: Path) -> None:
    """Refuse a text that is too long, or that commands where it should say."""
    if len(text) > _LONGEST:
        raise UsageError(f"{path}: '{name}' is {len(text):,} characters long. Keep it under {_LONGEST:,}.")
    if _COMMANDS.search(text):
        raise UsageError(f"{path}: '{name}' holds a control character. Write it on one line, in plain characters.")
    if name in _FORMS and not _FORMS[name][0].fullmatch(text):
        raise UsageError(f"{path}: '{name}' is not {_FORMS[name][1]}. Correct it.")
