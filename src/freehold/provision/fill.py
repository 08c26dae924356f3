"""A mirror from what was recorded. Owns its folders, and that every file in it has the digest that was recorded.

    python/wheels/           every file: a wheel house (pip install --no-index --find-links)
    python/simple/PROJECT/   pages of PEP 503 and PEP 691 (index.html, index.json)
    npm/PACKAGE/             index.json (the package's page), and its archives under -/
    debian/                  Packages, Release, and the packages under pool/
    manifest.json            see freehold.provision.manifest

A mirror that is there already is added to. What is written first lies beside what it replaces; the manifest comes last.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from freehold.errors import ProvisionError
from freehold.provision.debian_archive import control_of, packages_list, release
from freehold.provision.file_names import safe_file, safe_npm_name
from freehold.provision.manifest import MANIFEST, Held, Manifest, digest_of, read_manifest, write_manifest
from freehold.provision.needs import Missing, Need, Received, Recording
from freehold.provision.npm_registry import is_version, manifest_of, mirror_page, read_packument, written_page
from freehold.provision.python_index import project_html, project_json, root_html
from freehold.version import __version__

__all__ = ["fill", "path_of", "see_it_can_be_filled"]

_MOST_PAGE: Final = 64_000_000
_DIST: Final = ("fileCount", "unpackedSize")


def path_of(need: Need) -> str:
    """Where a file lies within a mirror.

    Raises
    ------
    freehold.errors.ProvisionError
        If a name of it could lead elsewhere.
    """
    safe_file(need.file)
    if need.ecosystem == "python":
        return f"python/wheels/{need.file}"
    if need.ecosystem == "npm":
        return f"npm/{safe_npm_name(need.name)}/-/{need.file}"
    return f"debian/pool/{need.file}"


def see_it_can_be_filled(folder: Path) -> Manifest | None:
    """See that a folder is a mirror (gives its manifest) or nothing yet.

    Raises
    ------
    freehold.errors.ProvisionError
        If it holds other things, or is a damaged mirror.
    """
    if folder.exists() and not folder.is_dir():
        raise ProvisionError(f"{folder} is no folder. Name one that is empty, or a mirror, or that is not there yet.")
    there = next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
    if not os.access(there, os.W_OK | os.X_OK):
        raise ProvisionError(f"{folder} cannot be written: you have no right to write in {there}. Name another folder.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    if not (folder / MANIFEST).is_file():
        raise ProvisionError(f"{folder} holds other things and is no mirror. Name a folder that is empty or not there yet.")
    return read_manifest(folder)


def fill(
    folder: Path, recording: Recording, *, now: float, commands: Sequence[Sequence[str]] = (),
    registries: Iterable[str] = (), tools: Mapping[str, str] | None = None,
) -> Manifest:  # fmt: skip
    """Fill a mirror, or add to one.

    Parameters
    ----------
    folder
        Where; made if it is not there.
    recording
        What was received.
    now
        The moment, in seconds since 1970.
    commands, registries, tools
        What the manifest says of how it was recorded; without secrets.

    Raises
    ------
    freehold.errors.ProvisionError
        If the folder holds other things, or a file has changed since it was recorded.
    """
    see_it_can_be_filled(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        return _filled(folder, recording, now, commands, registries, tools or {})


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """See that nobody else fills the mirror meanwhile, where the system has locks for that."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ProvisionError(f"{folder} is being filled by another process. Wait for its end.") from None
        yield
    finally:
        os.close(held)


def _filled(
    folder: Path, recording: Recording, now: float, commands: Sequence[Sequence[str]], registries: Iterable[str],
    tools: Mapping[str, str],
) -> Manifest:  # fmt: skip
    before = see_it_can_be_filled(folder)
    known = {one.key: one for one in before.needs} if before else {}
    missing = []
    for received in recording.received:
        try:
            need = _named(received)
            if need.key in known and known[need.key].sha256 != need.sha256:
                reason = (
                    f"the mirror has it with another content ({known[need.key].sha256}) than came now ({need.sha256}); the "
                    "first is kept. Find out which is right."
                )
                missing.append(Missing(need.ecosystem, need.file, "", reason, need.by))
                continue
            _put(folder, need, Path(received.path))
        except ProvisionError as error:
            missing.append(
                Missing(received.need.ecosystem, received.need.label, received.need.file, str(error), received.need.by)
            )
            continue
        known[need.key] = need
    needs = tuple(sorted(known.values()))
    moment = datetime.fromtimestamp(now, UTC).replace(microsecond=0)
    pages = [*_python(folder, needs), *_npm(folder, needs, recording.pages or {}), *_debian(folder, needs, moment)]
    files = [Held(path_of(need), need.sha256, need.size) for need in needs]
    files += [Held(name, digest_of(folder / name), (folder / name).stat().st_size) for name in pages]
    old = before or Manifest("", "")
    manifest = Manifest(
        moment.isoformat().replace("+00:00", "Z"), __version__,
        tuple(dict.fromkeys((*old.commands, *(tuple(one) for one in commands)))), tuple(sorted({*old.registries, *registries})),
        tuple(sorted({*old.hosts, *recording.hosts})), {**old.tools, **tools}, needs, tuple(sorted(files)),
        _still_missing((*(one for one in old.missing if one.file), *missing, *_unsound(recording)), needs),
    )  # fmt: skip
    write_manifest(folder, manifest)
    return manifest


def _unsound(recording: Recording) -> Iterable[Missing]:
    """What the recording refused, and files that a registry did not give."""
    for problem in recording.problems:
        yield Missing("", "", "", problem)
    for asked in recording.asked:
        is_file = asked.what.endswith((".whl", ".tar.gz", ".zip", ".tgz", ".deb"))
        if is_file and asked.status >= 400:
            yield Missing(
                asked.ecosystem, asked.what, asked.what.rpartition("/")[2], f"the registry answered {asked.status}", asked.by
            )


