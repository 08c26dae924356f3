"""Where the things of a drawing by layers stand, and how its lines run. Owns sizes, and the order within a layer.

Things of a layer are ordered by where those that they feed and that feed them stand (barycentres, swept down and up), so
that few lines cross. Units are those of the drawing: pixels at full size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from freehold.report.interface import LayerCell, LayerDrawing, LayerRow

__all__ = ["CELL_HEIGHT", "CELL_WIDTH", "LABELS", "WIDTH", "Feed", "Layout", "PlacedCell", "PlacedRow", "laid_out"]

WIDTH: Final = 960
"""Width of every drawing."""
LABELS: Final = 116
"""Width of the column with the layers' names."""
CELL_WIDTH: Final = 200
CELL_HEIGHT: Final = 54
_GAP: Final = 12
_LINE_GAP: Final = 16
_LAYER_GAP: Final = 40
_MARGIN: Final = 8
_IN_LINE: Final = (WIDTH - LABELS - _MARGIN + _GAP) // (CELL_WIDTH + _GAP)
_SWEEPS: Final = 4
_MOST_LINES: Final = 4
"""Lines of cells of one layer; what has no room in them stands in the list and in the table alone."""
_SPREAD: Final = 0.7


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A thing, the upper left corner of its cell, and its place within the layer as the view ordered it."""

    cell: LayerCell
    x: float
    y: float
    place: int


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A layer with its cells; from ``top`` to ``bottom``."""

    row: LayerRow
    top: float
    bottom: float
    cells: tuple[PlacedCell, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A line from a thing to one that needs it, as the path of an SVG."""

    giver: str
    taker: str
    path: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole drawing."""

    height: float
    rows: tuple[PlacedRow, ...]
    feeds: tuple[Feed, ...]


def laid_out(drawing: LayerDrawing) -> Layout:
    """Place everything.

    Parameters
    ----------
    drawing
        What is drawn; lines from or to what is not drawn are left out.
    """
    grids = _Ordering(drawing).grids()
    rows: list[PlacedRow] = []
    at: dict[str, tuple[float, float]] = {}
    y = float(_MARGIN)
    for row, grid in zip(drawing.rows, grids, strict=True):
        placed: list[PlacedCell] = []
        top = y
        for number, line in enumerate(grid or [{}]):
            y = top + number * (CELL_HEIGHT + _LINE_GAP)
            for column, place in sorted(line.items()):
                x = LABELS + column * (CELL_WIDTH + _GAP)
                placed.append(PlacedCell(row.cells[place], x, y, place))
                at[row.cells[place].id] = x, y
        y += CELL_HEIGHT
        rows.append(PlacedRow(row, top, y, tuple(placed)))
        y += _LAYER_GAP
    height = max(y - _LAYER_GAP, 0.0) + _MARGIN
    return Layout(height, tuple(rows), _lines(drawing.feeds, at))


class _Ordering:
    """Which column each thing stands in; which line, the view has decided by putting what matters most first."""

    def __init__(self, drawing: LayerDrawing) -> None:
        self._lines = [
            [list(range(start, min(start + _IN_LINE, len(row.cells)))) for start in range(0, len(row.cells), _IN_LINE)][
                :_MOST_LINES
            ]
            for row in drawing.rows
        ]
        place_of = {cell.id: (number, place) for number, row in enumerate(drawing.rows) for place, cell in enumerate(row.cells)}
        self._beside: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for giver, taker in drawing.feeds:
            if giver in place_of and taker in place_of and giver != taker:
                self._beside[place_of[giver]].append(place_of[taker])
                self._beside[place_of[taker]].append(place_of[giver])
        self._column: dict[tuple[int, int], float] = {}
        for number, lines in enumerate(self._lines):
            for line in lines:
                for column, place in enumerate(line):
                    self._column[number, place] = column + (_IN_LINE - len(line)) / 2

    def grids(self) -> list[list[dict[int, int]]]:
        """Per layer and line: column to place."""
        grids: list[list[dict[int, int]]] = [[] for _ in self._lines]
        for sweep in range(_SWEEPS):
            numbers = range(len(self._lines)) if sweep % 2 == 0 else range(len(self._lines) - 1, -1, -1)
            for number in numbers:
                grids[number] = [self._settled(number, line) for line in self._lines[number]]
        return grids

    def _settled(self, number: int, line: list[int]) -> dict[int, int]:
        middle = {}
        for place in line:
            near = [self._column[one] for one in self._beside[number, place] if one in self._column and one[0] != number]
            middle[place] = sum(near) / len(near) if near else self._column[number, place]
        ordered = sorted(line, key=lambda place: (middle[place], place))
        columns = min(
            combinations(range(_IN_LINE), len(ordered)),
            key=lambda some: (sum(abs(column - middle[place]) for column, place in zip(some, ordered, strict=True)), some),
        )
        for column, place in zip(columns, ordered, strict=True):
            self._column[number, place] = column
        return dict(zip(columns, ordered, strict=True))


def _lines(feeds: Sequence[tuple[str, str]], at: dict[str, tuple[float, float]]) -> tuple[Feed, ...]:
    """Lines from the upper edge of who gives to the lower edge of who takes, spread along both edges."""
    drawn = [(giver, taker) for giver, taker in dict.fromkeys(feeds) if giver in at and taker in at and giver != taker]
    leaves: dict[str, list[str]] = defaultdict(list)
    enters: dict[str, list[str]] = defaultdict(list)
    for giver, taker in drawn:
        leaves[giver].append(taker)
        enters[taker].append(giver)
    starts = {(giver, one): place for giver, ones in leaves.items() for one, place in _spread(ones, at).items()}
    ends = {(one, taker): place for taker, ones in enters.items() for one, place in _spread(ones, at).items()}
    return tuple(
        Feed(giver, taker, _path(at[giver], at[taker], starts[giver, taker], ends[giver, taker])) for giver, taker in drawn
    )


def _spread(others: list[str], at: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Where on an edge each of the lines to others stands, ordered as these are."""
    ordered = sorted(others, key=lambda one: (at[one][0], at[one][1], one))
    part = _SPREAD / (len(ordered) + 1)
    return {one: ((1 - _SPREAD) / 2 + part * (place + 1)) * CELL_WIDTH for place, one in enumerate(ordered)}


def _path(giver: tuple[float, float], taker: tuple[float, float], start: float, end: float) -> str:
    x1, x2 = giver[0] + start, taker[0] + end
    if giver[1] > taker[1]:
        y1, y2 = giver[1], taker[1] + CELL_HEIGHT + 1
        bend = min(60.0, (y1 - y2) / 2)
        return f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 - bend:.1f} {x2:.1f} {y2 + bend:.1f} {x2:.1f} {y2:.1f}"
    if giver[1] == taker[1]:
        y = giver[1]
        return f"M{x1:.1f} {y:.1f}C{x1:.1f} {y - 24:.1f} {x2:.1f} {y - 24:.1f} {x2:.1f} {y - 1:.1f}"
    y1, y2 = giver[1] + CELL_HEIGHT, taker[1] - 1
    bend = min(60.0, (y2 - y1) / 2)
    return f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
