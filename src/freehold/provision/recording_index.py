"""An index on loopback that stands in front of registries, relays what clients ask, and notes it. Owns what is noted.

Pages are read and written anew so that each file is fetched through here; a file goes to the client while it is written to
disk and its digests are formed, and its last piece only when they are the stated ones.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final, TypeAlias
from urllib.parse import quote, unquote, urlsplit

from freehold.errors import ProvisionError
from freehold.provision.file_names import distribution_of, is_safe_file, normalised
from freehold.provision.loopback_server import Answer, Request
from freehold.provision.needs import Asked, Need, Received, Recording
from freehold.provision.npm_registry import Tarball, package_of, read_packument, tarballs_of, written_page
from freehold.provision.python_index import HTML, JSON, Link, read_page, written_html, written_json
from freehold.provision.registry import Registry
from freehold.provision.upstream import Reply, Upstream

__all__ = ["MOST_BYTES", "RecordingIndex"]

MOST_BYTES: Final = 20_000_000_000
"""Bytes of all files of one recording, unless it is said otherwise."""
_MOST_ADDRESSES: Final = 1_000_000
_MOST_ASKED: Final = 100_000
_MOST_PROBLEMS: Final = 200
_Pieces: TypeAlias = Generator[bytes, None, None]
_PIECE: Final = 1 << 18
_TARBALL: Final = re.compile(r"(?P<name>(?:@[^/]+/)?[^/]+)/-/(?P<file>[^/]+)")


@dataclass(frozen=True, slots=True)
class _Target:
    """A file behind an address that was handed out."""

    url: str
    registry: Registry
    need: Need
    digests: tuple[tuple[str, str], ...]


class RecordingIndex:
    """Answers clients from registries, and keeps account.

    Parameters
    ----------
    registries
        Those that the clients are configured for; each is served under its ecosystem and its place in this list.
    folder
        Where files are kept until a mirror has them.
    upstream
        The way outside.
    most_bytes
        Bytes of all files together; what would be more is refused.
    """

    def __init__(
        self, registries: Sequence[Registry], folder: Path, upstream: Upstream, *, most_bytes: int = MOST_BYTES
    ) -> None:
        self._registries = tuple(registries)
        self._folder = folder
        self._upstream = upstream
        self._room = most_bytes
        self._lock = threading.Lock()
        self._targets: OrderedDict[str, _Target] = OrderedDict()
        self._received: dict[tuple[str, str, str], Received] = {}
        self._asked: dict[Asked, None] = {}
        self._problems: dict[str, None] = {}
        self._hosts: dict[str, None] = {}
        self._pages: dict[str, str] = {}
        self._count = 0

    def recording(self) -> Recording:
        """What was noted up to now."""
        with self._lock:
            return Recording(
                tuple(self._received.values()), tuple(self._asked), tuple(self._problems), tuple(self._hosts), dict(self._pages)
            )

    def respond(self, request: Request) -> Answer:
        """Answer a client.

        Raises
        ------
        freehold.errors.ProvisionError
            If the registry cannot be reached or what it says is refused; that is noted too.
        """
        if request.method not in ("GET", "HEAD"):
            return Answer(405, b"this index only gives\n")
        try:
            if "://" in request.target:
                return self._debian(request)
            parts = request.target.lstrip("/").split("/", 2)
            if len(parts) == 3 and parts[0] in ("python", "npm") and parts[1].isascii() and parts[1].isdecimal():
                number = int(parts[1][:6])
                if number < len(self._registries) and self._registries[number].ecosystem == parts[0]:
                    serve = self._python if parts[0] == "python" else self._npm
                    return serve(number, parts[2], request)
            # A lock file names archives by their path at the registry's root.
            first = next((number for number, one in enumerate(self._registries) if one.ecosystem == "npm"), None)
            if first is not None and "/-/" in request.target:
                return self._npm(first, request.target.lstrip("/"), request)
        except ProvisionError as error:
            self._problem(str(error))
            raise
        return Answer(404, b"nothing is served there\n")

    def _python(self, number: int, rest: str, request: Request) -> Answer:
        registry = self._registries[number]
        if rest.startswith("file/"):
            _, token, file = [*rest.split("/", 2), "", ""][:3]
            file = unquote(file.partition("?")[0])
            target = self._target(token)
            if target is not None and file == target.need.file + ".metadata":
                return self._metadata(target, request)
            return self._file(target, request) if target is not None and file == target.need.file else Answer(404)
        project = unquote(rest.partition("?")[0]).strip("/")
        if registry.links:
            return self._folder_page(number) if not project else Answer(404)
        if not project:
            return Answer(404, b"the list of all projects is not relayed\n")
        project = normalised(project)
        accept = request.headers.get("accept", HTML)
        with self._fetch(f"{registry.base}/{quote(project)}/", registry, {"Accept": accept}) as reply:
            self._ask(Asked("python", project, reply.status, request.by))
            if reply.status != 200:
                return Answer(reply.status, reply.page()[:1000])
            kind = reply.headers.get("content-type", HTML)
            links = read_page(reply.page(), kind, reply.url)
        written, shown = (written_json, JSON) if "json" in kind else (written_html, HTML)
        return Answer(200, written(project, links, lambda link: self._python_address(number, link)), shown)

    def _python_address(self, number: int, link: Link) -> str:
        registry = self._registries[number]
        try:
            name, version = distribution_of(link.file)
        except ProvisionError:
            name, version = "", ""
        facts = tuple(fact for fact in link.facts if fact[0] != "core-metadata")
        need = Need("python", name, version, link.file, "", 0, source=registry.shown, facts=facts)
        return f"/python/{number}/file/{self._hand_out(_Target(link.url, registry, need, link.digests))}/{quote(link.file)}"

    def _folder_page(self, number: int) -> Answer:
        """A folder of files, as the page that clients take for one."""
        registry = self._registries[number]
        folder = Path(unquote(urlsplit(registry.base).path))
        names = (
            sorted(one.name for one in folder.iterdir() if one.is_file() and is_safe_file(one.name)) if folder.is_dir() else []
        )
        links = [Link(name, f"{registry.base}/{quote(name)}") for name in names]
        return Answer(200, written_html("files", links, lambda link: self._python_address(number, link)), HTML)

    def _metadata(self, target: _Target, request: Request) -> Answer:
        with self._fetch(target.url + ".metadata", target.registry, {}) as reply:
            self._ask(Asked("python", f"{target.need.file}.metadata", reply.status, request.by))
            return Answer(reply.status, reply.page(), "application/octet-stream")

    def _npm(self, number: int, rest: str, request: Request) -> Answer:
        registry = self._registries[number]
        rest = rest.partition("?")[0]
        if rest.startswith("file/"):
            _, token, file = [*rest.split("/", 2), "", ""][:3]
            target = self._target(token)
            return self._file(target, request) if target is not None and unquote(file) == target.need.file else Answer(404)
        archive = _TARBALL.fullmatch(unquote(rest))
        if archive is not None:
            return self._npm_archive(number, archive["name"], f"{registry.base}/{rest}", archive["file"], request)
        package = package_of(rest)
        if not package:
            return Answer(404, b"only packages are relayed\n")
        status, page = self._packument(number, package, request)
        if page is None:
            return Answer(status, b"{}", "application/json")
        for tarball in tarballs_of(page, registry.base):
            page["versions"][tarball.version]["dist"]["tarball"] = self._npm_address(number, tarball, request)
        return Answer(200, written_page(page), "application/json")

    def _packument(self, number: int, package: str, request: Request) -> tuple[int, dict[str, Any] | None]:
        registry = self._registries[number]
        accept = request.headers.get("accept", "application/json")
        url = f"{registry.base}/{package.replace('/', '%2f')}"
        with self._fetch(url, registry, {"Accept": accept if "json" in accept else "application/json"}) as reply:
            self._ask(Asked("npm", package, reply.status, request.by))
            body = reply.page()
            if reply.status != 200:
                return reply.status, None
        page = read_packument(body)
        if page["name"] != package:
            raise ProvisionError(f"an npm registry answered {package} with the page of another package. It was refused.")
        with self._lock:
            self._count += 1
            kept = self._folder / f"page-{self._count}.json"
            kept.write_bytes(body)
            self._pages[package] = str(kept)
        return 200, page

    def _npm_address(self, number: int, tarball: Tarball, request: Request) -> str:
        """A whole address: npm takes no relative one."""
        registry = self._registries[number]
        need = Need("npm", tarball.name, tarball.version, tarball.file, "", 0, source=registry.shown)
        token = self._hand_out(_Target(tarball.url, registry, need, tarball.digests))
        host = request.headers.get("host", "127.0.0.1")
        return f"http://{host}/npm/{number}/file/{token}/{quote(tarball.file)}"

    def _npm_archive(self, number: int, package: str, url: str, file: str, request: Request) -> Answer:
        """An archive by its path at the registry, as lock files name it: what is stated of it is looked up first."""
        target = self._target(_token(url))
        if target is None and package_of(package):
            _, page = self._packument(
                number, package, replace(request, headers={**request.headers, "accept": "application/json"})
            )
            for tarball in tarballs_of(page, self._registries[number].base) if page is not None else ():
                self._npm_address(number, tarball, request)
                if tarball.file == file and urlsplit(tarball.url).path == urlsplit(url).path:
                    target = self._target(_token(tarball.url))
        if target is None:
            self._ask(Asked("npm", f"{package}/-/{file}", 404, request.by))
            return Answer(404, b"no version of the package has this archive\n")
        return self._file(target, request)

    def _debian(self, request: Request) -> Answer:
        """A request to a proxy: only for the archives that apt is configured for."""
        url = request.target
        parts = urlsplit(url)
        registry = next(
            (one for one in self._registries if one.ecosystem == "debian" and one.opens(url)
             and parts.path.startswith(urlsplit(one.base).path.rstrip("/") + "/")), None,
        )  # fmt: skip
        if registry is None:
            return Answer(403, b"this is no archive that apt is configured for\n")
        file = unquote(parts.path.rpartition("/")[2])
        if file.endswith(".deb") and is_safe_file(file):
            need = Need("debian", "", "", file, "", 0, source=registry.shown)
            return self._file(_Target(url, registry, need, ()), request)
        stack = ExitStack()
        try:
            reply = stack.enter_context(self._fetch(url, registry, _passed(request)))
            self._ask(Asked("debian", unquote(parts.path), reply.status, request.by))
            return Answer(reply.status, _Body(stack, reply), "application/octet-stream", reply.length)
        except BaseException:
            stack.close()
            raise

    def _fetch(self, url: str, registry: Registry, headers: Mapping[str, str]) -> Any:
        host = (urlsplit(url).hostname or "").lower()
        if host:
            with self._lock:
                self._hosts[host] = None
        return self._upstream.fetch(url, registry, {**headers, "User-Agent": "freehold"})

    def _file(self, target: _Target, request: Request) -> Answer:
        if target.need.ecosystem == "python" and not target.need.name:
            raise ProvisionError(f"'{target.need.file}' is neither a wheel nor a source archive of Python. It was refused.")
        stack = ExitStack()
        try:
            reply: Reply = stack.enter_context(self._fetch(target.url, target.registry, {}))
            self._note_host(reply.url)
            if reply.status != 200:
                self._ask(Asked(target.need.ecosystem, target.need.file, reply.status, request.by))
                stack.close()
                return Answer(reply.status, b"the registry does not give this file\n")
            if request.method == "HEAD":
                stack.close()
                return Answer(200, iter(()), "application/octet-stream", reply.length)
            body = _Body(stack, reply, lambda pieces: self._kept(pieces, reply, target, request.by))
            return Answer(200, body, "application/octet-stream", reply.length)
        except BaseException:
            stack.close()
            raise

    def _kept(self, pieces: Iterator[bytes], reply: Reply, target: _Target, by: str) -> _Pieces:
        """Hand pieces on while they are written down; the last only when all is as stated."""
        with self._lock:
            self._count += 1
            part = self._folder / f"part-{self._count}"
        algorithms = {"sha256", *(name for name, _ in target.digests)}
        digests = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        size, held = 0, b""
        try:
            with part.open("wb") as file:
                for piece in pieces:
                    self._take_room(len(piece), target)
                    size += len(piece)
                    self._write(file, piece, target)
                    for digest in digests.values():
                        digest.update(piece)
                    if held:
                        yield held
                    held = piece
            got = {name: digest.hexdigest() for name, digest in digests.items()}
            if reply.length is not None and size != reply.length:
                raise self._refusal(f"{target.need.file}: {size:,} bytes came of {reply.length:,}. Try again.")
            for name, said in target.digests:
                if got[name] != said:
                    raise self._refusal(
                        f"{target.need.file} from {target.need.source}: its {name} is {got[name]} and the registry "
                        f"states {said}. It was refused; don't use it before the registry's owner has explained."
                    )
            part.replace(self._folder / got["sha256"])
            stated = tuple(f"{name}:{digest}" for name, digest in target.digests)
            self._receive(replace(target.need, sha256=got["sha256"], size=size, stated=stated, by=by))
            if held:
                yield held
        finally:
            part.unlink(missing_ok=True)

    def _write(self, file: IO[bytes], piece: bytes, target: _Target) -> None:
        try:
            file.write(piece)
        except OSError as error:
            raise self._refusal(
                f"{target.need.file}: it cannot be kept while it is recorded ({error.strerror}). Make room, or name another "
                "place for files by TMPDIR."
            ) from None

    def _receive(self, need: Need) -> None:
        with self._lock:
            before = self._received.get(need.key if need.name else (need.ecosystem, need.source, need.file))
            if before is not None and before.need.sha256 != need.sha256:
                self._problems.setdefault(
                    f"{need.file} came with two contents: {before.need.sha256} from {before.need.source} and {need.sha256} "
                    f"from {need.source}. Find out which is right; the first is kept.", None,
                )  # fmt: skip
                return
            received = Received(need, str(self._folder / need.sha256))
            self._received.setdefault(need.key if need.name else (need.ecosystem, need.source, need.file), received)

    def _take_room(self, size: int, target: _Target) -> None:
        with self._lock:
            self._room -= size
            left = self._room
        if left < 0:
            raise self._refusal(f"{target.need.file}: the files take more bytes than were allowed. Raise it: --most-bytes N")

    def _refusal(self, text: str) -> ProvisionError:
        self._problem(text)
        return ProvisionError(text)

    def _problem(self, text: str) -> None:
        with self._lock:
            if len(self._problems) < _MOST_PROBLEMS:
                self._problems[text] = None

    def _ask(self, asked: Asked) -> None:
        with self._lock:
            if len(self._asked) < _MOST_ASKED:
                self._asked[asked] = None

    def _note_host(self, url: str) -> None:
        host = (urlsplit(url).hostname or "").lower()
        if host:
            with self._lock:
                self._hosts[host] = None

    def _hand_out(self, target: _Target) -> str:
        token = _token(target.url)
        with self._lock:
            self._targets[token] = target
            self._targets.move_to_end(token)
            while len(self._targets) > _MOST_ADDRESSES:
                self._targets.popitem(last=False)
        return token

    def _target(self, token: str) -> _Target | None:
        with self._lock:
            return self._targets.get(token)


class _Body:
    """The body of an answer that is read while it is sent, and what must be closed after it."""

    def __init__(self, stack: ExitStack, reply: Reply, through: Callable[[Iterator[bytes]], _Pieces] | None = None) -> None:
        self._stack = stack
        pieces = self._pieces(reply)
        self._made: _Pieces = pieces if through is None else through(pieces)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._made)

    def close(self) -> None:
        self._made.close()
        self._stack.close()

    @staticmethod
    def _pieces(reply: Reply) -> _Pieces:
        while True:
            try:
                piece = reply.body.read(_PIECE)
            except (http.client.HTTPException, OSError):
                raise ProvisionError("the registry broke the connection off. Try again.") from None
            if not piece:
                return
            yield piece


def _token(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:32]


def _passed(request: Request) -> dict[str, str]:
    """What apt says of what it has already."""
    named = ("if-modified-since", "if-range", "range", "cache-control")
    return {name: request.headers[name] for name in named if name in request.headers}
