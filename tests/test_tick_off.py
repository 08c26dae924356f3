"""Landlords ticked off inside a page: the data's form, and its reader in a real browser against the answers in Python."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from benchmarks.generate_stack import generate_stack
from hypothesis import Phase, given, settings

from browser import CHROMIUM, Page, open_page
from freehold.measure.cutoff import cutoff
from freehold.measure.landlord_cut_values import Landlord, LandlordCut, LandlordCuts, Out, Weakened
from freehold.measure.landlord_cuts import landlord_cuts
from freehold.measure.mission import mission_of
from freehold.report.interface import TickOff
from freehold.report.tick_data import VERSION, tick_data, tick_script, tick_text
from freehold.report.tick_items import cuts_told, items_told
from freehold.stack.cutoff import Cutoff
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack, is_stated
from strategies import repeatable, stacks
from test_landlord_cuts import CLINIC, rule_of, under

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


def tick_of(stack: Stack, **asked: Any) -> TickOff:
    weights = mission_of(stack).weights
    items = tuple(
        (item.id, item.name if is_stated(item.name) and item.name else item.id, str(item.kind), weights.get(place, 0.0))
        for place, item in enumerate(stack.items)
    )
    return TickOff(landlord_cuts(stack, **asked), items)


def between(days: Sequence[float]) -> list[float]:
    """The days, and one between each two of them."""
    return sorted({*days, *((one + other) / 2 for one, other in pairwise(days)), days[-1] + 10})


def answer_in_python(tick: TickOff, cut: LandlordCut, day: float) -> dict[str, Any]:
    at = max(place for place, one in enumerate(tick.cuts.days) if one <= day + 1e-9)
    out = [
        {
            "item": one.item, "surely": under(one.best, day), "since": span[0], "until": span[1], "because": one.because,
            "source": one.source,
        }
        for one in cut.outs
        for span in one.worst
        if under((span,), day)
    ]  # fmt: skip
    return {"mission": [cut.low[at], cut.high[at]], "out": out}


def ways_in_python(cut: LandlordCut, day: float) -> list[list[dict[str, Any]]]:
    return [
        [{"item": step.item, "because": step.because, "source": step.source} for step in cut.way_down(one.item)]
        for one in cut.outs
        if under(one.worst, day)
    ]


def page_of(*ticks: TickOff) -> str:
    data = "".join(f'<script type="application/json">{tick_text(tick)}</script>' for tick in ticks)
    return f"""<!doctype html><meta charset="utf-8"><title>Ticks</title><body>{data}<script>{tick_script()}</script>
