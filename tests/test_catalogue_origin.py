"""Chips by name: a product's places and the countries whose export law reaches it become its source's, with claims."""

from __future__ import annotations

from pathlib import Path

from freehold.catalogue.facts import Catalogue
from freehold.catalogue.resolve import resolve
from freehold.measure.cutoff import cutoff
from freehold.stack.control import Control
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.inventory import Component, Evidence, Inventory
from freehold.stack.values import Source, Stack
from small_catalogue import catalogue_of, fact

CHIP = (
    fact("product", "acme-chip", "name", "Acme A1"),
    fact("product", "acme-chip", "kind", "chip"),
    fact("product", "acme-chip", "provider", "acme"),
    fact("product", "acme-chip", "location", "TW"),
    fact("product", "acme-chip", "origin", "US"),
    fact("product", "acme-chip", "origin", "NL"),
    fact("product", "acme-chip", "alias", "AC100 [A1 PCIe]"),
)


def _catalogue(folder: Path) -> Catalogue:
    return catalogue_of(folder, *CHIP)


def _stack(folder: Path, component: Component) -> Stack:
    return resolve(Inventory("lab", "test", (component,)), _catalogue(folder), "DE")


def _source(stack: Stack, item: str) -> Source:
    return next(source for source in stack.sources if source.item == item)


def test_a_product_has_its_countries_of_origin(tmp_path: Path) -> None:
    product = _catalogue(tmp_path).product("acme-chip")
    assert product is not None
    assert (product.location, product.origin) == (("TW",), ("US", "NL"))


def test_a_device_is_matched_by_the_name_that_drivers_write(tmp_path: Path) -> None:
    device = Component("gpu-0", "ac100 [a1 pcie]", kind="chip", evidence=(Evidence("devices.json", 3),))
    source = _source(_stack(tmp_path, device), "gpu-0")
    assert (source.provider, source.location, source.origin) == ("acme", ("TW",), ("US", "NL"))


def test_each_of_them_is_a_claim_with_its_reference(tmp_path: Path) -> None:
    stack = _stack(tmp_path, Component("gpu-0", "Acme A1", kind="hardware"))
    stated = {
        (one.attribute, one.value) for one in stack.claims if one.table == "sources" and one.source.startswith("catalogue: ")
    }
    assert stated == {("provider", "acme"), ("location", "TW"), ("origin", "US"), ("origin", "NL")}


def test_export_law_that_reaches_a_chip_is_a_way_of_control(tmp_path: Path) -> None:
    stack = _stack(tmp_path, Component("gpu-0", "Acme A1", kind="chip"))
    source = _source(stack, "gpu-0")
    control = Control(stack)
    assert control.controlled_by(source, "NL", ("origin",)) is True
    assert control.controlled_by(source, "NL", ("provider", "location")) is False
    cut = cutoff(stack, Cutoff((Rule(country="NL", via=("origin",)),)), [0])
    assert cut.item("gpu-0").low == (0.0,)


def test_software_with_the_name_of_a_chip_is_no_chip(tmp_path: Path) -> None:
    source = _source(_stack(tmp_path, Component("acme-a1", "Acme A1", kind="software")), "acme-a1")
    assert (source.provider, source.location, source.origin) == (None, None, None)


def test_a_device_of_unknown_name_is_still_known_by_its_supplier(tmp_path: Path) -> None:
    device = Component("nic-0", "Nothing 9", kind="hardware", supplier="Acme Hosting GmbH")
    source = _source(_stack(tmp_path, device), "nic-0")
    assert (source.provider, source.location) == ("acme", None)
