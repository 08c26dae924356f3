"""``freehold sweep``: many cut-offs, or samples of what may be. Owns its arguments, and brings pool and question together."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.errors import UsageError
from freehold.words import say

if TYPE_CHECKING:
    from freehold.measure.sweep_outlook import Question
    from freehold.measure.sweep_question import Arrays
    from freehold.measure.sweep_scenarios import Scenarios
    from freehold.scale.journal import Journal
    from freehold.settings import Settings
    from freehold.stack.cutoff import Cutoff
    from freehold.stack.values import Stack

__all__ = ["add_arguments", "run"]

_INTERRUPTED: Final = 130
_SIZE: Final = re.compile(r"([0-9]{1,12})([kMGT])(?:B|iB)?")
_FILES: Final = (".toml", ".csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that only this command has; the flags of a cut-off come beside them."""
    parser.add_argument(
        "scenarios", metavar="SCENARIOS", nargs="?",
        help="a TOML file ([[cutoff]], [[uncertain]], [[event]]), a CSV file (a rule a row), or a folder of such files",
    )  # fmt: skip
    group = parser.add_argument_group("many cut-offs")
    group.add_argument("--each", metavar="WHAT", help="a cut-off for each provider, owner, country or item")
    group = parser.add_argument_group("what may be (Monte Carlo)")
    group.add_argument("--samples", metavar="N", type=int, help="draw so many samples of what is uncertain")
    group.add_argument("--seed", metavar="S", type=int, default=1, help="of the random numbers (default 1)")
    group.add_argument(
        "--probability", metavar="ID=P", action="append", default=[],
        help="probability a year of the loss of a provider or a country, such as US=0.02; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--common-factor", metavar="R", type=float, default=0.0,
        help="part of what brings losses about that all have in common, 0 to 1 (default 0)",
    )  # fmt: skip
    group.add_argument("--keep-unknown", action="store_true", help="draw no unknown facts: they stay between worst and best")
    group.add_argument(
        "--confidence", metavar="P", type=float, default=0.95, help="of value at risk and expected shortfall (default 0.95)"
    )
    parser.add_argument(
        "--day", metavar="DAY", default="30", help="the day that ranks, and that is to be narrowed (default 30)"
    )
    parser.add_argument("--days", metavar="LIST", help="days to report (default 0,7,30,90,365,1095)")
    parser.add_argument("--floor", metavar="LEVEL", help="level under which an item has stopped (default 0.5)")
    parser.add_argument(
        "--kernel", choices=("auto", "plain", "compiled"), default="auto", help="how it is computed; the answer is the same"
    )
    group = parser.add_argument_group("where it runs; the answer is the same")
    group.add_argument("--workers", metavar="N", type=int, help="how many at once (default: one a processor)")
    group.add_argument(
        "--ray", metavar="ADDRESS", nargs="?", const="", help="on a cluster of Ray; without an address on one started here"
    )
    group.add_argument("--journal", metavar="FILE", help="keep what is finished there, and go on from it after an end")
    group.add_argument("--memory", metavar="SIZE", default="2G", help="memory of all workers together (default 2G)")


def run(options: argparse.Namespace) -> int:
    """Answer, and show the answer.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or nothing is.
    """
    from freehold.cli.flags import cutoff_from, day_from
    from freehold.cli.loading import load

    memory = _memory(options.memory)
    day = day_from(options.day, "--day")
    if options.workers is not None and options.workers < 1:
        raise UsageError(f"--workers: {options.workers} work nothing out. Give 1 or more.")
    loaded, settings = load(options)
    scenarios = _scenarios(options, loaded.stack)
    cut = cutoff_from(options, loaded.stack)
    if options.samples is None:
        _see_no_samples_are_meant(options, scenarios)
        return _cutoffs(options, loaded.stack, _all_cuts(options, loaded.stack, scenarios, cut), settings, day, memory)
    if options.each is not None:
        raise UsageError("--each lists cut-offs, and --samples draws what may be. Leave one of them out.")
    return _samples(options, loaded.stack, _question(options, loaded.stack, scenarios, cut, settings, day), memory)


def _memory(text: str) -> float:
    match = _SIZE.fullmatch(text.strip())
    size = int(match[1]) * 1000.0 ** ("kMGT".index(match[2]) + 1) if match else 0.0
    if size <= 0:
        raise UsageError(f"--memory: '{text}' is no size. Write 500M or 2G.")
    return size


