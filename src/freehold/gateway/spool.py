"""The gateway's evidence read as events that are still to be sent. Owns where the reading stands, over restarts too.

The evidence log is the spool: nothing is kept twice. ``STATE/cursor`` says how far events were taken by the desk. An event
is named by its entry's number and the beginning of its hash, so that one that is sent again is known as the same one, and
a log that was begun anew as another.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.errors import EvidenceError
from freehold.gateway.records import KIND
from freehold.respond.evidence_form import MOST_LINE
from freehold.whole_file import write_whole

__all__ = ["Batch", "Cursor", "Spool"]

_MOST_BYTES: Final = 1_000_000
_NO_HASH: Final = "0" * 64
_SUBJECTS: Final = ("freehold.name", "gen_ai.agent.id", "freehold.upstream", "freehold.tenant")


class Cursor(msgspec.Struct, frozen=True):
    """How far events were taken.

    Parameters
    ----------
    number, hash
        The last entry that was taken, or passed over.
    offset
        Where the next one begins in the file.
    """

    number: int = 0
    hash: str = _NO_HASH
    offset: int = 0


class _Entry(msgspec.Struct):
    at: str
    body: dict[str, Any]
    hash: str
    kind: str
    number: int
    previous: str


class Batch(msgspec.Struct, frozen=True):
    """Events to be sent together.

    Parameters
    ----------
    events
        CloudEvents.
    after
        Where the reading stands once they were taken.
    """

    events: tuple[dict[str, Any], ...]
    after: Cursor


_ENTRY: Final = msgspec.json.Decoder(_Entry)


class Spool:
    """The reader.

    Parameters
    ----------
    log
        The evidence log.
    cursor
        The file that says how far it was read.
    source
        The source of the events.
    """

    def __init__(self, log: Path, cursor: Path, source: str) -> None:
        self._log, self._path, self._source = log, cursor, source
        self.cursor = self._found()

    def _found(self) -> Cursor:
        """Where it stood; at the beginning if that is not known, or the log is another one."""
        try:
            cursor = msgspec.json.decode(self._path.read_bytes(), type=Cursor)
            with self._log.open("rb") as file:
                file.seek(cursor.offset)
                line = file.readline(MOST_LINE)
            return cursor if not line or _ENTRY.decode(line).previous == cursor.hash else Cursor()
        except (OSError, msgspec.DecodeError, UnicodeError, ValueError):
            return Cursor()

    def read(self, durable: int, most: int) -> Batch | None:
        """The next events.

        Parameters
        ----------
        durable
            The last entry that may be sent: what loss of power can still take back is not told to others.
        most
            How many.

        Returns
        -------
        Batch or None
            ``None`` if there is nothing new; a batch may be without events where only entries of other kinds came.

        Raises
        ------
        freehold.errors.EvidenceError
            If the log cannot be read or understood.
        """
        if self.cursor.number >= durable:
            return None
        try:
            with self._log.open("rb") as file:
                content = os.pread(file.fileno(), _MOST_BYTES, self.cursor.offset)
        except OSError as error:
            raise EvidenceError(f"{self._log}: cannot be read to send events ({error.strerror}).") from error
        events: list[dict[str, Any]] = []
        at, cursor = 0, self.cursor
        while len(events) < most and (end := content.find(b"\n", at)) >= 0:
            try:
                entry = _ENTRY.decode(content[at:end])
            except (msgspec.DecodeError, UnicodeError) as error:
                raise EvidenceError(f"{self._log}: entry {cursor.number + 1} cannot be read to send it ({error}).") from None
            if entry.number > durable:
                break
            at = end + 1
            cursor = Cursor(entry.number, entry.hash, self.cursor.offset + at)
            if entry.kind.startswith(KIND):
                events.append(self._event(entry))
        return Batch(tuple(events), cursor) if cursor is not self.cursor else None

    def _event(self, entry: _Entry) -> dict[str, Any]:
        event = {
            "specversion": "1.0", "id": f"{entry.number}-{entry.hash[:12]}", "source": self._source, "type": entry.kind,
            "time": entry.at, "datacontenttype": "application/json", "data": entry.body,
        }  # fmt: skip
        subject = next((value for name in _SUBJECTS if (value := entry.body.get(name))), None)
        return {**event, "subject": str(subject)} if subject else event

    def pass_over(self, cursor: Cursor) -> None:
        """Go on, where nothing was to be sent."""
        self.cursor = cursor

    def taken(self, cursor: Cursor) -> None:
        """Keep that all was taken up to a place.

        Raises
        ------
        freehold.errors.Unreadable
            If it cannot be written; it is then sent again after a restart, which does no harm.
        """
        self.cursor = cursor
        write_whole(self._path, msgspec.json.encode(cursor).decode())
