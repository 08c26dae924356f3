"""The registry: every workload, its phases, its bars and who else does the same work."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from benchmarks import peers
from benchmarks.child import WALL, environment, freehold_command, inside, last_error, run_child, whole_process
from benchmarks.gateway_workloads import GATEWAY_WORKLOADS
from benchmarks.generate_stack import generate_stack
from benchmarks.interface import FREEHOLD, Bar, NotRun, Outcome, Places, Sample, Subject, Workload
from benchmarks.large_sboms import LARGE_SBOMS

__all__ = ["RESPONSE", "SEED", "WORKLOADS", "workload"]

SEED: Final = 20
"""The seed of everything that is generated."""

_ROOT: Final = Path(__file__).resolve().parents[1]
_SBOM: Final = "sboms/cyclonedx/bom-examples/keycloak-10.0.2.cdx.json"
_PACKAGES: Final = Path(__file__).with_name("environment-50.txt")
_MILLION: Final = (1_000_000, 5_000_000, SEED)


def _with(outcome: Outcome, found: dict[str, int]) -> Outcome:
    return outcome if isinstance(outcome, NotRun) else Sample(outcome.figures, found)


def _together(*outcomes: Outcome) -> Outcome:
    """Several samples as one; the largest where several have a figure of the same name."""
    figures: dict[str, float] = {}
    found: dict[str, int] = {}
    for outcome in outcomes:
        if isinstance(outcome, NotRun):
            return outcome
        figures |= {phase: max(value, figures.get(phase, 0.0)) for phase, value in outcome.figures.items()}
        found |= outcome.found
    return Sample(figures, found)


def _help(places: Places) -> Outcome:
    return whole_process(places, (*freehold_command(places), "--help"), "help.txt")


def _import(places: Places) -> Outcome:
    return inside(places, places.python, "import")


def _prepare_stack(places: Places) -> None:
    places.scratch.mkdir(parents=True, exist_ok=True)
    (places.scratch / "thousand.toml").write_text(generate_stack(1000, SEED), encoding="utf-8")


def _cutoff(places: Places) -> Outcome:
    command = (*freehold_command(places), "cutoff", str(places.scratch / "thousand.toml"), "--foreign")
    return whole_process(places, command, "cutoff.txt")


def _sbom(places: Places) -> NotRun | None:
    return None if (places.data / _SBOM).exists() else NotRun(f"{_SBOM} is not in the folder of shared data (--data)")


def _cyclonedx(places: Places) -> Outcome:
    file = places.data / _SBOM
    command = (*freehold_command(places), "scan", str(file), "-o", str(places.scratch / "keycloak.toml"))
    return _together(inside(places, places.python, "cyclonedx", file), whole_process(places, command, "cyclonedx.txt"))


def _cyclonedx_library(places: Places) -> Outcome:
    return peers.cyclonedx_library(places, places.data / _SBOM)


def _environment(places: Places) -> Path:
    return places.scratch / "environment-50"


def _prepare_environment(places: Places) -> NotRun | None:
    folder = _environment(places)
    if (folder / "complete").exists():
        return None
    shutil.rmtree(folder, ignore_errors=True)
    try:
        subprocess.run([places.python, "-m", "venv", "--without-pip", folder], check=True)
        pip = (places.python, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet", "--no-deps")
        subprocess.run([*pip, "-r", _PACKAGES], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return NotRun(f"the environment could not be made: {error}")
    (folder / "complete").touch()
    return None


def _packages_in(stack: Path) -> int:
    found = re.findall(r'^\[\[item\]\]\nid = "(pkg:pypi/[^"]+)"', stack.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return len(set(found))


def _scan_environment(places: Places) -> Outcome:
    stack = places.scratch / "environment-50.toml"
    command = (*freehold_command(places), "scan", "--no-cache", str(_environment(places)), "-o", str(stack))
    outcome = whole_process(places, command, "environment-50.txt")
    return outcome if isinstance(outcome, NotRun) else _with(outcome, {"packages": _packages_in(stack)})


def _keep(places: Places) -> NotRun | None:
    if places.keep is None or not (places.keep / "poetry.lock").exists():
        return NotRun("no checkout of keephq/keep was given (--keep)")
    return None


def _check_keep(places: Places) -> Outcome:
    shutil.rmtree(places.scratch / "cache", ignore_errors=True)
    command = (*freehold_command(places), "check", str(places.keep))
    first = whole_process(places, command, "keep.txt", phase="first check")
    return _together(first, whole_process(places, command, "keep-again.txt", phase="second check"))


def _borderlint(places: Places) -> Outcome:
    return peers.borderlint(places, places.keep) if places.keep else NotRun("no checkout of keephq/keep was given (--keep)")


def _million(places: Places) -> Outcome:
    return inside(places, places.python, "million", *_MILLION, "compiled")


def _rules(places: Places) -> Outcome:
    return inside(places, places.python, "rules", 50_000, SEED)


def _radius(places: Places) -> Outcome:
    return inside(places, places.python, "radius", 10_000, SEED)


def _install(places: Places) -> Outcome:
    """The base install in an environment of its own: what it adds to one that holds nothing."""
    folder = places.scratch / "base-install"
    shutil.rmtree(folder, ignore_errors=True)
    log = places.scratch / "output" / "install.txt"
    environ = environment(places)
    environ.pop("PYTHONPATH", None)
    _, status = run_child((places.python, "-m", "venv", "--without-pip", folder), environ, log)
    before = _size(folder)
    pip = (places.python, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet", "--no-compile", _ROOT)
    if status:
        return NotRun(f"venv ended with exit status {status}")
    figures, status = run_child(pip, environ, log)
    if status:
        return NotRun(f"pip ended with exit status {status}: {last_error(log.with_suffix('.err'))}")
    return Sample({"installed size": (_size(folder) - before) / 1e6, "install": figures[WALL]})


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


_FROM_START: Final = {"whole process": "whole process", "peak memory": "peak memory"}
_BOTH_CHECKS: Final = {"first check": "whole process", "second check": "whole process"}

WORKLOADS: Final[tuple[Workload, ...]] = (
    Workload(
        "help", "`freehold --help`", (Subject(FREEHOLD, _help),), (Bar("whole process", 0.25),)
    ),
    Workload(
        "import", "`import freehold`, the interpreter's own start apart", (Subject(FREEHOLD, _import),), (Bar("import", 0.1),)
    ),
    Workload(
        "cutoff-1000", "`freehold cutoff --foreign` on a generated stack of 1,000 items", (Subject(FREEHOLD, _cutoff),),
        (Bar("whole process", 0.8),), _prepare_stack,
    ),
    Workload(
        "cyclonedx-2mb", "a CycloneDX file of 2.2 MB to a stack matched with the catalogue",
        (
            Subject(FREEHOLD, _cyclonedx),
            Subject("cyclonedx-python-lib, parsing alone", _cyclonedx_library, {"in process": "in process"}),
        ),
        (Bar("in process", 0.3),), _sbom,
    ),
    *LARGE_SBOMS,
    Workload(
        "environment-50", "`freehold scan` of an installed environment of 50 packages, without a cache",
        (
            Subject(FREEHOLD, _scan_environment),
            Subject("cyclonedx-bom", lambda places: peers.cyclonedx_py(places, _environment(places)), _FROM_START),
            Subject("cdxgen", lambda places: peers.cdxgen(places, _environment(places)), _FROM_START),
            Subject("syft", lambda places: peers.syft(places, _environment(places)), _FROM_START),
        ),
        (Bar("whole process", 1.0),), _prepare_environment,
    ),
    Workload(
        "keep", "`freehold check` of keephq/keep (2,733 files), then once more",
        (
            Subject(FREEHOLD, _check_keep),
            Subject("borderlint, AI endpoints only", _borderlint, _BOTH_CHECKS),
        ),
        (Bar("first check", 5.0), Bar("second check", 1.0)), _keep,
    ),
    Workload(
        "million", "one cut-off over 1,000,000 items and 5,000,000 needs, three years, compiled kernel",
        (Subject(FREEHOLD, _million),), (Bar("cut-off", 10.0), Bar("peak memory", 2000.0)),
    ),
    Workload(
        "rules", "50,000 events of a gateway's hour through all built-in rules, processor time",
        (Subject(FREEHOLD, _rules),), (Bar("a rule on an event", 10.0), Bar("a condition", 10.0)),
    ),
    Workload(
        "radius", "blast radii on a generated stack of 10,000 items, one after the other in one process",
        (Subject(FREEHOLD, _radius),),
        (Bar("blast radius, slowest", 0.1), Bar("blast radius of a country, median", 0.1)),
    ),
    Workload(
        "install-size", "what `pip install freehold` adds to an empty environment, dependencies included",
        (Subject(FREEHOLD, _install),), (Bar("installed size", 300.0),), most_runs=1, warm=False,
    ),
    *GATEWAY_WORKLOADS,
)  # fmt: skip
"""All of them, in the order of the report."""


RESPONSE: Final = tuple(one for one in WORKLOADS if one.name in {"rules", "radius"}) + GATEWAY_WORKLOADS
"""Those of the warning and response system: their results are a file and a page of their own."""


def workload(name: str) -> Workload:
    """Give one by its name.

    Raises
    ------
    KeyError
        If there is none.
    """
    return {one.name: one for one in WORKLOADS}[name]
