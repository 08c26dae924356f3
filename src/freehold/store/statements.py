"""Every statement that stores speak, in the SQL that SQLite and PostgreSQL both understand. Owns that common tongue.

Values are named ``:name``; a database turns these into its own spelling. Set-up that only one of them knows (journals,
triggers, grants) stands in the module of that database. ``BYTEA`` is PostgreSQL's name for bytes, which SQLite takes as
any other.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ADD_CHUNK",
    "ADD_EVENT",
    "ADD_MIGRATION",
    "ADD_REVISION",
    "ADD_STACK",
    "ANSWER",
    "CHUNKS",
    "CHUNK_OF",
    "EVENTS",
    "KEEP_ANSWER",
    "LAST_CHUNK",
    "LAST_EVENT",
    "LAST_USE",
    "REVISION",
    "REVISIONS",
    "REVISION_BEFORE",
    "REVISION_LAST",
    "SCHEMA_NUMBER_OF",
    "STACKS",
    "TRIM_ANSWERS",
    "USE_ANSWER",
]

SCHEMA_NUMBER_OF: Final = "SELECT COALESCE(MAX(number), 0) FROM migration"
ADD_MIGRATION: Final = (
    "INSERT INTO migration (workspace, number, made_at, program) VALUES (:workspace, :number, :made_at, :program)"
)

STACKS: Final = "SELECT name FROM stack WHERE workspace = :workspace ORDER BY name"
ADD_STACK: Final = (
    "INSERT INTO stack (workspace, name, made_at) VALUES (:workspace, :name, :made_at) ON CONFLICT (workspace, name) DO NOTHING"
)

_REVISION: Final = (
    "SELECT stack, number, digest, made_at, author, note, takes_back, content FROM revision "
    "WHERE workspace = :workspace AND stack = :stack"
)
REVISIONS: Final = f"{_REVISION} ORDER BY number"
REVISION: Final = f"{_REVISION} AND number = :number"
REVISION_LAST: Final = f"{_REVISION} ORDER BY number DESC LIMIT 1"
REVISION_BEFORE: Final = f"{_REVISION} AND made_at <= :moment ORDER BY number DESC LIMIT 1"
ADD_REVISION: Final = (
    "INSERT INTO revision (workspace, stack, number, digest, made_at, author, note, takes_back, content) "
    "VALUES (:workspace, :stack, :number, :digest, :made_at, :author, :note, :takes_back, :content)"
)

CHUNK_OF: Final = "SELECT number FROM chunk WHERE workspace = :workspace AND digest = :digest"
CHUNKS: Final = (
    "SELECT number, digest, body FROM chunk WHERE workspace = :workspace AND number BETWEEN :first AND :last ORDER BY number"
)
LAST_CHUNK: Final = "SELECT COALESCE(MAX(number), 0) FROM chunk WHERE workspace = :workspace"
ADD_CHUNK: Final = "INSERT INTO chunk (workspace, number, digest, body) VALUES (:workspace, :number, :digest, :body)"

LAST_EVENT: Final = "SELECT COALESCE(MAX(number), 0) FROM event WHERE workspace = :workspace"
ADD_EVENT: Final = (
    "INSERT INTO event (workspace, number, made_at, kind, subject, author, body) "
    "VALUES (:workspace, :number, :made_at, :kind, :subject, :author, :body)"
)
EVENTS: Final = (
    "SELECT number, made_at, kind, subject, author, body FROM event "
    "WHERE workspace = :workspace AND number > :after ORDER BY number LIMIT :most"
)

ANSWER: Final = "SELECT body, used FROM answer WHERE workspace = :workspace AND key = :key"
LAST_USE: Final = "SELECT COALESCE(MAX(used), 0) FROM answer WHERE workspace = :workspace"
USE_ANSWER: Final = "UPDATE answer SET used = :used WHERE workspace = :workspace AND key = :key"
KEEP_ANSWER: Final = (
    "INSERT INTO answer (workspace, key, body, size, used) VALUES (:workspace, :key, :body, :size, :used) "
    "ON CONFLICT (workspace, key) DO UPDATE SET body = excluded.body, size = excluded.size, used = excluded.used"
)
TRIM_ANSWERS: Final = (
    "DELETE FROM answer WHERE workspace = :workspace AND key IN (SELECT key FROM ("
    "SELECT key, SUM(size) OVER (ORDER BY used DESC, key) AS total FROM answer WHERE workspace = :workspace"
    ") AS ranked WHERE total > :room)"
)
