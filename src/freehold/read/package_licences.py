"""Licences as distributions write them, spelt as SPDX where each name is sure. Owns the short names of Debian and of rpm."""

from __future__ import annotations

import re
from typing import Final

from freehold.read.licences import LONGEST, normalise

__all__ = ["package_licence"]

_GNU: Final = re.compile(r"(A|L)?GPL(?:[-v ]{0,2}([123](?:\.[01])?)(\+|-or-later)?(?:-only)?)(?: or later)?", re.IGNORECASE)
_DOCUMENTATION: Final = re.compile(r"GFDL-?(?:NIV-)?(1\.[123])(\+)?", re.IGNORECASE)
_SPLIT: Final = re.compile(r"(\(|\)|,|\s+and/or\s+|\s+and\s+|\s+or\s+|\s+&\s+)", re.IGNORECASE)
_NAMES: Final = {
    "expat": "MIT", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "bsd-4-clause": "BSD-4-Clause",
    "asl 2.0": "Apache-2.0", "apache-2": "Apache-2.0", "artistic": "Artistic-1.0-Perl", "mplv2.0": "MPL-2.0",
    "mplv1.1": "MPL-1.1", "boost": "BSL-1.0", "zlib": "Zlib", "psf": "PSF-2.0", "ofl": "OFL-1.1", "vim": "Vim", "isc": "ISC",
    "mit/x11": "MIT", "mit-1": "MIT", "x11": "X11", "apache-2-llvm-exceptions": "Apache-2.0 WITH LLVM-exception",
    "apache-2.0-with-llvm-exceptions": "Apache-2.0 WITH LLVM-exception", "cc-by-sa-4": "CC-BY-SA-4.0",
    "openldap": "OLDAP-2.8", "openssl": "OpenSSL", "sleepycat": "Sleepycat", "cc0": "CC0-1.0", "unicode": "Unicode-DFS-2016",
}  # fmt: skip


def package_licence(text: str) -> str | None:
    """Spell a licence of a package database.

    Returns
    -------
    str or None
        An SPDX expression if every name in it is known, else the text found (white space made single); ``None`` if it
        is too long to be a licence's name, or says nothing.
    """
    tidy = " ".join(text[: 4 * LONGEST].split())
    if not tidy or len(tidy) > LONGEST:
        return None
    words: list[str] = []
    for part in _SPLIT.split(tidy):
        sign = part.strip().lower()
        if not sign:
            continue
        if sign in {"(", ")"}:
            words.append(sign)
        elif sign in {"and", "or"}:
            words.append(sign.upper())
        elif sign in {",", "and/or", "&"}:
            words.append("AND" if sign != "and/or" else "OR")
        else:
            words.append(_name(part.strip()) or part.strip())
    spelt = " ".join(words).replace("( ", "(").replace(" )", ")").replace("AND AND", "AND").replace("AND OR", "OR")
    return normalise(spelt)


def _name(text: str) -> str | None:
    match = _GNU.fullmatch(text)
    if match:
        number = match[2] if "." in match[2] else match[2] + ".0"
        later = "or-later" if match[3] or text.lower().endswith("or later") else "only"
        return f"{(match[1] or '').upper()}GPL-{number}-{later}"
    match = _DOCUMENTATION.fullmatch(text)
    if match:
        return f"GFDL-{match[1]}-{'or-later' if match[2] else 'only'}"
    return _NAMES.get(text.lower())