def _see_no_samples_are_meant(options: argparse.Namespace, scenarios: Scenarios) -> None:
    flags = [
        flag for flag, given in (("--probability", options.probability), ("--keep-unknown", options.keep_unknown)) if given
    ]
    if flags or ((scenarios.uncertain or scenarios.events) and not scenarios.cutoffs):
        raise UsageError(f"{flags[0] if flags else 'what is uncertain'} needs --samples N, such as --samples 10000.")


def _scenarios(options: argparse.Namespace, stack: Stack) -> Scenarios:
    from freehold import work
    from freehold.measure.cutoff import check_cutoff
    from freehold.measure.sweep_scenarios import Scenarios, check_scenarios

    found = Scenarios()
    if options.scenarios is None:
        return found
    path = Path(options.scenarios)
    files = sorted(one for one in path.iterdir() if one.suffix.lower() in _FILES) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"{path} holds no scenario: no file that ends in .toml or .csv.")
    for file in files:
        found += _read(file)
    for cut in found.cutoffs:
        check_cutoff(stack, cut)
    work.check_providers(stack, [rule for cut in found.cutoffs for rule in cut.rules])
    check_scenarios(stack, found)
    return found


def _read(file: Path) -> Scenarios:
    from freehold.measure.sweep_scenarios import scenarios_from_csv, scenarios_from_toml
    from freehold.read.interface import read_text

    text = read_text(file)
    return (
        scenarios_from_csv(text, str(file))
        if file.suffix.lower() == ".csv"
        else scenarios_from_toml(text, str(file), file.stem)
    )


def _all_cuts(options: argparse.Namespace, stack: Stack, scenarios: Scenarios, cut: Cutoff | None) -> Sequence[Cutoff]:
    from freehold.cli.flags import via_from
    from freehold.measure.sweep import MOST_CUTOFFS, cutoffs_of_each
    from freehold.stack.cutoff import Cutoff

    cuts = list(scenarios.cutoffs)
    if options.each is not None:
        each = cutoffs_of_each(stack, options.each, via_from(options), cover="void" if options.revoke else "keep")
        cuts += [Cutoff(one.rules, one.name, one.notice, options.stake) for one in each]
    cuts += [cut] if cut is not None else []
    if not cuts and options.each is None:
        raise UsageError("nothing is cut. Name a file of SCENARIOS, --each provider, or --samples N for what may be.")
    if len(cuts) > MOST_CUTOFFS:
        raise UsageError(f"{len(cuts)} cut-offs are more than {MOST_CUTOFFS}. Give them in parts.")
    return cuts


def _question(
    options: argparse.Namespace, stack: Stack, scenarios: Scenarios, cut: Cutoff | None, settings: Settings, day: float
) -> Question:
    from freehold.cli.flags import via_from
    from freehold.measure.cutoff import DAYS, FLOOR
    from freehold.measure.sweep_outlook import ask_outlook
    from freehold.measure.sweep_scenarios import Scenarios, check_scenarios, event_from
    from freehold.measure.uncertain import Event
    from freehold.stack.cutoff import Cutoff, Rule

    cuts = [*scenarios.cutoffs, *([cut] if cut is not None else [])]
    if len(cuts) > 1:
        raise UsageError(f"--samples asks about one cut-off, and {len(cuts)} are given. Leave all but one out.")
    via = via_from(options)
    stated = [*scenarios.events, *(event_from(text, stack, via) for text in options.probability)]
    check_scenarios(stack, Scenarios(events=tuple(stated)))
    named = {event.id for event in stated if event.selector == "provider"}
    own = [
        Event("provider", one.id, float(one.probability), via)
        for one in stack.providers
        if isinstance(one.probability, int | float) and one.probability > 0 and one.id not in named
    ]
    events = [*stated, *own]
    if not cuts:
        # without losses the question is how self-reliant the stack is
        cuts = [
            Cutoff((), "nothing")
            if events
            else Cutoff((Rule(foreign=True, via=via),), say("cutoff.selector_foreign"), 0.0, options.stake)
        ]
    return ask_outlook(
        stack, cuts[0], stated=scenarios.uncertain, events=events, common=options.common_factor,
        draws_unknown=not options.keep_unknown, days=settings.days or DAYS, day=day, floor=settings.floor or FLOOR,
        samples=options.samples, seed=options.seed, confidence=options.confidence, strict=options.strict, kernel=options.kernel,
    )  # fmt: skip


