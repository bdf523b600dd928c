"""What the tests of several machines share: a real PostgreSQL server, and an S3-compatible one."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

PASSWORD = "s3cret/p@ss:word%"
UNPRIVILEGED = "nobody"


def need(found: object, reason: str) -> None:
    """Skip a test for want of a tool, with the reason; fail where every tool has to be there."""
    if not found:
        (pytest.fail if os.environ.get("AFTERCLOSE_REQUIRE_TOOLS") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def needed():
    """The same for tests: ``needed(found, reason)``."""
    return need


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody uses now."""
    with socket.socket() as attempt:
        attempt.bind((address, 0))
        return int(attempt.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server: its programs, its folder, its address, and the command that enters its network."""

    programs: Path
    folder: Path
    port: int
    host: str = "127.0.0.1"
    inside: tuple[str, ...] = ()
    password: str = PASSWORD

    def run(self, program: str, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        """Run one of its programs; as somebody without rights if this is root (initdb refuses root)."""
        return subprocess.run(
            [*self.words(program), *words],
            check=check, capture_output=True, text=True, cwd=self.folder, env={**os.environ, "PGPASSWORD": PASSWORD},
        )  # fmt: skip

    def words(self, program: str) -> list[str]:
        """The beginning of a command line."""
        lower = ["setpriv", "--reuid", UNPRIVILEGED, "--regid", "nogroup", "--clear-groups"]
        return [*self.inside, *(lower if os.geteuid() == 0 else []), str(self.programs / program)]

    def sql(self, statement: str, name: str = "postgres") -> str:
        """Run a statement as the server's owner and return what it printed, without decoration."""
        words = ["-h", self.host, "-p", str(self.port), "-U", "owner", "-d", name, "-XAtc", statement]
        return self.run("psql", *words).stdout.strip()

    def url(self, name: str, *, password: str = PASSWORD) -> str:
        """The URL of a database for the pipeline."""
        return f"postgresql://pipeline:{quote(password, safe='')}@{self.host}:{self.port}/{name}"

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        options = f"-p {self.port} -c listen_addresses={self.host} -c fsync=off "
        options += f"-c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "db"), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """End it at once, by the process id that it wrote down."""
        self.run("pg_ctl", "-D", str(self.folder / "db"), "-m", "immediate", "-w", "stop", check=False)


@contextmanager
def running(*, host: str = "127.0.0.1", inside: tuple[str, ...] = ()) -> Iterator[Server]:
    """Make and start a server with a role for the pipeline; skipped with the reason where there is none."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    need(programs, "no PostgreSQL server (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="afterclose-pg-", dir="/tmp"))
    made = Server(programs[-1].parent, folder, free_port(), host, inside)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, UNPRIVILEGED, "nogroup")
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        made.run(
            "initdb", "-D", str(folder / "db"), "-U", "owner", "--pwfile", str(secret), "-A", "scram-sha-256",
            "-E", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        with (folder / "db" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet scram-sha-256\n")
        made.start()
        made.sql(f"CREATE ROLE pipeline LOGIN PASSWORD '{PASSWORD}'")
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server of this test session on loopback."""
    with running() as made:
        yield made


@pytest.fixture
def make_server() -> Iterator[Callable[..., Server]]:
    """Start a server of its own: ``make_server(host, inside)``, with an empty database called journal."""
    with ExitStack() as stack:

        def make(host: str, inside: list[str]) -> Server:
            made = stack.enter_context(running(host=host, inside=tuple(inside)))
            made.sql("CREATE DATABASE journal OWNER pipeline")
            return made

        yield make


_numbers = itertools.count()


@pytest.fixture
def database(server) -> str:
    """The name of an empty database."""
    name = f"journal_{next(_numbers)}"
    server.sql(f"CREATE DATABASE {name} OWNER pipeline")
    return name


@pytest.fixture
def url(server, database) -> str:
    """The URL of an empty database."""
    return server.url(database)


# ---- object storage

KEYS = {
    "AWS_ACCESS_KEY_ID": "tester",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


MOTO = ("-m", "moto.server", "-H", "127.0.0.1", "-p")
FORGETFUL = """
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
app = DomainDispatcherApplication(create_backend_app)
def forgetful(environ, start):
    environ.pop("HTTP_IF_NONE_MATCH", None)
    return app(environ, start)
run_simple("127.0.0.1", int(sys.argv[1]), forgetful, threaded=True)
"""
"""The same server behind something that loses the condition of a conditional create, as older storages do."""


def start_s3(port: int, *program: str) -> subprocess.Popen:
    """Start an S3-compatible server (moto's) on loopback and return its process once it answers."""
    command = [sys.executable, *(program or MOTO), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "moto's server ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5):
                return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    pytest.fail("moto's server does not answer")


@pytest.fixture(scope="session")
def s3_keys() -> dict[str, str]:
    """What a client of the server says who it is; the server takes anybody."""
    return KEYS


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The URL of an S3-compatible server on loopback."""
    need(importlib.util.find_spec("moto"), "no moto (it is in the extra [dev])")
    port = free_port()
    process = start_s3(port)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


@pytest.fixture
def forgetful_s3() -> Iterator[str]:
    """The URL of a server that writes over what is there although it is asked not to, with a bucket called old."""
    need(importlib.util.find_spec("moto"), "no moto (it is in the extra [dev])")
    port = free_port()
    process = start_s3(port, "-c", FORGETFUL)
    url = f"http://127.0.0.1:{port}"
    with urllib.request.urlopen(urllib.request.Request(f"{url}/old", method="PUT"), timeout=30):
        yield url
    process.kill()
    process.wait()


@pytest.fixture(scope="session")
def make_bucket(s3):
    """Make an empty bucket and return its name."""

    def make() -> str:
        name = f"bucket-{next(_numbers)}"
        with urllib.request.urlopen(urllib.request.Request(f"{s3}/{name}", method="PUT"), timeout=30):
            return name

    return make


@pytest.fixture
def bucket(make_bucket) -> str:
    """The name of an empty bucket."""
    return make_bucket()


@pytest.fixture(scope="session")
def s3_endpoint_environment(s3) -> dict[str, str]:
    """How a process finds the server."""
    return {**KEYS, "AWS_ENDPOINT_URL": s3}


@pytest.fixture
def s3_environment(s3_endpoint_environment, tmp_path) -> dict[str, str]:
    """The same with a configuration whose state folder is the test's own."""
    config = tmp_path / "s3.cfg"
    config.write_text(f"[storage]\nstate = {tmp_path / 'state'}\n")
    return {**s3_endpoint_environment, "LUIGI_CONFIG_PATH": str(config)}


@pytest.fixture
def remote(bucket, s3_environment, tmp_path, monkeypatch):
    """A data root in object storage, for use in this process: an empty prefix of an empty bucket."""
    from core.platform.objects import root_at

    for name, value in s3_environment.items():
        monkeypatch.setenv(name, value)
    return root_at(f"s3://{bucket}/prices", tmp_path / "state")
