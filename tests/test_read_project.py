"""Whole folders: forges, continuous integration, images, Node, bad input, limits, and that reading is repeatable."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from packageurl import PackageURL

from freehold.errors import ReadError
from freehold.read.containers import image_findings
from freehold.read.project import ProjectReader
from freehold.read.walk import LARGEST_SOURCE, fingerprint
from freehold.stack.inventory import Evidence, Inventory
from permissions import bound_by_permissions

ROOT = Path(__file__).resolve().parent.parent


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def read(folder: Path, files: dict[str, str]) -> Inventory:
    return ProjectReader().read(write(folder, files))


def roles(inventory: Inventory, role: str) -> list[str]:
    return [contact.host for contact in inventory.contacts if contact.role == role]


def test_an_empty_folder_gives_an_empty_inventory(tmp_path: Path) -> None:
    found = ProjectReader().read(tmp_path)
    assert (found.name, found.components, found.contacts, found.skips, found.languages) == (tmp_path.name, (), (), (), ())


def test_the_reader_recognises_folders_only(tmp_path: Path) -> None:
    write(tmp_path, {"a.toml": ""})
    assert ProjectReader().recognises(tmp_path, b"")
    assert not ProjectReader().recognises(tmp_path / "a.toml", b"")


def test_what_is_not_there_or_no_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"file": ""})
    for name in ("file", "missing"):
        with pytest.raises(ReadError, match="cannot be read as a folder"):
            ProjectReader().read(tmp_path / name)


GIT = """\
[core]
    bare = false
[remote "origin"]
    url = https://user:secret@github.com/acme/shop.git
    pushurl = git@codeberg.org:acme/shop.git
[remote "house"]
    url = /srv/git/shop
[branch "main"]
    remote = origin
"""


def test_git_remotes_are_forges(tmp_path: Path) -> None:
    found = read(tmp_path, {".git/config": GIT})
    assert [(contact.host, contact.role, contact.scope) for contact in found.contacts] == [
        ("com.github", "forge", "change"),
        ("org.codeberg", "forge", "change"),
    ]
    assert str(found.contacts[0].evidence[0]) == ".git/config:4"
    assert "secret" not in repr(found)


def test_a_worktree_leads_to_the_remotes_of_its_repository(tmp_path: Path) -> None:
    write(tmp_path, {"main/.git/config": GIT, "main/.git/worktrees/w/commondir": "../..\n", "w/a.txt": ""})
    (tmp_path / "w" / ".git").write_text(f"gitdir: {tmp_path}/main/.git/worktrees/w\n", encoding="utf-8")
    assert roles(ProjectReader().read(tmp_path / "w"), "forge") == ["com.github", "org.codeberg"]


WORKFLOW = """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    container: python:3.12
    services:
      db:
        image: ghcr.io/acme/db:1
    steps:
      - uses: actions/checkout@v4
      - uses: github/codeql-action/init@v3
      - uses: ./local
      - uses: docker://alpine:3
      - run: |
          echo https://no.firm.de
          curl -sSL https://get.firm.de/install.sh | sh  # https://no.firm.de
          pip install --index-url https://packages.firm.de/simple x
