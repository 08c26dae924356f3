"""What an event says, made flat and kept small. Owns the limits on attributes and how nested ones are named.

``{"tool": {"name": "search"}}`` becomes ``tool.name``. A list of plain values stays one; what else a list holds is
named by its place: ``documents.0.id``. An absent value (``null``) is left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from freehold.errors import BadSignal
from freehold.watch.event import Json

__all__ = [
    "MOST_ATTRIBUTES",
    "MOST_BYTES",
    "MOST_DEPTH",
    "MOST_LIST",
    "flatten",
    "flatten_what_fits",
    "shortened",
    "without_secrets",
]

MOST_BYTES: Final = 64 * 1024
"""Characters of one event: what CloudEvents 1.0 asks every intermediary to forward ("Size Limits")."""
MOST_ATTRIBUTES: Final = 256
MOST_DEPTH: Final = 8
MOST_LIST: Final = 256
_LONGEST_NAME: Final = 256
_LARGEST: Final = 2**63 - 1
_SECRET: Final = re.compile(
    r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"
    r"|(\b(?:api[_-]?key|token|secret|password|passwd|authorization)[\"']?\s{0,3}[=:]\s{0,3})(?:(?:bearer|basic)\s+)?[^\s,;&]{4,}"
    r"|\b(?:sk|pk|rk|ghp|gho|ghs|xox[abprs]|AKIA)[-_]?[A-Za-z0-9][\w-]{14,}"
    r"|(://[^\s/:@]{0,64}:)[^\s/@]{1,128}(?=@)",
    re.IGNORECASE,
)


def flatten(values: Mapping[str, Any], most_bytes: int = MOST_BYTES) -> dict[str, Json]:
    """Give nested attributes flat names.

    Parameters
    ----------
    values
        As decoded from JSON.
    most_bytes
        Characters that all names and values may have together.

    Raises
    ------
    freehold.errors.BadSignal
        If there are more attributes, characters or levels than the limits of this module allow.
    """
    flat: dict[str, Json] = {}
    size = 0
    for name, value in values.items():
        kind = type(value)
        if kind is str:
            size += len(value)
        elif kind is dict or kind is list:
            size += _add_nested(flat, name, value, 1)
            continue
        elif value is None:
            continue
        elif kind is int:
            value = _number(value)
            size += 8
        elif kind is float and not math.isfinite(value):
            raise BadSignal(f"the attribute '{name[:80]}' is no number. Leave it out.")
        size += len(name)
        flat[name] = value
    if len(flat) > MOST_ATTRIBUTES:
        raise BadSignal(f"an event has {len(flat)} attributes, and at most {MOST_ATTRIBUTES} are taken. Send fewer.")
    if size > most_bytes:
        raise BadSignal(f"the attributes of an event have {size} characters, and at most {most_bytes} are taken. Send less.")
    return flat


def _number(value: int) -> int | float:
    if -_LARGEST <= value <= _LARGEST:
        return value
    try:
        return float(value)
    except OverflowError:
        raise BadSignal("an attribute is a whole number beyond all measure. Leave it out.") from None


def _add_nested(flat: dict[str, Json], name: str, value: Any, depth: int) -> int:
    """Add what is nested under a name; give its characters."""
    if depth > MOST_DEPTH:
        raise BadSignal(f"the attribute '{name[:80]}' nests deeper than {MOST_DEPTH} levels. Flatten it.")
    if len(name) > _LONGEST_NAME:
        raise BadSignal(f"the attribute '{name[:80]}…' has a name of over {_LONGEST_NAME} characters. Shorten it.")
    if len(flat) > MOST_ATTRIBUTES:
        raise BadSignal(f"an event has more than {MOST_ATTRIBUTES} attributes. Send fewer.")
    if type(value) is dict:
        return sum(_add_nested(flat, f"{name}.{key}", one, depth + 1) for key, one in value.items())
    if type(value) is list:
        if len(value) > MOST_LIST:
            raise BadSignal(f"the list '{name[:80]}' has more than {MOST_LIST} values. Send fewer.")
        if any(type(one) in (dict, list) for one in value):
            return sum(_add_nested(flat, f"{name}.{place}", one, depth + 1) for place, one in enumerate(value))
        plain = [_number(one) if type(one) is int else one for one in value if one is not None]
        flat[name] = plain
        return len(name) + sum(len(one) if type(one) is str else 8 for one in plain)
    if value is None:
        return 0
    flat[name] = _number(value) if type(value) is int else value
    return len(name) + (len(value) if type(value) is str else 8)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters; an ellipsis says where something was left out."""
    return text if len(text) <= most else text[: most - 1] + "…"


def flatten_what_fits(values: Mapping[str, Any]) -> dict[str, Json]:
    """Give nested attributes flat names, and leave out what is over a limit or is no number: for who cannot mend it."""
    flat: dict[str, Json] = {}
    room = MOST_BYTES
    waiting = [(name, value, 1) for name, value in list(values.items())[::-1]]
    while waiting and len(flat) < MOST_ATTRIBUTES:
        name, value, depth = waiting.pop()
        if value is None or len(name) > _LONGEST_NAME:
            continue
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value)):
            if depth < MOST_DEPTH:
                inner = value.items() if isinstance(value, dict) else enumerate(value)
                waiting += [(f"{name}.{key}", one, depth + 1) for key, one in list(inner)[MOST_LIST - 1 :: -1]]
            continue
        plain = [one for one in value[:MOST_LIST] if one is not None] if isinstance(value, list) else [value]
        if any(isinstance(one, float) and not math.isfinite(one) for one in plain):
            continue
        size = len(name) + sum(len(one) if isinstance(one, str) else 8 for one in plain)
        if size <= room:
            room -= size
            flat[name] = plain if isinstance(value, list) else value
    return flat


def without_secrets(text: str) -> str:
    """A text in which what looks like a key, a token or a password is replaced by an ellipsis."""
    return _SECRET.sub(lambda found: (found[1] or found[2] or found[3] or "") + "…", text)
