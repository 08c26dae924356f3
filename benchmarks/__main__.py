"""``python -m benchmarks``: the commands ``list``, ``peers``, ``run``, ``report`` and ``fuzz``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.fuzz import fuzz
from benchmarks.fuzz_targets import TARGETS
from benchmarks.interface import Places
from benchmarks.peers import install_peers
from benchmarks.report import render, rewrite
from benchmarks.results import measure, read_results, write_results
from benchmarks.workloads import RESPONSE, SEED, WORKLOADS, workload

__all__ = ["RESULTS", "main"]

_HERE = Path(__file__).resolve().parent
RESULTS = _HERE / "results.json"
RESPONSE_RESULTS = _HERE / "response.json"
PAGES = {
    RESULTS: (_HERE / "README.md", tuple(one for one in WORKLOADS if one not in RESPONSE)),
    RESPONSE_RESULTS: (_HERE / "warning-and-response.md", RESPONSE),
}
"""The files of results that tables are made from, with page and workloads; a run that writes another leaves all alone."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description="how fast Freehold is, beside named peers")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="the workloads and their bars")
    peers = verbs.add_parser("peers", help="install the peers, apart from everything else")
    run = verbs.add_parser("run", help="measure, and write the results and the table")
    report = verbs.add_parser("report", help="write the table of README.md from the results")
    for one in (peers, run):
        one.add_argument("--scratch", type=Path, required=True, help="a folder for what benchmarks make")
    for one in (run, report):
        one.add_argument("--results", type=Path, help="the file of results (default: the one of the workloads)")
    run.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="only these; all by default")
    run.add_argument("--runs", type=int, default=5, help="how often each, besides one unrecorded run (default 5)")
    run.add_argument("--keep", type=Path, help="a checkout of keephq/keep")
    run.add_argument("--data", type=Path, default=_HERE.parents[1] / "shared" / "data", help="the folder of shared data")
    run.add_argument("--peers", type=Path, help="where the peers are (default: peers in the scratch folder)")
    run.add_argument("--python", type=Path, default=Path(sys.executable), help="the interpreter that has Freehold")
    run.add_argument(
        "--scale", type=float, default=1.0, help="times every count of the gateway's workloads; 0.001: do they run?"
    )
    fuzzing = verbs.add_parser("fuzz", help="read damaged files: nothing may crash, nothing may be slow")
    names = [target.name for target in TARGETS]
    fuzzing.add_argument("--reader", choices=[*names, "all"], default="all", help="which reader (default all)")
    fuzzing.add_argument("--count", type=int, default=10_000, help="how many files for each (default 10000)")
    fuzzing.add_argument("--seed", type=int, default=SEED, help="the same gives the same files")
    fuzzing.add_argument("--scratch", type=Path, required=True, help="a folder for the files, and for those that crashed")
    fuzzing.add_argument("--data", type=Path, default=_HERE.parents[1] / "shared" / "data", help="the folder of shared data")
    return parser


def _fuzz(options: argparse.Namespace) -> int:
    sound = True
    for target in TARGETS:
        if options.reader not in (target.name, "all"):
            continue
        told = fuzz(target, options.count, options.seed, options.scratch.resolve(), options.data.resolve())
        outcomes = ", ".join(f"{number:,} {name}" for name, number in told.outcomes.most_common())
        seconds, size, number = told.slowest[0] if told.slowest else (0.0, 0, 0)
        print(f"{target.name}: {told.count:,} files: {outcomes}; slowest {seconds:.2f} s ({size:,} bytes, file {number})")
        for place, (words, first) in told.crashes.items():
            print(f"  crash: {place}: {words} (file {first})")
        sound = sound and told.sound
    return 0 if sound else 1


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Instead of the process's own.

    Returns
    -------
    int
        0 done, 1 not all done, 2 bad usage.
    """
    options = _parser().parse_args(arguments)
    if options.verb == "list":
        for one in WORKLOADS:
            print(f"{one.name:<24}{one.what}: {', '.join(f'{bar.phase} ≤ {bar.most:g}' for bar in one.bars)}")
        return 0
    if options.verb == "fuzz":
        return _fuzz(options)
    if options.verb == "peers":
        failed = install_peers(options.scratch.resolve() / "peers")
        for line in failed:
            print(f"not installed: {line}", file=sys.stderr)
        return int(bool(failed))
    if options.verb == "run":
        try:
            chosen = tuple(map(workload, options.workloads)) or WORKLOADS
        except KeyError as error:
            print(f"there is no workload {error}; python -m benchmarks list names them", file=sys.stderr)
            return 2
        scratch = options.scratch.resolve()
        peers = (options.peers or scratch / "peers").resolve()
        keep = options.keep.resolve() if options.keep else None
        # absolute, but not resolved: a virtual environment's interpreter is a link out of it
        places = Places(options.python.absolute(), scratch, options.data.resolve(), keep, peers, options.scale)
        results = options.results or (RESPONSE_RESULTS if set(chosen) <= set(RESPONSE) else RESULTS)
        write_results(measure(chosen, places, max(options.runs, 1)), results)
        written = [results]
    else:
        written = [options.results] if options.results else [file for file in PAGES if file.exists()]
    for file in written:
        if file.absolute() in PAGES:
            page, shown = PAGES[file.absolute()]
            rewrite(page, render(read_results(file), shown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
