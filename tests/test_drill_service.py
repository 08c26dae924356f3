"""The drill of a service: verdicts by hand and by law, its course in virtual time, real services that need an upstream."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill_world import Host, world
from freehold.drill.contact import Contact
from freehold.drill.decision import CutHosts, CutNothing, Cutting
from freehold.drill.dial import dial
from freehold.drill.interface import Command
from freehold.drill.name_servers import HostNames, NameServers
from freehold.drill.proxy import ProxyBackend
from freehold.drill.service import drill_service
from freehold.drill.service_record import Phase, ProbeResult, ServiceEvent, ServicePlan, ServiceRun
from freehold.drill.service_verdict import cut_tries, judge_service
from freehold.drill.shapes import GONE, Shape, shape_from
from freehold.drill.upstream import Upstream
from freehold.errors import DrillError, UsageError

DEADLINE = 60.0
PLAN = ServicePlan(("serve",), ("probe",), "/", {}, interval=1.0, base=3.0, cut=10.0, recovery=10.0, start_deadline=5.0)


# ---------------------------------------------------------------- the verdict


def probes(text: str, *, seconds: float = 0.25) -> list[ProbeResult]:
    """One a second: ``s`` start, ``b`` base, ``c`` cut, ``r`` recovery; in capitals those that failed."""
    names: dict[str, Phase] = {"s": "start", "b": "base", "c": "cut", "r": "recovery"}
    return [ProbeResult(names[one.lower()], float(at), seconds, int(one.isupper())) for at, one in enumerate(text)]


def judged(text: str, *, tries: int = 1, seconds: float = 0.25, **settings: Any) -> Any:
    seen = probes(text, seconds=seconds)
    moments = [one.at for one in seen if one.phase in ("cut", "recovery")]
    cut_at = min(moments, default=None) if any(one.phase == "cut" for one in seen) else None
    restored = min((one.at for one in seen if one.phase == "recovery"), default=None)
    return judge_service(PLAN, seen, cut_at=cut_at, restored_at=restored, tries=tries, **settings)


def test_a_service_that_lives_on_its_stock_for_a_while_fails_then_and_comes_back() -> None:
    found = judged("SsbbbcccCCCRRrr")
    assert found.name == "failed"
    # The cut is at 5; probes pass at 5, 6, 7 and fail from 8; it is lifted at 11; the probe of 13 takes a quarter of a second.
    assert (found.survive, found.survive_at_least, found.recover) == (3.0, 2.0, 2.25)
    assert found.reasons == (
        "the probe failed first 3.0 s after the cut; 2.0 s after it, it had still passed",
        "it passed again, for good, 2.2 s after the cut was lifted",
    )


def test_a_service_that_lives_through_the_cut_survived_it_and_has_no_time() -> None:
    found = judged("sbbccccrr")
    assert (found.name, found.survive, found.survive_at_least, found.recover) == ("survived", None, 3.0, 0.0)
    assert found.reasons == ("no probe failed in 4.0 s of the cut, though what is cut was tried 1 times",)
    assert judged("sbbccccrr", tries=0).name == "untouched"


def test_a_service_that_does_not_come_back_in_time_has_no_time_to_recover() -> None:
    assert judged("sbcCrRrR").recover is None
    assert judged("sbcCrRrR").reasons[1] == "it was not well again within 10.0 s after the cut was lifted"
    assert judged("sbCCRRrr").recover == 2.25
    assert judged("sbcCrR").name == "failed"


def test_a_service_that_comes_back_under_the_cut_needs_no_time_afterwards() -> None:
    found = judged("sbcCccrr")
    assert (found.name, found.survive, found.recover) == ("failed", 1.0, 0.0)
    assert found.reasons[1] == "it passed again while the cut still held"


@pytest.mark.parametrize(
    ("text", "settings", "why"),
    [
        ("SSSSS", {}, "the service was not ready within 5.0 s: its probe never passed"),
        ("S", {"events": [ServiceEvent("ended", 0.5, 3)]}, "the service ended before its probe had passed, with exit status 3"),
        ("sbBb", {}, "the probe failed 1 of 3 times before anything was cut"),
        (
            "sbcCrr",
            {"tries": 0},
            "the probe failed during the cut, though nothing that is cut was tried: something else is the cause",
        ),
        ("sbccrr", {"broken": "it was killed"}, "the cut did not hold: it was killed"),
    ],
)
def test_what_proves_nothing_is_void(text: str, settings: dict[str, Any], why: str) -> None:
    found = judged(text, **settings)
    assert (found.name, found.reasons, found.survive, found.recover) == ("void", (why,), None, None)


def test_a_service_that_answers_late_under_the_cut_is_degraded() -> None:
    def slow(factor: float, seconds: float) -> Any:
        seen = [replace(one, seconds=seconds * (factor if one.phase == "cut" else 1)) for one in probes("sbbbcccrr")]
        return judge_service(PLAN, seen, cut_at=4.0, restored_at=7.0, tries=1)

    assert (slow(2.0, 0.5).name, slow(2.0, 0.5).slower) == ("degraded", 2.0)
    assert slow(2.0, 0.5).reasons[0] == "a probe took 1.0 s under the cut, 0.5 s before it (medians)"
    assert (slow(1.9, 5.0).name, slow(4.0, 0.125).name) == ("survived", "survived")


def test_an_end_of_the_service_after_the_cut_is_told() -> None:
    events = [ServiceEvent("ended", 1.0, 0), ServiceEvent("ended", 4.5, -11)]
    assert judged("sbcCrr", events=events).reasons[-1] == "the service ended 2.5 s after the cut, with exit status -11"


def test_tries_of_what_is_cut_are_counted_from_the_cut_on() -> None:
    was = (Contact("a.test", "", 443, "tcp", tries=5), Contact("b.test", "", 443, "tcp", tries=2))
    now = (
        Contact("a.test", "", 443, "tcp", tries=9, refused=3, because="host a.test"),
        Contact("b.test", "", 443, "tcp", tries=7),
        Contact("", "203.0.113.9", 80, "tcp", tries=2, because="host 203.0.113.9"),
    )
    # a: four tries more, three of which were ended, all of a host that is cut; b is not cut; the address is slow.
    assert cut_tries(was, now) == 6
    assert cut_tries(now, now) == 0


@given(st.text("cC", min_size=1, max_size=12), st.text("rR", min_size=1, max_size=12), st.integers(0, 3))
def test_times_are_within_what_was_watched_and_agree_with_each_other(under: str, after: str, tries: int) -> None:
    found = judged(f"sb{under}{after}", tries=tries)
    assert (found.survive is None) == ("C" not in under or not tries)
    if found.name == "void":
        return
    assert 0 <= found.survive_at_least < len(under)
    if found.survive is not None:
        assert found.survive == under.index("C")
        assert found.survive_at_least == max(0, under.index("C") - 1)
    whole = under + after
    back = len(whole.rstrip("cr"))
    assert found.recover == (
        None if back == len(whole) else max(0, back - len(under) + 0.25) if back >= len(under) and back else 0
    )


# ---------------------------------------------------------------- the plan


@pytest.mark.parametrize(
    "change",
    [{"interval": 0.0}, {"cut": float("nan")}, {"recovery": float("inf")}, {"base": -1.0}, {"service": ()}, {"probe": ()},
     {"restarts": -1}, {"stop_deadline": float("nan")}, {"interval": 1e-9}],
)  # fmt: skip
def test_a_plan_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        replace(PLAN, **change)


def test_a_plan_keeps_its_environment_to_itself() -> None:
    plan = replace(PLAN, environment={"TOKEN": "hidden"})
    assert "hidden" not in repr(plan) + json.dumps(plan.as_data())


# ---------------------------------------------------------------- the course, in virtual time


class VirtualTime:
    """A clock that goes on only when everybody waits for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        self._number += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self.now + seconds, self._number, future))
        await future

    async def go(self) -> None:
        """Go on for ever, one wait at a time; a turn of the loop for each step that anybody may still take."""
        while True:
            for _ in range(50):
                await asyncio.sleep(0)
            while self._waiting and self._waiting[0][2].done():
                heapq.heappop(self._waiting)
            if self._waiting:
                at, _, future = heapq.heappop(self._waiting)
                self.now = at
                future.set_result(None)


