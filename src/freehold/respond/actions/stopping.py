"""Stopping by the gateway, or by its stop file when it does not answer. Owns which way is taken, and how to see it worked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from freehold.respond.actions.gateway_control import GatewayControl, GatewayGone
from freehold.respond.actions.interface import ActionFailed, Outcome
from freehold.respond.actions.stop_file import add_stop, has_stop, remove_stop
from freehold.watch.event import Json

__all__ = ["Stopping"]


class Stopping:
    """One way to stop and to release.

    Parameters
    ----------
    control
        The gateway.
    """

    def __init__(self, control: GatewayControl) -> None:
        self.control = control

    @property
    def _file(self) -> Path | None:
        named = self.control.gateway.stop_file
        return Path(named) if named else None

    async def stop(self, scope: str, name: str, *, by: str, because: str, key: str = "") -> Outcome:
        """Stop; by the file if the gateway does not answer.

        Parameters
        ----------
        scope, name
            What.
        by, because
            Who, and why.
        key
            The idempotency key.

        Raises
        ------
        ActionFailed
            If neither way is left.
        """
        told = f"{scope} {name}".strip()
        body: dict[str, Json] = {"scope": scope, "name": name, "by": by, "because": because, "key": key}
        try:
            await self.control.post("/freehold/stop", body)
        except GatewayGone as error:
            if self._file is None:
                raise ActionFailed(
                    f"{error} No stop_file is named in respond.toml, by which it could be stopped too."
                ) from None
            await asyncio.to_thread(add_stop, self._file, scope, name, f"{by}: {because}")
            return Outcome(f"stopped {told} by the stop file, as the gateway did not do it: {error}", {"by": "file"})
        return Outcome(f"stopped {told}", {"by": "gateway"})

    async def release(self, scope: str, name: str, *, by: str, because: str, key: str = "") -> Outcome:
        """Release; by the file if the gateway does not answer; see :meth:`stop`.

        Raises
        ------
        ActionFailed
            If neither way is left.
        """
        body: dict[str, Json] = {"scope": scope, "name": name, "by": by, "because": because, "key": key}
        try:
            await self.control.post("/freehold/release", body)
        except GatewayGone:
            if self._file is None:
                raise
            await asyncio.to_thread(remove_stop, self._file, scope, name)
        return Outcome(f"released {f'{scope} {name}'.strip()}")

    async def is_stopped(self, scope: str, name: str) -> bool | None:
        """Whether it is stopped, as the gateway says; else as the file says; ``None`` if neither can be asked."""
        try:
            state = await self.control.state()
        except ActionFailed:
            return has_stop(self._file, scope, name) if self._file is not None else None
        return _listed(state, scope, name)


def _listed(state: Mapping[str, Any], scope: str, name: str) -> bool | None:
    stops = state.get("stops")
    if not isinstance(stops, list):
        return None
    return any(
        isinstance(one, dict) and one.get("scope") == scope and str(one.get("name", "")).casefold() == name.casefold()
        for one in stops
    )
