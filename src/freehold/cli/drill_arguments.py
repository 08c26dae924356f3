"""The arguments of ``freehold drill``: its actions and their flags. Owns their names and help."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["ACTIONS", "BACKENDS", "SHOWN", "add_arguments"]

ACTIONS: Final[Mapping[str, str]] = {
    "run": "run a command while something is cut off; meant where no action is named",
    "backends": "which ways to cut work here, and why not the others",
    "show": "what a record says, also where no drill is possible",
    "apply": "what a record proposes for a stack, as a diff; write what is accepted",
    "score": "predictions against drills, over all records of a folder",
}
SHOWN: Final = ("run", "backends", "show", "score")
"""Actions whose answer goes to a file by ``-o``; that of ``apply`` writes the stack."""
BACKENDS: Final = ("namespace", "proxy", "air-gap")
_RECORDS: Final = ".freehold/drills"


def add_arguments(
    parser: argparse.ArgumentParser, add_cutoff: Callable[[argparse.ArgumentParser], None]
) -> dict[str, argparse.ArgumentParser]:
    """Add the actions and their arguments; gives the parser of each, for what all commands share.

    Parameters
    ----------
    parser
        Of the verb.
    add_cutoff
        Adds the flags of a cut-off to the parser of ``run``.
    """
    parser.description = (
        "Run a command of your own while a landlord's hosts cannot be reached, compare it with a run without\n"
        "the cut, and turn what happened into evidence: freehold drill [STACK] [flags] -- COMMAND…"
    )
    parser.epilog = _EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = {name: actions.add_parser(name, help=line, description=line) for name, line in ACTIONS.items()}
    _run(made["run"], add_cutoff)
    for name in ("show", "apply"):
        made[name].add_argument(
            "record", metavar="RECORD", help="a record: its file, the beginning of its name or digest, or last"
        )
        made[name].add_argument("--records", metavar="DIR", default=_RECORDS, help=f"folder of records (default {_RECORDS})")
    _apply(made["apply"])
    made["score"].add_argument(
        "records", metavar="FOLDER", nargs="?", default=_RECORDS, help=f"records, or one of them (default {_RECORDS})"
    )
    return made


_EXAMPLES: Final = """\
Where no action is named, run is meant; its flags: freehold drill run --help.
A stack that is called like an action is written ./show.

