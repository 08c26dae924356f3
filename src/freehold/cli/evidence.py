"""``freehold evidence``: verify, show, anchor, prove. Owns the arguments of these, and needs no server and no stack.

Signatures need the extra ``watch``; everything else works without it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.cli.output import show, write
from freehold.cli.speech import tell
from freehold.errors import EvidenceError, UsageError
from freehold.words import say

if TYPE_CHECKING:
    from freehold.report.answers import EvidenceEntries

__all__ = ["ACTIONS", "add_arguments", "run"]

ACTIONS: Final[Mapping[str, str]] = {
    "verify": "whether logs are what was written, and if not, where; exit status 0 or 1",
    "show": "the entries of a log as a time line",
    "anchor": "append the last signed root of logs to a small file that is to be kept elsewhere",
    "prove": "show that one entry stands in a log, without the rest of the log; or check such a proof",
}
_MOST_SHOWN: Final = 1000
_MOST_PROOF: Final = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Add the actions and their arguments; gives the parser of each, for what all commands share."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = {name: actions.add_parser(name, help=line, description=line) for name, line in ACTIONS.items()}
    for name in ("verify", "anchor"):
        made[name].add_argument("logs", metavar="LOG", nargs="+", help="a log, or a folder: every evidence*.jsonl in it")
    made["show"].add_argument("log", metavar="LOG", help="a log")
    made["prove"].add_argument("log", metavar="LOG", nargs="?", help="a log")
    made["prove"].add_argument("number", metavar="NUMBER", type=int, nargs="?", help="the entry to prove")
    made["prove"].add_argument("--check", metavar="PROOF", help="check a proof instead; exit status 0 or 1")
    for name in ("verify", "prove"):
        made[name].add_argument("--key", metavar="FILE", help="the public key that the log must be signed with, from elsewhere")
    made["verify"].add_argument("--anchor", metavar="FILE", help="anchors that were kept elsewhere, to hold against the logs")
    made["verify"].add_argument("--no-signatures", action="store_true", help="follow the chain alone; needs no extra")
    made["show"].add_argument("--kind", metavar="KIND", action="append", default=[], help="only this kind; repeatable")
    made["show"].add_argument("--since", metavar="NUMBER", type=int, default=1, help="from this entry on")
    made["show"].add_argument(
        "--most", metavar="COUNT", type=int, default=_MOST_SHOWN, help=f"the last so many that match (default {_MOST_SHOWN})"
    )
    made["anchor"].add_argument("-o", "--output", metavar="FILE", help="append there; without it the lines are printed")
    made["prove"].add_argument("-o", "--output", metavar="FILE", help="write the proof there; without it it is printed")
    return made


def run(options: argparse.Namespace) -> int:
    """Do what was asked; gives 0, or 1 if something is not sound.

    Raises
    ------
    freehold.errors.EvidenceError
        If a file cannot be read, or is not what it should be.
    freehold.errors.UsageError
        If the arguments make no sense together.
    """
    return _RUN[options.action](options)


def _logs(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        path = Path(name)
        if not path.is_dir():
            found.append(name)
            continue
        inside = sorted(str(one) for one in path.glob("evidence*.jsonl"))
        if not inside:
            raise EvidenceError(f"{name}: no evidence*.jsonl is in this folder. Name a log, or the folder that holds it.")
        found += inside
    return found


def _verify(options: argparse.Namespace) -> int:
    from freehold.report.answers import EvidenceVerdict
    from freehold.respond.evidence_anchor import read_anchors
    from freehold.respond.evidence_signatures import load_public_key
    from freehold.respond.evidence_verify import verify

    if options.no_signatures and options.key:
        raise UsageError("--key checks signatures, and --no-signatures leaves them unchecked. Leave one of them out.")
    key = load_public_key(options.key) if options.key else None
    anchors = read_anchors(options.anchor) if options.anchor else None
    logs = tuple(
        verify(name, key, anchors=anchors, signatures=not options.no_signatures) for name in _logs(options.logs)
    )  # fmt: skip
    show(options, EvidenceVerdict(logs))
    return 0 if all(log.is_sound for log in logs) else 1


def _show(options: argparse.Namespace) -> int:
    if options.most < 1:
        raise UsageError("--most: give a number from 1 on.")
    show(options, _entries(options.log, frozenset(options.kind), options.since, options.most))
    return 0


def _entries(log: str, kinds: frozenset[str], since: int, most: int) -> EvidenceEntries:
    from collections import deque

    from freehold.canonical import canonical, parse
    from freehold.report.answers import EvidenceEntries, EvidenceEntry
    from freehold.respond.evidence_lines import walk_lines

    found: deque[EvidenceEntry] = deque(maxlen=most)
    matching = unread = 0
    for line in walk_lines(log):
        try:
            entry = parse(line)
            number, kind = int(entry["number"]), str(entry["kind"])  # type: ignore[index]
            if number < since or (kinds and kind not in kinds):
                continue
            body = canonical(entry["body"]).decode()  # type: ignore[index]
            at, key = str(entry["at"]), str(entry["key"])  # type: ignore[index]
            one = EvidenceEntry(number, at, kind, key, body, str(entry.get("clock", "")))  # type: ignore[attr-defined]
        except (AttributeError, EvidenceError, KeyError, OverflowError, TypeError, ValueError):
            unread += 1
            continue
        matching += 1
        found.append(one)
    return EvidenceEntries(log, tuple(found), matching - len(found), unread)


def _anchor(options: argparse.Namespace) -> int:
    from freehold.report.sentences import count
    from freehold.respond.evidence_anchor import anchor_line, append_anchor

    lines = [anchor_line(name) for name in _logs(options.logs)]
    if options.output in (None, "-"):
        write(None, b"".join(lines).decode())
        return 0
    new = append_anchor(options.output, lines)
    tell("freehold: " + say("proof.anchored_new", count=count("proof.anchors", new), file=options.output))
    return 0


def _prove(options: argparse.Namespace) -> int:
    if options.check:
        if options.log is not None:
            raise UsageError("--check looks at a proof alone. Leave LOG and NUMBER out.")
        return _check(options)
    if options.log is None or options.number is None:
        raise UsageError("name a LOG and the NUMBER of an entry; or a proof to check: --check PROOF")
    if options.key:
        raise UsageError("--key goes with --check PROOF. Leave it out.")
    from freehold.canonical import canonical
    from freehold.respond.evidence_proof import Prover

    proof = Prover(options.log).prove(options.number)
    write(options.output, canonical(proof).decode() + "\n")
    root = proof["root_entry"]
    told = say(
        "proof.proved", number=options.number, path=options.log, size=root["body"]["size"], root=root["number"]
    )  # fmt: skip
    tell(f"freehold: {told}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from freehold.canonical import parse
    from freehold.respond.evidence_proof import flaw_of_proof
    from freehold.respond.evidence_signatures import can_check_signatures, load_public_key

    if not can_check_signatures():
        raise EvidenceError("a proof rests on a signature, and cryptography is not installed: pip install 'freehold[watch]'")
    key = load_public_key(options.key) if options.key else None
    try:
        with Path(options.check).open("rb") as file:
            proof = parse(file.read(_MOST_PROOF))
    except (ValueError, json.JSONDecodeError):
        raise EvidenceError(
            f"{options.check}: this is no proof. `freehold evidence prove LOG NUMBER -o FILE` makes one."
        ) from None
    flaw = flaw_of_proof(proof, key)
    if flaw is not None or not isinstance(proof, dict):
        write(None, say("proof.proof_fails", flaw=flaw) + "\n")
        return 1
    entry, size = proof["entry"], proof["root_entry"]["body"]["size"]
    told = say(
        "proof.proof_holds", number=entry["number"], at=entry["at"], size=f"{size:,}", signer=proof["public_key"]
    )  # fmt: skip
    write(None, told + "\n")
    return 0


_RUN: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "verify": _verify, "show": _show, "anchor": _anchor, "prove": _prove,
}  # fmt: skip
