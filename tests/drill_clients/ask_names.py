"""Ask a name server by hand: ``ask_names.py SERVER udp|tcp NAME TYPE…`` prints ``TYPE code answers``, records in hex."""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys

TYPES = {"A": 1, "CNAME": 5, "TXT": 16, "AAAA": 28, "SRV": 33, "HTTPS": 65, "ANY": 255}


def query(number: int, name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def over_tcp(server: str, message: bytes) -> bytes:
    with socket.create_connection((server, 53), timeout=20) as stream, stream.makefile("rb") as read:
        stream.sendall(len(message).to_bytes(2, "big") + message)
        return read.read(int.from_bytes(read.read(2), "big"))


def over_udp(server: str, message: bytes) -> bytes:
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(20)
        datagrams.connect((server, 53))
        datagrams.send(message)
        return datagrams.recv(65535)


def skip(message: bytes, at: int) -> int:
    while message[at]:
        if message[at] >= 0xC0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def records(message: bytes) -> list[str]:
    """Each answer: an address as one, all else in hex."""
    at, found = skip(message, 12) + 4, []
    for _ in range(struct.unpack_from(">H", message, 6)[0]):
        at = skip(message, at)
        kind, _, _, length = struct.unpack_from(">HHIH", message, at)
        data = message[at + 10 : at + 10 + length]
        found.append(str(ipaddress.ip_address(data)) if kind in (1, 28) else data.hex())
        at += 10 + length
    return found


def main() -> None:
    server, how, name, *kinds = sys.argv[1:]
    for number, kind in enumerate(kinds, 7):
        answer = (over_tcp if how == "tcp" else over_udp)(server, query(number, name, TYPES[kind]))
        assert answer[:2] == struct.pack(">H", number)
        print(kind, answer[3] & 15, *records(answer))


if __name__ == "__main__":
    main()
