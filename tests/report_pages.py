"""A report made by hand, with all that a report's page can have; and the same with names that would act if they could."""

from __future__ import annotations

from dataclasses import replace

from freehold.measure.assess import assess
from freehold.measure.landlord_cuts import landlord_cuts
from freehold.measure.mission import mission_of
from freehold.report.answers import context_of
from freehold.report.evidence import Notes
from freehold.report.html import HtmlFace
from freehold.report.interface import (
    Block,
    Column,
    Curve,
    Document,
    Evidence,
    Gantt,
    GanttBar,
    Heading,
    HeatCell,
    HeatMap,
    KeyFigure,
    KeyFigures,
    LayerCell,
    LayerDrawing,
    LayerRow,
    Look,
    Method,
    Paragraph,
    Range,
    Row,
    Series,
    Table,
    TickOff,
    Tree,
)
from freehold.report.layer_view import layer_drawing
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack

__all__ = ["EVIL", "LONG", "OFFICE", "drawing_of", "evil", "office", "page", "report_document", "rows_of", "tick_of"]

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\x1b[31m\u202eexe.\u200b\x00\u2028{who}"
LONG = "unbroken" * 40

OFFICE = """
[stack]
name = "Office"
home = "DE"
trusted = ["EU"]
as_of = "2026-11-22"
[[provider]]
id = "abroad"
name = "Abroad Inc."
country = "US"
[[provider]]
id = "chips"
name = "Chips Ltd."
country = "TW"
[[item]]
id = "letters"
name = "Letters to citizens"
kind = "application"
mission = 0.6
  [[item.source]]
  provider = "self"
  needs = [{ item = "mail", survive = "3d" }, { item = "server", survive = "30d" }]
[[item]]
id = "register"
name = "Register of citizens"
kind = "application"
mission = 0.4
  [[item.source]]
  provider = "self"
  needs = ["server", { item = "forge", weight = 0.5, survive = "90d" }]
[[item]]
id = "mail"
name = "Mail"
kind = "service"
  [[item.source]]
  provider = "abroad"
[[item]]
id = "forge"
name = "Code forge"
kind = "platform"
  [[item.source]]
  provider = "?"
[[item]]
id = "server"
name = "Servers in the cellar"
kind = "hardware"
  [[item.source]]
  provider = "self"
  needs = [{ item = "chip", survive = "1y" }]
[[item]]
id = "chip"
name = "Chips and spares"
kind = "chip"
  [[item.source]]
  provider = "chips"
"""


def office() -> Stack:
    """A small office: two things to keep running, foreign mail and chips, and a forge of which nothing is known."""
    return loads(OFFICE, "office.toml")


def tick_of(stack: Stack) -> TickOff:
    """Landlords of a stack to tick off."""
    weights = mission_of(stack).weights
    items = tuple((item.id, str(item.name), str(item.kind), weights.get(place, 0.0)) for place, item in enumerate(stack.items))
    return TickOff(landlord_cuts(stack), items, "What goes out without each of the largest landlords.")


def drawing_of(stack: Stack) -> tuple[LayerDrawing, Notes]:
    """The stack by layers, and the evidence that it names."""
    context = context_of(stack, 1)
    notes = Notes(stack, context.reference_date)
    return layer_drawing(assess(stack), context, notes), notes


def rows_of(count: int) -> Table:
    """A long table."""
    columns = (
        Column("item", "item", "id"),
        Column("left", "left", "percent"),
        Column("why", "why"),
        Column("day", "day", "day"),
    )
    rows = tuple(
        Row((f"thing-{place}", Range(0.1, 0.2), "because of that", float(place)), "bad" if place % 2 else "plain", (1,))
        for place in range(count)
    )
    return Table(columns, rows, "All of it", most=5, how="levels")


def report_document(count: int = 150) -> Document:
    """A report with all kinds of blocks, and a table of so many rows."""
    stack = office()
    drawing, notes = drawing_of(stack)
    first = notes.add("Abroad Inc. has its legal seat in the United States", "register.csv:4", "2026-01-01")
    curve = Curve(
        (0.0, 30.0, 365.0), (Series("run", "still runs", (0.4, 0.4, 0.0), (1.0, 0.4, 0.0)),), "Left", 0.5, how="levels"
    )
    heat = HeatMap(
        "who", ("Abroad", "Chips"), (("letters", (HeatCell("failed", "down"), HeatCell("survived", "up"))),), "Losses"
    )
    table = rows_of(count)
    blocks: tuple[Block, ...] = (
        Heading("In short", 2, "summary"),
        Paragraph("60 % is left.", lead=True, notes=(first,), how="levels"),
        Paragraph("Letters stop first.", "bad", (first,)),
        KeyFigures((KeyFigure("Left", Range(0.2, 0.4), "on day 30", how="levels"),)),
        Heading("Curves", 2, "curves"), curve,
        Heading("Why", 3), Tree("Letters need mail", (Tree("mail is cut", notes=(first,)),)),
        Heading("Landlords away", 2, "ticks"), tick_of(stack),
        Heading("Layers", 2, "layers"), drawing,
        Heading("Steps", 2, "steps"), Gantt(365, ((0, "2026"), (200, "2027")), (GanttBar("Own mail", 10, 60, "by May"),)), heat,
        Heading("All", 2, "all"), table,
        Paragraph("freehold cutoff office.toml --foreign", whole=True, how="levels"),
    )  # fmt: skip
    methods = (
        Method("levels", "What is left", "Everything foreign is cut off.", "freehold assess office.toml"),
        Method("control", "Who holds it", "Seat, owner, place and law are looked at.", ""),
    )
    return Document(
        "Office: what is held", blocks, table, "6 items. Home is Germany.", notes.evidence, "en", methods
    )  # fmt: skip


def evil(text: str = EVIL) -> Document:
    """The same with texts that others wrote and that would act, or burst the page, if they could."""
    stack = office()
    named = tuple(replace(item, id=f"{item.id}-{text}", name=text) for item in stack.items)
    drawing = LayerDrawing(
        (
            LayerRow(text, text, tuple(LayerCell(one.id, text, text, "bad", 0.5, (Paragraph(text),)) for one in named), 3),
            LayerRow("x", "x", (LayerCell(f"low-{text}", text, text, "warn"),)),
        ),
        ((f"low-{text}", named[0].id),),
        text,
    )
    tick = tick_of(stack)
    landlords = tuple(replace(one, id=text, name=text, flags=("--owner", text)) for one in tick.cuts.landlords)
    ticks = TickOff(
        replace(tick.cuts, landlords=landlords), tuple((one.id, text, text, 0.5) for one in named), text
    )  # fmt: skip
    columns = (Column("a", "a", "id"), Column("b", "b"), Column("c", "c"), Column("d", "d", "day"))
    table = Table(columns, tuple(Row((text, text, text, None), notes=(1,)) for _ in range(70)), text, most=3, how=text)
    blocks: tuple[Block, ...] = (
        Heading(text, 2, text), Paragraph(text, how=text), Paragraph(text, whole=True), ticks, Heading(text, 2, "layers"),
        drawing, table, Gantt(9, ((0, text),), (GanttBar(text, 1, 2, text),)),
    )  # fmt: skip
    return Document(text, blocks, table, text, (Evidence(1, text, text, text),), "en", (Method(text, text, text, text),))


def page(document: Document) -> str:
    """The document as a page."""
    return HtmlFace().render(document, Look())
