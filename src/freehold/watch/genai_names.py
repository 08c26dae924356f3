"""The pinned names of generative AI in telemetry. Owns what an older name became, and which attributes hold content.

The table is data (``data/genai_names.toml``) with its references: OpenTelemetry's conventions as of one version, since they
are still in development. What people and models said to each other is content, and is dropped; of a tool's arguments a
keyed digest is kept, so that the same call made again can be told without keeping what it said.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.watch.attributes import MOST_ATTRIBUTES, shortened
from freehold.watch.event import Json

__all__ = ["ARGUMENTS_DIGEST", "NamesTable", "is_genai", "names_table", "pinned"]

ARGUMENTS_DIGEST: Final = "freehold.tool.arguments_digest"
_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
_PROVIDER: Final = "gen_ai.provider.name"
_TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105 - the name of an attribute
_LONGEST: Final = 1_024
_MOST_LIST: Final = 64


class _Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: str
    publisher: str
    host: str
    path: str
    read: Any


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    reference: str
    names: dict[str, str]


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    reference: str
    names: frozenset[str]


class _Convention(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: str
    published: Any


class NamesTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table: the pinned version, what was renamed, which values were, what is content, and where each is said."""

    convention: _Convention
    reference: dict[str, _Reference]
    renamed: _Names
    providers: _Names
    token_types: _Names
    content: _Content


@cache
def names_table() -> NamesTable:
    """The table of this edition."""
    text = (Path(__file__).parent / "data" / "genai_names.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), NamesTable)


def is_genai(names: Mapping[str, Any]) -> bool:
    """Whether attributes are those of a call of a model, an agent or a tool."""
    return "gen_ai.operation.name" in names or _PROVIDER in names or "gen_ai.request.model" in names


def _digest(value: Any, salt: bytes) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="deterministic").decode()
    # the same arguments are the same however they are spaced and ordered
    with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
        text = msgspec.json.encode(msgspec.json.decode(text), order="deterministic").decode()
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=salt[:64], digest_size=16).hexdigest()


def pinned(attributes: Mapping[str, Any], salt: bytes) -> dict[str, Json]:
    """Give attributes their pinned names, without content.

    Parameters
    ----------
    attributes
        Flat, as they were sent. Where an old and a new name are both there, the new one counts.
    salt
        Keys the digest of a tool's arguments: at most 64 bytes count.

    Returns
    -------
    dict
        At most :data:`freehold.watch.attributes.MOST_ATTRIBUTES` attributes, those of generative AI first; a text is cut
        at 1,024 characters, a list at 64 values.
    """
    table = names_table()
    renamed, content = table.renamed.names, table.content.names
    found: dict[str, Json] = {}
    others: dict[str, Json] = {}
    for name, value in attributes.items():
        if name in content:
            if name == _ARGUMENTS and value is not None:
                found[ARGUMENTS_DIGEST] = _digest(value, salt)
            continue
        new = renamed.get(name)
        if new is not None:
            if new in attributes:
                continue
            name = new
        if type(value) is str:
            value = shortened(value, _LONGEST)
        elif type(value) is list:
            value = [shortened(one, _LONGEST) if type(one) is str else one for one in value[:_MOST_LIST]]
        kept = found if name.startswith(("gen_ai.", "freehold.", "error.", "http.response.", "server.")) else others
        kept[name] = value
    provider, token_type = found.get(_PROVIDER), found.get(_TOKEN_TYPE)
    if isinstance(provider, str):
        found[_PROVIDER] = table.providers.names.get(provider, provider)
    if isinstance(token_type, str):
        found[_TOKEN_TYPE] = table.token_types.names.get(token_type, token_type)
    for name, value in others.items():
        if len(found) >= MOST_ATTRIBUTES:
            break
        found[name] = value
    while len(found) > MOST_ATTRIBUTES:
        found.popitem()
    return found
