"""Seed files of text for the fuzzer: lock files, manifests, configuration, package databases, tables. Owns their content.

Every name in them is made up. Hosts of package registries are written turned round, as everywhere in this project.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = [
    "DEBIAN",
    "DORA",
    "OS_RELEASE",
    "alpine",
    "arch",
    "cargo_lock",
    "cargo_toml",
    "compose",
    "debian",
    "debian_sources",
    "dockerfile",
    "dora_contracts",
    "dora_providers",
    "freehold_toml",
    "github_actions",
    "gitlab_ci",
    "go_mod",
    "go_sum",
    "helm_chart",
    "helm_values",
    "kubernetes",
    "kustomization",
    "memory",
    "npmrc",
    "package_lock",
    "scenario",
    "spreadsheet",
    "stack",
    "terraform",
    "terraform_lock",
    "workload",
    "zone",
]


def _forwards(host: str) -> str:
    return ".".join(reversed(host.split(".")))


_CRATES: Final = "registry+https://" + _forwards("com.github") + f"/rust-lang/{_forwards('io.crates')}-index"
_NPM: Final = "https://" + _forwards("org.npmjs.registry")
_SUM: Final = "0" * 64
OS_RELEASE: Final = (
    'PRETTY_NAME="{0} 12"\nNAME="{0}"\nVERSION_ID="12"\nID={1}\nID_LIKE="other"\nHOME_URL="https://lake-software.net"\n'
)
DEBIAN: Final = OS_RELEASE.format("Debian GNU/Linux", "debian")


def cargo_lock() -> Iterable[str]:
    """A lock of the present form and one of the first."""
    rows = "".join(
        f'[[package]]\nname = "{name}"\nversion = "1.{at}.0"\nsource = "{source}"\nchecksum = "{_SUM}"\n'
        f'dependencies = [\n "{needs}",\n "rand 0.8.5",\n]\n\n'
        for at, (name, needs, source) in enumerate(
            (
                ("serde", "serde_derive", _CRATES),
                ("serde_derive", "serde", _CRATES),
                ("wgpu", "serde 1.0.0 (x)", "git+https://git.lake-software.net/wgpu?rev=abc#abc"),
            )
        )
    )
    shop = '[[package]]\nname = "shop"\nversion = "0.1.0"\ndependencies = ["serde", "wgpu"]\n'
    yield f"version = 3\n\n{rows}{shop}"
    yield f'{rows}{shop}\n[metadata]\n"checksum serde 1.0.0 ({_CRATES})" = "{_SUM}"\n[root]\nname = "shop"\nversion = "0.1.0"\n'


def cargo_toml() -> Iterable[str]:
    """A manifest of a workspace."""
    yield (
        '[package]\nname = "shop"\nversion = "0.1.0"\nlicense = "MIT/Apache-2.0"\n'
        'repository = "https://git.lake-software.net/shop"\n'
        'rust-version = "1.75"\n[workspace]\nmembers = ["crates/*", "tools"]\n[workspace.dependencies]\nserde = "1"\n'
        '[dependencies]\nserde = { workspace = true, features = ["derive"] }\nrand = "0.8"\n'
        'wgpu = { git = "https://u:p@git.lake-software.net/wgpu", branch = "x", optional = true }\n'
        'inner = { path = "../inner", registry = "own", package = "other" }\n[dev-dependencies]\ncriterion = "0.5"\n'
        '[target.\'cfg(unix)\'.build-dependencies]\ncc = "1"\n[patch.crates-io]\nrand = { path = "x" }\n'
        '[registries.own]\nindex = "sparse+https://crates.lake-software.net/"\n'
    )


def go_mod() -> Iterable[str]:
    """A module, with every directive."""
    yield (
        "module git.lake-software.net/shop/v2 // the shop\n\ngo 1.21\n\ntoolchain go1.21.3\n\nrequire (\n"
        "\tgit.lake-software.net/one v1.2.3\n\tother.example/two/v3 v3.0.0-20240101000000-abcdefabcdef // indirect\n)\n\n"
        'require "third-software.net/x" v0.0.1+incompatible\nreplace git.lake-software.net/one => ../one\n'
        "replace (\n\tother.example/two/v3 v3.0.0 => fork-software.net/two/v3 v3.0.1\n)\nexclude third-software.net/x v0.0.2\n"
        "retract [v1.0.0, v1.1.0] /* bad */\ntool git.lake-software.net/tool\n"
    )


def go_sum() -> Iterable[str]:
    """Sums."""
    yield "".join(
        f"{name} {version}{what} h1:{'A' * 43}=\n"
        for name in ("git.lake-software.net/one", "third-software.net/x", "fourth-software.net/y")
        for version in ("v0.0.1", "v1.2.3")
        for what in ("", "/go.mod")
    )


def package_lock() -> Iterable[str]:
    """The first form, nested, and the second with both trees."""
    inner = {"version": "2.0.0", "resolved": f"{_NPM}/b/-/b-2.0.0.tgz", "integrity": "sha512-x", "dev": True}
    tree: dict[str, object] = {
        "a": {
            "version": "1.0.0", "resolved": f"{_NPM}/a/-/a-1.0.0.tgz", "requires": {"b": "^2.0.0", "c": "*"},
            "dependencies": {"b": inner, "c": {"version": "git+ssh://git@git.lake-software.net/c.git#abc", "from": "c"}},
        },
        "b": {"version": "1.0.0", "optional": True, "requires": {"a": "1"}, "bundled": True},
        "@acme/d": {"version": "file:../d", "requires": True},
    }  # fmt: skip
    yield json.dumps(
        {"name": "shop", "version": "1.0.0", "lockfileVersion": 1, "requires": True, "dependencies": tree}, indent=1
    )
    packages = {
        "": {"name": "shop", "dependencies": {"a": "^1"}, "devDependencies": {"b": "1"}},
        "node_modules/a": {
            "version": "1.0.0",
            "resolved": f"{_NPM}/a/-/a-1.0.0.tgz",
            "license": "MIT",
            "dependencies": {"b": "2"},
        },
        "node_modules/a/node_modules/b": {**inner, "peerDependencies": {"a": "1"}, "engines": {"node": ">=18"}},
        "node_modules/b": {"link": True, "resolved": "packages/b"},
    }
    yield json.dumps({"name": "shop", "lockfileVersion": 2, "packages": packages, "dependencies": tree})


def npmrc() -> Iterable[str]:
    """Registries with their keys."""
    yield (
        "registry=https://npm.lake-software.net/\n@acme:registry=https://u:p@npm.acme-software.net:8443/path/\n; a word\n"
        "//npm.acme-software.net/:_authToken=${NPM_TOKEN}\nproxy = http://proxy.lake-software.net:3128\n[x]\na[]=1\n"
        'ca="-----\\nx"\n'
    )


def dockerfile() -> Iterable[str]:
    """Stages, arguments, mounts, a text over several lines."""
    yield (
        "# syntax=docker/dockerfile:1\nARG TAG=3.12\n"
        "FROM --platform=$BUILDPLATFORM images.lake-software.net/python:${TAG:-3}-slim AS base\n"
        "ENV URL=https://api.lake-software.net KEY='a b'\nRUN --mount=type=cache,target=/x apt-get update && \\\n    # words\n"
        "    curl -fsSL https://get.lake-software.net/x.sh | sh -s -- -y; pip install requests==2.32.3\n"
        "RUN <<EOF\nwget https://dl.lake-software.net/a.tgz\nEOF\nFROM base AS last\nCOPY --from=ghost:1 /a /b\n"
        'ADD --checksum=sha256:00 https://dl.lake-software.net/b.tgz /b\nCMD ["python", "-m", "http.server"]\n'
        "HEALTHCHECK CMD curl https://up.lake-software.net\nONBUILD RUN true\n"
    )


def compose() -> Iterable[str]:
    """Services with what they need, anchors, variables."""
    yield (
        "x-shared: &shared\n  restart: always\n  environment: {KEY: secret, URL: 'https://u:p@api.lake-software.net/x'}\n"
        "services:\n"
        "  web:\n    <<: *shared\n    image: ${REPO:-images.lake-software.net}/web:${TAG-1}@sha256:" + _SUM + "\n"
        "    depends_on: {db: {condition: service_healthy}}\n    build: {context: ., args: [A=1]}\n"
        "  db:\n    image: postgres:16\n    env_file: [.env]\n    links: [web]\n    environment:\n"
        "      - PGHOST=db.lake-software.net\n"
        "  extra: {extends: {file: other.yml, service: web}}\ninclude: [more.yml]\nvolumes: {data: {}}\n"
    )


def kubernetes() -> Iterable[str]:
    """Objects of one stream."""
    yield (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: &l {app: web}}\nspec:\n  template:\n"
        "    metadata: {labels: *l}\n    spec:\n      initContainers:\n      - {name: i, image: 'busybox:1'}\n"
        "      containers:\n"
        "      - name: web\n        image: images.lake-software.net/web:1.2\n        env:\n"
        "        - {name: URL, value: 'https://api.lake-software.net'}\n"
        "        envFrom: [{secretRef: {name: s}}]\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
        "data: {key: c2VjcmV0}\n"
        "---\napiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: "
        "{spec: {containers: [{image: job}]}}}}}}\n---\nkind: Service\napiVersion: v1\n"
        "spec: {type: ExternalName, externalName: "
        "db.lake-software.net}\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
        "spec: {url: 'https://charts.lake-software.net'}\n"
    )


def workload() -> Iterable[str]:
    """Objects in JSON."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x"},
        "spec": {"containers": [{"image": "a/b:1", "env": []}]},
    }
    yield json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod, {**pod, "kind": "Job"}]})


