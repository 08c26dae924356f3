"""The use cases of what an auditor takes away: exit plans, evidence packs, the two-page brief. Owns which files there are.

Each is made of answers that a report has, or of a stack alone; :mod:`freehold.reporting_folder` writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from freehold import work
from freehold.errors import UsageError
from freehold.version import __version__

if TYPE_CHECKING:
    from freehold.plan.option_values import Option
    from freehold.report.brief import BriefAnswer
    from freehold.report.exit_plan import ExitAnswer
    from freehold.report.interface import Look
    from freehold.report.pack_values import Pack, PackAsked, PackName
    from freehold.report.packs_answers import PackWritten
    from freehold.report.whole_answer import WholeReport
    from freehold.settings import Settings
    from freehold.stack.values import Stack

__all__ = [
    "ENDING_OF", "brief_answer", "brief_text", "exit_answers", "exit_files", "exits_text", "functions_asked",
    "options_known", "pack_asked", "pack_files", "pack_of", "pack_written",
]  # fmt: skip

ENDING_OF: Final[Mapping[str, str]] = {"html": ".html", "markdown": ".md", "text": ".txt", "csv": ".csv", "json": ".json"}
"""By format: how the files of a folder of pages end."""

_SLUG: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST: Final = 60
_WINDOWS: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d|index|readme|manifest)(\..*)?")
"""Names that some system keeps for itself, or that this folder does."""


def options_known(
    report: WholeReport, option_files: Sequence[str] = (), *, use_catalogue: bool = True
) -> tuple[Option, ...]:  # fmt: skip
    """What can be done: as the report read it, else (no plan was asked of it) read here.

    Raises
    ------
    freehold.errors.FreeholdError
        If an options file cannot be read.
    """
    from freehold.plan.proposals import options_of

    return report.options or options_of(report.stack, option_files, work.catalogue() if use_catalogue else None)


def brief_answer(
    report: WholeReport, options: Sequence[Option] = (), command: str = "", **how: Any
) -> BriefAnswer:  # fmt: skip
    """What the two pages are made of.

    Parameters
    ----------
    report, options
        The report, and what can be done: the next step is sought among it where the report names none.
    command
        The command that makes the brief again.
    how
        ``strict``, ``via``, ``stake`` and ``kernel``, as :func:`freehold.plan.first_step.cheapest_step`.
    """
    from freehold.plan.first_step import cheapest_step
    from freehold.report.brief import BriefAnswer

    step = report.step
    if step is None and report.stack.home is not None and not all(one.lacking for one in options):
        step = cheapest_step(report.stack, options, report.assess.days, **how)
    return BriefAnswer(report.context, report.assess, report.cuts, step, report.plan, len(options), command)


def brief_text(answer: BriefAnswer, format_: str, look: Look) -> str:
    """The two pages in one of the formats ``html`` (two sheets of A4 at most), ``markdown``, ``text`` and ``json``."""
    from freehold.report.brief import brief_document
    from freehold.report.brief_page import BriefPage
    from freehold.report.render import render

    return BriefPage().render(brief_document(answer), look) if format_ == "html" else render(answer, format_, None, look)


def functions_asked(stack: Stack, asked: Sequence[str]) -> tuple[str, ...]:
    """Ids of the functions asked for; by default of all that must be kept running.

    Raises
    ------
    freehold.errors.UnknownId
        If one is not there, or is not one thing.
    freehold.errors.UsageError
        If the stack has nothing.
    """
    from freehold.plan.exit_plans import functions_of

    if asked:
        return tuple(dict.fromkeys(work.find_item(stack, one) for one in asked))
    found = functions_of(stack)
    if not found:
        raise UsageError("the stack has no items, so there is no function to make an exit plan of. Name another stack.")
    return found


def exit_answers(
    report: WholeReport, functions: Sequence[str], options: Sequence[Option] = (), **how: Any
) -> tuple[ExitAnswer, ...]:  # fmt: skip
    """The exit plans of functions.

    Parameters
    ----------
    report
        The report, with its plan and drills.
    functions
        Ids of items.
    options
        What can be done.
    how
        ``strict``, ``via``, ``stake`` and ``kernel``, as :func:`freehold.plan.exit_plans.exit_plans`.
    """
    from freehold.plan.exit_plans import exit_plans
    from freehold.report.exit_plan import ExitAnswer

    plan = report.plan if report.plan is not None and report.plan.cost is not None else None
    assessed = report.assess
    plans = exit_plans(report.stack, functions, options, plan, assessed.days, assessed.floor, **how)
    drills = report.drills.drills if report.drills is not None else ()
    named = {one.id: one for one in options} | (dict(plan.options) if plan is not None else {})
    planned = plan.planned if plan is not None else None
    return tuple(ExitAnswer(one, report.stack, drills, named, planned) for one in plans)


def exits_text(answers: Sequence[ExitAnswer], report: WholeReport, format_: str, look: Look) -> str:
    """Exit plans as one text in one of the formats of :data:`ENDING_OF`: one as its page, several as the list of them.

    In JSON each is whole.
    """
    from freehold.report.packs_answers import ExitsAnswer
    from freehold.report.render import render

    return render(ExitsAnswer(tuple(answers), report.context), format_, None, look)


def exit_files(answers: Sequence[ExitAnswer], report: WholeReport, format_: str, look: Look) -> Mapping[str, str]:
    """A page for each exit plan and a list of them, by name of the file; in JSON all plans are in the list itself."""
    if format_ == "json":
        return {f"index{ENDING_OF[format_]}": exits_text(answers, report, format_, look)}
    from freehold.report.exit_index import index_document
    from freehold.report.render import face

    ending = ENDING_OF[format_]
    names = _names((one.plan.function for one in answers), ending)
    files = {
        name: exits_text((answer,), report, format_, look) for name, answer in zip(names, answers, strict=True)
    }  # fmt: skip
    listed = index_document(report.stack, tuple(zip(answers, names, strict=True)))
    return {f"index{ending}": face(format_).render(listed, look), **files}


def _names(ids: Iterable[str], ending: str) -> tuple[str, ...]:
    """File names for ids: each its own, also where a system knows no difference between small letters and capitals."""
    taken: set[str] = set()
    found = []
    for id_ in ids:
        slug = _SLUG.sub("-", id_).strip("-.")[:_LONGEST].strip("-.") or "function"
        if _WINDOWS.fullmatch(slug):
            slug = f"function-{slug}"
        name, number = slug, 2
        while name.casefold() in taken:
            name, number = f"{slug}-{number}", number + 1
        taken.add(name.casefold())
        found.append(name + ending)
    return tuple(found)


def pack_asked(
    loaded: work.Loaded, settings: Settings, option_files: Sequence[str] = (), *, use_catalogue: bool = True, command: str = "",
    **options: Any,
) -> PackAsked:  # fmt: skip
    """What a pack is made of.

    Parameters
    ----------
    loaded, settings
        The stack, and the days and floor.
    option_files
        What can be done, beside the stack's candidates.
    use_catalogue
        Whether the catalogue's alternatives count as options.
    command
        The command that makes the pack again.
    options
        ``strict`` and ``kernel``, as :func:`freehold.measure.assess.assess`.

    Raises
    ------
    freehold.errors.FreeholdError
        If an options file cannot be read.
    """
    from freehold.plan.proposals import options_of
    from freehold.report.pack_values import PackAsked
    from freehold.write.cyclonedx import sbom_text

    catalogue = work.catalogue()
    known = options_of(loaded.stack, option_files, catalogue if use_catalogue else None)
    assessed = work.assess_stack(loaded, settings, **options)
    return PackAsked(
        loaded.stack, assessed, known, catalogue.edition, command, bool(options.get("strict")),
        sbom_text(loaded.stack, __version__),
    )  # fmt: skip


def pack_of(name: PackName, asked: PackAsked) -> Pack:
    """Make a pack.

    Raises
    ------
    freehold.errors.UsageError
        If there is none of that name.
    """
    if name == "c3a":
        from freehold.report.pack_c3a import c3a_pack

        return c3a_pack(asked)
    if name == "cada":
        from freehold.report.pack_cada import cada_pack

        return cada_pack(asked)
    if name == "dora":
        from freehold.report.pack_dora import dora_pack

        return dora_pack(asked)
    raise UsageError(f"--for: '{name}' is no evidence pack. Choose from: c3a, cada, dora.")


def pack_files(pack: Pack, asked: PackAsked) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    """The files of a pack by name, its list for people among them; and what the manifest says of them."""
    from freehold.report.pack_readme import README, readme_text

    files = {README: readme_text(pack, asked), **pack.texts}
    about = {
        "pack": pack.name, "stack": asked.stack.name, "home": asked.stack.home, "trusted": list(asked.stack.trusted),
        "as_of": asked.stack.as_of, "catalogue": asked.edition, "open_questions": len(pack.questions),
    }  # fmt: skip
    return files, about


def pack_written(pack: Pack, asked: PackAsked, files: Sequence[Mapping[str, str | int]], folder: str) -> PackWritten:
    """What is told of a pack that was written.

    Parameters
    ----------
    pack, asked
        The pack, and what it was made of.
    files
        Its files, as the manifest has them.
    folder
        Where they are, as the user named it.
    """
    from freehold.report.answers import context_of
    from freehold.report.packs_answers import PackWritten

    context = context_of(asked.stack, asked.assessed.unknowns, edition=asked.edition, strict=asked.strict)
    return PackWritten(pack, folder, tuple(files), context, asked.command)
