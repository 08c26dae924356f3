"""A proxy that the command uses by itself: seen, named, and no clean verdict. Real proxies' words over real connections."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from drill_session import in_session
from drill_world import User, World, world
from freehold.drill.proxied import asks_a_proxy, proxies_named
from freehold.drill.record import Run
from freehold.drill.verdict import judge

USERS = pytest.mark.parametrize("user", ["root", "ordinary"])
SELF = ("kept.test", "203.0.113.100")


@pytest.fixture(scope="module")
def proxied() -> Iterator[World]:
    with world({"kept.test": (), "cut.test": (), "proxy.test": ()}) as made:
        yield made


@pytest.mark.parametrize(
    ("first", "is_one"),
    [
        (b"CONNECT cut.test:443 HTTP/1.1\r\n", True),
        (b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\n", True),
        (b'CONNECT {"verbose":false}\r\n', False),  # another protocol's word
        (b"GET http://cut.test/ HTTP/1.1\r\n", True),
        (b"POST https://user:word@cut.test:8443/x HTTP/1.1\r\n", True),
        (b"GET http://kept.test/page HTTP/1.1\r\n", False),  # its own address
        (b"GET http://KEPT.test:80/page HTTP/1.1\r\n", False),
        (b"GET http://203.0.113.100/ HTTP/1.1\r\n", False),
        (b"GET /?to=http://cut.test/ HTTP/1.1\r\n", False),
        (b"\x05\x01\x00", True),
        (b"\x05\x02\x00\x02", True),
        (b"\x05\x00\x00\x10more", False),
        (b"\x04\x01\x01\xbb\x00\x00\x00\x01me\x00cut.test\x00", True),
        (b"\x16\x03\x01\x02\x00\x01", False),
        (b"SSH-2.0-OpenSSH_9.2\r\n", False),
        (b"", False),
    ],
)
def test_a_client_of_a_proxy_is_known_by_what_it_says_first(first: bytes, is_one: bool) -> None:
    assert asks_a_proxy(first, SELF) is is_one


def test_variables_name_proxies() -> None:
    named = proxies_named(
        {
            "http_proxy": "http://me:word@Proxy.test:3128", "HTTPS_PROXY": "proxy.test", "all_proxy": "socks5h://[::1]",
            "PIP_PROXY": "https://other.test", "no_proxy": "left.test", "NPM_CONFIG_NO_PROXY": "left.test", "ftp_proxy": "",
            "GOPROXY": "https://modules.test", "ALL_PROXY": "http://[broken",
        }
    )  # fmt: skip
    assert named == {("proxy.test", 3128), ("proxy.test", 80), ("::1", 1080), ("other.test", 443)}


def test_what_passed_by_a_proxy_proves_nothing() -> None:
    spots = ("drill_backend.blind_udp", "drill_backend.blind_proxy proxy.test:3128")
    base = Run("baseline", "namespace", "2026-01-31T00:00:00Z", 1.0, 0)
    cut = replace(base, kind="cut")
    assert judge(base, cut, cutting=None).name == "untouched"
    verdict = judge(base, replace(cut, blind_spots=spots), cutting=None)
    assert verdict.name == "void"
    assert "proxy.test:3128" in verdict.reasons[0]


CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], 8080)) as one:
    one.sendall(sys.argv[2].encode())
    one.recv(9)
"""


@USERS
def test_a_proxy_that_the_command_goes_by_is_a_blind_spot(proxied: World, user: User) -> None:
    said = ("CONNECT cut.test:8080 HTTP/1.1\r\n\r\n", "GET http://cut.test/ HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n")
    spots = [
        in_session(proxied, [sys.executable, "-c", CLIENT, "proxy.test", one], cut=["cut.test"], user=user).blind_spots
        for one in said
    ]
    assert ["drill_backend.blind_proxy proxy.test:8080" in one for one in spots] == [True, True, False]


def test_a_proxy_spoken_to_by_tls_is_known_if_a_variable_names_it(proxied: World) -> None:
    by_tls = [sys.executable, "-c", CLIENT, "proxy.test", "\x16\x03\x01"]
    with_it = in_session(proxied, by_tls, env={"HTTPS_PROXY": "https://proxy.test:8080"})
    without = in_session(proxied, by_tls)
    assert "drill_backend.blind_proxy proxy.test:8080" in with_it.blind_spots
    assert without.blind_spots == tuple(one for one in with_it.blind_spots if "proxy" not in one)
