"""The morning that the demo plays, step by step. Owns what each step does and what must have happened for it to count.

A step is a function of the :class:`Morning`: it acts, waits until what must follow has followed, and says so with figures
that were measured. Whatever does not follow in its time fails the whole demo.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from aiohttp import ClientError, ClientSession

from freehold.demo.comparison import compared
from freehold.demo.desk_client import DeskClient
from freehold.demo.losses import lost_of
from freehold.demo.programs import NotHappenedError, once, until
from freehold.demo.scenery import Clinic
from freehold.demo.traffic import Sent, Traffic, ask, unanswered
from freehold.demo.transcript import Transcript
from freehold.respond.evidence_verify import verify
from freehold.watch.prediction import FalseAlarm
from freehold.whole_file import write_whole
from freehold.words import say

__all__ = ["STEPS", "Morning", "Step"]

_AGENT: Final = "filing-agent"
_COMMANDER: Final = "anna"
_LOSS: Final = "breaker of rented"
"""What the title of the warning about the lost model says."""
_TOOL: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {
        "name": "search_records",
        "parameters": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    },
}
_RUNAWAY: Final = "with the same arguments"
"""What the title of the warning about the agent says."""
_ERRAND: Final = ({"role": "user", "content": "File the letters of this week."},)


@dataclass
class Morning:
    """What the steps share.

    Parameters
    ----------
    clinic
        Files and programs.
    tell
        The narration.
    session
        A client for control.
    traffic
        The users.
    desk
        The desk, as its commander and its programs see it.
    """

    clinic: Clinic
    tell: Transcript
    session: ClientSession
    traffic: Traffic
    desk: DeskClient
    acts: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    rounds: list[Sent] = field(default_factory=list)
    died: float = 0.0
    died_at: float = 0.0
    back_at: float = 0.0
    _numbers: Any = field(default_factory=itertools.count)

    @property
    def longest(self) -> float:
        """Seconds that anything may take."""
        return self.clinic.tempo.longest

    async def state(self) -> dict[str, Any]:
        """The gateway's state; empty while it does not answer."""
        headers = {"Authorization": f"Bearer {self.clinic.keys['control']}"}
        try:
            async with self.session.get(f"{self.clinic.gateway_url}/freehold/state", headers=headers) as answer:
                return dict(await answer.json()) if answer.status == 200 else {}
        except (ClientError, TimeoutError, OSError):
            return {}

    async def act(self, verb: str, **body: Any) -> dict[str, Any]:
        """Ask the gateway for an act, again and again until it is acknowledged: the same key makes it one act.

        Raises
        ------
        NotHappenedError
            If it is refused, or not acknowledged in time.
        """
        key = f"{verb}-{next(self._numbers)}"
        headers = {"Authorization": f"Bearer {self.clinic.keys['control']}"}
        told: dict[str, Any] = {}

        async def tried() -> bool:
            try:
                url = f"{self.clinic.gateway_url}/freehold/{verb}"
                async with self.session.post(url, json={"key": key, "by": "demo", **body}, headers=headers) as answer:
                    text = await answer.text()
                    if 400 <= answer.status < 500:
                        raise NotHappenedError(f"the gateway refused to {verb}: {text}")
                    told.update(json.loads(text) if answer.status == 200 else {})
                    return answer.status == 200
            except (ClientError, TimeoutError, OSError, ValueError):
                return False

        await until(f"the gateway acknowledges '{verb}'", self.longest, tried)
        self.acts.append({"verb": verb, "key": key, **body})
        return told

    async def breaker(self, upstream: str) -> str:
        """The state of an upstream's breaker."""
        state = await self.state()
        return next((str(one["breaker"]) for one in state.get("upstreams", ()) if one["name"] == upstream), "")

    def answered(self, moment: float, tenant: str, upstream: str) -> list[Sent]:
        """Answers that came whole to a tenant from an upstream since a moment."""
        return [one for one in self.traffic.since(moment, tenant) if one.whole and one.upstream == upstream]


Step: TypeAlias = Callable[[Morning], Awaitable[None]]


async def _opens(morning: Morning) -> None:
    """Everything is started."""
    clinic = morning.clinic
    person = ("watch", "--person", _COMMANDER, "--role", "commander", "--state", str(clinic.folder / "desk"))
    morning.desk.key = (await once(("-m", "freehold", *person))).strip()
    for program in clinic.programs:
        await program.start()
        morning.tell.say(f"started_{program.name}", url=program.address)
    morning.desk.beat()


