"""Sections of a long page. Owns how blocks of another page stand in one: headings lower, numbers with a method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from freehold.report.interface import Block, Curve, Detail, Heading, KeyFigures, Paragraph, Table

__all__ = ["section"]


def section(anchor: str, title: str, blocks: Iterable[Block], how: str = "") -> Iterator[Block]:
    """A heading, and blocks below it.

    Parameters
    ----------
    anchor
        Names the section.
    title
        Its heading.
    blocks
        What stands in it; headings become those of its parts.
    how
        Key of the method by which the numbers of all blocks that name none were got.
    """
    yield Heading(title, 2, anchor)
    for block in blocks:
        yield _within(block, how)


def _within(block: Block, how: str) -> Block:
    match block:
        case Heading():
            return replace(block, level=min(block.level + 1, 4))
        case Detail():
            return replace(block, blocks=tuple(_within(one, how) for one in block.blocks))
        case KeyFigures():
            return KeyFigures(tuple(one if one.how else replace(one, how=how) for one in block.figures))
        case Paragraph():
            tells = any(character.isdigit() for character in block.text) and not block.whole
            return replace(block, how=how) if tells and not block.how else block
        case Table() | Curve():
            return block if block.how else replace(block, how=how)
        case _:
            return block
