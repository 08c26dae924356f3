"""A session's name server: stand-ins for what exists outside, nothing for what is cut, and no way past it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold import domain_names as dns
from freehold.domain_names import Message, Question, Record
from freehold.drill.contact import Contact
from freehold.drill.contact_ledger import THE_REST, ContactLedger
from freehold.drill.decision import CutAll, CutHosts, CutNothing, Decision
from freehold.drill.inside_sockets import Blocked
from freehold.drill.name_servers import HostNames, NameServers, read_hosts, read_name_servers
from freehold.drill.resolver import Resolver
from freehold.drill.shapes import GONE, Shape
from freehold.drill.stand_ins import StandIns
from freehold.drill.upstream import Upstream
from outside_world import HERE, World, ask_udp, name_record, question, run, until, world
from strategies import repeatable

FOUR, SIX, OTHER = "203.0.113.1", "2001:db8::1", "203.0.113.9"
CUT = CutHosts(frozenset({"cut.example", "203.0.113.66"}))


def address(name: str, value: str, seconds: int = 60) -> Record:
    return dns.address_record(name, value, seconds)


def zone() -> dict[tuple[str, int], list[Record] | int]:
    service = Record("_s._tcp.both.example", dns.SRV, 60, b"\0\1\0\2\1\xbb" + dns.write_name("four.example"))
    hint = Record("both.example", dns.HTTPS, 60, b"\0\1\0\0\4\0\4\xcb\0\x71\1")
    return {
        ("both.example", dns.A): [address("both.example", FOUR)],
        ("both.example", dns.AAAA): [address("both.example", SIX)],
        ("both.example", dns.HTTPS): [hint],
        ("both.example", dns.MX): [Record("both.example", dns.MX, 60, b"\0\5" + dns.write_name("four.example"))],
        ("both.example", dns.TXT): [Record("both.example", dns.TXT, 60, b"\5words")],
        ("both.example", dns.ANY): [address("both.example", FOUR), Record("both.example", dns.TXT, 60, b"\5words"), hint],
        ("four.example", dns.A): [address("four.example", FOUR)],
        ("_s._tcp.both.example", dns.SRV): [service],
        ("broken.example", dns.A): dns.SERVER_FAILURE,
        ("broken.example", dns.AAAA): dns.SERVER_FAILURE,
        ("alias.example", dns.A): [
            name_record("alias.example", dns.CNAME, "www.cut.example", 60), address("www.cut.example", OTHER),
        ],
        ("alias.example", dns.AAAA): [name_record("alias.example", dns.CNAME, "www.cut.example", 60)],
        ("cut.example", dns.A): [address("cut.example", OTHER)],
        ("cut.example", dns.MX): [Record("cut.example", dns.MX, 60, b"\0\5" + dns.write_name("mx.cut.example"))],
        ("numbered.example", dns.A): [address("numbered.example", "203.0.113.66")],
        ("here.example", dns.A): [address("here.example", HERE)],
        ("1.113.0.203.in-addr.arpa", dns.PTR): [name_record("1.113.0.203.in-addr.arpa", dns.PTR, "real.example", 60)],
    }  # fmt: skip


def lookups(contacts: Sequence[Contact]) -> list[tuple[str, int, int, int]]:
    return [(one.name, one.tries, one.refused, one.failed) for one in contacts if one.transport == "lookup"]


@pytest.mark.parametrize("six", [False, True])
def test_a_name_has_stand_ins_in_the_families_that_it_has_outside(six: bool) -> None:
    async def main() -> None:
        async with world(zone()) as there:
            four = await there.ask("both.example", dns.A, six=six)
            assert (four.number, four.code, [dns.address_of(one) for one in four.answers]) == (7, 0, ["198.18.1.0"])
            assert four.flags & (dns.RESPONSE | dns.AVAILABLE | dns.WANTED) == dns.RESPONSE | dns.AVAILABLE | dns.WANTED
            assert [dns.address_of(one) for one in (await there.ask("both.example", dns.AAAA, six=six)).answers] == [
                "2001:2::100"
            ]
            assert await there.stand_in("four.example") == "198.18.1.1"
            only = await there.ask("four.example", dns.AAAA)
            assert (only.code, only.answers) == (dns.NO_ERROR, ())
            assert await there.stand_in("Both.EXAMPLE") == "198.18.1.0"

    run(main)


def test_a_name_is_answered_in_the_case_in_which_it_was_asked() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            answer = await there.ask("bOtH.eXample")
            assert (answer.questions[0].name, answer.answers[0].name) == ("bOtH.eXample", "bOtH.eXample")

    run(main)


def test_what_does_not_exist_outside_does_not_exist_inside() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            for kind in (dns.A, dns.AAAA, dns.MX, dns.HTTPS):
                assert (await there.ask("none.example", kind)).code == dns.NAME_ERROR
            assert (await there.ask("broken.example")).code == dns.SERVER_FAILURE
            assert lookups(there.outside.contacts()) == [("none.example", 1, 0, 1), ("broken.example", 1, 0, 1)]

    run(main)


@pytest.mark.parametrize("name", ["cut.example", "deep.below.cut.example", "alias.example", "numbered.example"])
def test_a_name_that_is_cut_is_gone(name: str) -> None:
    async def main() -> None:
        async with world(zone(), CUT, GONE) as there:
            for kind in (dns.A, dns.AAAA):
                answer = await there.ask(name, kind)
                assert (answer.code, answer.answers, answer.authorities, answer.additionals) == (dns.NAME_ERROR, (), (), ())
            (contact,) = there.outside.contacts()
            assert (contact.name, contact.transport, contact.port) == (name, "lookup", 0)
            assert (contact.tries, contact.refused, contact.failed) == (1, 1, 0)
            assert contact.because == ("host 203.0.113.66" if name == "numbered.example" else "host cut.example")
            assert len(there.names.asked) == (0 if name.endswith("cut.example") else 2)

    run(main)


def test_under_an_air_gap_nobody_outside_is_asked() -> None:
    async def main() -> None:
        async with world(zone(), CutAll(), GONE) as there:
            for kind in (dns.A, dns.AAAA, dns.MX, dns.SRV, dns.TXT, dns.HTTPS, dns.ANY):
                assert (await there.ask("both.example", kind)).code == dns.NAME_ERROR
            assert there.names.asked == []

    run(main)


def test_records_that_are_no_addresses_are_handed_on_without_addresses() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            (service,) = (await there.ask("_s._tcp.both.example", dns.SRV)).answers
            assert dns.target_of(service) == "four.example"
            assert service.data[:6] == b"\0\1\0\2\1\xbb"
            (mail,) = (await there.ask("both.example", dns.MX)).answers
            assert dns.target_of(mail) == "four.example"
            hints = await there.ask("both.example", dns.HTTPS)
            assert (hints.code, hints.answers) == (dns.NO_ERROR, ())
            assert [one.kind for one in (await there.ask("both.example", dns.ANY)).answers] == [dns.TXT]
            assert ("both.example", dns.HTTPS) not in there.names.asked

    run(main)


def test_records_of_a_name_that_is_cut_are_refused_where_the_name_is_not_gone() -> None:
    async def main() -> None:
        async with world(zone(), CUT, Shape("refused")) as there:
            for kind in (dns.MX, dns.TXT, dns.SRV):
                assert (await there.ask("cut.example", kind)).code == dns.REFUSED
            assert there.names.asked == []
            assert await there.stand_in("cut.example") == "198.18.1.0"
            assert there.filters.held == {"198.18.1.0": "refuse", "2001:2::100": "refuse"}
            assert (await there.ask("none.cut.example")).code == dns.NAME_ERROR

    run(main)


@pytest.mark.parametrize("shape", [Shape("slow", latency=1.0), Shape("http", status=403)])
def test_a_host_that_still_answers_still_has_its_records(shape: Shape) -> None:
    async def main() -> None:
        async with world(zone(), CUT, shape) as there:
            (mail,) = (await there.ask("cut.example", dns.MX)).answers
            assert dns.target_of(mail) == "mx.cut.example"
            assert await there.stand_in("cut.example") == "198.18.1.0"
            assert not there.filters.held

    run(main)


def test_a_name_of_this_machines_other_addresses_has_them_as_they_are() -> None:
    async def main() -> None:
        async with world(zone(), own=frozenset({FOUR})) as there:
            assert await there.stand_in("four.example") == FOUR
            assert await there.stand_in("both.example") == "198.18.1.0"  # its other address is elsewhere
            assert [one.name for one in there.outside.contacts()] == ["both.example"]

    run(main)


def test_a_stand_in_looked_up_backwards_has_the_name_of_what_it_stands_for() -> None:
    async def main() -> None:
        async with world(zone(), CUT, Shape("refused")) as there:
            stand_in = await there.stand_in("both.example")
            (record,) = (await there.ask(dns.reverse_name(stand_in), dns.PTR)).answers
            assert (record.name, dns.target_of(record)) == ("0.1.18.198.in-addr.arpa", "real.example")
            assert (await there.ask(dns.reverse_name("198.18.9.9"), dns.PTR)).code == dns.NAME_ERROR
            cut = await there.stand_in("cut.example")
            assert (await there.ask(dns.reverse_name(cut), dns.PTR)).code == dns.NAME_ERROR
            (record,) = (await there.ask(dns.reverse_name(FOUR), dns.PTR)).answers
            assert dns.target_of(record) == "real.example"

    run(main)


def test_localhost_and_names_of_this_machine_are_this_machine() -> None:
    hosts = HostNames({"db": (HERE,), "box": ("192.0.2.7", "2001:db8::7")}, {})

    async def main() -> None:
        async with world(zone(), hosts=hosts) as there:
            for name in ("localhost", "a.localhost", "db", "here.example"):
                assert await there.stand_in(name) == HERE
            assert await there.stand_in("localhost", dns.AAAA) == "::1"
            assert (await there.ask("db", dns.AAAA)).answers == ()
            assert await there.stand_in("box") == "198.18.1.0"
            assert await there.stand_in("box", dns.AAAA) == "2001:2::100"
            assert {name for name, _ in there.names.asked} == {"here.example"}

    run(main)


@pytest.mark.parametrize("cutting", [CutNothing(), CUT])
def test_a_name_for_which_no_stand_in_is_left_fails_and_the_session_says_so(cutting: Any) -> None:
    async def main() -> None:
        async with world(zone(), cutting, stand_ins=StandIns(most=1)) as there:
            await there.stand_in("both.example")
            assert there.outside.broken() == ""
            assert (await there.ask("four.example")).code == dns.SERVER_FAILURE
            assert "1 look-ups of further names failed" in there.outside.broken()
            assert await there.stand_in("both.example") == "198.18.1.0"

    run(main)


def test_over_tcp_questions_are_answered_one_after_the_other() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            asked = [question("both.example", kind, number=kind) for kind in (dns.A, dns.AAAA, dns.MX)]
            answers = await there.lookup_over_tcp(*asked)
            assert [(one.number, len(one.answers)) for one in answers] == [(dns.A, 1), (dns.AAAA, 1), (dns.MX, 1)]

    run(main)


def test_an_answer_that_does_not_fit_is_asked_for_over_tcp() -> None:
    words = [Record("long.example", dns.TXT, 60, b"\xff" + bytes([65 + at]) * 255) for at in range(8)]

    async def main() -> None:
        async with world({("long.example", dns.TXT): words}) as there:
            short = await there.ask("long.example", dns.TXT)
            assert (short.is_truncated, short.answers) == (True, ())
            assert len((await there.ask("long.example", dns.TXT, size=4096)).answers) == 8
            assert len((await there.ask("long.example", dns.TXT, size=65_535)).answers) == 8
            (whole,) = await there.lookup_over_tcp(question("long.example", dns.TXT))
            assert (whole.is_truncated, len(whole.answers)) == (False, 8)
            assert len(there.names.asked) == 2  # once over UDP, once over TCP, and then it is known

    run(main)


def test_one_that_says_what_it_can_take_is_told_the_same() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            answer = await there.ask("both.example", size=1232)
            assert answer.extension is not None
            assert answer.extension.group == 4096
            assert (await there.ask("both.example")).extension is None

    run(main)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (Message(9, 0x2800, (Question("a.example", dns.A),)), dns.NOT_IMPLEMENTED),  # an update
        (Message(9, 0, ()), dns.FORMAT_ERROR),
        (Message(9, 0, (Question("a.example", dns.A), Question("b.example", dns.A))), dns.FORMAT_ERROR),
        (Message(9, 0, (Question("a.example", dns.A, 3),)), dns.REFUSED),  # version.bind and its like
        (Message(9, 0, (Question("a.example", 252),)), dns.REFUSED),  # a transfer
    ],
)
def test_what_is_no_question_of_a_client_is_refused(message: Message, code: int) -> None:
    async def main() -> None:
        async with world(zone()) as there:
            (answer,) = await there.lookup_over_tcp(message)
            assert (answer.number, answer.code, answer.is_response) == (9, code, True)
            assert there.names.asked == []

    run(main)


def test_rubbish_is_passed_over_and_harms_nobody() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                answer = dns.write_message(Message(1, dns.RESPONSE, (Question("both.example", dns.A),)))
                for data in (b"", b"\0", b"\xff" * 600, bytes(12), answer, b"\0\1\1\0\0\1" + bytes(6) + b"\xc0\x0c\0\1\0\1"):
                    one.sendto(data, there.sockets.udp4.getsockname())
            for data in (b"\0", b"\0\0", b"\0\x05hello", b"\xff\xff" + b"x" * 100):
                reader, writer = await asyncio.open_connection(*there.sockets.dns_tcp4.getsockname())
                writer.write(data)
                writer.write_eof()
                assert await reader.read() == b""
                writer.close()
            assert await there.stand_in("both.example") == "198.18.1.0"

    run(main)


@repeatable(25)
@given(st.lists(st.binary(max_size=80), max_size=30))
def test_whatever_is_asked_the_next_one_is_answered(data: list[bytes]) -> None:
    async def main() -> None:
        async with world(zone()) as there:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                for each in data:
                    one.sendto(each, there.sockets.udp4.getsockname())
                    one.sendto(b"\0\1\1\0\0\1\0\0\0\0\0\0" + each, there.sockets.udp4.getsockname())
            assert await there.stand_in("both.example") == "198.18.1.0"

    run(main)


def test_an_answer_comes_from_the_address_that_was_asked() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            for family, asked in ((socket.AF_INET, "127.0.0.9"), (socket.AF_INET6, "::1")):
                # a socket that is bound to no address: only what it is told tells it where to answer from
                with socket.socket(family, socket.SOCK_DGRAM) as wide:
                    wide.bind(("", 0))
                    wide.setblocking(False)
                    resolver = Resolver((wide,), (), there.outside._book, there.outside.upstream, there.outside._ledger)
                    resolver.start()
                    try:
                        answer = await ask_udp((asked, wide.getsockname()[1]), "both.example")
                    finally:
                        await resolver.close()
                    assert [dns.address_of(one) for one in answer.answers] == ["198.18.1.0"]

    run(main)


def test_a_flood_of_questions_is_bounded_and_ends() -> None:
    async def main() -> None:
        async with world(zone(), stand_ins=StandIns(most=100)) as there:
            place = there.sockets.udp4.getsockname()
            most = 0
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.setblocking(False)
                for at in range(20_000):
                    message = question(f"{at}.flood.example" if at % 2 else "both.example", number=at % 0x10000)
                    one.sendto(dns.write_message(message), place)
                    if at % 50 == 0:
                        await asyncio.sleep(0)
                        most = max(most, there.outside.waiting_lookups)
            assert most <= 512
            assert await there.stand_in("both.example") == "198.18.1.0"

    run(main)


def test_a_name_server_that_says_nothing_holds_up_no_more_than_is_stated() -> None:
    async def main() -> None:
        async with world(zone(), patience=1e6) as there:
            there.names.silent = True
            place = there.sockets.udp4.getsockname()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                for at in range(3_000):
                    one.sendto(dns.write_message(question(f"{at}.example")), place)
                    if at % 50 == 0:
                        await asyncio.sleep(0)
            await until(lambda: there.outside.waiting_lookups == 512)
            for _ in range(100):
                await asyncio.sleep(0)
            assert there.outside.waiting_lookups == 512

    run(main)


async def flooded(there: World, one: socket.socket, domain: str, count: int = 3_000) -> None:
    """Put questions for names that nobody answers for, until as many wait as may."""
    for at in range(count):
        one.sendto(dns.write_message(question(f"x.{at}{domain}", number=at)), there.sockets.udp4.getsockname())
        if at % 50 == 0:
            await asyncio.sleep(0)
    await until(lambda: there.outside.waiting_lookups == 512)


@pytest.mark.parametrize("domain", [".dead.example", ".flood"], ids=["one domain", "many domains"])
def test_a_flood_that_nobody_answers_leaves_room_for_the_names_of_others(domain: str) -> None:
    async def main() -> None:
        async with world(zone(), patience=1e6) as there:
            there.names.unanswered = (".dead.example", ".flood")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                await flooded(there, one, domain)
                for name in ("both.example", "four.example"):
                    assert (await there.stand_in(name)).startswith("198.18.1.")
                await flooded(there, one, domain)

    run(main)


# What is asked outside.


def test_the_next_server_is_asked_when_one_cannot_say() -> None:
    async def main() -> None:
        async with world(zone()) as one, world({("both.example", dns.A): dns.REFUSED}) as other:
            servers = [there.names.transport.get_extra_info("sockname") for there in (other, one)]
            upstream = Upstream(NameServers(tuple(servers), 20.0, 1), HostNames())
            assert (await upstream.host("both.example")).four == (FOUR,)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
                nobody.bind((HERE, 0))
                gone = nobody.getsockname()
            upstream = Upstream(NameServers((gone, servers[1]), 20.0, 1), HostNames())
            assert (await upstream.host("both.example")).six == (SIX,)
            await upstream.close()

    run(main)


def test_the_machines_own_look_up_is_asked_where_no_server_is_configured() -> None:
    asked: list[tuple[str, int]] = []

    def look_up(name: str, _: object, family: int, kind: int) -> Any:
        asked.append((name, family))
        if name == "none.example.":
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        if name == "later.example.":
            raise socket.gaierror(socket.EAI_AGAIN, "later")
        if family == socket.AF_INET6:
            raise socket.gaierror(socket.EAI_NODATA, "none of these")
        return [(family, kind, 6, "", (FOUR, 0))]

    async def main() -> None:
        upstream = Upstream(NameServers(), HostNames(), look_up=look_up)
        host = await upstream.host("both.example")
        assert (host.four, host.six, host.code4, host.code6) == ((FOUR,), (), 0, 0)
        assert (await upstream.host("none.example")).code4 == dns.NAME_ERROR
        assert (await upstream.host("later.example")).code6 == dns.SERVER_FAILURE
        assert (await upstream.ask("both.example", dns.MX)).code == dns.SERVER_FAILURE
        assert set(asked[:2]) == {("both.example.", socket.AF_INET), ("both.example.", socket.AF_INET6)}
        await upstream.close()

    run(main)


def test_an_answer_is_kept_as_long_as_it_says_and_no_longer_than_is_stated() -> None:
    now = [0.0]
    records: dict[tuple[str, int], list[Record] | int] = {
        ("short.example", dns.A): [address("short.example", FOUR, 20)],
        ("long.example", dns.A): [address("long.example", FOUR, 2**31)],
        ("none.example", dns.A): dns.NAME_ERROR,
        ("zero.example", dns.A): [address("zero.example", FOUR, 0)],
    }

    async def main() -> None:
        async with world(records) as there:
            server = there.names.transport.get_extra_info("sockname")
            upstream = Upstream(NameServers((server,), 20.0, 1), HostNames(), clock=lambda: now[0])
            steps = (
                (0.0, ["short.example", "long.example", "none.example", "zero.example"]),
                (0.9, []),
                (1.0, ["none.example", "zero.example"]),
                (19.9, ["none.example", "zero.example"]),
                (20.0, ["short.example"]),
                (299.0, ["short.example", "none.example", "zero.example"]),
                (300.0, ["long.example", "none.example", "zero.example"]),
            )
            for moment, expected in steps:
                now[0] = moment
                there.names.asked.clear()
                for name, _ in records:
                    await upstream.ask(name, dns.A)
                assert [name for name, _ in there.names.asked] == expected, moment

    run(main)


def test_the_same_question_asked_many_times_at_once_is_put_once() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            upstream = there.outside.upstream
            answers = await asyncio.gather(*(upstream.ask("both.example", dns.A) for _ in range(50)))
            assert {one.answers for one in answers} == {(address("both.example", FOUR),)}
            assert there.names.asked == [("both.example", dns.A)]

    run(main)


def test_the_machines_configuration_is_read_as_its_library_does(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 192.0.2.1\n; nameserver 192.0.2.1\nsearch example\nnameserver odd\nnameserver 192.0.2.2 # first\n"
        "nameserver 2001:db8::53\nnameserver fe80::1%eth0\nnameserver 192.0.2.4\noptions ndots:2 timeout:3 attempts:99 rotate\n"
    )
    servers = (("192.0.2.2", 53), ("2001:db8::53", 53), ("fe80::1%eth0", 53))
    assert read_name_servers(path) == NameServers(servers, 3.0, 5)
    assert read_name_servers(tmp_path / "none") == NameServers()
    path.write_bytes(b"nameserver\noptions timeout:x timeout:0 attempts:\n\xff\xfe nameserver\n")
    assert read_name_servers(path) == NameServers((), 1.0, 2)


def test_the_machines_own_names_are_read(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text(
        "127.0.0.1 localhost\n192.0.2.5 Web.Example. web # old\nodd name\n192.0.2.5 www\n2001:DB8::5 web\n\n192.0.2.9\n"
    )
    known = read_hosts(path)
    assert known.addresses["web"] == ("192.0.2.5", "2001:db8::5")
    assert known.names["192.0.2.5"] == ("web.example", "web", "www")
    assert known.names["2001:db8::5"] == ("web",)
    assert "old" not in known.addresses
    assert read_hosts(tmp_path / "none") == HostNames()


# What is counted.


def test_what_the_filter_stopped_is_counted_under_its_name() -> None:
    async def main() -> None:
        now = [100.0]
        async with world(zone(), CUT, Shape("refused"), clock=lambda: now[0]) as there:
            cut, kept = await there.stand_in("cut.example"), await there.stand_in("both.example")
            there.filters.stopped = [
                Blocked("tcp", cut, 443, 3, 101.0, 109.0), Blocked("udp", cut, 443, 2, 102.0, 103.0),
                Blocked("udp", kept, 443, 4, 104.0, 105.0), Blocked("udp", "192.0.2.123", 123, 1, 106.0, 106.0),
                Blocked("icmpv6", "ff02::2", 0, 1, 100.0, 100.0), Blocked("udp", "224.0.0.251", 5353, 1, 107.0, 107.0),
            ]  # fmt: skip
            found = [
                (one.host, one.port, one.transport, one.tries, one.refused, one.failed, one.first_refused, one.last_refused)
                for one in there.outside.contacts()
            ]
            assert found == [
                ("cut.example", 443, "tcp", 3, 3, 0, 1.0, 9.0), ("cut.example", 443, "udp", 2, 2, 0, 2.0, 3.0),
                ("both.example", 443, "udp", 4, 0, 4, None, None), ("192.0.2.123", 123, "udp", 1, 0, 1, None, None),
                ("224.0.0.251", 5353, "udp", 1, 0, 1, None, None),
            ]  # fmt: skip
            there.outside.change(CutNothing(), GONE)
            assert there.outside.contacts()[0].because == "host cut.example"

    run(main)


def test_contacts_are_counted_in_the_order_of_their_first_try() -> None:
    now = [5.0]
    ledger = ContactLedger(lambda: now[0], 5.0)
    ledger.entry("a.example", "", 0, "lookup").asked(dns.A)
    now[0] = 6.0
    one = ledger.entry("a.example", "192.0.2.1", 80, "tcp")
    one.tries += 1
    one.ended("host a.example")
    now[0] = 7.0
    one.tries += 1
    one.ended("")
    one.known(("b.example",) * 40, [str(at) for at in range(200)])
    ledger.entry("c.example", "", 80, "tcp")
    (found,) = ledger.contacts()
    assert (found.first_seen, found.first_refused, found.last_refused, found.because) == (1.0, 1.0, 2.0, "host a.example")
    assert (found.aliases, len(found.addresses)) == (("b.example",), 64)


def test_one_look_up_asks_for_both_families() -> None:
    ledger = ContactLedger(lambda: 0.0, 0.0)
    entry = ledger.entry("a.example", "", 0, "lookup")
    assert [entry.asked(kind) for kind in (dns.A, dns.AAAA, dns.A, dns.AAAA, dns.AAAA)] == [True, False, True, False, True]
    assert ledger.contacts()[0].tries == 3


def test_contacts_beyond_the_most_are_counted_together() -> None:
    ledger = ContactLedger(lambda: 0.0, 0.0, most=2)
    for at in range(5):
        ledger.entry(f"{at}.example", "", 80, "tcp").tries += 1
    ledger.entry("", "192.0.2.1", 9, "udp").tries += 1
    ledger.entry("1.example", "", 80, "tcp").tries += 1
    assert [(one.host, one.port, one.transport, one.tries) for one in ledger.contacts()] == [
        ("0.example", 80, "tcp", 1), ("1.example", 80, "tcp", 2), (THE_REST, 0, "tcp", 3), (THE_REST, 0, "udp", 1),
    ]  # fmt: skip


def test_a_host_that_was_judged_is_judged_anew_when_its_addresses_change() -> None:
    class Counting:
        asked: list[tuple[str, tuple[str, ...]]] = []  # noqa: RUF012

        def decide(self, name: str, aliases: Sequence[str] = (), addresses: Sequence[str] = ()) -> Decision:
            del aliases
            self.asked.append((name, tuple(addresses)))
            return Decision(cut="203.0.113.66" in addresses, because="address")

    async def main() -> None:
        async with world(zone(), Counting(), Shape("refused")) as there:
            await there.stand_in("four.example")
            assert not there.filters.held
            there.names.zone["four.example", dns.A] = [address("four.example", "203.0.113.66")]
            there.outside.upstream.forget()
            await there.stand_in("four.example")
            assert set(there.filters.held.values()) == {"refuse"}
            there.names.zone["four.example", dns.A] = [address("four.example", FOUR)]
            there.outside.upstream.forget()
            await there.stand_in("four.example")
            assert not there.filters.held

    run(main)


def test_a_length_that_is_not_followed_by_as_much_ends_the_connection() -> None:
    async def main() -> None:
        async with world(zone()) as there:
            reader, writer = await asyncio.open_connection(*there.sockets.dns_tcp4.getsockname())
            writer.write(struct.pack("!H", 40) + dns.write_message(question("both.example")))
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()

    run(main)
