"""The lines of an evidence log, one after the other, for who reads it. Owns the reading; it judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from freehold.errors import EvidenceError
from freehold.respond.evidence_form import MOST_LINE

__all__ = ["walk_lines"]


def walk_lines(path: str | Path) -> Iterator[bytes]:
    """Lines with their line feeds; of one that is too long only the first part, the last perhaps without line feed.

    Raises
    ------
    freehold.errors.EvidenceError
        If the file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            yield from _lines(file)
    except OSError as error:
        raise EvidenceError(f"{path}: the evidence log cannot be read ({error.strerror}).") from error


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(MOST_LINE):
        yield line
        while len(line) == MOST_LINE and not line.endswith(b"\n"):
            line = file.readline(MOST_LINE)
