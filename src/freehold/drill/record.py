"""What a drill leaves: the command, two runs, each contact, and what they prove. Owns the values; no payload is in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from freehold.drill.contact import Contact

__all__ = [
    "VERDICTS", "Attributed", "Confidence", "Drill", "Fallback", "FileRead", "HostRole", "LocalUse", "Method", "Prediction",
    "Probed", "Run", "Service", "Step", "Verdict", "VerdictName", "WorkingFiles",
]  # fmt: skip

VerdictName: TypeAlias = Literal["untouched", "survived", "degraded", "failed", "void"]
VERDICTS: tuple[VerdictName, ...] = ("untouched", "survived", "degraded", "failed", "void")
Method: TypeAlias = Literal["stack", "host", "domain", "suffix", "alias", "asn", "address"]
"""How a host was led to a provider or a country, the surest first: by a row of the stack, by the host's own row in the
catalogue, by its registrable (or a parent) domain, as a tenant under a shared suffix, by a name that the look-up led
through, by the operator of the network, by the registry's country of the address."""
Confidence: TypeAlias = Literal["strong", "medium", "weak"]


@dataclass(frozen=True, slots=True)
class HostRole:
    """One hand on a host: who, in which role, how it is known.

    Parameters
    ----------
    role
        ``service`` (whose host it is), ``platform`` (on whose shared suffix it stands), ``delivery`` (to whom the name leads),
        ``network`` (who operates the network), ``address`` (where the registry says the address is).
    provider, product
        Ids of the stack or catalogue; ``None`` where only a country is known.
    name
        The provider's name, as shown.
    countries
        Countries by way of control (``provider``, ``owner``, ``location``, ``origin``); ``"?"`` for unknown ones.
    method, confidence
        How it is known, and how surely.
    evidence
        The row, table or record that says so, with its date where it has one.
    """

    role: str
    provider: str | None
    product: str | None
    name: str
    countries: tuple[tuple[str, tuple[str, ...]], ...]
    method: Method
    confidence: Confidence
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Attributed:
    """A contact, and every hand on it, the surest first; none where nothing is known."""

    contact: Contact
    roles: tuple[HostRole, ...] = ()

    @property
    def provider(self) -> str | None:
        """Whose host it is, by the surest role that names a provider."""
        return next((role.provider for role in self.roles if role.provider is not None), None)


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the command.

    Parameters
    ----------
    name
        As in the script, the Makefile or the marker.
    outcome
        ``passed``, ``failed`` or ``skipped`` (a step before it failed).
    exit
        Its exit status; ``None`` if it has none of its own or was skipped.
    started, seconds
        From the run's start, and how long it took.
    first_refused
        The host and port first refused inside it; empty if none was.
    refusal_to_failure
        Seconds from that refusal to its end, if it failed.
    """

    name: str
    outcome: Literal["passed", "failed", "skipped"]
    exit: int | None = None
    started: float = 0.0
    seconds: float = 0.0
    first_refused: str = ""
    refusal_to_failure: float | None = None


@dataclass(frozen=True, slots=True)
class LocalUse:
    """A cache or a local source of packages that the command opened files of.

    Parameters
    ----------
    place
        The folder, its home folder written ``~``.
    kind
        What it is, such as ``pip cache`` or ``wheel folder (find-links)``.
    files
        How many files of it were opened or read.
    examples
        Names of a few, without the folder.
    """

    place: str
    kind: str
    files: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that the command opened and that it had not written itself before.

    Parameters
    ----------
    name
        From the working folder; whole for one outside of it that the command names.
    at
        When first, in seconds from the command's start.
    program
        Whether it is a file of a program, such as ``*.py`` or ``*.so``, and the command does not name it.
    """

    name: str
    at: float
    program: bool = False


