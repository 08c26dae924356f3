"""DNS zone files: what each record is evidence of, odd and hostile forms, and what rests on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from freehold import work
from freehold.errors import ReadError, Unreadable
from freehold.measure.cutoff import cutoff
from freehold.read.select import select_reader
from freehold.read.zone import ZoneReader
from freehold.read.zone_records import parse_zone
from freehold.settings import Settings
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.inventory import Inventory

ZONE = """\
; the clinic
$TTL 1h
@   IN SOA ns1.klinik.de. hostmaster.klinik.de. (
        2026010101 ; serial (of the day)
        2h 30m 2w 1h )
    IN NS  ns-1.awsdns-00.com.
    IN NS  ns1.first-ns.de.
    IN MX  10 klinik-de.mail.protection.outlook.com.
    300 IN TXT "v=spf1 mx ip4:192.0.2.0/24 ip6:2001:db8::/32 include:spf.protection" (
        ".outlook.com include:%{i}._spf.mta.salesforce.com ~all" )
    TXT "google-site-verification=secret-token"
    TXT "MS=ms12345"
    IN CAA 0 issue "letsencrypt.org; accounturi=https://example/1"
    IN CAA 0 issuewild ";"
    IN CAA 0 iodef "mailto:person@klinik.de"
_dmarc TXT ( "v=DMARC1; p=none; "
             "rua=mailto:x@dmarc.postmarkapp.com,mailto:y@klinik.de" )
www      300 IN CNAME mysite.azureedge.net.
Shop  IN 300 CNAME shops.myshopify.com.
intern   CNAME www
_sip._tls SRV 100 1 443 sipdir.online.lync.com.
praxis   NS  ns.anderswo.fr.
a        A    192.0.2.1
         AAAA 2001:db8::1
