"""Roll-back: a named earlier configuration of the gateway is restored and loaded. Owns the two files and their order."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import msgspec

from freehold.errors import FreeholdError, RespondError
from freehold.respond.actions.gateway_control import GatewayControl
from freehold.respond.actions.interface import ActionFailed, Call, Outcome
from freehold.watch.event import Json
from freehold.whole_file import write_whole

__all__ = ["RollBack", "RollBackParameters"]

_MOST_BYTES: Final = 4 * 1024**2


class RollBackParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """To which version: ``NAME.toml`` in the folder of versions."""

    to: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]


class RollBack:
    """Restore a configuration; what stood there is kept beside the versions first.

    Parameters
    ----------
    control
        The gateway, which names both files.
    """

    name: ClassVar[str] = "roll_back"
    changes: ClassVar[bool] = True
    undone_alone: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 20.0
    parameters: ClassVar[type[msgspec.Struct]] = RollBackParameters

    def __init__(self, control: GatewayControl) -> None:
        self._control = control

    def reach(self, parameters: Any) -> str:  # noqa: ARG002  the plug point's signature
        """Everything that the gateway serves."""
        return "all"

    def _version(self, name: str) -> Path:
        return Path(self._control.gateway.versions) / f"{name}.toml"

    @property
    def _current(self) -> Path:
        return Path(self._control.gateway.configuration)

    async def rehearse(self, call: Call) -> str:
        """Say which file would be restored."""
        same = _digest(self._version(call.parameters.to)) == _digest(self._current)
        return f"would restore the configuration {call.parameters.to}" + (", which is in force already" if same else "")

    async def precondition(self, call: Call) -> None:
        """See that both files are named and there."""
        if not self._control.gateway.configuration or not self._control.gateway.versions:
            raise RespondError("roll_back needs [gateway] configuration and versions in respond.toml.")
        if _digest(self._version(call.parameters.to)) is None:
            raise RespondError(f"{self._version(call.parameters.to)} is not there, or cannot be read. Name a version that is.")

    async def before(self, call: Call) -> Mapping[str, Json]:
        """Keep what stands there now, as a version of its own."""
        text = await asyncio.to_thread(_read, self._current)
        kept = f"before-{call.key[:32]}"
        path = self._version(kept)
        if not path.exists():
            await asyncio.to_thread(write_whole, path, text)
        return {"kept": kept}

    async def act(self, call: Call) -> Outcome:
        """Restore and load it."""
        return await self._load(call.parameters.to, call.key)

    async def _load(self, name: str, key: str) -> Outcome:
        text = await asyncio.to_thread(_read, self._version(name))
        try:
            await asyncio.to_thread(write_whole, self._current, text)
        except FreeholdError as error:
            raise ActionFailed(str(error)) from None
        await self._control.post("/freehold/reload", {"key": key})
        return Outcome(f"the configuration {name} is in force", {"version": name, "sha256": _digest(self._current)})

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """Whether the file is that version; whether the gateway has loaded it is only known by loading it."""
        return None if _digest(self._version(call.parameters.to)) == _digest(self._current) else False

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:
        """Restore what stood there."""
        kept = str(before.get("kept") or "")
        if not kept or _digest(self._version(kept)) is None:
            raise ActionFailed("the configuration that stood there was not kept. Restore it by hand.")
        return await self._load(kept, f"{call.key}-undo")


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ActionFailed(f"{path} is larger than {_MOST_BYTES:,} bytes, and no configuration.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ActionFailed(f"{path} cannot be read ({error}).") from None


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.stat().st_size <= _MOST_BYTES else None
    except OSError:
        return None
