"""The CycloneDX reader: what each rule gives, that counts are exact, and that no input gets a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.errors import FreeholdError, TooLarge, Unreadable
from freehold.read.cyclonedx import CycloneDXReader
from freehold.read.licences import conjunction, normalise
from freehold.stack.inventory import Component, Evidence, Inventory
from freehold.stack.schema import KINDS

SBOMS = Path(__file__).resolve().parents[2] / "shared" / "data" / "sboms"
FILES = sorted(path for path in SBOMS.rglob("*") if path.is_file() and path.suffix != ".csv") if SBOMS.is_dir() else []
CYCLONEDX = [path for path in FILES if path.parent.parent.name == "cyclonedx" or path.parent.name == "generated"]
OTHERS = [path for path in FILES if path not in CYCLONEDX]
READER = CycloneDXReader()


def forward(host: str) -> str:
    return ".".join(reversed(host.split(".")))


GITHUB = f"https://{forward('com.github')}"
NAMESPACE = f"http://{forward('org.cyclonedx')}/schema/bom/1.6"


def bom(**parts: Any) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, **parts}


def lib(name: str, **parts: Any) -> dict[str, Any]:
    return {"type": "library", "name": name, "version": "1", "bom-ref": name, "purl": f"pkg:generic/{name}@1", **parts}


def read(folder: Path, document: object, name: str = "a.cdx.json") -> Inventory:
    path = folder / name
    if isinstance(document, bytes):
        path.write_bytes(document)
    else:
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return READER.read(path)


def only(folder: Path, **parts: Any) -> Component:
    (component,) = read(folder, bom(components=[lib("a", **parts)])).components
    return component


def reasons(inventory: Inventory) -> list[str]:
    return [skip.reason for skip in inventory.skips]


def rows_of(value: Any, key: str) -> list[dict[str, Any]]:
    """Count independently: every object under ``key`` lists, at any depth."""
    found = []
    for row in value.get(key) or []:
        found.append(row)
        found.extend(rows_of(row, key))
    return found


# every real file


@pytest.mark.skipif(not FILES, reason="the folder ../shared/data/sboms is not here")
@pytest.mark.parametrize("path", CYCLONEDX, ids=lambda path: path.name)
def test_every_row_of_a_real_inventory_is_counted(path: Path) -> None:
    inventory = READER.read(path)
    if path.suffix == ".xml":
        tags = [element.tag.rpartition("}")[2] for element in ElementTree.parse(path).iter()]
        assert len(inventory.components) + inventory.joined == tags.count("component")
        return
    document = json.loads(path.read_text(encoding="utf-8"))
    rows, services = rows_of(document, "components"), rows_of(document, "services")
    ids = {row.get("purl") or (row.get("group"), row["name"], row.get("version")) for row in rows}
    assert len([one for one in inventory.components if one.kind != "service"]) == len(ids)
    assert inventory.joined == len(rows) - len(ids)
    assert len([one for one in inventory.components if one.kind == "service"]) == len(services)
    assert sum(len(one.evidence) for one in inventory.components) == len(rows) + len(services)


@pytest.mark.skipif(not FILES, reason="the folder ../shared/data/sboms is not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_is_recognised_by_what_it_holds(path: Path) -> None:
    with path.open("rb") as file:
        assert READER.recognises(path, file.read(4096)) is (path in CYCLONEDX)


@pytest.mark.skipif(not FILES, reason="the folder ../shared/data/sboms is not here")
@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_another_format_is_refused_by_name(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bom.cdx.json"
    copy.write_bytes(path.read_bytes())
    with pytest.raises(Unreadable, match=r"SPDX document|SPDX 3 document|Scorecard|not JSON \(Extra data\)"):
        READER.read(copy)


@pytest.mark.skipif(not FILES, reason="the folder ../shared/data/sboms is not here")
@pytest.mark.parametrize("path", CYCLONEDX, ids=lambda path: path.name)
def test_values_of_real_inventories_keep_to_the_schema(path: Path) -> None:
    inventory = READER.read(path)
    ids = {one.id for one in inventory.components}
    assert len(ids) == len(inventory.components)
    for one in inventory.components:
        assert one.kind is None or one.kind in KINDS
        assert set(one.depends) <= ids - {one.id}
        assert "@" not in (one.supplier or "")
        assert one.scope in {"run", "optional", "development", "test", "build"}


# what a component states


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("library", "software"),
        ("framework", "framework"),
        ("application", "application"),
        ("operating-system", "os"),
        ("device", "hardware"),
        ("firmware", "hardware"),
        ("machine-learning-model", "model"),
        ("data", "data"),
        ("container", "platform"),
        ("platform", "platform"),
        ("cryptographic-asset", None),
        ("new-type", None),
    ],
)
def test_a_type_is_a_layer(tmp_path: Path, type_: str, kind: str | None) -> None:
    assert only(tmp_path, type=type_).kind == kind


@pytest.mark.parametrize(
    ("parts", "scope"),
    [
        ({}, "run"),
        ({"scope": "required"}, "run"),
        ({"scope": "optional"}, "optional"),
        ({"scope": "excluded"}, "development"),
        ({"scope": "optional", "properties": [{"name": "cdx:npm:package:development", "value": "true"}]}, "development"),
        ({"properties": [{"name": "cdx:npm:package:development", "value": "false"}]}, "run"),
        ({"properties": [{"name": "cdx:composer:package:isDevRequirement", "value": "true"}]}, "development"),
        ({"properties": [{"name": "cdx:poetry:group", "value": "dev"}]}, "development"),
        ({"properties": [{"name": "cdx:poetry:group", "value": v} for v in ("dev", "main")]}, "run"),
        ({"properties": [{"name": "cdx:pipenv:category", "value": "develop"}]}, "development"),
        ({"properties": [{"name": "cdx:maven:component_scope", "value": "test"}]}, "test"),
        ({"properties": [5, {"name": 5}, {}]}, "run"),
    ],
)
def test_a_scope_is_read_from_scope_and_properties(tmp_path: Path, parts: dict[str, Any], scope: str) -> None:
    assert only(tmp_path, **parts).scope == scope


@pytest.mark.parametrize(
    ("licenses", "licence"),
    [
        ([{"license": {"id": "MIT"}}], "MIT"),
        ([{"license": {"id": "MIT"}}, {"license": {"id": "ISC"}}, {"license": {"id": "MIT"}}], "MIT AND ISC"),
        ([{"expression": "mit or Apache-2.0"}], "MIT OR Apache-2.0"),
        ([{"expression": "MIT OR ISC"}, {"license": {"id": "Zlib"}}], "(MIT OR ISC) AND Zlib"),
        ([{"license": {"name": "Apache License, Version 2.0"}}], "Apache-2.0"),
        ([{"license": {"name": "Our own terms"}}], "Our own terms"),
        ([{"license": {"name": "Copyright 2020 Some One <some@one.example>"}}], None),
        (
            [{"license": {"id": "MIT", "acknowledgement": "declared"}}, {"expression": "ISC", "acknowledgement": "concluded"}],
            "ISC",
        ),
        ([], None),
        ([{}, 7, {"license": 5}, {"license": {"id": 5}}], None),
    ],
)
def test_licences_become_one_expression(tmp_path: Path, licenses: list[Any], licence: str | None) -> None:
    assert only(tmp_path, licenses=licenses).licence == licence


@pytest.mark.parametrize(
    ("parts", "supplier"),
    [
        ({"supplier": {"name": "Acme Inc", "contact": [{"name": "Jo Doe", "email": "jo@acme.example"}]}}, "Acme Inc"),
        ({"manufacturer": {"name": "Maker Ltd"}, "publisher": "Press"}, "Maker Ltd"),
        ({"publisher": "The Foundation"}, "The Foundation"),
        ({"publisher": "Jo Doe <jo@doe.example>"}, None),
        ({"publisher": "Debian GCC Maintainers <gcc@lists.example>"}, "Debian GCC Maintainers"),
        ({"publisher": "Jo Doe", "author": "Jo Doe"}, None),
        ({"publisher": "Jo Doe", "authors": [{"name": "Jo Doe"}]}, None),
        ({"author": "Jo Doe", "authors": [{"name": "Jo Doe", "email": "jo@doe.example"}]}, None),
        ({"supplier": {"name": "Person: Jo Doe"}}, None),
        ({"supplier": {"name": "Organization: Acme"}}, "Acme"),
        ({"supplier": {"contact": [{"name": "Jo Doe"}]}}, None),
        ({"supplier": "org-1"}, None),
    ],
)
def test_a_supplier_is_an_organisation_never_a_person(tmp_path: Path, parts: dict[str, Any], supplier: str | None) -> None:
    inventory = read(tmp_path, bom(components=[lib("a", **parts)]))
    assert inventory.components[0].supplier == supplier
    assert "Jo Doe" not in repr(inventory)
    assert "@doe" not in repr(inventory)


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        (f"{GITHUB}/psf/requests.git", "com.github/psf/requests"),
        (f"https://user:secret@{forward('com.github')}:443/psf/requests?x=1#y", "com.github/psf/requests"),
        (f"https://user:p@ss@{forward('com.github')}/psf/requests", "com.github/psf/requests"),
        (f"git@{forward('com.github')}:psf/requests.git", "com.github/psf/requests"),
        (f"git+ssh://git@{forward('com.github')}/psf/requests.git", "com.github/psf/requests"),
        (f"scm:git:git://{forward('com.github')}/psf/requests.git", "com.github/psf/requests"),
        (f"scm:git:git@{forward('com.github')}:psf/requests", "com.github/psf/requests"),
        (f"{forward('com.github')}/psf/requests", "com.github/psf/requests"),
        (f"{GITHUB}/psf/requests/tree/main/docs", "com.github/psf/requests"),
        ("https://10.0.0.1/x", None),
        ("https://localhost:3000/a/b", None),
        ("https://9.9.9.9/x", "9.9.9.9/x"),
        ("https://bücher-hof.de/x", "de.xn--bcher-hof-q9a/x"),
        ("https://{host}/x", None),
        ("../here", None),
        ("", None),
    ],
)
def test_a_repository_is_turned_round_and_loses_its_user(tmp_path: Path, url: str, repository: str | None) -> None:
    component = only(tmp_path, externalReferences=[{"type": "vcs", "url": url}])
    assert component.repository == repository
    assert "secret" not in repr(component)


def test_a_registry_is_where_the_package_url_says_else_the_distribution(tmp_path: Path) -> None:
    given_ = [{"type": "distribution", "url": "https://me:secret@files.vendor-one.net:8443/a.tgz"}, 5, {"type": "distribution"}]
    assert only(tmp_path, externalReferences=given_).registry == "net.vendor-one.files"
    component = only(
        tmp_path, externalReferences=given_, purl="pkg:npm/a@1?repository_url=https%3A%2F%2Fme:secret%40npm.vendor-one.net%2Fr"
    )
    assert component.registry == "net.vendor-one.npm"
    assert component.id == "pkg:npm/a@1?repository_url=https://npm.vendor-one.net/r"


def test_an_id_is_the_canonical_package_url_with_qualifiers_and_subpath(tmp_path: Path) -> None:
    assert only(tmp_path, purl="pkg:pypi/My_Pkg@1?b=2&a=1#x/y").id == "pkg:pypi/my-pkg@1?a=1&b=2#x/y"


def test_an_unparsable_package_url_gives_a_slug_and_a_skip_that_names_it(tmp_path: Path) -> None:
    inventory = read(tmp_path, bom(components=[lib("Some Lib", group="Acme", purl="pkg:oops")]))
    assert inventory.components[0].id == "acme-some-lib-1"
    (skip,) = [skip for skip in inventory.skips if "pkg:oops" in skip.detail]
    assert (skip.file, skip.reason) == ("a.cdx.json components[0]", "incomplete")


def test_a_model_without_package_url_keeps_its_name_to_match(tmp_path: Path) -> None:
    model = {"type": "machine-learning-model", "group": "acme", "name": "m-7b"}
    (component,) = read(tmp_path, bom(components=[model])).components
    assert (component.id, component.kind, component.provides) == ("acme-m-7b", "model", "acme/m-7b")


def test_a_component_without_a_name_takes_the_one_of_its_package_url_or_reference(tmp_path: Path) -> None:
    rows = [{"purl": "pkg:npm/%40s/x@1"}, {"bom-ref": "ref-1"}, {"type": "library"}]
    inventory = read(tmp_path, bom(components=rows))
    assert [one.name for one in inventory.components] == ["x", "ref-1"]
    assert any("components[2] has no name" in skip.detail for skip in inventory.skips)


# rows, paths and the graph


def test_components_are_found_at_any_depth_with_their_path(tmp_path: Path) -> None:
    deep = lib("a", components=[lib("b"), lib("c", components=[lib("d")])])
    main = {"name": "shop", "version": "2", "licenses": [{"license": {"id": "MIT"}}], "components": [lib("e")]}
    inventory = read(tmp_path, bom(metadata={"component": main}, components=[deep, lib("f")]))
    assert {one.name: one.evidence for one in inventory.components} == {
        "e": (Evidence("a.cdx.json", 0, "metadata.component.components[0]"),),
        "a": (Evidence("a.cdx.json", 0, "components[0]"),),
        "b": (Evidence("a.cdx.json", 0, "components[0].components[0]"),),
        "c": (Evidence("a.cdx.json", 0, "components[0].components[1]"),),
        "d": (Evidence("a.cdx.json", 0, "components[0].components[1].components[0]"),),
        "f": (Evidence("a.cdx.json", 0, "components[1]"),),
    }
    assert (inventory.name, inventory.licence, inventory.reader) == ("shop", "MIT", "cyclonedx 1.6 JSON")


def test_rows_with_the_same_id_are_one_component_and_counted(tmp_path: Path) -> None:
    rows = [
        lib("a", scope="excluded"),
        lib("b"),
        lib("a", **{"bom-ref": "a2", "publisher": "Acme Inc", "purl": "pkg:generic/a@1"}),
        lib("c", components=[lib("a", **{"bom-ref": "a3"})]),
    ]
    graph = [{"ref": "a", "dependsOn": ["b"]}, {"ref": "a2", "dependsOn": ["c", "a3"]}]
    inventory = read(tmp_path, bom(components=rows, dependencies=graph))
    assert (len(inventory.components), inventory.joined) == (3, 2)
    one = inventory.components[0]
    assert [seen.path for seen in one.evidence] == ["components[0]", "components[2]", "components[3].components[0]"]
    assert one.depends == ("pkg:generic/b@1", "pkg:generic/c@1")
    assert (one.scope, one.supplier) == ("run", "Acme Inc")


@given(st.lists(st.sampled_from("abcdef"), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_distinct_and_joined_rows_sum_to_all(tmp_path: Path, names: list[str]) -> None:
    inventory = read(tmp_path, bom(components=[lib(name) for name in names]))
    assert len(inventory.components) == len(set(names))
    assert inventory.joined == len(names) - len(set(names))


def test_the_thing_itself_listed_as_a_component_is_joined_to_it(tmp_path: Path) -> None:
    main = lib("shop")
    graph = [{"ref": "shop", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["shop"]}]
    inventory = read(tmp_path, bom(metadata={"component": main}, components=[main, lib("a")], dependencies=graph))
    assert [(one.name, one.direct, one.depends) for one in inventory.components] == [("a", True, ())]
    assert inventory.joined == 1


def test_direct_is_what_the_thing_itself_names(tmp_path: Path) -> None:
    graph = [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["b", "b"]}, {"ref": "b"}]
    main = {"name": "shop", "bom-ref": "root"}
    inventory = read(tmp_path, bom(metadata={"component": main}, components=[lib("a"), lib("b")], dependencies=graph))
    assert [(one.name, one.direct, one.depends) for one in inventory.components] == [
        ("a", True, ("pkg:generic/b@1",)),
        ("b", False, ()),
    ]
    assert inventory.skips == ()


def test_without_a_graph_nothing_is_direct_and_a_skip_says_so(tmp_path: Path) -> None:
    inventory = read(tmp_path, bom(components=[lib("a")]))
    assert not inventory.components[0].direct
    (skip,) = inventory.skips
    assert skip.reason == "incomplete"
    assert skip.detail == "the inventory records no dependencies, so direct and indirect cannot be told apart"


def test_a_graph_that_leaves_out_the_thing_itself_is_said_to(tmp_path: Path) -> None:
    inventory = read(tmp_path, bom(components=[lib("a"), lib("b")], dependencies=[{"ref": "a", "dependsOn": ["b"]}]))
    assert ["of the thing itself" in skip.detail for skip in inventory.skips] == [True]


def test_references_to_nothing_are_counted_in_one_skip(tmp_path: Path) -> None:
    graph = [{"ref": "a", "dependsOn": ["x", "y", "x"]}, {"ref": "z", "dependsOn": ["a"]}]
    inventory = read(tmp_path, bom(components=[lib("a")], dependencies=graph))
    (skip,) = [skip for skip in inventory.skips if "that name nothing" in skip.detail]
    assert skip.reason == "incomplete"
    assert "inventory: 3 (the first: 'x')" in skip.detail


def test_a_graph_may_name_rows_by_package_url(tmp_path: Path) -> None:
    rows = [{"type": "library", "name": name, "purl": f"pkg:npm/{name}@1"} for name in "ab"]
    inventory = read(tmp_path, bom(components=rows, dependencies=[{"ref": "pkg:npm/a@1", "dependsOn": ["pkg:npm/b@1"]}]))
    assert inventory.components[0].depends == ("pkg:npm/b@1",)


# services


def test_a_service_is_a_component_and_its_endpoints_are_contacts(tmp_path: Path) -> None:
    service = {
        "bom-ref": "s",
        "name": "Stock ticker",
        "provider": {"name": "Partner Org", "contact": [{"name": "Jo Doe", "email": "jo@p.example"}]},
        "endpoints": [
            "https://key:secret@api.partner-org.net:444/v1?k=secret",
            "https://api.partner-org.net/v2",
            "/relative",
            5,
        ],
        "services": [
            {"name": "Inner", "endpoints": ["https://inner.partner-org.net", "http://localhost:8080/", "http://10.1.2.3/"]}
        ],
    }
    graph = [{"ref": "a", "dependsOn": ["s"]}]
    inventory = read(tmp_path, bom(components=[lib("a")], services=[service], dependencies=graph))
    assert [(one.id, one.kind, one.supplier) for one in inventory.components[1:]] == [
        ("stock-ticker", "service", "Partner Org"),
        ("inner", "service", None),
    ]
    assert inventory.components[0].depends == ("stock-ticker",)
    assert [(one.host, one.role, one.scope, len(one.evidence)) for one in inventory.contacts] == [
        ("net.partner-org.api", "service", "run", 2),
        ("net.partner-org.inner", "service", "run", 1),
    ]
    assert any("name no public host: 4" in skip.detail for skip in inventory.skips)
    assert "secret" not in repr(inventory)
    assert "Jo Doe" not in repr(inventory)


def test_a_service_and_a_component_of_one_name_are_two_things(tmp_path: Path) -> None:
    inventory = read(tmp_path, bom(components=[{"type": "application", "name": "auth"}], services=[{"name": "auth"}]))
    assert [one.id for one in inventory.components] == ["auth", "service-auth"]
    assert inventory.joined == 0


# XML


def xml(inner: str, head: str = "", namespace: str = NAMESPACE) -> str:
    return f'<?xml version="1.0"?>{head}<bom xmlns="{namespace}" version="1">{inner}</bom>'


BOTH: dict[str, Any] = bom(
    metadata={
        "component": {"type": "application", "bom-ref": "root", "name": "shop", "licenses": [{"license": {"id": "MIT"}}]}
    },
    components=[
        lib(
            "a",
            group="g",
            scope="optional",
            supplier={"name": "Acme Inc"},
            licenses=[{"license": {"name": "MIT License"}}, {"expression": "ISC OR Zlib"}],
            externalReferences=[
                {"type": "vcs", "url": f"{GITHUB}/g/a"},
                {"type": "distribution", "url": "https://d.vendor-one.net/"},
            ],
            properties=[{"name": "cdx:npm:package:development", "value": "true"}],
            components=[lib("b", publisher="Press")],
        ),
    ],
    services=[{"bom-ref": "s", "name": "s", "provider": {"name": "P"}, "endpoints": ["https://s.vendor-one.net/"]}],
    dependencies=[{"ref": "root", "dependsOn": ["a", "s"]}, {"ref": "a", "dependsOn": ["b"]}],
)
AS_XML = xml(
    '<metadata><component type="application" bom-ref="root"><name>shop</name>'
    "<licenses><license><id>MIT</id></license></licenses></component></metadata>"
    '<components><!-- note --><component type="library" bom-ref="a"><supplier><name>Acme Inc</name>'
    "<contact><name>Jo</name></contact></supplier><group>g</group><name><![CDATA[a]]></name>"
    "<version>1</version><scope>optional</scope><licenses><license>"
    "<name>MIT License</name></license><expression>ISC OR Zlib</expression></licenses>"
    "<purl>pkg:generic/a@1</purl><externalReferences>"
    f'<reference type="vcs"><url>{GITHUB}/g/a</url></reference>'
    '<reference type="distribution"><url>https://d.vendor-one.net/</url></reference>'
    '</externalReferences><properties><property name="cdx:npm:package:development">true</property></properties><components>'
    '<component type="library" bom-ref="b"><publisher>Press</publisher><name>b</name>'
    "<version>1</version><purl>pkg:generic/b@1</purl>"
    '</component></components></component></components><services><service bom-ref="s"><provider><name>P</name></provider>'
    "<name>s</name><endpoints><endpoint>https://s.vendor-one.net/</endpoint></endpoints></service></services>"
    '<dependencies><dependency ref="root"><dependency ref="a"/><dependency ref="s"/></dependency>'
    '<dependency ref="a"><dependency ref="b"/></dependency></dependencies>'
)


def test_xml_and_json_of_one_inventory_give_the_same(tmp_path: Path) -> None:
    first, second = read(tmp_path, BOTH, "a"), read(tmp_path, AS_XML, "a")
    assert second.reader == "cyclonedx 1.6 XML"
    assert (first.components, first.contacts, first.skips) == (second.components, second.contacts, second.skips)
    assert (first.name, first.licence, first.joined) == (second.name, second.licence, second.joined)
    assert second.components[1].evidence == (Evidence("a", 0, "components[0].components[0]"),)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_xml_is_read_and_recognised_in_the_encodings_of_xml(tmp_path: Path, encoding: str) -> None:
    data = xml("<components><component><name>é</name></component></components>").encode(encoding)
    assert READER.recognises(tmp_path / "x", data[:4096])
    assert [one.name for one in read(tmp_path, data).components] == ["é"]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_every_version_of_the_xml_is_read(tmp_path: Path, version: str) -> None:
    text = xml(
        '<components><component type="library"><name>a</name></component></components>', namespace=NAMESPACE[:-3] + version
    )
    inventory = read(tmp_path, text)
    assert (inventory.reader, reasons(inventory)) == (f"cyclonedx {version} XML", ["incomplete"])


BOMB = (
    '<!DOCTYPE z [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    "head",
    [BOMB, '<!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/hostname">]>', '<!DOCTYPE z SYSTEM "x.dtd">'],
    ids=["billion", "file", "outside"],
)
def test_a_document_type_or_entity_is_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(Unreadable, match="declares a document type or entities"):
        read(tmp_path, xml("<components><component><name>&i;</name></component></components>", head), "a.xml")


def test_a_stranger_among_xml_components_is_skipped_where_it_stands(tmp_path: Path) -> None:
    inventory = read(tmp_path, xml("<components><x/><component><name>a</name></component></components>"))
    assert [one.evidence[0].path for one in inventory.components] == ["components[1]"]
    assert reasons(inventory)[0] == "syntax"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<bom>\n</x>", "line 2, column 3: not XML"),
        ("<bom/>", "outside the CycloneDX namespace"),
        (f'<r:RDF xmlns:r="http://{forward("org.spdx")}/rdf/terms#"/>', "SPDX document"),
        ("<project/>", "root <project>"),
        ('<?xml version="1.0" encoding="nonsense"?><bom/>', "not XML"),
    ],
)
def test_other_xml_is_refused_and_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(tmp_path, text, "a.xml")


# what is refused


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b'{"bomFormat": "CycloneDX",\n  oops}', "line 2, column 3: not JSON"),
        (b"[]", "is a bare list"),
        (b"7", "is a bare value"),
        (b"{}", "some other JSON"),
        (b'{"components": []}', "without its `bomFormat`"),
        (b'{"bomFormat": "Other"}', "the format 'Other'"),
        (b'{"spdxVersion": "SPDX-2.3"}', "SPDX document"),
        (b'{"lockfileVersion": 3, "dependencies": {}}', "a lock file"),
        (b'{"predicateType": "x", "predicate": {}}', "in-toto attestation"),
        (b'{"bomFormat": "CycloneDX",\n "x": "\xff"}', "line 2: not UTF-8"),
        ('{"bomFormat": "CycloneDX"}'.encode("utf-16")[:-1], "not UTF-16"),
        (b"SPDXVersion: SPDX-2.3\n", "tag-value"),
        (b"version https://git-lfs", "Git LFS"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b'{"bomFormat": "CycloneDX", "x": ' + b"9" * 5000 + b"}", "thousands of digits"),
    ],
)
def test_what_is_not_cyclonedx_is_refused_with_words(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words) as caught:
        read(tmp_path, data)
    assert "a.cdx.json" in str(caught.value)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(Unreadable):
            READER.read(path)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(bom()))
    with pytest.raises(TooLarge, match="over the limit of 10"):
        CycloneDXReader(limit=10).read(path)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '{"bomFormat":"CycloneDX","components":[' + '{"name":"a","components":[' * 100_000 + "]}" * 100_000 + "]}",
    ],
    ids=["open", "lists", "objects", "components"],
)
def test_json_nested_a_hundred_thousand_deep_is_too_large(tmp_path: Path, text: str) -> None:
    with pytest.raises(TooLarge, match="nest"):
        read(tmp_path, text)


def test_xml_components_nested_a_hundred_thousand_deep_are_too_large(tmp_path: Path) -> None:
    open_, close = "<components><component><name>a</name>", "</component></components>"
    with pytest.raises(TooLarge, match="nest deeper"):
        read(tmp_path, xml(open_ * 100_000 + close * 100_000))


def test_xml_nested_deep_elsewhere_does_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, xml("<x>" * 100_000 + "</x>" * 100_000)).components == ()


# tolerance


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"components": {"a": 1}}, "components"),
        ({"components": ["text", lib("a")]}, "components[0]"),
        ({"components": [lib("a", components="x")]}, "components[0].components"),
        ({"components": [lib("a", licenses={})]}, "components[0].licenses"),
        ({"components": [lib("a", externalReferences=True)]}, "components[0].externalReferences"),
        ({"components": [lib("a", properties=1)]}, "components[0].properties"),
        ({"services": 5}, "services"),
        ({"services": [None]}, "services[0]"),
        ({"services": [{"name": "s", "endpoints": "x"}]}, "services[0].endpoints"),
        ({"dependencies": {}}, "dependencies"),
        ({"dependencies": [[]]}, "dependencies[0]"),
        ({"dependencies": [{"ref": "a", "dependsOn": "b"}]}, "dependencies[0].dependsOn"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"component": "x"}}, "metadata.component"),
    ],
)
def test_a_value_of_a_wrong_type_is_skipped_where_it_stands(tmp_path: Path, parts: dict[str, Any], path: str) -> None:
    (skip,) = [skip for skip in read(tmp_path, bom(**parts)).skips if skip.reason == "syntax"]
    assert skip.file == f"a.cdx.json {path}"


def test_many_wrong_rows_are_listed_up_to_a_limit(tmp_path: Path) -> None:
    inventory = read(tmp_path, bom(components=["x"] * 5000))
    assert len(inventory.skips) == 1001
    assert inventory.skips[-1].reason == "limit"
    assert "4000" in inventory.skips[-1].detail


def test_the_draft_of_version_two_is_read_where_it_is_the_same(tmp_path: Path) -> None:
    row = {
        "type": "material",
        "name": "Samarium",
        "origins": [{"stage": "mined"}],
        "components": [{"type": "device", "name": "x"}],
    }
    document = {"specFormat": "CycloneDX", "specVersion": "2.0", "components": [row], "parties": []}
    inventory = read(tmp_path, document)
    assert [(one.name, one.kind) for one in inventory.components] == [("Samarium", "material"), ("x", "hardware")]
    (skip,) = [skip for skip in inventory.skips if skip.reason == "unsupported"]
    assert "origins, parties" in skip.detail
    assert READER.recognises(tmp_path / "x", json.dumps(document).encode())


def test_a_document_that_says_its_format_late_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "sorted"
    path.write_text(json.dumps({"components": [lib("a" * 3000)] * 500, "specFormat": "CycloneDX"}))
    assert READER.recognises(path, path.read_bytes()[:4096])
    path.write_text(json.dumps({"components": [lib("a" * 3000)] * 500}))
    assert not READER.recognises(path, path.read_bytes()[:4096])
    assert not READER.recognises(tmp_path, b"")


@pytest.mark.parametrize("key", ["sbom", "predicate"])
def test_an_inventory_that_is_wrapped_is_found_within(tmp_path: Path, key: str) -> None:
    wrapped = {"predicateType": "x", key: bom(components=[lib("a")])}
    assert [one.name for one in read(tmp_path, wrapped).components] == ["a"]
    assert READER.recognises(tmp_path / "x", json.dumps(wrapped).encode())


def test_signs_that_cannot_be_printed_do_not_get_through(tmp_path: Path) -> None:
    inventory = read(tmp_path, '{"bomFormat":"CycloneDX","components":[{"name":"a\\u001b[31m\\ud800b","version":"1\\n2"}]}')
    component = inventory.components[0]
    assert (component.name, component.version) == ("a [31m b", "1 2")
    repr(inventory).encode("utf-8")


def test_a_name_is_found_for_an_inventory_that_states_none(tmp_path: Path) -> None:
    assert read(tmp_path, bom(), "shop.cdx.json").name == "shop"


WORDS = """
    metadata component components services dependencies ref dependsOn name version group purl type scope bom-ref licenses
    license expression id properties value externalReferences url endpoints provider supplier publisher authors
