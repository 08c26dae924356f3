"""A CycloneDX inventory written as JSON. Owns its syntax: from bytes to plain values, and what is none.

What another format's document looks like is said by name, so that the message can give the mend.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from freehold.errors import TooLarge, Unreadable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["parse"]

_SIGNS: Final = (
    ("predicateType", "an in-toto attestation. Name the inventory within it (its `predicate`) as a file of its own"),
    ("payloadType", "a signed envelope. Name the inventory within it (its decoded `payload`) as a file of its own"),
    ("lockfileVersion", "a lock file of a package manager. Name the project's folder instead"),
    ("SchemaVersion", "a Trivy report. Let Trivy write CycloneDX (`--format cyclonedx`)"),
    ("artifacts", "a Syft or Grype report. Let Syft write CycloneDX (`-o cyclonedx-json`)"),
    ("scorecard", "a Scorecard result, which names no components. Name an inventory"),
    ("runs", "a SARIF log, which names no components. Name an inventory"),
    ("openapi", "an OpenAPI description. Name an inventory"),
    ("dependencies", "a package manifest. Name the project's folder instead"),
)


def parse(path: Path, data: bytes) -> dict[str, Any]:
    """Turn the bytes of a file into a CycloneDX document.

    Parameters
    ----------
    path
        The file, for messages.
    data
        What it holds.

    Returns
    -------
    dict
        The document: its format is CycloneDX, nothing else about it has been checked.

    Raises
    ------
    freehold.errors.Unreadable
        If it is not UTF-8, not JSON, or a document of another format.
    freehold.errors.TooLarge
        If it nests deeper than the parser goes.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{path}, line {line}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    if not text.strip():
        raise Unreadable(f"{path} is empty. Write the inventory again, or name another file.")
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise TooLarge(f"{path} nests deeper than can be read. Write it with fewer levels.") from error
    except json.JSONDecodeError as error:
        raise Unreadable(_not_json(path, text, error)) from error
    except ValueError as error:
        raise Unreadable(f"{path}: not JSON that can be read (a number of thousands of digits). Write it as text.") from error
    return _checked(path, document)


def _not_json(path: Path, text: str, error: json.JSONDecodeError) -> str:
    if text.lstrip().startswith("SPDXVersion:"):
        return f"{path} is an SPDX document (tag-value), not CycloneDX. Convert it to CycloneDX first."
    if text.startswith("version https://git-lfs"):
        return f"{path} is a pointer of Git LFS, not the file itself. Run `git lfs pull` first."
    where = f"line {error.lineno}, column {error.colno}"
    return f"{path}, {where}: not JSON ({error.msg}). Mend it there, or write the inventory again."


def _checked(path: Path, document: object) -> dict[str, Any]:
    if isinstance(document, list):
        raise Unreadable(
            f"{path} is a bare list, not a CycloneDX document. Put it into an object with `bomFormat` as `components`."
        )
    if not isinstance(document, dict):
        raise Unreadable(f"{path} is a bare value, not a CycloneDX document. Name an inventory.")
    if "CycloneDX" in (document.get("bomFormat"), document.get("specFormat")):
        return document
    raise Unreadable(f"{path} is not CycloneDX but looks like {_looks_like(document)}.")


def _looks_like(document: dict[str, Any]) -> str:
    if "spdxVersion" in document or "SPDXID" in document:
        return "an SPDX document. Convert it to CycloneDX first"
    if "spdx" in str(document.get("@context", ""))[:500]:
        return "an SPDX 3 document (JSON-LD). Convert it to CycloneDX first"
    for key, words in _SIGNS:
        if key in document:
            return words
    stated = document.get("bomFormat", document.get("specFormat"))
    if isinstance(stated, str):
        return f"a document of the format {stated[:60]!r}. If it is CycloneDX, `bomFormat` must say 'CycloneDX'"
    if "specVersion" in document or "components" in document:
        return 'CycloneDX without its `bomFormat`. Add `"bomFormat": "CycloneDX"` if it is'
    return "some other JSON. Name an inventory, with `bomFormat` 'CycloneDX'"
