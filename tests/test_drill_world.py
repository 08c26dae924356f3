"""The world that drills are tested in: what it says arrived did, and what did not is not there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from drill_world import Host, World, world

USERS = pytest.mark.parametrize("user", ["root", "ordinary"])
FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode(), end='')"
LOOK_UP = "import socket, sys; print(sorted({row[4][0] for row in socket.getaddrinfo(sys.argv[1], 80)}))"


@pytest.fixture(scope="module")
def place() -> Iterator[World]:
    hosts: dict[str, Host | tuple[str, ...]] = {
        "kept.test": (), "other.test": ("203.0.113.9",), "www.test": Host(cname="edge.test"), "edge.test": (),
        "_http._tcp.kept.test": Host(srv=((10, 5, 80, "kept.test"),)),
        "many.test": Host(tuple(f"203.0.113.{number}" for number in range(1, 61))),
    }  # fmt: skip
    with world(hosts, etc_hosts="203.0.113.77 listed.test") as made:
        yield made


@pytest.fixture
def w(place: World) -> World:
    place.clear()
    return place


@USERS
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_contact_is_told_with_its_name_port_and_kind(w: World, user: str, scheme: str) -> None:
    done = w.python(FETCH, f"{scheme}://kept.test/a", user=user, check=True)
    assert done.stdout == "canary kept.test /a\n"
    (arrived,) = w.canary("kept.test")
    assert (arrived.name, arrived.port, arrived.transport) == ("kept.test", 80 if scheme == "http" else 443, "tcp")
    assert (arrived.kind, arrived.host) == ("http" if scheme == "http" else "tls", "kept.test")
    w.nothing_reached("other.test", "203.0.113.50")
    with pytest.raises(AssertionError, match=r"kept\.test was reached"):
        w.nothing_reached("kept.test")


@USERS
def test_a_user_is_who_it_should_be_and_an_ordinary_one_has_no_rights(w: World, user: str) -> None:
    done = w.run(["sh", "-c", "id -u; pwd; grep CapEff /proc/self/status"], user, check=True)
    uid, folder, rights = done.stdout.splitlines()
    assert folder == str(w.folder / "home")
    assert uid == ("0" if user == "root" else "1000")
    assert (int(rights.split()[1], 16) == 0) == (user == "ordinary")


def test_names_lead_on_and_unknown_ones_are_not_there(w: World) -> None:
    addresses = sorted(w.hosts["edge.test"].addresses if w.ipv6 else [w.address("edge.test")])
    assert w.python(LOOK_UP, "www.test", check=True).stdout == f"{addresses}\n"
    assert w.python(LOOK_UP, "listed.test", check=True).stdout == "['203.0.113.77']\n"
    assert w.python(LOOK_UP, "nowhere.test").returncode == 1
    assert ("www.test", "A", "udp") in w.asked()
    assert not w.reached()


def test_an_answer_too_long_for_a_datagram_is_given_by_stream(w: World) -> None:
    assert w.python(LOOK_UP, "many.test", check=True).stdout.count("203.0.113.") == 60
    assert ("many.test", "A", "tcp") in w.asked()


def test_literal_addresses_and_datagrams_are_canaries_too(w: World) -> None:
    source = """
import socket, sys
for place in sys.argv[1:]:
    family = socket.AF_INET6 if ":" in place else socket.AF_INET
    with socket.create_connection((place, 8080)) as stream:
        stream.sendall(b"hello")
        assert stream.recv(5) == b"hello"
    with socket.socket(family, socket.SOCK_DGRAM) as datagrams:
        datagrams.connect((place, 123))
        datagrams.send(b"time?")
        assert datagrams.recv(5) == b"time?"
"""
    places = ["203.0.113.90", "198.51.100.7", *["2001:db8::50"] * w.ipv6]
    w.python(source, *places, user="ordinary", check=True)
    for place in places:
        assert [(each.name, each.port, each.transport, each.kind) for each in w.canary(place)] == [
            ("", 8080, "tcp", "other"),
            ("", 123, "udp", "other"),
        ]


def test_a_contact_that_says_nothing_and_is_gone_at_once_is_still_told(w: World) -> None:
    source = "import socket; [socket.create_connection(('203.0.113.50', 22)).close() for _ in range(300)]"
    w.python(source, check=True)
    assert len(w.canary("203.0.113.50")) == 300


def test_what_a_host_serves_is_what_lies_in_its_folder(w: World) -> None:
    (w.pages / "edge.test").mkdir()
    (w.pages / "edge.test" / "page.html").write_text("served")
    assert w.python(FETCH, "http://edge.test/page.html", check=True).stdout == "served"
    assert w.python(FETCH, "http://edge.test/none").returncode == 1
    assert len(w.python(FETCH, "http://kept.test/bytes/3000000", check=True).stdout) == 3_000_000


def test_nothing_of_a_world_is_left() -> None:
    away = """
import os, signal
if os.fork() == 0:
    os.setsid()
    print(os.getpid(), flush=True)
    os.close(1)
    os.close(2)
    signal.pause()
"""
    with world({"kept.test": ()}) as made:
        folder, inside = made.folder, made.pid
        forked = int(made.python(away, check=True).stdout)
        assert sys.executable in made.processes()[forked]
    assert not folder.exists()
    assert not made.processes()
    with pytest.raises(ProcessLookupError):
        os.kill(inside, 0)
