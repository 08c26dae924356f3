"""The shape of a cut: how a host that is cut looks from inside. Owns the names of the shapes and how they are written.

What a landlord does decides how long a command hangs: a name that is gone fails at once, a silent host after minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from freehold.errors import UsageError

__all__ = ["GONE", "SHAPES", "Shape", "shape_from"]

SHAPES: Final = ("gone", "refused", "reset", "silent", "slow", "http", "revoked", "stale")
"""``gone``: no such name; ``refused``: the connection is; ``reset``: after the client's first bytes; ``silent``: never
answered; ``slow``: late, and at a rate; ``http``: a status instead of the answer; ``revoked``: 401; ``stale``: nothing newer
than a date."""

_STATUSES: Final = frozenset({403, 429, 451, *range(500, 600)})
_RATE: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(B|kB|MB|GB)?(?:/s)?")
_UNITS: Final = {None: 1, "B": 1, "kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
_TIME: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,12})?)\s*(ms|s)?")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a cut looks.

    Parameters
    ----------
    name
        One of :data:`SHAPES`.
    status
        For ``http``: 403, 429, 451 or 5xx; 401 for ``revoked``.
    latency
        For ``slow``: seconds before each connection's first byte.
    rate
        For ``slow``: bytes a second each way and connection; 0: as fast as it goes.
    as_of
        For ``stale``: the day on which the host stands still.
    certificate, key
        Files with a certificate chain and its key (PEM) that the command trusts for the hosts cut: without them ``http``,
        ``revoked`` and ``stale`` reach only what is not encrypted, and what is encrypted is reset.
    """

    name: str
    status: int = 0
    latency: float = 0.0
    rate: float = 0.0
    as_of: date | None = None
    certificate: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        if self.name == "slow":
            parts = [f"{self.latency:g}s"] * bool(self.latency) + [f"{self.rate:g}B/s"] * bool(self.rate)
            return "slow:" + ",".join(parts)
        if self.name == "http":
            return f"http:{self.status}"
        return f"stale:{self.as_of}" if self.name == "stale" else self.name


GONE: Final = Shape("gone")


def shape_from(text: str, certificate: str | None = None, key: str | None = None) -> Shape:
    """Read a shape as it is written on the command line.

    Parameters
    ----------
    text
        ``gone``, ``refused``, ``reset``, ``silent``, ``slow:2s``, ``slow:500ms,20kB/s``, ``http:451``, ``revoked``,
        ``stale:2026-01-31``.
    certificate, key
        Files, for the shapes that speak HTTP.

    Raises
    ------
    freehold.errors.UsageError
        If it is none.
    """
    name, _, rest = text.partition(":")
    if name not in SHAPES:
        raise UsageError(f"--shape: '{text}' is no shape of a cut. Choose from: {', '.join(SHAPES)}.")
    if bool(certificate) != bool(key):
        raise UsageError("--certificate and --key come together: a certificate chain and its key, both PEM files.")
    return replace(_bare(name, rest, text), certificate=certificate, key=key)


def _bare(name: str, rest: str, text: str) -> Shape:
    if name == "slow":
        latency, rate = _slow(rest, text)
        return Shape(name, latency=latency, rate=rate)
    if name == "http":
        if not re.fullmatch(r"[0-9]{3}", rest) or int(rest) not in _STATUSES:
            raise UsageError(f"--shape: '{text}' has no status of a refusal. Write http:403, http:429, http:451 or http:5xx.")
        return Shape(name, status=int(rest))
    if name == "stale":
        try:
            return Shape(name, as_of=date.fromisoformat(rest))
        except ValueError:
            raise UsageError(f"--shape: '{text}' has no day. Write stale:YYYY-MM-DD.") from None
    if rest:
        raise UsageError(f"--shape: '{text}' says more than '{name}' can take. Write {name} alone.")
    return Shape(name, status=401 if name == "revoked" else 0)


def _slow(rest: str, text: str) -> tuple[float, float]:
    """Seconds of latency and bytes a second."""
    found: dict[str, float] = {}
    for part in rest.split(",") if rest else []:
        of_time, of_rate = _TIME.fullmatch(part.strip()), _RATE.fullmatch(part.strip())
        if of_time and of_time[2] and "latency" not in found:
            found["latency"] = float(of_time[1]) / (1000 if of_time[2] == "ms" else 1)
        elif of_rate and of_rate[2] and "rate" not in found and float(of_rate[1]) > 0:
            found["rate"] = float(of_rate[1]) * _UNITS[of_rate[2]]
        else:
            raise UsageError(f"--shape: '{part}' in '{text}' is neither a time nor a rate. Write slow:2s, slow:20kB/s or both.")
    if not found:
        raise UsageError(f"--shape: '{text}' does not say how slow. Write slow:2s, slow:20kB/s or slow:500ms,20kB/s.")
    return found.get("latency", 0.0), found.get("rate", 0.0)
