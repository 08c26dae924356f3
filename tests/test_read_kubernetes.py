"""Kubernetes, Kustomize, Helm, Argo CD and Flux: what runs, where it is called from, and files that are odd or hostile."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from freehold.catalogue.facts import load
from freehold.catalogue.resolve import resolve
from freehold.read.kubernetes import KubernetesReader
from freehold.read.project import ProjectReader
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Inventory
from freehold.store.readings import cached_reading


def read(folder: Path, files: dict[str, str]) -> Inventory:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return ProjectReader().read(folder)


def roles(inventory: Inventory, role: str) -> list[str]:
    return [contact.host for contact in inventory.contacts if contact.role == role]


def scopes(inventory: Inventory) -> dict[str, str]:
    return {component.id: component.scope for component in inventory.components}


SHOP = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    metadata:
      annotations:
        prometheus.io/scrape: "true"
    spec:
      nodeSelector:
        cloud.google.com/gke-nodepool: big
      imagePullSecrets: [{name: pull}]
      initContainers:
        - name: wait
          image: busybox:1.36
      containers:
        - name: shop
          image: ghcr.io/acme/shop@sha256:00ff
          args: ["--pay-url=https://pay.firm.de/v2", "--verbose"]
          env:
            - name: SEARCH_HOST
              value: search.firm.de:9200
            - name: LLM_MODEL
              value: gpt-4o
            - name: OPENAI_BASE_URL
              value: https://api.openai.com/v1
            - name: CART
              value: http://cart.shop.svc.cluster.local
        - name: side
          image: docker.io/library/nginx
      ephemeralContainers:
        - name: debug
          image: nicolaka/netshoot
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  MAIL_SERVER: smtp.mail.firm.de
  app.properties: |
    # comment
    cache.url=redis://cache.firm.de:6379
    greeting=hello
---
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules: [{host: shop.own.de}]
  tls: [{hosts: [shop.own.de]}]
---
apiVersion: v1
kind: Service
metadata: {name: old}
spec: {type: ExternalName, externalName: legacy.partner.fr}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: ebs.csi.aws.com
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: le}
spec: {acme: {server: https://acme-v02.api.letsencrypt.org/directory}}
---
apiVersion: v1
kind: List
items:
  - apiVersion: batch/v1
    kind: CronJob
    metadata: {name: night}
    spec:
      jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: "quay.io/acme/night:2"}]}}}}
---
apiVersion: databases.firm.de/v1
kind: Cluster
metadata: {name: db}
spec:
  image: ghcr.io/acme/postgres:16
  podTemplate: {spec: {containers: [{name: a, image: exporter}]}}
"""


def test_a_file_of_manifests_gives_images_hosts_models_and_the_platform(tmp_path: Path) -> None:
    found = read(tmp_path, {"deploy/shop.yaml": SHOP})
    assert scopes(found) == {
        "model:gpt-4o": "run",
        "pkg:docker/busybox@1.36": "run",
        "pkg:docker/exporter": "run",
        "pkg:docker/nginx": "run",
        "pkg:docker/nicolaka/netshoot": "optional",
        "pkg:docker/night@2?repository_url=quay.io/acme": "run",
        "pkg:docker/postgres@16?repository_url=ghcr.io/acme": "run",
        "pkg:docker/shop@sha256:00ff?repository_url=ghcr.io/acme": "run",
    }
    images = [component for component in found.components if component.id.startswith("pkg:")]
    assert all(PackageURL.from_string(component.id).to_string() == component.id for component in images)
    assert {component.kind for component in images} == {"platform"}
    assert roles(found, "service") == [
        "com.openai.api", "de.firm.cache", "de.firm.mail.smtp", "de.firm.pay", "de.firm.search", "fr.partner.legacy",
    ]  # fmt: skip
    assert roles(found, "certificate") == ["org.letsencrypt.api.acme-v02"]
    assert roles(found, "image-registry") == ["com.docker.hub", "io.ghcr", "io.quay"]
    assert [platform.host for platform in found.platforms] == [
        "com.aws.csi.ebs", "com.google.cloud", "de.firm.databases", "io.cert-manager", "io.prometheus",
    ]  # fmt: skip
    assert found.skips == ()
    cache = next(contact for contact in found.contacts if contact.host == "de.firm.cache")
    assert [str(seen) for seen in cache.evidence] == ["deploy/shop.yaml:43"]


