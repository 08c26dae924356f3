"""Package URLs and slugs: the ids of what is read. Owns the seam between an input's spelling and the join key.

The canonical form is the one of ``packageurl-python``. Most package URLs met are already well formed, so they take
a path of their own, held equal to the library's by a property test; the library is loaded for the rest only.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

__all__ = ["canonical", "qualifier", "slug", "without_user"]

_LONGEST: Final = 500
_SEGMENT: Final = r"(?:[A-Za-z0-9._~+-]|%40|%2B)+"
_WELL_FORMED: Final = re.compile(
    rf"pkg:(?P<type>[a-z]+)/(?P<namespace>(?:{_SEGMENT}/)*)(?P<name>{_SEGMENT})"
    r"(?:@(?P<version>(?:[A-Za-z0-9._~+:-]|%2B|%3A)+))?"
    r"(?:\?(?P<qualifiers>[a-z][a-z0-9_.-]*=(?:[A-Za-z0-9._~+:/-]|%2B|%3A|%2F|%40)+"
    r"(?:&[a-z][a-z0-9_.-]*=(?:[A-Za-z0-9._~+:/-]|%2B|%3A|%2F|%40)+)*))?"
    r"(?:#(?P<subpath>[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*))?"
)
_SCOPED: Final = re.compile(r"pkg:npm/@[A-Za-z0-9._~-]+/[A-Za-z0-9._~-]+(?:@[A-Za-z0-9._~+-]+)?")
_LOWER_NAMESPACE: Final = frozenset({"alpm", "apk", "bitbucket", "composer", "github", "gitlab", "hex", "luarocks", "pypi"})
_LOWER_NAME: Final = _LOWER_NAMESPACE | {"bitnami", "npm"}
_AS_WRITTEN: Final = frozenset(
    {
        "cargo",
        "cocoapods",
        "conan",
        "conda",
        "cran",
        "deb",
        "docker",
        "gem",
        "generic",
        "golang",
        "maven",
        "nuget",
        "rpm",
        "swift",
    }
)
_FAST: Final = _LOWER_NAME | _AS_WRITTEN
_USER: Final = re.compile(r"(?<=//)[^/?#&\s]*(?:@|%40)")


def canonical(text: str) -> str | None:
    """Spell a package URL in the one right way, qualifiers and subpath kept.

    Parameters
    ----------
    text
        A package URL as it was met.

    Returns
    -------
    str or None
        Its canonical form; ``None`` if it is no package URL.
    """
    match = _WELL_FORMED.fullmatch(text)
    if match is None and _SCOPED.fullmatch(text):
        text = text.replace("/@", "/%40", 1)
        match = _WELL_FORMED.fullmatch(text)
    if match is None or match["type"] not in _FAST:
        return _by_library(text)
    kind, namespace, name, version, qualifiers, subpath = match.groups()
    if (
        (kind in _AS_WRITTEN or (text == text.lower() and (kind != "pypi" or "_" not in name)))
        and qualifiers is None and "+" not in text and ("%" not in text or ("%40" in text and text.count("%") == 1))
    ):  # fmt: skip
        # most are canonical as they stand
        return text
    # the library lowers names after quoting them, namespaces before
    namespace = _quoted(namespace, lower=kind in _LOWER_NAMESPACE)
    name = _quoted(name, lower=True).lower() if kind in _LOWER_NAME else _quoted(name)
    if kind == "pypi":
        name = name.replace("_", "-")
    result = f"pkg:{kind}/{namespace}{name}"
    if version:
        result += "@" + _quoted(version)
    if qualifiers:
        if "&" not in qualifiers and "%" not in qualifiers and "+" not in qualifiers:
            return f"{result}?{qualifiers}#{subpath}" if subpath else f"{result}?{qualifiers}"
        pairs = dict(pair.split("=", 1) for pair in qualifiers.split("&"))
        if len(pairs) != qualifiers.count("&") + 1:
            return _by_library(text)
        result += "?" + "&".join(f"{key}={_quoted(pairs[key])}" for key in sorted(pairs))
    return f"{result}#{subpath}" if subpath else result


def qualifier(purl: str, key: str) -> str | None:
    """Look a qualifier of a canonical package URL up, decoded.

    Parameters
    ----------
    purl
        A canonical package URL.
    key
        The qualifier's name, in small letters.

    Returns
    -------
    str or None
        Its value, or ``None`` if it is not there.
    """
    _, found, rest = purl.partition("?")
    if not found:
        return None
    for pair in rest.partition("#")[0].split("&"):
        name, _, value = pair.partition("=")
        if name == key:
            return unquote(value)
    return None


def without_user(text: str) -> str:
    """Drop user information from URLs within a text, such as a package URL's qualifiers.

    Parameters
    ----------
    text
        Any text, in particular a canonical package URL.

    Returns
    -------
    str
        The text, with what stands between ``//`` and ``@`` gone.
    """
    return _USER.sub("", text) if "//" in text else text


def slug(*parts: str | None) -> str:
    """Make an id of names where there is no package URL.

    Parameters
    ----------
    *parts
        Group, name, version; blanks are left out.

    Returns
    -------
    str
        Small letters, digits, ``.``, ``_`` and ``+`` joined by ``-``; letters of any script are kept.
    """
    words = "-".join(part for part in parts if part).lower()
    text = "".join(sign if sign.isalnum() or sign in "._+" else " " for sign in words)
    made = "-".join(text.split())
    named = any(sign.isalnum() for sign in made)
    if named and len(made) <= _LONGEST:
        return made
    # names of signs alone and names without end are still different things; rare enough to load its library only then
    from hashlib import sha256

    told = sha256(words.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{made[:_LONGEST]}-{told}" if named else f"unnamed-{told}"


def _quoted(text: str, *, lower: bool = False) -> str:
    if "+" in text or "%" in text:
        plain = unquote(text)
        return quote(plain.lower() if lower else plain, safe="/:")
    return text.lower() if lower else text


def _by_library(text: str) -> str | None:
    from packageurl import PackageURL

    try:
        return PackageURL.from_string(text).to_string()
    except (ValueError, TypeError, AttributeError, LookupError, AssertionError):
        return None
