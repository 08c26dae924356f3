"""Roots kept apart from their log, in a small file that only grows. Owns that file.

Whoever holds the machine can cut a log's end off, or write the whole log anew with another key. Beside an anchor on another
machine, on paper, with another person, either shows. A line is a JSON object: ``public_key``, and ``root_entry`` as it stands
in the log.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from freehold.canonical import canonical, parse
from freehold.errors import EvidenceError
from freehold.respond.evidence_form import MOST_LINE, ROOT
from freehold.respond.evidence_lines import walk_lines
from freehold.respond.evidence_proof import is_signed_root
from freehold.respond.evidence_signatures import can_check_signatures
from freehold.respond.evidence_verify import Anchor

__all__ = ["anchor_line", "append_anchor", "read_anchors"]

_MOST_BYTES: Final = 64 << 20


def anchor_line(path: str | Path) -> bytes:
    """The line that anchors a log's last signed root.

    Raises
    ------
    freehold.errors.EvidenceError
        If the log cannot be read, or has no signed root yet.
    """
    root, public = None, ""
    for number, line in enumerate(walk_lines(path), 1):
        if number > 1 and b'"kind":"root"' not in line:
            continue
        try:
            entry: Any = parse(line)
            if number == 1:
                public = str(entry["body"]["public_key"])
            elif entry["kind"] == ROOT:
                root = entry
        except (KeyError, TypeError, ValueError):
            continue
    if root is None or not public:
        raise EvidenceError(f"{path}: no signed root is in this log yet. One comes every minute, and when the log is closed.")
    return canonical({"public_key": public, "root_entry": root}) + b"\n"


def append_anchor(file: str | Path, lines: Iterable[bytes]) -> int:
    """Append anchors that the file does not hold yet, on the disk; gives how many.

    Raises
    ------
    freehold.errors.EvidenceError
        If the file holds something else, or cannot be written.
    """
    path = Path(file)
    held = {(one.genesis, one.size, one.root) for one in read_anchors(path)} if path.exists() else set()
    new = [line for line in lines if _key(_anchor(parse(line), str(path), 0)) not in held]
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o644)
        with os.fdopen(descriptor, "ab") as out:
            out.write(b"".join(new))
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise EvidenceError(f"{path}: the anchor cannot be written ({error.strerror}).") from error
    return len(new)


def _key(anchor: Anchor) -> tuple[str, int, str]:
    return anchor.genesis, anchor.size, anchor.root


def read_anchors(file: str | Path) -> tuple[Anchor, ...]:
    """Read a file of anchors; each must be signed by the key that it names, where that can be checked.

    Raises
    ------
    freehold.errors.EvidenceError
        If it cannot be read, or a line is no anchor.
    """
    found = []
    path = Path(file)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise EvidenceError(f"{path}: an anchor file has at most {_MOST_BYTES:,} bytes. Name another one.")
    except OSError as error:
        raise EvidenceError(f"{path}: the anchors cannot be read ({error.strerror}).") from error
    for number, line in enumerate(walk_lines(path), 1):
        try:
            if len(line) >= MOST_LINE or not line.endswith(b"\n"):
                raise ValueError
            found.append(_anchor(parse(line), str(path), number))
        except ValueError:
            raise EvidenceError(f"{path}, line {number}: this is no anchor. Take the file from where it was kept.") from None
    return tuple(found)


def _anchor(said: object, file: str, line: int) -> Anchor:
    place = f"{file}, line {line}" if line else file
    try:
        public, root = said["public_key"], said["root_entry"]  # type: ignore[index]
        anchor = Anchor(root["body"]["genesis"], root["body"]["size"], root["body"]["root"])
        signed = not can_check_signatures() or is_signed_root(root, bytes.fromhex(public))
    except (KeyError, TypeError, ValueError):
        raise EvidenceError(f"{place}: this is no anchor. Take the file from where it was kept.") from None
    if not signed or not isinstance(anchor.size, int):
        raise EvidenceError(
            f"{place}: the anchor is not signed by the key that it names. Take the file from where it was kept."
        )
    return anchor
