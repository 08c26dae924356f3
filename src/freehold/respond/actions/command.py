"""Running a command that is on the list: exactly its words, no shell, an empty environment, bounded time and output.

Owns the one place where a response starts a process. Parameters fill whole words, and only with what the list allows.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, ClassVar, Final

import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.interface import ActionFailed, Call, Outcome
from freehold.respond.actions.means import Command as CommandMeans
from freehold.respond.actions.means import Parameter
from freehold.watch.event import Json

__all__ = ["CommandParameters", "RunCommand"]

_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
_LONGEST_WORD: Final = 1_000
_CHUNK: Final = 65_536


class CommandParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which command of the list, and its parameters."""

    name: Annotated[str, msgspec.Meta(max_length=100)]
    parameters: dict[str, str | int] = {}


class RunCommand:
    """Run a command of the list.

    Parameters
    ----------
    commands
        The list.
    """

    name: ClassVar[str] = "command"
    changes: ClassVar[bool] = True
    undone_alone: ClassVar[bool] = True
    repeatable: ClassVar[bool] = False
    seconds: ClassVar[float] = 3_600.0
    parameters: ClassVar[type[msgspec.Struct]] = CommandParameters

    def __init__(self, commands: Sequence[CommandMeans]) -> None:
        self._commands = {one.name: one for one in commands}

    def reach(self, parameters: Any) -> str:  # noqa: ARG002  the plug point's signature
        """As far as can be: what a command does is not known here."""
        return "all"

    def _command(self, call: Call) -> CommandMeans:
        found = self._commands.get(call.parameters.name)
        if found is None:
            raise RespondError(f"no command is called '{call.parameters.name}'. Add [[command]] to respond.toml.")
        return found

    def _words(self, call: Call, template: Sequence[str]) -> list[str]:
        command = self._command(call)
        given = call.parameters.parameters
        strange = sorted(set(given) - set(command.parameters))
        if strange:
            raise RespondError(f"the command '{command.name}' has no parameter '{strange[0]}'.")
        words = []
        for word in template:
            name = word[1:-1] if word.startswith("{") and word.endswith("}") else ""
            if not name:
                words.append(word)
            elif name not in given:
                raise RespondError(f"the command '{command.name}' needs the parameter '{name}'.")
            else:
                words.append(_checked(command.name, name, command.parameters[name], given[name]))
        return words

    async def rehearse(self, call: Call) -> str:
        """Say what would be run."""
        return f"would run {' '.join(self._words(call, self._command(call).argv))}"

    async def precondition(self, call: Call) -> None:
        """See that the parameters are allowed and the program is there."""
        for template in (self._command(call).argv, self._command(call).probe, self._command(call).undo):
            words = self._words(call, template)
            if words and not os.access(words[0], os.X_OK):
                raise RespondError(f"{words[0]} is not there, or may not be run.")

    async def before(self, call: Call) -> Mapping[str, Json]:  # noqa: ARG002  the plug point's signature
        """An undo needs nothing but the parameters."""
        return {}

    async def act(self, call: Call) -> Outcome:
        """Run it; an exit status other than 0 is a failure."""
        command = self._command(call)
        return await self._run(command, self._words(call, command.argv))

    async def _run(self, command: CommandMeans, words: Sequence[str]) -> Outcome:
        status, output = await _run(words, command.seconds, command.most_output)
        text = output.decode("utf-8", "replace")
        if status != 0:
            raise ActionFailed(f"{words[0]} ended with status {status}: {text[-500:].strip() or 'it said nothing'}")
        return Outcome(f"ran {' '.join(words)}", {"status": status, "output": text})

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """What its own probe says, if it has one."""
        command = self._command(call)
        if not command.probe:
            return None
        status, _ = await _run(self._words(call, command.probe), command.seconds, 0)
        return status == 0

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:  # noqa: ARG002  the plug point's signature
        """Run what takes it back, if there is such a command."""
        command = self._command(call)
        if not command.undo:
            raise ActionFailed(f"the command '{command.name}' names none that takes it back. Do it by hand.")
        return await self._run(command, self._words(call, command.undo))


def _checked(command: str, name: str, allowed: Parameter, value: str | int) -> str:
    place = f"the command '{command}', parameter '{name}'"
    text = str(value)
    if allowed.least is not None or allowed.most is not None:
        if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise RespondError(f"{place}: '{text[:40]}' is no whole number.")
        if not (allowed.least is None or int(value) >= allowed.least) or not (
            allowed.most is None or int(value) <= allowed.most
        ):
            raise RespondError(f"{place}: {text[:40]} is not between {allowed.least} and {allowed.most}.")
        return str(int(value))
    if allowed.one_of:
        if text not in allowed.one_of:
            raise RespondError(f"{place}: '{text[:40]}' is none of {', '.join(allowed.one_of)}.")
        return text
    if len(text) > _LONGEST_WORD or text.startswith("-") or "\0" in text or not re.fullmatch(allowed.pattern, text):
        raise RespondError(f"{place}: '{text[:40]}' does not match {allowed.pattern}, or begins with a dash.")
    return text


async def _run(words: Sequence[str], seconds: float, most: int) -> tuple[int, bytes]:
    """Run a program and wait for it: its status, and the beginning of what it wrote to both streams.

    Raises
    ------
    ActionFailed
        If it cannot be started, or is not done in time: then it and all that it started are killed.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=_ENVIRONMENT, cwd="/", start_new_session=sys.platform != "win32",
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise ActionFailed(f"{words[0]} cannot be started ({error}).") from None
    assert process.stdout is not None
    kept = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while chunk := await process.stdout.read(_CHUNK):
                kept += chunk[: max(0, most - len(kept))]
            status = await process.wait()
    except TimeoutError:
        raise ActionFailed(f"{words[0]} was not done after {seconds:g} s, and was killed.") from None
    finally:
        await _end(process)
    return status, bytes(kept)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    assert process.stdout is not None
    transport: Any = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
