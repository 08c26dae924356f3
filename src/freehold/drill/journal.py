"""Drill records on the disk. Owns the folder to which records are only ever added, and the checks when one is read back.

A record is one file of JSON. It consists of parts (the command, the cut, the two runs, the verdict, the prediction); each has
the SHA-256 of its canonical form (RFC 8785) beside it, and one more goes over all of these. So a change is found, and named.
No secret is in it: every text goes through :mod:`freehold.drill.redaction` first.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from freehold.canonical import canonical, parse
from freehold.drill.record import Drill, Run
from freehold.drill.record_json import as_json, from_json, schema_of
from freehold.drill.redaction import redact, redact_arguments, secrets_in
from freehold.drill.working_tree import command_digest
from freehold.errors import BadRecord, DrillError, EvidenceError

__all__ = [
    "FOLDER",
    "FORMAT",
    "MOST_BYTES",
    "MOST_CONTACTS",
    "MOST_FILES",
    "Record",
    "append",
    "find",
    "read",
    "records",
    "safe",
    "schema",
]

FOLDER: Final = Path(".freehold/drills")
"""Where records go if nothing else is said, from the working folder."""
FORMAT: Final = 1
"""Number of the form of a record; a larger one is refused."""
MOST_BYTES: Final = 32_000_000
"""Bytes of one file."""
MOST_CONTACTS: Final = 4_000
"""Contacts of one run that are kept: those that were refused first, then those tried most."""
MOST_FILES: Final = 500
"""Names of files that a run read or wrote in its working folder that are kept; all are counted."""
_MOST_FILES: Final = 20_000
_NAME: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{16}\.json")
_PART_OF: Final = {
    **dict.fromkeys(("cut", "said", "shape", "backend"), "cut"),
    **dict.fromkeys(("prediction", "unpredicted"), "prediction"),
    **{name: name for name in ("baseline", "run", "verdict")},
}
_PARTS: Final = ("command", "cut", "baseline", "run", "verdict", "prediction")
_MEND: Final = "take it from a copy, or drill again"


@dataclass(frozen=True, slots=True)
class Record:
    """A drill as it stands in a file.

    Parameters
    ----------
    path
        The file.
    digest
        SHA-256 over all of it, as hexadecimal digits: its name for others.
    written
        Moment in UTC, ISO 8601.
    drill
        What was recorded.
    """

    path: Path
    digest: str
    written: str
    drill: Drill


# ---------------------------------------------------------------- writing


def safe(drill: Drill, *, home: str = "", environment: Mapping[str, str] | None = None) -> Drill:
    """A drill as it may be kept: without secrets, the home folder as ``~``, contacts in a bounded number.

    Parameters
    ----------
    drill
        As it was run.
    home
        The home folder.
    environment
        Variables whose values may be secrets.
    """
    secrets = secrets_in(environment or {})
    arguments = redact_arguments(drill.command, home, secrets)
    hidden = _each_text(as_json(_bounded(drill)), home, secrets)
    kept = from_json(Drill, hidden, "drill")
    return replace(kept, command=arguments, digest=command_digest(arguments, drill.revision))


def append(
    drill: Drill, folder: Path, now: datetime, *, home: str = "", environment: Mapping[str, str] | None = None
) -> Record:
    """Add a record to a folder; none that is there is ever touched.

    Parameters
    ----------
    drill
        What is recorded; goes through :func:`safe` first.
    folder
        Made if it is not there, for its owner alone.
    now
        The moment, with a time zone.
    home, environment
        As for :func:`safe`.

    Raises
    ------
    freehold.errors.DrillError
        If it is too large or cannot be written; nothing is left behind.
    """
    kept = safe(drill, home=home, environment=environment)
    written = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        envelope = _envelope(kept, written)
        content = canonical(envelope, MOST_BYTES) + b"\n"
    except EvidenceError as error:
        raise DrillError(f"the drill cannot be recorded: {error}") from None
    name = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{envelope['digest'][:16]}.json"
    path = folder / name
    try:
        _add(folder, path, content)
    except OSError as error:
        reason = error.strerror or error
        raise DrillError(
            f"{folder}: the record cannot be written there ({reason}). Give another folder by --records."
        ) from error
    return Record(path, envelope["digest"], written, kept)


def _add(folder: Path, path: Path, content: bytes) -> None:
    """Write a file whole, under a name that nothing has yet."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made, name = tempfile.mkstemp(dir=folder, prefix=".drill-")
    try:
        with open(made, "wb") as file:  # noqa: PTH123
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            # the same drill at the same second: it is there already
            if path.read_bytes() != content:
                raise
    finally:
        Path(name).unlink(missing_ok=True)


