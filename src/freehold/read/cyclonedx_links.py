"""Links that an inventory records, as hosts and repositories in reverse-domain notation. Owns the turning round.

User information, ports, queries and fragments never leave this module.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["host_of", "repository_of"]

_SCHEMED: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)*//(?:[^/?#\s]*@)?(?P<host>\[[0-9a-f:.]+\]|[^/?#:@\s\[\]]+)(?::[0-9]*)?(?P<path>/[^?#\s]*)?(?:[?#\s].*)?",
    re.IGNORECASE | re.DOTALL,
)
_SECURE_COPY: Final = re.compile(
    r"(?:[a-z]+:)*[^\s/@:]+@(?P<host>[^\s/@:]+):(?!//)(?P<path>[^?#\s]+)(?:[?#\s].*)?", re.IGNORECASE | re.DOTALL
)
_BARE: Final = re.compile(
    r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})(?::[0-9]+)?(?P<path>/[^?#\s]*)?(?:[?#\s].*)?", re.IGNORECASE | re.DOTALL
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ADDRESS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_WITHIN: Final = re.compile(r"/(?:tree|blob|-)/.*", re.DOTALL)
"""Where a forge's page of a folder or file begins, after the repository's own path."""


@lru_cache(maxsize=4096)
def host_of(link: str) -> str | None:
    """Find the host of a link.

    Parameters
    ----------
    link
        A URL, with or without scheme, or the secure-copy spelling ``git@host:path``.

    Returns
    -------
    str or None
        The host, labels reversed (addresses as they are); ``None`` if the link names none.
    """
    found = _parts(link)
    return found[0] if found else None


def repository_of(link: str) -> str | None:
    """Find the repository that a link of a version control system names.

    Parameters
    ----------
    link
        As for :func:`host_of`.

    Returns
    -------
    str or None
        Reversed host and path, as in ``com.github/psf/requests``; ``None`` if the link names no host.
    """
    found = _parts(link)
    if found is None:
        return None
    host, path = found
    path = _WITHIN.sub("", path + "/").strip("/").removesuffix(".git").rstrip("/")
    return f"{host}/{path}" if path else host


def _parts(link: str) -> tuple[str, str] | None:
    link = link.strip()
    match = _SCHEMED.fullmatch(link) or _SECURE_COPY.fullmatch(link) or _BARE.fullmatch(link)
    if match is None:
        return None
    host = _reversed(match["host"].lower().rstrip("."))
    return (host, match["path"] or "") if host else None


@lru_cache(maxsize=4096)
def _reversed(host: str) -> str | None:
    if host.startswith("[") or _ADDRESS.fullmatch(host):
        return host
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    labels = host.split(".")
    if not all(map(_LABEL.fullmatch, labels)):
        return None
    return ".".join(reversed(labels))
