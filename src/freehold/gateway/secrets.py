"""Keys: where they are read from, and which are too weak. No key stands in a configuration, a log or a page.

A configuration names the variable or the file that holds a key. A key that can be guessed is refused before anything is
served with it: too short, of few different characters, made of well-known words or runs, or the same as another.
"""

from __future__ import annotations

import hmac
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from freehold.errors import BadConfiguration

__all__ = ["PROVIDERS_MEND", "Secret", "all_different", "read_secret", "weakness"]

_LEAST_LENGTH: Final = 20
_LEAST_DIFFERENT: Final = 8
_LEAST_BITS: Final = 60.0
_MOST_BYTES: Final = 4_096
_KNOWN: Final = (
    "changeme", "change", "password", "passwort", "passwd", "secret", "default", "example", "sample", "dummy", "placeholder",
    "testing", "test", "admin", "master", "token", "apikey", "api", "key", "openai", "ollama", "empty", "none", "null", "your",
    "here", "insert", "letmein", "welcome", "freehold", "gateway", "qwerty", "sk",
)  # fmt: skip
_MEND: Final = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
PROVIDERS_MEND: Final = "Use the key that the provider gave; for a server of your own, give it a longer one."
"""The mend of a weak key that is not made here."""


class Secret:
    """A key that does not show itself.

    Parameters
    ----------
    value
        The key.
    """

    __slots__ = ("_value", "digest")

    def __init__(self, value: str) -> None:
        self._value = value
        self.digest = sha256(value.encode()).digest()

    def __repr__(self) -> str:
        return "Secret(…)"

    def reveal(self) -> str:
        """The key itself, for the header that needs it and nothing else."""
        return self._value

    def matches(self, given: str) -> bool:
        """Whether a key given is this one, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(self.digest, sha256(given.encode("utf-8", "surrogatepass")).digest())


def weakness(value: str) -> str | None:
    """Why a key is too weak, or ``None``.

    Parameters
    ----------
    value
        The key. Its strength is estimated as length x entropy of its characters (Shannon, bits), after what is well
        known in it was taken out: an estimate from above, so that what fails it is weak for certain.
    """
    if len(value) < _LEAST_LENGTH:
        return f"it has {len(value)} characters, and {_LEAST_LENGTH} are the least"
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        return "it holds a space or a character outside ASCII, which no header can carry"
    if len(set(value)) < _LEAST_DIFFERENT:
        return f"it has {len(set(value))} different characters, and {_LEAST_DIFFERENT} are the least"
    if re.fullmatch(r"(.{1,16}?)\1+", value):
        return "it is one short text over and over"
    rest = value.lower()
    for word in _KNOWN:
        rest = rest.replace(word, "")
    rest = "".join(_without_runs(rest))
    if len(rest) < _LEAST_LENGTH * 3 // 5:
        return "it is made of well-known words or of characters in their order"
    if len(rest) * _entropy(rest) < _LEAST_BITS:
        return "its characters hardly vary"
    return None


def _entropy(text: str) -> float:
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def _without_runs(text: str) -> list[str]:
    """The text without runs of four or more characters that repeat, rise or fall by one (``aaaa``, ``1234``, ``dcba``)."""
    kept: list[str] = []
    start = 0
    while start < len(text):
        end = start + 1
        if end < len(text) and abs(step := ord(text[end]) - ord(text[start])) <= 1:
            step = ord(text[end]) - ord(text[start])
            while end + 1 < len(text) and ord(text[end + 1]) - ord(text[end]) == step:
                end += 1
            if end - start >= 3:
                start = end + 1
                continue
        kept.append(text[start])
        start += 1
    return kept


def read_secret(
    name: str | None, path: str | None, place: str, *, environment: Mapping[str, str] = os.environ,
    folder: Path | None = None, mend: str = _MEND,
) -> Secret | None:  # fmt: skip
    """Read a key from where a configuration says that it is.

    Parameters
    ----------
    name
        The environment variable that holds it.
    path
        The file that holds it, in one line; relative to ``folder``.
    place
        Whose key it is and where that is said, for messages.
    environment
        Where variables are looked up.
    folder
        The configuration's folder.
    mend
        What to do about a key that is too weak.

    Returns
    -------
    Secret or None
        ``None`` where neither is named.

    Raises
    ------
    freehold.errors.BadConfiguration
        If both are named, if it cannot be read, or if it is weak. The message never holds any of it.
    """
    if name is not None and path is not None:
        raise BadConfiguration(f"{place}: both key_env and key_file are given. Leave one of them out.")
    if name is not None:
        value = environment.get(name, "").strip()
        source = f"the variable {name}"
        if not value:
            raise BadConfiguration(f"{place}: {source} is not set. Set it to the key, or name another one in key_env.")
    elif path is not None:
        source = f"the file {path}"
        value = _from_file((folder or Path()) / path, f"{place}: {source}")
    else:
        return None
    weak = weakness(value)
    if weak:
        raise BadConfiguration(f"{place}: the key in {source} is too weak: {weak}. {mend}")
    return Secret(value)


def _from_file(path: Path, place: str) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadConfiguration(f"{place} is not a plain file. Name the file that holds the key.")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        value = content.decode("ascii").strip()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not plain text"
        raise BadConfiguration(f"{place} cannot be read ({reason}). Name the file that holds the key.") from None
    if len(content) > _MOST_BYTES or "\n" in value or not value:
        raise BadConfiguration(f"{place} does not hold one line with one key.")
    return value


def all_different(named: Sequence[tuple[str, Secret | None]]) -> None:
    """See that no key serves two.

    Parameters
    ----------
    named
        Whose key it is, and the key.

    Raises
    ------
    freehold.errors.BadConfiguration
        Naming all of them.
    """
    seen: dict[bytes, str] = {}
    twice: list[str] = []
    for owner, secret in named:
        if secret is None:
            continue
        if secret.digest in seen:
            mend = PROVIDERS_MEND if owner.startswith("upstream ") else _MEND
            twice.append(f"{owner} and {seen[secret.digest]} have the same key. Give each its own. {mend}")
        seen.setdefault(secret.digest, owner)
    if twice:
        raise BadConfiguration("\n".join(twice))
