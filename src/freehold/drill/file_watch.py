"""Which files were read while a command ran: of caches, local sources, the working folder. Owns the watches, and their bound.

The kernel tells who watches a folder of what is read in it (inotify(7)): whatever process does, in whichever namespace. So
another program that reads the same cache meanwhile is counted too. Files that came during the run do not count: what the
command has just fetched did not serve instead of fetching. What happens in the working folder goes to a ledger of its own
(:mod:`freehold.drill.file_ledger`), wherever in it a cache or a local source stands.
"""

from __future__ import annotations

import errno
import os
import select
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from freehold.drill.file_ledger import FileLedger, is_left_out
from freehold.drill.kernel import (
    IN_ACCESS,
    IN_CLOSE_NOWRITE,
    IN_CLOSE_WRITE,
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
_READ: Final = IN_ACCESS | IN_CLOSE_NOWRITE
_CAME: Final = IN_CREATE | IN_MOVED_TO
_MASK: Final = _READ | _CAME | IN_CLOSE_WRITE
_BUFFER: Final = 256 * 1024


@dataclass(slots=True)
class _Place:
    """What was seen of one place: a source, or a folder that only the ledger is told of."""

    folder: Path
    source: LocalSource | None = None
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
    ledger
        Is told what happens in the working folder, and to files outside of it that the command names; ``None``: not watched.
    """

    def __init__(self, sources: Sequence[LocalSource], most: int = MOST_FOLDERS, *, ledger: FileLedger | None = None) -> None:
        self.notes: list[str] = []
        self._left = most
        self._ledger = ledger
        self._folders: dict[int, tuple[_Place, Path, str | None]] = {}
        self._files: dict[int, str] = {}
        self._places = [_Place(source.folder, source) for source in sources]
        if ledger is not None:
            outside = [path for path in ledger.named if path.is_dir() and not path.is_relative_to(ledger.folder)]
            self._places += [_Place(folder) for folder in dict.fromkeys((ledger.folder, *outside))]
        self._queue = -1
        self._end = -1
        self._thread: threading.Thread | None = None
        if not self._places:
            return
        try:
            self._queue = inotify_init()
        except OSError as error:
            self.notes.append(say("drill_run.watch_none", why=error.strerror or str(error)))
            return
        self._watch_all()
        ours, self._end = os.pipe()
        self._thread = threading.Thread(target=copy_context().run, args=(self._listen, ours), daemon=True)
        self._thread.start()

    @property
    def watches(self) -> bool:
        """Whether anything is watched."""
        return self._queue >= 0

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
            if place.read and place.source is not None
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
        inner = {place.folder for place in self._places}
        for place in self._places:
            place.waiting.append(place.folder)
        chosen: list[tuple[_Place, Path]] = []
        while any(place.waiting for place in self._places) and len(chosen) < self._left:
            for place in self._places:
                if place.waiting and len(chosen) < self._left:
                    folder = place.waiting.popleft()
                    chosen.append((place, folder))
                    place.waiting.extend(sub for sub in _folders(folder) if sub not in inner and self._is_watched(place, sub))
        # only now: looking into a folder that is watched would be an event itself
        for place, folder in chosen:
            self._watch(place, folder)
        self._watch_named_files()
        for place in self._places:
            if place.waiting:
                kind = "watch_few" if place.source is not None else "watch_few_working"
                self._say_once(say(f"drill_run.{kind}", count=len(self._folders)))
            place.waiting.clear()

    def _is_watched(self, place: _Place, folder: Path) -> bool:
        """Whether a folder is worth a watch; of a cache or a source, each is."""
        if place.source is not None or not is_left_out(folder):
            return True
        if self._ledger is not None:
            self._ledger.leave_out(folder)
        return False

    def _watch_named_files(self) -> None:
        """Watch the files outside of the working folder that the command names."""
        ledger = self._ledger
        for path in () if ledger is None else ledger.named:
            if ledger is not None and not path.is_relative_to(ledger.folder) and path.is_file() and self._left > 0:
                with suppress(OSError):
                    self._files[inotify_add_watch(self._queue, str(path), _MASK)] = ledger.shown(path)
                    self._left -= 1

    def _watch(self, place: _Place, folder: Path, *, anew: bool = False) -> None:
        try:
            number = inotify_add_watch(self._queue, str(folder), _MASK)
        except OSError as error:
            # gone, unreadable, or no more watches for this user
            if error.errno == errno.ENOSPC:
                kind = "watch_few" if place.source is not None else "watch_few_working"
                self._say_once(say(f"drill_run.{kind}", count=len(self._folders)))
            return
        self._left -= 1
        found = (place, folder, self._told_as(place, folder))
        if anew:
            # a folder that was watched under another name has this one now
            self._folders[number] = found
        else:
            self._folders.setdefault(number, found)

    def _told_as(self, place: _Place, folder: Path) -> str | None:
        """What the ledger calls the files of a folder by, to be put before their names; ``None`` if it is not told of them."""
        ledger = self._ledger
        if ledger is None or not (place.source is None or folder.is_relative_to(ledger.folder)):
            return None
        return "" if folder == ledger.folder else f"{ledger.shown(folder)}/"

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
                self._say_once(say("drill_run.watch_lost"))
                if self._ledger is not None:
                    self._ledger.lose()
            elif event.watch in self._files and self._ledger is not None:
                (self._ledger.read if event.mask & _READ else self._ledger.wrote)(self._files[event.watch])
            elif (found := self._folders.get(event.watch)) is not None and event.name:
                place, folder, before = found
                if event.mask & IN_ISDIR:
                    if event.mask & _CAME:
                        self._folder_came(place, folder / event.name, before)
                    continue
                if before is not None and self._ledger is not None:
                    (self._ledger.read if event.mask & _READ else self._ledger.wrote)(before + event.name)
                if place.source is not None and not event.mask & IN_CLOSE_WRITE:
                    self._note(place, folder / event.name, event.mask)

    def _folder_came(self, place: _Place, folder: Path, before: str | None) -> None:
        if before is not None and self._ledger is not None:
            self._ledger.came(before + folder.name)
        if self._left > 0 and (place.source is not None or not is_left_out(folder)):
            self._watch(place, folder, anew=True)
        self._note(place, folder, IN_CREATE)

    def _note(self, place: _Place, path: Path, mask: int) -> None:
        shown = str(path.relative_to(place.folder))
        if mask & _CAME:
            # what is in a folder that came came with it
            if len(place.came) < _MOST_FILES:
                place.came.add(shown)
        elif len(place.read) >= _MOST_FILES:
            return
        elif shown not in place.came and not any(str(above) in place.came for above in Path(shown).parents):
            place.read.setdefault(shown)

    def _say_once(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _folders(folder: Path) -> list[Path]:
    """Folders in a folder; links are not followed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
