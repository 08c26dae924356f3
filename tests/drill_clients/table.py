"""Every client that a cut must catch: how it is called, and whether it obeys the variables for a proxy."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from uv import find_uv_bin

__all__ = ["CLIENTS", "Client", "Tools", "build", "serve_packages"]

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Tools:
    """What the commands need: a folder of this run alone, the programs built, the world's root certificate."""

    scratch: Path
    built: Path
    ca: Path


@dataclass(frozen=True)
class Client:
    """One client.

    ``command`` gives its arguments for a host; ``polite`` says whether it obeys the variables for a proxy (``None``: that
    depends on its version, and the page tells of older ones); ``port`` is where it knocks; ``succeeds`` that it gets what it
    wants from a canary (git over ssh speaks to a stub that hangs up; an old cargo finds no index); ``needs`` is the program
    that must be installed, to build it or to run it.
    """

    name: str
    command: Callable[[str, Tools], list[str]]
    polite: bool | None
    port: int = 443
    succeeds: bool = True
    needs: str = ""

    @property
    def host(self) -> str:
        return self.name.lower().replace(" ", "-").replace("'", "").replace(".", "-") + ".test"


def _python(name: str, what: str, *, polite: bool, port: int = 443) -> Client:
    return Client(name, lambda host, _: [sys.executable, str(HERE / "client.py"), what, host], polite, port)


def _pip(host: str, tools: Tools) -> list[str]:
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--retries", "0", "--timeout", "10"]
    fetch = ["download", "--no-deps", "--no-cache-dir", "--index-url", f"https://{host}/simple", "--cert", str(tools.ca)]
    return [*pip, *fetch, "--dest", str(tools.scratch), "tiny"]


def _uv(host: str, tools: Tools) -> list[str]:
    into = ["--no-cache", "--no-config", "--python", sys.executable, "--target", str(tools.scratch / "uv")]
    return [
        "env",
        "UV_HTTP_RETRIES=0",
        find_uv_bin(),
        "pip",
        "install",
        *into,
        "--default-index",
        f"https://{host}/simple",
        "tiny",
    ]


def _npm(host: str, tools: Tools) -> list[str]:
    quick = ["--fetch-retries=0", "--no-update-notifier", f"--cache={tools.scratch / 'npm'}"]
    return ["npm", "pack", "tiny", f"--registry=https://{host}/", *quick, f"--pack-destination={tools.scratch}"]


def _apt(host: str, tools: Tools) -> list[str]:
    root = tools.scratch / "apt"
    lists = ("etc/apt/apt.conf.d", "etc/apt/sources.list.d", "etc/apt/trusted.gpg.d", "etc/apt/preferences.d")
    for part in (*lists, "state/lists/partial", "cache/archives/partial"):
        (root / part).mkdir(parents=True, exist_ok=True)
    (root / "status").touch()
    (root / "etc/apt/sources.list").write_text(f"deb [trusted=yes] http://{host}/ ./\n")
    settings = {
        "Dir::Etc": str(root / "etc/apt"),
        "Dir::State": str(root / "state"),
        "Dir::Cache": str(root / "cache"),
        "Dir::State::status": str(root / "status"),
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "0",
        "Acquire::Languages": "none",
        "APT::Update::Error-Mode": "any",
    }
    return ["apt-get", "-qq", "update", *(f"-o{name}={value}" for name, value in settings.items())]


def _cargo(host: str, tools: Tools) -> list[str]:
    project = tools.scratch / "crate"
    for part in ("src", ".cargo"):
        (project / part).mkdir(parents=True, exist_ok=True)
    (project / "src/lib.rs").touch()
    needs = 'tiny = { version = "1", registry = "canary" }'
    (project / "Cargo.toml").write_text(f'[package]\nname = "mine"\nversion = "0.1.0"\n[dependencies]\n{needs}\n')
    index = f"sparse+https://{host}/" if _knows_sparse_indexes() else f"https://{host}/index"
    (project / ".cargo/config.toml").write_text(f'[registries.canary]\nindex = "{index}"\n[net]\nretry = 0\n')
    home = tools.scratch / "cargo"
    return ["env", "-C", str(project), f"CARGO_HOME={home}", "cargo", "generate-lockfile", "--quiet"]