def _still_missing(missing: Iterable[Missing], needs: Iterable[Need]) -> tuple[Missing, ...]:
    held = {(one.ecosystem, one.file) for one in needs}
    return tuple(dict.fromkeys(one for one in missing if not one.file or (one.ecosystem, one.file) not in held))


def _named(received: Received) -> Need:
    """A need with its package's name and version, which for some only the file itself says."""
    need, path = received.need, Path(received.path)
    if need.ecosystem == "npm":
        found = manifest_of(path)
        name, version = found.get("name"), found.get("version")
        if not isinstance(name, str) or not isinstance(version, str):
            raise ProvisionError(f"{need.file}: its package.json names no package and version. It was refused.")
        if not is_version(need.version or version):
            raise ProvisionError(f"{need.file}: its package.json has {version[:80]!r} for a version. It was refused.")
        return replace(need, name=safe_npm_name(need.name or name), version=need.version or version)
    if need.ecosystem == "debian":
        _, fields = control_of(path)
        return replace(need, name=fields["Package"], version=fields["Version"])
    return need


def _put(folder: Path, need: Need, source: Path) -> None:
    """Copy a file to its place; it counts only when what is there has the digest recorded."""
    target = folder / path_of(need)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file() and not target.is_symlink() and digest_of(target) == need.sha256:
        return
    part = target.parent / f".{target.name[:200]}.part"
    try:
        shutil.copyfile(source, part)
        if digest_of(part) != need.sha256:
            raise ProvisionError(f"{need.file} changed after it was recorded: its SHA-256 is another. Record it again.")
        part.replace(target)
    except OSError as error:
        raise ProvisionError(f"{target} cannot be written ({error.strerror}). Look at its place and the room left.") from None
    finally:
        part.unlink(missing_ok=True)


def _write(folder: Path, name: str, content: bytes) -> str:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".{target.name}.part"
    try:
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        raise ProvisionError(f"{target} cannot be written ({error.strerror}). Look at its place and the room left.") from None
    finally:
        part.unlink(missing_ok=True)
    return name


def _python(folder: Path, needs: Iterable[Need]) -> Iterable[str]:
    projects: dict[str, list[Need]] = defaultdict(list)
    for need in needs:
        if need.ecosystem == "python":
            projects[need.name].append(need)
    for project, files in sorted(projects.items()):
        yield _write(folder, f"python/simple/{project}/index.html", project_html(project, files))
        yield _write(folder, f"python/simple/{project}/index.json", project_json(project, files))
    if projects:
        yield _write(folder, "python/simple/index.html", root_html(projects))


def _npm(folder: Path, needs: Iterable[Need], pages: Mapping[str, str]) -> Iterable[str]:
    packages: dict[str, list[Need]] = defaultdict(list)
    for need in needs:
        if need.ecosystem == "npm":
            packages[need.name].append(need)
    for package, files in sorted(packages.items()):
        place = f"npm/{package}/index.json"
        seen = [_page(Path(pages[package]))] if package in pages else []
        seen += [_page(folder / place)]
        versions = {need.version: _version(folder, need, seen) for need in files}
        tags = {name: value for page in reversed(seen) for name, value in page.get("dist-tags", {}).items()}
        yield _write(folder, place, written_page(mirror_page(package, versions, tags)))


def _page(path: Path) -> Mapping[str, Any]:
    if not path.is_file() or path.stat().st_size > _MOST_PAGE:
        return {}
    try:
        page = read_packument(path.read_bytes())
    except ProvisionError:
        return {}  # a damaged page of the mirror's own is made anew
    tags = page.get("dist-tags")
    return {**page, "dist-tags": tags if isinstance(tags, dict) else {}}


def _version(folder: Path, need: Need, seen: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A version's manifest as the registry gave it, else from the archive; what it says of the archive is calculated anew."""
    path = folder / path_of(need)
    stated = next((page["versions"][need.version] for page in seen if need.version in page.get("versions", {})), None)
    manifest = dict(stated) if isinstance(stated, dict) else _abbreviated(manifest_of(path))
    with path.open("rb") as file:
        sha512 = hashlib.file_digest(file, "sha512").digest()
        file.seek(0)
        sha1 = hashlib.file_digest(file, lambda: hashlib.sha1(usedforsecurity=False)).hexdigest()
    old = manifest.get("dist")
    kept = {name: old[name] for name in _DIST if name in old} if isinstance(old, dict) else {}
    dist = {
        "tarball": f"/npm/{need.name}/-/{need.file}",
        "integrity": "sha512-" + base64.b64encode(sha512).decode(),
        "shasum": sha1,
    }
    return {**manifest, "name": need.name, "version": need.version, "dist": {**kept, **dist}}


def _abbreviated(manifest: Mapping[str, Any]) -> dict[str, Any]:
    scripts = manifest.get("scripts")
    runs = isinstance(scripts, dict) and bool({"preinstall", "install", "postinstall"} & set(scripts))
    return {**manifest, "hasInstallScript": True} if runs else dict(manifest)


def _debian(folder: Path, needs: Iterable[Need], moment: datetime) -> Iterable[str]:
    packages = [(need, control_of(folder / path_of(need))[0]) for need in needs if need.ecosystem == "debian"]
    if packages:
        listed = packages_list(packages)
        yield _write(folder, "debian/Packages", listed)
        yield _write(folder, "debian/Release", release(listed, format_datetime(moment, usegmt=True)))
