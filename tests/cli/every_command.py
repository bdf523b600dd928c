"""A day at the terminal in which every command of ``afterclose`` is typed once, in an order in which each can work."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from core.cli.main import group
from tests.commands import BIN, Outcome, command, environment, free_port, started
from tests.conftest import small_options

WIDTH, HEIGHT = 80, 40


def every_command() -> list[str]:
    """The words of each command that does something by itself, as in ``models show``."""

    def below(one: click.Command, context: click.Context, path: tuple[str, ...]):
        if not isinstance(one, click.Group):
            yield path
            return
        if one.invoke_without_command:
            yield path
        for name in one.list_commands(context):
            yield from below(one.get_command(context, name), context, (*path, name))

    with click.Context(group) as context:
        return [" ".join(path) for path in below(group, context, ())]


@dataclass(frozen=True)
class Typed:
    """A command, its further words, and the exit code that it should have."""

    name: str
    words: tuple[str, ...] = ()
    code: int = 0
    root: str = ""

    def __str__(self) -> str:
        return self.name


Facts = Callable[[str], str]


def the_day(work: Path, prices: Path, fact: Facts) -> list[Callable[[], Typed]]:
    """What is typed, in order; a fact (``model``, ``digest``) is asked for when its turn has come."""
    small = small_options(prices)
    schedule = (*small, "--end", "2020-10-20")
    latest = Path(fact("data")) / "latest"

    def stage(name: str, *inputs: str) -> Callable[[], Typed]:
        words = [word for file in inputs for word in ("--input", str(file))]
        settings = small[4:] if name in ("train_or_score", "evaluate") else []
        wanted = {"train_or_score": [*settings[2:6]], "evaluate": []}.get(name, [])
        return lambda: Typed(f"stage {name}", (*words, "--output", str(work / name) + "/", *wanted))

    def made(*names: str) -> list[str]:
        return [str(latest / name) for name in names]

    return [
        lambda: Typed("init", (str(work / "own"), "--path", str(prices), "--calendar", "24/7")),
        lambda: Typed("demo", (str(work / "demo"),), root=str(work / "demo" / "data")),
        lambda: Typed("plan", tuple(small)),
        lambda: Typed("run", (*small, "--mode", "train", "--fold-sessions", "50")),
        lambda: Typed("runs"),
        lambda: Typed("show", ("latest",)),
        lambda: Typed("compare", ()),
        lambda: Typed("logs"),
        lambda: Typed("cancel", ("latest",)),
        lambda: Typed("annotate", ("latest", "--name", "A first look", "--tag", "rehearsal")),
        lambda: Typed("verify"),
        lambda: Typed("gc"),
        lambda: Typed("export", ("latest", "--output", str(work / "run.zip"))),
        lambda: Typed("profiles"),
        lambda: Typed("look", (str(prices), "--calendar", "24/7")),
        stage("ingest", str(prices)),
        stage("validate", *made("prices_raw.json")),
        stage("clean", *made("prices_valid.json", "findings.json")),
        stage("feature_engineer", *made("prices_clean.json")),
        stage("train_or_score", *made("features.json")),
        stage("evaluate", *made("model.json", "predictions.json", "features.json", "findings.json", "repairs.json")),
        stage("report", *made("evaluation.json")),
        lambda: Typed("dag"),
        lambda: Typed("reports"),
        lambda: Typed("review", ("latest",)),
        lambda: Typed("models"),
        lambda: Typed("models show", (fact("model"),)),
        lambda: Typed("promote", (fact("other model"), "--why", "A first one.")),
        lambda: Typed("promote", (fact("model"), "--why", "A second one.")),
        lambda: Typed("models advice"),
        lambda: Typed("models compare", (fact("model"), fact("other model"))),
        lambda: Typed("models ablation", (fact("model"), "--without", "lag5")),
        lambda: Typed("models decide", ("keep", "--why", "Too early.")),
        lambda: Typed("predict"),
        lambda: Typed("scorecard"),
        lambda: Typed("rollback", ("--why", "The first was enough.")),
        lambda: Typed("reject", ("latest", "--digest", fact("digest"), "--comment", "Not yet.")),
        lambda: Typed("sign", ("latest", "--digest", fact("digest"), "--meaning", "approved", "--comment", "Now.")),
        lambda: Typed("publish"),
        lambda: Typed("revoke", ("--comment", "Too early.")),
        lambda: Typed("schedules add", ("evenings", "--when", "cron 0 18 * * *", "--every-day", *schedule)),
        lambda: Typed("schedules"),
        lambda: Typed("schedules show", ("evenings",)),
        lambda: Typed("schedules change", ("evenings", "--when", "cron 30 18 * * *")),
        lambda: Typed("schedules pause", ("evenings",)),
        lambda: Typed("schedules resume", ("evenings",)),
        lambda: Typed("schedules run", ("evenings",)),
        lambda: Typed("scheduler", ("--once",)),
        lambda: Typed("deadman", code=20),
        lambda: Typed("schedules remove", ("evenings",)),
        lambda: Typed("backfill", ("2020-10-20", "2020-10-21", *small)),
        lambda: Typed("inbox"),
        lambda: Typed("notices"),
        lambda: Typed("config"),
        lambda: Typed("doctor", ("--offline",)),
        lambda: Typed("metrics"),
        lambda: Typed("plugins new", ("mine",)),
        lambda: Typed("plugins", ("--modules", "mine.py")),
        lambda: Typed("tokens", ("--add", "robot")),
        lambda: Typed("query", ("FROM features LIMIT 2",)),
        lambda: Typed("completion", ("bash",)),
        lambda: Typed("keys"),
        lambda: Typed("keys admit", (fact("a public key"), "--why", "The other machine.")),
        lambda: Typed("keys retire", (fact("another machine's key"), "--why", "It was stolen.")),
        lambda: Typed("keys register", (fact("a person's key"),)),
        lambda: Typed("keys withdraw", (fact("a fingerprint"), "--why", "Lost.")),
        lambda: Typed("keys rotate", ("--why", "A year is over.")),
        lambda: Typed("backup", (str(work / "backup.zip"),)),
        lambda: Typed("restore", (str(work / "backup.zip"),), root=str(work / "restored")),
        lambda: Typed("keys renew", ("--why", fact("the private half is lost"))),
        lambda: Typed("dashboard", ("--port", str(free_port()), "--no-scheduler")),
    ]  # fmt: skip


class Day:
    """Types everything into one data root, with ``--json`` or on a terminal of 80 columns, and keeps the outcomes."""

    def __init__(self, root: Path, prices: Path, work: Path, *, as_json: bool) -> None:
        self._root, self._work, self._as_json = root, work, as_json
        work.mkdir()
        (work / "luigi.cfg").write_text(
            f"[user]\nrole = admin\n\n[api]\ntokens = tokens.toml\n\n[files]\nroots = {prices.parent}\n\n"
            "[notices]\nurls = json://127.0.0.1:9/\n"
        )
        (work / "luigi.cfg").chmod(0o600)  # it holds an address, which may hold a password
        self.outcomes: list[tuple[Typed, Outcome]] = []
        for turn in the_day(work, prices, self._fact):
            typed = turn()
            outcome = self._type(typed)
            assert outcome.code == typed.code, f"{typed}: {outcome.err or outcome.out}"
            self.outcomes.append((typed, outcome))

    def _type(self, typed: Typed) -> Outcome:
        words = [str(BIN / "afterclose"), *typed.name.split(), *typed.words]
        data = Path(typed.root) if typed.root else self._root
        if typed.name == "dashboard":
            return until_it_serves([*words, *(["--json"] if self._as_json else [])], data, self._work)
        if self._as_json:
            return command(*words, "--json", data=data, cwd=self._work)
        return on_a_terminal(words, data, self._work)

    def _json(self, *words: str) -> object:
        return json.loads(
            command(str(BIN / "afterclose"), *words, "--json", data=self._root, cwd=self._work).out
        )

    def _fact(self, name: str) -> str:
        if name == "data":
            return str(self._root)
        if name in ("model", "other model"):
            models = sorted(path.stem for path in (self._root / "models").glob("*.json"))
            return models[0 if name == "model" else 1]
        if name == "digest":
            return self._json("review", "latest")["sha256"]
        if name == "a person's key":
            path = self._work / "person"
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
            return str(path)
        if name == "another machine's key":
            return next(
                key["id"] for key in self._json("keys")["keys"] if key["counts"] and not key["in_use"]
            )
        if name == "a fingerprint":
            return self._json("keys")["people"][0]["own_key"]
        (private,) = (self._root / "keys").glob("desk.pem")
        if name == "the private half is lost":
            private.unlink()
            return "Its disk is gone."
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        path = self._work / "other.pem"
        public = Ed25519PrivateKey.generate().public_key()
        path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return str(path)


def on_a_terminal(words: list[str], data: Path, cwd: Path, env: Mapping[str, str] | None = None) -> Outcome:
    """Run a command whose output and messages are a terminal of 80 columns."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    surroundings = environment(data, {"TERM": "xterm", "PAGER": "cat", **(env or {})})
    with started(
        words, stdin=subprocess.DEVNULL, stdout=its, stderr=its, cwd=cwd, env=surroundings
    ) as process:
        os.close(its)
        printed = b""
        while piece := _read(ours):
            printed += piece
        code = process.wait(timeout=120)
    os.close(ours)
    return Outcome(code, printed.decode().replace("\r\n", "\n"), "")


def until_it_serves(words: list[str], data: Path, cwd: Path) -> Outcome:
    """Start a command that stays, take what it prints first, and end it."""
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, text=True,
        env=environment(data, {"COLUMNS": str(WIDTH)}),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while lines[-1].rstrip() not in ("}", "") and "Ctrl-C" not in lines[-1]:
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    return Outcome(0, "".join(lines), "")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so that nobody holds the other end any more
        return b""
