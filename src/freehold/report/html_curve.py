"""Bands over time as inline SVG. Owns the scales: days are spread by log(1 + day), so that the first week has room too.

What is no day is spread evenly.
"""

from __future__ import annotations

import math
from html import escape
from typing import Final

from freehold.report.clean import clean
from freehold.report.figures import short_range
from freehold.report.interface import Curve, Range, Series
from freehold.report.line_breaks import cells
from freehold.words import day, percent, say, sentences

__all__ = ["curve_svg"]

_WIDTH, _HEIGHT = 460, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 30, 28
_LEAST_TICK_GAP: Final = 30.0
_SHIFT: Final = 1.2


def curve_svg(curve: Curve, number: int) -> str:
    """Draw a curve.

    Parameters
    ----------
    curve
        Bands; each level lasts until the next day that is given, the last to the edge.
    number
        Which curve of the page it is, for ids.
    """
    days, last = curve.days, max(curve.days[-1], 1.0)
    plain = _WIDTH - _LEFT - _RIGHT

    def across(at: float) -> float:
        part = at / last if curve.across else math.log1p(at) / math.log1p(last)
        return _LEFT + (plain - 26) * part

    def up(level: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - min(1.0, max(0.0, level)))

    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="c{number}t c{number}d">',
        f'<title id="c{number}t">{escape(clean(curve.caption))}</title>',
        f'<desc id="c{number}d">{escape(clean(_told(curve)))}</desc>',
    ]
    for level in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = up(level)
        parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(clean(percent(level)))}</text>')
    if curve.floor is not None:
        y = up(curve.floor)
        parts.append(f'<line class="floor" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    before = -math.inf
    for at in days:
        x = across(at)
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{up(0):.1f}" y2="{up(0) + 5:.1f}"/>')
        if x - before >= (_LEAST_TICK_GAP if not curve.across else 8 * len(_at(at, curve)) + 8):
            parts.append(f'<text x="{x:.1f}" y="{up(0) + 20:.1f}" text-anchor="middle">{escape(clean(_at(at, curve)))}</text>')
            before = x
    label = "" if curve.across else escape(clean(say("report.day_column")))
    parts.append(f'<text x="{_LEFT - 8}" y="{up(0) + 20:.1f}" text-anchor="end">{label}</text>')
    at_x = float(_LEFT)
    for place, series in enumerate(curve.series):
        shift = _SHIFT * (place - (len(curve.series) - 1) / 2)
        title = clean(series.title)
        parts.append(f'<g class="s{place % 2}">{_band(series, [across(at) for at in days], up, shift)}')
        parts.append(f'<line class="low" x1="{at_x:.0f}" x2="{at_x + 26:.0f}" y1="12" y2="12"/>')
        parts.append(f'<text x="{at_x + 32:.0f}" y="16">{escape(title)}</text></g>')
        at_x += 54 + 7.4 * cells(title)
    return "".join([*parts, "</svg>"])


def _at(at: float, curve: Curve) -> str:
    return f"{at:,.0f}" if curve.across else day(at)


def _told(curve: Curve) -> str:
    """The same in words, for who cannot see it."""
    told = []
    for series in curve.series:
        levels = [
            say(
                f"report.curve_{'across_' if curve.across else ''}point",
                day=_at(at, curve),
                level=short_range(Range(low, high)),
            )
            for at, low, high in zip(curve.days, series.low, series.high, strict=True)
        ]
        told.append(say("report.curve_told", title=series.title, levels=say("report.separator").join(levels)))
    return sentences(told)


def _band(series: Series, at: list[float], up: object, shift: float) -> str:
    assert callable(up)
    edge = float(_WIDTH - _RIGHT)

    def steps(levels: tuple[float, ...]) -> list[tuple[float, float]]:
        points = []
        for place, level in enumerate(levels):
            points.append((at[place], float(up(level)) + shift))
            points.append((at[place + 1] if place + 1 < len(at) else edge, float(up(level)) + shift))
        return points

    def path(points: list[tuple[float, float]]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)

    low, high = steps(series.low), steps(series.high)
    drawn = f'<polygon class="band" points="{path([*high, *reversed(low)])}"/>' if low != high else ""
    drawn += f'<polyline class="low" points="{path(low)}"/>'
    return drawn + (f'<polyline class="high" points="{path(high)}"/>' if low != high else "")
