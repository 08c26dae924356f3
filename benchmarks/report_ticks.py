"""How fast the answers for landlords to tick off are had, and how much room they take in a page. Owns the stack that is timed.

Run it as ``python -m benchmarks.report_ticks [ITEMS [REPEATS]]``. Where a Chromium is installed, it times the reader too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.generate_stack import generate_stack
from freehold.measure.landlord_cuts import landlord_cuts
from freehold.measure.mission import mission_of
from freehold.report.interface import TickOff
from freehold.report.tick_data import tick_data, tick_script, tick_text
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack

__all__ = ["timed", "timed_in_browser"]

_PAGE = """<!doctype html><meta charset="utf-8"><pre id="told"></pre>
<script type="application/json" id="data">%(data)s</script>
<script>%(script)s</script>
<script>
const least = (act, often) => {
  let found = Infinity;
  for (let time = 0; time < often; time += 1) {
    const begin = performance.now();
    act();
    found = Math.min(found, performance.now() - begin);
  }
  return found;
};
const text = document.getElementById("data").textContent;
const tick = tickOff(JSON.parse(text));
const all = tick.landlords.map((_, place) => place);
const middle = tick.days[Math.floor(tick.days.length / 2)];
const told = {
  "reading the data": least(() => tickOff(JSON.parse(text)), 5),
  "first answer of two": least(() => tick.answer([all.length - 2, all.length - 1], middle), 1),
  "first answer of all": least(() => tick.answer(all, middle), 1),
  "first answer of all but the first": least(() => tick.answer(all.slice(1), middle), 1),
};
for (const ticked of [all.slice(0, 1), all.slice(1, 3), all.slice(1)]) {
  const slowest = Math.max(...tick.days.map((day) => least(() => tick.answer(ticked, day), 5)));
  told[`slowest day of an answer, ${ticked.length} ticked`] = slowest;
}
const {out} = tick.answer([0], middle);
told[`whys of ${out.length} items`] = least(() => out.forEach(({item}) => tick.why([0], middle, item)), 5);
document.getElementById("told").textContent = JSON.stringify(told);
</script>"""


def timed_in_browser(text: str) -> dict[str, float]:
    """Milliseconds of the reader in a browser, by what it does; the least of some, but for what is only done once."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "ticks.html"
        page.write_text(_PAGE % {"data": text, "script": tick_script()}, encoding="utf-8")
        flags = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile", "--dump-dom")
        shown = subprocess.run([browser, *flags, page.as_uri()], capture_output=True, text=True, check=True).stdout
    told: dict[str, float] = json.loads(shown.split('<pre id="told">')[1].split("</pre>")[0])
    return {f"{name}, ms": milliseconds for name, milliseconds in told.items()}


def timed(stack: Stack, repeats: int) -> dict[str, float]:
    """Seconds of processor for the answers and for their text, the least of some; landlords, and bytes of the text.

    Parameters
    ----------
    stack
        The stack.
    repeats
        How often; once more is run before, so that kernels are compiled.
    """
    weights = mission_of(stack).weights
    items = tuple((item.id, item.id, str(item.kind), weights.get(place, 0.0)) for place, item in enumerate(stack.items))
    cuts = landlord_cuts(stack)
    answers, texts = [], []
    text = ""
    for _ in range(repeats):
        begin = time.process_time()
        cuts = landlord_cuts(stack)
        middle = time.process_time()
        text = tick_text(TickOff(cuts, items))
        answers.append(middle - begin)
        texts.append(time.process_time() - middle)
    parts = {f"characters of {name}": len(str(value)) for name, value in tick_data(TickOff(cuts, items)).items()}
    return {
        "items": len(stack.items),
        "sources": len(stack.sources),
        "needs": len(stack.needs),
        "landlords": len(cuts.landlords),
        "cuts": len(cuts.cuts),
        "items out in all cuts": sum(len(cut.outs) for cut in cuts.cuts),
        "answers, seconds": min(answers),
        "text, seconds": min(texts),
        "text, bytes": len(text.encode()),
        **{name: size for name, size in parts.items() if size > 1000},
        **timed_in_browser(text),
    }


if __name__ == "__main__":
    count, times = ([int(word) for word in sys.argv[1:]] + [10_000, 5][len(sys.argv) - 1 :])[:2]
    for what, figure in timed(loads(generate_stack(count, 1), "generated.toml"), times).items():
        print(f"{what:38} {figure:12,.3f}" if isinstance(figure, float) else f"{what:38} {figure:12,}")
