"""Kills a command before each of its calls to the file system, or lets each find no room; then does it again.

``python -m tests.reliability.injection WORK PREPARED MODE STEP COMMAND...`` prints one JSON line: calls, and what a
rerun did not finish. Calls are those of Python (audit events and the functions below) and of SQLite
(:mod:`tests.reliability.sqlite_calls`) under the data root, and each statement and transaction of the journal. Each try
is a fork of one warm process, over a copy of the prepared root.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import pickle
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tests.reliability import sqlite_calls
from tests.shared import copy_root

KILL, FULL, COUNT = "kill", "full", "count"
AUDITED = {
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate", "os.utime",
}  # fmt: skip
MAKING = {"open", "os.mkdir", "os.link", "os.symlink", "write", "fsync", "statement"}
"""Calls that need room."""


class Injector:
    """Counts calls under a folder and does something at one of them."""

    def __init__(self, root: Path, mode: str, at: int) -> None:
        self.root, self.mode, self.at, self.calls = str(root), mode, at, 0
        self.busy, self.of_sqlite = False, 0

    def hit(self, name: str, path: object) -> None:
        """Take notice of a call, before it is made."""
        if self.busy or not self._is_under(path):
            return
        if self.of_sqlite and self.mode == FULL and name == "statement":
            return  # SQLite says itself what has no room
        self.calls += 1
        if self.mode == KILL and self.calls == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.mode == FULL and self.calls >= self.at and name in MAKING:
            if name == "statement":
                raise self.no_room()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    def hit_of_sqlite(self, name: str, path: object) -> bool:
        """Take notice of a call of SQLite's; whether it finds no room."""
        before = self.calls
        self.hit("sqlite", path)
        self.of_sqlite += self.calls - before
        return (
            self.mode == FULL
            and self.calls >= self.at
            and self.calls > before
            and name in sqlite_calls.NEEDS_ROOM
        )

    @staticmethod
    def no_room() -> Exception:
        """What SQLite says of a full disk."""
        import sqlite3

        import peewee

        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        outer = peewee.OperationalError(error, *error.args)
        outer.__cause__ = error
        return outer

    def _is_under(self, path: object) -> bool:
        if isinstance(path, int):
            self.busy = True
            try:
                path = os.readlink(f"/proc/self/fd/{path}")  # noqa: PTH115 - what it says, not a path
            except OSError:
                return False
            finally:
                self.busy = False
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.root)

    def install(self) -> None:
        """Look at every call from now on."""
        import peewee

        self.of_sqlite = int(sqlite_calls.install(self.hit_of_sqlite))
        sys.addaudithook(self._audit)
        for module, name in ((os, "fsync"), (os, "write"), (os, "pwrite"), (os, "ftruncate")):
            setattr(module, name, self._patched(name, getattr(module, name)))
        for name in ("execute_sql", "begin", "commit"):
            setattr(peewee.SqliteDatabase, name, self._statement(getattr(peewee.SqliteDatabase, name)))

    def _audit(self, event: str, args: tuple[object, ...]) -> None:
        if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            self.hit("open", args[0])
        elif event in AUDITED:
            self.hit(event, args[1] if event in ("os.link", "os.symlink") else args[0])

    def _patched(self, name: str, real):
        def call(descriptor, *rest):
            self.hit("fsync" if name == "fsync" else "write", descriptor)
            return real(descriptor, *rest)

        return call

    def _statement(self, real):
        def call(database, *args, **kwargs):
            # what only reads needs no room, but may be killed as well
            reads = bool(args) and str(args[0]).lstrip().upper().startswith(("SELECT", "PRAGMA"))
            self.hit("read" if reads else "statement", f"{self.root}/journal")
            return real(database, *args, **kwargs)

        return call


def run(root: Path, words: list[str]) -> int:
    """Run a command in this process; its exit code as the command line would leave with."""
    import click

    from core.cli.main import group
    from core.errors import AftercloseError
    from core.platform.causes import cause_of

    os.environ["AFTERCLOSE_DATA"] = str(root)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return int(group.main(words, standalone_mode=False) or 0)
    except AftercloseError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except click.ClickException as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - told by the code, as the command does
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 30 if cause_of(error) else 40


def forked(root: Path, words: list[str], mode: str, at: int) -> tuple[int, tuple[int, int], str]:
    """Run a command in a fork: exit code (negative: the signal), calls and those of SQLite among them, its words."""
    told = root.parent / "told"
    pid = os.fork()
    if pid == 0:
        injector = Injector(root, mode, at)
        with told.open("w") as sys.stderr:
            if mode != COUNT or at:
                injector.install()
            code = run(root, words)
            injector.busy = True
            sys.stderr.flush()
        (root.parent / "calls").write_text(f"{injector.calls} {max(injector.of_sqlite - 1, 0)}")
        os._exit(code)
    status = os.waitpid(pid, 0)[1]
    calls = root.parent / "calls"
    every, of_sqlite = map(int, calls.read_text().split()) if calls.exists() else (0, 0)
    return os.waitstatus_to_exitcode(status), (every, of_sqlite), told.read_text()


