"""The devices of a machine, from the files of its kernel and drivers. Owns which are told: those whose maker matters.

Accelerators, network cards, disks, memory, the board and its firmware. What sets one machine apart from another of its
sort (serial numbers, hardware addresses, names) is not read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from freehold.read.pci_names import pci_names
from freehold.read.plain_text import plain
from freehold.read.purls import slug
from freehold.read.root_files import Root
from freehold.stack.inventory import Component, Evidence

__all__ = ["devices"]

_PCI: Final = "sys/bus/pci/devices"
_DMI: Final = "sys/class/dmi/id"
_TABLE: Final = "sys/firmware/dmi/tables/DMI"
_LARGEST_TABLE: Final = 1024 * 1024
_BRACKETS: Final = re.compile(r"\s*\[[^\]]*\]\s*$")
_HEX: Final = re.compile(r"(?:0x)?([0-9a-f]{4})", re.IGNORECASE)
_CLASSES: Final = (("0x03", "chip", "graphics"), ("0x12", "chip", "accelerator"), ("0x0b40", "chip", "accelerator"),
                   ("0x02", "network", "network"), ("0x01", "hardware", "storage"))  # fmt: skip
_UNCLASSED: Final = "1ae0"
"""The vendor whose accelerators state no class of their own; its driver's files under ``dev`` tell that there are some."""
_CARD: Final = re.compile(r"(?:card|accel)\d+")
_NOTHING_SAID: Final = frozenset({
    "", "default string", "to be filled by o.e.m.", "system manufacturer", "not specified", "unknown", "none", "o.e.m.",
    "no dimm", "empty", "system product name", "undefined",
})  # fmt: skip
_DRIVERS: Final = (("proc/driver/nvidia/gpus", "NVIDIA"), ("proc/driver/cambricon/mlus", "Cambricon"))
_VERSION: Final = re.compile(r"\b(\d+\.\d+(?:\.\d+)*)\b")


@dataclass(frozen=True, slots=True)
class _Slot:
    place: str
    kind: str
    sort: str
    vendor: str
    device: str


def devices(root: Root) -> tuple[Component, ...]:
    """Every device whose maker the kernel or a driver tells."""
    slots = tuple(_slots(root))
    named = {place: model for folder, _ in _DRIVERS for place, model in _models(root, folder)}
    names = pci_names(root, ((slot.vendor, slot.device) for slot in slots))
    found = [_of_slot(slot, named, names) for slot in slots]
    known = {slot.place for slot in slots}
    for folder, maker in _DRIVERS:
        for place, model in _models(root, folder):
            if place not in known:
                found.append(_device("chip", "accelerator", model, maker, f"{folder}/{place}/information"))
    return (*found, *_drivers(root), *_disks(root), *_memory(root), *_board(root))


def _device(kind: str, sort: str, name: str, maker: str | None, file: str, version: str | None = None) -> Component:
    shown = plain(name, 200)
    return Component(
        slug(sort, shown, version),
        shown,
        version,
        kind,
        supplier=maker,
        direct=True,
        provides=shown,
        evidence=(Evidence(file),),
    )


def _digits(root: Root, file: str) -> str:
    match = _HEX.fullmatch(root.word(file))
    return match[1].lower() if match else ""


def _slots(root: Root) -> Iterator[_Slot]:
    met: set[str | None] = set()
    has_accelerators = any(_CARD.fullmatch(name) for name in root.names("dev"))
    places = [(f"{_PCI}/{name}", name) for name in root.names(_PCI)]
    for folder in ("sys/class/drm", "sys/class/accel"):
        cards = [name for name in root.names(folder) if _CARD.fullmatch(name)]
        places += [(f"{folder}/{name}/device", "") for name in cards]
    for path, name in places:
        real = root.place(path)
        if real in met:
            continue
        met.add(real)
        vendor, device, class_ = _digits(root, f"{path}/vendor"), _digits(root, f"{path}/device"), root.word(f"{path}/class")
        if not vendor or not device:
            continue
        fallback = ("", "chip", "graphics" if "/drm/" in path else "accelerator")
        known = vendor == _UNCLASSED and has_accelerators
        told = next((one for one in _CLASSES if class_.startswith(one[0])), fallback if known or not name else None)
        if told is not None:
            yield _Slot(name or path, told[1], told[2], vendor, device)


