"""Names of what an archive may hold: the files of a data root that ``backup`` and ``export`` write, and no other."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterable

from core.fingerprint import SHORT
from core.journal.database import FILE_NAME
from core.request.known_profiles import FOLDER as PROFILES
from core.request.roots import TICKERS_NAME
from core.request.stages import NAMES, STAGES
from core.review.bundle_files import MEMBERS, ZIP_NAME
from core.review.waive import DEFAULT_NAME as WAIVERS
from core.runs.execution import CONFIRMED, RETAINED_NAME
from core.runs.heartbeat import HEARTBEAT_NAME, PROGRESS_NAME
from core.runs.launcher import OUTPUT_NAME, RESULT_NAME
from core.runs.log import LOG_NAME
from core.seals.desk import KEYS, PRIVATE_KEY
from core.seals.head import HEAD

BACKUP, EXPORT = "backup", "export"
"""Kinds of archives; one of an earlier version does not say which it is."""

LISTS = ("universes", "waivers")
"""Folders of files that keys name by digest: long ticker lists, and findings that a person accepted."""

CHAMPIONS = "models/champions/"
"""Beginning of the name of a pointer to a champion."""

SECRET = f"{KEYS}/{PRIVATE_KEY}"

STAGING = ".restoring-"
"""Beginning of the name of the folder in a data root in which an archive is unpacked."""

RUN_BODY = "run.json"
"""In an export, in the run's folder: the run and its events as the journal has them."""

_KEY = rf"[A-Za-z0-9](?:[A-Za-z0-9._-]{{0,60}}[A-Za-z0-9])?-[0-9a-f]{{{SHORT}}}(?:-retained-[0-9a-f]{{{SHORT}}})?"
_PROFILE = r"[A-Za-z0-9][A-Za-z0-9:._-]{0,100}"
_LIST = "[0-9a-f]{64}"
_RUN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"


def _any(names: Iterable[str]) -> str:
    return "|".join(map(re.escape, names))


_ARTIFACTS = sorted(
    {a.filename for s in STAGES for a in s.writes} | {f"{a.kind}.parquet" for s in STAGES for a in s.writes}
)
_OF_A_RUN = (
    LOG_NAME, OUTPUT_NAME, RESULT_NAME, HEARTBEAT_NAME, PROGRESS_NAME, RETAINED_NAME, TICKERS_NAME, RUN_BODY,
    "findings.json", *(f"{CONFIRMED}{name}" for name in NAMES), *(f"failed-{name}" for name in NAMES),
)  # fmt: skip

_OF_AN_EXPORT = (
    rf"checkpoints/(?:{_any(NAMES)})/{_KEY}/(?:meta\.json|{_any(_ARTIFACTS)})",
    rf"models/[0-9a-f]{{{SHORT}}}\.json",
    rf"universes/{_LIST}\.(?:txt|csv)",
    rf"waivers/{_LIST}\.toml",
    rf"runs/{_RUN}/(?:{_any(_OF_A_RUN)})",
)
_EXPORTED = re.compile("|".join(_OF_AN_EXPORT))
_MEMBER = re.compile(
    "|".join(
        (
            *_OF_AN_EXPORT,
            re.escape(FILE_NAME),
            re.escape(HEAD),
            re.escape(WAIVERS),
            rf"published/{_KEY}/[0-9a-f]{{{SHORT}}}/(?:{_any((*MEMBERS, ZIP_NAME))})",
            r"models/champion(?:\.before-profiles)?\.json",
            rf"{CHAMPIONS}{_PROFILE}\.json",
            rf"{PROFILES}/{_PROFILE}\.json",
            rf"{KEYS}/[0-9a-f]{{{SHORT}}}\.pub\.pem",
            re.escape(SECRET),
        )
    )
)


def is_member(name: str, kind: str = "") -> bool:
    """Return whether a name is that of a file which an archive holds, spelt as it is written.

    Parameters
    ----------
    kind : str
        ``export`` for the files of one run, which bring no decision of anybody's: no champion, no key, no signature.

    >>> is_member("keys/desk.pem"), is_member("./keys/desk.pem"), is_member("journal.sqlite-wal")
    (True, False, False)
    >>> is_member("keys/desk.pem", EXPORT), is_member("models/champions/sample.json", EXPORT)
    (False, False)
    """
    return ".." not in name and (_EXPORTED if kind == EXPORT else _MEMBER).fullmatch(name) is not None


def is_plain(info: zipfile.ZipInfo) -> bool:
    """Return whether a member is a file, under the name that it was written with, and not under a password."""
    mode = info.external_attr >> 16
    return (
        info.filename == info.orig_filename
        and not info.is_dir()
        and not info.flag_bits & 1
        and (not stat.S_IFMT(mode) or stat.S_ISREG(mode))
    )
