"""Telling people: a file, a webhook, or any service that Apprise knows. Owns what is sent, and that one failing stops none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import aiohttp
import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.interface import ActionFailed, Call, Outcome
from freehold.respond.actions.means import Receiver, secret_of
from freehold.watch.event import Json

__all__ = ["Notify", "NotifyParameters"]

_SECONDS: Final = 10.0
_MOST_BYTES: Final = 64 * 1024**2


class NotifyParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said, and to whom; without names, to every receiver."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]
    to: tuple[str, ...] = ()


class Notify:
    """Tell people. After an interruption it may tell them twice, under the same key: better than never.

    Parameters
    ----------
    receivers
        Who can be told.
    """

    name: ClassVar[str] = "notify"
    changes: ClassVar[bool] = False
    undone_alone: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 30.0
    parameters: ClassVar[type[msgspec.Struct]] = NotifyParameters

    def __init__(self, receivers: Sequence[Receiver]) -> None:
        self._receivers = {one.name: one for one in receivers}

    def reach(self, parameters: Any) -> str:  # noqa: ARG002  the plug point's signature
        """It changes nothing."""
        return "none"

    def _named(self, call: Call) -> list[Receiver]:
        return [self._receivers[name] for name in call.parameters.to or self._receivers if name in self._receivers]

    async def rehearse(self, call: Call) -> str:
        """Say who would be told what."""
        return f"would tell {', '.join(one.name for one in self._named(call)) or 'nobody'}: {call.parameters.text}"

    async def precondition(self, call: Call) -> None:
        """See that everybody named is known."""
        unknown = [name for name in call.parameters.to if name not in self._receivers]
        if unknown or not self._receivers:
            raise RespondError(f"no receiver is called '{', '.join(unknown)}'. Add [[receiver]] tables to respond.toml.")

    async def before(self, call: Call) -> Mapping[str, Json]:  # noqa: ARG002  the plug point's signature
        """There is nothing to keep."""
        return {}

    async def act(self, call: Call) -> Outcome:
        """Tell each; it has failed only if nobody could be told."""
        told: list[str] = []
        missed: list[str] = []
        results = await asyncio.gather(*(self._tell(one, call) for one in self._named(call)), return_exceptions=True)
        for receiver, result in zip(self._named(call), results, strict=True):
            if isinstance(result, BaseException):
                if not isinstance(result, Exception):
                    raise result
                missed.append(f"{receiver.name} ({_reason(result)})")
            else:
                told.append(receiver.name)
        if not told:
            raise ActionFailed(f"nobody could be told: {'; '.join(missed)}")
        text = f"told {', '.join(told)}" + (f"; not told: {'; '.join(missed)}" if missed else "")
        return Outcome(text, {"told": list(told), "missed": list(missed)})

    async def _tell(self, receiver: Receiver, call: Call) -> None:
        body = {"incident": call.incident, "by": call.by, "text": call.parameters.text, "key": call.key}
        if receiver.kind == "file":
            await asyncio.to_thread(_append, Path(receiver.path), body)
            return
        url = receiver.url or secret_of(receiver.url_env, receiver.url_file)
        if not url:
            raise ActionFailed("its address is not set")
        if receiver.kind == "webhook":
            timeout = aiohttp.ClientTimeout(total=_SECONDS)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, json=body, headers={"idempotency-key": call.key}, allow_redirects=False) as answer,
            ):
                if answer.status >= 300:
                    raise ActionFailed(f"status {answer.status}")
            return
        await asyncio.wait_for(asyncio.to_thread(_apprise, url, call.incident, call.parameters.text), _SECONDS)

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """That cannot be told."""
        return None

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:  # noqa: ARG002  the plug point's signature
        """What was said is said."""
        raise ActionFailed("what was said cannot be taken back. Send a correction.")


def _append(path: Path, body: Mapping[str, str]) -> None:
    """Append a line, unless one with its key stands there."""
    if path.exists() and path.stat().st_size <= _MOST_BYTES:
        key = json.dumps(body["key"])
        with path.open(encoding="utf-8", errors="replace") as file:
            if any(key in line for line in file):
                return
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(body, ensure_ascii=False) + "\n")


def _apprise(url: str, title: str, text: str) -> None:
    import apprise

    sender = apprise.Apprise()
    if not sender.add(url):
        raise ActionFailed("its address is none that Apprise knows")
    if not sender.notify(title=title, body=text):
        raise ActionFailed("the service did not take it")


def _reason(error: Exception) -> str:
    """Why, without the address, which may hold a secret."""
    return str(error) if isinstance(error, RespondError) else type(error).__name__
