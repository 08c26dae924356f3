"""How much the catalogue knows of a ranked list of Python packages. Owns that measure.

``python -m benchmarks.stewards FILE`` takes the public list ``top-pypi-packages.min.json`` (rows of ``project``, most
downloaded first), or a text file with a name a line, and prints a line for each question.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from freehold.catalogue.facts import load
from freehold.catalogue.match import Matcher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freehold.catalogue.facts import Catalogue

__all__ = ["Known", "count", "main", "ranked"]


@dataclass(frozen=True, slots=True)
class Known:
    """Of how many packages a thing is known.

    Parameters
    ----------
    of
        Packages asked for.
    steward
        With a legal steward, or a community that is known to be no legal body.
    seat
        With a steward whose seat is known; *none* of a community counts as known.
    no_body
        Of these, with a community that is no legal body.
    licence, forge, row
        With a licence, a forge, a row or a family of their own.
    """

    of: int
    steward: int
    seat: int
    no_body: int
    licence: int
    forge: int
    row: int


def ranked(path: Path) -> tuple[str, ...]:
    """Read the list of names, first the most used.

    Parameters
    ----------
    path
        JSON with ``rows`` of ``project``, or text with a name a line.
    """
    text = path.read_text(encoding="utf-8")
    if text.lstrip().startswith("{"):
        return tuple(row["project"] for row in json.loads(text)["rows"])
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def count(catalogue: Catalogue, names: Iterable[str]) -> Known:
    """Count what is known of some Python packages.

    Parameters
    ----------
    catalogue
        What is known.
    names
        Names as on the index.
    """
    matcher = Matcher(catalogue)
    matches = [matcher.match_purl(f"pkg:pypi/{name}") for name in names]
    rows = [match for match in matches if match is not None and match.rule != "type"]
    stewards = [catalogue.provider(match.provider) for match in rows if match.provider is not None]
    seats = [steward.country for steward in stewards if steward is not None and steward.country is not None]
    return Known(
        of=len(matches),
        steward=len(stewards),
        seat=len(seats),
        no_body=seats.count("none"),
        licence=sum(match.licence is not None for match in rows),
        forge=sum(match.forge is not None for match in rows),
        row=len(rows),
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the count.

    Parameters
    ----------
    arguments
        Instead of the process's own.
    """
    parser = argparse.ArgumentParser("python -m benchmarks.stewards", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="the ranked list")
    parser.add_argument("--first", type=int, default=1000, help="how many of it (default 1000)")
    options = parser.parse_args(arguments)
    known = count(load(), ranked(options.file)[: options.first])
    print(f"of the first {known.of}:")
    for what, number in (
        ("steward known", known.steward),
        ("its seat known, or that it has none", known.seat),
        ("no legal steward", known.no_body),
        ("licence known", known.licence),
        ("forge known", known.forge),
        ("a row or family", known.row),
    ):
        print(f"{number:6} ({number / max(known.of, 1):.1%})  {what}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
