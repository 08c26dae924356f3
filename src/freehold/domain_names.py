r"""Messages of the domain name system, read and written. Owns their bytes (RFC 1035, 2782, 3597, 6891), and nothing else.

A *name* is held as text in the case that it came in, labels apart by full stops, without the final one; the root is the
empty text. A byte of a label that is no printable ASCII, a full stop or a backslash is written ``\DDD`` (RFC 1035, 5.1), so
that whatever is read can be written again. Whoever compares names lowers them first. What is read is bounded: a message has
at most 65,535 bytes, and of its records the first :data:`MOST_RECORDS` are read.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from freehold.errors import FreeholdError

__all__ = [
    "AAAA",
    "ANY",
    "AVAILABLE",
    "CNAME",
    "DNAME",
    "FORMAT_ERROR",
    "HTTPS",
    "INTERNET",
    "MOST_RECORDS",
    "MX",
    "NAME_ERROR",
    "NOT_IMPLEMENTED",
    "NO_ERROR",
    "NS",
    "OPT",
    "PTR",
    "REFUSED",
    "RESPONSE",
    "SERVER_FAILURE",
    "SOA",
    "SRV",
    "SVCB",
    "TRUNCATED",
    "TXT",
    "WANTED",
    "A",
    "BadMessage",
    "Message",
    "Question",
    "Record",
    "address_of",
    "address_record",
    "aliases_of",
    "labels_of",
    "read_message",
    "read_name",
    "reverse_name",
    "reversed_address",
    "target_of",
    "write_message",
    "write_name",
]  # fmt: skip

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, DNAME, OPT, SVCB, HTTPS, ANY = 1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 41, 64, 65, 255
INTERNET: Final = 1
NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NAME_ERROR, NOT_IMPLEMENTED, REFUSED = 0, 1, 2, 3, 4, 5
RESPONSE, TRUNCATED, WANTED, AVAILABLE = 0x8000, 0x0200, 0x0100, 0x0080

MOST_RECORDS: Final = 1_000
"""Records of one message that are read; what comes after them is passed over."""
_MOST_POINTERS: Final = 20
_MOST_BYTES: Final = 65_535
_MOST_NAME: Final = 255
_POINTER: Final = 0xC000
_SMALLEST_UDP: Final = 512
_PARTS: Final = re.compile(r"\\[0-9]{3}|\\.|\.|[^.\\]+|\\$", re.DOTALL)
_PLAIN: Final = re.compile(rb"[!-\-/-\[\]-~]+")  # printable, no full stop, no backslash
# Data of a record that holds names which may be compressed: bytes before them, and how many there are.
_NAMES_IN: Final = {NS: (0, 1), CNAME: (0, 1), SOA: (0, 2), PTR: (0, 1), MX: (2, 1), SRV: (6, 1), DNAME: (0, 1),
                    14: (0, 2), 17: (0, 2), 18: (2, 1), 21: (2, 1)}  # fmt: skip
_REVERSE: Final = {4: ("in-addr.arpa", 4), 6: ("ip6.arpa", 32)}


class BadMessage(FreeholdError):
    """Bytes that are no message of the domain name system, or a name that cannot be written in one."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Parameters
    ----------
    name
        In the case in which it was asked; a server answers in the same.
    kind
        Number of the type of record.
    group
        Number of the class.
    """

    name: str
    kind: int
    group: int = INTERNET


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Parameters
    ----------
    name
        Whose it is.
    kind, group
        Numbers of its type and class.
    seconds
        How long it may be kept; of an ``OPT`` record its flags.
    data
        Its content; names in it are written out.
    """

    name: str
    kind: int
    seconds: int
    data: bytes
    group: int = INTERNET


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer.

    Parameters
    ----------
    number
        By which an answer is known as one.
    flags
        The second pair of bytes of its head.
    questions, answers, authorities, additionals
        Its four sections.
    """

    number: int
    flags: int
    questions: tuple[Question, ...] = ()
    answers: tuple[Record, ...] = ()
    authorities: tuple[Record, ...] = field(default=())
    additionals: tuple[Record, ...] = field(default=())

    @property
    def code(self) -> int:
        """The code of an answer: 0 if it is one, 3 if there is no such name."""
        return self.flags & 0xF

    @property
    def operation(self) -> int:
        """The code of what is wanted: 0 for a question."""
        return self.flags >> 11 & 0xF

    @property
    def is_response(self) -> bool:
        """Whether it is an answer."""
        return bool(self.flags & RESPONSE)

    @property
    def is_truncated(self) -> bool:
        """Whether it is an answer that did not fit."""
        return bool(self.flags & TRUNCATED)

    @property
    def extension(self) -> Record | None:
        """The record by which one that asks says what it can take (EDNS, RFC 6891)."""
        return next((record for record in self.additionals if record.kind == OPT), None)

    @property
    def most_bytes(self) -> int:
        """Bytes of a datagram that one that asks can take."""
        extension = self.extension
        return max(_SMALLEST_UDP, extension.group) if extension else _SMALLEST_UDP


def labels_of(name: str) -> list[bytes]:
    """Take a name apart; the root has no labels.

    Raises
    ------
    BadMessage
        If it has an empty label, one of more than 63 bytes, more than 255 bytes in all, or what is not ASCII.
    """
    if name in ("", "."):
        return []
    try:
        labels = _escaped(name) if "\\" in name else name.encode("ascii").split(b".")
    except (UnicodeEncodeError, ValueError):
        raise BadMessage(f"'{name[:80]}' is no name to look up.") from None
    if not labels[-1]:
        labels.pop()
    if not all(0 < len(label) < 64 for label in labels) or sum(len(label) + 1 for label in labels) >= _MOST_NAME:
        raise BadMessage(f"'{name[:80]}' is no name to look up.")
    return labels


def _escaped(name: str) -> list[bytes]:
    """Labels of a name in which bytes are written by their numbers."""
    if not name.isascii():
        raise ValueError
    labels = [bytearray()]
    for part in _PARTS.findall(name):
        if part == ".":
            labels.append(bytearray())
        elif part == "\\":
            raise ValueError
        elif part[0] == "\\":
            labels[-1].append(int(part[1:]) if len(part) == 4 else ord(part[1]))
        else:
            labels[-1] += part.encode("ascii")
    return [bytes(label) for label in labels]


def _text(label: bytes) -> str:
    if _PLAIN.fullmatch(label):
        return label.decode("ascii")
    return "".join(chr(one) if _PLAIN.fullmatch(bytes((one,))) else f"\\{one:03d}" for one in label)


def write_name(name: str) -> bytes:
    """Write a name, not compressed.

    Raises
    ------
    BadMessage
        If it is none.
    """
    return b"".join(bytes((len(label),)) + label for label in labels_of(name)) + b"\0"


def read_name(data: bytes, at: int) -> tuple[str, int]:
    """Read a name of a message.

    Parameters
    ----------
    data
        The whole message.
    at
        Where the name begins.

    Returns
    -------
    tuple
        The name, and where what follows it begins.

    Raises
    ------
    BadMessage
        If it has no end, leads in a circle, is too long, or the message ends within it.
    """
    labels: list[str] = []
    end, size, pointers = -1, 1, 0
    try:
        while True:
            length = data[at]
            if length & 0xC0 == 0xC0:
                target = struct.unpack_from("!H", data, at)[0] & ~_POINTER
                end = at + 2 if end < 0 else end
                pointers += 1
                if target >= at or pointers > _MOST_POINTERS:
                    break  # a pointer leads back to what was said before, or goes round in a circle
                at = target
            elif length & 0xC0:
                break
            elif length == 0:
                return ".".join(labels), at + 1 if end < 0 else end
            else:
                label = data[at + 1 : at + 1 + length]
                size += length + 1
                if len(label) != length or size > _MOST_NAME:
                    break
                labels.append(_text(label))
                at += 1 + length
    except (IndexError, struct.error):
        raise BadMessage("a message is cut short within a name.") from None
    raise BadMessage("a message has a name without an end.")


def read_message(data: bytes, *, whole: bool = True) -> Message:
    """Read a message.

    Parameters
    ----------
    data
        A datagram, or what came over TCP after its length.
    whole
        Whether its authority and additional sections are read too.

    Raises
    ------
    BadMessage
        If it is none.
    """
    try:
        number, flags, questions, *counts = struct.unpack_from("!6H", data)
        at, asked = 12, []
        for _ in range(questions):
            name, at = read_name(data, at)
            kind, group = struct.unpack_from("!2H", data, at)
            asked.append(Question(name, kind, group))
            at += 4
            if len(asked) > MOST_RECORDS:
                raise BadMessage("a message has too many questions.")
        sections, left = [], MOST_RECORDS
        for count in counts if whole else counts[:1]:
            records, at = _records(data, at, min(count, left))
            sections.append(records)
            if len(records) < count:
                break  # where the next section begins is not known
            left -= count
    except struct.error:
        raise BadMessage("a message is cut short.") from None
    return Message(number, flags, tuple(asked), *sections)


def _records(data: bytes, at: int, count: int) -> tuple[tuple[Record, ...], int]:
    records = []
    for _ in range(count):
        owner, at = read_name(data, at)
        kind, group, seconds, length = struct.unpack_from("!2HIH", data, at)
        at += 10
        if at + length > len(data):
            raise BadMessage("a message is cut short within a record.")
        records.append(Record(owner, kind, seconds, _written_out(data, at, length, kind), group))
        at += length
    return tuple(records), at


def _written_out(data: bytes, at: int, length: int, kind: int) -> bytes:
    """Content of a record, with the names in it written out."""
    if kind not in _NAMES_IN or not length:
        return data[at : at + length]
    before, count = _NAMES_IN[kind]
    parts, end = [data[at : at + before]], at + before
    for _ in range(count):
        name, end = read_name(data, end)
        parts.append(write_name(name))
    if end > at + length:
        raise BadMessage("a record is cut short within a name.")
    return b"".join((*parts, data[end : at + length]))


def write_message(message: Message, most: int = _MOST_BYTES) -> bytes:
    """Write a message; owners of records are compressed.

    Parameters
    ----------
    message
        What it says.
    most
        Bytes that it may have: if it has more, what is not a question or an ``OPT`` record is left out, and it says so.

    Raises
    ------
    BadMessage
        If a name cannot be written, or the questions alone are too long.
    """
    data = _write(message)
    if len(data) <= most:
        return data
    extension = tuple(record for record in message.additionals if record.kind == OPT)
    data = _write(Message(message.number, message.flags | TRUNCATED, message.questions, (), (), extension))
    if len(data) > most:
        raise BadMessage("a message is longer than one may be.")
    return data


def _write(message: Message) -> bytes:
    sections = (message.answers, message.authorities, message.additionals)
    parts = bytearray(struct.pack("!6H", message.number, message.flags, len(message.questions), *map(len, sections)))
    places: dict[tuple[bytes, ...], int] = {}
    for question in message.questions:
        _put_name(parts, question.name, places)
        parts += struct.pack("!2H", question.kind, question.group)
    for section in sections:
        for record in section:
            _put_name(parts, record.name, places)
            if len(record.data) > _MOST_BYTES:
                raise BadMessage("a record is longer than one may be.")
            parts += struct.pack("!2HIH", record.kind, record.group, record.seconds, len(record.data)) + record.data
    return bytes(parts)


def _put_name(parts: bytearray, name: str, places: dict[tuple[bytes, ...], int]) -> None:
    labels = tuple(labels_of(name))
    for start in range(len(labels)):
        rest = labels[start:]
        if rest in places:
            parts += struct.pack("!H", _POINTER | places[rest])
            return
        if len(parts) < _POINTER ^ 0xFFFF:
            places[rest] = len(parts)
        parts += bytes((len(rest[0]),)) + rest[0]
    parts += b"\0"


def address_record(name: str, address: str, seconds: int) -> Record:
    """A record that gives a name an IPv4 or IPv6 address."""
    found = ipaddress.ip_address(address)
    return Record(name, A if found.version == 4 else AAAA, seconds, found.packed)


def address_of(record: Record) -> str | None:
    """The address that an ``A`` or ``AAAA`` record gives; ``None`` if it is no such record, or not a sound one."""
    if record.group != INTERNET or len(record.data) != {A: 4, AAAA: 16}.get(record.kind):
        return None
    return str(ipaddress.ip_address(record.data))


def target_of(record: Record) -> str | None:
    """The name that a ``CNAME``, ``NS``, ``PTR``, ``MX``, ``SRV`` or ``DNAME`` record leads to; ``None`` for any other."""
    before, count = _NAMES_IN.get(record.kind, (0, 0))
    if record.group != INTERNET or count != 1 or len(record.data) <= before:
        return None
    return read_name(record.data[before:], 0)[0]


def aliases_of(records: Sequence[Record], name: str, most: int = 16) -> tuple[str, ...]:
    """Names that a name leads through (``CNAME``), in lower case and in order, as far as the records say.

    Parameters
    ----------
    records
        Of one answer.
    name
        As it was asked for.
    most
        Names that are followed at most.
    """
    leads = dict(_leads(records))
    found: list[str] = []
    wanted = name.lower()
    while wanted in leads and len(found) < most:
        wanted = leads[wanted]
        if wanted in found:
            break
        found.append(wanted)
    return tuple(found)


def _leads(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    for record in records:
        target = target_of(record) if record.kind == CNAME else None
        if target is not None:
            yield record.name.lower(), target.lower()


def reverse_name(address: str) -> str:
    """The name under which an address is looked up backwards (RFC 1035, 3.5; RFC 3596, 2.5)."""
    return ipaddress.ip_address(address).reverse_pointer


def reversed_address(name: str) -> str | None:
    """The address that a name of a backward look-up stands for; ``None`` if it is none."""
    lowered = name.lower().rstrip(".")
    for version, (suffix, count) in _REVERSE.items():
        parts = lowered.removesuffix(suffix).split(".")
        if not lowered.endswith("." + suffix) or len(parts) != count + 1 or parts.pop():
            continue
        parts.reverse()
        text = ".".join(parts) if version == 4 else ":".join("".join(parts[at : at + 4]) for at in range(0, count, 4))
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            return None
    return None
