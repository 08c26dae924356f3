"""A stack is asked by schemes. Owns what stands for a scheme's own region: the stack's home and trusted countries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from freehold.schemes.answers_file import answers_of
from freehold.schemes.interface import Amount, Asked, Measure, Measured, Parameter
from freehold.schemes.scheme_file import scheme as scheme_known
from freehold.schemes.scheme_values import Scheme, Score
from freehold.schemes.scoring import score
from freehold.stack.countries import expand
from freehold.stack.values import Stack

__all__ = ["asked_of", "score_scheme", "score_schemes"]


def asked_of(
    stack: Stack, *, strict: bool = False, lists: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
    amounts: Mapping[str, Amount] | None = None,
) -> Asked:  # fmt: skip
    """A stack as schemes ask it.

    Parameters
    ----------
    stack
        With home and trusted countries settled.
    strict
        Whether assumed owners and locations count as unknown.
    lists
        Lists that the user loaded.
    amounts
        Ratios that a person states.

    Returns
    -------
    Asked
        Its region is the home country and then every trusted one, in order.
    """
    home = (stack.home,) if stack.home else ()
    trusted = sorted(expand(stack.trusted, stack.as_of) - {stack.home})
    return Asked(stack, strict, (*home, *trusted), lists, amounts)


def score_schemes(
    asked: Asked, schemes: Sequence[Scheme], answers: Mapping[str, str] | None = None, *, divisor: float | None = None,
    gates: Mapping[str, Mapping[str, int]] | None = None,
) -> tuple[Score, ...]:  # fmt: skip
    """Score one stack by several schemes.

    Parameters
    ----------
    asked
        The stack.
    schemes
        The schemes.
    answers
        Letters by factor; each scheme takes those of its own factors.
    divisor
        As :func:`freehold.schemes.scoring.score`; for schemes of points.
    gates
        Least levels by objective, by scheme; others keep their own.

    Raises
    ------
    freehold.errors.SchemeError
        As :func:`freehold.schemes.scoring.score`.
    """
    measures = _asked_once(asked)
    return tuple(
        score(
            one,
            asked,
            answers_of(one, answers or {}),
            divisor=divisor if one.kind == "points" else None,
            gate=(gates or {}).get(one.id),
            measures=measures,
        )
        for one in schemes
    )


def _asked_once(whole: Asked) -> dict[str, Measure]:
    """Every measure, such that versions of a scheme that ask a stack the same do not ask it twice."""
    from freehold.schemes.measuring import MEASURES

    kept: dict[tuple[str, tuple[tuple[str, Parameter], ...]], Measured | None] = {}

    def once(name: str) -> Measure:
        def ask(asked: Asked, parameters: Mapping[str, Parameter]) -> Measured | None:
            key = (name, tuple(sorted(parameters.items(), key=lambda pair: pair[0])))
            if asked is not whole:
                return MEASURES[name](asked, parameters)
            if key not in kept:
                kept[key] = MEASURES[name](asked, parameters)
            return kept[key]

        return ask

    return {name: once(name) for name in MEASURES}


def score_scheme(
    stack: Stack, scheme: str | Scheme, answers: Mapping[str, str] | None = None, *, strict: bool = False,
    divisor: float | None = None, gate: Mapping[str, int] | None = None,
    lists: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None, amounts: Mapping[str, Amount] | None = None,
) -> Score:  # fmt: skip
    """Score a stack by one scheme.

    Parameters
    ----------
    stack
        The stack.
    scheme
        One of :func:`freehold.schemes.scheme_file.schemes_known`, or what :func:`freehold.schemes.scheme_file.read_scheme`
        gave.
    answers
        Letters by factor that a person gave.
    strict, lists, amounts
        As :func:`asked_of`.
    divisor, gate
        As :func:`freehold.schemes.scoring.score`.

    Raises
    ------
    freehold.errors.FreeholdError
        If there is no such scheme, or an answer, a divisor or a gate makes no sense for it.
    """
    one = scheme_known(scheme) if isinstance(scheme, str) else scheme
    return score(one, asked_of(stack, strict=strict, lists=lists, amounts=amounts), answers, divisor=divisor, gate=gate)
