"""Whose view it is: home, trusted countries, days, floor. Owns where they come from and which one wins.

Precedence: a flag, the environment (``FREEHOLD_HOME`` and so on, one for each setting), ``freehold.toml`` in the working
folder, ``freehold/config.toml`` in the user's configuration folder. A stack's own ``home`` and ``trusted`` come before the
files, after flag and environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from freehold.errors import UsageError
from freehold.language_file import known_language
from freehold.stack.countries import is_country, is_region, known_regions
from freehold.stack.toml_text import BadToml, parse_toml, quoted

__all__ = ["SETTINGS", "Settings", "find_language", "find_settings", "settings_text"]

SETTINGS: Final[Mapping[str, str]] = {
    "home": "country of the organisation, an ISO 3166-1 alpha-2 code such as DE",
    "trusted": "countries or groups that are not foreign, separated by commas, such as EU,CH",
    "days": "days to report, separated by commas, such as 0,7,30,90",
    "floor": "level under which an item has stopped, such as 0.5",
    "stack": "what `check` and `scan` read when no path is named: a folder, an SBOM or a stack",
    "language": "language of what is shown, such as en or zh, or its file; it is never guessed from the system's",
    "policy": "the policy that `assess` holds a stack against when none is named or lies beside it, such as policy.toml",
}


_MOST_DAYS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What was set, and how firmly.

    Parameters
    ----------
    home, trusted
        Set by a flag or the environment: they come before what a stack states.
    default_home, default_trusted
        Set by a file: they count where a stack states nothing.
    days, floor, stack, language, policy
        As set; ``None`` where nothing was.
    """

    home: str | None = None
    trusted: tuple[str, ...] | None = None
    default_home: str | None = None
    default_trusted: tuple[str, ...] | None = None
    days: tuple[float, ...] | None = None
    floor: float | None = None
    stack: str | None = None
    language: str | None = None
    policy: str | None = None


def _home(text: object, place: str) -> str:
    if not isinstance(text, str) or not is_country(text):
        mend = f" Did you mean {str(text).upper()}?" if is_country(str(text).upper()) else ""
        raise UsageError(f"{place}: '{text}' is no country. Write an ISO 3166-1 alpha-2 code such as DE.{mend}")
    return text


def _trusted(value: object, place: str) -> tuple[str, ...]:
    parts = value.replace(";", ",").split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise UsageError(f'{place}: {value!r} is not a list of countries. Write EU,CH (or ["EU", "CH"] in TOML).')
    regions = tuple(part.strip() for part in parts if part.strip())
    for region in regions:
        if not is_region(region):
            raise UsageError(f"{place}: '{region}' is neither a country nor a known group. {known_regions()}.")
    return regions


def _days(value: object, place: str) -> tuple[float, ...]:
    from freehold.stack.durations import parse_days

    parts = value.split(",") if isinstance(value, str) else value
    try:
        days = tuple(parse_days(part if isinstance(part, str) else float(part)) for part in parts)  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"{place}: {value!r} is not a list of days ({error}). Write 0,7,30,90.") from None
    if len(days) > _MOST_DAYS:
        raise UsageError(f"{place}: {len(days):,} days are more than {_MOST_DAYS:,}. Name fewer.")
    if not days or float("inf") in days:
        raise UsageError(f"{place}: {value!r} names no day, or an endless one. Write 0,7,30,90.")
    return days


def _floor(value: object, place: str) -> float:
    try:
        floor = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        floor = -1.0
    if not 0 < floor <= 1:
        raise UsageError(f"{place}: a floor of {value!r} is not over 0 and up to 1.")
    return floor


def _stack(value: object, place: str) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise UsageError(f"{place}: {value!r} is no path. Name a folder, an SBOM or a stack.")
    return value


def _policy(value: object, place: str) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise UsageError(f"{place}: {value!r} is no path. Name a policy file, such as policy.toml.")
    return value


