"""Who may use the desk, and how they show it. Owns keys: how they are made, and whose a key is.

A key is made once, shown once and never stored: ``people.toml`` holds its SHA-256 digest. Keys are random and long, so that a
slow digest would add nothing. Whoever acts is known by their own key; that is what makes approval by two people mean two
people.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final, cast

from freehold.errors import UsageError
from freehold.respond.roles import (
    HUMAN_ROLES,
    OPEN_ROSTER,
    Person,
    Program,
    Role,
    Roster,
    checked_name,
    load_roster,
    person_key,
)
from freehold.stack.toml_text import quoted
from freehold.whole_file import write_whole

__all__ = ["INTAKE", "PEOPLE_FILE", "People", "add_person", "remove_person"]

PEOPLE_FILE: Final = "people.toml"
INTAKE: Final = "intake"
"""What a program has in place of roles: it may tell what happened, and neither see nor do anything else."""

_KEY_BYTES: Final = 32
_HEADING: Final = (
    "# Who may act, in which roles, and digests of their keys. `freehold watch --person NAME --role ROLE` adds to it.\n"
)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _text(roster: Roster) -> str:
    lines = [_HEADING]
    for person in roster.person:
        roles = ", ".join(f'"{role}"' for role in person.roles)
        lines.append(f'[[person]]\nname = {quoted(person.name)}\nroles = [{roles}]\ndigest = "{person.digest}"\n')
    lines += [f'[[program]]\nname = {quoted(program.name)}\ndigest = "{program.digest}"\n' for program in roster.program]
    return "\n".join(lines)


def _write(path: Path, roster: Roster) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, _text(roster))
    path.chmod(0o600)


def _everyone(roster: Roster) -> tuple[Person | Program, ...]:
    return (*roster.person, *roster.program)


def add_person(folder: Path, name: str, roles: Iterable[str]) -> str:
    """Let somebody (or, in the role ``intake``, a program) use the desk; who is there gets a new key, the old one ends.

    Parameters
    ----------
    folder
        The desk's state folder.
    name
        As it stands in timelines and evidence.
    roles
        Some of the roles of people, or ``intake`` alone.

    Returns
    -------
    str
        The key: it is shown to its owner once and stored nowhere.

    Raises
    ------
    freehold.errors.FreeholdError
        If the name or the roles are none, or the file is not sound.
    """
    wanted = tuple(dict.fromkeys(roles))
    name = checked_name(name)
    strange = [role for role in wanted if role not in HUMAN_ROLES]
    if not wanted or (strange and wanted != (INTAKE,)):
        raise UsageError(f"a person has one or more of the roles {', '.join(HUMAN_ROLES)}; a program has {INTAKE} alone.")
    path = folder / PEOPLE_FILE
    roster = load_roster(path)
    key = secrets.token_urlsafe(_KEY_BYTES)
    people = tuple(one for one in roster.person if person_key(one.name) != person_key(name))
    programs = tuple(one for one in roster.program if person_key(one.name) != person_key(name))
    if wanted == (INTAKE,):
        programs = (*programs, Program(name=name, digest=_digest(key)))
    else:
        people = (*people, Person(name=name, roles=cast("tuple[Role, ...]", wanted), digest=_digest(key)))
    _write(path, Roster(person=people, program=programs))
    return key


def remove_person(folder: Path, name: str) -> None:
    """Take a key back at once, and the place on the roster.

    Raises
    ------
    freehold.errors.FreeholdError
        If nobody has that name, or the file is not sound.
    """
    path = folder / PEOPLE_FILE
    roster = load_roster(path)
    left = Roster(
        person=tuple(one for one in roster.person if person_key(one.name) != person_key(name)),
        program=tuple(one for one in roster.program if person_key(one.name) != person_key(name)),
    )
    if left == roster:
        known = ", ".join(sorted(one.name for one in _everyone(roster))) or "nobody"
        raise UsageError(f"nobody is called '{name}' in {path}. It knows: {known}.")
    _write(path, left)


class People:
    """The people and programs of one desk, read anew when the file changes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / PEOPLE_FILE
        self._roster, self._stamp = OPEN_ROSTER, (-1, -1, -1)

    @property
    def roster(self) -> Roster:
        """Who may act, as it stands in the file now.

        Raises
        ------
        freehold.errors.RespondError
            If the file is not sound.
        """
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        except FileNotFoundError:
            stamp = (0, 0, 0)
        if stamp != self._stamp:
            self._roster, self._stamp = load_roster(self._path), stamp
        return self._roster

    def who(self, key: str) -> Person | Program | None:
        """Whose key this is; ``None`` if nobody's. Every digest is compared, so that time tells nothing."""
        digest = _digest(key)
        found: Person | Program | None = None
        for one in _everyone(self.roster):
            if one.digest and hmac.compare_digest(one.digest, digest):
                found = one
        return found

    def named(self, name: str) -> Person | None:
        """A person by name."""
        return next((person for person in self.roster.person if person_key(person.name) == person_key(name)), None)