def helm_chart() -> Iterable[str]:
    """A chart's own file."""
    yield (
        "apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: '1'\nhome: https://lake-software.net\ndependencies:\n"
        "- name: redis\n  version: ^18.0.0\n  repository: https://charts.lake-software.net/x\n  condition: redis.enabled\n"
        "- {name: own, version: 1, repository: 'file://../own', alias: o}\n"
        "- {name: oci, repository: 'oci://images.lake-software.net/c'}\n"
    )


def helm_values() -> Iterable[str]:
    """Values with images in every form."""
    yield (
        "image: {registry: images.lake-software.net, repository: acme/web, tag: '1', pullPolicy: Always}\nsidecar:\n"
        "  image: busybox:1\n  digest: sha256:"
        + _SUM
        + "\nglobal: {imageRegistry: '', password: secret}\nredis:\n  enabled: true\n"
        "list: [{image: {repository: a}}, {name: b}]\nurl: https://api.lake-software.net\n"
    )


def kustomization() -> Iterable[str]:
    """Remote bases and replaced images."""
    yield (
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- ../base\n"
        "- https://git.lake-software.net/x//deploy?ref=v1\nimages:\n"
        "- {name: web, newName: images.lake-software.net/web, newTag: '2'}\n"
        "helmCharts: [{name: redis, repo: 'https://charts.lake-software.net', version: 1}]\npatches: [{path: x.yaml}]\n"
    )


