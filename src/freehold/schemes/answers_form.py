"""A file of answers to fill in. Owns its form: each factor with its question, its choices, and what the stack tells already."""

from __future__ import annotations

from freehold.schemes.scheme_values import Answered, Factor, Scheme, Score
from freehold.stack.toml_text import quoted
from freehold.words import say

__all__ = ["answers_form"]


def answers_form(scheme: Scheme, score: Score | None = None) -> str:
    """Write a TOML file of answers to fill in.

    Parameters
    ----------
    scheme
        What is to be answered.
    score
        What a stack answers of it already; it stands in comments, so that a file says nothing that nobody said.

    Returns
    -------
    str
        Text that :func:`freehold.schemes.answers_file.read_answers` reads: an empty answer is none.
    """
    told = {one.factor: one for one in score.answers} if score is not None else {}
    lines = [
        _comment(say("schemes.form_head", title=scheme.title, id=scheme.id)),
        _comment(say("schemes.form_how")),
        _comment(say("schemes.form_then", id=scheme.id)),
    ]
    for objective in scheme.objectives:
        lines += ["", "", _comment(f"{objective.id}  {objective.title}")]
        for factor in objective.factors:
            lines += ["", *_factor(factor, scheme, told.get(factor.id))]
            if factor.choices:
                lines.append(f'{quoted(factor.id)} = ""')
    return "\n".join(lines) + "\n"


def _factor(factor: Factor, scheme: Scheme, told: Answered | None) -> list[str]:
    lines = [_comment(factor.title)]
    if factor.ask:
        lines.append(_comment(factor.ask))
    if factor.note:
        lines.append(_comment(factor.note))
    for choice in factor.choices:
        gives = []
        if scheme.kind in ("points", "criteria"):
            gives.append(say("schemes.form_points", points=f"{choice.points:g}"))
        if scheme.levels:
            gives.append(say("schemes.form_level", level=choice.level))
        said = f"  {choice.letter}  {choice.label}"
        lines.append(_comment(f"{said}  ({', '.join(gives)})" if gives else said))
    if told is not None and told.basis == "stack":
        words = {"letters": ", ".join(told.letters), "told": told.measured.told if told.measured is not None else ""}
        lines.append(_comment(say("schemes.form_told", **words)))
    return lines


def _comment(text: str) -> str:
    """One line, whatever the text holds: what would end it is written as its code."""
    return "# " + quoted(text)[1:-1].replace('\\"', '"').replace("\\\\", "\\")
