"""The cut holds: whatever a command does, nothing arrives at what is cut, and all else is as it would be without a drill.

Each claim is proved by the canaries of a test world, which write down what truly arrived.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drill_session import in_session
from drill_world import Host, User, World, world

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).with_name("drill_clients")
DIAL = (sys.executable, CLIENTS / "try_connect.py")
ASK = (sys.executable, CLIENTS / "ask_names.py")
USERS = pytest.mark.parametrize("user", ["root", "ordinary"])
LITERAL, LITERAL6 = "203.0.113.90", "2001:db8::90"
MEBIBYTE = 1 << 20
MOST_MEMORY = 64 * MEBIBYTE


@pytest.fixture(scope="module")
def place() -> Iterator[World]:
    hosts: dict[str, Host | tuple[str, ...]] = {
        "cut.test": (), "kept.test": (), "below.cut.test": (), "six.test": ("2001:db8::66",),
        "leads.test": Host(cname="edge.cut.test"), "edge.cut.test": (),
        "_http._tcp.kept.test": Host(srv=((10, 5, 8080, "cut.test"),)),
        "_http._tcp.cut.test": Host(srv=((10, 5, 8080, "kept.test"),)),
        "hinted.test": Host(("203.0.113.33",), other=((65, "0001000004000404" + "cb007121" + "0104"),)),
        "words.test": Host(other=((16, "0568656c6c6f"),)),
        "silence.test": Host(silent=True),
    }  # fmt: skip
    with world(hosts, etc_hosts="203.0.113.77 listed.test") as made:
        yield made


@pytest.fixture
def w(place: World) -> World:
    place.clear()
    return place


PATIENCE = {True: "0.5", False: "20"}
"""Seconds that a client waits: little only where silence is what it must find."""


# ---------------------------------------------------------------- shapes


SHAPES = {
    # shape: what a plain socket sees, what HTTP sees
    "gone": ("no such name", "no such name"),
    "refused": ("refused", "refused"),
    "reset": ("reset", "reset"),
    "silent": ("silent", "silent"),
    "http:403": ("reset", "403"),
    "http:451": ("reset", "451"),
    "http:503": ("reset", "503"),
    "revoked": ("reset", "401"),
}


@USERS
@pytest.mark.parametrize("shape", SHAPES)
def test_a_host_that_is_cut_looks_as_its_shape_says_and_is_never_reached(w: World, shape: str, user: User) -> None:
    versions = ["-4", *["-6"] * w.ipv6]
    patience = ["-t", PATIENCE[shape == "silent"]]
    by_socket = [[*DIAL, version, *patience, "cut.test", "8080"] for version in versions]
    by_http = [*DIAL, *patience, "http://cut.test/page"]
    kept = [*DIAL, "http://kept.test/page"]
    for dial in (*by_socket, by_http):
        assert w.run(dial, user, check=True).stdout in ("echo\n", "200 same\n")
    assert len(w.canary("cut.test")) == len(by_socket) + 1
    w.clear()
    below = [*DIAL, *patience, "below.cut.test", "8080"]
    done = in_session(w, *by_socket, by_http, below, kept, cut=["cut.test"], shape=shape, user=user, at_once=True)
    seen, answered = SHAPES[shape]
    assert [text.strip() for text in done.output] == [*[seen] * len(by_socket), answered, seen, "200 same"], done.errors
    w.nothing_reached("cut.test", "below.cut.test")
    assert len(w.canary("kept.test")) == 1
    assert done.refused("cut.test") >= len(by_socket) + 1 - (shape == "gone") * len(by_socket)
    assert done.refused("below.cut.test") >= 1
    assert done.refused("kept.test") == 0
    assert all(contact.bytes_down == 0 for contact in done.of("cut.test")) or answered.isdecimal()
    assert {contact.because for contact in done.of("cut.test")} == {"host cut.test"}
    assert not done.broken


@pytest.mark.parametrize(("shape", "status"), [("http:403", "403"), ("http:451", "451"), ("revoked", "401")])
def test_with_a_certificate_that_the_command_trusts_https_gets_the_status_too(w: World, shape: str, status: str) -> None:
    dial = [[*DIAL, f"https://{host}/"] for host in ("cut.test", "kept.test")]
    done = in_session(w, *dial, cut=["cut.test"], shape=shape, certificate=w.certificate)
    assert [text.strip() for text in done.output] == [status, "200 same"], done.errors
    w.nothing_reached("cut.test")
    assert done.refused("cut.test") == 1


def test_without_one_https_is_reset(w: World) -> None:
    done = in_session(w, [*DIAL, "https://cut.test/"], cut=["cut.test"], shape="http:451")
    assert done.output[0].strip() in ("reset", "closed"), done
    w.nothing_reached("cut.test")


def test_a_slow_host_answers_the_same_but_late(w: World) -> None:
    done = in_session(w, [*DIAL, "http://cut.test/"], cut=["cut.test"], shape="slow:300ms")
    assert done.output == ("200 same\n",)
    assert done.seconds[0] >= 0.3
    (arrived,) = w.canary("cut.test")
    assert arrived.kind == "http"


def test_a_stale_host_is_never_asked_for_what_is_newer(w: World) -> None:
    """Nothing here has a date, so all of it is withheld or passed on; what matters: encrypted streams are reset."""
    done = in_session(w, [*DIAL, "https://cut.test/"], [*DIAL, "cut.test", "8080"], cut=["cut.test"], shape="stale:2026-01-31")
    assert [text.strip() in ("reset", "closed") for text in done.output] == [True, True], done
    w.nothing_reached("cut.test")


# ---------------------------------------------------------------- names


@USERS
@pytest.mark.parametrize("how", ["udp", "tcp"])
@pytest.mark.parametrize("server", ["127.0.0.1", "203.0.113.53"])
def test_whatever_server_a_command_asks_by_hand_a_cut_name_is_gone(w: World, server: str, how: str, user: User) -> None:
    done = in_session(
        w, [*ASK, server, how, "cut.test", "A", "AAAA", "HTTPS", "TXT"], [*ASK, server, how, "kept.test", "A", "AAAA"],
        [*ASK, server, how, "_http._tcp.cut.test", "SRV"], cut=["cut.test"], user=user,
    )  # fmt: skip
    assert done.output[0].split("\n")[:-1] == ["A 3", "AAAA 3", "HTTPS 3", "TXT 3"], done.errors
    lines = [line.split() for line in done.output[1].splitlines()]
    assert [line[:2] for line in lines] == [["A", "0"], ["AAAA", "0"]]
    assert lines[0][2].startswith("198.1")  # a stand-in, not the host's own
    assert done.output[2] == "SRV 3\n"
    w.nothing_reached("cut.test", "203.0.113.53")
    assert done.refused("cut.test") >= 1


@USERS
def test_no_other_spelling_of_a_host_leads_past_the_cut(w: World, user: User) -> None:
    mapped = f"::ffff:{LITERAL}"
    places = ["CUT.Test", "cut.test.", "Below.CUT.test.", mapped, f"0:0:0:0:0:ffff:{LITERAL}"]
    for place in places:
        assert w.run([*DIAL, place, "8080"], user, check=True).stdout == "echo\n"
    w.clear()
    done = in_session(w, *([*DIAL, place, "8080"] for place in places), cut=["cut.test", LITERAL], user=user)
    assert [text.strip() for text in done.output[:3]] == ["no such name"] * 3
    assert not any("echo" in text for text in done.output), done
    w.nothing_reached("cut.test", "below.cut.test", LITERAL)
    assert done.refused("cut.test") >= 1
    assert done.refused("below.cut.test") >= 1
    assert done.refused(LITERAL) == 2


OTHER_SOCKETS = """
import socket, sys
for kind, protocol in ((socket.SOCK_STREAM, 262), (socket.SOCK_STREAM, 132), (socket.SOCK_DGRAM, 136), (socket.SOCK_RAW, 1)):
    try:
        with socket.socket(socket.AF_INET, kind, protocol) as other:
            other.settimeout(0.5)
            other.connect((sys.argv[1], 8080))
            other.send(b"hello")
            print(other.recv(5))
    except OSError:
        print("nothing")
