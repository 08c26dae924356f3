"""Whether SCRAM takes what Freehold writes, and finds the same minimal cut sets in it as in what was read.

`python -m benchmarks.open_psa FOLDER [--order 3]`: every .xml there is read and written again; SCRAM (Debian: scram) is asked
of both. Prints the sets by order and SCRAM's own seconds for the sets.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from freehold import work


def scram(path: Path, order: int) -> tuple[str, frozenset[frozenset[str]], float]:
    command = ["scram", "--zbdd", "--no-indent", "--limit-order", str(order), str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = frozenset(
        frozenset(re.findall(r'name="([^"]+)"', one)) for one in re.findall(r"<product .*?</product>", said, re.DOTALL)
    )
    distribution = re.search(r'distribution="([^"]*)"', said)
    seconds = sum(map(float, re.findall(r"<products>([^<]+)</products>", said)))
    return distribution[1] if distribution else "", found, seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--order", type=int, default=3)
    options = parser.parse_args()
    differ = 0
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(options.folder.glob("*.xml")):
            written = Path(scratch) / f"{path.stem}.opsa.xml"
            work.save(work.load(path).stack, written)
            sizes, before, seconds = scram(path, options.order)
            _, after, again = scram(written, options.order)
            differ += before != after
            verdict = "the same" if before == after else "ANOTHER ANSWER"
            print(
                f"{path.stem:12} orders {sizes:24} {len(before):8,} sets  {seconds:8.4f} s  {again:8.4f} s written  {verdict}"
            )
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
