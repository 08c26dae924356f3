"""Answers on systemic risk that the report's tests show: two firms, a table of them, and a plant that is lost. Made by hand."""

from __future__ import annotations

import math

import numpy as np

from freehold.measure.exposure_program import Binding, Exposure, ExposureAnswer, Plant, Plants, Product, Supply
from freehold.measure.firm_network import firm_network
from freehold.measure.firm_shocks import single_failures
from freehold.measure.leontief import input_table, inputs
from freehold.measure.systemic import systemic
from freehold.report.systemic_answers import CascadeAnswer, FirmNames, PlantsAnswer, TableAnswer

__all__ = ["systemic_answers"]

FIRMS = FirmNames(("mill", "shop"), ("The Mill", "shop"), ("C1", ""), ("DE", "?"))
LINKS = (np.array([0]), np.array([1]), np.array([3.0]))


def systemic_answers() -> dict[str, object]:
    """One answer for each verb."""
    network = firm_network(*LINKS, np.array([0, 1]), np.full((2, 2), 2, dtype=np.uint8))
    made = systemic(network, single_failures([0, 1], FIRMS.ids), weights=np.array([1.0, 3.0]), kernel="plain")
    table = input_table(FIRMS.ids, *LINKS, countries=FIRMS.countries, final_demand=np.array([1.0, 5.0]))
    plants = Plants((Plant("p", 4, name="Press"),), (Product("a", 3, loss=2),), (Supply("p", "a"),))
    lost = Exposure("p", {"p": 0.5}, 1, 2, 1, {"a": 1.0}, 2, math.inf, (Binding("p", 2),))
    return {
        "systemic": CascadeAnswer("links.csv", FIRMS, made, "both", (0, 1), None, weighted=True, most=20),
        "systemic inputs": TableAnswer("links.csv", "firm", inputs(table, ["DE"], demand={"shop": 7}), 20),
        "systemic plants": PlantsAnswer("links.csv", ExposureAnswer(plants, (lost,), 1), 20),
    }