@dataclass
class Played:
    """A process that is played: it ends at a moment, or when a signal comes."""

    time: VirtualTime
    seconds: float
    status: int
    pid: int = 1
    end: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def wait(self) -> int:
        if not self.end.done():
            waits = asyncio.ensure_future(self.time.sleep(self.seconds)) if self.seconds != float("inf") else None
            if waits is None:
                return await asyncio.shield(self.end)
            await asyncio.wait((waits, self.end), return_when=asyncio.FIRST_COMPLETED)
            waits.cancel()
            if not self.end.done():
                self.end.set_result(self.status)
        return self.end.result()

    def send_signal(self, number: int) -> None:
        if not self.end.done():
            self.end.set_result(-number)


class PlayedSession:
    """A session whose commands are played: ``probe`` says of a moment how long a probe takes and with what it ends."""

    backend, blind_spots, setup_seconds, started = "played", ("drill_service.blind_variables",), 0.0, 0.0

    def __init__(self, time: VirtualTime, probe: Callable[[float, bool], tuple[float, int]], lives: Sequence[float]) -> None:
        self.time, self.probe, self.lives = time, probe, list(lives)
        self.cut = self.closed = False
        self.changes: list[tuple[float, bool]] = []
        self.why = ""

    async def start(self, command: Command) -> Played:
        if command.arguments == ("serve",):
            return Played(self.time, self.lives.pop(0) if self.lives else float("inf"), 1)
        if command.arguments != ("probe",):
            raise DrillError("no such program")
        return Played(self.time, *self.probe(self.time.now, self.cut))

    def change(self, cutting: Cutting, _: Shape) -> None:
        self.cut = not isinstance(cutting, CutNothing)
        self.changes.append((self.time.now, self.cut))

    def contacts(self) -> tuple[Contact, ...]:
        return (Contact("cut.test", "", 443, "tcp", 1, refused=1),) if self.changes else ()

    def broken(self) -> str:
        return self.why

    async def close(self) -> None:
        self.closed = True


