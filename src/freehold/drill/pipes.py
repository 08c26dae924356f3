"""Moving bytes from one socket to another, unseen but for the first. Owns the pipes they pass through, and each way of a pair.

Bytes go from socket to pipe to socket by ``splice``, so that they stay in the kernel. A way holds a pipe only while bytes
are in it; when its target takes no more, nothing more is read from its source, which slows the sender down as the target
itself would. So memory does not depend on how much passes, and file descriptors only on how many ways are held up.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

__all__ = ["Opening", "Pace", "Pair", "Pipes", "has_said", "reset"]

Opening: TypeAlias = tuple[int, Callable[[bytes], None]]
"""How many bytes of what one end says first are looked at, and by what."""

_PIECE: Final = 1024 * 1024
"""Bytes of one pipe, where the kernel grants as many."""
_SPARE: Final = 16
_SET_PIPE_SIZE: Final = 1031  # F_SETPIPE_SZ, named by the standard library on some machines only
_SPLICE_FLAGS: Final = 0x1 | 0x2  # move, do not wait
_TURNS: Final = 4  # pieces that one way moves before others have their turn
_TICK: Final = 0.02  # seconds between the pieces of a slow way
_RESET: Final = b"\x01\0\0\0\0\0\0\0"  # struct linger: on, for no time


def reset(one: socket.socket) -> None:
    """Close a connection so that the other end sees a reset."""
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    except OSError:
        pass  # it has ended already
    finally:
        one.close()


def has_said(one: socket.socket) -> bool:
    """Whether the other end of a connection has said something that was not read, or that it will say no more."""
    waiting = select.poll()
    waiting.register(one, select.POLLIN)
    return bool(waiting.poll(0))


class Pipes:
    """Pipes, lent one at a time.

    Parameters
    ----------
    spare
        Empty ones that are kept for the next.
    """

    def __init__(self, spare: int = _SPARE) -> None:
        self._spare: list[tuple[int, int]] = []
        self._most = spare
        self.lent = 0
        """Pipes that are lent now."""

    def take(self) -> tuple[int, int]:
        """An empty pipe: where it is read, where it is written.

        Raises
        ------
        OSError
            If there are no file descriptors left.
        """
        if self._spare:
            pipe = self._spare.pop()
        else:
            import fcntl  # not there on every machine on which this module can be read

            pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            with suppress(OSError):  # a user who has many pipes gets small ones, which work as well
                fcntl.fcntl(pipe[1], _SET_PIPE_SIZE, _PIECE)
        self.lent += 1
        return pipe

    def give_back(self, pipe: tuple[int, int], *, empty: bool) -> None:
        """Take a pipe back; one that is not empty is closed with what is in it."""
        self.lent -= 1
        if empty and len(self._spare) < self._most:
            self._spare.append(pipe)
            return
        os.close(pipe[0])
        os.close(pipe[1])

    def close(self) -> None:
        """Close those that are not lent."""
        while self._spare:
            for end in self._spare.pop():
                os.close(end)


class Pace:
    """How many bytes may pass by now, at a rate.

    Parameters
    ----------
    rate
        Bytes a second.
    clock
        Monotonic, in seconds.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate, self._clock = rate, clock
        self._room, self._last = 0.0, clock()

    def room(self) -> int:
        """Bytes that may pass now."""
        now = self._clock()
        # what was not used in a tenth of a second is lost: a pause gives no right to a burst
        self._room = min(self._room + max(0.0, now - self._last) * self._rate, max(1.0, self._rate / 10))
        self._last = now
        return int(self._room)

    def passed(self, count: int) -> None:
        """Note that bytes have passed."""
        self._room -= count

    def wait(self) -> float:
        """Seconds until another byte may pass."""
        return max(_TICK, (1 - self._room) / self._rate)


