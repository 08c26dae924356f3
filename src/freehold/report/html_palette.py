"""The colours of pages, light and dark. Owns which are told apart, and by how much: everybody can tell blue, orange and grey.

Colour never says a thing alone: a word, a sign or a pattern stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["DARK", "GRAPHIC_PAIRS", "HEAT_DARK", "HEAT_LIGHT", "LIGHT", "TEXT_PAIRS", "contrast", "declared"]

LIGHT: Final[Mapping[str, str]] = {
    "paper": "#fdfdfb", "ink": "#1c2126", "quiet": "#5a646e", "line": "#d9dcd8", "soft": "#f1f2ee",
    "one": "#1f5fa8", "two": "#a35a00", "good": "#1c6b3a", "warn": "#7d5600", "bad": "#a4231c", "edge": "#78828b",
}  # fmt: skip
"""On a light page: its ground, its text, what is less, faint rules, boxes; two series; three tones; borders and lines."""

DARK: Final[Mapping[str, str]] = {
    "paper": "#14171a", "ink": "#e6e8ea", "quiet": "#a2acb5", "line": "#343a40", "soft": "#1d2226",
    "one": "#7db4f0", "two": "#eba857", "good": "#7fd09b", "warn": "#e6bd5c", "bad": "#ff938a", "edge": "#7b858e",
}  # fmt: skip
"""The same on a dark page."""

HEAT_LIGHT: Final[Mapping[str, str]] = {
    "h0": "#dcecf9", "h1": "#a9d0ee", "h2": "#f6d57a", "h3": "#b23a16", "h3ink": "#fff", "hv": "#ecece8", "hs": "#d2d2cc",
}  # fmt: skip
"""Cells of a heat map on a light page."""

HEAT_DARK: Final[Mapping[str, str]] = {
    "h0": "#173248", "h1": "#1f5379", "h2": "#6b5200", "h3": "#ff9d6e", "h3ink": "#1c0d05", "hv": "#24282c", "hs": "#3a4046",
}  # fmt: skip
"""The same on a dark page."""

TEXT_PAIRS: Final = (
    *((text, ground) for text in ("ink", "quiet", "one", "two", "good", "warn", "bad") for ground in ("paper", "soft")),
    ("paper", "ink"), ("paper", "one"), ("paper", "two"), ("paper", "quiet"),
    *(("ink", ground) for ground in ("h0", "h1", "h2", "hv", "hs")), ("h3ink", "h3"),
)  # fmt: skip
"""Colours of text, each with a ground that it stands on: at least 4.5 to 1."""

GRAPHIC_PAIRS: Final = tuple(
    (drawn, ground) for drawn in ("one", "two", "quiet", "edge", "ink") for ground in ("paper", "soft")
)  # fmt: skip
"""Colours of lines, borders and signs that mean something, each with its ground: at least 3 to 1."""


def declared(colours: Mapping[str, str]) -> str:
    """Colours as custom properties of a style sheet."""
    return ";".join(f"--{name}:{value}" for name, value in colours.items())


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21.

    Parameters
    ----------
    one, other
        Colours as ``#rgb`` or ``#rrggbb``.

    Notes
    -----
    (L1 + 0.05) / (L2 + 0.05) with the relative luminances of WCAG 2.2 (W3C, https://www.w3.org/TR/WCAG22/).
    """
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:]
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
