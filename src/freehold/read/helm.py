"""Helm charts: what they depend on, the images that their values name, and templates line by line.

Owns the two halves of an image in a file of values. A template is text with gaps, not YAML: its gaps are never filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from freehold.read.configuration import value_mention
from freehold.read.containers import image_findings
from freehold.read.findings import Findings
from freehold.read.interest import speaks_of_inference
from freehold.read.mentions import Mention, host_of
from freehold.read.remote_sources import chart_findings
from freehold.read.values import findings_of_mentions
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Contact, Evidence, Skip

__all__ = ["read_chart", "read_template", "read_values_file"]

_IMAGE_LINE: Final = re.compile(r"[ \t]*(?:-[ \t]+)?image:[ \t]*[\"']?([^\s\"'#]+)[\"']?[ \t]*(?:#.*)?$")
_IMAGE_GAP: Final = re.compile(r"[ \t]*(?:-[ \t]+)?image:.*\{\{")
_SETTING: Final = re.compile(r"[ \t]*(?:-[ \t]+)?(value|[A-Za-z_][\w.-]*):[ \t]+[\"']?([^\s\"']+)[\"']?[ \t]*$")
_NAME: Final = re.compile(r"[ \t]*-[ \t]+name:[ \t]+[\"']?([\w.-]+)[\"']?[ \t]*$")
_OWN: Final = re.compile(r"ingress|route|gateway$|tls|certificate|virtualservice|annotations|labels", re.IGNORECASE)


def read_chart(file: SourceFile, documents: Iterable[Node]) -> Findings:
    """Read the charts that a chart depends on; those with a condition are optional."""
    parts: list[Findings] = []
    for document in documents:
        for one in (document.get("dependencies") or Node(0)).items or ():
            scope = "optional" if one.get("condition") or one.get("tags") else "run"
            where = Evidence(file.relative, one.line)
            name, repository = one.words("name") or "", one.words("repository") or ""
            found = chart_findings(name, one.words("version"), repository, scope, where)
            if repository.startswith(("@", "alias:")):
                detail = f"Line {one.line}: the chart '{name}' comes from a repository that is named only by an alias."
                found = Findings(skips=(Skip(file.relative, "incomplete", detail),))
            parts.append(found)
    return Findings.of(parts)


def read_values_file(file: SourceFile, text: str, documents: Iterable[Node]) -> Findings:
    """Read the images, hosts and models of a file of values; hosts of what it serves are its own."""
    images: list[Findings] = []
    mentions: dict[bool, list[Mention]] = {False: [], True: []}
    pending: list[tuple[tuple[str, ...], Node, bool]] = [((), document, False) for document in documents]
    seen: set[int] = set()
    usual = "development" if file.place == "script" else "run"
    while pending:
        keys, node, off = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        off = off or node.words("enabled") == "false"
        scope = "optional" if off else usual
        named, value = node.words("name"), node.get("value")
        if node.text:
            mentions[off].append(value_mention(node.text, node.line, keys))
        if named and value is not None and value.text:
            mentions[off].append(value_mention(value.text, value.line, (named,)))
        image, line = _image(node, keys[-1].lower() if keys else "")
        if image:
            images.append(image_findings(image, scope, Evidence(file.relative, line), kind="platform"))
        for name, inner in node.pairs or ():
            if name == "image" and inner.text and re.search(r"[:/@]", inner.text):
                images.append(image_findings(inner.text, scope, Evidence(file.relative, inner.line), kind="platform"))
            elif (
                not _OWN.search(name) and not (image and name in {"registry", "repository"}) and not (named and inner is value)
            ):
                pending.append(((*keys[-5:], name), inner, off))
        pending += [(keys, item, off) for item in node.items or ()]
    inference = speaks_of_inference(text.encode())
    used, unused = (findings_of_mentions(file, text, mentions[off], frozenset(), inference=inference) for off in (False, True))
    aside = Findings(
        tuple(replace(one, scope="optional") for one in unused.components),
        tuple(replace(one, optional=True) for one in unused.contacts),
    )
    return Findings.of([*images, used, aside])


def _image(node: Node, key: str) -> tuple[str, int]:
    """The image whose parts stand side by side: ``registry``, ``repository``, ``tag``, ``digest``."""
    repository = node.get("repository") or (node.get("name") if key.endswith("image") else None)
    if repository is None or not repository.text or not (node.get("tag") or node.get("digest") or node.get("pullPolicy")):
        return "", 0
    registry, tag, digest = node.words("registry"), node.words("tag"), node.words("digest")
    text = f"{registry}/{repository.text}" if registry else repository.text
    text += (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    return text, repository.line


def read_template(file: SourceFile, text: str) -> Findings:
    """Read the lines of a template that stand without gaps, and say how many images are filled in from elsewhere."""
    images: list[Findings] = []
    contacts: list[Contact] = []
    gaps, named = 0, ""
    for number, row in enumerate(text.splitlines(), 1):
        if len(row) > 1000:
            continue
        if "{{" in row:
            gaps += _IMAGE_GAP.match(row) is not None
            continue
        where = Evidence(file.relative, number)
        if match := _IMAGE_LINE.match(row):
            images.append(image_findings(match[1], "run", where, kind="platform"))
        elif match := _NAME.match(row):
            named = match[1]
        elif match := _SETTING.match(row):
            contacts += _called(match, named, where)
    filled = f"; {gaps} image(s) in it are filled in from values" if gaps else ""
    skip = Skip(file.relative, "incomplete", f"It is a template, and was read line by line without its gaps{filled}.")
    test = "/tests/" in f"/{file.relative}"
    return Findings.of([*([] if test else images), Findings(contacts=tuple(contacts), skips=(skip,))])


def _called(match: re.Match[str], named: str, where: Evidence) -> Iterator[Contact]:
    host = host_of(value_mention(match[2], where.line, (named if match[1] == "value" and named else match[1],)))
    if host:
        yield Contact(host, "service", evidence=(where,))
