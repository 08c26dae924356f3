"""The servers of a drill's test world: names, canaries, certificates. Runs alone, inside the namespaces it makes for itself.

Started by ``drill_world``; only the standard library is loaded before the namespaces stand, ``cryptography`` after. It ends
when its end of the control socket does, so nothing outlives the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import ipaddress
import json
import os
import socket
import ssl
import struct
import sys
import time
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 65: "HTTPS"}
NETWORKS = (
    ipaddress.ip_network("203.0.113.0/24"),
    ipaddress.ip_network("198.51.100.0/24"),
    ipaddress.ip_network("2001:db8::/32"),
)
MEBIBYTE = bytes(1 << 20)
NOT_ALLOWED = 77
"""Exit status where this user may not make namespaces."""


# ---------------------------------------------------------------- namespaces


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter_new_namespaces() -> bool:
    """Network and mounts of its own, by a user namespace where root's rights are lacking; whether it took one."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    nested = libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0
    if nested:
        _check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS), "unshare")
        map_one_user(0, uid, 0, gid)
    _check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mounts made private")
    return nested


def map_one_user(inside: int, outside: int, group_inside: int, group_outside: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inside} {outside} 1")
    Path("/proc/self/gid_map").write_text(f"{group_inside} {group_outside} 1")


