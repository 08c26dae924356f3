"""Argo CD and Flux: where a cluster takes its state from. Owns their kinds of sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from freehold.read.containers import image_findings
from freehold.read.findings import Findings
from freehold.read.hosts import is_public, parse_address, reversed_host
from freehold.read.remote_sources import chart_findings, git_contact
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Contact, Evidence, Skip

__all__ = ["chart_repositories", "is_gitops", "read_gitops"]

_GROUPS: Final = ("argoproj.io", "toolkit.fluxcd.io")


def is_gitops(group: str) -> bool:
    """Whether an API group is one whose objects say where a cluster's state comes from."""
    return group in _GROUPS or group.endswith("." + _GROUPS[1])


def chart_repositories(documents: Iterable[Node]) -> dict[str, str]:
    """Addresses of Flux's chart repositories by name, of those that stand in one file."""
    found: dict[str, str] = {}
    for one in documents:
        if one.words("kind") in {"HelmRepository", "OCIRepository"}:
            name = (one.get("metadata") or Node(0)).words("name")
            url = (one.get("spec") or Node(0)).words("url")
            if name and url:
                found[name] = url
    return found


def read_gitops(file: SourceFile, one: Node, repositories: Mapping[str, str]) -> Findings:
    """Read one object: repositories as forges, chart repositories as registries, images that are followed.

    Parameters
    ----------
    file, one
        The file, and the object.
    repositories
        Addresses of the chart repositories that stand in the same file, by name.
    """
    parts: list[Findings] = []
    kind = one.words("kind") or ""
    pending, seen = [one], set[int]()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        pending += [inner for name, inner in node.pairs or () if name not in {"metadata", "status"}]
        pending += node.items or ()
        parts += _source(file, node)
        if kind in {"Workflow", "WorkflowTemplate", "CronWorkflow", "Rollout", "ClusterWorkflowTemplate"}:
            image = node.get("image")
            if image is not None and image.text:
                parts.append(image_findings(image.text, "run", Evidence(file.relative, image.line), kind="platform"))
    parts += _flux(file, one, kind)
    if kind == "HelmRelease":
        parts.append(_release(file, one, repositories))
    return Findings.of(parts)


def _source(file: SourceFile, node: Node) -> Iterator[Findings]:
    """A source of Argo CD: a repository of manifests, or of charts."""
    url = node.get("repoURL")
    if url is None or not url.text:
        return
    where = Evidence(file.relative, url.line)
    chart = node.words("chart")
    if chart:
        # without a scheme it is a registry of images
        repository = url.text if "://" in url.text else f"oci://{url.text}"
        yield chart_findings(chart, node.words("targetRevision"), repository, "run", where)
    elif contact := git_contact(url.text, where):
        yield Findings(contacts=(contact,))


def _release(file: SourceFile, one: Node, repositories: Mapping[str, str]) -> Findings:
    """A release of a chart by Flux, which names the repository only."""
    spec = ((one.get("spec") or Node(0)).get("chart") or Node(0)).get("spec") or Node(0)
    chart, source = spec.words("chart") or "", (spec.get("sourceRef") or Node(0)).words("name") or ""
    if not chart or chart.startswith((".", "/")):
        return Findings()
    if source not in repositories:
        detail = f"Line {spec.line}: the chart '{chart}' comes from the source '{source}', which stands in another file."
        return Findings(skips=(Skip(file.relative, "incomplete", detail),))
    return chart_findings(chart, spec.words("version"), repositories[source], "run", Evidence(file.relative, spec.line))


def _flux(file: SourceFile, one: Node, kind: str) -> Iterator[Findings]:
    spec = one.get("spec") or Node(0)
    url = spec.get("url") or spec.get("endpoint") or spec.get("image")
    if url is None or not url.text:
        return
    where = Evidence(file.relative, url.line)
    if kind == "GitRepository":
        contact = git_contact(url.text, where)
        yield Findings(contacts=(contact,) if contact else ())
    elif kind in {"HelmRepository", "OCIRepository", "ImageRepository", "Bucket"}:
        address = parse_address(url.text if "://" in url.text else f"https://{url.text}")
        if address is not None and is_public(address.host):
            images = address.scheme == "oci" or kind == "ImageRepository"
            role = "image-registry" if images else "registry"
            yield Findings(contacts=(Contact(reversed_host(address.host), role, "change", evidence=(where,)),))
