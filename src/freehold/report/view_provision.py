"""A mirror as a page: whether it is proved, what is missing, what it holds. Owns the order in which that is told."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from freehold.drill.contact import Contact
from freehold.provision.needs import Missing, Need
from freehold.provision.proof import Proof
from freehold.provision.provisioning import Provisioned
from freehold.report.answers import Context
from freehold.report.drill_words import amount, blind_words
from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Row, Table
from freehold.report.provision_answers import MirrorVerdict
from freehold.report.sentences import count
from freehold.words import listed, say

__all__ = ["provision_document", "verify_document"]

_MOST_SHOWN = 25


def provision_document(answer: Provisioned, context: Context) -> Document:
    """Show a mirror: the proof first, then what is missing, hosts besides, and the files."""
    del context
    blocks: list[Block] = [*_proof(answer), *_missing(answer.missing), *_recorded(answer), *_beside(answer.proof)]
    files = answer.expected or answer.manifest.needs
    blocks += [Heading(say("provision.files")), _files(files, most=_MOST_SHOWN)] if files else []
    blocks += [*_blind(answer.proof), Heading(say("provision.use_title"))]
    blocks.append(Paragraph(say("provision.use", folder=answer.folder)))
    title = say("provision.title", folder=answer.folder)
    subtitle = say(
        "provision.subtitle", files=count("provision.count", len(answer.manifest.needs)), size=amount(answer.manifest.size),
        kinds=listed(answer.manifest.holds) or say("report.none"),
    )  # fmt: skip
    return Document(title, tuple(blocks), _main(answer.manifest.needs, answer.missing), subtitle=subtitle)


def _proof(answer: Provisioned) -> Iterator[Block]:
    proof = answer.proof
    if proof is None:
        yield Paragraph(say("provision.not_tried"), lead=True)
        if answer.unproved:
            yield Paragraph(answer.unproved)
        return
    named = listed(proof.cut) or say("provision.everything")
    if proof.proved:
        key = "proved" if answer.expected else "passed"
        said = say(f"provision.{key}", taken=count("provision.count", proof.taken), hosts=named, backend=proof.run.backend)
        yield Paragraph(said, "good", lead=True)
    else:
        yield Paragraph(say("provision.unproved", reason=_why(proof)), "bad", lead=True)
    before = answer.recorded.run.seconds if answer.recorded else None
    seconds = f"{proof.run.seconds:.1f}"
    yield Paragraph(
        say("provision.took", seconds=seconds) if before is None
        else say("provision.took_both", seconds=seconds, before=f"{before:.1f}"), "quiet",
    )  # fmt: skip
    if proof.untaken:
        names = listed(one.file for one in proof.untaken[:5]) + (" …" if len(proof.untaken) > 5 else "")
        yield Paragraph(say("provision.untaken", files=count("provision.count", len(proof.untaken)), names=names), "bad")


def _blind(proof: Proof | None) -> Iterator[Block]:
    if proof is None or not proof.run.blind_spots:
        return
    yield Heading(say("provision.blind"))
    for spot in proof.run.blind_spots:
        yield Paragraph(blind_words(spot), "quiet")


def _why(proof: Proof) -> str:
    if proof.run.broken:
        return proof.run.broken
    if proof.run.exit is None:
        return say("provision.too_long")
    if not proof.run.passed:
        return say("provision.ended", status=proof.run.exit)
    if proof.untaken:
        return say("provision.in_place")
    if not proof.taken:
        return say("provision.took_nothing")
    return proof.verdict.reasons[0] if proof.verdict.reasons else proof.verdict.name


def _missing(missing: Sequence[Missing]) -> Iterator[Block]:
    if not missing:
        yield Paragraph(say("provision.nothing_missing"), "good")
        return
    yield Heading(say("provision.missing"))
    columns = tuple(Column(name, say(f"provision.column_{name}")) for name in ("what", "reason", "by"))
    rows = tuple(Row((one.file or one.what or None, one.reason, one.by or None), "bad") for one in missing)
    yield Table(columns, rows, most=_MOST_SHOWN)
    commands = list(dict.fromkeys(one.add for one in missing if one.add))
    if commands:
        yield Paragraph(say("provision.add"))
        for command in commands[:_MOST_SHOWN]:
            yield Paragraph("  " + command)


def _recorded(answer: Provisioned) -> Iterator[Block]:
    recorded = answer.recorded
    if recorded is None:
        return
    for command in answer.commands[:3]:
        yield Paragraph(say("provision.recorded", command=shlex.join(command)), "quiet")
    hosts = listed(recorded.recording.hosts) or say("report.none")
    yield Paragraph(say("provision.asked", hosts=hosts), "quiet")


def _beside(proof: Proof | None) -> Iterator[Block]:
    if proof is None:
        return
    for key, contacts in (("bypassed", proof.bypassed), ("outside", proof.outside)):
        if contacts:
            said = say(f"provision.{key}", hosts=listed(dict.fromkeys(map(_host, contacts))))
            yield Paragraph(said, "bad" if key == "bypassed" else "plain")


def _host(contact: Contact) -> str:
    return f"{contact.host}:{contact.port}" if contact.port else contact.host


def _files(needs: Iterable[Need], most: int | None = None) -> Table:
    columns = (
        Column("package", say("provision.column_package")), Column("version", say("provision.column_version")),
        Column("file", say("provision.column_file")), Column("bytes", say("provision.column_bytes"), "count"),
        Column("stated", say("provision.column_stated")), Column("source", say("provision.column_source")),
    )  # fmt: skip
    agreed, unstated = say("provision.agreed"), say("provision.none_stated")
    rows = tuple(
        Row((one.name, one.version, one.file, one.size, agreed if one.stated else unstated, one.source)) for one in needs
    )
    return Table(columns, rows, most=most)


def _main(needs: Iterable[Need], missing: Iterable[Missing]) -> Table:
    names = ("state", "ecosystem", "package", "version", "file", "sha256", "bytes", "source", "by", "reason", "add")
    columns = tuple(Column(name, say(f"provision.column_{name}")) for name in names)
    rows = [
        Row((
            say("provision.held"), one.ecosystem, one.name, one.version, one.file, one.sha256, one.size, one.source,
            one.by or None, None, None,
        ))
        for one in needs
    ]  # fmt: skip
    rows += [
        Row((
            say("provision.lacking"), one.ecosystem or None, one.what or None, None, one.file or None, None, None, None,
            one.by or None, one.reason, one.add or None,
        ))
        for one in missing
    ]  # fmt: skip
    return Table(columns, tuple(rows))


def verify_document(answer: MirrorVerdict, context: Context) -> Document:
    """Show whether a mirror is what its manifest says."""
    del context
    manifest = answer.manifest
    columns = (Column("file", say("provision.column_file")), Column("problem", say("provision.column_problem")))
    table = Table(columns, tuple(Row((one.file, one.problem), "bad") for one in answer.findings))
    said = say(
        "provision.verified", files=count("provision.count", len(manifest.needs)), size=amount(manifest.size),
        made=manifest.made, kinds=listed(manifest.holds) or say("report.none"),
    )  # fmt: skip
    blocks: list[Block] = [Paragraph(said, lead=True)]
    if answer.findings:
        blocks.append(Table(columns, table.rows, most=_MOST_SHOWN))
    blocks += _missing(manifest.missing)
    key = "unsound" if answer.findings else "sound"
    return Document(say(f"provision.title_{key}", folder=answer.path), tuple(blocks), table)
