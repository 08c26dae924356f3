"""A model server that costs next to nothing: OpenAI's chat completions on loopback, in one piece or streamed. Run in a child.

It answers every POST alike, whatever its path, as it is told on the command line, so that a gateway before it is what is
measured. Its words are always ``tok``, which the load generator counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from typing import Final, cast

__all__ = ["REPLY", "TOKEN", "main"]

TOKEN: Final = "tok "
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%b\r\n\r\n"


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    told = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_800_000_000, "model": "bench"}
    return _event(json.dumps(told | {"choices": [choice]}, separators=(",", ":")).encode())


def _event(data: bytes) -> bytes:
    piece = b"data: " + data + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens}


REPLY: Final = json.dumps(
    {
        "id": "chatcmpl-bench", "object": "chat.completion", "created": 1_800_000_000, "model": "bench",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": (TOKEN * 25).strip()}, "finish_reason": "stop"}
        ],
        "usage": _usage(25),
    },
    separators=(",", ":"),
).encode()  # fmt: skip
"""The answer in one piece: some 370 bytes."""

_WHOLE: Final = _HEAD % (b"application/json", b"Content-Length: %d" % len(REPLY)) + REPLY
_STREAM: Final = _HEAD % (b"text/event-stream", b"Transfer-Encoding: chunked")
_FIRST: Final = _chunk({"role": "assistant", "content": ""})
_TOKEN: Final = _chunk({"content": TOKEN})
_LAST: Final = _chunk({}, "stop")
_DONE: Final = _event(b"[DONE]") + b"0\r\n\r\n"


def _usage_chunk(tokens: int) -> bytes:
    told = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_800_000_000, "model": "bench"}
    return _event(json.dumps(told | {"choices": [], "usage": _usage(tokens)}, separators=(",", ":")).encode())


class _Upstream(asyncio.Protocol):
    """One connection; requests one after the other."""

    def __init__(self, delay: float, tokens: int, rate: float) -> None:
        self._delay, self._tokens, self._rate = delay, tokens, rate
        self._loop = asyncio.get_running_loop()
        self._read = b""
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if not end:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif name.lower() == b"transfer-encoding" and b"chunked" in value.lower():
                length = rest.find(b"0\r\n\r\n") + 5 if rest.endswith(b"0\r\n\r\n") else 1 << 62
        if len(rest) < length:
            return
        body, self._read = rest[:length], rest[length:]
        answer = self._stream if b'"stream":true' in body.replace(b" ", b"") else self._whole
        usage = b"include_usage" in body
        if self._delay:
            self._timer = self._loop.call_later(self._delay, answer, usage)
        else:
            answer(usage)

    def _whole(self, _usage_asked: bool) -> None:
        self._transport.write(_WHOLE)

    def _stream(self, usage: bool) -> None:
        ending = _LAST + (_usage_chunk(self._tokens) if usage else b"") + _DONE
        if not self._rate:
            self._transport.write(_STREAM + _FIRST + _TOKEN * self._tokens + ending)
            return
        self._transport.write(_STREAM + _FIRST + _TOKEN)
        self._next(self._loop.time(), 1, ending)

    def _next(self, began: float, sent: int, ending: bytes) -> None:
        if self._transport.is_closing():
            return
        if sent == self._tokens:
            self._transport.write(ending)
            return
        at = began + sent / self._rate
        self._timer = self._loop.call_at(at, self._token, began, sent, ending)

    def _token(self, began: float, sent: int, ending: bytes) -> None:
        self._transport.write(_TOKEN)
        self._next(began, sent + 1, ending)


async def _serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    server = await loop.create_server(
        lambda: _Upstream(options.delay, options.tokens, options.rate), "127.0.0.1", options.port, backlog=4096
    )
    async with server:
        await stop.wait()


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to end."""
    parser = argparse.ArgumentParser("gateway_upstream")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before the first byte")
    parser.add_argument("--tokens", type=int, default=20, help="of a stream")
    parser.add_argument("--rate", type=float, default=0.0, help="tokens a second; 0: all at once")
    options = parser.parse_args(arguments)
    try:
        import uvloop

        uvloop.run(_serve(options))
    except ImportError:
        asyncio.run(_serve(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
