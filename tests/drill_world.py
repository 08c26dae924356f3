"""A world for drills: its own network, names, certificates and canaries, made by the test and gone with it.

``with world({"kept.test": (), "cut.test": ()}) as w`` starts one process that unshares network and mounts (as root, as "root"
of a user namespace, or as an ordinary user), answers the names given at 127.0.0.1:53 and listens on documentation addresses.
``w.run([...])`` runs a command in there, ``user="ordinary"`` as uid 1000 without any right of its own, and
``w.canary("cut.test")`` tells every contact that truly arrived: queues are drained before it answers, so nothing is missed.
Run as a script it enters a world: that is how a command gets there, with its process number, terminal and session kept.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["TCP_PORTS", "UDP_PORTS", "Host", "Reached", "World", "world"]

User = Literal["root", "ordinary"]
TCP_PORTS = (22, 53, 80, 443, 853, 5432, 8080, 9418)
UDP_PORTS = (53, 123, 443, 4433)
ORDINARY = 1000
SOURCE = Path(__file__).parent.parent / "src"


@dataclass(frozen=True)
class Host:
    """A name: its addresses, or where it leads. ``srv``: (priority, weight, port, target); ``other``: (type number, hex).

    ``code``: the error that every look-up of it is answered with; ``silent``: look-ups of it, and of all below, get no answer.
    """

    addresses: tuple[str, ...] = ()
    cname: str = ""
    srv: tuple[tuple[int, int, int, str], ...] = ()
    other: tuple[tuple[int, str], ...] = ()
    code: int = 0
    silent: bool = False


@dataclass(frozen=True)
class Reached:
    """One contact that arrived. ``kind``: nothing (sent), http, tls, ssh, dns, other; ``host``: what HTTP said it wanted."""

    name: str
    address: str
    port: int
    transport: str
    kind: str
    time: float
    host: str


@dataclass
class World:
    """The world while it stands."""

    folder: Path
    hosts: dict[str, Host]
    pid: int
    ipv6: bool
    nested: bool
    control: Any
    mark: str
    started: list[subprocess.Popen[Any]] = field(default_factory=list)

    @property
    def ca(self) -> Path:
        """The root certificate (PEM) of every HTTPS canary."""
        return self.folder / "ca.pem"

    @property
    def certificate(self) -> tuple[Path, Path]:
        """Chain and key (PEM) for every name of the world: what a user would supply for the shapes that speak HTTP."""
        return self.folder / "canary.pem", self.folder / "canary.key"

    @property
    def pages(self) -> Path:
        """Files under ``pages / HOST`` are what that host serves."""
        return self.folder / "www"

    def address(self, name: str, version: int = 4) -> str:
        """Its first address of that kind."""
        return next(text for text in self.hosts[name].addresses if ipaddress.ip_address(text).version == version)

    def environment(self, **more: str) -> dict[str, str]:
        """What a command gets: little, a home folder of its own, and trust in the world's root certificate."""
        ca = str(self.ca)
        trust = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO", "npm_config_cafile")  # noqa: E501  # fmt: skip
        kept = {name: os.environ[name] for name in ("PATH", "RUSTUP_TOOLCHAIN", "JAVA_HOME") if name in os.environ}
        own = {
            "HOME": str(self.folder / "home"), "LANG": "C.UTF-8", "TMPDIR": str(self.folder / "tmp"), "PYTHONPATH": str(SOURCE),
            "FREEHOLD_WORLD": self.mark, "PIP_CONFIG_FILE": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0", "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
        }  # fmt: skip
        return {**kept, **own, **dict.fromkeys(trust, ca), **more}

    def entering(self, command: Sequence[str | Path], user: User = "root") -> list[str]:
        """The same command, to be started from outside and to run inside."""
        return [sys.executable, "-I", "-S", __file__, str(self.pid), str(int(self.nested)), user, *map(str, command)]

    def start(self, command: Sequence[str | Path], user: User = "root", **settings: Any) -> subprocess.Popen[Any]:
        """Start it inside; its pid is its own. ``env`` adds to :meth:`environment`; all else is :class:`subprocess.Popen`'s."""
        settings["env"] = self.environment(**(settings.get("env") or {}))
        settings.setdefault("cwd", self.folder / "home")
        process = subprocess.Popen(self.entering(command, user), **settings)
        self.started.append(process)
        return process

    def run(
        self, command: Sequence[str | Path], user: User = "root", *, timeout: float = 60.0, check: bool = False, **settings: Any
    ) -> subprocess.CompletedProcess[Any]:
        """Run it inside to its end; output is text unless ``text=False``. Past ``timeout`` its process group is killed."""
        settings = {"text": True, "stdin": subprocess.DEVNULL, "start_new_session": True, **settings}
        with self.start(command, user, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.kill()
                raise
        done = subprocess.CompletedProcess(list(map(str, command)), process.returncode, out, err)
        if check and done.returncode:
            raise AssertionError(f"{done.args} ended with {done.returncode}\n{out}\n{err}")
        return done

    def python(
        self, source: str, *arguments: str | Path, user: User = "root", **settings: Any
    ) -> subprocess.CompletedProcess[Any]:
        """Run Python source inside, with the project's modules at hand."""
        return self.run([sys.executable, "-c", source, *arguments], user, **settings)

    def freehold(self, *arguments: str | Path, user: User = "root", **settings: Any) -> subprocess.CompletedProcess[Any]:
        """Run ``freehold …`` inside."""
        return self.run([sys.executable, "-m", "freehold", *arguments], user, **settings)

    def _ask(self, what: str) -> dict[str, Any]:
        self.control.write(json.dumps(what).encode() + b"\n")
        self.control.flush()
        answer: dict[str, Any] = json.loads(self.control.readline())
        return answer

    def reached(self) -> tuple[Reached, ...]:
        """Every contact that arrived, at any canary; a name's address tells whose it was, else it has none."""
        named = {ipaddress.ip_address(text): name for name, host in self.hosts.items() for text in host.addresses}
        return tuple(
            Reached(named.get(ipaddress.ip_address(entry[0]), ""), *entry)
            for entry in self._ask("tell")["contacts"]
            if not (ipaddress.ip_address(entry[0]).is_loopback and entry[1] == 53)
        )

    def canary(self, host: str) -> tuple[Reached, ...]:
        """What arrived at one name, or at one literal address."""
        try:
            wanted = {ipaddress.ip_address(host)}
        except ValueError:
            wanted = {ipaddress.ip_address(text) for text in self.hosts[host].addresses}
        return tuple(each for each in self.reached() if ipaddress.ip_address(each.address) in wanted)

    def nothing_reached(self, *hosts: str) -> None:
        """Fail if anything arrived at any of these."""
        for host in hosts:
            assert not (arrived := self.canary(host)), f"{host} was reached: {arrived}"

    def asked(self) -> tuple[tuple[str, str, str], ...]:
        """Every look-up that came to the world's own name server: name, type, ``udp`` or ``tcp``."""
        return tuple((name, kind, transport) for name, kind, transport in self._ask("tell")["asked"])

    def clear(self) -> None:
        """Forget what arrived up to now."""
        self._ask("clear")

    def processes(self) -> dict[int, str]:
        """Everything alive that was started in this world, forked away or not: number and command line."""
        found = {}
        for place in Path("/proc").iterdir():
            if place.name.isdecimal():
                with contextlib.suppress(OSError):
                    if f"FREEHOLD_WORLD={self.mark}".encode() in (place / "environ").read_bytes().split(b"\0"):
                        found[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return found


def _addressed(hosts: Mapping[str, Host | Sequence[str]]) -> dict[str, Host]:
    """Names without any record get an address of each kind: 203.0.113.100 and 2001:db8::100 upwards, in order."""
    filled = {name.lower(): host if isinstance(host, Host) else Host(tuple(host)) for name, host in hosts.items()}
    for number, (name, host) in enumerate(filled.items(), 100):
        if host == Host():
            filled[name] = Host((f"203.0.113.{number}", f"2001:db8::{number}"))
    return filled


@contextlib.contextmanager
def world(
    hosts: Mapping[str, Host | Sequence[str]],
    *,
    tcp: Sequence[int] = TCP_PORTS,
    udp: Sequence[int] = UDP_PORTS,
    etc_hosts: str = "",
    resolv_conf: str = "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n",
) -> Iterator[World]:
    """Make a world, and end it with all that was started in it.

    ``hosts`` maps names to addresses (none: given some), or to a :class:`Host`. Addresses that have no name are canaries too:
    all of 203.0.113.0/24, 198.51.100.0/24 and 2001:db8::/32 answers, on the ports given. A test is skipped where
    namespaces are not allowed.
    """
    import pytest

    from drill_canary import NOT_ALLOWED

    if not sys.platform.startswith("linux"):
        pytest.skip("a world is made of Linux namespaces")
    known = _addressed(hosts)
    with tempfile.TemporaryDirectory(prefix="world-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for part in ("etc", "home", "tmp", "www"):
            (folder / part).mkdir()
        _write_etc(folder / "etc", etc_hosts, resolv_conf)
        ours, theirs = socket.socketpair()
        settings = {
            "folder": name,
            "hosts": {key: asdict(host) for key, host in known.items()},
            "tcp": list(tcp),
            "udp": list(udp),
        }
        server = subprocess.Popen(
            [
                sys.executable,
                "-I",
                str(Path(__file__).with_name("drill_canary.py")),
                str(theirs.fileno()),
                json.dumps(settings),
            ],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        with server, ours, ours.makefile("rwb") as control:
            ours.settimeout(30)
            try:
                ready = json.loads(control.readline() or b"null")
                if not ready and server.wait(5) == NOT_ALLOWED:
                    pytest.skip("namespaces are not allowed here")
                assert ready, "the world did not come up: see above"
                made = World(folder, known, ready["pid"], ready["ipv6"], ready["nested"], control, secrets.token_hex(8))
                try:
                    yield made
                finally:
                    _end(made)
            finally:
                ours.shutdown(socket.SHUT_RDWR)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(5)
                server.kill()


def _write_etc(etc: Path, etc_hosts: str, resolv_conf: str) -> None:
    (etc / "resolv.conf").write_text(resolv_conf)
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n{etc_hosts}\n")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\nservices: files\n")
    for file in ("passwd", "group"):
        kept = [line for line in (Path("/etc") / file).read_text().splitlines() if f":{ORDINARY}:" not in line]
        line = f"drilled:x:{ORDINARY}:{ORDINARY}::/:/bin/sh" if file == "passwd" else f"drilled:x:{ORDINARY}:"
        (etc / file).write_text("\n".join([*kept, line]) + "\n")


def _end(made: World) -> None:
    """Kill what is left; a test that wants nothing left looks at :meth:`World.processes` before."""
    for pid in made.processes():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    for process in made.started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
    deadline = time.monotonic() + 5
    while made.processes() and time.monotonic() < deadline:
        os.sched_yield()


def enter(pid: int, *, nested: bool, user: str, command: list[str]) -> None:
    """Become ``command`` inside the world of that process."""
    from drill_canary import CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER, map_one_user

    libc = ctypes.CDLL(None, use_errno=True)
    folder = Path.cwd()
    kinds = [("user", CLONE_NEWUSER)] * nested + [("net", CLONE_NEWNET), ("mnt", CLONE_NEWNS)]
    for name, kind in kinds:
        with Path(f"/proc/{pid}/ns/{name}").open() as handle:
            if libc.setns(handle.fileno(), kind) != 0:
                raise OSError(ctypes.get_errno(), f"{name} namespace not entered")
    os.chdir(folder)
    if user == "ordinary":
        outside, group = os.geteuid(), os.getegid()
        if libc.unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "no user namespace for the ordinary user")
        map_one_user(ORDINARY, outside, ORDINARY, group)
    os.execvpe(command[0], command, os.environ)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    enter(int(sys.argv[1]), nested=sys.argv[2] == "1", user=sys.argv[3], command=sys.argv[4:])
