"""Root folders: dpkg, apk and pacman, the distribution, its sources, and links that stay inside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from freehold import work
from freehold.read.root_folder import RootFolderReader
from freehold.read.select import select_reader
from freehold.settings import Settings
from freehold.stack.inventory import Component, Inventory

# package hosts are written turned round and put right when a file is made
DEBIAN, ALPINE = "org.debian.deb", "org.alpinelinux.dl-cdn"

OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'

STATUS = """\
Package: bash
Essential: yes
Status: install ok installed
Priority: required
Maintainer: A Person <person@debian.org>
Architecture: amd64
Version: 5.2.15-2+b7
Pre-Depends: libc6 (>= 2.36), libtinfo6 (>= 6)
Depends: base-files (>= 2.1.12), debianutils (>= 5.6-0.1)
Description: GNU Bourne Again SHell
 Bash is an sh-compatible command language interpreter.

Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u9

Package: libtinfo6
Status: install ok installed
Architecture: amd64
Version: 6.4-4
Depends: libc6 (>= 2.16)

Package: g++
Status: install ok installed
Architecture: amd64
Version: 4:12.2.0-3~deb12u1
Depends: nothing-that-is-there | c-library, default-mta | mail-transport-agent

Package: exim4
Status: install ok installed
Architecture: all
Version: 4.96
Provides: mail-transport-agent, c-library (= 1)

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""


def forwards(host: str) -> str:
    return ".".join(reversed(host.split(".")))


def put(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def read(folder: Path, files: dict[str, str | bytes]) -> Inventory:
    return RootFolderReader().read(put(folder, files))


def named(found: Inventory) -> dict[str, Component]:
    return {component.name: component for component in found.components}


def debian(folder: Path, **more: str | bytes) -> Inventory:
    return read(folder, {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS, **more})


def test_a_folder_with_a_package_database_is_read_as_a_root_and_another_is_not(tmp_path: Path) -> None:
    put(tmp_path / "root", {"var/lib/dpkg/status": STATUS})
    put(tmp_path / "project", {"package.json": "{}", "etc/os-release": OS_RELEASE})
    assert select_reader(tmp_path / "root").name == "root folder"
    assert select_reader(tmp_path / "project").name == "project"


def test_debian_packages_have_canonical_urls_with_epoch_and_tilde_as_written(tmp_path: Path) -> None:
    found = named(debian(tmp_path))
    assert found["g++"].id == "pkg:deb/debian/g%2B%2B@4:12.2.0-3~deb12u1?arch=amd64&distro=debian-12"
    assert found["bash"].id == "pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12"
    assert "gone" not in found


def test_what_a_package_needs_is_found_by_name_then_by_what_is_provided(tmp_path: Path) -> None:
    found = named(debian(tmp_path))
    assert found["bash"].depends == (found["libc6"].id, found["libtinfo6"].id)
    assert found["g++"].depends == (found["exim4"].id,)


def test_the_distribution_is_an_item_whose_parts_are_its_packages(tmp_path: Path) -> None:
    system = named(debian(tmp_path))["Debian GNU/Linux"]
    assert (system.id, system.kind, system.version, system.direct) == ("os-debian-12", "os", "12", True)
    assert len(system.depends) == 5


def test_no_name_and_no_address_of_a_maintainer_is_kept(tmp_path: Path) -> None:
    told = repr(debian(tmp_path))
    assert "Person" not in told
    assert "person@" not in told


def test_packages_that_apt_took_in_by_itself_are_not_named_directly(tmp_path: Path) -> None:
    kept = "Package: libc6\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: exim4\nArchitecture: amd64\nAuto-Installed: 0\n"
    found = named(debian(tmp_path, **{"var/lib/apt/extended_states": kept}))
    assert not found["libc6"].direct
    assert found["exim4"].direct
    assert found["bash"].direct


def test_without_an_account_those_that_nothing_needs_are_named_directly(tmp_path: Path) -> None:
    found = named(debian(tmp_path))
    assert {name for name, one in found.items() if one.direct} == {"bash", "g++", "Debian GNU/Linux"}


def test_the_licence_is_that_of_all_files_in_a_copyright_file_that_programs_can_read(tmp_path: Path) -> None:
    machine = (
        "Format: copyright-format/1.0\n\nFiles: debian/*\nLicense: ISC\n\nFiles: *\nCopyright: x\nLicense: GPL-3+\n text\n"
    )
    found = named(
        debian(
            tmp_path,
            **{"usr/share/doc/bash/copyright": machine, "usr/share/doc/libc6/copyright": "This is the GNU C library. LGPL."},
        )
    )
    assert found["bash"].licence == "GPL-3.0-or-later"
    assert found["libc6"].licence is None


def test_one_line_and_stanza_sources_are_hosts_that_updates_come_from(tmp_path: Path) -> None:
    host = forwards(DEBIAN)
    found = debian(
        tmp_path,
        **{
            "etc/apt/sources.list": "# deb https://commented.invalid/ x y\n"
            f"deb [signed-by=/x] https://user:word@{host}/debian bookworm main\n",
            "etc/apt/sources.list.d/docker.sources": "Types: deb\nURIs: https://download.docker.com/linux/debian\nSuites: x\n",
            "etc/apt/sources.list.d/off.sources": "Types: deb\nURIs: https://packages.microsoft.com/x\nEnabled: no\n",
            "etc/apt/sources.list.d/cd.list": "deb cdrom:[Debian]/ bookworm main\n",
        },
    )
    assert [(one.host, one.role, one.scope) for one in found.contacts] == [
        ("com.docker.download", "update-channel", "change"),
        (DEBIAN, "update-channel", "change"),
    ]
    assert named(found)["bash"].registry == DEBIAN
    assert "word" not in repr(found)


def test_a_package_of_anothers_source_is_told_by_its_list_or_by_its_maintainers_domain(tmp_path: Path) -> None:
    host = forwards(DEBIAN)
    mine = "\n\nPackage: docker-ce\nStatus: install ok installed\nMaintainer: Docker <help@docker.com>\n"
    mine += "Architecture: amd64\nVersion: 5:27\n"
    also = "\nPackage: code\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.9\n"
    found = read(
        tmp_path,
        {
            "etc/os-release": OS_RELEASE,
            "var/lib/dpkg/status": STATUS + mine + also,
            "etc/apt/sources.list": f"deb https://{host}/debian x main\n"
            "deb https://download.docker.com/l x s\ndeb https://packages.vendor.com/c x y\n",
            "var/lib/apt/lists/packages.vendor.com_c_dists_x_InRelease": "Origin: The Vendor\nSuite: x\n",
            "var/lib/apt/lists/packages.vendor.com_c_dists_x_y_binary-amd64_Packages": (
                "Package: code\nVersion: 1.9\n\nPackage: bash\nVersion: 9\n"
            ),
        },
    )
    all_named = named(found)
    assert all_named["docker-ce"].id == "pkg:deb/docker/docker-ce@5:27?arch=amd64&distro=debian-12"
    assert all_named["docker-ce"].registry == "com.docker.download"
    assert (all_named["code"].supplier, all_named["code"].id) == (
        "The Vendor",
        "pkg:deb/the-vendor/code@1.9?arch=amd64&distro=debian-12",
    )
    assert all_named["bash"].id.startswith("pkg:deb/debian/")


def test_images_without_a_package_manager_keep_a_file_a_package(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "usr/lib/os-release": OS_RELEASE,
            "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n",
            "var/lib/dpkg/status.d/tzdata.md5sums": "0 a\n",
        },
    )
    assert named(found)["tzdata"].id == "pkg:deb/debian/tzdata@2024a-0%2Bdeb12u1?arch=all&distro=debian-12"