def _envelope(drill: Drill, written: str) -> dict[str, Any]:
    parts: dict[str, Any] = {name: {} for name in _PARTS}
    for name, value in as_json(drill).items():
        parts[_PART_OF.get(name, "command")][name] = value
    digests = {name: _digest(part) for name, part in parts.items()}
    envelope = {"freehold_drill": FORMAT, "written": written, "digests": digests}
    return {**envelope, "parts": parts, "digest": _digest(envelope)}


def _digest(value: object) -> str:
    return hashlib.sha256(canonical(value, MOST_BYTES)).hexdigest()


def _bounded(drill: Drill) -> Drill:
    baseline = None if drill.baseline is None else _fewer(drill.baseline)
    return replace(drill, baseline=baseline, run=_fewer(drill.run))


def _fewer(run: Run) -> Run:
    if run.files is not None:
        files = replace(run.files, read=run.files.read[:MOST_FILES], written=run.files.written[:MOST_FILES])
        run = replace(run, files=files)
    if len(run.contacts) <= MOST_CONTACTS:
        return run
    by_weight = sorted(range(len(run.contacts)), key=lambda at: _weight(run, at), reverse=True)
    kept = sorted(by_weight[:MOST_CONTACTS])
    left_out = run.left_out + len(run.contacts) - len(kept)
    return replace(run, contacts=tuple(run.contacts[at] for at in kept), left_out=left_out)


def _weight(run: Run, at: int) -> tuple[bool, int, int, int]:
    contact = run.contacts[at].contact
    return bool(contact.because), contact.refused, contact.tries, -at


