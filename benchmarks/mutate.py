"""Damage to files: bytes, words, lines, and the structure of JSON and of tags. Owns the ways in which a file is broken.

Everything is drawn from one generator of random numbers, so the same seed damages the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final
from xml.etree import ElementTree

__all__ = ["LARGEST", "mutate"]

LARGEST: Final = 2_000_000
"""Bytes: a damaged file is cut off there."""

_WORD: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[A-Za-z0-9_.+-]+|\s+|.', re.DOTALL)
_TAG: Final = re.compile(rb"<[^<>]{1,300}>")
_NUMBER: Final = re.compile(rb"-?\d+(?:\.\d+)?")
_ODD_TEXTS: Final = (
    "", " ", "\0", "\ufeff", "\u202e", "\u2028", "\ud800", "\U0001f600" * 50, "é" * 1000, "\x1b[31m", "../../x", "NOASSERTION",
    "NONE", "pkg:", "pkg:npm/", "pkg:npm/%", "pkg:npm/a@1?x=1&x=2#../..", "http://", "https://u:p@[::1", "//a@b@c:99999/",
    "git@:x", "a" * 20_000, "((" * 500, "MIT AND " * 300, "%s%n{}", "<text>", "</text>", "&amp;", "]]>", "*a", "&a",
    "!!python/x", "-" * 3000 + "@", "a." * 3000, "x@" * 2000, "@" * 3000, " " * 3000 + "x",
)  # fmt: skip
_PLAIN_TEXTS: Final = tuple(text for text in _ODD_TEXTS if text.isprintable())
_ODD_NUMBERS: Final = (
    b"0",
    b"-1",
    b"1e400",
    b"-0.0",
    b"9" * 400,
    b"9" * 5000,
    b"18446744073709551616",
    b"NaN",
    b"1E-999",
    b"0x1F",
)
_ODD_BYTES: Final = (
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\x00",
    b"\r",
    b"\xef\xbb\xbf",
    b"\xf4\x90\x80\x80",
    b"\x85",
    b"\t",
)
_DEPTHS: Final = (10, 90, 500, 2000, 60_000)


def mutate(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Damage a file in one to four ways.

    Parameters
    ----------
    data
        What it holds.
    others
        Files of its sort, from which parts are taken.
    random
        Draws what is done.
    """
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        way = random.choice(_WAYS)
        data = way(data, others, random)[:LARGEST]
    return data


def _slice(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + int(random.expovariate(1 / 40)) + 1)


