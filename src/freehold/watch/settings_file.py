"""A file of settings, read without trust. Owns what can be wrong with one: its path, size, encoding, syntax and form.

Each room says which error it raises and what the mend is; where the fault lies is said here, as a path such as
``$.route.routes[2]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from freehold.errors import FreeholdError
from freehold.stack.toml_text import BadToml, parse_toml

__all__ = ["convert_settings", "parse_settings", "read_settings_text"]

_T = TypeVar("_T")


def read_settings_text(path: str | Path, most_bytes: int, error: type[FreeholdError], *, absent: str | None = None) -> str:
    """Read the text of a file; no more of it than its bound is ever held.

    Parameters
    ----------
    path
        The file.
    most_bytes
        How large it may be.
    error
        What is raised.
    absent
        The text of a file that is not there; ``None`` where there must be one.

    Raises
    ------
    freehold.errors.FreeholdError
        Of the class given: if it cannot be read, is larger, or is not UTF-8.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(most_bytes + 1)
        if len(content) > most_bytes:
            raise error(f"{path} is larger than {most_bytes:,} bytes. Shorten or split it.")
        return content.decode("utf-8")
    except (OSError, ValueError) as found:
        if absent is not None and isinstance(found, FileNotFoundError):
            return absent
        reason = "it is not UTF-8" if isinstance(found, UnicodeDecodeError) else getattr(found, "strerror", None) or found
        raise error(f"{path} cannot be read ({reason}). Check its name, permissions and encoding.") from None


def parse_settings(text: str, form: type[_T], place: str, error: type[FreeholdError], mend: str) -> _T:
    """Read settings from TOML.

    Parameters
    ----------
    text
        The file's content.
    form
        What it must hold.
    place
        The file's name, for messages.
    error
        What is raised.
    mend
        A sentence: what to write, or where that is described.

    Raises
    ------
    freehold.errors.FreeholdError
        Of the class given: if it is no TOML, or not of that form.
    """
    try:
        values = parse_toml(text)
    except BadToml as bad:
        raise error(f"{place} is not TOML: {bad}. {mend}") from None
    return convert_settings(values, form, place, error, mend)


def convert_settings(values: Mapping[str, Any], form: type[_T], place: str, error: type[FreeholdError], mend: str) -> _T:
    """Give plain values their form; see :func:`parse_settings`."""
    try:
        return msgspec.convert(values, form)
    except msgspec.ValidationError as bad:
        raise error(f"{place}: {bad}. {mend}") from None
    except RecursionError:
        raise error(f"{place}: it nests too deeply. {mend}") from None
