"""Which files of a folder are read, and what part each plays. Owns the walk; opens no file.

A folder is walked once, without recursion and without following links. Files that no reader opens are counted by
ending only. The *place* of a file says what its content is evidence of: ``run`` (the thing itself), ``script``
(how it is built and changed), ``test``, ``example`` or ``docs``.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from freehold.read.plain_text import is_plain, plain
from freehold.stack.inventory import Skip

__all__ = [
    "COUNTED_LANGUAGES",
    "LARGEST_LOCK",
    "LARGEST_PROGRAM",
    "LARGEST_SOURCE",
    "LOCKS",
    "MOST_FILES",
    "Environment",
    "SourceFile",
    "Walk",
    "fingerprint",
    "place_of",
    "walk",
]

COUNTED_LANGUAGES: Final[Mapping[str, str]] = {
    ".go": "Go", ".rs": "Rust", ".java": "Java", ".kt": "Kotlin", ".rb": "Ruby", ".php": "PHP", ".cs": "C#", ".c": "C",
    ".cc": "C++", ".cpp": "C++", ".swift": "Swift", ".scala": "Scala", ".ex": "Elixir", ".dart": "Dart", ".vue": "Vue",
    ".svelte": "Svelte", ".ipynb": "notebooks", ".r": "R", ".jl": "Julia", ".lua": "Lua",
    ".xml": "XML", ".html": "HTML", ".hcl": "HCL", ".ps1": "PowerShell", ".sql": "SQL",
}  # fmt: skip
"""Languages by the ending of their source files, which are counted and not opened."""

LARGEST_SOURCE: Final = 5 * 1024 * 1024
"""Bytes: the largest file within a folder that is read (lock files may be larger, see :data:`LARGEST_LOCK`)."""
LARGEST_LOCK: Final = 64 * 1024 * 1024
LARGEST_PROGRAM: Final = 1024 * 1024
"""Bytes: what is parsed as a program takes up to five hundred times as much, and seconds."""
MOST_FILES: Final = 500_000
"""Directory entries after which the walk ends with a skip."""

_IGNORED: Final = frozenset({
    ".git", ".hg", ".svn", "node_modules", "bower_components", "__pycache__", ".tox", ".nox", ".mypy_cache",
    ".ruff_cache", ".pytest_cache", ".hypothesis", ".eggs", ".next", ".nuxt", ".svelte-kit", ".turbo",
    ".parcel-cache", ".terraform", ".idea", ".vscode", ".cache", ".gradle", "htmlcov", ".ipynb_checkpoints",
    "__pypackages__",
})  # fmt: skip
_OUTPUT: Final = frozenset({"build", "dist", "target", "out", "coverage", "_build"})
_SOURCE_MARKS: Final = frozenset({"__init__.py", "package.json", "pyproject.toml", "index.ts", "index.js"})

_MANIFESTS: Final = frozenset({
    "pipfile", "pipfile.lock", "poetry.lock", "uv.lock", "package-lock.json", "npm-shrinkwrap.json", "dockerfile",
    "containerfile", "jenkinsfile", ".python-version", "cargo.lock", "go.mod", "pom.xml", "gemfile.lock",
    "composer.lock", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "build.gradle", "build.gradle.kts",
    "packages.lock.json", "mix.lock", "pubspec.lock", "podfile.lock", "package.resolved", "conda-lock.yml",
    "environment.yml", "pdm.lock", "pixi.lock", "gradle.lockfile", "go.sum", ".npmrc", ".terraform.lock.hcl",
})  # fmt: skip
_PROGRAMS: Final = (".py", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts")
_ENDINGS: Final = frozenset({
    ".py", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".yml", ".yaml", ".toml", ".json", ".ini",
    ".cfg", ".conf", ".env", ".properties", ".sh", ".dockerfile", ".tf", ".tofu", ".tfvars",
})  # fmt: skip
LOCKS: Final = frozenset({
    "poetry.lock", "uv.lock", "package-lock.json", "npm-shrinkwrap.json", "pipfile.lock", "cargo.lock", "go.sum",
})  # fmt: skip

_WORDS: Final = re.compile(r"[^a-z0-9]+")
_TEST: Final = frozenset({
    "test", "tests", "testing", "e2e", "mock", "mocks", "mocked", "fixture", "fixtures", "conftest", "testdata",
    "stories", "cypress", "storybook", "simulation", "fake", "fakes", "stub", "stubs", "fuzz", "fuzzing",
})  # fmt: skip
_TEST_FOLDER: Final = frozenset({"spec", "specs"})
_EXAMPLE: Final = frozenset({
    "example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials", "playground", "cookbook",
    "quickstart",
})  # fmt: skip
_DOCS: Final = frozenset({"doc", "docs", "documentation", "changelog", "readme"})
_ABOUT: Final = frozenset({"security-insights", "funding", "publiccode", "citation", "codemeta"})
"""Files about a project, for people and registers; what they name is linked to, not talked to."""
_SCRIPT: Final = frozenset({
    "scripts", "script", "tools", "hack", "bench", "benchmark", "benchmarks", "ci", "github", "circleci",
    "devcontainer", "dev",
})  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """A file that a reader may open: its name relative to the folder (with ``/``), and its place on the disk."""

    relative: str
    path: str
    size: int
    changed: int
    place: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.relative.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder that holds it, relative; empty for the top."""
        return self.relative.rpartition("/")[0]


