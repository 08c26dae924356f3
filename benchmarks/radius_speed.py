"""How fast blast radii are on a large stack, one after the other in one process. Owns which losses are timed."""

from __future__ import annotations

import statistics
import time

from benchmarks.generate_stack import generate_stack
from freehold.stack.toml_file import loads
from freehold.watch.alert import labels_from
from freehold.watch.best_act import best_acts
from freehold.watch.radius import Reach

__all__ = ["radius"]


def radius(items: str, seed: str) -> tuple[dict[str, float], dict[str, int]]:
    """Blast radii on a generated stack: of single providers, owners, items and sources, of countries, and the best acts.

    Parameters
    ----------
    items, seed
        See :func:`benchmarks.generate_stack.generate_stack`.
    """
    stack = loads(generate_stack(int(items), int(seed)))
    since = time.perf_counter()
    reach = Reach(stack).warm()
    warm = time.perf_counter() - since

    def timed(losses: list[dict[str, str]]) -> tuple[list[float], int]:
        seconds, stopped = [], 0
        for labels in losses:
            since = time.perf_counter()
            found = reach.of(labels_from(**labels))
            seconds.append(time.perf_counter() - since)
            stopped = max(stopped, len(found.stops))
        return seconds, stopped

    firms, sources = [provider.id for provider in stack.providers[::80]], [source.id for source in stack.sources[::600]]
    single = [
        *({"provider": firm} for firm in firms), *({"owner": firm} for firm in firms),
        *({"item": item.id} for item in stack.items[::400]), *({"source": source} for source in sources),
    ]  # fmt: skip
    countries = [{"country": country} for country in ("US", "CN", "TW", "KR", "JP", "GB", "IN")]
    alone, most = timed(single)
    wide, widest = timed(countries)
    again, _ = timed([*single, *countries])
    since = time.perf_counter()
    for labels in single[::8]:
        best_acts(reach, reach.of(labels_from(**labels)))
    acts = (time.perf_counter() - since) / len(single[::8])
    figures = {
        "build and warm": warm, "blast radius, median": statistics.median(alone), "blast radius, slowest": max(alone),
        "blast radius of a country, median": statistics.median(wide), "blast radius of a country, slowest": max(wide),
        "blast radius, asked again": statistics.median(again), "best acts, mean": acts,
    }  # fmt: skip
    found = {
        "items": len(stack.items), "losses": len(single), "stopped by one of them": most, "stopped by a country": widest,
    }  # fmt: skip
    return figures, found
