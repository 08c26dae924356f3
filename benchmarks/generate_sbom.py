"""Large flat SBOMs, the same for the same seed. Owns what a generated inventory looks like.

Each component has what generators commonly write (about a kilobyte): package URL, hashes, a licence, links, some
properties or platform names, and what it depends on. Names are made up; so are the hosts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

__all__ = ["FORMS", "write_sbom"]

_TYPES: Final = ("npm", "pypi", "maven", "golang", "cargo", "deb")
_LICENCES: Final = ("MIT", "Apache-2.0", "BSD-3-Clause", "ISC", "MPL-2.0", "GPL-2.0-or-later", "MIT OR Apache-2.0")
_WORDS: Final = ("core", "http", "json", "async", "graph", "crypto", "table", "log", "queue", "image", "parser", "client")
_MAKERS: Final = ("Northern Tools Foundation", "Lakeside Software GmbH", "Harbour Systems Inc")
# turned round where they are written, so that whoever reads this file finds no host that it talks to
_HOST: Final = ".".join(reversed(["net", "lakeside-software"]))
_FORGE: Final = f"https://git.{_HOST}/"
_FILES: Final = f"https://files.{_HOST}/"


def _purl(kind: str, number: int, word: str, version: str) -> str:
    name = f"{word}-{number}"
    if kind == "npm" and number % 3 == 0:
        return f"pkg:npm/%40scope{number % 50}/{name}@{version}"
    if kind == "maven":
        return f"pkg:maven/net.lakeside.{word}/{name}@{version}"
    if kind == "golang":
        return f"pkg:golang/git.{_HOST}/group/{name}@v{version}"
    if kind == "deb":
        return f"pkg:deb/debian/{name}@{version}-1?arch=amd64&distro=debian-12"
    return f"pkg:{kind}/{name}@{version}"


def _parts(rows: int, seed: int) -> Iterator[tuple[int, Random, str, str, str]]:
    random = Random(seed)
    for number in range(rows):
        word, kind = random.choice(_WORDS), random.choice(_TYPES)
        version = f"{random.randrange(12)}.{random.randrange(40)}.{random.randrange(20)}"
        yield number, random, word, version, _purl(kind, number, word, version)


def _cyclonedx(rows: int, seed: int) -> Mapping[str, Any]:
    components, dependencies = [], [{"ref": "root", "dependsOn": [f"{number}" for number in range(0, rows, 50)]}]
    for number, random, word, version, purl in _parts(rows, seed):
        name = f"{word}-{number}"
        components.append(
            {
                "bom-ref": f"{number}",
                "type": "library",
                "name": name,
                "version": version,
                "description": f"A {word} library that does one of the many things that such libraries do.",
                "scope": "required",
                "hashes": [{"alg": "SHA-512", "content": f"{random.getrandbits(512):0128x}"}],
                "licenses": [{"license": {"id": random.choice(_LICENCES[:6])}}],
                "purl": purl,
                "externalReferences": [
                    {"type": "website", "url": f"{_FORGE}group/{name}#readme"},
                    {"type": "vcs", "url": f"git+{_FORGE}group/{name}.git"},
                    {"type": "distribution", "url": f"{_FILES}{name}/{name}-{version}.tgz"},
                ],
                "properties": [
                    {"name": "generator:package:path", "value": f"modules/{name}"},
                    {"name": "generator:package:found-by", "value": "lock-cataloguer"},
                    {"name": "generator:location:0:path", "value": f"/modules/{name}/package.json"},
                ],
            }
        )
        dependencies.append({"ref": f"{number}", "dependsOn": [f"{random.randrange(rows)}" for _ in range(number % 4)]})
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "root", "name": "generated"}},
        "components": components, "dependencies": dependencies,
    }  # fmt: skip


def _spdx(rows: int, seed: int) -> Mapping[str, Any]:
    packages = [{"SPDXID": "SPDXRef-root", "name": "generated", "downloadLocation": "NOASSERTION", "filesAnalyzed": False}]
    relations = [_related("DOCUMENT", "DESCRIBES", "root")]
    for number, random, word, version, purl in _parts(rows, seed):
        name = f"{word}-{number}"
        platform = {"referenceCategory": "SECURITY", "referenceType": "cpe23Type"}
        packages.append(
            {
                "SPDXID": f"SPDXRef-{number}",
                "name": name,
                "versionInfo": version,
                "supplier": f"Organization: {random.choice(_MAKERS)}",
                "originator": "NOASSERTION",
                "downloadLocation": f"{_FILES}{name}/{name}-{version}.tgz",
                "filesAnalyzed": False,
                "homepage": f"{_FORGE}group/{name}",
                "checksums": [{"algorithm": "SHA512", "checksumValue": f"{random.getrandbits(512):0128x}"}],
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": random.choice(_LICENCES),
                "copyrightText": "NOASSERTION",
                "externalRefs": [
                    {**platform, "referenceLocator": f"cpe:2.3:a:{word}:{name}:{version}:*:*:*:*:*:*:*"},
                    {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl},
                ],
            }
        )
        relations += [_related(f"{number}", "DEPENDS_ON", f"{random.randrange(rows)}") for _ in range(number % 4)]
        if number % 50 == 0:
            relations.append(_related("root", "DEPENDS_ON", f"{number}"))
    head: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "generated",
    }
    space = f"https://{_HOST}/spdx/generated"
    made = {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: generator"]}
    head |= {"documentNamespace": space, "creationInfo": made}
    return {**head, "packages": packages, "relationships": relations}


def _related(one: str, kind: str, other: str) -> dict[str, Any]:
    return {"spdxElementId": f"SPDXRef-{one}", "relationshipType": kind, "relatedSpdxElement": f"SPDXRef-{other}"}


FORMS: Final[Mapping[str, Callable[[int, int], Mapping[str, Any]]]] = {"cyclonedx": _cyclonedx, "spdx": _spdx}


def write_sbom(path: Path, form: str, rows: int, seed: int) -> None:
    """Write an SBOM.

    Parameters
    ----------
    path
        Where; left alone if it is there.
    form
        One of :data:`FORMS`.
    rows
        Components, besides the thing itself.
    seed
        The same gives the same file.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # without white space, as the common generators write large files: more rows for each megabyte
    text = json.dumps(FORMS[form](rows, seed), separators=(",", ":"))
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.rename(path)
