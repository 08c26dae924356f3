"""The gateway as a process. Owns what it says when it starts, and what signals mean to it.

SIGTERM and SIGINT end it in order, a second one at once; SIGHUP reads the configuration anew.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

from freehold.errors import GatewayError
from freehold.gateway.answers import Refusal
from freehold.gateway.configuration import Configuration, listen_of
from freehold.gateway.garbage import collect_while_idle, settle
from freehold.gateway.server import Serving
from freehold.gateway.state_folder import StateFolder
from freehold.whole_file import write_whole
from freehold.words import say

__all__ = ["run_gateway"]

_MOST_FILES: Final = 65_536


def run_gateway(
    app: web.Application, configuration: Configuration, folder: StateFolder, tell: Callable[[str], None], *, named: bool
) -> int:
    """Serve until a signal comes.

    Parameters
    ----------
    app
        The application.
    configuration
        What it was made from.
    folder
        Its state.
    tell
        Takes what is said, a line at a time.
    named
        Whether the state folder was named by the user, and is to be named in what he is told to write.

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    freehold.errors.GatewayError
        If nothing can be served at the address.
    """
    _many_files()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(app, configuration, folder, tell, named=named))
    return 0


def _many_files() -> None:
    """A thousand streams are two thousand connections: take as many as the system allows."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, _MOST_FILES) if hard != resource.RLIM_INFINITY else _MOST_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(
    app: web.Application, configuration: Configuration, folder: StateFolder, tell: Callable[[str], None], *, named: bool
) -> None:
    serving, loop = Serving(app), asyncio.get_running_loop()
    listen = configuration.gateway.listen
    ending = asyncio.Event()

    def end() -> None:
        if ending.is_set():
            serving.cut()
        ending.set()

    def reload() -> None:
        with suppress(Refusal):
            serving.reload()

    try:
        port = await serving.start(listen)
    except OSError as error:
        await serving.stop(0)
        raise GatewayError(
            f"nothing can be served at {listen} ({error.strerror}). Choose another place with --listen."
        ) from None
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(RuntimeError):
            loop.add_signal_handler(number, end)
    with suppress(RuntimeError, AttributeError):
        loop.add_signal_handler(signal.SIGHUP, reload)
    host, _ = listen_of(listen, "listen")
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    write_whole(folder.address, url + "\n")
    for line in _first_words(configuration, folder, url, named=named):
        tell(f"freehold: {line}")
    settle()
    collecting = loop.create_task(collect_while_idle(lambda: not len(serving.running.flights)))
    await ending.wait()
    collecting.cancel()
    seconds = configuration.gateway.drain_seconds
    count = len(serving.running.flights)
    if count:
        tell("freehold: " + say("gateway.draining", count=count, seconds=f"{seconds:g}"))
    await serving.stop()
    folder.address.unlink(missing_ok=True)
    tell("freehold: " + say("gateway.ended"))


def _first_words(configuration: Configuration, folder: StateFolder, url: str, *, named: bool) -> list[str]:
    upstreams = ", ".join(f"{one.name} ({one.url})" for one in configuration.upstream[:5])
    lines = [
        say("gateway.listening", url=url, upstreams=upstreams),
        say("gateway.point", url=url),
        say("gateway.stop_line", state=f" --state {folder.path}" if named else "", file=folder.stop),
        say("gateway.evidence_line", file=folder.evidence),
    ]
    if configuration.gateway.key_env is None and configuration.gateway.key_file is None:
        lines.append(say("gateway.control_line", file=folder.admin_key))
    with_key = next((one for one in configuration.upstream if one.key_env or one.key_file), None)
    if with_key is not None and not configuration.tenant:
        lines.append(say("gateway.without_key", listen=configuration.gateway.listen, upstream=with_key.name))
    return lines
