"""``freehold systemic``: what one firm's failure takes with it. Owns its flags, and which of three questions they ask.

Cascades over links; the table of inputs that the links make; linear programs over plants and products.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold.cli.systemic_journal import Asked, kept_answer
from freehold.errors import Finding, UsageError

if TYPE_CHECKING:
    from freehold.firms import Firms
    from freehold.measure.firm_shocks import Shock
    from freehold.measure.systemic import FirmLevels, SystemicAnswer

__all__ = ["add_arguments", "run"]

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_INTERRUPTED: Final = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument("links", metavar="LINKS", help="who sells how much to whom: supplier,buyer,value; CSV or Parquet")
    parser.add_argument(
        "--firms", metavar="FILE",
        help="firm, and any of name, sector, country, output, weight, revenue, costs, final_demand, labour",
    )  # fmt: skip
    parser.add_argument("--most", metavar="N", type=int, default=20, help="rows to show (default 20); --full shows all")
    parser.add_argument(
        "--time", metavar="SECONDS", default="60", help="most time; what was done by then is shown (default 60)"
    )
    group = parser.add_argument_group("cascades")
    group.add_argument(
        "--essentiality", metavar="FILE", default="1",
        help="what goods of a sector are to another: supplying,using,value (0 negligible, 1 non-essential, 2 essential) or a "
        "square table; or one of 0, 1, 2 for every pair (default 1)",
    )  # fmt: skip
    group.add_argument(
        "--shock", metavar="FIRM[=PART]", action="append", default=[],
        help="a firm that stops, or loses a part such as 0.4; several make one shock; without any, each firm alone",
    )  # fmt: skip
    group.add_argument(
        "--country", metavar="CC", action="append", default=[], help="every firm of a country or a group, in the same shock"
    )
    group.add_argument(
        "--mode", choices=("both", "compatible", "converged"), default="both",
        help="stop as the reference program does, run to the end, or both and the gap (default)",
    )  # fmt: skip
    group.add_argument(
        "--replaceability", choices=("on", "off"), default="on", help="whether the rest of a market replaces a small supplier"
    )
    group.add_argument(
        "--epsilon", metavar="PART", default="0.01", help="fall of a level under which the reference stops (default 0.01)"
    )
    group.add_argument(
        "--memory", metavar="SIZE", default="1G", help="most memory beside the network, such as 500M (default 1G)"
    )
    group.add_argument("--workers", metavar="N", type=int, help="how many work at once (default: one a processor)")
    group.add_argument(
        "--journal", metavar="FILE", help="keep finished batches there; after a kill, the same command goes on from them"
    )
    group = parser.add_argument_group("the table of inputs")
    group.add_argument(
        "--inputs", metavar="BY", choices=("firm", "sector", "country", "country-sector"),
        help="multipliers, face value, look-through, origin of value added, extraction; a row a firm, sector, country, or "
        "country-sector",
    )  # fmt: skip
    group.add_argument("--home", metavar="LIST", help="countries or groups that are home; by default, to each row its own")
    group.add_argument(
        "--demand", metavar="ROW=AMOUNT", action="append", default=[], help="another final demand of a row; repeatable"
    )
    group = parser.add_argument_group("plants and products")
    group.add_argument("--plants", metavar="FILE", help="plant, capacity a period, and any of recover, stock, name")
    group.add_argument("--products", metavar="FILE", help="product, demand a period, and any of loss (a unit), stock, name")
    group.add_argument("--periods", metavar="N", help="how long a loss lasts, instead of the plants' times to recover")


def run(options: argparse.Namespace) -> int:
    """Answer, and show the answer.

    Raises
    ------
    freehold.errors.FreeholdError
        If a file is not sound, a flag makes no sense, or something that is named is not there.
    """
    if options.most < 1:
        raise UsageError(f"--most {options.most}: at least 1 row is shown.")
    if (options.plants is None) != (options.products is None):
        lacking = "--products" if options.products is None else "--plants"
        raise UsageError(f"{lacking} is missing: plants and products are asked about together.")
    _see_one_question(options)
    if options.plants is not None:
        return _plants(options)
    return _inputs(options) if options.inputs is not None else _cascades(options)


def _see_one_question(options: argparse.Namespace) -> None:
    """Refuse flags of another question than the one asked, since they would do nothing."""
    cascades = [
        ("--essentiality", options.essentiality != "1"), ("--country", options.country), ("--mode", options.mode != "both"),
        ("--replaceability", options.replaceability != "on"), ("--epsilon", options.epsilon != "0.01"),
        ("--journal", options.journal is not None), ("--workers", options.workers is not None),
        ("--memory", options.memory != "1G"),
    ]  # fmt: skip
    inputs = [("--inputs", options.inputs is not None), ("--home", options.home is not None), ("--demand", options.demand)]
    plants, shock = [("--plants", options.plants is not None)], [("--shock", options.shock)]
    periods, firms = [("--periods", options.periods is not None)], [("--firms", options.firms is not None)]
    if options.plants is not None:
        what, wrong = "--plants", cascades + inputs + firms
    elif options.inputs is not None:
        what, wrong = "--inputs", cascades + plants + shock + periods
    else:
        what, wrong = "cascades", inputs + periods
    given = [flag for flag, is_given in wrong if is_given]
    if given:
        other = "--inputs" if what == "cascades" and given[0] in ("--home", "--demand") else "--plants"
        mend = f"Add {other}, or leave it out." if what == "cascades" else "Leave it out."
        raise UsageError(f"{given[0]} does nothing with {what}. {mend}")


def _cascades(options: argparse.Namespace) -> int:
    from freehold.cli.output import show
    from freehold.cli.speech import progress
    from freehold.report.answers import Context
    from freehold.report.systemic_answers import CascadeAnswer, FirmNames

    seconds, epsilon = _seconds(options), _number(options.epsilon, "--epsilon", most=1.0)
    memory, workers = _memory(options.memory), _workers(options)
    essentiality: Any = int(options.essentiality) if options.essentiality in ("0", "1", "2") else options.essentiality
    firms = _read(options, essentiality)
    until = time.monotonic() + seconds
    with progress("putting links in order …"):
        network, weights = firms.network, firms.weights
    _note(firms.sector_findings)
    how = {"replaceability": options.replaceability == "on", "eps": epsilon, "weights": weights}
    shocks, places = _asked(options, firms)
    asked = Asked(network, shocks, how, options.mode != "compatible", until)
    found, levels = None, None
    if options.journal is not None:
        found = kept_answer(asked, options.journal, workers, memory)
        if found is None:
            return _INTERRUPTED
    if places is None:
        levels = _levels(asked)
        found = levels.answer if found is None else found
    elif found is None:
        found = _computed(asked, workers, memory)
    tables, mode = firms.tables, options.mode
    names = FirmNames(tables.firms, tables.names, tables.sectors, tables.countries)
    answer = CascadeAnswer(options.links, names, found, mode, places, levels, weights is not None, options.most)
    show(options, answer, Context(path=options.links))
    return 0


def _asked(options: argparse.Namespace, firms: Firms) -> tuple[Sequence[Shock], tuple[int, ...] | None]:
    """The shocks, and the firm of each where each is the failure of one."""
    import numpy as np

    from freehold.measure.firm_shocks import single_failures

    if options.shock or options.country:
        return [firms.shock([_part(text) for text in options.shock], options.country)], None
    # the largest first: if time runs out, what is left is small
    size = firms.network.output if firms.weights is None else firms.weights
    order = np.lexsort((np.arange(len(size)), -size))
    places = tuple(order.tolist())
    return single_failures(order, [firms.ids[one] for one in places]), places


def _levels(asked: Asked) -> FirmLevels:
    from freehold.cli.speech import progress
    from freehold.measure.systemic import firm_levels

    with progress("computing …"):
        return firm_levels(
            asked.network, asked.shocks[0], converged=asked.to_the_end, seconds=asked.until - time.monotonic(), **asked.how
        )  # fmt: skip


def _computed(asked: Asked, workers: int, memory: int) -> SystemicAnswer:
    from freehold.cli.progress_bar import progress_bar
    from freehold.measure.systemic import MANY, systemic

    size = len(asked.shocks)
    with progress_bar(2 * size if asked.to_the_end and size > MANY else size) as advance:
        return systemic(
            asked.network, asked.shocks, converged=asked.to_the_end, seconds=asked.until - time.monotonic(), workers=workers,
            memory=memory, progress=advance, **asked.how,
        )  # fmt: skip


def _workers(options: argparse.Namespace) -> int:
    from freehold.scale.pools import cores

    workers = cores() if options.workers is None else int(options.workers)
    if workers < 1:
        raise UsageError(f"--workers {workers}: at least 1 works.")
    return workers


def _inputs(options: argparse.Namespace) -> int:
    from freehold.cli.output import show
    from freehold.cli.speech import progress
    from freehold.measure.leontief import inputs
    from freehold.report.answers import Context
    from freehold.report.systemic_answers import TableAnswer

    seconds = _seconds(options)
    demand = dict(_row(text) for text in options.demand)
    home = _home(options.home)
    firms = _read(options, 1)
    with progress("computing …"):
        table = firms.input_table(options.inputs)
        found = inputs(table, home, demand=demand or None, seconds=seconds)
    show(options, TableAnswer(options.links, options.inputs, found, options.most), Context(path=options.links))
    return 0


def _plants(options: argparse.Namespace) -> int:
    from freehold.cli.extras import needs_extra
    from freehold.cli.output import show
    from freehold.cli.speech import progress
    from freehold.firms import read_plants
    from freehold.measure.exposure_program import Scenario, exposure
    from freehold.report.answers import Context
    from freehold.report.systemic_answers import PlantsAnswer

    with needs_extra("systemic", "linear programs need"):
        import scipy.optimize  # noqa: F401  so that it is told before anything is read
    seconds = _seconds(options)
    periods = None if options.periods is None else _number(options.periods, "--periods")
    network = read_plants(options.links, options.plants, options.products)
    if options.shock:
        lost = dict(_part(text) for text in options.shock)
        scenarios = [Scenario(" + ".join(lost), lost, periods)]
    else:
        scenarios = [Scenario(one.id, {one.id: 1.0}, periods) for one in network.plants]
    with progress("computing …"):
        found = exposure(network, scenarios, seconds=seconds)
    show(options, PlantsAnswer(options.links, found, options.most), Context(path=options.links))
    return 0


def _read(options: argparse.Namespace, essentiality: Any) -> Firms:
    """The firms, and on standard error what there is to note about them."""
    from freehold.cli.speech import progress
    from freehold.firms import read_firms

    if isinstance(essentiality, str) and not Path(essentiality).is_file():
        raise UsageError(f"--essentiality {essentiality} is no file. Name one, or one of 0, 1, 2 for every pair.")
    with progress(f"reading {options.links} …"):
        firms = read_firms(options.links, options.firms, essentiality)
    _note(firms.tables.findings)
    return firms


def _note(findings: Sequence[Finding]) -> None:
    from freehold.cli.speech import tell

    for finding in findings:
        tell(f"freehold: note: {finding}")


def _part(text: str) -> tuple[str, float]:
    """A firm and the part of it that is lost; an equals sign may be in its id."""
    firm, sign, part = text.rpartition("=")
    if not sign:
        return text, 1.0
    return firm, _number(part, f"--shock {text}", most=1.0)


def _row(text: str) -> tuple[str, float]:
    row, sign, amount = text.rpartition("=")
    if not sign or not row:
        raise UsageError(f"--demand: '{text}' is not ROW=AMOUNT, such as --demand steel=600.")
    return row, _number(amount, f"--demand {text}")


def _home(text: str | None) -> tuple[str, ...]:
    from freehold.stack.countries import expand, is_region

    codes = [] if text is None else [part.strip().upper() for part in text.split(",") if part.strip()]
    strange = [code for code in codes if not is_region(code)]
    if strange or (text is not None and not codes):
        raise UsageError(f"--home: '{', '.join(strange)}' is no country and no group. Write two letters such as DE, or EU.")
    return tuple(sorted(expand(codes))) if codes else ()


def _number(text: str, flag: str, most: float = math.inf) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and 0 <= value <= most):
        upper = "" if math.isinf(most) else f" to {most:g}"
        raise UsageError(f"{flag}: '{text}' is no number from 0{upper}.")
    return value


def _seconds(options: argparse.Namespace) -> float:
    value = _number(options.time, "--time")
    if value == 0:
        raise UsageError("--time 0: nothing can be done in no time. Give some seconds.")
    return value


def _memory(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    size = 0 if found is None else int(float(found[1]) * _UNITS[found[2].lower()])
    if size < 1 << 20:
        raise UsageError(f"--memory: '{text}' is no size of at least 1M. Write one such as 500M or 2G.")
    return size
