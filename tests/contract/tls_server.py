"""A loopback server with a certificate of any kind, made by a certificate authority of its own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

GOOD = b'{"success": true, "data": [{"TOKEN_ID": 1, "CURRENT_PRICE": 2.5}]}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_CONFIG = """
[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """Files of a server's certificate and of its key."""

    chain: Path
    key: Path


class Authority:
    """Signs certificates for names and spans of time; `trust` is a context that believes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01\n")
        (folder / "ca.cnf").write_text(_CONFIG.format(folder=folder))
        self._root = Certificate(folder / "root.pem", folder / "root.key")
        self._openssl(
            "req", "-x509", *_KEY, "-keyout", self._root.key, "-out", self._root.chain,
            "-days", "2", "-subj", "/CN=an authority for tests",
        )  # fmt: skip

    def trust(self) -> ssl.SSLContext:
        """A client's context that believes this authority and no other."""
        return ssl.create_default_context(cafile=str(self._root.chain))

    def sign(self, name: str, since: str, until: str) -> Certificate:
        """A certificate for a host name, valid from one year's beginning to another's."""
        made = Certificate(self._folder / "leaf.pem", self._folder / "leaf.key")
        request = self._folder / "leaf.csr"
        self._openssl(
            "req", *_KEY, "-keyout", made.key, "-out", request, "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}",
        )  # fmt: skip
        self._openssl(
            "ca", "-config", self._folder / "ca.cnf", "-batch", "-notext", "-in", request,
            "-cert", self._root.chain, "-keyfile", self._root.key, "-out", made.chain,
            "-startdate", f"{since}0101000000Z", "-enddate", f"{until}0101000000Z",
        )  # fmt: skip
        return made

    def _openssl(self, *words: str | Path) -> None:
        program = shutil.which("openssl")
        assert program is not None, "the caller skips where openssl is absent"
        subprocess.run([program, *map(str, words)], check=True, capture_output=True, timeout=30)


class TlsServer:
    """Answers every request it can decipher with one row, and keeps what it deciphered."""

    def __init__(self, certificate: Certificate) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.chain, certificate.key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.deciphered: list[bytes] = []
        self.handshakes = 0

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> TlsServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            plain.settimeout(5)
            self.handshakes += 1
            with contextlib.suppress(OSError), plain:
                self._answer(self._context.wrap_socket(plain, server_side=True))

    def _answer(self, connection: ssl.SSLSocket) -> None:
        with connection:
            head = connection.recv(65_536)
            self.deciphered.append(head)
            if head:
                connection.sendall(_ANSWER % len(GOOD) + GOOD)
