"""Package URLs: canonical as the library has them, and slugs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from freehold.read.purls import canonical, qualifier, slug, without_user

KNOWN = """
    alpm apk bitbucket bitnami cargo cocoapods composer conan conda cran deb docker gem generic github gitlab golang hackage
    hex huggingface luarocks maven mlflow npm nuget oci otp pub pypi rpm swift NPM c cpan 7z x.y
"""
SIGNS = "%40 %2B %2b %2F %3A %20 %25 %C3%A9 %FF % + ~ @ : / // . .. _ - é Ü"
TYPES = st.sampled_from(KNOWN.split())
ESCAPES = st.sampled_from([*SIGNS.split(), "\t", " "])
WORDS = st.text(st.sampled_from("abzABZ019"), max_size=4)
PIECES = st.lists(st.one_of(WORDS, ESCAPES), max_size=5).map("".join)
PLAIN = st.text(st.sampled_from("abcABC012._-"), min_size=1, max_size=8)
KEYS = st.sampled_from(["arch", "type", "repository_url", "Zone", "a b", "1x", ""])
ODD = st.builds(
    lambda kind, spaces, name, version, pairs, subpath: (
        f"pkg:{kind}/"
        + "".join(f"{space}/" for space in spaces)
        + name
        + (f"@{version}" if version is not None else "")
        + ("?" + "&".join(f"{key}={value}" for key, value in pairs) if pairs else "")
        + (f"#{subpath}" if subpath is not None else "")
    ),
    TYPES,
    st.lists(st.one_of(PLAIN, PIECES), max_size=2),
    st.one_of(PLAIN, PIECES),
    st.one_of(st.none(), PLAIN, PIECES),
    st.lists(st.tuples(KEYS, st.one_of(PLAIN, PIECES)), max_size=3),
    st.one_of(st.none(), PIECES, PLAIN),
)


def by_library(text: str) -> str | None:
    try:
        return PackageURL.from_string(text).to_string()
    except ValueError:
        return None


@settings(max_examples=300, deadline=None)
@given(st.one_of(ODD, ODD, st.text(max_size=30), st.text(max_size=20).map("pkg:{}".format)))
@example("pkg:npm/%40angular/core@1.0.0")
@example("pkg:npm/@angular/core@1.0.0")
@example("pkg:npm/@Angular/Core")
@example("pkg:deb/debian/libstdc++6@12.2.0-14+deb12u1?distro=debian-12&arch=amd64")
@example("pkg:apk/alpine/libstdc%2B%2B@13.2.1")
@example("pkg:deb/debian/dash@1:0.5.11?epoch=1")
@example("pkg:nuget/System.Text.Encodings.Web%406.0.0")
@example("pkg:github/A%2BB/C%2BD@x%3Ay")
@example("pkg:generic/x?repository_url=https%3A%2F%2Fa.example%2Fb&a=1#a/b")
@example("pkg:generic/x?a=1&a=2")
@example("pkg:pypi/Typing_Extensions.x@4")
def test_the_canonical_form_is_the_one_of_the_library(text: str) -> None:
    assert canonical(text) == by_library(text)


@pytest.mark.parametrize(
    ("met", "made"),
    [
        ("pkg:pypi/Typing_Extensions@4.0", "pkg:pypi/typing-extensions@4.0"),
        ("pkg:maven/a.b/C@1?type=jar&classifier=x#sub/path", "pkg:maven/a.b/C@1?classifier=x&type=jar#sub/path"),
        ("pkg:npm/@scope/Name@1", "pkg:npm/%40scope/name@1"),
        ("pkg:golang/github.com/X/y@v1.0.0+incompatible", "pkg:golang/github.com/X/y@v1.0.0%2Bincompatible"),
        ("not a purl", None),
        ("pkg:", None),
        ("pkg:npm/", None),
        ("", None),
    ],
)
def test_a_package_url_has_one_spelling(met: str, made: str | None) -> None:
    assert canonical(met) == made


def test_well_formed_package_urls_need_no_library() -> None:
    code = (
        "import sys; from freehold.read.purls import canonical; "
        "assert canonical('pkg:npm/%40a/b@1+x?arch=amd64') == 'pkg:npm/%40a/b@1%2Bx?arch=amd64'; "
        "assert 'packageurl' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_qualifier_is_found_and_decoded() -> None:
    purl = canonical("pkg:npm/a@1?repository_url=https%3A%2F%2Fr.example%2Fx%20y&arch=b#c")
    assert purl is not None
    assert qualifier(purl, "repository_url") == "https://r.example/x y"
    assert qualifier(purl, "arch") == "b"
    assert qualifier(purl, "url") is None
    assert qualifier("pkg:npm/a@1", "arch") is None


def test_user_information_within_qualifiers_is_dropped() -> None:
    purl = canonical("pkg:generic/a@1?download_url=https://me:secret@h.example/x&vcs_url=git%2Bhttps://tok%40h.example/y")
    assert purl is not None
    assert without_user(purl) == "pkg:generic/a@1?download_url=https://h.example/x&vcs_url=git%2Bhttps://h.example/y"
    assert without_user("pkg:npm/%40scope/a@1") == "pkg:npm/%40scope/a@1"


@pytest.mark.parametrize(
    ("parts", "made"),
    [
        (("Acme Inc", "Gate Way", "1.0"), "acme-inc-gate-way-1.0"),
        ((None, "libstdc++", None), "libstdc++"),
        (("", "数据库", "2"), "数据库-2"),
        ((None, "a/b\\c\n", None), "a-b-c"),
    ],
)
def test_a_slug_is_made_of_names(parts: tuple[str | None, ...], made: str) -> None:
    assert slug(*parts) == made


def test_slugs_of_signs_alone_still_differ() -> None:
    assert slug("!!!") != slug("???")
    assert slug("!!!") == slug("!!!")


@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=3))
def test_a_slug_is_never_empty_and_stays_as_it_is(parts: list[str | None]) -> None:
    made = slug(*parts)
    assert made
    assert not any(sign.isspace() for sign in made)
    assert slug(made) == made
