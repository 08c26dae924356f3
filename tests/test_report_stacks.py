"""The stacks that the report's tests show, and that every answer of theirs has the form its schema states."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from drill_answers import drill_answers
from freehold.catalogue.check import check as check_catalogue
from freehold.catalogue.coverage import coverage
from freehold.catalogue.facts import load
from freehold.catalogue.search import search
from freehold.catalogue.show import show
from freehold.doctor import Check, Diagnosis
from freehold.errors import Finding, UsageError
from freehold.measure.assess import assess, foreign_cutoff
from freehold.measure.cutoff import cutoff
from freehold.measure.diff import diff
from freehold.measure.gaps import gaps
from freehold.measure.partners import partners
from freehold.measure.restart import restart
from freehold.measure.sweep import cutoffs_of_each, sweep
from freehold.measure.sweep_outlook import Question, ask_outlook, outlook
from freehold.measure.uncertain import Draw, Uncertain
from freehold.measure.uncertain import Event as Loss
from freehold.measure.why import why
from freehold.report.answers import (
    CatalogueFindings,
    CheckAnswer,
    Context,
    EvidenceEntries,
    EvidenceEntry,
    EvidenceVerdict,
    HistoryAnswer,
    ReachAnswer,
    SearchAnswer,
    ShowAnswer,
    context_of,
)
from freehold.report.render import to_json
from freehold.report.schemas import VERBS, json_schema
from freehold.reporting_firms import firms_report
from freehold.respond.evidence_verify import Flaw, Verification
from freehold.stack.changes import ColumnChange, RowChange
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.inventory import Component, Contact, Evidence, Inventory, Skip
from freehold.stack.records import ColumnMeaning, Records
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack
from freehold.store.interface import Change, Revision
from freehold.watch.best_act import best_acts
from freehold.watch.event import Event
from freehold.watch.level_facts import facts_from
from freehold.watch.levels import built_in_levels, grade
from freehold.watch.radius import Reach
from freehold.watch.replay import replay
from freehold.watch.rule_list import RuleList, RuleTestReport, list_rules
from freehold.watch.rule_switch import ReplayRecord, SwitchRecord
from freehold.watch.rule_tests import run_tests
from freehold.watch.rules import built_in_rules
from freehold.work import chokepoints
from options_answers import options_answer
from plan_answers import plan_answers
from provision_answers import MIRRORS, SOUND, provision_answers
from respond_answers import respond_answers
from scheme_answers import schemes_answers
from small_catalogue import write_layer
from systemic_answers import systemic_answers
from whole_answers import report_of, taken_away, with_drills

CLINIC = """
[stack]
name = "Clinic assistant"
home = "DE"
trusted = ["EU"]
as_of = "2026-11-22"

[[provider]]
id = "acme"
name = "Acme Hosting GmbH"
country = "DE"
owner = "acme-corp"

[[provider]]
id = "acme-corp"
name = "Acme Corp"
country = "US"

[[provider]]
id = "openai"
name = "OpenAI"
country = "US"

[[provider]]
id = "nvidia"
name = "NVIDIA"
country = "US"

[[item]]
id = "assistant"
kind = "application"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["llm", { item = "telemetry", weight = 0.2, survive = "90d" }]

[[item]]
id = "telemetry"
kind = "service"
  [[item.source]]
  provider = "acme"

[[item]]
id = "llm"
kind = "model"
  [[item.source]]
  provider = "openai"
  location = "US"
  [[item.source]]
  id = "local-llm"
  provider = "self"
  status = "standby"
  capacity = 0.6
  recover = "14d"
  needs = [{ item = "gpu-server", survive = "3y" }]

[[item]]
id = "gpu-server"
kind = "hardware"
  [[item.source]]
  provider = "nvidia"

[[claim]]
table = "providers"
id = "openai"
attribute = "country"
value = "US"
source = "register.csv:12"
date = "2026-02-15"

[[claim]]
table = "providers"
id = "nvidia"
attribute = "country"
value = "US"
source = "register.csv:40"
date = "2024-01-31"
"""

UNKNOWN = """
[stack]
name = "Half known"
home = "DE"

[[provider]]
id = "known"
country = "DE"
owner = "known"

[[item]]
id = "desk"
kind = "application"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["mystery"]

[[item]]
id = "desk:change"
kind = "application"
  [[item.source]]
  provider = "self"
  needs = ["forge"]

[[item]]
id = "mystery"
kind = "service"
  [[item.source]]
  provider = "?"

[[item]]
id = "forge"
kind = "platform"
"""

KNOT = """
[stack]
name = "Power and telephones"
home = "DE"

[[item]]
id = "power"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["telephones"]

[[item]]
id = "telephones"
  [[item.source]]
  provider = "self"
  needs = ["power"]

[[item]]
id = "lights"
  [[item.source]]
  provider = "self"
  needs = ["power"]
