"""Whether anything that was acknowledged is gone. Owns the comparison of what clients were told with the evidence."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from freehold.canonical import parse
from freehold.demo.desk_client import DeskClient
from freehold.demo.scenery import Clinic
from freehold.demo.traffic import Traffic
from freehold.respond.evidence_lines import walk_lines
from freehold.watch.event import Event
from freehold.watch.journal import Journal

__all__ = ["entries_of", "events_of", "lost_of"]


def entries_of(path: Path) -> Sequence[Mapping[str, Any]]:
    """The entries of an evidence log, in order; a last line that a kill cut off is none."""
    found = []
    for line in walk_lines(str(path)):
        try:
            entry = parse(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


async def lost_of(clinic: Clinic, traffic: Traffic, acts: Sequence[Mapping[str, Any]], desk: DeskClient) -> list[str]:
    """What somebody was told and is not there.

    Parameters
    ----------
    clinic
        Whose evidence and journal, all programs ended.
    traffic
        Whose answers came whole.
    acts
        Acts of control that the gateway acknowledged, each with its ``verb`` and ``key``.
    desk
        Whose events and acts the desk acknowledged.

    Returns
    -------
    list of str
        A sentence for each; none if all is there.
    """
    entries = await asyncio.to_thread(entries_of, clinic.evidence[0])
    taken = {one.id for one in await events_of(clinic.folder / "desk" / "journal.db")}
    approvals = Counter(
        str(_facts(entry).get("request", ""))
        for entry in await asyncio.to_thread(entries_of, clinic.evidence[1])
        if _says(entry, "approve")
    )
    return [
        *_lost_answers(entries, traffic),
        *_lost_acts(entries, acts),
        *(f"the desk acknowledged event '{one}', and it is not in its journal" for one in desk.beats if one not in taken),
        *(
            f"entry {entry['number']} of the gateway ({entry['kind']}) never came to the desk's journal"
            for entry in entries
            if entry["kind"].startswith("freehold.gateway.") and f"{entry['number']}-{entry['hash'][:12]}" not in taken
        ),
        *(
            f"approval {act['request']} was acknowledged, and stands {approvals[act['request']]} times in the evidence"
            for act in desk.acts
            if act["act"] == "approve" and approvals[act["request"]] != 1
        ),
    ]


def _says(entry: Mapping[str, Any], kind: str) -> bool:
    return str(entry["kind"]).endswith(kind) or entry["body"].get("kind") == kind


def _facts(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    facts = entry["body"].get("facts", entry["body"])
    return facts if isinstance(facts, dict) else {}


async def events_of(path: Path) -> list[Event]:
    """All events in a desk's journal; the desk must have ended."""
    found: list[Event] = []
    async with Journal.open(path) as journal:
        number = 0
        while batch := await journal.after(number, 1_000):
            found += [one.event for one in batch]
            number = batch[-1].number
    return found


def _lost_answers(entries: Sequence[Mapping[str, Any]], traffic: Traffic) -> list[str]:
    answered = Counter(
        str(entry["body"].get("gen_ai.conversation.id", ""))
        for entry in entries
        if entry["kind"] == "freehold.gateway.request" and entry["body"].get("http.response.status_code") == 200
    )
    return [
        f"{count} answers of conversation '{name}' were acknowledged, and {answered[name]} stand in the evidence"
        for name, count in traffic.acknowledged().items()
        if answered[name] < count
    ]


def _lost_acts(entries: Sequence[Mapping[str, Any]], acts: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = Counter(str(entry.get("key", "")).rpartition(":")[2] for entry in entries if entry.get("key"))
    return [
        f"the act '{act['key']}' was acknowledged, and stands {keys[act['key']]} times in the evidence"
        for act in acts
        if keys[act["key"]] != 1
    ]
