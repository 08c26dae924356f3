"""The processors of a machine, from ``/proc/cpuinfo``. Owns the many ways in which architectures name theirs.

Codes of Arm's implementers as in Arm's architecture manual (MIDR_EL1); an implementer designs the core and need not have
made the chip.
"""

from __future__ import annotations

import re
from typing import Final

from freehold.read.plain_text import plain
from freehold.read.purls import slug
from freehold.read.root_files import Root
from freehold.stack.inventory import Component, Evidence

__all__ = ["processors", "virtual_host"]

_FILE: Final = "proc/cpuinfo"
_LARGEST: Final = 16 * 1024 * 1024
_LONGEST_FLAGS: Final = 100_000
_VENDORS: Final = {
    "GenuineIntel": "Intel", "AuthenticAMD": "AMD", "HygonGenuine": "Hygon", "CentaurHauls": "Zhaoxin", "Shanghai": "Zhaoxin",
    "IBM/S390": "IBM", "Loongson": "Loongson", "POWER": "IBM",
}  # fmt: skip
_IMPLEMENTERS: Final = {
    0x41: "Arm", 0x42: "Broadcom", 0x43: "Cavium", 0x46: "Fujitsu", 0x48: "HiSilicon", 0x49: "Infineon", 0x4E: "NVIDIA",
    0x50: "Applied Micro", 0x51: "Qualcomm", 0x53: "Samsung", 0x56: "Marvell", 0x61: "Apple", 0x69: "Intel",
    0x6D: "Microsoft", 0x70: "Phytium", 0xC0: "Ampere",
}  # fmt: skip
_ARM_PARTS: Final = {
    0xD03: "Cortex-A53", 0xD05: "Cortex-A55", 0xD07: "Cortex-A57", 0xD08: "Cortex-A72", 0xD09: "Cortex-A73",
    0xD0A: "Cortex-A75", 0xD0B: "Cortex-A76", 0xD0C: "Neoverse-N1", 0xD0D: "Cortex-A77", 0xD40: "Neoverse-V1",
    0xD41: "Cortex-A78", 0xD49: "Neoverse-N2", 0xD4F: "Neoverse-V2", 0xD84: "Neoverse-V3", 0xD8E: "Neoverse-N3",
}  # fmt: skip
_MARKS: Final = re.compile(r"\((?:R|TM|C)\)|\bCPU\b|@.*$|\bProcessor\b|\b\d+-Core\b", re.IGNORECASE)
_KEYS: Final = (
    "vendor_id", "model name", "cpu implementer", "cpu part", "uarch", "mvendorid", "isa", "cpu", "cpu model", "hardware",
)  # fmt: skip


def virtual_host(root: Root) -> tuple[Component, ...]:
    """The computer that a virtual machine runs on, if this is one: the processor says so, not whose it is."""
    for number, line in enumerate((root.text(_FILE, _LARGEST) or "").splitlines(), 1):
        key, _, flags = line.partition(":")
        if key.strip().lower() == "flags" and "hypervisor" in flags[:_LONGEST_FLAGS].split():
            name = "computer that this virtual machine runs on"
            return (Component("virtual-machine-host", name, kind="cloud", direct=True, evidence=(Evidence(_FILE, number),)),)
    return ()


def processors(root: Root) -> tuple[Component, ...]:
    """The sorts of processor that the kernel lists: one component a sort."""
    text = root.text(_FILE, _LARGEST) or ""
    found: dict[str, Component] = {}
    told: dict[str, str] = {}
    common: dict[str, str] = {}
    start = 1
    for number, line in enumerate((*text.splitlines(), ""), 1):
        key, colon, value = line.partition(":")
        name = key.strip().lower()
        if colon and name in _KEYS:
            told.setdefault(name, plain(value.strip(), 200))
        if not line.strip() or number - start > 1000:
            one = _component({**common, **told}, start)
            if one is not None:
                found.setdefault(one.id, one)
            elif told:
                common |= told
            told, start = {}, number + 1
    return tuple(found.values())


def _component(told: dict[str, str], line: int) -> Component | None:
    vendor, model = _maker(told)
    if vendor is None and not model:
        return None
    name = " ".join(_MARKS.sub(" ", plain(model, 200)).split()) or vendor or ""
    return Component(
        slug("processor", vendor if vendor and not name.lower().startswith(vendor.lower()) else None, name), name, None, "chip",
        supplier=vendor, direct=True, provides=name, evidence=(Evidence(_FILE, line),),
    )  # fmt: skip


def _maker(told: dict[str, str]) -> tuple[str | None, str]:
    if "cpu implementer" in told:
        implementer, part = (_number(told.get(key, "")) for key in ("cpu implementer", "cpu part"))
        vendor = _IMPLEMENTERS.get(implementer)
        shown = (_ARM_PARTS.get(part) if implementer == 0x41 else None) or told.get("model name") or f"core {part:#x}"
        return vendor, shown if vendor is None or shown.lower().startswith(vendor.lower()) else f"{vendor} {shown}"
    stated = told.get("vendor_id", "").strip()
    model = told.get("model name") or told.get("cpu model") or told.get("cpu") or told.get("uarch") or ""
    if not model and "isa" in told:
        model = "RISC-V " + told["isa"].partition("_")[0][:20]
    vendor = _VENDORS.get(stated)
    if vendor is None:
        vendor = next((name for mark, name in _VENDORS.items() if model.lower().startswith(mark.lower())), None)
    if vendor is None and "," in told.get("uarch", ""):
        vendor = told["uarch"].partition(",")[0]
    return vendor or (stated or None), model


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        return -1
