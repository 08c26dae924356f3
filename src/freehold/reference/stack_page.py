"""The page on stack files and cut-off files, from their schemas. Owns the words for types of cells."""

from __future__ import annotations

from typing import Final

from freehold.reference.docstrings import documented, first_sentence
from freehold.reference.markdown import code, fenced, page, table
from freehold.stack.csv_folder import FILES
from freehold.stack.cutoff import COVERS, SELECTORS, WAYS, Rule
from freehold.stack.durations import parse_days
from freehold.stack.schema import KINDS, ROLES, SCHEMA_NUMBER, STATUSES, TABLES, Attribute

__all__ = ["TYPES", "stack_page"]

TYPES: Final = {
    "id": "a name that is unique in its table",
    "reference": "the id of a row of another table",
    "text": "text",
    "choice": "one of the values listed",
    "flag": "yes or no (`true` or `false` in TOML)",
    "number": "a number from 0 up",
    "fraction": "a number from 0 to 1",
    "money": "an amount from 0 up",
    "duration": "a duration",
    "country": "an ISO 3166-1 alpha-2 code such as DE",
    "countries": "one or several countries",
    "regions": "countries, or groups such as EU",
    "owners": "one or several provider ids, each with a stake after a colon where it is known",
    "tags": "labels",
    "date": "a day as YYYY-MM-DD, or a year or a month",
}
"""What may stand in a cell of each type."""

_IN_TOML: Final = {
    "stack": "[stack]",
    "items": "[[item]]",
    "providers": "[[provider]]",
    "sources": "[[item.source]]",
    "needs": "needs = [ … ] in a source",
    "claims": "[[claim]]",
}

_SCENARIO: Final = """\
[cutoff]
name = "US stop"
notice = "0d"
stake = 0.5

[[cutoff.rule]]
country = "US"
via = ["provider", "owner", "location", "origin"]
availability = 0.0
from = "0d"
until = "forever"
cover = "keep"
"""


def stack_page() -> str:
    """Make the page."""
    parts = [
        (
            "A stack is one TOML file, or a folder with `stack.toml` and CSV tables. `freehold template` prints an empty one. "
            f"The number of the format is {SCHEMA_NUMBER}."
        ),
        (
            "A folder may hold Parquet tables instead (`items.parquet` and so on): the same columns, cells spelt as in CSV. "
            "Tables of other programs may have columns of numbers, flags, dates and lists. A Freehold database holds stacks "
            "with their history; only Freehold writes in it."
        ),
        (
            'In TOML a list is a TOML list; in CSV its parts are separated by `;`. `"?"` says that a value is not known, in '
            "every column marked *may be `?`*: that is not the same as a blank, which takes what the column *blank* says."
        ),
    ]
    for name, columns in TABLES.items():
        where = f"In TOML: `{_IN_TOML[name]}`." + (f" In a folder: `{FILES[name]}`." if name in FILES else "")
        parts += [f"## {name}", where, table(("column", "type", "unit", "blank", "may be `?`", "meaning"), map(_row, columns))]
    parts += [
        "## Types of cells",
        table(("type", "what may stand there"), ((code(name), text) for name, text in TYPES.items())),
        "### Durations",
        documented(parse_days.__doc__ or "").partition("- `text`: ")[2].partition("\n")[0],
        "## Kinds, statuses, roles",
        "Kinds are the layers of the value chain, bottom up: " + ", ".join(map(code, KINDS)) + ".",
        "Statuses: " + ", ".join(map(code, STATUSES)) + ".",
        "Roles that readers write; others may be used freely: " + ", ".join(map(code, ROLES)) + ".",
        "## Cut-off files",
        "A scenario for `--scenario`. Everything but the selectors has the default shown here, except the name.",
        fenced(_SCENARIO, "toml"),
        first_sentence(Rule.__doc__ or ""),
        "Selectors: " + ", ".join(map(code, SELECTORS)) + ". Ways of control: " + ", ".join(map(code, WAYS)) + ". "
        "Cover: " + ", ".join(map(code, COVERS)) + ".",
        documented(Rule.__doc__ or "").partition("\n\n")[2].replace("`from_day, until_day`", "`from, until`")
        .replace("[from_day, until_day)", "[from, until)"),
    ]  # fmt: skip
    return page("Stack files", *parts)


def _row(column: Attribute) -> tuple[str, ...]:
    choices = f" One of: {', '.join(map(code, column.choices))}." if column.choices else ""
    needed = "" if not column.required else " Required."
    return (
        code(column.name), column.type, column.unit, column.blank, "yes" if column.unknown else "",
        column.meaning + choices + needed,
    )  # fmt: skip
