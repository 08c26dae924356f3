"""Random numbers by a counter: each is a function of the seed, the sample's number and its place. Owns that function.

It is Philox 4x64-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3 and table
2), as numpy's bit generator of that name gives it for the key (seed, 0) and the counter (0, sample, 0, 0), all samples at once.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from freehold.network.arrays import Floats

__all__ = ["uniforms"]

_Words = npt.NDArray[np.uint64]
_MULTIPLIERS: Final = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL: Final = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS: Final = 10
_HALF: Final = np.uint64(32)
_LOWER: Final = np.uint64(0xFFFFFFFF)
_WORD: Final = 2**64


def _product(factor: int, words: _Words) -> tuple[Any, Any]:
    """Upper and lower half of the products of 128 bits."""
    high, low = np.uint64(factor >> 32), np.uint64(factor & 0xFFFFFFFF)
    upper, lower = words >> _HALF, words & _LOWER
    crossed = high * lower + (low * lower >> _HALF)
    rest = low * upper + (crossed & _LOWER)
    return high * upper + (crossed >> _HALF) + (rest >> _HALF), words * np.uint64(factor)


def uniforms(seed: int, first: int, count: int, width: int) -> Floats:
    """Uniform numbers in [0, 1) of some samples, a row a sample; a row is the same in whatever batch it is asked for.

    Parameters
    ----------
    seed
        From 0 to 2^64 − 1.
    first, count
        Numbers of the samples.
    width
        How many numbers a sample takes.
    """
    blocks = -(-width // 4)
    zero = np.zeros((count, blocks), np.uint64)
    # the generator counts up before it draws
    a: Any = zero + np.arange(1, blocks + 1, dtype=np.uint64)
    b: Any = zero + np.arange(first, first + count, dtype=np.uint64)[:, None]
    c: Any = zero
    d: Any = zero
    key = [seed, 0]
    for number in range(_ROUNDS):
        if number:
            key = [(one + weyl) % _WORD for one, weyl in zip(key, _WEYL, strict=True)]
        upper_a, lower_a = _product(_MULTIPLIERS[0], a)
        upper_c, lower_c = _product(_MULTIPLIERS[1], c)
        a, b, c, d = upper_c ^ b ^ np.uint64(key[0]), lower_c, upper_a ^ d ^ np.uint64(key[1]), lower_a
    words = np.stack([a, b, c, d], axis=2).reshape(count, 4 * blocks)[:, :width]
    return np.asarray((words >> np.uint64(11)) * 2.0**-53, np.float64)
