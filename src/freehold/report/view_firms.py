"""The report of a network of firms as a page. Owns its order: what takes most, what outputs rest on, how long stock lasts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from freehold.report.answers import Context
from freehold.report.firms_answer import FirmsReport
from freehold.report.interface import Block, Curve, Document, Method, Paragraph, Series
from freehold.report.sections import section
from freehold.report.view_systemic import cascade_document, plants_document, table_document
from freehold.words import say

__all__ = ["firms_document", "firms_summary"]

_MOST_DRAWN: Final = 100
"""Firms whose failure is drawn: the worst."""


def firms_document(report: FirmsReport, context: Context) -> Document:
    """Show the report of a network of firms.

    Parameters
    ----------
    report
        Everything that it tells.
    context
        What stands beside it.
    """
    parts = dict(_parts(report, context))
    blocks: list[Block] = list(section("summary", say("whole_report.summary"), _leads(parts)))
    for key, document in parts.items():
        shown: list[Block] = [_curve(report)] if key == "cascades" else []
        shown += document.blocks
        blocks += section(key, say(f"whole_report.firms_{key}"), shown, key)
    if report.no_plants:
        blocks.append(Paragraph(say("whole_report.firms_no_plants"), "warn"))
    title = say("whole_report.firms_title", name=Path(report.path).name or report.path)
    return Document(title, tuple(blocks), parts["cascades"].main, methods=tuple(_methods(report, parts)))


def firms_summary(report: FirmsReport, context: Context) -> tuple[str, ...]:
    """What a reader must know who reads no further, in sentences."""
    return tuple(one.text for one in _leads(dict(_parts(report, context))))


def _parts(report: FirmsReport, context: Context) -> Iterator[tuple[str, Document]]:
    yield "cascades", cascade_document(report.cascades, context)
    if report.inputs is not None:
        yield "inputs", table_document(report.inputs, context)
    if report.plants is not None:
        yield "plants", plants_document(report.plants, context)


def _leads(parts: dict[str, Document]) -> Iterator[Paragraph]:
    """The answer of each part in short, and what it says next."""
    for key, document in parts.items():
        said = [block for block in document.blocks if isinstance(block, Paragraph) and block.tone != "quiet"]
        # of cascades the second compares with another program: that is for who checks, in its own section
        told = [*said[:1], *said[2:3]] if key == "cascades" and len(said) > 2 else said[:2]
        for place, one in enumerate(told):
            yield Paragraph(one.text, one.tone, lead=key == "cascades" and not place, how=key)


def _curve(report: FirmsReport) -> Curve:
    """What each failure takes, the worst first: how few firms most of the risk lies in."""
    answer = report.cascades
    lost = tuple(float(answer.best.total[one]) for one in answer.order if answer.known[one])[:_MOST_DRAWN]
    lost = lost or (0.0,)
    ranks = tuple(float(place) for place in range(1, len(lost) + 1))
    return Curve(
        ranks, (Series("lost", say("whole_report.firms_lost"), lost, lost),), say("whole_report.firms_curve"),
        across=say("whole_report.firms_rank"),
    )  # fmt: skip


def _methods(report: FirmsReport, parts: dict[str, Document]) -> Iterator[Method]:
    folder = Path(report.path)
    named = [word for flag, file in (("--firms", report.firms),) if file for word in (flag, file)]
    goods = ["--essentiality", report.essentiality] if report.essentiality else []
    plants = ["--plants", str(folder / "plants.csv"), "--products", str(folder / "products.csv")]
    by = [] if report.inputs is None else ["--inputs", report.inputs.by]
    commands = {
        "cascades": [report.links, *named, *goods], "inputs": [report.links, *named, *by],
        "plants": [str(folder / "deliveries.csv"), *plants],
    }  # fmt: skip
    for key in parts:
        command = shlex.join(["freehold", "systemic", *commands[key]])
        yield Method(key, say(f"whole_report.firms_{key}"), say(f"whole_report.method_firms_{key}"), command)
