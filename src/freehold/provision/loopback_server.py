"""A small HTTP server on loopback, a thread a connection. Owns what every client is answered with, whatever it sends."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Final, cast

from freehold.errors import ProvisionError

__all__ = ["Answer", "LoopbackServer", "Request"]

_MOST_CONNECTIONS: Final = 256
_MOST_BODY: Final = 10_000_000
_IDLE: Final = 120.0


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks.

    Parameters
    ----------
    method
        In capitals.
    target
        Path and query as sent; a whole address where this server is taken for a proxy.
    headers
        By name in lower case.
    """

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def by(self) -> str:
        """Which client asks: the first word (or two of Debian's) of what it calls itself."""
        agent = self.headers.get("user-agent", "")
        words = "".join(one if one.isprintable() else "?" for one in agent).split()
        chosen = words[1] if len(words) > 1 and words[0] == "Debian" else words[0] if words else ""
        return chosen[:60]


@dataclass(frozen=True, slots=True)
class Answer:
    """What it is answered.

    Parameters
    ----------
    status
        HTTP status.
    body
        The whole, or its pieces in turn. If these end with a ``ProvisionError`` the connection is broken off, so that the
        client cannot take what it has for the whole.
    kind
        Its media type.
    length
        Bytes of the pieces, if known.
    """

    status: int
    body: bytes | Iterator[bytes] = b""
    kind: str = "text/plain"
    length: int | None = None


class LoopbackServer:
    """Serves from the moment that it is entered until it is left.

    Parameters
    ----------
    respond
        Answers a request; called in many threads at once.
    port
        0: any that is free.
    """

    def __init__(self, respond: Callable[[Request], Answer], port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), respond)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="loopback server"
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address, without a final slash."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> LoopbackServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.end()
        self._thread.join()


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = False
    block_on_close = True

    def __init__(self, address: tuple[str, int], respond: Callable[[Request], Answer]) -> None:
        self.respond = respond
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        super().__init__(address, _Handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        self._room.acquire()
        with self._lock:
            self._open.add(cast("socket.socket", request))
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        with self._lock:
            self._open.discard(cast("socket.socket", request))
        super().shutdown_request(request)
        self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is nothing to tell of."""

    def end(self) -> None:
        """Break off every connection and wait for the threads."""
        with self._lock:
            for one in self._open:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: addresses may hold secrets."""

    def version_string(self) -> str:
        return "freehold"

    def _answer(self) -> None:
        self._skip_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            answer = self.server.respond(Request(self.command, self.path, headers))
        except ProvisionError as error:
            answer = Answer(502, f"{error}\n".encode("utf-8", "replace"))
        try:
            self._send(answer)
        except (ProvisionError, OSError):
            self.close_connection = True
        finally:
            if not isinstance(answer.body, bytes) and hasattr(answer.body, "close"):
                answer.body.close()

    def _send(self, answer: Answer) -> None:
        length = len(answer.body) if isinstance(answer.body, bytes) else answer.length
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            # In chunks: where the last one does not come, the client knows that it has not got the whole.
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        if isinstance(answer.body, bytes):
            self.wfile.write(answer.body)
            return
        for piece in answer.body:
            self.wfile.write(piece if length is not None else b"%x\r\n%b\r\n" % (len(piece), piece))
        if length is None:
            self.wfile.write(b"0\r\n\r\n")

    def _skip_body(self) -> None:
        stated = self.headers.get("Content-Length", "0")
        left = int(stated) if stated.isascii() and stated.isdecimal() and len(stated) < 16 else 0
        if left > _MOST_BODY or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return
        while left > 0:
            piece = self.rfile.read(min(left, 65536))
            if not piece:
                return
            left -= len(piece)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_CONNECT = do_OPTIONS = _answer  # noqa: N815
