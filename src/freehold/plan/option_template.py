"""An options file to fill in, made from the table of keys. Owns the comments that explain each key."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from freehold.plan.option_rows import csv_columns
from freehold.plan.option_schema import CHANGES, OPTION_KEYS, REFERENCE, SLIP
from freehold.plan.proposals import OptionsAnswer
from freehold.stack.schema import Attribute
from freehold.stack.toml_text import quoted
from freehold.stack.values import Stack

__all__ = ["template_csv", "template_toml"]

_STATED: Final = {
    "id": '"own-store"', "name": '"A store of our own"', "cost_once": "5000", "cost_year": "500", "currency": '"EUR"',
    "lead": '"30d"',
}  # fmt: skip
_EXAMPLES: Final = {
    "earliest": '"2027-01-01"', "requires": '["another-option"]', "excludes": '["another-option"]', "success": "0.9",
    "people": "1", "learns_with": '"servers"', "learning": "0.8", "standards_left": '["…"]', "forks": '["…"]',
    "gives_up": '["…"]',
    "activate": '["source-id", { source = "other-id", share = 0.5 }]',
    "cover": '[{ source = "source-id", item = "item-id", survive = "90d" }]',
    "capacity": '[{ source = "source-id", capacity = 0.8 }]', "recover": '[{ source = "source-id", recover = "3d" }]',
    "quality": '[{ source = "source-id", quality = 0.9 }]',
    "spare": '[{ source = "source-id", item = "item-id", weight = 0.2 }]',
}  # fmt: skip
_CHANGES_SAY: Final = {
    "activate": "Sources that become able to take over; with a share they take that part of today's need.",
    "cover": "Needs that are covered for longer: stock, spares, escrow, a licence term.",
    "capacity": "Sources that could meet more.",
    "recover": "Sources that take over sooner.",
    "quality": "Sources that become better.",
    "spare": "Sources that learn to do with less of an item; 0: without it.",
}
_HEAD: Final = """\
# Options: what could be done, one [[option]] each. `freehold options STACK --options FILE` shows and checks them.
# An option that states no cost or no lead is listed, and is in no plan.
"""
_NEW: Final = """\
# New things that come with it, as in a stack: [[option.provider]], [[option.item]] with [[option.item.source]], and
# [[option.source]] with `item` and `needs` for a new source of an item that is there. Leave their status and share out.
  [[option.item]]
  id = "own-store"
  kind = "hardware"
    [[option.item.source]]
    provider = "self"
#   [[option.source]]
#   item = "item-id"
#   provider = "self"
#   capacity = 0.9
#   recover = "2d"
#   needs = [{ item = "own-store", role = "host" }]
"""


def template_toml(stack: Stack | None = None, answer: OptionsAnswer | None = None) -> str:
    """Give an options file as TOML with every key explained; it reads as it is.

    Parameters
    ----------
    stack, answer
        A stack and what can be proposed for it: what waits for an answer is listed at the end, with the ids to write.
    """
    parts = [_HEAD, "[[option]]\n", *(_key(key) for key in OPTION_KEYS)]
    parts.append("# How late it may be, and with what odds:\n")
    parts += [*_keys_of(SLIP), '# slip = [{ days = "90d", odds = 0.3 }]\n', "# Where these facts come from:\n"]
    parts += [*_keys_of(REFERENCE), '# reference = { title = "…", publisher = "…", url = "…", date = "2026-11-26" }\n']
    for name, keys in CHANGES.items():
        parts += [f"# {_CHANGES_SAY[name]}\n", *_keys_of(keys), f"# {name} = {_EXAMPLES[name]}\n"]
    parts.append(_NEW)
    if stack is not None and answer is not None:
        parts += _waiting(stack, answer)
    return "".join(parts)


def template_csv() -> str:
    """Give the header of a table of options, with every column; the new source's are those of a stack."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(csv_columns())
    return text.getvalue()


def _key(key: Attribute) -> str:
    unit = f" ({key.unit})" if key.unit else ""
    stated = _STATED.get(key.name)
    line = f"{key.name} = {stated}" if stated else f"# {key.name} = {_EXAMPLES[key.name]}"
    return f"# {key.meaning}{unit} Blank: {key.blank}.\n{line}\n"


def _keys_of(keys: Sequence[Attribute]) -> list[str]:
    return [f"#   {key.name}: {key.meaning} Blank: {key.blank}.\n" for key in keys]


def _waiting(stack: Stack, answer: OptionsAnswer) -> list[str]:
    """Comments: what lacks facts, and what nothing is known for, as options to begin with."""
    parts = []
    for one in answer.proposals:
        if one.option.lacking and one.option.origin != "file":
            parts += [
                f"\n# {one.option.name or one.option.id}: state its cost and how long it takes, and what it needs.\n",
                f"# [[option]]\n# id = {quoted(one.option.id)}\n# cost_once =\n# cost_year =\n# currency =\n# lead =\n",
            ]
            if one.option.adds is None:
                parts.append(f"# activate = [{', '.join(quoted(change.source) for change in one.option.changes)}]\n")
            else:
                for source in one.option.adds.sources:
                    provider = quoted(source.provider) if isinstance(source.provider, str) else '"?"'
                    parts.append(f"#   [[option.source]]\n#   item = {quoted(source.item)}\n#   provider = {provider}\n")
    for item in answer.unanswered:
        name = stack.item_by_id[item.item].name or item.item
        in_use = [source.id for source in stack.sources_of[item.item]]
        needs = [need for need in stack.needs if need.item == item.item][:3]
        parts.append(f"\n# {_line(name)}: nothing is known. A second source, or more stock where it is needed:\n")
        parts.append(f"#   [[option.source]]\n#   item = {quoted(item.item)}\n")
        if in_use:
            parts.append(f"#   in use today: {', '.join(map(quoted, in_use))}\n")
        parts += [
            f"# cover = [{{ source = {quoted(need.source)}, item = {quoted(need.item)}, survive = … }}]\n" for need in needs
        ]
    return parts


def _line(text: str) -> str:
    return quoted(text)[1:-1]
