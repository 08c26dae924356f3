"""From a command to a mirror that is proved. Owns the order: record, fill, prove; and what is called missing in the end."""

from __future__ import annotations

import asyncio
import shlex
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from freehold.drill.interface import Backend
from freehold.drill.redaction import redact_arguments, secrets_in
from freehold.errors import CutFailed, NotPossible, ProvisionError
from freehold.provision.configured import Configured, configured, said_by
from freehold.provision.errands import Errand, errands_for, errands_of_file
from freehold.provision.fill import fill, see_it_can_be_filled
from freehold.provision.manifest import Manifest, read_manifest, verify_mirror
from freehold.provision.needs import Missing, Need
from freehold.provision.proof import Proof, prove
from freehold.provision.recorded_run import Recorded, record
from freehold.provision.recording_index import MOST_BYTES

__all__ = ["Provisioned", "Request", "prove_mirror", "provision"]

_MOST_SHOWN: Final = 60
_CLIENTS: Mapping[str, Sequence[str]] = {"python": ("pip", "uv"), "npm": ("npm", "node"), "debian": ("apt-get", "dpkg-deb")}


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be provisioned.

    Parameters
    ----------
    into
        The mirror: a folder that is empty, a mirror, or not there yet.
    command
        Program and arguments to record; empty where only files and packages are named.
    files
        Lock files, lists of requirements, other mirrors.
    needs
        Packages by name, such as ``python:six==1.17.0``.
    python, npm
        Addresses of registries to use instead of those that the clients are configured for.
    air_gap
        Whether the proof cuts everything outside this machine.
    timeout
        Seconds for the recorded run, and again for the proof.
    most_bytes
        Bytes of all files.
    """

    into: Path
    command: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    needs: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    air_gap: bool = False
    timeout: float = 3600.0
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A mirror, and what is known of it.

    Parameters
    ----------
    folder
        Where it is.
    manifest
        What it holds.
    commands
        What was run, without secrets.
    recorded
        The recorded run; ``None`` where a mirror was only proved.
    expected
        Files that were recorded for these commands.
    proof
        What the run from the mirror alone has shown; ``None`` without one.
    unproved
        Why there is no proof; empty if there is one.
    missing
        Everything that is missing, from recording and proof.
    """

    folder: Path
    manifest: Manifest
    commands: tuple[tuple[str, ...], ...]
    recorded: Recorded | None = None
    expected: tuple[Need, ...] = ()
    proof: Proof | None = None
    unproved: str = ""
    missing: tuple[Missing, ...] = ()


def provision(
    request: Request, backend: Backend | None, environment: Mapping[str, str], folder: Path, *, now: float,
    stdout: int | None = None, unproved: str = "",
) -> Provisioned:  # fmt: skip
    """Record what a command needs, fill a mirror with it, and prove the mirror.

    Parameters
    ----------
    request
        What, and into which mirror.
    backend
        How the registries are cut for the proof; ``None``: no proof.
    environment, folder
        Of the commands.
    now
        The moment, in seconds since 1970.
    stdout
        Where the commands' output goes; ``None``: where that of this process goes.
    unproved
        Why there is no backend.

    Raises
    ------
    freehold.errors.DrillError
        If something that is named is none, or a program is not there. Where the cut cannot be set up, the answer says so.
    """
    if not (request.command or request.files or request.needs):
        raise ProvisionError("nothing is named to provision. Give a command after --, or --from FILE, or --need KIND:NAME.")
    see_it_can_be_filled(request.into)
    with _scratch() as place:
        errands = _errands(request, environment, folder, _new(place, "leavings"))
        settings = configured(environment, folder, request.command, python=request.python, npm=request.npm)
        recorded = record(
            errands, settings, environment, _new(place, "recording"), most_bytes=request.most_bytes, stdout=stdout,
            timeout=request.timeout,
        )  # fmt: skip
        commands = _shown(errands, environment, str(Path(place) / "leavings"))
        registries = sorted({one.need.source for one in recorded.recording.received})
        ecosystems = {one.need.ecosystem for one in recorded.recording.received}
        manifest = fill(
            request.into, recorded.recording, now=now, commands=commands if request.command else (),
            registries=registries, tools=_versions(ecosystems, environment, folder),
        )  # fmt: skip
    digests = {one.need.sha256 for one in recorded.recording.received}
    expected = tuple(one for one in manifest.needs if one.sha256 in digests)
    made = Provisioned(
        request.into,
        manifest,
        commands,
        recorded,
        expected,
        None,
        unproved,
        (*manifest.missing, *_failures(recorded, expected, dict(zip(errands, commands, strict=True)))),
    )
    if backend is None:
        return made
    try:
        return _proved(made, request, backend, settings, environment, folder, stdout)
    except (CutFailed, NotPossible) as error:
        return replace(made, unproved=str(error))


