"""Several machines: workers, luigid, PostgreSQL and object storage that share a network and nothing else.

Each is in a network namespace of its own where this machine allows it, joined by a bridge that leads nowhere
else; a worker has its own host name, state folder and configuration, and file locks are forbidden to it. Where
namespaces are not allowed, process groups on loopback take their place.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.commands import slow

pytestmark = pytest.mark.slow

LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")
BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]

NO_LOCKS = """
import fcntl
def refuse(*_):
    raise RuntimeError("a file was to be locked")
fcntl.flock = fcntl.lockf = refuse
"""

DIGESTS = """
import hashlib, json, sys
from pathlib import Path
from core.platform.objects import root_at
below = root_at(sys.argv[1], Path("/nowhere")) / "checkpoints"
print(json.dumps({
    str(path.relative_to(below)): hashlib.sha256(path.read_bytes()).hexdigest()
    for path in below.rglob("*") if path.name != "meta.json"
}))
"""


def ip(*words: str) -> None:
    """Run one ip command."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass
class Network:
    """Namespaces by name: ``hub`` holds the servers, each other one a worker."""

    folder: Path
    mark: str = field(default_factory=lambda: "ac" + secrets.token_hex(3))
    real: bool = False
    hub: str = "127.0.0.1"
    started: list[subprocess.Popen] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def build(self, *workers: str) -> None:
        """Make the namespaces and join them, if this machine allows it."""
        try:
            ip("netns", "add", f"{self.mark}-hub")
        except (OSError, subprocess.CalledProcessError):
            return
        self.names.append(f"{self.mark}-hub")
        self.real, self.hub = True, "10.211.7.1"
        inside = ["-n", f"{self.mark}-hub"]
        ip(*inside, "link", "add", "bridge", "type", "bridge")
        ip(*inside, "addr", "add", f"{self.hub}/24", "dev", "bridge")
        for device in ("lo", "bridge"):
            ip(*inside, "link", "set", device, "up")
        for number, worker in enumerate(workers, start=2):
            space = f"{self.mark}-{worker}"
            ip("netns", "add", space)
            self.names.append(space)
            ip(*inside, "link", "add", worker, "type", "veth", "peer", "name", "eth0", "netns", space)
            ip(*inside, "link", "set", worker, "master", "bridge", "up")
            ip("-n", space, "addr", "add", f"10.211.7.{number}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                ip("-n", space, "link", "set", device, "up")

    def inside(self, machine: str) -> list[str]:
        """The beginning of a command line on a machine: its network and its host name."""
        if not self.real:
            return []
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', machine]
        return ["nsenter", f"--net=/run/netns/{self.mark}-{machine}", *named]

    def start(self, machine: str, *words: str, env: dict[str, str]) -> subprocess.Popen:
        """Start a command on a machine, in a session of its own."""
        output = (self.folder / f"{machine}-{len(self.started)}.txt").open("wb")
        with output:
            process = subprocess.Popen(
                [*self.inside(machine), *words],
                env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        process.said = Path(output.name)
        self.started.append(process)
        return process

    def close(self) -> None:
        """End what was started, by process id, and take the namespaces down."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for name in self.names:
            ip("netns", "del", name)


@pytest.fixture
def network(tmp_path):
    """A hub and two workers' machines."""
    made = Network(tmp_path)
    try:
        made.build("one", "two")
        yield made
    finally:
        made.close()


_ports = itertools.count(20_000 + os.getpid() % 20_000)


@dataclass
class Site:
    """Everything that the machines share, and what to start on them."""

    network: Network
    postgres: object
    env: dict[str, str]
    data: str
    ports: dict[str, int]
    options: list[str]

    def scheduler(self, wait_until) -> subprocess.Popen:
        """Start luigid on the hub with its state in a private folder, and wait for its answer."""
        folder = self.network.folder
        words = [str(BIN / "luigid"), "--address", self.network.hub, "--port", str(self.ports["luigid"])]
        words += ["--logdir", str(folder), "--state-path", str(folder / "state.pickle")]
        process = self.network.start("hub", *words, env=self.environment("hub"))
        url = f"http://{self.network.hub}:{self.ports['luigid']}/api/task_list"
        wait_until(lambda: self.answers(url), "luigid to answer")
        return process

    def answers(self, url: str) -> bool:
        """Whether a server on the hub answers."""
        code = f"import urllib.request; urllib.request.urlopen({url!r}, timeout=3)"
        words = [*self.network.inside("hub"), sys.executable, "-c", code]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def environment(self, machine: str) -> dict[str, str]:
        """What a machine is told; its configuration names its own state folder, and it may not lock files."""
        folder = self.network.folder / machine
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(NO_LOCKS)
        text = (ROOT / "luigi.cfg").read_text()
        for old, new in {
            "state = state": f"state = {folder / 'state'}",
            "retry_count = 1": "retry_count = 5\nprune_on_get_work = true\nworker_disconnect_delay = 3\n"
            "stable_done_cooldown_secs = 1",
            "check_complete_on_run = true": "check_complete_on_run = true\nkeep_alive = true\nping_interval = 0.5\n"
            "wait_interval = 0.5\nwait_jitter = 0.1",
            "no_lock = true": "no_lock = true\nrpc_retry_attempts = 20\nrpc_retry_wait = 1",
        }.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "luigi.cfg").write_text(text)
        return {**self.env, "PYTHONPATH": str(folder), "LUIGI_CONFIG_PATH": str(folder / "luigi.cfg")}

    def worker(self, machine: str, *, slow_s: float = 0.3) -> subprocess.Popen:
        """Start the main command on a machine."""
        words = [str(BIN / "luigi"), "--module", "luigi_tasks", "Report", *self.options, "--mode", "train"]
        words += ["--scheduler-host", self.network.hub, "--scheduler-port", str(self.ports["luigid"])]
        env = slow(slow_s, self.environment(machine))
        return self.network.start(machine, *words, env=env)

    def digests(self) -> dict[str, str]:
        """SHA-256 of every artifact, as a machine on the hub reads them."""
        words = [*self.network.inside("hub"), sys.executable, "-c", DIGESTS, self.data]
        done = subprocess.run(words, env=self.env, cwd=ROOT, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def look(self, statement: str) -> list[str]:
        """What a query of the journal's tables gives, one word a row; nothing before the first run made them."""
        if not self.postgres.sql("SELECT to_regclass('event')", "journal"):
            return []
        return self.postgres.sql(statement, "journal").split()

    def events(self, state: str) -> list[str]:
        """The stages that ever came into this state."""
        return self.look(f"SELECT stage FROM event WHERE state = '{state}'")

    def hosts(self) -> set[str]:
        """Host names that the journal knows runs of."""
        return set(self.look("SELECT DISTINCT host FROM run"))


@pytest.fixture
def site(network, make_server, small, s3_keys, wait_until):
    """PostgreSQL and an S3-compatible server on the hub, an empty bucket and an empty database."""
    ports = {name: next(_ports) for name in ("s3", "luigid")}
    postgres = make_server(network.hub, network.inside("hub"))
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    env = {
        **kept, **s3_keys, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": f"http://{network.hub}:{ports['s3']}", "AFTERCLOSE_DATA": "s3://shared/prices",
        "AFTERCLOSE_JOURNAL": postgres.url("journal"),
    }  # fmt: skip
    made = Site(network, postgres, env, "s3://shared/prices", ports, small)
    network.start(
        "hub", sys.executable, "-m", "moto.server", "-H", network.hub, "-p", str(ports["s3"]), env=env
    )
    wait_until(lambda: made.answers(f"{env['AWS_ENDPOINT_URL']}/moto-api/"), "the storage to answer")
    put = (
        f"import urllib.request as u; u.urlopen(u.Request('{env['AWS_ENDPOINT_URL']}/shared', method='PUT'))"
    )
    subprocess.run([*network.inside("hub"), sys.executable, "-c", put], check=True)
    return made


def ended(process: subprocess.Popen) -> str:
    """Wait for a worker to end with 0."""
    code = process.wait(300)
    said = process.said.read_text()
    assert code == 0, said
    return said


def test_two_machines_do_no_stage_twice(site, wait_until, prepared, lookers):
    """Two workers, one luigid, no shared disk, no file lock: every stage once, and the bytes of one machine."""
    site.scheduler(wait_until)
    for process in [site.worker("one"), site.worker("two")]:
        ended(process)
    assert Counter(site.events("succeeded")) == dict.fromkeys(LINE, 1)
    assert site.digests() == lookers.artifacts(prepared)
    assert not list(site.network.folder.glob("*/state/locks"))
    if site.network.real:
        assert site.hosts() == {"one", "two"}


def test_a_killed_worker_and_a_killed_scheduler_cost_no_stage_and_no_byte(
    site, wait_until, prepared, lookers
):
    """One machine dies inside a stage, then luigid dies and comes back: the other machine finishes the rest."""
    scheduler = site.scheduler(wait_until)
    first = site.worker("one", slow_s=2)
    wait_until(
        lambda: "validate" in site.events("started"), "the first machine to be in validate", timeout_s=120
    )
    second = site.worker("two", slow_s=1)
    wait_until(lambda: len(site.look("SELECT seq FROM run")) == 2, "the second to begin",
               timeout_s=120)  # fmt: skip
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    wait_until(lambda: "clean" in site.events("started"), "the second machine to take over", timeout_s=120)
    os.killpg(scheduler.pid, signal.SIGKILL)
    scheduler.wait()
    time.sleep(1)
    site.scheduler(wait_until)
    ended(second)
    assert Counter(site.events("succeeded")) == dict.fromkeys(LINE, 1)
    assert site.digests() == lookers.artifacts(prepared)


def test_the_prohibition_of_file_locks_holds(site):
    """What the two tests above rest on: with SQLite the same worker cannot lock, and says so by failing."""
    env = {
        **site.environment("one"),
        "AFTERCLOSE_JOURNAL": "",
        "AFTERCLOSE_DATA": str(site.network.folder / "local"),
    }
    words = [str(BIN / "luigi"), "--module", "luigi_tasks", "Ingest", "--local-scheduler"]
    process = site.network.start("one", *words, env=env)
    assert process.wait(120) != 0
    assert "a file was to be locked" in process.said.read_text()
    assert shutil.which("luigi", path=env["PATH"])
