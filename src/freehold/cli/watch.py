"""``freehold watch``: the desk, its people, and the demo. Owns their arguments, and what is said when the desk is up."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold import work
from freehold.cli.extras import needs_watch
from freehold.cli.flags import settings_from
from freehold.cli.speech import progress, tell
from freehold.errors import UsageError
from freehold.words import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from freehold.stack.values import Stack

__all__ = ["add_arguments", "run"]

_LISTEN: Final = "127.0.0.1:8471"
_FOLDER: Final = "freehold-desk"
_DEMO: Final = "demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what it takes."""
    parser.add_argument(
        "stack", metavar="STACK", nargs="?",
        help="the stack that warnings are held against; or the word demo: a morning on this machine (./demo for a folder)",
    )  # fmt: skip
    serve = parser.add_argument_group("the desk")
    serve.add_argument("--state", metavar="DIR", default=_FOLDER, help=f"the desk's folder (default {_FOLDER})")
    serve.add_argument("--listen", metavar="HOST:PORT", default=_LISTEN, help=f"where to listen (default {_LISTEN})")
    serve.add_argument("--name", metavar="TEXT", default="", help="the desk's name on its page (default: the stack's)")
    serve.add_argument("--criteria", metavar="ID", default="freehold", help="the set by which levels are graded")
    serve.add_argument("--tls-certificate", metavar="FILE", default="", help="PEM; needed beyond this machine")
    serve.add_argument("--tls-key", metavar="FILE", default="", help="PEM")
    out = parser.add_argument_group("what it looks at by itself (nothing goes out without these)")
    out.add_argument(
        "--probes", metavar="FILE", nargs="?", const="", default=None,
        help="probe what a file lists, or (without a word) the hosts of the stack",
    )  # fmt: skip
    out.add_argument("--feeds", action="store_true", help="follow the status pages of the stack's providers")
    people = parser.add_argument_group("its people (no server needed)")
    people.add_argument(
        "--person", metavar="NAME", help="let somebody use the desk, or a program send to it; shows the key once"
    )
    people.add_argument(
        "--role", metavar="ROLE", action="append", default=[],
        help="commander, engineer, legal, comms, observer; intake for a program; repeatable",
    )  # fmt: skip
    people.add_argument("--remove-person", metavar="NAME", help="take a key back")
    demo = parser.add_argument_group("the demo")
    demo.add_argument("--out", metavar="DIR", help="where it leaves its evidence and what it said")


def run(options: argparse.Namespace) -> int:
    """Do what was asked.

    Raises
    ------
    freehold.errors.FreeholdError
        If it cannot be done.
    """
    with needs_watch("the desk needs"):
        import freehold.web.people  # noqa: F401  what is not installed is found out before anything is read
    if options.person is not None or options.remove_person is not None:
        return _people(options)
    if options.stack == _DEMO:
        return _demo(options)
    if options.out is not None:
        raise UsageError("--out is for the demo: freehold watch demo --out DIR")
    return _serve(options)


def _people(options: argparse.Namespace) -> int:
    from freehold.web.people import add_person, remove_person

    if options.person is not None and options.remove_person is not None:
        raise UsageError("add a person or remove one: --person and --remove-person do not go together.")
    folder = Path(options.state)
    if options.remove_person is not None:
        remove_person(folder, options.remove_person)
        tell("freehold: " + say("desk.removed", name=options.remove_person))
        return 0
    key = add_person(folder, options.person, options.role)
    tell("freehold: " + say("desk.added", name=options.person, roles=", ".join(options.role)))
    print(key)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from freehold.demo.play import play

    if options.out is None:
        raise UsageError("say where the demo leaves what it made: freehold watch demo --out DIR")
    return play(Path(options.out))


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise UsageError(f"--listen: '{text}' is not HOST:PORT, such as {_LISTEN}.")
    return host.strip("[]") or "127.0.0.1", int(port)


def _serve(options: argparse.Namespace) -> int:
    from freehold.web.service import DeskSettings, run_desk

    host, port = _address(options.listen)
    loaded = None
    if options.stack is not None:
        with progress(f"reading {options.stack} …"):
            loaded = work.load(options.stack, settings_from(options))
        for finding in loaded.findings:
            tell(f"freehold: note: {finding}")
    stack = loaded.stack if loaded is not None else None
    settings = DeskSettings(
        Path(options.state), options.name or (stack.name if stack else "desk"), stack, options.criteria, work.catalogue,
        _watchers(options, loaded, stack),
    )  # fmt: skip

    def ready(url: str, alone: bool) -> None:
        tell("freehold: " + say("desk.ready", url=url, folder=options.state))
        if alone:
            tell("freehold: " + say("desk.alone", folder=options.state))

    run_desk(settings, host, port, certificate=options.tls_certificate, key=options.tls_key, ready=ready)
    return 0


def _watchers(
    options: argparse.Namespace, loaded: work.Loaded | None, stack: Stack | None
) -> tuple[Callable[[Callable[[Any], Any]], Any], ...]:  # fmt: skip
    from freehold.web.looking_out import feeds_watcher, probes_watcher

    found = []
    if options.probes is not None:
        found.append(probes_watcher(options.probes, stack, loaded.inventory if loaded else None))
    if options.feeds:
        found.append(feeds_watcher(stack, Path(options.state)))
    return tuple(found)
