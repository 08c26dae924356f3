"""Which registries the clients of this machine are configured for. Owns asking them; no registry's address is known here."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from freehold.errors import ProvisionError
from freehold.provision.registry import Registry, registry_from

__all__ = ["Configured", "apt_dump", "configured", "pip_program", "said_by"]

_DEADLINE: Final = 120
_MOST_FILE: Final = 4_000_000
_DEFAULT: Final = re.compile(r"--index-url <url>.{0,120}?\(default (https?://[^\s)]+)\)")


@dataclass(frozen=True, slots=True)
class Configured:
    """What clients are configured for.

    Parameters
    ----------
    registries
        Each once, the default of an ecosystem before its others.
    certificates
        A file of certificates that a client trusts beside the system's.
    settings
        Settings of pip that have nothing to do with indexes, by the name of their variable (``PIP_CERT``).
    proxy
        The proxy that pip is configured for; it may hold a secret, and is never shown.
    of_pip, of_uv
        Places of Python's registries that each of these clients asks, its default first: they know nothing of each other's.
    """

    registries: tuple[Registry, ...]
    certificates: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    proxy: str = field(default="", repr=False)
    of_pip: tuple[int, ...] = ()
    of_uv: tuple[int, ...] = ()


def configured(
    environment: Mapping[str, str],
    folder: Path,
    command: Sequence[str] = (),
    *,
    python: Sequence[str] = (),
    npm: Sequence[str] = (),
) -> Configured:
    """Ask pip, uv's files, npm and apt which registries they use in a folder.

    Parameters
    ----------
    environment
        As the command will have it.
    folder
        Where it will run.
    command
        Its arguments: where it is a pip or a Python of its own, that one is asked.
    python, npm
        Addresses to use instead of those configured.

    Raises
    ------
    freehold.errors.ProvisionError
        If an address is none.
    """
    # Each client takes a moment to start: they are asked side by side.
    with ThreadPoolExecutor(3) as pool:
        asked_pip = pool.submit(_pip_settings, environment, folder, command)
        asked_npm = pool.submit(_npm_settings, environment, folder)
        debian = _debian_registries(environment)
        pip, npm_settings = asked_pip.result(), asked_npm.result()
    given = [registry_from("python", url) for url in python]
    of_pip, of_uv = given or _pip_registries(pip), given or _uv_registries(environment, folder, pip.get("default-index", ""))
    of_npm = [registry_from("npm", url) for url in npm] or _npm_registries(npm_settings, environment, folder)
    unique: dict[tuple[str, str, str, bool], Registry] = {}
    for one in (*of_pip, *of_uv, *of_npm, *debian):
        unique.setdefault(_identity(one), one)
    places = {identity: place for place, identity in enumerate(unique)}
    settings = tuple(
        (f"PIP_{name.upper().replace('-', '_')}", value)
        for name, value in pip.items()
        if name not in ("index-url", "extra-index-url", "find-links", "no-index", "default-index", "proxy")
    )
    certificates = pip.get("cert") or npm_settings.get("cafile") or environment.get("SSL_CERT_FILE")
    return Configured(
        tuple(unique.values()), str(certificates) if certificates else None, settings, pip.get("proxy", ""),
        tuple(dict.fromkeys(places[_identity(one)] for one in of_pip)),
        tuple(dict.fromkeys(places[_identity(one)] for one in of_uv)),
    )  # fmt: skip


def _identity(one: Registry) -> tuple[str, str, str, bool]:
    return (one.ecosystem, one.base, one.scope, one.links)


def said_by(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> str:
    """What a client says of itself on standard output; nothing if it is not here or fails."""
    program = shutil.which(arguments[0], path=environment.get("PATH"))
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - a client that the user has, asked for its settings
            [program, *arguments[1:]], capture_output=True, timeout=_DEADLINE, check=False, stdin=subprocess.DEVNULL,
            env=dict(environment), cwd=folder,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout[:_MOST_FILE].decode("utf-8", "replace") if done.returncode == 0 else ""


def pip_program(environment: Mapping[str, str], command: Sequence[str] = ()) -> tuple[str, ...]:
    """The pip that a command uses, or that is found: the program and its first arguments."""
    name = Path(command[0]).name if command else ""
    if re.fullmatch(r"pip[\d.]*", name):
        return (command[0],)
    if re.fullmatch(r"python[\d.]*", name) and list(command[1:3]) == ["-m", "pip"]:
        return (command[0], "-m", "pip")
    return ("pip",) if shutil.which("pip", path=environment.get("PATH")) else (sys.executable, "-m", "pip")


def _pip_settings(environment: Mapping[str, str], folder: Path, command: Sequence[str]) -> dict[str, str]:
    program = pip_program(environment, command)
    found: dict[str, str] = {}
    for line in said_by([*program, "config", "list"], environment, folder).splitlines():
        name, sign, value = line.partition("=")
        section, dot, option = name.rpartition(".")
        if not sign or not dot or section not in ("global", "install", "download", ":env:"):
            continue
        try:
            text = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            continue
        if isinstance(text, str) and text.strip():
            found[option] = text
    match = _DEFAULT.search(" ".join(said_by([*program, "install", "--help"], environment, folder).split()))
    if match:
        found.setdefault("default-index", match[1])
    return found


def _pip_registries(settings: Mapping[str, str]) -> list[Registry]:
    urls = [settings.get("index-url") or settings.get("default-index") or "", *settings.get("extra-index-url", "").split()]
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        urls = []
    found = [registry_from("python", url) for url in urls if url]
    for place in settings.get("find-links", "").split():
        url = place if "://" in place else Path(place).resolve().as_uri()
        if url.startswith("file:"):
            found.append(registry_from("python", url, links=True))
    return found


def _uv_registries(environment: Mapping[str, str], folder: Path, built_in: str) -> list[Registry]:
    """What uv is told by its variables, or by its files; else the index that is built into it as it is into pip."""
    default = environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL") or ""
    extra = f"{environment.get('UV_INDEX', '')} {environment.get('UV_EXTRA_INDEX_URL', '')}".split()
    config = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or folder) / ".config") / "uv" / "uv.toml"
    for table in (_toml(folder / "uv.toml") or _project(folder), _toml(config)):
        listed = table.get("index")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and isinstance(one.get("url"), str):
                default, extra = (
                    (default or one["url"], extra) if one.get("default") is True else (default, [*extra, one["url"]])
                )
        if isinstance(table.get("index-url"), str):
            default = default or table["index-url"]
        more = table.get("extra-index-url")
        extra += [one for one in more if isinstance(one, str)] if isinstance(more, list) else []
    plain = [
        url.partition("=")[2] if re.match(r"[A-Za-z0-9_-]+=\w+://", url) else url
        for url in (default or built_in, *extra)
        if url
    ]
    return [registry_from("python", url) for url in plain if "://" in url]


def _toml(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_FILE:
            return {}
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}


def _project(folder: Path) -> dict[str, Any]:
    tool = _toml(folder / "pyproject.toml").get("tool")
    table = tool.get("uv") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else {}


def _npm_settings(environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    try:
        settings = json.loads(said_by(["npm", "config", "list", "--json"], environment, folder) or "{}")
    except (ValueError, RecursionError):
        return {}
    return settings if isinstance(settings, dict) else {}


def _npm_registries(settings: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> list[Registry]:
    secrets = _npm_secrets(settings, environment, folder)
    found = []
    named = [("", settings.get("registry")), *((name, value) for name, value in settings.items() if name.endswith(":registry"))]
    for name, url in named:
        if isinstance(url, str) and url.startswith("http"):
            scope = name.partition(":")[0]
            place = url.partition(":")[2].rstrip("/") + "/"
            found.append(registry_from("npm", url, scope=scope, authorization=_secret_for(place, secrets)))
    return found


def _npm_secrets(settings: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Headers by ``//host/path/``, from the files of npm's settings: npm itself does not say them, and rightly."""
    files = [settings.get("globalconfig"), settings.get("userconfig"), folder / ".npmrc"]
    found: dict[str, str] = {}
    for file in files:
        try:
            text = Path(str(file)).read_text(encoding="utf-8")[:_MOST_FILE] if file else ""
        except (OSError, ValueError):
            continue
        for line in text.splitlines():
            name, sign, value = line.strip().partition("=")
            place, colon, kind = name.strip().rpartition(":")
            value = re.sub(r"\$\{(\w+)\}", lambda match: environment.get(match[1], ""), value.strip().strip("\"'"))
            if sign and colon and place.startswith("//") and value.isprintable():
                if kind == "_authToken":
                    found[place.rstrip("/") + "/"] = f"Bearer {value}"
                elif kind == "_auth":
                    found[place.rstrip("/") + "/"] = f"Basic {value}"
    return found


