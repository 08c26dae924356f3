"""Names of firms and products, made comparable. Owns what counts as the same name, and what never does.

Two names are the same if they agree after case, punctuation and spacing are put aside. A legal form at the end
(``Inc.``, ``GmbH``) is split off: it may be missing on one side, but two different forms are two different bodies.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["nearest", "normal_name", "split_legal_form"]

_FORMS: Final = {
    "inc": "inc", "incorporated": "inc", "corp": "corp", "corporation": "corp", "llc": "llc", "l l c": "llc",
    "ltd": "ltd", "limited": "ltd", "plc": "plc", "llp": "llp", "lp": "lp", "co": "co", "company": "co",
    "gmbh": "gmbh", "mbh": "gmbh", "ag": "ag", "se": "se", "kg": "kg", "kgaa": "kgaa", "ug": "ug", "e v": "ev", "ev": "ev",
    "sa": "sa", "s a": "sa", "sas": "sas", "s a s": "sas", "sarl": "sarl", "s a r l": "sarl", "sasu": "sasu",
    "bv": "bv", "b v": "bv", "nv": "nv", "n v": "nv", "srl": "srl", "s r l": "srl", "spa": "spa", "s p a": "spa",
    "ab": "ab", "as": "as", "a s": "as", "asa": "asa", "oy": "oy", "oyj": "oyj", "aps": "aps", "kk": "kk", "k k": "kk",
    "sl": "sl", "s l": "sl", "pty": "pty", "pte": "pte", "pvt": "pvt", "private": "pvt", "sp z o o": "spzoo",
    "sro": "sro", "s r o": "sro", "doo": "doo", "ooo": "ooo", "ltda": "ltda", "jsc": "jsc", "pjsc": "pjsc", "bhd": "bhd",
}  # fmt: skip
_LONGEST_FORM: Final = max(form.count(" ") + 1 for form in _FORMS)
_NOT_A_LETTER: Final = re.compile(r"[\W_]+")


def normal_name(text: str) -> str:
    """Put case, punctuation, spacing and a leading article aside: ``"Amazon.com, Inc."`` gives ``"amazon com inc"``."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ").replace("’", "'").replace("'", "")
    return _NOT_A_LETTER.sub(" ", folded).strip().removeprefix("the ")


@lru_cache(maxsize=16384)
def split_legal_form(normal: str) -> tuple[str, str]:
    """Split the legal form off the end of a name that :func:`normal_name` gave.

    Returns
    -------
    tuple
        The name without its form, and the form in one spelling (``"inc"``; ``"co ltd"``), empty where there is none.
        A name that is nothing but a form is left whole.
    """
    words = normal.split(" ")
    forms: list[str] = []
    while len(words) > 1:
        for length in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
            form = _FORMS.get(" ".join(words[-length:]))
            if form is not None:
                forms.insert(0, form)
                words = words[:-length]
                break
        else:
            break
    return " ".join(words), " ".join(forms)


def nearest(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Give up to three known ids that look like a text, best first: to suggest to people, never to match by."""
    return tuple(difflib.get_close_matches(text, list(known), 3, 0.7))
