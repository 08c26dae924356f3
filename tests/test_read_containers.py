"""Dockerfiles and compose files in full: here-documents, mounts, stages a platform, merges, variables; odd and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.read.compose import read_compose
from freehold.read.dockerfile import read_dockerfile
from freehold.read.findings import Findings
from freehold.read.project import ProjectReader
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import parse_yaml
from freehold.stack.inventory import Inventory, Skip

FILE = SourceFile("Dockerfile", "Dockerfile", 0, 0, "run")


def read(folder: Path, files: dict[str, str]) -> Inventory:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return ProjectReader().read(folder)


def scopes(found: Inventory | Findings) -> dict[str, str]:
    return {component.id: component.scope for component in found.components}


def services(found: Inventory | Findings) -> list[tuple[str, str]]:
    return sorted((contact.host, contact.scope) for contact in found.contacts if contact.role == "service")


DOCKERFILE = """\
# syntax=docker/dockerfile:1.7
# escape=\\
ARG VERSION=3.12
ARG BASE=python:${VERSION}
FROM --platform=$BUILDPLATFORM golang:1.22 AS build-amd64
FROM golang:1.22 AS build-arm64
FROM build-${TARGETARCH} AS build
ARG VERSION
ARG TOOL_URL=https://tools.firm.de/x
RUN --mount=type=bind,from=ghcr.io/acme/tools:2,target=/t --mount=type=cache,target=/c make
RUN <<EOF
curl -O https://get.firm.de/a
FROM not:an-image
EOF
COPY <<-"CONF" /etc/app.conf
FROM also/not:an-image
CONF
RUN echo $((1 << 3)) && cat <<<here
FROM ${BASE}-slim
ONBUILD RUN curl https://later.firm.de/x
ONBUILD COPY --from=quay.io/acme/late:1 /a /a
COPY --from=build /a /a
ENV API_URL=https://api.firm.de
"""


def test_a_dockerfile_is_read_with_all_that_the_syntax_allows() -> None:
    found = read_dockerfile(FILE, DOCKERFILE)
    assert scopes(found) == {
        "pkg:docker/docker/dockerfile@1.7": "build",
        "pkg:docker/golang@1.22": "build",
        "pkg:docker/late@1?repository_url=quay.io/acme": "build",
        "pkg:docker/python@3.12-slim": "run",
        "pkg:docker/tools@2?repository_url=ghcr.io/acme": "build",
    }
    assert services(found) == [
        ("de.firm.api", "run"), ("de.firm.get", "change"), ("de.firm.later", "change"), ("de.firm.tools", "change"),
    ]  # fmt: skip
    assert found.skips == ()
    get = next(contact for contact in found.contacts if contact.host == "de.firm.get")
    assert [str(seen) for seen in get.evidence] == ["Dockerfile:12"]


def test_a_file_with_a_mark_windows_lines_and_the_other_escape_is_read(tmp_path: Path) -> None:
    text = "\ufeff# escape=`\r\nFROM mcr.microsoft.com/windows:1 `\r\n  AS base\r\nFROM base\r\n"
    assert scopes(read(tmp_path, {"Dockerfile": text})) == {"pkg:docker/windows@1?repository_url=mcr.microsoft.com": "run"}


def test_a_variant_for_development_is_needed_for_development_only(tmp_path: Path) -> None:
    found = read(tmp_path, {"Dockerfile": "FROM a:1\n", "Dockerfile.dev": "FROM b:1\n", "web-debug.dockerfile": "FROM c:1\n"})
    assert scopes(found) == {"pkg:docker/a@1": "run", "pkg:docker/b@1": "development", "pkg:docker/c@1": "development"}


def test_an_image_by_a_variable_without_a_value_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, {"Dockerfile": "ARG BASE\nFROM $BASE\n"})
    assert [skip.detail for skip in found.skips] == ["Line 2 names an image by a variable that has no value here."]


@pytest.mark.parametrize(
    "text",
    [
        "FROM a:1\nRUN <<EOF\n" + "x\n" * 200_000,
        "FROM a:1\nRUN " + "<<A " * 100_000 + "\n" + "A\n" * 10,
        "FROM a:1\n" + "RUN <<A\n" * 100_000,
    ],
    ids=["a huge text never closed", "many marks", "each never closed"],
)
def test_texts_that_are_never_closed_end_the_reading(text: str) -> None:
    found = read_dockerfile(FILE, text)
    assert scopes(found) == {"pkg:docker/a@1": "run"}
    assert [skip.reason for skip in found.skips] == ["syntax"]


def test_arguments_that_multiply_stay_small() -> None:
    text = "ARG A0=xxxxxxxxxx\n" + "".join(f"ARG A{n}=${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, 60)) + "FROM $A59\n"
    assert len(repr(read_dockerfile(FILE, text))) < 10_000


@given(st.text(alphabet='FROMRUNARG<>-"\\$#=x{}:/ \n', max_size=200))
def test_no_text_breaks_the_reading_of_dockerfiles(text: str) -> None:
    assert isinstance(read_dockerfile(FILE, text), Findings)


COMPOSE = """\
x-logging: &logging {driver: json-file}
x-app: &app
  image: ghcr.io/acme/app:${APP_TAG:-latest}
  logging: *logging
