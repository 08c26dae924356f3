"""Work for pools in tests: found by name in every worker."""

from __future__ import annotations

import os
import signal

import numpy as np

from freehold.errors import SolveError
from freehold.scale.interface import Arrays

__all__ = ["dies", "objects", "raises", "refuses", "sums", "writes", "writes_a_batch"]


def sums(shared: Arrays, batch: Arrays) -> Arrays:
    """The table's rows times each factor, summed in one order."""
    factors = batch["factors"]
    return {"sums": np.array([np.add.reduce(shared["table"] * factor, axis=1) for factor in factors]), "who": shared["name"]}


def dies(shared: Arrays, batch: Arrays) -> Arrays:
    """End as the system ends a process for which there is no memory, at one factor."""
    if batch["factors"][0] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return sums(shared, batch)


def refuses(shared: Arrays, batch: Arrays) -> Arrays:
    """Refuse one factor with an error of Freehold's."""
    if batch["factors"][0] == 3:
        raise SolveError("three is refused. Take another.")
    return sums(shared, batch)


def raises(shared: Arrays, batch: Arrays) -> Arrays:
    """A defect at one factor."""
    if batch["factors"][0] == 3:
        raise ZeroDivisionError("three")
    return sums(shared, batch)


def writes(shared: Arrays, batch: Arrays) -> Arrays:
    """Try to change what is shared."""
    np.asarray(shared["table"])[0, 0] = 7
    return batch


def writes_a_batch(_: Arrays, batch: Arrays) -> Arrays:
    """Try to change what came."""
    np.asarray(batch["factors"])[0] = 7
    return batch


def objects(_: Arrays, __: Arrays) -> Arrays:
    """A result that does not travel."""
    return {"one": np.array([object()])}
