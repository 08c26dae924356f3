"""Machines and commands that are awkward, and no more: name servers of one link, TCP alone, what runs out, odd questions."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drill_process import here, session
from drill_session import in_session
from drill_world import User, World, world
from freehold.drill.decision import CutHosts, with_embedded
from freehold.drill.name_servers import read_name_servers
from freehold.errors import DrillError

USERS = pytest.mark.parametrize("user", ["root", "ordinary"])


@pytest.fixture(scope="module")
def w() -> Iterator[World]:
    with world({"kept.test": (), "cut.test": ()}) as made:
        yield made


# ---------------------------------------------------------------- the machine's name servers

ASKED = """
import asyncio, json, socket, sys
from freehold import domain_names as dns
from freehold.drill import kernel, netlink
from freehold.drill.decision import CutHosts, with_embedded
from freehold.drill.name_servers import NameServers
from freehold.drill.upstream import Upstream

kernel.unshare(kernel.CLONE_NEWNET)
netlink.route_through_loopback(("192.0.0.8", "fe80::53"))
server, port, by_tcp = "fe80::53%lo", 5300, sys.argv[1] == "tcp"

def answer(data):
    asked = dns.read_message(data)
    name = asked.questions[0].name
    said = dns.Record(name, dns.TXT, 60, b"\\x04over")
    return dns.write_message(dns.Message(asked.number, dns.RESPONSE, asked.questions, (said,)))

class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, source): self.transport.sendto(answer(data), source)

async def converse(reader, writer):
    said = answer(await reader.readexactly(int.from_bytes(await reader.readexactly(2))))
    writer.write(len(said).to_bytes(2) + said)
    await writer.drain()
    writer.close()

async def main():
    loop = asyncio.get_running_loop()
    bound = socket.getaddrinfo(server, port)[0][4]
    if by_tcp:
        listening = await asyncio.start_server(converse, server, port)
    else:
        one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        one.bind(bound)
        listening, _ = await loop.create_datagram_endpoint(Datagrams, sock=one)
    upstream = Upstream(NameServers(((server, port),), 5.0, 1, by_tcp))
    said = await upstream.ask("kept.test", dns.TXT)
    print(said.code, said.answers[0].data.hex() if said.answers else "")
    await upstream.close()
    listening.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_a_name_server_of_one_link_is_asked_on_its_link(w: World, way: str) -> None:
    if not w.ipv6:
        pytest.skip("no IPv6 here")
    done = w.python(ASKED, way)
    assert (done.stdout, done.stderr) == ("0 046f766572\n", "")


