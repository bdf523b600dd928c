"""Progress of long work: a callback with (done, total), silent unless somebody listens."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Ignore the news."""


class Steps:
    """Counts the steps done of a work and reports each, the start included.

    Parameters
    ----------
    progress : Progress
    total : int
        Steps in all.
    """

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._count = progress, total, 0
        progress(0, total)

    def expect(self, total: int) -> None:
        """Count on so many steps in all from now on."""
        self._total = total

    def done(self) -> None:
        """Report one more step."""
        self._count += 1
        self._progress(self._count, self._total)
