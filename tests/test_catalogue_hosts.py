"""Hosts in reverse-domain notation: turning round, what is dropped, what is no name, registrable domains."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.catalogue.hosts import clean_host, is_address, is_suffix, looks_forward, registrable, to_forward, to_reverse
from strategies import repeatable

LABELS = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(LABELS, max_size=4),
    st.sampled_from(["com", "org", "de", "cafe", "io", "xn--p1ai"]),
)


@given(HOSTS)
@repeatable(300)
def test_turning_a_host_round_twice_gives_it_back(host: str) -> None:
    assert to_forward(to_reverse(host)) == host


@given(HOSTS)
@repeatable(100)
def test_a_host_in_reverse_is_never_taken_for_an_address(host: str) -> None:
    assert not is_address(to_reverse(host))


@pytest.mark.parametrize(
    "written",
    [
        "api.example.com",
        "API.Example.COM",
        "api.example.com.",
        "api.example.com:443",
        "user:secret@api.example.com:80",
        "https://user:secret@api.example.com:8443/v1?x=a.b#c",
        "//api.example.com".removeprefix("//"),
        " api.example.com\n",
        "api。example．com",
        "wss://api.example.com",
        r"https://api.example.com\@evil.org",
    ],
)
def test_case_port_user_path_and_trailing_dot_do_not_matter(written: str) -> None:
    assert to_reverse(written) == "com.example.api"


def test_international_names_are_kept_in_their_ascii_form() -> None:
    assert to_reverse("www.Bücher.example") == "example.xn--bcher-kva.www"
    assert to_reverse("BÜCHER.example") == to_reverse("xn--bcher-kva.example")
    assert to_reverse("straße.de") == "de.xn--strae-oqa"  # not strasse.de, which is somebody else's


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "::1", "[2001:DB8::1]", "fe80::1%eth0", "127.1", "0x7f.1", "2130706433", "192.168.0.1."]
)
def test_an_address_is_no_name_and_is_not_turned_round(address: str) -> None:
    assert is_address(address)
    assert to_reverse(address) == to_forward(address)


def test_an_address_loses_brackets_port_and_zone() -> None:
    assert clean_host("http://[2001:DB8::1]:8080/x") == "2001:db8::1"
    assert clean_host("10.0.0.1:53") == clean_host("10.0.0.1.") == "10.0.0.1"
    assert clean_host("[fe80::1%25eth0]") == "fe80::1"


@pytest.mark.parametrize(
    "text", ["", "   ", "https://", "a..b", "-a.com", "a b.com", "x" * 64 + ".com", "a." * 200 + "com", "*.com", "a{b}.com"]
)
def test_what_is_no_host_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="no valid host name"):
        clean_host(text)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("com.example.api.v2", "com.example"),
        ("uk.co.example.www", "uk.co.example"),
        ("io.github.user.page", "io.github.user"),
        ("com", None),
        ("uk.co", None),
        ("10.0.0.1", None),
        ("nosuchtop.example", None),
        ("xn--p1ai.xn--e1afmkfd.x", "xn--p1ai.xn--e1afmkfd"),
    ],
)
def test_the_registrable_domain_follows_the_public_suffix_list(host: str, domain: str | None) -> None:
    assert registrable(host) == domain


def test_a_domain_under_which_names_are_sold_is_told_from_one_that_hosts_customers() -> None:
    assert is_suffix("com")
    assert is_suffix("uk.co")
    assert not is_suffix("io.github")
    assert not is_suffix("nosuchtop")


def test_a_host_written_forwards_is_noticed_where_that_can_be_known() -> None:
    assert looks_forward("api.example.com")
    assert not looks_forward("com.example.api")
    assert not looks_forward("dev.example.app")
    assert not looks_forward("localhost")


def test_the_public_suffix_list_is_not_loaded_until_a_host_is_split() -> None:
    program = (
        "import sys; "
        "from freehold.catalogue.match import Matcher; from freehold.catalogue.facts import load; m = Matcher(load()); "
        "m.match_purl('pkg:pypi/x'); m.match_host('com.nosuch.example'); m.match_name('Acme'); "
        "sys.exit(any(name in sys.modules for name in ('publicsuffixlist', 'pycountry', 'license_expression')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
