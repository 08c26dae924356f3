"""What stacks can be asked, by name. Owns the registry of measures: which there are, what each takes, and how one is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from freehold.errors import SchemeError
from freehold.schemes.interface import Asked, Measure, Measured, Parameter
from freehold.schemes.measures import capital, continuity, disclosure, inside, licences, listed, ratios, value
from freehold.schemes.measures.parameters import Accepted, Settings, settled
from freehold.schemes.measures.survey import Survey, survey_of
from freehold.stack.cells import nearest, shown

__all__ = ["MEASURES", "NamedMeasure", "check_parameters", "measure"]


@dataclass(frozen=True, slots=True)
class NamedMeasure:
    """A measure that schemes call by its name.

    Parameters
    ----------
    name
        As in a scheme's file.
    tell
        What tells the amount.
    accepted
        Parameters that it takes.
    """

    name: str
    tell: Callable[[Survey, Settings], Measured | None]
    accepted: Mapping[str, Accepted]

    def __call__(self, asked: Asked, parameters: Mapping[str, Parameter]) -> Measured | None:
        """Tell the amount; ``None`` if this stack cannot know it.

        Raises
        ------
        freehold.errors.SchemeError
            If a parameter is not one of the measure's, or will not do.
        """
        return self.tell(survey_of(asked), settled(self.name, self.accepted, parameters))


_ALL: Final = (
    NamedMeasure("seat-inside", inside.seat_inside, inside.ACCEPTED),
    NamedMeasure("owner-inside", inside.owner_inside, inside.ACCEPTED),
    NamedMeasure("location-inside", inside.location_inside, inside.ACCEPTED),
    NamedMeasure("law-inside", inside.law_inside, inside.ACCEPTED),
    NamedMeasure("control-inside", inside.control_inside, inside.ACCEPTED_OF_CONTROL),
    NamedMeasure("outside-stakes", capital.outside_stakes, capital.ACCEPTED),
    NamedMeasure("level-when-cut", continuity.level_when_cut, continuity.ACCEPTED_OF_LEVEL),
    NamedMeasure("days-to-stop", continuity.days_to_stop, continuity.ACCEPTED_OF_DAYS),
    NamedMeasure("endurance", continuity.endurance, continuity.ACCEPTED_OF_DAYS),
    NamedMeasure("content-inside", value.content_inside, value.ACCEPTED_OF_CONTENT),
    NamedMeasure("component-share", value.component_share, value.ACCEPTED_OF_COMPONENTS),
    NamedMeasure("components-suffice", value.components_suffice, value.ACCEPTED_OF_THRESHOLDS),
    NamedMeasure("open-licence", licences.open_licence, licences.ACCEPTED_OF_OPEN),
    NamedMeasure("software-grade", licences.software_grade, licences.ACCEPTED_OF_GRADE),
    NamedMeasure("facts-known", disclosure.facts_known, disclosure.ACCEPTED),
    NamedMeasure("self-sufficiency", ratios.self_sufficiency, ratios.ACCEPTED),
    NamedMeasure("listed", listed.listed, listed.ACCEPTED),
    NamedMeasure("listed-inside", listed.listed_inside, listed.ACCEPTED_OF_INSIDE),
)

MEASURES: Final[Mapping[str, Measure]] = {one.name: one for one in _ALL}
"""Every measure, by name."""


def measure(name: str, asked: Asked, parameters: Mapping[str, Parameter]) -> Measured | None:
    """Ask a stack one thing.

    Parameters
    ----------
    name
        One of :data:`MEASURES`.
    asked
        The stack, and how it is asked. What is worked out for one measure is kept for the others, as long as this lives.
    parameters
        The measure's; those not given take their defaults.

    Returns
    -------
    Measured
        ``None`` if this stack cannot know it.

    Raises
    ------
    freehold.errors.SchemeError
        If there is no such measure, or a parameter is not one of its own or will not do.
    """
    return _named(name)(asked, parameters)


def check_parameters(name: str, parameters: Mapping[str, Parameter]) -> None:
    """See, without a stack, that a measure can be asked with these parameters.

    Raises
    ------
    freehold.errors.SchemeError
        As :func:`measure`.
    """
    one = _named(name)
    settled(one.name, one.accepted, parameters)


def _named(name: str) -> NamedMeasure:
    for one in _ALL:
        if one.name == name:
            return one
    near = nearest(name, MEASURES)
    mend = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(MEASURES)}."
    raise SchemeError(f"there is no measure {shown(name)}. {mend}")
