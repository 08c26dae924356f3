"""Fault trees read and written: what each formula means, by the level engine; what is refused, with its line and mend."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold import work
from freehold.errors import BadStack, StackError, TooLarge, Unreadable
from freehold.measure.case import LOW, Case
from freehold.measure.cutoff import cutoff
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Stack
from published_fault_trees import TREES
from strategies import repeatable

NEVER = 10_000.0


def model(text: str, root: str = "opsa-mef") -> str:
    return f'<?xml version="1.0"?>\n<{root}>\n{text}\n</{root}>\n'


def written(folder: Path, text: str, name: str = "tree.xml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def tree(folder: Path, text: str) -> Stack:
    return work.load(written(folder, model(text))).stack


def fails(stack: Stack, lost: set[str], item: str) -> bool:
    """Whether an item is down in the end when some providers are gone, by the level engine."""
    answer = cutoff(stack, Cutoff(tuple(Rule(provider=one) for one in sorted(lost))), days=(NEVER,))
    level = next(one for one in answer.items if one.id == item)
    assert level.low == level.high
    assert level.low[0] in (0, 1)
    return level.low[0] == 0


def cut_sets(stack: Stack, item: str, most: int = 4) -> set[frozenset[str]]:
    """Minimal sets of providers that bring an item down, each set tried."""
    found: set[frozenset[str]] = set()
    events = sorted(provider.id for provider in stack.providers)
    for order in range(1, most + 1):
        for lost in map(frozenset, combinations(events, order)):
            if not any(one <= lost for one in found) and fails(stack, set(lost), item):
                found.add(lost)
    return found


TWO_TRAINS = """
<define-fault-tree name="trains">
  <define-gate name="top"><label>Both trains are lost</label>
    <and><event name="one"/><gate name="two"/></and></define-gate>
  <define-gate name="one"><or><basic-event name="valve1"/><basic-event name="pump1"/></or></define-gate>
  <define-gate name="two"><or><basic-event name="valve2"/><basic-event name="pump2"/></or></define-gate>
</define-fault-tree>
<model-data>
  <define-basic-event name="valve1"><float value="0.5"/></define-basic-event>
  <define-basic-event name="valve2"><float value="5e-1"/></define-basic-event>
  <define-basic-event name="pump1"><float value="0.7"/></define-basic-event>
  <define-basic-event name="pump2"><parameter name="wear"/></define-basic-event>
  <define-parameter name="wear"><float value=".7"/></define-parameter>
