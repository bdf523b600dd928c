"""Receivers of notices as the settings name them: addresses, and files of addresses (``@FILE``) beside luigi.cfg."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.request.settings import Settings

OF_NOTICES, OF_DEPUTY = "notices_urls", "notices_deputy_urls"


def receivers_in(settings: Settings, *names: str) -> list[str]:
    """Return the receivers of some settings, each an address or ``@FILE``; without one, of all and of every profile."""
    texts = [settings[name] for name in names or (OF_NOTICES, OF_DEPUTY)]
    texts += [] if names else [values.get(OF_DEPUTY) for values in settings.profiles.values()]
    return list(dict.fromkeys(word for text in texts for word in str(text or "").split()))


def file_of(receiver: str, settings: Settings) -> Path | None:
    """Return the file of addresses that ``@FILE`` stands for, None for an address.

    A path that is not absolute is beside ``luigi.cfg``: notices go out of processes that were started anywhere.
    """
    return settings.beside_file(receiver[1:]) if receiver.startswith("@") else None


def receiver_files(settings: Settings) -> Iterator[Path]:
    """Yield the files of addresses that the settings name."""
    for receiver in receivers_in(settings):
        path = file_of(receiver, settings)
        if path is not None:
            yield path
