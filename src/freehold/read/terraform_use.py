"""What a Terraform module uses: providers and what they keep running, modules, charts, images, the place of its state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from freehold.read.containers import image_findings
from freehold.read.documents import Lines
from freehold.read.findings import Findings
from freehold.read.hosts import is_public, parse_address, reversed_host
from freehold.read.remote_sources import chart_findings, git_findings
from freehold.read.terraform_module import Part, blocks, value_of
from freehold.read.terraform_names import module_component, provider_component
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = ["findings_of_module"]

_STATES: Final = {
    "s3": "com.amazonaws.s3", "gcs": "com.googleapis.storage", "azurerm": "net.windows.core.blob",
    "remote": "io.terraform.app", "cloud": "io.terraform.app",
}  # fmt: skip
"""Where each sort of backend keeps the state unless it is told another place; as the documentation of each says."""
_OWN_STATES: Final = frozenset({"local", "kubernetes", "inmem"})
_BUILT_IN: Final = "terraform"
_RUNS_IMAGES: Final = re.compile(r"container|docker|kubernetes|_run_|_ecs_|task|_pod|job|batch|apprunner|app_|lambda|nomad")
_JSON_IMAGE: Final = re.compile(r"\"image\"\s*:\s*\"([^\"\s$]{1,500})\"")
_PLACE: Final = re.compile(r"[a-z][a-z0-9-]{1,38}$")
_PLACES: Final = ("region", "location")


@dataclass(slots=True)
class _Used:
    """What is found of one provider."""

    component: Component
    resources: Counter[str] = field(default_factory=Counter)
    regions: set[str] = field(default_factory=set)
    seen: set[Evidence] = field(default_factory=set)


@dataclass(slots=True)
class _Module:
    values: Mapping[str, Node]
    open_tofu: bool
    sources: dict[str, Component] = field(default_factory=dict)
    used: dict[str, _Used] = field(default_factory=dict)

    def provider(self, name: str, where: Evidence) -> _Used | None:
        """The provider of this local name, which stands for one of the house's own unless a source is given."""
        if name == _BUILT_IN:
            return None
        component = self.sources.get(name) or provider_component(name, None, where, open_tofu=self.open_tofu)
        if component is None:
            return None
        found = self.used.setdefault(component.id, _Used(component))
        found.seen.add(where)
        return found


def findings_of_module(parts: Iterable[Part], values: Mapping[str, Node], *, open_tofu: bool) -> Findings:
    """Read the blocks of one module.

    Parameters
    ----------
    parts
        Its blocks, of all its files.
    values
        What is known of its variables and locals.
    open_tofu
        Whether names without a host are looked up at OpenTofu's registry.
    """
    module = _Module(values, open_tofu)
    held = list(parts)
    found: list[Findings] = []
    for part in held:
        if part.sort == "terraform":
            _required(module, part)
            found += _state(module, part)
    for part in held:
        where = Evidence(part.file, part.body.line)
        if part.sort == "provider":
            used = module.provider(part.labels[0], where)
            if used is not None:
                used.regions.update(_places(module, part.body))
        elif part.sort in {"resource", "data", "ephemeral"}:
            found += _resource(module, part, where)
        elif part.sort == "module":
            found += _taken_in(module, part, where)
    components = [
        replace(
            one.component,
            evidence=tuple(sorted({*one.component.evidence, *one.seen}))[:50],
            manages=tuple(sorted(one.resources.items())),
            regions=tuple(sorted(one.regions)),
        )
        for one in module.used.values()
    ]
    return Findings.of([Findings(tuple(components)), *found])


def _required(module: _Module, part: Part) -> None:
    for required in blocks(part.body.get("required_providers")):
        for name, asked in required.pairs or ():
            where = Evidence(part.file, asked.line)
            version = asked.text if asked.text is not None else asked.words("version")
            source = asked.words("source") or name
            component = provider_component(source, version, where, open_tofu=module.open_tofu)
            if component is not None and name != _BUILT_IN:
                module.sources[name] = component
                module.used.setdefault(component.id, _Used(component)).seen.add(where)


