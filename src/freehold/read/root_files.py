"""Files within a root folder: an unpacked image, a mounted disk, or the machine's own ``/``. Owns how links are followed.

Links are followed as the system in that folder would follow them: an absolute one begins at the folder, ``..`` stops
at it. So nothing leads out. Only regular files are opened, each up to a limit.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from freehold.read.documents import bytes_at
from freehold.read.plain_text import is_plain
from freehold.stack.inventory import Skip

__all__ = ["LARGEST_DATABASE", "LARGEST_SETTING", "Root"]

LARGEST_SETTING: Final = 1024 * 1024
"""Bytes: the largest file of settings that is read."""
LARGEST_DATABASE: Final = 256 * 1024 * 1024
"""Bytes: the largest package database that is read."""

_MOST_LINKS: Final = 40
_LONGEST_PATH: Final = 4096
"""Signs: no system opens a longer path, and to look for links in each part of one takes the square of its length."""
_MOST_NAMES: Final = 100_000


@dataclass(slots=True)
class Root:
    """A root folder, and what could not be read in it so far.

    Parameters
    ----------
    top
        The folder; ``/`` for the machine itself.
    skips
        Grows with every file that is there and cannot be read.
    """

    top: Path
    skips: list[Skip] = field(default_factory=list)
    _real: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._real = os.path.realpath(self.top).rstrip("/")

    def place(self, relative: str) -> str | None:
        """Where a path of the system in the folder lies on the disk; ``None`` for links without end."""
        if len(relative) > _LONGEST_PATH:
            return None
        top = self._real
        pending = relative.split("/")[::-1]
        found: list[str] = []
        links = 0
        while pending:
            name = pending.pop()
            if name in {"", "."}:
                continue
            if name == "..":
                found = found[:-1]
                continue
            here = "/".join((top, *found, name))
            try:
                target = os.readlink(here)  # noqa: PTH115 - a hot loop
            except (OSError, ValueError):
                found.append(name)
                continue
            links += 1
            if links > _MOST_LINKS:
                return None
            if target.startswith("/"):
                found = []
            pending += target.split("/")[::-1]
        return "/".join((top, *found)) or "/"

    def data(self, relative: str, limit: int = LARGEST_SETTING) -> bytes | None:
        """Read a file.

        Returns
        -------
        bytes or None
            ``None`` if it is not there, and if it cannot be read, which becomes a skip.
        """
        place = self.place(relative)
        if place is None:
            self.skips.append(Skip(relative, "link", "Its links lead in a circle, or its path is too long to be one."))
            return None
        try:
            if os.path.isdir(place):  # noqa: PTH112
                return None
            # files of the kernel state no size: what counts is how much comes
            data = bytes_at(place, limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.skips.append(Skip(relative, "unreadable", f"It cannot be opened ({error.strerror})."))
            return None
        if len(data) > limit:
            self.skips.append(Skip(relative, "too-large", f"It has over {limit:,} bytes, and was not read."))
            return None
        return data

    def text(self, relative: str, limit: int = LARGEST_SETTING) -> str | None:
        """Read a file as UTF-8, bytes that are none shown as such; ``None`` as :meth:`data`."""
        data = self.data(relative, limit)
        return None if data is None else data.decode("utf-8", "replace")

    def word(self, relative: str) -> str:
        """Read a file of one line, such as those of ``sys``; empty if there is none."""
        text = self.text(relative, 4096)
        return " ".join((text or "").replace("\0", " ").split())

    def names(self, relative: str) -> tuple[str, ...]:
        """Names in a folder, sorted; none if it is not there."""
        place = self.place(relative)
        try:
            if place is None or not os.path.isdir(place):  # noqa: PTH112
                return ()
            with os.scandir(place) as listing:
                found = sorted(entry.name for entry, _ in zip(listing, range(_MOST_NAMES + 1), strict=False))
        except OSError as error:
            self.skips.append(Skip(relative, "unreadable", f"The folder cannot be listed ({error.strerror})."))
            return ()
        if len(found) > _MOST_NAMES:
            self.skips.append(Skip(relative, "limit", f"It has over {_MOST_NAMES:,} entries; the others were not read."))
        return tuple(name for name in found[:_MOST_NAMES] if is_plain(name))

    def has(self, relative: str) -> bool:
        """Whether a file or a folder is there."""
        place = self.place(relative)
        return place is not None and os.path.exists(place)  # noqa: PTH110
