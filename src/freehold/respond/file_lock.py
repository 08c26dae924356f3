"""One writer for one file: the lock of the operating system on an open file. Owns how each system spells it."""

from __future__ import annotations

import sys

__all__ = ["lock_whole"]


def lock_whole(descriptor: int) -> bool:
    """Lock an open file for this process until it is closed; gives whether nobody else had.

    Raises
    ------
    OSError
        If files of that kind or place cannot be locked.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
