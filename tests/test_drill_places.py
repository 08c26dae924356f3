"""Places for look-ups that are under way: nobody gets all of them, the newest goes first, and none is held for ever."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold import domain_names as dns
from freehold.drill.name_servers import HostNames, NameServers
from freehold.drill.places import Places
from freehold.drill.upstream import Upstream
from outside_world import run, until
from strategies import repeatable


@repeatable(30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60), st.integers(1, 12))
def test_no_group_holds_more_than_is_free_when_it_takes_another(wanted: list[tuple[int, int]], most: int) -> None:
    async def main() -> None:
        places = Places(most, 1e6)
        over, order, inside = asyncio.Event(), list[int](), list[tuple[int, int]]()

        async def one(number: int, groups: tuple[int, int]) -> None:
            async with places.place(("whom", groups[0]), ("domain", groups[1])):
                for at in (0, 1):
                    assert sum(other[at] == groups[at] for other in inside) < most - len(inside)
                inside.append(groups)
                order.append(number)
                await over.wait()
                inside.remove(groups)

        tasks = [asyncio.create_task(one(*each)) for each in enumerate(wanted)]
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(places) == len(order)
        assert len(places) + places.waiting == len(wanted)
        over.set()
        await asyncio.gather(*tasks)
        assert sorted(order) == list(range(len(wanted)))
        assert (len(places), places.waiting) == (0, 0)
        places.close()

    run(main)


def test_the_newest_that_waits_is_first_and_one_that_was_given_up_has_no_turn() -> None:
    async def main() -> None:
        places, order = Places(2, 1e6), list[int]()
        go = [asyncio.Event() for _ in range(4)]

        async def one(number: int) -> None:
            async with places.place("group"):
                order.append(number)
                await go[number].wait()

        tasks = [asyncio.create_task(one(number)) for number in range(4)]
        await until(lambda: places.waiting == 3)
        tasks[3].cancel()
        go[0].set()
        await until(lambda: order == [0, 2])
        for event in go:
            event.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == [0, 2, 1]
        places.close()

    run(main)


def test_a_place_is_lost_only_while_others_wait_for_one() -> None:
    async def main() -> None:
        places, alone = Places(2, 0.0), asyncio.Event()
        ended: list[str] = []

        async def one(name: str) -> None:
            try:
                async with places.place("group"):
                    await alone.wait()
            except TimeoutError:
                ended.append(name)

        first = asyncio.create_task(one("first"))
        await until(lambda: len(places) == 1)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not ended
        second = asyncio.create_task(one("second"))
        await until(lambda: ended == ["first"] and len(places) == 1)
        alone.set()
        await asyncio.gather(first, second)
        assert ended == ["first"]
        places.close()

    run(main)


def test_look_ups_of_the_machine_that_hang_leave_threads_to_other_domains() -> None:
    hang, running = threading.Event(), list[str]()

    def look_up(name: str, *_: object) -> Any:
        running.append(name)
        if name.endswith(".hangs.example."):
            hang.wait(30)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    async def main() -> None:
        upstream = Upstream(NameServers(), HostNames(), look_up=look_up)
        asking = [asyncio.create_task(upstream.ask(f"x{at}.hangs.example", dns.A)) for at in range(40)]
        await until(lambda: len(running) >= 4)
        assert (await upstream.ask("kept.example", dns.A)).code == dns.NAME_ERROR
        hang.set()
        await asyncio.gather(*asking)
        await upstream.close()

    run(main)


@pytest.mark.parametrize("others", [0, 1])
def test_a_question_that_nobody_waits_for_any_more_is_not_put(others: int) -> None:
    put: list[str] = []

    def look_up(name: str, *_: object) -> Any:
        put.append(name)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    async def main() -> None:
        upstream = Upstream(NameServers(), HostNames(), look_up=look_up)
        asking = [asyncio.create_task(upstream.ask(f"x{at}.one.example", dns.A)) for at in range(10)]
        more = [asyncio.create_task(upstream.ask("x9.one.example", dns.A)) for _ in range(others)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking[9].cancel()
        asking[8].cancel()
        await asyncio.gather(*asking, *more, return_exceptions=True)
        assert "x8.one.example." not in put
        assert ("x9.one.example." in put) == bool(others)
        await upstream.close()

    run(main)
