"""The name server of a session. Owns every look-up that the command makes, over UDP and TCP.

Addresses are answered with stand-ins, in the families that the name has outside; what has none, or does not exist, has none
inside either. Other records are handed on as they are outside, but for addresses and address hints in them (A, AAAA, HTTPS
and SVCB), by which a client would go past the names: their targets get stand-ins when they are looked up. A name that is cut
does not exist under the shape ``gone``; under the others its addresses can be looked up, and what is dialled meets the cut.
Its other records are refused, unless the shape is one of a host that still answers.

Questions wait for answers from outside at most :data:`MOST_WAITING` at a time. When as many wait, whoever has most of them
makes room for others: its oldest is answered with a failure, if it has waited for :data:`OLD` seconds, and else is dropped as
any busy server drops it. Until its oldest is that old, its own further ones are dropped unread. A question whose client has
not asked again for :data:`GIVEN_UP` seconds is forgotten.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from freehold import domain_names as dns
from freehold.domain_names import BadMessage, Message, Record
from freehold.drill.contact_ledger import ContactLedger
from freehold.drill.name_book import NameBook
from freehold.drill.stand_ins import Family, StandIns
from freehold.drill.upstream import Host, Upstream

__all__ = ["GIVEN_UP", "MOST_WAITING", "OLD", "Resolver"]

MOST_WAITING: Final = 512
"""Questions whose answers from outside are waited for at once."""
OLD: Final = 1.0
"""Seconds after which a question is answered with a failure, when others need its place."""
GIVEN_UP: Final = 10.0
"""Seconds after which a client that has not asked again does not wait any more: C libraries ask again after 5 by default."""
_AT_ONCE: Final = 32  # questions that are looked at before others have their turn
_READ_AT_ONCE: Final = 512  # likewise datagrams, with those that are dropped unread
_MOST_DATAGRAM: Final = 4_096
_MOST_CONNECTIONS: Final = 64
_MOST_OF_ONE_CONNECTION: Final = 10_000
_IDLE: Final = 30.0
_SECONDS: Final = 5  # that a stand-in may be kept: what is cut may change
_FAMILIES: Final[dict[int, Family]] = {dns.A: 4, dns.AAAA: 6}
_LEFT_OUT: Final = frozenset({dns.A, dns.AAAA, dns.HTTPS, dns.SVCB, dns.OPT})
_NOT_ASKED: Final = frozenset({dns.HTTPS, dns.SVCB})
_STILL_THERE: Final = frozenset({"slow", "http", "revoked", "stale"})  # a host that answers, if not as it did
_TRANSFERS: Final = frozenset({251, 252})
_CODES: Final = (dns.NO_ERROR, dns.NAME_ERROR)
_TOLD4: Final = (socket.IPPROTO_IP, 8)  # IP_PKTINFO, which the standard library has no name for
_TOLD6: Final = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO)
_ANSWER: Final = dns.RESPONSE | dns.AVAILABLE
# Of the question only "recursion desired", "checking disabled" and the operation come back.
_KEPT_FLAGS: Final = dns.WANTED | 0x0010 | 0x7800


@dataclass(slots=True, eq=False)
class _Waiting:
    """A question over UDP that waits for an answer from outside."""

    one: socket.socket
    question: Message
    source: Any
    where: list[Any]
    since: float
    task: asyncio.Task[None] | None = None
    deadline: asyncio.Timeout | None = None

    @property
    def key(self) -> tuple[Any, int, str, int]:
        """What is the same when a client asks again."""
        asked = self.question.questions[0]
        return self.source, self.question.number, asked.name.lower(), asked.kind


class Resolver:
    """Answers on sockets that were opened inside.

    Parameters
    ----------
    datagrams
        Sockets on which questions arrive over UDP.
    listeners
        Sockets on which connections over TCP arrive.
    book, upstream, ledger
        What is cut, what is outside, what is counted.
    clock
        Monotonic, in seconds.
    """

    def __init__(
        self, datagrams: Sequence[socket.socket], listeners: Sequence[socket.socket], book: NameBook, upstream: Upstream,
        ledger: ContactLedger, *, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._datagrams, self._listeners = tuple(datagrams), tuple(listeners)
        self._book, self._upstream, self._ledger = book, upstream, ledger
        self._clock = clock
        self._waiting: dict[tuple[Any, int, str, int], _Waiting] = {}
        self._of: dict[Any, dict[_Waiting, None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._connected: set[asyncio.Task[None]] = set()
        self._accepting: list[asyncio.Task[None]] = []

    @property
    def waiting(self) -> int:
        """Questions that came over UDP and wait for an answer from outside."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to answer."""
        loop = asyncio.get_running_loop()
        for one in self._datagrams:
            one.settimeout(0)
            _tell_where_to(one)
            loop.add_reader(one, self._arrived, one)
        for listener in self._listeners:
            listener.settimeout(0)
            self._accepting.append(asyncio.create_task(self._accept(listener)))

    async def close(self) -> None:
        """Stop answering; the sockets stay open."""
        loop = asyncio.get_running_loop()
        for one in self._datagrams:
            loop.remove_reader(one)
        tasks = (*self._accepting, *self._tasks, *self._connected)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Over UDP.

    def _arrived(self, one: socket.socket) -> None:
        looked_at = 0
        for _ in range(_READ_AT_ONCE):
            try:
                data, told, _, source = one.recvmsg(_MOST_DATAGRAM, 256)
            except BlockingIOError:
                return
            except OSError:
                continue  # an error of an earlier answer
            if not self._heard(source):
                continue
            looked_at += 1
            question = _question(data)
            if question is not None:
                where = [item for item in told if item[:2] in (_TOLD4, _TOLD6)]
                answer = self._at_once(question)
                if answer is not None:
                    _send(one, question, answer, source, where)
                else:
                    self._wait(_Waiting(one, question, source, where, self._clock()))
            if looked_at >= _AT_ONCE:
                return

    def _heard(self, source: Any) -> bool:
        """Whether another question from there is looked at; when too many wait, not from whoever has most of them."""
        if len(self._waiting) < MOST_WAITING:
            return True
        own = self._of.get(source)
        if own is None or len(own) < max(map(len, self._of.values())):
            return True
        return self._clock() - next(iter(own)).since >= OLD

    def _wait(self, new: _Waiting) -> None:
        again = self._waiting.get(new.key)
        if again is not None:
            if again.deadline is not None and not again.deadline.expired():
                again.deadline.reschedule(asyncio.get_running_loop().time() + GIVEN_UP)
            return
        if len(self._waiting) >= MOST_WAITING:
            self._make_room()
        self._waiting[new.key] = new
        self._of.setdefault(new.source, {})[new] = None
        new.task = asyncio.create_task(self._later(new))
        self._tasks.add(new.task)
        new.task.add_done_callback(self._tasks.discard)

    def _make_room(self) -> None:
        """End the oldest question of whoever has most of those that wait."""
        most = max(map(len, self._of.values()))
        oldest = next(next(iter(own)) for own in self._of.values() if len(own) == most)
        self._forget(oldest)
        if oldest.task is not None:
            oldest.task.cancel()
        self._failed(oldest)
        if self._clock() - oldest.since >= OLD:
            _send(oldest.one, oldest.question, _answer(oldest.question, dns.SERVER_FAILURE), oldest.source, oldest.where)

    def _forget(self, one: _Waiting) -> None:
        if self._waiting.get(one.key) is one:
            del self._waiting[one.key]
            own = self._of[one.source]
            del own[one]
            if not own:
                del self._of[one.source]

    def _failed(self, one: _Waiting) -> None:
        asked = one.question.questions[0]
        self._count(asked.name, asked.kind, failed=True)

    async def _later(self, one: _Waiting) -> None:
        try:
            async with asyncio.timeout(GIVEN_UP) as one.deadline:
                answer = await self._from_outside(one.question, one.source)
            _send(one.one, one.question, answer, one.source, one.where)
        except TimeoutError:
            self._failed(one)
        finally:
            self._forget(one)

    # Over TCP.

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if len(self._connected) >= _MOST_CONNECTIONS:
                await asyncio.wait(self._connected, return_when=asyncio.FIRST_COMPLETED)
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError:
                await asyncio.sleep(0.1)  # out of file descriptors, or it is gone already
                continue
            task = asyncio.create_task(self._converse(client))
            self._connected.add(task)
            task.add_done_callback(self._connected.discard)

    async def _converse(self, client: socket.socket) -> None:
        """Answer the questions of one connection, one after the other."""
        try:
            source = client.getpeername()
        except OSError:
            client.close()
            return
        reader, writer = await asyncio.open_connection(sock=client)
        try:
            for _ in range(_MOST_OF_ONE_CONNECTION):
                async with asyncio.timeout(_IDLE):
                    (length,) = struct.unpack("!H", await reader.readexactly(2))
                    question = _question(await reader.readexactly(length))
                if question is None:
                    return
                answer = self._at_once(question)
                if answer is None:
                    async with asyncio.timeout(_IDLE):
                        answer = await self._from_outside(question, source)
                data = _written(question, answer, 0xFFFF)
                writer.write(struct.pack("!H", len(data)) + data)
                async with asyncio.timeout(_IDLE):
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    # What is answered.

    def _at_once(self, question: Message) -> Message | None:
        """The answer, if nobody outside has to be asked."""
        if question.operation:
            return _answer(question, dns.NOT_IMPLEMENTED)
        if len(question.questions) != 1:
            return _answer(question, dns.FORMAT_ERROR)
        asked = question.questions[0]
        if asked.group != dns.INTERNET or asked.kind in _TRANSFERS or asked.kind == dns.OPT:
            return _answer(question, dns.REFUSED)
        decision = self._book.decide_name(asked.name.lower())
        if decision.cut and self._book.shape.name == "gone":
            self._count(asked.name, asked.kind, because=decision.because)
            return _answer(question, dns.NAME_ERROR)
        known = self._upstream.known_host(asked.name.lower()) if asked.kind in _FAMILIES else None
        return None if known is None else self._addresses(question, known)

    async def _from_outside(self, question: Message, whom: Any) -> Message:
        asked = question.questions[0]
        if asked.kind in _FAMILIES:
            return self._addresses(question, await self._upstream.host(asked.name.lower(), asked.kind, whom=whom))
        name = asked.name.lower()
        decision = self._book.decide_name(name)
        if decision.cut and asked.kind not in _NOT_ASKED and self._book.shape.name not in _STILL_THERE:
            self._count(name, asked.kind, because=decision.because)
            return _answer(question, dns.REFUSED)
        if asked.kind == dns.PTR and (address := dns.reversed_address(name)) and StandIns.is_one(address):
            return await self._backwards(question, address)
        # whether the name is there is asked for in any case, so that what does not exist is not made out to be empty
        said = await self._upstream.ask(name, dns.A if asked.kind in _NOT_ASKED else asked.kind, whom=whom)
        self._count(name, asked.kind, failed=said.code != dns.NO_ERROR)
        if asked.kind in _NOT_ASKED:
            return _answer(question, said.code if said.code in _CODES else dns.SERVER_FAILURE)
        return _answer(question, said.code, _kept(said.answers, asked.name), _kept(said.authorities, asked.name))

    def _addresses(self, question: Message, host: Host) -> Message:
        asked = question.questions[0]
        name, family = host.name, _FAMILIES[asked.kind]
        decision = self._book.judge(host)
        code, addresses = (host.code4, host.four) if family == 4 else (host.code6, host.six)
        if decision.cut and self._book.shape.name == "gone":
            # its name alone did not tell: an alias or an address did
            self._count(name, asked.kind, host.aliases, host.addresses, because=decision.because)
            return _answer(question, dns.NAME_ERROR)
        if not name or (self._book.is_here(host) and not decision.cut):
            return _answer(question, code, tuple(dns.address_record(asked.name, one, _SECONDS) for one in addresses))
        self._count(name, asked.kind, host.aliases, host.addresses, failed=code != dns.NO_ERROR)
        if code != dns.NO_ERROR or not addresses:
            return _answer(question, code)
        stand_in = self._book.hand_out(host, family)
        if stand_in is None:
            return _answer(question, dns.SERVER_FAILURE)
        return _answer(question, dns.NO_ERROR, (dns.address_record(asked.name, stand_in, _SECONDS),))

    async def _backwards(self, question: Message, address: str) -> Message:
        """What the real address behind a stand-in is called."""
        asked = question.questions[0]
        name = self._book.stand_ins.name_of(address)
        host = self._book.last_known(name) if name else None
        addresses = () if host is None else host.four if ":" not in address else host.six
        if host is None or not addresses or self._book.judge(host).cut:
            return _answer(question, dns.NAME_ERROR)
        real = dns.reverse_name(addresses[0])
        said = await self._upstream.ask(real, dns.PTR)
        named = (record for record in said.answers if record.kind == dns.PTR)
        return _answer(question, said.code, tuple(Record(asked.name, dns.PTR, _SECONDS, record.data) for record in named))

    def _count(
        self, name: str, kind: int, aliases: Sequence[str] = (), addresses: Sequence[str] = (), *, because: str = "",
        failed: bool = False,
    ) -> None:  # fmt: skip
        entry = self._ledger.entry(name.lower(), "", 0, "lookup")
        another = entry.asked(kind)
        entry.known(aliases, addresses)
        if because and another:
            entry.ended(because)
        if failed and another:
            entry.failed += 1


