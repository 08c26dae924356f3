"""A session from its set-up to its last process: what a command sees of itself, how it ends, and that nothing is left.

Real processes. Nothing is timed: an end is known by the end of a pipe that was held, by a process's descriptor, or its status.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from drill_process import SOURCE, USERS, User, drilling, here, own_children, session
from freehold.drill.inside import STAGES
from freehold.drill.inside_process import PROGRAM
from freehold.drill.interface import SETUP_DEADLINE
from freehold.drill.leftover import kill_in, processes_in
from freehold.drill.namespace import NamespaceBackend
from freehold.errors import CutFailed, DrillError, NotPossible

SECONDS = 30.0
PATIENT = {**os.environ, "FREEHOLD_PATIENT": "yes"}  # the drill's process leaves Ctrl-C to its command
users = pytest.mark.parametrize("user", USERS)

# Forks away in every way there is: twice, in a session of its own, its streams closed but for the pipe that tells of its end.
FORK_AWAY = """
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        os.close(0)
        while True:
            signal.pause()
    os._exit(0)
os.wait()
print("forked", flush=True)
""".replace("import os, sys", "import os, signal, sys")


class Drill:
    """A drill's process, started by a test: its own report, and what it and its command write."""

    def __init__(self, arguments: list[str], user: User = "root", *, before: Sequence[str] = (), **settings: Any) -> None:
        self.report, report = os.pipe()
        self.output, output = os.pipe()
        settings = {"stdout": output, "stderr": output, "stdin": subprocess.DEVNULL, **settings}
        self.process = subprocess.Popen([*before, *drilling(arguments, report, user)], pass_fds=[report], **settings)
        os.close(report)
        os.close(output)
        self.unread = b""

    def line(self) -> dict[str, Any]:
        """The next line of its report."""
        while b"\n" not in self.unread:
            data = read(self.report)
            assert data, "the drill's process ended without a report: " + everything(self.output).decode()
            self.unread += data
        line, _, self.unread = self.unread.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.report)
        os.close(self.output)


def read(descriptor: int) -> bytes:
    """What there is, once there is something; nothing at the end."""
    ready, _, _ = select.select([descriptor], [], [], SECONDS)
    assert ready, "nothing came"
    try:
        return os.read(descriptor, 65536)
    except OSError:  # a terminal that nobody holds any more
        return b""


def everything(descriptor: int) -> bytes:
    """What comes up to the end: all that held the other side have ended then."""
    found = b""
    while data := read(descriptor):
        found += data
    return found


def expect(descriptor: int, words: bytes) -> bytes:
    """What comes up to some words."""
    found = b""
    while words not in found:
        data = read(descriptor)
        assert data, f"ended without {words!r}: {found!r}"
        found += data
    return found


@pytest.fixture
def started() -> Iterator[list[Drill]]:
    drills: list[Drill] = []
    yield drills
    for drill in drills:
        drill.close()


def run(*arguments: str | Path, backend: NamespaceBackend | None = None, **more: Any) -> tuple[int, str]:
    """One command in one session: its exit status and output."""

    async def within() -> tuple[int, str]:
        reading, writing = os.pipe()
        async with session(backend) as one:
            process = await one.start(here(arguments, stdout=writing, stderr=writing, **more))
            os.close(writing)
            output = await asyncio.to_thread(everything, reading)
            os.close(reading)
            return await process.wait(), output.decode(errors="surrogateescape")

    return asyncio.run(within())


# ---------------------------------------------------------------- what a command sees of itself


@users
def test_a_command_sees_the_user_who_started_it(user: User, started: list[Drill]) -> None:
    drill = Drill(["sh", "-c", "id -u; id -g; id -ru; stat -c %u /proc/self"], user)
    started.append(drill)
    drill.line()
    assert drill.line()["status"] == 0
    number = "0" if user == "root" else "1000"
    assert everything(drill.output).decode().split() == [number] * 4


def test_a_command_has_its_folder_its_environment_and_no_descriptor_too_many(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "ONLY": "this", "ODD": "b\udcffd = é\nline"}
    status, output = run("sh", "-c", "pwd; env -0; ls /proc/self/fd", folder=str(tmp_path), environment=environment)
    assert status == 0
    folder, _, rest = output.partition("\n")
    assert folder == str(tmp_path)
    *variables, descriptors = rest.split("\0")
    assert {one for one in variables if not one.startswith(("PWD=", "OLDPWD=", "_=", "SHLVL="))} == {
        f"{name}={value}" for name, value in environment.items()
    }
    assert descriptors.split() == ["0", "1", "2", "3"]  # the last is that of the listing itself