def _bytes(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    start, end = _slice(data, random)
    what = random.randrange(9)
    if what == 0:
        return data[:start] + data[end:]
    if what == 1:
        return data[:end] + data[start:]
    if what == 2:
        return data[:start]
    if what == 3:
        return data[:start] + bytes(random.randrange(256) for _ in range(end - start)) + data[end:]
    if what == 4:
        return data[:start] + random.choice(_ODD_BYTES) + data[start:]
    if what == 5:
        return data[:start] + data[start:end] * random.choice((10, 1000, 20_000)) + data[end:]
    if what == 6:
        other, third = _slice(data, random)
        low, middle, high, top = sorted((start, end, other, third))
        return data[:low] + data[high:top] + data[middle:high] + data[low:middle] + data[top:]
    if what == 7:
        other = random.choice(others)
        first, last = _slice(other, random)
        return data[:start] + other[first : last + 200] + data[end:]
    return data[:start] + random.choice(_ODD_TEXTS).encode("utf-8", "surrogatepass") + data[end:]


def _words(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    start = random.randrange(max(1, len(data) - 4000))
    words = _WORD.findall(data[start : start + 4000])
    if not words:
        return data
    one, two = random.randrange(len(words)), random.randrange(len(words))
    what = random.randrange(5)
    if what == 0:
        words[one], words[two] = words[two], words[one]
    elif what == 1:
        del words[one : one + random.choice((1, 2, 5))]
    elif what == 2:
        words[one:one] = words[two : two + random.choice((1, 5, 30))]
    elif what == 3:
        other = random.choice(others)
        at = random.randrange(max(1, len(other) - 1000))
        words[one] = random.choice(_WORD.findall(other[at : at + 1000]) or [b""])
    else:
        odd = random.choice(_ODD_TEXTS).encode("utf-8", "surrogatepass")
        words[one] = json.dumps(odd.decode("utf-8", "replace")).encode() if random.random() < 0.5 else odd
    return data[:start] + b"".join(words) + data[start + 4000 :]


def _numbers(data: bytes, _others: Sequence[bytes], random: Random) -> bytes:
    found = list(_NUMBER.finditer(data[:200_000]))
    if not found:
        return data
    one = random.choice(found)
    return data[: one.start()] + random.choice(_ODD_NUMBERS) + data[one.end() :]


def _lines(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    lines = data.split(b"\n")
    one, two = random.randrange(len(lines)), random.randrange(len(lines))
    what = random.randrange(7)
    if what == 0:
        del lines[min(one, two) : max(one, two)]
    elif what == 1:
        lines[one], lines[two] = lines[two], lines[one]
    elif what == 2:
        lines[one:one] = lines[two : two + random.choice((1, 3, 20))] * random.choice((1, 1, 50))
    elif what == 3:
        lines[one] = b" " * random.choice((1, 2, 4, 3000)) + lines[one]
    elif what == 4:
        lines[one] = lines[one].lstrip()
    elif what == 5:
        lines[one] = random.choice(random.choice(others).split(b"\n"))
    else:
        return random.choice((b"\r", b"\r\n", b"\n\n", b"\x0b")).join(lines)
    return b"\n".join(lines)


def _tags(data: bytes, _others: Sequence[bytes], random: Random) -> bytes:
    found = list(_TAG.finditer(data[:200_000]))
    if len(found) < 2:
        return _nested(data, _others, random)
    one, two = sorted(random.sample(found, 2), key=lambda match: match.start())
    what = random.randrange(4)
    if what == 0:
        return data[: one.start()] + data[two.start() :]
    if what == 1:
        return data[: two.end()] + data[one.start() : two.end()] * random.choice((1, 1, 100)) + data[two.end() :]
    if what == 2:
        return data[: one.start()] + two[0] + data[one.end() : two.start()] + one[0] + data[two.end() :]
    many = random.choice(_DEPTHS)
    return data[: one.start()] + b"<components><component>" * many + data[one.start() :]


def _nested(data: bytes, _others: Sequence[bytes], random: Random) -> bytes:
    start, many = random.randrange(len(data) + 1), random.choice(_DEPTHS)
    first, last = random.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"), (b"- ", b""), (b"<a>", b"</a>")))
    return data[:start] + first * many + last * random.choice((0, many)) + data[start:]


def _structure(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Damage what the file says, and leave its syntax whole."""
    start = data[:200].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in (b"{", b"["):
        return _json(data, others, random)
    return (_elements if start == b"<" else _lines)(data, others, random)


def _elements(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError):
        return _tags(data, others, random)
    parents = [one for one in root.iter() if len(one)]
    if not parents:
        return data
    try:
        for _ in range(random.choice((1, 1, 2, 5))):
            _change_element(random.choice(parents), random.choice(parents), random)
        return ElementTree.tostring(root)
    except (ElementTree.ParseError, ValueError, TypeError, RecursionError):
        return data


def _change_element(parent: ElementTree.Element, other: ElementTree.Element, random: Random) -> None:
    if not len(parent):
        return
    child = parent[random.randrange(len(parent))]
    what = random.randrange(6)
    if what == 0:
        parent.remove(child)
    elif what == 1:
        # through text, so that the copy is no part of what it is put into
        text = ElementTree.tostring(child)
        most = max(1, LARGEST // (len(text) * len(other) + 1))
        other.extend([ElementTree.fromstring(text)] * min(most, random.choice((1, 1, 100))))
    elif what == 2:
        child.text = random.choice(_PLAIN_TEXTS)
    elif what == 3 and child.attrib:
        child.attrib[random.choice(list(child.attrib))] = random.choice(_PLAIN_TEXTS)
    elif what == 4:
        child.tag = other.tag
    else:
        many = random.choice(_DEPTHS[:3])
        inner = b"<components><component>" * many + ElementTree.tostring(child) + b"</component></components>" * many
        other.append(ElementTree.fromstring(inner))


def _json(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return random.choice((_lines, _words, _tags))(data, others, random)
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [value]
    while waiting and len(places) < 20_000:
        at = waiting.pop()
        keys = list(at) if isinstance(at, dict) else list(range(len(at))) if isinstance(at, list) else []
        places += [(at, key) for key in keys]
        waiting += [at[key] for key in keys]
    if not places:
        return data
    try:
        for _ in range(random.choice((1, 1, 2, 5))):
            _change(places, random)
        return json.dumps(value).encode("utf-8", "surrogatepass")
    except (LookupError, TypeError, ValueError, RecursionError):
        return data


def _change(places: list[tuple[Any, Any]], random: Random) -> None:
    holder, key = random.choice(places)
    other, other_key = random.choice(places)
    what = random.randrange(9)
    if what == 0:
        del holder[key]
    elif what == 1:
        holder[key] = json.loads(json.dumps(other[other_key]))
    elif what == 2:
        holder[key], other[other_key] = other[other_key], holder[key]
    elif what == 3:
        holder[key] = random.choice((None, True, False, [], {}, [[]], {"": ""}, 0, -1, 10**30, 1e308, 0.1, [None] * 50))
    elif what == 4:
        holder[key] = random.choice(_ODD_TEXTS)
    elif what == 5:
        made: Any = holder[key]
        for _ in range(random.choice((1, 3, 200))):
            made = [made] if random.random() < 0.5 else {random.choice(("a", "components", "packages")): made}
        holder[key] = made
    elif what == 6 and isinstance(holder, list):
        # no more than would be kept: what is multiplied twice could fill any machine
        most = max(1, LARGEST // max(1, len(json.dumps(holder[key])) * len(holder)))
        holder += [holder[key]] * min(most, random.choice((1, 10, 300)))
    elif what == 6 and isinstance(holder, dict):
        holder[str(other_key)] = holder.pop(key)
    elif what == 7 and isinstance(holder[key], str):
        text = holder[key]
        at = random.randrange(len(text) + 1)
        holder[key] = text[:at] + random.choice(_ODD_TEXTS) + text[at:]
    elif what == 8 and isinstance(holder[key], str):
        holder[key] = holder[key].swapcase() if random.random() < 0.5 else holder[key][::-1]


_WAYS: Final[tuple[Callable[[bytes, Sequence[bytes], Random], bytes], ...]] = (
    _bytes, _words, _numbers, _lines, _tags, _nested, *[_structure] * 8
)  # fmt: skip
