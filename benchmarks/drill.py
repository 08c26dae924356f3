"""What a drill's relay and name server cost: bytes, connections, questions. Owns these measurements and their table.

    python -m benchmarks.drill [--runs 5] [--bytes 2000000000] [WHAT ...]

- ``relay``: a server on this machine's loopback pours so many bytes to a client, which reads and forgets them: dialled
  directly; through a session of the namespace backend, cut nothing; through a plain relay of ``asyncio`` streams; through
  ``socat`` where it is installed. They take turns. Bar: the session passes 1 GB/s.
- ``shaped``: the same from a server that pours 1 Gbit/s. Bar: the session is at most 10 % slower than dialled directly.
- ``connections``: 1,000 connections at once through a session, each with an answer of its own.
- ``flood``: 100,000 questions to a session's name server, half of them for names that nobody has asked for before, on a
  loopback without namespace and with a name server outside that answers at once. Bar: what waits and what it takes of memory
  stay bounded.

Processor is that of the process that relays, per gigabyte. Run it on a machine that does nothing else: the load is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from freehold import domain_names as dns
from freehold.domain_names import Message, Question
from freehold.drill.decision import CutNothing
from freehold.drill.inside_sockets import InsideSockets
from freehold.drill.interface import Command
from freehold.drill.name_servers import HostNames, NameServers
from freehold.drill.namespace import NamespaceBackend
from freehold.drill.outside import Outside
from freehold.drill.shapes import GONE
from freehold.drill.upstream import Upstream

__all__ = ["connections", "flood", "main", "relay"]

_HERE: Final = "127.0.0.1"
_GIGABIT: Final = 125_000_000
_STEP: Final = 0.005

# Programs that run apart, so that each has a processor of its own where there is one.
_POUR: Final = """
import contextlib, os, socket, sys, time
size, rate, step = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
file = os.memfd_create("pour")
os.ftruncate(file, 1 << 26)
os.pwrite(file, os.urandom(1 << 26), 0)
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        left, start, sent = size, time.perf_counter(), 0
        with client, contextlib.suppress(ConnectionError):
            while left:
                piece = min(left, 1 << 26)
                if rate:
                    piece = min(left, int((time.perf_counter() - start) * rate) - sent)
                    if piece <= 0:
                        time.sleep(step)
                        continue
                count = os.sendfile(client.fileno(), file, 0, min(piece, 1 << 26))
                left, sent = left - count, sent + count
"""
_READ: Final = """
import socket, sys, time
start = time.perf_counter()
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as one:
    buffer, count = bytearray(1 << 20), 0
    while got := one.recv_into(buffer):
        count += got
