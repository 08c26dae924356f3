"""Calls of the Linux kernel that Python does not have. Owns ctypes: nothing else in the package calls C.

Each function raises :class:`OSError` with the kernel's own number, so that callers handle it as any other call of the system.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from functools import cache

TYPE_CHECKING = False  # as in typing, which takes milliseconds to import: whoever waits for a cut waits for them
if TYPE_CHECKING:
    from typing import Final

__all__ = [
    "CLONE_NEWNET",
    "CLONE_NEWNS",
    "CLONE_NEWUSER",
    "IN_ACCESS",
    "IN_CLOSE_NOWRITE",
    "IN_CLOSE_WRITE",
    "IN_CREATE",
    "IN_ISDIR",
    "IN_MOVED_TO",
    "IN_Q_OVERFLOW",
    "MS_BIND",
    "MS_REC",
    "MS_SLAVE",
    "Watched",
    "become_subreaper",
    "bind_mount",
    "detach_mounts",
    "die_with_parent",
    "inotify_add_watch",
    "inotify_events",
    "inotify_init",
    "show_instead",
    "unshare",
]

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_SLAVE: Final = 1 << 19
IN_ACCESS: Final = 0x1
IN_CLOSE_WRITE: Final = 0x8
IN_CLOSE_NOWRITE: Final = 0x10
IN_MOVED_TO: Final = 0x80
IN_CREATE: Final = 0x100
IN_Q_OVERFLOW: Final = 0x4000
IN_ISDIR: Final = 0x40000000

_MNT_DETACH: Final = 2
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_EVENT: Final = struct.Struct("=iIII")  # of inotify_event: watch, mask, cookie, length of the name that follows


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> int:
    result: int = getattr(_library(), name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Move this process to new namespaces.

    Parameters
    ----------
    flags
        Of ``CLONE_NEW…``; a user namespace needs a process with one thread.

    Raises
    ------
    OSError
        If the kernel does not allow it (``EPERM``), has none left to give (``ENOSPC``) or does not know it (``EINVAL``).
    """
    _call("unshare", ctypes.c_int(flags))


def become_subreaper() -> None:
    """Have every descendant whose own parent ends become a child of this process."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(signal_number: int) -> None:
    """Get a signal when the thread that started this process ends; 0 undoes it."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    _call("prctl", ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero)


def bind_mount(source: str, target: str) -> None:
    """Let a path show what another is, in this process's mount namespace.

    Raises
    ------
    OSError
        If that cannot be.
    """
    _mount(source, target, MS_BIND)


def detach_mounts() -> None:
    """Keep what this process mounts from now on to itself; what the host mounts still arrives here."""
    _mount("none", "/", MS_REC | MS_SLAVE)


def show_instead(path: str, content: bytes, *, over: str = "/tmp") -> None:  # noqa: S108
    """Let a path show some content, in this process's mount namespace; nothing is written to any disk.

    Parameters
    ----------
    path
        Of a file.
    content
        What it shows.
    over
        A folder that is hidden for the moment in which this is done.

    Raises
    ------
    OSError
        If that cannot be.
    """
    target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _show_instead(f"/proc/self/fd/{target}", content, over)
    finally:
        os.close(target)


def _show_instead(target: str, content: bytes, over: str) -> None:
    _mount("none", over, 0, "tmpfs")
    try:
        source = os.path.join(over, "content")  # noqa: PTH118
        with open(source, "wb") as file:  # noqa: PTH123
            file.write(content)
        os.chmod(source, 0o644)  # noqa: PTH101
        bind_mount(source, target)
    finally:
        _call("umount2", os.fsencode(over), ctypes.c_int(_MNT_DETACH))


def _mount(source: str, target: str, flags: int, kind: str | None = None) -> None:
    of_kind = ctypes.c_char_p(None if kind is None else os.fsencode(kind))
    _call("mount", os.fsencode(source), os.fsencode(target), of_kind, ctypes.c_ulong(flags), ctypes.c_char_p(None))


def inotify_init() -> int:
    """Open a queue of events on files, non-blocking and closed on exec: its descriptor."""
    return _call("inotify_init1", ctypes.c_int(os.O_NONBLOCK | os.O_CLOEXEC))


def inotify_add_watch(descriptor: int, path: str, mask: int) -> int:
    """Watch a file or the entries of a folder: the number that its events bear."""
    return _call("inotify_add_watch", ctypes.c_int(descriptor), os.fsencode(path), ctypes.c_uint32(mask))


class Watched:
    """One event on a file.

    Parameters
    ----------
    watch
        Number of the watch; -1 where the queue ran over (mask ``IN_Q_OVERFLOW``).
    mask
        What happened, of ``IN_…``.
    name
        Of the entry, where a folder is watched.
    """

    __slots__ = ("mask", "name", "watch")

    def __init__(self, watch: int, mask: int, name: str) -> None:
        self.watch, self.mask, self.name = watch, mask, name


def inotify_events(data: bytes) -> Iterator[Watched]:
    """Take apart what was read from a queue of events."""
    at = 0
    while at + _EVENT.size <= len(data):
        watch, mask, _, length = _EVENT.unpack_from(data, at)
        name = data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
        yield Watched(watch, mask, os.fsdecode(name))
        at += _EVENT.size + length
