"""Looking at hosts: does a URL answer, does a port take connections, how long is a certificate good, has a name addresses.

Owns what a look finds, as an :class:`Event` of type ``freehold.probe``. Nothing is sent but what a plan says; a redirect
to another host is never followed, no credential and no cookie is sent, no proxy is used, and of a body no more than a
mebibyte is read. A look never raises for what it finds: a failure has its ``error.type``.

======================  ====================================================================================
``error.type``          What was found
======================  ====================================================================================
``timeout``             no answer in time
``refused``             the port takes no connections
``unreachable``         no way to the host, or the connection broke
``name_not_found``      the name does not exist (or, of ``http``, ``tcp`` and ``tls``, cannot be looked up)
``status``              HTTP: another status than is right
``text``                HTTP: the text is not in the body
``redirect_elsewhere``  HTTP: it leads to another host, or in a circle
``authority``           the probe's own file of certificates cannot be read
``protocol``            what answers does not speak HTTP, TLS or DNS
``tls_…``               ``expired``, ``not_yet_valid``, ``hostname_mismatch``, ``self_signed``, ``unknown_issuer``
                        or ``invalid``
``answers_changed``     DNS: an address that is none of those that are right
``no_address``, ``dns_…``  DNS: no address, or what the server said
======================  ====================================================================================
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from cryptography import x509

from freehold.catalogue.hosts import clean_host
from freehold.errors import WatchError
from freehold.version import __version__
from freehold.watch.dns_lookup import BadAnswer, look_up, system_server
from freehold.watch.event import Event, Json
from freehold.watch.probe_plan import Probe
from freehold.watch.way_out import REDIRECTS, ThreadResolver, host_of, onward, same_host

__all__ = ["SOURCE", "TYPE", "Finding", "Looker"]

SOURCE: Final = "/freehold/probe"
TYPE: Final = "freehold.probe"
_DAY: Final = 86_400.0
_MOST_BODY: Final = 1024 * 1024
_MOST_REDIRECTS: Final = 5
_MOST_ANSWERS: Final = 64
# Numbers of OpenSSL's verification errors: openssl-verification-options(1), x509_vfy.h
_VERIFY: Final = {
    9: "tls_not_yet_valid", 10: "tls_expired", 18: "tls_self_signed", 19: "tls_unknown_issuer", 20: "tls_unknown_issuer",
    21: "tls_unknown_issuer", 62: "tls_hostname_mismatch", 64: "tls_hostname_mismatch",
}  # fmt: skip


@dataclass(slots=True)
class Finding:
    """What one look found.

    Parameters
    ----------
    ok
        Whether it is as it should be.
    error
        The ``error.type``; empty if all is well.
    data
        What else was found, by attribute.
    """

    ok: bool
    error: str = ""
    data: dict[str, Json] = field(default_factory=dict)


class Looker:
    """Looks at what probes name; use it within ``async with``.

    Parameters
    ----------
    clock
        Seconds since 1970.
    seconds
        A clock that only goes forward, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time, seconds: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._seconds = clock, seconds
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="probe-lookup")
        self._resolver = ThreadResolver(self._threads)
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}

    async def __aenter__(self) -> Looker:
        return self

    async def __aexit__(self, *_: object) -> None:
        # a look-up that hangs is not waited for
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def look(self, probe: Probe) -> Event:
        """Look once; give what was found as an event."""
        begun_at, begun = self._clock(), self._seconds()
        try:
            async with asyncio.timeout(probe.timeout):
                found = await self._find(probe)
        except TimeoutError:
            found = Finding(ok=False, error="timeout")
        except (socket.gaierror, UnicodeError):
            found = Finding(ok=False, error="name_not_found")
        except ConnectionRefusedError:
            found = Finding(ok=False, error="refused")
        except ssl.SSLError:
            found = Finding(ok=False, error="protocol")
        except OSError:
            found = Finding(ok=False, error="unreachable")
        except BadAnswer:
            found = Finding(ok=False, error="protocol")
        except WatchError:
            found = Finding(ok=False, error="authority")
        return self._event(probe, found, begun_at, self._seconds() - begun)

    def _event(self, probe: Probe, found: Finding, begun_at: float, took: float) -> Event:
        host, port = probe.place
        data: dict[str, Json] = {
            "freehold.probe.kind": probe.kind,
            "freehold.probe.ok": found.ok,
            "freehold.probe.target": probe.target,
            "server.address": host,
            "freehold.seconds": round(took, 6),
            **found.data,
        }
        if port:
            data["server.port"] = port
        if found.error:
            data["error.type"] = found.error
        spoken_for = {"freehold.item": probe.item, "freehold.source_id": probe.source, "freehold.provider": probe.provider}
        data.update({name: value for name, value in spoken_for.items() if value})
        return Event(SOURCE, f"{probe.key} {round(begun_at * 1000)}", TYPE, begun_at, begun_at, probe.target, data)

    async def _find(self, probe: Probe) -> Finding:
        if probe.kind == "http":
            return await self._http(probe)
        if probe.kind == "tcp":
            return await self._tcp(probe)
        if probe.kind == "tls":
            return await self._tls(probe)
        return await _dns(probe)

    def _context(self, authority: str, *, verify: bool = True) -> ssl.SSLContext:
        context = self._contexts.get((authority, verify))
        if context is None:
            try:
                context = ssl.create_default_context(cafile=authority or None)
            except (OSError, ssl.SSLError) as error:
                raise WatchError(f"the certificates in {authority} cannot be read ({error}). Name a PEM file.") from error
            if not verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._contexts[authority, verify] = context
        return context

    # HTTP

    async def _http(self, probe: Probe) -> Finding:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver, use_dns_cache=False, force_close=True, limit=1, ssl=self._context(probe.authority)
        )
        headers = {"User-Agent": f"freehold/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
        try:
            async with aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, headers=headers,
                timeout=aiohttp.ClientTimeout(total=None), max_line_size=16_384, max_field_size=16_384,
            ) as session:  # fmt: skip
                return await self._get(session, probe)
        except aiohttp.ClientConnectorCertificateError as error:
            return Finding(ok=False, error=_verdict(error.certificate_error))
        except aiohttp.ClientConnectorDNSError:
            return Finding(ok=False, error="name_not_found")
        except aiohttp.ClientConnectorSSLError:
            return Finding(ok=False, error="protocol")
        except aiohttp.ClientOSError as error:
            refused = isinstance(getattr(error, "os_error", error), ConnectionRefusedError)
            return Finding(ok=False, error="refused" if refused else "unreachable")
        except aiohttp.ServerDisconnectedError:
            return Finding(ok=False, error="unreachable")
        except (aiohttp.ClientError, ValueError):
            return Finding(ok=False, error="protocol")

    async def _get(self, session: aiohttp.ClientSession, probe: Probe) -> Finding:
        url = probe.target
        seen = {url}
        data: dict[str, Json] = {}
        for _ in range(_MOST_REDIRECTS + 1):
            async with session.get(url, allow_redirects=False) as response:
                data["http.response.status_code"] = response.status
                location = response.headers.get("Location")
                if response.status in REDIRECTS and location and probe.status != response.status:
                    target = onward(url, location)
                    if target in seen or not same_host(probe.target, target):
                        data["freehold.probe.redirect"] = host_of(target)
                        return Finding(ok=False, error="redirect_elsewhere", data=data)
                    seen.add(url := target)
                    continue
                right = response.status == probe.status if probe.status else response.status < 500
                if not right:
                    return Finding(ok=False, error="status", data=data)
                if probe.text and not await _holds(response, probe.text):
                    return Finding(ok=False, error="text", data=data)
                return Finding(ok=True, data=data)
        return Finding(ok=False, error="redirect_elsewhere", data=data)

    # TCP and TLS

    async def _connected(
        self, host: str, port: int, context: ssl.SSLContext | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the first address that takes the connection."""
        failure: OSError | None = None
        for found in (await self._resolver.resolve(host, port))[:8]:
            try:
                return await asyncio.open_connection(
                    found["host"], port, ssl=context, server_hostname=host if context is not None else None
                )
            except ssl.SSLError:
                raise
            except OSError as error:
                failure = error
        raise failure or OSError(f"{host} has no address")

    async def _tcp(self, probe: Probe) -> Finding:
        _, writer = await self._connected(*probe.place, None)
        await _close(writer)
        return Finding(ok=True)

    async def _tls(self, probe: Probe) -> Finding:
        host, port = probe.place
        problem = ""
        try:
            _, writer = await self._connected(host, port, self._context(probe.authority))
        except ssl.SSLCertVerificationError as error:
            problem = _verdict(error)
            # once more without belief in it, to tell until when the certificate is good
            _, writer = await self._connected(host, port, self._context(probe.authority, verify=False))
        try:
            connection = writer.get_extra_info("ssl_object")
            leaf = connection.getpeercert(binary_form=True)
            version = connection.version()
        finally:
            await _close(writer)
        data: dict[str, Json] = {"freehold.tls.version": version or ""}
        if leaf:
            try:
                certificate = x509.load_der_x509_certificate(leaf)
                left = (certificate.not_valid_after_utc.timestamp() - self._clock()) / _DAY
                data["freehold.tls.days_left"] = round(left, 3)
            except ValueError:
                problem = problem or "tls_invalid"
        return Finding(ok=not problem, error=problem, data=data)


def _verdict(error: Exception) -> str:
    return _VERIFY.get(getattr(error, "verify_code", 0), "tls_invalid")


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), 1.0)
    except (OSError, TimeoutError):
        writer.transport.abort()


async def _holds(response: aiohttp.ClientResponse, text: str) -> bool:
    """Whether the beginning of a body holds a text, as UTF-8."""
    wanted, read = text.encode(), 0
    window = b""
    async for piece in response.content.iter_chunked(16_384):
        window = window[-len(wanted) :] + piece
        if wanted in window:
            return True
        read += len(piece)
        if read > _MOST_BODY:
            break
    return False


async def _dns(probe: Probe) -> Finding:
    found = await look_up(probe.host, probe.name_server or system_server(), probe.timeout)
    data: dict[str, Json] = {"freehold.dns.answers": list(found.addresses[:_MOST_ANSWERS])}
    error = found.error
    if not error and probe.answers and not set(found.addresses) <= {clean_host(one) for one in probe.answers}:
        error = "answers_changed"
    return Finding(ok=not error, error=error, data=data)
