"""``doctor`` as a page: what works here, and the line that mends what does not."""

from __future__ import annotations

from typing import Final

from freehold.doctor import Diagnosis
from freehold.report.answers import Context
from freehold.report.interface import Column, Document, Paragraph, Row, Table, Tone
from freehold.words import say

__all__ = ["doctor_document"]

_TONES: Final[dict[str, Tone]] = {"works": "good", "absent": "warn", "broken": "bad"}


def doctor_document(answer: Diagnosis, context: Context) -> Document:
    """Show a diagnosis; nothing stands beside it."""
    del context
    columns = (
        Column("check", say("doctor.column_check"), "id"), Column("state", say("doctor.column_state")),
        Column("found", say("doctor.column_found")), Column("mend", say("doctor.column_mend")),
    )  # fmt: skip
    rows = tuple(
        Row((one.id, say(f"doctor.state_{one.state}"), one.found, one.mend or None), _TONES[one.state]) for one in answer.checks
    )
    table = Table(columns, rows)
    broken = sum(one.state == "broken" for one in answer.checks)
    absent = sum(one.state == "absent" for one in answer.checks)
    said = say("doctor.broken", count=broken) if broken else say("doctor.sound", absent=absent)
    return Document(say("doctor.title"), (Paragraph(said, "bad" if broken else "plain", lead=True), table), table)
