"""Playbooks as OASIS CACAO 2.0 JSON, in and out. Owns the mapping, and that a round trip loses nothing.

A typed action is written as a *manual* command that any reader understands, and as Freehold's step extension, which says
it exactly. Whatever a CACAO playbook says that has no place here is kept as it is and given back; commands of other tools
(shell, notebooks, …) are never run: they become steps that a person does. What cannot be understood is refused.

Specification: CACAO Security Playbooks Version 2.0, OASIS, 27 November 2023,
https://docs.oasis-open.org/cacao/security-playbooks/v2.0/security-playbooks-v2.0.html
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from freehold.errors import BadPlaybook
from freehold.respond.playbook import (
    MOST_BYTES,
    MOST_STEPS,
    Action,
    If,
    Parallel,
    Playbook,
    Run,
    Step,
    Switch,
    While,
)

__all__ = ["EXTENSION", "from_cacao", "parse_cacao", "to_cacao"]

EXTENSION: Final = "extension-definition--3f1b8b62-6a0c-4f0e-9d58-0d1c5f0a7e21"
"""The id of Freehold's extension."""

_IDENTITY: Final = "identity--0c6f2a34-93b7-4d11-8a52-5e7d9a1b4c60"
_AGENT: Final = "security-category--b8a4e0f1-2c55-4e9b-a3d7-6f90c1d2e384"
_VERSION: Final = "cacao-2.0"
_LONG_AGO: Final = "2026-01-01T00:00:00Z"
_TYPES: Final = (
    "start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition",
)  # fmt: skip
_STIX: Final = re.compile(
    r"^\s*__([A-Za-z_][A-Za-z0-9_]*)__:value\s*(=|!=|<=|>=|<|>)\s*('(?:[^'\\]|\\.)*'|-?[0-9]+(?:\.[0-9]+)?|true|false)\s*$"
)
_JOINED: Final = re.compile(r"\s+(AND|OR)\s+")
_DEEPEST: Final = 40
_PLAYBOOK: Final = uuid.UUID("5f0d2c1e-7b44-4d3a-8f19-2a6b7c8d9e0f")


def _identifier(type_: str, *names: str) -> str:
    """An identifier that is the same for the same names, in the form of a random one, as steps must have."""
    digest = hashlib.sha256("\x00".join((type_, *names)).encode()).digest()
    return f"{type_}--{uuid.UUID(bytes=digest[:16], version=4)}"


# ---------------------------------------------------------------- out


def to_cacao(playbook: Playbook) -> dict[str, Any]:
    """A playbook as the data of a CACAO 2.0 document."""
    ids = {
        step.id: step.id if step.id.startswith(f"{_type(step)}--") else _identifier(_type(step), playbook.id, step.id)
        for step in playbook.step
    }
    own: dict[str, Any] = {}
    id_ = playbook.id
    if not id_.startswith("playbook--"):
        own["playbook_name"] = id_
        id_ = f"playbook--{uuid.uuid5(_PLAYBOOK, playbook.id)}"
    for name, value, default in (
        ("when", playbook.when, ""), ("reach", playbook.reach, "none"), ("failure", playbook.on_failure, "undo"),
        ("created", playbook.created, None), ("modified", playbook.modified, None),
    ):  # fmt: skip
        if value != default and not (default is None and value):
            own[name] = value  # noqa: PERF403  the condition needs its own line
    values = {name: one.value for name, one in playbook.variables.items() if not isinstance(one.value, str | None)}
    if values:
        own["values"] = values
    made: dict[str, Any] = {
        "type": "playbook", "spec_version": _VERSION, "id": id_, "name": playbook.name, "created_by": _IDENTITY,
        "created": playbook.created or _LONG_AGO, "modified": playbook.modified or playbook.created or _LONG_AGO,
    }  # fmt: skip
    if playbook.description:
        made["description"] = playbook.description
    if playbook.variables:
        made["playbook_variables"] = {f"__{name}__": _variable(one) for name, one in playbook.variables.items()}
    start = next((step.id for step in playbook.step if _type(step) == "start"), "")
    made["workflow_start"] = ids.get(start, "")
    made["workflow"] = {ids[step.id]: _kept(step.kept, _step(step, ids)) for step in playbook.step}
    if any(isinstance(step, Action) for step in playbook.step):
        made["agent_definitions"] = {_AGENT: {"type": "security-category", "name": "Freehold", "category": ["orchestrator"]}}
    if own:
        made["playbook_extensions"] = {EXTENSION: own}
    made["extension_definitions"] = {
        EXTENSION: {
            "type": "extension-definition", "name": "Freehold", "created_by": _IDENTITY, "version": "1",
            "description": "Typed actions, loops with a bound, and expressions of Freehold's playbooks",
            "schema": "https://github.com/freehold/freehold/blob/main/docs/guides/respond.md",
        }
    }  # fmt: skip
    return _kept(playbook.kept, made)