def test_only_clouds_that_the_catalogue_knows_are_hosts_of_what_runs(tmp_path: Path) -> None:
    stack = resolve(read(tmp_path, {"shop.yaml": SHOP}), load(), "DE")
    assert {need.item for need in stack.needs if need.role == "host"} == {"aws", "google-cloud"}
    (signer,) = (need for need in stack.needs if need.role == "certificate")
    assert signer.survive == 30.0
    assert {source.provider for source in stack.sources_of[signer.item]} == {"isrg"}


def test_definitions_of_kinds_name_nothing_and_shift_no_line(tmp_path: Path) -> None:
    definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {image: 'a/b:1', url: 'https://x.firm.de'}\n"
    pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'redis:7'}]}\n"
    found = read(tmp_path, {"a.yaml": f"---\n{definition}---\n{pod}--- # more\n{definition}", "crd.yaml": definition})
    assert [(one.id, str(one.evidence[0])) for one in found.components] == [("pkg:docker/redis@7", "a.yaml:8")]
    assert [contact.role for contact in found.contacts] == ["image-registry"]


CLOUDS = """\
apiVersion: v1
kind: Service
metadata:
  annotations:
    service.beta.kubernetes.io/azure-load-balancer-internal: "true"
    kubernetes.io/ingress-allow-http: "true"
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
provisioner: kubernetes.io/aws-ebs
---
apiVersion: apps/v1
kind: Deployment
spec: {template: {spec: {containers: [{image: "external-dns:1", args: [--provider=scaleway, --source=service]}]}}}
"""


def test_a_cloud_is_named_by_a_word_in_names_of_kubernetes_and_in_arguments(tmp_path: Path) -> None:
    found = read(tmp_path, {"a.yaml": CLOUDS})
    assert [platform.host for platform in found.platforms] == ["aws", "azure", "ingress", "scaleway"]
    hosts = {need.item for need in resolve(found, load(), "DE").needs if need.role == "host"}
    assert hosts == {"aws", "azure", "scaleway"}


def test_an_image_needs_the_registry_that_it_is_pulled_from(tmp_path: Path) -> None:
    manifest = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: 'ghcr.io/acme/a:1'}]}\n"
    stack = resolve(read(tmp_path, {"pod.yaml": manifest}), load(), "DE")
    image = "pkg:docker/a@1?repository_url=ghcr.io/acme"
    source = next(source.id for source in stack.sources if source.item == image)
    needs = {(need.source, need.role): need.survive for need in stack.needs}
    registry = next(need.item for need in stack.needs if need.source == source)
    assert needs[source, "registry"] == 0.0
    assert any(need.item == registry and need.source.endswith(":change@self") for need in stack.needs)
    run = next(item.id for item in stack.items if item.mission)
    assert needs[f"{run}@self", "runtime"] == 30.0


def test_a_secret_gives_the_registry_it_logs_in_at_and_nothing_else(tmp_path: Path) -> None:
    login = json.dumps({"auths": {"https://registry.firm.de/v1/": {"auth": "dXNlcjpzZWNyZXQ="}}})
    encoded = base64.b64encode(login.encode()).decode()
    secret = (
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\n"
        f"data: {{.dockerconfigjson: {encoded}}}\nstringData: {{API_URL: 'https://hidden.firm.de'}}\n"
    )
    found = read(tmp_path, {"secret.yaml": secret})
    assert [(contact.host, contact.role) for contact in found.contacts] == [("de.firm.registry", "image-registry")]
    assert "dXNlcjpzZWNyZXQ" not in repr(found)


def test_manifests_in_json_are_read_though_tabs_indent_them(tmp_path: Path) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "redis:7"}]}}
    found = read(tmp_path, {"pod.json": json.dumps(pod, indent="\t"), "other.json": '{"kind": "x", "image": "a/b:1"}'})
    assert scopes(found) == {"pkg:docker/redis@7": "run"}


