"""What a drill proposes, worked by hand; what applying it changes, and that nothing else is lost; the score over many."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from freehold import work
from freehold.catalogue.facts import Catalogue, load
from freehold.drill.applying import applied, changed_rows_of, is_editable, stack_file_for, write_applied
from freehold.drill.attribution import Attribution
from freehold.drill.contact import Contact
from freehold.drill.prediction import predict
from freehold.drill.proposals import Proposal, proposals
from freehold.drill.record import Attributed, Drill, Fallback, HostRole, LocalUse, Prediction, Run, Step, Verdict, VerdictName
from freehold.drill.scores import landlords_of, score
from freehold.errors import DrillError, StackError
from freehold.holdings import read_stored, store_stack
from freehold.settings import Settings
from freehold.stack.csv_folder import read_folder, write_folder
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.parquet_folder import read_parquet_folder, write_parquet_folder
from freehold.stack.toml_edit import CellChange, edited
from freehold.stack.toml_file import dumps, loads
from freehold.stack.values import UNKNOWN, Item, Need, Provider, Source, Stack
from freehold.store.interface import Authorship
from small_catalogue import write_layer
from strategies import repeatable, stacks


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load(write_layer(tmp_path_factory.mktemp("catalogue")))


def hand(role: str, provider: str | None, product: str | None, confidence: Any = "strong", method: Any = "host") -> HostRole:
    return HostRole(role, provider, product, (provider or "?").title(), (), method, confidence, f"catalogue: row of {product}")


INDEX = hand("service", "crowd", "the-index")
CLOUD = hand("service", "acme", "acme-cloud")
EDGE = hand("delivery", "acme-corp", "forge", "medium", "alias")


def seen(host: str, *roles: HostRole, refused: int = 0, at: float = 1.0, down: int = 900, **more: Any) -> Attributed:
    contact = Contact(
        host, "", 443, "tcp", tries=2, refused=refused, bytes_down=0 if refused else down, first_seen=at,
        first_refused=at if refused else None, because="provider x" if refused else "", **more,
    )  # fmt: skip
    return Attributed(contact, roles)


def run(kind: Any, *contacts: Attributed, exit: int | None = 0, seconds: float = 10.0, **more: Any) -> Run:  # noqa: A002
    return Run(kind, "namespace", "2026-11-26T10:00:00Z", seconds, exit, contacts, **more)


def drill(verdict: VerdictName, baseline: Run | None, cut: Run, *fallbacks: Fallback, **more: Any) -> Drill:
    judged = Verdict(verdict, (), fallbacks, seconds_to_failure=9.0 if verdict == "failed" else None)
    return Drill(
        ("make",), "app", "f" * 64, "", {"cutoff": {"rule": [{"provider": "x"}]}, "hosts": [], "air_gap": False}, "provider x",
        "gone", "namespace", "0", "2026-11-22", baseline, cut, judged,
        **{"prediction": Prediction("app:change", 1.0, 1.0, True), **more},
    )  # fmt: skip


APP = Stack(
    "App", "DE", (), None,
    items=(Item("app", kind="application", mission=1.0), Item("app:change", kind="application"), Item("tools")),
    sources=(Source("app@self", "app", "self"), Source("app:change@self", "app:change", "self"), Source("t", "tools", "self")),
    needs=(Need("app:change@self", "tools", "tool"),),
)  # fmt: skip
WITH_INDEX = replace(
    APP,
    items=(*APP.items, Item("the-index", "The Index", "registry")),
    sources=(*APP.sources, Source("the-index@crowd", "the-index", "crowd")),
    needs=(*APP.needs, Need("app:change@self", "the-index", "registry", weight=0.4, survive=7.0)),
)


def only(found: tuple[Proposal, ...]) -> Proposal:
    assert len(found) == 1, [one.id for one in found]
    return found[0]


# A contact that the stack does not have


def test_a_contact_that_the_stack_does_not_have_proposes_an_item_a_source_and_a_need(catalogue: Catalogue) -> None:
    base = run("baseline", seen("index.example", INDEX), seen("files.example", INDEX))
    found = only(proposals(drill("untouched", base, run("cut")), APP, catalogue))
    assert found.id == "need:the-index"
    item, source, need = found.added
    assert item == Item("the-index", "The Index", "registry")
    assert source == Source("the-index@crowd", "the-index", "crowd")
    # it was not cut, so nothing is known of its weight: blank, which is essential
    assert need == Need("app:change@self", "the-index", "registry")
    assert found.confidence == 0.9
    assert found.because == ("index.example:443: 2 tries, 900 bytes down", "files.example:443: 2 tries, 900 bytes down")
    claims = [(one.table, one.id, one.attribute, one.value, one.date, one.confidence) for one in found.claims]
    assert claims == [
        ("items", "the-index", "id", "example.index", "2026-11-26", 1.0),
        ("items", "the-index", "id", "example.files", "2026-11-26", 1.0),
        ("sources", "the-index@crowd", "provider", "crowd", "2026-11-26", 0.9),
        ("needs", "app:change@self > the-index", "item", "the-index", "2026-11-26", 0.9),
    ]
    assert found.claims[0].source == "drill ffffffffffff of 2026-11-26: index.example:443: 2 tries, 900 bytes down"


def test_a_contact_that_the_stack_has_below_the_item_proposes_nothing(catalogue: Catalogue) -> None:
    base = run("baseline", seen("index.example", INDEX))
    assert proposals(drill("untouched", base, run("cut")), WITH_INDEX, catalogue) == ()


def test_an_item_that_the_stack_has_and_this_one_does_not_need_yet_gets_only_a_need(catalogue: Catalogue) -> None:
    stack = replace(WITH_INDEX, needs=APP.needs)
    found = only(proposals(drill("untouched", run("baseline", seen("index.example", INDEX)), run("cut")), stack, catalogue))
    assert found.added == (Need("app:change@self", "the-index", "registry"),)


def test_a_host_that_nobody_knows_is_an_item_of_its_own_with_an_unknown_provider(catalogue: Catalogue) -> None:
    found = only(proposals(drill("untouched", run("baseline", seen("x.example")), run("cut")), APP, catalogue))
    assert found.added[:2] == (
        Item("host:example.x", "x.example", "service"), Source("host:example.x@?", "host:example.x", UNKNOWN),
    )  # fmt: skip
    assert found.confidence == 0.6


def test_once_applied_the_same_drill_proposes_nothing_and_the_host_is_known(catalogue: Catalogue) -> None:
    made = drill("untouched", run("baseline", seen("x.example"), seen("index.example", INDEX)), run("cut"))
    stack = applied(APP, proposals(made, APP, catalogue), catalogue)
    assert proposals(made, stack, catalogue) == ()
    assert [role.method for role in Attribution(stack, catalogue).roles("index.example")] == ["stack"]


def test_who_delivers_for_a_host_is_a_need_of_that_hosts_source(catalogue: Catalogue) -> None:
    made = drill("untouched", run("baseline", seen("index.example", INDEX, EDGE)), run("cut"))
    need, delivery = proposals(made, APP, catalogue)
    assert (need.kind, delivery.kind) == ("need", "delivery")
    item, source, host = delivery.added
    assert (item, source) == (Item("forge", "Forge", "network"), Source("forge@acme-corp", "forge", "acme-corp"))
    assert host == Need("the-index@crowd", "forge", "host")
    stack = applied(APP, (need, delivery), catalogue)
    assert [one.item for one in stack.needs_of["the-index@crowd"]] == ["forge"]
    assert proposals(made, stack, catalogue) == ()


@pytest.mark.parametrize(
    "contact",
    [
        Contact("", "192.0.2.1", 443, "tcp", 1, bytes_down=5), Contact("x.example", "", 443, "udp", 1, bytes_down=5),
        Contact("db.example", "", 5432, "tcp", 1, bytes_down=5, local=True), Contact("x.example", "", 443, "tcp", 3, failed=3),
        Contact("x.example", "", 0, "lookup", 1),
    ],
)  # fmt: skip
def test_what_came_to_nothing_has_no_name_or_is_this_machine_proposes_nothing(catalogue: Catalogue, contact: Contact) -> None:
    assert proposals(drill("untouched", run("baseline", Attributed(contact)), run("cut")), APP, catalogue) == ()


# Void, and what is not in the stack


def test_a_void_drill_proposes_nothing(catalogue: Catalogue) -> None:
    made = drill("void", run("baseline", seen("index.example", INDEX)), run("cut", seen("x.example", refused=2)))
    assert proposals(made, APP, catalogue) == ()


def test_without_an_item_nothing_is_proposed(catalogue: Catalogue) -> None:
    base = run("baseline", seen("index.example", INDEX))
    assert proposals(drill("untouched", base, run("cut"), prediction=None), APP, catalogue) == ()
    assert proposals(drill("untouched", base, run("cut")), APP, catalogue, item="no such item") == ()
    assert proposals(drill("untouched", base, run("cut")), replace(APP, sources=(), needs=()), catalogue) == ()
    assert len(proposals(drill("untouched", base, run("cut"), prediction=None), APP, catalogue, item="app")) == 1


# Failure


def test_a_failure_confirms_that_the_only_need_refused_is_essential_and_has_no_cover(catalogue: Catalogue) -> None:
    made = drill(
        "failed", run("baseline", seen("index.example", INDEX)), run("cut", seen("index.example", INDEX, refused=2), exit=1)
    )
    essential, cover = proposals(made, WITH_INDEX, catalogue)
    assert (essential.kind, essential.confidence) == ("essential", 0.9)
    assert [(one.id, one.column, one.value) for one in essential.changed] == [("app:change@self > the-index", "weight", 1.0)]
    # seven days of cover were stated; with warm caches it failed within 9 seconds
    assert [(one.column, one.value) for one in cover.changed] == [("survive", 0.0)]
    stack = applied(WITH_INDEX, (essential, cover), catalogue)
    assert stack.needs[-1] == Need("app:change@self", "the-index", "registry", weight=1.0, survive=0.0)


def test_a_need_that_is_essential_already_is_confirmed_by_a_claim_alone(catalogue: Catalogue) -> None:
    stack = replace(WITH_INDEX, needs=(*APP.needs, Need("app:change@self", "the-index", "registry")))
    made = drill("failed", None, run("cut", seen("index.example", INDEX, refused=2), exit=1))
    found = only(proposals(made, stack, catalogue))
    assert (found.kind, found.changed, found.added) == ("essential", (), ())
    assert [(one.attribute, one.value) for one in found.claims] == [("weight", "1")]


def test_with_empty_caches_a_failure_says_nothing_of_cover(catalogue: Catalogue) -> None:
    made = drill("failed", None, run("cut", seen("index.example", INDEX, refused=2), exit=1, cold=True))
    assert [one.kind for one in proposals(made, WITH_INDEX, catalogue)] == ["essential"]


def test_a_long_time_to_failure_is_cover(catalogue: Catalogue) -> None:
    made = drill("failed", None, run("cut", seen("index.example", INDEX, refused=2), exit=1))
    made = replace(made, verdict=replace(made.verdict, seconds_to_failure=43_200.0))
    stack = replace(WITH_INDEX, needs=(*APP.needs, Need("app:change@self", "the-index", "registry")))
    cover = proposals(made, stack, catalogue)[1]
    assert [(one.column, one.value) for one in cover.changed] == [("survive", 0.5)]
    assert cover.claims[0].value == "0.5d"


def test_of_several_refused_the_first_in_the_failing_step_is_meant_less_surely(catalogue: Catalogue) -> None:
    cut = run(
        "cut", seen("index.example", INDEX, refused=1, at=1.0), seen("api.acme.com", CLOUD, refused=1, at=5.0), exit=1,
        steps=(Step("fetch", "passed", 0), Step("deploy", "failed", 1, 4.0, 3.0, "api.acme.com:443", 2.0)),
    )  # fmt: skip
    found = {one.id: one for one in proposals(drill("failed", None, cut), APP, catalogue)}
    cloud, index = found["need:acme-cloud"], found["need:the-index"]
    assert [row.weight for row in cloud.added if isinstance(row, Need)] == [1.0]
    assert [row.weight for row in index.added if isinstance(row, Need)] == [None]
    assert [one.confidence for one in cloud.claims if one.attribute == "weight"] == [0.7]
    without = replace(cut, steps=())
    found = {one.id: one for one in proposals(drill("failed", None, without), APP, catalogue)}
    assert [one.confidence for one in found["need:the-index"].claims if one.attribute == "weight"] == [0.5]


# Survival


def test_what_served_instead_is_an_alternative_that_stands_by(catalogue: Catalogue) -> None:
    other = seen("mirror.example", hand("service", "acme", "acme-cloud"))
    cut = run("cut", seen("index.example", INDEX, refused=2), other)
    made = drill(
        "survived", run("baseline", seen("index.example", INDEX)), cut, Fallback("host", "mirror.example", "900 bytes")
    )
    found = only(proposals(made, WITH_INDEX, catalogue))
    assert (found.kind, found.confidence) == ("alternative", 0.7)
    assert found.added == (Source("the-index@acme", "the-index", "acme", status="standby", recover=0.0),)
    assert found.claims[0].source == "drill ffffffffffff of 2026-11-26: mirror.example: 900 bytes"
    stack = applied(WITH_INDEX, (found,), catalogue)
    # and with it the cut-off engine says what the drill saw
    cold = predict(Attribution(stack, catalogue), Cutoff((Rule(provider="crowd"),)), cold=True)[0]
    assert cold is not None
    assert cold.up is True


def test_a_folder_of_ones_own_is_an_alternative_and_a_cache_is_cover(catalogue: Catalogue) -> None:
    refused = seen("index.example", INDEX, refused=2)
    wheels = run("cut", refused, local=(LocalUse("~/wheels", "wheel folder (find-links)", 12),))
    made = drill("survived", run("baseline", seen("index.example", INDEX)), wheels, Fallback("local", "~/wheels", "12 files"))
    found = only(proposals(made, WITH_INDEX, catalogue))
    assert found.added == (Source("the-index@self", "the-index", "self", status="standby", recover=0.0),)

    cached = run("cut", refused, local=(LocalUse("~/.cache/pip", "pip cache", 12),))
    made = drill(
        "survived", run("baseline", seen("index.example", INDEX)), cached, Fallback("local", "~/.cache/pip", "12 files")
    )
    bare = replace(WITH_INDEX, needs=(*APP.needs, Need("app:change@self", "the-index", "registry")))
    found = only(proposals(made, bare, catalogue))
    assert [(one.column, one.value) for one in found.changed] == [("survive", UNKNOWN)]
    # a cover that the stack states is not made less known by it
    assert proposals(made, WITH_INDEX, catalogue) == ()


def test_two_places_of_ones_own_are_one_alternative(catalogue: Catalogue) -> None:
    refused = seen("index.example", INDEX, refused=2)
    places = (LocalUse("~/wheels", "wheel folder (find-links)", 12), LocalUse("~/index", "package index on this machine", 1))
    base = run("baseline", seen("index.example", INDEX), local=places[1:])
    made = drill(
        "survived", base, run("cut", refused, local=places), Fallback("local", "~/wheels"), Fallback("local", "~/index")
    )
    found = only(proposals(made, WITH_INDEX, catalogue))
    assert (found.id, found.confidence, len(found.claims)) == ("alternative:the-index@self", 0.7, 2)
    assert found.said == "'the-index' has an alternative: ~/wheels, ~/index served when index.example was refused."
    # a source that the stack has is confirmed as what it is
    own = replace(WITH_INDEX, sources=(*WITH_INDEX.sources, Source("own", "the-index", "self")))
    known = only(proposals(made, own, catalogue))
    assert (known.added, known.changed, {claim.value for claim in known.claims}) == ((), (), {"in-use"})


def test_hosts_that_nobody_knows_and_that_served_are_told_apart(catalogue: Catalogue) -> None:
    refused = seen("index.example", INDEX, refused=2)
    cut = run("cut", refused, seen("a.example"), seen("b.example"))
    made = drill("survived", run("baseline"), cut, Fallback("host", "a.example"), Fallback("host", "b.example"))
    found = proposals(made, WITH_INDEX, catalogue)
    assert [one.id for one in found] == ["alternative:the-index@host:example.a", "alternative:the-index@host:example.b"]
    stack = applied(WITH_INDEX, found, catalogue)
    # and are known again, each by its own row
    source = Attribution(stack, catalogue).hands("b.example")[0].source
    assert source is not None
    assert source.id == "the-index@host:example.b"


def test_a_place_that_both_runs_read_is_weaker_evidence(catalogue: Catalogue) -> None:
    local = (LocalUse("~/wheels", "wheel folder (find-links)", 12),)
    cut = run("cut", seen("index.example", INDEX, refused=2), local=local)
    base = run("baseline", seen("index.example", INDEX), local=local)
    found = only(proposals(drill("survived", base, cut, Fallback("local", "~/wheels", "12 files")), WITH_INDEX, catalogue))
    assert found.confidence == 0.4


def test_without_anything_seen_to_serve_there_is_no_alternative(catalogue: Catalogue) -> None:
    base, cut = run("baseline", seen("index.example", INDEX)), run("cut", seen("index.example", INDEX, refused=2))
    assert proposals(drill("survived", base, cut), WITH_INDEX, catalogue) == ()
    new = only(proposals(drill("survived", base, cut), APP, catalogue))
    assert [row.weight for row in new.added if isinstance(row, Need)] == [0.0]


def test_of_several_refused_nobody_says_which_was_replaced(catalogue: Catalogue) -> None:
    cut = run("cut", seen("index.example", INDEX, refused=2), seen("api.acme.com", CLOUD, refused=2), seen("m.example"))
    made = drill("survived", run("baseline"), cut, Fallback("host", "m.example"))
    assert [one.kind for one in proposals(made, WITH_INDEX, catalogue)] == ["need"]


def test_a_candidate_that_served_is_raised_to_stand_by(catalogue: Catalogue) -> None:
    stack = replace(WITH_INDEX, sources=(*WITH_INDEX.sources, Source("own", "the-index", "self", status="candidate")))
    cut = run("cut", seen("index.example", INDEX, refused=2), local=(LocalUse("~/w", "wheel folder (find-links)", 1),))
    found = only(proposals(drill("survived", run("baseline"), cut, Fallback("local", "~/w")), stack, catalogue))
    assert (found.added, [(one.id, one.column, one.value) for one in found.changed]) == ((), [("own", "status", "standby")])


def test_what_was_missing_from_the_output_is_the_weight(catalogue: Catalogue) -> None:
    base = run("baseline", seen("index.example", INDEX), output_lines=200)
    cut = run("cut", seen("index.example", INDEX, refused=2), output_lines=150)
    found = only(proposals(drill("degraded", base, cut), APP, catalogue))
    assert [row.weight for row in found.added if isinstance(row, Need)] == [0.25]


def test_what_it_did_without_for_hours_is_cover(catalogue: Catalogue) -> None:
    base, cut = (
        run("baseline", seen("index.example", INDEX)),
        run("cut", seen("index.example", INDEX, refused=2), seconds=21_601.0),
    )
    stack = replace(WITH_INDEX, needs=(*APP.needs, Need("app:change@self", "the-index", "registry", weight=0.5)))
    found = only(proposals(drill("survived", base, cut), stack, catalogue))
    assert [(one.column, one.value) for one in found.changed] == [("survive", 0.25)]


# Applying

TOML = """# our stack, by hand
[stack]
name = "App"   # the name
home = "DE"

