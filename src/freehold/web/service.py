"""The desk as a process: its folder, its parts opened in order and closed in order. Owns what stands where in the folder.

================================================  ==============================================================
In the folder                                     What
================================================  ==============================================================
``people.toml``                                   who may act, and digests of their keys
``intake.key``                                    the key by which a gateway on this machine may send events
``rules.toml``, ``routes.toml``, ``levels.toml``  of your own, beside or instead of those that come with Freehold
``alertmanager.yml``                              an Alertmanager's, instead of ``routes.toml``
``respond.toml``, ``playbooks/``                  what acts act through; playbooks of your own
``approvals.toml``, ``clocks.toml``               of your own, instead of those that come with Freehold
``journal.db``, ``alerts.db``, ``incidents.db``   what happened, what is wrong, what is done about it
``evidence-desk.jsonl``, ``evidence.key``         the evidence, and the key that signs it
================================================  ==============================================================
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from freehold.catalogue.facts import Catalogue
from freehold.errors import FreeholdError, UsageError
from freehold.gateway.garbage import collect_while_idle, settle
from freehold.log import log
from freehold.respond.actions.gateway_control import GatewayControl
from freehold.respond.actions.means import Gateway, Means, load_means
from freehold.respond.actions.registry import build_actions
from freehold.respond.actions.stop_file import stops_in
from freehold.respond.actions.stopping import Stopping
from freehold.respond.approval_requests import ApprovalRequests
from freehold.respond.approvals import default_matrix, load_matrix
from freehold.respond.clocks import default_limits, load_limits
from freehold.respond.driving_lock import DrivingLock
from freehold.respond.evidence_keys import load_or_make_key
from freehold.respond.evidence_log import EvidenceLog
from freehold.respond.incidents import Incidents
from freehold.respond.playbook_library import load_library
from freehold.respond.roles import Person
from freehold.respond.runner import Runner
from freehold.stack.values import Stack
from freehold.watch.alert_core import AlertCore
from freehold.watch.alert_loop import AlertLoop
from freehold.watch.alert_store import AlertStore
from freehold.watch.alertmanager_file import read_alertmanager
from freehold.watch.delivery import Delivery
from freehold.watch.engine import RuleEngine
from freehold.watch.even_clock import EvenClock
from freehold.watch.intake import Intake
from freehold.watch.journal import Journal
from freehold.watch.levels import built_in_levels, load_levels
from freehold.watch.radius import Reach
from freehold.watch.receivers.opening import channels_of, open_tellers
from freehold.watch.routes import Routing, load_routes, read_routes
from freehold.watch.rule_switch import RuleSwitch
from freehold.watch.rules import built_in_rules, load_rules
from freehold.watch.server_log import SERVER_LOG
from freehold.watch.signal import SIGNAL
from freehold.web.acts import Act
from freehold.web.app import Front, create_app
from freehold.web.desk import INCIDENTS, Desk
from freehold.web.live import Live
from freehold.web.people import INTAKE, People, add_person
from freehold.web.pillars import GatewaySeen
from freehold.web.responding import Responding
from freehold.web.sessions import Sessions
from freehold.web.state import Rooms
from freehold.web.warning import Warner
from freehold.words import say

__all__ = ["INTAKE_KEY", "DeskSettings", "GatewayLook", "make_runner", "open_desk", "run_desk", "serve"]

INTAKE_KEY: Final = "intake.key"
_GATEWAY: Final = "gateway"
"""The program that the intake key belongs to."""
_LOOK_AT_GATEWAY: Final = 2.0
_PATIENCE: Final = 5.0
_SILENT: Final = 75.0
"""Seconds after which a connection is closed on which no whole request came."""


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """What a desk is started with.

    Parameters
    ----------
    folder
        Its state folder; made if it is not there.
    name
        As the page and the evidence name it.
    stack
        The stack that warnings are held against; ``None`` for none.
    criteria
        The set by which levels are graded.
    catalogue
        Gives the catalogue, by which hosts are told to be whose.
    watchers
        Give events for as long as they run, such as probes: each is given what takes them.
    """

    folder: Path
    name: str = "desk"
    stack: Stack | None = None
    criteria: str = "freehold"
    catalogue: Callable[[], Catalogue] | None = None
    watchers: tuple[Callable[[Callable[[Any], Any]], Any], ...] = ()


class GatewayLook:
    """What the gateway says of itself, asked again and again.

    Parameters
    ----------
    means
        Where it is.
    changed
        Called when its answer has changed.
    """

    def __init__(self, means: Means, changed: Callable[[], None]) -> None:
        self.control = GatewayControl(means.gateway)
        self._named = means.gateway != Gateway()
        self._file = means.gateway.stop_file
        self._by_file = bool(self._file)
        self.seen = GatewaySeen(None, say("desk.no_upstreams"), self._named, self._by_file)
        self._changed = changed
        self._now = asyncio.Event()

    def look(self) -> None:
        """Look at once."""
        self._now.set()

    async def follow(self) -> None:
        """Look until it is cancelled."""
        while True:
            self._now.clear()
            seen = await self._seen()
            if seen != self.seen:
                self.seen = seen
                self._changed()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AT_GATEWAY):
                    await self._now.wait()

    async def _seen(self) -> GatewaySeen:
        try:
            return GatewaySeen(await self.control.state(), "", self._named, self._by_file)
        except FreeholdError as error:
            why = say("desk.no_gateway", why=error) if self._named else say("desk.no_upstreams")
            stops = await asyncio.to_thread(stops_in, Path(self._file)) if self._file else None
            return GatewaySeen(None, why, self._named, self._by_file, stops)


def _prepare(folder: Path) -> None:
    """Make the folder, and the key by which a gateway on this machine may send."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made ({error.strerror}). Name another folder: --state DIR") from error
    key_file = folder / INTAKE_KEY
    if not key_file.exists():
        key = add_person(folder, _GATEWAY, (INTAKE,))
        key_file.touch(0o600)
        key_file.write_text(key + "\n", encoding="ascii")