def _each_text(value: Any, home: str, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return value if value in _fixed_words() else redact(value, home, secrets)
    if isinstance(value, dict):
        return {name: _each_text(part, home, secrets) for name, part in value.items()}
    return [_each_text(part, home, secrets) for part in value] if isinstance(value, list) else value


@cache
def _fixed_words() -> frozenset[str]:
    """Words that a record may have in one place or another by its form: no secret, whatever a variable holds."""
    found: set[str] = set()
    todo: list[Any] = [schema_of(Drill)]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            found.update(part.get("enum", ()))
            todo.extend(part.values())
        elif isinstance(part, list):
            todo.extend(part)
    return frozenset(found)


# ---------------------------------------------------------------- reading


def read(path: str | Path) -> Record:
    """Read a record and check it; works wherever the file does, also where no drill is possible.

    Raises
    ------
    freehold.errors.BadRecord
        If it cannot be read, is of a newer form, or a part of it was changed: the message says which.
    """
    path = Path(path)
    envelope = _parsed(path)
    form = envelope.get("freehold_drill")
    if isinstance(form, bool) or not isinstance(form, int) or form < 1:
        raise BadRecord(f"{path} is no drill record: it has no 'freehold_drill'. Name a file that 'freehold drill' wrote.")
    if form > FORMAT:
        raise BadRecord(f"{path} has form {form}, and this Freehold knows {FORMAT}: a newer one wrote it. Update Freehold.")
    parts, digests = _member(envelope, "parts", path), _member(envelope, "digests", path)
    written, digest = envelope.get("written"), envelope.get("digest")
    if not isinstance(written, str) or not isinstance(digest, str):
        raise BadRecord(f"{path}: 'written' or 'digest' is missing. It was changed: {_MEND}.")
    for name in _PARTS:
        if not isinstance(parts.get(name), dict):
            raise BadRecord(f"{path}: the part '{name}' is missing. It was changed: {_MEND}.")
        if _checked(parts[name], path) != digests.get(name):
            raise BadRecord(f"{path}: the part '{name}' was changed after it was recorded: {_MEND}.")
    strange = sorted({*parts, *digests} - set(_PARTS)) + sorted(set(envelope) - set(_schema_of_envelope()["properties"]))
    if strange:
        raise BadRecord(f"{path}: '{strange[0][:80]}' is not known in a record. It was changed: {_MEND}.")
    if _checked({"freehold_drill": form, "written": written, "digests": digests}, path) != digest:
        raise BadRecord(f"{path}: its digests or its date were changed after it was recorded: {_MEND}.")
    drill = from_json(Drill, {name: value for part in _PARTS for name, value in parts[part].items()}, str(path))
    return Record(path, digest, written, drill)


def records(folder: str | Path) -> Iterator[Record | BadRecord]:
    """The records of a folder, the oldest first; one that cannot be read is given as the error that says why.

    Raises
    ------
    freehold.errors.DrillError
        If the folder holds more than 20,000 of them. One that is not there holds none.
    """
    names = _names(Path(folder))
    for name in names:
        try:
            yield read(Path(folder) / name)
        except BadRecord as error:
            yield error


def find(text: str, folder: str | Path = FOLDER) -> Record:
    """A record by its path, by ``last``, or by the beginning of its name or digest.

    Raises
    ------
    freehold.errors.BadRecord
        If there is none, there are several, or it is not sound.
    """
    # a text too long for a name is none
    with suppress(OSError):
        if Path(text).is_file():
            return read(text)
    names = _names(Path(folder))
    if text == "last":
        if not names:
            raise BadRecord(f"{folder} holds no drill record. Drill first: freehold drill … -- COMMAND.")
        return read(Path(folder) / names[-1])
    matching = [name for name in names if text and (name.startswith(text) or name.partition("-")[2].startswith(text[:16]))]
    found = [record for record in (read(Path(folder) / name) for name in matching) if _fits(record, text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadRecord(f"'{text[:200]}' is the beginning of {len(found)} records in {folder}. Give more of it.")
    raise BadRecord(f"'{text[:200]}' is neither a file nor a record in {folder}. See what is there: freehold drill score.")


def _fits(record: Record, text: str) -> bool:
    return record.path.name.startswith(text) or record.digest.startswith(text)


def _names(folder: Path) -> list[str]:
    names: list[str] = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                names.append(entry.name)
            if len(names) > _MOST_FILES:
                raise DrillError(f"{folder} holds more than {_MOST_FILES} records. Move old ones to another folder.")
    return sorted(names)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        # a pipe must not make it wait
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:  # noqa: PTH123
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise BadRecord(f"{path} is no file. Name a file that 'freehold drill' wrote.")
            content = file.read(MOST_BYTES + 2)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadRecord(f"{path} cannot be read ({reason}). Name a file that 'freehold drill' wrote.") from None
    if len(content) > MOST_BYTES + 1:
        raise BadRecord(f"{path} has more than {MOST_BYTES} bytes, which no drill record has. Name another file.")
    try:
        envelope = parse(content)
    except ValueError as error:
        raise BadRecord(f"{path} is no JSON ({error}). If it was a drill record, {_MEND}.") from None
    if not isinstance(envelope, dict):
        raise BadRecord(f"{path} is no drill record: it is no object. Name a file that 'freehold drill' wrote.")
    return envelope


def _member(envelope: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    value = envelope.get(name)
    if not isinstance(value, dict):
        raise BadRecord(f"{path}: '{name}' is missing. It was changed: {_MEND}.")
    return value


def _checked(value: object, path: Path) -> str:
    try:
        return _digest(value)
    except EvidenceError as error:
        raise BadRecord(f"{path}: {error} It was changed: {_MEND}.") from None


# ---------------------------------------------------------------- schema


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a record's file."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Record of a Freehold drill"}
    return {**head, **_schema_of_envelope()}


def _schema_of_envelope() -> dict[str, Any]:
    whole = schema_of(Drill)
    optional = {one.name for one in fields(Drill) if one.default is not MISSING or one.default_factory is not MISSING}
    parts: dict[str, Any] = {}
    for name in _PARTS:
        members = [member for member in whole["properties"] if _PART_OF.get(member, "command") == name]
        parts[name] = {
            "type": "object",
            "properties": {member: whole["properties"][member] for member in members},
            "required": [member for member in members if member not in optional],
            "additionalProperties": False,
        }
    digest = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    properties = {
        "freehold_drill": {"const": FORMAT},
        "written": {"type": "string", "format": "date-time"},
        "digest": digest,
        "digests": _closed(dict.fromkeys(_PARTS, digest)),
        "parts": _closed(parts),
    }
    return _closed(properties)


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