def terraform() -> Iterable[str]:
    """Providers, resources, modules, texts over several lines, nested templates."""
    yield (
        'terraform {\n  required_version = ">= 1.5"\n  required_providers {\n'
        '    aws = { source = "hashicorp/aws", version = "~> 5.0" }\n'
        '    own = { source = "registry.lake-software.net/acme/own" }\n  }\n  backend "s3" { bucket = "x"\n'
        ' region = "eu-west-1" }\n}\n'
        'variable "token" {\n  default = "secret"\n  sensitive = true\n}\nvariable "region" { default = "eu-central-1" }\n'
        'provider "aws" {\n  region = var.region\n  alias = "b"\n}\n'
        'locals { name = "${var.region}-${join(",", [for x in local.l : "a${x}"])}" }\n'
        'resource "aws_instance" "web" {\n  count = var.n > 1 ? 2 : 0\n  ami = data.aws_ami.a.id\n'
        '  dynamic "x" { for_each = [1] }\n'
        "  user_data = <<-EOT\n    curl https://get.lake-software.net/${aws_s3_bucket.b.id}\n  EOT\n"
        "  depends_on = [aws_s3_bucket.b]\n}\n"
        'resource "aws_s3_bucket" "b" { bucket = aws_instance.web.id } # round\ndata "aws_ami" "a" {}\n'
        'module "net" {\n  source = "git::https://u:p@git.lake-software.net/net.git//m?ref=v1"\n  version = "1"\n'
        "  in = module.other.out\n}\n"
        'module "other" { source = "./other" }\noutput "o" { value = module.net.out }\n/* words */ // more\n'
    )


