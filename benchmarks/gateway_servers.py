"""Servers as children on loopback: started, awaited, watched, ended. Owns how each gateway is told where its upstream is.

Every server gets a session of its own, so that all its processes can be counted and ended together, and no others.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.child import environment, freehold_command, last_error
from benchmarks.interface import NotRun, Places

__all__ = [
    "GATEWAYS",
    "LITELLM",
    "PASS_THROUGH",
    "PORTKEY",
    "Server",
    "Upstreams",
    "closed_port",
    "free_port",
    "load",
    "not_installed",
    "raise_open_files",
    "serving",
    "silent_port",
    "upstream",
]

PASS_THROUGH: Final = "aiohttp pass-through"
LITELLM: Final = "LiteLLM proxy"
PORTKEY: Final = "Portkey gateway"
GATEWAYS: Final = ("freehold", PASS_THROUGH, LITELLM, PORTKEY)

_ROOT: Final = Path(__file__).resolve().parents[1]
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_READY_SECONDS: Final = 150.0
_END_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Where a gateway's upstreams are: ports on loopback.

    Parameters
    ----------
    live
        Answers.
    dead
        Comes first, and does not answer; ``None``: there is no such one.
    patience
        Seconds after which the gateway is to give an answer up; ``None``: its own default.
    """

    live: int
    dead: int | None = None
    patience: float | None = None


@dataclass(slots=True)
class Server:
    """A server that runs.

    Parameters
    ----------
    name
        Whose it is.
    port
        On loopback.
    headers
        What requests to it must carry.
    process
        The first of its processes, which leads their session.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where chat completions are asked for."""
        return f"http://127.0.0.1:{self.port}/v1/chat/completions"

    def processor(self) -> float:
        """Seconds of processor that all its processes have used."""
        return sum(one[0] for one in self._processes())

    def memory(self) -> float:
        """MB that all its processes hold in memory."""
        return sum(one[1] for one in self._processes())

    def _processes(self) -> Iterator[tuple[float, float]]:
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                text = (folder / "stat").read_text()
            except OSError:
                continue
            fields = text[text.rindex(")") + 2 :].split()
            if int(fields[3]) == self.process.pid:
                # its own and of the children that it waited for: user, system; and pages in memory
                yield sum(map(int, fields[11:15])) / _TICKS, int(fields[21]) * _PAGE / 1e6

    def end(self) -> None:
        """End all its processes."""
        for one, seconds in ((signal.SIGTERM, _END_SECONDS), (signal.SIGKILL, _END_SECONDS)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, one)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
                if one is signal.SIGKILL or not list(self._processes()):
                    return


def free_port() -> int:
    """A port on loopback on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses connections for as long as the block lasts: it is bound, and nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield int(one.getsockname()[1])


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections for as long as the block lasts, and never says a word."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen(4096)
        yield int(one.getsockname()[1])


def raise_open_files() -> int:
    """Let children have as many open files as the system allows; gives how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 1 << 16
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return int(wanted)


def _child_environment(places: Places, more: Mapping[str, str]) -> dict[str, str]:
    environ = environment(places)
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), environ.get("PYTHONPATH"))))
    environ["HOME"] = str(places.scratch / "home")
    (places.scratch / "home").mkdir(parents=True, exist_ok=True)
    return environ | dict(more)


def _start(
    places: Places, name: str, port: int, command: Sequence[str | Path], more: Mapping[str, str], headers: Mapping[str, str],
    cwd: Path | None = None,
) -> Server:  # fmt: skip
    log = places.scratch / "output" / f"{name.replace(' ', '-')}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out, log.with_suffix(".err").open("wb") as err:
        process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True, cwd=cwd,
            env=_child_environment(places, more),
        )  # fmt: skip
    return Server(name, port, process, headers)


def _answers(server: Server) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        body = json.dumps({"model": "bench", "messages": [{"role": "user", "content": "Are you there?"}]})
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json", **server.headers})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def upstream(places: Places, *, delay: float = 0.0, tokens: int = 20, rate: float = 0.0) -> Iterator[Server]:
    """The model server that costs next to nothing, for as long as the block lasts.

    Raises
    ------
    RuntimeError
        If it does not come up: a defect.
    """
    port = free_port()
    command: list[str | Path] = [places.python, "-m", "benchmarks.gateway_upstream", "--port", str(port)]
    command += ["--delay", str(delay), "--tokens", str(tokens), "--rate", str(rate)]
    server = _start(places, "upstream", port, command, {}, {})
    try:
        missing = _await(places, server)
        if missing is not None:
            raise RuntimeError(missing.because)
        yield server
    finally:
        server.end()


