"""Settings of numpy and pandas that own code changed, put back: no stage after it computes by them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

_OF_NUMPY = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
"""What numpy does with errors of numbers until somebody says otherwise."""


@contextmanager
def preserve_settings() -> Iterator[None]:
    """Give numpy and pandas back after the block the settings that they had before it."""
    of_numpy, of_pandas = _errors(), dict(_options())
    try:
        yield
    finally:
        if "numpy" in sys.modules and _errors() != of_numpy:
            sys.modules["numpy"].seterr(**of_numpy)
        changed = [name for name, value in _options() if value != of_pandas.get(name, _default(name, value))]
        with (
            warnings.catch_warnings(),
            suppress(Exception),
        ):  # an option that goes away warns; one that is gone raises
            warnings.simplefilter("ignore")
            for name in changed:
                sys.modules["pandas"].set_option(name, of_pandas.get(name, _default(name, None)))


def _errors() -> dict[str, Any]:
    numpy = sys.modules.get("numpy")
    return dict(numpy.geterr()) if numpy is not None and hasattr(numpy, "geterr") else _OF_NUMPY


def _options() -> Iterator[tuple[str, Any]]:
    """Yield the options of pandas by their full names, none before it is imported whole."""
    config = sys.modules.get("pandas._config.config")
    if config is not None and hasattr(sys.modules.get("pandas"), "set_option"):
        yield from _flat(getattr(config, "_global_config", {}), "")


def _flat(options: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _default(name: str, otherwise: Any) -> Any:
    """Return what an option of pandas is until somebody says otherwise: it was imported by the very code."""
    options = getattr(sys.modules.get("pandas._config.config"), "_registered_options", {})
    return getattr(options.get(name), "defval", otherwise)
