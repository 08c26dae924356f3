"""A playbook as a value, and its TOML form. Owns the steps that there are and what each one says.

The steps are those of OASIS CACAO 2.0 with plain names. A step leads to the next; ``if``, ``switch``, ``while`` and
``parallel`` own branches. A branch goes until an ``end`` step (or, in a loop, back to its ``while``); then the step that
owns it goes on with its own ``next``, and if it has none, what it stands in ends too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from freehold.errors import BadPlaybook
from freehold.respond.playbook_text import playbook_toml
from freehold.stack.toml_text import BadToml, parse_toml
from freehold.watch.settings_file import convert_settings, read_settings_text

__all__ = [
    "MOST_BYTES", "MOST_STEPS", "REACHES", "Action", "End", "If", "Parallel", "Playbook", "Run", "Scalar", "Start", "Step",
    "Switch", "Variable", "While", "digest_of_playbook", "edges", "load_playbook", "parse_playbook", "to_toml",
]  # fmt: skip

MOST_BYTES: Final = 1_048_576
MOST_STEPS: Final = 500
REACHES: Final = ("none", "agent", "tool", "tenant", "upstream", "model", "all")
"""How far an act reaches, least first."""

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,199}$")]
_Text = Annotated[str, msgspec.Meta(max_length=20_000)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=604_800)]
Scalar: TypeAlias = str | int | float | bool | None
"""What a variable can hold."""


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A variable of a playbook.

    Parameters
    ----------
    type
        As in CACAO: ``string``, ``integer``, ``float``, ``bool``, … .
    value
        At the start; ``None`` where it must be given.
    description
        What it is.
    constant
        Whether no step may set it.
    external
        Whether whoever starts the playbook may give it, or the label of that name.
    """

    type: str = "string"
    value: Scalar = None
    description: _Text = ""
    constant: bool = False
    external: bool = False


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag_field="type"):
    id: _Id
    name: _Text = ""
    description: _Text = ""
    delay: _Seconds = 0.0
    timeout: _Seconds = 0.0
    next: str = ""
    on_failure: str = ""
    kept: str = ""


class Start(_Step, frozen=True, tag="start", kw_only=True):
    """Where it begins."""


class End(_Step, frozen=True, tag="end", kw_only=True):
    """Where it, or a branch, ends."""


class Action(_Step, frozen=True, tag="action", kw_only=True):
    """One act.

    Parameters
    ----------
    action
        Its name, such as ``fail_over``; see :mod:`freehold.respond.actions.interface`.
    with_
        Its parameters; ``${name}`` stands for a variable.
    may_fail
        Whether the playbook goes on if it fails.
    set
        Variables that it sets when it has succeeded: an expression each, in which ``result`` is what came of it.
    """

    action: str
    with_: dict[str, Any] = msgspec.field(name="with", default_factory=dict)
    may_fail: bool = False
    set: dict[_Name, str] = {}


class Run(_Step, frozen=True, tag="playbook-action", kw_only=True):
    """Another playbook, as one step.

    Parameters
    ----------
    playbook
        Its id.
    with_
        Values of its variables.
    """

    playbook: str
    with_: dict[str, Scalar] = msgspec.field(name="with", default_factory=dict)


class Parallel(_Step, frozen=True, tag="parallel", kw_only=True):
    """Branches at the same time; it is done when all are."""

    branches: tuple[str, ...]


class If(_Step, frozen=True, tag="if-condition", kw_only=True):
    """One branch or the other."""

    condition: str
    then: str
    otherwise: str = ""


class While(_Step, frozen=True, tag="while-condition", kw_only=True):
    """A branch again and again while a condition holds, at most ``most`` times: then it has failed."""

    condition: str
    do: str
    most: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100


class Switch(_Step, frozen=True, tag="switch-condition", kw_only=True):
    """The branch of a value; ``default`` is that of any other."""

    switch: str
    cases: dict[str, str]


Step: TypeAlias = Start | End | Action | Run | Parallel | If | While | Switch


