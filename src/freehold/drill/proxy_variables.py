"""The variables by which programs are told of a proxy. Owns how a user's own are read, and which a drill sets instead.

There is no standard: the lower-case names are the older ones and win; an upper-case ``HTTP_PROXY`` counts as well. A *next
hop* is the proxy that the user had set, and that the drill's own passes on to.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from freehold.errors import NotPossible

__all__ = ["NextHop", "NextHops", "next_hops", "with_proxy"]

_SET: Final = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
_TOOLS: Final = (
    "PIP_PROXY", "NPM_CONFIG_PROXY", "NPM_CONFIG_HTTP_PROXY", "NPM_CONFIG_HTTPS_PROXY", "YARN_HTTP_PROXY", "YARN_HTTPS_PROXY",
    "CARGO_HTTP_PROXY", "GLOBAL_AGENT_HTTP_PROXY", "GLOBAL_AGENT_HTTPS_PROXY", "GRPC_PROXY", "WS_PROXY", "WSS_PROXY",
)  # fmt: skip
_TOOLS_EXEMPT: Final = ("NPM_CONFIG_NOPROXY", "NPM_CONFIG_NO_PROXY", "GLOBAL_AGENT_NO_PROXY", "NO_GRPC_PROXY")
_LOOPBACK: Final = "localhost,127.0.0.1,::1"


@dataclass(frozen=True, slots=True)
class NextHop:
    """A proxy that is spoken to in HTTP.

    Parameters
    ----------
    host, port
        Where it is.
    credentials
        What it is shown, as the value of ``Proxy-Authorization``; empty for nothing. Kept in memory alone.
    """

    host: str
    port: int
    credentials: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NextHops:
    """The user's own proxies.

    Parameters
    ----------
    plain, secure
        For HTTP without encryption, and for everything else; ``None`` where there is none.
    exempt
        Hosts that are dialled directly: names with all below them, addresses, networks, or ``*`` for all.
    """

    plain: NextHop | None = None
    secure: NextHop | None = None
    exempt: tuple[str, ...] = ()

    def to(self, host: str, *, secure: bool) -> NextHop | None:
        """The proxy that a host is reached by; ``None`` if directly."""
        hop = self.secure if secure else self.plain
        return None if hop is None or any(_covers(one, host) for one in self.exempt) else hop


def _covers(exempt: str, host: str) -> bool:
    if exempt == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(exempt, strict=False)
    except ValueError:
        name = exempt.removeprefix("*").lstrip(".")
        return bool(name) and (host == name or host.endswith("." + name))


def next_hops(environment: Mapping[str, str]) -> NextHops:
    """Read the proxies that a user has set.

    Parameters
    ----------
    environment
        The user's variables.

    Raises
    ------
    freehold.errors.NotPossible
        If one of them is a proxy that cannot be passed on to.
    """
    anything = _hop(environment, "all_proxy")
    exempt = _value(environment, "no_proxy")[1]
    return NextHops(
        _hop(environment, "http_proxy") or anything,
        _hop(environment, "https_proxy") or anything,
        tuple(one.strip().lower() for one in exempt.replace(" ", ",").split(",") if one.strip()),
    )


def _value(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """The variable that counts, and its value."""
    for spelt in (name, name.upper()):
        if environment.get(spelt):
            return spelt, environment[spelt].strip()
    return name, ""


def _hop(environment: Mapping[str, str], name: str) -> NextHop | None:
    spelt, value = _value(environment, name)
    if not value:
        return None
    try:
        address = urlsplit(value if "://" in value else f"http://{value}")
        host, port = address.hostname, address.port
    except ValueError:
        address, host, port = SplitResult("", "", "", "", ""), None, None
    if not host:
        raise NotPossible(f"{spelt} is no address of a proxy. Write http://host:port, or unset it.")
    if address.scheme != "http":
        raise NotPossible(
            f"{spelt} names a proxy of the kind {address.scheme}:, which the proxy backend cannot pass on to. Set one that is "
            "spoken to in plain HTTP (http://host:port), or choose the namespace backend."
        )
    user = f"{unquote(address.username or '')}:{unquote(address.password or '')}" if address.username is not None else ""
    shown = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
    return NextHop(host, port or 80, shown)


def with_proxy(environment: Mapping[str, str], address: str) -> dict[str, str]:
    """Give a command's variables, changed so that it uses a proxy for all but this machine's own loopback.

    Parameters
    ----------
    environment
        Its own.
    address
        Of the proxy, as ``http://127.0.0.1:port``.
    """
    changed = dict(environment)
    for name in _SET:
        changed[name] = changed[name.upper()] = address
    changed["no_proxy"] = changed["NO_PROXY"] = _LOOPBACK
    changed["NODE_USE_ENV_PROXY"] = "1"
    for name in environment:
        # Settings of single tools win over the general ones, so those that are there are turned too; none is added.
        if name.upper() in _TOOLS:
            changed[name] = address
        elif name.upper() in _TOOLS_EXEMPT:
            changed[name] = _LOOPBACK
    return changed
