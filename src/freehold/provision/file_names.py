"""Names from outside: of files, projects and packages. Owns which of them may become a path, and what they say.

A name that could lead out of a folder, or that a terminal or a shell would read as something else, is refused.
"""

from __future__ import annotations

import re
from typing import Final

from freehold.errors import ProvisionError

__all__ = ["distribution_of", "is_safe_file", "normalised", "safe_file", "safe_npm_name"]

_SAFE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+!~%=-]{0,254}")
_PROJECT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,212}[A-Za-z0-9])?")
_NPM: Final = re.compile(r"(?:@[A-Za-z0-9~_][A-Za-z0-9._~-]{0,100}/)?[A-Za-z0-9~_-][A-Za-z0-9._~!-]{0,212}")
_SDIST: Final = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".tar")


def is_safe_file(name: str) -> bool:
    """Whether a text can be the name of a file in a mirror."""
    return _SAFE.fullmatch(name) is not None


def safe_file(name: str) -> str:
    """Give a file name back if it is one.

    Raises
    ------
    freehold.errors.ProvisionError
        If it holds a separator, begins with a dot, is longer than 255 characters, or is otherwise no name of a package's file.
    """
    if not is_safe_file(name):
        raise ProvisionError(
            f"{name[:80]!r} is no name that a package's file may have. It was refused; ask the registry's owner."
        )
    return name


def normalised(project: str) -> str:
    """Spell a Python project's name in the one way that indexes use (PEP 503).

    Raises
    ------
    freehold.errors.ProvisionError
        If it is no name of a project.
    """
    if _PROJECT.fullmatch(project) is None:
        raise ProvisionError(f"{project[:80]!r} is no name of a Python project. Letters, digits, '.', '_' and '-' make one.")
    return re.sub(r"[-_.]+", "-", project).lower()


def distribution_of(file: str) -> tuple[str, str]:
    """Read a project's normalised name and the version out of the name of a wheel or a source archive.

    Raises
    ------
    freehold.errors.ProvisionError
        If it is neither.
    """
    safe_file(file)
    if file.endswith(".whl"):
        parts = file.removesuffix(".whl").split("-")
        if len(parts) in (5, 6):
            return normalised(parts[0]), parts[1]
    for ending in _SDIST:
        if file.endswith(ending):
            name, sign, version = file.removesuffix(ending).rpartition("-")
            if sign and name and version:
                return normalised(name), version
    raise ProvisionError(f"'{file}' is neither a wheel nor a source archive of Python. It was refused.")


def safe_npm_name(name: str) -> str:
    """Give an npm package's name back if it is one.

    Raises
    ------
    freehold.errors.ProvisionError
        If it is none.
    """
    if _NPM.fullmatch(name) is None or ".." in name or name.rpartition("/")[2] in ("-", "node_modules"):
        raise ProvisionError(f"{name[:80]!r} is no name of an npm package. It was refused.")
    return name
