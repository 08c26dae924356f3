"""The proof of a mirror: the command again, with the registries cut and the mirror as the only source. Owns what is proved.

A command that finds its packages in place takes nothing from a mirror, and proves nothing of it: a file counts as proved only
when it was taken.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.decision import CutAll, CutHosts, Cutting
from freehold.drill.ending import end
from freehold.drill.interface import Backend, Command, Session
from freehold.drill.record import Attributed, Run, Verdict
from freehold.drill.shapes import GONE
from freehold.drill.verdict import judge
from freehold.provision.client_environment import for_mirror
from freehold.provision.configured import Configured, said_by
from freehold.provision.errands import Errand
from freehold.provision.loopback_server import LoopbackServer
from freehold.provision.manifest import Manifest
from freehold.provision.mirror_server import Mirror
from freehold.provision.needs import Missing, Need

__all__ = ["Proof", "prove"]

_GRACE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Proof:
    """What a run from the mirror alone has shown.

    Parameters
    ----------
    verdict
        What the drill proves.
    run
        The run: exit status, time, every contact.
    cut
        The hosts that were cut; empty where everything was.
    missing
        What was asked of the mirror and is not in it; if the run failed, also packages of which it took no file.
    taken
        Files that were taken from the mirror.
    untaken
        Files recorded for the command that it did not take this time.
    """

    verdict: Verdict
    run: Run
    cut: tuple[str, ...]
    missing: tuple[Missing, ...] = ()
    taken: int = 0
    untaken: tuple[Need, ...] = ()

    @property
    def bypassed(self) -> tuple[Contact, ...]:
        """Registries that were asked past the mirror, and cut."""
        return tuple(one.contact for one in self.run.contacts if one.contact.because and not one.contact.local)

    @property
    def outside(self) -> tuple[Contact, ...]:
        """Other hosts that the command has to do with: what no registry gives."""
        return tuple(one.contact for one in self.run.contacts if not one.contact.because and not one.contact.local)

    @property
    def proved(self) -> bool:
        """Whether it passed, the cut held, and all that was recorded for it, and at least something, came from the mirror."""
        held = self.run.passed and not self.run.broken and self.verdict.name != "void"
        return held and self.taken > 0 and not self.untaken


async def prove(
    errands: Sequence[Errand], folder: Path, manifest: Manifest, backend: Backend, settings: Configured,
    environment: Mapping[str, str], scratch: Path, *, baseline: Run | None = None, expected: Sequence[Need] = (),
    air_gap: bool = False, stdout: int | None = None, timeout: float = 3600.0,
) -> Proof:  # fmt: skip
    """Run commands with a mirror as the only registry, and everything that the mirror came from cut off.

    Parameters
    ----------
    errands
        The commands, one after another; the first that fails ends it.
    folder, manifest
        The mirror.
    backend
        How it is cut.
    settings
        The registries, for what clients are told besides.
    environment
        As it would be otherwise.
    scratch
        For caches and settings; empty.
    baseline
        The recorded run.
    expected
        Files that were recorded for these commands.
    air_gap
        Whether everything outside this machine is cut, not only the hosts that the mirror came from.
    stdout
        Where their output goes; ``None``: where that of this process goes.
    timeout
        Seconds for all of them.

    Raises
    ------
    freehold.errors.DrillError
        If the cut cannot be set up, or a program is not there.
    """
    scratch.chmod(0o755)  # apt drops its rights before it downloads
    mirror = Mirror(folder, manifest)
    hosts = tuple(host for host in manifest.hosts if not _is_here(host))
    cutting: Cutting = CutAll() if air_gap or not hosts else CutHosts(frozenset(hosts))
    with LoopbackServer(mirror.respond) as server:
        made = for_mirror(environment, settings, server.url, scratch, manifest.holds)
        if "debian" in manifest.holds:
            await asyncio.to_thread(said_by, ("apt-get", "--quiet", "update"), made, scratch)
        session = await backend.open(cutting, GONE)
        try:
            run = await _run(session, errands, made, stdout, timeout)
        finally:
            await session.close()
    selectors = ("host",) if isinstance(cutting, CutHosts) else ("air_gap",)
    verdict = judge(baseline, run, cutting=cutting, selectors=selectors)
    given = mirror.given()
    missing = mirror.missing() if run.passed else (*mirror.missing(), *mirror.untaken())
    untaken = tuple(one for one in expected if one.file not in given)
    return Proof(verdict, run, hosts if isinstance(cutting, CutHosts) else (), missing, len(given), untaken)


async def _run(
    session: Session, errands: Sequence[Errand], environment: Mapping[str, str], stdout: int | None, timeout: float
) -> Run:
    started, begin = datetime.now(UTC), time.monotonic()
    status: int | None = 0
    for errand in errands:
        process = await session.start(Command(errand.arguments, str(errand.folder), environment, stdout=stdout))
        waiting = asyncio.ensure_future(process.wait())
        try:
            done, _ = await asyncio.wait({waiting}, timeout=max(0.0, timeout - (time.monotonic() - begin)))
            if done:
                status = await waiting
            else:
                await end(process, waiting, _GRACE)
                status = None
        finally:
            waiting.cancel()
        if status != 0:
            break
    contacts = tuple(Attributed(one) for one in session.contacts())
    return Run(
        "cut", session.backend, started.isoformat(timespec="seconds").replace("+00:00", "Z"), time.monotonic() - begin, status,
        contacts, blind_spots=session.blind_spots, broken=session.broken(), cold=True, setup_seconds=session.setup_seconds,
    )  # fmt: skip


def _is_here(host: str) -> bool:
    """Whether a host is this machine itself: its registry is held already, and the mirror is served there too."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
