"""What a desk looks at by itself, if it is asked to: probes and providers' status feeds. Owns how both are begun.

What is wrong in a file of probes or feeds is said before the desk begins; nothing goes out before that either.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from freehold import work
from freehold.errors import StoreUnavailable, UsageError
from freehold.stack.inventory import Inventory
from freehold.stack.values import Stack
from freehold.watch.event import Event
from freehold.watch.history import stored_events
from freehold.watch.probe_plan import load_plan, plan_of_stack
from freehold.watch.probe_schedule import Prober
from freehold.watch.probes import Looker
from freehold.watch.status_feeds import TYPE, Feed, OpenIncidents, feeds_of, load_feeds, open_from_events
from freehold.watch.status_poll import Follower

__all__ = ["FEEDS_FILE", "Take", "Watcher", "feeds_watcher", "probes_watcher"]

Take: TypeAlias = Callable[[Sequence[Event]], Awaitable[object]]
"""Takes events; they are safe when it returns."""
Watcher: TypeAlias = Callable[[Take], Awaitable[None]]
"""Gives events to what takes them, until it is cancelled."""

FEEDS_FILE: Final = "feeds.toml"
"""Feeds of one's own, in the desk's folder; they come beside those of the stack's providers."""
_OPEN_FOR: Final = 2 * 86_400.0


def probes_watcher(path: str, stack: Stack | None, inventory: Inventory | None) -> Watcher:
    """Probe what a file lists, or the hosts of a stack.

    Parameters
    ----------
    path
        A probe file; empty for the hosts of the stack.
    stack, inventory
        What the desk holds warnings against, and what it was made from.

    Raises
    ------
    freehold.errors.BadRules
        If the file is not sound.
    freehold.errors.UsageError
        If there is nothing to probe.
    """
    if path:
        plan = load_plan(path)
    elif stack is None:
        raise UsageError("there is no stack whose hosts could be probed. Name a stack, or a probe file: --probes FILE.")
    else:
        plan = plan_of_stack(stack, work.catalogue(), inventory)
    if not plan:
        raise UsageError("there is nothing to probe. List hosts in a probe file: --probes FILE.")

    async def watch(take: Take) -> None:
        async with Looker() as looker:
            await Prober(plan, take, looker).run()

    return watch


def feeds_watcher(stack: Stack | None, folder: Path, clock: Callable[[], float] = time.time) -> Watcher:
    """Follow the status feeds of a stack's providers and owners, and those of the desk's own file.

    Parameters
    ----------
    stack
        Whose providers; without one, all feeds that come with Freehold are followed.
    folder
        The desk's: its journal says what was open when it last ran.
    clock
        Seconds since 1970.

    Raises
    ------
    freehold.errors.BadRules
        If the desk's file of feeds is not sound.
    freehold.errors.UsageError
        If there is no feed to follow.
    """
    own = load_feeds(folder / FEEDS_FILE) if (folder / FEEDS_FILE).exists() else ()
    feeds = {feed.id: feed for feed in (*feeds_of(None if stack is None else _providers(stack)), *own)}
    if not feeds:
        raise UsageError(f"no status feed of the stack's providers is known. List feeds in {folder / FEEDS_FILE}.")
    followed = tuple(feeds.values())

    async def watch(take: Take) -> None:
        known = await asyncio.to_thread(_open_incidents, followed, folder / "journal.db", clock() - _OPEN_FOR)
        async with Follower(followed, take, known=known, clock=clock) as follower:
            await follower.run()

    return watch


def _providers(stack: Stack) -> frozenset[str]:
    owners = {owner.id for one in stack.providers if isinstance(one.owner, tuple) for owner in one.owner}
    named = {one.provider for one in stack.sources if isinstance(one.provider, str)}
    return frozenset(named | owners)


def _open_incidents(feeds: Sequence[Feed], journal: Path, start: float) -> dict[str, OpenIncidents]:
    try:
        told = [event for event in stored_events(journal, start) if event.type == TYPE]
    except StoreUnavailable:
        return {}
    return {feed.id: open_from_events(feed, told) for feed in feeds}
