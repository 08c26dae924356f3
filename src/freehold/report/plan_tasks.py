"""A plan as a list of tasks in GitHub-flavoured Markdown. Owns that no name in it acts: no link, no mention, no markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from freehold.plan.plan_values import PlanAnswer, Step
from freehold.plan.prices import YEAR
from freehold.report.clean import clean
from freehold.report.plan_words import does, money, option_name, year_start
from freehold.words import listed, say

__all__ = ["plan_tasks"]

_PLAIN: Final = re.compile(r"(?:[^\W_]|[ ,.;'’()/%+-]|: |& )+")
_ACTS: Final = re.compile(r"www\.|\bGH-\d", re.IGNORECASE)


def plan_tasks(answer: PlanAnswer, name: str) -> str:
    """Write the steps of a plan as tasks, by the year in which they start, each with room for who does it.

    Parameters
    ----------
    answer
        The plan.
    name
        Of the stack.
    """
    lines = [f"# {say('plan.title', name=_shown(name))}", ""]
    limits = answer.goal.limits
    if answer.cost is None:
        lines += [say("plan.tasks_none"), ""]
    else:
        lines += [say("plan.tasks_about", cost=money(answer.cost, _currency(answer)), start=limits.start), ""]
    years: dict[int, list[Step]] = {}
    for step in answer.steps:
        years.setdefault(max(0, int(step.start / YEAR + 1e-9)), []).append(step)
    for number, steps in sorted(years.items()):
        begins, ends = year_start(limits, number), year_start(limits, number + 1)
        lines += [f"## {say('plan.tasks_year', number=number + 1, start=begins, end=ends)}", ""]
        for step in steps:
            lines += _task(answer, step)
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _currency(answer: PlanAnswer) -> str | None:
    """The currency, made safe."""
    return None if answer.currency is None else _shown(answer.currency)


def _task(answer: PlanAnswer, step: Step) -> Iterator[str]:
    option = answer.options.get(step.option)
    done = step.committed and step.ready <= 0
    yield f"- [{'x' if done else ' '}] **{_shown(option_name(option, step.option))}**"
    yield "  - " + say("plan.tasks_dates", start=step.start_date, ready=step.ready_date)
    yield "  - " + say("plan.tasks_cost", cost=money(step.cost, _currency(answer)))
    what = does(option, answer.planned)
    if what:
        yield "  - " + say("plan.tasks_does", what=_shown(what))
    if option is not None and option.requires:
        first = listed(_shown(option_name(answer.options.get(id_), id_)) for id_ in option.requires)
        yield "  - " + say("plan.tasks_first", names=first)
    if option is not None and option.reference is not None:
        told = " ".join(part for part in (option.reference.title, option.reference.url or "") if part)
        yield "  - " + say("plan.tasks_reference", reference=_shown(told))
    yield "  - " + say("plan.tasks_owner")


def _shown(text: str) -> str:
    """Text that others wrote, as itself where nothing in it can act, else as code: that is shown letter by letter."""
    text = clean(text).strip()
    if _PLAIN.fullmatch(text) and not _ACTS.search(text):
        return text
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    room = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{ticks}{room}{text}{room}{ticks}"
