"""What a run sees: its playbooks as they were at the start, its variables, and values in place of their names. Owns these."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from freehold.errors import BadPlaybook, RespondError
from freehold.respond.incident import Incident
from freehold.respond.playbook import Playbook, Run, Variable, parse_playbook, to_toml
from freehold.respond.playbook_checks import REFERENCE
from freehold.watch.event import Json

__all__ = ["bundle", "first_variables", "seen", "substituted", "unbundled"]

_MOST_PLAYBOOKS: Final = 50
_WHOLE: Final = re.compile(r"^\$\{([^{}]*)\}$")


def bundle(playbook: Playbook, library: Mapping[str, Playbook]) -> str:
    """A playbook and all that it runs, as one text; a run keeps it.

    Raises
    ------
    freehold.errors.BadPlaybook
        If one of them is not there.
    """
    found: dict[str, Playbook] = {playbook.id: playbook}
    waiting = [playbook]
    while waiting:
        for id_ in _runs(waiting.pop()):
            if id_ in found:
                continue
            if id_ not in library:
                raise BadPlaybook(f"the playbook '{playbook.id}' runs '{id_}', which is not there. Add it beside the others.")
            if len(found) >= _MOST_PLAYBOOKS:
                raise BadPlaybook(f"the playbook '{playbook.id}' runs more than {_MOST_PLAYBOOKS} others. Run fewer.")
            found[id_] = library[id_]
            waiting.append(library[id_])
    return json.dumps([to_toml(one) for one in found.values()], ensure_ascii=False)


def _runs(playbook: Playbook) -> Iterator[str]:
    return (step.playbook for step in playbook.step if isinstance(step, Run))


def unbundled(text: str) -> dict[str, Playbook]:
    """The playbooks of :func:`bundle`, by id, the first one first."""
    return {one.id: one for one in (parse_playbook(part) for part in json.loads(text))}


def first_variables(playbook: Playbook, given: Mapping[str, Json], labels: Mapping[str, str]) -> dict[str, Json]:
    """Values of a playbook's variables at the start: as given, else the label of that name, else as the playbook says.

    Raises
    ------
    freehold.errors.RespondError
        If one is given that is not there or may not be, one has no value, or a value is not of its type.
    """
    for name in given:
        if name not in playbook.variables or not playbook.variables[name].external:
            names = ", ".join(sorted(one for one, variable in playbook.variables.items() if variable.external)) or "none"
            raise RespondError(f"the playbook '{playbook.id}' takes no value for '{name}'. It takes: {names}.")
    made: dict[str, Json] = {}
    for name, variable in playbook.variables.items():
        value: Json = variable.value
        if variable.external:
            value = given.get(name, labels.get(name, value))
        if value is None and variable.external:
            raise RespondError(f"the playbook '{playbook.id}' needs a value for '{name}': --set {name}=VALUE")
        made[name] = _typed(name, variable, value)
    return made


def _typed(name: str, variable: Variable, value: Json) -> Json:
    try:
        if value is None:
            return ""
        if variable.type in ("integer", "long"):
            return value if isinstance(value, int) and not isinstance(value, bool) else int(str(value))
        if variable.type == "float":
            number = float(str(value))
            if not math.isfinite(number):
                raise ValueError
            return number
        if variable.type == "bool":
            if isinstance(value, bool):
                return value
            return {"true": True, "false": False}[str(value).lower()]
        return value if isinstance(value, str) else str(value)
    except (ValueError, KeyError, OverflowError):
        raise RespondError(f"'{str(value)[:40]}' is no {variable.type}, which the variable '{name}' is.") from None


def substituted(value: Any, variables: Mapping[str, Json]) -> Any:
    """Parameters with values in place of ``${name}``; a text that is nothing but a name takes the value's own type."""
    if isinstance(value, str):
        whole = _WHOLE.match(value)
        if whole and whole[1] in variables:
            return variables[whole[1]]
        return REFERENCE.sub(lambda found: _told(variables.get(found[1], found[0])), value)
    if isinstance(value, Mapping):
        return {name: substituted(one, variables) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [substituted(one, variables) for one in value]
    return value


def _told(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def seen(incident: Incident, variables: Mapping[str, Json]) -> dict[str, Json]:
    """What an expression sees."""
    about: dict[str, Json] = {
        "id": incident.id, "state": incident.state, "level_low": incident.level_low, "level_high": incident.level_high,
        "firing": incident.firing,
    }  # fmt: skip
    return {**variables, "vars": dict(variables), "incident": about, "labels": dict(incident.labels)}
