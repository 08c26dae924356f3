"""The beginning of an upstream's answer, as far as it is read before anything goes to the client. Owns what is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import ClientError, ClientResponse
from multidict import CIMultiDict

from freehold.gateway.answers import Refusal
from freehold.gateway.failures import AttemptFailed
from freehold.gateway.headers import KEYS, plain
from freehold.gateway.streams import BYTE_ORDER_MARK, FIELDS, MOST_EVENT, cut_of
from freehold.gateway.whole_answers import Answer

__all__ = ["first_event", "is_stream", "read_whole", "see_head", "whole_body"]

_MOST_SAID: Final = 2_000
_LEAST_KEY: Final = 8
"""Characters below which what stands in the place of a key is none, but a word that servers want to see there."""
_AGAIN: Final = frozenset({408, 500, 502, 503, 504, 529})


def is_stream(response: ClientResponse) -> bool:
    """Whether an answer says that it is a stream of events."""
    return "event-stream" in response.headers.get("content-type", "").lower()


async def see_head(response: ClientResponse, sent: CIMultiDict[str], *, own_key: bool) -> None:
    """See whether the head of an answer is one that a client can be given.

    Parameters
    ----------
    response
        The answer.
    sent
        Headers of the request: a key among them may be repeated in what is said of an error.
    own_key
        Whether the upstream was asked with the gateway's key: then a refusal of the key is not the client's fault.

    Raises
    ------
    freehold.gateway.failures.AttemptFailed
        If it is none.
    """
    status = response.status
    if status == 429:
        wait = _seconds(response.headers.get("retry-after"))
        raise AttemptFailed(429, f"it takes no more now ({await _said(response, _keys(sent))})", retry_after=wait, limited=True)
    if status in _AGAIN or status >= 500:
        raise AttemptFailed(
            status, f"it failed with {status} ({await _said(response, _keys(sent))})", kind="server_error", again=True
        )
    if status in (401, 403) and own_key:
        said = await _said(response, _keys(sent))
        raise AttemptFailed(502, f"it refused the gateway's key with {status} ({said})", kind="key_refused")
    if 300 <= status < 400:
        raise AttemptFailed(502, "it sends the client elsewhere, where the gateway is not asked", kind="not_understood")
    if status < 300:
        kind = response.headers.get("content-type", "application/json").lower()
        if "json" not in kind and "event-stream" not in kind:
            raise AttemptFailed(502, f"it answered {plain(kind, 60)} instead of JSON", kind="not_understood")
        if response.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
            raise AttemptFailed(502, "it answered compressed, though it was asked not to", kind="not_understood")


def _keys(headers: CIMultiDict[str]) -> tuple[str, ...]:
    given = (headers.get(name, "") for name in KEYS)
    keys = (one[7:].strip() if one[:7].lower() == "bearer " else one for one in given)
    return tuple(key for key in keys if len(key) >= _LEAST_KEY)


async def _said(response: ClientResponse, keys: tuple[str, ...]) -> str:
    """What an upstream says of an error, bounded."""
    content = bytearray()
    try:
        while len(content) < _MOST_SAID and (piece := await response.content.readany()):
            content += piece
    except (ClientError, OSError):
        return "its answer broke off"
    text = bytes(content[:_MOST_SAID]).decode("utf-8", "replace")
    try:
        read = msgspec.json.decode(text)
        error = read.get("error", read) if isinstance(read, dict) else read
        said = error.get("message", error) if isinstance(error, dict) else error
    except (msgspec.DecodeError, RecursionError):
        said = text
    said = " ".join(str(said).split())
    for key in keys:
        said = said.replace(key, "…")
    return said[:300] or "it said nothing"


def _seconds(text: str | None) -> float | None:
    try:
        found = float(text) if text else None
    except ValueError:
        return None
    return found if found is not None and 0 <= found < 86_400 else None


async def first_event(response: ClientResponse, first: bytes) -> bytes:
    """All that came until the first event was whole: until then, another upstream can still be asked.

    Raises
    ------
    freehold.gateway.failures.AttemptFailed
        If it is no stream of events.
    """
    pieces, looked = bytearray(first), 0
    while not cut_of(pieces, looked) and len(pieces) <= MOST_EVENT:
        looked = max(len(pieces) - 3, 0)
        piece = await response.content.readany()
        if not piece:
            break
        pieces += piece
    if not pieces.removeprefix(BYTE_ORDER_MARK).lstrip(b"\r\n").startswith(FIELDS):
        raise AttemptFailed(502, "it streams what are no events", kind="not_understood")
    return bytes(pieces)


async def whole_body(response: ClientResponse, first: bytes, most: int, went_on: Callable[[], None]) -> bytes:
    """All of an answer in one piece.

    Parameters
    ----------
    response
        The answer.
    first
        What was read of it.
    most
        The most bytes that it may have.
    went_on
        Called with each piece.

    Raises
    ------
    freehold.gateway.failures.AttemptFailed
        If it is larger.
    """
    pieces, length = [first], len(first)
    while piece := await response.content.readany():
        went_on()
        pieces.append(piece)
        length += len(piece)
        if length > most:
            raise AttemptFailed(502, f"its answer is larger than {most:,} bytes", kind="not_understood")
    return first if len(pieces) == 1 else b"".join(pieces)


def read_whole(body: bytes) -> Answer:
    """An answer from its bytes.

    Raises
    ------
    freehold.gateway.failures.AttemptFailed
        If it is none.
    """
    try:
        return Answer(body)
    except Refusal as refusal:
        raise AttemptFailed(502, refusal.message.removeprefix("the upstream ").rstrip("."), kind="not_understood") from None
