"""Fetching from registries. Owns redirects, proxies, limits, and that a secret goes only to the registry it opens."""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from freehold.errors import ProvisionError
from freehold.provision.registry import Registry, without_secret

__all__ = ["MOST_PAGE", "Reply", "Upstream"]

MOST_PAGE: Final = 64_000_000
"""Bytes that a page of an index may have."""
_MOST_REDIRECTS: Final = 5
_TIMEOUT: Final = 60.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """A registry's answer.

    Parameters
    ----------
    status
        HTTP status; 200 or 404 for a folder.
    url
        Where it came from in the end.
    headers
        By name in lower case.
    body
        To be read from.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: _Readable

    @property
    def length(self) -> int | None:
        """Bytes of the body, if stated."""
        stated = self.headers.get("content-length", "")
        return int(stated) if stated.isascii() and stated.isdecimal() and len(stated) < 16 else None

    def page(self) -> bytes:
        """Read a page whole.

        Raises
        ------
        freehold.errors.ProvisionError
            If it has more than :data:`MOST_PAGE` bytes, or ends too early.
        """
        try:
            body = self.body.read(MOST_PAGE + 1)
        except (http.client.HTTPException, OSError) as error:
            raise ProvisionError(f"{without_secret(self.url)} broke off ({_reason(error)}). Try again.") from None
        if len(body) > MOST_PAGE:
            raise ProvisionError(
                f"{without_secret(self.url)} has more than {MOST_PAGE:,} bytes: no page of an index. It was refused."
            )
        return body


class Upstream:
    """The way to registries outside.

    Parameters
    ----------
    environment
        Whose ``http_proxy``, ``https_proxy`` and ``no_proxy`` count.
    certificates
        File of certificates to trust beside the system's.
    """

    def __init__(self, environment: Mapping[str, str], certificates: str | None = None) -> None:
        self._proxies = {scheme: _either(environment, f"{scheme}_proxy") for scheme in ("http", "https")}
        self._no_proxy = tuple(
            one.strip().lstrip(".").lower() for one in _either(environment, "no_proxy").split(",") if one.strip()
        )
        self._certificates = certificates
        self._tls: ssl.SSLContext | None = None

    @contextmanager
    def fetch(self, url: str, registry: Registry, headers: Mapping[str, str], method: str = "GET") -> Iterator[Reply]:
        """Fetch an address, wherever it leads.

        Raises
        ------
        freehold.errors.ProvisionError
            If it is not of http, https or the registry's own folder, cannot be reached, or leads on and on.
        """
        if url.startswith("file:"):
            with _from_folder(url, registry) as reply:
                yield reply
            return
        for _ in range(_MOST_REDIRECTS + 1):
            connection, target = self._connect(url)
            sent = dict(headers) | {"Accept-Encoding": "identity", "Connection": "close"}
            if target.startswith("http://"):
                sent |= _opening(urlsplit(self._proxies["http"]))
            if registry.authorization and registry.opens(url):
                sent["Authorization"] = registry.authorization
            try:
                try:
                    connection.request(method, target, headers=sent)
                    response = connection.getresponse()
                except (http.client.HTTPException, OSError, ValueError) as error:
                    raise ProvisionError(f"{without_secret(url)} cannot be reached ({_reason(error)}).") from None
                named = {name.lower(): value for name, value in response.getheaders()}
                if response.status in _REDIRECTS and "location" in named:
                    url = _led(url, named["location"])
                    continue
                yield Reply(response.status, url, named, response)
                return
            finally:
                connection.close()
        raise ProvisionError(f"{without_secret(url)} leads on and on: more than {_MOST_REDIRECTS} redirections.")

    def _connect(self, url: str) -> tuple[http.client.HTTPConnection, str]:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port, parts = None, None, urlsplit("")
        if parts.scheme not in ("http", "https") or not host:
            raise ProvisionError(
                f"a registry leads to {without_secret(url) or 'an address that is none'!r}: neither http nor https."
            )
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        proxy = urlsplit(self._proxies[parts.scheme]) if self._proxies[parts.scheme] and not self._is_direct(host) else None
        if proxy is not None and proxy.hostname:
            if parts.scheme == "http":
                near = http.client.HTTPConnection(proxy.hostname, proxy.port or 80, timeout=_TIMEOUT)
                return near, url
            tunnel = http.client.HTTPSConnection(proxy.hostname, proxy.port or 80, timeout=_TIMEOUT, context=self._context())
            tunnel.set_tunnel(host, port or 443, _opening(proxy))
            return tunnel, target
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port or 80, timeout=_TIMEOUT), target
        return http.client.HTTPSConnection(host, port or 443, timeout=_TIMEOUT, context=self._context()), target

    def _is_direct(self, host: str) -> bool:
        return any(one in ("*", host) or host.endswith("." + one) for one in self._no_proxy)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            if self._certificates and Path(self._certificates).is_file():
                self._tls.load_verify_locations(self._certificates)
        return self._tls


def _opening(proxy: SplitResult) -> dict[str, str]:
    """The header that opens a proxy whose address has a user and a password."""
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def _led(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise ProvisionError(f"{without_secret(url)} leads to an address that is none.") from None


def _either(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


@contextmanager
def _from_folder(url: str, registry: Registry) -> Iterator[Reply]:
    """An index that lies on this disk: pages are ``index.html``, and nothing outside of its own tree is read.

    The files of such an index lie beside it as a rule: ``simple/`` links to ``../files/``.
    """
    root = Path(unquote(urlsplit(registry.base).path)).resolve()
    root = root if registry.links else root.parent
    path = Path(unquote(urlsplit(url).path)).resolve()
    if not registry.base.startswith("file:") or not path.is_relative_to(root):
        raise ProvisionError(f"an index leads to a file outside of {registry.shown}. It was refused.")
    path = (path / "index.html").resolve() if path.is_dir() else path
    if not path.is_relative_to(root) or not path.is_file():
        yield Reply(404, url, {}, _Empty())
        return
    kind = "text/html" if path.suffix == ".html" else "application/octet-stream"
    with path.open("rb") as file:
        yield Reply(200, url, {"content-type": kind, "content-length": str(path.stat().st_size)}, file)


class _Empty:
    def read(self, size: int = -1, /) -> bytes:  # noqa: ARG002
        return b""
