"""The files and programs of the demo's clinic. Owns what lies in its folder: stack, configuration, keys, state, logs.

Everything is made anew in a folder that is empty or not there; nothing outside it is touched, and only loopback is used.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from freehold.demo.faults import Behaviour
from freehold.demo.frames import encoded
from freehold.demo.programs import Program, free_ports
from freehold.errors import UsageError
from freehold.words import say

__all__ = ["BRISK", "CALM", "Clinic", "Tempo", "build"]

_FOLDER: Final = Path(__file__).parent / "scenery"
_STAND_IN: Final = ("-m", "freehold.demo.stand_in_process")
_KEYS: Final = ("control", "rented", "wards", "letters")
_PORTS: Final = ("GATEWAY", "RENTED", "OWN", "DESK")


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast the morning goes.

    Parameters
    ----------
    users, pause
        Users of each tenant, and the seconds that each waits between two questions.
    hold
        Seconds that a step of a ramp must hold.
    breaker
        Seconds that the breaker is open.
    token
        Seconds between two tokens of the models.
    longest
        Seconds that anything may take to happen before it counts as not happening.
    """

    users: int = 3
    pause: float = 0.25
    hold: float = 4.0
    breaker: float = 2.0
    token: float = 0.02
    longest: float = 40.0


CALM: Final = Tempo()
"""As a person watches it."""
BRISK: Final = Tempo(users=3, pause=0.05, hold=0.6, breaker=0.5, token=0.002)
"""As a test plays it."""


@dataclass(frozen=True, slots=True)
class Clinic:
    """What was built.

    Parameters
    ----------
    folder
        Where it lies.
    keys
        Keys by name: ``control`` of the gateway, ``rented`` of the provider, ``wards`` and ``letters`` of the tenants.
    gateway_url, desk_url
        Addresses.
    rented, own, desk, gateway
        The programs: the stand-in of the provider, the stand-in of the clinic's own model server, the desk, the gateway.
    tempo
        How fast it goes.
    """

    folder: Path
    keys: Mapping[str, str]
    gateway_url: str
    desk_url: str
    rented: Program
    own: Program
    desk: Program
    gateway: Program
    tempo: Tempo

    @property
    def programs(self) -> tuple[Program, ...]:
        """All of them, in the order in which they are started."""
        return (self.rented, self.own, self.desk, self.gateway)

    @property
    def evidence(self) -> tuple[Path, ...]:
        """The evidence logs."""
        return (self.folder / "gateway" / "evidence-gateway.jsonl", self.folder / "desk" / "evidence-desk.jsonl")


def build(folder: Path, tempo: Tempo = CALM) -> Clinic:
    """Make the files, and the programs that are not yet started.

    Raises
    ------
    freehold.errors.UsageError
        If the folder holds something, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(say("demo.not_empty", folder=folder))
        (folder / "keys").mkdir(mode=0o700)
        keys = {name: secrets.token_urlsafe(32) for name in _KEYS}
        for name, key in keys.items():
            _write_key(folder / "keys" / name, key)
        (folder / "desk" / "playbooks").mkdir(parents=True, mode=0o700)
        ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
        _fill("stack.toml", folder, {})
        _fill("gateway.toml", folder, {**ports, "HOLD": tempo.hold, "OPEN": tempo.breaker})
        _fill("respond.toml", folder / "desk", ports)
        _fill("rented-model-down.toml", folder / "desk" / "playbooks", {})
    except OSError as error:
        raise UsageError(say("demo.no_folder", folder=folder, why=error.strerror)) from None
    logs = folder / "logs"
    url = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    behaviour = encoded(Behaviour(token_seconds=tempo.token)).decode()
    rented = Program(
        "rented",
        (
            *_STAND_IN,
            "openai",
            "--port",
            str(ports["RENTED"]),
            f"--key={keys['rented']}",  # one word: a key may begin with a dash
            "--behaviour",
            behaviour,
            "--address",
            str(folder / "rented.json"),
        ),
        logs,
        f"{url['RENTED']}/v1/models",
        headers={"Authorization": f"Bearer {keys['rented']}"},
    )
    own = Program(
        "own", (*_STAND_IN, "vllm", "--port", str(ports["OWN"]), "--behaviour", behaviour), logs, f"{url['OWN']}/health"
    )
    files = (
        "--config",
        str(folder / "gateway.toml"),
        "--stack",
        str(folder / "stack.toml"),
        "--state",
        str(folder / "gateway"),
    )
    gateway = Program("gateway", ("-m", "freehold", "gateway", *files), logs, f"{url['GATEWAY']}/freehold/health")
    watch = ("watch", str(folder / "stack.toml"), "--state", str(folder / "desk"), "--listen", f"127.0.0.1:{ports['DESK']}")
    desk = Program("desk", ("-m", "freehold", *watch), logs, f"{url['DESK']}/health")
    return Clinic(folder, keys, url["GATEWAY"], url["DESK"], rented, own, desk, gateway, tempo)


def _write_key(path: Path, key: str) -> None:
    path.touch(mode=0o600)
    path.write_text(key + "\n", encoding="ascii")


def _fill(name: str, folder: Path, values: Mapping[str, object]) -> None:
    text = Template((_FOLDER / name).read_text(encoding="utf-8")).substitute(values)
    (folder / name).write_text(text, encoding="utf-8")
