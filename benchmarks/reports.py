"""``python -m benchmarks.reports``: how long the report of a large stack takes, end to end, beside the same answers one by one.

    python -m benchmarks.reports [--items N …] [--forms toml csv parquet] [--repeat K] [--seed S] [--peers] [--browser]

Owns what is timed, and what stands beside it. A realistic stack (:mod:`benchmarks.realistic_stack`) is written in each form,
and ``freehold report STACK -o FILE`` is run as a process of its own, once uncounted (that compiles what is compiled), then so
many times: wall time, processor time, memory and the page's size, the least of the runs, and the parts as one process that
is not timed as a whole tells them. ``--browser`` opens the page as :mod:`benchmarks.report_page` does.

``--peers`` times two others on the same stack in the same run:

- *one by one*: the commands that the report names for its answers, each a process: ``assess``, ``gaps``, ``chokepoints``, and
  ``cutoff`` for each of its landlords and each two of them. They answer the same questions; they make no page.
- *pandas*: the tables of the stack, read from CSV and written as one HTML file by ``DataFrame.to_html``: a page that holds
  every row and answers nothing. Its size and opening stand beside the report's.

The bar: the report of 10,000 items is made within 5 s, takes 3 MB at most, and opens within 2 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from benchmarks.realistic_stack import realistic_stack
from benchmarks.report_page import opened
from freehold.stack.csv_folder import write_folder
from freehold.stack.parquet_folder import write_parquet_folder
from freehold.stack.toml_file import dumps
from freehold.stack.values import Stack

__all__ = ["main"]

_PARTS: Final = """
import json, sys, time
start = time.perf_counter()
from freehold import log, work
from freehold.plan.goal_values import Limits
from freehold.report.html import HtmlFace
from freehold.report.interface import Look
from freehold.report.tick_data import tick_text
from freehold.report.view_whole import whole_document
from freehold.report.whole_parts import tick_off
from freehold.reporting import PlanAsked, SchemesAsked, whole_report
from freehold.schemes.scheme_file import scheme, schemes_known
from freehold.settings import Settings
told = {"imports": time.perf_counter() - start}
def hear(event, facts):
    if "seconds" in facts:
        told[facts.get("what", event)] = told.get(facts.get("what", event), 0.0) + facts["seconds"]
def took(name, act):
    since = time.perf_counter()
    result = act()
    told[name] = time.perf_counter() - since
    return result
with log.listen(hear):
    loaded = work.load(sys.argv[1], Settings())
    schemes = SchemesAsked(tuple(scheme(one) for one in schemes_known()), named=False)
    asked = PlanAsked(Limits(start="2027-01-01"))
    report = took("all answers", lambda: whole_report(loaded, Settings(), asked, path=sys.argv[1], schemes=schemes))
    document = took("view", lambda: whole_document(report))
    took("written", lambda: HtmlFace().render(document, Look()))
    took("of which answers to tick off", lambda: tick_text(tick_off(report)))
print(json.dumps({"parts": told, "landlords": [one.flags for one in report.cuts.landlords]}))
"""

_PANDAS: Final = """
import sys
from pathlib import Path
import pandas
tables = [pandas.read_csv(path).to_html(index=False) for path in sorted(Path(sys.argv[1]).glob("*.csv"))]
Path(sys.argv[2]).write_text("<!doctype html><meta charset=utf-8>" + "".join(tables), encoding="utf-8")
"""


def _child(command: Sequence[str | Path]) -> tuple[float, float, float, str]:
    """Run a command: seconds of wall clock and of processor, peak of memory in MB, what it wrote."""
    start = time.perf_counter()
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    written = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[:4]} ended with exit status {child.returncode}.")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, written


def _least(repeat: int, act: Callable[[], tuple[float, float, float, str]]) -> str:
    runs = [act() for _ in range(repeat)]
    wall, processor, memory = (min(run[place] for run in runs) for place in range(3))
    longest = max(run[0] for run in runs)
    return f"{wall:6.2f} s (at most {longest:.2f} of {repeat}), processor {processor:.2f} s, {memory:.0f} MB"


def _written(stack: Stack, form: str, folder: Path) -> Path:
    place = folder / (f"stack.{form}" if form == "toml" else form)
    if form == "toml":
        place.write_text(dumps(stack), encoding="utf-8")
        return place
    place.mkdir()
    (write_folder if form == "csv" else write_parquet_folder)(stack, place)
    return place


def _one_by_one(stack: Path, landlords: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    freehold = [sys.executable, "-m", "freehold"]
    for words in (["assess"], ["gaps"], ["chokepoints", "--of", "owner", "--order", "2"]):
        yield [*freehold, words[0], str(stack), *words[1:], "--format", "json", "-o", os.devnull]
    sets = [*combinations(landlords, 1), *combinations(landlords, 2)]
    for flags in sets:
        words = [word for one in flags for word in one]
        yield [*freehold, "cutoff", str(stack), *words, "--format", "json", "-o", os.devnull]


def _peers(stack: Stack, place: Path, landlords: Sequence[Sequence[str]], folder: Path, *, browser: bool) -> None:
    commands = list(_one_by_one(place, landlords))
    runs = [_child(command) for command in commands]
    wall, processor = (sum(run[place] for run in runs) for place in range(2))
    print(f"  one by one: {len(runs)} commands, {wall:.2f} s, processor {processor:.2f} s")
    tables = folder / "csv"
    if not tables.exists():
        _written(stack, "csv", folder)
    page = folder / "tables.html"
    print(f"  pandas: {_least(1, lambda: _child([sys.executable, '-c', _PANDAS, tables, page]))}, {_size(page)}")
    if browser:
        _open(page)


def _size(page: Path) -> str:
    return f"{page.stat().st_size / 1e6:.2f} MB of page"


def _open(page: Path) -> None:
    for name, times in asyncio.run(opened(page.resolve(), 3)).items():
        print(f"    {name:<16} {min(times):7.0f} ms (at most {max(times):.0f} of {len(times)})")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark.

    Parameters
    ----------
    arguments
        Instead of the process's own.
    """
    parser = argparse.ArgumentParser("python -m benchmarks.reports", description="how long a large report takes")
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--forms", nargs="+", choices=("toml", "csv", "parquet"), default=["toml", "csv", "parquet"])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", action="store_true", help="the same answers one by one, and the same tables by pandas")
    parser.add_argument("--browser", action="store_true", help="open the pages in Chromium")
    asked = parser.parse_args(arguments)
    for items in asked.items:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            stack = realistic_stack(items, asked.seed)
            print(f"{items:,} items, {len(stack.sources):,} sources, {len(stack.needs):,} needs, {len(stack.claims):,} claims")
            told: dict[str, Any] = {}
            place = folder
            for form in asked.forms:
                place, page = _written(stack, form, folder), folder / f"{form}.html"
                command = [sys.executable, "-m", "freehold", "report", place, "-o", page]
                _child(command)
                took = _least(asked.repeat, partial(_child, command))
                print(f"  {form}: {took}, {_size(page)}")
                told = json.loads(_child([sys.executable, "-c", _PARTS, place])[3])
                print("    " + ", ".join(f"{part} {seconds:.2f}" for part, seconds in told["parts"].items()))
                if asked.browser:
                    _open(page)
            if asked.peers:
                _peers(stack, place, told["landlords"], folder, browser=asked.browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