@dataclass(frozen=True, slots=True)
class WorkingFiles:
    """What the command read and wrote in its working folder.

    Parameters
    ----------
    read
        Files that it read; a record holds the first of them.
    written
        Files that it made, wrote or put there, that were there at its end and held something; a record holds the first.
    read_count, written_count
        How many there were.
    left_out
        Folders that were not watched.
    complete
        Whether the kernel told of everything, and there were no more than can be counted.
    """

    read: tuple[FileRead, ...] = ()
    written: tuple[str, ...] = ()
    read_count: int = 0
    written_count: int = 0
    left_out: tuple[str, ...] = ()
    complete: bool = True

    @property
    def whole(self) -> bool:
        """Whether all that was read and written is listed."""
        return self.complete and len(self.read) == self.read_count and len(self.written) == self.written_count


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command.

    Parameters
    ----------
    kind
        ``baseline`` (nothing cut) or ``cut``.
    backend
        How contacts were seen and cut.
    started
        Moment in UTC, ISO 8601.
    seconds, exit
        How long it took; its exit status, or minus a signal; ``None`` if it was ended for taking too long.
    contacts
        Every contact.
    steps
        Its parts, if it was split.
    local
        Caches and local sources that it used.
    output_lines, output_bytes
        What it wrote to standard output and error, counted where it was read; -1 where it went straight through.
    blind_spots
        What this cut does not see: keys of the words ``drill.blind_…``.
    broken
        Why the cut did not hold; empty if it did.
    cold
        Whether it was given empty caches.
    setup_seconds
        What setting the cut up took.
    interrupted
        Whether somebody ended it by an interrupt.
    left_out
        Contacts beyond those that a record holds: how many there were.
    notes
        What else must be known of it, in sentences: what could not be made cold, which places could not be watched.
    stdout_lines, stdout_bytes
        What of it went to standard output; -1 where that was not counted apart.
    files
        What it read and wrote in its working folder; ``None`` where that was not watched.
    """

    kind: Literal["baseline", "cut"]
    backend: str
    started: str
    seconds: float
    exit: int | None
    contacts: tuple[Attributed, ...] = ()
    steps: tuple[Step, ...] = ()
    local: tuple[LocalUse, ...] = ()
    output_lines: int = -1
    output_bytes: int = -1
    blind_spots: tuple[str, ...] = ()
    broken: str = ""
    cold: bool = False
    setup_seconds: float = 0.0
    interrupted: bool = False
    left_out: int = 0
    notes: tuple[str, ...] = ()
    stdout_lines: int = -1
    stdout_bytes: int = -1
    files: WorkingFiles | None = None

    @property
    def passed(self) -> bool:
        """Whether it ended with status 0."""
        return self.exit == 0


@dataclass(frozen=True, slots=True)
class Fallback:
    """What served instead of what was cut: a host (seen, or seen more, under the cut only), or a local place."""

    kind: Literal["host", "local"]
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a drill proves.

    Parameters
    ----------
    name
        ``untouched``, ``survived``, ``degraded``, ``failed`` or ``void``.
    reasons
        Sentences, the weightiest first.
    fallbacks
        What served instead, where it was seen.
    slower
        The cut run's time over the baseline's; ``None`` where either has none.
    failed_step
        The step that failed; empty if the command is not split.
    seconds_to_failure
        From the first refusal to the end of what failed.
    """

    name: VerdictName
    reasons: tuple[str, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    slower: float | None = None
    failed_step: str = ""
    seconds_to_failure: float | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the cut-off engine said before the drill ran.

    Parameters
    ----------
    item
        The item that the command stands for.
    low, high
        Its level on day 0.
    up
        Whether it is predicted to work; ``None`` if that rests on an unknown fact.
    because
        Why, in a sentence.
    agrees
        Whether the drill bore it out; ``None`` if it can't say (``up`` unknown, or a void drill).
    """

    item: str
    low: float
    high: float
    up: bool | None
    because: str = ""
    agrees: bool | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe of a service that ended otherwise than the one before it.

    Parameters
    ----------
    phase
        ``start``, ``base``, ``cut`` or ``recovery``.
    at, seconds
        When it was started, from the service's start; how long it took.
    exit
        Its exit status; ``None`` if it took too long.
    """

    phase: str
    at: float
    seconds: float
    exit: int | None


@dataclass(frozen=True, slots=True)
class Service:
    """A service that was watched before, under and after the cut. Moments are seconds since it was started.

    Parameters
    ----------
    probe
        The command that exits 0 while it is well.
    ready, cut_at, restored_at
        When its first probe had passed, the cut began, was lifted; ``None`` for what did not happen.
    survive, survive_at_least
        Seconds from the cut to the first probe that failed; to the last that passed before it. ``None`` if none failed.
    recover
        Seconds from the lifting of the cut until it was well for good; ``None`` if it was not, or there is nothing to say.
    probes
        How many probes each phase had, and how many of these passed: ``(phase, all, passed)``.
    turns
        The probes with which it became well or unwell.
    """

    probe: tuple[str, ...]
    ready: float | None
    cut_at: float | None
    restored_at: float | None
    survive: float | None
    survive_at_least: float
    recover: float | None
    probes: tuple[tuple[str, int, int], ...] = ()
    turns: tuple[Probed, ...] = ()


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill, whole: what is kept, shown and read back.

    Parameters
    ----------
    command, folder, digest
        Arguments; name of the working folder; SHA-256 of arguments and the working tree's revision.
    revision
        Git commit of the working tree, ``+`` after it if there were changes; empty without one.
    cut
        What was cut, as understood: ``cutoff``, the rules in the form of their TOML file, or ``None``; ``hosts``; ``air_gap``.
    said
        The same in words.
    shape
        As written on the command line.
    backend, version, catalogue
        How it was cut; Freehold's version; the catalogue's version or date.
    baseline, run
        The two runs; no baseline where it was skipped on purpose.
    verdict
        What it proves.
    prediction
        What was predicted; ``None`` without a stack, with ``unpredicted`` saying why.
    valid_until
        Day (ISO) after which it is old whatever happened; it is old sooner when the revision changes.
    tags
        Labels.
    service
        What was seen of a service that ran on; its run has status 0 if no probe failed under the cut, else 1.
    """

    command: tuple[str, ...]
    folder: str
    digest: str
    revision: str
    cut: dict[str, Any]
    said: str
    shape: str
    backend: str
    version: str
    catalogue: str
    baseline: Run | None
    run: Run
    verdict: Verdict
    prediction: Prediction | None = None
    unpredicted: str = ""
    valid_until: str = ""
    tags: tuple[str, ...] = field(default=())
    service: Service | None = None
