"""What the files of one language's packages say together. Owns the seam from such readers to the reader of folders."""

from __future__ import annotations

from dataclasses import dataclass

from freehold.stack.inventory import Component, Contact, Skip

__all__ = ["Ecosystem"]


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """All that one language's manifests and lock files in a folder say.

    Parameters
    ----------
    components, contacts, skips
        As in an inventory.
    name, licence
        Of the project at the top of the folder, if these files state them.
    repository
        Address of its source repository, as stated there, with the file that says so.
    toolchains
        What builds it, as slugs (``golang``, ``rust``).
    """

    components: tuple[Component, ...] = ()
    contacts: tuple[Contact, ...] = ()
    skips: tuple[Skip, ...] = ()
    name: str | None = None
    licence: str | None = None
    repository: tuple[str, str] | None = None
    toolchains: tuple[str, ...] = ()
