"""Go projects: ``go.mod`` and ``go.sum``. Owns those formats.

A ``go.mod`` of Go 1.17 and later names every module that is needed to build the packages of the module, so it is the
inventory, with what is replaced. Before that only its own needs are named, and ``go.sum`` tells the rest, a version of
each too many at times: then the newest that is hashed whole is taken.

Source: Go Modules Reference, "go.mod files", "go.sum files", "Graph pruning"; package URL types, "golang".
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from freehold.read.documents import text_of
from freehold.read.ecosystem import Ecosystem
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Component, Evidence, Skip

__all__ = ["go_id", "read_go"]

_FORGES: Final = ("github.com", "bitbucket.org", "launchpad.net")
"""Hosts of which the go command itself knows that a path's next two parts name a repository (``go help importpath``)."""
_TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|`([^`]*)`|(\S+)')
_VERSION: Final = re.compile(r"v\d+\.\d+\.\d+\S*$")
_WHOLE: Final = (1, 17)
_LONGEST_LINE: Final = 4000
_DEEPEST: Final = 32


@dataclass(slots=True)
class _Module:
    """What one ``go.mod`` says."""

    file: SourceFile
    path: str = ""
    go: str = ""
    go_line: int = 0
    needs: dict[str, tuple[str, bool, int]] = field(default_factory=dict)
    replaced: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    tools: list[str] = field(default_factory=list)
    strange: int = 0


def go_id(path: str, version: str | None = None) -> str:
    """The canonical package URL of a Go module: path in lower case, as the type asks."""
    space, _, name = path.rpartition("/")
    whole = "/".join(quote(part, safe="") for part in [*space.lower().split("/"), name.lower()] if part)
    return f"pkg:golang/{whole}" + (f"@{quote(version, safe=':')}" if version else "")


def read_go(files: Sequence[SourceFile]) -> Ecosystem:
    """Read every ``go.mod`` of a folder, with the ``go.sum`` beside it where that is needed.

    Parameters
    ----------
    files
        All files of the folder.
    """
    skips: list[Skip] = []
    modules: list[_Module] = []
    sums = {file.folder: file for file in files if file.name == "go.sum"}
    for file in files:
        if file.name == "go.mod" and file.place in {"run", "script"}:
            text = text_of(file)
            if isinstance(text, Skip):
                skips.append(text)
                continue
            modules.append(module := _module(file, text))
            if module.strange:
                skips.append(
                    Skip(file.relative, "syntax", f"{module.strange} line(s) are no directive of a go.mod and were left out.")
                )
    own = {module.path for module in modules}
    components: list[Component] = []
    for module in modules:
        components += _components(module, own)
        if _numbers(module.go) < _WHOLE and module.file.folder in sums:
            text = text_of(sums[module.file.folder])
            if isinstance(text, Skip):
                skips.append(text)
            else:
                components += _hashed(sums[module.file.folder], text, module, own)
    top = next((module for module in modules if not module.file.folder), None)
    forge = _repository(top.path) if top else None
    return Ecosystem(
        components=tuple(components),
        skips=tuple(skips),
        name=re.sub(r"/v\d+$", "", top.path).rpartition("/")[2] or None if top else None,
        repository=(f"https://{'/'.join(top.path.split('/')[:3])}", top.file.relative) if top and forge else None,
        toolchains=("golang",) if modules else (),
    )


def _lines(text: str) -> Iterator[tuple[int, str, list[str], str]]:
    """Number, directive, arguments and comment of each line, the lines of a block among them."""
    block = ""
    for number, line in enumerate(text.splitlines(), 1):
        code, _, comment = line[:_LONGEST_LINE].partition("//")
        words = [match[1] or match[2] or match[3] or "" for match in _TOKEN.finditer(code)]
        if not words:
            continue
        if words == [")"]:
            block = ""
        elif words[-1] == "(":
            block = words[0]
        elif block:
            yield number, block, words, comment.strip()
        else:
            yield number, words[0], words[1:], comment.strip()


def _module(file: SourceFile, text: str) -> _Module:
    found = _Module(file)
    for number, directive, words, comment in _lines(text):
        if directive == "module" and words:
            found.path = words[0]
        elif directive == "go" and words:
            found.go, found.go_line = words[0], number
        elif directive == "require" and len(words) == 2 and _VERSION.match(words[1]):
            found.needs[words[0]] = words[1], "indirect" in re.split(r"\W+", comment), number
        elif directive == "replace" and "=>" in words:
            at = words.index("=>")
            old, new = words[:at], words[at + 1 :]
            if old and new:
                found.replaced[old[0], old[1] if len(old) > 1 else ""] = new[0], new[1] if len(new) > 1 else ""
        elif directive == "tool" and words:
            found.tools.append(words[0])
        elif directive not in {"exclude", "retract", "toolchain", "godebug", "ignore"}:
            found.strange += 1
    return found


def _is_local(path: str) -> bool:
    return path.startswith(("./", "../", "/")) or path in {".", ".."}


def _real(module: _Module, path: str, version: str) -> tuple[str, str] | None:
    """What stands for a module after replacement; ``None`` for a folder of the project's own."""
    new = module.replaced.get((path, version)) or module.replaced.get((path, ""))
    if new is None:
        return path, version
    return None if _is_local(new[0]) else (new[0], new[1] or version)


def _repository(path: str) -> str | None:
    host, *parts = path.split("/")
    return "/".join([".".join(reversed(host.split("."))), *parts[:2]]) if host in _FORGES and len(parts) >= 2 else None


def _components(module: _Module, own: set[str]) -> Iterable[Component]:
    name = module.file.relative
    tooled = {_module_of(tool, module.needs) for tool in module.tools}
    base = "run" if module.file.place == "run" else "build"
    if module.go:
        yield Component(
            go_id("stdlib", module.go), "Go standard library", module.go, scope=base, direct=True,
            evidence=(Evidence(name, module.go_line),),
        )  # fmt: skip
    for path, (version, indirect, line) in module.needs.items():
        real = _real(module, path, version)
        if real is None or path in own:
            continue
        yield Component(
            go_id(*real), real[0], real[1], direct=not indirect, repository=_repository(real[0]),
            scope="development" if indirect and path in tooled else base, evidence=(Evidence(name, line),),
        )  # fmt: skip


def _module_of(package: str, needs: Container[str]) -> str | None:
    """The module that holds a package: the longest beginning of its path that is one."""
    path = package
    for _ in range(_DEEPEST):
        if path in needs:
            return path
        path = path.rpartition("/")[0]
    return None


def _hashed(file: SourceFile, text: str, module: _Module, own: set[str]) -> Iterable[Component]:
    newest: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if len(words) == 3 and _VERSION.match(words[1]) and not words[1].endswith("/go.mod"):
            held = newest.get(words[0])
            if held is None or _order(words[1]) > _order(held[0]):
                newest[words[0]] = words[1], number
    replacements: Mapping[str, None] = {new: None for new, _ in module.replaced.values()}
    for path, (version, at) in newest.items():
        if path in module.needs or path in own or path in replacements:
            continue
        yield Component(
            go_id(path, version), path, version, scope="run" if file.place == "run" else "build", repository=_repository(path),
            evidence=(Evidence(file.relative, at),),
        )  # fmt: skip


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version)[:3])


def _order(version: str) -> tuple[tuple[int, ...], bool, str]:
    base, dash, rest = version.partition("-")
    return _numbers(base), not dash or rest == "", rest