def test_images_of_the_folder_itself_are_not_taken_for_others(tmp_path: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: cart\n  - image: redis\n"
    found = read(tmp_path, {"src/cart/Dockerfile": "FROM scratch\n", "pod.yaml": pod})
    assert scopes(found) == {"pkg:docker/redis": "run"}
    assert [str(seen) for contact in found.contacts for seen in contact.evidence] == ["pod.yaml:6"]


KUSTOMIZATION = """\
resources:
  - deployment.yaml
  - https://github.com/acme/base//overlays/x?ref=v3
  - github.com/acme/other?ref=main
  - https://raw.githubusercontent.com/acme/raw/v2/install.yaml
images:
  - name: shop
    newName: ghcr.io/acme/shop
    newTag: "4"
  - name: redis
    digest: sha256:00ff
  - name: unchanged
helmCharts:
  - {name: search, repo: https://charts.firm.de, version: 1.2.3}
"""


def test_a_kustomization_gives_images_remote_resources_and_charts(tmp_path: Path) -> None:
    found = read(tmp_path, {"kustomization.yaml": KUSTOMIZATION})
    assert scopes(found) == {
        "pkg:docker/redis@sha256:00ff": "run",
        "pkg:docker/shop@4?repository_url=ghcr.io/acme": "run",
        "pkg:github/acme/base@v3": "run",
        "pkg:github/acme/other@main": "run",
        "pkg:github/acme/raw@v2": "run",
        "pkg:helm/search@1.2.3?repository_url=charts.firm.de": "run",
    }
    assert roles(found, "forge") == ["com.github", "com.githubusercontent.raw"]
    assert roles(found, "registry") == ["de.firm.charts"]


CHART = """\
apiVersion: v2
name: shop
dependencies:
  - {name: redis, version: 18.1.0, repository: "oci://ghcr.io/acme/charts"}
  - {name: db, version: "~15", repository: "https://charts.firm.de/stable", condition: db.enabled}
  - {name: own, version: 1.0.0, repository: "file://../own"}
  - {name: far, version: 1.0.0, repository: "@alias"}
"""
VALUES = """\
image: {registry: quay.io, repository: acme/shop, tag: "1.2"}
sidecar:
  image: nginx:1.25
metrics:
  enabled: false
  exporter:
    repository: ghcr.io/acme/exporter
    tag: v2
    pullPolicy: Always
  pushUrl: https://push.firm.de
ingress:
  hosts: [{host: shop.own.de}]
env:
  - {name: PAY_URL, value: "https://pay.firm.de"}
model: gpt-4o
temperature: 0
"""
TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  containers:
    - image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
    - image: busybox:1.36  # waits
      env:
        - name: TRACE_URL
          value: "https://trace.firm.de"
"""


def test_a_chart_gives_what_it_depends_on_the_images_of_its_values_and_lines_of_templates(tmp_path: Path) -> None:
    found = read(tmp_path, {"c/Chart.yaml": CHART, "c/values.yaml": VALUES, "c/templates/shop.yaml": TEMPLATE})
    assert scopes(found) == {
        "model:gpt-4o": "run",
        "pkg:docker/busybox@1.36": "run",
        "pkg:docker/exporter@v2?repository_url=ghcr.io/acme": "optional",
        "pkg:docker/nginx@1.25": "run",
        "pkg:docker/shop@1.2?repository_url=quay.io/acme": "run",
        "pkg:helm/db?repository_url=charts.firm.de/stable": "optional",
        "pkg:helm/redis@18.1.0?repository_url=ghcr.io/acme/charts": "run",
    }
    services = {contact.host: contact.optional for contact in found.contacts if contact.role == "service"}
    assert services == {"de.firm.pay": False, "de.firm.push": True, "de.firm.trace": False}
    assert [(skip.file, skip.detail) for skip in found.skips] == [
        ("c/Chart.yaml", "Line 7: the chart 'far' comes from a repository that is named only by an alias."),
        ("c/Chart.yaml", "The chart 'db' is kept elsewhere: the images that it brings were not read."),
        ("c/Chart.yaml", "The chart 'redis' is kept elsewhere: the images that it brings were not read."),
        (
            "c/templates/shop.yaml",
            "It is a template, and was read line by line without its gaps; 1 image(s) in it are filled in from values.",
        ),
    ]


GITOPS = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
spec:
  sources:
    - {repoURL: "https://user:pw@git.firm.de/acme/deploy.git", targetRevision: main, path: shop}
    - {repoURL: "https://charts.firm.de", chart: search, targetRevision: 2.0.1}
    - {repoURL: ghcr.io/acme/charts, chart: queue, targetRevision: 1.0.0}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
spec: {url: "ssh://git@codeberg.org/acme/deploy"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: ours}
spec: {url: "oci://quay.io/acme/charts"}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
spec: {chart: {spec: {chart: shop, version: 3.0.0, sourceRef: {kind: HelmRepository, name: ours}}}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
spec: {chart: {spec: {chart: far, sourceRef: {kind: HelmRepository, name: theirs}}}}
"""


def test_sources_of_argo_and_flux_are_forges_and_registries(tmp_path: Path) -> None:
    found = read(tmp_path, {"apps.yaml": GITOPS})
    assert sorted(scopes(found)) == [
        "pkg:helm/queue@1.0.0?repository_url=ghcr.io/acme/charts",
        "pkg:helm/search@2.0.1?repository_url=charts.firm.de",
        "pkg:helm/shop@3.0.0?repository_url=quay.io/acme/charts",
    ]
    assert [skip.detail for skip in found.skips if "kept elsewhere" not in skip.detail] == [
        "Line 24: the chart 'far' comes from the source 'theirs', which stands in another file."
    ]
    assert roles(found, "forge") == ["de.firm.git", "org.codeberg"]
    assert roles(found, "registry") == ["de.firm.charts"]
    assert roles(found, "image-registry") == ["io.ghcr", "io.quay"]
    assert roles(found, "service") == []
    assert "pw" not in repr(found)


def test_files_that_only_look_alike_are_left_to_other_readers(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "config.yaml": "api_url: https://api.firm.de\nkind: none\n",
            "letters/templates/hello.yaml": "message: hello {{ name }}\nurl: https://api2.firm.de\n",
            "values.yaml": "service_url: https://api3.firm.de\n",
        },
    )
    assert roles(found, "service") == ["de.firm.api", "de.firm.api2", "de.firm.api3"]


