"""Real servers of files on loopback: HTTP as it comes and as it goes wrong, and SFTP with a key."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Web:
    """An HTTP server: what it answers by path, what it was asked, and how long it waits."""

    url: str = ""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent_bytes: int = 0
    wait: threading.Event = field(default_factory=threading.Event)
    slow: set[str] = field(default_factory=set)

    def put(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        """Let a path answer so; returns its address."""
        self.answers[path] = (status, {name.replace("_", "-"): text for name, text in headers.items()}, body)
        return f"{self.url}{path}"


@contextmanager
def web_server() -> Iterator[Web]:
    """Start one; an answer with an ETag or a time honours the question whether it changed."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.asked.append((self.path, dict(self.headers)))
            status, headers, body = web.answers.get(self.path, (404, {}, b"no such file"))
            unchanged = {
                headers.get("ETag", ""): self.headers.get("If-None-Match"),
                headers.get("Last-Modified", ""): self.headers.get("If-Modified-Since"),
            }
            if any(stamp and stamp == asked for stamp, asked in unchanged.items()):
                status, body = 304, b""
            self.send_response(status)
            for name, text in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            if self.path in web.slow:
                self.wfile.write(body[:10])
                self.wfile.flush()
                web.wait.wait(20)
            else:
                self.wfile.write(body)
                web.sent_bytes += len(body)

        def log_message(self, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield web
    finally:
        web.wait.set()
        server.shutdown()
        server.server_close()
        thread.join()


_SFTP = """
import asyncio, sys
import asyncssh
folder, host_key, allowed = sys.argv[1:]
async def serve():
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[host_key], authorized_client_keys=allowed,
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=folder.encode()),
    )
    print(server.get_port(), flush=True)
    await asyncio.Event().wait()
asyncio.run(serve())
"""


@contextmanager
def sftp_server(folder: Path, home: Path) -> Iterator[str]:
    """Serve a folder over SFTP to whoever has the key in ``home/.ssh``, whose known_hosts has the server's.

    Yields the beginning of an address.
    """
    import asyncssh

    ssh, keys = home / ".ssh", home / "server"
    for place in (ssh, keys):
        place.mkdir(parents=True)
    ours, theirs = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    ours.write_private_key(ssh / "id_ed25519")
    (ssh / "id_ed25519").chmod(0o600)
    theirs.write_private_key(keys / "host")
    ours.write_public_key(keys / "allowed")
    words = [sys.executable, "-c", _SFTP, str(folder), str(keys / "host"), str(keys / "allowed")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = process.stdout.readline().strip()
        (ssh / "known_hosts").write_text(
            f"[127.0.0.1]:{port} {theirs.export_public_key().decode().strip()}\n"
        )
        yield f"sftp://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