ALPINE_RELEASE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\n'
INSTALLED = """\
C:Q1abc=
P:musl
V:1.2.5-r0
A:x86_64
L:MIT
m:A Person <person@alpinelinux.org>
p:so:libc.musl-x86_64.so.1=1
D:!old-musl

P:busybox
V:1.36.1-r29
A:x86_64
L:GPL-2.0-only
D:so:libc.musl-x86_64.so.1 absent>=2
p:cmd:sh=1.36.1-r29

P:alpine-baselayout
V:3.6.5-r0
A:x86_64
D:/bin/sh cmd:sh
"""


def test_alpine_packages_join_by_library_and_command_and_the_world_says_what_was_asked_for(tmp_path: Path) -> None:
    host = forwards(ALPINE)
    found = read(
        tmp_path,
        {
            "etc/os-release": ALPINE_RELEASE,
            "lib/apk/db/installed": INSTALLED,
            "etc/apk/world": "alpine-baselayout\nbusybox>1@edge\n",
            "etc/apk/repositories": f"https://{host}/alpine/v3.20/main\n#https://{host}/x\n@edge https://mirror.ungleich.ch/a\n/media/cd\n",
        },
    )
    all_named = named(found)
    assert all_named["busybox"].id == "pkg:apk/alpine/busybox@1.36.1-r29?arch=x86_64&distro=alpine-3.20.3"
    assert all_named["busybox"].depends == (all_named["musl"].id,)
    assert all_named["alpine-baselayout"].depends == (all_named["busybox"].id,)
    assert [name for name, one in all_named.items() if one.direct] == ["Alpine Linux", "alpine-baselayout", "busybox"]
    assert all_named["musl"].licence == "MIT"
    assert all_named["musl"].registry == ALPINE
    assert [one.host for one in found.contacts] == ["ch.ungleich.mirror", ALPINE]
    assert "Person" not in repr(found)


