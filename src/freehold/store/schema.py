"""The tables of a store, as steps from one schema number to the next. Owns what every released file looks like.

A step that was released is never changed: a later one is added. A new database takes all the steps, so that a file of
any age has the same tables as a new one. ``append_only`` names tables whose rows no statement may change or delete; each
database has its own way to refuse that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["SCHEMA_NUMBER", "STEPS", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """What leads from the schema before to this one.

    Parameters
    ----------
    statements
        Run in order, in one transaction.
    append_only
        Tables of this step to which rows can only be added.
    """

    statements: tuple[str, ...]
    append_only: tuple[str, ...] = ()


_FIRST: Final = Step(
    (
        """CREATE TABLE migration (workspace TEXT NOT NULL, number INTEGER NOT NULL, made_at TEXT NOT NULL,
        program TEXT NOT NULL, PRIMARY KEY (workspace, number))""",
        """CREATE TABLE stack (workspace TEXT NOT NULL, name TEXT NOT NULL, made_at TEXT NOT NULL,
        PRIMARY KEY (workspace, name))""",
        """CREATE TABLE revision (workspace TEXT NOT NULL, stack TEXT NOT NULL, number INTEGER NOT NULL,
        digest TEXT NOT NULL, made_at TEXT NOT NULL, author TEXT NOT NULL, note TEXT NOT NULL, content TEXT NOT NULL,
        PRIMARY KEY (workspace, stack, number), FOREIGN KEY (workspace, stack) REFERENCES stack (workspace, name))""",
        """CREATE TABLE chunk (workspace TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL, body BYTEA NOT NULL,
        PRIMARY KEY (workspace, number), UNIQUE (workspace, digest))""",
        """CREATE TABLE event (workspace TEXT NOT NULL, number INTEGER NOT NULL, made_at TEXT NOT NULL, kind TEXT NOT NULL,
        subject TEXT NOT NULL, author TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (workspace, number))""",
    ),
    append_only=("revision", "chunk", "event"),
)

_ANSWERS: Final = Step(
    (
        "ALTER TABLE revision ADD COLUMN takes_back INTEGER",
        """CREATE TABLE answer (workspace TEXT NOT NULL, key TEXT NOT NULL, body BYTEA NOT NULL, size BIGINT NOT NULL,
        used BIGINT NOT NULL, PRIMARY KEY (workspace, key))""",
        "CREATE INDEX answer_by_use ON answer (workspace, used)",
    )
)

STEPS: Final = (_FIRST, _ANSWERS)
"""From nothing to the present schema."""

SCHEMA_NUMBER: Final = len(STEPS)
