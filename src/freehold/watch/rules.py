"""Reading rule files. Owns the seam between TOML and the engine: what is read is sound, or every finding is told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.errors import BadRules, Finding, TooLarge, Unreadable
from freehold.stack.toml_text import BadToml, parse_toml
from freehold.watch.rule import (
    BurnWindows,
    Clear,
    DeclaredAttribute,
    Expected,
    Rule,
    RuleFile,
    Rules,
    RuleTest,
    Seconds,
    TestEvent,
)
from freehold.watch.rule_checks import attribute_findings, rule_findings
from freehold.watch.seconds import parse_seconds
from freehold.watch.vocabulary import AttributeType

__all__ = ["LARGEST_FILE", "MOST_RULES", "Rule", "Rules", "built_in_rules", "load_rules", "read_rules"]

LARGEST_FILE: Final = 1_000_000
"""Bytes of a rule file."""

MOST_RULES: Final = 500
"""Rules in one file."""

_FILE: Final = Path(__file__).parent / "data" / "rules.toml"
_HEADER: Final = re.compile(r"[ \t]*\[\[[ \t]*rule[ \t]*\]\]")
_KEY: Final = re.compile(r"[ \t]*([a-z_]+)[ \t]*=")
_PLACE: Final = re.compile(r" - at `\$\.?([^`]*)`$")


def load_rules(path: str | Path) -> Rules:
    """Read a rule file.

    Raises
    ------
    freehold.errors.Unreadable, freehold.errors.TooLarge
        If it cannot be read, or is larger than :data:`LARGEST_FILE`.
    freehold.errors.BadRules
        With every finding at once.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}). Name a rule file.") from None
    if len(content) > LARGEST_FILE:
        raise TooLarge(f"{path} is larger than {LARGEST_FILE:,} bytes, the most that a rule file may have. Split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRules(f"{path}: byte {error.start} is not UTF-8. Save it as UTF-8.") from None
    return read_rules(text, str(path))


@cache
def built_in_rules() -> Rules:
    """The rules that come with Freehold; they are on unless switched off."""
    return read_rules(_FILE.read_text(encoding="utf-8"), "built-in rules")


def read_rules(text: str, file: str = "rules.toml") -> Rules:
    """Read rules from TOML text.

    Parameters
    ----------
    text
        The file's content.
    file
        Its name, for messages.

    Raises
    ------
    freehold.errors.BadRules
        With every finding at once.
    """
    if len(text) > LARGEST_FILE:
        raise BadRules(f"{file} is larger than {LARGEST_FILE:,} characters. Split it.")
    try:
        data = parse_toml(text)
    except BadToml as error:
        raise _bad(
            [Finding(file, error.line, "", f"is not TOML: {error.problem}", "Mend it: docs/guides/write-rules.md")]
        ) from None
    places = _places(text)
    findings: list[Finding] = []
    tables = data.get("rule", [])
    if not isinstance(tables, list):
        raise _bad([Finding(file, 0, "rule", "is not a list of tables", "Write [[rule]] with two brackets")])
    if len(tables) > MOST_RULES:
        raise _bad([Finding(file, 0, "rule", f"has {len(tables):,} rules, more than {MOST_RULES}", "Split the file")])
    frame = _convert({**data, "rule": []}, RuleFile, file, (0, {}), "", findings)
    declared = frame.attribute if frame else ()
    findings += attribute_findings(declared, file)
    known: dict[str, AttributeType] = {one.name: one.type for one in declared}
    rules: list[Rule] = []
    seen: set[str] = set()
    for number, table in enumerate(tables):
        place = places[number] if len(places) == len(tables) else (0, {})
        name = table.get("id") if isinstance(table, dict) else None
        rule = _convert(table, Rule, file, place, f"rule '{name}'" if isinstance(name, str) else f"rule {number + 1}", findings)
        if rule is None:
            continue
        if rule.id in seen:
            line = place[1].get("id", place[0])
            findings.append(Finding(file, line, "id", f"rule '{rule.id}' is there twice", "Give one of them another id"))
        seen.add(rule.id)
        rules.append(rule)
        if frame:
            findings += rule_findings(rule, known, file, place)
    if findings:
        raise _bad(findings)
    return Rules(tuple(rules), known, file)


def _convert(
    table: object, type_: Any, file: str, place: tuple[int, Mapping[str, int]], name: str, findings: list[Finding]
) -> Any:
    try:
        return msgspec.convert(table, type_, dec_hook=_read)
    except msgspec.ValidationError as error:
        problem = str(error)
        found = _PLACE.search(problem)
        path = found[1] if found else ""
        column = path
        unknown = re.search(r"unknown field `([^`]*)`", problem)
        if unknown:
            column = f"{path}.{unknown[1]}".lstrip(".")
            problem, mend = "is not known here", f"Known: {_known(type_, path)}"
        else:
            problem, mend = _PLACE.sub("", problem).replace("`", "'"), "See docs/guides/write-rules.md for the form"
        line = place[1].get(column.partition(".")[0].partition("[")[0], place[0])
        findings.append(Finding(file, line, column, f"{name}: {problem}" if name else problem, mend))
        return None


def _known(type_: Any, path: str) -> str:
    inner = {"clear": Clear, "burn": BurnWindows, "attribute": DeclaredAttribute, "test": RuleTest}
    if path:
        type_ = inner.get(re.split(r"[.\[]", path)[0], type_)
        if "events" in path:
            type_ = TestEvent
        elif "expect" in path:
            type_ = Expected
    return ", ".join(type_.__struct_encode_fields__)


def _read(type_: type, value: object) -> object:
    if type_ is Seconds:
        return Seconds(parse_seconds(value))
    raise TypeError(type_.__name__)


def _places(text: str) -> list[tuple[int, dict[str, int]]]:
    """Of every ``[[rule]]``: its line, and those of its own keys."""
    places: list[tuple[int, dict[str, int]]] = []
    keys: dict[str, int] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if _HEADER.match(line):
            keys = {}
            places.append((number, keys))
        elif line.lstrip().startswith("["):
            keys = None
        elif keys is not None:
            found = _KEY.match(line)
            if found:
                keys.setdefault(found[1], number)
    return places


def _bad(findings: list[Finding]) -> BadRules:
    count = f"{len(findings)} errors in the rules" if len(findings) > 1 else "1 error in the rules"
    return BadRules("\n  ".join([f"{count}:", *map(str, findings)]))