class PlayedBackend:
    name, shapes = "played", ("gone",)

    def __init__(self, session: PlayedSession) -> None:
        self.session = session

    def possible(self) -> Any:
        raise AssertionError

    async def open(self, cutting: Cutting, shape: Shape, *, deadline: float = 10.0) -> PlayedSession:
        assert (type(cutting), shape, deadline) == (CutNothing, GONE, 10.0)
        return self.session


def played(
    probe: Callable[[float, bool], tuple[float, int]],
    plan: ServicePlan = PLAN,
    lives: Sequence[float] = (),
    why_at: float = 1e9,
) -> tuple[ServiceRun, PlayedSession]:
    async def main() -> tuple[ServiceRun, PlayedSession]:
        time = VirtualTime()
        session = PlayedSession(time, probe, lives)

        def at(moment: float, cut: bool) -> tuple[float, int]:
            session.why = "it was killed" if moment >= why_at else ""
            return probe(moment, cut)

        session.probe = at
        going = asyncio.ensure_future(time.go())
        try:
            async with asyncio.timeout(DEADLINE):
                run = await drill_service(
                    PlayedBackend(session), CutHosts(frozenset({"cut.test"})), GONE, plan,
                    clock=lambda: time.now, now=lambda: 1_700_000_000.0, sleep=time.sleep,
                )  # fmt: skip
        finally:
            going.cancel()
            await asyncio.gather(going, return_exceptions=True)
        assert session.closed
        return run, session

    return asyncio.run(main())


def test_the_cut_begins_and_ends_at_stated_moments_and_each_probe_is_in_one_phase() -> None:
    # Ready at the third probe; each takes a quarter of a second; two seconds of stock.
    run, session = played(lambda now, cut: (0.25, int(now < 2 or (cut and now >= 7.25))))
    assert run.ready == 2.25
    assert (run.cut_at, run.restored_at, run.finished) == (5.25, 15.25, 25.25)
    assert session.changes == [(5.25, True), (15.25, False)]
    assert [one.at for one in run.probes if one.phase == "base"] == [2.25, 3.25, 4.25]
    assert sum(one.phase == "cut" for one in run.probes) == 10
    assert (run.verdict.survive, run.verdict.survive_at_least, run.verdict.recover) == (2.0, 1.0, 0.25)
    assert (run.started, run.cut_tries, run.backend) == ("2023-11-14T22:13:20Z", 1, "played")


def test_a_probe_that_hangs_has_failed_at_its_deadline_and_holds_the_end_of_its_phase_up() -> None:
    run, session = played(lambda _, cut: (1e6 if cut else 0.5, 0), replace(PLAN, probe_deadline=4.0))
    assert [(one.at - 3.5, one.seconds, one.exit) for one in run.probes if one.phase == "cut"] == [
        (0.0, 4.0, None), (4.0, 4.0, None), (8.0, 4.0, None),
    ]  # fmt: skip
    assert session.changes == [(3.5, True), (15.5, False)]
    assert (run.verdict.name, run.verdict.survive) == ("failed", 0.0)


