"""Python projects: what is declared, locked and installed, with scopes, edges, registries and lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from freehold.read.project import ProjectReader
from freehold.read.python_requirement import holds, parse_requirement, pypi_id
from freehold.stack.inventory import Component, Inventory


def forwards(host: str) -> str:
    return ".".join(reversed(host.split(".")))


INDEX = f"https://{forwards('org.pypi')}/simple"


def read(folder: Path, **files: str) -> Inventory:
    for name, text in files.items():
        write(folder, name.replace("__", "/"), text)
    return ProjectReader().read(folder)


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def by_name(inventory: Inventory) -> dict[str, Component]:
    return {component.name: component for component in inventory.components}


def scopes(inventory: Inventory) -> dict[str, str]:
    return {component.name: component.scope for component in inventory.components}


PYPROJECT = """\
[build-system]
requires = ["hatchling>=1"]
[project]
name = "Shop"
license = "MIT"
requires-python = ">=3.11"
dependencies = [
    "Requests[socks]>=2",
    "zope.interface==5.0",
    "winthing; sys_platform == 'win32'",
]
[project.optional-dependencies]
fast = ["numba"]
docs = ["sphinx"]
[dependency-groups]
test = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
[project.urls]
Source = "https://github.com/acme/shop"
"""


def test_a_pyproject_gives_direct_dependencies_with_scopes_and_lines(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", PYPROJECT)
    found = ProjectReader().read(tmp_path)
    assert (found.name, found.licence, found.languages) == ("Shop", "MIT", ("cpython",))
    assert scopes(found) == {
        "requests": "run", "zope-interface": "run", "winthing": "optional", "numba": "optional", "sphinx": "development",
        "pytest": "test", "ruff": "development", "hatchling": "build",
    }  # fmt: skip
    pinned = by_name(found)["zope-interface"]
    assert (pinned.id, pinned.version, pinned.direct) == ("pkg:pypi/zope-interface@5.0", "5.0", True)
    assert str(pinned.evidence[0]) == "pyproject.toml:9"
    forge = [contact for contact in found.contacts if contact.role == "forge"]
    assert [(contact.host, contact.scope, str(contact.evidence[0])) for contact in forge] == [
        ("com.github", "change", "pyproject.toml:19")
    ]


POETRY = """\
[tool.poetry]
name = "old"
[tool.poetry.dependencies]
python = "^3.11"
requests = "^2"
numba = {version = "*", optional = true}
own = {path = "../own"}
[tool.poetry.group.test.dependencies]
pytest = "^8"
[[tool.poetry.source]]
name = "house"
url = "https://user:secret@packages.firm.de/simple"
"""
POETRY_LOCK = """\
[[package]]
name = "requests"
version = "2.32.0"
optional = false
groups = ["main"]
files = [
    {file = "requests-2.32.0.tar.gz", hash = "sha256:00"},
]

[package.dependencies]
idna = ">=2"
pysocks = {version = ">=1", optional = true, markers = "extra == 'socks'"}
colorama = {version = "*", markers = "sys_platform == 'win32'"}

[package.extras]
socks = ["pysocks (>=1)"]

[[package]]
name = "idna"
version = "3.7"
optional = false
groups = ["main"]
files = []

[package.source]
type = "legacy"
url = "https://user:secret@packages.firm.de/simple"
reference = "house"

[[package]]
name = "pysocks"
version = "1.7"
optional = true
groups = ["main"]
files = []

[[package]]
name = "colorama"
version = "0.4"
optional = false
groups = ["main"]
files = []

[[package]]
name = "pytest"
version = "8.0"
optional = false
groups = ["test"]
files = []
[package.dependencies]
iniconfig = "*"

