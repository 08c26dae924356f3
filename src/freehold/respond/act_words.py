"""An act in plain words, with all that it is done with. Owns how people read what they are asked to approve.

Whatever of its parameters the words do not tell is told beside them: nobody approves what they do not see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from freehold.respond.incident_schema import as_json
from freehold.watch.event import Json
from freehold.words import say

__all__ = ["act_in_words"]


def act_in_words(action: str, parameters: Mapping[str, Json]) -> str:
    """Say what an act does: ``send 100 % of assistant to own``, ``stop agent filing-agent``.

    Parameters
    ----------
    action
        Its name, such as ``fail_over``.
    parameters
        What it is done with.
    """
    given = {name: value for name, value in parameters.items() if value not in ("", None)}
    telling = _TELLING.get(action)
    words, told = (action.replace("_", " "), frozenset[str]()) if telling is None else telling(given)
    rest = ", ".join(f"{name} {_text(value)}" for name, value in given.items() if name not in told)
    return f"{words} ({rest})" if rest else words


_Told = tuple[str, frozenset[str]]


def _text(value: Json) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return value if isinstance(value, str) else as_json(value)


def _fail_over(given: Mapping[str, Json]) -> _Told:
    percent, model, to = (_text(given.get(name, default)) for name, default in (("percent", 100), ("model", "?"), ("to", "?")))
    steps = "_steps" if given.get("ramp") is True else ""
    told = say(f"respond.act_fail_over{steps}", percent=percent, model=model, to=to)
    return told, frozenset({"percent", "model", "to", *(["ramp"] if isinstance(given.get("ramp"), bool) else [])})


def _kill(given: Mapping[str, Json]) -> _Told:
    if given.get("scope") == "all" and "name" not in given:
        return say("respond.act_kill_all"), frozenset({"scope"})
    return say("respond.act_kill", what=_what(given)), frozenset({"scope", "name"})


def _quarantine(given: Mapping[str, Json]) -> _Told:
    return say("respond.act_quarantine", what=_what(given)), frozenset({"scope", "name"})


def _what(given: Mapping[str, Json]) -> str:
    return " ".join(_text(given[name]) for name in ("scope", "name") if name in given)


def _throttle(given: Mapping[str, Json]) -> _Told:
    who = " ".join(f"{name} {_text(given[name])}" for name in ("tenant", "model") if name in given)
    count = _text(given.get("requests_per_minute", "?"))
    return say("respond.act_throttle", what=who, count=count), frozenset({"tenant", "model", "requests_per_minute"})


def _revoke_key(given: Mapping[str, Json]) -> _Told:
    return say("respond.act_revoke_key", tenant=_text(given.get("tenant", "?"))), frozenset({"tenant"})


def _manual(given: Mapping[str, Json]) -> _Told:
    return _text(given.get("text", "?")), frozenset({"text"})


_TELLING: Final[Mapping[str, Callable[[Mapping[str, Json]], _Told]]] = {
    "fail_over": _fail_over, "kill": _kill, "quarantine": _quarantine, "throttle": _throttle, "revoke_key": _revoke_key,
    "manual": _manual,
}  # fmt: skip
