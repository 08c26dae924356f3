"""The use cases, one function each: what the faces call. Owns bringing a path, the catalogue and the settings together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freehold.errors import Finding, UnknownId, Unreadable, UsageError
from freehold.log import log, timed
from freehold.settings import Settings
from freehold.stack.find import find_item
from freehold.stack.schema import CHANGE
from freehold.stack.values import Stack
from freehold.whole_file import write_whole

if TYPE_CHECKING:
    from freehold.catalogue.coverage import Coverage
    from freehold.catalogue.facts import Catalogue
    from freehold.measure.assess import AssessAnswer
    from freehold.measure.case import Kernel
    from freehold.measure.cutoff import CutoffAnswer
    from freehold.measure.why import Step
    from freehold.report.answers import CheckAnswer, ExplainedChokepoints
    from freehold.stack.cutoff import Cutoff, Rule
    from freehold.stack.inventory import Inventory
    from freehold.stack.records import Records
    from freehold.stack.redaction import Redaction

__all__ = [
    "Loaded",
    "assess_stack",
    "catalogue",
    "catalogue_coverage",
    "check",
    "check_providers",
    "chokepoints",
    "cut",
    "find_item",
    "load",
    "load_machine",
    "read_scenario",
    "redacted",
    "remember_columns",
    "save",
    "spreadsheet",
    "unknowns_of",
]

_STACK_ENDINGS = (".toml",)
_MOST_MEANT = 3
_HEAD = 4096
_MAP = "freehold import shows what each column means, and changes it"


@dataclass(frozen=True)
class Loaded:
    """A stack that was read, and how.

    Parameters
    ----------
    stack
        With home and trusted countries settled.
    inventory
        What a reader found, if it was not a stack file.
    findings
        Notes: what was rescaled, filled in, raised.
    cached
        Whether the inventory came from an earlier reading of the same content.
    """

    stack: Stack
    inventory: Inventory | None = None
    findings: tuple[Finding, ...] = ()
    cached: bool = False


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with Freehold, read once."""
    from freehold.catalogue.facts import load as load_catalogue

    with timed("catalogue") as facts:
        found = load_catalogue()
        facts.update(facts=len(found.lines), edition=found.edition)
    return found


def load(
    path: str | Path, settings: Settings = Settings(), *, use_cache: bool = True, stack: str | None = None,  # noqa: B008
    at: str | None = None,
) -> Loaded:  # fmt: skip
    """Read whatever a path names: a stack file, a folder of tables, a database, an SBOM, a project folder.

    Parameters
    ----------
    path
        The path.
    settings
        Home and trusted countries.
    use_cache
        Whether an earlier reading of the same folder may be used.
    stack
        Which stack of a Freehold database; needed where it holds several.
    at
        Which state of it: a revision, a day, a moment; the newest if it is not said.

    Raises
    ------
    freehold.errors.FreeholdError
        If it cannot be read, or is no sound stack.
    """
    with timed("read", path=str(path)) as facts:
        loaded = _loaded(Path(path), settings, use_cache=use_cache, stack=stack, at=at)
        facts.update(_counts(loaded))
    for skip in loaded.inventory.skips if loaded.inventory else ():
        log("skipped", file=skip.file, reason=skip.reason, detail=skip.detail)
    return loaded


def _table(path: Path, settings: Settings) -> Loaded | None:
    """A register or a spreadsheet that somebody keeps; ``None`` if the path is neither."""
    from freehold.read.spreadsheet import ENDINGS

    if path.is_dir():
        head = b""
    elif path.suffix.lower() in ENDINGS:
        with path.open("rb") as file:
            head = file.read(4096)
    else:
        return None
    from freehold.catalogue.records import join_providers
    from freehold.read.dora import is_register, read_register
    from freehold.read.spreadsheet import is_spreadsheet

    if is_register(path, head):
        found = read_register(path)
        if found is not None:
            loaded = _settled(join_providers(found[0], catalogue()), settings)
            return replace(loaded, findings=(*found[1], *loaded.findings))
    return spreadsheet(path, settings)[1] if is_spreadsheet(path, head) else None


