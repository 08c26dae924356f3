"""The SPDX readers: what each rule gives, in each syntax, and that no input gets a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.errors import FreeholdError, TooLarge, Unreadable
from freehold.read.select import select_reader
from freehold.read.spdx import SpdxReader
from freehold.stack.inventory import Component, Evidence, Inventory

READER = SpdxReader()


def forward(host: str) -> str:
    return ".".join(reversed(host.split(".")))


GITHUB = f"https://{forward('com.github')}"
CONTEXT = f"https://{forward('org.spdx')}/rdf/3.0.1/spdx-context.jsonld"
LICENCES = f"https://{forward('org.spdx')}/licenses/"


def package(name: str, **parts: Any) -> dict[str, Any]:
    return {"SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": "1", "downloadLocation": "NOASSERTION", **parts}


def purl(*locators: str) -> list[dict[str, str]]:
    return [
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator} for locator in locators
    ]


def document(*packages: dict[str, Any], related: str = "", **parts: Any) -> dict[str, Any]:
    """An SPDX 2.3 document; ``related`` has lines of ``from TYPE to``."""
    triples = [line.split() for line in related.splitlines() if line.strip()]
    relations = [
        {"spdxElementId": f"SPDXRef-{one}", "relationshipType": kind, "relatedSpdxElement": f"SPDXRef-{other}"}
        for one, kind, other in triples
    ]
    head = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "doc", "dataLicense": "CC0-1.0"}
    return {**head, "packages": list(packages), "relationships": relations, **parts}


def read(folder: Path, content: object, name: str = "a.spdx.json") -> Inventory:
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return READER.read(path)


def only(folder: Path, **parts: Any) -> Component:
    (component,) = read(folder, document(package("a", **parts))).components
    return component


def by_name(inventory: Inventory) -> dict[str, Component]:
    return {one.name: one for one in inventory.components}


def details(inventory: Inventory) -> str:
    return "\n".join(skip.detail for skip in inventory.skips)


# what a package states


def test_an_id_is_the_package_url_else_made_of_name_and_version(tmp_path: Path) -> None:
    assert only(tmp_path, externalRefs=purl("pkg:pypi/Some_Thing@1")).id == "pkg:pypi/some-thing@1"
    assert only(tmp_path).id == "a-1"
    other_spelling = [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "PURL", "referenceLocator": " pkg:npm/a@1 "}]
    assert only(tmp_path, externalRefs=other_spelling).id == "pkg:npm/a@1"


def test_of_several_package_urls_the_first_that_is_one_counts_and_the_others_are_told(tmp_path: Path) -> None:
    inventory = read(
        tmp_path, document(package("a", externalRefs=purl("nonsense", "pkg:npm/a@1", "pkg:npm/a@1", "pkg:deb/d/a@2")))
    )
    assert [one.id for one in inventory.components] == ["pkg:npm/a@1"]
    assert "'nonsense' is no package URL" in details(inventory)
    assert "pkg:npm/a@1 was taken, not pkg:deb/d/a@2." in details(inventory)


@pytest.mark.parametrize(
    ("parts", "supplier"),
    [
        ({"supplier": "Organization: Acme Inc (info@acme.example)"}, "Acme Inc"),
        ({"supplier": "Organization: Some Body (SB) ()"}, "Some Body (SB)"),
        ({"supplier": "Person: Jo Doe (jo@doe.example)"}, None),
        ({"supplier": "NOASSERTION", "originator": "Organization: Maker"}, "Maker"),
        ({"supplier": "Person: Jo Doe ()", "originator": "Organization: Maker"}, "Maker"),
        ({"supplier": "Jo Doe"}, None),
        ({"originator": "Jo Doe (jo@doe.example)"}, None),
        ({"supplier": "The Maker Foundation"}, "The Maker Foundation"),
        ({"supplier": "Maker Corporation (x@maker.example)"}, "Maker Corporation"),
        ({"supplier": "Tool: make"}, None),
        ({"supplier": 5}, None),
    ],
)
def test_a_supplier_is_an_organisation_never_a_person(tmp_path: Path, parts: dict[str, Any], supplier: str | None) -> None:
    inventory = read(tmp_path, document(package("a", **parts)))
    assert inventory.components[0].supplier == supplier
    assert "Jo Doe" not in repr(inventory)
    assert "@" not in repr(inventory)


def test_a_name_without_a_sort_is_counted_where_it_was_left_out(tmp_path: Path) -> None:
    inventory = read(tmp_path, document(package("a", supplier="Jo Doe"), package("b", supplier="Al Roe")))
    assert "whether they are organisations or persons, so their names were left out: 2." in details(inventory)


@pytest.mark.parametrize(
    ("download", "home", "registry", "repository"),
    [
        ("https://files.vendor-one.net/a-1.tar.gz", None, "net.vendor-one.files", None),
        (f"git+{GITHUB}/psf/requests.git@v2", None, "com.github", "com.github/psf/requests"),
        (f"{GITHUB}/psf/requests/archive/refs/tags/v2.zip", None, "com.github", "com.github/psf/requests"),
        (f"git@{forward('com.github')}:psf/requests.git", None, "com.github", "com.github/psf/requests"),
        (
            "https://me:secret@files.vendor-one.net/a",
            f"{GITHUB}/psf/requests",
            "net.vendor-one.files",
            "com.github/psf/requests",
        ),
        ("NONE", "https://www.vendor-one.net", None, None),
        ("http://localhost/a.tgz", None, None, None),
        ("../a.tgz", None, None, None),
    ],
)
def test_a_location_is_a_registry_or_a_repository(
    tmp_path: Path, download: str, home: str | None, registry: str | None, repository: str | None
) -> None:
    one = only(tmp_path, downloadLocation=download, homepage=home)
    assert (one.registry, one.repository) == (registry, repository)
    assert "secret" not in repr(one)


def test_a_package_url_says_its_index_and_repository_itself(tmp_path: Path) -> None:
    host = "https%3A%2F%2Fnpm.vendor-one.net%2Fr"
    one = only(tmp_path, externalRefs=purl(f"pkg:npm/a@1?repository_url={host}&vcs_url=git%2B{GITHUB}/a/b"))
    assert (one.registry, one.repository) == ("net.vendor-one.npm", "com.github/a/b")


def test_a_concluded_licence_beats_a_declared_one(tmp_path: Path) -> None:
    assert only(tmp_path, licenseConcluded="MIT", licenseDeclared="ISC").licence == "MIT"
    assert only(tmp_path, licenseConcluded="NOASSERTION", licenseDeclared="isc or zlib").licence == "ISC OR Zlib"
    assert only(tmp_path, licenseConcluded="NONE").licence is None


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ("LIBRARY", "software"),
        ("OPERATING-SYSTEM", "os"),
        ("operating_system", "os"),
        ("CONTAINER", "platform"),
        ("DEVICE", "hardware"),
        ("OTHER", None),
        (5, None),
    ],
)
def test_a_purpose_is_a_layer(tmp_path: Path, stated: object, kind: str | None) -> None:
    assert only(tmp_path, primaryPackagePurpose=stated).kind == kind


def test_a_package_without_a_name_takes_another_or_is_left_out(tmp_path: Path) -> None:
    rows = [{"externalRefs": purl("pkg:npm/%40s/b@1")}, {"SPDXID": "SPDXRef-x"}, {}]
    inventory = read(tmp_path, document(*rows))
    assert [one.name for one in inventory.components] == ["b", "SPDXRef-x"]
    assert "packages[2] has no name" in details(inventory)


# the graph

RELATED = """
    DOCUMENT DESCRIBES shop
    shop DEPENDS_ON a
    b DEPENDENCY_OF a
    t TEST_DEPENDENCY_OF shop
    u DEPENDENCY_OF t
    c BUILD_TOOL_OF a
    d dev-dependency-of shop
    o OPTIONAL_DEPENDENCY_OF a
    shop contains f
