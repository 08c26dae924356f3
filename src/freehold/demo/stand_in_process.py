"""A stand-in as a process of its own. Owns its command line, and how its address is made known to whoever started it.

``python -m freehold.demo.stand_in_process DIALECT --address FILE`` prints its two addresses as one line of JSON once it
serves, and writes them to the file, whole; with ``--port`` it comes back to the same place after it was killed.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from freehold.demo.faults import Behaviour
from freehold.demo.frames import DIALECTS, encoded
from freehold.demo.stand_in import StandIn
from freehold.whole_file import write_whole

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stand-in", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("dialect", choices=DIALECTS)
    parser.add_argument("--port", type=int, default=0, help="where it serves on loopback; 0: any that is free")
    parser.add_argument("--control-port", type=int, default=0, help="where it is controlled; 0: any that is free")
    parser.add_argument("--model", action="append", default=[], help="a model that it has; may be given several times")
    parser.add_argument("--key", action="append", default=[], help="a bearer key that it takes; none: it asks for none")
    parser.add_argument("--behaviour", default="{}", help="how it behaves, as JSON")
    parser.add_argument("--address", type=Path, help="file that its addresses are written to, as JSON")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    behaviour = msgspec.json.decode(options.behaviour, type=Behaviour)
    one = StandIn(options.dialect, models=options.model, keys=options.key, behaviour=behaviour)
    await one.start(port=options.port, control_port=options.control_port)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    addresses = encoded({"url": one.url, "control": one.control_url}).decode()
    if options.address is not None:
        write_whole(options.address, addresses)
    sys.stdout.write(addresses + "\n")
    sys.stdout.flush()
    try:
        await ended.wait()
    finally:
        await one.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; gives the exit status."""
    asyncio.run(_serve(_parser().parse_args(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
