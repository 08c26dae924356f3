"""``python -m benchmarks.report_made``: how long ``freehold report`` takes for a large stack, from start to file.

    python -m benchmarks.report_made [--items N] [--seed S] [--repeat K] [flags of freehold report …]

Owns what is timed: a process of its own each time, after one that is not counted (it compiles the kernels). The least of the
repeats is told beside the largest, and the parts as the program itself logs them.

The bar: the report of 10,000 items is made within 5 s.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.generate_stack import generate_stack

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark.

    Parameters
    ----------
    arguments
        Instead of the process's own.
    """
    parser = argparse.ArgumentParser("python -m benchmarks.report_made", description="how long a large report takes")
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=5)
    asked, flags = parser.parse_known_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        stack, page = Path(folder) / "stack.toml", Path(folder) / "report.html"
        stack.write_text(generate_stack(asked.items, asked.seed), encoding="utf-8")
        command = [sys.executable, "-m", "freehold", "report", str(stack), "-o", str(page), *flags]
        subprocess.run(command, check=True, capture_output=True)
        took = []
        for _ in range(asked.repeat):
            start = time.perf_counter()
            done = subprocess.run([*command, "-v"], check=True, capture_output=True, text=True)
            took.append(time.perf_counter() - start)
        print(f"{asked.items:,} items: {min(took):.2f} s, at most {max(took):.2f} s of {asked.repeat}; "
              f"{page.stat().st_size / 1e6:.2f} MB")  # fmt: skip
        print(done.stderr.replace(folder, "").strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
