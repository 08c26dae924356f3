"""What a stand-in shows without saying anything: models, measurements, slots, embeddings, errors. Owns these bodies; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from freehold.demo.frames import Dialect, Streams, encoded
from freehold.demo.replies import rows

__all__ = ["CONTEXT", "Load", "Pages", "known_model", "no_such_model"]

CONTEXT: Final = 8192
"""Tokens of context that every stand-in's model has."""

_CREATED: Final = b"1750000000"
_MOMENT: Final = encoded("2025-05-04T17:37:44.706015396-07:00")


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a stand-in is.

    Parameters
    ----------
    running, waiting
        Requests worked on, and those that wait for a place.
    slots
        Places; 0: no limit.
    read, said
        Tokens since it began.
    """

    running: int
    waiting: int
    slots: int
    read: int
    said: int


def known_model(dialect: Dialect, models: tuple[str, ...], name: str) -> str | None:
    """The model that answers to a name, as each server understands names; ``None`` if it has none such."""
    if dialect == "llama_cpp":
        return models[0]
    if dialect == "ollama" and ":" not in name.rpartition("/")[2]:
        return name if f"{name}:latest" in models else None
    return name if name in models else None


def no_such_model(dialect: Dialect, name: str) -> str:
    """What each server says of a model that it does not have."""
    if dialect == "ollama":
        return f"model '{name}' not found"
    if dialect == "vllm":
        return f"The model `{name}` does not exist."
    return f"The model `{name}` does not exist or you do not have access to it."


class Pages:
    """The bodies that one server shows.

    Parameters
    ----------
    streams
        What the dialect sends.
    models
        The models that it has.
    """

    def __init__(self, streams: Streams, models: tuple[str, ...]) -> None:
        self._frames = streams.frames
        self._texts = streams.texts
        self._vector = encoded(streams.vector)
        self._models = models

    def models(self, table: str) -> bytes:
        """The list of models, in the form of a table of frames: ``models`` or ``native_models``."""
        listed = rows(self._frames[f"{table}.row"], [_of_model(model) for model in self._models])
        return self._frames[f"{table}.whole"].fill({"ROWS": listed})

    def model(self, name: str) -> bytes:
        """One model."""
        return self._frames["models.row"].fill(_of_model(name))

    def described(self) -> bytes:
        """What Ollama shows of a model."""
        return self._frames["native_models.show"].fill({"CONTEXT": encoded(CONTEXT)})

    def metrics(self, load: Load) -> str | None:
        """Measurements in Prometheus' text form; ``None`` where the server has none."""
        text = self._texts.get("metrics.text")
        if text is None:
            return None
        return text.substitute(
            MODEL=self._models[0],
            RUNNING=float(load.running),
            WAITING=float(load.waiting),
            LOAD=min(1.0, load.running / (load.slots or 100)),
            PROMPT=float(load.read),
            SAID=float(load.said),
        )

    def slots(self, load: Load) -> bytes:
        """The slots of a llama.cpp server."""
        places = range(load.slots or 1)
        values = [{"NUMBER": encoded(at), "CONTEXT": encoded(CONTEXT), "BUSY": encoded(at < load.running)} for at in places]
        return rows(self._frames["slots.row"], values)

    def properties(self, load: Load) -> bytes:
        """The properties of a llama.cpp server."""
        values = {"CONTEXT": encoded(CONTEXT), "SLOTS": encoded(load.slots or 1), "MODEL": encoded(self._models[0])}
        return self._frames["slots.props"].fill(values)

    def embeddings(self, table: str, model: str, body: Mapping[str, Any]) -> bytes:
        """The embeddings of the texts of a request, in the form of a table: ``embeddings`` or ``native_embed``.

        Raises
        ------
        ValueError
            If there is no text.
        """
        said = body.get("input")
        if said is None:
            raise ValueError("Missing required parameter: 'input'.")
        texts = said if isinstance(said, list) else [said]
        if table == "native_embed":
            listed = b"[" + b",".join([self._vector] * len(texts)) + b"]"
        else:
            each = [{"NUMBER": encoded(at), "VECTOR": self._vector} for at in range(len(texts))]
            listed = rows(self._frames["embeddings.row"], each)
        tokens = encoded(max(1, sum(len(str(text)) for text in texts) // 4))
        values = {"ID": b'"embd-0001"', "CREATED": _CREATED, "MODEL": encoded(model), "PROMPT": tokens, "ROWS": listed}
        return self._frames[f"{table}.whole"].fill(values)

    def error(self, name: str, message: str, *, native: bool) -> bytes:
        """An error by name; ``native``: in the form of Ollama's own paths."""
        table = "native_errors" if native else "errors"
        frame = self._frames.get(f"{table}.{name}", self._frames[f"{table}.server_error"])
        return frame.fill({"MESSAGE": encoded(message)})


def _of_model(model: str) -> dict[str, bytes]:
    return {"MODEL": encoded(model), "CREATED": _CREATED, "CONTEXT": encoded(CONTEXT), "MOMENT": _MOMENT}
