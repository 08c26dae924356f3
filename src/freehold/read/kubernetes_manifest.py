"""Kubernetes objects: images of pods wherever they stand, hosts that are called, and names of the platform below.

Owns what each kind of object means by a host: those that an Ingress answers to are one's own, those of an
``ExternalName`` or of a container's environment are others'.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from freehold.read.configuration import environment_mentions, value_mention
from freehold.read.containers import image_findings
from freehold.read.findings import Findings
from freehold.read.gitops import chart_repositories, is_gitops, read_gitops
from freehold.read.hosts import is_public, parse_address, reversed_host
from freehold.read.interest import speaks_of_inference
from freehold.read.mentions import Mention
from freehold.read.values import findings_of_mentions
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Contact, Evidence

__all__ = ["read_manifests"]

_ANSWERS: Final = frozenset({
    "Ingress", "IngressClass", "Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "VirtualService", "Certificate",
    "Route", "IngressRoute", "IngressRouteTCP", "HTTPProxy", "ManagedCertificate", "Mapping", "CustomResourceDefinition",
    "DNSEndpoint", "Namespace", "PersistentVolumeClaim",
})  # fmt: skip
"""Kinds whose hosts are one's own, or none."""
_ASIDE: Final = frozenset({"metadata", "status", "selector", "matchLabels", "apiVersion", "kind", "binaryData", "acme"})
_NAMED_BY_KEYS: Final = frozenset({"annotations", "labels", "nodeSelector"})
_NAMED_BY_KEY: Final = frozenset({"tolerations", "matchExpressions"})
_DRIVERS: Final = frozenset({"provisioner", "driver", "controller"})
_OF_KUBERNETES: Final = ("k8s.io", "kubernetes.io")
_WORDS: Final = re.compile(r"(?:service(?:\.beta)?\.)?kubernetes\.io/([a-z0-9]+)-")
"""Names of Kubernetes' own that begin with a word for a cloud: ``service.beta.kubernetes.io/aws-load-balancer-type``."""
_PROVIDER: Final = re.compile(r"--(?:cloud-|dns-)?provider=([a-z0-9]+)$")
_LISTS: Final = {"containers": "", "initContainers": "", "ephemeralContainers": "optional"}
_LOGIN: Final = "kubernetes.io/dockerconfigjson"
_MOST_LINES: Final = 200_000


def read_manifests(file: SourceFile, text: str, documents: Iterable[Node]) -> Findings:
    """Read objects, those within lists too."""
    inference = speaks_of_inference(text.encode())
    parts: list[Findings] = []
    pending, seen = [*documents], set[int]()
    repositories = chart_repositories(pending)
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        kind, group = one.words("kind") or "", (one.words("apiVersion") or "").rpartition("/")[0]
        if kind.endswith("List") and (items := one.get("items")) is not None:
            pending += items.items or ()
            continue
        parts.append(Findings(platforms=tuple(_platforms(file, one, group))))
        if kind == "CustomResourceDefinition":
            continue
        if is_gitops(group):
            parts.append(read_gitops(file, one, repositories))
            continue
        parts += _images(file, one)
        contacts = [*_special(file, one, kind)]
        if kind == "Secret":
            contacts += _logins(file, one)
        elif kind not in _ANSWERS:
            parts.append(findings_of_mentions(file, text, _mentions(one), frozenset(), inference=inference))
        parts.append(Findings(contacts=tuple(contacts)))
    return Findings.of(parts)


def _scope(file: SourceFile, one: Node) -> str:
    annotations = (one.get("metadata") or Node(0)).get("annotations")
    if annotations is not None and "test" in (annotations.words("helm.sh/hook") or ""):
        return "test"
    return "development" if file.place == "script" else "run"


def _images(file: SourceFile, one: Node) -> Iterator[Findings]:
    usual = _scope(file, one)
    pending, seen, listed = [one], set[int](), set[int]()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        pending += node.items or ()
        for name, inner in node.pairs or ():
            pending.append(inner)
            if name in _LISTS and id(inner) not in listed:
                listed.add(id(inner))
                for item in inner.items or ():
                    image = item.get("image")
                    if image is not None and image.text:
                        seen.add(id(image))
                        where = Evidence(file.relative, image.line)
                        yield image_findings(image.text, _LISTS[name] or usual, where, kind="platform")
            elif name in {"image", "reference"} and inner.text and id(inner) not in seen and _is_told(inner.text):
                yield image_findings(inner.text, usual, Evidence(file.relative, inner.line), kind="platform")