def _model(path: Path, settings: Settings) -> Loaded | None:
    """A network that is stated as one: a fault tree, a package archive; ``None`` if the path is none."""
    from freehold.read.model_marks import is_fault_tree, is_list_folder, is_package_index

    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(_HEAD)
    if is_fault_tree(head):
        from freehold.read.open_psa import read_fault_tree

        stack, notes = read_fault_tree(path)
    elif is_package_index(head) or (path.is_dir() and is_list_folder(path)):
        from freehold.read.debian_archive import read_archive

        stack, notes = read_archive(path)
        stack = replace(stack, providers=tuple(filter(None, (catalogue().provider("debian"),))))
    else:
        return None
    loaded = _settled(stack, settings)
    return replace(loaded, findings=(*notes, *loaded.findings))


def spreadsheet(
    path: Path,
    settings: Settings = Settings(),  # noqa: B008
    *,
    sheet: str | None = None,
    asked: Mapping[str, str] | None = None,
) -> tuple[Records, Loaded]:
    """Read a table that somebody keeps, by what its columns mean.

    Parameters
    ----------
    path
        A CSV, Excel or OpenDocument file.
    settings
        Home and trusted countries.
    sheet, asked
        As :func:`freehold.read.spreadsheet.read_spreadsheet`; what was remembered in the working folder comes after ``asked``.

    Raises
    ------
    freehold.errors.FreeholdError
        If it cannot be read, or a column or a meaning is not there.
    """
    from freehold.catalogue.records import stack_of_records
    from freehold.read.column_memory import MEMORY
    from freehold.read.interface import read_text
    from freehold.read.spreadsheet import read_spreadsheet

    memory = Path(MEMORY)
    records = read_spreadsheet(path, sheet=sheet, asked=asked, memory=read_text(memory) if memory.is_file() else "")
    if not records.records:
        raise Unreadable(
            f"{path}: no row of it names a thing. Say which column does: freehold import {path} --map COLUMN=name."
        )
    stack, findings = stack_of_records(records, catalogue())
    loaded = _settled(replace(stack, path=str(path)), settings)
    notes = [Finding(skip.file, 0, "", skip.detail.rstrip("."), _MAP, "note") for skip in records.skips]
    if any(column.because in ("heading", "content") for column in records.columns):
        notes.append(Finding(path.name, 0, "", "what its columns mean was told by their headings", _MAP, "note"))
    return records, replace(loaded, findings=(*notes, *findings, *loaded.findings))


def remember_columns(records: Records) -> Path:
    """Keep what the columns of a table mean, in the working folder.

    Raises
    ------
    freehold.errors.FreeholdError
        If it cannot be written, or what is there cannot be read.
    """
    from freehold.read.column_memory import MEMORY, with_entry
    from freehold.read.interface import read_text

    memory = Path(MEMORY)
    write_whole(memory, with_entry(read_text(memory) if memory.is_file() else "", records.columns))
    return memory


def _counts(loaded: Loaded) -> dict[str, object]:
    stack, inventory = loaded.stack, loaded.inventory
    found: dict[str, object] = {"items": len(stack.items), "sources": len(stack.sources), "needs": len(stack.needs)}
    if inventory is not None:
        found |= {
            "reader": inventory.reader, "components": len(inventory.components), "contacts": len(inventory.contacts),
            "joined": inventory.joined, "skips": len(inventory.skips), "cached": loaded.cached,
        }  # fmt: skip
    return found


def _loaded(path: Path, settings: Settings, *, use_cache: bool, stack: str | None, at: str | None) -> Loaded:
    from freehold.stack.table_files import table_form
    from freehold.store.recognition import is_database

    if is_database(path):
        from freehold.holdings import read_stored, state_meant

        return _settled(read_stored(path, stack, state_meant(at)), settings)
    if stack is not None or at is not None:
        flag = "--stack" if stack is not None else "--at"
        raise UsageError(f"{flag} chooses within a Freehold database, and {path} is none. Leave it out.")
    try:
        if path.suffix.lower() in _STACK_ENDINGS and not path.is_dir():
            return _settled(_from_toml(path), settings)
        form = table_form(path) if path.is_dir() else None
        if form is not None:
            from freehold.stack.csv_folder import read_folder
            from freehold.stack.parquet_folder import read_parquet_folder

            read = read_folder if form == "csv" else read_parquet_folder
            return _settled(read(path, lookup=catalogue().provider, known_ids=_provider_ids), settings)
        table = _table(path, settings)
        if table is not None:
            return table
        model = _model(path, settings)
        if model is not None:
            return model
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    return _read(path, settings, use_cache=use_cache)