ODD = (
    "\ufeff# comment only\r\n---\r\napiVersion: v1\r\nkind: Pod\r\nspec:\r\n  containers:\r\n  - image: redis:7\r\n"
    "...\r\n---\r\nnull\r\n--- 7\r\n"
)


def test_marks_windows_lines_and_empty_documents_are_read(tmp_path: Path) -> None:
    assert scopes(read(tmp_path, {"pod.yaml": ODD})) == {"pkg:docker/redis@7": "run"}


POD = "apiVersion: v1\nkind: Pod\n"
BOMB = POD + "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (BOMB + "spec: {containers: [{image: 'redis:7'}]}\n", []),
        ("---\napiVersion: v1\nkind: Pod\nspec: {}\n" * 100_000, ["too-large"]),
        (POD + "spec: " + "[" * 5000, ["too-deep"]),
        (POD + "spec:\n\t- tab\n", ["syntax"]),
        (POD + "spec: &a\n  a: *a\n", []),
        (POD + 'data: "' + "a=b\\n" * 100_000 + '"\n', []),
    ],
    ids=["aliases that multiply", "100,000 documents", "deep nesting", "tabs", "an alias to itself", "a huge text"],
)
def test_hostile_files_stay_small_or_become_a_skip(tmp_path: Path, text: str, reasons: list[str]) -> None:
    found = read(tmp_path, {"pod.yaml": text})
    assert [skip.reason for skip in found.skips] == reasons
    assert len(found.components) <= 1


@given(st.text(alphabet="apiVersionkd: v1\n-{}[]&*|>'\"%#?,<", max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    for name in ("a.yaml", "values.yaml", "Chart.yaml", "kustomization.yaml", "templates/a.yaml", "a.json"):
        file = SourceFile(name, name, 0, 0, "run")
        KubernetesReader().read(file, text)
        KubernetesReader().read(file, "apiVersion: v1\nkind: Pod\n" + text)


IMAGES = st.from_regex(r"(ghcr\.io/)?[a-z][a-z0-9]{0,8}/[a-z][a-z0-9]{0,8}(:[0-9]{1,3})?", fullmatch=True)


@given(st.lists(IMAGES, max_size=6))
def test_every_container_is_found_wherever_the_pod_stands(images: list[str]) -> None:
    containers = [{"name": f"c{n}", "image": image} for n, image in enumerate(images)]
    pod = {"spec": {"containers": containers}}
    shapes = [
        {"apiVersion": "v1", "kind": "Pod", **pod},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": pod}},
        {"apiVersion": "firm.de/v1", "kind": "Thing", "spec": {"deep": [{"er": pod}]}},
    ]
    file = SourceFile("a.yaml", "a.yaml", 0, 0, "run")
    found = [KubernetesReader().read(file, json.dumps(shape)) for shape in shapes]
    ids = [sorted(component.id for component in one.components) for one in found]  # type: ignore[union-attr]
    assert ids[0] == ids[1] == ids[2]
    assert len(ids[0]) == len(images)


def test_a_reading_that_is_kept_is_the_same_as_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "kept"))
    infra = 'provider "aws" {\n  region = "eu-central-1"\n}\nresource "aws_vpc" "x" {}\n'
    found = read(tmp_path / "shop", {"shop.yaml": SHOP, "main.tf": infra})
    assert cached_reading(tmp_path / "shop", "content", ProjectReader().read) == (found, False)
    assert cached_reading(tmp_path / "shop", "content", ProjectReader().read) == (found, True)
