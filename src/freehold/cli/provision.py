"""``freehold provision``: fill a mirror with what a command needs, prove it, serve it, verify it. Owns these arguments."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.cli.amounts import bytes_from, names_from, seconds_from
from freehold.cli.output import format_of, show
from freehold.cli.speech import tell
from freehold.errors import NotPossible, UsageError
from freehold.words import say

if TYPE_CHECKING:
    from freehold.drill.interface import Backend
    from freehold.provision.provisioning import Provisioned, Request

__all__ = ["ACTIONS", "SHOWN", "add_arguments", "run"]

ACTIONS: Final[Mapping[str, str]] = {
    "fill": "fill a mirror with what a command needs, and prove it; meant where no action is named",
    "prove": "run a command from a mirror alone, its registries cut off",
    "serve": "serve a mirror on loopback, and say how clients are led there",
    "verify": "whether every file of a mirror is what its manifest says; exit status 0 or 1",
}
SHOWN: Final = ("fill", "prove", "verify")
_BACKENDS: Final = ("namespace", "proxy")
"""Those under which this machine's own loopback, where the mirror is served, can be reached."""
_THRESHOLDS: Final = ("missing", "unproved")


def add_arguments(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Add the actions and their arguments; gives the parser of each, for what all commands share."""
    parser.description = (
        "Write down what a command needs from package registries (Python, npm, Debian), fill a mirror with\n"
        "it, and run the command again with the registries cut off:\n"
        "freehold provision --into DIR [flags] -- COMMAND…"
    )
    parser.epilog = _EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = {name: actions.add_parser(name, help=line, description=line) for name, line in ACTIONS.items()}
    _fill(made["fill"])
    made["prove"].usage = "freehold provision prove DIR [flags] -- COMMAND…"
    for name in ("prove", "serve", "verify"):
        made[name].add_argument("mirror", metavar="DIR", help="a mirror")
    for name in ("fill", "prove"):
        _proof(made[name])
    made["serve"].add_argument(
        "--port", metavar="PORT", type=int, default=0, help="where to listen (default: any that is free)"
    )
    return made


_EXAMPLES: Final = """\
Where no action is named, fill is meant; its flags: freehold provision fill --help.

examples:
  freehold provision --into mirror -- sh -c 'rm -rf node_modules && npm ci'
  freehold provision --into mirror --from requirements.txt
  freehold provision prove mirror -- ./build.sh       from the mirror alone, registries cut off
  freehold provision serve mirror                     serve it, and say how clients are led there
  freehold provision verify mirror                    whether its files are what was written down"""


def _fill(parser: argparse.ArgumentParser) -> None:
    parser.usage = "freehold provision --into DIR [flags] -- COMMAND…"
    parser.epilog = (
        "COMMAND is run twice as it stands, no shell reads it: once before an index that notes what is fetched, once from the "
        "mirror. Let it begin from nothing, such as a new virtual environment: what is in place already is fetched by nobody."
    )
    parser.add_argument("--into", metavar="DIR", required=True, help="the mirror: a new or empty folder, or one to add to")
    group = parser.add_argument_group("what is needed, beside or instead of COMMAND")
    group.add_argument(
        "--from", dest="files", metavar="FILE", action="append", default=[],
        help="a requirements file, a package-lock.json, or another mirror; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--need", dest="needs", metavar="KIND:NAME", action="append", default=[],
        help="a package: python:NAME==VERSION, npm:NAME@VERSION, debian:NAME=VERSION; repeatable",
    )  # fmt: skip
    parser.add_argument("--no-proof", action="store_true", help="do not run it again from the mirror")
    parser.add_argument("--most-bytes", metavar="SIZE", default="20GB", help="of all files together (default 20GB)")


def _proof(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("registries")
    group.add_argument(
        "--python-index", metavar="URL", action="append", default=[],
        help="instead of those that pip and uv are configured for; repeatable",
    )  # fmt: skip
    group.add_argument("--npm-registry", metavar="URL", action="append", default=[], help="instead of npm's")
    group = parser.add_argument_group("the proof")
    group.add_argument("--backend", choices=_BACKENDS, help="the way to cut; by default the best that works here")
    group.add_argument("--air-gap", action="store_true", help="cut everything outside this machine, not the registries alone")
    group.add_argument("--timeout", metavar="DURATION", default="1h", help="end a run that takes longer (default 1h)")
    group.add_argument("--fail-on", metavar="LIST", help="exit 1 on these: missing,unproved")


def run(options: argparse.Namespace) -> int:
    """Do what was asked; gives 0, or 1 if a threshold is not met or a mirror is not sound.

    Raises
    ------
    freehold.errors.DrillError
        If it cannot be done.
    freehold.errors.UsageError
        If the arguments make no sense together.
    """
    return _RUN[options.action](options)


def _request(options: argparse.Namespace, into: str) -> Request:
    from freehold.provision.provisioning import Request

    return Request(
        Path(into), options.words or (), tuple(map(Path, getattr(options, "files", ()))), tuple(getattr(options, "needs", ())),
        tuple(options.python_index), tuple(options.npm_registry), options.air_gap,
        seconds_from(options.timeout, "--timeout"),
        bytes_from(getattr(options, "most_bytes", "20GB"), "--most-bytes"),
    )  # fmt: skip


def _stdout(options: argparse.Namespace) -> int | None:
    """Where a command's output goes: to standard error where the answer itself is not for people."""
    to_standard_output = options.output in (None, "-")
    return sys.stderr.fileno() if to_standard_output and format_of(options) != "text" else None


def _backend(options: argparse.Namespace) -> tuple[Backend | None, str]:
    """The way to cut, or why there is none."""
    from freehold.drill.backends import choose

    try:
        chosen = choose(options.backend)
    except NotPossible as error:
        if options.backend or options.action == "prove":
            raise
        return None, str(error)
    return chosen.backend, ""


def _filled(options: argparse.Namespace) -> int:
    from freehold.provision.provisioning import provision

    wanted, request = names_from(options.fail_on, "--fail-on", _THRESHOLDS), _request(options, options.into)
    backend, unproved = (None, say("provision.no_proof_asked")) if options.no_proof else _backend(options)
    made = provision(
        request, backend, os.environ, Path.cwd(), now=time.time(), stdout=_stdout(options), unproved=unproved
    )  # fmt: skip
    return _told(options, made, wanted)


def _proved(options: argparse.Namespace) -> int:
    from freehold.provision.provisioning import prove_mirror

    wanted, request = names_from(options.fail_on, "--fail-on", _THRESHOLDS), _request(options, options.mirror)
    if not request.command:
        raise UsageError("nothing is named to run from the mirror. Give a command after --.")
    backend, _ = _backend(options)
    assert backend is not None
    return _told(options, prove_mirror(request, backend, os.environ, Path.cwd(), stdout=_stdout(options)), wanted)


def _told(options: argparse.Namespace, made: Provisioned, wanted: frozenset[str]) -> int:
    show(options, made)
    missed = {"missing": bool(made.missing), "unproved": made.proof is None or not made.proof.proved}
    for one in sorted(wanted):
        if missed[one]:
            tell("freehold: " + say(f"provision.threshold_{one}"))
    return 1 if any(missed[one] for one in wanted) else 0


def _verify(options: argparse.Namespace) -> int:
    from freehold.provision.manifest import verify_mirror
    from freehold.report.provision_answers import MirrorVerdict

    manifest, findings = verify_mirror(Path(options.mirror))
    show(options, MirrorVerdict(options.mirror, manifest, findings))
    return 1 if findings else 0


def _serve(options: argparse.Namespace) -> int:
    from freehold.provision.client_environment import settings_for
    from freehold.provision.loopback_server import LoopbackServer
    from freehold.provision.manifest import read_manifest
    from freehold.provision.mirror_server import Mirror

    if not 0 <= options.port <= 65_535:
        raise UsageError(f"--port: {options.port} is no port. Choose one from 1 to 65535, or leave it out.")
    folder = Path(options.mirror)
    manifest = read_manifest(folder)
    mirror = Mirror(folder, manifest)
    with LoopbackServer(mirror.respond, options.port) as server:
        for line in settings_for(server.url, manifest.holds):
            print(line)
        sys.stdout.flush()
        tell("freehold: " + say("provision.serving", folder=options.mirror, url=server.url))
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    for one in mirror.missing():
        tell("freehold: " + say("provision.was_missing", what=one.file or one.what, by=one.by, add=one.add))
    return 0


_RUN: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "fill": _filled, "prove": _proved, "serve": _serve, "verify": _verify,
}  # fmt: skip
