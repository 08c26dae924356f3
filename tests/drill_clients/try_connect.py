"""Dial a place and say what came of it in one word: ``try_connect.py [-4|-6] [-t SECONDS] HOST PORT``, or a URL.

``no such name``, ``refused``, ``reset``, ``closed``, ``silent`` (nothing within the time), ``unreachable``; else what
came back: the status for a URL (and ``same`` if the page is what a canary says), ``echo`` for a port that echoes.
"""

from __future__ import annotations

import argparse
import socket
import ssl
import urllib.error
import urllib.request


def word_for(error: BaseException) -> str:
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, BaseException):
        return word_for(error.reason)
    kinds = {
        socket.gaierror: "no such name", ConnectionRefusedError: "refused", ConnectionResetError: "reset",
        TimeoutError: "silent", BrokenPipeError: "reset", ssl.SSLEOFError: "closed", ssl.SSLZeroReturnError: "closed",
    }  # fmt: skip
    return next((word for kind, word in kinds.items() if isinstance(error, kind)), f"{type(error).__name__}: {error}")


def by_url(url: str, timeout: float) -> str:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return f"{answer.status} same" if answer.read().startswith(b"canary ") else str(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return str(error.code)


def by_socket(host: str, port: int, family: int, timeout: float) -> str:
    *_, place = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0]
    with socket.socket(socket.AF_INET6 if len(place) == 4 else socket.AF_INET) as stream:
        stream.settimeout(timeout)
        stream.connect(place)
        stream.sendall(b"hello\r\n")
        data = stream.recv(5)
        return "echo" if data == b"hello" else "closed"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-4", dest="family", action="store_const", const=socket.AF_INET, default=0)
    parser.add_argument("-6", dest="family", action="store_const", const=socket.AF_INET6)
    parser.add_argument("-t", dest="timeout", type=float, default=20.0)
    parser.add_argument("place", nargs="+")
    said = parser.parse_args()
    try:
        if len(said.place) == 1:
            print(by_url(said.place[0], said.timeout))
        else:
            print(by_socket(said.place[0], int(said.place[1]), said.family, said.timeout))
    except (OSError, ValueError) as error:
        print(word_for(error))


if __name__ == "__main__":
    main()