[[item]]
id = "app"
kind = "application"
mission = 1.0

[[item]]
id = "app:change"
  [[item.source]]
  provider = "self"
  # what a build needs
  needs = [
    "tools",            # "hammers, ]"
    { item = "the-index", role = "registry", weight = 0.4, survive = "7d" },  # a week
  ]

[[item]]
id = "tools"
  [[item.source]]
  id = "own"
  provider = "self"
  status = "in-use" # as ever

[[item]]
id = "the-index"
  [[item.source]]
  provider = "crowd"
  [[item.source]]
  provider = "self"
  status = "candidate"

[[need]]
source = "own"
item = "the-index"
"""


def _failed(catalogue: Catalogue, stack: Stack) -> tuple[Proposal, ...]:
    made = drill(
        "failed", run("baseline", seen("x.example"), seen("index.example", INDEX, EDGE)),
        run("cut", seen("index.example", INDEX, refused=2), exit=1),
    )  # fmt: skip
    return proposals(made, stack, catalogue)


def test_a_stack_file_keeps_every_other_character(catalogue: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "app.toml"
    file.write_text(TOML, encoding="utf-8")
    before = loads(TOML, lookup=catalogue.provider)
    accepted = _failed(catalogue, before)
    assert {one.kind for one in accepted} == {"need", "delivery", "essential", "cover"}
    write_applied(file, accepted, catalogue)
    text = file.read_text(encoding="utf-8")
    after = loads(text, lookup=catalogue.provider)
    assert {need.id: (need.weight, need.survive) for need in after.needs}["app:change@self > the-index"] == (1.0, 0.0)
    wanted = applied(before, accepted, catalogue)
    assert set(after.needs) == set(wanted.needs)
    assert (set(after.items), set(after.sources), set(after.claims)) == (
        set(wanted.items),
        set(wanted.sources),
        set(wanted.claims),
    )
    changed = '    { item = "the-index", role = "registry", weight = 1, survive = "0d" },  # a week'
    kept = TOML.replace('    { item = "the-index", role = "registry", weight = 0.4, survive = "7d" },  # a week', changed)
    assert text.startswith(kept)
    assert proposals_are_done(file, catalogue)


def proposals_are_done(file: Path, catalogue: Catalogue) -> bool:
    stack = loads(file.read_text(encoding="utf-8"), lookup=catalogue.provider)
    return not [one for one in _failed(catalogue, stack) if one.added or one.changed]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (CellChange("needs", "app:change@self > tools", "survive", 1.0), '    { item = "tools", survive = "1d" },            # "hammers, ]"'),  # noqa: E501
        (CellChange("needs", "own > the-index", "weight", 0.5), "weight = 0.5"),
        (CellChange("sources", "own", "status", "standby"), '  status = "standby" # as ever'),
        (CellChange("sources", "the-index@self", "status", "standby"), '  status = "standby"'),
        (CellChange("sources", "the-index@crowd", "recover", 2.0), '  recover = "2d"'),
        (CellChange("needs", "app:change@self > the-index", "survive", UNKNOWN), '    { item = "the-index", role = "registry", weight = 0.4, survive = "?" },  # a week'),  # noqa: E501
    ],
)  # fmt: skip
def test_a_cell_is_set_where_it_stands(change: CellChange, line: str) -> None:
    text = edited(TOML, "app.toml", (), [change])
    assert line in text.split("\n")
    changed = [one for one in text.split("\n") if one not in TOML.split("\n")]
    assert len(changed) <= 1


@pytest.mark.parametrize(
    "text",
    [
        'item = [{ id = "a", source = [{ provider = "self", needs = ["b"] }] }, { id = "b" }]\n',
        '[[item]]\nid = "a"\n[[item.source]]\nprovider = "self"\nneeds = ["b"]\n"status" = "in-use"\n[[item]]\nid = "b"\n',
    ],
)
def test_a_form_that_cannot_be_changed_in_place_is_refused_and_left_alone(text: str) -> None:
    with pytest.raises(StackError, match="in place"):
        edited(text, "a.toml", [("items", Item("c"))], [CellChange("sources", "a@self", "status", "standby")])


def test_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(StackError, match="there is no row 'none'"):
        edited(TOML, "a.toml", (), [CellChange("sources", "none", "status", "standby")])


@given(stacks(most=5))
@repeatable(60)
def test_any_need_of_any_stack_can_be_changed_in_its_file(stack: Stack) -> None:
    text = dumps(stack)
    for need in dict.fromkeys(need.id for need in stack.needs):
        found = loads(edited(text, "s.toml", (), [CellChange("needs", need, "survive", 3.0)]))
        first = next(one for one in range(len(stack.needs)) if stack.needs[one].id == need)
        wanted = [*stack.needs]
        wanted[first] = replace(wanted[first], survive=3.0)
        assert sorted(found.needs, key=repr) == sorted(wanted, key=repr)
        assert (found.items, found.sources) == (loads(text).items, loads(text).sources)


def test_a_folder_of_tables_keeps_its_other_cells_and_gets_columns_that_it_lacks(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "stack.toml").write_text('# ours\n[stack]\nname = "App"\nhome = "DE"\n', encoding="utf-8")
    (folder / "items.csv").write_text("id,kind,mission\napp,application,1\napp:change,,\nthe-index,,\n", encoding="utf-8")
    (folder / "sources.csv").write_text("item,provider\napp:change,self\nthe-index,crowd\n", encoding="utf-8")
    (folder / "needs.csv").write_text("source,item,weight\napp:change@self,the-index,40e-2\n", encoding="utf-8")
    before = read_folder(folder, lookup=catalogue.provider)
    accepted = _failed(catalogue, before)
    write_applied(folder, accepted, catalogue)
    after = read_folder(folder, lookup=catalogue.provider)
    wanted = applied(before, accepted, catalogue)
    for table in ("items", "sources", "needs", "claims"):
        assert sorted(getattr(after, table), key=repr) == sorted(getattr(wanted, table), key=repr)
    assert (folder / "stack.toml").read_text(encoding="utf-8").startswith("# ours\n")
    with (folder / "needs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["source"], rows[0]["weight"]) == ("app:change@self", "1")


def test_a_row_that_a_folder_of_tables_keeps_in_its_settings_is_changed_there(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "stack.toml").write_text(TOML, encoding="utf-8")
    before = read_folder(folder, lookup=catalogue.provider)
    write_applied(folder, _failed(catalogue, before), catalogue)
    after = read_folder(folder, lookup=catalogue.provider)
    assert {need.id: need.weight for need in after.needs}["app:change@self > the-index"] == 1.0
    assert "# a week" in (folder / "stack.toml").read_text(encoding="utf-8")


def test_parquet_tables_are_changed_too(catalogue: Catalogue, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    folder = tmp_path / "app.parquet"
    before = loads(TOML, lookup=catalogue.provider)
    write_parquet_folder(replace(before, providers=()), folder)
    write_applied(folder, _failed(catalogue, before), catalogue)
    after = read_parquet_folder(folder, lookup=catalogue.provider)
    assert {need.id: need.weight for need in after.needs}["app:change@self > the-index"] == 1.0


def test_what_is_no_stack_file_is_not_changed(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "pyproject").mkdir()
    assert not is_editable(tmp_path / "pyproject")
    with pytest.raises(DrillError, match="is no stack file"):
        write_applied(tmp_path / "pyproject", (), catalogue)
    assert stack_file_for(tmp_path / "pyproject") == tmp_path.resolve() / "pyproject.stack.toml"


def test_a_database_gets_a_revision_with_what_was_accepted(catalogue: Catalogue, tmp_path: Path) -> None:
    database, by = tmp_path / "app.freehold", Authorship("tests")
    stored = replace(WITH_INDEX, providers=(Provider("crowd", "The Crowd", "none"),))
    store_stack(database, stored, "app", by)
    before = read_stored(database, "app")
    store_stack(database, applied(before, _failed(catalogue, before), catalogue), "app", by)
    after = read_stored(database, "app")
    assert {need.id: need.weight for need in after.needs}["app:change@self > the-index"] == 1.0
    assert "acme-corp" in after.provider_by_id
    assert read_stored(database, "app", 1).needs == before.needs


@given(stacks(most=5))
@repeatable(40)
def test_what_is_applied_keeps_every_row_and_changes_only_the_cells_named(stack: Stack) -> None:
    roles = hand("service", "landlord", "i1"), hand("service", None, None)
    base = run("baseline", *(seen(f"h{number}.example", role) for number, role in enumerate(roles)))
    cut = run("cut", seen("h0.example", roles[0], refused=1), exit=1)
    accepted = proposals(drill("failed", base, cut), stack, item="i0")
    after = applied(stack, accepted)
    assert after.items[: len(stack.items)] == stack.items
    assert after.sources[: len(stack.sources)] == stack.sources
    cells = {(one.id, one.column) for proposal in accepted for one in proposal.changed}
    for old, new in zip(stack.needs, after.needs, strict=False):
        differ = {name for name in Need.__slots__ if getattr(old, name) != getattr(new, name)}
        assert differ <= {column for id_, column in cells if id_ == old.id}
    assert all(0 < one.confidence <= 0.9 for one in accepted)
    assert all(one.claims for one in accepted)
    again = proposals(drill("failed", base, cut), after, item="i0")
    assert not [one for one in again if one.added or one.changed]


def test_the_difference_is_told_row_by_row(catalogue: Catalogue) -> None:
    accepted = _failed(catalogue, WITH_INDEX)
    told = {
        (one.table, one.id, one.change) for one in changed_rows_of(WITH_INDEX, accepted, catalogue) if one.table != "claims"
    }
    assert ("needs", "app:change@self > the-index", "changed") in told
    assert ("items", "host:example.x", "added") in told
    assert ("providers", "acme-corp", "added") in told
    assert not [one for one in told if one[2] == "removed"]


def test_a_stack_that_was_applied_can_be_written_and_read(catalogue: Catalogue, tmp_path: Path) -> None:
    stack = applied(WITH_INDEX, _failed(catalogue, WITH_INDEX), catalogue)
    work.save(replace(stack, providers=(*stack.providers, Provider("crowd"))), tmp_path / "x.toml")
    assert {item.id for item in work.load(tmp_path / "x.toml", Settings()).stack.items} == {item.id for item in stack.items}
    write_folder(stack, tmp_path / "csv")
    assert (tmp_path / "csv" / "claims.csv").is_file()


# The score


def test_the_score_counts_what_was_predicted_and_keeps_the_rest_apart() -> None:
    cut = run("cut")
    up, down, open_ = (Prediction("x", 0, 1, one) for one in (True, False, None))

    def made(verdict: VerdictName, prediction: Prediction | None, agrees: bool | None = None, **selectors: object) -> Drill:
        found = drill(verdict, None, cut, prediction=None if prediction is None else replace(prediction, agrees=agrees))
        return replace(found, cut={"cutoff": {"rule": [selectors or {"provider": "a"}]}, "hosts": (), "air_gap": False})

    drills = [
        made("untouched", up, True), made("failed", up, False), made("survived", down, False),
        made("failed", down, True, foreign=True), made("void", up, None), made("failed", open_, None), made("failed", None),
    ]  # fmt: skip
    found = score(drills)
    assert (found.overall.drills, found.overall.compared, found.overall.agreed, found.overall.rate) == (7, 4, 2, 0.5)
    assert (found.overall.up_but_failed, found.overall.down_but_survived) == (1, 1)
    assert (found.void, found.open, found.unpredicted) == (1, 1, 1)
    assert [(one.landlord, one.rate.compared, one.rate.agreed) for one in found.landlords] == [
        ("provider a", 3, 1), ("everything foreign", 1, 1),
    ]  # fmt: skip
    assert [miss.was_up for miss in found.misses] == [True, False]
    assert found.misses[0].headline.startswith("The model was wrong: 'x' was predicted to keep working")
    assert score([]).overall.rate is None


def test_who_was_cut_is_read_from_either_form_of_a_record() -> None:
    rule = {"country": "US", "kind": "registry", "foreign": False, "via": ["owner"]}
    assert landlords_of({"rule": [rule], "hosts": ["a.example"]}) == ("country US and kind registry", "host a.example")
    assert landlords_of({"cutoff": None, "hosts": [], "air_gap": True}) == ("air gap",)
    assert landlords_of({"cutoff": "nonsense", "hosts": 7}) == ()
