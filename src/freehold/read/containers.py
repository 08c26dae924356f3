"""Container images: Dockerfiles, compose files, and how an image's name becomes a component. Owns image names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Final

from freehold.read.findings import Findings
from freehold.read.hosts import is_public, reversed_host
from freehold.read.mentions import Mention, host_of
from freehold.read.shell import contacts_of_commands
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = [
    "DEFAULT_REGISTRY",
    "compose_includes",
    "compose_mains",
    "image_findings",
    "is_compose",
    "is_dockerfile",
    "read_compose",
    "read_dockerfile",
]

DEFAULT_REGISTRY: Final = "com.docker.hub"
"""Where an image without a host in its name comes from."""

_DOCKER: Final = frozenset({"io.docker", "io.docker.index", "io.docker.registry-1", DEFAULT_REGISTRY})
_IMAGE: Final = re.compile(
    r"(?:(?P<host>(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(?::\d+)?|localhost(?::\d+)?|[A-Za-z0-9-]+:\d+)/)?"
    r"(?P<path>[a-z0-9._-]+(?:/[a-z0-9._-]+)*)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]+))?$"
)
_INSTRUCTION: Final = re.compile(r"\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_]\w*)(?::?[-+]([^{}]*))?\}|\$([A-Za-z_]\w*)")
_FROM: Final = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?\s*$", re.IGNORECASE)
_COPY: Final = re.compile(r"--from=(\S+)")
_DEVELOPMENT: Final = re.compile(r"[.-](?:dev|development|test|ci|local|override)(?:[.-]|$)")
_LONGEST: Final = 500
_SETTING: Final = re.compile(r"(?<!\w)([A-Za-z_]\w*+)=(\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|\S*)")


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name (lower case) holds instructions for an image."""
    return name.startswith(("dockerfile", "containerfile")) or name.endswith(".dockerfile")


def is_compose(name: str) -> bool:
    """Whether a file of this name (lower case) is a compose file."""
    return name.endswith((".yml", ".yaml")) and ("compose" in name or name.startswith("docker-stack"))


def image_findings(image: str, scope: str, where: Evidence) -> Findings:
    """An image by its name as a component, and the host that it is pulled from as a contact."""
    match = _IMAGE.match(image.strip())
    if match is None or match["path"] == "scratch":
        return Findings()
    host = (match["host"] or "").lower().partition(":")[0]
    if reversed_host(host) in _DOCKER:
        host = ""
    if match["host"] and host and not is_public(host):
        return Findings()
    space, _, name = match["path"].rpartition("/")
    version = match["digest"] or match["tag"]
    source = f"{host}/{space}".rstrip("/")
    identity = f"pkg:docker/{'' if host or not space else space + '/'}{name}"
    identity += (f"@{version}" if version else "") + (f"?repository_url={source}" if host else "")
    registry = reversed_host(host) if host else DEFAULT_REGISTRY
    component = Component(identity, match["path"], version, scope=scope, direct=True, registry=registry, evidence=(where,))
    change = Contact(registry, "image-registry", "change", evidence=(where,))
    return Findings((component,), (change,))


def _instructions(text: str) -> Iterable[tuple[int, str, str]]:
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.lstrip().startswith("#"):
            continue
        start = start or number
        if raw.rstrip().endswith("\\"):
            held += raw.rstrip()[:-1] + "\n"
            continue
        match = _INSTRUCTION.match(held + raw)
        if match:
            yield start, match[1].upper(), match[2]
        held, start = "", 0


def _filled(text: str, known: Mapping[str, str]) -> str:
    # each name may stand for more than itself, so what is filled in is bounded before it is
    if len(text) > _LONGEST:
        return ""
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[3]) or match[2] or "$", text)


def _scope(file: SourceFile, scope: str) -> str:
    if _DEVELOPMENT.search(file.name.lower()):
        return "development"
    return scope if file.place == "run" else "build"


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
        named.update(item.text or item.words("path") or "" for item in (document.get("include") or Node(0)).items or ())
    return frozenset(posixpath.normpath(posixpath.join(file.folder, name)) for name in named if name)


def read_dockerfile(file: SourceFile, text: str) -> Findings:
    """Read a Dockerfile: the images it builds on, what it fetches, what it sets.

    The image of the last stage, and those it copies from or is built on, is needed to run; the others to build.
    """
    known: dict[str, str] = {}
    stages: list[tuple[str, str, int]] = []
    copied: list[tuple[str, int]] = []
    contacts: list[Contact] = []
    skips: list[Skip] = []
    for line, instruction, rest in _instructions(text):
        where = Evidence(file.relative, line)
        if instruction == "ARG" and not stages:
            known.update((name, value.strip("\"'")[:_LONGEST]) for name, value in _SETTING.findall(rest))
        elif instruction == "FROM":
            named = _filled(rest, known)
            match = _FROM.match(named)
            if not named:
                skips.append(Skip(file.relative, "too-large", f"Line {line} names an image at a length that no name has."))
            elif match:
                stages.append((match[1], (match[2] or "").lower(), line))
        elif instruction == "COPY" and (origin := _COPY.search(rest)):
            copied.append((origin[1], line))
        elif instruction in {"RUN", "ADD"}:
            contacts += contacts_of_commands(rest, file.relative, line)
        elif instruction == "ENV":
            for name, value in _SETTING.findall(rest):
                host = host_of(Mention(value.strip("\"'"), line, (name,), data=True))
                contacts += [Contact(host, "service", evidence=(where,))] if host else []
    names = {name for _, name, _ in stages if name}
    last = stages[-1][0].lower() if stages else ""
    running = {len(stages) - 1}
    for at in range(len(stages) - 1, -1, -1):
        if stages[at][1] and stages[at][1] == last:
            running.add(at)
            last = stages[at][0].lower()
    components: list[Component] = []
    images = [
        (image, "run" if at in running else "build", line)
        for at, (image, _, line) in enumerate(stages)
        if image.lower() not in names
    ]
    images += [(image, "build", line) for image, line in copied if image.lower() not in names and not image.isdigit()]
    for image, scope, line in images:
        if "$" in image:
            continue
        found = image_findings(
            image, scope if file.place == "run" or scope == "build" else "build", Evidence(file.relative, line)
        )
        components += found.components
        contacts += found.contacts
    return Findings(tuple(components), tuple(contacts), tuple(skips))


def read_compose(file: SourceFile, documents: Iterable[Node], *, optional: bool = False) -> Findings:
    """Read the images of a compose file's services.

    Parameters
    ----------
    file, documents
        The file, and what it parses to.
    optional
        Whether it is a variant beside another file, or one plug-in's own.
    """
    components: list[Component] = []
    contacts: list[Contact] = []
    development = _DEVELOPMENT.search(file.name.lower()) is not None
    for document in documents:
        services = document.get("services")
        for _, service in (services.pairs if services else None) or ():
            image = service.get("image")
            if image is None or not image.text or service.get("build") is not None:
                continue
            scope = (
                "development"
                if development or file.place == "script"
                else "optional"
                if optional or service.get("profiles")
                else "run"
            )
            found = image_findings(_filled(image.text, {}), scope, Evidence(file.relative, image.line))
            components += found.components
            contacts += found.contacts
    return Findings(tuple(components), tuple(contacts))