def prove_mirror(
    request: Request, backend: Backend, environment: Mapping[str, str], folder: Path, *, stdout: int | None = None
) -> Provisioned:
    """Prove a mirror that is there, by a command that has not been recorded now.

    Raises
    ------
    freehold.errors.DrillError
        If the mirror is not what its manifest says, or as :func:`provision`.
    """
    manifest, findings = verify_mirror(request.into)
    if findings:
        raise ProvisionError(f"{request.into} is not what its manifest says: {findings[0]}")
    settings = configured(environment, folder, request.command, python=request.python, npm=request.npm)
    with _scratch() as place:
        leavings = _new(place, "leavings")
        commands = _shown(_errands(request, environment, folder, leavings), environment, str(leavings))
    made = Provisioned(request.into, manifest, commands, missing=manifest.missing)
    return _proved(made, request, backend, settings, environment, folder, stdout)


def _proved(
    made: Provisioned, request: Request, backend: Backend, settings: Configured, environment: Mapping[str, str], folder: Path,
    stdout: int | None,
) -> Provisioned:  # fmt: skip
    with _scratch() as place:
        errands = _errands(request, environment, folder, _new(place, "leavings"))
        proof = asyncio.run(
            prove(
                errands, request.into.resolve(), read_manifest(request.into), backend, settings, environment,
                _new(place, "clients"), baseline=made.recorded.run if made.recorded else None, expected=made.expected,
                air_gap=request.air_gap, stdout=stdout, timeout=request.timeout,
            )
        )  # fmt: skip
    return replace(made, proof=proof, unproved="", missing=tuple(dict.fromkeys((*made.missing, *proof.missing))))


def _errands(request: Request, environment: Mapping[str, str], folder: Path, scratch: Path) -> tuple[Errand, ...]:
    found: list[Errand] = []
    for number, path in enumerate(request.files):
        found += errands_of_file(folder / path, environment, _new(scratch, f"file-{number}"))
    found += errands_for(request.needs, environment, _new(scratch, "needs"))
    if request.command:
        found.append(Errand(request.command, folder))
    return tuple(found)


def _failures(recorded: Recorded, expected: Sequence[Need], shown: Mapping[Errand, tuple[str, ...]]) -> Iterable[Missing]:
    """What a recording that went wrong leaves unknown."""
    have = {(one.file, one.sha256) for one in expected}
    for errand, status in recorded.failed:
        if errand.wanted is None:
            reason = f"it ended with status {status} while it was recorded: what it would have needed after that is not known"
            yield Missing("", _short(shlex.join(shown[errand])), "", reason)
        elif errand.wanted not in have:
            yield Missing(
                "", errand.arguments[-1], errand.wanted[0], f"no registry gave it: the client ended with status {status}"
            )


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def _shown(errands: Iterable[Errand], environment: Mapping[str, str], scratch: str) -> tuple[tuple[str, ...], ...]:
    """Commands as they may be kept; the folder that is thrown away has no name in them."""
    secrets, home = secrets_in(environment), environment.get("HOME", "")
    return tuple(redact_arguments([text.replace(scratch, "DIR") for text in one.arguments], home, secrets) for one in errands)


def _versions(ecosystems: Iterable[str], environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    found = {}
    for ecosystem in ecosystems:
        for client in _CLIENTS[ecosystem]:
            words = said_by((client, "--version"), environment, folder).split()
            version = next((one for one in words if one.lstrip("v")[:1].isdigit()), "")
            if version:
                found[client] = version.lstrip("v")
    return dict(sorted(found.items()))


def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="freehold-provision-", ignore_cleanup_errors=True)


def _new(place: str | Path, name: str) -> Path:
    Path(place).chmod(0o755)  # apt drops its rights before it downloads
    made = Path(place) / name
    made.mkdir()
    return made
