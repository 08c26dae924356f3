"""Measuring: every workload asked for, subjects by turns, and the results as a file. Owns the form of that file."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.interface import UNITS, NotRun, Places, Sample, Workload

__all__ = ["machine", "measure", "read_results", "summary", "write_results"]

_FORM: Final = 1


def machine() -> dict[str, Any]:
    """What it is measured on, without any name: processor, cores, memory, systems, the packages that matter for speed."""
    from importlib import metadata

    processor = ""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        pass
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    packages = {}
    for name in (
        "numpy",
        "numba",
        "packageurl-python",
        "license-expression",
        "rich",
        "aiohttp",
        "uvloop",
        "cryptography",
        "msgspec",
    ):
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            packages[name] = "not installed"
    return {
        "processor": processor or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 1e9),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "packages": packages,
    }


def summary(values: Iterable[float]) -> dict[str, float]:
    """Least, median and largest of some figures, and how many there are."""
    values = list(values)
    return {"min": min(values), "median": statistics.median(values), "max": max(values), "runs": len(values)}


def _commit() -> str:
    command = ("git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _one(workload: Workload, places: Places, runs: int, say: Callable[[str], None]) -> dict[str, Any]:
    missing = workload.prepare(places)
    told: dict[str, Any] = {subject.name: {} for subject in workload.subjects}
    if missing is not None:
        return {name: {"not_run": missing.because} for name in told}
    samples: dict[str, list[Sample]] = {name: [] for name in told}
    first = 0 if workload.warm else 1
    for number in range(first, min(runs, workload.most_runs) + 1):
        # by turns, so that what disturbs the machine disturbs all alike
        for subject in workload.subjects:
            if told[subject.name]:
                continue
            outcome = subject.once(places)
            if isinstance(outcome, NotRun):
                told[subject.name] = asdict(outcome) | {"not_run": outcome.because}
                del told[subject.name]["because"]
                say(f"{workload.name}: {subject.name}: not run: {outcome.because}")
                continue
            if number:
                samples[subject.name].append(outcome)
            figures = ", ".join(f"{phase} {value:.3g} {UNITS.get(phase, 's')}" for phase, value in outcome.figures.items())
            say(f"{workload.name}: {subject.name}: {f'run {number}' if number else 'warm-up'}: {figures}")
    for name, done in samples.items():
        if done and not told[name]:
            phases = done[0].figures
            told[name] = {
                "figures": {phase: summary(sample.figures[phase] for sample in done) for phase in phases},
                "found": dict(done[-1].found),
            }
    return told


def measure(workloads: Iterable[Workload], places: Places, runs: int, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Measure workloads.

    Parameters
    ----------
    workloads, places
        What, and where.
    runs
        How often, besides one unrecorded run.
    say
        Told how it goes.

    Returns
    -------
    dict
        The results, as they are stored.
    """
    load = os.getloadavg()[0]
    told = {workload.name: _one(workload, places, runs, say) for workload in workloads}
    return {
        "form": _FORM,
        "commit": _commit(),
        "machine": machine() | {"load_before": round(load, 2)},
        "workloads": told,
    }


def write_results(results: dict[str, Any], file: Path) -> None:
    """Store results; workloads that were not measured this time stay only if the file is of the same commit and machine."""
    if file.exists():
        before = read_results(file)
        same = before["commit"] == results["commit"] and before["machine"]["processor"] == results["machine"]["processor"]
        if same:
            results = results | {"workloads": before["workloads"] | results["workloads"]}
    file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_results(file: Path) -> dict[str, Any]:
    """Read a file of results.

    Raises
    ------
    ValueError
        If it is not one.
    """
    results: dict[str, Any] = json.loads(file.read_bytes())
    if results.get("form") != _FORM:
        raise ValueError(f"{file} is not a file of results of form {_FORM}. Measure anew: python -m benchmarks run")
    return results
