"""Playbooks: what is refused and where, and that CACAO 2.0 in and out loses nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.errors import BadPlaybook, RespondError
from freehold.respond.actions.registry import ACTIONS
from freehold.respond.cacao import EXTENSION, from_cacao, parse_cacao, to_cacao
from freehold.respond.expressions import check_expression, evaluate
from freehold.respond.playbook import (
    Action,
    End,
    If,
    Parallel,
    Playbook,
    Start,
    Switch,
    Variable,
    While,
    digest_of_playbook,
    parse_playbook,
    to_toml,
)
from freehold.respond.playbook_checks import check_library, check_playbook
from freehold.respond.playbook_library import load_library, read_playbook_file, shipped_playbooks
from freehold.respond.run_scope import first_variables

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HEAD = 'id = "p"\nname = "P"\nreach = "all"\n[variables.x]\nvalue = 1\ntype = "integer"\n'
START = '[[step]]\nid = "start"\ntype = "start"\nnext = "a"\n'
END = '[[step]]\nid = "end"\ntype = "end"\n'


def step(id_: str, type_: str = "action", **says: Any) -> str:
    lines = ["[[step]]", f'id = "{id_}"', f'type = "{type_}"']
    return "\n".join([*lines, *(f"{name} = {json.dumps(value)}" for name, value in says.items())]) + "\n"


def act(id_: str, next_: str, **says: Any) -> str:
    return step(id_, action="notify", next=next_, **says) + ""


def check(text: str) -> None:
    check_playbook(parse_playbook(HEAD + text), ACTIONS)


def test_a_small_playbook_is_sound() -> None:
    check(START + act("a", "end") + END)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (START + act("a", "b") + act("b", "a") + END, "a circle: 'a' → 'b' → 'a'"),
        (START + act("a", "a") + END, "a circle: 'a' → 'a'"),
        (START + act("a", "emd") + END, "step 'a', next: no step is called 'emd'. Did you mean 'end'?"),
        (START + act("a", "end") + act("lost", "end") + END, "step 'lost': nothing leads to it"),
        (START + act("a", "b") + step("b", action="notify") + END, "step 'b': it leads nowhere"),
        (START + act("a", "a2") + act("a2", "a"), "there is no end step"),
        (act("a", "end") + END, "there are 0 start steps"),
        (START + act("a", "end") + act("a", "end") + END, "step 'a': the id is there twice"),
        (START + step("a", action="kil", next="end") + END, "no action is called 'kil'. Did you mean 'kill'?"),
        (START + step("a", "if-condition", condition="y > 1", then="end") + END, "'y' is no variable"),
        (START + step("a", "if-condition", condition="x >", then="end") + END, "is not CEL"),
        (START + step("a", "if-condition", condition="[1].all(i, i > 0)", then="end") + END, "has a loop"),
        (START + step("a", "if-condition", condition="x > 1" + " " * 1_000, then="end") + END, "longer than 1,000"),
        (START + step("a", "if-condition", condition="getenv('x')", then="end") + END, "'getenv' is no function"),
        (START + step("a", "switch-condition", switch="x", cases={}) + END, "cases: there are none"),
        (START + act("a", "end") + 'set = { y = "1" }\n' + END, "'y' is no variable that may change"),
        (START + act("a", "end") + step("end", "end", next="a"), "an end leads nowhere"),
        (
            START + step("a", "while-condition", condition="x < 3", do="b", next="c") + act("b", "a") + act("c", "b") + END
            + act("d", "end"), "'b': it belongs to the rounds of 'a' and is also reached from outside",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place_and_mend(text: str, told: str) -> None:
    with pytest.raises(BadPlaybook) as caught:
        check(text)
    assert told in str(caught.value)


def test_a_loop_is_a_while_whose_rounds_lead_back_or_end() -> None:
    loop = step("a", "while-condition", condition="x < 3", do="b", next="end", most=5)
    check(START + loop + act("b", "a") + END)
    check(START + loop + act("b", "done") + step("done", "end") + END)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(BadPlaybook, match="3 errors"):
        check(START + act("a", "nowhere") + act("lost", "gone") + step("s", "switch-condition", switch="x", cases={}) + END)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id = 1", "no steps"),
        (HEAD + '[[step]]\nid = "a"\ntype = "jump"\n', r"\$.step\[0\]"),
        (HEAD + START + '[[step]]\nid = "a"\ntype = "action"\n', "action"),
        (HEAD + START + '[[step]]\nid = "a"\ntype = "end"\nbogus = 1\n', r"bogus.*\$.step\[1\]"),
        ("x = [" * 5_000, "playbook"),
        ('id = "p"\nname = "P"\n' + END * 501, "501 steps"),
        ("#" * 1_100_000, "1,048,576"),
    ],
)
def test_what_is_no_playbook_is_refused(text: str, told: str) -> None:
    with pytest.raises(BadPlaybook, match=told):
        parse_playbook(text)


def test_playbooks_that_run_each_other_in_a_circle_or_none_are_refused() -> None:
    def runs(id_: str, other: str) -> Playbook:
        text = HEAD.replace('"p"', f'"{id_}"') + START + step("a", "playbook-action", playbook=other, next="end") + END
        return parse_playbook(text)

    with pytest.raises(BadPlaybook, match=r"in a circle: '[ab]' → '[ab]' → '[ab]'"):
        check_library({"a": runs("a", "b"), "b": runs("b", "a")})
    with pytest.raises(BadPlaybook, match="'nobody', which is not there"):
        check_library({"a": runs("a", "nobody")})


@pytest.mark.parametrize("text", ["1 + 'a'", "x", "1 / 0", "'a' < 1"])
def test_an_expression_without_a_value_is_an_error_with_its_text(text: str) -> None:
    with pytest.raises(BadPlaybook, match="has no value here"):
        evaluate(text, {})


def test_a_text_does_not_grow_without_end() -> None:
    assert evaluate("x + x", {"x": "a" * 5_000}) == "a" * 10_000
    with pytest.raises(BadPlaybook, match="10,000 are the most"):
        evaluate("x + x", {"x": "a" * 5_001})


@pytest.mark.parametrize("value", ["nan", "inf", "-1e999", "1e999"])
def test_a_number_of_a_playbook_is_finite(value: str) -> None:
    head = HEAD.replace('value = 1\ntype = "integer"', 'type = "float"\nexternal = true')
    playbook = parse_playbook(head + START.replace('"a"', '"end"') + END)
    assert first_variables(playbook, {}, {"x": "0.5"}) == {"x": 0.5}
    with pytest.raises(RespondError, match="is no float"):
        first_variables(playbook, {}, {"x": value})


# ---------------------------------------------------------------- files


def test_the_shipped_playbooks_are_sound_and_keep_what_they_change() -> None:
    shipped = shipped_playbooks()
    assert sorted(shipped) == ["key-revoked", "provider-down", "runaway-agent", "stop-all", "unexpected-model"]
    for playbook in shipped.values():
        first = playbook.steps()[next(one.next for one in playbook.step if isinstance(one, Start))]
        assert isinstance(first, Action)
        assert first.action == "preserve"


def test_a_folders_own_playbook_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (folder / "mine.toml").write_text((HEAD + START + act("a", "end") + END).replace('id = "p"', 'id = "stop-all"'))
    (folder / "other.json").write_text(json.dumps(to_cacao(parse_playbook(HEAD + START + act("a", "end") + END))))
    library = load_library(tmp_path)
    assert library["stop-all"].name == "P"
    assert "p" in library
    (folder / "again.toml").write_text(HEAD + START + act("a", "end") + END)
    with pytest.raises(BadPlaybook, match="another file"):
        load_library(tmp_path)


# ---------------------------------------------------------------- CACAO

IDS = {
    name: f"{name}--{number:08d}-1111-4111-8111-111111111111"
    for number, name in enumerate(
        ("start", "end", "action", "parallel", "if-condition", "while-condition", "switch-condition", "playbook-action")
    )
}


def end(number: int) -> str:
    return f"end--{number:08d}-2222-4222-8222-222222222222"


FOREIGN: dict[str, Any] = {
    "type": "playbook", "spec_version": "cacao-2.0", "id": "playbook--aaaaaaaa-1111-4111-8111-111111111111",
    "name": "Another tool's", "description": "With all that there is", "created_by": "identity--bbbbbbbb-1111-4111-8111-111111111111",  # noqa: E501
    "created": "2026-01-02T03:04:05.000Z", "modified": "2026-01-02T03:04:06Z", "playbook_types": ["mitigation"], "priority": 3,
    "labels": ["model"], "external_references": [{"name": "x", "description": "y"}],
    "markings": ["marking-tlp--cccccccc-1111-4111-8111-111111111111"],
    "playbook_variables": {
        "__address__": {"type": "ipv4-addr", "value": "192.0.2.1", "external": True},
        "__count__": {"type": "integer", "value": "05", "description": "with a leading nought"},
        "__nothing__": {"type": "string", "value": None},
    },
    "workflow_start": IDS["start"], "workflow_exception": IDS["end"],
    "workflow": {
        IDS["start"]: {"type": "start", "on_completion": IDS["parallel"], "owner": "identity--x"},
        IDS["parallel"]: {
            "type": "parallel", "next_steps": [IDS["action"], IDS["if-condition"]], "on_success": IDS["while-condition"],
        },
        IDS["action"]: {
            "type": "action", "name": "Block", "delay": 5, "timeout": 60_000, "on_success": end(1), "on_failure": end(1),
            "commands": [{"type": "bash", "command": "iptables -A INPUT -s __address__:value -j DROP"},
                         {"type": "openc2-http", "command": "POST /x HTTP/1.1", "headers": {"a": ["b"]}}],
            "agent": "linux--dddddddd-1111-4111-8111-111111111111", "in_args": ["__address__"],
            "step_variables": {"__own__": {"type": "bool", "value": "true"}},
        },
        IDS["if-condition"]: {
            "type": "if-condition", "condition": "__count__:value = '05' AND __address__:value != 'x'", "on_true": end(2),
            "on_false": IDS["playbook-action"],
        },
        IDS["playbook-action"]: {
            "type": "playbook-action", "playbook_id": "playbook--eeeeeeee-1111-4111-8111-111111111111", "on_completion": end(3),
            "playbook_version": "2026-01-02T03:04:05Z",
        },
        IDS["while-condition"]: {
            "type": "while-condition", "condition": "__count__:value < 7", "on_true": end(4), "on_completion": IDS["switch-condition"],  # noqa: E501
        },
        IDS["switch-condition"]: {
            "type": "switch-condition", "switch": "__address__", "cases": {"192.0.2.1": end(5), "default": end(6)},
            "on_completion": IDS["end"],
        },
        IDS["end"]: {"type": "end"},
        **{end(number): {"type": "end"} for number in range(1, 7)},
    },
    "agent_definitions": {"linux--dddddddd-1111-4111-8111-111111111111": {"type": "linux", "name": "wall", "address": {"ipv4": ["192.0.2.9"]}}},  # noqa: E501
    "extension_definitions": {
        "extension-definition--ffffffff-1111-4111-8111-111111111111": {"type": "extension-definition", "created_by": "x", "schema": "y", "version": "1"},  # noqa: E501
    },
    "signatures": [{"type": "jss", "value": "abc"}],
}  # fmt: skip


def test_a_playbook_of_another_tool_comes_back_as_it_was_and_its_commands_are_for_people() -> None:
    playbook = parse_cacao(json.dumps(FOREIGN))
    assert to_cacao(playbook) == FOREIGN
    again = parse_playbook(to_toml(playbook))
    assert to_cacao(again) == FOREIGN
    block = playbook.steps()[IDS["action"]]
    assert isinstance(block, Action)
    assert (block.action, block.delay, block.timeout) == ("manual", 0.005, 60.0)
    assert "iptables" in block.with_["text"]
    condition = playbook.steps()[IDS["if-condition"]]
    assert isinstance(condition, If)
    assert condition.condition == "count == '05' && address != 'x'"
    check_playbook(playbook, ACTIONS)


@pytest.mark.parametrize("name", sorted(shipped_playbooks()))
def test_a_shipped_playbook_survives_the_way_out_and_in(name: str) -> None:
    playbook = shipped_playbooks()[name]
    out = to_cacao(playbook)
    back = from_cacao(json.loads(json.dumps(out)))
    assert back == playbook
    assert digest_of_playbook(back) == digest_of_playbook(playbook)
    assert to_cacao(back) == out
    for id_, said in out["workflow"].items():
        type_, _, number = id_.partition("--")
        assert said["type"] == type_
        assert number[14] == "4", "a step's UUID is of version 4"


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
SCALARS = st.one_of(TEXTS, st.integers(-(2**53), 2**53), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
COMMON = {"name": TEXTS, "description": TEXTS, "delay": st.floats(0, 1_000), "timeout": st.integers(0, 1_000).map(float)}
TARGETS = st.sampled_from(["s0", "s1", "s2", "s3", "end"])
STEPS = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just(Action), "action": st.sampled_from(ACTIONS), "with_": st.dictionaries(NAMES, SCALARS, max_size=3),
         "may_fail": st.booleans(), "set": st.dictionaries(NAMES, TEXTS, max_size=2), "next": TARGETS,
         "on_failure": st.one_of(st.just(""), TARGETS), **COMMON}),
    st.fixed_dictionaries({"kind": st.just(If), "condition": TEXTS, "then": TARGETS, "otherwise": st.one_of(st.just(""), TARGETS), **COMMON}),  # noqa: E501
    st.fixed_dictionaries({"kind": st.just(While), "condition": TEXTS, "do": TARGETS, "most": st.integers(1, 1_000), "next": TARGETS, **COMMON}),  # noqa: E501
    st.fixed_dictionaries({"kind": st.just(Switch), "switch": TEXTS, "cases": st.dictionaries(NAMES, TARGETS, max_size=3), **COMMON}),  # noqa: E501
    st.fixed_dictionaries({"kind": st.just(Parallel), "branches": st.lists(TARGETS, max_size=3).map(tuple), **COMMON}),
)  # fmt: skip
PLAYBOOKS = st.builds(
    lambda steps, **more: Playbook(
        step=(Start(id="start", next="s0"), *(dict(one).pop("kind")(id=f"s{n}", **{k: v for k, v in one.items() if k != "kind"})
              for n, one in enumerate(steps)), End(id="end")),
        **more,
    ),
    st.lists(STEPS, max_size=4),
    id=NAMES, name=TEXTS, description=TEXTS, when=TEXTS, reach=st.sampled_from(["none", "model", "all"]),
    on_failure=st.sampled_from(["undo", "keep"]), created=st.sampled_from(["", "2026-01-01T00:00:00Z"]),
    variables=st.dictionaries(
        NAMES, st.builds(Variable, type=NAMES, value=st.one_of(st.none(), SCALARS), description=TEXTS, external=st.booleans()),
        max_size=3,
    ),
)  # fmt: skip


@relaxed
@given(PLAYBOOKS)
def test_any_playbook_survives_toml_and_cacao(playbook: Playbook) -> None:
    assert parse_playbook(to_toml(playbook)) == playbook
    out = json.loads(json.dumps(to_cacao(playbook)))
    assert from_cacao(out) == playbook
    assert to_cacao(from_cacao(out)) == out


JSON = st.recursive(st.one_of(st.none(), SCALARS), lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)), max_leaves=5)  # noqa: E501  # fmt: skip


@relaxed
@given(
    st.dictionaries(TEXTS, JSON, max_size=3), st.dictionaries(TEXTS, JSON, max_size=2), st.sampled_from(sorted(IDS.values()))
)
def test_whatever_else_a_cacao_playbook_says_comes_back(more: dict[str, Any], of_step: dict[str, Any], id_: str) -> None:
    step_ = {**of_step, **FOREIGN["workflow"][id_]}
    told = {**more, **FOREIGN, "workflow": {**FOREIGN["workflow"], id_: step_}}
    assert to_cacao(parse_playbook(to_toml(from_cacao(told)))) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"type": "bundle"}, "no playbook"),
        ({"spec_version": "1.1"}, "spec_version is '1.1'"),
        ({"workflow": []}, "workflow is not an object"),
        ({"workflow": {"start--1": {"type": "decision"}}}, "'decision' is no step of CACAO 2.0"),
        ({"workflow": {"first": {"type": "start"}}}, "two dashes"),
        ({"playbook_variables": {"x": {"type": "string"}}}, "a variable is called __name__"),
        (
            {"workflow": {IDS["if-condition"]: {"type": "if-condition", "condition": "[x]", "on_true": "y"}}},
            "is not understood",
        ),
        ({"workflow": {IDS["action"]: {"type": "action", "delay": "soon"}}}, "playbook"),
        ({"workflow": {IDS["switch-condition"]: {"type": "switch-condition", "cases": 3}}}, "playbook"),
        ({"name": 5}, r"\$.name"),
    ],
)
def test_cacao_that_cannot_be_understood_is_refused_with_its_place(change: dict[str, Any], told: str) -> None:
    with pytest.raises(BadPlaybook, match=told):
        from_cacao({**FOREIGN, **change})


@pytest.mark.parametrize(
    "text", ["{", "[" * 100_000, '{"a": NaN}', "null", '"x"', "1e999999", '{"a": ' * 60 + "1" + "}" * 60, "x" * 1_100_000]
)
def test_json_that_is_none_too_deep_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(BadPlaybook):
        parse_cacao(text)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def with_at(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    made = dict(value) if isinstance(value, dict) else list(value)
    made[path[0]] = with_at(value[path[0]], path[1:], other)
    return made


@relaxed
@given(st.sampled_from(places(FOREIGN)), JSON)
def test_whatever_stands_wherever_in_a_cacao_playbook_it_comes_back_or_is_refused(place: tuple[Any, ...], other: Any) -> None:
    told = with_at(FOREIGN, place, other)
    try:
        playbook = from_cacao(told)
    except BadPlaybook:
        return
    assert to_cacao(playbook) == told
    with suppress(BadPlaybook):
        check_playbook(playbook, ACTIONS)


@relaxed
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda content: content.decode("utf-8", "replace"))))
def test_any_text_is_a_playbook_or_refused(text: str) -> None:
    for read in (parse_playbook, parse_cacao):
        with pytest.raises(BadPlaybook):
            read(text)


@relaxed
@given(st.text("abx01 ()[]{}'\"\\.&|!<>=+-*/%?:,\n\x00é", max_size=60))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        check_expression(text, frozenset({"a", "b", "x"}))
        evaluate(text, {"a": 1, "b": "b", "x": 1.5})
    except BadPlaybook:
        return


@pytest.mark.parametrize(
    "text", ["!" * 999 + "x", "(" * 400 + "1" + ")" * 400, "-" * 900 + "1", "a" * 1_001, "[" * 500, "a?" * 400]
)
def test_an_expression_of_any_depth_is_an_answer_or_an_error(text: str) -> None:
    try:
        evaluate(text, {"x": True, "a": True})
    except BadPlaybook:
        return


def test_a_file_of_either_form_is_read_by_its_ending(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps(FOREIGN))
    assert read_playbook_file(file).name == "Another tool's"
    with pytest.raises(BadPlaybook, match="cannot be read"):
        read_playbook_file(tmp_path / "none.toml")
    assert EXTENSION not in json.dumps(FOREIGN)
