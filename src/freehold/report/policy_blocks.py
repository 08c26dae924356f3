"""A policy's verdicts as blocks, for any page that tells them. Owns the order: what fails first, the worst breach first."""

from __future__ import annotations

from freehold.report.evidence import Notes
from freehold.report.figures import country
from freehold.report.interface import Block, Cell, Column, Heading, Paragraph, Range, Row, Table, Tone
from freehold.report.sentences import item_name
from freehold.schemes.policy_values import Breach, PolicyAnswer, RuleAnswer
from freehold.stack.countries import is_region
from freehold.stack.values import Stack
from freehold.words import say

__all__ = ["failing_names", "path_words", "policy_blocks", "policy_table", "verdict_words"]

_MOST_SHOWN = 5
_TONES: dict[str, Tone] = {"met": "good", "broken": "bad", "perhaps": "warn", "idle": "warn"}


def verdict_words(answer: RuleAnswer) -> str:
    """The verdict in a word or two."""
    if answer.verdict == "perhaps" and not answer.fails:
        return say("policies.passes")
    return say(f"policies.verdict_{answer.verdict}")


def failing_names(answer: PolicyAnswer) -> str:
    """Names of the rules for which a policy fails, with their verdicts."""
    return say("report.separator").join(f"{one.rule.name} ({verdict_words(one)})" for one in answer.failing)


def path_words(stack: Stack | None, breach: Breach) -> str:
    """The way from the target down to what breaks a rule."""
    return say("policies.arrow").join(item_name(stack, item) for item in breach.path)


def policy_blocks(answer: PolicyAnswer, stack: Stack | None, notes: Notes) -> list[Block]:
    """Tell what a policy came to.

    Parameters
    ----------
    answer
        The verdicts.
    stack
        For the names of things.
    notes
        Where evidence is numbered.
    """
    failing = answer.failing
    if failing:
        names = say("report.separator").join(one.rule.name for one in failing)
        lead = say("policies.some_fail", failing=len(failing), count=len(answer.rules), names=names)
    else:
        key = "all_met" if all(one.verdict == "met" for one in answer.rules) else "none_fails"
        lead = say(f"policies.{key}", count=len(answer.rules))
    tone: Tone = "good"
    for one in answer.rules:
        if one.fails or (one.verdict != "met" and tone == "good"):
            tone = "bad" if one.fails and one.verdict == "broken" else "warn" if tone != "bad" else tone
    policy = answer.policy
    used = "policies.used" if policy.name else "policies.used_unnamed"
    blocks: list[Block] = [
        Heading(say("policies.title"), anchor="policy"),
        Paragraph(lead, tone),
        Paragraph(say(used, name=policy.name, path=policy.path), "quiet"),
        _verdicts(answer),
    ]
    rest = [one for one in answer.rules if not one.fails and one.verdict != "met"]
    for one in (*failing, *rest):
        blocks += _of_rule(one, stack, notes)
    return blocks


def _verdicts(answer: PolicyAnswer) -> Table:
    columns = (
        Column("rule", say("policies.column_rule")), Column("verdict", say("policies.column_verdict")),
        Column("told", say("policies.column_told")), Column("why", say("policies.column_why")),
    )  # fmt: skip
    rows = tuple(
        Row((one.rule.name, verdict_words(one), one.told, one.rule.why or None), _TONES[one.verdict]) for one in answer.rules
    )
    return Table(columns, rows)


def _of_rule(one: RuleAnswer, stack: Stack | None, notes: Notes) -> list[Block]:
    rule = one.rule
    blocks: list[Block] = [Heading(rule.name, 3), Paragraph(one.told, _TONES[one.verdict])]
    if rule.why:
        blocks.append(Paragraph(say("policies.why", why=rule.why), "quiet"))
    if rule.source:
        blocks.append(Paragraph(say("policies.source", source=rule.source), "quiet"))
    if one.breaches:
        blocks.append(_breaches(one, stack, notes))
    if one.left_out:
        blocks.append(Paragraph(say("policies.more", count=one.left_out), "quiet"))
    if one.mend:
        blocks.append(Paragraph(say("policies.mend", mend=one.mend)))
    return blocks


def _breaches(one: RuleAnswer, stack: Stack | None, notes: Notes) -> Table:
    has_loss = any(breach.loss is not None for breach in one.breaches)
    columns = [
        Column("breach", say("policies.column_breach")), Column("surely", say("policies.column_surely")),
        Column("path", say("policies.column_path")),
    ]  # fmt: skip
    if has_loss:
        columns.append(Column("loss", say("policies.column_loss"), "percent"))
    rows = []
    for breach in one.breaches:
        cells: list[Cell] = [
            breach.told or _name(stack, breach.id), say("policies.surely" if breach.surely else "policies.perhaps"),
            path_words(stack, breach) or None,
        ]  # fmt: skip
        if has_loss:
            cells.append(None if breach.loss is None else Range(breach.loss, breach.loss))
        numbers = [note for table, id_ in breach.rows for note in notes.of_row(table, id_, most=2)]
        rows.append(Row(tuple(cells), "bad" if breach.surely else "warn", tuple(dict.fromkeys(numbers))))
    return Table(tuple(columns), tuple(rows), say("policies.breaches", rule=one.rule.name), most=_MOST_SHOWN)


def _name(stack: Stack | None, id_: str) -> str:
    return country(id_) if is_region(id_) else item_name(stack, id_)


def policy_table(answer: PolicyAnswer) -> Table:
    """Everything in one table, for programs: a row a breach, and one a rule that has none."""
    names = (
        "rule", "verdict", "fails", "low", "high", "breach", "surely", "path", "loss", "told", "mend", "why", "source",
    )  # fmt: skip
    rows = []
    for one in answer.rules:
        low, high = one.amount or (None, None)
        first: tuple[Cell, ...] = (one.rule.name, one.verdict, str(one.fails).lower(), low, high)
        last: tuple[Cell, ...] = (one.rule.why or None, one.rule.source or None)
        for breach in one.breaches:
            cells: tuple[Cell, ...] = (
                breach.id, str(breach.surely).lower(), " > ".join(breach.path), breach.loss, breach.told,
                breach.mend or one.mend,
            )  # fmt: skip
            rows.append(Row((*first, *cells, *last)))
        if not one.breaches:
            rows.append(Row((*first, None, None, None, None, one.told, one.mend or None, *last)))
    return Table(tuple(Column(name, name) for name in names), tuple(rows))