"""


@USERS
def test_other_kinds_of_sockets_do_not_lead_past_the_cut(w: World, user: User) -> None:
    """Multipath TCP, SCTP, UDP-Lite, raw: each where the kernel and the user's rights allow it at all."""
    done = in_session(w, [sys.executable, "-c", OTHER_SOCKETS, LITERAL], cut=[LITERAL], user=user)
    assert done.exits == (0,), done.errors
    assert "hello" not in done.output[0]
    w.nothing_reached(LITERAL)


def test_a_name_that_leads_to_a_cut_one_is_cut_too(w: World) -> None:
    done = in_session(w, [*DIAL, "leads.test", "8080"], cut=["edge.cut.test"])
    assert done.output == ("no such name\n",)
    (contact, *_) = done.of("leads.test")
    assert contact.aliases == ("edge.cut.test",)
    assert done.refused("leads.test") >= 1
    w.nothing_reached("edge.cut.test")


@USERS
def test_a_service_record_leads_to_a_name_that_meets_the_cut(w: World, user: User) -> None:
    asked = [*ASK, "127.0.0.1", "udp", "_http._tcp.kept.test", "SRV"]
    done = in_session(w, asked, [*DIAL, "cut.test", "8080"], cut=["cut.test"], user=user)
    assert done.output[0] == "SRV 0 000a00051f90" + "03637574047465737400\n"
    assert done.output[1] == "no such name\n"
    w.nothing_reached("cut.test")


