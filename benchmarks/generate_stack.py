"""A stack of a thousand items, as TOML text, from a seed. Owns what the workload ``cutoff-1000`` is.

Layers from materials up to applications, with shares, covers, standbys, weights, circles, owners abroad and a few facts
that are not known: what a stack that people keep by hand has.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

__all__ = ["KINDS", "generate_stack"]

KINDS: Final = (
    "material", "equipment", "chip", "hardware", "network", "os", "platform", "framework", "model", "cloud", "service",
    "application",
)  # fmt: skip
"""A layer each, bottom up; an item needs items of layers below, and one at least of the layer next to its own."""

_COUNTRIES: Final = ("DE", "FR", "US", "US", "US", "NL", "JP", "TW", "KR", "CN", "GB", "IN")
_COVERS: Final = ("0d", "7d", "14d", "30d", "60d", "90d", "180d", "1y", "3y", "forever")
_RECOVER: Final = ("7d", "30d", "90d", "1y")


def _providers(choose: random.Random, count: int) -> Iterator[str]:
    for number in range(count):
        country = "?" if choose.random() < 0.03 else choose.choice(_COUNTRIES)
        yield f'[[provider]]\nid = "firm-{number}"\nname = "Firm {number}"\ncountry = "{country}"'
        if number and choose.random() < 0.2:
            yield f'owner = "firm-{choose.randrange(number)}"'


def _need(choose: random.Random, item: int) -> str:
    parts = [f'item = "item-{item}"', f'survive = "{choose.choice(_COVERS)}"']
    if choose.random() < 0.5:
        parts.append(f"weight = {choose.choice((0.1, 0.2, 0.3, 0.5))}")
    if choose.random() < 0.2:
        parts.append(f"enough = {choose.choice((0.5, 0.8, 0.9))}")
    return f"{{ {', '.join(parts)} }}"


def _source(choose: random.Random, firms: int, needed: list[int], *lines: str) -> Iterator[str]:
    provider = "self" if choose.random() < 0.3 else f"firm-{choose.randrange(firms)}"
    yield f'  [[item.source]]\n  provider = "{provider}"'
    if provider != "self" and choose.random() < 0.2:
        yield f'  location = ["{choose.choice(_COUNTRIES)}"]'
    yield from (f"  {line}" for line in lines)
    yield f"  needs = [{', '.join(_need(choose, item) for item in needed)}]"


def _circles(choose: random.Random, layers: list[list[int]]) -> dict[int, int]:
    """Pairs of neighbours in a layer that need each other: one item in twenty-five."""
    partner: dict[int, int] = {}
    for layer in layers[1:-1]:
        for first, second in zip(layer[::2], layer[1::2], strict=False):
            if choose.random() < 0.04:
                partner |= {first: second, second: first}
    return partner


def generate_stack(items: int, seed: int) -> str:
    """Generate a stack file.

    Parameters
    ----------
    items
        How many; at least two for each of :data:`KINDS`.
    seed
        The same seed gives the same text.

    Returns
    -------
    str
        TOML with that many items.
    """
    choose = random.Random(seed)
    firms = max(items // 4, 3)
    lines = ['[stack]\nname = "Generated"\nhome = "DE"\ntrusted = ["EU"]', *_providers(choose, firms)]
    layer_of = [number * len(KINDS) // items for number in range(items)]
    layers = [[number for number in range(items) if layer_of[number] == layer] for layer in range(len(KINDS))]
    partner = _circles(choose, layers)
    for number, layer in enumerate(layer_of):
        lines.append(f'[[item]]\nid = "item-{number}"\nkind = "{KINDS[layer]}"')
        if layer == len(KINDS) - 1:
            lines.append(f"mission = {choose.choice((1, 1, 2, 5))}")
        below = range(layers[layer][0])
        needed = (
            [choose.choice(layers[layer - 1]), *choose.sample(below, min(choose.randrange(5), len(below)))] if layer else []
        )
        if number in partner:
            needed.append(partner[number])
        needed = list(dict.fromkeys(needed))
        kind = choose.random()
        if kind < 0.55:
            lines += _source(choose, firms, needed)
        elif kind < 0.75:
            share = round(choose.uniform(0.2, 0.8), 2)
            capacity = round(min(1.0, share * 1.25), 2)
            recover = choose.choice(_RECOVER)
            lines += _source(choose, firms, needed, f"share = {share}", f"capacity = {capacity}", f'recover = "{recover}"')
            lines += _source(choose, firms, needed[:2], f"share = {round(1 - share, 2)}")
        else:
            lines += _source(choose, firms, needed)
            capacity, recover = round(choose.uniform(0.3, 1.0), 2), choose.choice(_RECOVER)
            status = 'status = "standby"'
            lines += _source(choose, firms, needed[:1], status, f"capacity = {capacity}", f'recover = "{recover}"')
    return "\n".join(lines) + "\n"
