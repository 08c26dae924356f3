"""What a run read and wrote in its working folder. Owns what is counted of it: neither caches, nor what was gone at the end.

Events come from whoever watches (:mod:`freehold.drill.file_watch`). A file counts as read only if the run had not made or
written it before. It counts as written if it is there at the end and holds something; files of a folder that came count too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from freehold.drill.record import FileRead, WorkingFiles

__all__ = ["FileLedger", "is_left_out"]

_MOST_FILES: Final = 20_000
_LEFT_OUT: Final = frozenset({
    ".git", ".hg", ".svn", ".jj", "node_modules", ".freehold", ".tox", ".nox", "site-packages", ".cache",
    ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".gradle", ".parcel-cache", ".turbo", ".eggs",
})  # fmt: skip
"""Folders that are not watched: histories, installed trees, and caches that a tool keeps beside its sources."""
_ENVIRONMENTS: Final = ("pyvenv.cfg", "conda-meta")
_TEMPORARY: Final = ("*.pyc", "*.pyo", "*.tmp", "*.temp", "*.swp", "*.part", "*~", ".#*", "#*#", ".nfs*")
_COMPILED: Final = frozenset({".pyc", ".pyo"})
_PROGRAM: Final = frozenset({".py", ".pyc", ".pyi", ".pyo", ".pyd", ".pth", ".so", ".dylib", ".dll", ".exe", ".a"})


def is_left_out(folder: Path) -> bool:
    """Whether a folder of the working folder is not watched: a history, an installed tree, a cache, an environment."""
    return folder.name in _LEFT_OUT or any((folder / name).exists() for name in _ENVIRONMENTS)


class FileLedger:
    """Takes in what happens to files of a working folder, and to named ones outside of it.

    Parameters
    ----------
    folder
        Working folder, resolved.
    named
        Files and folders that the command names itself: program files among them count like others.
    ignored
        Files that the drill itself writes.
    clock
        Monotonic.
    """

    def __init__(
        self, folder: Path, named: Sequence[Path] = (), ignored: Sequence[Path] = (), *, clock: Callable[[], float]
    ) -> None:
        self.folder = folder
        self.named = tuple(named)
        self.left_out: dict[str, None] = {}
        self._clock = clock
        self._named = tuple(self.shown(path) for path in named)
        self._ignored = frozenset(self.shown(path) for path in ignored)
        self._read: dict[str, float] = {}
        self._touched: dict[str, None] = {}
        self._came: dict[str, None] = {}
        self._complete = True

    def shown(self, path: Path) -> str:
        """A path as it is told: below the working folder by what follows it."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)

    def leave_out(self, folder: Path) -> None:
        """Note a folder that is not watched."""
        self.left_out.setdefault(self.shown(folder))

    def lose(self) -> None:
        """Note that something was not heard of."""
        self._complete = False

    def read(self, name: str) -> None:
        """Note that a file was read."""
        if name in self._ignored or name in self._read:
            return
        if len(self._read) >= _MOST_FILES:
            self._complete = False
        elif name not in self._touched and not self._is_in_what_came(name):
            self._read[name] = self._clock()

    def wrote(self, name: str) -> None:
        """Note that a file was made, written or put there."""
        if len(self._touched) >= _MOST_FILES:
            self._complete = False
        else:
            self._touched.setdefault(name)

    def came(self, name: str) -> None:
        """Note that a folder was made or put there."""
        if len(self._came) >= _MOST_FILES:
            self._complete = False
        else:
            self._came.setdefault(name)

    def _is_in_what_came(self, name: str) -> bool:
        return bool(self._came) and any(above in self._came for above in _above(name))

    def result(self, started: float) -> WorkingFiles:
        """What was read and written.

        Parameters
        ----------
        started
            When the command was started, on the clock.
        """
        read = [
            FileRead(name, max(0.0, at - started), self._is_program(name))
            for name, at in self._read.items()
            if not self._is_empty(name)
        ]
        left_out: dict[str, bool] = {}
        written = sorted({name for name in self._written() if not self._does_not_count(name, left_out)})
        return WorkingFiles(
            tuple(read), tuple(written[:_MOST_FILES]), len(read), len(written), tuple(sorted(self.left_out)), self._complete
        )

    def _is_empty(self, name: str) -> bool:
        """Whether a file holds nothing, so that it served nothing; one that is gone may have held something."""
        with suppress(OSError):
            return os.stat(self.folder / name).st_size == 0  # noqa: PTH116
        return False

    def _is_program(self, name: str) -> bool:
        """Whether it is a file of a program rather than something that a program works on, and not named by the command."""
        suffix = Path(name).suffix
        if suffix in _COMPILED:
            return True
        if suffix not in _PROGRAM and ".so." not in name:
            return False
        return not any(name == one or name.startswith(f"{one}/") for one in self._named)

    def _written(self) -> Iterator[str]:
        yield from self._touched
        count = 0
        for name in self._came:
            for above, folders, files in os.walk(self.folder / name):
                folders[:] = [one for one in folders if not is_left_out(Path(above, one))]
                yield from (self.shown(Path(above, file)) for file in files)
                count += len(files)
                if count > _MOST_FILES:
                    self._complete = False
                    return

    def _does_not_count(self, name: str, left_out: dict[str, bool]) -> bool:
        """Whether it is no file that a run leaves; which folders are left out is found out once."""
        if name in self._ignored or name.startswith("/") or any(fnmatch(Path(name).name, one) for one in _TEMPORARY):
            return True
        for above in _above(name):
            if above not in left_out:
                left_out[above] = is_left_out(self.folder / above)
            if left_out[above]:
                return True
        try:
            found = os.lstat(self.folder / name)
        except OSError:
            return True
        return found.st_size == 0 or (self.folder / name).is_dir()


def _above(name: str) -> Iterator[str]:
    """The folders that a file is in, the innermost first."""
    at = name.rfind("/")
    while at > 0:
        name = name[:at]
        yield name
        at = name.rfind("/")
