"""The command after ``--`` of ``drill`` and ``provision``, and the action that is meant where none is named. Owns both.

The first is where Freehold's own part of a command line ends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from freehold.cli import drill_arguments, plan_arguments, provision, report_arguments

__all__ = ["split"]

_OF_ITSELF: Final = frozenset({"-h", "--help"})
_MEANT: Final[Mapping[str, str]] = {"drill": "run", "plan": "make", "provision": "fill", "report": "make"}
"""By verb: the action where none is named."""
_ACTIONS: Final[Mapping[str, Collection[str]]] = {
    "drill": drill_arguments.ACTIONS, "plan": plan_arguments.ACTIONS, "provision": provision.ACTIONS,
    "report": report_arguments.ACTIONS,
}  # fmt: skip
_ALONE: Final[Mapping[str, Collection[str]]] = {"drill": frozenset(drill_arguments.ACTIONS) - {"run"}, "provision": ()}
"""By verb that takes a command: actions that take none, so that before ``--`` their name is that of a stack."""


def split(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...] | None]:
    """Take the command that is to be run from the command line, before any flag of it can be taken for one of Freehold's.

    Parameters
    ----------
    arguments
        The whole command line, without the program's name.

    Returns
    -------
    list of str
        Freehold's own part, the action put in where it is meant.
    tuple of str or None
        What stands after the first ``--``; ``None`` where there is none, or the verb takes no command.
    """
    own = list(arguments)
    verb = own[0] if own else ""
    if verb not in _MEANT:
        return own, None
    words = None
    if "--" in own and verb in _ALONE:
        place = own.index("--")
        own, words = own[:place], tuple(own[place + 1 :])
    following = own[1] if len(own) > 1 else ""
    named = following in _ACTIONS[verb] and not (words is not None and following in _ALONE[verb])
    if named or following in _OF_ITSELF:
        return own, words
    return [verb, _MEANT[verb], *own[1:]], words
