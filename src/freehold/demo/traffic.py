"""People who use the clinic's assistant while things go wrong. Owns the requests of the demo, and what became of each.

Every user asks through the gateway, one question after the other, streamed and whole in turn. An answer counts as
*acknowledged* once its last byte has come: it must then stand in the evidence, whatever is killed afterwards.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout

from freehold.words import say

__all__ = ["Sent", "Traffic", "ask", "unanswered"]

_MODEL: Final = "assistant"
_LONGEST: Final = 20.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One request and what became of it.

    Parameters
    ----------
    conversation
        Its name, sent as ``x-freehold-conversation``.
    tenant
        Whose.
    begun, seconds
        When it was sent, in monotonic seconds, and how long it took.
    status
        The answer's; 0 if there was none.
    upstream, fallback
        Who answered, and why not the one that should have: the gateway's own headers.
    whole
        Whether the answer came to its end.
    code
        The error's code, where it was one.
    body
        The answer, where it came whole and is asked for.
    """

    conversation: str
    tenant: str
    begun: float
    seconds: float
    status: int
    upstream: str = ""
    fallback: str = ""
    whole: bool = False
    code: str = ""
    body: Any = None


async def ask(
    session: ClientSession,
    url: str,
    key: str,
    body: dict[str, Any],
    *,
    tenant: str = "",
    conversation: str = "",
    agent: str = "",
) -> Sent:
    """Send one request, and read its answer to the end; it raises nothing that the network can do.

    Parameters
    ----------
    session
        The client.
    url
        The gateway's address.
    key
        The tenant's key.
    body
        The request.
    tenant, conversation, agent
        Who asks, and in which conversation.
    """
    headers = {"Authorization": f"Bearer {key}", "x-freehold-conversation": conversation}
    if agent:
        headers["x-freehold-agent"] = agent
    begun = time.monotonic()
    status, upstream, fallback, whole, code, content = 0, "", "", False, "", b""
    try:
        async with session.post(f"{url}/v1/chat/completions", json={"model": _MODEL, **body}, headers=headers) as answer:
            status = answer.status
            upstream = answer.headers.get("x-freehold-upstream", "")
            fallback = answer.headers.get("x-freehold-fallback", "")
            content = await answer.read()
            whole = status == 200 and (not body.get("stream") or content.rstrip().endswith(b"data: [DONE]"))
    except (ClientError, TimeoutError, OSError) as error:
        code = type(error).__name__
    tree: Any = None
    if content[:1] == b"{":
        try:
            tree = json.loads(content)
        except ValueError:
            whole = False
    if status >= 400 and isinstance(tree, dict):
        code = str((tree.get("error") or {}).get("code", ""))
    return Sent(conversation, tenant, begun, time.monotonic() - begun, status, upstream, fallback, whole, code, tree)


def unanswered(sent: Iterable[Sent]) -> str:
    """Which questions got no whole answer, and why, the most frequent reason first; empty if all got one."""
    reasons: Counter[tuple[str, str, str]] = Counter()
    for one in sent:
        if one.whole:
            continue
        if one.status == 403 and one.code == "stopped":
            kind, code = "stopped", ""
        elif one.status >= 400:
            kind, code = "refused", one.code or str(one.status)
        else:
            kind, code = "broken" if one.status else "gone", ""
        reasons[kind, one.tenant, code] += 1
    return ", ".join(
        say(f"demo.unanswered_{kind}", count=count, tenant=tenant, code=code)
        for (kind, tenant, code), count in reasons.most_common()
    )


@dataclass
class Traffic:
    """A number of users who ask until they are told to stop.

    Parameters
    ----------
    url
        The gateway's address.
    keys
        Each tenant's key.
    users
        How many of each tenant.
    pause
        Seconds that a user waits between two questions.
    """

    url: str
    keys: dict[str, str]
    users: int = 3
    pause: float = 0.2
    sent: list[Sent] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _numbers: Iterable[int] = field(default_factory=itertools.count)

    def start(self) -> None:
        """Let them begin."""
        self._tasks = [
            asyncio.create_task(self._user(tenant, f"{tenant} {number}"))
            for tenant in self.keys
            for number in range(self.users)
        ]

    async def stop(self) -> None:
        """Let each get the answer that is under way, and then no more."""
        tasks, self._tasks = self._tasks, []
        await asyncio.gather(*tasks)

    async def _user(self, tenant: str, name: str) -> None:
        numbers = itertools.count()
        async with ClientSession(timeout=ClientTimeout(total=_LONGEST)) as session:
            for number in numbers:
                if not self._tasks:
                    return
                # a conversation of three questions, then another: so that a ramp has conversations to divide
                conversation = f"{name}/{number // 3}"
                question = {"role": "user", "content": f"What is next on the list of {tenant}, number {number}?"}
                body = {"messages": [question], "stream": number % 2 == 0}
                self.sent.append(
                    await ask(session, self.url, self.keys[tenant], body, tenant=tenant, conversation=conversation)
                )
                await asyncio.sleep(self.pause)

    def since(self, moment: float, tenant: str = "") -> list[Sent]:
        """What was sent since a moment and has come to an end, one way or the other."""
        return [one for one in self.sent if one.begun >= moment and (not tenant or one.tenant == tenant)]

    def acknowledged(self) -> Counter[str]:
        """Answers that came whole, by conversation."""
        return Counter(one.conversation for one in self.sent if one.whole)

    def shares(self, moment: float, tenant: str = "wards") -> Counter[str]:
        """Who answered since a moment, by upstream."""
        return Counter(one.upstream for one in self.since(moment, tenant) if one.whole)
