"""The formats that an answer comes in. Owns their names, and imports nothing, so that the parser may ask."""

from typing import Final

__all__ = ["FORMATS"]

FORMATS: Final = ("text", "json", "csv", "html")
