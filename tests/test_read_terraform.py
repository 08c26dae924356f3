"""Terraform and OpenTofu: providers, what they keep running, modules, charts, images, state; and HCL that is odd or hostile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from freehold.catalogue.facts import load
from freehold.catalogue.resolve import resolve
from freehold.read.hcl import parse_hcl
from freehold.read.project import ProjectReader
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node
from freehold.stack.inventory import Component, Inventory

FILE = SourceFile("main.tf", "main.tf", 0, 0, "run")


def read(folder: Path, files: dict[str, str]) -> Inventory:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return ProjectReader().read(folder)


def roles(inventory: Inventory, role: str) -> list[str]:
    return [contact.host for contact in inventory.contacts if contact.role == role]


def one(inventory: Inventory, identity: str) -> Component:
    return next(component for component in inventory.components if component.id == identity)


def plain(node: Node) -> object:
    """The tree as dictionaries, lists and texts; a name that stands twice keeps its last value."""
    if node.pairs is not None:
        return {name: plain(inner) for name, inner in node.pairs}
    return node.text if node.text is not None else [plain(item) for item in node.items or ()]


def forward(host: str) -> str:
    return ".".join(reversed(host.split(".")))


MAIN = """\
# A shop on one cloud, its names at another firm
terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
    cloudflare = { source = "cloudflare/cloudflare", version = "4.2.0" }
  }
  backend "s3" {
    bucket = "state"
    region = "eu-central-1"
  }
}

provider "aws" {
  region = var.region
}

provider "random" {}

module "network" {
  source  = "terraform-aws-modules/vpc/aws//modules/endpoints"
  version = "5.1.2"
}

module "own" {
  source = "./modules/own"
}

module "forge" {
  source = "git::https://user:secret@github.com/acme/terraform-things.git//queue?ref=v1.4"
}

resource "aws_s3_bucket" "pictures" {
  bucket = "pictures-${var.region}"
}

resource "aws_s3_bucket_policy" "pictures" {
  policy = <<-EOT
    { "image": "not/an:image" }
  EOT
}

resource "aws_ecs_task_definition" "shop" {
  container_definitions = jsonencode([{
    name        = "shop"
    image       = "ghcr.io/acme/shop:1.2"
    environment = [{ name = "PAY_URL", value = "https://api.pay.firm.de/v1" }]
  }])
}

resource "cloudflare_record" "www" {
  value = "https://own.firm.de"
}

resource "helm_release" "search" {
  repository = "https://charts.firm.de/stable"
  chart      = "search"
  version    = "2.1.0"
}

