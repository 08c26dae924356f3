"""Where a folder's Git remotes are, read from its configuration. Owns that format; Git is never run."""

from __future__ import annotations

import errno
import os
import re
from typing import Final

from freehold.read.documents import bytes_at
from freehold.read.findings import Findings
from freehold.read.hosts import is_public, parse_address, reversed_host
from freehold.stack.inventory import Contact, Evidence, Skip

__all__ = ["read_git_remotes"]

_SECTION: Final = re.compile(r'\s*\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]\s*(.*)$')
_OPTION: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*=(.*)$")
_LARGEST: Final = 1024 * 1024


def _open(path: str) -> str:
    return bytes_at(path, _LARGEST).decode("utf-8", errors="replace")


def _configuration(top: str) -> tuple[str, str] | None:
    """The path of the configuration file: of a plain repository, or of the one that a worktree belongs to."""
    git = os.path.join(top, ".git")  # noqa: PTH118
    if os.path.islink(git):  # noqa: PTH114
        raise OSError(errno.ELOOP, "it is a link")
    if os.path.isdir(git):  # noqa: PTH112
        return git + "/config", ".git/config"
    if not os.path.isfile(git):  # noqa: PTH113
        return None
    text = _open(git)
    match = re.match(r"gitdir:[ \t]*([^\r\n]+)", text)
    if match is None:
        return None
    folder = os.path.join(top, match[1].strip())  # noqa: PTH118
    try:
        common = _open(os.path.join(folder, "commondir")).strip()  # noqa: PTH118
        folder = os.path.join(folder, common)  # noqa: PTH118
    except OSError:
        pass
    return os.path.join(folder, "config"), ".git"  # noqa: PTH118


def read_git_remotes(top: str) -> Findings:
    """Read the forges that a folder's repository is fetched from and pushed to.

    Parameters
    ----------
    top
        The folder.

    Returns
    -------
    Findings
        A contact of role ``forge`` for every public host; a skip if the configuration cannot be read.
    """
    try:
        found = _configuration(top)
        if found is None:
            return Findings()
        text = _open(found[0])
    except (OSError, ValueError) as error:
        return Findings(
            skips=(Skip(".git/config", "unreadable", f"It cannot be opened ({getattr(error, 'strerror', None) or error})."),)
        )
    contacts = []
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        heading = _SECTION.match(line)
        if heading:
            section, line = heading[1].lower(), heading[3]
        option = _OPTION.match(line)
        if option is None or option[1].lower() not in {"url", "pushurl"} or section not in {"remote", "submodule"}:
            continue
        address = parse_address(option[2].strip().strip('"'))
        if address and is_public(address.host):
            where = Evidence(found[1], number if found[1].endswith("config") else 0)
            contacts.append(Contact(reversed_host(address.host), "forge", "change", evidence=(where,)))
    return Findings(contacts=tuple(contacts))
