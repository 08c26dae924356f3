"""Serving a mirror on loopback, and noting what it is asked for and has not. Owns the addresses of its pages and files.

Only what the manifest lists is served, so no path can lead out of the mirror.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from freehold.errors import ProvisionError
from freehold.provision.file_names import distribution_of, normalised
from freehold.provision.loopback_server import Answer, Request
from freehold.provision.manifest import Manifest
from freehold.provision.needs import Missing
from freehold.provision.npm_registry import package_of
from freehold.provision.python_index import HTML, JSON

__all__ = ["Mirror", "adding"]

_MOST_NOTED: Final = 10_000
_PIECE: Final = 1 << 18


def adding(ecosystem: str, what: str, folder: str) -> str:
    """The command that adds a package to a mirror.

    Parameters
    ----------
    ecosystem, what
        The package as its client names it: ``six``, ``six==1.17.0``, ``left-pad@1.3.0``, ``hello=2.10-3``.
    folder
        The mirror.
    """
    return f"freehold provision --into {folder} --need {ecosystem}:{what}"


class Mirror:
    """Answers clients from a mirror, and keeps account of misses.

    Parameters
    ----------
    folder
        The mirror.
    manifest
        What it holds.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder
        self._root = folder.resolve()
        self._held = {one.path: one for one in manifest.files}
        self._needs = manifest.needs
        self._lock = threading.Lock()
        self._missing: dict[Missing, None] = {}
        self._asked: dict[tuple[str, str], str] = {}
        self._given: set[str] = set()

    def missing(self) -> tuple[Missing, ...]:
        """What was asked for and is not in the mirror, in order."""
        with self._lock:
            return tuple(self._missing)

    def given(self) -> frozenset[str]:
        """Names of the packages' files that clients took."""
        names = {one.file for one in self._needs}
        with self._lock:
            return frozenset(self._given & names)

    def untaken(self) -> tuple[Missing, ...]:
        """Packages whose page was asked for and of which no file was taken.

        A command that failed wanted a version, or a file for a platform, that the page does not list; one that passed had the
        package already.
        """
        with self._lock:
            asked, given = dict(self._asked), set(self._given)
        found = []
        for (ecosystem, name), by in asked.items():
            needs = [one for one in self._needs if (one.ecosystem, one.name) == (ecosystem, name)]
            if needs and not any(one.file in given for one in needs):
                there = ", ".join(sorted({one.version for one in needs}))
                reason = f"perhaps another version or file: its page was asked for and no file taken; the mirror has {there}"
                wanted = name + {"python": "==", "npm": "@"}.get(ecosystem, "=") + "VERSION"
                found.append(Missing(ecosystem, name, "", reason, by, adding(ecosystem, wanted, str(self._folder))))
        return tuple(found)

    def respond(self, request: Request) -> Answer:
        """Answer a client."""
        if request.method not in ("GET", "HEAD"):
            return Answer(405, b"this mirror only gives\n")
        path = unquote(request.target.partition("?")[0]).lstrip("/")
        if "/-/" in path and not path.startswith(("npm/", "python/", "debian/")):
            path = "npm/" + path  # a lock file names archives by their path at the registry's root
        kind, _, rest = path.partition("/")
        if kind == "python":
            return self._python(rest, request)
        if kind == "npm":
            return self._npm(rest, request)
        if kind == "debian":
            answer = self._file(path.replace("/./", "/"), request)
            if answer is None and path.endswith(".deb"):
                self._miss("debian", path.rpartition("/")[2].partition("_")[0], path.rpartition("/")[2], request)
            return answer or Answer(404)
        return Answer(404, b"this mirror serves /python/simple/, /npm/ and /debian/\n")

    def _python(self, rest: str, request: Request) -> Answer:
        part, _, name = rest.partition("/")
        if part == "wheels":
            answer = self._file(f"python/wheels/{name}", request, "application/octet-stream")
            if answer is None and not name.endswith(".metadata"):
                self._miss("python", _project(name), name, request)
            return answer or Answer(404)
        if part != "simple":
            return Answer(404)
        name = name.strip("/").removesuffix("/index.html")
        if not name:
            return self._file("python/simple/index.html", request, HTML) or Answer(200, b"<html></html>", HTML)
        try:
            project = normalised(name)
        except ProvisionError:
            return Answer(404)
        as_json = JSON in request.headers.get("accept", "")
        page = f"python/simple/{project}/index." + ("json" if as_json else "html")
        answer = self._file(page, request, JSON if as_json else HTML)
        if answer is None:
            self._miss("python", project, "", request)
        else:
            self._ask("python", project, request)
        return answer or Answer(404, b"this mirror does not have the project\n")

    def _npm(self, rest: str, request: Request) -> Answer:
        package, sign, file = rest.partition("/-/")
        if sign:
            answer = self._file(f"npm/{package}/-/{file}", request, "application/octet-stream")
            if answer is None:
                self._miss("npm", package, file, request)
            return answer or Answer(404)
        package = package_of(rest)
        if not package:
            return Answer(404, b"{}", "application/json")
        place = f"npm/{package}/index.json"
        if place not in self._held:
            self._miss("npm", package, "", request)
            return Answer(404, b'{"error": "this mirror does not have the package"}', "application/json")
        self._ask("npm", package, request)
        try:
            page = json.loads((self._folder / place).read_bytes())
            for one in page["versions"].values():
                one["dist"]["tarball"] = f"http://{request.headers.get('host', '127.0.0.1')}{one['dist']['tarball']}"
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
            raise ProvisionError(f"{place} is not the page recorded. See: freehold provision verify {self._folder}") from None
        return Answer(200, json.dumps(page).encode(), "application/json")

    def _file(self, path: str, request: Request, kind: str = "text/plain") -> Answer | None:
        held = self._held.get(path)
        whole = self._folder / path
        if held is None or not whole.is_file() or not whole.resolve().is_relative_to(self._root):
            return None
        if request.method == "GET":
            with self._lock:
                self._given.add(path.rpartition("/")[2])
        return Answer(200, _pieces(whole), kind, whole.stat().st_size)

    def _ask(self, ecosystem: str, name: str, request: Request) -> None:
        with self._lock:
            if len(self._asked) < _MOST_NOTED:
                self._asked.setdefault((ecosystem, name), request.by)

    def _miss(self, ecosystem: str, what: str, file: str, request: Request) -> None:
        reason = "the mirror does not have the file" if file else "the mirror does not have the package"
        add = adding(ecosystem, what, str(self._folder))
        with self._lock:
            if len(self._missing) < _MOST_NOTED:
                self._missing[Missing(ecosystem, what, file, reason, request.by, add)] = None


def _project(file: str) -> str:
    try:
        return "==".join(distribution_of(file))
    except ProvisionError:
        return file


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