async def _works(morning: Morning) -> None:
    """People ask; what is about patients stays at home."""
    begun = time.monotonic()
    morning.traffic.start()
    await until(
        "both tenants get answers",
        morning.longest,
        lambda: len(morning.answered(begun, "wards", "rented")) >= 6 and len(morning.answered(begun, "letters", "own")) >= 6,
    )
    abroad = [one for one in morning.traffic.since(begun, "letters") if one.upstream == "rented"]
    if abroad:
        raise NotHappenedError(f"{len(abroad)} requests about patients went to the rented model")
    wards, letters = morning.answered(begun, "wards", "rented"), morning.answered(begun, "letters", "own")
    morning.tell.say("works", wards=len(wards), letters=len(letters))


async def _dies(morning: Morning) -> None:
    """The provider is killed; the own model answers."""
    await morning.clinic.rented.kill()
    begun, morning.died, morning.died_at = time.monotonic(), time.monotonic(), time.time()
    await until("the own model answers the wards", morning.longest, lambda: bool(morning.answered(begun, "wards", "own")))
    first = morning.answered(begun, "wards", "own")[0]

    async def is_open() -> bool:
        return await morning.breaker("rented") == "open"

    await until("the breaker of the rented model opens", morning.longest, is_open)
    opened = time.monotonic()
    await until("more answers of the own model", morning.longest, lambda: len(morning.answered(opened, "wards", "own")) >= 6)
    failed = [one for one in morning.traffic.since(begun, "wards") if not one.whole]
    after = sorted(one.seconds for one in morning.answered(opened, "wards", "own"))
    morning.tell.say("dies", first=f"{first.begun + first.seconds - begun:.2f}", why=first.fallback or first.upstream)
    morning.tell.say(
        "breaker", seconds=f"{opened - begun:.2f}", failed=len(failed), median=f"{after[len(after) // 2] * 1000:.0f}"
    )
    morning.figures["first_fallback_seconds"] = first.begun + first.seconds - begun
    morning.figures["failed_in_the_loss"] = len(failed)


async def _warns(morning: Morning) -> None:
    """The desk warns: how far it reaches, how bad it is, what saves most."""
    found: dict[str, Any] = {}

    async def is_warned() -> bool:
        found.update(await morning.desk.incident(_LOSS))
        return bool(found)

    await until("the desk warns of the lost model", morning.longest, is_warned)
    took = float(found["timeline"][0]["at"]) - morning.died_at
    reach = found.get("reach") or {}
    morning.tell.say("warned", seconds=f"{took:.1f}", title=found["title"], level=found["level"]["says"])
    morning.tell.say("reaches", says=reach.get("says", ""), best=reach.get("best_act", ""))
    morning.figures["warned_seconds"] = took
    morning.figures["level"] = found["level"]
    if not reach.get("rows"):
        raise NotHappenedError("the warning says what stops: it does not")


async def _fails_over(morning: Morning) -> None:
    """The clinic's playbook sends everything to the own model, after whatever approval its matrix asks for."""
    await _moved(morning, _LOSS, "declared", "declare")

    async def is_set() -> bool:
        await _approve(morning, _LOSS, "approve")
        route = (await morning.state()).get("routes", {}).get("assistant", {})
        return bool(route.get("to") == "own" and route.get("percent") == 100)

    await until("the playbook fails over", morning.longest, is_set)
    morning.tell.say("failed_over", seconds=f"{time.monotonic() - morning.died:.1f}")
    begun = time.monotonic()
    await until("the wards are answered without a detour", morning.longest, lambda: len(_direct(morning, begun)) >= 4)
    morning.tell.say("direct", count=len(_direct(morning, begun)))

    await _moved(morning, _LOSS, "contained", "contain")


async def _moved(morning: Morning, words: str, state: str, verb: str) -> None:
    """See an incident come to a state; the commander moves it there where the machine may not."""

    async def is_there() -> bool:
        found = await morning.desk.incident(words)
        if found.get("state") == state:
            return True
        asked = next((one["request"] for one in found.get("acts", ()) if one.get("may") and one["id"] == verb), None)
        if asked is not None:
            await morning.desk.act(morning.longest, {**asked, "because": f"{_COMMANDER} decides"})
            morning.tell.say("moved", who=_COMMANDER, incident=found["id"], verb=verb)
        return False

    await until(f"the incident comes to '{state}'", morning.longest, is_there)


async def _approve(morning: Morning, words: str, *questions: str) -> None:
    """Give the commander's approval, or say that a thing is done, where that is what is waited for."""
    for act in (await morning.desk.incident(words)).get("asks", ()):
        asked = act.get("request", {})
        if asked.get("act") == "approve" and act.get("may") and act.get("question") in questions:
            await morning.desk.act(morning.longest, {**asked, "because": f"{_COMMANDER} agrees"})
            morning.tell.say("approved", who=_COMMANDER, what=act["label"])


def _direct(morning: Morning, begun: float) -> list[Sent]:
    return [one for one in morning.answered(begun, "wards", "own") if not one.fallback]


