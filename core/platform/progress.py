"""How long work says how far it is: a callback with (done, total), silent unless somebody listens."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Ignore the news."""
