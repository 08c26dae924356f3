"""Work that is timed from within its own process, phase by phase. Run by :func:`benchmarks.child.inside`, in a child.

Each piece prints one JSON object: ``figures`` (seconds by phase) and ``found`` (counts that show that it was done).
Nothing is imported before the piece asked for needs it, so that the child's memory is the work's.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from benchmarks.generate_network import GeneratedNetwork
    from freehold.network.arrays import Scenario
    from freehold.network.build import Built

__all__ = [
    "PIECES",
    "cut_off",
    "cyclonedx",
    "import_freehold",
    "million",
    "parse_json",
    "parse_with_library",
    "read_inventory",
    "read_with_lib4sbom",
    "read_with_spdx_tools",
    "write_sbom",
]

DAYS: Final = (0.0, 7.0, 30.0, 90.0, 365.0, 1095.0)
Told = tuple[dict[str, float], dict[str, int]]


class _Laps:
    """Seconds by phase, by the wall clock; and those of the processor for a phase that is asked for."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()
        self._processor = time.process_time()

    def end(self, phase: str, *, processor: bool = False) -> None:
        now = time.perf_counter()
        self.seconds[phase] = now - self._since
        if processor:
            self.seconds[f"{phase}, processor"] = time.process_time() - self._processor
        self._since = time.perf_counter()
        self._processor = time.process_time()


def import_freehold() -> Told:
    """``import freehold``, in an interpreter that has started."""
    laps = _Laps()
    import freehold

    laps.end("import")
    return laps.seconds, {"public names": len(freehold.__all__)}


def cyclonedx(path: str) -> Told:
    """An SBOM to a stack that is matched with the catalogue: everything that Freehold's reading of a file does."""
    laps = _Laps()
    import importlib

    from freehold import work
    from freehold.settings import Settings

    for module in ("catalogue.facts", "catalogue.resolve", "read.cyclonedx", "read.select", "stack.shares"):
        importlib.import_module(f"freehold.{module}")
    laps.end("import")
    work.catalogue()
    laps.end("load catalogue")
    stack = work.load(path, Settings("DE", ("EU",)), use_cache=False).stack
    laps.end("read and match")
    both = laps.seconds["load catalogue"] + laps.seconds["read and match"]
    known = sum(source.provider is not None for source in stack.sources)
    return {**laps.seconds, "in process": both}, {"items": len(stack.items), "sources with a provider": known}


def parse_with_library(path: str) -> Told:
    """The same file with cyclonedx-python-lib: parsing alone. Runs in the peers' environment."""
    laps = _Laps()
    from cyclonedx.model.bom import Bom  # type: ignore[import-not-found, unused-ignore]

    laps.end("import")
    bom = Bom.from_json(json.loads(Path(path).read_bytes()))  # type: ignore[attr-defined, unused-ignore]
    laps.end("in process", processor=True)
    return laps.seconds, {"components": len(bom.components)}


def write_sbom(path: str, form: str, rows: str, seed: str) -> Told:
    """Make a large SBOM, see :func:`benchmarks.generate_sbom.write_sbom`."""
    from benchmarks.generate_sbom import write_sbom as write

    write(Path(path), form, int(rows), int(seed))
    return {}, {}


def read_inventory(path: str) -> Told:
    """A file to an inventory by Freehold's reader: parsing, ids, licences, links, graph; no catalogue."""
    laps = _Laps()
    from freehold.read.select import select_reader

    laps.end("import")
    inventory = select_reader(Path(path)).read(Path(path))
    laps.end("read", processor=True)
    return laps.seconds, {"components": len(inventory.components)}


def parse_json(path: str) -> Told:
    """The same file with the standard library's JSON parser, to plain values and no further."""
    laps = _Laps()
    document = json.loads(Path(path).read_bytes())
    laps.end("read", processor=True)
    return laps.seconds, {"components": len(document.get("components") or document.get("packages"))}


def read_with_lib4sbom(path: str) -> Told:
    """The same file with lib4sbom. Runs in the peers' environment."""
    laps = _Laps()
    from lib4sbom.parser import SBOMParser  # type: ignore[import-not-found, unused-ignore]

    laps.end("import")
    parser = SBOMParser()
    parser.parse_file(path)
    found = parser.get_packages()
    laps.end("read", processor=True)
    return laps.seconds, {"components": len(found)}


def read_with_spdx_tools(path: str) -> Told:
    """The same file with spdx-tools, without its validation. Runs in the peers' environment."""
    laps = _Laps()
    from spdx_tools.spdx.parser.parse_anything import parse_file  # type: ignore[import-not-found, unused-ignore]

    laps.end("import")
    document = parse_file(path)
    laps.end("read", processor=True)
    return laps.seconds, {"components": len(document.packages)}


