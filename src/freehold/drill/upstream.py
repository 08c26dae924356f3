"""Asking outside what a name is. Owns the questions that a drill puts to the machine's own name servers, and what is kept.

They are asked in order, over UDP and, where an answer did not fit, TCP (RFC 7766); the next one when one does not answer or
cannot. Where none is configured, or none answers, the machine's own look-up (``getaddrinfo``) is asked in a thread. Names of
``/etc/hosts`` come first, and ``localhost`` never leaves (RFC 6761). The same question asked twice at once is put once.
Questions that nobody answers leave places to others (:mod:`freehold.drill.places`); what nobody waits for is not put.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from freehold import domain_names as dns
from freehold.domain_names import BadMessage, Message, Question, Record
from freehold.drill.name_servers import HostNames, NameServers, read_hosts, read_name_servers
from freehold.drill.places import PATIENCE, Places

__all__ = ["LONGEST_KEPT", "MOST_ASKED", "MOST_KEPT", "Host", "Upstream"]

MOST_ASKED: Final = 128
"""Questions that are under way at once; more wait."""
MOST_KEPT: Final = 10_000
"""Answers that are kept; the oldest goes first."""
LONGEST_KEPT: Final = 300.0
"""Seconds that an answer is kept at most, whatever its records say."""
_SHORTEST_KEPT: Final = 1.0
_LONGEST_DENIAL: Final = 30.0
_FAILURE_KEPT: Final = 1.0
_LOOK_UPS_AT_ONCE: Final = 8
_MOST_THREADS: Final = 64  # those too whose look-up was given up: nothing else ends it
_LOOKUP_DEADLINE: Final = 30.0
_PATIENCE: Final = 1.5  # for the other family, once the one that was asked for is known
_DATAGRAM: Final = 1232  # what passes everywhere without being broken up (DNS flag day 2020)
_MOST_DATAGRAM: Final = 65_535
_NEXT_SERVER: Final = frozenset({dns.SERVER_FAILURE, dns.NOT_IMPLEMENTED, dns.REFUSED})
_LOCAL: Final = {dns.A: "127.0.0.1", dns.AAAA: "::1"}
_FAMILIES: Final = {dns.A: 4, dns.AAAA: 6}
_OF_HOSTS_FILE: Final = 60


@dataclass(frozen=True, slots=True)
class Host:
    """What is known of a name outside.

    Parameters
    ----------
    name
        As it was asked for, in lower case.
    four, six
        IPv4 and IPv6 addresses.
    aliases
        Names that it leads through, in order.
    code4, code6
        What the look-up of either family ended with (:data:`freehold.domain_names.NO_ERROR` and so on).
    """

    name: str
    four: tuple[str, ...] = ()
    six: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    code4: int = dns.NO_ERROR
    code6: int = dns.NO_ERROR

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses of both families."""
        return (*self.four, *self.six)

    @property
    def is_here(self) -> bool:
        """Whether it has addresses, and all are this machine's own loopback or none at all (``0.0.0.0``)."""
        found = [ipaddress.ip_address(address) for address in self.addresses]
        return bool(found) and all(address.is_loopback or address.is_unspecified for address in found)


@dataclass(slots=True, eq=False)
class _Asking:
    """A question that is under way, and how many wait for its answer."""

    task: asyncio.Task[Message]
    waiting: int = 0