include:
  - path: [extra/compose.yaml]
services:
  web:
    <<: *app
    environment:
      - PAY_URL=https://pay.firm.de
  worker:
    <<: [*app]
    profiles: [work]
  db:
    image: postgres:${DB_TAG}
  odd:
    image: ${NOWHERE}
  own:
    image: own:1
    build:
      context: https://github.com/acme/own.git#main
      additional_contexts:
        base: docker-image://alpine:3.20
        list: ../list
      dockerfile_inline: |
        FROM debian:12
        RUN curl https://get.firm.de/x
"""


def test_a_compose_file_is_read_with_merges_variables_and_what_it_builds(tmp_path: Path) -> None:
    extra = "services: {queue: {image: 'rabbitmq:3'}}\n"
    found = read(tmp_path, {"compose.yaml": COMPOSE, ".env": "DB_TAG=16 # major\n", "extra/compose.yaml": extra})
    assert scopes(found) == {
        "pkg:docker/alpine@3.20": "build",
        "pkg:docker/app@latest?repository_url=ghcr.io/acme": "run",
        "pkg:docker/debian@12": "run",
        "pkg:docker/postgres@16": "run",
        "pkg:docker/rabbitmq@3": "run",
    }
    assert services(found) == [("de.firm.get", "change"), ("de.firm.pay", "run")]
    assert [contact.host for contact in found.contacts if contact.role == "forge"] == ["com.github"]
    assert [skip.detail for skip in found.skips] == ["Line 18 names an image by a variable that has no value here."]
    get = next(contact for contact in found.contacts if contact.host == "de.firm.get")
    assert [str(seen) for seen in get.evidence] == ["compose.yaml:28"]


MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60))


@pytest.mark.parametrize(
    "text",
    [
        MERGES + "services:\n" + "".join(f"  s{n}: {{<<: *a59}}\n" for n in range(2000)),
        "services: &s\n  a: &a {<<: *a}\n  b: *s\n",
        "services: [1, 2]\ninclude: 7\n",
        "services: {a: {build: [x], image: [y]}, b: 7, c: }\n",
    ],
    ids=["merges that multiply", "a merge of itself", "lists", "other types"],
)
def test_hostile_compose_files_stay_small(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, {"compose.yaml": text})
    assert found.components == ()


@given(st.text(alphabet="services:<{}[]&*$-image \n'", max_size=200))
def test_no_text_breaks_the_reading_of_compose_files(text: str) -> None:
    file = SourceFile("compose.yaml", "compose.yaml", 0, 0, "run")
    documents = parse_yaml(file, text)
    assert isinstance(documents, Skip) or isinstance(read_compose(file, documents), Findings)
