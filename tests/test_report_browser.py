"""The report's page in a real browser: read by axe-core, by keyboard, without script, on paper, and with landlords ticked off.

``FREEHOLD_PICTURES=FOLDER`` keeps pictures of both themes and widths.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from browser import CHROMIUM, Page, open_page
from freehold.cli import main
from freehold.measure.landlord_cuts import landlord_cuts
from freehold.report.interface import Detail, Document, Heading, Paragraph, Table
from freehold.words import speaking
from report_pages import LONG, evil, office, page, report_document, tick_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")]

SIZES = ((1280, 800), (390, 844))
PICTURES = os.environ.get("FREEHOLD_PICTURES", "")
WATCH = "window.complaints = []; document.addEventListener('securitypolicyviolation', (e) => complaints.push(String(e)))"
TICKED = "#off=owner%3Aabroad&day=3"


def axe() -> str:
    """axe-core, from whichever package brings it."""
    for package in ("axe_playwright_python", "axe_core_python"):
        try:
            return (files(package) / "axe.min.js").read_text(encoding="utf-8")
        except ModuleNotFoundError:
            continue
    raise AssertionError("no axe-core here: install the test group")


@asynccontextmanager
async def shown(html: str, folder: Path, fragment: str = "") -> AsyncIterator[Page]:
    """A browser with the page from a file, as from a USB stick; it must have had nothing to complain of."""
    path = folder / "report.html"
    path.write_text(html, encoding="utf-8")
    async with open_page() as tab:
        await tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        await tab.go(f"file://{path}{fragment}")
        yield tab
        assert await tab.value("complaints") == []
        assert await tab.value("performance.getEntriesByType('resource').length") == 0
        assert tab.said == []


def run(scene: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await scene()

    asyncio.run(whole())


async def look(tab: Page, width: int, height: int, theme: str = "light") -> None:
    features = [{"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}]
    await tab.call("Emulation.setEmulatedMedia", features=features)
    await tab.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)


async def press(tab: Page, key: str) -> None:
    codes = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowRight": 39, " ": 32}
    text = {"Enter": "\r", " ": " "}.get(key, "")
    common: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": codes[key]}
    await tab.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
    await tab.call("Input.dispatchKeyEvent", type="keyUp", **common)


async def overflow(tab: Page) -> dict[str, Any]:
    """By how much the page is wider than the window, what reaches beyond it, and what text is cut off within its box."""
    return dict(
        await tab.value(
            """(() => {
      const width = document.documentElement.clientWidth;
      const seen = [...document.querySelectorAll('main *, header *, nav *')].filter((node) => node.checkVisibility()
        && !node.closest('.skip, .heat, .gantt, table.wide thead'));
      const beyond = seen.filter((node) => node.getBoundingClientRect().right > width + 1);
      const cut = seen.filter((node) => node.childElementCount === 0 && node.scrollWidth > node.clientWidth + 1
        && getComputedStyle(node).overflowX !== 'visible' && node.clientWidth);
      const texts = [...document.querySelectorAll('.drawn .cell')].filter((cell) => cell.checkVisibility()).flatMap((cell) => {
        const body = cell.querySelector('.body').getBBox();
        const edge = (box) => box.x + box.width;
        return [...cell.querySelectorAll('.title, .by')].filter((text) => edge(text.getBBox()) > edge(body))
          .map((text) => text.textContent);
      });
      const told = (nodes) => nodes.slice(0, 3).map((node) => node.outerHTML.slice(0, 200));
      return {wider: document.documentElement.scrollWidth - width, beyond: told(beyond), cut: told(cut), texts};
    })()"""
        )
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_in_either_theme_or_width_with_everything_open(tmp_path: Path, language: str) -> None:
    async def scene() -> None:
        with speaking(language):
            html = page(report_document())
        async with shown(html, tmp_path, TICKED) as tab:
            await tab.value(axe() + ";1")
            await tab.value("document.querySelectorAll('details').forEach((one) => { one.open = true; });1")
            wide, narrow = SIZES
            every = [(theme, size) for theme in ("light", "dark") for size in SIZES]
            for theme, (width, height) in every if language == "en" or PICTURES else [("light", narrow), ("dark", wide)]:
                await look(tab, width, height, theme)
                told = await tab.value(
                    "axe.run(document, {resultTypes: ['violations']}).then((found) => JSON.stringify(found.violations.map("
                    "(one) => [one.id, one.nodes.length, one.nodes[0].html.slice(0, 200), one.nodes[0].failureSummary])))"
                )
                assert json.loads(told) == [], (theme, width)
                if PICTURES:
                    await tab.picture(Path(PICTURES) / f"report-{language}-{width}-{theme}.png", width, height)

    run(scene)


@pytest.mark.parametrize("kind", ["whole", "long", "hostile"])
def test_nothing_is_clipped_or_wider_than_the_window(tmp_path: Path, kind: str) -> None:
    document = {"whole": report_document, "long": lambda: evil(LONG), "hostile": evil}[kind]()

    async def scene() -> None:
        async with shown(page(document), tmp_path) as tab:
            await tab.value("document.querySelectorAll('input[type=checkbox]').forEach((one) => one.click());1")
            await tab.value("document.querySelectorAll('details').forEach((one) => { one.open = true; });1")
            for width, height in SIZES:
                await look(tab, width, height)
                assert await overflow(tab) == {"wider": 0, "beyond": [], "cut": [], "texts": []}, width
            assert await tab.value("document.title") == document.title or kind == "hostile"

    run(scene)


def test_a_landlord_is_ticked_off_and_the_page_shows_what_goes_out_when_and_why(tmp_path: Path) -> None:
    cuts = landlord_cuts(office())
    place = next(number for number, one in enumerate(cuts.landlords) if one.id == "abroad")
    mail = "#value-chain-1 .cell[data-id=mail]"
    letters = "#value-chain-1 .cell[data-id=letters]"

    async def scene() -> None:
        async with shown(page(report_document()), tmp_path) as tab:
            await look(tab, 1280, 800)
            assert "Nobody is ticked off" in await tab.text("#tick-1-who")
            assert (await tab.text("#tick-1-left")).replace("\u00a0", " ") == "100 %"
            await tab.value("document.querySelector('.landlords input[data-key=\"owner:abroad\"]').focus()")
            await press(tab, " ")
            assert await tab.text("#tick-1-who") == "Without Abroad Inc."
            # the mail, and perhaps the forge of which nothing is known
            assert "up to 2 sources" in await tab.text(".landlords li:has(input:checked) small")
            assert await tab.text("#tick-1-of") == "day 0 of 1,095"
            # the mail is out at once; the letters have a stock of three days
            assert await tab.value(f"document.querySelector('{mail}').classList.contains('out-surely')")
            assert not await tab.value(f"document.querySelector('{letters}').classList.contains('out-surely')")
            await tab.value("document.getElementById('tick-1-day').focus()")
            day = 0.0
            while day < 3:
                await press(tab, "ArrowRight")
                day = float(await tab.value("tickDay = Number(new URLSearchParams(location.hash.slice(1)).get('day'))"))
            assert await tab.value("document.getElementById('tick-1-day').getAttribute('aria-valuetext')") == "day 3 of 1,095"
            assert await tab.value(f"document.querySelector('{letters}').classList.contains('out-surely')")
            assert "since day 3" in await tab.value(f"document.querySelector('{letters}').getAttribute('aria-label')")
            rows = await tab.text("#tick-1-outs tbody")
            assert "Letters to citizens" in rows
            assert "needs Mail; its source mail@abroad is cut" in rows
            low, high = cuts.cuts[place].low, cuts.cuts[place].high
            at = cuts.days.index(3.0)
            assert (low[at], high[at]) == (pytest.approx(0.4), pytest.approx(0.4))
            assert (await tab.text("#tick-1-left")).replace("\u00a0", " ") == "40 %"
            await tab.until("document.getElementById('tick-1-status').textContent.includes('Surely out: 2')")
            assert await tab.value("location.hash") == TICKED

    run(scene)


def test_a_state_can_be_kept_as_an_address_and_opened_again(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shown(page(report_document()), tmp_path, TICKED) as tab:
            assert await tab.text("#tick-1-who") == "Without Abroad Inc."
            assert await tab.text("#tick-1-of") == "day 3 of 1,095"
            await tab.click("#tick-1-clear")
            assert await tab.text("#tick-1-of") == "day 0 of 1,095"
            assert await tab.value("document.querySelectorAll('.landlords input:checked').length") == 0
            await tab.value("location.hash = '#off=owner%3Anobody,%22%3E&day=nan';1")
            assert "Nobody is ticked off" in await tab.text("#tick-1-who")

    run(scene)


def test_the_days_are_played_one_after_the_other_to_the_last(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shown(page(report_document()), tmp_path, TICKED) as tab:
            last = int(await tab.value("document.getElementById('tick-1-day').max"))
            await tab.value(f"document.getElementById('tick-1-day').value = {last - 1};1")
            await tab.click("#tick-1-play")
            assert await tab.text("#tick-1-play") == "Stop"
            await tab.until(f"Number(document.getElementById('tick-1-day').value) === {last}")
            await tab.until("document.getElementById('tick-1-play').textContent === 'Play'")

    run(scene)


def test_a_thing_is_found_opened_and_left_with_the_keyboard_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shown(page(report_document()), tmp_path) as tab:
            await look(tab, 1280, 800)
            await tab.value("document.querySelector('.as-list').focus()")
            await press(tab, "Tab")
            assert "Letters to citizens" in await tab.value("document.activeElement.getAttribute('aria-label')")
            assert await tab.value("document.querySelectorAll('.drawn .feed.chain').length") > 0
            await press(tab, "ArrowDown")
            name = str(await tab.value("document.activeElement.getAttribute('aria-label')"))
            assert "Letters" not in name
            await press(tab, "Enter")
            assert await tab.value("document.activeElement.classList.contains('panel')")
            assert name.split(",")[0] in await tab.text(".panel")
            outline = await tab.value("getComputedStyle(document.querySelector('.panel')).outlineStyle")
            assert outline != "none"
            await press(tab, "Escape")
            assert await tab.value("document.querySelector('.panel').hidden")
            assert await tab.value("document.activeElement.getAttribute('aria-label')") == name
            # what is known of the thing is back in the list, for the table's readers and for paper
            assert await tab.value(
                "document.querySelectorAll('.thing').length === document.querySelectorAll('.thing .known').length"
            )

    run(scene)


def test_all_rows_of_a_long_table_are_shown_when_asked_for(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shown(page(report_document(1500)), tmp_path) as tab:
            visible = "[...document.querySelectorAll('#t1 tbody tr')].filter((row) => row.checkVisibility()).length"
            assert await tab.value(visible) == 5
            await tab.click("[data-table=t1]")
            await tab.until(f"{visible} === 1500")
            assert "thing-1499" in await tab.text("#t1 tbody tr:last-child")
            assert await tab.value("document.querySelector('#t1 tbody tr:last-child td').dataset.label") == "item"
            await tab.click("[data-table=t1]")
            assert await tab.value(visible) == 5

    run(scene)


def test_the_theme_is_switched_and_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shown(page(report_document()), tmp_path) as tab:
            await look(tab, 1280, 800)
            ground = "getComputedStyle(document.body).backgroundColor"
            light = await tab.value(ground)
            assert await tab.text(".theme") == "Dark page"
            await tab.click(".theme")
            assert await tab.value(ground) != light
            assert await tab.text(".theme") == "Light page"
            await look(tab, 1280, 800, "dark")
            await tab.click(".theme")
            assert await tab.value(ground) == light

    run(scene)


def test_without_script_everything_is_there_to_be_read(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page(report_document()), encoding="utf-8")

    async def scene() -> None:
        async with open_page() as tab:
            await tab.call("Emulation.setScriptExecutionDisabled", value=True)
            for width, height in SIZES:
                await look(tab, width, height)
                await tab.call("Page.navigate", url=f"file://{path}#how-1-levels")
                await tab.until("document.readyState === 'complete'")
                said = (await tab.text("main")).replace("\u00a0", " ")
                for text in ("60 % is left.", "thing-59", "90 more rows travel in this page", "Everything foreign is cut off.",
                             "Mail"):  # fmt: skip
                    assert text in said
                assert "register.csv:4" in await tab.value("document.querySelector('ol.evidence').textContent")
                assert not await tab.value("document.querySelector('.tick-off').checkVisibility()")
                assert await tab.value("document.querySelector('.things').checkVisibility()")

    run(scene)


def test_on_paper_controls_are_gone_and_what_is_folded_up_is_written_out(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shown(page(report_document()), tmp_path, TICKED) as tab:
            await look(tab, 1280, 800, "dark")
            await tab.call("Emulation.setEmulatedMedia", media="print")
            gone = (
                "#contents",
                ".theme",
                ".tick-off",
                ".tick-bar",
                ".tick-result",
                ".panel",
                ".show-all",
                ".as-list",
                ".things",
            )
            for selector in gone:
                assert not await tab.value(f"document.querySelector('{selector}').checkVisibility()"), selector
            for selector in (".drawn", ".value-chain+.twin table", ".twin table", "#evidence"):
                assert await tab.value(f"document.querySelector('{selector}').checkVisibility()"), selector
            assert await tab.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            told = await tab.call("Page.printToPDF", preferCSSPageSize=True)
            assert len(told["data"]) > 10_000

    run(scene)


def test_on_paper_a_scheme_that_is_folded_up_stays_so_and_one_that_is_open_is_printed(tmp_path: Path) -> None:
    schemes = (
        Heading("Schemes", 2, "schemes"), Detail("One", (Paragraph("inside one"),)), Detail("Two", (Paragraph("inside two"),)),
    )  # fmt: skip
    other = (Heading("Other", 2, "other"), Detail("Three", (Paragraph("inside three"),)))

    async def scene() -> None:
        async with shown(page(Document("Folded", (*schemes, *other), Table((), ()))), tmp_path) as tab:
            await tab.value("document.querySelectorAll('main details')[1].open = true;1")
            await tab.call("Emulation.setEmulatedMedia", media="print")
            seen = [await tab.value(f"document.querySelectorAll('main p')[{place}].checkVisibility()") for place in range(3)]
            assert seen == [False, True, True]

    run(scene)


def test_while_nobody_is_ticked_off_nothing_is_told_twice_and_no_empty_table_has_a_heading(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shown(page(report_document()), tmp_path) as tab:
            for width, height in SIZES:
                await look(tab, width, height)
                assert not await tab.value("document.querySelector('#tick-1-outs caption').checkVisibility()"), width
                assert await tab.value("document.querySelector('#tick-1-status').getBoundingClientRect().height") <= 1, width

    run(scene)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("example", ["clinic", "public-office", "training", "value-chain"])
def test_the_first_screen_alone_tells_what_stops_first_without_the_largest_landlord(
    tmp_path: Path, example: str, language: str
) -> None:
    made = tmp_path / "made.html"
    folder = str(Path(__file__).parent.parent / "examples" / example)
    told = ["report", folder, "--no-plan", "--scheme", "none", "--language", language, "-o", str(made)]
    assert main(told) == 0

    async def scene() -> None:
        async with shown(made.read_text(encoding="utf-8"), tmp_path) as tab:
            for width, height in ((1280, 800), (390, 844)):
                await look(tab, width, height)
                third = "document.querySelectorAll('main > section:first-of-type > p')[2]"
                assert ("stops first" if language == "en" else "最先停止") in await tab.value(f"{third}.textContent")
                assert await tab.value(f"{third}.getBoundingClientRect().bottom") <= height, width

    run(scene)


def test_a_link_into_something_folded_up_opens_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shown(page(report_document()), tmp_path) as tab:
            await look(tab, 1280, 800)
            await tab.value("location.hash = '#thing-1-0-0';1")
            await tab.until("!document.querySelector('.panel').hidden")
            assert "Letters to citizens" in await tab.text(".panel")
            await tab.click(".panel .close")
            await look(tab, 390, 844)
            await tab.value("location.hash = '#thing-1-0-1';1")
            await tab.until("document.getElementById('thing-1-0-1').open")

    run(scene)


def test_the_page_answers_as_the_engine_does_for_every_landlord_alone(tmp_path: Path) -> None:
    cuts = tick_of(office()).cuts

    async def scene() -> None:
        async with shown(page(report_document()), tmp_path) as tab:
            for place, _ in enumerate(cuts.landlords):
                cut = next(one for one in cuts.cuts if one.members == (place,))
                await tab.value(f"document.querySelectorAll('.landlords input')[{place}].click()")
                for number, _ in enumerate(cuts.days):
                    await tab.value(
                        f"(() => {{ const day = document.getElementById('tick-1-day'); day.value = '{number}'; "
                        "day.dispatchEvent(new Event('input', {bubbles: true})); })()"
                    )
                    shown_sizes = await tab.value(
                        "[...document.querySelectorAll('.meter span')].map((one) => parseFloat(one.style.inlineSize))"
                    )
                    low, high = cut.low[number], cut.high[number]
                    assert shown_sizes == pytest.approx([100 * low, 100 * (high - low)], abs=1e-3)
                await tab.value(f"document.querySelectorAll('.landlords input')[{place}].click()")

    run(scene)
