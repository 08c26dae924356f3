"""``freehold gateway``: serve; and check, stop, release, state, which need no server. Owns their arguments and the signals."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.cli.extras import needs_watch
from freehold.cli.output import write
from freehold.cli.speech import tell
from freehold.errors import GatewayError, UsageError
from freehold.words import say

if TYPE_CHECKING:
    from freehold.gateway.configuration import Configuration
    from freehold.gateway.state_folder import StateFolder
    from freehold.stack.values import Stack

__all__ = ["ACTIONS", "add_arguments", "run"]

ACTIONS: Final[Mapping[str, str]] = {
    "check": "see whether a configuration is sound, its keys too, without starting",
    "stop": "stop all, or a model, tenant, tool or agent, at once; works without a server",
    "release": "take a stop back",
    "state": "what is stopped",
}
_WATCH_KEY: Final = "FREEHOLD_WATCH_KEY"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what it takes: an action with its words, or none to serve."""
    actions = "; ".join(f"{name}: {line}" for name, line in ACTIONS.items())
    parser.add_argument(
        "action",
        nargs="?",
        choices=(*ACTIONS, "serve"),
        default="serve",
        metavar="ACTION",
        help=f"{actions}; serve, or none: it serves",
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help="check: FILE; stop and release: all, or a SCOPE and a NAME")
    serve = parser.add_argument_group("serving")
    serve.add_argument("--upstream", metavar="URL", help="a provider or model server: all that is needed to begin")
    serve.add_argument("--config", metavar="FILE", help="a configuration, instead of --upstream")
    serve.add_argument("--listen", metavar="HOST:PORT", help="where to listen (default 127.0.0.1:8470)")
    serve.add_argument("--watch", metavar="URL", help=f"the desk that events are sent to; its key in {_WATCH_KEY}")
    serve.add_argument("--stack", metavar="STACK", help="the stack that the configuration's places mean")
    parser.add_argument(
        "--state", metavar="DIR", help="where stops, evidence and keys are kept (default: the user's state folder)"
    )
    parser.add_argument("--because", metavar="TEXT", default="", help="stop: why")
    parser.add_argument("--by", metavar="TEXT", default="", help="stop: who")


def run(options: argparse.Namespace) -> int:
    """Do what was asked.

    Raises
    ------
    freehold.errors.GatewayError
        If it cannot be done.
    freehold.errors.UsageError
        If the arguments make no sense together.
    """
    return _RUN[options.action](options)


def _folder(options: argparse.Namespace) -> StateFolder:
    from freehold.gateway.state_folder import StateFolder, default_folder

    return StateFolder(Path(options.state) if options.state else default_folder())


def _words(options: argparse.Namespace, least: int, most: int, form: str) -> list[str]:
    words = list(options.words)
    if not least <= len(words) <= most:
        raise UsageError(f"{options.action} is written: freehold gateway {form}")
    return words


# ------------------------------------------------------------------ without a server


def _stop(options: argparse.Namespace) -> int:
    from freehold.gateway.switches import Stop, change_stop, check_stop, set_aside

    words = _words(options, 1, 2, f"{options.action} all | model NAME | tenant NAME | tool NAME | agent NAME")
    why = ": ".join(filter(None, (options.by, options.because)))
    stop = Stop(words[0], words[1] if len(words) > 1 else "", why)
    folder, on = _folder(options), options.action == "stop"
    check_stop(stop)
    aside = set_aside(folder.stop) if not on and stop.scope == "all" else None
    if aside is not None:
        tell("freehold: " + say("gateway.set_aside", aside=aside))
    stops = change_stop(folder.stop, stop, on=on)
    tell("freehold: " + say("gateway.stopped" if on else "gateway.released", stop=stop, file=folder.stop))
    if not on and stops:
        tell("freehold: " + say("gateway.still", stops=", ".join(map(str, stops.listed))))
    return 0


def _state(options: argparse.Namespace) -> int:
    from freehold.gateway.switches import read_stops, way_out

    _words(options, 0, 0, "state [--state DIR]")
    file = _folder(options).stop
    try:
        stops = read_stops(file)
    except GatewayError as error:
        raise GatewayError(f"everything is stopped: {error} {way_out(file)}".rstrip()) from None
    if mend := way_out(file, stops):
        tell(f"freehold: {mend}")
    write(None, "".join(f"{stop.line}\n" for stop in stops.listed) or say("gateway.nothing_stopped") + "\n")
    return 0


def _check(options: argparse.Namespace) -> int:
    with needs_watch("checking a configuration needs"):
        from freehold.gateway.configuration import load
        from freehold.gateway.plan import prepare
        from freehold.gateway.secrets import Secret

    words = _words(options, 0, 1, "check FILE")
    file = words[0] if words else options.config
    if file is None:
        raise UsageError("check is written: freehold gateway check FILE")
    read = load(file)
    # A key for control that the configuration does not name is made when the gateway starts.
    prepare(read, admin=Secret(""), stack=_stack(options), folder=Path(file).parent)
    said = say("gateway.sound", file=file, upstreams=len(read.upstream), tenants=len(read.tenant), rules=len(read.rule))
    write(None, said + "\n")
    return 0


def _stack(options: argparse.Namespace) -> Stack | None:
    if options.stack is None:
        return None
    from freehold import work
    from freehold.settings import find_settings

    return work.load(options.stack, find_settings({})).stack


# ------------------------------------------------------------------ serving


def _configuration(options: argparse.Namespace) -> Configuration:
    """The configuration as files and the command line now say."""
    import os

    from freehold.gateway.configuration import changed, load, simple

    if (options.upstream is None) is (options.config is None):
        raise UsageError("say what it stands in front of: --upstream http://127.0.0.1:11434, or --config gateway.toml.")
    read = simple(options.upstream) if options.upstream is not None else load(options.config)
    key = _WATCH_KEY if os.environ.get(_WATCH_KEY) else None
    return changed(read, listen=options.listen, watch=options.watch, watch_key_env=key)


def _serve(options: argparse.Namespace) -> int:
    if options.words:
        raise UsageError(f"'{options.words[0]}' is no word for serving. See: freehold gateway --help")
    with needs_watch("the gateway needs"):
        from freehold.gateway.process import run_gateway
        from freehold.gateway.server import create_gateway
    configuration, folder = _configuration(options), _folder(options)
    place = Path(options.config).parent if options.config is not None else None
    reread = partial(_configuration, options) if options.config is not None else None
    app = create_gateway(
        configuration, state=folder.path, reread=reread, folder=place, stack=_stack(options), tell=tell
    )  # fmt: skip
    return run_gateway(app, configuration, folder, tell, named=options.state is not None)


_RUN: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "serve": _serve,
    "check": _check,
    "stop": _stop,
    "release": _stop,
    "state": _state,
}
