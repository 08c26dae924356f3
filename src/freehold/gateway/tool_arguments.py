"""What a tool's arguments may be. Owns the checking of a call's JSON against rules of a configuration, in bounded time.

A rule is a small part of JSON Schema, and what that cannot say: hosts and paths. Texts are matched by patterns with ``*``
alone (:mod:`freehold.gateway.globs`): no pattern of a configuration can be made to hang by what a model writes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from freehold.gateway.globs import glob_matches
from freehold.words import say

__all__ = ["ArgumentRule", "objection_to"]

_Texts: TypeAlias = tuple[Annotated[str, Meta(max_length=1_000)], ...]
_LONGEST_TEXT: Final = 65_536
_MOST_ITEMS: Final = 1_000
_DEEPEST: Final = 8
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class ArgumentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one argument may be; everything that is given must hold.

    Parameters
    ----------
    type
        Its type in JSON.
    one_of
        Its allowed values.
    like
        Patterns with ``*``, one of which a text must match.
    longest
        The most characters of a text, or items of a list.
    least, most
        Bounds of a number.
    hosts
        Hosts that a URL may name: ``example.org``, or ``*.example.org`` for those under it. Only http and https, no user
        name in it.
    paths
        Folders under which an absolute path must lie; nothing in it may lead out of them.
    required
        Whether it must be there.
    items
        What each item of a list may be.
    arguments
        What each value of an object may be; keys that are not named are refused.
    """

    type: Literal["string", "integer", "number", "boolean", "array", "object", "null"] | None = None
    one_of: tuple[str | int | float | bool | None, ...] | None = None
    like: _Texts | None = None
    longest: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    least: float | None = None
    most: float | None = None
    hosts: _Texts | None = None
    paths: _Texts | None = None
    required: bool = False
    items: ArgumentRule | None = None
    arguments: dict[str, ArgumentRule] | None = None

    def __post_init__(self) -> None:
        for path in self.paths or ():
            if not path.startswith("/") or (posixpath.normpath(path) != path.rstrip("/") and path != "/"):
                raise ValueError(f"the path '{path}' must be absolute, without '.', '..' or doubled slashes")
        for host in self.hosts or ():
            if host != host.lower() or not host or "/" in host or "*" in host.removeprefix("*."):
                raise ValueError(f"the host '{host}' must be in small letters, with '*.' at its front at most")


def objection_to(value: Any, rule: ArgumentRule, place: str, depth: int = 0) -> str:
    """Why a value is not allowed.

    Parameters
    ----------
    value
        What was given.
    rule
        What is allowed.
    place
        Where it stands in the arguments.
    depth
        How deep it stands.

    Returns
    -------
    str
        A sentence; empty if it is allowed. It never quotes the value: that may be what must not get out.
    """
    if depth > _DEEPEST:
        return say("policy.argument_deep", place=place)
    if rule.type is not None and not _is(value, rule.type):
        return say("policy.argument_type", place=place, type=rule.type)
    if rule.one_of is not None and not any(type(value) is type(one) and value == one for one in rule.one_of):
        return say("policy.argument_value", place=place)
    if isinstance(value, str):
        return _of_text(value, rule, place)
    if rule.like is not None or rule.hosts is not None or rule.paths is not None:
        return say("policy.argument_type", place=place, type="string")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if (rule.least is not None and not value >= rule.least) or (rule.most is not None and not value <= rule.most):
            return say("policy.argument_bounds", place=place)
        return ""
    if rule.least is not None or rule.most is not None:
        return say("policy.argument_type", place=place, type="number")
    if isinstance(value, list):
        return _of_list(value, rule, place, depth)
    if rule.items is not None:
        return say("policy.argument_type", place=place, type="array")
    if isinstance(value, dict) and rule.arguments is not None:
        return _of_object(value, rule.arguments, place, depth)
    return "" if rule.arguments is None else say("policy.argument_type", place=place, type="object")


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS[kind])


def _of_text(value: str, rule: ArgumentRule, place: str) -> str:
    most = _LONGEST_TEXT if rule.longest is None else rule.longest
    if len(value) > most:
        return say("policy.argument_long", place=place, most=most)
    if rule.least is not None or rule.most is not None:
        return say("policy.argument_type", place=place, type="number")
    if rule.items is not None:
        return say("policy.argument_type", place=place, type="array")
    if rule.arguments is not None:
        return say("policy.argument_type", place=place, type="object")
    if rule.like is not None and not any(glob_matches(pattern, value) for pattern in rule.like):
        return say("policy.argument_value", place=place)
    if rule.hosts is not None and not _host_allowed(value, rule.hosts):
        return say("policy.argument_host", place=place)
    if rule.paths is not None and not _path_allowed(value, rule.paths):
        return say("policy.argument_path", place=place)
    return ""


def _of_list(value: list[Any], rule: ArgumentRule, place: str, depth: int) -> str:
    most = _MOST_ITEMS if rule.longest is None else rule.longest
    if len(value) > most:
        return say("policy.argument_long", place=place, most=most)
    if rule.arguments is not None:
        return say("policy.argument_type", place=place, type="object")
    if rule.items is None:
        return ""
    inner = rule.items
    found = (objection_to(one, inner, f"{place}[{at}]", depth + 1) for at, one in enumerate(value))
    return next((text for text in found if text), "")


def _of_object(value: Mapping[str, Any], rules: Mapping[str, ArgumentRule], place: str, depth: int) -> str:
    strange = next((name for name in value if name not in rules), None)
    if strange is not None:
        return say("policy.argument_strange", place=f"{place}.{_short(strange)}")
    for name, rule in rules.items():
        if name in value:
            text = objection_to(value[name], rule, f"{place}.{name}", depth + 1)
            if text:
                return text
        elif rule.required:
            return say("policy.argument_missing", place=f"{place}.{name}")
    return ""


def _short(name: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in name[:40])


def _host_allowed(url: str, hosts: _Texts) -> bool:
    """Whether a URL names one of the hosts, read so that no reader of URLs reads another host in it."""
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in " \\<>\"'{}|^`") or "@" in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or not url.startswith(f"{parts.scheme}://") or "%" in parts.netloc:
        return False
    host = host.removesuffix(".")
    return any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in hosts)


def _path_allowed(path: str, folders: _Texts) -> bool:
    """Whether an absolute path lies under one of the folders as it is written; links are the tool's own matter."""
    if not path.startswith("/") or not path.isprintable() or "\\" in path or "%" in path:
        return False
    if any(part in (".", "..") for part in path.split("/")):
        return False
    clean = posixpath.normpath(path)
    clean = "/" + clean.lstrip("/")
    return any(clean == folder.rstrip("/") or clean.startswith(folder.rstrip("/") + "/") for folder in folders)
