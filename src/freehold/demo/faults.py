"""What can be wrong with a stand-in, as a value. Owns the faults by name and which requests each one meets."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

__all__ = ["FAULTS", "NO_FAULT", "Behaviour", "Fault", "FaultKind", "meets"]

FaultKind: TypeAlias = Literal[
    "none",
    "dead",
    "refused",
    "reset",
    "hang",
    "latency",
    "slow",
    "rate_limited",
    "server_error",
    "unavailable",
    "expired_key",
    "truncated",
    "unfinished",
    "nonsense",
    "not_http",
    "wrong_type",
    "endless_line",
    "wrong_model",
]
"""Names of faults.

``dead``: the port is closed and every connection is cut; ``refused``: the port is closed, connections that are open stay;
``reset``: each request is answered with a TCP reset; ``hang``: it is never answered; ``latency``: the answer begins late;
``slow``: its tokens come slowly; ``rate_limited``, ``server_error``, ``unavailable``, ``expired_key``: 429, 500, 503, 401
in the dialect's own form; ``truncated``: the connection breaks in mid-answer; ``unfinished``: a stream ends properly, but
without its last frames; ``nonsense``: bytes that are no text; ``not_http``: bytes that are no HTTP; ``wrong_type``: a page
of HTML; ``endless_line``: a line without an end; ``wrong_model``: another model answers than was asked.
"""
FAULTS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)

_Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=86_400)]


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One fault.

    Parameters
    ----------
    kind
        Which.
    seconds
        ``latency``: before the answer; ``slow``: between tokens; ``rate_limited`` and ``unavailable``: the Retry-After, 0
        for none.
    after
        Frames that still come well: ``truncated``, ``unfinished``, ``nonsense``, ``endless_line``.
    share
        Part of the requests that it meets, spread evenly; ``dead`` and ``refused`` meet all.
    model
        ``wrong_model``: who answers instead.
    """

    kind: FaultKind = "none"
    seconds: _Seconds = 0.0
    after: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    share: Annotated[float, Meta(ge=0, le=1)] = 1.0
    model: str = "some-other-model"


NO_FAULT: Final = Fault()


def meets(fault: Fault, number: int) -> bool:
    """Whether a fault meets the request of a number, counted from 0 when the fault was set: evenly spread, never by chance."""
    return fault.kind != "none" and int((number + 1) * fault.share + 1e-9) > int(number * fault.share + 1e-9)


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a stand-in that is well behaves.

    Parameters
    ----------
    tokens
        Tokens of an answer; 0: as many as were recorded. Longer answers repeat the recorded words.
    first_token_seconds, token_seconds
        Time before the first token and between two.
    slots
        Requests worked on at once, the others wait; 0: no limit.
    tool
        The tool that is called whenever it is offered; empty: the first that is offered.
    arguments
        Its arguments; empty: the recorded ones, or made from the tool's schema.
    always_calls
        Whether a tool is called again after its result has come: what a runaway agent's model does.
    """

    tokens: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    first_token_seconds: _Seconds = 0.0
    token_seconds: _Seconds = 0.0
    slots: Annotated[int, Meta(ge=0, le=100_000)] = 0
    tool: str = ""
    arguments: dict[str, bool | int | float | str | None] = {}
    always_calls: bool = False