[[package]]
name = "iniconfig"
version = "2.0"
optional = false
groups = ["test"]
files = []
"""


def test_a_poetry_lock_gives_scopes_by_reachability_and_edges(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", POETRY)
    write(tmp_path, "poetry.lock", POETRY_LOCK)
    found = ProjectReader().read(tmp_path)
    assert scopes(found) == {
        "requests": "run", "idna": "run", "pysocks": "optional", "colorama": "optional", "numba": "optional", "pytest": "test",
        "iniconfig": "test",
    }  # fmt: skip
    parts = by_name(found)
    assert parts["requests"].depends == ("pkg:pypi/idna@3.7",)
    assert parts["requests"].direct
    assert not parts["idna"].direct
    assert [str(seen) for seen in parts["idna"].evidence] == ["poetry.lock:18"]
    assert parts["idna"].registry == "de.firm.packages"
    assert [(claim.id, claim.value, claim.confidence) for claim in found.claims] == [("pkg:pypi/colorama@0.4", "optional", 0.7)]


def test_user_information_of_an_index_is_not_kept(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", POETRY)
    write(tmp_path, "requirements.txt", "--index-url https://user:secret@packages.firm.de/simple\nidna==3.7\n")
    found = ProjectReader().read(tmp_path)
    registries = [(contact.host, contact.scope) for contact in found.contacts if contact.role == "registry"]
    assert registries == [("de.firm.packages", "change")]
    assert "secret" not in repr(found)


UV_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "shop"
version = "0.1"
source = {{ editable = "." }}
dependencies = [
    {{ name = "httpx", extra = ["http2"] }},
]

[package.optional-dependencies]
fast = [
    {{ name = "numba" }},
]

[package.dev-dependencies]
test = [
    {{ name = "pytest" }},
]

[[package]]
name = "httpx"
version = "0.28.1"
source = {{ registry = "{index}" }}
dependencies = [
    {{ name = "idna" }},
]
wheels = [
    {{ url = "https://files.firm.de/a.whl", hash = "sha256:00", size = 1 }},
]

[package.optional-dependencies]
http2 = [
    {{ name = "h2" }},
]

[[package]]
name = "h2"
version = "4.1"
source = {{ registry = "{index}" }}

[[package]]
name = "idna"
version = "3.7"
source = {{ git = "https://github.com/kjd/idna.git?rev=v3.7#abc" }}

[[package]]
name = "numba"
version = "0.61"
source = {{ registry = "{index}" }}

[[package]]
name = "pytest"
version = "8.0"
source = {{ registry = "{index}" }}
"""


def test_a_uv_lock_alone_gives_scopes_extras_registries_and_repositories(tmp_path: Path) -> None:
    write(tmp_path, "uv.lock", UV_LOCK.format(index=INDEX))
    found = ProjectReader().read(tmp_path)
    parts = by_name(found)
    assert scopes(found) == {"httpx": "run", "h2": "run", "idna": "run", "numba": "optional", "pytest": "test"}
    assert parts["httpx"].depends == ("pkg:pypi/h2@4.1", "pkg:pypi/idna@3.7")
    assert parts["httpx"].registry == "org.pypi"
    assert parts["idna"].repository == "com.github/kjd/idna"
    assert parts["h2"].evidence[0].line == 38
    assert "shop" not in parts


def test_a_pylock_is_read(tmp_path: Path) -> None:
    text = f"""lock-version = "1.0"
[[packages]]
name = "attrs"
version = "25.1.0"
index = "{INDEX}"
dependencies = [{{name = "idna"}}]

[[packages]]
name = "idna"
version = "3.7"
marker = "'test' in dependency_groups"
"""
    write(tmp_path, "pylock.toml", text)
    found = ProjectReader().read(tmp_path)
    assert scopes(found) == {"attrs": "run", "idna": "test"}
    assert by_name(found)["attrs"].registry == "org.pypi"


def test_a_pipfile_and_its_lock_are_read(tmp_path: Path) -> None:
    lock = {
        "_meta": {"sources": [{"name": "house", "url": "https://packages.firm.de/simple"}]},
        "default": {"requests": {"version": "==2.32.0", "index": "house"}, "idna": {"version": "==3.7"}},
        "develop": {"pytest": {"version": "==8.0"}},
    }
    write(tmp_path, "Pipfile", '[packages]\nrequests = "*"\n[dev-packages]\npytest = "*"\n')
    write(tmp_path, "Pipfile.lock", json.dumps(lock, indent=4))
    found = ProjectReader().read(tmp_path)
    assert scopes(found) == {"requests": "run", "idna": "run", "pytest": "development"}
    assert by_name(found)["requests"].registry == "de.firm.packages"
    assert by_name(found)["requests"].direct
    assert all(component.evidence[0].line for component in found.components)


