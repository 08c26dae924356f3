"""What the stack predicts for the loss of the rented model, beside what the desk saw. Owns how the two come together."""

from __future__ import annotations

import asyncio

from freehold import work
from freehold.demo.losses import events_of
from freehold.demo.scenery import Clinic
from freehold.settings import find_settings
from freehold.watch.alert import labels_from
from freehold.watch.prediction import Comparison, compare, observations_from, predict
from freehold.watch.radius import Reach

__all__ = ["compared"]


async def compared(clinic: Clinic, lost: float, back: float) -> Comparison:
    """Compare prediction and observation from the loss to the return.

    Parameters
    ----------
    clinic
        Whose stack and journal; its desk has ended.
    lost, back
        When the rented model was lost, and when it served again: seconds since 1970.
    """
    stack = work.load(str(clinic.folder / "stack.toml"), find_settings({})).stack
    reach = await asyncio.to_thread(Reach, stack, catalogue=work.catalogue)
    radius = reach.of(labels_from(source="rented-model"))
    prediction = predict(reach, radius, loss=lost, made=lost)
    events = [one for one in await events_of(clinic.folder / "desk" / "journal.db") if lost <= one.time < back]
    return compare(prediction, observations_from(events, reach.places), back)
