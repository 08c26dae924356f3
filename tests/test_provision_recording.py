"""The index that records: what it relays, notes and refuses, seen by a bare HTTP client."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.provision.loopback_server import LoopbackServer
from freehold.provision.python_index import JSON
from freehold.provision.recording_index import RecordingIndex
from freehold.provision.registry import registry_from
from freehold.provision.upstream import Upstream
from provision_world import Registry, npm_package, serving, wheel

FILE = "alpha-1.0-py3-none-any.whl"


class Index:
    """A recording index that runs, and a client of it."""

    def __init__(self, index: RecordingIndex, port: int) -> None:
        self._index = index
        self._port = port

    @property
    def recording(self):
        return self._index.recording()

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, path, headers={"User-Agent": "client/1.0 more", **headers})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def file_address(self, page: str, **headers: str) -> str:
        status, body = self.get(page, **headers)
        assert status == 200
        match = re.search(rb'/python/\d+/file/[^"#]+|/npm/\d+/file/[^"]+', body)
        assert match
        return match.group().decode()


@contextlib.contextmanager
def recording(
    tmp_path: Path, *registries: object, environment: dict[str, str] | None = None, most_bytes: int = 10**9
) -> Iterator[Index]:
    made = [one if not isinstance(one, str) else registry_from("python", one) for one in registries]
    index = RecordingIndex(made, tmp_path, Upstream(environment or {}), most_bytes=most_bytes)  # type: ignore[arg-type]
    with LoopbackServer(index.respond) as server:
        yield Index(index, server.port)


@pytest.fixture
def python() -> Iterator[Registry]:
    with serving(Registry()) as registry:
        registry.add_python("alpha", {FILE: wheel("alpha", "1.0")})
        yield registry


@pytest.mark.parametrize(("place", "accept"), [("simple", "text/html"), ("json", f"{JSON}, text/html;q=0.1")])
def test_a_file_is_relayed_and_noted_with_both_its_digests(tmp_path: Path, python: Registry, place: str, accept: str) -> None:
    body = wheel("alpha", "1.0")
    digest = hashlib.sha256(body).hexdigest()
    with recording(tmp_path, f"{python.url}/{place}") as index:
        address = index.file_address("/python/0/Alpha/", Accept=accept)
        assert address.endswith("/" + FILE)
        assert index.get(address) == (200, body)
        (received,) = index.recording.received
        need = received.need
        assert (need.name, need.version, need.file, need.sha256, need.size) == ("alpha", "1.0", FILE, digest, len(body))
        assert (need.stated, need.by, dict(need.facts)) == ((f"sha256:{digest}",), "client/1.0", {"requires-python": ">=3.6"})
        assert Path(received.path).read_bytes() == body
        (asked,) = index.recording.asked
        assert (asked.what, asked.status) == ("alpha", 200)
        assert index.recording.hosts == ("127.0.0.1",)


def test_a_file_with_another_digest_is_broken_off_and_not_kept(tmp_path: Path, python: Registry) -> None:
    python.add_python("alpha", {FILE: wheel("alpha", "1.0")}, stated={FILE: "0" * 64})
    with recording(tmp_path, f"{python.url}/simple") as index:
        address = index.file_address("/python/0/alpha/")
        with pytest.raises(http.client.HTTPException):
            index.get(address)
        assert index.recording.received == ()
        (problem,) = index.recording.problems
        assert FILE in problem
        assert "0" * 64 in problem
    assert list(tmp_path.iterdir()) == []


def test_files_beyond_the_bytes_allowed_are_refused(tmp_path: Path, python: Registry) -> None:
    with recording(tmp_path, f"{python.url}/simple", most_bytes=10) as index:
        address = index.file_address("/python/0/alpha/")
        with pytest.raises(http.client.HTTPException):
            index.get(address)
        assert "--most-bytes" in index.recording.problems[0]


def test_a_project_that_is_not_there_is_noted(tmp_path: Path, python: Registry) -> None:
    with recording(tmp_path, f"{python.url}/simple") as index:
        assert index.get("/python/0/beta/")[0] == 404
        assert [(one.what, one.status, one.by) for one in index.recording.asked] == [("beta", 404, "client/1.0")]


@pytest.mark.parametrize(
    "path",
    ["/", "/python/0/", "/python/7/alpha/", "/python/x/alpha/", "/npm/0/a", "/python/0/file/xx/a.whl", "/python/0/file/",
     "/etc/passwd",      "/python/0/..%2f..%2fsecret/", "/python/0/a%00b/", "/-/npm/v1/security/audits", "//", "/%"],
)  # fmt: skip
def test_nothing_else_is_relayed(tmp_path: Path, python: Registry, path: str) -> None:
    with recording(tmp_path, f"{python.url}/simple") as index:
        assert index.get(path)[0] in (404, 502)
        assert python.seen == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "CONNECT", "OPTIONS"])
def test_only_reading_is_relayed(tmp_path: Path, python: Registry, method: str) -> None:
    with recording(tmp_path, f"{python.url}/simple") as index:
        assert index.get("/python/0/alpha/", method)[0] == 405
        assert python.seen == []


def test_a_file_must_be_asked_for_by_its_own_name(tmp_path: Path, python: Registry) -> None:
    with recording(tmp_path, f"{python.url}/simple") as index:
        address = index.file_address("/python/0/alpha/")
        assert index.get(address.rpartition("/")[0] + "/other-1.0.zip")[0] == 404


def test_a_registrys_secret_goes_to_it_alone_and_is_kept_nowhere(tmp_path: Path) -> None:
    secret = "Basic " + base64.b64encode(b"me:s3cret").decode()
    body = wheel("alpha", "1.0")
    with serving(Registry(secret=secret)) as closed, serving(Registry()) as other:
        other.pages["/x/" + FILE] = ("application/octet-stream", body)
        closed.pages["/simple/alpha/"] = ("text/html", f'<a href="/files/{FILE}">a</a>'.encode())
        closed.redirects["/files/" + FILE] = f"http://localhost:{other.port}/x/{FILE}"
        other.secret = ""
        with recording(tmp_path, f"http://me:s3cret@127.0.0.1:{closed.port}/simple") as index:
            status, page = index.get("/python/0/alpha/")
            assert status == 200
            assert index.get(index.file_address("/python/0/alpha/")) == (200, body)
            told = repr(index.recording) + page.decode()
            assert "s3cret" not in told
            assert secret.partition(" ")[2] not in told
            assert set(index.recording.hosts) == {"127.0.0.1", "localhost"}
        with recording(tmp_path / "..", f"http://127.0.0.1:{closed.port}/simple") as index:
            assert index.get("/python/0/alpha/")[0] == 401


def test_redirections_come_to_an_end(tmp_path: Path) -> None:
    with (
        serving(Registry(redirects={"/simple/alpha/": "/simple/alpha/"})) as registry,
        recording(tmp_path, registry.url + "/simple") as index,
    ):
        assert index.get("/python/0/alpha/")[0] == 502
        assert "redirections" in index.recording.problems[0]
        assert len(registry.seen) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "http://[::1/", "gopher:x"])
def test_a_redirection_to_what_is_no_web_is_refused(tmp_path: Path, target: str) -> None:
    with (
        serving(Registry(redirects={"/simple/alpha/": target})) as registry,
        recording(tmp_path, registry.url + "/simple") as index,
    ):
        assert index.get("/python/0/alpha/")[0] == 502


def test_a_registry_that_cannot_be_reached_is_an_answer_and_a_problem(tmp_path: Path) -> None:
    with serving(Registry()) as registry:
        pass
    with recording(tmp_path, registry.url + "/simple") as index:
        assert index.get("/python/0/alpha/")[0] == 502
        assert "cannot be reached" in index.recording.problems[0]


def test_a_page_of_garbage_is_refused(tmp_path: Path) -> None:
    pages = {"/simple/alpha/": (JSON, b"[" * 50_000)}
    with serving(Registry(pages=pages)) as registry, recording(tmp_path, registry.url + "/simple") as index:
        assert index.get("/python/0/alpha/")[0] == 502


def test_an_index_on_disk_is_read_within_its_own_tree(tmp_path: Path) -> None:
    root, spool = tmp_path / "index", tmp_path / "spool"
    (root / "simple" / "alpha").mkdir(parents=True)
    (root / "files").mkdir()
    spool.mkdir()
    (root / "files" / FILE).write_bytes(wheel("alpha", "1.0"))
    (tmp_path / "outside-1.0.zip").write_bytes(b"secret")
    links = f'<a href="../../files/{FILE}">a</a><a href="../../../outside-1.0.zip">b</a>'
    (root / "simple" / "alpha" / "index.html").write_text(links)
    with recording(spool, (root / "simple").as_uri()) as index:
        _, page = index.get("/python/0/alpha/")
        addresses = re.findall(rb'href="([^"]+)"', page)
        assert [index.get(one.decode())[0] for one in addresses] == [200, 502]
        assert index.recording.received[0].need.source == "folder simple"
        assert index.get("/python/0/beta/")[0] == 404
        assert index.recording.hosts == ()


def test_a_folder_of_wheels_is_relayed_as_a_page(tmp_path: Path) -> None:
    wheels, spool = tmp_path / "wheels", tmp_path / "spool"
    wheels.mkdir()
    spool.mkdir()
    (wheels / FILE).write_bytes(wheel("alpha", "1.0"))
    (wheels / ".hidden").write_bytes(b"x")
    with recording(spool, registry_from("python", wheels.as_uri(), links=True)) as index:
        assert index.get(index.file_address("/python/0/"))[0] == 200
        assert [one.need.file for one in index.recording.received] == [FILE]


def test_a_packument_leads_through_the_index_and_its_archives_are_noted(tmp_path: Path) -> None:
    with serving(Registry()) as registry:
        registry.add_npm("@s/pad", {"1.0.0": npm_package("@s/pad", "1.0.0"), "1.1.0": npm_package("@s/pad", "1.1.0")})
        with recording(tmp_path, registry_from("npm", registry.url + "/npm")) as index:
            status, body = index.get("/npm/0/@s%2fpad", Accept="application/vnd.npm.install-v1+json")
            assert status == 200
            address = json.loads(body)["versions"]["1.1.0"]["dist"]["tarball"]
            assert address.startswith("http://127.0.0.1:")
            assert index.get("/" + address.split("/", 3)[3])[0] == 200
            # by its path at the registry's root, as a lock file has it
            assert index.get("/@s/pad/-/pad-1.0.0.tgz")[0] == 200
            assert index.get("/@s/pad/-/pad-9.0.0.tgz")[0] == 404
            needs = [one.need for one in index.recording.received]
            assert [(one.name, one.version, one.file) for one in needs] == [
                ("@s/pad", "1.1.0", "pad-1.1.0.tgz"), ("@s/pad", "1.0.0", "pad-1.0.0.tgz"),
            ]  # fmt: skip
            assert {one.partition(":")[0] for one in needs[0].stated} == {"sha512", "sha1"}


def test_a_registry_cannot_answer_with_another_package(tmp_path: Path) -> None:
    with serving(Registry()) as registry:
        registry.add_npm("evil", {"1.0.0": npm_package("evil", "1.0.0")})
        registry.pages["/npm/good"] = registry.pages["/npm/evil"]
        with recording(tmp_path, registry_from("npm", registry.url + "/npm")) as index:
            assert index.get("/npm/0/good")[0] == 502
            assert index.recording.received == ()


def test_apt_is_a_proxys_client_for_its_own_archives_alone(tmp_path: Path) -> None:
    with serving(Registry()) as archive, serving(Registry()) as other:
        archive.pages["/debian/pool/t/tiny_1.0_all.deb"] = ("application/octet-stream", b"a package")
        archive.pages["/debian/dists/InRelease"] = ("text/plain", b"list")
        with recording(tmp_path, registry_from("debian", archive.url + "/debian")) as index:
            assert index.get(f"{archive.url}/debian/dists/InRelease") == (200, b"list")
            assert index.get(f"{archive.url}/debian/pool/t/tiny_1.0_all.deb") == (200, b"a package")
            assert index.get(f"{archive.url}/other/x.deb")[0] == 403
            assert index.get(f"{other.url}/debian/x.deb")[0] == 403
            assert index.get("http://169.254.169.254/debian/x.deb")[0] == 403
            assert other.seen == []
            assert [one.need.file for one in index.recording.received] == ["tiny_1.0_all.deb"]
            assert [(one.what, one.status) for one in index.recording.asked] == [("/debian/dists/InRelease", 200)]


def test_a_registry_behind_a_proxy_is_asked_through_it(tmp_path: Path, python: Registry) -> None:
    environment = {"http_proxy": python.url.replace("//", "//me:pw@"), "no_proxy": "elsewhere.example"}
    with recording(tmp_path, "http://index.example/simple", environment=environment) as index:
        assert index.get(index.file_address("/python/0/alpha/"))[0] == 200
        assert index.recording.hosts == ("index.example",)
        assert index.recording.received[0].need.source == "http://index.example/simple"
        assert set(python.opened) == {"Basic bWU6cHc="}
