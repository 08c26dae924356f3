"""Which way to cut. Owns the list of backends, and the choice where the best of them cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from freehold.drill.air_gap import AirGapBackend
from freehold.drill.interface import Backend, Possible
from freehold.drill.namespace import NamespaceBackend
from freehold.drill.proxy import ProxyBackend
from freehold.errors import NotPossible, UsageError
from freehold.words import say

__all__ = ["BACKENDS", "Choice", "backend", "choose", "probe_all"]

BACKENDS: Final[Mapping[str, Callable[[], Backend]]] = {
    "namespace": NamespaceBackend,
    "proxy": ProxyBackend,
    "air-gap": AirGapBackend,
}
"""By name, the default first. An air gap cuts more than was asked for: nothing falls back to it."""

_IN_ORDER: Final = ("namespace", "proxy")


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend that works here.

    Parameters
    ----------
    backend
        It.
    reason
        Why not the default; empty if it is, or was asked for by name.
    """

    backend: Backend
    reason: str = ""


def backend(name: str) -> Backend:
    """A backend by its name.

    Raises
    ------
    freehold.errors.UsageError
        If there is none.
    """
    if name not in BACKENDS:
        raise UsageError(f"--backend: '{name}' is no way to cut. Choose from: {', '.join(BACKENDS)}.")
    return BACKENDS[name]()


def probe_all() -> tuple[Possible, ...]:
    """Find out by trying which backends work here; nothing that outlives the call is changed."""
    return tuple(make().possible() for make in BACKENDS.values())


def choose(name: str | None = None) -> Choice:
    """Choose a backend.

    Parameters
    ----------
    name
        The one asked for; ``None``: the best that works here.

    Raises
    ------
    freehold.errors.NotPossible
        If it does not work here, or none does; why.
    freehold.errors.UsageError
        If there is none of that name.
    """
    reasons: list[str] = []
    for one in (name,) if name is not None else _IN_ORDER:
        candidate = backend(one)
        possible = candidate.possible()
        if possible.ok:
            return Choice(candidate, " ".join(reasons))
        reasons.append(say("drill_backend.not_here", backend=one, reason=possible.reason))
    raise NotPossible(" ".join(reasons) + " " + say("drill_backend.see_backends"))