class Upstream:
    """The name servers of this machine, asked for a session.

    Parameters
    ----------
    configured
        The servers; those of ``/etc/resolv.conf`` by default.
    hosts
        Names known without asking; those of ``/etc/hosts`` by default.
    clock
        Monotonic, in seconds.
    look_up
        The machine's own look-up, called in a thread.
    patience
        Seconds that a question is under way while others wait to be put.
    """

    def __init__(
        self, configured: NameServers | None = None, hosts: HostNames | None = None, *,
        clock: Callable[[], float] = time.monotonic,
        look_up: Callable[..., list[tuple[int, int, int, str, tuple[object, ...]]]] = socket.getaddrinfo,  # type: ignore[assignment]
        patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        self._configured = read_name_servers() if configured is None else configured
        self._hosts = read_hosts() if hosts is None else hosts
        self._clock, self._look_up = clock, look_up
        self._kept: dict[tuple[str, int], tuple[float, Message]] = {}
        self._asking: dict[tuple[str, int], _Asking] = {}
        self._tasks: set[asyncio.Task[Message]] = set()
        self._places = Places(MOST_ASKED if self._configured.servers else _LOOK_UPS_AT_ONCE, patience)
        self._threads = 0

    def names_of(self, address: str) -> tuple[str, ...]:
        """Names that ``/etc/hosts`` gives an address."""
        return self._hosts.names.get(address, ())

    async def host(self, name: str, kind: int = dns.A, *, whom: Hashable = None) -> Host:
        """Find out what a name is; ``kind`` says which family is waited for in any case, and ``whom`` who asks.

        A server that never answers for the other family holds the answer up by a moment only.
        """
        known = self.known_host(name)
        if known is not None:
            return known
        other = dns.AAAA if kind == dns.A else dns.A
        rest = asyncio.ensure_future(self.ask(name, other, whom=whom))
        first: Message | None = None
        try:
            first = await self.ask(name, kind, whom=whom)
            await asyncio.wait((rest,), timeout=_PATIENCE)
        finally:
            if not rest.done():
                rest.cancel()
        second = rest.result() if rest.done() and not rest.cancelled() else None
        return _host(name, first, second) if kind == dns.A else _host(name, second, first)

    def known_host(self, name: str) -> Host | None:
        """What a name is, if nobody has to be asked; ``None`` if somebody has."""
        four = self.known(name, dns.A)
        six = None if four is None else self.known(name, dns.AAAA)
        return None if six is None else _host(name, four, six)

    def known(self, name: str, kind: int) -> Message | None:
        """The answer to a question, if nobody has to be asked; ``None`` if somebody has."""
        key = (name.lower(), kind)
        known = self._of_this_machine(*key)
        if known is not None:
            return known
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] > self._clock() else None

    async def ask(self, name: str, kind: int, *, whom: Hashable = None) -> Message:
        """Put a question.

        Parameters
        ----------
        name
            In any case, without a final dot.
        kind
            Number of the type of record.
        whom
            Who asks: nobody gets all places.

        Returns
        -------
        Message
            The answer; its number means nothing. If nobody can say, its code is ``SERVER_FAILURE``.
        """
        known = self.known(name, kind)
        if known is not None:
            return known
        key = (name.lower(), kind)
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = _Asking(asyncio.create_task(self._asked(key, whom)))
            self._tasks.add(asking.task)
            asking.task.add_done_callback(lambda task: self._ended(key, task))
        asking.waiting += 1
        try:
            return await asyncio.shield(asking.task)
        finally:
            asking.waiting -= 1
            if not asking.waiting and not asking.task.done() and self._places.waiting:
                asking.task.cancel()
                self._ended(key, asking.task)

    def _ended(self, key: tuple[str, int], task: asyncio.Task[Message]) -> None:
        if task.done():
            self._tasks.discard(task)
        asking = self._asking.get(key)
        if asking is not None and asking.task is task:
            del self._asking[key]

    def forget(self) -> None:
        """Forget the answers that are kept."""
        self._kept.clear()

    async def close(self) -> None:
        """Give up what is being asked."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._places.close()

    def _of_this_machine(self, name: str, kind: int) -> Message | None:
        """What the machine knows by itself."""
        if name == "localhost" or name.endswith(".localhost"):
            addresses: tuple[str, ...] = (_LOCAL[kind],) if kind in _LOCAL else ()
        elif name in self._hosts.addresses and kind in _FAMILIES:
            version = _FAMILIES[kind]
            addresses = tuple(one for one in self._hosts.addresses[name] if ipaddress.ip_address(one).version == version)
        else:
            return None
        return _answer(name, kind, dns.NO_ERROR, tuple(dns.address_record(name, one, _OF_HOSTS_FILE) for one in addresses))

    async def _asked(self, key: tuple[str, int], whom: Hashable) -> Message:
        groups = (("domain", ".".join(key[0].split(".")[-2:])), *((("whom", whom),) if whom is not None else ()))
        answer: Message | None = None
        try:
            async with self._places.place(*groups):
                answer = await (self._from_servers(*key) if self._configured.servers else self._from_machine(*key))
        except TimeoutError:
            answer = _answer(*key, dns.SERVER_FAILURE)
        if answer is None:
            # others need the place more than a second way of asking does
            free = self._threads < _LOOK_UPS_AT_ONCE and key[1] in _FAMILIES
            answer = await self._from_machine(*key) if free else _answer(*key, dns.SERVER_FAILURE)
        now = self._clock()
        self._kept.pop(key, None)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (now + _keep(answer), answer)
        return answer

    async def _from_servers(self, name: str, kind: int) -> Message | None:
        """Ask each server in turn; ``None`` if none answers."""
        last: Message | None = None
        for _ in range(self._configured.attempts):
            for server in self._configured.servers:
                try:
                    async with asyncio.timeout(self._configured.wait):
                        last = await _put(name, kind, server, by_tcp=self._configured.by_tcp)
                except (OSError, TimeoutError):
                    continue
                except BadMessage:
                    return _answer(name, kind, dns.SERVER_FAILURE)
                if last.code not in _NEXT_SERVER:
                    return last
            if last is not None:
                return last
        return None

    async def _from_machine(self, name: str, kind: int) -> Message:
        """Ask the machine's own look-up, in a thread that nobody waits for when the session ends."""
        if kind not in _FAMILIES or self._threads >= _MOST_THREADS:
            return _answer(name, kind, dns.SERVER_FAILURE)
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Message] = loop.create_future()

        def tell(said: Message) -> None:
            self._threads -= 1
            if not found.done():
                found.set_result(said)

        def work() -> None:
            said = self._machine_says(name, kind)
            try:
                loop.call_soon_threadsafe(tell, said)
            except RuntimeError:
                return  # the loop has ended meanwhile

        threading.Thread(target=work, name="look-up", daemon=True).start()
        self._threads += 1
        try:
            async with asyncio.timeout(_LOOKUP_DEADLINE):
                return await found
        except TimeoutError:
            return _answer(name, kind, dns.SERVER_FAILURE)

    def _machine_says(self, name: str, kind: int) -> Message:
        family = socket.AF_INET if kind == dns.A else socket.AF_INET6
        try:
            # the final dot keeps the search list out of it
            found = self._look_up(name + ".", None, family, socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno == socket.EAI_NODATA:
                return _answer(name, kind, dns.NO_ERROR)
            return _answer(name, kind, dns.NAME_ERROR if error.errno == socket.EAI_NONAME else dns.SERVER_FAILURE)
        except (OSError, UnicodeError):
            return _answer(name, kind, dns.SERVER_FAILURE)
        addresses = dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found)
        return _answer(name, kind, dns.NO_ERROR, tuple(dns.address_record(name, one, _OF_HOSTS_FILE) for one in addresses))


