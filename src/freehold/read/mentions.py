"""A text that stands as a value, and what it is evidence of: a host that is called, a model, or nothing.

Parsers of source code and of configuration yield :class:`Mention`; this module owns the judgement, the same for all
of them. It judges by position, never by vendor: a text names a host if it *is* an address (not: holds one) and stands
where a program takes its addresses from; what stands where people read (descriptions, messages, links) names nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from freehold.read.hosts import is_for_people, is_public, parse_address, reversed_host

__all__ = ["INFERENCE", "Mention", "host_of", "model_of", "words_of"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A text as a value.

    Parameters
    ----------
    text
        The value; ``{}`` stands for what is only known when the program runs.
    line
        Where it begins.
    keys
        What it is the value of, innermost last: variables, parameters, keys; a call it is given to ends in ``()``.
    companions
        Names that stand beside it: other arguments of the call, other keys of the table.
    data
        Whether it stands in a data file, where most texts are nobody's address.
    """

    text: str
    line: int
    keys: tuple[str, ...] = ()
    companions: frozenset[str] = frozenset()
    data: bool = False


_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_TEMPLATE: Final = re.compile(r"\$?\{\{(?:[^{}]|\{[^{}]*\})*+\}\}|\$?\{[^{}]*\}|%\(\w+\)s|%[sd]|\$[A-Za-z_]\w*|\$\([^()]*\)")
_NETWORK: Final = frozenset({
    "http", "https", "ws", "wss", "grpc", "grpcs", "postgres", "postgresql", "mysql", "mariadb", "mssql", "redis",
    "rediss", "amqp", "amqps", "mongodb", "kafka", "nats", "smtp", "smtps", "imap", "imaps", "ldap", "ldaps", "ftp",
    "ftps", "sftp", "ssh", "git", "tcp", "tls", "ssl", "udp", "mqtt", "mqtts", "snowflake", "clickhouse",
    "elasticsearch", "otlp", "jdbc", "syslog",
})  # fmt: skip
_FOR_READING: Final = frozenset({
    "doc", "docs", "documentation", "description", "descriptions", "help", "hint", "example", "examples",
    "placeholder", "message", "msg", "comment", "comments", "title", "label", "text", "tooltip", "note", "notes",
    "markdown", "instruction", "instructions", "homepage", "href", "link", "links", "license", "licence", "terms",
    "author", "authors", "credit", "sample", "samples", "mock", "mocks", "mocked", "dummy", "fake", "schema",
    "schemas", "namespace", "namespaces", "xmlns", "scope", "scopes", "referer", "referrer", "pattern", "regex",
    "readme", "summary", "caption", "tutorial", "faq", "generator", "runbook", "annotation", "annotations",
    "simulate", "simulated", "test", "tests", "testing", "profile", "openapi", "changelog", "prose", "html",
    "identifier", "agent", "navigate", "navigation", "contact", "permalink", "feedback", "mailto",
    "invite", "redirect", "redirects", "mitigation", "auditor", "bounty", "press",
})  # fmt: skip
_PROFILES: Final = frozenset({
    "twitter", "facebook", "instagram", "linkedin", "youtube", "mastodon", "bluesky", "reddit", "tiktok",
})  # fmt: skip
_LINK_ENDS: Final = frozenset({"url", "link", "profile", "page"})
_CALLS_FOR_READING: Final = frozenset({
    "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print", "echo", "secho",
    "startswith", "endswith", "replace", "split", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix",
    "match", "search", "sub", "compile", "fullmatch", "findall", "describe", "it", "expect", "index", "find", "count",
    "open", "includes", "indexOf", "startsWith", "endsWith", "test", "replaceAll", "require", "join_message", "fail",
    "skip", "toBe", "toEqual", "redirect", "bold", "italic", "underline", "dim",
})  # fmt: skip
_ADDRESS_KEYS: Final = frozenset({
    "url", "urls", "uri", "uris", "host", "hosts", "hostname", "endpoint", "endpoints", "server", "servers", "domain",
    "domains", "broker", "brokers", "bootstrap", "address", "registry", "gateway", "proxy", "dsn", "issuer",
    "upstream", "origin", "api", "base", "webhook", "backend", "target", "remote", "connection", "authority", "index",
    "mirror", "feed", "fqdn", "location",
})  # fmt: skip
_HOST_KEYS: Final = frozenset({
    "host", "hosts", "hostname", "server", "servers", "endpoint", "endpoints", "domain", "broker", "brokers", "fqdn",
    "gateway", "authority", "url", "uri", "base", "registry",
})  # fmt: skip
_MAIL: Final = frozenset({"mail", "email", "sender"})
_MERE: Final = frozenset({"default", "default_value", "defaultvalue", "fallback", "value", "initial"})
_BARE: Final = re.compile(r"((?:[a-z0-9_-]+\.)+[a-z]{2,24})(?::\d{1,5})?(?:/[\w./-]*)?$")
_ENDINGS: Final = frozenset(
    {"py", "sh", "rs", "md", "pl", "so", "ps", "zip", "mov", "json", "js", "ts", "yml", "yaml", "toml", "html"}
)
_FOR_PEOPLE: Final = re.compile(
    r"/(?:docs?|documentation|help|support|blog|wiki|manual|reference|tutorials?|guides?|learn|faq|blob|issues|pull|tree|discussions|"
    r"terms|privacy|legal|pricing|changelog|articles?|questions)(?:[/?#.]|$)|\.(?:html?|md|pdf|rst)(?:[?#]|$)",
    re.IGNORECASE,
)
_YOURS: Final = re.compile(r"(?:^|[/=_-])your[-_]?", re.IGNORECASE)

