"""Registries on loopback for tests of provisioning: packages made here, served as real registries serve them."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from freehold.drill.contact import Contact
from freehold.drill.decision import Cutting
from freehold.drill.interface import SETUP_DEADLINE, Command, Possible
from freehold.drill.shapes import Shape

JSON = "application/vnd.pypi.simple.v1+json"
EPOCH = (2026, 1, 2, 3, 4, 6)


def wheel(
    name: str, version: str, *, requires: tuple[str, ...] = (), code: str = "", files: Mapping[str, str] | None = None
) -> bytes:
    """A wheel of one module."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(
        f"Requires-Dist: {one}\n" for one in requires
    )
    content = {
        f"{name}.py": code or f"VERSION = '{version}'\n", **(files or {}), f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }  # fmt: skip
    content[f"{info}/RECORD"] = "".join(f"{one},,\n" for one in (*content, f"{info}/RECORD"))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in content.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), text)
    return made.getvalue()


BACKEND = """\
import base64, io, pathlib, zipfile
def _wheel(folder):
    name = "beta-2.0-py3-none-any.whl"
    info = "beta-2.0.dist-info"
    files = {"beta.py": "VERSION = '2.0'\\n", info + "/METADATA": "Metadata-Version: 2.1\\nName: beta\\nVersion: 2.0\\n",
             info + "/WHEEL": "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
    files[info + "/RECORD"] = "".join(one + ",,\\n" for one in [*files, info + "/RECORD"])
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory)
"""
"""A build backend that is a package of its own: whoever builds with it must fetch it first."""


