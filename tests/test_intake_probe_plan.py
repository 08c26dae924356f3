"""Which hosts are probed and when: the probe file, the plan made from a stack, and the timetable."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.catalogue.facts import Catalogue, load
from freehold.errors import BadRules, Overloaded
from freehold.stack.inventory import Contact, Inventory
from freehold.stack.values import UNKNOWN, Item, Source, Stack
from freehold.watch.event import Event
from freehold.watch.probe_plan import MOST_PROBES, Probe, load_plan, plan_of_stack
from freehold.watch.probe_schedule import Prober, next_due, offsets
from strategies import repeatable

FILE = """
[[probe]]
kind = "http"
target = "https://llm.example.org/health"
every = "30s"
timeout = "5s"
status = 200
text = "ok"
item = "own-model"

[[probe]]
kind = "tcp"
target = "[2001:db8::1]:5432"

[[probe]]
kind = "tls"
target = "llm.example.org"
source = "own-model@self"

[[probe]]
kind = "dns"
target = "Bücher.example"
answers = ["192.0.2.1"]
server = "192.0.2.53"
provider = "registrar"
"""


def loaded(tmp_path: Path, text: str) -> tuple[Probe, ...]:
    path = tmp_path / "probes.toml"
    path.write_text(text)
    return load_plan(path)


def test_a_probe_file_is_read_with_what_each_kind_takes_for_granted(tmp_path: Path) -> None:
    http, tcp, tls, dns = loaded(tmp_path, FILE)
    assert http == Probe(
        kind="http", target="https://llm.example.org/health", every=30.0, timeout=5.0, status=200, text="ok", item="own-model"
    )
    assert (http.place, tcp.place, tls.place, dns.place) == (
        ("llm.example.org", 443), ("2001:db8::1", 5432), ("llm.example.org", 443), ("xn--bcher-kva.example", 0),
    )  # fmt: skip
    assert (tcp.every, tls.every, dns.every) == (60.0, 21_600.0, 300.0)
    assert (dns.name_server, http.name_server) == (("192.0.2.53", 53), None)


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ('kind = "icmp"\ntarget = "x"', "kind"),
        ('kind = "tcp"\ntarget = "x:1"\nodd = 1', "odd"),
        ('kind = "tcp"\ntarget = 5', "target"),
        ('kind = "tcp"', "target"),
        ('kind = "tcp"\ntarget = "host"', "no port"),
        ('kind = "tcp"\ntarget = "host:99999"', "no port"),
        ('kind = "tcp"\ntarget = "host:x"', "no port"),
        ('kind = "tcp"\ntarget = "user@host:1"', "HOST:PORT"),
        ('kind = "tcp"\ntarget = "a b:1"', "host name"),
        ('kind = "http"\ntarget = "ftp://x/"', "URL"),
        ('kind = "http"\ntarget = "http:///x"', "URL"),
        ('kind = "http"\ntarget = "http://[x/"', r"probe\[0\]"),
        ('kind = "http"\ntarget = "http://x:99999/"', r"probe\[0\]"),
        ('kind = "http"\ntarget = "https://user:word@x/"', "password"),
        ('kind = "http"\ntarget = "https://x/"\nstatus = 99', "no HTTP status"),
        ('kind = "http"\ntarget = "https://x/"\nevery = "0.5s"', "every"),
        ('kind = "http"\ntarget = "https://x/"\nevery = "31d"', "every"),
        ('kind = "http"\ntarget = "https://x/"\nevery = "soon"', "duration"),
        ('kind = "http"\ntarget = "https://x/"\nevery = 5', "every"),
        ('kind = "http"\ntarget = "https://x/"\nevery = "5s"\ntimeout = "6s"', "timeout"),
        ('kind = "http"\ntarget = "https://x/"\ntimeout = "0s"', "timeout"),
        ('kind = "dns"\ntarget = "192.0.2.1"', "no name"),
        ('kind = "dns"\ntarget = "x"\nanswers = ["y"]', "no address"),
        ('kind = "dns"\ntarget = "x"\nserver = "y"', "name server"),
    ],
)
def test_a_probe_that_is_not_sound_is_refused_with_its_place(tmp_path: Path, probe: str, said: str) -> None:
    with pytest.raises(BadRules, match=said) as refused:
        loaded(tmp_path, "[[probe]]\n" + probe)
    assert "probes.toml" in str(refused.value)


def test_a_file_that_is_no_probe_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRules, match="not TOML"):
        loaded(tmp_path, "[[probe")
    with pytest.raises(BadRules, match="cannot be read"):
        load_plan(tmp_path / "none.toml")
    with pytest.raises(BadRules, match="there already"):
        loaded(tmp_path, '[[probe]]\nkind = "dns"\ntarget = "x"\n' * 2)
    with pytest.raises(BadRules, match="at most"):
        loaded(tmp_path, "".join(f'[[probe]]\nkind = "dns"\ntarget = "x{number}"\n' for number in range(MOST_PROBES + 1)))
    (tmp_path / "probes.toml").write_bytes(b"\xff")
    with pytest.raises(BadRules, match="not UTF-8"):
        load_plan(tmp_path / "probes.toml")
    with pytest.raises(BadRules, match="larger than"):
        loaded(tmp_path, "#" * 2_000_000)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def test_a_plan_of_a_stack_looks_at_the_hosts_of_its_products_and_at_hosts_that_are_items(catalogue: Catalogue) -> None:
    stack = Stack(
        items=(Item("openai-api"), Item("host:org.example.llm"), Item("own")),
        sources=(
            Source("openai-api@openai", "openai-api", provider="openai"),
            Source("host:org.example.llm@self", "host:org.example.llm", provider="self"),
            Source("own@?", "own", provider=UNKNOWN),
        ),
    )
    plan = plan_of_stack(stack, catalogue)
    product = ".".join(reversed(["com", "openai", "api"]))
    by_host = {host: [one for one in plan if one.host == host] for host in dict.fromkeys(one.host for one in plan)}
    assert set(by_host) >= {product, "llm.example.org"}
    for probes in by_host.values():
        assert [one.kind for one in probes] == ["http", "tls", "dns"]
    assert {(one.item, one.source, one.provider) for one in by_host[product]} == {("openai-api", "openai-api@openai", "openai")}
    assert {(one.item, one.source, one.provider) for one in by_host["llm.example.org"]} == {
        ("host:org.example.llm", "host:org.example.llm@self", "")
    }


def test_hosts_that_run_calls_are_taken_from_the_inventory_and_others_are_not(catalogue: Catalogue) -> None:
    contacts = (
        Contact("com.openai.api", "model-api"), Contact("org.example.ci", "ci", scope="change"),
        Contact("org.example.maybe", "service", optional=True), Contact("192.0.2.1", "service"),
        Contact("org.example.mail", "mail"),
    )  # fmt: skip
    inventory = Inventory(reader="test", name="app", contacts=contacts)
    plan = plan_of_stack(Stack(items=(Item("openai-api"),)), catalogue, inventory)
    product = ".".join(reversed(["com", "openai", "api"]))
    assert {one.host for one in plan} == {product, "192.0.2.1"}
    assert {(one.item, one.provider) for one in plan if one.host == product} == {("openai-api", "openai")}
    assert [one.kind for one in plan if one.host == "192.0.2.1"] == ["http", "tls"]


def test_an_empty_stack_has_an_empty_plan(catalogue: Catalogue) -> None:
    assert plan_of_stack(Stack(), catalogue) == ()


# The timetable


def test_probes_with_one_period_are_spread_evenly_over_it() -> None:
    plan = [Probe(kind="dns", target=f"x{number}", every=every) for number, every in enumerate((60.0, 10.0, 60.0, 60.0))]
    assert offsets(plan) == (0.0, 0.0, 20.0, 40.0)
    assert offsets([]) == ()


@repeatable(200)
@given(st.floats(0, 1e6), st.floats(1, 1e5), st.floats(0, 1e7))
def test_the_next_moment_is_on_the_timetable_after_the_last_and_not_past(due: float, every: float, late: float) -> None:
    found = next_due(due, every, due + late)
    assert found > due
    assert found >= (due + late) * (1 - 1e-9) - 1e-6
    assert found <= due + late + every * (1 + 1e-9) + 1e-6


class Machine:
    """A clock that goes on when somebody sleeps, and looks that find what they are told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looked: list[tuple[float, str]] = []
        self.found: dict[str, dict[str, Any]] = {}
        self.until = asyncio.Event()
        self.end = 0.0
        self.held: asyncio.Event | None = None
        self.at_once = self.most_at_once = 0

    async def sleep(self, seconds: float) -> None:
        for _ in range(4):  # what was begun before goes on first
            await asyncio.sleep(0)
        self.now += seconds
        if self.now > self.end:
            self.until.set()
            await asyncio.Event().wait()

    async def look(self, probe: Probe) -> Event:
        self.looked.append((self.now, probe.target))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.held is not None:
            await self.held.wait()
        self.at_once -= 1
        data = {"freehold.probe.ok": True, **self.found.get(probe.target, {})}
        return Event("/freehold/probe", f"{probe.target} {self.now}", "freehold.probe", self.now, self.now, probe.target, data)


