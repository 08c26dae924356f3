"""What of a command and its steps may be kept. Owns the promise that a record holds no secret and no home folder.

A secret is known by the name before it (``--token=…``, ``PASSWORD=…``, ``Authorization: …``), by its place in an address
(``user:password@``), by its own form (tokens that their issuers mark), or because a variable of the environment with such a
name has that value. What a shell would make of a text is not asked: a text within a text is searched like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Final

__all__ = ["HIDDEN", "redact", "redact_arguments", "secrets_in"]

HIDDEN: Final = "***"
_SHORTEST: Final = 6
"""Characters from which a variable's value is searched for: shorter ones stand in ordinary words."""
_NAME: Final = (
    r"[\w-]*(?:tokens?|passwords?|passwd|passphrase|pwd|secrets?|api[-_]?keys?|access[-_]?keys?|private[-_]?key"
    r"|credentials?|cookie|bearer|(?<![a-z])auth(?:orization|entication)?)(?![a-z])[\w-]*"
)
_VALUE: Final = r"""(?:"[^"]*"|'[^']*'|[^\s&;"'|)]+)"""
_PATTERNS: Final = (
    # whoever stands before the host in an address
    (re.compile(r"(?<![\w+.-])([a-zA-Z][\w+.-]{0,30}://)[^/\s\"']{1,2000}@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?<![\w/.@])[^\s:/@\"'=]{1,100}:[^\s/@\"']{1,500}@(?=[\w\[])"), f"{HIDDEN}@"),
    # headers, whose value goes to the end of the line or of the quotes
    (re.compile(rf"(?i)(?<![\w-])({_NAME})(\s*:\s*)(?!\d+\b)(?!//)(?:\"[^\"]*\"|'[^']*'|[^\"'\n]+)"), rf"\1\2{HIDDEN}"),
    (re.compile(rf"(?i)(?<![\w-])(\"{_NAME}\"|'{_NAME}')(\s*:\s*){_VALUE}"), rf"\1\2{HIDDEN}"),
    (re.compile(rf"(?i)(?<![\w-])({_NAME})(\s*=\s*){_VALUE}"), rf"\1\2{HIDDEN}"),
    (re.compile(rf"(?i)(?<![\w-])(-{{1,2}}{_NAME})(\s+){_VALUE}"), rf"\1\2{HIDDEN}"),
    (re.compile(rf"(?i)\b(bearer|basic)(\s+){_VALUE}"), rf"\1\2{HIDDEN}"),
    # what issuers of tokens put in front of them, so that they can be found
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|sk-|xox[abeprs]-|hf_|dckr_pat_)[\w-]{10,}"), HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), HIDDEN),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), HIDDEN),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
)
_SECRET_NAME: Final = re.compile(rf"(?i){_NAME}\Z")
_SECRET_OPTION: Final = re.compile(rf"(?i)-{{1,2}}{_NAME}\Z")
_PAIRS: Final = frozenset({"-u", "--user", "--proxy-user", "-U"})
"""Options whose next argument is a user and a password if it has a colon."""
_LONGEST: Final = 20_000


def secrets_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Values of variables whose name says that they are secret, the longest first."""
    found = {
        value
        for name, value in environment.items()
        if len(value) >= _SHORTEST and _SECRET_NAME.match(name) and not value.startswith(("/", "~", "%"))
    }
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def redact(text: str, home: str = "", secrets: Iterable[str] = ()) -> str:
    """Hide what is secret in a text, and write the home folder as ``~``.

    Parameters
    ----------
    text
        Any; what cannot be said in UTF-8 is replaced, and what is longer than 20,000 characters is cut off first.
    home
        The home folder; none if empty.
    secrets
        Values to hide wherever they stand, see :func:`secrets_in`.
    """
    shown = text[:_LONGEST].encode("utf-8", "surrogateescape" if _from_system(text) else "replace").decode("utf-8", "replace")
    for secret in secrets:
        shown = shown.replace(secret, HIDDEN)
    for pattern, instead in _PATTERNS:
        shown = pattern.sub(instead, shown)
    if len(home.rstrip("/")) > 1:
        shown = re.sub(rf"(?<![\w.~/-]){re.escape(home.rstrip('/'))}(?![\w.-])", "~", shown)
    return shown


def redact_arguments(arguments: Sequence[str], home: str = "", secrets: Sequence[str] = ()) -> tuple[str, ...]:
    """Hide what is secret in a command.

    Parameters
    ----------
    arguments
        Program and arguments.
    home, secrets
        As for :func:`redact`.
    """
    found: list[str] = []
    before = ""
    for argument in arguments:
        whole = (
            (_SECRET_OPTION.match(before) and not argument.startswith("-"))
            or (before in _PAIRS and ":" in argument)
            or (before == "-p" and PurePath(arguments[0]).name == "sshpass")
        )
        found.append(HIDDEN if whole else redact(argument, home, secrets))
        before = argument
    return tuple(found)


def _from_system(text: str) -> bool:
    """Whether every lone surrogate in it stands for a byte that was no UTF-8."""
    return all(not "\ud800" <= sign <= "\udfff" or "\udc80" <= sign <= "\udcff" for sign in text[:_LONGEST])