def _await(places: Places, server: Server) -> NotRun | None:
    until = time.monotonic() + _READY_SECONDS
    while not _answers(server):
        if server.process.poll() is not None or time.monotonic() > until:
            said = last_error(places.scratch / "output" / f"{server.name.replace(' ', '-')}.err")
            status = server.process.poll()
            how = f"ended with exit status {status}" if status is not None else f"did not answer in {_READY_SECONDS:g} s"
            return NotRun(f"{server.name} {how}: {said}")
        time.sleep(0.1)
    return None


def _litellm_program(places: Places) -> Path:
    return places.peers / "litellm" / "bin" / "litellm"


def _portkey_program(places: Places) -> Path:
    return places.peers / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"


def not_installed(places: Places, name: str) -> NotRun | None:
    """Why a gateway cannot even be started; ``None`` if all that it needs is there."""
    if name == LITELLM and not _litellm_program(places).exists():
        return NotRun("LiteLLM is not installed (python -m benchmarks peers)")
    if name == PORTKEY and not (_portkey_program(places).exists() and shutil.which("node")):
        return NotRun("Portkey's gateway is not installed (python -m benchmarks peers)")
    return None


@contextlib.contextmanager
def serving(places: Places, name: str, to: Upstreams) -> Iterator[Server | NotRun]:
    """A gateway before upstreams, for as long as the block lasts; or why it does not run.

    Parameters
    ----------
    places
        Where things are.
    name
        One of :data:`GATEWAYS`.
    to
        Where its upstreams are.
    """
    if not Path("/proc/self/stat").exists():
        yield NotRun("processor and memory of a server are read from /proc, which is not there")
        return
    absent = not_installed(places, name)
    if absent is not None:
        yield absent
        return
    started = _STARTS[name](places, free_port(), to)
    try:
        missing = _await(places, started)
        yield started if missing is None else missing
    finally:
        started.end()


def _key() -> str:
    return f"sk-bench-{secrets.token_hex(24)}"


