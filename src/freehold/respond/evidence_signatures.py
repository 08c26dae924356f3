"""Whether an Ed25519 signature holds, and public keys in the forms in which they come. Owns the reading side of keys.

``cryptography`` is loaded when the first signature is looked at: a log's chain can be followed without it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from freehold.errors import EvidenceError

__all__ = ["can_check_signatures", "is_signed_by", "load_public_key"]

_MOST_BYTES: Final = 10_000
_HEXADECIMAL: Final = re.compile(r"(?im)^\s*(?:0x)?([0-9a-f]{64})\s*(?:#.*)?$")


def can_check_signatures() -> bool:
    """Whether what checks signatures is installed."""
    try:
        import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401  its loading is the question
    except ImportError:
        return False
    return True


def is_signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature over a message is that of a public key of 32 bytes."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def load_public_key(path: str | Path) -> bytes:
    """Read a public key: 64 hexadecimal digits on a line, or a PEM file.

    Raises
    ------
    freehold.errors.EvidenceError
        If there is none of these, or a PEM file cannot be read without ``cryptography``.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MOST_BYTES)
    except OSError as error:
        raise EvidenceError(f"{path}: the public key cannot be read ({error.strerror}).") from error
    if found := _HEXADECIMAL.search(content.decode("utf-8", "replace")):
        return bytes.fromhex(found[1])
    if b"PRIVATE KEY" in content:
        raise EvidenceError(f"{path}: this is a private key, which checks nothing. Name the .pub file beside it.")
    if b"PUBLIC KEY" not in content:
        raise EvidenceError(f"{path}: this is no public key. Name the .pub file that was made with the key.")
    if not can_check_signatures():
        raise EvidenceError(f"{path}: a PEM file needs the extra watch: pip install 'freehold[watch]'")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(content)
    except ValueError:
        raise EvidenceError(f"{path}: this PEM file is damaged. Fetch it anew from who made the key.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise EvidenceError(f"{path}: the key is not of the kind Ed25519.")
    return key.public_bytes_raw()
