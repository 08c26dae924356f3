"""At which revision a command was drilled. Owns the questions that are put to git, and the digest of a command.

A record is worth what it says about the state of the code: it is old as soon as that changes. Records that stand in the
working tree itself don't count as a change of it.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from freehold.canonical import canonical

__all__ = ["command_digest", "revision_of"]

_DEADLINE: Final = 10.0
_MOST_BYTES: Final = 32_000_000
"""Bytes of a command: more than any system takes."""
_GIT: Final = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false")


def revision_of(folder: str | Path) -> str:
    """The commit that is checked out, with ``+`` after it if files were changed or added since; empty without git or a commit.

    Parameters
    ----------
    folder
        Anywhere in the working tree.
    """
    commit = _ask(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return ""
    changes = _ask(folder, "status", "--porcelain", "--", ":/", ":(exclude,top,glob)**/.freehold/**")
    # a state that cannot be told is taken for a changed one
    return commit.strip() + ("" if changes == "" else "+")


def command_digest(arguments: Sequence[str], revision: str) -> str:
    """SHA-256 of a command and the revision that it was run at, as hexadecimal digits.

    Parameters
    ----------
    arguments
        As kept in the record: a digest over a secret could be used to guess it.
    revision
        As :func:`revision_of` gives it.
    """
    # bytes that are no UTF-8 are kept by nobody as they are
    said = [one.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for one in arguments]
    return hashlib.sha256(canonical({"arguments": said, "revision": revision}, _MOST_BYTES)).hexdigest()


def _ask(folder: str | Path, *arguments: str) -> str | None:
    """What git says; ``None`` if it cannot say."""
    try:
        done = subprocess.run(  # noqa: S603
            [*_GIT, "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_DEADLINE,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
