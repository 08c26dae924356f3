"""Dockerfiles: the images they build on and copy from, what they fetch, what they set. Owns their instructions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from freehold.read.containers import LONGEST_IMAGE, filled, image_findings, unfilled
from freehold.read.findings import Findings
from freehold.read.mentions import Mention, host_of
from freehold.read.shell import contacts_of_commands
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Contact, Evidence, Skip

__all__ = ["DockerfileReader", "is_dockerfile", "read_dockerfile"]

_DIRECTIVE: Final = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(\S+)", re.IGNORECASE)
_INSTRUCTION: Final = re.compile(r"\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)
_FROM: Final = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?\s*$", re.IGNORECASE)
_COPY: Final = re.compile(r"--from=(\S+)")
_MOUNT: Final = re.compile(r"--mount=(\S+)")
_HEREDOC: Final = re.compile(r"(?<!\S)\d*<<-?([\"']?)([A-Za-z_]\w*)\1(?!\S)")
_SETTING: Final = re.compile(r"(?<!\w)([A-Za-z_]\w*+)=(\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|\S*)")
_VARIANT: Final = re.compile(r"[.-](?:dev|development|debug|test|ci|local|tilt)(?:[.-]|$)")
_TAKES_TEXT: Final = frozenset({"RUN", "COPY", "ADD"})


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name (lower case) holds instructions for an image."""
    return name.startswith(("dockerfile", "containerfile")) or name.endswith(".dockerfile")


class DockerfileReader:
    """Reads one Dockerfile or Containerfile."""

    name = "dockerfile"

    def recognises(self, file: SourceFile) -> bool:
        """Whether a file of this name holds instructions for an image."""
        return is_dockerfile(file.name.lower()) and file.place in {"run", "script"}

    def read(self, file: SourceFile, text: str) -> Findings:
        """Read its instructions."""
        return read_dockerfile(file, text)


@dataclass(frozen=True, slots=True)
class _Instruction:
    line: int
    name: str
    rest: str
    text: str = ""
    text_line: int = 0


@dataclass(slots=True)
class _Build:
    """What has been read so far; ``stages`` are the image, the name given to it, and the line."""

    file: str
    before: dict[str, str] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)
    stages: list[tuple[str, str, int]] = field(default_factory=list)
    others: list[tuple[str, int]] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


def _instructions(text: str, above: int) -> Iterator[_Instruction | int]:
    """Each instruction, with the text that its here-documents hold; a bare line number where one is never closed."""
    rows = text.splitlines()
    at, escape, opening = 0, "\\", True
    while at < len(rows):
        stripped = rows[at].strip()
        if not stripped or stripped.startswith("#"):
            directive = _DIRECTIVE.match(stripped) if opening else None
            if directive and directive[1].lower() == "syntax":
                yield _Instruction(above + at + 1, "SYNTAX", directive[2])
            elif directive and directive[1].lower() == "escape" and directive[2] == "`":
                escape = "`"
            opening = directive is not None
            at += 1
            continue
        opening, start, held = False, at, []
        while at < len(rows):
            row = rows[at]
            at += 1
            if row.lstrip().startswith("#"):
                continue
            if not row.rstrip().endswith(escape):
                held.append(row)
                break
            held.append(row.rstrip()[:-1])
        match = _INSTRUCTION.match("\n".join(held))
        if match is None:
            continue
        name, body, body_line = match[1].upper(), [], above + at + 1
        inner = match[2].lstrip().upper() if name == "ONBUILD" else name
        if inner.startswith(tuple(_TAKES_TEXT)):
            for _, mark in _HEREDOC.findall(match[2]):
                end = next((row for row in range(at, len(rows)) if rows[row].strip() == mark), None)
                if end is None:
                    yield above + start + 1
                    return
                body += rows[at:end]
                at = end + 1
        yield _Instruction(above + start + 1, name, match[2], "\n".join(body), body_line)


