"""Python requirements and environment markers (PEP 508), names (PEP 503), package URLs. Owns no file format.

A marker is judged for one sort of system, Linux with CPython, whatever machine the reading runs on, so that the
same folder gives the same answer everywhere. What cannot be judged counts as needed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import quote

__all__ = ["Requirement", "holds", "normalised", "parse_requirement", "pypi_id", "python_floor"]

_SEPARATORS: Final = re.compile(r"[-_.]+")
_REQUIREMENT: Final = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(.*)$", re.DOTALL)
_PIN: Final = re.compile(r"\(?\s*={2,3}\s*([^\s,;*()]+)\s*\)?$")
_TOKEN: Final = re.compile(r"""(?:(\()|(\))|(and|or|not\s+in|in)\b|(~=|===?|!=|<=|>=|<|>)|'([^']*)'|"([^"]*)"|([A-Za-z_.]+))""")
_FLOOR: Final = re.compile(r"(?:>=|==|~=|\^|>)\s*(\d+(?:\.\d+)?)")
_NUMBER: Final = re.compile(r"\d+")
_LONGEST_MARKER: Final = 2000
_DEEPEST_MARKER: Final = 50

_SYSTEM: Final[Mapping[str, str]] = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement: a normalised name, extras asked for, the version if it is pinned, an address, a marker."""

    name: str
    extras: tuple[str, ...] = ()
    pin: str | None = None
    url: str | None = None
    marker: str = ""


@cache
def normalised(name: str) -> str:
    """Spell a package's name in the one way of PEP 503."""
    return _SEPARATORS.sub("-", name.strip()).lower()


def pypi_id(name: str, version: str | None = None) -> str:
    """The canonical package URL of a Python package."""
    base = f"pkg:pypi/{quote(normalised(name), safe='', errors='replace')}"
    return f"{base}@{quote(version, safe='/:', errors='replace')}" if version else base


def python_floor(specifier: str) -> str | None:
    """The lowest Python version that a ``requires-python`` names, such as ``3.11``."""
    match = _FLOOR.search(specifier)
    return match[1] if match else None


def parse_requirement(text: str) -> Requirement | None:
    """Parse one PEP 508 requirement; ``None`` if it is none."""
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    extras = tuple(sorted(normalised(extra) for extra in (match[2] or "").split(",") if extra.strip()))
    rest = match[3].strip()
    if rest.startswith("@"):
        url, _, marker = rest[1:].partition(" ;")
        return Requirement(normalised(match[1]), extras, None, url.strip() or None, marker.strip())
    specifier, _, marker = rest.partition(";")
    if specifier and specifier.lstrip()[:1] not in {"<", ">", "=", "!", "~", "("}:
        return None
    pin = _PIN.match(specifier.strip())
    return Requirement(normalised(match[1]), extras, pin[1] if pin else None, None, marker.strip())


def _compare(left: str, operator: str, right: str, *, version: bool) -> bool | None:
    if operator in {"in", "not in"}:
        return (left in right) is (operator == "in")
    if version:
        one, two = ([int(number) for number in _NUMBER.findall(side)] for side in (left, right))
        if right.endswith(".*"):
            one = one[: len(two)]
        if operator == "~=":
            return one >= two and one[: len(two) - 1] == two[:-1]
        size = max(len(one), len(two))
        one, two = one + [0] * (size - len(one)), two + [0] * (size - len(two))
        return _ordered(one, operator, two)
    return {"==": left == right, "===": left == right, "!=": left != right}.get(operator)


def _ordered(one: list[int], operator: str, two: list[int]) -> bool | None:
    answers = {
        "==": one == two, "===": one == two, "!=": one != two,
        "<": one < two, "<=": one <= two, ">": one > two, ">=": one >= two,
    }  # fmt: skip
    return answers.get(operator)


class _Marker:
    """A recursive-descent evaluation with three values: true, false, not known."""

    def __init__(self, text: str, environment: Mapping[str, str], extras: Collection[str]) -> None:
        self.tokens = [match.groups() for match in _TOKEN.finditer(text)]
        self.environment, self.extras = environment, extras
        self.at = 0

    def either(self) -> bool | None:
        answer = self.both()
        while self._word("or"):
            other = self.both()
            answer = True if True in {answer, other} else None if None in {answer, other} else False
        return answer

    def both(self) -> bool | None:
        answer = self.one()
        while self._word("and"):
            other = self.one()
            answer = False if False in {answer, other} else None if None in {answer, other} else True
        return answer

    def one(self) -> bool | None:
        if self._peek(0):
            self.at += 1
            answer = self.either()
            self.at += 1 if self._peek(1) else 0
            return answer
        left = self._value()
        operator = self._operator()
        right = self._value()
        if left is None or right is None or operator is None:
            return None
        return self._judge(left, operator, right)

    def _judge(self, left: tuple[str, bool], operator: str, right: tuple[str, bool]) -> bool | None:
        names = [text for text, variable in (left, right) if variable]
        if "extra" in names:
            wanted = normalised(right[0] if left[1] else left[0])
            return (wanted in self.extras) is (operator != "!=")
        if any(name in {"extras", "dependency_groups"} for name in names):
            return (normalised(left[0]) in self.extras) is (operator == "in")
        values = [self.environment.get(text) if variable else text for text, variable in (left, right)]
        one, two = values
        if one is None or two is None:
            return None
        return _compare(one, operator, two, version=any(name.startswith("python_") for name in names))

    def _peek(self, kind: int) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][kind] is not None

    def _word(self, word: str) -> bool:
        if self._peek(2) and self.tokens[self.at][2] == word:
            self.at += 1
            return True
        return False

    def _operator(self) -> str | None:
        if self.at >= len(self.tokens):
            return None
        token = self.tokens[self.at]
        self.at += 1
        word = token[2] or token[3]
        return " ".join(word.split()) if word else None

    def _value(self) -> tuple[str, bool] | None:
        if self.at >= len(self.tokens):
            return None
        token = self.tokens[self.at]
        self.at += 1
        for text in (token[4], token[5]):
            if text is not None:
                return text, False
        return (token[6], True) if token[6] is not None else None


def holds(marker: str, python: str | None = None, extras: Collection[str] = ()) -> bool | None:
    """Judge a marker for Linux and CPython.

    Parameters
    ----------
    marker
        The text after the semicolon; empty holds always.
    python
        Version of Python, such as ``3.12``; ``None`` if it is not known.
    extras
        Extras (and dependency groups) that are asked for, normalised.

    Returns
    -------
    bool or None
        ``None`` if it rests on something that is not known.
    """
    if not marker:
        return True
    if len(marker) > _LONGEST_MARKER or marker.count("(") > _DEEPEST_MARKER:
        return None
    environment = dict(_SYSTEM)
    if python:
        environment["python_version"] = ".".join(python.split(".")[:2])
        environment["python_full_version"] = python
    return _Marker(marker, environment, extras).either()