"""
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["a", "pkg:npm/a@1", "MIT OR"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=5)),
    max_leaves=25,
)
TOP = st.sampled_from(["metadata", "components", "services", "dependencies", "specVersion", "x"])


@given(st.dictionaries(TOP, JSON, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=300)
def test_any_json_in_an_inventory_is_read_or_refused(tmp_path: Path, parts: dict[str, Any]) -> None:
    try:
        inventory = read(tmp_path, {"bomFormat": "CycloneDX", **parts})
    except FreeholdError:
        return
    repr(inventory).encode("utf-8")
    ids = [one.id for one in inventory.components]
    assert len(ids) == len(set(ids))
    assert all(set(one.depends) <= set(ids) for one in inventory.components)


@given(JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_any_json_is_read_or_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(FreeholdError):
        read(tmp_path, value if not isinstance(value, dict) else {"value": value})


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    READER.recognises(tmp_path / "none", data)
    for given_ in (data, b"<" + data, xml("").encode()[:-6] + data):
        said = "a.cdx.json"
        try:
            read(tmp_path, given_)
        except FreeholdError as error:
            said = str(error)
        assert "a.cdx.json" in said


# licences


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("mit", "MIT"),
        ("The  MIT\nLicense", "MIT"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("(mit or apache 2.0) and ISC", "(MIT OR Apache-2.0) AND ISC"),
        ("GPL-2.0-only with Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("zpl-2.0 or mit-feh", "ZPL-2.0 OR MIT-feh"),
        ("MIT AND LicenseRef-Ours", "MIT AND LicenseRef-Ours"),
        ("BSD", "BSD"),
        ("free to use and modify", "free to use and modify"),
        ("MIT OR", "MIT OR"),
        ("( OR PostgreSQL OR Apache-2.0)", "( OR PostgreSQL OR Apache-2.0)"),
        ("(MIT", "(MIT"),
        ("a or b", "a or b"),
        ("NOASSERTION", None),
        ("  ", None),
        ("x" * 1000, None),
        ("Copyright (c) Some One", None),
    ],
)
def test_a_licence_is_spelt_as_spdx_where_that_is_sure(text: str, spelt: str | None) -> None:
    assert normalise(text) == spelt


@given(st.text(max_size=60))
def test_spelling_a_licence_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert once is None or normalise(once) == once


@given(st.lists(st.sampled_from(["MIT", "ISC OR Zlib", "(MIT OR ISC)", "(a) OR (b)", "Our terms"]), max_size=4))
def test_joined_licences_keep_alternatives_in_brackets(texts: list[str]) -> None:
    joined = conjunction(texts)
    assert (joined is None) == (not texts)
    if joined and len(set(texts)) > 1:
        assert "ISC OR Zlib" not in joined or "(ISC OR Zlib)" in joined
        assert "(a) OR (b)" not in joined or "((a) OR (b))" in joined


# cost


def test_importing_and_reading_json_loads_no_heavy_library(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(BOTH))
    code = (
        "import sys; from pathlib import Path; from freehold.read.cyclonedx import CycloneDXReader; "
        "CycloneDXReader().read(Path(sys.argv[1])); "
        "assert not {'license_expression', 'packageurl', 'defusedxml', 'numpy'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 0