def test_an_environment_larger_than_a_message_arrives() -> None:
    environment = {"PATH": os.environ["PATH"], **{f"LONG{number}": "x" * 100_000 for number in range(8)}}
    assert run("sh", "-c", "printenv | wc -c", environment=environment)[1].split()[0] > "800000"


def test_a_command_has_the_group_the_session_and_the_signals_of_who_started_it() -> None:
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    try:
        _, output = run("cat", "/proc/self/stat", "/proc/self/status")  # a shell would change what it has
    finally:
        signal.signal(signal.SIGUSR1, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    line, *lines = output.splitlines()
    assert line.rpartition(")")[2].split()[2:4] == [str(os.getpgrp()), str(os.getsid(0))]
    found = dict(one.split(":", 1) for one in lines)
    assert int(found["SigBlk"], 16) == 1 << (signal.SIGUSR2 - 1)
    assert int(found["SigIgn"], 16) == 1 << (signal.SIGUSR1 - 1)


@pytest.mark.parametrize(
    ("line", "status"),
    [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -KILL $$", -9), ("kill -TERM $$", -15), ("kill -SEGV $$", -11)],
)
def test_a_command_ends_with_its_own_status(line: str, status: int) -> None:
    assert run("sh", "-c", line)[0] == status


@pytest.mark.parametrize(
    ("arguments", "more", "words"),
    [
        (["no-such-program"], {}, "'no-such-program' cannot be run: not found|No such file"),
        (["/dev/null"], {}, "'/dev/null' cannot be run: Permission denied"),
        (["true"], {"folder": "/no/such/folder"}, "'true' was not started: its working folder '/no/such/folder'"),
        (["tr\0ue"], {}, "cannot be run: .*null"),
        (["true"], {"environment": {"PATH": "/no/such"}}, "'true' cannot be run: No such file"),
    ],
)
def test_a_command_that_cannot_start_is_named(arguments: list[str], more: dict[str, Any], words: str) -> None:
    with pytest.raises(DrillError, match=words):
        run(*arguments, **more)


def test_a_session_goes_on_after_a_command_that_could_not_start() -> None:
    async def within() -> int:
        async with session() as one:
            with pytest.raises(DrillError):
                await one.start(here(["no-such-program"]))
            process = await one.start(here(["true"]))
            status: int = await process.wait()
            return status

    assert asyncio.run(within()) == 0


def test_a_signal_reaches_a_command_and_none_that_has_ended() -> None:
    async def within() -> int:
        reading, writing = os.pipe()
        async with session() as one:
            process = await one.start(
                here(["sh", "-c", "trap 'exit 9' USR1; echo ready; while :; do read _; done"], stdout=writing)
            )
            os.close(writing)
            await asyncio.to_thread(expect, reading, b"ready")
            process.send_signal(signal.SIGUSR1)
            await asyncio.to_thread(everything, reading)
            os.close(reading)
            status: int = await process.wait()
            process.send_signal(signal.SIGKILL)
            return status

    # Its standard input is this process's own, which may be at its end: then it spins, and still takes the signal.
    assert asyncio.run(within()) == 9


def test_several_commands_and_sessions_run_side_by_side() -> None:
    async def within() -> list[int]:
        async with session() as one, session() as other:
            processes = [await of.start(here(["sh", "-c", f"exit {status}"])) for of in (one, other) for status in range(5)]
            return [await process.wait() for process in processes]

    assert asyncio.run(within()) == [0, 1, 2, 3, 4] * 2


# ---------------------------------------------------------------- the terminal


class Terminal(Drill):
    """A drill's process at a terminal of its own, whose foreground it has."""

    def __init__(self, arguments: list[str], user: User = "root", before: Sequence[str] = ()) -> None:
        self.keyboard, terminal = pty.openpty()

        def take() -> None:
            os.setsid()
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

        streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
        super().__init__(arguments, user, before=before, preexec_fn=take, env=PATIENT, **streams)
        os.close(terminal)

    def close(self) -> None:
        super().close()
        os.close(self.keyboard)


@users
def test_a_command_has_the_terminal_and_its_foreground(user: User, started: list[Drill]) -> None:
    asks = "import os,sys; print([os.isatty(n) for n in (0,1,2)], os.tcgetpgrp(0) == os.getpgrp(), os.ttyname(0), 'end')"
    drill = Terminal([sys.executable, "-c", asks], user)
    started.append(drill)
    assert b"[True, True, True] True /dev/pts/" in expect(drill.keyboard, b"end")
    drill.line()
    assert drill.line()["status"] == 0


# Waits for one signal that the terminal sends, and tells of it.
WAITS = """
import os, signal, sys
number = signal.Signals[sys.argv[1]]
signal.pthread_sigmask(signal.SIG_BLOCK, [number])
print("ready", flush=True)
signal.sigwait([number])
print("got it", *os.get_terminal_size(0), "end", flush=True)
sys.exit(3)
"""


@users
@pytest.mark.parametrize(("key", "name"), [(b"\x03", "SIGINT"), (b"\x1c", "SIGQUIT")])
def test_what_is_typed_to_end_a_command_reaches_it(user: User, key: bytes, name: str, started: list[Drill]) -> None:
    drill = Terminal([sys.executable, "-c", WAITS, name], user)
    started.append(drill)
    inside = drill.line()["inside"]
    expect(drill.keyboard, b"ready")
    with contextlib.closing(Ended(inside)) as ended:
        os.write(drill.keyboard, key)
        expect(drill.keyboard, b"got it")
        assert drill.line()["status"] == 3
        ended.wait()


# A shell with job control, as far as this test needs one: the job has the foreground; once it stops, it is told to go on.
SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(job, os.WUNTRACED)
os.tcsetpgrp(0, os.getpgrp())
print("stopped" if os.WIFSTOPPED(status) else "ended", flush=True)
os.tcsetpgrp(0, job)
os.killpg(job, signal.SIGCONT)
os.waitpid(job, 0)
"""


@users
def test_ctrl_z_stops_the_drill_and_its_command_until_the_shell_has_them_go_on(user: User, started: list[Drill]) -> None:
    drill = Terminal(
        ["sh", "-c", 'echo ready; read line; echo "then $line"; exit 4'], user, before=[sys.executable, "-c", SHELL]
    )
    started.append(drill)
    drill.line()
    expect(drill.keyboard, b"ready")
    os.write(drill.keyboard, b"\x1a")
    expect(drill.keyboard, b"stopped")
    os.write(drill.keyboard, b"on\n")
    expect(drill.keyboard, b"then on")
    assert drill.line()["status"] == 4


def test_a_new_size_of_the_window_reaches_the_command(started: list[Drill]) -> None:
    drill = Terminal([sys.executable, "-c", WAITS, "SIGWINCH"])
    started.append(drill)
    expect(drill.keyboard, b"ready")
    fcntl.ioctl(drill.keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 37, 99, 0, 0))
    assert b"got it 99 37 end" in expect(drill.keyboard, b"end")
    drill.line()
    assert drill.line()["status"] == 3


# ---------------------------------------------------------------- the end


class Ended:
    """The end of a process that is not this one's child."""

    def __init__(self, pid: int) -> None:
        self._descriptor = os.pidfd_open(pid)

    def wait(self, seconds: float = SECONDS) -> None:
        assert select.select([self._descriptor], [], [], seconds)[0], "it still runs"

    def close(self) -> None:
        os.close(self._descriptor)


@users
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_when_the_drill_is_ended(user: User, end: signal.Signals, started: list[Drill]) -> None:
    drill = Drill([sys.executable, "-c", FORK_AWAY + "\nsignal.pause()"], user)
    started.append(drill)
    inside = drill.line()["inside"]
    expect(drill.output, b"forked\n")
    with contextlib.closing(Ended(inside)) as ended:
        drill.process.send_signal(end)
        drill.process.wait(SECONDS)
        ended.wait()
    everything(drill.output)  # to its end: nobody holds it any more


@users
def test_nothing_is_left_when_the_whole_group_is_killed(user: User, started: list[Drill]) -> None:
    drill = Drill([sys.executable, "-c", FORK_AWAY + "\nsignal.pause()"], user, start_new_session=True)
    started.append(drill)
    drill.line()
    expect(drill.output, b"forked\n")
    os.killpg(drill.process.pid, signal.SIGKILL)
    everything(drill.output)


@users
def test_what_forked_away_ends_with_the_session(user: User, started: list[Drill]) -> None:
    drill = Drill([sys.executable, "-c", FORK_AWAY], user)
    started.append(drill)
    drill.line()
    assert drill.line() == {"pid": drill.process.pid, "status": 0, "broken": ""}
    assert everything(drill.output) == b"forked\n"


def test_many_processes_that_fork_on_and_on_end_with_the_session() -> None:
    # Each child starts another after a moment and ends, so that what is there now is gone soon after. The moment keeps the
    # rest of the machine alive: without it the ended ones alone would fill the table of processes.
    line = """
import os, signal
for _ in range(12):
    if os.fork() == 0:
        os.setsid()
        while True:
            signal.sigtimedwait([signal.SIGUSR1], 0.005)
            if os.fork():
                os._exit(0)
print("forked", flush=True)
"""

    async def within() -> tuple[int, bytes]:
        reading, writing = os.pipe()
        async with session() as one:
            process = await one.start(here([sys.executable, "-c", line], stdout=writing))
            os.close(writing)
            await asyncio.to_thread(expect, reading, b"forked\n")
            status = await process.wait()
        left = await asyncio.to_thread(everything, reading)
        os.close(reading)
        return status, left

    assert asyncio.run(within()) == (0, b"")


def test_a_command_that_is_stopped_ends_with_the_session() -> None:
    async def within() -> bytes:
        reading, writing = os.pipe()
        async with session() as one:
            await one.start(here(["sh", "-c", "trap '' HUP INT TERM; echo ready; kill -STOP $$"], stdout=writing))
            os.close(writing)
            await asyncio.to_thread(expect, reading, b"ready")
        left = await asyncio.to_thread(everything, reading)
        os.close(reading)
        return left

    assert asyncio.run(within()) == b""


def test_a_session_is_broken_when_its_inside_is_killed_and_its_commands_end() -> None:
    async def within() -> None:
        reading, writing = os.pipe()
        async with session() as one:
            process = await one.start(here([sys.executable, "-c", FORK_AWAY + "\nsignal.pause()"], stdout=writing))
            os.close(writing)
            await asyncio.to_thread(expect, reading, b"forked\n")
            os.kill(one.inside_pid, signal.SIGKILL)
            with pytest.raises(CutFailed, match="ended from elsewhere"):
                await process.wait()
            assert "ended from elsewhere" in one.broken()
            await asyncio.to_thread(everything, reading)
            with pytest.raises(CutFailed, match="ended from elsewhere"):
                await one.start(here(["true"]))
        os.close(reading)

    asyncio.run(within())


def test_what_is_left_is_never_looked_for_in_ones_own_namespace() -> None:
    with contextlib.closing(Ended(os.getppid())) as parent:
        own = os.open("/proc/self/ns/net", os.O_RDONLY)
        assert os.getpid() in processes_in(own)
        assert kill_in(own, seconds=0.0) == ()
        os.close(own)
        with pytest.raises(AssertionError, match="still runs"):
            parent.wait(0.0)


def test_closing_a_session_ends_a_command_and_whoever_waits_for_it() -> None:
    async def within() -> int:
        one = await NamespaceBackend().open(*nothing_cut())
        process = await one.start(here(["sleep", "1000"]))
        waiting = asyncio.ensure_future(process.wait())
        await one.close()
        await one.close()
        return await waiting

    assert asyncio.run(within()) == -signal.SIGKILL


def nothing_cut() -> tuple[Any, Any]:
    from freehold.drill.decision import CutNothing
    from freehold.drill.shapes import GONE

    return CutNothing(), GONE


def test_a_drill_leaves_no_descriptor_open() -> None:
    async def within() -> None:
        async with session() as one:
            await (await one.start(here(["true"]))).wait()

    asyncio.run(within())
    before = descriptors()
    for _ in range(3):
        asyncio.run(within())
    assert descriptors() == before


def descriptors() -> set[str]:
    return {one.name for one in Path("/proc/self/fd").iterdir()}


# ---------------------------------------------------------------- set-up that fails


def failing(stage: str, tmp_path: Path, *, by: str = "raise OSError(errno.EIO, 'no such luck')") -> NamespaceBackend:
    """A backend whose program inside is the real one, but for one call of the system that fails."""
    calls = {
        "namespace": "kernel.unshare",
        "identity": "kernel.become_subreaper",
        "network": "netlink.route_through_loopback",
        "filter": "nftables.load",
        "sockets": "inside._bound",
    }
    program = tmp_path / "inside.py"
    program.write_text(
        "import errno, signal, sys\n"
        f"sys.path.append({str(SOURCE)!r})\n"
        "from freehold.drill import inside, kernel, netlink, nftables\n"
        f"def broken(*_):\n    {by}\n"
        f"{calls[stage]} = broken\n"
        "inside.run(int(sys.argv[1]))\n"
    )
    return NamespaceBackend([sys.executable, "-I", "-S", str(program)])


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "masks"])
def test_nothing_is_started_when_a_stage_of_the_set_up_fails(stage: str, tmp_path: Path) -> None:
    witness = tmp_path / "ran"

    async def within() -> None:
        async with session(failing(stage, tmp_path)) as one:
            await one.start(here(["touch", witness]))

    with pytest.raises(CutFailed, match="no such luck"):
        asyncio.run(within())
    assert not witness.exists()
    assert not failing(stage, tmp_path).possible().ok


