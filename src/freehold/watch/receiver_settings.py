"""Who is told, and how, as values: a receiver's channels. Owns how they are written in a file, and that no secret stands there.

A URL that carries a secret is not written in the file: ``url_from`` names the environment variable that holds it.
"""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import urlsplit

import msgspec

from freehold.errors import BadRules

__all__ = ["Apprise", "Channel", "File", "Receiver", "Terminal", "Webhook", "check_address", "check_receiver"]


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Alertmanager's webhook, version 4: one POST a notification.

    Parameters
    ----------
    url, url_from
        Where to: as it is, or the name of an environment variable that holds it.
    send_resolved
        Whether it is told when alerts have ended.
    max_alerts
        The most alerts in one body; how many were left out stands in it.
    timeout
        Seconds for one attempt.
    """

    url: str = ""
    url_from: str = ""
    send_resolved: bool = True
    max_alerts: int = 10_000
    timeout: float = 10.0


class Apprise(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Any of apprise's services: mail, chat, text messages.

    Parameters
    ----------
    url_from
        The name of an environment variable that holds apprise's URL: those carry secrets.
    send_resolved
        Whether it is told when alerts have ended.
    timeout
        Seconds for one attempt.
    """

    url_from: str
    send_resolved: bool = True
    timeout: float = 30.0


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file to which each notification is added as a line of JSON, in the form of the webhook.

    Parameters
    ----------
    path
        The file.
    send_resolved
        Whether it is told when alerts have ended.
    """

    path: str
    send_resolved: bool = True


class Terminal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The terminal on which the desk runs: a line a notification.

    Parameters
    ----------
    send_resolved
        Whether it is told when alerts have ended.
    """

    send_resolved: bool = True


Channel: TypeAlias = Webhook | Apprise | File | Terminal


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A name in the routes, and the channels by which it is told.

    Parameters
    ----------
    name
        As routes name it.
    webhook, apprise, file, terminal
        Its channels; without any it is told nothing itself (the desk still takes its notifications).
    """

    name: str
    webhook: tuple[Webhook, ...] = ()
    apprise: tuple[Apprise, ...] = ()
    file: tuple[File, ...] = ()
    terminal: tuple[Terminal, ...] = ()

    @property
    def channels(self) -> dict[str, Channel]:
        """Its channels by name, such as ``duty/webhook[0]``."""
        kinds: dict[str, tuple[Channel, ...]] = {
            "webhook": self.webhook, "apprise": self.apprise, "file": self.file, "terminal": self.terminal,
        }  # fmt: skip
        return {f"{self.name}/{kind}[{number}]": one for kind, all_of in kinds.items() for number, one in enumerate(all_of)}


def check_receiver(receiver: Receiver, place: str) -> None:
    """See that a receiver can be told anything.

    Raises
    ------
    freehold.errors.BadRules
        If a URL is missing, is none, or carries a secret; or a limit makes no sense.
    """
    if not receiver.name:
        raise BadRules(f"{place}: a receiver has no name. Give it one, and use that in the routes.")
    for name, one in receiver.channels.items():
        if isinstance(one, Webhook):
            if bool(one.url) == bool(one.url_from):
                raise BadRules(f"{place}: {name} needs either url, or url_from with the name of an environment variable.")
            if one.url:
                check_address(one.url, f"{place}: {name}")
            if not 1 <= one.max_alerts <= 100_000:
                raise BadRules(f"{place}: {name}: max_alerts of {one.max_alerts} is not between 1 and 100,000.")
        if isinstance(one, Apprise) and not one.url_from:
            raise BadRules(f"{place}: {name} needs url_from: the name of an environment variable that holds apprise's URL.")
        if isinstance(one, Webhook | Apprise) and not 0 < one.timeout <= 300:
            raise BadRules(f"{place}: {name}: a timeout of {one.timeout} s is not between 0 and 300.")
        if isinstance(one, File) and (not one.path or "\0" in one.path):
            raise BadRules(f"{place}: {name} names no file.")


def check_address(url: str, place: str, *, secret: bool = False) -> None:
    """See that a URL is an HTTP one, and carries no password.

    Parameters
    ----------
    url
        The URL.
    place
        Where it stands, for messages.
    secret
        Whether it may carry one.

    Raises
    ------
    freehold.errors.BadRules
        If it is not; the URL itself is not repeated.
    """
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise BadRules(f"{place}: its URL cannot be read. Write http://host:port/path.") from None
    if not sound:
        raise BadRules(f"{place}: its URL is none of HTTP. Write http://host:port/path.")
    if not secret and (parts.username is not None or parts.password is not None):
        raise BadRules(
            f"{place}: its URL carries a name or password. Put it in an environment variable, and name that in url_from."
        )
