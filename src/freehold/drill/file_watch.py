"""Which files of a cache or a local source were read while a command ran. Owns the watches, and their bound.

The kernel tells who watches a folder of what is read in it (inotify(7)): whatever process does, in whichever namespace. So
another program that reads the same cache meanwhile is counted too. Files that came during the run do not count: what the
command has just fetched did not serve instead of fetching.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from freehold.drill.kernel import (
    IN_ACCESS,
    IN_CREATE,
    IN_ISDIR,
    IN_MOVED_TO,
    IN_Q_OVERFLOW,
    inotify_add_watch,
    inotify_events,
    inotify_init,
)  # fmt: skip
from freehold.drill.local_sources import LocalSource
from freehold.drill.record import LocalUse
from freehold.words import say

__all__ = ["MOST_FOLDERS", "FileWatch"]

MOST_FOLDERS: Final = 8_192
"""Folders that are watched at most, of all places together; the uppermost ones of each first."""
_MOST_FILES: Final = 20_000
_EXAMPLES: Final = 5
_IN_CLOSE_NOWRITE: Final = 0x10
_MASK: Final = IN_ACCESS | _IN_CLOSE_NOWRITE | IN_CREATE | IN_MOVED_TO
_BUFFER: Final = 256 * 1024


@dataclass(slots=True)
class _Place:
    """What was seen of one source."""

    source: LocalSource
    read: dict[str, None] = field(default_factory=dict)
    came: set[str] = field(default_factory=set)
    waiting: deque[Path] = field(default_factory=deque)


class FileWatch:
    """Watches places from its making until it is closed.

    Parameters
    ----------
    sources
        What to watch; a place within another's counts for the inner one.
    most
        Folders to watch at most.
    """

    def __init__(self, sources: Sequence[LocalSource], most: int = MOST_FOLDERS) -> None:
        self.notes: list[str] = []
        self._left = most
        self._folders: dict[int, tuple[_Place, Path]] = {}
        self._places = [_Place(source) for source in sources]
        self._queue = -1
        self._end = -1
        self._thread: threading.Thread | None = None
        if not sources:
            return
        try:
            self._queue = inotify_init()
        except OSError as error:
            self.notes.append(say("drill_run.watch_none", why=error.strerror or str(error)))
            return
        self._watch_all()
        ours, self._end = os.pipe()
        self._thread = threading.Thread(target=self._listen, args=(ours,), daemon=True)
        self._thread.start()

    def __enter__(self) -> FileWatch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def uses(self) -> tuple[LocalUse, ...]:
        """Close it, and tell which places were used, in the order given."""
        self.close()
        return tuple(
            LocalUse(place.source.shown, place.source.kind, len(place.read), tuple(list(place.read)[:_EXAMPLES]))
            for place in self._places
            if place.read
        )

    def close(self) -> None:
        """Take in what is left and stop watching."""
        if self._thread is None:
            return
        os.close(self._end)
        self._thread.join()
        self._thread = None
        os.close(self._queue)

    def _watch_all(self) -> None:
        """Watch folder after folder, each place in turn, so that a large one does not use up what there is."""
        inner = {place.source.folder for place in self._places}
        for place in self._places:
            place.waiting.append(place.source.folder)
        chosen: list[tuple[_Place, Path]] = []
        while any(place.waiting for place in self._places) and len(chosen) < self._left:
            for place in self._places:
                if place.waiting and len(chosen) < self._left:
                    folder = place.waiting.popleft()
                    chosen.append((place, folder))
                    place.waiting.extend(sub for sub in _folders(folder) if sub not in inner)
        # only now: looking into a folder that is watched would be an event itself
        for place, folder in chosen:
            self._watch(place, folder)
        if any(place.waiting for place in self._places):
            self.notes.append(say("drill_run.watch_few", count=len(self._folders)))
        for place in self._places:
            place.waiting.clear()

    def _watch(self, place: _Place, folder: Path) -> None:
        try:
            number = inotify_add_watch(self._queue, str(folder), _MASK)
        except OSError:
            # gone, unreadable, or no more watches for this user
            return
        self._left -= 1
        self._folders.setdefault(number, (place, folder))

    def _listen(self, end: int) -> None:
        poll = select.poll()
        poll.register(self._queue, select.POLLIN)
        poll.register(end, select.POLLIN)
        ended = False
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(0 if ended else None)}
            if self._queue in ready:
                with suppress(BlockingIOError):
                    self._take(os.read(self._queue, _BUFFER))
            elif ended:
                break
            ended = ended or end in ready
        os.close(end)

    def _take(self, data: bytes) -> None:
        for event in inotify_events(data):
            if event.mask & IN_Q_OVERFLOW:
                lost = say("drill_run.watch_lost")
                if lost not in self.notes:
                    self.notes.append(lost)
            elif (found := self._folders.get(event.watch)) is not None and event.name:
                self._note(*found, event.name, event.mask)

    def _note(self, place: _Place, folder: Path, name: str, mask: int) -> None:
        path = folder / name
        shown = str(path.relative_to(place.source.folder))
        if mask & (IN_CREATE | IN_MOVED_TO):
            if mask & IN_ISDIR and self._left > 0:
                self._watch(place, path)
            # what is in a folder that came came with it
            if len(place.came) < _MOST_FILES:
                place.came.add(shown)
        elif mask & IN_ISDIR or len(place.read) >= _MOST_FILES:
            return
        elif shown not in place.came and not any(str(above) in place.came for above in Path(shown).parents):
            place.read.setdefault(shown)


def _folders(folder: Path) -> list[Path]:
    """Folders in a folder; links are not followed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
