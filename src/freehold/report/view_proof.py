"""``evidence`` as pages: whether logs are sound and what vouches for them; the entries of one. Owns these sentences."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Row, Table
from freehold.report.sentences import count
from freehold.words import listed, say, sentences

if TYPE_CHECKING:
    from freehold.report.answers import Context, EvidenceEntries, EvidenceEntry, EvidenceVerdict
    from freehold.respond.evidence_verify import Verification

__all__ = ["entries_document", "verdict_document"]

_MOST_ENTRIES: Final = 60
_MOST_FLAWS: Final = 20
_MOST_BODY: Final = 400


def verdict_document(answer: EvidenceVerdict, context: Context | None = None) -> Document:
    """Show whether logs are sound; nothing stands beside it.

    Parameters
    ----------
    answer
        What was found, log by log.
    context
        Not needed.
    """
    del context
    blocks: list[Block] = []
    for log in answer.logs:
        if len(answer.logs) > 1:
            blocks.append(Heading(log.path))
        blocks += _verdict(log)
    unsound = sum(not log.is_sound for log in answer.logs)
    key = "unsound" if unsound else "sound"
    title = say(f"proof.title_{key}_many", count=unsound, of=len(answer.logs))
    if len(answer.logs) == 1:
        title = say(f"proof.title_{key}", path=answer.logs[0].path)
    return Document(title, tuple(blocks), _logs(answer))


def _verdict(log: Verification) -> list[Block]:
    span = say("proof.span", first=log.first, last=log.last) if log.first else ""
    lead = say("proof.read", entries=count("proof.entries", log.entries), roots=count("proof.roots", log.roots), span=span)
    blocks: list[Block] = [Paragraph(lead, lead=True)]
    if log.flaws:
        rows = tuple(Row((flaw.line or None, flaw.entry, flaw.problem), "bad") for flaw in log.flaws)
        columns = (
            Column("line", say("proof.column_line"), "count"), Column("entry", say("proof.column_entry"), "count"),
            Column("problem", say("proof.column_problem")),
        )  # fmt: skip
        blocks.append(Table(columns, rows, most=_MOST_FLAWS))
        if log.more_flaws:
            blocks.append(Paragraph(say("proof.more_flaws", count=f"{log.more_flaws:,}"), "bad"))
    return blocks + [Paragraph(text, "quiet") for text in _limits(log)]


def _limits(log: Verification) -> list[str]:
    """What vouches for the log, and what is not known of it."""
    told = []
    if not log.signatures_checked:
        told.append(say("proof.no_signatures"))
    else:
        known = "key_given" if log.key_was_given else "key_own"
        told.append(say(f"proof.{known}", signer=log.public_key or say("report.none")))
        if log.entries:
            rest = count("proof.entries", log.after_last_root)
            told.append(
                sentences((say("proof.chain_only", rest=rest), say("proof.next_root")))
                if log.after_last_root
                else say("proof.all_covered")
            )
    if log.recovered:
        told.append(say("proof.recovered", numbers=listed(map(str, log.recovered[:10]))))
    if log.anchors is None:
        told.append(say("proof.no_anchor"))
    elif log.anchored:
        told.append(say("proof.anchored", entries=count("proof.entries", log.anchored)))
    return told


def _logs(answer: EvidenceVerdict) -> Table:
    """A line for each flaw, and one for a log without any."""
    names = ("path", "sound", "entries", "covered", "line", "entry", "problem")
    columns = tuple(Column(name, say(f"proof.column_{name}")) for name in names)
    rows = []
    for log in answer.logs:
        first = (log.path, say("proof.yes" if log.is_sound else "proof.no"), log.entries, log.covered)
        rows += [Row((*first, flaw.line, flaw.entry, flaw.problem)) for flaw in log.flaws] or [Row((*first, None, None, None))]
    return Table(columns, tuple(rows))


def entries_document(answer: EvidenceEntries, context: Context | None = None) -> Document:
    """Show entries as a time line; nothing stands beside it.

    Parameters
    ----------
    answer
        The entries.
    context
        Not needed.
    """
    del context
    titles = {name: say(f"proof.column_{name}") for name in ("number", "at", "kind", "body", "key")}
    columns = tuple(Column(name, titles[name], "count" if name == "number" else "text") for name in titles)
    rows = tuple(Row((one.number, _time(one), one.kind, _told(one))) for one in answer.entries)
    blocks: list[Block] = [Table(columns[:4], rows, most=_MOST_ENTRIES)]
    if answer.left_out:
        blocks.insert(0, Paragraph(say("proof.left_out", count=f"{answer.left_out:,}"), "quiet"))
    if answer.unread:
        blocks.append(Paragraph(say("proof.unread", count=f"{answer.unread:,}"), "bad"))
    blocks.append(Paragraph(say("proof.shown_unverified"), "quiet"))
    whole = tuple(Row((one.number, one.at, one.kind, one.body, one.key or None)) for one in answer.entries)
    return Document(say("proof.title_show", path=answer.path), tuple(blocks), Table(columns, whole))


def _time(entry: EvidenceEntry) -> str:
    shown = entry.at.replace("T", " ").removesuffix("Z")
    return say("proof.clock_behind", at=shown, clock=entry.clock) if entry.clock else shown


def _told(entry: EvidenceEntry) -> str:
    """What happened, in words: the log's own kinds as sentences, others as names and values."""
    body = json.loads(entry.body)
    try:
        if entry.kind == "genesis":
            return say("proof.told_genesis", form=body["form"], signer=body["public_key"])
        if entry.kind == "root":
            return say("proof.told_root", size=f"{body['size']:,}", reason=body["reason"])
        if entry.kind == "recovered":
            return say("proof.told_recovered", bytes=f"{body['bytes']:,}", file=body["file"])
    except (KeyError, TypeError, ValueError):
        pass
    if not isinstance(body, dict):
        return entry.body[:_MOST_BODY]
    text = listed(f"{name} {_value(value)}" for name, value in body.items())
    return text if len(text) <= _MOST_BODY else text[:_MOST_BODY] + "…"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
