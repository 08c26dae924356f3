"""Which meter measures what a rule says. Owns the seam between a rule's fields and :mod:`freehold.watch.meters`."""

from __future__ import annotations

from collections.abc import Callable

from freehold.watch.burn_rate import PAGE, Burn, BurnMeter
from freehold.watch.meters import AmountMeter, CountMeter, Meter, RatioMeter, SilenceMeter, SpikeMeter
from freehold.watch.rule import Rule

__all__ = ["longest_memory", "meter_maker"]


def _burns(rule: Rule) -> tuple[Burn, ...]:
    if rule.burn is None:
        return PAGE
    return tuple(Burn(float(one.window), float(one.short), one.rate) for one in rule.burn)


def meter_maker(rule: Rule) -> Callable[[], Meter] | None:
    """What makes a meter for each of a rule's groups; ``None`` if a single event decides.

    Parameters
    ----------
    rule
        A sound one of the form ``event`` or ``window``.
    """
    window = float(rule.window or 0.0)
    over, at_least = float(rule.over or 0.0), float(rule.at_least or 0.0)
    counts = not rule.field
    if rule.measure == "count":
        return lambda: CountMeter(window, int(at_least))
    if rule.measure == "ratio":
        return lambda: RatioMeter(window, over, rule.minimum or 1, int(at_least) or 1)
    if rule.measure == "sum":
        return lambda: AmountMeter(window, over)
    if rule.measure == "rate":
        per = float(rule.per or 60.0)
        return lambda: AmountMeter(window, over, per, counts=counts)
    if rule.measure == "burn-rate":
        burns, objective = _burns(rule), float(rule.objective or 0.0)
        return lambda: BurnMeter(burns, objective, rule.minimum or 1, int(at_least) or 1)
    if rule.measure == "spike":
        baseline, times = float(rule.baseline or 0.0), float(rule.times or 1.0)
        return lambda: SpikeMeter(window, baseline, times, at_least, counts=counts)
    if rule.measure == "silence":
        return lambda: SilenceMeter(window, rule.resolve_after)
    return None


def longest_memory(rule: Rule) -> float:
    """Seconds of events that decide a rule's state.

    What a measure says at its last event rests on a window before it, and that event may be a window old; an alert waits
    ``for`` on it and stands ``resolve_after`` longer.

    Parameters
    ----------
    rule
        A sound one of the form ``event`` or ``window``.
    """
    lengths = [float(one) for one in (rule.window, rule.baseline) if one is not None]
    if rule.measure == "burn-rate":
        lengths = [burn.long for burn in _burns(rule)]
    return 2 * max(lengths, default=0.0) + rule.for_ + rule.resolve_after
