"""The plug point of writers: what one must offer. Owns no format.

A writer turns a stack into the text of one file, or says why the format cannot hold it. It never leaves out what would
change an answer.
"""

from __future__ import annotations

from typing import Protocol

from freehold.stack.values import Stack

__all__ = ["Writer"]


class Writer(Protocol):
    """One format.

    Parameters
    ----------
    name
        Of the format, for messages.
    ending
        How a file's name ends that is to be written so.
    """

    name: str
    ending: str

    def text(self, stack: Stack) -> str:
        """Write a stack.

        Raises
        ------
        freehold.errors.StackError
            If the format cannot hold it; the message says what, and the mend.
        """
