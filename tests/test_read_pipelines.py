"""GitHub Actions and GitLab CI in full: runners, matrices, logins, includes, components; odd and hostile pipelines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.read.findings import Findings
from freehold.read.project import ProjectReader
from freehold.read.walk import SourceFile
from freehold.read.workflows import read_workflow
from freehold.read.yaml_tree import parse_yaml
from freehold.stack.inventory import Inventory, Skip


def read(folder: Path, files: dict[str, str]) -> Inventory:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return ProjectReader().read(folder)


def roles(inventory: Inventory, role: str) -> list[str]:
    return [contact.host for contact in inventory.contacts if contact.role == role]


def ids(inventory: Inventory) -> list[str]:
    return [component.id for component in inventory.components]


def forward(host: str) -> str:
    return ".".join(reversed(host.split(".")))


GITHUB = f"""\
on:
  schedule: [{{cron: "0 3 * * *"}}]
permissions: {{id-token: write}}
env:
  REGISTRY: ghcr.io
  REPORT_URL: https://report.firm.de/in
jobs:
  test:
    runs-on: ${{{{ matrix.os }}}}
    strategy:
      matrix:
        os: [ubuntu-24.04, macos-14]
        db: ["postgres:15", "postgres:16"]
        node: [20, 22]
        include: [{{node: 24}}]
    container: node:${{{{ matrix.node }}}}
    services:
      db: {{image: "${{{{ matrix.db }}}}"}}
      cache: {{image: redis}}
      odd: {{image: "${{{{ inputs.image }}}}"}}
    steps:
      - uses: actions/setup-node@v4
        with:
          registry-url: https://{forward("org.npmjs.registry")}
      - uses: docker/login-action@v3
        with: {{registry: "${{{{ env.REGISTRY }}}}", username: u}}
      - uses: aws-actions/configure-aws-credentials@v4
        with: {{role-to-assume: "arn:aws:iam::1:role/x", aws-region: eu-central-1}}
      - uses: google-github-actions/auth@v2
        with: {{workload_identity_provider: projects/1/locations/global/workloadIdentityPools/p/providers/g}}
  own:
    runs-on: [self-hosted, gpu]
    steps: [{{run: make}}]
  big:
    runs-on: {{group: large-runners}}
    steps: []
  call:
    uses: acme/shared/.github/workflows/build.yml@v1
"""


def test_a_workflow_gives_images_by_matrix_registries_clouds_and_machines(tmp_path: Path) -> None:
    found = read(tmp_path, {".github/workflows/ci.yml": GITHUB})
    assert ids(found) == [
        "pkg:docker/node@20",
        "pkg:docker/node@22",
        "pkg:docker/node@24",
        "pkg:docker/postgres@15",
        "pkg:docker/postgres@16",
        "pkg:docker/redis",
        "pkg:githubactions/acme/shared@v1#.github/workflows/build.yml",
        "pkg:githubactions/actions/setup-node@v4",
        "pkg:githubactions/aws-actions/configure-aws-credentials@v4",
        "pkg:githubactions/docker/login-action@v3",
        "pkg:githubactions/google-github-actions/auth@v2",
    ]
    assert roles(found, "ci") == ["com.github"]
    assert roles(found, "image-registry") == ["com.docker.hub", "io.ghcr"]
    assert roles(found, "registry") == ["org.npmjs.registry"]
    assert roles(found, "service") == ["com.amazonaws.sts", "com.googleapis.sts", "de.firm.report"]
    assert {contact.scope for contact in found.contacts} == {"change"}
    assert [skip.detail for skip in found.skips] == [
        "Jobs run on machines labelled gpu, large-runners, self-hosted: whose they are does not stand in the file.",
        "Line 20 names an image by an expression that is only known when it runs.",
    ]


ACTION = """\
name: Build
runs:
  using: composite
  steps:
    - uses: actions/cache@v4
    - run: curl https://get.firm.de/x
      shell: bash
