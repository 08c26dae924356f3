"""Which headers cross the gateway, and in which direction. Owns the seam between two connections that share no state.

Headers of one connection (RFC 9110, 7.6.1) stay on it, as do those that a ``Connection`` header names, keys, and what is
the gateway's own. An upstream learns nothing of who asks but what the client itself put into the body.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from multidict import CIMultiDict

from freehold.gateway.configuration import is_loopback

__all__ = ["KEYS", "answer_headers", "bearer", "foreign_page", "plain", "request_headers"]

_OF_ONE_CONNECTION: Final = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", "http2-settings",
})  # fmt: skip
_NOT_TO_UPSTREAM: Final = _OF_ONE_CONNECTION | {
    "host", "content-length", "expect", "cookie", "authorization", "api-key", "x-api-key", "forwarded", "via",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-original-url",
    "x-rewrite-url", "x-http-method-override",
}  # fmt: skip
_NOT_TO_CLIENT: Final = _OF_ONE_CONNECTION | {
    "set-cookie",
    "content-length",
    "server",
    "date",
    "alt-svc",
    "strict-transport-security",
}
KEYS: Final = ("authorization", "api-key", "x-api-key")
"""Headers that hold a key."""


def _named(headers: Mapping[str, str]) -> Iterable[str]:
    listed = headers.get("connection")
    return [name.strip().lower() for name in listed.split(",")] if listed else ()


def _is_text(value: str) -> bool:
    """Whether a value is UTF-8; one that is not cannot be sent on."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def request_headers(headers: Mapping[str, str], *, with_key: bool) -> CIMultiDict[str]:
    """What of a client's headers goes to an upstream.

    Parameters
    ----------
    headers
        As they came.
    with_key
        Whether the client's own key goes too: only to the one upstream that it is meant for.
    """
    named = _named(headers)
    kept = CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if (low := name.lower()) not in _NOT_TO_UPSTREAM
        and low not in named
        and not low.startswith("x-freehold-")
        and (value.isascii() or _is_text(value))
    )
    if with_key:
        for name in KEYS:
            if name in headers and name not in named:
                kept[name] = headers[name]
    return kept


def answer_headers(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """What of an upstream's headers goes to a client."""
    named = _named(headers)
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if (low := name.lower()) not in _NOT_TO_CLIENT
        and low not in named
        and not low.startswith("x-freehold-")
        and (value.isascii() or _is_text(value))
    )


def foreign_page(headers: Mapping[str, str], hosts: Collection[str]) -> str | None:
    """Why a request may be one that a page of somebody else's makes a browser send, or ``None``.

    A browser on this machine reaches what listens on loopback, and so does any page that it shows: directly, which the
    header ``Origin`` tells, or under a name of the page's own that suddenly means 127.0.0.1, which ``Host`` tells.

    Parameters
    ----------
    headers
        As they came.
    hosts
        Names under which the gateway may be asked, beside those of this machine.
    """
    for name in ("host", "origin"):
        given = headers.get(name)
        if given is None:
            continue
        host = given.rpartition("://")[2].lower()
        host = host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]
        host = host.removeprefix("[").removesuffix("]")
        if not is_loopback(host) and host not in hosts:
            return f"the header {name.capitalize()} says '{plain(given, 100)}'"
    return None


def bearer(headers: Mapping[str, str]) -> str:
    """The key that a client shows, or an empty text."""
    given = headers.get("authorization", "")
    if given[:7].lower() == "bearer ":
        return given[7:].strip()
    return headers.get("api-key") or headers.get("x-api-key") or ""


def plain(text: str, most: int = 300) -> str:
    """A text as a header can carry it: printable ASCII, of bounded length."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text[:most])
