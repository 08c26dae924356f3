"""Where an evidence log stood when it was left: its last entries read back. Owns what of a log's end can be gone on from.

Only the end is read: the last entries for their keys, and the last signed root for the tree. A line that was torn off by a
crash is told apart from one that was changed: from the first the log goes on, from the second it does not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from freehold.canonical import parse
from freehold.errors import EvidenceError
from freehold.respond.evidence_form import ENTRY_DOMAIN, FORM, GENESIS, MOST_LINE, NO_PREVIOUS, ROOT
from freehold.respond.evidence_proof import is_signed_root
from freehold.respond.merkle import Frontier

__all__ = ["Standing", "read_standing"]

_BLOCK: Final = 1 << 20
_MOST_TORN: Final = 64 << 20
_HASH_MARK: Final = b',"hash":"'
_HASH_LENGTH: Final = len(_HASH_MARK) + 64 + 1


@dataclass(slots=True)
class Standing:
    """Where a log stands.

    Parameters
    ----------
    size
        Bytes of its whole and sound lines.
    number, hash, at
        Of its last entry; 0 and empty if it has none.
    genesis
        Hash of its first entry.
    last_root
        Number of its last signed root; 0 if it has none.
    frontier
        The Merkle tree over all entries.
    keys
        Keys of the last entries, with their numbers, in order.
    torn
        Bytes after the whole lines, which a crash left.
    """

    size: int = 0
    number: int = 0
    hash: str = NO_PREVIOUS
    at: str = ""
    genesis: str = ""
    last_root: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    keys: dict[str, int] = field(default_factory=dict)
    torn: bytes = b""


class _Unsound(Exception):
    """A line that is not the entry that should stand there."""


def read_standing(descriptor: int, path: Path, public: bytes, window: int) -> Standing:
    """Read back where a log stands.

    Parameters
    ----------
    descriptor
        The open file.
    path
        Its name, for messages.
    public
        The public key that it must be signed with.
    window
        How many of the last entries to read, for their keys; more if no signed root is among them.

    Raises
    ------
    freehold.errors.EvidenceError
        If it is no evidence log, one with another key, or one whose end was changed.
    """
    first = os.pread(descriptor, MOST_LINE, 0).partition(b"\n")
    if not first[1]:
        return _nothing_whole(descriptor, path)
    try:
        genesis = _entry(first[0])
    except _Unsound:
        raise EvidenceError(f"{path}: the first line is not the first entry of an evidence log. {_MEND}") from None
    body = genesis["body"]
    if genesis["kind"] != GENESIS or genesis["number"] != 1 or not isinstance(body, dict):
        raise EvidenceError(f"{path}: the first line is not the first entry of an evidence log. {_MEND}")
    if body.get("form") != FORM:
        raise EvidenceError(f"{path}: the log is of form {body.get('form')}, this program writes {FORM}. Begin a new log.")
    if body.get("public_key") != public.hex():
        raise EvidenceError(f"{path}: the log was begun with another key. Use that key, or begin a new log beside this one.")
    standing = _read_from(_start_of_last(descriptor, window), descriptor, path, public)
    if standing is None:
        standing = _read_from(0, descriptor, path, public)
    assert standing is not None, "from the first entry on, no signed root is needed"
    standing.genesis = str(genesis["hash"])
    return standing


_MEND: Final = "Move this file away, and a new log begins."


def _nothing_whole(descriptor: int, path: Path) -> Standing:
    torn = os.pread(descriptor, MOST_LINE, 0)
    if os.fstat(descriptor).st_size > len(torn):
        raise EvidenceError(f"{path}: this is no evidence log. {_MEND}")
    if torn and not (torn.startswith(b'{"at":"'[: len(torn)]) or not torn.strip(b"\0")):
        raise EvidenceError(f"{path}: this is no evidence log. {_MEND}")
    return Standing(torn=torn)


def _start_of_last(descriptor: int, lines: int) -> int:
    """Where the last so many lines begin; what a crash tore off counts as none."""
    end = os.fstat(descriptor).st_size
    left = lines + 1
    while end > 0:
        start = max(0, end - _BLOCK)
        block = os.pread(descriptor, end - start, start)
        here = block.count(b"\n")
        if here >= left:
            place = len(block)
            for _ in range(left):
                place = block.rindex(b"\n", 0, place)
            return start + place + 1
        left -= here
        end = start
    return 0


def _lines(descriptor: int, start: int) -> Iterator[bytes]:
    """Whole lines with their line feeds, and what follows the last one."""
    rest = b""
    while block := os.pread(descriptor, _BLOCK, start):
        start += len(block)
        *whole, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(rest) > _MOST_TORN:
            break
    if rest:
        yield rest


def _read_from(start: int, descriptor: int, path: Path, public: bytes) -> Standing | None:
    """Follow the chain from an offset on; ``None`` if no root says what is before it."""
    standing = Standing(size=start)
    known = start == 0
    for line in _lines(descriptor, start):
        try:
            entry = _entry(line[:-1] if line.endswith(b"\n") else line)
            followed = (standing.number + 1, standing.hash)
            if not line.endswith(b"\n") or (
                (standing.number or not start) and (entry["number"], entry["previous"]) != followed
            ):
                raise _Unsound
        except _Unsound:
            standing.torn = _torn(descriptor, path, standing)
            break
        if entry["kind"] == ROOT:
            if not known:
                standing.frontier = _frontier(entry, path, public)
                known = True
            standing.last_root = entry["number"]
        standing.number, standing.hash, standing.at = entry["number"], entry["hash"], entry["at"]
        standing.size += len(line)
        if entry["key"]:
            standing.keys.pop(entry["key"], None)  # the order is that of the last entries
            standing.keys[entry["key"]] = entry["number"]
        if known:
            standing.frontier.add(bytes.fromhex(entry["hash"]))
    return standing if known else None


def _entry(line: bytes) -> dict[str, Any]:
    """An entry whose hash is its own."""
    place = line.rfind(_HASH_MARK)
    try:
        entry = parse(line)
    except ValueError:
        raise _Unsound from None
    if (
        place < 0
        or not isinstance(entry, dict)
        or not {"at", "body", "hash", "key", "kind", "number", "previous"} <= set(entry)
    ):
        raise _Unsound
    hashed = sha256(ENTRY_DOMAIN + line[:place] + line[place + _HASH_LENGTH :]).hexdigest()
    if entry["hash"] != hashed or not isinstance(entry["number"], int) or not isinstance(entry["at"], str):
        raise _Unsound
    return entry


def _frontier(entry: dict[str, Any], path: Path, public: bytes) -> Frontier:
    """The tree before a root entry, as that entry says and its signature vouches for."""
    body, number = entry["body"], entry["number"]
    try:
        if is_signed_root(entry, public):
            frontier = Frontier(body["size"], map(bytes.fromhex, body["peaks"]))
            if body["size"] == number - 1 and frontier.root().hex() == body["root"]:
                return frontier
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise EvidenceError(f"{path}, line {number}: the signed root is not sound. `freehold evidence verify` says more. {_MEND}")


def _torn(descriptor: int, path: Path, standing: Standing) -> bytes:
    """What is left after the sound lines, if a crash can have left it; a line that someone wrote whole is no such thing."""
    size = os.fstat(descriptor).st_size - standing.size
    torn = b"" if size > _MOST_TORN else os.pread(descriptor, size, standing.size)
    *whole, _ = torn.split(b"\n")
    if size > _MOST_TORN or any(_is_object(line) for line in whole):
        line = f", line {standing.number + 1}" if standing.number else ""
        raise EvidenceError(
            f"{path}{line}: an entry is not what was written there. `freehold evidence verify` says more. {_MEND}"
        )
    return torn


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(parse(line), dict)
    except ValueError:
        return False
