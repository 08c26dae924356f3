"""Kustomize: images under another name, resources from elsewhere, charts. Owns the kustomization file."""

from __future__ import annotations

from collections.abc import Iterable

from freehold.read.containers import image_findings
from freehold.read.findings import Findings
from freehold.read.remote_sources import chart_findings, git_findings, is_remote
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Evidence

__all__ = ["is_kustomization", "read_kustomization"]

_LISTS = ("resources", "bases", "components", "crds", "transformers", "generators")


def is_kustomization(document: Node, name: str) -> bool:
    """Whether a document is one, by its kind or by the name of its file (lower case)."""
    if document.words("kind") in {"Kustomization", "Component"}:
        return (document.words("apiVersion") or "kustomize.config").startswith("kustomize.config")
    return name in {"kustomization.yaml", "kustomization.yml", "kustomization"} and document.pairs is not None


def read_kustomization(file: SourceFile, documents: Iterable[Node]) -> Findings:
    """Read what is taken from elsewhere; the folder's own resources are read as what they are."""
    scope = "development" if file.place == "script" else "run"
    parts: list[Findings] = []
    for document in documents:
        for image in (document.get("images") or Node(0)).items or ():
            name, tag, digest = image.words("newName"), image.words("newTag"), image.words("digest")
            name = name or image.words("name") or ""
            named = name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
            if tag or digest or image.words("newName"):
                parts.append(image_findings(named, scope, Evidence(file.relative, image.line), kind="platform"))
        for key in _LISTS:
            parts += [
                git_findings(item.text, Evidence(file.relative, item.line), scope=scope)
                for item in (document.get(key) or Node(0)).items or ()
                if item.text and is_remote(item.text)
            ]
        for chart in (document.get("helmCharts") or Node(0)).items or ():
            where = Evidence(file.relative, chart.line)
            parts.append(
                chart_findings(chart.words("name") or "", chart.words("version"), chart.words("repo") or "", scope, where)
            )
    return Findings.of(parts)
