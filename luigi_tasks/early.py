"""An interrupt that comes while everything is still being imported: one line and 130, no traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType


def install() -> None:
    """Answer an early Ctrl-C under the ``luigi`` script; ``luigi_adapter`` takes over once it is loaded."""
    if Path(sys.argv[0]).name in ("luigi", "luigi.exe"):
        sys.excepthook = _excepthook


def _excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("afterclose: interrupted\n")
        sys.stderr.flush()
        os._exit(130)
    sys.__excepthook__(kind, error, trace)
