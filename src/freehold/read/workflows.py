"""Continuous integration: who runs it, the actions and images it uses, the hosts its commands fetch from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from freehold.read.containers import image_findings
from freehold.read.findings import Findings
from freehold.read.shell import contacts_of_commands
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = ["operator_of", "read_jenkinsfile", "read_workflow"]

_OPERATORS: Final = (
    (re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$"), "com.github"),
    (re.compile(r"(?:^|/)\.github/actions/.+/action\.ya?ml$"), "com.github"),
    (re.compile(r"^\.gitlab-ci\.ya?ml$"), "com.gitlab"),
    (re.compile(r"^\.circleci/config\.ya?ml$"), "com.circleci"),
    (re.compile(r"^azure-pipelines[\w.-]*\.ya?ml$"), "com.azure.dev"),
    (re.compile(r"^bitbucket-pipelines\.ya?ml$"), "org.bitbucket"),
    (re.compile(r"^\.travis\.ya?ml$"), "com.travis-ci"),
    (re.compile(r"^\.(?:forgejo|gitea)/workflows/[^/]+\.ya?ml$"), ""),
    (re.compile(r"^\.woodpecker(?:/[^/]+)?\.ya?ml$"), ""),
)
_ACTION: Final = re.compile(r"([\w.-]+)/([\w.-]+)((?:/[\w.-]+)*)@([\w./-]+)$")
_COMMANDS: Final = frozenset(
    {"run", "script", "before_script", "after_script", "command", "commands", "bash", "pwsh", "install", "before_install"}
)


def operator_of(relative: str, forge: str | None = None) -> str | None:
    """Who runs a workflow file, as a reversed host; ``None`` if the file is no workflow, empty if it does not say.

    Parameters
    ----------
    relative
        The file's path within the folder.
    forge
        Reversed host of the folder's Git remote: services that are part of a forge run where the forge is.
    """
    for pattern, operator in _OPERATORS:
        if pattern.search(relative):
            inside = operator in {"com.gitlab", ""}
            return forge if inside and forge and (not operator or "gitlab" in forge) else operator
    return None


def _steps(node: Node) -> Iterator[tuple[str, Node]]:
    """Every key with its value, anywhere in the tree, each node once."""
    seen: set[int] = set()
    pending = [node]
    while pending:
        here = pending.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        for name, inner in here.pairs or ():
            yield name, inner
            pending.append(inner)
        pending += here.items or ()


def _texts(node: Node) -> Iterable[Node]:
    return [node] if node.text is not None else [item for item in node.items or () if item.text is not None]


def read_workflow(file: SourceFile, documents: Iterable[Node], operator: str) -> Findings:
    """Read one workflow file, of whatever service: their steps look alike."""
    components: list[Component] = []
    contacts: list[Contact] = []
    skips: list[Skip] = []
    if operator:
        contacts.append(Contact(operator, "ci", "change", evidence=(Evidence(file.relative),)))
    else:
        skips.append(Skip(file.relative, "incomplete", "The file does not say which server runs it."))
    for document in documents:
        for name, node in _steps(document):
            if name == "uses" and node.text:
                found = _uses(node.text, Evidence(file.relative, node.line))
            elif name in {"image", "container", "services"}:
                found = _images(node, file.relative)
            elif name in _COMMANDS:
                inside = [
                    contact
                    for text in _texts(node)
                    for contact in contacts_of_commands(text.text or "", file.relative, text.line + ("\n" in (text.text or "")))
                ]
                found = Findings(contacts=tuple(inside))
            else:
                continue
            components += found.components
            contacts += found.contacts
    return Findings(tuple(components), tuple(contacts), tuple(skips))


def _uses(text: str, where: Evidence) -> Findings:
    if text.startswith("docker://"):
        return image_findings(text[len("docker://") :], "build", where)
    match = _ACTION.match(text)
    if match is None:
        return Findings()
    inner = match[3].strip("/")
    identity = f"pkg:githubactions/{match[1]}/{match[2]}@{match[4]}" + (f"#{inner}" if inner else "")
    name = f"{match[1]}/{match[2]}" + (f"/{inner}" if inner else "")
    component = Component(
        identity, name, match[4], scope="build", direct=True, repository=f"com.github/{match[1]}/{match[2]}", evidence=(where,)
    )
    return Findings((component,))


def _images(node: Node, file: str) -> Findings:
    named = (
        [node] if node.text else [inner for inner in (node.get("image"), node.get("name")) if inner is not None and inner.text]
    )
    named += [item for item in node.items or () if item.text]
    found = [
        image_findings(image.text, "build", Evidence(file, image.line))
        for image in named
        if image.text and re.search(r"[:/@]", image.text) and "$" not in image.text
    ]
    return Findings(
        tuple(component for one in found for component in one.components),
        tuple(contact for one in found for contact in one.contacts),
    )


def read_jenkinsfile(file: SourceFile) -> Findings:
    """A ``Jenkinsfile`` says that there is a server of one's own, not where."""
    return Findings(
        skips=(Skip(file.relative, "incomplete", "A Jenkins server runs it; which one is not written in the folder."),)
    )
