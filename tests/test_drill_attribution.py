"""Whose host it is: every step of the ladder, what goes before what, and the tables that a user supplies."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold import work
from freehold.catalogue.facts import Catalogue, load
from freehold.drill.attribution import Attribution, bare_stack
from freehold.drill.contact import Contact
from freehold.drill.network_tables import NetworkTable, load_asn_table, load_country_table
from freehold.drill.record import HostRole
from freehold.errors import ReadError, TooLarge, Unreadable
from freehold.stack.values import UNKNOWN, Claim, Item, Need, Provider, Source, Stack
from small_catalogue import write_layer
from strategies import repeatable


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load(write_layer(tmp_path_factory.mktemp("catalogue")))


STACK = Stack(
    "Shop", "DE", ("EU",), None,
    items=(
        Item("shop", kind="application", mission=1.0), Item("host:example.pay.api", "pay", "service"),
        Item("acme-cloud", "Cloud", "cloud"), Item("mirror", "mirror.example", "registry"),
        Item("fields", "Fields.js", "software"), Item("names", kind="service"),
    ),
    providers=(Provider("payer", "Payer AG", "CH"), Provider("acme", "Acme, renamed", "AT")),
    sources=(
        Source("shop@self", "shop", "self"), Source("pay", "host:example.pay.api", "payer"),
        Source("cloud", "acme-cloud", "acme", ("AT",)), Source("mirror@self", "mirror", "self"),
        Source("fields@self", "fields", "self"), Source("names@host:org.example.ns", "names", UNKNOWN),
    ),
    needs=(Need("shop@self", "acme-cloud"),),
    claims=(Claim("items", "mirror", "id", "org.example.files", "lock file"),),
)  # fmt: skip


def only(roles: tuple[HostRole, ...]) -> HostRole:
    assert len(roles) == 1, roles
    return roles[0]


def bare(catalogue: Catalogue) -> Attribution:
    return Attribution(bare_stack(catalogue, "DE", ("EU",)), catalogue)


# The catalogue's steps


def test_a_hosts_own_row_in_the_catalogue_is_strong_and_names_all_that_control_it(catalogue: Catalogue) -> None:
    role = only(bare(catalogue).roles("api.acme.com"))
    assert (role.role, role.provider, role.product, role.name) == ("service", "acme", "acme-cloud", "Acme Hosting GmbH")
    assert (role.method, role.confidence) == ("host", "strong")
    # owned by Acme Corp (US) with 0.61, that by Acme Holding (GB); the Left Fund's 0.2 is too small
    assert dict(role.countries) == {"provider": ("DE",), "owner": ("GB", "US"), "location": ("DE", "FI")}
    assert role.evidence == "catalogue: Legal notice (Example Press), https://www.example.com/legal?x=1, 2026-03"


def test_a_host_below_a_known_domain_is_known_by_its_domain(catalogue: Catalogue) -> None:
    role = only(bare(catalogue).roles("www.acme.com"))
    assert (role.provider, role.method, role.confidence) == ("acme", "domain", "medium")


def test_a_tenant_under_a_shared_suffix_has_a_platform_and_nobody_known_of_its_own(catalogue: Catalogue) -> None:
    attribution = bare(catalogue)
    role = only(attribution.roles("somebody.github.io"))
    assert (role.role, role.provider, role.product, role.method) == ("platform", "acme-corp", "forge", "suffix")
    assert [hand.source for hand in attribution.hands("somebody.github.io") if hand.role is None] == [None]


def test_the_shared_suffix_itself_is_its_owners_service(catalogue: Catalogue) -> None:
    role = only(bare(catalogue).roles("github.io"))
    assert (role.role, role.provider, role.method) == ("service", "acme-corp", "host")


def test_a_name_that_the_look_up_led_through_is_a_delivery_of_its_own(catalogue: Catalogue) -> None:
    attribution = bare(catalogue)
    role = only(attribution.roles("unknown.example", ("cdn.acme.com",)))
    assert (role.role, role.provider, role.method) == ("delivery", "acme", "alias")
    both = attribution.roles("acme.co.uk", ("x.example", "cdn.acme.com"))
    assert [(role.role, role.provider) for role in both] == [("service", "acme-corp"), ("delivery", "acme")]


def test_a_delivery_by_the_same_provider_is_not_told_twice(catalogue: Catalogue) -> None:
    assert len(bare(catalogue).roles("api.acme.com", ("edge.acme.com",))) == 1


@pytest.mark.parametrize("name", ["unknown.example", "localhost", "com", "a..b", "", "x" * 300])
def test_of_a_host_that_nobody_knows_one_unknown_hand_is_told(catalogue: Catalogue, name: str) -> None:
    attribution = bare(catalogue)
    assert attribution.roles(name) == ()
    assert [hand.source for hand in attribution.hands(name)] == [None]


# The stack's word


def test_a_row_of_the_stack_that_is_named_after_the_host_goes_first(catalogue: Catalogue) -> None:
    attribution = Attribution(STACK, catalogue)
    role = only(attribution.roles("api.pay.example"))
    assert (role.provider, role.method, role.confidence) == ("payer", "stack", "strong")
    assert dict(role.countries)["provider"] == ("CH",)
    assert role.evidence == "stack: item host:example.pay.api, source pay"
    below = only(attribution.roles("v2.api.pay.example"))
    assert (below.provider, below.method, below.confidence) == ("payer", "stack", "medium")


def test_what_an_item_is_called_and_where_it_was_met_tie_it_too(catalogue: Catalogue) -> None:
    attribution = Attribution(STACK, catalogue)
    assert only(attribution.roles("mirror.example")).provider == "self"
    assert only(attribution.roles("files.example.org")).provider == "self"
    # a source that says its host and not whose it is
    assert only(attribution.roles("ns.example.org")).provider is None


def test_software_that_is_called_like_a_host_is_none(catalogue: Catalogue) -> None:
    stack = Stack("s", items=(Item("x", "acme.com", "software"),), sources=(Source("x@self", "x", "self"),))
    assert only(Attribution(stack, catalogue).roles("acme.com")).provider == "acme"


def test_the_stacks_own_source_of_a_product_says_where_it_stands(catalogue: Catalogue) -> None:
    role = only(Attribution(STACK, catalogue).roles("api.acme.com"))
    assert (role.provider, role.name, role.method) == ("acme", "Acme, renamed", "host")
    assert dict(role.countries)["location"] == ("AT",)


def test_a_copy_that_the_organisation_runs_itself_is_not_the_makers_service(catalogue: Catalogue) -> None:
    stack = Stack("s", items=(Item("acme-cloud"),), sources=(Source("own", "acme-cloud", "self"),))
    assert only(Attribution(stack, catalogue).roles("api.acme.com")).provider == "acme"


def test_what_the_stack_leaves_open_the_catalogue_fills(catalogue: Catalogue) -> None:
    stack = Stack("s", items=(Item("host:com.acme.api"),), sources=(Source("a", "host:com.acme.api"),))
    role = only(Attribution(stack, catalogue).roles("api.acme.com"))
    assert (role.provider, role.method) == ("acme", "stack")
    assert dict(role.countries)["location"] == ("DE", "FI")


def test_a_row_for_a_public_suffix_does_not_stand_for_its_tenants(catalogue: Catalogue) -> None:
    stack = Stack("s", items=(Item("host:io.github"),), sources=(Source("a", "host:io.github", "payer"),))
    roles = Attribution(stack, catalogue).roles("somebody.github.io")
    assert [role.role for role in roles] == ["platform"]


# Contacts


def test_a_contact_is_attributed_by_its_name_its_aliases_and_its_addresses(catalogue: Catalogue, tmp_path: Path) -> None:
    networks = table(tmp_path, "192.0.2.0,192.0.2.255,64496,Acme Corp\n")
    attribution = Attribution(bare_stack(catalogue), catalogue, networks=networks)
    contact = Contact("api.acme.com", "", 443, "tcp", aliases=("x.github.io",), addresses=("192.0.2.7",))
    found = attribution.attribute(contact)
    assert [(role.role, role.provider, role.confidence) for role in found.roles] == [
        ("service", "acme", "strong"), ("delivery", "acme-corp", "medium"), ("network", "acme-corp", "weak"),
    ]  # fmt: skip
    assert found.provider == "acme"


def test_a_server_on_the_machines_own_loopback_is_nobodys(catalogue: Catalogue) -> None:
    assert bare(catalogue).attribute(Contact("", "127.0.0.1", 5432, "tcp", local=True)).roles == ()


def test_a_literal_address_is_known_by_weak_ways_only(catalogue: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text("192.0.2.0,192.0.2.255,FI\n", encoding="utf-8")
    networks = table(tmp_path, "192.0.2.0,192.0.2.255,64496,Some Network\n")
    attribution = Attribution(bare_stack(catalogue), catalogue, networks=networks, places=load_country_table([file]))
    roles = attribution.attribute(Contact("", "192.0.2.9", 443, "tcp")).roles
    assert [(role.role, role.provider, role.name, role.method, role.confidence) for role in roles] == [
        ("network", None, "Some Network", "asn", "weak"), ("address", None, "Finland", "address", "weak"),
    ]  # fmt: skip
    assert roles[1].countries == (("location", ("FI",)),)
    assert roles[0].evidence == "192.0.2.9 is in AS64496 Some Network (table asn.csv)"


def test_an_address_that_a_proxy_is_asked_for_is_as_one_that_was_dialled(catalogue: Catalogue, tmp_path: Path) -> None:
    networks = table(tmp_path, "192.0.2.0,192.0.2.255,64496,Some Network\n")
    attribution = Attribution(bare_stack(catalogue), catalogue, networks=networks)
    assert attribution.roles("192.0.2.9") == attribution.roles("", (), ("192.0.2.9",))


def test_a_literal_address_that_a_row_of_the_stack_names_is_known_by_it(catalogue: Catalogue) -> None:
    stack = Stack("s", items=(Item("host:192.0.2.9"),), sources=(Source("a", "host:192.0.2.9", "acme"),))
    assert only(Attribution(stack, catalogue).roles("", (), ("192.0.2.9",))).provider == "acme"


# Tables


def table(folder: Path, text: str) -> NetworkTable:
    file = folder / "asn.csv"
    file.write_text(text, encoding="utf-8")
    return load_asn_table([file])


def test_both_families_stand_in_one_table_in_any_order_with_a_heading(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        'start,end,asn,name\n2001:db8::,2001:db8::ffff,64497,"Six, Inc."\n198.51.100.0,198.51.100.9,AS64498,Later\n\n'
        "192.0.2.0,192.0.2.255,64496,Four\n",
    )
    assert found.rows == 3
    said = {address: (row.value if (row := found.find(address)) else None) for address in (
        "192.0.2.0", "192.0.2.255", "192.0.3.0", "198.51.100.9", "198.51.100.10", "2001:db8::1", "2001:db8:1::",
        "::ffff:192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "no address", "2001:db8::1%eth0",
    )}  # fmt: skip
    four, six, later = ("64496", "Four"), ("64497", "Six, Inc."), ("64498", "Later")
    assert said == {
        "192.0.2.0": four, "192.0.2.255": four, "192.0.3.0": None, "198.51.100.9": later, "198.51.100.10": None,
        "2001:db8::1": six, "2001:db8:1::": None, "::ffff:192.0.2.1": four, "0.0.0.0": None, "255.255.255.255": None,
        "::": None, "no address": None, "2001:db8::1%eth0": six,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("192.0.2.0,192.0.2.255,64496", "line 2: has 3 cells instead of 4"),
        ("192.0.2.0,192.0.2.256,64496,X", "line 2: '192.0.2.256' is no address"),
        ("3221225984,3221226239,64496,X", "are written as text, not as numbers"),
        ("192.0.2.9,192.0.2.1,64496,X", "line 2: ends before it begins"),
        ("192.0.2.9,2001:db8::,64496,X", "of one family and ends with one of the other"),
        ("192.0.2.0,192.0.2.255,none,X", "line 2: 'none,X' is not what it should be"),
        ("192.0.2.0,192.0.2.255,99999999999,X", "is not what it should be"),
        ('192.0.2.0,192.0.2.255,64496,"X', "line 2: is not CSV"),
        ("192.0.2.0\x00,192.0.2.255,64496,X", "line 2"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, row: str, problem: str) -> None:
    with pytest.raises(ReadError) as caught:
        table(tmp_path, f"198.51.100.0,198.51.100.255,64500,Good\n{row}\n")
    assert str(tmp_path / "asn.csv") in str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", b"start,end,asn,name\n"])
def test_a_table_that_holds_nothing_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "asn.csv"
    file.write_bytes(content)
    with pytest.raises(Unreadable, match=r"asn\.csv"):
        load_asn_table([file])


def test_a_table_that_is_not_there_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        load_asn_table([tmp_path / "none.csv"])
    monkeypatch.setattr("freehold.drill.network_tables.MOST_ROWS", 1)
    with pytest.raises(TooLarge, match="more than 1 ranges"):
        table(tmp_path, "192.0.2.0,192.0.2.1,1,A\n192.0.2.2,192.0.2.3,2,B\n")


def test_a_country_table_knows_what_is_no_country(tmp_path: Path, catalogue: Catalogue) -> None:
    file = tmp_path / "places.csv"
    file.write_text("192.0.2.0,192.0.2.9,??\n198.51.100.0,198.51.100.9,EU\n", encoding="utf-8")
    attribution = Attribution(bare_stack(catalogue), catalogue, places=load_country_table([file]))
    assert attribution.roles("", (), ("192.0.2.1",)) == ()
    assert attribution.roles("", (), ("198.51.100.1",)) == ()
    file.write_text("192.0.2.0,192.0.2.9,Germany\n", encoding="utf-8")
    with pytest.raises(Unreadable, match="line 1: 'Germany' is not what it should be"):
        load_country_table([file])


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30)), min_size=1, max_size=12), st.booleans())
@repeatable(60)
def test_a_table_says_of_each_address_what_a_walk_over_its_rows_says(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]], six: bool
) -> None:
    def written(number: int) -> str:
        return f"2001:db8::{number:x}" if six else f"10.0.{number >> 8}.{number & 255}"

    rows, at = [], 0
    for number, (gap, length) in enumerate(steps):
        rows.append((at + gap, at + gap + length, str(number + 1)))
        at += gap + length + 1
    file = tmp_path_factory.mktemp("table") / "asn.csv"
    lines = [f"{written(first)},{written(last)},{name},N{name}\n" for first, last, name in reversed(rows)]
    file.write_text("".join(lines), encoding="utf-8")
    found = load_asn_table([file])
    for number in range(at + 3):
        expected = next((name for first, last, name in rows if first <= number <= last), None)
        row = found.find(written(number))
        assert (row.value[0] if row else None) == expected


_CELLS = st.sampled_from(
    ["10.0.0.0", "10.0.0.9", "10.0.1.0", "010.0.0.1", "10.0.0.256", "1.2.3", "1.2.3.4.5", "::1", "2001:db8::", "", "64496",
     "AS7", "4294967296", "99999999999", "DE", "?", "??", "de", "EUR", "Net", '"Net, Inc."', '"Net', 'N"et', " 7", "7 ", "é",
     "\t", "x,y"]
)  # fmt: skip
_LINES = st.lists(
    st.one_of(
        st.sampled_from(["10.0.0.0,10.0.0.9,7,Net", '10.0.1.0,10.0.1.9,8,"Net, Inc."', "10.0.2.0,10.0.2.0,7,Other"]),
        st.lists(_CELLS, min_size=1, max_size=5).map(",".join),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@given(_LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
@repeatable(300)
def test_reading_in_one_sweep_and_line_by_line_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str, ended: bool, countries: bool
) -> None:
    file = tmp_path_factory.mktemp("table") / "t.csv"
    if countries:
        lines = [line.replace(",7,Net", ",DE").replace(",7,Other", ",FI").replace(',8,"Net, Inc."', ",FR") for line in lines]
    file.write_bytes((end.join(lines) + end * ended).encode())
    reader = load_country_table if countries else load_asn_table
    said = []
    for swept in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not swept:
                patch.setattr("freehold.drill.network_tables.sweep", lambda *_: None)
            try:
                found = reader([file])
            except ReadError as error:
                said.append(str(error))
                continue
        rows = [found.find(f"10.0.{third}.{last}") for third in range(3) for last in range(11)]
        said.append(repr((found.rows, [row and row.value[0] for row in rows])))
    assert said[0] == said[1]


# What comes with Freehold


@pytest.mark.parametrize(
    ("reverse", "provider", "role"),
    [
        ("com.github", "github-inc", "service"), ("org.pypi", "psf", "service"),
        ("org.pythonhosted.files", "psf", "service"), ("io.github.somebody", "github-inc", "platform"),
        ("com.amazonaws.s3.some-bucket", "aws", "platform"),
    ],
)  # fmt: skip
def test_hosts_of_common_builds_are_known(reverse: str, provider: str, role: str) -> None:
    attribution = bare(work.catalogue())
    found = attribution.roles(".".join(reversed(reverse.split("."))))
    assert [(one.role, one.provider) for one in found] == [(role, provider)]
