"""One run of a command: its output, terminal, signals, limits; real processes, without a network."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drill_plain import PlainBackend, PlainProcess, PlainSession
from freehold.drill import running as module
from freehold.drill.contact import Contact
from freehold.drill.decision import CutAll, CutNothing
from freehold.drill.interface import Command
from freehold.drill.record import Attributed, HostRole, Run
from freehold.drill.running import RunPlan, run
from freehold.drill.shapes import GONE
from freehold.errors import CutFailed, DrillError

PATH = os.environ.get("PATH", os.defpath)


def plan(folder: Path, *arguments: str, **more: Any) -> RunPlan:
    return RunPlan("cut", arguments, str(folder), {"PATH": PATH, "HOME": str(folder)}, **more)


def ran(planned: RunPlan, backend: PlainBackend | None = None, **more: Any) -> Run:
    backend = backend or PlainBackend()
    return asyncio.run(run(backend, CutAll(), GONE, planned, **more))


def shell(folder: Path, text: str, **more: Any) -> RunPlan:
    return plan(folder, "sh", "-c", text, **more)


def temporary(before: set[str]) -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("freehold-drill-*")} - before


# ---------------------------------------------------------------- what a run tells


def test_a_run_has_the_exit_status_the_moment_and_what_was_contacted(tmp_path: Path) -> None:
    role = HostRole("service", "acme", None, "Acme", (), "host", "strong")
    backend = PlainBackend(lambda _: (Contact("a.example", "", 443, "tcp", 1, 1, first_seen=9.0, first_refused=9.5),))
    found = ran(
        shell(tmp_path, "exit 3"),
        backend,
        attribute=lambda contact: Attributed(contact, (role,)),
        now=lambda: datetime(2026, 11, 21, 10, tzinfo=UTC),
    )
    assert (found.kind, found.backend, found.exit, found.started) == ("cut", "plain", 3, "2026-11-21T10:00:00Z")
    assert [one.provider for one in found.contacts] == ["acme"]
    assert (found.output_lines, found.output_bytes) == (-1, -1)
    assert (found.stdout_lines, found.stdout_bytes) == (-1, -1)
    assert backend.sessions[0].closed


def test_times_of_contacts_count_from_the_start_of_the_command(tmp_path: Path) -> None:
    times = iter([110.0, 115.0])
    contact = Contact("a.example", "", 443, "tcp", 2, 2, first_seen=9.0, first_refused=11.0, last_refused=12.5)

    def seen(session: PlainSession) -> tuple[Contact, ...]:
        session.started = 100.0
        return (contact,)

    backend = PlainBackend(seen)

    class Early(PlainBackend):
        async def open(self, *arguments: Any, **more: Any) -> PlainSession:
            session = await backend.open(*arguments, **more)
            session.started = 100.0
            return session

    found = ran(shell(tmp_path, ":"), Early(), clock=lambda: next(times))
    shifted = found.contacts[0].contact
    assert found.seconds == 5.0
    assert (shifted.first_seen, shifted.first_refused, shifted.last_refused) == (0.0, 1.0, 2.5)


def test_a_command_that_was_ended_by_a_signal_says_so(tmp_path: Path) -> None:
    assert ran(shell(tmp_path, "kill -9 $$")).exit == -9


def test_a_program_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    backend, before = PlainBackend(), temporary(set())
    with pytest.raises(DrillError, match="cannot be started"):
        ran(plan(tmp_path, "no-such-program", count=True, steps=True, cold=True), backend)
    assert backend.sessions[-1].closed
    assert not temporary(before)


def test_no_command_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(DrillError, match="behind two dashes"):
        ran(plan(tmp_path))


def test_a_session_that_breaks_makes_a_run_that_says_so(tmp_path: Path) -> None:
    class Breaking(PlainBackend):
        async def open(self, *arguments: Any, **more: Any) -> PlainSession:
            session = await super().open(*arguments, **more)
            session.why = "the name server ended"
            return session

    assert ran(shell(tmp_path, ":"), Breaking()).broken == "the name server ended"

    class Gone(PlainBackend):
        async def open(self, *arguments: Any, **more: Any) -> PlainSession:
            session = await super().open(*arguments, **more)
            start = session.start

            async def started(command: Any) -> Any:
                process = await start(command)

                async def wait() -> int:
                    raise CutFailed("the inside is gone.")

                return type("Lost", (), {"wait": staticmethod(wait), "send_signal": process.send_signal, "pid": 1})()

            session.start = started  # type: ignore[method-assign]
            return session

    found = ran(shell(tmp_path, "sleep 600"), Gone())
    assert (found.broken, found.exit) == ("the inside is gone.", None)


# ---------------------------------------------------------------- output


def captured(work: Callable[[int, int], Any]) -> tuple[Any, bytes, bytes]:
    """What comes of a function that is given two descriptors to write to, and what is written there."""
    first, second = os.pipe(), os.pipe()
    parts: dict[int, bytes] = {}

    def read(place: int, descriptor: int) -> None:
        with open(descriptor, "rb") as file:
            parts[place] = file.read()

    threads = [threading.Thread(target=read, args=(place, ends[0])) for place, ends in enumerate((first, second))]
    for thread in threads:
        thread.start()
    try:
        result = work(first[1], second[1])
    finally:
        os.close(first[1])
        os.close(second[1])
        for thread in threads:
            thread.join()
    return result, parts[0], parts[1]


def test_output_goes_straight_through_where_nobody_needs_it(tmp_path: Path) -> None:
    backend = PlainBackend()
    _, out, err = captured(lambda a, b: ran(shell(tmp_path, "echo out; echo err >&2", stdout=a, stderr=b), backend))
    assert (out, err) == (b"out\n", b"err\n")
    assert backend.sessions[0].commands[0].stdout is not None


def test_output_is_counted_and_kept_and_passed_on_as_it_was(tmp_path: Path) -> None:
    text = "printf 'a\\nb\\r\\n\\000\\377 no end'; printf 'err\\n' >&2"
    log = tmp_path / "log"
    found, out, err = captured(lambda a, b: ran(shell(tmp_path, text, stdout=a, stderr=b, log=log)))
    assert (out, err) == (b"a\nb\r\n\0\xff no end", b"err\n")
    assert (found.output_lines, found.output_bytes) == (4, len(out) + len(err))
    assert (found.stdout_lines, found.stdout_bytes) == (3, len(out))
    assert sorted(log.read_bytes()) == sorted(out + err)


def test_much_output_and_long_lines_come_through_whole(tmp_path: Path) -> None:
    text = "head -c 3000000 /dev/zero | tr '\\0' x; echo; seq 100000"
    found, out, _ = captured(lambda a, b: ran(shell(tmp_path, text, stdout=a, stderr=b, count=True)))
    assert len(out) == 3_000_001 + sum(len(str(number)) + 1 for number in range(1, 100_001))
    assert found.output_lines == 100_001


def test_what_is_written_to_one_place_keeps_its_order(tmp_path: Path) -> None:
    text = "for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; done"
    found, out, _ = captured(lambda a, _: ran(shell(tmp_path, text, stdout=a, stderr=a, count=True)))
    assert out.decode().split() == [f"{stream}{number}" for number in range(1, 10) for stream in ("out", "err")]
    assert (found.output_lines, found.stdout_lines, found.stdout_bytes) == (18, -1, -1)


def test_what_is_written_to_one_place_is_counted_apart_where_its_order_does_not_matter(tmp_path: Path) -> None:
    text = "echo out; echo err >&2; echo error >&2"
    found, out, _ = captured(lambda a, _: ran(shell(tmp_path, text, stdout=a, stderr=a, count=True, apart=True)))
    assert sorted(out.split()) == [b"err", b"error", b"out"]
    assert (found.output_lines, found.stdout_lines, found.stdout_bytes) == (3, 1, 4)


# ---------------------------------------------------------------- the working folder


def test_a_run_tells_what_it_read_and_what_it_left_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("x")
    (tmp_path / "unread").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("x")
    text = "cat given .git/HEAD > made; cat made > /dev/null; mkdir -p new/deep; cp given new/deep/copy; : > empty"
    found = ran(shell(tmp_path, text, log=tmp_path / "drill.log"))
    assert found.files is not None
    assert [(one.name, one.program) for one in found.files.read] == [("given", False)]
    assert 0 <= found.files.read[0].at <= found.seconds + 5
    assert found.files.written == ("made", "new/deep/copy")
    assert (found.files.read_count, found.files.written_count, found.files.left_out) == (1, 2, (".git",))
    assert "not watched in the working folder: .git" in found.notes
    assert ran(shell(tmp_path, "cat given", watch=False, stdout=2)).files is None


def test_a_reader_that_goes_away_ends_the_command_as_ever(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    found = ran(shell(tmp_path, "exec yes", stdout=theirs, stderr=theirs, count=True))
    os.close(theirs)
    assert found.exit == -signal.SIGPIPE


def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    backend = PlainBackend()
    with pytest.raises(DrillError, match="Give another file by --log"):
        ran(shell(tmp_path, ":", log=tmp_path / "none" / "log"), backend)
    assert backend.sessions[0].closed


def test_a_command_on_a_terminal_still_has_one_of_the_same_size(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 33, 111, 0, 0))
    script = "import os,sys; print(sys.stdout.isatty(), sys.stderr.isatty(), *os.get_terminal_size(1), flush=True); print('x')"
    found = ran(plan(tmp_path, sys.executable, "-c", script, stdout=theirs, stderr=theirs, count=True))
    shown = os.read(ours, 4096)
    os.close(ours)
    os.close(theirs)
    assert shown == b"True True 111 33\r\nx\r\n"
    assert (found.output_lines, found.output_bytes) == (2, len(shown) - 2)


# ---------------------------------------------------------------- time and interruption


def test_a_command_that_takes_too_long_is_ended_even_if_it_does_not_want_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_GRACE", 0.05)
    found = ran(shell(tmp_path, "trap '' TERM; while :; do sleep 0.01; done", timeout=0.05))
    assert (found.exit, found.interrupted) == (None, False)
    assert found.notes == ("it was ended after 0.05 s",)


async def interrupted(planned: RunPlan, ready: Path, number: int, times: int = 1) -> Run:
    """A run that is sent signals once the command has made a file."""
    backend = PlainBackend()
    running = asyncio.create_task(run(backend, CutNothing(), GONE, planned))
    async with asyncio.timeout(30):
        while not ready.exists():
            await asyncio.sleep(0.005)
        for count in range(times):
            os.kill(os.getpid(), number)
            while times > 1 and not Path(f"{ready}{count + 1}").exists() and count + 1 < times:
                await asyncio.sleep(0.005)
        return await running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_reaches_the_command_and_is_noted(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # whoever runs these tests may sit at a terminal, which would have interrupted the command as well
    monkeypatch.setattr(module, "foreground", lambda: False)
    before = signal.getsignal(number)
    script = f"trap 'exit 7' {signal.Signals(number).name[3:]}; : > ready; while :; do sleep 0.01; done"
    found = asyncio.run(interrupted(shell(tmp_path, script), tmp_path / "ready", number))
    assert (found.exit, found.interrupted) == (7, True)
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_before_the_start_is_told_reaches_the_command(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "foreground", lambda: False)
    script = f"trap 'exit 7' {signal.Signals(number).name[3:]}; : > ready; while :; do sleep 0.01; done"
    told = PlainSession.start

    async def late(session: PlainSession, command: Command) -> PlainProcess:
        process = await told(session, command)
        while not (tmp_path / "ready").exists():
            await asyncio.sleep(0.005)
        os.kill(os.getpid(), number)
        for _ in range(3):  # the loop hears of it while the start is still awaited
            await asyncio.sleep(0)
        return process

    monkeypatch.setattr(PlainSession, "start", late)
    found = ran(shell(tmp_path, script))
    assert (found.exit, found.interrupted) == (7, True)


def test_a_command_that_does_not_heed_interrupts_is_ended_by_the_third(tmp_path: Path) -> None:
    script = "n=0; trap 'n=$((n+1)); : > ready$n' TERM; : > ready; while :; do sleep 0.01; done"
    found = asyncio.run(interrupted(shell(tmp_path, script), tmp_path / "ready", signal.SIGTERM, times=3))
    assert (found.exit, found.interrupted) == (-signal.SIGKILL, True)


def test_a_run_that_is_cancelled_closes_its_session(tmp_path: Path) -> None:
    backend, before = PlainBackend(), temporary(set())

    async def cancelled() -> None:
        planned = shell(tmp_path, "exec sleep 600", count=True, steps=True)
        running = asyncio.create_task(run(backend, CutNothing(), GONE, planned))
        async with asyncio.timeout(30):
            while not backend.sessions or not backend.sessions[-1].running.is_set():
                await asyncio.sleep(0.005)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    asyncio.run(cancelled())
    assert backend.sessions[-1].closed
    assert not temporary(before)


def test_several_runs_in_one_loop_all_hear_of_an_interrupt(tmp_path: Path) -> None:
    script = "trap 'exit 7' TERM; : > ready$1; while :; do sleep 0.01; done"
    before = signal.getsignal(signal.SIGTERM)

    async def both() -> list[Run]:
        plans = [plan(tmp_path, "sh", "-c", script, "sh", str(number)) for number in range(2)]
        tasks = [asyncio.create_task(run(PlainBackend(), CutNothing(), GONE, one)) for one in plans]
        async with asyncio.timeout(30):
            while not all((tmp_path / f"ready{number}").exists() for number in range(2)):
                await asyncio.sleep(0.005)
            os.kill(os.getpid(), signal.SIGTERM)
            return list(await asyncio.gather(*tasks))

    assert [(one.exit, one.interrupted) for one in asyncio.run(both())] == [(7, True)] * 2
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_interrupt_of_a_terminal_reaches_the_command_once(tmp_path: Path) -> None:
    (tmp_path / "command.py").write_text(TOLD_ONCE)
    (tmp_path / "drill.py").write_text(AT_A_TERMINAL)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "drill.py"], cwd=tmp_path, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while b"ready" not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, b"\x03")
        with suppress(OSError):
            while more := os.read(ours, 4096):
                shown += more
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"told 1, ended 7, interrupted True" in shown.replace(b"\r\n", b" "), shown


TOLD_ONCE = """
import os, select, signal, sys
told = []
ours, theirs = os.pipe()
os.set_blocking(ours, False)
os.set_blocking(theirs, False)
signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
signal.signal(signal.SIGINT, lambda *_: told.append(1))
print("ready" if sys.stdin.isatty() and sys.stdout.isatty() else "no terminal", flush=True)
while not told:
    select.select([ours], [], [])
