"""The program's version, in one place that imports nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

__all__ = ["__version__"]

__version__: Final = "0.1.0"
