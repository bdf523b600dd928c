"""What went wrong in a plug-in, in one line for a person: file, line and kind."""

from __future__ import annotations

from core.errors import AftercloseError, nearest
from core.plugins.modules import Module


class Misbehaved(RuntimeError):
    """Plug-in code did what it may not."""


class NoAnswerYet(BaseException):
    """The program's own way out of plug-in code that asked for what is not computed yet; no fault of the plug-in."""


def describe(error: BaseException, module: Module, line: int = 0) -> str:
    """Return file, line and kind of an error in a plug-in, for a person; ``line`` where no line of its own failed."""
    if isinstance(error, Misbehaved):
        return str(error)
    if isinstance(error, AftercloseError):
        return error.problem
    file, trace = module.file, error.__traceback__
    paths = {module.path(name): name for name in module.texts}
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name in paths:
            file, line = paths[name], trace.tb_lineno
        trace = trace.tb_next
    kind = "" if type(error).__name__ == "Misdeclared" else f"{type(error).__name__}: "
    return f"{file}{f', line {line}' if line else ''}: {kind}{_words(error)}{_spelling(error)}"


def _words(error: BaseException) -> str:
    """Return what an error says, as far as it says anything."""
    try:
        return " ".join(str(error).split())[:200]
    except Exception as other:  # noqa: BLE001 - its class may be a plug-in's, too
        return f"without words ({type(other).__name__})"


def _spelling(error: BaseException) -> str:
    """Return the attribute that was meant, where one is spelt nearly as what is not there."""
    if not isinstance(error, AttributeError) or not error.name or error.obj is None:
        return ""
    try:
        return nearest(error.name, (name for name in dir(error.obj) if not name.startswith("_")))
    except Exception:  # noqa: BLE001 - what it was asked of may be a plug-in's, too
        return ""
