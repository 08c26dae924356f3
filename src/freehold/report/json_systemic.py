"""``systemic`` for programs: cascades, tables of inputs, plants. Owns their JSON forms and schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.report.json_values import day, number
from freehold.report.schema_forms import AMOUNT, COUNT, FLAG, LEVEL, NAME, TEXT, Schema, keys_of, list_of, or_null

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freehold.measure.exposure_program import Exposure
    from freehold.measure.leontief import InputsOfOne
    from freehold.measure.systemic import Cascades
    from freehold.report.answers import Context
    from freehold.report.systemic_answers import CascadeAnswer, PlantsAnswer, TableAnswer

__all__ = ["SYSTEMIC_SCHEMAS", "cascade_json", "plants_json", "table_json"]

_NEAR_PART: Final[Schema] = {"type": "number", "minimum": -1e-9, "maximum": 1.000000001}
_SIGNED: Final[Schema] = {"type": "number"}
_STOPS: Final = ("done", "steps", "time")

_RUN: Final = keys_of(
    total=LEVEL, down=LEVEL, up=LEVEL, steps=COUNT, stopped={"enum": list(_STOPS)}, error=or_null(AMOUNT),
)  # fmt: skip
_ORIGIN: Final = list_of(keys_of(country=NAME, part=_SIGNED))

SYSTEMIC_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "systemic": {
        "links_file": TEXT, "firms": COUNT, "links": COUNT, "mode": {"enum": ["both", "compatible", "converged"]},
        "epsilon": LEVEL, "bound": LEVEL, "replaceability": FLAG, "weighted": FLAG, "not_worked_out": COUNT,
        "not_ended": or_null(COUNT),
        "shocks": list_of(
            keys_of(
                id=NAME, name=or_null(TEXT), sector=or_null(NAME), country=or_null(NAME), own=LEVEL, compatible=or_null(_RUN),
                converged=or_null(_RUN), gap=or_null(_SIGNED),
            )
        ),
        "levels": or_null(list_of(keys_of(id=NAME, down=LEVEL, up=LEVEL, level=LEVEL))),
    },
    "systemic inputs": {
        "links_file": TEXT, "by": {"enum": ["firm", "sector", "country", "country-sector"]},
        "home": list_of(NAME), "exact": FLAG, "raised": COUNT, "face_foreign": or_null(_NEAR_PART),
        "look_foreign": or_null(_NEAR_PART), "origin": _ORIGIN,
        "extraction": keys_of(home=LEVEL, abroad=LEVEL, total=LEVEL, struck=_NEAR_PART),
        "rows": list_of(
            keys_of(
                id=NAME, country=or_null(NAME), output=AMOUNT, multiplier=AMOUNT, inputs=AMOUNT,
                face_foreign=or_null(_NEAR_PART), look_foreign=or_null(_NEAR_PART), origin=_ORIGIN, extraction_loss=LEVEL,
            ),
            minItems=1,
        ),
        "demand": or_null(list_of(keys_of(id=NAME, demand=AMOUNT, output=AMOUNT, labour=or_null(AMOUNT)), minItems=1)),
    },
    "systemic plants": {
        "links_file": TEXT, "plants": COUNT, "products": COUNT, "asked": COUNT, "stopped": FLAG,
        "scenarios": list_of(
            keys_of(
                id=NAME, lost=list_of(keys_of(plant=NAME, part=LEVEL)), periods=AMOUNT, cost=AMOUNT, index=LEVEL,
                lost_units=AMOUNT, units=list_of(keys_of(product=NAME, units=AMOUNT)), production=AMOUNT,
                survive=or_null(AMOUNT), binding=list_of(keys_of(plant=NAME, saves=AMOUNT)),
            )
        ),
    },
}  # fmt: skip
"""By verb: the keys of its answer beside those of the envelope."""


def _envelope(verb: str, context: Context) -> dict[str, Any]:
    from freehold.report.json import envelope

    return envelope(verb, context)


def cascade_json(answer: CascadeAnswer, context: Context) -> dict[str, Any]:
    """``systemic``: of each shock what it takes, by both stops, down and up; the worst first."""
    found, firms = answer.answer, answer.firms
    gap, ended, known = found.gap, answer.ended, answer.known
    shocks = []
    for one in answer.order:
        place = None if answer.places is None else answer.places[one]
        shocks.append(
            {
                "id": found.shocks[one],
                "name": None if place is None or firms.names[place] == firms.ids[place] else firms.names[place],
                "sector": None if place is None else firms.sectors[place] or None,
                "country": None if place is None or firms.countries[place] == "?" else firms.countries[place],
                "own": _part(found.own[one]),
                "compatible": None if answer.mode == "converged" else _run(found.reference, one),
                "converged": None if found.converged is None else _run(found.converged, one),
                "gap": None if gap is None or answer.mode != "both" or not ended[one] else number(float(gap[one])),
            }
        )
    levels = answer.levels
    return _envelope("systemic", context) | {
        "links_file": answer.path, "firms": found.network.firms, "links": found.network.links, "mode": answer.mode,
        "epsilon": number(found.eps), "bound": number(found.bound), "replaceability": found.replaceability,
        "weighted": answer.weighted, "not_worked_out": int((~known).sum()),
        "not_ended": int((known & ~ended).sum()) if found.converged is not None else None, "shocks": shocks,
        "levels": None if levels is None else [
            {"id": id_, "down": _part(down), "up": _part(up), "level": _part(min(down, up))}
            for id_, down, up in zip(firms.ids, levels.down, levels.up, strict=True)
        ],
    }  # fmt: skip


def _run(found: Cascades, one: int) -> dict[str, Any]:
    return {
        "total": _part(found.total[one]), "down": _part(found.down[one]), "up": _part(found.up[one]),
        "steps": int(found.steps[one]), "stopped": _STOPS[int(found.stopped[one])], "error": number(float(found.error[one])),
    }  # fmt: skip


def _part(value: float) -> float:
    """A part, without the last bits of its sum."""
    return round(min(1.0, max(0.0, float(value))), 12) + 0.0


def table_json(answer: TableAnswer, context: Context) -> dict[str, Any]:
    """``systemic inputs``: of each row its multiplier, where its inputs are, whose value is in it; of home the same."""
    found = answer.answer
    demand = found.demand
    return _envelope("systemic inputs", context) | {
        "links_file": answer.path, "by": answer.by, "home": list(found.home), "exact": found.exact,
        "raised": found.table.raised, "face_foreign": _maybe(found.face_foreign), "look_foreign": _maybe(found.look_foreign),
        "origin": _origin(found.origin),
        "extraction": {
            "home": _part(found.extraction.home), "abroad": _part(found.extraction.abroad),
            "total": _part(found.extraction.total), "struck": _part(found.extraction.struck),
        },
        "rows": [_row(one) for one in found.rows],
        "demand": None if demand is None else [
            {"id": id_, "demand": number(asked), "output": number(output), "labour": _maybe(labour)}
            for id_, asked, output, labour in zip(found.table.ids, demand.demand, demand.output, demand.labour, strict=True)
        ],
    }  # fmt: skip


def _row(one: InputsOfOne) -> dict[str, Any]:
    return {
        "id": one.id, "country": None if one.country == "?" else one.country, "output": number(one.output),
        "multiplier": number(one.multiplier), "inputs": number(one.inputs), "face_foreign": _maybe(one.face_foreign),
        "look_foreign": _maybe(one.look_foreign), "origin": _origin(one.origin), "extraction_loss": _part(one.extraction_loss),
    }  # fmt: skip


def _maybe(value: float | None) -> float | None:
    return None if value is None else number(value)


def _origin(parts: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"country": country, "part": number(part)} for country, part in parts]


def plants_json(answer: PlantsAnswer, context: Context) -> dict[str, Any]:
    """``systemic plants``: of each scenario the loss until it is over, the time until it is felt, and what binds."""
    found = answer.answer
    return _envelope("systemic plants", context) | {
        "links_file": answer.path, "plants": len(found.network.plants), "products": len(found.network.products),
        "asked": found.asked, "stopped": found.stopped, "scenarios": [_scenario(one) for one in found.scenarios],
    }  # fmt: skip


def _scenario(one: Exposure) -> dict[str, Any]:
    return {
        "id": one.id, "lost": [{"plant": plant, "part": _part(part)} for plant, part in sorted(one.lost.items())],
        "periods": number(one.periods), "cost": number(round(one.cost, 6)), "index": _part(one.index),
        "lost_units": number(round(one.lost_units, 6)),
        "units": [{"product": product, "units": number(round(units, 6))} for product, units in sorted(one.units.items())],
        "production": number(round(one.production, 6)), "survive": day(one.survive),
        "binding": [{"plant": each.plant, "saves": number(round(each.saves, 6))} for each in one.binding],
    }  # fmt: skip
