"""Which actions there are, and how they are made from the means at hand. Owns the list."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from freehold.respond.actions.command import RunCommand
from freehold.respond.actions.fail_over import FailOver
from freehold.respond.actions.gateway_control import GatewayControl
from freehold.respond.actions.interface import Action
from freehold.respond.actions.kill import Kill
from freehold.respond.actions.mark import Mark
from freehold.respond.actions.means import Means, Receiver
from freehold.respond.actions.notify import Notify
from freehold.respond.actions.preserve import Preserve
from freehold.respond.actions.quarantine import Quarantine
from freehold.respond.actions.revoke_key import RevokeKey
from freehold.respond.actions.roll_back import RollBack
from freehold.respond.actions.stopping import Stopping
from freehold.respond.actions.throttle import Throttle
from freehold.respond.incidents import Incidents

__all__ = ["ACTIONS", "MANUAL", "build_actions"]

MANUAL: Final = "manual"
"""What a person does; the runner waits for their word."""

ACTIONS: Final = (
    "command", "fail_over", "kill", MANUAL, "mark", "notify", "preserve", "quarantine", "revoke_key", "roll_back", "throttle",
)  # fmt: skip
"""Names of all that a playbook can call."""


def build_actions(
    folder: Path, means: Means, incidents: Incidents, clock: Callable[[], float] = time.time
) -> Mapping[str, Action]:
    """Make every action.

    Parameters
    ----------
    folder
        The state folder.
    means
        What they act through.
    incidents
        The store that ``mark`` moves.
    clock
        For manifests.
    """
    control = GatewayControl(means.gateway)
    stopping = Stopping(control)
    receivers = means.receiver or (Receiver(name="file", kind="file", path=str(folder / "notices.jsonl")),)
    made: tuple[Action, ...] = (
        RunCommand(means.command), FailOver(control), Kill(stopping), Mark(incidents), Notify(receivers),
        Preserve(folder, means.preserve, control, clock), Quarantine(stopping), RevokeKey(stopping), RollBack(control),
        Throttle(control),
    )  # fmt: skip
    return {action.name: action for action in made}
