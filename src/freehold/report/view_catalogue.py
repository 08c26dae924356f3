"""The catalogue's answers as pages: a row, a search, how much of a list is known, the checks. Owns their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.report.figures import country
from freehold.report.interface import NOT_KNOWN, Block, Cell, Column, Document, Heading, Paragraph, Row, Table
from freehold.words import listed, percent, say

if TYPE_CHECKING:
    from freehold.catalogue.coverage import Coverage
    from freehold.catalogue.show import Shown, ShownFact
    from freehold.catalogue.values import OwnerStep
    from freehold.report.answers import CatalogueFindings, Context, SearchAnswer

__all__ = ["coverage_document", "findings_document", "search_document", "shown_document"]

_MOST_NAMED = 12
_MOST_SHOWN = 40


def shown_document(answer: Shown, context: Context | None = None) -> Document:  # noqa: ARG001  a view's signature
    """Show all that the catalogue says of one id; the source of each fact stands beside it."""
    blocks: list[Block] = []
    if answer.match is not None:
        blocks.append(Paragraph(say("catalogue.found_by", id=answer.id, rule=answer.match.rule), "quiet"))
    provider = answer.provider
    if provider is None:
        blocks.append(Paragraph(say("catalogue.provider_none"), "warn", lead=True))
    else:
        seat = country(provider.country if isinstance(provider.country, str) else "?")
        blocks.append(Paragraph(say("catalogue.provider", name=provider.name or provider.id, country=seat), lead=True))
        blocks.append(Heading(say("catalogue.owners")))
        if answer.owners:
            blocks.append(_owners(answer.owners))
        elif not answer.tops:
            blocks.append(Paragraph(say("catalogue.owners_none"), "warn"))
        blocks += _tops(answer)
    for key, ids in (
        ("products", tuple(product.id for product in answer.products)), ("hosts", answer.hosts),
        ("packages", answer.packages), ("models", answer.models), ("certificates", answer.certificates),
    ):  # fmt: skip
        if ids:
            blocks.append(Paragraph(say(f"catalogue.{key}", ids=_named(ids))))
    facts = _facts(answer)
    blocks += [Heading(say("catalogue.facts")), facts]
    return Document(say("catalogue.show_title", name=answer.name), tuple(blocks), facts)


def _tops(answer: Shown) -> list[Block]:
    """Say who of the provider and its owners has nobody above it, and who states that."""
    chain = [step.provider for step in answer.owners] + ([] if answer.provider is None else [answer.provider])
    names = {one.id: one.name or one.id for one in chain}
    return [
        Paragraph(say("catalogue.owners_own", name=names.get(one.fact.id, one.fact.id), source=_source(one)))
        for one in answer.tops
    ]


def _source(one: ShownFact) -> str:
    if one.reference is None:
        return one.fact.reference
    return f"{one.reference.title} ({one.reference.publisher}) {one.url}"


def _named(ids: tuple[str, ...]) -> str:
    more = say("catalogue.and_more", count=len(ids) - _MOST_NAMED) if len(ids) > _MOST_NAMED else ""
    return listed(ids[:_MOST_NAMED]) + more


def _owners(steps: tuple[OwnerStep, ...]) -> Table:
    columns = (
        Column("owner", say("catalogue.column_owner")), Column("country", say("report.column_seat")),
        Column("owns", say("catalogue.column_of"), "id"), Column("stake", say("catalogue.column_stake"), "percent"),
        Column("date", say("catalogue.column_date")), Column("since", say("catalogue.column_since")),
    )  # fmt: skip
    dated = any(step.since for step in steps)
    rows = tuple(
        Row(
            (
                step.provider.name or step.provider.id,
                country(step.provider.country) if isinstance(step.provider.country, str) else NOT_KNOWN,
                step.of, NOT_KNOWN if step.stake is None else step.stake, step.date or NOT_KNOWN,
                *([step.since or None] if dated else []),
            )
        )
        for step in steps
    )  # fmt: skip
    return Table(columns if dated else columns[:-1], rows)


def _facts(answer: Shown) -> Table:
    columns = (
        Column("table", say("catalogue.column_table")), Column("attribute", say("catalogue.column_attribute")),
        Column("value", say("catalogue.column_value")), Column("date", say("catalogue.column_date")),
        Column("age", say("catalogue.column_age")), Column("holds", say("catalogue.column_holds")),
        Column("source", say("catalogue.column_read")),
    )  # fmt: skip
    dated = any(_span(one) for one in answer.facts)
    rows = []
    for one in answer.facts:
        cells: list[Cell] = [one.fact.table, one.fact.attribute, one.fact.value, one.fact.date or NOT_KNOWN]
        cells.append(say("catalogue.old") if one.old else None)
        cells += [_span(one) or None] if dated else []
        rows.append(Row((*cells, _source(one)), "quiet" if not one.holds else "warn" if one.old else "plain"))
    return Table(tuple(column for column in columns if dated or column.name != "holds"), tuple(rows), most=_MOST_SHOWN)


def _span(one: ShownFact) -> str:
    """Say from when until when a fact holds, and whether that is not now; empty if its reference gives no dates."""
    since, until = one.fact.since, one.fact.until
    if not since and not until:
        return ""
    key = "span" if since and until else "since" if since else "until"
    said = say(f"catalogue.holds_{key}", **{name: text for name, text in (("since", since), ("until", until)) if text})
    return said if one.holds else f"{said}, {say('catalogue.not_now')}"


def search_document(answer: SearchAnswer, context: Context | None = None) -> Document:  # noqa: ARG001  a view's signature
    """Show the rows that a search found."""
    columns = (
        Column("table", say("catalogue.column_table")), Column("id", say("report.column_item"), "id"),
        Column("name", say("report.column_name")), Column("found", say("catalogue.column_found")),
    )  # fmt: skip
    rows = tuple(Row((hit.table, hit.id, hit.name, f"{hit.column}: {hit.text}")) for hit in answer.hits)
    table = Table(columns, rows)
    blocks: tuple[Block, ...] = (table,) if rows else (Paragraph(say("catalogue.search_none"), "warn"),)
    return Document(say("catalogue.search_title", text=answer.text), blocks, table)


def coverage_document(answer: Coverage, context: Context | None = None) -> Document:  # noqa: ARG001  a view's signature
    """Show how much of a list is known."""
    columns = (Column("line", say("catalogue.column_line"), "id"),)
    missing = Table(columns, tuple(Row((line,)) for line in answer.missing), say("catalogue.missing"), most=_MOST_SHOWN)
    blocks: list[Block] = []
    if answer.of:
        without, part = len(answer.without_provider), percent(answer.known / answer.of)
        told = say("catalogue.coverage_headline", known=answer.known, of=answer.of, part=part, without=without)
        blocks.append(Paragraph(told, "plain" if answer.known == answer.of else "warn", lead=True))
    else:
        blocks.append(Paragraph(say("catalogue.coverage_empty"), "warn"))
    rules = (Column("rule", say("catalogue.column_rule")), Column("lines", say("catalogue.column_lines"), "count"))
    by_rule = Table(rules, tuple(Row(pair) for pair in answer.by_rule.items()), say("catalogue.by_rule"))
    if answer.by_rule:
        blocks.append(by_rule)
    if answer.missing:
        blocks.append(missing)
    if answer.without_provider:
        lines = tuple(Row((line,)) for line in answer.without_provider)
        blocks.append(Table(columns, lines, say("catalogue.without"), most=_MOST_SHOWN))
    return Document(say("catalogue.coverage_title"), tuple(blocks), by_rule)


def findings_document(answer: CatalogueFindings, context: Context | None = None) -> Document:  # noqa: ARG001
    """Show what the checks of the catalogue found."""
    errors = sum(one.severity == "error" for one in answer.findings)
    words = {"facts": f"{answer.facts:,}", "errors": f"{errors:,}", "notes": f"{len(answer.findings) - errors:,}"}
    told = Paragraph(say("catalogue.check_bad" if errors else "catalogue.check_sound", **words), "bad" if errors else "plain")
    columns = (
        Column("severity", say("catalogue.column_severity")), Column("file", say("catalogue.column_file"), "id"),
        Column("row", say("catalogue.column_row"), "count"), Column("column", say("catalogue.column_attribute")),
        Column("problem", say("check.column_problem")), Column("mend", say("check.column_mend")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (one.severity, one.file, one.row or None, one.column or None, one.problem, one.mend),
            "bad" if one.severity == "error" else "plain",
        )
        for one in answer.findings
    )
    table = Table(columns, rows, most=_MOST_SHOWN)
    blocks: tuple[Block, ...] = (told, Heading(say("catalogue.findings")), table) if rows else (told,)
    return Document(say("catalogue.check_title"), blocks, table)
