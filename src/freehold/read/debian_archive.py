"""Reads the package archive of a Debian system as an AND/OR network. Owns the seam from its lists to a stack.

Each package is an item with one source, the distribution, that needs every clause of ``Depends`` and ``Pre-Depends``. A
clause that several packages meet, by name or by ``Provides``, is an item tagged ``any-of`` with a source for each; one that
no package meets is such an item without a source, so that nobody's is known. Names and relations are read; of whoever
maintains a package nothing is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from freehold.errors import Finding, Unreadable
from freehold.read.collector import no_collection
from freehold.read.model_marks import list_architecture
from freehold.read.package_index import Archive, Parsed, parse_packages
from freehold.read.packed_files import read_packed
from freehold.stack.values import ANY_OF, Claim, Item, Need, Source, Stack

__all__ = ["archive_lists", "archive_stack", "read_archive"]

_RELEASE: Final = re.compile(r"^(Origin|Version|Codename): *(\S.{0,60}?) *$", re.MULTILINE)
_MOST_RELEASE: Final = 1024 * 1024
_PROVIDER: Final = "debian"
_LONGEST_CHOICE: Final = 160
_TAGS: Final = (ANY_OF,)


def archive_lists(folder: Path) -> tuple[Path, ...]:
    """The lists of packages that apt keeps in a folder, by name; none if it is no such folder."""
    return tuple(sorted(path for path in folder.iterdir() if list_architecture(path.name) and path.is_file()))


def read_archive(path: Path) -> tuple[Stack, tuple[Finding, ...]]:
    """Read an archive as a stack.

    Parameters
    ----------
    path
        A ``Packages`` file, plain or packed, or apt's folder of lists.

    Returns
    -------
    Stack, tuple of Finding
        Items named by package URL without version; the findings are notes.

    Raises
    ------
    freehold.errors.ReadError
        If it cannot be read, is over a limit, or holds no package.
    """
    files = archive_lists(path) if path.is_dir() else (path,)
    architectures = sorted({found for file in files if (found := list_architecture(file.name)) is not None})
    if len(architectures) > 1:
        raise Unreadable(f"{path} holds lists of {' and of '.join(architectures)}. Name one of its files.")
    archive = Archive()
    evidence = []
    with no_collection():
        for file in files:
            data = read_packed(file)
            evidence.append(f"{file.name} (SHA-256 {hashlib.sha256(data).hexdigest()})")
            parse_packages(data, archive)
            del data
        if not archive.packages:
            raise Unreadable(f"{path} holds no package: no paragraph of it has a field 'Package'. Name a Packages file.")
        stack, missing = archive_stack(archive, _name(files), str(path), evidence)
    return stack, tuple(_notes(path.name, archive, missing))


def _name(files: Sequence[Path]) -> str:
    """What the release files beside the lists call it, else the file's name."""
    for file in files:
        stem = file.name.partition("_dists_")[0] + "_dists_" + file.name.partition("_dists_")[2].partition("_")[0]
        for ending in ("_InRelease", "_Release"):
            beside = file.with_name(stem + ending)
            if beside.is_file() and beside.stat().st_size <= _MOST_RELEASE:
                found = dict(_RELEASE.findall(beside.read_text("utf-8", "replace")))
                name = " ".join(found[key] for key in ("Origin", "Version", "Codename") if key in found)
                if name.isprintable() and name:
                    return name
    return files[0].name.partition(".")[0]


def _notes(file: str, archive: Archive, missing: int) -> Iterator[Finding]:
    twice = archive.stanzas - len(archive.packages)
    if twice:
        yield Finding(file, 0, "", f"{twice:,} older version(s) of a package were left out", "The newest counts", "note")
    if missing:
        problem = f"{missing:,} need(s) are met by no package of it"
        yield Finding(file, 0, "", problem, "They stand as items whose source is not known", "note")
    if archive.strange:
        problem = f"{archive.strange:,} name(s) or clause(s) could not be read and were left out"
        yield Finding(file, 0, "", problem, "See that the file is whole", "note")


def _id(name: str) -> str:
    return "pkg:deb/debian/" + (quote(name, safe="+~").replace("+", "%2B") if "+" in name else name)


def archive_stack(archive: Archive, name: str, path: str, evidence: Sequence[str] = ()) -> tuple[Stack, int]:
    """Make a stack of an archive.

    Parameters
    ----------
    archive
        What its lists say.
    name, path
        Of the stack.
    evidence
        The lists, for the one claim that says where all of it comes from.

    Returns
    -------
    Stack, int
        And how many clauses no package of it meets: they are items without a source, tagged ``any-of`` too.
    """
    packages, virtual = archive.packages, archive.virtual()
    ids = {one: _id(one) for one in packages}
    targets: dict[Parsed, str] = {}
    choices: dict[tuple[Parsed, Parsed], str] = {}
    items = [Item(id_, one, "software") for one, id_ in ids.items()]
    sources: list[Source] = []
    needs: list[Need] = []

    def target(clause: Parsed) -> str:
        members = tuple(sorted({package for one in clause for package in _meeting(one)}))
        if len(members) == 1:
            return ids[members[0]]
        # whoever may have what the archive has not is not known: each such clause is a choice of its own
        key = members or clause
        if (members, key) not in choices:
            text = "any-of:" + "|".join(clause)
            id_ = text if len(text) <= _LONGEST_CHOICE and text not in taken else f"{text[:_LONGEST_CHOICE]}#{len(choices) + 1}"
            taken.add(id_)
            choices[members, key] = id_
        return choices[members, key]

    def _meeting(one: str) -> Iterator[str]:
        if one in packages:
            yield one
        yield from virtual.get(one, ())

    taken: set[str] = set()
    for package in packages.values():
        id_ = ids[package.name]
        source = f"{id_}@{_PROVIDER}"
        sources.append(Source(source, id_, _PROVIDER))
        wanted: dict[str, None] = {}
        for clause in package.needs:
            found = targets.get(clause)
            if found is None:
                found = targets[clause] = target(clause)
            wanted[found] = None
        needs += [Need(source, one) for one in wanted]
    for (members, _), choice in choices.items():
        items.append(Item(choice, tags=_TAGS))
        for number, one in enumerate(members, 1):
            source = f"{choice}@self" + (f"#{number}" if number > 1 else "")
            sources.append(Source(source, choice, "self"))
            needs.append(Need(source, ids[one]))
    claims = tuple(Claim("stack", name, "items", f"{len(packages)} packages", place) for place in evidence)
    stack = Stack(name, items=tuple(items), sources=tuple(sources), needs=tuple(needs), claims=claims, path=path)
    return stack, sum(not members for members, _ in choices)
