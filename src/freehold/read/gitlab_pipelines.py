"""GitLab CI: what a pipeline includes, its images by variables, its registry, and the runners that it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from freehold.read.containers import filled, image_findings, unfilled
from freehold.read.findings import Findings
from freehold.read.hosts import is_public, reversed_host
from freehold.read.remote_sources import git_contact, git_findings
from freehold.read.walk import SourceFile
from freehold.read.workflow_tree import hosts_of_settings, named_images, values_under
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Contact, Evidence, Skip

__all__ = ["read_gitlab"]

_OWN_REGISTRY: Final = re.compile(r"\$\{?CI_REGISTRY(?:_IMAGE)?\b")
_PROXY: Final = re.compile(r"\$\{?CI_DEPENDENCY_PROXY_(?:DIRECT_)?GROUP_IMAGE_PREFIX\}?/")
_SERVER: Final = re.compile(r"\$\{?CI_SERVER_(?:FQDN|HOST)\}?")
_COMPONENT: Final = re.compile(r"([^/@]+)/([\w./-]+)/([\w.-]+)@([\w.~/-]+)$")
_GITLAB: Final = "com.gitlab"
_MOST_TAGS: Final = 5


def read_gitlab(file: SourceFile, documents: Iterable[Node], operator: str) -> Findings:
    """Read what only pipelines of GitLab hold; images by name and commands are read for all services alike.

    Parameters
    ----------
    file, documents
        The file, and what it parses to.
    operator
        Reversed host of the GitLab that runs it.
    """
    parts: list[Findings] = []
    for document in documents:
        variables = _variables(document)
        tags: set[str] = set()
        for name, node in values_under(document):
            if name == "include":
                parts += (found for one in (node, *(node.items or ())) for found in _included(file, one, operator))
            elif name == "variables":
                parts.append(Findings(contacts=tuple(hosts_of_settings(node, file.relative))))
            elif name in {"image", "services"}:
                parts += _images(file, node, variables)
            elif name == "tags":
                tags |= {item.text for item in node.items or () if item.text}
            if node.text and _OWN_REGISTRY.search(node.text):
                parts.append(_registry(file, operator, node.line))
            parts += [
                _registry(file, operator, item.line)
                for item in node.items or ()
                if item.text and _OWN_REGISTRY.search(item.text)
            ]
        if tags:
            shown = ", ".join(sorted(tags)[:_MOST_TAGS]) + (" …" if len(tags) > _MOST_TAGS else "")
            detail = f"Jobs ask for runners tagged {shown}: whose machines they are does not stand in the file."
            parts.append(Findings(skips=(Skip(file.relative, "incomplete", detail),)))
    return Findings.of(parts)


def _variables(document: Node) -> dict[str, str]:
    """The pipeline's variables; those of a job stand for all jobs, the first of a name for it."""
    found: dict[str, str] = {}
    for name, node in values_under(document):
        for key, value in (node.pairs or ()) if name == "variables" else ():
            text = value.text if value.text is not None else value.words("value")
            if text is not None:
                found.setdefault(key, text)
    return found


def _registry(file: SourceFile, operator: str, line: int) -> Findings:
    host = f"{operator}.registry" if operator == _GITLAB else operator
    if not host:
        return Findings()
    return Findings(contacts=(Contact(host, "image-registry", "change", evidence=(Evidence(file.relative, line),)),))


def _images(file: SourceFile, node: Node, variables: Mapping[str, str]) -> Iterator[Findings]:
    for image in named_images(node):
        if not image.text or (re.search(r"[:/@]", image.text) and "$" not in image.text):
            continue
        if _OWN_REGISTRY.search(image.text):
            continue
        # a variable may stand for others in turn
        text = filled(filled(_PROXY.sub("", image.text), variables), variables)
        if "$" in text:
            yield Findings(skips=(unfilled(file.relative, image.line),))
        else:
            yield image_findings(text, "build", Evidence(file.relative, image.line))


def _included(file: SourceFile, node: Node, operator: str) -> Iterator[Findings]:
    where = Evidence(file.relative, node.line)
    remote = node.words("remote") or (node.text if node.text and "://" in node.text else None)
    if remote and (contact := git_contact(remote, where)):
        yield Findings(contacts=(contact,))
    project = node.words("project")
    if project and operator == _GITLAB:
        yield git_findings(f"{_address(operator)}/{project}", where, ref=node.words("ref"))
    component = _COMPONENT.match(_SERVER.sub(_address(operator).removeprefix("https://"), node.words("component") or ""))
    if component and is_public(component[1]):
        found = git_findings(f"https://{component[1]}/{component[2]}", where, ref=component[4])
        contact = Contact(reversed_host(component[1]), "forge", "change", evidence=(where,))
        yield Findings(found.components, found.contacts or (contact,))


def _address(operator: str) -> str:
    return "https://" + reversed_host(operator)