REQUIREMENTS = """\
# a comment
-r more.requirements.txt
-c constraints.txt
--extra-index-url https://mirror.firm.de/simple
requests[socks]==2.32.0 ; python_version >= "3.8" \\
    --hash=sha256:0123 \\
    --hash=sha256:4567
idna>=3  # why
git+https://github.com/psf/black.git@24.1#egg=black
toml @ https://files.firm.de/toml-1.0-py3-none-any.whl
./local
?? nonsense
"""


def test_requirements_files_are_read_with_options_continuations_and_addresses(tmp_path: Path) -> None:
    write(tmp_path, "requirements.txt", REQUIREMENTS)
    write(tmp_path, "more.requirements.txt", "attrs==25.1.0\n")
    write(tmp_path, "constraints.txt", "certifi==2024.1\n")
    write(tmp_path, "requirements-dev.txt", "ruff\n")
    found = ProjectReader().read(tmp_path)
    assert scopes(found) == {
        "requests": "run", "idna": "run", "black": "run", "toml": "run", "attrs": "run", "ruff": "development",
    }  # fmt: skip
    assert by_name(found)["requests"].id == "pkg:pypi/requests@2.32.0"
    assert str(by_name(found)["requests"].evidence[0]) == "requirements.txt:5"
    assert str(by_name(found)["idna"].evidence[0]) == "requirements.txt:8"
    assert by_name(found)["black"].repository == "com.github/psf/black"
    assert [contact.host for contact in found.contacts if contact.role == "registry"] == ["de.firm.mirror"]
    assert [(skip.file, skip.reason) for skip in found.skips] == [("requirements.txt", "syntax")]


def test_setup_files_are_read_and_never_run(tmp_path: Path) -> None:
    write(tmp_path, "setup.cfg", "[metadata]\nname = old\n[options]\ninstall_requires =\n    requests\n    idna>=3\n")
    write(
        tmp_path,
        "lib/setup.py",
        "import pathlib\npathlib.Path('ran').write_text('')\nneeds = ['attrs==25.1.0']\n"
        "setup(name='lib', install_requires=needs, extras_require=dict(fast=['numba']), tests_require=['pytest'])\n",
    )
    found = ProjectReader().read(tmp_path)
    assert {"requests": "run", "idna": "run", "attrs": "run", "pytest": "test"}.items() <= scopes(found).items()
    assert not list(tmp_path.rglob("ran"))
    assert [(skip.file, skip.reason) for skip in found.skips] == [("lib/setup.py", "incomplete")]


def install(site: Path, name: str, version: str, *lines: str, **files: str) -> None:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    head = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *lines]
    (folder / "METADATA").write_text("\n".join(head) + "\n\nName: not a header\n", encoding="utf-8")
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")


def environment(folder: Path) -> Path:
    site = folder / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n", encoding="utf-8")
    install(
        site, "Requests", "2.32.0", "License-Expression: Apache-2.0", "Requires-Dist: idna>=2",
        "Requires-Dist: PySocks; extra == 'socks'", "Requires-Dist: tomli; python_version < '3.11'",
        "Project-URL: Source, https://github.com/psf/requests",
    )  # fmt: skip
    install(site, "idna", "3.8", "License: BSD-3-Clause", "Home-page: https://github.com/kjd/idna")
    install(site, "tomli", "2.0", "Classifier: License :: OSI Approved :: MIT License")
    install(site, "PySocks", "1.7", "License: UNKNOWN")
    return site


