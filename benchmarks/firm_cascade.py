"""How fast cascades through a network of firms are, beside fastcascade. Owns that comparison and its table.

    python -m benchmarks.firm_cascade --scratch FOLDER [--peer CLONE] [--failures 2000|all] [--quick] [WHAT ...]

- ``equal``: 20 failures on 10,000 firms and 100,000 links, with and without replaceability: steps and index beside the peer's.
- ``steps``: processor time a step on 100,000 firms and a million links, one thread: the peer, one shock alone, lanes.
- ``failures``: every firm's failure alone (or so many, drawn), with replaceability, eps 0.01: core-minutes for all.
- ``converged``: a few failures run to their end, with the gap to the reference's stop.

Rows with replaceability come first. ``--quick`` leaves out those without it, of which each takes the peer minutes, and
``converged``.

CLONE is a checkout of ch-diem/misestimation_from_aggregation, whose C++ program (fastcascade 0.9.3.1, GPL-3) is built in the
scratch folder by R with RcppArmadillo; its table of essentiality (616 sectors) is used too. Without it a drawn table of the
same mixture stands in. Networks are drawn: sales and degrees are heavy-tailed, seeds are fixed. Times are processor times of
the process, the least of some runs for ours; run it on a machine that does nothing else: the load is printed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from freehold.measure.firm_network import FirmNetwork, firm_network
from freehold.measure.firm_shocks import single_failures
from freehold.measure.systemic import built_of, placed, systemic, weights_of
from freehold.network.firm_cascade import Endings, cascades
from freehold.network.firm_cascade_links import BuiltFirms
from freehold.network.firm_cascade_runs import Limits

__all__ = ["draw_network", "main", "peer_runs"]

_SECTORS: Final = 616
_DRIVER: Final = """
arguments <- commandArgs(TRUE); .libPaths(c(arguments[1], .libPaths())); folder <- arguments[2]
setClass("dgCMatrix", representation(i="integer", p="integer", Dim="integer", Dimnames="list", x="numeric", factors="list"))
library(fastcascade)
size <- function(name) file.size(file.path(folder, name))
whole <- function(name) readBin(file.path(folder, name), "integer", size(name) / 4, 4)
real <- function(name) readBin(file.path(folder, name), "double", size(name) / 8, 8)
matrix_of <- function(name, rows, columns) new("dgCMatrix", i=whole(paste0(name, ".i")), p=whole(paste0(name, ".p")),
  x=real(paste0(name, ".x")), Dim=as.integer(c(rows, columns)), Dimnames=list(NULL, NULL), factors=list())
d <- whole("sizes"); n <- d[1]; m <- d[2]; k <- d[3]; kinds <- d[4]
down <- matrix_of("down", n, n); up <- matrix_of("up", n, n); psi <- matrix_of("psi", n, k); of <- matrix_of("of", n, m)
none <- new("dgCMatrix", i=integer(0), p=c(0L, 0L), x=numeric(0), Dim=as.integer(c(n, 1)), Dimnames=list(NULL, NULL),
  factors=list())
output <- real("output"); weights <- matrix(output, n, 1); table <- matrix(real("table"), m, kinds)
begun <- proc.time()
found <- GL_cascade_dynamics_cpp(down, up, psi, psi, n, m, arguments[3] == "1", of, weights, as.numeric(arguments[4]), 16,
  whole("sector"), output, of, FALSE, FALSE, TRUE, 1, none, output, output, 0:(m - 1), whole("kind"), table)
taken <- proc.time() - begun
answer <- matrix(0, found@Dim[1], found@Dim[2])
for (j in seq_len(ncol(answer))) { a <- found@p[j] + 1; b <- found@p[j + 1]
  if (b >= a) answer[found@i[a:b] + 1, j] <- found@x[a:b] }
