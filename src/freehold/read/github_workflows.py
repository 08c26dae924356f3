"""GitHub Actions, and what follows its syntax: runners, matrices, settings, logins at registries and clouds.

Owns the expressions ``${{ env.X }}`` and ``${{ matrix.X }}``, as far as their values stand in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Final

from freehold.read.containers import image_findings
from freehold.read.findings import Findings
from freehold.read.hosts import is_public, registry_of, reversed_host
from freehold.read.walk import SourceFile
from freehold.read.workflow_tree import hosts_of_settings, named_images, values_under
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Contact, Evidence, Skip

__all__ = ["is_action", "read_github"]

_EXPRESSION: Final = re.compile(r"\$\{\{\s*(env|matrix)\.([\w-]+)\s*\}\}")
_HOSTED: Final = re.compile(r"(?:ubuntu|windows|macos)-[a-z0-9.-]+$", re.IGNORECASE)
_ROLE: Final = re.compile(r"arn:(aws[a-z-]*):iam::")
_ROLES: Final = {"aws": "com.amazonaws.sts", "aws-cn": "cn.com.amazonaws.sts", "aws-us-gov": "com.amazonaws.sts"}
"""Where an identity is exchanged for a role, by the partition that the role's name states."""
_POOL: Final = re.compile(r"projects/[^/]+/locations/[^/]+/workloadIdentityPools/")
_MOST_VALUES: Final = 50
_MOST_LABELS: Final = 5


def is_action(document: Node) -> bool:
    """Whether it is an action: something that says what runs it."""
    runs = document.get("runs")
    return runs is not None and runs.words("using") is not None


def read_github(file: SourceFile, documents: Iterable[Node]) -> Findings:
    """Read what only workflows of this syntax hold; steps and commands are read for all services alike."""
    parts: list[Findings] = []
    for document in documents:
        settings = _settings(document)
        runs = document.get("runs")
        image = runs.get("image") if runs else None
        if image is not None and image.text and image.text.startswith("docker://"):
            parts.append(image_findings(image.text[len("docker://") :], "run", Evidence(file.relative, image.line)))
        for name, node in values_under(document):
            if name == "env":
                parts.append(Findings(contacts=tuple(hosts_of_settings(node, file.relative))))
            elif name == "with":
                parts.append(Findings(contacts=tuple(_given(file, node, settings))))
        seen: set[int] = set()
        for _, job in (document.get("jobs") or Node(0)).pairs or ():
            parts += _images(file, job, settings, seen)
        labels = sorted({label for label in _labels(document, settings) if not _HOSTED.match(label)})
        if labels:
            shown = ", ".join(labels[:_MOST_LABELS]) + (" …" if len(labels) > _MOST_LABELS else "")
            detail = f"Jobs run on machines labelled {shown}: whose they are does not stand in the file."
            parts.append(Findings(skips=(Skip(file.relative, "incomplete", detail),)))
    return Findings.of(parts)


def _settings(document: Node) -> dict[str, list[str]]:
    """Values of ``env.X`` and ``matrix.X``, all jobs together."""
    found: dict[str, dict[str, None]] = {}

    def keep(name: str, node: Node) -> None:
        if node.text is not None and len(found.setdefault(name, {})) < _MOST_VALUES:
            found[name][node.text] = None

    for name, node in values_under(document):
        if name == "env":
            for key, value in node.pairs or ():
                keep(f"env.{key}", value)
        elif name == "matrix":
            for key, value in node.pairs or ():
                for one in value.items or ():
                    if key != "include":
                        keep(f"matrix.{key}", one)
                    for inner, given in (one.pairs or ()) if key == "include" else ():
                        keep(f"matrix.{inner}", given)
    return {name: list(values) for name, values in found.items()}


def _filled(text: str, settings: Mapping[str, list[str]]) -> Iterator[str]:
    """The text for each value of what it names, as many as are worth it; nothing where one is not known."""
    names = list(dict.fromkeys(f"{match[1]}.{match[2]}" for match in _EXPRESSION.finditer(text)))
    if any(name not in settings for name in names) or len(names) > 3 or len(text) > 500:
        return
    for number, values in enumerate(product(*(settings[name] for name in names))):
        if number >= _MOST_VALUES:
            return
        known = dict(zip(names, values, strict=True))
        whole = _EXPRESSION.sub(lambda match, known=known: known[f"{match[1]}.{match[2]}"], text)  # type: ignore[misc]
        if "${{" not in whole:
            yield whole


def _labels(document: Node, settings: Mapping[str, list[str]]) -> Iterator[str]:
    for name, node in values_under(document):
        if name != "runs-on":
            continue
        group = node.words("group")
        if group:
            yield group
        named = node.get("labels") or node
        for one in (named, *(named.items or ())):
            if one.text:
                yield from _filled(one.text, settings)


def _images(file: SourceFile, job: Node, settings: Mapping[str, list[str]], seen: set[int]) -> Iterator[Findings]:
    services = job.get("services")
    held = (services.pairs if services is not None and id(services) not in seen else None) or ()
    nodes = [node for node in (job.get("container"), *(node for _, node in held)) if node is not None and id(node) not in seen]
    seen.update(map(id, nodes))
    seen.add(id(services))
    for image in (image for node in nodes for image in named_images(node)):
        if not image.text or "${{" not in image.text:
            # an image by its name alone is one here, where nothing else can stand
            yield image_findings(image.text or "", "build", Evidence(file.relative, image.line))
            continue
        named = list(_filled(image.text, settings))
        for one in named:
            yield image_findings(one, "build", Evidence(file.relative, image.line))
        if not named:
            detail = f"Line {image.line} names an image by an expression that is only known when it runs."
            yield Findings(skips=(Skip(file.relative, "incomplete", detail),))


def _given(file: SourceFile, node: Node, settings: Mapping[str, list[str]]) -> Iterator[Contact]:
    """What an action is given: registries it logs in at, clouds whose role it takes, other hosts."""
    yield from hosts_of_settings(
        Node(node.line, pairs=[pair for pair in node.pairs or () if "registry" not in pair[0]]), file.relative
    )
    for name, value in node.pairs or ():
        where = (Evidence(file.relative, value.line),)
        text = next(_filled(value.text, settings), "") if value.text else ""
        role = _ROLE.match(text) if name == "role-to-assume" else None
        if role and role[1] in _ROLES:
            yield Contact(_ROLES[role[1]], "service", "change", evidence=where)
        elif name == "workload_identity_provider" and _POOL.match(text):
            yield Contact("com.googleapis.sts", "service", "change", evidence=where)
        elif name == "registry":
            host = text.removeprefix("https://").partition("/")[0].partition(":")[0].lower()
            if is_public(host):
                yield Contact(reversed_host(host), "image-registry", "change", evidence=where)
        elif name == "registry-url" and (registry := registry_of(text)):
            yield Contact(registry, "registry", "change", evidence=where)
