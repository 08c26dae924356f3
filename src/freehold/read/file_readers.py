"""Which reader reads a file within a folder. Owns their lists and order, and nothing about any format."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from freehold.read.compose import ComposeReader
from freehold.read.containers import without_own_images
from freehold.read.dockerfile import DockerfileReader, is_dockerfile
from freehold.read.documents import text_of
from freehold.read.findings import Findings
from freehold.read.interface import FileReader, GroupReader, Surroundings
from freehold.read.kubernetes import KubernetesReader
from freehold.read.terraform import TerraformReader
from freehold.read.walk import SourceFile
from freehold.read.workflows import WorkflowReader
from freehold.stack.inventory import Skip

__all__ = ["FILE_READERS", "GROUP_READERS", "read_file", "read_files"]

GROUP_READERS: Final[tuple[GroupReader, ...]] = (WorkflowReader(), ComposeReader(), TerraformReader())
"""The first that recognises a file has it; they are asked before the readers of single files."""

FILE_READERS: Final[tuple[FileReader, ...]] = (
    DockerfileReader(),
    KubernetesReader(),
)
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


def read_files(files: Iterable[SourceFile], around: Surroundings) -> tuple[Findings, frozenset[str]]:
    """Read every file of a folder that a reader knows.

    Returns
    -------
    Findings, frozenset of str
        What was found, and the files (relative) that need no second reading for hosts.
    """
    groups: dict[str, list[SourceFile]] = {}
    parts: list[Findings] = []
    taken: set[str] = set()
    own: set[str] = set()
    for file in files:
        if is_dockerfile(file.name.lower()):
            own.update(part.lower() for part in file.folder.split("/")[-2:])
        group = next((reader for reader in GROUP_READERS if reader.recognises(file)), None)
        if group is not None:
            groups.setdefault(group.name, []).append(file)
        elif (found := read_file(file)) is not None:
            taken.add(file.relative)
            parts.append(Findings(skips=(found,)) if isinstance(found, Skip) else found)
    for reader in GROUP_READERS:
        if reader.name in groups:
            part, understood = reader.read(groups[reader.name], around)
            parts.append(part)
            taken |= understood
    return without_own_images(Findings.of(parts), own), frozenset(taken)