def _answer(name: str, kind: int, code: int, records: tuple[Record, ...] = ()) -> Message:
    return Message(0, dns.RESPONSE | dns.WANTED | dns.AVAILABLE | code, (Question(name, kind),), records)


def _host(name: str, four: Message | None, six: Message | None) -> Host:
    return Host(
        name, _addresses(four, name, dns.A), _addresses(six, name, dns.AAAA),
        tuple(dict.fromkeys(alias for said in (four, six) if said for alias in dns.aliases_of(said.answers, name))),
        four.code if four else dns.SERVER_FAILURE, six.code if six else dns.SERVER_FAILURE,
    )  # fmt: skip


def _addresses(answer: Message | None, name: str, kind: int) -> tuple[str, ...]:
    if answer is None:
        return ()
    names = {name, *dns.aliases_of(answer.answers, name)}
    held = (dns.address_of(record) for record in answer.answers if record.kind == kind and record.name.lower() in names)
    return tuple(dict.fromkeys(address for address in held if address))


def _keep(answer: Message) -> float:
    """Seconds that an answer is kept."""
    if answer.code not in (dns.NO_ERROR, dns.NAME_ERROR):
        return _FAILURE_KEPT
    records = answer.answers or tuple(record for record in answer.authorities if record.kind == dns.SOA)
    longest = LONGEST_KEPT if answer.answers else _LONGEST_DENIAL
    return min(max(min((float(record.seconds) for record in records), default=_SHORTEST_KEPT), _SHORTEST_KEPT), longest)


async def _put(name: str, kind: int, server: tuple[str, int], *, by_tcp: bool = False) -> Message:
    """Put a question to one server."""
    extension = Record("", dns.OPT, 0, b"", _DATAGRAM)
    question = Message(secrets.randbelow(0x10000), dns.WANTED, (Question(name, kind),), additionals=(extension,))
    way = _over_tcp if by_tcp else _over_udp
    answer = await way(question, server)
    if answer.code == dns.FORMAT_ERROR:
        # a server from before extensions
        question = Message(question.number, dns.WANTED, question.questions)
        answer = await way(question, server)
    return await _over_tcp(question, server) if answer.is_truncated else answer


def _answers(data: bytes, question: Message) -> Message | None:
    """The answer to what was asked; ``None`` if it is another, or none at all."""
    try:
        found = dns.read_message(data)
    except BadMessage:
        return None
    if not found.is_response or found.number != question.number:
        return None
    if not found.questions and found.code:
        return found
    asked = [(one.name.lower(), one.kind, one.group) for one in found.questions]
    return found if asked == [(one.name.lower(), one.kind, one.group) for one in question.questions] else None


async def _over_udp(question: Message, server: tuple[str, int]) -> Message:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as one:
        # by the machine's own reading, which knows the link of an address that holds on one link alone (fe80::1%eth0)
        found_at = socket.getaddrinfo(*server, family, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)[0][4]
        one.connect(found_at)  # takes datagrams of that server alone, and the word that nobody listens there
        one.send(dns.write_message(question))
        while True:
            found = _answers(await loop.sock_recv(one, _MOST_DATAGRAM), question)
            if found is not None:
                return found


async def _over_tcp(question: Message, server: tuple[str, int]) -> Message:
    data = dns.write_message(question)
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(struct.pack("!H", len(data)) + data)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        found = _answers(await reader.readexactly(length), question)
    except asyncio.IncompleteReadError:
        raise ConnectionError("the name server ended its answer half-way") from None
    finally:
        writer.close()
    if found is None:
        raise ConnectionError("the name server answered another question")
    return found
