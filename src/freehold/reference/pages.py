"""Every reference page by its file name. Owns what the reference is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import freehold
from freehold import errors
from freehold.catalogue.defaults import defaults
from freehold.catalogue.matches import RULES
from freehold.catalogue.schema import CATALOGUE_TABLES, FACT_COLUMNS, ID_FORMS, OPTIONAL_FACT_COLUMNS, REFERENCE_COLUMNS
from freehold.reference.commands_page import commands_page
from freehold.reference.docstrings import documented, signature_of
from freehold.reference.json_page import json_page
from freehold.reference.markdown import code, fenced, page, table
from freehold.reference.stack_page import stack_page
from freehold.settings import SETTINGS

__all__ = ["PAGES", "catalogue_page", "errors_page", "python_page", "settings_page", "write_pages"]

_TREE: Final = re.compile(r"(?m)^    FreeholdError\n(?:^    .*\n)+")
_FACT: Final = {
    "table": "table of the row",
    "id": "id of the row",
    "attribute": "attribute that is stated",
    "value": "its value; an attribute with several has a line each",
    "reference": "id of the reference that carries it",
    "date": "day, month or year for which the reference states it; blank: the day it was published, else read",
    "says": "what the reference says, in other words",
    "since": "first day on which it holds; a file may leave this column and the next out",
    "until": "first day on which it no longer holds: from then on it is shown, and used for nothing",
}
_REFERENCE: Final = {
    "id": "a slug that is unique over all layers and begins with the layer's name",
    "title": "the page's own title",
    "publisher": "who publishes it",
    "host": "the address's host, in reverse-domain notation",
    "path": "the rest of the address, from the slash on",
    "published": "the date that it shows, or blank",
    "read": "the day on which it was read",
}


def errors_page() -> str:
    """The errors, drawn and one by one."""
    drawn = _TREE.search(errors.__doc__ or "")
    parts = [
        (
            "Catch `FreeholdError` and you have caught everything that Freehold raises on purpose. The command line prints the "
            "message, which says what is wrong, where, and the mend, and exits 2."
        ),
        fenced(re.sub(r"(?m)^    ", "", drawn.group() if drawn else "")),
    ]
    for name in errors.__all__:
        thing = getattr(errors, name)
        parts += [f"## {name}", documented(thing.__doc__ or "")]
    return page("Errors", *parts)


def python_page() -> str:
    """The public names."""
    parts = [
        (
            "`import freehold` gives these names. They are loaded when they are first used. What is not on this page is "
            "private, and may change at any time."
        ),
    ]
    for name in freehold.__all__:
        thing = getattr(freehold, name)
        doc = (
            'The one value that says *not known*, written `"?"` in files.'
            if name == "UNKNOWN"
            else documented(thing.__doc__ or "")
        )
        parts += [f"## {name}", signature_of(name, thing), doc]
    return page("Python", *parts)


def catalogue_page() -> str:
    """The catalogue's tables, rules and defaults."""
    parts = [
        (
            "The catalogue is a set of layers. Each layer is two CSV files: `facts-LAYER.csv`, a fact a line, and "
            "`references-LAYER.csv`, which say where a fact stands. `freehold catalogue check` tells whether they are sound."
        ),
        "## Columns of facts",
        table(("column", "meaning"), ((code(name), _FACT[name]) for name in (*FACT_COLUMNS, *OPTIONAL_FACT_COLUMNS))),
        "## Columns of references",
        table(("column", "meaning"), ((code(name), _REFERENCE[name]) for name in REFERENCE_COLUMNS)),
    ]
    for name, attributes in CATALOGUE_TABLES.items():
        lines = (
            (
                code(one.name), one.type, "several" if one.many else "", code(".".join(one.claim)) if one.claim else "",
                one.meaning
                + (f" One of: {', '.join(map(code, one.choices))}." if one.choices else "")
                + (" Required." if one.required else ""),
            )
            for one in attributes.values()
        )  # fmt: skip
        titles = ("attribute", "type", "values", "claim on", "meaning")
        parts += [f"## Table {name}", f"Its ids: {ID_FORMS[name]}.", table(titles, lines)]
    rows = ((one.id, code(one.attribute), one.value, one.reason) for one in defaults())
    parts += [
        "## Matching rules",
        "Nothing is matched by likeness. The more specific rule wins; each has a confidence.",
        table(("rule", "confidence"), ((name, f"{value:g}") for name, value in RULES.items())),
        "## Defaults",
        "Cover and weight for what readers find. Each enters a stack as a claim of confidence 0.5, which a stated value beats.",
        table(("for", "attribute", "value", "reason"), rows),
    ]
    return page("Catalogue", *parts)


def settings_page() -> str:
    """The settings and where they come from."""
    rows = ((code(name), code(f"--{name}"), code(f"FREEHOLD_{name.upper()}"), text) for name, text in SETTINGS.items())
    return page(
        "Settings",
        table(("setting", "option", "environment", "meaning"), rows),
        "The first that is set wins: the option, the environment, the stack's own `home` and `trusted`, `freehold.toml` in the "
        "working folder, `freehold/config.toml` in the user's configuration folder (`XDG_CONFIG_HOME`).",
        fenced('home = "DE"\ntrusted = ["EU"]\ndays = [0, 30, 365]\nfloor = 0.5', "toml"),
        "## Other environment variables",
        table(
            ("variable", "meaning"),
            (
                ("`NO_COLOR`", "if set, a terminal gets no colour"),
                ("`COLUMNS`", "width of the text on a terminal; 100 where there is none"),
                ("`XDG_STATE_HOME`", "folder in which a gateway keeps its state, where `--state` names none"),
                ("`FREEHOLD_WATCH_KEY`", "key with which a gateway's events are sent to the desk that `--watch` names"),
                ("`XDG_CACHE_HOME`", "folder in which readings and pages are kept; `--no-cache` does without"),
                (
                    "`SOURCE_DATE_EPOCH`",
                    "the moment written beside a revision, in seconds since 1970, instead of the present one",
                ),
                ("`FREEHOLD_DEBUG`", "if set, a defect shows where it happened"),
            ),
        ),
    )


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "catalogue.md": catalogue_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "json.md": json_page,
    "python.md": python_page,
    "settings.md": settings_page,
    "stack.md": stack_page,
}
"""What makes each page."""


def write_pages(folder: Path) -> Iterator[Path]:
    """Write every page.

    Parameters
    ----------
    folder
        Where; it is made if it is not there.

    Yields
    ------
    Path
        Each file written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        path = folder / name
        path.write_text(make(), encoding="utf-8")
        yield path