def terraform_lock() -> Iterable[str]:
    """The lock of providers."""
    yield (
        '# made by terraform\nprovider "registry.lake-software.net/hashicorp/aws" {\n  version     = "5.31.0"\n'
        '  constraints = "~> 5.0"\n'
        '  hashes = [\n    "h1:x=",\n    "zh:0",\n  ]\n}\n'
    )


def github_actions() -> Iterable[str]:
    """A workflow with every sort of use."""
    yield (
        "name: ci\non: {push: {branches: [main]}}\n"
        "env: {TOKEN: '${{ secrets.TOKEN }}', URL: 'https://api.lake-software.net'}\njobs:\n"
        "  test:\n    runs-on: ${{ matrix.os }}\n"
        "    strategy: {matrix: {os: [ubuntu-latest, self-hosted], include: [{os: macos-14}]}}\n"
        "    container: {image: 'images.lake-software.net/py:3', credentials: {username: a, password: secret}}\n"
        "    services: {db: {image: 'postgres:16'}}\n    steps:\n    - uses: actions/checkout@v4\n      with: {token: secret}\n"
        "    - uses: docker://alpine:3\n    - uses: ./.github/actions/own\n    - run: |\n"
        "        curl https://get.lake-software.net | sh\n"
        "        pip install requests==2.32.3\n  call:\n    needs: [test]\n    uses: acme/flows/.github/workflows/x.yml@main\n"
    )


def gitlab_ci() -> Iterable[str]:
    """A pipeline with includes, templates and rules."""
    yield (
        "image: {name: 'images.lake-software.net/py:3', entrypoint: ['']}\nvariables: {TOKEN: secret, TAG: {value: '1'}}\n"
        "stages: [a, b]\n"
        "include:\n- template: Security/SAST.gitlab-ci.yml\n- {project: acme/flows, ref: main, file: /x.yml}\n"
        "- remote: https://u:p@git.lake-software.net/x.yml\n- component: git.lake-software.net/acme/c@1\n.base: &base\n"
        "  services: ['postgres:16']\n"
        "build:\n  <<: *base\n  extends: [.base, test]\n  stage: a\n  tags: [own]\n  image: alpine:$TAG\n  script:\n"
        "  - curl https://get.lake-software.net\n  - !reference [.base, script]\n"
        "test: {extends: build, needs: [build], script: x}\n"
    )


