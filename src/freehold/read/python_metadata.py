"""What a Python project says that it needs: pyproject, requirements, setup and Pipfile. Owns declared dependencies.

Nothing is executed: ``setup.py`` is read by its syntax tree, and only what stands there literally counts.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from freehold.read.documents import Lines, ini_of, toml_of
from freehold.read.python_requirement import Requirement, normalised, parse_requirement
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Evidence, Skip

__all__ = [
    "Declared",
    "Project",
    "read_pipfile",
    "read_pyproject",
    "read_setup_cfg",
    "read_setup_py",
    "says_repository",
    "scope_of_group",
]

_TEST: Final = re.compile(r"(?:^|[-_])(?:tests?|testing|pytest|e2e|ci)(?:$|[-_])")
_BUILD: Final = re.compile(r"(?:^|[-_])(?:build|packaging|release)(?:$|[-_])")
_DEVELOPMENT: Final = re.compile(
    r"(?:^|[-_])(?:dev|develop|development|devel|lint|linting|linter|docs?|documentation|typing|types|mypy|format|benchmarks?|tools?)(?:$|[-_])"
)


@dataclass(frozen=True, slots=True)
class Declared:
    """A dependency that a project names itself.

    Parameters
    ----------
    requirement
        What is asked for.
    scope
        ``run``, ``optional``, ``development``, ``test`` or ``build``.
    folder
        The folder of the project that asks, relative; empty for the top.
    evidence
        Where it stands.
    """

    requirement: Requirement
    scope: str
    folder: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Project:
    """What one manifest states: itself, its dependencies, indexes to fetch from, its links."""

    folder: str = ""
    name: str | None = None
    licence: str | None = None
    python: str | None = None
    declared: tuple[Declared, ...] = ()
    indexes: tuple[tuple[str, Evidence], ...] = ()
    repositories: tuple[tuple[str, Evidence], ...] = ()
    skips: tuple[Skip, ...] = ()
    includes: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()


def scope_of_group(group: str, otherwise: str) -> str:
    """The scope of an extra or dependency group, told by its name.

    Parameters
    ----------
    group
        Its name, such as ``test`` or ``lint-ci``.
    otherwise
        The scope of one whose name says nothing: ``optional`` for an extra, ``development`` for a group.
    """
    name = group.lower()
    if _TEST.search(name):
        return "test"
    if _DEVELOPMENT.search(name):
        return "development"
    return "build" if _BUILD.search(name) else otherwise


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _several(value: Any) -> Iterable[Any]:
    return [value] if isinstance(value, str) else value if isinstance(value, (list, tuple, set, frozenset)) else ()


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


class _Collector:
    """Requirements of one file, with the line on which each stands."""

    def __init__(self, file: SourceFile, text: str) -> None:
        self.file, self.lines, self.text = file, Lines(text), text
        self.declared: list[Declared] = []
        self.bad: list[str] = []
        self._after = 0
        self._headings: dict[str, int] = {}

    def evidence(self, needle: str) -> Evidence:
        return Evidence(self.file.relative, self.lines.of(needle))

    def add(self, text: Any, scope: str, line: int | None = None) -> None:
        requirement = parse_requirement(text) if isinstance(text, str) else None
        if requirement is None:
            self.bad.append(str(text)[:80])
            return
        where = Evidence(self.file.relative, line if line is not None else self._line(str(text)))
        self.declared.append(Declared(requirement, scope, self.file.folder, where))

    def table(self, name: str, entry: Any, scope: str, heading: str) -> None:
        """Take in one entry of a Poetry or Pipenv table: a version, a table, or a list of either."""
        if heading not in self._headings:
            self._headings[heading] = max(self.text.find(f"[{heading}]"), 0)
        where = Evidence(self.file.relative, self.lines.key(name, self._headings[heading]))
        for one in entry if isinstance(entry, list) else [entry]:
            told = _table(one)
            if "path" in told:
                continue
            version = _text(one) or _text(told.get("version")) or ""
            pin = version.lstrip("=").strip() if re.fullmatch(r"={2,3}\s*[\w.!+-]+|\d[\w.!+-]*", version) else None
            url = _text(told.get("git")) or _text(told.get("url"))
            extras = tuple(sorted(normalised(extra) for extra in _list(told.get("extras")) if isinstance(extra, str)))
            marker = _text(told.get("markers")) or _platform(told)
            real = "optional" if told.get("optional") is True and scope == "run" else scope
            requirement = Requirement(normalised(name), extras, pin, url, marker or "")
            self.declared.append(Declared(requirement, real, self.file.folder, where))

    def skips(self) -> tuple[Skip, ...]:
        if not self.bad:
            return ()
        return (
            Skip(self.file.relative, "syntax", f"{len(self.bad)} requirement(s) not understood, the first: {self.bad[0]!r}."),
        )

    def _line(self, text: str) -> int:
        for quoted in (f'"{text}"', f"'{text}'"):
            offset = self.lines.find(quoted, self._after)
            if offset < 0:
                offset = self.lines.find(quoted)
            if offset >= 0:
                self._after = offset
                return self.lines.at(offset)
        return self.lines.of(text)


def _platform(told: Mapping[str, Any]) -> str | None:
    platform = _text(told.get("platform"))
    return f"sys_platform == '{platform}'" if platform and platform.isalnum() else None


def read_pyproject(file: SourceFile, text: str) -> Project | Skip:
    """Read a ``pyproject.toml``: PEP 621, dependency groups, the build system, Poetry, uv and Flit sources."""
    document = toml_of(file, text)
    if isinstance(document, Skip):
        return document
    take = _Collector(file, text)
    project, tool = _table(document.get("project")), _table(document.get("tool"))
    poetry, uv = _table(tool.get("poetry")), _table(tool.get("uv"))
    for requirement in _list(project.get("dependencies")):
        take.add(requirement, "run")
    for extra, requirements in _table(project.get("optional-dependencies")).items():
        for requirement in _list(requirements):
            take.add(requirement, scope_of_group(extra, "optional"))
    for group, requirements in _table(document.get("dependency-groups")).items():
        for requirement in _list(requirements):
            if isinstance(requirement, str):
                take.add(requirement, scope_of_group(group, "development"))
    for requirement in _list(_table(document.get("build-system")).get("requires")):
        take.add(requirement, "build")
    for requirement in _list(uv.get("dev-dependencies")):
        take.add(requirement, "development")
    _poetry(take, poetry)
    name = _text(project.get("name")) or _text(poetry.get("name"))
    own = normalised(name) if name else None
    links = {**_table(poetry.get("urls")), **_table(project.get("urls"))}
    links |= {key: poetry[key] for key in ("repository", "homepage") if key in poetry}
    return Project(
        folder=file.folder,
        name=name,
        licence=_licence(project, poetry),
        python=_text(project.get("requires-python")) or _text(_table(poetry.get("dependencies")).get("python")),
        declared=tuple(one for one in take.declared if one.requirement.name != own),
        indexes=tuple((url, take.evidence(url)) for url in _indexes(poetry, uv)),
        repositories=tuple(
            (url, take.evidence(url))
            for label, url in sorted(links.items())
            if isinstance(url, str) and says_repository(label, url)
        ),
        skips=take.skips(),
    )


def says_repository(label: str, url: str) -> bool:
    """Whether a project link leads to its source code: its label says so, or it is the home page on a forge."""
    word = re.sub(r"[^a-z]", "", label.lower())
    if word in {"repository", "source", "sourcecode", "code", "github", "gitlab", "codeberg", "sources", "repo", "git", "vcs"}:
        return True
    host = re.match(r"https?://(?:www\.)?([^/:]+)/([^/?#]+)/([^/?#]+)/?$", url)
    forges = {"github", "gitlab", "codeberg", "bitbucket", "gitee", "sr"}
    return word in {"homepage", "home", "url", ""} and host is not None and bool(set(host[1].lower().split(".")) & forges)


def _poetry(take: _Collector, poetry: Mapping[str, Any]) -> None:
    for name, entry in _table(poetry.get("dependencies")).items():
        if normalised(name) != "python":
            take.table(name, entry, "run", "tool.poetry.dependencies")
    for name, entry in _table(poetry.get("dev-dependencies")).items():
        take.table(name, entry, "development", "tool.poetry.dev-dependencies")
    for group, told in _table(poetry.get("group")).items():
        for name, entry in _table(_table(told).get("dependencies")).items():
            scope = scope_of_group(group, "optional" if _table(told).get("optional") is True else "development")
            scope = "run" if group == "main" else scope
            take.table(name, entry, scope, f"tool.poetry.group.{group}.dependencies")


def _indexes(poetry: Mapping[str, Any], uv: Mapping[str, Any]) -> Iterator[str]:
    for source in (*_list(poetry.get("source")), *_list(uv.get("index"))):
        if url := _text(_table(source).get("url")):
            yield url
    for name in ("index-url",):
        if url := _text(uv.get(name)):
            yield url
    for entry in _list(uv.get("extra-index-url")):
        if url := _text(entry):
            yield url


def _licence(project: Mapping[str, Any], poetry: Mapping[str, Any]) -> str | None:
    stated = project.get("license") or poetry.get("license")
    found = _text(stated) or _text(_table(stated).get("text"))
    return found if found and len(found) <= 200 and "\n" not in found else None


def read_setup_cfg(file: SourceFile, text: str) -> Project | Skip:
    """Read the ``[metadata]`` and ``[options]`` of a ``setup.cfg``."""
    parser = ini_of(file, text)
    if isinstance(parser, Skip):
        return parser
    take = _Collector(file, text)

    def requirements(section: str, option: str, scope: str) -> None:
        value = parser.get(section, option, fallback=None)
        for line in (value or "").splitlines():
            if line.strip() and not line.strip().startswith(("#", "file:")):
                take.add(line.strip(), scope, take.lines.of(line.strip()))

    requirements("options", "install_requires", "run")
    requirements("options", "tests_require", "test")
    requirements("options", "setup_requires", "build")
    if parser.has_section("options.extras_require"):
        for extra in parser.options("options.extras_require"):
            requirements("options.extras_require", extra, scope_of_group(extra, "optional"))
    return Project(
        folder=file.folder,
        name=_text(parser.get("metadata", "name", fallback=None)),
        licence=_text(parser.get("metadata", "license", fallback=None)),
        python=_text(parser.get("options", "python_requires", fallback=None)),
        declared=tuple(take.declared),
        skips=take.skips(),
    )


def read_setup_py(file: SourceFile, text: str) -> Project | Skip:
    """Read what stands literally in the ``setup()`` call of a ``setup.py``; it is never run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (RecursionError, MemoryError):
        return Skip(file.relative, "too-deep", "Its syntax tree is too deep to be read.")
    except (SyntaxError, ValueError) as error:
        return Skip(file.relative, "syntax", f"It is not Python: {error}.")
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    take = _Collector(file, text)
    told: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (getattr(node.func, "id", None) or getattr(node.func, "attr", None)) == "setup":
            told |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    unread: list[str] = []

    def literal(argument: str) -> Any:
        node = told.get(argument)
        node = constants.get(node.id, node) if isinstance(node, ast.Name) else node
        if node is None:
            return None
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            unread.append(argument)
            return None

    for argument, scope in (("install_requires", "run"), ("tests_require", "test"), ("setup_requires", "build")):
        value = literal(argument)
        for requirement in _several(value):
            take.add(requirement, scope)
    for extra, requirements in _table(literal("extras_require")).items():
        for requirement in _several(requirements):
            take.add(requirement, scope_of_group(str(extra).partition(":")[0], "optional"))
    skips = take.skips()
    name, licence, python = (_text(literal(argument)) for argument in ("name", "license", "python_requires"))
    computed = sorted(set(unread) & {"install_requires", "extras_require", "tests_require", "setup_requires"})
    if computed:
        detail = f"{', '.join(computed)}: computed when it runs, so not read. Declare it in pyproject.toml."
        skips += (Skip(file.relative, "incomplete", detail),)
    return Project(file.folder, name, licence, python, tuple(take.declared), skips=skips)


def read_pipfile(file: SourceFile, text: str) -> Project | Skip:
    """Read the packages and sources of a ``Pipfile``."""
    document = toml_of(file, text)
    if isinstance(document, Skip):
        return document
    take = _Collector(file, text)
    for heading, scope in (("packages", "run"), ("dev-packages", "development")):
        for name, entry in _table(document.get(heading)).items():
            take.table(name, entry, scope, heading)
    urls = [url for source in _list(document.get("source")) if (url := _text(_table(source).get("url")))]
    return Project(
        folder=file.folder,
        python=_text(_table(document.get("requires")).get("python_version")),
        declared=tuple(take.declared),
        indexes=tuple((url, take.evidence(url)) for url in urls),
        skips=take.skips(),
    )
