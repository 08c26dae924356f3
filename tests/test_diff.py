"""How two stacks and two inventories differ: each reason by hand, the real case of three generators, and laws."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from freehold.measure.diff import diff
from freehold.stack.changes import ColumnChange, RowChange, changes
from freehold.stack.inventory import Component, Contact, Inventory
from freehold.stack.values import Claim, Item, Need, Source, Stack
from freehold.work import load
from strategies import stacks

GENERATED = Path(__file__).parents[2] / "shared" / "data" / "sboms" / "generated"


def part(id_: str, **more: object) -> Component:
    name = id_.rpartition("/")[2].partition("@")[0]
    return replace(Component(id_, name), **more)  # type: ignore[arg-type]


def compared(a: list[Component], b: list[Component]) -> dict[str, tuple[str, str]]:
    one = Stack("one", "DE", items=(Item("x", mission=1.0),), sources=(Source("x@self", "x", "self"),))
    answer = diff(one, one, Inventory("one", "r", tuple(a)), Inventory("two", "r", tuple(b)))
    assert answer.inventories is not None
    return {missing.id: (missing.reason, missing.other) for missing in answer.inventories.only_a}


SHARED = part("pkg:npm/shared@1")


def test_each_reason_is_given_where_it_holds_the_earlier_first() -> None:
    a = [
        SHARED,
        part("pkg:npm/two@1"),
        part("pkg:npm/left@1"),
        part("pkg:npm/slug@1"),
        part("pkg:npm/tool@1", scope="development"),
        part("pkg:github/actions/checkout@v4"),
        part("pkg:npm/swc-darwin-arm64@1"),
        part("pkg:npm/parent@1", depends=("pkg:npm/child@1",)),
        part("pkg:npm/child@1"),
    ]
    b = [SHARED, part("pkg:npm/left@2"), part("slug", name="slug"), part("pkg:npm/swc-linux-x64-gnu@1")]
    assert compared(a, b) == {
        "pkg:npm/two@1": ("itself", ""),
        "pkg:npm/left@1": ("version", "pkg:npm/left@2"),
        "pkg:npm/slug@1": ("spelling", "slug"),
        "pkg:npm/tool@1": ("scope", "development"),
        "pkg:github/actions/checkout@v4": ("type", "github"),
        "pkg:npm/swc-darwin-arm64@1": ("platform", "pkg:npm/swc-linux-x64-gnu@1"),
        "pkg:npm/child@1": ("follows", "pkg:npm/parent@1"),
        "pkg:npm/parent@1": ("unexplained", ""),
    }


def test_the_same_package_in_another_version_is_told_as_one_pair() -> None:
    stack = Stack("s", "DE", items=(Item("x"),))
    a, b = (Inventory("n", "r", (part(f"pkg:npm/left@{v}"),)) for v in (1, 2))
    found = diff(stack, stack, a, b).inventories
    assert found is not None
    assert [(one.a, one.b, one.reason) for one in found.renamed] == [("pkg:npm/left@1", "pkg:npm/left@2", "version")]


def test_what_both_have_is_compared_fact_by_fact() -> None:
    stack = Stack("s", "DE", items=(Item("x"),))
    a = Inventory("n", "r", (part("p", licence="MIT", scope="run"),), (Contact("com.a", "service"),))
    b = Inventory("n", "r", (part("p", supplier="Acme", scope="build", licence="Apache-2.0"),), (Contact("com.b", "service"),))
    found = diff(stack, stack, a, b).inventories
    assert found is not None
    by_field = {one.field: (one.a, one.b, one.differ) for one in found.fields}
    assert (by_field["licence"], by_field["supplier"], by_field["scope"]) == ((1, 1, 1), (0, 1, 0), (1, 1, 1))
    assert (found.hosts_only_a, found.hosts_only_b) == (("com.a",), ("com.b",))


def test_rows_and_cells_of_two_states_are_told() -> None:
    before = Stack(
        "s", "DE", items=(Item("a"), Item("b")), sources=(Source("a@x", "a", "x"),), needs=(Need("a@x", "b"),),
        claims=(Claim("items", "a", "name", "A", "me"),),
    )  # fmt: skip
    after = Stack(
        "s", "FR", items=(Item("a", mission=2.0), Item("c")), sources=(Source("a@x", "a", "x", share=0.5),),
        needs=(Need("a@x", "c"),), claims=(Claim("items", "a", "name", "B", "me"),),
    )  # fmt: skip
    assert changes(before, after) == (
        RowChange("stack", "s", "changed", (ColumnChange("home", "DE", "FR"),)),
        RowChange("items", "a", "changed", (ColumnChange("mission", None, "2"),)),
        RowChange("items", "c", "added"),
        RowChange("items", "b", "removed"),
        RowChange("sources", "a@x", "changed", (ColumnChange("share", None, "0.5"),)),
        RowChange("needs", "a@x > c", "added"),
        RowChange("needs", "a@x > b", "removed"),
        RowChange("claims", "items a name", "changed", (ColumnChange("value", "A", "B"),)),
    )


@given(stacks())
def test_a_stack_does_not_differ_from_itself(stack: Stack) -> None:
    assert changes(stack, stack) == ()


@given(stacks(), stacks())
def test_what_one_way_adds_the_other_way_removes(one: Stack, other: Stack) -> None:
    there, back = changes(one, other), changes(other, one)
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(row.table, row.id, turned[row.change]) for row in there} == {(row.table, row.id, row.change) for row in back}


@pytest.mark.skipif(not GENERATED.is_dir(), reason="the generated inventories are not here")
def test_three_generators_of_one_project_differ_for_reasons_that_can_be_told() -> None:
    cdxgen, npm, syft = (
        load(GENERATED / f"node-app.{name}.json") for name in ("cdxgen.cdx-1.6", "cyclonedx-npm.cdx-1.6", "syft.cdx")
    )
    first = diff(cdxgen.stack, syft.stack, cdxgen.inventory, syft.inventory)
    assert (first.a.rows, first.b.rows) == (267, 143)
    assert first.inventories is not None
    assert {(one.reason, one.other) for one in first.inventories.only_a} == {("scope", "development")}
    assert {(one.reason, one.other) for one in first.inventories.only_b} == {("type", "github"), ("itself", "")}
    second = diff(cdxgen.stack, npm.stack, cdxgen.inventory, npm.inventory)
    assert (second.a.rows, second.b.rows, second.b.distinct) == (267, 267, 259)
    assert second.inventories is not None
    assert [one.reason for one in second.inventories.only_a] == ["platform"] * 8


def test_the_command_tells_it_in_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from freehold.cli import main

    for name, provider in (("a", "self"), ("b", "nvidia")):
        head = f'[stack]\nname = "{name}"\nhome = "DE"\n[[item]]\nid = "x"\nmission = 1\n'
        text = f'{head}[[item.source]]\nprovider = "{provider}"\n'
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    pair = [str(tmp_path / "a.toml"), str(tmp_path / "b.toml")]
    assert main(["diff", *pair]) == 0
    assert "less runs" in capsys.readouterr().out
    assert main(["diff", *pair, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["mission_a"]["low"][0], told["mission_b"]["high"][0], told["same"]) == (1, 0, False)
    assert main(["diff", pair[0], pair[0]]) == 0
    assert "They say the same." in capsys.readouterr().out
    assert main(["diff", pair[0], str(tmp_path / "none.toml")]) == 2


def test_two_states_of_a_stored_stack_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from freehold.cli import main

    base, database = str(tmp_path / "a.toml"), str(tmp_path / "firm.db")
    for share in ("", "share = 0.5\n"):
        text = (
            f'[stack]\nname = "S"\nhome = "DE"\n[[item]]\nid = "x"\nmission = 1\n[[item.source]]\nprovider = "nvidia"\n{share}'
        )
        Path(base).write_text(text, encoding="utf-8")
        assert main(["scan", base, "-o", database]) == 0
    capsys.readouterr()
    assert main(["diff", database, "--at", "1", "--with", "2", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["id"], row["columns"]) for row in rows if row["table"] == "sources"] == [
        ("x@nvidia", [{"column": "share", "before": None, "after": "0.5"}])
    ]
    assert main(["diff", base, database, "--stack", "S", "--with", "1"]) == 0
    assert main(["diff", database]) == 2
    assert main(["diff", base, "--with", "1"]) == 2
