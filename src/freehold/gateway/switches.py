"""The kill switch: what is stopped, kept in one file. Owns the seam between that file and who asks whether he may go on.

``STATE/stop`` holds one line a stop: ``all``, or ``model NAME``, ``tenant NAME``, ``tool NAME``, ``agent NAME``, with
``# who, why`` after it. It works with an editor and without any server. Whatever cannot be understood stops everything:
a file that cannot be read, a line that makes no sense, an empty file (so that ``touch stop`` stops all), a state folder
that is gone.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from freehold.errors import GatewayError
from freehold.respond.file_lock import lock_whole
from freehold.whole_file import write_whole

__all__ = [
    "SCOPES",
    "Stop",
    "Stops",
    "Switches",
    "change_stop",
    "check_stop",
    "parse_stops",
    "read_stops",
    "remark_of",
    "set_aside",
    "way_out",
]

SCOPES: Final = ("all", "model", "tenant", "tool", "agent")
_MOST_BYTES: Final = 1_000_000
_MOST_NAME: Final = 200
_MOST_TRIES: Final = 100
_MOST_ASIDE: Final = 100
_MOST_SHOWN: Final = 80
_EMPTY: Final = "the stop file is there and empty"
_WAS_EMPTY: Final = "the stop file was there and empty"
_REMARK: Final = re.compile(r"(?:^|\s)#")
_QUOTES: Final = ("'", '"')
_BETWEEN_TRIES: Final = 0.02
_SETTLING: Final = 0.05
"""Seconds after a change within which a further one might leave time and size of the file as they are."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop.

    Parameters
    ----------
    scope
        One of :data:`SCOPES`.
    name
        Whose; empty for ``all``.
    why
        Who stopped it and why, as the file says.
    """

    scope: str
    name: str = ""
    why: str = ""

    def __str__(self) -> str:
        return f"{self.scope} {self.name}".rstrip()

    @property
    def line(self) -> str:
        """As it stands in the file."""
        return f"{self}  # {self.why}" if self.why else str(self)


@dataclass(frozen=True, slots=True)
class Stops:
    """Everything that is stopped.

    Parameters
    ----------
    listed
        The stops, in the order of the file.
    """

    listed: tuple[Stop, ...] = ()
    _by_name: dict[tuple[str, str], Stop] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {_place(stop.scope, stop.name): stop for stop in reversed(self.listed)})

    def __bool__(self) -> bool:
        return bool(self.listed)

    @property
    def by_content(self) -> Stop | None:
        """The first stop of a model or a tool: whether a request falls under it, only its content tells."""
        return next((stop for stop in self.listed if stop.scope in ("model", "tool")), None)

    def of(self, scope: str, *names: str) -> Stop | None:
        """The stop of one of these names, or of all; ``None`` if they may go on."""
        if not self.listed:
            return None
        found = self._by_name.get(("all", ""))
        for name in names if found is None else ():
            found = self._by_name.get(_place(scope, name))
            if found is not None:
                break
        return found


def _place(scope: str, name: str) -> tuple[str, str]:
    """What one stop has in common with all that mean the same: a model's tag ``latest`` is the one that is left out."""
    folded = name.strip().casefold()
    return scope, (folded.removesuffix(":latest") or folded) if scope == "model" else folded


def remark_of(line: str) -> tuple[str, str]:
    """What a line of the stop file says, and the remark after it, which a ``#`` behind a space or a tab begins."""
    said, *why = _REMARK.split(line, maxsplit=1)
    return said, why[0].strip() if why else ""


def _stands_in_a_line(name: str) -> bool:
    """Whether a name means what it seems to: one in quotation marks is the name of nothing, and would stop nothing."""
    return name.isprintable() and name[:1] not in _QUOTES and name[-1:] not in _QUOTES


