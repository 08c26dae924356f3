"""Messages of the domain name system: worked ones byte by byte, what is written is read, and nothing hostile does harm."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold import domain_names as dns
from freehold.domain_names import BadMessage, Message, Question, Record
from outside_world import name_record
from strategies import repeatable

labels = st.binary(min_size=1, max_size=63)
names = st.lists(st.one_of(labels, st.sampled_from([b"a", b"example", b"test", b"x.y", b"\\", b"\xff\0"])), max_size=6).map(
    lambda parts: _kept(parts)
)
numbers = st.integers(0, 0xFFFF)
kinds = numbers.filter(lambda kind: kind not in (2, 5, 6, 12, 14, 15, 17, 18, 21, 33, 39))
records = st.one_of(
    st.builds(Record, names, kinds, st.integers(0, 2**32 - 1), st.binary(max_size=300), numbers),
    st.builds(lambda name, address: dns.address_record(name, str(address), 60), names, st.ip_addresses()),
    st.builds(name_record, names, st.sampled_from([dns.CNAME, dns.NS, dns.PTR]), names, st.integers(0, 99)),
    st.builds(lambda name, target: Record(name, dns.SRV, 5, b"\0\1\0\2\1\xbb" + dns.write_name(target)), names, names),
)
messages = st.builds(
    Message,
    numbers,
    numbers,
    st.lists(st.builds(Question, names, numbers, numbers), max_size=3).map(tuple),
    *[st.lists(records, max_size=4).map(tuple)] * 3,
)


def _kept(parts: list[bytes]) -> str:
    """A name of these labels, as far as one has room for them."""
    data = b""
    for part in parts:
        if len(data) + len(part) + 2 <= 255:
            data += bytes((len(part),)) + part
    return dns.read_name(data + b"\0", 0)[0]


def test_a_question_is_written_as_the_standard_has_it() -> None:
    message = Message(0x1234, dns.WANTED, (Question("a.example", dns.AAAA),))
    assert dns.write_message(message) == bytes.fromhex("1234 0100 0001 0000 0000 0000 01 61 07 6578616d706c65 00 001c 0001")


def test_an_answer_with_compressed_names_is_read_with_them_written_out() -> None:
    # w.example CNAME a.example; a.example A 192.0.2.1; _s.example SRV 0 1 443 a.example
    data = bytes.fromhex(
        "0001 8180 0001 0003 0000 0000"
        "01 77 07 6578616d706c65 00 0001 0001"  # at 12: w.example
        "c00c 0005 0001 0000003c 0004 01 61 c00e"  # the target stands at 39
        "c027 0001 0001 0000003c 0004 c0000201"
        "02 5f73 c00e 0021 0001 0000003c 0008 0000 0001 01bb c027"
    )
    message = dns.read_message(data)
    assert (message.number, message.code, message.is_response) == (1, 0, True)
    assert [record.name for record in message.answers] == ["w.example", "a.example", "_s.example"]
    assert dns.target_of(message.answers[0]) == "a.example"
    assert dns.address_of(message.answers[1]) == "192.0.2.1"
    assert message.answers[2].data == b"\0\0\0\1\1\xbb\1a\7example\0"
    assert dns.target_of(message.answers[2]) == "a.example"
    assert dns.aliases_of(message.answers, "W.Example") == ("a.example",)


@repeatable(300)
@given(messages)
def test_what_is_written_is_read_again(message: Message) -> None:
    assert dns.read_message(dns.write_message(message)) == message


@repeatable(200)
@given(names)
def test_a_name_of_any_bytes_is_one_text(name: str) -> None:
    assert dns.read_name(dns.write_name(name), 0) == (name, len(dns.write_name(name)))
    assert name.isascii()
    assert dns.write_name(name + ".") == dns.write_name(name)


@repeatable(200)
@given(messages, st.integers(512, 4096))
def test_a_message_that_does_not_fit_says_so(message: Message, most: int) -> None:
    try:
        data = dns.write_message(message, most)
    except BadMessage:
        return  # the questions alone, or an OPT record drawn at random, are longer
    assert len(data) <= most
    read = dns.read_message(data)
    assert read.questions == message.questions
    assert read.answers == message.answers or (read.is_truncated and not read.answers)


@repeatable(500)
@given(st.binary(max_size=600))
def test_whatever_arrives_is_read_or_refused(data: bytes) -> None:
    try:
        message = dns.read_message(data)
    except BadMessage:
        return
    assert dns.read_message(dns.write_message(message)) == message


@repeatable(300)
@given(messages, st.data())
def test_a_message_with_bytes_changed_is_read_or_refused(message: Message, draw: st.DataObject) -> None:
    data = bytearray(dns.write_message(message))
    for _ in range(draw.draw(st.integers(1, 8))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        found = dns.read_message(bytes(data))
    except BadMessage:
        return
    for record in (*found.answers, *found.authorities, *found.additionals):
        try:
            dns.target_of(record)
        except BadMessage:
            continue
        dns.address_of(record)


HEAD = bytes.fromhex("0001 8180 0001 0000 0000 0000")


@pytest.mark.parametrize(
    "name",
    [
        b"\xc0\x0c",  # leads to itself
        b"\xc0\xff",  # leads ahead
        b"\x01a\xc0\x0c",  # goes round
        b"\x40a\0",  # neither length nor pointer
        b"\x80\0",
        b"\x05ab",  # ends within
        (b"\x3f" + b"x" * 63) * 4 + b"\0",  # 257 bytes
        b"\xc0",
        b"",
    ],
)
def test_a_name_that_is_none_is_refused(name: bytes) -> None:
    with pytest.raises(BadMessage):
        dns.read_message(HEAD + name + b"\0\1\0\1")


def test_pointers_that_lead_from_one_to_the_next_end() -> None:
    # 40 pointers, each to the one before, and at last a label: within the message, and still refused
    chain = b"\x01a\0" + b"".join(struct.pack("!H", 0xC000 | (12 + max(0, 1 + 2 * at))) for at in range(40))
    with pytest.raises(BadMessage):
        dns.read_name(HEAD + chain, 12 + len(chain) - 2)


def test_a_message_of_very_many_records_is_read_in_part() -> None:
    record = b"\0" + struct.pack("!2HIH", 1, 1, 0, 4) + b"\1\2\3\4"
    data = struct.pack("!6H", 1, 0x8180, 0, 4000, 1, 0) + record * 4001
    assert len(dns.read_message(data).answers) == dns.MOST_RECORDS
    with pytest.raises(BadMessage):
        dns.read_message(struct.pack("!6H", 1, 0, 0xFFFF, 0, 0, 0) + b"\0\0\1\0\1" * 0x2000)


@pytest.mark.parametrize("name", ["a..b", ".a", "x" * 64, ".".join(["x" * 60] * 5), "ä.example", "\\999", "\\ä", "a\\"])
def test_what_is_no_name_is_not_written(name: str) -> None:
    with pytest.raises(BadMessage):
        dns.write_name(name)


def test_a_label_with_a_full_stop_is_not_two_labels() -> None:
    name, _ = dns.read_name(b"\x03a.b\x04test\0", 0)
    assert name == "a\\046b.test"
    assert dns.labels_of(name) == dns.labels_of("a\\.b.test") == [b"a.b", b"test"]


@repeatable(200)
@given(st.ip_addresses())
def test_an_address_is_found_by_its_backward_name(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert dns.reversed_address(dns.reverse_name(str(address))) == str(address)


def test_a_backward_name_is_worked_out() -> None:
    assert dns.reverse_name("192.0.2.5") == "5.2.0.192.in-addr.arpa"
    assert dns.reversed_address("5.2.0.192.IN-ADDR.ARPA.") == "192.0.2.5"
    nibbles = "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"
    assert (dns.reverse_name("2001:db8::1"), dns.reversed_address(nibbles)) == (nibbles, "2001:db8::1")
    for other in ("2.0.192.in-addr.arpa", "x.2.0.192.in-addr.arpa", "example", "", "300.2.0.192.in-addr.arpa", "ip6.arpa"):
        assert dns.reversed_address(other) is None


def test_what_one_that_asks_can_take_is_told_by_its_extension() -> None:
    plain = Message(1, 0, (Question("a", 1),))
    assert (plain.most_bytes, plain.extension) == (512, None)
    for said, taken in ((1232, 1232), (100, 512)):
        extended = Message(1, 0, plain.questions, additionals=(Record("", dns.OPT, 0, b"", said),))
        assert dns.read_message(dns.write_message(extended)).most_bytes == taken


def test_aliases_are_followed_in_order_and_not_round_a_circle() -> None:
    def lead(one: str, other: str) -> Record:
        return name_record(one, dns.CNAME, other, 60)

    assert dns.aliases_of((lead("b", "c"), lead("a", "B"), lead("C", "a")), "A") == ("b", "c", "a")
    assert dns.aliases_of((lead("a", "a"),), "a") == ("a",)
    assert dns.aliases_of([lead(str(at), str(at + 1)) for at in range(99)], "0", 3) == ("1", "2", "3")