os.read(ours, 100)
# a second one would come about now
select.select([ours], [], [], 0.2)
print(f"told {len(told)},", flush=True)
sys.exit(7)
"""
AT_A_TERMINAL = """
import asyncio, os, sys
from drill_plain import PlainBackend
from freehold.drill.decision import CutNothing
from freehold.drill.running import RunPlan, run
from freehold.drill.shapes import GONE
planned = RunPlan("cut", (sys.executable, "command.py"), os.getcwd(), dict(os.environ), count=True, watch=False)
found = asyncio.run(run(PlainBackend(), CutNothing(), GONE, planned))
print(f"ended {found.exit}, interrupted {found.interrupted}", flush=True)
"""


def test_nothing_is_left_of_a_drill_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import time; from freehold.drill.own_folder import OwnFolder\n"
        "with OwnFolder() as own: print(own.path, flush=True); time.sleep(600)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        (folder / "sub").mkdir()
        (folder / "sub" / "file").write_text("x")
        (folder / "sub").chmod(0o500)
        process.kill()
    for _ in range(3_000):
        if not folder.exists():
            break
        threading.Event().wait(0.01)
    assert not folder.exists()


# ---------------------------------------------------------------- cold


def test_a_cold_run_has_empty_caches_that_are_gone_afterwards(tmp_path: Path) -> None:
    before = temporary(set())
    script = 'echo "$PIP_CACHE_DIR" > where; mkdir -p "$GOMODCACHE/a"; : > "$GOMODCACHE/a/b"; chmod -R a-w "$GOMODCACHE"'
    found = ran(shell(tmp_path, script, cold=True))
    assert (found.exit, found.cold) == (0, True)
    assert not Path((tmp_path / "where").read_text().strip()).exists()
    assert not temporary(before)
    assert any(note.startswith("empty caches were given to: pip, uv, npm") for note in found.notes)


def test_a_plan_does_not_show_its_environment(tmp_path: Path) -> None:
    assert "HOME" not in repr(plan(tmp_path, "x"))
    assert replace(plan(tmp_path, "x"), timeout=1.0).timeout == 1.0


def test_the_command_is_run_with_what_is_stated_and_nothing_else(tmp_path: Path) -> None:
    _, out, _ = captured(lambda a, b: ran(plan(tmp_path, "env", stdout=a, stderr=b)))
    assert sorted(out.decode().split()) == sorted([f"PATH={PATH}", f"HOME={tmp_path}"])
    assert subprocess.run(["true"], check=False).returncode == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", ran(shell(tmp_path, ":")).started)
