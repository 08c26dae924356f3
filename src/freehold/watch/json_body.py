"""JSON from the network, decoded without trust. Owns what can be wrong with it, as one error with a mend.

NaN, infinities, half surrogate pairs, bytes that are not UTF-8 and nesting without end are refused by the decoder.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from freehold.errors import BadSignal

__all__ = ["MOST_OBJECTS", "read_any_json", "read_json"]

_T = TypeVar("_T")
MOST_OBJECTS: Final = 500_000
"""Objects and lists of one body: each takes far more room than its two brackets."""
_ANY: Final = msgspec.json.Decoder()


def read_json(body: bytes, decoder: msgspec.json.Decoder[_T], what: str) -> _T:
    """Decode JSON that must have a form.

    Parameters
    ----------
    body
        What was sent.
    decoder
        Knows the form.
    what
        What it should be, for the message: ``an alert``.

    Raises
    ------
    freehold.errors.BadSignal
        If it is no JSON, or not of that form; the message names the place, such as ``$[2].labels``.
    """
    if len(body) > MOST_OBJECTS and body.count(b"{") + body.count(b"[") > MOST_OBJECTS:
        raise BadSignal(f"the body has more than {MOST_OBJECTS} objects and lists. Send smaller ones; nothing of it was taken.")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise BadSignal(f"the body is not {what}: {error}. Nothing of it was taken.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadSignal(f"the body is not JSON ({error}). Nothing of it was taken.") from None
    except RecursionError:
        raise BadSignal("the body nests deeper than any honest use. Nothing of it was taken.") from None


def read_any_json(body: bytes, what: str) -> Any:
    """Decode JSON of any form; see :func:`read_json`."""
    return read_json(body, _ANY, what)
