"""Answers over HTTP in one shape, and the headers that stand on all of them. Owns the seam between our errors and statuses."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, Final

import msgspec
from aiohttp import web

from freehold.errors import BadSignal, FreeholdError, NotAllowed, Overloaded, TooLarge, UnknownId
from freehold.log import log

__all__ = ["Handler", "asset", "guarded", "json_answer", "problem"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_STATUSES: Final = ((TooLarge, 413), (BadSignal, 400), (NotAllowed, 409), (UnknownId, 404))
_TYPES: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def json_answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Data as JSON."""
    return web.Response(body=msgspec.json.encode(data), status=status, content_type="application/json", headers=headers)


def problem(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """What is wrong, and the mend."""
    return json_answer({"error": message}, status, headers)


def asset(name: str) -> web.Response:
    """A file of the page; it comes with the program."""
    body = resources.files("freehold.web").joinpath("assets", name).read_bytes()
    return web.Response(body=body, content_type=_TYPES[name.rpartition(".")[2]], charset="utf-8")


def _told(error: FreeholdError) -> web.Response:
    if isinstance(error, Overloaded):
        return problem(503, str(error), {"Retry-After": str(max(1, math.ceil(error.retry_after)))})
    return problem(next((code for kind, code in _STATUSES if isinstance(error, kind)), 400), str(error))


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into an answer, and put the headers on all of them."""
    try:
        answer = await handler(request)
    except FreeholdError as error:
        answer = _told(error)
    except web.HTTPException as error:
        answer = error if error.status < 400 else problem(error.status, error.reason)
        if error.status == 405 and "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
    except web.RequestPayloadError as error:
        answer = problem(400, f"the body broke off, or is not as its headers say ({error}). Send it again, whole.")
    except TimeoutError:
        answer = problem(408, "the request came too slowly. Send it again, whole.")
    except Exception as error:  # noqa: BLE001  one request's defect is no reason to leave the others without an answer
        log("defect", path=request.path, error=type(error).__name__)
        answer = problem(500, f"this is a defect of Freehold ({type(error).__name__}). Please report it with the request.")
    if not answer.prepared:
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
    return answer
