"""``systemic`` as pages: cascades, tables of inputs, plants. Owns how small parts are written, and which rows come first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from freehold.report.answers import Context
from freehold.report.figures import country, country_in_sentence
from freehold.report.interface import NOT_KNOWN, Block, Cell, Column, Document, Heading, NotKnown, Paragraph, Row, Table
from freehold.report.systemic_answers import CascadeAnswer, PlantsAnswer, TableAnswer
from freehold.stack.countries import is_region
from freehold.words import listed, say, sentences

__all__ = ["cascade_document", "plants_document", "table_document"]

_LARGE: Final = 0.1
_SMALL: Final = 0.01
_MOST_PARTS: Final = 5


def _share(value: float) -> str:
    """A part in percent, to three figures: such parts are often far under one percent."""
    return f"{100 * float(value) + 0.0:.3g} %"


def _percent(value: float) -> float:
    """A part in percent, to a ten-thousandth of a percent."""
    return round(100 * float(value), 4) + 0.0


def cascade_document(answer: CascadeAnswer, context: Context) -> Document:  # noqa: ARG001 - a view's signature
    """Show what shocks take: the worst in words, then all."""
    found, best = answer.answer, answer.best
    read = say("systemic.read", firms=f"{found.network.firms:,}", links=f"{found.network.links:,}")
    what = say("systemic.shares_stated" if answer.weighted else "systemic.shares_sales")
    replaced = say("systemic.replaced_on" if found.replaceability else "systemic.replaced_off")
    blocks: list[Block] = [Paragraph(sentences((read, say("systemic.shares", what=what), replaced)), "quiet")]
    order, known, ended = answer.order, answer.known, answer.ended
    done = [one for one in order if known[one]]
    if done:
        worst = done[0]
        key = "systemic.worst" if answer.places is not None else "systemic.one"
        said = say(key, count=f"{len(done):,}", name=_name(answer, worst), total=_share(best.total[worst]),
                   own=_share(found.own[worst]))  # fmt: skip
        ways = say("systemic.ways", down=_share(best.down[worst]), up=_share(best.up[worst]))
        blocks.append(Paragraph(sentences((said, ways)), "bad" if best.total[worst] >= _LARGE else "warn", lead=True))
        blocks.append(Paragraph(_stop(answer, worst, done)))
        if answer.places is not None:
            totals = best.total[done]
            few, small = int(np.sum(totals > _LARGE)), int(np.sum(totals < _SMALL))
            blocks.append(Paragraph(say("systemic.concentration", few=f"{few:,}", count=f"{len(done):,}", small=f"{small:,}")))
    elif not order:
        blocks.append(Paragraph(say("systemic.nothing"), lead=True))
    if len(done) < len(order):
        said = say("systemic.unworked", count=f"{len(order) - len(done):,}", of=f"{len(order):,}")
        blocks.append(Paragraph(said, "warn"))
    short = int((known & ~ended).sum()) if found.converged is not None else 0
    if short:
        blocks.append(Paragraph(say("systemic.short", count=f"{short:,}", of=f"{len(order):,}"), "warn"))
    table = _shock_table(answer)
    levels = None if answer.levels is None else _level_table(answer)
    if levels is None:
        blocks += [Heading(say("systemic.ranking")), table]
    else:
        blocks += [table, Heading(say("systemic.levels"))]
        blocks.append(levels if levels.rows else Paragraph(say("systemic.levels_none")))
    return Document(say("systemic.title", file=answer.path), tuple(blocks), table if levels is None else levels)


def _name(answer: CascadeAnswer, one: int) -> str:
    if answer.places is None:
        return " + ".join(_lost(answer, part) for part in answer.answer.shocks[one].split(" + "))
    place, firms = answer.places[one], answer.firms
    id_, name = firms.ids[place], firms.names[place]
    return id_ if name == id_ else f"{name} ({id_})"


def _lost(answer: CascadeAnswer, part: str) -> str:
    """A part of a shock: a firm, such as ``alba=0.5``, or a country."""
    firms = answer.firms
    if part not in firms.ids and is_region(part):
        return country_in_sentence(part)
    firm, sign, lost = (part, "", "") if part in firms.ids else part.rpartition("=")
    if firm not in firms.ids:
        return part
    name = firms.names[firms.ids.index(firm)]
    return part if name == firm else f"{name} ({firm}{sign}{lost})"


def _stop(answer: CascadeAnswer, worst: int, done: Sequence[int]) -> str:
    """What the reference's stop leaves out, of the worst and at most."""
    found, gap = answer.answer, answer.answer.gap
    epsilon = _share(found.eps)
    if found.converged is None or gap is None:
        return say("systemic.stop_compatible", epsilon=epsilon)
    ends = [one for one in done if answer.ended[one]]
    if not answer.ended[worst]:
        return say("systemic.stop_open", epsilon=epsilon)
    if answer.mode == "converged":
        return say("systemic.stop_converged", error=f"{found.bound:g}")
    values = {"epsilon": epsilon, "converged": _share(found.converged.total[worst])}
    if gap[worst] < 5e-9:
        told = say("systemic.stop_same", **values)
    else:
        shown = _share(found.reference.total[worst])
        told = say("systemic.stop", compatible=shown, gap=f"{100 * gap[worst]:.3g}", **values)
    widest = max(ends, key=lambda one: round(float(gap[one]), 12))
    if widest != worst and gap[widest] > max(5e-9, float(gap[worst])):
        told = sentences((told, say("systemic.widest", name=_name(answer, widest), gap=f"{100 * gap[widest]:.3g}")))
    return told