def played(plan: Sequence[Probe], end: float, refuse: frozenset[str] = frozenset()) -> tuple[Machine, list[Event], Prober]:
    async def main() -> tuple[Machine, list[Event], Prober]:
        machine, events = Machine(), list[Event]()
        machine.end = end

        async def put(found: Sequence[Event]) -> None:
            if found[0].subject in refuse:
                raise Overloaded("full")
            events.extend(found)

        prober = Prober(plan, put, machine, seconds=lambda: machine.now, sleep=machine.sleep)  # type: ignore[arg-type]
        running = asyncio.ensure_future(prober.run())
        await machine.until.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return machine, events, prober

    return asyncio.run(main())


PLAN = [Probe(kind="dns", target=name, every=every) for name, every in (("a", 10.0), ("b", 10.0), ("c", 15.0))]


def test_each_probe_looks_by_its_timetable() -> None:
    machine, events, _ = played(PLAN, 31.0)
    assert sorted(machine.looked) == [
        (0.0, "a"), (0.0, "c"), (5.0, "b"), (10.0, "a"), (15.0, "b"), (15.0, "c"), (20.0, "a"), (25.0, "b"), (30.0, "a"),
        (30.0, "c"),
    ]  # fmt: skip
    assert len(events) == 10


def test_what_cannot_be_kept_is_dropped_and_the_looking_goes_on() -> None:
    _, events, prober = played(PLAN, 31.0, frozenset({"a"}))
    assert prober.dropped == 4
    assert {event.subject for event in events} == {"b", "c"}