def test_a_service_that_is_never_ready_or_not_well_before_the_cut_is_not_cut() -> None:
    for probe in (lambda _, __: (0.1, 1), lambda now, _: (0.1, int(now > 1))):
        run, session = played(probe)
        assert (run.verdict.name, run.cut_at, session.changes) == ("void", None, [])


def test_a_service_that_ends_is_noticed_and_started_again_as_often_as_planned() -> None:
    run, _ = played(lambda _, __: (0.1, 0), replace(PLAN, restarts=1), lives=(6.0, 3.0))
    assert run.events == (ServiceEvent("ended", 6.0, 1), ServiceEvent("restarted", 7.0), ServiceEvent("ended", 10.0, 1))
    assert run.verdict.reasons[1].startswith("the service ended 2.9 s after the cut")
    early, _ = played(lambda _, __: (0.1, 1), lives=(1.5,))
    assert early.verdict.reasons == ("the service ended before its probe had passed, with exit status 1",)
    assert early.finished < PLAN.start_deadline


def test_a_cut_that_breaks_makes_the_drill_void() -> None:
    run, _ = played(lambda _, __: (0.25, 0), why_at=8.0)
    assert (run.broken, run.verdict.name, run.restored_at) == ("it was killed", "void", None)


def test_a_run_is_written_as_json_of_plain_values() -> None:
    run, _ = played(lambda _, cut: (0.25, int(cut)))
    data = run.as_data()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["plan"]["service"] == ["serve"]
    assert data["probes"][0] == {"phase": "start", "at": 0.0, "seconds": 0.25, "exit": 0}
    assert (data["verdict"]["name"], data["verdict"]["survive"], data["contacts"][0]["name"]) == ("failed", 0.0, "cut.test")
    assert "environment" not in data["plan"]


def test_a_probe_that_cannot_be_started_is_said_at_once() -> None:
    with pytest.raises(DrillError, match="no such program"):
        played(lambda _, __: (0.1, 0), replace(PLAN, probe=("other",)))


# ---------------------------------------------------------------- real services


SERVICE = """
import http.server, sys, urllib.request
upstream, place, stock = sys.argv[1], sys.argv[2], int(sys.argv[3])

class Answer(http.server.BaseHTTPRequestHandler):
    left = stock
    def do_GET(self):
        try:
            urllib.request.urlopen(upstream, timeout=20).read()
            Answer.left = stock
        except OSError:
            Answer.left -= 1
        if Answer.left < 0 and stock == 0 and len(sys.argv) > 4:
            self.server.server_close()
            raise SystemExit(9)
        self.send_response(200 if Answer.left >= 0 else 503)
        self.end_headers()
    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
with open(place + ".new", "w") as file:
    file.write(str(server.server_port))
import os
os.rename(place + ".new", place)
server.serve_forever()
"""
PROBE = """
import http.client, pathlib, sys
connection = http.client.HTTPConnection("127.0.0.1", int(pathlib.Path(sys.argv[1]).read_text()), timeout=20)
connection.request("GET", "/")
raise SystemExit(connection.getresponse().status != 200)
"""


class CountedTime:
    """A clock that goes on with each wait between two probes, however long those take: a second is a probe."""

    def __init__(self, never: float) -> None:
        self.now, self._never = 0.0, never

    async def sleep(self, seconds: float) -> None:
        if seconds >= self._never:
            await asyncio.Event().wait()
        self.now += seconds
        await asyncio.sleep(0)


