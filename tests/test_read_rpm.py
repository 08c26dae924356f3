"""The databases of rpm: headers built here by a writer of its own, in SQLite, ndb and a Berkeley DB hash."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.read.root_files import Root
from freehold.read.root_folder import RootFolderReader
from freehold.read.rpm_header import BadHeader, parse_header
from freehold.stack.inventory import Component, Inventory

FOLDER = "var/lib/rpm"
FEDORA = 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=40\n'
NAME, VERSION, RELEASE, EPOCH, VENDOR, LICENCE, ARCH = 1000, 1001, 1002, 1003, 1011, 1014, 1022
PROVIDES, REQUIRES, INDEXES, FILES, FOLDERS = 1047, 1049, 1116, 1117, 1118

Value = str | Sequence[str] | Sequence[int]


def header(values: Mapping[int, Value]) -> bytes:
    """Write a header: numbers as type 4, one text as type 6, several as type 8."""
    index, store = b"", b""
    for tag, value in sorted(values.items()):
        if isinstance(value, str):
            type_, count, data = 6, 1, value.encode() + b"\0"
        elif value and isinstance(value[0], int):
            store += b"\0" * (-len(store) % 4)
            type_, count, data = 4, len(value), struct.pack(f">{len(value)}I", *value)  # type: ignore[arg-type]
        else:
            type_, count, data = 8, len(value), b"".join(str(one).encode() + b"\0" for one in value)
        index += struct.pack(">IIII", tag, type_, len(store), count)
        store += data
    return struct.pack(">II", len(values), len(store)) + index + store


def package(name: str, **more: Value) -> bytes:
    tags = {
        NAME: name, VERSION: "1.0", RELEASE: "3.fc40", ARCH: "x86_64", VENDOR: "Fedora Project", LICENCE: "GPLv2+ and MIT",
    }  # fmt: skip
    names = {"requires": REQUIRES, "provides": PROVIDES, "epoch": EPOCH, "vendor": VENDOR, "licence": LICENCE,
             "indexes": INDEXES, "files": FILES, "folders": FOLDERS}  # fmt: skip
    return header({**tags, **{names[key]: value for key, value in more.items()}})


PACKAGES = [
    package("bash", requires=["libc.so.6(GLIBC_2.34)", "rpmlib(PayloadIsZstd)", "/usr/bin/id", "(a or coreutils)"]),
    package("glibc", epoch=[2], provides=["glibc", "libc.so.6(GLIBC_2.34)"], requires=["bash"]),
    package("coreutils", indexes=[0, 1], files=["id", "core"], folders=["/usr/bin/", "/usr/share/"]),
    package("docker-ce", vendor="Docker <person@docker.com>", licence="ASL 2.0"),
    package("gpg-pubkey"),
]


def sqlite_file(place: Path, blobs: Sequence[bytes]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(place)) as database, database:
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])


def ndb_bytes(blobs: Sequence[bytes]) -> bytes:
    slots, body = b"", b""
    for number, blob in enumerate(blobs, 1):
        inner = b"BlbS" + struct.pack("<III", number, 0, len(blob)) + blob
        inner += b"\0" * (-(len(inner) + 12) % 16) + struct.pack("<II", 0, len(blob)) + b"BlbE"
        slots += b"Slot" + struct.pack("<III", number, (4096 + len(body)) // 16, len(inner) // 16)
        body += inner
    empty = b"Slot" + bytes(12)
    slots += empty * ((4096 - 32 - len(slots)) // 16)
    return b"RpmP" + struct.pack("<IIIIIII", 0, 1, 1, len(blobs) + 1, 0, 0, 0) + slots + body


def berkeley_bytes(blobs: Sequence[bytes], order: str = "<", size: int = 512) -> bytes:
    """One page of keys a header, each value on a chain of pages of its own."""
    pages = [bytearray(size)]
    struct.pack_into(f"{order}I", pages[0], 12, 0x061561)
    struct.pack_into(f"{order}I", pages[0], 20, size)
    pages[0][25] = 8
    for number, blob in enumerate([b"", *blobs]):
        page = bytearray(size)
        page[25] = 13
        key = b"\1" + struct.pack("<I", number)
        at_key = size - len(key)
        page[at_key:] = key
        chunks = [blob[at : at + size - 26] for at in range(0, len(blob), size - 26)]
        value = b"\3\0\0\0" + struct.pack(f"{order}II", len(pages) + 1, len(blob)) if number else b"\1" + struct.pack("<I", 5)
        at_value = at_key - len(value)
        page[at_value:at_key] = value
        struct.pack_into(f"{order}HH", page, 20, 2, at_value)
        struct.pack_into(f"{order}HH", page, 26, at_key, at_value)
        pages.append(page)
        for place, chunk in enumerate(chunks):
            over = bytearray(size)
            over[25] = 7
            over[26 : 26 + len(chunk)] = chunk
            struct.pack_into(f"{order}H", over, 22, len(chunk))
            struct.pack_into(f"{order}I", over, 16, len(pages) + 1 if place + 1 < len(chunks) else 0)
            pages.append(over)
    return b"".join(bytes(page) for page in pages)


def read(folder: Path, name: str = "", data: bytes = b"", release: str = FEDORA) -> Inventory:
    for file, content in (("etc/os-release", release.encode()), (f"{FOLDER}/{name}", data)):
        if not file.endswith("/"):
            place = folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return RootFolderReader().read(folder)


def named(found: Inventory) -> dict[str, Component]:
    return {component.name: component for component in found.components}


def test_packages_of_sqlite_join_by_name_by_capability_and_by_file(tmp_path: Path) -> None:
    sqlite_file(tmp_path / FOLDER / "rpmdb.sqlite", PACKAGES)
    found = named(read(tmp_path))
    assert set(found) == {"bash", "glibc", "coreutils", "docker-ce", "Fedora Linux"}
    assert found["glibc"].id == "pkg:rpm/fedora/glibc@1.0-3.fc40?arch=x86_64&distro=fedora-40&epoch=2"
    assert found["bash"].depends == (found["glibc"].id, found["coreutils"].id)
    assert found["glibc"].depends == (found["bash"].id,)
    assert (found["bash"].licence, found["docker-ce"].licence) == ("GPL-2.0-or-later AND MIT", "Apache-2.0")


def test_a_package_of_another_vendor_than_most_stands_under_that_vendor(tmp_path: Path) -> None:
    sqlite_file(tmp_path / FOLDER / "rpmdb.sqlite", PACKAGES)
    found = named(read(tmp_path))
    assert found["docker-ce"].id == "pkg:rpm/docker/docker-ce@1.0-3.fc40?arch=x86_64&distro=fedora-40"
    assert found["docker-ce"].supplier == "Docker"
    assert found["docker-ce"].id not in found["Fedora Linux"].depends
    assert found["bash"].id in found["Fedora Linux"].depends


@pytest.mark.parametrize(
    ("release", "space"),
    [
        ("ID=rhel\nVERSION_ID=9.4\n", "redhat"), ("ID=opensuse-leap\nVERSION_ID=15.6\n", "opensuse"), ("ID=sles\n", "sles"),
        ("ID=openEuler\n", "openeuler"),
    ],
)  # fmt: skip
def test_the_namespace_is_that_of_the_vendor(tmp_path: Path, release: str, space: str) -> None:
    sqlite_file(tmp_path / FOLDER / "rpmdb.sqlite", PACKAGES[:1])
    assert named(read(tmp_path, release=release))["bash"].id.startswith(f"pkg:rpm/{space}/bash@")


@pytest.mark.parametrize("name", ["Packages.db", "Packages", "big-endian"])
def test_the_older_databases_give_what_sqlite_gives(tmp_path: Path, name: str) -> None:
    sqlite_file(tmp_path / "new" / FOLDER / "rpmdb.sqlite", PACKAGES)
    data = {
        "Packages.db": ndb_bytes(PACKAGES), "Packages": berkeley_bytes(PACKAGES), "big-endian": berkeley_bytes(PACKAGES, ">"),
    }  # fmt: skip
    old = read(tmp_path / "old", name.replace("big-endian", "Packages"), data[name])
    new = read(tmp_path / "new")
    assert [one.id for one in old.components] == [one.id for one in new.components]
    assert [one.depends for one in old.components] == [one.depends for one in new.components]
    assert old.skips == new.skips == ()


def test_what_the_log_beside_a_database_holds_is_part_of_it_and_nothing_is_written(tmp_path: Path) -> None:
    place = tmp_path / FOLDER / "rpmdb.sqlite"
    sqlite_file(place, PACKAGES[:1])
    with closing(sqlite3.connect(place)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("INSERT INTO Packages (blob) VALUES (?)", (PACKAGES[2],))
        writer.commit()
        before = {file.name: file.read_bytes() for file in place.parent.iterdir() if not file.name.endswith("-shm")}
        assert len(before["rpmdb.sqlite-wal"]) > 0
        assert set(named(read(tmp_path))) == {"bash", "coreutils", "Fedora Linux"}
        after = {file.name: file.read_bytes() for file in place.parent.iterdir() if not file.name.endswith("-shm")}
    assert before == after


def test_update_hosts_are_those_of_the_repositories_that_are_on(tmp_path: Path) -> None:
    sqlite_file(tmp_path / FOLDER / "rpmdb.sqlite", PACKAGES)
    repositories = tmp_path / "etc/yum.repos.d"
    repositories.mkdir(parents=True)
    on = "[fedora]\nname=x\n#baseurl=https://commented.de/\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=f\nenabled=1\n"
    off = "[other]\nbaseurl=https://download.docker.com/\nenabled=0\n"
    (repositories / "fedora.repo").write_text(on + off)
    found = read(tmp_path)
    assert [(one.host, one.role) for one in found.contacts] == [("org.fedoraproject.mirrors", "update-channel")]
    assert named(found)["bash"].registry == "org.fedoraproject.mirrors"
    assert named(found)["docker-ce"].registry is None


def test_a_database_whose_table_is_a_view_without_end_is_not_asked(tmp_path: Path) -> None:
    place = tmp_path / FOLDER / "rpmdb.sqlite"
    place.parent.mkdir(parents=True)
    with closing(sqlite3.connect(place)) as database, database:
        database.execute(
            "CREATE VIEW Packages AS WITH RECURSIVE n(blob) AS (SELECT x'00' UNION ALL SELECT blob FROM n) SELECT blob FROM n"
        )
    found = read(tmp_path)
    assert [(skip.reason, skip.detail) for skip in found.skips if skip.file.endswith("sqlite")] == [
        ("incomplete", "It has no table of packages.")
    ]


def test_a_schema_in_no_encoding_becomes_a_skip(tmp_path: Path) -> None:
    place = tmp_path / FOLDER / "rpmdb.sqlite"
    sqlite_file(place, PACKAGES[:1])
    place.write_bytes(place.read_bytes().replace(b"CREATE TABLE Packages", b"CREATE TABLE P\xb0c\xb0\xb0\xb0\xb0\xb0"))
    assert [skip.reason for skip in read(tmp_path).skips if skip.file.endswith("sqlite")] in (["syntax"], ["incomplete"])


def lying(tag: int, type_: int, offset: int, count: int) -> bytes:
    return struct.pack(">II", 1, 8) + struct.pack(">IiII", tag, type_, offset & 0xFFFFFFFF, count) + b"abc\0def\0"


@pytest.mark.parametrize(
    "blob",
    [
        b"", b"\0" * 7, struct.pack(">II", 0xFFFFFFFF, 0), struct.pack(">II", 0, 1 << 30), struct.pack(">II", 65535, 65535),
        package("x")[:-10], lying(NAME, 6, 1 << 30, 1), lying(NAME, 6, -1, 1), lying(EPOCH, 4, 0, 1 << 31),
    ],
)  # fmt: skip
def test_a_header_that_claims_more_than_it_has_is_refused(blob: bytes) -> None:
    with pytest.raises(BadHeader):
        parse_header(blob)


def test_a_text_count_that_cannot_be_is_refused_when_it_is_asked_for() -> None:
    with pytest.raises(BadHeader, match="claims"):
        parse_header(lying(PROVIDES, 8, 0, 1 << 31)).texts(PROVIDES)
    with pytest.raises(BadHeader, match="cut off"):
        parse_header(lying(PROVIDES, 8, 0, 5)).texts(PROVIDES)


def test_a_damaged_header_is_left_out_and_counted_and_the_others_stand(tmp_path: Path) -> None:
    sqlite_file(tmp_path / FOLDER / "rpmdb.sqlite", [PACKAGES[0][:40], PACKAGES[1], b"", lying(NAME, 6, 0, 1)])
    found = read(tmp_path)
    assert "glibc" in named(found)
    told = [skip.detail for skip in found.skips]
    assert any(detail.startswith("2 headers are damaged") for detail in told)
    assert any(detail.startswith("1 entries without") for detail in told)


def test_slots_that_all_name_one_large_header_end_the_reading(tmp_path: Path) -> None:
    data = bytearray(ndb_bytes([package("x", files=["f" * 4000])] * 3))
    for place in range(32, 4096, 16):
        data[place : place + 16] = data[32:48]
    found = read(tmp_path, "Packages.db", bytes(data))
    assert [skip.reason for skip in found.skips if skip.file.endswith("Packages.db")] == ["incomplete"]


def test_pages_in_a_circle_and_lengths_of_a_gigabyte_end_the_reading(tmp_path: Path) -> None:
    data = bytearray(berkeley_bytes([package("x", files=["f" * 3000])]))
    overflow = next(start for start in range(0, len(data), 512) if data[start + 25] == 7)
    struct.pack_into("<I", data, overflow + 16, overflow // 512)
    circle = read(tmp_path / "circle", "Packages", bytes(data))
    assert [skip.reason for skip in circle.skips if skip.file.endswith("Packages")] == ["incomplete"]
    data = bytearray(berkeley_bytes([package("x")]))
    struct.pack_into("<I", data, 2 * 512 + 512 - 5 - 4, 1 << 30)
    long = read(tmp_path / "long", "Packages", bytes(data))
    assert any("1,073,741,824" in skip.detail for skip in long.skips)


@pytest.mark.parametrize("data", [b"\0" * 4096, b"RpmP" + b"\xff" * 60, b"SQLite format 3\0" + b"\xff" * 200, b"x"])
def test_a_file_that_is_no_database_becomes_a_skip(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path, "Packages", data)
    assert [skip.reason for skip in found.skips if skip.file.endswith("Packages")] in (["incomplete"], ["syntax"])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_database_changed_anywhere_never_fails(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([ndb_bytes(PACKAGES), berkeley_bytes(PACKAGES)]))
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(changed)))
    folder = tmp_path_factory.mktemp("changed")
    found = read(folder, "Packages", bytes(changed[: max(cut, len(changed) // 2)]))
    assert Root(folder).skips == []
    assert len(found.components) <= len(PACKAGES) + 1
