"""Files and folders that a command names itself. Owns reading them from its arguments, its script, and what these call.

The text of ``sh -c``, a script, a Makefile, the scripts of a package and a file of requirements are read as words, not as
programs: a word that is a file or a folder which is there counts as named, whatever the command would do with it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from freehold.whole_file import text_of

__all__ = ["cache_folders", "index_folders", "link_folders", "named_places", "texts_of"]

_MOST_BYTES: Final = 256_000
_MOST_TEXTS: Final = 20
_MOST_WORDS: Final = 5_000
_MOST_NAMED: Final = 200
_LONGEST: Final = 1_000
_WORD: Final = re.compile(r"[^\s;|&()<>\"'`=,:$]+")
_MAKEFILES: Final = ("GNUmakefile", "makefile", "Makefile")
_PACKAGE_TOOLS: Final = frozenset({"npm", "npx", "pnpm", "yarn", "bun"})
_SCRIPT_ENDS: Final = frozenset({".sh", ".bash", ".mk"})
_VALUE: Final = r"(?:=|\s+)[\"']?([^\s\"';|&()<>]+)"
_LINKS: Final = re.compile(r"(?:^|\s)--find-links" + _VALUE)
_SHORT_LINKS: Final = re.compile(r"(?:^|\s)-f\s*[\"']?([^\s\"';|&()<>-][^\s\"';|&()<>]*)")
_INDEXES: Final = re.compile(r"(?:^|\s)(?:-i|--index-url|--extra-index-url|--index|--default-index)" + _VALUE)
_CACHES: Final = re.compile(r"(?:^|\s)--(?:cache|cache-dir|cache-folder|cache-location)" + _VALUE)
_REQUIREMENTS: Final = re.compile(r"(?:^|\s)(?:-r|--requirement|-c|--constraint)" + _VALUE)
_PACKAGES: Final = (".whl", ".tar.gz", ".zip")
_SYSTEM: Final = tuple(
    Path(name) for name in ("/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc", "/proc", "/sys", "/dev", "/run")
)


def texts_of(arguments: Sequence[str], folder: Path) -> tuple[str, ...]:
    """The texts in which a command says what it does: its arguments, and files that these name and that are read as commands.

    Parameters
    ----------
    arguments
        Program and arguments.
    folder
        Working folder.
    """
    texts = [" ".join(argument if " " not in argument or "\n" in argument else f" {argument} " for argument in arguments)]
    read: set[Path] = set()
    waiting = list(_command_files(arguments, folder))
    while len(texts) < _MOST_TEXTS:
        waiting += [folder / name for name in _REQUIREMENTS.findall(texts[-1])]
        waiting += [folder / word for word in _words(texts[-1]) if Path(word).suffix in _SCRIPT_ENDS]
        path = next((one for one in waiting if one not in read), None)
        if path is None:
            break
        read.add(path)
        texts.append(_scripts(text_of(path, _MOST_BYTES)) if path.name == "package.json" else text_of(path, _MOST_BYTES))
    return tuple(text for text in texts if text)


def _command_files(arguments: Sequence[str], folder: Path) -> Iterator[Path]:
    """Files that are read as commands: a Makefile, the scripts of a package, a shell's script."""
    program = Path(arguments[0]).name if arguments else ""
    if program in ("make", "gmake"):
        yield from (folder / name for name in _MAKEFILES)
    elif program in _PACKAGE_TOOLS:
        yield folder / "package.json"
    for argument in arguments[:_MOST_TEXTS]:
        if len(argument) <= _LONGEST and _is_shell_script(folder / argument):
            yield folder / argument


def _is_shell_script(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            first = file.read(200).split(b"\n")[0]
    except (OSError, ValueError):
        return False
    return path.suffix in _SCRIPT_ENDS or (first.startswith(b"#!") and b"sh" in first)


def _scripts(text: str) -> str:
    """The commands of a package's scripts."""
    try:
        scripts = json.loads(text).get("scripts", {})
        return "\n".join(one for one in scripts.values() if isinstance(one, str))
    except (ValueError, AttributeError, RecursionError):
        return ""


def named_places(texts: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """Files and folders that are there and that texts name, whole paths; none of the system, nor what the folder is in.

    Parameters
    ----------
    texts
        See :func:`texts_of`.
    folder
        Working folder.
    """
    found: dict[Path, None] = {}
    for text in texts:
        for word in _words(text):
            path = _path(word, folder)
            if path is not None and len(found) < _MOST_NAMED:
                found.setdefault(path)
    return tuple(found)


def _words(text: str) -> Iterator[str]:
    for count, found in enumerate(_WORD.finditer(text)):
        if count >= _MOST_WORDS:
            return
        if len(found[0]) <= _LONGEST:
            yield found[0]


def _path(word: str, folder: Path) -> Path | None:
    """What a word names, if it is there and may serve."""
    path = Path(os.path.normpath(folder / word))
    if path == folder or folder.is_relative_to(path) or any(path.is_relative_to(one) for one in _SYSTEM):
        return None
    try:
        return path if path.is_file() or path.is_dir() else None
    except (OSError, ValueError):
        return None


def link_folders(texts: Sequence[str], folder: Path) -> Iterator[str]:
    """Words behind ``--find-links``, or behind ``-f`` if a folder with packages stands there."""
    for text in texts:
        yield from _LINKS.findall(text)
        for word in _SHORT_LINKS.findall(text):
            if _holds_packages(folder / word):
                yield word


def _holds_packages(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entry.name.endswith(_PACKAGES) for entry in entries)
    except (OSError, ValueError):
        return False


def index_folders(texts: Sequence[str]) -> Iterator[str]:
    """Words behind the options that name an index of packages."""
    for text in texts:
        yield from _INDEXES.findall(text)


def cache_folders(texts: Sequence[str]) -> Iterator[str]:
    """Words behind the options that name a cache."""
    for text in texts:
        yield from _CACHES.findall(text)