data "aws_caller_identity" "who" {}
"""
VARIABLES = """\
variable "region" {
  type    = string
  default = "us-east-1"
}
"""
LOCK = f"""\
provider "{forward("io.terraform.registry")}/hashicorp/aws" {{
  version     = "5.31.0"
  constraints = "~> 5.0"
  hashes = [
    "h1:abc=",
  ]
}}
"""


def test_a_module_gives_providers_modules_charts_images_and_the_place_of_its_state(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "main.tf": MAIN,
            "variables.tf": VARIABLES,
            "terraform.tfvars": 'region = "eu-central-1"\n',
            ".terraform.lock.hcl": LOCK,
        },
    )
    assert {component.id: component.scope for component in found.components} == {
        "pkg:docker/shop@1.2?repository_url=ghcr.io/acme": "run",
        "pkg:github/acme/terraform-things@v1.4": "build",
        "pkg:github/hashicorp/terraform": "build",
        "pkg:helm/search@2.1.0?repository_url=charts.firm.de/stable": "run",
        "pkg:terraform/cloudflare/cloudflare@4.2.0": "build",
        "pkg:terraform/hashicorp/aws@5.31.0": "build",
        "pkg:terraform/hashicorp/helm": "build",
        "pkg:terraform/hashicorp/random": "build",
        "pkg:terraform/terraform-aws-modules/vpc/aws@5.1.2": "build",
    }
    assert all(PackageURL.from_string(component.id).to_string() == component.id for component in found.components)
    aws = one(found, "pkg:terraform/hashicorp/aws@5.31.0")
    # two of S3, one of ECS, one network by its module; the data source keeps nothing
    assert aws.manages == (("ecs", 1), ("s3", 2), ("vpc", 1))
    assert aws.regions == ("eu-central-1",)
    assert aws.registry == "io.terraform.registry"
    assert one(found, "pkg:terraform/cloudflare/cloudflare@4.2.0").manages == (("record", 1),)
    assert one(found, "pkg:terraform/hashicorp/random").manages == ()
    assert roles(found, "state") == ["com.amazonaws.s3"]
    assert roles(found, "service") == ["de.firm.pay.api"]
    assert roles(found, "forge") == ["com.github"]
    assert roles(found, "registry") == ["de.firm.charts"]
    assert roles(found, "image-registry") == ["io.ghcr"]
    assert [skip.detail for skip in found.skips] == [
        "The chart 'search' is kept elsewhere: the images that it brings were not read."
    ]
    assert "secret" not in repr(found)


def test_what_is_found_stands_at_its_line(tmp_path: Path) -> None:
    found = read(tmp_path, {"main.tf": MAIN})
    assert [str(seen) for seen in one(found, "pkg:docker/shop@1.2?repository_url=ghcr.io/acme").evidence] == ["main.tf:49"]
    state = next(contact for contact in found.contacts if contact.role == "state")
    assert [str(seen) for seen in state.evidence] == ["main.tf:11"]


def test_json_says_the_same_as_hcl(tmp_path: Path) -> None:
    document = {
        "terraform": {
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": "= 5.31.0"}},
            "backend": {"gcs": {"bucket": "state"}},
        },
        "provider": {"aws": [{"region": "eu-west-1"}, {"alias": "b", "region": "${var.other}"}]},
        "variable": {"other": {"default": "eu-west-3"}},
        "resource": {"aws_instance": {"a": {"ami": "x"}, "b": [{"ami": "y"}]}},
        "module": {"m": {"source": "app.firm.de/acme/net/aws", "version": "1.0.0"}},
    }
    found = read(tmp_path, {"main.tf.json": json.dumps(document)})
    aws = one(found, "pkg:terraform/hashicorp/aws@5.31.0")
    assert aws.manages == (("instance", 2), ("net", 1))
    assert aws.regions == ("eu-west-1", "eu-west-3")
    assert one(found, "pkg:terraform/acme/net/aws@1.0.0?repository_url=app.firm.de").registry == "de.firm.app"
    assert roles(found, "state") == ["com.googleapis.storage"]


def test_open_tofu_is_told_by_its_files_and_by_its_lock(tmp_path: Path) -> None:
    lock = LOCK.replace(forward("io.terraform.registry"), forward("org.opentofu.registry"))
    for name, files in {
        "a": {"main.tofu": 'resource "aws_vpc" "x" {}\n'},
        "b": {"main.tf": 'resource "aws_vpc" "x" {}\n', ".terraform.lock.hcl": lock},
    }.items():
        found = read(tmp_path / name, files)
        aws = next(component for component in found.components if component.name == "hashicorp/aws")
        assert aws.registry == "org.opentofu.registry"
        assert one(found, "pkg:github/opentofu/opentofu").repository == "com.github/opentofu/opentofu"


@pytest.mark.parametrize(
    ("body", "host", "skips"),
    [
        ('cloud { organization = "acme" }', ["io.terraform.app"], 0),
        ('backend "remote" { hostname = "tf.firm.de" }', ["de.firm.tf"], 0),
        ('backend "s3" { endpoints = { s3 = "https://s3.firm.de" } }', ["de.firm.s3"], 0),
        ('backend "http" { address = "https://state.firm.de/x" }', ["de.firm.state"], 0),
        ('backend "local" {}', [], 0),
        ('backend "cos" { bucket = "b" }', [], 1),
    ],
)
def test_the_state_is_where_the_backend_keeps_it(tmp_path: Path, body: str, host: list[str], skips: int) -> None:
    found = read(tmp_path, {"main.tf": "terraform {\n  " + body + "\n}\n"})
    assert roles(found, "state") == host
    assert len(found.skips) == skips


@pytest.mark.parametrize(
    ("source", "identity"),
    [
        ("github.com/acme/net", "pkg:github/acme/net"),
        ("git@github.com:acme/net.git?ref=v2", "pkg:github/acme/net@v2"),
        ("git::ssh://git@gitlab.com/acme/net.git", "pkg:gitlab/acme/net"),
        ("bitbucket.org/acme/net", "pkg:bitbucket/acme/net"),
        ("https://files.firm.de/net.zip", None),
        ("../net", None),
        ("s3::https://s3.amazonaws.com/b/net.zip", None),
    ],
)
def test_modules_come_from_where_their_address_says(tmp_path: Path, source: str, identity: str | None) -> None:
    found = read(tmp_path, {"main.tf": f'module "m" {{\n  source = "{source}"\n}}\n'})
    modules = [component.id for component in found.components if not component.id.endswith("hashicorp/terraform")]
    assert modules == ([identity] if identity else [])


ODD = (
    '\ufeffresource "a_b" "c" {\r\n\tx = "tab"\r\n  /* a\r\n  comment */ y = { "k" : 1, l = [1, 2,], }\r\n'
    '  z = cond ? "one:1" : "two" // end\r\n  "quoted" = "a\\"b\\u0041 $${no} ${f("}")}"\r\n}\r\n'
)


def test_odd_writing_is_read_as_it_is_meant() -> None:
    tree, skip = parse_hcl(FILE, ODD.removeprefix("\ufeff"))
    assert skip is None
    body = plain(tree)["resource"]["a_b"]["c"]  # type: ignore[index]
    assert body["x"] == "tab"
    assert body["y"] == {"k": "1", "l": ["1", "2"]}
    assert body["z"] == ["${cond}", [], "one:1", "two"]
    assert body["quoted"] == 'a"bA ${no} ${f("}")}'


def test_a_file_with_a_mark_and_windows_lines_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, {"main.tf": ODD})
    assert one(found, "pkg:terraform/hashicorp/a").manages == (("b", 1),)
    assert found.skips == ()


def test_what_stands_before_the_break_is_kept_and_the_break_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, {"main.tf": 'resource "aws_vpc" "x" {}\nresource "aws_vpc" {\n  a = "open\n}\n'})
    assert one(found, "pkg:terraform/hashicorp/aws").manages == (("vpc", 1),)
    assert [(skip.reason, skip.detail) for skip in found.skips] == [
        ("syntax", "It is not HCL: the text in line 3 is never closed.")
    ]


HOSTILE = {
    "brackets": "a = " + "[" * 200_000,
    "blocks": "x {" * 100_000,
    "templates": 'a = "' + "${" * 1000,
    "texts never closed": "a = <<A\n" * 100_000,
    "a comment never closed": "/*" * 100_000,
    "labels": "x " + '"y" ' * 100_000 + "{}",
    "conditions": "a = x " + "? y : " * 300_000,
    "entries": "a = {" + "b = {" * 200,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_become_a_skip(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, {"main.tf": text})
    assert next(skip.reason for skip in found.skips) in {"too-deep", "too-large", "syntax"}


def test_many_texts_each_with_a_mark_of_its_own_are_read_once() -> None:
    tree, skip = parse_hcl(FILE, "".join(f"a{n} = <<A{n}\nx\nA{n}\n" for n in range(50_000)))
    assert skip is None
    assert len(tree.pairs or ()) == 50_000


def test_deep_json_becomes_a_skip(tmp_path: Path) -> None:
    found = read(tmp_path, {"main.tf.json": '{"a":' * 150 + "1" + "}" * 150})
    assert [skip.reason for skip in found.skips] == ["too-large"]


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    tree, _ = parse_hcl(FILE, text)
    assert tree.pairs is not None


@given(st.text(alphabet='ab ={}[]()",:\n$%\\<-E#/*?.1', max_size=200))
def test_no_mixture_of_marks_breaks_the_parser(text: str) -> None:
    tree, _ = parse_hcl(FILE, text)
    assert tree.pairs is not None


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C",), exclude_characters='"\\$%\n'), max_size=20)
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, min_size=2, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=8
)


def written(value: object) -> str:
    if isinstance(value, dict):
        return "{" + "".join(f"\n  {name} = {written(inner)}" for name, inner in value.items()) + "\n}"
    return "[" + ", ".join(map(written, value)) + "]" if isinstance(value, list) else f'"{value}"'


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_what_is_written_is_read(values: dict[str, object]) -> None:
    tree, skip = parse_hcl(FILE, "".join(f"{name} = {written(value)}\n" for name, value in values.items()))
    assert skip is None
    assert plain(tree) == values


def test_the_cloud_stops_what_runs_on_day_0_and_the_registry_what_changes(tmp_path: Path) -> None:
    found = read(tmp_path, {"main.tf": MAIN, "variables.tf": VARIABLES, "terraform.tfvars": 'region = "eu-central-1"\n'})
    stack = resolve(found, load(), "DE")
    run = next(item.id for item in stack.items if item.mission)
    hosts = {
        need.item: (need.weight, need.survive) for need in stack.needs if need.source == f"{run}@self" and need.role == "host"
    }
    # four of five resources are at the cloud, one at the firm for names; random numbers and charts are nobody's
    assert hosts == {"aws": (pytest.approx(0.8), 0.0), "cloudflare": (pytest.approx(0.2), 0.0)}
    changing = {need.item: need.role for need in stack.needs if need.source == f"{run}:change@self"}
    assert changing["terraform-registry"] == "registry"
    assert changing["aws"] == "state"
    cloud = next(source for source in stack.sources if source.item == "aws")
    assert (cloud.provider, cloud.location) == ("aws", ("DE",))


def test_a_region_that_is_not_known_leaves_the_place_open(tmp_path: Path) -> None:
    found = read(tmp_path, {"main.tf": 'provider "aws" {\n  region = "mars-1"\n}\nresource "aws_vpc" "x" {}\n'})
    stack = resolve(found, load(), "DE")
    assert next(source for source in stack.sources if source.item == "aws").location is None


def test_a_provider_that_nobody_knows_is_an_unknown_host(tmp_path: Path) -> None:
    found = read(tmp_path, {"main.tf": 'resource "mystery_thing" "x" {}\nresource "random_id" "y" {}\n'})
    stack = resolve(found, load(), "DE")
    hosts = [(need.item, need.weight) for need in stack.needs if need.role == "host"]
    assert hosts == [("pkg:terraform/hashicorp/mystery:hosting", 1.0)]
    assert next(source for source in stack.sources if source.item == hosts[0][0]).provider is None


CATALOGUE = load()
LOGICAL = {"random", "null", "tls"}


@given(st.dictionaries(st.sampled_from(["aws", "google", "azurerm", "random", "null", "tls", "mystery"]), st.integers(1, 5)))
def test_what_is_declared_is_shared_out_whole_among_those_that_keep_it(counts: dict[str, int]) -> None:
    components = [
        Component(f"pkg:terraform/hashicorp/{name}", f"hashicorp/{name}", scope="build", direct=True, manages=(("x", count),))
        for name, count in counts.items()
    ]
    stack = resolve(Inventory("folder", "project", tuple(components)), CATALOGUE, "DE")
    weights = {need.item: need.weight for need in stack.needs if need.role == "host"}
    kept = {name: count for name, count in counts.items() if name not in LOGICAL}
    assert len(weights) == len(kept)
    assert sum(weight for weight in weights.values() if isinstance(weight, float)) == pytest.approx(1.0 if kept else 0.0)
    if "aws" in kept:
        assert weights["aws"] == pytest.approx(kept["aws"] / sum(kept.values()))