def test_pacman_packages_are_read_with_their_reason_and_mirrors_are_alternatives(tmp_path: Path) -> None:
    bash = "%NAME%\nbash\n\n%VERSION%\n5.2.037-1\n\n%ARCH%\nx86_64\n\n%LICENSE%\nGPL-3.0-or-later\n\n"
    bash += "%DEPENDS%\nglibc>=2\nlibx.so=8-64\n"
    glibc = "%NAME%\nglibc\n\n%VERSION%\n2.40-1\n\n%ARCH%\nx86_64\n\n%REASON%\n1\n\n%PROVIDES%\nlibx.so=8-64\n"
    found = read(
        tmp_path,
        {
            "usr/lib/os-release": "NAME='Arch Linux'\nID=arch\n",
            "var/lib/pacman/local/bash-5.2/desc": bash,
            "var/lib/pacman/local/glibc-2.40/desc": glibc,
            "etc/pacman.d/mirrorlist": "Server = https://mirror.one.de/$repo/os/$arch\n#Server = https://off.de/\n",
        },
    )
    all_named = named(found)
    assert all_named["bash"].id == "pkg:alpm/arch/bash@5.2.037-1?arch=x86_64"
    assert all_named["bash"].depends == (all_named["glibc"].id,)
    assert (all_named["bash"].direct, all_named["glibc"].direct) == (True, False)
    assert [(one.host, one.optional) for one in found.contacts] == [("de.one.mirror", True)]


def test_packages_that_are_held_up_by_each_other_are_read(tmp_path: Path) -> None:
    one = "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nDepends: b\nProvides: c\n"
    two = "Package: b\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nDepends: c\nProvides: b, b, a\n"
    found = named(read(tmp_path, {"var/lib/dpkg/status": f"{one}\n{two}\n"}))
    assert found["a"].depends == (found["b"].id,)
    assert found["b"].depends == (found["a"].id,)


def test_links_are_followed_within_the_root_as_the_system_would(tmp_path: Path) -> None:
    root = put(tmp_path / "root", {"usr/lib/os-release": OS_RELEASE, "data/status": STATUS})
    (root / "etc").mkdir()
    (root / "etc/os-release").symlink_to("/usr/lib/os-release")
    (root / "var/lib").mkdir(parents=True)
    (root / "var/lib/dpkg").symlink_to("../../../../../../data")
    found = RootFolderReader().read(root)
    assert len(named(found)) == 6


def test_links_that_lead_out_or_in_a_circle_show_nothing_of_the_machine(tmp_path: Path) -> None:
    put(tmp_path / "outside", {"status": STATUS.replace("bash", "secret")})
    root = put(tmp_path / "root", {"var/lib/dpkg/status.d/x": "Package: x\nVersion: 1\nArchitecture: all\n"})
    (root / "var/lib/dpkg/status").symlink_to(tmp_path / "outside/status")
    (root / "etc").mkdir()
    (root / "etc/os-release").symlink_to("/etc/os-release")
    found = RootFolderReader().read(root)
    assert list(named(found)) == ["x"]
    assert ("etc/os-release", "link") in [(skip.file, skip.reason) for skip in found.skips]


@pytest.mark.parametrize(
    "status",
    [
        b"\0" * 10_000,
        b"Package: \xff\xfe\nStatus: install ok installed\nVersion: 1\n\0\n",
        b"Package: x\nStatus: install ok installed\nVersion: " + b"9" * 5000,
        b"Package: x\nStatus: install ok installed\nVersion: 1\nDepends: " + b"a|" * 200_000,
        b"Package: x\nStatus: install ok installed\nVersion: 1\nDepends: " + b"," * 500_000 + b"\n",
        b" continued without a field\n: no name\n\n\n",
        b"Status: install ok installed\nVersion: 1\n",
    ],
)
def test_a_damaged_status_file_neither_fails_nor_invents_packages(tmp_path: Path, status: bytes) -> None:
    found = read(tmp_path, {"var/lib/dpkg/status": status, "etc/os-release": OS_RELEASE})
    assert len(found.components) <= 2
    assert all(component.id.isprintable() for component in found.components)


def test_a_status_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path, {"etc/os-release": OS_RELEASE, "usr/lib/os-release": OS_RELEASE})
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    os.mkfifo(tmp_path / "var/lib/dpkg/status")
    found = RootFolderReader().read(tmp_path)
    assert [(skip.file, skip.reason) for skip in found.skips] == [
        (".", "incomplete"),
        ("var/lib/dpkg/status", "unreadable"),
    ]


