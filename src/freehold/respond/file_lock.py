"""One writer for one file: the lock of the operating system on an open file. Owns how each system spells it."""

from __future__ import annotations

import sys

__all__ = ["lock_whole"]

if sys.platform == "win32":
    import msvcrt

    def lock_whole(descriptor: int) -> bool:
        """Lock an open file for this process until it is closed; gives whether nobody else had."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def lock_whole(descriptor: int) -> bool:
        """Lock an open file for this process until it is closed; gives whether nobody else had."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
