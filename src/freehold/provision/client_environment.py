"""What clients are told so that they ask an index on loopback. Owns the variables and files of pip, uv, npm and apt for that.

Each client gets an empty cache: what a cache gave would be seen by nobody, and be missing elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from freehold.provision.configured import Configured, apt_dump
from freehold.provision.debian_archive import source_line

__all__ = ["for_mirror", "for_recording", "settings_for"]

_PROXIES: Final = frozenset(
    {
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "ftp_proxy",
        "npm_config_proxy",
        "npm_config_https_proxy",
        "npm_config_http_proxy",
    }
)
_UNSET: Final = (
    "PIP_NO_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_PROXY", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL",
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_OFFLINE",
)  # fmt: skip


def for_recording(environment: Mapping[str, str], settings: Configured, url: str, folder: Path) -> dict[str, str]:
    """Give the environment in which a command is recorded.

    Parameters
    ----------
    environment
        As it would be otherwise.
    settings
        The registries, in the order in which the recording index has them.
    url
        The recording index.
    folder
        Holds caches and files of settings for as long as the command runs.
    """
    made = _shared(environment, settings, folder)
    places = settings.registries
    addresses = [f"{url}/{one.ecosystem}/{number}/" for number, one in enumerate(places)]
    indexes = [addresses[number] for number in settings.of_pip if not places[number].links]
    links = [addresses[number] for number in settings.of_pip if places[number].links]
    _python(made, indexes, links, [addresses[number] for number in settings.of_uv])
    _npm(made, [(one.scope, addresses[number]) for number, one in enumerate(places) if one.ecosystem == "npm"])
    if any(one.ecosystem == "debian" for one in settings.registries):
        _apt(made, environment, folder, [f'Acquire::http::Proxy "{url}";'])
    return made


def for_mirror(
    environment: Mapping[str, str], settings: Configured, url: str, folder: Path, holds: Sequence[str]
) -> dict[str, str]:
    """Give the environment in which a mirror is the only registry.

    Parameters
    ----------
    environment, settings, folder
        As for :func:`for_recording`.
    url
        The mirror's server.
    holds
        Ecosystems that it holds; a client of another one is led there too, and finds nothing.
    """
    # A proxy would reach for a client what is cut: it dials by itself, and its own host is none of a registry.
    direct = {name: value for name, value in environment.items() if name.lower() not in _PROXIES}
    made = _shared(direct, settings, folder)
    _python(made, [f"{url}/python/simple/"], [], [f"{url}/python/simple/"])
    scopes = {one.scope for one in settings.registries if one.ecosystem == "npm"} | {""}
    _npm(made, [(scope, f"{url}/npm/") for scope in sorted(scopes)])
    if "debian" in holds or any(one.ecosystem == "debian" for one in settings.registries):
        lists, parts = folder / "lists", folder / "no-parts"
        for one in (lists, lists / "partial", parts):
            one.mkdir(parents=True, exist_ok=True)
        (folder / "mirror.list").write_text(source_line(url) if "debian" in holds else "", encoding="utf-8")
        own = [
            f'Dir::Etc::sourcelist "{folder}/mirror.list";', f'Dir::Etc::sourceparts "{parts}";',
            f'Dir::State::lists "{lists}/";',
            'Dir::Cache::pkgcache "";', 'Dir::Cache::srcpkgcache "";', 'Acquire::http::Proxy "DIRECT";',
            'Acquire::Languages "none";',
        ]  # fmt: skip
        _apt(made, environment, folder, own)
    return made


def settings_for(url: str, holds: Sequence[str]) -> tuple[str, ...]:
    """Lines for a shell that lead its clients to a mirror; for apt, which takes none from variables, a comment."""
    lines = []
    if "python" in holds:
        lines += [f"export PIP_INDEX_URL={url}/python/simple/", f"export UV_DEFAULT_INDEX={url}/python/simple/"]
    if "npm" in holds:
        lines += [f"export npm_config_registry={url}/npm/", "export npm_config_replace_registry_host=always"]
    if "debian" in holds:
        lines.append(f"# a line of /etc/apt/sources.list, on this machine alone: {source_line(url).strip()}")
    return tuple(lines)


def _shared(environment: Mapping[str, str], settings: Configured, folder: Path) -> dict[str, str]:
    made = {name: value for name, value in environment.items() if not _chooses_registry(name)}
    for name, value in settings.settings:
        made.setdefault(name, value)
    made["PIP_CONFIG_FILE"] = os.devnull
    made["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    for name, place in (("PIP_CACHE_DIR", "pip"), ("UV_CACHE_DIR", "uv"), ("npm_config_cache", "npm")):
        made[name] = str(folder / "caches" / place)
    made = {name: value for name, value in made.items() if name.lower() != "no_proxy"}
    if any(name.lower() in _PROXIES and value for name, value in made.items()):
        # Loopback is reached directly. Without a proxy the variable would only keep apt from the one that records.
        besides = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
        kept = ",".join(one for one in (besides, "127.0.0.1", "localhost") if one)
        made |= {"no_proxy": kept, "NO_PROXY": kept}
    return made


def _chooses_registry(name: str) -> bool:
    """Whether a variable tells a client of a registry."""
    return name in _UNSET or (name.lower().startswith("npm_config_") and name.lower().endswith("registry"))


def _python(made: dict[str, str], indexes: Sequence[str], links: Sequence[str], of_uv: Sequence[str]) -> None:
    if indexes:
        made["PIP_INDEX_URL"] = indexes[0]
    else:
        made["PIP_NO_INDEX"] = "1"
    if indexes[1:]:
        made["PIP_EXTRA_INDEX_URL"] = " ".join(indexes[1:])
    if links:
        made["PIP_FIND_LINKS"] = " ".join(links)
    if of_uv:
        made["UV_DEFAULT_INDEX"] = of_uv[0]
    if of_uv[1:]:
        made["UV_INDEX"] = " ".join(of_uv[1:])


def _npm(made: dict[str, str], scopes: Sequence[tuple[str, str]]) -> None:
    for scope, url in scopes:
        made[f"npm_config_{scope}:registry" if scope else "npm_config_registry"] = url
    # A lock file leads to wherever it was written: the path stays, and the host becomes the one that is asked now. One that
    # is written anew carries no addresses, for those of loopback would mean nothing tomorrow.
    made["npm_config_replace_registry_host"] = "always"
    made["npm_config_omit_lockfile_registry_resolved"] = "true"
    made["npm_config_update_notifier"] = "false"


def _apt(made: dict[str, str], environment: Mapping[str, str], folder: Path, own: Sequence[str]) -> None:
    """A file that holds all of apt's settings and our own after them: apt reads the system's later, and would undo ours."""
    archives, nothing = folder / "archives", folder / "no-settings"
    for one in (archives, archives / "partial", nothing):
        one.mkdir(parents=True, exist_ok=True)
    dump = re.sub(r"(?mi)^Acquire::http::Proxy\b.*\n", "", apt_dump(environment))
    lines = [
        *own, f'Dir::Cache::archives "{archives}/";', 'APT::Keep-Downloaded-Packages "true";',
        'Binary::apt::APT::Keep-Downloaded-Packages "true";', 'Dir::Etc::main "/dev/null";', f'Dir::Etc::parts "{nothing}";',
    ]  # fmt: skip
    file = folder / "apt.conf"
    file.write_text(dump + "\n".join(lines) + "\n", encoding="utf-8")
    made["APT_CONFIG"] = str(file)