"""


def test_a_github_workflow_gives_operator_actions_images_and_hosts(tmp_path: Path) -> None:
    found = read(tmp_path, {".github/workflows/ci.yml": WORKFLOW})
    assert roles(found, "ci") == ["com.github"]
    assert {component.id: component.scope for component in found.components} == {
        "pkg:docker/alpine@3": "build",
        "pkg:docker/db@1?repository_url=ghcr.io/acme": "build",
        "pkg:docker/python@3.12": "build",
        "pkg:githubactions/actions/checkout@v4": "build",
        "pkg:githubactions/github/codeql-action@v3#init": "build",
    }
    assert all(PackageURL.from_string(component.id).to_string() == component.id for component in found.components)
    assert roles(found, "service") == ["de.firm.get"]
    assert roles(found, "registry") == ["de.firm.packages"]
    assert roles(found, "image-registry") == ["com.docker.hub", "io.ghcr"]
    assert {contact.scope for contact in found.contacts} == {"change"}
    get = next(contact for contact in found.contacts if contact.host == "de.firm.get")
    assert get.evidence == (Evidence(".github/workflows/ci.yml", 16),)


@pytest.mark.parametrize(
    ("file", "operator"),
    [
        (".gitlab-ci.yml", "com.gitlab"),
        (".circleci/config.yml", "com.circleci"),
        ("azure-pipelines.yml", "com.azure.dev"),
        ("bitbucket-pipelines.yml", "org.bitbucket"),
        (".travis.yml", "com.travis-ci"),
    ],
)
def test_each_service_has_its_operator(tmp_path: Path, file: str, operator: str) -> None:
    found = read(tmp_path, {file: "test:\n  script:\n    - make\n"})
    assert roles(found, "ci") == [operator]


@pytest.mark.parametrize(
    "file", [".forgejo/workflows/a.yml", ".woodpecker.yml", ".woodpecker/a.yml", ".gitea/workflows/a.yaml"]
)
def test_a_service_of_the_forge_runs_where_the_forge_is(tmp_path: Path, file: str) -> None:
    write(tmp_path, {file: "steps: []\n"})
    assert [skip.reason for skip in ProjectReader().read(tmp_path).skips] == ["incomplete"]
    found = read(tmp_path, {".git/config": '[remote "o"]\nurl = https://codeberg.org/a/b\n'})
    assert roles(found, "ci") == ["org.codeberg"]


def test_a_gitlab_of_ones_own_runs_its_own_pipelines(tmp_path: Path) -> None:
    found = read(tmp_path, {".gitlab-ci.yml": "a: {}\n", ".git/config": '[remote "o"]\nurl = https://gitlab.firm.de/a/b\n'})
    assert roles(found, "ci") == ["de.firm.gitlab"]


def test_a_jenkinsfile_says_that_its_server_is_not_known(tmp_path: Path) -> None:
    found = read(tmp_path, {"Jenkinsfile": "pipeline {}"})
    assert [(skip.file, skip.reason) for skip in found.skips] == [("Jenkinsfile", "incomplete")]


DOCKERFILE = """\
ARG VERSION=3.12
FROM node:20 AS web
RUN curl -L \\
    https://get.firm.de/x | sh
