"""Which licences leave a copy with whoever has it. Owns the one question that run and change turn on.

A licence counts as open if every way to satisfy its expression uses licences approved by the Open Source Initiative or the
Free Software Foundation, by the SPDX licence list's own marks where the list is at hand, else by the short list here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

__all__ = ["is_open"]

_OPEN: Final = re.compile(
    r"(0BSD|AFL-[23]\.\d|AGPL-3\.0.*|Apache-(1\.1|2\.0)|Artistic-(1\.0|2\.0).*|BSD-[1234]-Clause.*|BSL-1\.0|BlueOak-1\.0\.0"
    r"|BSD|CC0-1\.0|CC-BY-(3|4)\.0|CC-BY-SA-4\.0|CDDL-1\.[01]|CPL-1\.0|ECL-2\.0|EPL-[12]\.0|EUPL-1\.[12]|GPL-[123]\.0.*"
    r"|HPND.*|ICU|IPL-1\.0|ISC|LGPL-(2\.0|2\.1|3\.0).*|LPPL-1\.3c|MIT.*|MPL-(1\.1|2\.0).*|MS-PL|MulanPSL-2\.0|NCSA|NTP|OFL-1\.1"
    r"|OpenSSL|PostgreSQL|PSF-2\.0|Python-2\.0.*|CNRI-Python|QPL-1\.0|Ruby|SSH-OpenSSH|Unicode-(3\.0|DFS-201[56]|TOU)|Unlicense"
    r"|UPL-1\.0|Vim|W3C.*|WTFPL|X11|Zlib|ZPL-2\.[01]|curl|libpng.*|bzip2-1\.0\.6|TCL|blessing|Linux-man-pages.*)",
    re.IGNORECASE,
)
_SPLIT: Final = re.compile(r"\s+(AND|OR)\s+|\s+WITH\s+[\w.\-]+|[()]", re.IGNORECASE)


@cache
def is_open(expression: str) -> bool:
    """Whether a licence expression surely leaves a copy that may be run, changed and passed on.

    Parameters
    ----------
    expression
        SPDX expression; anything that is none of the known open licences makes it ``False`` (with ``OR``, one known
        alternative is enough where the whole expression is one choice).
    """
    parts = [part for part in _SPLIT.split(expression) if part and part.strip() and part.upper() not in ("AND", "OR")]
    known = [bool(_OPEN.fullmatch(part.strip())) for part in parts]
    if not known:
        return False
    words = expression.upper().split()
    return any(known) if "OR" in words and "AND" not in words else all(known)
