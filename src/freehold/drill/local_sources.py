"""Caches and local sources that a command could be served from here. Owns where they are found: by a tool's own settings.

A fall-back can only be named if it was watched. Looked for are the caches of the table (:mod:`freehold.drill.caches`), what the
settings of pip, uv, cargo, Go and apt name as a folder to take packages from, what options of the command itself do
(:mod:`freehold.drill.named_places`), and vendored copies in the working folder.
"""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from freehold.drill.caches import caches, home_of
from freehold.drill.named_places import cache_folders, index_folders, link_folders
from freehold.whole_file import text_of
from freehold.words import say

__all__ = ["LocalSource", "local_sources"]

_MOST_BYTES: Final = 1_000_000
_MOST_SOURCES: Final = 200
_VENDORED: Final = (
    "vendor",
    "vendor/cache",
    "wheelhouse",
    "wheels",
    ".yarn/cache",
    "npm-packages-offline-cache",
    "third_party",
)
_INDEX_KEYS: Final = ("index-url", "extra-index-url", "find-links")


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A folder that packages may come from.

    Parameters
    ----------
    folder
        Where it is.
    kind
        What it is, in words.
    shown
        The folder as it is recorded: the home folder as ``~``, below the working folder by what follows it.
    """

    folder: Path
    kind: str
    shown: str


def local_sources(environment: Mapping[str, str], folder: str, texts: Sequence[str] = ()) -> tuple[LocalSource, ...]:
    """Find the caches and local sources that are there.

    Parameters
    ----------
    environment
        What the command is run with.
    folder
        Its working folder.
    texts
        In which it says what it does, see :func:`freehold.drill.named_places.texts_of`.
    """
    home, working = home_of(environment), Path(folder)
    found: dict[Path, LocalSource] = {}
    for place, kind in _all(environment, home, working, texts):
        if len(found) >= _MOST_SOURCES:
            break
        try:
            real = place.resolve()
            there = real.is_dir()
        except (OSError, RuntimeError, ValueError):
            continue
        if there and real not in found and real not in (home.resolve(), Path("/")):
            found[real] = LocalSource(real, kind, _shown(place, home, working))
    return tuple(found.values())


def _all(
    environment: Mapping[str, str], home: Path, working: Path, texts: Sequence[str]
) -> Iterator[tuple[Path, str]]:  # fmt: skip
    """Places and what they are; what is stated comes before what is a default."""
    yield from ((place, say("drill_run.find_links")) for place in _places(link_folders(texts, working), working))
    yield from _indexes(index_folders(texts), working)
    yield from ((place, say("drill_run.named_cache")) for place in _places(cache_folders(texts), working))
    yield from _of_pip(environment, home, working)
    yield from _of_uv(environment, home, working)
    yield from _of_cargo(environment, home, working)
    yield from _of_go(environment)
    yield from _of_apt()
    for row in caches():
        if row.cold != "keep" and (place := row.folder(environment)) is not None and row.place:
            yield place, row.kind
    for name in _VENDORED:
        yield working / name, say("drill_run.vendored")


def _shown(place: Path, home: Path, working: Path) -> str:
    place = Path(os.path.normpath(place))
    for above, name in ((working, "."), (home, "~")):
        if len(above.parts) > 1 and place.is_relative_to(above):
            below = place.relative_to(above)
            return f"{name}/{below}" if below.parts else name
    return str(place)


# ---------------------------------------------------------------- pip


def _of_pip(environment: Mapping[str, str], home: Path, working: Path) -> Iterator[tuple[Path, str]]:
    """Folders that pip is told to take wheels from (pip's topic "Configuration")."""
    named: list[tuple[str, str]] = []
    for path in _pip_files(environment, home):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(text_of(path, _MOST_BYTES))
        except configparser.Error:
            continue
        for section in parser.sections():
            named += [(key.replace("_", "-"), value) for key, value in parser.items(section)]
    named += [(key, environment.get(f"PIP_{key.upper().replace('-', '_')}", "")) for key in _INDEX_KEYS]
    for key, value in named:
        if key in _INDEX_KEYS:
            if key == "find-links":
                yield from ((place, say("drill_run.find_links")) for place in _places(value.split(), working))
            else:
                yield from _indexes(value.split(), working)


def _indexes(words: Iterable[str], base: Path) -> Iterator[tuple[Path, str]]:
    """Indexes that are folders; their files often lie beside the pages that link to them (``simple``, as PEP 503 calls it)."""
    for place in _places(words, base, plain=False):
        yield place, say("drill_run.local_index")
        if place.name == "simple":
            yield place.parent, say("drill_run.local_index_files")


def _pip_files(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"):
        yield Path(folder) / "pip/pip.conf"
    yield Path("/etc/pip.conf")
    yield home / ".pip/pip.conf"
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"
    if environment.get("VIRTUAL_ENV"):
        yield Path(environment["VIRTUAL_ENV"]) / "pip.conf"
    if environment.get("PIP_CONFIG_FILE"):
        yield Path(environment["PIP_CONFIG_FILE"])


# ---------------------------------------------------------------- uv


def _of_uv(environment: Mapping[str, str], home: Path, working: Path) -> Iterator[tuple[Path, str]]:
    """Folders that uv is told to take wheels from."""
    user = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "uv/uv.toml"
    tables = [(_toml(path), path.parent) for path in (Path("/etc/uv/uv.toml"), user, working / "uv.toml")]
    project = _toml(working / "pyproject.toml").get("tool")
    if isinstance(project, Mapping) and isinstance(project.get("uv"), Mapping):
        tables.append((project["uv"], working))
    words = [environment.get(name, "") for name in ("UV_FIND_LINKS", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL")]
    yield from ((place, say("drill_run.find_links")) for text in words for place in _places(text.split(), working))
    for table, base in tables:
        for part in (table, table.get("pip")):
            if isinstance(part, Mapping):
                links = [one for one in _list(part.get("find-links")) if isinstance(one, str)]
                urls = [str(one.get("url", "")) for one in _list(part.get("index")) if isinstance(one, Mapping)]
                yield from ((place, say("drill_run.find_links")) for place in _places(links, base))
                yield from _indexes(urls, base)


# ---------------------------------------------------------------- cargo, Go, apt


def _of_cargo(environment: Mapping[str, str], home: Path, working: Path) -> Iterator[tuple[Path, str]]:
    """Vendored sources and local registries that replace others (Cargo's "Source replacement")."""
    bases = [above / ".cargo" for above in (working, *working.parents)]
    for base in (*bases, Path(environment.get("CARGO_HOME") or home / ".cargo")):
        for name in ("config.toml", "config"):
            sources = _toml(base / name).get("source")
            for source in sources.values() if isinstance(sources, Mapping) else ():
                for key in ("directory", "local-registry"):
                    if isinstance(source, Mapping) and isinstance(source.get(key), str):
                        yield base.parent / source[key], say("drill_run.cargo_source")


def _of_go(environment: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Module proxies that are folders."""
    for part in re.split(r"[,|]", environment.get("GOPROXY", "")):
        yield from ((place, say("drill_run.go_proxy")) for place in _places([part], Path("/"), plain=False))


def _of_apt() -> Iterator[tuple[Path, str]]:
    """Archives on this machine's own disk."""
    lists = [Path("/etc/apt/sources.list")]
    for suffix in ("*.list", "*.sources"):
        lists += sorted(Path("/etc/apt/sources.list.d").glob(suffix))
    for path in lists[:_MOST_SOURCES]:
        for word in re.findall(r"(?:file|copy):/\S+", text_of(path, _MOST_BYTES)):
            place = word.partition(":")[2]
            yield Path("/" + place.lstrip("/")), say("drill_run.apt_archive")


# ---------------------------------------------------------------- reading settings


def _places(words: Iterable[str], base: Path, *, plain: bool = True) -> Iterator[Path]:
    """Folders that words name: by a ``file:`` address, or, if plain ones count, by a path."""
    for word in words:
        if word.startswith("file:"):
            try:
                path = unquote(urlsplit(word).path)
            except ValueError:
                continue
            yield Path(path)
        elif plain and word and "://" not in word and not word.startswith("-"):
            yield base / Path(word).expanduser() if word.startswith("~") else base / word


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text_of(path, _MOST_BYTES))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
