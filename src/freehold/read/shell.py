"""Addresses in shell commands: what ``run`` lines, ``RUN`` instructions and scripts fetch. Owns shell words.

Only words are told apart (quotes, comments, assignments); nothing is expanded and nothing is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from freehold.read.hosts import registry_of
from freehold.read.mentions import Mention, host_of
from freehold.stack.inventory import Contact, Evidence

__all__ = ["contacts_of_commands"]

_WORD: Final = re.compile(
    r"""#[^\n]*|(?P<word>(?:[^\s"'#;|&<>()]|(?<=\S)#|"(?:[^"\\]|\\.)*+"|'[^']*+')++)|(?P<open>"(?:[^"\\]|\\.)*+|'[^']*+)"""
)
_PLAIN_WORD: Final = re.compile(r"""[^\s"'#;|&<>()]++""")
_INDEX: Final = frozenset(
    {"--index-url", "-i", "--extra-index-url", "--registry", "--default-index", "--index", "--find-links"}
)
_SAYS: Final = frozenset({"echo", "printf", "print", "say"})
_QUOTES: Final = str.maketrans("", "", "\"'")


def _words(row: str) -> Iterator[str]:
    for match in _WORD.finditer(row):
        if match["word"]:
            yield match["word"]
        elif match["open"]:
            # a quote that nothing closes on this row: what follows it are words all the same
            yield from _PLAIN_WORD.findall(match["open"])


def contacts_of_commands(text: str, file: str, line: int) -> Iterator[Contact]:
    """Hosts that commands name as whole words, each with scope ``change``.

    Parameters
    ----------
    text
        One or more lines of shell.
    file
        The file that holds them.
    line
        The line of the first.
    """
    for number, row in enumerate(text.split("\n")):
        words = list(_words(row))
        if not words or words[0] in _SAYS:
            continue
        before = ""
        for word in words:
            option, _, value = word.partition("=") if "=" in word.partition("://")[0] else ("", "", word)
            value = value.translate(_QUOTES)
            where = (Evidence(file, line + number if line else 0),)
            if "://" in value:
                if (option or before) in _INDEX:
                    host = registry_of(value)
                    role = "registry"
                else:
                    host, role = host_of(Mention(value, 0, ("url",))), "service"
                if host:
                    yield Contact(host, role, "change", evidence=where)
            before = word
