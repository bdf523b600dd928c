"""Certificates made with openssl, and servers on loopback that show them: what a client takes, and what it must not."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hostile import hostile

WRONG = ("self-signed", "of another host", "expired", "of another authority")
"""What a server shows that a client must not take."""


class Certificates:
    """An authority whose certificate clients are told, and certificates of each kind.

    Parameters
    ----------
    folder : Path
        Where they lie; it is there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("root", "stranger"):
            self._openssl(
                "req", "-x509", *self._key(name), "-subj", f"/CN={name}", "-days", "30", "-out", f"{name}.pem"
            )
        self.root = folder / "root.pem"

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._folder, check=True, capture_output=True)

    @staticmethod
    def _key(name: str) -> tuple[str, ...]:
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key")

    def pair(self, kind: str) -> tuple[Path, Path]:
        """Certificate and key of a kind: ``right``, or one of :data:`WRONG`."""
        name = kind.replace(" ", "_")
        host = "DNS:other.example" if kind == "of another host" else "IP:127.0.0.1,DNS:localhost"
        if kind == "self-signed":
            self._openssl("req", "-x509", *self._key(name), "-subj", "/CN=127.0.0.1", "-days", "30",
                          "-addext", f"subjectAltName={host}", "-out", f"{name}.pem")  # fmt: skip
            return self._folder / f"{name}.pem", self._folder / f"{name}.key"
        by = "stranger" if kind == "of another authority" else "root"
        self._openssl("req", *self._key(name), "-subj", "/CN=127.0.0.1", "-out", f"{name}.csr")
        (self._folder / f"{name}.ext").write_text(f"subjectAltName={host}\n")
        days = ("-days", "-1" if kind == "expired" else "30")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", *days,
                      "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem")  # fmt: skip
        return self._folder / f"{name}.pem", self._folder / f"{name}.key"

    @contextmanager
    def serving(
        self, kind: str, behave: Callable[[ssl.SSLSocket], None]
    ) -> Iterator[tuple[int, list[bytes]]]:
        """Serve whoever takes the certificate; the port, and a mark for each who did."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair(kind))
        taken = list[bytes]()

        def answer(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as secured:
                taken.append(b"")
                behave(secured)

        with hostile(answer) as port:
            yield port, taken
