"""What goes to standard error: notes, errors, progress, and the log that ``-v`` asks for. Owns its two spellings.

As text, for people; or, with ``--log-format json``, one JSON object a line, every note and error too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from freehold.log import listen
from freehold.report.clean import clean, escape_json

__all__ = ["Speech", "progress", "speaking", "tell"]

_FIRST = frozenset({"read", "catalogue", "computed", "kept page used", "wrote"})
"""Events that one ``-v`` shows; two show all."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How to speak.

    Parameters
    ----------
    verbosity
        0: notes and errors only; 1: what is done, and how long it takes; 2: every skip and cache hit too.
    format
        ``text`` or ``json``.
    hidden
        Texts that are never said, each shown as ``…``: the path that the user named, where paths are to be hidden.
    hidden_facts
        Names of facts about an event that are never said.
    """

    verbosity: int = 0
    format: Literal["text", "json"] = "text"
    hidden: Sequence[str] = ()
    hidden_facts: Collection[str] = ()

    def hide(self, text: str) -> str:
        """The text without what is hidden."""
        for secret in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(secret, "…") if secret else text
        return text

    def line(self, level: str, message: str, **facts: object) -> str:
        """One line of the log."""
        facts = {name: "…" if name in self.hidden_facts else value for name, value in facts.items()}
        if self.format == "text":
            told = ", ".join(f"{name} {self.hide(str(value))}" for name, value in facts.items())
            return clean(self.hide(message) + (f": {told}" if told else ""))
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        values = {name: self.hide(value) if isinstance(value, str) else value for name, value in facts.items()}
        told = json.dumps({"at": at, "level": level, "message": self.hide(message), **values}, ensure_ascii=False, default=str)
        return escape_json(told)


_SPEECH = [Speech()]


@contextmanager
def speaking(speech: Speech) -> Iterator[None]:
    """Speak in this way for as long as the block lasts."""

    def listener(event: str, facts: dict[str, object]) -> None:
        if speech.verbosity > 1 or (speech.verbosity and event in _FIRST):
            _say(speech.line("info", f"freehold: {event}" if speech.format == "text" else event, **facts))

    _SPEECH.append(speech)
    try:
        with listen(listener):
            yield
    finally:
        _SPEECH.pop()


def tell(message: str, level: str = "note") -> None:
    """Say something beside the answer; what could command a terminal is shown as codes."""
    speech = _SPEECH[-1]
    if speech.format == "json":
        _say(speech.line(level, message.removeprefix("freehold: ")))
    else:
        _say("\n".join(clean(speech.hide(line)) for line in message.split("\n")))


def _say(text: str) -> None:
    if sys.stderr is not None:
        print(text, file=sys.stderr)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Say on a terminal what is being done, while it is."""
    speech = _SPEECH[-1]
    if not sys.stderr.isatty() or speech.verbosity or speech.format == "json":
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(speech.hide(what)):
        yield