</model-data>
"""


def test_two_trains_have_the_four_cut_sets_of_the_textbook(tmp_path: Path) -> None:
    stack = tree(tmp_path, TWO_TRAINS)
    # {valve, pump} x {valve, pump}: SCRAM's input TwoTrain, four sets
    pairs = {frozenset({one, two}) for one in ("valve1", "pump1") for two in ("valve2", "pump2")}
    assert cut_sets(stack, "top") == pairs


def test_the_gate_that_no_other_uses_is_the_mission_and_labels_are_names(tmp_path: Path) -> None:
    stack = tree(tmp_path, TWO_TRAINS)
    assert [(item.id, item.mission) for item in stack.items if item.mission] == [("top", 1.0)]
    assert stack.item_by_id["top"].name == "Both trains are lost"
    assert stack.name == "trains"


def test_probabilities_are_the_providers_own_and_a_parameter_that_is_a_number_counts(tmp_path: Path) -> None:
    stack = tree(tmp_path, TWO_TRAINS)
    assert {one.id: one.probability for one in stack.providers} == {"valve1": 0.5, "valve2": 0.5, "pump1": 0.7, "pump2": 0.7}
    stated = {(claim.id, claim.attribute): (claim.value, claim.source) for claim in stack.claims}
    assert stated["valve2", "probability"] == ("0.5", "tree.xml:12")
    assert stated["top", "id"] == ("top", "tree.xml:5")


def test_gates_only_stand_for_a_choice_and_events_do_not(tmp_path: Path) -> None:
    stack = tree(tmp_path, TWO_TRAINS)
    assert {item.id for item in stack.items if item.tags == ("any-of",)} == {"top", "one", "two"}


def events(*names: str) -> str:
    return "".join(f'<define-basic-event name="{one}"/>' for one in names)


def gate(name: str, formula: str) -> str:
    return f'<define-gate name="{name}">{formula}</define-gate>'


def basic(*names: str) -> str:
    return "".join(f'<basic-event name="{one}"/>' for one in names)


@pytest.mark.parametrize(("least", "sets"), [(1, 4), (2, 6), (3, 4), (4, 1)])
def test_a_gate_that_fails_if_k_of_n_fail_has_as_many_sets_as_choices(tmp_path: Path, least: int, sets: int) -> None:
    text = gate("top", f'<atleast min="{least}">{basic("a", "b", "c", "d")}</atleast>') + events("a", "b", "c", "d")
    found = cut_sets(tree(tmp_path, f'<define-fault-tree name="t">{text}</define-fault-tree>'), "top")
    assert len(found) == sets
    assert {len(one) for one in found} == {least}


def test_a_choice_with_an_upper_bound_that_never_binds_is_read(tmp_path: Path) -> None:
    text = gate("top", f'<cardinality min="2" max="3">{basic("a", "b", "c")}</cardinality>') + events("a", "b", "c")
    assert len(cut_sets(tree(tmp_path, text), "top")) == 3


def test_formulas_within_formulas_have_items_of_their_own(tmp_path: Path) -> None:
    formula = f'<or>{basic("a")}<and>{basic("b")}<atleast min="2">{basic("c", "d", "e")}</atleast></and></or>'
    stack = tree(tmp_path, gate("top", formula) + events(*"abcde"))
    assert cut_sets(stack, "top") == {frozenset(one) for one in ("a", "bcd", "bce", "bde")}
    assert {item.id for item in stack.items} - set("abcde") == {"top", "top/2", "top/2/2"}


@pytest.mark.parametrize(
    ("formula", "sets"),
    [
        ('<or><house-event name="on"/>{a}</or>', None),
        ('<or><house-event name="off"/>{a}</or>', {"a"}),
        ('<and><house-event name="on"/>{a}</and>', {"a"}),
        ('<and><house-event name="off"/>{a}</and>', set()),
        ('<and><constant value="true"/>{a}{b}</and>', {"ab"}),
        ('<atleast min="2"><house-event name="on"/>{a}{b}</atleast>', {"a", "b"}),
        ('<atleast min="2"><house-event name="off"/>{a}{b}</atleast>', {"ab"}),
    ],
)
def test_a_house_event_counts_as_what_it_is_set_to(tmp_path: Path, formula: str, sets: set[str] | None) -> None:
    text = gate("top", "<or><gate name='g'/></or>") + gate("g", formula.format(a=basic("a"), b=basic("b"))) + events("a", "b")
    text += '<define-house-event name="on"><constant value="true"/></define-house-event>'
    text += '<define-house-event name="off"><constant value="false"/></define-house-event>'
    stack = tree(tmp_path, text)
    if sets is None:
        assert fails(stack, set(), "top")
    else:
        assert cut_sets(stack, "top") == {frozenset(one) for one in sets}
    running = Case(stack).running(LOW).level
    assert set(map(float, running)) <= {0.0, 1.0}


def test_a_gate_that_can_only_fail_or_only_hold_is_told(tmp_path: Path) -> None:
    text = gate("top", f'<or>{basic("a")}<constant value="true"/></or>') + events("a")
    said = [str(one) for one in work.load(written(tmp_path, model(text))).findings]
    assert any("always fail or never do" in one and "top" in one for one in said)


def test_private_names_are_known_in_their_container_and_by_their_path(tmp_path: Path) -> None:
    loss = gate("loss", f"<or>{basic('seal')}</or>") + events("seal")
    text = f"""<define-fault-tree name="plant">
      {gate("top", '<and><gate name="plant.pump.loss"/><gate name="plant.fan.loss"/></and>')}
      <define-component name="pump" role="private">{loss}</define-component>
      <define-component name="fan" role="private">{loss}</define-component>
    </define-fault-tree>"""
    assert cut_sets(tree(tmp_path, text), "top") == {frozenset({"plant.pump.seal", "plant.fan.seal"})}


def test_several_tops_count_equally_and_a_note_says_how_to_ask_for_one(tmp_path: Path) -> None:
    text = gate("left", f"<or>{basic('a')}</or>") + gate("right", f"<or>{basic('b')}</or>") + events("a", "b")
    loaded = work.load(written(tmp_path, model(text)))
    assert [(item.id, item.mission) for item in loaded.stack.items if item.mission] == [("left", 1.0), ("right", 1.0)]
    assert "left, right" in str(loaded.findings[0])
    assert "--target" in str(loaded.findings[0])


def test_an_expression_leaves_the_probability_unknown_and_is_told(tmp_path: Path) -> None:
    text = gate("top", f"<or>{basic('a')}</or>")
    text += '<define-basic-event name="a"><exponential><float value="1e-3"/><system-mission-time/></exponential>'
    loaded = work.load(written(tmp_path, model(text + "</define-basic-event>")))
    assert loaded.stack.provider_by_id["a"].probability is None
    assert "tree.xml, line 3" in str(loaded.findings[0])


def test_events_of_a_common_cause_group_are_read_and_the_group_is_told(tmp_path: Path) -> None:
    text = gate("top", f"<and>{basic('a', 'b')}</and>") + (
        f'<define-CCF-group name="g" model="beta-factor"><members>{basic("a", "b")}</members>'
        '<distribution><float value="0.1"/></distribution><factor level="2"><float value="0.2"/></factor></define-CCF-group>'
    )
    loaded = work.load(written(tmp_path, model(text)))
    assert {one.id: one.probability for one in loaded.stack.providers} == {"a": 0.1, "b": 0.1}
    assert "common-cause" in str(loaded.findings[0])


def test_an_event_may_be_called_as_what_is_built_in(tmp_path: Path) -> None:
    stack = tree(tmp_path, gate("top", f"<and>{basic('self', 'openai')}</and>") + events("self", "openai"))
    assert cut_sets(stack, "top") == {frozenset({"event:self", "openai"})}


OR = gate("top", f"<or>{basic('a', 'b')}</or>")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (gate("top", f"<not>{basic('a')}</not>") + events("a"), ("line 3", "<not>", "not coherent", "further failure")),
        (gate("top", f"<or>\n<xor>{basic('a', 'b')}</xor></or>") + events("a", "b"), ("line 4", "<xor>", "not coherent")),
        (gate("top", f"<nand>{basic('a')}</nand>") + events("a"), ("<nand>",)),
        (gate("top", f"<nor>{basic('a')}</nor>") + events("a"), ("<nor>",)),
        (gate("top", f"<iff>{basic('a', 'b')}</iff>") + events("a", "b"), ("<iff>",)),
        (gate("top", f"<imply>{basic('a', 'b')}</imply>") + events("a", "b"), ("<imply>",)),
        (gate("top", f'<cardinality min="1" max="1">{basic("a")}{basic("b")}</cardinality>') + events("a", "b"), ("max of 2",)),
        (gate("a", '<or><gate name="b"/></or>') + gate("b", '<or><gate name="a"/></or>'), ("circle: a > b > a", "line 3")),
        (gate("a", '<or><gate name="a"/></or>'), ("circle: a > a",)),
        (OR + events("a"), ("line 3", "'b' is defined nowhere")),
        (OR + events("a", "bb", "c"), ("'b' is defined nowhere", "Did you mean 'bb'?")),
        (OR + events("a", "b", "a"), ("'a' is defined a second time; first on line 3",)),
        (OR + gate("top", f"<or>{basic('a')}</or>") + events("a", "b"), ("'top' is defined a second time",)),
        (OR + events("b") + '<define-basic-event name="a"><float value="1.5"/></define-basic-event>', ("is 1.5",)),
        (OR + events("b") + '<define-basic-event name="a"><float value="-0.1"/></define-basic-event>', ("-0.1",)),
        (OR + events("b") + '<define-basic-event name="a"><float value="NaN"/></define-basic-event>', ("nan",)),
        (OR + events("b") + '<define-basic-event name="a"><float value="1e999"/></define-basic-event>', ("between 0 and 1",)),
        (gate("top", f'<atleast min="3">{basic("a", "b")}</atleast>') + events("a", "b"), ("min='3'", "from 1 to 2")),
        (gate("top", f'<atleast min="0">{basic("a", "b")}</atleast>') + events("a", "b"), ("min='0'",)),
        (gate("top", f"<atleast>{basic('a', 'b')}</atleast>") + events("a", "b"), ("min=''",)),
        (gate("top", f'<atleast min="2">{basic("a", "a", "b")}</atleast>') + events("a", "b"), ("'a' stands twice",)),
        (gate("top", "<or></or>"), ("has no inputs",)),
        (gate("top", ""), ("has no formula",)),
        (gate("top", f"<or>{basic('a')}</or><or>{basic('a')}</or>") + events("a"), ("has 2 formulas",)),
        (gate("top", f"<maybe>{basic('a')}</maybe>") + events("a"), ("<maybe>", "no formula")),
        (gate("top", "<or><gate name='a'/></or>") + events("a"), ("'a' is a basic-event and is used as a gate",)),
        (OR + events("a", "b") + '<define-house-event name="h"/>', ("house event 'h' has no value",)),
        (OR + events("a", "b") + '<define-basic-event name="x y"/>', ("no name",)),
        (OR + events("a", "b") + "<define-basic-event/>", ("has no name",)),
    ],
)  # fmt: skip
def test_an_unsound_or_incoherent_model_is_refused_with_its_line(tmp_path: Path, text: str, says: tuple[str, ...]) -> None:
    with pytest.raises(BadStack) as caught:
        work.load(written(tmp_path, model(text)))
    for one in ("tree.xml", *says):
        assert one in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (model(""), "defines no gate"),
        (model(gate("top", "<or>" * 300 + basic("a") + "</or>" * 300)), "more than 200 elements"),
        (model(OR)[:-20], "not XML"),
        ('<!DOCTYPE x [<!ENTITY e "e">]>' + model(OR).partition("\n")[2], "document type"),
        (model(OR).replace("opsa-mef", "opsa-mefs"), "no Open-PSA model"),
    ],
)
def test_what_is_no_model_or_over_a_limit_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises((Unreadable, TooLarge), match=says):
        work.load(written(tmp_path, text))


def test_a_long_chain_of_gates_is_read_without_recursion(tmp_path: Path) -> None:
    count = 5_000
    text = "".join(gate(f"g{n}", f'<or><gate name="g{n + 1}"/></or>') for n in range(count))
    stack = tree(tmp_path, text + gate(f"g{count}", f"<or>{basic('a')}</or>") + events("a"))
    assert fails(stack, {"a"}, "g0")


@dataclass(frozen=True)
class Formula:
    """A random formula and its meaning, worked out from the format's words alone."""

    text: str
    least: int
    parts: tuple[Any, ...]

    def true(self, lost: frozenset[str]) -> bool:
        return sum(one in lost if isinstance(one, str) else one.true(lost) for one in self.parts) >= self.least