def _cutoffs(
    options: argparse.Namespace, stack: Stack, cuts: Sequence[Cutoff], settings: Settings, day: float, memory: float
) -> int:
    from freehold import work
    from freehold.cli.output import show
    from freehold.measure.cutoff import DAYS, FLOOR, check_days
    from freehold.measure.sweep import CUTOFF_WORK, cutoff_batches, sweep_answer, sweep_shared
    from freehold.measure.sweep_question import batch_size
    from freehold.report.answers import context_of

    days, floor = check_days([*(settings.days or DAYS), day]), settings.floor or FLOOR
    shared = sweep_shared(stack, days, floor, strict=options.strict, kernel=options.kernel)
    size = batch_size(stack, days, memory, _workers(options))
    results = _run(options, CUTOFF_WORK, shared, cutoff_batches(cuts, size), -(-len(cuts) // size))
    if results is None:
        return _INTERRUPTED
    answer = sweep_answer(stack, cuts, results, days, floor, day)
    worst = answer.swept[0].cutoff if answer.swept else None
    unknowns = work.unknowns_of(stack, worst, strict=options.strict)
    show(options, answer, context_of(
        stack, unknowns, edition=work.catalogue().edition, cutoff=worst, path=options.stack, strict=options.strict,
    ))  # fmt: skip
    return 0


def _samples(options: argparse.Namespace, stack: Stack, question: Question, memory: float) -> int:
    from freehold import work
    from freehold.cli.output import show
    from freehold.measure.sweep_outlook import outlook_answer
    from freehold.measure.sweep_question import batch_size
    from freehold.measure.sweep_samples import SAMPLE_WORK, sample_batches
    from freehold.report.answers import context_of

    size = batch_size(stack, question.days, memory, _workers(options))
    count = question.samples
    kept = 16.0 * count * (len(question.days) + question.outlook.width)
    if kept > memory:
        raise UsageError(
            f"--samples: {count} samples take {math.ceil(kept / 1e6)} MB, more than --memory {options.memory}. "
            "Give fewer samples, fewer --days, or more memory."
        )
    results = _run(options, SAMPLE_WORK, question.shared, sample_batches(count, size), -(-count // size))
    if results is None:
        return _INTERRUPTED
    answer = outlook_answer(question, results)
    cut = question.cut if question.cut.rules else None
    show(options, answer, context_of(
        stack, answer.left, edition=work.catalogue().edition, cutoff=cut, path=options.stack, strict=options.strict,
    ))  # fmt: skip
    return 0


def _workers(options: argparse.Namespace) -> int:
    from freehold.scale.pools import cores

    return int(options.workers) if options.workers is not None else cores()


def _run(
    options: argparse.Namespace, work_name: str, shared: Arrays, batches: Iterable[Arrays], total: int
) -> tuple[Arrays, ...] | None:
    """All results in order; ``None`` if it was interrupted."""
    from freehold.cli.progress_bar import progress_bar
    from freehold.cli.speech import tell
    from freehold.measure.sweep import VERSION
    from freehold.scale.in_process_pool import InProcessPool
    from freehold.scale.interface import Batch
    from freehold.scale.journal import open_journal
    from freehold.scale.pools import choose_pool
    from freehold.scale.run import run as run_batches
    from freehold.words import say

    done = 0

    def count(finished: int) -> None:
        nonlocal done
        done = finished
        advance(finished)

    def numbered() -> Iterator[Batch]:
        return (Batch(number, arrays) for number, arrays in enumerate(batches))

    note: Callable[[str], None] = lambda text: tell(f"freehold: note: {text}")  # noqa: E731
    journal = open_journal(options.journal, note) if options.journal else None
    # one batch needs no second process
    asked = choose_pool(options.workers, options.ray)
    pool = InProcessPool() if total <= 1 and options.ray is None else asked
    try:
        with journal or nullcontext(), pool, progress_bar(total) as advance:
            if journal is not None:
                _tell_of_others(journal, work_name, shared, note)
            finished = run_batches(
                pool, work_name, shared, numbered(), version=VERSION, journal=journal, progress=count
            )  # fmt: skip
    except KeyboardInterrupt:
        key = "interrupted" if options.journal else "interrupted_lost"
        tell("freehold: " + say(f"sweep.{key}", done=done, total=total, file=options.journal), "error")
        return None
    if finished.found:
        note(say("sweep.found", found=finished.found, total=total, file=options.journal))
    return finished.results


def _tell_of_others(journal: Journal, work_name: str, shared: Arrays, note: Callable[[str], None]) -> None:
    from freehold.measure.sweep import VERSION
    from freehold.words import say

    question = journal.question(work_name, VERSION, shared)
    others = journal.others(question)
    if others and not journal.kept(question):
        note(say("sweep.other_question", file=journal.path, count=others))
