"""From the routes' receivers to what can be told. Owns the seam between a file of settings and secrets in the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from freehold.errors import BadRules
from freehold.watch.receiver_settings import Apprise, Channel, File, Webhook, check_address
from freehold.watch.receivers.interface import Teller
from freehold.watch.routes import Routing

__all__ = ["channels_of", "open_tellers"]


def channels_of(routing: Routing, beside: Mapping[str, bool] | None = None) -> dict[str, dict[str, bool]]:
    """The channels of each receiver, and whether they hear of ends: what an alert core needs to know.

    Parameters
    ----------
    routing
        With the receivers.
    beside
        Channels that every receiver has as well, such as the desk's own incidents.
    """
    found: dict[str, dict[str, bool]] = {}
    for name in sorted({route.receiver for route in routing.route}):
        receiver = routing.receivers.get(name)
        own = {} if receiver is None else {channel: one.send_resolved for channel, one in receiver.channels.items()}
        found[name] = {**own, **(beside or {})}
    return found


def open_tellers(
    routing: Routing, environment: Mapping[str, str], *, write: Callable[[str], object], address: str = ""
) -> dict[str, Teller]:
    """What can be told, by channel.

    Parameters
    ----------
    routing
        With the receivers.
    environment
        Where the URLs are that carry secrets.
    write
        Writes a line to the terminal.
    address
        Where the desk can be looked at, for those who are told.

    Raises
    ------
    freehold.errors.BadRules
        If a variable is not set, or holds no URL that can be used; its value is not repeated.
    """
    return {
        name: _open(name, channel, environment, write, address)
        for receiver in routing.receivers.values()
        for name, channel in receiver.channels.items()
    }


def _secret(name: str, variable: str, environment: Mapping[str, str]) -> str:
    value = environment.get(variable, "").strip()
    if not value:
        raise BadRules(f"{name}: the environment variable {variable} is not set. Set it to the URL.")
    return value


def _open(name: str, channel: Channel, environment: Mapping[str, str], write: Callable[[str], object], address: str) -> Teller:
    if isinstance(channel, Webhook):
        from freehold.watch.receivers.webhook import WebhookTeller

        url = channel.url
        if not url:
            url = _secret(name, channel.url_from, environment)
            check_address(url, f"{name}: the environment variable {channel.url_from}", secret=True)
        return WebhookTeller(url, timeout=channel.timeout, most=channel.max_alerts, address=address)
    if isinstance(channel, Apprise):
        from freehold.watch.receivers.apprise import AppriseTeller

        try:
            return AppriseTeller(_secret(name, channel.url_from, environment), timeout=channel.timeout)
        except ValueError:
            mend = f"Set {channel.url_from} to a URL as apprise writes them."
            raise BadRules(f"{name}: apprise knows no such service. {mend}") from None
    from freehold.watch.receivers.file import FileTeller, TerminalTeller

    return FileTeller(channel.path) if isinstance(channel, File) else TerminalTeller(write)
