"""Photograph the reports in docs/reports in Chromium: wide and narrow, light and dark; from the repository's root.

The clinic's in both themes, both sizes and both languages; one picture of each other report.

    python scripts/report_screenshots.py [FOLDER]
"""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import open_page  # noqa: E402  it stands beside the tests

SIZES = {"1280": (1280, 800), "390": (390, 844)}
THEMES = ("light", "dark")


def pictures(folder: Path) -> list[tuple[Path, str, str, Path]]:
    """Page, size, theme and picture of each photograph."""
    found = []
    for page in sorted(folder.glob("*.html")):
        every = page.name.partition(".")[0] == "clinic"
        for size in SIZES if every else ("1280",):
            for theme in THEMES if every else ("light",):
                if every or ".zh" not in page.name:
                    name, _, language = page.stem.partition(".")
                    found.append((page, size, theme, folder / f"{name}-{size}-{theme}-{language or 'en'}.png"))
    return found


async def photograph(folder: Path) -> None:
    """Take every picture: the first screen of each page."""
    async with open_page() as tab:
        for page, size, theme, picture in pictures(folder):
            await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
            width, height = SIZES[size]
            await tab.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=size == "390"
            )
            await tab.go(page.resolve().as_uri())
            told = await tab.call("Page.captureScreenshot", format="png")
            picture.write_bytes(base64.b64decode(told["data"]))
            print(picture.relative_to(ROOT) if picture.is_relative_to(ROOT) else picture)


if __name__ == "__main__":
    asyncio.run(photograph(Path(sys.argv[1] if sys.argv[1:] else ROOT / "docs" / "reports")))
