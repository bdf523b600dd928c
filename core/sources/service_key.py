"""The key of a live service: from the environment, or from a file that its owner alone may read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import ParameterError
from core.paths import typed_path

MASK_OF_OTHERS = 0o077


def key_variable(service: str) -> str:
    """Return the environment's name of a service's key; with ``_FILE`` behind it, of the file that holds it.

    >>> key_variable("tiingo")
    'AFTERCLOSE_TIINGO_KEY'
    """
    return f"AFTERCLOSE_{service.upper()}_KEY"


def key_file(service: str, environ: Mapping[str, str]) -> Path:
    """Return the file that the environment names for a service's key, else ``~/.config/afterclose/SERVICE.key``."""
    path = environ.get(f"{key_variable(service)}_FILE", "")
    return typed_path(path or f"~/.config/afterclose/{service}.key")


def key_of(service: str, environ: Mapping[str, str]) -> str:
    """Return the key of a service; it stands in no message.

    Parameters
    ----------
    service : str
        As ``--source`` names it.
    environ : mapping of str to str
        The environment of the process.

    Raises
    ------
    ParameterError
        If there is none, if it has a blank in it, or if others may read its file.
    """
    variable = key_variable(service)
    if text := environ.get(variable, "").strip():
        return _checked(text, f"${variable}", service)
    path = key_file(service, environ)
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ParameterError(
            f"--source {service} came without a key ({path}: {str(reason).lower()})",
            expected=f"the key in {variable}, or in a file with mode 600",
            remedy=f"Write it to {path}, or name another file in {variable}_FILE.",
            parameter="source",
        ) from error
    if mode & MASK_OF_OTHERS:
        raise ParameterError(
            f"the file of the key, {path}, can be read by others",
            expected="mode 600",
            remedy=f"Run: chmod 600 {path}",
            parameter="source",
        )
    return _checked(text, str(path), service)


def _checked(text: str, place: str, service: str) -> str:
    if text and text.isascii() and text.isprintable() and not any(character.isspace() for character in text):
        return text
    raise ParameterError(
        f"{place} holds no key for {service}: it is empty, or has blanks or signs that no key has",
        expected="the key alone, in one line",
        parameter="source",
    )
