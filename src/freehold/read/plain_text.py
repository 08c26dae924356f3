"""Texts of strangers made fit to be kept: no control characters, no halves of characters, bounded. Owns those limits.

What comes out can be written to a stack and read back; how it is shown is for the faces to decide.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, TypeVar

from freehold.stack.inventory import Component, Skip

__all__ = ["LONGEST", "is_plain", "plain", "plain_component", "plain_skip"]

LONGEST: Final = 900
"""Signs of a text that are kept."""

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HALF: Final = re.compile("[\ud800-\udfff]")

_T = TypeVar("_T", str, str | None)


def is_plain(text: str) -> bool:
    """Whether a text holds no control character and no half of a surrogate pair."""
    return text.isprintable() or (_CONTROL.search(text) is None and _HALF.search(text) is None)


def plain(text: _T, longest: int = LONGEST) -> _T:
    """Give the text with control characters as blanks, halves of characters as ``U+FFFD``, and its beginning only."""
    if text is None:
        return text
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    if text.isprintable():
        return text
    return _HALF.sub("\ufffd", _CONTROL.sub(" ", text))


def plain_component(component: Component) -> Component | None:
    """Give a component with plain texts; ``None`` if its id is too long to be one."""
    if len(component.id) > LONGEST:
        return None
    texts = {
        name: plain(value)
        for name in ("id", "name", "version", "licence", "supplier", "registry", "repository", "provides")
        if (value := getattr(component, name)) is not None and (len(value) > LONGEST or not value.isprintable())
    }
    if not all(map(str.isprintable, component.depends)):
        # what is needed is named as that component's own id is, or it would not be found
        component = replace(component, depends=tuple(plain(one) for one in component.depends))
    return replace(component, **texts) if texts else component


def plain_skip(skip: Skip) -> Skip:
    """Give a skip with plain texts."""
    if len(skip.detail) <= LONGEST and skip.detail.isprintable() and skip.file.isprintable():
        return skip
    return Skip(plain(skip.file, 4 * LONGEST), skip.reason, plain(skip.detail))