def debian() -> Iterable[str]:
    """dpkg's record of packages."""
    yield (
        "Package: bash\nEssential: yes\nStatus: install ok installed\nMaintainer: A Person <person@lake-software.net>\n"
        "Architecture: amd64\nMulti-Arch: same\nSource: bash (5.2)\nVersion: 5.2.15-2+b7\n"
        "Pre-Depends: libc6 (>= 2.36) | c-library\n"
        "Depends: base-files:any (>= 2.1.12), g++ [amd64] <!nocheck>\nHomepage: https://lake-software.net\n"
        "Description: a shell\n more\n .\n\n"
        "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.36\nDepends: bash\n\n"
        "Package: g++\nStatus: install ok installed\nArchitecture: all\nVersion: 12\nProvides: c-library (= 1), cxx\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    )


def debian_sources() -> Iterable[str]:
    """apt's sources in the newer form, and in the older."""
    host = _forwards("org.debian.deb")
    yield (
        f"Types: deb deb-src\nURIs: https://{host}/debian mirror+file:/etc/apt/m.list\nSuites: stable stable-updates\n"
        f"Components: main\n"
        "Signed-By:\n -----BEGIN\n .\n\nEnabled: no\nTypes: deb\nURIs: https://u:p@apt.lake-software.net/x\nSuites: ./\n"
    )
    yield (
        f"deb [arch=amd64 signed-by=/x] https://{host}/debian stable main\ndeb cdrom:[x]/ stable main\n"
        f"deb https://u:p@apt.lake-software.net x y\n"
    )


def alpine() -> Iterable[str]:
    """apk's record of packages."""
    yield (
        "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nT:a library\nU:https://lake-software.net\nL:MIT\no:musl\n"
        "p:so:libc.musl-x86_64.so.1=1\n"
        "F:lib\nR:x\n\nP:busybox\nV:1.36-r1\nA:x86_64\nL:GPL-2.0-only\nD:so:libc.musl-x86_64.so.1 !x /bin/sh musl>1~2\n"
        "p:cmd:sh=1 /bin/sh\ni:x\n\nP:apk-tools\nV:2\nD:musl busybox\n"
    )


def arch() -> Iterable[str]:
    """One record of pacman's."""
    yield (
        "%NAME%\nbash\n\n%VERSION%\n5.2-1\n\n%BASE%\nbash\n\n%ARCH%\nx86_64\n\n%URL%\nhttps://lake-software.net\n\n"
        "%LICENSE%\nGPL-3.0-or-later\n"
        "custom\n\n%PACKAGER%\nA Person <p@lake-software.net>\n\n%DEPENDS%\nglibc>=2\nlibx.so=8-64\n\n%PROVIDES%\nsh\n\n"
        "%VALIDATION%\npgp\n"
    )


def zone() -> Iterable[str]:
    """A zone with every record that is read."""
    mail, names = _forwards("com.google.aspmx"), _forwards("net.awsdns-01.ns-1")
    yield (
        f"$ORIGIN lake-software.net.\n$TTL 1h\n@ IN SOA {names}. admin.lake-software.net. (\n  2024010101 ; serial\n"
        f"  1d 2h 4w 1h )\n"
        f"@ 3600 IN NS {names}.\n  IN MX 10 {mail}.\n"
        f'@ TXT "v=spf1 include:_spf.mail-software.net ip4:192.0.2.0/24 ~all" "second; part"\n'
        "www CNAME site.cdn-software.net.\napi 300 A 192.0.2.7\napi AAAA 2001:db8::1\n"
        "_sip._tcp SRV 0 5 5060 sip.lake-software.net.\n"
        '@ CAA 0 issue "ca-software.net"\nsub NS ns.other-software.net.\n'
        '_dmarc TXT "v=DMARC1; rua=mailto:d@dmarc-software.net"\n'
        "* ALIAS x.\n$GENERATE 1-3 host$ A 192.0.2.$\n$INCLUDE other.zone\nsvc HTTPS 1 . alpn=h2\n\\065b A 192.0.2.9\n"
    )


def spreadsheet() -> Iterable[str]:
    """Lists of servers and of applications, with two separators."""
    yield (
        "Application;Hersteller;Gehostet in;Land;Betriebssystem;Kritikalität;Lizenz;Benötigt\n"
        "ERP;SAP SE;AWS eu-central-1;DE;RHEL 9;hoch;"
        'EULA;Datenbank, Mail\nMail;Microsoft;;US;;mittel;;\n"Daten;bank";"Oracle\n";Frankfurt;?;Oracle Linux;1;;ERP\n;;;;;;;\n'
    )
    yield 'Servers\nname,vendor,os,location,cpu,notes\nweb1,Dell,Ubuntu 22.04,"Berlin, DE",Intel Xeon,"=1+1"\nweb2,HPE,,,AMD,\n'


def memory() -> Iterable[str]:
    """What columns were said to mean."""
    yield (
        '# words\n\n[[table]]\n"Application" = "name"\n"Hosted in" = "location"\n"Notes" = "ignore"\n\n'
        '[[table]]\nname = "name"\nvendor = "provider"\n'
    )


_BANK, _CLOUD, _KERNEL, _PARENT = (f"529900TEST000000{number:02d}00"[:20] for number in (1, 10, 11, 20))


def _table(last: int, rows: Iterable[Iterable[str]]) -> str:
    head = ",".join(f"c{number:03d}0" for number in range(1, last + 1))
    return "\n".join([head, *(",".join([*row]) for row in rows)]) + "\n"


def _service(contract: str, provider: str, function: str) -> list[str]:
    return [
        contract, _BANK, provider, "LEI", function, "eba_TA:S17", "2024-01-01", "9999-12-31", "", "90", "90", "eba_GA:DE",
        "eba_GA:DE", "eba_BT:x28", "eba_GA:IE", "eba_GA:FR", "", "eba_ZZ:x797",
    ]  # fmt: skip


def dora_contracts() -> Iterable[str]:
    """Who provides what for which function, ``b_02.02``."""
    yield _table(18, (_service("C-1", _CLOUD, "F1"), _service("C-2", _KERNEL, "F1"), _service("C-2", _KERNEL, "F2")))


def dora_providers() -> Iterable[str]:
    """Providers and their parents, ``b_05.01``; two of them own each other."""
    yield _table(
        12,
        (
            [_CLOUD, "LEI", "", "", "Wolke EMEA SARL", "", "", "eba_GA:LU", "", "", _PARENT, "LEI"],
            [_KERNEL, "LEI", "", "", "Kernbank IT GmbH", "", "", "eba_GA:DE", "", "", _KERNEL, "LEI"],
            [_PARENT, "LEI", "", "", "Cloud Parent Inc", "", "", "eba_GA:US", "", "", _CLOUD, "LEI"],
        ),
    )


DORA: Final[Mapping[str, str]] = {
    "b_01.01.csv": _table(6, ([_BANK, "Sparbank Nord", "eba_GA:DE", "eba_CT:x12", "", "2025-12-31"],)),
    "b_02.01.csv": _table(5, (["C-1", "", "", "eba_CU:EUR", "120000"], ["C-2", "", "", "eba_CU:EUR", "much"])),
    "b_02.02.csv": "".join(dora_contracts()),
    "b_05.01.csv": "".join(dora_providers()),
    "b_05.02.csv": _table(7, (["C-1", "S17", _CLOUD, "LEI", "1", "", ""], ["C-2", "S17", _CLOUD, "LEI", "2", _KERNEL, "LEI"])),
    "b_06.01.csv": _table(10, (["F1", "", "Payments", _BANK, "eba_BT:x28", "", "", "4", "1", ""],)),
}
"""The other tables of a register, which stand beside the one that is damaged."""


def stack() -> Iterable[str]:
    """A stack file, with every table."""
    yield (
        '[stack]\nname = "Clinic"\nhome = "DE"\ntrusted = ["EU"]\n\n[[provider]]\nid = "acme"\nname = "Acme GmbH"\n'
        'country = "DE"\n'
        'owner = "acme-corp"\n[[provider]]\nid = "acme-corp"\ncountry = "US"\nowner = ["acme"]\n[[item]]\nid = "chat"\n'
        'kind = "application"\n'
        'mission = 1.0\n  [[item.source]]\n  provider = "self"\n'
        '  needs = ["llm", { item = "log", weight = 0.2, survive = "90d" }]\n'
        '[[item]]\nid = "log"\nkind = "service"\n  [[item.source]]\n  provider = "acme"\n  share = 0.4\n  needs = ["chat"]\n'
        '[[item]]\nid = "llm"\nkind = "model"\nwhole = true\n  [[item.source]]\n  provider = "acme"\n  location = "US"\n'
        '  [[item.source]]\n  id = "own"\n  provider = "self"\n  status = "standby"\n  capacity = 0.6\n  recover = "14d"\n'
        '[[claim]]\ntable = "items"\nid = "llm"\nattribute = "kind"\nvalue = "model"\nsource = "x.toml:3"\n'
    )


def scenario() -> Iterable[str]:
    """A cut-off in a file."""
    yield (
        '[cutoff]\nname = "stop"\nnotice = "3d"\nstake = 0.25\n[[cutoff.rule]]\ncountry = "US"\nvia = ["provider", "owner"]\n'
        'availability = 0.5\nfrom = "7d"\nuntil = "forever"\ncover = "void"\n[[cutoff.rule]]\nprovider = "acme"\nuntil = "1y"\n'
    )


def freehold_toml() -> Iterable[str]:
    """Settings of a working folder."""
    yield 'home = "DE"\ntrusted = ["EU", "CH"]\nstack = "stack.toml"\ndays = [0, 30, "1y"]\nfloor = 0.5\n'
