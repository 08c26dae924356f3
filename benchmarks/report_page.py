"""``python -m benchmarks.report_page``: how fast a report's page is written, opened and moved through, for a large stack.

    python -m benchmarks.report_page [--items N] [--seed S] [--repeat K] [--keep FILE] [PAGE.html]

Owns what is timed. Without a PAGE a stack of so many items is generated, everything but a plan is asked of it, and its page
is written; then the page is opened from its file in Chromium, again and again, each time in a new tab: until it can be used
(``DOMContentLoaded`` with the script's start), until its second frame is drawn, and the longest step of the slider with the
largest landlords ticked off (the script, and the layout after it). The least of the repeats is told beside the largest.

The bar: a page of 10,000 items can be used within 2 s, and its slider steps within 0.1 s.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from benchmarks.generate_stack import generate_stack

__all__ = ["main", "opened"]

_BROWSER: Final = Path(__file__).parent.parent / "tests" / "browser.py"
_OPENED: Final = """new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const told = performance.getEntriesByType('navigation')[0];
  done(JSON.stringify({'can be used': told.domContentLoadedEventEnd, 'second frame': performance.now()}));
})))"""
_MOVED: Final = """(async () => {
  const boxes = [...document.querySelectorAll('.tick-off input')].slice(0, 2);
  const slider = document.querySelector('.tick-time input');
  if (!slider) return '{}';
  boxes.forEach((box) => box.click());
  let script = 0, layout = 0;
  for (let at = 0; at <= Number(slider.max); at += 1) {
    const start = performance.now();
    slider.value = String(at);
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    const between = performance.now();
    document.body.getBoundingClientRect();
    script = Math.max(script, between - start);
    layout = Math.max(layout, performance.now() - between);
    await new Promise(requestAnimationFrame);
  }
  return JSON.stringify({'slider, script': script, 'slider, layout': layout});
})()"""


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the benchmark.

    Parameters
    ----------
    arguments
        Of the command line; the process's own if ``None``.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_page", description=__doc__.split("\n")[0])
    parser.add_argument("page", nargs="?", type=Path)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="where the page that is made is kept")
    asked = parser.parse_args(None if arguments is None else list(arguments))
    with tempfile.TemporaryDirectory() as folder:
        page = asked.page or _made(asked.items, asked.seed, asked.keep or Path(folder) / "report.html")
        print(f"{page.stat().st_size / 1e6:.2f} MB")
        for name, times in asyncio.run(opened(page.resolve(), asked.repeat)).items():
            print(f"{name:<16} {min(times):7.0f} ms  (at most {max(times):.0f} of {len(times)})")
    return 0


def _made(items: int, seed: int, place: Path) -> Path:
    """A report of a generated stack as a page, told how long each part of the making took."""
    from freehold import work
    from freehold.report.html import HtmlFace
    from freehold.report.interface import Look
    from freehold.report.view_whole import whole_document
    from freehold.reporting import whole_report
    from freehold.settings import Settings

    stack = place.with_name(f"{place.stem}.toml")
    stack.write_text(generate_stack(items, seed), encoding="utf-8")
    loaded, read = _took(lambda: work.load(str(stack), Settings()))
    report, asked = _took(lambda: whole_report(loaded, Settings(), path="stack.toml"))
    document, viewed = _took(lambda: whole_document(report))
    text, written = _took(lambda: HtmlFace().render(document, Look()))
    place.write_text(text, encoding="utf-8")
    stack.unlink()
    print(f"{items} items: read {read:.2f} s, asked {asked:.2f} s, viewed {viewed:.2f} s, written {written:.2f} s")
    return place


def _took(act: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    result = act()
    return result, time.perf_counter() - start


def _browser() -> ModuleType:
    """The browser that the tests drive."""
    spec = importlib.util.spec_from_file_location("browser", _BROWSER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["browser"] = module
    spec.loader.exec_module(module)
    return module


async def opened(page: Path, repeat: int) -> dict[str, list[float]]:
    """Open a page again and again, each time in a new tab, and move its slider where it has one.

    Parameters
    ----------
    page
        An absolute path.
    repeat
        How often.

    Returns
    -------
    dict
        Milliseconds of every time, by what they were taken of.
    """
    found: dict[str, list[float]] = {}
    for _ in range(repeat):
        async with _browser().open_page() as tab:
            await tab.go(page.as_uri())
            for question in (_OPENED, _MOVED):
                for name, took in json.loads(await tab.value(question)).items():
                    found.setdefault(name, []).append(took)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
