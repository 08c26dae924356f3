"""What can be done to a stack at all: its candidates, a user's options, the catalogue's alternatives. Owns their joining.

An option of a file that activates a candidate stands in its place. The catalogue knows who could stand in for whom, but
neither price nor time: its options are listed, with what is missing, and are in no plan until a file states that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from freehold.errors import BadOptions, Finding
from freehold.measure.content import Bounds, held_shares
from freehold.plan.catalogue_options import catalogue_options
from freehold.plan.option_changes import Seen
from freehold.plan.option_values import Activate, Cover, Option, Reference, Spare
from freehold.plan.options_file import read_option_files
from freehold.stack.control import Control, Truth, any_of
from freehold.stack.values import Provider, Source, Stack
from freehold.words import say

if TYPE_CHECKING:
    from freehold.catalogue.facts import Catalogue

__all__ = [
    "OpenItem",
    "OptionsAnswer",
    "Proposal",
    "candidate_options",
    "catalogue_options",
    "options_of",
    "proposals",
]

_TOLERANCE = 1e-9


def candidate_options(stack: Stack) -> tuple[Option, ...]:
    """Each candidate source of a stack as an option of its own, in the order of the stack.

    Its id is the source's; blank costs are 0 and unknown ones stay unknown; it is ready on the day on which it is started
    (the source's own ``recover`` counts when it takes over). The evidence on its cost, else the first on it, is its reference.
    """
    names = _candidate_names(stack)
    found = []
    for source in stack.sources:
        if source.status != "candidate":
            continue
        once = 0.0 if source.cost_once is None else source.cost_once
        year = 0.0 if source.cost_year is None else source.cost_year
        found.append(
            Option(
                source.id,
                (Activate(source.id),),
                names.get(source.id),
                cost_once=once,
                cost_year=year,
                currency=source.currency,
                lead=0.0,
                reference=_evidence(stack, source),
                origin="stack",
            )
        )
    return tuple(found)


def _candidate_names(stack: Stack) -> dict[str, str]:
    """Who for what, for each candidate of which that is known and which no other one has."""
    names: dict[str, str] = {}
    for source in stack.sources:
        if source.status != "candidate" or not isinstance(source.provider, str):
            continue
        item, provider = stack.item_by_id.get(source.item), stack.provider_by_id.get(source.provider)
        what = source.item if item is None else item.name or item.id
        who = source.provider if provider is None else provider.name or provider.id
        own = source.provider == "self"
        names[source.id] = say("plan.candidate_own" if own else "plan.candidate", who=who, item=what)
    told = Counter(names.values())
    return {id_: name for id_, name in names.items() if told[name] == 1}


def _evidence(stack: Stack, source: Source) -> Reference | None:
    claims = stack.claims_of.get(("sources", source.id), ())
    for attribute in ("cost_once", "cost_year", "status", "provider"):
        for claim in claims:
            if claim.attribute == attribute:
                return Reference(claim.source, date=claim.date)
    return Reference(claims[0].source, date=claims[0].date) if claims else None


def options_of(stack: Stack, files: Sequence[str | Path] = (), catalogue: Catalogue | None = None) -> tuple[Option, ...]:
    """All options: those of the files, then the stack's candidates, then the catalogue's alternatives.

    Parameters
    ----------
    stack
        What they are options for.
    files
        Options files; see :func:`freehold.plan.options_file.read_options`.
    catalogue
        Whose alternatives are proposed; ``None``: no alternatives (providers that files name are looked up all the same).

    Returns
    -------
    tuple of Option
        With ids that are unique. What a file's option activates is proposed by nothing else.

    Raises
    ------
    freehold.errors.BadOptions
        With every finding at once.
    freehold.errors.ReadError
        If a file cannot be read.
    """
    lookup = None if catalogue is None else catalogue.provider
    known = None if catalogue is None else lambda: catalogue.ids("provider")
    own = read_option_files(files, stack, lookup=lookup, known_ids=known) if files else ()
    by: dict[str, list[str]] = {}
    for option in own:
        for change in option.changes:
            if isinstance(change, Activate):
                by.setdefault(change.source, []).append(option.id)
    candidates = [option for option in candidate_options(stack) if option.id not in by]
    own = _renamed(own, by, {option.id for option in (*own, *candidates)}, files)
    taken = {option.id: option for option in own}
    for option in candidates:
        if option.id in taken:
            mend = f"Give it another id, or let it activate '{option.id}'"
            raise BadOptions(
                [_finding(files, option.id, "id", "is the id of a candidate source that it does not activate", mend)]
            )
    found = [*own, *candidates]
    if catalogue is not None:
        brought = {
            (source.item, source.provider) for option in own if option.adds is not None for source in option.adds.sources
        }
        ids = {option.id for option in found} | set(by)
        for option in catalogue_options(stack, catalogue):
            source = option.adds.sources[0] if option.adds is not None else None
            if option.id not in ids and source is not None and (source.item, source.provider) not in brought:
                found.append(option)
    return tuple(found)


def _finding(files: Sequence[str | Path], option: str, key: str, problem: str, mend: str) -> Finding:
    return Finding(", ".join(map(str, files)), 0, key, f"option '{option}': {problem}", mend)


def _renamed(
    own: Iterable[Option], by: Mapping[str, Sequence[str]], left: set[str], files: Sequence[str | Path]
) -> tuple[Option, ...]:
    """Conditions that name a candidate which an option stands for name that option instead."""

    def meant(option: Option, key: str, ids: tuple[str, ...]) -> Iterator[str]:
        for id_ in ids:
            stands = [id_] if id_ in left else list(by.get(id_, ()))
            if key == "requires" and len(stands) > 1:
                mend = f"Name one of them: {', '.join(stands)}"
                raise BadOptions([_finding(files, option.id, key, f"several options activate '{id_}'", mend)])
            yield from (one for one in stands if one != option.id)

    return tuple(
        replace(
            option,
            requires=tuple(dict.fromkeys(meant(option, "requires", option.requires))),
            excludes=tuple(dict.fromkeys(meant(option, "excludes", option.excludes))),
        )
        for option in own
    )


@dataclass(frozen=True, slots=True)
class Proposal:
    """An option, and what is to be known before it is chosen.

    Parameters
    ----------
    option
        The option.
    items
        Items that it bears on: whose sources or needs it changes.
    providers
        Who provides what it activates; ``"?"`` for one that is not known.
    foreign
        Whether what it activates for an item of the stack is foreign: surely, surely not, or perhaps; ``False`` where it
        activates nothing.
    rests_on
        Items that what it activates needs and that are not held, those among them that come with it.
    lacking
        Names of facts without which it cannot be judged, and so is in no plan.
    waits_for
        Ids of options that it requires and that cannot be judged.
    """

    option: Option
    items: tuple[str, ...]
    providers: tuple[str, ...]
    foreign: Truth
    rests_on: tuple[str, ...]
    lacking: tuple[str, ...]
    waits_for: tuple[str, ...] = ()

    @property
    def judged(self) -> bool:
        """Whether a plan may take it as it is."""
        return not self.option.lacking and not self.waits_for


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item that is not held in whole.

    Parameters
    ----------
    item, held
        Its id, and the part of today's need that is held.
    options
        Options that bear on it.
    standby
        Ids of its sources that stand by and are not surely foreign.
    """

    item: str
    held: Bounds
    options: tuple[str, ...]
    standby: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionsAnswer:
    """What can be proposed for a stack.

    Parameters
    ----------
    proposals
        The options, in their order.
    open
        Items not held, in the order of the stack.
    currencies
        Currencies in which costs are stated, ``""`` for costs without one; more than one cannot be added up.
    """

    proposals: tuple[Proposal, ...]
    open: tuple[OpenItem, ...]
    currencies: tuple[str, ...]

    @property
    def unanswered(self) -> tuple[OpenItem, ...]:
        """Items not held that nothing stands by for and nothing is known for."""
        return tuple(one for one in self.open if not one.options and not one.standby)


def proposals(stack: Stack, options: Sequence[Option], *, strict: bool = False) -> OptionsAnswer:
    """Say of each option what it bears on and what is missing, and of each item not held whether there is any option.

    Parameters
    ----------
    stack
        The stack.
    options
        See :func:`options_of`.
    strict
        Whether assumed owners and locations count as unknown.
    """
    known = {provider.id for provider in stack.providers}
    more: dict[str, Provider] = {}
    for option in options:
        for provider in option.adds.providers if option.adds is not None else ():
            if provider.id not in known:
                more.setdefault(provider.id, provider)
    control = Control(replace(stack, providers=(*stack.providers, *more.values())), strict=strict)
    held = dict(zip((item.id for item in stack.items), held_shares(stack, strict=strict), strict=True))
    added = {source.id: option.adds for option in options if option.adds is not None for source in option.adds.sources}
    lacking = {option.id for option in options if option.lacking}
    made = tuple(_proposal(stack, option, added, control, held, lacking) for option in options)
    bears: dict[str, list[str]] = {}
    for one in made:
        for item in one.items:
            bears.setdefault(item, []).append(one.option.id)
    open_ = tuple(
        OpenItem(item.id, held[item.id], tuple(bears.get(item.id, ())), _standby(stack, item.id, control))
        for item in stack.items
        if held[item.id].low < 1 - _TOLERANCE
    )
    currencies = {option.currency or "" for option in options if _costs(option)}
    return OptionsAnswer(made, open_, tuple(sorted(currencies)))


def _standby(stack: Stack, item: str, control: Control) -> tuple[str, ...]:
    return tuple(
        source.id for source in stack.sources_of[item] if source.status == "standby" and control.foreign(source) is not True
    )


def _costs(option: Option) -> bool:
    return any(isinstance(cost, float) and cost > 0 for cost in (option.cost_once, option.cost_year))


def _proposal(
    stack: Stack, option: Option, added: Mapping[str, Stack], control: Control, held: Mapping[str, Bounds], lacking: set[str]
) -> Proposal:
    items: dict[str, None] = {}
    providers: dict[str, None] = {}
    rests_on: dict[str, None] = {}
    foreign: list[Truth] = []
    new = option.adds.item_by_id if option.adds is not None else {}
    for change in option.changes:
        place = added.get(change.source, stack)
        seen = Seen([place])
        source = seen.source(change.source)
        if source is None:
            continue
        items[change.item if isinstance(change, Cover | Spare) else source.item] = None
        if isinstance(change, Activate):
            providers[source.provider if isinstance(source.provider, str) else "?"] = None
            controlled = control.foreign(source)
            if source.item not in new:
                foreign.append(controlled)
            elif controlled is not False:
                rests_on[source.item] = None
            for need in seen.needs(source.id):
                if need.item in held and held[need.item].low < 1 - _TOLERANCE:
                    rests_on[need.item] = None
    missing = [*option.lacking, *(("provider",) if "?" in providers else ())]
    waits = tuple(one for one in option.requires if one in lacking)
    return Proposal(
        option, tuple(items), tuple(providers), any_of(foreign), tuple(rests_on), tuple(missing), waits
    )  # fmt: skip
