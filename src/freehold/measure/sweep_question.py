"""What all batches of a sweep read, as arrays that travel. Owns their form, and that a worker builds the networks only once.

The stack travels as the text of its own file format; nothing that travels is code.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import ScaleError
from freehold.measure.case import Case
from freehold.measure.mission import Mission, mission_of
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import dumps, loads
from freehold.stack.values import UNKNOWN, Provider, Stack

__all__ = [
    "MOST_IN_A_BATCH",
    "Arrays",
    "Opened",
    "batch_size",
    "cutoffs_from",
    "cutoffs_in",
    "opened",
    "settings_in",
    "shared_by",
    "split",
]

Arrays: TypeAlias = Mapping[str, npt.NDArray[np.generic]]

MOST_IN_A_BATCH: Final = 250
"""Scenarios of a batch, where memory allows it."""

_INTERPRETER: Final = 80e6
_ROW: Final = 6_000.0
"""Bytes that a worker takes by itself, and for each item, source and need of a stack: over twice what generated stacks took."""


def _bytes(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8"), np.uint8)


def shared_by(stack: Stack, **settings: object) -> dict[str, npt.NDArray[np.generic]]:
    """What all batches read: the stack without its evidence, and settings that JSON can hold."""
    text = dumps(Stack(
        stack.name, stack.home, stack.trusted, stack.as_of, stack.items, stack.providers, stack.sources, stack.needs,
    ))  # fmt: skip
    key = hashlib.sha256(text.encode()).digest()
    return {
        "stack": _bytes(text),
        "settings": _bytes(json.dumps(settings, sort_keys=True)),
        "key": np.frombuffer(key, np.uint8),
    }


def settings_in(shared: Arrays) -> dict[str, Any]:
    """The settings among what is shared."""
    found = json.loads(shared["settings"].tobytes())
    assert isinstance(found, dict)
    return found


class Opened:
    """A stack as a worker holds it, with a case a stake."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.mission: Mission = mission_of(stack)
        self.kept: dict[object, Any] = {}
        """Whatever work keeps from one batch to the next."""
        self._cases: dict[tuple[float, bool, str], Case] = {}

    def case(self, stake: float, strict: bool, kernel: str) -> Case:
        """The case of a stake, with a memory of its own for whom rules match."""
        key = (stake, strict, kernel)
        if key not in self._cases:
            self._cases[key] = Case(self.stack, strict=strict, stake=stake, kernel=kernel)  # type: ignore[arg-type]
        return self._cases[key].with_own_memory()


def _of_whom_nothing_is_known(id_: str) -> Provider:
    """A provider that a source names and no row describes: its seat and its owner are unknown."""
    return Provider(id_, owner=UNKNOWN)


_HELD: Final[dict[bytes, Opened]] = {}


def opened(shared: Arrays) -> Opened:
    """The stack that is shared, read once in each process."""
    key = shared["key"].tobytes()
    if key not in _HELD:
        _HELD.clear()
        _HELD[key] = Opened(loads(shared["stack"].tobytes().decode("utf-8"), lookup=_of_whom_nothing_is_known))
    return _HELD[key]


def cutoffs_in(cutoffs: Iterable[Cutoff]) -> npt.NDArray[np.uint8]:
    """Cut-offs as an array."""
    return _bytes(json.dumps([asdict(cut) for cut in cutoffs]))


def cutoffs_from(array: npt.NDArray[np.generic]) -> tuple[Cutoff, ...]:
    """Cut-offs out of an array."""
    return tuple(
        Cutoff(
            tuple(Rule(**{**rule, "via": tuple(rule["via"])}) for rule in row["rules"]),
            row["name"],
            row["notice"],
            row["stake"],
        )
        for row in json.loads(array.tobytes())
    )


def batch_size(stack: Stack, days: Sequence[float], memory: float, workers: int) -> int:
    """How many scenarios a batch takes.

    Parameters
    ----------
    stack, days
        What is asked.
    memory
        Bytes that all workers may take together.
    workers
        How many there are.

    Raises
    ------
    freehold.errors.ScaleError
        If not even one scenario a worker has room.
    """
    fixed = _INTERPRETER + _ROW * (len(stack.sources) + len(stack.needs) + len(stack.items))
    each = 8.0 * len(stack.items) * (2 * len(days) + 6) + 1.0
    size = (memory / workers - fixed) / each
    if size < 1:
        need = math.ceil((fixed + each) * workers / 1e6)
        raise ScaleError(
            f"--memory {memory / 1e6:.0f}MB is too little: {workers} workers need about {need} MB for this stack. "
            "Give more, or fewer workers: --workers 1."
        )
    return int(min(MOST_IN_A_BATCH, size))


def split(count: int, size: int) -> Iterator[tuple[int, int]]:
    """First and number of the scenarios of each batch."""
    for first in range(0, count, size):
        yield first, min(size, count - first)
