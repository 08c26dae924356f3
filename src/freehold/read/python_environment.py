"""Installed Python packages: the ``*.dist-info`` and ``*.egg-info`` of an environment. Owns core metadata.

Only the headers of METADATA are read; no package is imported, and no Python is run.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import Final

from freehold.read.documents import bytes_at
from freehold.read.hosts import repository_of
from freehold.read.licences import normalise
from freehold.read.plain_text import is_plain, plain
from freehold.read.python_locks import Edge, Lock, Package
from freehold.read.python_metadata import says_repository
from freehold.read.python_requirement import normalised, parse_requirement
from freehold.read.walk import Environment
from freehold.stack.inventory import Evidence, Skip

__all__ = ["read_environment"]

_LARGEST_METADATA: Final = 4 * 1024 * 1024
_MOST_REQUIREMENTS: Final = 10_000
_PYTHON: Final = re.compile(r"/(?:python|pypy)(\d+\.\d+)/site-packages$")
_VERSION: Final = re.compile(r"^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?)", re.MULTILINE)
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_EXTRA: Final = re.compile(r"extra\s*==\s*[\"']([^\"']+)[\"']")
_CLASSIFIED: Final[Mapping[str, str]] = {
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "zlib/libpng License": "Zlib",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
}
"""Trove classifiers that name one licence; the others are kept as their text."""


def read_environment(environment: Environment) -> Lock:
    """Read every package installed in one folder of installed packages."""
    packages: list[Package] = []
    skips: list[Skip] = []
    try:
        names = sorted(os.listdir(environment.path))  # noqa: PTH208
    except OSError as error:
        detail = f"The folder cannot be listed ({error.strerror})."
        return Lock(
            environment.project,
            environment.relative,
            (),
            installed=True,
            skips=(Skip(environment.relative, "unreadable", detail),),
        )
    for name in names:
        if name.endswith(".dist-info"):
            inner = f"{name}/METADATA"
        elif name.endswith(".egg-info"):
            inner = f"{name}/PKG-INFO" if os.path.isdir(f"{environment.path}/{name}") else name  # noqa: PTH112
        else:
            continue
        relative = f"{environment.relative}/{inner}" if environment.relative else inner
        if not is_plain(name):
            shown = plain(relative.encode("utf-8", "backslashreplace").decode("utf-8"))
            skips.append(Skip(shown, "encoding", "Its name is not UTF-8, or holds control characters."))
            continue
        if os.path.islink(f"{environment.path}/{name}"):  # noqa: PTH114
            skips.append(Skip(relative, "link", "It is a link, which may lead out of the folder, and was not followed."))
            continue
        found = _package(f"{environment.path}/{inner}", relative, f"{environment.path}/{name}")
        if isinstance(found, Skip):
            skips.append(found)
        else:
            packages.append(found)
    python = _python(environment)
    return Lock(environment.project, environment.relative, tuple(packages), python=python, installed=True, skips=tuple(skips))


def _python(environment: Environment) -> str | None:
    match = _PYTHON.search(environment.path)
    if match:
        return match[1]
    try:
        path = os.path.join(environment.path, "..", "..", "pyvenv.cfg")  # noqa: PTH118
        version = _VERSION.search(bytes_at(path, 10_000).decode("utf-8", "replace"))
    except OSError:
        return None
    return version[1] if version else None


def _headers(path: str, relative: str) -> dict[str, list[str]] | Skip:
    try:
        data = bytes_at(path, _LARGEST_METADATA)
    except OSError as error:
        return Skip(relative, "unreadable", f"The metadata cannot be opened ({error.strerror}).")
    end = _BLANK_LINE.search(data)
    if end is None and len(data) == _LARGEST_METADATA:
        return Skip(relative, "too-large", f"Its headers have over {_LARGEST_METADATA:,} bytes, and were not read.")
    head = data[: end.start()] if end else data
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    headers: dict[str, list[str]] = {}
    parts: list[str] = []
    last: list[str] | None = None
    for line in [*text.split("\n"), ":"]:
        if line[:1] in {" ", "\t"} and last is not None:
            parts.append(line.strip())
            continue
        name, colon, value = line.partition(":")
        if colon:
            if last is not None:
                last.append("\n".join(parts))
            last, parts = headers.setdefault(name.strip().lower(), []), [value.strip()]
    return headers


def _package(path: str, relative: str, folder: str) -> Package | Skip:
    headers = _headers(path, relative)
    if isinstance(headers, Skip):
        return headers
    name, version = (next(iter(headers.get(key, ())), "") for key in ("name", "version"))
    if not name or not version:
        return Skip(relative, "syntax", "The metadata lacks a name or a version.")
    origin, own = _origin(f"{folder}/direct_url.json")
    return Package(
        normalised(name),
        version,
        Evidence(relative),
        tuple(_edges(headers.get("requires-dist", ())[:_MOST_REQUIREMENTS])),
        registry=None,
        repository=(repository_of(origin) if origin else None) or _repository(headers),
        licence=_licence(headers),
        label=name,
        asked=os.path.exists(f"{folder}/REQUESTED"),  # noqa: PTH110
        own=own,
    )


def _origin(path: str) -> tuple[str | None, bool]:
    """Where ``direct_url.json`` says that it came from, and whether that is a folder of this machine."""
    try:
        told = json.loads(bytes_at(path, 100_000))
    except (OSError, ValueError, RecursionError):
        return None, False
    if not isinstance(told, dict) or not isinstance(told.get("url"), str):
        return None, False
    if "dir_info" in told:
        return None, True
    return (told["url"], False) if "vcs_info" in told else (None, False)


def _edges(requirements: Iterable[str]) -> Iterable[Edge]:
    for text in requirements:
        requirement = parse_requirement(text)
        if requirement is None:
            continue
        extra = _EXTRA.search(requirement.marker)
        yield Edge(requirement.name, requirement.marker, requirement.extras, normalised(extra[1]) if extra else None)


def _licence(headers: Mapping[str, list[str]]) -> str | None:
    expression = next(iter(headers.get("license-expression", ())), "")
    if expression:
        return normalise(expression) or expression
    text = next(iter(headers.get("license", ())), "")
    classified = [value.rpartition(" :: ")[2] for value in headers.get("classifier", ()) if value.startswith("License :: ")]
    known = sorted({_CLASSIFIED[name] for name in classified if name in _CLASSIFIED})
    plain = text if text and "\n" not in text and len(text) <= 100 and text.upper() != "UNKNOWN" else None
    spelt = normalise(plain) if plain else None
    if spelt:
        return spelt
    if len(known) == 1 and set(classified) <= {*_CLASSIFIED, "OSI Approved"}:
        return known[0]
    return plain or (classified[0] if classified else None)


def _repository(headers: Mapping[str, list[str]]) -> str | None:
    links = [tuple(part.strip() for part in value.partition(",")[::2]) for value in headers.get("project-url", ())]
    links += [("homepage", value) for value in headers.get("home-page", ())]
    ranked = sorted((label.lower() in {"homepage", "home"}, label, url) for label, url in links if says_repository(label, url))
    return next((found for _, _, url in ranked if (found := repository_of(url))), None)
