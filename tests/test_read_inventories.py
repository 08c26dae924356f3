"""Every real SBOM at hand, counted twice: by the readers, and straight from its text without them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from packageurl import PackageURL

from freehold.errors import FreeholdError
from freehold.read.select import select_reader
from freehold.stack.schema import KINDS

SBOMS = Path(__file__).resolve().parents[2] / "shared" / "data" / "sboms"
FILES = sorted(path for path in SBOMS.rglob("*") if path.is_file() and path.suffix != ".csv") if SBOMS.is_dir() else []
NO_INVENTORY = {
    "scorecard-kubernetes.json": "a Scorecard result",
    "powershell-2.2.6.spdx.json": "line 2765, column 1: not JSON",
}

pytestmark = pytest.mark.skipif(not FILES, reason="the folder ../shared/data/sboms is not here")


def key(purl: str | None, *names: str | None) -> str:
    """What makes two rows one: the package URL as its own library spells it, else the names without regard to signs."""
    if purl:
        try:
            return PackageURL.from_string(purl).to_string()
        except ValueError:
            pass
    return " ".join(re.findall(r"[^\W_]|[_.+]", "-".join(filter(None, names)).lower()))


def nested(value: dict[str, Any], under: str) -> list[dict[str, Any]]:
    found = []
    for row in value.get(under) or []:
        found += [row, *nested(row, under)]
    return found


def keys_of_cyclonedx(document: dict[str, Any]) -> list[str]:
    rows = nested(document, "components") + nested((document.get("metadata") or {}).get("component") or {}, "components")
    return [key(row.get("purl"), row.get("group"), row.get("name"), row.get("version")) for row in rows] + [
        "service " + key(None, row.get("group"), row["name"], row.get("version")) for row in nested(document, "services")
    ]


def keys_of_xml(text: str) -> list[str]:
    rows = [one for one in ElementTree.fromstring(text).iter() if one.tag.endswith("}component")]
    space = rows[0].tag.removesuffix("component")
    return [key(*(row.findtext(space + tag) for tag in ("purl", "group", "name", "version"))) for row in rows]


def keys_of_spdx2(document: dict[str, Any]) -> list[str]:
    found = []
    for row in document["packages"]:
        purls = [ref["referenceLocator"] for ref in row.get("externalRefs", []) if ref["referenceType"] == "purl"]
        found.append(key(purls[0] if purls else None, row["name"], row.get("versionInfo")))
    return found


def keys_of_tags(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    found = []
    for part in re.split(r"(?m)^PackageName:", lines)[1:]:
        purl = re.search(r"(?m)^ExternalRef: PACKAGE.MANAGER purl (\S+)", part)
        version = re.search(r"(?m)^PackageVersion: *(.*)$", part)
        found.append(key(purl[1] if purl else None, part.split("\n")[0].strip(), version[1].strip() if version else None))
    return found


def keys_of_spdx3(document: dict[str, Any]) -> list[str]:
    rows = [one for one in document["@graph"] if one["type"].endswith("Package")]
    return [key(row.get("software_packageUrl"), row["name"], row.get("software_packageVersion")) for row in rows]


def straight_keys(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8-sig")
    if text.startswith("<"):
        return keys_of_xml(text)
    if not text.startswith("{"):
        return keys_of_tags(text)
    document = json.loads(text)
    if "@graph" in document:
        return keys_of_spdx3(document)
    return keys_of_spdx2(document) if "spdxVersion" in document else keys_of_cyclonedx(document)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_rows_and_distinct_ids_equal_a_straight_count(path: Path) -> None:
    if path.name in NO_INVENTORY:
        with pytest.raises(FreeholdError, match=NO_INVENTORY[path.name]):
            select_reader(path).read(path)
        return
    inventory = select_reader(path).read(path)
    keys = straight_keys(path)
    assert len(inventory.components) + inventory.joined == len(keys)
    # a thing that is listed among its own parts is none of them
    itself = key(None, inventory.name)
    parts = set(keys)
    if len(parts) > len(inventory.components):
        own = [
            one for one in parts if one == itself or one.startswith(itself + " ") or one.split("@")[0].endswith(inventory.name)
        ]
        assert own
        parts -= set(own[:1])
    assert len(inventory.components) == len(parts)
    assert len({one.id for one in inventory.components}) == len(inventory.components)
    listed = sum(len(one.evidence) for one in inventory.components)
    assert len(keys) - listed in ({0} if len(parts) == len(set(keys)) else {1})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_values_of_real_inventories_keep_to_the_schema(path: Path) -> None:
    if path.name in NO_INVENTORY:
        return
    inventory = select_reader(path).read(path)
    ids = {one.id for one in inventory.components}
    for one in inventory.components:
        assert one.kind is None or one.kind in KINDS
        assert set(one.depends) <= ids - {one.id}
        assert "@" not in (one.supplier or "")
        assert one.scope in {"run", "optional", "development", "test", "build"}
    assert all(skip.detail and skip.reason for skip in inventory.skips)
