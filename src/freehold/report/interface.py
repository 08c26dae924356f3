"""The plug point of faces, and the one view model they all show. Owns the seam between an answer and its appearance.

A *view* turns an answer into a :class:`Document`; a *face* turns a document into text. A document holds values, not
markup: faces clean and escape every string, and choose how a :class:`Range` or a day is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias

from freehold.measure.landlord_cut_values import LandlordCuts
from freehold.words import language_tag

__all__ = [
    "MEASURED",
    "NOT_KNOWN",
    "Block",
    "Cell",
    "Column",
    "Curve",
    "Detail",
    "Document",
    "Evidence",
    "Face",
    "Gantt",
    "GanttBar",
    "Heading",
    "Heat",
    "HeatCell",
    "HeatMap",
    "KeyFigure",
    "KeyFigures",
    "LayerCell",
    "LayerDrawing",
    "LayerRow",
    "Look",
    "Method",
    "NotKnown",
    "Paragraph",
    "Range",
    "Row",
    "Series",
    "Table",
    "TickOff",
    "Tone",
    "Tree",
    "walk",
]

Tone: TypeAlias = Literal["plain", "good", "warn", "bad", "quiet"]
"""How a thing is to be taken; colour never says it alone. What is not known is never ``good``."""

_Sort: TypeAlias = Literal["text", "id", "count", "percent", "day"]
"""What a column holds: words, a name to copy, a count, a fraction (shown in percent), a day on the time line."""


MEASURED: Final = frozenset({"percent", "day"})
"""Sorts of columns that a row's tone applies to; names and sentences stay as they are."""


class NotKnown:
    """The type of the one cell that says "not known": shown in words, empty in CSV; never as 0."""

    def __repr__(self) -> str:
        return "NOT_KNOWN"


NOT_KNOWN = NotKnown()


@dataclass(frozen=True, slots=True)
class Range:
    """Two bounds of one number; ``None`` for a day that does not come."""

    low: float | None
    high: float | None


