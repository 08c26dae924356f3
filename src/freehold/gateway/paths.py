"""Which path a request means. Owns the seam between the request line as it came and the address at an upstream.

A path that two servers may read in two ways is refused, since what is judged here must be what is done there: empty
segments, ``.`` and ``..``, encoded slashes, dots and backslashes, parameters, and anything but an absolute path.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from yarl import URL

__all__ = ["UNDERSTOOD", "address_at", "kind_of", "path_problem"]

UNDERSTOOD: Final = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "text_completion",
    "/v1/responses": "responses",
    "/v1/embeddings": "embeddings",
}
"""Paths whose bodies are looked at, and the operation that each is."""

_MOST: Final = 2_048
_PLAIN: Final = re.compile(r"(?:/[A-Za-z0-9_~!$&'()*+,=:@.%-]+)+/?")
_ENCODED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|%(?:2[eEfF]|5[cC]|25|0[0-9A-Fa-f]|1[0-9A-Fa-f]|7[fF]|3[bB])")
_QUERY: Final = re.compile(r"[\x21-\x7e]*")


def path_problem(target: str) -> str | None:
    """What is wrong with a request's target, or ``None``.

    Parameters
    ----------
    target
        As it stood in the request line, with its query.
    """
    if len(target) > _MOST:
        return f"the path is longer than {_MOST:,} characters"
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        return "the request names a whole address instead of a path: this is no open proxy"
    if path != "/" and not _PLAIN.fullmatch(path):
        return "the path holds an empty segment or a character that servers read in different ways"
    if _ENCODED.search(path):
        return "the path hides a slash, a dot or a control character behind a percent sign"
    if any(segment in (".", "..") for segment in path.split("/")):
        return "the path holds '.' or '..'"
    if not _QUERY.fullmatch(query) or "#" in query:
        return "the query holds a character that does not belong there"
    lowered = unquote(path).lower().rstrip("/")
    if lowered != unquote(path) and lowered in UNDERSTOOD:
        return f"the path is spelt otherwise than {lowered}"
    return None


def kind_of(path: str) -> str | None:
    """The operation that a sound path is; ``None`` for one that is passed through unread."""
    return UNDERSTOOD.get(path)


def address_at(base: URL, target: str) -> URL | None:
    """Where a sound target lies at an upstream.

    Parameters
    ----------
    base
        The address under which the upstream's ``/chat/completions`` hangs, such as ``http://127.0.0.1:8000/v1``.
    target
        The path asked of the gateway, with its query.

    Returns
    -------
    yarl.URL or None
        ``/v1/…`` goes under the base; anything else beside its ``/v1``. ``None`` if the base has no such place: nothing
        outside the upstream's own paths can be reached.
    """
    root = base.raw_path.rstrip("/")
    path, mark, query = target.partition("?")
    if path == "/v1" or path.startswith("/v1/"):
        whole = root + path[3:]
    elif root == "/v1" or root.endswith("/v1"):
        whole = root[:-3] + path
    else:
        return None
    return URL(f"{base.scheme}://{base.raw_authority}{whole}{mark}{query}", encoded=True)