"""

MOMENT = "2026-11-22T08:00:00.000Z"
INVENTORY = Inventory(
    "shop",
    "project",
    (
        Component("pkg:pypi/flask@3.0.0", "flask", "3.0.0", "framework", "BSD-3-Clause", direct=True,
                  evidence=(Evidence("pyproject.toml", 7), Evidence("uv.lock", 120))),
        Component("pkg:npm/left-pad@1.3.0", "left-pad", scope="development", evidence=(Evidence("package-lock.json"),)),
    ),
    (Contact("com.openai.api", "model-api", optional=True, evidence=(Evidence("src/chat.py", 3),)),),
    (
        Skip("vendor/big.bin", "too-large", "300 MB is over the limit"), Skip("a.txt", "encoding", "not UTF-8"),
        Skip("b.txt", "encoding", "not UTF-8"),
    ),
    joined=1,
    languages=("cpython",),
)  # fmt: skip


HISTORY = HistoryAnswer(
    "Clinic",
    (
        Change(
            Revision(
                "Clinic", 1, "1" * 64, "2026-03-01T12:00:00Z", "Ann", "first survey", None,
                {"items": 3, "providers": 2, "sources": 4, "needs": 1, "claims": 0},
            ),
            (),
        ),
        Change(
            Revision(
                "Clinic", 2, "2" * 64, "2026-03-02T12:00:00Z", "", "", None,
                {"items": 3, "providers": 2, "sources": 4, "needs": 1, "claims": 2},
            ),
            (
                RowChange("stack", "Clinic", "changed", (ColumnChange("home", "DE", "FR"),)),
                RowChange("items", "disk", "added"),
                RowChange("items", "llm", "changed", (ColumnChange("kind", None, "model"), ColumnChange("mission", "1", "?"))),
                RowChange("items", "tape", "removed"),
                RowChange("claims", "items llm kind", "added"),
                RowChange("claims", "items disk kind", "added"),
            ),
        ),
        Change(
            Revision(
                "Clinic", 3, "1" * 64, "2026-03-03T12:00:00Z", "Ben", "", 2,
                {"items": 3, "providers": 2, "sources": 4, "needs": 1, "claims": 0},
            ),
            (RowChange("items", "disk", "removed"),),
        ),
        Change(
            Revision(
                "Clinic", 4, "3" * 64, "2026-03-04T12:00:00Z", "", "sorted", None,
                {"items": 3, "providers": 2, "sources": 4, "needs": 1, "claims": 0},
            ),
            (),
            reordered=True,
        ),
    ),
)  # fmt: skip


@cache
def clinic() -> Stack:
    return loads(CLINIC, "clinic.toml")


@cache
def half_known() -> Stack:
    return loads(UNKNOWN, "half.toml")


def check_of(stack: Stack, largest: str = "", item: str = "", inventory: Inventory | None = None) -> CheckAnswer:
    answer = assess(stack)
    steps = why(stack, item, Cutoff((Rule(country=largest),)), 0.0).steps if largest else ()
    note = Finding("clinic.toml", 3, "share", "shares of 'llm' come to 0.99", "They were rescaled", "note")
    return CheckAnswer(answer, stack, inventory, steps, largest, "2026-11-22", (note,))


@cache
def clinic_check() -> CheckAnswer:
    return check_of(clinic(), "US", "assistant")


def reach_of(stack: Stack) -> ReachAnswer:
    reach = Reach(stack)
    radius, levels = reach.of_cut(foreign_cutoff()), built_in_levels()
    facts = facts_from(reach, radius, reach.learn(radius))
    grades = tuple(grade(facts, one, levels) for one in levels.criteria)
    return ReachAnswer(radius, best_acts(reach, radius), reach.learn(radius), facts, grades, levels)


def rules_answers() -> dict[str, object]:
    """One answer for each action of ``rules`` that has one, a rule that was switched and replayed among them."""
    rules = built_in_rules()
    breaker = rules.only({"breaker-opened"})
    opened = Event("/g", "1", "freehold.gateway.breaker.opened", 0.0, 10.0, "", {"freehold.upstream": "u"})
    first, *others = list_rules(rules).rules
    digest = first.digest
    switched = replace(
        first, state="on", switch=SwitchRecord(digest, "Ann", "", 20.0, on=True),
        replay=ReplayRecord(first.id, "d" * 64, 9, 3, 1, 0.0, 10.0, 15.0),
    )  # fmt: skip
    return {
        "list": RuleList((switched, *others)),
        "test": RuleTestReport(run_tests(breaker), ("quiet",)),
        "replay": replay(breaker, [opened]),
    }


def outlook_question(stack: Stack) -> Question:
    source = stack.sources[0]
    stated = (Uncertain("sources", source.id, "capacity", Draw(low=0.2, high=0.9), "stated"),)
    events = (Loss("country", "US", 0.25), Loss("provider", "openai", 0.1))
    return ask_outlook(stack, foreign_cutoff(), stated=stated, events=events, common=0.2, samples=60, days=[0, 30])


@cache
def answers() -> Mapping[str, tuple[object, Context | None]]:
    """One answer for every verb, by its name."""
    import tempfile

    stack, knot, cut = clinic(), loads(KNOT, "knot.toml"), foreign_cutoff()
    with tempfile.TemporaryDirectory() as folder:
        catalogue = load(write_layer(Path(folder)))
        findings = check_catalogue(catalogue)
    beside = context_of(stack, 0, edition="2026-11-22", cutoff=cut)
    facts = Context(edition=catalogue.edition)
    return {
        "check": (clinic_check(), None),
        "scan": (INVENTORY, Context()),
        "show": (ShowAnswer("llm"), beside),
        "history": (HISTORY, Context(stack=stack)),
        "assess": (assess(stack), beside),
        "report": (with_drills(report_of(stack)), None),
        **{verb: (answer, None) for verb, answer in taken_away(with_drills(report_of(stack))).items()},
        "report firms": (firms_report(Path(__file__).parent.parent / "examples" / "firms", ("DE",)), facts),
        "diff": (diff(stack, knot, INVENTORY, replace(INVENTORY, components=INVENTORY.components[:1], contacts=())), beside),
        "doctor": (Diagnosis((Check("python", "works", "3.11"), Check("cache", "absent", "none", "Make one"))), facts),
        "import": (Records("servers", "spreadsheet csv", (ColumnMeaning("Server", "name", "heading", 2, "a"),), ()), beside),
        "gaps": (gaps(stack), beside),
        "partners": (partners(stack), beside),
        "options": (options_answer(stack), beside),
        "sweep": (sweep(stack, cutoffs_of_each(stack, "provider")), beside),
        "sweep samples": (outlook(outlook_question(stack)), beside),
        "cutoff": (cutoff(stack, cut), beside),
        "why": (why(stack, "assistant", cut), beside),
        "chokepoints": (chokepoints(stack, most=3, weights={}), beside),
        "restart": (restart(knot), context_of(knot, 0)),
        "evidence verify": (EvidenceVerdict((Verification("evidence.jsonl", 3, 1, 3, flaws=(Flaw(2, None, "torn"),)),)), facts),
        "evidence show": (EvidenceEntries("evidence.jsonl", (EvidenceEntry(2, MOMENT, "act", "", '{"n":1}', MOMENT),)), facts),
        "reach": (reach_of(stack), beside),
        **plan_answers(),
        **{verb: (answer, facts) for verb, answer in (drill_answers() | provision_answers() | systemic_answers()).items()},
        **{f"respond {name}": (answer, facts) for name, answer in respond_answers().items()},
        **{verb: (answer, beside if verb == "schemes score" else facts) for verb, answer in schemes_answers().items()},
        **{f"rules {name}": (answer, facts) for name, answer in rules_answers().items()},
        "catalogue show": (show(catalogue, "acme"), facts),
        "catalogue search": (SearchAnswer("acme", search(catalogue, "acme")), facts),
        "catalogue coverage": (coverage(catalogue, ["acme", "nobody at all"]), facts),
        "catalogue check": (CatalogueFindings(tuple(findings), len(catalogue.facts)), facts),
    }


def data_of(verb: str) -> dict[str, Any]:
    return to_json(*answers()[verb])


def errors_in(verb: str, data: Mapping[str, Any]) -> list[Any]:
    return list(Draft202012Validator(json_schema(verb)).iter_errors(data))


@pytest.mark.parametrize("verb", VERBS)
def test_every_answer_has_the_form_that_its_schema_states(verb: str) -> None:
    Draft202012Validator.check_schema(json_schema(verb))
    assert errors_in(verb, data_of(verb)) == []
    assert data_of(verb)["verb"] == verb


@pytest.mark.parametrize("mirror", MIRRORS)
def test_every_mirror_has_the_form_that_the_schema_states(mirror: str) -> None:
    assert errors_in("provision", to_json(MIRRORS[mirror], Context())) == []


def test_a_mirror_that_is_empty_and_sound_has_the_form_that_the_schema_states() -> None:
    assert errors_in("provision verify", to_json(SOUND, Context())) == []


def test_what_is_not_known_has_the_same_form() -> None:
    stack = half_known()
    beside = context_of(stack, 2)
    cut = foreign_cutoff()
    for verb, answer in (
        ("check", check_of(stack, inventory=INVENTORY)), ("assess", assess(stack)), ("gaps", gaps(stack)),
        ("partners", partners(stack)), ("options", options_answer(stack)),
        ("sweep", sweep(stack, [cut])), ("sweep samples", outlook(outlook_question(stack))),
        ("cutoff", cutoff(stack, cut)), ("why", why(stack, "desk", cut)), ("restart", restart(stack, cut)),
        ("show", ShowAnswer()), ("reach", reach_of(stack)), ("chokepoints", chokepoints(stack)),
    ):  # fmt: skip
        context = None if verb == "check" else beside
        assert errors_in(verb, to_json(answer, context)) == [], verb


SPOILT: Mapping[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "a level as text": ("cutoff", lambda data: data["mission"].update(low=["0.5"])),
    "a level above 1": ("cutoff", lambda data: data["items"][0].update(high=[1.5])),
    "a lost key": ("cutoff", lambda data: data["items"][0].pop("stops_low")),
    "a key of another name": ("cutoff", lambda data: data.update(mision=data.pop("mission"))),
    "another verb": ("cutoff", lambda data: data.update(verb="why")),
    "another schema": ("assess", lambda data: data.update(schema=2)),
    "no unknowns": ("assess", lambda data: data.update(unknowns=None)),
    "a stray key in the envelope": ("assess", lambda data: data["stack"].update(path="clinic.toml")),
    "a layer without a count": ("assess", lambda data: data["layers"][0].pop("unknown")),
    "a number instead of an interval": ("check", lambda data: data.update(content=0.3)),
    "a skip without a reason": ("scan", lambda data: data["skips"][0].update(reason="")),
    "a step without its sentence": ("why", lambda data: data["steps"][0].update(because="")),
    "a knot of nothing": ("restart", lambda data: data["knots"][0].update(items=[])),
    "a cut set of nobody": ("chokepoints", lambda data: data["cut_sets"][0].update(members=[])),
    "a count of an order that is none": ("chokepoints", lambda data: data["counts"].update({"0": 1})),
    "a gap with two answers": ("gaps", lambda data: data["layers"][0]["closes"][0]["by"].update(id="x")),
    "a negative count": ("catalogue coverage", lambda data: data.update(known=-1)),
    "a fact without a reference": ("catalogue show", lambda data: data["facts"][0].pop("reference")),
    "an unordered score": ("catalogue search", lambda data: data["hits"][0].update(score="high")),
    "a severity of its own": ("catalogue check", lambda data: data.update(findings=[{"severity": "fine"}])),
    "a digest that is none": ("provision", lambda data: data["needs"][0].update(sha256="0a")),
    "a proof without its backend": ("provision", lambda data: data["proof"].pop("backend")),
    "a mirror that is half sound": ("provision verify", lambda data: data.update(sound="half")),
    "a drill without its verdict": ("report", lambda data: data["drills"]["records"][0].pop("verdict")),
    "a part that is left out without its command": ("report", lambda data: data.update(left_out=[{"part": "plan"}])),
    "a plan without the simulator's word": ("plan", lambda data: data.pop("confirmed")),
    "a date that is none": ("plan", lambda data: data["steps"][0].update(start="soon")),
    "a state of its own": ("plan follow", lambda data: data["state"][0].update(state="well")),
    "a share as text": ("show", lambda data: data["items"][0]["sources"][0].update(location="US, DE")),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_spoilt_answer_does_not_fit_the_schema(spoilt: str) -> None:
    verb, spoil = SPOILT[spoilt]
    data = copy.deepcopy(data_of(verb))
    spoil(data)
    assert errors_in(verb, data)


def test_a_verb_without_an_answer_has_no_schema() -> None:
    with pytest.raises(UsageError, match="cutoff"):
        json_schema("dance")


def test_the_envelope_is_that_of_the_contract() -> None:
    data = data_of("cutoff")
    assert list(data)[:6] == ["freehold", "schema", "verb", "stack", "coverage", "unknowns"]
    assert data["schema"] == 1
    assert data["stack"] == {
        "name": "Clinic assistant", "home": "DE", "trusted": ["EU"], "items": 4, "sources": 5, "needs": 3,
    }  # fmt: skip
    assert set(data["coverage"]) == {"provider", "country", "owner", "licence"}
    assert data["mission"] == {"low": [0.0, 0.0, 0.6, 0.6, 0.6, 0.0], "high": [0.0, 0.0, 0.6, 0.6, 0.6, 0.0]}


def test_whole_days_are_integers_and_what_there_is_none_of_is_null() -> None:
    data = data_of("cutoff")
    assert data["days"] == [0, 7, 30, 90, 365, 1095]
    assert all(type(day) is int for day in data["days"])
    items = {item["id"]: item for item in data["items"]}
    assert items["llm"]["stops_low"] == 0
    assert data_of("assess")["change"] is None
    restart_data = data_of("restart")
    assert restart_data["cutoff"] is None
    assert restart_data["knots"][0]["items"] == ["power", "telephones"]
    assert restart_data["blocked"] == [{"id": "lights", "by": [0]}]
