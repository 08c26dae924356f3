"""Asking a name server for the addresses of a name. Owns the messages of DNS, as far as one question and its answer go.

The machine's own look-up (``getaddrinfo``) says neither whether a name is gone or its server is, nor can it be stopped. So
the question is put here: over UDP, and over TCP where the answer was cut short (RFC 1035, 7766). Answers are taken only
from the server that was asked, with the number and the question that were sent; aliases are followed within the answer.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from freehold.errors import WatchError

__all__ = ["BadAnswer", "Lookup", "look_up", "system_server"]

_A, _AAAA, _CNAME, _INTERNET = 1, 28, 5, 1
_RESPONSE, _TRUNCATED, _WANTED = 0x8000, 0x0200, 0x0100
_MOST_RECORDS: Final = 200
_MOST_POINTERS: Final = 20
_MOST_ALIASES: Final = 16
_MOST_CONFIGURATION: Final = 64 * 1024
_CODES: Final = {0: "", 1: "dns_format", 2: "dns_server_failure", 3: "name_not_found", 5: "dns_refused"}


class BadAnswer(WatchError):
    """What came back is no answer to what was asked."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a name server said.

    Parameters
    ----------
    addresses
        Addresses of either family, in order and each once.
    error
        Why there are none: ``name_not_found``, ``no_address``, ``dns_server_failure``, ``dns_refused``, ``dns_format`` or
        ``dns_N`` with the server's code; empty if there are some.
    """

    addresses: tuple[str, ...]
    error: str = ""


def system_server(path: str | Path = "/etc/resolv.conf") -> tuple[str, int]:
    """The first name server of the machine's configuration (resolv.conf(5)); its own machine if there is none."""
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_CONFIGURATION).decode("utf-8", "replace")
    except OSError:
        return "127.0.0.1", 53
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                ipaddress.ip_address(words[1].partition("%")[0])
            except ValueError:
                continue
            return words[1], 53
    return "127.0.0.1", 53


async def look_up(name: str, server: tuple[str, int], timeout: float, again: float | None = None) -> Lookup:
    """Ask for the IPv4 and IPv6 addresses of a name.

    Parameters
    ----------
    name
        As it is dialled, in ASCII.
    server
        Address and port of the name server.
    timeout
        Seconds for both questions.
    again
        Seconds after which a question without an answer is put again; a third of ``timeout`` by default.

    Raises
    ------
    TimeoutError
        If no answer came in time.
    OSError
        If the server cannot be reached.
    BadAnswer
        If what came back is no answer.
    """
    wait = timeout / 3 if again is None else again
    async with asyncio.timeout(timeout):
        four, six = await asyncio.gather(_ask(name, _A, server, wait), _ask(name, _AAAA, server, wait))
    addresses = tuple(dict.fromkeys((*four.addresses, *six.addresses)))
    return Lookup(addresses, "" if addresses else four.error or six.error or "no_address")


async def _ask(name: str, kind: int, server: tuple[str, int], again: float) -> Lookup:
    number = secrets.randbelow(0x10000)
    question = _question(name, kind)
    message = struct.pack("!6H", number, _WANTED, 1, 0, 0, 0) + question
    answer = await _over_udp(message, server, again)
    if struct.unpack_from("!H", answer, 2)[0] & _TRUNCATED:
        answer = await _over_tcp(message, server)
    return _read(answer, name, kind)


def _question(name: str, kind: int) -> bytes:
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    if not all(0 < len(label) < 64 for label in labels) or sum(len(label) + 1 for label in labels) > 254:
        raise BadAnswer(f"'{name[:80]}' is no name to look up.")
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0" + struct.pack("!2H", kind, _INTERNET)


class _Waiting(asyncio.DatagramProtocol):
    """Waits for the datagram that answers a message; others are passed over."""

    def __init__(self, message: bytes, answer: asyncio.Future[bytes]) -> None:
        self._message, self._answer = message, answer

    def datagram_received(self, data: bytes, _: object) -> None:
        if not self._answer.done() and _answers(data, self._message):
            self._answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc)


def _answers(data: bytes, message: bytes) -> bool:
    """Whether a message has the number and the question of what was sent; names may come back in another case."""
    if len(data) < len(message) or data[:2] != message[:2] or not data[2] & 0x80 or data[4:6] != b"\0\1":
        return False
    return data[12 : len(message)].lower() == message[12:].lower()


async def _over_udp(message: bytes, server: tuple[str, int], again: float) -> bytes:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()
    # a connected socket takes datagrams of that server alone
    transport, _ = await loop.create_datagram_endpoint(lambda: _Waiting(message, answer), remote_addr=server)
    try:
        while True:
            transport.sendto(message)
            try:
                return await asyncio.wait_for(asyncio.shield(answer), again)
            except TimeoutError:
                continue
    finally:
        answer.cancel()
        transport.close()


async def _over_tcp(message: bytes, server: tuple[str, int]) -> bytes:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(struct.pack("!H", len(message)) + message)
        await writer.drain()
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        data = await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        raise BadAnswer("the name server ended its answer half-way.") from None
    finally:
        writer.close()
    if not _answers(data, message):
        raise BadAnswer("the name server answered another question.")
    return data


def _name(data: bytes, at: int) -> tuple[str, int]:
    """Read a name; give it in lower case, and where what follows it begins."""
    labels: list[bytes] = []
    end = -1
    for _ in range(_MOST_POINTERS + 128):
        length = data[at]
        if length & 0xC0 == 0xC0:
            end = at + 2 if end < 0 else end
            target = struct.unpack_from("!H", data, at)[0] & 0x3FFF
            if target >= at:
                break  # a pointer leads back to what was said before, or goes round in a circle
            at = target
        elif length & 0xC0:
            break
        elif length == 0:
            return b".".join(labels).decode("ascii", "replace").lower(), at + 1 if end < 0 else end
        else:
            labels.append(data[at + 1 : at + 1 + length])
            at += 1 + length
    raise BadAnswer("the name server's answer has a name without an end.")


def _read(data: bytes, name: str, kind: int) -> Lookup:
    try:
        return _records(data, name, kind)
    except (IndexError, struct.error, ValueError):
        raise BadAnswer("the name server's answer is cut short.") from None


def _records(data: bytes, name: str, kind: int) -> Lookup:
    _, flags, _, count, *_ = struct.unpack_from("!6H", data)
    code = flags & 0xF
    if code:
        return Lookup((), _CODES.get(code, f"dns_{code}"))
    _, at = _name(data, 12)
    at += 4
    held: dict[str, list[str]] = {}
    aliases: dict[str, str] = {}
    for _ in range(min(count, _MOST_RECORDS)):
        owner, at = _name(data, at)
        record, of, _, length = struct.unpack_from("!2HIH", data, at)
        at += 10
        content = data[at : at + length]
        if len(content) != length:
            raise IndexError
        if of == _INTERNET and record == kind:
            held.setdefault(owner, []).append(str(ipaddress.ip_address(content)))
        elif of == _INTERNET and record == _CNAME:
            aliases[owner] = _name(data, at)[0]
        at += length
    wanted = name.rstrip(".").lower()
    for _ in range(_MOST_ALIASES):
        if wanted in held:
            return Lookup(tuple(sorted(set(held[wanted]))))
        if wanted not in aliases:
            break
        wanted = aliases[wanted]
    return Lookup((), "no_address")
