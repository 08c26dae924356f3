"""Pages of npm registries (packuments) and package archives. Owns reading them, and writing those of a mirror.

An archive is looked into, never unpacked; of a page, only what belongs to versions that a mirror holds is kept.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast
from urllib.parse import unquote, urlsplit

from freehold.errors import ProvisionError
from freehold.provision.file_names import is_safe_file, safe_npm_name

__all__ = [
    "Tarball",
    "is_version",
    "manifest_of",
    "mirror_page",
    "package_of",
    "read_packument",
    "tarballs_of",
    "version_order",
    "written_page",
]

_MOST_MEMBERS: Final = 100_000
_MOST_MANIFEST: Final = 5_000_000
_ALGORITHMS: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!~*-]{0,255}")
_MOST_READ: Final = 2_000_000_000
_MOST_AT_ONCE: Final = 16_000_000
_NUMBERS: Final = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True, slots=True)
class Tarball:
    """A package's archive as a registry's page states it.

    Parameters
    ----------
    name, version
        The package.
    file, url
        The archive's name, and where it is.
    digests
        Stated digests, hexadecimal, by algorithm.
    """

    name: str
    version: str
    file: str
    url: str
    digests: tuple[tuple[str, str], ...]


def package_of(path: str) -> str:
    """The package that a registry's path asks for; empty if it asks for none.

    Parameters
    ----------
    path
        Without leading slash, as sent: ``name``, ``@scope%2fname``, ``@scope/name``.
    """
    name = unquote(path.partition("?")[0]).strip("/")
    try:
        return safe_npm_name(name) if not name.startswith("-/") else ""
    except ProvisionError:
        return ""


def read_packument(body: bytes) -> dict[str, Any]:
    """Read a registry's page of a package.

    Raises
    ------
    freehold.errors.ProvisionError
        If it is none.
    """
    try:
        page = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        page = None
    if not isinstance(page, dict) or not isinstance(page.get("versions"), dict) or not isinstance(page.get("name"), str):
        raise ProvisionError("a page of an npm registry is none of a package. It was refused.")
    return page


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def written_page(page: Mapping[str, Any]) -> bytes:
    """Write a page in JSON; half characters, which JSON can say and UTF-8 cannot, stay as they came.

    Raises
    ------
    freehold.errors.ProvisionError
        If it stands too deep in itself.
    """
    try:
        return json.dumps(page, allow_nan=False).encode()
    except (RecursionError, ValueError):
        raise ProvisionError("a page of an npm registry cannot be written as JSON. It was refused.") from None


def tarballs_of(page: Mapping[str, Any], base: str) -> tuple[Tarball, ...]:
    """List the archives of a page; what has no sound name or address is left out.

    Parameters
    ----------
    page
        From :func:`read_packument`.
    base
        The registry's address, to which a relative one is added.
    """
    found = []
    name = safe_npm_name(page["name"])
    for version, one in page["versions"].items():
        dist = one.get("dist") if isinstance(one, dict) else None
        url = dist.get("tarball") if isinstance(dist, dict) else None
        if not isinstance(url, str) or not isinstance(version, str) or dist is None:
            continue
        url = url if "://" in url else f"{base}/{url.lstrip('/')}"
        try:
            parts = urlsplit(url)
        except ValueError:
            continue
        file = unquote(parts.path.rpartition("/")[2])
        if parts.scheme in ("http", "https") and is_safe_file(file) and is_version(version):
            found.append(Tarball(name, version, file, url, _digests(dist)))
    return tuple(found)


def is_version(text: str) -> bool:
    """Whether a text can be the version of an npm package."""
    return _VERSION.fullmatch(text) is not None


def _digests(dist: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a page states of an archive: subresource integrity (the strongest of each), and SHA-1 of old."""
    found: dict[str, str] = {}
    integrity = dist.get("integrity")
    for one in integrity.split() if isinstance(integrity, str) else ():
        algorithm, _, value = one.partition("?")[0].partition("-")
        try:
            digest = base64.b64decode(value, validate=True).hex()
        except ValueError:
            continue
        if algorithm in _ALGORITHMS and digest:
            found.setdefault(algorithm, digest)
    shasum = dist.get("shasum")
    if isinstance(shasum, str) and re.fullmatch(r"[0-9a-f]{40}", shasum.lower()):
        found.setdefault("sha1", shasum.lower())
    return tuple(found.items())


def manifest_of(path: Path) -> dict[str, Any]:
    """Read ``package.json`` out of an archive without unpacking it.

    Raises
    ------
    freehold.errors.ProvisionError
        If it is no such archive, or holds more than 100,000 files or 2 GB before it.
    """
    try:
        with gzip.open(path) as packed, tarfile.open(fileobj=cast("IO[bytes]", _Bounded(packed)), mode="r:") as archive:
            for number, member in enumerate(archive):
                if number > _MOST_MEMBERS:
                    break
                if member.isfile() and member.name.count("/") == 1 and member.name.endswith("/package.json"):
                    file = archive.extractfile(member)
                    text = file.read(_MOST_MANIFEST + 1) if file is not None else b""
                    manifest = json.loads(text) if len(text) <= _MOST_MANIFEST else None
                    if isinstance(manifest, dict):
                        return manifest
                    break
    except (tarfile.TarError, zlib.error, OSError, ValueError, EOFError, RecursionError):
        pass
    raise ProvisionError(f"{path.name}: this is no archive of an npm package: it holds no sound package.json. It was refused.")


class _Bounded:
    """What comes out of an archive, which may be a thousand times what it takes on the disk, up to a bound."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        self._packed = packed

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _MOST_AT_ONCE or self._packed.tell() + size > _MOST_READ:
            raise ValueError("more than an archive of a package holds")
        return self._packed.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        if whence or place > _MOST_READ:
            raise ValueError("beyond what an archive of a package holds")
        return self._packed.seek(place)

    def tell(self) -> int:
        return self._packed.tell()


def version_order(version: str) -> tuple[int, int, int, int, str]:
    """A key that puts versions in their order, pre-releases before what they lead to, and what is none first."""
    match = _NUMBERS.fullmatch(version)
    if match is None:
        return (-1, 0, 0, 0, version)
    return (int(match[1]), int(match[2]), int(match[3]), 0 if match[4] else 1, match[4] or "")


def mirror_page(name: str, versions: Mapping[str, Mapping[str, Any]], tags: Mapping[str, str]) -> dict[str, Any]:
    """Make a mirror's page of a package.

    Parameters
    ----------
    name
        The package.
    versions
        Manifest of each version that the mirror holds, with its ``dist``.
    tags
        The registry's own tags; those of versions not held are left out, and ``latest`` is the highest held then.
    """
    kept = {tag: version for tag, version in tags.items() if isinstance(version, str) and version in versions}
    if "latest" not in kept:
        finished = [one for one in versions if "-" not in one] or list(versions)
        kept["latest"] = max(finished, key=version_order)
    return {"name": name, "dist-tags": kept, "versions": {one: versions[one] for one in sorted(versions, key=version_order)}}