writeBin(as.vector(t(answer)), file.path(folder, "answer"))
writeBin(taken[["user.self"]] + taken[["sys.self"]], file.path(folder, "seconds"))
"""


def draw_network(firms: int, links: int, table: np.ndarray[Any, Any] | None = None, seed: int = 1) -> FirmNetwork:
    """Draw a network with heavy tails; the table of essentiality is drawn too where none is given."""
    numbers = np.random.default_rng(seed)
    sector = (_SECTORS * numbers.random(firms) ** 1.5).astype(np.int64)
    sector[:_SECTORS] = np.arange(_SECTORS)
    ranks = np.arange(1, firms + 1)
    out = (ranks**-0.6)[numbers.permutation(firms)]
    inward = (ranks**-0.5)[numbers.permutation(firms)]
    chances = [np.cumsum(out / out.sum()), np.cumsum(out / out.sum() + inward / inward.sum())]
    pairs = np.empty(0, np.int64)
    while len(pairs) < links:
        sellers, buyers = (np.searchsorted(chance / chance[-1], numbers.random(links)) for chance in chances)
        apart = sellers != buyers
        pairs = np.unique(np.concatenate([pairs, sellers[apart] * firms + buyers[apart]]))
    pairs = np.sort(numbers.permutation(pairs)[:links])
    if table is None:
        columns = numbers.choice(3, (_SECTORS, 56), p=np.array([269_204, 45_013, 65_239]) / _SECTORS**2)
        table = columns[:, numbers.integers(0, 56, _SECTORS)]
    return firm_network(pairs // firms, pairs % firms, numbers.lognormal(7, 1.5, links), sector, table)


class Peer:
    """fastcascade, built in a scratch folder and run by R in a process of its own."""

    def __init__(self, clone: Path, scratch: Path) -> None:
        self._library, self._scratch = scratch / "library", scratch
        self._library.mkdir(parents=True, exist_ok=True)
        for name in ("fastcascade", "GLcascade"):
            with tarfile.open(clone / f"{name}_0.9.3.1.tar.gz") as archive:
                archive.extractall(scratch, filter="data")
        if not (self._library / "fastcascade").exists():
            subprocess.run(["R", "CMD", "INSTALL", "-l", str(self._library), str(scratch / "fastcascade")], check=True)
        (scratch / "driver.R").write_text(_DRIVER)

    def table(self) -> np.ndarray[Any, Any]:
        """GLcascade's essentiality of 616 sectors."""
        file, target = self._scratch / "GLcascade" / "data" / "ess_mat_n4_ihs.rda", self._scratch / "table.bin"
        code = f'writeBin(as.integer(as.vector(get(load("{file}")))), "{target}")'
        subprocess.run(["Rscript", "-e", code], check=True, stdout=subprocess.DEVNULL)
        return np.fromfile(target, np.int32).reshape(_SECTORS, _SECTORS).T


def _write(folder: Path, name: str, rows: Any, columns: Any, values: Any, count: int) -> None:
    order = np.lexsort((rows, columns))
    np.asarray(rows, np.int32)[order].tofile(folder / f"{name}.i")
    np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=count))]).astype(np.int32).tofile(folder / f"{name}.p")
    np.asarray(values, np.float64)[order].tofile(folder / f"{name}.x")


def peer_runs(peer: Peer, network: FirmNetwork, failing: Any, *, replaceability: bool) -> tuple[Any, Any, float]:
    """Run the peer: index (both, down, up) and steps of each failure; processor time in all."""
    folder = peer._scratch / "exchange"  # noqa: SLF001
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    firms, sectors = network.firms, len(network.essentiality)
    seller, buyer = network.seller.astype(np.int64), network.buyer.astype(np.int64)
    kind = network.essentiality[network.sector[seller], network.sector[buyer]]
    group = buyer * sectors + network.sector[seller]
    _, number = np.unique(group, return_inverse=True)
    essential = network.sales / np.bincount(number, network.sales)[number]
    down = np.where(kind == 2, essential, np.where(kind == 1, network.sales / network.purchases[buyer], 0.0))
    _write(folder, "down", seller, buyer, down, firms)
    _write(folder, "up", seller, buyer, network.sales / network.output[seller], firms)
    _write(folder, "psi", failing, np.arange(len(failing)), np.ones(len(failing)), len(failing))
    _write(folder, "of", np.arange(firms), network.sector, np.ones(firms), sectors)
    columns, column_of = np.unique(network.essentiality, axis=1, return_inverse=True)
    np.array([firms, sectors, len(failing), columns.shape[1]], np.int32).tofile(folder / "sizes")
    columns.T.astype(np.float64).tofile(folder / "table")
    column_of.reshape(-1)[network.sector].astype(np.int32).tofile(folder / "kind")
    network.sector.astype(np.int32).tofile(folder / "sector")
    network.output.tofile(folder / "output")
    command = ["Rscript", str(peer._scratch / "driver.R"), str(peer._library), str(folder), str(int(replaceability)), "0.01"]  # noqa: SLF001
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    answer = np.fromfile(folder / "answer").reshape(len(failing), 6)
    return answer[:, :3], answer[:, 5].astype(np.int64), float(np.fromfile(folder / "seconds")[0])


def _built(network: FirmNetwork) -> tuple[BuiltFirms, Any]:
    built = built_of(network, "compiled")
    return built, placed(weights_of(network, None), built)


def _timed(
    network: FirmNetwork, built: BuiltFirms, weight: Any, failing: Any, *, replaceability: bool
) -> tuple[float, int, Endings]:
    limits = Limits(replaceability, False, 0.01, 0.0, network.firms, time.monotonic() + 36_000)  # noqa: FBT003
    shocks = single_failures(failing).arrays
    since = time.process_time()
    reference, _ = cascades(built, weight, shocks, limits)
    taken = time.process_time() - since
    return taken, int(reference.steps.sum()), reference


