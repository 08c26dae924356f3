"""Servers of this machine that go out by themselves: found by the sockets that they really have."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.drill.servants import name_services, servants

ENVIRONMENT = {"HOME": "/elsewhere/somebody", "XDG_RUNTIME_DIR": "/run/user/77"}


@contextlib.contextmanager
def listening(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
            yield
    finally:
        os.chdir(here)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("run/docker.sock", "docker"),
        ("run/user/77/podman/podman.sock", "podman"),
        ("run/user/77/bus", "D-Bus"),
        ("nix/var/nix/daemon-socket/socket", "nix"),
        ("elsewhere/somebody/.gnupg/S.dirmngr", "dirmngr"),
        ("elsewhere/somebody/.ssh/me@host.example:22", "ssh (ControlMaster)"),
        ("elsewhere/somebody/.ssh/masters/0f3a", "ssh (ControlMaster)"),
        ("tmp/tmux-77/default", "tmux"),
        ("run/screen/S-somebody/1.pts-0", "screen"),
        ("run/user/77/vscode-ipc-1.sock", "Visual Studio Code"),
    ],
)
def test_a_server_that_may_be_asked_is_named(path: str, name: str, tmp_path: Path) -> None:
    with listening(tmp_path / path):
        assert servants(ENVIRONMENT, 77, tmp_path) == (name,)


def test_files_that_are_no_sockets_name_nobody(tmp_path: Path) -> None:
    for path in ("elsewhere/somebody/.ssh/config", "run/docker.sock", "tmp/tmux-77/default"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("")
    assert servants(ENVIRONMENT, 77, tmp_path) == ()
    assert servants({}, 77, tmp_path) == ()
    (tmp_path / "run/atd.pid").write_text("12\n")
    assert servants(ENVIRONMENT, 77, tmp_path) == ("at",)


def test_a_name_service_counts_where_look_ups_go_to_it(tmp_path: Path) -> None:
    assert name_services(tmp_path) == ()
    (tmp_path / "etc").mkdir()
    switch = tmp_path / "etc/nsswitch.conf"
    with listening(tmp_path / "run/avahi-daemon/socket"):
        switch.write_text("passwd: files sss\nhosts: files dns # mdns\n")
        assert name_services(tmp_path) == ()
        switch.write_text("hosts: files mdns4_minimal [NOTFOUND=return] dns\n")
        assert name_services(tmp_path) == ("avahi",)