def test_name_servers_that_are_to_be_asked_over_tcp_alone_are(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.1\noptions edns0 use-vc timeout:3\n")
    found = read_name_servers(tmp_path / "resolv.conf")
    assert (found.servers, found.by_tcp, found.wait) == ((("192.0.2.1", 53),), True, 3.0)


# ---------------------------------------------------------------- what runs out


@pytest.mark.parametrize("left", [0, 2, 4, 5])
def test_a_command_for_which_nothing_is_left_is_named_and_the_session_goes_on(left: int) -> None:
    """With so many file descriptors: none of the command's own arrive, not all, or no pipe is left for its failure."""

    async def within() -> tuple[str, int]:
        async with session() as one:
            await (await one.start(here(["true"]))).wait()  # what was handed out is closed by then
            soft, hard = resource.prlimit(one.inside_pid, resource.RLIMIT_NOFILE)
            held = {int(entry.name) for entry in Path(f"/proc/{one.inside_pid}/fd").iterdir()}
            free = [number for number in range(len(held) + 10) if number not in held]
            resource.prlimit(one.inside_pid, resource.RLIMIT_NOFILE, (free[left], hard))
            with pytest.raises(DrillError, match="'true' was not started: Too many open files") as raised:
                await one.start(here(["true"]))
            resource.prlimit(one.inside_pid, resource.RLIMIT_NOFILE, (soft, hard))
            process = await one.start(here(["true"]))
            return str(raised.value), await process.wait()

    assert asyncio.run(within())[1] == 0


# ---------------------------------------------------------------- questions in odd forms

ODD = """
import json, socket, struct, sys
def name(text):
    return b"".join(bytes([len(label)]) + label for label in text.encode().split(b".")) + b"\\0"
def question(number, *names, kind=1, flags=0x0100, more=b"", count=None):
    head = struct.pack(">HHHHHH", number, flags, len(names) if count is None else count, 0, 0, 1 if more else 0)
    return head + b"".join(one + struct.pack(">HH", kind, 1) for one in names) + more
subnet = b"\\0" + struct.pack(">HHIH", 41, 4096, 0, 11) + struct.pack(">HHHBB", 8, 7, 1, 24, 0) + bytes([203, 0, 113])
cookie = b"\\0" + struct.pack(">HHIH", 41, 4096, 0, 12) + struct.pack(">HH", 10, 8) + bytes(8)
asked = {
    "mixed case": question(1, name("cUt.TeSt")),
    "client subnet": question(2, name("cut.test"), more=subnet),
    "cookie": question(3, name("cut.test"), more=cookie),
    "any": question(4, name("cut.test"), kind=255),
    "two": question(5, name("kept.test"), name("cut.test")),
    "pointer": question(6, name("cut.test")[:4] + b"\\xc0\\x1e") + b"\\0\\0" + name("test"),
    "unwanted": question(7, name("cut.test"), flags=0),
    "checking": question(8, name("cut.test"), flags=0x0110),
    "one label": question(9, b"\\x08cut.test\\0"),
    "deep below": question(10, name(".".join(["a"] * 100) + ".cut.test")),
    "type 65535": question(11, name("cut.test"), kind=65535),
}
said = {}
def code(data):
    number, flags, _, answers = struct.unpack_from(">HHHH", data)
    return [flags & 15, answers]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    one.settimeout(5)
    one.connect(("127.0.0.1", 53))
    for what, data in asked.items():
        one.send(data)
        try:
            said[what] = code(one.recv(4096))
        except OSError:
            said[what] = None
with socket.create_connection(("127.0.0.1", 53)) as one:  # all at once, RFC 7766, 6.2.1.1
    sent = [data for what, data in asked.items() if said[what] is not None]
    whole = b"".join(struct.pack(">H", len(data)) + data for data in sent)
    for at in range(0, len(whole), 7):
        one.sendall(whole[at : at + 7])
    file = one.makefile("rb")
    piped = [code(file.read(struct.unpack(">H", file.read(2))[0])) for _ in sent]
print(json.dumps([said, piped]))
"""


@USERS
def test_a_cut_name_is_gone_in_whatever_form_it_is_asked_for(w: World, user: User) -> None:
    done = in_session(w, [sys.executable, "-c", ODD], cut=["cut.test"], user=user)
    assert done.exits == (0,), done.errors
    said, piped = json.loads(done.output[0])
    gone = [3, 0]
    refused = {"two": [1, 0]}  # several questions have no agreed meaning (RFC 9619)
    outside = {"one label"}  # a label with a full stop in it is another name
    for what, code in said.items():
        if what not in outside:
            assert code in (refused.get(what, gone), None if what == "pointer" else gone), what
    assert said["one label"][1] == 0
    assert piped == [code for code in said.values() if code is not None]
    w.nothing_reached("cut.test")
    assert done.refused("cut.test") >= 1


# ---------------------------------------------------------------- spellings of addresses

DIALLED = """
import socket, sys
for place in sys.argv[1:]:
    try:
        with socket.create_connection((place, 8080), timeout=5) as one:
            one.sendall(b"hello")
            print(place, "answered" if one.recv(5) else "closed")
    except OSError as error:
        print(place, "nothing")
"""


@USERS
def test_no_spelling_of_a_cut_address_reaches_it(w: World, user: User) -> None:
    address = w.address("cut.test")
    number = struct.unpack(">I", socket.inet_aton(address))[0]
    first, _, rest = address.partition(".")
    spelt = [
        str(number), hex(number), f"{int(first):#o}.".replace("0o", "0") + rest, f"{int(first):#x}.{rest}", f"::ffff:{address}",
        f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}", f"64:ff9b::{address}", f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
        f"::{address}",
    ]  # fmt: skip
    done = in_session(w, [sys.executable, "-c", DIALLED, *spelt], cut=["cut.test", address], user=user)
    assert "answered" not in done.output[0], done.output
    w.nothing_reached("cut.test")
    # by its own number, and, where there is IPv6, by the two gateways that lead to it
    assert sum(contact.refused for contact in done.contacts if contact.address) == 6 + 2 * w.ipv6


@pytest.mark.parametrize(
    ("address", "more"),
    [
        ("64:ff9b::cb00:7105", ("203.0.113.5",)),  # RFC 6052, section 2.4
        ("2002:cb00:7105::1", ("203.0.113.5",)),  # RFC 3056, section 2
        ("64:ff9b:1::cb00:7105", ()),  # a prefix of local use says nothing of where the address stands
        ("2001:db8::1", ()),
        ("2002:not an address", ()),
        ("203.0.113.5", ()),
    ],
)
def test_an_address_that_a_gateway_leads_to_is_known(address: str, more: tuple[str, ...]) -> None:
    assert with_embedded([address]) == (address, *more)
    assert CutHosts(frozenset({"203.0.113.5"})).decide("", (), (address,)).cut is (bool(more) or "." in address)


# ---------------------------------------------------------------- a command that does not wait

LAST = """
import os, socket, sys
for place, said in (("203.0.113.77", b"x"), ("kept.test", b"said last" * 20_000)):
    one = socket.create_connection((place, 8080))
    one.sendall(said)
many = [socket.create_connection(("203.0.113.77", 8080)) for _ in range(200)]
os._exit(3)
"""


@USERS
def test_what_a_command_does_last_is_counted_and_passed_on(w: World, user: User) -> None:
    w.clear()
    last = in_session(w, [sys.executable, "-c", LAST], cut=["203.0.113.77"], shape="reset", user=user)
    assert last.exits == (3,), last.errors
    w.nothing_reached("203.0.113.77")
    (cut,) = last.of("203.0.113.77", 8080)
    assert (cut.tries, cut.refused) == (201, 201)
    (kept,) = last.of("kept.test", 8080)
    assert kept.bytes_up == 180_000
    assert len(w.canary("kept.test")) == 1