def test_a_set_up_that_hangs_is_given_up_and_undone(tmp_path: Path) -> None:
    backend = failing("filter", tmp_path, by="signal.pause()")

    async def within() -> None:
        async with session(backend, deadline=0.5):
            raise AssertionError

    before = own_children()
    with pytest.raises(CutFailed, match=r"not set up within 0\.5 s"):
        asyncio.run(within())
    assert own_children() == before  # no child is left, of any kind


def test_a_set_up_whose_program_ends_at_once_starts_nothing() -> None:
    async def within() -> None:
        async with session(NamespaceBackend([sys.executable, "-c", "pass"])):
            raise AssertionError

    with pytest.raises(CutFailed, match="ended before the cut was set up"):
        asyncio.run(within())


def test_a_set_up_that_is_called_off_is_undone(tmp_path: Path) -> None:
    backend = failing("network", tmp_path, by="signal.pause()")

    before = own_children()

    async def within() -> None:
        opening = asyncio.ensure_future(NamespaceBackend.open(backend, *nothing_cut()))
        while not (children := own_children() - before):
            await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert children
        assert own_children() == before

    asyncio.run(within())


def test_where_namespaces_are_forbidden_the_reason_is_told(tmp_path: Path) -> None:
    backend = failing("namespace", tmp_path, by="raise PermissionError(errno.EPERM, 'unshare: Operation not permitted')")
    possible = backend.possible()
    assert not possible.ok
    assert "not allowed here" in possible.reason
    with pytest.raises(NotPossible, match="Operation not permitted"):
        asyncio.run(backend.open(*nothing_cut()))


