"""A package archive as a network: clauses, alternatives, Provides, packings, versions; and the whole of Debian 12.15."""

from __future__ import annotations

import gzip
import lzma
import random
from contextlib import suppress
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_extract import Extract, extract
from freehold import work
from freehold.errors import TooLarge, Unreadable
from freehold.measure.cutoff import cutoff
from freehold.network.and_or import AndOr, and_or
from freehold.network.cone import cone, within
from freehold.network.propagation import lose, propagation, sets_of, single_losses
from freehold.read.lz4_frames import BadFrame, unpack
from freehold.read.package_index import Archive, newer, parse_packages
from freehold.read.packed_files import read_packed
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.find import find_item
from freehold.stack.values import Stack
from strategies import repeatable

PACKAGES = """\
Package: mail
Version: 2:1.0-1
Maintainer: Somebody <somebody@example.org>
Depends: libc (>= 2.36), exim4 | mail-transport-agent, perl:any,
 data (= 1) [amd64]
Pre-Depends: libc

Package: libc
Version: 2.36
Depends: libgcc

Package: libgcc
Version: 12
Depends: libc

Package: exim4
Version: 4
Provides: mail-transport-agent (= 1)

Package: postfix
Version: 3
provides: mail-transport-agent

Package: perl
Version: 5

Package: data
Architecture: all
Version: 1
Depends: nowhere | elsewhere

Package: g++
Version: 12
Depends: perl | perl
"""


def read(folder: Path, text: str = PACKAGES, name: str = "Packages") -> Stack:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return work.load(path).stack


def needed(stack: Stack, item: str) -> list[str]:
    return [need.item for source in stack.sources_of[item] for need in stack.needs_of[source.id]]


def lost(stack: Stack, *items: str) -> set[str]:
    answer = cutoff(stack, Cutoff(tuple(Rule(item=one) for one in items)), days=(1.0,))
    return {one.id.rpartition("/")[2] for one in answer.items if one.high[0] == 0}


def test_every_clause_is_a_need_and_none_stands_twice(tmp_path: Path) -> None:
    stack = read(tmp_path)
    wanted = ["pkg:deb/debian/libc", "any-of:exim4|mail-transport-agent", "pkg:deb/debian/perl", "pkg:deb/debian/data"]
    assert sorted(needed(stack, "pkg:deb/debian/mail")) == sorted(wanted)
    assert needed(stack, "pkg:deb/debian/g%2B%2B") == ["pkg:deb/debian/perl"]


def test_an_alternative_is_met_by_any_package_that_has_or_provides_its_names(tmp_path: Path) -> None:
    stack = read(tmp_path)
    choice = stack.item_by_id["any-of:exim4|mail-transport-agent"]
    assert choice.tags == ("any-of",)
    assert sorted(needed(stack, choice.id)) == ["pkg:deb/debian/exim4", "pkg:deb/debian/postfix"]
    assert "mail" not in lost(stack, "pkg:deb/debian/exim4")
    assert "mail" in lost(stack, "pkg:deb/debian/exim4", "pkg:deb/debian/postfix")


def test_packages_that_need_each_other_stand_until_one_is_lost(tmp_path: Path) -> None:
    stack = read(tmp_path)
    assert lost(stack, "pkg:deb/debian/perl") == {"perl", "mail", "g%2B%2B"}
    assert lost(stack, "pkg:deb/debian/libgcc") == {"libgcc", "libc", "mail"}


def test_what_no_package_meets_is_an_item_whose_source_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "Packages"
    path.write_text(PACKAGES, encoding="utf-8")
    loaded = work.load(path)
    assert needed(loaded.stack, "pkg:deb/debian/data") == ["any-of:nowhere|elsewhere"]
    assert loaded.stack.sources_of["any-of:nowhere|elsewhere"] == ()
    assert [one.problem for one in loaded.findings] == ["1 need(s) are met by no package of it"]


