"""What an answer cost in tokens. Owns the seam between the two spellings of usage and one value.

OpenAI's chat counts ``prompt_tokens`` and ``completion_tokens``, its responses ``input_tokens`` and ``output_tokens``.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

__all__ = ["Tokens", "UsageTable"]


class UsageTable(msgspec.Struct):
    """The object ``usage`` of an answer, in both spellings."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None

    def tokens(self) -> Tokens:
        """What it says; negative counts are no counts."""
        return Tokens(
            max(self.prompt_tokens or self.input_tokens or 0, 0), max(self.completion_tokens or self.output_tokens or 0, 0)
        )


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens read and written.

    Parameters
    ----------
    input, output
        Counts.
    estimated
        Whether they are our own estimate, since the upstream does not say: a token every four bytes of the request, and
        one a piece of the stream.
    """

    input: int = 0
    output: int = 0
    estimated: bool = False
