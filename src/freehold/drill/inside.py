"""The program that stands inside a session's namespace. Owns setting it up, the commands that run in it, and their end.

It is started by the process outside with one end of a pair of sockets (``SOCK_SEQPACKET``: a message is a JSON object, with
descriptors beside it) and the standard library alone. In order:

1. from outside: what to set up; back: ``ready`` and the descriptors of the sockets, or ``failed`` with the stage and reason;
2. from outside: ``start`` a command (descriptors: a file with its arguments, folder and environment; its standard streams),
   ``signal`` one; back: ``started`` or ``not_started``, later ``ended``;
3. the other end is closed, by whatever cause: every process below this one is killed, those that forked away too, and it ends.

It stands in a process group of its own, so that what the terminal sends to the command's group does not reach it; each command
is put in the group of the process outside. Whatever fails, nothing is started: there is no way back to the host's network.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping

from freehold.drill import kernel, netlink, nftables
from freehold.drill.messages import receive, tell

TYPE_CHECKING = False  # as in typing, which takes milliseconds to import: whoever waits for a cut waits for them
if TYPE_CHECKING:
    from typing import Any, Final

__all__ = ["STAGES", "descendants", "kill_descendants", "run", "set_up"]

STAGES: Final = ("namespace", "identity", "masks", "filter", "network", "sockets")
"""In this order."""

_IGNORED: Final = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
    signal.SIGPIPE, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip
_SETTINGS: Final = tuple(
    f"/proc/sys/net/ipv4/{name}" for name in ("ip_unprivileged_port_start", "ip_local_port_range", "ping_group_range")
)
_NOT_IN_KERNEL: Final = frozenset({errno.EOPNOTSUPP, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.ENOENT})
_HANDED: Final = 4  # descriptors that come with a command: what it is, and three streams
_HIGHEST_PORT: Final = 65_535  # above what the kernel gives out by itself


class _Failed(Exception):
    def __init__(self, stage: str, error: OSError) -> None:
        super().__init__(stage)
        self.stage = stage
        self.error = error


@contextlib.contextmanager
def _stage(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _Failed(name, error) from error


def run(descriptor: int) -> None:
    """Be the program, from the first message to the end.

    Parameters
    ----------
    descriptor
        Of the socket to the process outside.
    """
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    began = time.monotonic()
    with socket.socket(fileno=descriptor) as outside:
        outside.setblocking(True)  # noqa: FBT003
        os.set_inheritable(descriptor, False)  # noqa: FBT003
        first = receive(outside)
        if first is None:
            return
        wanted, _ = first
        try:
            told, handed = set_up(wanted)
        except _Failed as failed:
            tell(outside, {"failed": failed.stage, "errno": failed.error.errno, "why": str(failed.error)})
            return
        tell(outside, {"ready": told, "seconds": time.monotonic() - began}, [one.fileno() for one in handed])
        for one in handed:
            one.close()
        _Commands(outside, wanted).serve()


def set_up(wanted: Mapping[str, Any]) -> tuple[dict[str, object], list[socket.socket]]:
    """Enter the namespaces and make them ready.

    Parameters
    ----------
    wanted
        ``apart``: whether to enter any namespace; ``user``: whether a user namespace is needed; ``masks``: paths of Unix
        sockets to hide; ``instead``: what files show in place of what they have; ``filter``: whether to have one; ``ipv6``:
        whether to try it; ``loopback4``, ``loopback6``, ``host``: ports and addresses of the host's own.

    Returns
    -------
    What it came to (``ipv6``, ``masked``), and the sockets: the filter's, then DNS by UDP, DNS by TCP and TCP of IPv4, then the
    same of IPv6; none without a filter.
    """
    user, mounts = bool(wanted["user"]), bool(wanted["masks"] or wanted["instead"])
    identity = (os.geteuid(), os.getegid())
    if not wanted["apart"]:
        kernel.become_subreaper()
        return {"ipv6": False, "masked": []}, []
    like_the_host = _read_settings()
    with _stage("namespace"):
        flags = kernel.CLONE_NEWNET | (kernel.CLONE_NEWUSER if user else 0) | (kernel.CLONE_NEWNS if mounts else 0)
        kernel.unshare(flags)
    with _stage("identity"):
        if user:
            _keep_identity(*identity)
        kernel.become_subreaper()
    with _stage("masks"):
        masked = _mask(list(wanted["masks"]), dict(wanted["instead"]))
    handed: list[socket.socket] = []
    ipv6 = bool(wanted["filter"] and wanted["ipv6"]) and _has_ipv6()
    if wanted["filter"]:
        taken = {*wanted["loopback4"], *wanted["loopback6"]}
        dns_port, tcp_port = [port for port in range(_HIGHEST_PORT, _HIGHEST_PORT - len(taken) - 2, -1) if port not in taken][
            :2
        ]
        with _stage("filter"):
            channel = netlink.connect(netlink.NETLINK_NETFILTER)
            handed.append(channel)
            host = [[one for one in wanted["host"] if (":" in one) == six] for six in (False, True)]
            nftables.load(channel, nftables.IPV4, dns_port, tcp_port, wanted["loopback4"], host[0])
            try:
                if ipv6:
                    nftables.load(channel, nftables.IPV6, dns_port, tcp_port, wanted["loopback6"], host[1])
            except OSError as error:
                if error.errno not in _NOT_IN_KERNEL:
                    raise
                ipv6 = False  # the kernel filters IPv4 alone: then there is no other inside
    with _stage("network"):
        _write_settings(like_the_host)
        if not wanted["filter"]:
            netlink.route_through_loopback()
            return {"ipv6": False, "masked": masked}, []
        families = 2 if ipv6 else 1
        netlink.route_through_loopback(
            (nftables.IPV4.own, nftables.IPV6.own)[:families], [one for of in host[:families] for one in of]
        )
    with _stage("sockets"):
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))[:families]:
            handed.append(_bound(family, socket.SOCK_DGRAM, address, dns_port))
            handed.append(_bound(family, socket.SOCK_STREAM, address, dns_port))
            handed.append(_bound(family, socket.SOCK_STREAM, address, tcp_port))
            _reserve(family, address, wanted["loopback4" if family == socket.AF_INET else "loopback6"])
    return {"ipv6": ipv6, "masked": masked}, handed


def _keep_identity(uid: int, gid: int) -> None:
    """Be in a new user namespace who one was before."""
    with contextlib.suppress(FileNotFoundError):  # kernels before 3.19
        _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def _write(path: str, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, content.encode("ascii"))
    finally:
        os.close(descriptor)


def _read_settings() -> dict[str, str]:
    """Settings of the network that a command may notice, and that a new namespace has anew."""
    found: dict[str, str] = {}
    for path in _SETTINGS:
        with contextlib.suppress(OSError), open(path, encoding="ascii") as file:  # noqa: PTH123
            found[path] = file.read()
    return found


def _write_settings(settings: Mapping[str, str]) -> None:
    for path, value in settings.items():
        with contextlib.suppress(OSError):  # a number of a group that this user namespace does not have
            _write(path, value)


def _mask(paths: list[str], instead: dict[str, str]) -> list[str]:
    """Hide Unix sockets, and show files otherwise than they are, in this mount namespace: the paths where that could be."""
    masked: list[str] = []
    if paths or instead:
        kernel.detach_mounts()
    for path in paths:
        with contextlib.suppress(OSError):
            kernel.bind_mount("/dev/null", path)
            masked.append(path)
    for path, content in instead.items():
        with contextlib.suppress(OSError):
            kernel.show_instead(path, content.encode("utf-8", "surrogateescape"))
            masked.append(path)
    return masked


def _has_ipv6() -> bool:
    """Whether the kernel has IPv6, and it is not switched off for new namespaces."""
    try:
        with open("/proc/sys/net/ipv6/conf/lo/disable_ipv6", encoding="ascii") as file:  # noqa: PTH123
            off = file.read().strip() != "0"
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
    except OSError:
        return False
    return not off


def _bound(family: int, kind: int, address: str, port: int) -> socket.socket:
    one = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
        if kind == socket.SOCK_STREAM:
            one.listen(4096)
        one.setblocking(False)  # noqa: FBT003
    except OSError:
        one.close()
        raise
    return one


def _reserve(family: int, address: str, ports: list[int]) -> None:
    """Hold ports for as long as this process is there: what is taken on the host's loopback is not free inside either."""
    for port in ports:
        one = socket.socket(family, socket.SOCK_STREAM)
        one.bind((address, port))
        one.detach()


