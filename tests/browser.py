"""A real browser for tests of pages: Chromium without a window, driven over its own debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

__all__ = ["CHROMIUM", "Page", "open_page"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0",
    "--force-color-profile=srgb", "--hide-scrollbars",
)  # fmt: skip
_DEADLINE = 30.0


class GoneError(Exception):
    """The page that was asked is no longer the one that is shown."""


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.said: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(_DEADLINE):
            while True:
                told = await self._socket.receive_json()
                if told.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                    self.said.append(str(told["params"]))
                if told.get("id") == self._number:
                    if "navigated" in str(told.get("error", "")):
                        raise GoneError
                    assert "error" not in told, told
                    result: dict[str, Any] = told["result"]
                    return result

    async def start(self) -> None:
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")

    async def go(self, url: str) -> None:
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def value(self, expression: str) -> Any:
        told = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until an expression is true; give its value."""
        async with asyncio.timeout(_DEADLINE):
            while True:
                try:
                    if found := await self.value(expression):
                        return found
                except GoneError:  # the page was left for another in the middle of the question
                    pass
                await asyncio.sleep(0.02)

    async def click(self, selector: str) -> None:
        await self.value(f"document.querySelector({selector!r}).click()")

    async def text(self, selector: str = "body") -> str:
        return str(await self.value(f"document.querySelector({selector!r}).innerText"))

    async def picture(self, path: Path, width: int = 1200, height: int = 900) -> None:
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        told = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(told["data"]))


@asynccontextmanager
async def open_page() -> AsyncIterator[Page]:
    """A browser with one empty tab, gone afterwards."""
    assert CHROMIUM, "no Chromium here: apt-get install chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, *_FLAGS, f"--user-data-dir={folder}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port_file = Path(folder) / "DevToolsActivePort"
            async with asyncio.timeout(_DEADLINE):
                while not (port_file.exists() and port_file.read_text().count("\n")):
                    await asyncio.sleep(0.02)
            port = port_file.read_text().split("\n")[0]
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    tabs = await answer.json()
                address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
                async with session.ws_connect(address, max_msg_size=64_000_000) as socket:
                    page = Page(socket)
                    await page.start()
                    yield page
        finally:
            process.kill()
            await process.wait()
