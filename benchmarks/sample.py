"""Facts of the catalogue drawn by a seed, to be checked against a second source. Owns how the sample is drawn.

    python -m benchmarks.sample --seed 20261126 --count 120 > sample.csv

Stratified by table: each table gets a part of the sample in the proportion of the square root of its facts, so that small
tables are seen too, and at least three facts. Within a table every fact is as likely as any other; no two facts of one row
are drawn. Names and aliases are left out, for they say nothing on control.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import sys
from collections.abc import Sequence
from typing import Final

from freehold.catalogue.facts import Catalogue, Fact, load

__all__ = ["COLUMNS", "sample"]

COLUMNS: Final = ("table", "id", "attribute", "value", "reference", "date", "says")
_LEFT_OUT: Final = frozenset({"name", "alias", "kind", "type"})
_FEWEST: Final = 3


def sample(catalogue: Catalogue, count: int, seed: int) -> tuple[Fact, ...]:
    """Draw facts, the same for the same catalogue and seed, in the order of tables and ids.

    Parameters
    ----------
    catalogue
        From which.
    count
        How many; fewer if there are fewer.
    seed
        Of the draw.
    """
    chance = random.Random(seed)
    tables: dict[str, dict[str, list[Fact]]] = {}
    for fact in catalogue.facts:
        if fact.attribute not in _LEFT_OUT:
            tables.setdefault(fact.table, {}).setdefault(fact.id, []).append(fact)
    found: list[Fact] = []
    for table, wanted in sorted(_parts({table: len(rows) for table, rows in tables.items()}, count).items()):
        rows = sorted(tables[table])
        drawn = sorted(chance.sample(rows, min(wanted, len(rows))))
        found += [chance.choice(tables[table][id_]) for id_ in drawn]
    return tuple(found)


def _parts(sizes: dict[str, int], count: int) -> dict[str, int]:
    """Divide a number among tables by the square roots of their sizes, to the largest remainders."""
    whole = sum(map(math.sqrt, sizes.values()))
    exact = {table: max(count * math.sqrt(size) / whole, _FEWEST) for table, size in sizes.items()}
    scale = count / sum(exact.values()) if exact else 0
    exact = {table: value * scale for table, value in exact.items()}
    parts = {table: int(value) for table, value in exact.items()}
    rest = sorted(exact, key=lambda table: (parts[table] - exact[table], table))
    for table in rest[: count - sum(parts.values())]:
        parts[table] += 1
    return parts


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a sample as CSV."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--count", type=int, default=120)
    options = parser.parse_args(arguments)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for fact in sample(load(), options.count, options.seed):
        writer.writerow([getattr(fact, column) for column in COLUMNS])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
