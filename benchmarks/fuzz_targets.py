"""What is fuzzed: for each reader, its seed files and how a file reaches it. Owns the list.

A reader is added with a line: a name, the name that its files have, where its seeds are, and :func:`scan_file` or
:func:`scan_folder`.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from benchmarks import fuzz_binary_seeds as binary
from benchmarks import fuzz_report as report
from benchmarks import fuzz_seeds as text
from benchmarks.generate_sbom import FORMS

__all__ = ["TARGETS", "Target", "put_around", "scan_file", "scan_folder", "seeds_of"]

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


def scan_above(up: int) -> Callable[[Path], None]:
    """Read the folder that is so many above a file's own."""
    return lambda path: scan_file(path.parents[up])


def scan_packed(parts: Mapping[str, str], name: str, ending: str) -> Callable[[Path], None]:
    """Read a file as one part of an archive, so that damage meets the parser and not the archive's sums."""

    def run(path: Path) -> None:
        packed = path.with_suffix(ending)
        with zipfile.ZipFile(packed, "w") as archive:
            for part, content in parts.items():
                archive.writestr(part, content)
            archive.writestr(name, path.read_bytes())
        scan_file(packed)

    return run


def read_database(path: Path) -> None:
    """Read a database: its newest state, its history, the first state, and what storing into it does."""
    from freehold.holdings import history_of, read_stored, store_stack
    from freehold.settings import Settings
    from freehold.store.interface import Authorship
    from freehold.work import load

    stack = load(path, Settings("DE", ("EU",)), use_cache=False).stack
    history_of(path)
    read_stored(path, None, 1)
    store_stack(path, stack, "clinic", Authorship("c", ""))


def read_columns(path: Path) -> None:
    """Read what columns were said to mean, and add to it."""
    from freehold.read.column_memory import meanings_in, with_entry
    from freehold.read.interface import read_text
    from freehold.stack.records import ColumnMeaning

    told = read_text(path)
    meanings_in(told, ["Application", "Hosted in", "Notes"])
    again = with_entry(told, [ColumnMeaning("Server", "name", "asked")])
    assert meanings_in(again, ["server"]) == {"Server": "name"}


def read_settings(path: Path) -> None:
    """Read the settings of a working folder."""
    from freehold.settings import find_settings

    find_settings({}, path.parent)


def read_cutoff(path: Path) -> None:
    """Read a scenario file."""
    from freehold.work import read_scenario

    read_scenario(str(path))


def scan_machine(up: int) -> Callable[[Path], None]:
    """Read the folder that is so many above a file's own as the machine that one runs on."""

    def run(path: Path) -> None:
        from freehold.settings import Settings
        from freehold.work import load_machine

        load_machine(Settings("DE", ("EU",)), path.parents[up])

    return run


@dataclass(frozen=True, slots=True)
class Target:
    """A reader to be fuzzed.

    Parameters
    ----------
    name
        On the command line.
    file
        The name that its files have; within a folder of their own, and folders in it if the name has some.
    made
        Seeds made by itself.
    patterns
        Files of the shared data that are seeds too, small ones first.
    run
        Reads a file; anything raised but a :class:`freehold.errors.FreeholdError` is a crash.
    around
        Files that stand beside it whole, by name.
    """

    name: str
    file: str
    made: Callable[[], Iterable[str] | Iterable[bytes]]
    patterns: tuple[str, ...] = ()
    run: Callable[[Path], None] = scan_file
    around: Mapping[str, str] = field(default_factory=dict)


def put_around(target: Target, folder: Path) -> None:
    """Write what stands beside a target's file, and make the folders of both."""
    for name, content in target.around.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")
    (folder / target.file).parent.mkdir(parents=True, exist_ok=True)


def seeds_of(target: Target, data: Path) -> list[bytes]:
    """Give a target's seed files, the smallest first.

    Parameters
    ----------
    target
        Whose.
    data
        The folder of shared data; it may not be there.
    """
    found = [made if isinstance(made, bytes) else made.encode() for made in target.made()]
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


def _project(
    name: str, file: str, made: Callable[[], Iterable[str]], around: Mapping[str, Callable[[], Iterable[str]]] = {}
) -> Target:
    """A file of a project folder, and what stands around it."""
    beside = {key: next(iter(one())) for key, one in around.items()}
    return Target(name, file, made, run=scan_above(file.count("/")), around=beside)


def _root(
    name: str, file: str, made: Callable[[], Iterable[str] | Iterable[bytes]], release: str, around: Mapping[str, str] = {}
) -> Target:
    """A file of a root folder."""
    return Target(name, file, made, run=scan_above(file.count("/")), around={"etc/os-release": release, **around})


def _dora(name: str, made: Callable[[], Iterable[str]]) -> Target:
    return Target(f"dora-{name}", f"{name}.csv", made, run=scan_folder, around={**text.DORA, f"{name}.csv": ""})