def test_a_package_is_found_by_its_name_and_the_distribution_provides_it(tmp_path: Path) -> None:
    stack = read(tmp_path)
    assert find_item(stack, "g++") == "pkg:deb/debian/g%2B%2B"
    assert [(one.provider, one.item) for one in stack.sources_of["pkg:deb/debian/mail"]] == [("debian", "pkg:deb/debian/mail")]
    assert stack.provider_by_id["debian"].country == "none"


def test_nobody_who_maintains_a_package_is_kept(tmp_path: Path) -> None:
    assert "omebody" not in repr(read(tmp_path))


def test_of_several_versions_the_newest_counts_wherever_it_stands(tmp_path: Path) -> None:
    text = "Package: a\nVersion: 1.10\nDepends: b\n\nPackage: a\nVersion: 1.9\nDepends: c\n\nPackage: b\n\nPackage: c\n"
    stack = read(tmp_path, text)
    assert needed(stack, "pkg:deb/debian/a") == ["pkg:deb/debian/b"]


# the order of Debian Policy 5.6.12 and of deb-version(7)
ORDER = ("~~", "~~a", "~", "", "a", "0:0.9", "1.0~rc1", "1.0", "1.0-1", "1.0-1+b1", "1.0-2", "1.0+dfsg", "1.9", "1.10", "2:0.1")


def test_versions_are_ordered_as_the_policy_says() -> None:
    ordered = [f"1{one}" for one in ORDER[:5]]
    for before, after in pairwise(ordered):
        assert newer(after, before)
        assert not newer(before, after)
    for before, after in pairwise(ORDER[5:]):
        assert newer(after, before)
        assert not newer(before, after)


def test_what_is_no_name_is_left_out_and_counted() -> None:
    archive = Archive()
    parse_packages(b"Package: a\nDepends: ok, no/name, $(x) | y, , z (>= 1\n\nPackage: b c\n\nPackage: ok\n", archive)
    assert list(archive.packages) == ["a", "ok"]
    assert list(archive.packages["a"].needs) == [("ok",), ("z",)]
    assert archive.strange == 3


def test_fields_may_stand_in_any_order_and_lines_may_end_as_on_windows() -> None:
    archive = Archive()
    parse_packages(b"Depends: b\r\nPackage: a\r\n\r\nProvides: v\r\npackage: b\r\n", archive)
    assert list(archive.packages["a"].needs) == [("b",)]
    assert list(archive.packages["b"].provides) == ["v"]


def test_a_packed_list_is_read_as_the_plain_one(tmp_path: Path) -> None:
    plain = read(tmp_path)
    data = PACKAGES.encode()
    for name, packed in (
        ("Packages.gz", gzip.compress(data)),
        ("Packages.xz", lzma.compress(data)),
        ("Packages.lz4", lz4(data)),
    ):
        path = tmp_path / name
        path.write_bytes(packed)
        found = work.load(path).stack
        assert (found.items, found.sources, found.needs) == (plain.items, plain.sources, plain.needs)


def test_the_folder_of_apt_is_read_whole_and_named_after_its_release(tmp_path: Path) -> None:
    stem = "mirror.example_debian_dists_bookworm"
    (tmp_path / f"{stem}_InRelease").write_text("Origin: Debian\nSuite: stable\nVersion: 12.15\nCodename: bookworm\n")
    (tmp_path / f"{stem}_main_binary-amd64_Packages").write_text(PACKAGES)
    (tmp_path / f"{stem}-security_main_binary-amd64_Packages.lz4").write_bytes(
        lz4(b"Package: perl\nVersion: 6\nDepends: data\n")
    )
    stack = work.load(tmp_path).stack
    assert stack.name == "Debian 12.15 bookworm"
    assert needed(stack, "pkg:deb/debian/perl") == ["pkg:deb/debian/data"]
    assert len({claim.source for claim in stack.claims if claim.table == "stack"}) == 2


def test_lists_of_two_architectures_are_not_mixed(tmp_path: Path) -> None:
    for one in ("amd64", "arm64"):
        (tmp_path / f"m_dists_s_main_binary-{one}_Packages").write_text(PACKAGES)
    with pytest.raises(Unreadable, match="amd64 and of arm64"):
        work.load(tmp_path)


