"""Who may do what in an incident. Owns what a name is, when two names are one person, and which roles a person has.

Roles are those of incident command: one *commander* decides, *engineers* act, *legal* and *comms* speak outward, an
*observer* only looks on. The *machine* is Freehold itself; no person can have its name.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from freehold.errors import NotAllowed, RespondError
from freehold.watch.settings_file import parse_settings, read_settings_text

__all__ = [
    "HUMAN_ROLES",
    "MACHINE",
    "OPEN_ROSTER",
    "Person",
    "Program",
    "Role",
    "Roster",
    "checked_name",
    "load_roster",
    "person_key",
]

Role: TypeAlias = Literal["commander", "engineer", "legal", "comms", "observer"]
HUMAN_ROLES: Final[tuple[Role, ...]] = ("commander", "engineer", "legal", "comms", "observer")
MACHINE: Final = "machine"
_LONGEST_NAME: Final = 100
_MOST_BYTES: Final = 262_144


def person_key(name: str) -> str:
    """What two spellings of one person share: compatibility characters, case and spaces do not tell people apart."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def checked_name(name: str) -> str:
    """A person's name as it is stored.

    Raises
    ------
    freehold.errors.NotAllowed
        If it is empty, too long, unprintable, or the machine's.
    """
    shown = " ".join(name.split())
    if not shown or len(shown) > _LONGEST_NAME or not shown.isprintable():
        raise NotAllowed(f"'{shown[:40]}' is no name of a person. Say who acts, in up to {_LONGEST_NAME} characters: --by NAME")
    if person_key(shown) == MACHINE:
        raise NotAllowed(f"'{shown}' is Freehold itself. Say which person acts: --by NAME")
    return shown


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Somebody on the roster, with standing roles that hold in every incident.

    Parameters
    ----------
    name, roles
        Who, and in which roles.
    digest
        SHA-256 of the key by which the desk knows them, in hexadecimal; empty for one who has none.
    """

    name: str
    roles: tuple[Role, ...] = ("engineer",)
    digest: str = ""


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A program that may tell the desk what happened, and neither see nor do anything else; by its key's digest."""

    name: str
    digest: str


class Roster(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may act.

    Parameters
    ----------
    person
        Everybody who may. Empty: nobody was listed, and whoever gives a name acts in any role but the machine's.
    program
        Programs that may send events.
    """

    person: tuple[Person, ...] = ()
    program: tuple[Program, ...] = ()

    def roles_of(self, name: str) -> frozenset[str]:
        """Standing roles of a person; of anybody, if nobody is listed.

        Raises
        ------
        freehold.errors.NotAllowed
            If there is a roster and the person is not on it.
        """
        if person_key(name) == MACHINE:
            return frozenset({MACHINE})
        if not self.person:
            return frozenset(HUMAN_ROLES)
        found = [person for person in self.person if person_key(person.name) == person_key(name)]
        if not found:
            raise NotAllowed(f"'{name}' is not on the roster. Add them to people.toml, or let one of those on it act.")
        return frozenset(role for person in found for role in person.roles)


OPEN_ROSTER: Final = Roster()
"""Nobody is listed: see :class:`Roster`."""


def load_roster(path: Path) -> Roster:
    """Read a roster (``[[person]]`` with ``name`` and ``roles``); a file that is not there lists nobody.

    Raises
    ------
    freehold.errors.RespondError
        If it is there and is not sound.
    """
    text = read_settings_text(path, _MOST_BYTES, RespondError, absent="")
    mend = f"Write [[person]] tables with name and roles, of {', '.join(HUMAN_ROLES)}."
    roster = parse_settings(text, Roster, str(path), RespondError, mend)
    for name in (*(one.name for one in roster.person), *(one.name for one in roster.program)):
        checked_name(name)
    return roster
