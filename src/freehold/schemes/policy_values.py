"""What a policy asks of a stack, and what it is told. Owns the values between a policy file, the check and the views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from freehold.stack.cutoff import DEFAULT_STAKE, WAYS, Cutoff, Rule

__all__ = [
    "AT_LEAST", "MEASURES", "Breach", "Forbidden", "Limit", "Measurement", "OnUnknown", "Policy", "PolicyAnswer", "PolicyRule",
    "RuleAnswer", "Unit", "Verdict",
]  # fmt: skip

Unit: TypeAlias = Literal["part", "points", "count", "level", "percent"]
"""What an amount is in: a part of 1, a difference of two parts, a number of things, a level of a scheme, percent."""

Measurement: TypeAlias = Literal[
    "level", "content", "face-value", "hidden-exposure", "held", "unknowns", "cut-set", "largest-share", "scheme-level",
    "scheme-score",
]  # fmt: skip
MEASURES: Final[dict[Measurement, Unit]] = {
    "level": "part", "content": "part", "face-value": "part", "hidden-exposure": "points", "held": "part",
    "unknowns": "count", "cut-set": "count", "largest-share": "part", "scheme-level": "level", "scheme-score": "percent",
}  # fmt: skip
"""What a rule can set a limit to, and its unit."""

AT_LEAST: Final[frozenset[Measurement]] = frozenset(MEASURES) - {"hidden-exposure", "unknowns", "largest-share"}
"""Those of which more is better: their limit is ``at_least``, that of the others ``at_most``."""

OnUnknown: TypeAlias = Literal["fail", "pass"]

Verdict: TypeAlias = Literal["met", "broken", "perhaps", "idle"]
"""``broken``: surely. ``perhaps``: it depends on what is not known. ``idle``: the stack has nothing that the rule asks of."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What may not be on a path.

    Parameters
    ----------
    path_of
        Whose path: items, tags, layers or the mission, as written.
    rules
        A source may match none of them; each is one choice of the lists that the file gives.
    only_surely
        Whether only what surely matches breaks it: what is not known is let be.
    voids
        Whether what is held for ever counts as rested on too.
    stake
        An owner controls from this stake on.
    """

    path_of: tuple[str, ...]
    rules: tuple[Rule, ...]
    only_surely: bool = False
    voids: bool = False
    stake: float = DEFAULT_STAKE


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound of a measured amount.

    Parameters
    ----------
    measure
        What is measured.
    bound
        The least that it may be, or the most: see :data:`AT_LEAST`.
    of
        Of whom: items, tags, layers, the mission or all, as written.
    by
        Who counts as one, in ``cut-set`` and ``largest-share``.
    cut
        What is cut off, in ``level``; ``None``: everything foreign.
    day, floor
        When; under which level a thing has stopped. A day of ``None`` is the end.
    via, stake
        What counts as control.
    scheme, answers
        Of a scheme: its id or file, and the file of answers, both as paths that can be opened.
    """

    measure: Measurement
    bound: float
    of: tuple[str, ...] = ("mission",)
    by: str = "owner"
    cut: Cutoff | None = None
    day: float | None = 30.0
    floor: float = 0.5
    via: tuple[str, ...] = WAYS
    stake: float = DEFAULT_STAKE
    scheme: str = ""
    answers: str = ""

    @property
    def at_least(self) -> bool:
        """Whether the bound is a least one."""
        return self.measure in AT_LEAST


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule.

    Parameters
    ----------
    name, why, source
        Its name, which no other rule of the policy has; why it is there; where it comes from. The last two may be empty.
    condition
        What it asks.
    unknown
        Whether a rule that is perhaps broken fails: one that cannot be shown to be met is not met, unless it says ``pass``.
    """

    name: str
    condition: Forbidden | Limit
    why: str = ""
    source: str = ""
    unknown: OnUnknown = "fail"


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules that a stack must keep.

    Parameters
    ----------
    name
        For people; may be empty.
    path
        The file that they are in.
    rules
        In the order of the file.
    """

    name: str
    path: str
    rules: tuple[PolicyRule, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that breaks a rule, or perhaps does.

    Parameters
    ----------
    id
        The source, item, provider, country or factor that does; ``"?"`` for the unknown ones together.
    surely
        Whether it is known to.
    path
        Items from the target down to it, first to last; empty where there is no path.
    told
        In a sentence: what it is, and what it does.
    mend
        What would mend it; empty where the rule's own mend says it.
    rows
        Rows of the stack that it rests on: (table, id).
    loss
        What the target loses in the end if it is gone (a part of 1), where that was worked out.
    """

    id: str
    surely: bool
    path: tuple[str, ...]
    told: str
    mend: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What one rule came to.

    Parameters
    ----------
    rule
        The rule.
    verdict
        See :data:`Verdict`.
    told
        In a sentence, with its numbers.
    amount
        Low and high of what is limited, or of how many things break the rule; ``None`` where there is none.
    breaches
        The worst first, those that surely break it before those that perhaps do; not more than some.
    left_out
        How many more there are.
    mend
        What to do; empty where it is met.
    """

    rule: PolicyRule
    verdict: Verdict
    told: str
    amount: tuple[float, float] | None = None
    breaches: tuple[Breach, ...] = ()
    left_out: int = 0
    mend: str = ""

    @property
    def fails(self) -> bool:
        """Whether the policy fails because of it."""
        return self.verdict == "broken" or (self.verdict == "perhaps" and self.rule.unknown == "fail")


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What a policy came to for one stack."""

    policy: Policy
    rules: tuple[RuleAnswer, ...]

    @property
    def failing(self) -> tuple[RuleAnswer, ...]:
        """Rules for which it fails, surely broken ones first."""
        return tuple(sorted((one for one in self.rules if one.fails), key=lambda one: one.verdict != "broken"))
