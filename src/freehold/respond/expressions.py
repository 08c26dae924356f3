"""Expressions of a playbook, in CEL: conditions, switches, what a step sets. Owns what they may see and what they may cost.

An expression sees the playbook's variables by name (all of them also as ``vars["name"]``), ``incident`` (``id``, ``state``,
``level_low``, ``level_high``, ``firing``), ``labels``, and, after an action, ``result``. It is short, and has no loops.

Grammar and meaning: https://github.com/google/cel-spec, doc/langdef.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import cel

from freehold.errors import BadPlaybook
from freehold.watch.event import Json

__all__ = ["LONGEST_EXPRESSION", "LONGEST_TEXT", "check_expression", "evaluate"]

LONGEST_EXPRESSION: Final = 1_000
LONGEST_TEXT: Final = 10_000
"""Characters of a text that an expression gives: in a loop, a text that is joined to itself grows without end."""
_LOOPS: Final = re.compile(r"\.\s*(all|exists|exists_one|map|filter)\s*\(")
_STRING: Final = re.compile(r"""[rRbB]{0,2}("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_FUNCTIONS: Final = frozenset(
    {"size", "contains", "startsWith", "endsWith", "matches", "int", "double", "string", "bool", "has", "min", "max"}
)


@lru_cache(maxsize=2_048)
def _compiled(text: str) -> Any:
    if len(text) > LONGEST_EXPRESSION:
        raise BadPlaybook(f"an expression of {len(text):,} characters is longer than {LONGEST_EXPRESSION:,}. Make it shorter.")
    bare = _STRING.sub("''", text)
    if "{" in bare or _LOOPS.search(bare):
        raise BadPlaybook(f"'{text[:80]}' has a loop or builds a value. An expression compares, counts and joins; no more.")
    try:
        program = cel.compile(text)
        called = [name for name in program.functions() if name.isidentifier() and not name.startswith("_")]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  a parser that panics raises what is no Exception
        reason = str(error).split("\n")[0].partition("ERROR: ")[2].split(" expecting ")[0] or "it cannot be parsed"
        raise BadPlaybook(
            f"'{text[:80]}' is not CEL ({reason[:120]}). Write such as: percent < 100 && vars[\"model\"] == 'a'"
        ) from None
    strange = sorted(set(called) - _FUNCTIONS)
    if strange:
        raise BadPlaybook(f"'{strange[0]}' is no function here. Functions: {', '.join(sorted(_FUNCTIONS))}.")
    return program


def check_expression(text: str, names: frozenset[str]) -> None:
    """See that an expression can be evaluated over these names.

    Raises
    ------
    freehold.errors.BadPlaybook
        If it is no CEL, too long, has loops, or names what is not there.
    """
    unknown = sorted(set(_compiled(text).variables()) - names)
    if unknown:
        raise BadPlaybook(f"'{unknown[0]}' is no variable. There are: {', '.join(sorted(names))}.")


def evaluate(text: str, values: Mapping[str, Json]) -> Json:
    """The value of an expression.

    Raises
    ------
    freehold.errors.BadPlaybook
        If it has none over these values: a comparison of text with a number, a name that is not there.
    """
    program = _compiled(text)
    try:
        value = program.execute(dict(values))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  see above
        raise BadPlaybook(f"'{text[:80]}' has no value here: {str(error).split('. ')[0][:200]}.") from None
    if value is not None and not isinstance(value, (bool, int, float, str)):
        raise BadPlaybook(f"'{text[:80]}' gives {type(value).__name__}. An expression gives a truth, a number or a text.")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise BadPlaybook(
            f"'{text[:80]}' gives a text of {len(value):,} characters, and {LONGEST_TEXT:,} are the most. Keep a part of it."
        )
    return value