print(time.perf_counter() - start, count, flush=True)
"""
_STREAMS: Final = """
import asyncio, sys
async def pump(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
async def attend(reader, writer):
    far, out = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    await asyncio.gather(pump(reader, out), pump(far, writer))
    out.close()
    writer.close()
async def main():
    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
_MANY: Final = """
import socket, sys
open = []
for number in range(int(sys.argv[2])):
    one = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    one.sendall(b"%d\\n" % number)
    open.append(one)
for number, one in enumerate(open):
    with one, one.makefile("rb") as lines:
        assert lines.readline() == b"%d\\n" % number
print(0, len(open), flush=True)
"""


@contextmanager
def _serving(program: str, *arguments: str) -> Iterator[int]:
    """A program that says on which port it listens; ended afterwards."""
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@contextmanager
def _socat(port: int) -> Iterator[int]:
    with socket.create_server((_HERE, 0)) as found:
        mine = found.getsockname()[1]
    command = ["socat", "-b", "1048576", f"TCP-LISTEN:{mine},bind={_HERE},reuseaddr,fork", f"TCP:{_HERE}:{port}"]
    with subprocess.Popen(command, process_group=0) as process:
        try:
            for _ in range(200):
                with suppress(OSError), socket.create_connection((_HERE, mine)):
                    break
                time.sleep(0.02)
            yield mine
        finally:
            process.kill()


async def _read(port: int) -> tuple[float, int]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _READ, str(port), stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    seconds, count = said.split()
    return float(seconds), int(count)


async def _in_session(program: str, *arguments: str) -> tuple[float, int]:
    """Run a program in a session that cuts nothing."""
    session = await NamespaceBackend().open(CutNothing(), GONE)
    try:
        out, into = os.pipe()
        command = Command((sys.executable, "-c", program, *arguments), str(Path.cwd()), dict(os.environ), stdout=into)
        process = await session.start(command)
        os.close(into)
        status = await process.wait()
        with os.fdopen(out, "rb") as file:
            said = file.read().split()
        assert status == 0, status
        assert not session.broken()
        return float(said[0]), int(said[1])
    finally:
        await session.close()


async def relay(size: int, runs: int, rate: float = 0.0) -> dict[str, list[float]]:
    """Pour bytes to a client in each way, by turns.

    Returns
    -------
    dict
        Bytes a second of each run by way, and under ``processor`` the seconds of processor per gigabyte that the session took.
    """
    figures: dict[str, list[float]] = {}
    with _serving(_POUR, str(size), str(rate), str(_STEP)) as port, _serving(_STREAMS, str(port)) as streams:

        async def session() -> tuple[float, int]:
            return await _in_session(_READ, str(port))

        ways: dict[str, Callable[[], Awaitable[tuple[float, int]]]] = {
            "direct": lambda: _read(port),
            "session": session,
            "asyncio streams": lambda: _read(streams),
        }
        if shutil.which("socat"):
            ways["socat"] = lambda: _through_socat(port)
        for run in range(runs + 1):
            for way, go in ways.items():
                before = time.process_time()
                seconds, count = await go()
                assert count == size
                if run:  # the first one warms up
                    figures.setdefault(way, []).append(size / seconds)
                    if way == "session":
                        figures.setdefault("processor", []).append((time.process_time() - before) / size * 1e9)
    return figures


async def _through_socat(port: int) -> tuple[float, int]:
    with _socat(port) as mine:
        return await _read(mine)


async def connections(count: int) -> float:
    """Open so many connections at once through a session, each of which is answered; give the seconds that took."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, _HERE, 0, backlog=count)
    async with server:
        start = time.perf_counter()
        _, answered = await _in_session(_MANY, str(server.sockets[0].getsockname()[1]), str(count))
        assert answered == count
        return time.perf_counter() - start


class _Denying(asyncio.DatagramProtocol):
    """A name server that knows one name."""

    transport: Any

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = dns.read_message(data)
        known = asked.questions[0].name == "known.example" and asked.questions[0].kind == dns.A
        records = (dns.address_record("known.example", "203.0.113.1", 60),) if known else ()
        code = dns.NO_ERROR if asked.questions[0].name == "known.example" else dns.NAME_ERROR
        answer = Message(asked.number, dns.RESPONSE | code, asked.questions, records)
        self.transport.sendto(dns.write_message(answer), addr)


class _NoFilter:
    def refuse(self, address: str) -> None: ...
    def drop(self, address: str) -> None: ...
    def allow(self, address: str) -> None: ...
    def blocked(self) -> tuple[()]:
        return ()

    def close(self) -> None: ...


def _listening(kind: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, kind)
    one.bind((_HERE, 0))
    if kind == socket.SOCK_STREAM:
        one.listen()
    one.settimeout(0)
    return one


async def flood(count: int, at_once: int = 100) -> dict[str, float]:
    """Put questions to a session's name server, so many of them unanswered at most.

    Returns
    -------
    dict
        ``seconds``; ``processor``: seconds of it; ``most waiting`` for an answer from outside; ``memory``: megabytes by which
        the process grew at its peak.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(_Denying, (_HERE, 0))
    upstream = Upstream(NameServers((transport.get_extra_info("sockname"),), 20.0, 1), HostNames())
    streams = [_listening(socket.SOCK_STREAM) for _ in range(2)]
    sockets = InsideSockets(_listening(socket.SOCK_DGRAM), None, streams[0], None, streams[1], None, _NoFilter())
    outside = Outside(sockets, CutNothing(), GONE, upstream=upstream)
    await outside.start()
    place, before, most = sockets.udp4.getsockname(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    start, processor = time.perf_counter(), time.process_time()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.settimeout(0)
            await loop.sock_connect(one, place)
            answered = 0
            for number in range(count):
                name = f"{number}.flood.example" if number % 2 else "known.example"
                await loop.sock_sendall(one, dns.write_message(Message(number & 0xFFFF, dns.WANTED, (Question(name, dns.A),))))
                most = max(most, outside.waiting_lookups)
                while number - answered >= at_once:
                    await loop.sock_recv(one, 4096)
                    answered += 1
            while answered < count:
                await loop.sock_recv(one, 4096)
                answered += 1
    finally:
        await outside.close()
        transport.close()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    return {"seconds": seconds, "processor": processor, "most waiting": most, "memory": grown}


def _line(name: str, values: list[float], unit: str) -> str:
    return f"{name:22} {min(values):8.3f} {statistics.median(values):8.3f} {max(values):8.3f}  {unit}"


async def _main(arguments: argparse.Namespace) -> None:
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors; least, median, largest of {arguments.runs} runs")
    for what, size, rate in (("relay", arguments.bytes, 0.0), ("shaped", arguments.bytes // 8, _GIGABIT)):
        if what in arguments.what:
            for way, values in (await relay(size, arguments.runs, rate)).items():
                unit = "s/GB, processor of the session" if way == "processor" else "GB/s"
                print(_line(f"{what}, {way}", [one if way == "processor" else one / 1e9 for one in values], unit))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            print(f"peak memory of the process with the sessions: {peak:.0f} MB")
    if "connections" in arguments.what:
        print(_line("1,000 connections", [await connections(1000) for _ in range(arguments.runs)], "s"))
    if "flood" in arguments.what:
        found = await flood(100_000)
        print(
            f"100,000 questions: {found['seconds']:.1f} s, {found['processor']:.1f} s of processor with client and server, "
            f"at most {found['most waiting']:.0f} waiting, memory +{found['memory']:.0f} MB"
        )


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill", description=str(__doc__).partition("\n")[0])
    parser.add_argument("what", nargs="*", default=["relay", "shaped", "connections", "flood"], metavar="WHAT")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--bytes", type=int, default=2_000_000_000)
    asyncio.run(_main(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
