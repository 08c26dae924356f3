"""Which part of a stack an alert is about. Owns the seam between labels and a cut-off.

Labels of one alert describe one thing: those that name it directly (provider, owner, country, item, source) must all
hold; a model, an upstream or a host is looked up, in the gateway's configuration, then by the names in the stack, then
in the catalogue, and adds what the others leave open. What cannot be tied is said, with the nearest names; it is never
taken for "nothing".
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from freehold.catalogue.hosts import clean_host, is_address
from freehold.errors import StackError
from freehold.stack.countries import is_region
from freehold.stack.cutoff import COVERS, SELECTORS, Cutoff, Rule
from freehold.stack.find import ItemIndex, Likeness
from freehold.watch.alert import PLACES, Labels
from freehold.words import say

if TYPE_CHECKING:
    from freehold.catalogue.facts import Catalogue
    from freehold.catalogue.match import Match
    from freehold.measure.case import Case

__all__ = ["ALIASES", "MOST_REMEMBERED", "Place", "Places", "Tie", "Untied", "together"]

ALIASES: Final[Mapping[str, str]] = {
    "freehold.source_id": "source",
    "freehold.item": "item",
    "freehold.upstream": "upstream",
    "freehold.model": "model",
    "gen_ai.provider.name": "provider",
    "gen_ai.request.model": "model",
    "server.address": "host",
}
"""Names of attributes that say the same as a label of :data:`~freehold.watch.alert.PLACES`; dots may be underscores."""

MOST_REMEMBERED: Final = 1024
"""How many sets of labels are remembered."""

_LONGEST: Final = 500
_MOST_SUGGESTED: Final = 20
_ATTRIBUTES: Final = {alias.replace(".", "_"): label for alias, label in ALIASES.items()}

_PROVIDER_NAMES: Final[Mapping[str, str]] = {
    "azure.ai.openai": "microsoft",
    "azure.ai.inference": "microsoft",
    "aws.bedrock": "aws",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "ibm.watsonx.ai": "ibm",
    "x_ai": "xai",
}
"""Well-known values of ``gen_ai.provider.name`` (OpenTelemetry semantic conventions, v1.41.0) that are no name of a firm."""


@dataclass(frozen=True, slots=True)
class Tie:
    """How one label was tied to the stack.

    Parameters
    ----------
    label, value
        The label.
    selectors
        What it came to: selectors of a cut-off rule with their values.
    by
        ``id``, ``name``, ``configuration``, or a rule of the catalogue's matcher.
    confidence
        How sure that is, 0 to 1.
    """

    label: str
    value: str
    selectors: tuple[tuple[str, str], ...]
    by: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Untied:
    """A label that could not be tied: why not, in a sentence, and known ids that look like its value."""

    label: str
    value: str
    because: str
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the stack a signal is.

    Parameters
    ----------
    cut
        What it says is gone; ``None`` if that is not known.
    ties, untied
        What each label came to.
    unplaced
        Of several signals taken together, those of which the place is not known.
    """

    cut: Cutoff | None
    ties: tuple[Tie, ...] = ()
    untied: tuple[Untied, ...] = ()
    unplaced: tuple[Labels, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether every signal was tied to a part of the stack."""
        return self.cut is not None and not self.unplaced


class Places:
    """Ties labels to one stack.

    Parameters
    ----------
    case
        The stack.
    catalogue
        Gives the catalogue when it is first needed; without it hosts and models are known by the stack's names alone.
    upstreams, models
        From the gateway's configuration: by the name of an upstream or a model, what it is in the stack, by the labels
        ``source``, ``item``, ``provider`` or ``host``.
    """

    def __init__(
        self,
        case: Case,
        catalogue: Callable[[], Catalogue] | None = None,
        *,
        upstreams: Mapping[str, Mapping[str, str]] | None = None,
        models: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._case, self._stack = case, case.stack
        self._catalogue = catalogue
        self._configured: Mapping[str, Mapping[str, Mapping[str, str]]] = {"upstream": upstreams or {}, "model": models or {}}
        self._items = ItemIndex(case.stack)
        self._likeness: dict[str, Likeness] = {}
        self._suggests = True
        self._remembered: OrderedDict[tuple[Labels, Labels], Place] = OrderedDict()

    def tie(self, labels: Labels, annotations: Labels = ()) -> Place:
        """Tie one signal to the stack.

        Parameters
        ----------
        labels
            Those that name a place count: :data:`~freehold.watch.alert.PLACES` and their :data:`ALIASES`; and
            ``availability``, what is left of it (0 to 1, or percent; with all of it, nothing is lost), ``cover``, ``keep``
            or ``void``.
        annotations
            May hold ``availability`` and ``cover`` too.
        """
        meant = _meant(labels)
        left = _meant(annotations, ("availability", "cover")) | _meant(labels, ("availability", "cover"))
        key = (tuple(sorted(meant.items())), tuple(sorted(left.items())))
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return self._remembered[key]
        place = self._tie(meant, left)
        if place.cut is not None or self._suggests:
            self._remembered[key] = place
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return place

    def tie_all(self, signals: Iterable[tuple[Labels, Labels]]) -> Place:
        """Tie several signals at once, each labels and annotations: all that they say is gone, is gone together.

        Nearest names are looked for only for the first few that cannot be tied: nobody reads those of thousands.
        """
        found: list[tuple[Labels, Place]] = []
        unplaced = 0
        try:
            for labels, annotations in signals:
                place = self.tie(labels, annotations)
                found.append((labels, place))
                unplaced += place.cut is None
                self._suggests = unplaced < _MOST_SUGGESTED
        finally:
            self._suggests = True
        return together(found)

    def _near(self, table: str, value: str) -> tuple[str, ...]:
        """Known names that look like one that is not known."""
        if not self._suggests:
            return ()
        if table not in self._likeness:
            stack = self._stack
            known: Mapping[str, Iterable[str]] = {
                "item": stack.item_by_id, "source": stack.source_by_id, "provider": stack.provider_by_id,
                "host": (item.name for item in stack.items if item.name),
            }  # fmt: skip
            self._likeness[table] = Likeness(known[table])
        return self._likeness[table].nearest(value)

    def item_of(self, source: str) -> str | None:
        """The item that a source provides; ``None`` if there is no such source."""
        row = self._stack.source_by_id.get(source)
        return None if row is None else row.item

    def _tie(self, meant: Mapping[str, str], left: Mapping[str, str]) -> Place:
        ties: list[Tie] = []
        untied: list[Untied] = []
        selectors: dict[str, str] = {}
        for label in PLACES:
            value = meant.get(label)
            if value is None:
                continue
            found = self._look_up(label, value)
            if isinstance(found, Untied):
                untied.append(found)
                continue
            wider = {name: one for name, one in found.selectors if name not in selectors}
            if label in SELECTORS or not selectors or self._meets({**selectors, **wider}):
                selectors |= wider
                ties.append(found)
            else:
                untied.append(Untied(label, value, say("radius.contradicts"), ()))
        availability, problem = _availability(left.get("availability"))
        if availability == 1 and not selectors:
            # what holds is known to be no loss even where nobody knows which part it is
            return Place(_cutoff([]), (), tuple(untied))
        if not meant:
            return Place(None, (), (Untied("", "", say("radius.no_place", labels=", ".join(PLACES))),))
        if not selectors:
            return Place(None, (), tuple(untied))
        if len(selectors) > 1 and not self._meets(selectors):
            named = ", ".join(f"{name} {value}" for name, value in selectors.items())
            return Place(None, (), (*untied, Untied("", named, say("radius.nothing_of_both"))))
        if problem is not None:
            untied.append(problem)
        cover = left.get("cover", "keep")
        chosen: dict[str, Any] = dict(selectors)
        rule = Rule(**chosen, availability=availability, cover=cover if cover in COVERS else "keep")
        return Place(_cutoff([rule]), tuple(ties), tuple(untied))

    def _meets(self, selectors: Mapping[str, str]) -> bool:
        """Whether any supply is matched, surely or perhaps."""
        chosen: dict[str, Any] = dict(selectors)
        rule, case = Rule(**chosen), self._case
        if rule.item is not None:
            numbers: Sequence[int] = case.supplies_of[case.item_number[rule.item]]
        elif rule.source is not None:
            numbers = [case.supply_number[rule.source]] if rule.source in case.supply_number else []
        else:
            numbers = range(len(case.supplies))
        items, supplies, matches = self._stack.items, case.supplies, case.control.matcher(rule)
        # an unknown fact may meet one label, but an answer made of nothing else would name the whole stack
        return any(matches(items[supplies[number].item], supplies[number].filled.source) is not False for number in numbers)

    def _look_up(self, label: str, value: str) -> Tie | Untied:
        if len(value) > _LONGEST:
            return Untied(label, value[:80], say("radius.too_long", most=_LONGEST))
        return getattr(self, f"_{label}")(value)  # type: ignore[no-any-return]

    def _provider(self, value: str, label: str = "provider") -> Tie | Untied:
        if value in self._stack.provider_by_id:
            return Tie(label, value, ((label, value),), "id")
        known = _PROVIDER_NAMES.get(value.casefold(), value)
        if known in self._stack.provider_by_id:
            return Tie(label, value, ((label, known),), "name")
        named = self._provider_names.get(known.casefold(), ())
        if len(named) == 1:
            return Tie(label, value, ((label, named[0]),), "name")
        match = None if self._matcher is None else self._matcher.match_name(known, "provider")
        if match is not None and match.provider is not None:
            return Tie(label, value, ((label, match.provider),), match.rule, match.confidence)
        return Untied(label, value, say(f"radius.no_{label}"), self._near("provider", value))

    def _owner(self, value: str) -> Tie | Untied:
        return self._provider(value, "owner")

    def _country(self, value: str) -> Tie | Untied:
        for code in (value, value.upper()):
            if is_region(code):
                return Tie("country", value, (("country", code),), "id")
        return Untied("country", value, say("radius.no_country"))

    def _item(self, value: str, label: str = "item") -> Tie | Untied:
        found = self._items.meant(value)
        if len(found) == 1:
            return Tie(label, value, (("item", found[0]),), "id" if found[0] == value else "name")
        if found:
            return Untied(label, value, say("radius.several"), found[:3])
        return Untied(label, value, say(f"radius.no_{label}"), self._near("item", value))

    def _source(self, value: str, label: str = "source") -> Tie | Untied:
        source = self._stack.source_by_id.get(value)
        if source is None:
            return Untied(label, value, say("radius.no_source"), self._near("source", value))
        return Tie(label, value, (("source", value),), "id")

    def _upstream(self, value: str) -> Tie | Untied:
        configured = self._from_configuration("upstream", value)
        if configured is not None:
            return configured
        found: list[Tie | Untied] = []
        for look in (self._source, self._item, self._provider, self._host):
            one = look(value)
            if isinstance(one, Tie):
                return replace(one, label="upstream")
            found.append(one)
        near = tuple(dict.fromkeys(name for one in found if isinstance(one, Untied) for name in one.nearest))
        return Untied("upstream", value, say("radius.no_upstream"), near[:3])

    def _model(self, value: str) -> Tie | Untied:
        configured = self._from_configuration("model", value)
        if configured is not None:
            return configured
        item = self._item(value, "model")
        if isinstance(item, Tie):
            kind = self._stack.item_by_id[item.selectors[0][1]].kind
            if kind == "model":
                return item
            # a gateway serves models under names of its own, which often are those of the applications that ask for them
            item = Untied(
                "model", value, say("radius.no_model_but", kind=kind if isinstance(kind, str) else "?"), (item.selectors[0][1],)
            )
        if value in self._stack.source_by_id:
            return replace(self._source(value), label="model")
        match = None if self._matcher is None else self._matcher.match_model(value)
        provider = None if match is None else match.provider
        if match is None or provider is None:
            return item
        selectors: tuple[tuple[str, str], ...] = (("provider", provider), ("kind", "model"))
        if not any(self._stack.item_by_id[source.item].kind == "model" for source in self._sources_from(provider)):
            selectors = selectors[:1]
        return Tie("model", value, selectors, match.rule, match.confidence)

    def _host(self, value: str) -> Tie | Untied:
        try:
            host = clean_host(value)
        except ValueError:
            return Untied("host", value, say("radius.no_host_name"))
        for one in (value, host):
            named = self._item_names.get(one.casefold(), ())
            if len(named) == 1:
                return Tie("host", value, (("item", named[0]),), "name")
        if is_address(host):
            return Untied("host", value, say("radius.address"))
        turned = f"host:{'.'.join(reversed(host.split('.')))}"
        if turned in self._stack.item_by_id:
            return Tie("host", value, (("item", turned),), "id")
        match = None if self._matcher is None else self._matcher.match_host(host)
        if match is None:
            return Untied("host", value, say("radius.no_host"), self._near("host", host))
        return self._of_match(value, match)

    def _of_match(self, value: str, match: Match) -> Tie | Untied:
        if match.product is not None and match.product in self._stack.item_by_id:
            return Tie("host", value, (("item", match.product),), match.rule, match.confidence)
        if match.provider is None:
            return Untied("host", value, say("radius.host_of_nobody"))
        return Tie("host", value, (("provider", match.provider),), match.rule, match.confidence)

    def _from_configuration(self, label: str, value: str) -> Tie | Untied | None:
        row = self._configured[label].get(value)
        if row is None:
            return None
        selectors: dict[str, str] = {}
        wrong: Untied | None = None
        for name, one in _meant(tuple(row.items())).items():
            if name == "host" and selectors:
                continue
            found = self._look_up(name, one)
            if isinstance(found, Untied):
                wrong = found
            else:
                selectors |= {key: known for key, known in found.selectors if key not in selectors}
        if selectors:
            return Tie(label, value, tuple(selectors.items()), "configuration")
        return None if wrong is None else Untied(label, value, say("radius.configured", what=wrong.value), wrong.nearest)

    def _sources_from(self, provider: str) -> list[Any]:
        return [source for source in self._stack.sources if source.provider == provider]

    @cached_property
    def _matcher(self) -> Any:
        if self._catalogue is None:
            return None
        from freehold.catalogue.match import matcher_of

        return matcher_of(self._catalogue())

    @cached_property
    def _provider_names(self) -> Mapping[str, tuple[str, ...]]:
        return _by_name((provider.name or provider.id, provider.id) for provider in self._stack.providers)

    @cached_property
    def _item_names(self) -> Mapping[str, tuple[str, ...]]:
        return _by_name((item.name or item.id, item.id) for item in self._stack.items)


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, id_ in pairs:
        found[name.casefold()] = (*found.get(name.casefold(), ()), id_)
    return found


def _meant(labels: Labels, names: tuple[str, ...] = PLACES) -> dict[str, str]:
    """Labels that name a place, by their own names; a label goes before an attribute that says the same."""
    given = {name: value.strip() for name, value in labels if isinstance(value, str) and value.strip()}
    found = {name: given[name] for name in names if name in given}
    for name, value in given.items():
        label = _ATTRIBUTES.get(name.replace(".", "_"))
        if label in names:
            found.setdefault(label, value)
    return {name: found[name] for name in names if name in found}


def _availability(text: str | None) -> tuple[float, Untied | None]:
    """What is left: a fraction or percent. What is no number is taken for 0, and told."""
    if text is None:
        return 0.0, None
    number = text.strip()
    try:
        value = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if 0 <= value <= 1:
        return value, None
    return 0.0, Untied("availability", text[:80], say("radius.no_availability"))


def _cutoff(rules: Iterable[Rule]) -> Cutoff:
    """Rules as one cut-off that is the same whatever their order, with a name that only they decide."""
    ordered = sorted(set(rules), key=lambda rule: tuple(map(str, rule.as_data().items())))
    name = ", ".join(" ".join(f"{key} {value}" for key, value in rule.selectors.items()) for rule in ordered)
    return Cutoff(tuple(ordered), name)


def together(places: Sequence[tuple[Labels, Place]]) -> Place:
    """Several signals as one: the rules of all whose place is known.

    Parameters
    ----------
    places
        Labels and place of each.

    Raises
    ------
    freehold.errors.StackError
        If there is none.
    """
    if not places:
        raise StackError("no signal is given. Give the labels of one at least.")
    rules = [rule for _, place in places if place.cut is not None for rule in place.cut.rules]
    unplaced = tuple(labels for labels, place in places if place.cut is None)
    ties = tuple(dict.fromkeys(tie for _, place in places for tie in place.ties))
    untied = tuple(dict.fromkeys(one for _, place in places for one in place.untied))
    is_placed = any(place.cut is not None for _, place in places)
    return Place(_cutoff(rules) if is_placed else None, ties, untied, unplaced if is_placed else unplaced or ((),))
