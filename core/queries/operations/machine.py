"""What the machine around the program is like: clock, time zone, language, port, permissions, secrets, room to come.

Each question has one answer in a sentence, and where it is no good one what to do. Nothing is written.
"""

from __future__ import annotations

import locale
import os
import socket
import stat
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import join, quote
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import ParameterError, listed
from core.journal import Journal
from core.journal.locks import FOLDER as LOCKS
from core.platform.storage import local_folder
from core.report.formatting import counted
from core.request.in_force import InForce, in_force
from core.request.profiles import HIDDEN
from core.request.receivers import OF_DEPUTY, file_of, receiver_files, receivers_in
from core.request.roots import LOGIN_FILE_VARIABLE
from core.request.settings import Settings
from core.seals.desk import KEYS, PRIVATE_KEY
from core.seals.head import FOLDER as LEDGER
from core.sources import LIVE
from core.sources.closing import zone_of
from core.sources.service_key import key_file
from core.store.checkpoints import META
from core.store.lineage import slots

State = Literal["ok", "warning", "wrong"]

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
"""No clock that is right shows a day before this one: a clock without power begins in 1970, or when it was built."""

SKEW = timedelta(minutes=2)
"""A record that is younger than now by more than this was not made by this clock."""

PYTHONS = ((3, 11), (3, 13))
"""First and last version of Python that Luigi and this program are made for."""

DESK_PORT = 8501
PORT_PATIENCE_S = 1.0

TREND_DAYS = 30
"""Days over which growth is measured, and in which a full disk is near."""


@dataclass(frozen=True)
class Check:
    """One thing looked at: how it is, in a sentence, and what to do if it is not well."""

    subject: str
    state: State
    says: str
    remedy: str = ""


def python_version(version: tuple[int, int] = sys.version_info[:2]) -> Check | None:
    """Return what is wrong with this Python, None where it is one of :data:`PYTHONS`."""
    first, last = (".".join(map(str, each)) for each in PYTHONS)
    if PYTHONS[0] <= version <= PYTHONS[1]:
        return None
    says = f"Python {version[0]}.{version[1]}; made for {first} to {last}"
    return Check(
        "versions",
        "wrong",
        says,
        f"Install Python {last} and set the program up with it: PYTHON=python{last}",
    )


def clock(settings: Settings, now: datetime) -> Check:
    """Look whether the clock is behind the newest record, or before the program was made."""
    remedy = "Set it and let the network keep it: timedatectl set-ntp true"
    if now < FIRST_DAY:
        return Check("clock", "wrong", f"it shows {now:%Y-%m-%d}, before this program was made", remedy)
    journal = Journal.find(settings.data, settings.journal)
    newest = next(iter(journal.runs(limit=1)), None) if journal else None
    if newest is not None and datetime.fromisoformat(newest.created_at) > now + SKEW:
        says = (
            f"it shows {now:%Y-%m-%d %H:%M} UTC, and run {newest.run_id} is of {newest.created_at[:16]} UTC"
        )
        return Check("clock", "wrong", says, remedy)
    return Check("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")


def time_zone(settings: Settings, now: datetime, environ: Mapping[str, str]) -> Check:
    """Look whether local time is one that the machine knows, and what it is where the exchange lives."""
    name = environ.get("TZ", "").removeprefix(":")
    if name and not name.startswith("/"):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            says = f"TZ is {name!r}, which this machine does not know: local times are UTC"
            return Check(
                "time zone", "wrong", says, "Set TZ to a name such as Europe/Berlin, or take it away."
            )
    calendar = str(settings["calendar"])
    try:
        there = now.astimezone(zone_of(calendar))
    except ParameterError as error:
        return Check("time zone", "wrong", error.problem, error.remedy or f"Expected: {error.expected}.")
    here = now.astimezone()
    return Check("time zone", "ok", f"here {here:%H:%M %Z}, at the exchange ({calendar}) {there:%H:%M %Z}")


def language(environ: Mapping[str, str]) -> Check:
    """Look whether names of files and texts are UTF-8, and whether the language asked for is installed."""
    encodings = {sys.getfilesystemencoding().lower(), locale.getencoding().lower()}
    language_name = next(
        (environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "C.UTF-8"
    )
    if encodings - {"utf-8"}:
        says = f"texts are {listed(sorted(encodings))} and not UTF-8 (LANG is {language_name})"
        return Check(
            "locale",
            "warning",
            says,
            "Set LANG=C.UTF-8; names with other letters than English ones go wrong.",
        )
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, language_name)
    except locale.Error:
        return Check(
            "locale", "warning", f"{language_name} is not installed here", "Set LANG=C.UTF-8, or install it."
        )
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return Check("locale", "ok", f"UTF-8 ({language_name})")


