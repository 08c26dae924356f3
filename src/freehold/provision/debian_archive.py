"""Debian packages and flat repositories. Owns what a package says of itself, and the lists that apt reads of a mirror.

The mirror's repository is not signed: apt takes it only where its own line says ``[trusted=yes]``, and each package by the
SHA-256 in the list.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from freehold.errors import ProvisionError
from freehold.provision.configured import said_by
from freehold.provision.needs import Need

__all__ = ["control_of", "packages_list", "release", "source_line", "stated_digests"]

_MOST_CONTROL: Final = 1_000_000
_FIELD: Final = re.compile(r"([!-9;-~]+):[ \t]*(.*)")
_DEADLINE: Final = 120
_AT_ONCE: Final = 200


def control_of(path: Path) -> tuple[str, Mapping[str, str]]:
    """Read a package's control data by ``dpkg-deb``.

    Returns
    -------
    tuple of str and mapping
        The text as it stands, and its fields (first lines).

    Raises
    ------
    freehold.errors.ProvisionError
        If it is no package, or ``dpkg-deb`` is not here.
    """
    tool = shutil.which("dpkg-deb")
    if tool is None:
        raise ProvisionError("dpkg-deb is not here, and Debian packages are read by it. Install dpkg.")
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, and a path of our own
            [tool, "--field", str(path)], capture_output=True, timeout=_DEADLINE, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProvisionError(f"{path.name}: dpkg-deb did not read it ({error}). It was refused.") from None
    text = done.stdout[:_MOST_CONTROL].decode("utf-8", "replace").strip("\n")
    fields = {match[1]: match[2] for line in text.splitlines() if (match := _FIELD.fullmatch(line))}
    if done.returncode or not all(fields.get(name) for name in ("Package", "Version", "Architecture")):
        raise ProvisionError(f"{path.name}: this is no Debian package. It was refused.")
    if any(not line or (line[0] not in " \t" and not _FIELD.fullmatch(line)) for line in text.splitlines()):
        raise ProvisionError(f"{path.name}: its control data has an empty or a broken line. It was refused.")
    return text, fields


def stated_digests(packages: Iterable[tuple[str, str, str]], environment: Mapping[str, str]) -> dict[tuple[str, str, str], str]:
    """Look up the SHA-256 that apt's own lists state of packages: each by name, version and architecture.

    Those that the lists do not have are left out.
    """
    found: dict[tuple[str, str, str], str] = {}
    wanted = [f"{name}={version}" for name, version, _ in packages]
    for start in range(0, len(wanted), _AT_ONCE):
        for record in said_by(("apt-cache", "show", *wanted[start : start + _AT_ONCE]), environment, Path("/")).split("\n\n"):
            fields = {match[1]: match[2] for line in record.splitlines() if (match := _FIELD.fullmatch(line))}
            digest = fields.get("SHA256", "")
            if re.fullmatch(r"[0-9a-f]{64}", digest):
                found[(fields.get("Package", ""), fields.get("Version", ""), fields.get("Architecture", ""))] = digest
    return found


def packages_list(packages: Iterable[tuple[Need, str]]) -> bytes:
    """Write the list ``Packages`` of a flat repository.

    Parameters
    ----------
    packages
        Each with its control data as it stands in the package.
    """
    parts = []
    for need, control in sorted(packages):
        parts.append(f"{control}\nFilename: ./pool/{need.file}\nSize: {need.size}\nSHA256: {need.sha256}\n")
    return "\n".join(parts).encode()


def release(packages: bytes, date: str) -> bytes:
    """Write ``Release``: the list's digest, and when it was made (as RFC 5322 says dates)."""
    digest = hashlib.sha256(packages).hexdigest()
    lines = ["Origin: freehold", "Label: freehold", f"Date: {date}", "SHA256:", f" {digest} {len(packages)} Packages"]
    return ("\n".join(lines) + "\n").encode()


def source_line(url: str) -> str:
    """The line by which apt takes a mirror's repository; only ever for one's own machine."""
    return f"deb [trusted=yes] {url}/debian/ ./\n"
