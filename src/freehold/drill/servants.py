"""Servers of this machine that go out for whoever asks them by a Unix socket. Owns which there are, and how they are found.

They were there before a cut and stay outside of it: a container engine fetches an image, a service manager starts a command, a
shared connection is already open. Nothing of that is seen from inside; so those that the command could ask are named. Sockets
are no sign that the command asks: that is not seen either.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["name_services", "servants"]

_SERVANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "docker": ("run/docker.sock", "{runtime}/docker.sock"),
    "podman": ("run/podman/podman.sock", "{runtime}/podman/podman.sock"),
    "containerd": ("run/containerd/containerd.sock", "{runtime}/containerd-rootless/api.sock"),
    "buildkit": ("run/buildkit/buildkitd.sock", "{runtime}/buildkit/buildkitd.sock"),
    "lxd": ("var/snap/lxd/common/lxd/unix.socket", "var/lib/lxd/unix.socket", "var/lib/incus/unix.socket"),
    "libvirt": ("run/libvirt/libvirt-sock", "{runtime}/libvirt/libvirt-sock"),
    "snapd": ("run/snapd.socket",),
    "nix": ("nix/var/nix/daemon-socket/socket",),
    "systemd": ("run/systemd/private", "{runtime}/systemd/private"),
    "D-Bus": ("run/dbus/system_bus_socket", "{runtime}/bus"),
    "at": ("run/atd.pid",),
    "dirmngr": ("{runtime}/gnupg/S.dirmngr", "{home}/.gnupg/S.dirmngr"),
    "ssh (ControlMaster)": ("{home}/.ssh/*", "{home}/.ssh/*/*", "{runtime}/ssh-*", "tmp/ssh_mux_*"),
    "tmux": ("tmp/tmux-{user}/*",),
    "screen": ("run/screen/S-*/*", "{home}/.screen/*"),
    "Visual Studio Code": ("{runtime}/vscode-ipc-*.sock", "tmp/vscode-ipc-*.sock"),
    "Watchman": ("{home}/.local/state/watchman/*/sock",),
}
"""By name, paths below the root folder; where they lie is written in each one's manual."""
_NAME_SERVICES: Final[Mapping[str, tuple[str, str]]] = {
    "avahi": ("mdns", "run/avahi-daemon/socket"),
    "sssd": ("sss", "var/lib/sss/pipes/nss"),
    "winbind": ("win", "run/samba/winbindd/pipe"),
}
"""By name, the beginning of their word in ``nsswitch.conf``, and the socket."""


def servants(environment: Mapping[str, str], user: int | None = None, root: Path = Path("/")) -> tuple[str, ...]:
    """Names of those that are here and may be asked by this user.

    Parameters
    ----------
    environment
        Says where the user's own folders are.
    user
        Number of the user; by default this process's.
    root
        The folder that all paths start from.
    """
    number = os.geteuid() if user is None else user
    places = {
        "user": str(number),
        "runtime": (environment.get("XDG_RUNTIME_DIR") or f"/run/user/{number}").lstrip("/"),
        "home": environment.get("HOME", "").lstrip("/"),
    }
    return tuple(name for name, paths in _SERVANTS.items() if any(_is_there(root, path, places) for path in paths))


def _is_there(root: Path, path: str, places: Mapping[str, str]) -> bool:
    if "{home}" in path and not places["home"]:
        return False
    folder, _, pattern = path.partition("*")
    folder, _, begun = folder.format_map(places).rpartition("/")
    try:
        found = (root / folder).glob(f"{begun}*{pattern}") if pattern or path.endswith("*") else iter((root / folder / begun,))
        return any((one.is_socket() and os.access(one, os.W_OK)) or (one.suffix == ".pid" and one.is_file()) for one in found)
    except (OSError, ValueError):
        return False


def name_services(root: Path = Path("/")) -> tuple[str, ...]:
    """Names of the servers that this machine's library asks for hosts by a Unix socket, which no cut hides.

    Parameters
    ----------
    root
        As for :func:`servants`.
    """
    try:
        lines = (root / "etc/nsswitch.conf").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    words = [
        word for line in lines if line.split("#")[0].strip().startswith("hosts:") for word in line.split("#")[0].split()[1:]
    ]
    return tuple(
        name
        for name, (begins, path) in _NAME_SERVICES.items()
        if any(word.startswith(begins) for word in words) and (root / path).is_socket()
    )
