"""The manifest of a mirror: every file with its digest, what it serves, what is missing. Owns its form and its check.

Canonical JSON, so that the same content is the same bytes; its own digest is that of all the rest of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from freehold.canonical import canonical, parse
from freehold.errors import EvidenceError, Finding, ProvisionError
from freehold.provision.file_names import is_safe_file, normalised, safe_npm_name
from freehold.provision.needs import ECOSYSTEMS, Missing, Need
from freehold.whole_file import read_bounded, write_whole

__all__ = ["FORM", "MANIFEST", "Held", "Manifest", "digest_of", "read_manifest", "verify_mirror", "write_manifest"]

FORM: Final = "freehold mirror 1"
MANIFEST: Final = "manifest.json"
_MOST_BYTES: Final = 256_000_000
_MOST_FINDINGS: Final = 1000
_BESIDE: Final = frozenset({MANIFEST, "proof.json"})
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DEBIAN: Final = re.compile(r"[a-z0-9][a-z0-9+.-]{1,100}")
_WEB_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!~*-]{0,255}")
_VERSION: Final = {"python": _WEB_VERSION, "npm": _WEB_VERSION, "debian": re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:~-]{0,255}")}
_PART: Final = re.compile(r"[@A-Za-z0-9_-][A-Za-z0-9._+!~%=@-]*")


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """A file of a mirror: its path within it (with ``/``), SHA-256 and bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a mirror holds.

    Parameters
    ----------
    made
        Moment in UTC, ISO 8601, when it was last filled.
    version
        Freehold's version.
    commands
        Commands that were recorded into it, their arguments without secrets.
    registries
        Where its files came from, without secrets.
    hosts
        Every host that was asked for them: what a proof cuts off.
    tools
        Versions of the clients, by name.
    needs
        The packages' files.
    files
        Every file of it, pages too.
    missing
        What was needed and is not in it.
    """

    made: str
    version: str
    commands: tuple[tuple[str, ...], ...] = ()
    registries: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    files: tuple[Held, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def holds(self) -> tuple[str, ...]:
        """The ecosystems that it has packages of."""
        return tuple(one for one in ECOSYSTEMS if any(need.ecosystem == one for need in self.needs))

    @property
    def size(self) -> int:
        """Bytes of the packages."""
        return sum(one.size for one in self.needs)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a mirror's manifest, whole or not at all.

    Raises
    ------
    freehold.errors.ProvisionError
        If it cannot be said in JSON.
    """
    value = {"form": FORM, **asdict(manifest)}
    value["needs"] = [{**asdict(one), "facts": dict(one.facts)} for one in manifest.needs]
    try:
        value["digest"] = hashlib.sha256(canonical(value, _MOST_BYTES)).hexdigest()
        text = canonical(value, _MOST_BYTES).decode()
    except EvidenceError as error:
        raise ProvisionError(f"{folder / MANIFEST} cannot be written: {error}") from None
    write_whole(folder / MANIFEST, text + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Read a mirror's manifest.

    Raises
    ------
    freehold.errors.ProvisionError
        If there is none, it is none, or it was changed after it was written.
    """
    path = folder / MANIFEST
    try:
        content = read_bounded(path, _MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise ProvisionError(f"{path} has more than {_MOST_BYTES:,} bytes. It is no manifest of a mirror.")
        value = parse(content)
    except OSError as error:
        raise ProvisionError(
            f"{path} cannot be read ({error.strerror}). `freehold provision --into {folder} -- CMD` makes a mirror."
        ) from None
    except ValueError as error:
        raise ProvisionError(f"{path} is no JSON ({error}). Fill a new folder.") from None
    if not isinstance(value, dict) or value.get("form") != FORM:
        raise ProvisionError(f"{path} is no manifest in the form '{FORM}'. Fill a new folder.")
    stated = value.pop("digest", "")
    try:
        if hashlib.sha256(canonical(value, _MOST_BYTES)).hexdigest() != stated:
            raise ProvisionError(f"{path} was changed after it was written: its digest is another. Fill a new folder.")
        return _from_data(value)
    except (EvidenceError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise ProvisionError(f"{path} does not say what a manifest says ({error}). Fill a new folder.") from None


def _from_data(value: Mapping[str, Any]) -> Manifest:
    needs = tuple(
        Need(**{**one, "stated": tuple(one["stated"]), "facts": tuple(sorted(one["facts"].items()))}) for one in value["needs"]
    )
    for need in needs:
        _see_it_is_sound(need)
    files = tuple(Held(**one) for one in value["files"])
    for held in files:
        if not isinstance(held.path, str) or not all(map(_PART.fullmatch, held.path.split("/"))):
            raise ValueError(f"{held.path!r} is no path within a mirror")
    return Manifest(
        str(value["made"]), str(value["version"]), tuple(tuple(map(str, one)) for one in value["commands"]),
        tuple(map(str, value["registries"])), tuple(map(str, value["hosts"])), dict(value["tools"]), needs, files,
        tuple(Missing(**one) for one in value["missing"]),
    )  # fmt: skip


def _see_it_is_sound(need: Need) -> None:
    """Refuse what would be something else to a client that is sent for it: an option, a folder, an address."""
    texts = (need.ecosystem, need.name, need.version, need.file, need.sha256, need.source, need.by)
    pairs = [part for pair in need.facts for part in pair]
    if not all(isinstance(one, str) for one in (*texts, *need.stated, *pairs)) or type(need.size) is not int:
        raise ValueError("a file of a package is described by other than texts and a number")
    if need.ecosystem not in ECOSYSTEMS or _SHA256.fullmatch(need.sha256) is None:
        raise ValueError(f"{need.ecosystem[:80]!r} is no kind of package, or it has no SHA-256")
    if not _is_name(need) or _VERSION[need.ecosystem].fullmatch(need.version) is None or not is_safe_file(need.file):
        raise ValueError(f"{need.label[:80]!r} is no package with a version and a file")


def _is_name(need: Need) -> bool:
    if need.ecosystem == "debian":
        return _DEBIAN.fullmatch(need.name) is not None
    with suppress(ProvisionError):
        return (
            not need.name.startswith("-")
            and (normalised if need.ecosystem == "python" else safe_npm_name)(need.name) == need.name
        )
    return False


def verify_mirror(folder: Path) -> tuple[Manifest, tuple[Finding, ...]]:
    """Hold every file of a mirror against its manifest.

    Returns
    -------
    tuple of Manifest and findings
        Findings: files that are not there, that are others, or that the manifest does not know; at most 1,000.

    Raises
    ------
    freehold.errors.ProvisionError
        If the manifest itself is not sound.
    """
    manifest = read_manifest(folder)
    findings = []
    mend = f"Fetch it again: freehold provision --into {folder} --from {folder}"
    known = {one.path for one in manifest.files}
    for held in manifest.files:
        path = folder / held.path
        if not path.is_file() or path.is_symlink():
            findings.append(Finding(held.path, 0, "", "the file is not there", mend))
        elif path.stat().st_size != held.size or digest_of(path) != held.sha256:
            findings.append(Finding(held.path, 0, "sha256", "the file is not the one recorded", mend))
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if len(findings) >= _MOST_FINDINGS:
            break
        if not path.is_dir() and name not in known and name not in _BESIDE:
            findings.append(Finding(name, 0, "", "the manifest does not know this file", "Remove it."))
    return manifest, tuple(findings[:_MOST_FINDINGS])
