"""Names of PCI vendors and devices, from the list that the machine itself carries. Owns the form of ``pci.ids``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from freehold.read.root_files import Root

__all__ = ["pci_names"]

_FILES: Final = ("usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids")
_LARGEST: Final = 16 * 1024 * 1024
_LINE: Final = re.compile(r"(\t?)([0-9a-f]{4})\s+(\S.{0,300})")


def pci_names(root: Root, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """Look names up.

    Parameters
    ----------
    root
        The root folder.
    wanted
        Vendor and device as four hexadecimal digits in small letters.

    Returns
    -------
    Mapping
        Names by vendor and device; the vendor's own under an empty device. What the list does not have is missing.
    """
    pairs = set(wanted)
    vendors = {vendor for vendor, _ in pairs}
    text = next((text for file in _FILES if pairs and root.has(file) and (text := root.text(file, _LARGEST))), "")
    found: dict[tuple[str, str], str] = {}
    vendor = ""
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            # the classes of devices follow the vendors
            if line.startswith("C "):
                break
            continue
        if not match[1]:
            vendor = match[2]
            if vendor in vendors:
                found[vendor, ""] = match[3].strip()
        elif (vendor, match[2]) in pairs:
            found[vendor, match[2]] = match[3].strip()
    return found