def plan_of(folder: Path, stock: int, **settings: Any) -> ServicePlan:
    place = str(folder / "port")
    return ServicePlan(
        (sys.executable, "-c", SERVICE, "http://cut.example/", place, str(stock)), (sys.executable, "-c", PROBE, place),
        str(folder), dict(os.environ), interval=1.0, base=2.0, cut=6.0, recovery=3.0, start_deadline=1000.0,
        probe_deadline=5000.0, stop_deadline=5000.0, **settings,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def upstream_host() -> AsyncIterator[tuple[ProxyBackend, list[str]]]:
    """A host outside, and a backend for which it has the address of one; what was dialled."""
    dialled: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def dial_outside(addresses: Sequence[str], _: int, *, first: int = 4) -> socket.socket:
        dialled.append(addresses[0])
        return await dial(("127.0.0.1",), port, first=first)

    def names() -> Upstream:
        return Upstream(NameServers(()), HostNames({"cut.example": ("203.0.113.2",)}))

    try:
        yield ProxyBackend({}, names, dial_outside), dialled
    finally:
        server.close()
        await server.wait_closed()


def drilled(plan: ServicePlan, shape: str = "gone") -> tuple[ServiceRun, int]:
    async def main() -> tuple[ServiceRun, int]:
        time = CountedTime(plan.probe_deadline)
        async with upstream_host() as (backend, dialled), asyncio.timeout(DEADLINE):
            run = await drill_service(
                backend, CutHosts(frozenset({"cut.example"})), shape_from(shape), plan, clock=lambda: time.now, sleep=time.sleep
            )
            return run, len(dialled)

    return asyncio.run(main())


@pytest.mark.parametrize(("stock", "survive"), [(0, 0.0), (3, 3.0)])
def test_a_service_lives_as_long_as_its_stock_and_comes_back_with_its_upstream(
    tmp_path: Path, stock: int, survive: float
) -> None:
    run, dialled = drilled(plan_of(tmp_path, stock))
    assert run.verdict.name == "failed"
    assert (run.verdict.survive, run.verdict.survive_at_least) == (survive, max(0.0, survive - 1))
    assert (run.verdict.recover, run.cut_tries) == (0.0, 6)
    # Each answer before and after the cut took one from upstream; none of the six under it did.
    assert dialled == sum(one.phase != "cut" for one in run.probes if one.passed)
    assert [one.refused for one in run.contacts] == [6]
    assert run.events == ()


@pytest.mark.slow
def test_a_service_with_a_large_stock_survives_in_any_shape(tmp_path: Path) -> None:
    for shape in ("refused", "reset", "http:503"):
        run, _ = drilled(plan_of(tmp_path, 100), shape)
        assert (run.verdict.name, run.verdict.survive, run.verdict.recover) == ("survived", None, 0.0)
        assert run.cut_tries == 6
        (tmp_path / "port").unlink()


def test_a_service_that_gives_up_without_its_upstream_is_noticed(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 0)
    run, _ = drilled(replace(plan, service=(*plan.service, "gives up"), recovery=1.0))
    assert (run.verdict.name, run.verdict.recover) == ("failed", None)
    assert [(event.what, event.exit) for event in run.events] == [("ended", 9)]


def test_a_service_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DrillError, match="no-such-service"):
        drilled(replace(plan_of(tmp_path, 0), service=("no-such-service",)))


IN_THE_WORLD = """
import asyncio, json, os, sys
from freehold.drill.decision import CutHosts
from freehold.drill.namespace import NamespaceBackend
from freehold.drill.service import drill_service
from freehold.drill.service_record import ServicePlan
from freehold.drill.shapes import shape_from

class CountedTime:
    now = 0.0
    async def sleep(self, seconds):
        if seconds >= 5000:
            await asyncio.Event().wait()
        self.now += seconds
        await asyncio.sleep(0)

async def main():
    time = CountedTime()
    place = os.path.join(os.getcwd(), "port")
    plan = ServicePlan(
        (sys.executable, "-c", sys.argv[1], "http://cut.test/", place, "2"), (sys.executable, "-c", sys.argv[2], place),
        os.getcwd(), dict(os.environ), interval=1.0, base=2.0, cut=5.0, recovery=3.0, start_deadline=1000.0,
        probe_deadline=5000.0, stop_deadline=5000.0,
    )
    run = await drill_service(
        NamespaceBackend(), CutHosts(frozenset({"cut.test"})), shape_from(sys.argv[3]), plan,
        clock=lambda: time.now, sleep=time.sleep,
    )
    print(json.dumps(run.as_data()))

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("user", ["root", "ordinary"])
@pytest.mark.parametrize("shape", ["gone", "refused"])
def test_a_service_is_drilled_in_a_namespace_and_nothing_arrives_while_it_is_cut(user: Any, shape: str) -> None:
    with world({"cut.test": Host(("203.0.113.7",))}) as one:
        done = one.python(IN_THE_WORLD, SERVICE, PROBE, shape, user=user, timeout=DEADLINE)
        assert done.returncode == 0, done.stderr
        run = json.loads(done.stdout)
        assert (run["verdict"]["name"], run["verdict"]["survive"], run["verdict"]["recover"]) == ("failed", 2.0, 0.0)
        well = sum(probe["exit"] == 0 and probe["phase"] != "cut" for probe in run["probes"])
        assert len(one.canary("cut.test")) == well
        assert one.processes() == {}
