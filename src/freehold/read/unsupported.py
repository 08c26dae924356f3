"""What a folder holds that no reader opens yet, said plainly. Owns the list of known but unread formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from freehold.read.walk import COUNTED_LANGUAGES, Walk
from freehold.stack.inventory import Skip

__all__ = ["unsupported"]

_MANIFESTS: Final[Mapping[str, str]] = {
    "pom.xml": "Java (Maven)", "build.gradle": "Java (Gradle)",
    "build.gradle.kts": "Java (Gradle)", "gradle.lockfile": "Java (Gradle)", "gemfile.lock": "Ruby",
    "composer.lock": "PHP", "yarn.lock": "Node (Yarn)", "pnpm-lock.yaml": "Node (pnpm)", "bun.lock": "Node (Bun)",
    "bun.lockb": "Node (Bun)", "packages.lock.json": ".NET", "mix.lock": "Elixir", "pubspec.lock": "Dart",
    "podfile.lock": "CocoaPods", "package.resolved": "Swift", "conda-lock.yml": "Conda", "environment.yml": "Conda",
    "pdm.lock": "Python (PDM)", "pixi.lock": "Pixi",
}  # fmt: skip


def unsupported(found: Walk) -> Iterator[Skip]:
    """Skips for manifests and for source code in languages that are not read."""
    for file in found.files:
        sort = _MANIFESTS.get(file.name.lower())
        if sort and file.place in {"run", "script"}:
            yield Skip(file.relative, "unsupported", f"{sort}: no reader knows it yet; its packages are not counted.")
    for ending, (count, first) in sorted(found.endings.items()):
        language = COUNTED_LANGUAGES.get(ending)
        if language:
            yield Skip(
                first, "unsupported", f"{language}: {count} file(s) ending in {ending} were not read for hosts and models."
            )