def built_from(made: GeneratedNetwork, *, compiled: bool) -> Built:
    """Give a generated network as the engine's own."""
    from freehold.network.build import build_network

    return build_network(
        made.items, made.whole, made.source_item, made.share, made.capacity, made.need_source, made.need_item,
        made.need_weight, made.need_enough, made.need_cover, compiled=compiled,
    )  # fmt: skip


def cut_off(made: GeneratedNetwork, built: Built, countries: tuple[int, ...] | None = None) -> Scenario:
    """Give the scenario: all sources of some countries end on day 0, the others ramp up as they can.

    Parameters
    ----------
    made, built
        The network, as generated and as built.
    countries
        Instead of the one that the benchmark cuts; none at all means that nothing happens.
    """
    import numpy as np

    from benchmarks.generate_network import CUT_COUNTRY
    from freehold.network.arrays import AVAILABILITY, CAPACITY, Scenario

    countries = (CUT_COUNTRY,) if countries is None else countries
    cut = np.flatnonzero(np.isin(made.country, countries))
    ramps = np.flatnonzero(made.capacity != made.share) if countries else cut
    day = np.concatenate((np.zeros(len(cut)), made.recover[ramps]))
    order = np.argsort(day, kind="stable")
    source = built.source_place[np.concatenate((cut, ramps))]
    kind = np.concatenate((np.full(len(cut), AVAILABILITY), np.full(len(ramps), CAPACITY)))
    value = np.concatenate((np.zeros(len(cut)), made.capacity[ramps]))
    columns = (day[order], kind[order], source[order], value[order])
    return Scenario(*columns) if built.compiled else Scenario(*(column.tolist() for column in columns))


def million(items: int, needs: int, seed: int, *, compiled: bool = True) -> Told:
    """One cut-off over a generated network.

    Parameters
    ----------
    items, needs, seed
        See :func:`benchmarks.generate_network.generate_network`.
    compiled
        Whether by the compiled kernel.
    """
    laps = _Laps()
    from benchmarks.generate_network import generate_network
    from freehold.network.solve import running_state, solve

    small = generate_network(400, 2000, seed)
    laps.end("import")
    # the same types as the large network's, so all that is compiled or read from the cache is so before the run
    built = built_from(small, compiled=compiled)
    solve(built, [cut_off(small, built)], DAYS)
    laps.end("compile or load kernel")
    made = generate_network(items, needs, seed)
    laps.end("generate")
    built = built_from(made, compiled=compiled)
    laps.end("build")
    scenario = cut_off(made, built)
    laps.end("scenario")
    start = running_state(built)
    laps.end("running state")
    answer = solve(built, [scenario], DAYS, start=start)
    laps.end("run")
    figures = laps.seconds
    figures["cut-off"] = figures["scenario"] + figures["running state"] + figures["run"]
    found = {
        "items": items, "sources": len(made.source_item), "needs": len(made.need_item),
        "stopped on day 0": int((answer.stops[0] == 0).sum()), "stopped in the end": int((answer.levels[0, -1] < 0.5).sum()),
    }  # fmt: skip
    return figures, found


def _million(items: str, needs: str, seed: str, kernel: str) -> Told:
    return million(int(items), int(needs), int(seed), compiled=kernel == "compiled")


def _rules(count: str, seed: str) -> Told:
    from benchmarks.rule_speed import rules

    return rules(count, seed)


def _evidence(*arguments: str) -> Told:
    from benchmarks.evidence_rate import evidence

    return evidence(*arguments)


def _commit_with_sqlite(*arguments: str) -> Told:
    from benchmarks.evidence_rate import commit_with_sqlite

    return commit_with_sqlite(*arguments)


def _radius(*arguments: str) -> Told:
    from benchmarks.radius_speed import radius

    return radius(*arguments)


PIECES: Final[Mapping[str, Callable[..., Told]]] = {
    "import": import_freehold,
    "cyclonedx": cyclonedx,
    "parse-with-library": parse_with_library,
    "write-sbom": write_sbom,
    "read-inventory": read_inventory,
    "parse-json": parse_json,
    "read-with-lib4sbom": read_with_lib4sbom,
    "read-with-spdx-tools": read_with_spdx_tools,
    "million": _million,
    "rules": _rules,
    "radius": _radius,
    "evidence": _evidence,
    "commit-with-sqlite": _commit_with_sqlite,
}

if __name__ == "__main__":
    _figures, _found = PIECES[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"figures": _figures, "found": _found}))
