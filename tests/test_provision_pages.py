"""Names and pages from outside: what they say is read, what they could do is not done."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import ProvisionError
from freehold.provision.debian_archive import packages_list
from freehold.provision.file_names import distribution_of, is_safe_file, normalised, safe_npm_name
from freehold.provision.needs import Need
from freehold.provision.npm_registry import manifest_of, mirror_page, package_of, read_packument, tarballs_of, version_order
from freehold.provision.python_index import HTML, JSON, Link, project_html, project_json, read_page, written_html, written_json
from freehold.provision.registry import registry_from, without_secret
from provision_world import archive, npm_package

BASE = "http://index.example/simple/alpha/"


@pytest.mark.parametrize(
    "name",
    ["../a.whl", "a/b.whl", ".hidden", "", "a\nb.whl", "a b.whl", "-rf", "a" * 300, "a\\b", "ä.whl", "a;b", "..", "a\x00b"],
)
def test_a_name_that_could_lead_elsewhere_is_no_file_name(name: str) -> None:
    assert not is_safe_file(name)


@pytest.mark.parametrize(
    ("file", "name", "version"),
    [
        ("Foo_Bar-1.0-py3-none-any.whl", "foo-bar", "1.0"),
        ("foo-1.0-1-cp311-cp311-linux_x86_64.whl", "foo", "1.0"),
        ("foo.bar-1.0.tar.gz", "foo-bar", "1.0"),
        ("foo-bar-1.0+local.zip", "foo-bar", "1.0+local"),
    ],
)
def test_a_distribution_says_its_project_and_version(file: str, name: str, version: str) -> None:
    assert distribution_of(file) == (name, version)


@pytest.mark.parametrize("file", ["foo.whl", "foo-1.0.exe", "foo.tar.gz", "-1.0.tar.gz", "foo-1-2.whl"])
def test_what_is_no_distribution_is_refused(file: str) -> None:
    with pytest.raises(ProvisionError):
        distribution_of(file)


@pytest.mark.parametrize("name", ["@scope/name", "left-pad", "JSONStream", "lodash.merge"])
def test_a_package_of_npm_keeps_its_name(name: str) -> None:
    assert safe_npm_name(name) == name
    assert package_of(name.replace("/", "%2f")) == name


@pytest.mark.parametrize("name", ["..", "@scope/..", "a/../b", "@a/b/c", "", "-/ping", "@scope", "a/b", "node_modules", ".bin"])
def test_what_is_no_package_of_npm_asks_for_none(name: str) -> None:
    assert package_of(name) == ""


def test_a_page_in_html_and_one_in_json_say_the_same() -> None:
    html = (
        b'<html><body><a href="../../files/alpha-1.0.tar.gz#sha256='
        + b"a" * 64
        + b'" data-requires-python="&gt;=3.8" data-yanked="old">'
        b'alpha-1.0.tar.gz</a><a href="https://elsewhere.example/alpha-2.0.zip">x</a></body></html>'
    )  # fmt: skip
    files = [
        {"filename": "alpha-1.0.tar.gz", "url": "../../files/alpha-1.0.tar.gz", "hashes": {"sha256": "A" * 64},
         "requires-python": ">=3.8", "yanked": "old"},
        {"filename": "alpha-2.0.zip", "url": "https://elsewhere.example/alpha-2.0.zip", "hashes": {}},
    ]  # fmt: skip
    of_html = read_page(html, HTML, BASE)
    assert of_html == read_page(json.dumps({"files": files}).encode(), JSON, BASE)
    assert of_html[0].url == "http://index.example/files/alpha-1.0.tar.gz"
    assert of_html[0].digests == (("sha256", "a" * 64),)
    assert dict(of_html[0].facts) == {"requires-python": ">=3.8", "yanked": "old"}


def test_a_page_may_name_where_its_addresses_start() -> None:
    page = b'<base href="http://files.example/x/"><a href="alpha-1.0.zip">alpha</a>'
    assert read_page(page, HTML, BASE)[0].url == "http://files.example/x/alpha-1.0.zip"


def test_hostile_links_are_left_out_of_a_page() -> None:
    page = b"""<a href="javascript:alert(1)//x-1.zip">a</a><a href="http://[::1/alpha-1.0.zip">b</a>
    <a href="data:text/html,alpha-1.zip">c</a>
    <a href="/files/..%2f..%2fetc%2fpasswd">d</a><a href="">e</a><a>f</a>
    <a href="good-1.0.zip#md5=zz">g</a><script>alert(1)</script>"""
    links = read_page(page, HTML, BASE)
    assert [link.file for link in links] == ["good-1.0.zip"]
    assert links[0].digests == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"files": 3',
        b"[" * 100_000,
        b'{"files": [null, 3, {"url": 1}, {"filename": "a", "url": "x\\ud800"}]}',
    ],
)
def test_a_page_that_is_none_is_refused_or_empty(body: bytes) -> None:
    with suppress(ProvisionError):
        assert read_page(body, JSON, BASE) == ()


@given(st.binary(max_size=300))
def test_no_bytes_as_a_page_are_a_defect(body: bytes) -> None:
    for kind in (HTML, JSON):
        try:
            links = read_page(body, kind, BASE)
        except ProvisionError:
            continue
        assert all(is_safe_file(link.file) for link in links)


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}-[0-9]\.[0-9]\.tar\.gz", fullmatch=True)
FACTS = st.dictionaries(
    st.sampled_from(["requires-python", "yanked"]), st.text("abc<>=\"'&3. ", min_size=1, max_size=9), max_size=2
)


@given(st.lists(st.tuples(NAMES, st.integers(0, 2**256 - 1), FACTS), max_size=5, unique_by=lambda one: one[0]))
def test_a_page_that_was_written_is_read_back_as_it_was(files: list[tuple[str, int, dict[str, str]]]) -> None:
    order = ("requires-python", "yanked")
    links = tuple(
        Link(file, f"http://index.example/f/{file}", (("sha256", f"{digest:064x}"),),
             tuple((name, facts[name]) for name in order if name in facts))
        for file, digest, facts in files
    )  # fmt: skip
    assert read_page(written_html("alpha", links, lambda link: link.url), HTML, BASE) == links
    assert read_page(written_json("alpha", links, lambda link: link.url), JSON, BASE) == links


def test_a_mirrors_page_leads_to_its_wheel_house() -> None:
    need = Need("python", "alpha", "1.0", "alpha-1.0.zip", "b" * 64, 3, facts=(("requires-python", ">=3.9"),))
    for page, kind in ((project_html("alpha", [need]), HTML), (project_json("alpha", [need]), JSON)):
        (link,) = read_page(page, kind, "http://mirror.example/python/simple/alpha/")
        assert link.url == "http://mirror.example/python/wheels/alpha-1.0.zip"
        assert (link.digests, dict(link.facts)) == ((("sha256", "b" * 64),), {"requires-python": ">=3.9"})


def test_a_projects_name_has_one_spelling() -> None:
    assert {normalised(name) for name in ("Foo.Bar", "foo__bar", "FOO-_bar")} == {"foo-bar"}


def test_what_a_packument_states_of_archives_is_read_and_the_rest_left_out() -> None:
    versions = {
        "1.0.0": {
            "dist": {"tarball": "http://r.example/a/-/a-1.0.0.tgz", "integrity": "sha512-AAAA sha1-!!", "shasum": "C" * 40}
        },
        "2.0.0": {"dist": {"tarball": "file:///etc/passwd"}},
        "3.0.0": {"dist": {"tarball": "http://r.example/../x"}},
        "4.0.0": {"dist": 7},
        "5.0.0": None,
        "6.0.0": {"dist": {"tarball": "http://[bad/a-6.0.0.tgz"}},
        "7.0.0": {"dist": {"tarball": "http://r.example/.npmrc"}},
    }
    page = read_packument(json.dumps({"name": "a", "versions": versions}).encode())
    first, other = tarballs_of(page, "http://r.example")
    assert (first.version, first.file, dict(first.digests)) == ("1.0.0", "a-1.0.0.tgz", {"sha512": "000000", "sha1": "c" * 40})
    assert (other.version, other.file) == ("3.0.0", "x")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"name": "a"}', b'{"name": 1, "versions": {}}', b"[" * 100_000])
def test_a_packument_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ProvisionError):
        read_packument(body)


def test_versions_stand_in_their_order() -> None:
    ordered = ["no", "0.9.0", "1.0.0-beta.1", "1.0.0", "1.2.0", "1.10.0", "2.0.0"]
    assert sorted(set(ordered), key=version_order) == ordered


def test_latest_is_the_registrys_if_it_is_held_and_else_the_highest() -> None:
    held = {"1.0.0": {}, "1.10.0": {}, "2.0.0-rc.1": {}}
    assert mirror_page("a", held, {"latest": "1.0.0", "next": "3.0.0"})["dist-tags"] == {"latest": "1.0.0"}
    assert mirror_page("a", held, {"latest": "1.11.0"})["dist-tags"] == {"latest": "1.10.0"}


def test_an_archive_is_looked_into_and_never_unpacked(tmp_path: Path) -> None:
    good = tmp_path / "good.tgz"
    good.write_bytes(npm_package("a", "1.0.0"))
    assert manifest_of(good)["version"] == "1.0.0"
    bad = tmp_path / "bad.tgz"
    for content in (b"", b"\x1f\x8b", archive({"other.json": "{}"}, "package"), archive({"package.json": "[" * 10_000}, "p")):
        bad.write_bytes(content)
        with pytest.raises(ProvisionError):
            manifest_of(bad)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:s3cret@index.example:8443/simple/?token=x#y", "https://index.example:8443/simple/"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("https://index.example/a", "https://index.example/a"),
        ("http://bad:port:x/", ""),
    ],
)
def test_an_address_is_shown_without_what_opens_it(url: str, shown: str) -> None:
    assert without_secret(url) == shown


def test_a_registry_keeps_its_secret_to_itself() -> None:
    registry = registry_from("python", "https://me:s3cret@index.example/simple")
    assert registry.authorization == "Basic bWU6czNjcmV0"
    assert "s3cret" not in repr(registry)
    assert "bWU6" not in repr(registry)
    assert registry.opens("https://index.example:443/files/a.whl")
    assert not registry.opens("http://index.example/files/a.whl")
    assert not registry.opens("https://files.example/a.whl")


@pytest.mark.parametrize("url", ["", "index.example", "ftp://index.example/", "http://", "http://a:99999999/"])
def test_an_address_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ProvisionError) as raised:
        registry_from("npm", url)
    assert not url or url not in str(raised.value)


def test_a_flat_repository_lists_packages_as_they_describe_themselves() -> None:
    need = Need("debian", "tiny", "1.0", "tiny_1.0_all.deb", "c" * 64, 7)
    listed = packages_list([(need, "Package: tiny\nVersion: 1.0\nDescription: a\n b")])
    assert listed.decode() == (
        "Package: tiny\nVersion: 1.0\nDescription: a\n b\nFilename: ./pool/tiny_1.0_all.deb\nSize: 7\nSHA256: "
        + "c" * 64
        + "\n"
    )
