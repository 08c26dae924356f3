r"""What a regular expression in a rule may cost. Owns the bound on patterns that are given to CEL's ``matches``.

The engine behind ``matches`` (Rust's ``regex``) runs in time linear in the text, whatever the pattern. What it does not
bound well is its own compilation, which grows with counted repetitions: ``(\w{100}){100}`` takes seconds and is paid at
every evaluation. So a pattern is short, and the work that its repetitions multiply to is limited.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["LONGEST_PATTERN", "MOST_WORK", "pattern_problem"]

LONGEST_PATTERN: Final = 200
"""Characters."""

MOST_WORK: Final = 250
"""Elements once counted repetitions are written out; a class of Unicode characters (``\\w``, ``.``) counts as several."""

_WIDE: Final = {"w": 40, "W": 40, "d": 10, "D": 10, "s": 4, "S": 4, "p": 40, "P": 40, "b": 20, "B": 20}
_ANY: Final = 4
_COUNTED: Final = re.compile(r"\{(\d{1,9})(?:,(\d{0,9}))?\}")


def pattern_problem(pattern: str) -> str:
    """Say why a pattern costs too much; empty if it does not. Whether it is a pattern at all is the engine's to say.

    Parameters
    ----------
    pattern
        The regular expression, as the engine will see it.
    """
    if len(pattern) > LONGEST_PATTERN:
        return f"the pattern has {len(pattern):,} characters, more than {LONGEST_PATTERN}"
    work = _work(pattern)
    return f"the pattern's repetitions multiply to about {work:,}, more than {MOST_WORK:,}" if work > MOST_WORK else ""


def _work(pattern: str) -> int:
    """Elements of a pattern, repetitions written out; an over-estimate where it is not well formed."""
    groups = [0]
    last = 0
    at = 0
    while at < len(pattern):
        mark = pattern[at]
        counted = _COUNTED.match(pattern, at) if mark == "{" else None
        if counted:
            times = max(int(counted[1]), int(counted[2] or counted[1]), 1)
            groups[-1] += last * (times - 1)
            last *= times
            at = counted.end()
            continue
        if mark == "(":
            groups.append(0)
        elif mark == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif mark == "[":
            at, last = _class(pattern, at)
            groups[-1] += last
        elif mark not in "*+?|^$":
            wide = mark == "\\" and at + 1 < len(pattern)
            last = _WIDE.get(pattern[at + 1], 1) if wide else (_ANY if mark == "." else 1)
            groups[-1] += last
            at += wide
        at += 1
    return sum(groups)


def _class(pattern: str, start: int) -> tuple[int, int]:
    """The place of a character class's last character, and its work."""
    at = start + 1
    work = 2
    if at < len(pattern) and pattern[at] == "^":
        at, work = at + 1, _ANY
    depth = 1
    first = at
    while at < len(pattern):
        mark = pattern[at]
        if mark == "\\" and at + 1 < len(pattern):
            work += _WIDE.get(pattern[at + 1], 0)
            at += 1
        elif mark == "[":
            depth += 1
            work += _WIDE["p"] if pattern.startswith("[:", at) else _ANY
        elif mark == "]" and at > first:
            depth -= 1
            if not depth:
                return at, work
        at += 1
    return len(pattern), work
