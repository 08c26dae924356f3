"""What becomes of a session's connections: passed on whole, or ended as the cut has it; nothing cut is reached."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import resource
import socket
import struct
import subprocess
from collections.abc import Awaitable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold import domain_names as dns
from freehold.drill.decision import CutAll, CutHosts, CutNothing
from freehold.drill.descriptors import DescriptorLimit
from freehold.drill.dial import dial
from freehold.drill.name_servers import HostNames
from freehold.drill.pipes import Pace, Pipes
from freehold.drill.relay import original_destination
from freehold.drill.shapes import GONE, Shape
from freehold.drill.stand_ins import StandIns
from outside_world import HERE, HERE6, Speak, World, listening, run, until, world
from strategies import repeatable

KEPT4, CUT4, KEPT6, CUT6 = "203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CUT = CutHosts(frozenset({"cut.example", CUT4, CUT6}))


def zone() -> dict[tuple[str, int], list[dns.Record] | int]:
    return {
        (name, kind): [dns.address_record(name, address, 60)]
        for name, kind, address in (
            ("kept.example", dns.A, KEPT4),
            ("kept.example", dns.AAAA, KEPT6),
            ("cut.example", dns.A, CUT4),
            ("cut.example", dns.AAAA, CUT6),
        )
    }


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.write(b"!")
    await writer.drain()


async def reset_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def hosts(there: World, speak: Speak = echo, port: int = 80) -> None:
    for address in (KEPT4, KEPT6, CUT4, CUT6):
        await there.host(address, port, speak)


async def answered(opening: Awaitable[Streams], said: bytes = b"hello") -> bytes:
    """The first byte of an answer."""
    reader, writer = await opening
    try:
        writer.write(said)
        return await reader.readexactly(1)
    finally:
        writer.close()


async def is_reset(there: World, address: str) -> None:
    """Either the connection is seen and then reset, or it is reset before it is seen."""
    with pytest.raises(ConnectionResetError):
        await answered(there.streams(address, 80))


@pytest.mark.parametrize("kind", [dns.A, dns.AAAA])
def test_what_is_said_is_passed_on_both_ways_and_half_closed(kind: int) -> None:
    async def main() -> None:
        async with world(zone()) as there:
            await hosts(there)
            reader, writer = await there.streams(await there.stand_in("kept.example", kind), 80)
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"
            writer.write_eof()
            assert await reader.read() == b"!"
            writer.close()
            await writer.wait_closed()
            await until(lambda: not there.outside.open_connections)
            (contact,) = there.outside.contacts()
            assert (contact.name, contact.address, contact.port, contact.transport) == ("kept.example", "", 80, "tcp")
            assert (contact.tries, contact.refused, contact.failed, contact.local) == (1, 0, 0, False)
            assert (contact.bytes_up, contact.bytes_down, contact.addresses) == (5, 6, (KEPT4, KEPT6))
            assert there.reached == [(KEPT4 if kind == dns.A else KEPT6, 80)]

    run(main)


def test_a_host_that_speaks_first_is_heard() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.read()

    async def main() -> None:
        async with world(zone()) as there:
            await hosts(there, greet)
            reader, writer = await there.streams(await there.stand_in("kept.example"), 80)
            assert await reader.readline() == b"220 ready\r\n"
            writer.close()

    run(main)


def test_many_bytes_arrive_as_they_were_sent_although_the_reader_is_slow() -> None:
    sent = random.Random(5).randbytes(12 * 1024 * 1024)

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()

    async def main() -> None:
        async with world(zone()) as there:
            await hosts(there, pour)
            one = await there.dialled(await there.stand_in("kept.example"), 80)
            await until(
                lambda: there.outside.held_pipes == 1
            )  # the reader takes nothing: one way is held up, and no more is read
            loop, received = asyncio.get_running_loop(), bytearray()
            while data := await loop.sock_recv(one, 100_000):
                received += data
            one.close()
            assert bytes(received) == sent
            await until(lambda: not there.outside.open_connections)
            assert there.outside.held_pipes == 0
            assert there.outside.contacts()[0].bytes_down == len(sent)

    run(main)


@repeatable(20)
@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=70_000)), max_size=8))
def test_each_end_hears_what_the_other_says_in_its_order(said: list[tuple[bool, bytes]]) -> None:
    """Either end says its pieces in turn, waits for none, and ends its own direction when it has said all."""
    up, down = (b"".join(piece for way, piece in said if way is direction) for direction in (True, False))
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for way, piece in said:
            if not way:
                writer.write(piece)
        writer.write_eof()
        heard.append(await reader.read())

    async def main() -> None:
        async with world(zone()) as there:
            await hosts(there, answer)
            reader, writer = await there.streams(await there.stand_in("kept.example", dns.AAAA), 80)
            for way, piece in said:
                if way:
                    writer.write(piece)
            writer.write_eof()
            assert await reader.read() == down
            writer.close()
            await until(lambda: bool(heard) and not there.outside.open_connections)
            assert heard == [up]
            (contact,) = there.outside.contacts()
            assert (contact.bytes_up, contact.bytes_down) == (len(up), len(down))

    run(main)


def test_a_reset_is_passed_on_either_way() -> None:
    async def main() -> None:
        ended: list[type[BaseException]] = []

        async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"x")
            try:
                await reader.read()
            except OSError as error:
                ended.append(type(error))

        async with world(zone()) as there:
            await hosts(there, reset_at_once)
            await hosts(there, note, 81)
            await is_reset(there, await there.stand_in("kept.example"))
            reader, writer = await there.streams(await there.stand_in("kept.example"), 81)
            await reader.readexactly(1)
            await reset_at_once_from(writer)
            await until(lambda: bool(ended))
            assert ended == [ConnectionResetError]

    run(main)


async def reset_at_once_from(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


def test_a_host_that_fails_outside_fails_inside_and_is_not_counted_as_cut() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            await is_reset(there, await there.stand_in("kept.example"))
            (contact,) = there.outside.contacts()
            assert (contact.tries, contact.failed, contact.refused, contact.because) == (1, 1, 0, "")

    run(main)


def test_the_other_family_is_tried_outside() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            await there.host(KEPT6, 80, echo)
            reader, writer = await there.streams(await there.stand_in("kept.example"), 80)
            writer.write_eof()
            assert await reader.read() == b"!"
            writer.close()

    run(main)


@pytest.mark.parametrize("kind", [dns.A, dns.AAAA])
@pytest.mark.parametrize("shape", ["refused", "silent"])
def test_a_name_that_is_cut_is_in_the_filter_before_its_answer_is_out(shape: str, kind: int) -> None:
    async def main() -> None:
        async with world(zone(), CUT, Shape(shape)) as there:
            await hosts(there)
            stand_in = await there.stand_in("cut.example", kind)
            held = "refuse" if shape == "refused" else "drop"
            four, six = there.filters.held
            assert stand_in in (four, six)
            assert set(there.filters.held.values()) == {held}
            await there.stand_in("kept.example", kind)
            assert len(there.filters.held) == 2
            assert not there.reached

    run(main)


@pytest.mark.parametrize("address", [CUT4, CUT6])
@pytest.mark.parametrize("shape", ["gone", "refused", "reset"])
def test_an_address_that_is_cut_is_reset_and_listed_without_a_name(shape: str, address: str) -> None:
    async def main() -> None:
        async with world(zone(), CUT, Shape(shape)) as there:
            await hosts(there)
            await is_reset(there, address)
            (contact,) = there.outside.contacts()
            assert (contact.name, contact.address, contact.tries, contact.refused) == ("", address, 1, 1)
            assert (contact.because, contact.bytes_up, contact.is_named) == (f"host {address}", 0, False)
            assert contact.first_refused is not None
            assert there.filters.held == ({} if shape == "reset" else {address: "refuse"})
            assert not there.reached

    run(main)


def test_an_address_that_is_kept_is_reached_and_listed_without_a_name() -> None:
    async def main() -> None:
        async with world(zone(), CUT) as there:
            await hosts(there)
            for address in (KEPT4, KEPT6):
                reader, writer = await there.streams(address, 80)
                writer.write_eof()
                assert await reader.read() == b"!"
                writer.close()
            assert [(one.name, one.address) for one in there.outside.contacts()] == [("", KEPT4), ("", KEPT6)]

    run(main)


BY_NAME = CutHosts(frozenset({"cut.example"}))


@pytest.mark.parametrize("shape", ["gone", "refused", "reset"])
@pytest.mark.parametrize("address", [CUT4, CUT6])
def test_an_address_of_a_host_that_is_cut_by_name_is_cut_when_it_is_dialled_without_one(shape: str, address: str) -> None:
    async def main() -> None:
        async with world(zone(), BY_NAME, Shape(shape)) as there:
            await hosts(there)
            assert await answered(there.streams(KEPT4, 80)) == b"h"
            await is_reset(there, address)
            (contact,) = (one for one in there.outside.contacts() if one.address == address)
            assert (contact.name, contact.tries, contact.refused, contact.because) == ("", 1, 1, "host cut.example")
            assert there.filters.held == ({} if shape == "reset" else {address: "refuse"})
            assert there.reached == [(KEPT4, 80)]

    run(main)


def test_a_name_that_was_asked_for_and_gone_is_not_reached_by_its_address_either() -> None:
    async def main() -> None:
        records = {("www.cut.example", dns.A): [dns.address_record("www.cut.example", "203.0.113.7", 60)], **zone()}
        async with world(records, BY_NAME, GONE) as there:
            await there.host("203.0.113.7", 80, echo)
            assert await answered(there.streams("203.0.113.7", 80)) == b"h"
            assert (await there.ask("www.cut.example")).code == dns.NAME_ERROR
            await is_reset(there, "203.0.113.7")
            assert [contact.refused for contact in there.outside.contacts() if contact.address] == [1]

    run(main)


def test_an_address_that_a_kept_name_shares_with_a_cut_one_is_reached_by_the_kept_name() -> None:
    async def main() -> None:
        records = {**zone(), ("shared.example", dns.A): [dns.address_record("shared.example", CUT4, 60)]}
        async with world(records, BY_NAME, GONE) as there:
            await hosts(there)
            await is_reset(there, CUT4)
            assert await answered(there.streams(await there.stand_in("shared.example"), 80)) == b"h"
            assert there.reached == [(CUT4, 80)]

    run(main)


def test_names_that_cannot_be_looked_up_hold_an_address_without_one_up_for_a_while_only() -> None:
    async def main() -> None:
        async with world(zone(), BY_NAME, GONE) as there:
            await hosts(there)
            there.names.silent = True
            assert await answered(there.streams(KEPT4, 80)) == b"h"

    run(main)


def test_what_is_open_to_an_address_without_a_name_ends_when_its_host_is_cut() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            await hosts(there)
            opened = [await there.streams(address, 80) for address in (CUT4, KEPT4)]
            for reader, writer in opened:
                writer.write(b"x")
                assert await reader.readexactly(1) == b"x"
            assert not there.names.asked
            there.outside.change(BY_NAME, GONE)
            with pytest.raises(ConnectionResetError):
                await opened[0][0].read()
            opened[1][1].write(b"y")
            assert await opened[1][0].readexactly(1) == b"y"
            for _, writer in opened:
                writer.close()
            there.outside.change(CutNothing(), GONE)
            assert await answered(there.streams(CUT4, 80)) == b"h"

    run(main)


def test_an_address_of_the_hosts_file_has_its_name() -> None:
    known = HostNames({"cut.example": (KEPT4,)}, {KEPT4: ("other.example", "cut.example")})

    async def main() -> None:
        async with world({}, CUT, hosts=known) as there:
            await hosts(there)
            await is_reset(there, KEPT4)
            (contact,) = there.outside.contacts()
            assert (contact.name, contact.aliases, contact.because) == ("other.example", ("cut.example",), "host cut.example")
            assert not there.reached

    run(main)


def test_reset_comes_after_the_clients_first_bytes() -> None:
    async def main() -> None:
        async with world(zone(), CUT, Shape("reset")) as there:
            await hosts(there)
            reader, writer = await there.streams(await there.stand_in("cut.example"), 80)
            await until(lambda: there.outside.open_connections == 1)
            await until(lambda: bool(there.outside.contacts()) and there.outside.contacts()[0].refused == 1)
            assert not reader.at_eof()
            writer.write(b"hello")
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)
            writer.close()
            assert not there.reached

    run(main)


def test_a_client_that_waits_for_a_greeting_is_reset_after_a_while() -> None:
    async def main() -> None:
        async with world(zone(), CUT, Shape("reset"), says_nothing=0.01) as there:
            reader, writer = await there.streams(await there.stand_in("cut.example"), 80)
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            writer.close()

    run(main)


def test_a_silent_address_is_accepted_and_never_answered() -> None:
    async def main() -> None:
        async with world(zone(), CUT, Shape("silent")) as there:
            await hosts(there)
            reader, writer = await there.streams(CUT4, 80)
            writer.write(b"hello")
            await until(lambda: there.filters.held == {CUT4: "drop"})
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await reader.read(1)
            await reset_at_once_from(writer)
            await until(lambda: not there.outside.open_connections)
            assert not there.reached

    run(main)


def test_a_slow_host_is_late_and_at_a_rate() -> None:
    time = 0.0

    def clock() -> float:
        nonlocal time
        time += 0.01  # each look at the clock is a hundredth of a second later
        return time

    async def main() -> None:
        async with world(zone(), CUT, Shape("slow", latency=0.001, rate=1e6), clock=clock) as there:
            await hosts(there)
            reader, writer = await there.streams(await there.stand_in("cut.example"), 80)
            writer.write(bytes(200_000))
            writer.write_eof()
            assert len(await reader.read()) == 200_001
            writer.close()
            (contact,) = there.outside.contacts()
            assert (contact.refused, contact.because, contact.bytes_down) == (0, "host cut.example", 200_001)

    run(main)


def test_a_pace_lets_by_what_its_rate_allows() -> None:
    now = 10.0
    pace = Pace(1000.0, lambda: now)
    assert pace.room() == 0
    now += 0.05
    assert pace.room() == 50
    pace.passed(50)
    assert (pace.room(), pace.wait()) == (0, 0.02)
    now += 100.0
    assert pace.room() == 100  # a tenth of a second's worth, however long nothing passed
    now -= 50.0
    assert pace.room() == 100  # a clock that goes back takes nothing away
    slow = Pace(0.5, lambda: now)
    assert slow.wait() == 2.0
    now += 2.0
    assert slow.room() == 1


@pytest.mark.parametrize("shape", [Shape("http", status=451), Shape("revoked", status=401)])
def test_a_status_is_answered_where_the_host_would_have_answered(shape: Shape) -> None:
    async def main() -> None:
        async with world(zone(), CUT, shape) as there:
            await hosts(there)
            reader, writer = await there.streams(await there.stand_in("cut.example"), 80)
            writer.write(b"GET / HTTP/1.1\r\nHost: cut.example\r\nConnection: close\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 %d " % shape.status)
            await reader.read()
            writer.close()
            await until(lambda: not there.outside.open_connections)
            (contact,) = there.outside.contacts()
            assert (contact.tries, contact.refused, contact.because) == (1, 1, "host cut.example")
            assert (contact.bytes_up, contact.bytes_down) == (0, 0)  # the drill's own answer, not the host's
            assert not there.reached

    run(main)


def test_what_a_host_that_stands_still_passes_and_refuses_is_counted_while_its_connection_is_open() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        year = b"2001" if asked.startswith(b"GET /old") else b"2031"
        writer.write(b"HTTP/1.1 200 OK\r\nLast-Modified: Mon, 01 Jan %b 00:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello" % year)
        await writer.drain()

    async def main() -> None:
        async with world(zone(), CUT, Shape("stale", as_of=date(2026, 1, 31))) as there:
            await hosts(there, answer)
            reader, writer = await there.streams(await there.stand_in("cut.example"), 80)
            up = down = 0
            for path, refused in (("/old", 0), ("/new", 1)):
                asked = f"GET {path} HTTP/1.1\r\nHost: cut.example\r\n\r\n".encode()
                writer.write(asked)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                up, down = up + len(asked), down + len(head) + len(await reader.readexactly(length))
                (contact,) = there.outside.contacts()
                assert (contact.refused, contact.bytes_up, contact.bytes_down) == (refused, up, down)
            assert there.outside.open_connections == 1
            writer.close()
            await until(lambda: not there.outside.open_connections)
            (contact,) = there.outside.contacts()
            assert (contact.tries, contact.refused, contact.bytes_up, contact.bytes_down) == (1, 1, up, down)

    run(main)


@pytest.mark.parametrize("shape", ["gone", "refused", "silent", "reset"])
def test_what_is_cut_meanwhile_ends_at_once_and_what_is_kept_goes_on(shape: str) -> None:
    async def main() -> None:
        async with world(zone()) as there:
            await hosts(there)
            kept, kept_writer = await there.streams(await there.stand_in("kept.example"), 80)
            cut, cut_writer = await there.streams(await there.stand_in("cut.example"), 80)
            literal, literal_writer = await there.streams(CUT6, 80)
            for reader, writer in ((kept, kept_writer), (cut, cut_writer), (literal, literal_writer)):
                writer.write(b"a")
                await reader.readexactly(1)
            there.outside.change(CUT, Shape(shape))
            for reader in (cut, literal):
                with pytest.raises(ConnectionResetError):
                    await reader.readexactly(1)
            kept_writer.write(b"b")
            assert await kept.readexactly(1) == b"b"
            stand_ins = {await there.stand_in("kept.example"), await there.stand_in("kept.example", dns.AAAA)}
            held = {"gone": "refuse", "refused": "refuse", "silent": "drop"}.get(shape)
            assert not stand_ins & set(there.filters.held)
            assert set(there.filters.held.values()) == ({held} if held else set())
            assert len(there.filters.held) == (2 if held else 0)
            contacts = {one.host: one for one in there.outside.contacts() if one.transport == "tcp"}
            assert [contacts[host].refused for host in ("kept.example", "cut.example", CUT6)] == [0, 1, 1]
            there.outside.change(CutNothing(), GONE)
            assert not there.filters.held
            reader, writer = await there.streams(await there.stand_in("cut.example"), 80)
            writer.write_eof()
            assert await reader.read() == b"!"
            for one in (writer, kept_writer, cut_writer, literal_writer):
                one.close()

    run(main)


def test_a_connection_that_waits_in_silence_ends_when_the_cut_is_lifted() -> None:
    async def main() -> None:
        async with world(zone(), CUT, Shape("silent")) as there:
            reader, writer = await there.streams(CUT4, 80)
            await until(lambda: there.filters.held == {CUT4: "drop"})
            there.outside.change(CutNothing(), GONE)
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            writer.close()
            assert there.outside.contacts()[0].refused == 1

    run(main)


def test_a_slow_host_is_no_longer_slow_when_the_cut_is_lifted() -> None:
    async def main() -> None:
        async with world(zone(), CUT, Shape("slow", rate=1.0)) as there:
            await hosts(there)
            reader, writer = await there.streams(await there.stand_in("cut.example"), 80)
            writer.write(bytes(100_000))
            writer.write_eof()
            await until(lambda: bool(there.reached))
            there.outside.change(CutNothing(), GONE)
            assert len(await reader.read()) == 100_001
            writer.close()

    run(main)


def test_a_server_of_this_machine_is_never_cut() -> None:
    async def main() -> None:
        async with world(zone(), CutAll(), Shape("refused"), own=frozenset({KEPT4})) as there:
            for address in (HERE, HERE6, KEPT4):
                await there.host(address, 5432, echo)
                reader, writer = await there.streams(address, 5432)
                writer.write_eof()
                assert await reader.read() == b"!"
                writer.close()
            (contact,) = there.outside.contacts()
            assert (contact.name, contact.port, contact.local, contact.tries) == ("localhost", 5432, True, 3)
            assert contact.refused == 0

    run(main)


def test_the_relay_itself_and_stand_ins_of_nobody_are_not_there() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            assert there.sockets.tcp4 is not None
            with pytest.raises(ConnectionResetError):
                await answered(asyncio.open_connection(*there.sockets.tcp4.getsockname()))
            await is_reset(there, "198.18.77.1")
            await is_reset(there, "2001:2::ffff")
            await is_reset(there, HERE)  # its own port is not this one, and nothing listens there
            assert [(one.name, one.failed) for one in there.outside.contacts()] == [("localhost", 1)]

    run(main)


def test_a_stand_in_outlives_the_name_server() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            await hosts(there)
            address = await there.stand_in("kept.example")
            there.names.zone.clear()
            there.outside.upstream.forget()
            reader, writer = await there.streams(address, 80)
            writer.write_eof()
            assert await reader.read() == b"!"
            writer.close()

    run(main)


def test_a_thousand_connections_at_once_are_all_served() -> None:
    async def main() -> None:
        held: list[asyncio.StreamWriter] = []
        go = asyncio.Event()

        async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            held.append(writer)
            await go.wait()
            await echo(reader, writer)

        async with world(zone()) as there:
            count = min(1000, (there.outside.most_connections - 50) // 2)
            await hosts(there, wait)
            address = await there.stand_in("kept.example")
            opened = [await there.streams(address, 80) for _ in range(count)]
            await until(lambda: len(held) == count)
            assert there.outside.open_connections == count
            go.set()
            for number, (_, writer) in enumerate(opened):
                writer.write(str(number).encode())
                writer.write_eof()
            for number, (reader, writer) in enumerate(opened):
                assert await reader.read() == f"{number}!".encode()
                writer.close()
            await until(lambda: not there.outside.open_connections)
            (contact,) = there.outside.contacts()
            assert (contact.tries, contact.failed) == (count, 0)

    run(main)


def test_connections_beyond_the_most_wait_and_are_served_later() -> None:
    async def main() -> None:
        async with world(zone(), most_connections=2) as there:
            await hosts(there)
            address = await there.stand_in("kept.example")
            opened = [await there.streams(address, 80) for _ in range(5)]
            await until(lambda: there.outside.open_connections == 2)
            for reader, writer in opened:
                writer.write_eof()
                assert await reader.read() == b"!"
                writer.close()
            assert there.outside.contacts()[0].tries == 5
            assert "2 connections were open at once" in there.outside.broken()

    run(main)


OUT = OSError(errno.EMFILE, "too many open files")


class OutOfDescriptors(socket.socket):
    """A listener that twice finds no file descriptor for what arrives."""

    failures = 2

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            self.failures -= 1
            raise OUT
        return super().accept()


def test_file_descriptors_that_run_out_delay_and_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = OutOfDescriptors(socket.AF_INET)
    listener.bind((HERE, 0))
    listener.listen()
    failures, make = [OUT, OUT], os.pipe2

    def pipe2(flags: int) -> tuple[int, int]:
        if failures:
            raise failures.pop()
        return make(flags)

    async def main() -> None:
        async with world(zone(), tcp4=listener) as there:
            await hosts(there)
            address = await there.stand_in("kept.example")
            there.failures = [OUT, OUT]
            monkeypatch.setattr(os, "pipe2", pipe2)
            reader, writer = await there.streams(address, 80)
            writer.write(b"a")
            writer.write_eof()
            assert await reader.read() == b"a!"
            writer.close()
            assert (listener.failures, failures, there.failures) == (0, [], [])
            (contact,) = there.outside.contacts()
            assert (contact.tries, contact.failed) == (1, 0)

    run(main)


def test_the_limit_of_open_files_is_raised_while_sessions_are_open_and_not_for_what_they_start() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = min(256, hard) if hard != resource.RLIM_INFINITY else 256

    def limit() -> int:
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
        one, two = DescriptorLimit(), DescriptorLimit()
        assert limit() == hard
        assert one.most == two.most == (1 << 20 if hard == resource.RLIM_INFINITY else hard)
        one.let_go()
        one.let_go()
        assert limit() == hard
        with subprocess.Popen(["sleep", "60"]) as started:
            DescriptorLimit.spare(started.pid)
            given = resource.prlimit(started.pid, resource.RLIMIT_NOFILE)
            started.kill()
        assert given == (low, hard)
        two.let_go()
        assert limit() == low
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_pipes_are_lent_again_and_closed() -> None:
    pipes = Pipes(spare=1)
    one, two = pipes.take(), pipes.take()
    pipes.give_back(one, empty=True)
    pipes.give_back(two, empty=True)
    assert (pipes.take(), pipes.lent) == (one, 1)
    os.write(one[1], b"x")
    pipes.give_back(one, empty=False)
    with pytest.raises(OSError):
        os.fstat(one[0])
    three = pipes.take()
    pipes.give_back(three, empty=True)
    pipes.close()
    with pytest.raises(OSError):
        os.fstat(three[0])


def test_the_first_address_that_answers_is_taken() -> None:
    async def main() -> None:
        with listening() as here, listening(socket.AF_INET6) as here6:
            port, port6 = here.getsockname()[1], here6.getsockname()[1]
            one = await dial((HERE, HERE6), port)
            assert one.getpeername()[:2] == (HERE, port)
            one.close()
            # only one of the two listens on this port: the other fails, and is not the end
            one = await dial((HERE, HERE6), port6)
            assert one.getpeername()[:2] == (HERE6, port6)
            one.close()
            one = await dial((HERE6, HERE), port, first=6)
            assert one.getpeername()[0] == HERE
            one.close()
        with pytest.raises(ConnectionRefusedError):
            await dial((HERE, HERE6), port)
        with pytest.raises(OSError, match="no address"):
            await dial((), port)

    run(main)


def test_a_destination_that_the_kernel_does_not_know_is_said() -> None:
    for family in (socket.AF_INET, socket.AF_INET6):
        with listening(family) as listener, socket.socket(family) as client:
            client.connect(listener.getsockname())
            accepted, _ = listener.accept()
            with accepted, suppress(OSError):
                # without redirection there is none, or it is the listener itself
                assert original_destination(accepted)[1] == listener.getsockname()[1]


def test_closing_ends_everything_that_is_open() -> None:
    async def main() -> None:
        before = len(list(DESCRIPTORS.iterdir()))
        async with world(zone(), CUT, Shape("silent")) as there:
            await hosts(there)
            reader, writer = await there.streams(await there.stand_in("kept.example"), 80)
            writer.write(b"a")
            await reader.readexactly(1)
            waiting, waiting_writer = await there.streams(CUT4, 80)
            await until(lambda: there.outside.open_connections == 2)
            await there.outside.close()
            for one in (reader, waiting):
                with pytest.raises(ConnectionResetError):
                    await one.readexactly(1)
            writer.close()
            waiting_writer.close()
        await until(lambda: len(list(DESCRIPTORS.iterdir())) <= before)

    run(main)


def test_stand_ins_are_one_to_one_and_end() -> None:
    given = StandIns(most=2)
    assert given.give("a.example", 4) == "198.18.1.0"
    assert given.give("a.example", 6) == "2001:2::100"
    assert given.give("b.example", 6) == "2001:2::101"
    assert given.give("a.example", 4) == "198.18.1.0"
    assert given.give("c.example", 4) is None
    assert (len(given), given.unserved, given.names()) == (2, 1, ("a.example", "b.example"))
    assert [given.name_of(one) for one in ("198.18.1.0", "2001:2::101", "198.18.1.1", "198.18.1.2", "192.0.2.1", "x")] == [
        "a.example", "b.example", "b.example", None, None, None,
    ]  # fmt: skip
    assert given.addresses_of("b.example") == ("198.18.1.1", "2001:2::101")
    assert given.addresses_of("c.example") == ()
    whole = StandIns()
    for number in range(131_072 - 257):
        assert whole.give(str(number), 4)
    assert whole.addresses_of("130814") == ("198.19.255.254", "2001:2::1:fffe")
    assert whole.give("one more", 4) is None


MEMORY = Path("/proc/self/statm")
DESCRIPTORS = Path("/proc/self/fd")


@pytest.mark.slow
def test_a_gigabyte_passes_in_constant_memory() -> None:
    size, piece = 1_000_000_000, bytes(1_000_000)

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(size // len(piece)):
            writer.write(piece)
            await writer.drain()

    async def main() -> None:
        async with world(zone()) as there:
            await hosts(there, pour)
            one = await there.dialled(await there.stand_in("kept.example"), 80)
            loop, buffer, received, most = asyncio.get_running_loop(), bytearray(1_000_000), 0, 0
            before = int(MEMORY.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            while count := await loop.sock_recv_into(one, buffer):
                received += count
                most = max(most, int(MEMORY.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
            one.close()
            assert received == size
            assert most - before < 64_000_000

    run(main)