"""


def read(folder: Path, text: str | bytes, name: str = "klinik.de.zone") -> Inventory:
    place = folder / name
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return ZoneReader().read(place)


def hosts(found: Inventory, role: str) -> list[str]:
    return [contact.host for contact in found.contacts if contact.role == role]


def test_each_record_is_evidence_of_what_it_names(tmp_path: Path) -> None:
    found = read(tmp_path, ZONE)
    assert found.name == "klinik.de"
    assert hosts(found, "dns") == ["com.awsdns-00.ns-1", "de.first-ns.ns1"]
    assert hosts(found, "mail") == ["com.outlook.protection.mail.klinik-de"]
    assert hosts(found, "certificate") == ["org.letsencrypt"]
    assert hosts(found, "service") == [
        "com.lync.online.sipdir", "com.myshopify.shops", "com.outlook.protection.spf", "com.postmarkapp.dmarc",
        "com.salesforce.mta", "fr.anderswo.ns", "net.azureedge.mysite",
    ]  # fmt: skip
    assert {contact.scope for contact in found.contacts} == {"run"}
    lines = {contact.host: [seen.line for seen in contact.evidence] for contact in found.contacts}
    assert lines["net.azureedge.mysite"] == [18]
    assert lines["com.postmarkapp.dmarc"] == [16]


def test_addresses_and_proofs_are_counted_and_no_token_is_kept(tmp_path: Path) -> None:
    found = read(tmp_path, ZONE)
    assert len(found.skips) == 1
    assert found.skips[0].detail == (
        "4 address(es) stand in it; whose machines they are a zone does not tell. "
        "2 record(s) prove the domain to services that they do not name as a host (google-site-verification, ms)."
    )
    assert "secret" not in repr(found)
    assert "person" not in repr(found)


def test_a_zone_is_told_by_its_first_record_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "export.txt").write_text(ZONE)
    (tmp_path / "late.zone").write_text("; x\n" * 3000 + ZONE)
    assert select_reader(tmp_path / "export.txt").name == "zone"
    assert select_reader(tmp_path / "late.zone").name == "zone"
    (tmp_path / "words.txt").write_text("The word SOA alone is no zone.\n")
    with pytest.raises(Unreadable):
        select_reader(tmp_path / "words.txt")


def test_exports_with_whole_names_on_every_line_are_read(tmp_path: Path) -> None:
    text = (
        "klinik.de.\t3600\tIN\tSOA\tns1.first-ns.de. a.b.de. 1 2 3 4 5\n"
        "klinik.de.\t3600\tIN\tNS\tns1.first-ns.de.\nklinik.de.\t3600\tIN\tMX\t0\t.\n"
        "WWW.Klinik.de.\tIN\t3600\tALIAS\tedge.fastly.net.\r\n"
    )
    found = read(tmp_path, text, "dump")
    assert [(one.host, one.role) for one in found.contacts] == [("de.first-ns.ns1", "dns"), ("net.fastly.edge", "service")]


def test_a_hired_host_beside_an_own_one_is_optional(tmp_path: Path) -> None:
    text = "$ORIGIN klinik.de.\n@ SOA ns1 x 1 2 3 4 5\n@ NS ns1\n@ NS ns.first-ns.de.\nns1 A 192.0.2.1\n@ MX 5 mx.strato.de.\n"
    found = read(tmp_path, text, "db")
    assert [(one.role, one.optional) for one in found.contacts] == [("dns", True), ("mail", False)]


def test_relative_names_follow_the_origin_of_their_line() -> None:
    zone = parse_zone("$ORIGIN a.de.\n@ SOA x y 1 1 1 1 1\n$ORIGIN sub\nwww CNAME other\n", "f", "")
    assert [(one.owner, one.name(0)) for one in zone.records] == [("a.de", "x.a.de"), ("www.sub.a.de", "other.sub.a.de")]


def test_files_that_it_asks_for_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x NS ns.evil.com.\n")
    found = read(tmp_path, f"{ZONE}\n$INCLUDE other\n$GENERATE 1-1000000 h$ A 10.0.0.$\n")
    assert [skip.reason for skip in found.skips].count("unsupported") == 2
    assert not any("evil" in contact.host for contact in found.contacts)


def test_a_zone_that_does_not_say_its_name_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"\$ORIGIN"):
        read(tmp_path, "@ IN SOA a. b. 1 2 3 4 5\n", "zonefile")


@pytest.mark.parametrize(
    "tail",
    [
        "(" * 100_000,
        '"' + "x" * 300_000,
        '\\"' * 100_000 + '"',
        "x TXT " + '"a" ' * 50_000,
        "x " + "1" * 100_000 + " A 1.2.3.4",
        "x TXT " + "v" * 100_000 + "=1",
        "x TXT \"v=spf1 " + "include:" * 50_000 + '"',
        "a." * 100_000 + " CNAME b.",
        "\0\0\0\n\0 NS \0.\0.com.",
        "x MX\nx SRV 1\nx CAA 0 issue\nx NS\n@\n$ORIGIN\n\n)))\n",
        "$ORIGIN " + "a" * 1000 + ".\nx NS y\n",
    ],
)  # fmt: skip
def test_hostile_tails_take_nothing_from_what_stands_before(tmp_path: Path, tail: str) -> None:
    found = read(tmp_path, ZONE + tail)
    assert hosts(found, "mail") == ["com.outlook.protection.mail.klinik-de"]
    assert all(contact.host.isprintable() for contact in found.contacts)


def test_bytes_that_are_not_text_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="UTF-8"):
        read(tmp_path, b"@ IN SOA a. b. 1\n\xff\xfe")


SMALL = "$ORIGIN klinik.de.\n@ SOA a b 1 2 3 4 5\n@ NS ns-1.awsdns-00.com.\n@ NS ns1.hetzner.com.\n"


def test_two_name_services_are_each_enough(tmp_path: Path) -> None:
    (tmp_path / "a.zone").write_text(SMALL)
    stack = work.load(tmp_path / "a.zone", Settings(home="DE")).stack
    sources = [source for source in stack.sources if source.item == "klinik.de:dns"]
    assert {source.provider for source in sources} == {"aws", "hetzner"}
    answer = cutoff(stack, Cutoff((Rule(provider="hetzner"),)), days=(0, 30))
    assert answer.mission.low == (1.0, 1.0)


def test_the_only_name_service_stops_the_domain_after_the_day_that_answers_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.zone").write_text(SMALL.replace("@ NS ns-1.awsdns-00.com.\n", ""))
    stack = work.load(tmp_path / "a.zone", Settings(home="US")).stack
    answer = cutoff(stack, Cutoff((Rule(country="DE"),)), days=(0, 1))
    assert (answer.mission.low, answer.mission.high) == ((1.0, 0.0), (1.0, 0.0))


def test_an_own_name_server_beside_the_hired_one_keeps_the_domain_up(tmp_path: Path) -> None:
    (tmp_path / "a.zone").write_text(SMALL.replace("ns-1.awsdns-00.com.", "ns1"))
    stack = work.load(tmp_path / "a.zone", Settings(home="US")).stack
    answer = cutoff(stack, Cutoff((Rule(country="DE"),)), days=(0, 30))
    assert answer.mission.low == (1.0, 1.0)
