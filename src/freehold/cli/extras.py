"""What needs packages that the base installation leaves out. Owns the sentence that says so, and what to install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from freehold.errors import UsageError

__all__ = ["needs_extra", "needs_watch"]


@contextmanager
def needs_watch(what: str) -> Iterator[None]:
    """Import what comes with the extra ``watch``; to be done before anything is read.

    Parameters
    ----------
    what
        What needs it, with its verb: ``rules need``.

    Raises
    ------
    freehold.errors.UsageError
        If a package is not installed. A module of Freehold's own that is missing is a defect, and stays one.
    """
    with needs_extra("watch", what):
        yield


@contextmanager
def needs_extra(extra: str, what: str) -> Iterator[None]:
    """Import what comes with an extra; see :func:`needs_watch`."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "freehold":
            raise
        raise UsageError(f"{what} the extra '{extra}': pip install 'freehold[{extra}]'") from None
