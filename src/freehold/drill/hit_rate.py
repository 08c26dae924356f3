"""How often the prediction was right. Owns the count over all drills: the model's own record, kept in public."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from freehold.drill.record import Drill

__all__ = ["HitRate", "hit_rate"]


@dataclass(frozen=True, slots=True)
class HitRate:
    """Predictions against drills.

    Parameters
    ----------
    drills
        How many there were.
    compared
        Of these, how many had a prediction that they could bear out or not.
    agreed
        Of those, how many bore it out.
    up_but_failed, down_but_survived
        The others, by which way they missed.
    verdicts
        How many drills had each verdict.
    """

    drills: int
    compared: int
    agreed: int
    up_but_failed: int
    down_but_survived: int
    verdicts: tuple[tuple[str, int], ...] = ()

    @property
    def rate(self) -> float | None:
        """Agreed over compared; ``None`` if nothing could be compared."""
        return self.agreed / self.compared if self.compared else None


def hit_rate(drills: Iterable[Drill]) -> HitRate:
    """Count predictions that drills bore out.

    Parameters
    ----------
    drills
        In any order; those without a prediction, and those whose verdict can't say, count as drills only.
    """
    counts: dict[str, int] = {}
    compared = agreed = up = down = 0
    for drill in drills:
        counts[drill.verdict.name] = counts.get(drill.verdict.name, 0) + 1
        prediction = drill.prediction
        if prediction is None or prediction.agrees is None:
            continue
        compared += 1
        agreed += prediction.agrees
        up += not prediction.agrees and prediction.up is True
        down += not prediction.agrees and prediction.up is False
    return HitRate(sum(counts.values()), compared, agreed, up, down, tuple(sorted(counts.items())))