def redacted(loaded: Loaded, redaction: Redaction) -> Loaded:
    """The same without hosts, paths or both."""
    stack, inventory = loaded.stack, loaded.inventory
    if stack.path:
        named = redaction.path(stack.path)
        place = Path(stack.path).absolute()
        if named != stack.path and stack.name in {place.name, place.stem, place.resolve().name}:
            # what has no name of its own is called after its file or folder, and what is made of it is named so too
            if inventory is None:
                stack = replace(stack, name=named)
            else:
                inventory = replace(inventory, name=named)
                stack = _joined(inventory, stack.path, Settings(stack.home, stack.trusted)).stack
    inventory = None if inventory is None else redaction.inventory(inventory)
    stack = redaction.stack(stack)
    return replace(loaded, stack=stack, inventory=inventory, findings=tuple(map(redaction.finding, loaded.findings)))


def _provider_ids() -> Iterable[str]:
    return catalogue().ids("provider")


def _from_toml(path: Path) -> Stack:
    from freehold.read.interface import read_text
    from freehold.stack.toml_file import loads

    return loads(read_text(path), str(path), lookup=catalogue().provider, known_ids=_provider_ids)


def _settled(stack: Stack, settings: Settings) -> Loaded:
    from freehold.catalogue.resolve import with_providers
    from freehold.stack.shares import share_findings

    home = settings.home or stack.home or settings.default_home
    trusted = settings.trusted if settings.trusted is not None else stack.trusted or settings.default_trusted or ()
    notes = tuple(finding for finding in share_findings(stack, {}) if finding.severity == "note")
    stack = replace(with_providers(stack, catalogue()), home=home, trusted=trusted, as_of=stack.as_of or catalogue().edition)
    return Loaded(stack, findings=notes)


def _read(path: Path, settings: Settings, *, use_cache: bool) -> Loaded:
    from freehold.read.select import is_project, select_reader
    from freehold.read.walk import fingerprint
    from freehold.store.readings import cached_reading

    reader = select_reader(path)
    cached = False
    if use_cache and is_project(path):
        inventory, cached = cached_reading(path, fingerprint(path), reader.read)
    else:
        inventory = reader.read(path)
    return _joined(inventory, str(path), settings, cached=cached)


def load_machine(settings: Settings = Settings(), root: str | Path = "/") -> Loaded:  # noqa: B008
    """Read the machine that this runs on.

    Parameters
    ----------
    settings
        Home and trusted countries.
    root
        Its root folder.

    Raises
    ------
    freehold.errors.FreeholdError
        If it is no Linux system, or nothing can be read of it.
    """
    from freehold.read.machine import read_machine

    return _joined(read_machine(Path(root)), str(root), settings)


def _joined(inventory: Inventory, path: str, settings: Settings, *, cached: bool = False) -> Loaded:
    from freehold.catalogue.resolve import resolve

    if not inventory.components and not inventory.contacts:
        skipped = f" ({len(inventory.skips)} skipped: {inventory.skips[0].detail.rstrip('.')})" if inventory.skips else ""
        raise Unreadable(
            f"{path}: nothing was found in it that says what it rests on{skipped}. Name a folder with manifests, lock files "
            "or an environment, an SBOM with components, or a stack."
        )
    home = settings.home or settings.default_home
    trusted = settings.trusted if settings.trusted is not None else settings.default_trusted or ()
    stack = replace(resolve(inventory, catalogue(), home, trusted), path=path)
    return Loaded(stack, inventory, (), cached)


