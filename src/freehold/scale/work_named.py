"""Work by its name. Owns how ``module:function`` is found and run in a worker, and how its failure is told."""

from __future__ import annotations

import traceback
from importlib import import_module
from typing import cast

from freehold.errors import FreeholdError, ScaleError
from freehold.scale.interface import Arrays, WorkFunction
from freehold.scale.packing import pack, unpack

__all__ = ["failed_with", "find_work", "lost", "work_out"]


def find_work(name: str) -> WorkFunction:
    """The function that ``module:function`` names.

    Raises
    ------
    freehold.errors.ScaleError
        If there is none.
    """
    module, colon, function = name.partition(":")
    try:
        found = getattr(import_module(module), function) if colon and module and function else None
    except (ImportError, AttributeError, ValueError) as error:
        raise ScaleError(f"'{name}' names no work that a worker can find ({error}).") from None
    if not callable(found):
        raise ScaleError(f"'{name}' names no work: it is written as module:function.")
    return cast("WorkFunction", found)


def work_out(name: str, shared: Arrays, batch: bytes | bytearray | memoryview) -> bytearray:
    """Work out one packed batch, and give the result packed.

    Raises
    ------
    freehold.errors.ScaleError
        If there is no such work, or its result does not travel; whatever else the work raises passes.
    """
    return pack(find_work(name)(shared, unpack(batch)))


def failed_with(error: BaseException) -> tuple[str, str]:
    """What a failure is told by: a sentence, and for a defect where it happened (else empty)."""
    if isinstance(error, FreeholdError):
        return str(error), ""
    if isinstance(error, MemoryError):
        return "memory ran out. Give fewer workers, or a smaller --memory.", ""
    return f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error))


def lost(number: int, why: str, where: str = "") -> ScaleError:
    """The error that names the batch that could not be worked out."""
    error = ScaleError(f"batch {number} could not be worked out: {why}")
    if where:
        error.add_note(where)
    return error