@dataclass(frozen=True, slots=True, order=True)
class Environment:
    """A folder with installed Python packages, and the folder of the project that it belongs to."""

    relative: str
    path: str
    project: str


@dataclass(frozen=True, slots=True)
class Walk:
    """What one walk met.

    Parameters
    ----------
    files, environments
        In the order of their names.
    folders
        Every folder walked, and the names in it: folders end in ``/``.
    endings
        How many files there are of each ending that no reader opens, and the first of them.
    skips
        Links that lead out, folders that cannot be listed, limits.
    """

    files: tuple[SourceFile, ...] = ()
    environments: tuple[Environment, ...] = ()
    folders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    endings: dict[str, tuple[int, str]] = field(default_factory=dict)
    skips: tuple[Skip, ...] = ()


def place_of(relative: str) -> str:
    """What the content of a file is evidence of, told by the words of its path.

    Returns
    -------
    str
        ``run``, ``script``, ``test``, ``example`` or ``docs``.
    """
    folder, _, name = relative.lower().rpartition("/")
    inner = set(_WORDS.split(folder)) if folder else set()
    own = set(_WORDS.split(name))
    if inner & _TEST or inner & _TEST_FOLDER or own & _TEST or ".spec." in name:
        return "test"
    if inner & _DOCS or name.partition(".")[0] in _ABOUT:
        return "docs"
    if inner & _EXAMPLE or (own & _EXAMPLE and not own & {"env"}):
        return "example"
    return "script" if inner & _SCRIPT else "run"


def _is_read(name: str) -> bool:
    lower = name.lower()
    if lower in _MANIFESTS or os.path.splitext(lower)[1] in _ENDINGS:  # noqa: PTH122 - pathlib is slow in a hot loop
        return True
    if lower.startswith(("dockerfile", "containerfile", ".env")):
        return True
    return lower.endswith(".txt") and ("requirements" in lower or "constraints" in lower)


def _limit(name: str) -> int:
    lower = name.lower()
    if lower.endswith(_PROGRAMS):
        return LARGEST_PROGRAM
    return LARGEST_LOCK if lower in LOCKS or lower.startswith("pylock.") else LARGEST_SOURCE


def _site_packages(top: str) -> list[str]:
    """Folders of installed packages within a virtual environment, by its two known layouts."""
    found = []
    for library in ("lib", "Lib"):
        folder = f"{top}/{library}"
        try:
            inner = sorted(os.listdir(folder))  # noqa: PTH208
        except OSError:
            continue
        found += [f"{library}/site-packages"] if "site-packages" in inner else []
        found += [
            f"{library}/{name}/site-packages"
            for name in inner
            if name.startswith(("python", "pypy")) and os.path.isdir(f"{folder}/{name}/site-packages")  # noqa: PTH112
        ]
    seen: set[str] = set()
    kept = []
    for name in found:
        real = os.path.realpath(f"{top}/{name}")
        if real not in seen:
            seen.add(real)
            kept.append(name)
    return kept


def _inside(path: str, top: str) -> bool:
    real = os.path.realpath(path)
    return real == top or real.startswith(top + os.sep)


