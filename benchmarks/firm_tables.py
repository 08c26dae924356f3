"""How fast tables of firms are read and tables of inputs answered, peers beside them: ``python -m benchmarks.firm_tables``.

Made-up links between firms, drawn from a seed. Each figure is the least processor time of several runs in one process.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from freehold.measure.leontief import inputs
from freehold.read.firm_links import read_firm_links

__all__ = ["main"]


def least(work: Callable[[], object], times: int = 3) -> float:
    """Least processor seconds of several runs."""
    taken = []
    for _ in range(times):
        since = time.process_time()
        work()
        taken.append(time.process_time() - since)
    return min(taken)


def write_links(path: Path, firms: int, links: int, seed: int) -> None:
    """Links of a made-up network, four of five of them from a few large suppliers."""
    rng = np.random.default_rng(seed)
    suppliers = np.where(rng.random(links) < 0.8, (firms * rng.random(links) ** 3).astype(int), rng.integers(0, firms, links))
    buyers, values = rng.integers(0, firms, links), rng.lognormal(8, 2, links)
    with path.open("w", encoding="utf-8") as file:
        file.write("supplier,buyer,value\n")
        file.writelines(
            f"F{one:06d},F{two:06d},{value:.2f}\n" for one, two, value in zip(suppliers, buyers, values, strict=True)
        )


def main(arguments: list[str] | None = None) -> int:
    """Print the figures."""
    firms, links = (int(one) for one in (arguments or sys.argv[1:] or ["100000", "1000000"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "links.csv"
        write_links(path, firms, links, 1)
        columns = Path(folder) / "links.parquet"
        import pyarrow.csv
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.csv.read_csv(path), columns)

        def arrow() -> object:
            table = pyarrow.csv.read_csv(path)
            return [table.column(name).dictionary_encode() for name in ("supplier", "buyer")]

        from freehold.firms import read_firms

        ours, theirs = least(lambda: read_firm_links(path)), least(arrow)
        print(f"read {links:,} links, CSV, checked cell by cell: {ours:.2f} s; pyarrow, unchecked: {theirs:.2f} s")
        print(f"read {links:,} links, Parquet: {least(lambda: read_firm_links(columns)):.2f} s")
        made = read_firms(path)
        table = made.input_table("firm")
        answered = inputs(table)
        mine = least(lambda: inputs(table), 2)
    print(f"all figures of a table of inputs, {firms:,} firms, {links:,} links: {mine:.2f} s (elimination: {answered.exact})")
    from scipy.sparse import csc_array, eye_array
    from scipy.sparse.linalg import bicgstab

    matrix = (
        eye_array(table.size) - csc_array((table.coefficient, (table.supplier, table.user)), shape=(table.size,) * 2)
    ).T.tocsr()
    peer = least(lambda: bicgstab(matrix, np.ones(table.size), rtol=1e-13, maxiter=2000), 2)
    found, state = bicgstab(matrix, np.ones(table.size), rtol=1e-13, maxiter=2000)
    multipliers = np.array([row.multiplier for row in answered.rows])
    apart = float(np.max(np.abs(found - multipliers) / multipliers))
    print(f"multipliers alone by scipy's bicgstab: {peer:.2f} s (ended well: {state == 0}; largest difference: {apart:.1e})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
