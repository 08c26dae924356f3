"""Something that is wrong now, or no longer is, as a value. Owns the seam between rules (and others' alerts) and warnings.

The form is Alertmanager's, so that Prometheus can send its own here: labels say which alert it is, annotations
say more about it. A label that names a part of the stack ties the alert to it: see :data:`PLACES`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["PLACES", "Alert", "Labels", "labels_from"]

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, sorted by name, each name once."""

PLACES: Final = ("provider", "owner", "country", "item", "source", "model", "upstream", "host")
"""Labels that name what of a stack is concerned, most direct first after the selectors of a cut-off."""


def labels_from(**labels: str) -> Labels:
    """Labels in order; empty ones are left out, as an empty label is none."""
    return tuple(sorted((name, value) for name, value in labels.items() if value))


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert in one state.

    Parameters
    ----------
    labels
        Which alert it is; ``alertname`` is the rule's id.
    annotations
        More about it: ``summary``, ``description``.
    starts
        Since when, in seconds since 1970.
    ends
        Until when; ``inf`` while no end is known. At or before now: it is resolved.
    updated
        When this was last said.
    """

    labels: Labels
    annotations: Labels = ()
    starts: float = 0.0
    ends: float = math.inf
    updated: float = 0.0

    def label(self, name: str) -> str:
        """The value of a label; empty if it has none, as in Alertmanager."""
        return dict(self.labels).get(name, "")

    def is_resolved(self, now: float) -> bool:
        """Whether it has ended by a moment."""
        return self.ends <= now
