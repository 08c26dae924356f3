"""The formats that an answer comes in. Owns their names and endings, and imports nothing, so that the parser may ask."""

from typing import Final

__all__ = ["ENDINGS", "FORMATS"]

FORMATS: Final = ("text", "json", "csv", "html", "markdown", "svg")

ENDINGS: Final = {
    ".json": "json", ".csv": "csv", ".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".svg": "svg",
}  # fmt: skip
"""By a file's ending: the format that is meant where none is named; text for any other."""
