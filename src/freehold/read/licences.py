"""Licences as inputs write them, spelt as SPDX expressions where that is sure. Owns the spelling, judges nothing.

Common identifiers and names are known here; ``license_expression`` is loaded only for an expression that is made of
words not known here, because loading it costs more than reading a large inventory.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["LONGEST", "conjunction", "normalise"]

LONGEST: Final = 200
"""Signs: what is longer is a licence's text, not its name."""

_COMMON: Final = """
0BSD AFL-2.1 AFL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-1.0 Apache-1.1 Apache-2.0 APSL-2.0 Artistic-1.0
Artistic-1.0-Perl Artistic-2.0 Beerware BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-2-Clause-Views
BSD-3-Clause BSD-3-Clause-Clear BSD-3-Clause-LBNL BSD-4-Clause BSD-4-Clause-UC BSD-Source-Code BSL-1.0 BUSL-1.1
bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC-BY-NC-4.0 CC-BY-NC-SA-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 CDDL-1.0 CDDL-1.1
CECILL-2.1 CNRI-Python CPL-1.0 curl ECL-2.0 EFL-2.0 Elastic-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 FSFAP FSFUL FSFULLR
FTL GFDL-1.1-only GFDL-1.1-or-later GFDL-1.2-only GFDL-1.2-or-later GFDL-1.3-only GFDL-1.3-or-later GPL-1.0-only
GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later HPND HPND-sell-variant ICU IJG ImageMagick
Info-ZIP ISC JSON LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later Libpng
libpng-2.0 libtiff MIT MIT-0 MIT-CMU MITNFA MPL-1.0 MPL-1.1 MPL-2.0 MPL-2.0-no-copyleft-exception MS-PL MS-RL
MulanPSL-1.0 MulanPSL-2.0 NAIST-2003 NCSA NTP ODbL-1.0 OFL-1.0 OFL-1.1 OLDAP-2.8 OpenSSL OSL-3.0 PDDL-1.0 PHP-3.0
PHP-3.01 PostgreSQL PSF-2.0 Python-2.0 Python-2.0.1 QPL-1.0 Ruby SAX-PD SGI-B-2.0 Sleepycat SMLNJ SSPL-1.0 TCL
TCP-wrappers Unicode-3.0 Unicode-DFS-2015 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C W3C-19980720 W3C-20150513 WTFPL X11
Xnet zlib-acknowledgement Zlib ZPL-2.0 ZPL-2.1 Autoconf-exception-2.0 Autoconf-exception-3.0 Bison-exception-2.2
Classpath-exception-2.0 Font-exception-2.0 GCC-exception-2.0 GCC-exception-3.1 Libtool-exception Linux-syscall-note
LLVM-exception OpenJDK-assembly-exception-1.0 u-boot-exception-2.0 Universal-FOSS-exception-1.0
"""

_NAMES: Final[Mapping[str, str]] = {
    "agpl-3.0": "AGPL-3.0-only",
    "agpl-3.0+": "AGPL-3.0-or-later",
    "alv2": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "apache software license, version 2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "asf 2.0": "Apache-2.0",
    "asl 2.0": "Apache-2.0",
    "asl, version 2": "Apache-2.0",
    "boost software license 1.0": "BSL-1.0",
    "boost software license, version 1.0": "BSL-1.0",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd 3-clause new license": "BSD-3-Clause",
    "cc0": "CC0-1.0",
    "cc0 1.0 universal": "CC0-1.0",
    "common development and distribution license (cddl) v1.0": "CDDL-1.0",
    "common development and distribution license (cddl) version 1.0": "CDDL-1.0",
    "eclipse distribution license - v 1.0": "BSD-3-Clause",
    "eclipse distribution license v. 1.0": "BSD-3-Clause",
    "eclipse public license 1.0": "EPL-1.0",
    "eclipse public license 2.0": "EPL-2.0",
    "eclipse public license - v 1.0": "EPL-1.0",
    "eclipse public license - v 2.0": "EPL-2.0",
    "edl 1.0": "BSD-3-Clause",
    "epl 1.0": "EPL-1.0",
    "epl 2.0": "EPL-2.0",
    "gnu general public license, version 2 (gpl2), with the classpath exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "gnu general public license, version 2 with the classpath exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "gnu general public license, version 2 with the gnu classpath exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "gnu general public license v2.0": "GPL-2.0-only",
    "gnu general public license v3.0": "GPL-3.0-only",
    "gnu lesser general public license, version 2.1": "LGPL-2.1-only",
    "gpl-1.0": "GPL-1.0-only",
    "gpl-1.0+": "GPL-1.0-or-later",
    "gpl-2.0": "GPL-2.0-only",
    "gpl-2.0+": "GPL-2.0-or-later",
    "gpl-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "gpl-3.0": "GPL-3.0-only",
    "gpl-3.0+": "GPL-3.0-or-later",
    "gplv2": "GPL-2.0-only",
    "gplv3": "GPL-3.0-only",
    "isc license": "ISC",
    "lesser general public license, version 3 or greater": "LGPL-3.0-or-later",
    "lgpl, version 2.1": "LGPL-2.1-only",
    "lgpl-2.0": "LGPL-2.0-only",
    "lgpl-2.0+": "LGPL-2.0-or-later",
    "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-2.1+": "LGPL-2.1-or-later",
    "lgpl-3.0": "LGPL-3.0-only",
    "lgpl-3.0+": "LGPL-3.0-or-later",
    "lgpl_v2_1": "LGPL-2.1-only",
    "mit licence": "MIT",
    "mit license": "MIT",
    "modified bsd license": "BSD-3-Clause",
    "mozilla public license 2.0": "MPL-2.0",
    "mozilla public license, version 2.0": "MPL-2.0",
    "mpl 1.1": "MPL-1.1",
    "mpl 2.0": "MPL-2.0",
    "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause",
    "simplified bsd license": "BSD-2-Clause",
    "the apache license, version 2.0": "Apache-2.0",
    "the apache software license, version 2.0": "Apache-2.0",
    "the mit license": "MIT",
    "the mit license (mit)": "MIT",
    "the unlicense": "Unlicense",
    "zlib license": "Zlib",
}
"""Names that say the licence and its version without doubt; "BSD" or "LGPL" alone do not, and stay as they are."""

