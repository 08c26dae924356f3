"""Kubernetes and what is built on it: manifests, Kustomize, Helm. Owns which of these a file is, told by its content."""

from __future__ import annotations

import re
from typing import Final

from freehold.read.findings import Findings
from freehold.read.helm import read_chart, read_template, read_values_file
from freehold.read.kubernetes_manifest import read_manifests
from freehold.read.kustomize import is_kustomization, read_kustomization
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node, parse_yaml
from freehold.stack.inventory import Skip

__all__ = ["KubernetesReader"]

_OBJECT: Final = re.compile(r"^[ \t{]*[\"']?(?:apiVersion|kind)[\"']?[ \t]*:", re.MULTILINE)
_IMAGE: Final = re.compile(r"^[ \t-]*image[ \t]*:", re.MULTILINE)
_VALUES: Final = re.compile(r"(?:^|[._-])values(?:[._-]|$)")
_MARK: Final = re.compile(r"^(?=---)", re.MULTILINE)
_DEFINITION: Final = re.compile(r"^kind:[ \t]*CustomResourceDefinition[ \t]*\r?$", re.MULTILINE)
_CHARTS: Final = frozenset({"chart.yaml", "requirements.yaml"})


class KubernetesReader:
    """Reads one file of manifests, one kustomization, or one file of a chart."""

    name = "kubernetes"

    def recognises(self, file: SourceFile) -> bool:
        """Whether its ending and place allow it; most such files are something else, and are told by their content."""
        return file.name.lower().endswith((".yaml", ".yml", ".json")) and file.place in {"run", "script"}

    def read(self, file: SourceFile, text: str) -> Findings | Skip | None:
        """Read it; ``None`` if it is neither."""
        name = file.name.lower()
        values = _VALUES.search(name.rpartition(".")[0]) is not None and not name.endswith(".json")
        if "{{" in text and not values and (_OBJECT.search(text) or _IMAGE.search(text)):
            if "/templates/" in f"/{file.relative}":
                return read_template(file, text)
            documents = _documents(file, text)
            return read_template(file, text) if isinstance(documents, Skip) else _judged(file, name, text, documents)
        if not (values or name in _CHARTS or name.startswith("kustomization.") or _OBJECT.search(text)):
            return None
        documents = _documents(file, text)
        if isinstance(documents, Skip):
            # what only may be a manifest is left to be read for its hosts
            named = name in _CHARTS or name.startswith("kustomization.")
            return documents if named or _looks_deployed(text) else None
        if values and not any(_is_object(document) for document in documents):
            return read_values_file(file, text, documents)
        return _judged(file, name, text, documents)


def _documents(file: SourceFile, text: str) -> list[Node] | Skip:
    if file.name.lower().endswith(".json"):
        # JSON may be indented by tabs, which YAML does not allow; within its texts they are written otherwise
        return parse_yaml(file, text.replace("\t", " "))
    if _DEFINITION.search(text) is None:
        return parse_yaml(file, text)
    # definitions of custom kinds are the bulk of many files and name nothing: blank lines stand for them
    parts = _MARK.split(text)
    return parse_yaml(file, "".join("\n" * part.count("\n") if _DEFINITION.search(part) else part for part in parts))


def _judged(file: SourceFile, name: str, text: str, documents: list[Node]) -> Findings | None:
    if name in _CHARTS:
        return read_chart(file, documents)
    kustomizations = [one for one in documents if is_kustomization(one, name)]
    if kustomizations:
        return read_kustomization(file, kustomizations)
    objects = [one for one in documents if _is_object(one)]
    return read_manifests(file, text, objects) if objects or _DEFINITION.search(text) else None


def _is_object(document: Node) -> bool:
    return bool(document.words("apiVersion")) and bool(document.words("kind"))


def _looks_deployed(text: str) -> bool:
    return re.search(r"^[\"' \t{]*apiVersion\b", text, re.MULTILINE) is not None
