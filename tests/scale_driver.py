"""A question in batches as a process of its own, to be killed: ``scale_driver.py JOURNAL WORKERS BATCHES``.

Says ``worker PID`` for each worker, ``finished N`` as batches end, at last ``found N`` and ``digest HEX``.
"""

from __future__ import annotations

import hashlib
import signal
import sys

from freehold.scale.in_process_pool import InProcessPool
from freehold.scale.journal import open_journal
from freehold.scale.local_pool import LocalPool
from freehold.scale.packing import pack
from freehold.scale.run import run
from scale_suite import factors, shared


def say(line: str) -> None:
    print(line, flush=True)


def main(path: str, workers: int, count: int) -> None:
    with open_journal(path, say) as journal, LocalPool(workers) if workers > 1 else InProcessPool() as pool:
        if isinstance(pool, LocalPool):
            for one in pool._team:
                say(f"worker {one.process.pid}")
        finished = run(
            pool, "scale_work:sums", shared(), factors(count), version="1", journal=journal,
            progress=lambda done: say(f"finished {done}"),
        )  # fmt: skip
    say(f"found {finished.found}")
    say(f"digest {hashlib.sha256(b''.join(bytes(pack(one)) for one in finished.results)).hexdigest()}")


if __name__ == "__main__":
    # whoever started the tests in the background may have had SIGINT ignored, and that is inherited
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    except KeyboardInterrupt:
        sys.exit(130)