async def _comes_back(morning: Morning) -> None:
    """The provider serves again; a person says so, and its traffic returns in steps."""
    morning.back_at = time.time()
    await morning.clinic.rented.start()
    morning.tell.say("back")
    begun = time.monotonic()
    seen = [0]

    async def is_done() -> bool:
        await _approve(morning, _LOSS, "approve", "done")
        route = (await morning.state()).get("routes", {}).get("assistant", {})
        percent = int(route.get("percent", 0)) if route.get("to") == "rented" else 0
        if percent not in (0, seen[-1]):
            seen.append(percent)
            shares = morning.traffic.shares(begun)
            morning.tell.say("ramp", percent=percent, rented=shares["rented"], own=shares["own"])
        return percent == 100 and not route.get("ramp")

    await until("the return has come to 100 %", morning.longest + 6 * morning.clinic.tempo.hold, is_done)
    after = time.monotonic()
    await until(
        "the rented model answers the wards", morning.longest, lambda: len(morning.answered(after, "wards", "rented")) >= 6
    )
    morning.tell.say("returned", seconds=f"{after - begun:.1f}", steps=", ".join(f"{one} %" for one in seen[1:]))
    morning.figures["ramp"] = seen[1:]
    await _moved(morning, _LOSS, "observing", "observe")
    await _moved(morning, _LOSS, "closed", "close")


async def _runs_away(morning: Morning) -> None:
    """An agent asks for the same tool again and again: the desk warns, and it is stopped."""
    begun = time.monotonic()
    agent = asyncio.create_task(_agent(morning))
    try:
        found: dict[str, Any] = {}

        async def is_warned() -> bool:
            found.update(await morning.desk.incident(_RUNAWAY))
            return bool(found)

        await until("the desk warns of the agent", morning.longest, is_warned)
        warned = time.monotonic()
        morning.tell.say("runs_away", title=found["title"], rounds=len(morning.rounds), level=found["level"]["says"])

        async def is_stopped() -> bool:
            await _approve(morning, _RUNAWAY, "approve")
            return any(_is_stopped(one) for one in morning.rounds)

        await until("the agent is stopped", morning.longest, is_stopped)
    finally:
        agent.cancel()
        await asyncio.gather(agent, return_exceptions=True)
    stopped = next(one for one in morning.rounds if _is_stopped(one))
    refused = sum(one.code == "tool_refused" for one in morning.rounds)
    took = stopped.begun + stopped.seconds - warned
    morning.tell.say("stopped", agent=_AGENT, seconds=f"{took:.1f}", rounds=len(morning.rounds), refused=refused)
    others = time.monotonic()
    await until("everybody else goes on", morning.longest, lambda: len(morning.answered(others, "wards", "rented")) >= 3)
    morning.tell.say("others", count=len(morning.answered(begun, "wards", "rented")))
    morning.figures["runaway_stopped_seconds"] = took


async def _agent(morning: Morning) -> None:
    """An agent that does not think: whatever it is told, it asks for the same again, until it is stopped."""
    messages: list[dict[str, Any]] = list(_ERRAND)
    for number in itertools.count(1):
        # a provider that was killed meanwhile has forgotten how it was told to behave
        await _behave(morning, {"always_calls": True, "tool": "search_records", "arguments": {"name": "Miller"}})
        sent = await _as_agent(morning, messages, number)
        morning.rounds.append(sent)
        if _is_stopped(sent):
            return
        message = sent.body["choices"][0]["message"] if sent.whole else {}
        if message.get("tool_calls"):
            call = message["tool_calls"][0]
            messages += [message, {"role": "tool", "tool_call_id": call["id"], "content": "17 records"}]
        await asyncio.sleep(morning.clinic.tempo.pause)


async def _behave(morning: Morning, behaviour: Mapping[str, Any]) -> None:
    """Tell the provider's stand-in how to behave, over its second port, if it lives."""
    address = json.loads((morning.clinic.folder / "rented.json").read_text(encoding="utf-8"))
    body = {"token_seconds": morning.clinic.tempo.token, **behaviour}
    with suppress(ClientError, TimeoutError, OSError):
        async with morning.session.post(f"{address['control']}/behaviour", json=body) as answer:
            if answer.status != 200:
                raise NotHappenedError(f"the stand-in does not take a behaviour: {await answer.text()}")


async def _as_agent(morning: Morning, messages: list[dict[str, Any]], number: int) -> Sent:
    clinic = morning.clinic
    body = {"messages": messages, "tools": [_TOOL], "stream": False}
    conversation = f"{_AGENT}/{number}"
    return await ask(
        morning.session, clinic.gateway_url, clinic.keys["wards"], body, tenant="wards", conversation=conversation, agent=_AGENT
    )