def settings_text(values: Mapping[str, str], place: str) -> str:
    """Settings as the text of a ``freehold.toml``, each with what it means; those that are empty are left out.

    Parameters
    ----------
    values
        By setting, as a flag would give them.
    place
        The file's name, for messages.

    Raises
    ------
    freehold.errors.UsageError
        If a value makes no sense.
    """
    lines: list[str] = []
    for name, text in values.items():
        if not text.strip():
            continue
        where = f"{place}, {name}"
        value: object = text
        if name == "trusted":
            value = list(_trusted(text, where))
        elif name == "days":
            value = [int(day) if day == int(day) else day for day in _days(text, where)]
        elif name == "floor":
            value = _floor(text, where)
        elif name == "home":
            value = _home(text, where)
        elif name == "language":
            value = known_language(text, where)
        else:
            value = _policy(text, where) if name == "policy" else _stack(text, where)
        lines += [f"# {SETTINGS[name]}", f"{name} = {_toml(value)}"]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return quoted(value) if isinstance(value, str) else repr(value)


def _file(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        values = parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadToml) as error:
        raise UsageError(f"{path} cannot be read: {error}. Mend it or remove it.") from None
    strange = sorted(set(values) - set(SETTINGS))
    if strange:
        raise UsageError(f"{path}: '{strange[0]}' is no setting. Settings: {', '.join(SETTINGS)}.")
    return values


def _user_file() -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME")
    base = folder or os.path.expanduser("~/.config")  # noqa: PTH111  it never raises, Path.expanduser does
    return Path(base) / "freehold" / "config.toml"


def find_settings(flags: Mapping[str, str | None], folder: Path | None = None) -> Settings:
    """Collect the settings.

    Parameters
    ----------
    flags
        Values of ``--home`` and so on, as text; ``None`` where not given.
    folder
        The working folder.

    Raises
    ------
    freehold.errors.UsageError
        Naming the flag, variable or file that is wrong.
    """
    firm: dict[str, tuple[Any, str]] = {}
    for name in SETTINGS:
        variable = f"FREEHOLD_{name.upper()}"
        if flags.get(name) is not None:
            firm[name] = flags[name], f"--{name}"
        elif os.environ.get(variable):
            firm[name] = os.environ[variable], variable
    soft: dict[str, tuple[Any, str]] = {}
    for path in (_user_file(), (folder or Path.cwd()) / "freehold.toml"):
        soft.update({name: (value, str(path)) for name, value in _file(path).items()})
    either = {**soft, **firm}
    return Settings(
        _home(*firm["home"]) if "home" in firm else None,
        _trusted(*firm["trusted"]) if "trusted" in firm else None,
        _home(*soft["home"]) if "home" in soft else None,
        _trusted(*soft["trusted"]) if "trusted" in soft else None,
        _days(*either["days"]) if "days" in either else None,
        _floor(*either["floor"]) if "floor" in either else None,
        _stack(*either["stack"]) if "stack" in either else None,
        known_language(*either["language"]) if "language" in either else None,
        _policy(*either["policy"]) if "policy" in either else None,
    )


def find_language(flag: str | None, folder: Path | None = None) -> str:
    """Find out the language to speak, before anything else is read.

    Parameters
    ----------
    flag
        Value of ``--language``; ``None`` where it is not given.
    folder
        The working folder.

    Returns
    -------
    str
        Its code: ``en`` where none is set. A file that cannot be read sets none: whoever needs its other settings tells.

    Raises
    ------
    freehold.errors.UsageError
        If there is no such language.
    """
    if flag is not None:
        return known_language(flag, "--language")
    if variable := os.environ.get("FREEHOLD_LANGUAGE"):
        return known_language(variable, "FREEHOLD_LANGUAGE")
    for path in ((folder or Path.cwd()) / "freehold.toml", _user_file()):
        try:
            values = _file(path)
        except (UsageError, OSError):
            continue
        if "language" in values:
            return known_language(values["language"], str(path))
    return "en"
