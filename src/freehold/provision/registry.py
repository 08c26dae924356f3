"""A registry: where packages come from, and what opens it. Owns the line between its address and its secret.

A secret (``user:password@`` in an address, a token) goes to that registry alone, and into no file, message or log.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from freehold.errors import ProvisionError
from freehold.provision.needs import Ecosystem

__all__ = ["Registry", "registry_from", "without_secret"]


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry that a client is configured for.

    Parameters
    ----------
    ecosystem
        Whose packages.
    base
        Its address without secret and without a final slash; ``file:`` for one on this disk.
    authorization
        Value of the header that opens it; never shown.
    scope
        For npm: the scope (``@name``) that it serves; empty for all.
    links
        For Python: whether it is a folder of files (``--find-links``) and no index.
    """

    ecosystem: Ecosystem
    base: str
    authorization: str = field(default="", repr=False, compare=False)
    scope: str = ""
    links: bool = False

    @property
    def host(self) -> str:
        """Its host in lower case; empty for a folder."""
        return (urlsplit(self.base).hostname or "").lower()

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port: whoever else has these may be given the secret too."""
        return _origin(self.base)

    @property
    def shown(self) -> str:
        """What a record says of it: the address, or for a folder its last part."""
        if self.base.startswith("file:"):
            return "folder " + unquote(self.base.rstrip("/").rpartition("/")[2])
        return self.base

    def opens(self, url: str) -> bool:
        """Whether its secret may go to an address."""
        return _origin(url) == self.origin


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


def without_secret(url: str) -> str:
    """An address without user, password, query and fragment (a signed address has its secret in the query)."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


def registry_from(ecosystem: Ecosystem, url: str, *, scope: str = "", authorization: str = "", links: bool = False) -> Registry:
    """Make a registry of an address as a user writes it.

    Raises
    ------
    freehold.errors.ProvisionError
        If it is no address of http, https or file; the message does not repeat it, as it may hold a secret.
    """
    try:
        parts = urlsplit(url.strip())
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_sound = urlsplit(""), False
    if parts.scheme not in ("http", "https", "file") or not port_is_sound or (parts.scheme != "file" and not parts.hostname):
        raise ProvisionError(
            f"an address configured as a {ecosystem} registry is none of http, https or file. Mend the client's configuration."
        )
    if parts.username or parts.password:
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        authorization = authorization or "Basic " + base64.b64encode(pair.encode()).decode()
    return Registry(ecosystem, without_secret(url.strip()).rstrip("/"), authorization, scope, links)