async def _is_cut_off(morning: Morning) -> None:
    """With no server to ask, a line in a file stops a tenant, and taking it out lets it go on."""
    await until("letters are answered", morning.longest, lambda: bool(morning.answered(time.monotonic() - 5, "letters", "own")))
    file = morning.clinic.folder / "gateway" / "stop"
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    begun = time.monotonic()
    with file.open("a", encoding="utf-8") as lines:
        lines.write("tenant letters  # demo, by hand\n")
    await until("letters are refused", morning.longest, lambda: any(_is_stopped(one) for one in _letters(morning, begun)))
    felt = next(one for one in _letters(morning, begun) if _is_stopped(one))
    took = felt.begun + felt.seconds - begun
    if before:
        write_whole(file, before)
    else:
        file.unlink()
    freed = time.monotonic()
    await until("letters are answered again", morning.longest, lambda: bool(morning.answered(freed, "letters", "own")))
    morning.tell.say("by_file", seconds=f"{took:.2f}")
    morning.figures["stop_by_file_seconds"] = took


def _letters(morning: Morning, begun: float) -> list[Sent]:
    return morning.traffic.since(begun, "letters")


def _is_stopped(one: Sent) -> bool:
    return one.status == 403 and one.code == "stopped"


async def _proves(morning: Morning) -> None:
    """The evidence verifies, holds all that was acknowledged, and shows a changed byte."""
    clinic = morning.clinic
    await morning.traffic.stop()
    sent = morning.traffic.sent
    whole = sum(one.whole for one in sent)
    why = unanswered(sent)
    morning.tell.say("asked", sent=len(sent), whole=whole, failed=len(sent) - whole,
                     why=say("demo.asked_why", why=why) if why else "")  # fmt: skip
    if morning.rounds:
        refused = sum(one.status >= 400 for one in morning.rounds)
        morning.tell.say("asked_by_agent", rounds=len(morning.rounds), refused=refused)

    async def is_sent() -> bool:
        desk = (await morning.state()).get("desk") or {}
        return desk.get("waiting") == 0

    await until("the desk has taken all events of the gateway", morning.longest, is_sent)
    await morning.desk.rest()
    for program in (clinic.gateway, clinic.desk):
        await program.end()
    for path in clinic.evidence:
        found = await asyncio.to_thread(verify, path)
        if not found.is_sound:
            raise NotHappenedError(f"{path.name} does not verify: {found.flaws[0].problem}")
        morning.tell.say("verified", log=path.name, entries=found.entries)
        await asyncio.to_thread(_forge, path, morning)
    lost = await lost_of(clinic, morning.traffic, morning.acts, morning.desk)
    if lost:
        raise NotHappenedError(f"all that was acknowledged is there: {'; '.join(lost[:3])}")
    acts = len(morning.acts) + len(morning.desk.acts)
    morning.tell.say("nothing_lost", answers=whole, acts=acts, events=len(morning.desk.beats))
    morning.figures["answers"] = whole


async def _compares(morning: Morning) -> None:
    """What was predicted for the loss stands beside what happened, and is scored."""
    found = await compared(morning.clinic, morning.died_at, morning.back_at)
    score = found.score
    if not found.outcomes or (score.happened + score.stood + score.false_alarms + score.missed) == 0:
        raise NotHappenedError("something of what was predicted was observed: nothing was")
    morning.tell.say("compared", outcomes=len(found.outcomes), happened=score.happened, stood=score.stood,
                     false=score.false_alarms, missed=score.missed, unseen=score.not_observed + score.not_yet,
                     brier="–" if score.brier is None else f"{score.brier:.2f}")  # fmt: skip
    for outcome in found.outcomes:
        if isinstance(outcome, FalseAlarm):
            first = morning.figures["first_fallback_seconds"]
            morning.tell.say("false_alarm", item=outcome.id, seconds=f"{first:.1f}")
    morning.figures["prediction"] = asdict(score)


def _forge(path: Path, morning: Morning) -> None:
    """Change one byte in a copy, and see that it is found."""
    content = bytearray(path.read_bytes())
    at = len(content) // 2
    content[at] ^= 1
    copy = morning.clinic.folder / f"forged-{path.name}"
    copy.write_bytes(content)
    if verify(copy).is_sound:
        raise NotHappenedError(f"a changed byte of {path.name} is found: it was not")
    morning.tell.say("forged", log=path.name, byte=at)


STEPS: Final[Mapping[str, Step]] = {
    "opens": _opens,
    "works": _works,
    "dies": _dies,
    "warns": _warns,
    "fails_over": _fails_over,
    "comes_back": _comes_back,
    "runs_away": _runs_away,
    "is_cut_off": _is_cut_off,
    "proves": _proves,
    "compares": _compares,
}
"""The steps by name, in their order."""
