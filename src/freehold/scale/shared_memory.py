"""Memory that several processes of one machine look into. Owns where it lies, and that nothing of it outlives them.

It is a file without a name: in memory where half of what is free takes it, else on the disk. It is handed on as an open
file, so that the system itself frees it when the last process that holds it ends, however that ends.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from typing import Final

from freehold.errors import ScaleError
from freehold.scale.interface import Arrays
from freehold.scale.packing import pack_into, packed_size, unpack

__all__ = ["look_into", "open_shared"]

_PART: Final = 0.5


def _free_memory() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0


def _nameless(size: int) -> int:
    if hasattr(os, "memfd_create") and size < _PART * _free_memory():
        return os.memfd_create("freehold", os.MFD_CLOEXEC)
    handle, path = tempfile.mkstemp(prefix="freehold-")
    os.unlink(path)  # noqa: PTH108  the file stays, without a name, for as long as it is open
    return handle


def _lengthen(handle: int, offset: int, size: int) -> None:
    os.ftruncate(handle, offset + size)


def open_shared(arrays: Arrays) -> int:
    """Put arrays where other processes can look into them.

    Returns
    -------
    int
        Number of an open file, to be closed by whoever asked.

    Raises
    ------
    freehold.errors.ScaleError
        If there is no room, or an array holds objects.
    """
    size = packed_size(arrays)
    handle = -1
    try:
        handle = _nameless(size)
        # room is claimed now where that can be: a lack of it is told here, and not by a signal in a worker
        (os.posix_fallocate if hasattr(os, "posix_fallocate") else _lengthen)(handle, 0, size)
        with mmap.mmap(handle, size) as memory:
            room = memoryview(memory)
            pack_into(arrays, room)
            room.release()
    except OSError as error:
        if handle >= 0:
            os.close(handle)
        raise ScaleError(
            f"there is no room to share {size / 1e6:.0f} MB with the workers ({error.strerror}). "
            "Free memory, set TMPDIR to a disk with room, or run with --workers 1."
        ) from None
    return handle


def look_into(handle: int) -> Arrays:
    """Look into what :func:`open_shared` put there, without a copy; the file may be closed after."""
    return unpack(memoryview(mmap.mmap(handle, 0, access=mmap.ACCESS_READ)))