def archive(files: Mapping[str, str | bytes], prefix: str) -> bytes:
    """A gzipped tar file, the same bytes each time."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as made:
        for path, text in files.items():
            body = text.encode() if isinstance(text, str) else text
            member = tarfile.TarInfo(f"{prefix}/{path}")
            member.size = len(body)
            made.addfile(member, io.BytesIO(body))
    return gzip.compress(plain.getvalue(), mtime=0)


def sdist() -> bytes:
    """A source archive of ``beta`` that is built by ``tinybuild``."""
    system = '[build-system]\nrequires = ["tinybuild==1.0"]\nbuild-backend = "tinybuild"\n'
    project = system + '[project]\nname = "beta"\nversion = "2.0"\n'
    return archive({"pyproject.toml": project, "PKG-INFO": "Metadata-Version: 2.1\nName: beta\nVersion: 2.0\n"}, "beta-2.0")


def npm_package(name: str, version: str, dependencies: Mapping[str, str] | None = None) -> bytes:
    manifest = {"name": name, "version": version, "main": "index.js", "dependencies": dict(dependencies or {})}
    return archive({"package.json": json.dumps(manifest), "index.js": f"module.exports = '{version}'\n"}, "package")


def deb(folder: Path, name: str, version: str) -> bytes:
    """A Debian package, made by dpkg-deb."""
    root = folder / f"{name}-root"
    (root / "DEBIAN").mkdir(parents=True)
    root.chmod(0o755)
    (root / "DEBIAN").chmod(0o755)
    control = (
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: T <t@example.test>\nDescription: a test\n more\n"
    )
    (root / "DEBIAN" / "control").write_text(control)
    made = folder / f"{name}_{version}_all.deb"
    tool = shutil.which("dpkg-deb")
    assert tool
    subprocess.run([tool, "--root-owner-group", "--build", root, made], check=True, capture_output=True)
    return made.read_bytes()


@dataclass
class Registry:
    """A web server of fixed pages.

    ``pages`` maps a path to a media type and a body; ``secret``, if set, must come as Basic credentials or is answered 401.
    """

    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    secret: str = ""
    seen: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add_python(self, project: str, files: Mapping[str, bytes], *, stated: Mapping[str, str] | None = None) -> None:
        """Add a project: its files, and a page of each kind."""
        links, listed = "", []
        for file, body in files.items():
            digest = (stated or {}).get(file, hashlib.sha256(body).hexdigest())
            links += f'<a href="../../files/{file}#sha256={digest}" data-requires-python="&gt;=3.6">{file}</a>\n'
            listed.append(
                {"filename": file, "url": f"../../files/{file}", "hashes": {"sha256": digest}, "requires-python": ">=3.6"}
            )
            self.pages[f"/files/{file}"] = ("application/octet-stream", body)
        self.pages[f"/simple/{project}/"] = ("text/html", f"<html><body>{links}</body></html>".encode())
        self.pages[f"/json/{project}/"] = (
            JSON,
            json.dumps({"meta": {"api-version": "1.0"}, "name": project, "files": listed}).encode(),
        )

    def add_npm(self, name: str, versions: Mapping[str, bytes], **more: object) -> None:
        page = {"name": name, "dist-tags": {"latest": list(versions)[-1]}, "versions": {}}
        for version, body in versions.items():
            file = f"{name.rpartition('/')[2]}-{version}.tgz"
            path = f"/npm/{name}/-/{file}"
            self.pages[path] = ("application/octet-stream", body)
            with tarfile.open(fileobj=io.BytesIO(body)) as made:
                inner = made.extractfile("package/package.json")
                assert inner is not None
                manifest = json.load(inner)
            integrity = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
            dist = {"tarball": f"{self.url}{path}", "integrity": integrity, "shasum": hashlib.sha1(body).hexdigest()}
            page["versions"][version] = {**manifest, "dist": {**dist, **more}}  # type: ignore[index]
        self.pages[f"/npm/{name.replace('/', '%2f')}"] = ("application/json", json.dumps(page).encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        registry: Registry = self.server.registry  # type: ignore[attr-defined]
        path = self.path.partition("?")[0]
        path = path.partition("://")[2].partition("/")[2] if "://" in path else path.lstrip("/")
        path = path.replace("/./", "/")
        registry.seen.append("/" + path)
        registry.opened.append(self.headers.get("Proxy-Authorization", ""))
        kind, body, status = "text/plain", b"no", 404
        if registry.secret and self.headers.get("Authorization") != registry.secret:
            status = 401
        elif "/" + path in registry.redirects:
            self.send_response(302)
            self.send_header("Location", registry.redirects["/" + path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        elif "/" + path in registry.pages:
            status, (kind, body) = 200, registry.pages["/" + path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def serving(registry: Registry) -> Iterator[Registry]:
    """Serve a registry while the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False
    server.registry = registry  # type: ignore[attr-defined]
    registry.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def clean_environment(folder: Path) -> dict[str, str]:
    """An environment in which no client knows of any registry but by its variables."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        **kept, "HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "npm_config_userconfig": str(home / ".npmrc"), "npm_config_globalconfig": str(home / "global.npmrc"),
        "APT_CONFIG": str(home / "no.conf"),
    }  # fmt: skip


class _Process:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    async def wait(self) -> int:
        import asyncio

        return await asyncio.to_thread(self._process.wait)

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)


class PlainSession:
    """A session that cuts nothing by itself: the registries of the test are gone when it is used."""

    backend = "plain"
    blind_spots: tuple[str, ...] = ()
    setup_seconds = 0.0
    started = 0.0

    async def start(self, command: Command) -> _Process:
        return _Process(
            subprocess.Popen(command.arguments, cwd=command.folder, env=dict(command.environment), stdout=subprocess.DEVNULL)
        )

    def change(self, cutting: Cutting, shape: Shape) -> None:
        pass

    def contacts(self) -> tuple[Contact, ...]:
        return ()

    def broken(self) -> str:
        return ""

    async def close(self) -> None:
        pass


class PlainBackend:
    name = "plain"
    shapes = ("gone",)

    def possible(self) -> Possible:
        return Possible(self.name, ok=True, reason="a test")

    async def open(self, cutting: Cutting, shape: Shape, *, deadline: float = SETUP_DEADLINE) -> PlainSession:
        del cutting, shape, deadline
        return PlainSession()
