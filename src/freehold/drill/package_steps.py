"""Steps of a package script (``npm run X``): its chain of commands. Owns how npm is led to run the chain with marks in it.

npm runs once, as it would; only the shell to which it hands a script is one of the drill's own (its setting ``script-shell``).
That shell knows the scripts asked for, and those that npm runs before and after them; any other it runs as it is.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from freehold.drill.shell_steps import chained, mark_function, whole_text
from freehold.drill.steps import NOT_SPLIT, Split
from freehold.words import say

__all__ = ["split_package_script"]

_SHORT: Final = {"test": "test", "t": "test", "tst": "test", "start": "start", "stop": "stop"}
_RUN: Final = frozenset({"run", "run-script", "rum", "urn"})
_MOST_BYTES: Final = 1_000_000
_SETTING: Final = "npm_config_script_shell"


def split_package_script(
    arguments: Sequence[str], folder: str, environment: Mapping[str, str], place: Path, pipe: Path
) -> Split:
    """Split a command that has npm run a script of the package; one that does not is not split.

    Parameters
    ----------
    arguments
        ``npm run NAME …``, ``npm test …`` or ``npm start …``.
    folder, environment
        What it is run with.
    place
        Folder for the shell and the scripts with marks.
    pipe
        Where marks go.
    """
    name = _script_name(arguments)
    if name is None:
        return NOT_SPLIT
    scripts = _scripts(Path(folder))
    asked = [(one, scripts[one]) for one in (f"pre{name}", name, f"post{name}") if one in scripts]
    if name not in scripts:
        return NOT_SPLIT
    shell = environment.get(_SETTING) or environment.get(_SETTING.upper()) or shutil.which("sh", path=environment.get("PATH"))
    if shell is None or _has_own_shell(Path(folder), environment):
        return Split(why_not=say("drill_run.package_shell"))
    names: list[str] = []
    whole = partial(whole_text, "sh", environment)
    for number, (one, text) in enumerate(asked):
        if "\n" in text.strip() or not text.strip():
            return Split(why_not=say("drill_run.no_steps"))
        marked, found = chained(text, whole, len(names))
        if not found:
            return Split(why_not=say("drill_run.no_steps"))
        names += found if len(asked) == 1 else [f"{one}: {step}" for step in found]
        (place / f"{number}.known").write_text(text, encoding="utf-8")
        (place / f"{number}.marked").write_text(f"{mark_function(pipe)}; {marked}", encoding="utf-8")
    wrapper = place / "shell"
    wrapper.write_text(_WRAPPER.format(place=shlex.quote(str(place)), program=shlex.quote(shell)), encoding="utf-8")
    wrapper.chmod(0o700)
    return Split(tuple(names), tuple(arguments), {_SETTING: str(wrapper)})


# npm adds arguments behind the script's text, quoted: they stay behind the marked text
_WRAPPER: Final = """#!/bin/sh
if [ "$1" = -c ]; then
  for known in {place}/*.known; do
    text=$(cat "$known")
    case "$2" in
      "$text"*)
        marked=$(cat "${{known%.known}}.marked")
        exec {program} -c "$marked${{2#"$text"}}" ;;
    esac
  done
fi
exec {program} "$@"
"""


def _script_name(arguments: Sequence[str]) -> str | None:
    if os.path.basename(arguments[0]) != "npm":  # noqa: PTH119
        return None
    words = [word for word in _before_dashes(arguments[1:]) if word not in ("--silent", "-s", "--offline", "--prefer-offline")]
    if any(word.startswith("-") for word in words[:2]):
        return None
    if words and words[0] in _SHORT:
        return _SHORT[words[0]]
    return words[1] if len(words) > 1 and words[0] in _RUN else None


def _before_dashes(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index("--")] if "--" in words else words


def _scripts(folder: Path) -> dict[str, str]:
    """The scripts of the package that a folder belongs to."""
    for above in (folder, *folder.parents):
        path = above / "package.json"
        try:
            if not path.is_file():
                continue
            if path.stat().st_size > _MOST_BYTES:
                return {}
            content: Any = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        scripts = content.get("scripts") if isinstance(content, dict) else None
        return {key: text for key, text in scripts.items() if isinstance(text, str)} if isinstance(scripts, dict) else {}
    return {}


def _has_own_shell(folder: Path, environment: Mapping[str, str]) -> bool:
    """Whether a configuration file names another shell for scripts."""
    places = [folder / ".npmrc", Path(environment.get("HOME", "/")) / ".npmrc"]
    for path in places:
        try:
            if path.is_file() and "script-shell" in path.read_text(encoding="utf-8", errors="replace")[:_MOST_BYTES]:
                return True
        except OSError:
            continue
    return False
