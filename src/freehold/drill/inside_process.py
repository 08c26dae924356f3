"""The program inside, seen from outside: started, asked, ended. Owns the talk between the two, and what a failed start means.

What it runs and how it ends is written in :mod:`freehold.drill.inside`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from freehold.drill.descriptors import DescriptorLimit
from freehold.drill.filter import NamespaceFilter
from freehold.drill.inside_sockets import InsideSockets
from freehold.drill.listening import listening_ports
from freehold.drill.messages import receive, tell
from freehold.drill.netlink import own_addresses
from freehold.errors import CutFailed, DrillError, NotPossible
from freehold.words import say

__all__ = [
    "PROGRAM",
    "Handed",
    "InsideProcess",
    "Wanted",
    "name_servers_instead",
    "needs_user_namespace",
    "probe",
    "to_be_masked",
]

PROGRAM: Final = "import sys; sys.path.append(sys.argv[1]); from freehold.drill.inside import run; run(int(sys.argv[2]))"
"""What its interpreter is given."""

_MASKED: Final = (
    "/run/nscd/socket", "/var/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve",
    "/run/systemd/resolve/io.systemd.Resolve.Monitor",
)  # fmt: skip
_MOST_PORTS: Final = 4096  # and addresses: so many of the host's own are reached
_NAME_SERVERS: Final = Path("/etc/resolv.conf")
_ADMIN: Final = 1 << 12 | 1 << 21  # CAP_NET_ADMIN, CAP_SYS_ADMIN
# The interpreter ignores these by itself; whoever started it did not.
_BY_PYTHON: Final = frozenset({signal.SIGPIPE, signal.SIGXFSZ})
_FORBIDDEN: Final = frozenset({errno.EPERM, errno.EACCES})
_NOT_IN_KERNEL: Final = frozenset(
    {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.ENOENT}
)
_NO_MORE: Final = frozenset({errno.ENOSPC, errno.EUSERS, errno.ENOMEM})


def needs_user_namespace() -> bool:
    """Whether this process may not make a network namespace, and change it, without a user namespace around it."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return os.geteuid() != 0
    effective = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    return effective & _ADMIN != _ADMIN


def to_be_masked() -> tuple[str, ...]:
    """Unix sockets here by which names are looked up past any name server."""
    return tuple(path for path in _MASKED if Path(path).is_socket() and not Path(path).parent.is_symlink())


def name_servers_instead(text: str) -> str | None:
    """What a list of name servers (``resolv.conf``) has to say inside, if it can not stay as it is.

    Any address in it will do, since every question goes to the session's own name server; but one that holds on a single link
    (``fe80::1%eth0``) is none inside, where there is no such link, and a list of these alone leaves no name server at all.

    Returns
    -------
    The list with another name server; ``None`` if it can stay.
    """
    lines = text.splitlines()
    servers = [words[1] for words in map(str.split, lines) if len(words) > 1 and words[0] == "nameserver"]
    if not servers or not all("%" in server or server.lower().startswith("fe80:") for server in servers):
        return None
    kept = [line for line in lines if line.split()[:1] != ["nameserver"]]
    return "\n".join([*kept, "nameserver 127.0.0.1", ""])


