"""The page in a real browser, with a real desk behind it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from browser import CHROMIUM, Page, open_page
from desks import Desk, alert, clinic, desk, eventually, run_scene

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")]

STRANGE = '</script><img src=x onerror=\'document.title="owned"\'><b>bold</b> ‮ 𝔘 \\" & done'
WATCH = "window.violations = []; document.addEventListener('securitypolicyviolation', (e) => violations.push(String(e)))"
PICTURES = os.environ.get("FREEHOLD_PICTURES", "")


@asynccontextmanager
async def signed_in(front: Desk, name: str, *roles: str) -> AsyncIterator[Page]:
    """A browser with a person's page; when it is closed, it must have had nothing to complain of."""
    key = front.person(name, *roles)
    async with open_page() as page:
        await page.go(front.url)
        assert "Your key" in await page.text()
        await page.value(f"document.querySelector('#key').value = {key!r}")
        await page.click("form button")
        await page.until("document.querySelector('.pillars div') !== null")
        await page.value(WATCH)
        yield page
        assert await page.value("violations") == []
        assert page.said == []


async def answer(page: Page, button: str, why: str, **fields: str) -> None:
    """Press a button, fill in its dialog, and do it."""
    await page.until(f"document.getElementById({button!r}) && !document.getElementById({button!r}).disabled")
    await page.value(f"document.getElementById({button!r}).click()")
    assert await page.value("document.getElementById('confirm').open")
    for name, value in fields.items():
        await page.value(f"document.getElementById('f-{name}').value = {value!r}")
    await page.value(f"document.getElementById('confirm-why').value = {why!r}")
    await page.click("#confirm-yes")


async def picture(page: Page, name: str, width: int = 1200) -> None:
    if PICTURES:
        await page.picture(Path(PICTURES) / f"{name}.png", width)