def test_python_packages_beside_the_distribution_are_read_and_its_own_count_once(tmp_path: Path) -> None:
    found = debian(
        tmp_path,
        **{
            "usr/lib/python3/dist-packages/apt-2.6.dist-info/METADATA": "Name: apt\nVersion: 2.6\n",
            "usr/local/lib/python3.11/site-packages/flask-3.0.dist-info/METADATA": "Name: flask\nVersion: 3.0\n",
            "app/main.py": "",
        },
    )
    ids = [component.id for component in found.components]
    assert "pkg:pypi/flask@3.0" in ids
    assert not any("pypi/apt" in one for one in ids)
    assert [skip.file for skip in found.skips] == ["app", "usr/lib/python3/dist-packages"]


def test_node_packages_installed_for_all_are_read_without_what_they_carry(tmp_path: Path) -> None:
    folder = "usr/local/lib/node_modules"
    found = debian(
        tmp_path,
        **{
            f"{folder}/npm/package.json": '{"name": "npm", "version": "10.8.2", "license": "Artistic-2.0"}',
            f"{folder}/npm/node_modules/inner/package.json": '{"name": "inner", "version": "1"}',
            f"{folder}/@scope/tool/package.json": '{"name": "@scope/tool", "version": "2.0.0"}',
            f"{folder}/odd/package.json": '["x"]',
            f"{folder}/deep/package.json": "[" * 100_000,
            f"{folder}/number/package.json": '{"name": 1, "version": null}',
        },
    )
    ids = [one.id for one in found.components if one.id.startswith("pkg:npm")]
    assert ids == ["pkg:npm/%40scope/tool@2.0.0", "pkg:npm/npm@10.8.2"]
    assert [skip.reason for skip in found.skips] == ["syntax"] * 3


def test_the_steward_of_a_debian_root_is_the_debian_project(tmp_path: Path) -> None:
    put(tmp_path / "server", {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS})
    loaded = work.load(tmp_path / "server", Settings(home="DE"))
    updates = next(source for source in loaded.stack.sources if source.item == "updates:debian")
    system = next(source for source in loaded.stack.sources if source.item == "os-debian-12")
    assert (updates.provider, system.provider) == ("debian", "debian")
    names = {item.id: item.name for item in loaded.stack.items}
    assert names["updates:debian"] == "updates of 6 parts from Debian Project"


def test_a_root_folder_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    put(tmp_path / "root", {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS})
    before = work.load(tmp_path / "root", Settings())
    put(tmp_path / "root", {"var/lib/dpkg/status": STATUS.split("\n\n")[1] + "\n"})
    after = work.load(tmp_path / "root", Settings())
    assert before.inventory is not None
    assert after.inventory is not None
    assert (len(before.inventory.components), len(after.inventory.components)) == (6, 2)


def test_a_file_of_mirrors_is_one_update_channel_of_which_any_will_do(tmp_path: Path) -> None:
    put(
        tmp_path / "server",
        {
            "etc/os-release": OS_RELEASE,
            "var/lib/dpkg/status": STATUS,
            "etc/apt/sources.list.d/debian.sources": "Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\n",
            "etc/apt/mirrors/debian.list": "# mirrors\nhttps://debian.first-ns.de/debian priority:1\nhttps://debian.ethz.ch/debian\n",
        },
    )
    loaded = work.load(tmp_path / "server", Settings(home="DE"))
    assert loaded.inventory is not None
    assert [(one.host, one.optional) for one in loaded.inventory.contacts] == [
        ("ch.ethz.debian", True),
        ("de.first-ns.debian", True),
    ]
    mirrors = [source.id for source in loaded.stack.sources if source.item == "server:update-channel"]
    assert mirrors == ["server:update-channel@host:ch.ethz.debian", "server:update-channel@hetzner"]
    assert [need.source for need in loaded.stack.needs if need.item == "server:update-channel"] == ["server:change@self"]


def test_a_kernel_that_no_package_has_brought_is_an_item_and_another_is_that_package(tmp_path: Path) -> None:
    image = "\n\nPackage: linux-image-6.1.0-26-amd64\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.1.112-1\n"
    found = read(
        tmp_path,
        {
            "etc/os-release": OS_RELEASE,
            "var/lib/dpkg/status": STATUS + image,
            "usr/lib/modules/6.1.0-26-amd64/modules.dep": "",
            "usr/lib/modules/6.12.7-own/modules.dep": "",
            "usr/lib/modules/left-over/x": "",
        },
    )
    kernels = [one for one in found.components if one.name == "Linux kernel"]
    assert [(one.id, one.version, one.kind) for one in kernels] == [("kernel-linux-6.12.7-own", "6.12.7-own", "os")]