class _Way:
    """One direction of a pair."""

    __slots__ = (
        "_count", "_ended", "_held", "_loop", "_opening", "_pace", "_pair", "_pipe", "_pipes", "_source", "_target", "_timer",
    )  # fmt: skip

    def __init__(
        self, pair: Pair, source: socket.socket, target: socket.socket, pipes: Pipes, count: Callable[[int], None],
        pace: Pace | None, opening: Opening | None = None,
    ) -> None:  # fmt: skip
        self._pair, self._source, self._target, self._pipes, self._count, self._pace = pair, source, target, pipes, count, pace
        self._opening = opening
        self._loop = asyncio.get_running_loop()
        self._pipe: tuple[int, int] | None = None
        self._held = 0
        self._ended = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def owes(self) -> bool:
        return not self._ended and (bool(self._held) or has_said(self._source))

    def listen(self) -> None:
        self._timer = None
        self._loop.add_reader(self._source, self._readable)

    def hasten(self) -> None:
        self._pace = None

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._source)
        self._loop.remove_writer(self._target)
        if self._pipe is not None:
            self._pipes.give_back(self._pipe, empty=not self._held)
            self._pipe = None

    def _readable(self) -> None:
        try:
            if self._opening is not None:
                most, look = self._opening
                first = self._source.recv(most, socket.MSG_PEEK)
                self._opening = None
                look(first)
            for _ in range(_TURNS):
                if not self._move():
                    return
        except BlockingIOError:
            self._put_back()
        except OSError:
            self._pair.reset()

    def _move(self) -> bool:
        """Move one piece; give whether there may be another at once."""
        most = _PIECE
        if self._pace is not None:
            most = min(self._pace.room(), _PIECE)
            if most < 1:
                self._put_back()
                self._pause(self._pace.wait())
                return False
        if self._pipe is None:
            try:
                self._pipe = self._pipes.take()
            except OSError:
                self._pause(_TICK)  # no file descriptor is left: some other way gives its pipe back
                return False
        self._held = os.splice(self._source.fileno(), self._pipe[1], most, flags=_SPLICE_FLAGS)
        if not self._held:
            self._end()
            return False
        if self._pace is not None:
            self._pace.passed(self._held)
        if self._push():
            return True
        self._loop.remove_reader(self._source)
        self._loop.add_writer(self._target, self._writable)
        return False

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._source)
        self._timer = self._loop.call_later(seconds, self.listen)

    def _push(self) -> bool:
        """Give the target what is held; give whether it took all."""
        assert self._pipe is not None
        while self._held:
            try:
                count = os.splice(self._pipe[0], self._target.fileno(), self._held, flags=_SPLICE_FLAGS)
            except BlockingIOError:
                return False
            self._held -= count
            self._count(count)
        return True

    def _writable(self) -> None:
        try:
            if self._push():
                self._put_back()
                self._loop.remove_writer(self._target)
                self.listen()
        except OSError:
            self._pair.reset()

    def _put_back(self) -> None:
        """Give the pipe back while nothing is in it."""
        if self._pipe is not None and not self._held:
            self._pipes.give_back(self._pipe, empty=True)
            self._pipe = None

    def _end(self) -> None:
        """The source says no more: tell the target, which may go on talking."""
        self._ended = True
        self._loop.remove_reader(self._source)
        self._put_back()
        self._target.shutdown(socket.SHUT_WR)
        self._pair.way_ended()


class Pair:
    """Two connections of which each is told what the other says, until both have said all, or one is reset.

    Parameters
    ----------
    inner, outer
        The sockets, connected and not blocking; the pair closes them.
    pipes
        Where pipes are lent.
    up, down
        Told how many bytes went to the outer, and to the inner.
    ended
        Called once, at the end.
    rate
        Bytes a second each way; 0: as fast as it goes.
    clock
        Monotonic, in seconds.
    opening
        Is shown what the inner says first, and how many bytes of it at most.
    """

    def __init__(
        self, inner: socket.socket, outer: socket.socket, pipes: Pipes, up: Callable[[int], None], down: Callable[[int], None],
        ended: Callable[[], None], rate: float, clock: Callable[[], float], opening: Opening | None = None,
    ) -> None:  # fmt: skip
        self._sockets, self._ended, self._open = (inner, outer), ended, True
        self._ways = (
            _Way(self, inner, outer, pipes, up, Pace(rate, clock) if rate else None, opening),
            _Way(self, outer, inner, pipes, down, Pace(rate, clock) if rate else None),
        )

    @property
    def owes(self) -> bool:
        """Whether the inner has said what the outer was not yet told."""
        return self._open and self._ways[0].owes

    def start(self) -> None:
        """Begin."""
        for way in self._ways:
            way.listen()

    def hasten(self) -> None:
        """Let it go as fast as it can from now on."""
        for way in self._ways:
            way.hasten()

    def reset(self) -> None:
        """End both with a reset."""
        self._close(reset)

    def way_ended(self) -> None:
        """End when both have said all."""
        if all(way.ended for way in self._ways):
            self._close(socket.socket.close)

    def _close(self, end: Callable[[socket.socket], None]) -> None:
        if self._open:
            self._open = False
            for way in self._ways:
                way.stop()
            for one in self._sockets:
                end(one)
            self._ended()