def put_in_place(folder: Path) -> None:
    """Files of the folder ``etc`` over those of the machine, seen in this mount namespace only."""
    libc = ctypes.CDLL(None, use_errno=True)
    for file in (folder / "etc").iterdir():
        target = (Path("/etc") / file.name).resolve()
        if target.is_file():
            _check(libc.mount(bytes(file), bytes(target), None, MS_BIND, None), f"{target} put in place")


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def address_loopback() -> bool:
    """Bring ``lo`` up and make the documentation networks local to it, IPv6 if there is any; whether there is."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, 0x8913, struct.pack("16sh14x", b"lo", 0)))[1]
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))
    index = socket.if_nametoindex("lo")
    has6 = True
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        for network in NETWORKS:
            family = socket.AF_INET if network.version == 4 else socket.AF_INET6
            own = network[1].packed
            address = struct.pack("=BBBBI", family, network.max_prefixlen, 0x02 if network.version == 6 else 0, 0, index)
            address += _attribute(1, own) + _attribute(2, own)
            route = struct.pack("=BBBBBBBBI", family, network.prefixlen, 0, 0, 255, 4, 254, 2, 0)  # local table, type local
            route += _attribute(1, network.network_address.packed) + _attribute(4, struct.pack("=I", index))
            for kind, body in ((20, address), (24, route)):
                netlink.send(struct.pack("=IHHII", 16 + len(body), kind, 0x605, 1, 0) + body)
                error = struct.unpack_from("=i", netlink.recv(4096), 16)[0]
                if error and network.version == 4:
                    raise OSError(-error, f"{network} on lo: {os.strerror(-error)}")
                has6 = has6 and not (error and network.version == 6)
    return has6


# ---------------------------------------------------------------- certificates


def make_certificates(folder: Path, names: list[str]) -> None:
    """A root of its own, and one certificate for every name and documentation address of this world."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.datetime.now(datetime.UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test world root")])
    usage = {
        "digital_signature": True, "content_commitment": False, "key_encipherment": False, "data_encipherment": False,
        "key_agreement": False, "encipher_only": False, "decipher_only": False,
    }  # fmt: skip

    def certificate(subject: x509.Name, public: Any, *, authority: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=2))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage, key_cert_sign=authority, crl_sign=authority), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )

    others: list[x509.GeneralName] = [x509.IPAddress(network[number]) for network in NETWORKS for number in range(1, 100)]
    leaf = (
        certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "canary")]), key.public_key(), authority=False)
        .add_extension(x509.SubjectAlternativeName([*map(x509.DNSName, names), *others]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    pem = serialization.Encoding.PEM
    root_certificate = certificate(root, root_key.public_key(), authority=True).sign(root_key, hashes.SHA256())
    private = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(root_certificate.public_bytes(pem))
    chain = leaf.sign(root_key, hashes.SHA256()).public_bytes(pem) + root_certificate.public_bytes(pem)
    (folder / "canary.pem").write_bytes(chain)
    (folder / "canary.key").write_bytes(key.private_bytes(pem, *private))


# ---------------------------------------------------------------- names


def encode_name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


class Names:
    """A DNS server for the names given, and no others."""

    def __init__(self, hosts: dict[str, Any]) -> None:
        self.hosts = hosts
        self.asked: list[tuple[str, str, str]] = []

    def answer(self, query: bytes, transport: str) -> bytes | None:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
            at += 1 + query[at]
        kind, asked = struct.unpack_from(">H", query, at + 1)[0], ".".join(labels).lower()
        self.asked.append((asked, TYPES.get(kind, str(kind)), transport))
        host = self.hosts.get(asked)
        labels_above = asked.split(".")
        if any(self.hosts.get(".".join(labels_above[start:]), {}).get("silent") for start in range(len(labels_above))):
            return None
        records: list[bytes] = []
        name, code = asked, 3 if host is None else host["code"]
        while host is not None and not code:
            if host["cname"] and kind != 5:
                records.append(self._record(name, 5, encode_name(host["cname"])))
                name, host = host["cname"], self.hosts.get(host["cname"])
                code = 3 if host is None else host["code"]
                continue
            records += [self._record(name, kind, data) for data in self._data(host, kind)]
            break
        question = query[12 : at + 5]
        most = 512 if transport == "udp" else 65535
        if transport == "udp" and query[10:12] == b"\0\1" and query[at + 5 : at + 8] == b"\0\0\x29":
            most = max(most, struct.unpack_from(">H", query, at + 8)[0])
        body, cut = b"".join(records), 0
        if 12 + len(question) + len(body) > most:
            body, records, cut = b"", [], 0x0200
        header = query[:2] + struct.pack(">HHHHH", 0x8180 | cut | code, 1, len(records), 0, 0)
        return header + question + body

    @staticmethod
    def _record(name: str, kind: int, data: bytes) -> bytes:
        return encode_name(name) + struct.pack(">HHIH", kind, 1, 30, len(data)) + data

    @staticmethod
    def _data(host: dict[str, Any], kind: int) -> list[bytes]:
        addresses = [ipaddress.ip_address(text).packed for text in host["addresses"]]
        if kind in (1, 28):
            return [packed for packed in addresses if len(packed) == (4 if kind == 1 else 16)]
        if kind == 5 and host["cname"]:
            return [encode_name(host["cname"])]
        if kind == 33:
            return [struct.pack(">HHH", *numbers) + encode_name(target) for *numbers, target in host["srv"]]
        return [bytes.fromhex(data) for of, data in host["other"] if of == kind]


# ---------------------------------------------------------------- canaries


def kind_of(first: bytes) -> str:
    if first[:1] == b"\x16":
        return "tls"
    if first[:4] == b"SSH-":
        return "ssh"
    if first[:4].rstrip(b" ") in {b"GET", b"HEAD", b"POST", b"PUT", b"OPTI", b"DELE", b"CONN", b"PRI", b"PATC"}:
        return "http"
    return "other" if first else "nothing"


class Canaries:
    """Listens on every port given, at every address of this world, and writes each contact down before it answers."""

    def __init__(self, settings: dict[str, Any], context: ssl.SSLContext, names: Names) -> None:
        self.settings, self.context, self.names = settings, context, names
        self.log: list[list[Any]] = []  # address, port, transport, kind, time, host said, our own barrier's port
        self.listeners: list[tuple[socket.socket, str]] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.accepted: dict[tuple[int, int], asyncio.Event] = {}
        self.pages = Path(settings["folder"]) / "www"

    def listen(self, *, has6: bool) -> None:
        for family in (socket.AF_INET, socket.AF_INET6) if has6 else (socket.AF_INET,):
            for transport, kind in (("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)):
                for port in self.settings[transport]:
                    server = socket.socket(family, kind)
                    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    if family == socket.AF_INET6:
                        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    server.bind(("", port))
                    server.setblocking(False)
                    if kind == socket.SOCK_STREAM:
                        server.listen(4096)
                        self._keep(self._accept(server))
                    else:
                        self._mark_destination(server)
                        asyncio.get_running_loop().add_reader(server, self._datagram, server)
                    self.listeners.append((server, transport))

    @staticmethod
    def _mark_destination(server: socket.socket) -> None:
        if server.family == socket.AF_INET:
            server.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        else:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            server.setsockopt(socket.IPPROTO_IPV6, 78, 1)  # IPV6_FREEBIND: answer from addresses that are only routed here

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _accept(self, server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, peer = await loop.sock_accept(server)
            self._keep(self._serve(connection, peer, server))

    async def _serve(self, connection: socket.socket, peer: Any, server: socket.socket) -> None:
        waits = self.accepted.get((server.fileno(), peer[1]))
        if waits is not None:
            waits.set()
            connection.close()
            return
        address, port = connection.getsockname()[:2]
        entry: list[Any] = [address, port, "tcp", "nothing", time.monotonic(), ""]
        self.log.append(entry)
        with contextlib.suppress(
            OSError, ssl.SSLError, asyncio.IncompleteReadError, ValueError, EOFError, asyncio.LimitOverrunError
        ):
            if port == 53:
                await self._dns(connection)
            else:
                await self._speak(connection, entry)
        connection.close()

    async def _dns(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        with contextlib.closing(writer):
            while length := await reader.readexactly(2):
                answer = self.names.answer(await reader.readexactly(int.from_bytes(length, "big")), "tcp")
                if answer is not None:
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                    await writer.drain()

    async def _speak(self, connection: socket.socket, entry: list[Any]) -> None:
        first = await self._first(connection)
        entry[3] = kind_of(first)
        if entry[3] == "tls":
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            loop = asyncio.get_running_loop()
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=self.context)
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        elif first:
            reader, writer = await asyncio.open_connection(sock=connection)
        else:
            return
        try:
            if entry[3] in ("tls", "http"):
                while await self._http(reader, writer, entry):
                    pass
            elif entry[3] == "ssh":
                writer.write(b"SSH-2.0-Canary\r\n")
                await reader.read(4096)
            else:
                while data := await reader.read(1 << 16):
                    writer.write(data)
                    await writer.drain()
        finally:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    @staticmethod
    async def _first(connection: socket.socket) -> bytes:
        """The first bytes, left where they are."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(connection, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
            return connection.recv(8, socket.MSG_PEEK)
        finally:
            loop.remove_reader(connection)

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, entry: list[Any]) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:])}
        host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
        entry[5] = host
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        status, answer, kind, length = self._page(host, path, body, method)
        reply = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()
        writer.write(reply)
        if method != "HEAD":
            if path.startswith("/bytes/"):
                for start in range(0, length, len(MEBIBYTE)):
                    writer.write(MEBIBYTE[: min(len(MEBIBYTE), length - start)])
                    await writer.drain()
            else:
                writer.write(answer)
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    def _page(self, host: str, path: str, body: bytes, method: str) -> tuple[str, bytes, str, int]:
        """Status, answer, type, length: a file of ``www/HOST``, ``/bytes/N``, ``/status/N``, what was sent, or a line."""
        plain = path.partition("?")[0]
        if plain.startswith("/bytes/"):
            return "200 OK", b"", "application/octet-stream", int(plain[7:])
        if plain.startswith("/status/"):
            return f"{int(plain[8:])} As asked", b"", "text/plain", 0
        file = (self.pages / host / plain.lstrip("/")).resolve()
        if (self.pages / host).is_dir() and file.is_relative_to(self.pages.resolve()):
            file = file / "index.html" if file.is_dir() else file
            if not file.is_file():
                return "404 Not Found", b"", "text/plain", 0
            kind = {".html": "text/html", ".json": "application/json"}.get(file.suffix, "application/octet-stream")
            answer = file.read_bytes()
            return "200 OK", answer, kind, len(answer)
        answer = body if method in ("POST", "PUT") else f"canary {host} {path}\n".encode()
        return "200 OK", answer, "text/plain", len(answer)

    def _datagram(self, server: socket.socket) -> None:
        while True:
            try:
                data, extra, _, peer = server.recvmsg(65535, 128)
            except OSError:
                return
            waits = self.accepted.get((server.fileno(), peer[1]))
            if waits is not None:
                waits.set()
                continue
            address = self._destination(extra)
            port = server.getsockname()[1]
            if port != 53 or ipaddress.ip_address(address).is_loopback is False:
                self.log.append([address, port, "udp", "dns" if port == 53 else "other", time.monotonic(), ""])
            answer: bytes | None = data
            if port == 53:
                try:
                    answer = self.names.answer(data, "udp")
                except (IndexError, struct.error):
                    answer = None
            if answer is not None:
                with contextlib.suppress(OSError):
                    server.sendmsg([answer], self._from(server, address), 0, peer)

    @staticmethod
    def _destination(extra: list[tuple[int, int, bytes]]) -> str:
        data = extra[0][2]
        return str(ipaddress.ip_address(data[8:12] if len(data) == 12 else data[:16]))

    @staticmethod
    def _from(server: socket.socket, address: str) -> list[tuple[int, int, bytes]]:
        packed = ipaddress.ip_address(address).packed
        if server.family == socket.AF_INET:
            return [(socket.IPPROTO_IP, 8, struct.pack("=I", 0) + packed + bytes(4))]
        return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, packed + struct.pack("=I", 0))]

    async def settle(self) -> None:
        """Return once every contact begun before the call is in the log: ours come after them in each queue."""
        for server, transport in self.listeners:
            stream = transport == "tcp"
            with socket.socket(server.family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) as own:
                own.setblocking(False)
                own.bind(("127.0.0.1" if server.family == socket.AF_INET else "::1", 0))
                event = self.accepted[server.fileno(), own.getsockname()[1]] = asyncio.Event()
                await asyncio.get_running_loop().sock_connect(own, (own.getsockname()[0], server.getsockname()[1]))
                if not stream:
                    own.send(b"-")
                await event.wait()
                del self.accepted[server.fileno(), own.getsockname()[1]]


# ---------------------------------------------------------------- the process


async def serve(control: socket.socket, settings: dict[str, Any], *, has6: bool) -> None:
    folder = Path(settings["folder"])
    names = Names(settings["hosts"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    make_certificates(folder, [name for name in settings["hosts"] if not name.startswith("_")])
    context.load_cert_chain(folder / "canary.pem", folder / "canary.key")
    canaries = Canaries(settings, context, names)
    canaries.listen(has6=has6)
    reader, writer = await asyncio.open_unix_connection(sock=control)
    writer.write(json.dumps({"pid": os.getpid(), "ipv6": has6, "nested": settings["nested"]}).encode() + b"\n")
    while line := await reader.readline():
        request = json.loads(line)
        await canaries.settle()
        writer.write(json.dumps({"contacts": canaries.log, "asked": names.asked}).encode() + b"\n")
        if request == "clear":
            canaries.log.clear()
            names.asked.clear()
        await writer.drain()
    writer.close()


def main() -> None:
    import resource

    control = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(sys.argv[2])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard > 0 else 65536, hard))
    try:
        settings["nested"] = enter_new_namespaces()
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EACCES, errno.ENOSPC):
            os._exit(NOT_ALLOWED)
        raise
    has6 = address_loopback()
    put_in_place(Path(settings["folder"]))
    asyncio.run(serve(control, settings, has6=has6))
    os._exit(0)


if __name__ == "__main__":
    main()