<script>
const texts = Array.from(document.querySelectorAll("script[type='application/json']"), (one) => one.textContent);
window.ticks = texts.map((text) => tickOff(JSON.parse(text)));
function asked(tick, ticked, day) {{
  const {{exact, mission, out}} = tick.answer(ticked, day);
  const step = ({{item, because, source}}) => ({{item, because, source}});
  const ways = out.map((one) => tick.why(ticked, day, one.item).map(step));
  return {{exact, mission, out, ways}};
}}
</script>"""


async def shown(folder: Path, *ticks: TickOff, questions: str = "", script: Any = None) -> Any:
    path = folder / "ticks.html"
    path.write_text(page_of(*ticks), encoding="utf-8")
    async with open_page() as page:
        await page.go(path.as_uri())
        found = await (script(page) if script else page.value(questions))
        assert page.said == []
        return found


def cuts_of(tick: TickOff) -> Iterator[LandlordCut]:
    assert tick.cuts.before is not None
    yield tick.cuts.before
    yield from tick.cuts.cuts


async def every_answer(page: Page, ticks: Sequence[TickOff]) -> None:
    for number, tick in enumerate(ticks):
        days = between(tick.cuts.days)
        members = [list(cut.members) for cut in cuts_of(tick)]
        told = await page.value(
            f"{json.dumps(members)}.map((ticked) => {json.dumps(days)}.map((day) => asked(ticks[{number}], ticked, day)))"
        )
        for cut, answers in zip(cuts_of(tick), told, strict=True):
            for day, answer in zip(days, answers, strict=True):
                assert answer.pop("exact") is True
                assert answer.pop("ways") == ways_in_python(cut, day)
                assert answer == answer_in_python(tick, cut, day)


@needs_browser
def test_a_browser_gives_the_answers_of_every_landlord_and_every_two_on_every_day(tmp_path: Path) -> None:
    ticks = [tick_of(loads(CLINIC, "clinic.toml")), tick_of(loads(generate_stack(40, 3), "generated.toml"), most=5)]
    drawn: list[TickOff] = []

    @settings(settings.get_profile("repeatable"), max_examples=12, phases=[Phase.generate])
    @given(stacks(dense=True) | stacks())
    def draw(stack: Stack) -> None:
        drawn.append(tick_of(stack, most=5))

    draw()
    asyncio.run(shown(tmp_path, *ticks, *drawn, script=lambda page: every_answer(page, [*ticks, *drawn])))


@needs_browser
def test_three_landlords_take_at_least_what_their_pairs_take_and_the_page_says_so(tmp_path: Path) -> None:
    stack = loads(generate_stack(40, 3), "generated.toml")
    tick = tick_of(stack, most=6)
    threes = [list(three) for three in combinations(range(len(tick.cuts.landlords)), 3)]
    days = between(tick.cuts.days)[::5]
    asking = f"{json.dumps(threes)}.map((ticked) => {json.dumps(days)}.map((day) => asked(ticks[0], ticked, day)))"
    told = asyncio.run(shown(tmp_path, tick, questions=asking))
    sorts = set()
    for three, answers in zip(threes, told, strict=True):
        rules = tuple(rule_of(tick.cuts.landlords[place]) for place in three)
        truth = cutoff(stack, Cutoff(rules), (*days, tick.cuts.horizon))
        covered = any(set(three) & set(tick.cuts.covered[place]) for place in three)
        pairs = [cut for cut in tick.cuts.cuts if len(cut.members) == 2 and set(cut.members) <= set(three)]
        for at, (day, answer) in enumerate(zip(days, answers, strict=True)):
            out = {one["item"]: one["surely"] for one in answer["out"]}
            worst = {place for place, item in enumerate(truth.items) if item.low[at] < 0.5 - 1e-9}
            best = {place for place, item in enumerate(truth.items) if item.high[at] < 0.5 - 1e-9}
            sure = {item for item, surely in out.items() if surely}
            sorts.add(answer["exact"])
            assert answer["exact"] is covered
            assert {*out} == {one.item for pair in pairs for one in pair.outs if under(one.worst, day)}
            assert sure == {one.item for pair in pairs for one in pair.outs if under(one.best, day)}
            if covered:
                assert ({*out}, sure) == (worst, best)
            assert {*out} <= worst
            assert sure <= best
            if day in tick.cuts.days:
                assert answer["mission"][0] >= truth.mission.low[at] - 1e-9
                assert answer["mission"][1] >= truth.mission.high[at] - 1e-9
            for one, way in zip(answer["out"], answer["ways"], strict=True):
                assert way[0] == {key: one[key] for key in ("item", "because", "source")}
                assert any(
                    way == [{"item": s.item, "because": s.because, "source": s.source} for s in pair.way_down(one["item"])]
                    for pair in pairs
                )
    assert sorts == {True, False}


HOSTILE = (
    '</script><script>window.hurt = 1</script><!-- <img src=x onerror="window.hurt = 1"> & \u2028 \u202e \x1b[31m 名 \ud800'
)


@needs_browser
def test_hostile_names_stay_text_and_are_shown_clean(tmp_path: Path) -> None:
    stack = loads(CLINIC, "clinic.toml")
    tick = tick_of(stack)
    tick = replace(tick, items=(("a</script>'b", HOSTILE, HOSTILE, 1.0), *tick.items[1:]))
    evil = replace(tick.cuts.landlords[1], name=HOSTILE, flags=("--owner", "a'b; $(rm)"))
    tick = replace(tick, cuts=replace(tick.cuts, landlords=(tick.cuts.landlords[0], evil, *tick.cuts.landlords[2:])))
    text = tick_text(tick)
    assert not set("<>&\u2028\u202e\x1b") & set(text)
    asking = """[
      ticks[0].item(0), ticks[0].landlords[1].name, ticks[0].answer([1], 0).line, window.hurt === undefined,
      document.scripts.length,
    ]"""
    item, name, line, unhurt, scripts = asyncio.run(shown(tmp_path, tick, questions=asking))
    cleaned = (
        HOSTILE.replace("\u2028", "\\u2028")
        .replace("\u202e", "\\u202e")
        .replace("\x1b", "\\u001b")
        .replace("\ud800", "\\ud800")
    )
    assert item == {"id": "a</script>'b", "name": cleaned, "layer": cleaned, "mission": 1}
    assert name == cleaned
    assert line == "--owner 'a'\\''b; $(rm)'"
    assert (unhurt, scripts) == (True, 3)


@needs_browser
def test_the_reader_has_the_facts_that_a_page_shows_and_refuses_what_it_cannot_know(tmp_path: Path) -> None:
    tick = tick_of(loads(CLINIC, "clinic.toml"), most=4)
    asking = """[
      ticks[0].landlords.map((one) => one.id), ticks[0].days, ticks[0].horizon, ticks[0].floor, ticks[0].leftOut,
      ticks[0].daysLeftOut, ticks[0].count, ticks[0].item(0), ticks[0].answer([2, 1, 2], 0).line,
      ticks[0].answer([], 0), ticks[0].why([1], 0, 3), ticks[0].why([1], 0, 99),
      [[7], [-1], [0.5]].map((wrong) => {
        try { ticks[0].answer(wrong, 0); return "taken"; } catch (error) { return error.name; }
      }),
      (() => { try { tickOff({version: 2}); return "taken"; } catch (error) { return error.message; } })(),
    ]"""
    told = asyncio.run(shown(tmp_path, tick, questions=asking))
    assert told[0] == ["", "chips", "TW", "acme-corp"]
    assert told[1:7] == [[0, 7, 14, 30, 90, 365, 1095], 1095, 0.5, 3, 0, 4]
    assert told[7] == {"id": "assistant", "name": "assistant", "layer": "None", "mission": 0.75}
    assert told[8] == "--owner chips --country TW"
    assert told[9] == {"exact": True, "mission": [1, 1], "out": [], "flags": [], "line": ""}
    assert told[10:12] == [[], []]
    assert told[12] == ["RangeError"] * 3
    assert "version" in told[13]


def test_a_pair_that_follows_from_its_members_takes_no_room() -> None:
    tick = tick_of(loads(CLINIC, "clinic.toml"))
    data = tick_data(tick)
    place = {one.id: at for at, one in enumerate(tick.cuts.landlords)}
    members = [(), *(cut.members for cut in tick.cuts.cuts)]
    told = {names: data["cuts"][members.index(tuple(sorted(place[name] for name in names)))] for names in
            (("chips", "post"), ("chips", "acme-corp"))}  # fmt: skip
    assert told["chips", "post"][2:] == ["", ""]
    assert told["chips", "acme-corp"][2:] != ["", ""]
    assert data["version"] == VERSION


def test_the_data_of_a_cut_written_by_hand_is_as_documented() -> None:
    always, week = ((0.0, None),), ((0.0, 7.5),)
    cuts = LandlordCuts(
        (Landlord("owner", "us", "US Inc.", "US", 2, ("--owner", "us")),),
        (0.0, 7.5),
        7.5,
        0.5,
        (
            LandlordCut(
                (0,), (0.25, 0.0), (1.0, 1.0), (Out(0, always, (), 40, "x"), Out(40, week, week, None, "i40@us")),
                (Weakened(1, 40, ""),),
            ),
        ),
        left_out=2,
    )  # fmt: skip
    items = tuple(
        (f"i{number}", f"Item {number}" if number == 3 else f"i{number}", "chip", 0.5 * (number < 2)) for number in range(41)
    )
    data = tick_data(TickOff(cuts, items))
    assert data["cuts"] == [[[1, 1], 0, "", ""], [[0.25, 0], [1, 1], "AAA" + "oBBA", "BA"]]
    assert data["moments"] == [0, 7.5]
    assert data["times"] == "BAAB" + "BACA"
    assert data["sources"] == ["", "@us", "x"]
    assert data["suffixes"] == 2
    assert data["links"] == "BpBC" + "BpBA" + "A" * 38 + "BAB"
    assert data["items"]["mission"] == [[0, 0.5], [1, 0.5]]
    assert data["items"]["name"][2:4] == [0, "Item 3"]
    assert data["days"] == [0, 7.5]


@needs_browser
@pytest.mark.slow
def test_a_browser_gives_the_answers_of_a_stack_that_is_written_in_many_letters(tmp_path: Path) -> None:
    ticks = [tick_of(loads(generate_stack(150, 1), "generated.toml"), most=4)]
    asyncio.run(shown(tmp_path, *ticks, script=lambda page: every_answer(page, ticks)))


@given(stacks())
@repeatable(40)
def test_the_text_is_json_of_the_data(stack: Stack) -> None:
    tick = tick_of(stack, most=3)
    assert json.loads(tick_text(tick)) == tick_data(tick)


def test_a_large_stack_travels_in_little_room() -> None:
    tick = tick_of(loads(generate_stack(300, 1), "large.toml"), most=8)
    out = sum(len(cut.outs) for cut in tick.cuts.cuts)
    letters = sum(len(text) for _, _, *texts in tick_data(tick)["cuts"] for text in texts)
    assert letters < 2 * out


def test_of_a_large_stack_the_page_tells_of_the_mission_and_what_it_falls_with() -> None:
    tick = tick_of(loads(CLINIC))
    told = next(found for most in range(50, 1000, 10) if (found := items_told(tick.cuts, tick.items, most=most)))
    assert len(told) < len(tick.items)
    assert {place for place, item in enumerate(tick.items) if item[3] > 0} & set(told)
    whole, part = tick_data(tick), tick_data(replace(tick, told=told))
    assert part["items"]["id"] == [whole["items"]["id"][place] for place in told]
    few = cuts_told(tick.cuts, told)
    for cut, all_of_it in zip(few.cuts, tick.cuts.cuts, strict=True):
        kept = [one for one in all_of_it.outs if one.item in told]
        assert [(told[one.item], one.worst, one.best, one.source) for one in cut.outs] == [
            (one.item, one.worst, one.best, one.source) for one in kept
        ]
        assert [None if one.because is None else told[one.because] for one in cut.outs] == [one.because for one in kept]
        assert (cut.low, cut.high) == (all_of_it.low, all_of_it.high)
    assert items_told(tick.cuts, tick.items) is None


def test_the_reader_runs_no_text_and_writes_no_markup() -> None:
    for word in ("eval", "Function(", "innerHTML", "document", "import", "fetch"):
        assert word not in tick_script().split('"use strict";')[1]
