"""The machine itself, from folders that look like one: processors, devices, settings, and what is never read."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from freehold import work
from freehold.catalogue.resolve import resolve
from freehold.cli import main
from freehold.errors import ReadError
from freehold.read.machine import read_machine
from freehold.settings import Settings
from freehold.stack.inventory import Component, Inventory

OS_RELEASE = 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
X86 = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Platinum 8480+ CPU @ 2.00GHz\n\n"
GPU = "sys/devices/pci0000:00/0000:3b:00.0"
PCI_IDS = """\
# comment
10de  NVIDIA Corporation
\t2330  GH100 [H100 SXM5 80GB]
\t\t10de 16c1  a board
15b3  Mellanox Technologies
\t1021  MT2910 Family [ConnectX-7]
8086  Intel Corporation
C 03  Display controller
\t00  VGA
"""


def put(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def pci(place: str, class_: str, vendor: str, device: str) -> dict[str, str | bytes]:
    folder = f"sys/bus/pci/devices/{place}"
    return {f"{folder}/class": f"{class_}\n", f"{folder}/vendor": f"0x{vendor}\n", f"{folder}/device": f"0x{device}\n"}


def read(folder: Path, files: dict[str, str | bytes]) -> Inventory:
    return read_machine(put(folder, files))


def named(found: Inventory) -> dict[str, Component]:
    return {component.name: component for component in found.components}


def smbios(*makers: str) -> bytes:
    table = b""
    for number, maker in enumerate(makers):
        table += struct.pack("<BBH", 17, 0x28, number) + bytes(0x13) + b"\1" + bytes(0x10) + maker.encode() + b"\0SERIAL9\0\0"
    return struct.pack("<BBH", 0, 4, 9) + b"\0\0" + table + struct.pack("<BBH", 127, 4, 10) + b"\0\0"


def test_a_server_is_read_with_its_makers(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "etc/os-release": OS_RELEASE, "etc/hostname": "secrethost\n", "proc/cpuinfo": X86 * 2,
            "proc/sys/kernel/osrelease": "6.1.0-26-amd64\n", "proc/meminfo": "MemTotal: 1 kB\n",
            "usr/share/misc/pci.ids": PCI_IDS,
            **pci("0000:3b:00.0", "0x030200", "10de", "2330"), **pci("0000:5e:00.0", "0x020000", "15b3", "1021"),
            **pci("0000:00:1f.0", "0x060100", "8086", "a1c1"), **pci("0000:01:00.0", "0x010802", "144d", "a80a"),
            "proc/driver/nvidia/gpus/0000:3b:00.0/information": "Model: \t\t NVIDIA H100 80GB HBM3\nGPU UUID: GPU-secret\n",
            "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Tue\n",
            "sys/class/dmi/id/sys_vendor": "Dell Inc.\n", "sys/class/dmi/id/product_name": "PowerEdge XE9680\n",
            "sys/class/dmi/id/product_serial": "SERIAL1\n", "sys/class/dmi/id/board_vendor": "To Be Filled By O.E.M.\n",
            "sys/class/dmi/id/bios_vendor": "Dell Inc.\n", "sys/class/dmi/id/bios_version": "2.1.3\n",
            "sys/class/net/eth0/address": "aa:bb:cc:dd:ee:ff\n", "sys/class/block/sda/device/model": "SAMSUNG MZ7L3\n",
            "sys/class/block/sda/device/vendor": "ATA     \n", "sys/class/block/loop0/size": "0\n",
            "sys/firmware/dmi/tables/DMI": smbios("SK Hynix", "NO DIMM", "SK Hynix"),
        },
    )  # fmt: skip
    all_named = named(found)
    assert {name: (one.kind, one.supplier) for name, one in all_named.items()} == {
        "Debian GNU/Linux": ("os", None),
        "Linux kernel": ("os", None),
        "Intel Xeon Platinum 8480+": ("chip", "Intel"),
        "NVIDIA H100 80GB HBM3": ("chip", "NVIDIA Corporation"),
        "NVIDIA driver": ("software", "NVIDIA"),
        "Mellanox Technologies MT2910 Family [ConnectX-7]": ("network", "Mellanox Technologies"),
        "storage device 144d:a80a": ("hardware", None),
        "SAMSUNG MZ7L3": ("hardware", "SAMSUNG"),
        "Dell Inc. PowerEdge XE9680": ("hardware", "Dell Inc."),
        "Dell Inc. firmware": ("software", "Dell Inc."),
        "SK Hynix memory": ("hardware", "SK Hynix"),
    }
    assert all_named["NVIDIA driver"].version == "535.161.08"
    for secret in ("secret", "SERIAL", "aa:bb"):
        assert secret not in repr(found)


@pytest.mark.parametrize(
    ("text", "name", "supplier"),
    [
        ("vendor_id : AuthenticAMD\nmodel name : AMD EPYC 9654 96-Core Processor\n", "AMD EPYC 9654", "AMD"),
        ("vendor_id : HygonGenuine\nmodel name : Hygon C86 7285 32-core Processor\n", "Hygon C86 7285", "Hygon"),
        ("CPU implementer : 0x41\nCPU part : 0xd0c\n", "Arm Neoverse-N1", "Arm"),
        ("CPU implementer : 0x48\nCPU part : 0xd01\n", "HiSilicon core 0xd01", "HiSilicon"),
        ("CPU implementer : 0x70\nCPU part : 0x663\n", "Phytium core 0x663", "Phytium"),
        ("hart : 0\nisa : rv64imafdc_zba\nuarch : sifive,u74-mc\n", "sifive,u74-mc", "sifive"),
        ("isa : rv64imafdc_zicsr\n", "RISC-V rv64imafdc", None),
        ("system type : generic\n\nCPU Family : L\nModel Name : Loongson-3C5000L\n", "Loongson-3C5000L", "Loongson"),
        ("cpu : POWER9, altivec supported\n", "POWER9, altivec supported", "IBM"),
        ("vendor_id : NobodyKnows\nmodel name : Thing\n", "Thing", "NobodyKnows"),
    ],
)  # fmt: skip
def test_processors_of_every_architecture_are_named(tmp_path: Path, text: str, name: str, supplier: str | None) -> None:
    found = read(tmp_path, {"proc/cpuinfo": text})
    assert [(one.name, one.supplier, one.kind) for one in found.components] == [(name, supplier, "chip")]


def test_accelerators_without_a_slot_are_found_by_their_class_or_driver(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "sys/class/accel/accel0/device/vendor": "0x1da3\n", "sys/class/accel/accel0/device/device": "0x1060\n",
            "proc/driver/cambricon/mlus/0000:1a:00.0/information": "Device name: MLU370-X8\nSerial: 9\n",
            "usr/local/Ascend/driver/version.info": "Version=23.0.3\n", "sys/module/habanalabs/version": "1.17.0\n",
        },
    )  # fmt: skip
    assert {(one.name, one.supplier, one.version) for one in found.components} == {
        ("accelerator device 1da3:1060", None, None),
        ("MLU370-X8", "Cambricon", None),
        ("Ascend driver", "Huawei", "23.0.3"),
        ("Habana Labs driver", "Habana Labs", "1.17.0"),
    }


def test_accelerators_that_state_no_class_are_told_by_their_drivers_files(tmp_path: Path) -> None:
    slot = pci("0000:00:04.0", "0x00ff00", "1ae0", "005e")
    assert not read(tmp_path / "without", {"etc/os-release": OS_RELEASE, "usr/lib/os-release": "", **slot}).components[1:]
    found = read(tmp_path / "with", {"dev/accel0": "", **slot})
    assert [(one.name, one.kind) for one in found.components] == [("accelerator device 1ae0:005e", "chip")]


def test_a_card_that_is_also_a_slot_counts_once_and_equal_cards_are_joined_and_counted(tmp_path: Path) -> None:
    put(tmp_path, {f"{GPU}/class": "0x030000", f"{GPU}/vendor": "0x1002", f"{GPU}/device": "0x740c"})
    for place in ("sys/bus/pci/devices", "sys/class/drm/card0"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "sys/bus/pci/devices/0000:3b:00.0").symlink_to("../../../devices/pci0000:00/0000:3b:00.0")
    (tmp_path / "sys/class/drm/card0/device").symlink_to("../../../devices/pci0000:00/0000:3b:00.0")
    assert len(read_machine(tmp_path).components) == 1
    both = read(tmp_path, pci("0000:5e:00.0", "0x038000", "1002", "740c"))
    assert ([one.name for one in both.components], both.joined) == (["graphics device 1002:740c"], 1)


def test_what_it_is_set_to_ask_is_a_contact_and_its_own_networks_are_not(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "etc/os-release": OS_RELEASE, "etc/resolv.conf": "search corp.de\nnameserver 10.0.0.1\nnameserver 9.9.9.9\n",
            "etc/systemd/resolved.conf": "[Resolve]\n#DNS=1.1.1.1\nDNS=1.1.1.1#cloudflare-dns.com\n",
            "etc/chrony/chrony.conf": "# pool x.de\npool 2.debian.pool.ntp.org iburst\n",
            "etc/systemd/timesyncd.conf": "[Time]\nNTP=time.google.com ntp.corp.internal\n",
            "etc/environment": 'https_proxy="http://user:word@proxy.zscaler.net:8080"\n',
            "etc/apt/apt.conf.d/proxy": 'Acquire::http::Proxy "http://10.0.0.9:3142";\n',
            "etc/ssl/certs/ca-certificates.crt": "-----BEGIN CERTIFICATE-----\nx\n" * 3,
        },
    )  # fmt: skip
    assert [(one.host, one.role) for one in found.contacts] == [
        ("9.9.9.9", "resolver"), ("com.cloudflare-dns", "resolver"), ("com.google.time", "time"),
        ("net.zscaler.proxy", "service"), ("org.ntp.pool.debian.2", "time"),
    ]  # fmt: skip
    assert "3 root certificates" in found.reader
    assert "word" not in repr(found)


def test_a_folder_without_a_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="neither packages nor devices"):
        read_machine(tmp_path)


@pytest.mark.parametrize(
    "files",
    [
        {"proc/cpuinfo": b"\0\xff" * 5000}, {"proc/cpuinfo": b"vendor_id : " + b"x" * 100_000 + b"\n"},
        {"proc/cpuinfo": b"vendor_id : a\n" * 50_000}, {"sys/firmware/dmi/tables/DMI": b"\x11\x04\0\0" * 10_000},
        {"sys/firmware/dmi/tables/DMI": b"\x11\xff\0\0" + b"\xff" * 300}, {"sys/firmware/dmi/tables/DMI": smbios("A")[:-30]},
        {"sys/bus/pci/devices/x/vendor": b"0x", "sys/bus/pci/devices/x/device": b"zzzz"},
        {"usr/share/misc/pci.ids": b"\t\t\n" * 10_000, "sys/bus/pci/devices/x/vendor": b"0x10de"},
        {"etc/resolv.conf": b"nameserver " + b"9" * 100_000}, {"proc/driver/nvidia/version": b"1." * 100_000},
    ],
)  # fmt: skip
def test_files_that_no_kernel_writes_do_no_harm(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    found = read(tmp_path, {"etc/os-release": OS_RELEASE, "usr/lib/os-release": OS_RELEASE, **files})
    assert all(one.name.isprintable() and len(one.name) <= 200 for one in found.components)


def test_devices_rest_on_their_makers_and_the_machine_on_its_distribution(tmp_path: Path) -> None:
    put(tmp_path, {"etc/os-release": OS_RELEASE, "proc/cpuinfo": X86})
    stack = work.load_machine(Settings(home="DE"), tmp_path).stack
    providers = {source.item: source.provider for source in stack.sources}
    assert providers["processor-intel-xeon-platinum-8480+"] == "intel"
    assert providers["os-debian-12"] == "debian"
    assert ("machine@self", "os-debian-12") in {(need.source, need.item) for need in stack.needs}


def test_a_path_and_the_machine_are_one_or_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["check"], ["scan", "--machine", "x"]):
        assert main(words) == 2
        assert "--machine" in capsys.readouterr().err


def test_the_page_of_a_machine_says_how_to_keep_it_for_further_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, {"etc/os-release": OS_RELEASE, "proc/cpuinfo": X86})
    read_here = work.load_machine
    monkeypatch.setattr(work, "load_machine", lambda settings: read_here(settings, tmp_path))
    assert main(["check", "--machine", "--home", "DE"]) == 0
    assert "freehold scan --machine -o machine.toml" in capsys.readouterr().out
    assert main(["scan", "--machine", "-o", str(tmp_path / "machine.toml")]) == 0
    assert work.load(tmp_path / "machine.toml", Settings()).stack.item_by_id["os-debian-12"].kind == "os"


def test_a_virtual_machine_rests_on_a_computer_of_which_nobody_knows_whose_it_is(tmp_path: Path) -> None:
    put(tmp_path, {"etc/os-release": OS_RELEASE, "proc/cpuinfo": X86.rstrip() + "\nflags\t\t: fpu sse hypervisor lm\n"})
    stack = resolve(read_machine(tmp_path), work.catalogue(), "DE")
    host = next(one for one in stack.sources if one.item == "virtual-machine-host")
    need = next(one for one in stack.needs if one.item == "virtual-machine-host")
    assert host.provider is None
    assert (need.source, need.role, need.weight, need.survive) == ("machine@self", "host", None, 0)
    put(tmp_path, {"proc/cpuinfo": X86.rstrip() + "\nflags\t\t: fpu sse lm\n"})
    assert all(one.id != "virtual-machine-host" for one in read_machine(tmp_path).components)