def tree(root: Path) -> dict[str, bytes]:
    """What there is, but the journal, locks and logs, whose bytes differ each time."""
    skipped = ("journal.sqlite", "locks", "runs", "root.json")
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and not path.relative_to(root).parts[0].startswith(skipped)
    }


def judge(root: Path, expected: set[str]) -> list[str]:
    """What is wrong with a root in which an act was finished by doing it again."""
    code, _, said = forked(root, ["verify"], COUNT, 0)
    # a temporary file that a killed writer left beside is nobody's, and gc's after a day; in a bundle it is damage
    names = {
        name
        for name in tree(root)
        if not name.startswith("quarantine") and (".tmp-" not in name or name.startswith("published"))
    }
    wrong = [] if code == 0 else [f"verify {code}: {said}"]
    wrong += [f"left behind: {name}" for name in sorted(names - expected)]
    return wrong + [f"missing: {name}" for name in sorted(expected - names)]


def remembered(call: Callable[..., object]) -> Callable[..., object]:
    """A call of a function in a process of its own that asks once and knows the answer from then on.

    That process reads a file of prices and writes nothing, so no call of it is counted; its imports are four fifths of
    what a try of such a command costs.
    """
    answers: dict[bytes, object] = {}

    def ask(bounds: object, subject: str, function: object, *args: object, **options: object) -> object:
        question = pickle.dumps((function, args, options))
        if question not in answers:
            answers[question] = call(bounds, subject, function, *args, **options)
        return answers[question]

    return ask


def warm(root: Path, prepared: Path, words: list[str]) -> None:
    """Do everything once in this process, so that a fork imports nothing."""
    if prepared.is_dir():
        copy_root(prepared, root)
    with (root.parent / "warm.txt").open("w") as told, contextlib.redirect_stderr(told):
        run(root, words)
        run(root, ["verify"])


def sweep(work: Path, prepared: Path, mode: str, words: list[str], *, step: int = 1) -> dict[str, object]:
    """Inject at every call of a command and do it again; the calls, the tries, and what was lost."""
    from core.schedule import starting
    from core.sources import reading

    starting.POLL_S = 0.02  # between two looks whether a session is over
    reading.call_isolated = remembered(reading.call_isolated)
    warm(work / "warm", prepared, words)
    root, lost, refused = work / "data", [], 0

    def fresh() -> None:
        shutil.rmtree(root, ignore_errors=True)
        for name in ("calls", "told"):
            (work / name).unlink(missing_ok=True)
        if prepared.is_dir():
            copy_root(prepared, root)

    fresh()
    code, (calls, of_sqlite), said = forked(root, words, COUNT, 1)
    if code:
        raise SystemExit(f"undisturbed it ends with {code}: {said}")
    expected = {name for name in tree(root) if not name.startswith(("quarantine", "keys"))}
    keys = len([name for name in tree(root) if name.startswith("keys")])
    tried = range(1, calls + 1, step)
    for at in tried:
        fresh()
        first, _, before = forked(root, words, mode, at)
        if mode == KILL and first != -signal.SIGKILL:
            continue  # this try took fewer calls
        refused += first == 30
        if mode == FULL and first not in (0, 10, 30):
            lost.append(f"{at}: without room it ends with {first}: {before}")
        again, _, said = forked(root, words, COUNT, 0) if first else (0, 0, "")  # it may be done all the same
        if again:
            lost.append(f"{at}: after {first} ({before}) again it ends with {again}: {said}")
            continue
        there = {name for name in tree(root) if name.startswith("keys")}
        lost += [f"{at}: {wrong}" for wrong in judge(root, expected | there)]
        # a key that was being made when the process was killed has never been anybody's
        secrets = [
            name for name in there if not name.endswith(".pub.pem") and not name.startswith("keys/tmp")
        ]
        if len(secrets) > 1 or len(there) < min(keys, 1):
            lost.append(f"{at}: keys are {sorted(there)}")
    return {
        "calls": calls,
        "of_sqlite": of_sqlite,
        "tried": len(tried),
        "refused": refused,
        "lost": lost[:20],
        "losses": len(lost),
    }


if __name__ == "__main__":
    result = sweep(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[5:], step=int(sys.argv[4]))
    print(json.dumps(result))  # noqa: T201 - its answer