def walk(path: Path | str) -> Walk:
    """Walk a folder once.

    Parameters
    ----------
    path
        The folder.

    Returns
    -------
    Walk
        Files to be read, environments, and what was not entered.
    """
    top = os.path.realpath(path)
    files: list[SourceFile] = []
    environments: list[Environment] = []
    folders: dict[str, tuple[str, ...]] = {}
    endings: dict[str, tuple[int, str]] = {}
    skips: list[Skip] = []
    pending = [""]
    entries = 0
    while pending:
        relative = pending.pop()
        here = f"{top}/{relative}" if relative else top
        try:
            with os.scandir(here) as listing:
                found = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            skips.append(Skip(relative or ".", "unreadable", f"The folder cannot be listed ({error.strerror})."))
            continue
        entries += len(found)
        if entries > MOST_FILES:
            detail = f"The walk ended after {MOST_FILES:,} entries; what comes later was not read."
            skips.append(Skip(relative or ".", "limit", detail))
            break
        names = {entry.name for entry in found}
        if "pyvenv.cfg" in names:
            project = relative.rpartition("/")[0]
            for library in _site_packages(here):
                inner = f"{relative}/{library}" if relative else library
                if _inside(f"{here}/{library}", top):
                    environments.append(Environment(inner, f"{here}/{library}", project))
                else:
                    skips.append(Skip(inner, "link", "The link leads out of the folder and was not followed."))
            continue
        if os.path.basename(here) in {"site-packages", "dist-packages"} or any(name.endswith(".dist-info") for name in names):  # noqa: PTH119
            environments.append(Environment(relative, here, relative.rpartition("/")[0]))
            continue
        own = []
        for entry in found:
            name = entry.name
            inner = f"{relative}/{name}" if relative else name
            try:
                if not is_plain(name):
                    skips.append(Skip(_shown(inner), "encoding", "Its name is not UTF-8, or holds control characters."))
                    continue
                if entry.is_symlink():
                    if not _inside(entry.path, top):
                        skips.append(Skip(inner, "link", "The link leads out of the folder and was not followed."))
                    continue
                if entry.is_dir():
                    if name in _IGNORED or name.endswith(".egg-info"):
                        continue
                    if name in _OUTPUT and not _holds_source(entry.path):
                        continue
                    pending.append(inner)
                    own.append(name + "/")
                    continue
                if not entry.is_file():
                    if _is_read(name):
                        skips.append(Skip(inner, "unreadable", "It is neither a file nor a folder, and was not opened."))
                    continue
                own.append(name)
                if not _is_read(name):
                    ending = os.path.splitext(name)[1].lower()  # noqa: PTH122
                    count, first = endings.get(ending, (0, inner))
                    endings[ending] = (count + 1, min(first, inner))
                    continue
                status = entry.stat()
            except OSError as error:
                skips.append(Skip(inner, "unreadable", f"It cannot be opened ({error.strerror})."))
                continue
            if status.st_size > _limit(name):
                detail = f"It has {status.st_size:,} bytes, over the limit of {_limit(name):,}."
                skips.append(Skip(inner, "too-large", detail))
                continue
            files.append(SourceFile(inner, entry.path, status.st_size, status.st_mtime_ns, place_of(inner)))
        folders[relative] = tuple(own)
    return Walk(tuple(sorted(files)), tuple(sorted(environments)), folders, endings, tuple(skips))


def _shown(relative: str) -> str:
    return plain(relative.encode("utf-8", "backslashreplace").decode("utf-8"), 4000)


def _holds_source(path: str) -> bool:
    return any(os.path.exists(f"{path}/{mark}") for mark in _SOURCE_MARKS)  # noqa: PTH110


def _stamps(found: Walk, top: str) -> Iterable[str]:
    for file in found.files:
        yield f"{file.relative}\0{file.size}\0{file.changed}"
    for name in (".git", ".git/config"):
        try:
            status = os.stat(f"{top}/{name}")  # noqa: PTH116
        except OSError:
            continue
        if name.endswith("config") or not os.path.isdir(f"{top}/{name}"):  # noqa: PTH112
            yield f"{name}\0{status.st_size}\0{status.st_mtime_ns}"
    for environment in found.environments:
        try:
            with os.scandir(environment.path) as listing:
                installed = sorted(
                    f"{environment.relative}/{entry.name}\0{entry.stat(follow_symlinks=False).st_mtime_ns}"
                    for entry in listing
                    if entry.name.endswith(".dist-info")
                )
        except OSError:
            continue
        yield from installed
    for skip in found.skips:
        yield f"{skip.file}\0{skip.reason}"


def fingerprint(path: Path | str) -> str:
    """Tell cheaply whether a folder has changed: by names, sizes and times of the files that would be read.

    Files that are only counted, because no reader opens them though they are source code, tell by their number.

    Parameters
    ----------
    path
        The folder.

    Returns
    -------
    str
        A SHA-256 in hexadecimal; the same for the same files, whatever the folder's own name.
    """
    digest = hashlib.sha256()
    found = walk(path)
    counted = (
        f"{ending}\t{number}\t{first}"
        for ending, (number, first) in sorted(found.endings.items())
        if ending in COUNTED_LANGUAGES
    )
    for stamp in (*_stamps(found, os.path.realpath(path)), *counted):
        digest.update(stamp.encode(errors="replace"))
        digest.update(b"\n")
    return digest.hexdigest()
