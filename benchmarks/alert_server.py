"""The alert core alone behind Alertmanager's API, as a process: what the alert benchmarks and the tests of crashes start.

    python -m benchmarks.alert_server --routes alertmanager.yml --state alerts.db [--stack stack.toml]

With a stack, the blast radius of each notification is known before it is told. It writes its port as a line, and runs until it
is killed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import time
from pathlib import Path

from aiohttp import web

from freehold.stack.toml_file import loads
from freehold.watch.alert import PLACES, Labels
from freehold.watch.alert_core import AlertCore
from freehold.watch.alert_loop import AlertLoop
from freehold.watch.alert_store import AlertStore
from freehold.watch.alertmanager_api import add_routes
from freehold.watch.alertmanager_file import read_alertmanager
from freehold.watch.delivery import Delivery
from freehold.watch.notification import Notification
from freehold.watch.radius import Reach
from freehold.watch.receivers.opening import channels_of, open_tellers
from freehold.watch.routes import read_routes

__all__ = ["main", "serve"]


async def serve(routes: Path, state: Path, port: int, stack: Path | None) -> None:
    """Serve until cancelled."""
    routing = read_alertmanager(routes) if routes.suffix in (".yml", ".yaml") else read_routes(routes)
    store = AlertStore.open(state)
    core = AlertCore(routing, store, time.time(), channels=channels_of(routing))
    reach = None if stack is None else Reach(loads(stack.read_text(encoding="utf-8"))).warm()
    alerts = AlertLoop(core, ahead=None if reach is None else reach.of)
    delivery = Delivery(open_tellers(routing, os.environ, write=print), alerts.told)
    app = web.Application()
    add_routes(app, alerts, may=lambda _: True)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(runner.addresses[0][1], flush=True)
    gc.freeze()

    def take(notifications: tuple[Notification, ...]) -> None:
        for one in notifications:
            if reach is not None:
                reach.of_all(_places(one))
            delivery.offer(one)

    try:
        await alerts.run(take)
    finally:
        await delivery.close()
        await runner.cleanup()
        store.close()


def _places(notification: Notification) -> set[tuple[Labels, Labels]]:
    """What its alerts say of their places, each once, as the desk asks."""
    return {(tuple(pair for pair in one.labels if pair[0] in PLACES), ()) for one in notification.alerts}


def main() -> None:
    """Read the command line, and serve."""
    parser = argparse.ArgumentParser("python -m benchmarks.alert_server")
    parser.add_argument("--routes", type=Path, required=True, help="routes.toml, or an alertmanager.yml")
    parser.add_argument("--state", type=Path, required=True, help="the file of alerts")
    parser.add_argument("--port", type=int, default=0, help="by default any that is free")
    parser.add_argument("--stack", type=Path, help="a stack as TOML")
    options = parser.parse_args()
    run = asyncio.run
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        pass
    run(serve(options.routes, options.state, options.port, options.stack))


if __name__ == "__main__":
    main()
