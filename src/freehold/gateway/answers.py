"""Errors as a client of OpenAI's interface reads them. Owns the seam between a refusal here and what a client library raises.

The shape is the published one: an object ``error`` with ``message``, ``type``, ``param`` and ``code``. Inside a stream it is
an event; client libraries raise it in the place where the next piece of text would have come.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

__all__ = ["Refusal", "error_body", "error_event"]

_ENCODE: Final = msgspec.json.Encoder()
_TYPES: Final = {
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
    405: "invalid_request_error", 408: "timeout_error", 411: "invalid_request_error", 413: "invalid_request_error",
    415: "invalid_request_error", 429: "rate_limit_error",
}  # fmt: skip
_MOST: Final = 2_000


@dataclass(slots=True)
class Refusal(Exception):
    """A request that is not carried out, or not to its end.

    Parameters
    ----------
    status
        The HTTP status, where the answer has not begun.
    code
        In one word, for programs: ``stopped``, ``tool_refused``, ``budget_spent``.
    message
        What, why and the mend, for people.
    headers
        Further headers, such as ``retry-after``.
    details
        Further keys of the error object.
    """

    status: int
    code: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message


def _error(refusal: Refusal) -> dict[str, Any]:
    kind = _TYPES.get(refusal.status, "server_error")
    message = refusal.message[:_MOST].encode("utf-8", "replace").decode()
    return {"message": message, "type": kind, "param": None, "code": refusal.code, **refusal.details}


def _encoded(told: Any) -> bytes:
    """As JSON; where somebody else's bytes that are no text have got into it, their escapes stand for them."""
    try:
        return _ENCODE.encode(told)
    except UnicodeEncodeError:
        return json.dumps(told, default=str).encode()


def error_body(refusal: Refusal) -> bytes:
    """The JSON body that tells a refusal."""
    return _encoded({"error": _error(refusal)})


def error_event(refusal: Refusal, kind: str) -> bytes:
    """The server-sent event that tells it inside a stream, in the form of the operation ``kind``."""
    error = _error(refusal)
    if kind != "responses":
        return b"data: " + _encoded({"error": error}) + b"\n\n"
    told = {"type": "error", "code": refusal.code, "message": error["message"], "param": None, "error": error}
    return b"event: error\ndata: " + _encoded(told) + b"\n\n"
