"""Content that the log can vouch for and still forget: salted digests, and the file of their salts. Owns both.

An entry holds only ``hmac-sha256:…`` over the content, keyed by a random salt of its own. Who has the salt can show that a
content belongs to the entry; once the salt is overwritten, nobody can even try guesses, and the chain stays whole.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Final

from freehold.errors import EvidenceError
from freehold.respond.file_lock import lock_whole

__all__ = ["SALT_BYTES", "Salts", "digest", "is_digest_of"]

SALT_BYTES: Final = 32
_DOMAIN: Final = b"freehold content 1\n"
_HEAD: Final = b"freehold evidence salts, form 1\n"
_FORGOTTEN: Final = bytes(SALT_BYTES)
assert len(_HEAD) == SALT_BYTES


def digest(content: bytes | str, salt: bytes) -> str:
    """The digest of a content under a salt: ``hmac-sha256:`` and 64 hexadecimal digits (RFC 2104).

    Parameters
    ----------
    content
        Text counts as its UTF-8; what UTF-8 cannot say, as ``surrogatepass`` writes it.
    salt
        :data:`SALT_BYTES` random bytes.

    Raises
    ------
    ValueError
        If the salt has another length.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    content = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return "hmac-sha256:" + hmac.digest(salt, _DOMAIN + content, "sha256").hex()


def is_digest_of(said: str, content: bytes | str, salt: bytes) -> bool:
    """Whether a digest is that of a content."""
    return hmac.compare_digest(said.encode(), digest(content, salt).encode())


class Salts:
    """The side file of a log: its salts by their numbers from 1 on, 32 bytes each, read and written in place.

    Entries say the number beside the digest. Only the owner may read the file, and only one process has it open.
    Copies of the file that a backup or the disk itself keeps are out of its reach.

    Parameters
    ----------
    path
        Where the file is; see :meth:`open`.
    descriptor
        The open and locked file.
    """

    __slots__ = ("_count", "_file", "_path")

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._file = path, descriptor
        self._count = max(0, os.fstat(descriptor).st_size // SALT_BYTES - 1)

    @classmethod
    def open(cls, path: str | Path) -> Salts:
        """Open the file, or make it; a salt that was torn off by a crash is dropped, as no entry can name it.

        Raises
        ------
        freehold.errors.EvidenceError
            If it cannot be opened, is another file, or is in use.
        """
        path = Path(path)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise EvidenceError(f"{path}: the salts cannot be opened ({error.strerror}).") from error
        try:
            if not lock_whole(descriptor):
                raise EvidenceError(f"{path}: another process holds these salts. End it first.")
            size = os.fstat(descriptor).st_size
            head = os.pread(descriptor, SALT_BYTES, 0)
            if size < SALT_BYTES and _HEAD.startswith(head):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, _HEAD, 0)
                os.fsync(descriptor)
            elif head != _HEAD:
                raise EvidenceError(f"{path}: this is no file of salts. Name another one.")
            os.ftruncate(descriptor, os.fstat(descriptor).st_size // SALT_BYTES * SALT_BYTES)
            return cls(path, descriptor)
        except OSError as error:
            os.close(descriptor)
            raise EvidenceError(f"{path}: the salts cannot be read or written ({error.strerror}).") from error
        except EvidenceError:
            os.close(descriptor)
            raise

    def new(self) -> tuple[int, bytes]:
        """Make a salt; gives its number and itself. It survives kill -9; call :meth:`sync` for loss of power.

        Raises
        ------
        freehold.errors.EvidenceError
            If it cannot be written.
        """
        salt = secrets.token_bytes(SALT_BYTES)
        self._put(self._count + 1, salt)
        self._count += 1
        return self._count, salt

    def salt(self, number: int) -> bytes | None:
        """The salt of a number; ``None`` if it was forgotten or never made."""
        if not 0 < number <= self._count:
            return None
        found = os.pread(self._file, SALT_BYTES, number * SALT_BYTES)
        return None if found == _FORGOTTEN else found

    def belongs(self, number: int, said: str, content: bytes | str) -> bool | None:
        """Whether a content is the one that was digested; ``None`` if its salt is gone, so that nobody can know."""
        salt = self.salt(number)
        return None if salt is None else is_digest_of(said, content, salt)

    def forget(self, number: int) -> bool:
        """Overwrite a salt for good, and on the disk; gives whether there was one.

        Raises
        ------
        freehold.errors.EvidenceError
            If it cannot be written.
        """
        if self.salt(number) is None:
            return False
        self._put(number, _FORGOTTEN)
        self.sync()
        return True

    def _put(self, number: int, content: bytes) -> None:
        try:
            if os.pwrite(self._file, content, number * SALT_BYTES) != SALT_BYTES:
                raise EvidenceError(f"{self._path}: a salt was not written whole. See that there is room on the disk.")
        except OSError as error:
            raise EvidenceError(f"{self._path}: a salt cannot be written ({error.strerror}).") from error

    def sync(self) -> None:
        """Put all salts on the disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close and unlock the file."""
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Salts:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
