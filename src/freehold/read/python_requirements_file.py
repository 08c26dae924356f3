"""Requirements files of pip: lines, continuations, options, files that include files. Owns that format only.

A file that ``pip-compile`` or ``uv pip compile`` wrote is a lock: its notes say for whom each package is there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from freehold.read.python_metadata import Declared, Project, scope_of_group
from freehold.read.python_requirement import Requirement, normalised, parse_requirement
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Evidence, Skip

__all__ = ["read_requirements", "scope_of_requirements_file"]

_OPTION: Final = re.compile(r"(--?[a-zA-Z][\w-]*)(?:[\s=]+(.*))?$")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*$")
_HASH: Final = re.compile(r"\s--(?:hash|config-settings|global-option|install-option)[=\s]\S+")
_EGG: Final = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")


def scope_of_requirements_file(relative: str) -> str:
    """The scope of a requirements file, told by its name: ``requirements-dev.txt``, ``requirements/test.txt``."""
    words = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\.(txt|in)$", "", relative.lower()))
    words = re.sub(r"(?:^|-)(?:requirements|constraints|base|common|main|prod|production)(?=$|-)", "", words)
    return scope_of_group(words.strip("-"), "run")


def _logical(text: str) -> Iterator[tuple[int, str]]:
    start, held = 0, ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", raw) if not held or "#" in raw else raw
        start = start or number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] + " "
            continue
        yield start, (held + line).strip()
        start, held = 0, ""
    if held:
        yield start, held.strip()


def _named_by_address(line: str) -> Requirement | None:
    egg = _EGG.search(line)
    if egg:
        return Requirement(normalised(egg[1]), (), None, line.partition("#")[0])
    wheel = re.search(r"/([A-Za-z0-9_.]+)-(\d[^-/]*)-[^/]+\.whl", line)
    return Requirement(normalised(wheel[1]), (), wheel[2], line.partition(" ")[0]) if wheel else None


def read_requirements(file: SourceFile, text: str) -> Project:
    """Read a requirements file; files it names are in ``includes`` and ``constraints``, relative to the folder."""
    scope = scope_of_requirements_file(file.relative)
    declared: list[Declared] = []
    indexes: list[tuple[str, Evidence]] = []
    includes: list[str] = []
    constraints: list[str] = []
    skips: list[Skip] = []
    bad: list[str] = []
    for number, line in _logical(text):
        if not line:
            continue
        where = Evidence(file.relative, number)
        option = _OPTION.match(line) if line.startswith("-") else None
        if option:
            name, value = option[1], (option[2] or "").strip()
            if name in {"-r", "--requirement", "-c", "--constraint"} and value:
                target = constraints if name in {"-c", "--constraint"} else includes
                target.append(posixpath.normpath(posixpath.join(file.folder, value)))
            elif name in {"-i", "--index-url", "--extra-index-url", "-f", "--find-links"} and "://" in value:
                indexes.append((value, where))
            elif name in {"-e", "--editable"}:
                requirement = _named_by_address(value) if "://" in value else None
                declared += [Declared(requirement, scope, file.folder, where)] if requirement else []
            continue
        line = _HASH.sub("", line)
        requirement = parse_requirement(line) if "://" not in line or "@" in line.partition("://")[0] else None
        requirement = requirement or (_named_by_address(line) if "://" in line else None)
        if requirement is None:
            if not line.startswith((".", "/")):
                bad.append(line[:80])
            continue
        declared.append(Declared(requirement, scope, file.folder, where))
    if bad:
        skips.append(Skip(file.relative, "syntax", f"{len(bad)} line(s) not understood, the first: {_without_user(bad[0])!r}."))
    outside = f"{file.relative} includes a file outside of the folder; it was not read."
    skips += [
        Skip(name, "link", outside) for name in (*includes, *constraints) if name.startswith(("../", "/")) or name == ".."
    ]
    return Project(
        file.folder,
        declared=tuple(declared),
        indexes=tuple(indexes),
        skips=tuple(skips),
        includes=tuple(includes),
        constraints=tuple(constraints),
    )


def _without_user(text: str) -> str:
    return re.sub(r"://[^/@\s]*@", "://", text)
