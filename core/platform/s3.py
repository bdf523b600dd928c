"""The client of an S3-compatible server: for a data root, and for prices at an address."""

from __future__ import annotations

from typing import Any

from core.errors import SettingsError

_PATIENCE = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 4, "mode": "standard"}}


def s3_client(purpose: str, extra: str) -> Any:
    """Return a client of the S3-compatible server that the machine is configured for.

    Parameters
    ----------
    purpose : str
        Beginning of the sentence that says that it is not installed.
    extra : str
        The extra of this package that installs it.

    Raises
    ------
    SettingsError
        If it is not installed.
    """
    try:
        import s3fs  # type: ignore[import-untyped]  # it ships no types
    except ImportError as error:
        raise SettingsError(
            f"{purpose} and its client is not installed ({error})",
            expected=f"the extra [{extra}]",
            remedy=f'Install it: pip install "afterclose[{extra}]"',
        ) from error
    # never a remembered listing: other hosts write here, too
    return s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True, config_kwargs=_PATIENCE)