def save(stack: Stack, path: Path) -> None:
    """Write a stack: one TOML file, a fault tree, or a folder of tables. Nothing stored is lost on failure.

    Parameters
    ----------
    stack
        The stack.
    path
        A file that ends in ``.toml``, a fault tree that ends in ``.opsa.xml``, a folder for Parquet tables that ends in
        ``.parquet``, else a folder for CSV tables. A folder that holds tables already keeps their form.

    Raises
    ------
    freehold.errors.Unreadable
        If it cannot be written there.
    freehold.errors.UsageError
        If the library for Parquet is not installed.
    freehold.errors.StackError
        If a fault tree cannot hold it.
    """
    from freehold.stack.csv_folder import write_folder
    from freehold.stack.parquet_folder import write_parquet_folder
    from freehold.stack.table_files import table_form
    from freehold.stack.toml_file import dumps
    from freehold.write.open_psa import OpenPsaWriter

    try:
        form = table_form(path) or ("parquet" if path.suffix.lower() == ".parquet" else "csv")
        if path.suffix.lower() == ".toml":
            write_whole(path, dumps(stack))
        elif path.name.lower().endswith(OpenPsaWriter.ending):
            write_whole(path, OpenPsaWriter().text(stack))
        elif form == "parquet":
            write_parquet_folder(stack, path)
        else:
            write_folder(stack, path)
    except OSError as error:
        raise Unreadable(f"{path} cannot be written ({error.strerror}). Choose another place.") from error


def read_scenario(path: str) -> Cutoff:
    """Read a scenario file.

    Raises
    ------
    freehold.errors.FreeholdError
        If it is not there or not a cut-off.
    """
    from freehold.errors import BadCutoff
    from freehold.read.interface import read_text
    from freehold.stack.cutoff import cutoff_from_toml
    from freehold.stack.toml_text import BadToml, parse_toml

    try:
        return cutoff_from_toml(parse_toml(read_text(Path(path))), path)
    except BadToml as error:
        raise BadCutoff(f"{path} is not TOML: {error}.") from None


def assess_stack(loaded: Loaded, settings: Settings, **options: Any) -> AssessAnswer:
    """Assess a stack with the days and the floor that are set."""
    from freehold.measure.assess import assess
    from freehold.measure.cutoff import DAYS, FLOOR

    options.setdefault("days", settings.days or DAYS)
    with timed("computed", what="assess", items=len(loaded.stack.items)):
        return assess(loaded.stack, floor=settings.floor or FLOOR, **options)


def cut(
    stack: Stack, cut: Cutoff, days: Iterable[float], settings: Settings, *, strict: bool = False, kernel: Kernel = "auto"
) -> tuple[CutoffAnswer, int]:
    """Run one cut-off, and count the unknown facts that its low side rests on.

    Raises
    ------
    freehold.errors.FreeholdError
        As :func:`freehold.measure.cutoff.cutoff`.
    """
    from freehold.measure.case import Case
    from freehold.measure.cutoff import FLOOR, answer_of, check_cutoff, check_days
    from freehold.measure.unknowns import unknown_facts

    check_cutoff(stack, cut)
    case = Case(stack, strict=strict, stake=cut.stake, kernel=kernel)
    with timed("computed", what="cutoff", items=len(stack.items)):
        answer = answer_of(case, cut, check_days(days), settings.floor or FLOOR)
    return answer, len(unknown_facts(case, cut, range(len(case.supplies))))


def unknowns_of(stack: Stack, cut: Cutoff | None, *, strict: bool = False) -> int:
    """How many unknown facts the low side of an answer rests on; without a cut-off, of everything foreign."""
    from freehold.measure.assess import foreign_cutoff
    from freehold.measure.case import Case
    from freehold.measure.unknowns import unknown_facts

    cut = cut or foreign_cutoff()
    case = Case(stack, strict=strict, stake=cut.stake)
    return len(unknown_facts(case, cut, range(len(case.supplies))))


def chokepoints(stack: Stack, target: str | None = None, *, order: int = 3, **options: Any) -> ExplainedChokepoints:
    """What can stop a target, and why each of the cut sets given does.

    Parameters
    ----------
    stack, target, order, options
        As :func:`freehold.measure.chokepoints.chokepoints`.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or a number makes no sense.
    """
    from freehold.measure.chokepoints import SECONDS
    from freehold.measure.chokepoints import chokepoints as answer_to
    from freehold.measure.cut_reason import reasons_of
    from freehold.measure.deadline import Deadline
    from freehold.report.answers import ExplainedChokepoints

    deadline = Deadline(options.get("seconds", SECONDS))
    answer = answer_to(stack, target, order=order, **options)
    cheapest = () if answer.cheapest is None else (answer.cheapest[0],)
    settled = {name: options[name] for name in ("strict", "stake", "kernel", "case") if name in options}
    reasons = reasons_of(stack, answer, (*answer.cut_sets, *cheapest), seconds=deadline.share(), **settled)
    return ExplainedChokepoints(answer, order, reasons[: len(answer.cut_sets)], reasons[-1] if cheapest else None)


