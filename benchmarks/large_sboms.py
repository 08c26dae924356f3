"""The workloads that read large flat SBOMs, and who else reads them. Owns their size and what is made of their figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.child import MEMORY, inside
from benchmarks.interface import FREEHOLD, Bar, NotRun, Outcome, Places, Sample, Subject, Workload

__all__ = ["LARGE_SBOMS"]

_ROWS: Final = 24_000
_SEED: Final = 20
_WAIT: Final = 20_000_000
"""Bytes: the bar of 20 MB/s is told as seconds for as many, so that less is better as in every other figure."""

_LIBRARY: Final = "cyclonedx-python-lib"
_TIMES: Final = "peak memory, times the file"
_SAME: Final = {phase: phase for phase in ("read", "read, processor", _TIMES)}


def _file(places: Places, form: str) -> Path:
    return places.scratch / f"large.{form}.json"


def _reads(form: str, piece: str, phase: str = "read", *, peer: str | None = None) -> Callable[[Places], Outcome]:
    def once(places: Places) -> Outcome:
        python = places.python if peer is None else places.peers / "python/bin/python"
        if not python.exists():
            return NotRun(f"{peer} is not installed (python -m benchmarks peers)")
        file = _file(places, form)
        outcome = inside(places, python, piece, file)
        if isinstance(outcome, NotRun):
            return outcome
        size = file.stat().st_size
        seconds = outcome.figures[phase]
        processor, memory = outcome.figures[f"{phase}, processor"], outcome.figures[MEMORY]
        figures = {"import": outcome.figures.get("import", 0.0), "read": seconds, "read, processor": processor}
        figures |= {"for each 20 MB": seconds * _WAIT / size, "for each 20 MB, processor": processor * _WAIT / size}
        figures |= {"speed": size / 1e6 / seconds, MEMORY: memory, _TIMES: memory * 1e6 / size}
        return Sample(figures, {**outcome.found, "bytes": size})

    return once


def _prepared(form: str) -> Callable[[Places], NotRun | None]:
    def prepare(places: Places) -> NotRun | None:
        # in a child: a process hands its own peak of memory on to its children, which would show in theirs
        made = inside(places, places.python, "write-sbom", _file(places, form), form, _ROWS, _SEED)
        return made if isinstance(made, NotRun) else None

    return prepare


def _workload(form: str, what: str, *peers: Subject) -> Workload:
    own = Subject(FREEHOLD, _reads(form, "read-inventory"))
    plain = Subject("json, to plain values", _reads(form, "parse-json"), _SAME)
    bars = (Bar("for each 20 MB", 1.0), Bar(_TIMES, 8.0))
    return Workload(f"large-{form}", what, (own, plain, *peers), bars, _prepared(form), most_runs=3, warm=False)


LARGE_SBOMS: Final = (
    _workload(
        "cyclonedx",
        "a generated flat CycloneDX file of 24 MB and 24,000 components to an inventory",
        Subject(
            "cyclonedx-python-lib", _reads("cyclonedx", "parse-with-library", "in process", peer="cyclonedx-python-lib"), _SAME
        ),
        Subject("lib4sbom", _reads("cyclonedx", "read-with-lib4sbom", peer="lib4sbom"), _SAME),
    ),
    _workload(
        "spdx",
        "a generated flat SPDX 2.3 file of 25 MB and 24,000 packages to an inventory",
        Subject("lib4sbom", _reads("spdx", "read-with-lib4sbom", peer="lib4sbom"), _SAME),
        Subject("spdx-tools, without validation", _reads("spdx", "read-with-spdx-tools", peer="spdx-tools"), _SAME),
    ),
)