_BLANK: Final = frozenset({"", "noassertion", "none", "unknown", "other", "n/a", "null", "undefined"})
_OPERATOR: Final = re.compile(r"(?<![^\s()])(and|or|with)(?![^\s()])|([()])", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+:-]*")
_PERSONAL: Final = re.compile(r"copyright|\(c\)|©|\S@\S", re.IGNORECASE)


@lru_cache(maxsize=4096)
def normalise(text: str) -> str | None:
    """Spell a licence as SPDX does, if that is sure.

    Parameters
    ----------
    text
        An identifier, an expression or a name, as it was met.

    Returns
    -------
    str or None
        The SPDX expression, or the text itself (white space made single) where none is sure; ``None`` where it says
        nothing, or is a licence's text or a notice of rights, which may hold people's names.
    """
    tidy = " ".join(text[: LONGEST * 4].split())
    known = _identifiers().get(tidy.lower())
    if known is not None:
        return known
    if tidy.lower() in _BLANK or len(tidy) > LONGEST or _PERSONAL.search(tidy):
        return None
    if _OPERATOR.search(tidy) is None:
        return tidy
    return _expression(tidy) or tidy


def conjunction(licences: Iterable[str]) -> str | None:
    """Join licences that all apply.

    Parameters
    ----------
    licences
        Expressions or names; repeated ones count once.

    Returns
    -------
    str or None
        Them joined with ``AND``, alternatives in brackets; ``None`` if there are none.
    """
    single = tuple(dict.fromkeys(licences))
    if len(single) < 2:
        return single[0] if single else None
    return " AND ".join(f"({text})" if " OR " in text and not _enclosed(text) else text for text in single)


@cache
def _identifiers() -> Mapping[str, str]:
    return {text.lower(): text for text in _COMMON.split()} | dict(_NAMES)


def _expression(text: str) -> str | None:
    """Spell an expression; ``None`` if the text is prose that happens to hold "and" or "or"."""
    known = _identifiers()
    parts: list[str] = []
    sure = True
    for part in map(str.strip, filter(None, _OPERATOR.split(text))):
        if not part:
            continue
        if part in "()" or part.lower() in ("and", "or", "with"):
            parts.append(part.upper())
        elif part.lower() in known:
            spelt = known[part.lower()]
            parts.append(f"({spelt})" if " OR " in spelt else spelt)
        elif _WORD.fullmatch(part):
            sure = sure and part.startswith(("LicenseRef-", "DocumentRef-"))
            parts.append(part)
        else:
            return None
    if sure and _balanced(parts):
        return " ".join(parts).replace("( ", "(").replace(" )", ")")
    # prose of plain words ("free to use or modify") has two words in a row and no parse
    return _by_library(" ".join(parts))


def _balanced(parts: list[str]) -> bool:
    depth, operand = 0, True
    for part in parts:
        if part == "(":
            if not operand:
                return False
            depth += 1
        elif part == ")":
            depth -= 1
            if operand or depth < 0:
                return False
        elif part in ("AND", "OR", "WITH"):
            if operand:
                return False
            operand = True
        else:
            if not operand:
                return False
            operand = False
    return depth == 0 and not operand


def _enclosed(text: str) -> bool:
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


@cache
def _library() -> object:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


def _by_library(text: str) -> str | None:
    from license_expression import ExpressionError, ExpressionParseError

    licensing = _library()
    try:
        parsed = licensing.parse(text)  # type: ignore[attr-defined]
        if parsed is None or licensing.unknown_license_keys(parsed):  # type: ignore[attr-defined]
            return None
        return str(parsed.render())
    except (
        ExpressionError,
        ExpressionParseError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        AssertionError,
        RecursionError,
    ):
        return None
