"""What a model server sends, frame by frame, as published. Owns the seam between the stream files and the stand-ins.

One TOML file a dialect (``streams/``), each with its sources. A *frame* is a JSON text with holes (``"$NAME"``) that are
filled with JSON values; everything else in it is sent as it stands.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

__all__ = ["DIALECTS", "Dialect", "Frame", "Source", "Streams", "encoded", "load_streams"]

Dialect: TypeAlias = Literal["openai", "vllm", "llama_cpp", "ollama"]
DIALECTS: Final[tuple[Dialect, ...]] = get_args(Dialect)

_FOLDER: Final = Path(__file__).parent / "streams"
_HOLE: Final = re.compile(rb'"\$([A-Z]+)"')

encoded: Final = msgspec.json.encode
"""A value as JSON bytes, ready for a hole."""


class Frame:
    """A JSON text with holes.

    Parameters
    ----------
    text
        The text; ``"$NAME"`` with its quotation marks is a hole.
    """

    __slots__ = ("_names", "_parts")

    def __init__(self, text: bytes) -> None:
        pieces = _HOLE.split(text)
        self._parts = pieces[0::2]
        self._names = [name.decode() for name in pieces[1::2]]

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """The frame with every hole filled.

        Parameters
        ----------
        values
            JSON bytes for every hole; more are allowed.

        Raises
        ------
        KeyError
            If a hole has no value: a defect of a stream file.
        """
        filled = [self._parts[0]]
        for name, part in zip(self._names, self._parts[1:], strict=True):
            filled.append(values[name])
            filled.append(part)
        return b"".join(filled)

    def bound(self, values: Mapping[str, bytes]) -> Frame:
        """The frame with those holes filled that have a value here; the others stay open."""
        text = [self._parts[0]]
        for name, part in zip(self._names, self._parts[1:], strict=True):
            text.append(values.get(name, b'"$' + name.encode() + b'"'))
            text.append(part)
        return Frame(b"".join(text))

    def without(self, key: str) -> Frame:
        """The frame without one of its top-level keys: what a server leaves out when it is not asked for."""
        tree = msgspec.json.decode(self.fill({name: b'"$' + name.encode() + b'"' for name in self._names}))
        return Frame(encoded({name: value for name, value in tree.items() if name != key}))


@dataclass(frozen=True, slots=True)
class Source:
    """Where the form of a dialect is published."""

    title: str
    publisher: str
    url: str
    date: str


@dataclass(frozen=True, slots=True)
class Streams:
    """Everything that one dialect sends.

    Parameters
    ----------
    dialect
        Which.
    sources
        Where its form is published.
    words
        The tokens of the answer that is said.
    tool
        The function that the recorded tool call names.
    arguments
        The JSON text of its arguments, in the pieces in which they come.
    vector
        The embedding that every text gets.
    frames
        Frames by table and key: ``chat.delta``, ``errors.rate_limited``.
    lists
        Frames of which several are sent in a row: ``responses.head``.
    texts
        What is no JSON: ``metrics.text``.
    """

    dialect: Dialect
    sources: tuple[Source, ...]
    words: tuple[str, ...]
    tool: str
    arguments: tuple[str, ...]
    vector: tuple[float, ...]
    frames: Mapping[str, Frame]
    lists: Mapping[str, tuple[Frame, ...]]
    texts: Mapping[str, Template]


@cache
def load_streams(dialect: Dialect) -> Streams:
    """Read a dialect's stream file."""
    tables: dict[str, Any] = tomllib.loads((_FOLDER / f"{dialect}.toml").read_text(encoding="utf-8"))
    sources = tuple(Source(**row) for row in tables.pop("source"))
    said = tables.pop("said")
    vector = tuple(tables["embeddings"].pop("vector"))
    texts = {f"{table}.text": Template(rows.pop("text").lstrip()) for table, rows in tables.items() if "text" in rows}
    values = {f"{table}.{key}": value for table, rows in tables.items() for key, value in rows.items()}
    frames = {name: Frame(value.encode()) for name, value in values.items() if isinstance(value, str)}
    lists = {name: tuple(Frame(one.encode()) for one in value) for name, value in values.items() if isinstance(value, list)}
    return Streams(dialect, sources, tuple(said["words"]), said["tool"], tuple(said["arguments"]), vector, frames, lists, texts)
