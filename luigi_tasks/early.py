"""An interrupt that comes while everything is still being imported: one line and 130, no traceback."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from types import TracebackType

from core.errors import AftercloseError
from core.platform.files import working_folder
from core.platform.streams import make_sound


def is_script() -> bool:
    """Return whether this process is the ``luigi`` command, also as ``python -m luigi``."""
    script = Path(sys.argv[0])
    return script.name in ("luigi", "luigi.exe") or script.parts[-2:] == ("luigi", "__main__.py")


def install() -> None:
    """Answer an early Ctrl-C under the ``luigi`` script; ``luigi_adapter`` takes over once it is loaded."""
    if not is_script():
        return
    sys.excepthook = _excepthook
    # what an import makes stays: looking through all of it for cycles, again and again, is a twelfth of a short run
    gc.disable()
    make_sound()
    try:
        working_folder()
    except AftercloseError as error:
        sys.stderr.write(f"afterclose: {error}\n")
        sys.stderr.flush()
        os._exit(error.exit_code)


def imported() -> None:
    """Look for cycles again, now that everything is imported."""
    if is_script():
        gc.enable()


def _excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("afterclose: interrupted\n")
        sys.stderr.flush()
        os._exit(130)
    sys.__excepthook__(kind, error, trace)
