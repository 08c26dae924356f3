"""What actions act through: the gateway, its files, receivers, commands. Owns ``respond.toml`` and what it may say.

Secrets are named by an environment variable or a file, and never stand in the file itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from freehold.errors import RespondError
from freehold.watch.settings_file import parse_settings, read_settings_text

__all__ = ["FILE", "Command", "Gateway", "Means", "Parameter", "Preserve", "Receiver", "load_means", "secret_of"]

FILE: Final = "respond.toml"
_MOST_BYTES: Final = 1_048_576
_LONGEST_SECRET: Final = 8_192
_PLACEHOLDER: Final = re.compile(r"^\{([a-z][a-z0-9_]*)\}$")
_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]


class Gateway(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The model gateway.

    Parameters
    ----------
    url
        Its control interface.
    key_env, key_file
        Where its admin key is: a variable, or a file. The variable comes first.
    stop_file
        The file by which it is stopped when nothing else is left.
    configuration
        Its configuration file, which a roll-back restores.
    versions
        The folder of earlier configurations, each ``NAME.toml``.
    """

    url: str = "http://127.0.0.1:8470"
    key_env: str = "FREEHOLD_GATEWAY_KEY"
    key_file: str = ""
    stop_file: str = ""
    configuration: str = ""
    versions: str = ""


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody who is told.

    Parameters
    ----------
    name
        By which playbooks call it.
    kind
        ``file`` (a line of JSON is appended), ``webhook`` (JSON by POST) or ``apprise`` (any service that it knows).
    path
        The file.
    url, url_env, url_file
        The address, where it holds no secret; else the variable or the file that has it.
    """

    name: _Name
    kind: Literal["file", "webhook", "apprise"]
    path: str = ""
    url: str = ""
    url_env: str = ""
    url_file: str = ""


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a command's parameter may be: one of some texts, a text of a pattern, or a whole number of a range."""

    one_of: tuple[str, ...] = ()
    pattern: str = ""
    least: int | None = None
    most: int | None = None


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A command that may be run, exactly so.

    Parameters
    ----------
    name
        By which playbooks call it.
    argv
        The program's absolute path, and its arguments; ``{name}``, as a whole argument, stands for a parameter.
    probe, undo
        Commands that see whether it worked (exit status 0) and that take it back; may be empty.
    parameters
        By name.
    seconds
        How long it may run.
    most_output
        Bytes of its output that are kept.
    repeatable
        Whether running it twice does no harm.
    """

    name: _Name
    argv: tuple[str, ...]
    probe: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = {}
    seconds: Annotated[float, msgspec.Meta(gt=0, le=3_600)] = 30.0
    most_output: Annotated[int, msgspec.Meta(ge=0, le=1_048_576)] = 65_536
    repeatable: bool = False


class Preserve(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is preserved before a change.

    Parameters
    ----------
    paths
        Files that are copied each time, absolute or below the state folder.
    most_bytes
        How much is copied at most.
    """

    paths: tuple[str, ...] = ()
    most_bytes: Annotated[int, msgspec.Meta(ge=1, le=64 * 1024**3)] = 512 * 1024**2


class Means(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it."""

    gateway: Gateway = Gateway()
    receiver: tuple[Receiver, ...] = ()
    command: tuple[Command, ...] = ()
    preserve: Preserve = Preserve()


def load_means(folder: Path) -> Means:
    """Read ``respond.toml`` of a state folder; without one, all stands at its defaults.

    Relative paths are those below the folder.

    Raises
    ------
    freehold.errors.RespondError
        If it is not sound.
    """
    path = folder / FILE
    text = read_settings_text(path, _MOST_BYTES, RespondError, absent="")
    means = parse_settings(text, Means, str(path), RespondError, "See docs/guides/respond.md for what it may say.")
    for kind, names in (("receiver", [one.name for one in means.receiver]), ("command", [one.name for one in means.command])):
        if len(set(names)) < len(names):
            raise RespondError(f"{path}: two {kind}s have one name. Give each its own.")
    for command in means.command:
        _check_command(command, path)
    for receiver in means.receiver:
        _check_receiver(receiver, path)
    return _placed(means, folder)


def _check_command(command: Command, path: Path) -> None:
    place = f"{path}, command '{command.name}'"
    for argv in (command.argv, command.probe, command.undo):
        if argv and not Path(argv[0]).is_absolute():
            raise RespondError(f"{place}: '{argv[0]}' is no absolute path of a program. Write it whole.")
        for word in argv[1:]:
            found = _PLACEHOLDER.match(word)
            if found and found[1] not in command.parameters:
                raise RespondError(f"{place}: no parameter is called '{found[1]}'. Add [command.parameters.{found[1]}].")
            if not found and ("{" in word or "}" in word):
                raise RespondError(f"{place}: '{word}' mixes a parameter with text. A parameter is a whole argument.")
    if not command.argv:
        raise RespondError(f"{place}: argv is empty. Write the program and its arguments.")
    for name, one in command.parameters.items():
        ways = bool(one.one_of) + bool(one.pattern) + (one.least is not None or one.most is not None)
        if ways != 1:
            raise RespondError(f"{place}, parameter '{name}': say one of one_of, pattern, or least and most.")
        if one.pattern:
            try:
                re.compile(one.pattern)
            except re.error as error:
                raise RespondError(f"{place}, parameter '{name}': the pattern is none ({error}).") from None


def _check_receiver(receiver: Receiver, path: Path) -> None:
    given = [bool(receiver.path), bool(receiver.url), bool(receiver.url_env), bool(receiver.url_file)]
    if sum(given) != 1 or given[0] != (receiver.kind == "file"):
        raise RespondError(f"{path}, receiver '{receiver.name}': a file has a path; another has one of url, url_env, url_file.")
    if "@" in receiver.url or (receiver.url and receiver.kind == "apprise"):
        raise RespondError(f"{path}, receiver '{receiver.name}': the address holds a secret. Name it by url_env or url_file.")


def _placed(means: Means, folder: Path) -> Means:
    def below(path: str) -> str:
        return str(folder / path) if path else ""

    gateway = msgspec.structs.replace(
        means.gateway,
        **{name: below(getattr(means.gateway, name)) for name in ("key_file", "stop_file", "configuration", "versions")},
    )
    receivers = tuple(
        msgspec.structs.replace(one, path=below(one.path), url_file=below(one.url_file)) for one in means.receiver
    )
    kept = msgspec.structs.replace(means.preserve, paths=tuple(below(path) for path in means.preserve.paths))
    return msgspec.structs.replace(means, gateway=gateway, receiver=receivers, preserve=kept)


def secret_of(variable: str, file: str, environment: Mapping[str, str] = os.environ) -> str:
    """A secret from a variable, else from a file; empty if neither has one.

    Raises
    ------
    freehold.errors.RespondError
        If the file is named and cannot be read.
    """
    if variable and environment.get(variable):
        return environment[variable].strip()
    if not file:
        return ""
    try:
        with Path(file).open(encoding="utf-8") as opened:
            return opened.read(_LONGEST_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason: Any = getattr(error, "strerror", None) or "it is no text"
        raise RespondError(f"{file} cannot be read ({reason}). It holds a secret that an action needs.") from None
