"""``freehold report brief``, ``exits`` and ``pack``: what an auditor takes away. Owns their flags, and where their files go."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold.errors import UsageError

if TYPE_CHECKING:
    from freehold.report.whole_answer import WholeReport
    from freehold.stack.values import Stack

__all__ = [
    "PACK_NAMES", "PAGE_FORMATS", "add_arguments_of_brief", "add_arguments_of_exits", "add_arguments_of_pack", "run_brief",
    "run_exits", "run_pack",
]  # fmt: skip

PACK_NAMES: Final = ("c3a", "cada", "dora")
PAGE_FORMATS: Final = ("html", "markdown", "text", "csv", "json")
_BRIEF_FORMATS: Final = ("text", "html", "markdown", "json")

_Report = Callable[..., "WholeReport"]


def add_arguments_of_brief(parser: argparse.ArgumentParser) -> None:
    """Add what only ``brief`` has; the flags of a report come beside them."""
    group = parser.add_argument_group("output")
    group.add_argument("-o", "--output", metavar="FILE", help="write there: .html prints on two sheets of A4, .md is Markdown")
    group.add_argument("--format", choices=_BRIEF_FORMATS, default=None, help="text, html, markdown or json")
    parser.set_defaults(evidence=False, full=True)


def add_arguments_of_exits(parser: argparse.ArgumentParser) -> None:
    """Add what only ``exits`` has; the flags of a report come beside them."""
    parser.add_argument(
        "--function", dest="functions", metavar="ITEM", action="append", default=[],
        help="only the exit plan of this item; repeatable (default: everything that must be kept running)",
    )  # fmt: skip
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="a folder for the pages, a list of them and their SHA-256; without it one page is shown",
    )
    group.add_argument(
        "--format",
        choices=PAGE_FORMATS,
        default=None,
        help="format of the pages (default html; shown: text); json: all plans in one",
    )
    parser.set_defaults(evidence=True, full=True)


def add_arguments_of_pack(parser: argparse.ArgumentParser) -> None:
    """Add what ``pack`` has."""
    parser.add_argument(
        "--for", dest="pack", choices=PACK_NAMES, required=True,
        help="c3a: BSI C3A, SOV-5; cada: draft Cloud and AI Development Act, Annex II; dora: register of information",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True,
        help="a folder that is made, or one that this command wrote before and nobody changed since",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=("text", "json"), default=None,
        help="tell on standard output what the pack holds: text, or json with the SHA-256 of every file",
    )  # fmt: skip
    parser.set_defaults(evidence=False, full=True)
    parser.add_argument(
        "--options", dest="option_files", metavar="FILE", action="append", default=[], help="what can be done; repeatable"
    )
    parser.add_argument("--no-catalogue", action="store_true", help="list no alternatives that only the catalogue knows")
    parser.add_argument("--days", metavar="LIST", help="days of a cut-off (default 0,7,30,90,365,1095)")
    parser.add_argument("--floor", metavar="LEVEL", help="level under which an item has stopped (default 0.5)")
    parser.add_argument(
        "--kernel", choices=("auto", "plain", "compiled"), default="auto", help="how it is computed; the answer is the same"
    )


def run_brief(options: argparse.Namespace, report_from: _Report) -> int:
    """Write the two-page brief.

    Parameters
    ----------
    options
        Parsed flags.
    report_from
        Asks everything that a report tells.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or what is asked makes no sense.
    """
    from freehold.cli.flags import view_flags
    from freehold.cli.output import format_of, look_of, see_place, write
    from freehold.reporting_packs import brief_answer, brief_text, options_known

    see_place(options.output)
    format_ = format_of(options)
    if format_ not in _BRIEF_FORMATS:
        raise UsageError(f"-o: a brief comes in no {format_}. Choose from: {', '.join(_BRIEF_FORMATS)}.")
    report = report_from(options)
    shown = ["--days", options.days] if options.days else []
    said = [*report.measured_flags, *report.plan_flags]
    flags = [*view_flags(options), *shown, *said, *(["--no-plan"] if options.no_plan else [])]
    command = shlex.join(["freehold", "report", "brief", options.stack, *flags, "-o", "brief.html"])
    known = options_known(report, options.option_files, use_catalogue=not options.no_catalogue)
    answer = brief_answer(report, known, command, **_how(options))
    write(options.output, brief_text(answer, format_, look_of(options)))
    return 0


def run_exits(options: argparse.Namespace, report_from: _Report) -> int:
    """Write the exit plans of functions into a folder, or show one.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or stands where a file is to go.
    """
    from freehold.cli.output import look_of, write
    from freehold.cli.speech import progress, tell
    from freehold.reporting_folder import see_folder, write_files
    from freehold.reporting_packs import exit_answers, exit_files, exits_text, functions_asked, options_known
    from freehold.words import say

    if options.output is not None:
        see_folder(_folder(options.output), pack="exits")

    def functions_of(stack: Stack) -> tuple[str, ...]:
        found = functions_asked(stack, options.functions)
        if options.output is None and len(found) > 1 and options.format != "json":
            raise UsageError(
                f"there are {len(found)} functions, and each has a page of its own. Name a folder: -o DIR, or one of them: "
                f"--function {shlex.quote(found[0])}."
            )
        return found

    report = report_from(options, functions_of)
    functions = functions_of(report.stack)
    known = options_known(report, options.option_files, use_catalogue=not options.no_catalogue)
    with progress("computing …"):
        answers = exit_answers(report, functions, known, **_how(options))
    if options.output is None:
        write(None, exits_text(answers, report, options.format or "text", look_of(options)))
        return 0
    format_ = options.format or "html"
    about = {"pack": "exits", "stack": report.stack.name, "catalogue": report.context.edition}
    names = write_files(options.output, exit_files(answers, report, format_, look_of(options)), about)
    tell("freehold: " + say("packs.written", count=f"{len(names):,}", folder=options.output))
    return 0


def run_pack(options: argparse.Namespace) -> int:
    """Write an evidence pack into a folder.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or stands where a file is to go.
    """
    from freehold.cli.loading import load
    from freehold.cli.output import look_of, write
    from freehold.cli.speech import progress, tell
    from freehold.reporting_folder import manifest_rows, see_folder, write_files
    from freehold.reporting_packs import pack_asked, pack_files, pack_of, pack_written
    from freehold.words import say

    see_folder(_folder(options.output), pack=options.pack)
    loaded, settings = load(options)
    command = shlex.join(
        ["freehold", "report", "pack", options.stack, "--for", options.pack, *_options(options), "-o", "FOLDER"]
    )
    with progress("computing …"):
        asked = pack_asked(
            loaded, settings, options.option_files, use_catalogue=not options.no_catalogue, command=command,
            strict=options.strict, kernel=options.kernel,
        )  # fmt: skip
        pack = pack_of(options.pack, asked)
        files, about = pack_files(pack, asked)
    names = write_files(options.output, files, about)
    if options.format:
        from freehold.report.render import render

        write(
            None,
            render(pack_written(pack, asked, manifest_rows(files), options.output), options.format, None, look_of(options)),
        )
        return 0
    tell("freehold: " + say("packs.written", count=f"{len(names):,}", folder=options.output))
    if pack.questions:
        tell("freehold: " + say("packs.open", count=f"{len(pack.questions):,}", file=f"{options.output}/open-questions.csv"))
    return 0


def _folder(named: str) -> Path:
    if named.strip() in ("", "-"):
        raise UsageError(f"-o: '{named}' is no folder. Name one, which is made if it is not there.")
    return Path(named)


def _how(options: argparse.Namespace) -> dict[str, Any]:
    """What counts as control, and how it is computed."""
    from freehold.cli.flags import via_from

    return {"strict": options.strict, "via": via_from(options), "stake": options.stake, "kernel": options.kernel}


def _options(options: argparse.Namespace) -> list[str]:
    """The flags that a command which makes a pack again needs."""
    from freehold.cli.flags import view_flags

    found = [*view_flags(options), *(word for name in options.option_files for word in ("--options", name))]
    return [*found, "--no-catalogue"] if options.no_catalogue else found
