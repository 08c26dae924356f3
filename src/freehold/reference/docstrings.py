"""Docstrings and signatures as Markdown. Owns the seam between numpydoc sections and the reference pages."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Mapping
from typing import Any

from freehold.reference.markdown import fenced, from_docstring

__all__ = ["documented", "first_sentence", "sections_of", "signature_of"]

_UNDERLINE = re.compile(r"-{3,}")
_WIDE = 100


def sections_of(doc: str) -> Mapping[str, str]:
    """Split a docstring: what stands before the first heading is under the empty name."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    lines = inspect.cleandoc(doc).splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if _UNDERLINE.fullmatch(after) and line.strip():
            name = line.strip()
            found[name] = []
        elif not (_UNDERLINE.fullmatch(line) and not found[name]):
            found[name].append(line)
    return {name: "\n".join(lines).strip("\n") for name, lines in found.items()}


def first_sentence(doc: str) -> str:
    """The first paragraph as one line."""
    return from_docstring(" ".join(inspect.cleandoc(doc).partition("\n\n")[0].split()))


def documented(doc: str) -> str:
    """A whole docstring as Markdown."""
    parts = []
    for name, text in sections_of(doc).items():
        if not name:
            parts.append(from_docstring(text))
            continue
        rows = [f"**{name}**", ""]
        for line in text.splitlines():
            if line.strip() and not line.startswith(" "):
                rows.append(f"- `{line.strip()}`:")
            elif line.strip():
                rows[-1] += " " + from_docstring(line.strip())
        parts.append("\n".join(rows).replace("`:\n", "`\n").removesuffix(":"))
    return "\n\n".join(part for part in parts if part)


def signature_of(name: str, thing: Any) -> str:
    """How a thing is called, as a block of Python; empty for a constant."""
    if not callable(thing) or (isinstance(thing, type) and not dataclasses.is_dataclass(thing)):
        return ""
    given = inspect.signature(thing)
    parts = []
    keyword_only = False
    for parameter in given.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        parts.append(_parameter(parameter))
    back = "" if isinstance(thing, type) or given.return_annotation in (None, given.empty) else f" -> {given.return_annotation}"
    line = f"{name}({', '.join(parts)}){back}"
    if len(line) > _WIDE:
        line = f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){back}"
    return fenced(line, "python")


def _parameter(parameter: inspect.Parameter) -> str:
    text = parameter.name
    if parameter.annotation is not parameter.empty:
        text += f": {parameter.annotation}"
    if parameter.default is not parameter.empty:
        default = parameter.default
        text += " = " + ("..." if repr(default).startswith("<") else repr(default))
    return text
