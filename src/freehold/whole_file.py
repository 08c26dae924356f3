"""Files whole. Owns two promises: what stood there stays until all of a new text is on the disk, and no reading is endless."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from freehold.errors import TooLarge, Unreadable

__all__ = ["file_text", "read_bounded", "text_of", "write_whole"]

_LONGEST_NAME: Final = 60


def read_bounded(path: str | Path, most: int) -> bytes:
    """Read a file whole if it has at most ``most`` bytes, else its first ``most + 1``, whatever stands there.

    A device is read no further than that either, and a pipe into which nobody writes is at its end at once.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with open(handle, "rb") as file:  # noqa: PTH123
        if os.name == "posix":
            os.set_blocking(handle, True)
        return file.read(most + 1)


def file_text(path: str | Path, most: int, mend: str = "Split it.") -> str:
    """Read a file whole, without a mark of its byte order.

    Parameters
    ----------
    path
        The file.
    most
        Bytes that it may have.
    mend
        What to do about one that has more.

    Raises
    ------
    freehold.errors.TooLarge
        If it has more.
    freehold.errors.Unreadable
        If it cannot be read, or is no UTF-8.
    """
    try:
        data = read_bounded(path, most)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check the name and its permissions.") from error
    except ValueError:
        raise Unreadable(f"{str(path)[:_LONGEST_NAME]!a} is no path. Check the name.") from None
    if len(data) > most:
        raise TooLarge(f"{path} is over the limit of {most:,} bytes. {mend}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{path}, line {line}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error


def text_of(path: str | Path, most: int) -> str:
    """Read the first ``most`` bytes of a file that may not be there as text; what is no file, or cannot be read, is empty."""
    try:
        return read_bounded(path, most)[:most].decode("utf-8", "replace") if Path(path).is_file() else ""
    except (OSError, ValueError):
        return ""


def write_whole(path: str | Path, text: str) -> None:
    """Write text to a file; a device or a pipe is written to and never replaced, a link stays a link.

    Raises
    ------
    freehold.errors.Unreadable
        If it cannot be written there; what stood there is as it was.
    """
    made: Path | None = None
    try:
        target = Path(path).resolve()
        if target.is_dir():
            raise Unreadable(f"{path} is a folder. Name a file in it.")
        if target.exists() and not target.is_file():
            with target.open("w", encoding="utf-8", errors="backslashreplace") as device:
                device.write(text)
            return
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            made = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        made.chmod(mode)
        made.replace(target)
        made = None
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Unreadable(f"{path} cannot be written ({reason}). Choose another place.") from error
    finally:
        if made is not None:
            made.unlink(missing_ok=True)
