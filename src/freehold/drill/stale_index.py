"""Documents of package indexes as they stood on a day. Owns what a project's page loses: files, versions, tags that are newer.

Three kinds are understood: a project of the Python index (PEP 691 with the ``upload-time`` of PEP 700, given back as JSON or
as the HTML of PEP 503), the older page of a Python project or release (``info``, ``releases``, ``urls``), and a package of an
npm registry (``versions``, ``time``, ``dist-tags``). What has no date in such a document cannot be shown to be old, and goes
too.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

__all__ = ["Kind", "Stale", "as_of", "encoded", "kind_of", "python_page"]

Kind: TypeAlias = Literal["python", "release", "npm"]
_ARCHIVE: Final = re.compile(r"\.(?:tar\.gz|tar\.bz2|tar\.xz|tgz|zip|whl|egg)$")
_FINAL: Final = re.compile(r"\d+(?:\.\d+)*(?:\.post\d+)?")
_SEMVER: Final = re.compile(r"(\d{1,18})\.(\d{1,18})\.(\d{1,18})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True, slots=True)
class Stale:
    """A document as it stood.

    Parameters
    ----------
    document
        What is left of it; ``None`` if nothing is: then the host did not know the project yet.
    newest
        The moment of the newest thing in it; ``None`` if nothing has one.
    dropped, undated
        How many files or versions were newer; how many had no date.
    """

    document: dict[str, Any] | None
    newest: datetime | None = None
    dropped: int = 0
    undated: int = 0


def kind_of(document: object) -> Kind | None:
    """Say what a JSON document is the page of; ``None`` for everything else."""
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("files"), list) and isinstance(document.get("meta"), dict):
        return "python"
    if isinstance(document.get("info"), dict) and isinstance(document.get("urls"), list):
        return "release"
    if isinstance(document.get("versions"), dict) and isinstance(document.get("dist-tags"), dict):
        return "npm"
    return None


def as_of(document: dict[str, Any], kind: Kind, end: datetime) -> Stale:
    """Take from a document whatever is not older than a moment.

    Parameters
    ----------
    document
        As it came; it is not changed.
    kind
        What it is.
    end
        The first moment that is too late, with its zone.
    """
    if kind == "npm":
        return _npm(document, end)
    return _python(document, end) if kind == "python" else _release(document, end)


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _python(document: dict[str, Any], end: datetime) -> Stale:
    left: list[dict[str, Any]] = []
    gone: list[str] = []
    newest: datetime | None = None
    dropped = undated = 0
    for file in document["files"]:
        moment = _moment(file.get("upload-time")) if isinstance(file, dict) else None
        if moment is not None and moment < end:
            left.append(file)
            newest = max(newest or moment, moment)
            continue
        undated += moment is None
        dropped += moment is not None
        if isinstance(file, dict):
            gone.append(str(file.get("filename", "")))
    if not left and gone:
        return Stale(None, None, dropped, undated)
    stale = {**document, "files": left}
    if isinstance(document.get("versions"), list):
        kept = {_version(str(file.get("filename", ""))) for file in left}
        lost = {_version(name) for name in gone} - kept
        stale["versions"] = [version for version in document["versions"] if _plain(str(version)) not in lost]
    return Stale(stale, newest, dropped, undated)


def _release(document: dict[str, Any], end: datetime) -> Stale:
    listed = document.get("releases")
    releases = listed if isinstance(listed, dict) else {}
    dropped = undated = 0
    left: dict[str, list[Any]] = {}
    moments: dict[str, datetime] = {}
    for version, files in {**releases, "": document["urls"]}.items():
        left[version] = []
        for file in files if isinstance(files, list) else []:
            stamp = (file.get("upload_time_iso_8601") or file.get("upload_time")) if isinstance(file, dict) else None
            moment = _moment(stamp)
            if moment is not None and moment < end:
                left[version].append(file)
                moments[version] = max(moments.get(version, moment), moment)
            else:
                undated += moment is None
                dropped += moment is not None
    urls = left.pop("")
    whole = isinstance(listed, dict)
    there = {version: moment for version, moment in moments.items() if version}
    if not (there if whole else moments):
        return Stale(None if dropped or undated else document, None, dropped, undated)
    stale = {**document, "urls": urls}
    if whole:
        newest = max(there, key=lambda version: (_FINAL.fullmatch(version) is not None, there[version]))
        # What is said of a project is said of its newest release: of another one it is not known.
        named = {key: document["info"][key] for key in ("name", "package_url", "project_url") if key in document["info"]}
        same = document["info"].get("version") == newest
        stale |= {
            "info": document["info"] if same else {**named, "version": newest},
            "releases": {version: files for version, files in left.items() if files or not releases[version]},
            "urls": left[newest],
        }
    return Stale(stale, max(moments.values()), dropped, undated)


def _version(filename: str) -> str:
    """The version within the name of a wheel or a source archive, spelt plainly."""
    stem = _ARCHIVE.sub("", filename)
    parts = stem.split("-")
    return _plain(parts[1] if filename.endswith((".whl", ".egg")) and len(parts) > 1 else parts[-1])


def _plain(version: str) -> str:
    return re.sub(r"[-_]", ".", version.lower())


def python_page(document: dict[str, Any]) -> str:
    """Give a project of the Python index as HTML (PEP 503, 592, 658), from its JSON.

    Parameters
    ----------
    document
        A document that :func:`kind_of` calls ``python``.
    """
    name = html.escape(str(document.get("name", "")))
    lines = ["<!DOCTYPE html>", "<html>", f"<head><title>Links for {name}</title></head>", "<body>"]
    for file in document["files"]:
        address, digests = str(file.get("url", "")), file.get("hashes")
        if isinstance(digests, dict) and digests:
            kind = "sha256" if "sha256" in digests else next(iter(digests))
            address += f"#{kind}={digests[kind]}"
        attributes = f' href="{html.escape(address)}"'
        if isinstance(file.get("requires-python"), str):
            attributes += f' data-requires-python="{html.escape(file["requires-python"])}"'
        if yanked := file.get("yanked"):
            attributes += f' data-yanked="{html.escape(yanked) if isinstance(yanked, str) else ""}"'
        metadata = file.get("core-metadata", file.get("dist-info-metadata"))
        if isinstance(metadata, dict) and "sha256" in metadata:
            attributes += f' data-core-metadata="sha256={html.escape(str(metadata["sha256"]))}"'
        elif metadata is True:
            attributes += ' data-core-metadata="true"'
        lines.append(f"<a{attributes}>{html.escape(str(file.get('filename', '')))}</a><br/>")
    return "\n".join([*lines, "</body>", "</html>", ""])


def _npm(document: dict[str, Any], end: datetime) -> Stale:
    times = document.get("time") if isinstance(document.get("time"), dict) else {}
    assert isinstance(times, dict)
    moments = {version: _moment(times.get(version)) for version in document["versions"]}
    left = {version: moment for version, moment in moments.items() if moment is not None and moment < end}
    undated = sum(moment is None for moment in moments.values())
    dropped = len(moments) - len(left) - undated
    if not left and moments:
        return Stale(None, None, dropped, undated)
    newest = max(left.values(), default=None)
    tags = {tag: version for tag, version in document["dist-tags"].items() if isinstance(version, str) and version in left}
    if left:
        tags.setdefault("latest", max(left, key=lambda version: (_rank(version), left[version])))
    stale = {
        **document,
        "versions": {version: one for version, one in document["versions"].items() if version in left},
        "dist-tags": tags,
    }
    if times:
        stale["time"] = {key: times[key] for key in times if key in left or key == "created"}
        if newest is not None:
            stale["time"]["modified"] = _iso(newest)
    if "modified" in stale and newest is not None:
        stale["modified"] = _iso(newest)
    return Stale(stale, newest, dropped, undated)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rank(version: str) -> tuple[bool, tuple[int, ...], tuple[tuple[bool, int, str], ...]]:
    """The order of semantic versions, releases before all that is announced as not being one (semver.org, section 11)."""
    match = _SEMVER.fullmatch(version)
    if match is None:
        return False, (), ()
    before = match[4].split(".") if match[4] else []
    parts = tuple((not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in (one[:18] for one in before))
    return not before, tuple(int(number) for number in match.group(1, 2, 3)), parts


def encoded(document: dict[str, Any]) -> bytes:
    """Write a document as JSON, the same bytes for the same document."""
    return json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
