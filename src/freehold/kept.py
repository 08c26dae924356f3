"""Texts kept between runs, in the user's cache folder, by a key that says all they depend on. Owns that folder.

A text that cannot be read or written is as none: nothing but speed depends on it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["cache_folder", "keep", "kept", "key_of"]


def cache_folder() -> Path:
    """The folder, there or not."""
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(base or os.path.expanduser("~/.cache")) / "freehold"  # noqa: PTH111  it never raises, Path.expanduser does


@cache
def _program() -> str:
    """What the program is made of: names, sizes and times of its files, its data among them."""
    parts = []
    for folder, folders, files in os.walk(Path(__file__).parent):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            status = (Path(folder) / name).stat()
            parts.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def key_of(*parts: object) -> str:
    """Make a key from all that a text depends on; the program itself always counts."""
    return hashlib.sha256("\0".join([_program(), *map(repr, parts)]).encode()).hexdigest()[:40]


def kept(key: str) -> str | None:
    """Give the text kept under a key, or ``None``."""
    try:
        return (cache_folder() / key).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def keep(key: str, text: str) -> None:
    """Keep a text under a key, whole or not at all."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as made:
            made.write(text)
        Path(made.name).replace(folder / key)
    except OSError:
        return
