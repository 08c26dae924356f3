"""The form of an evidence log: what its lines hold, and over which bytes it is hashed and signed. Owns these constants.

A line is one entry as canonical JSON and a line feed. Entries count from 1, so that an entry's number is its line's.

- ``at``: RFC 3339, UTC, milliseconds; never before that of the entry before. ``clock``: what the clock said, where behind.
- ``body``: what happened. ``kind``: what kind of thing. ``key``: names it, so that it is written once; empty: nothing does.
- ``number``; ``previous``: the hash of the entry before; ``hash``: SHA-256 over :data:`ENTRY_DOMAIN` and the canonical
  entry without ``hash``.

The first entry is of the kind ``genesis`` and says the form and the public key. A ``root`` entry's body holds ``size``, how
many entries are before it; ``root``, their Merkle root (leaves are the entries' hashes, 32 bytes); ``peaks``, the roots of
the whole subtrees; ``genesis``, the first entry's hash; ``reason``; and ``signature``, Ed25519 over :data:`ROOT_DOMAIN` and
the canonical entry without ``signature`` and without ``hash``.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "ALGORITHM",
    "ENTRY_DOMAIN",
    "FORM",
    "GENESIS",
    "MOST_BODY",
    "MOST_KEY",
    "MOST_LINE",
    "NO_PREVIOUS",
    "OWN_KINDS",
    "RECOVERED",
    "ROOT",
    "ROOT_DOMAIN",
    "is_kind",
]

FORM: Final = 1
"""Number of this form."""
ALGORITHM: Final = "Ed25519"
ENTRY_DOMAIN: Final = b"freehold evidence entry 1\n"
ROOT_DOMAIN: Final = b"freehold evidence root 1\n"
NO_PREVIOUS: Final = "0" * 64
"""What the first entry has for the hash of the one before."""

GENESIS: Final = "genesis"
ROOT: Final = "root"
RECOVERED: Final = "recovered"
OWN_KINDS: Final = frozenset({GENESIS, ROOT, RECOVERED})
"""Kinds that the log writes of itself, and nobody else may."""

MOST_BODY: Final = 262_144
"""Bytes of a body."""
MOST_KEY: Final = 200
"""Characters of a key."""
MOST_LINE: Final = MOST_BODY + 16_384
"""Bytes of a line: a body, and room for all else."""

_KIND: Final = re.compile(r"[a-z][a-z0-9_]*([.-][a-z0-9_]+)*", re.ASCII)
_MOST_KIND: Final = 100


def is_kind(text: str) -> bool:
    """Whether a text can be a kind: words in small letters, joined by points or hyphens, up to 100 characters."""
    return len(text) <= _MOST_KIND and _KIND.fullmatch(text) is not None
