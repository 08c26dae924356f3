"""``freehold signal``: tell a desk, by hand, that something is wrong or is over. Owns its arguments.

It writes to the desk's journal itself, so that it works with no server running; a desk that runs sees it at once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from freehold.cli.extras import needs_watch
from freehold.cli.speech import tell
from freehold.errors import UsageError
from freehold.words import say

__all__ = ["add_arguments", "run"]

_PLACES: Final = ("provider", "owner", "country", "item", "source", "model", "upstream", "host")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what it takes."""
    parser.add_argument("state", metavar="DIR", help="the desk's folder")
    parser.add_argument("summary", metavar="TEXT", nargs="?", default="", help="what is wrong, in a sentence")
    for name in _PLACES:
        parser.add_argument(f"--{name}", metavar="ID" if name != "host" else "NAME", help=f"the {name} that is concerned")
    parser.add_argument("--label", metavar="NAME=VALUE", action="append", default=[], help="a further label; repeatable")
    parser.add_argument(
        "--fact", metavar="NAME=VALUE", action="append", default=[],
        help="a fact that the level rests on, such as persons_affected=1200; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--level", metavar="LEVEL", type=float, default=None,
        help="with --item: at which level it stands, 0 to 1; held against what was predicted",
    )  # fmt: skip
    parser.add_argument("--resolved", action="store_true", help="it is over; give the same labels as before")
    parser.add_argument("--id", metavar="TEXT", default="", help="its own id: the same again is told once")
    parser.add_argument("--by", metavar="NAME", required=True, help="who says so")


def _pairs(texts: Iterable[str], flag: str) -> dict[str, str]:
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"{flag}: '{text}' is not NAME=VALUE.")
        found[name.strip()] = value.strip()
    return found


def run(options: argparse.Namespace) -> int:
    """Tell the desk.

    Raises
    ------
    freehold.errors.FreeholdError
        If it is no signal, or the folder is no desk's.
    """
    with needs_watch("a signal needs"):
        from freehold.watch.signal import signal_event, tell_by_hand
    folder = Path(options.state)
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder of a desk. freehold watch --state DIR makes one.")
    labels = {name: value for name in _PLACES if (value := getattr(options, name)) is not None}
    labels |= _pairs(options.label, "--label")
    notes = {f"fact_{name}": value for name, value in _pairs(options.fact, "--fact").items()}
    if options.summary:
        notes["summary"] = options.summary
    event = signal_event(
        labels, notes, by=options.by, now=time.time(), resolved=options.resolved, id_=options.id, level=options.level
    )  # fmt: skip

    new = tell_by_hand(folder, event)
    tell("freehold: " + say("desk.told" if new else "desk.told_again", id=event.id))
    return 0