examples:
  freehold drill --provider github -- make test       without a provider, by its id or name
  freehold drill --foreign --home DE -- npm ci        without all that is not German
  freehold drill --host registry.example -- ./build   without a host and those below it
  freehold drill --cold --steps --air-gap -- make     no network, empty caches, step by step
  freehold drill --matrix provider -- make test       without each large landlord in turn
  freehold drill show last                            what the last drill showed
  freehold drill apply last stack.toml                what it proposes for a stack"""


def _apply(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", metavar="STACK", help="the stack that it is held against")
    parser.add_argument("--accept", metavar="ID", action="append", default=[], help="take in this proposal; repeatable")
    parser.add_argument("--all", action="store_true", help="take in every proposal")
    parser.add_argument("--stands-for", metavar="ITEM", help="the item that the command stands for, if the record names none")
    parser.add_argument(
        "-o", "--output", dest="written", metavar="FILE",
        help="write the stack there; without it STACK itself is changed (of a project, a stack file beside it is written)",
    )  # fmt: skip


def _run(parser: argparse.ArgumentParser, add_cutoff: Callable[[argparse.ArgumentParser], None]) -> None:
    parser.usage = "freehold drill [STACK] [flags] -- COMMAND…"
    parser.epilog = (
        "COMMAND is run as it stands, no shell reads it; its output streams through, and the report follows on standard "
        "output (with --format json, csv or html there, the command's own standard output goes to standard error). Exit "
        "status 0 whatever the verdict, unless --fail-on says otherwise; 130 if interrupted, with the record written."
    )
    parser.add_argument(
        "stack", metavar="STACK", nargs="?",
        help="the stack that predicts; without it, the working folder is read as a project",
    )  # fmt: skip
    add_cutoff(parser)
    more = parser.add_argument_group("what is cut, beside that")
    more.add_argument("--host", metavar="NAME", action="append", default=[], help="a host and those below it; repeatable")
    more.add_argument("--air-gap", action="store_true", help="everything outside this machine")
    _how(parser)
    _runs(parser)
    _kept(parser)
    _thresholds(parser)
    _matrix(parser)
    _service(parser)


def _how(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it is cut")
    group.add_argument(
        "--shape", metavar="SHAPE", default="gone",
        help="how a cut host looks: gone, refused, reset, silent, slow:2s or slow:500ms,20kB/s, http:451, revoked, "
        "stale:YYYY-MM-DD (default gone)",
    )  # fmt: skip
    group.add_argument(
        "--certificate", metavar="FILE", help="PEM chain that COMMAND trusts, for shapes that speak HTTP over TLS"
    )
    group.add_argument("--key", metavar="FILE", help="its key (PEM)")
    group.add_argument("--backend", choices=BACKENDS, help="the way to cut; by default the best that works here")
    group.add_argument(
        "--asn-table", metavar="FILE", help="CSV of address ranges and who operates them (start,end,asn,name): weak evidence"
    )
    group.add_argument(
        "--country-table", metavar="FILE", help="CSV of address ranges and their countries (start,end,country): weak evidence"
    )


def _runs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the two runs")
    group.add_argument("--steps", action="store_true", help="split a script or a Makefile's targets, and judge each step")
    group.add_argument("--cold", action="store_true", help="give COMMAND empty cache folders")
    group.add_argument("--no-baseline", action="store_true", help="do not run it without the cut first")
    group.add_argument(
        "--repeat-baseline", metavar="N", type=int, default=1,
        help="run it N times without the cut, and compare with the slowest: for commands whose time varies (default 1)",
    )  # fmt: skip
    group.add_argument(
        "--timeout", metavar="DURATION", default="10m", help="end a run that takes longer, such as 90s, 10m, 2h (default 10m)"
    )
    group.add_argument(
        "--stands-for", metavar="ITEM", help="the item of the stack that COMMAND stands for, in the prediction and the evidence"
    )


def _kept(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is kept")
    group.add_argument("--records", metavar="DIR", default=_RECORDS, help=f"folder of records (default {_RECORDS})")
    group.add_argument("--record", metavar="FILE", help="write the record there as well")
    group.add_argument(
        "--log", metavar="FILE", help="write COMMAND's output there as well; with --matrix a folder, one file a drill"
    )


def _thresholds(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("thresholds")
    group.add_argument("--fail-on", metavar="VERDICTS", help="exit 1 on these verdicts, such as failed,degraded,void")
    group.add_argument(
        "--fail-on-new-contact", metavar="RECORD", nargs="?", const="", default=None,
        help="exit 1 if a landlord is contacted that is not in this record or, without a word, not in the stack; needs no cut",
    )  # fmt: skip


def _matrix(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a campaign")
    group.add_argument(
        "--matrix", choices=("provider", "owner", "country"), help="cut the largest landlords in turn, one drill each"
    )
    group.add_argument("--most", metavar="N", type=int, default=8, help="how many landlords (default 8)")
    group.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        default=1,
        help="drills side by side (default 1); they share the working folder, and their output goes to --log alone",
    )
    group.add_argument("--budget", metavar="DURATION", default="1h", help="time for the whole campaign (default 1h)")
    group.add_argument("--junit", metavar="FILE", help="write the survival matrix there as JUnit XML")
    group.add_argument("--sarif", metavar="FILE", help="write losses and new landlords there as SARIF 2.1.0")


def _service(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a service that runs on (instead of COMMAND)")
    group.add_argument("--service", metavar="COMMAND", help="start this service; words as in a shell, but no shell reads them")
    group.add_argument("--probe", metavar="COMMAND", help="exits 0 while the service is well; run again and again")
    group.add_argument("--every", metavar="DURATION", default="1s", help="between two probes (default 1s)")
    group.add_argument(
        "--ready-within", metavar="DURATION", default="60s", help="time for its first probe to pass (default 60s)"
    )
    group.add_argument(
        "--before", metavar="DURATION", default="10s", help="how long it is watched before the cut (default 10s)"
    )
    group.add_argument("--restarts", metavar="N", type=int, default=0, help="start it again so often if it ends (default 0)")
    group.add_argument("--cut-for", metavar="DURATION", default="60s", help="how long the cut lasts (default 60s)")
    group.add_argument(
        "--recover-within", metavar="DURATION", default="60s", help="how long recovery is watched after it (default 60s)"
    )