def test_hints_of_addresses_do_not_lead_past_the_names(w: World) -> None:
    done = in_session(w, [*ASK, "127.0.0.1", "udp", "hinted.test", "HTTPS"], [*ASK, "127.0.0.1", "udp", "words.test", "TXT"])
    assert "cb007121" not in done.output[0]
    assert done.output[1] == "TXT 0 0568656c6c6f\n"


def test_a_name_with_addresses_of_one_kind_has_stand_ins_of_that_kind_only(w: World) -> None:
    if not w.ipv6:
        pytest.skip("no IPv6 here")
    done = in_session(w, [*DIAL, "six.test", "8080"], [*ASK, "127.0.0.1", "udp", "six.test", "A"])
    assert done.output == ("echo\n", "A 0\n")
    assert w.canary("six.test")


@USERS
def test_a_host_of_the_hosts_file_meets_the_cut_by_its_name(w: World, user: User) -> None:
    dial = [*DIAL, "listed.test", "8080"]
    assert in_session(w, dial, user=user).output == ("echo\n",)
    assert w.canary("203.0.113.77")
    w.clear()
    done = in_session(w, dial, dial, cut=["listed.test"], shape="refused", user=user)
    assert all(text.strip() in ("refused", "reset") for text in done.output), done
    assert done.refused("listed.test") == 2
    w.nothing_reached("203.0.113.77")


# ---------------------------------------------------------------- past the names


@USERS
def test_literal_addresses_are_listed_as_unnamed(w: World, user: User) -> None:
    places = [LITERAL, *[LITERAL6] * w.ipv6]
    done = in_session(w, *([*DIAL, place, "8080"] for place in places), cut=["cut.test"], user=user)
    assert done.output == ("echo\n",) * len(places)
    for place in places:
        (contact,) = done.of(place, 8080)
        assert (contact.is_named, contact.tries, contact.refused) == (False, 1, 0)
        assert w.canary(place)


@USERS
@pytest.mark.parametrize("shape", ["gone", "refused", "reset", "silent"])
def test_a_literal_address_that_is_cut_is_not_reached(w: World, shape: str, user: User) -> None:
    places = [LITERAL, *[LITERAL6] * w.ipv6]
    dial = [[*DIAL, "-t", PATIENCE[shape == "silent"], place, "8080"] for place in places for _ in range(2)]
    done = in_session(w, *dial, cut=places, shape=shape, user=user)
    assert not any("echo" in text for text in done.output), done
    w.nothing_reached(*places)
    assert all(done.refused(place) == 2 for place in places)


@USERS
@pytest.mark.parametrize("shape", ["gone", "refused"])
def test_an_address_of_a_host_that_is_cut_by_name_is_not_reached_without_the_name(w: World, shape: str, user: User) -> None:
    """Nobody has looked the name up before: the address is as it would be in a configuration."""
    places = [w.address("cut.test"), *[w.address("cut.test", 6)] * w.ipv6]
    dial = [[*DIAL, place, "8080"] for place in (*places, LITERAL)]
    done = in_session(w, *dial, cut=["cut.test"], shape=shape, user=user)
    assert done.output[-1] == "echo\n"
    assert not any("echo" in text for text in done.output[:-1]), done
    w.nothing_reached("cut.test")
    assert w.canary(LITERAL)
    for place in places:
        (contact,) = done.of(place, 8080)
        assert (contact.is_named, contact.tries, contact.refused, contact.because) == (False, 1, 1, "host cut.test")


