"""The house: which room may use which, and what no file may hold. Parsed, not run: imports inside functions count."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src"
PACKAGE = "freehold"
MOST_LINES = 600
TOP = {
    ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "benchmarks", "docs",
    "examples", "pyproject.toml", "requirements", "scripts", "src", "tests",
}  # fmt: skip

# Each room, and the rooms that it may use. ``freehold`` is the package's own face: it hands out names of the rooms before it.
LEAVES = {"errors", "words", "version", "log", "whole_file", "domain_names", "canonical"}
RESULTS = LEAVES | {"settings", "stack", "network", "measure", "catalogue"}
SERVICE = {"watch", "respond", "gateway"}
PROOF = {"drill", "provision"}
MAY_USE = {
    **{leaf: set[str]() for leaf in LEAVES},
    "whole_file": {"errors"},
    "domain_names": {"errors"},
    "canonical": {"errors"},
    "stack": {"errors"},
    "network": {"errors", "stack"},
    "measure": {"errors", "words", "stack", "network"},
    "catalogue": {"errors", "words", "stack"},
    "read": {"errors", "stack"},
    "write": {"errors", "stack"},
    "scale": {"errors", "whole_file"},
    "store": {"errors", "version", "stack"},
    "language_file": {"errors", "words", "stack", "whole_file"},
    "settings": {"errors", "stack", "language_file"},
    "holdings": {"errors", "stack", "store"},
    "firms": {"errors", "stack", "network", "measure", "read"},
    "doctor": RESULTS | {"store"},
    "plan": RESULTS - {"settings"},
    "schemes": (RESULTS | {"plan"}) - {"settings"},
    "drill": RESULTS - {"settings"},
    "provision": (RESULTS - {"settings"}) | {"drill"},
    "watch": RESULTS - {"settings"},
    "respond": (RESULTS - {"settings"}) | {"watch"},
    "gateway": (RESULTS - {"settings"}) | {"watch", "respond"},
    "report": (RESULTS | {"doctor", "store", "plan", "schemes"} | SERVICE | PROOF) - {"settings"},
    "work": RESULTS | {"read", "write", "store", "holdings", "report", "scale", "plan", "schemes"} | SERVICE | PROOF,
    "reporting": RESULTS | {"read", "write", "report", "scale", "plan", "schemes", "work"} | SERVICE | PROOF,
    "reporting_packs": RESULTS | {"write", "report", "plan", "schemes", "work"},
    "reporting_firms": RESULTS | {"firms", "report"},
    "reporting_folder": {"errors", "version", "whole_file"},
    "freehold": RESULTS | {"read", "report", "work", "firms", "plan", "schemes", "reporting"},
    "web": RESULTS | {"report", "work"} | SERVICE,
    "demo": RESULTS | {"report", "work", "web"} | SERVICE,
    "cli": RESULTS
    | {
        "plan",
        "schemes",
        "reporting",
        "reporting_packs",
        "reporting_firms",
        "reporting_folder",
        "write",
        "read",
        "store",
        "holdings",
        "doctor",
        "report",
        "work",
        "freehold",
        "web",
        "demo",
        "scale",
        "firms",
    }
    | SERVICE
    | PROOF,
    "reference": RESULTS
    | {"plan", "schemes", "reporting", "read", "doctor", "report", "work", "freehold", "cli"}
    | SERVICE
    | PROOF,
    "__main__": {"cli"},
}
PLUG_POINTS = ("read", "report", "store", "drill", "scale", "schemes")
# The rooms that serve, call and act; all others read files and compute. Only a response's command, the demo and drills start
# a process.
MAY_GO_OUT = {"watch", "respond", "gateway", "web", "demo", "drill", "provision"}
MAY_START_PROCESSES = ("freehold.respond.actions.command", "freehold.demo", "freehold.drill", "freehold.provision")
# What the standard library has no name for (namespaces, file watches) is asked of the kernel in one module alone.
MAY_CALL_THE_KERNEL = "freehold.drill.kernel"
NO_ROOM = re.compile(r"(^|_)(util|utils|helper|helpers|misc|base|common|manager)(_|$)")
NEVER_CALLED = {"eval", "exec", "compile", "__import__"}
NEVER_IMPORTED = {
    "pickle",
    "marshal",
    "shelve",
    "subprocess",
    "socket",
    "ssl",
    "http",
    "urllib.request",
    "ftplib",
    "smtplib",
    "asyncio",
    "requests",
    "httpx",
    "ctypes",
}
GOING_OUT = {"socket", "ssl", "http", "asyncio"}
WORDS_OF_WORK = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bNotImplementedError\b")
MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:home|root|Users|tmp|work|mnt)/\w\w|\b[A-Z]:\\\\?Users")
# Hosts of package registries, most general label first: turned round here, so that no file holds one as it is dialled.
REGISTRIES = ("org.pypi", "org.pythonhosted", "com.npmjs", "org.npmjs", "com.yarnpkg", "org.debian.deb", "org.debian.ftp", "org.debian.security", "io.crates", "org.rubygems", "org.golang.proxy", "org.nuget", "org.maven.repo1")  # noqa: E501  # fmt: skip


def name_of(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted((SRC / PACKAGE).rglob("*.py"))}
TEXTS = sorted(
    path
    for folder in ("src", "tests", "docs", "benchmarks", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.is_file()
    and path.suffix in {".py", ".md", ".toml", ".csv", ".txt", ".json", ".xml", ".html", "", ".yml"}
    and not any(part.endswith(("cache", "cache__")) for part in path.relative_to(ROOT).parts)
)
ids = pytest.mark.parametrize("module", sorted(MODULES))


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imported(module: str) -> tuple[tuple[str, str | None], ...]:
    """Every import anywhere in a module: the module imported from, and the name taken (``None``: the module itself)."""
    return tuple(_imported(module))


def _imported(module: str) -> Iterator[tuple[str, str | None]]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import hides which room is used"
            assert node.module
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole, None) if whole in MODULES else (node.module, alias.name)


def uses(module: str) -> set[str]:
    return {one for one, _ in imported(module) if one.partition(".")[0] == PACKAGE}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def defined(module: str) -> set[str]:
    """Names that a module binds at its top level, imports aside."""
    found: set[str] = set()
    for node in tree(module).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                found |= {part.id for part in parts if isinstance(part, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def public(module: str) -> set[str] | None:
    """What a module lists in ``__all__``; ``None`` if it has none."""
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == "__all__" for one in node.targets):
            return set(ast.literal_eval(node.value))
    return None


def lazy_names() -> set[str]:
    """Names that the package's face hands out when they are first used."""
    for node in tree(PACKAGE).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "_HOMES":
            assert node.value is not None
            return {name for names in ast.literal_eval(node.value).values() for name in names}
    return set()