def read_dockerfile(file: SourceFile, text: str, above: int = 0) -> Findings:
    """Read a Dockerfile: the images it builds on, what it fetches, what it sets.

    The image of the last stage, and those it copies from or is built on, is needed to run; the others to build.

    Parameters
    ----------
    file, text
        The file, and the instructions in it.
    above
        How many lines of the file stand before them.
    """
    build = _Build(file.relative)
    for found in _instructions(text, above):
        if isinstance(found, int):
            detail = f"The text that begins in line {found} is never closed; what follows was not read."
            build.skips.append(Skip(file.relative, "syntax", detail))
        else:
            _take(build, found)
    names = {name for _, name, _ in build.stages if name}
    last = build.stages[-1][0].lower() if build.stages else ""
    running = {len(build.stages) - 1}
    for at in range(len(build.stages) - 1, -1, -1):
        if build.stages[at][1] and build.stages[at][1] == last:
            running.add(at)
            last = build.stages[at][0].lower()
    images = [(image, "run" if at in running else "build", line) for at, (image, _, line) in enumerate(build.stages)]
    images += [(image, "build", line) for image, line in build.others if not image.isdigit()]
    parts = []
    variant = _VARIANT.search(file.name.lower()) is not None
    for image, scope, line in images:
        if image.lower() in names:
            continue
        if "$" in image:
            if not _is_stage(image, names):
                build.skips.append(unfilled(file.relative, line))
            continue
        scope = "development" if variant else scope if file.place == "run" else "build"
        parts.append(image_findings(image, scope, Evidence(file.relative, line)))
    return Findings.of([*parts, Findings(contacts=tuple(build.contacts), skips=tuple(dict.fromkeys(build.skips)))])


def _is_stage(image: str, names: set[str]) -> bool:
    """Whether one stage for each platform may be meant: ``base-$`` beside ``base-arm64``."""
    begin, _, end = image.lower().partition("$")
    end = end.rpartition("$")[2]
    return bool(begin or end) and any(name.startswith(begin) and name.endswith(end) for name in names)


def _take(build: _Build, found: _Instruction) -> None:
    name, rest, line = found.name, found.rest, found.line
    if name == "ONBUILD":
        inner = _INSTRUCTION.match(rest)
        if inner is None or inner[1].upper() in {"FROM", "ONBUILD"}:
            return
        name, rest = inner[1].upper(), inner[2]
    if name == "SYNTAX":
        build.others.append((rest, line))
    elif name == "FROM":
        _stage(build, rest, line)
    elif name == "ARG":
        _arguments(build, rest, line)
    elif name == "ENV":
        for setting, value in _SETTING.findall(rest):
            value = value.strip("\"'")
            build.inside[setting] = value[:LONGEST_IMAGE]
            build.contacts += _set(build.file, setting, value, line, "run")
    elif name == "COPY" and (origin := _COPY.search(rest)):
        build.others.append((filled(origin[1], build.inside), line))
    elif name in {"RUN", "ADD"}:
        build.contacts += contacts_of_commands(rest, build.file, line)
        if name == "RUN":
            build.contacts += contacts_of_commands(found.text, build.file, found.text_line)
            for mount in _MOUNT.findall(rest):
                origins = [part.removeprefix("from=") for part in mount.split(",") if part.startswith("from=")]
                build.others += [(filled(origin, build.inside), line) for origin in origins if origin]


def _stage(build: _Build, rest: str, line: int) -> None:
    named = filled(rest, build.before)
    match = _FROM.match(named)
    build.inside = {}
    if not named:
        build.skips.append(Skip(build.file, "too-large", f"Line {line} names an image at a length that no name has."))
    elif match:
        build.stages.append((match[1], (match[2] or "").lower(), line))


def _arguments(build: _Build, rest: str, line: int) -> None:
    settings: Mapping[str, str] = {name: value.strip("\"'") for name, value in _SETTING.findall(rest)}
    known = build.inside if build.stages else build.before
    for name, value in settings.items():
        known[name] = filled(value, known)[:LONGEST_IMAGE]
        build.contacts += _set(build.file, name, value, line, "change")
    if build.stages:
        # an argument named without a value within a stage is the one that stands before all stages
        known.update({word: build.before[word] for word in rest.split() if word in build.before})


def _set(file: str, name: str, value: str, line: int, scope: str) -> list[Contact]:
    host = host_of(Mention(value, line, (name,), data=True))
    return [Contact(host, "service", scope, evidence=(Evidence(file, line),))] if host else []