QUIC = """
import socket, sys
for place, port in zip(sys.argv[1::2], sys.argv[2::2]):
    family, kind, _, _, address = socket.getaddrinfo(place, int(port), type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as datagrams:
        datagrams.settimeout(0.3)
        try:
            datagrams.connect(address)
            for _ in range(3):
                datagrams.send(bytes([0xC3]) + bytes(1199))
            datagrams.recv(2000)
            print("answered")
        except OSError as error:
            print("nothing")
"""


@USERS
def test_datagrams_to_what_is_cut_are_counted_as_refused(w: World, user: User) -> None:
    places = ["cut.test", LITERAL]
    send = [sys.executable, "-c", QUIC, *(part for place in places for part in (place, "443"))]
    done = in_session(w, send, cut=places, shape="refused", user=user)
    assert done.output == ("nothing\n" * len(places),), done.errors
    w.nothing_reached(*places)
    for place in places:
        (contact,) = done.of(place, 443, "udp")
        assert contact.tries == contact.refused >= 1


@USERS
def test_datagrams_are_blocked_and_counted_to_whomever_they_go(w: World, user: User) -> None:
    places = [("kept.test", 443), (LITERAL, 123), *[(LITERAL6, 123)] * w.ipv6]
    send = [sys.executable, "-c", QUIC, *(str(part) for place in places for part in place)]
    assert w.run(send, user, check=True).stdout == "answered\n" * len(places)
    w.clear()
    done = in_session(w, send, user=user)
    assert done.output == ("nothing\n" * len(places),), done.errors
    w.nothing_reached("kept.test", LITERAL, LITERAL6)
    for place, port in places:
        (contact,) = done.of(place, port, "udp")
        assert contact.tries >= 1
        assert (contact.refused, contact.failed) == (0, contact.tries)  # they failed, and not because of what is cut


def test_a_server_of_encrypted_look_ups_shows_as_an_unnamed_contact(w: World) -> None:
    ask = "import sys, urllib.request; urllib.request.urlopen(urllib.request.Request(sys.argv[1], data=bytes(33))).read()"
    done = in_session(w, [sys.executable, "-c", ask, "https://203.0.113.53/dns-query"], cut=["cut.test"])
    assert done.exits == (0,), done.errors
    (contact,) = done.of("203.0.113.53", 443)
    assert not contact.is_named
    assert contact.bytes_up > 0


# ---------------------------------------------------------------- the same without a cut


SAME = (
    ["sh", "-c", "id -u; id -g; pwd; umask; ulimit -n; echo out; echo err >&2; exit 7"],
    ["sh", "-c", "kill -TERM $$"],
    ["env"],
    [*DIAL, "http://kept.test/page"],
    [*DIAL, "https://kept.test/page"],
    [*DIAL, "http://kept.test/status/404"],
    [*DIAL, "nowhere.test", "80"],
    ["curl", "-sS", "http://kept.test/bytes/3000000", "--data-binary", f"@{__file__}"],
    ["curl", "-sS", "https://kept.test/", "-T", __file__],
)


@USERS
@pytest.mark.parametrize("command", SAME, ids=lambda command: " ".join(str(part) for part in command)[-30:])
def test_with_nothing_cut_a_command_ends_and_says_what_it_does_without_a_drill(
    w: World, command: list[str], user: User
) -> None:
    alone = w.run(command, user, start_new_session=False)
    done = in_session(w, command, user=user)
    assert done.exits == (alone.returncode,), done.errors
    assert done.output == (alone.stdout,)
    assert done.errors == (alone.stderr,)


@USERS
def test_a_command_is_in_the_session_and_the_process_group_of_the_drill(w: World, user: User) -> None:
    done = in_session(w, [sys.executable, "-c", "import os; print(os.getpgrp(), os.getsid(0))"], user=user)
    assert done.output == (f"{done.group} {done.session}\n",)


