"""One function a command: read, ask, show. Owns nothing that :mod:`freehold.work` could own."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold import work
from freehold.cli import chokepoints, evidence, gateway, provision, respond, rules, schemes, signal, watch
from freehold.cli.flags import cutoff_from, day_from, meanings_from, redaction_from, settings_from, via_from, view_flags
from freehold.cli.loading import context as _context
from freehold.cli.loading import load as _load
from freehold.cli.output import rendered, show, write
from freehold.cli.speech import progress, tell
from freehold.errors import UsageError
from freehold.log import log
from freehold.settings import Settings
from freehold.words import day as show_day
from freehold.words import percent, say

if TYPE_CHECKING:
    pass

__all__ = ["COMMANDS"]

_MACHINE_FILE: Final = "machine.toml"
"""What the page of a machine calls the stack that ``freehold scan --machine -o`` is to write for further questions."""


def _days(options: argparse.Namespace, settings: Settings) -> tuple[tuple[float, ...], float]:
    """Days asked, with the day of the threshold among them if there is one, and that day."""
    from freehold.measure.cutoff import DAYS

    days = settings.days or DAYS
    limit = day_from(options.fail_day, "--fail-day")
    if options.fail_under is not None and not 0 <= options.fail_under <= 1:
        raise UsageError(f"--fail-under: {options.fail_under} is not between 0 and 1.")
    return (tuple(sorted({*days, limit})) if options.fail_under is not None else days), limit


def _status(options: argparse.Namespace, days: tuple[float, ...], low: tuple[float, ...], limit: float) -> int:
    if options.fail_under is None:
        return 0
    level = low[days.index(limit)]
    if level >= options.fail_under - 1e-9:
        return 0
    said = say("threshold.missed", day=show_day(limit), level=percent(level), asked=percent(options.fail_under))
    tell(f"freehold: {said}")
    return 1


def _one_thing(options: argparse.Namespace, settings: Settings) -> None:
    """See what is to be read: a path, the machine itself, or what the settings name.

    The page of a machine names, for further questions, a file that its scan can be written to.
    """
    if options.machine and options.stack is not None:
        raise UsageError(
            "both a PATH and --machine are given. Name a PATH to read, or --machine for the machine that this runs on."
        )
    options.stack = _MACHINE_FILE if options.machine else options.stack or settings.stack
    if options.stack is None:
        raise UsageError(
            "neither a PATH nor --machine is given. Name what to read, such as . for this folder; freehold init keeps one."
        )


def _check(options: argparse.Namespace) -> int:
    from freehold.cli.kept_page import kept_page, page_key, quick_content, whole_content
    from freehold.store.cache import keep_answer

    settings = settings_from(options)
    _one_thing(options, settings)
    key = None if options.no_cache else page_key(options, settings, quick_content(options))
    told = kept_page(key)
    if told is None:
        loaded, _ = _load(options)
        if key is None and not options.no_cache:
            key = page_key(options, settings, whole_content(loaded))
            told = kept_page(key)
    if told is None:
        page = _page(options, loaded, settings)
        if key:
            keep_answer(key, page)
        told = json.loads(page)
    else:
        log("kept page used", key=key)
    write(options.output, told["text"])
    return _status(options, tuple(told["days"]), tuple(told["low"]), told["limit"])


def _page(options: argparse.Namespace, loaded: work.Loaded, settings: Settings) -> str:
    """The page as text, with what the threshold needs."""
    days, limit = _days(options, settings)
    with progress("computing …"):
        answer = work.check(
            loaded, settings, path=options.stack, chosen=view_flags(options), days=days, via=via_from(options),
            stake=options.stake, strict=options.strict, kernel=options.kernel,
        )  # fmt: skip
    text = rendered(options, answer)
    low = answer.assess.self_reliance.low
    return json.dumps({"text": text, "days": answer.assess.days, "low": low, "limit": limit})


def _assess(options: argparse.Namespace) -> int:
    from freehold.cli.policy import asked_policy, judged, status

    policy = asked_policy(options, settings_from(options))
    loaded, settings = _load(options)
    days, limit = _days(options, settings)
    with progress("computing …"):
        answer = work.assess_stack(
            loaded,
            settings,
            days=days,
            via=via_from(options),
            stake=options.stake,
            strict=options.strict,
            kernel=options.kernel,
        )
    context = _context(options, loaded, answer.foreign.cutoff, answer.unknowns)
    missed = _status(options, answer.days, answer.self_reliance.low, limit)
    if policy is None:
        show(options, answer, context)
        return missed
    from freehold.report.answers import PolicedAssessment

    with progress("computing …"):
        kept = judged(options, policy, loaded)
    show(options, PolicedAssessment(answer, kept), context)
    return max(missed, status(options, kept))


def _cutoff(options: argparse.Namespace) -> int:
    loaded, settings = _load(options)
    cut = cutoff_from(options, loaded.stack)
    if cut is None:
        raise UsageError(
            "nothing is cut. Say what: --country US, --provider ID, --owner ID, --item ID, --foreign or --scenario FILE."
        )
    days, limit = _days(options, settings)
    with progress("computing …"):
        answer, unknowns = work.cut(loaded.stack, cut, days, settings, strict=options.strict, kernel=options.kernel)
    show(options, answer, _context(options, loaded, cut, unknowns))
    return _status(options, answer.days, answer.mission.low, limit)


def _why(options: argparse.Namespace) -> int:
    from freehold.measure.case import HIGH
    from freehold.measure.why import why

    loaded, _ = _load(options)
    item = work.find_item(loaded.stack, options.item)
    cut = cutoff_from(options, loaded.stack, default_foreign=True)
    assert cut is not None
    day = day_from(options.day, "--day")
    answer = why(loaded.stack, item, cut, day, side=HIGH if options.high else None, strict=options.strict)
    show(options, answer, _context(options, loaded, cut))
    return 0


def _restart(options: argparse.Namespace) -> int:
    from freehold.measure.restart import restart

    loaded, _ = _load(options)
    cut = cutoff_from(options, loaded.stack)
    answer = restart(loaded.stack, cut, with_stock=options.with_stock, strict=options.strict)
    show(options, answer, _context(options, loaded, cut))
    return 0


def _gaps(options: argparse.Namespace) -> int:
    from freehold.measure.gaps import gaps

    loaded, _ = _load(options)
    answer = gaps(loaded.stack, strict=options.strict)
    show(options, answer, _context(options, loaded, None))
    return 0


def _partners(options: argparse.Namespace) -> int:
    from freehold.measure.cutoff import DAYS
    from freehold.measure.partners import partners

    loaded, settings = _load(options)
    with progress("computing …"):
        answer = partners(
            loaded.stack, settings.days or DAYS, via=via_from(options), stake=options.stake, strict=options.strict,
            kernel=options.kernel,
        )  # fmt: skip
    show(options, answer, _context(options, loaded, None, answer.unknowns))
    return 0


def _diff(options: argparse.Namespace) -> int:
    from freehold.measure.diff import diff
    from freehold.store.recognition import is_database

    if options.other is None and options.with_state is None:
        raise UsageError("nothing is named to compare with. Name B, or another state of a Freehold database: --with 3.")
    second = options.other or options.stack
    stored = is_database(second)
    chosen = options.stack_name if stored else None
    if options.stack_name is not None and not is_database(options.stack):
        options.stack_name = None  # it chooses in B
    one, settings = _load(options)
    with progress(f"reading {second} …"):
        other = work.load(second, settings, use_cache=not options.no_cache, stack=chosen, at=options.with_state)
    if options.redact is not None:
        other = work.redacted(other, redaction_from(options))
    with progress("comparing …"):
        answer = diff(one.stack, other.stack, one.inventory, other.inventory)
    show(options, answer, _context(options, one, None))
    return 0


def _show(options: argparse.Namespace) -> int:
    from freehold.report.answers import ShowAnswer

    loaded, _ = _load(options)
    item = None if options.item is None else work.find_item(loaded.stack, options.item)
    show(options, ShowAnswer(item), _context(options, loaded, None))
    return 0


def _scan(options: argparse.Namespace) -> int:
    from freehold.stack.toml_file import dumps
    from freehold.store.recognition import is_database

    _one_thing(options, settings_from(options))
    stored = options.format is None and _is_stored(options)
    name = options.stack_name
    if stored and not is_database(options.stack):
        options.stack_name = None  # it names what is stored, not what is read
    loaded, _ = _load(options)
    if options.format is not None:
        if loaded.inventory is None:
            raise UsageError(
                f"--format shows what a reader found and skipped, and {options.stack} is a stack already. "
                f"Leave --format out, or see it with: freehold show {options.stack}"
            )
        show(options, loaded.inventory, _context(options, loaded, None))
        return 0
    if options.output:
        _write_stack(options, loaded, name, stored=stored)
    else:
        write(None, dumps(loaded.stack))
    for skip in loaded.inventory.skips if loaded.inventory else ():
        tell(f"freehold: skipped {skip.file}: {skip.detail}")
    return 0


def _import(options: argparse.Namespace) -> int:
    settings = settings_from(options)
    stored = _is_stored(options)
    with progress(f"reading {options.stack} …"):
        records, loaded = work.spreadsheet(Path(options.stack), settings, sheet=options.sheet, asked=meanings_from(options))
    if options.output:
        _write_stack(options, loaded, options.stack_name, stored=stored)
        memory = work.remember_columns(records)
        tell("freehold: " + say("records.remembered", file=memory))
    write(None, rendered(argparse.Namespace(**{**vars(options), "output": None}), records, _context(options, loaded, None, 0)))
    for finding in loaded.findings:
        if finding.row:
            tell(f"freehold: note: {finding}")
    return 0


def _is_stored(options: argparse.Namespace) -> bool:
    """Whether what is written goes into a Freehold database; what belongs beside a revision makes no sense elsewhere."""
    from freehold.store.recognition import ENDINGS, is_database

    output = options.output or ""
    stored = is_database(output) or Path(output).suffix.lower() in ENDINGS
    if not stored and (options.by is not None or options.note is not None):
        raise UsageError("--by and --note are written into a Freehold database. Name one: -o firm.db")
    return stored


def _write_stack(options: argparse.Namespace, loaded: work.Loaded, name: str | None, *, stored: bool) -> None:
    """Write a stack to a file, a folder, or as a revision into a database; and say what was written."""
    stack, output = loaded.stack, str(options.output)
    if stored:
        _store(options, loaded, name or stack.name)
    else:
        work.save(stack, Path(output))
        said = f"{len(stack.items)} items, {len(stack.sources)} sources, {len(stack.needs)} needs, {len(stack.claims)} claims"
        tell(f"freehold: wrote {output}: {said}")
    log("wrote", file=output, items=len(stack.items))


def _store(options: argparse.Namespace, loaded: work.Loaded, name: str) -> None:
    """Store what was read as a revision, and say what changed."""
    from freehold.holdings import store_stack
    from freehold.report.view_history import change_sentence
    from freehold.store.interface import Authorship

    authorship = Authorship(options.by or "", options.note or "")
    stored, changes = store_stack(options.output, loaded.stack, name, authorship, told=_note)
    key, changed = ("stored", change_sentence(changes[0])) if stored.is_new else ("same", "")
    said = say(f"history.{key}", name=name, path=options.output, number=stored.revision.number, changes=changed)
    tell(f"freehold: {said}")


def _note(text: str) -> None:
    tell(f"freehold: note: {text}")


def _history(options: argparse.Namespace) -> int:
    from freehold.holdings import history_of, state_meant, undo_last
    from freehold.report.answers import Context, HistoryAnswer
    from freehold.store.interface import Authorship

    if options.undo and options.at is not None:
        raise UsageError("--undo takes the newest revision back; --at means another one. Leave one of them out.")
    if not options.undo and (options.by is not None or options.note is not None):
        raise UsageError("--by and --note are written beside a revision, and none is made. Add --undo, or leave them out.")
    if options.undo:
        authorship = Authorship(options.by or "", options.note or "")
        revision = undo_last(options.stack, options.stack_name, authorship, told=_note)
        taken, equals = revision.number - 1, revision.number - 2
        said = say("history.undone", name=revision.stack, taken=taken, number=revision.number, equals=equals)
        tell(f"freehold: {said}")
    stack, changes = history_of(options.stack, options.stack_name, state_meant(options.at))
    show(options, HistoryAnswer(changes[0].revision.stack, changes), Context(stack=stack, path=options.stack))
    return 0


def _template(options: argparse.Namespace) -> int:
    from freehold.stack.template import template_toml, write_template

    if options.output and not options.output.endswith(".toml"):
        write_template(Path(options.output))
    else:
        write(options.output, template_toml())
    return 0


def _init(options: argparse.Namespace) -> int:
    from freehold.cli.questions import init

    return init(options)


def _doctor(options: argparse.Namespace) -> int:
    from freehold.doctor import examine
    from freehold.report.answers import Context

    with progress("looking …"):
        answer = examine()
    show(options, answer, Context(edition=work.catalogue().edition))
    return 0 if answer.sound else 1


def _completion(options: argparse.Namespace) -> int:
    from freehold.cli.completion import completion

    write(None, completion(options.shell))
    return 0


def _schema(options: argparse.Namespace) -> int:
    from freehold.report.json import dumps
    from freehold.report.schemas import VERBS, json_schema

    verb = " ".join(options.verb)
    if not verb:
        write(None, "\n".join(VERBS) + "\n")
        return 0
    if verb not in VERBS:
        raise UsageError(f"'{verb}' has no schema. Those that have: {', '.join(VERBS)}.")
    write(None, dumps(json_schema(verb)))
    return 0


def _catalogue(options: argparse.Namespace) -> int:
    return _CATALOGUE[options.action](options)


def _catalogue_check(options: argparse.Namespace) -> int:
    from freehold.catalogue.check import check
    from freehold.report.answers import CatalogueFindings, Context

    catalogue = work.catalogue()
    with progress("checking …"):
        answer = CatalogueFindings(tuple(check(catalogue)), len(catalogue.facts))
    context = Context(edition=catalogue.edition)
    show(options, answer, context)
    return 1 if any(finding.severity == "error" for finding in answer.findings) else 0


def _catalogue_show(options: argparse.Namespace) -> int:
    from freehold.catalogue.show import show as look_up
    from freehold.report.answers import Context

    answer = look_up(work.catalogue(), options.id)
    context = Context(edition=work.catalogue().edition)
    show(options, answer, context)
    return 0


def _catalogue_search(options: argparse.Namespace) -> int:
    from freehold.catalogue.search import search
    from freehold.report.answers import Context, SearchAnswer

    answer = SearchAnswer(options.text, search(work.catalogue(), options.text))
    context = Context(edition=work.catalogue().edition)
    show(options, answer, context)
    return 0


def _catalogue_coverage(options: argparse.Namespace) -> int:
    from freehold.report.answers import Context

    answer = work.catalogue_coverage(options.list)
    context = Context(edition=work.catalogue().edition)
    show(options, answer, context)
    return 0


_CATALOGUE: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "check": _catalogue_check,
    "show": _catalogue_show,
    "search": _catalogue_search,
    "coverage": _catalogue_coverage,
}


def _drill(options: argparse.Namespace) -> int:
    from freehold.cli.drill import run

    return run(options)


def _options(options: argparse.Namespace) -> int:
    from freehold.cli.options import run

    return run(options)


def _plan(options: argparse.Namespace) -> int:
    from freehold.cli.plan import run

    return run(options)


def _report(options: argparse.Namespace) -> int:
    from freehold.cli.report import run

    return run(options)


def _reach(options: argparse.Namespace) -> int:
    from freehold.cli.reach import run

    return run(options)


def _sweep(options: argparse.Namespace) -> int:
    from freehold.cli.sweep import run

    return run(options)


def _systemic(options: argparse.Namespace) -> int:
    from freehold.cli.systemic import run

    return run(options)


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "check": _check,
    "scan": _scan,
    "import": _import,
    "show": _show,
    "history": _history,
    "catalogue": _catalogue,
    "diff": _diff,
    "assess": _assess,
    "gaps": _gaps,
    "partners": _partners,
    "plan": _plan,
    "report": _report,
    "options": _options,
    "cutoff": _cutoff,
    "why": _why,
    "chokepoints": chokepoints.run,
    "restart": _restart,
    "sweep": _sweep,
    "respond": respond.run,
    "gateway": gateway.run,
    "drill": _drill,
    "reach": _reach,
    "systemic": _systemic,
    "evidence": evidence.run,
    "rules": rules.run,
    "schemes": schemes.run,
    "watch": watch.run,
    "provision": provision.run,
    "signal": signal.run,
    "init": _init,
    "doctor": _doctor,
    "completion": _completion,
    "template": _template,
    "schema": _schema,
}