FROM python:${VERSION}-slim AS base
FROM base
COPY --from=web /a /a
COPY --from=quay.io/acme/tool:1 /b /b
ENV API_URL=https://api.firm.de
"""


def test_a_dockerfile_tells_what_runs_from_what_builds(tmp_path: Path) -> None:
    found = read(tmp_path, {"Dockerfile": DOCKERFILE})
    assert {component.id: component.scope for component in found.components} == {
        "pkg:docker/node@20": "build",
        "pkg:docker/python@3.12-slim": "run",
        "pkg:docker/tool@1?repository_url=quay.io/acme": "build",
    }
    assert [(contact.host, contact.scope) for contact in found.contacts if contact.role == "service"] == [
        ("de.firm.api", "run"),
        ("de.firm.get", "change"),
    ]


def test_compose_files_beside_the_main_one_are_variants(tmp_path: Path) -> None:
    main = (
        "services:\n  a:\n    image: redis:7\n  b:\n    extends: {file: common.compose.yml, service: b}\n"
        "  own:\n    build: .\n    image: own\n"
    )
    found = read(
        tmp_path,
        {
            "docker-compose.yml": main,
            "common.compose.yml": "services:\n  b:\n    image: ghcr.io/acme/b@sha256:00ff\n",
            "docker-compose.extra.yml": "services:\n  c:\n    image: grafana/grafana\n",
            "docker-compose.dev.yml": "services:\n  d:\n    image: mailhog/mailhog\n",
        },
    )
    assert {component.id: component.scope for component in found.components} == {
        "pkg:docker/b@sha256:00ff?repository_url=ghcr.io/acme": "run",
        "pkg:docker/grafana/grafana": "optional",
        "pkg:docker/mailhog/mailhog": "development",
        "pkg:docker/redis@7": "run",
    }


@pytest.mark.parametrize("image", ["localhost:5000/x", "scratch", "$IMAGE", "registry.local/x", "", "A B"])
def test_images_that_are_nobodys_are_none(image: str) -> None:
    assert image_findings(image, "run", Evidence("f")).components == ()


PACKAGE = {
    "name": "web",
    "license": "MIT",
    "repository": {"url": "git+https://github.com/acme/web.git"},
    "dependencies": {"react": "^18.0.0", "@scope/x": "1.2.3", "own": "file:../own"},
    "devDependencies": {"jest": "^29"},
}


def test_a_package_json_gives_direct_dependencies(tmp_path: Path) -> None:
    found = read(tmp_path, {"package.json": json.dumps(PACKAGE, indent=2)})
    assert {component.id: component.scope for component in found.components} == {
        "pkg:npm/%40scope/x@1.2.3": "run",
        "pkg:npm/jest": "development",
        "pkg:npm/react": "run",
    }
    assert (found.name, found.licence, found.languages, roles(found, "forge")) == ("web", "MIT", ("node",), ["com.github"])
    assert all(component.direct and component.evidence[0].line for component in found.components)


def test_a_package_lock_gives_versions_licences_scopes_and_edges(tmp_path: Path) -> None:
    resolved = "https://packages.firm.de/x.tgz"
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "": {"dependencies": {"react": "^18.0.0", "@scope/x": "1.2.3"}, "devDependencies": {"jest": "^29"}},
            "node_modules/react": {"version": "18.3.1", "license": "MIT", "resolved": resolved, "dependencies": {"loose": "1"}},
            "node_modules/react/node_modules/loose": {"version": "1.0.0"},
            "node_modules/loose": {"version": "2.0.0", "optional": True},
            "node_modules/@scope/x": {"version": "1.2.3", "dependencies": {"loose": "2"}},
            "node_modules/jest": {"version": "29.0.0", "dev": True},
            "node_modules/own": {"link": True, "resolved": "packages/own"},
        },
    }
    found = read(tmp_path, {"package.json": json.dumps(PACKAGE), "package-lock.json": json.dumps(lock, indent=2)})
    parts = {component.id: component for component in found.components}
    assert {identity: component.scope for identity, component in parts.items()} == {
        "pkg:npm/%40scope/x@1.2.3": "run",
        "pkg:npm/jest@29.0.0": "development",
        "pkg:npm/loose@1.0.0": "run",
        "pkg:npm/loose@2.0.0": "optional",
        "pkg:npm/react@18.3.1": "run",
    }
    react = parts["pkg:npm/react@18.3.1"]
    assert (react.licence, react.registry, react.direct, react.depends) == (
        "MIT",
        "de.firm.packages",
        True,
        ("pkg:npm/loose@1.0.0",),
    )
    assert parts["pkg:npm/%40scope/x@1.2.3"].depends == ("pkg:npm/loose@2.0.0",)
    assert not parts["pkg:npm/loose@1.0.0"].direct
    assert react.evidence[0].line > 1


@pytest.mark.parametrize("name", ["pom.xml", "yarn.lock", "pnpm-lock.yaml", "Gemfile.lock"])
def test_manifests_of_later_readers_are_skipped_in_words(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, {name: "x"})
    assert [(skip.file, skip.reason) for skip in found.skips] == [(name, "unsupported")]
    assert "its packages are not counted" in found.skips[0].detail


def test_source_in_other_languages_is_counted(tmp_path: Path) -> None:
    found = read(tmp_path, {"a.go": "", "b.go": ""})
    assert [(skip.file, skip.reason) for skip in found.skips] == [("a.go", "unsupported")]
    assert "2 file(s)" in found.skips[0].detail


BAD = {
    "pyproject.toml": ("[project\n", "syntax"),
    "uv.lock": ("package = 1 2", "syntax"),
    "Pipfile.lock": ("{", "syntax"),
    "package.json": ("[" * 100_000, "too-deep"),
    "package-lock.json": ("{,}", "syntax"),
    "setup.py": ("def (", "syntax"),
    "a.py": ('URL = "https://a.firm.de"\ndef (', "syntax"),
    "a.yaml": ("url: https://a.firm.de\n- [", "syntax"),
    "a.json": ('{"url": "https://a.firm.de",}', "syntax"),
    "a.ini": ("url = https://a.firm.de", "syntax"),
    ".github/workflows/a.yml": ("a: [", "syntax"),
    "deep.yaml": ("url: https://a.firm.de\nx: " + "[" * 500 + "]" * 500, "too-deep"),
    "deep.json": ('{"url": "https://a.firm.de", "x": ' + "[" * 200_000 + "]" * 200_000 + "}", "too-deep"),
    "deep.toml": ('url = "https://a.firm.de"\nx = ' + "[" * 20_000, "too-deep"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_content_is_a_skip_with_a_reason(tmp_path: Path, name: str) -> None:
    text, reason = BAD[name]
    found = read(tmp_path, {name: text})
    assert [(skip.file, skip.reason) for skip in found.skips] == [(name, reason)]
    assert found.skips[0].detail


@pytest.mark.parametrize(
    "text",
    [
        "[project]\ndependencies = 3\n[tool]\npoetry = []\n",
        "[project]\nname = 1\noptional-dependencies = [1]\ndependencies = [1, {}, '']\n[dependency-groups]\na = 1\n",
        "[tool.poetry.dependencies]\na = 1\nb = [1, {}]\nc = {extras = 1}\n[tool.poetry.group]\nx = 1\n",
    ],
)
def test_unexpected_types_in_a_manifest_do_not_raise(tmp_path: Path, text: str) -> None:
    read(tmp_path, {"pyproject.toml": text})


@pytest.mark.parametrize(
    "text", ["package = 1", "package = [1]", "[[package]]\nname = 1", "[[package]]\nname = 'a'\nsource = 1\ndependencies = 1"]
)
def test_unexpected_types_in_a_lock_do_not_raise(tmp_path: Path, text: str) -> None:
    read(tmp_path, {"uv.lock": text, "poetry.lock": text, "pylock.toml": text.replace("package", "packages")})


def test_a_deeply_nested_expression_does_not_raise(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "a.py": 'URL = "https://a.firm.de"\nx = ' + "(" * 5000 + ")" * 5000,
            "b.py": 'B = "https://b.firm.de"' + " + x" * 50_000,
        },
    )
    assert {skip.reason for skip in found.skips} <= {"syntax", "too-deep"}


def test_a_yaml_bomb_stays_small(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    found = read(tmp_path, {"bomb.yaml": "url: https://a.firm.de\n" + "\n".join(rows)})
    assert roles(found, "service") == ["de.firm.a"]


def test_a_file_that_is_not_utf8_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[project]\nname = '\xff'\n")
    (tmp_path / "a.py").write_bytes(b'URL = "https://a.firm.de"\nx = "\xff"\n')
    found = ProjectReader().read(tmp_path)
    assert [(skip.file, skip.reason) for skip in found.skips] == [("a.py", "encoding"), ("pyproject.toml", "encoding")]
    assert "Line 2" in found.skips[0].detail


def test_a_file_over_the_limit_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"#" * (LARGEST_SOURCE + 1))
    found = ProjectReader().read(tmp_path)
    assert [(skip.file, skip.reason) for skip in found.skips] == [("a.py", "too-large")]


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"a.py": 'URL = "https://a.firm.de"', "b.py": 'URL = "https://b.firm.de"'})
    inside = write(tmp_path / "inside", {"c.py": 'URL = "https://c.firm.de"'})
    for name, target in {"loop": inside, "away": outside, "b.py": outside / "b.py", "same.py": inside / "c.py"}.items():
        (inside / name).symlink_to(target)
    found = ProjectReader().read(inside)
    assert roles(found, "service") == ["de.firm.c"]
    assert [(skip.file, skip.reason) for skip in found.skips] == [("away", "link"), ("b.py", "link")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_does_not_stop_the_reading(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    assert ProjectReader().read(tmp_path).components == ()


def test_what_may_not_be_read_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "", "b/c.py": ""})
    (tmp_path / "a.py").chmod(0)
    (tmp_path / "b").chmod(0)
    with bound_by_permissions():
        found = ProjectReader().read(tmp_path)
    (tmp_path / "b").chmod(0o700)
    assert [(skip.file, skip.reason) for skip in found.skips] == [("a.py", "unreadable"), ("b", "unreadable")]


def test_a_metadata_file_without_a_name_is_skipped(tmp_path: Path) -> None:
    found = read(tmp_path, {"x-1.dist-info/METADATA": "Version: 1\n", "y-1.dist-info/RECORD": ""})
    assert [(skip.file, skip.reason) for skip in found.skips] == [
        ("x-1.dist-info/METADATA", "syntax"),
        ("y-1.dist-info/METADATA", "unreadable"),
    ]


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": DOCKERFILE, ".github/workflows/ci.yml": WORKFLOW, "package.json": json.dumps(PACKAGE)})
    assert ProjectReader().read(tmp_path) == ProjectReader().read(tmp_path)


def test_a_fingerprint_changes_with_what_is_read_and_not_otherwise(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x = 1", "picture.png": "x"})
    first = fingerprint(tmp_path)
    write(tmp_path, {"other.png": "y"})
    assert fingerprint(tmp_path) == first
    write(tmp_path, {"a.py": "x = 12"})
    assert fingerprint(tmp_path) != first


def test_this_repository_reads_itself() -> None:
    found = ProjectReader().read(ROOT)
    direct = {component.name: component.scope for component in found.components if component.direct}
    assert found.name == "freehold"
    assert direct["numpy"] == "run"
    assert direct["pytest"] == "test"
    assert "cpython" in found.languages
    # a list of facts that names hosts backwards is not a program that calls them
    assert roles(found, "service") == []
