"""Answers that may be lost, on any database. Owns which of them go when there are too many."""

from __future__ import annotations

from typing import Final

from freehold.store import statements
from freehold.store.chunks import packed, unpacked
from freehold.store.database import Session, number_from

__all__ = ["MOST_BYTES", "answer_of", "keep", "mark_used"]

MOST_BYTES: Final = 256 * 1024 * 1024
"""Bytes, packed, that the answers of one workspace may take."""


def answer_of(session: Session, workspace: str, key: str) -> tuple[str, bool] | None:
    """Give an answer, and whether it was the last one used; ``None`` if none is kept.

    Raises
    ------
    freehold.errors.BadStore
        If it is damaged.
    """
    rows = session.run(statements.ANSWER, workspace=workspace, key=key)
    if not rows:
        return None
    last = number_from(session, statements.LAST_USE, workspace=workspace)
    return unpacked(rows[0][0]), rows[0][1] == last


def mark_used(session: Session, workspace: str, key: str) -> None:
    """Note that an answer was used."""
    last = number_from(session, statements.LAST_USE, workspace=workspace) or 0
    session.run(statements.USE_ANSWER, workspace=workspace, key=key, used=last + 1)


def keep(session: Session, workspace: str, key: str, text: str, most_bytes: int) -> None:
    """Keep an answer; of those used longest ago as many go as are too many, or it itself is not kept."""
    body = packed(text, quick=True)
    if len(body) > most_bytes:
        return
    last = number_from(session, statements.LAST_USE, workspace=workspace) or 0
    session.run(statements.KEEP_ANSWER, workspace=workspace, key=key, body=body, size=len(body), used=last + 1)
    session.run(statements.TRIM_ANSWERS, workspace=workspace, room=most_bytes)