def test_a_defect_in_one_look_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    look = Machine.look

    async def broken(machine: Machine, probe: Probe) -> Event:
        if probe.target == "a":
            raise RuntimeError("odd")
        return await look(machine, probe)

    monkeypatch.setattr(Machine, "look", broken)
    machine, events, prober = played(PLAN, 31.0)
    assert [target for _, target in machine.looked] == [event.subject for event in events]
    assert (prober.dropped, len(events)) == (4, 6)


def test_moments_that_were_missed_are_passed_over() -> None:
    async def main() -> None:
        machine = Machine()
        machine.end = 1e9
        slept = [False]

        async def sleep(seconds: float) -> None:
            # the machine itself sleeps for long once
            await machine.sleep(seconds if slept[0] else 1_003.0)
            slept[0] = True
            if machine.now > 1_025.0:
                machine.until.set()
                await asyncio.Event().wait()

        async def put(_: Sequence[Event]) -> None:
            return

        prober = Prober(PLAN[:1], put, machine, seconds=lambda: machine.now, sleep=sleep)  # type: ignore[arg-type]
        running = asyncio.ensure_future(prober.run())
        await machine.until.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert machine.looked == [(0.0, "a"), (1_003.0, "a"), (1_010.0, "a"), (1_020.0, "a")]

    asyncio.run(main())


def test_no_more_look_at_once_than_may_and_none_twice() -> None:
    async def main() -> None:
        machine = Machine()
        machine.held = asyncio.Event()
        plan = [Probe(kind="dns", target=str(number), every=10.0) for number in range(9)]

        async def put(_: Sequence[Event]) -> None:
            return

        prober = Prober(plan, put, machine, most_at_once=4)  # type: ignore[arg-type]
        looking = asyncio.ensure_future(prober.once())
        while machine.at_once < 4:
            await asyncio.sleep(0)
        machine.held.set()
        assert [event.subject for event in await looking] == [str(number) for number in range(9)]
        assert machine.most_at_once == 4

    asyncio.run(main())


def test_an_event_says_whether_its_probe_was_ever_right_and_what_changed() -> None:
    async def main() -> None:
        machine = Machine()

        async def put(_: Sequence[Event]) -> None:
            return

        prober = Prober(PLAN[:1], put, machine)  # type: ignore[arg-type]
        said = []
        for good, answers in ((False, []), (True, ["1"]), (True, ["1"]), (False, []), (True, ["2"])):
            machine.found["a"] = {"freehold.probe.ok": good, "freehold.dns.answers": answers}
            (event,) = await prober.once()
            names = ("freehold.probe.ever_ok", "freehold.probe.changed", "freehold.dns.changed")
            said.append(tuple(event.data.get(name) for name in names))
        assert said == [
            (False, False, None), (True, True, None), (True, False, False), (True, True, None), (True, True, True),
        ]  # fmt: skip

    asyncio.run(main())


def test_the_same_probe_gives_the_same_key() -> None:
    assert PLAN[0].key == replace_target(PLAN[0], "a").key != replace_target(PLAN[0], "b").key


def replace_target(probe: Probe, target: str) -> Probe:
    return Probe(kind=probe.kind, target=target, every=probe.every)
