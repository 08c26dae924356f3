"""An inventory written as JSON. Owns its syntax: from bytes to plain values, out of what it may be wrapped in.

What another format's document looks like is said by name, so that the message can give the mend.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from freehold.errors import TooLarge, Unreadable
from freehold.read.interface import read_bytes

if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["head_of", "in_utf8", "later", "parse", "refusal", "text_of", "unwrapped"]

_WRAPS: Final = ("sbom", "predicate", "Data")
"""Keys under which forges, attestations and signing tools put the inventory itself."""

_PART: Final = 1 << 20
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_SIGNS: Final = (
    ("predicateType", "an in-toto attestation that holds no inventory. Name an inventory"),
    ("payloadType", "a signed envelope. Name the inventory within it (its decoded `payload`) as a file of its own"),
    ("lockfileVersion", "a lock file of a package manager. Name the project's folder instead"),
    ("SchemaVersion", "a Trivy report. Let Trivy write CycloneDX (`--format cyclonedx`)"),
    ("artifacts", "a Syft or Grype report. Let Syft write CycloneDX (`-o cyclonedx-json`)"),
    ("scorecard", "a Scorecard result, which names no components. Name an inventory"),
    ("runs", "a SARIF log, which names no components. Name an inventory"),
    ("openapi", "an OpenAPI description. Name an inventory"),
    ("dependencies", "a package manifest. Name the project's folder instead"),
)


def head_of(path: Path) -> bytes:
    """Give the first 4 kB of a file as UTF-8 without mark; nothing if it cannot be read, which reading it will tell."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return in_utf8(file.read(4096))
    except OSError:
        return b""


def in_utf8(head: bytes) -> bytes:
    """Give the first bytes of a file as UTF-8 without its byte-order mark, where that says UTF-8 or UTF-16."""
    if head.startswith(_UTF16):
        return head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    return head.removeprefix(b"\xef\xbb\xbf")


def text_of(path: Path, limit: int) -> str:
    """Read a file as text; its bytes are not kept, so a large file is in memory once while it is parsed.

    Parameters
    ----------
    path
        The file.
    limit
        Bytes: the largest file that is read.

    Raises
    ------
    freehold.errors.Unreadable
        If it cannot be read, or is neither UTF-8 nor UTF-16 with its byte-order mark.
    freehold.errors.TooLarge
        If it is over the limit.
    """
    data = read_bytes(path, limit)
    try:
        return data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith(_UTF16):
            raise Unreadable(f"{path}: not UTF-16, though its mark says so. Save it as UTF-8.") from error
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{path}, line {line}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error


def parse(path: Path, text: str) -> object:
    """Turn the text of a file into plain values.

    Parameters
    ----------
    path
        The file, for messages.
    text
        What it holds.

    Returns
    -------
    object
        Whatever the JSON says.

    Raises
    ------
    freehold.errors.Unreadable
        If it is not JSON.
    freehold.errors.TooLarge
        If it nests deeper than the parser goes.
    """
    if not text or text.isspace():
        raise Unreadable(f"{path} is empty. Write the inventory again, or name another file.")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise TooLarge(f"{path} nests deeper than can be read. Write it with fewer levels.") from error
    except json.JSONDecodeError as error:
        raise Unreadable(_not_json(path, text, error)) from error
    except ValueError as error:
        raise Unreadable(f"{path}: not JSON that can be read (a number of thousands of digits). Write it as text.") from error


def later(path: Path, sign: re.Pattern[bytes], limit: int) -> bool:
    """Whether a file holds a sign of its format anywhere; it is read part by part.

    Parameters
    ----------
    path
        The file.
    sign
        Matches within 600 bytes.
    limit
        Bytes: larger files are not looked through.
    """
    try:
        if not path.is_file() or path.stat().st_size > limit:
            return False
        before = b""
        with path.open("rb") as file:
            while part := file.read(_PART):
                if sign.search(before + part):
                    return True
                before = part[-600:]
    except OSError:
        return False
    return False


def unwrapped(document: object, is_inventory: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """Find the inventory in a document: itself, or within what forges and attestations put around it.

    Parameters
    ----------
    document
        What the JSON says.
    is_inventory
        Whether an object is one of the wanted format.

    Returns
    -------
    dict or None
        The inventory; ``None`` if there is none.
    """
    waiting = [document]
    for _ in range(len(_WRAPS) ** 2):
        if not waiting:
            return None
        one = waiting.pop(0)
        if not isinstance(one, dict):
            continue
        if is_inventory(one):
            return one
        waiting += [one[key] for key in _WRAPS if key in one]
    return None


def _not_json(path: Path, text: str, error: json.JSONDecodeError) -> str:
    if text.lstrip().startswith("SPDXVersion:"):
        return f"{path} is an SPDX document (tag-value), not JSON. Begin the file with its `SPDXVersion:`."
    if text.startswith("version https://git-lfs"):
        return f"{path} is a pointer of Git LFS, not the file itself. Run `git lfs pull` first."
    where = f"line {error.lineno}, column {error.colno}"
    return f"{path}, {where}: not JSON ({error.msg}). Mend it there, or write the inventory again."


def refusal(path: Path, document: object, wanted: str) -> Unreadable:
    """Give the error for a document that is no inventory of the wanted format: what it seems to be, and the mend.

    Parameters
    ----------
    path
        The file.
    document
        What the JSON says.
    wanted
        The format.
    """
    if isinstance(document, list):
        mend = "Put it into an object with `bomFormat` as `components`."
        return Unreadable(f"{path} is a bare list, not a {wanted} document. {mend}")
    if not isinstance(document, dict):
        return Unreadable(f"{path} is a bare value, not a {wanted} document. Name an inventory.")
    return Unreadable(f"{path} is not {wanted} but looks like {_looks_like(document)}.")


def _looks_like(document: dict[str, Any]) -> str:
    if "spdxVersion" in document or "SPDXID" in document:
        return "an SPDX document whose `spdxVersion` does not say SPDX-2.… Mend it"
    context = document.get("@context")
    if isinstance(context, str) and "spdx" in context:
        return "an SPDX 3 document (JSON-LD) without its `@graph`. Mend it"
    for key, words in _SIGNS:
        if key in document:
            return words
    stated = document.get("bomFormat", document.get("specFormat"))
    if isinstance(stated, str):
        return f"a document of the format {stated[:60]!r}. If it is CycloneDX, `bomFormat` must say 'CycloneDX'"
    if "specVersion" in document or "components" in document:
        return 'CycloneDX without its `bomFormat`. Add `"bomFormat": "CycloneDX"` if it is'
    return "some other JSON. Name an inventory: CycloneDX has `bomFormat`, SPDX `spdxVersion`"