def _equal(peer: Peer | None, table: Any, ways: tuple[bool, ...]) -> None:
    if peer is None:
        print("equal: needs --peer")
        return
    network = draw_network(10_000, 100_000, table)
    failing = np.concatenate([np.argsort(-network.output)[:4], np.random.default_rng(5).integers(0, 10_000, 16)])
    for replaceability in ways:
        index, steps, seconds = peer_runs(peer, network, failing, replaceability=replaceability)
        found = systemic(network, single_failures(failing), replaceability=replaceability, converged=False).reference
        apart = np.abs(index - np.column_stack([found.total, found.down, found.up])).max()
        same = bool((steps == found.steps).all())
        print(
            f"equal, replaceability {replaceability}: {len(failing)} failures, {steps.sum()} steps, same steps {same}, "
            f"largest difference {apart:.1e}; peer {1e3 * seconds / steps.sum():.0f} ms a step"
        )


def _steps(peer: Peer | None, network: FirmNetwork, runs: int, *, ways: tuple[bool, ...]) -> None:
    built, weight = _built(network)
    largest = np.argsort(-network.output)
    for replaceability in ways:
        _timed(network, built, weight, largest[:9], replaceability=replaceability)  # compiles
        alone = [_timed(network, built, weight, largest[:1], replaceability=replaceability) for _ in range(runs)]
        lanes = [_timed(network, built, weight, largest[:64], replaceability=replaceability) for _ in range(runs)]
        single, many = (min(taken / steps for taken, steps, _ in each) for each in (alone, lanes))
        line = (
            f"steps, replaceability {replaceability}: alone {1e3 * single:.2f} ms, lanes {1e3 * many:.2f} ms a step and shock"
        )
        if peer is not None:
            index, steps, seconds = peer_runs(peer, network, largest[:1], replaceability=replaceability)
            theirs, mine = seconds / steps.sum(), alone[0][2]
            line += (
                f"; peer {1e3 * theirs:.0f} ms a step ({steps.sum()} steps; ours {mine.steps[0]}; index apart by "
                f"{abs(index[0, 0] - mine.total[0]):.1e}): {theirs / single:.0f} times, {theirs / many:.0f} times in lanes"
            )
        print(line, flush=True)


def _failures(network: FirmNetwork, count: str) -> None:
    firms = np.arange(network.firms)
    chosen = firms if count == "all" else np.sort(np.random.default_rng(7).choice(firms, int(count), replace=False))
    built, weight = _built(network)
    _timed(network, built, weight, chosen[:9], replaceability=True)
    taken, steps, _ = _timed(network, built, weight, chosen, replaceability=True)
    each = taken / len(chosen)
    print(
        f"failures: {len(chosen)} firms, {steps / len(chosen):.2f} steps each, {1e3 * each:.2f} ms each, "
        f"{each * network.firms / 60:.1f} core-minutes for all {network.firms}"
    )


def _converged(network: FirmNetwork) -> None:
    chosen = np.concatenate([np.argsort(-network.output)[:1], np.random.default_rng(9).integers(0, network.firms, 2)])
    for firm in chosen:
        since = time.process_time()
        answer = systemic(network, single_failures([firm]), seconds=600.0)
        assert answer.converged is not None
        print(
            f"converged: firm {firm}, {answer.reference.total[0]:.3e} after {answer.reference.steps[0]} steps, "
            f"{answer.converged.total[0]:.3e} after {answer.converged.steps[0]}, error {answer.converged.error[0]:.1e}, "
            f"stopped {answer.converged.stopped[0]}, {time.process_time() - since:.1f} s"
        )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser("python -m benchmarks.firm_cascade")
    parser.add_argument("--scratch", type=Path, required=True, help="a folder for what the benchmark makes")
    parser.add_argument("--peer", type=Path, help="a checkout of ch-diem/misestimation_from_aggregation")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--failures", default="2000", help="how many, or all")
    parser.add_argument("--firms", type=int, default=100_000)
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="with replaceability only, and no run to the end: what takes the peer long is left out",
    )
    names = ("equal", "steps", "failures", "converged")
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of {', '.join(names)}; all by default")
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    options.scratch.mkdir(parents=True, exist_ok=True)
    peer = Peer(options.peer, options.scratch) if options.peer else None
    table = peer.table() if peer else None
    ways = (True,) if options.quick else (True, False)
    asked = options.what or (names[:3] if options.quick else names)
    if "equal" in asked:
        _equal(peer, table, ways)
    network = draw_network(options.firms, options.links, table)
    if "steps" in asked:
        _steps(peer, network, options.runs, ways=ways)
    if "failures" in asked:
        _failures(network, options.failures)
    if "converged" in asked:
        _converged(network)


if __name__ == "__main__":
    main()
