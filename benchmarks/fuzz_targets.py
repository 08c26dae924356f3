"""What is fuzzed: for each reader, its seed files and how a file reaches it. Owns the list.

A reader is added with a line: a name, the name that its files have, where its seeds are, and :func:`scan_file` or
:func:`scan_folder`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.generate_sbom import FORMS

__all__ = ["TARGETS", "Target", "scan_file", "scan_folder", "seeds_of"]

_LARGEST_SEED: Final = 120_000
_MOST_SEEDS: Final = 25


def scan_file(path: Path) -> None:
    """Read a file as ``freehold scan FILE`` does, to the matched stack, and check what must hold of what was found."""
    from freehold.settings import Settings
    from freehold.work import load

    found = load(path, Settings("DE", ("EU",)), use_cache=False).inventory
    if found is None:
        return
    ids = [one.id for one in found.components]
    known = set(ids)
    assert len(ids) == len(known), "two components have one id"
    assert all(known.issuperset(one.depends) for one in found.components), "a component depends on what is not there"
    repr(found).encode("utf-8")


def scan_folder(path: Path) -> None:
    """Read the folder of a file as ``freehold scan FOLDER`` does."""
    scan_file(path.parent)


@dataclass(frozen=True, slots=True)
class Target:
    """A reader to be fuzzed.

    Parameters
    ----------
    name
        On the command line.
    file
        The name that its files have; within a folder of their own.
    made
        Seeds made by itself, as text.
    patterns
        Files of the shared data that are seeds too, small ones first.
    run
        Reads a file; anything raised but a :class:`freehold.errors.FreeholdError` is a crash.
    """

    name: str
    file: str
    made: Callable[[], Iterable[str]]
    patterns: tuple[str, ...] = ()
    run: Callable[[Path], None] = scan_file


def seeds_of(target: Target, data: Path) -> list[bytes]:
    """Give a target's seed files, the smallest first.

    Parameters
    ----------
    target
        Whose.
    data
        The folder of shared data; it may not be there.
    """
    found = [text.encode() for text in target.made()]
    for pattern in target.patterns:
        found += [path.read_bytes() for path in data.glob(pattern) if path.is_file() and path.stat().st_size <= _LARGEST_SEED]
    return sorted(found, key=len)[:_MOST_SEEDS]


def _generated(form: str) -> Callable[[], Iterable[str]]:
    return lambda: [json.dumps(FORMS[form](5, 1), indent=indent) for indent in (None, 2)]


def _cyclonedx_xml() -> Iterable[str]:
    space = "http://" + ".".join(reversed(["org", "cyclonedx"])) + "/schema/bom/1.6"
    host = ".".join(reversed(["net", "lakeside-software"]))
    rows = "".join(
        f'<component type="library" bom-ref="{name}"><supplier><name>Acme Inc</name></supplier><name>{name}</name>'
        f"<version>1</version><licenses><license><id>MIT</id></license></licenses><purl>pkg:npm/{name}@1</purl><externalReferences>"
        f'<reference type="vcs"><url>git@git.{host}:x/{name}.git</url></reference></externalReferences>'
        f'<properties><property name="cdx:npm:package:development">true</property></properties></component>'
        for name in "abc"
    )
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<bom xmlns="{space}" version="1"><metadata><component type="application" '
        f'bom-ref="root"><name>shop</name></component></metadata><components>{rows}</components><services><service bom-ref="s">'
        f"<name>s</name><endpoints><endpoint>https://api.{host}/v1</endpoint></endpoints></service></services>"
        '<dependencies><dependency ref="root"><dependency ref="a"/></dependency></dependencies></bom>'
    )


def _tag_value() -> Iterable[str]:
    document = FORMS["spdx"](5, 1)
    lines = ["SPDXVersion: SPDX-2.3", "DataLicense: CC0-1.0", "SPDXID: SPDXRef-DOCUMENT", "DocumentName: generated"]
    for package in document["packages"]:
        lines += ["", f"PackageName: {package['name']}", f"SPDXID: {package['SPDXID']}"]
        lines += [
            f"PackageVersion: {package.get('versionInfo', '1')}",
            f"PackageDownloadLocation: {package['downloadLocation']}",
        ]
        lines += [f"PackageLicenseDeclared: <text>{package.get('licenseDeclared', 'NONE')}\n</text>"]
        for one in package.get("externalRefs", []):
            lines.append(f"ExternalRef: {one['referenceCategory']} {one['referenceType']} {one['referenceLocator']}")
    lines += ["FileName: ./x", "SPDXID: SPDXRef-x", "FileChecksum: SHA1: 00"]
    lines += [
        f"Relationship: {one['spdxElementId']} {one['relationshipType']} {one['relatedSpdxElement']}"
        for one in document["relationships"]
    ]
    yield "\n".join(lines)


def _spdx_xml() -> Iterable[str]:
    def written(value: object, tag: str) -> str:
        if isinstance(value, list):
            return "".join(written(one, tag) for one in value)
        inner = "".join(written(one, key) for key, one in value.items()) if isinstance(value, dict) else escape(str(value))
        return f"<{tag}>{inner}</{tag}>"

    yield '<?xml version="1.0" encoding="UTF-8"?>\n' + written(dict(FORMS["spdx"](4, 1)), "Document")


def _yaml() -> Iterable[str]:
    import yaml

    yield yaml.safe_dump(FORMS["spdx"](3, 1), sort_keys=False)


def _spdx3() -> Iterable[str]:
    def related(source: str, kind: str, *targets: str) -> dict[str, object]:
        return {
            "type": "Relationship",
            "spdxId": f"urn:{source}-{kind}",
            "from": source,
            "relationshipType": kind,
            "to": targets,
        }

    licence = {
        "type": "simplelicensing_LicenseExpression",
        "spdxId": "urn:l",
        "simplelicensing_licenseExpression": "MIT OR ISC",
    }
    both = {
        "type": "expandedlicensing_ConjunctiveLicenseSet",
        "spdxId": "urn:and",
        "expandedlicensing_member": ["urn:l", "urn:and"],
    }
    context = "https://" + ".".join(reversed(["org", "spdx"])) + "/rdf/3.0.1/spdx-context.jsonld"
    graph = [
        {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1"},
        {"type": "SpdxDocument", "spdxId": "urn:d", "rootElement": ["urn:model"]},
        {"type": "Organization", "spdxId": "urn:acme", "name": "Acme Inc"},
        {"type": "ai_AIPackage", "spdxId": "urn:model", "name": "helper", "suppliedBy": "urn:acme"},
        {"type": "dataset_DatasetPackage", "spdxId": "urn:data", "name": "talks", "originatedBy": ["urn:acme"]},
        {"type": "software_Package", "spdxId": "urn:p", "name": "runtime", "software_packageUrl": "pkg:pypi/runtime@1"},
        {"type": "software_File", "spdxId": "urn:f", "name": "weights"},
        licence, both,
        related("urn:model", "hasDeclaredLicense", "urn:l"), related("urn:data", "hasConcludedLicense", "urn:and"),
        related("urn:model", "contains", "urn:f"), related("urn:f", "trainedOn", "urn:data"),
        {**related("urn:model", "dependsOn", "urn:p"), "type": "LifecycleScopedRelationship", "scope": "runtime"},
    ]  # fmt: skip
    yield json.dumps({"@context": context, "@graph": graph})


_GENERATED: Final = "sboms/generated/*.json"
TARGETS: Final = (
    Target("cyclonedx-json", "a.cdx.json", _generated("cyclonedx"), ("sboms/cyclonedx/*/*.json", _GENERATED)),
    Target("cyclonedx-xml", "a.cdx.xml", _cyclonedx_xml, ("sboms/cyclonedx/*/*.xml",)),
    Target("spdx-json", "a.spdx.json", _generated("spdx"), ("sboms/spdx/*/*2.*json", "sboms/spdx/*/julia*")),
    Target("spdx-tag-value", "a.spdx", _tag_value, ("sboms/spdx/*/*.spdx",)),
    Target("spdx-xml", "a.spdx.xml", _spdx_xml),
    Target("spdx-yaml", "a.spdx.yaml", _yaml),
    Target("spdx-3", "a.spdx3.json", _spdx3, ("sboms/spdx/*/*spdx3.json",)),
)
