"""Running commands before the recording index. Owns what surrounds them: index, caches, and what apt keeps of its own."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.interface import Command
from freehold.drill.record import Attributed, Run
from freehold.drill.session_processes import SessionProcesses, session_processes
from freehold.errors import ProvisionError
from freehold.provision.client_environment import for_recording
from freehold.provision.configured import Configured
from freehold.provision.debian_archive import control_of, stated_digests
from freehold.provision.errands import Errand
from freehold.provision.file_names import is_safe_file
from freehold.provision.loopback_server import LoopbackServer
from freehold.provision.manifest import digest_of
from freehold.provision.needs import Need, Received, Recording
from freehold.provision.recording_index import MOST_BYTES, RecordingIndex
from freehold.provision.upstream import Upstream

__all__ = ["Recorded", "record"]

_GRACE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded, and how it went.

    Parameters
    ----------
    recording
        What clients fetched; its files lie in the folder that was given.
    run
        The run as a drill's baseline: the hosts asked are its contacts.
    failed
        Errands that did not succeed, with their exit status.
    """

    recording: Recording
    run: Run
    failed: tuple[tuple[Errand, int], ...] = ()


def record(
    errands: Sequence[Errand], settings: Configured, environment: Mapping[str, str], folder: Path, *,
    most_bytes: int = MOST_BYTES, stdout: int | None = None, timeout: float | None = None,
) -> Recorded:  # fmt: skip
    """Run commands one after another, and record what they fetch.

    Parameters
    ----------
    errands
        What to run; all are, also after one has failed.
    settings
        The registries.
    environment
        Of the commands; variables of clients are changed in it.
    folder
        For files, caches and settings; empty.
    most_bytes
        Bytes of all files together.
    stdout
        Where their output goes; ``None``: where that of this process goes.
    timeout
        Seconds for all of them, after which one is killed; ``None``: as long as they take.

    Raises
    ------
    freehold.errors.DrillError
        If a program is not there or may not be run.
    """
    folder.chmod(0o755)  # apt drops its rights before it downloads; what is in here is public, or shut by itself
    files, clients = folder / "files", folder / "clients"
    files.mkdir(mode=0o700)
    clients.mkdir()
    proxies = {"http_proxy": settings.proxy, "https_proxy": settings.proxy} if settings.proxy else {}
    upstream = Upstream({**proxies, **environment}, settings.certificates)
    index = RecordingIndex(settings.registries, files, upstream, most_bytes=most_bytes)
    started, begin = datetime.now(UTC), time.monotonic()
    with LoopbackServer(index.respond) as server:
        made = for_recording(environment, settings, server.url, clients)
        failed = asyncio.run(_run(errands, made, stdout, timeout))
        seconds = time.monotonic() - begin
        recording = _of_debian(_with_apts(index.recording(), clients / "archives"), made)
    contacts = tuple(Attributed(Contact(host, "", 0, "tcp", tries=1)) for host in recording.hosts)
    run = Run(
        "baseline", "recording", started.isoformat(timespec="seconds").replace("+00:00", "Z"), seconds,
        failed[0][1] if failed else 0, contacts, cold=True,
    )  # fmt: skip
    return Recorded(recording, run, tuple(failed))


async def _run(
    errands: Sequence[Errand], environment: Mapping[str, str], stdout: int | None, timeout: float | None
) -> list[tuple[Errand, int]]:
    """Run one after another, whatever becomes of them; nothing that they started is left at the end."""
    failed = []
    processes: SessionProcesses | None = None
    begin = time.monotonic()
    try:
        for errand in errands:
            if processes is None:
                processes, _ = await session_processes()
            process = await processes.start(Command(errand.arguments, str(errand.folder), environment, stdout=stdout))
            left = None if timeout is None else max(0.0, timeout - (time.monotonic() - begin))
            try:
                status = await asyncio.wait_for(process.wait(), left)
            except TimeoutError:
                await processes.close()
                processes = None
                status = -signal.SIGKILL
            except asyncio.CancelledError:
                # An interrupt reaches the command too, which stands in the same group: it may end by itself.
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), _GRACE)
                raise
            if status:
                failed.append((errand, status))
    finally:
        if processes is not None:
            await processes.close()
    return failed


def _of_debian(recording: Recording, environment: Mapping[str, str]) -> Recording:
    """Hold Debian packages, whose address says little, against what they say themselves and what apt's lists state of them."""
    said: dict[str, tuple[str, str, str]] = {}
    problems = list(recording.problems)
    for one in recording.received:
        if one.need.ecosystem == "debian":
            try:
                _, fields = control_of(Path(one.path))
            except ProvisionError as error:
                problems.append(str(error))
                continue
            said[one.path] = (fields["Package"], fields["Version"], fields["Architecture"])
    stated = stated_digests(said.values(), environment) if said else {}
    received = []
    for one in recording.received:
        if one.need.ecosystem != "debian":
            received.append(one)
        elif one.path in said:
            digest = stated.get(said[one.path], "")
            if digest not in ("", one.need.sha256):
                problems.append(
                    f"{one.need.file}: its SHA-256 is {one.need.sha256} and apt's lists state {digest}. It was refused; don't "
                    "use it before the archive's owner has explained."
                )
                continue
            name, version, _ = said[one.path]
            need = replace(one.need, name=name, version=version, stated=(f"sha256:{digest}",) if digest else ())
            received.append(Received(need, one.path))
    return replace(recording, received=tuple(received), problems=tuple(problems))


def _with_apts(recording: Recording, archives: Path) -> Recording:
    """Add packages that apt fetched over a way that is not seen (https, a mirror list): it has kept them."""
    known = {one.need.sha256 for one in recording.received}
    found = []
    for path in sorted(archives.glob("*.deb")) if archives.is_dir() else ():
        digest = digest_of(path)
        if digest not in known and is_safe_file(path.name):
            need = Need("debian", "", "", path.name, digest, path.stat().st_size, source="apt", by="apt")
            found.append(Received(need, str(path)))
    return replace(recording, received=(*recording.received, *found)) if found else recording