"""


def test_direct_is_what_the_described_package_needs_and_scopes_are_handed_on(tmp_path: Path) -> None:
    inventory = read(tmp_path, document(*map(package, ["shop", *"abtucdof"]), related=RELATED))
    found = by_name(inventory)
    assert inventory.name == "shop"
    assert "shop" not in found
    assert {name for name, one in found.items() if one.direct} == {"a", "t", "d", "f"}
    scopes = {name: one.scope for name, one in found.items()}
    assert scopes == {
        "a": "run", "b": "run", "t": "test", "u": "test", "c": "build", "d": "development", "o": "optional", "f": "run"
    }  # fmt: skip
    # what is needed to build, or may be left out, is no part of what runs
    assert (found["a"].depends, found["t"].depends) == (("b-1",), ("u-1",))
    assert inventory.joined == 1  # the thing itself, which is listed among its parts


def test_what_runs_in_one_place_runs(tmp_path: Path) -> None:
    related = "DOCUMENT DESCRIBES s\n x TEST_DEPENDENCY_OF s\n s DEPENDS_ON y\n y DEPENDS_ON x\n x DEPENDS_ON y"
    found = by_name(read(tmp_path, document(*map(package, "sxy"), related=related)))
    assert (found["x"].scope, found["y"].scope) == ("run", "run")
    assert (found["x"].depends, found["y"].depends) == (("y-1",), ("x-1",))


def test_several_described_packages_are_direct_and_no_one_is_the_thing_itself(tmp_path: Path) -> None:
    related = "DOCUMENT DESCRIBES a\n b DESCRIBED_BY DOCUMENT\n a CONTAINS c"
    inventory = read(tmp_path, document(*map(package, "abc"), related=related))
    assert inventory.name == "doc"
    assert {one.name: one.direct for one in inventory.components} == {"a": True, "b": True, "c": False}


def test_the_only_package_and_a_described_model_stay_components(tmp_path: Path) -> None:
    alone = read(tmp_path, document(package("a"), documentDescribes=["SPDXRef-a"]))
    assert [(one.name, one.direct) for one in alone.components] == [("a", True)]
    model = package("m", primaryPackagePurpose="MODEL")
    both = read(tmp_path, document(model, package("n"), documentDescribes=["SPDXRef-m"], related="m DEPENDS_ON n"))
    assert [(one.name, one.direct, one.provides) for one in both.components] == [("m", True, "m"), ("n", True, None)]


def test_without_a_graph_a_skip_says_so(tmp_path: Path) -> None:
    assert "records no dependencies, so" in details(read(tmp_path, document(*map(package, "ab"))))
    graph = document(*map(package, "ab"), related="a DEPENDS_ON b")
    assert "no dependencies of the thing itself" in details(read(tmp_path, graph))


def test_relationships_that_lead_nowhere_are_counted(tmp_path: Path) -> None:
    related = "DOCUMENT DESCRIBES a\n a DEPENDS_ON gone\n a AMENDS b\n a PATCH_FOR b\n b DEPENDS_ON a"
    made = document(*map(package, "ab"), related=related)
    extra = [
        {"spdxElementId": "SPDXRef-a", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "NONE"},
        {"spdxElementId": "DocumentRef-o:SPDXRef-x", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-a"},
        {"spdxElementId": "SPDXRef-a"},
        "text",
    ]
    made["relationships"] += extra
    told = details(read(tmp_path, made))
    assert "name nothing in the inventory: 1 (the first: 'SPDXRef-gone')" in told
    assert "not followed: 2 (the first: AMENDS)" in told
    assert "lead to other documents, not followed: 1 (the first: DocumentRef-o:SPDXRef-x)" in told
    assert "do not say from where to where: 1." in told
    assert "relationships[8] is a text, not a relationship" in told


def test_a_relationship_of_a_file_counts_for_the_package_that_contains_it(tmp_path: Path) -> None:
    related = """
        DOCUMENT DESCRIBES a
        a CONTAINS folder
        folder CONTAINS file
        file DEPENDS_ON b
        stray DEPENDS_ON c
    """
    files = [{"SPDXID": f"SPDXRef-{name}", "fileName": name} for name in ("folder", "file", "stray")]
    inventory = read(tmp_path, document(*map(package, "abc"), related=related, files=files))
    assert {one.name: one.direct for one in inventory.components} == {"b": True, "c": False}
    assert "3 files are not listed one by one" in details(inventory)


def test_files_that_contain_each_other_end(tmp_path: Path) -> None:
    related = "x CONTAINS y\n y CONTAINS x\n y DEPENDS_ON a\n" + "\n".join(f"f{n} CONTAINS f{n + 1}" for n in range(3000))
    files = [{"SPDXID": f"SPDXRef-{name}"} for name in ("x", "y", *(f"f{n}" for n in range(3001)))]
    assert len(read(tmp_path, document(package("a"), related=related, files=files)).components) == 1


def test_rows_with_the_same_id_are_one_component_and_counted(tmp_path: Path) -> None:
    rows = [package("a", SPDXID=f"SPDXRef-r{n}", externalRefs=purl("pkg:npm/a@1")) for n in range(3)]
    rows[1]["licenseDeclared"] = "MIT"
    inventory = read(tmp_path, document(*rows, package("b"), related="b DEPENDS_ON r2"))
    assert (len(inventory.components), inventory.joined) == (2, 2)
    assert inventory.components[0].licence == "MIT"
    assert inventory.components[0].evidence[2] == Evidence("a.spdx.json", 0, "packages[2]")
    assert by_name(inventory)["b"].depends == ("pkg:npm/a@1",)


# the syntaxes

TAG_VALUE = """SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: doc
Created: 2022-01-20T18:57:22.93891Z
## a remark: with a colon
PackageName: shop
SPDXID: SPDXRef-shop
PackageVersion: 1
PackageDownloadLocation: NOASSERTION
PackageComment: <text>Jo Doe said:
PackageName: not one
</text>
FileName: ./x
SPDXID: SPDXRef-file
PackageName: a
SPDXID: SPDXRef-a
PackageVersion: 1
PackageDownloadLocation: NOASSERTION
PackageSupplier: Organization: Acme
PackageLicenseDeclared: <text>MIT</text>
ExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-shop
Relationship: SPDXRef-shop depends_on SPDXRef-a
"""
SAME = document(
    package("shop"),
    package("a", supplier="Organization: Acme", licenseDeclared="MIT", externalRefs=purl("pkg:npm/a@1")),
    related="DOCUMENT DESCRIBES shop\n shop DEPENDS_ON a",
    files=[{"SPDXID": "SPDXRef-file", "fileName": "./x"}],
)


def parts(inventory: Inventory) -> list[tuple[object, ...]]:
    return [(one.id, one.name, one.version, one.licence, one.supplier, one.scope, one.direct) for one in inventory.components]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_tag_value_gives_what_the_json_gives_with_lines(tmp_path: Path, end: str, mark: str) -> None:
    first, second = read(tmp_path, SAME, "a"), read(tmp_path, (mark + TAG_VALUE.replace("\n", end)).encode(), "a")
    assert second.reader == "spdx 2.3 tag-value"
    assert (parts(first), first.skips, first.name) == (parts(second), second.skips, second.name)
    assert second.components[0].evidence == (Evidence("a", 16),)


def test_yaml_gives_what_the_json_gives(tmp_path: Path) -> None:
    import yaml

    first, second = read(tmp_path, SAME, "a"), read(tmp_path, yaml.safe_dump(SAME, sort_keys=False), "a")
    assert second.reader == "spdx 2.3 YAML"
    assert (parts(first), first.skips, first.name) == (parts(second), second.skips, second.name)
    assert second.components[0].evidence == (Evidence("a", 10),)


def as_xml(value: object, tag: str) -> str:
    if isinstance(value, list):
        return "".join(as_xml(one, tag) for one in value)
    inner = "".join(as_xml(one, key) for key, one in value.items()) if isinstance(value, dict) else str(value)
    return f"<{tag}>{inner}</{tag}>"


def test_xml_gives_what_the_json_gives(tmp_path: Path) -> None:
    first = read(tmp_path, SAME, "a")
    second = read(tmp_path, '<?xml version="1.0"?>\n' + as_xml(SAME, "Document"), "a")
    assert isinstance(select_reader(tmp_path / "a"), SpdxReader)
    assert second.reader == "spdx 2.3 XML"
    assert (first.components, first.skips, first.name) == (second.components, second.skips, second.name)


@pytest.mark.parametrize("content", [TAG_VALUE, json.dumps(SAME)])
def test_the_marks_of_utf_16_are_understood(tmp_path: Path, content: str) -> None:
    inventory = read(tmp_path, content.encode("utf-16"), "a")
    assert isinstance(select_reader(tmp_path / "a"), SpdxReader)
    assert [one.id for one in inventory.components] == ["pkg:npm/a@1"]


def test_describe_is_taken_for_describes(tmp_path: Path) -> None:
    inventory = read(tmp_path, document(*map(package, "ab"), related="DOCUMENT DESCRIBE a\n a CONTAINS b"))
    assert [(one.name, one.direct) for one in inventory.components] == [("b", True)]


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda one: {"sbom": one},
        lambda one: {"_type": "s", "predicateType": "p", "subject": [], "predicate": one},
        lambda one: {"predicate": {"Data": one, "Timestamp": ""}},
        lambda one: {"predicate": one},
    ],
)
@pytest.mark.parametrize("name", ["a.sbom", "a.spdx", "a.json", "a"])
def test_a_wrapped_inventory_is_found_under_any_name(tmp_path: Path, wrapped: Any, name: str) -> None:
    inventory = read(tmp_path, wrapped(SAME), name)
    assert [one.id for one in inventory.components] == ["pkg:npm/a@1"]
    assert isinstance(select_reader(tmp_path / name), SpdxReader)


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", TAG_VALUE), ("a.spdx", json.dumps(SAME)), ("a.txt", "\n#x\n" + TAG_VALUE)]
)
def test_a_file_is_known_by_what_it_holds(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    reader = select_reader(tmp_path / name)
    assert isinstance(reader, SpdxReader)
    assert reader.read(tmp_path / name).components


def test_a_document_that_says_its_format_late_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "late.json"
    path.write_text(json.dumps({"packages": [{"name": "n" * 9000}], "spdxVersion": "SPDX-2.3"}))
    assert isinstance(select_reader(path), SpdxReader)
    assert len(READER.read(path).components) == 1


def test_tag_value_that_is_broken_is_read_where_it_is_not(tmp_path: Path) -> None:
    lines = ["SPDXVersion: SPDX-2.3", "PackageVersion: 1", "what is this", "Nonsense: 1", "PackageName: a", "Relationship: x"]
    text = "\n".join([*lines, "PackageComment: <text>x", ""])
    inventory = read(tmp_path, text)
    assert [one.name for one in inventory.components] == ["a"]
    told = details(inventory)
    for words in (
        "before any `PackageName`: 1 (the first in line 2)", "neither tags nor remarks: 1 (the first: line 3)",
        "does not know: 1 (the first: Nonsense in line 4)", "their three parts: 1 (the first in line 6)", "`</text>`: 1",
    ):  # fmt: skip
        assert words in told


# SPDX 3


def element(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "spdxId": f"urn:{name}", "name": name, "creationInfo": "_:c", **more}


def relation(source: str, kind: str, *targets: str, **more: Any) -> dict[str, Any]:
    to = [target if ":" in target else f"urn:{target}" for target in targets]
    return {
        "type": "Relationship",
        "spdxId": f"urn:{source}-{kind}",
        "from": f"urn:{source}",
        "relationshipType": kind,
        "to": to,
        **more,
    }


def graph(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"@context": CONTEXT, "@graph": [{"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1"}, *elements]}


AI = graph(
    element("SpdxDocument", "doc", rootElement=["urn:bom"]),
    element("software_Sbom", "bom", rootElement=["urn:helper"]),
    element("Person", "Jo Doe"),
    element("Organization", "Acme Inc"),
    element("ai_AIPackage", "helper", software_packageVersion="2", suppliedBy="urn:Acme Inc", software_primaryPurpose="model"),
    element("ai_AIPackage", "first", originatedBy=["urn:Jo Doe", "urn:Acme Inc"]),
    element(
        "dataset_DatasetPackage",
        "talks",
        suppliedBy="urn:Jo Doe",
        software_downloadLocation="https://data.vendor-one.net/t.zip",
    ),
    element("software_Package", "runtime", software_packageUrl="pkg:pypi/runtime@1"),
    element("software_File", "weights"),
    element("simplelicensing_LicenseExpression", "lic", simplelicensing_licenseExpression="isc or zlib"),
    relation("helper", "hasDeclaredLicense", f"{LICENCES}MIT"),
    relation("talks", "hasConcludedLicense", "lic"),
    relation("helper", "contains", "weights"),
    relation("weights", "trainedOn", "talks"),
    relation("helper", "descendantOf", "first"),
    relation("helper", "dependsOn", "runtime"),
    element("security_Vulnerability", "bad"),
)


def test_a_model_its_data_and_its_makers_are_read(tmp_path: Path) -> None:
    inventory = read(tmp_path, AI)
    found = by_name(inventory)
    assert (inventory.name, inventory.reader) == ("helper", "spdx 3.0.1 JSON-LD")
    kinds = {name: (one.kind, one.scope, one.direct, one.provides, one.supplier) for name, one in found.items()}
    assert kinds == {
        "helper": ("model", "run", True, "helper", "Acme Inc"),
        "first": ("model", "build", True, "first", "Acme Inc"),
        "talks": ("data", "build", True, "talks", None),
        "runtime": (None, "run", True, None, None),
    }
    assert {name: one.licence for name, one in found.items()} == {
        "helper": "MIT",
        "first": None,
        "talks": "ISC OR Zlib",
        "runtime": None,
    }
    assert found["talks"].registry == "net.vendor-one.data"
    assert found["helper"].depends == ("pkg:pypi/runtime@1",)
    assert found["helper"].evidence == (Evidence("a.spdx.json", 0, "@graph[5]"),)
    assert "1 files are not listed" in details(inventory)
    assert "elements of sorts that are not read: 1 (the first: Vulnerability)" in details(inventory)
    assert "Jo Doe" not in repr(inventory)


def test_a_model_of_a_hub_keeps_the_name_that_it_has_there(tmp_path: Path) -> None:
    one = only(tmp_path, externalRefs=purl("pkg:huggingface/some-org/Some%20Model@abc?x=y"))
    assert (one.kind, one.provides) == ("model", "some-org/Some Model")


def test_names_of_elements_are_told_by_their_last_part(tmp_path: Path) -> None:
    for kind in (
        "Package",
        "software:Package",
        f"https://{forward('org.spdx')}/rdf/3.0.1/terms/Software/Package",
        ["software_Package"],
    ):
        one = {"@type": kind, "@id": "urn:a", "name": "a", "packageVersion": "1"}
        assert [each.id for each in read(tmp_path, graph(one)).components] == ["a-1"]


def test_a_stage_of_life_is_a_scope(tmp_path: Path) -> None:
    made = graph(
        element("SpdxDocument", "doc", rootElement="urn:app"),
        *(element("software_Package", name) for name in ("app", "a", "b", "c")),
        relation("app", "dependsOn", "a", scope="test") | {"type": "LifecycleScopedRelationship"},
        relation("app", "dependsOn", "b", scope="runtime") | {"type": "LifecycleScopedRelationship"},
        relation("app", "dependsOn", "c", scope="design") | {"type": "LifecycleScopedRelationship"},
    )
    assert [(one.name, one.scope) for one in read(tmp_path, made).components] == [
        ("a", "test"),
        ("b", "run"),
        ("c", "development"),
    ]


def test_sets_of_licences_become_one_expression_and_loops_of_them_end(tmp_path: Path) -> None:
    made = graph(
        element("software_Package", "a"),
        element("expandedlicensing_DisjunctiveLicenseSet", "or", expandedlicensing_member=[f"{LICENCES}MIT", "urn:and"]),
        element(
            "expandedlicensing_ConjunctiveLicenseSet", "and", expandedlicensing_member=[f"{LICENCES}ISC", f"{LICENCES}Zlib"]
        ),
        element("software_Package", "b"),
        element("expandedlicensing_ConjunctiveLicenseSet", "loop", expandedlicensing_member=["urn:loop", "urn:loop"]),
        relation("a", "hasConcludedLicense", "or"),
        relation("b", "hasConcludedLicense", "loop"),
        element("software_Package", "c"),
        *(
            element(
                f"expandedlicensing_{('Conjunctive', 'Disjunctive')[n % 2]}LicenseSet",
                f"l{n}",
                expandedlicensing_member=[f"urn:l{n + 1}"] * 99,
            )
            for n in range(12)
        ),
        relation("c", "hasConcludedLicense", "l0"),
    )
    assert [one.licence for one in read(tmp_path, made).components] == ["(MIT OR ISC AND Zlib)", None, None]


# what is refused, and what is hostile


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{}", "some other JSON"),
        (b'{"spdxVersion": "SPDX-9", "SPDXID": 1}', "does not say SPDX-2"),
        (b'{"spdxVersion": "SPDX-2.3", oops', "line 1, column"),
        (b'{"@context": "https://x/spdx-context.jsonld"}', "without its `@graph`"),
        (b"SPDXVersion: SPDX-2.3\n\xff", "line 2: not UTF-8"),
        (b"spdxVersion: SPDX-2.3\npackages: [", "not YAML"),
        (b'<rdf xmlns="http://spdx.org/rdf/terms#"/>', "RDF/XML, which is not read. Convert it to SPDX JSON"),
        (b"[1]", "is a bare list"),
        (b"\xff\xfe\x00\xd8{", "not UTF-16"),
        (b"<Document><SPDXID>x</SPDXID>", "line 1, column 29: not XML"),
        (b"<!DOCTYPE a><Document><spdxVersion>SPDX-2.3</spdxVersion></Document>", "a document type"),
    ],
)
def test_what_cannot_be_read_is_refused_with_words(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words) as caught:
        read(tmp_path, content)
    assert "a.spdx.json" in str(caught.value)


def test_what_nests_or_is_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="nests deeper"):
        read(tmp_path, '{"spdxVersion": "SPDX-2.3", "packages": ' + "[" * 100_000)
    with pytest.raises(TooLarge, match="nests deeper"):
        read(tmp_path, "spdxVersion: SPDX-2.3\npackages: " + "[" * 20_000)
    with pytest.raises(TooLarge, match="over the limit of 10"):
        SpdxReader(limit=10).read(tmp_path / "a.spdx.json")


def test_yaml_that_multiplies_itself_stays_small(tmp_path: Path) -> None:
    lines = ["spdxVersion: SPDX-2.3", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    inventory = read(tmp_path, "\n".join([*lines, "packages: *a11"]))
    assert inventory.components == ()
    assert len(inventory.skips) < 50


WORDS = """
    name SPDXID versionInfo externalRefs referenceType referenceLocator supplier originator downloadLocation homepage
    licenseConcluded licenseDeclared primaryPackagePurpose spdxElementId relationshipType relatedSpdxElement type spdxId from to
    scope suppliedBy originatedBy rootElement software_packageUrl externalIdentifier expandedlicensing_member
"""
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8),
    st.sampled_from(["SPDXRef-a", "purl", "pkg:npm/a@1", "DEPENDS_ON", "contains", "software_Package", "urn:a"]),
)  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=6)),
    max_leaves=25,
)
TOP = st.sampled_from(["packages", "files", "snippets", "relationships", "documentDescribes", "name", "@graph"])


@given(st.dictionaries(TOP, JSON, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=300)
def test_any_json_in_an_inventory_is_read_or_refused(tmp_path: Path, made: dict[str, Any]) -> None:
    for head in ({"spdxVersion": "SPDX-2.3"}, {"@context": CONTEXT}):
        try:
            inventory = read(tmp_path, {**head, **made})
        except FreeholdError:
            continue
        repr(inventory).encode("utf-8")
        ids = [one.id for one in inventory.components]
        assert len(ids) == len(set(ids))
        assert all(set(one.depends) <= set(ids) - {one.id} for one in inventory.components)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    READER.recognises(tmp_path / "none", data)
    for content in (data, b"SPDXVersion: SPDX-2.3\n" + data, b"spdxVersion: SPDX-2.3\n" + data):
        try:
            read(tmp_path, content)
        except FreeholdError as error:
            assert "a.spdx.json" in str(error)  # noqa: PT017
