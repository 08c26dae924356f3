"""How fast the answers for landlords to tick off are had, and how much room they take in a page. Owns the stack that is timed.

Run it as ``python -m benchmarks.report_ticks [ITEMS [REPEATS]]``.
"""

from __future__ import annotations

import sys
import time

from benchmarks.generate_stack import generate_stack
from freehold.measure.landlord_cuts import landlord_cuts
from freehold.measure.mission import mission_of
from freehold.report.interface import TickOff
from freehold.report.tick_data import tick_data, tick_text
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack

__all__ = ["timed"]


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
    }


if __name__ == "__main__":
    count, times = ([int(word) for word in sys.argv[1:]] + [10_000, 5][len(sys.argv) - 1 :])[:2]
    for what, figure in timed(loads(generate_stack(count, 1), "generated.toml"), times).items():
        print(f"{what:30} {figure:12,.3f}" if isinstance(figure, float) else f"{what:30} {figure:12,}")