def _of_slot(slot: _Slot, named: Mapping[str, str], names: Mapping[tuple[str, str], str]) -> Component:
    maker = names.get((slot.vendor, ""))
    maker = _BRACKETS.sub("", maker) if maker else None
    model = named.get(slot.place) or names.get((slot.vendor, slot.device))
    model = model or f"{slot.sort} device {slot.vendor}:{slot.device}"
    shown = model if not maker or model.lower().startswith(maker.split()[0].lower()) else f"{maker} {model}"
    file = f"{_PCI}/{slot.place}/vendor" if "/" not in slot.place else f"{slot.place}/vendor"
    return _device(slot.kind, slot.sort, shown, maker, file)


def _models(root: Root, folder: str) -> Iterator[tuple[str, str]]:
    for name in root.names(folder):
        for line in (root.text(f"{folder}/{name}/information") or "").splitlines():
            key, colon, value = line.partition(":")
            if colon and key.strip().lower() in ("model", "device name") and value.strip():
                yield name, " ".join(value.split())
                break


def _drivers(root: Root) -> Iterator[Component]:
    for file, maker in (
        ("proc/driver/nvidia/version", "NVIDIA"), ("usr/local/Ascend/driver/version.info", "Huawei"),
        ("usr/local/Ascend/version", "Huawei"), ("etc/ascend_install.info", "Huawei"),
        ("sys/module/habanalabs/version", "Habana Labs"), ("proc/driver/cambricon/version", "Cambricon"),
        ("sys/module/amdgpu/version", "AMD"),
    ):  # fmt: skip
        if root.has(file):
            version = _VERSION.search(root.text(file) or "")
            sort = "Ascend" if maker == "Huawei" else maker
            yield _device("software", "driver", f"{sort} driver", maker, file, version[1] if version else None)


def _disks(root: Root) -> Iterator[Component]:
    for name in root.names("sys/class/block"):
        path = f"sys/class/block/{name}/device"
        model = root.word(f"{path}/model")
        if not model:
            continue
        # the makers of disks behind an ATA or NVMe controller stand in the model only
        vendor = root.word(f"{path}/vendor")
        maker = vendor if vendor and vendor.upper() != "ATA" and _HEX.fullmatch(vendor) is None else model.split()[0]
        yield _device("hardware", "disk", f"{maker} {model}" if maker not in model else model, maker, f"{path}/model")


def _board(root: Root) -> Iterator[Component]:
    for sort, kind, maker_file, name_file in (
        ("machine", "hardware", "sys_vendor", "product_name"), ("board", "hardware", "board_vendor", "board_name"),
        ("firmware", "software", "bios_vendor", "bios_version"),
    ):  # fmt: skip
        maker, name = (_said(root.word(f"{_DMI}/{file}")) for file in (maker_file, name_file))
        if maker is None:
            continue
        version = name if sort == "firmware" else None
        shown = f"{maker} firmware" if sort == "firmware" else f"{maker} {name or sort}"
        yield _device(kind, sort, shown, maker, f"{_DMI}/{maker_file}", version)
    model = _said(root.word("proc/device-tree/model"))
    if model is not None:
        yield _device("hardware", "machine", model, None, "proc/device-tree/model")


def _said(text: str) -> str | None:
    return None if text.lower() in _NOTHING_SAID else text


def _memory(root: Root) -> Iterable[Component]:
    makers = sorted(set(_memory_makers(root.data(_TABLE, _LARGEST_TABLE) or b"" if root.has(_TABLE) else b"")))
    if makers:
        return [_device("hardware", "memory", f"{maker} memory", maker, _TABLE) for maker in makers]
    # its size differs from machine to machine and says nothing of who made it
    return [_device("hardware", "memory", "memory", None, "proc/meminfo")] if root.has("proc/meminfo") else []


def _memory_makers(table: bytes) -> Iterator[str]:
    """The makers of memory modules: structures of type 17 of the firmware's table (SMBIOS specification, section 7.18)."""
    place = 0
    while place + 4 <= len(table):
        type_, length = struct.unpack_from("BB", table, place)
        end = table.find(b"\0\0", place + length)
        if length < 4 or end < 0 or type_ == 127:
            return
        if type_ == 17 and length > 0x17:
            texts = table[place + length : end].split(b"\0")
            number = table[place + 0x17]
            if 0 < number <= len(texts):
                maker = _said(plain(" ".join(texts[number - 1].decode("ascii", "replace").split()), 100))
                if maker is not None:
                    yield maker
        place = end + 2