def _shock_table(answer: CascadeAnswer) -> Table:
    found, best, firms, both = answer.answer, answer.best, answer.firms, answer.mode == "both"
    known, ended = answer.known, answer.ended
    single = answer.places is not None
    has_names = single and firms.names != firms.ids
    has_sectors, has_seats = single and any(firms.sectors), single and set(firms.countries) != {"?"}
    first = Column("firm", say("systemic.column_firm"), "id") if single else Column("shock", say("systemic.column_shock"), "id")
    columns = [first]
    for name, there in (("name", has_names), ("sector", has_sectors), ("country", has_seats)):
        if there:
            columns.append(Column(name, say(f"systemic.column_{name}")))
    shown = ("own", "total", "down", "up", *(("compatible", "gap") if both else ()))
    columns += [Column(f"{name}_percent", say(f"systemic.column_{name}"), "count") for name in shown]
    if not both:
        columns.append(Column("steps", say("systemic.column_steps"), "count"))
    rows = []
    for one in answer.order:
        cells: list[Cell] = [found.shocks[one]]
        if answer.places is not None:
            place = answer.places[one]
            cells += [firms.names[place]] if has_names else []
            cells += [firms.sectors[place]] if has_sectors else []
            cells += [firms.countries[place]] if has_seats else []
        numbers: list[float | NotKnown] = [NOT_KNOWN] * 5
        if known[one]:
            numbers[:3] = [best.total[one], best.down[one], best.up[one]]
            numbers[3] = found.reference.total[one]
            numbers[4] = best.total[one] - found.reference.total[one] if ended[one] else NOT_KNOWN
        shown_numbers = [found.own[one], *(numbers if both else numbers[:3])]
        cells += [number if isinstance(number, NotKnown) else _percent(number) for number in shown_numbers]
        if not both:
            cells.append(int(best.steps[one]))
        rows.append(Row(tuple(cells), "plain" if known[one] else "warn"))
    return Table(tuple(columns), tuple(rows), most=answer.most)


