"""Files that make one folder: written whole or not at all, never over what somebody else wrote. Owns the manifest beside them.

The manifest names every file with its SHA-256, so that whoever gets the folder can see that nothing was changed; by it, too,
a later run knows which files it may replace.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from freehold.errors import Unreadable, UsageError
from freehold.version import __version__
from freehold.whole_file import read_bounded

__all__ = ["MANIFEST", "manifest_rows", "see_folder", "write_files"]

MANIFEST: Final = "manifest.json"
"""The file that names all others with their SHA-256."""

_LARGEST: Final = 64_000_000
_NAME: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MOST_OWN: Final = 100_000


def write_files(folder: str | Path, files: Mapping[str, str], about: Mapping[str, Any]) -> tuple[str, ...]:
    """Write files into a folder, with a manifest.

    Parameters
    ----------
    folder
        New, empty, or one that this function wrote before and whose files nobody changed since.
    files
        Text by name; a name is of one part.
    about
        What the manifest says of them besides.

    Returns
    -------
    tuple of str
        Names of the files, the manifest among them.

    Raises
    ------
    freehold.errors.UsageError
        If a file stands there that this function did not write, or that was changed since.
    freehold.errors.Unreadable
        If it cannot be written there; what stood there is as it was.
    """
    target = Path(folder)
    old = see_folder(target, files, pack=str(about.get("pack", "")))
    texts = {**files, MANIFEST: _manifest(files, about)}
    moved: list[str] = []
    placed: list[str] = []
    made = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = not target.exists()
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".freehold-", ignore_cleanup_errors=True) as name:
            new, kept = Path(name) / "new", Path(name) / "old"
            new.mkdir()
            kept.mkdir()
            for one, text in texts.items():
                (new / one).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
            target.mkdir(exist_ok=True)
            try:
                for one in old:
                    if (target / one).exists():
                        (target / one).replace(kept / one)
                        moved.append(one)
                for one in texts:
                    (new / one).replace(target / one)
                    placed.append(one)
            except BaseException:  # a Ctrl-C in the middle loses nothing either
                for one in placed:
                    (target / one).unlink(missing_ok=True)
                for one in moved:
                    (kept / one).replace(target / one)
                raise
    except BaseException as error:
        if made:
            shutil.rmtree(target, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        raise Unreadable(f"{folder} cannot be written ({error.strerror}). Choose another folder.") from error
    return tuple(sorted(texts))


def see_folder(folder: Path, files: Mapping[str, str] | tuple[str, ...] = (), *, pack: str = "") -> tuple[str, ...]:
    """See that a folder may be written to; gives the names of the files of an earlier run, which are replaced.

    Parameters
    ----------
    folder
        Where it is.
    files
        Names of what is to be written.
    pack
        What they make together; another pack is not replaced by it.

    Raises
    ------
    freehold.errors.UsageError
        If it is a file, holds another pack, or holds a file that is neither of an earlier run nor free to be there.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"-o: {folder} is a file. Name a folder, which is made if it is not there.")
    if not folder.is_dir():
        return ()
    old, other = _written_before(folder)
    if old and other != pack:
        raise UsageError(f"-o: {folder} holds '{other[:40]}', which would be replaced by '{pack}'. Name another folder.")
    for name in (*files, MANIFEST):
        if name not in old and ((folder / name).exists() or (folder / name).is_symlink()):
            raise UsageError(
                f"-o: {folder / name} is there, and Freehold did not write it there. Name another folder, or move it."
            )
    for name, digest in old.items():
        path = folder / name
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise UsageError(f"-o: {path} is no plain file any more. Name another folder, or move it.")
        if digest and path.exists() and hashlib.sha256(_content(path)).hexdigest() != digest:
            raise UsageError(
                f"-o: {path} was changed since Freehold wrote it, and would be lost. Name another folder, or move it."
            )
    return tuple(old)


def _content(path: Path) -> bytes:
    try:
        return read_bounded(path, _LARGEST)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check its permissions, or name another folder.") from error


def _written_before(folder: Path) -> tuple[Mapping[str, str], str]:
    """Files of an earlier run with their digests, the manifest itself with none; and what they make together."""
    path = folder / MANIFEST
    if not path.is_file():
        return {}, ""
    try:
        held = json.loads(_content(path))
        rows = held["files"] if held.get("made_by") == "Freehold" else []
        found = {str(row["name"]): str(row["sha256"]) for row in rows[:_MOST_OWN]}
        pack = str(held.get("pack", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        found, pack = {}, ""
    if not found or not all(_NAME.fullmatch(name) and _DIGEST.fullmatch(digest) for name, digest in found.items()):
        raise UsageError(f"-o: {path} is there, and no list of files that Freehold wrote. Name another folder, or move it.")
    return found | {MANIFEST: ""}, pack


def _manifest(files: Mapping[str, str], about: Mapping[str, Any]) -> str:
    told = {"made_by": "Freehold", "freehold": __version__, **about, "files": list(manifest_rows(files))}
    return json.dumps(told, ensure_ascii=True, indent=1) + "\n"


def manifest_rows(files: Mapping[str, str]) -> tuple[Mapping[str, str | int], ...]:
    """A row for each file in the order of their names: ``name``, ``sha256`` and ``bytes`` of what is written."""
    contents = ((name, files[name].encode("utf-8", "backslashreplace")) for name in sorted(files))
    return tuple({"name": name, "sha256": hashlib.sha256(one).hexdigest(), "bytes": len(one)} for name, one in contents)