# ---------------------------------------------------------------- loads


MANY = """
import asyncio, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
async def one(number, all_open):
    reader, writer = await asyncio.open_connection("kept.test", 8080)
    await all_open.wait()
    writer.write(b"%06d" % number)
    assert await reader.readexactly(6) == b"%06d" % number
    writer.close()
    await writer.wait_closed()
async def main(count):
    barrier = asyncio.Barrier(count)
    await asyncio.gather(*(one(number, barrier) for number in range(count)))
asyncio.run(main(int(sys.argv[1])))
"""


@USERS
def test_a_thousand_connections_are_open_at_once(w: World, user: User) -> None:
    done = in_session(w, [sys.executable, "-c", MANY, "1000"], cut=["cut.test"], user=user, timeout=60)
    assert done.exits == (0,), done.errors
    (contact,) = done.of("kept.test", 8080)
    assert (contact.tries, contact.bytes_up, contact.bytes_down) == (1000, 6000, 6000)
    assert len(w.canary("kept.test")) == 1000


def test_a_gigabyte_passes_in_bounded_memory(w: World) -> None:
    size = 10**9
    done = in_session(w, ["curl", "-sS", "-o", "/dev/null", f"http://kept.test/bytes/{size}"], timeout=120)
    assert done.exits == (0,), done.errors
    (contact,) = done.of("kept.test", 80)
    assert contact.bytes_down > size
    before, peak = done.memory
    assert peak - before < MOST_MEMORY


FLOOD = """
import socket, struct, sys
def query(number, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\\0\\0\\1\\0\\1"
count, domain = int(sys.argv[1]), sys.argv[2]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
    datagrams.connect(("127.0.0.1", 53))
    for number in range(count):
        datagrams.send(query(number % 65536, f"name-{number}.{domain}"))
"""
WITHIN_A_FLOOD = """
import itertools, socket, struct, sys, threading
flooded, over = threading.Event(), threading.Event()
def flood(domain):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.connect(("127.0.0.1", 53))
        for number in itertools.count():
            name = f"name-{number}.{domain}"
            labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
            query = struct.pack(">HHHHHH", number % 65536, 0x0100, 1, 0, 0, 0) + labels + b"\\0\\0\\1\\0\\1"
            datagrams.send(query)
            if number % 50 == 0 and over.wait(0.01):
                return
            if number == 2000:
                flooded.set()
flooding = threading.Thread(target=flood, args=sys.argv[1:2])
flooding.start()
flooded.wait()
for name in sys.argv[2:]:
    while True:
        try:
            print(socket.gethostbyname(name).split(".")[0])
            break
        except socket.gaierror as error:
            if error.errno != socket.EAI_AGAIN:
                print(error.errno == socket.EAI_NONAME)
                break
over.set()
flooding.join()
"""


@pytest.mark.parametrize("domain", ["cut.test", "nowhere.test", "silence.test"])
def test_a_flood_of_look_ups_fills_no_memory_and_the_cut_still_holds(w: World, domain: str) -> None:
    flood = [sys.executable, "-c", FLOOD, "50000", domain]
    done = in_session(w, flood, *([*DIAL, host, "8080"] for host in ("cut.test", "kept.test")), cut=["cut.test"], timeout=60)
    assert set(done.exits) == {0}, done.errors
    assert list(done.output[1:]) == ["no such name\n", "echo\n"]
    w.nothing_reached("cut.test")
    before, peak = done.memory
    assert peak - before < MOST_MEMORY


@pytest.mark.slow
@USERS
def test_names_that_are_kept_resolve_while_look_ups_that_nobody_answers_flood_in(w: World, user: User) -> None:
    """The flood ends only once each name has been looked up, anew and within it."""
    within = [sys.executable, "-c", WITHIN_A_FLOOD, "silence.test", "kept.test", "cut.test", "hinted.test"]
    done = in_session(w, within, [*DIAL, "kept.test", "8080"], cut=["cut.test"], user=user, timeout=60)
    assert done.exits == (0, 0), done.errors
    assert done.output == ("198\nTrue\n198\n", "echo\n")
    w.nothing_reached("cut.test")
    before, peak = done.memory
    assert peak - before < MOST_MEMORY
