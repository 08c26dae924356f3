"""The list of what an evidence pack holds, for people, in Markdown. Owns its order and that nothing in it can be markup."""

from __future__ import annotations

from typing import Final

from freehold.report.clean import clean
from freehold.report.markdown import escape_markdown
from freehold.report.pack_values import Pack, PackAsked
from freehold.report.plan_words import few, short
from freehold.report.sentences import who
from freehold.version import __version__
from freehold.words import say

__all__ = ["README", "escaped", "readme_text"]

README: Final = "README.md"
_MOST_TRUSTED: Final = 12


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, in a cell of a table too: no markup, no HTML, no line feed."""
    return escape_markdown(text, table=True)


def readme_text(pack: Pack, asked: PackAsked) -> str:
    """Write the list of a pack.

    Parameters
    ----------
    pack, asked
        The pack, and what it was made of.
    """
    stack = asked.stack
    lead = say(
        "packs.readme_lead", name=short(stack.name), home=who(stack, stack.home) if stack.home else say("report.not_known"),
        trusted=few([who(stack, one) for one in stack.trusted], _MOST_TRUSTED) or say("report.nobody"),
        date=stack.as_of or asked.edition or say("report.not_known"), version=__version__,
        edition=asked.edition or say("report.not_known"),
    )  # fmt: skip
    lines = [f"# {escaped(pack.title)}", "", escaped(lead), "", f"## {escaped(say('packs.readme_files'))}", ""]
    heads = [say(f"packs.readme_{name}") for name in ("file", "answers", "asked")]
    lines += ["| " + " | ".join(map(escaped, heads)) + " |", "| --- | --- | --- |"]
    lines += [f"| {escaped(one.name)} | {escaped(one.answers)} | {escaped(one.asked_by)} |" for one in pack.files]
    lines += ["", f"## {escaped(say('packs.readme_missing'))}", ""]
    if pack.questions:
        cells = sum(one.cells for one in pack.questions)
        lines.append(escaped(say("packs.readme_missing_text", count=f"{len(pack.questions):,}", cells=f"{cells:,}")))
    else:
        lines.append(escaped(say("packs.readme_none")))
    lines += ["", f"## {escaped(say('packs.readme_doubts'))}", "", *(f"- {escaped(one)}" for one in pack.doubts)]
    lines += ["", f"## {escaped(say('packs.readme_made'))}", "", escaped(say("packs.readme_made_text"))]
    if asked.command:
        lines += ["", f"    {clean(asked.command)}"]
    lines += ["", f"## {escaped(say('packs.readme_sources'))}", ""]
    for title, publisher, url, date in pack.sources:
        read = say("packs.readme_read", date=date)
        lines.append(f"- {escaped(title)}. {escaped(publisher)}. {url} ({escaped(read)})")
    return "\n".join(lines) + "\n"
