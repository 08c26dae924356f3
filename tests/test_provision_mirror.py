"""Mirrors: filled, added to, checked and served; nothing in them that was not recorded."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import os
from pathlib import Path

import pytest

from freehold.errors import ProvisionError
from freehold.provision.fill import fill
from freehold.provision.loopback_server import LoopbackServer
from freehold.provision.manifest import MANIFEST, read_manifest, verify_mirror
from freehold.provision.mirror_server import Mirror
from freehold.provision.needs import Asked, Need, Received, Recording
from freehold.provision.npm_registry import read_packument
from freehold.provision.python_index import JSON
from provision_world import npm_package, wheel

NOW = 1_780_000_000.0


def received(tmp_path: Path, ecosystem: str, name: str, version: str, file: str, body: bytes) -> Received:
    digest = hashlib.sha256(body).hexdigest()
    path = tmp_path / digest
    path.write_bytes(body)
    return Received(Need(ecosystem, name, version, file, digest, len(body), by="pip/1"), str(path))  # type: ignore[arg-type]


def alpha(tmp_path: Path, version: str = "1.0", code: str = "") -> Received:
    return received(
        tmp_path, "python", "alpha", version, f"alpha-{version}-py3-none-any.whl", wheel("alpha", version, code=code)
    )


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    pad = received(tmp_path, "npm", "@s/pad", "1.0.0", "pad-1.0.0.tgz", npm_package("@s/pad", "1.0.0"))
    fill(folder, Recording((alpha(tmp_path), pad), hosts=("index.example",)), now=NOW, commands=[["pip", "install", "alpha"]])
    return folder


def test_a_mirror_is_what_its_manifest_says(mirror: Path) -> None:
    manifest, findings = verify_mirror(mirror)
    assert findings == ()
    assert manifest.holds == ("python", "npm")
    assert (manifest.made, manifest.commands, manifest.hosts) == (
        "2026-05-28T20:26:40Z",
        (("pip", "install", "alpha"),),
        ("index.example",),
    )
    assert read_manifest(mirror) == manifest


def test_the_same_recording_makes_the_same_bytes(mirror: Path, tmp_path: Path) -> None:
    first = (mirror / MANIFEST).read_bytes()
    pad = received(tmp_path, "npm", "@s/pad", "1.0.0", "pad-1.0.0.tgz", npm_package("@s/pad", "1.0.0"))
    fill(mirror, Recording((pad, alpha(tmp_path)), hosts=("index.example",)), now=NOW, commands=[["pip", "install", "alpha"]])
    assert (mirror / MANIFEST).read_bytes() == first


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda folder: (folder / "python/wheels/alpha-1.0-py3-none-any.whl").write_bytes(b"other"), "not the one recorded"),
        (lambda folder: (folder / "npm/@s/pad/index.json").unlink(), "not there"),
        (lambda folder: (folder / "python/stray.whl").write_bytes(b""), "does not know"),
    ],
)
def test_whatever_is_changed_in_a_mirror_is_found(mirror: Path, harm: object, problem: str) -> None:
    harm(mirror)  # type: ignore[operator]
    (finding,) = verify_mirror(mirror)[1]
    assert problem in finding.problem


def test_a_file_that_became_a_link_is_found(mirror: Path, tmp_path: Path) -> None:
    path = mirror / "python/wheels/alpha-1.0-py3-none-any.whl"
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert verify_mirror(mirror)[1][0].problem == "the file is not there"


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.update(made="2020-01-01T00:00:00Z"),
        lambda value: value["needs"][0].update(sha256="0" * 64),
        lambda value: value["files"].pop(),
        lambda value: value.pop("digest"),
        lambda value: value.update(form="other"),
    ],
)
def test_a_manifest_that_was_changed_is_refused(mirror: Path, change: object) -> None:
    value = json.loads((mirror / MANIFEST).read_text())
    change(value)  # type: ignore[operator]
    (mirror / MANIFEST).write_text(json.dumps(value))
    with pytest.raises(ProvisionError):
        read_manifest(mirror)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"form": "freehold mirror 1"}', "\x00", '{"form": NaN}', "[" * 100_000])
def test_what_is_no_manifest_is_refused_with_a_message(mirror: Path, text: str) -> None:
    (mirror / MANIFEST).write_text(text)
    with pytest.raises(ProvisionError):
        read_manifest(mirror)


def test_a_mirror_is_added_to(mirror: Path, tmp_path: Path) -> None:
    pad = received(tmp_path, "npm", "@s/pad", "1.1.0", "pad-1.1.0.tgz", npm_package("@s/pad", "1.1.0"))
    fill(mirror, Recording((alpha(tmp_path, "2.0"), pad), hosts=("other.example",)), now=NOW + 60)
    manifest, findings = verify_mirror(mirror)
    assert findings == ()
    assert [(one.name, one.version) for one in manifest.needs] == [
        ("@s/pad", "1.0.0"), ("@s/pad", "1.1.0"), ("alpha", "1.0"), ("alpha", "2.0"),
    ]  # fmt: skip
    assert manifest.hosts == ("index.example", "other.example")
    page = read_packument((mirror / "npm/@s/pad/index.json").read_bytes())
    assert (list(page["versions"]), page["dist-tags"]) == (["1.0.0", "1.1.0"], {"latest": "1.0.0"})


def test_a_file_that_comes_with_another_content_does_not_replace_the_first(mirror: Path, tmp_path: Path) -> None:
    manifest = fill(mirror, Recording((alpha(tmp_path, code="evil = 1\n"),)), now=NOW)
    assert "another content" in manifest.missing[0].reason
    assert verify_mirror(mirror)[1] == ()
    assert (mirror / "python/wheels/alpha-1.0-py3-none-any.whl").read_bytes() == wheel("alpha", "1.0")


def test_a_folder_that_holds_other_things_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    with pytest.raises(ProvisionError, match="holds other things"):
        fill(folder, Recording((alpha(tmp_path),)), now=NOW)
    assert [one.name for one in folder.iterdir()] == ["letter.txt"]


def test_a_mirror_is_filled_by_one_process_at_a_time(mirror: Path, tmp_path: Path) -> None:
    held = os.open(mirror, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ProvisionError, match="another process"):
            fill(mirror, Recording((alpha(tmp_path),)), now=NOW)
    finally:
        os.close(held)
    assert fill(mirror, Recording((alpha(tmp_path),)), now=NOW).missing == ()


def test_a_file_that_changed_after_it_was_recorded_is_missing(tmp_path: Path) -> None:
    one = alpha(tmp_path)
    Path(one.path).write_bytes(b"changed")
    manifest = fill(tmp_path / "mirror", Recording((one,)), now=NOW)
    assert (manifest.needs, manifest.missing[0].file) == ((), "alpha-1.0-py3-none-any.whl")


def test_a_name_that_leads_out_of_a_mirror_is_missing_and_nothing_is_written(tmp_path: Path) -> None:
    bad = received(tmp_path, "npm", "../../evil", "1.0.0", "e-1.0.0.tgz", npm_package("a", "1.0.0"))
    worse = received(tmp_path, "python", "a", "1", "../../evil-1.whl", wheel("a", "1"))
    manifest = fill(tmp_path / "mirror", Recording((bad, worse)), now=NOW)
    assert len(manifest.missing) == 2
    assert [one.name for one in (tmp_path / "mirror").iterdir()] == [MANIFEST]


def test_a_file_that_a_registry_did_not_give_is_missing_until_it_comes(mirror: Path, tmp_path: Path) -> None:
    gone = Asked("python", "alpha-3.0-py3-none-any.whl", 503, "pip/1")
    assert fill(mirror, Recording(asked=(gone,)), now=NOW).missing[0].reason == "the registry answered 503"
    assert fill(mirror, Recording((alpha(tmp_path, "3.0"),)), now=NOW).missing == ()


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers={"User-Agent": "pip/9", **headers})
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read()
    finally:
        connection.close()


def test_a_mirror_is_served_and_its_misses_are_noted_with_what_adds_them(mirror: Path) -> None:
    served = Mirror(mirror, read_manifest(mirror))
    with LoopbackServer(served.respond) as server:
        assert get(server.port, "/python/simple/Alpha/")[:2] == (200, "text/html")
        status, kind, body = get(server.port, "/python/simple/alpha/", Accept=JSON)
        assert (status, kind, json.loads(body)["files"][0]["filename"]) == (200, JSON, "alpha-1.0-py3-none-any.whl")
        assert served.untaken()[0].what == "alpha"
        assert get(server.port, "/python/wheels/alpha-1.0-py3-none-any.whl")[2] == wheel("alpha", "1.0")
        page = json.loads(get(server.port, "/npm/@s%2fpad")[2])
        assert page["versions"]["1.0.0"]["dist"]["tarball"] == f"http://127.0.0.1:{server.port}/npm/@s/pad/-/pad-1.0.0.tgz"
        assert get(server.port, "/npm/@s/pad/-/pad-1.0.0.tgz")[2] == npm_package("@s/pad", "1.0.0")
        assert get(server.port, "/@s/pad/-/pad-1.0.0.tgz")[0] == 200
        assert served.missing() == ()
        assert served.given() == {"alpha-1.0-py3-none-any.whl", "pad-1.0.0.tgz"}
        assert served.untaken() == ()
        for path in ("/python/simple/beta/", "/python/wheels/alpha-9.0.tar.gz", "/npm/left", "/npm/@s/pad/-/pad-2.0.0.tgz"):
            assert get(server.port, path)[0] == 404
    told = [(one.ecosystem, one.what, one.file, one.by) for one in served.missing()]
    assert told == [
        ("python", "beta", "", "pip/9"), ("python", "alpha==9.0", "alpha-9.0.tar.gz", "pip/9"), ("npm", "left", "", "pip/9"),
        ("npm", "@s/pad", "pad-2.0.0.tgz", "pip/9"),
    ]  # fmt: skip
    assert served.missing()[1].add == f"freehold provision --into {mirror} --need python:alpha==9.0"


@pytest.mark.parametrize(
    "path",
    ["/manifest.json", "/python/wheels/../../manifest.json", "/python/wheels/%2e%2e/%2e%2e/manifest.json",
     "/npm/..%2f..%2fmanifest.json", "/debian/../manifest.json", "//etc/passwd", "/python/wheels//etc/passwd"],
)  # fmt: skip
def test_no_path_leads_out_of_a_mirror(mirror: Path, path: str) -> None:
    served = Mirror(mirror, read_manifest(mirror))
    with LoopbackServer(served.respond) as server:
        assert get(server.port, path)[0] == 404
        assert get(server.port, "/python/simple/alpha/", "POST")[0] == 405


def test_a_manifest_cannot_name_a_file_outside(mirror: Path) -> None:
    from freehold.provision.manifest import Held, Manifest, write_manifest

    manifest = read_manifest(mirror)
    for path in ("../secret", "/etc/passwd", "a/../../b", "a//b", ".hidden"):
        write_manifest(mirror, Manifest(manifest.made, manifest.version, files=(Held(path, "0" * 64, 1),)))
        with pytest.raises(ProvisionError, match="no path within"):
            read_manifest(mirror)