def parse_stops(text: str) -> Stops:
    """Read the lines of a stop file.

    Parameters
    ----------
    text
        The whole file. Lines that begin with ``#`` are remarks.

    Raises
    ------
    freehold.errors.GatewayError
        Naming the first line that makes no sense.
    """
    if not text.strip():
        return Stops((Stop("all", "", _EMPTY),))
    found: list[Stop] = []
    for number, line in enumerate(text.splitlines(), 1):
        said, why = remark_of(line)
        words = said.split(None, 1)
        if not words:
            continue
        scope, name = words[0].lower(), words[1].strip() if len(words) > 1 else ""
        if scope not in SCOPES or (scope == "all") is bool(name) or not _stands_in_a_line(name):
            raise GatewayError(
                f"line {number} of the stop file makes no sense: {said.strip()[:_MOST_SHOWN]!a}. "
                f"Write 'all', or one of {', '.join(SCOPES[1:])} and a name."
            )
        found.append(Stop(scope, name, why))
    return Stops(tuple(found))


def read_stops(path: Path) -> Stops:
    """What a stop file says.

    Returns
    -------
    Stops
        None if there is no such file in a folder that is there.

    Raises
    ------
    freehold.errors.GatewayError
        If it cannot be read or understood.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise GatewayError("the stop file is not a plain file. Remove it, or write one.")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        if path.parent.is_dir():
            return Stops()
        raise GatewayError("the state folder is gone. Bring it back, or start the gateway with another.") from None
    except OSError as error:
        raise GatewayError(f"the stop file cannot be read ({error.strerror}). Mend its permissions, or remove it.") from None
    if len(content) > _MOST_BYTES:
        raise GatewayError(f"the stop file is larger than {_MOST_BYTES:,} bytes. Remove the lines that say the same.")
    try:
        return parse_stops(content.decode())
    except UnicodeDecodeError:
        raise GatewayError("the stop file is not UTF-8 text. Write it anew.") from None


def way_out(path: Path, stops: Stops | None = None) -> str:
    """What to do about a stop file by which everything is stopped without anybody having written that.

    Parameters
    ----------
    path
        The stop file.
    stops
        What it says; ``None`` if it cannot be understood.

    Returns
    -------
    str
        Empty where the file is not there, or says what it stops.
    """
    if not os.path.lexists(path) or (stops is not None and not any(stop.why == _EMPTY for stop in stops.listed)):
        return ""
    release = f"`freehold gateway release all --state {path.parent}`"
    if stops is not None:
        return f"{path} is there and empty: to release everything delete it, or {release}."
    return f"The file is {path}. Mend it, or release everything: {release} (a copy is kept)."


class Switches:
    """The stops in force, read anew whenever the file has changed.

    Parameters
    ----------
    path
        The stop file.
    clock
        Wall clock, to see whether a file may still change within the fineness of its time stamp.
    """

    __slots__ = ("_clock", "_forced", "_seen", "path", "problem", "stops")

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.stops = Stops()
        self.problem = ""
        self._clock = clock
        self._seen: object = None
        self._forced: tuple[Stop, ...] = ()

    def look(self, *, closely: bool = True) -> bool:
        """Look at the file.

        Parameters
        ----------
        closely
            Whether to see too, where there is no file, that its folder is there: otherwise that is as it was.

        Returns
        -------
        bool
            Whether what is stopped has changed.
        """
        try:
            found = os.stat(self.path)  # noqa: PTH116  asked before every request: a third of the time of Path.stat
            seen: object = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)
            settling = abs(self._clock() - found.st_mtime) < _SETTLING
        except FileNotFoundError:
            seen = self._seen is True if not closely and isinstance(self._seen, bool) else self.path.parent.is_dir()
            settling = False
        except OSError as error:
            seen = error.errno
            settling = True
        if seen == self._seen and not settling:
            return False
        before = self.stops
        try:
            read = read_stops(self.path)
            listed, self.problem = read.listed, way_out(self.path, read)
        except GatewayError as error:
            self.problem = f"{error} {way_out(self.path)}".rstrip()
            listed = (Stop("all", "", str(error)),)
        self._seen = seen
        self.stops = Stops((*listed, *self._forced))
        return self.stops != before

    def force(self, stop: Stop) -> None:
        """Stop something for as long as this process lives: for a stop that could not be written to the file."""
        self._forced = (*self._forced, stop)[-1_000:]
        self._seen = None
        self.look()

    def unforce(self, scope: str, name: str) -> None:
        """Take back what was forced."""
        kept = tuple(stop for stop in self._forced if _place(stop.scope, stop.name) != _place(scope, name))
        if kept != self._forced:
            self._forced, self._seen = kept, None
            self.look()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time: the server and the command line both change the file."""
    with (folder / "stop.lock").open("w") as lock:
        for _ in range(_MOST_TRIES):
            if lock_whole(lock.fileno()):
                yield
                return
            time.sleep(_BETWEEN_TRIES)
    raise GatewayError("another hand is changing the stop file and does not end. Write the line into it with an editor.")


