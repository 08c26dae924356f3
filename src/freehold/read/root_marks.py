"""Where package managers keep what is installed in a root folder, and by that what a root folder is. Owns these places."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from freehold.read.root_files import Root

__all__ = [
    "ALPINE_DATABASES",
    "ARCH_FOLDER",
    "DEBIAN_STATUS",
    "DEBIAN_STATUS_FOLDER",
    "RPM_DATABASES",
    "RPM_FOLDERS",
    "is_root_folder",
]

DEBIAN_STATUS: Final = "var/lib/dpkg/status"
DEBIAN_STATUS_FOLDER: Final = "var/lib/dpkg/status.d"
ALPINE_DATABASES: Final = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
ARCH_FOLDER: Final = "var/lib/pacman/local"
RPM_FOLDERS: Final = ("var/lib/rpm", "usr/lib/sysimage/rpm")
RPM_DATABASES: Final = ("rpmdb.sqlite", "Packages.db", "Packages")
_RELEASE: Final = "usr/lib/os-release"


def is_root_folder(path: Path) -> bool:
    """Whether a path is a folder with a package database, or a release file where a system has it."""
    if not path.is_dir():
        return False
    root = Root(path)
    marks = (
        DEBIAN_STATUS, DEBIAN_STATUS_FOLDER, *ALPINE_DATABASES, ARCH_FOLDER,
        *(f"{folder}/{name}" for folder in RPM_FOLDERS for name in RPM_DATABASES), _RELEASE,
    )  # fmt: skip
    return any(root.has(mark) for mark in marks)
