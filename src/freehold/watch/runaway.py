"""Agents that run away. Owns how the three signs of it are put as the measures that everything else has.

``repeat``: an agent asks for the same tool with the same arguments again and again. ``depth``: its calls nest deeper than they
should. ``spend``: it costs more a minute than it may. All are counts: nothing is guessed, and the alert names the agent.
"""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.watch.rule import Rule, Seconds

__all__ = ["plain_rule"]

_CALLS: Final = ("freehold.gateway.tool.call",)
_REQUESTS: Final = ("freehold.gateway.request",)
_AGENT: Final = ("freehold.tenant", "gen_ai.agent.id")
_SAME_CALL: Final = ("gen_ai.tool.name", "freehold.tool.arguments_digest")


def plain_rule(rule: Rule) -> Rule:
    """A rule of the form ``runaway`` as one of the form ``event`` or ``window``; any other as it is.

    Parameters
    ----------
    rule
        A sound one.
    """
    if rule.form != "runaway":
        return rule
    group = _AGENT if rule.group is None else rule.group
    if rule.measure == "repeat":
        group = (*group, *(name for name in _SAME_CALL if name not in group))
        when = _and(rule.when, "has(freehold.tool.arguments_digest)")
        return msgspec.structs.replace(rule, form="window", measure="count", on=rule.on or _CALLS, when=when, group=group)
    if rule.measure == "depth":
        when = _and(rule.when, f"freehold.agent.depth > {rule.over or 0:.0f}")
        return msgspec.structs.replace(rule, form="event", measure="", on=rule.on or _REQUESTS, when=when, group=group)
    return msgspec.structs.replace(
        rule, form="window", measure="rate", on=rule.on or _REQUESTS, field=rule.field or "freehold.cost", group=group,
        window=rule.window or Seconds(60), per=Seconds(60),
    )  # fmt: skip


def _and(condition: str, other: str) -> str:
    return f"({condition}) && {other}" if condition else other
