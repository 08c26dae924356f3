"""Continuous integration: who runs it, the actions and images it uses, the hosts its commands fetch from.

Owns what the files of all services have in common; what only one of them writes stands in a module of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from freehold.read.containers import image_findings
from freehold.read.documents import text_of
from freehold.read.findings import Findings
from freehold.read.github_workflows import is_action, read_github
from freehold.read.gitlab_pipelines import read_gitlab
from freehold.read.interface import Surroundings
from freehold.read.purls import canonical
from freehold.read.remote_sources import git_findings
from freehold.read.shell import contacts_of_commands
from freehold.read.walk import SourceFile
from freehold.read.workflow_tree import named_images, values_under
from freehold.read.yaml_tree import Node, parse_yaml
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = ["WorkflowReader", "operator_of", "read_workflow"]

_OPERATORS: Final = (
    (re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$"), "com.github"),
    (re.compile(r"(?:^|/)\.github/actions/.+/action\.ya?ml$"), "com.github"),
    (re.compile(r"^(?:.+/)?[\w-]*\.gitlab-ci\.ya?ml$|^\.gitlab/ci/.+\.ya?ml$"), "com.gitlab"),
    (re.compile(r"^\.circleci/config\.ya?ml$"), "com.circleci"),
    (re.compile(r"^azure-pipelines[\w.-]*\.ya?ml$"), "com.azure.dev"),
    (re.compile(r"^bitbucket-pipelines\.ya?ml$"), "org.bitbucket"),
    (re.compile(r"^\.travis\.ya?ml$"), "com.travis-ci"),
    (re.compile(r"^\.(?:forgejo|gitea)/workflows/[^/]+\.ya?ml$"), ""),
    (re.compile(r"^\.woodpecker(?:/[^/]+)?\.ya?ml$"), ""),
)
_GITHUB: Final = re.compile(r"(?:^|/)\.(?:github|forgejo|gitea)/")
_OWN_ACTION: Final = re.compile(r"(?:^|/)action\.ya?ml$")
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


class WorkflowReader:
    """Reads the files of every service of continuous integration that is known."""

    name = "workflows"

    def recognises(self, file: SourceFile) -> bool:
        """Whether a file of this name and place is a workflow, or may be an action of the folder's own."""
        if operator_of(file.relative) is not None or file.name.lower() == "jenkinsfile":
            return True
        return _OWN_ACTION.search(file.relative) is not None and file.place in {"run", "script"}

    def read(self, files: Sequence[SourceFile], around: Surroundings) -> tuple[Findings, frozenset[str]]:
        """Read them; a service that is part of a forge runs where the folder's forge is."""
        parts: list[Findings] = []
        taken: set[str] = set()
        for file in files:
            if file.name.lower() == "jenkinsfile":
                detail = "A Jenkins server runs it; which one is not written in the folder."
                parts.append(Findings(skips=(Skip(file.relative, "incomplete", detail),)))
                continue
            text = text_of(file)
            documents = text if isinstance(text, Skip) else parse_yaml(file, text)
            operator = operator_of(file.relative, around.forge)
            if isinstance(documents, Skip):
                parts.append(Findings(skips=(documents,)))
                taken.add(file.relative)
            elif operator is not None or any(is_action(document) for document in documents):
                parts.append(read_workflow(file, documents, operator))
                taken.add(file.relative)
        return Findings.of(parts), frozenset(taken)


def read_workflow(file: SourceFile, documents: Sequence[Node], operator: str | None) -> Findings:
    """Read one workflow file, of whatever service: their steps look alike.

    Parameters
    ----------
    file, documents
        The file, and what it parses to.
    operator
        Who runs it; empty if the file does not say; ``None`` for an action, which runs where it is used.
    """
    parts: list[Findings] = []
    if operator:
        parts.append(Findings(contacts=(Contact(operator, "ci", "change", evidence=(Evidence(file.relative),)),)))
    elif operator is not None:
        detail = "The file does not say which server runs it."
        parts.append(Findings(skips=(Skip(file.relative, "incomplete", detail),)))
    for document in documents:
        for name, node in values_under(document):
            if name == "uses" and node.text:
                parts.append(_uses(node.text, Evidence(file.relative, node.line)))
            elif name in {"image", "container", "services"}:
                parts += _images(node, file.relative)
            elif name in _COMMANDS:
                parts.append(Findings(contacts=tuple(_fetched(file, node))))
    if operator is None or _GITHUB.search(file.relative):
        parts.append(read_github(file, documents))
    elif ".gitlab" in file.relative:
        parts.append(read_gitlab(file, documents, operator))
    return Findings.of(parts)


def _fetched(file: SourceFile, node: Node) -> Iterable[Contact]:
    texts = [node] if node.text is not None else [item for item in node.items or () if item.text is not None]
    for one in texts:
        text = one.text or ""
        yield from contacts_of_commands(text, file.relative, one.line + ("\n" in text))


def _uses(text: str, where: Evidence) -> Findings:
    if text.startswith("docker://"):
        return image_findings(text[len("docker://") :], "build", where)
    if text.startswith(("https://", "http://")):
        address, _, ref = text.rpartition("@")
        return git_findings(address or text, where, ref=ref if address else None)
    match = _ACTION.match(text)
    if match is None:
        return Findings()
    inner = match[3].strip("/")
    identity = canonical(f"pkg:githubactions/{match[1]}/{match[2]}@{match[4]}" + (f"#{inner}" if inner else ""))
    if identity is None:
        return Findings()
    name = f"{match[1]}/{match[2]}" + (f"/{inner}" if inner else "")
    component = Component(
        identity, name, match[4], scope="build", direct=True, repository=f"com.github/{match[1]}/{match[2]}", evidence=(where,)
    )
    return Findings((component,))


def _images(node: Node, file: str) -> Iterable[Findings]:
    for image in named_images(node):
        if image.text and re.search(r"[:/@]", image.text) and "$" not in image.text:
            yield image_findings(image.text, "build", Evidence(file, image.line))
