"""Compose files: the images of their services, what they are built from, and which files belong together.

Owns which compose file is the main one, and what a merge (``<<``) or a variable in it stands for.
"""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from freehold.read.configuration import environment_mentions
from freehold.read.containers import filled, image_findings, unfilled
from freehold.read.dockerfile import read_dockerfile
from freehold.read.documents import text_of
from freehold.read.findings import Findings
from freehold.read.interface import Surroundings
from freehold.read.plugins import is_within
from freehold.read.remote_sources import git_contact
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node, parse_yaml
from freehold.stack.inventory import Evidence, Skip

__all__ = ["ComposeReader", "compose_includes", "compose_mains", "read_compose"]

_DEVELOPMENT: Final = re.compile(r"[.-](?:dev|development|test|ci|local|override)(?:[.-]|$)")


class ComposeReader:
    """Reads the compose files of a folder together, for those beside the main one are variants."""

    name = "compose"

    def recognises(self, file: SourceFile) -> bool:
        """Whether it is a compose file, or a file of variables that one may use."""
        name = file.name.lower()
        named = name.endswith((".yml", ".yaml")) and ("compose" in name or name.startswith("docker-stack"))
        return (named or name == ".env") and file.place in {"run", "script"}

    def read(self, files: Sequence[SourceFile], around: Surroundings) -> tuple[Findings, frozenset[str]]:
        """Read them; hosts in their services' environment are left to the reading of values."""
        composed: list[tuple[SourceFile, list[Node]]] = []
        parts: list[Findings] = []
        taken: set[str] = set()
        named = {file.folder: file for file in files if file.name == ".env"}
        for file in files:
            if file.name.lower() == ".env":
                continue
            text = text_of(file)
            documents = text if isinstance(text, Skip) else parse_yaml(file, text)
            if isinstance(documents, Skip):
                parts.append(Findings(skips=(documents,)))
                taken.add(file.relative)
            else:
                composed.append((file, documents))
        mains = compose_mains(file.relative for file, _ in composed)
        mains |= {name for file, documents in composed if file.relative in mains for name in compose_includes(file, documents)}
        variables = {folder: _variables(named[folder]) for folder in {file.folder for file, _ in composed} & named.keys()}
        for file, documents in composed:
            optional = (bool(mains) and file.relative not in mains) or is_within(file.folder, around.plugins)
            parts.append(read_compose(file, documents, optional=optional, known=variables.get(file.folder, {})))
        return Findings.of(parts), frozenset(taken)


def _variables(file: SourceFile) -> dict[str, str]:
    text = text_of(file)
    return {} if isinstance(text, Skip) else {one.keys[-1]: one.text for one in environment_mentions(text) if one.text}


def compose_mains(names: Iterable[str]) -> frozenset[str]:
    """The compose files that start when none is named: the usual names, in the folder nearest the top that has one."""
    usual = [name for name in names if re.fullmatch(r"(?:docker-)?compose\.ya?ml", name.rpartition("/")[2].lower())]
    fewest = min((name.count("/") for name in usual), default=0)
    return frozenset(name for name in usual if name.count("/") == fewest)


def compose_includes(file: SourceFile, documents: Iterable[Node]) -> frozenset[str]:
    """Files that a compose file's services extend, or that it includes, relative to the folder read."""
    named: set[str] = set()
    for document in documents:
        for _, service in (document.get("services") or Node(0)).pairs or ():
            extended = service.get("extends")
            named.add((extended.words("file") if extended else None) or "")
        for item in (document.get("include") or Node(0)).items or ():
            path = item.get("path")
            named.update([item.text or "", *(one.text or "" for one in _each(path))])
    return frozenset(posixpath.normpath(posixpath.join(file.folder, name)) for name in named if name)


def _each(node: Node | None) -> Sequence[Node]:
    """A list's items, or the one value that stands in a list's place."""
    if node is None:
        return ()
    return node.items if node.items is not None else (node,)


class _Merged:
    """Looks keys up where a mapping may take in others with ``<<``; each mapping is searched once for a key."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], Node | None] = {}

    def get(self, node: Node, key: str) -> Node | None:
        """The value under ``key``: the mapping's own, else that of the first it takes in."""
        pending, met = deque([node]), set[int]()
        while pending:
            here = pending.popleft()
            if id(here) in met:
                continue
            met.add(id(here))
            at = (id(here), key)
            if at in self._known:
                found = self._known[at]
            else:
                found = self._known[at] = here.get(key)
                pending.extendleft(reversed(_each(here.get("<<"))) if found is None else ())
            if found is not None:
                self._known[id(node), key] = found
                return found
        return None


def read_compose(
    file: SourceFile, documents: Iterable[Node], *, optional: bool = False, known: Mapping[str, str] | None = None
) -> Findings:
    """Read the images of a compose file's services.

    Parameters
    ----------
    file, documents
        The file, and what it parses to.
    optional
        Whether it is a variant beside another file, or one plug-in's own.
    known
        Variables that the file beside it gives.
    """
    parts: list[Findings] = []
    development = _DEVELOPMENT.search(file.name.lower()) is not None or file.place == "script"
    for document in documents:
        merged, built = _Merged(), set[int]()
        for _, service in (document.get("services") or Node(0)).pairs or ():
            build = merged.get(service, "build")
            if build is not None:
                parts += () if id(build) in built else _built(file, build, known or {})
                built.add(id(build))
                continue
            image = merged.get(service, "image")
            if image is None or not image.text:
                continue
            profiles = merged.get(service, "profiles") is not None
            scope = "development" if development else "optional" if optional or profiles else "run"
            named = filled(image.text, known or {})
            if "$" in named:
                parts.append(Findings(skips=(unfilled(file.relative, image.line),)))
            else:
                parts.append(image_findings(named, scope, Evidence(file.relative, image.line)))
    return Findings.of(parts)


def _built(file: SourceFile, build: Node, known: Mapping[str, str]) -> Iterator[Findings]:
    """What a service that is built here takes from elsewhere: contexts, and a Dockerfile written within the file."""
    contexts = build.get("additional_contexts")
    named = [(build.text or build.words("context") or "", build.line)]
    named += [(node.text or "", node.line) for _, node in (contexts.pairs if contexts else None) or ()]
    listed = (contexts.items if contexts else None) or ()
    named += [((node.text or "").partition("=")[2], node.line) for node in listed]
    for text, line in named:
        context, where = filled(text, known), Evidence(file.relative, line)
        if context.startswith("docker-image://"):
            yield image_findings(context.removeprefix("docker-image://"), "build", where)
        elif contact := git_contact(context, where):
            yield Findings(contacts=(contact,))
    inline = build.get("dockerfile_inline")
    if inline is not None and inline.text:
        # the text of a block begins on the line after its key
        yield read_dockerfile(file, inline.text, inline.line)
