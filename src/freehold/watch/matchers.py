"""Conditions on labels: ``severity=~"red|orange"``. Owns the seam between Alertmanager's notation and alerts.

Routes, inhibition rules, silences and filters are made of these. A label that an alert lacks is the empty text. A regular
expression must match the whole value; it is matched in time linear in the value, in RE2's syntax, so that no expression of a
stranger's can hold the desk up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from freehold.errors import BadRules

__all__ = ["MOST_CHARACTERS", "MOST_MATCHERS", "Accepts", "Matcher", "matches", "parse_matcher", "parse_matchers", "written"]

Accepts: TypeAlias = Callable[[str], bool]

MOST_CHARACTERS: Final = 1_000
"""The longest value or expression of one matcher."""

MOST_MATCHERS: Final = 100
"""The most matchers of one route, rule, silence or filter."""

_REMEMBERED: Final = 4_096
_OPERATORS: Final = ("=", "!=", "=~", "!~")
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:.]*")
_FORM: Final = re.compile(rf"""({_NAME.pattern}|"(?:[^"\\]|\\.)*+")\s*+(=~|!~|!=|=)\s*+(.*)""", re.DOTALL)
_LITERALS: Final = re.compile(r"[A-Za-z0-9_ /:@%,;=<>~!&'\"#-]*(?:\|[A-Za-z0-9_ /:@%,;=<>~!&'\"#-]*)*")
_ESCAPES: Final = {"n": "\n", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label.

    Parameters
    ----------
    name
        The label.
    operator
        ``=``, ``!=``, ``=~`` or ``!~``.
    value
        The text, or the regular expression.

    Raises
    ------
    freehold.errors.BadRules
        If there is no such operator, or the expression is none or too large.
    """

    name: str
    operator: str
    value: str
    accepts: Accepts = field(init=False, repr=False, compare=False)
    """Whether a label's value meets the condition."""

    def __post_init__(self) -> None:
        if self.operator not in _OPERATORS:
            raise BadRules(f"'{self.operator}' is no operator of a matcher. Choose from: {', '.join(_OPERATORS)}.")
        if not self.name:
            raise BadRules('a matcher names no label. Write severity="red".')
        for text in (self.name, self.value):
            if len(text) > MOST_CHARACTERS:
                raise BadRules(f"a matcher on '{self.name[:50]}' is longer than {MOST_CHARACTERS:,} characters. Shorten it.")
            if not _is_text(text):
                raise BadRules(f"a matcher on {self.name[:50]!a} holds half a character (a lone surrogate). Remove it.")
        object.__setattr__(self, "accepts", _accepts(self.operator, self.value))

    def __str__(self) -> str:
        name = self.name if _NAME.fullmatch(self.name) else f'"{_escaped(self.name)}"'
        return f'{name}{self.operator}"{_escaped(self.value)}"'

    @property
    def is_regular(self) -> bool:
        """Whether the value is a regular expression."""
        return self.operator.endswith("~")

    @property
    def is_positive(self) -> bool:
        """Whether it asks for the value, not against it."""
        return not self.operator.startswith("!")


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _accepts(operator: str, value: str) -> Accepts:
    if operator == "=":
        return value.__eq__
    if operator == "!=":
        return value.__ne__
    matched = _expression(value)
    return matched if operator == "=~" else lambda text: not matched(text)


def _expression(pattern: str) -> Accepts:
    if _LITERALS.fullmatch(pattern):
        return frozenset(pattern.split("|")).__contains__
    if pattern == ".+":
        return lambda text: bool(text) and "\n" not in text
    from cel import compile as compile_rule

    program = compile_rule("value.matches(pattern)")
    whole = f"^(?:{pattern})$"
    known: dict[str, bool] = {}

    def accepts(text: str) -> bool:
        answer = known.get(text)
        if answer is None:
            answer = bool(program.execute({"value": text, "pattern": whole}))
            if len(known) >= _REMEMBERED:
                known.clear()
            known[text] = answer
        return answer

    try:
        accepts("")
    except (RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).partition("regex:")[2].split()).partition(". Check function")[0] or "it is not one"
        raise BadRules(f"'{pattern}' is no regular expression that can be used: {reason[:200]}. Mend it.") from None
    return accepts


def matches(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether labels meet all conditions; no condition is always met."""
    for matcher in matchers:  # noqa: SIM110  the hottest loop: all() with a generator takes twice as long
        if not matcher.accepts(labels.get(matcher.name, "")):
            return False
    return True


def parse_matcher(text: str) -> Matcher:
    """Read one condition in Alertmanager's notation.

    Parameters
    ----------
    text
        Such as ``severity="red"``, ``item!=gpu``, ``host=~"db.*"``; a name with other signs stands in quotes.

    Raises
    ------
    freehold.errors.BadRules
        If it is none.
    """
    found = _FORM.fullmatch(text.strip()) if len(text) <= 3 * MOST_CHARACTERS else None
    if found is None:
        raise BadRules(f"{text[:100]!r} is no matcher. Write a label, one of {', '.join(_OPERATORS)}, and a value in quotes.")
    name, operator, raw = found.groups()
    if name.startswith('"'):
        name = _plain(name[1:-1], text)
    if raw.startswith('"'):
        if len(raw) < 2 or not raw.endswith('"'):
            raise BadRules(f"in the matcher {text[:100]!r} a quote is not closed. Add one at its end.")
        raw = raw[1:-1]
    return Matcher(name, operator, _plain(raw, text))


def _plain(raw: str, text: str) -> str:
    parts: list[str] = []
    signs = iter(raw)
    for sign in signs:
        if sign == "\\":
            after = next(signs, "")
            parts.append(_ESCAPES.get(after, sign + after))
        elif sign == '"':
            raise BadRules(f'in the matcher {text[:100]!r} a quote stands within the value. Write \\" for it.')
        else:
            parts.append(sign)
    return "".join(parts)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Read conditions separated by commas, in braces or not; a comma in quotes separates nothing.

    Raises
    ------
    freehold.errors.BadRules
        If one of them is none, or there are more than :data:`MOST_MATCHERS`.
    """
    text = text.removeprefix("{").removesuffix("}")
    parts: list[str] = []
    part: list[str] = []
    quoted = escaped = False
    for sign in text:
        if sign == "," and not quoted:
            parts.append("".join(part))
            part = []
            continue
        if sign == '"' and not escaped:
            quoted = not quoted
        escaped = sign == "\\" and not escaped
        part.append(sign)
    last = "".join(part)
    if last.strip():
        parts.append(last)
    if len(parts) > MOST_MATCHERS:
        raise BadRules(f"{len(parts):,} matchers are more than {MOST_MATCHERS}. Use fewer, or a regular expression.")
    return tuple(map(parse_matcher, parts))


def written(matchers: Iterable[Matcher]) -> str:
    """Conditions as Alertmanager writes them: ``{item="gpu",severity=~"red|orange"}``."""
    return "{" + ",".join(map(str, matchers)) + "}"
