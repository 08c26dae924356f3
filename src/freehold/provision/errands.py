"""Commands that fetch what a lock file, a mirror's manifest or a user names. Owns which client is sent for what, and how.

They run as any command does, before the recording index or a mirror; what they download lies in a folder that is thrown away.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from freehold.errors import ProvisionError
from freehold.provision.configured import pip_program
from freehold.provision.file_names import normalised, safe_npm_name
from freehold.provision.manifest import MANIFEST, read_manifest
from freehold.provision.needs import ECOSYSTEMS, Need

__all__ = ["Errand", "errands_for", "errands_of_file", "errands_of_needs"]

_LOCKS: Final = ("package-lock.json", "npm-shrinkwrap.json")
_VERSION: Final = re.compile(r"[A-Za-z0-9._+!:~*-]{1,200}")
_DEBIAN: Final = re.compile(r"[a-z0-9][a-z0-9+.-]{1,100}(?::[a-z0-9-]{1,20})?")


@dataclass(frozen=True, slots=True)
class Errand:
    """A command, and where it runs.

    Parameters
    ----------
    arguments
        Program and arguments.
    folder
        Working folder.
    wanted
        The file that it is to bring, where that is known: name and SHA-256.
    """

    arguments: tuple[str, ...]
    folder: Path
    wanted: tuple[str, str] | None = None


def errands_for(texts: Sequence[str], environment: Mapping[str, str], scratch: Path) -> tuple[Errand, ...]:
    """Make errands of packages as a user names them.

    Parameters
    ----------
    texts
        ``python:six==1.17.0``, ``npm:left-pad@1.3.0``, ``debian:hello=2.10-3``; without a version the newest.
    environment
        Where the clients are found.
    scratch
        A folder for what they leave.

    Raises
    ------
    freehold.errors.ProvisionError
        If one is none of these.
    """
    return tuple(_errand(*_named(text), environment, scratch) for text in texts)


def _named(text: str) -> tuple[str, str, str]:
    ecosystem, _, rest = text.partition(":")
    if ecosystem == "python":
        name, _, version = rest.partition("==")
        name = normalised(name.strip())
    elif ecosystem == "npm":
        head, sign, tail = rest.rpartition("@")
        name, version = (head, tail) if sign and head else (rest, "")
        name = safe_npm_name(name.strip())
    elif ecosystem == "debian":
        name, _, version = rest.partition("=")
        if _DEBIAN.fullmatch(name.strip()) is None:
            raise ProvisionError(f"--need: {name[:80]!r} is no name of a Debian package.")
        name = name.strip()
    else:
        raise ProvisionError(
            f"--need: '{text[:80]}' has no kind. Write python:NAME==VERSION, npm:NAME@VERSION or debian:NAME=VERSION."
        )
    version = version.strip()
    if version and _VERSION.fullmatch(version) is None:
        raise ProvisionError(f"--need: {version[:80]!r} is no version. Write it as the registry does.")
    return ecosystem, name, version


def _errand(
    ecosystem: str, name: str, version: str, environment: Mapping[str, str], scratch: Path, need: Need | None = None
) -> Errand:
    wanted = None if need is None else (need.file, need.sha256)
    if ecosystem == "python":
        chosen = _like(need.file) if need is not None else []
        what = f"{name}=={version}" if version else name
        pip = pip_program(environment)
        return Errand((*pip, "download", "--no-deps", *chosen, "--dest", str(scratch), what), scratch, wanted)
    if ecosystem == "npm":
        what = f"{name}@{version}" if version else name
        return Errand(("npm", "pack", "--silent", "--pack-destination", str(scratch), "--", what), scratch, wanted)
    what = f"{name}={version}" if version else name
    return Errand(("apt-get", "--quiet", "download", what), scratch, wanted)


def _like(file: str) -> list[str]:
    """What makes pip download this very kind of file, also for another platform than this one."""
    if not file.endswith(".whl"):
        return ["--no-binary=:all:"]
    python, abi, platform = file.removesuffix(".whl").split("-")[-3:]
    chosen = ["--only-binary=:all:"]
    if (abi, platform) == ("none", "any"):
        return chosen
    for one in platform.split("."):
        chosen += ["--platform", one]
    for one in abi.split("."):
        chosen += ["--abi", one]
    match = re.fullmatch(r"([a-z]+)(\d)(\d*)", python.split(".")[-1])
    if match:
        chosen += ["--implementation", match[1], "--python-version", f"{match[2]}.{match[3]}" if match[3] else match[2]]
    return chosen


def errands_of_needs(needs: Sequence[Need], environment: Mapping[str, str], scratch: Path) -> tuple[Errand, ...]:
    """Make an errand for each file of a mirror, so that another one can be filled elsewhere."""
    return tuple(
        _errand(one.ecosystem, one.name, one.version, environment, scratch, one) for one in needs if one.ecosystem in ECOSYSTEMS
    )


def errands_of_file(path: Path, environment: Mapping[str, str], scratch: Path) -> tuple[Errand, ...]:
    """Make errands of a lock file, a list of requirements or a mirror's manifest.

    Raises
    ------
    freehold.errors.ProvisionError
        If it is not there, or none of these.
    """
    if path.is_dir() and (path / MANIFEST).is_file():
        path = path / MANIFEST
    if not path.is_file():
        raise ProvisionError(f"--from: {path} is not there. Name a requirements file, a package-lock.json or a mirror.")
    if path.name == MANIFEST:
        return errands_of_needs(read_manifest(path.parent).needs, environment, scratch)
    if path.name in _LOCKS:
        beside = path.parent / "package.json"
        if not beside.is_file():
            raise ProvisionError(f"--from: {path} has no package.json beside it, and npm reads both. Put it there.")
        for one in (path, beside):
            shutil.copyfile(one, scratch / one.name)
        return (Errand(("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), scratch),)
    if path.suffix in (".txt", ".in"):
        pip = pip_program(environment)
        return (
            Errand((*pip, "download", "--requirement", str(path.resolve()), "--dest", str(scratch)), path.resolve().parent),
        )
    raise ProvisionError(
        f"--from: {path.name} is of no kind that is known. Name a requirements file (.txt), a package-lock.json or a mirror; "
        "or give the command that installs from it after --."
    )