def _secret_for(place: str, secrets: Mapping[str, str]) -> str:
    """The secret of the longest place that an address is under, as npm chooses."""
    fitting = [one for one in secrets if place.startswith(one)]
    return secrets[max(fitting, key=len)] if fitting else ""


def apt_dump(environment: Mapping[str, str]) -> str:
    """The whole configuration of apt, in its own spelling; empty if apt is not here."""
    return said_by(["apt-config", "dump"], environment, Path("/"))


def _debian_registries(environment: Mapping[str, str]) -> list[Registry]:
    dump = apt_dump(environment)
    if not dump:
        return []
    values = dict(re.findall(r'(?m)^(Dir(?:::[\w-]+)*) "([^"]*)";$', dump))
    etc = Path("/", values.get("Dir", "/"), values.get("Dir::Etc", "etc/apt"))
    main, parts = (etc / values.get(f"Dir::Etc::{name}", default) for name, default in _SOURCES)
    try:
        files = [main, *(sorted(parts.iterdir()) if parts.is_dir() else ())]
    except OSError:
        files = [main]
    found = []
    for file in files:
        if file.suffix in (".list", ".sources") and file.is_file() and file.stat().st_size <= _MOST_FILE:
            for url in _addresses(file.read_text(encoding="utf-8", errors="replace"), file.suffix):
                try:
                    found.append(registry_from("debian", url))
                except ProvisionError:
                    continue  # a transport that is none of the web's (cdrom, mirror, copy): apt itself sees to it
    return found


_SOURCES: Final = (("sourcelist", "sources.list"), ("sourceparts", "sources.list.d"))


def _addresses(text: str, ending: str) -> Iterable[str]:
    for line in text.splitlines():
        if ending == ".sources":
            name, _, value = line.partition(":")
            yield from value.split() if name.strip().lower() == "uris" else ()
        else:
            match = re.match(r"\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)", line)
            if match:
                yield match[1]