@pytest.mark.parametrize("cut", [10, 60, -3])
def test_a_damaged_list_is_said(tmp_path: Path, cut: int) -> None:
    data = (PACKAGES * 200).encode()
    for packed in (gzip.compress(data), lz4(data)):
        path = tmp_path / "Packages.packed"
        path.write_bytes(packed[:cut])
        with pytest.raises(Unreadable, match="cannot be unpacked"):
            read_packed(path)


def test_what_would_grow_without_bound_is_refused(tmp_path: Path) -> None:
    zeros = bytes(1_000_000)
    for name, packed in (("gz", gzip.compress(zeros)), ("xz", lzma.compress(zeros)), ("lz4", lz4(zeros))):
        path = tmp_path / name
        path.write_bytes(packed)
        with pytest.raises((TooLarge, Unreadable), match="more than 1,000 bytes"):
            read_packed(path, 1000)


def test_what_holds_no_package_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "Packages.gz"
    path.write_bytes(gzip.compress(b"Package: *\nPin: release a=stable\nPin-Priority: 900\n"))
    with pytest.raises(Unreadable):
        work.load(path)


def lz4(data: bytes) -> bytes:
    """Pack as the LZ4 frame format says: linked blocks, each match the longest found among a few, overlaps included."""
    blocks = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    packed = b"".join(len(block).to_bytes(4, "little") + block for block in packed_blocks(blocks))
    return b"\x04\x22\x4d\x18\x40\x40\xc0" + packed + bytes(4)


def packed_blocks(blocks: list[bytes]) -> list[bytes]:
    found = []
    before = b""
    for block in blocks:
        out, literals, at = bytearray(), bytearray(), 0
        while at < len(block):
            whole = before + block
            place = len(before) + at
            start = whole.rfind(block[at : at + 4], max(0, place - 65535), place + 3) if len(block) - at > 12 else -1
            length = 0
            while start >= 0 and at + length < len(block) - 5 and whole[start + length] == block[at + length]:
                length += 1
            if length >= 4 and start < place:
                out += sequence(literals, length) + (place - start).to_bytes(2, "little") + rest(length - 4)
                literals, at = bytearray(), at + length
            else:
                literals.append(block[at])
                at += 1
        out += sequence(literals, None)
        found.append(bytes(out))
        before += block
    return found


def sequence(literals: bytearray, length: int | None) -> bytes:
    size = len(literals)
    token = min(size, 15) << 4 | (0 if length is None else min(length - 4, 15))
    return bytes([token]) + rest(size) + bytes(literals)


