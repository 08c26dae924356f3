"""The reader of the machine itself: its distribution, its devices, and what it is set to ask. Owns nothing of any format.

Its name on the network is not read: the thing read is called ``machine``.
"""

from __future__ import annotations

from pathlib import Path

from freehold.errors import Unreadable
from freehold.read.findings import joined_components, joined_contacts
from freehold.read.machine_devices import devices
from freehold.read.machine_processors import processors, virtual_host
from freehold.read.machine_settings import count_of_root_certificates, setting_contacts
from freehold.read.root_files import Root
from freehold.read.root_folder import fit_components, fit_skips, kernel_component, read_system
from freehold.stack.inventory import Inventory

__all__ = ["read_machine"]

_RELEASE = "proc/sys/kernel/osrelease"


def read_machine(path: Path = Path("/")) -> Inventory:
    """Read the machine that this runs on.

    Parameters
    ----------
    path
        Its root folder.

    Raises
    ------
    freehold.errors.Unreadable
        If nothing that a system keeps is there.
    """
    root = Root(path)
    system = read_system(root)
    release = root.word(_RELEASE)
    running = kernel_component(release, _RELEASE, system.components) if release else ()
    found = [*processors(root), *virtual_host(root), *devices(root), *running]
    components, joined = joined_components([*system.components, *fit_components(found, root.skips)])
    if not components:
        raise Unreadable(f"{path}: neither packages nor devices of a Linux system are there. Name an inventory instead.")
    contacts = joined_contacts([*system.contacts, *setting_contacts(root)])
    trusted = count_of_root_certificates(root)
    told = [
        "machine",
        *([system.name] if system.name else []),
        *([f"{trusted} root certificates trusted"] if trusted else []),
    ]
    return Inventory(
        "machine", ", ".join(told), components, contacts, fit_skips(root.skips), joined=system.joined + joined
    )  # fmt: skip
