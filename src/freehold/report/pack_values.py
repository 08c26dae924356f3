"""What an evidence pack is made of, and what it is. Owns the seam between the packs and who writes them into a folder."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from freehold.measure.assess import AssessAnswer
from freehold.plan.option_values import Option
from freehold.report.csv import CsvFace
from freehold.report.interface import Column, Document, Look, Row, Table
from freehold.stack.values import Stack

__all__ = ["PACKS", "OpenQuestion", "Pack", "PackAsked", "PackFile", "PackName", "csv_text", "questions_table", "sources_of"]

PackName: TypeAlias = Literal["c3a", "cada", "dora"]
PACKS: Final[tuple[PackName, ...]] = ("c3a", "cada", "dora")
"""Names of the packs that there are."""


@dataclass(frozen=True)
class PackAsked:
    """What a pack is made of.

    Parameters
    ----------
    stack
        The stack, home and trusted countries settled.
    assessed
        How self-reliant it is, and what is lost without each country.
    options
        What can be done about it, as far as it is known.
    edition
        The catalogue's edition.
    command
        The command that makes the pack again; may be empty.
    strict
        Whether assumed owners and locations count as unknown.
    sbom
        The software of the stack as CycloneDX.
    """

    stack: Stack
    assessed: AssessAnswer
    options: tuple[Option, ...] = ()
    edition: str = ""
    command: str = ""
    strict: bool = False
    sbom: str = ""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """Something that the stack cannot tell.

    Parameters
    ----------
    file, column
        Where its cell is empty.
    row
        Which row: an id; empty where it is every row.
    question, whom
        What is asked, and of whom.
    cells
        How many cells are empty for it.
    """

    file: str
    column: str
    row: str
    question: str
    whom: str
    cells: int = 1


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of a pack: its name, what it answers, and which article or criterion asks for that."""

    name: str
    text: str
    answers: str
    asked_by: str


@dataclass(frozen=True)
class Pack:
    """A pack, ready to be written.

    Parameters
    ----------
    name, title
        Which; its heading.
    files
        Its files, without the list of what it holds.
    sources
        Title, publisher, address and the day on which it was read, of what asks for it.
    doubts
        What is not certain about the form.
    questions
        What the stack cannot tell.
    """

    name: PackName
    title: str
    files: tuple[PackFile, ...]
    sources: tuple[tuple[str, str, str, str], ...]
    doubts: tuple[str, ...]
    questions: tuple[OpenQuestion, ...]

    @property
    def texts(self) -> Mapping[str, str]:
        """Text by name."""
        return {one.name: one.text for one in self.files}


def sources_of(name: PackName) -> tuple[tuple[str, str, str, str], ...]:
    """What asks for a pack: title, publisher, address and the day on which it was looked up, of each text."""
    table = tomllib.loads(Path(__file__).with_name("pack_sources.toml").read_text(encoding="utf-8"))
    return tuple((row["title"], row["publisher"], row["url"], row["date"]) for row in table[name])


def csv_text(table: Table) -> str:
    """A table as CSV; cells that a spreadsheet would run get an apostrophe before them."""
    return CsvFace().render(Document("", (), table), Look())


def questions_table(questions: tuple[OpenQuestion, ...]) -> Table:
    """What is not known, as a table for programs and people."""
    columns = (
        Column("file", "file", "id"), Column("column", "column", "id"), Column("row", "row", "id"),
        Column("question", "question"), Column("whom", "whom"), Column("cells", "cells", "count"),
    )  # fmt: skip
    rows = tuple(Row((one.file, one.column, one.row, one.question, one.whom, one.cells)) for one in questions)
    return Table(columns, rows)