INFERENCE: Final = frozenset({
    "messages", "prompt", "prompts", "temperature", "max_tokens", "maxtokens", "max_completion_tokens", "max_output_tokens",
    "top_p", "top_k", "system_prompt", "tokenizer", "embedding", "embeddings", "response_format", "structured_output_format",
    "completion", "completions", "llm", "stop_sequences", "context_length", "context_window",
})  # fmt: skip
"""Names whose presence beside a ``model`` says that it is one that infers."""

_MODEL_ENDS: Final = (("model",), ("model", "name"), ("model", "id"), ("modelname",), ("modelid",), ("llm",))
_DEPLOYMENT_ENDS: Final = (("deployment",), ("deployment", "name"), ("deployment", "id"), ("engine",))
_LOADS_MODEL: Final = (("from", "pretrained"), ("sentence", "transformer"), ("cross", "encoder"), ("snapshot", "download"))
_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{1,99}$")
_DOTTED: Final = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+$")
_FILE: Final = re.compile(
    r"\.(?:py|pkl|json|ya?ml|bin|pt|pth|onnx|xml|csv|txt|h5|gguf|safetensors|joblib|html|js|ts)$", re.IGNORECASE
)
_STAND_IN: Final = re.compile(
    r"(?:^|[-_/])(?:your|my|some|test|fake|dummy|foo|bar|mock|example|model|name|default|custom|unknown|none|auto)(?:[-_/]|$)",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def words_of(name: str) -> tuple[str, ...]:
    """The lower-case words of a name in any spelling: ``OPENAI_BASE_URL``, ``baseUrl``."""
    return tuple(word.lower() for word in _WORD.findall(name))


def _is_for_reading(keys: tuple[str, ...]) -> bool:
    for key in keys[-4:]:
        if key.endswith("()"):
            own = key[:-2].rpartition(".")[2]
            if own in _CALLS_FOR_READING or own.endswith(("Error", "Exception", "Warning")):
                return True
        else:
            words = words_of(key)
            if not _FOR_READING.isdisjoint(words) or words == ("to",) or _is_profile(words):
                return True
    return False


def _is_profile(words: tuple[str, ...]) -> bool:
    """Whether a name such as ``twitterUrl`` says that its value is a page about the project, which people open."""
    return len(words) > 1 and words[-1] in _LINK_ENDS and "".join(words[:-1]) in _PROFILES


def _named(keys: tuple[str, ...]) -> str:
    """What a value is named by: the innermost key that is no call, no function it is in, and no mere ``default``."""
    return next((key for key in reversed(keys) if not key.endswith(("()", "{}")) and key.lower() not in _MERE), "")


def host_of(mention: Mention) -> str | None:
    """The host that a mention says is called, in reverse-domain notation; ``None`` if it says none."""
    text = mention.text.strip()
    if len(text) > 2000 or "." not in text or _is_for_reading(mention.keys):
        return None
    words = words_of(_named(mention.keys))
    if "://" not in text:
        named = (
            bool(words)
            and words[-1] in _HOST_KEYS
            and not (words[-1] == "domain" and (mention.data or not _MAIL.isdisjoint(words)))
        )
        return _bare_host(text, words) if named else None
    if mention.data and _ADDRESS_KEYS.isdisjoint(words):
        return None
    text = _TEMPLATE.sub("{}", text)
    if any(character.isspace() for character in text) or "<" in text:
        return None
    address = parse_address(text.removeprefix("jdbc:"))
    if address is None or address.scheme not in _NETWORK or _FOR_PEOPLE.search(address.path) or _YOURS.search(address.path):
        return None
    # what follows the last known label may be a path that begins with its slash, or the rest of a name
    host = address.host.removesuffix("{}") if not address.path else address.host
    if "{}" in host:
        labels = host.split(".")
        known = next((at for at in range(len(labels), 0, -1) if "{}" in labels[at - 1]), 0)
        host = ".".join(labels[known:])
    if host.count(".") < 1 or not is_public(host) or is_for_people(host):
        return None
    return reversed_host(host)


def _bare_host(text: str, words: tuple[str, ...]) -> str | None:
    match = _BARE.match(text)
    if match is None:
        return None
    host = match[1]
    labels = host.split(".")
    if labels[-1] in _ENDINGS or (len(labels) == 2 and words[-1] not in {"host", "hostname", "domain", "endpoint", "server"}):
        return None
    return reversed_host(host) if is_public(host) and not is_for_people(host) else None


def model_of(mention: Mention, *, inference: bool) -> str | None:
    """The model that a mention asks for, as it stands; ``None`` if it asks for none.

    Parameters
    ----------
    mention
        The text and its position.
    inference
        Whether the file speaks of inference at all: prompts, tokens, completions, embeddings.
    """
    text = mention.text.strip()
    if not mention.keys or not _MODEL.match(text) or "//" in text or text.count("/") > 3:
        return None
    last = mention.keys[-1] if mention.keys[-1].endswith("()") else _named(mention.keys)
    words = words_of(last.rpartition(".")[2])
    beside = not INFERENCE.isdisjoint(companion.lower() for companion in mention.companions)
    if last.endswith("()"):
        if not any(words[-len(end) :] == end for end in _LOADS_MODEL):
            return None
        asked = beside = True
    else:
        asked = any(words[-len(end) :] == end for end in _MODEL_ENDS)
        if not asked and not (beside and any(words[-len(end) :] == end for end in _DEPLOYMENT_ENDS)):
            return None
    if not (beside or inference) or _is_for_reading(mention.keys):
        return None
    return text if _has_shape_of_model(text, certain=beside) else None


def _has_shape_of_model(text: str, *, certain: bool) -> bool:
    if not any(character.isalpha() for character in text) or _FILE.search(text) or _STAND_IN.search(text):
        return False
    if _DOTTED.match(text) or text.upper() == text or text.endswith(("/", ":", "-")):
        return False
    marked = any(character.isdigit() for character in text) or any(mark in text for mark in "-/:")
    return marked or (certain and text.islower() and len(text) > 3)
