"""Whether a stack keeps a policy, rule by rule. Owns the verdicts, and what is told of a thing that may not be on a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from freehold.catalogue.facts import Catalogue
from freehold.errors import BadCutoff, BadPolicy
from freehold.measure.case import LOW, Case, Kernel
from freehold.measure.cutoff import DAYS, check_cutoff
from freehold.measure.level_view import Losses
from freehold.measure.reason import reason_for
from freehold.measure.unknowns import unknown_facts
from freehold.network.solve import solve
from freehold.schemes.policy_measures import World, measured_rule
from freehold.schemes.policy_path import Paths, Targets, targets_of
from freehold.schemes.policy_values import Breach, Forbidden, Limit, Policy, PolicyAnswer, PolicyRule, RuleAnswer, Verdict
from freehold.schemes.policy_words import fact_words, in_words
from freehold.stack.cells import nearest
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Stack
from freehold.words import listed, say

__all__ = ["check_policy"]

_MOST: Final = 20
_MOST_SOLVED: Final = 2_000_000
"""Items times losses that are solved to tell which is worst; beyond that the nearest come first."""


def check_policy(
    policy: Policy, stack: Stack, *, strict: bool = False, kernel: Kernel = "auto", catalogue: Catalogue | None = None,
    lists: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
) -> PolicyAnswer:  # fmt: skip
    """Judge every rule of a policy.

    Parameters
    ----------
    policy
        See :func:`freehold.schemes.policy_file.read_policy`.
    stack
        With home and trusted countries settled.
    strict
        Whether assumed owners and locations count as unknown.
    kernel
        How levels are computed.
    catalogue
        Where providers that the stack does not have are looked up: a rule may name one of either. ``None``: of the stack alone.
    lists
        Lists for schemes; see :class:`freehold.schemes.interface.Asked`.

    Raises
    ------
    freehold.errors.BadPolicy
        If a rule names what is not there: an all-clear for a misspelt name would be false.
    """
    world = World(stack, strict, kernel, lists)
    return PolicyAnswer(policy, tuple(_rule(world, policy, rule, catalogue) for rule in policy.rules))


def _rule(world: World, policy: Policy, rule: PolicyRule, catalogue: Catalogue | None) -> RuleAnswer:
    condition = rule.condition
    place = f"{policy.path}, rule '{rule.name}'"
    if isinstance(condition, Limit):
        if condition.cut is not None:
            _check(world.stack, condition.cut, place, catalogue)
        return measured_rule(world, rule, condition, place)
    _check(world.stack, Cutoff(condition.rules), place, catalogue)
    return _forbidden(world, rule, condition, targets_of(world.stack, condition.path_of, f"{place}, 'path_of'"))


def _check(stack: Stack, cut: Cutoff, place: str, catalogue: Catalogue | None) -> None:
    try:
        check_cutoff(stack, cut)
    except BadCutoff as error:
        raise BadPolicy(f"{place}: {error}") from None
    for rule in cut.rules:
        for asked in (rule.provider, rule.owner):
            if asked is None or asked in stack.provider_by_id or (catalogue and catalogue.provider(asked) is not None):
                continue
            near = nearest(asked, {*stack.provider_by_id, *(catalogue.ids("provider") if catalogue else ())})
            mend = f"Did you mean '{near[0]}'?" if near else "`freehold catalogue search WORD` finds the id."
            raise BadPolicy(f"{place}: no provider is called '{asked}'. {mend}")


def _forbidden(world: World, rule: PolicyRule, asked: Forbidden, targets: Targets) -> RuleAnswer:
    of = in_words(world.stack, targets.names)
    if not targets.sure and not targets.perhaps:
        return RuleAnswer(rule, "idle", say("policies.idle", of=of))
    case = world.case(asked.stake)
    paths = Paths(case, targets, voids=asked.voids)
    found: list[tuple[int, bool, Rule]] = []
    let_be = 0
    for supply, on_path in paths.supplies.items():
        truths = [(case.truth(one, supply), one) for one in asked.rules]
        by = next((one for truth, one in truths if truth), None) or next((one for truth, one in truths if truth is None), None)
        if by is None:
            continue
        surely = on_path and case.truth(by, supply) is True
        if asked.only_surely and not surely:
            let_be += 1
            continue
        found.append((supply, surely, by))
    losses = _losses(case, [supply for supply, _, _ in found], targets)
    worst = sorted(
        zip(found, losses, strict=True),
        key=lambda pair: (not pair[0][1], -(pair[1] or 0.0), len(paths.down_to(case.supplies[pair[0][0]].item)), pair[0][0]),
    )
    breaches = tuple(
        _breach(world, case, paths, supply, by, asked, surely=surely, loss=loss)
        for (supply, surely, by), loss in worst[:_MOST]
    )  # fmt: skip
    sure, count = sum(surely for _, surely, _ in found), len(found)
    verdict: Verdict = "broken" if sure else "perhaps" if found else "met"
    told = say(f"policies.{verdict}_path", of=of, count=sure, looked=len(paths.supplies), perhaps=count - sure)
    if verdict == "broken" and count > sure:
        told = f"{told} {say('policies.and_perhaps', count=count - sure)}"
    if let_be:
        told = f"{told} {say('policies.let_be', count=let_be)}"
    mend = breaches[0].mend if breaches else ""
    return RuleAnswer(rule, verdict, told, (float(sure), float(count)), breaches, count - len(breaches), mend)


def _losses(case: Case, supplies: Sequence[int], targets: Targets) -> list[float | None]:
    """What the targets lose in the end when each of the supplies is gone, unknown numbers at their worst."""
    if not supplies or len(supplies) * len(case.stack.items) > _MOST_SOLVED:
        return [None] * len(supplies)
    mission, made = targets.mission(case.stack), Losses(case, LOW)
    before = np.asarray(case.running(LOW).level, np.float64)[case.built(LOW).item_place][np.newaxis]
    whole = mission.mean(before, before).low[0]
    answer = solve(case.built(LOW), [made.scenario([one]) for one in supplies], DAYS[-1:], start=case.running(LOW))
    return [max(0.0, round(whole - mission.mean(levels, levels).low[-1], 12)) for levels in answer.levels]


def _breach(
    world: World, case: Case, paths: Paths, supply: int, by: Rule, asked: Forbidden, *, surely: bool, loss: float | None
) -> Breach:
    stack, filled = case.stack, case.supplies[supply].filled
    item, source = stack.items[case.supplies[supply].item], filled.source
    path = paths.down_to(case.supplies[supply].item)
    words = {
        "source": world.source_name(source, item), "item": item.name or item.id, "reason": reason_for(case, by, supply),
    }  # fmt: skip
    facts = () if surely else unknown_facts(case, Cutoff((by,), stake=asked.stake), [supply])
    if surely:
        told = say("policies.breach", **words)
    elif facts:
        told = say("policies.breach_perhaps", fact=fact_words(stack, facts[0]), **words)
    else:
        told = say("policies.breach_path_perhaps", **words)
    others = [
        one.id
        for one in stack.sources_of[item.id]
        if (source is None or one.id != source.id)
        and all(case.control.matches(rule, item, one) is False for rule in asked.rules)
    ]
    if facts:
        mend = say("policies.mend_learn", fact=fact_words(stack, facts[0]), attribute=facts[0].attribute, id=facts[0].id)
    elif others:
        whole = [one for one in others if _rests_on_allowed(case, one, asked)]
        key = "policies.mend_other" if whole else "policies.mend_other_needs"
        mend = say(key, others=listed((whole or others)[:3]), item=item.name or item.id)
    else:
        mend = say("policies.mend_none", item=item.name or item.id)
    provider = None if source is None or not isinstance(source.provider, str) else source.provider
    rows = [("items", item.id)] if source is None else [("sources", source.id)]
    rows += [("providers", provider)] if provider else []
    rows += world.needs_along(path)
    return Breach(source.id if source else item.id, surely, path, told, mend, tuple(rows), loss)


def _rests_on_allowed(case: Case, source: str, asked: Forbidden) -> bool:
    """Whether nothing that the rule forbids is, or may be, on the path of what a source needs."""
    needed = tuple(case.item_number[need.item] for need in case.stack.needs_of.get(source, ()))
    below = Paths(case, Targets((source,), needed, ()), voids=asked.voids)
    return all(case.truth(rule, supply) is False for supply in below.supplies for rule in asked.rules)
