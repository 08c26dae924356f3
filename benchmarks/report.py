"""Results as the table of README.md. Owns the words between the two marks there; nothing else of that page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.interface import FREEHOLD, UNITS, Workload

__all__ = ["BEGIN", "END", "render", "rewrite"]

BEGIN: Final = "<!-- figures: python -m benchmarks report -->"
END: Final = "<!-- end of figures -->"
_HEAD: Final = (
    "| workload | who | phase | min | median | max | runs | bar | beside Freehold |\n|---|---|---|--:|--:|--:|--:|---|---|\n"
)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _bar(workload: Workload, phase: str, median: float) -> str:
    for bar in workload.bars:
        if bar.phase == phase:
            return f"≤ {bar.most:g} {UNITS.get(phase, 's')}: {'met' if median <= bar.most else '**missed**'}"
    return ""


def _ratios(beside: Mapping[str, str], phase: str, median: float, own: Mapping[str, Any]) -> str:
    """How many times Freehold's figure the peer's is, for each phase of Freehold's that it stands beside."""
    parts = [
        f"{_number(median / own[ours]['median'])} × its {ours}"
        for ours, theirs in beside.items()
        if theirs == phase and ours in own and own[ours]["median"] > 0
    ]
    return ", ".join(parts)


def _rows(workload: Workload, told: Mapping[str, Any]) -> Iterator[str]:
    own = told.get(FREEHOLD, {}).get("figures", {})
    for subject in workload.subjects:
        result = told.get(subject.name, {"not_run": "not measured"})
        if "not_run" in result:
            yield _row(workload.name, subject.name, f"not run: {result['not_run']}", "", "", "", "", "", "")
            continue
        for phase, figure in result["figures"].items():
            unit = UNITS.get(phase, "s")
            cells = (f"{_number(figure[key])} {unit}" for key in ("min", "median", "max"))
            bar = _bar(workload, phase, figure["median"]) if subject.name == FREEHOLD else ""
            ratio = "" if subject.name == FREEHOLD else _ratios(subject.beside, phase, figure["median"], own)
            yield _row(workload.name, subject.name, phase, *cells, f"{figure['runs']:.0f}", bar, ratio)
        if result["found"]:
            counts = ", ".join(f"{count:,} {what}" for what, count in result["found"].items())
            yield _row(workload.name, subject.name, f"found: {counts}", "", "", "", "", "", "")


def render(results: Mapping[str, Any], workloads: tuple[Workload, ...]) -> str:
    """Give the table as Markdown.

    Parameters
    ----------
    results
        See :func:`benchmarks.results.measure`.
    workloads
        Those to show, measured or not.
    """
    machine = results["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    text = (
        f"Commit {results['commit']}; {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB; "
        f"{machine['system']}, Python {machine['python']}, {packages}; "
        f"load before the first run {machine['load_before']:g}.\n\n"
    )
    rows = "".join(row for one in workloads for row in _rows(one, results["workloads"].get(one.name, {})))
    return text + _HEAD + rows


def rewrite(page: Path, table: str) -> None:
    """Put the table between the marks of a page.

    Raises
    ------
    ValueError
        If the page has no marks.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} lacks the lines '{BEGIN}' and '{END}'. Put them where the table belongs.")
    page.write_text(f"{before}{BEGIN}\n\n{table}\n{END}{after}", encoding="utf-8")
