"""What a reader found, before anyone judges who controls it. Owns the seam between ``read`` and ``catalogue``.

A reader emits components, contacts and skips with their evidence. It knows no providers and no countries; joining
an inventory with the catalogue to a stack is the catalogue's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from freehold.stack.values import Claim

__all__ = ["Component", "Contact", "Evidence", "Inventory", "Skip"]


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """Where a thing was seen: a file relative to what was read, and a line (0: the whole file) or a path within it."""

    file: str
    line: int = 0
    path: str = ""

    def __str__(self) -> str:
        return self.file + (f":{self.line}" if self.line else "") + (f" {self.path}" if self.path else "")


@dataclass(frozen=True, slots=True)
class Component:
    """A thing that is part of what was read: a package, an image, a model, a device.

    Parameters
    ----------
    id
        Canonical package URL where there is one, else a slug.
    name, version, kind, licence, supplier
        As stated by the input; ``kind`` is a layer of :data:`freehold.stack.schema.KINDS`; ``licence`` an SPDX expression or
        the text found; ``supplier`` the name that the input gives, unjudged.
    scope
        ``run`` (installed or needed to run), ``optional``, ``development``, ``test`` or ``build``.
    direct
        Whether the project names it itself (not only through another component).
    depends
        Ids of components that it needs, where the input says so.
    registry
        Host in reverse-domain notation of the distribution point that the input records, if any.
    repository
        Host and path in reverse-domain notation of its source repository (``com.github/psf/requests``), if any.
    provides
        Model identifiers and the like: the text to match where there is no package URL.
    evidence
        Every place where it was seen.
    manages
        For a client that keeps things running at somebody's service (a provider of infrastructure code): the sorts of
        resources there, each with how many are declared.
    regions
        Names of the places at that service, as it calls them (``eu-central-1``).
    """

    id: str
    name: str
    version: str | None = None
    kind: str | None = None
    licence: str | None = None
    supplier: str | None = None
    scope: str = "run"
    direct: bool = False
    depends: tuple[str, ...] = ()
    registry: str | None = None
    repository: str | None = None
    provides: str | None = None
    evidence: tuple[Evidence, ...] = ()
    manages: tuple[tuple[str, int], ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """A host that the thing read talks to, or is built, stored or published through.

    Parameters
    ----------
    host
        In reverse-domain notation (``com.github``, ``com.openai.api``).
    role
        ``service`` (called when it runs), ``forge``, ``ci``, ``registry``, ``image-registry``, ``model-api``,
        ``update-channel``, ``state`` (keeps what a change must know), or one of those of which any will do: ``dns`` (answers
        for the domain), ``mail`` (takes its mail in), ``certificate`` (may issue certificates for it), ``resolver`` (looks
        names up) and ``time``.
    scope
        ``run`` or ``change``.
    optional
        Whether it stands where only some features or settings reach it (one integration among many, an example), or
        beside one of the organisation's own that does the same.
    evidence
        Every place where it was seen.
    """

    host: str
    role: str
    scope: str = "run"
    optional: bool = False
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """Something met and not read, and the reason.

    Parameters
    ----------
    file
        The file or the path within it.
    reason
        ``unreadable``, ``encoding``, ``syntax``, ``too-large``, ``too-deep``, ``link``, ``unsupported``, ``incomplete``,
        ``limit``, ``counted`` (as something else) or ``apart`` (to be read by itself).
    detail
        The sentence for people.
    """

    file: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that one reading found.

    Parameters
    ----------
    name
        Name of the thing read (the project, the SBOM's own component).
    reader
        Name of the reader, and the format with its version where there is one.
    licence
        The thing's own licence, if stated.
    joined
        How many rows with the same id were joined into one.
    languages
        Runtimes that the thing needs to run, as slugs (``cpython``, ``node``).
    toolchains
        What it takes to build the thing, where that is not needed to run it, as slugs (``golang``, ``rust``).
    platforms
        Names by which drivers, labels and annotations may name the platform that it runs on: with a domain
        (``com.aws.csi.ebs``), or one word (``aws``). Most name no cloud: they are no contacts, and count only where
        the catalogue knows a cloud by that name.
    """

    name: str
    reader: str
    components: tuple[Component, ...] = ()
    contacts: tuple[Contact, ...] = ()
    skips: tuple[Skip, ...] = ()
    claims: tuple[Claim, ...] = ()
    licence: str | None = None
    joined: int = 0
    languages: tuple[str, ...] = ()
    toolchains: tuple[str, ...] = ()
    platforms: tuple[Contact, ...] = ()
