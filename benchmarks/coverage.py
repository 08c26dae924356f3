"""How much the catalogue knows of what twelve public projects use. Owns the list of projects and what counts as known.

    python -m benchmarks.coverage DIR [--missing] [PROJECT ...]

`DIR` holds a checkout of each project, in a folder named `owner+name`. For each the table gives the distinct hosts and the
distinct packages (package URLs without version) that a scan finds, and how many of them a row of the catalogue matches:

- a host by its own row or by that of a domain above it;
- a package by its own row, a family or the row of the forge organisation that it or its repository names. A package of
  which only the type is known is not matched; `who` counts the packages of which it is known who can say no, `registry`
  those of which it is known where they come from, and `forge` those of which it is known where their source is kept.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from freehold.catalogue.facts import load
from freehold.catalogue.match import Match, Matcher
from freehold.catalogue.purls import normal_purl
from freehold.read.project import ProjectReader
from freehold.stack.inventory import Component, Inventory

__all__ = ["PROJECTS", "Counted", "count_project", "table"]

PROJECTS: Final[Mapping[str, str]] = {
    "keephq+keep": "Python and TypeScript: an alert service",
    "pallets+flask": "Python: a web framework",
    "documenso+documenso": "TypeScript: signing of documents",
    "juice-shop+juice-shop": "JavaScript: a shop for training",
    "prometheus+prometheus": "Go: monitoring",
    "BurntSushi+ripgrep": "Rust: a search program",
    "nushell+nushell": "Rust: a shell",
    "argoproj+argo-cd": "Go and TypeScript: deployment to Kubernetes",
    "GoogleCloudPlatform+microservices-demo": "five languages: a shop of many services",
    "terraform-aws-modules+terraform-aws-eks": "Terraform: a module for a cloud",
    "IBM+vllm": "Python: serving of models; a copy of vllm-project/vllm with its own changes",
    "alextran1502+immich": "TypeScript and Dart: photographs; immich-app/immich at its earlier place, 2022",
}
"""Folders of the checkouts, and what the projects are."""

_NONE: Final = "no row"


@dataclass
class Counted:
    """What a scan found, and by which rule each thing was matched (``no row`` where none is)."""

    hosts: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    registries: set[str] = field(default_factory=set)
    forges: set[str] = field(default_factory=set)
    stewards: set[str] = field(default_factory=set)

    def add(self, other: Counted) -> None:
        """Unite with another project's: what is found in both is one thing."""
        self.hosts |= other.hosts
        for package, rule in other.packages.items():
            if rule != _NONE or package not in self.packages:
                self.packages[package] = rule
        self.registries |= other.registries
        self.forges |= other.forges
        self.stewards |= other.stewards


def count_project(matcher: Matcher, inventory: Inventory) -> Counted:
    """Match what a scan found."""
    counted = Counted()
    recorded = {component.registry for component in inventory.components if component.registry}
    for host in {contact.host for contact in inventory.contacts} | recorded:
        match = matcher.match_host(host, "reverse")
        counted.hosts[host] = _NONE if match is None else match.rule
    for component in inventory.components:
        package = normal_purl(component.id)
        if package is None:
            continue
        found, registry = _match(matcher, component)
        rule = _NONE if found is None or found.rule == "type" else found.rule
        if rule != _NONE or package not in counted.packages:
            counted.packages[package] = rule
        if registry:
            counted.registries.add(package)
        if _has_forge(matcher, component):
            counted.forges.add(package)
        if found is not None and found.provider:
            counted.stewards.add(package)
    return counted


def _match(matcher: Matcher, component: Component) -> tuple[Match | None, bool]:
    """Match a package as a scan does: by itself, else by the organisation that its repository belongs to."""
    match = matcher.match_purl(component.id)
    registry = bool(match is not None and match.registry)
    if component.registry and matcher.match_host(component.registry, "reverse") is not None:
        registry = True
    if (match is None or match.provider is None) and component.repository:
        forge = matcher.match_repository(component.repository)
        if forge is not None and forge.table == "package" and forge.provider is not None:
            return forge, registry
    return match, registry


def _has_forge(matcher: Matcher, component: Component) -> bool:
    """Whether the catalogue tells the forge, or the project does and the catalogue knows it."""
    match = matcher.match_purl(component.id)
    if match is not None and match.forge:
        return True
    return bool(component.repository) and matcher.match_repository(component.repository or "") is not None


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _row(name: str, counted: Counted) -> str:
    hosts = sum(rule != _NONE for rule in counted.hosts.values())
    packages = sum(rule != _NONE for rule in counted.packages.values())
    of_hosts, of_packages = len(counted.hosts), len(counted.packages)
    cells = (
        name, of_hosts, hosts, _share(hosts, of_hosts), of_packages, packages, _share(packages, of_packages),
        _share(len(counted.stewards), of_packages), _share(len(counted.registries), of_packages),
        _share(len(counted.forges), of_packages),
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _rules(counted: Counted) -> Iterable[str]:
    hosts, packages = Counter(counted.hosts.values()), Counter(counted.packages.values())
    yield "| rule | hosts | packages |"
    yield "| --- | ---: | ---: |"
    for rule in sorted(hosts | packages, key=lambda rule: (rule == _NONE, rule)):
        yield f"| {rule} | {hosts[rule]} | {packages[rule]} |"


def table(counts: Mapping[str, Counted]) -> str:
    """Two Markdown tables: projects, with all of them together last, and rules."""
    total = Counted()
    for counted in counts.values():
        total.add(counted)
    lines = [
        "| project | hosts | matched | | packages | matched | | who | registry | forge |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_row(name.replace("+", "/"), counted) for name, counted in counts.items()),
        _row("all, each once", total),
        "",
        *_rules(total),
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Count, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="holds the checkouts")
    parser.add_argument("projects", nargs="*", help="some of them only, as owner+name")
    parser.add_argument("--missing", action="store_true", help="list what no row matches as well")
    options = parser.parse_args(arguments)
    matcher = Matcher(load())
    counts: dict[str, Counted] = {}
    for name in PROJECTS:
        if options.projects and name not in options.projects:
            continue
        if not (options.folder / name).is_dir():
            print(f"{name}: no checkout in {options.folder}", file=sys.stderr)
            continue
        counts[name] = count_project(matcher, ProjectReader().read(options.folder / name))
    print(table(counts))
    if options.missing:
        for name, counted in counts.items():
            print(f"\n{name}\n")
            for thing, rule in sorted([*counted.hosts.items(), *counted.packages.items()]):
                if rule == _NONE:
                    print(f"    {thing}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
