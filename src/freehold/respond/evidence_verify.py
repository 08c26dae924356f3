"""Whether an evidence log is what was written. Owns the verdict, and takes from the log's writer nothing but the form.

It reads the file once, line by line, in memory that does not grow with it, and calculates every hash and root anew from the
values that it read. What it cannot know it says: entries after the last signed root rest on the chain alone, and that the end
of a log was cut off shows only beside an anchor: a root that was kept elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from freehold.canonical import canonical, parse
from freehold.errors import EvidenceError
from freehold.respond.evidence_form import (
    ALGORITHM,
    ENTRY_DOMAIN,
    FORM,
    GENESIS,
    MOST_KEY,
    MOST_LINE,
    NO_PREVIOUS,
    RECOVERED,
    ROOT,
    ROOT_DOMAIN,
    is_kind,
)
from freehold.respond.evidence_lines import walk_lines
from freehold.respond.evidence_signatures import can_check_signatures, is_signed_by
from freehold.respond.merkle import Frontier

__all__ = ["Anchor", "Flaw", "Verification", "verify", "verify_lines"]

_MOST_FLAWS: Final = 100
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z", re.ASCII)
_MEMBERS: Final = frozenset({"at", "body", "hash", "key", "kind", "number", "previous"})
_ROOT_MEMBERS: Final = frozenset({"genesis", "peaks", "reason", "root", "signature", "size"})


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is not as it was written.

    Parameters
    ----------
    line
        On which line, counted from 1; 0 for the whole log.
    entry
        Number that the entry there says it has; ``None`` if it says none.
    problem
        What is wrong.
    """

    line: int
    entry: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed root that was kept apart from its log.

    Parameters
    ----------
    genesis
        Hash of the log's first entry, in hexadecimal digits: which log it is of.
    size
        Over how many entries.
    root
        Their Merkle root, in hexadecimal digits.
    """

    genesis: str
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Parameters
    ----------
    path
        The log.
    entries
        How many entries were read.
    roots
        How many signed roots are among them.
    covered
        How many entries the last signed root, and its own signature, vouch for.
    recovered
        Numbers of the entries that tell of what crashes tore off.
    first, last
        Times of the first and last entry; empty if there is none.
    genesis
        Hash of the first entry.
    public_key
        The key that the log says it is signed with, in hexadecimal digits.
    key_was_given
        Whether that key was held against one from elsewhere: otherwise whoever wrote the log may have changed the key too.
    signatures_checked
        Whether signatures were checked.
    anchors
        How many anchors of this log were held against it; ``None`` if none were given.
    anchored
        How many entries the anchors vouch for.
    flaws
        What is wrong: the first hundred.
    more_flaws
        How many more there are.
    """

    path: str
    entries: int = 0
    roots: int = 0
    covered: int = 0
    recovered: tuple[int, ...] = ()
    first: str = ""
    last: str = ""
    genesis: str = ""
    public_key: str = ""
    key_was_given: bool = False
    signatures_checked: bool = True
    anchors: int | None = None
    anchored: int = 0
    flaws: tuple[Flaw, ...] = ()
    more_flaws: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaws

    @property
    def after_last_root(self) -> int:
        """How many entries rest on the chain alone."""
        return self.entries - self.covered


def verify(
    path: str | Path, public_key: bytes | None = None, *, anchors: Iterable[Anchor] | None = None, signatures: bool = True
) -> Verification:
    """Read a log and say whether it is sound, and if not, where.

    Parameters
    ----------
    path
        The log.
    public_key
        The key that it must be signed with, from elsewhere; ``None``: the one that it names.
    anchors
        Roots that were kept elsewhere; those of other logs are passed over, and at least one must be of this one.
    signatures
        Whether to check signatures; without it, neither the key nor who signed is known, and no entry counts as covered.

    Raises
    ------
    freehold.errors.EvidenceError
        If the file cannot be read, or signatures are to be checked and ``cryptography`` is not installed.
    """
    return verify_lines(walk_lines(path), str(path), public_key, anchors=anchors, signatures=signatures)


def verify_lines(
    lines: Iterable[bytes], name: str, public_key: bytes | None = None, *, anchors: Iterable[Anchor] | None = None,
    signatures: bool = True,
) -> Verification:  # fmt: skip
    """As :func:`verify`, for lines that are read already.

    Parameters
    ----------
    lines
        With their line feeds, as :func:`~freehold.respond.evidence_lines.walk_lines` gives them.
    name
        What the log is called.
    public_key, anchors, signatures
        As :func:`verify`.

    Raises
    ------
    freehold.errors.EvidenceError
        As :func:`verify`.
    """
    if signatures and not can_check_signatures():
        raise EvidenceError(
            "signatures cannot be checked, because cryptography is not installed. Install it with "
            "pip install 'freehold[watch]', or follow the chain alone with --no-signatures."
        )
    walk = _Walk(public_key, None if anchors is None else tuple(anchors), signatures=signatures)
    for line in lines:
        walk.line(line)
    walk.end()
    return walk.result(name)


