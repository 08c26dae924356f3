"""Telling a file or the terminal: a line a notification. Owns that a line is on the disk before it is told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from freehold.watch.notification import Notification
from freehold.watch.receivers.interface import NotTold
from freehold.watch.receivers.words import line
from freehold.watch.webhook_message import message

__all__ = ["FileTeller", "TerminalTeller"]


class FileTeller:
    """A file of JSON lines: each is ``{"key": …, "at": …, "message": …}`` with the webhook's message.

    Parameters
    ----------
    path
        The file; it is made if there is none, for its owner alone.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)

    async def tell(self, notification: Notification) -> None:
        """Add a line.

        Raises
        ------
        NotTold
            If the file could not be written.
        """
        told = msgspec.Raw(message(notification))
        body = msgspec.json.encode({"key": notification.key, "at": notification.at, "message": told}) + b"\n"
        try:
            await asyncio.to_thread(self._append, body)
        except OSError as error:
            raise NotTold(f"the file could not be written ({error.strerror})", again=True) from None

    def _append(self, body: bytes) -> None:
        number = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            # what a crash or a full disk left half is not joined by the next line
            size = os.fstat(number).st_size
            written = os.write(number, body)
            if written < len(body):
                os.ftruncate(number, size)
                raise OSError(28, "no room left on the disk")
            os.fsync(number)
        finally:
            os.close(number)

    async def close(self) -> None:
        """There is nothing to close."""


class TerminalTeller:
    """The terminal.

    Parameters
    ----------
    write
        Writes one line.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    async def tell(self, notification: Notification) -> None:
        """Write a line.

        Raises
        ------
        NotTold
            If nothing can be written any more.
        """
        try:
            self._write(line(notification))
        except (OSError, ValueError) as error:
            raise NotTold(f"the terminal is gone ({type(error).__name__})", again=False) from None

    async def close(self) -> None:
        """There is nothing to close."""
