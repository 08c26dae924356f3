"""HiGHS without its banner. Owns how a solver is made that writes nothing.

HiGHS 1.16 writes its name and licence to the standard output when the first solver of a process is made, unless it is silenced
while it is made: an answer in JSON on the same output would no longer be one.
"""

from __future__ import annotations

import highspy

__all__ = ["QuietHighs"]


class QuietHighs(highspy.Highs):
    """HiGHS that says nothing."""

    def enableCallbacks(self) -> None:  # noqa: N802
        """Be silent from here on; the constructor calls this first."""
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]