def _rules(folder: Path) -> RuleEngine:
    own_file = folder / "rules.toml"
    own = load_rules(own_file) if own_file.exists() else None
    return RuleEngine(RuleSwitch(folder / "rules.db").in_force(built_in_rules(), own))


def _routing(folder: Path) -> Routing:
    own, theirs = folder / "routes.toml", folder / "alertmanager.yml"
    if own.exists():
        return read_routes(own)
    if theirs.exists():
        return read_alertmanager(theirs)
    return load_routes(resources.files("freehold.web").joinpath("routes.toml").read_text(encoding="utf-8"))


def _to_terminal(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@asynccontextmanager
async def open_desk(
    settings: DeskSettings, *, write: Callable[[str], object] = _to_terminal,
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[Front]:  # fmt: skip
    """Open a desk with all its parts, let it work, and close it whole.

    Parameters
    ----------
    settings
        What it is started with.
    write
        Writes a line of a terminal channel.
    clock
        Seconds since 1970; an even one by default.

    Yields
    ------
    Front
        What is to be served.

    Raises
    ------
    freehold.errors.FreeholdError
        If a file of the folder is not sound, or another process has the desk open.
    """
    folder = settings.folder
    _prepare(folder)
    people, live, means = People(folder), Live(), load_means(folder)
    routing = _routing(folder)
    levels_file, limits_file, matrix_file = (folder / name for name in ("levels.toml", "clocks.toml", "approvals.toml"))
    levels = load_levels(levels_file) if levels_file.exists() else built_in_levels()
    limits = load_limits(limits_file) if limits_file.exists() else default_limits()
    matrix = load_matrix(matrix_file) if matrix_file.exists() else default_matrix()
    engine = _rules(folder)
    reach = (
        None if settings.stack is None else await asyncio.to_thread(Reach(settings.stack, catalogue=settings.catalogue).warm)
    )
    warner = Warner(levels, levels.criteria_set(settings.criteria), reach)
    async with AsyncExitStack() as stack:
        evidence = EvidenceLog.open(folder / "evidence-desk.jsonl", load_or_make_key(folder / "evidence.key"))
        stack.callback(evidence.close)
        if not stack.enter_context(DrivingLock(folder)).held:
            raise UsageError(f"another process answers the incidents of {folder}. End it, or name another folder.")
        journal = await stack.enter_async_context(Journal.open(folder / "journal.db"))
        if clock is None:
            newest = await journal.after(max(0, journal.last - 1), 1)
            clock = EvenClock(newest[0].event.received if newest else 0.0)
        store = AlertStore.open(folder / "alerts.db")
        stack.callback(store.close)
        core = AlertCore(routing, store, clock(), channels=channels_of(routing, {INCIDENTS: True}))
        alerts = AlertLoop(core, clock=clock, ahead=None if reach is None else reach.of)
        delivery = Delivery(open_tellers(routing, os.environ, write=write), alerts.told)
        stack.push_async_callback(delivery.close)
        incidents = Incidents.open(folder / "incidents.db", roster=people.roster, clock=clock)
        stack.callback(incidents.close)
        stack.callback(partial(incidents.drain_outbox, evidence))
        runner = Runner(incidents, build_actions(folder, means, incidents, clock), load_library(folder), matrix=matrix)
        responding = Responding(incidents, runner)
        stack.push_async_callback(responding.close)

        async def respond() -> bool:
            try:
                incidents.roster = people.roster
                desk.health.faults.pop("people", None)
            except FreeholdError as error:
                # runs go on; who may act on the page is not known until the file is mended
                desk.health.faults["people"] = str(error)
            return await responding.look()

        desk = Desk(
            journal=journal, engine=engine, alerts=alerts, incidents=incidents, evidence=evidence, warner=warner, live=live,
            delivery=delivery, respond=respond, clock=clock,
        )  # fmt: skip
        gateway = GatewayLook(means, live.changed)

        async def record(kind: str, body: Mapping[str, Any]) -> None:
            await evidence.committed(evidence.append(kind, dict(body)))

        rooms = Rooms(desk, ApprovalRequests(incidents, matrix.approval_seconds), responding, limits, settings.name)
        front = Front(
            rooms=rooms, live=live, sessions=Sessions(people),
            intake=Intake(journal, desk.take_alerts, clock, reserved=(SIGNAL,)), gateway=lambda: gateway.seen,
            at_gateway=partial(_at_gateway, gateway), record=record,
        )  # fmt: skip
        evidence.append("desk.started", {"name": settings.name, "stack": "" if settings.stack is None else settings.stack.name})
        await desk.restore()
        work = [asyncio.create_task(one) for one in (desk.run(), gateway.follow())]
        work += [asyncio.create_task(watcher(desk.take)) for watcher in settings.watchers]
        try:
            yield front
        finally:
            live.close()
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            with suppress(FreeholdError):
                core.commit()
            evidence.append("desk.stopped", {"name": settings.name})


async def _at_gateway(gateway: GatewayLook, you: Person, act: Act) -> str:
    """Stop or release at the gateway, and by its local file when it does not answer; say how."""
    stopping = Stopping(gateway.control)
    change = stopping.stop if act.act == "stop" else stopping.release
    told = await change(act.scope, act.name, by=you.name, because=act.because)
    gateway.look()
    return told.text


def _tls(certificate: str, key: str) -> ssl.SSLContext | None:
    if not certificate and not key:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"{certificate}: no certificate with its key ({error}). Name PEM files.") from error
    return context


def make_runner(front: Front) -> web.AppRunner:
    """What serves a desk over HTTP; it says nothing of requests that it cannot read, and leaves unpacking to the intake."""
    return web.AppRunner(
        create_app(front), access_log=None, logger=SERVER_LOG, handler_cancellation=True, shutdown_timeout=_PATIENCE,
        keepalive_timeout=_SILENT, auto_decompress=False,
    )  # fmt: skip


def run_desk(
    settings: DeskSettings, host: str, port: int, *, certificate: str = "", key: str = "",
    ready: Callable[[str, bool], None] = lambda url, alone: None,  # noqa: ARG005
) -> None:  # fmt: skip
    """Serve a desk until the process is told to end; see :func:`serve`."""
    try:
        import uvloop
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(settings, host, port, certificate=certificate, key=key, ready=ready))