Cell: TypeAlias = str | int | float | Range | NotKnown | None
"""A value of a table; ``None`` where there is none, which is not the same as not known."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name
        Its name for programs (CSV): snake_case.
    title
        Its heading for people; the unit in it where there is one.
    sort
        What it holds; all but ``text`` and ``id`` are set flush right.
    """

    name: str
    title: str
    sort: _Sort = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, how it is to be taken, and numbers of the evidence it rests on."""

    cells: tuple[Cell, ...]
    tone: Tone = "plain"
    notes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the document's own. An anchor names its section, for faces that lead to sections."""

    text: str
    level: int = 2
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences.

    Parameters
    ----------
    text, tone, notes
        What is said, how it is to be taken, and the evidence that it rests on.
    lead
        Whether it is the answer in short.
    whole
        Whether it is a line to be copied, such as a command: it is never broken.
    how
        Key of the :class:`Method` by which its numbers were got; may be empty, here and in other blocks.
    """

    text: str
    tone: Tone = "plain"
    notes: tuple[int, ...] = ()
    lead: bool = False
    whole: bool = False
    how: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Parameters
    ----------
    columns, rows
        What it shows.
    caption
        What it is, in a line; may be empty.
    most
        How many rows a face with little room shows; it says how many it left out.
    how
        As of a :class:`Paragraph`.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    most: int | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """A sentence and what follows from it, step by step."""

    text: str
    children: tuple[Tree, ...] = ()
    tone: Tone = "plain"
    notes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """One band of a curve: levels on some days, each lasting until the next."""

    name: str
    title: str
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Bands over time, or over another quantity.

    Parameters
    ----------
    days
        Days on which the levels are given.
    series
        One or a few bands.
    caption
        What it shows; faces say themselves how it is drawn.
    floor
        Level under which a thing has stopped; ``None`` where there is none.
    across
        What ``days`` are where they are no days, with its unit: then they are spread evenly.
    how
        As of a :class:`Paragraph`.
    """

    days: tuple[float, ...]
    series: tuple[Series, ...]
    caption: str = ""
    floor: float | None = None
    across: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One number with what it means.

    Parameters
    ----------
    label
        Its name.
    value
        The number: a fraction or a range of fractions.
    meaning
        A clause that says what it is.
    points
        Whether it is a difference of percentages.
    how
        As of a :class:`Paragraph`.
    """

    label: str
    value: Range
    meaning: str
    tone: Tone = "plain"
    points: bool = False
    how: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """Numbers side by side."""

    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True)
class GanttBar:
    """One line of a Gantt chart: something that is built, and then there.

    Parameters
    ----------
    title
        Its name.
    start, ready
        Days on which it is started, and from which it is there; ``ready`` may be beyond the chart.
    detail
        More about it, such as its dates, where there is room; may be empty.
    tone
        How it is to be taken.
    """

    title: str
    start: float
    ready: float
    detail: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Gantt:
    """What is built when, and from when on it is there.

    Parameters
    ----------
    days
        Length of the chart, from day 0.
    ticks
        Days that are marked, each with its label, ascending.
    bars
        The lines, in order.
    caption
        What it shows; faces say themselves how it is drawn.
    """

    days: float
    ticks: tuple[tuple[float, str], ...]
    bars: tuple[GanttBar, ...]
    caption: str = ""


Heat: TypeAlias = Literal["untouched", "survived", "degraded", "failed", "void", "skipped", "absent"]
"""How one thing stood up to one loss; a word in the cell says it too."""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell of a heat map.

    Parameters
    ----------
    heat
        How it stood.
    text
        The word in the cell.
    detail
        More about it, where there is room; may be empty.
    """

    heat: Heat
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Things against losses.

    Parameters
    ----------
    corner
        What the rows are.
    columns
        Headings of the losses.
    rows
        A heading and as many cells as there are columns, row by row.
    caption, legend
        What it shows; what the words in the cells mean.
    """

    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[HeatCell, ...]], ...]
    caption: str = ""
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """Blocks that only a face with much room shows, under a title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class LayerCell:
    """One thing in a drawing of the value chain.

    Parameters
    ----------
    id, title
        The item's id; its name.
    held_by
        Who holds it, in a few words.
    tone
        Good: surely held; bad: surely foreign; warn: both, or not known.
    mission
        Its normalised mission weight; 0 for what is only needed.
    blocks
        What is known of it, with the evidence: shown when it is opened.
    """

    id: str
    title: str
    held_by: str
    tone: Tone = "plain"
    mission: float = 0.0
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer of the value chain: its name, the things that are drawn, and how many more there are."""

    kind: str
    title: str
    cells: tuple[LayerCell, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class LayerDrawing:
    """The stack drawn by layers of the value chain, and who feeds what.

    Parameters
    ----------
    rows
        Layers that have something, the uppermost first.
    feeds
        Ids of two things that are drawn: the second needs the first.
    caption
        What it shows; faces say themselves how it is drawn.
    """

    rows: tuple[LayerRow, ...]
    feeds: tuple[tuple[str, str], ...] = ()
    caption: str = ""


@dataclass(frozen=True, slots=True)
class TickOff:
    """Landlords to tick off, and what goes out then: answers that travel in the page.

    Parameters
    ----------
    cuts
        The answers.
    items
        Of each item of the stack, in its order: id, name, title of its layer, normalised mission weight.
    caption
        What it shows.
    told
        Places of the items of which a page tells by landlord and day; ``None``: of all.
    """

    cuts: LandlordCuts
    items: tuple[tuple[str, str, str, float], ...]
    caption: str = ""
    told: tuple[int, ...] | None = None


Block: TypeAlias = Heading | Paragraph | Table | HeatMap | Tree | Curve | Gantt | KeyFigures | LayerDrawing | TickOff | Detail


@dataclass(frozen=True, slots=True)
class Method:
    """How a number was got.

    Parameters
    ----------
    key
        What blocks name in ``how``.
    title
        What is got that way.
    text
        How, in a few sentences.
    command
        The command that repeats it; may be empty.
    """

    key: str
    title: str
    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a shown fact rests on.

    Parameters
    ----------
    number
        By which blocks refer to it.
    claim
        The fact, in words.
    source
        Who says so: a file and line, a row, a page.
    date
        The day for which it was stated, or empty.
    old
        Whether it is older than the age from which facts are shown as old.
    """

    number: int
    claim: str
    source: str
    date: str = ""
    old: bool = False


@dataclass(frozen=True)
class Document:
    """An answer, ready to be shown.

    Parameters
    ----------
    title, subtitle
        Its name; in a line, what it is about.
    blocks
        What it says, in order.
    main
        The answer's main table, for faces that show one table only.
    evidence
        What it rests on, by number from 1.
    language
        Language of its words, as a BCP 47 tag.
    methods
        How its numbers were got, for faces that link each of them to its method.
    """

    title: str
    blocks: tuple[Block, ...]
    main: Table
    subtitle: str = ""
    evidence: tuple[Evidence, ...] = field(default=())
    language: str = field(default_factory=language_tag)
    methods: tuple[Method, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """How much room and what means a face has.

    Parameters
    ----------
    width
        Columns of text.
    colour
        Whether colour may be used.
    evidence
        Whether a face with little room lists the evidence.
    full
        Whether it shows details and every row.
    """

    width: int = 100
    colour: bool = False
    evidence: bool = False
    full: bool = False


class Face(Protocol):
    """One appearance."""

    name: str
    media_type: str

    def render(self, document: Document, look: Look) -> str:
        """Turn a document into text that ends with a line feed."""


def walk(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Every block, those within details too, in order."""
    for block in blocks:
        yield block
        if isinstance(block, Detail):
            yield from walk(block.blocks)
