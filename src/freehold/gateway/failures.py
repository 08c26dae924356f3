"""What went wrong with those who were asked. Owns what is told when nobody answered: the first failure, and the last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from freehold.gateway.answers import Refusal
from freehold.gateway.breaker import FailureKind

__all__ = ["AttemptFailed", "Failures"]


class AttemptFailed(Exception):
    """One try that came to nothing.

    ``stale``: it may have gone out on a connection that the upstream had closed meanwhile, so it is tried there once more.
    """

    def __init__(
        self, status: int, what: str, *, kind: FailureKind | None = None, again: bool = False, stale: bool = False,
        limited: bool = False, retry_after: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(what)
        self.status, self.what, self.kind, self.again = status, what, kind, again
        self.stale, self.limited, self.retry_after = stale, limited, retry_after


@dataclass(slots=True)
class Failures:
    """All that went wrong for one request.

    Parameters
    ----------
    told
        Upstream, status and sentence of each, in order.
    retry_after
        Seconds after which it is worth while to ask again, if anybody says.
    """

    told: list[tuple[str, int, str]] = field(default_factory=list)
    retry_after: float | None = None

    def add(self, upstream: str, status: int, what: str) -> None:
        """One more."""
        self.told.append((upstream, status, what))

    def refusal(self) -> Refusal:
        """What the client is told: the first thing that went wrong, and the last."""
        if not self.told:
            return Refusal(503, "no_upstream", "no upstream is left that may answer this.")
        first, last = self.told[0], self.told[-1]
        if all(status == 403 for _, status, _ in self.told):
            return Refusal(403, "stopped", f"{first[2]}.")
        message = f"no upstream answered. {_sentence(first)}"
        if last != first:
            message += f" Last: {_sentence(last)}"
        details = {"first": _as_data(first), "last": _as_data(last), "tried": len(self.told)}
        headers = {} if self.retry_after is None else {"Retry-After": str(max(1, round(self.retry_after)))}
        return Refusal(self._status(), "upstream_failed", message, headers, details)

    def _status(self) -> int:
        """429 only where nobody had another reason: then to wait is all that is needed."""
        statuses = [status for _, status, _ in self.told]
        if all(status == 429 for status in statuses):
            return 429
        return {429: 503, 503: 503, 504: 504}.get(statuses[-1], 502)

    def limited(self, wait: float) -> None:
        """One that takes no more for so many seconds."""
        self.retry_after = wait if self.retry_after is None else min(wait, self.retry_after)

    def held(self, upstream: str, because: str, wait: float) -> None:
        """One that is not asked now, since its breaker says so."""
        self.limited(wait)
        if because == "rate_limited":
            self.add(upstream, 429, f"it has said that it takes no more; it is asked again in {wait:.0f} s")
        else:
            self.add(upstream, 503, f"it has failed of late and is not asked; it is tried again in {max(wait, 0):.0f} s")


def _sentence(failure: tuple[str, int, str]) -> str:
    return f"{failure[0]}: {failure[2]}."


def _as_data(failure: tuple[str, int, str]) -> dict[str, Any]:
    return {"upstream": failure[0], "status": failure[1], "message": failure[2]}
