"""What registries, mirrors and archives from elsewhere may say: refused or bounded, and nothing else is harmed."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from freehold.canonical import canonical
from freehold.errors import ProvisionError
from freehold.provision.errands import errands_for
from freehold.provision.fill import fill, see_it_can_be_filled
from freehold.provision.loopback_server import Request
from freehold.provision.manifest import MANIFEST, read_manifest
from freehold.provision.mirror_server import Mirror
from freehold.provision.needs import Need, Received, Recording
from freehold.provision.npm_registry import manifest_of, mirror_page, read_packument, tarballs_of, written_page
from freehold.provision.registry import registry_from
from freehold.provision.upstream import Upstream
from provision_world import npm_package, wheel

NOW = 1_780_000_000.0


def received(folder: Path, ecosystem: Any, name: str, version: str, file: str, body: bytes) -> Received:
    digest = hashlib.sha256(body).hexdigest()
    path = folder / digest
    path.write_bytes(body)
    return Received(Need(ecosystem, name, version, file, digest, len(body)), str(path))


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    alpha = received(tmp_path, "python", "alpha", "1.0", "alpha-1.0-py3-none-any.whl", wheel("alpha", "1.0"))
    pad = received(tmp_path, "npm", "pad", "1.0.0", "pad-1.0.0.tgz", npm_package("pad", "1.0.0"))
    fill(tmp_path / "mirror", Recording((alpha, pad)), now=NOW)
    return tmp_path / "mirror"


def signed(mirror: Path, **changes: Any) -> None:
    """Change a package in a manifest, and make its digest anew, as whoever means harm would."""
    value = json.loads((mirror / MANIFEST).read_text())
    del value["digest"]
    value["needs"][0] |= changes
    value["digest"] = hashlib.sha256(canonical(value)).hexdigest()
    (mirror / MANIFEST).write_bytes(canonical(value))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "--index-url=http://203.0.113.1"},
        {"name": "-rsecret.txt"},
        {"name": ".."},
        {"name": 5},
        {"version": "1.0 --pre"},
        {"version": "git+ssh://203.0.113.1/x"},
        {"version": ""},
        {"ecosystem": "npm", "name": "git+file:///srv/x"},
        {"ecosystem": "npm", "name": "pad", "version": "file:.."},
        {"ecosystem": "debian", "name": "-oAPT::Update::Pre-Invoke::=true"},
        {"ecosystem": "cargo"},
        {"ecosystem": None},
        {"file": "../alpha-1.0-py3-none-any.whl"},
        {"file": None},
        {"sha256": "0"},
        {"size": "1"},
        {"size": True},
        {"stated": [1]},
        {"facts": {"yanked": 1}},
    ],
)
def test_a_manifest_from_elsewhere_names_packages_and_no_options_of_clients(mirror: Path, changes: dict[str, Any]) -> None:
    signed(mirror)
    assert [one.name for one in read_manifest(mirror).needs] == ["pad", "alpha"]
    signed(mirror, **changes)
    with pytest.raises(ProvisionError, match="does not say what a manifest says"):
        read_manifest(mirror)


def test_a_manifest_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / MANIFEST)
    with pytest.raises(ProvisionError, match="is no JSON"):
        read_manifest(tmp_path)


def test_a_manifest_without_an_end_is_read_no_further_than_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freehold.provision.manifest._MOST_BYTES", 1000)
    (tmp_path / MANIFEST).symlink_to("/dev/zero")
    with pytest.raises(ProvisionError, match="more than 1,000 bytes"):
        read_manifest(tmp_path)


def test_a_file_of_a_mirror_that_became_a_link_to_elsewhere_is_not_served(mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("not for everyone")
    held = mirror / "python/wheels/alpha-1.0-py3-none-any.whl"
    served = Mirror(mirror, read_manifest(mirror))
    request = Request("GET", "/python/wheels/alpha-1.0-py3-none-any.whl", {})
    assert served.respond(request).status == 200
    held.unlink()
    held.symlink_to(tmp_path / "elsewhere")
    assert served.respond(request).status == 404


@pytest.mark.parametrize("page", [b"", b"{}", b"[", b'{"versions": {"1.0.0": {"dist": []}}}', b"[" * 100_000])
def test_a_page_of_a_mirror_that_was_changed_is_an_answer_that_says_so(mirror: Path, page: bytes) -> None:
    (mirror / "npm/pad/index.json").write_bytes(page)
    with pytest.raises(ProvisionError, match="freehold provision verify"):
        Mirror(mirror, read_manifest(mirror)).respond(Request("GET", "/npm/pad", {}))


def test_tags_of_a_hostile_registry_name_versions_or_nothing() -> None:
    tags: Any = {"latest": ["1.0.0"], "next": {"a": 1}, "old": None, "good": "1.0.0"}
    assert mirror_page("a", {"1.0.0": {}}, tags)["dist-tags"] == {"good": "1.0.0", "latest": "1.0.0"}


def test_half_characters_on_a_registrys_page_lose_no_recording(tmp_path: Path) -> None:
    body = rb'{"name": "pad", "versions": {"1.0.0": {"description": "\ud800", "dist": {}}}}'
    (tmp_path / "page.json").write_bytes(body)
    pad = received(tmp_path, "npm", "pad", "1.0.0", "pad-1.0.0.tgz", npm_package("pad", "1.0.0"))
    fill(tmp_path / "mirror", Recording((pad,), pages={"pad": str(tmp_path / "page.json")}), now=NOW)
    written = (tmp_path / "mirror/npm/pad/index.json").read_bytes()
    assert json.loads(written.decode())["versions"]["1.0.0"]["description"] == "\ud800"


@pytest.mark.parametrize("version", ["\ud800", "1.0.0\n", "--tag", "", "../1", "1" * 300])
def test_a_version_that_is_none_is_left_out_of_a_page(version: str) -> None:
    dist = {"dist": {"tarball": "https://registry.example/pad/-/pad-1.0.0.tgz"}}
    page = {"name": "pad", "versions": {version: dist, "1.0.0": dist}}
    assert [one.version for one in tarballs_of(page, "https://registry.example")] == ["1.0.0"]


def test_a_packages_own_version_that_is_none_is_missing_and_the_others_are_kept(tmp_path: Path) -> None:
    bad = received(tmp_path, "npm", "", "", "bad-1.tgz", npm_package("bad", "1 --tag"))
    good = received(tmp_path, "npm", "pad", "1.0.0", "pad-1.0.0.tgz", npm_package("pad", "1.0.0"))
    manifest = fill(tmp_path / "mirror", Recording((bad, good)), now=NOW)
    assert [one.name for one in manifest.needs] == ["pad"]
    assert [one.file for one in manifest.missing] == ["bad-1.tgz"]


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_number_of_json_is_on_no_page(number: bytes) -> None:
    with pytest.raises(ProvisionError):
        read_packument(b'{"name": "a", "versions": {}, "x": ' + number + b"}")


def test_a_page_that_stands_too_deep_in_itself_is_refused() -> None:
    page: dict[str, Any] = {}
    for _ in range(100_000):
        page = {"a": page}
    with pytest.raises(ProvisionError, match="cannot be written"):
        written_page(page)
    while page:
        page = page["a"]


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for member, body in members:
            archive.addfile(member, io.BytesIO(body))
    return gzip.compress(made.getvalue(), 1)


def test_an_archive_that_grows_a_thousandfold_is_read_no_further_than_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("freehold.provision.npm_registry._MOST_READ", 1_000_000)
    filler, manifest = tarfile.TarInfo("package/zeros"), tarfile.TarInfo("package/package.json")
    filler.size, manifest.size = 2_000_000, 2
    path = tmp_path / "bomb.tgz"
    path.write_bytes(packed((filler, bytes(2_000_000)), (manifest, b"{}")))
    with pytest.raises(ProvisionError, match="no archive"):
        manifest_of(path)
    filler.size = 500_000
    path.write_bytes(packed((filler, bytes(500_000)), (manifest, b"{}")))
    assert manifest_of(path) == {}


def test_a_header_that_asks_for_all_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freehold.provision.npm_registry._MOST_AT_ONCE", 100_000)
    header = tarfile.TarInfo("package/x")
    header.type, header.size = tarfile.XHDTYPE, 200_000
    path = tmp_path / "header.tgz"
    path.write_bytes(packed((header, bytes(200_000))))
    with pytest.raises(ProvisionError, match="no archive"):
        manifest_of(path)


def test_a_page_of_an_index_on_disk_that_is_a_link_to_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("<a href='x'>x</a>")
    (tmp_path / "index/simple/alpha").mkdir(parents=True)
    (tmp_path / "index/simple/alpha/index.html").symlink_to(tmp_path / "secret.html")
    registry = registry_from("python", (tmp_path / "index/simple").as_uri())
    with Upstream({}).fetch(registry.base + "/alpha/", registry, {}) as reply:
        assert reply.status == 404


def test_a_page_that_cannot_be_written_leaves_no_part_behind(mirror: Path, tmp_path: Path) -> None:
    page = mirror / "python/simple/index.html"
    page.unlink()
    page.mkdir()
    beta = received(tmp_path, "python", "beta", "1.0", "beta-1.0-py3-none-any.whl", wheel("beta", "1.0"))
    before = (mirror / MANIFEST).read_bytes()
    with pytest.raises(ProvisionError, match="cannot be written"):
        fill(mirror, Recording((beta,)), now=NOW)
    assert not list(mirror.rglob("*.part"))
    assert (mirror / MANIFEST).read_bytes() == before


def test_a_mirror_that_cannot_be_written_is_said_before_a_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append((path, mode)))
    with pytest.raises(ProvisionError, match="no right to write"):
        see_it_can_be_filled(tmp_path / "new" / "mirror")
    assert asked == [(tmp_path, os.W_OK | os.X_OK)]


def test_no_name_of_a_package_is_an_option_of_npm(tmp_path: Path) -> None:
    (errand,) = errands_for(["npm:-g"], {}, tmp_path)
    assert errand.arguments[-2:] == ("--", "-g")