def change_stop(path: Path, stop: Stop, *, on: bool) -> Stops:
    """Stop or release, durably: when it returns, the file is on the disk.

    Parameters
    ----------
    path
        The stop file; its folder is made if it is not there.
    stop
        What.
    on
        Whether it is to be stopped.

    Returns
    -------
    Stops
        What the file now says.

    Raises
    ------
    freehold.errors.GatewayError
        If the scope is none, the name cannot stand in a line, or the file cannot be read or written.
    """
    check_stop(stop)
    why = " ".join(stop.why.split())[:500]
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(path.parent):
            listed = (Stop("all", "", _WAS_EMPTY) if one.why == _EMPTY else one for one in _understood(path).listed)
            kept = [one for one in listed if _place(one.scope, one.name) != _place(stop.scope, stop.name)]
            if on:
                kept.append(Stop(stop.scope, stop.name.strip(), why))
            if kept:
                write_whole(path, "".join(f"{one.line}\n" for one in kept))
            else:
                path.unlink(missing_ok=True)
            _sync_folder(path.parent)
    except OSError as error:
        raise GatewayError(f"{path} cannot be written ({error.strerror}). Write the line '{stop}' into it by hand.") from None
    return Stops(tuple(kept))


def _understood(path: Path) -> Stops:
    try:
        return read_stops(path)
    except GatewayError as error:
        raise GatewayError(f"{error} {way_out(path)}".rstrip()) from None


def set_aside(path: Path) -> Path | None:
    """Put a stop file that cannot be understood out of the way, so that everything can be released.

    Parameters
    ----------
    path
        The stop file.

    Returns
    -------
    Path or None
        Where it is now, beside it; ``None`` if it can be understood, or there is none.

    Raises
    ------
    freehold.errors.GatewayError
        If it cannot be moved.
    """
    if not path.parent.is_dir():
        return None
    try:
        with _locked(path.parent):
            try:
                read_stops(path)
            except GatewayError:
                names = (path.with_name(f"{path.name}.not-understood-{number}") for number in range(1, _MOST_ASIDE))
                aside = next((name for name in names if not os.path.lexists(name)), None)
                if aside is None:
                    raise GatewayError(f"{_MOST_ASIDE - 1} copies lie beside {path}. Remove those of no use.") from None
                path.rename(aside)
                _sync_folder(path.parent)
                return aside
    except OSError as error:
        raise GatewayError(f"{path} cannot be moved away ({error.strerror}). Remove it by hand.") from None
    return None


def _sync_folder(path: Path) -> None:
    """Put a new or a missing name on the disk, where a folder can be asked to."""
    if os.name != "posix":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def check_stop(stop: Stop) -> None:
    """See that a stop can stand in a line.

    Raises
    ------
    freehold.errors.GatewayError
        If the scope is none, or the name cannot stand there.
    """
    if stop.scope not in SCOPES:
        raise GatewayError(f"'{stop.scope[:40]}' is nothing that can be stopped. Choose from: {', '.join(SCOPES)}.")
    name = stop.name.strip()
    if (stop.scope == "all") is bool(name):
        raise GatewayError(f"the scope '{stop.scope}' {'takes no name' if name else 'needs a name'}.")
    if len(name) > _MOST_NAME or not _stands_in_a_line(name) or remark_of(name)[0] != name:
        raise GatewayError(f"the name is longer than {_MOST_NAME} characters, or holds what cannot stand in a line.")
