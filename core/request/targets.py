"""Where a command may write what it is asked for: over nothing of the data root or the configuration."""

from __future__ import annotations

from pathlib import Path

from core.errors import ParameterError
from core.paths import real_path
from core.platform.storage import local_folder
from core.request.roots import secrets_of
from core.request.settings import Settings

OWN = (".zip", ".xlsx")
"""Endings of what people keep at the top of a data root: an earlier backup may be written over."""


def judge_target(target: Path, settings: Settings) -> None:
    """Raise if writing to ``target`` would take the place of a file that runs, signatures or the desk rest on.

    Raises
    ------
    ParameterError
        Naming the file; nothing is written then.
    """
    path, root = real_path(target), real_path(local_folder(settings.data))
    if not path.is_file():
        return
    of_root = path.is_relative_to(root) and not path.relative_to(root).parts[0].endswith(OWN)
    if of_root or any(secret.exists() and path.samefile(secret) for secret in secrets_of(settings)):
        raise ParameterError(
            f"{target} is a file of the {'data root' if of_root else 'configuration'}",
            expected="a file elsewhere",
            remedy="Nothing was written over. Name another file.",
            parameter="output",
        )