def _tell_where_to(one: socket.socket) -> None:
    """Have each datagram's own destination told: the answer must come from there."""
    one.setsockopt(*_TOLD4, 1)
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)


def _source(where: list[Any]) -> list[tuple[int, int, bytes]]:
    """The destination of a datagram as the source of its answer; which interface is left to the kernel."""
    told: list[tuple[int, int, bytes]] = []
    for level, kind, data in where:
        if level == socket.IPPROTO_IP and len(data) >= 12:
            told.append((level, kind, struct.pack("=i", 0) + data[8:12] + bytes(4)))
        elif level == socket.IPPROTO_IPV6 and len(data) >= 20:
            told.append((level, kind, data[:16] + struct.pack("=i", 0)))
    return told[:1]


def _question(data: bytes) -> Message | None:
    """A message that can be answered; ``None`` for what is none, or is an answer itself."""
    try:
        message = dns.read_message(data)
    except BadMessage:
        return None
    return None if message.is_response else message


def _answer(question: Message, code: int, answers: tuple[Record, ...] = (), authorities: tuple[Record, ...] = ()) -> Message:
    flags = _ANSWER | question.flags & _KEPT_FLAGS | (code if code < 16 else dns.SERVER_FAILURE)
    extension = (Record("", dns.OPT, 0, b"", _MOST_DATAGRAM),) if question.extension else ()
    return Message(question.number, flags, question.questions, answers, authorities, extension)


def _kept(records: tuple[Record, ...], name: str) -> tuple[Record, ...]:
    """Records that may be told, the name that was asked for as it was asked."""
    lowered = name.lower()
    return tuple(
        Record(name if record.name.lower() == lowered else record.name, record.kind, record.seconds, record.data, record.group)
        for record in records
        if record.kind not in _LEFT_OUT
    )


def _written(question: Message, answer: Message, most: int) -> bytes:
    try:
        return dns.write_message(answer, most)
    except BadMessage:
        return dns.write_message(Message(question.number, _ANSWER | dns.FORMAT_ERROR))


def _send(one: socket.socket, question: Message, answer: Message, source: object, where: list[Any]) -> None:
    data = _written(question, answer, min(question.most_bytes, _MOST_DATAGRAM))
    try:
        one.sendmsg((data,), _source(where), 0, cast(Any, source))
    except OSError:
        return  # the one that asked has gone, or its buffer is full: it asks again
