"""Preserving before a change: copies in a sealed folder, with a manifest of digests. Owns that the copy is whole or not there.

``STATE/preserved/INCIDENT/KEY/`` holds the files and ``manifest.json``: for each its place, size and SHA-256. It is made
under another name and renamed when all of it is on the disk; then nothing in it may be written. SQLite files are copied
through SQLite, so that a copy taken while somebody writes is sound.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec

from freehold.respond.actions.gateway_control import GatewayControl
from freehold.respond.actions.interface import ActionFailed, Call, Outcome
from freehold.respond.actions.means import Preserve as PreserveMeans
from freehold.watch.event import Json

__all__ = ["FOLDER", "Preserve", "PreserveParameters", "is_sound"]

FOLDER: Final = "preserved"
_MANIFEST: Final = "manifest.json"
_OWN: Final = ("journal.db", "alerts.db", "incidents.db")
"""Files of the state folder that are always kept, where they are there."""
_SQLITE: Final = b"SQLite format 3\x00"


class PreserveParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept beside the files that ``respond.toml`` names: further files of the state folder, the gateway's state."""

    paths: tuple[str, ...] = ()
    gateway: bool = True


class Preserve:
    """Copy what a change would change.

    Parameters
    ----------
    folder
        The state folder.
    means
        Which files, and how much at most.
    control
        The gateway; ``None`` where there is none.
    clock
        For the manifest.
    """

    name: ClassVar[str] = "preserve"
    changes: ClassVar[bool] = False
    undone_alone: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 120.0
    parameters: ClassVar[type[msgspec.Struct]] = PreserveParameters

    def __init__(self, folder: Path, means: PreserveMeans, control: GatewayControl | None, clock: Callable[[], float]) -> None:
        self._folder, self._means, self._control, self._clock = folder, means, control, clock

    def reach(self, parameters: Any) -> str:  # noqa: ARG002  the plug point's signature
        """It changes nothing."""
        return "none"

    def _files(self, call: Call) -> list[Path]:
        named = [self._folder / name for name in _OWN]
        named += [Path(path) for path in self._means.paths]
        named += [self._folder / path for path in call.parameters.paths]
        if self._control is not None:
            gateway = self._control.gateway
            named += [Path(path) for path in (gateway.configuration, gateway.stop_file) if path]
        return list(dict.fromkeys(named))

    def _place(self, call: Call) -> Path:
        return self._folder / FOLDER / call.incident / call.key[:64]

    async def rehearse(self, call: Call) -> str:
        """Say which files would be kept."""
        there = [path.name for path in self._files(call) if path.is_file()]
        return f"would keep {', '.join(there) or 'nothing'}" + (" and the gateway's state" if call.parameters.gateway else "")

    async def precondition(self, call: Call) -> None:
        """See that no path leads out of the state folder by way of the playbook."""
        for path in call.parameters.paths:
            try:
                is_inside = (self._folder / path).resolve().is_relative_to(self._folder.resolve())
            except (OSError, RuntimeError, ValueError):
                is_inside = False
            if not is_inside:
                raise ActionFailed(
                    f"'{path}' lies outside the state folder. Name such files in respond.toml, [preserve] paths."
                )

    async def before(self, call: Call) -> Mapping[str, Json]:  # noqa: ARG002  the plug point's signature
        """There is nothing to undo."""
        return {}

    async def act(self, call: Call) -> Outcome:
        """Make the copy; one that is there already under this key is seen to be sound and taken."""
        place = self._place(call)
        state: Mapping[str, Any] | None = None
        missed = ""
        if self._control is not None and call.parameters.gateway and not place.exists():
            try:
                state = await self._control.state()
            except ActionFailed as error:
                missed = str(error)
        manifest = await asyncio.to_thread(self._copy, call, place, state, missed)
        files = manifest["files"]
        text = f"kept {len(files)} files" + (f"; not the gateway's state: {manifest['missed']}" if manifest["missed"] else "")
        digest = hashlib.sha256((place / _MANIFEST).read_bytes()).hexdigest()
        return Outcome(
            text, {"files": len(files), "manifest_sha256": digest, "folder": f"{FOLDER}/{call.incident}/{place.name}"}
        )

    def _copy(self, call: Call, place: Path, state: Mapping[str, Any] | None, missed: str) -> dict[str, Any]:
        if place.exists():
            if not is_sound(place):
                raise ActionFailed(
                    f"{place} is there and is not what its manifest says. Keep it for the review, and preserve anew."
                )
            told: dict[str, Any] = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
            return told
        partial = place.with_name(f".{place.name}.partial")
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True, mode=0o700)
            files = self._fill(call, partial, state)
            manifest = {
                "incident": call.incident, "key": call.key, "at": self._clock(), "by": call.by, "missed": missed,
                "files": files,
            }  # fmt: skip
            text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
            _write(partial / _MANIFEST, text.encode("utf-8", "backslashreplace"))
            for path in partial.iterdir():
                path.chmod(stat.S_IRUSR)
            partial.rename(place)
            place.chmod(stat.S_IRUSR | stat.S_IXUSR)
            _sync_folder(place.parent)
        except (OSError, sqlite3.Error) as error:
            raise ActionFailed(
                f"nothing could be kept ({error}). Make room, mend the permissions, or let a person waive it."
            ) from None
        return manifest

    def _fill(self, call: Call, partial: Path, state: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        left = self._means.most_bytes
        files: list[dict[str, Any]] = []
        for path in self._files(call):
            if not path.is_file():
                continue
            size = path.stat().st_size
            if size > left:
                raise ActionFailed(f"what is to be kept is over {self._means.most_bytes:,} bytes. Raise [preserve] most_bytes.")
            left -= size
            copy = partial / f"{len(files):02d}-{path.name}"
            # what is our own is not looked into: to close it again would end the locks that we have on it
            if path.name in _OWN or _is_database(path):
                _copy_database(path, copy)
            else:
                shutil.copyfile(path, copy)
            _sync_file(copy)
            files.append(_told(copy, str(path)))
        if state is not None:
            copy = partial / "gateway-state.json"
            _write(copy, json.dumps(state, ensure_ascii=False, indent=1, sort_keys=True).encode("utf-8", "backslashreplace"))
            files.append(_told(copy, "the gateway's state"))
        return files

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """Whether the copy is there and sound."""
        place = self._place(call)
        return place.exists() and await asyncio.to_thread(is_sound, place)

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:  # noqa: ARG002  the plug point's signature
        """What is kept stays."""
        return Outcome("what was kept stays")


def _copy_database(path: Path, copy: Path) -> None:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(copy)) as made:
        source.backup(made)


def _is_database(path: Path) -> bool:
    """Whether it is a SQLite file; not to be asked of one that this process has open: closing it would let go of its locks."""
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _told(copy: Path, source: str) -> dict[str, Any]:
    return {"name": copy.name, "source": source, "bytes": copy.stat().st_size, "sha256": _digest(copy)}


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _sync_file(path)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    if os.name == "posix":
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def is_sound(place: Path) -> bool:
    """Whether a preserved folder holds exactly what its manifest says."""
    try:
        manifest = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
        listed = {one["name"]: (one["bytes"], one["sha256"]) for one in manifest["files"]}
        there = {path.name for path in place.iterdir()} - {_MANIFEST}
        return there == set(listed) and all(
            ((place / name).stat().st_size, _digest(place / name)) == told for name, told in listed.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False
