"""A condition on one event, written in CEL. Owns the seam between a rule's text and the evaluator, and what it may cost.

A condition names attributes by their own dotted names (``http.response.status_code >= 500``); ``has(NAME)`` asks whether
the event has one. It is compiled once. Its text is short, its functions are of a list without loops, so that its cost is
bounded by the length of the text and of the event's values. A condition that needs an attribute that the event does not
have is not met. One that cannot be evaluated (text compared with a number, a division by zero) is a fault of the rule.

Grammar and meaning: https://github.com/google/cel-spec, doc/langdef.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import cel

from freehold.stack.cells import nearest
from freehold.watch.event import Event, Json
from freehold.watch.match_patterns import pattern_problem
from freehold.watch.vocabulary import ATTRIBUTES, ENVELOPE, AttributeType

__all__ = [
    "FUNCTIONS",
    "LONGEST_CONDITION",
    "LONGEST_VALUE",
    "MOST_ATTRIBUTES",
    "BadCondition",
    "Condition",
    "ConditionFault",
    "compile_condition",
    "reader_of",
]

LONGEST_CONDITION: Final = 1_000
"""Characters of a condition."""

MOST_ATTRIBUTES: Final = 16
"""Attributes that one condition may name."""

LONGEST_VALUE: Final = 4_096
"""Characters of an attribute's text that conditions look at; the rest is cut off."""

FUNCTIONS: Final = ("contains", "startsWith", "endsWith", "matches", "size", "int", "double", "string", "has")
"""Functions that a condition may call."""