def check(loaded: Loaded, settings: Settings, path: str = "", chosen: tuple[str, ...] = (), **options: Any) -> CheckAnswer:
    """The main job: what is held, who the landlords are, what stops first and why, what is not known.

    Raises
    ------
    freehold.errors.UsageError
        If the days make no sense.
    """
    from freehold.report.answers import CheckAnswer

    answer = assess_stack(loaded, settings, **options)
    strict = bool(options.get("strict"))
    largest = answer.controllers[0].id if answer.controllers else ""
    steps = _first_stop(loaded.stack, answer, largest, strict=strict) if largest else ()
    return CheckAnswer(
        assess=answer, stack=loaded.stack, inventory=loaded.inventory, why=steps, largest=largest,
        edition=catalogue().edition, findings=loaded.findings, path=path, strict=strict, chosen=chosen,
    )  # fmt: skip


def _first_stop(stack: Stack, answer: AssessAnswer, country: str, *, strict: bool) -> tuple[Step, ...]:
    """Why the first thing to fall does, if everything that a country can reach is cut: the mission first, then its change."""
    from freehold.measure.case import Case
    from freehold.measure.cutoff import answer_of
    from freehold.measure.mission import mission_of
    from freehold.measure.why import why
    from freehold.stack.cutoff import Cutoff, Rule

    cut = Cutoff((Rule(country=country),), name=country)
    run = answer_of(Case(stack, strict=strict), cut, answer.days, answer.floor)
    mission = mission_of(stack)
    wanted = {*mission.weights, *mission.doubtful}
    found = []
    for number, item in enumerate(run.items):
        day = item.stops_low
        if day is None:
            day = next((day for day, low in zip(run.days, item.low, strict=True) if low < 1 - 1e-9), None)
        if day is not None and (number in wanted or item.id.endswith(CHANGE)):
            found.append((number not in wanted, item.stops_low is None, day, item.id))
    if not found:
        return ()
    _, _, day, first = min(found)
    return why(stack, first, cut, day, strict=strict).steps


def catalogue_coverage(path: str) -> Coverage:
    """How much of a list of purls or names, a line each, the catalogue knows.

    Raises
    ------
    freehold.errors.ReadError
        If the list cannot be read.
    """
    from freehold.catalogue.coverage import coverage
    from freehold.read.interface import read_text

    return coverage(catalogue(), read_text(Path(path)).splitlines())


def check_providers(stack: Stack, rules: Iterable[Rule]) -> None:
    """See that the providers and owners that rules name exist, in the stack or in the catalogue.

    Raises
    ------
    freehold.errors.UnknownId
        If one is nowhere: an all-clear for a misspelt name would be false.
    """
    from freehold.stack.cells import nearest

    for rule in rules:
        for asked in (rule.provider, rule.owner):
            if asked is not None and asked not in stack.provider_by_id and catalogue().provider(asked) is None:
                near = _found(asked) or nearest(asked, {*stack.provider_by_id, *_provider_ids()})
                raise UnknownId("provider", asked, near, where="freehold catalogue search WORD")


def _found(asked: str) -> tuple[str, ...]:
    """Ids of providers that the catalogue finds by words of a name, best first; of a product, whoever provides it."""
    from freehold.catalogue.match import matcher_of
    from freehold.catalogue.search import search

    matcher, found = matcher_of(catalogue()), dict[str, None]()
    for hit in search(catalogue(), asked):
        match = matcher.match_name(hit.id, hit.table) if hit.table in ("provider", "product") else None
        if match is not None and match.provider is not None:
            found[match.provider] = None
    return tuple(found)[:_MOST_MEANT]