class Playbook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A playbook.

    Parameters
    ----------
    id, name, description
        What it is.
    when
        An expression over the incident and its labels: where it holds, the playbook is proposed.
    reach
        How far it may reach, one of :data:`REACHES`; a step that would reach further is refused.
    on_failure
        ``undo`` takes back what was done, in reverse order; ``keep`` leaves it.
    created, modified
        Moments, ISO 8601.
    variables
        By name.
    step
        Its steps.
    kept
        What CACAO says of it that has no place here, as JSON, so that it can be given back.
    """

    id: _Id
    name: _Text
    description: _Text = ""
    when: str = ""
    reach: Literal["none", "agent", "tool", "tenant", "upstream", "model", "all"] = "none"
    on_failure: Literal["undo", "keep"] = "undo"
    created: str = ""
    modified: str = ""
    variables: dict[_Name, Variable] = {}
    step: tuple[Step, ...]
    kept: str = ""

    def steps(self) -> Mapping[str, Step]:
        """Its steps by id."""
        return {step.id: step for step in self.step}


def edges(step: Step) -> Iterator[tuple[str, str]]:
    """Where a step leads to: the attribute that says so, and the id."""
    for name in ("next", "on_failure"):
        if target := getattr(step, name):
            yield name, target
    if isinstance(step, Parallel):
        yield from ((f"branches[{number}]", target) for number, target in enumerate(step.branches))
    elif isinstance(step, If):
        yield "then", step.then
        if step.otherwise:
            yield "otherwise", step.otherwise
    elif isinstance(step, While):
        yield "do", step.do
    elif isinstance(step, Switch):
        yield from ((f"cases.{case}", target) for case, target in step.cases.items())


def parse_playbook(text: str, place: str = "the playbook") -> Playbook:
    """Read a playbook from TOML; whether it is sound is for :func:`freehold.respond.playbook_checks.check_playbook` to say.

    Raises
    ------
    freehold.errors.BadPlaybook
        If it is none; with file and place.
    """
    if len(text) > MOST_BYTES:
        raise BadPlaybook(f"{place} has {len(text):,} characters, more than {MOST_BYTES:,}. Split it.")
    mend = "See docs/guides/respond.md for what a step may say."
    try:
        values = parse_toml(text)
    except BadToml as error:
        raise BadPlaybook(f"{place} is not TOML: {error}. {mend}") from None
    if not isinstance(values.get("step"), list):
        raise BadPlaybook(f'{place} has no steps. Write [[step]] tables, the first with type = "start".')
    if len(values["step"]) > MOST_STEPS:
        raise BadPlaybook(f"{place} has {len(values['step'])} steps, more than {MOST_STEPS}. Split it.")
    return convert_settings(values, Playbook, place, BadPlaybook, mend)


def load_playbook(path: Path) -> Playbook:
    """Read a playbook from a TOML file.

    Raises
    ------
    freehold.errors.BadPlaybook
        If it cannot be read, or is none.
    """
    return parse_playbook(read_settings_text(path, MOST_BYTES, BadPlaybook), str(path))


def to_toml(playbook: Playbook) -> str:
    """A playbook as TOML that :func:`parse_playbook` reads as the same."""
    values = msgspec.to_builtins(playbook)
    return playbook_toml(values)


def digest_of_playbook(playbook: Playbook) -> str:
    """A digest of all that it says, SHA-256 in hexadecimal."""
    whole = [_whole(playbook), [(type(step).__name__, _whole(step)) for step in playbook.step]]
    return hashlib.sha256(msgspec.json.encode(whole, order="deterministic")).hexdigest()


def _whole(struct: msgspec.Struct) -> dict[str, Any]:
    """All attributes, those at their defaults too: what is left out and what is said as the default are the same."""
    return {
        name: {key: _whole(one) if isinstance(one, Variable) else one for key, one in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in msgspec.structs.asdict(struct).items()
        if name != "step"
    }
