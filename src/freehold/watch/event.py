"""What happened, as a value. Owns the seam between the forms in which events arrive and the rules that look at them.

The envelope is CloudEvents 1.0: ``source`` and ``id`` together name an event, and one that comes again is the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Event", "Json"]

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Parameters
    ----------
    source
        Who says so: a URI reference, such as ``/freehold/gateway/main``.
    id
        Unique within the source.
    type
        What kind of thing, such as ``freehold.gateway.breaker.opened``.
    time
        When it happened, as the sender says: seconds since 1970, UTC. A sender's clock may be wrong.
    received
        When it was taken in here, by our clock, which the journal never lets go back.
    subject
        What it is about, such as an upstream or an agent.
    data
        Attributes by their OpenTelemetry or Freehold names, flat: ``gen_ai.tool.name``, ``freehold.tenant``.
    """

    source: str
    id: str
    type: str
    time: float
    received: float
    subject: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)
