"""Values in configuration files: YAML, TOML, JSON, INI, environment files. Owns how each names its values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from freehold.read.documents import Lines, ini_of, json_of, toml_of
from freehold.read.mentions import Mention
from freehold.read.walk import SourceFile
from freehold.read.yaml_tree import Node, parse_yaml
from freehold.stack.inventory import Skip

__all__ = ["configuration_may_hold_values", "environment_mentions", "read_configuration", "tree_mentions", "value_mention"]

_MAY_HOLD: Final = re.compile(
    rb"""(?i)[a-z]://|(?:model|llm|deployment|engine)(?:_?-?(?:name|id))?["']?\s*[:=]|(?:host|hostname|server|endpoint|domain|broker)s?["']?\s*[:=]\s*["']?[\w-]+\.[\w-]+\."""
)
_SETTING: Final = re.compile(r"(?:--?)?([A-Za-z_][\w.-]*)=(.*)$", re.DOTALL)
_DEFAULT: Final = re.compile(r"\$\{([A-Za-z_]\w*):?[-=]([^{}]*)\}$")
_ENVIRONMENT: Final = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:](.*)$")
_REFERENCE: Final = frozenset({"title", "publisher"})
"""What a table says that cites a page: its ``url`` is where that was read, and nothing that is dialled."""
_MOST: Final = 200_000


def configuration_may_hold_values(data: bytes) -> bool:
    """Whether it is worth parsing a file: told by its bytes."""
    return _MAY_HOLD.search(data) is not None


def read_configuration(file: SourceFile, text: str) -> list[Mention] | Skip:
    """Read the values of a configuration file by its ending, or say why not."""
    name = file.name.lower()
    if name.endswith((".yml", ".yaml")):
        documents = parse_yaml(file, text)
        return documents if isinstance(documents, Skip) else list(tree_mentions(documents))
    if name.endswith(".json"):
        parsed = json_of(file, text)
        if isinstance(parsed, Skip):
            return parsed
        if isinstance(parsed, dict) and ("openapi" in parsed or "swagger" in parsed or "$schema" in parsed):
            return []
        return list(_plain_mentions(parsed))
    if name.endswith(".toml"):
        document = toml_of(file, text)
        return document if isinstance(document, Skip) else list(_plain_mentions(document))
    if name.endswith((".ini", ".cfg")):
        return _ini(file, text)
    return list(environment_mentions(text))


def value_mention(text: str, line: int, keys: tuple[str, ...], companions: frozenset[str] = frozenset()) -> Mention:
    """A value as it stands, or what it says it is the default or the setting of."""
    setting = _SETTING.match(text) if "=" in text else None
    if setting and "://" not in setting[1]:
        keys, text = (*keys, setting[1]), setting[2].strip("\"'")
    default = _DEFAULT.match(text)
    if default:
        keys, text = (*keys, default[1]), default[2]
    return Mention(text, line, keys, companions, data=True)


def tree_mentions(documents: list[Node]) -> Iterator[Mention]:
    """Every scalar of a YAML tree as a mention; each node once."""
    seen: set[int] = set()
    pending: list[tuple[tuple[str, ...], Node, frozenset[str]]] = [((), node, frozenset()) for node in reversed(documents)]
    while pending:
        keys, node, beside = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.text:
            yield value_mention(node.text, node.line, keys, beside)
        if node.pairs:
            names = frozenset(name for name, _ in node.pairs)
            # the name beside a value says what it is the value of, as in a container's environment
            named = node.words("name") if "name" in names and "value" in names else None
            pending += [
                ((named,) if named and name == "value" else (*keys[-5:], name), inner, names)
                for name, inner in reversed(node.pairs)
            ]
        pending += [(keys, inner, beside) for inner in reversed(node.items or ())]


def _plain_mentions(document: Any) -> Iterator[Mention]:
    pending: list[tuple[tuple[str, ...], Any, frozenset[str]]] = [((), document, frozenset())]
    count = 0
    while pending and count < _MOST:
        keys, value, beside = pending.pop()
        count += 1
        if isinstance(value, str):
            if "." in value or "-" in value or (keys and "model" in keys[-1].lower()):
                yield value_mention(value, 0, keys, beside)
        elif isinstance(value, dict):
            names = frozenset(map(str, value))
            cited = names >= _REFERENCE
            pending += [
                ((*keys[-5:], str(name)), inner, names)
                for name, inner in reversed(list(value.items()))
                if not (cited and name == "url")
            ]
        elif isinstance(value, list):
            pending += [(keys, inner, beside) for inner in reversed(value)]


def _ini(file: SourceFile, text: str) -> list[Mention] | Skip:
    parser = ini_of(file, text)
    if isinstance(parser, Skip):
        return parser
    lines = Lines(text)
    found: list[Mention] = []
    for section in parser.sections():
        beside = frozenset(parser.options(section))
        for name, value in parser.items(section):
            found += [Mention(part, lines.of(part), (section, name), beside, data=True) for part in (value or "").split()]
    return found


def environment_mentions(text: str) -> Iterator[Mention]:
    """The settings of a text with one on a line: environment files, properties."""
    for number, raw in enumerate(text.splitlines(), 1):
        match = None if raw.lstrip().startswith(("#", "!", ";")) else _ENVIRONMENT.match(raw)
        if match:
            value = match[2].strip(" \t")
            value = (
                value[1:-1]
                if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
                else value.partition(" #")[0].strip()
            )
            yield value_mention(value, number, (match[1],), frozenset())
