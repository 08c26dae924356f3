"""How scores, levels and answers read. Owns their figures: a score has one decimal, a level stands beside it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from freehold.schemes.scheme_values import Answered, Bounds, Choice, Factor, Scheme, Score
from freehold.words import say

__all__ = [
    "answer_words",
    "answered_words",
    "basis_words",
    "factors_of",
    "letters_words",
    "level_figure",
    "level_words",
    "plain_number",
    "region_words",
    "score_figure",
    "unanswered",
]  # fmt: skip


def score_figure(bounds: Bounds | None) -> str:
    """Percent with one decimal, a half rounded up as people do, or as a range."""
    if bounds is None:
        return say("report.none")
    low, high = (str(Decimal(repr(end)).quantize(Decimal("0.1"), ROUND_HALF_UP)) for end in bounds)
    return f"{low} %" if low == high else say("report.range", low=low, high=f"{high} %")


def plain_number(value: float) -> str:
    """A number of any size, with the digits that matter."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def level_figure(level: tuple[int, int] | None) -> str:
    """A level, or the lowest and highest that it may be."""
    if level is None:
        return say("report.none")
    return str(level[0]) if level[0] == level[1] else say("report.range", low=level[0], high=level[1])


def level_words(score: Score) -> str:
    """The level with the name that the scheme gives it."""
    if score.level is None:
        return say("report.none")
    low, high = score.level
    if low != high:
        return say("score.level_between", low=low, high=high)
    name = next((one.name for one in score.scheme.levels if one.level == low), "")
    return say("score.level_named", level=low, name=name, top=score.scheme.levels[-1].level)


def factors_of(scheme: Scheme) -> dict[str, Factor]:
    """Factors by id, in order."""
    return {factor.id: factor for objective in scheme.objectives for factor in objective.factors}


def unanswered(score: Score) -> tuple[Answered, ...]:
    """Factors that nobody answered."""
    return tuple(one for one in score.answers if one.basis == "unanswered")


def answered_words(score: Score) -> str:
    """How many factors are answered, and how many of them by people."""
    by = [one.basis for one in score.answers]
    open_, people = by.count("unanswered"), by.count("person")
    words = {"count": len(by) - open_, "of": len(by), "people": people}
    return say("score.answered_people" if people else "score.answered", **words)


def letters_words(letters: tuple[str, ...]) -> str:
    """Letters of choices: ``b``, ``a to d``, ``a, c``."""
    if not letters:
        return say("report.none")
    whole = "".join(letters) == "".join(chr(ord(letters[0]) + place) for place in range(len(letters)))
    return say("score.letters", first=letters[0], last=letters[-1]) if len(letters) > 2 and whole else ", ".join(letters)


def answer_words(factor: Factor, answered: Answered) -> str:
    """What was answered, with the choice's label where there is one."""
    chosen: list[Choice] = [choice for choice in factor.choices if choice.letter in answered.letters]
    if answered.basis == "unanswered":
        return say("score.not_answered")
    if len(chosen) == 1:
        return say("score.answer", letter=chosen[0].letter, label=chosen[0].label)
    return letters_words(answered.letters)


def basis_words(answered: Answered) -> str:
    """Who answered."""
    return say(f"score.basis_{answered.basis}")


def region_words(score: Score, home: str | None, trusted: str) -> str:
    """What stands for the scheme's own region.

    Parameters
    ----------
    score
        The result.
    home
        Name of the stack's home; ``None`` if it has none.
    trusted
        Names of those that it trusts; may be empty.
    """
    region = score.scheme.region
    if home is None:
        return say("score.region_none", region=region)
    return say("score.region" if trusted else "score.region_alone", region=region, home=home, trusted=trusted)
