"""The gateway as a server. Owns its life: what is opened before the first request, and in which order it ends."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from aiohttp import web
from yarl import URL

from freehold.errors import BadConfiguration, FreeholdError
from freehold.gateway.accounts import Accounts
from freehold.gateway.configuration import Configuration, listen_of
from freehold.gateway.control import Control
from freehold.gateway.handling import Handler
from freehold.gateway.heartbeat import Heartbeat
from freehold.gateway.looks import Looks
from freehold.gateway.notices import Notices
from freehold.gateway.plan import prepare
from freehold.gateway.ramp import Move
from freehold.gateway.records import Records
from freehold.gateway.running import Running
from freehold.gateway.sender import Sender
from freehold.gateway.silence import Silences
from freehold.gateway.spool import Spool
from freehold.gateway.state_folder import StateFolder
from freehold.gateway.switches import Switches
from freehold.respond.digests import Salts
from freehold.respond.evidence_keys import load_or_make_key
from freehold.respond.evidence_log import EvidenceLog
from freehold.stack.values import Stack
from freehold.watch.event import Json
from freehold.watch.server_log import SERVER_LOG

__all__ = ["CONTROL", "RUNNING", "Serving", "create_gateway"]

RUNNING: Final = web.AppKey("running", Running)
"""Where an application keeps the running gateway."""
CONTROL: Final = web.AppKey("control", Control)
"""Where it keeps what answers under ``/freehold/``."""

_LOOK_EVERY: Final = 0.1
_SAVE_EVERY: Final = 1.0
_LAST_SECONDS: Final = 1.0
_FAREWELL_SECONDS: Final = 3.0
"""How long a desk that answers may take for the last events: that the gateway ends in order is one of them."""
_MOST_LINE: Final = 8_190


def create_gateway(
    configuration: Configuration,
    *,
    state: Path,
    reread: Callable[[], Configuration] | None = None,
    folder: Path | None = None,
    stack: Stack | None = None,
    environment: Mapping[str, str] = os.environ,
    tell: Callable[[str], None] = lambda _text: None,
) -> web.Application:
    """Make the gateway's application; see :class:`Serving` for how it is served.

    Parameters
    ----------
    configuration
        What it does.
    state
        The folder of its state.
    reread
        Gives the configuration as it is now, when the gateway is told to read it anew.
    folder
        The configuration's folder, where key files are.
    stack
        What the places of upstreams are looked up in.
    environment
        Where keys are looked up.
    tell
        Takes what it says of itself, a line at a time.

    Raises
    ------
    freehold.errors.GatewayError
        If the configuration is not sound, a key is weak, or the state cannot be kept.
    freehold.errors.EvidenceError
        If the evidence cannot be written.
    """
    kept = StateFolder(state)
    kept.make()
    has_key = configuration.gateway.key_env is not None or configuration.gateway.key_file is not None
    made = None if has_key else kept.made_key()
    plan = prepare(configuration, admin=made, stack=stack, folder=folder, environment=environment)

    def reload() -> None:
        if reread is None:
            raise BadConfiguration("the gateway was started without a configuration file: there is nothing to read anew.")
        running, following = app[RUNNING], reread()
        _same(running.plan.configuration, following)
        running.follow(prepare(following, admin=made, before=running.plan, stack=stack, folder=folder, environment=environment))

    async def life(app: web.Application) -> AsyncIterator[None]:
        notices = Notices(tell)
        log = EvidenceLog.open(kept.evidence, load_or_make_key(kept.signing_key))
        try:
            salts = Salts.open(kept.salts) if configuration.gateway.digests else None
        except FreeholdError:
            log.close()
            raise
        records = Records(log, salts, notices)

        def near(whose: str, limit: str) -> None:
            notices.say("budget_near", f"{whose} {limit}", whose=whose, limit=limit)

        accounts = Accounts(configuration, kept.budgets, near)
        silences = Silences(records, notices, asyncio.get_running_loop().time)
        running = Running(plan, Switches(kept.stop), records, notices, accounts, silences)
        running.begin()
        app[RUNNING] = running
        app[CONTROL] = control = Control(running, kept, reload)
        control.restore()
        handler.append(Handler(running))
        records.put("started", {"freehold.name": plan.configuration.gateway.name})
        heartbeat = Heartbeat(running, asyncio.get_running_loop().time)
        heartbeat.look()
        sender = _sender(running, kept)
        if sender is not None:
            running.desk = sender.state
            sender.start()
        looks = Looks(running, asyncio.get_running_loop().time)
        watcher = asyncio.create_task(_watch(running, control, looks, heartbeat))
        try:
            yield
        finally:
            await control.finish()
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher
            await looks.stop()
            number = heartbeat.end()
            if sender is not None:
                with suppress(FreeholdError, TimeoutError):
                    async with asyncio.timeout(_LAST_SECONDS):
                        await records.log.committed(number)
                await sender.stop(_FAREWELL_SECONDS)
            await running.close()
            with suppress(FreeholdError):
                accounts.save(time.time())
            records.close()
            notices.close()

    handler: list[Handler] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.raw_path.startswith("/freehold/"):
            return await app[CONTROL].handle(request)
        return await handler[0].handle(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    app.cleanup_ctx.append(life)
    return app


def _sender(running: Running, kept: StateFolder) -> Sender | None:
    """What sends events to the desk, where one is named."""
    configuration = running.plan.configuration
    if configuration.watch is None:
        return None
    source = f"/freehold/gateway/{configuration.gateway.name}"
    spool = Spool(kept.evidence, kept.cursor, source)
    base = URL(configuration.watch.url.rstrip("/"))
    return Sender(spool, running.records.log, base / "events", running.plan.watch, running.notices)


def _same(before: Configuration, after: Configuration) -> None:
    """See that nothing has changed that cannot change while the gateway runs."""
    for name in ("name", "listen", "digests"):
        if getattr(before.gateway, name) != getattr(after.gateway, name):
            raise BadConfiguration(f"gateway.{name} cannot change while the gateway runs. End it and start it anew.")
    if before.watch != after.watch:
        raise BadConfiguration("[watch] cannot change while the gateway runs. End it and start it anew.")


async def _watch(running: Running, control: Control, looks: Looks, heartbeat: Heartbeat) -> None:
    """Look at the stops and at who is late, a few times a second, for as long as the gateway runs."""
    loop = asyncio.get_running_loop()
    saved = loop.time()
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        try:
            running.look_at_stops()
            running.flights.see_deadlines(loop.time())
            plan = running.plan
            running.silences.look(running.flights, plan.upstreams.values(), plan.configuration.timeouts.warn)
            looks.begin()
            heartbeat.look()
            if loop.time() - saved >= _SAVE_EVERY:
                saved = loop.time()
                await _each_second(running, control)
        except Exception as error:  # noqa: BLE001  whatever it is, the next look at the stops must come
            running.notices.say("defect", type(error).__name__, what=f"{type(error).__name__}: {error}")


async def _each_second(running: Running, control: Control) -> None:
    running.records.probe()
    running.notices.look()
    moves = list(running.routes.tick(running.plan, running.flights, asyncio.get_running_loop().time()))
    for model, move in moves:
        _tell_move(running, model, move)
    if moves:
        await control.moved()
    await running.close_retired()
    try:
        running.accounts.save(time.time())
    except FreeholdError as error:
        running.notices.say("not_saved", why=str(error))


def _tell_move(running: Running, model: str, move: Move) -> None:
    """Write and say that a movement went on, was held or went back."""
    route = running.routes.kept().get(model)
    body: dict[str, Json] = {
        "freehold.model": model, "freehold.upstream": route.to if route is not None else "", "freehold.percent": move.percent,
        "freehold.because": move.because,
    }  # fmt: skip
    running.records.put("capacity" if move.kind == "held" else "ramp", body)
    running.notices.say("ramp", f"{model} {move.because}", model=model, percent=move.percent, why=move.because)


class Serving:
    """An application that is served.

    Parameters
    ----------
    app
        As :func:`create_gateway` makes it.
    """

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._runner = web.AppRunner(
            app, access_log=None, logger=SERVER_LOG, handler_cancellation=True, auto_decompress=False, keepalive_timeout=75.0,
            shutdown_timeout=_LAST_SECONDS, max_line_size=_MOST_LINE, lingering_time=2.0,
        )  # fmt: skip
        self._site: web.TCPSite | None = None

    async def start(self, listen: str, port: int | None = None) -> int:
        """Begin to serve; gives the port.

        Parameters
        ----------
        listen
            Address and port.
        port
            Instead of the port in ``listen``; 0 for any that is free.

        Raises
        ------
        OSError
            If nothing can be served there.
        """
        host, stated = listen_of(listen, "listen")
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, host, stated if port is None else port, backlog=1_024)
        await self._site.start()
        return int(self._runner.addresses[0][1])

    @property
    def running(self) -> Running:
        """The running gateway."""
        return self._app[RUNNING]

    def reload(self) -> None:
        """Read the configuration anew.

        Raises
        ------
        freehold.gateway.answers.Refusal
            If it is not sound; nothing was changed.
        """
        self._app[CONTROL].reload()
        self.running.records.put("reloaded", {"freehold.by": "signal"})

    def cut(self) -> None:
        """Wait for nobody any more."""
        self.running.flights.close()

    async def stop(self, drain_seconds: float | None = None) -> None:
        """End: take nothing new, let what is under way end, cut what does not.

        Parameters
        ----------
        drain_seconds
            How long what is under way may last; as configured if not given.
        """
        running = self.running
        seconds = running.plan.configuration.gateway.drain_seconds if drain_seconds is None else drain_seconds
        running.closing = True
        if self._site is not None:
            await self._site.stop()
        if not await _empty(running, seconds):
            running.flights.close()
            await _empty(running, _LAST_SECONDS)
        await self._runner.cleanup()


async def _empty(running: Running, seconds: float) -> bool:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while len(running.flights) and loop.time() < until:
        await asyncio.sleep(0.02)
    return not len(running.flights)
