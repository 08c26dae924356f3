"""The gateway's control interface, seen from outside. Owns the requests, their limits, and what an answer means."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from freehold.respond.actions.interface import ActionFailed
from freehold.respond.actions.means import Gateway, secret_of
from freehold.watch.event import Json

__all__ = ["GatewayControl", "GatewayGone"]

_MOST_BYTES: Final = 4 * 1024**2
_SECONDS: Final = 5.0
_PAUSE: Final = 0.2


class GatewayGone(ActionFailed):
    """Nobody answers, or who answers cannot or may not: another way may be left.

    Parameters
    ----------
    message
        What is wrong, and the mend.
    silent
        Whether nobody answered: it may be starting.
    """

    def __init__(self, message: str, *, silent: bool = False) -> None:
        super().__init__(message)
        self.silent = silent


class GatewayControl:
    """Calls to one gateway; each is a connection of its own, as they are rare and the gateway may have been started anew.

    Parameters
    ----------
    gateway
        Where it is and where its key is.
    seconds
        How long a call may take.
    """

    def __init__(self, gateway: Gateway, seconds: float = _SECONDS) -> None:
        self.gateway, self._seconds = gateway, seconds

    async def state(self, patience: float = 0.0) -> Mapping[str, Any]:
        """What the gateway says of itself.

        Parameters
        ----------
        patience
            Seconds for which it is asked again where nobody answers: it may be starting.

        Raises
        ------
        GatewayGone
            If nobody answers.
        ActionFailed
            If it refuses.
        """
        return await self._patiently("GET", "/freehold/state", None, patience)

    async def post(self, path: str, body: Mapping[str, Json], patience: float = 0.0) -> Mapping[str, Any]:
        """Tell the gateway to do something; it is durable there when this returns.

        Parameters
        ----------
        path, body
            What; the body holds its idempotency key.
        patience
            As for :meth:`state`.

        Raises
        ------
        GatewayGone
            If nobody answers.
        ActionFailed
            If it refuses.
        """
        return await self._patiently("POST", path, body, patience)

    async def _patiently(self, method: str, path: str, body: Mapping[str, Json] | None, patience: float) -> Mapping[str, Any]:
        until = time.monotonic() + patience
        while True:
            try:
                return await self._call(method, path, body)
            except GatewayGone as error:
                if not error.silent or time.monotonic() >= until:
                    raise
            await asyncio.sleep(_PAUSE)

    async def _call(self, method: str, path: str, body: Mapping[str, Json] | None) -> Mapping[str, Any]:
        key = secret_of(self.gateway.key_env, self.gateway.key_file)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        url = self.gateway.url.rstrip("/") + path
        try:
            timeout = aiohttp.ClientTimeout(total=self._seconds)
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.request(method, url, json=body, headers=headers, allow_redirects=False) as answer,
            ):
                content = await answer.content.read(_MOST_BYTES + 1)
                while len(content) <= _MOST_BYTES and not answer.content.at_eof():
                    content += await answer.content.read(_MOST_BYTES)
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            reason = _why_not(error)
            raise GatewayGone(
                f"the gateway at {self.gateway.url} does not answer ({reason}). See that it runs.", silent=True
            ) from None
        told = _told(content)
        what = path.rpartition("/")[2]
        if status in (401, 403):
            raise GatewayGone(f"the gateway does not know our admin key (status {status}). Set {self.gateway.key_env or 'it'}.")
        if status >= 500:
            raise GatewayGone(f"the gateway could not {what} (status {status}): {_said(told)}")
        if status >= 300:
            raise ActionFailed(f"the gateway refused {what} (status {status}): {_said(told)}")
        return told


def _why_not(error: BaseException) -> str:
    """Why nobody answered, in words."""
    number = getattr(error, "errno", None)
    if isinstance(error, TimeoutError) and not number:
        return "not in time"
    if isinstance(number, int) and number > 0:
        return os.strerror(number).lower()
    return "its answer is none" if isinstance(error, aiohttp.ClientPayloadError | ValueError) else "the connection broke off"


def _told(content: bytes) -> Mapping[str, Any]:
    if len(content) > _MOST_BYTES:
        return {}
    try:
        told = json.loads(content) if content.strip() else {}
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _said(told: Mapping[str, Any]) -> str:
    error = told.get("error", told)
    said = error.get("message", "") if isinstance(error, dict) else error
    return str(said or "it does not say why")[:300]