@ids
def test_a_module_uses_only_the_rooms_before_its_own(module: str) -> None:
    own = room(module)
    assert own in MAY_USE, f"{own} is a room that the house does not have: say in MAY_USE what it may use"
    strange = {used for used in uses(module) if room(used) != own and room(used) not in MAY_USE[own]}
    assert not strange, f"{module} ({own}) may not use {sorted(strange)}"


def test_the_rooms_have_an_order() -> None:
    try:
        tuple(TopologicalSorter(MAY_USE).static_order())
    except CycleError as error:
        pytest.fail(f"rooms in a circle: {error.args[1]}")


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        tuple(TopologicalSorter({module: uses(module) - {module} for module in MODULES}).static_order())
    except CycleError as error:
        pytest.fail("modules in a circle: " + " <- ".join(error.args[1]))


@pytest.mark.parametrize("plug_point", PLUG_POINTS)
def test_a_plug_point_has_one_interface_and_nothing_imports_its_face(plug_point: str) -> None:
    face = f"{PACKAGE}.{plug_point}"
    assert f"{face}.interface" in MODULES
    assert not [module for module in MODULES if face in uses(module)]


@ids
def test_a_module_is_not_too_long_and_its_name_says_its_subject(module: str) -> None:
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    assert not NO_ROOM.search(module.rpartition(".")[2])


@ids
def test_a_module_says_what_it_owns_and_lists_its_public_names(module: str) -> None:
    assert ast.get_docstring(tree(module)), f"{module} has no docstring"
    bound = defined(module)
    # the constant of `typing`, where importing that would take too long, is for the reader of types alone
    names = {name for name in bound if not name.startswith("_")} - {"TYPE_CHECKING"}
    listed = public(module)
    if listed is None:
        assert not names, f"{module} has no __all__, and binds {sorted(names)}"
        return
    taken = {name for _, name in imported(module) if name}
    assert not names - listed, f"{module}: public and not in __all__: {sorted(names - listed)}"
    handed_out = lazy_names() if module == PACKAGE else set()
    missing = listed - bound - taken - handed_out
    assert not missing, f"{module}: in __all__ and not there: {sorted(missing)}"


@ids
def test_a_module_takes_only_public_names_from_another(module: str) -> None:
    strange = {
        f"{other}.{name}"
        for other, name in imported(module)
        if name and other in MODULES and name not in (public(other) or set())
    }
    assert not strange, f"{module} takes names that are not public: {sorted(strange)}"


@ids
def test_a_public_function_or_class_says_what_it_does(module: str) -> None:
    listed = public(module) or set()
    silent = [
        node.name
        for node in tree(module).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in listed and not ast.get_docstring(node)
    ]
    assert not silent, f"{module}: without a docstring: {silent}"


@ids
def test_nothing_read_can_be_run_and_nothing_goes_out(module: str) -> None:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else None
            assert called not in NEVER_CALLED, f"{module}, line {node.lineno}: calls {called}"
            assert not any(word.arg == "shell" for word in node.keywords), f"{module}, line {node.lineno}: a shell"
    never = NEVER_IMPORTED - GOING_OUT if room(module) in MAY_GO_OUT else NEVER_IMPORTED
    if module.startswith(MAY_START_PROCESSES):
        never = never - {"subprocess"}
    if module == MAY_CALL_THE_KERNEL:
        never = never - {"ctypes"}
    strange = {one for one, _ in imported(module) if one in never or one.partition(".")[0] in never}
    assert not strange, f"{module} imports {sorted(strange)}"


@ids
def test_a_module_leaves_nothing_for_later(module: str) -> None:
    found = WORDS_OF_WORK.findall(MODULES[module].read_text(encoding="utf-8"))
    assert not found, f"{module}: {found}"


@pytest.mark.parametrize("registry", REGISTRIES)
def test_no_file_holds_the_host_of_a_package_registry(registry: str) -> None:
    host = ".".join(reversed(registry.split(".")))
    found = [str(path.relative_to(ROOT)) for path in TEXTS if host in text(path)]
    assert not found, f"{registry} stands forwards in {found}"


def test_no_file_holds_a_path_of_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in TEXTS
        if path.name != Path(__file__).name
        # reports show the addresses of evidence as they are published, and one of a filing holds such a path
        if path.suffix != ".csv" and path.parent.name != "reports"
        for match in MACHINE_PATH.finditer(text(path))
    ]
    assert not found, found


def test_the_repository_holds_nothing_that_does_not_belong_to_it() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no git repository here")
    listed = subprocess.run([git, "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True)
    found = {name.partition("/")[0] for name in listed.stdout.split("\0") if name}
    assert found <= TOP, f"what is {sorted(found - TOP)}? Remove it, or say in TOP that it belongs here"