async def serve(
    settings: DeskSettings, host: str, port: int, *, certificate: str = "", key: str = "",
    ready: Callable[[str, bool], None] = lambda url, alone: None,  # noqa: ARG005
) -> None:  # fmt: skip
    """Serve a desk until the process is told to end.

    Parameters
    ----------
    settings
        What it is started with.
    host, port
        Where to listen; port 0 takes a free one.
    certificate, key
        Files of a TLS certificate and its key; needed beyond loopback.
    ready
        Called once it listens, with its address, and whether nobody can sign in yet.

    Raises
    ------
    freehold.errors.FreeholdError
        If it cannot be started.
    """
    tls = _tls(certificate, key)
    if tls is None and host not in ("127.0.0.1", "::1", "localhost"):
        raise UsageError(
            f"{host} is beyond this machine, where keys must not go unencrypted. Give --tls-certificate and --tls-key."
        )
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end.set)
    async with open_desk(settings) as front:
        runner = make_runner(front)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port, ssl_context=tls)
            try:
                await site.start()
            except OSError as error:
                raise UsageError(
                    f"{host}:{port} cannot be listened on ({error.strerror}). Choose another: --listen HOST:PORT"
                ) from error
            bound = runner.addresses[0][1]
            shown = f"[{host}]" if ":" in host else host
            people = People(settings.folder).roster.person
            ready(f"http{'s' if tls else ''}://{shown}:{bound}", not any(person.digest for person in people))
            settle()
            journal = front.rooms.desk.journal
            collecting = asyncio.create_task(collect_while_idle(lambda: not journal.waiting))
            await end.wait()
            collecting.cancel()
        finally:
            log("desk ends", folder=str(settings.folder))
            front.live.close()
            await runner.cleanup()
