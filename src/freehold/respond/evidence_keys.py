"""Keys that sign an evidence log: Ed25519, one private file and one public. Owns their files and who may read them."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from freehold.errors import EvidenceError

__all__ = ["SigningKey", "load_key", "load_or_make_key", "make_key"]

_MOST_BYTES: Final = 10_000
_WORKS_WITHOUT_MODES: Final = os.name != "posix"


class SigningKey:
    """A private key; its text never shows it.

    Parameters
    ----------
    private
        The key.
    """

    __slots__ = ("_private", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public: bytes = private.public_key().public_bytes_raw()
        """The public key: 32 bytes."""

    @classmethod
    def new(cls) -> SigningKey:
        """A new key that is nowhere but in memory."""
        return cls(Ed25519PrivateKey.generate())

    def sign(self, message: bytes) -> bytes:
        """Sign a message: 64 bytes."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()})"


def make_key(path: str | Path) -> SigningKey:
    """Make a key file that only its owner can read, and beside it ``NAME.pub`` with the public key in hexadecimal digits.

    Raises
    ------
    freehold.errors.EvidenceError
        If something stands there already, or it cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made = SigningKey(key)
    path = Path(path)
    try:
        _write_new(path, text, 0o600)
        path.with_name(path.name + ".pub").write_text(made.public.hex() + "\n", encoding="ascii")
    except OSError as error:
        raise EvidenceError(f"{path}: a key cannot be made there ({error.strerror}). Choose another place.") from error
    return made


def _write_new(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def load_key(path: str | Path) -> SigningKey:
    """Read a private key from its PEM file.

    Raises
    ------
    freehold.errors.EvidenceError
        If there is none, it is no Ed25519 key, or others than its owner may read it.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_MOST_BYTES)
    except OSError as error:
        raise EvidenceError(f"{path}: the key cannot be read ({error.strerror}).") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and not _WORKS_WITHOUT_MODES:
        raise EvidenceError(f"{path}: others may read this key. Run: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        shown = "it is protected by a password" if re.search(rb"ENCRYPTED", text) else "it is no private key in PEM form"
        raise EvidenceError(f"{path}: {shown}. Make a new one, and begin a new log with it.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(f"{path}: the key is not of the kind Ed25519. Make a new one, and begin a new log with it.")
    return SigningKey(key)


def load_or_make_key(path: str | Path) -> SigningKey:
    """Read the key; make it if nothing stands there.

    Raises
    ------
    freehold.errors.EvidenceError
        As :func:`load_key` and :func:`make_key`.
    """
    return load_key(path) if Path(path).exists() else make_key(path)