NAMES = "abcde"


def formulas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Formula]:
    def made(parts: list[Any], draw: int) -> Formula:
        parts = list({one if isinstance(one, str) else id(one): one for one in parts}.values())
        body = "".join(basic(one) if isinstance(one, str) else one.text for one in parts)
        size = len(parts)
        tag, least = (("or", 1), ("and", size), ("atleast", 1 + draw // 3 % size))[draw % 3]
        mark = f' min="{least}"' if tag == "atleast" else ""
        return Formula(f"<{tag}{mark}>{body}</{tag}>", least, tuple(parts))

    return st.builds(made, st.lists(inner, min_size=1, max_size=4), st.integers(0, 11))


@repeatable(60)
@given(st.recursive(st.sampled_from(NAMES), formulas, max_leaves=10).filter(lambda one: not isinstance(one, str)))
def test_the_level_engine_says_of_every_loss_what_the_formula_says(
    tmp_path_factory: pytest.TempPathFactory, one: Formula
) -> None:
    stack = tree(tmp_path_factory.getbasetemp(), gate("top", one.text) + events(*NAMES))
    for order in range(len(NAMES) + 1):
        for lost in combinations(NAMES, order):
            assert fails(stack, set(lost), "top") == one.true(frozenset(lost))


@pytest.mark.parametrize(("name", "gates", "count"), [("chinese", 36, 25), ("das9202", 36, 49), ("edf9203", 475, 362)])
def test_the_shared_trees_have_the_sizes_of_their_table(name: str, gates: int, count: int) -> None:
    # Aralia fault tree data set: basic events and gates in the file
    path = TREES / f"{name}.xml"
    if not path.is_file():
        pytest.skip("the shared fault trees are not on this machine")
    stack = work.load(path).stack
    assert len(stack.providers) == count
    assert sum(item.tags == ("any-of",) for item in stack.items) == gates


def back(folder: Path, stack: Stack) -> Stack:
    path = folder / "written.opsa.xml"
    work.save(stack, path)
    return work.load(path).stack


def test_a_tree_is_written_as_it_was_read(tmp_path: Path) -> None:
    stack = tree(tmp_path, TWO_TRAINS)
    again = back(tmp_path, stack)
    assert (again.items, again.providers, again.sources, again.needs) == (
        stack.items,
        stack.providers,
        stack.sources,
        stack.needs,
    )


CLINIC = """
[stack]
home = "DE"
[[provider]]
id = "acme"
name = "Acme & <Sons>"
country = "US"
probability = 0.02
[[provider]]
id = "x.y"
[[item]]
id = "desk"
mission = 2.0
  [[item.source]]
  provider = "self"
  needs = ["pkg:deb/debian/libc", "net", { item = "manual", survive = "forever" }]
[[item]]
id = "audit"
mission = 1.0
  [[item.source]]
  provider = "acme"
[[item]]
id = "net"
whole = true
  [[item.source]]
  provider = "acme"
  capacity = 0.5
  [[item.source]]
  provider = "acme"
  capacity = 0.5
  [[item.source]]
  provider = "x.y"
  capacity = 0.5
  needs = ["audit"]
[[item]]
id = "manual"
[[item]]
id = "pkg:deb/debian/libc"
name = "the C library"
  [[item.source]]
  provider = "x.y"
  [[item.source]]
  provider = "self"
  status = "standby"
  recover = "30d"
  needs = ["builder"]
  [[item.source]]
  provider = "acme"
  status = "candidate"
[[item]]
id = "builder"
"""


def test_what_is_written_of_a_stack_is_read_back_with_its_ids_weights_and_cut_sets(tmp_path: Path) -> None:
    (tmp_path / "clinic.toml").write_text(CLINIC, encoding="utf-8")
    stack = work.load(tmp_path / "clinic.toml").stack
    again = back(tmp_path, stack)
    ids = ("acme", "x.y")
    assert {item.id for item in stack.items} <= {item.id for item in again.items}
    assert again.item_by_id["pkg:deb/debian/libc"].name == "the C library"
    assert {one.id: (one.name, one.probability) for one in again.providers}["acme"] == ("Acme & <Sons>", 0.02)
    assert {item.id: item.mission for item in again.items if item.mission} == {"desk": 2.0, "audit": 1.0}
    for item in ("desk", "audit", "net"):
        for order in (1, 2):
            for lost in combinations(ids, order):
                cut = Cutoff(tuple(Rule(provider=one) for one in lost))
                before, after = (
                    next(one for one in cutoff(each, cut, days=(NEVER,)).items if one.id == item) for each in (stack, again)
                )
                assert before.high == after.high


LOCAL = '[[item]]\nid = "a"\n[[item.source]]\nprovider = "self"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LOCAL + 'capacity = 0.5\n[[item.source]]\nprovider = "?"\n', "works in part"),
        (LOCAL + 'needs = [{ item = "b", weight = 0.5 }]\n[[item]]\nid = "b"\n', "weight 0.5"),
        (LOCAL + 'needs = [{ item = "b", survive = "?" }]\n[[item]]\nid = "b"\n', "'survive'"),
        (LOCAL + 'status = "standby"\nrecover = "?"\n', "'recover'"),
        (LOCAL.replace('"a"\n', '"a"\nmission = "?"\n'), "'mission'"),
        (LOCAL.replace('"a"\n', '"a"\nwhole = true\n') + 'share = 0.6\n[[item.source]]\nshare = 0.4\n', "differ"),
        (LOCAL + 'needs = ["b"]\n[[item]]\nid = "b"\n[[item.source]]\nneeds = ["a"]\n', "a > b > a"),
    ],
)  # fmt: skip
def test_a_stack_that_works_in_part_or_turns_in_a_circle_is_not_written(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StackError, match=says):
        back(tmp_path, work.load(tmp_path / "a.toml").stack)
    assert not (tmp_path / "written.opsa.xml").exists()


@repeatable(40)
@given(st.recursive(st.sampled_from(NAMES), formulas, max_leaves=10).filter(lambda one: not isinstance(one, str)))
def test_reading_back_changes_no_cut_set(tmp_path_factory: pytest.TempPathFactory, one: Formula) -> None:
    folder = tmp_path_factory.getbasetemp()
    again = back(folder, tree(folder, gate("top", one.text) + events(*NAMES)))
    for order in range(len(NAMES) + 1):
        for lost in combinations(NAMES, order):
            assert fails(again, set(lost), "top") == one.true(frozenset(lost))