@pytest.mark.parametrize("inner", ["", ".venv", "some/where/venv"])
def test_an_environment_alone_gives_packages_licences_repositories_and_edges(tmp_path: Path, inner: str) -> None:
    environment(tmp_path / inner)
    found = ProjectReader().read(tmp_path)
    parts = by_name(found)
    assert set(scopes(found).values()) == {"run"}
    assert parts["requests"].depends == ("pkg:pypi/idna@3.8",)
    assert (parts["requests"].licence, parts["requests"].repository) == ("Apache-2.0", "com.github/psf/requests")
    assert (parts["idna"].licence, parts["idna"].repository) == ("BSD-3-Clause", "com.github/kjd/idna")
    assert (parts["tomli"].licence, parts["pysocks"].licence) == ("MIT", None)
    assert parts["requests"].direct
    assert not parts["idna"].direct
    assert found.languages == ("cpython",)


def test_a_folder_of_installed_packages_can_be_named_itself(tmp_path: Path) -> None:
    site = environment(tmp_path)
    assert len(ProjectReader().read(site).components) == 4


def test_a_lock_governs_and_an_environment_adds_to_it(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", POETRY)
    write(tmp_path, "poetry.lock", POETRY_LOCK)
    environment(tmp_path / ".venv")
    found = ProjectReader().read(tmp_path)
    parts = by_name(found)
    assert parts["requests"].licence == "Apache-2.0"
    assert parts["idna"].version == "3.7"
    assert found.joined >= 1
    different = [claim for claim in found.claims if claim.attribute == "version" and claim.id == "pkg:pypi/idna@3.7"]
    assert [claim.value for claim in different] == ["3.8"]


def test_packages_of_the_project_itself_are_no_components(tmp_path: Path) -> None:
    site = environment(tmp_path / ".venv")
    install(site, "shop", "1.0", **{"direct_url.json": '{"url": "file:///home/x", "dir_info": {"editable": true}}'})
    install(site, "black", "24.1", **{"direct_url.json": '{"url": "https://github.com/psf/black", "vcs_info": {"vcs": "git"}}'})
    parts = by_name(ProjectReader().read(tmp_path))
    assert "shop" not in parts
    assert parts["black"].repository == "com.github/psf/black"


def test_each_project_of_a_monorepo_has_its_own_lock(tmp_path: Path) -> None:
    write(tmp_path, "one/pyproject.toml", '[project]\nname = "one"\ndependencies = ["requests"]\n')
    write(tmp_path, "one/poetry.lock", POETRY_LOCK)
    write(tmp_path, "two/pyproject.toml", '[project]\nname = "two"\ndependencies = ["requests"]\n')
    found = ProjectReader().read(tmp_path)
    assert [component.id for component in found.components if component.name == "requests"] == [
        "pkg:pypi/requests",
        "pkg:pypi/requests@2.32.0",
    ]


@pytest.mark.parametrize(
    ("marker", "answer"),
    [
        ("", True),
        ("sys_platform == 'linux'", True),
        ("sys_platform == 'win32' or os_name == 'posix'", True),
        ("sys_platform == 'win32' and python_version > '3'", False),
        ("python_version >= '3.9'", True),
        ("python_version < '3.9'", False),
        ("python_version ~= '3.10'", True),
        ("python_full_version == '3.12.*'", True),
        ("'linux' in sys_platform", True),
        ("platform_machine == 'arm64'", None),
        ("platform_machine == 'arm64' and sys_platform == 'darwin'", False),
        ("extra == 'Fast'", True),
        ("extra == 'slow'", False),
        ("(" * 5000, None),
        ("nonsense (", None),
    ],
)
def test_markers_are_judged_for_one_sort_of_system(marker: str, answer: bool | None) -> None:
    assert holds(marker, "3.12", {"fast"}) is answer


@given(st.text(max_size=60))
def test_no_text_breaks_requirements_or_markers(text: str) -> None:
    parse_requirement(text)
    holds(text, "3.12")


@given(
    st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,8}[A-Za-z0-9])?", fullmatch=True),
    st.from_regex(r"[0-9]!?[0-9a-z.+:]{0,8}[0-9]", fullmatch=True),
)
def test_package_urls_are_canonical(name: str, version: str) -> None:
    import re

    plain = re.sub(r"[-_.]+", "-", name).lower()
    assert pypi_id(name, version) == PackageURL("pypi", None, plain, version).to_string()