def _is_told(text: str) -> bool:
    """Whether an image outside a list of containers says enough to be one: where it comes from, and which it is."""
    return "/" in text and "://" not in text and (":" in text or "@" in text or "." in text.partition("/")[0])


def _mentions(one: Node) -> Iterator[Mention]:
    pending: list[tuple[tuple[str, ...], Node]] = [((), one)]
    seen: set[int] = set()
    lines = 0
    while pending:
        keys, node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.text and "\n" in node.text and lines < _MOST_LINES:
            lines += node.text.count("\n")
            for mention in environment_mentions(node.text):
                yield Mention(mention.text, node.line + mention.line, mention.keys, data=True)
        elif node.text:
            yield value_mention(node.text, node.line, keys)
        pending += [(keys, item) for item in node.items or ()]
        pairs = node.pairs or ()
        named = next((inner for name, inner in pairs if name == "name"), None)
        for name, inner in pairs:
            if name in _ASIDE:
                continue
            # a container's environment: the name beside a value says what it is the value of
            known = (named.text,) if name == "value" and named is not None and named.text else (*keys[-5:], name)
            pending.append((known, inner))


def _special(file: SourceFile, one: Node, kind: str) -> Iterator[Contact]:
    spec = one.get("spec") or Node(0)
    if kind == "Service" and spec.words("type") == "ExternalName":
        yield from _named(file, spec.get("externalName"))
    elif kind == "ServiceEntry":
        for host in (spec.get("hosts") or Node(0)).items or ():
            yield from _named(file, host)
    elif kind in {"Issuer", "ClusterIssuer"}:
        server = (spec.get("acme") or Node(0)).get("server")
        address = parse_address(server.text) if server is not None and server.text else None
        if server is not None and address is not None and is_public(address.host):
            yield Contact(reversed_host(address.host), "certificate", evidence=(Evidence(file.relative, server.line),))


def _named(file: SourceFile, node: Node | None) -> Iterator[Contact]:
    host = (node.text or "").lower().removeprefix("*.").rstrip(".") if node is not None else ""
    if node is not None and is_public(host):
        yield Contact(reversed_host(host), "service", evidence=(Evidence(file.relative, node.line),))


def _logins(file: SourceFile, one: Node) -> Iterator[Contact]:
    """Registries that a secret logs in at: their hosts, nothing else of it."""
    if one.words("type") != _LOGIN:
        return
    for table in ("stringData", "data"):
        held = (one.get(table) or Node(0)).get(".dockerconfigjson")
        if held is None or not held.text:
            continue
        try:
            text = held.text if table == "stringData" else base64.b64decode(held.text, validate=False).decode("utf-8")
            document = json.loads(text)
        except (ValueError, RecursionError):
            continue
        named = document.get("auths") if isinstance(document, dict) else None
        for key in named if isinstance(named, dict) else ():
            address = parse_address(key if "://" in key else f"https://{key}")
            if address is not None and is_public(address.host):
                host = reversed_host(address.host)
                yield Contact(host, "image-registry", "change", evidence=(Evidence(file.relative, held.line),))


def _platforms(file: SourceFile, one: Node, group: str) -> Iterator[Contact]:
    """Names with a domain that may be a platform's: of drivers, labels, annotations, and of the object's own sort."""
    found: dict[str, int] = {group: one.line} if "." in group else {}
    pending, seen, listed = [one], set[int](), set[int]()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        pending += node.items or ()
        if node.text and (word := _PROVIDER.match(node.text)):
            found.setdefault(word[1], node.line)
        for name, inner in node.pairs or ():
            pending.append(inner)
            if id(inner) in listed:
                continue
            listed.add(id(inner))
            if name in _NAMED_BY_KEYS:
                for key, value in inner.pairs or ():
                    found.setdefault(_named_by(key), value.line)
            elif name in _NAMED_BY_KEY:
                for item in inner.items or ():
                    found.setdefault((item.words("key") or "").rpartition("/")[0], item.line)
            elif name in _DRIVERS and inner.text:
                found.setdefault(_named_by(inner.text), inner.line)
    if one.words("kind") == "CSIDriver":
        found.setdefault((one.get("metadata") or Node(0)).words("name") or "", one.line)
    for host, line in found.items():
        name = host.lower()
        if name and ("." not in name or (not name.endswith(_OF_KUBERNETES) and is_public(name))):
            yield Contact(reversed_host(name), "platform", evidence=(Evidence(file.relative, line),))


def _named_by(name: str) -> str:
    """The domain in a driver's name or a key, or the word for a cloud in one of Kubernetes' own; empty if neither."""
    word = _WORDS.match(name)
    if word:
        return word[1]
    begin = name.partition("/")[0]
    return begin if "." in begin else ""