@cache
def _knows_sparse_indexes() -> bool:
    """Whether this cargo is 1.68 or later; an older one asks for a Git repository, and gets none."""
    environment = {**os.environ, "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))}
    said = subprocess.run(["cargo", "--version"], check=True, capture_output=True, text=True, env=environment).stdout
    return tuple(map(int, said.split()[1].split(".")[:2])) >= (1, 68)


def _git_over_ssh(host: str, _: Tools) -> list[str]:
    ssh = "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=10"
    return ["env", f"GIT_SSH_COMMAND={ssh}", "git", "ls-remote", f"ssh://git@{host}/repository.git"]


def _wget(host: str, tools: Tools) -> list[str]:
    return [*["wget", "-q", "-t", "1", "-T", "10", "-O", "-"], f"--ca-certificate={tools.ca}", f"https://{host}/"]


def _java(host: str, tools: Tools) -> list[str]:
    return [*["java", "-XX:TieredStopAtLevel=1", "-cp"], str(tools.built), "Client", host, str(tools.ca)]


CLIENTS = (
    Client("pip", _pip, polite=True),
    Client("uv", _uv, polite=True),
    Client("npm", _npm, polite=True, needs="npm"),
    Client("curl", lambda host, _: ["curl", "--silent", "--fail", f"https://{host}/"], polite=True, needs="curl"),
    Client("wget", _wget, polite=True, needs="wget"),
    Client("git over https", lambda host, _: ["git", "ls-remote", f"https://{host}/repository.git"], polite=True),
    Client("git over ssh", _git_over_ssh, polite=False, port=22, succeeds=False, needs="ssh"),
    Client("apt", _apt, polite=True, port=80, needs="apt-get"),
    Client("cargo", _cargo, polite=True, succeeds=False, needs="cargo"),
    _python("Python urllib", "urllib", polite=True),
    _python("Python http.client", "http_client", polite=False),
    _python("Python requests", "requests", polite=True),
    _python("Python httpx", "httpx", polite=True),
    _python("Python aiohttp", "aiohttp", polite=False),
    _python("Python socket", "socket", polite=False, port=8080),
    Client("Node fetch", lambda host, _: ["node", str(HERE / "client.mjs"), "fetch", host], polite=None, needs="node"),
    Client("Node https", lambda host, _: ["node", str(HERE / "client.mjs"), "https", host], polite=None, needs="node"),
    Client("Java", _java, polite=False, needs="javac"),
    Client("static C program", lambda host, tools: [str(tools.built / "client-c"), host], polite=False, port=80, needs="gcc"),
    Client("Go program", lambda host, tools: [str(tools.built / "client-go"), host], polite=False, port=80, needs="go"),
)


def build(folder: Path) -> None:
    """Compile what is compiled, and can be here."""
    go = {"GOCACHE": str(folder / "go"), "CGO_ENABLED": "0", "GO111MODULE": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    for command, more in (
        (["gcc", "-static", "-w", "-o", folder / "client-c", HERE / "client.c"], {}),
        (["go", "build", "-o", folder / "client-go", HERE / "client.go"], go),
        (["javac", "-d", folder, HERE / "Client.java"], {}),
    ):
        if shutil.which(str(command[0])):
            subprocess.run(command, check=True, capture_output=True, env={**os.environ, **more})


def serve_packages(pages: Path) -> None:
    """What the clients that install something find at their host: one tiny package of each kind."""
    hosts = {client.name: pages / client.host for client in CLIENTS}
    for name in ("pip", "uv"):
        simple = hosts[name] / "simple" / "tiny"
        simple.mkdir(parents=True)
        wheel = _wheel()
        (hosts[name] / "tiny-1.0-py3-none-any.whl").write_bytes(wheel)
        link = f'<a href="/tiny-1.0-py3-none-any.whl#sha256={hashlib.sha256(wheel).hexdigest()}">tiny-1.0-py3-none-any.whl</a>'
        (simple / "index.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>")
    _npm_package(hosts["npm"], CLIENTS[2].host)
    hosts["apt"].mkdir()
    (hosts["apt"] / "Packages").touch()
    (hosts["cargo"] / "ti" / "ny").mkdir(parents=True)
    (hosts["cargo"] / "config.json").write_text(json.dumps({"dl": f"https://{hosts['cargo'].name}/dl", "api": None}))
    crate = {"name": "tiny", "vers": "1.0.0", "deps": [], "cksum": "0" * 64, "features": {}, "yanked": False}
    (hosts["cargo"] / "ti" / "ny" / "tiny").write_text(json.dumps(crate) + "\n")
    repository = hosts["git over https"] / "repository.git"
    subprocess.run(["git", "init", "-q", "--bare", str(repository)], check=True)
    subprocess.run(["git", "-C", str(repository), "update-server-info"], check=True)
    (repository / "info" / "refs").write_text(f"{'1' * 40}\trefs/heads/main\n")


def _wheel() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        files = {
            "tiny.py": "",
            "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
            "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(
            f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}\n"
            for name, text in files.items()
        )
        for name, text in {**files, "tiny-1.0.dist-info/RECORD": record + "tiny-1.0.dist-info/RECORD,,\n"}.items():
            wheel.writestr(name, text)
    return buffer.getvalue()


def _npm_package(folder: Path, host: str) -> None:
    folder.mkdir()
    manifest = json.dumps({"name": "tiny", "version": "1.0.0"}).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(manifest)
        archive.addfile(entry, io.BytesIO(manifest))
    archive_bytes = buffer.getvalue()
    (folder / "tiny-1.0.0.tgz").write_bytes(archive_bytes)
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive_bytes).digest()).decode()
    shasum = hashlib.sha1(archive_bytes).hexdigest()
    version = {
        "name": "tiny",
        "version": "1.0.0",
        "dist": {"tarball": f"https://{host}/tiny-1.0.0.tgz", "shasum": shasum, "integrity": integrity},
    }
    packument = {"name": "tiny", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    (folder / "tiny").write_text(json.dumps(packument))
