"""Lines of source code that may hold a host or a model, found in its bytes. Owns speed, and no judgement.

Parsing is what costs; most files hold nothing of interest, and in the others most lines do not. What this module
lets through is judged by its syntax; what it holds back could never have been judged a host or a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

__all__ = ["lines_of_interest", "speaks_of_inference"]

_ADDRESS: Final = re.compile(rb"""["'`][a-z][a-z0-9+.-]{1,20}://(?!localhost|127\.|docs?\.)""")
_MODEL: Final = re.compile(
    rb"""(?:model|llm|engine|deployment)(?:[_-]?(?:name|id))?["']?\]?\s*(?::[^=\n"']{1,60})?[=:,]\s*(?:\w[\w.]*\(\s*)?(?:default\s*=\s*)?"""
    rb"""(?:["'`]\w*["'`]\s*,\s*(?:default\s*=\s*)?)?"""
    rb"""(?:[\w.]+\s*(?:or|\|\||\?\?)\s*)?f?["'`]|from_pretrained\(|sentencetransformer\(|crossencoder\("""
)
_DOTTED: Final = re.compile(rb"""["'`](?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:/[\w./-]*)?["'`]""")
_NAMES_HOST: Final = re.compile(rb"host|server|endpoint|domain|broker|fqdn|gateway|authority|url|uri|base|registry")
_INFERENCE: Final = (
    b"prompt", b"max_tokens", b"maxtokens", b"temperature", b"completion", b"embedding", b"from_pretrained", b"llm", b"openai",
    b"tokenizer", b"transformers",
)  # fmt: skip


def speaks_of_inference(data: bytes) -> bool:
    """Whether a file speaks of models that infer: prompts, tokens, completions, embeddings."""
    lower = data.lower()
    return any(word in lower for word in _INFERENCE)


def lines_of_interest(data: bytes) -> Sequence[int]:
    """The lines, sorted, on which an address, a host beside a name for one, or a model may stand as a text."""
    lower = data.lower()
    offsets = set(_offsets(lower))
    if not offsets:
        return ()
    lines, at, line = [], 0, 1
    for offset in sorted(offsets):
        line += lower.count(b"\n", at, offset)
        at = offset
        lines.append(line)
    return lines


def _offsets(lower: bytes) -> Iterator[int]:
    if b"://" in lower:
        yield from (match.start() for match in _ADDRESS.finditer(lower))
    if (b"messages" in lower or any(word in lower for word in _INFERENCE)) and (
        b"model" in lower or b"llm" in lower or b"engine" in lower
    ):
        yield from (match.end() - 1 for match in _MODEL.finditer(lower))
    for match in _DOTTED.finditer(lower):
        before = lower[max(match.start() - 120, 0) : match.start()]
        if _NAMES_HOST.search(before):
            yield match.start()