class _Walk:
    """What is known while the lines go by."""

    def __init__(self, expected_key: bytes | None, anchors: tuple[Anchor, ...] | None, *, signatures: bool) -> None:
        self._expected_key, self._anchors, self._signatures = expected_key, anchors, signatures
        self._key: bytes | None = expected_key
        self._named_key = self._genesis = self._at = self._first = ""
        self._lines = self._number = self._entries = 0
        self._previous: frozenset[str] | None = frozenset({NO_PREVIOUS})
        self._frontier = Frontier()
        self._tree_is_whole = True
        self._roots = self._covered = self._held = self._anchored = 0
        self._recovered: list[int] = []
        self._awaited: dict[int, set[str]] = {}
        self._flaws: list[Flaw] = []
        self._more_flaws = 0

    def _flaw(self, problem: str, entry: int | None = None, *, line: int | None = None) -> None:
        if len(self._flaws) < _MOST_FLAWS:
            self._flaws.append(Flaw(self._lines if line is None else line, entry, problem))
        else:
            self._more_flaws += 1

    def line(self, line: bytes) -> None:
        """Look at one line."""
        self._lines += 1
        if not line.endswith(b"\n"):
            told = (
                "the line is longer than an entry can be" if len(line) >= MOST_LINE else
                f"{len(line):,} bytes without a line feed end the log: torn off while written, or being written right now"
            )  # fmt: skip
            self._lose(told)
            return
        try:
            entry = parse(line[:-1])
        except ValueError as error:
            self._lose(f"the line is not JSON ({error})")
            return
        if not isinstance(entry, dict) or set(entry) - {"clock"} != _MEMBERS:
            self._lose("the line is not an entry: it must have at, body, hash, key, kind, number, previous, and perhaps clock")
            return
        self._entry(entry, line[:-1])

    def _lose(self, problem: str) -> None:
        """A line that says nothing stands for the entry that should be there."""
        self._flaw(problem)
        self._previous = None
        self._number += 1
        self._tree_is_whole = False

    def _entry(self, entry: dict[str, Any], text: bytes) -> None:
        shape = _shape(entry)
        if shape is not None:
            self._lose(f"the line is not an entry: {shape}")
            return
        number, kind = entry["number"], entry["kind"]
        try:
            members = {name: canonical(value) for name, value in entry.items()}
        except EvidenceError as error:
            self._lose(f"the line is not an entry: {error}")
            return
        if _object(members) != text:
            self._flaw("the line is not written in canonical form", number)
        hashed = sha256(ENTRY_DOMAIN + _object({name: members[name] for name in members if name != "hash"}))
        if hashed.hexdigest() != entry["hash"]:
            self._flaw("the entry was changed: its hash is not that of its content", number)
        self._place(entry, number)
        self._time(entry, number)
        if self._lines == 1:
            self._begin(entry, hashed.hexdigest())
        elif kind == GENESIS:
            self._flaw("a log begins only once", number)
        if kind == ROOT:
            self._root(entry, number)
        elif kind == RECOVERED:
            self._recovered.append(number)
        self._entries += 1
        self._previous = frozenset({entry["hash"], hashed.hexdigest()})
        self._frontier.add(hashed.digest())
        self._hold_anchors()

    def _place(self, entry: dict[str, Any], number: int) -> None:
        """Whether it is the next entry, and follows the one before."""
        expected = self._number + 1
        if number > expected:
            missing = f"entry {expected} is" if number == expected + 1 else f"entries {expected} to {number - 1} are"
            self._flaw(f"{missing} missing before it", number)
            self._tree_is_whole = False
        elif number < expected:
            self._flaw(f"entry {number} stands after entry {self._number}: out of order, or there twice", number)
            self._tree_is_whole = False
        elif self._previous is not None and entry["previous"] not in self._previous:
            self._flaw("it does not follow the entry before: 'previous' is not that one's hash", number)
        self._number = max(self._number, number)

    def _time(self, entry: dict[str, Any], number: int) -> None:
        at, clock = entry["at"], entry.get("clock")
        if at < self._at:
            self._flaw(f"its time {at} is before that of the entry before, {self._at}", number)
        if clock is not None and not (isinstance(clock, str) and _MOMENT.fullmatch(clock) and clock < at):
            self._flaw("'clock' must be a moment before 'at'", number)
        self._first = self._first or at
        self._at = max(self._at, at)

    def _begin(self, entry: dict[str, Any], hashed: str) -> None:
        body, self._genesis = entry["body"], hashed
        if entry["kind"] != GENESIS or entry["previous"] != NO_PREVIOUS:
            self._flaw("the log does not begin with its first entry", entry["number"])
        elif body.get("form") != FORM or body.get("algorithm") != ALGORITHM:
            self._flaw(f"the log is not of form {FORM} with {ALGORITHM}, the only one that this program reads", entry["number"])
        named = body.get("public_key")
        if isinstance(named, str) and _HASH.fullmatch(named):
            self._named_key = named
            if self._expected_key is None:
                self._key = bytes.fromhex(named)
            elif self._expected_key.hex() != named:
                self._flaw(f"the log names the key {named}, and {self._expected_key.hex()} was expected", entry["number"])
        else:
            self._flaw("the first entry names no public key", entry["number"])
        for anchor in self._anchors or ():
            if anchor.genesis == hashed:
                self._awaited.setdefault(anchor.size, set()).add(anchor.root)
                self._held += 1

    def _root(self, entry: dict[str, Any], number: int) -> None:
        body, signed = entry["body"], False
        self._roots += 1
        if set(body) != _ROOT_MEMBERS or body["size"] != number - 1 or body["genesis"] != self._genesis:
            self._flaw("the root is not one over all entries before it", number)
            return
        if self._signatures:
            said = {name: entry[name] for name in entry if name != "hash"}
            said["body"] = {name: body[name] for name in body if name != "signature"}
            signature = body["signature"]
            signed = (
                self._key is not None
                and isinstance(signature, str)
                and _SIGNATURE.fullmatch(signature) is not None
                and is_signed_by(self._key, ROOT_DOMAIN + canonical(said), bytes.fromhex(signature))
            )
            if not signed:
                self._flaw("the root's signature is not one by the log's key", number)
        if not self._tree_is_whole:
            return
        if body["root"] != self._frontier.root().hex() or body["peaks"] != [peak.hex() for peak in self._frontier.peaks]:
            self._flaw("the root is over other entries than those before it (later roots are not compared)", number)
            self._tree_is_whole = False
        elif signed:
            self._covered = number

    def _hold_anchors(self) -> None:
        roots = self._awaited.pop(self._frontier.size, None)
        if roots is None:
            return
        if self._tree_is_whole and roots == {self._frontier.root().hex()}:
            self._anchored = self._frontier.size
        else:
            self._flaw(f"the first {self._frontier.size:,} entries are not those that the anchor vouches for", self._number)

    def end(self) -> None:
        """Say what only the end shows."""
        if not self._lines:
            self._flaw("the log is empty", line=0)
        if self._anchors is not None and not self._held:
            self._flaw("no anchor is of this log: it was put in another's place, or no root of it was kept", line=0)
        if self._awaited:
            most = max(self._awaited)
            self._flaw(
                f"the log holds {self._entries:,} entries, and an anchor vouches for {most:,}: its end was cut off", line=0
            )

    def result(self, name: str) -> Verification:
        """What was found."""
        return Verification(
            path=name, entries=self._entries, roots=self._roots, covered=self._covered, recovered=tuple(self._recovered),
            first=self._first, last=self._at, genesis=self._genesis, public_key=self._named_key,
            key_was_given=self._expected_key is not None and self._signatures, signatures_checked=self._signatures,
            anchors=None if self._anchors is None else self._held, anchored=self._anchored, flaws=tuple(self._flaws),
            more_flaws=self._more_flaws,
        )  # fmt: skip


def _object(members: Mapping[str, bytes]) -> bytes:
    """A canonical object from canonical members; their names are plain."""
    return b"{" + b",".join(b'"%b":%b' % (name.encode(), members[name]) for name in sorted(members)) + b"}"


def _shape(entry: dict[str, Any]) -> str | None:
    """What of an entry's members has the wrong form; ``None`` if all are right."""
    number, key = entry["number"], entry["key"]
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return "'number' must be a whole number from 1 on"
    if not isinstance(entry["at"], str) or not _MOMENT.fullmatch(entry["at"]):
        return "'at' must be a moment in UTC with milliseconds"
    if not isinstance(entry["body"], dict):
        return "'body' must be an object"
    if not isinstance(entry["kind"], str) or not is_kind(entry["kind"]):
        return "'kind' must be words in small letters"
    if not isinstance(key, str) or len(key) > MOST_KEY:
        return f"'key' must be a text of at most {MOST_KEY} characters"
    for name in ("hash", "previous"):
        if not isinstance(entry[name], str) or not _HASH.fullmatch(entry[name]):
            return f"'{name}' must be 64 hexadecimal digits"
    return None