def _v1(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"


_POLICY: Final = """\
data_classes = ["public", "internal", "personal"]

[gateway]
listen = "127.0.0.1:{port}"

[gateway.budget]
requests_per_minute = 100000000
tokens_per_minute = 1000000000

{timeouts}
{upstreams}

[[rule]]
name = "personal data stays with what is held"
data_classes = ["personal"]
self_held = true
because = "personal data does not leave the house"

[[rule]]
name = "nothing that is controlled from elsewhere"
models = ["*"]
jurisdiction = {{ within = ["EU"], never = ["US"] }}

[[rule]]
name = "the secret model is for the board"
models = ["secret-*"]
tenants = ["board"]

[tools]
default = "allow"

[[tools.rule]]
tools = ["delete_*", "pay_*"]
allow = false
because = "only people delete and pay"

[tools.runaway]
repeats = 20
depth = 50
spend_per_minute = 1000.0

[[tenant]]
name = "bench"
key_env = "BENCH_TENANT_KEY"
data_class = "internal"

[tenant.budget]
requests_per_minute = 10000000
tokens_per_minute = 1000000000
at_once = 100000
spend_per_day = 1000000.0

[[tenant]]
name = "board"
key_env = "BENCH_BOARD_KEY"
"""

_UPSTREAM: Final = """\
[[upstream]]
name = "{name}"
url = "{url}"
key_env = "BENCH_UPSTREAM_KEY"
place = {{ countries = ["DE"] }}

[[upstream.model]]
name = "bench"
price = {{ input = 1.0, output = 3.0 }}
"""


def _freehold(places: Places, port: int, to: Upstreams) -> Server:
    """With everything on: two tenants, budgets, prices, routing rules on data and jurisdiction, tool policy, evidence."""
    folder = places.scratch / "gateway"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ports = ([("first", to.dead)] if to.dead is not None else []) + [("held", to.live)]
    upstreams = "\n".join(_UPSTREAM.format(name=name, url=_v1(one or 0)) for name, one in ports)
    file = folder / "gateway.toml"
    patience = "" if to.patience is None else f"[timeouts]\nfirst_byte = {to.patience}\nanswer = {to.patience}\n"
    file.write_text(_POLICY.format(port=port, upstreams=upstreams, timeouts=patience), encoding="utf-8")
    key = _key()
    keys = {"BENCH_TENANT_KEY": key, "BENCH_BOARD_KEY": _key(), "BENCH_UPSTREAM_KEY": _key()}
    command = (*freehold_command(places), "gateway", "--config", file, "--state", folder / "state")
    return _start(places, "freehold", port, command, keys, {"Authorization": f"Bearer {key}"})


def _pass_through(places: Places, port: int, to: Upstreams) -> Server:
    assert to.dead is None, "it knows one upstream and falls back to none"
    command = (
        places.python, "-m", "benchmarks.gateway_pass_through", "--port", str(port), "--upstream", _v1(to.live),
    )  # fmt: skip
    return _start(places, PASS_THROUGH, port, command, {}, {"Authorization": f"Bearer {_key()}"})


def _litellm(places: Places, port: int, to: Upstreams) -> Server:
    program = _litellm_program(places)
    folder = places.scratch / "litellm"
    folder.mkdir(parents=True, exist_ok=True)
    key = _key()

    def model(name: str, at: int) -> dict[str, Any]:
        told = {"model": "openai/bench", "api_base": _v1(at), "api_key": _key()}
        patience = {} if to.patience is None else {"timeout": to.patience, "max_retries": 0}
        return {"model_name": name, "litellm_params": told | patience}

    models = [model("bench", to.live)] if to.dead is None else [model("bench", to.dead), model("held", to.live)]
    settings: dict[str, Any] = {"model_list": models, "general_settings": {"master_key": key}}
    if to.dead is not None:
        settings["router_settings"] = {
            "fallbacks": [{"bench": ["held"]}], "num_retries": 0, "allowed_fails": 3, "cooldown_time": 30,
        }  # fmt: skip
    # JSON is YAML too
    (folder / "config.yaml").write_text(json.dumps(settings), encoding="utf-8")
    command = (program, "--config", folder / "config.yaml", "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1")
    quiet = {"LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONPATH": ""}
    return _start(places, LITELLM, port, command, quiet, {"Authorization": f"Bearer {key}"}, folder)


def _portkey(places: Places, port: int, to: Upstreams) -> Server:
    program, node = _portkey_program(places), shutil.which("node")
    assert node is not None
    command = (node, program, f"--port={port}", "--headless")
    key = f"Bearer {_key()}"

    def target(at: int) -> dict[str, Any]:
        patience = {} if to.patience is None else {"request_timeout": round(to.patience * 1000)}
        return {"provider": "openai", "custom_host": _v1(at), "api_key": key.removeprefix("Bearer ")} | patience

    if to.dead is None:
        headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": _v1(to.live), "Authorization": key}
    else:
        told = {"strategy": {"mode": "fallback"}, "targets": [target(to.dead), target(to.live)]}
        headers = {"x-portkey-config": json.dumps(told, separators=(",", ":"))}
    trusted = {"TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost", "NODE_ENV": "production"}
    return _start(places, PORTKEY, port, command, trusted, headers)


_STARTS: Final = {"freehold": _freehold, PASS_THROUGH: _pass_through, LITELLM: _litellm, PORTKEY: _portkey}


def load(places: Places, urls: Sequence[str], headers: Mapping[str, str], **how: float | bool) -> dict[str, Any]:
    """Send a load from a child and give what it tells.

    Parameters
    ----------
    places
        Where things are.
    urls
        Addresses, by turns.
    headers
        Of every request.
    how
        Arguments of :mod:`benchmarks.gateway_load` by name: ``count``, ``at_once``, ``seconds``, ``stream`` …

    Raises
    ------
    RuntimeError
        If it ends with an error: a defect.
    """
    command: list[str] = [str(places.python), "-m", "benchmarks.gateway_load"]
    for url in urls:
        command += ["--url", url]
    for name, value in headers.items():
        command += ["--header", f"{name}={value}"]
    for name, value in how.items():
        flag = "--" + name.replace("_", "-")
        command += ([flag] if value else []) if isinstance(value, bool) else [flag, str(value)]
    done = subprocess.run(command, capture_output=True, check=False, env=_child_environment(places, {}))
    if done.returncode:
        print(done.stderr.decode(errors="replace"), file=sys.stderr)
        raise RuntimeError(f"the load generator ended with exit status {done.returncode}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