"""


def test_an_action_of_ones_own_is_read_and_runs_where_it_is_used(tmp_path: Path) -> None:
    docker = "runs: {using: docker, image: 'docker://ghcr.io/acme/tool:1'}\n"
    found = read(tmp_path, {"action.yml": ACTION, "tool/action.yaml": docker, "other/action.yml": "a: 1\n"})
    assert ids(found) == ["pkg:docker/tool@1?repository_url=ghcr.io/acme", "pkg:githubactions/actions/cache@v4"]
    assert roles(found, "ci") == []
    assert roles(found, "service") == ["de.firm.get"]
    assert found.skips == ()


def test_actions_may_come_from_another_forge(tmp_path: Path) -> None:
    text = "jobs: {a: {steps: [{uses: 'https://codeberg.org/acme/do@v2'}, {uses: 'https://github.com/acme/do@v3'}]}}\n"
    found = read(tmp_path, {".forgejo/workflows/a.yml": text, ".git/config": '[remote "o"]\nurl = https://codeberg.org/a/b\n'})
    assert ids(found) == ["pkg:github/acme/do@v3"]
    assert roles(found, "forge") == ["com.github", "org.codeberg"]


GITLAB = """\
include:
  - local: /ci/build.yml
  - project: acme/templates
    ref: v3
    file: /a.yml
  - remote: https://ci.firm.de/shared.yml
  - template: Security/SAST.gitlab-ci.yml
  - component: $CI_SERVER_FQDN/components/opentofu/full@1.2
  - component: gitlab.partner.fr/tools/scan/main@2
  - https://other.firm.de/b.yml
variables:
  BASE: python
  TAG: {value: "3.12", description: "see https://docs.firm.de"}
  API_URL: https://api.firm.de
default:
  image: $BASE:$TAG
  tags: [docker, big]
.setup:
  script: [curl https://get.firm.de/x]
test:
  extends: .setup
  services: [redis, {name: "postgres:16", alias: db}]
  script:
    - !reference [.setup, script]
    - docker login $CI_REGISTRY
proxy:
  image: ${CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}/alpine:3
own:
  image: $CI_REGISTRY_IMAGE/tool:1
odd:
  image: $NOWHERE
deploy:
  trigger: {project: acme/deploy}
"""


def test_a_pipeline_gives_what_it_includes_its_images_its_registry_and_its_runners(tmp_path: Path) -> None:
    found = read(tmp_path, {".gitlab-ci.yml": GITLAB})
    assert ids(found) == [
        "pkg:docker/alpine@3",
        "pkg:docker/postgres@16",
        "pkg:docker/python@3.12",
        "pkg:docker/redis",
        "pkg:gitlab/acme/templates@v3",
        "pkg:gitlab/components/opentofu@1.2",
    ]
    assert roles(found, "ci") == ["com.gitlab"]
    assert roles(found, "forge") == ["com.gitlab", "de.firm.ci", "de.firm.other", "fr.partner.gitlab"]
    assert roles(found, "image-registry") == ["com.docker.hub", "com.gitlab.registry"]
    assert roles(found, "service") == ["de.firm.api", "de.firm.get"]
    assert [skip.detail for skip in found.skips] == [
        "Jobs ask for runners tagged big, docker: whose machines they are does not stand in the file.",
        "Line 31 names an image by a variable that has no value here.",
    ]


def test_a_gitlab_of_ones_own_keeps_its_images(tmp_path: Path) -> None:
    files = {
        ".gitlab-ci.yml": "a: {script: [docker push $CI_REGISTRY_IMAGE:1]}\n",
        ".gitlab/ci/more.yml": "b: {image: 'ruby:3'}\n",
        ".git/config": '[remote "o"]\nurl = https://gitlab.firm.de/a/b\n',
    }
    found = read(tmp_path, files)
    assert roles(found, "image-registry") == ["com.docker.hub", "de.firm.gitlab"]
    assert roles(found, "ci") == ["de.firm.gitlab"]


HOSTILE = {
    "aliases": "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)) + "jobs: *a59\n",
    "a matrix": "jobs: {a: {container: 'x:${{ matrix.b }}${{ matrix.c }}${{ matrix.d }}', strategy: {matrix: {"
    + ", ".join(f"{name}: [{', '.join(map(str, range(2000)))}]" for name in "bcd")
    + "}}}}\n",
    "an alias to itself": "jobs: &a {b: *a}\nimage: &c [*c]\n",
    "blanks": "jobs: {a: {container: '" + "${{ " * 20_000 + "'}}\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", [".github/workflows/a.yml", ".gitlab-ci.yml"])
def test_hostile_pipelines_stay_small(tmp_path: Path, text: str, name: str) -> None:
    found = read(tmp_path, {name: text})
    assert len(found.components) <= 50
    assert len(roles(found, "ci")) == 1


@given(st.text(alphabet="jobs:include-{}[]&*$@ \n'/.ae", max_size=200))
def test_no_text_breaks_the_readers(text: str) -> None:
    for name, operator in ((".github/workflows/a.yml", "com.github"), (".gitlab-ci.yml", "com.gitlab")):
        file = SourceFile(name, name, 0, 0, "script")
        documents = parse_yaml(file, text)
        assert isinstance(documents, Skip) or isinstance(read_workflow(file, documents, operator), Findings)