_DEEPEST: Final = 20
_REMEMBERED: Final = 512
_LONGEST_KEPT: Final = 256
_LARGEST_COUNT: Final = 2**53
_LARGEST_NUMBER: Final = 1e300
_WORDS: Final = frozenset({"true", "false", "null", "in"})
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>//[^\n]*)
    |(?P<raw>[rR](?:"[^"\n]*"|'[^'\n]*'))
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<number>(?:0x[0-9A-Fa-f]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)u?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    |(?P<mark>&&|\|\||==|!=|<=|>=|[-<>!+*/%?:()\[\],.])""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(.)")
_LOW: Final[Mapping[AttributeType, Json]] = {"text": "", "count": 1, "number": 1.5, "flag": False}
_HIGH: Final[Mapping[AttributeType, Json]] = {"text": "7", "count": 7, "number": 7.5, "flag": True}


class BadCondition(ValueError):
    """A condition that is not sound.

    Parameters
    ----------
    problem
        What is wrong.
    mend
        What to write instead.
    """

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(f"{problem}. {mend}")
        self.problem, self.mend = problem, mend


class ConditionFault(ValueError):
    """A condition could not be evaluated on an event that has all that it names."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


class Condition:
    """A compiled condition; :func:`compile_condition` makes it.

    Parameters
    ----------
    text
        As it was written.
    program
        Compiled, with a variable for every attribute.
    variables
        The program's variables, each with the attribute's name and type.
    asked
        The program's variables that say whether the event has an attribute, with its name.
    remembers
        Whether answers are kept by the values that they were given for: worth it where a pattern is matched.
    """

    __slots__ = ("_asked", "_order", "_program", "_readers", "_remembered", "_variables", "text")

    def __init__(
        self, text: str, program: cel.Program, variables: tuple[tuple[str, str, AttributeType], ...],
        asked: tuple[tuple[str, str], ...], *, remembers: bool,
    ) -> None:  # fmt: skip
        self.text = text
        self._program, self._variables, self._asked = program, variables, asked
        self._readers = tuple((variable, reader_of(name, type_)) for variable, name, type_ in variables)
        self._order = tuple(variable for variable, *_ in (*variables, *asked))
        self._remembered: dict[tuple[Any, ...], bool] | None = {} if remembers else None

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that it names."""
        return tuple(dict.fromkeys([name for _, name, _ in self._variables] + [name for _, name in self._asked]))

    def holds(self, event: Event) -> bool:
        """Whether it is met by an event; an attribute that the event lacks makes what needs it not met.

        Raises
        ------
        ConditionFault
            If it cannot be evaluated, and the event lacks none of what it names.
        """
        values: dict[str, Any] = {}
        missing = False
        for variable, read in self._readers:
            value = read(event)
            if value is None:
                missing = True
            else:
                values[variable] = value
        for variable, name in self._asked:
            values[variable] = name in ENVELOPE or event.data.get(name) is not None
        if self._remembered is None or any(isinstance(one, str) and len(one) > _LONGEST_KEPT for one in values.values()):
            return self._evaluate(values, missing=missing)
        key = tuple(values.get(variable) for variable in self._order)
        known = self._remembered.get(key)
        if known is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            known = self._remembered[key] = self._evaluate(values, missing=missing)
        return known

    def _evaluate(self, values: dict[str, Any], *, missing: bool) -> bool:
        try:
            result = self._program.execute(values)
        except Exception as error:  # noqa: BLE001  the evaluator raises whatever fits its own error
            if missing:
                return False
            raise ConditionFault(_reason(error)) from None
        if result is True or result is False:
            return result
        raise ConditionFault(f"it gives {_kind(result)}, not true or false")


def reader_of(name: str, type_: AttributeType) -> Callable[[Event], Json]:
    """Give what reads an attribute of an event, in the type that rules count on.

    Parameters
    ----------
    name
        One of the known names, or ``event.source``, ``event.subject``, ``event.type``.
    type_
        The type that it is to have.

    Returns
    -------
    Callable
        From an event to the value, ``None`` if it has none; raises :class:`ConditionFault` if it is of another type or not
        finite.
    """
    if name in ENVELOPE:
        field = name.removeprefix("event.")
        return lambda event: _text(getattr(event, field), name)
    read = _READERS[type_]
    return lambda event: None if (value := event.data.get(name)) is None else read(value, name)


def _text(value: Json, name: str) -> Json:
    if not isinstance(value, str):
        raise _mistyped(value, name, "text")
    if len(value) > LONGEST_VALUE:
        value = value[:LONGEST_VALUE]
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _count(value: Json, name: str) -> Json:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -_LARGEST_COUNT <= value <= _LARGEST_COUNT:
        raise _mistyped(value, name, "count")
    if value != int(value):
        raise _mistyped(value, name, "count")
    return int(value)


def _number(value: Json, name: str) -> Json:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -_LARGEST_NUMBER < value < _LARGEST_NUMBER:
        raise _mistyped(value, name, "number")
    return float(value)


def _flag(value: Json, name: str) -> Json:
    if not isinstance(value, bool):
        raise _mistyped(value, name, "flag")
    return value


def _mistyped(value: Json, name: str, type_: AttributeType) -> ConditionFault:
    return ConditionFault(f"{name} is {_kind(value)}, and a {type_} is expected")


_READERS: Final[Mapping[AttributeType, Callable[[Json, str], Json]]] = {
    "text": _text, "count": _count, "number": _number, "flag": _flag,
}  # fmt: skip


def compile_condition(text: str, more: Mapping[str, AttributeType] | None = None) -> Condition:
    """Compile a condition, and try it on made-up values so that what can never be evaluated is refused now.

    Parameters
    ----------
    text
        CEL.
    more
        Attributes that are known beside :data:`~freehold.watch.vocabulary.ATTRIBUTES`.

    Raises
    ------
    BadCondition
        With what is wrong, and the mend.
    """
    if len(text) > LONGEST_CONDITION:
        raise BadCondition(
            f"the condition has {len(text):,} characters, more than {LONGEST_CONDITION:,}", "Make two rules of it"
        )
    known: dict[str, AttributeType] = {**ATTRIBUTES, **(more or {})}
    for name in ENVELOPE:
        known[name] = "text"
    translation = _Translation(text, known)
    source = translation.source()
    if len(translation.variables) + len(translation.asked) > MOST_ATTRIBUTES:
        raise BadCondition(f"the condition names more than {MOST_ATTRIBUTES} attributes", "Make two rules of it")
    program = _compiled(source, text)
    variables = tuple((variable, name, known[name]) for variable, name in translation.variables.items())
    asked = tuple(translation.asked.items())
    _try(program, variables, asked)
    return Condition(text, program, variables, asked, remembers=translation.matches)


class _Translation:
    """A condition's text with each attribute's dots as underscores: of the same length, so that places stay."""

    def __init__(self, text: str, known: Mapping[str, str]) -> None:
        self._text, self._known = text, known
        self.variables: dict[str, str] = {}
        self.asked: dict[str, str] = {}
        self.matches = False

    def source(self) -> str:
        tokens = [token for token in self._tokens() if token.kind not in {"space", "comment"}]
        if not tokens:
            raise BadCondition("the condition is empty", "Leave it out, or write one such as http.response.status_code >= 500")
        out = list(self._text)
        self._depth(tokens)
        for at, token in enumerate(tokens):
            following = tokens[at + 1].text if at + 1 < len(tokens) else ""
            if token.kind == "name":
                self._name(tokens, at, following, out)
            elif token.text == "." and (
                at == 0 or not (tokens[at - 1].kind in {"text", "raw"} or tokens[at - 1].text in {")", "]"})
            ):
                raise BadCondition(f"the dot at column {token.start + 1} follows nothing", "Name an attribute whole")
        _compare_types(tokens, self._known)
        return "".join(out)

    def _tokens(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if found is None:
                raise BadCondition(
                    f"{self._text[at]!r} at column {at + 1} is not understood", "Conditions are written in CEL, text in quotes"
                )
            yield _Token(str(found.lastgroup), found[0], at)
            at = found.end()

    def _depth(self, tokens: list[_Token]) -> None:
        depth = 0
        for token in tokens:
            depth += (token.text in {"(", "["}) - (token.text in {")", "]"})
            if depth > _DEEPEST:
                raise BadCondition(f"the condition nests more than {_DEEPEST} brackets", "Make it flatter")

    def _name(self, tokens: list[_Token], at: int, following: str, out: list[str]) -> None:
        token = tokens[at]
        name, called = token.text, ""
        if following == "(":
            name, _, called = token.text.rpartition(".")
            if called not in FUNCTIONS:
                near = nearest(called, FUNCTIONS)
                mend = f"Did you mean '{near[0]}'?" if near else f"Functions: {', '.join(FUNCTIONS)}"
                raise BadCondition(f"'{called}' is no function of a condition", mend)
            if called == "has":
                if name:
                    raise BadCondition(f"'{token.text}' is no function of a condition", "Write has(gen_ai.agent.id)")
                self._has(tokens, at, out)
            if called == "matches":
                self._pattern(tokens, at)
            if not name:
                return
        if name in _WORDS and not called:
            return
        if at >= 2 and tokens[at - 1].text == "(" and tokens[at - 2].text == "has":
            return
        self.variables[self._variable(name)] = name
        for place in range(token.start, token.start + len(name)):
            out[place] = "_" if out[place] == "." else out[place]

    def _variable(self, name: str) -> str:
        if name not in self._known:
            near = nearest(name, tuple(self._known))
            mend = f"Did you mean '{near[0]}'?" if near else "Add an [[attribute]] with its name and type to the rule file"
            raise BadCondition(f"no attribute is called '{name}'", mend)
        return name.replace(".", "_")

    def _has(self, tokens: list[_Token], at: int, out: list[str]) -> None:
        inside = tokens[at + 2 : at + 4]
        if len(inside) < 2 or inside[0].kind != "name" or inside[1].text != ")":
            raise BadCondition("has() takes the name of one attribute", "Write has(gen_ai.agent.id)")
        variable = f"has_{self._variable(inside[0].text)}_"
        self.asked[variable] = inside[0].text
        start, end = tokens[at].start, inside[1].start + 1
        out[start:end] = variable.ljust(end - start)

    def _pattern(self, tokens: list[_Token], at: int) -> None:
        inside = tokens[at + 2 : at + 4]
        if len(inside) < 2 or inside[0].kind not in {"text", "raw"} or inside[1].text != ")":
            raise BadCondition("the pattern of matches() is not one text in quotes", "Write .matches('^gpt-')")
        literal = inside[0].text
        pattern = literal[2:-1] if inside[0].kind == "raw" else _ESCAPE.sub(r"\1", literal[1:-1])
        problem = pattern_problem(pattern)
        if problem:
            raise BadCondition(problem, "Write a shorter one, or startsWith() and contains()")
        self.matches = True


def _compare_types(tokens: list[_Token], known: Mapping[str, str]) -> None:
    """Refuse ``NAME == "text"`` where NAME is a number and the reverse: CEL says false to it, for ever and silently."""
    for before, sign, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if sign.text not in {"==", "!="}:
            continue
        for name, other in ((before, after), (after, before)):
            type_ = known.get(name.text) if name.kind == "name" else None
            is_text = other.kind in {"text", "raw"}
            if (type_ in {"count", "number", "flag"} and is_text) or (type_ in {"text", "flag"} and other.kind == "number"):
                raise BadCondition(
                    f"'{name.text}' is a {type_} and {other.text} is {'text' if is_text else 'a number'}: they are never equal",
                    "Compare it with a value of its own type",
                )


def _compiled(source: str, text: str) -> cel.Program:
    try:
        return cel.compile(source)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  a parser that panics raises what is no Exception
        problem = str(error).replace(source, text)
        place = re.search(r"<input>:\d+:\d+: (?:Syntax error: )?([^\n]*)", problem)
        column = re.search(r"<input>:(\d+):(\d+)", problem)
        where = f" at line {column[1]}, column {column[2]}" if column else ""
        reason = (place[1] if place else "it cannot be parsed").split(" expecting ")[0]
        raise BadCondition(f"the condition is not CEL{where}: {reason}", "Mend it; text is in quotes, 'and' is &&") from None


def _try(
    program: cel.Program, variables: tuple[tuple[str, str, AttributeType], ...], asked: tuple[tuple[str, str], ...]
) -> None:
    """Evaluate on low values, on high ones, and with each one changed."""
    rows: list[dict[str, Any]] = []
    for values, others in ((_LOW, _HIGH), (_HIGH, _LOW)):
        row = {variable: values[type_] for variable, _, type_ in variables} | {variable: True for variable, _ in asked}
        rows += [row, *({**row, variable: others[type_]} for variable, _, type_ in variables)]
    for row in rows:
        try:
            result = program.execute(row)
        except TypeError:
            mend = "Compare and combine values of one type; a number with a fraction is compared with 2.0, not 2, in sums"
            raise BadCondition("the condition compares or combines values of different types", mend) from None
        except RuntimeError as error:
            if "valid regex" in str(error):
                reason = str(error).partition("error: ")[2].rpartition("error: ")[2].removesuffix(_CHECK)
                raise BadCondition(
                    f"a pattern is none: {reason}", "Mend the pattern; look-around and back-references are not known"
                ) from None
            if "Undefined" in str(error):
                raise BadCondition(
                    "the condition calls a function on what it cannot take", "See the list of functions"
                ) from None
        except Exception:  # noqa: BLE001, S112  a division by zero and the like depend on the values: the event's own will tell
            continue
        else:
            if not isinstance(result, bool):
                raise BadCondition(f"the condition gives {_kind(result)}, not true or false", "Compare it with something")


_CHECK: Final = ". Check function arguments and their types."


def _reason(error: Exception) -> str:
    reasons: tuple[tuple[type[Exception], str], ...] = (
        (ZeroDivisionError, "it divides by zero"),
        (OverflowError, "a number grows too large"),
        (TypeError, "it compares or combines values of different types"),
    )
    for kind, reason in reasons:
        if isinstance(error, kind):
            return reason
    return str(error).removesuffix(_CHECK).split("\n")[0][:200]


def _kind(value: object) -> str:
    names: Mapping[type, str] = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a table",
    }
    if isinstance(value, float) and not math.isfinite(value):
        return "not a finite number"
    return names.get(type(value), "of another kind")
