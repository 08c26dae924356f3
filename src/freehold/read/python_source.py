"""Values in Python source code, by its syntax tree. Owns what counts as a value there.

Docstrings, comments, comparisons, assertions, messages of exceptions and what runs only when the file is started by
hand (``if __name__ == "__main__"``) are no values of the program.
"""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from freehold.read.mentions import Mention
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Skip

__all__ = ["read_python_source"]

_Keys = tuple[str, ...]
_Work = tuple[ast.AST, _Keys, frozenset[str]]
_NOTHING: Final[frozenset[str]] = frozenset()


def read_python_source(file: SourceFile, text: str, lines: Sequence[int]) -> list[Mention] | Skip:
    """Read the values of a Python file that stand on some of its lines, or say why not.

    Parameters
    ----------
    file, text
        The file.
    lines
        Sorted; parts of the syntax tree without any of these lines are passed over.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (RecursionError, MemoryError):
        return Skip(file.relative, "too-deep", "Its syntax tree is too deep to be read.")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return Skip(file.relative, "syntax", "It is not Python of a version known" + (f", line {line}." if line else "."))
    return list(_values(tree, lines))


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return ""


def _with(keys: _Keys, name: str) -> _Keys:
    return (*keys[-5:], name) if name else keys


def _is_started_by_hand(node: ast.If) -> bool:
    test = node.test
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _is_of_interest(node: ast.AST, lines: Sequence[int]) -> bool:
    first = getattr(node, "lineno", None)
    if first is None:
        return not isinstance(node, (ast.expr_context, ast.operator))
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= node.end_lineno  # type: ignore[attr-defined]


def _values(tree: ast.AST, lines: Sequence[int]) -> Iterator[Mention]:
    pending: list[_Work] = [(tree, (), _NOTHING)]
    while pending:
        node, keys, companions = pending.pop()
        if not _is_of_interest(node, lines):
            continue
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and node.value:
                yield Mention(node.value, node.lineno, keys, companions)
        elif isinstance(node, ast.JoinedStr):
            yield Mention(_joined(node), node.lineno, keys, companions)
            pending += [(part.value, keys, companions) for part in node.values if isinstance(part, ast.FormattedValue)]
        elif isinstance(node, (ast.Compare, ast.Raise, ast.Assert, ast.Import, ast.ImportFrom, ast.Global, ast.Pass)):
            continue
        else:
            pending += reversed(list(_inner(node, keys, companions)))


def _joined(node: ast.JoinedStr) -> str:
    return "".join(
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "{}" for part in node.values
    )


def _inner(node: ast.AST, keys: _Keys, companions: frozenset[str]) -> Iterable[_Work]:
    if isinstance(node, ast.Expr):
        return [] if isinstance(node.value, (ast.Constant, ast.JoinedStr)) else [(node.value, keys, companions)]
    if isinstance(node, ast.Assign):
        return [(node.value, _with(keys, _name(node.targets[0])), companions)]
    if isinstance(node, (ast.AnnAssign, ast.NamedExpr, ast.AugAssign)):
        return [(node.value, _with(keys, _name(node.target)), companions)] if node.value is not None else []
    if isinstance(node, ast.Call):
        return _call(node, keys)
    if isinstance(node, ast.Dict):
        return _table(node, keys)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return _function(node, keys)
    if isinstance(node, ast.ClassDef):
        own = _with((), node.name + "{}")
        return [*((inner, own, _NOTHING) for inner in node.body), *((inner, keys, _NOTHING) for inner in node.decorator_list)]
    if isinstance(node, ast.If) and _is_started_by_hand(node):
        return [(inner, keys, companions) for inner in node.orelse]
    if isinstance(node, ast.Subscript):
        return [(node.value, keys, companions)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _sum(node, keys, companions)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return [(node.left, keys, companions)]
    return [(inner, keys, companions) for inner in ast.iter_child_nodes(node)]


def _sum(node: ast.BinOp, keys: _Keys, companions: frozenset[str]) -> Iterable[_Work]:
    """A sum of texts is one text: what is not known of it when it is read becomes ``{}``."""
    parts: list[ast.expr] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
        parts.append(left.right)
        left = left.left
    parts.append(left)
    parts.reverse()
    texts = [
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str)
        else _joined(part) if isinstance(part, ast.JoinedStr) else "{}"
        for part in parts
    ]  # fmt: skip
    whole = ast.copy_location(ast.Constant("".join(texts)), node)
    rest = [part for part in parts if not isinstance(part, (ast.Constant, ast.JoinedStr))]
    return [(whole, keys, companions), *((part, keys, companions) for part in rest)]


def _call(node: ast.Call, keys: _Keys) -> Iterable[_Work]:
    callee = _name(node.func)
    beside = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
    inner = _with(keys, callee + "()") if callee else keys
    given = list(node.args)
    work: list[_Work] = []
    first = given[0] if given else None
    if (
        len(given) + len(node.keywords) > 1
        and isinstance(first, ast.Constant)
        and isinstance(first.value, str)
        and first.value.replace("_", "a").replace("-", "a").isalnum()
    ):
        named = _with(inner, first.value)
        work += [(argument, named, beside) for argument in given[1:]]
        work += [
            (keyword.value, _with(named, "" if keyword.arg == "default" else keyword.arg or ""), beside)
            for keyword in node.keywords
        ]
        work.append((first, inner, beside))
    else:
        work += [(argument, inner, beside) for argument in given]
        work += [(keyword.value, _with(inner, keyword.arg or ""), beside) for keyword in node.keywords]
    if isinstance(node.func, ast.Attribute):
        formatted = node.func.attr in {"format", "rstrip", "strip", "lower", "encode"}
        work.append((node.func.value, keys if formatted else _with(keys, callee + "()"), _NOTHING))
    return work


def _table(node: ast.Dict, keys: _Keys) -> Iterable[_Work]:
    names = [key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else "" for key in node.keys]
    beside = frozenset(name for name in names if name)
    return [(value, _with(keys, name), beside) for name, value in zip(names, node.values, strict=True)]


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, keys: _Keys) -> Iterable[_Work]:
    told = node.args
    names = [argument.arg for argument in (*told.posonlyargs, *told.args)]
    beside = frozenset((*names, *(argument.arg for argument in told.kwonlyargs)))
    own = keys if isinstance(node, ast.Lambda) else _with((), node.name + "{}")
    work: list[_Work] = [
        (default, (name,), beside)
        for name, default in zip(names[len(names) - len(told.defaults) :], told.defaults, strict=True)
    ]
    work += [
        (default, (argument.arg,), beside)
        for argument, default in zip(told.kwonlyargs, told.kw_defaults, strict=True)
        if default
    ]
    if isinstance(node, ast.Lambda):
        return [*work, (node.body, own, _NOTHING)]
    work += [(inner, own, _NOTHING) for inner in node.body]
    return [*work, *((inner, keys, _NOTHING) for inner in node.decorator_list)]