class _Commands:
    """The commands of a session."""

    def __init__(self, outside: socket.socket, wanted: Mapping[str, Any]) -> None:
        self._outside = outside
        self._group = int(wanted["group"])
        self._ignored = frozenset(wanted["ignored"])
        self._blocked = frozenset(wanted["blocked"])
        # A command that is root in the user namespace that owns the network could undo the filter: it gets one of its own.
        self._once_more = bool(wanted["user"]) and os.geteuid() == 0
        self._parent = int(wanted["pid"])
        self._own = os.getpid()
        self._running: dict[int, int] = {}  # number by process

    def serve(self) -> None:
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        waiting = select.poll()
        waiting.register(reading, select.POLLIN)
        waiting.register(self._outside, select.POLLIN)
        parent = self._watch_parent()
        if parent is not None:
            waiting.register(parent, select.POLLIN)
        try:
            while True:
                ready = {descriptor for descriptor, _ in waiting.poll()}
                if reading in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(reading, 4096)
                    self._reap()
                if parent in ready or (self._outside.fileno() in ready and not self._obey()):
                    return
        finally:
            kill_descendants(self._reap)

    def _watch_parent(self) -> int | None:
        """A descriptor that is ready once the process outside has ended; the pair of sockets tells too, unless it leaked."""
        try:
            parent = os.pidfd_open(self._parent)
        except OSError:
            return None
        if os.getppid() != self._parent:
            os.close(parent)
            return None
        return parent

    def _reap(self) -> bool:
        """Take the status of each child that has ended; whether there are children still."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if not pid:
                return True
            identifier = self._running.pop(pid, None)
            if identifier is not None:
                tell(self._outside, {"ended": identifier, "status": os.waitstatus_to_exitcode(status)})

    def _obey(self) -> bool:
        """Do what one message says; ``False`` if there will be no more."""
        received = receive(self._outside)
        if received is None:
            return False
        message, descriptors = received
        if message["do"] == "start":
            self._start(message["id"], descriptors)
        else:
            for pid, identifier in self._running.items():
                if identifier == message["id"]:
                    with contextlib.suppress(OSError):
                        os.kill(pid, message["number"])
        return True

    def _start(self, identifier: int, descriptors: list[int]) -> None:
        try:
            reading, pid = self._forked(descriptors)
        except OSError as error:  # out of file descriptors, processes or memory: what runs goes on
            tell(self._outside, {"not_started": identifier, "what": "prepare", "why": os.strerror(error.errno or 0)})
            return
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        failure = os.read(reading, 4096)  # empty once the program has been started: the pipe is closed by that
        os.close(reading)
        if failure:
            os.waitpid(pid, 0)
            tell(self._outside, {"not_started": identifier, **json.loads(failure)})
            return
        self._running[pid] = identifier
        tell(self._outside, {"started": identifier, "pid": pid})

    def _forked(self, descriptors: list[int]) -> tuple[int, int]:
        """Begin a process that becomes the command: where its failure is told, and its number."""
        if len(descriptors) < _HANDED:
            raise OSError(errno.EMFILE, "descriptors were lost on the way")
        command = _read_whole(descriptors[0])
        reading, writing = os.pipe2(os.O_CLOEXEC)
        try:
            pid = os.fork()
            if not pid:
                _become(command, descriptors[1:_HANDED], writing, self)
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return reading, pid

    def prepare(self) -> None:
        """In a new process, before it becomes the command: put it where the process outside would have had it."""
        kernel.die_with_parent(signal.SIGKILL)
        if os.getppid() != self._own:
            raise ProcessLookupError
        os.setpgid(0, self._group)
        if self._once_more:
            identity = (os.geteuid(), os.getegid())
            kernel.unshare(kernel.CLONE_NEWUSER)
            _keep_identity(*identity)
        signal.set_wakeup_fd(-1)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN if number in self._ignored else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._blocked)


def _read_whole(descriptor: int) -> dict[str, Any]:
    size = os.fstat(descriptor).st_size
    parts: list[bytes] = []
    at = 0
    while at < size:
        part = os.pread(descriptor, size - at, at)
        parts.append(part)
        at += len(part)
    found: dict[str, Any] = json.loads(b"".join(parts))
    return found


def _become(command: Mapping[str, Any], streams: list[int], failure: int, commands: _Commands) -> None:
    """Become the command; never returns."""
    what = "prepare"
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        commands.prepare()
        what = "folder"
        os.chdir(command["folder"])
        what = "program"
        _execute(command["arguments"], command["environment"])
    except (OSError, ValueError, LookupError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)[:1000]
        os.write(failure, json.dumps({"what": what, "why": why}).encode("ascii"))
    finally:
        os._exit(127)


def _execute(arguments: list[str], environment: dict[str, str]) -> None:
    """Become a program, looked for as a shell does: what may not be run is told only if it is there."""
    try:
        os.execvpe(arguments[0], arguments, environment)  # noqa: S606
    except PermissionError as error:
        places = [""] if "/" in arguments[0] else os.get_exec_path(environment)
        if not any(os.path.lexists(os.path.join(place, arguments[0])) for place in places):  # noqa: PTH118
            raise FileNotFoundError(errno.ENOENT, "not found") from error
        raise


def descendants(pid: int) -> set[int]:
    """The processes below one, however deep, as they are now."""
    children = _children if os.path.exists(f"/proc/{pid}/task/{pid}/children") else _children_by_search  # noqa: PTH110
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children(waiting.pop()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):  # it has ended meanwhile
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:  # noqa: PTH123
                found += map(int, file.read().split())
    return found


def _children_by_search(pid: int) -> list[int]:
    """The same for kernels that do not list children: by looking at every process."""
    found: list[int] = []
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdecimal():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="latin-1") as file:  # noqa: PTH123
                if int(file.read().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(name))
    return found


def kill_descendants(reap: Callable[[], bool]) -> None:
    """Kill every process below this one and wait for their ends.

    All are stopped before any is killed: what is stopped cannot fork, so that each round leaves fewer that can. What loses
    its parent comes to this process, which has to be a subreaper: so there are no descendants once there are no children, and
    of that the kernel's word is taken, since its list of children can miss one while others come and go.

    Parameters
    ----------
    reap
        Takes the status of each child that has ended, and says whether there are children still.
    """
    own = os.getpid()
    while reap():
        stopped: set[int] = set()
        while fresh := descendants(own) - stopped:
            for pid in fresh:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGSTOP)
            stopped |= fresh
        for pid in stopped:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for pid in stopped:
            with contextlib.suppress(ChildProcessError):  # a child of another, which ends too, and leaves it to this one
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