def days_of_room(settings: Settings, now: datetime, free_bytes: int) -> tuple[float, float] | None:
    """Return how many bytes a day checkpoints grew by in the last 30 days, and for how many days room is left.

    None before there is anything from which it could be seen, and for a root that is no folder of this machine.
    """
    if not isinstance(settings.data, Path):
        return None
    since = (now - timedelta(days=TREND_DAYS)).timestamp()
    written, first = 0, now.timestamp()
    for slot in slots(settings.data):
        folder = settings.data / "checkpoints" / slot.stage / slot.key
        at = (folder / META).stat().st_mtime
        if at >= since:
            written += sum(file.stat().st_size for file in folder.iterdir())
            first = min(first, at)
    if not written:
        return None
    per_day = written / max((now.timestamp() - first) / 86_400, 1.0)
    return per_day, free_bytes / per_day


def port() -> Check:
    """Look whether the desk's port is free, or a desk answers there."""
    try:
        with socket.create_connection(("127.0.0.1", DESK_PORT), timeout=PORT_PATIENCE_S):
            pass
    except OSError:
        return Check("port", "ok", f"{DESK_PORT} is free for the desk")
    address = f"http://127.0.0.1:{DESK_PORT}/_stcore/health"
    try:
        with urllib.request.urlopen(address, timeout=PORT_PATIENCE_S) as answer:
            if answer.read(8).strip().lower() == b"ok":
                return Check("port", "ok", f"a desk answers on {DESK_PORT}")
    except (OSError, ValueError):
        pass  # whatever it is, it is no desk
    remedy = f"Open the desk on another one: afterclose dashboard --port {DESK_PORT + 1}"
    return Check("port", "warning", f"another program has {DESK_PORT}", remedy)


def permissions(settings: Settings) -> Check:
    """Look whether others can write the data root or the configuration, or hold what everybody here waits for."""
    root = local_folder(settings.data)
    paths = [path for path in (root, root / KEYS, settings.file) if path is not None and path.exists()]
    for path in paths:
        if path.stat().st_mode & stat.S_IWOTH:
            says = f"everybody on this machine can write {path}"
            return Check("permissions", "wrong", says, f"Take that right away: chmod o-w {quote(str(path))}")
    lock_folders = [path for path in (root / LEDGER, root / LOCKS) if path.is_dir()]
    for path in lock_folders:
        if root.stat().st_mode & path.stat().st_mode & 0o011:
            says = (
                f"other accounts can hold the locks in {path}, so that nothing goes on record or is started"
            )
            return Check("permissions", "warning", says, f"Run: chmod 700 {join(map(str, lock_folders))}")
    other = next((path for path in paths if path.stat().st_uid not in (os.geteuid(), 0)), None)
    if other is not None and os.geteuid() != 0:
        return Check(
            "permissions",
            "warning",
            f"{other} belongs to another user",
            "Run everything as one user of its own.",
        )
    return Check("permissions", "ok", "only their owner writes data and settings")


def secrets(settings: Settings, environ: Mapping[str, str]) -> Check:
    """Look whether others can read what must stay secret: keys, tokens, receivers, a login's file."""
    bare = [
        f"[{entry.section}] {entry.key}"
        for entry in in_force(settings, environ)
        if entry.section and entry.value == HIDDEN and not _names_files(settings, entry)
    ]
    files = [*_secret_files(settings, environ), *([settings.file] if bare and settings.file else [])]
    readable = [path for path in dict.fromkeys(files) if path.exists() and path.stat().st_mode & 0o077]
    if readable:
        inside = f" ({listed(bare)})" if settings.file in readable and bare else ""
        says = f"others can read {listed(list(map(str, readable)))}{inside}"
        return Check("secrets", "wrong", says, f"Run: chmod 600 {join(map(str, readable))}")
    there = sum(path.exists() for path in dict.fromkeys(files))
    return Check("secrets", "ok", f"{counted(there, 'file')} that only you can read" if there else "none")


def _names_files(settings: Settings, entry: InForce) -> bool:
    """Return whether a list of receivers holds no address itself, only files of them."""
    lists = ("urls", "deputy_urls", OF_DEPUTY)
    return entry.key in lists and all(file_of(word, settings) for word in receivers_in(settings))


def _secret_files(settings: Settings, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that hold secrets, whether they are there or not."""
    texts = [str(settings[name] or "") for name in ("proof_key_file", "api_tokens")]
    texts += [environ.get(LOGIN_FILE_VARIABLE, ""), *(str(key_file(name, environ)) for name in LIVE)]
    yield from (settings.beside_file(text) for text in texts if text)
    yield from receiver_files(settings)
    yield local_folder(settings.data) / KEYS / PRIVATE_KEY