_GENERATED: Final = "sboms/generated/*.json"
_FEDORA: Final = text.OS_RELEASE.format("Fedora Linux", "fedora")
_SYSTEM: Final = {"etc/os-release": text.DEBIAN, "var/lib/dpkg/status": next(iter(text.debian()))}
_CPU: Final = (
    "processor : 0\nvendor_id : GenuineIntel\nmodel name : Intel(R) Xeon(R) CPU @ 2.20GHz\n"
    "cpu cores : 4\n\nCPU implementer : 0x41\nCPU part : 0xd0c\n"
)
TARGETS: Final = (
    Target("cyclonedx-json", "a.cdx.json", _generated("cyclonedx"), ("sboms/cyclonedx/*/*.json", _GENERATED)),
    Target("cyclonedx-xml", "a.cdx.xml", _cyclonedx_xml, ("sboms/cyclonedx/*/*.xml",)),
    Target("spdx-json", "a.spdx.json", _generated("spdx"), ("sboms/spdx/*/*2.*json", "sboms/spdx/*/julia*")),
    Target("spdx-tag-value", "a.spdx", _tag_value, ("sboms/spdx/*/*.spdx",)),
    Target("spdx-xml", "a.spdx.xml", _spdx_xml),
    Target("spdx-yaml", "a.spdx.yaml", _yaml),
    Target("spdx-3", "a.spdx3.json", _spdx3, ("sboms/spdx/*/*spdx3.json",)),
    _project("cargo-lock", "Cargo.lock", text.cargo_lock, {"Cargo.toml": text.cargo_toml}),
    _project("cargo-toml", "Cargo.toml", text.cargo_toml, {"Cargo.lock": text.cargo_lock}),
    _project("go-mod", "go.mod", text.go_mod, {"go.sum": text.go_sum}),
    _project("go-sum", "go.sum", text.go_sum, {"go.mod": text.go_mod}),
    _project("package-lock", "package-lock.json", text.package_lock),
    _project("npmrc", ".npmrc", text.npmrc, {"package-lock.json": text.package_lock}),
    _project("dockerfile", "Dockerfile", text.dockerfile),
    _project("compose", "compose.yml", text.compose),
    _project("kubernetes", "web.yaml", text.kubernetes),
    _project("kubernetes-json", "web.json", text.workload),
    _project("helm", "chart/Chart.yaml", text.helm_chart),
    _project("helm-values", "values.yaml", text.helm_values, {"Chart.yaml": text.helm_chart}),
    _project("kustomize", "kustomization.yaml", text.kustomization),
    _project("terraform", "main.tf", text.terraform),
    _project("terraform-lock", ".terraform.lock.hcl", text.terraform_lock, {"main.tf": text.terraform}),
    _project("github-actions", ".github/workflows/ci.yml", text.github_actions),
    _project("gitlab-ci", ".gitlab-ci.yml", text.gitlab_ci),
    _root("dpkg", "var/lib/dpkg/status", text.debian, text.DEBIAN),
    _root(
        "apt-sources", "etc/apt/sources.list.d/x.sources", text.debian_sources, text.DEBIAN,
        {"var/lib/dpkg/status": next(iter(text.debian()))},
    ),
    _root("apk", "lib/apk/db/installed", text.alpine, text.OS_RELEASE.format("Alpine Linux", "alpine")),
    _root("pacman", "var/lib/pacman/local/bash-5.2-1/desc", text.arch, text.OS_RELEASE.format("Arch Linux", "arch")),
    _root("rpm-sqlite", "var/lib/rpm/rpmdb.sqlite", binary.rpm_sqlite, _FEDORA),
    _root("rpm-ndb", "usr/lib/sysimage/rpm/Packages.db", binary.rpm_ndb, _FEDORA),
    _root("rpm-bdb", "var/lib/rpm/Packages", binary.rpm_bdb, _FEDORA),
    Target("machine", "proc/cpuinfo", lambda: [_CPU], run=scan_machine(1), around=_SYSTEM),
    Target("zone", "lake.zone", text.zone),
    Target("csv", "servers.csv", text.spreadsheet),
    Target("xlsx", "servers.xlsx", binary.xlsx),
    Target("xlsx-sheet", "sheet.xml", lambda: binary.xlsx(inner=True),
           run=scan_packed(binary.BOOK, "xl/worksheets/sheet1.xml", ".xlsx")),
    Target("ods", "servers.ods", binary.ods),
    Target("ods-content", "content.xml", lambda: binary.ods(inner=True),
           run=scan_packed(binary.DOCUMENT, "content.xml", ".ods")),
    _dora("b_02.02", text.dora_contracts),
    _dora("b_05.01", text.dora_providers),
    Target("parquet", "items.parquet", binary.parquet_items, run=scan_folder),
    Target("stack-toml", "stack.toml", text.stack),
    Target("scenario", "stop.toml", text.scenario, run=read_cutoff),
    Target("freehold-db", "firm.db", binary.freehold_database, run=read_database),
    Target("columns-memory", "freehold-columns.toml", text.memory, run=read_columns),
    Target("settings", "freehold.toml", text.freehold_toml, run=read_settings),
    Target("scheme", "own.toml", report.schemes, run=report.read_scheme_file),
    Target("answers-toml", "answers.toml", report.answers_toml, run=report.read_answers_file),
    Target("answers-json", "answers.json", report.answers_json, run=report.read_answers_file),
    Target("answers-csv", "answers.csv", report.answers_csv, run=report.read_answers_file),
    Target("scheme-list", "products.csv", report.lists, run=report.read_list),
    Target("policy", "policy.toml", report.policies, run=report.read_policy_file),
    Target("language", "fr.toml", report.languages, run=report.read_language_file),
    Target("manifest", "held.json", report.manifests, run=report.read_manifest),
)  # fmt: skip
