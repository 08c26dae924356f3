"""Asking a name server for the addresses of a name. Owns one question and its answer.

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

from freehold.domain_names import (
    AAAA,
    TRUNCATED,
    WANTED,
    A,
    BadMessage,
    Message,
    Question,
    address_of,
    aliases_of,
    read_message,
    write_message,
)
from freehold.errors import WatchError

__all__ = ["BadAnswer", "Lookup", "look_up", "system_server"]

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
        four, six = await asyncio.gather(_ask(name, A, server, wait), _ask(name, AAAA, server, wait))
    addresses = tuple(dict.fromkeys((*four.addresses, *six.addresses)))
    return Lookup(addresses, "" if addresses else four.error or six.error or "no_address")


async def _ask(name: str, kind: int, server: tuple[str, int], again: float) -> Lookup:
    message = _question(name, kind, secrets.randbelow(0x10000))
    answer = await _over_udp(message, server, again)
    if struct.unpack_from("!H", answer, 2)[0] & TRUNCATED:
        answer = await _over_tcp(message, server)
    return _read(answer, name, kind)


def _question(name: str, kind: int, number: int) -> bytes:
    if not name.strip("."):
        raise BadAnswer(f"'{name[:80]}' is no name to look up.")
    try:
        return write_message(Message(number, WANTED, (Question(name, kind),)))
    except BadMessage as error:
        raise BadAnswer(str(error)) from None


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


def _read(data: bytes, name: str, kind: int) -> Lookup:
    try:
        code = struct.unpack_from("!H", data, 2)[0] & 0xF
        if code:
            return Lookup((), _CODES.get(code, f"dns_{code}"))
        answers = read_message(data, whole=False).answers
    except (struct.error, BadMessage):
        raise BadAnswer("the name server's answer is cut short.") from None
    names = {name.rstrip(".").lower(), *aliases_of(answers, name.rstrip("."))}
    held = [record for record in answers if record.kind == kind and record.name.lower() in names]
    addresses = [address_of(record) for record in held]
    if None in addresses:
        raise BadAnswer("the name server's answer has an address that is none.")
    found = tuple(sorted({address for address in addresses if address}))
    return Lookup(found, "" if found else "no_address")