def _state(module: _Module, part: Part) -> Iterator[Findings]:
    for name, node in part.body.pairs or ():
        if name not in {"backend", "cloud"}:
            continue
        named = [("cloud", one) for one in blocks(node)] if name == "cloud" else [
            (sort, one) for held in blocks(node) for sort, inner in held.pairs or () for one in blocks(inner)
        ]  # fmt: skip
        for sort, body in named:
            where = Evidence(part.file, body.line or node.line)
            stated = next((text for text in _addresses(module, body) if text), None)
            host = _host(stated) if stated else _STATES.get(sort)
            if host:
                yield Findings(contacts=(Contact(host, "state", "change", evidence=(where,)),))
            elif not stated and sort not in _OWN_STATES:
                detail = f"Line {where.line}: the state is kept with '{sort}', and where that is does not stand here."
                yield Findings(skips=(Skip(part.file, "incomplete", detail),))


def _addresses(module: _Module, body: Node) -> Iterator[str | None]:
    for name in ("hostname", "address", "endpoint"):
        yield value_of(body.get(name), module.values)
    for inner in blocks(body.get("endpoints")):
        yield value_of(inner.get("s3"), module.values)


def _host(text: str) -> str | None:
    address = parse_address(text if "://" in text else f"https://{text}")
    return reversed_host(address.host) if address and is_public(address.host) else None


def _places(module: _Module, body: Node) -> Iterator[str]:
    for name in _PLACES:
        text = value_of(body.get(name), module.values)
        place = text.replace(" ", "").lower() if text else ""
        if _PLACE.match(place):
            yield place


def _resource(module: _Module, part: Part, where: Evidence) -> Iterator[Findings]:
    type_ = part.labels[0]
    asked = (part.body.words("provider") or "").removeprefix("${").partition(".")[0].removesuffix("}")
    words = type_.split("_")
    prefix = words[0]
    named = [name for n in range(1, min(len(words), 6)) for mark in "_-" if (name := mark.join(words[:n])) in module.sources]
    name = asked or max(named, key=len, default=prefix)
    used = module.provider(name, where)
    if used is not None and part.sort == "resource":
        service = type_.removeprefix(prefix).strip("_").partition("_")[0] or prefix
        used.resources[service] += 1
        used.regions.update(_places(module, part.body))
    if type_ == "helm_release":
        yield _chart(module, part, where)
    elif part.sort == "resource" and _RUNS_IMAGES.search(type_):
        yield from _images(module, part)


def _chart(module: _Module, part: Part, where: Evidence) -> Findings:
    chart = value_of(part.body.get("chart"), module.values) or ""
    repository = value_of(part.body.get("repository"), module.values)
    if repository is None and chart.startswith("oci://"):
        repository, _, chart = chart.rpartition("/")
    return chart_findings(chart, value_of(part.body.get("version"), module.values), repository or "", "run", where)


def _images(module: _Module, part: Part) -> Iterator[Findings]:
    pending = [part.body]
    while pending:
        node = pending.pop()
        pending += node.items or ()
        for name, inner in node.pairs or ():
            pending.append(inner)
            if name == "image" or (name == "name" and node is part.body and part.labels[0] == "docker_image"):
                image = value_of(inner, module.values)
                if image:
                    yield image_findings(image, "run", Evidence(part.file, inner.line), kind="platform")
        if node.text and '"image"' in node.text:
            lines = Lines(node.text)
            for match in _JSON_IMAGE.finditer(node.text):
                line = node.line + lines.at(match.start()) - 1 if node.line else 0
                yield image_findings(match[1], "run", Evidence(part.file, line), kind="platform")


def _taken_in(module: _Module, part: Part, where: Evidence) -> Iterator[Findings]:
    for source in blocks(part.body.get("source")):
        text = source.text or ""
        if not text or "${" in text or text.startswith((".", "/")):
            continue
        version = value_of(part.body.get("version"), module.values)
        found = module_component(text, version, where, open_tofu=module.open_tofu)
        if found is None:
            yield git_findings(text, where)
            continue
        component, main = found
        yield Findings((component,))
        used = module.provider(main, where)
        if used is not None:
            used.resources[component.name.split("/")[-2]] += 1
