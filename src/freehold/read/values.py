"""Hosts and models in all source and configuration files of a folder. Owns which file goes to which tokenizer.

Files of tests, documentation and examples are no evidence of what runs, and are counted, not read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from freehold.read.configuration import configuration_may_hold_values, read_configuration
from freehold.read.documents import Lines, bytes_of, text_of
from freehold.read.findings import Findings
from freehold.read.interest import lines_of_interest, speaks_of_inference
from freehold.read.mentions import Mention, host_of, model_of
from freehold.read.plugins import is_within
from freehold.read.python_source import read_python_source
from freehold.read.script_source import read_script_source
from freehold.read.shell import contacts_of_commands
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = ["findings_of_mentions", "read_values"]

_SCRIPTS: Final = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts")
_SETTINGS: Final = (".yml", ".yaml", ".toml", ".json", ".ini", ".cfg", ".env", ".properties")
_TOOLS: Final = re.compile(
    r"(?:^|/)(?:pyproject\.toml|setup\.cfg|setup\.py|package(?:-lock)?\.json|pipfile\.lock|tsconfig[\w.-]*\.json|tox\.ini|pytest\.ini|mypy\.ini|"
    r"mkdocs\.ya?ml|mint\.json|docs\.json|readthedocs\.ya?ml|\.[\w-]+rc(?:\.json|\.ya?ml)?|\.eslintrc[\w.]*|\.pre-commit-[\w-]+\.ya?ml|"
    r"renovate\.json5?|\.markdownlint[\w.]*|lerna\.json|nx\.json|turbo\.json|components\.json|codecov\.ya?ml|security-insights\.ya?ml|sonar-project\.properties|pylock[\w.-]*\.toml|ruff\.toml)$"
)
_LARGEST_LINE: Final = 20_000
_MINIFIED: Final = re.compile(r"\.min\.(?:js|cjs|mjs)$|\.bundle\.js$|\.generated\.")


def read_values(files: Iterable[SourceFile], plugins: frozenset[str], taken: frozenset[str]) -> Findings:
    """Read the hosts and models that files of the folder name.

    Parameters
    ----------
    files
        The files.
    plugins
        Folders that are one plug-in among many: contacts met only there are optional.
    taken
        Files that another reader has understood already.
    """
    components: list[Component] = []
    contacts: list[Contact] = []
    skips: list[Skip] = []
    aside: Counter[str] = Counter()
    for file in files:
        name = file.name.lower()
        if file.relative in taken or _TOOLS.search(file.relative.lower()):
            continue
        if file.place in {"test", "docs", "example"}:
            aside[file.place] += 1
            continue
        found = _read(file, name, plugins)
        if found is not None:
            components += found.components
            contacts += found.contacts
            skips += found.skips
    words = {"test": "tests or stand-ins", "docs": "documentation", "example": "examples"}
    for place, count in sorted(aside.items()):
        detail = f"{count} file(s) of {words[place]} were not read for hosts and models: what only they name does not run."
        skips.append(Skip(".", "limit", detail))
    return Findings(tuple(components), tuple(contacts), tuple(skips))


def _read(file: SourceFile, name: str, plugins: frozenset[str]) -> Findings | None:
    source, settings = name.endswith((".py", *_SCRIPTS)), name.endswith(_SETTINGS) or name.startswith(".env")
    if not (source or settings or name.endswith(".sh")) or _MINIFIED.search(name):
        return None
    data = bytes_of(file)
    if isinstance(data, Skip):
        return Findings(skips=(data,))
    lines = lines_of_interest(data) if source else ()
    if not (lines if source else configuration_may_hold_values(data) if settings else b"://" in data):
        return None
    text = text_of(file, data)
    if isinstance(text, Skip):
        return Findings(skips=(text,))
    mentions: list[Mention] | Skip
    if name.endswith(".py"):
        mentions = read_python_source(file, text, lines)
    elif name.endswith(_SCRIPTS):
        if len(text) > _LARGEST_LINE * 2 and text.count("\n") * 1000 < len(text):
            return Findings(
                skips=(Skip(file.relative, "unsupported", "It is machine-made (very long lines), and was not read."),)
            )
        mentions = read_script_source(text)
    elif name.endswith(".sh"):
        found = tuple(contacts_of_commands(text, file.relative, 1))
        return Findings(contacts=found)
    else:
        mentions = read_configuration(file, text)
    if isinstance(mentions, Skip):
        return Findings(skips=(mentions,))
    return findings_of_mentions(file, text, mentions, plugins, inference=speaks_of_inference(data))


def findings_of_mentions(
    file: SourceFile, text: str, mentions: Iterable[Mention], plugins: frozenset[str], *, inference: bool
) -> Findings:
    """Judge the mentions of one file."""
    components: list[Component] = []
    contacts: list[Contact] = []
    scope = "change" if file.place == "script" else "run"
    optional = is_within(file.folder, plugins) or ".example" in file.name.lower() or ".sample" in file.name.lower()
    lines = Lines(text)
    for mention in mentions:
        host = host_of(mention)
        model = None if host else model_of(mention, inference=inference)
        if host is None and model is None:
            continue
        where = (Evidence(file.relative, mention.line or lines.of(mention.text)),)
        if host:
            contacts.append(Contact(host, "service", scope, optional, where))
        elif model:
            slug = re.sub(r"[^a-z0-9.]+", "-", model.lower()).strip("-")
            kept = "optional" if optional else "run" if scope == "run" else "development"
            components.append(
                Component(f"model:{slug}", model, kind="model", scope=kept, direct=True, provides=model, evidence=where)
            )
    return Findings(tuple(components), tuple(contacts))