def test_namespaces_used_up_for_real_are_told() -> None:
    script = (
        f"import sys; sys.path[:0] = [{str(SOURCE)!r}, {str(Path(__file__).parent)!r}]\n"
        "import drill_process; drill_process.mine.__globals__['ORDINARY'] = 0; drill_process.mine()\n"
        "open('/proc/sys/user/max_net_namespaces', 'w').write('0')\n"
        "from freehold.drill.namespace import NamespaceBackend; print(NamespaceBackend().possible())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "ok=False" in done.stdout
    assert "gives out no more namespaces" in done.stdout


def test_the_namespace_is_gone_with_its_session() -> None:
    async def within() -> tuple[tuple[int, ...], tuple[int, ...]]:
        async with session() as one:
            namespace = os.open(f"/proc/{one.inside_pid}/ns/net", os.O_RDONLY)
            during, inside = processes_in(namespace), one.inside_pid
        after = processes_in(namespace)
        os.close(namespace)
        assert during == (inside,)
        return during, after

    assert asyncio.run(within())[1] == ()


def test_the_program_inside_needs_the_standard_library_alone() -> None:
    code = PROGRAM.partition("; run(")[0] + "; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, str(SOURCE)], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {one for one in loaded if one.startswith("freehold.")} == {
        "freehold.drill", "freehold.drill.inside", "freehold.drill.kernel", "freehold.drill.messages", "freehold.drill.netlink",
        "freehold.drill.nftables", "freehold.version",
    }  # fmt: skip
    assert {one.partition(".")[0] for one in loaded} - {"freehold", "__main__"} <= sys.stdlib_module_names
    assert SETUP_DEADLINE > 0