def _type(step: Step) -> str:
    return str(type(step).__struct_config__.tag)


def _variable(one: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": one.type}
    if one.value is not None:
        made["value"] = one.value if isinstance(one.value, str) else json.dumps(one.value)
    if one.description:
        made["description"] = one.description
    if one.constant:
        made["constant"] = True
    if one.external:
        made["external"] = True
    return made


def _step(step: Step, ids: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"type": _type(step)}
    own: dict[str, Any] = {}
    if ids[step.id] != step.id:
        own["step_name"] = step.id
    for name in ("name", "description"):
        if value := getattr(step, name):
            made[name] = value
    for name in ("delay", "timeout"):
        if value := getattr(step, name):
            made[name] = max(1, round(value * 1_000))
            if made[name] != value * 1_000:
                own[name] = value
    if step.next:
        made["on_success" if step.on_failure else "on_completion"] = ids.get(step.next, step.next)
    if step.on_failure:
        made["on_failure"] = ids.get(step.on_failure, step.on_failure)
    if isinstance(step, Action):
        _act(step, made, own)
    elif isinstance(step, Run):
        made["playbook_id"] = (
            step.playbook if step.playbook.startswith("playbook--") else f"playbook--{uuid.uuid5(_PLAYBOOK, step.playbook)}"
        )
        if made["playbook_id"] != step.playbook:
            own["playbook_name"] = step.playbook
        if step.with_:
            own["with"] = step.with_
    elif isinstance(step, Parallel):
        made["next_steps"] = [ids.get(one, one) for one in step.branches]
    elif isinstance(step, If):
        made["condition"] = step.condition
        made["on_true"] = ids.get(step.then, step.then)
        if step.otherwise:
            made["on_false"] = ids.get(step.otherwise, step.otherwise)
        own["language"] = "cel"
    elif isinstance(step, While):
        made["condition"], made["on_true"] = step.condition, ids.get(step.do, step.do)
        own |= {"language": "cel", "most": step.most}
    elif isinstance(step, Switch):
        made["switch"] = step.switch
        made["cases"] = {case: ids.get(one, one) for case, one in step.cases.items()}
        own["language"] = "cel"
    if own:
        made["step_extensions"] = {EXTENSION: own}
    return made


def _act(step: Action, made: dict[str, Any], own: dict[str, Any]) -> None:
    said = ", ".join(f"{name} {value if isinstance(value, str) else json.dumps(value)}" for name, value in step.with_.items())
    told = (
        said
        if step.action == "manual"
        else f"{step.action.replace('_', ' ')}: {said}"
        if said
        else step.action.replace("_", " ")
    )
    made["commands"] = [{"type": "manual", "command": _in_cacao(told)}]
    made["agent"] = _AGENT
    own["action"] = step.action
    if step.with_:
        own["with"] = step.with_
    if step.may_fail:
        own["may_fail"] = True
    if step.set:
        own["set"] = step.set


def _in_cacao(text: str) -> str:
    return re.sub(r"\$\{([A-Za-z0-9_-]+)\}", r"__\1__:value", text)


def _kept(kept: str, made: dict[str, Any]) -> dict[str, Any]:
    """Put what was kept in the place of what was made."""
    if not kept:
        return made
    told: dict[str, Any] = json.loads(kept)
    other: dict[str, Any] = told.get("with", {})
    return {name: value for name, value in made.items() if name not in told.get("without", ())} | other


# ---------------------------------------------------------------- in


def parse_cacao(text: str | bytes, place: str = "the playbook") -> Playbook:
    """Read a playbook from CACAO 2.0 JSON.

    Raises
    ------
    freehold.errors.BadPlaybook
        If it is none, or says what cannot be understood; with place and mend.
    """
    if len(text) > MOST_BYTES:
        raise BadPlaybook(f"{place} has {len(text):,} bytes, more than {MOST_BYTES:,}. Split it.")
    try:
        data = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadPlaybook(f"{place} is no JSON ({str(error)[:200]}). A CACAO playbook is one JSON object.") from None
    if _depth(data) > _DEEPEST:
        raise BadPlaybook(f"{place} nests deeper than {_DEEPEST}. Make it flatter.")
    return from_cacao(data, place)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        deepest = max(deepest, depth)
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        waiting += [(child, depth + 1) for child in inner]
    return deepest


def from_cacao(data: Any, place: str = "the playbook") -> Playbook:
    """Read a playbook from the data of a CACAO 2.0 document; see :func:`parse_cacao`.

    Raises
    ------
    freehold.errors.BadPlaybook
        If it cannot be understood.
    """
    if not isinstance(data, dict) or data.get("type") != "playbook":
        raise BadPlaybook(f'{place} is no playbook: its type is not "playbook".')
    if data.get("spec_version") != _VERSION:
        said = data.get("spec_version")
        raise BadPlaybook(f'{place}: spec_version is {said!r}, and only "{_VERSION}" is read. Convert it first.')
    workflow = data.get("workflow")
    if not isinstance(workflow, dict) or not workflow:
        raise BadPlaybook(f"{place}: workflow is not an object of steps by id.")
    if len(workflow) > MOST_STEPS:
        raise BadPlaybook(f"{place} has {len(workflow)} steps, more than {MOST_STEPS}. Split it.")
    own = _extension(data.get("playbook_extensions"))
    names: dict[str, str] = {}
    for id_, step in workflow.items():
        if not isinstance(step, dict) or step.get("type") not in _TYPES:
            said = step.get("type") if isinstance(step, dict) else step
            raise BadPlaybook(
                f"{place}, workflow.{id_}: '{str(said)[:40]}' is no step of CACAO 2.0. There are: {', '.join(_TYPES)}."
            )
        names[id_] = str(_extension(step.get("step_extensions")).get("step_name", id_))
        if names[id_] == id_ and not id_.startswith(f"{step['type']}--"):
            raise BadPlaybook(f"{place}, workflow.{id_}: the id of a step is its type, two dashes and a UUID. Rename it.")
    try:
        steps = [_read_step(id_, step, names, f"{place}, workflow.{id_}") for id_, step in workflow.items()]
        variables = _read_variables(data.get("playbook_variables"), own.get("values", {}), place)
        values = {
            "id": own.get("playbook_name", data.get("id", "")), "name": data.get("name", ""),
            "description": data.get("description", ""), "when": own.get("when", ""), "reach": own.get("reach", "none"),
            "on_failure": own.get("failure", "undo"), "created": own.get("created", data.get("created", "")),
            "modified": own.get("modified", data.get("modified", "")), "variables": variables, "step": steps,
        }  # fmt: skip
        playbook = msgspec.convert(values, Playbook)
    except (msgspec.ValidationError, TypeError, AttributeError, ValueError) as error:
        raise BadPlaybook(f"{place}: {error}. See the specification of CACAO 2.0 for its form.") from None
    return _with_kept(playbook, data)


def _extension(value: Any) -> dict[str, Any]:
    own: Any = value.get(EXTENSION) if isinstance(value, dict) else None
    return own if isinstance(own, dict) else {}


def _read_variables(told: Any, values: Mapping[str, Any], place: str) -> dict[str, Any]:
    made = {}
    for name, one in (told or {}).items():
        if not (name.startswith("__") and name.endswith("__") and len(name) > 4) or not isinstance(one, dict):
            raise BadPlaybook(f"{place}, playbook_variables.{name}: a variable is called __name__ and is an object. Rename it.")
        short = name[2:-2]
        made[short] = {
            "type": one.get("type", "string"), "value": values.get(short, one.get("value")),
            "description": one.get("description", ""), "constant": one.get("constant", False),
            "external": one.get("external", False),
        }  # fmt: skip
    return made


def _read_step(id_: str, step: dict[str, Any], names: Mapping[str, str], place: str) -> dict[str, Any]:
    own, type_ = _extension(step.get("step_extensions")), step["type"]
    made: dict[str, Any] = {
        "id": names[id_], "type": type_, "name": step.get("name", ""), "description": step.get("description", ""),
    }  # fmt: skip
    for name in ("delay", "timeout"):
        if name in own or name in step:
            made[name] = own[name] if name in own else step[name] / 1_000
    follows = step.get("on_completion") or step.get("on_success") or ""
    made["next"] = names.get(follows, follows)
    made["on_failure"] = names.get(step.get("on_failure", ""), step.get("on_failure", ""))
    if type_ == "action":
        made |= {"action": own["action"], "with": own.get("with", {})} if "action" in own else _by_hand(step)
        made |= {"may_fail": own.get("may_fail", False), "set": own.get("set", {})}
    elif type_ == "playbook-action":
        made |= {"playbook": own.get("playbook_name", step.get("playbook_id", "")), "with": own.get("with", {})}
    elif type_ == "parallel":
        made["branches"] = [names.get(one, one) for one in step.get("next_steps", ())]
    elif type_ == "if-condition":
        made |= {"condition": _condition(step, own, place), "then": names.get(step.get("on_true", ""), step.get("on_true", ""))}
        made["otherwise"] = names.get(step.get("on_false", ""), step.get("on_false", ""))
    elif type_ == "while-condition":
        made |= {"condition": _condition(step, own, place), "do": names.get(step.get("on_true", ""), step.get("on_true", ""))}
        made["most"] = own.get("most", 100)
    elif type_ == "switch-condition":
        switch = step.get("switch", "")
        variable = re.fullmatch(r"__(\w+)__(?::value)?", switch)
        made["switch"] = switch if own.get("language") == "cel" or variable is None else variable[1]
        made["cases"] = {case: names.get(one, one) for case, one in step.get("cases", {}).items()}
    return made


def _by_hand(step: dict[str, Any]) -> dict[str, Any]:
    """Commands of other tools, as something that a person does."""
    commands = [one for one in step.get("commands", ()) if isinstance(one, dict)]
    told = [f"{one.get('type', '?')}: {one.get('command') or one.get('description') or 'see the playbook'}" for one in commands]
    return {"action": "manual", "with": {"text": "; ".join(told)[:2_000] or step.get("name") or "see the playbook"}}


def _condition(step: dict[str, Any], own: Mapping[str, Any], place: str) -> str:
    text = step.get("condition", "")
    if own.get("language") == "cel":
        return str(text)
    parts = _JOINED.split(text)
    made = []
    for number, part in enumerate(parts):
        if number % 2:
            made.append("&&" if part == "AND" else "||")
            continue
        found = _STIX.match(part)
        if found is None or ("AND" in parts and "OR" in parts):
            mend = "Read are comparisons such as __name__:value = 'x', joined by AND or by OR"
            raise BadPlaybook(f"{place}, condition: '{str(text)[:80]}' is not understood. {mend}.")
        made.append(f"{found[1]} {'==' if found[2] == '=' else found[2]} {found[3]}")
    return " ".join(made)


def _with_kept(playbook: Playbook, data: dict[str, Any]) -> Playbook:
    """Keep, for the playbook and for each step, in what its own document differs from what would be written."""
    ids = list(data["workflow"])
    plain = to_cacao(playbook)
    written = dict(zip((step.id for step in playbook.step), plain["workflow"].values(), strict=True))
    steps = [
        msgspec.structs.replace(step, kept=_difference(data["workflow"][id_], written[step.id]))
        for id_, step in zip(ids, playbook.step, strict=True)
    ]
    playbook = msgspec.structs.replace(playbook, step=tuple(steps))
    return msgspec.structs.replace(playbook, kept=_difference(data, to_cacao(playbook)))


def _difference(told: Mapping[str, Any], written: Mapping[str, Any]) -> str:
    other = {name: value for name, value in told.items() if name not in written or not _same(written[name], value)}
    without = [name for name in written if name not in told]
    if not other and not without:
        return ""
    kept: dict[str, Any] = ({"with": other} if other else {}) | ({"without": without} if without else {})
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1 and true are not."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