def _level_table(answer: CascadeAnswer) -> Table:
    levels, firms = answer.levels, answer.firms
    assert levels is not None
    left = np.minimum(levels.down, levels.up)
    hit = [one for one in range(len(left)) if left[one] < 1 - 1e-9]
    hit.sort(key=lambda one: (round(float(left[one]), 12), firms.ids[one]))
    has_names = firms.names != firms.ids
    columns = [Column("firm", say("systemic.column_firm"), "id")]
    columns += [Column("name", say("systemic.column_name"))] if has_names else []
    columns += [Column(f"{name}_percent", say(f"systemic.column_{name}"), "count") for name in ("left", "left_down", "left_up")]
    rows = tuple(
        Row(
            (firms.ids[one], *((firms.names[one],) if has_names else ()), _percent(left[one]), _percent(levels.down[one]),
             _percent(levels.up[one]))
        )
        for one in hit
    )  # fmt: skip
    return Table(tuple(columns), rows, most=answer.most)


def table_document(answer: TableAnswer, context: Context) -> Document:  # noqa: ARG001 - a view's signature
    """Show what rows rest on: home's figures in words, then every row."""
    found = answer.answer
    read = say("systemic.inputs_read", rows=f"{found.table.size:,}", by=say(f"systemic.by_{answer.by}"))
    how = say("systemic.inputs_exact" if found.exact else "systemic.inputs_rounds")
    blocks: list[Block] = [Paragraph(sentences((read, how)), "quiet")]
    seats = set(found.table.countries) != {"?"}
    own, home = ("", listed(country(one) for one in found.home)) if found.home else ("_own", say("systemic.home_own"))
    if not seats:
        blocks.append(Paragraph(say("systemic.inputs_no_countries"), "quiet"))
    elif found.face_foreign is not None and found.look_foreign is not None:
        face, look = _share(found.face_foreign), _share(found.look_foreign)
        said = say(f"systemic.inputs_face{own}", home=home, face=face, look=look)
        blocks.append(Paragraph(said, "warn" if found.look_foreign > found.face_foreign else "plain", lead=True))
        lost, abroad = _share(found.extraction.home), _share(found.extraction.abroad)
        blocks.append(Paragraph(say(f"systemic.inputs_extraction{own}", home=home, lost=lost, abroad=abroad)))
    if seats and found.origin:
        parts = [say("systemic.part", country=country(one), part=_share(part)) for one, part in found.origin[:_MOST_PARTS]]
        blocks.append(Paragraph(say(f"systemic.inputs_origin{own}", home=home, parts=listed(parts))))
    most = min(found.rows, key=lambda one: (-round(one.multiplier, 12), one.id))
    blocks.append(Paragraph(say("systemic.inputs_multiplier", name=most.id, multiplier=f"{most.multiplier:.4g}")))
    if found.table.raised:
        blocks.append(Paragraph(say("systemic.inputs_raised", count=f"{found.table.raised:,}"), "quiet"))
    if found.demand is not None:
        blocks += [Heading(say("systemic.inputs_demand")), _demand_table(answer)]
    table = _row_table(answer, seats=seats)
    blocks += [Heading(say("systemic.inputs_rows")), table]
    return Document(say("systemic.title_inputs", file=answer.path), tuple(blocks), table)


def _row_table(answer: TableAnswer, *, seats: bool) -> Table:
    columns = [Column("row", say("systemic.column_row"), "id")]
    columns += [Column(name, say(f"systemic.column_{name}"), "count") for name in ("output", "multiplier", "inputs")]
    columns += [
        Column(f"{name}_percent", say(f"systemic.column_{name}"), "count") for name in ("face", "look", "added", "extraction")
    ] if seats else []  # fmt: skip
    rows = []
    for one in sorted(answer.answer.rows, key=lambda row: (-row.output, row.id)):
        cells: list[Cell] = [one.id, _rounded(one.output), round(one.multiplier, 6), round(one.inputs, 6)]
        if seats:
            homes = answer.answer.home or (one.country,)
            added = sum(part for country_, part in one.origin if country_ in homes and country_ != "?")
            parts = (one.face_foreign, one.look_foreign, added, one.extraction_loss)
            cells += [None if part is None else _percent(part) for part in parts]
        rows.append(Row(tuple(cells)))
    return Table(tuple(columns), tuple(rows), most=answer.most)