def _instead() -> dict[str, str]:
    try:
        content = name_servers_instead(_NAME_SERVERS.read_text(encoding="utf-8", errors="surrogateescape"))
        return {} if content is None else {str(_NAME_SERVERS.resolve()): content}
    except OSError:
        return {}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be set up.

    Parameters
    ----------
    user
        Whether in a user namespace.
    masks
        Unix sockets to hide.
    ipv6
        Whether to set IPv6 up, if the kernel has it.
    filter
        Whether to load the filter and open sockets; without, there is loopback and nothing else.
    loopback4, loopback6
        Ports of the host's own addresses to be reached.
    host
        These addresses, besides loopback.
    instead
        By path, what files show inside in place of what they have.
    apart
        Whether to enter any namespace; without, commands run as ever, and only their end is seen to.
    """

    user: bool
    masks: tuple[str, ...] = ()
    ipv6: bool = True
    filter: bool = True
    loopback4: frozenset[int] = frozenset()
    loopback6: frozenset[int] = frozenset()
    host: frozenset[str] = frozenset()
    instead: Mapping[str, str] = field(default_factory=dict)
    apart: bool = True

    @classmethod
    def here(cls, *, ipv6: bool = True, with_filter: bool = True) -> Wanted:
        """What suits this machine and user, as they are now."""
        if not with_filter:
            return cls(needs_user_namespace(), to_be_masked(), ipv6, filter=False)
        host = own_addresses()
        four, six = listening_ports(host)
        return cls(needs_user_namespace(), to_be_masked(), ipv6, loopback4=four, loopback6=six, host=host, instead=_instead())

    def message(self) -> dict[str, object]:
        """The first message to the program."""
        ignored = [number for number in signal.valid_signals() - _BY_PYTHON if signal.getsignal(number) == signal.SIG_IGN]
        return {
            "apart": self.apart, "user": self.user, "masks": self.masks, "instead": dict(self.instead),
            "ipv6": self.ipv6, "filter": self.filter,
            "loopback4": sorted(self.loopback4)[:_MOST_PORTS], "loopback6": sorted(self.loopback6)[:_MOST_PORTS],
            "host": sorted(self.host)[:_MOST_PORTS],
            "pid": os.getpid(), "group": os.getpgrp(),
            "ignored": sorted(ignored), "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Handed:
    """What came back once it was set up.

    Parameters
    ----------
    sockets
        ``None`` without a filter.
    masked
        What of the Unix sockets is hidden, and of the files shown otherwise.
    ipv6
        Whether there is IPv6 inside.
    seconds
        How long the program took, its interpreter's start apart.
    namespace
        Descriptor of the network namespace, which keeps its number from being given to another.
    """

    sockets: InsideSockets | None
    masked: tuple[str, ...]
    ipv6: bool
    seconds: float
    namespace: int


class InsideProcess:
    """The program, running.

    Parameters
    ----------
    wanted
        What it is to set up.
    program
        Interpreter and arguments that it is started with, to which the descriptor of its socket is added; by default those of
        this process.

    Raises
    ------
    freehold.errors.NotPossible
        If it cannot be started.
    """

    def __init__(self, wanted: Wanted, program: Sequence[str] | None = None) -> None:
        self._wanted = wanted
        executable = None
        if program is None:
            program = (sys.executable, "-I", "-S", "-c", PROGRAM, str(Path(__file__).parents[2]))
            if not os.access(sys.executable, os.X_OK):
                executable = "/proc/self/exe"  # it runs, and yet this user has no way to it: it was started by another
        self.channel, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with other:
                self._process = subprocess.Popen(  # noqa: S603
                    [*program, str(other.fileno())], executable=executable, pass_fds=[other.fileno()],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    process_group=0,
                )  # fmt: skip
        except (OSError, ValueError) as error:
            self.channel.close()
            raise NotPossible(f"No process could be started for the cut: {error}.") from None
        self.pid = self._process.pid
        DescriptorLimit.spare(self.pid)
        tell(self.channel, self._wanted.message())

    def start(self, identifier: int, command: int, streams: Sequence[int]) -> None:
        """Ask for a command: a descriptor of what it is, and of its three streams."""
        tell(self.channel, {"do": "start", "id": identifier}, [command, *streams])

    def signal(self, identifier: int, number: int) -> None:
        """Ask for a signal to a command."""
        with contextlib.suppress(BlockingIOError):  # hundreds wait already, for a program that was stopped
            tell(self.channel, {"do": "signal", "id": identifier, "number": int(number)})

    def receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """One message and its descriptors; ``None`` once there are no more.

        Raises
        ------
        BlockingIOError
            If there is none yet, and the channel does not block.
        """
        return receive(self.channel)

    def ready(self, message: dict[str, Any], descriptors: list[int]) -> Handed:
        """Take the answer to what was wanted.

        Raises
        ------
        freehold.errors.NotPossible
            If this machine or user cannot have it.
        freehold.errors.CutFailed
            If something else went wrong.
        """
        if "failed" in message:
            raise _failure(message, user=self._wanted.user)
        told = message["ready"]
        sockets = [socket.socket(fileno=one) for one in descriptors]
        try:
            namespace = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            for one in sockets:
                one.close()
            raise CutFailed(f"The namespace of the cut cannot be looked at: {error}. Nothing was started.") from None
        handed = None
        if sockets:
            channel, *four = sockets[:4]
            for one in sockets[1:]:
                one.setblocking(False)  # noqa: FBT003
            six = sockets[4:] or (None, None, None)
            filters = NamespaceFilter(channel, ipv6=bool(told["ipv6"]))
            ports = self._wanted.loopback4 | self._wanted.loopback6
            handed = InsideSockets(four[0], six[0], four[1], six[1], four[2], six[2], filters, ports, self._wanted.host)
        return Handed(handed, tuple(told["masked"]), bool(told["ipv6"]), message["seconds"], namespace)

    def hang_up(self) -> None:
        """Have it kill all that it started and end: it does so once nobody is at the other end."""
        with contextlib.suppress(OSError):
            self.channel.shutdown(socket.SHUT_WR)

    def ended(self) -> int | None:
        """Its exit status; ``None`` while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it at once, and close what leads to it; afterwards nothing of it is left but, perhaps, what it started."""
        self._process.kill()
        self._process.wait()
        self.channel.close()

    def wait(self, seconds: float) -> bool:
        """Wait for its end, for a time: whether it came."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self.channel.close()
        return True


def probe(wanted: Wanted, program: Sequence[str] | None = None, *, deadline: float) -> None:
    """Set up what is wanted, and undo it.

    Parameters
    ----------
    wanted, program
        As for :class:`InsideProcess`.
    deadline
        Seconds.

    Raises
    ------
    freehold.errors.NotPossible
        If this machine or user cannot have it.
    freehold.errors.CutFailed
        If something else went wrong, or it took too long.
    """
    inside = InsideProcess(wanted, program)
    try:
        inside.channel.settimeout(deadline)
        answer = inside.receive()
        if answer is None:
            raise CutFailed("The program inside the cut ended before the cut was set up. Nothing was started.")
        handed = inside.ready(*answer)
        os.close(handed.namespace)
        if handed.sockets is not None:
            handed.sockets.close()
        inside.hang_up()
        inside.wait(deadline)
    except TimeoutError:
        raise CutFailed(f"The cut was not set up within {deadline:g} s; it was undone.") from None
    finally:
        inside.kill()


def _failure(message: dict[str, Any], *, user: bool) -> DrillError:
    number, stage = message["errno"], message["failed"]
    seen = say(f"drill_backend.stage_{stage}") + ": " + str(message["why"])
    if number in _FORBIDDEN:
        if stage in {"namespace", "identity"} or (user and stage in {"network", "filter"}):
            return NotPossible(say("drill_backend.forbidden", seen=seen))
    elif number in _NOT_IN_KERNEL and stage in {"namespace", "filter", "network"}:
        return NotPossible(say("drill_backend.not_in_kernel", seen=seen))
    elif number in _NO_MORE and stage == "namespace":
        return NotPossible(say("drill_backend.no_more", seen=seen))
    return CutFailed(f"The cut could not be set up ({seen}). Nothing was started.")
