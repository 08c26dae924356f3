"""What a reader found and what it skipped, as a page. Owns the sentences on reading."""

from __future__ import annotations

from collections import Counter

from freehold.report.answers import Context
from freehold.report.evidence import Notes
from freehold.report.interface import NOT_KNOWN, Block, Column, Document, Heading, Paragraph, Row, Table
from freehold.report.sentences import count
from freehold.stack.inventory import Inventory
from freehold.words import listed, say, sentences

__all__ = ["inventory_document", "read_sentence", "skip_sentence", "skips_table", "unread_sentence"]

_MOST_SHOWN = 30
_MOST_UNREAD = 4


def read_sentence(inventory: Inventory) -> str:
    """What was read, in a line."""
    key = "reading.joined" if _is_document(inventory) else "check.joined"
    joined = say(key, count=f"{inventory.joined:,}") if inventory.joined else ""
    return say(
        "check.read",
        reader=inventory.reader,
        components=count("check.components", len(inventory.components)),
        contacts=count("check.contacts", len(inventory.contacts)),
        joined=joined,
    )


def _is_document(inventory: Inventory) -> bool:
    """Whether one document was read, in which things are left out, and no folder, in which files are."""
    return inventory.reader.partition(" ")[0] in ("cyclonedx", "spdx")


def skip_sentence(inventory: Inventory) -> str:
    """How many files (or things in a document) were skipped, because of what, the commonest reason first."""
    if not inventory.skips:
        return say("check.skipped_none")
    document = _is_document(inventory)
    reasons = Counter(skip.reason for skip in inventory.skips)
    told = say("report.separator").join(
        say("check.skip_reason", reason=_reason(reason, document=document), count=number)
        if len(reasons) > 1
        else _reason(reason, document=document)
        for reason, number in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    many = len(inventory.skips)
    key = ("reading.noted" if document else "check.skipped") + ("_one" if many == 1 else "_many")
    return say(key, count=f"{many:,}", reasons=told)


def _reason(reason: str, *, document: bool = False) -> str:
    try:
        return say(f"reading.because_{reason}" if document and reason in ("limit", "unsupported") else f"check.skip_{reason}")
    except KeyError:
        return reason


def unread_sentence(inventory: Inventory) -> str:
    """What no reader knows the form of in a folder, by what was skipped; empty if there is nothing."""
    details = [skip.detail for skip in inventory.skips if skip.reason == "unsupported" and skip.detail]
    if not details or _is_document(inventory):
        return ""
    told = sentences(details[:_MOST_UNREAD])
    if len(details) > _MOST_UNREAD:
        told = say("check.unread_more", details=told, count=f"{len(details) - _MOST_UNREAD:,}")
    return say("check.unread", details=told)


def skips_table(inventory: Inventory) -> Table:
    """Every file that was skipped, and why."""
    columns = (Column("file", say("check.column_file"), "id"), Column("reason", say("check.column_why")))
    rows = tuple(Row((skip.file, skip.detail or _reason(skip.reason))) for skip in inventory.skips)
    return Table(columns, rows, most=_MOST_SHOWN)


def inventory_document(inventory: Inventory, context: Context | None = None) -> Document:
    """Show what was read.

    Parameters
    ----------
    inventory
        What a reader found.
    context
        What stands beside it; not needed.
    """
    notes = Notes(context.stack if context is not None else None)
    blocks: list[Block] = [Paragraph(read_sentence(inventory)), Paragraph(skip_sentence(inventory))]
    if inventory.skips:
        blocks[-1] = Paragraph(skip_sentence(inventory), "warn")
    if inventory.licence:
        blocks.append(Paragraph(say("inventory.licence", licence=inventory.licence)))
    if inventory.languages:
        blocks.append(Paragraph(say("inventory.runtimes", names=listed(inventory.languages))))
    if inventory.toolchains:
        blocks.append(Paragraph(say("inventory.toolchains", names=listed(inventory.toolchains))))
    components = _components(inventory, notes)
    blocks += [Heading(say("inventory.components")), components]
    if inventory.contacts:
        blocks += [Heading(say("inventory.contacts")), _contacts(inventory, notes)]
    if inventory.skips:
        blocks += [Heading(say("check.skips_title")), skips_table(inventory)]
    title = say("inventory.title", name=inventory.name)
    return Document(title, tuple(blocks), components, evidence=notes.evidence)


def _components(inventory: Inventory, notes: Notes) -> Table:
    columns = (
        Column("component", say("report.column_item"), "id"), Column("kind", say("report.column_kind")),
        Column("scope", say("inventory.column_scope")), Column("direct", say("inventory.column_direct")),
        Column("licence", say("inventory.column_licence")), Column("seen", say("inventory.column_seen")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                one.id, one.kind or NOT_KNOWN, one.scope, say("inventory.yes" if one.direct else "inventory.no"),
                one.licence or NOT_KNOWN, str(one.evidence[0]) if one.evidence else None,
            ),
            notes=notes.of_places(say("evidence.component", id=one.id), one.evidence),
        )
        for one in inventory.components
    )  # fmt: skip
    return Table(columns, rows, most=_MOST_SHOWN)


def _contacts(inventory: Inventory, notes: Notes) -> Table:
    columns = (
        Column("host", say("inventory.column_host"), "id"), Column("role", say("inventory.column_role")),
        Column("scope", say("inventory.column_scope")), Column("seen", say("inventory.column_seen")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                one.host, one.role, say("inventory.optional", scope=one.scope) if one.optional else one.scope,
                str(one.evidence[0]) if one.evidence else None,
            ),
            notes=notes.of_places(say("evidence.contact", host=one.host, role=one.role), one.evidence),
        )
        for one in inventory.contacts
    )  # fmt: skip
    return Table(columns, rows, most=_MOST_SHOWN)