def _amount(value: float) -> str:
    """An amount for people: whole where it is large."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def _rounded(value: float) -> float | int:
    """An amount to six places, a whole one as such."""
    return int(value) if value == int(value) else round(value, 6)


def _demand_table(answer: TableAnswer) -> Table:
    found = answer.answer.demand
    assert found is not None
    columns = (
        Column("row", say("systemic.column_row"), "id"), Column("demand", say("systemic.column_demand"), "count"),
        Column("output", say("systemic.column_output"), "count"), Column("labour", say("systemic.column_labour"), "count"),
    )  # fmt: skip
    rows = tuple(
        Row((id_, _rounded(asked), round(output, 4), NOT_KNOWN if labour is None else round(labour, 4)))
        for id_, asked, output, labour in zip(answer.answer.table.ids, found.demand, found.output, found.labour, strict=True)
    )
    return Table(columns, rows, most=answer.most)


def plants_document(answer: PlantsAnswer, context: Context) -> Document:  # noqa: ARG001 - a view's signature
    """Show what losses of plants come to: the dearest in words, then all."""
    found = answer.answer
    network = found.network
    names = {one.id: one.name or one.id for one in (*network.plants,)}
    read = say("systemic.plants_read", plants=f"{len(network.plants):,}", products=f"{len(network.products):,}")
    blocks: list[Block] = [Paragraph(read, "quiet")]
    worst = found.scenarios[0] if found.scenarios else None
    if worst is not None and worst.cost > 0:
        said = say(
            "systemic.plants_worst", count=len(found.scenarios), name=names.get(worst.id, worst.id), cost=_amount(worst.cost),
            periods=f"{worst.periods:g}", units=_amount(worst.lost_units),
        )  # fmt: skip
        blocks.append(Paragraph(said, "bad", lead=True))
        if worst.binding:
            first = worst.binding[0]
            blocks.append(
                Paragraph(
                    say(
                        "systemic.plants_binding", name=names.get(worst.id, worst.id), plant=names[first.plant],
                        saves=_amount(first.saves),
                    )
                )
            )  # fmt: skip
    elif worst is not None:
        blocks.append(Paragraph(say("systemic.plants_none", count=len(found.scenarios)), "good", lead=True))
    if found.scenarios:
        first_felt = min(found.scenarios, key=lambda one: (one.survive, one.id))
        if math.isinf(first_felt.survive):
            blocks.append(Paragraph(say("systemic.plants_never")))
        else:
            name, survive = names.get(first_felt.id, first_felt.id), f"{first_felt.survive:.4g}"
            blocks.append(Paragraph(say("systemic.plants_first", name=name, survive=survive)))
    if found.stopped:
        blocks.append(Paragraph(say("systemic.plants_stopped", count=len(found.scenarios), of=found.asked), "warn"))
    columns = (
        Column("lost", say("systemic.column_loss"), "id"), Column("periods", say("systemic.column_periods"), "count"),
        Column("cost", say("systemic.column_cost"), "count"), Column("index", say("systemic.column_index"), "count"),
        Column("units", say("systemic.column_units"), "count"),
        Column("production", say("systemic.column_production"), "count"),
        Column("survive", say("systemic.column_survive"), "count"), Column("binding", say("systemic.column_binding")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (one.id, round(one.periods, 6), _rounded(one.cost), round(one.index, 6), _rounded(one.lost_units),
             _rounded(one.production), say("systemic.for_ever") if math.isinf(one.survive) else round(one.survive, 6),
             one.binding[0].plant if one.binding else None)
        )
        for one in found.scenarios
    )  # fmt: skip
    table = Table(columns, rows, most=answer.most)
    blocks += [Heading(say("systemic.plants_rows")), table]
    return Document(say("systemic.title_plants", file=answer.path), tuple(blocks), table)
