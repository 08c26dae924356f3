"""Python's clients, each as it is by default: ``client.py NAME HOST`` fetches the host's first page."""

from __future__ import annotations

import sys


def by_urllib(host: str) -> int:
    import urllib.request

    with urllib.request.urlopen(f"https://{host}/", timeout=10) as answer:
        return int(answer.status)


def by_http_client(host: str) -> int:
    import http.client

    connection = http.client.HTTPSConnection(host, timeout=10)
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    return status


def by_requests(host: str) -> int:
    import requests

    return requests.get(f"https://{host}/", timeout=10).status_code


def by_httpx(host: str) -> int:
    import httpx

    return httpx.get(f"https://{host}/", timeout=10).status_code


def by_aiohttp(host: str) -> int:
    import asyncio

    import aiohttp

    async def ask() -> int:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session,
            session.get(f"https://{host}/") as answer,
        ):
            return answer.status

    return asyncio.run(ask())


def by_socket(host: str) -> int:
    import socket

    with socket.create_connection((host, 8080), timeout=10) as stream:
        stream.sendall(b"hello")
        return 200 if stream.recv(5) == b"hello" else 0


if __name__ == "__main__":
    sys.exit(
        0 if {name[3:]: value for name, value in globals().items() if name[:3] == "by_"}[sys.argv[1]](sys.argv[2]) == 200 else 1
    )
