"""Make the reports of the examples that stand in docs/reports, in every language; from the repository's root.

    python scripts/make_reports.py [FOLDER]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from freehold.cli import main

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ("clinic", "firms", "public-office", "training", "value-chain")
LANGUAGES = {"en": "", "zh": ".zh"}
"""By language: what stands before the ending of a page."""
START = "2027-01-01"


def arguments(example: str, language: str, page: Path) -> list[str]:
    """The command line that makes one report, run from the repository's root."""
    folder = Path("examples") / example
    found = ["report", str(folder), "--start", START, "--time", "120", "--language", language, "-o", str(page)]
    for flag, name in (("--options", "options.toml"), ("--policy", "policy.toml"), ("--answers", "answers.toml")):
        if (ROOT / folder / name).is_file():
            found += [flag, str(folder / name)]
    return found


def pages(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Every report: its example, its language, its page."""
    for example in EXAMPLES:
        for language, before in LANGUAGES.items():
            yield example, language, folder / f"{example}{before}.html"


if __name__ == "__main__":
    folder = Path(sys.argv[1] if sys.argv[1:] else ROOT / "docs" / "reports")
    folder.mkdir(parents=True, exist_ok=True)
    failed = [page for example, language, page in pages(folder) if main(arguments(example, language, page)) != 0]
    sys.exit(bool(failed))
