"""Which file reader reads a file within a folder. Owns their list and order, and nothing about any format."""

from __future__ import annotations

from typing import Final

from freehold.read.documents import text_of
from freehold.read.findings import Findings
from freehold.read.interface import FileReader
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Skip

__all__ = ["FILE_READERS", "read_file"]

FILE_READERS: Final[tuple[FileReader, ...]] = ()
"""The first that knows a file reads it, so the narrower stand before the wider."""


def read_file(file: SourceFile) -> Findings | Skip | None:
    """Read one file by the first reader that knows it; ``None`` if none does."""
    readers = [reader for reader in FILE_READERS if reader.recognises(file)]
    if not readers:
        return None
    text = text_of(file)
    if isinstance(text, Skip):
        return text
    return next((found for reader in readers if (found := reader.read(file, text)) is not None), None)
