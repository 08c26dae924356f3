"""The desk as a person and as a program see it. Owns the demo's requests to it, and what of them was acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientError, ClientSession

from freehold.demo.programs import NotHappenedError, until

__all__ = ["DeskClient"]

_BEAT: Final = 0.2
_SOURCE: Final = "/freehold/demo"


@dataclass
class DeskClient:
    """One desk.

    Parameters
    ----------
    url
        Its address.
    intake
        The file with the key by which programs send events.
    session
        The client.
    key
        The key of a person; given once they were added.
    beats
        Ids of the events that the desk acknowledged.
    acts
        Acts of the person that it acknowledged.
    """

    url: str
    intake: Path
    session: ClientSession
    key: str = ""
    beats: list[str] = field(default_factory=list)
    acts: list[Mapping[str, Any]] = field(default_factory=list)
    _beating: asyncio.Task[None] | None = None

    async def state(self) -> dict[str, Any]:
        """What its page shows; empty while it does not answer."""
        try:
            async with self.session.get(f"{self.url}/state", headers=self._headers(self.key)) as answer:
                return dict(await answer.json()) if answer.status == 200 else {}
        except (ClientError, TimeoutError, OSError, ValueError):
            return {}

    async def incident(self, words: str) -> dict[str, Any]:
        """The incident whose title holds some words, the newest; empty if there is none."""
        found = [one for one in (await self.state()).get("incidents", ()) if words in one["title"]]
        return dict(found[-1]) if found else {}

    async def act(self, seconds: float, body: Mapping[str, Any]) -> None:
        """Do something as the person, until it is acknowledged.

        Raises
        ------
        NotHappenedError
            If it is refused, or not acknowledged in time.
        """

        async def tried() -> bool:
            try:
                async with self.session.post(f"{self.url}/act", json=body, headers=self._headers(self.key)) as answer:
                    text = await answer.text()
            except (ClientError, TimeoutError, OSError):
                return False
            if answer.status == 409 and tries[0]:
                # the answer to the try before was lost, and it had been done
                return True
            if 400 <= answer.status < 500:
                raise NotHappenedError(f"the desk refused '{body.get('act')}': {text}")
            tries[0] += answer.status != 200
            return answer.status == 200

        tries = [0]
        await until(f"the desk acknowledges '{body.get('act')}'", seconds, tried)
        self.acts.append(body)

    def beat(self) -> None:
        """Begin to tell it, again and again, that the demo is well."""
        self._beating = asyncio.create_task(self._beat())

    async def rest(self) -> None:
        """Tell it no more."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)

    async def _beat(self) -> None:
        for number in itertools.count():
            event = {
                "specversion": "1.0",
                "id": f"beat-{number}",
                "source": _SOURCE,
                "type": "freehold.probe",
                "datacontenttype": "application/json",
                "data": {"freehold.probe.kind": "http", "freehold.probe.ok": True, "server.address": "demo.invalid"},
            }
            with suppress(ClientError, TimeoutError, OSError):
                headers = self._headers(self.intake.read_text(encoding="ascii").strip())
                headers["Content-Type"] = "application/cloudevents+json"
                async with self.session.post(f"{self.url}/events", data=json.dumps(event), headers=headers) as answer:
                    if 200 <= answer.status < 300:
                        self.beats.append(f"beat-{number}")
            await asyncio.sleep(_BEAT)

    @staticmethod
    def _headers(key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"}
