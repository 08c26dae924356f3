"""An inventory joined with the catalogue: what is about itself, who made a thing by the inventory's own word, models."""

from __future__ import annotations

from typing import Any

from freehold.catalogue.resolve import resolve
from freehold.stack.inventory import Component, Contact, Evidence, Inventory
from freehold.stack.redaction import Redaction
from freehold.stack.values import Stack
from freehold.work import catalogue


def joined(*components: Component, name: str = "Thing") -> Stack:
    return resolve(Inventory(name, "spdx 3.0.1 JSON-LD", components), catalogue(), "DE")


def component(id_: str, **parts: Any) -> Component:
    return Component(id_, id_, direct=True, evidence=(Evidence("a.json", 0, "x"),), **parts)


def providers(stack: Stack) -> dict[str, object]:
    return {source.item: source.provider for source in stack.sources}


def test_a_thing_that_lists_itself_and_its_use_are_two_items() -> None:
    stack = joined(component("thing", kind="model", provides="thing", registry="com.github"))
    assert {item.id: item.kind for item in stack.items if item.id.startswith("thing")} == {
        "thing": "model", "thing-in-use": "application", "thing-in-use:change": "application"
    }  # fmt: skip
    assert ("thing-in-use@self", "thing") in {(need.source, need.item) for need in stack.needs}
    assert not any(need.source.startswith(f"{need.item}@") for need in stack.needs)


def test_an_open_model_and_one_that_was_downloaded_last_and_one_that_is_called_does_not() -> None:
    stack = joined(
        component("open", kind="model", provides="nobodys-open", licence="MIT"),
        component("copy", kind="model", provides="nobodys-copy", registry="net.vendor-one"),
        component("called", kind="model", provides="nobodys-called"),
    )
    survive = {need.item: need.survive for need in stack.needs if need.source == "thing@self"}
    assert survive == {"open": float("inf"), "copy": float("inf"), "called": 0.0}


def test_a_model_that_the_catalogue_does_not_know_is_its_suppliers() -> None:
    stack = joined(component("m", kind="model", provides="nobodys-model", supplier="Lakeside Models GmbH"))
    assert providers(stack)["m"] == "supplier:lakeside-models-gmbh"
    assert {one.id: one.name for one in stack.providers}["supplier:lakeside-models-gmbh"] == "Lakeside Models GmbH"


def test_a_supplier_that_the_catalogue_knows_provides_what_it_knows_nothing_of() -> None:
    stack = joined(component("pkg:nuget/Nobody.Knows@1", supplier="Microsoft"))
    assert providers(stack)["pkg:nuget/Nobody.Knows@1"] == "microsoft"
    # the registry that the package URL says is still a need of change
    assert "nuget-gallery" in {need.item for need in stack.needs}


def test_updates_of_an_own_copy_come_from_its_supplier() -> None:
    stack = joined(component("set", kind="data", licence="CC0-1.0", supplier="Lakeside Data e.V."))
    found = providers(stack)
    assert found["set"] == "self"
    assert found["updates:supplier:lakeside-data-e-v"] == "supplier:lakeside-data-e-v"
    names = {item.id: item.name for item in stack.items}
    assert "Lakeside Data e.V." in (names["updates:supplier:lakeside-data-e-v"] or "")


def test_a_host_that_nobody_knows_is_called_as_people_write_it_and_hidden_under_one_name() -> None:
    contacts = (Contact("com.nobody-knows.api", "service"), Contact("192.0.2.7", "service"), Contact("no host", "service"))
    stack = resolve(Inventory("Thing", "project", (), contacts), catalogue(), "DE")
    names = {item.id: item.name for item in stack.items if item.id.startswith("host:")}
    assert names == {
        "host:com.nobody-knows.api": "api.nobody-knows.com", "host:192.0.2.7": "192.0.2.7", "host:no host": "no host",
    }  # fmt: skip
    hidden = {item.id: item.name for item in Redaction().stack(stack).items if item.id.startswith("host:")}
    assert set(hidden) == {f"host:{name}" for name in hidden.values()}