def test_a_warning_appears_by_itself_with_its_level_reach_and_clocks(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front, signed_in(front, "Ann") as page:
            assert "None. What arrives is looked at" in await page.text("#incidents")
            assert (await page.text("#pillars")).count("Not known") == 2
            await front.tell(alert("upstream-failing", "The API fails half of all requests", provider="microsoft"))
            await page.until("document.querySelectorAll('article').length === 1")
            text = await page.text("article")
            assert "INC-1: The API fails half of all requests" in text
            assert "Level: " in text
            assert "detect: " in text
            assert "decide: " in text
            table = await page.text("article table")
            assert "Takes over" in table
            assert "Assistant for doctors and nurses" in table
            assert "What saves most" in text
            assert await page.value("document.title") == "(1) test: warnings"
            await picture(page, "warning")
            first = await page.text(".clocks li:nth-child(2)")
            await page.until(f"document.querySelector('.clocks li:nth-child(2)').innerText !== {first!r}")

    run_scene(scene)


def test_what_events_say_is_shown_as_text(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front, signed_in(front, "Ann") as page:
            await front.tell(alert("odd", STRANGE, provider=STRANGE, model="<svg onload=alert(1)>"))
            await page.until("document.querySelectorAll('article').length === 1")
            assert "<b>bold</b>" in await page.text("article h3")
            assert (
                await page.value("document.querySelectorAll('article img, article b, article svg, script:not([src])').length")
                == 0
            )
            assert await page.value("document.title") == "(1) test: warnings"

    run_scene(scene)


def test_a_person_answers_declares_sets_the_level_and_sees_it_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front, signed_in(front, "Ann") as page:
            await front.tell(alert("breaker-opened", "Out of use", provider="x"))
            await page.until("document.querySelectorAll('article').length === 1")
            await page.until("document.getElementById('incidents').innerText.includes('it needs a value for model, to')")
            await page.until("document.querySelector('[id*=-fact-]') !== null")
            await picture(page, "held-up")
            fact = await page.value("document.querySelector('[id*=-fact-]').id")
            before = (await front.incidents("Ann"))[0]["level"]
            await answer(page, fact, "the dashboard shows it", value="0")
            await page.until("state.incidents[0].timeline.some((entry) => entry.says.startsWith('fact '))")
            after = (await front.incidents("Ann"))[0]["level"]
            assert (before["low"], before["high"], after["low"], after["high"]) == ("blue", "red", "blue", "orange")
            assert await page.value("document.querySelector('[id*=-fact-]').id") != fact
            await answer(page, "a-INC-1-level", "we looked", level="orange")
            await page.until("document.querySelector('.level').innerText === 'Level: orange'")
            await answer(page, "a-INC-1-declare", "it is one")
            await page.until("document.querySelector('article .quiet').innerText.startsWith('Declared')")
            await page.value("document.querySelector('summary').click()")
            await page.until("document.querySelector('details').open")
            assert "Ann: declare declared: it is one" in await page.text("ol.timeline")
            await answer(page, "a-INC-1-note", "and a note")
            await page.until("document.querySelector('ol.timeline').innerText.includes('note: and a note')")
            assert await page.value("document.querySelector('details').open")
            await picture(page, "declared")

    run_scene(scene)


def test_it_is_used_by_keyboard_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front, signed_in(front, "Ann") as page:
            await front.tell(alert("odd", provider="x"))
            await page.until("document.getElementById('a-INC-1-declare') !== null")

            async def press(key: str, code: int, text: str = "") -> None:
                keys = {"key": key, "code": key, "windowsVirtualKeyCode": code}
                await page.call("Input.dispatchKeyEvent", type="keyDown", **keys, **({"text": text} if text else {}))
                await page.call("Input.dispatchKeyEvent", type="keyUp", **keys)

            async def tab_to(element: str) -> None:
                for _ in range(60):
                    if await page.value("document.activeElement.id") == element:
                        return
                    await press("Tab", 9)
                raise AssertionError(f"{element} cannot be reached by Tab")

            await press("Tab", 9)
            assert await page.value("document.activeElement.className") == "skip"
            await tab_to("a-INC-1-declare")
            await press("Enter", 13, "\r")
            await page.until("document.getElementById('confirm').open")
            await press("Escape", 27)
            await page.until("!document.getElementById('confirm').open && document.activeElement.id === 'a-INC-1-declare'")
            await press("Enter", 13, "\r")
            await page.until("document.getElementById('confirm').open")
            await tab_to("confirm-why")
            await page.call("Input.insertText", text="seen on the ward")
            await tab_to("confirm-yes")
            await press("Enter", 13, "\r")
            await page.until("document.querySelector('article .quiet').innerText.startsWith('Declared')")
            assert (await front.incidents("Ann"))[0]["timeline"][-2]["says"].endswith("seen on the ward")

    run_scene(scene)


@pytest.mark.parametrize("width", [320, 360, 1200])
def test_nothing_is_wider_than_the_screen(tmp_path: Path, width: int) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front, signed_in(front, "Ann") as page:
            await page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=True)
            await front.tell(
                alert("upstream-failing", "The API fails", provider="microsoft"), alert("odd", "x" * 300, item="language-model")
            )
            await page.until("document.querySelectorAll('article').length === 2")
            await picture(page, f"wide-{width}", width)
            assert await page.value("document.documentElement.scrollWidth") <= width
            await page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
            await picture(page, f"dark-{width}", width)
            await page.value("document.getElementById('a-desk-stop-all').click()")
            assert await page.value("document.documentElement.scrollWidth") <= width
            await picture(page, f"dialog-{width}", width)

    run_scene(scene)


def test_every_control_has_a_name_and_no_state_is_told_by_colour_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front, signed_in(front, "Ann") as page:
            await front.tell(alert("upstream-failing", provider="microsoft"))
            await page.until("document.querySelectorAll('article').length === 1")
            told = (await page.call("Accessibility.getFullAXTree"))["nodes"]
            controls = [
                (node["role"]["value"], node.get("name", {}).get("value", ""))
                for node in told
                if not node.get("ignored")
                and node.get("role", {}).get("value") in ("button", "link", "textbox", "combobox", "table", "article")
            ]
            assert len(controls) > 8
            assert [role for role, name in controls if not name.strip()] == []
            marks = await page.value("[...document.querySelectorAll('.mark, .level')].map((node) => node.innerText)")
            assert len(marks) == 5
            assert all(marks)

    run_scene(scene)


def test_a_page_whose_desk_was_started_anew_asks_to_sign_in(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            key = front.person("Ann")
            async with open_page() as page:
                await page.go(front.url)
                await page.value(f"document.querySelector('#key').value = {key!r}")
                await page.click("form button")
                await page.until("document.querySelector('.pillars div') !== null")
                assert front.front is not None
                front.front.sessions.forget()
                front.front.live.changed()
                await page.until("document.querySelector('#key') !== null")

    run_scene(scene)


def test_somebody_who_only_looks_on_sees_why_they_cannot_act(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front, signed_in(front, "Olga", "observer") as page:
            await front.tell(alert("odd", provider="x"))
            await page.until("document.getElementById('a-INC-1-declare') !== null")
            label = await page.text("#a-INC-1-declare")
            assert label == "Declare an incident (for: commander, engineer)"
            assert await page.value("document.getElementById('a-desk-stop-all').disabled")
            assert (await front.act("Olga", act="stop", scope="all", because="now")).status == 409
            assert (await front.act("Olga", act="move", incident="INC-1", verb="declare", because="now")).status == 409
            assert (await front.act("Olga", act="note", incident="INC-1", because="I saw it")).status == 200

            async def noted() -> bool:
                return "I saw it" in str((await front.incidents("Olga"))[0]["timeline"])

            await eventually(noted)

    run_scene(scene)