def rest(size: int) -> bytes:
    return bytes([255] * ((size - 15) // 255) + [(size - 15) % 255]) if size >= 15 else b""


@repeatable(60)
@given(st.lists(st.sampled_from([b"abc", b"a", b"xyzxyz", b"\0", b"Package: "]), max_size=400), st.binary(max_size=40))
def test_lz4_gives_back_what_was_packed(parts: list[bytes], end: bytes) -> None:
    data = b"".join(parts) + end
    assert unpack(lz4(data), 1_000_000) == data


def test_lz4_reads_blocks_that_are_not_packed_sizes_checksums_and_frames_to_be_skipped() -> None:
    stored = (3 | 1 << 31).to_bytes(4, "little") + b"abc" + b"sum!"
    # flags: version 1, blocks by themselves, their checksums, the size of the content, its checksum
    frame = b"\x04\x22\x4d\x18\x7c\x40" + (3).to_bytes(8, "little") + b"\x00" + stored + bytes(4) + b"end!"
    skipped = b"\x50\x2a\x4d\x18" + (2).to_bytes(4, "little") + b"no"
    assert unpack(frame + skipped + frame, 100) == b"abcabc"


@repeatable(150)
@given(st.binary(max_size=60))
def test_lz4_of_anything_is_an_error_or_bytes_and_never_another_failure(tail: bytes) -> None:
    for data in (tail, b"\x04\x22\x4d\x18" + tail, b"\x04\x22\x4d\x18\x40\x40\xc0" + tail):
        with suppress(BadFrame):
            assert len(unpack(data, 10_000)) <= 10_000


# Debian 12.15 main amd64, version bounds and qualifiers of architectures left out


def network(facts: Extract) -> AndOr:
    """The archive as the kernels want it; what no package meets is left out, since whether it can be had is not known."""
    owners, members, start = [], [], [0]
    for package in range(len(facts.names)):
        for target in facts.needs[facts.need_start[package] : facts.need_start[package + 1]].tolist():
            offered = facts.offered(target)
            if offered:
                owners.append(package)
                members += offered
                start.append(len(members))
    ones = np.ones(len(owners), np.int64)
    return and_or(len(facts.names), np.array(owners), ones, np.array(start), np.array(members))


def test_the_archive_has_the_published_sizes() -> None:
    facts = extract()
    sets = [
        {facts.offered(target) for target in facts.needs[facts.need_start[one] : facts.need_start[one + 1]].tolist()}
        for one in range(len(facts.names))
    ]
    sizes = [len(offered) for needs in sets for offered in needs]
    assert len(facts.names) == 63_436
    assert (sizes.count(1), sum(size > 1 for size in sizes), sizes.count(0)) == (255_539, 8_831, 1)
    assert (sum(sizes), max(sizes)) == (280_722, 176)


@pytest.mark.slow
def test_every_single_loss_of_the_archive_takes_what_is_published() -> None:
    facts = extract()
    losses = single_losses(propagation(network(facts)), sets_of([[one] for one in range(len(facts.names))]))
    taken = dict(zip(facts.names, losses.taken.tolist(), strict=True))
    assert sum(taken.values()) == 3_471_210
    top = {"gcc-12-base": 49_416, "libgcc-s1": 49_408, "libc6": 49_408, "zlib1g": 38_367, "libmd0": 31_506}
    assert {name: taken[name] for name in top} == top
    assert sum(count > 0 for count in taken.values()) == 32_063
    assert [sum(count >= size for count in taken.values()) for size in (100, 1_000, 10_000)] == [2_645, 421, 62]


def test_firefox_has_the_published_cut_sets_of_one_and_two_packages() -> None:
    facts = extract()
    whole = network(facts)
    target = facts.names.index("firefox-esr")
    nodes = cone(whole, np.array([target]))
    assert len(nodes) == 211
    net = within(whole, nodes)
    place = nodes.tolist().index(target)
    spread = propagation(net, compiled=False)
    falls = {one: set(lose(spread, [one]).tolist()) for one in range(len(nodes)) if one != place}
    single = {one for one, fallen in falls.items() if place in fallen}
    assert len(single) == 115
    others = [one for one in falls if one not in single]
    pairs = [pair for pair in combinations(others, 2) if place in lose(spread, pair).tolist()]
    assert len(pairs) == 111


@pytest.mark.slow
def test_the_reader_makes_the_same_network_of_the_whole_archive(tmp_path: Path) -> None:
    facts = extract()
    stack = read(tmp_path, facts.packages_file())
    packages = [item for item in stack.items if item.tags is None]
    assert [item.name for item in packages] == list(facts.names)
    choices = {item.id for item in stack.items if item.tags == ("any-of",)}
    assert len(choices) == len(facts.member_start) - 1
    own = {item.id for item in packages}
    wanted = [(need.source, need.item) for need in stack.needs if need.source.endswith("@debian")]
    assert len(wanted) == len(facts.needs)
    assert sum(item in own for _, item in wanted) == 255_539
    for one in random.Random(12).sample(range(len(facts.names)), 500):
        targets = facts.needs[facts.need_start[one] : facts.need_start[one + 1]].tolist()
        expected = {frozenset(facts.names[member] for member in facts.offered(target)) for target in targets}
        found = [[item] if item in own else needed(stack, item) for item in needed(stack, packages[one].id)]
        assert {frozenset(stack.item_by_id[id_].name for id_ in ids) for ids in found} == expected
